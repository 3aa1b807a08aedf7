/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin evaluate: what the watch would have made of streams in the past, as set and as somebody thinks of setting it.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/time_zone.h"
#include "cli/cmd.h"
#include "cli/method_settings.h"
#include "cli/node_options.h"
#include "cli/output_options.h"
#include "cli/range_options.h"
#include "response/change_list.h"
#include "response/watch_evaluate.h"

struct evaluate_settings {
    struct method_settings set; /* first: method_settings_add expects it there */
    const char            *method;
    double                 threshold; /* 0 = none */
    toc_date               from, to;
    int                    rows;
};

struct settings {
    struct evaluate_settings evaluate;
    struct node_cli_settings node;
    struct output_settings   output;
};

static const char *set_from(void *settings, const char *value)
{
    return range_date(value, false, &((struct evaluate_settings *) settings)->from);
}

static const char *set_to(void *settings, const char *value)
{
    return range_date(value, true, &((struct evaluate_settings *) settings)->to);
}

enum rows_wanted { ROWS_STREAMS, ROWS_ALARMS, ROWS_OUTBREAKS };
static const char *const rows_words[] = { "streams", "alarms", "outbreaks", NULL };

static const struct cli_option own_options[] = {
    { .name = "method",
      .letter = 'm',
      .value = "NAME",
      .kind = CLI_TEXT,
      .offset = offsetof(struct evaluate_settings, method),
      .completion = CLI_COMPLETE_METHOD,
      .meaning = "Beside the stream as it is set: judged by this method." },
    { .name = "set",
      .letter = 's',
      .value = "NAME=VALUE",
      .kind = CLI_CUSTOM,
      .set = method_settings_add,
      .completion = CLI_COMPLETE_SETTING,
      .meaning = "Set a parameter of that method (alpha=0.01). May be repeated." },
    { .name = "threshold",
      .value = "NUMBER",
      .kind = CLI_REAL,
      .offset = offsetof(struct evaluate_settings, threshold),
      .low = 0,
      .high = 1e15,
      .meaning = "Beside the stream as it is set: an alarm from this number on, whatever is usual." },
    { .name = "from",
      .value = "DATE",
      .initial = "a year before --to",
      .kind = CLI_CUSTOM,
      .set = set_from,
      .meaning = "The first day on which is judged." },
    { .name = "to",
      .value = "DATE",
      .initial = "today",
      .kind = CLI_CUSTOM,
      .set = set_to,
      .meaning = "The last one, at most two years later." },
    { .name = "rows",
      .value = "streams|alarms|outbreaks",
      .initial = "streams",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct evaluate_settings, rows),
      .words = rows_words,
      .meaning = "What the rows are: each stream's result, its alarms, or the outbreaks on record that it should have "
                 "found." },
};

static const struct cli_group groups[] = {
    { .title = "Evaluation", .options = own_options, .num_options = sizeof own_options / sizeof *own_options },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
    { .title = "Output",
      .options = output_options,
      .num_options = OUTPUT_NUM_OPTIONS - 1,
      .offset = offsetof(struct settings, output) },
};

/* ---- rows ---- */

