/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Farrington flexible with day of the week and week of a holiday as factors. */
#include <math.h>
#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/calendar.h"
#include "tocsin/farrington.h"

enum { WEEKS = 420, DAYS = 2300, BEFORE = 0, FESTIVAL = 1, AFTER = 2 };

typedef struct toc_farrington_flexible_options options_t;

/* Weekly counts of 8 years: 40, the festival at a half of that and the week after it at 1.5 times, where a week is cut
 * in two something between, and a little noise. */
static struct weekly {
    double   observed[WEEKS];
    toc_date date[WEEKS];
    uint8_t  holiday[WEEKS];
} weekly;

/* -1 ordinary, 0 the week before, 1 the festival, 2 and 3 the weeks after. */
static int week_of(uint8_t label)
{
    return label == 0 ? -1 : (label - 1) / TOC_LABELS_A_WEEK;
}

static struct toc_series make_weekly(void)
{
    static const struct {
        int year, month, day;
    } eve[] = {
        { 2015, 2, 18 }, { 2016, 2, 7 },  { 2017, 1, 27 }, { 2018, 2, 15 }, { 2019, 2, 4 },
        { 2020, 1, 24 }, { 2021, 2, 11 }, { 2022, 1, 31 }, { 2023, 1, 21 },
    };
    const struct toc_holiday_kind kind = { "Spring Festival", TOC_HOLIDAY_MONTHS, 1, 2 };
    struct toc_holiday            holidays[9];
    for (size_t i = 0; i < 9; i++) {
        holidays[i].from = toc_date_from_civil((struct toc_civil){ eve[i].year, eve[i].month, eve[i].day });
        holidays[i].to = holidays[i].from + 6;
        holidays[i].kind = 0;
    }
    const struct toc_calendar calendar = { &kind, 1, holidays, 9 };
    toc_date                  first = toc_date_from_iso_week((struct toc_iso_week){ 2015, 2 });
    for (int i = 0; i < WEEKS; i++)
        weekly.date[i] = first + 7 * i;
    assert_ok(toc_calendar_label(&calendar, weekly.date, WEEKS, 52, weekly.holiday, NULL));
    static const double effect[] = { 1.0, 0.5, 1.5, 1.0, 1.0 };
    for (int i = 0; i < WEEKS; i++) {
        double log_mean = log(40);
        if (weekly.holiday[i] != 0) {
            int    week = week_of(weekly.holiday[i]), beyond = (weekly.holiday[i] - 1) % TOC_LABELS_A_WEEK - 3;
            double other = beyond < 0 ? (week > 0 ? effect[week - 1] : 1.0) : effect[week + 1],
                   share = abs(beyond) / 7.0;
            log_mean += (1 - share) * log(effect[week]) + share * log(other);
        }
        weekly.observed[i] = round(exp(log_mean)) + (i * 31 % 7 - 3);
    }
    return (struct toc_series){
        .observed = weekly.observed, .date = weekly.date, .holiday = weekly.holiday, .n = WEEKS, .steps_per_year = 52
    };
}

static size_t last_week(int week)
{
    size_t row = WEEKS - 1;
    while (week_of(weekly.holiday[row]) != week)
        row--;
    return row;
}

static struct toc_judgement judge(const struct toc_series *series, size_t row, const options_t *options)
{
    struct toc_judgement got;
    assert_ok(toc_farrington_flexible_judge(series, row, 1, options, &test_allocator, &got, NULL, NULL));
    return got;
}

/* The week of the festival is expected at its own level, and so is the one after it. */
static void test_week_of_a_holiday_has_its_own_level(void **state)
{
    (void) state;
    struct toc_series series = make_weekly();
    options_t         options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    const int         weeks[] = { BEFORE, FESTIVAL, AFTER };
    for (size_t i = 0; i < 3; i++) {
        size_t row = last_week(weeks[i]);
        assert_close(judge(&series, row, &options).expected, weekly.observed[row], 0, 5);
    }
    assert_close(judge(&series, last_week(FESTIVAL) - 3, &options).expected, 40, 0, 3);

    size_t row = last_week(FESTIVAL);
    weekly.observed[row] = 45; /* ordinary for an ordinary week */
    assert_int_equal(judge(&series, row, &options).alarm, TOC_ALARM_YES);
    options.holidays = TOC_HOLIDAYS_IGNORE;
    assert_int_equal(judge(&series, row, &options).alarm, TOC_ALARM_NO);
    options.holidays = TOC_HOLIDAYS_SKIP;
    assert_int_equal(judge(&series, row, &options).reason, TOC_REASON_HOLIDAY);
}

