/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/bayes.h"

static struct toc_series weekly(const double *observed, size_t n)
{
    return (struct toc_series){ .observed = observed, .n = n, .steps_per_year = 52 };
}

/* Six counts with total 9: the next is negative binomial with size 9.5 and probability 6/7. */
static void test_by_hand(void **state)
{
    (void) state;
    const double             observed[] = { 1, 2, 1, 3, 0, 2, 6 };
    struct toc_series        series = weekly(observed, 7);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got;

    assert_ok(toc_bayes_judge(&series, 6, 1, &options, &got, NULL));
    assert_close(got.expected, 9.5 / 6.0, 1e-15, 0);
    assert_close(got.threshold, qnbinom(0.95, 9.5, 6.0 / 7.0, 1, 0), 0, 0);
    assert_close(got.score, (6 - 9.5 / 6.0) / (got.threshold - 9.5 / 6.0), 1e-15, 0);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

/* A new disease: P(a case) after n zeros is 1 - sqrt(n/(n + 1)), 0.074 after 6 and 0.047 after 10. */
static void test_first_cases_after_zeros(void **state)
{
    (void) state;
    const double             observed[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2 };
    struct toc_series        series = weekly(observed, 12);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got;

    assert_ok(toc_bayes_judge(&series, 10, 1, &options, &got, NULL));
    assert_close(got.threshold, 1.0, 0, 0);
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    options.half_window = 10;
    assert_ok(toc_bayes_judge(&series, 10, 1, &options, &got, NULL));
    assert_close(got.threshold, 0.0, 0, 0);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

/* By default half of the baseline must be there; R takes what there is. A missing count of today is never judged. */
static void test_missing_counts(void **state)
{
    (void) state;
    const double             observed[] = { NAN, NAN, NAN, 4, NAN, 3, 2, NAN };
    struct toc_series        series = weekly(observed, 8);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got;

    assert_ok(toc_bayes_judge(&series, 6, 1, &options, &got, NULL));
    assert_int_equal(got.reason, TOC_REASON_BASELINE_MISSING);
    options.mode = TOC_MODE_R;
    assert_ok(toc_bayes_judge(&series, 6, 1, &options, &got, NULL));
    assert_close(got.expected, 7.5 / 2.0, 1e-15, 0);
    options = (struct toc_bayes_options) TOC_BAYES_OPTIONS_INIT;
    assert_ok(toc_bayes_judge(&series, 7, 1, &options, &got, NULL));
    assert_int_equal(got.reason, TOC_REASON_OBSERVED_MISSING);
}

static void test_holidays_are_left_out(void **state)
{
    (void) state;
    const double             observed[] = { 3, 3, 3, 0, 3, 3, 3, 0 };
    const uint8_t            holiday[] = { 0, 0, 0, 1, 0, 0, 0, 1 };
    struct toc_series        series = weekly(observed, 8);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got[2];

    series.holiday = holiday;
    assert_ok(toc_bayes_judge(&series, 6, 2, &options, got, NULL));
    assert_close(got[0].expected, 15.5 / 5.0, 1e-15, 0);
    assert_int_equal(got[1].reason, TOC_REASON_HOLIDAY);
    options.mode = TOC_MODE_R;
    assert_ok(toc_bayes_judge(&series, 6, 2, &options, got, NULL));
    assert_close(got[0].expected, 15.5 / 6.0, 1e-15, 0);
    assert_int_equal(got[1].alarm, TOC_ALARM_NO);
}

/* Mondays are high every week: pooled, each stands out; apart, none does. A year back is 52 weeks: a Monday too. */
static void test_weekdays_apart(void **state)
{
    (void) state;
    enum { DAYS = 450 };
    double   observed[DAYS];
    toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = i % 7 == 0 ? 60 : 10;
    }
    struct toc_series        series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got;

    options.years = 1;
    assert_ok(toc_bayes_judge(&series, 441, 1, &options, &got, NULL));
    assert_close(got.expected, (19 * 60 + 0.5) / 19.0, 1e-15, 0);
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    assert_ok(toc_bayes_judge(&series, 441, 1, &options, &got, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

/* The walk along the quantiles agrees with libRmath, at every total and for any baseline length. */
static void quantile_is_exact(struct test_random *random)
{
    enum { N = 400 };
    struct test_series       drawn;
    struct toc_judgement     got[N];
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    double                   mean = exp(-3.0 + 10.0 * test_uniform(random));
    options.half_window = (int) test_between(random, 1, 30);
    options.alpha = exp(log(1e-11) * test_uniform(random));
    test_draw_series(random, &drawn, N, 52, mean, 0);
    size_t first = (size_t) options.half_window;
    assert_ok(toc_bayes_judge(&drawn.series, first, N - first, &options, got, NULL));
    for (size_t row = first; row < N; row++) {
        double total = 0.0, n = options.half_window;
        for (size_t i = row - first; i < row; i++)
            total += drawn.observed[i];
        assert_close(got[row - first].threshold, qnbinom(1.0 - options.alpha, total + 0.5, n / (n + 1.0), 1, 0), 0, 0);
    }
}

static void test_quantile(void **state)
{
    (void) state;
    test_property("the threshold is the exact quantile", 60, quantile_is_exact);
}

static void draw_options(struct test_random *random, struct toc_bayes_options *options)
{
    *options = (struct toc_bayes_options) TOC_BAYES_OPTIONS_INIT;
    options->mode = test_between(random, 0, 3) == 0 ? TOC_MODE_R : TOC_MODE_DEFAULT;
    options->years = (int) test_between(random, 0, 2);
    options->half_window = (int) test_between(random, 1, 8);
    options->use_recent = options->years == 0 || test_between(random, 0, 1);
    options->alpha = 0.001 + 0.2 * test_uniform(random);
}

/* Only the counts of the baseline matter, not their order; a higher count today never takes an alarm back. */
static void order_does_not_matter(struct test_random *random)
{
    enum { N = 40 };
    struct test_series       drawn;
    struct toc_bayes_options options;
    struct toc_judgement     before, after;
    draw_options(random, &options);
    options.years = 0;
    options.use_recent = true;
    test_draw_series(random, &drawn, N, 52, 4.0, TEST_SERIES_MISSING);
    drawn.observed[N - 1] = 5;
    assert_ok(toc_bayes_judge(&drawn.series, N - 1, 1, &options, &before, NULL));
    size_t a = N - 2, b = N - 1 - (size_t) options.half_window;
    double kept = drawn.observed[a];
    drawn.observed[a] = drawn.observed[b];
    drawn.observed[b] = kept;
    drawn.observed[N - 1] += (double) test_between(random, 0, 5);
    assert_ok(toc_bayes_judge(&drawn.series, N - 1, 1, &options, &after, NULL));
    assert_close(after.threshold, before.threshold, 0, 0);
    assert_true(!(after.score < before.score));
    assert_true(before.alarm != TOC_ALARM_YES || after.alarm == TOC_ALARM_YES);
}

static void test_order(void **state)
{
    (void) state;
    test_property("the order of the baseline does not matter", 200, order_does_not_matter);
}

/* A stream begun anywhere says the same as the whole series, bit for bit. */
static void stream_is_batch(struct test_random *random)
{
    struct test_series       drawn;
    struct toc_bayes_options options;
    struct toc_judgement     batch, stream;
    struct toc_bayes_state   state;
    size_t                   n = test_between(random, 1, 900), begun = test_between(random, 0, n - 1);
    draw_options(random, &options);
    test_draw_series(random, &drawn, n, test_between(random, 0, 1) ? 365 : 52, 3.0,
                     (unsigned) test_between(random, 0, 15));
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(toc_bayes_state_init(&state, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], 1 };
        assert_ok(toc_bayes_state_next(&state, &step, &stream, NULL));
        assert_ok(toc_bayes_judge(&drawn.series, row, 1, &options, &batch, NULL));
        assert_memory_equal(&stream, &batch, sizeof batch);
    }
    toc_bayes_state_free(&state);
}

static void test_stream(void **state)
{
    (void) state;
    test_property("streaming equals the whole series", 60, stream_is_batch);
}

static void test_stream_faults(void **state)
{
    (void) state;
    const double             observed[] = { 1, 2, 3 };
    const toc_date           date[] = { 10, 17, 24 };
    struct toc_series        history = weekly(observed, 3);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_bayes_state   stream;
    struct toc_judgement     got = { .expected = 77 };
    struct toc_error         error;

    history.date = date;
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    assert_status(toc_bayes_state_init(&stream, &history, &options, &allocator, &error), TOC_ERR_NO_MEMORY);
    assert_ok(toc_bayes_state_init(&stream, &history, &options, &allocator, &error));
    assert_status(toc_bayes_state_next(&stream, &(struct toc_step){ 2.5, 31, 0, 1 }, &got, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "step.observed");
    assert_status(toc_bayes_state_next(&stream, &(struct toc_step){ 2, 24, 0, 1 }, &got, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "step.date");
    assert_close(got.expected, 77, 0, 0);
    toc_bayes_state_free(&stream);
    toc_bayes_state_free(&stream); /* free is safe twice */
    assert_int_equal(memory.bytes_held, 0);
}

static void test_bad_options(void **state)
{
    (void) state;
    const double             observed[] = { 3, 4, 1, 3 };
    struct toc_series        series = weekly(observed, 4);
    struct toc_bayes_options options = TOC_BAYES_OPTIONS_INIT;
    struct toc_judgement     got = { .expected = 77 };
    struct toc_error         error;

    options.use_recent = false;
    assert_status(toc_bayes_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "options.use_recent");
    options = (struct toc_bayes_options) TOC_BAYES_OPTIONS_INIT;
    options.half_window = 0;
    assert_status(toc_bayes_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    options.half_window = TOC_BAYES_MAX_HALF_WINDOW + 1;
    assert_status(toc_bayes_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    options.half_window = TOC_BAYES_MAX_HALF_WINDOW;
    assert_ok(toc_bayes_judge(&series, 3, 1, &options, &got, &error));
    assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
    options.years = TOC_BAYES_MAX_YEARS + 1;
    assert_status(toc_bayes_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
    options.years = TOC_BAYES_MAX_YEARS;
    assert_ok(toc_bayes_judge(&series, 3, 1, &options, &got, &error));
    options.alpha = NAN;
    assert_status(toc_bayes_judge(&series, 3, 1, &options, &got, &error), TOC_ERR_OPTION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),        cmocka_unit_test(test_first_cases_after_zeros),
        cmocka_unit_test(test_missing_counts), cmocka_unit_test(test_holidays_are_left_out),
        cmocka_unit_test(test_weekdays_apart), cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_order),          cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_faults),  cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests_name("bayes", tests, NULL, NULL);
}
