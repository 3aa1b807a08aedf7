/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/message_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "store/rows_by.h"
#include "store/schema.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"
#include "store/store_internal.h"

/* A sealed part of a message: the raw bytes, or a slice. */
struct part {
    struct id             id, owner; /* of the row, and of its key */
    struct model_text     sealed;
    struct keeper_wrapped wrapped;
    bool                  there;
    struct model_text     bytes; /* opened */
};

struct parts {
    struct part  *parts; /* ordered by row */
    size_t        num;
    struct arena *arena;
};

static int by_id(const void *a, const void *b)
{
    return id_compare(&((const struct part *) a)->id, &((const struct part *) b)->id);
}

static struct part *find(const struct parts *parts, const struct db_value *id)
{
    struct part key;
    if (id->type != DB_BYTES || id->size != ID_BYTES)
        return NULL;
    memcpy(key.id.bytes, id->bytes, ID_BYTES);
    return bsearch(&key, parts->parts, parts->num, sizeof key, by_id);
}

/* id, sealed, generation, wrapped */
static int part_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct parts *parts = context;
    struct part  *part = find(parts, &row[0]);
    (void) num_columns;
    if (part == NULL || part->there || row[1].type != DB_BYTES || row[3].type != DB_BYTES ||
        row[3].size != KEEPER_WRAPPED_BYTES)
        return 0;
    part->sealed = (struct model_text){ arena_copy(parts->arena, row[1].bytes, row[1].size), row[1].size };
    part->wrapped.owner = part->owner;
    part->wrapped.generation = (uint32_t) row[2].integer;
    memcpy(part->wrapped.bytes, row[3].bytes, KEEPER_WRAPPED_BYTES);
    part->there = true;
    return part->sealed.bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

/* Open the parts of one record; those whose key does not open stay closed. */
static int unwrap(struct store_reader *reader, const struct model_record *record, struct parts *parts)
{
    struct keeper_error    failure = { 0 };
    struct keeper_wrapped *wrapped = memory_array(parts->num + 1, sizeof *wrapped);
    struct seal_key       *keys = memory_array(parts->num + 1, sizeof *keys);
    int                   *statuses = memory_array(parts->num + 1, sizeof *statuses);
    size_t                 num = 0, at = 0;
    int                    ret = wrapped == NULL || keys == NULL || statuses == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < parts->num && ret == 0; i++)
        if (parts->parts[i].there)
            wrapped[num++] = parts->parts[i].wrapped;
    if (ret == 0 && num > 0)
        ret = keeper_unwrap(reader->store->options.keeper, KEEPER_MESSAGE, wrapped, num, keys, statuses, &failure);
    for (size_t i = 0; i < parts->num && ret == 0; i++) {
        struct part *part = &parts->parts[i];
        void        *value = part->there ? arena_array(parts->arena, 1, record->size) : NULL;
        if (!part->there || statuses[at++] != 0)
            continue;
        if (value == NULL) {
            ret = TOC_ERR_NO_MEMORY;
            break;
        }
        model_init(record, value);
        ((struct model_head *) value)->id = part->id;
        ret = sealed_fields_open(&keys[at - 1], record, part->sealed, parts->arena, value);
        const struct model_field *bytes = model_field_find(record, "bytes", 5);
        if (ret == 0)
            part->bytes = *(const struct model_text *) (const void *) ((const char *) value + bytes->offset);
    }
    if (keys != NULL)
        seal_keys_wipe(keys, num);
    free(wrapped);
    free(keys);
    free(statuses);
    return ret;
}

