/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch_load.h"

#include <math.h>
#include <string.h>

#include "base/date_text.h"
#include "cli/cmd.h"
#include "cli/file_bytes.h"
#include "cli/node_options.h"
#include "response/stream_reports.h"

static const char *set_known(void *settings, const char *value)
{
    struct watch_load_settings *own = settings;
    enum date_form              form;
    if (date_from_text(value, strlen(value), &own->known, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return "a day (2026-11-22)";
    own->known_given = true;
    return NULL;
}

static const char *const many_words[] = { "fault", "sum", "mean", NULL };
static const char *const date_words[] = { "column", "day-first", "month-first", NULL };
static const char *const measure_words[] = { "count", "percent", "rate", "concentration", "index", NULL };
static const char *const period_words[] = { "day", "week", NULL };

#define AT(member) .offset = offsetof(struct watch_load_settings, member)

const struct cli_option watch_load_options[WATCH_LOAD_NUM_OPTIONS] = {
    { .name = "stream",
      .value = "CODE",
      .kind = CLI_TEXT,
      AT(load.code),
      .meaning = "the stream of a file without series; else the streams are CODE-SERIES. Needed." },
    { .name = "columns",
      .value = "NAMES",
      .kind = CLI_TEXT,
      AT(file.columns),
      .meaning = "which column is what: date=NAME, value=NAME, series=NAME+NAME, known=NAME, ignore=NAME, with commas "
                 "and no blanks between." },
    { .name = "wide", .kind = CLI_FLAG, AT(file.wide), .meaning = "each column but date and known is a series." },
    { .name = "many",
      .value = "WORD",
      .initial = "fault",
      .kind = CLI_CHOICE,
      .words = many_words,
      AT(many),
      .meaning = "what becomes of several values of one series and day." },
    { .name = "known",
      .value = "DAY",
      .initial = "today",
      .kind = CLI_CUSTOM,
      .set = set_known,
      .meaning = "the day on which the values were known, in rows that do not say it; values: as known on that day." },
    { .name = "dates",
      .value = "ORDER",
      .initial = "column",
      .kind = CLI_CHOICE,
      .words = date_words,
      AT(dates),
      .meaning = "how 1/2/2026 is read; otherwise as the column decides." },
    { .name = "encoding", .value = "NAME", .kind = CLI_TEXT, AT(encoding), .meaning = "of a text file." },
    { .name = "sheet", .value = "NAME", .kind = CLI_TEXT, AT(sheet), .meaning = "of a spreadsheet with several." },
    { .name = "errors",
      .value = "FILE",
      .kind = CLI_TEXT,
      .completion = CLI_COMPLETE_FILE,
      AT(errors),
      .meaning = "load the good rows, and write those with a bad cell into this file with what is wrong: mended, it is "
                 "loaded like any other. Without it a bad cell keeps the whole file out." },
    { .name = "indicator",
      .value = "CODE",
      .kind = CLI_TEXT,
      AT(load.indicator),
      .meaning =
          "make streams that are not there, of this indicator (list stream_indicator), of --disease, and of the area "
          "whose code the series' names begin with, else --area." },
    { .name = "measure",
      .value = "WORD",
      .initial = "count",
      .kind = CLI_CHOICE,
      .words = measure_words,
      AT(measure),
      .meaning = "what the numbers of streams that are made are." },
    { .name = "period",
      .value = "WORD",
      .initial = "week",
      .kind = CLI_CHOICE,
      .words = period_words,
      AT(period),
      .meaning = "of streams that are made." },
    { .name = "cumulative",
      .kind = CLI_FLAG,
      AT(load.cumulative),
      .meaning = "the numbers of streams that are made are totals since a start." },
};

/* ---- load ---- */

struct loading {
    const struct cli_command  *command;
    const struct node         *node;
    const struct access       *who;
    struct stream_file_options file;
    struct stream_load_options load;
};

static int load_bytes(const struct loading *loading, const struct file_bytes *bytes, const char *path,
                      struct fault_list *faults)
{
    struct stream_file        file;
    struct stream_load_report report;
    int                       ret =
        stream_file_read(bytes->bytes != NULL ? bytes->bytes : "", bytes->size, path, &loading->file, faults, &file);
    if (ret != 0)
        return ret;
    size_t joined = file.num_joined, blank = file.num_blank, bad = file.num_bad;
    ret = stream_load(loading->node->store, loading->who, &file, path, &loading->load,
                      store_clock_now(loading->node->store), &report, faults);
    stream_file_free(&file);
    if (ret == 0 || report.num_streams > 0)
        fprintf(cli_messages(),
                "tocsin watch: %s: %zu streams (%zu made), %zu new values (%zu revise others), %zu known already, %zu "
                "blank, %zu joined with others; corrections of totals: %zu\n",
                path, report.num_streams, report.num_made, report.num_new, report.num_revised, report.num_known, blank,
                joined, report.num_corrections);
    if (ret == 0 && bad > 0) {
        fprintf(cli_messages(), "tocsin watch: %s: %zu %s cannot be used\n", path, bad, bad == 1 ? "row" : "rows");
        ret = BASE_ERR_INPUT;
    }
    return ret;
}

static int load_file(struct loading *loading, const char *path, const char *errors)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct file_bytes bytes;
    struct sink       sink;
    int               failure = file_bytes_open(&bytes, path);
    if (failure != 0)
        return cli_complain(loading->command, CLI_MACHINE, "%s: %s", path, strerror(failure));
    if (errors != NULL && sink_open(&sink, errors) != 0)
        return cli_complain(loading->command, CLI_MACHINE, "%s: %s", errors, strerror(sink.failure));
    loading->file.errors = errors != NULL ? &sink : NULL;
    int ret = load_bytes(loading, &bytes, path, &faults);
    file_bytes_close(&bytes);
    if (errors != NULL && sink_finish(&sink) != 0)
        return cli_complain(loading->command, CLI_MACHINE, "%s: %s", errors, strerror(sink.failure));
    if (ret != 0)
        return node_complain(loading->command, ret, &faults);
    fault_list_free(&faults);
    return CLI_DONE;
}

int watch_load_files(const struct cli_command *command, const struct node *node, const struct access *who,
                     const struct watch_load_settings *settings, toc_date today, char **files, int num_files)
{
    struct loading loading = { command, node, who, settings->file, settings->load };
    int            exit_code = CLI_DONE;
    if (settings->load.code == NULL || num_files == 0)
        return cli_complain(command, CLI_USE, "load: needs --stream CODE and files");
    if (settings->errors != NULL && num_files > 1)
        return cli_complain(command, CLI_USE, "--errors: of one file at a time");
    loading.file.many = (enum stream_file_many) settings->many;
    loading.file.dates = (enum list_dates) settings->dates;
    loading.file.today = today;
    loading.file.known = settings->known_given ? settings->known : today;
    loading.file.sheet.encoding = settings->encoding;
    loading.file.sheet.sheet = settings->sheet;
    loading.file.sheet.program = node_program();
    loading.load.measure = settings->measure > 0 ? measure_words[settings->measure] : NULL;
    loading.load.period = period_words[settings->period];
    for (int i = 0; i < num_files && exit_code == CLI_DONE; i++)
        exit_code = load_file(&loading, files[i], settings->errors);
    return exit_code;
}

/* ---- values ---- */

const struct rows_column watch_values_columns[WATCH_VALUES_NUM_COLUMNS] = {
    { .name = "day" },
    { .name = "value", .kind = ROWS_NUMBER },
    { .name = "known" },
    { .name = "increment", .kind = ROWS_NUMBER },
};

static void put_day(struct rows *rows, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    rows_text(rows, text);
}

static void put_number(struct rows *rows, double value)
{
    if (isnan(value))
        rows_missing(rows);
    else
        rows_number(rows, value);
}

/* Totals and increments side by side: days in one of them alone are empty in the other. */
static void put_values(struct rows *rows, const struct stream_value *values, size_t num,
                       const struct stream_value *increments, size_t num_increments)
{
    for (size_t i = 0, k = 0; i < num || k < num_increments;) {
        bool value = i < num && (k == num_increments || values[i].day <= increments[k].day);
        bool increment = k < num_increments && (i == num || increments[k].day <= values[i].day);
        put_day(rows, value ? values[i].day : increments[k].day);
        put_number(rows, value ? values[i].value : NAN);
        if (value)
            put_day(rows, values[i].known);
        else
            rows_text(rows, "");
        put_number(rows, increment ? increments[k].value : NAN);
        rows_end_row(rows);
        i += value;
        k += increment;
    }
}

static int put_known(struct store_reader *reader, const struct access *who, const char *code, toc_date known,
                     struct arena *arena, struct rows *rows)
{
    struct id           id;
    struct model_stream stream;
    struct model_set    visible;
    struct stream_known all;
    size_t              num = 0, made = 0, corrections;
    int                 ret = store_find_stream(reader, code, &id);
    if (ret == 0)
        ret = store_read(reader, who, model_record(MODEL_STREAM), &id, STORE_NOW, arena, &stream, &visible);
    if (ret == 0)
        ret = stream_known_read(reader, who, &stream, arena, &all);
    if (ret != 0)
        return ret;
    num = stream_values_as_of(all.values, all.num, known);
    int                  step = stream.period.size == 4 && memcmp(stream.period.bytes, "week", 4) == 0 ? 7 : 1;
    size_t               room = stream.cumulative == 1 ? stream_values_steps(all.values, num, step) : 0;
    struct stream_value *increments = arena_array(arena, room + 1, sizeof *increments);
    if (increments == NULL)
        return TOC_ERR_NO_MEMORY;
    if (room > 0)
        made = stream_values_increments(all.values, num, step, increments, room, &corrections);
    put_values(rows, all.values, num, increments, made);
    return 0;
}

int watch_values_put(const struct node *node, const struct access *who, const char *code, toc_date known,
                     struct rows *rows)
{
    struct arena         arena = ARENA_INIT;
    struct store_reader *reader = NULL;
    int                  ret = store_reader_open(node->store, &reader, NULL);
    if (ret == 0)
        ret = put_known(reader, who, code, known, &arena, rows);
    store_reader_close(reader);
    arena_free(&arena);
    return ret;
}
