/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/estimate.h"
#include "formats/interval_file.h"

#define DEFAULT_WINDOW 7
#define INTERVAL_TAIL 1e-6 /* of a serial interval given by mean and sd, in the default mode */
#define NUM_QUANTILES 3

enum rt_method { RT_CORI, RT_WALLINGA_TEUNIS };

/* How roughly a number is known: its standard deviation and bounds. */
struct rough {
    bool   given;
    double sd, low, high;
};

struct rt_settings {
    int          method; /* enum rt_method */
    int          mode;   /* enum toc_mode */
    double       prior_mean, prior_sd;
    double       max_cv;
    double       si_mean, si_sd; /* NaN = not given */
    const char  *si_file;
    struct rough si_mean_rough, si_sd_rough;
    long         draws, seed;
};

struct settings {
    struct rt_settings     rt;
    struct window_settings windows;
    struct range_settings  range;
    struct input_settings  input;
    struct output_settings output;
};

/* ---- options ---- */

static const char *const method_words[] = { "cori", "wallinga-teunis", NULL }; /* in the order of enum rt_method */
static const char *const mode_words[] = { "default", "r", NULL };

static const char *set_rough(struct rough *rough, const char *value)
{
    double      numbers[3];
    const char *at = value;
    for (size_t i = 0; i < 3; i++) {
        size_t size = strcspn(at, ",");
        if (text_to_double(at, size, &numbers[i]) != 0 || (at[size] == ',') != (i < 2))
            return "SD,LOW,HIGH: three numbers";
        at += size + (i < 2);
    }
    *rough = (struct rough){ true, numbers[0], numbers[1], numbers[2] };
    return NULL;
}

static const char *set_si_mean_rough(void *settings, const char *value)
{
    return set_rough(&((struct rt_settings *) settings)->si_mean_rough, value);
}

static const char *set_si_sd_rough(void *settings, const char *value)
{
    return set_rough(&((struct rt_settings *) settings)->si_sd_rough, value);
}

static const struct cli_option own_options[] = {
    { .name = "method",
      .letter = 'm',
      .value = "cori|wallinga-teunis",
      .initial = "cori",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct rt_settings, method),
      .words = method_words,
      .meaning = "cori: transmission in the window, now. wallinga-teunis: how many the cases of the window went on to "
                 "infect." },
    { .name = "compat",
      .value = "default|r",
      .initial = "default",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct rt_settings, mode),
      .words = mode_words,
      .meaning = "With r: the numbers of R's EpiEstim 2.2-4 exactly, also where they mean little." },
    { .name = "prior-mean",
      .value = "R",
      .initial = "5",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1000,
      .open = true,
      .offset = offsetof(struct rt_settings, prior_mean),
      .meaning = "Mean of R before any case was seen (cori)." },
    { .name = "prior-sd",
      .value = "R",
      .initial = "5",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1000,
      .open = true,
      .offset = offsetof(struct rt_settings, prior_sd),
      .meaning = "Standard deviation of R before any case was seen (cori)." },
    { .name = "max-cv",
      .value = "SHARE",
      .initial = "0.3",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1e9,
      .open = true,
      .offset = offsetof(struct rt_settings, max_cv),
      .meaning = "Show nothing where the standard deviation of R is more than this share of its mean: too few cases. "
                 "0.3 takes about 11 cases in a window." },
};

static const struct cli_option interval_options[] = {
    { .name = "si-mean",
      .value = "DAYS",
      .kind = CLI_REAL,
      .low = 1,
      .high = TOC_SERIAL_INTERVAL_MAX_MEAN,
      .open = true,
      .offset = offsetof(struct rt_settings, si_mean),
      .meaning =
          "Mean of the serial interval, from one onset to the next; with --si-sd a shifted gamma distribution." },
    { .name = "si-sd",
      .value = "DAYS",
      .kind = CLI_REAL,
      .low = 0,
      .high = TOC_SERIAL_INTERVAL_MAX_MEAN,
      .open = true,
      .offset = offsetof(struct rt_settings, si_sd),
      .meaning = "Standard deviation of the serial interval." },
    { .name = "si",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct rt_settings, si_file),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The serial interval as a table: CSV with the columns days and probability." },
    { .name = "si-mean-rough",
      .value = "SD,LOW,HIGH",
      .kind = CLI_CUSTOM,
      .set = set_si_mean_rough,
      .meaning = "The mean of the serial interval is itself uncertain: normal with this standard deviation, within LOW "
                 "and HIGH. Needs --si-sd-rough too (cori)." },
    { .name = "si-sd-rough",
      .value = "SD,LOW,HIGH",
      .kind = CLI_CUSTOM,
      .set = set_si_sd_rough,
      .meaning = "The same for its standard deviation." },
    { .name = "draws",
      .value = "N",
      .initial = "100",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = TOC_MAX_DRAWS,
      .offset = offsetof(struct rt_settings, draws),
      .meaning = "How many serial intervals are drawn where it is uncertain." },
    { .name = "seed",
      .value = "N",
      .initial = "1",
      .kind = CLI_WHOLE,
      .low = 0,
      .high = 2147483647,
      .offset = offsetof(struct rt_settings, seed),
      .meaning = "Another seed draws other intervals; the same one always draws the same." },
};

