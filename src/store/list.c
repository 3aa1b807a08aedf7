/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/list.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "store/list_internal.h"

int list_prepare(struct db *db, struct db_error *error)
{
    if (!db_is_postgresql(db))
        return 0;
    /* Each statement here names by its ORDER BY or its first column the one index that it is meant to walk. */
    return db_execute(db,
                      "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; "
                      "SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "
                      "SET max_parallel_workers_per_gather = 0; SET plan_cache_mode = force_generic_plan",
                      error);
}

/* "value~id": behind this row. */
static int write_cursor(struct list_work *work, const struct list_place *place, const char **cursor)
{
    char id[ID_TEXT_BYTES], number[TEXT_INTEGER_BYTES];
    id_to_text(&place->id, id);
    const char *value = number;
    size_t      size;
    if (work->sort_is_text) {
        value = place->value.bytes;
        size = place->value.type == DB_TEXT ? place->value.size : 0;
    } else
        size = text_from_integer(place->value.integer, number);
    char *text = arena_array(work->arena, size + 1 + ID_TEXT_BYTES, 1);
    if (text == NULL)
        return TOC_ERR_NO_MEMORY;
    if (size > 0)
        memcpy(text, value, size);
    text[size] = '~';
    memcpy(text + size + 1, id, ID_TEXT_BYTES);
    *cursor = text;
    return 0;
}

static int make_page(struct list_work *work, struct list_page *page)
{
    int ret = list_find(work);
    if (ret != 0)
        return ret;
    if (work->plan != LIST_NOTHING)
        list_sort_best(&work->best);
    bool   more = work->best.num > work->page_size;
    size_t num = more ? work->page_size : work->best.num;
    ret = list_fetch(work, work->best.places, num, page);
    page->view = work->view;
    page->next = NULL;
    page->plan = work->plan;
    page->scanned = work->scanned;
    if (ret == 0 && (more || work->cut))
        ret = write_cursor(work, more ? &work->best.places[num - 1] : &work->last_seen, &page->next);
    return ret;
}

static int audit(const struct list_work *work)
{
    if (work->num_shown == 0)
        return 0;
    return work->source->audit(work->source->audit_context, work->who, work->shown, work->num_shown);
}

int list_read(const struct list_source *source, const struct access *who, const struct list_query *query,
              struct arena *arena, struct list_page *page, struct fault_list *faults, struct db_error *error)
{
    struct list_work work = { .source = source, .who = who, .arena = arena, .error = error };
    struct list_page made = { 0 };
    int              ret = list_check(&work, query, faults);
    if (ret != 0)
        return ret;
    ret = db_begin(source->db, DB_READ, error);
    if (ret != 0)
        return ret;
    ret = make_page(&work, &made);
    if (ret == 0)
        ret = db_commit(source->db, error);
    else
        db_rollback(source->db);
    if (ret == 0)
        ret = audit(&work);
    if (ret == 0)
        *page = made;
    return ret;
}

/* ---- totals ---- */

static bool is_dimension(const struct model_record *record, const struct view *view, const struct list_test *test)
{
    for (size_t i = 0; i < record->num_counters; i++)
        if (strcmp(record->counters[i].name, view->counter) == 0)
            for (size_t d = 0; d < MODEL_MAX_DIMENSIONS && record->counters[i].dimensions[d] != NULL; d++)
                if (strcmp(record->counters[i].dimensions[d], test->field) == 0)
                    return test->test == VIEW_IS && test->is.type == DB_TEXT;
    return false;
}

int list_total(const struct list_source *source, const struct access *who, const struct list_query *query,
               struct arena *arena, int64_t *total, bool *known, struct fault_list *faults, struct db_error *error)
{
    struct list_work  work = { .source = source, .who = who, .arena = arena, .error = error };
    struct list_query plain = *query;
    double            count = -1;
    plain.identities = false;
    plain.after = plain.from = NULL;
    int ret = list_check(&work, &plain, faults);
    if (ret != 0)
        return ret;
    bool all = work.view->counter != NULL && !list_reaches_facilities(&work); /* counters are of areas */
    for (size_t i = 0; i < work.num_tests && all; i++)
        all = is_dimension(work.record, work.view, &work.tests[i]);
    for (size_t i = 0; i < work.num_tests && all; i++) /* a dimension asked for twice */
        for (size_t j = 0; j < i; j++)
            all = all && strcmp(work.tests[i].field, work.tests[j].field) != 0;
    if (all)
        ret = list_count(&work, work.tops, work.num_tops, LIST_EVERY_TEST, &count);
    if (ret != 0)
        return ret;
    *known = count >= 0;
    *total = count >= 0 ? (int64_t) count : 0;
    return 0;
}

/* ---- as JSON ---- */

static void write_value(struct json_writer *json, enum model_kind kind, const struct db_value *value)
{
    char text[INSTANT_TEXT_BYTES], id_text[ID_TEXT_BYTES];
    switch (value->type) {
    case DB_NULL: json_put_null(json); return;
    case DB_TEXT: json_put_string_of(json, value->bytes, value->size); return;
    case DB_REAL: json_put_number(json, value->real); return;
    case DB_BYTES: break;
    case DB_INTEGER:
        if (kind == MODEL_KIND_FLAG)
            json_put_bool(json, value->integer != 0);
        else if (kind == MODEL_KIND_INSTANT && instant_to_text(value->integer, text) > 0)
            json_put_string(json, text);
        else
            json_put_integer(json, value->integer);
        return;
    }
    struct id id;
    memcpy(id.bytes, value->bytes, ID_BYTES);
    id_to_text(&id, id_text);
    json_put_string(json, id_text);
}

void list_write_members(struct json_writer *json, const struct list_page *page)
{
    const struct view *view = page->view;
    enum model_kind    kinds[VIEW_MAX_COLUMNS]; /* a path is followed once a page, not once a value */
    for (size_t i = 0; i < view->num_columns; i++)
        kinds[i] = view_kind(view, &view->columns[i]);
    json_key(json, "rows");
    json_begin_array(json);
    for (size_t row = 0; row < page->num_rows; row++) {
        const struct db_value *values = page->values + row * view->num_columns;
        char                   id[ID_TEXT_BYTES];
        id_to_text(&page->ids[row], id);
        json_begin_object(json);
        json_key(json, "id");
        json_put_string(json, id);
        for (size_t i = 0; i < view->num_columns; i++)
            if (values[i].type != DB_NULL) {
                json_key(json, view->columns[i].name);
                write_value(json, kinds[i], &values[i]);
            }
        json_end(json);
    }
    json_end(json);
    json_key(json, "masked");
    json_begin_array(json);
    for (size_t i = 0; i < view->num_columns; i++)
        if (!model_set_has(&page->visible, i))
            json_put_string(json, view->columns[i].name);
    json_end(json);
    json_key(json, "next");
    if (page->next != NULL)
        json_put_string(json, page->next);
    else
        json_put_null(json);
}

void list_write(struct json_writer *json, const struct list_page *page)
{
    json_begin_object(json);
    list_write_members(json, page);
    json_end(json);
}
