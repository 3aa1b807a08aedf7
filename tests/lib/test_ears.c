/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/ears.h"

static struct toc_series weekly(const double *observed, size_t n)
{
    return (struct toc_series){ .observed = observed, .n = n, .steps_per_year = 52 };
}

/* Mean 4, sd 1 by hand: 3 4 5 3 5 4 4 has squares 1+0+1+1+1+0+0 = 4, / 6. */
static void test_c1_by_hand(void **state)
{
    (void) state;
    const double            observed[] = { 3, 4, 5, 3, 5, 4, 4, 9 };
    struct toc_series       series = weekly(observed, 8);
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_judgement    got;

    options.alpha = 0.05;
    assert_ok(toc_ears_judge(&series, 7, 1, &options, &got, NULL));
    double threshold = 4.0 + 1.6448536269514722 * sqrt(4.0 / 6.0);
    assert_close(got.expected, 4.0, 1e-15, 0);
    assert_close(got.threshold, threshold, 1e-14, 0);
    assert_close(got.score, 5.0 / (threshold - 4.0), 1e-14, 0);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

/* A new disease: nothing but zeros, then one case. */
static void test_first_case_after_zeros_alarms(void **state)
{
    (void) state;
    const double                  observed[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    struct toc_series             series = weekly(observed, 11);
    struct toc_judgement          got;
    const struct toc_ears_options options[] = { TOC_EARS_C1_OPTIONS_INIT, TOC_EARS_C2_OPTIONS_INIT,
                                                TOC_EARS_C3_OPTIONS_INIT };
    for (size_t i = 0; i < 3; i++) {
        assert_ok(toc_ears_judge(&series, 10, 1, &options[i], &got, NULL));
        if (options[i].rule == TOC_EARS_C3) /* two earlier steps need a baseline each */
            assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
        else
            assert_int_equal(got.alarm, TOC_ALARM_YES);
    }
}

/* By default C3 counts today; R's does not. 30 on a mean of 5 must not pass unseen. */
static void test_c3_counts_today_unless_r(void **state)
{
    (void) state;
    const double            observed[] = { 5, 4, 6, 5, 4, 6, 5, 4, 6, 5, 5, 30 };
    struct toc_series       series = weekly(observed, 12);
    struct toc_ears_options options = TOC_EARS_C3_OPTIONS_INIT;
    struct toc_judgement    got;

    assert_ok(toc_ears_judge(&series, 11, 1, &options, &got, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    options.mode = TOC_MODE_R;
    assert_ok(toc_ears_judge(&series, 11, 1, &options, &got, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_NO);
}

/* A missing count makes the baseline reach further back by default; R gives up. */
static void test_missing_counts(void **state)
{
    (void) state;
    const double            observed[] = { 3, 4, 5, NAN, 3, 5, 4, 4, 9, NAN };
    struct toc_series       series = weekly(observed, 10);
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_judgement    got[2];

    assert_ok(toc_ears_judge(&series, 8, 2, &options, got, NULL));
    assert_close(got[0].expected, 4.0, 1e-15, 0);
    assert_int_equal(got[1].alarm, TOC_ALARM_NOT_ASSESSED);
    assert_int_equal(got[1].reason, TOC_REASON_OBSERVED_MISSING);
    options.mode = TOC_MODE_R;
    assert_ok(toc_ears_judge(&series, 8, 1, &options, got, NULL));
    assert_int_equal(got[0].reason, TOC_REASON_BASELINE_MISSING);
}

/* Holidays are neither judged nor compared with. */
static void test_holidays_are_left_out(void **state)
{
    (void) state;
    const double            observed[] = { 3, 4, 5, 0, 3, 5, 4, 4, 9, 0 };
    const uint8_t           holiday[] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
    struct toc_series       series = weekly(observed, 10);
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_judgement    got[2];

    series.holiday = holiday;
    assert_ok(toc_ears_judge(&series, 8, 2, &options, got, NULL));
    assert_close(got[0].expected, 4.0, 1e-15, 0);
    assert_int_equal(got[1].reason, TOC_REASON_HOLIDAY);
}

/* Sundays are low every week: pooled, each Monday stands out; apart, none does. */
static void test_weekdays_apart(void **state)
{
    (void) state;
    enum { DAYS = 91 };
    double   observed[DAYS];
    toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = i % 7 == 0 ? 60 : 10 + i % 3;
    }
    struct toc_series       series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    struct toc_judgement    got;
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    options.min_sigma = 1.0;
    assert_ok(toc_ears_judge(&series, 84, 1, &options, &got, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    assert_close(got.expected, 60.0, 1e-15, 0);
    options.baseline = 6;
    options.weekdays = TOC_WEEKDAYS_POOLED;
    assert_ok(toc_ears_judge(&series, 84, 1, &options, &got, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

/* Nothing is written on failure, and the error names the place. */
static void test_bad_input(void **state)
{
    (void) state;
    const double            observed[] = { 3, 4, -1, 3 };
    struct toc_series       series = weekly(observed, 4);
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_judgement    got = { .expected = 77 };
    struct toc_error        error;

    assert_status(toc_ears_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "series.observed");
    assert_int_equal(error.where, 2);
    assert_status(toc_ears_judge(&series, 3, 2, &options, &got, &error), TOC_ERR_SHAPE);
    options.baseline = TOC_EARS_MAX_BASELINE + 1;
    assert_status(toc_ears_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    options.baseline = 7;
    options.alpha = 0.0;
    assert_status(toc_ears_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    assert_close(got.expected, 77, 0, 0);
}

/* A count that is none is found wherever it stands, and what is allowed is allowed there. */
static void test_every_place_is_checked(void **state)
{
    (void) state;
    enum { LONGEST = 9 };
    const double            bad[] = { -1, 0.5, -0.5, 1e-300, INFINITY, -INFINITY, 0x1p51 + 0.5 };
    const double            good[] = { 0, -0.0, 1, NAN, 0x1p52, 0x1p53 + 2, 1e300 };
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_error        error;
    for (size_t n = 1; n <= LONGEST; n++)
        for (size_t at = 0; at < n; at++) {
            double            observed[LONGEST] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
            struct toc_series series = weekly(observed, n);
            for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                observed[at] = bad[i];
                assert_status(toc_ears_judge(&series, 0, 0, &options, NULL, &error), TOC_ERR_DOMAIN);
                assert_int_equal(error.where, at);
            }
            for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
                observed[at] = good[i];
                assert_ok(toc_ears_judge(&series, 0, 0, &options, NULL, &error));
            }
        }
}

static void draw_options(struct test_random *random, struct toc_ears_options *options)
{
    const struct toc_ears_options by_rule[] = { TOC_EARS_C1_OPTIONS_INIT, TOC_EARS_C2_OPTIONS_INIT,
                                                TOC_EARS_C3_OPTIONS_INIT };
    *options = by_rule[test_between(random, 0, 2)];
    options->mode = test_between(random, 0, 1) ? TOC_MODE_R : TOC_MODE_DEFAULT;
    options->weekdays = (enum toc_weekdays) test_between(random, 0, 1);
    options->baseline = (int) test_between(random, 3, 20);
    options->min_sigma = (double) test_between(random, 0, 1) / 2.0;
    options->alpha = 0.001 + 0.1 * test_uniform(random);
}

/* A step judged alone, within a whole series or by a stream gives the same bits. */
static void stream_is_batch(struct test_random *random)
{
    static struct toc_judgement whole[TEST_SERIES_ROOM];
    struct test_series          drawn;
    struct toc_ears_options     options;
    struct toc_judgement        alone, stream;
    struct toc_ears_state       state;
    size_t                      n = test_between(random, 1, 400), begun = test_between(random, 0, n - 1);
    draw_options(random, &options);
    double mean = test_between(random, 0, 9) == 0 ? 1e8 : exp(8.0 * test_uniform(random) - 2.0);
    test_draw_series(random, &drawn, n, test_between(random, 0, 1) ? 365 : 52, mean,
                     (unsigned) test_between(random, 0, 15));
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(toc_ears_judge(&drawn.series, 0, n, &options, whole, NULL));
    assert_ok(toc_ears_state_init(&state, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], 1 };
        assert_ok(toc_ears_state_next(&state, &step, &stream, NULL));
        assert_ok(toc_ears_judge(&drawn.series, row, 1, &options, &alone, NULL));
        assert_memory_equal(&stream, &whole[row], sizeof stream);
        assert_memory_equal(&alone, &whole[row], sizeof alone);
    }
    toc_ears_state_free(&state);
}

/* Twice the cases is twice the threshold and the same score; where the threshold does not exceed the mean the score
 * counts cases, and doubles its distance from 1. */
static void score_has_no_unit(struct test_random *random)
{
    enum { N = 200 };
    struct test_series      drawn;
    struct toc_ears_options options;
    struct toc_judgement    one, two;
    draw_options(random, &options);
    test_draw_series(random, &drawn, N, 365, 10.0, (unsigned) test_between(random, 0, 15));
    assert_ok(toc_ears_judge(&drawn.series, N - 1, 1, &options, &one, NULL));
    for (size_t i = 0; i < N; i++)
        drawn.observed[i] *= 2.0;
    options.min_sigma *= 2.0;
    assert_ok(toc_ears_judge(&drawn.series, N - 1, 1, &options, &two, NULL));
    assert_close(two.threshold, 2.0 * one.threshold, 0, 0);
    double y = drawn.observed[N - 1];
    if (one.threshold > one.expected || y == 0.0)
        assert_close(two.score, one.score, 0, 0);
    else
        assert_close(two.score - 1.0, 2.0 * (one.score - 1.0), 1e-12, 1e-12);
    assert_int_equal(two.alarm, one.alarm);
}

static void test_properties(void **state)
{
    (void) state;
    test_property("alone, whole and streaming agree", 100, stream_is_batch);
    test_property("the score has no unit", 200, score_has_no_unit);
}

/* Counts of hundreds of millions on either side of the limit up to which sums are exact. */
static void test_large_counts(void **state)
{
    (void) state;
    const double            observed[] = { 4e8, 4e8 + 3, 4e8 + 1, 4e8 + 2, 4e8 + 2, 4e8, 4e8 - 1, 4e8 + 9 };
    struct toc_series       series = weekly(observed, 8);
    struct toc_ears_options options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_judgement    got;
    assert_ok(toc_ears_judge(&series, 7, 1, &options, &got, NULL));
    assert_close(got.expected, 4e8 + 1, 1e-15, 0);
    assert_close(got.threshold - got.expected, 3.090232306167813 * sqrt(12.0 / 6.0), 0, 1e-7);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

static void test_stream_faults(void **state)
{
    (void) state;
    const double               observed[] = { 1, 2, 3 };
    struct toc_series          history = weekly(observed, 3);
    struct toc_ears_options    options = TOC_EARS_C1_OPTIONS_INIT;
    struct toc_ears_state      stream;
    struct toc_judgement       got = { .expected = 77 };
    struct toc_error           error;
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    options.baseline = TOC_EARS_MAX_BASELINE;
    assert_status(toc_ears_state_init(&stream, &history, &options, &allocator, &error), TOC_ERR_NO_MEMORY);
    assert_ok(toc_ears_state_init(&stream, &history, &options, &allocator, &error));
    assert_status(toc_ears_state_next(&stream, &(struct toc_step){ 2.5, 31, 0, 1 }, &got, &error), TOC_ERR_DOMAIN);
    assert_close(got.expected, 77, 0, 0);
    toc_ears_state_free(&stream);
    assert_int_equal(memory.bytes_held, 0);
    options.baseline = 2;
    assert_status(toc_ears_state_init(&stream, &history, &options, &allocator, &error), TOC_ERR_OPTION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c1_by_hand),
        cmocka_unit_test(test_first_case_after_zeros_alarms),
        cmocka_unit_test(test_c3_counts_today_unless_r),
        cmocka_unit_test(test_missing_counts),
        cmocka_unit_test(test_holidays_are_left_out),
        cmocka_unit_test(test_weekdays_apart),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_every_place_is_checked),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_stream_faults),
    };
    return cmocka_run_group_tests_name("ears", tests, NULL, NULL);
}
