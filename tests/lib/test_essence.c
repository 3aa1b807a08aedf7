/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers themselves are compared with lm() in tests/parity/test_essence.c. */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/essence.h"

static int judge(const struct toc_series *series, size_t row, const struct toc_essence_options *options,
                 struct toc_judgement *got)
{
    return toc_essence_judge(series, row, 1, options, got, NULL);
}

static const enum toc_essence_rule rules[] = { TOC_ESSENCE_SWITCH, TOC_ESSENCE_EWMA, TOC_ESSENCE_REGRESSION };

/* A new disease: after zeros alone two cases in a day alarm. */
static void test_first_cases_after_zeros(void **state)
{
    (void) state;
    double            observed[40] = { 0 };
    struct toc_series series = { .observed = observed, .n = 40, .steps_per_year = 365 };
    for (size_t i = 0; i < 3; i++) {
        struct toc_essence_options options = TOC_ESSENCE_OPTIONS(rules[i]);
        struct toc_judgement       got;
        observed[39] = 0;
        assert_ok(judge(&series, 39, &options, &got));
        assert_int_equal(got.alarm, TOC_ALARM_NO);
        assert_true(got.threshold > 0);
        observed[39] = 2;
        assert_ok(judge(&series, 39, &options, &got));
        assert_int_equal(got.alarm, TOC_ALARM_YES);
    }
}

/* Days that are each unremarkable alarm together: that is what the slow smoothing is for. */
static void test_slow_rise(void **state)
{
    (void) state;
    double observed[34];
    for (int i = 0; i < 34; i++)
        observed[i] = 10 + 4 * (i % 2);
    for (int i = 30; i < 34; i++)
        observed[i] = 16;
    struct toc_series          series = { .observed = observed, .n = 34, .steps_per_year = 365 };
    struct toc_essence_options options = TOC_EWMA_OPTIONS_INIT;
    struct toc_judgement       got;
    options.guard = 4;
    assert_ok(judge(&series, 32, &options, &got));
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    options.slow_smoothing = 0.9; /* without it, 16 alone is not enough */
    assert_ok(judge(&series, 32, &options, &got));
    assert_int_equal(got.alarm, TOC_ALARM_NO);
}

/* Mondays are high every week: pooled, they stand out; apart, none does, and the switch takes the regression. */
static void test_weekdays_apart(void **state)
{
    (void) state;
    enum { DAYS = 85 };
    double   observed[DAYS];
    toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = (i % 7 == 0 ? 60 : 20) + i % 3;
    }
    struct toc_series series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    for (size_t i = 0; i < 3; i++) {
        struct toc_essence_options options = TOC_ESSENCE_OPTIONS(rules[i]);
        struct toc_judgement       got;
        options.alpha = 0.05;
        assert_ok(judge(&series, 84, &options, &got));
        assert_int_equal(got.alarm, TOC_ALARM_NO);
        assert_close(got.expected, 61.0, 0, 2.0);
        options.weekdays = TOC_WEEKDAYS_POOLED;
        assert_ok(judge(&series, 84, &options, &got));
        assert_int_equal(got.alarm, TOC_ALARM_YES);
    }
}

/* Busy days scatter more: the margin up to the threshold grows with the square root of the mean. All grow alike: the
 * regression's trend is a share of each weekday's mean. */
static void test_scatter_and_trend_follow_the_mean(void **state)
{
    (void) state;
    enum { DAYS = 63, MONDAY = 56, SUNDAY = 62 };
    double   observed[DAYS];
    toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = (i % 7 == 0 ? 400 : 100) + (i / 7 % 2 ? 7 : -7) * (i % 7 == 0 ? 2 : 1);
    }
    struct toc_series series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    for (size_t i = 0; i < 3; i++) {
        struct toc_essence_options options = TOC_ESSENCE_OPTIONS(rules[i]);
        struct toc_judgement       monday, sunday;
        options.slow_smoothing = options.fast_smoothing = 1.0; /* today alone */
        options.min_r_squared = -1.0;
        assert_ok(judge(&series, MONDAY, &options, &monday));
        assert_ok(judge(&series, SUNDAY, &options, &sunday));
        assert_close((monday.threshold - monday.expected) / (sunday.threshold - sunday.expected), 2.0, 0.15, 0.0);
    }
    for (int i = 0; i < DAYS; i++)
        observed[i] = (i % 7 == 0 ? 4 : 1) * (100 + i);
    struct toc_essence_options options = TOC_REGRESSION_OPTIONS_INIT;
    struct toc_judgement       got;
    for (int i = MONDAY; i <= SUNDAY; i++) {
        assert_ok(judge(&series, (size_t) i, &options, &got));
        assert_close(got.expected, observed[i], 0.01, 0.0);
    }
}

