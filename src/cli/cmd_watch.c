/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "cli/cmd.h"
#include "cli/cmd_watch.h"
#include "cli/command.h"
#include "cli/forward.h"
#include "cli/node_options.h"
#include "cli/output_options.h"
#include "cli/record_list.h"
#include "cli/watch_load.h"
#include "cli/watch_outbreak.h"
#include "cli/watch_positivity.h"
#include "cli/watch_report.h"
#include "response/completeness.h"
#include "response/signal.h"
#include "response/watch_past.h"
#include "response/watch_run.h"
#include "response/watch_silence.h"
#include "response/watch_streams.h"
#include "store/node.h"

struct settings {
    struct node_cli_settings         node;
    struct output_settings           output;
    struct record_list_settings      list;
    struct watch_load_settings       load;
    const char                      *outbreak, *duplicate_of;
    struct watch_outbreak_settings   about; /* also today, reason */
    struct watch_report_settings     report;
    struct watch_positivity_settings positivity;
    bool                             summary;
};

static const char *set_today(void *settings, const char *value)
{
    struct settings *own = settings;
    enum date_form   form;
    toc_date         day;
    if (date_from_text(value, strlen(value), &day, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return "a day (2026-11-22)";
    own->about.today = day;
    return NULL;
}

static const struct cli_option watch_options[] = {
    { .name = "today",
      .value = "DAY",
      .initial = "of the machine's clock, in the node's time zone",
      .kind = CLI_CUSTOM,
      .set = set_today,
      .meaning = "The newest day that is looked at." },
    { .name = "reason",
      .value = "TEXT",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.reason),
      .meaning =
          "answer, outbreak open: why, in at most 300 characters about things and numbers, never about a person." },
    { .name = "outbreak",
      .value = "ID",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, outbreak),
      .meaning = "answer act, close: joined to this outbreak." },
    { .name = "duplicate-of",
      .value = "ID",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, duplicate_of),
      .meaning = "answer close: the signal that it repeats." },
    { .name = "summary",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, summary),
      .meaning = "signals: how they were answered and what came of them, instead of the list." },
    { .name = "since",
      .value = "DAY",
      .initial = "four weeks up to today",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.since),
      .meaning = "signals --summary: from this day on." },
    { .name = "signal",
      .value = "ID",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.signal),
      .meaning = "outbreak open: from this signal, which is answered by that. None: one that no signal found." },
    { .name = "disease",
      .value = "CODE",
      .initial = "the signal's",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.disease),
      .meaning = "outbreak open: of the list disease. --area gives its area, where that is not the signal's." },
    { .name = "number",
      .value = "TEXT",
      .initial = "made from area, disease and day",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.number),
      .meaning = "outbreak open: its number." },
    { .name = "name",
      .value = "TEXT",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.name),
      .meaning = "outbreak open: its name, never a person's." },
    { .name = "emergence",
      .value = "DAY",
      .initial = "when the signal's event began",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, about.emergence),
      .meaning = "outbreak open: when it began." },
};

static const struct cli_group groups[] = {
    { .title = "Watch", .options = watch_options, .num_options = sizeof watch_options / sizeof *watch_options },
    { .title = "load",
      .options = watch_load_options,
      .num_options = WATCH_LOAD_NUM_OPTIONS,
      .offset = offsetof(struct settings, load) },
    { .title = "positivity; with --disease, --area and --period",
      .options = watch_positivity_options,
      .num_options = WATCH_POSITIVITY_NUM_OPTIONS,
      .offset = offsetof(struct settings, positivity) },
    { .title = "report",
      .options = watch_report_options,
      .num_options = WATCH_REPORT_NUM_OPTIONS,
      .offset = offsetof(struct settings, report) },
    { .title = "signals, outbreaks; --area: of load, report, outbreak open too",
      .options = record_list_options,
      .num_options = RECORD_LIST_NUM_OPTIONS,
      .offset = offsetof(struct settings, list) },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
    { .title = "Output of run, streams and values",
      .options = output_options,
      .num_options = OUTPUT_NUM_OPTIONS - 1,
      .offset = offsetof(struct settings, output) },
};

