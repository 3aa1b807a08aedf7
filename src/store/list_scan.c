/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking the entries of a list's index, in batches, and judging each. */
#include <stdlib.h>
#include <string.h>

#include "store/list_internal.h"

/* Rows asked of the database at a time. SQLite hands them out one by one, PostgreSQL all at once: the first batches are
 * small. */
#define FIRST_BATCH 256
#define LARGEST_BATCH 16384
#define VALUE_BYTES 768 /* of a sort value; the longest text that lists are sorted by has 160 characters */

/* An entry's columns: sort value, id, area (where rows have one), then the field of each test. */
void list_write_columns(const struct list_work *work, struct sink *sql)
{
    sink_format(sql, "SELECT \"%s\",\"id\"", work->sort_field);
    if (work->area_field != NULL)
        sink_format(sql, ",\"%s\"", work->area_field);
    for (size_t i = 0; i < work->num_tests; i++)
        sink_format(sql, ",\"%s\"", work->tests[i].field);
    sink_format(sql, " FROM \"%s\"", work->record->name);
}

static void write_index(const struct list_work *work, int use, struct sink *sql)
{
    struct view_index index;
    if (!db_is_postgresql(work->source->db) && view_index_of(work->view, use, &index))
        sink_format(sql, " INDEXED BY \"%s\"", index.name);
}

int list_prepare_entries(const struct list_work *work, struct sink *sql, struct db_statement **statement)
{
    sink_character(sql, '\0');
    int ret = sql->failure != 0 ? TOC_ERR_NO_MEMORY : db_prepare(work->source->db, sql->bytes, statement, work->error);
    sink_free(sql);
    return ret;
}

static bool equal(const struct db_value *a, const struct db_value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == DB_INTEGER)
        return a->integer == b->integer;
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* from <= value <= to, where a text `to` includes all that begins with it; a missing value is in no range. */
static bool within(const struct db_value *value, const struct db_value *from, const struct db_value *to)
{
    if (value->type == DB_INTEGER)
        return (from->type == DB_NULL || value->integer >= from->integer) &&
               (to->type == DB_NULL || value->integer <= to->integer);
    if (value->type != DB_TEXT || value->size == 0)
        return false;
    if (from->type == DB_TEXT) {
        size_t shared = value->size < from->size ? value->size : from->size;
        int    order = memcmp(value->bytes, from->bytes, shared);
        if (order < 0 || (order == 0 && value->size < from->size))
            return false;
    }
    if (to->type == DB_TEXT) {
        size_t shared = value->size < to->size ? value->size : to->size;
        if (memcmp(value->bytes, to->bytes, shared) > 0)
            return false;
    }
    return true;
}

bool list_passes(const struct list_work *work, const struct db_value *row)
{
    const struct db_value *value = row + (work->area_field != NULL ? 3 : 2);
    for (size_t i = 0; i < work->num_tests; i++) {
        const struct list_test *test = &work->tests[i];
        if (test->test == VIEW_IS ? !equal(&value[i], &test->is) : !within(&value[i], &test->from, &test->to))
            return false;
    }
    return true;
}

bool list_in_areas(const struct list_work *work, const struct db_value *row)
{
    struct id area;
    if (work->area_field == NULL || work->all_areas)
        return true;
    if (row[2].type != DB_BYTES || row[2].size != ID_BYTES)
        return false;
    memcpy(area.bytes, row[2].bytes, ID_BYTES);
    return area_set_has(&work->areas, area_tree_find(work->source->areas, &area));
}

static bool behind_start(const struct list_work *work, const struct list_place *place)
{
    if (!work->has_start)
        return true;
    return list_before(&work->start, place, work->ascending) ||
           (work->start_included && !list_before(place, &work->start, work->ascending));
}

