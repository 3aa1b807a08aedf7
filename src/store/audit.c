/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/audit.h"

#include <sodium.h>
#include <string.h>

#include "store/select_many.h"
#include "store/tables.h"

#define DOMAIN "tocsin audit 1\n"

enum { PAGE = 1000 };

static void write_number(uint8_t *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t) (number >> (8 * i));
}

static void hash_number(crypto_generichash_state *state, uint64_t number, size_t size)
{
    uint8_t bytes[8];
    write_number(bytes, number, size);
    crypto_generichash_update(state, bytes, size);
}

static void hash_bytes(crypto_generichash_state *state, const void *bytes, size_t size)
{
    hash_number(state, size, 4);
    if (size > 0)
        crypto_generichash_update(state, bytes, size);
}

/* The hash of a row of table audit behind the hash before it. */
static void hash_row(const uint8_t previous[AUDIT_HASH_BYTES], const struct db_value *row,
                     uint8_t hash[AUDIT_HASH_BYTES])
{
    static const struct id   nobody;
    crypto_generichash_state state;
    const struct db_value   *actor = &row[store_audit_actor];
    crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_BYTES);
    crypto_generichash_update(&state, previous, AUDIT_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) DOMAIN, strlen(DOMAIN));
    hash_number(&state, (uint64_t) row[store_audit_number].integer, 8);
    hash_number(&state, (uint64_t) row[store_audit_at].integer, 8);
    hash_number(&state, (uint64_t) row[store_audit_fence].integer, 8);
    crypto_generichash_update(&state, actor->type == DB_BYTES ? (const uint8_t *) actor->bytes : nobody.bytes,
                              ID_BYTES);
    static const size_t columns[] = { store_audit_role, store_audit_purpose, store_audit_verb, store_audit_subjects,
                                      store_audit_digest };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const struct db_value *value = &row[columns[i]];
        bool                   present = value->type == DB_TEXT || value->type == DB_BYTES;
        hash_bytes(&state, present ? value->bytes : NULL, present ? value->size : 0);
    }
    crypto_generichash_final(&state, hash, AUDIT_HASH_BYTES);
}

static int write_subjects(const struct audit_entry *entry, struct arena *arena, struct db_value *value)
{
    size_t size = 0;
    for (size_t i = 0; i < entry->num_subjects; i++)
        size += 1 + strlen(entry->subjects[i].record) + 4 + entry->subjects[i].num * ID_BYTES;
    if (size == 0) {
        *value = db_null();
        return 0;
    }
    uint8_t *bytes = arena_array(arena, size, 1), *at = bytes;
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < entry->num_subjects; i++) {
        const struct audit_subjects *subjects = &entry->subjects[i];
        size_t                       length = strlen(subjects->record);
        *at++ = (uint8_t) length;
        memcpy(at, subjects->record, length);
        at += length;
        write_number(at, subjects->num, 4);
        at += 4;
        memcpy(at, subjects->ids, subjects->num * ID_BYTES);
        at += subjects->num * ID_BYTES;
    }
    *value = db_bytes(bytes, size);
    return 0;
}

