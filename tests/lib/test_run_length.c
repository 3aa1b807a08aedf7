/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/glr.h"
#include "tocsin/run_length.h"

/* Limit 1, reference 1: only S = 0 does not alarm, and any count of 2 or more does. */
static void test_by_hand(void **state)
{
    (void) state;
    struct toc_run_length got;
    assert_ok(toc_run_length_cusum(0.5, 1.0, 1.0, 1, &test_allocator, &got, NULL));
    assert_close(got.from_zero, 1 / (1 - exp(-0.5) * 1.5), 1e-14, 0);
}

/* surveillance 1.20.3: arlCusum(h =, k =, theta =). */
static void test_against_r(void **state)
{
    (void) state;
    const double from_r[][5] = {
        { 4, 2, 1.3, 111.16584071517759, 101.93337659254331 },
        { 6.5999999999999996, 1.3, 0.90000000000000002, 828.44791513362554, 791.57788726964918 },
        { 3, 0.5, 0.20000000000000001, 641.45015916533691, 614.54363646524098 },
        { 12, 6, 5, 445.91811110131954, 419.06886361840606 },
    };
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        const double         *r = from_r[i];
        struct toc_run_length got;
        assert_ok(toc_run_length_cusum(r[2], r[1], r[0], 10, &test_allocator, &got, NULL));
        assert_close(got.from_zero, r[3], 1e-10, 0);
        assert_close(got.from_half, r[4], 1e-10, 0);
    }
}

/* Counts that no lattice point fits: the answer settles as the lattice gets finer. */
static void test_converges(void **state)
{
    (void) state;
    struct toc_run_length coarse, fine;
    assert_ok(toc_run_length_cusum(2.0, 2.885390081777927, 5.0, 20, &test_allocator, &coarse, NULL));
    assert_ok(toc_run_length_cusum(2.0, 2.885390081777927, 5.0, 200, &test_allocator, &fine, NULL));
    assert_close(coarse.from_zero, fine.from_zero, 0.02, 0);
    assert_true(fine.from_half < fine.from_zero);
}

/* The chart itself, on random counts, runs as long as the chain says. */
static void lr_runs_as_long(struct test_random *random)
{
    enum { RUNS = 400, STEPS = 4000 };
    static double          counts[STEPS];
    struct toc_series      series = { .observed = counts, .n = STEPS, .steps_per_year = 52 };
    struct toc_glr_options options = {
        .rule = TOC_GLR_KNOWN_RISE, .threshold = TOC_GLR_STATISTIC, .window = -1, .shortest_window = 1, .max_cases = 1
    };
    static struct toc_judgement judgements[STEPS];
    double                      runs = 0, steps = 0, squares = 0;
    struct toc_run_length       expected;
    options.in_control_mean = 0.5 + 5 * test_uniform(random);
    options.log_rate_ratio = 0.3 + test_uniform(random);
    options.limit = 1.5 + test_uniform(random);
    while (runs < RUNS) {
        for (size_t i = 0; i < STEPS; i++)
            counts[i] = test_count(random, options.in_control_mean, 1.0);
        assert_ok(toc_glr_judge(&series, 0, STEPS, &options, &test_allocator, judgements, NULL));
        double length = 0;
        for (size_t i = 0; i < STEPS; i++) {
            length += 1;
            if (judgements[i].alarm != TOC_ALARM_YES)
                continue;
            runs += 1;
            steps += length;
            squares += length * length;
            length = 0;
        }
    }
    assert_ok(toc_run_length_lr_poisson(options.in_control_mean, options.log_rate_ratio, options.limit,
                                        options.in_control_mean, &test_allocator, &expected, NULL));
    double mean = steps / runs, error = sqrt((squares / runs - mean * mean) / runs);
    assert_close(mean, expected.from_zero, 0.02, 4.5 * error);
}

static void test_lr_runs_as_long(void **state)
{
    (void) state;
    test_property("the LR chart runs as long as its chain", 12, lr_runs_as_long);
}

static void test_misuse(void **state)
{
    (void) state;
    struct toc_run_length got = { 77, 77 };
    struct toc_error      error;
    assert_status(toc_run_length_cusum(0, 1, 1, 1, &test_allocator, &got, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "mean");
    assert_status(toc_run_length_cusum(1, -1, 1, 1, &test_allocator, &got, &error), TOC_ERR_OPTION);
    assert_status(toc_run_length_cusum(1, 1, NAN, 1, &test_allocator, &got, &error), TOC_ERR_OPTION);
    assert_status(toc_run_length_cusum(1, 1, 1, 0, &test_allocator, &got, &error), TOC_ERR_OPTION);
    assert_status(toc_run_length_cusum(1, 1, 1, TOC_RUN_LENGTH_MAX_STATES + 1, &test_allocator, &got, &error),
                  TOC_ERR_TOO_LARGE);
    assert_status(toc_run_length_lr_poisson(1, 0, 5, 1, &test_allocator, &got, &error), TOC_ERR_OPTION);
    assert_close(got.from_zero, 77, 0, 0);
    assert_ok(toc_run_length_cusum(1, 1, 0.01, TOC_RUN_LENGTH_MAX_STATES, &test_allocator, &got, &error));
}

static void test_every_failed_allocation(void **state)
{
    (void) state;
    for (size_t fail_at = 1, failed = 1; failed; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        struct toc_run_length      got = { 77, 77 };
        int                        ret = toc_run_length_cusum(1, 2, 3, 4, &allocator, &got, NULL);
        failed = ret != 0;
        assert_status(ret, failed ? TOC_ERR_NO_MEMORY : 0);
        assert_int_equal(got.from_zero == 77, failed);
        assert_int_equal(memory.bytes_held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),   cmocka_unit_test(test_against_r),
        cmocka_unit_test(test_converges), cmocka_unit_test(test_lr_runs_as_long),
        cmocka_unit_test(test_misuse),    cmocka_unit_test(test_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("run_length", tests, NULL, NULL);
}
