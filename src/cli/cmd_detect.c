/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/detect_plot.h"
#include "cli/detect_pool.h"
#include "cli/holiday_text.h"
#include "cli/input_options.h"
#include "cli/method_settings.h"
#include "cli/output_options.h"
#include "cli/range_options.h"
#include "formats/calendar_file.h"

#define NOTE_BYTES 400

struct detect_settings {
    struct method_settings set; /* first: method_settings_add expects it there */
    const char            *method;
    int                    mode; /* enum toc_mode */
    toc_date               start;
    bool                   has_start;
    const char            *calendar;
    int                    rows;    /* enum rows_wanted */
    long                   threads; /* 0 = as many as the machine has */
    bool                   progress;
};

struct settings {
    struct detect_settings   detect;
    struct range_settings    range;
    struct input_settings    input;
    struct output_settings   output;
    struct calendar_file     calendar; /* without holidays where none was named */
    const struct toc_method *chosen;
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS]; /* of the chosen method */
};

/* ---- options ---- */

enum rows_wanted { ROWS_ALL, ROWS_ASSESSED, ROWS_ALARMS };
static const char *const rows_words[] = { "all", "assessed", "alarms", NULL };
static const char *const mode_words[] = { "default", "r", NULL }; /* in the order of enum toc_mode */

static const char *set_start(void *settings, const char *value)
{
    struct detect_settings *detect = settings;
    detect->has_start = true;
    return range_date(value, false, &detect->start);
}

static const struct cli_option own_options[] = {
    { .name = "method",
      .letter = 'm',
      .value = "NAME",
      .initial = "farrington-flexible from 5 years of history on, else ears-c2",
      .kind = CLI_TEXT,
      .offset = offsetof(struct detect_settings, method),
      .completion = CLI_COMPLETE_METHOD,
      .meaning = "How to judge; 'tocsin methods' lists the names, 'tocsin methods NAME' explains one." },
    { .name = "set",
      .letter = 's',
      .value = "NAME=VALUE",
      .kind = CLI_CUSTOM,
      .set = method_settings_add,
      .completion = CLI_COMPLETE_SETTING,
      .meaning = "Set a parameter of the method, by our name or by R's (alpha=0.01, limit54=5,4). May be repeated." },
    { .name = "compat",
      .value = "default|r",
      .initial = "default",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct detect_settings, mode),
      .words = mode_words,
      .meaning = "With r: the numbers and defaults of R's surveillance 1.20.3 exactly, its faults included." },
    { .name = "start",
      .value = "DATE",
      .initial = "the first date written",
      .kind = CLI_CUSTOM,
      .set = set_start,
      .meaning = "The first day, ISO week or month judged. For methods that add up from one date to the next (cusum, "
                 "glr-…, lr-…): keep it the same each time, and choose the rows by --last or --from." },
    { .name = "calendar",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct detect_settings, calendar),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "Holidays, fixed and moving: CSV with holiday,from,to,steps,before,after. Holidays are compared with the "
          "same holiday of earlier years where the method can, else left out of baselines and not assessed." },
};

static const struct cli_option rows_options[] = {
    { .name = "rows",
      .letter = 'r',
      .value = "all|assessed|alarms",
      .initial = "all",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct detect_settings, rows),
      .words = rows_words,
      .meaning = "Of these dates: all, those that were assessed, or those with an alarm. How many were not assessed is "
                 "then told on "
                 "standard error." },
};

static const struct cli_option running_options[] = {
    { .name = "threads",
      .letter = 'j',
      .value = "N",
      .initial = "one a processor",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = DETECT_MAX_THREADS,
      .offset = offsetof(struct detect_settings, threads),
      .meaning = "Judge N series at once. The results are the same for any N." },
    { .name = "progress",
      .kind = CLI_FLAG,
      .offset = offsetof(struct detect_settings, progress),
      .meaning = "Tell how far it is, on standard error; done without asking where that is a terminal." },
};

static const struct cli_group groups[] = {
    { .title = "Method",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, detect) },
    CLI_GROUP_RANGE(offsetof(struct settings, range)),
    { .title = "Which rows are written",
      .options = rows_options,
      .num_options = sizeof rows_options / sizeof *rows_options,
      .offset = offsetof(struct settings, detect) },
    CLI_GROUP_INPUT(offsetof(struct settings, input)),
    CLI_GROUP_OUTPUT(offsetof(struct settings, output)),
    { .title = "Running",
      .options = running_options,
      .num_options = sizeof running_options / sizeof *running_options,
      .offset = offsetof(struct settings, detect) },
};

