/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin intake: files into the node, on the path that every door takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "cli/cmd.h"
#include "cli/file_bytes.h"
#include "cli/node_options.h"
#include "cli/parse.h"
#include "cli/take_table.h"
#include "formats/fhir/fhir.h"
#include "formats/hl7v2/batch.h"
#include "response/intake_accession.h"
#include "response/intake_fhir.h"
#include "response/intake_format.h"
#include "response/intake_reconcile.h"
#include "response/intake_work.h"
#include "tocsin/status.h"

#define AT_ONCE 64 /* messages that share a commit */

struct settings {
    struct node_cli_settings  node;
    const char               *feed, *release, *codes;
    toc_date                  reconcile, accessions; /* MODEL_MISSING_DATE: none */
    bool                      history;
    struct take_table_options table;
};

static const char *set_day(toc_date *day, const char *value)
{
    enum date_form form;
    return date_from_text(value, strlen(value), day, &form, NULL) != 0 || form != DATE_FORM_DAY ? "a day (2026-11-22)"
                                                                                                : NULL;
}

static const char *set_reconcile(void *settings, const char *value)
{
    return set_day(&((struct settings *) settings)->reconcile, value);
}

static const char *set_accessions(void *settings, const char *value)
{
    return set_day(&((struct settings *) settings)->accessions, value);
}

static const struct cli_option options[] = {
    { .name = "feed",
      .value = "ID",
      .initial = "the one of channel command-line that the messages name",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, feed),
      .meaning =
          "Whose files these are: a feed ('tocsin record list feeds'). Without a feed messages are kept and held." },
    { .name = "history",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, history),
      .meaning = "The files are history: cases and results are made, tasks are not." },
    { .name = "release",
      .value = "MESSAGE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, release),
      .meaning = "Have a message that is held worked off again, from the bytes that are kept." },
    { .name = "reconcile",
      .value = "DAY",
      .kind = CLI_CUSTOM,
      .set = set_reconcile,
      .meaning =
          "Take nothing in: of the HL7 v2 headers in the files say which came from --feed on that day, which did "
          "not, and what became of all that came." },
    { .name = "accessions",
      .value = "DAY",
      .kind = CLI_CUSTOM,
      .set = set_accessions,
      .meaning = "Take nothing in: of the accession numbers in the files, one a line, say which came from --feed and "
                 "are used, which were kept on that day and why they are not used, which never came, and which came "
                 "and are not listed. A record of it is kept." },
    { .name = "codes",
      .value = "FOLDER",
      .initial = "the tables that came with tocsin",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, codes),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "More code tables, read after ours: a row that is there already is replaced." },
};

static const struct cli_group groups[] = {
    { .title = "Intake", .options = options, .num_options = sizeof options / sizeof *options },
    { .title = "Tables",
      .options = take_table_options,
      .num_options = TAKE_TABLE_NUM_OPTIONS,
      .offset = offsetof(struct settings, table) },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
};

struct call {
    const struct cli_command *command;
    const struct settings    *settings;
    struct node               node;
    struct access             who;
    struct code_tables       *tables;
    struct intake            *intake;
    struct store_reader      *reader;
    struct model_feed         feed; /* --feed */
    struct arena              arena;
    uint64_t                  num_taken, num_used, num_bad;
    int                       told; /* CLI_DONE until a line of the receipt cannot be written */
};

/* Messages that go in together. */
struct batch {
    struct arena          arenas[AT_ONCE];
    struct intake_read    reads[AT_ONCE]; /* of HL7 v2 */
    struct intake_fhir    fhirs[AT_ONCE];
    struct model_feed     feeds[AT_ONCE];
    struct intake_arrival arrivals[AT_ONCE];
    uint32_t              numbers[AT_ONCE];
    size_t                num;
};

/* ---- receipts: one object a line ---- */

static void put_id(struct json_writer *json, const char *key, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    json_key(json, key);
    id_to_text(id, text);
    json_put_string(json, text);
}

static void put_number(struct json_writer *json, const char *key, int64_t number)
{
    if (number == 0)
        return;
    json_key(json, key);
    json_put_integer(json, number);
}

/* A line of the receipt, in which `put` writes `what`. The first that cannot be written is told, and ends the command
 * where it can end. */