static const struct rows_column stream_columns[] = {
    { .name = "stream" },
    { .name = "setting" },
    { .name = "method" },
    { .name = "steps", .kind = ROWS_NUMBER },
    { .name = "alarms", .kind = ROWS_NUMBER },
    { .name = "marked", .kind = ROWS_NUMBER },
    { .name = "episodes", .kind = ROWS_NUMBER },
    { .name = "episodes_a_year", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "outside_outbreaks", .kind = ROWS_NUMBER },
    { .name = "outbreaks", .kind = ROWS_NUMBER },
    { .name = "found", .kind = ROWS_NUMBER },
    { .name = "median_delay_days", .kind = ROWS_NUMBER, .decimals = 1 },
};
static const struct rows_column alarm_columns[] = {
    { .name = "stream" },
    { .name = "setting" },
    { .name = "day" },
    { .name = "raised" },
    { .name = "observed_then", .kind = ROWS_NUMBER },
    { .name = "observed_now", .kind = ROWS_NUMBER },
    { .name = "expected", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "threshold", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "episode", .kind = ROWS_NUMBER },
    { .name = "outbreak" },
    { .name = "mark" },
};
static const struct rows_column outbreak_columns[] = {
    { .name = "stream" },
    { .name = "setting" },
    { .name = "outbreak" },
    { .name = "from" },
    { .name = "to" },
    { .name = "found", .kind = ROWS_FLAG, .yes = "found", .no = "missed" },
    { .name = "delay_days", .kind = ROWS_NUMBER },
};
static const struct {
    const struct rows_column *columns;
    size_t                    num;
} shapes[] = {
    { stream_columns, sizeof stream_columns / sizeof *stream_columns },
    { alarm_columns, sizeof alarm_columns / sizeof *alarm_columns },
    { outbreak_columns, sizeof outbreak_columns / sizeof *outbreak_columns },
};

struct call {
    const struct cli_command *command;
    struct evaluate_settings *settings;
    char                    **operands;
    int                       num_operands;
    struct node              *node;
    struct access             who;
    struct output             output;
    struct watch_trial        other; /* what is tried beside */
    bool                      tries;
};

static void put_text(struct rows *rows, struct model_text text)
{
    char copy[MODEL_LISTS_CODE + 1];
    snprintf(copy, sizeof copy, "%.*s", (int) text.size, text.bytes != NULL ? text.bytes : "");
    rows_text(rows, copy);
}

static void put_day(struct rows *rows, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    rows_text(rows, text);
}

static void put_setting(struct call *call, const struct watch_trial *trial)
{
    char text[WATCH_CHOICE_BYTES + 80] = "as set";
    if (trial != NULL && trial->choice != NULL)
        snprintf(text, sizeof text, "%s%s%s", trial->choice->method->name,
                 trial->choice->parameters[0] != '\0' ? " " : "", trial->choice->parameters);
    else if (trial != NULL)
        snprintf(text, sizeof text, "threshold %g", trial->threshold);
    rows_text(&call->output.rows, text);
}

static void put_result(struct rows *rows, const struct watch_evaluation *found)
{
    rows_text(rows, found->method != NULL ? found->method : "");
    rows_number(rows, (double) found->num_steps);
    rows_number(rows, (double) found->num_alarms);
    rows_number(rows, (double) found->num_marked);
    rows_number(rows, (double) found->num_episodes);
    rows_number(rows, (double) found->num_episodes / found->years);
    rows_number(rows, (double) found->num_outside);
    rows_number(rows, (double) found->num_outbreaks);
    rows_number(rows, (double) found->num_found);
    rows_number(rows, found->median_delay);
    rows_end_row(rows);
}

static void put_alarm(struct rows *rows, const struct watch_evaluation *found,
                      const struct watch_evaluated_alarm *alarm)
{
    put_day(rows, alarm->day);
    put_day(rows, alarm->raised);
    rows_number(rows, alarm->observed);
    rows_number(rows, alarm->now);
    rows_number(rows, alarm->judgement.expected);
    rows_number(rows, alarm->judgement.threshold);
    rows_number(rows, alarm->episode == SIZE_MAX ? (double) NAN : (double) alarm->episode + 1);
    if (alarm->outbreak > 0)
        put_text(rows, found->outbreaks[alarm->outbreak - 1].number);
    else
        rows_text(rows, "");
    rows_text(rows, alarm->mark != WATCH_UNMARKED ? watch_mark_words[alarm->mark] : "");
    rows_end_row(rows);
}

static void put_outbreak(struct rows *rows, const struct watch_evaluated_outbreak *one)
{
    put_text(rows, one->number);
    put_day(rows, one->from);
    put_day(rows, one->to);
    rows_flag(rows, one->found);
    rows_number(rows, one->found ? (double) one->delay : (double) NAN);
    rows_end_row(rows);
}

