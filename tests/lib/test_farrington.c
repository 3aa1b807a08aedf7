/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/farrington.h"

#include <math.h>

#include "support/property.h"
#include "support/test.h"

enum { WEEKS = 420, NOW = WEEKS - 1 };

/* Weekly Mondays from 2016-01-04: 53-week year 2020 inside. */
struct weeks {
    double   observed[WEEKS];
    toc_date date[WEEKS];
    uint8_t  holiday[WEEKS];
};

static struct toc_series weekly(struct weeks *weeks, double level)
{
    for (size_t i = 0; i < WEEKS; i++) {
        weeks->observed[i] = level > 0 ? level + (double) (i * 7 % 5) - 2.0 : 0.0;
        weeks->date[i] = 16804 + 7 * (toc_date) i;
        weeks->holiday[i] = 0;
    }
    return (struct toc_series){ .observed = weeks->observed, .date = weeks->date, .n = WEEKS, .steps_per_year = 52 };
}

static struct toc_judgement judge_now(const struct toc_series                      *series,
                                      const struct toc_farrington_flexible_options *options)
{
    struct toc_judgement got;
    assert_ok(toc_farrington_flexible_judge(series, NOW, 1, options, &test_allocator, &got, NULL, NULL));
    return got;
}

static const struct toc_farrington_flexible_options improved = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
static const struct toc_farrington_flexible_options as_r = TOC_FARRINGTON_FLEXIBLE_R_OPTIONS_INIT;

/* A new disease after years of zeros: its first case alarms, for all thresholds and settings; in R it never does. */
static void test_first_case_of_a_new_disease_alarms(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 0);
    struct toc_farrington_flexible_options options = improved;
    weeks.observed[NOW] = 1;
    for (int threshold = TOC_FARRINGTON_DELTA; threshold <= TOC_FARRINGTON_MUAN; threshold++)
        for (int periods = 1; periods <= 10; periods += 9) {
            options.threshold = (enum toc_farrington_threshold) threshold;
            options.periods = periods;
            struct toc_judgement got = judge_now(&series, &options);
            assert_int_equal(got.alarm, TOC_ALARM_YES);
            assert_int_equal(got.reason, TOC_REASON_NONE);
            assert_close(got.threshold, 0, 0, 0);
            assert_true(got.score > 1);
        }
    struct toc_farrington_options old = TOC_FARRINGTON_OPTIONS_INIT;
    struct toc_judgement          got;
    assert_ok(toc_farrington_judge(&series, NOW, 1, &old, &test_allocator, &got, NULL, NULL));
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    assert_int_not_equal(judge_now(&series, &as_r).alarm, TOC_ALARM_YES);
}

/* 35 zeros: expected 1/70, and the chance of a case by Jeffreys' prior is 1 - sqrt(35/36). */
static void test_numbers_of_a_new_disease(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 0);
    struct toc_farrington_flexible_options options = improved;
    struct toc_judgement                   got;
    struct toc_farrington_detail           detail;
    options.periods = 1;
    options.guard = 3;
    weeks.observed[NOW] = 1;
    assert_ok(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, &detail, NULL));
    assert_int_equal(detail.baseline_rows, 35);
    assert_close(got.expected, 1.0 / 70.0, 1e-12, 0);
    assert_close(detail.p_value, 1.0 - sqrt(35.0 / 36.0), 1e-10, 0);
    weeks.observed[NOW] = 0;
    got = judge_now(&series, &options);
    assert_int_equal(got.alarm, TOC_ALARM_NO);
    assert_close(got.score, 0, 0, 0);
}

/* One count tells nothing of scatter, and R needs one more for the slope that it tries first. */
static void test_baseline_too_small_for_its_scatter(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 9);
    struct toc_farrington_flexible_options options = improved, r = as_r;
    options.years_back = r.years_back = 1;
    options.periods = r.periods = 1;
    options.half_window = r.half_window = 0;
    options.guard = r.guard = 0;
    weeks.observed[NOW] = 12;
    assert_int_equal(judge_now(&series, &options).reason, TOC_REASON_FIT_FAILED);
    assert_int_equal(judge_now(&series, &r).reason, TOC_REASON_R_STOPS);

    options.years_back = r.years_back = 2;
    weeks.observed[NOW - 52] = 7;
    assert_int_equal(judge_now(&series, &options).reason, TOC_REASON_NONE);
    assert_int_equal(judge_now(&series, &r).reason, TOC_REASON_R_STOPS);
    r.reweight = false;
    assert_int_equal(judge_now(&series, &r).reason, TOC_REASON_NONE);
}

