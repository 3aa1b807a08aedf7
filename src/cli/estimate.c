/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/estimate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct cli_option window_options[WINDOW_NUM_OPTIONS] = {
    { .name = "window",
      .letter = 'w',
      .value = "STEPS",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = ESTIMATE_MAX_WINDOW,
      .initial = "rt: 7 days; growth: 14 days, 6 weeks or 6 months",
      .offset = offsetof(struct window_settings, length),
      .meaning = "Length of a window, in days (or weeks, or months, as the counts are)." },
};

void estimate_note(enum toc_reason reason, char note[ESTIMATE_NOTE_BYTES])
{
    note[0] = '\0';
    if (reason != TOC_REASON_NONE)
        snprintf(note, ESTIMATE_NOTE_BYTES, "not shown: %s", toc_reason_text(reason));
}

/* What one run holds. */
struct run {
    const struct estimate_job   *job;
    const struct counts_summary *summary;
    struct output                output;
    struct estimate_plot        *plot; /* NULL = none */
    struct counts_series         counts;
    struct toc_window           *windows;
    double                      *plotted; /* middle, low, high */
    toc_date                    *ends;
    size_t                       room;     /* windows that fit */
    toc_date                     from, to; /* windows end between them */
    struct range_absent          absent;
    uint64_t                     num_short;
};

static int allocate(struct run *run)
{
    run->room = toc_windows_sliding(run->summary->longest, run->job->length, NULL);
    run->windows = memory_array(run->room + 1, sizeof *run->windows);
    run->plotted = memory_array(3 * (run->room + 1), sizeof *run->plotted);
    run->ends = memory_array(run->room + 1, sizeof *run->ends);
    if (run->windows == NULL || run->plotted == NULL || run->ends == NULL)
        return TOC_ERR_NO_MEMORY;
    return run->job->prepare(run->job->context, run->summary, run->room + 1);
}

static void free_run(struct run *run)
{
    counts_series_free(&run->counts);
    estimate_plot_free(run->plot);
    free(run->windows);
    free(run->plotted);
    free(run->ends);
}

/* The windows of one series that end in the dates asked for. */
static struct estimate_series choose(struct run *run)
{
    const struct toc_series *series = &run->counts.series;
    size_t                   num = toc_windows_sliding(series->n, run->job->length, run->windows), skip = 0;
    run->num_short += num == 0;
    while (skip < num && series->date[run->windows[skip].last] < run->from)
        skip++;
    if (num > 0 && skip == num)
        range_absent_add(&run->absent, run->counts.name);
    while (num > skip && series->date[run->windows[num - 1].last] > run->to)
        num--;
    return (struct estimate_series){ .counts = &run->counts,
                                     .incidence = { .cases = series->observed,
                                                    .imported = run->counts.imported,
                                                    .n = series->n,
                                                    .steps_per_year = series->steps_per_year },
                                     .windows = run->windows + skip,
                                     .num_windows = num - skip };
}

static int complain(const struct run *run, int status, const struct toc_error *error)
{
    const struct cli_command *command = run->job->command;
    const char               *name = run->counts.name, *in = name[0] != '\0' ? " in series " : "";
    char                      date[DATE_TEXT_BYTES] = "";
    if (status == TOC_ERR_NO_MEMORY)
        return cli_complain(command, CLI_MACHINE, "out of memory");
    if (status == TOC_ERR_OPTION)
        return cli_complain(command, CLI_USE, "%s is %.15g; allowed: %s", error->what, error->found, error->allowed);
    if (strncmp(error->what, "incidence.", 10) == 0 && error->where < run->counts.series.n)
        date_to_text(run->counts.series.date[error->where], run->summary->form, date);
    return cli_complain(command, CLI_INPUT, "%s%s%s%s%s: %s is %.15g; allowed: %s", toc_status_text(status), in, name,
                        date[0] != '\0' ? " on " : "", date, error->what, error->found, error->allowed);
}