static void put(struct call *call, const struct watch_stream *stream, const struct watch_trial *trial,
                const struct watch_evaluation *found)
{
    struct rows *rows = &call->output.rows;
    size_t       num = call->settings->rows == ROWS_STREAMS  ? 1
                       : call->settings->rows == ROWS_ALARMS ? found->num_alarms
                                                             : found->num_outbreaks;
    for (size_t i = 0; i < num; i++) {
        put_text(rows, stream->stream.code);
        put_setting(call, trial);
        if (call->settings->rows == ROWS_STREAMS)
            put_result(rows, found);
        else if (call->settings->rows == ROWS_ALARMS)
            put_alarm(rows, found, &found->alarms[i]);
        else
            put_outbreak(rows, &found->outbreaks[i]);
    }
}

/* ---- one stream after the other ---- */

static int evaluate_one(struct call *call, struct store_reader *reader, const struct watch_streams *streams,
                        const struct watch_stream *stream, const struct watch_trial *trial, struct fault_list *faults)
{
    struct arena            arena = ARENA_INIT;
    struct watch_evaluation found;
    struct toc_error        error = { 0 };
    int ret = watch_evaluate(reader, &call->who, streams, stream, trial, call->settings->from, call->settings->to,
                             &arena, &found, faults, &error);
    if (ret == 0)
        put(call, stream, trial, &found);
    arena_free(&arena);
    return ret;
}

static bool is_wanted(const struct call *call, const struct watch_stream *stream)
{
    for (int i = 0; i < call->num_operands; i++)
        if (text_is(stream->stream.code, call->operands[i]))
            return true;
    return call->num_operands == 0 && stream->unwatched == NULL;
}

/* The operand that names no stream that is watched; NULL = all do. */
static const char *missing(const struct call *call, const struct watch_streams *streams, const char **why)
{
    for (int i = 0; i < call->num_operands; i++) {
        size_t k = 0;
        while (k < streams->num_streams && !text_is(streams->streams[k].stream.code, call->operands[i]))
            k++;
        *why = k == streams->num_streams ? "there is no such stream" : streams->streams[k].unwatched;
        if (*why != NULL)
            return call->operands[i];
    }
    return NULL;
}

static int evaluate_all(struct call *call, struct store_reader *reader, struct arena *arena, struct fault_list *faults,
                        int *exit_code)
{
    struct watch_streams streams;
    const char          *why, *absent;
    int                  ret = watch_streams_read(reader, &call->who, call->settings->to, arena, &streams, faults);
    if (ret == 0 && (absent = missing(call, &streams, &why)) != NULL) {
        *exit_code = cli_complain(call->command, CLI_INPUT, "stream \"%s\": %s", absent, why);
        return 0;
    }
    for (size_t i = 0; i < streams.num_streams && ret == 0; i++) {
        if (!is_wanted(call, &streams.streams[i]))
            continue;
        ret = evaluate_one(call, reader, &streams, &streams.streams[i], NULL, faults);
        if (ret == 0 && call->tries && watch_can_try(&streams.streams[i], &call->other))
            ret = evaluate_one(call, reader, &streams, &streams.streams[i], &call->other, faults);
    }
    return ret;
}

static int work(struct call *call, const struct output_settings *output)
{
    struct arena         arena = ARENA_INIT;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    int                  exit_code = output_begin(call->command, output, shapes[call->settings->rows].columns,
                                                  shapes[call->settings->rows].num, &call->output);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = evaluate_all(call, reader, &arena, &faults, &exit_code);
    store_reader_close(reader);
    arena_free(&arena);
    if (status != 0 || exit_code != CLI_DONE)
        output_abandon(&call->output);
    if (status != 0)
        return node_complain(call->command, status, &faults);
    fault_list_free(&faults);
    return exit_code == CLI_DONE ? output_finish(call->command, &call->output) : exit_code;
}

/* ---- the command ---- */