int list_place_of(const struct db_value *row, struct list_place *place)
{
    if (row[1].type != DB_BYTES || row[1].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    if (row[0].type == DB_TEXT && row[0].size > VALUE_BYTES)
        return DB_ERR_CORRUPT;
    place->value = row[0];
    memcpy(place->id.bytes, row[1].bytes, ID_BYTES);
    return 0;
}

/* Judge the rows of a statement that runs: keep what counts. Ends early where the page is full (ordered) or `most` rows
 * were read. *read: how many; *last: the last of them. */
static int judge(struct list_work *work, struct db_statement *statement, bool ordered, size_t most, size_t *read,
                 struct list_place *last)
{
    const struct db_value *row;
    size_t                 columns;
    char                   text[VALUE_BYTES];
    int                    ret = 0;
    *read = 0;
    while (*read < most && !(ordered && work->best.num == work->best.most) &&
           (ret = db_step(statement, &row, &columns, work->error)) == 1) {
        struct list_place place;
        (*read)++;
        ret = list_place_of(row, &place);
        if (ret != 0)
            break;
        if (ordered) { /* outlives the statement's row */
            *last = place;
            if (place.value.type == DB_TEXT)
                last->value.bytes = memcpy(text, place.value.bytes, place.value.size);
        }
        if (list_in_areas(work, row) && list_passes(work, row) && (ordered || behind_start(work, &place)))
            ret = list_offer(work, &place);
        if (ret != 0)
            break;
    }
    if (ret == 1)
        ret = 0;
    work->scanned += *read;
    if (ordered && *read > 0 && last->value.type == DB_TEXT) {
        last->value.bytes = arena_copy(work->arena, last->value.bytes, last->value.size);
        if (last->value.bytes == NULL)
            ret = TOC_ERR_NO_MEMORY;
    }
    db_reset(statement);
    return ret;
}

/* ---- by sort ---- */

/* … WHERE ("onset_date","id") < ($1,$2) ORDER BY "onset_date" DESC,"id" DESC LIMIT n */
static int run_sorted(struct list_work *work, const struct list_place *start, bool included, size_t batch,
                      struct db_statement **statement)
{
    struct sink sql;
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    write_index(work, (int) work->sort, &sql);
    const char *field = work->sort_field, *direction = work->ascending ? "" : " DESC";
    if (start != NULL)
        sink_format(&sql, " WHERE (\"%s\",\"id\") %s%s ($1,$2)", field, work->ascending ? ">" : "<",
                    included ? "=" : "");
    sink_format(&sql, " ORDER BY \"%s\"%s,\"id\"%s LIMIT %zu", field, direction, direction, batch);
    int ret = list_prepare_entries(work, &sql, statement);
    if (ret != 0)
        return ret;
    struct db_value parameters[2] = { db_null(), db_null() };
    if (start != NULL) {
        parameters[0] = start->value;
        parameters[1] = db_bytes(start->id.bytes, ID_BYTES);
    }
    return db_run(*statement, parameters, start != NULL ? 2 : 0, work->error);
}

int list_scan_sort(struct list_work *work, size_t patience, bool *done)
{
    if (list_may_push(work))
        return list_push_sort(work, patience, done);
    struct list_place last = work->start;
    bool              started = work->has_start, included = work->start_included;
    size_t            batch = db_is_postgresql(work->source->db) ? FIRST_BATCH : LARGEST_BATCH;
    *done = false;
    for (size_t left = patience; left > 0;) {
        struct db_statement *statement;
        size_t               read;
        struct list_place    begin = last; /* bound to the statement while it runs */
        int                  ret = run_sorted(work, started ? &begin : NULL, included, batch, &statement);
        if (ret == 0)
            ret = judge(work, statement, true, left < batch ? left : batch, &read, &last);
        if (ret != 0)
            return ret;
        if (work->best.num == work->best.most || read < (left < batch ? left : batch)) {
            *done = true;
            return 0;
        }
        left -= read;
        started = true;
        included = false;
        if (batch < LARGEST_BATCH)
            batch *= 4;
    }
    work->last_seen = last;
    return 0;
}

/* ---- by area ---- */

/* How many placeholders hold so many areas: few lengths, so few statements to prepare. */
static size_t padded(size_t num)
{
    size_t room = 1;
    while (room < num)
        room *= 4;
    return room < LIST_AREAS_AT_ONCE ? room : LIST_AREAS_AT_ONCE;
}

static int scan_some_areas(struct list_work *work, const struct db_value *areas, size_t room)
{
    if (list_may_push(work))
        return list_push_areas(work, areas, room);
    struct sink          sql;
    struct db_statement *statement;
    struct list_place    last;
    size_t               read;
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    write_index(work, VIEW_BY_AREA, &sql);
    sink_format(&sql, " WHERE \"%s\" IN (", work->area_field);
    for (size_t i = 0; i < room; i++)
        sink_format(&sql, i == 0 ? "$%zu" : ",$%zu", i + 1);
    sink_character(&sql, ')');
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, areas, room, work->error);
    if (ret == 0)
        ret = judge(work, statement, false, SIZE_MAX, &read, &last);
    return ret;
}