/* Two holidays in the baseline teach the regression what a holiday is; with one, or for EWMA, it is not assessed. */
static void test_holidays(void **state)
{
    (void) state;
    double  observed[50];
    uint8_t holiday[50] = { 0 };
    for (int i = 0; i < 50; i++)
        observed[i] = 30 + i % 3;
    holiday[25] = holiday[35] = holiday[49] = 1;
    observed[25] = observed[35] = observed[49] = 4;
    struct toc_series          series = { .observed = observed, .holiday = holiday, .n = 50, .steps_per_year = 365 };
    struct toc_essence_options regression = TOC_REGRESSION_OPTIONS_INIT, ewma = TOC_EWMA_OPTIONS_INIT;
    struct toc_judgement       got;
    assert_ok(judge(&series, 49, &regression, &got));
    assert_close(got.expected, 4.0, 0, 2.0);
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    assert_ok(judge(&series, 49, &ewma, &got));
    assert_int_equal(got.reason, TOC_REASON_HOLIDAY);
    assert_ok(judge(&series, 48, &ewma, &got));
    assert_close(got.expected, 31.0, 0, 0.2); /* the holidays do not pull it down */
    holiday[25] = 0;
    assert_ok(judge(&series, 49, &regression, &got));
    assert_int_equal(got.reason, TOC_REASON_HOLIDAY);
}

static void test_missing_counts(void **state)
{
    (void) state;
    double observed[40];
    for (int i = 0; i < 40; i++)
        observed[i] = i % 2 ? (double) NAN : 7 + i % 3;
    struct toc_series series = { .observed = observed, .n = 40, .steps_per_year = 365 };
    for (size_t i = 0; i < 3; i++) {
        struct toc_essence_options options = TOC_ESSENCE_OPTIONS(rules[i]);
        struct toc_judgement       got;
        assert_ok(judge(&series, 38, &options, &got));
        assert_int_equal(got.alarm, TOC_ALARM_NO);
        assert_ok(judge(&series, 39, &options, &got));
        assert_int_equal(got.reason, TOC_REASON_OBSERVED_MISSING);
        assert_ok(judge(&series, 29, &options, &got));
        assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
        observed[30] = NAN; /* fewer than half are left */
        assert_ok(judge(&series, 38, &options, &got));
        assert_int_equal(got.reason, TOC_REASON_BASELINE_MISSING);
        observed[30] = 7;
    }
}

static void draw_options(struct test_random *random, struct toc_essence_options *options)
{
    *options = (struct toc_essence_options) TOC_ESSENCE_OPTIONS(rules[test_between(random, 0, 2)]);
    options->weekdays = (enum toc_weekdays) test_between(random, 0, 1);
    options->baseline = (int) test_between(random, 14, 56);
    options->guard = (int) test_between(random, 0, 7);
    options->slow_smoothing = 0.05 + 0.5 * test_uniform(random);
    options->fast_smoothing = 1.0 - 0.4 * test_uniform(random);
    options->min_sigma = (double) test_between(random, 0, 2) / 2.0;
    options->alpha = 0.001 + 0.05 * test_uniform(random);
}

/* Ten times the cases (and ten times the floor) is the same score. Not so with weekdays apart, where the scatter is one
 * of counts. */
static void score_has_no_unit(struct test_random *random)
{
    struct test_series         drawn;
    struct toc_essence_options options;
    struct toc_judgement       one, ten;
    draw_options(random, &options);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    test_draw_series(random, &drawn, 120, 365, 20.0, (unsigned) test_between(random, 0, 15));
    assert_ok(judge(&drawn.series, 119, &options, &one));
    for (size_t i = 0; i < 120; i++)
        drawn.observed[i] *= 10.0;
    options.min_sigma *= 10.0;
    assert_ok(judge(&drawn.series, 119, &options, &ten));
    assert_close(ten.threshold, 10.0 * one.threshold, 1e-10, 1e-9);
    assert_close(ten.score, one.score, 1e-9, 1e-9);
    assert_int_equal(ten.alarm, one.alarm);
}

/* Today's count moves its own score up and nothing else. */
static void more_cases_score_more(struct test_random *random)
{
    struct test_series         drawn;
    struct toc_essence_options options;
    struct toc_judgement       before, after;
    draw_options(random, &options);
    test_draw_series(random, &drawn, 120, 365, 5.0, TEST_SERIES_DATED | TEST_SERIES_WEEKDAYS);
    assert_ok(judge(&drawn.series, 119, &options, &before));
    drawn.observed[119] += (double) test_between(random, 1, 10);
    assert_ok(judge(&drawn.series, 119, &options, &after));
    assert_close(after.threshold, before.threshold, 0, 0);
    assert_true(!(after.score < before.score));
}

/* For EWMA the order of the baseline does not matter where the smoothing has forgotten it. */
static void old_order_does_not_matter(struct test_random *random)
{
    struct test_series         drawn;
    struct toc_essence_options options = TOC_EWMA_OPTIONS_INIT;
    struct toc_judgement       before, after;
    options.slow_smoothing = options.fast_smoothing = 1.0;
    test_draw_series(random, &drawn, 60, 365, 5.0, 0);
    assert_ok(judge(&drawn.series, 59, &options, &before));
    size_t a = test_between(random, 29, 56), b = test_between(random, 29, 56);
    double kept = drawn.observed[a];
    drawn.observed[a] = drawn.observed[b];
    drawn.observed[b] = kept;
    assert_ok(judge(&drawn.series, 59, &options, &after));
    assert_close(after.threshold, before.threshold, 1e-13, 0);
}