/* -1, or an exit code after telling what is wrong. */
static int choose(struct call *call, struct watch_choice *choice)
{
    const struct evaluate_settings *settings = call->settings;
    char                            parameters[2 * WATCH_CHOICE_BYTES] = "", why[WATCH_CHOICE_WHY];
    if (settings->method == NULL && settings->set.num > 0)
        return cli_complain(call->command, CLI_USE, "--set: of which method? allowed: with --method");
    if (settings->method != NULL && settings->threshold > 0)
        return cli_complain(call->command, CLI_USE, "--method and --threshold: one thing at a time");
    if (settings->method != NULL && method_or_complain(call->command, settings->method) == NULL)
        return CLI_USE;
    for (size_t i = 0; i < settings->set.num; i++) {
        size_t used = strlen(parameters);
        if (used + strlen(settings->set.text[i]) + 2 > WATCH_CHOICE_BYTES)
            return cli_complain(call->command, CLI_USE, "--set: too long; allowed: %d bytes in all",
                                WATCH_CHOICE_BYTES - 1);
        snprintf(parameters + used, sizeof parameters - used, "%s%s", used > 0 ? " " : "", settings->set.text[i]);
    }
    if (settings->method != NULL && !watch_choice_read(text_view(settings->method), text_view(parameters), choice, why))
        return cli_complain(call->command, CLI_USE, "%s", why);
    call->other =
        (struct watch_trial){ .choice = settings->method != NULL ? choice : NULL, .threshold = settings->threshold };
    call->tries = settings->method != NULL || settings->threshold > 0;
    return -1;
}

static int choose_days(struct call *call)
{
    struct evaluate_settings *settings = call->settings;
    toc_date                  today = time_zone_day(store_clock_now(call->node->store));
    if (settings->to == MODEL_MISSING_DATE)
        settings->to = today;
    if (settings->from == MODEL_MISSING_DATE)
        settings->from = settings->to - 364;
    if (settings->to > today)
        return cli_complain(call->command, CLI_USE, "--to: what is known on a day to come nobody knows");
    if (settings->from > settings->to || settings->to - settings->from >= WATCH_EVALUATE_DAYS)
        return cli_complain(call->command, CLI_USE, "--from: allowed: up to two years before --to");
    return -1;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings     settings = { .evaluate = { .from = MODEL_MISSING_DATE, .to = MODEL_MISSING_DATE },
                                     .node = NODE_CLI_SETTINGS_INIT,
                                     .output = OUTPUT_SETTINGS_INIT };
    struct node         node;
    struct watch_choice choice;
    struct call         call = { .command = command, .settings = &settings.evaluate, .node = &node };
    int                 first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code < 0) {
        call.operands = argv + first;
        call.num_operands = argc - first;
        exit_code = choose(&call, &choice);
    }
    if (exit_code < 0 &&
        (exit_code = node_options_open(command, &settings.node, false, &node, &call.who)) == CLI_DONE) {
        exit_code = choose_days(&call);
        if (exit_code < 0)
            exit_code = work(&call, &settings.output);
        node_close(&node);
    }
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "[OPTION]... [STREAM]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin evaluate", "how often each stream would have alarmed in the last year, and what it found" },
    { "tocsin evaluate measles-540100 -m farrington-flexible -s alpha=0.01", "the same beside another method" },
    { "tocsin evaluate visits --threshold 30 --rows alarms", "each alarm, as known then and now" },
    { NULL, NULL },
};

const struct cli_command cli_command_evaluate = {
    .name = "evaluate",
    .summary = "what the watch would have made of streams in the past",
    .usage = usage,
    .text = "Judges streams (all that are watched, where none is named) day by day as the watch would have, on what "
            "was known on "
            "each of these days, as they are set and, with --method or --threshold, as they could be. A step alarms "
            "once, on "
            "the day on which it was known enough to. Alarms that follow each other are one episode.\n\n"
            "Beside stand the outbreaks on record of the stream's disease in its area, above or below it: how many an "
            "episode "
            "lies in, and how many days after they emerged it began. An episode outside of all of them may be a false "
            "alarm, "
            "or an outbreak that nobody has recorded.\n\n"
            "What became known more than 90 days after its day counts as known from the beginning: it was loaded as "
            "history.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
