/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of streams: what is packed comes back; what was known on a day; what is new; totals as increments. */
#include "formats/stream_values.h"

#include <math.h>

#include "base/fault.h"
#include "support/property.h"
#include "support/test.h"

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_packed(const struct stream_value *values, size_t num, size_t most)
{
    struct arena         arena = ARENA_INIT;
    struct stream_value *back = arena_array(&arena, num + 1, sizeof *back);
    const uint8_t       *bytes;
    size_t               size, got = 0;
    assert_ok(stream_values_pack(values, num, &arena, &bytes, &size));
    assert_int_equal(stream_values_count(bytes, size), num);
    assert_ok(stream_values_unpack(bytes, size, 3, back, num, &got));
    stream_values_sort(back, got);
    assert_int_equal(got, num);
    for (size_t i = 0; i < num; i++) {
        assert_int_equal(back[i].day, values[i].day);
        assert_int_equal(back[i].known, values[i].known);
        assert_int_equal(back[i].layer, 3);
        assert_true(same(back[i].value, values[i].value));
    }
    if (num > 0)
        assert_int_equal(stream_values_unpack(bytes, size, 0, back, num - 1, &got), BASE_ERR_INPUT);
    for (size_t cut = 0; cut < size; cut++) /* a row that was cut short is shorter, or no row: never past its end */
        assert_true(stream_values_count(bytes, cut) < (int64_t) num || num == 0);
    assert_true(size <= most);
    arena_free(&arena);
}

static void test_packed(void **state)
{
    static const double numbers[] = { 0, 1, -1, 7.85, 0.1 + 0.2, 1e15, 1e300, 123456.789, NAN, 5e-324, -0.5, 1.0 / 3 };
    struct stream_value values[400] = { { .day = 0 } };
    struct test_random  random = { .seed = 1 };
    toc_date            day = -700000;
    (void) state;
    check_packed(values, 0, 1);
    for (size_t i = 0; i < 365; i++)
        values[i] = (struct stream_value){ .day = 19000 + (toc_date) i, .known = 19400, .value = (double) (i % 50) };
    check_packed(values, 365, 500); /* a year of small counts */
    for (size_t i = 0; i < 400; i++) {
        day += (toc_date) test_between(&random, 1, 9000);
        values[i] = (struct stream_value){ .day = day,
                                           .known = (toc_date) test_between(&random, 0, 20000),
                                           .value = numbers[test_between(&random, 0, 11)] };
    }
    stream_values_sort(values, 400);
    check_packed(values, 400, 20000);
}

static void test_not_packed(void **state)
{
    static const uint8_t run[] = { 1, 0, 0, 1, 0xff, 0xff, 0xff, 0x7f, 0, 2 }, far[] = { 1, 0xff, 0xff, 0xff, 0x7f },
                         other[] = { 2 };
    (void) state;
    assert_int_equal(stream_values_count(run, sizeof run), -1); /* says that more follow than do */
    assert_int_equal(stream_values_count(far, sizeof far), -1);
    assert_int_equal(stream_values_count(other, sizeof other), -1);
    assert_int_equal(stream_values_count(NULL, 0), -1);
}

/* Reported on day 3, revised to zero on day 5: a late zero is a revision. */
static void test_as_of(void **state)
{
    const struct stream_value all[] = { { .day = 1, .known = 3, .value = 4 },
                                        { .day = 1, .known = 5, .value = 0 },
                                        { .day = 2, .known = 5, .layer = 0, .value = 7 },
                                        { .day = 2, .known = 5, .layer = 1, .value = 8 } };
    const struct {
        toc_date known;
        size_t   num;
        double   first;
    } expected[] = { { 2, 0, 0 }, { 3, 1, 4 }, { 4, 1, 4 }, { 5, 2, 0 } };
    (void) state;
    for (size_t i = 0; i < 4; i++) {
        struct stream_value values[4];
        memcpy(values, all, sizeof all);
        assert_int_equal(stream_values_as_of(values, 4, expected[i].known), expected[i].num);
        if (expected[i].num > 0)
            assert_true(values[0].value == expected[i].first);
        if (expected[i].num > 1)
            assert_true(values[1].value == 8);
    }
}