/* A label of fewer than three earlier years is no level: not assessed, and left out of other steps' baselines. */
static void test_label_of_too_few_years(void **state)
{
    (void) state;
    struct toc_series series = make_weekly();
    options_t         options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    size_t            row = last_week(FESTIVAL), kept = 0;
    for (size_t i = row; i-- > 0;)
        if (week_of(weekly.holiday[i]) == FESTIVAL && ++kept > 2) {
            weekly.holiday[i] = 0;
            weekly.observed[i] = 40;
        }
    assert_int_equal(judge(&series, row, &options).reason, TOC_REASON_HOLIDAY);
    struct toc_judgement with = judge(&series, row - 3, &options);
    options.holidays = TOC_HOLIDAYS_SKIP;
    assert_true(judge(&series, row - 3, &options).alarm == with.alarm);
}

/* A calendar that names no step changes nothing: the iterative fit is the closed form's. */
static void compare_with_closed_form(struct test_random *random)
{
    static struct test_series drawn;
    uint8_t                   nothing[520] = { 0 };
    test_draw_series(random, &drawn, 520, 52, exp(6 * test_uniform(random) - 1),
                     TEST_SERIES_DATED | TEST_SERIES_MISSING);
    options_t options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    options.threshold = (enum toc_farrington_threshold) test_between(random, 0, 2);
    options.trend_p_limit = test_uniform(random);
    options.min_cases = 0;
    struct toc_judgement         closed[20], by_factors[20];
    struct toc_farrington_detail closed_detail[20], detail[20];

    assert_ok(
        toc_farrington_flexible_judge(&drawn.series, 500, 20, &options, &test_allocator, closed, closed_detail, NULL));
    drawn.series.holiday = nothing;
    assert_ok(
        toc_farrington_flexible_judge(&drawn.series, 500, 20, &options, &test_allocator, by_factors, detail, NULL));
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(by_factors[i].alarm, closed[i].alarm);
        assert_int_equal(by_factors[i].reason, closed[i].reason);
        assert_close(by_factors[i].expected, closed[i].expected, 1e-9, 0);
        assert_close(by_factors[i].threshold, closed[i].threshold, 1e-9, 0);
        assert_close(detail[i].phi, closed_detail[i].phi, 1e-9, 0);
        assert_close(detail[i].log_mean_se, closed_detail[i].log_mean_se, 1e-9, 0);
        assert_close(detail[i].trend_coefficient, closed_detail[i].trend_coefficient, 1e-9, 1e-12);
        assert_int_equal(detail[i].baseline_rows, closed_detail[i].baseline_rows);
    }
}

static void test_without_labels_as_the_closed_form(void **state)
{
    (void) state;
    test_property("factors without labels", 30, compare_with_closed_form);
}

/* Holidays ignored: as without a calendar, exactly. R mode: too. */
static void test_ignored_calendar(void **state)
{
    (void) state;
    struct toc_series    series = make_weekly();
    options_t            options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT, as_r = TOC_FARRINGTON_FLEXIBLE_R_OPTIONS_INIT;
    struct toc_judgement with[60], without[60];
    options.holidays = TOC_HOLIDAYS_IGNORE;
    const options_t *each[] = { &options, &as_r };
    for (size_t i = 0; i < 2; i++) {
        series.holiday = weekly.holiday;
        assert_ok(toc_farrington_flexible_judge(&series, 350, 60, each[i], &test_allocator, with, NULL, NULL));
        series.holiday = NULL;
        assert_ok(toc_farrington_flexible_judge(&series, 350, 60, each[i], &test_allocator, without, NULL, NULL));
        for (size_t j = 0; j < 60; j++) {
            assert_int_equal(with[j].alarm, without[j].alarm);
            assert_close(with[j].threshold, without[j].threshold, 0, 0);
        }
    }
}

/* Daily counts with low weekends: each day is expected at its own level; a Sunday as high as a Monday alarms. */
static void test_days_of_the_week(void **state)
{
    (void) state;
    static double   observed[DAYS];
    static toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 17000 + i;
        observed[i] = (toc_date_weekday(date[i]) >= 5 ? 10 : 40) + i * 31 % 5 - 2;
    }
    struct toc_series series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    options_t         options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    size_t            sunday = DAYS - 1;
    while (toc_date_weekday(date[sunday]) != 6)
        sunday--;
    assert_close(judge(&series, sunday, &options).expected, 10, 0.1, 0);
    assert_close(judge(&series, sunday - 1, &options).expected, 10, 0.1, 0);
    assert_close(judge(&series, sunday - 2, &options).expected, 40, 0.1, 0);
    observed[sunday] = 40;
    assert_int_equal(judge(&series, sunday, &options).alarm, TOC_ALARM_YES);
    options.weekdays = TOC_WEEKDAYS_POOLED;
    assert_int_equal(judge(&series, sunday, &options).alarm, TOC_ALARM_NO);
}

