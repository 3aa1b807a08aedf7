/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/list/dates.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- the parts of a cell ---- */

struct parts {
    int                numbers[3]; /* as they stand */
    int                digits[3];
    int                num;
    int                month;    /* by its name; 0 = none */
    int                month_at; /* how many numbers stand before its name */
    struct report_time time;     /* of the day: hour … zone */
    bool               compact;  /* digits alone */
};

struct cursor {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip(struct cursor *cursor, const char *text)
{
    size_t size = strlen(text);
    if ((size_t) (cursor->end - cursor->at) < size || memcmp(cursor->at, text, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

/* At most `most` digits; the number of them. */
static int take_number(struct cursor *cursor, int most, int *value)
{
    int num = 0;
    *value = 0;
    while (cursor->at < cursor->end && is_digit(*cursor->at) && num < most) {
        *value = *value * 10 + (*cursor->at++ - '0');
        num++;
    }
    return num;
}

/* A month's English name, of three letters or more; 0 = none. */
static int take_month(struct cursor *cursor)
{
    static const char *const names[] = { "january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december" };
    size_t                   length = 0;
    while (cursor->at + length < cursor->end &&
           ((cursor->at[length] | 0x20) >= 'a' && (cursor->at[length] | 0x20) <= 'z'))
        length++;
    for (int month = 0; month < 12 && length >= 3; month++)
        if ((length <= strlen(names[month]) && text_equal_nocase(cursor->at, length, names[month], length)) ||
            (month == 8 && text_equal_nocase(cursor->at, length, "sept", 4))) {
            cursor->at += length;
            return month + 1;
        }
    return 0;
}

/* Zones by their letters, in hours (RFC 5322 and its neighbours). CST and IST are several: their zone stays unknown. */
static const struct {
    const char *letters;
    int         hours; /* 99: not known */
} zones[] = { { "Z", 0 },    { "UTC", 0 },   { "GMT", 0 },   { "EST", -5 },  { "EDT", -4 },
              { "CST", 99 }, { "CDT", -5 },  { "MST", -7 },  { "MDT", -6 },  { "PST", -8 },
              { "PDT", -7 }, { "AKST", -9 }, { "AKDT", -8 }, { "HST", -10 }, { "IST", 99 } };

static bool take_letters(struct cursor *cursor, struct report_time *time)
{
    size_t size = (size_t) (cursor->end - cursor->at);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (text_equal_nocase(cursor->at, size, zones[i].letters, strlen(zones[i].letters))) {
            cursor->at = cursor->end;
            time->zone_known = zones[i].hours != 99;
            time->zone_minutes = (int16_t) (time->zone_known ? zones[i].hours * 60 : 0);
            return true;
        }
    return false;
}

/* "Z", "+08:00", "-0400", "PST"; nothing is fine. */
static bool take_zone(struct cursor *cursor, struct report_time *time)
{
    int hour, minute = 0;
    while (skip(cursor, " "))
        ;
    if (cursor->at < cursor->end && take_letters(cursor, time))
        return true;
    if (cursor->at == cursor->end || (*cursor->at != '+' && *cursor->at != '-'))
        return true;
    int sign = *cursor->at++ == '-' ? -1 : 1;
    if (take_number(cursor, 2, &hour) != 2)
        return false;
    (void) skip(cursor, ":");
    if (cursor->at < cursor->end && take_number(cursor, 2, &minute) != 2)
        return false;
    if (hour > 14 || minute > 59)
        return false;
    time->zone_known = true;
    time->zone_minutes = (int16_t) (sign * (hour * 60 + minute));
    return true;
}

static bool set_time(struct report_time *time, int hour, int minute, int second, int precision)
{
    time->hour = (int8_t) hour;
    time->minute = (int8_t) minute;
    time->second = (int8_t) second;
    time->precision = (uint8_t) precision;
    return hour <= 23 && minute <= 59 && second <= 59;
}

/* "10:30", "10:30:05.25", "2:00 PM", each with a zone; in brackets of nothing more. */
static bool take_time(struct cursor *cursor, struct report_time *time)
{
    int hour, minute, second = 0, fraction, precision = REPORT_MINUTE;
    if (take_number(cursor, 2, &hour) == 0 || !skip(cursor, ":") || take_number(cursor, 2, &minute) != 2)
        return false;
    if (skip(cursor, ":")) {
        if (take_number(cursor, 2, &second) != 2)
            return false;
        precision = REPORT_SECOND;
        if (skip(cursor, ".") && take_number(cursor, 9, &fraction) == 0)
            return false;
    }
    while (skip(cursor, " "))
        ;
    bool afternoon = skip(cursor, "PM") || skip(cursor, "pm");
    bool morning = !afternoon && (skip(cursor, "AM") || skip(cursor, "am"));
    if ((afternoon || morning) && (hour < 1 || hour > 12))
        return false;
    if (afternoon || morning)
        hour = hour % 12 + (afternoon ? 12 : 0);
    return set_time(time, hour, minute, second, precision) && take_zone(cursor, time);
}

/* Digits alone: 8, or 12 or 14 with a zone perhaps. */
static bool take_compact(struct cursor *cursor, struct parts *parts)
{
    int    hour = 0, minute = 0, second = 0;
    size_t length = 0;
    while (cursor->at + length < cursor->end && is_digit(cursor->at[length]))
        length++;
    if (length != 8 && length != 12 && length != 14)
        return false;
    parts->digits[0] = take_number(cursor, 4, &parts->numbers[0]);
    parts->digits[1] = take_number(cursor, 2, &parts->numbers[1]);
    parts->digits[2] = take_number(cursor, 2, &parts->numbers[2]);
    parts->num = 3;
    parts->compact = true;
    if (length >= 12) {
        take_number(cursor, 2, &hour);
        take_number(cursor, 2, &minute);
    }
    if (length == 14)
        take_number(cursor, 2, &second);
    if (length > 8 && !set_time(&parts->time, hour, minute, second, length == 14 ? REPORT_SECOND : REPORT_MINUTE))
        return false;
    return length == 8 || take_zone(cursor, &parts->time);
}

/* What stands between two parts of a date; a comma and the Chinese signs too. */
static bool take_separator(struct cursor *cursor)
{
    const char *from = cursor->at;
    while (skip(cursor, "/") || skip(cursor, "-") || skip(cursor, ".") || skip(cursor, ",") || skip(cursor, " ") ||
           skip(cursor, "年") || skip(cursor, "月") || skip(cursor, "日"))
        if (cursor->at - from > 4)
            break;
    return cursor->at > from;
}

static bool take_date(struct cursor *cursor, struct parts *parts)
{
    while (parts->num < 3 && cursor->at < cursor->end) {
        int month = parts->month == 0 ? take_month(cursor) : 0;
        if (month > 0) {
            parts->month = month;
            parts->month_at = parts->num;
        } else {
            parts->digits[parts->num] = take_number(cursor, 4, &parts->numbers[parts->num]);
            if (parts->digits[parts->num] == 0)
                return false;
            parts->num++;
        }
        if (parts->num + (parts->month > 0) == 3)
            break;
        if (!take_separator(cursor) && cursor->at < cursor->end && month == 0 && is_digit(*cursor->at))
            return false;
    }
    (void) skip(cursor, "日");
    return true;
}

static bool split(struct report_text text, struct parts *parts)
{
    struct cursor cursor = { text.bytes, text.bytes + text.size };
    *parts = (struct parts){ .time.precision = REPORT_DAY };
    if (take_compact(&cursor, parts))
        return cursor.at == cursor.end;
    cursor.at = text.bytes;
    *parts = (struct parts){ .time.precision = REPORT_DAY };
    if (text.size == 0 || !take_date(&cursor, parts))
        return false;
    if (cursor.at < cursor.end && (skip(&cursor, "T") || skip(&cursor, " "))) {
        while (skip(&cursor, " "))
            ;
        if (cursor.at < cursor.end && !take_time(&cursor, &parts->time))
            return false;
    }
    return cursor.at == cursor.end;
}

/* ---- their order ---- */

static bool is_year_first(const struct parts *parts)
{
    return parts->digits[0] == 4;
}

/* Three numbers without a year in front or a month's name: the last is the year. */
static bool needs_order(const struct parts *parts)
{
    return parts->num == 3 && !is_year_first(parts) && parts->month == 0 && parts->digits[0] <= 2 &&
           parts->digits[1] <= 2 && (parts->digits[2] == 4 || parts->digits[2] == 2);
}

enum list_order list_date_order(struct report_text text)
{
    struct parts parts;
    if (!split(text, &parts))
        return LIST_ORDER_NOT_A_DATE;
    if (parts.num + (parts.month > 0) < 3 && !is_year_first(&parts))
        return LIST_ORDER_NOT_A_DATE;
    if (!needs_order(&parts))
        return LIST_ORDER_NONE;
    int first = parts.numbers[0], second = parts.numbers[1];
    if (first == second)
        return LIST_ORDER_NONE;
    if (first > 12 && second > 12)
        return LIST_ORDER_NOT_A_DATE;
    return first > 12 ? LIST_ORDER_DAY_ONLY : second > 12 ? LIST_ORDER_MONTH_ONLY : LIST_ORDER_EITHER;
}

static int whole_year(int year, int digits, toc_date today)
{
    int this_year = toc_date_to_civil(today).year;
    if (digits != 2)
        return year;
    year += this_year / 100 * 100;
    return year > this_year ? year - 100 : year;
}

/* Day, month and year out of the numbers; false where they are no such three. */
static bool arrange(const struct parts *parts, enum list_dates order, toc_date today, int *year, int *month, int *day)
{
    const int *n = parts->numbers;
    if (parts->month > 0 && parts->num == 2 && parts->month_at <= 1 && !is_year_first(parts)) {
        *year = whole_year(n[1], parts->digits[1], today);
        *month = parts->month;
        *day = n[0];
        return parts->digits[1] == 4 || parts->digits[1] == 2;
    }
    if (parts->month > 0 && parts->num == 2 && is_year_first(parts)) {
        *year = n[0];
        *month = parts->month;
        *day = n[1];
        return true;
    }
    if (parts->month > 0 || parts->num != 3)
        return false;
    bool year_first = is_year_first(parts);
    if (!year_first && !needs_order(parts))
        return false;
    *year = year_first ? n[0] : whole_year(n[2], parts->digits[2], today);
    *month = year_first || order == LIST_DAY_FIRST ? n[1] : n[0];
    *day = year_first ? n[2] : order == LIST_DAY_FIRST ? n[0] : n[1];
    return true;
}

const char *list_date_read(struct report_text text, enum list_dates order, toc_date today, struct report_time *time)
{
    struct parts       parts;
    struct report_time made;
    int                year, month = 0, day = 0;
    const char        *what = NULL;
    time->sent = text;
    if (!split(text, &parts))
        return "is no date";
    made = parts.time;
    made.sent = text;
    if (needs_order(&parts) && order == LIST_DATES_UNDECIDED && parts.numbers[0] != parts.numbers[1])
        return "is a date whose day and month cannot be told apart";
    if (!arrange(&parts, order, today, &year, &month, &day)) {
        bool less = parts.month == 0 && parts.digits[0] == 4 && parts.num < 3 && made.precision == REPORT_DAY;
        if (!less)
            return "is no date";
        year = parts.numbers[0];
        month = parts.num == 2 ? parts.numbers[1] : 0;
        made.precision = parts.num == 2 ? REPORT_MONTH : REPORT_YEAR;
    }
    made.year = (int16_t) year;
    made.month = (int8_t) (month < 100 ? month : 99);
    made.day = (int8_t) (day < 100 ? day : 99);
    if (!report_time_check(&made, &what))
        return what;
    *time = made;
    return NULL;
}
