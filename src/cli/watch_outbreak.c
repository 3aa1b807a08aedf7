/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch_outbreak.h"

#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/sink.h"
#include "base/text.h"
#include "cli/node_options.h"
#include "response/outbreak.h"
#include "response/signal_summary.h"
#include "store/find_area.h"

struct call {
    const struct cli_command             *command;
    struct node                          *node;
    const struct access                  *who;
    const struct watch_outbreak_settings *settings;
    char *const                          *operands; /* behind the verb's word */
    int                                   num_operands;
};

static int read_id(const struct call *call, const char *what, const char *text, struct id *id)
{
    char quoted[TEXT_QUOTE_BYTES];
    if (text == NULL || id_from_text(text, strlen(text), id) == 0)
        return CLI_DONE;
    text_quote(text, strlen(text), quoted);
    return cli_complain(call->command, CLI_USE, "%s: found %s; allowed: %s", what, quoted, ID_ALLOWED);
}

static int read_day(const struct call *call, const char *what, const char *text, toc_date *day)
{
    char           quoted[TEXT_QUOTE_BYTES];
    enum date_form form;
    if (text == NULL || (date_from_text(text, strlen(text), day, &form, NULL) == 0 && form == DATE_FORM_DAY))
        return CLI_DONE;
    text_quote(text, strlen(text), quoted);
    return cli_complain(call->command, CLI_USE, "%s: found %s; allowed: a day (2026-11-22)", what, quoted);
}

static int read_area(const struct call *call, struct store_reader *reader, struct id *area)
{
    return call->settings->area != NULL ? store_find_area(reader, call->settings->area, area) : 0;
}

static int submit(const struct call *call, const struct store_request *request, const struct id *id, const char *done)
{
    struct fault_list faults = FAULT_LIST_INIT;
    char              text[ID_TEXT_BYTES];
    int               status = store_submit(call->node->store, call->who, request, NULL, &faults);
    if (status != 0)
        return node_complain(call->command, status, &faults);
    fault_list_free(&faults);
    id_to_text(id, text);
    fprintf(cli_out(), "{\"id\":\"%s\",\"%s\":true}\n", text, done);
    return CLI_DONE;
}

static int open_outbreak(const struct call *call)
{
    const struct watch_outbreak_settings *settings = call->settings;
    struct store_reader                  *reader = NULL;
    int64_t                               now = store_clock_now(call->node->store);
    struct outbreak_opening               opening = { .who = *call->who,
                                                      .now = now,
                                                      .id = node_new_id(now),
                                                      .reason = settings->reason,
                                                      .number = settings->number,
                                                      .disease = settings->disease,
                                                      .name = settings->name,
                                                      .emergence = MODEL_MISSING_DATE };
    if (call->num_operands != 0)
        return cli_complain(call->command, CLI_USE, "outbreak open: takes no operand");
    int exit_code = read_id(call, "--signal", settings->signal, &opening.signal);
    if (exit_code == CLI_DONE)
        exit_code = read_day(call, "--emergence", settings->emergence, &opening.emergence);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = read_area(call, reader, &opening.area);
    store_reader_close(reader);
    if (status != 0)
        return node_complain(call->command, status, &(struct fault_list) FAULT_LIST_INIT);
    outbreak_open_request(&opening);
    return submit(call, &opening.request, &opening.id, "opened");
}

static int mark_outbreak(const struct call *call)
{
    struct outbreak_marking marking = { .who = *call->who,
                                        .now = store_clock_now(call->node->store),
                                        .day = MODEL_MISSING_DATE };
    if (call->num_operands < 2 || call->num_operands > 3)
        return cli_complain(call->command, CLI_USE, "outbreak mark: needs ID WHAT [DAY | drops-out]");
    int exit_code = read_id(call, "ID", call->operands[0], &marking.outbreak);
    if (exit_code != CLI_DONE)
        return exit_code;
    while (marking.mark < OUTBREAK_MARKS && strcmp(outbreak_words[marking.mark], call->operands[1]) != 0)
        marking.mark++;
    if (marking.mark == OUTBREAK_MARKS)
        return cli_complain(call->command, CLI_USE, "outbreak mark: no such date; allowed: %s", OUTBREAK_WORDS_ALLOWED);
    marking.drops_out = call->num_operands == 3 && strcmp(call->operands[2], "drops-out") == 0;
    if (call->num_operands == 3 && !marking.drops_out)
        exit_code = read_day(call, "DAY", call->operands[2], &marking.day);
    if (exit_code != CLI_DONE)
        return exit_code;
    outbreak_mark_request(&marking);
    return submit(call, &marking.request, &marking.outbreak, "marked");
}

