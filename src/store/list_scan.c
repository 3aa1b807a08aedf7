/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking the entries of a list's index, in batches, and judging each. */
#include <stdlib.h>
#include <string.h>

#include "store/list_internal.h"

/* Rows asked of the database at a time. SQLite hands them out one by one, PostgreSQL all at once: the first batches are
 * small. */
#define FIRST_BATCH 256
#define LARGEST_BATCH 16384
#define MOST_KEYS 64
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

size_t list_rare_number(const struct list_work *work, const char *field)
{
    size_t number = 0;
    while (number < VIEW_MAX_RARE && (work->view->rare[number] == NULL || strcmp(work->view->rare[number], field) != 0))
        number++;
    return number;
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

bool list_behind_start(const struct list_work *work, const struct list_place *place)
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

/* How the rows of a statement come. */
enum order { IN_NO_ORDER, BY_VALUE /* and those of one value in no order */, IN_ORDER };

/* Does the page end before this value? */
static bool page_ends(const struct list_work *work, struct list_place place)
{
    if (work->best.num < work->best.most)
        return false;
    place.id = work->best.places[0].id;
    return list_before(&work->best.places[0], &place, work->ascending);
}

/* Judge the rows of a statement that runs: keep what counts. Ends early where the page is full, as far as rows come in
 * order, or `most` rows were read. *read: how many; *last: the last of them, where they come in order. */
static int judge(struct list_work *work, struct db_statement *statement, enum order order, size_t most, size_t *read,
                 struct list_place *last)
{
    const bool             ordered = order == IN_ORDER;
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
        if (ret != 0 || (order == BY_VALUE && page_ends(work, place)))
            break;
        if (ordered) { /* outlives the statement's row */
            *last = place;
            if (place.value.type == DB_TEXT)
                last->value.bytes = memcpy(text, place.value.bytes, place.value.size);
        }
        if (list_in_areas(work, row) && list_passes(work, row) && (ordered || list_behind_start(work, &place)))
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

/* … WHERE ("onset_date","id") < ($1,$2) AND "onset_date" >= $3 ORDER BY "onset_date" DESC,"id" DESC LIMIT n */
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
    if (work->end.type != DB_NULL)
        sink_format(&sql, " %s \"%s\" %s= $%d", start != NULL ? "AND" : "WHERE", field, work->ascending ? "<" : ">",
                    start != NULL ? 3 : 1);
    sink_format(&sql, " ORDER BY \"%s\"%s,\"id\"%s LIMIT %zu", field, direction, direction, batch);
    int ret = list_prepare_entries(work, &sql, statement);
    if (ret != 0)
        return ret;
    struct db_value parameters[3];
    size_t          num = 0;
    if (start != NULL) {
        parameters[num++] = start->value;
        parameters[num++] = db_bytes(start->id.bytes, ID_BYTES);
    }
    if (work->end.type != DB_NULL)
        parameters[num++] = work->end;
    return db_run(*statement, parameters, num, work->error);
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
            ret = judge(work, statement, IN_ORDER, left < batch ? left : batch, &read, &last);
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

/* The rows of these areas with these values of the first keys, if any. */
static int scan_some_areas(struct list_work *work, const struct db_value *keys, size_t num_keys,
                           const struct db_value *areas, size_t room)
{
    if (list_may_push(work))
        return list_push_areas(work, keys, num_keys, areas, room);
    struct db_value      values[VIEW_MAX_KEYS + LIST_AREAS_AT_ONCE];
    struct sink          sql;
    struct db_statement *statement;
    struct list_place    last;
    size_t               read;
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    write_index(work, num_keys > 0 ? VIEW_BY_KEY : VIEW_BY_AREA, &sql);
    for (size_t i = 0; i < num_keys; i++) {
        sink_format(&sql, " %s \"%s\" = $%zu", i == 0 ? "WHERE" : "AND", work->view->keys[i], i + 1);
        values[i] = keys[i];
    }
    sink_format(&sql, " %s \"%s\" IN (", num_keys == 0 ? "WHERE" : "AND", work->area_field);
    for (size_t i = 0; i < room; i++) {
        sink_format(&sql, i == 0 ? "$%zu" : ",$%zu", num_keys + i + 1);
        values[num_keys + i] = areas[i];
    }
    sink_character(&sql, ')');
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, values, num_keys + room, work->error);
    if (ret == 0)
        ret = judge(work, statement, IN_NO_ORDER, SIZE_MAX, &read, &last);
    return ret;
}

static int scan_areas(struct list_work *work, const struct db_value *keys, size_t num_keys)
{
    struct db_value areas[LIST_AREAS_AT_ONCE];
    size_t          num = 0;
    int             ret = 0;
    for (size_t i = 0; i < work->areas.num_intervals && ret == 0; i++)
        for (uint32_t area = work->areas.intervals[i].first; area < work->areas.intervals[i].end && ret == 0; area++) {
            areas[num++] = db_id(area_tree_id(work->source->areas, area));
            if (num == LIST_AREAS_AT_ONCE) {
                ret = scan_some_areas(work, keys, num_keys, areas, num);
                num = 0;
            }
        }
    if (ret != 0 || num == 0)
        return ret;
    size_t room = padded(num);
    for (size_t i = num; i < room; i++)
        areas[i] = areas[num - 1];
    return scan_some_areas(work, keys, num_keys, areas, room);
}

int list_scan_areas(struct list_work *work)
{
    return scan_areas(work, NULL, 0);
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
        ret = judge(work, statement, IN_NO_ORDER, SIZE_MAX, &read, &last);
    return ret;
}

/* ---- by a rare value ---- */

bool list_rare_in_order(const struct list_work *work)
{
    return !db_is_postgresql(work->source->db) && strcmp(work->sort_field, work->view->sorts[0].field) == 0;
}

/* … AND "onset_date" <= $2 AND "onset_date" >= $3 ORDER BY "onset_date" DESC; returns how many parameters it has. */
static size_t write_order(const struct list_work *work, struct sink *sql, struct db_value parameters[2])
{
    const char *direction = work->ascending ? "" : " DESC";
    size_t      num = 0;
    if (work->has_start) {
        sink_format(sql, " AND \"%s\" %s= $%zu", work->sort_field, work->ascending ? ">" : "<", num + 2);
        parameters[num++] = work->start.value;
    }
    if (work->end.type != DB_NULL) {
        sink_format(sql, " AND \"%s\" %s= $%zu", work->sort_field, work->ascending ? "<" : ">", num + 2);
        parameters[num++] = work->end;
    }
    sink_format(sql, " ORDER BY \"%s\"%s", work->sort_field, direction);
    return num;
}

int list_scan_rare(struct list_work *work)
{
    if (list_may_push(work))
        return list_push_rare(work);
    const bool              in_order = list_rare_in_order(work);
    size_t                  num = 1;
    const struct list_test *test = &work->tests[work->rare];
    struct sink             sql;
    struct db_statement    *statement;
    struct list_place       last;
    size_t                  read;
    sink_init_memory(&sql);
    list_write_columns(work, &sql);
    write_index(work, VIEW_BY_RARE - (int) list_rare_number(work, test->field), &sql);
    struct db_value parameters[3] = { test->is };
    sink_format(&sql, " WHERE \"%s\" = $1", test->field);
    if (in_order)
        num += write_order(work, &sql, parameters + 1);
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, parameters, num, work->error);
    if (ret == 0)
        ret = judge(work, statement, in_order ? BY_VALUE : IN_NO_ORDER, SIZE_MAX, &read, &last);
    return ret;
}

