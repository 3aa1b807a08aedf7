/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "support/test.h"
#include "tocsin/calendar.h"

static toc_date day(int year, int month, int of_month)
{
    return toc_date_from_civil((struct toc_civil){ year, month, of_month });
}

/* Spring Festival with one week before and two after: seven labels a week of it, from 1, and seven that are never
 * given; the middle one of the seven is that of days and of weeks that are wholly one. Then a public day. */
enum { WEEK_BEFORE = 4, FESTIVAL = 11, FIRST_AFTER = 18, SECOND_AFTER = 25, NEVER = 29, PUBLIC_DAY = 36 };

/* The label of a week that is wholly what this one is mostly. */
static int mostly(uint8_t label)
{
    return label == 0 ? 0 : (label - 1) / TOC_LABELS_A_WEEK * TOC_LABELS_A_WEEK + 4;
}

static const struct toc_holiday_kind kinds[] = {
    { "Spring Festival", TOC_HOLIDAY_MONTHS, 1, 2 },
    { "a public day", TOC_HOLIDAY_DAYS, 0, 0 },
};

static struct toc_calendar calendar_of(const struct toc_holiday *holidays, size_t num)
{
    return (struct toc_calendar){ kinds, 2, holidays, num };
}

static void label_steps(const struct toc_holiday *holiday, toc_date start, int days_apart, size_t n, uint8_t *labels)
{
    struct toc_calendar calendar = calendar_of(holiday, 1);
    toc_date            date[64];
    for (size_t i = 0; i < n; i++)
        date[i] = start + (int) i * days_apart;
    assert_ok(toc_calendar_label(&calendar, date, n, days_apart == 1 ? 365 : 52, labels, NULL));
}

/* 2024-02-09 (new year's eve) … 15, over the end of a month and a leap day. */
static void test_days_of_a_moving_holiday(void **state)
{
    (void) state;
    const struct toc_holiday festival = { day(2024, 2, 9), day(2024, 2, 15), 0 };
    uint8_t                  labels[40];
    label_steps(&festival, day(2024, 1, 30), 1, 40, labels);
    for (int i = 0; i < 40; i++) {
        int expected = i < 3 ? 0 : i < 10 ? WEEK_BEFORE : i < 17 ? FESTIVAL : i < 24 ? FIRST_AFTER : SECOND_AFTER;
        assert_int_equal(labels[i], i < 31 ? expected : 0); /* the last of the fourteen days after is 29 February */
    }
}

/* The week of a festival is the one that it takes four days of, on whatever weekday weeks begin. */
static void test_weeks_begin_on_any_weekday(void **state)
{
    (void) state;
    const struct toc_holiday festival = { day(2024, 2, 9), day(2024, 2, 15), 0 };
    for (int shift = 0; shift < 7; shift++) {
        toc_date start = day(2024, 1, 15) + shift;
        uint8_t  labels[10];
        label_steps(&festival, start, 7, 10, labels);
        int found = 0;
        for (int i = 0; i < 10; i++) {
            toc_date from = start + 7 * i;
            if (mostly(labels[i]) != FESTIVAL)
                continue;
            found++;
            toc_date later = from > festival.from ? from : festival.from;
            toc_date sooner = from + 6 < festival.to ? from + 6 : festival.to;
            int      beyond = 7 - (sooner - later + 1); /* days of the week before, or of the week after */
            beyond = from < festival.from ? -beyond : beyond;
            assert_true(abs(beyond) <= 3);
            assert_int_equal(labels[i - 2], 0);
            assert_int_equal(labels[i - 1], WEEK_BEFORE + beyond);
            assert_int_equal(labels[i], FESTIVAL + beyond);
            assert_int_equal(labels[i + 1], FIRST_AFTER + beyond);
            assert_int_equal(labels[i + 2], SECOND_AFTER + beyond);
            assert_int_equal(labels[i + 3], 0);
        }
        assert_int_equal(found, 1);
    }
}

/* Easter from Good Friday to Monday lies in two weeks: three days and one from Monday on, and one week is Easter. */
static void test_short_holiday_over_two_weeks(void **state)
{
    (void) state;
    const struct toc_holiday easter = { day(2024, 3, 29), day(2024, 4, 1), 0 };
    uint8_t                  labels[6];
    label_steps(&easter, day(2024, 3, 11), 7, 6, labels);
    const uint8_t expected[] = { 0, WEEK_BEFORE, FESTIVAL, FIRST_AFTER, SECOND_AFTER, 0 };
    assert_memory_equal(labels, expected, 6);
}

