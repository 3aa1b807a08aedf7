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

/* Whether every count is whole and below 2^52, so that adding 2^52 rounds nothing away; two at a time, no branches.
 * The answer false is not final: larger counts and missing ones are allowed too. */
static bool all_small_counts(const double *y, size_t n)
{
    typedef double  pair __attribute__((vector_size(16), aligned(8)));
    typedef int64_t masks __attribute__((vector_size(16)));
    masks           wrong = { 0, 0 };
    for (size_t row = 0; row + 2 <= n; row += 2) {
        pair part = *(const pair *) (const void *) (y + row);
        wrong |= ~(part >= 0.0) | ((part + 0x1p52) - 0x1p52 != part);
    }
    double last = n > 0 ? y[n - 1] : 0;
    return (wrong[0] | wrong[1]) == 0 && last >= 0 && (last + 0x1p52) - 0x1p52 == last;
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
    return observed == expected ? 0.0 : (observed - expected) / (threshold - expected);
}