/* ---- keys that are left open ---- */

/* WITH RECURSIVE v(v) AS (the least value UNION ALL the least one above v): an index asked once a value. The keys
 * before the open one have the values of their tests. */
static void write_values(const struct list_work *work, size_t open, struct sink *sql)
{
    for (int step = 0; step < 2; step++) {
        sink_format(sql,
                    step == 0 ? "WITH RECURSIVE v(v) AS (SELECT min(\"%s\")" : " UNION ALL SELECT (SELECT min(\"%s\")",
                    work->view->keys[open]);
        sink_format(sql, " FROM \"%s\"", work->record->name);
        write_index(work, VIEW_BY_KEY, sql);
        for (size_t key = 0; key < open; key++)
            sink_format(sql, " %s \"%s\" = $%zu", key == 0 ? "WHERE" : "AND", work->view->keys[key], key + 1);
        if (step == 1)
            sink_format(sql, " %s \"%s\" > v.v)", open == 0 ? "WHERE" : "AND", work->view->keys[open]);
    }
    sink_text(sql, " FROM v WHERE v.v IS NOT NULL) SELECT v FROM v WHERE v IS NOT NULL");
}

/* One tuple of keys, of the tests' values but for the open one. */
static void put_keys(struct list_work *work, size_t open, const struct db_value *value)
{
    struct db_value *keys = work->keys[work->num_keys++];
    for (size_t key = 0; key < work->num_set; key++)
        keys[key] = key == open ? *value : test_of_key(work, key)->is;
}