/* Cases in other seasons only: the block of now has none, which does not stop the fit of the others. */
static void test_season_without_cases(void **state)
{
    (void) state;
    struct weeks      weeks;
    struct toc_series series = weekly(&weeks, 0);
    for (size_t i = 0; i < WEEKS; i++)
        if ((NOW - i) % 52 >= 10 && (NOW - i) % 52 < 42)
            weeks.observed[i] = 6 + (double) (i % 3);
    weeks.observed[NOW - 1] = 4;
    weeks.observed[NOW] = 3;
    struct toc_judgement got = judge_now(&series, &improved);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    assert_true(got.threshold < 3);
    weeks.observed[NOW - 1] = 0; /* three recent cases are below min_cases, and the disease is not new */
    assert_int_equal(judge_now(&series, &improved).reason, TOC_REASON_FEW_CASES);
}

static void test_few_cases_are_not_assessed(void **state)
{
    (void) state;
    struct weeks      weeks;
    struct toc_series series = weekly(&weeks, 2);
    for (size_t i = NOW - 3; i <= NOW; i++)
        weeks.observed[i] = 1;
    struct toc_judgement got = judge_now(&series, &improved);
    assert_int_equal(got.alarm, TOC_ALARM_NOT_ASSESSED);
    assert_int_equal(got.reason, TOC_REASON_FEW_CASES);
    weeks.observed[NOW - 1] = NAN;
    weeks.observed[NOW - 2] = 9; /* the known ones suffice */
    assert_int_equal(judge_now(&series, &improved).alarm, TOC_ALARM_NO);
    weeks.observed[NOW] = NAN;
    assert_int_equal(judge_now(&series, &improved).reason, TOC_REASON_OBSERVED_MISSING);
}

/* R answers "no alarm" there; the reason stands beside it, so that nobody takes it for a judgement. */
static void test_few_cases_in_r(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 2);
    struct toc_farrington_flexible_options options = as_r;
    struct toc_farrington_options          old = TOC_FARRINGTON_OPTIONS_INIT;
    struct toc_judgement                   got;
    old.mode = TOC_MODE_R;
    assert_int_equal(judge_now(&series, &options).reason, TOC_REASON_NONE);
    for (size_t i = NOW - 3; i <= NOW; i++)
        weeks.observed[i] = 1;
    got = judge_now(&series, &options);
    assert_true(got.alarm == TOC_ALARM_NO && got.reason == TOC_REASON_FEW_CASES && isnan(got.threshold));
    assert_ok(toc_farrington_judge(&series, NOW, 1, &old, &test_allocator, &got, NULL, NULL));
    assert_true(got.alarm == TOC_ALARM_NO && got.reason == TOC_REASON_FEW_CASES && got.threshold == 0);
    weeks.observed[NOW - 1] = NAN;
    assert_int_equal(judge_now(&series, &options).reason, TOC_REASON_EARLIER_MISSING);
    weeks.observed[NOW] = NAN;
    got = judge_now(&series, &options);
    assert_true(got.alarm == TOC_ALARM_NO && got.reason == TOC_REASON_OBSERVED_MISSING);
}

/* Half of the baseline must be known. */
static void test_missing_baseline(void **state)
{
    (void) state;
    struct weeks      weeks;
    struct toc_series series = weekly(&weeks, 8);
    for (size_t i = 0; i < WEEKS - 30; i += 2)
        weeks.observed[i] = NAN;
    assert_int_equal(judge_now(&series, &improved).alarm, TOC_ALARM_NO);
    for (size_t i = 0; i < WEEKS - 30; i++)
        if (i % 5 != 0)
            weeks.observed[i] = NAN;
    assert_int_equal(judge_now(&series, &improved).reason, TOC_REASON_BASELINE_MISSING);
}

/* An outbreak is found, its score counts cases, and an ordinary week is none. */
static void test_outbreak(void **state)
{
    (void) state;
    struct weeks      weeks;
    struct toc_series series = weekly(&weeks, 8);
    for (int threshold = TOC_FARRINGTON_DELTA; threshold <= TOC_FARRINGTON_MUAN; threshold++) {
        struct toc_farrington_flexible_options options = improved;
        options.threshold = (enum toc_farrington_threshold) threshold;
        weeks.observed[NOW] = 10;
        assert_int_equal(judge_now(&series, &options).alarm, TOC_ALARM_NO);
        weeks.observed[NOW] = 40;
        struct toc_judgement got = judge_now(&series, &options);
        assert_int_equal(got.alarm, TOC_ALARM_YES);
        assert_close(got.expected, 8.0, 0.1, 0);
        assert_close(got.score, (40 - got.expected) / (got.threshold - got.expected), 1e-14, 0);
    }
}

