/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference data as one audited set: the difference from what is there, written in one transaction. A second thread
 * sorts the rows while they are checked, and makes the tree of a set of areas while they are written. */
#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model_check.h"
#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { PAGE = 5000, ARENA_ROWS = 2000, UPDATE_ROWS = 2000 };

enum fate { CREATED, CHANGED, SAME };

struct row {
    uint64_t           first; /* the id's first half, as a number */
    struct model_head *value;
    size_t             number; /* in the caller's order */
    enum fate          fate;
};

/* What is done beside. */
struct beside {
    pthread_t thread;
    bool      begun;
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
    /* of areas: those that are there and stand outside the set; then the set's too */
    struct area_row *areas;
    size_t           num_areas, room;
    int              tree_status;
    struct db_error  tree_error;
};

/* Where no thread can be had, it is done at once. */
static void begin_beside(struct beside *beside, void *(*work)(void *), void *context)
{
    beside->begun = pthread_create(&beside->thread, NULL, work, context) == 0;
    if (!beside->begun)
        work(context);
}

static void end_beside(struct beside *beside)
{
    if (beside->begun)
        pthread_join(beside->thread, NULL);
    beside->begun = false;
}

static int by_id(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return id_compare(&x->value->id, &y->value->id);
}

static void row_fault(const struct loading *loading, size_t number, const char *allowed, const char *found)
{
    char name[FAULT_NAME_BYTES];
    snprintf(name, sizeof name, "/%zu", number);
    if (loading->faults != NULL)
        fault_add(loading->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
}

/* ---- in the caller's thread ---- */

static void *sort_rows(void *context)
{
    struct loading          *loading = context;
    const struct store_load *load = loading->load;
    for (size_t i = 0; i < load->num_rows; i++) {
        struct model_head *value = (void *) ((char *) load->rows + i * load->record->size);
        uint64_t           first;
        memcpy(&first, value->id.bytes, sizeof first);
        loading->rows[i] = (struct row){ .first = be64toh(first), .value = value, .number = i };
    }
    if (load->num_rows > 1)
        qsort(loading->rows, load->num_rows, sizeof *loading->rows, by_id);
    return NULL;
}

static int check_values(const struct store *store, const struct loading *loading)
{
    const struct store_load *load = loading->load;
    struct model_check       check = { .lists = store->options.lists };
    struct fault_list        seen = FAULT_LIST_INIT;
    int                      ret = 0;
    for (size_t i = 0; i < load->num_rows; i++) {
        const void *value = (const char *) load->rows + i * load->record->size;
        if (model_check_create(&check, load->record, value, &seen) == 0)
            continue;
        char name[32]; /* the few at fault are checked again, to say where */
        snprintf(name, sizeof name, "/%zu", i);
        struct model_check placed = { .lists = check.lists, .place.name = name };
        ret = model_check_create(&placed, load->record, value, loading->faults);
        fault_list_free(&seen);
    }
    return ret;
}

static int check_rows(const struct store *store, struct loading *loading)
{
    const struct store_load *load = loading->load;
    struct beside            sorting;
    begin_beside(&sorting, sort_rows, loading);
    int ret = check_values(store, loading);
    end_beside(&sorting);
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

static bool is_areas(const struct loading *loading)
{
    return loading->load->record == model_record(MODEL_AREA);
}

static int add_area(struct loading *loading, const struct model_area *area)
{
    if (loading->num_areas == loading->room) {
        size_t           room = loading->room == 0 ? PAGE : 2 * loading->room;
        struct area_row *larger = memory_resize(loading->areas, room, sizeof *larger);
        if (larger == NULL)
            return TOC_ERR_NO_MEMORY;
        loading->areas = larger;
        loading->room = room;
    }
    loading->areas[loading->num_areas++] = (struct area_row){ area->head.id, area->parent };
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
    bool outside =
        loading->at == loading->load->num_rows || !id_equal(&loading->rows[loading->at].value->id, &loading->last);
    if (outside && !is_areas(loading))
        return 0;
    if (loading->read % ARENA_ROWS == 0)
        arena_free(&loading->arena);
    int ret = schema_fetch(record, row, &loading->arena, old, NULL);
    if (ret != 0 || outside)
        return ret != 0 ? ret : add_area(loading, (const void *) old);
    struct row              *mine = &loading->rows[loading->at];
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
    loading->at = loading->num_areas = 0;
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

/* The areas of the set and those outside it make a tree? */
static void *make_tree(void *context)
{
    struct loading   *loading = context;
    struct area_tree *tree = NULL;
    int               ret = 0;
    for (size_t i = 0; i < loading->load->num_rows && ret == 0; i++)
        ret = add_area(loading, (const void *) loading->rows[i].value);
    if (ret == 0)
        ret = area_tree_of_rows(loading->areas, loading->num_areas, &tree, &loading->tree_error);
    area_tree_free(tree);
    loading->tree_status = ret;
    return NULL;
}

static int check_tree(struct loading *loading)
{
    if (loading->tree_status != DB_ERR_CORRUPT)
        return loading->tree_status;
    row_fault(loading, 0, "areas that make a tree", loading->tree_error.what);
    return BASE_ERR_INPUT;
}

/* Areas that rows refer to must be there; other references of reference data lead to rows of the set or to the set. */
static int check_references(struct loading *loading)
{
    const struct model_record *record = loading->load->record;
    int                        ret = 0;
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
    for (size_t i = 0; is_areas(loading) && i < loading->load->num_rows && ret == 0; i++) {
        const struct model_area *area = (const void *) loading->rows[i].value;
        if (loading->rows[i].fate == CHANGED)
            ret = group_note_move(loading->group, &area->head.id, &area->parent);
    }
    return ret == 0 ? group_move_areas(loading->group) : ret;
}

/* The rows that differ; and do they hold together? */
static int write_rows(struct loading *loading)
{
    struct beside tree = { .begun = false };
    if (is_areas(loading))
        begin_beside(&tree, make_tree, loading);
    int ret = write_created(loading);
    if (ret == 0)
        ret = write_changed(loading);
    end_beside(&tree);
    if (ret != 0)
        return ret;
    return is_areas(loading) ? check_tree(loading) : check_references(loading);
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
    struct group_place    none = { .num_facilities = 0 };
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
        ret = write_rows(loading);
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
    group->areas_changed = group->areas_changed || (news && is_areas(loading));
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
    free(loading.areas);
    fault_list_free(&own);
    return ret;
}
