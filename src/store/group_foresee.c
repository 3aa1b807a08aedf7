/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the requests of a group foresee to look up, asked at once; and of that, what the database does not have. */
#include <sodium.h>
#include <string.h>

#include "model/records.h"
#include "store/foresee.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { LONGEST = 200, NAME_BYTES = 64 };

/* A value that is asked for, by its keyed hash: nobody can make two alike. */
struct asked {
    uint8_t         hash[crypto_shorthash_siphashx24_BYTES];
    const char     *table, *column;
    struct db_value value;
    bool            there;
};

struct store_foresight {
    struct group *group;
    int           status;
};

void group_foresee_init(struct group *group)
{
    group->asked = (struct key_table) KEY_TABLE_INIT(sizeof((struct asked *) NULL)->hash, struct asked);
    randombytes_buf(group->asked_key, sizeof group->asked_key);
}

static void hash_of(const struct group *group, const char *table, const char *column, const void *bytes, size_t size,
                    uint8_t hash[crypto_shorthash_siphashx24_BYTES])
{
    uint8_t input[2 * NAME_BYTES + LONGEST];
    size_t  used = 0;
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? table : column;
        size_t      length = strnlen(name, NAME_BYTES - 1);
        memcpy(input + used, name, length);
        used += length;
        input[used++] = 0;
    }
    if (size > 0)
        memcpy(input + used, bytes, size);
    crypto_shorthash_siphashx24(hash, input, used + size, group->asked_key);
}

static void ask(struct store_foresight *foresight, const char *table, const char *column, struct db_value value)
{
    struct group *group = foresight->group;
    uint8_t       hash[crypto_shorthash_siphashx24_BYTES];
    void         *slot;
    bool          added = false;
    if (foresight->status != 0 || value.size > LONGEST || value.size == 0)
        return;
    hash_of(group, table, column, value.bytes, value.size, hash);
    foresight->status = key_table_put(&group->asked, hash, &slot, &added);
    if (foresight->status != 0 || !added)
        return;
    struct asked *asked = slot;
    asked->table = table;
    asked->column = column;
    asked->value = value;
    asked->there = true; /* until it is known that it is not */
    asked->value.bytes = arena_copy(&group->arena, value.bytes, value.size);
    if (asked->value.bytes == NULL)
        foresight->status = TOC_ERR_NO_MEMORY;
}

void store_foresee_rows(struct store_foresight *foresight, const struct model_record *record, const char *name,
                        const struct model_text *keys, size_t num_keys)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    if (field == NULL || schema_column(record, (size_t) (field - record->fields)) < 0)
        return;
    bool text = field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_CODE;
    for (size_t i = 0; i < num_keys; i++)
        ask(foresight, record->name, field->name,
            text ? db_text(keys[i].bytes, keys[i].size) : db_bytes(keys[i].bytes, keys[i].size));
}

void store_foresee_persons(struct store_foresight *foresight, const struct meant_tokens *tokens)
{
    for (size_t i = 0; i < tokens->num; i++)
        ask(foresight, "search_token", "token", db_bytes(tokens->tokens[i].bytes, KEEPER_TOKEN_BYTES));
}

void store_foresee_record(struct store_foresight *foresight, const struct model_record *record, const struct id *id)
{
    struct entry *entry;
    if (foresight->status == 0 && !id_is_missing(id))
        foresight->status = group_entry(foresight->group, record, id, &entry);
}

/* ---- asking ---- */

struct answering {
    struct group *group;
    const char   *table, *column;
};

static int take(void *context, const struct db_value *row, size_t num_columns)
{
    const struct answering *answering = context;
    uint8_t                 hash[crypto_shorthash_siphashx24_BYTES];
    (void) num_columns;
    if (row[0].size > LONGEST)
        return 0;
    hash_of(answering->group, answering->table, answering->column, row[0].bytes, row[0].size, hash);
    struct asked *asked = key_table_find(&answering->group->asked, hash);
    if (asked != NULL)
        asked->there = true;
    return 0;
}

/* All values of one column, from the first on; those that were asked have no table any more. */
static int ask_column(struct group *group, size_t first)
{
    const struct asked *like = key_table_at(&group->asked, first);
    struct answering    answering = { .group = group, .table = like->table, .column = like->column };
    struct db_value    *keys = arena_array(&group->arena, group->asked.num - first, sizeof *keys);
    char                before[2 * NAME_BYTES + 60];
    size_t              num = 0;
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = first; i < group->asked.num; i++) {
        struct asked *asked = key_table_at(&group->asked, i);
        if (asked->table == NULL || strcmp(asked->table, answering.table) != 0 ||
            strcmp(asked->column, answering.column) != 0)
            continue;
        keys[num++] = asked->value;
        asked->table = NULL;
        asked->there = false;
    }
    snprintf(before, sizeof before, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\"", answering.column, answering.table,
             answering.column);
    return select_many(group->db, before, "", keys, num, take, &answering, &group->error);
}

/* Nobody else may have a unique value: it is looked up before its row is made. */
static void foresee_uniques(struct store_foresight *foresight, const struct store_change *change)
{
    const struct model_record *record = change->record;
    for (size_t i = 0; i < record->num_indexes && change->verb == STORE_CREATE; i++) {
        const struct model_index *index = &record->indexes[i];
        const struct model_field *field = index->unique && index->fields[1] == NULL
                                              ? model_field_find(record, index->fields[0], strlen(index->fields[0]))
                                              : NULL;
        if (field != NULL && (field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_BYTES))
            store_foresee_rows(foresight, record, field->name,
                               (const void *) ((const char *) change->value + field->offset), 1);
    }
}

int group_foresee(struct group *group, struct ticket *const *tickets, size_t num)
{
    struct store_foresight foresight = { .group = group };
    for (size_t i = 0; i < num; i++)
        if (tickets[i]->job != NULL)
            return 0; /* work of the store's own alters tables itself: nothing holds from before it */
    for (size_t i = 0; i < num && num > 1; i++) { /* one alone asks as it goes */
        const struct store_request *request = tickets[i]->request;
        if (request != NULL && request->foresee != NULL)
            request->foresee(request->context, &foresight);
        for (size_t c = 0; request != NULL && request->decide == NULL && c < request->set.num_changes; c++)
            foresee_uniques(&foresight, &request->set.changes[c]);
    }
    int ret = foresight.status;
    if (ret == 0 && group->entries.num > 0)
        ret = group_load(group);
    for (size_t i = 0; i < group->asked.num && ret == 0; i++)
        if (((struct asked *) key_table_at(&group->asked, i))->table != NULL)
            ret = ask_column(group, i);
    return ret;
}

void group_forget_foreseen(struct group *group)
{
    key_table_clear(&group->asked);
}

bool group_is_absent(const struct group *group, const char *table, const char *column, const void *bytes, size_t size)
{
    uint8_t hash[crypto_shorthash_siphashx24_BYTES];
    if (group->asked.num == 0 || size > LONGEST || size == 0)
        return false;
    hash_of(group, table, column, bytes, size, hash);
    const struct asked *asked = key_table_find(&group->asked, hash);
    return asked != NULL && !asked->there;
}
