/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a group knows: entries, keys, areas; read in few queries, whatever the number of requests. */
#include "store/group.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time_zone.h"
#include "model/records.h"
#include "store/schema.h"
#include "store/tables.h"

/* Entries point into the arena, so that they do not move when the table grows. */
struct entry_slot {
    struct {
        struct id id;
        uint32_t  record;
    } key;
    struct entry *entry;
};

enum { ARENA_MOST = 512 << 20, PATH_MOST = 3 };

int group_fail(struct group *group, int status, const char *what)
{
    if (group->error.status == 0) {
        group->error.status = status;
        snprintf(group->error.what, sizeof group->error.what, "%s", what);
    }
    return status;
}

int group_begin(struct group *group, struct writer *writer)
{
    struct store *store = writer->store;
    *group = (struct group){
        .writer = writer,
        .store = store,
        .db = writer->db,
        .arena.limit = ARENA_MOST,
        .entries = KEY_TABLE_INIT(sizeof((struct entry_slot *) NULL)->key, struct entry_slot),
        .uniques = KEY_TABLE_INIT(16, struct group_unique),
        .keys = KEY_TABLE_INIT(sizeof(struct id), struct group_key_slot),
        .history.table = &store_table_history,
        .events.table = &store_table_event,
        .audit.table = &store_table_audit,
        .readings.table = &store_table_audit_reading,
        .idempotency.table = &store_table_idempotency,
        .head = writer->head,
        .event = writer->event,
    };
    group->reader = (struct store_reader){ .store = store, .db = writer->db, .group = group };
    tested_names_init(&group->tested);
    group_answers_init(&group->answers);
    group_foresee_init(group);
    group_forget_notes(group);
    int64_t now = store_now(store);
    group->known = now > writer->known ? now : writer->known;
    group->known_day = time_zone_day(group->known);
    int ret = db_begin(group->db, DB_GROUP, &group->error);
    if (ret == 0 && store->tree_stale)
        ret = store_reload_areas(store, group->db, &group->error);
    if (ret == 0)
        group->areas = store_hold_areas(store);
    if (ret == 0)
        ret = counters_begin(writer->book, group->db, &group->error);
    return ret;
}

void group_free(struct group *group)
{
    if (group->areas != NULL)
        store_release_areas(group->store, group->areas);
    struct group_rows *rows[] = { &group->history, &group->events, &group->audit, &group->readings,
                                  &group->idempotency };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(rows[i]->values);
    key_table_free(&group->entries);
    key_table_free(&group->keys);
    key_table_free(&group->uniques);
    key_table_free(&group->answers);
    key_table_free(&group->asked);
    tested_names_free(&group->tested);
    free(group->subjects);
    free(group->dirty);
    free(group->undo);
    free(group->made);
    free(group->counts);
    free(group->moves.moves);
    free(group->erased);
    arena_wipe(&group->arena);
}

void group_abandon(struct group *group)
{
    db_rollback(group->db);
    counters_forget(group->writer->book);
}

/* ---- entries ---- */

int group_entry(struct group *group, const struct model_record *record, const struct id *id, struct entry **entry)
{
    struct entry_slot key;
    memset(&key, 0, sizeof key);
    key.key.id = *id;
    key.key.record = (uint32_t) store_record_number(record);
    void *slot;
    bool  added;
    int   ret = key_table_put(&group->entries, &key.key, &slot, &added);
    if (ret != 0)
        return ret;
    struct entry_slot *found = slot;
    if (added) {
        found->entry = arena_array(&group->arena, 1, sizeof *found->entry);
        if (found->entry == NULL)
            return TOC_ERR_NO_MEMORY;
        found->entry->record = record;
        found->entry->id = *id;
    }
    *entry = found->entry;
    return found->entry == NULL ? TOC_ERR_NO_MEMORY : 0;
}

struct entry *group_entry_find(const struct group *group, const struct model_record *record, const struct id *id)
{
    struct entry_slot key;
    memset(&key, 0, sizeof key);
    key.key.id = *id;
    key.key.record = (uint32_t) store_record_number(record);
    const struct entry_slot *slot = key_table_find(&group->entries, &key.key);
    return slot == NULL ? NULL : slot->entry;
}

struct entry *group_entry_at(const struct group *group, size_t i)
{
    return ((const struct entry_slot *) key_table_at(&group->entries, i))->entry;
}

