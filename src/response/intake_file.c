/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of line lists in sealed parts: in, out again, and away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "formats/sheet/objects.h"
#include "response/intake_internal.h"
#include "response/intake_table.h"
#include "response/intake_table_internal.h"
#include "store/message_bytes.h"
#include "store/node.h"
#include "store/rows_by.h"

#define MOST_PARTS 1000 /* INTAKE_MAX_FILE in parts, and the form */

static const char *const formats[] = { "csv", "ndjson", "xlsx" };

bool intake_is_table(const struct model_message *message)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (message->format.size == strlen(formats[i]) &&
            memcmp(message->format.bytes, formats[i], message->format.size) == 0)
            return true;
    return false;
}

const char *intake_table_format(const char *bytes, size_t size)
{
    return sheet_is_archive(bytes, size) ? "xlsx" : sheet_objects_begin(bytes, size) ? "ndjson" : "csv";
}

/* ---- the form, which is part 0 ---- */

static void write_form(const struct intake_table_form *form, struct sink *sink)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "encoding");
    json_put_string(&json, form->encoding);
    json_key(&json, "sheet");
    json_put_string(&json, form->sheet);
    json_key(&json, "delimiter");
    json_put_string_of(&json, &form->delimiter, form->delimiter != '\0');
    json_end(&json);
}

static void take_text(const struct value *value, char *text, size_t size)
{
    if (value_is(value, VALUE_TEXT) && value->length < size)
        snprintf(text, size, "%.*s", (int) value->length, value->text);
}

static void read_form(const char *bytes, size_t size, struct intake_table_form *form)
{
    struct value_tree  tree = VALUE_TREE_INIT;
    struct json_limits limits = { .max_depth = 2 };
    struct json_fault  fault;
    char               delimiter[2] = "";
    if (json_read(bytes, size, &limits, &tree, &fault) == 0) {
        take_text(value_get(tree.values, "encoding"), form->encoding, sizeof form->encoding);
        take_text(value_get(tree.values, "sheet"), form->sheet, sizeof form->sheet);
        take_text(value_get(tree.values, "delimiter"), delimiter, sizeof delimiter);
        form->delimiter = delimiter[0];
    }
    value_tree_free(&tree);
}

/* ---- in ---- */

static int put_part(struct intake *intake, const struct id *message, const struct id *area, int64_t position,
                    struct model_text bytes)
{
    int64_t                   now = store_clock_now(intake->options.store);
    struct access             who = intake_program();
    struct model_message_part part;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_MESSAGE_PART), .value = &part };
    struct store_request request = { .verb = "receive message", .set = { &change, 1 }, .bulk = true };
    model_init(model_record(MODEL_MESSAGE_PART), &part);
    part.head.id = node_new_id(now);
    part.area = *area;
    part.message = *message;
    part.position = position;
    part.received = now;
    part.bytes = bytes;
    return store_submit(intake->options.store, &who, &request, NULL, NULL);
}

/* The parts of a file that are there: ids and positions. */
static int list_parts(struct store_reader *reader, const struct id *message, struct arena *arena,
                      struct model_message_part **parts, size_t *num)
{
    void *rows = NULL;
    int   ret =
        store_rows_of(reader, model_record(MODEL_MESSAGE_PART), "message", message, MOST_PARTS, arena, &rows, num);
    *parts = rows;
    return ret;
}

static int put_parts(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                     const struct intake_table_form *form, const struct id *message)
{
    struct arena               arena = ARENA_INIT;
    struct sink                sink;
    struct model_message_part *there = NULL;
    size_t                     num_there = 0, num = 1 + (arrival->size + INTAKE_PART_BYTES - 1) / INTAKE_PART_BYTES;
    int                        ret = list_parts(reader, message, &arena, &there, &num_there);
    sink_init_memory(&sink);
    write_form(form, &sink);
    for (size_t i = 0; i < num && ret == 0; i++) {
        size_t            at = i == 0 ? 0 : (i - 1) * INTAKE_PART_BYTES;
        size_t            size = arrival->size - at < INTAKE_PART_BYTES ? arrival->size - at : INTAKE_PART_BYTES;
        struct model_text bytes = { (const char *) arrival->bytes + at, size };
        bool              known = false;
        for (size_t t = 0; t < num_there; t++)
            known |= there[t].position == (int64_t) i;
        if (i == 0)
            bytes = (struct model_text){ sink.bytes, sink.used };
        if (!known)
            ret = put_part(intake, message, &arrival->feed->area, (int64_t) i, bytes);
    }
    sink_free(&sink);
    arena_free(&arena);
    return ret;
}

int intake_table_say(struct intake *intake, const struct id *file, const char *verdict, const char *reason)
{
    struct access        who = intake_program();
    struct model_message row;
    struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_MESSAGE), .value = &row };
    struct store_request request = { .verb = "receive message", .set = { &change, 1 } };
    model_init(model_record(MODEL_MESSAGE), &row);
    row.head.id = *file;
    row.verdict = intake_text(verdict);
    model_set_add(&change.given, model_message_verdict);
    if (reason != NULL && reason[0] != '\0')
        row.reason = intake_text(reason);
    model_set_add(&change.given, model_message_reason);
    return store_submit(intake->options.store, &who, &request, NULL, NULL);
}

