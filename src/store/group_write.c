/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a group has decided, written: table by table, all rows of a table at once. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/tables.h"

/* ---- keys ---- */

static bool is_new(const struct group_key *key)
{
    return key != NULL && key->known && !key->stored && !key->destroyed;
}

/* Wrap the keys that were made and write them. */
static int write_keys(struct group *group)
{
    size_t                 num = 0, most = group->keys.num;
    struct keeper_error    failure = { .status = 0 };
    struct group_rows      rows = { .table = &store_table_person_key };
    struct id             *owners = arena_array(&group->arena, most + 1, sizeof *owners);
    struct seal_key       *keys = arena_array(&group->arena, most + 1, sizeof *keys);
    struct keeper_wrapped *wrapped = arena_array(&group->arena, most + 1, sizeof *wrapped);
    if (owners == NULL || keys == NULL || wrapped == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < most; i++) {
        struct group_key *key = ((struct group_key_slot *) key_table_at(&group->keys, i))->key;
        if (!is_new(key))
            continue;
        owners[num] = key->owner;
        keys[num++] = key->key;
    }
    if (num == 0)
        return 0;
    int ret = keeper_wrap(group->store->options.keeper, owners, keys, num, wrapped, &failure);
    seal_keys_wipe(keys, num);
    if (ret != 0)
        return group_fail(group, ret, failure.what);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct db_value *row;
        ret = group_row(&rows, &row);
        if (ret != 0)
            break;
        row[store_person_key_person] = db_id(&owners[i]);
        row[store_person_key_generation] = db_integer(wrapped[i].generation);
        row[store_person_key_wrapped] = db_bytes(wrapped[i].bytes, KEEPER_WRAPPED_BYTES);
    }
    if (ret == 0)
        ret = db_insert(group->db, rows.table, rows.values, rows.num, &group->error);
    free(rows.values);
    for (size_t i = 0, made = 0; i < most && ret == 0; i++) {
        struct group_key *key = ((struct group_key_slot *) key_table_at(&group->keys, i))->key;
        if (!is_new(key))
            continue;
        key->wrapped = wrapped[made++];
        key->stored = true;
    }
    return ret;
}

/* The keys of records that go and had their own. */
static int destroy_keys(struct group *group)
{
    size_t           num = 0;
    struct db_value *keys = arena_array(&group->arena, group->num_dirty + 1, sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < group->num_dirty; i++) {
        const struct entry *entry = group->dirty[i];
        struct group_key   *key;
        if (entry->present || !group_has_own_key(entry))
            continue;
        int ret = group_key_of(group, &entry->id, &key);
        if (ret != 0)
            return ret;
        seal_keys_wipe(&key->key, 1);
        key->known = key->stored = false;
        key->loaded = key->destroyed = true;
        if (entry->stored != 0)
            keys[num++] = db_id(&entry->id);
    }
    group->keys_destroyed = group->keys_destroyed || num > 0;
    return num == 0 ? 0 : db_delete(group->db, &store_table_person_key, keys, num, &group->error);
}

/* ---- the records ---- */

static int by_record(const void *a, const void *b)
{
    const struct entry *const *first = a, *const *second = b;
    if ((*first)->record != (*second)->record)
        return (*first)->record < (*second)->record ? -1 : 1;
    return id_compare(&(*first)->id, &(*second)->id);
}

enum fate { DELETED, UPDATED, INSERTED, NUM_FATES };

static enum fate fate_of(const struct entry *entry, bool *nothing)
{
    *nothing = !entry->present && entry->stored == 0;
    if (!entry->present)
        return DELETED;
    return entry->stored != 0 ? UPDATED : INSERTED;
}