/* A copy in arena, so that the row outlives the entry. Missing stays missing. */
static int keep(struct arena *arena, const void *bytes, size_t size, struct db_value *value)
{
    *value = db_null();
    if (bytes == NULL)
        return 0;
    const char *copy = arena_copy(arena, bytes, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    *value = db_bytes(copy, size);
    return 0;
}

int audit_append(struct audit_head *head, const struct audit_entry *entry, struct arena *arena, struct db_value *row)
{
    uint8_t *hash = arena_array(arena, AUDIT_HASH_BYTES, 1);
    if (hash == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = write_subjects(entry, arena, &row[store_audit_subjects]);
    if (ret != 0)
        return ret;
    row[store_audit_number] = db_integer(head->number + 1);
    row[store_audit_at] = db_integer(entry->at);
    row[store_audit_fence] = db_integer(entry->fence);
    row[store_audit_role] = db_word(entry->role);
    row[store_audit_purpose] = db_word(entry->purpose);
    row[store_audit_verb] = db_word(entry->verb);
    ret = keep(arena, id_is_missing(&entry->actor) ? NULL : entry->actor.bytes, ID_BYTES, &row[store_audit_actor]);
    if (ret == 0)
        ret = keep(arena, entry->digest.bytes, entry->digest.size, &row[store_audit_digest]);
    if (ret != 0)
        return ret;
    hash_row(head->hash, row, hash);
    row[store_audit_hash] = db_bytes(hash, AUDIT_HASH_BYTES);
    head->number++;
    head->at = entry->at;
    memcpy(head->hash, hash, AUDIT_HASH_BYTES);
    return 0;
}

void audit_head_write(const struct audit_head *head, uint8_t bytes[AUDIT_HEAD_BYTES])
{
    write_number(bytes, (uint64_t) head->number, 8);
    write_number(bytes + 8, (uint64_t) head->at, 8);
    memcpy(bytes + 16, head->hash, AUDIT_HASH_BYTES);
}

/* ---- reading ---- */

static int head_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct audit_head *head = context;
    (void) num_columns;
    if (row[2].type != DB_BYTES || row[2].size != AUDIT_HASH_BYTES)
        return DB_ERR_CORRUPT;
    head->number = row[0].integer;
    head->at = row[1].integer;
    memcpy(head->hash, row[2].bytes, AUDIT_HASH_BYTES);
    return 0;
}

int audit_read_head(struct db *db, struct audit_head *head, struct db_error *error)
{
    struct audit_head found = { .number = 0 };
    int ret = select_rows(db, "SELECT number, at, hash FROM audit ORDER BY number DESC LIMIT 1", NULL, 0, head_row,
                          &found, error);
    if (ret == 0)
        *head = found;
    return ret;
}

struct walk {
    const struct audit_head *heads;
    size_t                   num_heads;
    struct audit_result      result;
};

static int stop(struct walk *walk, enum audit_verdict verdict, int64_t number)
{
    walk->result.verdict = verdict;
    walk->result.number = number;
    return 1;
}

/* One entry: 0, or 1 where the chain is broken. */
static int walk_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct walk *walk = context;
    uint8_t      hash[AUDIT_HASH_BYTES];
    int64_t      number = row[store_audit_number].integer;
    (void) num_columns;
    if (number != walk->result.head.number + 1)
        return stop(walk, AUDIT_MISSING, walk->result.head.number + 1);
    hash_row(walk->result.head.hash, row, hash);
    const struct db_value *stored = &row[store_audit_hash];
    if (stored->type != DB_BYTES || stored->size != AUDIT_HASH_BYTES ||
        memcmp(stored->bytes, hash, AUDIT_HASH_BYTES) != 0)
        return stop(walk, AUDIT_CHANGED, number);
    for (size_t i = 0; i < walk->num_heads; i++)
        if (walk->heads[i].number == number && memcmp(walk->heads[i].hash, hash, AUDIT_HASH_BYTES) != 0)
            return stop(walk, AUDIT_OTHER_HEAD, number);
    walk->result.head.number = number;
    walk->result.head.at = row[store_audit_at].integer;
    memcpy(walk->result.head.hash, hash, AUDIT_HASH_BYTES);
    walk->result.entries++;
    return 0;
}

int audit_verify(struct db *db, const struct audit_head *heads, size_t num_heads, struct audit_result *result,
                 struct db_error *error)
{
    struct walk walk = { .heads = heads, .num_heads = num_heads };
    int         ret = 0;
    for (int64_t before = -1; ret == 0 && before != walk.result.head.number;) {
        before = walk.result.head.number;
        struct db_value parameters[] = { db_integer(before), db_integer(PAGE) };
        ret = select_rows(db,
                          "SELECT number, at, fence, actor, role, purpose, verb, subjects, digest, hash FROM audit "
                          "WHERE number > $1 ORDER BY number LIMIT $2",
                          parameters, 2, walk_row, &walk, error);
    }
    if (ret < 0)
        return ret;
    for (size_t i = 0; i < num_heads && walk.result.verdict == AUDIT_WHOLE; i++)
        if (heads[i].number > walk.result.head.number)
            (void) stop(&walk, AUDIT_SHORTENED, heads[i].number);
    *result = walk.result;
    return 0;
}
