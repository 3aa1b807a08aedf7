/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks in which PostgreSQL judges the entries itself. To hand out an entry costs it ten times as much as to read one,
 * so it is asked for those alone that answer the tests, and for no more than a page needs.
 *
 * A column that must not lead the planner to another index stands in an expression: "disease" || ''. */
#include <string.h>

#include "store/list_internal.h"

#define FIRST_BATCH 256
#define LARGEST_BATCH 65536
#define EVERY_ROW 1000000
#define KEY_BATCH 512 /* rows of a key, the best ones first, before all of them are asked for */

struct statement {
    struct list_work *work;
    struct sink       sql;
    struct db_value   parameters[LIST_AREAS_AT_ONCE + LIST_MOST_FILTERS + VIEW_MAX_KEYS + 4];
    size_t            num;
};

bool list_may_push(const struct list_work *work)
{
    for (size_t i = 0; i < work->num_tests; i++) {
        const char *field = work->tests[i].field;
        if (work->tests[i].test != VIEW_IS || strcmp(field, work->sort_field) == 0)
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(field, work->tests[j].field) == 0) /* a column of an entry would stand twice */
                return false;
    }
    return db_is_postgresql(work->source->db);
}

static void begin(struct statement *s, struct list_work *work)
{
    *s = (struct statement){ .work = work };
    sink_init_memory(&s->sql);
}

static void put_parameter(struct statement *s, struct db_value value)
{
    s->parameters[s->num++] = value;
    sink_format(&s->sql, "$%zu", s->num);
}

/* A field that is sorted or compared by order, but leads to no index. */
static void put_plain(struct statement *s, const char *field)
{
    enum model_kind kind = list_kind(s->work->record, field);
    if (kind == MODEL_KIND_REFERENCE)
        sink_format(&s->sql, "COALESCE(\"%s\")", field);
    else if (kind == MODEL_KIND_FLAG || kind == MODEL_KIND_INTEGER || kind == MODEL_KIND_INSTANT)
        sink_format(&s->sql, "(\"%s\" + 0)", field);
    else
        sink_format(&s->sql, "(\"%s\" || '')", field);
}

/* num_keys: these first keys are asked for already. */
static void put_tests(struct statement *s, const char *joint, size_t num_keys)
{
    for (size_t i = 0; i < s->work->num_tests; i++) {
        if (s->work->tests[i].key < num_keys)
            continue;
        sink_format(&s->sql, "%s\"%s\" IS NOT DISTINCT FROM ", joint, s->work->tests[i].field);
        put_parameter(s, s->work->tests[i].is);
        joint = " AND ";
    }
}

static void put_behind(struct statement *s, const char *joint, const struct list_place *start, bool included,
                       bool plain)
{
    const struct list_work *work = s->work;
    sink_format(&s->sql, "%s(", joint);
    if (plain)
        put_plain(s, work->sort_field);
    else
        sink_format(&s->sql, "\"%s\"", work->sort_field);
    sink_format(&s->sql, ",\"id\") %s%s (", work->ascending ? ">" : "<", included ? "=" : "");
    put_parameter(s, start->value);
    sink_character(&s->sql, ',');
    put_parameter(s, db_bytes(start->id.bytes, ID_BYTES));
    sink_character(&s->sql, ')');
}

static void put_order(struct statement *s, bool plain, bool forward, size_t most)
{
    const char *direction = s->work->ascending == forward ? "" : " DESC";
    sink_text(&s->sql, " ORDER BY ");
    if (plain)
        put_plain(s, s->work->sort_field);
    else
        sink_format(&s->sql, "\"%s\"", s->work->sort_field);
    sink_format(&s->sql, "%s,\"id\"%s LIMIT %zu", direction, direction, most);
}

/* Run it and offer each row that lies in the areas. counted: rows have one more column, the number of entries read
 * where the row is the last of them, and else 0. *rows: how many came; *last: the last of them, its text in the arena.
 */
static int run(struct statement *s, bool counted, size_t *rows, size_t *entries, struct list_place *last)
{
    struct list_work      *work = s->work;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns;
    struct list_place      place;
    *rows = *entries = 0;
    int ret = list_prepare_entries(work, &s->sql, &statement);
    if (ret == 0)
        ret = db_run(statement, s->parameters, s->num, work->error);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &columns, work->error)) == 1) {
        ret = list_place_of(row, &place);
        bool end = counted && row[columns - 1].integer > 0;
        if (ret == 0 && !end && list_in_areas(work, row))
            ret = list_offer(work, &place);
        if (end)
            *entries = (size_t) row[columns - 1].integer;
        else
            (*rows)++;
        if (ret == 0 && (end || !counted)) {
            *last = place;
            if (place.value.type == DB_TEXT)
                last->value.bytes = arena_copy(work->arena, place.value.bytes, place.value.size);
            if (place.value.type == DB_TEXT && last->value.bytes == NULL)
                ret = TOC_ERR_NO_MEMORY;
        }
        if (ret != 0) {
            db_reset(statement);
            return ret;
        }
    }
    return ret;
}

/* WITH e AS MATERIALIZED (the next n entries) SELECT those that pass, and then the last of them, whether it does or
 * not, with their number. */
