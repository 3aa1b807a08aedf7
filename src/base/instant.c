/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/instant.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "tocsin/date.h"

/* A text being read from left to right. */
struct reader {
    const char *next, *end;
};

static bool take(struct reader *reader, char character)
{
    if (reader->next == reader->end || *reader->next != character)
        return false;
    reader->next++;
    return true;
}

/* `digits` digits as a number within low … high, or false. */
static bool take_number(struct reader *reader, int digits, int low, int high, int *number)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (reader->next == reader->end || *reader->next < '0' || *reader->next > '9')
            return false;
        value = 10 * value + (*reader->next++ - '0');
    }
    *number = value;
    return value >= low && value <= high;
}

static bool take_date(struct reader *reader, toc_date *date)
{
    struct toc_civil civil;
    if (!take_number(reader, 4, 1, 9999, &civil.year) || !take(reader, '-') ||
        !take_number(reader, 2, 1, 12, &civil.month) || !take(reader, '-') ||
        !take_number(reader, 2, 1, 31, &civil.day) || !toc_civil_valid(civil))
        return false;
    *date = toc_date_from_civil(civil);
    return true;
}

static void put_number(char *text, int digits, int64_t number)
{
    for (; digits > 0; number /= 10)
        text[--digits] = (char) ('0' + number % 10);
}

size_t instant_to_text(int64_t instant, char text[INSTANT_TEXT_BYTES])
{
    int64_t day = instant / INSTANT_DAY - (instant % INSTANT_DAY < 0), rest = instant - day * INSTANT_DAY;
    text[0] = '\0';
    if (day < TOC_DATE_MIN || day > TOC_DATE_MAX)
        return 0;
    struct toc_civil civil = toc_date_to_civil((toc_date) day);
    int64_t          seconds = rest / INSTANT_SECOND;
    memcpy(text, "0000-00-00T00:00:00.000000Z", INSTANT_TEXT_BYTES);
    put_number(text, 4, civil.year);
    put_number(text + 5, 2, civil.month);
    put_number(text + 8, 2, civil.day);
    put_number(text + 11, 2, seconds / 3600);
    put_number(text + 14, 2, seconds / 60 % 60);
    put_number(text + 17, 2, seconds % 60);
    put_number(text + 20, 6, rest % INSTANT_SECOND);
    return INSTANT_TEXT_BYTES - 1;
}

static bool take_fraction(struct reader *reader, int64_t *microseconds)
{
    int64_t value = 0, unit = INSTANT_SECOND;
    int     digits = 0;
    for (; reader->next != reader->end && *reader->next >= '0' && *reader->next <= '9'; reader->next++, digits++) {
        unit /= 10;
        value += (*reader->next - '0') * unit;
    }
    *microseconds = value;
    return digits >= 1 && digits <= 6;
}

int instant_from_text(const char *text, size_t size, int64_t *instant)
{
    struct reader reader = { text, text + size };
    toc_date      date;
    int           hour, minute, second = 0;
    int64_t       microseconds = 0;
    if (!take_date(&reader, &date) || !take(&reader, 'T') || !take_number(&reader, 2, 0, 23, &hour) ||
        !take(&reader, ':') || !take_number(&reader, 2, 0, 59, &minute))
        return BASE_ERR_INPUT;
    if (take(&reader, ':')) {
        if (!take_number(&reader, 2, 0, 59, &second))
            return BASE_ERR_INPUT;
        if (take(&reader, '.') && !take_fraction(&reader, &microseconds))
            return BASE_ERR_INPUT;
    }
    if (!take(&reader, 'Z') || reader.next != reader.end)
        return BASE_ERR_INPUT;
    *instant = date * INSTANT_DAY + ((hour * 60 + minute) * INT64_C(60) + second) * INSTANT_SECOND + microseconds;
    return 0;
}

static bool take_zone(struct reader *reader)
{
    int hour, minute;
    if (take(reader, 'Z'))
        return true;
    return (take(reader, '+') || take(reader, '-')) && take_number(reader, 2, 0, 14, &hour) && take(reader, ':') &&
           take_number(reader, 2, 0, 59, &minute);
}

int time_check(const char *text, size_t size)
{
    struct reader reader = { text, text + size };
    toc_date      date;
    int           number;
    if (!take_date(&reader, &date))
        return BASE_ERR_INPUT;
    if (reader.next == reader.end)
        return 0;
    if (!take(&reader, 'T') || !take_number(&reader, 2, 0, 23, &number))
        return BASE_ERR_INPUT;
    if (take(&reader, ':')) {
        if (!take_number(&reader, 2, 0, 59, &number))
            return BASE_ERR_INPUT;
        if (take(&reader, ':') && !take_number(&reader, 2, 0, 59, &number))
            return BASE_ERR_INPUT;
    }
    if (reader.next != reader.end && !take_zone(&reader))
        return BASE_ERR_INPUT;
    return reader.next == reader.end ? 0 : BASE_ERR_INPUT;
}

int64_t instant_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INSTANT_SECOND + now.tv_nsec / 1000;
}
