/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The likelihood-ratio charts against sums by hand and against a search of the likelihood itself; what a stream says
 * against what a whole series says; and what must never happen: a missing count that stops the rest, a new disease that
 * is not seen. Numbers of R: tests/parity. */
#include <math.h>
#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/glr.h"
#include "tocsin/method.h"

static struct toc_glr_options options_of(const char *method)
{
    struct toc_glr_options options;
    toc_method_init_options(toc_method_find(method), TOC_MODE_DEFAULT, &options);
    return options;
}

static struct toc_series weekly(const double *observed, size_t n)
{
    return (struct toc_series){ .observed = observed, .n = n, .steps_per_year = 52 };
}

/* S = max(0, S + kappa x + (1 - e^kappa) mu) with kappa = log 2, mu = 2: x log 2 - 2. */
static void test_lr_poisson_by_hand(void **state)
{
    (void) state;
    const double           observed[] = { 4, 1, 6, 20, 3 };
    const double           ln2 = log(2.0);
    struct toc_series      series = weekly(observed, 5);
    struct toc_glr_options options = options_of("lr-poisson");
    struct toc_glr_point   got[5];
    struct toc_judgement   shown[5];

    options.in_control_mean = 2.0;
    assert_ok(toc_glr_run(&series, 0, 5, NULL, &options, &test_allocator, got, NULL));
    assert_ok(toc_glr_judge(&series, 0, 5, &options, &test_allocator, shown, NULL));
    assert_close(got[0].statistic, 4 * ln2 - 2, 1e-14, 0);
    assert_close(got[1].statistic, 0, 0, 0);
    assert_close(got[2].statistic, 6 * ln2 - 2, 1e-14, 0);
    assert_close(got[3].statistic, 26 * ln2 - 4, 1e-14, 0);
    assert_int_equal(got[3].alarm, TOC_ALARM_YES);
    assert_close(got[3].cases, (5 - (6 * ln2 - 2) + 2) / ln2, 1e-14, 0);
    assert_close(got[4].statistic, 3 * ln2 - 2, 1e-13, 0); /* begun anew */
    assert_close(shown[3].threshold, got[3].cases, 0, 0);
    assert_close(shown[3].score, (26 * ln2 - 4) / 5, 1e-14, 0);
    assert_close(shown[3].expected, 2, 0, 0);
}

/* One step at mean 2 with 9 cases: 9 log(9/2) - 7 = 6.54; with 8 it is 5.09, with 7 it is 3.77. */
static void test_glr_poisson_by_hand(void **state)
{
    (void) state;
    const double           observed[] = { 9 };
    struct toc_series      series = weekly(observed, 1);
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_glr_point   got;
    struct toc_judgement   shown;

    options.in_control_mean = 2.0;
    assert_ok(toc_glr_run(&series, 0, 1, NULL, &options, &test_allocator, &got, NULL));
    assert_close(got.statistic, 9 * log(4.5) - 7, 1e-14, 0);
    assert_close(got.cases, 8, 0, 0);
    assert_ok(toc_glr_judge(&series, 0, 1, &options, &test_allocator, &shown, NULL));
    assert_close(shown.threshold, 7, 0, 0); /* above it the chart alarms */
    options.max_cases = 7;
    assert_ok(toc_glr_run(&series, 0, 1, NULL, &options, &test_allocator, &got, NULL));
    assert_close(got.cases, 8, 0, 0); /* nothing needs to be searched above an alarm */
}

/* ---- against the likelihood itself ---- */

struct model {
    double overdispersion, sign; /* of kappa */
    bool   epidemic;
};

/* Log-likelihood ratio of the steps k … n, with the parameter kappa or lambda. */
static double likelihood(const struct model *model, const double *x, const double *mu, size_t k, size_t n, double value)
{
    double a = model->overdispersion, sum = 0.0;
    for (size_t i = k; i <= n; i++) {
        double mean = model->epidemic ? mu[i] + value * (i > 0 ? x[i - 1] : 0.0) : mu[i] * exp(value);
        sum += x[i] > 0 ? x[i] * log(mean / mu[i]) : 0.0;
        sum -= a == 0 ? mean - mu[i] : (x[i] + 1 / a) * log((1 + a * mean) / (1 + a * mu[i]));
    }
    return sum;
}

