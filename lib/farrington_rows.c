/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The years are walked backwards from the judged step k. With half_window w, reference rows r_0 = k, r_1, r_2, … and
 * periods p, labels are written in this order, a later one replacing an earlier one:
 *
 *      r_2-w … r_2 … r_2+w |  1  |  2  | … | p-1 | r_1-w … r_1 … r_1+w |  1  |  2  | … | p-1 | k-w … k
 *              p            the gap in p-1 blocks            p           the gap in p-1 blocks     p
 *
 * The gaps differ by a row where a year has 53 weeks or 366 days, which the division into blocks absorbs. */
#include "farrington_rows.h"

#include <string.h>

#include "internal.h"

toc_date toci_years_before(toc_date date, int years)
{
    struct toc_civil civil = toc_date_to_civil(date);
    civil.year -= years;
    if (civil.day == 29 && civil.month == 2 && toc_days_in_month(civil.year, 2) == 28) {
        civil.month = 3;
        civil.day = 1;
    }
    return toc_date_from_civil(civil);
}

ptrdiff_t toci_row_of_date(const struct toc_series *series, toc_date date)
{
    size_t low = 0, high = series->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->date[middle] < date)
            low = middle + 1;
        else
            high = middle;
    }
    return low < series->n && series->date[low] == date ? (ptrdiff_t) low : -1;
}

/* The day with the weekday of `like` that is nearest to date; of two equally near the one in the same week, where weeks
 * begin on Sunday. */
static toc_date nearest_weekday(toc_date date, toc_date like)
{
    int      shift = (toc_date_weekday(date) + 1) % 7 - (toc_date_weekday(like) + 1) % 7;
    toc_date same_week = date - shift;
    toc_date other = same_week > date ? same_week - 7 : same_week + 7;
    int      away = shift < 0 ? -shift : shift;
    int      other_away = other < date ? date - other : other - date;
    return other_away < away ? other : same_week;
}

enum toc_reason toci_reference_rows(const struct toc_series *series, size_t k, int years, ptrdiff_t *reference)
{
    reference[0] = (ptrdiff_t) k;
    for (int i = 1; i <= years; i++) {
        if (series->date == NULL) {
            reference[i] = (ptrdiff_t) k - (ptrdiff_t) i * series->steps_per_year;
            continue;
        }
        if (toc_date_to_civil(series->date[k]).year <= i)
            return TOC_REASON_SHORT_HISTORY;
        toc_date date = toci_years_before(series->date[k], i);
        if (series->steps_per_year == 52)
            date = nearest_weekday(date, series->date[k]);
        reference[i] = toci_row_of_date(series, date);
        if (reference[i] < 0)
            return date < series->date[0] ? TOC_REASON_SHORT_HISTORY : TOC_REASON_NO_REFERENCE;
    }
    return TOC_REASON_NONE;
}

/* Labels of the rows oldest … k: 0 = not in the baseline, else block + 1. */
struct labels {
    uint16_t *of; /* of[row - oldest] */
    ptrdiff_t oldest, newest;
};

static void label(const struct labels *labels, ptrdiff_t from, ptrdiff_t to, int value)
{
    if (from < labels->oldest)
        from = labels->oldest;
    if (to > labels->newest)
        to = labels->newest;
    for (ptrdiff_t row = from; row <= to; row++)
        labels->of[row - labels->oldest] = (uint16_t) value;
}

/* Cut the rows between two windows into blocks 1 … periods - 1, oldest first; where they cannot all be equally long,
 * the first ones are one row longer. */
static void label_gap(const struct labels *labels, ptrdiff_t first, ptrdiff_t length,
                      const struct toci_baseline_rule *rule)
{
    int       blocks = rule->periods - 1;
    ptrdiff_t shortest = length / blocks, longer = length % blocks;
    ptrdiff_t from = first;
    for (int block = 1; block <= blocks; block++) {
        ptrdiff_t rows = shortest + (block <= longer ? 1 : 0);
        if (rows > 0)
            label(labels, from, from + rows - 1, block);
        else if (rule->as_r)
            label(labels, from - 1, from, block); /* R counts a:(a - 1) downwards: two rows */
        from += rows;
    }
}

/* Windows and the gaps between them, newest first; a later label replaces an earlier one. */
static enum toc_reason label_years(const struct labels *labels, const ptrdiff_t *reference,
                                   const struct toci_baseline_rule *rule)
{
    int w = rule->half_window;
    label(labels, reference[0] - w, reference[0], rule->periods);
    for (int i = 1; i <= rule->years; i++) {
        label(labels, reference[i] - w, reference[i] + w, rule->periods);
        if (rule->periods == 1)
            continue;
        ptrdiff_t length = reference[i - 1] - reference[i] - 2 * w - 1;
        ptrdiff_t needed = rule->as_r ? rule->periods - (2 * w + 1) : rule->periods - 1;
        if (length < needed || length < 0) /* rows are absent between the dates; or R's "Number of factors too big" */
            return rule->as_r ? TOC_REASON_FIT_FAILED : TOC_REASON_BASELINE_MISSING;
        label_gap(labels, reference[i] + w + 1, length, rule);
    }
    return TOC_REASON_NONE;
}

double toci_step_days(const struct toc_series *series)
{
    return series->date != NULL && series->n > 1 ? (double) (series->date[1] - series->date[0]) : 1.0;
}

