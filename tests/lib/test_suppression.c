/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left out of a published table, and attacks on it that add and subtract all that is shown. */
#include "tocsin/suppression.h"

#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"

enum { SHOWN = TOC_SUPPRESSION_SHOWN, SMALL, PROTECTING, WITHHELD, MOST = 400, TOP = 0 };

static const struct toc_suppression_options options = TOC_SUPPRESSION_OPTIONS_INIT;

static void suppress(const uint32_t *parent, const int64_t *count, size_t n, uint8_t *decided)
{
    assert_ok(toc_suppress(parent, count, n, &options, &test_allocator, decided, NULL));
}

/* One area above and those below it. */
static const uint32_t flat[] = { TOC_SUPPRESSION_NO_PARENT, TOP, TOP, TOP, TOP };

static void check_flat(const int64_t count[5], const uint8_t expected[5])
{
    uint8_t decided[5];
    suppress(flat, count, 5, decided);
    assert_memory_equal(decided, expected, 5);
}

static void test_one_area_and_those_below(void **state)
{
    (void) state;
    /* nothing small: all is shown, 0 too */
    check_flat((int64_t[]){ 32, 12, 0, 5, 15 }, (uint8_t[]){ SHOWN, SHOWN, SHOWN, SHOWN, SHOWN });
    /* a single small one would follow from the sum: another that is not 0 goes with it */
    check_flat((int64_t[]){ 23, 3, 0, 20, 0 }, (uint8_t[]){ SHOWN, SMALL, SHOWN, PROTECTING, SHOWN });
    /* of two with the sum 4 each could be 3 at most: known to be small; a third one makes more possible */
    check_flat((int64_t[]){ 14, 2, 2, 10, 0 }, (uint8_t[]){ SHOWN, SMALL, SMALL, PROTECTING, SHOWN });
    /* two with the sum 6: each could be 5 */
    check_flat((int64_t[]){ 36, 3, 3, 10, 20 }, (uint8_t[]){ SHOWN, SMALL, SMALL, SHOWN, SHOWN });
    /* five in four areas at most 2 each: nothing to add, so nothing below is shown */
    check_flat((int64_t[]){ 5, 2, 1, 1, 1 }, (uint8_t[]){ SHOWN, WITHHELD, WITHHELD, WITHHELD, WITHHELD });
    /* the rest lives nowhere known, and protects nobody */
    check_flat((int64_t[]){ 90, 3, 0, 0, 0 }, (uint8_t[]){ SHOWN, WITHHELD, WITHHELD, WITHHELD, WITHHELD });
    /* below what is left out nothing is shown */
    check_flat((int64_t[]){ 4, 0, 4, 0, 0 }, (uint8_t[]){ SMALL, WITHHELD, WITHHELD, WITHHELD, WITHHELD });
    check_flat((int64_t[]){ 0, 0, 0, 0, 0 }, (uint8_t[]){ SHOWN, SHOWN, SHOWN, SHOWN, SHOWN });
}

static void test_what_protects_another_is_not_broken_down(void **state)
{
    (void) state;
    /* a province with three counties, one without cases; each with two townships */
    const uint32_t parent[] = { TOC_SUPPRESSION_NO_PARENT, 0, 0, 0, 1, 1, 2, 2, 3, 3 };
    const int64_t  count[] = { 23, 3, 20, 0, 0, 3, 10, 10, 0, 0 };
    const uint8_t  expected[] = {
         SHOWN, SMALL, PROTECTING, SHOWN, WITHHELD, WITHHELD, WITHHELD, WITHHELD, SHOWN, SHOWN
    };
    uint8_t decided[10];
    suppress(parent, count, 10, decided);
    assert_memory_equal(decided, expected, 10);
}

/* ---- attacks ---- */

struct tree {
    size_t   n;
    uint32_t parent[MOST];
    int64_t  count[MOST];
    uint8_t  decided[MOST];
};

/* Areas in random places of a tree; counts from the bottom, mostly small, some of them at no known place. */
static void draw_tree(struct test_random *random, struct tree *tree)
{
    tree->n = test_between(random, 1, MOST);
    double mean = test_uniform(random) < 0.5 ? 1 : 8;
    for (uint32_t i = 0; i < tree->n; i++) {
        tree->parent[i] =
            i == 0 ? TOC_SUPPRESSION_NO_PARENT : (uint32_t) test_between(random, i > 20 ? i / 8 : 0, i - 1);
        tree->count[i] = test_between(random, 0, 3) == 0 ? (int64_t) test_count(random, mean, 3) : 0;
    }
    for (size_t i = tree->n; i-- > 1;)
        tree->count[tree->parent[i]] += tree->count[i];
}

