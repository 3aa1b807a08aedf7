/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list's query, read and checked: what is wrong with it, and whether the caller may ask it. */
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/text.h"
#include "store/list_internal.h"

enum model_kind list_kind(const struct model_record *record, const char *field)
{
    const struct model_field *found = model_field_find(record, field, strlen(field));
    return found != NULL ? found->kind : MODEL_KIND_INSTANT;
}

static int id_value(const char *text, struct arena *arena, struct db_value *value)
{
    struct id id;
    if (id_from_text(text, strlen(text), &id) != 0)
        return BASE_ERR_INPUT;
    char *bytes = arena_copy(arena, id.bytes, ID_BYTES);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    *value = db_bytes(bytes, ID_BYTES);
    return 0;
}

/* A day, or the year or month that it begins with; of a time also the time itself. */
static bool is_day(enum model_kind kind, const char *text, size_t size)
{
    static const char first[] = "0001-01-01";
    char              whole[sizeof first];
    if (size != 4 && size != 7 && size != sizeof first - 1)
        return kind == MODEL_KIND_TIME && time_check(text, size) == 0;
    memcpy(whole, first, sizeof first);
    memcpy(whole, text, size);
    return time_check(whole, sizeof first - 1) == 0;
}

int list_value(enum model_kind kind, const char *text, struct arena *arena, struct db_value *value)
{
    size_t  size = strlen(text);
    int64_t integer;
    if (text_check_utf8(text, size) != size)
        return BASE_ERR_INPUT;
    switch (kind) {
    case MODEL_KIND_REFERENCE: return id_value(text, arena, value);
    case MODEL_KIND_FLAG:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return BASE_ERR_INPUT;
        *value = db_integer(text[0] == 't');
        return 0;
    case MODEL_KIND_INTEGER:
        if (text_to_integer(text, size, INT64_MIN + 1, INT64_MAX, &integer) != 0)
            return BASE_ERR_INPUT;
        *value = db_integer(integer);
        return 0;
    case MODEL_KIND_INSTANT:
        if (instant_from_text(text, size, &integer) != 0)
            return BASE_ERR_INPUT;
        *value = db_integer(integer);
        return 0;
    case MODEL_KIND_DATE:
    case MODEL_KIND_TIME:
        if (!is_day(kind, text, size))
            return BASE_ERR_INPUT;
        break;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE: break;
    case MODEL_KIND_REAL:
    case MODEL_KIND_BYTES: return BASE_ERR_INPUT;
    }
    const char *copy = arena_copy(arena, text, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    *value = db_text(copy, size);
    return 0;
}

static const char *allowed_values(enum model_kind kind)
{
    switch (kind) {
    case MODEL_KIND_REFERENCE: return ID_ALLOWED;
    case MODEL_KIND_FLAG: return "true or false";
    case MODEL_KIND_INTEGER: return "a whole number";
    case MODEL_KIND_INSTANT: return INSTANT_ALLOWED;
    case MODEL_KIND_DATE: return "a day, month or year: 2026-11-22, 2026-11, 2026";
    case MODEL_KIND_TIME: return TIME_ALLOWED;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_REAL:
    case MODEL_KIND_BYTES: break;
    }
    return "text in UTF-8";
}

/* Never says what was given: a filter's value may be somebody's. */
static int read_value(struct list_work *work, const char *field, const char *text, struct db_value *value,
                      struct fault_list *faults)
{
    enum model_kind kind = list_kind(work->record, field);
    int             ret = list_value(kind, text, work->arena, value);
    if (ret == BASE_ERR_INPUT)
        fault_add(faults, (struct fault_place){ .name = field }, allowed_values(kind), "not such a value");
    return ret;
}

static size_t key_number(const struct view *view, const char *field)
{
    size_t key = 0;
    while (key < VIEW_MAX_KEYS && (view->keys[key] == NULL || strcmp(view->keys[key], field) != 0))
        key++;
    return key;
}

static const struct view_filter *find_filter(const struct list_work *work, const char *field)
{
    const struct view *view = work->view;
    for (size_t i = 0; i < view->num_filters; i++)
        if (strcmp(view->filters[i].field, field) == 0 &&
            access_may_filter(work->who, work->record, model_field_find(work->record, field, strlen(field))))
            return &view->filters[i];
    return NULL;
}

/* The names that would have been allowed, for this caller: what they may not read is no filter for them. */
static void refuse_filter(struct list_work *work, const char *field, struct fault_list *faults)
{
    char   allowed[FAULT_ALLOWED_BYTES] = "";
    size_t used = 0;
    for (size_t i = 0; i < work->view->num_filters; i++) {
        const char *name = work->view->filters[i].field;
        if (find_filter(work, name) != NULL && used + strlen(name) + 3 < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s%s", used == 0 ? "" : ", ", name);
    }
    fault_add(faults, (struct fault_place){ .name = field }, allowed, "not a filter of this list");
}

static int check_filter(struct list_work *work, const struct list_filter *filter, struct fault_list *faults)
{
    const struct view_filter *known = find_filter(work, filter->field);
    if (known == NULL) {
        refuse_filter(work, filter->field, faults);
        return BASE_ERR_INPUT;
    }
    struct list_test *test = &work->tests[work->num_tests];
    *test = (struct list_test){ .field = known->field,
                                .test = known->test,
                                .key = key_number(work->view, known->field),
                                .from = db_null(),
                                .to = db_null() };
    bool is = filter->is != NULL, range = filter->from != NULL || filter->to != NULL;
    if (is != (known->test == VIEW_IS) || range != (known->test == VIEW_RANGE)) {
        fault_add(faults, (struct fault_place){ .name = known->field },
                  known->test == VIEW_IS ? "one value" : "from, to, or both", "the filter has another form");
        return BASE_ERR_INPUT;
    }
    int ret = 0;
    if (is)
        ret = read_value(work, known->field, filter->is, &test->is, faults);
    if (ret == 0 && filter->from != NULL)
        ret = read_value(work, known->field, filter->from, &test->from, faults);
    if (ret == 0 && filter->to != NULL)
        ret = read_value(work, known->field, filter->to, &test->to, faults);
    if (ret == 0)
        work->num_tests++;
    return ret;
}

static int check_filters(struct list_work *work, const struct list_query *query, struct fault_list *faults)
{
    if (query->num_filters > LIST_MOST_FILTERS) {
        fault_add(faults, (struct fault_place){ .name = "filters" }, "at most 16", "%zu filters", query->num_filters);
        return BASE_ERR_INPUT;
    }
    int ret = 0;
    for (size_t i = 0; i < query->num_filters; i++) { /* all faults at once */
        int one = check_filter(work, &query->filters[i], faults);
        if (one != 0)
            ret = one;
        if (one == TOC_ERR_NO_MEMORY)
            break;
    }
    return ret;
}

static bool may_sort(const struct list_work *work, const char *name)
{
    const struct model_field *field = model_field_find(work->record, name, strlen(name));
    return field == NULL || access_may_filter(work->who, work->record, field);
}

static int check_sort(struct list_work *work, const struct list_query *query, struct fault_list *faults)
{
    const struct view *view = work->view;
    char               allowed[FAULT_ALLOWED_BYTES] = "";
    size_t             used = 0;
    for (size_t i = 0; i < view->num_sorts; i++) {
        const char *name = view->sorts[i].field;
        if (!may_sort(work, name))
            continue;
        if (query->sort == NULL || strcmp(query->sort, name) == 0) {
            enum model_kind kind = list_kind(work->record, name);
            work->sort = i;
            work->sort_field = name;
            work->sort_is_text = kind != MODEL_KIND_INSTANT && kind != MODEL_KIND_INTEGER;
            work->ascending = query->ascending;
            return 0;
        }
        if (used + strlen(name) + 3 < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s%s", used == 0 ? "" : ", ", name);
    }
    fault_add(faults, (struct fault_place){ .name = "sort" }, allowed, "not a sort order of this list");
    return BASE_ERR_INPUT;
}

/* "value~id"; the value of an instant as a number, so that it comes back exactly. */
static int read_cursor(struct list_work *work, const char *cursor, struct fault_list *faults)
{
    const char *mark = strrchr(cursor, '~');
    int64_t     integer;
    if (mark == NULL || strlen(cursor) >= LIST_CURSOR_BYTES ||
        id_from_text(mark + 1, strlen(mark + 1), &work->start.id) != 0)
        goto fault;
    size_t size = (size_t) (mark - cursor);
    if (work->sort_is_text) {
        const char *copy = arena_copy(work->arena, cursor, size);
        if (copy == NULL)
            return TOC_ERR_NO_MEMORY;
        if (text_check_utf8(copy, size) != size)
            goto fault;
        work->start.value = db_text(copy, size);
    } else {
        if (text_to_integer(cursor, size, INT64_MIN, INT64_MAX, &integer) != 0)
            goto fault;
        work->start.value = db_integer(integer);
    }
    work->has_start = true;
    return 0;
fault:
    fault_add(faults, (struct fault_place){ .name = "after" }, "`next` of a page with the same sort order",
              "not such a cursor");
    return BASE_ERR_INPUT;
}

static int check_position(struct list_work *work, const struct list_query *query, struct fault_list *faults)
{
    work->page_size = query->page_size == 0 ? LIST_PAGE : query->page_size;
    if (work->page_size > LIST_MOST_ROWS) {
        fault_add(faults, (struct fault_place){ .name = "page_size" }, "1 to 200", "%zu rows", work->page_size);
        return BASE_ERR_INPUT;
    }
    if (query->after != NULL)
        return read_cursor(work, query->after, faults);
    if (query->from == NULL)
        return 0;
    int ret = read_value(work, work->sort_field, query->from, &work->start.value, faults);
    if (ret != 0)
        return ret;
    /* every row of that value: the id at the far end of the order */
    memset(work->start.id.bytes, work->ascending ? 0 : 0xff, ID_BYTES);
    work->has_start = true;
    work->start_included = true;
    return 0;
}

/* The subtrees that a set of intervals is made of. */
static int find_tops(struct list_work *work)
{
    const struct area_tree *tree = work->source->areas;
    for (int pass = 0; pass < 2; pass++) {
        struct id *tops = NULL;
        size_t     num = 0;
        if (pass == 1) {
            tops = arena_array(work->arena, work->num_tops + 1, sizeof *tops);
            if (tops == NULL)
                return TOC_ERR_NO_MEMORY;
        }
        for (size_t i = 0; i < work->areas.num_intervals; i++)
            for (uint32_t area = work->areas.intervals[i].first; area < work->areas.intervals[i].end;
                 area = area_tree_subtree(tree, area).end) {
                if (pass == 1)
                    tops[num] = *area_tree_id(tree, area);
                num++;
            }
        work->num_tops = num;
        work->tops = tops;
    }
    return 0;
}

static int check_areas(struct list_work *work, const struct list_query *query)
{
    const struct area_tree *tree = work->source->areas;
    struct area_set         grant;
    if (work->area_field == NULL)
        return id_is_missing(&query->area) ? 0 : STORE_ERR_ABSENT;
    int ret = area_set_of_grant(tree, work->who, work->arena, &grant);
    work->areas = grant;
    if (ret == 0 && !id_is_missing(&query->area)) {
        work->area_asked = true;
        ret = area_set_of(tree, &query->area, 1, work->arena, &work->asked);
        if (ret == 0)
            ret = area_set_intersect(&grant, &work->asked, work->arena, &work->areas);
        if (ret == 0 && (list_reaches_facilities(work) ? work->asked : work->areas).num_intervals == 0)
            ret = STORE_ERR_ABSENT;
    }
    if (ret == 0)
        ret = find_tops(work);
    work->all_areas = area_set_count(&work->areas) == area_tree_count(tree);
    return ret;
}

/* Some columns of the view are identifying and the caller may read them. */
static bool may_identify(const struct list_work *work)
{
    struct model_set set = view_visible(work->who, work->view);
    for (size_t i = 0; i < work->view->num_columns; i++) {
        struct view_path path;
        if (model_set_has(&set, i) && view_path_of(work->record, work->view->columns[i].path, &path) == 0 &&
            path.class == MODEL_CLASS_IDENTIFYING)
            return true;
    }
    return false;
}

int list_check(struct list_work *work, const struct list_query *query, struct fault_list *faults)
{
    work->view = query->view;
    work->record = model_record(query->view->record);
    work->area_field = view_area_field(query->view);
    work->identities = query->identities;
    if (access_highest(work->who, work->record) < (int) MODEL_CLASS_OPEN)
        return STORE_ERR_DENIED;
    /* The area stands in another record: no list by area yet, and none without one either. */
    if (work->area_field == NULL && work->record->scope == MODEL_SCOPE_AREA)
        return STORE_ERR_DENIED;
    if (query->identities && (!may_identify(work) || work->source->audit == NULL || work->source->keeper == NULL))
        return STORE_ERR_DENIED;
    int ret = check_filters(work, query, faults);
    int sort = check_sort(work, query, faults);
    if (sort == 0)
        sort = check_position(work, query, faults);
    if (ret == 0)
        ret = sort;
    if (ret == 0)
        ret = check_areas(work, query);
    return ret;
}
