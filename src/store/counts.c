/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts and events, as the rooms above ask for them: under the caller's grant. */
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "model/records.h"
#include "store/area_tree.h"
#include "store/counters.h"
#include "store/select_many.h"
#include "store/store_internal.h"

#define MOST_DAYS 200000 /* of a question: five centuries */

/* ---- the grant ---- */

bool store_area_within(struct store *store, const struct access *who, const struct id *area)
{
    const struct area_tree *areas = store_hold_areas(store);
    uint32_t                number = area_tree_find(areas, area);
    bool                    within = who->everywhere && number != AREA_NONE;
    for (size_t i = 0; i < who->num_areas && number != AREA_NONE && !within; i++) {
        uint32_t top = area_tree_find(areas, &who->areas[i]);
        within = top != AREA_NONE && area_tree_within(areas, number, top);
    }
    store_release_areas(store, areas);
    return within;
}

/* Numbers are counts of rows that the caller may read, by fields that they may filter by. */
static int check_question(struct store *store, const struct access *who, const struct store_count_query *query)
{
    if (access_highest(who, query->record) == ACCESS_NOTHING)
        return STORE_ERR_DENIED;
    const char *const *names = query->counter->dimensions;
    const char        *only = query->counter->only;
    if (only != NULL && !access_may_filter(who, query->record, model_field_find(query->record, only, strlen(only))))
        return STORE_ERR_DENIED;
    for (size_t i = 0; i < COUNTERS_DIMENSIONS && names[i] != NULL; i++) {
        const struct model_field *field = model_field_find(query->record, names[i], strlen(names[i]));
        if (query->dimensions[i] != NULL && (field == NULL || !access_may_filter(who, query->record, field)))
            return STORE_ERR_DENIED;
    }
    const struct model_field *day = model_field_find(query->record, query->counter->day, strlen(query->counter->day));
    struct model_set          visible = access_visible(who, query->record);
    if (day == NULL || !model_set_has(&visible, (size_t) (day - query->record->fields)))
        return STORE_ERR_DENIED;
    return store_area_within(store, who, &query->area) ? 0 : STORE_ERR_ABSENT;
}

static toc_date known_day(const struct store_count_query *query)
{
    return query->known == MODEL_MISSING_DATE ? INT32_MAX : query->known;
}

static int ask(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
               counters_row *row, void *context)
{
    struct db *db;
    if (query->from > query->to || (int64_t) query->to - query->from >= MOST_DAYS)
        return TOC_ERR_DOMAIN;
    int ret = check_question(reader->store, who, query);
    if (ret == 0)
        ret = store_reader_db(reader, &db);
    return ret != 0 ? ret
                    : counters_rows(db, query->record, query->counter, &query->area, query->dimensions, query->from,
                                    query->to, known_day(query), row, context, &reader->error);
}

/* ---- counts ---- */

struct sums {
    toc_date from, to;
    int64_t *counts;
    int64_t  undated;
};

static int add_count(void *context, toc_date day, toc_date known, int64_t value)
{
    struct sums *sums = context;
    (void) known;
    if (day == MODEL_MISSING_DATE)
        sums->undated += value;
    else if (day >= sums->from && day <= sums->to)
        sums->counts[day - sums->from] += value;
    return 0;
}