/* Does it wait for somebody to say how it is to be read? */
static bool waits(const struct intake_receipt *receipt)
{
    return receipt->repeats && (strcmp(receipt->verdict, "held") == 0 || strcmp(receipt->verdict, "rejected") == 0);
}

/* How it was to be read: no more. */
static int drop_form(struct intake *intake, struct store_reader *reader, const struct id *message)
{
    struct arena               arena = ARENA_INIT;
    struct access              who = intake_program();
    struct model_message_part *there = NULL;
    size_t                     num = 0;
    int                        ret = list_parts(reader, message, &arena, &there, &num);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct store_change  change = { .verb = STORE_ERASE,
                                        .record = model_record(MODEL_MESSAGE_PART),
                                        .value = &there[i] };
        struct store_request request = { .verb = "receive message", .set = { &change, 1 } };
        if (there[i].position == 0)
            ret = store_submit(intake->options.store, &who, &request, NULL, NULL);
    }
    arena_free(&arena);
    return ret;
}

int intake_table_keep(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                      const struct intake_table_form *form, const char *verdict, const char *reason,
                      struct intake_receipt *receipt)
{
    struct intake_arrival whole = *arrival;
    whole.in_parts = true;
    int ret = intake_take(intake, &whole, receipt);
    if (ret == 0 && waits(receipt))
        ret = drop_form(intake, reader, &receipt->message);
    else if (ret != 0 || strcmp(receipt->verdict, "arriving") != 0)
        return ret; /* it was here before, as a whole */
    if (ret == 0)
        ret = put_parts(intake, reader, arrival, form, &receipt->message);
    if (ret == 0)
        ret = intake_table_say(intake, &receipt->message, verdict, reason);
    if (ret != 0)
        return ret;
    snprintf(receipt->verdict, sizeof receipt->verdict, "%s", verdict);
    if (strcmp(verdict, "received") == 0)
        intake_wake(intake);
    return 0;
}

/* ---- out ---- */

struct joining {
    struct intake_table_form *form;
    char                     *bytes;
    size_t                    size, used;
};

static int join_part(void *context, int64_t position, const char *bytes, size_t size)
{
    struct joining *joining = context;
    if (position == 0) {
        read_form(bytes, size, joining->form);
        return 0;
    }
    if (size > joining->size - joining->used)
        return STORE_ERR_ABSENT; /* more than was told: not to be */
    memcpy(joining->bytes + joining->used, bytes, size);
    joining->used += size;
    return 0;
}

int intake_table_bytes(struct store_reader *reader, const struct model_message *file, struct intake_table_form *form,
                       char **bytes)
{
    struct joining joining = { .form = form, .size = file->num_bytes > 0 ? (size_t) file->num_bytes : 0 };
    size_t         num = 0;
    joining.bytes = memory_array(joining.size + 1, 1);
    if (joining.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_message_parts(reader, &file->head.id, join_part, &joining, &num);
    if (ret == 0 && joining.used != joining.size)
        ret = STORE_ERR_ABSENT;
    if (ret != 0) {
        explicit_bzero(joining.bytes, joining.size);
        free(joining.bytes);
        return ret;
    }
    *bytes = joining.bytes;
    return 0;
}

/* ---- away ---- */

int intake_table_end(struct intake *intake, struct store_reader *reader, const struct id *file, const char *verdict,
                     const char *reason, const struct intake_table_counts *counts)
{
    struct arena               arena = ARENA_INIT;
    struct access              who = intake_program();
    struct model_message_part *parts = NULL;
    struct model_message       row;
    size_t                     num = 0;
    int                        ret = list_parts(reader, file, &arena, &parts, &num);
    struct store_change       *changes = arena_array(&arena, num + 1, sizeof *changes);
    if (ret == 0 && changes == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        model_init(model_record(MODEL_MESSAGE), &row);
        row.head.id = *file;
        row.verdict = intake_text(verdict);
        row.processed = store_clock_now(intake->options.store);
        row.num_faults = (int64_t) counts->bad;
        changes[0] =
            (struct store_change){ .verb = STORE_CHANGE, .record = model_record(MODEL_MESSAGE), .value = &row };
        model_set_add(&changes[0].given, model_message_verdict);
        model_set_add(&changes[0].given, model_message_processed);
        model_set_add(&changes[0].given, model_message_num_faults);
        if (counts->of_numbers) {
            row.num_values = (int64_t) counts->rows;
            model_set_add(&changes[0].given, model_message_num_values);
        }
        model_set_add(&changes[0].given, model_message_reason);
        if (reason[0] != '\0')
            row.reason = intake_text(reason);
        for (size_t i = 0; i < num; i++)
            changes[i + 1] = (struct store_change){ .verb = STORE_ERASE,
                                                    .record = model_record(MODEL_MESSAGE_PART),
                                                    .value = &parts[i] };
        struct store_request request = { .verb = "work off message", .set = { changes, num + 1 }, .bulk = true };
        ret = store_submit(intake->options.store, &who, &request, NULL, NULL);
    }
    arena_free(&arena);
    return ret;
}
