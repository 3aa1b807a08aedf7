/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each way to a page would cost, from the counters. */
#include <math.h>
#include <string.h>

#include "store/list_internal.h"

#define SEEK 4.0          /* a descent into an index costs as much as so many of its entries */
#define ROW 4.0           /* so does a look into a row, for a filter that is not a key */
#define HANDED_OUT 3.0    /* to hand out an entry whose area is judged here costs PostgreSQL more than to read it */
#define UNKNOWN_SHARE 0.1 /* of the rows that answer a filter nobody has counted */
#define FEW_AREAS 64      /* without counters: so few are asked one by one */
#define MOST_TOPS 32      /* more are not counted one by one */
#define BLIND_PATIENCE 20000
#define CHEAP 256.0 /* a way that costs no more needs no other looked for */

/* What the counters say. */
struct numbers {
    double all, keyed;                 /* rows of all areas: any, and those that the counted tests ask for */
    double here, matching;             /* the same of the areas asked for */
    double by_key, by_key_here;        /* with the tests on keys alone: of all areas, of those asked for */
    double all_undated, keyed_undated; /* of all areas: without a value in the sort field; and passing the tests … */
    double keyed_known;                /* … which are known of those; with a value too */
    bool   counted;                    /* all tests are counted */
};

static const struct model_counter *counter_of(const struct list_work *work)
{
    for (size_t i = 0; i < work->record->num_counters && work->view->counter != NULL; i++)
        if (strcmp(work->record->counters[i].name, work->view->counter) == 0)
            return &work->record->counters[i];
    return NULL;
}

/* The codes of the counter's dimensions that the tests of a set ask for. Returns the set of those that do. */
static unsigned dimensions_of(const struct list_work *work, const struct model_counter *counter, unsigned tests,
                              const char *dimensions[MODEL_MAX_DIMENSIONS])
{
    unsigned found = 0;
    for (size_t t = 0; t < work->num_tests; t++) {
        const struct list_test *test = &work->tests[t];
        for (size_t d = 0; d < MODEL_MAX_DIMENSIONS && counter->dimensions[d] != NULL; d++)
            if ((tests >> t & 1) != 0 && strcmp(counter->dimensions[d], test->field) == 0 && test->test == VIEW_IS &&
                test->is.type == DB_TEXT) {
                dimensions[d] = test->is.bytes; /* ends with '\0': list_value */
                found |= 1u << t;
            }
    }
    return found;
}

static unsigned every_test(const struct list_work *work)
{
    return (1u << work->num_tests) - 1;
}

static unsigned tests_of_keys(const struct list_work *work)
{
    unsigned tests = 0;
    for (size_t t = 0; t < work->num_tests; t++)
        if (work->tests[t].key < VIEW_MAX_KEYS)
            tests |= 1u << t;
    return tests;
}

