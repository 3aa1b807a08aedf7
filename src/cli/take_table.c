/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/take_table.h"

#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/text.h"
#include "cli/file_bytes.h"
#include "cli/node_options.h"
#include "formats/list/alone.h"
#include "formats/sheet/objects.h"
#include "tocsin/status.h"

static const char *const date_words[] = { "day-first", "month-first", NULL };

const struct cli_option take_table_options[TAKE_TABLE_NUM_OPTIONS] = {
    { .name = "mapping",
      .value = "FILE",
      .initial = "what was confirmed for this feed and header",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, mapping),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "What each column is: what was proposed, perhaps changed. It is confirmed by that, and remembered." },
    { .name = "as-proposed",
      .kind = CLI_FLAG,
      .offset = offsetof(struct take_table_options, as_proposed),
      .meaning = "Confirm what is proposed, and remember it." },
    { .name = "encoding",
      .value = "NAME",
      .initial = "what a byte-order mark says, or UTF-8, or the feed's",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, encoding),
      .meaning = "The character encoding of text that is not UTF-8: gb18030, windows-1252, utf-16le, utf-16be." },
    { .name = "delimiter",
      .value = "CHARACTER",
      .initial = "what the first lines agree on",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, delimiter),
      .meaning = "What stands between cells of text: a comma, a semicolon, a bar or tab." },
    { .name = "sheet",
      .value = "NAME",
      .initial = "the only one that is shown",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, sheet),
      .meaning = "Which sheet of a spreadsheet." },
    { .name = "dates",
      .value = "ORDER",
      .initial = "asked where no row decides",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct take_table_options, dates),
      .words = date_words,
      .meaning = "day-first or month-first, for columns of dates in which no row decides it." },
    { .name = "disease",
      .value = "CODE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, disease),
      .meaning = "The disease of rows that name none. It becomes part of the mapping." },
    { .name = "errors",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct take_table_options, errors),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Write the rows that cannot be used into this file, with what is wrong with each. Mended, it is taken "
                 "in like any other." },
};

static bool ends_with(const char *path, const char *end)
{
    size_t size = strlen(path), length = strlen(end);
    return size > length && text_equal_nocase(path + size - length, length, end, length);
}

/* Objects that say of themselves what they are, are FHIR. */
static bool is_objects(const char *bytes, size_t size)
{
    struct value_tree  tree = VALUE_TREE_INIT;
    struct json_limits limits = { .max_depth = SHEET_OBJECTS_DEPTH };
    struct json_fault  fault;
    size_t             offset = 0;
    bool               plain = sheet_objects_begin(bytes, size) &&
                 json_read_next(bytes, size, &offset, &limits, &tree, &fault) == 0 &&
                 value_get(tree.values, "resourceType") == NULL;
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    return plain;
}

bool take_table_is(const char *path, bool has_feed, const char *bytes, size_t size)
{
    return (has_feed && is_objects(bytes, size)) || ends_with(path, ".csv") || ends_with(path, ".tsv") ||
           ends_with(path, ".xlsx") || sheet_is_archive(bytes, size);
}

/* ---- receipts: one object a line ---- */

struct telling {
    const char      *path;
    struct sink      out, errors;
    bool             has_errors, began;
    const struct id *file;
};

static void put_id(struct json_writer *json, const char *key, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    json_key(json, key);
    id_to_text(id, text);
    json_put_string(json, text);
}

static void begin_line(struct telling *telling, struct json_writer *json)
{
    json_writer_init(json, &telling->out);
    json_begin_object(json);
    json_key(json, "file");
    json_put_string(json, telling->path);
}

static void put_receipt(struct json_writer *json, const struct intake_receipt *receipt)
{
    put_id(json, "id", &receipt->message);
    json_key(json, "verdict");
    json_put_string(json, receipt->verdict);
    if (!receipt->repeats)
        return;
    json_key(json, "repeats");
    json_put_bool(json, true);
}

static void write_error(struct telling *telling, uint64_t row, const struct intake_arrival *arrival)
{
    char   place[ID_TEXT_BYTES + 44];
    size_t size = id_to_text(telling->file, place);
    snprintf(place + size, sizeof place - size, ".%llu.%llu", (unsigned long long) row,
             (unsigned long long) list_alone_again(arrival->bytes, arrival->size));
    if (!telling->began)
        list_write_alone_header(arrival->bytes, arrival->size, true, &telling->errors);
    telling->began = true;
    list_write_alone_errors(arrival->bytes, arrival->size, arrival->report, place, &telling->errors);
}