#define SETTINGS_INIT                                                                                                  \
    {                                                                                                                  \
        .node = NODE_CLI_SETTINGS_INIT, .output = OUTPUT_SETTINGS_INIT, .list = RECORD_LIST_SETTINGS_INIT,             \
        .load = WATCH_LOAD_SETTINGS_INIT, .report = WATCH_REPORT_SETTINGS_INIT, .about = {                             \
            .today = MODEL_MISSING_DATE                                                                                \
        }                                                                                                              \
    }

struct verb;
struct call {
    const struct cli_command *command;
    const struct verb        *verb;
    struct settings          *settings;
    char                    **operands;
    int                       num_operands;
    bool                      writes;
    struct node              *node;
    struct access             who;
    struct output             output;
    struct completeness      *completeness; /* of reports; NULL where there are no reporting units */
};

static void put_text(struct rows *rows, struct model_text text)
{
    char   copy[200];
    size_t size = text.size < sizeof copy ? text.size : sizeof copy - 1;
    if (text.bytes == NULL) {
        rows_text(rows, "");
        return;
    }
    memcpy(copy, text.bytes, size);
    copy[size] = '\0';
    rows_text(rows, copy);
}

static void put_id(struct rows *rows, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    id_to_text(id, text);
    rows_text(rows, text);
}

static void put_day(struct rows *rows, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    rows_text(rows, text);
}

/* ---- run ---- */

static const struct rows_column run_columns[] = {
    { .name = "stream" },
    { .name = "day" },
    { .name = "method" },
    { .name = "observed", .kind = ROWS_NUMBER },
    { .name = "expected", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "threshold", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "signal" },
    { .name = "new_signal", .kind = ROWS_FLAG, .yes = "NEW", .no = "" },
    { .name = "deferred", .kind = ROWS_FLAG, .yes = "deferred", .no = "" },
    { .name = "mark" },
};

static void tell(void *context, const struct watch_news *news)
{
    struct rows *rows = context;
    put_text(rows, news->stream->code);
    put_day(rows, news->day);
    rows_text(rows, news->raised->method);
    rows_number(rows, news->observed);
    rows_number(rows, news->raised->judgement.expected);
    rows_number(rows, news->raised->judgement.threshold);
    put_id(rows, &news->raised->signal);
    rows_flag(rows, news->founded != NULL);
    rows_flag(rows, news->founded != NULL && news->founded->deferred);
    rows_text(rows, news->raised->mark != WATCH_UNMARKED ? watch_mark_words[news->raised->mark] : "");
    rows_mark(rows, ROWS_ALARM);
    rows_end_row(rows);
}

static int run_round(struct call *call)
{
    struct fault_list   faults = FAULT_LIST_INIT;
    struct watch_report report;
    call->who.role = ACCESS_PROGRAM; /* it is the program that raises alarms, whoever starts it */
    int exit_code = output_begin(call->command, &call->settings->output, run_columns,
                                 sizeof run_columns / sizeof *run_columns, &call->output);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = watch_run(call->node->store, &call->who, NULL, call->settings->about.today,
                           store_clock_now(call->node->store), tell, &call->output.rows, &report, &faults);
    if (status != 0) {
        output_abandon(&call->output);
        return node_complain(call->command, status, &faults);
    }
    fault_list_free(&faults);
    if (report.num_noticed > 0)
        fprintf(cli_messages(),
                "tocsin watch: %zu changes written or brought up to date of senders that joined or left\n",
                report.num_noticed);
    fprintf(cli_messages(),
            "tocsin watch: %zu of %zu streams watched: %zu new alarms, %zu new signals, %zu of them deferred, %zu "
            "closed as duplicates\n",
            report.num_watched, report.num_streams, report.num_alarms, report.num_signals, report.num_deferred,
            report.num_closed);
    return output_finish(call->command, &call->output);
}

/* ---- streams ---- */

static const struct rows_column stream_columns[] = {
    { .name = "stream" },
    { .name = "indicator" },
    { .name = "disease" },
    { .name = "among" },
    { .name = "period" },
    { .name = "date_type" },
    { .name = "method" },
    { .name = "history_from" },
    { .name = "steps", .kind = ROWS_NUMBER },
    { .name = "newest", .kind = ROWS_NUMBER },
    { .name = "numerator", .kind = ROWS_NUMBER },
    { .name = "denominator", .kind = ROWS_NUMBER },
    { .name = "of_year", .kind = ROWS_NUMBER },
    { .name = "unstable", .kind = ROWS_FLAG, .yes = "unstable", .no = "" },
    { .name = "complete_to" },
    { .name = "reports_of" },
    { .name = "reports_expected", .kind = ROWS_NUMBER },
    { .name = "reports_received", .kind = ROWS_NUMBER },
    { .name = "reports_in_time", .kind = ROWS_NUMBER },
    { .name = "changes" },
    { .name = "not_watched" },
};