/* The largest on a grid, refined about its best point. */
static double search(const struct model *model, const double *x, const double *mu, size_t k, size_t n)
{
    double low = 0.0, high = model->epidemic ? 60.0 : 40.0, best = 0.0, at = 0.0;
    for (int round = 0; round < 10; round++) {
        double step = (high - low) / 60;
        for (int i = 0; i <= 60; i++) {
            double value = low + i * step, found = likelihood(model, x, mu, k, n, model->sign * value);
            if (found > best) {
                best = found;
                at = value;
            }
        }
        low = fmax(0.0, at - step);
        high = at + step;
    }
    return best;
}

static void statistic_is_the_maximum(struct test_random *random)
{
    enum { STEPS = 25 };
    double                 x[STEPS], mu[STEPS];
    struct toc_series      series = weekly(x, STEPS);
    struct toc_glr_options options = options_of(test_between(random, 0, 1) ? "glr-negative-binomial" : "glr-poisson");
    struct toc_glr_point   got[STEPS];
    struct model           model = { .sign = 1.0 };
    double                 level = exp(8 * test_uniform(random) - 2);

    for (size_t i = 0; i < STEPS; i++) {
        mu[i] = level * (0.5 + test_uniform(random));
        x[i] = test_count(random, mu[i] * (test_uniform(random) < 0.1 ? 4 : 1), 1.5);
    }
    options.limit = 1e9;
    options.threshold = TOC_GLR_STATISTIC;
    options.window = (int) test_between(random, 3, 30);
    options.shortest_window = (int) test_between(random, 1, 3);
    options.overdispersion = options.distribution == TOC_GLR_POISSON ? 0.0 : exp(4 * test_uniform(random) - 3);
    if (test_between(random, 0, 2) == 0) {
        options.change = TOC_GLR_EPIDEMIC;
        model.epidemic = true;
    } else if (test_between(random, 0, 1)) {
        options.direction = TOC_GLR_DECREASE;
        model.sign = -1.0;
    }
    model.overdispersion = options.overdispersion;
    assert_ok(toc_glr_run(&series, 0, STEPS, mu, &options, &test_allocator, got, NULL));
    for (size_t n = 0; n < STEPS; n++) {
        double best = 0.0;
        for (size_t k = 0; k <= n; k++)
            if (n - k <= (size_t) options.window && n - k + 1 >= (size_t) options.shortest_window)
                best = fmax(best, search(&model, x, mu, k, n));
        assert_close(got[n].statistic, best, 1e-6, 1e-6 * (1 + level * 0.01));
    }
}

static void test_statistic_is_the_maximum(void **state)
{
    (void) state;
    test_property("the GLR statistic is the largest likelihood ratio", 60, statistic_is_the_maximum);
}

/* ---- what the table shows ---- */

static const char *const names[] = { "glr-poisson", "glr-negative-binomial", "lr-poisson", "lr-negative-binomial" };

static struct toc_glr_options random_options(struct test_random *random, enum toc_mode mode)
{
    struct toc_glr_options options;
    toc_method_init_options(toc_method_find(names[test_between(random, 0, 3)]), mode, &options);
    options.limit = 1.0 + 5.0 * test_uniform(random);
    options.trend = test_between(random, 0, 2) == 0;
    options.harmonics = (int) test_between(random, 0, 2);
    options.window = (int) test_between(random, 4, 40);
    options.shortest_window = (int) test_between(random, 1, 4);
    options.max_cases = 3000;
    if (test_between(random, 0, 3) == 0)
        options.overdispersion = test_uniform(random);
    return options;
}

