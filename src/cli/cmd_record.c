/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "cli/record_file.h"
#include "cli/record_list.h"
#include "model/model_json.h"
#include "model/model_value.h"
#include "model/records.h"

struct settings {
    struct node_cli_settings    node;
    struct record_list_settings list;
    const char                 *file;
    long                        version;
    int64_t                     as_of;
};

static const char *set_as_of(void *settings, const char *value)
{
    struct settings *own = settings;
    return instant_from_text(value, strlen(value), &own->as_of) == 0 ? NULL : INSTANT_ALLOWED;
}

static const struct cli_option record_options[] = {
    { .name = "file",
      .letter = 'f',
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, file),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "create, change: read records from a file: .csv, .tsv, .xlsx (its first sheet), else one JSON object a line; "
          "- is "
          "standard input. Names, identifiers and notes must come this way: other users of the machine see command "
          "lines." },
    { .name = "version",
      .value = "N",
      .initial = "whatever is there",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 1e9,
      .offset = offsetof(struct settings, version),
      .meaning = "change, erase: only if the record still has this version." },
    { .name = "as-of",
      .value = "INSTANT",
      .initial = "now",
      .kind = CLI_CUSTOM,
      .set = set_as_of,
      .meaning = "read: as the record was known then (2026-11-22T02:30:00Z)." },
};

static const struct cli_group groups[] = {
    { .title = "Record", .options = record_options, .num_options = sizeof record_options / sizeof *record_options },
    { .title = "List",
      .options = record_list_options,
      .num_options = RECORD_LIST_NUM_OPTIONS,
      .offset = offsetof(struct settings, list) },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
};

/* ---- what stands on the command line ---- */

static const struct model_record *find_record(const struct cli_command *command, const char *name)
{
    const struct model_record *record = model_record_find(name);
    if (record != NULL)
        return record;
    struct nearest             nearest = { .word = name };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, records[i].name);
    if (nearest.best != NULL)
        cli_complain(command, CLI_USE, "there is no record '%s'; did you mean '%s'?", name, nearest.best);
    else
        cli_complain(command, CLI_USE, "there is no record '%s'; 'tocsin model' lists them", name);
    return NULL;
}

/* One FIELD=VALUE into value; FIELD= makes the field missing. */
static void take_field(const struct model_record *record, const char *operand, struct arena *arena, void *value,
                       struct model_set *given, struct fault_list *faults)
{
    const char *equals = strchr(operand, '=');
    size_t      length = equals != NULL ? (size_t) (equals - operand) : strlen(operand);
    char        name[FAULT_NAME_BYTES], quoted[TEXT_QUOTE_BYTES];
    text_escape(operand, length, name, sizeof name);
    struct fault_place        place = { .name = name };
    const struct model_field *field = model_field_find(record, operand, length);
    if (equals == NULL || field == NULL) {
        fault_add(faults, place, equals == NULL ? "FIELD=VALUE" : "a field of the record ('tocsin model' lists them)",
                  equals == NULL ? "stands alone" : "there is no such field");
        return;
    }
    if (field->class == MODEL_CLASS_IDENTIFYING) {
        fault_add(faults, place, "--file", "would show who somebody is to all who see this command line");
        return;
    }
    model_set_add(given, (size_t) (field - record->fields));
    const char *text = equals + 1;
    if (*text == '\0')
        return;
    if (model_value_read(field, text, strlen(text), arena, value) != 0) {
        text_quote(text, strlen(text), quoted);
        fault_add(faults, place, "as 'tocsin model' says of the field", "found %s", quoted);
    }
}

static int id_operand(const struct cli_command *command, const char *text, struct id *id)
{
    if (id_from_text(text, strlen(text), id) == 0)
        return CLI_DONE;
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(text, strlen(text), quoted);
    return cli_complain(command, CLI_USE, "ID: found %s; allowed: %s", quoted, ID_ALLOWED);
}

/* ---- the verbs ---- */

struct call {
    const struct cli_command  *command;
    const struct settings     *settings;
    const struct model_record *record;
    char                     **operands; /* behind VERB RECORD */
    int                        num_operands;
    struct node                node;
    struct access              who;
};