static const struct cli_group groups[] = {
    { .title = "Method",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, rt) },
    { .title = "Serial interval (one of: --si-mean with --si-sd, or --si)",
      .options = interval_options,
      .num_options = sizeof interval_options / sizeof *interval_options,
      .offset = offsetof(struct settings, rt) },
    CLI_GROUP_WINDOWS(offsetof(struct settings, windows)),
    CLI_GROUP_RANGE(offsetof(struct settings, range)),
    CLI_GROUP_INPUT(offsetof(struct settings, input)),
    CLI_GROUP_OUTPUT(offsetof(struct settings, output)),
};

/* Options that need or exclude each other. */
static int check_settings(const struct cli_command *command, const struct rt_settings *rt)
{
    bool mean = !isnan(rt->si_mean), sd = !isnan(rt->si_sd), rough = rt->si_mean_rough.given || rt->si_sd_rough.given;
    if (rt->si_file != NULL && (mean || sd || rough))
        return cli_complain(command, CLI_USE, "--si and --si-mean or --si-sd exclude each other");
    if (rt->si_file == NULL && !(mean && sd))
        return cli_complain(command, CLI_USE,
                            "the serial interval is missing: give --si-mean and --si-sd (influenza: 2.6 and 1.5 days), "
                            "or --si FILE");
    if (rt->si_mean_rough.given != rt->si_sd_rough.given)
        return cli_complain(command, CLI_USE, "--si-mean-rough and --si-sd-rough need each other");
    if (rough && rt->method != RT_CORI)
        return cli_complain(command, CLI_USE, "--si-mean-rough and --si-sd-rough need --method cori");
    return CLI_DONE;
}

/* ---- estimating ---- */

static const double probabilities[NUM_QUANTILES] = { 0.025, 0.5, 0.975 };

struct rt {
    const struct rt_settings     *settings;
    struct toc_uncertain_interval uncertain;
    double                       *w; /* TOC_SERIAL_INTERVAL_MAX */
    size_t                        num_w;
    struct toc_reproduction      *estimates;
    double                       *quantiles; /* NUM_QUANTILES a window */
};

/* The serial interval that does not depend on the series. */
static int make_interval(const struct cli_command *command, struct rt *rt, struct fault_list *faults)
{
    const struct rt_settings *settings = rt->settings;
    struct toc_error          error = { 0 };
    int                       ret = 0;
    if (settings->si_file != NULL) {
        ret = interval_file_read(settings->si_file, faults, rt->w, &rt->num_w);
        return ret == 0 ? CLI_DONE : input_report(command, ret, faults);
    }
    if (settings->si_mean_rough.given) {
        rt->uncertain = (struct toc_uncertain_interval){ .mean = settings->si_mean,
                                                         .mean_sd = settings->si_mean_rough.sd,
                                                         .mean_low = settings->si_mean_rough.low,
                                                         .mean_high = settings->si_mean_rough.high,
                                                         .sd = settings->si_sd,
                                                         .sd_sd = settings->si_sd_rough.sd,
                                                         .sd_low = settings->si_sd_rough.low,
                                                         .sd_high = settings->si_sd_rough.high,
                                                         .draws = (int) settings->draws,
                                                         .seed = (uint64_t) settings->seed };
        ret = toc_uncertain_interval_check(&rt->uncertain, &error);
        if (ret != 0)
            return cli_complain(command, CLI_USE, "%s: %.15g; allowed: %s",
                                strcmp(error.what, "uncertain.mean") == 0 ? "--si-mean-rough" : "--si-sd-rough",
                                error.found, error.allowed);
    }
    ret = toc_serial_interval_length(settings->si_mean, settings->si_sd, INTERVAL_TAIL, &rt->num_w, &error);
    if (ret == 0)
        ret = toc_serial_interval_discretise(settings->si_mean, settings->si_sd, rt->w, rt->num_w, &error);
    return ret == 0 ? CLI_DONE
                    : cli_complain(command, CLI_USE, "--si-%s is %.15g; allowed: %s", error.what, error.found,
                                   error.allowed);
}