/* A long holiday: every week that is mostly holiday is the holiday itself. */
static void test_long_holiday(void **state)
{
    (void) state;
    const struct toc_holiday summer = { day(2024, 7, 1), day(2024, 7, 25), 0 }; /* Monday … Thursday */
    uint8_t                  labels[8];
    label_steps(&summer, day(2024, 6, 17), 7, 8, labels);
    const uint8_t expected[] = { 0,        WEEK_BEFORE,  FESTIVAL,        FESTIVAL,
                                 FESTIVAL, FESTIVAL + 3, FIRST_AFTER + 3, SECOND_AFTER + 3 };
    assert_memory_equal(labels, expected, 8);
}

/* A holiday at the turn of the year belongs to one week, 53rd or 1st, and its weeks go on in the other year. */
static void test_turn_of_the_year(void **state)
{
    (void) state;
    for (int year = 2005; year <= 2030; year++) {
        const struct toc_holiday turn = { day(year, 12, 29), day(year + 1, 1, 4), 0 };
        toc_date                 start = day(year, 12, 29);
        uint8_t                  labels[8];
        start -= toc_date_weekday(start) + 14;
        label_steps(&turn, start, 7, 8, labels);
        size_t festival = mostly(labels[2]) == FESTIVAL ? 2 : 3;
        for (size_t i = 0; i < 8; i++) {
            int week = (int) i - (int) festival;
            assert_int_equal(mostly(labels[i]), week >= -1 && week <= 2 ? FESTIVAL + TOC_LABELS_A_WEEK * week : 0);
        }
    }
}

/* A public day is felt in days; a festival in months too, in the month of its middle day. */
static void test_steps_in_which_a_holiday_is_felt(void **state)
{
    (void) state;
    const struct toc_holiday holidays[] = {
        { day(2023, 1, 21), day(2023, 1, 27), 0 }, /* January */
        { day(2024, 2, 9), day(2024, 2, 15), 0 },  /* February */
        { day(2025, 1, 28), day(2025, 2, 3), 0 },  /* middle day 31 January */
        { day(2024, 4, 4), day(2024, 4, 4), 1 },
    };
    struct toc_calendar calendar = calendar_of(holidays, 4);
    toc_date            month[36];
    uint8_t             labels[36];
    for (int i = 0; i < 36; i++)
        month[i] = day(2023 + i / 12, 1 + i % 12, 1);
    assert_ok(toc_calendar_label(&calendar, month, 36, 12, labels, NULL));
    for (int i = 0; i < 36; i++)
        assert_int_equal(labels[i], i == 0 || i == 13 || i == 24 ? FESTIVAL : 0);

    toc_date monday = day(2024, 4, 1), thursday = day(2024, 4, 4);
    assert_ok(toc_calendar_label(&calendar, &monday, 1, 52, labels, NULL));
    assert_int_equal(labels[0], 0);
    assert_ok(toc_calendar_label(&calendar, &thursday, 1, 365, labels, NULL));
    assert_int_equal(labels[0], PUBLIC_DAY);
}

/* Where two holidays meet: the holiday itself before the week after another, whichever line comes first. */
static void test_overlapping_holidays(void **state)
{
    (void) state;
    struct toc_holiday holidays[] = {
        { day(2024, 2, 9), day(2024, 2, 15), 0 },
        { day(2024, 2, 17), day(2024, 2, 17), 1 }, /* in the first week after */
        { day(2024, 2, 10), day(2024, 2, 10), 1 }, /* within: the festival is felt in longer steps */
    };
    toc_date date[12];
    for (int i = 0; i < 12; i++)
        date[i] = day(2024, 2, 9) + i;
    for (int order = 0; order < 2; order++) {
        struct toc_calendar calendar = calendar_of(holidays, 3);
        uint8_t             labels[12];
        assert_ok(toc_calendar_label(&calendar, date, 12, 365, labels, NULL));
        assert_int_equal(labels[1], FESTIVAL);
        assert_int_equal(labels[7], FIRST_AFTER);
        assert_int_equal(labels[8], PUBLIC_DAY);
        assert_int_equal(labels[9], FIRST_AFTER);
        struct toc_holiday last = holidays[2];
        holidays[2] = holidays[0];
        holidays[0] = last;
    }
}

