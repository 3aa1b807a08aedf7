/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/date_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

static const char *const month_words[] = { "January", "February", "March",     "April",   "May",      "June",
                                           "July",    "August",   "September", "October", "November", "December" };

/* The number in `count` digits at text, or -1. */
static int digits(const char *text, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

static int fail(char *fault, const char *text)
{
    if (fault != NULL)
        snprintf(fault, DATE_FAULT_BYTES, "%s", text);
    return BASE_ERR_INPUT;
}

static int fail_number(char *fault, const char *before, int number, const char *after)
{
    if (fault != NULL)
        snprintf(fault, DATE_FAULT_BYTES, "%s %d %s", before, number, after);
    return BASE_ERR_INPUT;
}

static int read_week(int year, const char *text, toc_date *date, char *fault)
{
    int week = digits(text + 6, 2);
    if (week < 0)
        return fail(fault, "not a date");
    if (week == 0 || week > 53)
        return fail_number(fault, "week", week, "does not exist");
    if (week > toc_iso_weeks_in_year(year)) {
        if (fault != NULL)
            snprintf(fault, DATE_FAULT_BYTES, "week %d does not exist in %04d, which has %d weeks", week, year,
                     toc_iso_weeks_in_year(year));
        return BASE_ERR_INPUT;
    }
    toc_date monday = toc_date_from_iso_week((struct toc_iso_week){ year, week });
    if (monday > TOC_DATE_MAX - 6)
        return fail(fault, "a week that ends after 9999-12-31");
    *date = monday;
    return 0;
}

static int read_civil(int year, int month, int day, toc_date *date, char *fault)
{
    struct toc_civil civil = { year, month, day };
    if (month == 0 || month > 12)
        return fail_number(fault, "month", month, "does not exist");
    if (!toc_civil_valid(civil)) {
        if (fault != NULL)
            snprintf(fault, DATE_FAULT_BYTES, "day %d does not exist: %s %04d has %d days", day, month_words[month - 1],
                     year, toc_days_in_month(year, month));
        return BASE_ERR_INPUT;
    }
    *date = toc_date_from_civil(civil);
    return 0;
}

int date_from_text(const char *text, size_t size, toc_date *date, enum date_form *form, char *fault)
{
    bool day_form = size == 10 && text[4] == '-' && text[7] == '-';
    bool week_form = size == 8 && text[4] == '-' && text[5] == 'W';
    bool month_form = size == 7 && text[4] == '-';
    if (!day_form && !week_form && !month_form)
        return fail(fault, "not a date");

    int year = digits(text, 4);
    if (year < 0)
        return fail(fault, "not a date");
    if (year == 0)
        return fail(fault, "the year 0000 does not exist");
    if (week_form) {
        int ret = read_week(year, text, date, fault);
        if (ret == 0)
            *form = DATE_FORM_WEEK;
        return ret;
    }
    int month = digits(text + 5, 2), day = day_form ? digits(text + 8, 2) : 1;
    if (month < 0 || day < 0)
        return fail(fault, "not a date");
    int ret = read_civil(year, month, day, date, fault);
    if (ret == 0)
        *form = day_form ? DATE_FORM_DAY : DATE_FORM_MONTH;
    return ret;
}

static void put_digits(char *text, int number, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        text[i - 1] = (char) ('0' + number % 10);
        number /= 10;
    }
}

size_t date_to_text(toc_date date, enum date_form form, char text[DATE_TEXT_BYTES])
{
    text[0] = '\0';
    if (date < TOC_DATE_MIN || date > TOC_DATE_MAX)
        return 0;
    size_t length;
    if (form == DATE_FORM_WEEK) {
        struct toc_iso_week week = toc_date_iso_week(date);
        memcpy(text, "0000-W00", 9);
        put_digits(text, week.year, 4);
        put_digits(text + 6, week.week, 2);
        length = 8;
    } else {
        struct toc_civil civil = toc_date_to_civil(date);
        memcpy(text, "0000-00-00", 11);
        put_digits(text, civil.year, 4);
        put_digits(text + 5, civil.month, 2);
        put_digits(text + 8, civil.day, 2);
        length = form == DATE_FORM_MONTH ? 7 : 10;
    }
    text[length] = '\0';
    return length;
}

static toc_date clamp(int64_t date)
{
    return date < TOC_DATE_MIN ? TOC_DATE_MIN : date > TOC_DATE_MAX ? TOC_DATE_MAX : (toc_date) date;
}

/* Months since January of the year 0. */
static int64_t month_number(struct toc_civil civil)
{
    return 12 * (int64_t) civil.year + civil.month - 1;
}

/* No two dates of the calendar are further apart than this many days. */
enum { MAX_DAYS = TOC_DATE_MAX - TOC_DATE_MIN + 1 };

toc_date date_advance(toc_date date, enum date_step step, long steps)
{
    int64_t count = steps > MAX_DAYS ? MAX_DAYS : steps < -MAX_DAYS ? -MAX_DAYS : steps;
    if (step != DATE_STEP_MONTH)
        return clamp(date + count * (step == DATE_STEP_WEEK ? 7 : 1));
    struct toc_civil civil = toc_date_to_civil(date);
    int64_t          month = month_number(civil) + count;
    if (month < 12)
        return TOC_DATE_MIN;
    if (month >= 12 * 10000)
        return TOC_DATE_MAX;
    civil.year = (int) (month / 12);
    civil.month = (int) (month % 12) + 1;
    int last = toc_days_in_month(civil.year, civil.month);
    if (civil.day > last)
        civil.day = last;
    return toc_date_from_civil(civil);
}

long date_steps_between(toc_date from, toc_date to, enum date_step step)
{
    if (step == DATE_STEP_MONTH) {
        struct toc_civil a = toc_date_to_civil(from), b = toc_date_to_civil(to);
        return (long) (month_number(b) - month_number(a)) - (b.day < a.day);
    }
    long days = (long) to - from;
    if (step != DATE_STEP_WEEK)
        return days;
    return days >= 0 ? days / 7 : -((6 - days) / 7);
}

const char *date_step_word(enum date_step step)
{
    switch (step) {
    case DATE_STEP_DAY: return "day";
    case DATE_STEP_WEEK: return "week";
    case DATE_STEP_MONTH: return "month";
    default: return "unknown";
    }
}

const char *date_weekday_word(int weekday)
{
    static const char *const words[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
    return weekday >= 0 && weekday < 7 ? words[weekday] : "";
}
