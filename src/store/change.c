/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One change of a request, applied to the group's entries: checked whole before anything is altered. */
#include <sodium.h>
#include <string.h>

#include "model/model_check.h"
#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"
#include "store/tables.h"

static void fault(struct ticket *ticket, const char *field, const char *allowed, const char *found)
{
    char name[FAULT_NAME_BYTES];
    if (ticket->faults == NULL)
        return;
    snprintf(name, sizeof name, "/%s", field);
    fault_add(ticket->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
}

/* ---- what a change must meet ---- */

static struct model_check check_of(const struct group *group)
{
    return (struct model_check){ .lists = group->store->options.lists };
}

/* Fields that the caller may not write, or that nobody writes. */
static int check_writable(struct group *group, struct ticket *ticket, const struct store_change *change)
{
    struct model_set writable = access_writable(&ticket->who, change->record);
    (void) group;
    if (!access_may_write(&ticket->who, change->record))
        return STORE_ERR_DENIED;
    for (size_t i = 0; i < change->record->num_fields; i++) {
        const struct model_field *field = &change->record->fields[i];
        bool                      given =
            change->verb == STORE_CHANGE ? model_set_has(&change->given, i) : !model_is_missing(field, change->value);
        if (!given || model_set_has(&writable, i))
            continue;
        if (field->rule == MODEL_RULE_WRITTEN) {
            fault(ticket, field->name, "nothing: the program sets it", "given");
            return BASE_ERR_INPUT;
        }
        return STORE_ERR_DENIED;
    }
    return 0;
}

/* Is an entry within the grant, by its area or by a facility that it belongs to? Reference data and the office's
 * records have neither. */
static int check_grant(struct group *group, struct ticket *ticket, const struct entry *entry, int refusal)
{
    if (entry->record->scope != MODEL_SCOPE_AREA || ticket->who.everywhere)
        return 0;
    struct id area = group_area(group, entry);
    uint32_t  number = area_tree_find(group->areas, &area);
    for (size_t i = 0; i < ticket->who.num_areas && number != AREA_NONE; i++) {
        uint32_t top = area_tree_find(group->areas, &ticket->who.areas[i]);
        if (top != AREA_NONE && area_tree_within(group->areas, number, top))
            return 0;
    }
    struct group_place place = { .num_facilities = 0 };
    if (ticket->who.num_facilities > 0)
        place = group_place_of(group, entry);
    for (size_t i = 0; i < place.num_facilities; i++)
        if (access_has_facility(&ticket->who, &place.facilities[i]))
            return 0;
    return refusal;
}

/* Whatever is referred to must be there, for this caller: what is outside their grant is as absent, else ids could be
 * tried, and records hung on to persons who are not theirs. */
static int check_references(struct group *group, struct ticket *ticket, const struct store_change *change)
{
    int ret = 0;
    for (size_t i = 0; i < change->record->num_fields; i++) {
        const struct model_field *field = &change->record->fields[i];
        if (field->kind != MODEL_KIND_REFERENCE || model_is_missing(field, change->value) ||
            (change->verb == STORE_CHANGE && !model_set_has(&change->given, i)))
            continue;
        const struct id           *id = (const void *) ((const char *) change->value + field->offset);
        const struct model_record *target = model_record_find(field->target);
        struct entry              *entry;
        if (target == NULL || (target == model_record(MODEL_AREA) && area_tree_find(group->areas, id) != AREA_NONE))
            continue;
        int made = group_entry(group, target, id, &entry);
        if (made != 0)
            return made;
        bool is_there = entry->present && check_grant(group, ticket, entry, STORE_ERR_ABSENT) == 0;
        if (!is_there && !(target == change->record && id_equal(id, &((struct model_head *) change->value)->id))) {
            fault(ticket, field->name, "the id of a record that exists", "no such record");
            ret = BASE_ERR_INPUT;
        }
    }
    return ret;
}

/* ---- unique keys ---- */

/* The values of an index in a row; false where one is missing: then it does not count. */
static bool unique_values(const struct model_record *record, const struct model_index *index,
                          const struct db_value *row, struct db_value values[DB_INDEX_COLUMNS], size_t *num)
{
    *num = 0;
    for (size_t i = 0; i < DB_INDEX_COLUMNS && index->fields[i] != NULL; i++) {
        const struct model_field *field = model_field_find(record, index->fields[i], strlen(index->fields[i]));
        int column = field == NULL ? SCHEMA_ID : schema_column(record, (size_t) (field - record->fields));
        values[i] = row[column];
        *num = i + 1;
        if (values[i].type == DB_NULL || (values[i].type == DB_TEXT && values[i].size == 0))
            return false;
    }
    return *num > 0;
}

static bool same_values(const struct db_value *a, const struct db_value *b, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        if (a[i].type != b[i].type)
            return false;
        if (a[i].type == DB_INTEGER ? a[i].integer != b[i].integer
                                    : a[i].size != b[i].size || memcmp(a[i].bytes, b[i].bytes, a[i].size) != 0)
            return false;
    }
    return true;
}