/* ---- what is to be judged ---- */

static const char *choose_method(const struct counts_summary *summary)
{
    static const int steps_per_year[] = {
        [DATE_STEP_UNKNOWN] = 365, [DATE_STEP_DAY] = 365, [DATE_STEP_WEEK] = 52, [DATE_STEP_MONTH] = 12
    };
    return toc_method_default(summary->longest, steps_per_year[summary->step])->name;
}

/* The dates delivered. */
static int choose_range(const struct cli_command *command, const struct settings *settings,
                        const struct counts_summary *summary, struct detect_job *job)
{
    const struct detect_settings *detect = &settings->detect;
    char                          last[DATE_TEXT_BYTES];
    int                           exit_code = range_choose(command, &settings->range, summary, &job->from, &job->to);
    if (exit_code != CLI_DONE || !detect->has_start)
        return exit_code;
    if (settings->range.has_from && settings->range.from < detect->start)
        return cli_complain(command, CLI_USE, "--from lies before --start, where nothing is judged");
    if (detect->start > job->to)
        return cli_complain(command, CLI_USE, "--start lies after --to");
    date_to_text(summary->last, summary->form, last);
    if (detect->start > summary->last)
        return cli_complain(command, CLI_USE, "--start lies after the newest date, %s", last);
    if (job->from < detect->start)
        job->from = detect->start;
    return CLI_DONE;
}

/* A method that adds up has to see every step from the start; any other judges no more than is delivered. */
static void choose_begin(const struct detect_settings *detect, struct detect_job *job)
{
    job->begin = detect->has_start && job->method->cumulative ? detect->start : job->from;
}

/* With a range alone a method that adds up begins anew with each new range, and finds nothing that grows slowly. */
static void warn_of_lost_sums(const struct settings *settings)
{
    const char *name = settings->chosen->name;
    if (!settings->chosen->cumulative || settings->detect.has_start)
        return;
    if (settings->range.last > 0)
        fprintf(stderr,
                "tocsin detect: warning: %s adds up from the first date judged, and with --last that is another date "
                "each time: what added up before is lost; give --start DATE too, the same each time\n",
                name);
    else if (settings->range.has_from)
        fprintf(stderr,
                "tocsin detect: warning: %s adds up from the first date judged: keep --from the same each time, or "
                "give that date as --start and choose the rows by --last\n",
                name);
}

/* What the judge says of its options it says of every series; so they are checked before anything is written. */
static int check_options(const struct cli_command *command, const struct toc_method *method, const void *options)
{
    const double      observed[] = { 0 };
    struct toc_error  error = { 0 };
    struct toc_series series = { .observed = observed, .n = 1, .steps_per_year = 52 };
    switch (method->judge(&series, 0, 0, options, &memory_allocator, NULL, &error)) {
    case TOC_ERR_OPTION:
    case TOC_ERR_UNKNOWN_NAME:
        return cli_complain(command, CLI_USE, "method %s: %s is %.15g; allowed: %s", method->name, error.what,
                            error.found, error.allowed);
    default: return CLI_DONE; /* anything else is said where the series it concerns is known */
    }
}

static int set_up_method(const struct cli_command *command, struct settings *settings, const char *name)
{
    const struct toc_method *method = method_or_complain(command, name);
    if (method == NULL)
        return CLI_USE;
    settings->chosen = method;
    toc_method_init_options(method, (enum toc_mode) settings->detect.mode, settings->options);
    int exit_code = method_settings_apply(command, &settings->detect.set, method, settings->options);
    return exit_code == CLI_DONE ? check_options(command, method, settings->options) : exit_code;
}

/* A holiday that the calendar does not know is an ordinary day to the method: that must not go unsaid. */
static void warn_of_unknown_years(const struct settings *settings, const struct counts_summary *summary)
{
    int first, last;
    toc_calendar_years(&settings->calendar.calendar, &first, &last);
    if (toc_date_to_civil(summary->first).year < first || toc_date_to_civil(summary->last).year > last)
        fprintf(stderr, "tocsin detect: warning: %s knows holidays from %d to %d; other years are judged without\n",
                settings->detect.calendar, first, last);
}

static int number_of_threads(const struct detect_settings *settings, uint64_t num_series)
{
    cpu_set_t set;
    long      num = settings->threads;
    if (num == 0)
        num = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (num > DETECT_MAX_THREADS)
        num = DETECT_MAX_THREADS;
    return (uint64_t) num > num_series ? (num_series > 0 ? (int) num_series : 1) : (int) num;
}