/* Numerator and denominator of the newest share with its year; of a threshold by rate the residents, and theirs. */
static void put_share(struct rows *rows, const struct watch_stream *one, const struct watch_group *group, size_t at)
{
    bool             counted = group != NULL && group->num_steps > 0;
    struct toc_share share = { 0, 0 };
    int              year = one->residents_year;
    if (counted && group->series[at].share_of > 0) {
        share = watch_share(group, at, group->num_steps - 1);
        year = toc_date_to_civil(group->dates[group->num_steps - 1]).year;
    }
    if (share.denominator > 0 || (counted && one->residents > 0)) {
        rows_number(rows, share.denominator > 0 ? share.numerator : group->series[at].counts[group->num_steps - 1]);
        rows_number(rows, share.denominator > 0 ? share.denominator : (double) one->residents);
        rows_number(rows, year);
    } else {
        rows_missing(rows);
        rows_missing(rows);
        rows_missing(rows);
    }
    rows_flag(rows, share.denominator > 0 && share.numerator < WATCH_UNSTABLE);
}

/* Up to which day a stream is mostly complete, and what was owed to it and came on the newest day of which nothing is
 * awaited. */
static void put_reports(struct call *call, const struct watch_stream *one, int64_t delay)
{
    struct rows                    *rows = &call->output.rows;
    struct completeness_step        steps[COMPLETENESS_WEEKS * 7];
    const struct completeness_step *newest;
    size_t                          num;
    completeness_steps(call->completeness, call->node->store, &one->stream, steps, &num);
    toc_date until = completeness_until(steps, num), to = call->settings->about.today - (toc_date) delay;
    newest = completeness_newest(steps, num);
    if (delay >= 0)
        put_day(rows, until != MODEL_MISSING_DATE && until < to ? until : to);
    else
        rows_text(rows, "");
    if (newest != NULL) {
        put_day(rows, newest->day);
        rows_number(rows, (double) newest->expected);
        rows_number(rows, (double) newest->received);
        rows_number(rows, (double) newest->in_time);
    } else {
        rows_text(rows, "");
        rows_missing(rows);
        rows_missing(rows);
        rows_missing(rows);
    }
}

/* What its numbers mean since when, of the days that the watch looks at for senders: "sender-joined 2026-11-03 28 %
 * H7". */
static void put_changes(struct call *call, struct store_reader *reader, const struct watch_stream *one)
{
    struct sink text = { .fd = -1 };
    for (size_t i = 0; i < one->num_breaks; i++) {
        const struct watch_break *change = &one->breaks[i];
        struct arena              arena = ARENA_INIT;
        struct model_facility     sender;
        struct model_set          visible;
        char                      day[DATE_TEXT_BYTES];
        if (change->day <= call->settings->about.today - WATCH_SENDER_WINDOW)
            continue;
        date_to_text(change->day, DATE_FORM_DAY, day);
        sink_format(&text, "%s%s %s", text.used > 0 ? "; " : "", watch_mark_words[change->mark], day);
        if (!isnan(change->percent))
            sink_format(&text, " %g %%", change->percent);
        if (!id_is_missing(&change->sender) && store_read(reader, &call->who, model_record(MODEL_FACILITY),
                                                          &change->sender, STORE_NOW, &arena, &sender, &visible) == 0)
            sink_format(&text, " %.*s", (int) sender.code.size, sender.code.bytes);
        arena_free(&arena);
    }
    sink_character(&text, '\0');
    rows_text(&call->output.rows, text.failure == 0 ? text.bytes : "");
    free(text.bytes);
}