/* alarm = observed > threshold, and the same alarms without one. */
static void threshold_divides(struct test_random *random)
{
    enum { FIRST = 150, STEPS = 50 };
    struct test_series     drawn;
    struct toc_glr_options options = random_options(random, TOC_MODE_DEFAULT);
    struct toc_judgement   got[STEPS], plain[STEPS];
    options.change = test_between(random, 0, 3) == 0 ? TOC_GLR_EPIDEMIC : TOC_GLR_LEVEL;
    test_draw_series(random, &drawn, FIRST + STEPS, 52, exp(4 * test_uniform(random)),
                     TEST_SERIES_MISSING | TEST_SERIES_HOLIDAYS);
    assert_ok(toc_glr_judge(&drawn.series, FIRST, STEPS, &options, &test_allocator, got, NULL));
    options.threshold = TOC_GLR_STATISTIC;
    assert_ok(toc_glr_judge(&drawn.series, FIRST, STEPS, &options, &test_allocator, plain, NULL));
    for (size_t i = 0; i < STEPS; i++) {
        double y = drawn.observed[FIRST + i];
        assert_int_equal(got[i].alarm, plain[i].alarm);
        if (got[i].alarm == TOC_ALARM_NOT_ASSESSED) {
            assert_true(got[i].reason != TOC_REASON_NONE && isnan(got[i].threshold));
            continue;
        }
        if (options.change == TOC_GLR_LEVEL) /* the epidemic's likelihood need not have one maximum */
            assert_int_equal(got[i].alarm == TOC_ALARM_YES, y > got[i].threshold);
        assert_int_equal(got[i].alarm == TOC_ALARM_YES,
                         options.rule == TOC_GLR_KNOWN_RISE ? got[i].score > 1 : got[i].score >= 1);
        assert_true(got[i].expected >= TOC_GLR_MIN_MEAN && isnan(plain[i].threshold));
    }
}

