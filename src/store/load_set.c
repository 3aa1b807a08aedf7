/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference data as one audited set: the difference from what is there, written in one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model_check.h"
#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/search_words.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { PAGE = 5000, ARENA_ROWS = 2000, UPDATE_ROWS = 2000, WORD_ROWS = 1000, MOST_SEARCHED = 16 };

enum fate { CREATED, CHANGED, SAME };

struct row {
    struct model_head *value;
    size_t             number; /* in the caller's order */
    enum fate          fate;
};

struct loading {
    const struct store_load *load;
    struct access            who;
    struct fault_list       *faults;
    struct row              *rows; /* by id */
    struct store_loaded      loaded;
    /* while what is there is read */
    struct group *group;
    size_t        at;   /* the first row that may still be met */
    struct id     last; /* the id that was read last */
    size_t        read;
    struct arena  arena;
    bool          areas_moved;
};

static int by_id(const void *a, const void *b)
{
    return id_compare(&((const struct row *) a)->value->id, &((const struct row *) b)->value->id);
}

static void row_fault(const struct loading *loading, size_t number, const char *allowed, const char *found)
{
    char name[FAULT_NAME_BYTES];
    snprintf(name, sizeof name, "/%zu", number);
    if (loading->faults != NULL)
        fault_add(loading->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
}

/* ---- in the caller's thread ---- */

static int check_rows(const struct store *store, struct loading *loading)
{
    const struct store_load *load = loading->load;
    struct model_check       check = { .lists = store->options.lists };
    struct fault_list        seen = FAULT_LIST_INIT;
    int                      ret = 0;
    for (size_t i = 0; i < load->num_rows; i++) {
        void *value = (char *) load->rows + i * load->record->size;
        loading->rows[i] = (struct row){ .value = value, .number = i };
        if (model_check_create(&check, load->record, value, &seen) == 0)
            continue;
        char name[32]; /* the few at fault are checked again, to say where */
        snprintf(name, sizeof name, "/%zu", i);
        struct model_check placed = { .lists = check.lists, .place.name = name };
        ret = model_check_create(&placed, load->record, value, loading->faults);
        fault_list_free(&seen);
    }
    if (load->num_rows > 1)
        qsort(loading->rows, load->num_rows, sizeof *loading->rows, by_id);
    for (size_t i = 0; i + 1 < load->num_rows; i++)
        if (id_equal(&loading->rows[i].value->id, &loading->rows[i + 1].value->id)) {
            row_fault(loading, loading->rows[i + 1].number, "each id once", "an id that stands twice");
            ret = BASE_ERR_INPUT;
        }
    return ret;
}

/* ---- what is there ---- */

static bool same_record(const struct model_record *record, const void *a, const void *b)
{
    for (size_t i = 0; i < record->num_fields; i++)
        if (!model_equal(&record->fields[i], a, b))
            return false;
    return true;
}

/* The row as it was goes into history. */
static int keep_old(struct loading *loading, const struct model_head *old, const struct db_value *row)
{
    struct group    *group = loading->group;
    struct db_value *history, packed;
    struct id       *id = arena_array(&group->arena, 1, sizeof *id);
    int              ret =
        id == NULL ? TOC_ERR_NO_MEMORY : schema_pack(schema_table(loading->load->record), row, &group->arena, &packed);
    if (ret == 0)
        ret = group_row(&group->history, &history);
    if (ret != 0)
        return ret;
    *id = old->id;
    history[store_history_id] = db_id(id);
    history[store_history_record] = db_word(loading->load->record->name);
    history[store_history_version] = db_integer(old->version);
    history[store_history_known] = db_integer(old->updated);
    history[store_history_until] = db_integer(group->known);
    history[store_history_row] = packed;
    history[store_history_owner] = db_null();
    history[store_history_sealed] = db_null();
    return 0;
}

static int meet(void *context, const struct db_value *row, size_t num_columns)
{
    struct loading            *loading = context;
    const struct model_record *record = loading->load->record;
    _Alignas(16) char          old[4096];
    (void) num_columns;
    memcpy(loading->last.bytes, row[SCHEMA_ID].bytes, ID_BYTES);
    loading->read++;
    while (loading->at < loading->load->num_rows &&
           id_compare(&loading->rows[loading->at].value->id, &loading->last) < 0)
        loading->at++;
    if (loading->at == loading->load->num_rows || !id_equal(&loading->rows[loading->at].value->id, &loading->last))
        return 0;
    struct row *mine = &loading->rows[loading->at];
    if (loading->read % ARENA_ROWS == 0)
        arena_free(&loading->arena);
    int ret = schema_fetch(record, row, &loading->arena, old, NULL);
    if (ret != 0)
        return ret;
    const struct model_head *head = (const void *) old;
    mine->fate = same_record(record, old, mine->value) ? SAME : CHANGED;
    mine->value->version = head->version + (mine->fate == CHANGED);
    mine->value->created = head->created;
    mine->value->updated = mine->fate == CHANGED ? loading->group->known : head->updated;
    return mine->fate == CHANGED ? keep_old(loading, head, row) : 0;
}

static int read_present(struct loading *loading)
{
    struct group *group = loading->group;
    char          sql[4200];
    int           ret = 0;
    snprintf(sql, sizeof sql, "%s WHERE id > $1 ORDER BY id LIMIT %d",
             store_select(group->store, loading->load->record), PAGE);
    loading->at = 0;
    loading->last = (struct id){ { 0 } };
    for (size_t i = 0; i < loading->load->num_rows; i++) {
        loading->rows[i].fate = CREATED;
        loading->rows[i].value->version = 1;
        loading->rows[i].value->created = loading->rows[i].value->updated = group->known;
    }
    do {
        struct id       after = loading->last;
        struct db_value parameter = db_bytes(after.bytes, ID_BYTES);
        loading->read = 0;
        ret = select_rows(group->db, sql, &parameter, 1, meet, loading, &group->error);
    } while (ret == 0 && loading->read == PAGE);
    arena_free(&loading->arena);
    return ret;
}

/* Is there anything to write? */
static bool count_fates(struct loading *loading)
{
    for (size_t i = 0; i < loading->load->num_rows; i++) {
        enum fate fate = loading->rows[i].fate;
        *(fate == CREATED   ? &loading->loaded.created
          : fate == CHANGED ? &loading->loaded.changed
                            : &loading->loaded.same) += 1;
    }
    return loading->loaded.created + loading->loaded.changed > 0;
}

/* ---- writing ---- */

static int bind(struct loading *loading, const struct row *row, struct db_value *values)
{
    return schema_bind(loading->load->record, row->value, (struct model_text){ NULL, 0 }, &loading->arena, values);
}

static int write_created(struct loading *loading)
{
    struct group   *group = loading->group;
    struct db_load *stream = NULL;
    struct db_value values[DB_MAX_COLUMNS];
    size_t          num = 0;
    int             ret = db_load_begin(group->db, schema_table(loading->load->record), &stream, &group->error);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < loading->load->num_rows && ret == 0; i++) {
        if (loading->rows[i].fate != CREATED)
            continue;
        ret = bind(loading, &loading->rows[i], values);
        if (ret == 0)
            ret = db_load_row(stream, values, &group->error);
        if (++num % ARENA_ROWS == 0)
            arena_free(&loading->arena);
    }
    arena_free(&loading->arena);
    if (ret == 0)
        return db_load_end(stream, &group->error);
    db_load_cancel(stream);
    return ret;
}

