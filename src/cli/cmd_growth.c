/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/cmd.h"
#include "cli/estimate.h"
#include "tocsin/growth.h"

struct growth_settings {
    int    family; /* enum toc_growth_family */
    double level;
    long   min_cases;
};

struct settings {
    struct growth_settings growth;
    struct window_settings windows;
    struct range_settings  range;
    struct input_settings  input;
    struct output_settings output;
};

static const char *const family_words[] = { "quasi-poisson", "poisson", NULL }; /* in the order of toc_growth_family */

static const struct cli_option own_options[] = {
    { .name = "family",
      .value = "quasi-poisson|poisson",
      .initial = "quasi-poisson",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct growth_settings, family),
      .words = family_words,
      .meaning = "How far counts scatter about the curve: as much as they are seen to, or as by chance alone, which "
                 "makes the intervals too narrow for most counts." },
    { .name = "level",
      .value = "SHARE",
      .initial = "0.95",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1,
      .open = true,
      .offset = offsetof(struct growth_settings, level),
      .meaning = "Confidence level of the intervals." },
    { .name = "min-cases",
      .value = "N",
      .initial = "10",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 1000000,
      .offset = offsetof(struct growth_settings, min_cases),
      .meaning = "Show nothing where a window holds fewer cases." },
};

static const struct cli_group groups[] = {
    { .title = "Method",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, growth) },
    CLI_GROUP_WINDOWS(offsetof(struct settings, windows)),
    CLI_GROUP_RANGE(offsetof(struct settings, range)),
    CLI_GROUP_INPUT(offsetof(struct settings, input)),
    CLI_GROUP_OUTPUT(offsetof(struct settings, output)),
};

/* ---- estimating ---- */

struct growth {
    struct toc_growth_options options;
    struct toc_growth        *estimates;
    double                    days; /* of a step */
};