/* The entries first … end - 1 of one record, those with one fate. */
static int write_record(struct group *group, size_t first, size_t end, enum fate fate)
{
    const struct db_table *table = schema_table(group->dirty[first]->record);
    size_t                 width = fate == DELETED ? 1 : table->num_columns, num = 0;
    struct db_value       *rows = memory_array(end - first, width * sizeof *rows);
    int                    ret = 0;
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = first; i < end; i++) {
        bool nothing;
        if (fate_of(group->dirty[i], &nothing) != fate || nothing)
            continue;
        if (fate == DELETED)
            rows[num] = db_id(&group->dirty[i]->id);
        else
            memcpy(rows + num * width, group->dirty[i]->row, width * sizeof *rows);
        num++;
    }
    if (num > 0 && fate == DELETED)
        ret = db_delete(group->db, table, rows, num, &group->error);
    else if (num > 0 && fate == UPDATED)
        ret = db_update(group->db, table, -1, rows, num, NULL, &group->error);
    else if (num > 0)
        ret = db_insert(group->db, table, rows, num, &group->error);
    free(rows);
    return ret;
}

static int write_records(struct group *group)
{
    int ret = 0;
    if (group->num_dirty > 1)
        qsort(group->dirty, group->num_dirty, sizeof(struct entry *), by_record);
    for (size_t first = 0, end; first < group->num_dirty && ret == 0; first = end) {
        for (end = first; end < group->num_dirty && group->dirty[end]->record == group->dirty[first]->record;)
            end++;
        for (enum fate fate = DELETED; fate < NUM_FATES && ret == 0; fate++)
            ret = write_record(group, first, end, fate);
    }
    return ret;
}

/* ---- all of it ---- */

static int write_rows(struct group *group, struct group_rows *rows)
{
    int ret = rows->num == 0 ? 0 : db_insert(group->db, rows->table, rows->values, rows->num, &group->error);
    rows->num = 0;
    return ret;
}

int group_write(struct group *group)
{
    int ret = write_keys(group);
    if (ret == 0 && group->num_dirty > 0) {
        group_forget_foreseen(group);
        ret = write_records(group);
        if (ret == 0)
            ret = destroy_keys(group);
        if (ret == 0)
            ret = group_write_tokens(group);
        if (ret == 0)
            ret = group_write_words(group);
    }
    for (size_t i = 0; i < group->num_dirty; i++) {
        struct entry *entry = group->dirty[i];
        entry->dirty = entry->tokens = entry->words = false;
        entry->stored = entry->present ? ((const struct model_head *) entry->value)->version : 0;
    }
    group->num_dirty = 0;
    group_forget_notes(group);
    if (ret == 0)
        ret = write_rows(group, &group->history);
    if (ret == 0)
        ret = counters_write(group->writer->book, group->db, &group->error);
    return ret;
}

/* Who is erased stands on the keeper's list, on the disk, before the commit. */
static int list_erased(struct group *group)
{
    struct keeper_error    failure = { .status = 0 };
    struct keeper_erasure *erasures;
    if (group->num_erased == 0 || group->store->options.keeper == NULL)
        return 0;
    erasures = arena_array(&group->arena, group->num_erased, sizeof *erasures);
    if (erasures == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < group->num_erased; i++)
        erasures[i] = (struct keeper_erasure){ .person = group->erased[i], .at = group->known };
    int ret = keeper_erase(group->store->options.keeper, erasures, group->num_erased, &failure);
    return ret == 0 ? 0 : group_fail(group, ret, failure.what);
}

int group_finish(struct group *group)
{
    int ret = group_decide_tested(group);
    if (ret == 0)
        ret = group_write(group);
    if (ret == 0)
        ret = write_rows(group, &group->events);
    if (ret == 0)
        ret = write_rows(group, &group->audit);
    if (ret == 0)
        ret = write_rows(group, &group->readings);
    if (ret == 0)
        ret = write_rows(group, &group->idempotency);
    if (ret == 0)
        ret = counters_write_waiting(group->writer->book, group->db, group->idle, &group->error);
    if (ret == 0)
        ret = list_erased(group);
    if (ret == 0)
        ret = db_check_lease(group->db, group->writer->fence, &group->error);
    if (ret == 0)
        ret = db_commit(group->db, &group->error);
    if (ret == 0)
        counters_committed(group->writer->book);
    return ret;
}