static void unique_hash(const struct model_index *index, const struct db_value *values, size_t num, uint8_t hash[16])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 16);
    crypto_generichash_update(&state, (const uint8_t *) index->name, strlen(index->name) + 1);
    for (size_t i = 0; i < num; i++) {
        bool     number = values[i].type == DB_INTEGER;
        uint64_t size = number ? sizeof values[i].integer : values[i].size;
        crypto_generichash_update(&state, (const uint8_t *) &size, sizeof size);
        crypto_generichash_update(
            &state, number ? (const uint8_t *) &values[i].integer : (const uint8_t *) values[i].bytes, size);
    }
    crypto_generichash_final(&state, hash, 16);
}

struct holder {
    struct id id;
    bool      found;
};

static int holder_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct holder *holder = context;
    (void) num_columns;
    memcpy(holder->id.bytes, row[0].bytes, ID_BYTES);
    holder->found = true;
    return 0;
}

/* A reference to a record that is not in the database yet: nothing there can have this key. */
static bool refers_to_new(struct group *group, const struct model_record *record, const struct model_index *index,
                          const void *value)
{
    for (size_t i = 0; i < DB_INDEX_COLUMNS && index->fields[i] != NULL; i++) {
        const struct model_field *field = model_field_find(record, index->fields[i], strlen(index->fields[i]));
        struct entry             *entry;
        if (field == NULL || field->kind != MODEL_KIND_REFERENCE || model_record_find(field->target) == NULL)
            continue;
        const struct id *id = (const void *) ((const char *) value + field->offset);
        if (strcmp(field->target, "area") != 0 &&
            group_entry(group, model_record_find(field->target), id, &entry) == 0 && entry->loaded &&
            entry->stored == 0)
            return true;
    }
    return false;
}

/* Who in the database has this key, other than those whom the group has changed since. */
static int find_holder(struct group *group, const struct model_record *record, const struct model_index *index,
                       const struct db_value *values, size_t num, const struct entry *self, bool *taken)
{
    struct holder   holder = { .found = false };
    const char     *columns[DB_INDEX_COLUMNS];
    char            before[128];
    struct entry   *entry;
    struct db_value held[DB_INDEX_COLUMNS];
    size_t          num_held;
    for (size_t i = 0; i < num; i++)
        columns[i] = index->fields[i];
    snprintf(before, sizeof before, "SELECT id FROM \"%s\"", record->name);
    int ret = select_many_wide(group->db, before, columns, num, values, 1, holder_row, &holder, &group->error);
    if (ret != 0 || !holder.found || id_equal(&holder.id, &self->id))
        return ret;
    ret = group_entry(group, record, &holder.id, &entry);
    if (ret != 0)
        return ret;
    *taken = !entry->loaded || (entry->present && unique_values(record, index, entry->row, held, &num_held) &&
                                same_values(values, held, num));
    return 0;
}