/* Holidays: not judged, and the count of an earlier one does not enter the baseline. */
static void test_holidays_are_left_out(void **state)
{
    (void) state;
    struct weeks         weeks;
    struct toc_series    series = weekly(&weeks, 8);
    struct toc_judgement before = judge_now(&series, &improved);
    series.holiday = weeks.holiday;
    weeks.holiday[NOW - 104] = 1;
    struct toc_judgement without = judge_now(&series, &improved);
    weeks.observed[NOW - 104] = 500;
    assert_close(judge_now(&series, &improved).threshold, without.threshold, 0, 0);
    assert_close(judge_now(&series, &improved).expected, before.expected, 0.05, 0);
    weeks.holiday[NOW] = 1;
    assert_int_equal(judge_now(&series, &improved).reason, TOC_REASON_HOLIDAY);
}

/* A missing first row moves one of R's two origins of time; by default there is one. */
static void test_one_origin_of_time(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 20);
    struct toc_farrington_flexible_options options = improved;
    struct toc_farrington_detail           full, gap, r_gap;
    struct toc_judgement                   got;
    for (size_t i = 0; i < WEEKS; i++)
        weeks.observed[i] += floor((double) i / 50.0);
    assert_ok(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, &full, NULL));
    for (size_t i = NOW - 264; i <= NOW - 260; i++)
        weeks.observed[i] = NAN;
    assert_ok(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, &gap, NULL));
    assert_true(full.trend && gap.trend);
    assert_close(gap.expected, full.expected, 0.005, 0);
    options.mode = TOC_MODE_R;
    options.half_window = 3;
    options.periods = 10;
    options.guard = 26;
    assert_ok(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, &r_gap, NULL));
    assert_true(r_gap.expected < gap.expected);
    assert_close(gap.log_mean - r_gap.log_mean, 5 * gap.trend_coefficient, 1e-9, 0); /* five weeks too early */
}

/* History that is too short, or reference dates that are not there: this step only, and with its reason. */
static void test_short_history(void **state)
{
    (void) state;
    struct weeks         weeks;
    struct toc_series    series = weekly(&weeks, 8);
    struct toc_judgement got[WEEKS];
    assert_ok(toc_farrington_flexible_judge(&series, 0, WEEKS, &improved, &test_allocator, got, NULL, NULL));
    for (size_t i = 0; i < WEEKS; i++) {
        bool enough = i >= 5 * 52 + 3 + 1; /* five years with 53 weeks once, and the window */
        assert_int_equal(got[i].alarm == TOC_ALARM_NOT_ASSESSED, !enough);
        assert_int_equal(got[i].reason, enough ? TOC_REASON_NONE : TOC_REASON_SHORT_HISTORY);
    }
    series.date = NULL;
    struct toc_farrington_flexible_options options = as_r;
    options.years_back = 1;
    assert_ok(toc_farrington_flexible_judge(&series, 54, 1, &options, &test_allocator, got, NULL, NULL));
    assert_int_equal(got->reason, TOC_REASON_NONE); /* R loses a row here without a word */
    options.mode = TOC_MODE_DEFAULT;
    assert_ok(toc_farrington_flexible_judge(&series, 54, 1, &options, &test_allocator, got, NULL, NULL));
    assert_int_equal(got->reason, TOC_REASON_SHORT_HISTORY);
}

/* Sundays at a third of the other days: none of the days stands out. */
static void test_weekdays_have_levels(void **state)
{
    (void) state;
    enum { DAYS = 3 * 365 + 60 };
    static double   observed[DAYS];
    static toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 18000 + i;
        observed[i] = toc_date_weekday(date[i]) == 6 ? 10 + i % 3 : 60 + i % 7;
    }
    struct toc_series series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    struct toc_farrington_flexible_options options = improved;
    struct toc_judgement                   got[7];
    options.years_back = 2;
    for (size_t i = 0; i < 7; i++)
        if (toc_date_weekday(date[DAYS - 7 + i]) == 6)
            observed[DAYS - 7 + i] = 40; /* high for a Sunday, low for another day */
    assert_ok(toc_farrington_flexible_judge(&series, DAYS - 7, 7, &options, &test_allocator, got, NULL, NULL));
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(got[i].alarm, toc_date_weekday(date[DAYS - 7 + i]) == 6 ? TOC_ALARM_YES : TOC_ALARM_NO);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    assert_ok(toc_farrington_flexible_judge(&series, DAYS - 7, 7, &options, &test_allocator, got, NULL, NULL));
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(got[i].alarm, TOC_ALARM_NO);
}

