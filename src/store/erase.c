/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Erasing a record; a person's erasure takes the key and everything that was sealed with it.
 *
 * What a person's erasure does, in one transaction: the identity goes, with its history; the wrapped key and the search
 * tokens go; what else was sealed under the key (a case's note) goes from its row and from history; of the person stays
 * a pseudonym: area, sex, the instant of the erasure. Who was merged with the person is erased too. Before the commit
 * the ids stand on the keeper's list, on the disk: where the machine fails in between, the list is ahead of the
 * database, and the erasure is done again (a restore replays the list); a key never goes without its entry.
 */
#include "store/erase.h"

#include <stdlib.h>
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/tables.h"

/* ---- any record ---- */

/* A record that goes: its last state stays in history. One with a key of its own leaves nothing: its key goes with it
 * (group_write). */
static int erase_record(struct group *group, struct entry *entry)
{
    int ret = group_has_own_key(entry) ? 0 : group_keep_history(group, entry);
    if (ret == 0)
        ret = group_count(group, entry, -1);
    if (ret == 0) /* where it was is where they were counted */
        ret = group_count_followers(group, entry, -1);
    if (ret == 0)
        ret = group_touch(group, entry);
    if (ret != 0)
        return ret;
    entry->present = false;
    entry->words = entry->record->searched != NULL && entry->record->searched[0] != NULL;
    entry->tokens = entry->record == model_record(MODEL_IDENTITY);
    return group_dirty(group, entry);
}

/* ---- a person ---- */

static int run(struct group *group, const char *sql, const struct db_value *parameters, size_t num)
{
    struct db_statement *statement;
    int                  ret = db_prepare(group->db, sql, &statement, &group->error);
    if (ret == 0)
        ret = db_run(statement, parameters, num, &group->error);
    if (ret == 0)
        db_reset(statement);
    return ret;
}

static int remember(struct group *group, const struct id *person)
{
    if (group->num_erased == group->room_erased) {
        size_t     room = group->room_erased == 0 ? 8 : group->room_erased * 2;
        struct id *more = realloc(group->erased, room * sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        group->erased = more;
        group->room_erased = room;
    }
    group->erased[group->num_erased++] = *person;
    return 0;
}

struct ids {
    struct group *group;
    struct id    *ids;
    size_t        num, room;
    int           status;
};

static int id_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct ids *ids = context;
    (void) num_columns;
    struct id id;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return 0;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    for (size_t i = 0; i < ids->num; i++)
        if (id_equal(&ids->ids[i], &id))
            return 0;
    if (ids->num == ids->room)
        return TOC_ERR_TOO_LARGE;
    ids->ids[ids->num++] = id;
    return 0;
}

/* The person, those merged into them, and whom they are merged into. */
static int find_merged(struct group *group, const struct id *person, struct ids *persons)
{
    int ret = 0;
    persons->ids = arena_array(&group->arena, ERASE_MOST_MERGED, sizeof *persons->ids);
    persons->room = ERASE_MOST_MERGED;
    if (persons->ids == NULL)
        return TOC_ERR_NO_MEMORY;
    persons->ids[persons->num++] = *person;
    for (size_t i = 0; i < persons->num && ret == 0; i++) {
        struct db_value id = db_id(&persons->ids[i]);
        ret = select_rows(group->db, "SELECT id FROM person WHERE merged_into = $1", &id, 1, id_row, persons,
                          &group->error);
        if (ret == 0)
            ret = select_rows(group->db, "SELECT merged_into FROM person WHERE id = $1", &id, 1, id_row, persons,
                              &group->error);
    }
    return ret;
}

/* The rows of a record that belong to a person, as entries. */
static int load_owned(struct group *group, const struct model_record *record, const struct id *person,
                      struct ids *owned)
{
    char            sql[256];
    struct db_value id = db_id(person);
    owned->ids = arena_array(&group->arena, ERASE_MOST_ROWS, sizeof *owned->ids);
    owned->room = ERASE_MOST_ROWS;
    if (owned->ids == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" = $1", record->name, record->owner);
    int ret = select_rows(group->db, sql, &id, 1, id_row, owned, &group->error);
    for (size_t i = 0; i < owned->num && ret == 0; i++) {
        struct entry *entry;
        ret = group_entry(group, record, &owned->ids[i], &entry);
    }
    return ret == 0 ? group_load(group) : ret;
}

/* The entry again, with another value and nothing sealed. */
static int rewrite(struct group *group, struct entry *entry, void *value)
{
    struct model_head *head = value;
    struct db_value   *row = arena_array(&group->arena, schema_table(entry->record)->num_columns, sizeof *row);
    if (row == NULL)
        return TOC_ERR_NO_MEMORY;
    head->version++;
    head->updated = group->known;
    int ret = schema_bind(entry->record, value, (struct model_text){ NULL, 0 }, &group->arena, row);
    if (ret == 0)
        ret = group_dirty(group, entry);
    if (ret != 0)
        return ret;
    entry->value = value;
    entry->row = row;
    entry->sealed = (struct model_text){ NULL, 0 };
    entry->plain = false;
    return 0;
}

static void *copy_without(struct group *group, const struct entry *entry, enum model_class class)
{
    void *copy = arena_array(&group->arena, 1, entry->record->size);
    void *nothing = arena_array(&group->arena, 1, entry->record->size);
    if (copy == NULL || nothing == NULL)
        return NULL;
    memcpy(copy, entry->value, entry->record->size);
    model_init(entry->record, nothing);
    for (size_t i = 0; i < entry->record->num_fields; i++)
        if (entry->record->fields[i].class >= class)
            model_copy(&entry->record->fields[i], copy, nothing);
    return copy;
}

/* A row that was sealed in part: it stays, without that part. */
static int strip(struct group *group, struct entry *entry)
{
    entry->sealed = (struct model_text){ NULL, 0 };
    int   ret = group_keep_history(group, entry);
    void *value = ret == 0 ? copy_without(group, entry, MODEL_CLASS_IDENTIFYING) : NULL;
    if (ret == 0)
        ret = value == NULL ? TOC_ERR_NO_MEMORY : rewrite(group, entry, value);
    struct group_place place = group_place_of(group, entry);
    return ret == 0 ? group_event(group, STORE_CHANGE, entry, &place) : ret;
}

static int take_owned(struct group *group, const struct model_record *record, const struct id *person)
{
    struct ids owned = { .group = group };
    int        ret = load_owned(group, record, person, &owned);
    for (size_t i = 0; i < owned.num && ret == 0; i++) {
        struct entry *entry;
        ret = group_entry(group, record, &owned.ids[i], &entry);
        if (ret != 0 || !entry->present)
            continue;
        if (record == model_record(MODEL_IDENTITY)) {
            struct group_place place = group_place_of(group, entry);
            entry->present = false;
            ret = group_dirty(group, entry);
            if (ret == 0)
                ret = group_event(group, STORE_ERASE, entry, &place);
        } else if (entry->sealed.bytes != NULL)
            ret = strip(group, entry);
    }
    return ret;
}

/* What stands of a person outside the records' own tables. */
static int take_rest(struct group *group, const struct id *person)
{
    static const char *const statements[] = {
        "DELETE FROM person_key WHERE person = $1",
        "DELETE FROM search_token WHERE person = $1",
        "DELETE FROM search_name WHERE person = $1",
        "DELETE FROM history WHERE owner = $1 AND record = 'identity'",
        "UPDATE history SET sealed = NULL, owner = NULL WHERE owner = $1",
        "DELETE FROM history WHERE id = $1 AND record = 'person'",
    };
    struct db_value   id = db_id(person);
    struct group_key *key;
    int               ret = 0;
    for (size_t i = 0; i < sizeof statements / sizeof *statements && ret == 0; i++)
        ret = run(group, statements[i], &id, 1);
    if (ret == 0)
        ret = group_key_of(group, person, &key);
    if (ret == 0) {
        seal_keys_wipe(&key->key, 1);
        key->known = key->stored = false;
        key->loaded = key->destroyed = true;
    }
    return ret;
}

static int erase_one(struct group *group, const struct id *person)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    struct entry              *entry;
    int                        ret = group_entry(group, model_record(MODEL_PERSON), person, &entry);
    if (ret == 0)
        ret = group_load(group);
    if (ret != 0 || !entry->present)
        return ret;
    for (size_t i = 0; i < num && ret == 0; i++)
        if (records[i].owner != NULL && strcmp(records[i].owner, "person") == 0)
            ret = take_owned(group, &records[i], person);
    struct model_person *value = ret == 0 ? copy_without(group, entry, MODEL_CLASS_SENSITIVE) : NULL;
    if (ret == 0 && value == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        value->erased = group->known;
        ret = rewrite(group, entry, value);
    }
    if (ret == 0)
        ret = group_write(group); /* before what follows takes the rows of history that this made */
    if (ret == 0)
        ret = take_rest(group, person);
    return ret == 0 ? remember(group, person) : ret;
}

