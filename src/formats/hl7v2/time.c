/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/time.h"

#define ALLOWED_DIGITS 14

/* A text that is taken apart from the front. */
struct scan {
    const char *at, *end;
};

static size_t count_digits(struct scan scan)
{
    size_t num = 0;
    while (scan.at + num < scan.end && scan.at[num] >= '0' && scan.at[num] <= '9')
        num++;
    return num;
}

/* The number in the next `num` characters, known to be digits. */
static int take(struct scan *scan, int num)
{
    int number = 0;
    for (int i = 0; i < num; i++)
        number = 10 * number + (*scan->at++ - '0');
    return number;
}

/* Two digits behind a mark ("-", ":", or none), where they stand; else -1 and nothing is taken. */
static int take_two(struct scan *scan, char mark)
{
    struct scan rest = *scan;
    if (mark != '\0') {
        if (rest.at == rest.end || *rest.at != mark)
            return -1;
        rest.at++;
    }
    if (count_digits(rest) < 2)
        return -1;
    int number = take(&rest, 2);
    *scan = rest;
    return number;
}

/* .S … behind the seconds; HL7 has four digits, others write up to nine. */
static bool take_fraction(struct scan *scan, struct report_time *time)
{
    if (scan->at == scan->end || *scan->at != '.')
        return true;
    scan->at++;
    size_t num = count_digits(*scan);
    if (num == 0 || num > 9)
        return false;
    int32_t unit = 100000;
    for (size_t i = 0; i < num; i++, unit /= 10)
        time->microsecond += unit * (*scan->at++ - '0');
    time->precision = REPORT_FRACTION;
    return true;
}

/* +ZZZZ, +ZZ:ZZ, Z, or nothing. */
static bool take_zone(struct scan *scan, struct report_time *time)
{
    if (scan->at == scan->end)
        return true;
    char sign = *scan->at++;
    if (sign == 'Z' || sign == 'z') {
        time->zone_known = true;
        return scan->at == scan->end;
    }
    if (sign != '+' && sign != '-')
        return false;
    int hours = take_two(scan, '\0');
    if (hours < 0)
        return false;
    int minutes = scan->at < scan->end ? take_two(scan, *scan->at == ':' ? ':' : '\0') : 0;
    if (minutes < 0 || minutes > 59 || scan->at != scan->end)
        return false;
    time->zone_minutes = (int16_t) ((hours * 60 + minutes) * (sign == '-' ? -1 : 1));
    time->zone_known = true;
    return true;
}

/* The digits of the HL7 form: 4, 6, 8, 10, 12 or 14 of them. */
static bool take_digits(struct scan *scan, struct report_time *time)
{
    int8_t *const parts[] = { &time->month, &time->day, &time->hour, &time->minute, &time->second };
    size_t        num = count_digits(*scan);
    if (num < 4 || num > ALLOWED_DIGITS || num % 2 != 0)
        return false;
    time->year = (int16_t) take(scan, 4);
    time->precision = REPORT_YEAR;
    for (size_t i = 0; 4 + 2 * i < num; i++) {
        *parts[i] = (int8_t) take(scan, 2);
        time->precision++;
    }
    return time->precision < REPORT_SECOND || take_fraction(scan, time);
}

/* 2026-11[-22[(T| )10[:30[:05]]]] */
static bool take_iso(struct scan *scan, struct report_time *time)
{
    int8_t *const     parts[] = { &time->month, &time->day, &time->hour, &time->minute, &time->second };
    static const char marks[] = { '-', '-', 'T', ':', ':' };
    time->year = (int16_t) take(scan, 4);
    time->precision = REPORT_YEAR;
    for (size_t i = 0; i < sizeof marks; i++) {
        char mark = marks[i];
        if (mark == 'T' && scan->at < scan->end && *scan->at == ' ')
            mark = ' ';
        if (i == 2 && scan->at < scan->end && *scan->at != mark)
            break; /* the zone of a date */
        int number = take_two(scan, mark);
        if (number < 0)
            break;
        *parts[i] = (int8_t) number;
        time->precision++;
    }
    return time->precision > REPORT_YEAR && (time->precision < REPORT_SECOND || take_fraction(scan, time));
}

enum hl7_dress hl7_time_read(struct report_text text, struct report_time *time, const char **what)
{
    struct report_time made = { .sent = text };
    *time = made;
    if (text.size == 0)
        return HL7_TIME_MISSING;
    struct scan scan = { text.bytes, text.bytes + text.size };
    bool        iso = count_digits(scan) == 4 && text.size > 4 && text.bytes[4] == '-' && text.size != 9;
    bool        good = iso ? take_iso(&scan, &made) : take_digits(&scan, &made);
    good = good && take_zone(&scan, &made);
    if (!good) {
        *what = "not a date or time";
        return HL7_TIME_BAD;
    }
    if (!report_time_check(&made, what))
        return HL7_TIME_IMPOSSIBLE;
    if (made.precision < REPORT_HOUR) {
        made.zone_known = false;
        made.zone_minutes = 0;
    }
    *time = made;
    return iso ? HL7_TIME_ISO : HL7_TIME_HL7;
}