static void test_bad_options(void **state)
{
    (void) state;
    struct weeks                           weeks;
    struct toc_series                      series = weekly(&weeks, 8);
    struct toc_farrington_flexible_options options = improved;
    struct toc_judgement                   got = { .expected = 77 };
    struct toc_error                       error;
    options.periods = 47; /* 46 blocks do not fit between two windows of 7 within 52 weeks */
    assert_status(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, NULL, &error),
                  TOC_ERR_OPTION);
    assert_string_equal(error.what, "options.periods");
    options.periods = 46;
    assert_ok(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, NULL, &error));
    options.population_offset = true;
    assert_status(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, NULL, &error),
                  TOC_ERR_UNSUPPORTED);
    options = improved;
    options.alpha = 1.0;
    got.expected = 77;
    assert_status(toc_farrington_flexible_judge(&series, NOW, 1, &options, &test_allocator, &got, NULL, &error),
                  TOC_ERR_OPTION);
    assert_status(toc_farrington_flexible_judge(&series, NOW, 2, &improved, &test_allocator, &got, NULL, &error),
                  TOC_ERR_SHAPE);
    struct toc_farrington_options old = TOC_FARRINGTON_OPTIONS_INIT;
    old.half_window = 26;
    assert_status(toc_farrington_judge(&series, NOW, 1, &old, &test_allocator, &got, NULL, &error), TOC_ERR_OPTION);
    assert_close(got.expected, 77, 0, 0);
}

static void test_failed_allocations(void **state)
{
    (void) state;
    struct weeks                         weeks;
    struct toc_series                    series = weekly(&weeks, 8);
    struct toc_judgement                 got = { .expected = 77 };
    struct test_failing_memory           memory = { .fail_at = 1 };
    struct toc_allocator                 failing = test_failing_allocator(&memory);
    struct toc_farrington_flexible_state stream = { 0 };
    assert_status(toc_farrington_flexible_judge(&series, NOW, 1, &improved, &failing, &got, NULL, NULL),
                  TOC_ERR_NO_MEMORY);
    assert_close(got.expected, 77, 0, 0);
    int ret = TOC_ERR_NO_MEMORY;
    for (size_t fail_at = 1; ret != 0; fail_at++) {
        memory = (struct test_failing_memory){ .fail_at = fail_at };
        ret = toc_farrington_flexible_state_init(&stream, &series, &improved, &failing, NULL);
        assert_true(ret == 0 || ret == TOC_ERR_NO_MEMORY);
        assert_true(ret == 0 || memory.bytes_held == 0);
    }
    size_t          requests = memory.requests;
    struct toc_step step = { .observed = 3, .date = weeks.date[NOW] + 7 };
    assert_ok(toc_farrington_flexible_state_next(&stream, &step, &got, NULL));
    assert_int_equal(memory.requests, requests); /* none a step */
    toc_farrington_flexible_state_free(&stream);
    toc_farrington_flexible_state_free(&stream);
    assert_int_equal(memory.bytes_held, 0);
}

static void draw_options(struct test_random *random, int steps_per_year,
                         struct toc_farrington_flexible_options *options)
{
    *options = improved;
    options->mode = test_between(random, 0, 1) ? TOC_MODE_R : TOC_MODE_DEFAULT;
    options->years_back = (int) test_between(random, 1, steps_per_year == 365 ? 2 : 6);
    options->half_window = (int) test_between(random, 0, 5);
    options->periods = test_between(random, 0, 1) ? 1 : (int) test_between(random, 2, 12);
    if (steps_per_year == 12) {
        options->half_window = (int) test_between(random, 0, 2);
        options->periods = (int) test_between(random, 1, 4);
    }
    options->guard = (int) test_between(random, 0, 30);
    options->threshold = (enum toc_farrington_threshold) test_between(random, 0, 2);
    options->trend_p_limit = test_between(random, 0, 1) ? 1.0 : 0.05;
    options->min_cases = (int) test_between(random, 0, 5);
    options->min_cases_steps = (int) test_between(random, 1, 8);
    options->alpha = 0.001 + 0.1 * test_uniform(random);
}

