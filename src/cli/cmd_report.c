/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cmd_report.h"

#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/forward.h"
#include "cli/node_options.h"
#include "cli/record_list.h"
#include "response/daily_report_document.h"
#include "store/find_area.h"

static const char *const forms[] = { "json", "pdf", "docx", NULL }, *const languages[] = { "en", "zh", NULL };

struct settings {
    struct node_cli_settings    node;
    struct record_list_settings list;
    const char                 *day, *output;
    int                         form, language;
};
#define SETTINGS_INIT                                                                                                  \
    {                                                                                                                  \
        .node = NODE_CLI_SETTINGS_INIT, .list = RECORD_LIST_SETTINGS_INIT                                              \
    }

static const struct cli_option report_options[] = {
    { .name = "day",
      .value = "DAY",
      .initial = "yesterday",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, day),
      .meaning = "freeze: the day that it tells of; it must be over. --area gives the area." },
    { .name = "form",
      .value = "FORM",
      .kind = CLI_CHOICE,
      .words = forms,
      .offset = offsetof(struct settings, form),
      .meaning = "show: what is made." },
    { .name = "language",
      .value = "LANGUAGE",
      .kind = CLI_CHOICE,
      .words = languages,
      .offset = offsetof(struct settings, language),
      .meaning = "show --form pdf, docx: the language." },
    { .name = "output",
      .letter = 'o',
      .value = "FILE",
      .initial = "standard output",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, output),
      .meaning = "show: where it is written." },
};

static const struct cli_group groups[] = {
    { .title = "Report", .options = report_options, .num_options = sizeof report_options / sizeof *report_options },
    { .title = "list; --area: of freeze too",
      .options = record_list_options,
      .num_options = RECORD_LIST_NUM_OPTIONS,
      .offset = offsetof(struct settings, list) },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
};

struct call {
    const struct cli_command *command;
    const struct verb        *verb;
    struct settings          *settings;
    char                    **operands;
    int                       num_operands;
    struct node              *node;
    struct access             who;
};

static int read_id(const struct call *call, struct id *id)
{
    char quoted[TEXT_QUOTE_BYTES];
    if (id_from_text(call->operands[0], strlen(call->operands[0]), id) == 0)
        return CLI_DONE;
    text_quote(call->operands[0], strlen(call->operands[0]), quoted);
    return cli_complain(call->command, CLI_USE, "ID: found %s; allowed: %s", quoted, ID_ALLOWED);
}

static int tell(const struct call *call, int status, const struct id *id, const char *done, struct fault_list *faults)
{
    char text[ID_TEXT_BYTES];
    if (status != 0)
        return node_complain(call->command, status, faults);
    fault_list_free(faults);
    id_to_text(id, text);
    fprintf(cli_out(), "{\"id\":\"%s\",\"%s\":true}\n", text, done);
    return CLI_DONE;
}

/* ---- freeze ---- */

static int read_day(const struct call *call, toc_date *day)
{
    const char    *text = call->settings->day;
    char           quoted[TEXT_QUOTE_BYTES];
    enum date_form form;
    if (text == NULL || (date_from_text(text, strlen(text), day, &form, NULL) == 0 && form == DATE_FORM_DAY))
        return CLI_DONE;
    text_quote(text, strlen(text), quoted);
    return cli_complain(call->command, CLI_USE, "--day: found %s; allowed: a day (2026-11-22)", quoted);
}

static int freeze(struct call *call)
{
    struct daily_report_freezing freezing = { .who = call->who,
                                              .now = store_clock_now(call->node->store),
                                              .day = MODEL_MISSING_DATE };
    struct store_reader         *reader = NULL;
    struct arena                 arena = ARENA_INIT;
    struct fault_list            faults = FAULT_LIST_INIT;
    int                          exit_code = read_day(call, &freezing.day);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (call->settings->list.area == NULL)
        return cli_complain(call->command, CLI_USE, "freeze: needs --area");
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = store_find_area(reader, call->settings->list.area, &freezing.area);
    if (status == 0)
        status = daily_report_freeze(reader, &freezing, &arena, &faults);
    if (status == 0)
        status = store_submit(call->node->store, &call->who, &freezing.request, NULL, &faults);
    store_reader_close(reader);
    arena_free(&arena);
    return tell(call, status, &freezing.made, "frozen", &faults);
}

/* ---- write, publish ---- */

static int write_or_publish(struct call *call, const char *text, const char *done)
{
    struct daily_report_writing writing = { .who = call->who, .now = store_clock_now(call->node->store), .text = text };
    struct fault_list           faults = FAULT_LIST_INIT;
    int                         exit_code = read_id(call, &writing.report);
    if (exit_code != CLI_DONE)
        return exit_code;
    daily_report_write_request(&writing);
    int status = store_submit(call->node->store, &call->who, &writing.request, NULL, &faults);
    return tell(call, status, &writing.report, done, &faults);
}

static int write_text(struct call *call)
{
    return write_or_publish(call, call->operands[1], "written");
}

static int publish(struct call *call)
{
    return write_or_publish(call, NULL, "published");
}

/* ---- show, list ---- */

