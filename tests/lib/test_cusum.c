/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/cusum.h"

static struct toc_series weekly(const double *observed, size_t n)
{
    return (struct toc_series){ .observed = observed, .n = n, .steps_per_year = 52 };
}

static int judge(const struct toc_series *series, size_t first, size_t num, const struct toc_cusum_options *options,
                 struct toc_judgement *got)
{
    return toc_cusum_judge(series, first, num, options, &test_allocator, got, NULL);
}

/* Mean 4: Z = (y - 4)/2; with k = 1: 7 gives 0.5, then 8 gives 1.5 >= 1.5: alarm, and the chart starts again. */
static void test_by_hand(void **state)
{
    (void) state;
    const double             observed[] = { 3, 5, 4, 4, 7, 8, 7 };
    struct toc_series        series = weekly(observed, 7);
    struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
    struct toc_judgement     got[3];

    options.k = 1.0;
    options.h = 1.5;
    assert_ok(judge(&series, 4, 3, &options, got));
    assert_close(got[0].expected, 4.0, 1e-15, 0);
    assert_close(got[0].score, 0.5 / 1.5, 1e-15, 0);
    assert_close(got[0].threshold, 9.0, 1e-15, 0);
    assert_close(got[1].threshold, 8.0, 1e-15, 0);
    assert_int_equal(got[1].alarm, TOC_ALARM_YES);
    assert_close(got[1].score, 1.0, 1e-15, 0);
    assert_int_equal(got[2].alarm, TOC_ALARM_NO);
    options.mode = TOC_MODE_R; /* goes on from 1.5 */
    assert_ok(judge(&series, 4, 3, &options, got));
    assert_int_equal(got[2].alarm, TOC_ALARM_YES);
    assert_close(got[2].score, 2.0 / 1.5, 1e-15, 0);
}

/* A new disease: R has no answer after zeros alone; the default alarms on the first cases, by every transform. */
static void test_first_cases_after_zeros_alarm(void **state)
{
    (void) state;
    double                   observed[104] = { 0 };
    struct toc_series        series = weekly(observed, 104);
    struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
    struct toc_judgement     got[2];

    observed[102] = 1;
    observed[103] = 2;
    for (int transform = TOC_CUSUM_STANDARD; transform <= TOC_CUSUM_ANSCOMBE_NB; transform++) {
        options.transform = (enum toc_cusum_transform) transform;
        for (int seasonal = 0; seasonal <= 1; seasonal++) {
            options.mean = seasonal ? TOC_CUSUM_SEASONAL : TOC_CUSUM_MEAN_OF_HISTORY;
            assert_ok(judge(&series, 102, 2, &options, got));
            assert_true(isfinite(got[0].threshold));
            assert_true(got[0].alarm == TOC_ALARM_YES || got[1].alarm == TOC_ALARM_YES);
        }
    }
    options = (struct toc_cusum_options) TOC_CUSUM_OPTIONS_INIT;
    options.mode = TOC_MODE_R;
    assert_ok(judge(&series, 101, 2, &options, got));
    assert_int_equal(got[0].reason, TOC_REASON_CONSTANT_BASELINE);
}