static void tell_row(void *context, uint64_t row, const struct intake_arrival *arrival,
                     const struct intake_receipt *receipt)
{
    struct telling    *telling = context;
    struct json_writer json;
    begin_line(telling, &json);
    json_key(&json, "row");
    json_put_integer(&json, (int64_t) row);
    put_receipt(&json, receipt);
    report_write_faults(arrival->report, &json);
    json_end(&json);
    sink_character(&telling->out, '\n');
    if (telling->has_errors && arrival->reject)
        write_error(telling, row, arrival);
}

/* The file's own line. */
static void tell_file(struct telling *telling, const struct intake_receipt *receipt, const struct intake_table *table,
                      const struct intake_table_counts *counts)
{
    struct json_writer json;
    begin_line(telling, &json);
    put_receipt(&json, receipt);
    if (counts != NULL) {
        if (counts->reason[0] != '\0') {
            json_key(&json, "reason");
            json_put_string(&json, counts->reason);
        }
        json_key(&json, "rows");
        json_put_integer(&json, (int64_t) counts->rows);
        json_key(&json, "repeated_rows");
        json_put_integer(&json, (int64_t) counts->repeated);
        json_key(&json, "bad_rows");
        json_put_integer(&json, (int64_t) counts->bad);
    } else if (table->list != NULL || table->counts != NULL) {
        json_key(&json, "proposed");
        intake_table_write_mapping(table, &json);
    }
    json_end(&json);
    sink_character(&telling->out, '\n');
}

/* ---- one file ---- */

static int load(struct take_table_call *call, struct telling *telling, struct intake_table *table,
                const struct intake_arrival *arrival, struct intake_receipt *receipt)
{
    struct intake_table_counts counts;
    struct fault_list          none = FAULT_LIST_INIT;
    telling->file = &receipt->message;
    int ret =
        intake_table_rows(call->intake, call->reader, table, &receipt->message, arrival, tell_row, telling, &counts);
    if (ret != 0 && ret != BASE_ERR_INPUT)
        return node_complain(call->command, ret, &none);
    snprintf(receipt->verdict, sizeof receipt->verdict, "%s",
             ret != 0 && table->counts != NULL ? "held"
             : ret != 0 || counts.bad > 0      ? "accepted-with-faults"
                                               : "accepted");
    tell_file(telling, receipt, table, &counts);
    call->num_bad += counts.bad + (ret != 0);
    return CLI_DONE;
}

/* What is asked, in one clause, without a value. */
static const char *why_not(int status, const struct intake_table *table)
{
    if (status == 0)
        return "what its columns mean is to be confirmed";
    return table->list != NULL || table->counts != NULL ? "questions about its columns are open"
                                                        : "it can be read neither as a line list nor as one of numbers";
}

static int keep(struct take_table_call *call, const struct intake_arrival *arrival,
                const struct intake_table_form *form, const struct intake_table *table, int status,
                struct intake_receipt *receipt)
{
    bool        ready = status == 0 && table->is_confirmed;
    const char *verdict = ready ? "received" : table->list != NULL || table->counts != NULL ? "held" : "rejected";
    return intake_table_keep(call->intake, call->reader, arrival, form, verdict, ready ? NULL : why_not(status, table),
                             receipt);
}

static int take(struct take_table_call *call, struct telling *telling, const struct intake_arrival *arrival,
                const struct intake_table_form *form, struct intake_table *table, int status)
{
    struct intake_receipt receipt;
    struct fault_list     none = FAULT_LIST_INIT;
    int                   ret = 0;
    bool                  confirms = call->options->mapping != NULL || call->options->as_proposed;
    if (status == 0 && confirms)
        ret = intake_table_remember(call->intake, call->reader, call->feed, table, &call->submitted_by);
    table->is_confirmed = table->is_confirmed || confirms;
    if (ret == 0)
        ret = keep(call, arrival, form, table, status, &receipt);
    if (ret == INTAKE_ERR_RESERVE)
        return cli_complain(call->command, CLI_MACHINE, "%s: the disk is nearly full: nothing was kept", telling->path);
    if (ret != 0)
        return node_complain(call->command, ret, &none);
    bool done = strcmp(receipt.verdict, "accepted") == 0;
    table->is_repeated = receipt.repeats && strcmp(receipt.verdict, "accepted-with-faults") == 0;
    if (status == 0 && table->is_confirmed && !done)
        return load(call, telling, table, arrival, &receipt);
    tell_file(telling, &receipt, table, NULL);
    call->num_bad += !done;
    return CLI_DONE;
}