static int prepare(void *context, const struct counts_summary *summary, size_t num_windows)
{
    struct growth *growth = context;
    (void) summary;
    growth->estimates = memory_array(num_windows, sizeof *growth->estimates);
    return growth->estimates == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int estimate(void *context, const struct estimate_series *series, struct toc_error *error)
{
    struct growth *growth = context;
    return toc_growth_estimate(&series->incidence, series->windows, series->num_windows, &growth->options,
                               growth->estimates, error);
}

static void write_time(struct rows *rows, const struct toc_time_interval *time, double days)
{
    rows_number(rows, time->middle * days);
    rows_number(rows, time->low * days);
    rows_number(rows, time->high * days);
}

static void write_estimate(void *context, const struct estimate_series *series, size_t i, struct rows *rows,
                           double *middle, double *low, double *high)
{
    const struct growth     *growth = context;
    const struct toc_growth *got = &growth->estimates[i];
    char                     note[ESTIMATE_NOTE_BYTES];
    double                   week = 7.0 / growth->days; /* steps */
    (void) series;
    rows_number(rows, got->rate / growth->days);
    rows_number(rows, got->low / growth->days);
    rows_number(rows, got->high / growth->days);
    write_time(rows, &got->doubling, growth->days);
    write_time(rows, &got->halving, growth->days);
    estimate_note(got->reason, note);
    if (got->low <= 0 && got->high >= 0)
        snprintf(note, sizeof note, "growth and decline are both possible");
    rows_text(rows, note);
    *middle = exp(got->rate * week);
    *low = exp(got->low * week);
    *high = fmin(exp(got->high * week), 1e12); /* an interval without end still has a place on paper */
}

static const struct rows_column columns[] = {
    ESTIMATE_COLUMNS,
    { .name = "rate", .kind = ROWS_NUMBER, .decimals = 3 },
    { .name = "rate_low", .kind = ROWS_NUMBER, .decimals = 3 },
    { .name = "rate_high", .kind = ROWS_NUMBER, .decimals = 3 },
    { .name = "doubling", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "doubling_low", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "doubling_high", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "halving", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "halving_low", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "halving_high", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "note", .max_width = 100 },
};

static const struct estimate_plot_words words = {
    .title = "Growth of case counts",
    .y_title = "times a week",
    .estimate = "factor a week",
    .interval = "confidence interval",
    .level_text = "1: neither growth nor decline",
    .level = 1.0,
    .symbol = "times",
    .foot = "By what factor counts grow in a week: exponential growth fitted by quasi-Poisson regression in each "
            "window.",
};

/* ---- the command ---- */

static size_t default_window(enum date_step step)
{
    return step == DATE_STEP_DAY ? 14 : 6;
}

static double days_of(enum date_step step)
{
    return step == DATE_STEP_MONTH ? 365.2425 / 12.0 : step == DATE_STEP_WEEK ? 7.0 : 1.0;
}

static int estimate_all(const struct cli_command *command, const struct settings *settings,
                        struct counts_reader *reader, struct fault_list *faults)
{
    enum date_step step = counts_summary(reader)->step;
    struct growth  growth = { .options = { .family = (enum toc_growth_family) settings->growth.family,
                                           .level = settings->growth.level,
                                           .min_cases = (int) settings->growth.min_cases },
                              .days = days_of(step) };

    const struct estimate_job job = {
        .command = command,
        .range = &settings->range,
        .output = &settings->output,
        .length = settings->windows.length > 0 ? (size_t) settings->windows.length : default_window(step),
        .columns = columns,
        .num_columns = sizeof columns / sizeof *columns,
        .words = &words,
        .context = &growth,
        .prepare = prepare,
        .estimate = estimate,
        .write = write_estimate,
    };
    int exit_code = estimate_run(&job, reader, faults);
    free(growth.estimates);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings       settings = { .growth = { .level = 0.95, .min_cases = 10 },
                                       .input = INPUT_SETTINGS_INIT,
                                       .output = OUTPUT_SETTINGS_INIT };
    struct fault_list     faults = FAULT_LIST_INIT;
    struct counts_reader *reader = NULL;
    int                   first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    exit_code = input_open(command, &settings.input, argv + first, argc - first, &faults, &reader);
    if (exit_code == CLI_DONE) {
        exit_code = estimate_all(command, &settings, reader, &faults);
        counts_close(reader);
    }
    fault_list_free(&faults);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin growth --last 1 cases.csv", "how fast each series grows now" },
    { "tocsin growth --from 2024-03 --to 2024-04 cases.csv", "windows that end in March or April" },
    { "tocsin growth --window 21 --plot growth.svg cases.csv", "over three weeks at a time, with a picture" },
    { NULL, NULL },
};

const struct cli_command cli_command_growth = {
    .name = "growth",
    .summary = "estimate growth rates, doubling and halving times from counts",
    .usage = usage,
    .text = "Fits exponential growth in windows that slide by one step (--window: 14 days by default, or 6 weeks, or 6 "
            "months) and writes one row a window; --last, --from and --to choose windows by their last date:\n"
            "\n"
            "  series              name of the series, empty where the file has none\n"
            "  start, end          first and last date of the window\n"
            "  rate                growth rate a day: counts multiply by exp(rate) each day\n"
            "  rate_low, rate_high its confidence interval\n"
            "  doubling            doubling time in days; missing unless growth is certain\n"
            "  doubling_low, doubling_high\n"
            "                      its confidence interval\n"
            "  halving             halving time in days; missing unless decline is certain\n"
            "  halving_low, halving_high\n"
            "                      its confidence interval\n"
            "  note                empty; \"growth and decline are both possible\"; or \"not shown: \" and the reason\n"
            "\n"
            "Where the interval of the rate spans zero there is neither a doubling nor a halving time. All cases "
            "count, imported ones too. Windows of whole weeks keep days of the week from looking like growth.\n"
            "\n" INPUT_TEXT,
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