static void write_rows(struct run *run, const struct estimate_series *series)
{
    struct rows *rows = &run->output.rows;
    double      *middle = run->plotted, *low = middle + run->room, *high = low + run->room;
    char         text[DATE_TEXT_BYTES];
    for (size_t i = 0; i < series->num_windows; i++) {
        const toc_date *date = run->counts.series.date;
        run->ends[i] = date[series->windows[i].last];
        rows_text(rows, run->counts.name);
        date_to_text(date[series->windows[i].first], run->summary->form, text);
        rows_text(rows, text);
        date_to_text(run->ends[i], run->summary->form, text);
        rows_text(rows, text);
        run->job->write(run->job->context, series, i, rows, &middle[i], &low[i], &high[i]);
        if (isnan(middle[i]))
            rows_mark(rows, ROWS_FAINT);
        rows_end_row(rows);
    }
}

static int estimate_series(struct run *run)
{
    struct toc_error       error = { 0 };
    struct estimate_series series = choose(run);
    int                    ret = run->job->estimate(run->job->context, &series, &error);
    if (ret != 0)
        return complain(run, ret, &error);
    write_rows(run, &series);
    if (run->plot == NULL)
        return CLI_DONE;
    if (estimate_plot_add(run->plot, run->counts.name, run->ends, series.num_windows, run->plotted,
                          run->plotted + run->room, run->plotted + 2 * run->room) != 0)
        return cli_complain(run->job->command, CLI_MACHINE, "out of memory");
    return CLI_DONE;
}

static int write_plot(const struct run *run)
{
    const char *path = run->job->output->plot;
    struct sink sink;
    int         ret = sink_open(&sink, path);
    if (ret == 0)
        ret = estimate_plot_write(run->plot, &sink);
    if (ret == 0)
        ret = sink_finish(&sink);
    if (ret == 0)
        return CLI_DONE;
    int failure = ret == TOC_ERR_NO_MEMORY ? ENOMEM : sink.failure;
    sink_free(&sink);
    return output_complain(run->job->command, path, failure);
}

static int all_series(struct run *run, struct counts_reader *reader, struct fault_list *faults)
{
    int ret = 1, exit_code = CLI_DONE;
    while (exit_code == CLI_DONE && !output_has_failed(&run->output) && (ret = counts_next(reader, &run->counts)) == 1)
        exit_code = estimate_series(run);
    if (exit_code == CLI_DONE && ret < 0)
        exit_code = input_report(run->job->command, ret, faults);
    if (exit_code == CLI_DONE && run->plot != NULL && !output_has_failed(&run->output))
        exit_code = write_plot(run);
    return exit_code;
}

int estimate_run(const struct estimate_job *job, struct counts_reader *reader, struct fault_list *faults)
{
    struct run run = { .job = job, .summary = counts_summary(reader) };
    int        exit_code = range_choose(job->command, job->range, run.summary, &run.from, &run.to);
    if (exit_code != CLI_DONE)
        return exit_code;
    bool no_memory = allocate(&run) != 0;
    if (!no_memory && job->output->plot != NULL)
        no_memory = (run.plot = estimate_plot_new(run.summary, job->words)) == NULL;
    exit_code = no_memory ? cli_complain(job->command, CLI_MACHINE, "out of memory")
                          : output_begin(job->command, job->output, job->columns, job->num_columns, &run.output);
    if (exit_code == CLI_DONE) {
        exit_code = all_series(&run, reader, faults);
        if (exit_code != CLI_DONE)
            output_abandon(&run.output);
        else
            exit_code = output_finish(job->command, &run.output);
        range_absent_warn(&run.absent, job->command);
        if (run.num_short > 0)
            fprintf(stderr, "tocsin %s: warning: %llu series shorter than the window of %zu %ss and one more\n",
                    job->command->name, (unsigned long long) run.num_short, job->length,
                    date_step_word(run.summary->step));
    }
    free_run(&run);
    return exit_code;
}
