/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates as CertLogic reckons them: milliseconds from 1970 in UTC, in the proleptic Gregorian calendar, with days beyond
 * a month's end running into the next one. */
#include <stdio.h>

#include "base/logic_program.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define MAX_MS INT64_C(8640000000000000) /* 100 million days from 1970 to either side: what such a date can hold */
#define MAX_AMOUNT INT64_C(10000000000)

/* Days from 1970-01-01 to a day of a month, which may lie beyond its end; month 1 … 12. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = year - (month <= 2); /* years that begin in March: the leap day is their last */
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400, of_era = shifted - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    *day = of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int64_t checked(int64_t milliseconds)
{
    return milliseconds < -MAX_MS || milliseconds > MAX_MS ? LOGIC_NO_DATE : milliseconds;
}

static int64_t floor_days(int64_t milliseconds)
{
    return (milliseconds >= 0 ? milliseconds : milliseconds - (DAY_MS - 1)) / DAY_MS;
}

int64_t logic_date_plus(int64_t milliseconds, int64_t amount, enum logic_unit unit)
{
    if (milliseconds == LOGIC_NO_DATE || amount > MAX_AMOUNT || amount < -MAX_AMOUNT)
        return LOGIC_NO_DATE;
    if (unit == LOGIC_HOUR)
        return checked(milliseconds + amount * HOUR_MS);
    if (unit == LOGIC_DAY || amount == 0)
        return amount > 2 * (MAX_MS / DAY_MS) || amount < -2 * (MAX_MS / DAY_MS)
                   ? LOGIC_NO_DATE
                   : checked(milliseconds + amount * DAY_MS);
    int64_t days = floor_days(milliseconds), year, month, day;
    civil_of(days, &year, &month, &day);
    int64_t months = year * 12 + month - 1 + (unit == LOGIC_YEAR ? amount * 12 : amount);
    year = (months >= 0 ? months : months - 11) / 12;
    if (year > 300000 || year < -300000)
        return LOGIC_NO_DATE;
    return checked(days_of(year, months - year * 12 + 1, day) * DAY_MS + milliseconds - days * DAY_MS);
}

/* ---- reading ---- */

struct scan {
    const char *at, *end;
};

/* Exactly `digits` digits as a number, or -1. */
static int take(struct scan *scan, int digits)
{
    int number = 0;
    if (scan->end - scan->at < digits)
        return -1;
    for (int i = 0; i < digits; i++) {
        if (scan->at[i] < '0' || scan->at[i] > '9')
            return -1;
        number = number * 10 + (scan->at[i] - '0');
    }
    scan->at += digits;
    return number;
}

static bool take_character(struct scan *scan, char character)
{
    if (scan->at == scan->end || *scan->at != character)
        return false;
    scan->at++;
    return true;
}

/* A '-' and two digits, or -1. */
static int take_next_pair(struct scan *scan, char before)
{
    return take_character(scan, before) ? take(scan, 2) : -1;
}

static bool ended(const struct scan *scan)
{
    return scan->at == scan->end;
}

/* Z, an offset or nothing, to the end. *minutes: to take off; *possible: false for hour 24 or minute 60. */
static bool take_zone(struct scan *scan, int64_t *minutes, bool *possible)
{
    *minutes = 0;
    if (ended(scan) || take_character(scan, 'Z'))
        return ended(scan);
    bool west = *scan->at == '-';
    if (!west && *scan->at != '+')
        return false;
    scan->at++;
    int digits = 0;
    while (scan->at + digits < scan->end && scan->at[digits] >= '0' && scan->at[digits] <= '9')
        digits++;
    if (digits < 1 || digits > 4)
        return false;
    int hours = take(scan, digits == 1 || digits == 3 ? 1 : 2), rest = 0;
    if (digits > 2)
        rest = take(scan, 2);
    else if (take_character(scan, ':') && !ended(scan))
        rest = take(scan, 2);
    *possible = *possible && hours < 24 && rest < 60;
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return rest >= 0 && ended(scan);
}