static void put_stream(struct call *call, struct store_reader *reader, const struct watch_stream *one,
                       const struct watch_group *group, size_t at, int64_t delay)
{
    struct rows *rows = &call->output.rows;
    put_text(rows, one->stream.code);
    put_text(rows, one->stream.indicator);
    put_text(rows, one->stream.disease);
    put_text(rows, one->stream.among);
    put_text(rows, one->stream.period);
    put_text(rows, one->stream.counter);
    if (group == NULL || group->num_steps == 0) {
        rows_text(rows, "");
        rows_text(rows, "");
        rows_number(rows, 0);
        rows_missing(rows);
    } else {
        size_t history = watch_history(group, at);
        rows_text(rows, watch_method(group, at));
        if (history > 0)
            put_day(rows, group->dates[group->num_steps - history]);
        else
            rows_text(rows, "");
        rows_number(rows, (double) history);
        rows_number(rows, watch_value(&group->series[at], group->num_steps - 1));
    }
    put_share(rows, one, group, at);
    put_reports(call, one, delay);
    put_changes(call, reader, one);
    rows_text(rows, one->unwatched != NULL ? one->unwatched : group->num_steps == 0 ? "nothing was counted yet" : "");
    rows_end_row(rows);
}

static int list_group(struct call *call, struct store_reader *reader, const struct watch_streams *streams, size_t first,
                      size_t num)
{
    struct arena       arena = ARENA_INIT;
    struct watch_group group;
    int                status =
        watch_streams_series(reader, &call->who, streams, first, num, call->settings->about.today, &arena, &group);
    for (size_t i = 0; i < num && status == 0; i++) {
        int64_t delay = -1;
        status =
            watch_stream_delay(reader, &call->who, &streams->streams[first + i], call->settings->about.today, &delay);
        if (status == 0)
            put_stream(call, reader, &streams->streams[first + i], &group, i, delay);
    }
    arena_free(&arena);
    return status;
}

static int list_all(struct call *call, struct store_reader *reader, struct arena *arena, struct fault_list *faults)
{
    struct watch_streams streams;
    size_t               first = 0, num;
    int64_t now = store_clock_now(call->node->store), end = time_zone_start(call->settings->about.today + 1) - 1;
    int     status = completeness_read(reader, now < end ? now : end, arena, &call->completeness);
    if (status == 0)
        status = watch_streams_read(reader, &call->who, call->settings->about.today, arena, &streams, faults);
    while (status == 0 && (num = watch_streams_group(&streams, first)) > 0) {
        status = list_group(call, reader, &streams, first, num);
        first += num;
    }
    for (; status == 0 && first < streams.num_streams; first++)
        put_stream(call, reader, &streams.streams[first], NULL, 0, -1);
    return status;
}

static int list_streams(struct call *call)
{
    struct arena         arena = ARENA_INIT;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    int                  exit_code = output_begin(call->command, &call->settings->output, stream_columns,
                                                  sizeof stream_columns / sizeof *stream_columns, &call->output);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = list_all(call, reader, &arena, &faults);
    store_reader_close(reader);
    arena_free(&arena);
    if (status != 0) {
        output_abandon(&call->output);
        return node_complain(call->command, status, &faults);
    }
    fault_list_free(&faults);
    return output_finish(call->command, &call->output);
}

/* ---- silent ---- */

static int list_silent(struct call *call)
{
    struct arena         arena = ARENA_INIT;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    struct watch_silent *silent;
    struct json_writer   json;
    struct sink          sink;
    size_t               num;
    int                  status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = watch_silence_read(reader, &call->who, call->settings->about.today, &arena, &silent, &num, &faults);
    sink_init_memory(&sink);
    if (status == 0) {
        json_writer_init(&json, &sink);
        watch_silence_write(&json, silent, num);
        sink_character(&sink, '\n');
        fwrite(sink.bytes, 1, sink.used, cli_out());
    }
    sink_free(&sink);
    store_reader_close(reader);
    arena_free(&arena);
    if (status != 0)
        return node_complain(call->command, status, &faults);
    fault_list_free(&faults);
    return CLI_DONE;
}

/* ---- signals, answer ---- */

static int list_signals(struct call *call)
{
    call->settings->about.area = call->settings->list.area;
    if (call->settings->summary)
        return watch_summary(call->command, call->node, &call->who, &call->settings->about);
    return record_list_print(call->command, call->node, &call->who, "signals", &call->settings->list);
}

static int list_outbreaks(struct call *call)
{
    return record_list_print(call->command, call->node, &call->who, "outbreaks", &call->settings->list);
}