static void test_new(void **state)
{
    const struct stream_value known[] = { { .day = 1, .known = 10, .value = 4 },
                                          { .day = 1, .known = 20, .value = 5 },
                                          { .day = 2, .known = 10, .value = NAN } };
    struct stream_value       delivery[] = {
              { .day = 1, .known = 12, .value = 4 },   /* as it was known then */
              { .day = 1, .known = 15, .value = 6 },   /* revises */
              { .day = 1, .known = 16, .value = 6 },   /* this delivery has said it */
              { .day = 1, .known = 25, .value = NAN }, /* left blank: nothing is withdrawn */
              { .day = 2, .known = 25, .value = NAN }, /* still none */
              { .day = 2, .known = 26, .value = 0 },   /* a late zero; there was none before */
              { .day = 3, .known = 25, .value = NAN },
    };
    size_t revised;
    (void) state;
    assert_int_equal(stream_values_new(known, 3, delivery, 7, &revised), 3);
    assert_int_equal(revised, 1);
    assert_true(delivery[0].value == 6 && delivery[0].known == 15);
    assert_true(delivery[1].day == 2 && delivery[1].value == 0);
    assert_true(delivery[2].day == 3 && isnan(delivery[2].value));
}

static size_t increments_of(const double *totals, size_t num, int step, double *made, size_t *corrections)
{
    struct stream_value values[20], increments[60];
    for (size_t i = 0; i < num; i++)
        values[i] = (struct stream_value){ .day = (toc_date) (100 + i * (size_t) step), .value = totals[i] };
    size_t room = stream_values_steps(values, num, step);
    assert_true(room <= 60);
    size_t steps = stream_values_increments(values, num, step, increments, room, corrections);
    for (size_t i = 0; i < steps; i++)
        made[i] = increments[i].value;
    return steps;
}

static void check_increments(const double *totals, size_t num, const double *expected, size_t num_expected,
                             size_t expected_corrections)
{
    for (int step = 1; step <= 7; step += 6) {
        double made[60];
        size_t corrections;
        assert_int_equal(increments_of(totals, num, step, made, &corrections), num_expected);
        assert_int_equal(corrections, expected_corrections);
        for (size_t i = 0; i < num_expected; i++)
            assert_true(same(made[i], expected[i]));
    }
}

static void test_increments(void **state)
{
    (void) state;
    /* Blank before the first: nothing had happened. */
    check_increments((const double[]){ NAN, 2, 2, 5 }, 4, (const double[]){ 2, 0, 3 }, 3, 0);
    /* A report that begins in the middle: when its first total happened, nobody knows. */
    check_increments((const double[]){ 5000, 5003 }, 2, (const double[]){ 3 }, 1, 0);
    check_increments((const double[]){ 0, 1 }, 2, (const double[]){ 0, 1 }, 2, 0);
    /* A weekend without a report; what is left over lies on the newest days. */
    check_increments((const double[]){ 0, 10, NAN, NAN, 17 }, 5, (const double[]){ 0, 10, 2, 2, 3 }, 5, 0);
    /* A correction stays one, and what follows counts from it. */
    check_increments((const double[]){ 0, 10, 8, 9 }, 4, (const double[]){ 0, 10, -2, 1 }, 4, 1);
    check_increments((const double[]){ 0, NAN, 0.5 }, 3, (const double[]){ 0, 0.25, 0.25 }, 3, 0);
    check_increments((const double[]){ NAN, NAN }, 2, NULL, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed), cmocka_unit_test(test_not_packed), cmocka_unit_test(test_as_of),
        cmocka_unit_test(test_new),    cmocka_unit_test(test_increments),
    };
    return cmocka_run_group_tests_name("values of streams", tests, NULL, NULL);
}