/* What somebody can find who knows all that is shown, what is left out, and of areas that are shown whether anybody
 * lives at no known place: the lowest and the highest value of each count, from sums and differences along the whole
 * tree, until nothing changes. */
static void attack(const struct tree *tree, int64_t *lowest, int64_t *highest)
{
    static int64_t at_no_place[MOST];
    for (size_t i = 0; i < tree->n; i++) {
        bool shown = tree->decided[i] == SHOWN;
        at_no_place[i] = tree->count[i];
        lowest[i] = shown ? tree->count[i] : tree->decided[i] == WITHHELD ? 0 : 1;
        highest[i] = shown ? tree->count[i] : INT32_MAX;
        if (i > 0)
            at_no_place[tree->parent[i]] -= tree->count[i];
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t above = 0; above < tree->n; above++) {
            bool    all_known = tree->decided[above] == SHOWN && at_no_place[above] == 0;
            int64_t low = 0, high = all_known ? 0 : INT32_MAX;
            bool    is_above = false;
            for (size_t i = above + 1; i < tree->n; i++)
                if (tree->parent[i] == above) {
                    is_above = true;
                    low += lowest[i];
                    high += highest[i];
                }
            if (!is_above)
                continue;
            changed = changed || low > lowest[above] || high < highest[above];
            lowest[above] = low > lowest[above] ? low : lowest[above];
            highest[above] = high < highest[above] ? high : highest[above];
            for (size_t i = above + 1; i < tree->n; i++) {
                if (tree->parent[i] != above)
                    continue;
                int64_t most = highest[above] - (low - lowest[i]), least = lowest[above] - (high - highest[i]);
                changed = changed || most < highest[i] || least > lowest[i];
                highest[i] = most < highest[i] ? most : highest[i];
                lowest[i] = least > lowest[i] ? least : lowest[i];
            }
        }
    }
}

static void nothing_left_out_is_found(struct test_random *random)
{
    static struct tree tree;
    static int64_t     lowest[MOST], highest[MOST];
    draw_tree(random, &tree);
    suppress(tree.parent, tree.count, tree.n, tree.decided);
    attack(&tree, lowest, highest);
    for (size_t i = 0; i < tree.n; i++) {
        bool small = tree.count[i] >= 1 && tree.count[i] <= options.small;
        assert_true(lowest[i] <= tree.count[i] && tree.count[i] <= highest[i]);
        if (tree.decided[i] == SHOWN) {
            assert_false(small);
            continue;
        }
        assert_true(lowest[i] < highest[i]);
        assert_true(lowest[i] <= options.small); /* not known to be large */
        if (i > 0 && tree.decided[tree.parent[i]] == SHOWN)
            assert_true(highest[i] > options.small); /* not known to be small */
    }
}

static void test_sums_and_differences_find_nothing(void **state)
{
    (void) state;
    test_property("nothing that is left out is found", 400, nothing_left_out_is_found);
}

/* The attack finds what a plain removal of small counts gives away: it is not blind. */
static void test_the_attack_finds_what_is_not_protected(void **state)
{
    (void) state;
    static int64_t lowest[MOST], highest[MOST];
    struct tree    tree = { .n = 5, .count = { 40, 3, 0, 20, 17 }, .decided = { SHOWN, SMALL, SHOWN, SHOWN, SHOWN } };
    memcpy(tree.parent, flat, sizeof flat);
    attack(&tree, lowest, highest);
    assert_int_equal(lowest[1], 3);
    assert_int_equal(highest[1], 3);
}

/* Whoever also knows the method, but not the lots, asks which tables could be published with this face: every table of
 * four areas with counts up to 9, each with some lots. Of each count that is left out there is more than one value. */
enum { AREAS = 4, VALUES = 10, LOTS = 8, TABLES = 10000 * LOTS };

struct published {
    int8_t face[AREAS + 1]; /* shown counts; -1 = left out, -2 = nothing is shown */
    int8_t count[AREAS + 1];
};

static int compare_faces(const void *a, const void *b)
{
    return memcmp(((const struct published *) a)->face, ((const struct published *) b)->face,
                  sizeof((const struct published *) a)->face);
}

