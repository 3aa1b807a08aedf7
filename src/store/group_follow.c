/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes along when a record changes its area: records that are counted where it is (the results of a specimen), and
 * the search tokens of a person, which are bound to the county. */
#include <stdio.h>
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"

struct finding {
    struct group              *group;
    const struct model_record *record;
};

static int found_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct finding *finding = context;
    struct entry   *entry;
    struct id       id;
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    return group_entry(finding->group, finding->record, &id, &entry);
}

/* The rows of a record that refer to `id` by `field` are in memory afterwards. */
static int load_referring(struct group *group, const struct model_record *record, const struct model_field *field,
                          const struct id *id)
{
    struct finding  finding = { .group = group, .record = record };
    struct db_value key = db_id(id);
    char            sql[256];
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" = $1", record->name, field->name);
    int ret = select_rows(group->db, sql, &key, 1, found_row, &finding, &group->error);
    return ret == 0 ? group_load(group) : ret;
}

static bool refers(const struct entry *entry, const struct model_record *record, const struct model_field *field,
                   const struct id *id)
{
    return entry != NULL && entry->record == record && entry->present &&
           id_equal((const struct id *) (const void *) ((const char *) entry->value + field->offset), id);
}

/* The reference by which rows of `record` stand where those of `above` are; NULL: they do not. */
static const struct model_field *path_through(const struct model_record *record, const struct model_record *above)
{
    const char *path = record->scope_path;
    size_t      size = path != NULL ? strcspn(path, ".") : 0;
    if (record->num_counters == 0 || path == NULL || path[size] == '\0')
        return NULL;
    const struct model_field *field = model_field_find(record, path, size);
    return field != NULL && field->target != NULL && strcmp(field->target, above->name) == 0 ? field : NULL;
}

int group_count_followers(struct group *group, const struct entry *entry, int64_t sign)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = 0;
    for (size_t r = 0; r < num && ret == 0; r++) {
        const struct model_field *field = path_through(&records[r], entry->record);
        if (field == NULL)
            continue;
        ret = load_referring(group, &records[r], field, &entry->id);
        for (size_t i = 0; i < group->entries.num && ret == 0; i++) {
            const struct entry *follower = group_entry_at(group, i);
            if (refers(follower, &records[r], field, &entry->id))
                ret = group_count(group, follower, sign);
        }
    }
    return ret;
}

/* ---- the tokens of a person ---- */

/* An identity with its fields open, to be found by its tokens anew. */
static int open_identity(struct group *group, struct entry *entry)
{
    const struct id   owner = group_owner(entry);
    struct group_key *key;
    void             *value = entry->value;
    int               ret = 0;
    if (!entry->plain && entry->sealed.bytes != NULL) {
        ret = group_key_of(group, &owner, &key);
        if (ret == 0 && !key->known)
            ret = group_load_keys(group);
        if (ret == 0 && !key->known)
            ret = SEAL_ERR_FORGED;
        value = ret == 0 ? arena_array(&group->arena, 1, entry->record->size) : NULL;
        if (ret == 0 && value == NULL)
            ret = TOC_ERR_NO_MEMORY;
        if (ret == 0) {
            memcpy(value, entry->value, entry->record->size);
            ret = sealed_fields_open(&key->key, entry->record, entry->sealed, &group->arena, value);
        }
    }
    if (ret == 0)
        ret = group_touch(group, entry);
    if (ret != 0)
        return ret;
    entry->value = value;
    entry->plain = entry->tokens = true;
    group_note_all(group); /* by what, shows when it is written */
    return group_dirty(group, entry);
}

int group_follow_person(struct group *group, const struct entry *person, const struct id *area_before)
{
    const struct model_record *record = model_record(MODEL_IDENTITY);
    const struct model_field  *field = model_field_find(record, "person", strlen("person"));
    if (id_equal(area_before, &((const struct model_person *) person->value)->area))
        return 0;
    int ret = load_referring(group, record, field, &person->id);
    for (size_t i = 0; i < group->entries.num && ret == 0; i++) {
        struct entry *identity = group_entry_at(group, i);
        if (refers(identity, record, field, &person->id))
            ret = open_identity(group, identity);
    }
    return ret;
}