/* A stream begun anywhere says the same as the whole series, bit for bit. */
static void stream_is_batch(struct test_random *random)
{
    static const int                       steps[] = { 52, 12, 365 };
    struct test_series                     drawn;
    struct toc_farrington_flexible_options options;
    struct toc_farrington_flexible_state   stream;
    struct toc_judgement                   batch, next;
    int                                    steps_per_year = steps[test_between(random, 0, 2)];
    size_t                                 n = test_between(random, 300, 900), begun = n - test_between(random, 1, 60);
    if (test_between(random, 0, 3) == 0)
        begun = test_between(random, 0, 2);
    draw_options(random, steps_per_year, &options);
    test_draw_series(random, &drawn, n, steps_per_year, 3.0, (unsigned) test_between(random, 0, 15));
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(toc_farrington_flexible_state_init(&stream, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], 1 };
        assert_ok(toc_farrington_flexible_state_next(&stream, &step, &next, NULL));
        if (row % 7 != 0 && row + 50 < n)
            continue;
        assert_ok(toc_farrington_flexible_judge(&drawn.series, row, 1, &options, &test_allocator, &batch, NULL, NULL));
        assert_memory_equal(&next, &batch, sizeof batch);
    }
    toc_farrington_flexible_state_free(&stream);
}

static void test_stream(void **state)
{
    (void) state;
    test_property("streaming equals the whole series", 100, stream_is_batch);
}

/* The same for the method of 1996, with population. */
static void old_stream_is_batch(struct test_random *random)
{
    struct test_series            drawn;
    struct toc_farrington_options options = TOC_FARRINGTON_OPTIONS_INIT;
    struct toc_farrington_state   stream = { 0 };
    struct toc_judgement          batch, next;
    double                        population[TEST_SERIES_ROOM];
    size_t                        n = 400, begun = test_between(random, 0, 390);
    options.mode = test_between(random, 0, 1) ? TOC_MODE_R : TOC_MODE_DEFAULT;
    options.years_back = (int) test_between(random, 1, 6);
    options.half_window = (int) test_between(random, 0, 10);
    options.offset = test_between(random, 0, 1) ? TOC_FARRINGTON_POPULATION : TOC_FARRINGTON_NO_OFFSET;
    test_draw_series(random, &drawn, n, 52, 3.0, (unsigned) test_between(random, 0, 7));
    for (size_t i = 0; i < n; i++)
        population[i] = 1e5 + floor(1e4 * test_uniform(random));
    drawn.series.population = population;
    struct toc_series history = drawn.series;
    history.n = begun;
    assert_ok(toc_farrington_state_init(&stream, &history, &options, &test_allocator, NULL));
    for (size_t row = begun; row < n; row++) {
        struct toc_step step = { drawn.observed[row], drawn.date[row], drawn.holiday[row], population[row] };
        assert_ok(toc_farrington_state_next(&stream, &step, &next, NULL));
        assert_ok(toc_farrington_judge(&drawn.series, row, 1, &options, &test_allocator, &batch, NULL, NULL));
        assert_memory_equal(&next, &batch, sizeof batch);
    }
    toc_farrington_state_free(&stream);
}

static void test_old_stream(void **state)
{
    (void) state;
    test_property("streaming equals the whole series, 1996", 50, old_stream_is_batch);
}

/* Whatever is asked, every step has an answer with a reason, or the options are refused. */
/* A reason stands exactly where a step was not assessed; R's "no alarm" by rule has one too. */
static void check_reason(const struct toc_judgement *got, enum toc_mode mode)
{
    bool assessed = got->reason == TOC_REASON_NONE;
    if (mode == TOC_MODE_R && got->alarm == TOC_ALARM_NO)
        return;
    assert_int_equal(assessed, got->alarm != TOC_ALARM_NOT_ASSESSED);
}