/* Where a row lies in time: its day, or its number. */
static double place_of(const struct toc_series *series, ptrdiff_t row)
{
    return series->date != NULL ? (double) series->date[row] : (double) row;
}

/* Copy the labelled rows before the guard to the baseline and give them times. R takes the origin of the judged step's
 * time from the first row with a count, that of the rows from the first row. Returns how many counts are missing. */
static size_t collect(const struct toc_series *series, size_t k, const struct labels *labels,
                      const struct toci_baseline_rule *rule, struct toci_baseline *baseline)
{
    ptrdiff_t last = (ptrdiff_t) k - rule->guard - 1, first = -1, first_counted = -1;
    size_t    num = 0, missing = 0;
    for (ptrdiff_t row = labels->oldest; row <= last; row++) {
        uint16_t block = labels->of[row - labels->oldest];
        if (block == 0)
            continue;
        if (first < 0)
            first = row;
        bool left_out = !rule->as_r && !rule->keep_holidays && toci_is_holiday(series, (size_t) row);
        if (isnan(series->observed[row]))
            missing++;
        if (isnan(series->observed[row]) || left_out)
            continue;
        if (first_counted < 0)
            first_counted = row;
        baseline->row[num] = (size_t) row;
        baseline->season[num] = (uint16_t) (block - 1);
        baseline->time[num] = (place_of(series, row) - place_of(series, first)) / rule->unit;
        num++;
    }
    baseline->num = num;
    if (num == 0)
        return missing;
    ptrdiff_t origin = rule->as_r && series->date != NULL ? first_counted : first;
    baseline->time_now = (place_of(series, (ptrdiff_t) k) - place_of(series, origin)) / rule->unit;
    return missing;
}

enum toc_reason toci_baseline_choose(const struct toc_series *series, size_t k, const struct toci_baseline_rule *rule,
                                     struct toci_baseline *baseline)
{
    ptrdiff_t       reference[TOCI_MAX_YEARS + 1];
    enum toc_reason reason = toci_reference_rows(series, k, rule->years, reference);
    if (reason != TOC_REASON_NONE)
        return reason;
    ptrdiff_t oldest = reference[rule->years] - rule->half_window;
    if (oldest < (rule->as_r ? -1 : 0)) /* R counts from 1 and loses a row 0 without a word */
        return TOC_REASON_SHORT_HISTORY;
    struct labels labels = { baseline->mark, oldest < 0 ? 0 : oldest, (ptrdiff_t) k };
    memset(labels.of, 0, (size_t) (labels.newest - labels.oldest + 1) * sizeof *labels.of);
    reason = label_years(&labels, reference, rule);
    if (reason != TOC_REASON_NONE)
        return reason;
    size_t missing = collect(series, k, &labels, rule, baseline);
    bool   known = baseline->num > 0 && (rule->as_r || missing <= baseline->num); /* at least half of the counts */
    return known ? TOC_REASON_NONE : TOC_REASON_BASELINE_MISSING;
}

/* ---- R's choice of 1996 ---- */

/* The date of a step of a window: so many days, weeks or months after the reference date, moved to the nearest weekday,
 * or to the day of the month, of the judged step. */
static toc_date window_date(const struct toc_series *series, toc_date now, toc_date reference, int steps)
{
    if (series->steps_per_year == 365)
        return reference + steps;
    if (series->steps_per_year == 52) {
        toc_date date = reference + 7 * steps;
        int      forward = (toc_date_weekday(now) - toc_date_weekday(date) + 7) % 7, back = (7 - forward) % 7;
        return forward < back ? date + forward : date - back;
    }
    struct toc_civil civil = toc_date_to_civil(reference);
    int              months = 12 * civil.year + civil.month - 1 + steps, day = toc_date_to_civil(now).day;
    civil.year = months / 12;
    civil.month = months % 12 + 1;
    civil.day = day < toc_days_in_month(civil.year, civil.month) ? day : toc_days_in_month(civil.year, civil.month);
    return toc_date_from_civil(civil);
}

static ptrdiff_t window_row(const struct toc_series *series, size_t k, int year, int steps)
{
    if (series->date == NULL)
        return (ptrdiff_t) k - (ptrdiff_t) year * series->steps_per_year + steps;
    toc_date now = series->date[k];
    if (toc_date_to_civil(now).year <= year + 1)
        return -1;
    return toci_row_of_date(series, window_date(series, now, toci_years_before(now, year), steps));
}

enum toc_reason toci_baseline_choose_1996(const struct toc_series *series, size_t k,
                                          const struct toci_baseline_rule *rule, struct toci_baseline *baseline)
{
    size_t num = 0;
    for (int year = rule->years; year >= 1; year--)
        for (int steps = -rule->half_window; steps <= rule->half_window; steps++) {
            ptrdiff_t row = window_row(series, k, year, steps);
            if (row < 0 || row >= (ptrdiff_t) k)
                continue;
            if (isnan(series->observed[row]))
                return TOC_REASON_BASELINE_MISSING;
            baseline->row[num] = (size_t) row;
            baseline->season[num] = 0;
            baseline->time[num] = (double) row - (double) baseline->row[0];
            num++;
        }
    baseline->num = num;
    if (num == 0)
        return TOC_REASON_SHORT_HISTORY;
    baseline->time_now = (double) k - (double) baseline->row[0];
    return TOC_REASON_NONE;
}
