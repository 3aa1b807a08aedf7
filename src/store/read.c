/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading single records, now and as of an instant, and events; each under the caller's grant. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/records.h"
#include "store/group.h"
#include "store/list.h"
#include "store/schema.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"
#include "store/store_internal.h"
#include "store/tables.h"

int store_reader_open(struct store *store, struct store_reader **reader, struct db_error *error)
{
    struct db_options    options = store->options.db;
    struct store_reader *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    options.read_only = true;
    options.create = false;
    made->store = store;
    int ret = db_open(store->url, &options, &made->db, error);
    if (ret == 0)
        ret = list_prepare(made->db, error);
    if (ret != 0)
        store_reader_close(made);
    else
        *reader = made;
    return ret;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader == NULL)
        return;
    db_close(reader->db);
    free(reader);
}

struct store *store_of_reader(const struct store_reader *reader)
{
    return reader->store;
}

int store_reader_db(struct store_reader *reader, struct db **db)
{
    int ret = reader->group == NULL ? 0 : group_write(reader->group);
    if (ret == 0)
        *db = reader->db;
    return ret;
}

/* ---- one record ---- */

struct found {
    const struct model_record *record;
    struct arena              *arena;
    void                      *value;
    struct model_text          sealed;
    bool                       any;
};

static int found_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct found *found = context;
    (void) num_columns;
    found->any = true;
    return schema_fetch(found->record, row, found->arena, found->value, &found->sealed);
}

/* The record as it stands in its table. */
static int fetch_now(struct store_reader *reader, const struct id *id, struct found *found)
{
    struct db_value parameter = db_id(id);
    if (reader->group != NULL) {
        struct entry *entry;
        int           ret = group_entry(reader->group, found->record, id, &entry);
        if (ret == 0 && !entry->loaded)
            ret = group_load(reader->group);
        if (ret != 0 || !entry->present)
            return ret;
        found->any = true;
        return schema_fetch(found->record, entry->row, found->arena, found->value, &found->sealed);
    }
    return select_rows(reader->db, store_select_one(reader->store, found->record), &parameter, 1, found_row, found,
                       &reader->error);
}

/* ---- as of an instant: from history ---- */

struct past {
    struct found        *found;
    struct store_reader *reader;
    struct db_value      packed, sealed;
    char                *layout;
};

static int past_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct past  *past = context;
    struct arena *arena = past->found->arena;
    (void) num_columns;
    if (row[0].type != DB_BYTES)
        return 0; /* erased */
    const char *bytes = arena_copy(arena, row[0].bytes, row[0].size);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    past->packed = db_bytes(bytes, row[0].size);
    if (row[1].type == DB_BYTES) {
        bytes = arena_copy(arena, row[1].bytes, row[1].size);
        if (bytes == NULL)
            return TOC_ERR_NO_MEMORY;
        past->sealed = db_bytes(bytes, row[1].size);
    }
    return 0;
}

static int layout_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct past *past = context;
    (void) num_columns;
    past->layout = arena_copy(past->found->arena, row[0].bytes, row[0].size);
    return past->layout == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int unpack_past(struct past *past)
{
    const struct db_table *table = schema_table(past->found->record);
    struct db_value       *row = arena_array(past->found->arena, table->num_columns, sizeof *row);
    struct db_value        layout = db_integer(schema_packed_layout(&past->packed));
    int                    ret = row == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && layout.integer != schema_layout(table)) {
        ret = select_rows(past->reader->db, "SELECT columns FROM row_layout WHERE layout = $1", &layout, 1, layout_row,
                          past, &past->reader->error);
        if (ret == 0 && past->layout == NULL)
            ret = DB_ERR_CORRUPT;
    }
    if (ret == 0)
        ret = schema_unpack(table, past->layout, &past->packed, row);
    int column = schema_sealed_column(past->found->record);
    if (ret == 0 && column >= 0)
        row[column] = past->sealed;
    return ret == 0 ? found_row(past->found, row, table->num_columns) : ret;
}

static int find_past(struct past *past, const struct id *id, int64_t as_of)
{
    struct db      *db;
    struct db_value parameters[] = { db_id(id), db_word(past->found->record->name), db_integer(as_of) };
    int             ret = store_reader_db(past->reader, &db);
    return ret != 0
               ? ret
               : select_rows(db,
                             "SELECT \"row\", sealed FROM history WHERE id = $1 AND record = $2 AND known <= $3 AND "
                             "until > $3",
                             parameters, 3, past_row, past, &past->reader->error);
}

/* ---- the grant ---- */

/* What stands at the end of a path of references from a record, as it is now; missing where the path ends early. It is
 * walked to its end for a record that is absent (value NULL) too: nobody tells by time what is absent from what is not
 * theirs. */
