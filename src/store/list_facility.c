/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows that belong to the facilities of the grant, beside those of its areas: each field that leads to a facility
 * has an index by it, in the list's usual order. In another order all rows of the facility are judged. */
#include <string.h>

#include "store/list_internal.h"

enum { FIRST_BATCH = 256, LARGEST_BATCH = 16384 };

bool list_reaches_facilities(const struct list_work *work)
{
    return work->who->num_facilities > 0 && !work->who->everywhere && view_facility_field(work->view, 0) != NULL;
}

/* A walk along one field of one facility. */
struct walk {
    struct list_work *work;
    const char       *field;
    size_t            number; /* of the field */
    const struct id  *facility;
    bool              ordered;
    struct list_place last; /* where the next batch begins */
    bool              started, included;
    size_t            found, read; /* read: in the last batch */
};

static int run(struct walk *walk, size_t batch, struct db_statement **statement)
{
    const struct list_work *work = walk->work;
    const char             *sort = work->sort_field, *direction = work->ascending ? "" : " DESC";
    bool                    behind = walk->ordered && walk->started;
    struct view_index       index;
    struct sink             sql;
    struct db_value         parameters[3] = { db_id(walk->facility), db_null(), db_null() };
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    if (!db_is_postgresql(work->source->db) && view_index_of(work->view, VIEW_BY_FACILITY - (int) walk->number, &index))
        sink_format(&sql, " INDEXED BY \"%s\"", index.name);
    sink_format(&sql, " WHERE \"%s\" = $1", walk->field);
    if (behind) {
        sink_format(&sql, " AND (\"%s\",\"id\") %s%s ($2,$3)", sort, work->ascending ? ">" : "<",
                    walk->included ? "=" : "");
        parameters[1] = walk->last.value;
        parameters[2] = db_bytes(walk->last.id.bytes, ID_BYTES);
    }
    if (walk->ordered)
        sink_format(&sql, " ORDER BY \"%s\"%s,\"id\"%s LIMIT %zu", sort, direction, direction, batch);
    int ret = list_prepare_entries(work, &sql, statement);
    return ret != 0 ? ret : db_run(*statement, parameters, behind ? 3 : 1, work->error);
}

static bool is_there(const struct list_work *work, const struct id *id)
{
    for (size_t i = 0; i < work->best.num; i++)
        if (id_equal(&work->best.places[i].id, id))
            return true;
    return false;
}

static bool is_asked_for(const struct list_work *work, const struct db_value *area)
{
    struct id id;
    if (!work->area_asked)
        return true;
    if (area->type != DB_BYTES || area->size != ID_BYTES)
        return false;
    memcpy(id.bytes, area->bytes, ID_BYTES);
    return area_set_has(&work->asked, area_tree_find(work->source->areas, &id));
}

/* A row that counts: where the walk over the areas was cut, only up to there, for the next page goes on from there. */
static bool counts(const struct list_work *work, const struct db_value *row, const struct list_place *place)
{
    return list_passes(work, row) && (work->area_field == NULL || is_asked_for(work, &row[2])) &&
           list_behind_start(work, place) && (!work->cut || !list_before(&work->last_seen, place, work->ascending)) &&
           !is_there(work, &place->id);
}

static int read_batch(struct walk *walk, size_t batch)
{
    struct list_work      *work = walk->work;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns;
    int                    ret = run(walk, batch, &statement);
    if (ret != 0)
        return ret;
    walk->read = 0;
    while (!(walk->ordered && walk->found == work->best.most) &&
           (ret = db_step(statement, &row, &columns, work->error)) == 1) {
        struct list_place place;
        walk->read++;
        work->scanned++;
        ret = list_place_of(row, &place);
        if (ret == 0 && walk->ordered && walk->read == batch) { /* outlives the statement's row */
            walk->last = place;
            if (place.value.type == DB_TEXT)
                walk->last.value.bytes = arena_copy(work->arena, place.value.bytes, place.value.size);
            ret = place.value.type == DB_TEXT && walk->last.value.bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
        }
        if (ret == 0 && counts(work, row, &place)) {
            walk->found++;
            ret = list_offer(work, &place);
        }
        if (ret != 0)
            break;
    }
    db_reset(statement);
    return ret == 1 ? 0 : ret;
}

static int walk_along(struct walk *walk)
{
    size_t batch = FIRST_BATCH;
    int    ret = read_batch(walk, batch);
    while (ret == 0 && walk->ordered && walk->read == batch && walk->found < walk->work->best.most) {
        walk->started = true;
        walk->included = false;
        batch = batch < LARGEST_BATCH ? batch * 4 : batch;
        ret = read_batch(walk, batch);
    }
    return ret;
}

int list_scan_facilities(struct list_work *work)
{
    const char *field;
    int         ret = 0;
    if (work->plan == LIST_NOTHING)
        work->plan = LIST_BY_FACILITY;
    for (size_t number = 0; ret == 0 && (field = view_facility_field(work->view, number)) != NULL; number++)
        for (size_t i = 0; i < work->who->num_facilities && ret == 0; i++) {
            struct walk walk = { .work = work,
                                 .field = field,
                                 .number = number,
                                 .facility = &work->who->facilities[i],
                                 .ordered = work->sort == 0,
                                 .last = work->start,
                                 .started = work->has_start,
                                 .included = work->start_included };
            ret = walk_along(&walk);
        }
    return ret;
}