/* Every unique key of the row is free, or was its own already. */
static int check_uniques(struct group *group, struct ticket *ticket, const struct entry *self, const void *value,
                         const struct db_value *row)
{
    const struct model_record *record = self->record;
    for (size_t i = 0; i < record->num_indexes; i++) {
        const struct model_index *index = &record->indexes[i];
        struct db_value           values[DB_INDEX_COLUMNS], held[DB_INDEX_COLUMNS];
        size_t                    num, num_held;
        uint8_t                   hash[16];
        bool                      taken = false;
        if (!index->unique || !unique_values(record, index, row, values, &num))
            continue;
        if (self->present && unique_values(record, index, self->row, held, &num_held) && same_values(values, held, num))
            continue;
        unique_hash(index, values, num, hash);
        const struct group_unique *slot = key_table_find(&group->uniques, hash);
        if (slot != NULL && slot->entry != self && slot->entry->present &&
            unique_values(record, index, slot->entry->row, held, &num_held) && same_values(values, held, num))
            taken = true;
        bool free_there = num == 1 && group_is_absent(group, record->name, index->fields[0], values[0].bytes,
                                                      values[0].type == DB_INTEGER ? 0 : values[0].size);
        if (!taken && !free_there && !refers_to_new(group, record, index, value)) {
            int ret = find_holder(group, record, index, values, num, self, &taken);
            if (ret != 0)
                return ret;
        }
        if (taken) {
            fault(ticket, index->fields[0], "a value that no other record has", "there already");
            return STORE_ERR_EXISTS;
        }
    }
    return 0;
}

static int remember_uniques(struct group *group, struct entry *entry)
{
    for (size_t i = 0; i < entry->record->num_indexes; i++) {
        const struct model_index *index = &entry->record->indexes[i];
        struct db_value           values[DB_INDEX_COLUMNS];
        size_t                    num;
        uint8_t                   hash[16];
        void                     *slot;
        bool                      added;
        if (!index->unique || !unique_values(entry->record, index, entry->row, values, &num))
            continue;
        unique_hash(index, values, num, hash);
        int ret = key_table_put(&group->uniques, hash, &slot, &added);
        if (ret != 0)
            return ret;
        ((struct group_unique *) slot)->entry = entry;
    }
    return 0;
}

/* ---- sealing ---- */

static bool has_identifying(const struct model_record *record, const void *value)
{
    for (size_t i = 0; i < record->num_fields; i++)
        if (record->fields[i].class == MODEL_CLASS_IDENTIFYING && !model_is_missing(&record->fields[i], value))
            return true;
    return false;
}

/* The key of the owner, made where there is none. */
static int owner_key(struct group *group, const struct entry *as_it_will_be, struct ticket *ticket,
                     struct group_key **key)
{
    struct id owner = group_owner(as_it_will_be);
    if (group->store->options.keeper == NULL) {
        return STORE_ERR_DENIED;
    }
    int ret = group_key_of(group, &owner, key);
    if (ret != 0)
        return ret;
    struct entry *person;
    if (strcmp(as_it_will_be->record->owner, "id") != 0) {
        ret = group_entry(group, model_record(MODEL_PERSON), &owner, &person);
        if (ret != 0)
            return ret;
        if ((*key)->destroyed ||
            (person->present && ((const struct model_person *) person->value)->erased != MODEL_MISSING_INTEGER)) {
            fault(ticket, as_it_will_be->record->owner, "a person who has not been erased", "erased");
            return BASE_ERR_INPUT;
        }
    }
    if ((*key)->stored && !(*key)->known)
        return SEAL_ERR_FORGED;
    return (*key)->known ? 0 : group_make_key(group, *key);
}

/* ---- the three verbs ---- */

/* The entry as it will be, ready to be written: row bound, sealed, found by its words. */
static int take_value(struct group *group, struct ticket *ticket, struct entry *entry, void *value, bool seal_again)
{
    const struct db_table *table = schema_table(entry->record);
    struct db_value       *row = arena_array(&group->arena, table->num_columns, sizeof *row);
    struct entry           next = *entry;
    if (row == NULL)
        return TOC_ERR_NO_MEMORY;
    next.value = value;
    int ret = 0;
    if (seal_again && has_identifying(entry->record, value)) {
        struct group_key *key;
        ret = owner_key(group, &next, ticket, &key);
        if (ret == 0)
            ret = sealed_fields_seal(&key->key, entry->record, value, &group->arena, &next.sealed);
    } else if (seal_again)
        next.sealed = (struct model_text){ NULL, 0 };
    if (ret == 0)
        ret = schema_bind(entry->record, value, next.sealed, &group->arena, row);
    if (ret == 0)
        ret = check_uniques(group, ticket, entry, value, row);
    if (ret != 0)
        return ret;
    ret = group_touch(group, entry);
    if (ret != 0)
        return ret;
    group_note(group, entry); /* as it was: it may be found by that */
    next.row = row;
    next.present = true;
    next.plain = seal_again || entry->plain;
    next.tokens = entry->tokens || (seal_again && entry->record == model_record(MODEL_IDENTITY));
    *entry = next;
    ret = group_dirty(group, entry);
    if (ret == 0 && next.tokens)
        ret = group_note_tokens(group, value);
    return ret == 0 ? remember_uniques(group, entry) : ret;
}

