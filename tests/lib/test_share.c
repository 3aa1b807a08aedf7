/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/share.h"

enum { STEPS = 16, LONG = 120 };
static const double positive[STEPS] = { 4, 6, 3, 9, 5, 7, 2, 8, 6, 5, 4, 7, 12, 3, 6, 21 };
static const double tests[STEPS] = { 80, 95, 60, 110, 90, 100, 40, 120, 100, 85, 70, 100, 130, 50, 90, 120 };

static struct toc_judgement newest(const double *x, const double *n, size_t num,
                                   const struct toc_share_options *options)
{
    struct toc_judgement got;
    assert_ok(toc_share_judge(x, n, num, num - 1, 1, options, &got, NULL));
    return got;
}

/* The numbers of tests/parity/share.R. */
static void test_as_in_r(void **state)
{
    struct toc_share_options options = TOC_SHARE_OPTIONS_INIT;
    double                   wild[STEPS];
    (void) state;
    struct toc_judgement got = newest(positive, tests, STEPS, &options);
    assert_close(got.expected, 0.06646909398814564, 1e-13, 0);
    assert_close(got.threshold, 0.14022646148676238, 1e-13, 0);
    assert_close(got.score, (21.0 / 120 - got.expected) / (got.threshold - got.expected), 1e-13, 0);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    options.baseline = 7;
    got = newest(positive, tests, STEPS, &options);
    assert_close(got.expected, 0.06888544891640867, 1e-13, 0);
    assert_close(got.threshold, 0.14669209032506103, 1e-13, 0);
    options = (struct toc_share_options) TOC_SHARE_OPTIONS_INIT;
    options.rate = true;
    got = newest(positive, tests, STEPS, &options);
    assert_close(got.expected, 0.06646909398814564, 1e-13, 0);
    assert_close(got.threshold, 0.14280714319306514, 1e-13, 0);
    options.rate = false;
    for (size_t i = 0; i < STEPS; i++)
        wild[i] = i == 1 ? 20 : i == 4 ? 0 : i == 8 ? 25 : positive[i];
    got = newest(wild, tests, STEPS, &options);
    assert_close(got.expected, 0.09017781541066892, 1e-13, 0);
    assert_close(got.threshold, 0.28210341502054848, 1e-13, 0);
    options.window = 2;
    options.guard = 1;
    got = newest(wild, tests, STEPS, &options);
    assert_close(got.expected, 0.08991436726926737, 1e-13, 0);
    assert_close(got.threshold, 0.27140578741073035, 1e-13, 0);
}

/* Five times the tests, and as many times the positives, are nothing new; without the tests they are. */
static void test_more_tests(void **state)
{
    struct toc_share_options options = TOC_SHARE_OPTIONS_INIT;
    double                   x[40], n[40];
    (void) state;
    for (size_t i = 0; i < 40; i++) {
        n[i] = i < 38 ? 100 : 500;
        x[i] = n[i] * 0.08;
    }
    struct toc_judgement got = newest(x, n, 40, &options);
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    n[39] = 100; /* 40 of them */
    got = newest(x, n, 40, &options);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
}

static void test_missing(void **state)
{
    struct toc_share_options options = TOC_SHARE_OPTIONS_INIT;
    double                   x[STEPS], n[STEPS];
    (void) state;
    struct toc_judgement got;
    assert_ok(toc_share_judge(positive, tests, STEPS, 6, 1, &options, &got, NULL));
    assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
    assert_ok(toc_share_judge(positive, tests, STEPS, 7, 1, &options, &got, NULL)); /* five windows and two left out */
    assert_int_equal(got.reason, TOC_REASON_NONE);
    for (size_t i = 0; i < STEPS; i++) {
        x[i] = positive[i];
        n[i] = tests[i];
    }
    n[STEPS - 1] = 0;
    x[STEPS - 1] = 0;
    assert_int_equal(newest(x, n, STEPS, &options).reason, TOC_REASON_OBSERVED_MISSING);
    n[STEPS - 1] = NAN;
    assert_int_equal(newest(x, n, STEPS, &options).reason, TOC_REASON_OBSERVED_MISSING);
    n[STEPS - 1] = 50;
    x[STEPS - 1] = 1; /* one case is none too many */
    for (size_t i = 0; i + 1 < STEPS; i++)
        x[i] = 0;
    assert_int_equal(newest(x, n, STEPS, &options).alarm, TOC_ALARM_NO);
    for (size_t i = 0; i + 6 < STEPS; i++)
        n[i] = NAN;
    assert_int_equal(newest(x, n, STEPS, &options).reason, TOC_REASON_BASELINE_MISSING);
}