/* A clinic that is closed on Sundays: its first Sunday case is judged against Sundays without a case. */
static void test_level_without_a_case(void **state)
{
    (void) state;
    static double   observed[DAYS];
    static toc_date date[DAYS];
    for (int i = 0; i < DAYS; i++) {
        date[i] = 17000 + i;
        observed[i] = toc_date_weekday(date[i]) == 6 ? 0 : 20;
    }
    struct toc_series series = { .observed = observed, .date = date, .n = DAYS, .steps_per_year = 365 };
    options_t         options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    size_t            sunday = DAYS - 1;
    while (toc_date_weekday(date[sunday]) != 6)
        sunday--;
    observed[sunday] = 3;
    struct toc_judgement got = judge(&series, sunday, &options);
    assert_int_equal(got.alarm, TOC_ALARM_YES);
    assert_true(got.expected < 0.01);
    assert_close(judge(&series, sunday - 1, &options).expected, 20, 1e-6, 0);
}

/* A stream judges as the whole series does, holidays and weekdays too. */
static void compare_stream(const struct toc_series *series, size_t history, size_t steps, int years_back)
{
    options_t                            options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    struct toc_farrington_flexible_state state;
    struct toc_series                    past = *series;
    struct toc_judgement                 got;

    options.years_back = years_back;
    past.n = history;
    assert_ok(toc_farrington_flexible_state_init(&state, &past, &options, &test_allocator, NULL));
    for (size_t row = history; row < history + steps; row++) {
        struct toc_step step = { .observed = series->observed[row], .date = series->date[row] };
        if (series->holiday != NULL)
            step.holiday = series->holiday[row];
        assert_ok(toc_farrington_flexible_state_next(&state, &step, &got, NULL));
        struct toc_judgement expected = judge(series, row, &options);
        assert_int_equal(got.alarm, expected.alarm);
        assert_int_equal(got.reason, expected.reason);
        assert_close(got.expected, expected.expected, 1e-9, 0);
        assert_close(got.threshold, expected.threshold, 1e-9, 0);
    }
    toc_farrington_flexible_state_free(&state);
}

static void test_stream_equals_whole(void **state)
{
    (void) state;
    static struct test_series drawn;
    struct test_random        random = { .seed = 3 };
    struct toc_series         series = make_weekly();
    compare_stream(&series, 300, 120, 5);
    test_draw_series(&random, &drawn, 1000, 365, 12, TEST_SERIES_DATED | TEST_SERIES_WEEKDAYS | TEST_SERIES_HOLIDAYS);
    compare_stream(&drawn.series, 980, 15, 2);
}

static void test_too_many_periods(void **state)
{
    (void) state;
    struct toc_series    series = make_weekly();
    options_t            options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    struct toc_judgement got;
    struct toc_error     error;
    series.steps_per_year = 365;
    options.half_window = 3;
    options.periods = 60;
    assert_ok(toc_farrington_flexible_judge(&series, 400, 1, &options, &test_allocator, &got, NULL, NULL));
    options.periods = 61;
    assert_status(toc_farrington_flexible_judge(&series, 400, 1, &options, &test_allocator, &got, NULL, &error),
                  TOC_ERR_OPTION);
    assert_string_equal(error.what, "options.periods");
}

static void test_failed_allocation(void **state)
{
    (void) state;
    struct toc_series          series = make_weekly();
    options_t                  options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    struct test_failing_memory memory = { .fail_at = 1 };
    const struct toc_allocator allocator = test_failing_allocator(&memory);
    struct toc_judgement       got;
    assert_status(toc_farrington_flexible_judge(&series, 400, 1, &options, &allocator, &got, NULL, NULL),
                  TOC_ERR_NO_MEMORY);
    assert_int_equal(memory.bytes_held, 0);
    memory.fail_at = 0;
    assert_ok(toc_farrington_flexible_judge(&series, 400, 1, &options, &allocator, &got, NULL, NULL));
    assert_int_equal(memory.bytes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_week_of_a_holiday_has_its_own_level),
        cmocka_unit_test(test_label_of_too_few_years),
        cmocka_unit_test(test_without_labels_as_the_closed_form),
        cmocka_unit_test(test_ignored_calendar),
        cmocka_unit_test(test_days_of_the_week),
        cmocka_unit_test(test_level_without_a_case),
        cmocka_unit_test(test_stream_equals_whole),
        cmocka_unit_test(test_too_many_periods),
        cmocka_unit_test(test_failed_allocation),
    };
    return cmocka_run_group_tests_name("farrington_factors", tests, NULL, NULL);
}