/* A missing count or a holiday leaves the sum as it is; in R nothing is judged after it. */
static void test_gaps(void **state)
{
    (void) state;
    const double             observed[] = { 4, NAN, 4, 0, 4, 7, NAN, 0, 7 };
    const uint8_t            holiday[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0 };
    struct toc_series        series = weekly(observed, 9);
    struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
    struct toc_judgement     got[4];

    series.holiday = holiday;
    options.k = 1.0;
    assert_ok(judge(&series, 5, 4, &options, got));
    assert_close(got[0].expected, 4.0, 1e-15, 0);
    assert_int_equal(got[1].reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(got[2].reason, TOC_REASON_HOLIDAY);
    assert_close(got[3].score * options.h, 1.0, 1e-14, 0);

    const double r_observed[] = { 4, 4, 7, NAN, 7 };
    series = weekly(r_observed, 5);
    options.mode = TOC_MODE_R;
    assert_ok(judge(&series, 2, 3, &options, got));
    assert_int_equal(got[0].alarm, TOC_ALARM_NO);
    assert_int_equal(got[1].reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(got[2].reason, TOC_REASON_EARLIER_MISSING);
}

/* Mondays are high every week: with a mean of their own, none stands out, with or without a season. */
static void test_weekdays_apart(void **state)
{
    (void) state;
    enum { DAYS = 450, FIRST = 400 };
    double   observed[DAYS];
    toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = i % 7 == 0 ? 60 : 10;
    }
    struct toc_series        series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
    struct toc_judgement     got[DAYS - FIRST];
    for (int seasonal = 0; seasonal <= 1; seasonal++) {
        options.mean = seasonal ? TOC_CUSUM_SEASONAL : TOC_CUSUM_MEAN_OF_HISTORY;
        options.weekdays = TOC_WEEKDAYS_STRATA;
        size_t alarms = 0, pooled_alarms = 0;
        assert_ok(judge(&series, FIRST, DAYS - FIRST, &options, got));
        for (size_t i = 0; i < DAYS - FIRST; i++) {
            alarms += got[i].alarm == TOC_ALARM_YES;
            assert_close(got[i].expected, observed[FIRST + i], 1e-9, 0);
        }
        options.weekdays = TOC_WEEKDAYS_POOLED;
        assert_ok(judge(&series, FIRST, DAYS - FIRST, &options, got));
        for (size_t i = 0; i < DAYS - FIRST; i++)
            pooled_alarms += got[i].alarm == TOC_ALARM_YES;
        assert_int_equal(alarms, 0);
        assert_true(pooled_alarms >= 7);
    }
}

/* R 4.2.2, surveillance 1.20.3: cusum() with k = 0, h = 1e6: on and between the knots of its table, and past its end.
 */
static void test_r_table_of_anscombe(void **state)
{
    (void) state;
    static const struct {
        double mean, overdispersion, count[5], z[5];
    } recorded[] = {
        { 2.133,
          0.3,
          { 5, 7, 13, 21, 33 },
          { 1.21830443859482, 1.85440034812285, 3.29743964970745, 4.69179460023271, 6.25985839266442 } },
        { 5,
          0.1,
          { 53, 101, 105, 333, 999 },
          { 8.10083969797088, 12.08873697780057, 12.36282779191708, 22.40754039450412, 36.48574955467180 } },
    };
    for (size_t i = 0; i < 2; i++) {
        struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
        double                   observed[7] = { 5 }, sum = 0.0;
        struct toc_series        series = weekly(observed, 7);
        struct toc_judgement     got[6];
        options.mode = TOC_MODE_R;
        options.transform = TOC_CUSUM_ANSCOMBE_NB;
        options.mean = recorded[i].mean;
        options.overdispersion = recorded[i].overdispersion;
        options.k = 0.0;
        options.h = 1e6;
        memcpy(observed + 1, recorded[i].count, sizeof recorded[i].count);
        observed[6] = ceil(101.0 / options.overdispersion);
        assert_ok(judge(&series, 1, 6, &options, got));
        for (size_t j = 0; j < 5; j++) {
            sum += recorded[i].z[j];
            assert_close(got[j].score * options.h, sum, 1e-9, 0);
        }
        assert_int_equal(got[5].reason, TOC_REASON_R_STOPS);
    }
}

static void draw_options(struct test_random *random, struct toc_cusum_options *options)
{
    *options = (struct toc_cusum_options) TOC_CUSUM_OPTIONS_INIT;
    options->transform = (enum toc_cusum_transform) test_between(random, 0, TOC_CUSUM_NONE);
    options->weekdays = (enum toc_weekdays) test_between(random, 0, 1);
    options->k = 2.0 * test_uniform(random);
    options->h = 0.5 + 4.0 * test_uniform(random);
    options->overdispersion = 0.01 + 2.0 * test_uniform(random);
    const double means[] = { TOC_CUSUM_MEAN_OF_HISTORY, TOC_CUSUM_SEASONAL, 3.7 };
    options->mean = means[test_between(random, 0, 2)];
}

/* The threshold is the count at which the chart alarms: exactly the counts from it on do. */
static void alarms_from_the_threshold_on(struct test_random *random)
{
    enum { N = 130 };
    struct test_series       drawn;
    struct toc_cusum_options options;
    struct toc_judgement     got[30], again;
    draw_options(random, &options);
    test_draw_series(random, &drawn, N, 52, exp(5.0 * test_uniform(random) - 1.0), TEST_SERIES_DATED);
    size_t first = test_between(random, 80, 120), last = first + 8;
    assert_ok(judge(&drawn.series, first, 9, &options, got));
    double threshold = got[8].threshold;
    for (int around = -1; around <= 1; around++) {
        double y = round(threshold) + around;
        if (y < 0 || fabs(y - threshold) < 1e-9 * threshold)
            continue;
        drawn.observed[last] = y;
        struct toc_judgement all[9];
        assert_ok(judge(&drawn.series, first, 9, &options, all));
        again = all[8];
        assert_close(again.threshold, threshold, 0, 0);
        assert_int_equal(again.alarm == TOC_ALARM_YES, y > threshold);
        assert_int_equal(again.score >= 1.0, y > threshold);
    }
}

static void test_threshold(void **state)
{
    (void) state;
    test_property("exactly the counts from the threshold on alarm", 400, alarms_from_the_threshold_on);
}

/* More cases on any one day never lower that day's score. */
static void more_cases_score_more(struct test_random *random)
{
    struct test_series       drawn;
    struct toc_cusum_options options;
    struct toc_judgement     before, after;
    draw_options(random, &options);
    options.mode = test_between(random, 0, 1) ? TOC_MODE_R : TOC_MODE_DEFAULT;
    test_draw_series(random, &drawn, 100, 52, 6.0, 0);
    assert_ok(judge(&drawn.series, 99, 1, &options, &before));
    drawn.observed[99] += (double) test_between(random, 1, 20);
    assert_ok(judge(&drawn.series, 99, 1, &options, &after));
    assert_true(!(after.score < before.score));
}

static void test_monotone(void **state)
{
    (void) state;
    test_property("more cases score more", 200, more_cases_score_more);
}

/* A stream says the same as the whole series, bit for bit. */
static void stream_is_batch(struct test_random *random)
{
    struct test_series          drawn;
    struct toc_cusum_options    options;
    static struct toc_judgement batch[TEST_SERIES_ROOM];
    struct toc_judgement        one;
    struct toc_cusum_state      state;
    size_t                      n = test_between(random, 1, 900), begun = test_between(random, 0, n - 1);
    draw_options(random, &options);
    options.mode = test_between(random, 0, 2) == 0 ? TOC_MODE_R : TOC_MODE_DEFAULT;
    test_draw_series(random, &drawn, n, test_between(random, 0, 1) ? 365 : 52, 3.0,
                     (unsigned) test_between(random, 0, 15));
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(judge(&drawn.series, begun, n - begun, &options, batch));
    assert_ok(toc_cusum_state_init(&state, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], 1 };
        assert_ok(toc_cusum_state_next(&state, &step, &one, NULL));
        assert_memory_equal(&one, &batch[row - begun], sizeof one);
    }
    toc_cusum_state_free(&state);
}