static int work_on_outbreak(struct call *call)
{
    call->settings->about.area = call->settings->list.area;
    return watch_outbreak(call->command, call->node, &call->who, &call->settings->about, call->operands,
                          call->num_operands);
}

static int read_id(const struct cli_command *command, const char *what, const char *text, struct id *id)
{
    if (text == NULL || id_from_text(text, strlen(text), id) == 0)
        return CLI_DONE;
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(text, strlen(text), quoted);
    return cli_complain(command, CLI_USE, "%s: found %s; allowed: %s", what, quoted, ID_ALLOWED);
}

static int read_answer(struct call *call, struct id *signal, struct signal_answer *answer)
{
    *answer =
        (struct signal_answer){ .step = SIGNAL_STEPS, .reason = call->settings->about.reason, .user = call->who.user };
    if (call->num_operands < 2 || call->num_operands > 3)
        return cli_complain(call->command, CLI_USE, "answer: needs ID STEP [CODE]");
    for (size_t i = 0; signal_words[i] != NULL; i++)
        if (strcmp(signal_words[i], call->operands[1]) == 0)
            answer->step = (enum signal_step) i;
    if (answer->step == SIGNAL_STEPS)
        return cli_complain(call->command, CLI_USE,
                            "answer: no such step; allowed: triage, verify, assess, act, close");
    answer->code = call->num_operands == 3 ? call->operands[2] : NULL;
    int exit_code = read_id(call->command, "ID", call->operands[0], signal);
    if (exit_code == CLI_DONE)
        exit_code = read_id(call->command, "--outbreak", call->settings->outbreak, &answer->outbreak);
    if (exit_code == CLI_DONE)
        exit_code = read_id(call->command, "--duplicate-of", call->settings->duplicate_of, &answer->duplicate_of);
    return exit_code;
}

static int answer(struct call *call)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_receipt receipt;
    struct signal_call   given = { .who = call->who, .now = store_clock_now(call->node->store) };
    char                 text[ID_TEXT_BYTES];
    int                  exit_code = read_answer(call, &given.signal, &given.answer);
    if (exit_code != CLI_DONE)
        return exit_code;
    signal_request(&given);
    int status = store_submit(call->node->store, &call->who, &given.request, &receipt, &faults);
    if (status != 0)
        return node_complain(call->command, status, &faults);
    fault_list_free(&faults);
    id_to_text(&given.signal, text);
    fprintf(cli_out(), "{\"id\":\"%s\",\"answered\":\"%s\"}\n", text, signal_words[given.answer.step]);
    return CLI_DONE;
}

static int report(struct call *call)
{
    return watch_report(call->command, call->node, &call->who, &call->settings->report, call->settings->list.area,
                        call->operands, call->num_operands);
}

static int make_positivity(struct call *call)
{
    return watch_positivity(call->command, call->node, &call->who, &call->settings->positivity,
                            call->settings->about.disease, call->settings->list.area,
                            call->settings->load.period == 0 ? "day" : "week", call->operands, call->num_operands);
}

/* ---- numbers that others count ---- */

static int load(struct call *call)
{
    call->settings->load.load.area = call->settings->list.area;
    call->settings->load.load.disease = call->settings->about.disease;
    return watch_load_files(call->command, call->node, &call->who, &call->settings->load, call->settings->about.today,
                            call->operands, call->num_operands);
}

static int list_values(struct call *call)
{
    struct fault_list faults = FAULT_LIST_INIT;
    toc_date          known = call->settings->load.known_given ? call->settings->load.known : TOC_DATE_MAX;
    if (call->num_operands != 1)
        return cli_complain(call->command, CLI_USE, "values: needs the code of a stream");
    int exit_code = output_begin(call->command, &call->settings->output, watch_values_columns, WATCH_VALUES_NUM_COLUMNS,
                                 &call->output);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = watch_values_put(call->node, &call->who, call->operands[0], known, &call->output.rows);
    if (status == 0)
        return output_finish(call->command, &call->output);
    output_abandon(&call->output);
    return node_complain(call->command, status, &faults);
}

/* ---- the command ---- */