static int end_of(struct store_reader *reader, const struct model_record *record, const void *value, const char *path,
                  struct arena *arena, struct id *end)
{
    static const struct id nothing;
    *end = nothing;
    while (path != NULL) {
        size_t                    size = strcspn(path, ".");
        const struct model_field *field = model_field_find(record, path, size);
        const struct id          *id = value != NULL ? (const void *) ((const char *) value + field->offset) : &nothing;
        if (path[size] == '\0') {
            *end = *id;
            return 0;
        }
        struct found next = { .record = model_record_find(field->target), .arena = arena };
        next.value = arena_array(arena, 1, next.record->size);
        if (next.value == NULL)
            return TOC_ERR_NO_MEMORY;
        int ret = id_is_missing(id) && reader->group != NULL ? 0 : fetch_now(reader, id, &next);
        if (ret != 0)
            return ret;
        value = next.any ? next.value : NULL;
        record = next.record;
        path += size + 1;
    }
    return 0;
}

/* Is the area within the grant? */
static bool within(struct store *store, const struct access *who, const struct id *area)
{
    if (who->everywhere)
        return true;
    const struct area_tree *areas = store_hold_areas(store);
    uint32_t                number = area_tree_find(areas, area);
    bool                    is_within = false;
    for (size_t i = 0; i < who->num_areas && number != AREA_NONE && !is_within; i++) {
        uint32_t top = area_tree_find(areas, &who->areas[i]);
        is_within = top != AREA_NONE && area_tree_within(areas, number, top);
    }
    store_release_areas(store, areas);
    return is_within;
}

/* Does the record belong to one of the grant's facilities? */
static int find_facility(struct store_reader *reader, const struct access *who, const struct model_record *record,
                         const void *value, struct arena *arena, bool *found)
{
    int ret = 0;
    for (const char *const *path = record->belongs_to; *path != NULL && who->num_facilities > 0 && ret == 0; path++) {
        struct id facility;
        ret = end_of(reader, record, value, *path, arena, &facility);
        *found = *found || (ret == 0 && access_has_facility(who, &facility));
    }
    return ret;
}

/* Is the record within the grant? value NULL: it is absent, which is found out at the same cost. */
static int check_grant(struct store_reader *reader, const struct access *who, const struct model_record *record,
                       const void *value)
{
    struct arena arena = ARENA_INIT;
    struct id    area;
    if (record->scope != MODEL_SCOPE_AREA || who->everywhere)
        return value != NULL ? 0 : STORE_ERR_ABSENT;
    int  ret = end_of(reader, record, value, record->scope_path, &arena, &area);
    bool is_within = ret == 0 && within(reader->store, who, &area);
    if (ret == 0)
        ret = find_facility(reader, who, record, value, &arena, &is_within);
    if (ret == 0 && !is_within)
        ret = STORE_ERR_ABSENT;
    arena_free(&arena);
    return ret;
}

/* The record as it was known: what stands now, if it stood then, or the row of history that covers the instant. Today's
 * grant, also for yesterday's record: the area that decides is the present one where the record still exists. */
static int fetch(struct store_reader *reader, const struct access *who, const struct id *id, int64_t as_of,
                 struct found *found)
{
    struct past past = { .found = found, .reader = reader, .packed = db_null(), .sealed = db_null() };
    int         ret = fetch_now(reader, id, found);
    bool        now = found->any;
    if (ret == 0 && as_of != STORE_NOW)
        ret = find_past(&past, id, as_of);
    if (ret == 0 && now)
        ret = check_grant(reader, who, found->record, found->value);
    if (ret != 0)
        return ret;
    if (now && (as_of == STORE_NOW || ((const struct model_head *) found->value)->updated <= as_of))
        return 0;
    found->any = false;
    found->sealed = (struct model_text){ NULL, 0 };
    if (past.packed.type != DB_NULL)
        ret = unpack_past(&past);
    if (ret == 0 && !now)
        ret = check_grant(reader, who, found->record, found->any ? found->value : NULL);
    return ret != 0 ? ret : found->any ? 0 : STORE_ERR_ABSENT;
}

/* ---- identities ---- */

struct wrapped_key {
    struct keeper_wrapped wrapped;
    bool                  any;
};

static int key_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct wrapped_key *key = context;
    (void) num_columns;
    if (row[1].type != DB_BYTES || row[1].size != KEEPER_WRAPPED_BYTES)
        return DB_ERR_CORRUPT;
    key->wrapped.generation = (uint32_t) row[0].integer;
    memcpy(key->wrapped.bytes, row[1].bytes, KEEPER_WRAPPED_BYTES);
    key->any = true;
    return 0;
}

static struct id owner_of(const struct model_record *record, const void *value)
{
    const struct model_field *field = model_field_find(record, record->owner, strlen(record->owner));
    return field == NULL ? ((const struct model_head *) value)->id
                         : *(const struct id *) (const void *) ((const char *) value + field->offset);
}

