/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to a page, gone. */
#include <math.h>
#include <string.h>

#include "store/list_internal.h"

/* ---- the best rows so far ---- */

static int compare_values(const struct db_value *a, const struct db_value *b)
{
    if (a->type == DB_INTEGER && b->type == DB_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    size_t shared = a->size < b->size ? a->size : b->size;
    int    order = shared == 0 ? 0 : memcmp(a->bytes, b->bytes, shared);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

bool list_before(const struct list_place *a, const struct list_place *b, bool ascending)
{
    int order = compare_values(&a->value, &b->value);
    if (order == 0)
        order = id_compare(&a->id, &b->id);
    return ascending ? order < 0 : order > 0;
}

static void swap(struct list_place *a, struct list_place *b)
{
    struct list_place kept = *a;
    *a = *b;
    *b = kept;
}

static void sink_down(struct list_best *best, size_t at, size_t num)
{
    for (size_t child; (child = 2 * at + 1) < num; at = child) {
        if (child + 1 < num && list_before(&best->places[child], &best->places[child + 1], best->ascending))
            child++;
        if (!list_before(&best->places[at], &best->places[child], best->ascending))
            return;
        swap(&best->places[at], &best->places[child]);
    }
}

int list_offer(struct list_work *work, const struct list_place *place)
{
    struct list_best *best = &work->best;
    bool              full = best->num == best->most;
    if (full && !list_before(place, &best->places[0], best->ascending))
        return 0;
    struct list_place kept = *place;
    if (kept.value.type == DB_TEXT) {
        kept.value.bytes = arena_copy(work->arena, place->value.bytes, place->value.size);
        if (kept.value.bytes == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    if (full) {
        best->places[0] = kept;
        sink_down(best, 0, best->num);
        return 0;
    }
    size_t at = best->num++;
    best->places[at] = kept;
    while (at > 0 && list_before(&best->places[(at - 1) / 2], &best->places[at], best->ascending)) {
        swap(&best->places[(at - 1) / 2], &best->places[at]);
        at = (at - 1) / 2;
    }
    return 0;
}

void list_sort_best(struct list_best *best)
{
    for (size_t num = best->num; num > 1;) {
        num--;
        swap(&best->places[0], &best->places[num]);
        sink_down(best, 0, num);
    }
}

/* ---- finding ---- */

static int gather(struct list_work *work, enum list_plan plan)
{
    work->plan = plan;
    work->best.num = 0;
    work->cut = false;
    return plan == LIST_BY_KEY    ? list_scan_key(work)
           : plan == LIST_BY_RARE ? list_scan_rare(work)
                                  : list_scan_areas(work);
}

/* The walk begins there, if not further on. */
static void begin_at(struct list_work *work, struct db_value value)
{
    struct list_place place = { .value = value };
    memset(place.id.bytes, work->ascending ? 0 : 0xff, ID_BYTES);
    if (work->has_start && !list_before(&work->start, &place, work->ascending))
        return;
    work->start = place;
    work->has_start = work->start_included = true;
}

/* Behind the last value: before the rows that have none. */
static void begin_undated(struct list_work *work)
{
    begin_at(work, db_text("", 0));
}

/* A range of the sort field bounds the walk: it begins at one end of the range and never leaves it by the other. */
static int bound_walk(struct list_work *work)
{
    const struct list_test *test = NULL;
    for (size_t i = 0; i < work->num_tests && test == NULL; i++)
        if (work->tests[i].test == VIEW_RANGE && strcmp(work->tests[i].field, work->sort_field) == 0)
            test = &work->tests[i];
    if (test == NULL)
        return 0;
    struct db_value from = test->from, to = test->to;
    if (to.type == DB_TEXT) { /* and all that begins with it: these texts are digits, '-' and ':' */
        char *behind = arena_array(work->arena, to.size + 1, 1);
        if (behind == NULL)
            return TOC_ERR_NO_MEMORY;
        memcpy(behind, to.bytes, to.size);
        behind[to.size] = '~';
        to = db_text(behind, to.size + 1);
    }
    if (from.type == DB_NULL && work->sort_is_text) /* a missing value is in no range */
        from = db_text(" ", 1);
    struct db_value near = work->ascending ? from : to;
    if (near.type != DB_NULL)
        begin_at(work, near);
    work->end = work->ascending ? to : from;
    return 0;
}

static int find_in_areas(struct list_work *work)
{
    struct list_costs costs;
    if (work->area_field != NULL && work->areas.num_intervals == 0)
        return 0;
    int ret = list_estimate(work, &costs);
    if (ret != 0)
        return ret;
    ret = bound_walk(work);
    if (ret != 0)
        return ret;
    if (costs.from_undated)
        begin_undated(work);
    enum list_plan second = costs.key < costs.area ? LIST_BY_KEY : LIST_BY_AREA;
    double         other = fmin(costs.key, costs.area);
    if (costs.rare < other) {
        second = LIST_BY_RARE;
        other = costs.rare;
    }
    bool done = false;
    if (other <= costs.sort)
        return gather(work, second);
    work->plan = LIST_BY_SORT;
    work->expected = costs.sort;
    /* Never much more than the other way would have cost from the beginning. */
    double patience = fmin(LIST_PATIENCE * costs.sort, other) + (double) work->page_size;
    if (costs.carried) /* cheap, and rows of one value may lie together, far from where the walk begins */
        patience = fmax(patience, fmin(LIST_CHEAP_ENTRIES, other));
    if (other >= LIST_MOST_SCANNED)
        patience = LIST_MOST_SCANNED;
    ret = list_scan_sort(work, patience < LIST_MOST_SCANNED ? (size_t) patience : LIST_MOST_SCANNED, &done);
    if (ret == 0 && !done && other < LIST_MOST_SCANNED)
        return gather(work, second);
    if (ret == 0)
        work->cut = !done;
    return ret;
}

int list_find(struct list_work *work)
{
    struct list_place start = work->start;
    bool              has_start = work->has_start, included = work->start_included;
    work->best = (struct list_best){ .most = work->page_size + 1, .ascending = work->ascending };
    work->best.places = arena_array(work->arena, work->best.most, sizeof *work->best.places);
    if (work->best.places == NULL)
        return TOC_ERR_NO_MEMORY;
    work->plan = LIST_NOTHING;
    int ret = find_in_areas(work);
    if (ret != 0 || !list_reaches_facilities(work))
        return ret;
    work->start = start; /* of the query: begin_undated may have moved it */
    work->has_start = has_start;
    work->start_included = included;
    return list_scan_facilities(work);
}