/* From here on a failure fails the whole group, which is tried again one by one: nothing is half erased. */
static int erase_person(struct group *group, struct entry *entry)
{
    struct ids persons = { .group = group };
    int        ret = group_write(group);
    if (ret == 0)
        ret = find_merged(group, &entry->id, &persons);
    for (size_t i = 0; i < persons.num && ret == 0; i++)
        ret = erase_one(group, &persons.ids[i]);
    group->broken = ret != 0;
    return ret;
}

int group_erase(struct group *group, struct ticket *ticket, struct store_change *change, struct entry *entry)
{
    (void) change;
    if (entry->record != model_record(MODEL_PERSON))
        return erase_record(group, entry);
    if (ticket->set.num_changes != 1) {
        if (ticket->faults != NULL)
            fault_add(ticket->faults, (struct fault_place){ .name = NULL }, "a request of its own",
                      "the erasure of a person among other changes");
        return BASE_ERR_INPUT;
    }
    return erase_person(group, entry);
}

/* ---- afterwards ---- */

static int busy_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(bool *) context = row[0].type == DB_INTEGER && row[0].integer != 0;
    return 0;
}

int erase_sweep(struct db *db, struct db_error *error)
{
    bool busy = false;
    if (db_is_postgresql(db)) {
        static const char *const tables[] = { "VACUUM person_key", "VACUUM identity", "VACUUM search_token",
                                              "VACUUM search_name", "VACUUM history" };
        int                      ret = 0;
        for (size_t i = 0; i < sizeof tables / sizeof *tables && ret == 0; i++)
            ret = db_execute(db, tables[i], error);
        return ret;
    }
    int ret = select_rows(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, busy_row, &busy, error);
    return ret == 0 && busy ? DB_ERR_BUSY : ret;
}