/* Read and open rows of a record by their ids. key: the column that names whose key it is. */
static int open_parts(struct store_reader *reader, const struct model_record *record, const char *key,
                      struct parts *parts)
{
    struct db       *db;
    char             before[300];
    struct db_value *ids = memory_array(parts->num + 1, sizeof *ids);
    int              ret = ids == NULL ? TOC_ERR_NO_MEMORY : store_reader_db(reader, &db);
    if (parts->num > 1)
        qsort(parts->parts, parts->num, sizeof *parts->parts, by_id);
    for (size_t i = 0; i < parts->num && ret == 0; i++)
        ids[i] = db_id(&parts->parts[i].id);
    snprintf(before, sizeof before,
             "SELECT r.\"id\", r.\"sealed\", k.\"generation\", k.\"wrapped\" FROM \"%s\" AS r JOIN \"person_key\" AS k "
             "ON k.\"person\" = r.\"%s\" WHERE r.\"id\"",
             record->name, key);
    if (ret == 0 && parts->num > 0)
        ret = select_many(db, before, "", ids, parts->num, part_row, parts, &reader->error);
    free(ids);
    return ret == 0 ? unwrap(reader, record, parts) : ret;
}

/* ---- those that wait ---- */

struct waiting {
    struct arena         *arena;
    struct message_bytes *messages;
    size_t                num, most;
    int64_t               bytes;
    const struct id      *except;
    size_t                num_except;
};

static int waiting_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct waiting       *waiting = context;
    struct model_message *message = &waiting->messages[waiting->num].message;
    (void) num_columns;
    if (waiting->num == waiting->most || waiting->bytes > (int64_t) MESSAGE_BYTES_MOST)
        return 0;
    for (size_t i = 0; i < waiting->num_except; i++)
        if (memcmp(waiting->except[i].bytes, row[SCHEMA_ID].bytes, ID_BYTES) == 0)
            return 0;
    int ret = schema_fetch(model_record(MODEL_MESSAGE), row, waiting->arena, message, NULL);
    if (ret != 0)
        return ret;
    waiting->bytes += message->num_bytes;
    if (waiting->num == 0 || waiting->bytes <= (int64_t) MESSAGE_BYTES_MOST)
        waiting->num++;
    return 0;
}

int store_messages_waiting(struct store_reader *reader, const struct id *except, size_t num_except, size_t most,
                           struct arena *arena, struct message_bytes **messages, size_t *num)
{
    char            sql[4096];
    struct db      *db;
    struct db_value values[] = { db_word("received"), db_integer((int64_t) (most + num_except)) };
    struct waiting  waiting = { .arena = arena, .most = most, .except = except, .num_except = num_except };
    struct parts    parts = { .arena = arena };
    waiting.messages = arena_array(arena, most + 1, sizeof *waiting.messages);
    parts.parts = arena_array(arena, most + 1, sizeof *parts.parts);
    if (waiting.messages == NULL || parts.parts == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(sql, sizeof sql, "%s WHERE verdict = $1 ORDER BY received, id LIMIT $2",
             store_select(reader->store, model_record(MODEL_MESSAGE)));
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, sql, values, 2, waiting_row, &waiting, &reader->error);
    for (size_t i = 0; i < waiting.num && ret == 0; i++)
        if (!id_is_missing(&waiting.messages[i].message.raw)) {
            struct id raw = waiting.messages[i].message.raw;
            parts.parts[parts.num++] = (struct part){ .id = raw, .owner = raw };
        }
    if (ret == 0)
        ret = open_parts(reader, model_record(MODEL_MESSAGE_RAW), "id", &parts);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < waiting.num; i++) {
        struct db_value    raw = db_id(&waiting.messages[i].message.raw);
        const struct part *part = find(&parts, &raw);
        if (part != NULL)
            waiting.messages[i].bytes = part->bytes;
    }
    *messages = waiting.messages;
    *num = waiting.num;
    return 0;
}

struct backlog {
    int64_t num, oldest;
};

static int backlog_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct backlog *backlog = context;
    (void) num_columns;
    backlog->num = row[0].integer;
    backlog->oldest = row[1].type == DB_INTEGER ? row[1].integer : INSTANT_MISSING;
    return 0;
}

int store_messages_backlog(struct store_reader *reader, int64_t *num, int64_t *oldest)
{
    struct db      *db;
    struct db_value value = db_word("received");
    struct backlog  backlog = { 0, INSTANT_MISSING };
    int             ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT count(*), min(received) FROM message WHERE verdict = $1", &value, 1, backlog_row,
                          &backlog, &reader->error);
    if (ret == 0) {
        *num = backlog.num;
        *oldest = backlog.oldest;
    }
    return ret;
}

