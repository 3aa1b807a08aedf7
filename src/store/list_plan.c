/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which way to a page, from the counters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/list_internal.h"

#define SEEK 4.0          /* a descent into an index costs as much as so many of its entries */
#define ROW 4.0           /* so does a look into a row, for a filter that is not a key */
#define HANDED_OUT 3.0    /* to hand out an entry whose area is judged here costs PostgreSQL more than to read it */
#define CODES 64.0        /* values that a first key may have, about */
#define UNKNOWN_SHARE 0.1 /* of the rows that answer a filter nobody has counted */
#define FEW_AREAS 64      /* without counters: so few are asked one by one */
#define MOST_TOPS 32      /* more are not counted one by one */
#define BLIND_PATIENCE 20000

static const struct model_counter *counter_of(const struct list_work *work)
{
    for (size_t i = 0; i < work->record->num_counters && work->view->counter != NULL; i++)
        if (strcmp(work->record->counters[i].name, work->view->counter) == 0)
            return &work->record->counters[i];
    return NULL;
}

/* The codes of the counter's dimensions that the tests ask for; false where a test is none of them. */
static bool dimensions_of(const struct list_work *work, const struct model_counter *counter, const char *dimensions[4])
{
    bool all = true;
    for (size_t t = 0; t < work->num_tests; t++) {
        const struct list_test *test = &work->tests[t];
        bool                    found = false;
        for (size_t d = 0; d < 4 && counter->dimensions[d] != NULL; d++)
            if (strcmp(counter->dimensions[d], test->field) == 0 && test->test == VIEW_IS && test->is.type == DB_TEXT) {
                dimensions[d] = test->is.bytes; /* ends with '\0': list_value */
                found = true;
            }
        all &= found;
    }
    return all;
}

int list_count(struct list_work *work, const struct id *tops, size_t num_tops, bool with_keys, double *count)
{
    const struct model_counter *counter = counter_of(work);
    const char                 *dimensions[4] = { NULL };
    *count = -1;
    if (counter == NULL || work->source->total == NULL || num_tops > MOST_TOPS)
        return 0;
    if (with_keys)
        dimensions_of(work, counter, dimensions);
    double sum = 0;
    for (size_t i = 0; i < num_tops; i++) {
        int64_t total;
        int     ret =
            work->source->total(work->source->db, work->record, counter, &tops[i], dimensions, &total, work->error);
        if (ret != 0)
            return ret;
        sum += (double) total;
    }
    *count = sum;
    return 0;
}

static int all_tops(struct list_work *work, const struct id **tops, size_t *num_tops)
{
    const struct area_tree *tree = work->source->areas;
    uint32_t                count = (uint32_t) area_tree_count(tree);
    struct id              *all = arena_array(work->arena, MOST_TOPS + 1, sizeof *all);
    if (all == NULL)
        return TOC_ERR_NO_MEMORY;
    *num_tops = 0;
    for (uint32_t area = 0; area < count && *num_tops <= MOST_TOPS; area = area_tree_subtree(tree, area).end)
        all[(*num_tops)++] = *area_tree_id(tree, area);
    *tops = all;
    return 0;
}

/* Descents into the index of the keys; 0 = it does not help. */
static double descents(const struct list_work *work)
{
    bool first = false, second = false;
    for (size_t i = 0; i < work->num_tests; i++) {
        first |= work->tests[i].key == 0;
        second |= work->tests[i].key == 1;
    }
    return first ? 1 : second && list_kind(work->record, work->view->keys[0]) == MODEL_KIND_CODE ? 2 * CODES : 0;
}

int list_estimate(struct list_work *work, struct list_costs *costs)
{
    const struct model_counter *counter = counter_of(work);
    const char                 *unused[4];
    const struct id            *tops;
    size_t                      num_tops;
    double                      all, here, keyed, matching;
    bool                        counted = counter != NULL && dimensions_of(work, counter, unused);
    int                         ret = all_tops(work, &tops, &num_tops);
    if (ret == 0)
        ret = list_count(work, tops, num_tops, false, &all);
    if (ret == 0)
        ret = list_count(work, tops, num_tops, true, &keyed);
    if (ret == 0)
        ret = list_count(work, work->tops, work->num_tops, false, &here);
    if (ret == 0)
        ret = list_count(work, work->tops, work->num_tops, true, &matching);
    if (ret != 0)
        return ret;
    size_t num_areas = area_set_count(&work->areas);
    double entry = 1;
    for (size_t i = 0; i < work->num_tests; i++)
        if (work->tests[i].key == VIEW_MAX_KEYS)
            entry = ROW;
    *costs = (struct list_costs){ HUGE_VAL, HUGE_VAL, HUGE_VAL };
    if (all < 0 || here < 0) {
        costs->sort = BLIND_PATIENCE;
        if (work->area_field != NULL && num_areas <= FEW_AREAS)
            costs->area = BLIND_PATIENCE / 2.0;
        return 0;
    }
    if (!counted)
        matching *= UNKNOWN_SHARE;
    costs->sort = fmin(all, (double) (work->page_size + 1) * all / fmax(matching, 1)) * entry + SEEK;
    if (work->area_field != NULL)
        costs->area = SEEK * (double) num_areas + here * entry;
    if (descents(work) > 0)
        costs->key = (SEEK * descents(work) + keyed * entry) *
                     (work->all_areas || !db_is_postgresql(work->source->db) ? 1 : HANDED_OUT);
    return 0;
}

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
    return plan == LIST_BY_KEY ? list_scan_key(work) : list_scan_areas(work);
}

int list_find(struct list_work *work)
{
    struct list_costs costs;
    work->best = (struct list_best){ .most = work->page_size + 1, .ascending = work->ascending };
    work->best.places = arena_array(work->arena, work->best.most, sizeof *work->best.places);
    if (work->best.places == NULL)
        return TOC_ERR_NO_MEMORY;
    work->plan = LIST_NOTHING;
    if (work->area_field != NULL && work->areas.num_intervals == 0)
        return 0;
    int ret = list_estimate(work, &costs);
    if (ret != 0)
        return ret;
    enum list_plan second = costs.key < costs.area ? LIST_BY_KEY : LIST_BY_AREA;
    double         other = fmin(costs.key, costs.area);
    bool           done = false;
    if (other <= costs.sort)
        return gather(work, second);
    work->plan = LIST_BY_SORT;
    /* Never much more than the other way would have cost from the beginning. */
    double patience = fmin(LIST_PATIENCE * costs.sort, other) + (double) work->page_size;
    if (other >= LIST_MOST_SCANNED)
        patience = LIST_MOST_SCANNED;
    ret = list_scan_sort(work, patience < LIST_MOST_SCANNED ? (size_t) patience : LIST_MOST_SCANNED, &done);
    if (ret == 0 && !done && other < LIST_MOST_SCANNED)
        return gather(work, second);
    if (ret == 0)
        work->cut = !done;
    return ret;
}
