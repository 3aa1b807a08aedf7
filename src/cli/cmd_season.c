/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/cmd.h"
#include "cli/input_options.h"
#include "cli/output_options.h"
#include "cli/range_options.h"
#include "cli/season_plot.h"

struct season_settings {
    long   first_week, last_week, min_seasons, max_seasons, num_values;
    double delta, level;
};

struct settings {
    struct season_settings season;
    struct range_settings  range;
    struct input_settings  input;
    struct output_settings output;
};

static const struct cli_option own_options[] = {
    { .name = "first-week",
      .value = "WEEK",
      .initial = "40",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 52,
      .offset = offsetof(struct season_settings, first_week),
      .meaning = "ISO week in which a season begins." },
    { .name = "last-week",
      .value = "WEEK",
      .initial = "20",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 53,
      .offset = offsetof(struct season_settings, last_week),
      .meaning = "ISO week in which it ends: of the next year where it is before --first-week." },
    { .name = "min-seasons",
      .value = "N",
      .initial = "5",
      .kind = CLI_WHOLE,
      .low = 2,
      .high = TOC_SEASON_MAX_SEASONS,
      .offset = offsetof(struct season_settings, min_seasons),
      .meaning = "Past seasons needed; with fewer nothing is assessed." },
    { .name = "max-seasons",
      .value = "N",
      .initial = "10",
      .kind = CLI_WHOLE,
      .low = 2,
      .high = TOC_SEASON_MAX_SEASONS,
      .offset = offsetof(struct season_settings, max_seasons),
      .meaning = "Past seasons used, the newest ones." },
    { .name = "values",
      .value = "N",
      .initial = "30",
      .kind = CLI_WHOLE,
      .low = 2,
      .high = 1000,
      .offset = offsetof(struct season_settings, num_values),
      .meaning = "Highest values that a threshold is made of, from all past seasons together." },
    { .name = "delta",
      .value = "PERCENT",
      .initial = "2.8",
      .kind = CLI_REAL,
      .low = 0,
      .high = 100,
      .open = true,
      .offset = offsetof(struct season_settings, delta),
      .meaning =
          "How long a past epidemic lasted: as long as one more week adds at least this share of its season's cases." },
    { .name = "level",
      .value = "SHARE",
      .initial = "0.95",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1,
      .open = true,
      .offset = offsetof(struct season_settings, level),
      .meaning = "Share of the highest values outside epidemics that should lie below the threshold." },
};

static const struct cli_group groups[] = {
    { .title = "Seasons",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, season) },
    CLI_GROUP_RANGE(offsetof(struct settings, range)),
    CLI_GROUP_INPUT(offsetof(struct settings, input)),
    CLI_GROUP_OUTPUT(offsetof(struct settings, output)),
};

/* ---- results ---- */

static const struct rows_column columns[] = {
    { .name = "series" },
    { .name = "season" },
    { .name = "date" },
    { .name = "observed", .kind = ROWS_NUMBER },
    { .name = "threshold", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "medium", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "high", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "very_high", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "level" },
    { .name = "note", .max_width = 100 },
};

struct work {
    const struct cli_command    *command;
    const struct counts_summary *summary;
    struct toc_season_options    options;
    struct output                output;
    struct season_plot          *plot; /* NULL = none */
    struct counts_series         counts;
    struct toc_season_week      *weeks;
    toc_date                     from, to;
    struct range_absent          absent;
    bool                         one_year; /* seasons lie within a calendar year */
};

static void write_row(struct work *work, size_t row, const struct toc_season_week *week)
{
    struct rows *rows = &work->output.rows;
    char         date[DATE_TEXT_BYTES], season[32] = "", note[160] = "";
    if (week->season != 0 && work->one_year)
        snprintf(season, sizeof season, "%d", week->season);
    else if (week->season != 0)
        snprintf(season, sizeof season, "%d/%02d", week->season, (week->season + 1) % 100);
    date_to_text(work->counts.series.date[row], work->summary->form, date);
    rows_text(rows, work->counts.name);
    rows_text(rows, season);
    rows_text(rows, date);
    rows_number(rows, work->counts.series.observed[row]);
    rows_number(rows, week->threshold);
    for (size_t i = 0; i < 3; i++)
        rows_number(rows, week->intensity[i]);
    if (week->reason != TOC_REASON_NONE) {
        rows_missing(rows);
        rows_mark(rows, ROWS_FAINT);
        snprintf(note, sizeof note, "not assessed: %s", toc_reason_text(week->reason));
    } else {
        rows_text(rows, season_level_word(week->level));
        if (week->level >= TOC_SEASON_HIGH || week->starts)
            rows_mark(rows, ROWS_ALARM);
        snprintf(note, sizeof note, "%s", week->starts ? "the epidemic starts" : week->ends ? "the epidemic ends" : "");
    }
    rows_text(rows, note);
    rows_end_row(rows);
}

static int judge_series(struct work *work)
{
    const struct toc_series *series = &work->counts.series;
    struct toc_error         error = { 0 };
    size_t                   first = 0, end;
    while (first < series->n && series->date[first] < work->from)
        first++;
    for (end = first; end < series->n && series->date[end] <= work->to; end++)
        ;
    size_t num = end - first;
    if (num == 0)
        range_absent_add(&work->absent, work->counts.name);
    int ret = toc_season_judge(series, first, num, &work->options, &memory_allocator, work->weeks, &error);
    if (ret == TOC_ERR_OPTION)
        return cli_complain(work->command, CLI_USE, "%s is %.15g; allowed: %s", error.what, error.found, error.allowed);
    if (ret == 0 && work->plot != NULL)
        ret = season_plot_add(work->plot, &work->counts, first, num, work->weeks);
    if (ret == TOC_ERR_NO_MEMORY)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    if (ret != 0)
        return cli_complain(work->command, CLI_INPUT, "%s: %s is %.15g; allowed: %s", toc_status_text(ret), error.what,
                            error.found, error.allowed);
    for (size_t i = 0; i < num; i++)
        write_row(work, first + i, &work->weeks[i]);
    return CLI_DONE;
}

