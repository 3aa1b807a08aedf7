/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/area_tree.h"

#include <stdlib.h>
#include <time.h>

#include "support/property.h"
#include "support/test.h"

static struct id id_of(unsigned number)
{
    struct id id = { { 0 } };
    if (number != 0) {
        id.bytes[0] = 1;
        id.bytes[13] = (uint8_t) (number >> 16);
        id.bytes[14] = (uint8_t) (number >> 8);
        id.bytes[15] = (uint8_t) number;
    }
    return id;
}

/* Areas 1 … n: parents[i] is the parent of area i + 1, 0 = a top. */
static int build(const unsigned *parents, size_t n, struct area_tree **tree, struct toc_error *error)
{
    struct area_row *rows = calloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct area_row){ id_of((unsigned) i + 1), id_of(parents[i]) };
    int ret = area_tree_build(rows, n, tree, error);
    free(rows);
    return ret;
}

static uint32_t find(const struct area_tree *tree, unsigned number)
{
    struct id id = id_of(number);
    return area_tree_find(tree, &id);
}

/*      4         7
 *    2   3       |
 *   5 6          1        children stand before their parents in the rows */
static const unsigned small[] = { 7, 4, 4, 0, 2, 2, 0 };

static void test_numbers_are_in_preorder(void **state)
{
    (void) state;
    static const unsigned expected[] = { 4, 2, 5, 6, 3, 7, 1 };
    struct area_tree     *tree;
    assert_ok(build(small, 7, &tree, NULL));
    assert_int_equal(area_tree_count(tree), 7);
    for (uint32_t i = 0; i < 7; i++) {
        struct id id = id_of(expected[i]);
        assert_true(id_equal(area_tree_id(tree, i), &id));
        assert_int_equal(find(tree, expected[i]), i);
    }
    struct area_interval below = area_tree_subtree(tree, find(tree, 4));
    assert_int_equal(below.first, 0);
    assert_int_equal(below.end, 5);
    assert_int_equal(area_tree_parent(tree, find(tree, 6)), find(tree, 2));
    assert_int_equal(area_tree_parent(tree, find(tree, 7)), AREA_NONE);
    assert_int_equal(area_tree_depth(tree, find(tree, 5)), 2);
    assert_int_equal(find(tree, 8), AREA_NONE);
    area_tree_free(tree);
}

static void test_within_and_ancestors(void **state)
{
    (void) state;
    struct area_tree *tree;
    uint32_t          numbers[AREA_TREE_MAX_DEPTH];
    assert_ok(build(small, 7, &tree, NULL));
    assert_true(area_tree_within(tree, find(tree, 5), find(tree, 4)));
    assert_true(area_tree_within(tree, find(tree, 4), find(tree, 4)));
    assert_false(area_tree_within(tree, find(tree, 4), find(tree, 2)));
    assert_false(area_tree_within(tree, find(tree, 3), find(tree, 2)));
    assert_int_equal(area_tree_ancestors(tree, find(tree, 6), numbers), 3);
    assert_int_equal(numbers[0], find(tree, 6));
    assert_int_equal(numbers[1], find(tree, 2));
    assert_int_equal(numbers[2], find(tree, 4));
    area_tree_free(tree);
}

static void test_a_tree_of_nothing(void **state)
{
    (void) state;
    struct area_tree *tree;
    assert_ok(area_tree_build(NULL, 0, &tree, NULL));
    assert_int_equal(area_tree_count(tree), 0);
    assert_int_equal(find(tree, 1), AREA_NONE);
    struct arena    arena = ARENA_INIT;
    struct area_set set;
    assert_ok(area_set_of_grant(tree, &(struct access){ .everywhere = true }, &arena, &set));
    assert_int_equal(set.num_intervals, 0);
    arena_free(&arena);
    area_tree_free(tree);
}