/* What stands behind the T. */
static bool take_time(struct scan *scan, int64_t *milliseconds, bool *possible)
{
    int     hours = take(scan, 2), minutes = take_next_pair(scan, ':'), seconds = take_next_pair(scan, ':');
    int64_t thousandths = 0, offset;
    if (hours < 0 || minutes < 0 || seconds < 0)
        return false;
    if (take_character(scan, '.')) {
        int digits = 0;
        for (; !ended(scan) && *scan->at >= '0' && *scan->at <= '9'; scan->at++, digits++)
            thousandths = digits < 3 ? thousandths * 10 + (*scan->at - '0') : thousandths;
        if (digits == 0)
            return false;
        for (; digits < 3; digits++)
            thousandths *= 10;
    }
    bool end_of_day = hours == 24 && minutes == 0 && seconds == 0 && thousandths == 0;
    *possible = *possible && (hours < 24 || end_of_day) && minutes < 60 && seconds < 60;
    if (!take_zone(scan, &offset, possible))
        return false;
    *milliseconds = ((hours * INT64_C(60) + minutes - offset) * 60 + seconds) * 1000 + thousandths;
    return true;
}

/* YYYY, YYYY-MM or YYYY-MM-DD, as far as it goes; *whole: with its day. */
static bool take_date(struct scan *scan, int64_t *milliseconds, bool *whole, bool *possible)
{
    int year = take(scan, 4), month, day;
    *whole = false;
    if (year < 0)
        return false;
    if (ended(scan)) {
        *milliseconds = days_of(year, 12, 31) * DAY_MS;
        return true;
    }
    month = take_next_pair(scan, '-');
    *possible = *possible && month >= 1 && month <= 12;
    if (month < 0)
        return false;
    if (ended(scan)) {
        *milliseconds = (month == 12 ? days_of(year, 12, 31) : days_of(year, month + 1, 0)) * DAY_MS;
        return true;
    }
    day = take_next_pair(scan, '-');
    *possible = *possible && day >= 1 && day <= 31;
    *milliseconds = *possible ? days_of(year, month, day) * DAY_MS : 0;
    *whole = true;
    return day >= 0;
}

bool logic_date_of_birth(const char *text, size_t length, int64_t *milliseconds)
{
    struct scan scan = { text, text + length };
    bool        whole, possible = true;
    int64_t     date;
    if (!take_date(&scan, &date, &whole, &possible) || !ended(&scan))
        return false;
    *milliseconds = possible ? date : LOGIC_NO_DATE;
    return true;
}

bool logic_date_from_text(const char *text, size_t length, int64_t *milliseconds)
{
    struct scan scan = { text, text + length };
    bool        whole, possible = true;
    int64_t     date, time = 0;
    if (!take_date(&scan, &date, &whole, &possible))
        return false;
    if (!ended(&scan) && (!whole || !take_character(&scan, 'T') || !take_time(&scan, &time, &possible)))
        return false;
    *milliseconds = possible ? date + time : LOGIC_NO_DATE;
    return true;
}

void logic_date_to_text(int64_t milliseconds, char text[LOGIC_DATE_BYTES])
{
    if (milliseconds == LOGIC_NO_DATE) {
        snprintf(text, LOGIC_DATE_BYTES, "no date");
        return;
    }
    int64_t days = floor_days(milliseconds), rest = (milliseconds - days * DAY_MS) / 1000, year, month, day;
    civil_of(days, &year, &month, &day);
    int used = snprintf(text, LOGIC_DATE_BYTES, "%04d-%02d-%02d", (int) year, (int) month, (int) day);
    if (rest > 0)
        snprintf(text + used, LOGIC_DATE_BYTES - (size_t) used, "T%02d:%02d:%02dZ", (int) (rest / 3600),
                 (int) (rest / 60 % 60), (int) (rest % 60));
}