static void *copy_value(struct group *group, const struct model_record *record, const void *value)
{
    void *copy = arena_array(&group->arena, 1, record->size);
    if (copy != NULL)
        memcpy(copy, value, record->size);
    return copy;
}

static int create(struct group *group, struct ticket *ticket, struct store_change *change, struct entry *entry)
{
    if (entry->present)
        return STORE_ERR_EXISTS;
    int ret = check_writable(group, ticket, change);
    if (ret == 0 && !ticket->valid) {
        struct model_check check = check_of(group);
        ret = model_check_create(&check, change->record, change->value, ticket->faults);
    }
    if (ret == 0)
        ret = check_references(group, ticket, change);
    if (ret != 0)
        return ret;
    struct model_head *head = change->value;
    head->version = 1;
    head->created = head->updated = group->known;
    struct entry as_given = { .record = change->record, .id = head->id, .value = change->value };
    ret = check_grant(group, ticket, &as_given, STORE_ERR_DENIED);
    void *value = ret == 0 ? copy_value(group, change->record, change->value) : NULL;
    if (ret == 0)
        ret = value == NULL ? TOC_ERR_NO_MEMORY : take_value(group, ticket, entry, value, true);
    if (ret == 0) {
        entry->words = entry->record->searched != NULL && entry->record->searched[0] != NULL;
        ret = group_count(group, entry, 1);
    }
    return ret;
}