/* Memory for twice as many, where it is full. */
static int make_room(void **array, size_t num, size_t *room, size_t size)
{
    if (num < *room)
        return 0;
    size_t wanted = *room == 0 ? 64 : *room * 2;
    void  *more = memory_resize(*array, wanted, size);
    if (more == NULL)
        return TOC_ERR_NO_MEMORY;
    *array = more;
    *room = wanted;
    return 0;
}

int group_touch(struct group *group, struct entry *entry)
{
    void *undo = group->undo;
    int   ret = make_room(&undo, group->num_undo, &group->room_undo, sizeof *group->undo);
    group->undo = undo;
    if (ret == 0)
        group->undo[group->num_undo++] = (struct group_undo){ .entry = entry, .before = *entry };
    return ret;
}

int group_dirty(struct group *group, struct entry *entry)
{
    group_note(group, entry);
    if (entry->dirty)
        return 0;
    void *dirty = group->dirty;
    int   ret = make_room(&dirty, group->num_dirty, &group->room_dirty, sizeof(struct entry *));
    group->dirty = dirty;
    if (ret == 0) {
        group->dirty[group->num_dirty++] = entry;
        entry->dirty = true;
    }
    return ret;
}

int group_row(struct group_rows *rows, struct db_value **row)
{
    void *values = rows->values;
    int   ret = make_room(&values, rows->num, &rows->capacity, rows->table->num_columns * sizeof *rows->values);
    rows->values = values;
    if (ret == 0)
        *row = rows->values + rows->num++ * rows->table->num_columns;
    return ret;
}

int group_count(struct group *group, const struct entry *entry, int64_t sign)
{
    if (entry->record->num_counters == 0)
        return 0;
    void *counts = group->counts;
    int   ret = make_room(&counts, group->num_counts, &group->room_counts, sizeof *group->counts);
    group->counts = counts;
    if (ret == 0)
        group->counts[group->num_counts++] = (struct group_count){
            .record = entry->record, .value = entry->value, .area = group_area(group, entry), .sign = sign
        };
    return ret;
}

/* ---- what stands in the database ---- */

