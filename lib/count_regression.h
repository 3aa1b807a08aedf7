/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/count_regression.h: log-linear regression of counts on season and time, Poisson or negative binomial.
 *
 *   log E(y_t) = b0 [+ b1 t] + sum over s = 1 … harmonics of (c_s cos(2 s pi t / period) + d_s sin(2 s pi t / period))
 *                [+ one term a day of the week, Tuesday … Sunday]
 *
 * Poisson: iteratively reweighted least squares as R's glm runs it: start log(y + 0.1), stop when the deviance changes
 * by less than 1e-8 (|dev| + 0.1), at most 25 steps. Negative binomial with a known overdispersion a (variance
 * mu + a mu^2): the same, started at y, or 1/6 where y = 0. With an unknown one: MASS::glm.nb's scheme, which starts
 * from the Poisson fit and alternates the regression for a given theta = 1/a with Newton steps for theta at given
 * means. The iterations stop where R's stop, so the numbers agree with R's beyond the tolerance of either.
 *
 * Rows of equal terms are one cell: all sums need only the cell's number of rows, total and sum of squares. A season
 * without trend has `period` cells however long the history is.
 * Sources: McCullagh and Nelder 1989, section 2.5; Venables and Ripley 2002, section 7.4,
 * doi:10.1007/978-0-387-21706-2.
 */
#ifndef LIB_COUNT_REGRESSION_H
#define LIB_COUNT_REGRESSION_H

#include "internal.h"

enum { TOCI_MAX_HARMONICS = 12, TOCI_MAX_TERMS = 2 + 2 * TOCI_MAX_HARMONICS + 6 };

/* Which terms the regression has, and what time is. */
struct toci_terms {
    int    harmonics;  /* 0 … TOCI_MAX_HARMONICS pairs of cosine and sine */
    bool   trend;      /* linear in time on the log scale */
    bool   weekdays;   /* a level of its own for each day of the week; the series must be dated */
    double first_time; /* t of row 0; R's glrnb counts from 1 */
};

/* A fitted baseline. Plain data; copy it freely. */
struct toci_fit {
    struct toci_terms terms;
    double            period;                       /* steps a year */
    double            trend_centre, trend_scale;    /* the trend term is (t - centre) / scale */
    double            coefficients[TOCI_MAX_TERMS]; /* 0 for a term that the rows cannot tell from those before it */
    size_t            num_terms;
    size_t            num_rows;
    double            total;          /* sum of the counts */
    double            deviance;       /* of the last regression */
    double            overdispersion; /* a; 0 for Poisson */
    int               iterations;     /* of the last regression */
    bool              converged;      /* regression, and theta where it was estimated */
};

/* Working memory of toci_fit_baseline for histories of at most max_rows, in doubles. */
size_t toci_fit_doubles(const struct toc_series *series, const struct toci_terms *terms, size_t max_rows);

/* Fit rows first … first + num - 1; missing counts are left out, and holidays too unless mode is TOC_MODE_R.
 *
 * overdispersion   0 = Poisson, > 0 = known, NaN = to be estimated; where that fails (counts that vary less than a
 * Poisson variable), 0 is taken unless mode is TOC_MODE_R work             toci_fit_doubles(series, terms, num) doubles
 * Returns TOC_REASON_NONE, TOC_REASON_SHORT_HISTORY (fewer usable rows than terms) or TOC_REASON_FIT_FAILED.
 * The series has been checked. No allocation. Cost: O(num) to gather, then O(cells terms^2) an iteration.
 */
enum toc_reason toci_fit_baseline(const struct toc_series *series, size_t first, size_t num,
                                  const struct toci_terms *terms, double overdispersion, enum toc_mode mode,
                                  double *work, struct toci_fit *fit);

/* The expected count of a row of the series. */
double toci_fit_mean(const struct toci_fit *fit, const struct toc_series *series, size_t row);

/* The same of a row that is not in the series yet; weekday (0 = Monday) matters only where the terms have weekdays. */
double toci_fit_mean_at(const struct toci_fit *fit, size_t row, int weekday);

#endif