/* The row as it was, kept. */
int group_keep_history(struct group *group, const struct entry *entry)
{
    const struct db_table   *table = schema_table(entry->record);
    const struct model_head *head = entry->value;
    int                      sealed = schema_sealed_column(entry->record);
    struct db_value         *row, packed;
    struct db_value         *bare = arena_array(&group->arena, table->num_columns, sizeof *bare);
    struct id               *owner = arena_array(&group->arena, 1, sizeof *owner);
    if (bare == NULL || owner == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(bare, entry->row, table->num_columns * sizeof *bare);
    if (sealed >= 0)
        bare[sealed] = db_null();
    int ret = schema_pack(table, bare, &group->arena, &packed);
    if (ret == 0)
        ret = group_row(&group->history, &row);
    if (ret != 0)
        return ret;
    bool keeps = entry->sealed.bytes != NULL;
    *owner = group_owner(entry);
    row[store_history_id] = db_id(&entry->id);
    row[store_history_record] = db_word(entry->record->name);
    row[store_history_version] = db_integer(head->version);
    row[store_history_known] = db_integer(head->updated);
    row[store_history_until] = db_integer(group->known);
    row[store_history_row] = packed;
    row[store_history_owner] = keeps ? db_id(owner) : db_null();
    row[store_history_sealed] = keeps ? db_bytes(entry->sealed.bytes, entry->sealed.size) : db_null();
    return 0;
}

static bool touches(const struct store_change *change, enum model_class class)
{
    for (size_t i = 0; i < change->record->num_fields; i++)
        if (model_set_has(&change->given, i) && change->record->fields[i].class == class)
            return true;
    return false;
}

static bool touches_searched(const struct store_change *change)
{
    for (const char *const *name = change->record->searched; name != NULL && *name != NULL; name++) {
        const struct model_field *field = model_field_find(change->record, *name, strlen(*name));
        if (field != NULL && model_set_has(&change->given, (size_t) (field - change->record->fields)))
            return true;
    }
    return false;
}

/* The current record with the fields that the change brings; identifying ones opened where they are needed. */
static int merge(struct group *group, struct ticket *ticket, const struct store_change *change, struct entry *entry,
                 bool sealed, void **merged)
{
    void *before = copy_value(group, change->record, entry->value);
    if (before == NULL)
        return TOC_ERR_NO_MEMORY;
    if (sealed && !entry->plain && entry->sealed.bytes != NULL) {
        struct group_key *key;
        int               ret = owner_key(group, entry, ticket, &key);
        if (ret == 0)
            ret = sealed_fields_open(&key->key, change->record, entry->sealed, &group->arena, before);
        if (ret != 0)
            return ret;
    }
    void *after = copy_value(group, change->record, before);
    if (after == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < change->record->num_fields; i++)
        if (model_set_has(&change->given, i))
            model_copy(&change->record->fields[i], after, change->value);
    struct model_check check = check_of(group);
    int                ret = model_check_change(&check, change->record, before, after, &change->given, ticket->faults);
    if (ret != 0)
        return ret;
    struct model_head *head = after;
    head->version++;
    head->updated = group->known;
    *merged = after;
    return 0;
}

/* Is the first step to the record's area another than before? */
static bool changes_area(const struct model_record *record, const void *before, const void *after)
{
    const char               *path = record->scope == MODEL_SCOPE_AREA ? record->scope_path : NULL;
    const struct model_field *field = path != NULL ? model_field_find(record, path, strcspn(path, ".")) : NULL;
    return field != NULL && !model_equal(field, before, after);
}

static int alter(struct group *group, struct ticket *ticket, struct store_change *change, struct entry *entry)
{
    bool  sealed = touches(change, MODEL_CLASS_IDENTIFYING);
    void *merged = NULL;
    int   ret = check_writable(group, ticket, change);
    if (ret == 0)
        ret = check_references(group, ticket, change);
    if (ret == 0)
        ret = merge(group, ticket, change, entry, sealed, &merged);
    if (ret == 0)
        ret = group_keep_history(group, entry);
    struct id before = group_area(group, entry);
    bool      moves = ret == 0 && changes_area(entry->record, entry->value, merged);
    if (ret == 0)
        ret = group_count(group, entry, -1);
    if (ret == 0 && moves)
        ret = group_count_followers(group, entry, -1);
    if (ret == 0)
        ret = take_value(group, ticket, entry, merged, sealed);
    if (ret == 0 && moves)
        ret = group_count_followers(group, entry, 1);
    if (ret == 0 && moves && entry->record == model_record(MODEL_PERSON))
        ret = group_follow_person(group, entry, &before);
    if (ret != 0)
        return ret;
    entry->words = entry->words || touches_searched(change);
    *(struct model_head *) change->value = *(const struct model_head *) merged;
    return group_count(group, entry, 1);
}

int group_change(struct group *group, struct ticket *ticket, struct store_change *change, size_t number)
{
    struct model_head *head = change->value;
    struct entry      *entry;
    (void) number;
    if (id_is_missing(&head->id)) {
        fault(ticket, "id", ID_ALLOWED, "missing");
        return BASE_ERR_INPUT;
    }
    int ret = group_entry(group, change->record, &head->id, &entry);
    if (ret != 0)
        return ret;
    struct group_place before = group_place_of(group, entry);
    if (change->verb != STORE_CREATE) {
        if (!entry->present)
            return STORE_ERR_ABSENT;
        ret = check_grant(group, ticket, entry, STORE_ERR_ABSENT);
        if (ret == 0 && change->version != 0 && change->version != ((const struct model_head *) entry->value)->version)
            ret = STORE_ERR_VERSION;
        if (ret == 0)
            ret = group_note_tested(group, entry, false);
        if (ret != 0)
            return ret;
    }
    switch (change->verb) {
    case STORE_CREATE: ret = create(group, ticket, change, entry); break;
    case STORE_CHANGE: ret = alter(group, ticket, change, entry); break;
    case STORE_ERASE:
        ret = !access_may_erase(&ticket->who, change->record) ? STORE_ERR_DENIED
                                                              : group_erase(group, ticket, change, entry);
        break;
    }
    if (ret == 0 && change->verb != STORE_ERASE)
        ret = group_note_tested(group, entry, change->verb == STORE_CREATE);
    if (ret != 0)
        return ret;
    if (entry->record == model_record(MODEL_AREA))
        group->areas_changed = true;
    if (entry->record == model_record(MODEL_USER) || entry->record == model_record(MODEL_GRANT))
        group->access_changed = true;
    struct group_place place = change->verb == STORE_ERASE ? before : group_place_of(group, entry);
    return group_event(group, change->verb, entry, &place);
}