int list_scan_areas(struct list_work *work)
{
    struct db_value areas[LIST_AREAS_AT_ONCE];
    size_t          num = 0;
    int             ret = 0;
    for (size_t i = 0; i < work->areas.num_intervals && ret == 0; i++)
        for (uint32_t area = work->areas.intervals[i].first; area < work->areas.intervals[i].end && ret == 0; area++) {
            areas[num++] = db_id(area_tree_id(work->source->areas, area));
            if (num == LIST_AREAS_AT_ONCE) {
                ret = scan_some_areas(work, areas, num);
                num = 0;
            }
        }
    if (ret != 0 || num == 0)
        return ret;
    size_t room = padded(num);
    for (size_t i = num; i < room; i++)
        areas[i] = areas[num - 1];
    return scan_some_areas(work, areas, room);
}

/* ---- by key ---- */

static const struct list_test *test_of_key(const struct list_work *work, size_t key)
{
    for (size_t i = 0; i < work->num_tests; i++)
        if (work->tests[i].key == key)
            return &work->tests[i];
    return NULL;
}

/* The rows with these values of the first keys. */
static int scan_keys(struct list_work *work, const struct db_value *values, size_t num)
{
    if (list_may_push(work))
        return list_push_keys(work, values, num);
    struct sink          sql;
    struct db_statement *statement;
    struct list_place    last;
    size_t               read;
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    write_index(work, VIEW_BY_KEY, &sql);
    for (size_t key = 0; key < num; key++)
        sink_format(&sql, " %s \"%s\" = $%zu", key == 0 ? "WHERE" : "AND", work->view->keys[key], key + 1);
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, values, num, work->error);
    if (ret == 0)
        ret = judge(work, statement, false, SIZE_MAX, &read, &last);
    return ret;
}

/* The first key's next value, in arena; NULL = there is none. */
static int next_key(struct list_work *work, const struct db_value *after, struct db_value *value)
{
    struct sink            sql;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns;
    sink_init_memory(&sql);
    sink_format(&sql, "SELECT \"%s\" FROM \"%s\"", work->view->keys[0], work->record->name);
    write_index(work, VIEW_BY_KEY, &sql);
    if (after != NULL)
        sink_format(&sql, " WHERE \"%s\" > $1", work->view->keys[0]);
    sink_format(&sql, " ORDER BY \"%s\" LIMIT 1", work->view->keys[0]);
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, after, after != NULL, work->error);
    if (ret == 0)
        ret = db_step(statement, &row, &columns, work->error);
    if (ret <= 0) {
        *value = db_null();
        return ret;
    }
    *value = row[0];
    value->bytes = row[0].type == DB_TEXT ? arena_copy(work->arena, row[0].bytes, row[0].size) : NULL;
    db_reset(statement);
    return value->bytes != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

/* The second key alone: the index is asked once for each value of the first (there are few diseases). */
static int scan_second_key(struct list_work *work)
{
    struct db_value values[2] = { db_null(), test_of_key(work, 1)->is };
    int             ret = next_key(work, NULL, &values[0]);
    while (ret == 0 && values[0].type == DB_TEXT) {
        struct db_value here = values[0];
        ret = scan_keys(work, values, 2);
        if (ret == 0)
            ret = next_key(work, &here, &values[0]);
    }
    return ret;
}

int list_scan_key(struct list_work *work)
{
    struct db_value values[VIEW_MAX_KEYS];
    size_t          num = 0;
    if (test_of_key(work, 0) == NULL)
        return scan_second_key(work);
    for (const struct list_test *test; num < VIEW_MAX_KEYS && (test = test_of_key(work, num)) != NULL; num++)
        values[num] = test->is;
    return scan_keys(work, values, num);
}
