/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/season.h"

enum { SEASONS = 7, WEEKS = 52 * SEASONS + 3 };

static const double winter[33] = { 2, 2, 3, 2, 4, 3, 5, 4, 6, 9, 20, 40, 80, 120, 90, 50, 25,
                                   9, 6, 5, 4, 4, 3, 3, 2, 2, 3, 2,  2,  1,  2,   1,  2 };

/* Week W40 of 2012 on: every season the same winter, times `factor`. */
static struct toc_series winters(double *observed, toc_date *date, double factor)
{
    toc_date first = toc_date_from_iso_week((struct toc_iso_week){ 2012, 40 });
    size_t   place = 0;
    for (size_t row = 0; row < WEEKS; row++) {
        date[row] = first + 7 * (toc_date) row;
        int week = toc_date_iso_week(date[row]).week;
        place = week == 40 ? 0 : place + 1;
        observed[row] = place < 33 ? factor * winter[place] : 0;
    }
    return (struct toc_series){ .observed = observed, .date = date, .n = WEEKS, .steps_per_year = 52 };
}

/* 10 weeks of 1, then 5 of 19, 2 of 1, by hand: total 107; five weeks hold 88.8 %, a sixth adds 0.9 %. */
static void test_timing_by_hand(void **state)
{
    (void) state;
    const double             value[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 19, 19, 19, 19, 19, 1, 1 };
    struct toc_season_timing got;
    assert_ok(toc_season_find_epidemic(value, 17, 2.8, &got, NULL));
    assert_int_equal(got.first, 10);
    assert_int_equal(got.last, 14);
    assert_close(got.percent, 9500.0 / 107.0, 1e-13, 0);
    assert_ok(toc_season_find_epidemic(value, 17, 0.1, &got, NULL)); /* every week adds more than that */
    assert_int_equal(got.last - got.first, 16);
    assert_close(got.percent, 100.0, 0, 0);
    assert_ok(toc_season_find_epidemic(value, 17, 50.0, &got, NULL)); /* one week of the five equal ones: the first */
    assert_int_equal(got.first, 10);
    assert_int_equal(got.last, 10);
}

/* Six equal winters: the weeks 10 … 16 hold the epidemic; the thresholds come from the highest values by hand. */
static void test_equal_winters(void **state)
{
    (void) state;
    double                    observed[WEEKS];
    toc_date                  date[WEEKS];
    struct toc_series         series = winters(observed, date, 1.0);
    struct toc_season_options options = TOC_SEASON_OPTIONS_INIT;
    struct toc_season_timing  timing;
    struct toc_season_week    got[WEEKS];
    assert_ok(toc_season_find_epidemic(winter, 33, 2.8, &timing, NULL));
    assert_int_equal(timing.first, 10);
    assert_int_equal(timing.last, 16);
    assert_ok(toc_season_judge(&series, 0, WEEKS, &options, &test_allocator, got, NULL));

    /* the seventh season begins in W40 of 2018; 30/6 = 5 values a season: 9 6 5 4 4 */
    size_t first = 0;
    while (got[first].season != 2018)
        first++;
    double mean = 28.0 / 5, squares = 6 * (9 * 9 + 6 * 6 + 5 * 5 + 4 * 4 + 4 * 4 - 5 * mean * mean);
    assert_close(got[first].threshold, mean + 1.6448536269514722 * sqrt(squares / 29), 1e-12, 0);
    assert_int_equal(got[first].reason, TOC_REASON_NONE);
    /* 8.78: the 9 of the tenth week is above it, the 9 of the eighteenth not below it */
    assert_int_equal(got[first + 8].level, TOC_SEASON_BASELINE);
    assert_true(got[first + 9].starts && got[first + 9].epidemic);
    assert_int_equal(got[first + 9].level, TOC_SEASON_LOW);
    assert_true(got[first + 13].level >= TOC_SEASON_MEDIUM && !got[first + 13].starts);
    assert_true(got[first + 17].epidemic);
    assert_true(got[first + 18].ends && !got[first + 18].epidemic);
    assert_int_equal(got[first + 18].level, TOC_SEASON_BASELINE);

    /* before: too few seasons, and summers */
    assert_int_equal(got[0].reason, TOC_REASON_SHORT_HISTORY);
    assert_true(isnan(got[0].threshold));
    assert_int_equal(got[first - 1].reason, TOC_REASON_OFF_SEASON);
    assert_int_equal(got[first - 1].season, 0);
}