static void any_options_are_safe(struct test_random *random)
{
    static const int                       steps[] = { 52, 12, 365 };
    struct test_series                     drawn;
    struct toc_farrington_flexible_options options = improved;
    struct toc_farrington_options          old = TOC_FARRINGTON_OPTIONS_INIT;
    struct toc_judgement                   got[TEST_SERIES_ROOM];
    struct toc_farrington_detail           details[TEST_SERIES_ROOM];
    size_t                                 n = test_between(random, 0, 700);
    double mean = test_between(random, 0, 2) == 0 ? 1e6 : test_between(random, 0, 1) ? 0.01 : 4.0;
    options.mode = old.mode = test_between(random, 0, 1) ? TOC_MODE_R : TOC_MODE_DEFAULT;
    options.years_back = old.years_back = (int) test_between(random, 1, 12);
    options.half_window = old.half_window = (int) test_between(random, 0, 40);
    options.periods = (int) test_between(random, 1, 60);
    options.guard = (int) test_between(random, 0, 120);
    options.threshold = (enum toc_farrington_threshold) test_between(random, 0, 2);
    options.power = old.power = (enum toc_farrington_power) test_between(random, 0, 2);
    options.alpha = old.alpha = test_uniform(random);
    options.trend_p_limit = test_uniform(random);
    options.min_cases = old.min_cases = (int) test_between(random, 0, 1) * 5;
    options.min_cases_steps = old.min_cases_steps = (int) test_between(random, 1, 200);
    options.reweight = old.reweight = test_between(random, 0, 1);
    options.trend = old.trend = test_between(random, 0, 1);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    test_draw_series(random, &drawn, n, steps[test_between(random, 0, 2)], mean,
                     (unsigned) test_between(random, 0, 15));
    int ret = toc_farrington_flexible_judge(&drawn.series, 0, n, &options, &test_allocator, got, details, NULL);
    assert_true(ret == 0 || ret == TOC_ERR_OPTION);
    for (size_t i = 0; i < n && ret == 0; i++)
        check_reason(&got[i], options.mode);
    ret = toc_farrington_judge(&drawn.series, 0, n, &old, &test_allocator, got, details, NULL);
    assert_true(ret == 0 || ret == TOC_ERR_OPTION);
    for (size_t i = 0; i < n && ret == 0; i++)
        check_reason(&got[i], old.mode);
}

static void test_any_options(void **state)
{
    (void) state;
    test_property("any options are safe", 150, any_options_are_safe);
}

/* The judgement does not depend on how many steps are asked for at once, nor on what comes later; alarm, score and
 * threshold tell the same story. */
static void answers_are_consistent(struct test_random *random)
{
    struct test_series                     drawn;
    struct toc_farrington_flexible_options options;
    struct toc_judgement                   all[40], one;
    draw_options(random, 52, &options);
    options.mode = TOC_MODE_DEFAULT;
    test_draw_series(random, &drawn, 500, 52, 6.0 * test_uniform(random) * test_uniform(random),
                     (unsigned) test_between(random, 0, 7));
    assert_ok(toc_farrington_flexible_judge(&drawn.series, 460, 40, &options, &test_allocator, all, NULL, NULL));
    for (size_t i = 0; i < 40; i++) {
        struct toc_series shorter = drawn.series;
        shorter.n = 461 + i;
        assert_ok(toc_farrington_flexible_judge(&shorter, 460 + i, 1, &options, &test_allocator, &one, NULL, NULL));
        assert_memory_equal(&one, &all[i], sizeof one);
        if (one.alarm == TOC_ALARM_NOT_ASSESSED) {
            assert_true(isnan(one.threshold) && one.reason != TOC_REASON_NONE);
            continue;
        }
        double y = drawn.observed[460 + i];
        assert_int_equal(one.reason, TOC_REASON_NONE);
        assert_true(one.threshold >= 0 && one.expected > 0 && !isnan(one.score));
        assert_int_equal(one.alarm == TOC_ALARM_YES, y > one.threshold && y > 0);
        assert_int_equal(one.alarm == TOC_ALARM_YES, one.score > 1);
    }
}

static void test_consistency(void **state)
{
    (void) state;
    test_property("answers are consistent", 100, answers_are_consistent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_case_of_a_new_disease_alarms),
        cmocka_unit_test(test_numbers_of_a_new_disease),
        cmocka_unit_test(test_baseline_too_small_for_its_scatter),
        cmocka_unit_test(test_season_without_cases),
        cmocka_unit_test(test_few_cases_are_not_assessed),
        cmocka_unit_test(test_few_cases_in_r),
        cmocka_unit_test(test_missing_baseline),
        cmocka_unit_test(test_outbreak),
        cmocka_unit_test(test_holidays_are_left_out),
        cmocka_unit_test(test_one_origin_of_time),
        cmocka_unit_test(test_short_history),
        cmocka_unit_test(test_weekdays_have_levels),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_failed_allocations),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_old_stream),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_any_options),
    };
    return cmocka_run_group_tests_name("farrington", tests, NULL, NULL);
}
