/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/growth.h: how fast counts grow or decline: exponential growth rate, doubling and halving time.
 *
 * In a window the counts are taken as y_t with mean exp(a + r t) and variance phi times the mean: Poisson (phi = 1) or
 * quasi-Poisson (phi = sum of (y - mu)^2/mu over the number of counts less two, at least 1). r, the growth rate a step,
 * solves
 *   sum of t exp(r t) / sum of exp(r t) = sum of t y_t / sum of y_t,
 * has the standard deviation sqrt(phi / sum of mu_t (t - tbar)^2), tbar the mean of t weighted by mu, and the interval
 * r +- q sd, with q the quantile of the normal (Poisson) or of Student's t distribution (quasi-Poisson).
 *
 * The doubling time is log(2)/r where r grows, the halving time log(2)/-r where it declines; their intervals come from
 * the ends of r's. Where r's interval spans zero neither is known, not even its direction, and both are NaN.
 * All times are in steps, all rates per step.
 *
 * Source: Wallinga and Lipsitch 2007, doi:10.1098/rspb.2006.3754 (rate to reproduction number); quasi-Poisson:
 * McCullagh and Nelder 1989, chapter 6.
 */
#ifndef TOCSIN_GROWTH_H
#define TOCSIN_GROWTH_H

#include "tocsin/reproduction.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_growth_family {
    TOC_GROWTH_QUASI_POISSON = 0, /* counts vary more than chance alone would have it: nearly all do */
    TOC_GROWTH_POISSON = 1
};

struct toc_growth_options {
    enum toc_growth_family family;
    double                 level;     /* 0 < level < 1: of the intervals */
    int                    min_cases; /* >= 1: fewer in the window are too few to judge */
};
#define TOC_GROWTH_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        .level = 0.95, .min_cases = 10                                                                                 \
    }
/* Fewer counts in a window are not judged. */
#define TOC_GROWTH_MIN_STEPS 5

struct toc_time_interval {
    double middle; /* NaN where not known; low and high too */
    double low;
    double high;
};

/* All NaN where a window is left out. */
struct toc_growth {
    double                   rate;
    double                   sd;
    double                   low;
    double                   high;
    double                   dispersion; /* phi */
    struct toc_time_interval doubling;   /* known where low > 0 */
    struct toc_time_interval halving;    /* known where high < 0 */
    enum toc_reason          reason;
};

/* Estimate growth in each window. Missing counts are left out of their window; one with fewer than
 * TOC_GROWTH_MIN_STEPS counts (TOC_REASON_SHORT_HISTORY), with fewer than min_cases cases (TOC_REASON_FEW_CASES), or
 * whose cases all lie on its first or all on its last day (TOC_REASON_FIT_FAILED: the rate is infinite) is left out.
 *
 * incidence   imported cases are counted with the others
 * growth      room for num_windows; untouched on failure
 *
 * Cost: some ten exponentials a step of each window; no allocation. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN,
 * TOC_ERR_SHAPE.
 */
int toc_growth_estimate(const struct toc_incidence *incidence, const struct toc_window *windows, size_t num_windows,
                        const struct toc_growth_options *options, struct toc_growth *growth, struct toc_error *error);

/* The reproduction number that gives this growth rate: 1 / sum of w_k exp(-rate k), w a serial interval whose sum is 1.
 * 0 where the sum overflows, infinite where it underflows. */
double toc_growth_reproduction(double rate, const double *w, size_t num_w);

#ifdef __cplusplus
}
#endif
#endif