static int next_entries(struct list_work *work, const struct list_place *start, bool included, size_t batch,
                        size_t *entries, struct list_place *last)
{
    struct statement s;
    size_t           rows;
    begin(&s, work);
    sink_text(&s.sql, "WITH e AS MATERIALIZED (");
    list_write_columns(work, &s.sql);
    if (start != NULL)
        put_behind(&s, " WHERE ", start, included, false);
    put_order(&s, false, true, batch);
    sink_text(&s.sql, ") SELECT e.*, 0::bigint FROM e");
    put_tests(&s, " WHERE ", 0);
    sink_text(&s.sql, " UNION ALL SELECT l.*, (SELECT count(*) FROM e) FROM (SELECT * FROM e");
    put_order(&s, false, false, 1);
    sink_text(&s.sql, ") AS l");
    return run(&s, true, &rows, entries, last);
}

/* Few lengths, so few statements to prepare. */
static size_t batch_of(double entries)
{
    size_t batch = FIRST_BATCH;
    while (batch < LARGEST_BATCH && (double) batch < entries)
        batch *= 2;
    return batch;
}

int list_push_sort(struct list_work *work, size_t patience, bool *done)
{
    struct list_place last = work->start;
    bool              started = work->has_start, included = work->start_included;
    size_t            batch = batch_of(work->expected), rest = batch_of((double) patience);
    *done = false;
    for (size_t left = patience; left > 0; rest = batch_of((double) left)) {
        struct list_place start = last;
        size_t            wanted = rest < batch ? rest : batch, entries;
        int               ret = next_entries(work, started ? &start : NULL, included, wanted, &entries, &last);
        if (ret != 0)
            return ret;
        work->scanned += entries;
        if (work->best.num == work->best.most || entries < wanted) {
            *done = true;
            return 0;
        }
        left -= entries < left ? entries : left;
        started = true;
        included = false;
        if (batch < LARGEST_BATCH)
            batch *= 2;
    }
    work->last_seen = last;
    return 0;
}

/* WITH e AS MATERIALIZED (the rows of the areas, with these keys, that pass) SELECT the best of them. */
int list_push_areas(struct list_work *work, const struct db_value *keys, size_t num_keys, const struct db_value *areas,
                    size_t room)
{
    struct statement  s;
    struct list_place last;
    size_t            rows, entries;
    begin(&s, work);
    sink_text(&s.sql, "WITH e AS MATERIALIZED (");
    list_write_columns(work, &s.sql);
    sink_format(&s.sql, " WHERE \"%s\" IN (", work->area_field);
    for (size_t i = 0; i < room; i++) {
        sink_text(&s.sql, i == 0 ? "" : ",");
        put_parameter(&s, areas[i]);
    }
    sink_character(&s.sql, ')');
    for (size_t key = 0; key < num_keys; key++) {
        sink_format(&s.sql, " AND \"%s\" = ", work->view->keys[key]);
        put_parameter(&s, keys[key]);
    }
    put_tests(&s, " AND ", num_keys);
    sink_text(&s.sql, ") SELECT * FROM e");
    if (work->has_start)
        put_behind(&s, " WHERE ", &work->start, work->start_included, false);
    put_order(&s, false, true, work->best.most);
    int ret = run(&s, false, &rows, &entries, &last);
    work->scanned += rows;
    return ret;
}

/* The rows that have these values in these fields, which lead to an index. */
struct wanted {
    const char *const     *fields;
    const struct db_value *values;
    size_t                 num, num_keys; /* num_keys: so many of them are the list's first keys */
};

/* The next of them, the best ones first. */
static int next_wanted(struct list_work *work, const struct wanted *wanted, const struct list_place *start,
                       bool included, size_t most, size_t *rows, struct list_place *last)
{
    struct statement s;
    size_t           entries;
    begin(&s, work);
    list_write_columns(work, &s.sql);
    for (size_t i = 0; i < wanted->num; i++) {
        sink_format(&s.sql, " %s \"%s\" = ", i == 0 ? "WHERE" : "AND", wanted->fields[i]);
        put_parameter(&s, wanted->values[i]);
    }
    put_tests(&s, " AND ", wanted->num_keys);
    if (start != NULL)
        put_behind(&s, " AND ", start, included, true);
    put_order(&s, true, true, most);
    return run(&s, false, rows, &entries, last);
}

static int push_wanted(struct list_work *work, const struct wanted *wanted)
{
    struct list_place last = work->start;
    bool              started = work->has_start, included = work->start_included;
    size_t            most = work->all_areas || work->area_field == NULL ? work->best.most : KEY_BATCH;
    for (;;) {
        struct list_place start = last;
        size_t            rows;
        int               ret = next_wanted(work, wanted, started ? &start : NULL, included, most, &rows, &last);
        if (ret != 0)
            return ret;
        work->scanned += rows;
        /* Enough, when its rows so far are all before the last of the page. */
        bool full = work->best.num == work->best.most;
        if (rows < most || (full && !list_before(&last, &work->best.places[0], work->ascending)))
            return 0;
        started = true;
        included = false;
        most = most < EVERY_ROW / 16 ? EVERY_ROW : 2 * most;
    }
}

int list_push_keys(struct list_work *work, const struct db_value *values, size_t num)
{
    return push_wanted(work, &(struct wanted){ work->view->keys, values, num, num });
}

int list_push_rare(struct list_work *work)
{
    const struct list_test *test = &work->tests[work->rare];
    return push_wanted(work, &(struct wanted){ &test->field, &test->is, 1, 0 });
}