/* ---- results ---- */

static const struct rows_column columns[] = {
    { .name = "series" },
    { .name = "date" },
    { .name = "observed", .kind = ROWS_NUMBER },
    { .name = "expected", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "threshold", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "score", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "alarm", .kind = ROWS_FLAG, .yes = "ALARM", .no = "no", .missing_words = "?" },
    { .name = "note", .max_width = 100 },
};

struct work {
    const struct cli_command    *command;
    const struct counts_summary *summary;
    const struct detect_job     *job;
    struct output               *output;
    struct detect_plot          *plot; /* NULL = none */
    uint64_t                     num_done;
    enum rows_wanted             wanted;
    uint64_t                     num_rows, num_alarms, num_not_assessed;
    struct range_absent          absent; /* series without a count in the dates judged */
    bool                         progress;
    struct timespec              told;
    int                          exit_code; /* of the first series that could not be judged */
};

/* Why a step was not assessed, and which holiday it belongs to. Where R says "no alarm" without having judged, its
 * answer stays in the column alarm, and the note says what it is worth. */
static void write_note(const struct work *work, const struct detect_result *result, size_t i, char *note, size_t size)
{
    const struct toc_judgement *judgement = &result->judgements[i];
    const uint8_t              *holiday = result->counts.series.holiday;
    char                        text[HOLIDAY_TEXT_BYTES] = "";
    bool                        not_assessed = !detect_is_assessed(judgement);
    const char                 *of_r = judgement->alarm == TOC_ALARM_NOT_ASSESSED ? "" : "; R answers 0 all the same";
    if (work->job->calendar != NULL && holiday[result->first + i] != 0)
        holiday_text(work->job->calendar, holiday[result->first + i], text);
    snprintf(note, size, "%s%s%s%s%s", not_assessed ? "not assessed: " : "",
             not_assessed ? toc_reason_text(judgement->reason) : "", not_assessed ? of_r : "",
             not_assessed && *text != '\0' ? "; " : "", text);
}

static void write_row(struct work *work, const struct detect_result *result, size_t i)
{
    const struct toc_series    *series = &result->counts.series;
    const struct toc_judgement *judgement = &result->judgements[i];
    struct rows                *rows = &work->output->rows;
    size_t                      row = result->first + i;
    char                        date[DATE_TEXT_BYTES], note[NOTE_BYTES];
    date_to_text(series->date[row], work->summary->form, date);
    rows_text(rows, result->counts.name);
    rows_text(rows, date);
    rows_number(rows, series->observed[row]);
    rows_number(rows, judgement->expected);
    rows_number(rows, judgement->threshold);
    rows_number(rows, judgement->score);
    if (judgement->alarm == TOC_ALARM_NOT_ASSESSED) {
        rows_missing(rows);
    } else {
        rows_flag(rows, judgement->alarm == TOC_ALARM_YES);
        if (judgement->alarm == TOC_ALARM_YES)
            rows_mark(rows, ROWS_ALARM);
    }
    if (!detect_is_assessed(judgement))
        rows_mark(rows, ROWS_FAINT);
    write_note(work, result, i, note, sizeof note);
    rows_text(rows, note);
    rows_end_row(rows);
}

static void tell_progress(struct work *work, bool end)
{
    struct timespec now;
    if (!work->progress)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double since = (double) (now.tv_sec - work->told.tv_sec) + 1e-9 * (double) (now.tv_nsec - work->told.tv_nsec);
    if (!end && since < 0.2)
        return;
    work->told = now;
    fprintf(stderr, "\r\033[Ktocsin detect: %" PRIu64 " of %" PRIu64 " series%s", work->num_done,
            work->summary->num_series, end ? "\r\033[K" : "");
    fflush(stderr);
}

static int complain_result(const struct work *work, const struct detect_result *result)
{
    const char *name = result->counts.name, *method = work->job->method->name;
    const char *in = *name != '\0' ? " in series " : "";
    switch (result->status) {
    case TOC_ERR_NO_MEMORY: return cli_complain(work->command, CLI_MACHINE, "out of memory");
    case TOC_ERR_OPTION:
    case TOC_ERR_UNKNOWN_NAME:
    case TOC_ERR_UNSUPPORTED:
        return cli_complain(work->command, CLI_USE, "method %s%s%s: %s is %.15g; allowed: %s", method, in, name,
                            result->error.what, result->error.found, result->error.allowed);
    default:
        return cli_complain(work->command, CLI_INPUT, "method %s%s%s: %s: %s is %.15g; allowed: %s", method, in, name,
                            toc_status_text(result->status), result->error.what, result->error.found,
                            result->error.allowed);
    }
}