/* ---- one message ---- */

static int one_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct waiting *waiting = context;
    (void) num_columns;
    waiting->num = 1;
    return schema_fetch(model_record(MODEL_MESSAGE), row, waiting->arena, &waiting->messages->message, NULL);
}

static int by_offset(const void *a, const void *b)
{
    const struct model_message_slice *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The rest with the slices where they stood. */
static int join(struct arena *arena, struct model_text rest, const struct model_message_slice *slices, size_t num,
                const struct parts *parts, struct message_bytes *found, bool *whole)
{
    size_t size = rest.size, used = 0, from = 0, at = 0; /* at: in the message as it came */
    for (size_t i = 0; i < parts->num; i++)
        size += parts->parts[i].bytes.size;
    char *bytes = arena_array(arena, size + 1, 1);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        struct db_value    id = db_id(&slices[i].head.id);
        const struct part *part = find(parts, &id);
        size_t             before = (size_t) slices[i].offset > at ? (size_t) slices[i].offset - at : 0;
        if (before > rest.size - from)
            before = rest.size - from;
        if (before > 0)
            memcpy(bytes + used, rest.bytes + from, before);
        used += before;
        from += before;
        at += before + (size_t) slices[i].num_bytes;
        if (part == NULL || part->bytes.bytes == NULL) {
            *whole = false;
            continue;
        }
        memcpy(bytes + used, part->bytes.bytes, part->bytes.size);
        used += part->bytes.size;
    }
    if (rest.size > from)
        memcpy(bytes + used, rest.bytes + from, rest.size - from);
    found->bytes = (struct model_text){ bytes, used + rest.size - from };
    return 0;
}

static int open_slices(struct store_reader *reader, struct arena *arena, struct model_text rest,
                       struct message_bytes *found, bool *whole)
{
    void        *rows = NULL;
    struct parts parts = { .arena = arena };
    size_t       num;
    int ret = store_rows_of(reader, model_record(MODEL_MESSAGE_SLICE), "message", &found->message.head.id, 10000, arena,
                            &rows, &num);
    struct model_message_slice *slices = rows;
    if (ret == 0 && num > 0) {
        qsort(slices, num, sizeof *slices, by_offset);
        parts.parts = arena_array(arena, num, sizeof *parts.parts);
        if (parts.parts == NULL)
            return TOC_ERR_NO_MEMORY;
        for (size_t i = 0; i < num; i++)
            parts.parts[parts.num++] = (struct part){ .id = slices[i].head.id, .owner = slices[i].person };
        ret = open_parts(reader, model_record(MODEL_MESSAGE_SLICE), "person", &parts);
    }
    return ret == 0 ? join(arena, rest, slices, num, &parts, found, whole) : ret;
}

int store_message_bytes(struct store_reader *reader, const struct id *message, struct arena *arena,
                        struct message_bytes *found, bool *whole)
{
    char            sql[4096];
    struct db      *db;
    struct db_value id = db_id(message);
    struct waiting  waiting = { .arena = arena, .messages = found };
    struct part     raw = { .there = false };
    struct parts    parts = { .parts = &raw, .num = 1, .arena = arena };
    *found = (struct message_bytes){ .bytes = { NULL, 0 } };
    *whole = true;
    snprintf(sql, sizeof sql, "%s WHERE id = $1", store_select(reader->store, model_record(MODEL_MESSAGE)));
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, sql, &id, 1, one_row, &waiting, &reader->error);
    if (ret == 0 && waiting.num == 0)
        ret = STORE_ERR_ABSENT;
    if (ret == 0 && !id_is_missing(&found->message.raw)) {
        raw.id = raw.owner = found->message.raw;
        ret = open_parts(reader, model_record(MODEL_MESSAGE_RAW), "id", &parts);
    }
    if (ret == 0)
        ret = open_slices(reader, arena, raw.bytes, found, whole);
    return ret == 0 && found->bytes.size == 0 ? STORE_ERR_ABSENT : ret;
}

