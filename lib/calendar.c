/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/calendar.h"

#include <string.h>

#include "internal.h"

/* ---- checks ---- */

static bool is_felt_in_weeks(const struct toc_holiday_kind *kind)
{
    return kind->steps != TOC_HOLIDAY_DAYS;
}

static size_t num_labels(const struct toc_holiday_kind *kind)
{
    size_t weeks = (size_t) (kind->weeks_before + 1 + kind->weeks_after);
    return is_felt_in_weeks(kind) ? TOC_LABELS_A_WEEK * (weeks + 1) : weeks;
}

size_t toc_calendar_num_labels(const struct toc_calendar *calendar)
{
    size_t total = 0;
    for (size_t i = 0; i < calendar->num_kinds; i++)
        total += num_labels(&calendar->kinds[i]);
    return total;
}

/* The first label of a kind; those felt in weeks come first. */
static size_t first_label(const struct toc_calendar *calendar, size_t kind)
{
    bool   in_weeks = is_felt_in_weeks(&calendar->kinds[kind]);
    size_t first = 1;
    for (size_t i = 0; i < calendar->num_kinds; i++) {
        bool before = is_felt_in_weeks(&calendar->kinds[i]) != in_weeks ? !in_weeks : i < kind;
        first += before ? num_labels(&calendar->kinds[i]) : 0;
    }
    return first;
}

static int check_kinds(const struct toc_calendar *calendar, struct toc_error *error)
{
    size_t total = 0;
    for (size_t i = 0; i < calendar->num_kinds; i++) {
        const struct toc_holiday_kind *kind = &calendar->kinds[i];
        if (kind->weeks_before < 0 || kind->weeks_before > TOC_HOLIDAY_MAX_WEEKS)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.kinds.weeks_before", i, kind->weeks_before, "0 … 8");
        if (kind->weeks_after < 0 || kind->weeks_after > TOC_HOLIDAY_MAX_WEEKS)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.kinds.weeks_after", i, kind->weeks_after, "0 … 8");
        if (kind->steps < TOC_HOLIDAY_DAYS || kind->steps > TOC_HOLIDAY_MONTHS)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.kinds.steps", i, kind->steps, "days, weeks or months");
        total += num_labels(kind);
        if (total > TOC_CALENDAR_MAX_LABELS)
            return toci_fail(
                error, TOC_ERR_TOO_LARGE, "calendar.kinds", i, (double) total,
                "at most 255 labels: of a kind weeks before + 1 + weeks after, 7 a week where felt in weeks");
    }
    return 0;
}

static int check_holidays(const struct toc_calendar *calendar, struct toc_error *error)
{
    for (size_t i = 0; i < calendar->num_holidays; i++) {
        const struct toc_holiday *holiday = &calendar->holidays[i];
        if (holiday->kind >= calendar->num_kinds)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.holidays.kind", i, (double) holiday->kind,
                             "below calendar.num_kinds");
        if (holiday->from < TOC_DATE_MIN || holiday->from > TOC_DATE_MAX)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.holidays.from", i, holiday->from,
                             "0001-01-01 … 9999-12-31");
        if (holiday->to < holiday->from || holiday->to > TOC_DATE_MAX)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.holidays.to", i, holiday->to, "not before `from`");
        if (holiday->to - holiday->from >= TOC_HOLIDAY_MAX_DAYS)
            return toci_fail(error, TOC_ERR_DOMAIN, "calendar.holidays.to", i, holiday->to,
                             "at most 100 days of one holiday");
    }
    return 0;
}

static int check_dates(const toc_date *date, size_t n, int steps_per_year, struct toc_error *error)
{
    if (steps_per_year != 365 && steps_per_year != 52 && steps_per_year != 12)
        return toci_fail(error, TOC_ERR_DOMAIN, "steps_per_year", TOC_NOWHERE, steps_per_year, "365, 52 or 12");
    for (size_t row = 0; row < n; row++) {
        if (date[row] < TOC_DATE_MIN || date[row] > TOC_DATE_MAX)
            return toci_fail(error, TOC_ERR_DOMAIN, "date", row, date[row], "0001-01-01 … 9999-12-31");
        if (row > 0 && date[row] <= date[row - 1])
            return toci_fail(error, TOC_ERR_DOMAIN, "date", row, date[row], "dates in ascending order");
    }
    return 0;
}