static bool take(void *context, const struct detect_result *result)
{
    struct work *work = context;
    if (result->status != 0) {
        work->exit_code = complain_result(work, result);
        return false;
    }
    for (size_t i = 0; i < result->num; i++) {
        bool alarm = result->judgements[i].alarm == TOC_ALARM_YES;
        bool assessed = detect_is_assessed(&result->judgements[i]);
        work->num_rows++;
        work->num_alarms += alarm;
        work->num_not_assessed += !assessed;
        if (work->wanted == ROWS_ALL || alarm || (work->wanted == ROWS_ASSESSED && assessed))
            write_row(work, result, i);
    }
    if (result->num == 0)
        range_absent_add(&work->absent, result->counts.name);
    if (work->plot != NULL && detect_plot_add(work->plot, result) != 0) {
        work->exit_code = cli_complain(work->command, CLI_MACHINE, "out of memory");
        return false;
    }
    work->num_done++;
    tell_progress(work, false);
    return !output_has_failed(work->output);
}

/* A chart that begins with the first date has nothing to learn from. */
static void warn_of_no_history(const struct work *work, const struct settings *settings)
{
    bool open = !settings->detect.has_start && !settings->range.has_from && settings->range.last == 0;
    if (work->job->method->cumulative && open && work->num_rows > 0 && work->num_not_assessed == work->num_rows)
        fprintf(stderr,
                "tocsin detect: warning: nothing was assessed: %s learns from the dates before the first one judged; "
                "--start DATE says which that is\n",
                work->job->method->name);
}

/* Rows left out must not pass for dates without an alarm. */
static void tell_what_is_left_out(const struct work *work)
{
    if (work->wanted != ROWS_ALL)
        fprintf(stderr, "tocsin detect: %" PRIu64 " alarm%s; %" PRIu64 " of %" PRIu64 " dates not assessed\n",
                work->num_alarms, work->num_alarms == 1 ? "" : "s", work->num_not_assessed, work->num_rows);
}

/* ---- the plot ---- */

static int write_plot(const struct cli_command *command, const struct settings *settings, const struct detect_job *job,
                      struct detect_plot *plot)
{
    struct sink sink;
    char        text[400] = "";
    for (size_t i = 0, used = 0; i < settings->detect.set.num && used < sizeof text; i++)
        used +=
            (size_t) snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : " ", settings->detect.set.text[i]);
    int ret = sink_open(&sink, settings->output.plot);
    if (ret == 0)
        ret = detect_plot_write(plot, job->method, (enum toc_mode) settings->detect.mode, text, &sink);
    if (ret == 0)
        ret = sink_finish(&sink);
    if (ret == 0)
        return CLI_DONE;
    int failure = ret == TOC_ERR_NO_MEMORY ? ENOMEM : sink.failure;
    sink_free(&sink);
    return output_complain(command, settings->output.plot, failure);
}

/* ---- the command ---- */

/* Everything from the first series to the last byte. */
static int judge_all(const struct cli_command *command, const struct settings *settings, const struct detect_job *job,
                     struct fault_list *faults)
{
    struct output output;
    struct work   work = { .command = command,
                           .summary = counts_summary(job->reader),
                           .job = job,
                           .output = &output,
                           .wanted = (enum rows_wanted) settings->detect.rows,
                           .progress = settings->detect.progress || isatty(STDERR_FILENO),
                           .exit_code = CLI_DONE };
    int exit_code = output_begin(command, &settings->output, columns, sizeof columns / sizeof *columns, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (settings->output.plot != NULL && (work.plot = detect_plot_new(work.summary, job->calendar)) == NULL) {
        output_abandon(&output);
        return cli_complain(command, CLI_MACHINE, "out of memory");
    }
    clock_gettime(CLOCK_MONOTONIC, &work.told);
    int ret = detect_run(job, take, &work);
    tell_progress(&work, true);
    exit_code = ret != 0 ? input_report(command, ret, faults) : work.exit_code;
    if (exit_code == CLI_DONE && work.plot != NULL && !output_has_failed(&output))
        exit_code = write_plot(command, settings, job, work.plot);
    detect_plot_free(work.plot);
    if (exit_code != CLI_DONE) {
        output_abandon(&output);
        return exit_code;
    }
    range_absent_warn(&work.absent, command);
    warn_of_no_history(&work, settings);
    tell_what_is_left_out(&work);
    return output_finish(command, &output);
}

static int prepare_and_judge(const struct cli_command *command, struct settings *settings, struct counts_reader *reader,
                             struct fault_list *faults)
{
    const struct counts_summary  *summary = counts_summary(reader);
    const struct detect_settings *detect = &settings->detect;
    struct detect_job             job = { .reader = reader, .longest = summary->longest };