static void publish(unsigned number, struct published *table)
{
    struct toc_suppression_options secret = { .small = options.small, .seed = number };
    int64_t                        count[AREAS + 1] = { 0 };
    uint8_t                        decided[AREAS + 1];
    unsigned                       rest = number / LOTS;
    for (size_t i = 1; i <= AREAS; i++, rest /= VALUES) {
        count[i] = rest % VALUES;
        count[0] += count[i];
    }
    assert_ok(toc_suppress(flat, count, AREAS + 1, &secret, &test_allocator, decided, NULL));
    for (size_t i = 0; i <= AREAS; i++) {
        table->count[i] = (int8_t) count[i];
        table->face[i] = decided[i] == SHOWN ? table->count[i] : decided[i] == WITHHELD ? -2 : -1;
    }
}

/* Are all tables with this face among those that are tried: can none of its counts be 10 or more? */
static bool all_are_tried(const struct published *table)
{
    int left_out = 0, sum = table->face[0];
    for (size_t i = 1; i <= AREAS; i++) {
        left_out += table->face[i] == -1;
        sum -= table->face[i] > 0 ? table->face[i] : 0;
    }
    return sum - (left_out > 0 ? left_out - 1 : 0) < VALUES;
}

static void test_knowing_the_method_finds_nothing(void **state)
{
    (void) state;
    static struct published tables[TABLES];
    size_t                  checked = 0;
    for (unsigned number = 0; number < TABLES; number++)
        publish(number, &tables[number]);
    qsort(tables, TABLES, sizeof *tables, compare_faces);
    for (size_t first = 0, end; first < TABLES; first = end) {
        for (end = first + 1; end < TABLES && compare_faces(&tables[first], &tables[end]) == 0;)
            end++;
        for (size_t i = 0; i <= AREAS && all_are_tried(&tables[first]); i++) {
            bool several = tables[first].face[i] >= 0;
            for (size_t k = first; k < end; k++)
                several = several || tables[k].count[i] != tables[first].count[i];
            assert_true(several);
            checked += tables[first].face[i] < 0;
        }
    }
    assert_true(checked > 500);
}

/* ---- what is refused ---- */

static void test_faults(void **state)
{
    (void) state;
    struct toc_error error = { 0 };
    uint8_t          decided[5] = { 9, 9, 9, 9, 9 };
    assert_status(toc_suppress(flat, (int64_t[]){ 9, 3, 3, 3, 1 }, 5, &options, &test_allocator, decided, &error),
                  TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 0);
    assert_status(toc_suppress(flat, (int64_t[]){ 9, 3, -1, 3, 1 }, 5, &options, &test_allocator, decided, &error),
                  TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 2);
    const uint32_t circle[] = { TOC_SUPPRESSION_NO_PARENT, 1 };
    assert_status(toc_suppress(circle, (int64_t[]){ 9, 3 }, 2, &options, &test_allocator, decided, &error),
                  TOC_ERR_SHAPE);
    const struct toc_suppression_options none = { .small = 0 }, most = { .small = 1001 }, all = { .small = 1000 };
    assert_status(toc_suppress(flat, (int64_t[5]){ 0 }, 5, &none, &test_allocator, decided, &error), TOC_ERR_OPTION);
    assert_status(toc_suppress(flat, (int64_t[5]){ 0 }, 5, &most, &test_allocator, decided, &error), TOC_ERR_OPTION);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(decided[i], 9);
    assert_ok(toc_suppress(flat, (int64_t[5]){ 0 }, 5, &all, &test_allocator, decided, &error));
    assert_ok(toc_suppress(flat, NULL, 0, &options, &test_allocator, decided, &error));
}

static void test_memory_that_runs_out(void **state)
{
    (void) state;
    int ret = TOC_ERR_NO_MEMORY;
    for (size_t fail_at = 1; ret != 0; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        uint8_t                    decided[5];
        ret = toc_suppress(flat, (int64_t[5]){ 0 }, 5, &options, &allocator, decided, NULL);
        assert_true(ret == 0 || ret == TOC_ERR_NO_MEMORY);
        assert_int_equal(memory.bytes_held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_area_and_those_below),
        cmocka_unit_test(test_what_protects_another_is_not_broken_down),
        cmocka_unit_test(test_sums_and_differences_find_nothing),
        cmocka_unit_test(test_the_attack_finds_what_is_not_protected),
        cmocka_unit_test(test_knowing_the_method_finds_nothing),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests_name("suppression", tests, NULL, NULL);
}