static void test_threshold_divides(void **state)
{
    (void) state;
    test_property("a count alarms exactly above the threshold", 60, threshold_divides);
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void stream_equals_series(struct test_random *random)
{
    enum { FIRST = 400, STEPS = 90 };
    struct test_series     drawn;
    bool                   daily = test_between(random, 0, 1);
    enum toc_mode          mode = test_between(random, 0, 2) == 0 ? TOC_MODE_R : TOC_MODE_DEFAULT;
    struct toc_glr_options options = random_options(random, mode);
    unsigned               parts = mode == TOC_MODE_R ? 0 : TEST_SERIES_MISSING | TEST_SERIES_HOLIDAYS;
    struct toc_glr_point   points[STEPS], point;
    struct toc_judgement   shown[STEPS], judgement;
    struct toc_glr_stream *stream = NULL;

    options.change = test_between(random, 0, 3) == 0 ? TOC_GLR_EPIDEMIC : TOC_GLR_LEVEL;
    options.direction = test_between(random, 0, 3) == 0 ? TOC_GLR_DECREASE : TOC_GLR_INCREASE;
    if (options.change == TOC_GLR_EPIDEMIC)
        options.direction = TOC_GLR_INCREASE;
    if (daily)
        parts |= TEST_SERIES_DATED | TEST_SERIES_WEEKDAYS;
    test_draw_series(random, &drawn, FIRST + STEPS, daily ? 365 : 52, exp(3 * test_uniform(random)), parts);
    assert_ok(toc_glr_run(&drawn.series, FIRST, STEPS, NULL, &options, &test_allocator, points, NULL));
    assert_ok(toc_glr_judge(&drawn.series, FIRST, STEPS, &options, &test_allocator, shown, NULL));

    struct toc_series history = drawn.series;
    history.n = FIRST;
    assert_ok(toc_glr_stream_open(&history, &options, &test_allocator, &stream, NULL));
    for (size_t i = 0; i < STEPS; i++) {
        uint8_t holiday = drawn.series.holiday != NULL ? drawn.series.holiday[FIRST + i] : 0;
        assert_ok(toc_glr_stream_step(stream, drawn.observed[FIRST + i], holiday, &point, &judgement, NULL));
        assert_int_equal(point.alarm, points[i].alarm);
        assert_int_equal(point.reason, points[i].reason);
        assert_true(same_double(point.statistic, points[i].statistic) && same_double(point.cases, points[i].cases) &&
                    same_double(point.expected, points[i].expected));
        assert_int_equal(judgement.alarm, shown[i].alarm);
        assert_true(same_double(judgement.threshold, shown[i].threshold) &&
                    same_double(judgement.score, shown[i].score) && same_double(judgement.expected, shown[i].expected));
    }
    toc_glr_stream_close(stream);
}

static void test_stream_equals_series(void **state)
{
    (void) state;
    test_property("a stream says what the whole series says", 60, stream_equals_series);
}

/* ---- real series ---- */

/* Nothing for four years, then one case: each chart that looks for any rise alarms at once. */
static void test_first_case_of_a_new_disease(void **state)
{
    (void) state;
    double            observed[210] = { 0 };
    struct toc_series series = weekly(observed, 210);
    observed[209] = 1;
    for (size_t i = 0; i < 2; i++) {
        struct toc_glr_options options = options_of(names[i]);
        struct toc_judgement   got[2];
        assert_ok(toc_glr_judge(&series, 208, 2, &options, &test_allocator, got, NULL));
        assert_int_equal(got[0].alarm, TOC_ALARM_NO);
        assert_close(got[0].expected, TOC_GLR_MIN_MEAN, 0, 0);
        assert_close(got[0].threshold, 0, 0, 0);
        assert_int_equal(got[1].alarm, TOC_ALARM_YES);
    }
}

/* A missing count is passed over by default; in R it stops the whole range. */
static void test_missing_count_stops_nothing(void **state)
{
    (void) state;
    double                 observed[70];
    struct toc_series      series = weekly(observed, 70);
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_judgement   got[10];
    for (size_t i = 0; i < 70; i++)
        observed[i] = 3 + (double) (i % 3);
    observed[20] = observed[63] = NAN;
    observed[66] = 25;
    assert_ok(toc_glr_judge(&series, 60, 10, &options, &test_allocator, got, NULL));
    assert_int_equal(got[3].reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(got[4].alarm, TOC_ALARM_NO);
    assert_int_equal(got[6].alarm, TOC_ALARM_YES);
    options.mode = TOC_MODE_R;
    assert_ok(toc_glr_judge(&series, 60, 10, &options, &test_allocator, got, NULL));
    assert_int_equal(got[3].reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(got[6].reason, TOC_REASON_EARLIER_MISSING);
}

/* Counts that never vary have no overdispersion to estimate: the negative binomial chart is a Poisson chart then. */
static void test_constant_counts(void **state)
{
    (void) state;
    double            observed[110];
    struct toc_series series = weekly(observed, 110);
    for (size_t i = 0; i < 110; i++)
        observed[i] = 5;
    observed[109] = 40;
    for (size_t i = 0; i < 4; i++) {
        struct toc_glr_options options = options_of(names[i]);
        struct toc_judgement   got[2];
        assert_ok(toc_glr_judge(&series, 108, 2, &options, &test_allocator, got, NULL));
        assert_close(got[0].expected, 5, 1e-9, 0);
        assert_int_equal(got[0].alarm, TOC_ALARM_NO);
        assert_int_equal(got[1].alarm, TOC_ALARM_YES);
    }
}

/* From the start of a series: nothing for a year, then judged by that year. */
static void test_short_history(void **state)
{
    (void) state;
    double                 observed[60];
    struct toc_series      series = weekly(observed, 60);
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_judgement   got[60];
    for (size_t i = 0; i < 60; i++)
        observed[i] = 5;
    assert_ok(toc_glr_judge(&series, 0, 60, &options, &test_allocator, got, NULL));
    assert_int_equal(got[51].reason, TOC_REASON_SHORT_HISTORY);
    assert_int_equal(got[52].alarm, TOC_ALARM_NO);
    assert_close(got[59].expected, 5, 1e-9, 0);
    options.history = 55;
    assert_ok(toc_glr_judge(&series, 0, 60, &options, &test_allocator, got, NULL));
    assert_int_equal(got[54].reason, TOC_REASON_SHORT_HISTORY);
    assert_int_equal(got[55].alarm, TOC_ALARM_NO);
}

/* Sundays at a third: a level of their own expects that; pooled, the mean is the same every day. Holidays stay out. */
static void test_weekdays_and_holidays(void **state)
{
    (void) state;
    enum { DAYS = 450 };
    double                 observed[DAYS];
    toc_date               date[DAYS];
    uint8_t                holiday[DAYS] = { 0 };
    struct toc_series      series = { observed, NULL, date, holiday, DAYS, 365 };
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_judgement   got[14];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 19723 + i; /* 2024-01-01, a Monday */
        observed[i] = i % 7 == 6 ? 10 : 30;
    }
    for (int i = 200; i < 210; i++) {
        holiday[i] = 1;
        observed[i] = 300;
    }
    holiday[440] = 1;
    assert_ok(toc_glr_judge(&series, 436, 14, &options, &test_allocator, got, NULL)); /* 436 is a Wednesday */
    assert_close(got[0].expected, 30, 1e-6, 0);
    assert_close(got[11].expected, 10, 1e-6, 0); /* 447, a Sunday */
    assert_int_equal(got[4].reason, TOC_REASON_HOLIDAY);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    assert_ok(toc_glr_judge(&series, 436, 14, &options, &test_allocator, got, NULL));
    assert_close(got[11].expected, 30 - 20.0 / 7, 0.05, 0);
}

/* R's Poisson chart with a window misses a sudden jump in the week of the jump; ours does not. */
static void test_window_of_one_week(void **state)
{
    (void) state;
    const double           observed[] = { 2, 1, 3, 2, 12, 3 };
    struct toc_series      series = weekly(observed, 6);
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_judgement   got[6];
    options.in_control_mean = 2.0;
    options.window = 10;
    assert_ok(toc_glr_judge(&series, 0, 6, &options, &test_allocator, got, NULL));
    assert_int_equal(got[4].alarm, TOC_ALARM_YES);
    options.mode = TOC_MODE_R;
    assert_ok(toc_glr_judge(&series, 0, 6, &options, &test_allocator, got, NULL));
    assert_int_equal(got[4].alarm, TOC_ALARM_YES); /* by the window of two weeks */
    options.limit = 9.0;
    assert_ok(toc_glr_judge(&series, 0, 6, &options, &test_allocator, got, NULL));
    assert_int_equal(got[4].alarm, TOC_ALARM_NO);
    options.mode = TOC_MODE_DEFAULT;
    assert_ok(toc_glr_judge(&series, 0, 6, &options, &test_allocator, got, NULL));
    assert_int_equal(got[4].alarm, TOC_ALARM_YES);
}

/* ---- misuse ---- */

static void refuse(struct toc_glr_options options, int status, const char *what)
{
    const double         observed[] = { 3, 4, 5 };
    struct toc_series    series = weekly(observed, 3);
    struct toc_judgement got = { .expected = 77 };
    struct toc_error     error;
    assert_status(toc_glr_judge(&series, 2, 1, &options, &test_allocator, &got, &error), status);
    assert_string_equal(error.what, what);
    assert_close(got.expected, 77, 0, 0);
}

#define REFUSE(member, value, status)                                                                                  \
    do {                                                                                                               \
        struct toc_glr_options bad = options_of("glr-negative-binomial");                                              \
        bad.member = value;                                                                                            \
        refuse(bad, status, "options." #member);                                                                       \
    } while (0)

static void test_bad_options(void **state)
{
    (void) state;
    REFUSE(limit, 0, TOC_ERR_OPTION);
    REFUSE(limit, NAN, TOC_ERR_OPTION);
    REFUSE(in_control_mean, -1, TOC_ERR_OPTION);
    REFUSE(overdispersion, -0.5, TOC_ERR_OPTION);
    REFUSE(harmonics, TOC_GLR_MAX_HARMONICS + 1, TOC_ERR_OPTION);
    REFUSE(window, 0, TOC_ERR_OPTION);
    REFUSE(window, TOC_GLR_MAX_WINDOW + 1, TOC_ERR_OPTION);
    REFUSE(shortest_window, 0, TOC_ERR_OPTION);
    REFUSE(history, -1, TOC_ERR_OPTION);
    REFUSE(max_cases, 0, TOC_ERR_OPTION);
    struct toc_glr_options half = options_of("glr-negative-binomial");
    half.in_control_mean = 3.0; /* and the overdispersion is to be estimated: from what? */
    refuse(half, TOC_ERR_UNSUPPORTED, "options.overdispersion");
    struct toc_glr_options still = options_of("lr-poisson");
    still.log_rate_ratio = 0.0;
    refuse(still, TOC_ERR_OPTION, "options.log_rate_ratio");
}

static void test_bad_data(void **state)
{
    (void) state;
    const double           observed[] = { 3, -4, 5 }, mean[] = { 1, 0 };
    struct toc_series      series = weekly(observed, 3);
    struct toc_glr_options options = options_of("glr-poisson");
    struct toc_glr_point   got = { .expected = 77 };
    struct toc_error       error;
    assert_status(toc_glr_run(&series, 2, 1, NULL, &options, &test_allocator, &got, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 1);
    assert_status(toc_glr_run(&series, 2, 2, NULL, &options, &test_allocator, &got, &error), TOC_ERR_SHAPE);
    assert_status(toc_glr_run(&series, 1, 2, mean, &options, &test_allocator, &got, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "in_control_mean");
    assert_close(got.expected, 77, 0, 0);

    struct toc_glr_stream *stream = NULL;
    struct toc_series      none = weekly(observed, 0);
    struct toc_judgement   judgement;
    options.refit = true;
    assert_status(toc_glr_stream_open(&none, &options, &test_allocator, &stream, &error), TOC_ERR_UNSUPPORTED);
    options.refit = false;
    options.window = -1;
    assert_status(toc_glr_stream_open(&none, &options, &test_allocator, &stream, &error), TOC_ERR_UNSUPPORTED);
    assert_null(stream);
    options.window = 10;
    assert_ok(toc_glr_stream_open(&none, &options, &test_allocator, &stream, &error));
    assert_status(toc_glr_stream_step(stream, 1.5, 0, &got, &judgement, &error), TOC_ERR_DOMAIN);
    assert_ok(toc_glr_stream_step(stream, 1, 0, &got, &judgement, &error));
    assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
    toc_glr_stream_close(stream);
    toc_glr_stream_close(NULL);
}

static void test_every_failed_allocation(void **state)
{
    (void) state;
    double                 observed[120];
    struct toc_series      series = weekly(observed, 120);
    struct toc_glr_options options = options_of("glr-negative-binomial");
    for (size_t i = 0; i < 120; i++)
        observed[i] = (double) (i * 7 % 5);
    for (size_t fail_at = 1, failed = 1; failed; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        struct toc_judgement       got[10] = { { .expected = 77 } };
        int                        ret = toc_glr_judge(&series, 110, 10, &options, &allocator, got, NULL);
        failed = ret != 0;
        assert_status(ret, failed ? TOC_ERR_NO_MEMORY : 0);
        assert_int_equal(got[0].expected == 77, failed);
        assert_int_equal(memory.bytes_held, 0);
    }
    for (size_t fail_at = 1, failed = 1; failed; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        struct toc_glr_stream     *stream = NULL;
        int                        ret = toc_glr_stream_open(&series, &options, &allocator, &stream, NULL);
        failed = ret != 0;
        assert_status(ret, failed ? TOC_ERR_NO_MEMORY : 0);
        assert_int_equal(stream == NULL, failed);
        toc_glr_stream_close(stream);
        assert_int_equal(memory.bytes_held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lr_poisson_by_hand),
        cmocka_unit_test(test_glr_poisson_by_hand),
        cmocka_unit_test(test_statistic_is_the_maximum),
        cmocka_unit_test(test_threshold_divides),
        cmocka_unit_test(test_stream_equals_series),
        cmocka_unit_test(test_first_case_of_a_new_disease),
        cmocka_unit_test(test_missing_count_stops_nothing),
        cmocka_unit_test(test_constant_counts),
        cmocka_unit_test(test_short_history),
        cmocka_unit_test(test_weekdays_and_holidays),
        cmocka_unit_test(test_window_of_one_week),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_bad_data),
        cmocka_unit_test(test_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("glr", tests, NULL, NULL);
}
