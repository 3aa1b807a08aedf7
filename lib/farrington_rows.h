/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/farrington_rows.h: which steps make the baseline of a step, and what part of the year each stands for.
 *
 * Shared by everything that compares a step with the same time of earlier years, whatever model is then fitted: the
 * season blocks here are one factor; weekday and holiday are for the caller to add.
 */
#ifndef LIB_FARRINGTON_ROWS_H
#define LIB_FARRINGTON_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/series.h"

enum { TOCI_MAX_YEARS = 100, TOCI_MAX_PERIODS = 366 };

/* How a baseline is chosen; lengths in steps. */
struct toci_baseline_rule {
    bool   as_r;  /* R's faults included */
    int    years; /* 1 … TOCI_MAX_YEARS */
    int    half_window;
    int    periods; /* 1 … TOCI_MAX_PERIODS */
    int    guard;   /* the judged step and so many before it are left out */
    double unit;    /* days of one step; 1 where there are no dates */
    bool   keep_holidays;
};

/* Days from the first step to the second: R's unit of time. 1 where there are no dates. */
double toci_step_days(const struct toc_series *series);

/* The baseline of one step, oldest row first. The arrays are the caller's, room for as many as the series has rows. */
struct toci_baseline {
    size_t   *row;
    uint16_t *season; /* block of the year: 0 … periods - 1, the judged step's own is periods - 1 */
    double   *time;   /* steps since the first row of the baseline, by date where there are dates */
    uint16_t *mark;   /* working room, one a row */
    size_t    num;
    double    time_now; /* of the judged step */
};

/* The rows of reference dates of step k: reference[0] = k, reference[i] = i years earlier. */
enum toc_reason toci_reference_rows(const struct toc_series *series, size_t k, int years, ptrdiff_t *reference);

/* Choose the baseline of step k. Missing counts are left out, and holidays unless rule->as_r or
 * rule->keep_holidays. */
enum toc_reason toci_baseline_choose(const struct toc_series *series, size_t k, const struct toci_baseline_rule *rule,
                                     struct toci_baseline *baseline);

/* As R's farrington (1996) chooses: half_window steps on each side of the same date of each earlier year, by position
 * where there are no dates; what lies outside the series is left out, and time counts rows. rule->periods, guard and
 * unit are not used. A missing count among the rows: TOC_REASON_BASELINE_MISSING. */
enum toc_reason toci_baseline_choose_1996(const struct toc_series *series, size_t k,
                                          const struct toci_baseline_rule *rule, struct toci_baseline *baseline);

/* The date `years` years earlier; 29 February becomes 1 March where there is none. */
toc_date toci_years_before(toc_date date, int years);

/* The row of a date, or -1. */
ptrdiff_t toci_row_of_date(const struct toc_series *series, toc_date date);

#endif