static void test_refused(void **state)
{
    struct toc_share_options options = TOC_SHARE_OPTIONS_INIT;
    struct toc_judgement     got = { .expected = 7 };
    struct toc_error         error;
    double                   x[STEPS];
    (void) state;
    for (size_t i = 0; i < STEPS; i++)
        x[i] = positive[i];
    x[3] = 111;
    assert_int_equal(toc_share_judge(x, tests, STEPS, 15, 1, &options, &got, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 3);
    options.rate = true;
    assert_ok(toc_share_judge(x, tests, STEPS, 15, 1, &options, &got, &error));
    got.expected = 7;
    x[3] = -1;
    assert_int_equal(toc_share_judge(x, tests, STEPS, 15, 1, &options, &got, &error), TOC_ERR_DOMAIN);
    assert_int_equal(toc_share_judge(positive, tests, STEPS, 15, 2, &options, &got, &error), TOC_ERR_SHAPE);
    const struct toc_share_options bad[] = {
        { .window = 0, .baseline = 28, .guard = 2, .deviations = 3, .least = 2 },
        { .window = 367, .baseline = 28, .guard = 2, .deviations = 3, .least = 2 },
        { .window = 1, .baseline = 4, .guard = 2, .deviations = 3, .least = 2 },
        { .window = 1, .baseline = 367, .guard = 2, .deviations = 3, .least = 2 },
        { .window = 1, .baseline = 28, .guard = -1, .deviations = 3, .least = 2 },
        { .window = 1, .baseline = 28, .guard = 2, .deviations = 0, .least = 2 },
        { .window = 1, .baseline = 28, .guard = 2, .deviations = 3, .least = -1 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(toc_share_judge(positive, tests, STEPS, 15, 1, &bad[i], &got, &error), TOC_ERR_OPTION);
    assert_true(got.expected == 7); /* untouched on failure */
}

/* Judging some steps gives what judging all gives, and scatter alone alarms seldom. */
static size_t assessed, alarms;
static void   some_or_all(struct test_random *random)
{
    struct toc_share_options options = TOC_SHARE_OPTIONS_INIT;
    double                   x[LONG], n[LONG];
    struct toc_judgement     all[LONG], some[LONG];
    options.window = (int) test_between(random, 1, 3);
    for (size_t i = 0; i < LONG; i++) {
        n[i] = (double) test_between(random, 20, 200);
        x[i] = 0;
        for (size_t k = 0; k < (size_t) n[i]; k++)
            x[i] += test_uniform(random) < 0.1;
        if (test_uniform(random) < 0.05)
            n[i] = NAN;
    }
    assert_ok(toc_share_judge(x, n, LONG, 0, LONG, &options, all, NULL));
    size_t from = test_between(random, 0, LONG - 1);
    assert_ok(toc_share_judge(x, n, LONG, from, LONG - from, &options, some, NULL));
    assert_memory_equal(some, &all[from], (LONG - from) * sizeof *some);
    for (size_t i = 0; i < LONG; i++) {
        assessed += all[i].reason == TOC_REASON_NONE;
        alarms += all[i].alarm == TOC_ALARM_YES;
    }
}

static void test_scatter(void **state)
{
    (void) state;
    test_property("some steps as all, and seldom by chance", 200, some_or_all);
    assert_true(alarms < assessed / 200);
}

int main(void)
{
    const struct CMUnitTest unit_tests[] = {
        cmocka_unit_test(test_as_in_r), cmocka_unit_test(test_more_tests), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_scatter),
    };
    return cmocka_run_group_tests(unit_tests, NULL, NULL);
}