/* ---- a file's parts ---- */

#define MOST_PARTS 100000

static int by_position(const void *a, const void *b)
{
    const struct model_message_part *x = a, *y = b;
    return x->position < y->position ? -1 : x->position > y->position;
}

int store_message_parts(struct store_reader *reader, const struct id *message, store_take_part *take, void *context,
                        size_t *num)
{
    struct arena arena = { .limit = (size_t) 64 << 20 };
    void        *rows = NULL;
    size_t       num_rows = 0;
    int ret = store_rows_of(reader, model_record(MODEL_MESSAGE_PART), "message", message, MOST_PARTS, &arena, &rows,
                            &num_rows);
    struct model_message_part *all = rows;
    *num = 0;
    if (ret == 0 && num_rows > 1)
        qsort(all, num_rows, sizeof *all, by_position);
    for (size_t i = 0; i < num_rows && ret == 0; i++) {
        struct arena own = { .limit = (size_t) 64 << 20 };
        struct part  part = { .id = all[i].head.id, .owner = all[i].head.id };
        struct parts parts = { .parts = &part, .num = 1, .arena = &own };
        ret = open_parts(reader, model_record(MODEL_MESSAGE_PART), "id", &parts);
        if (ret == 0 && part.bytes.bytes == NULL)
            ret = STORE_ERR_ABSENT; /* its key is gone */
        if (ret == 0)
            ret = take(context, all[i].position, part.bytes.bytes, part.bytes.size);
        *num += ret == 0;
        arena_wipe(&own);
        arena_free(&own);
    }
    arena_free(&arena);
    return ret;
}

/* ---- a file's rows ---- */

struct verdicts {
    const char *const *words;
    size_t             num;
    int64_t           *nums;
};

static int verdict_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct verdicts *verdicts = context;
    (void) num_columns;
    for (size_t i = 0; i < verdicts->num; i++)
        if (row[0].size == strlen(verdicts->words[i]) && memcmp(row[0].bytes, verdicts->words[i], row[0].size) == 0)
            verdicts->nums[i] = row[1].integer;
    return 0;
}

int store_message_count_rows(struct store_reader *reader, const struct id *file, const char *const *words,
                             size_t num_words, int64_t *nums)
{
    struct db      *db;
    struct db_value value = db_id(file);
    struct verdicts verdicts = { words, num_words, nums };
    int             ret = store_reader_db(reader, &db);
    for (size_t i = 0; i < num_words; i++)
        nums[i] = 0;
    return ret != 0 ? ret
                    : select_rows(db, "SELECT verdict, count(*) FROM message WHERE part_of = $1 GROUP BY verdict",
                                  &value, 1, verdict_row, &verdicts, &reader->error);
}

static int take_file_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct waiting *rows = context;
    (void) num_columns;
    return schema_fetch(model_record(MODEL_MESSAGE), row, rows->arena, &rows->messages[rows->num++].message, NULL);
}

int store_message_rows(struct store_reader *reader, const struct id *file, const char *verdict, int64_t after,
                       size_t most, struct arena *arena, struct model_message **rows, size_t *num)
{
    char                  sql[4096];
    struct db            *db;
    struct db_value       values[] = { db_id(file), db_word(verdict), db_integer(after), db_integer((int64_t) most) };
    struct waiting        found = { .arena = arena, .messages = arena_array(arena, most + 1, sizeof *found.messages) };
    struct model_message *all = arena_array(arena, most + 1, sizeof *all);
    if (found.messages == NULL || all == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(sql, sizeof sql, "%s WHERE part_of = $1 AND verdict = $2 AND position > $3 ORDER BY position LIMIT $4",
             store_select(reader->store, model_record(MODEL_MESSAGE)));
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, sql, values, 4, take_file_row, &found, &reader->error);
    for (size_t i = 0; i < found.num && ret == 0; i++)
        all[i] = found.messages[i].message;
    if (ret == 0) {
        *rows = all;
        *num = found.num;
    }
    return ret;
}