static const struct verb {
    const char *name;
    int (*run)(struct call *call);
    bool writes, operands;
} verbs[] = {
    { "run", run_round, true, false },
    { "load", load, true, true },
    { "values", list_values, false, true },
    { "streams", list_streams, false, false },
    { "positivity", make_positivity, true, true },
    { "silent", list_silent, false, false },
    { "signals", list_signals, false, false },
    { "outbreaks", list_outbreaks, false, false },
    { "outbreak", work_on_outbreak, false, true }, /* writes by its own verbs */
    { "answer", answer, true, true },
    { "report", report, true, true },
};

/* Options and verb; -1, or an exit code after telling what is wrong. */
static int parse(const struct cli_command *command, int argc, char **argv, struct settings *settings, struct call *call)
{
    int first, exit_code = cli_parse(command, argc, argv, settings, &first);
    if (exit_code >= 0)
        return exit_code;
    for (size_t i = 0; first < argc && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, argv[first]) == 0)
            call->verb = &verbs[i];
    if (call->verb == NULL)
        return cli_complain(
            command, CLI_USE,
            "%s; allowed: run, load, values, streams, positivity, silent, signals, report, answer, outbreaks, outbreak",
            first < argc ? "no such verb" : "what is to be done?");
    call->command = command;
    call->settings = settings;
    call->operands = argv + first + 1;
    call->num_operands = argc - first - 1;
    call->writes = call->verb->writes ||
                   (call->verb->run == work_on_outbreak && watch_outbreak_writes(call->operands, call->num_operands));
    if (!call->verb->operands && call->num_operands > 0)
        return cli_complain(command, CLI_USE, "%s: takes no operand", call->verb->name);
    return -1;
}

/* Files by their whole names, as the server opens them from a folder of its own. False: one is standard input, which no
 * server reads. */
static bool name_files(const struct call *call)
{
    for (int i = 0; i < call->num_operands && call->verb->run == load; i++) {
        char *whole = realpath(call->operands[i], NULL); /* lives as long as the program */
        if (whole == NULL)
            return false; /* the reader tells why */
        call->operands[i] = whole;
    }
    return true;
}

/* To the server that is at work on the node; -1 where there is none. What it prints is for this terminal. */
static int hand_over(const struct settings *settings, int argc, char **argv)
{
    static char table[] = "--format=table";
    char       *words[FORWARD_MOST_WORDS + 1];
    if (argc >= FORWARD_MOST_WORDS)
        return -1;
    memcpy(words, argv, (size_t) argc * sizeof *words);
    if (settings->output.format < 0 && settings->output.path == NULL && isatty(STDOUT_FILENO))
        words[argc++] = table;
    words[argc] = NULL;
    return forward_send(settings->node.directory, argc, words, "");
}

/* Today is the node's, whose zone is known once it is open. */
static int run_verb(struct call *call, struct settings *settings)
{
    if (settings->about.today == MODEL_MISSING_DATE)
        settings->about.today = time_zone_day(store_clock_now(call->node->store));
    return call->verb->run(call);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = SETTINGS_INIT;
    struct node     node;
    struct call     call = { .node = &node };
    int             exit_code = parse(command, argc, argv, &settings, &call);
    if (exit_code >= 0)
        return exit_code;
    exit_code = call.writes && name_files(&call) ? hand_over(&settings, argc, argv) : -1;
    if (exit_code < 0) {
        exit_code = node_options_open(command, &settings.node, call.writes, &node, &call.who);
        if (exit_code == CLI_DONE) {
            exit_code = run_verb(&call, &settings);
            node_close(&node);
        }
    }
    return cli_finish_stdout(command, exit_code);
}

int cmd_watch_forwarded(struct node *node, int num, char **words, FILE *out, FILE *messages)
{
    const struct cli_command *command = &cli_command_watch;
    struct settings           settings = SETTINGS_INIT;
    struct call               call = { .node = node };
    cli_redirect(out, messages);
    int exit_code = parse(command, num, words, &settings, &call);
    if (exit_code < 0 && settings.output.path != NULL)
        exit_code = cli_complain(command, CLI_USE,
                                 "--output: a server is at work on this node; what it does comes on "
                                 "standard output");
    if (exit_code < 0) {
        node_options_who(&settings.node, node, &call.who);
        exit_code = run_verb(&call, &settings);
    }
    cli_redirect(NULL, NULL);
    return exit_code;
}