static void write_line(struct call *call, void (*put)(struct json_writer *json, const void *what), const void *what)
{
    struct sink        sink;
    struct json_writer json;
    if (call->told != CLI_DONE)
        return;
    int ret = sink_open(&sink, NULL);
    if (ret == 0) {
        json_writer_init(&json, &sink);
        json_begin_object(&json);
        put(&json, what);
        json_end(&json);
        sink_character(&sink, '\n');
        ret = sink_finish(&sink);
    }
    if (ret != 0 && sink.failure == EPIPE)
        cli_die_of_broken_pipe();
    if (ret != 0)
        call->told = cli_complain(call->command, CLI_MACHINE, "standard output: %s",
                                  ret == TOC_ERR_NO_MEMORY ? "no memory" : strerror(sink.failure));
}

/* The entries of FHIR whose condition more than one resource fits. */
static void put_several(struct json_writer *json, const struct intake_arrival *arrival)
{
    bool any = false;
    for (size_t i = 0; i < arrival->num_resources; i++) {
        if (arrival->resources[i].status != 412)
            continue;
        if (!any) {
            json_key(json, "multiple_matches");
            json_begin_array(json);
        }
        json_put_integer(json, arrival->resources[i].position);
        any = true;
    }
    if (any)
        json_end(json);
}

struct taken {
    const char                  *file;
    uint32_t                     number;
    int                          status;
    const struct intake_arrival *arrival;
    const struct intake_receipt *receipt;
};

static void put_taken(struct json_writer *json, const void *what)
{
    const struct taken *taken = what;
    json_key(json, "file");
    json_put_string(json, taken->file);
    json_key(json, "message");
    json_put_integer(json, taken->number);
    if (taken->status != 0) {
        json_key(json, "refused");
        json_put_string(json, taken->status == INTAKE_ERR_RESERVE  ? "the disk is nearly full: nothing was kept"
                              : taken->status == TOC_ERR_TOO_LARGE ? "larger than 8 MiB: nothing was kept"
                                                                   : node_status_text(taken->status));
    } else {
        put_id(json, "id", &taken->receipt->message);
        json_key(json, "verdict");
        json_put_string(json, taken->receipt->verdict);
        if (taken->receipt->repeats) {
            json_key(json, "repeats");
            json_put_bool(json, true);
        }
        put_several(json, taken->arrival);
    }
    report_write_faults(taken->arrival->report, json);
}

struct worked {
    const struct id             *message;
    const char                  *verdict, *reason;
    const struct intake_outcome *outcome;
};

static void put_worked(struct json_writer *json, const void *what)
{
    const struct worked         *worked = what;
    const struct intake_outcome *outcome = worked->outcome;
    put_id(json, "id", worked->message);
    json_key(json, "verdict");
    json_put_string(json, worked->verdict);
    if (worked->reason[0] != '\0') {
        json_key(json, "reason");
        json_put_string(json, worked->reason);
    }
    if (outcome->test) {
        json_key(json, "test");
        json_put_bool(json, true);
    }
    put_number(json, "new_persons", outcome->new_persons);
    put_number(json, "new_cases", outcome->new_cases);
    put_number(json, "changed_cases", outcome->changed_cases);
    put_number(json, "new_results", outcome->new_results);
    put_number(json, "changed_results", outcome->changed_results);
    put_number(json, "repeated_results", outcome->repeated_results);
    put_number(json, "for_review", outcome->for_review);
    put_number(json, "quality_control", outcome->quality_control);
    put_number(json, "pooled", outcome->pooled);
}

static void tell_worked(void *context, const struct id *message, const char *verdict, const char *reason,
                        const struct intake_outcome *outcome)
{
    struct call *call = context;
    bool         used = strcmp(verdict, "accepted") == 0;
    call->num_used += used;
    call->num_bad += !used;
    write_line(call, put_worked, &(struct worked){ message, verdict, reason, outcome });
}

/* ---- taking in ---- */

static void take(struct call *call, struct batch *batch, const char *file)
{
    struct intake_receipt receipts[AT_ONCE];
    int                   statuses[AT_ONCE];
    intake_take_many(call->intake, batch->arrivals, batch->num, receipts, statuses);
    for (size_t i = 0; i < batch->num; i++) {
        write_line(call, put_taken,
                   &(struct taken){ file, batch->numbers[i], statuses[i], &batch->arrivals[i], &receipts[i] });
        call->num_taken += statuses[i] == 0;
        call->num_bad += statuses[i] != 0 || strcmp(receipts[i].verdict, "rejected") == 0;
        intake_fhir_free(&batch->fhirs[i]);
        arena_wipe(&batch->arenas[i]);
    }
    batch->num = 0;
}

static const struct intake_fhir_call any = { .place = INTAKE_FHIR_ANY };