static int write_changed(struct loading *loading)
{
    const struct db_table *table = schema_table(loading->load->record);
    struct group          *group = loading->group;
    struct db_value       *values = memory_array(UPDATE_ROWS, table->num_columns * sizeof *values);
    size_t                 num = 0;
    int                    ret = values == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < loading->load->num_rows && ret == 0; i++) {
        if (loading->rows[i].fate == CHANGED)
            ret = bind(loading, &loading->rows[i], values + num++ * table->num_columns);
        if (ret == 0 && (num == UPDATE_ROWS || (i + 1 == loading->load->num_rows && num > 0))) {
            ret = db_update(group->db, table, -1, values, num, NULL, &group->error);
            arena_free(&loading->arena);
            num = 0;
        }
    }
    free(values);
    return ret;
}

/* Areas that rows refer to must be there; other references of reference data lead to rows of the set or to the set. */
static int check_references(struct loading *loading)
{
    const struct model_record *record = loading->load->record;
    int                        ret = 0;
    if (record == model_record(MODEL_AREA)) {
        struct area_tree *tree;
        ret = area_tree_load(loading->group->db, &tree, &loading->group->error);
        if (ret == 0)
            area_tree_free(tree);
        else if (ret == DB_ERR_CORRUPT) {
            row_fault(loading, 0, "areas that make a tree", loading->group->error.what);
            loading->group->error.status = 0;
            ret = BASE_ERR_INPUT;
        }
        return ret;
    }
    for (size_t f = 0; f < record->num_fields; f++) {
        const struct model_field *field = &record->fields[f];
        if (field->kind != MODEL_KIND_REFERENCE || strcmp(field->target, "area") != 0)
            continue;
        for (size_t i = 0; i < loading->load->num_rows; i++) {
            const struct id *id = (const void *) ((const char *) loading->rows[i].value + field->offset);
            if (!id_is_missing(id) && area_tree_find(loading->group->areas, id) == AREA_NONE) {
                row_fault(loading, loading->rows[i].number, "the id of an area that exists", "no such area");
                ret = BASE_ERR_INPUT;
            }
        }
    }
    return ret;
}