static void print_version(const struct model_head *head)
{
    char text[ID_TEXT_BYTES];
    id_to_text(&head->id, text);
    printf("{\"id\":\"%s\",\"version\":%lld}\n", text, (long long) head->version);
}

/* Submit one change and tell what became of it. */
static int submit(struct call *call, enum store_verb verb, const char *word, void *value, const struct model_set *given)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_receipt receipt;
    struct store_change  change = {
         .verb = verb, .record = call->record, .value = value, .given = *given, .version = call->settings->version
    };
    struct store_request request = { .verb = word, .set = { &change, 1 } };
    int                  status = store_submit(call->node.store, &call->who, &request, &receipt, &faults);
    if (status != 0)
        return node_complain(call->command, status, &faults);
    fault_list_free(&faults);
    if (verb != STORE_ERASE)
        print_version(value);
    return CLI_DONE;
}

static int create_or_change(struct call *call, bool create)
{
    if (call->settings->file != NULL)
        return record_file_submit(call->command, &call->node, &call->who, call->record, call->settings->file, !create);
    struct arena      arena = ARENA_INIT;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_set  given = { { 0 } };
    void             *value = arena_array(&arena, 1, call->record->size);
    int               exit_code;
    if (value == NULL)
        return node_complain(call->command, TOC_ERR_NO_MEMORY, &faults);
    model_init(call->record, value);
    struct model_head *head = value;
    int                first = create ? 0 : 1;
    if (!create && (exit_code = id_operand(call->command, call->operands[0], &head->id)) != CLI_DONE)
        goto out;
    if (create)
        head->id = node_new_id(instant_now());
    for (int i = first; i < call->num_operands; i++)
        take_field(call->record, call->operands[i], &arena, value, &given, &faults);
    if (faults.num_all > 0) {
        exit_code = node_complain(call->command, BASE_ERR_INPUT, &faults);
        goto out;
    }
    exit_code = submit(call, create ? STORE_CREATE : STORE_CHANGE, create ? "create" : "change", value, &given);
out:
    arena_wipe(&arena);
    return exit_code;
}

static int create(struct call *call)
{
    return create_or_change(call, true);
}

static int change(struct call *call)
{
    if (call->num_operands == 0 && call->settings->file == NULL)
        return cli_complain(call->command, CLI_USE, "change: an ID, or --file, is missing");
    return create_or_change(call, false);
}

static int erase(struct call *call)
{
    struct arena     arena = ARENA_INIT;
    struct model_set none = { { 0 } };
    void            *value = arena_array(&arena, 1, call->record->size);
    if (value == NULL)
        return cli_complain(call->command, CLI_MACHINE, "out of memory");
    model_init(call->record, value);
    int exit_code = id_operand(call->command, call->operands[0], &((struct model_head *) value)->id);
    if (exit_code == CLI_DONE)
        exit_code = submit(call, STORE_ERASE, "erase", value, &none);
    arena_free(&arena);
    return exit_code;
}

static int read_one(struct call *call)
{
    struct arena         arena = ARENA_INIT;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct db_error      error = { 0 };
    struct store_reader *reader = NULL;
    struct model_set     visible;
    struct id            id;
    int                  exit_code = id_operand(call->command, call->operands[0], &id);
    if (exit_code != CLI_DONE)
        return exit_code;
    void *value = arena_array(&arena, 1, call->record->size);
    int   status = value != NULL ? store_reader_open(call->node.store, &reader, &error) : TOC_ERR_NO_MEMORY;
    if (status == 0)
        status = store_read(reader, &call->who, call->record, &id, call->settings->as_of, &arena, value, &visible);
    if (status == 0) {
        struct sink        sink;
        struct json_writer json;
        if (sink_open(&sink, NULL) != 0)
            status = TOC_ERR_NO_MEMORY;
        else {
            json_writer_init(&json, &sink);
            model_json_write(&json, call->record, value, &visible);
            sink_character(&sink, '\n');
            if (sink_finish(&sink) != 0)
                exit_code = cli_complain(call->command, CLI_MACHINE, "standard output: %s", strerror(sink.failure));
        }
    }
    if (status != 0)
        exit_code = node_complain(call->command, status, &faults);
    store_reader_close(reader);
    arena_wipe(&arena);
    return exit_code;
}