    int exit_code = choose_range(command, settings, summary, &job);
    if (exit_code == CLI_DONE && detect->method == NULL)
        exit_code = set_up_method(command, settings, choose_method(summary));
    if (exit_code != CLI_DONE)
        return exit_code;
    job.method = settings->chosen;
    job.options = settings->options;
    choose_begin(detect, &job);
    job.threads = number_of_threads(detect, summary->num_series);
    if (detect->calendar != NULL) {
        job.calendar = &settings->calendar.calendar;
        warn_of_unknown_years(settings, summary);
    }
    if (detect->method == NULL)
        fprintf(stderr, "tocsin detect: judged by %s; --method sets another\n", job.method->name);
    warn_of_lost_sums(settings);
    return judge_all(command, settings, &job, faults);
}

static int read_and_judge(const struct cli_command *command, struct settings *settings, char *const *files,
                          int num_files, struct fault_list *faults)
{
    struct counts_reader *reader = NULL;
    if (settings->detect.calendar != NULL) {
        int ret = calendar_file_read(settings->detect.calendar, faults, &settings->calendar);
        if (ret != 0)
            return input_report(command, ret, faults);
    }
    int exit_code = input_open(command, &settings->input, files, num_files, faults, &reader);
    if (exit_code == CLI_DONE) {
        exit_code = prepare_and_judge(command, settings, reader, faults);
        counts_close(reader);
    }
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings   settings = { .input = INPUT_SETTINGS_INIT, .output = OUTPUT_SETTINGS_INIT };
    struct fault_list faults = FAULT_LIST_INIT;
    int               first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    /* What can be known without reading is said without reading. */
    exit_code = settings.detect.method != NULL ? set_up_method(command, &settings, settings.detect.method) : CLI_DONE;
    if (exit_code != CLI_DONE)
        return exit_code;
    if (settings.detect.calendar != NULL && settings.detect.mode == TOC_MODE_R)
        return cli_complain(command, CLI_USE, "--calendar and --compat r exclude each other: R knows no holidays");
    exit_code = read_and_judge(command, &settings, argv + first, argc - first, &faults);
    calendar_file_free(&settings.calendar);
    fault_list_free(&faults);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin detect --last 12 --plot signals.svg visits.csv", "what is unusual in the last 12 weeks, and a picture" },
    { "tocsin detect -m ears-c2 --columns date=Datum,count=n daily.csv",
      "a short daily series with columns of other names" },
    { "tocsin detect --last 1 --rows alarms -f ndjson counts.csv | jq -r .series",
      "where there is an alarm this week" },
    { "tocsin detect -m cusum --start 2024-W01 --last 1 counts.csv",
      "slow rises since the first week of 2024, as they stand this week" },
    { "tocsin detect -m farrington-flexible --compat r --set b=4 --set w=3 counts.csv", "the numbers of R" },
    { NULL, NULL },
};

const struct cli_command cli_command_detect = {
    .name = "detect",
    .summary = "judge counts by day, week or month: which are unusual?",
    .usage = usage,
    .text = "Judges each count of each series by a method and writes one row a date:\n"
            "\n"
            "  series     name of the series, empty where the file has none\n"
            "  date       as in the file: a day, an ISO week or a month\n"
            "  observed   the count; missing where it is not known\n"
            "  expected   what the method expected without an outbreak\n"
            "  threshold  the method alarms above this count (cusum: at it too)\n"
            "  score      how far: 1 at the threshold, more beyond it\n"
            "  alarm      1 or 0 (ndjson: true or false); empty (null) where not assessed\n"
            "  note       \"not assessed: \" and the reason, which is never \"no alarm\"; the holiday\n"
            "\n"
            "With --compat r all numbers are R's. Where a rule of its own kept R from judging, its alarm is 0 all the "
            "same, and the note says \"not assessed\". cusum, glr-… and lr-… add up from the first date judged: give "
            "them --start, "
            "the same each time.\n"
            "\n"
            "Numbers that do not exist are empty in csv and null in ndjson. Alarms do not change the exit code.\n"
            "\n" INPUT_TEXT,
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