/* Ten times the cases in ten times the population are the same season. */
static void test_population(void **state)
{
    (void) state;
    double                    observed[2][WEEKS], population[2][WEEKS];
    toc_date                  date[WEEKS];
    struct toc_season_options options = TOC_SEASON_OPTIONS_INIT;
    struct toc_season_week    got[2][WEEKS];
    for (size_t i = 0; i < 2; i++) {
        struct toc_series series = winters(observed[i], date, i == 0 ? 1.0 : 10.0);
        for (size_t row = 0; row < WEEKS; row++)
            population[i][row] = i == 0 ? 3e4 : 3e5;
        series.population = population[i];
        assert_ok(toc_season_judge(&series, 0, WEEKS, &options, &test_allocator, got[i], NULL));
    }
    for (size_t row = 0; row < WEEKS; row++) {
        assert_int_equal(got[0][row].level, got[1][row].level);
        assert_close(got[1][row].threshold, 10 * got[0][row].threshold, 1e-12, 0);
    }
}

/* A missing count is not assessed and does not end the epidemic; a past season that lacks much is not used. */
static void test_missing(void **state)
{
    (void) state;
    double                    observed[WEEKS];
    toc_date                  date[WEEKS];
    struct toc_series         series = winters(observed, date, 1.0);
    struct toc_season_options options = TOC_SEASON_OPTIONS_INIT;
    struct toc_season_week    got[WEEKS];
    options.min_seasons = 6;
    size_t first = WEEKS - 1;
    assert_ok(toc_season_judge(&series, 0, WEEKS, &options, &test_allocator, got, NULL));
    while (got[first].season != 2018 || got[first - 1].season == 2018)
        first--;
    observed[first + 12] = NAN;
    observed[13] = NAN; /* one week of 2012 */
    assert_ok(toc_season_judge(&series, first, 20, &options, &test_allocator, got, NULL));
    assert_int_equal(got[12].reason, TOC_REASON_OBSERVED_MISSING);
    assert_true(got[12].epidemic && got[13].epidemic && !got[13].starts);
    observed[0] = observed[32] = NAN; /* the ends of 2012's season: as their neighbours */
    assert_ok(toc_season_judge(&series, first, 20, &options, &test_allocator, got, NULL));
    assert_int_equal(got[10].reason, TOC_REASON_NONE);
    for (size_t row = 0; row < 33; row++)
        observed[row] = NAN;
    assert_ok(toc_season_judge(&series, first, 20, &options, &test_allocator, got, NULL));
    assert_int_equal(got[12].reason, TOC_REASON_SHORT_HISTORY);
    options.min_seasons = 5;
    assert_ok(toc_season_judge(&series, first, 20, &options, &test_allocator, got, NULL));
    assert_int_equal(got[10].reason, TOC_REASON_NONE);
}

/* A season within one calendar year: weeks 20 … 45, as in the south. */
static void test_season_within_a_year(void **state)
{
    (void) state;
    double                    observed[WEEKS];
    toc_date                  date[WEEKS];
    struct toc_series         series = winters(observed, date, 1.0);
    struct toc_season_options options = TOC_SEASON_OPTIONS_INIT;
    struct toc_season_week    got[WEEKS];
    options.first_week = 20, options.last_week = 45;
    assert_ok(toc_season_judge(&series, 0, WEEKS, &options, &test_allocator, got, NULL));
    for (size_t row = 0; row < WEEKS; row++) {
        struct toc_iso_week week = toc_date_iso_week(date[row]);
        assert_int_equal(got[row].season, week.week >= 20 && week.week <= 45 ? week.year : 0);
    }
}