static int prepare(void *context, const struct counts_summary *summary, size_t num_windows)
{
    struct rt *rt = context;
    (void) summary;
    rt->estimates = memory_array(num_windows, sizeof *rt->estimates);
    rt->quantiles = memory_array(num_windows * NUM_QUANTILES, sizeof *rt->quantiles);
    return rt->estimates == NULL || rt->quantiles == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int estimate(void *context, const struct estimate_series *series, struct toc_error *error)
{
    struct rt                         *rt = context;
    const struct rt_settings          *settings = rt->settings;
    struct toc_wallinga_teunis_options forward = { (enum toc_mode) settings->mode, settings->max_cv };
    struct toc_cori_options            options = { .mode = (enum toc_mode) settings->mode,
                                                   .prior_mean = settings->prior_mean,
                                                   .prior_sd = settings->prior_sd,
                                                   .max_cv = settings->max_cv };
    /* EpiEstim's interval is as long as the series. */
    if (settings->mode == TOC_MODE_R && settings->si_file == NULL) {
        size_t n = series->incidence.n;
        rt->num_w = n < TOC_SERIAL_INTERVAL_MAX ? n : TOC_SERIAL_INTERVAL_MAX;
        int ret = toc_serial_interval_discretise(settings->si_mean, settings->si_sd, rt->w, rt->num_w, error);
        if (ret != 0)
            return ret;
    }
    if (settings->method == RT_WALLINGA_TEUNIS)
        return toc_wallinga_teunis_estimate(&series->incidence, rt->w, rt->num_w, series->windows, series->num_windows,
                                            probabilities, NUM_QUANTILES, &forward, &memory_allocator, rt->estimates,
                                            rt->quantiles, error);
    if (settings->si_mean_rough.given)
        return toc_cori_estimate_uncertain(&series->incidence, &rt->uncertain, series->windows, series->num_windows,
                                           probabilities, NUM_QUANTILES, &options, &memory_allocator, rt->estimates,
                                           rt->quantiles, error);
    return toc_cori_estimate(&series->incidence, rt->w, rt->num_w, series->windows, series->num_windows, probabilities,
                             NUM_QUANTILES, &options, &memory_allocator, rt->estimates, rt->quantiles, error);
}

static void write_estimate(void *context, const struct estimate_series *series, size_t i, struct rows *rows,
                           double *middle, double *low, double *high)
{
    struct rt    *rt = context;
    const double *quantiles = rt->quantiles + i * NUM_QUANTILES;
    char          note[ESTIMATE_NOTE_BYTES];
    (void) series;
    rows_number(rows, rt->estimates[i].mean);
    rows_number(rows, rt->estimates[i].sd);
    for (size_t q = 0; q < NUM_QUANTILES; q++)
        rows_number(rows, quantiles[q]);
    estimate_note(rt->estimates[i].reason, note);
    rows_text(rows, note);
    *low = quantiles[0];
    *middle = quantiles[1];
    *high = quantiles[2];
}

static const struct rows_column columns[] = {
    ESTIMATE_COLUMNS,
    { .name = "mean", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "sd", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "q025", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "median", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "q975", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "note", .max_width = 100 },
};

static const struct estimate_plot_words words[] = {
    [RT_CORI] = { .title = "Reproduction number (Cori)",
                  .y_title = "R",
                  .estimate = "R, median",
                  .interval = "95 % credible interval",
                  .level_text = "R = 1: neither growth nor decline",
                  .level = 1.0,
                  .symbol = "R",
                  .foot = "R: how many each case infects at the rates of the window. Source: Cori et al. 2013, "
                          "doi:10.1093/aje/kwt133." },
    [RT_WALLINGA_TEUNIS] = { .title = "Case reproduction number (Wallinga and Teunis)",
                             .y_title = "R",
                             .estimate = "R, median",
                             .interval = "95 % interval",
                             .level_text = "R = 1: neither growth nor decline",
                             .level = 1.0,
                             .symbol = "R",
                             .foot = "R: how many the cases of the window went on to infect. Source: Wallinga and "
                                     "Teunis 2004, doi:10.1093/aje/kwh255." },
};

/* ---- the command ---- */

static int estimate_all(const struct cli_command *command, const struct settings *settings,
                        struct counts_reader *reader, struct rt *rt, struct fault_list *faults)
{
    const struct estimate_job job = {
        .command = command,
        .range = &settings->range,
        .output = &settings->output,
        .length = settings->windows.length > 0 ? (size_t) settings->windows.length : DEFAULT_WINDOW,
        .columns = columns,
        .num_columns = sizeof columns / sizeof *columns,
        .words = &words[settings->rt.method],
        .context = rt,
        .prepare = prepare,
        .estimate = estimate,
        .write = write_estimate,
    };
    return estimate_run(&job, reader, faults);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = {
        .rt = { .prior_mean = 5, .prior_sd = 5, .max_cv = 0.3, .si_mean = NAN, .si_sd = NAN, .draws = 100, .seed = 1 },
        .input = INPUT_SETTINGS_INIT,
        .output = OUTPUT_SETTINGS_INIT
    };
    struct fault_list     faults = FAULT_LIST_INIT;
    struct counts_reader *reader = NULL;
    struct rt             rt = { .settings = &settings.rt };
    int                   first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code < 0)
        exit_code = check_settings(command, &settings.rt);
    else
        return exit_code;
    if (exit_code == CLI_DONE && (rt.w = memory_array(TOC_SERIAL_INTERVAL_MAX, sizeof *rt.w)) == NULL)
        exit_code = cli_complain(command, CLI_MACHINE, "out of memory");
    if (exit_code == CLI_DONE)
        exit_code = make_interval(command, &rt, &faults);
    if (exit_code == CLI_DONE)
        exit_code = input_open(command, &settings.input, argv + first, argc - first, &faults, &reader);
    if (exit_code == CLI_DONE) {
        exit_code = estimate_all(command, &settings, reader, &rt, &faults);
        counts_close(reader);
    }
    fault_list_free(&faults);
    free(rt.w);
    free(rt.estimates);
    free(rt.quantiles);
    return exit_code;
}