static void test_properties(void **state)
{
    (void) state;
    test_property("the score has no unit", 300, score_has_no_unit);
    test_property("more cases score more", 300, more_cases_score_more);
    test_property("the order of the baseline does not matter", 100, old_order_does_not_matter);
}

/* Without an outbreak, a share of about alpha alarms: the test is the one that it says. */
static void test_false_alarms(void **state)
{
    (void) state;
    enum { N = 1000, ROUNDS = 40 };
    static struct toc_judgement got[N];
    for (size_t i = 1; i < 3; i++) {
        struct toc_essence_options options = TOC_ESSENCE_OPTIONS(rules[i]);
        size_t                     alarms = 0, judged = 0;
        for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
            static struct test_series drawn;
            struct test_random        random = { .seed = seed };
            test_draw_series(&random, &drawn, N, 365, 100.0, TEST_SERIES_DATED);
            assert_ok(toc_essence_judge(&drawn.series, 0, N, &options, got, NULL));
            for (size_t row = 0; row < N; row++) {
                judged += got[row].alarm != TOC_ALARM_NOT_ASSESSED;
                alarms += got[row].alarm == TOC_ALARM_YES;
            }
        }
        double share = (double) alarms / (double) judged;
        print_message("# rule %d: %.4f of %zu steps alarm\n", (int) rules[i], share, judged);
        assert_true(share > 0.005 && share < (rules[i] == TOC_ESSENCE_EWMA ? 0.03 : 0.02)); /* EWMA makes two tests */
    }
}

/* A stream begun anywhere says the same as the whole series, bit for bit. */
static void stream_is_batch(struct test_random *random)
{
    struct test_series         drawn;
    struct toc_essence_options options;
    struct toc_judgement       batch, stream;
    struct toc_essence_state   state;
    size_t                     n = test_between(random, 1, 300), begun = test_between(random, 0, n - 1);
    draw_options(random, &options);
    test_draw_series(random, &drawn, n, test_between(random, 0, 1) ? 365 : 52, 3.0,
                     (unsigned) test_between(random, 0, 15));
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(toc_essence_state_init(&state, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], 1 };
        assert_ok(toc_essence_state_next(&state, &step, &stream, NULL));
        assert_ok(judge(&drawn.series, row, &options, &batch));
        assert_memory_equal(&stream, &batch, sizeof batch);
    }
    toc_essence_state_free(&state);
}

static void test_stream(void **state)
{
    (void) state;
    test_property("streaming equals the whole series", 60, stream_is_batch);
}

static void test_bad_input(void **state)
{
    (void) state;
    const double               observed[] = { 3, 4, 1, 3 };
    struct toc_series          series = { .observed = observed, .n = 4, .steps_per_year = 365 };
    struct toc_judgement       got = { .expected = 77 };
    struct toc_error           error;
    struct toc_essence_state   stream;
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    struct toc_essence_options bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = (struct toc_essence_options) TOC_ESSENCE_OPTIONS_INIT;
    bad[0].rule = (enum toc_essence_rule) 3;
    bad[1].baseline = TOC_ESSENCE_MAX_BASELINE + 1;
    bad[2].guard = TOC_ESSENCE_MAX_GUARD + 1;
    bad[3].slow_smoothing = 0;
    bad[4].fast_smoothing = 1.1;
    bad[5].min_sigma = -1;
    bad[6].min_r_squared = 1.1;
    bad[7].alpha = 1;
    for (size_t i = 0; i < 8; i++) {
        assert_status(toc_essence_judge(&series, 3, 1, &bad[i], &got, &error), TOC_ERR_OPTION);
        assert_status(toc_essence_state_init(&stream, &series, &bad[i], &allocator, &error), TOC_ERR_OPTION);
    }
    struct toc_essence_options good = TOC_ESSENCE_OPTIONS_INIT;
    good.baseline = TOC_ESSENCE_MAX_BASELINE;
    good.guard = TOC_ESSENCE_MAX_GUARD;
    assert_status(toc_essence_judge(&series, 3, 2, &good, &got, &error), TOC_ERR_SHAPE);
    assert_close(got.expected, 77, 0, 0);
    assert_status(toc_essence_state_init(&stream, &series, &good, &allocator, &error), TOC_ERR_NO_MEMORY);
    assert_ok(toc_essence_state_init(&stream, &series, &good, &allocator, &error));
    assert_ok(toc_essence_state_next(&stream, &(struct toc_step){ 3, 0, 0, 1 }, &got, &error));
    assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
    toc_essence_state_free(&stream);
    assert_int_equal(memory.bytes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_cases_after_zeros),
        cmocka_unit_test(test_slow_rise),
        cmocka_unit_test(test_weekdays_apart),
        cmocka_unit_test(test_scatter_and_trend_follow_the_mean),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_missing_counts),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_false_alarms),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests_name("essence", tests, NULL, NULL);
}