int list_count(struct list_work *work, const struct id *tops, size_t num_tops, unsigned tests, double *count)
{
    const struct model_counter *counter = counter_of(work);
    const char                 *dimensions[MODEL_MAX_DIMENSIONS] = { NULL };
    *count = -1;
    if (counter == NULL || work->source->total == NULL || num_tops > MOST_TOPS)
        return 0;
    dimensions_of(work, counter, tests, dimensions);
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

/* The counter whose day is the sort field, where each row without a day is one without a value; or NULL. */
static const struct model_counter *counter_of_sort(const struct list_work *work)
{
    if (work->source->undated == NULL || list_kind(work->record, work->sort_field) != MODEL_KIND_DATE)
        return NULL;
    for (size_t i = 0; i < work->record->num_counters; i++)
        if (!work->record->counters[i].dated && work->record->counters[i].only == NULL &&
            strcmp(work->record->counters[i].day, work->sort_field) == 0)
            return &work->record->counters[i];
    return NULL;
}

static int count_undated(struct list_work *work, const struct id *tops, size_t num_tops, struct numbers *numbers)
{
    const struct model_counter *counter = counter_of_sort(work);
    const char                 *any[MODEL_MAX_DIMENSIONS] = { NULL }, *dimensions[MODEL_MAX_DIMENSIONS] = { NULL };
    numbers->all_undated = numbers->keyed_undated = numbers->keyed_known = 0;
    if (counter == NULL)
        return 0;
    unsigned known = dimensions_of(work, counter, LIST_EVERY_TEST, dimensions);
    int      counted = list_count(work, tops, num_tops, known, &numbers->keyed_known);
    if (counted != 0)
        return counted;
    for (size_t i = 0; i < num_tops; i++) {
        int64_t all = 0, keyed = 0;
        int     ret = work->source->undated(work->source->db, work->record, counter, &tops[i], any, &all, work->error);
        if (ret == 0)
            ret = work->source->undated(work->source->db, work->record, counter, &tops[i], dimensions, &keyed,
                                        work->error);
        if (ret != 0)
            return ret;
        numbers->all_undated += (double) all;
        numbers->keyed_undated += (double) keyed;
    }
    return 0;
}

static int read_numbers(struct list_work *work, struct numbers *numbers)
{
    const struct model_counter *counter = counter_of(work);
    const char                 *unused[MODEL_MAX_DIMENSIONS] = { NULL };
    const struct id            *tops;
    size_t                      num_tops;
    int                         ret = all_tops(work, &tops, &num_tops);
    numbers->counted = counter != NULL && dimensions_of(work, counter, LIST_EVERY_TEST, unused) == every_test(work);
    if (ret == 0)
        ret = list_count(work, tops, num_tops, 0, &numbers->all);
    if (ret == 0)
        ret = list_count(work, tops, num_tops, LIST_EVERY_TEST, &numbers->keyed);
    if (ret == 0)
        ret = list_count(work, work->tops, work->num_tops, 0, &numbers->here);
    if (ret == 0)
        ret = list_count(work, work->tops, work->num_tops, LIST_EVERY_TEST, &numbers->matching);
    numbers->by_key = numbers->keyed;
    numbers->by_key_here = numbers->matching;
    if (ret == 0 && tests_of_keys(work) != every_test(work)) {
        ret = list_count(work, tops, num_tops, tests_of_keys(work), &numbers->by_key);
        if (ret == 0)
            ret = list_count(work, work->tops, work->num_tops, tests_of_keys(work), &numbers->by_key_here);
    }
    if (ret == 0 && numbers->all >= 0)
        ret = count_undated(work, tops, num_tops, numbers);
    return ret;
}

/* Entries until `wanted` rows are met, if so many of so many count. */
static double walk(double wanted, double all, double matching)
{
    return fmin(all, wanted * all / fmax(matching, 1));
}

/* Of the walk by sort. Rows with a value stand before those without, or behind them; each part has its own share of
 * rows that count. */
static double cost_of_sort(const struct list_work *work, const struct numbers *numbers, double entry,
                           bool *from_undated)
{
    double wanted = (double) work->page_size + 1, dated = numbers->all - numbers->all_undated;
    double matching = numbers->counted ? numbers->matching : numbers->matching * UNKNOWN_SHARE;
    double share = numbers->keyed_known > 0 ? fmin(1, numbers->keyed_undated / numbers->keyed_known) : 0;
    double first_all = work->ascending ? numbers->all_undated : dated;
    double first = matching * (work->ascending ? share : 1 - share), last = matching - first;
    double cost;
    *from_undated = !work->ascending && numbers->keyed_undated > 0 && numbers->keyed_undated >= numbers->keyed_known;
    if (*from_undated || first_all <= 0)
        cost = walk(wanted, numbers->all - first_all, last);
    else if (first >= wanted)
        cost = walk(wanted, first_all, first);
    else
        cost = first_all + walk(wanted - first, numbers->all - first_all, last);
    return cost * entry + SEEK;
}

/* Keys that the tests ask for, from the first on. */
static size_t leading_keys(const struct list_work *work)
{
    size_t num = 0;
    for (bool found = true; num < VIEW_MAX_KEYS && found; num += found) {
        found = false;
        for (size_t i = 0; i < work->num_tests; i++)
            found |= work->tests[i].key == num;
    }
    return num;
}

/* Of the ways by key: the leading keys in all areas; all keys, those left open by each of their values, in all areas or
 * in each of those asked for. */
static int cost_of_key(struct list_work *work, const struct numbers *numbers, double entry, struct list_costs *costs)
{
    size_t leading = leading_keys(work), num_areas = area_set_count(&work->areas);
    double handed_out = work->all_areas || !db_is_postgresql(work->source->db) ? 1 : HANDED_OUT;
    bool   found = false;
    if (leading > 0)
        costs->key = (SEEK + numbers->by_key * entry) * handed_out;
    if (fmin(fmin(costs->key, costs->rare), fmin(costs->area, costs->sort)) <= CHEAP)
        return 0;
    int ret = list_find_keys(work, &found);
    if (ret != 0 || !found)
        return ret;
    double descents = SEEK * (double) work->num_keys;
    double everywhere = leading > 0 ? HUGE_VAL : (descents + numbers->by_key * entry) * handed_out;
    double in_areas = work->area_field == NULL || work->all_areas
                          ? HUGE_VAL
                          : descents * (double) num_areas + numbers->by_key_here * entry;
    work->keys_in_areas = in_areas < fmin(everywhere, costs->key);
    if (!work->keys_in_areas && leading > 0)
        work->num_keys = 0;
    costs->key = fmin(costs->key, fmin(everywhere, in_areas));
    return 0;
}

/* Of the ways by a rare value: those of the test that the fewest rows pass, or of which the page takes the fewest. */
static int cost_of_rare(struct list_work *work, const struct numbers *numbers, struct list_costs *costs)
{
    double           matching = numbers->counted ? numbers->matching : numbers->matching * UNKNOWN_SHARE;
    const struct id *tops;
    size_t           num_tops;
    double           handed_out = work->all_areas || !db_is_postgresql(work->source->db) ? 1 : HANDED_OUT;
    int              ret = all_tops(work, &tops, &num_tops);
    for (size_t i = 0; i < work->num_tests && ret == 0; i++) {
        const char *unused[MODEL_MAX_DIMENSIONS];
        double      count, entry = 1;
        if (list_rare_number(work, work->tests[i].field) == VIEW_MAX_RARE ||
            dimensions_of(work, counter_of(work), 1u << i, unused) == 0)
            continue;
        for (size_t j = 0; j < work->num_tests; j++)
            if (j != i && work->tests[j].key == VIEW_MAX_KEYS && strcmp(work->tests[j].field, work->sort_field) != 0)
                entry = ROW;
        ret = list_count(work, tops, num_tops, 1u << i, &count);
        if (list_rare_in_order(work))
            count = walk((double) work->page_size + 1, count, matching);
        if (ret == 0 && count >= 0 && (SEEK + count * entry) * handed_out < costs->rare) {
            costs->rare = (SEEK + count * entry) * handed_out;
            work->rare = i;
        }
    }
    return ret;
}

/* Is the test's value in every entry of the walk by sort? */
static bool in_entries(const struct list_work *work, const struct list_test *test)
{
    bool found = test->key < VIEW_MAX_KEYS || strcmp(test->field, work->sort_field) == 0;
    for (size_t i = 0; i < VIEW_MAX_RARE && work->view->carried[i] != NULL && !found; i++)
        found = strcmp(work->view->carried[i], test->field) == 0;
    return found;
}

/* Without counters: the newest rows first, then those of the first test on a value that may be rare, if there is one;
 * else a few areas one by one, or else no more than the newest rows. */
static void guess(struct list_work *work, size_t num_areas, struct list_costs *costs)
{
    costs->sort = BLIND_PATIENCE;
    for (size_t i = work->num_tests; i-- > 0;)
        if (list_rare_number(work, work->tests[i].field) < VIEW_MAX_RARE) {
            work->rare = i;
            costs->rare = BLIND_PATIENCE / 2.0;
            costs->sort = BLIND_PATIENCE / 4.0;
        }
    if (work->area_field != NULL && num_areas <= FEW_AREAS && isinf(costs->rare))
        costs->area = BLIND_PATIENCE / 2.0;
}

int list_estimate(struct list_work *work, struct list_costs *costs)
{
    struct numbers numbers;
    size_t         num_areas = area_set_count(&work->areas);
    double         entry = 1, sorted_entry = 1;
    int            ret = read_numbers(work, &numbers);
    *costs = (struct list_costs){ HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL, false, false };
    if (ret != 0)
        return ret;
    if (numbers.all < 0 || numbers.here < 0) {
        guess(work, num_areas, costs);
        return 0;
    }
    for (size_t i = 0; i < work->num_tests; i++) {
        if (work->tests[i].key == VIEW_MAX_KEYS && strcmp(work->tests[i].field, work->sort_field) != 0)
            entry = ROW;
        if (!in_entries(work, &work->tests[i]))
            sorted_entry = ROW;
    }
    costs->carried = sorted_entry < entry;
    costs->sort = cost_of_sort(work, &numbers, sorted_entry, &costs->from_undated);
    if (work->area_field != NULL)
        costs->area = SEEK * (double) num_areas + numbers.here * entry;
    ret = cost_of_rare(work, &numbers, costs);
    return ret == 0 ? cost_of_key(work, &numbers, entry, costs) : ret;
}