static int list(struct call *call)
{
    return record_list_print(call->command, &call->node, &call->who, call->operands[0], &call->settings->list);
}

static const struct verb {
    const char *name;
    int (*run)(struct call *call);
    bool needs_record; /* the operand behind the verb is a record */
    bool needs_operand;
    bool writes; /* reading who somebody is writes too: into the audit trail */
} verbs[] = {
    { "create", create, true, false, true }, { "read", read_one, true, true, false },
    { "list", list, false, true, false },    { "change", change, true, false, true },
    { "erase", erase, true, true, true },
};

/* ---- the command ---- */

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .node = NODE_CLI_SETTINGS_INIT,
                                 .as_of = STORE_NOW,
                                 .list = RECORD_LIST_SETTINGS_INIT };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    const struct verb *verb = NULL;
    for (size_t i = 0; first < argc && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, argv[first]) == 0)
            verb = &verbs[i];
    if (verb == NULL)
        return cli_complain(command, CLI_USE, "%s; allowed: create, read, list, change, erase",
                            first < argc ? "no such verb" : "what is to be done?");
    struct call call = {
        .command = command, .settings = &settings, .operands = argv + first + 1, .num_operands = argc - first - 1
    };
    if (verb->needs_record) {
        if (call.num_operands == 0)
            return cli_complain(command, CLI_USE, "%s: which record? 'tocsin model' lists them", verb->name);
        call.record = find_record(command, call.operands[0]);
        if (call.record == NULL)
            return CLI_USE;
        call.operands++;
        call.num_operands--;
    }
    if (verb->needs_operand && call.num_operands != 1)
        return cli_complain(command, CLI_USE, "%s: needs one %s", verb->name, verb->needs_record ? "ID" : "LIST");
    exit_code =
        node_options_open(command, &settings.node, verb->writes || settings.node.purpose != 0, &call.node, &call.who);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = verb->run(&call);
    node_close(&call.node);
    return cli_finish_stdout(command, exit_code);
}

static const char *const usage[] = {
    "create [OPTION]... RECORD [FIELD=VALUE]...",  "read [OPTION]... RECORD ID",  "list [OPTION]... LIST",
    "change [OPTION]... RECORD ID FIELD=VALUE...", "erase [OPTION]... RECORD ID", NULL
};
static const struct cli_example examples[] = {
    { "tocsin record create person area=ID sex=female birth_year=1980", "a person, under a pseudonym" },
    { "tocsin record create identity --file -",
      "who they are, encrypted; from standard input, one JSON object a line" },
    { "tocsin record read case ID --as-of 2026-11-01T00:00:00Z", "a case as it was known on the first of November" },
    { "tocsin record list cases --area 5424 --where disease=measles", "the newest cases of measles of an area" },
    { "tocsin record change case ID classification=confirmed", "FIELD= makes a field empty" },
    { "tocsin record erase person ID", "identity, search words and all that is sealed with it, at once" },
    { NULL, NULL },
};

const struct cli_command cli_command_record = {
    .name = "record",
    .summary = "create, read, list, change and erase records of a node",
    .usage = usage,
    .text =
        "Works on the records of a node (\"tocsin node init\"). 'tocsin model' lists the records with their fields, "
        "kinds "
        "and classes.\n\n"
        "Every change is durable when its line is printed: the record, the old one in its history, the counts, an "
        "entry "
        "in the audit trail. Every fault of the input is told with its place; --file writes the rows without a "
        "fault.\n\n"
        "Fields that show who somebody is are encrypted in the database. They are read with a --purpose that the role "
        "(--as) may name, and each reading is written into the audit trail; without one they are listed as "
        "\"masked\".\n\n"
        "One process at a time writes to a node. While another does, records can be read and listed without --purpose.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