static int take_row(struct group *group, const struct model_record *record, const struct db_value *row)
{
    const struct db_table *table = schema_table(record);
    struct id              id;
    struct entry          *entry;
    if (row[SCHEMA_ID].type != DB_BYTES || row[SCHEMA_ID].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[SCHEMA_ID].bytes, ID_BYTES);
    int ret = group_entry(group, record, &id, &entry);
    if (ret != 0 || entry->loaded)
        return ret;
    struct db_value *copy = arena_array(&group->arena, table->num_columns, sizeof *copy);
    void            *value = arena_array(&group->arena, 1, record->size);
    if (copy == NULL || value == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < table->num_columns; i++) {
        copy[i] = row[i];
        if (row[i].type != DB_TEXT && row[i].type != DB_BYTES)
            continue;
        copy[i].bytes = arena_copy(&group->arena, row[i].bytes, row[i].size);
        if (copy[i].bytes == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    ret = schema_fetch(record, copy, &group->arena, value, &entry->sealed);
    if (ret != 0)
        return ret;
    entry->row = copy;
    entry->value = value;
    entry->stored = ((const struct model_head *) value)->version;
    entry->present = entry->loaded = true;
    return 0;
}

struct taking {
    struct group              *group;
    const struct model_record *record;
};

static int take(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking *taking = context;
    (void) num_columns;
    return take_row(taking->group, taking->record, row);
}

/* The entries of one record that are not loaded. */
static int load_record(struct group *group, uint32_t number, struct db_value *keys)
{
    size_t                     num_records, num = 0;
    const struct model_record *record = model_records(&num_records) + number;
    for (size_t i = group->num_loaded; i < group->entries.num; i++) {
        const struct entry_slot *slot = key_table_at(&group->entries, i);
        if (slot->key.record == number && slot->entry != NULL && !slot->entry->loaded &&
            !id_is_missing(&slot->entry->id))
            keys[num++] = db_id(&slot->entry->id);
    }
    struct taking taking = { .group = group, .record = record };
    return db_fetch(group->db, schema_table(record), keys, num, take, &taking, &group->error);
}

int group_load(struct group *group)
{
    size_t           num_records;
    int              ret = 0;
    bool             wanted[MODEL_NUM_RECORDS] = { false };
    struct db_value *keys = memory_array(group->entries.num - group->num_loaded + 1, sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    (void) model_records(&num_records);
    for (size_t i = group->num_loaded; i < group->entries.num; i++) {
        const struct entry_slot *slot = key_table_at(&group->entries, i);
        if (slot->entry != NULL && !slot->entry->loaded)
            wanted[slot->key.record] = true;
    }
    for (uint32_t r = 0; r < num_records && ret == 0; r++)
        if (wanted[r])
            ret = load_record(group, r, keys);
    for (size_t i = group->num_loaded; i < group->entries.num && ret == 0; i++) {
        struct entry_slot *slot = key_table_at(&group->entries, i);
        if (slot->entry != NULL)
            slot->entry->loaded = true;
    }
    if (ret == 0)
        group->num_loaded = group->entries.num;
    free(keys);
    return ret;
}

/* ---- areas and owners ---- */

static const struct id *reference_at(const struct model_record *record, const void *value, const char *name,
                                     size_t size, const struct model_record **target)
{
    const struct model_field *field = model_field_find(record, name, size);
    if (field == NULL || field->kind != MODEL_KIND_REFERENCE)
        return NULL;
    *target = model_record_find(field->target);
    return (const struct id *) (const void *) ((const char *) value + field->offset);
}

/* What stands at the end of a path of references; missing where it ends early. */
static struct id end_of(struct group *group, const struct entry *entry, const char *path)
{
    const struct id            none = { { 0 } };
    const struct model_record *record = entry->record, *target;
    const void                *value = entry->value;
    while (path != NULL && value != NULL) {
        size_t           size = strcspn(path, ".");
        const struct id *id = reference_at(record, value, path, size, &target);
        if (id == NULL || path[size] == '\0')
            return id == NULL ? none : *id;
        struct entry *next;
        if (id_is_missing(id) || group_entry(group, target, id, &next) != 0)
            return none;
        value = next->value;
        record = target;
        path += size + 1;
    }
    return none;
}

bool group_has_own_key(const struct entry *entry)
{
    return entry->record->owner != NULL && strcmp(entry->record->owner, "id") == 0;
}

struct id group_area(struct group *group, const struct entry *entry)
{
    return entry->record == model_record(MODEL_AREA) ? entry->id : end_of(group, entry, entry->record->scope_path);
}

struct group_place group_place_of(struct group *group, const struct entry *entry)
{
    struct group_place place = { .area = group_area(group, entry) };
    for (const char *const *path = entry->record->belongs_to; *path != NULL; path++) {
        struct id facility = end_of(group, entry, *path);
        bool      again = id_is_missing(&facility);
        for (size_t i = 0; i < place.num_facilities && !again; i++)
            again = id_equal(&place.facilities[i], &facility);
        if (!again)
            place.facilities[place.num_facilities++] = facility;
    }
    return place;
}

struct id group_owner(const struct entry *entry)
{
    const struct id            none = { { 0 } };
    const struct model_record *target;
    if (entry->record->owner == NULL || entry->value == NULL)
        return none;
    if (group_has_own_key(entry))
        return entry->id;
    const struct id *id =
        reference_at(entry->record, entry->value, entry->record->owner, strlen(entry->record->owner), &target);
    return id == NULL ? none : *id;
}

/* ---- what requests need ---- */

static bool has_steps(const struct model_record *record)
{
    bool any = record->scope_path != NULL && strchr(record->scope_path, '.') != NULL;
    for (const char *const *path = record->belongs_to; *path != NULL; path++)
        any = any || strchr(*path, '.') != NULL;
    return any;
}

/* What the scope of an entry leads to is needed too. */
static int add_subject(struct group *group, struct entry *entry)
{
    void *subjects = group->subjects;
    if (entry->subject)
        return 0;
    int ret = make_room(&subjects, group->num_subjects, &group->room_subjects, sizeof(struct entry *));
    group->subjects = subjects;
    if (ret == 0) {
        group->subjects[group->num_subjects++] = entry;
        entry->subject = true;
    }
    return ret;
}

static void forget_subjects(struct group *group)
{
    for (size_t i = 0; i < group->num_subjects; i++)
        group->subjects[i]->subject = false;
    group->num_subjects = 0;
}

/* The records that a change refers to. */
static int need_references(struct group *group, const struct store_change *change)
{
    int ret = 0;
    for (size_t i = 0; i < change->record->num_fields && ret == 0; i++) {
        const struct model_field *field = &change->record->fields[i];
        if (field->kind != MODEL_KIND_REFERENCE || model_is_missing(field, change->value) ||
            (change->verb == STORE_CHANGE && !model_set_has(&change->given, i)))
            continue;
        const struct id           *id = (const void *) ((const char *) change->value + field->offset);
        const struct model_record *target = model_record_find(field->target);
        struct entry              *entry;
        if (target == model_record(MODEL_AREA) && area_tree_find(group->areas, id) != AREA_NONE)
            continue;
        if (target != NULL)
            ret = group_entry(group, target, id, &entry);
        if (target != NULL && ret == 0 && has_steps(target))
            ret = add_subject(group, entry); /* its area, or a facility that it belongs to, stands in another record */
    }
    return ret;
}

static int need_path(struct group *group, const struct entry *entry, const char *path, bool *more)
{
    const struct model_record *record = entry->record, *target;
    const void                *value = entry->value;
    int                        ret = 0;
    for (size_t size = strcspn(path, "."); value != NULL && path[size] != '\0' && ret == 0; size = strcspn(path, ".")) {
        const struct id *id = reference_at(record, value, path, size, &target);
        struct entry    *next = NULL;
        if (id == NULL || id_is_missing(id))
            break;
        ret = group_entry(group, target, id, &next);
        *more = *more || (ret == 0 && !next->loaded);
        value = ret == 0 ? next->value : NULL;
        record = target;
        path += size + 1;
    }
    return ret;
}

/* One step along the paths that say whose rows these are: *more is false where nothing more is needed. */
static int need_paths(struct group *group, bool *more)
{
    int ret = 0;
    *more = false;
    for (size_t i = 0; i < group->num_subjects && ret == 0; i++) {
        const struct entry *entry = group->subjects[i];
        if (entry->value == NULL || entry->record->scope_path == NULL)
            continue;
        ret = need_path(group, entry, entry->record->scope_path, more);
        for (const char *const *path = entry->record->belongs_to; *path != NULL && ret == 0; path++)
            ret = need_path(group, entry, *path, more);
    }
    return ret;
}

static bool brings_sealed(const struct store_change *change)
{
    for (size_t i = 0; i < change->record->num_fields; i++)
        if (change->record->fields[i].class == MODEL_CLASS_IDENTIFYING &&
            (change->verb == STORE_CHANGE ? model_set_has(&change->given, i)
                                          : !model_is_missing(&change->record->fields[i], change->value)))
            return true;
    return false;
}

/* The key that a change needs; its owner is known once the entry is loaded. */
static int need_key(struct group *group, const struct store_change *change, struct entry *entry)
{
    struct entry as_given = { .record = change->record, .id = entry->id, .value = change->value };
    if (change->verb == STORE_ERASE || !brings_sealed(change))
        return 0;
    struct id         owner = group_owner(change->verb == STORE_CREATE ? &as_given : entry);
    struct group_key *key;
    if (id_is_missing(&owner))
        return 0;
    int ret = group_key_of(group, &owner, &key);
    if (ret != 0 || key->loaded)
        return ret;
    if (strcmp(change->record->owner, "id") == 0) {
        key->loaded = !entry->present; /* new: there is no key yet */
        return 0;
    }
    struct entry *person;
    ret = group_entry(group, model_record(MODEL_PERSON), &owner, &person);
    if (ret == 0 && person->loaded && !person->present)
        key->loaded = true; /* made by this group, or there is none */
    return ret;
}

int group_gather(struct group *group, struct ticket *const *tickets, size_t num)
{
    int           ret = group_gather_answers(group, tickets, num);
    bool          more = true;
    struct entry *entry;
    forget_subjects(group);
    for (size_t t = 0; t < num && ret == 0; t++)
        for (size_t c = 0; c < tickets[t]->set.num_changes && ret == 0; c++) {
            const struct store_change *change = &tickets[t]->set.changes[c];
            ret = group_entry(group, change->record, &((const struct model_head *) change->value)->id, &entry);
            if (ret == 0)
                ret = add_subject(group, entry);
            if (ret == 0) {
                entry->loaded = entry->loaded || (change->verb == STORE_CREATE && change->fresh);
                ret = change->verb == STORE_ERASE ? 0 : need_references(group, change);
            }
        }
    if (ret == 0)
        ret = group_load(group);
    for (int step = 0; step < PATH_MOST && more && ret == 0; step++) {
        ret = need_paths(group, &more);
        if (ret == 0 && more)
            ret = group_load(group);
    }
    for (size_t t = 0; t < num && ret == 0; t++)
        for (size_t c = 0; c < tickets[t]->set.num_changes && ret == 0; c++) {
            const struct store_change *change = &tickets[t]->set.changes[c];
            ret = group_entry(group, change->record, &((const struct model_head *) change->value)->id, &entry);
            if (ret == 0)
                ret = need_key(group, change, entry);
        }
    if (ret == 0)
        ret = group_load(group); /* the owners */
    return ret == 0 ? group_load_keys(group) : ret;
}

/* ---- keys ---- */

int group_key_of(struct group *group, const struct id *owner, struct group_key **key)
{
    void *slot;
    bool  added;
    int   ret = key_table_put(&group->keys, owner->bytes, &slot, &added);
    if (ret != 0)
        return ret;
    struct group_key_slot *found = slot;
    if (added) {
        found->key = arena_array(&group->arena, 1, sizeof *found->key);
        if (found->key != NULL)
            found->key->owner = *owner;
    }
    *key = found->key;
    return found->key == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int key_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct group          *group = context;
    struct group_key_slot *slot = key_table_find(&group->keys, row[0].bytes);
    (void) num_columns;
    if (slot == NULL || slot->key == NULL)
        return 0;
    if (row[store_person_key_wrapped].type != DB_BYTES || row[store_person_key_wrapped].size != KEEPER_WRAPPED_BYTES)
        return DB_ERR_CORRUPT;
    slot->key->wrapped.owner = slot->owner;
    slot->key->wrapped.generation = (uint32_t) row[store_person_key_generation].integer;
    memcpy(slot->key->wrapped.bytes, row[store_person_key_wrapped].bytes, KEEPER_WRAPPED_BYTES);
    slot->key->stored = true;
    return 0;
}

int group_make_key(struct group *group, struct group_key *key)
{
    void *made = group->made;
    int   ret = make_room(&made, group->num_made, &group->room_made, sizeof(struct group_key *));
    group->made = made;
    if (ret != 0)
        return ret;
    seal_keys_make(&key->key, 1);
    key->known = true;
    group->made[group->num_made++] = key;
    return 0;
}

/* Open what was found; a key that does not open stays unknown, and the changes that need it fail alone. */
static int unwrap(struct group *group, size_t first)
{
    size_t                 num = 0, most = group->keys.num - first;
    struct keeper_error    failure = { .status = 0 };
    struct keeper_wrapped *wrapped = arena_array(&group->arena, most + 1, sizeof *wrapped);
    struct seal_key       *keys = arena_array(&group->arena, most + 1, sizeof *keys);
    int                   *statuses = arena_array(&group->arena, most + 1, sizeof *statuses);
    struct group_key     **opened = arena_array(&group->arena, most + 1, sizeof(struct group_key *));
    if (wrapped == NULL || keys == NULL || statuses == NULL || opened == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = first; i < group->keys.num; i++) {
        struct group_key *key = ((struct group_key_slot *) key_table_at(&group->keys, i))->key;
        if (key == NULL || !key->stored || key->known || key->destroyed)
            continue;
        opened[num] = key;
        wrapped[num++] = key->wrapped;
    }
    if (num == 0 || group->store->options.keeper == NULL)
        return 0;
    int ret = keeper_unwrap(group->store->options.keeper, KEEPER_WRITE, wrapped, num, keys, statuses, &failure);
    for (size_t i = 0; i < num && ret == 0; i++)
        if (statuses[i] == 0) {
            opened[i]->key = keys[i];
            opened[i]->known = true;
        }
    seal_keys_wipe(keys, num);
    return ret == 0 ? 0 : group_fail(group, ret, failure.what);
}

int group_load_keys(struct group *group)
{
    size_t           num = 0, first = group->num_keys_loaded;
    struct db_value *keys = arena_array(&group->arena, group->keys.num - first + 1, sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = first; i < group->keys.num; i++) {
        struct group_key_slot *slot = key_table_at(&group->keys, i);
        if (slot->key != NULL && !slot->key->loaded && !id_is_missing(&slot->owner))
            keys[num++] = db_id(&slot->owner);
    }
    group->num_keys_loaded = group->keys.num;
    if (num == 0)
        return 0;
    int ret = db_fetch(group->db, &store_table_person_key, keys, num, key_row, group, &group->error);
    for (size_t i = first; i < group->keys.num && ret == 0; i++) {
        struct group_key_slot *slot = key_table_at(&group->keys, i);
        if (slot->key != NULL)
            slot->key->loaded = true;
    }
    return ret == 0 ? unwrap(group, first) : ret;
}