static void test_stream(void **state)
{
    (void) state;
    test_property("streaming equals the whole series", 100, stream_is_batch);
}

/* Every failed allocation is told, nothing stays held, and the output is untouched. */
static void test_failed_allocations(void **state)
{
    (void) state;
    struct test_random       random = { .seed = 1 };
    struct test_series       drawn;
    struct toc_cusum_options options = TOC_CUSUM_OPTIONS_INIT;
    struct toc_judgement     got = { .expected = 77 };
    struct toc_error         error;
    int                      ret = TOC_ERR_NO_MEMORY;
    options.mean = TOC_CUSUM_SEASONAL;
    test_draw_series(&random, &drawn, 100, 52, 6.0, 0);
    for (size_t fail_at = 1; ret != 0; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        ret = toc_cusum_judge(&drawn.series, 99, 1, &options, &allocator, &got, &error);
        assert_true(ret == 0 || ret == TOC_ERR_NO_MEMORY);
        assert_true(ret == 0 || got.expected == 77);
        assert_int_equal(memory.bytes_held, 0);
    }
}

static void test_bad_input(void **state)
{
    (void) state;
    const double             observed[] = { 3, 4, 1, 3 };
    struct toc_series        series = weekly(observed, 4);
    struct toc_cusum_options good = TOC_CUSUM_OPTIONS_INIT, bad;
    struct toc_judgement     got = { .expected = 77 };
    struct toc_error         error;
    struct toc_cusum_state   stream;

    for (int i = 0; i < 5; i++) {
        bad = good;
        if (i == 0)
            bad.k = -1;
        else if (i == 1)
            bad.h = 0;
        else if (i == 2)
            bad.mean = -2;
        else if (i == 3)
            bad.overdispersion = NAN;
        else
            bad.transform = (enum toc_cusum_transform) 7;
        assert_status(toc_cusum_judge(&series, 3, 1, &bad, &test_allocator, &got, &error), TOC_ERR_OPTION);
        assert_status(toc_cusum_state_init(&stream, &series, &bad, &test_allocator, &error), TOC_ERR_OPTION);
    }
    assert_status(toc_cusum_judge(&series, 3, 2, &good, &test_allocator, &got, &error), TOC_ERR_SHAPE);
    assert_close(got.expected, 77, 0, 0);
    assert_ok(judge(&series, 0, 1, &good, &got)); /* no history to learn from */
    assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
    assert_ok(toc_cusum_state_init(&stream, &series, &good, &test_allocator, &error));
    assert_status(toc_cusum_state_next(&stream, &(struct toc_step){ -1, 0, 0, 1 }, &got, &error), TOC_ERR_DOMAIN);
    toc_cusum_state_free(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_first_cases_after_zeros_alarm),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_weekdays_apart),
        cmocka_unit_test(test_r_table_of_anscombe),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_failed_allocations),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests_name("cusum", tests, NULL, NULL);
}