static const char *const        usage[] = { "--si-mean DAYS --si-sd DAYS [OPTION]... [FILE]...",
                                            "--si FILE [OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin rt --si-mean 2.6 --si-sd 1.5 --plot rt.svg cases.csv", "R over time by weekly windows, and a picture" },
    { "tocsin rt --si-mean 2.6 --si-sd 1.5 --last 1 cases.csv", "only the newest R of each series" },
    { "tocsin rt --si-mean 2.6 --si-sd 1.5 --from 2024-03-01 --to 2024-03-31 cases.csv",
      "R of the windows that end in March" },
    { "tocsin rt --si interval.csv --method wallinga-teunis cases.csv", "how many the cases of each week infected" },
    { "tocsin rt --si-mean 2.6 --si-sd 1.5 --si-mean-rough 1,1.5,4 --si-sd-rough 0.5,0.5,2.5 cases.csv",
      "where the serial interval is only roughly known" },
    { NULL, NULL },
};

const struct cli_command cli_command_rt = {
    .name = "rt",
    .summary = "estimate the reproduction number R over time from daily counts",
    .usage = usage,
    .text = "Estimates R in windows of 7 days (--window) that slide by one day, and writes one row a "
            "window; --last, --from and --to choose windows by their last day:\n"
            "\n"
            "  series     name of the series, empty where the file has none\n"
            "  start      first day of the window\n"
            "  end        last day of the window\n"
            "  mean       of R\n"
            "  sd         its standard deviation\n"
            "  q025       R is below this with probability 0.025\n"
            "  median     of R\n"
            "  q975       R is below this with probability 0.975\n"
            "  note       empty, or \"not shown: \" and the reason; the numbers are then missing\n"
            "\n"
            "Nothing is shown where a window holds too few cases (--max-cv), before the first mean serial interval has "
            "passed, around missing counts, and where the counts are not daily. Cases in the column imported infect "
            "others but are never counted as infected here; so are cases that nobody in the series can have infected, "
            "the first day's among them. The newest days rise as late reports come in: R of the last days is too low "
            "until then.\n"
            "\n" INPUT_TEXT,
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
