/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/date_text.h"
#include "base/fault.h"
#include "support/test.h"

static toc_date day(int year, int month, int of_month)
{
    return toc_date_from_civil((struct toc_civil){ year, month, of_month });
}

static void assert_reads(const char *text, toc_date expected, enum date_form expected_form)
{
    toc_date       date;
    enum date_form form;
    assert_ok(date_from_text(text, strlen(text), &date, &form, NULL));
    assert_int_equal(date, expected);
    assert_int_equal(form, expected_form);
    char again[DATE_TEXT_BYTES];
    assert_int_equal(date_to_text(date, form, again), strlen(text));
    assert_string_equal(again, text);
}

static void assert_refused(const char *text, const char *expected)
{
    toc_date       date = 42;
    enum date_form form = 0;
    char           fault[DATE_FAULT_BYTES];
    assert_int_equal(date_from_text(text, strlen(text), &date, &form, fault), BASE_ERR_INPUT);
    assert_string_equal(fault, expected);
    assert_true(date == 42 && form == 0);
}

static void test_three_forms(void **state)
{
    (void) state;
    assert_reads("2024-02-29", day(2024, 2, 29), DATE_FORM_DAY);
    assert_reads("2024-W07", day(2024, 2, 12), DATE_FORM_WEEK);
    assert_reads("2020-W53", day(2020, 12, 28), DATE_FORM_WEEK);
    assert_reads("2024-03", day(2024, 3, 1), DATE_FORM_MONTH);
    assert_reads("0001-01-01", TOC_DATE_MIN, DATE_FORM_DAY);
    assert_reads("9999-12-31", TOC_DATE_MAX, DATE_FORM_DAY);
    assert_reads("0001-W01", TOC_DATE_MIN, DATE_FORM_WEEK);
    assert_reads("9999-W51", day(9999, 12, 20), DATE_FORM_WEEK);
}

static void test_faults_are_exact(void **state)
{
    (void) state;
    assert_refused("2021-W53", "week 53 does not exist in 2021, which has 52 weeks");
    assert_refused("2020-W54", "week 54 does not exist");
    assert_refused("2020-W00", "week 0 does not exist");
    assert_refused("9999-W52", "a week that ends after 9999-12-31");
    assert_refused("2023-02-29", "day 29 does not exist: February 2023 has 28 days");
    assert_refused("2023-04-00", "day 0 does not exist: April 2023 has 30 days");
    assert_refused("2023-13-01", "month 13 does not exist");
    assert_refused("2023-00", "month 0 does not exist");
    assert_refused("0000-01-01", "the year 0000 does not exist");
    static const char *const texts[] = { "",           "2024",       "2024/02/26",  "26.02.2024", "2024-2-6",
                                         "2024-02-2x", "2024-W7",    "2024W07",     "2024-w07",   "20240226",
                                         "2024-02-",   "-024-02-26", "2024-02-26 ", "2024-+1-01", "2024-W07-1" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], "not a date");
}

static void test_dates_outside_the_calendar_have_no_text(void **state)
{
    (void) state;
    char text[DATE_TEXT_BYTES];
    assert_int_equal(date_to_text(TOC_DATE_MAX + 1, DATE_FORM_DAY, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(date_to_text(TOC_DATE_MIN - 1, DATE_FORM_DAY, text), 0);
}

static void test_advance(void **state)
{
    (void) state;
    assert_int_equal(date_advance(day(2024, 2, 28), DATE_STEP_DAY, 2), day(2024, 3, 1));
    assert_int_equal(date_advance(day(2024, 3, 4), DATE_STEP_WEEK, -1), day(2024, 2, 26));
    assert_int_equal(date_advance(day(2024, 12, 1), DATE_STEP_MONTH, 2), day(2025, 2, 1));
    assert_int_equal(date_advance(day(2024, 1, 31), DATE_STEP_MONTH, 1), day(2024, 2, 29));
    assert_int_equal(date_advance(day(2024, 1, 1), DATE_STEP_MONTH, -1), day(2023, 12, 1));
    assert_int_equal(date_advance(TOC_DATE_MAX, DATE_STEP_MONTH, 1), TOC_DATE_MAX);
    assert_int_equal(date_advance(TOC_DATE_MIN, DATE_STEP_MONTH, -1), TOC_DATE_MIN);
    assert_int_equal(date_advance(TOC_DATE_MAX, DATE_STEP_WEEK, 9223372036854775807), TOC_DATE_MAX);
    assert_int_equal(date_advance(TOC_DATE_MAX, DATE_STEP_MONTH, -9223372036854775807 - 1), TOC_DATE_MIN);
}

/* Between inverts advance, and rounds down on both sides of zero. */
static void test_between(void **state)
{
    (void) state;
    for (enum date_step step = DATE_STEP_DAY; step <= DATE_STEP_MONTH; step++)
        for (long steps = -500; steps <= 500; steps++)
            assert_int_equal(date_steps_between(day(2000, 1, 1), date_advance(day(2000, 1, 1), step, steps), step),
                             steps);
    assert_int_equal(date_steps_between(day(2024, 1, 1), day(2024, 1, 7), DATE_STEP_WEEK), 0);
    assert_int_equal(date_steps_between(day(2024, 1, 1), day(2023, 12, 31), DATE_STEP_WEEK), -1);
    assert_int_equal(date_steps_between(day(2024, 1, 1), day(2023, 12, 25), DATE_STEP_WEEK), -1);
    assert_int_equal(date_steps_between(day(2024, 1, 1), day(2023, 12, 24), DATE_STEP_WEEK), -2);
    assert_int_equal(date_steps_between(day(2024, 1, 15), day(2024, 2, 14), DATE_STEP_MONTH), 0);
    assert_int_equal(date_steps_between(day(2024, 1, 15), day(2024, 1, 14), DATE_STEP_MONTH), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_forms),
        cmocka_unit_test(test_faults_are_exact),
        cmocka_unit_test(test_dates_outside_the_calendar_have_no_text),
        cmocka_unit_test(test_advance),
        cmocka_unit_test(test_between),
    };
    return cmocka_run_group_tests_name("date_text", tests, NULL, NULL);
}