/* ---- which week of a holiday a step is ---- */

/* The day in the middle of a holiday, the earlier of two. */
static toc_date middle_day(const struct toc_holiday *holiday)
{
    return holiday->from + (holiday->to - holiday->from) / 2;
}

/* The start of the week that holds `day`, for weeks that begin on the weekday of `start`. */
static toc_date week_holding(toc_date day, toc_date start)
{
    int beyond = (day - start) % 7;
    return day - (beyond < 0 ? beyond + 7 : beyond);
}

static int weeks_up(int days)
{
    return (days + 6) / 7;
}

static int week_of_day(const struct toc_holiday *holiday, toc_date day)
{
    if (day < holiday->from)
        return -weeks_up(holiday->from - day);
    return day > holiday->to ? weeks_up(day - holiday->to) : 0;
}

/* Four days of a week lie in [from, to] exactly if it begins between from - 3 and to - 3 and the holiday has four days;
 * a shorter holiday has no such week. */
static int week_of_week(const struct toc_holiday *holiday, toc_date start)
{
    toc_date first = week_holding(holiday->from + 3, start);
    toc_date last = week_holding(holiday->to - 3, start);
    if (holiday->to - holiday->from < 3 || first > last)
        first = last = week_holding(middle_day(holiday), start);
    if (start < first)
        return (start - first) / 7;
    return start > last ? (start - last) / 7 : 0;
}

/* Day, week or month from its first day: the week of the holiday, or INT32_MIN where there is none. */
static int week_of_step(const struct toc_holiday *holiday, toc_date start, int steps_per_year)
{
    if (steps_per_year == 365)
        return week_of_day(holiday, start);
    if (steps_per_year == 52)
        return week_of_week(holiday, start);
    struct toc_civil first = toc_date_to_civil(start);
    toc_date         middle = middle_day(holiday);
    bool             holds = middle >= start && middle - start < toc_days_in_month(first.year, first.month);
    return holds ? 0 : INT32_MIN;
}

/* How many days of a week that is mostly `week` of a holiday belong to the one before (negative) or after. */
static int days_beyond(const struct toc_holiday *holiday, toc_date start, int week, int steps_per_year)
{
    int before = 0, after = 0;
    if (steps_per_year != 52 || holiday->to - holiday->from < 6)
        return 0;
    for (int day = 0; day < 7; day++) {
        int of_day = week_of_day(holiday, start + day);
        before += of_day < week;
        after += of_day > week;
    }
    return before > 0 ? (before < 4 ? -before : -3) : after < 4 ? after : 3;
}

/* ---- labels ---- */

/* False for a label that is never given. */
static bool decode(const struct toc_calendar *calendar, uint8_t label, struct toc_label_meaning *meaning)
{
    for (size_t i = 0; i < calendar->num_kinds; i++) {
        const struct toc_holiday_kind *kind = &calendar->kinds[i];
        size_t                         first = first_label(calendar, i);
        if (label < first || label >= first + num_labels(kind))
            continue;
        int place = (int) (label - first);
        *meaning = (struct toc_label_meaning){ i, place - kind->weeks_before, 0 };
        if (is_felt_in_weeks(kind)) {
            meaning->week = place / TOC_LABELS_A_WEEK - kind->weeks_before;
            meaning->beyond = place % TOC_LABELS_A_WEEK - 3;
        }
        return meaning->week <= kind->weeks_after;
    }
    return false;
}

static uint8_t encode(const struct toc_calendar *calendar, const struct toc_label_meaning *meaning)
{
    const struct toc_holiday_kind *kind = &calendar->kinds[meaning->kind];
    int                            place = meaning->week + kind->weeks_before;
    if (is_felt_in_weeks(kind))
        place = TOC_LABELS_A_WEEK * place + 3 + meaning->beyond;
    return (uint8_t) (first_label(calendar, meaning->kind) + (size_t) place);
}