/* What was counted in areas that have another parent in this edition goes with them. */
static int move_areas(struct loading *loading)
{
    int ret = 0;
    for (size_t i = 0; loading->load->record == model_record(MODEL_AREA) && i < loading->load->num_rows && ret == 0;
         i++) {
        const struct model_area *area = (const void *) loading->rows[i].value;
        if (loading->rows[i].fate == CHANGED)
            ret = group_note_move(loading->group, &area->head.id, &area->parent);
    }
    return ret == 0 ? group_move_areas(loading->group) : ret;
}

static int write_set(struct loading *loading)
{
    struct group       *group = loading->group;
    struct store_change change = { .verb = STORE_CREATE,
                                   .record = model_record(MODEL_REFERENCE_SET),
                                   .value = loading->load->set };
    struct ticket       ticket = { .who = loading->who, .faults = loading->faults, .set = { &change, 1 } };
    struct ticket      *tickets[] = { &ticket };
    int                 ret = group_gather(group, tickets, 1);
    if (ret == 0)
        ret = group_change(group, &ticket, &change, 0);
    if (ret != 0)
        return ret;
    struct entry          all = { .record = loading->load->record,
                                  .id = loading->load->set->head.id,
                                  .value = loading->load->set };
    struct id             none = { { 0 } };
    struct audit_subjects subjects = { .record = change.record->name, .ids = &loading->load->set->head.id, .num = 1 };
    struct audit_entry    entry = { .at = group->known,
                                    .fence = group->writer->fence,
                                    .actor = loading->who.user,
                                    .role = access_role_word(loading->who.role),
                                    .purpose = access_purpose_word(loading->who.purpose),
                                    .verb = "load set",
                                    .subjects = &subjects,
                                    .num_subjects = 1,
                                    .digest = loading->load->set->digest };
    ret = group_event(group, STORE_CHANGE, &all, &none);
    return ret == 0 ? group_audit(group, &entry) : ret;
}

static int load_job(void *context, struct group *group)
{
    struct loading *loading = context;
    loading->group = group;
    loading->loaded = (struct store_loaded){ .created = 0 };
    group->broken = true; /* until all is well: a failure takes everything back */
    int ret = group_write(group);
    if (ret == 0)
        ret = read_present(loading);
    bool news = ret == 0 && count_fates(loading);
    if (news) {
        ret = write_created(loading);
        if (ret == 0)
            ret = write_changed(loading);
        if (ret == 0)
            ret = check_references(loading);
        if (ret == 0)
            ret = move_areas(loading);
        if (ret == 0)
            ret = write_set(loading);
    }
    arena_free(&loading->arena);
    if (ret != 0)
        return ret;
    group->broken = false;
    loading->areas_moved = group->moves.num > 0;
    group->areas_changed = group->areas_changed || (news && loading->load->record == model_record(MODEL_AREA));
    loading->loaded.event = news ? group->event : 0;
    return 0;
}