/* Between two festivals close together the nearer one counts, and at equal distance the one just past. */
static void test_nearer_week_wins(void **state)
{
    (void) state;
    const struct toc_holiday holidays[] = { { day(2024, 3, 6), day(2024, 3, 6), 0 },
                                            { day(2024, 2, 21), day(2024, 2, 21), 0 } };
    struct toc_calendar      calendar = calendar_of(holidays, 2);
    toc_date                 date[13];
    uint8_t                  labels[13];
    for (int i = 0; i < 13; i++)
        date[i] = day(2024, 2, 22) + i;
    assert_ok(toc_calendar_label(&calendar, date, 13, 365, labels, NULL));
    for (int i = 0; i < 13; i++)
        assert_int_equal(labels[i], i < 7 ? FIRST_AFTER : WEEK_BEFORE);
}

/* Labelling a part of a series gives the labels that the whole has: nothing depends on where a series begins or ends.
 */
static void test_part_equals_whole(void **state)
{
    (void) state;
    const struct toc_holiday holidays[] = { { day(2023, 1, 21), day(2023, 1, 27), 0 },
                                            { day(2023, 2, 12), day(2023, 2, 12), 1 } };
    struct toc_calendar      calendar = calendar_of(holidays, 2);
    toc_date                 date[60];
    uint8_t                  whole[60], part[60];
    for (int step = 1; step <= 7; step += 6) {
        int steps_per_year = step == 1 ? 365 : 52;
        for (int i = 0; i < 60; i++)
            date[i] = day(2023, 1, 1) + step * i;
        assert_ok(toc_calendar_label(&calendar, date, 60, steps_per_year, whole, NULL));
        for (size_t from = 0; from < 60; from++) {
            assert_ok(toc_calendar_label(&calendar, date + from, 60 - from, steps_per_year, part, NULL));
            assert_memory_equal(part, whole + from, 60 - from);
        }
    }
}

static void test_meaning_of_labels(void **state)
{
    (void) state;
    struct toc_calendar      calendar = calendar_of(NULL, 0);
    struct toc_label_meaning meaning;
    assert_int_equal(toc_calendar_num_labels(&calendar), PUBLIC_DAY);
    assert_ok(toc_calendar_meaning(&calendar, SECOND_AFTER - 2, &meaning, NULL));
    assert_int_equal(meaning.kind, 0);
    assert_int_equal(meaning.week, 2);
    assert_int_equal(meaning.beyond, -2);
    assert_ok(toc_calendar_meaning(&calendar, PUBLIC_DAY, &meaning, NULL));
    assert_int_equal(meaning.kind, 1);
    assert_int_equal(meaning.week, 0);
    assert_int_equal(meaning.beyond, 0);
    assert_status(toc_calendar_meaning(&calendar, 0, &meaning, NULL), TOC_ERR_DOMAIN);
    assert_status(toc_calendar_meaning(&calendar, NEVER, &meaning, NULL), TOC_ERR_DOMAIN);
    assert_status(toc_calendar_meaning(&calendar, PUBLIC_DAY + 1, &meaning, NULL), TOC_ERR_DOMAIN);
}

static void test_years(void **state)
{
    (void) state;
    const struct toc_holiday holidays[] = { { day(2023, 1, 21), day(2023, 1, 27), 0 },
                                            { day(2005, 12, 31), day(2006, 1, 1), 1 } };
    struct toc_calendar      calendar = calendar_of(holidays, 2), none = calendar_of(NULL, 0);
    int                      first, last;
    toc_calendar_years(&calendar, &first, &last);
    assert_int_equal(first, 2005);
    assert_int_equal(last, 2023);
    toc_calendar_years(&none, &first, &last);
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
}