/* Of two holidays that claim one step, whether the new one has the better right to it. */
static bool comes_first(const struct toc_calendar *calendar, size_t kind, int week, uint8_t present)
{
    if (present == 0)
        return true;
    struct toc_label_meaning held = { 0 };
    decode(calendar, present, &held);
    int distance = week < 0 ? -week : week, held_distance = held.week < 0 ? -held.week : held.week;
    if (distance != held_distance)
        return distance < held_distance;
    if (calendar->kinds[kind].steps != calendar->kinds[held.kind].steps)
        return calendar->kinds[kind].steps > calendar->kinds[held.kind].steps;
    if (kind != held.kind)
        return kind < held.kind;
    return week > held.week; /* one holiday shortly after itself: the week after it, whatever the order of the lines */
}

/* The first row that begins on `day` or later. */
static size_t first_row_from(const toc_date *date, size_t n, toc_date day)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t half = low + (high - low) / 2;
        if (date[half] < day)
            low = half + 1;
        else
            high = half;
    }
    return low;
}

static void label_holiday(const struct toc_calendar *calendar, const struct toc_holiday *holiday, const toc_date *date,
                          size_t n, int steps_per_year, uint8_t *labels)
{
    const struct toc_holiday_kind *kind = &calendar->kinds[holiday->kind];
    toc_date                       last = holiday->to + 7 * (kind->weeks_after + 1);

    /* Rows that can be touched: a step may begin up to a month before a day that it holds. */
    for (size_t row = first_row_from(date, n, holiday->from - 7 * (kind->weeks_before + 1) - 31);
         row < n && date[row] <= last; row++) {
        int week = week_of_step(holiday, date[row], steps_per_year);
        if (week >= -kind->weeks_before && week <= kind->weeks_after &&
            comes_first(calendar, holiday->kind, week, labels[row]))
            labels[row] =
                encode(calendar, &(struct toc_label_meaning){ holiday->kind, week,
                                                              days_beyond(holiday, date[row], week, steps_per_year) });
    }
}

/* Whether holidays of this kind are labelled in such steps. */
static bool is_felt(const struct toc_holiday_kind *kind, int steps_per_year)
{
    enum toc_holiday_steps steps = steps_per_year == 365  ? TOC_HOLIDAY_DAYS
                                   : steps_per_year == 52 ? TOC_HOLIDAY_WEEKS
                                                          : TOC_HOLIDAY_MONTHS;
    return kind->steps >= steps;
}

int toc_calendar_label(const struct toc_calendar *calendar, const toc_date *date, size_t n, int steps_per_year,
                       uint8_t *labels, struct toc_error *error)
{
    int ret = check_kinds(calendar, error);
    if (ret == 0)
        ret = check_holidays(calendar, error);
    if (ret == 0)
        ret = check_dates(date, n, steps_per_year, error);
    if (ret != 0)
        goto out;
    if (n > 0)
        memset(labels, 0, n);
    for (size_t i = 0; i < calendar->num_holidays; i++) {
        const struct toc_holiday *holiday = &calendar->holidays[i];
        if (is_felt(&calendar->kinds[holiday->kind], steps_per_year))
            label_holiday(calendar, holiday, date, n, steps_per_year, labels);
    }
out:
    return ret;
}

int toc_calendar_meaning(const struct toc_calendar *calendar, uint8_t label, struct toc_label_meaning *meaning,
                         struct toc_error *error)
{
    int ret = check_kinds(calendar, error);
    if (ret != 0)
        return ret;
    struct toc_label_meaning found;
    if (!decode(calendar, label, &found))
        return toci_fail(error, TOC_ERR_DOMAIN, "label", TOC_NOWHERE, label, "a label that toc_calendar_label() gives");
    *meaning = found;
    return 0;
}

void toc_calendar_years(const struct toc_calendar *calendar, int *first_year, int *last_year)
{
    *first_year = *last_year = 0;
    for (size_t i = 0; i < calendar->num_holidays; i++) {
        int year = toc_date_to_civil(calendar->holidays[i].from).year;
        if (i == 0 || year < *first_year)
            *first_year = year;
        if (i == 0 || year > *last_year)
            *last_year = year;
    }
}