static int open_errors(const struct take_table_call *call, struct telling *telling)
{
    if (call->options->errors == NULL)
        return CLI_DONE;
    if (sink_open(&telling->errors, call->options->errors) != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", call->options->errors,
                            strerror(telling->errors.failure));
    telling->has_errors = true;
    return CLI_DONE;
}

static int finish_errors(const struct take_table_call *call, struct telling *telling, int exit_code)
{
    if (!telling->has_errors)
        return exit_code;
    if (sink_finish(&telling->errors) != 0 && exit_code == CLI_DONE)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", call->options->errors,
                            strerror(telling->errors.failure));
    return exit_code;
}

static int read_form(const struct take_table_call *call, struct intake_table_form *form)
{
    const struct take_table_options *options = call->options;
    const char                      *delimiter = options->delimiter != NULL ? options->delimiter : "";
    *form = (struct intake_table_form){ .delimiter = strcmp(delimiter, "tab") == 0 ? '\t' : delimiter[0] };
    if (strcmp(delimiter, "tab") != 0 &&
        (strlen(delimiter) > 1 || (*delimiter != '\0' && strchr(",;|\t", *delimiter) == NULL)))
        return cli_complain(call->command, CLI_USE, "--delimiter: allowed: , ; | tab");
    if (options->encoding != NULL && encoding_named(options->encoding) == ENCODING_UNDECIDED)
        return cli_complain(call->command, CLI_USE, "--encoding: allowed: %s", ENCODING_ALLOWED);
    snprintf(form->encoding, sizeof form->encoding, "%s", options->encoding != NULL ? options->encoding : "");
    snprintf(form->sheet, sizeof form->sheet, "%s", options->sheet != NULL ? options->sheet : "");
    return CLI_DONE;
}

static int take_open(struct take_table_call *call, const char *path, const struct report_text *file,
                     const struct intake_table_form *form, const struct report_text *mapping)
{
    struct telling        telling = { .path = path };
    struct fault_list     faults = FAULT_LIST_INIT;
    struct intake_table   table = { .known = MODEL_MISSING_DATE };
    struct list_options   options = { .disease = call->options->disease,
                                      .dates = (enum list_dates)(call->options->dates + 1) };
    struct intake_arrival arrival = { .channel = "command-line",
                                      .format = intake_table_format(file->bytes, file->size),
                                      .feed = call->feed,
                                      .submitted_by = call->submitted_by,
                                      .history = call->history,
                                      .bytes = file->bytes,
                                      .size = file->size };
    int                   ret = intake_table_open(call->intake, call->reader, call->feed, file, path, form,
                                mapping->bytes != NULL ? mapping : NULL, &options, &faults, &table);
    int                   exit_code =
        ret == 0 || ret == BASE_ERR_INPUT ? open_errors(call, &telling) : node_complain(call->command, ret, &faults);
    fault_list_write(&faults, stderr);
    if (exit_code == CLI_DONE && sink_open(&telling.out, NULL) != 0)
        exit_code = cli_complain(call->command, CLI_MACHINE, "standard output cannot be written");
    if (exit_code == CLI_DONE) {
        exit_code = take(call, &telling, &arrival, form, &table, ret);
        if (sink_finish(&telling.out) != 0 && exit_code == CLI_DONE)
            exit_code = cli_complain(call->command, CLI_MACHINE, "standard output: %s", strerror(telling.out.failure));
    }
    exit_code = finish_errors(call, &telling, exit_code);
    fault_list_free(&faults);
    intake_table_close(&table);
    return exit_code;
}

int take_table_file(struct take_table_call *call, const char *path, const char *bytes, size_t size)
{
    struct intake_table_form form;
    struct file_bytes        mapping = { 0 };
    struct report_text       file = { bytes, size }, said = { NULL, 0 };
    int                      exit_code = read_form(call, &form);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (call->feed == NULL)
        return cli_complain(call->command, CLI_USE, "%s: whose line list is it? --feed is needed", path);
    int failure = call->options->mapping != NULL ? file_bytes_open(&mapping, call->options->mapping) : 0;
    if (failure != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", call->options->mapping, strerror(failure));
    if (call->options->mapping != NULL)
        said = (struct report_text){ mapping.bytes != NULL ? mapping.bytes : "", mapping.size };
    if (size == 0)
        exit_code = cli_complain(call->command, CLI_INPUT, "%s: an empty file", path);
    else
        exit_code = take_open(call, path, &file, &form, &said);
    if (mapping.size > 0)
        file_bytes_close(&mapping);
    return exit_code;
}