/* Read it once; the report of the message that is number i. */
static const struct report *read_one(struct batch *batch, size_t i, const struct intake_reading *reading, bool fhir)
{
    if (!fhir) {
        (void) intake_format_read(intake_format_find("hl7v2", 5), reading, &batch->reads[i]);
        return &batch->reads[i].report;
    }
    intake_fhir_free(&batch->fhirs[i]);
    (void) intake_fhir_read(reading, &any, &batch->fhirs[i]);
    return &batch->fhirs[i].read.report;
}

/* Read a message as a door does: whom it is from, and what is wrong with it. */
static void add(struct call *call, struct batch *batch, struct report_text bytes, uint32_t number, bool fhir)
{
    size_t                i = batch->num++;
    bool                  known = call->settings->feed != NULL;
    struct intake_reading reading = { .tables = call->tables,
                                      .now = store_clock_now(call->node.store),
                                      .bytes = bytes.bytes,
                                      .size = bytes.size,
                                      .arena = &batch->arenas[i] };
    batch->arenas[i] = (struct arena) ARENA_INIT;
    batch->feeds[i] = call->feed;
    reading.feed = known ? &batch->feeds[i] : NULL;
    const struct report *report = read_one(batch, i, &reading, fhir);
    if (!known) {
        struct intake_caller caller = { .channel = "command-line",
                                        .application = report->application.name,
                                        .facility = report->facility.name };
        known = !report->out_of_memory && intake_find_feed(call->intake, &caller, &call->arena, &batch->feeds[i]);
        reading.feed = known ? &batch->feeds[i] : NULL;
        if (known)
            report = read_one(batch, i, &reading, fhir);
    }
    batch->numbers[i] = number;
    batch->arrivals[i] = fhir ? intake_fhir_arrival(&batch->fhirs[i], &reading, "command-line")
                              : (struct intake_arrival){ .channel = "command-line",
                                                         .format = "hl7v2",
                                                         .feed = reading.feed,
                                                         .report = report,
                                                         .bytes = bytes.bytes,
                                                         .size = bytes.size };
    batch->arrivals[i].submitted_by = call->who.user;
    batch->arrivals[i].history = call->settings->history;
}

static void take_full(struct call *call, struct batch *batch, const char *path)
{
    if (batch->num == AT_ONCE)
        take(call, batch, path);
}

/* FHIR is an object; what follows another, on the next line or right behind it, is the next transmission. */
static bool is_fhir(const struct file_bytes *file)
{
    size_t at = file->size >= 3 && memcmp(file->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < file->size && strchr(" \t\r\n", file->bytes[at]) != NULL)
        at++;
    return at < file->size && file->bytes[at] == '{';
}