static const char *const        usage[] = { "run [OPTION]...",
                                            "load --stream CODE [OPTION]... FILE...",
                                            "values [OPTION]... CODE",
                                            "streams [OPTION]...",
                                            "positivity --disease CODE --area CODE [OPTION]... CODE",
                                            "silent [OPTION]...",
                                            "signals [OPTION]...",
                                            "report --area CODE [OPTION]... WHAT",
                                            "answer [OPTION]... ID STEP [CODE]",
                                            "outbreaks [OPTION]...",
                                            "outbreak open [OPTION]...",
                                            "outbreak mark ID WHAT [DAY | drops-out]",
                                            "outbreak show ID",
                                            NULL };
static const struct cli_example examples[] = {
    { "tocsin record create stream code=measles-540100 indicator=cases disease=measles area=ID period=week "
      "feed=counter counter=case_by_onset",
      "a stream: cases of measles of an area and all below it, by week of onset" },
    { "tocsin watch load --stream visits --indicator syndromic-visits --period day --area 540100 visits.csv",
      "numbers that others count, into a stream that is made where it is not there" },
    { "tocsin watch values visits --known 2026-11-01", "what was known of a stream on a day" },
    { "tocsin watch positivity --disease measles --area 540100 measles-positivity",
      "persons positive, persons tested and their share, by week" },
    { "tocsin watch run", "judge all streams; again and again, from a timer, say" },
    { "tocsin watch silent", "what has stopped to count" },
    { "tocsin watch signals --where status=new", "what waits for an answer" },
    { "tocsin watch report --area 540102 --ill 12 --place \"the school by the bridge\" \"vomiting since lunch\"",
      "somebody called: it becomes a signal" },
    { "tocsin watch answer ID triage", "I have it" },
    { "tocsin watch answer ID verify confirmed --reason \"laboratory: 4 of 5 positive\"", "and what it is" },
    { "tocsin watch answer ID close not-confirmed --reason \"counted twice\"", "or is not" },
    { "tocsin watch outbreak open --signal ID", "an outbreak is opened from it" },
    { "tocsin watch outbreak open --disease measles --area 540100", "or one that no signal found" },
    { "tocsin watch outbreak mark ID notification", "7-1-7: it was notified today" },
    { "tocsin watch signals --summary", "how signals were answered, and what came of them" },
    { NULL, NULL },
};

const struct cli_command cli_command_watch = {
    .name = "watch",
    .summary = "judge the streams of a node, raise signals, answer them",
    .usage = usage,
    .text =
        "A stream is the series of one indicator in one area (record stream). 'run' judges the newest days and "
        "weeks of all of them, groups their alarms into signals and writes both, and one task for each new signal: "
        "the clock by which it is to be triaged. It may run as often as you like: what is known already is not "
        "raised again, and the same data in one delivery or in many ends in the same signals. docs/watch.md "
        "explains.\n\n"
        "'load' brings counts, totals, percentages, rates and concentrations from files (CSV, TSV, XLSX, NDJSON; - is "
        "standard input) into streams, as known today, on the day that the file says, or on --known. What is known "
        "already is not written again; what changes is a revision beside what was known before. 'values' shows "
        "what is known of a stream, or was.\n\n"
        "'streams' lists the streams with the method, the history and the day up to which reports are mostly "
        "in.\n\n"
        "'positivity' makes three streams at once: CODE, a share, of CODE-positive in CODE-tested.\n\n"
        "'silent' tells the streams that have stopped: a fault of the data until somebody has looked, no signal.\n\n"
        "'signals' lists signals as 'tocsin record list signals' does; their alarms: 'tocsin record list alarms "
        "--where signal=ID'.\n\n"
        "'report' writes down what somebody reports: a signal that waits for its answer. Name nobody: telephone and "
        "identity numbers are struck out. The receipt is for whoever reported.\n\n"
        "'answer' takes the next step of a signal: triage, verify CODE (list verification), assess CODE (list "
        "risk_level), act, or close CODE (list signal_closing).\n\n"
        "'outbreak open' opens one, from a signal or by hand, with the task to notify it; 'outbreak mark' gives it a "
        "date: emergence, detection, notification, the early actions (investigation, analysis, laboratory, care, "
        "countermeasure, communication, coordination), confirmed, controlled, over; 'outbreak show' tells its 7-1-7. "
        "'outbreaks' lists them.\n\n"
        "One process at a time writes to a node: where a server has it, the server does what is written.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