int store_counts(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                 int64_t *counts, int64_t *undated)
{
    size_t      num = query->from <= query->to ? (size_t) ((int64_t) query->to - query->from) + 1 : 0;
    struct sums sums = { .from = query->from, .to = query->to, .counts = memory_array(num + 1, sizeof(int64_t)) };
    if (sums.counts == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = ask(reader, who, query, add_count, &sums);
    if (ret == 0) {
        memcpy(counts, sums.counts, num * sizeof *counts);
        if (undated != NULL)
            *undated = sums.undated;
    }
    free(sums.counts);
    return ret;
}

/* ---- number by number, for the program's own work ---- */

int store_count_cells(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                      store_count_cell *cell, void *context)
{
    struct db *db;
    int        ret = check_question(reader->store, who, query);
    if (ret == 0)
        ret = store_reader_db(reader, &db);
    return ret != 0 ? ret
                    : counters_cells(db, query->record, query->counter, &query->area, query->from, query->to, cell,
                                     context, &reader->error);
}

int store_count_codes(struct store_reader *reader, uint32_t after, store_count_code *code, void *context)
{
    struct db *db;
    int        ret = store_reader_db(reader, &db);
    return ret != 0 ? ret : counters_codes(db, after, code, context, &reader->error);
}

/* ---- the triangle ---- */

struct triangle {
    toc_date from, to;
    size_t   max_delay;
    int64_t *cells;
};

static int add_cell(void *context, toc_date day, toc_date known, int64_t value)
{
    struct triangle *triangle = context;
    if (day < triangle->from || day > triangle->to)
        return 0;
    int64_t delay = (int64_t) known - day;
    size_t  column = delay < 0 ? 0 : (size_t) delay > triangle->max_delay ? triangle->max_delay : (size_t) delay;
    triangle->cells[(size_t) (day - triangle->from) * (triangle->max_delay + 1) + column] += value;
    return 0;
}

int store_triangle(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                   size_t max_delay, int64_t *cells)
{
    size_t num = query->from <= query->to ? (size_t) ((int64_t) query->to - query->from) + 1 : 0;
    if (max_delay >= MOST_DAYS || num > MOST_DAYS)
        return TOC_ERR_DOMAIN;
    size_t          num_cells = num * (max_delay + 1);
    struct triangle triangle = { query->from, query->to, max_delay, memory_array(num_cells + 1, sizeof(int64_t)) };
    if (triangle.cells == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = ask(reader, who, query, add_cell, &triangle);
    if (ret == 0)
        memcpy(cells, triangle.cells, num_cells * sizeof *cells);
    free(triangle.cells);
    return ret;
}

/* ---- events ---- */

struct reading {
    const struct access    *who; /* NULL: a follower's */
    const struct area_tree *areas;
    struct area_set         granted;
    struct store_event     *events;
    size_t                  num, rows;
    int64_t                 last;
};

bool store_may_see(const struct access *who, const struct area_tree *areas, const struct area_set *granted,
                   const struct model_record *record, const struct store_event *event)
{
    if (record == NULL || access_highest(who, record) == ACCESS_NOTHING)
        return false;
    if (record->scope != MODEL_SCOPE_AREA || who->everywhere)
        return true;
    for (size_t i = 0; i < MODEL_MAX_FACILITIES && who->num_facilities > 0; i++)
        if (access_has_facility(who, &event->facilities[i]))
            return true;
    return area_set_has(granted, area_tree_find(areas, &event->area));
}

static int event_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct reading    *reading = context;
    struct store_event event = { .number = row[0].integer, .at = row[1].integer, .version = row[5].integer };
    char               name[64] = "";
    (void) num_columns;
    reading->rows++;
    reading->last = event.number;
    if (row[3].size < sizeof name)
        memcpy(name, row[3].bytes, row[3].size);
    const struct model_record *record = model_record_find(name);
    memcpy(event.id.bytes, row[4].bytes, ID_BYTES);
    if (row[6].type == DB_BYTES)
        memcpy(event.area.bytes, row[6].bytes, ID_BYTES);
    if (row[7].type == DB_BYTES && row[7].size <= sizeof event.facilities)
        memcpy(event.facilities, row[7].bytes, row[7].size);
    if (record == NULL ||
        (reading->who != NULL && !store_may_see(reading->who, reading->areas, &reading->granted, record, &event)))
        return 0;
    event.verb = (enum store_verb) row[2].integer;
    event.record = record->name;
    reading->events[reading->num++] = event;
    return 0;
}

static int read_events(struct db *db, struct reading *reading, size_t max_events, struct db_error *error)
{
    int ret = 0;
    for (bool more = true; ret == 0 && more && reading->num < max_events;) {
        size_t          page = max_events - reading->num;
        struct db_value parameters[] = { db_integer(reading->last), db_integer((int64_t) page) };
        reading->rows = 0;
        ret = select_rows(db,
                          "SELECT number, at, verb, record, id, version, area, facilities FROM event WHERE number > $1 "
                          "ORDER BY number LIMIT $2",
                          parameters, 2, event_row, reading, error);
        more = reading->rows == page;
    }
    return ret;
}

int store_events(struct store_reader *reader, const struct access *who, int64_t *after, struct arena *arena,
                 struct store_event *events, size_t max_events, size_t *num_events)
{
    struct reading reading = { .who = who, .events = events, .last = *after };
    struct db     *db;
    int            ret = store_reader_db(reader, &db);
    if (ret != 0)
        return ret;
    if (who == NULL)
        return STORE_ERR_DENIED;
    reading.areas = store_hold_areas(reader->store);
    ret = area_set_of_grant(reading.areas, who, arena, &reading.granted);
    if (ret == 0)
        ret = read_events(db, &reading, max_events, &reader->error);
    store_release_areas(reader->store, reading.areas);
    if (ret == 0) {
        *num_events = reading.num;
        *after = reading.last;
    }
    return ret;
}

int store_follow(struct store_reader *reader, int64_t *after, struct store_event *events, size_t max_events,
                 size_t *num_events)
{
    struct reading reading = { .events = events, .last = *after };
    struct db     *db;
    int            ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = read_events(db, &reading, max_events, &reader->error);
    if (ret == 0) {
        *num_events = reading.num;
        *after = reading.last;
    }
    return ret;
}

static int take_number(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(int64_t *) context = row[0].type == DB_INTEGER ? row[0].integer : 0;
    return 0;
}

int store_newest_event(struct store_reader *reader, int64_t *number)
{
    struct db *db;
    int64_t    newest = 0;
    int        ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT number FROM event ORDER BY number DESC LIMIT 1", NULL, 0, take_number, &newest,
                          &reader->error);
    if (ret == 0)
        *number = newest;
    return ret;
}