static int write_plot(const struct work *work, const char *path)
{
    struct sink sink;
    int         ret = sink_open(&sink, path);
    if (ret == 0)
        ret = season_plot_write(work->plot, &sink);
    if (ret == 0)
        ret = sink_finish(&sink);
    if (ret == 0)
        return CLI_DONE;
    int failure = ret == TOC_ERR_NO_MEMORY ? ENOMEM : sink.failure;
    sink_free(&sink);
    return output_complain(work->command, path, failure);
}

static int judge_all(struct work *work, const struct settings *settings, struct counts_reader *reader,
                     struct fault_list *faults)
{
    int ret = 1;
    int exit_code =
        output_begin(work->command, &settings->output, columns, sizeof columns / sizeof *columns, &work->output);
    if (exit_code != CLI_DONE)
        return exit_code;
    while (exit_code == CLI_DONE && !output_has_failed(&work->output) &&
           (ret = counts_next(reader, &work->counts)) == 1)
        exit_code = judge_series(work);
    if (exit_code == CLI_DONE && ret < 0)
        exit_code = input_report(work->command, ret, faults);
    if (exit_code == CLI_DONE && work->plot != NULL && !output_has_failed(&work->output))
        exit_code = write_plot(work, settings->output.plot);
    if (exit_code != CLI_DONE) {
        output_abandon(&work->output);
        return exit_code;
    }
    range_absent_warn(&work->absent, work->command);
    return output_finish(work->command, &work->output);
}

static int prepare_and_judge(const struct cli_command *command, const struct settings *settings,
                             struct counts_reader *reader, struct fault_list *faults)
{
    const struct season_settings *season = &settings->season;
    struct work work = { .command = command, .summary = counts_summary(reader), .options = TOC_SEASON_OPTIONS_INIT };
    if (work.summary->step != DATE_STEP_WEEK)
        return cli_complain(command, CLI_INPUT, "the counts are by %s; a season is judged by weeks",
                            date_step_word(work.summary->step));
    work.options.first_week = (int) season->first_week;
    work.options.last_week = (int) season->last_week;
    work.options.min_seasons = (int) season->min_seasons;
    work.options.max_seasons = (int) season->max_seasons;
    work.options.num_values = (int) season->num_values;
    work.options.delta = season->delta;
    work.options.level = season->level;
    work.one_year = season->first_week <= season->last_week;
    int exit_code = range_choose(command, &settings->range, work.summary, &work.from, &work.to);
    if (exit_code != CLI_DONE)
        return exit_code;
    work.weeks = memory_array(work.summary->longest + 1, sizeof *work.weeks);
    if (work.weeks != NULL && settings->output.plot != NULL)
        work.plot = season_plot_new(work.summary);
    exit_code = work.weeks == NULL || (settings->output.plot != NULL && work.plot == NULL)
                    ? cli_complain(command, CLI_MACHINE, "out of memory")
                    : judge_all(&work, settings, reader, faults);
    counts_series_free(&work.counts);
    season_plot_free(work.plot);
    free(work.weeks);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings       settings = { .season = { .first_week = 40,
                                                   .last_week = 20,
                                                   .min_seasons = 5,
                                                   .max_seasons = 10,
                                                   .num_values = 30,
                                                   .delta = 2.8,
                                                   .level = 0.95 },
                                       .input = INPUT_SETTINGS_INIT,
                                       .output = OUTPUT_SETTINGS_INIT };
    struct fault_list     faults = FAULT_LIST_INIT;
    struct counts_reader *reader = NULL;
    int                   first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (settings.season.min_seasons > settings.season.max_seasons)
        return cli_complain(command, CLI_USE, "--min-seasons is more than --max-seasons");
    exit_code = input_open(command, &settings.input, argv + first, argc - first, &faults, &reader);
    if (exit_code == CLI_DONE) {
        exit_code = prepare_and_judge(command, &settings, reader, &faults);
        counts_close(reader);
    }
    fault_list_free(&faults);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin season --last 30 --plot season.svg visits.csv",
      "this winter, judged by the winters before, and a picture" },
    { "tocsin season --first-week 20 --last-week 45 visits.csv", "where winter is in July" },
    { NULL, NULL },
};

const struct cli_command cli_command_season = {
    .name = "season",
    .summary = "tell when a season's epidemic starts and ends, and how intense it is",
    .usage = usage,
    .text = "Compares each week of a season with the past seasons by the moving epidemic method, and writes one row a "
            "week:\n"
            "\n"
            "  series     name of the series, empty where the file has none\n"
            "  season     2023/24, or 2023; empty between seasons\n"
            "  date       as in the file\n"
            "  observed   the count; missing where it is not known\n"
            "  threshold  the epidemic starts above it; once it has started: it ends below it\n"
            "  medium     counts above it are medium\n"
            "  high       counts above it are high\n"
            "  very_high  counts above it are very high\n"
            "  level      baseline, low, medium, high or very high; missing where not assessed\n"
            "  note       \"the epidemic starts\", \"the epidemic ends\", \"not assessed: \" and the reason, or empty\n"
            "\n"
            "This is another question than tocsin detect answers: every winter's influenza is usual for its time of "
            "year. The counts must be weekly. Where there is a population, seasons are compared by rates.\n"
            "\n" INPUT_TEXT,
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