/* A line of JSON. */
static int print(const struct call *call, struct sink *sink)
{
    sink_character(sink, '\n');
    fwrite(sink->bytes, 1, sink->used, cli_out());
    int exit_code = sink->failure != 0 ? cli_complain(call->command, CLI_MACHINE, "out of memory") : CLI_DONE;
    sink_free(sink);
    return exit_code;
}

static int show_outbreak(const struct call *call)
{
    struct arena          arena = ARENA_INIT;
    struct store_reader  *reader = NULL;
    struct model_outbreak outbreak;
    struct outbreak_clock clock;
    struct model_set      visible;
    struct json_writer    json;
    struct sink           sink;
    struct id             id;
    if (call->num_operands != 1)
        return cli_complain(call->command, CLI_USE, "outbreak show: needs ID");
    int exit_code = read_id(call, "ID", call->operands[0], &id);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status =
            store_read(reader, call->who, model_record(MODEL_OUTBREAK), &id, STORE_NOW, &arena, &outbreak, &visible);
    if (status == 0)
        outbreak_clock_read(&outbreak, call->settings->today, &clock);
    store_reader_close(reader);
    arena_free(&arena);
    if (status != 0)
        return node_complain(call->command, status, &(struct fault_list) FAULT_LIST_INIT);
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    outbreak_clock_write(&json, &clock);
    return print(call, &sink);
}

static const struct {
    const char *name;
    int (*run)(const struct call *call);
    bool writes;
} verbs[] = { { "open", open_outbreak, true }, { "mark", mark_outbreak, true }, { "show", show_outbreak, false } };
enum { NUM_VERBS = sizeof verbs / sizeof *verbs };

static size_t find_verb(char *const *operands, int num_operands)
{
    size_t at = 0;
    while (num_operands > 0 && at < NUM_VERBS && strcmp(verbs[at].name, operands[0]) != 0)
        at++;
    return num_operands > 0 ? at : NUM_VERBS;
}

bool watch_outbreak_writes(char *const *operands, int num_operands)
{
    size_t verb = find_verb(operands, num_operands);
    return verb < NUM_VERBS && verbs[verb].writes;
}

int watch_outbreak(const struct cli_command *command, struct node *node, const struct access *who,
                   const struct watch_outbreak_settings *settings, char *const *operands, int num_operands)
{
    const struct call call = { command, node, who, settings, operands + 1, num_operands - 1 };
    size_t            verb = find_verb(operands, num_operands);
    if (verb == NUM_VERBS)
        return cli_complain(command, CLI_USE, "outbreak: what is to be done? allowed: open, mark, show");
    return verbs[verb].run(&call);
}

int watch_summary(const struct cli_command *command, struct node *node, const struct access *who,
                  const struct watch_outbreak_settings *settings)
{
    const struct call           call = { command, node, who, settings, NULL, 0 };
    struct signal_summary_query query = { .from = settings->today - (WATCH_SUMMARY_DAYS - 1), .to = settings->today };
    struct signal_summary       summary;
    struct arena                arena = ARENA_INIT;
    struct fault_list           faults = FAULT_LIST_INIT;
    struct store_reader        *reader = NULL;
    struct json_writer          json;
    struct sink                 sink;
    int                         exit_code = read_day(&call, "--since", settings->since, &query.from);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(node->store, &reader, NULL);
    if (status == 0)
        status = read_area(&call, reader, &query.area);
    if (status == 0)
        status = signal_summary_read(reader, who, &query, settings->today, &arena, &summary, &faults);
    store_reader_close(reader);
    if (status != 0) {
        arena_free(&arena);
        return node_complain(command, status, &faults);
    }
    fault_list_free(&faults);
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    signal_summary_write(&json, &query, &summary);
    arena_free(&arena);
    return print(&call, &sink);
}
