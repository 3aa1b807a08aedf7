/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/test.h"
#include "tocsin/date.h"

static toc_date day(int year, int month, int of_month)
{
    return toc_date_from_civil((struct toc_civil){ year, month, of_month });
}

static void test_epoch_and_limits(void **state)
{
    (void) state;
    assert_int_equal(day(1970, 1, 1), 0);
    assert_int_equal(day(2000, 3, 1), 11017);
    assert_int_equal(day(1, 1, 1), TOC_DATE_MIN);
    assert_int_equal(day(9999, 12, 31), TOC_DATE_MAX);
}

/* Walking day by day meets every calendar day once, in order. */
static void test_every_day_round_trips(void **state)
{
    (void) state;
    toc_date date = day(1599, 12, 31);
    for (int year = 1600; year < 2101; year++)
        for (int month = 1; month <= 12; month++)
            for (int of_month = 1; of_month <= toc_days_in_month(year, month); of_month++) {
                struct toc_civil civil = toc_date_to_civil(++date);
                assert_int_equal(day(year, month, of_month), date);
                assert_true(civil.year == year && civil.month == month && civil.day == of_month);
            }
}

static void test_days_that_do_not_exist(void **state)
{
    (void) state;
    assert_false(toc_civil_valid((struct toc_civil){ 1900, 2, 29 }));
    assert_true(toc_civil_valid((struct toc_civil){ 2000, 2, 29 }));
    assert_false(toc_civil_valid((struct toc_civil){ 2024, 4, 31 }));
    assert_false(toc_civil_valid((struct toc_civil){ 2024, 13, 1 }));
    assert_false(toc_civil_valid((struct toc_civil){ 10000, 1, 1 }));
}

static void test_weekday(void **state)
{
    (void) state;
    assert_int_equal(toc_date_weekday(day(1970, 1, 1)), 3);  /* Thursday */
    assert_int_equal(toc_date_weekday(day(2024, 2, 26)), 0); /* Monday */
    assert_int_equal(toc_date_weekday(TOC_DATE_MIN), 0);
}

/* ISO 8601 examples: the year of a week is the year of its Thursday. */
static void test_iso_weeks(void **state)
{
    (void) state;
    struct toc_iso_week week = toc_date_iso_week(day(2021, 1, 3));
    assert_int_equal(week.year, 2020);
    assert_int_equal(week.week, 53);
    week = toc_date_iso_week(day(2019, 12, 30));
    assert_int_equal(week.year, 2020);
    assert_int_equal(week.week, 1);
    assert_int_equal(toc_iso_weeks_in_year(2020), 53);
    assert_int_equal(toc_iso_weeks_in_year(2021), 52);
    assert_int_equal(toc_date_from_iso_week((struct toc_iso_week){ 2024, 7 }), day(2024, 2, 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch_and_limits),
        cmocka_unit_test(test_every_day_round_trips),
        cmocka_unit_test(test_days_that_do_not_exist),
        cmocka_unit_test(test_weekday),
        cmocka_unit_test(test_iso_weeks),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