static void take_fhir(struct call *call, struct batch *batch, const char *path, const struct file_bytes *file)
{
    struct report_text value;
    size_t             offset = file->size >= 3 && memcmp(file->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    uint32_t           number = 0;
    while (fhir_next_value(file->bytes, file->size, &offset, &value) == 1) {
        add(call, batch, value, ++number, true);
        take_full(call, batch, path);
    }
    take(call, batch, path);
}

static int take_hl7(struct call *call, struct batch *batch, const char *path, const struct file_bytes *file)
{
    struct arena             arena = ARENA_INIT;
    struct report            envelope;
    struct hl7_batch         messages;
    struct hl7_batch_message message;
    report_init(&envelope, &arena, file->bytes != NULL ? file->bytes : "", file->size);
    int ret = hl7_batch_begin(&messages, &envelope);
    while (ret >= 0 && (ret = hl7_batch_next(&messages, &message)) == 1) {
        add(call, batch, (struct report_text){ message.bytes.bytes, message.bytes.size }, message.number, false);
        take_full(call, batch, path);
    }
    take(call, batch, path);
    struct parse_job told = { .file = path };
    parse_tell_faults(&told, "envelope", 0, &envelope);
    call->num_bad += ret < 0;
    hl7_batch_end(&messages);
    arena_free(&arena);
    return ret;
}

static int take_file(struct call *call, const char *path)
{
    struct file_bytes file;
    struct batch     *batch = calloc(1, sizeof *batch);
    int               failure = file_bytes_open(&file, path), ret = 0;
    if (failure != 0 || batch == NULL) {
        free(batch);
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", path, failure != 0 ? strerror(failure) : "no memory");
    }
    if (take_table_is(path, call->settings->feed != NULL, file.bytes, file.size)) {
        struct take_table_call table = { .command = call->command,
                                         .options = &call->settings->table,
                                         .intake = call->intake,
                                         .reader = call->reader,
                                         .feed = call->settings->feed != NULL ? &call->feed : NULL,
                                         .submitted_by = call->who.user,
                                         .history = call->settings->history };
        int                    exit_code = take_table_file(&table, path, file.bytes, file.size);
        call->num_bad += table.num_bad;
        file_bytes_close(&file);
        free(batch);
        return exit_code;
    }
    if (is_fhir(&file))
        take_fhir(call, batch, path, &file);
    else
        ret = take_hl7(call, batch, path, &file);
    file_bytes_close(&file);
    free(batch);
    return ret == TOC_ERR_NO_MEMORY ? cli_complain(call->command, CLI_MACHINE, "%s: no memory", path) : call->told;
}

/* ---- the command ---- */

static int open_call(struct call *call)
{
    struct db_error   error = { 0 };
    struct fault_list none = FAULT_LIST_INIT;
    struct id         id;
    int               exit_code = parse_load_tables(call->command, call->settings->codes, &call->tables);
    if (exit_code != CLI_DONE)
        return exit_code;
    struct intake_options wanted = { .store = call->node.store,
                                     .keeper = call->node.keeper,
                                     .tables = call->tables,
                                     .disk = call->settings->node.directory,
                                     .program = node_program() };
    int                   ret = intake_open(&wanted, &call->intake, &error);
    if (ret == 0)
        ret = store_reader_open(call->node.store, &call->reader, &error);
    if (ret != 0)
        return node_complain(call->command, ret, &none);
    const char *feed = call->settings->feed;
    if (feed != NULL &&
        (id_from_text(feed, strlen(feed), &id) != 0 || !intake_feed(call->intake, &id, &call->arena, &call->feed)))
        return cli_complain(call->command, CLI_USE, "--feed: there is no such feed; 'tocsin record' makes one");
    return CLI_DONE;
}

static int release(struct call *call)
{
    struct fault_list none = FAULT_LIST_INIT;
    struct id         id;
    if (id_from_text(call->settings->release, strlen(call->settings->release), &id) != 0)
        return cli_complain(call->command, CLI_USE, "--release: allowed: %s", ID_ALLOWED);
    int ret = intake_release(call->intake, call->reader, &call->who, &id);
    if (ret == STORE_ERR_DENIED)
        return cli_complain(call->command, CLI_INPUT, "the message is not held, or this role may not release it");
    return ret == 0 ? CLI_DONE : node_complain(call->command, ret, &none);
}

struct reconciled {
    const char                     *file;
    const struct intake_reconciled *found;
};

static void put_reconciled(struct json_writer *json, const void *what)
{
    const struct reconciled *reconciled = what;
    json_key(json, "file");
    json_put_string(json, reconciled->file);
    intake_write_reconciled(reconciled->found, json);
}

/* What a sender says it sent, against what came. */
static int reconcile_file(struct call *call, const char *path)
{
    struct fault_list        faults = FAULT_LIST_INIT;
    struct intake_reconciled found;
    struct file_bytes        file;
    int                      failure = file_bytes_open(&file, path);
    if (failure != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", path, strerror(failure));
    toc_date day = call->settings->reconcile;
    int      ret =
        intake_reconcile(call->intake, call->reader, &call->feed, 1, time_zone_start(day), time_zone_start(day + 1),
                         (struct report_text){ file.bytes, file.size }, &call->arena, &faults, &found);
    if (ret == 0) {
        write_line(call, put_reconciled, &(struct reconciled){ path, &found });
        call->num_bad += found.num_there < found.num_asked;
    }
    if (file.size > 0)
        file_bytes_close(&file);
    return ret == 0 ? call->told : node_complain(call->command, ret, &faults);
}

struct filed {
    const char                     *file;
    const struct intake_accessions *found;
    const struct id                *record;
};

static void put_filed(struct json_writer *json, const void *what)
{
    const struct filed *filed = what;
    json_key(json, "file");
    json_put_string(json, filed->file);
    intake_accessions_write(filed->found, filed->record, json);
}

/* The accession numbers that a sender says it sent, against what came. */
static int file_accessions(struct call *call, const char *path)
{
    struct fault_list        faults = FAULT_LIST_INIT;
    struct intake_accessions found;
    struct file_bytes        file;
    struct id                record;
    toc_date                 day = call->settings->accessions;
    struct intake_filing     filing = { .feed = &call->feed, .day = day, .filed_by = call->who.user };
    int                      failure = file_bytes_open(&file, path);
    if (failure != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", path, strerror(failure));
    int ret = intake_accessions_find(call->intake, call->reader, &call->feed, 1, time_zone_start(day),
                                     time_zone_start(day + 1), (struct report_text){ file.bytes, file.size },
                                     &call->arena, &faults, &found);
    if (ret == 0)
        ret = intake_accessions_keep(call->intake, &found, &filing, &record, &faults);
    if (ret == 0) {
        write_line(call, put_filed, &(struct filed){ path, &found, &record });
        call->num_bad += found.fates[INTAKE_MISSING] + found.fates[INTAKE_NOT_USED] > 0;
    }
    if (file.size > 0)
        file_bytes_close(&file);
    return ret == 0 ? call->told : node_complain(call->command, ret, &faults);
}

static int work_off(struct call *call)
{
    struct fault_list none = FAULT_LIST_INIT;
    size_t            num = 1;
    int               ret = 0;
    while (ret == 0 && num > 0)
        ret = intake_work(call->intake, call->reader, tell_worked, call, &num);
    return ret == 0 ? call->told : node_complain(call->command, ret, &none);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .node = NODE_CLI_SETTINGS_INIT,
                                 .reconcile = MODEL_MISSING_DATE,
                                 .accessions = MODEL_MISSING_DATE };
    struct call     call = { .command = command, .settings = &settings };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (first == argc && settings.release == NULL)
        return cli_complain(command, CLI_USE, "which files?");
    bool reconciles = settings.reconcile != MODEL_MISSING_DATE, files = settings.accessions != MODEL_MISSING_DATE;
    if (reconciles && files)
        return cli_complain(command, CLI_USE, "--reconcile and --accessions: one of them at a time");
    if ((reconciles || files) && settings.feed == NULL)
        return cli_complain(command, CLI_USE, "--%s: whose messages? --feed is needed",
                            files ? "accessions" : "reconcile");
    exit_code = node_options_open(command, &settings.node, true, &call.node, &call.who);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = open_call(&call);
    if (exit_code == CLI_DONE && settings.release != NULL)
        exit_code = release(&call);
    for (int i = first; i < argc && exit_code == CLI_DONE; i++)
        exit_code = reconciles ? reconcile_file(&call, argv[i])
                    : files    ? file_accessions(&call, argv[i])
                               : take_file(&call, argv[i]);
    if (exit_code == CLI_DONE && !reconciles && !files)
        exit_code = work_off(&call);
    store_reader_close(call.reader);
    intake_close(call.intake);
    code_tables_free(call.tables);
    arena_free(&call.arena);
    node_close(&call.node);
    if (exit_code == CLI_DONE && call.num_bad > 0)
        exit_code = CLI_INPUT;
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "[OPTION]... FILE...", "--release MESSAGE [OPTION]...",
                                            "--reconcile DAY --feed ID FILE...", "--accessions DAY --feed ID FILE...", NULL };
static const struct cli_example examples[] = {
    { "tocsin intake --node county --feed ID /var/spool/hl7/today.hl7",
      "a laboratory's file: kept, then made records of" },
    { "tocsin intake --node county --feed ID /var/spool/fhir/today.ndjson", "bundles, one a line" },
    { "tocsin intake --node county --feed ID --history /var/spool/hl7/2023.hl7", "last year's, without tasks" },
    { "tocsin intake --node county --feed ID --as-proposed --errors bad.csv /var/spool/lists/cases.xlsx",
      "a line list: good rows are loaded, bad ones come back to be mended" },
    { "tocsin intake --node county --feed ID --reconcile 2026-11-22 /var/spool/hl7/sent.hl7",
      "of what the laboratory says that it sent: what did not come" },
    { "tocsin intake --node county --feed ID --accessions 2026-11-22 /var/spool/lists/numbers.txt",
      "of its accession numbers: what is used, what is not and why, what never came" },
    { NULL, NULL },
};

const struct cli_command cli_command_intake = {
    .name = "intake",
    .summary = "take in files of HL7 v2, FHIR and tables: kept, linked to persons, made records of",
    .usage = usage,
    .text =
        "Reads a file of HL7 v2 (one message or a batch) or of FHIR R4 in JSON (resources and bundles, one or "
        "many) and takes the path of every door: each message is sealed and on the "
        "disk before its line is written; then all that wait are worked off. The receipt is NDJSON: for each "
        "message a line with its verdict and every fault at its place, and a line with what became of it (new "
        "persons, cases and results, what was repeated or is for a person to review). The same message again is "
        "told as a repetition and changes nothing.\n\n"
        "A line list (.csv, .tsv, .xlsx, NDJSON) is a message, and each of its rows is one. What its columns mean is "
        "confirmed once (--mapping, --as-proposed) and remembered for its feed and header; without that it is kept "
        "and held, and the proposal is written. Its receipt names every bad cell by row, column, value and rule. A "
        "table of numbers (counts by day and "
        "area, totals, wastewater) goes into streams by the same rules.\n\n"
        "The exit code is 1 where something was refused or could not be used; what could is in the node all the "
        "same. docs/intake.md has the rules.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
