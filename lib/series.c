/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/series.h"

#include "internal.h"

const char *toc_reason_text(enum toc_reason reason)
{
    static const char *const texts[TOC_NUM_REASONS] = {
#define X(code, text) [code] = text,
        TOC_REASONS(X)
#undef X
    };
    return (unsigned) reason < TOC_NUM_REASONS ? texts[reason] : "";
}

static bool is_count(double y)
{
    return y >= 0 && !isinf(y) && y == floor(y);
}

/* |(|y| rounded to a whole number) - y|, two at a time: 0 for a whole number >= 0 below 2^52, since adding 2^52 leaves
 * no room for a fraction; more than 0, or NaN, for anything that is none. Only arithmetic: a mask of comparisons would
 * leave the vector unit. */
typedef double  pair __attribute__((vector_size(16), aligned(8)));
typedef int64_t bits __attribute__((vector_size(16), aligned(8)));

static inline pair absolute(pair x)
{
    return (pair) ((bits) x & INT64_MAX);
}

static inline pair off_whole(const double *y)
{
    pair both = *(const pair *) (const void *) y;
    return absolute((absolute(both) + 0x1p52) - 0x1p52 - both);
}

/* Whether every count is whole and >= 0. The answer false is not final: missing counts and those beyond 2^52 are
 * allowed too. */
static bool all_small_counts(const double *y, size_t n)
{
    pair   off[2] = { { 0, 0 }, { 0, 0 } };
    size_t row = 0;
    double sum = 0.0;
    for (; row + 4 <= n; row += 4) {
        off[0] += off_whole(y + row);
        off[1] += off_whole(y + row + 2);
    }
    for (; row < n; row++)
        sum += fabs((fabs(y[row]) + 0x1p52) - 0x1p52 - y[row]);
    return sum + off[0][0] + off[0][1] + off[1][0] + off[1][1] == 0;
}

static int check_counts(const struct toc_series *series, struct toc_error *error)
{
    if (all_small_counts(series->observed, series->n))
        return 0;
    for (size_t row = 0; row < series->n; row++) {
        double y = series->observed[row];
        if (!is_count(y) && !isnan(y))
            return toci_fail(error, TOC_ERR_DOMAIN, "series.observed", row, y, "a whole number >= 0, or NaN = missing");
    }
    return 0;
}

static int check_population(const struct toc_series *series, struct toc_error *error)
{
    if (series->population == NULL)
        return 0;
    for (size_t row = 0; row < series->n; row++)
        if (!(series->population[row] > 0) || isinf(series->population[row]))
            return toci_fail(error, TOC_ERR_DOMAIN, "series.population", row, series->population[row],
                             "a finite number > 0");
    return 0;
}

static int check_dates(const struct toc_series *series, struct toc_error *error)
{
    if (series->date == NULL)
        return 0;
    for (size_t row = 0; row < series->n; row++) {
        if (series->date[row] < TOC_DATE_MIN || series->date[row] > TOC_DATE_MAX)
            return toci_fail(error, TOC_ERR_DOMAIN, "series.date", row, series->date[row], "0001-01-01 … 9999-12-31");
        if (row > 0 && series->date[row] <= series->date[row - 1])
            return toci_fail(error, TOC_ERR_DOMAIN, "series.date", row, series->date[row], "dates in ascending order");
    }
    return 0;
}

int toci_check_series(const struct toc_series *series, size_t first, size_t num, struct toc_error *error)
{
    if (first > series->n || num > series->n - first)
        return toci_fail(error, TOC_ERR_SHAPE, "first + num", TOC_NOWHERE, (double) first + (double) num,
                         "at most series.n");
    if (series->steps_per_year != 365 && series->steps_per_year != 52 && series->steps_per_year != 12)
        return toci_fail(error, TOC_ERR_DOMAIN, "series.steps_per_year", TOC_NOWHERE, series->steps_per_year,
                         "365, 52 or 12");
    int ret = check_counts(series, error);
    if (ret == 0)
        ret = check_population(series, error);
    if (ret == 0)
        ret = check_dates(series, error);
    return ret;
}

bool toci_has_weekdays(const struct toc_series *series, enum toc_mode mode, enum toc_weekdays weekdays)
{
    return mode == TOC_MODE_DEFAULT && weekdays == TOC_WEEKDAYS_STRATA && series->steps_per_year == 365 &&
           series->date != NULL;
}

struct toc_judgement toci_not_assessed(enum toc_reason reason)
{
    return (struct toc_judgement){ NAN, NAN, NAN, TOC_ALARM_NOT_ASSESSED, reason };
}

double toci_score(double observed, double expected, double threshold)
{
    if (observed == 0.0)
        return 0.0;
    if (threshold > expected)
        return (observed - expected) / (threshold - expected);
    return 1.0 + observed - threshold;
}