static int read_values(struct list_work *work, size_t open, bool *found)
{
    struct sink            sql;
    struct db_statement   *statement;
    struct db_value        values[VIEW_MAX_KEYS];
    const struct db_value *row;
    size_t                 columns;
    for (size_t key = 0; key < open; key++)
        values[key] = test_of_key(work, key)->is;
    sink_init_memory(&sql);
    write_values(work, open, &sql);
    int ret = list_prepare_entries(work, &sql, &statement);
    if (ret == 0)
        ret = db_run(statement, values, open, work->error);
    if (ret != 0)
        return ret;
    *found = true;
    while (*found && (ret = db_step(statement, &row, &columns, work->error)) == 1) {
        struct db_value value = row[0];
        value.bytes = arena_copy(work->arena, value.bytes, value.size);
        if (value.bytes == NULL)
            ret = TOC_ERR_NO_MEMORY;
        else if (work->num_keys < MOST_KEYS)
            put_keys(work, open, &value);
        else
            *found = false;
        if (ret < 0)
            break;
    }
    db_reset(statement);
    return ret < 0 ? ret : 0;
}

int list_find_keys(struct list_work *work, bool *found)
{
    size_t num = 0, open = VIEW_MAX_KEYS, num_open = 0;
    *found = false;
    for (; num < VIEW_MAX_KEYS && work->view->keys[num] != NULL; num++)
        if (test_of_key(work, num) == NULL) {
            open = num;
            num_open++;
        }
    if (num_open == num || num_open > 1 ||
        (num_open == 1 && list_kind(work->record, work->view->keys[open]) != MODEL_KIND_CODE))
        return 0;
    work->keys = arena_array(work->arena, MOST_KEYS, sizeof *work->keys);
    if (work->keys == NULL)
        return TOC_ERR_NO_MEMORY;
    work->num_keys = 0;
    work->num_set = num;
    if (num_open == 1)
        return read_values(work, open, found);
    put_keys(work, VIEW_MAX_KEYS, NULL);
    *found = true;
    return 0;
}

int list_scan_key(struct list_work *work)
{
    int ret = 0;
    for (size_t i = 0; i < work->num_keys && ret == 0; i++)
        ret = work->keys_in_areas ? scan_areas(work, work->keys[i], work->num_set)
                                  : scan_keys(work, work->keys[i], work->num_set);
    if (work->num_keys > 0)
        return ret;
    struct db_value values[VIEW_MAX_KEYS]; /* those that lead the index */
    size_t          num = 0;
    for (const struct list_test *test; num < VIEW_MAX_KEYS && (test = test_of_key(work, num)) != NULL; num++)
        values[num] = test->is;
    return scan_keys(work, values, num);
}