static void test_what_is_no_tree_is_refused(void **state)
{
    (void) state;
    struct area_tree *tree = (struct area_tree *) state;
    struct toc_error  error;
    assert_status(build((const unsigned[]){ 0, 3, 2 }, 3, &tree, &error), TOC_ERR_SHAPE); /* a circle beside a tree */
    assert_int_equal(error.where, 1);
    assert_status(build((const unsigned[]){ 1 }, 1, &tree, &error), TOC_ERR_SHAPE);
    assert_status(build((const unsigned[]){ 0, 9 }, 2, &tree, &error), TOC_ERR_SHAPE);
    assert_int_equal(error.where, 1);
    struct area_row twice[] = { { id_of(1), id_of(0) }, { id_of(2), id_of(1) }, { id_of(1), id_of(2) } };
    assert_status(area_tree_build(twice, 3, &tree, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 2);
    struct area_row nameless = { id_of(0), id_of(0) };
    assert_status(area_tree_build(&nameless, 1, &tree, &error), TOC_ERR_DOMAIN);
    assert_status(area_tree_build(&nameless, AREA_TREE_MAX_AREAS + 1, &tree, NULL), TOC_ERR_TOO_LARGE);
    assert_ptr_equal(tree, state); /* untouched */
}

static void test_depth_at_the_limit_and_one_past_it(void **state)
{
    (void) state;
    unsigned          chain[AREA_TREE_MAX_DEPTH + 1];
    struct area_tree *tree;
    struct toc_error  error;
    uint32_t          numbers[AREA_TREE_MAX_DEPTH];
    for (unsigned i = 0; i <= AREA_TREE_MAX_DEPTH; i++)
        chain[i] = i;
    assert_ok(build(chain, AREA_TREE_MAX_DEPTH, &tree, NULL));
    assert_int_equal(area_tree_ancestors(tree, AREA_TREE_MAX_DEPTH - 1, numbers), AREA_TREE_MAX_DEPTH);
    area_tree_free(tree);
    assert_status(build(chain, AREA_TREE_MAX_DEPTH + 1, &tree, &error), TOC_ERR_SHAPE);
    assert_int_equal(error.where, AREA_TREE_MAX_DEPTH);
}

static void test_sets_of_areas(void **state)
{
    (void) state;
    struct area_tree *tree;
    struct arena      arena = ARENA_INIT;
    struct area_set   set, other, both;
    assert_ok(build(small, 7, &tree, NULL));
    /* 7 alone; 2 within 4; one twice; one unknown */
    const struct id tops[] = { id_of(7), id_of(2), id_of(4), id_of(2), id_of(99) };
    assert_ok(area_set_of(tree, tops, 5, &arena, &set));
    assert_int_equal(set.num_intervals, 1); /* 4 and 7 stand side by side */
    assert_int_equal(area_set_count(&set), 7);
    const struct id apart[] = { id_of(1), id_of(5) };
    assert_ok(area_set_of(tree, apart, 2, &arena, &set));
    assert_int_equal(set.num_intervals, 2);
    assert_true(area_set_has(&set, find(tree, 5)));
    assert_true(area_set_has(&set, find(tree, 1)));
    assert_false(area_set_has(&set, find(tree, 6)));
    assert_false(area_set_has(&set, find(tree, 4)));
    assert_false(area_set_has(&set, AREA_NONE));
    const struct id four[] = { id_of(4) };
    assert_ok(area_set_of(tree, four, 1, &arena, &other));
    assert_ok(area_set_intersect(&set, &other, &arena, &both));
    assert_int_equal(area_set_count(&both), 1);
    assert_true(area_set_has(&both, find(tree, 5)));
    arena_free(&arena);
    area_tree_free(tree);
}

/* A grant that names no area reaches none: default deny. */
static void test_the_areas_of_a_grant(void **state)
{
    (void) state;
    struct area_tree *tree;
    struct arena      arena = ARENA_INIT;
    struct area_set   set;
    const struct id   two[] = { id_of(3), id_of(1) };
    assert_ok(build(small, 7, &tree, NULL));
    assert_ok(area_set_of_grant(tree, &(struct access){ 0 }, &arena, &set));
    assert_int_equal(area_set_count(&set), 0);
    assert_ok(area_set_of_grant(tree, &(struct access){ .areas = two, .num_areas = 2 }, &arena, &set));
    assert_int_equal(area_set_count(&set), 2);
    assert_ok(area_set_of_grant(tree, &(struct access){ .everywhere = true }, &arena, &set));
    assert_int_equal(area_set_count(&set), 7);
    arena_free(&arena);
    area_tree_free(tree);
}

/* Beside the plain way: climb from the area until a top of the set, or none, is met. */
static bool below_one_of(const unsigned *parents, unsigned area, const unsigned *tops, size_t num_tops)
{
    for (; area != 0; area = parents[area - 1])
        for (size_t i = 0; i < num_tops; i++)
            if (tops[i] == area)
                return true;
    return false;
}

static void round_of_sets(struct test_random *random)
{
    enum { MOST = 60 };
    unsigned  parents[MOST], depth[MOST + 1] = { 0 }, tops[2][4];
    size_t    n = test_between(random, 1, MOST), num_tops[2];
    struct id ids[2][4];
    for (size_t i = 0; i < n; i++) { /* a parent among the earlier ones, so that there is no circle */
        do
            parents[i] = (unsigned) test_between(random, 0, i);
        while (parents[i] != 0 && depth[parents[i]] + 1 >= AREA_TREE_MAX_DEPTH);
        depth[i + 1] = parents[i] == 0 ? 0 : depth[parents[i]] + 1;
    }
    struct area_tree *tree;
    struct arena      arena = ARENA_INIT;
    struct area_set   set[2], both;
    assert_ok(build(parents, n, &tree, NULL));
    for (int s = 0; s < 2; s++) {
        num_tops[s] = test_between(random, 0, 4);
        for (size_t i = 0; i < num_tops[s]; i++) {
            tops[s][i] = (unsigned) test_between(random, 1, n);
            ids[s][i] = id_of(tops[s][i]);
        }
        assert_ok(area_set_of(tree, ids[s], num_tops[s], &arena, &set[s]));
        for (size_t i = 1; i < set[s].num_intervals; i++)
            assert_true(set[s].intervals[i - 1].end < set[s].intervals[i].first);
    }
    assert_ok(area_set_intersect(&set[0], &set[1], &arena, &both));
    for (unsigned area = 1; area <= n; area++) {
        bool first = below_one_of(parents, area, tops[0], num_tops[0]);
        bool second = below_one_of(parents, area, tops[1], num_tops[1]);
        assert_int_equal(area_set_has(&set[0], find(tree, area)), first);
        assert_int_equal(area_set_has(&both, find(tree, area)), first && second);
    }
    arena_free(&arena);
    area_tree_free(tree);
}

static void test_sets_are_as_climbing_says(void **state)
{
    (void) state;
    test_property("sets of areas", 500, round_of_sets);
}

/* The villages of a country: 660,000 areas in less than a second of computing. */
static void test_the_areas_of_a_country(void **state)
{
    (void) state;
    enum { AREAS = 660000 };
    unsigned *parents = calloc(AREAS, sizeof *parents);
    for (unsigned i = 1; i < AREAS; i++)
        parents[i] = (i - 1) / 15 + 1;
    struct area_tree *tree;
    struct timespec   begin, end;
    struct area_row  *rows = calloc(AREAS, sizeof *rows);
    for (size_t i = 0; i < AREAS; i++)
        rows[i] = (struct area_row){ id_of((unsigned) i + 1), id_of(parents[i]) };
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_ok(area_tree_build(rows, AREAS, &tree, NULL));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double seconds = (double) (end.tv_sec - begin.tv_sec) + 1e-9 * (double) (end.tv_nsec - begin.tv_nsec);
    print_message("# 660,000 areas: %.3f s\n", seconds);
    assert_true(seconds < 1.0);
    for (unsigned i = 1; i <= AREAS; i += 997)
        assert_true(parents[i - 1] == 0 || area_tree_parent(tree, find(tree, i)) == find(tree, parents[i - 1]));
    free(rows);
    free(parents);
    area_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_in_preorder),
        cmocka_unit_test(test_within_and_ancestors),
        cmocka_unit_test(test_a_tree_of_nothing),
        cmocka_unit_test(test_what_is_no_tree_is_refused),
        cmocka_unit_test(test_depth_at_the_limit_and_one_past_it),
        cmocka_unit_test(test_sets_of_areas),
        cmocka_unit_test(test_the_areas_of_a_grant),
        cmocka_unit_test(test_sets_are_as_climbing_says),
        cmocka_unit_test(test_the_areas_of_a_country),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