static int open_sealed(struct store_reader *reader, const struct found *found)
{
    struct wrapped_key key = { .any = false };
    struct seal_key    opened;
    struct db         *db;
    struct id          owner = owner_of(found->record, found->value);
    struct db_value    parameter = db_id(&owner);
    if (found->sealed.bytes == NULL)
        return 0;
    if (reader->store->options.keeper == NULL)
        return STORE_ERR_DENIED;
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT generation, wrapped FROM person_key WHERE person = $1", &parameter, 1, key_row,
                          &key, &reader->error);
    if (ret != 0 || !key.any)
        return ret; /* erased: nothing to open it with */
    key.wrapped.owner = owner;
    struct keeper_error failure = { .status = 0 };
    ret = keeper_unwrap(reader->store->options.keeper, KEEPER_SHOW, &key.wrapped, 1, &opened, NULL, &failure);
    if (ret == 0)
        ret = sealed_fields_open(&opened, found->record, found->sealed, found->arena, found->value);
    seal_keys_wipe(&opened, 1);
    return ret;
}

static bool shows_identity(const struct model_record *record, const struct model_set *visible)
{
    for (size_t i = 0; i < record->num_fields; i++)
        if (record->fields[i].class == MODEL_CLASS_IDENTIFYING && model_set_has(visible, i))
            return true;
    return false;
}

/* Fields that the caller may not see become missing. */
static int mask(const struct found *found, const struct model_set *visible)
{
    void *nothing = arena_array(found->arena, 1, found->record->size);
    if (nothing == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(found->record, nothing);
    for (size_t i = 0; i < found->record->num_fields; i++)
        if (!model_set_has(visible, i))
            model_copy(&found->record->fields[i], found->value, nothing);
    return 0;
}

int store_read(struct store_reader *reader, const struct access *who, const struct model_record *record,
               const struct id *id, int64_t as_of, struct arena *arena, void *value, struct model_set *visible)
{
    struct model_set may = access_visible(who, record);
    struct found     found = { .record = record, .arena = arena };
    if (access_highest(who, record) == ACCESS_NOTHING)
        return STORE_ERR_ABSENT;
    found.value = arena_array(arena, 1, record->size);
    int ret = found.value == NULL ? TOC_ERR_NO_MEMORY : fetch(reader, who, id, as_of, &found);
    if (ret == 0 && shows_identity(record, &may) && found.sealed.bytes != NULL) {
        struct id owner = owner_of(record, found.value);
        ret = store_audit_reading(reader, who, "read", record, &owner, 1);
        if (ret == 0)
            ret = open_sealed(reader, &found);
    }
    if (ret == 0)
        ret = mask(&found, &may);
    if (ret != 0)
        return ret;
    memcpy(value, found.value, record->size);
    *visible = may;
    return 0;
}

/* ---- several records ---- */

struct many {
    struct store_reader       *reader;
    const struct model_record *record;
    const struct id           *ids;
    size_t                     num;
    struct arena              *arena;
    char                      *values;
    bool                      *there;
};

static int many_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct many      *many = context;
    struct model_text sealed;
    (void) num_columns;
    for (size_t i = 0; i < many->num; i++) {
        if (memcmp(many->ids[i].bytes, row[SCHEMA_ID].bytes, ID_BYTES) != 0)
            continue;
        int ret = schema_fetch(many->record, row, many->arena, many->values + i * many->record->size, &sealed);
        if (ret != 0)
            return ret;
        many->there[i] = true;
    }
    return 0;
}

static int fetch_many(struct many *many)
{
    char             sql[4096];
    struct db       *db;
    struct db_value *keys = memory_array(many->num + 1, sizeof *keys);
    int              ret = keys == NULL ? TOC_ERR_NO_MEMORY : store_reader_db(many->reader, &db);
    for (size_t i = 0; i < many->num && ret == 0; i++)
        keys[i] = db_id(&many->ids[i]);
    snprintf(sql, sizeof sql, "%s WHERE id", store_select(many->reader->store, many->record));
    if (ret == 0)
        ret = select_many(db, sql, "", keys, many->num, many_row, many, &many->reader->error);
    free(keys);
    return ret;
}

int store_read_many(struct store_reader *reader, const struct access *who, const struct model_record *record,
                    const struct id *ids, size_t num, struct arena *arena, void *values, bool *there,
                    struct model_set *visible)
{
    struct access plain = *who;
    struct many   many = { reader, record, ids, num, arena, values, there };
    plain.purpose = ACCESS_NO_PURPOSE;
    struct model_set may = access_visible(&plain, record);
    memset(there, 0, num * sizeof *there);
    if (access_highest(&plain, record) == ACCESS_NOTHING)
        return STORE_ERR_DENIED;
    int ret = fetch_many(&many);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct found found = { .record = record, .arena = arena, .value = many.values + i * record->size };
        if (!there[i])
            continue;
        ret = check_grant(reader, &plain, record, found.value);
        if (ret == STORE_ERR_ABSENT) {
            there[i] = false;
            ret = 0;
        } else if (ret == 0)
            ret = mask(&found, &may);
    }
    *visible = may;
    return ret;
}