/* Kinds felt in weeks are numbered first, wherever they stand. */
static void test_numbering(void **state)
{
    (void) state;
    const struct toc_holiday_kind four[] = { { "day", TOC_HOLIDAY_DAYS, 0, 1 },
                                             { "week", TOC_HOLIDAY_WEEKS, 0, 0 },
                                             { "another day", TOC_HOLIDAY_DAYS, 0, 0 },
                                             { "month", TOC_HOLIDAY_MONTHS, 1, 0 } };
    const struct toc_calendar     calendar = { four, 4, NULL, 0 };
    const struct {
        uint8_t label;
        size_t  kind;
        int     week, beyond;
    } each[] = {
        { 1, 1, 0, -3 }, { 7, 1, 0, 3 },  { 15, 3, -1, -3 }, { 28, 3, 0, 3 },
        { 36, 0, 0, 0 }, { 37, 0, 1, 0 }, { 38, 2, 0, 0 },
    };
    struct toc_label_meaning meaning;
    assert_int_equal(toc_calendar_num_labels(&calendar), 38);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        assert_ok(toc_calendar_meaning(&calendar, each[i].label, &meaning, NULL));
        assert_int_equal(meaning.kind, each[i].kind);
        assert_int_equal(meaning.week, each[i].week);
        assert_int_equal(meaning.beyond, each[i].beyond);
    }
    assert_status(toc_calendar_meaning(&calendar, 8, &meaning, NULL), TOC_ERR_DOMAIN);
}

static void assert_refused(const struct toc_calendar *calendar, int steps_per_year, int status, const char *what,
                           size_t where)
{
    const toc_date   date = 0;
    uint8_t          label = 77;
    struct toc_error error;
    assert_status(toc_calendar_label(calendar, &date, 1, steps_per_year, &label, &error), status);
    assert_string_equal(error.what, what);
    assert_int_equal(error.where, where);
    assert_int_equal(label, 77); /* untouched */
}

static void test_faults_are_named(void **state)
{
    (void) state;
    struct toc_holiday_kind kind[40] = { { "", TOC_HOLIDAY_DAYS, 0, 0 } };
    struct toc_holiday      holiday[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    struct toc_calendar     calendar = { kind, 1, holiday, 2 };

    assert_refused(&calendar, 4, TOC_ERR_DOMAIN, "steps_per_year", TOC_NOWHERE);
    kind[0].weeks_after = TOC_HOLIDAY_MAX_WEEKS + 1;
    assert_refused(&calendar, 52, TOC_ERR_DOMAIN, "calendar.kinds.weeks_after", 0);
    kind[0].weeks_after = 0;
    kind[0].weeks_before = -1;
    assert_refused(&calendar, 52, TOC_ERR_DOMAIN, "calendar.kinds.weeks_before", 0);
    kind[0].weeks_before = 0;
    holiday[1].kind = 1;
    assert_refused(&calendar, 52, TOC_ERR_DOMAIN, "calendar.holidays.kind", 1);
    holiday[1] = (struct toc_holiday){ 5, 4, 0 };
    assert_refused(&calendar, 52, TOC_ERR_DOMAIN, "calendar.holidays.to", 1);
    holiday[1] = (struct toc_holiday){ 5, 5 + TOC_HOLIDAY_MAX_DAYS, 0 };
    assert_refused(&calendar, 52, TOC_ERR_DOMAIN, "calendar.holidays.to", 1);
    holiday[1].to = 5 + TOC_HOLIDAY_MAX_DAYS - 1;
    uint8_t  label;
    toc_date date = 0;
    assert_ok(toc_calendar_label(&calendar, &date, 1, 52, &label, NULL));

    /* 15 kinds of 17 labels are 255: as many as there are; one more is too many. */
    calendar.num_kinds = 15;
    for (size_t i = 0; i < 16; i++)
        kind[i] = (struct toc_holiday_kind){ "", TOC_HOLIDAY_DAYS, 8, 8 };
    holiday[1].kind = 14;
    assert_ok(toc_calendar_label(&calendar, &date, 1, 365, &label, NULL));
    kind[15] = (struct toc_holiday_kind){ "", TOC_HOLIDAY_DAYS, 0, 0 };
    calendar.num_kinds = 16;
    assert_refused(&calendar, 365, TOC_ERR_TOO_LARGE, "calendar.kinds", 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_of_a_moving_holiday),
        cmocka_unit_test(test_weeks_begin_on_any_weekday),
        cmocka_unit_test(test_short_holiday_over_two_weeks),
        cmocka_unit_test(test_long_holiday),
        cmocka_unit_test(test_turn_of_the_year),
        cmocka_unit_test(test_steps_in_which_a_holiday_is_felt),
        cmocka_unit_test(test_overlapping_holidays),
        cmocka_unit_test(test_nearer_week_wins),
        cmocka_unit_test(test_part_equals_whole),
        cmocka_unit_test(test_meaning_of_labels),
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_numbering),
        cmocka_unit_test(test_faults_are_named),
    };
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