static int make(const struct call *call, const struct daily_report *report, struct arena *arena, struct sink *sink)
{
    const struct node_settings *settings = &call->node->settings;
    struct daily_report_marks   marks = { .invented = settings->demo, .exercise = settings->exercise };
    struct document             document;
    struct json_writer          json;
    if (call->settings->form == 0) {
        json_writer_init(&json, sink);
        daily_report_show(&json, report);
        sink_character(sink, '\n');
        return 0;
    }
    int status = daily_report_document(report, marks, call->settings->language == 1 ? MODEL_CHINESE : MODEL_ENGLISH,
                                       arena, &document);
    if (status != 0)
        return status;
    return call->settings->form == 1 ? document_pdf(&document, sink) : document_docx(&document, sink);
}

static int show(struct call *call)
{
    struct store_reader *reader = NULL;
    struct arena         arena = ARENA_INIT;
    struct daily_report  report;
    struct sink          sink;
    struct id            id;
    int                  exit_code = read_id(call, &id);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_reader_open(call->node->store, &reader, NULL);
    if (status == 0)
        status = daily_report_open(reader, &call->who, &id, &arena, &report);
    if (status == 0) {
        status = sink_open(&sink, call->settings->output);
        if (status == 0)
            status = make(call, &report, &arena, &sink);
        if (status == 0)
            status = sink_finish(&sink);
        else
            sink_free(&sink);
    }
    store_reader_close(reader);
    arena_free(&arena);
    return status != 0 ? node_complain(call->command, status, &(struct fault_list) FAULT_LIST_INIT) : CLI_DONE;
}

static int list(struct call *call)
{
    return record_list_print(call->command, call->node, &call->who, "reports", &call->settings->list);
}

/* ---- the command ---- */

static const struct verb {
    const char *name;
    int (*run)(struct call *call);
    bool writes;
    int  operands;
} verbs[] = {
    { "freeze", freeze, true, 0 }, { "write", write_text, true, 2 }, { "publish", publish, true, 1 },
    { "show", show, false, 1 },    { "list", list, false, 0 },
};

static int parse(const struct cli_command *command, int argc, char **argv, struct settings *settings, struct call *call)
{
    int first, exit_code = cli_parse(command, argc, argv, settings, &first);
    if (exit_code >= 0)
        return exit_code;
    for (size_t i = 0; first < argc && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, argv[first]) == 0)
            call->verb = &verbs[i];
    if (call->verb == NULL)
        return cli_complain(command, CLI_USE, "%s; allowed: freeze, write, publish, show, list",
                            first < argc ? "no such verb" : "what is to be done?");
    call->command = command;
    call->settings = settings;
    call->operands = argv + first + 1;
    call->num_operands = argc - first - 1;
    if (call->num_operands != call->verb->operands)
        return cli_complain(command, CLI_USE, "%s: takes %s", call->verb->name,
                            call->verb->operands == 0   ? "no operand"
                            : call->verb->operands == 1 ? "ID"
                                                        : "ID TEXT");
    return -1;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = SETTINGS_INIT;
    struct node     node;
    struct call     call = { .node = &node };
    settings.node.role = ACCESS_EPIDEMIOLOGIST - 1; /* whoever writes reports */
    int exit_code = parse(command, argc, argv, &settings, &call);
    if (exit_code >= 0)
        return exit_code;
    exit_code = call.verb->writes ? forward_send(settings.node.directory, argc, argv, "") : -1;
    if (exit_code < 0) {
        exit_code = node_options_open(command, &settings.node, call.verb->writes, &node, &call.who);
        if (exit_code == CLI_DONE) {
            exit_code = call.verb->run(&call);
            node_close(&node);
        }
    }
    return cli_finish_stdout(command, exit_code);
}

int cmd_report_forwarded(struct node *node, int num, char **words, FILE *out, FILE *messages)
{
    const struct cli_command *command = &cli_command_report;
    struct settings           settings = SETTINGS_INIT;
    struct call               call = { .node = node };
    settings.node.role = ACCESS_EPIDEMIOLOGIST - 1;
    cli_redirect(out, messages);
    int exit_code = parse(command, num, words, &settings, &call);
    if (exit_code < 0) {
        node_options_who(&settings.node, node, &call.who);
        exit_code = call.verb->run(&call);
    }
    cli_redirect(NULL, NULL);
    return exit_code;
}

static const char *const        usage[] = { "freeze --area CODE [--day DAY]", "write ID TEXT",    "publish ID",
                                            "show [--form FORM] ID",          "list [OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin report freeze --area 540100", "the report of yesterday, as known now" },
    { "tocsin report write ID \"Two schools in the east; the source is the milk of one dairy.\"",
      "what the figures do not say" },
    { "tocsin report publish ID", "nothing of it changes from then on" },
    { "tocsin report show --form pdf --language zh -o report.pdf ID", "to be printed" },
    { NULL, NULL },
};

const struct cli_command cli_command_report = {
    .name = "report",
    .summary = "the daily report: freeze its figures, write its text, publish it",
    .usage = usage,
    .text =
        "A daily report tells of a day that is over, in an area and all below it. 'freeze' counts it once: an edition "
        "whose figures stay. 'write' gives it its text, until 'publish' ends that. Whoever has to correct a published "
        "report freezes again: another edition, which lists what it counts otherwise. The edition of yesterday, and "
        "every later one, is as known now; the first edition of an earlier day as known at that day's end.\n\n"
        "'show' prints a report as JSON, or makes a file of it (PDF, DOCX). A server freezes by itself where the "
        "node's settings say so (report_hour, report_area). docs/daily-report.md explains.\n\n"
        "One process at a time writes to a node: where a server has it, the server does what is written.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