int store_load_set(struct store *store, const struct access *who, const struct store_load *load,
                   struct store_loaded *loaded, struct fault_list *faults)
{
    struct fault_list own = FAULT_LIST_INIT;
    struct loading    loading = { .load = load, .who = *who, .faults = faults != NULL ? faults : &own };
    int               ret = 0;
    if (store->writer == NULL)
        return STORE_ERR_STOPPED;
    if (!access_may_write(who, load->record) || load->record->owner != NULL || load->record->size > 4096)
        return STORE_ERR_DENIED;
    loading.rows = memory_array(load->num_rows + 1, sizeof *loading.rows);
    if (loading.rows == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = check_rows(store, &loading);
    if (ret == 0) {
        struct ticket ticket = {
            .who = *who, .job = load_job, .context = &loading, .bulk = true, .weight = 1, .faults = loading.faults
        };
        ret = writer_submit(store->writer, &ticket);
    }
    if (ret == 0 && loading.areas_moved)
        ret = store_tokens_moved(store);
    if (ret == 0)
        *loaded = loading.loaded;
    free(loading.rows);
    fault_list_free(&own);
    return ret;
}

/* ---- words ---- */

struct wording {
    const struct model_record *record;
    struct group              *group;
    struct id                  last;
    size_t                     read;
    struct group_rows          rows;
    struct id                  ids[WORD_ROWS];
};

static int word_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct wording     *wording = context;
    struct arena       *arena = &wording->group->arena;
    struct model_text   texts[MOST_SEARCHED];
    struct search_term *terms;
    size_t              num = 0, num_terms;
    _Alignas(16) char   value[4096];
    (void) num_columns;
    int ret = wording->read < WORD_ROWS ? schema_fetch(wording->record, row, arena, value, NULL) : DB_ERR_CORRUPT;
    if (ret != 0)
        return ret;
    struct id *id = &wording->ids[wording->read++];
    *id = wording->last = ((const struct model_head *) (const void *) value)->id;
    for (const char *const *name = wording->record->searched; *name != NULL && num < MOST_SEARCHED; name++) {
        const struct model_field *field = model_field_find(wording->record, *name, strlen(*name));
        texts[num++] = *(const struct model_text *) (const void *) (value + field->offset);
    }
    ret = search_words_of_texts(texts, num, arena, &terms, &num_terms);
    for (size_t i = 0; ret == 0 && i < num_terms; i++) {
        struct db_value *made;
        ret = group_row(&wording->rows, &made);
        if (ret != 0)
            break;
        made[store_search_term_record] = db_word(wording->record->name);
        made[store_search_term_term] = db_text(terms[i].bytes, terms[i].size);
        made[store_search_term_id] = db_id(id);
    }
    return ret;
}

static int no_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) context;
    (void) row;
    (void) num_columns;
    return 0;
}

static int words_job(void *context, struct group *group)
{
    struct wording *wording = context;
    struct db_value after = db_bytes(wording->last.bytes, ID_BYTES), keys[WORD_ROWS];
    char            sql[4200];
    wording->group = group;
    wording->read = 0;
    wording->rows.num = 0;
    snprintf(sql, sizeof sql, "%s WHERE id > $1 ORDER BY id LIMIT %d", store_select(group->store, wording->record),
             WORD_ROWS);
    struct id from = wording->last;
    after.bytes = (const char *) from.bytes;
    group->broken = true;
    int ret = group_write(group);
    if (ret == 0)
        ret = select_rows(group->db, sql, &after, 1, word_row, wording, &group->error);
    for (size_t i = 0; i < wording->read; i++)
        keys[i] = db_id(&wording->ids[i]);
    if (ret == 0 && wording->read > 0)
        ret = select_many(group->db, "DELETE FROM search_term WHERE id", "", keys, wording->read, no_row, NULL,
                          &group->error);
    if (ret == 0 && wording->rows.num > 0)
        ret = db_insert(group->db, wording->rows.table, wording->rows.values, wording->rows.num, &group->error);
    group->broken = ret != 0;
    if (ret != 0)
        wording->last = from;
    return ret;
}

int store_load_words(struct store *store, const struct access *who, const struct model_record *record)
{
    int ret = 0;
    if (store->writer == NULL)
        return STORE_ERR_STOPPED;
    if (!access_may_write(who, record) || record->size > 4096)
        return STORE_ERR_DENIED;
    if (record->searched == NULL || record->searched[0] == NULL)
        return 0;
    struct wording *wording = memory_array(1, sizeof *wording);
    if (wording == NULL)
        return TOC_ERR_NO_MEMORY;
    wording->record = record;
    wording->rows.table = &store_table_search_term;
    do {
        struct ticket ticket = { .who = *who, .job = words_job, .context = wording, .bulk = true, .weight = 1 };
        ret = writer_submit(store->writer, &ticket);
    } while (ret == 0 && wording->read == WORD_ROWS);
    free(wording->rows.values);
    free(wording);
    return ret;
}