/* The epidemic is one stretch that holds what it says; a larger delta never makes it longer. */
static void timing_property(struct test_random *random)
{
    double                   value[40], total = 0, inside = 0;
    size_t                   n = test_between(random, 1, 40);
    struct toc_season_timing wide, narrow;
    for (size_t i = 0; i < n; i++)
        total += value[i] = (double) test_between(random, 0, 50);
    value[0] += 1, total += 1;
    assert_ok(toc_season_find_epidemic(value, n, 2.0, &wide, NULL));
    assert_ok(toc_season_find_epidemic(value, n, 4.0, &narrow, NULL));
    assert_true(wide.first <= wide.last && wide.last < n);
    assert_true(narrow.last - narrow.first <= wide.last - wide.first);
    for (size_t i = wide.first; i <= wide.last; i++)
        inside += value[i];
    assert_close(wide.percent, 100 * inside / total, 1e-12, 0);
}

static void test_timing_properties(void **state)
{
    (void) state;
    test_property("timing", 300, timing_property);
}

static void test_bad_input(void **state)
{
    (void) state;
    double                    observed[WEEKS];
    toc_date                  date[WEEKS];
    struct toc_series         series = winters(observed, date, 1.0);
    struct toc_season_week    got = { .season = 77 };
    struct toc_season_timing  timing = { .first = 77 };
    struct toc_season_options bad[9];
    for (size_t i = 0; i < 9; i++)
        bad[i] = (struct toc_season_options) TOC_SEASON_OPTIONS_INIT;
    bad[0].first_week = 53;
    bad[1].last_week = 0;
    bad[2].min_seasons = 1;
    bad[3].max_seasons = TOC_SEASON_MAX_SEASONS + 1;
    bad[4].num_values = 1;
    bad[5].delta = 0;
    bad[6].level = 1;
    bad[7].intensity[1] = 0.4;
    bad[8].intensity[2] = 1;
    for (size_t i = 0; i < 9; i++)
        assert_status(toc_season_judge(&series, 0, 1, &bad[i], &test_allocator, &got, NULL), TOC_ERR_OPTION);
    struct toc_season_options options = TOC_SEASON_OPTIONS_INIT;
    series.steps_per_year = 365;
    assert_status(toc_season_judge(&series, 0, 1, &options, &test_allocator, &got, NULL), TOC_ERR_DOMAIN);
    series.steps_per_year = 52, series.date = NULL;
    assert_status(toc_season_judge(&series, 0, 1, &options, &test_allocator, &got, NULL), TOC_ERR_DOMAIN);
    series.date = date;
    assert_status(toc_season_judge(&series, WEEKS, 1, &options, &test_allocator, &got, NULL), TOC_ERR_SHAPE);
    assert_int_equal(got.season, 77);
    const double value[] = { 0, 0, -1 };
    assert_status(toc_season_find_epidemic(value, 0, 2.8, &timing, NULL), TOC_ERR_SHAPE);
    assert_status(toc_season_find_epidemic(value, 2, 2.8, &timing, NULL), TOC_ERR_DOMAIN);
    assert_status(toc_season_find_epidemic(value, 3, 2.8, &timing, NULL), TOC_ERR_DOMAIN);
    assert_status(toc_season_find_epidemic(winter, 33, 100, &timing, NULL), TOC_ERR_OPTION);
    assert_int_equal(timing.first, 77);
}

static void test_no_memory(void **state)
{
    (void) state;
    double                     observed[WEEKS];
    toc_date                   date[WEEKS];
    struct toc_series          series = winters(observed, date, 1.0);
    struct toc_season_options  options = TOC_SEASON_OPTIONS_INIT;
    struct toc_season_week     got = { .season = 77 };
    struct test_failing_memory memory = { 0 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    size_t                     fail_at = 1;
    for (;; fail_at++) {
        memory = (struct test_failing_memory){ .fail_at = fail_at };
        int ret = toc_season_judge(&series, 5, 1, &options, &allocator, &got, NULL);
        assert_int_equal(memory.bytes_held, 0);
        if (ret == 0)
            break;
        assert_int_equal(ret, TOC_ERR_NO_MEMORY);
        assert_int_equal(got.season, 77);
    }
    assert_int_equal(fail_at, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timing_by_hand),
        cmocka_unit_test(test_equal_winters),
        cmocka_unit_test(test_population),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_season_within_a_year),
        cmocka_unit_test(test_timing_properties),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("season", tests, NULL, NULL);
}
