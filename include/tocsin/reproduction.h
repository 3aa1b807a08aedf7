/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/reproduction.h: the reproduction number over time, from counts and a serial interval.
 *
 * Two numbers carry the name. The instantaneous one (Cori) looks back: transmission on these days, now. The case
 * reproduction number (Wallinga and Teunis, at the end of this file) looks forward: how many the cases of these days
 * went on to infect; it is complete only when those are known.
 *
 * The instantaneous reproduction number R (Cori) of a window is how many cases each infectious case of that window
 * infects at the rates of that window: the local cases of the window divided by the infection pressure on it,
 *   pressure_t = sum over s >= 1 of w_s * cases_{t-s},     w = the serial interval, cases = local and imported.
 * Given R, local_t is Poisson(R pressure_t); with a gamma prior of shape A = (mean/sd)^2 and scale B = sd^2/mean the
 * posterior of R in a window is gamma:
 *   shape = A + sum of local_t,   scale = 1/(1/B + sum of pressure_t).
 * The steps are days: the serial interval must span several of them.
 *
 * Imported cases are sources, never local transmission: they count in pressure, not in the sum of local cases.
 *
 * TOC_MODE_DEFAULT
 *   - cases on which there is no pressure at all (those of the first row, and any that come later than the longest
 *     serial interval after the last case) have no source in the series and count as imported;
 *   - a missing count leaves its windows out; before a window, the weights of the other days are scaled up as long as
 *     the missing days carry at most TOC_MAX_MISSING_PRESSURE of the serial interval, else the window is left out;
 *   - a window whose posterior coefficient of variation 1/sqrt(shape) exceeds `max_cv` is left out: too few cases;
 *   - steps that are not days are left out: this method has no answer for them;
 *   - the serial interval is divided by its sum.
 * TOC_MODE_R: the numbers of EpiEstim::estimate_R 2.2-4. Only the cases of the first row count as imported; a missing
 *     count is an error (R stops); `max_cv` and the kind of steps are ignored; the serial interval is taken as given.
 * In both, a window that ends within the mean serial interval of the series' start is left out.
 * "Left out" is never silent: the numbers are NaN and `reason` says why.
 *
 * Source: Cori et al. 2013, doi:10.1093/aje/kwt133; imported cases: Thompson et al. 2019,
 * doi:10.1016/j.epidem.2019.100356.
 */
#ifndef TOCSIN_REPRODUCTION_H
#define TOCSIN_REPRODUCTION_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/serial_interval.h"
#include "tocsin/series.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most cases of one step: all of them, and their sums, are whole numbers that a double holds. */
#define TOC_MAX_CASES 1e15

/* Daily new cases by onset, oldest first. The arrays are the caller's and only read. */
struct toc_incidence {
    const double *cases;    /* n, all cases, 0 … TOC_MAX_CASES (fractions too: nowcasts have them); NaN = missing */
    const double *imported; /* n, those of them infected elsewhere, 0 … cases; NaN counts as 0; NULL = none known */
    size_t        n;
    int           steps_per_year; /* 365 = days; 52 and 12 as in struct toc_series */
};

/* Steps first … last, both inclusive, 0-based. */
struct toc_window {
    size_t first;
    size_t last;
};

/* The windows of `length` steps that end on each step from step `length` on (0-based), as EpiEstim's default has them
 * for 7: the first row, whose cases have no source, belongs to none. num_windows = max(0, n - length).
 * windows may be NULL to learn the number. */
size_t toc_windows_sliding(size_t n, size_t length, struct toc_window *windows);

/* What is known of R in one window. All NaN where it is left out. */
struct toc_reproduction {
    double          mean;
    double          sd;
    enum toc_reason reason; /* TOC_REASON_NONE exactly where there are numbers */
};

struct toc_cori_options {
    enum toc_mode mode;
    double        prior_mean; /* > 0 */
    double        prior_sd;   /* > 0 */
    double        max_cv;     /* > 0; INFINITY = show all */
};
#define TOC_CORI_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        .prior_mean = 5.0, .prior_sd = 5.0, .max_cv = 0.3                                                              \
    }

/* The largest share of the serial interval that may fall on missing days. */
#define TOC_MAX_MISSING_PRESSURE 0.1
/* The most quantiles of one call. */
#define TOC_MAX_QUANTILES 64

/* Estimate R in each window.
 *
 * w, num_w        the serial interval (tocsin/serial_interval.h); in TOC_MODE_R, EpiEstim's own has num_w = n
 * windows         num_windows, each inside the series, in any order; they may overlap
 * probabilities   num_probabilities quantiles wanted, each 0 < p < 1; NULL where num_probabilities = 0
 * estimates       room for num_windows
 * quantiles       room for num_windows * num_probabilities: those of window 0, of window 1, …
 * Both untouched on failure.
 *
 * Cost: n * min(n, num_w) multiplications, then one gamma inverse a window and quantile (about 50 ns); one request for
 * memory. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN (names the first bad count or probability), TOC_ERR_SHAPE (windows),
 * TOC_ERR_NO_MEMORY.
 */
int toc_cori_estimate(const struct toc_incidence *incidence, const double *w, size_t num_w,
                      const struct toc_window *windows, size_t num_windows, const double *probabilities,
                      size_t num_probabilities, const struct toc_cori_options *options,
                      const struct toc_allocator *allocator, struct toc_reproduction *estimates, double *quantiles,
                      struct toc_error *error);

/* Estimate R in each window where the serial interval itself is uncertain: uncertain->draws intervals are drawn
 * (toc_serial_interval_draw), each gives a gamma posterior, and R is their mixture in equal parts. Mean, standard
 * deviation and quantiles are those of the mixture, without drawing from it: quantiles solve
 * (1/draws) sum of F_d(x) = p to 1e-9. Same numbers for any number of threads.
 *
 * A window is left out where one draw would leave it out; `max_cv` applies to the mixture. In TOC_MODE_R each interval
 * has as many entries as the series, as EpiEstim's uncertain_si has; its numbers are random, ours lie within its
 * Monte-Carlo error. In TOC_MODE_DEFAULT all but 1e-6 of each interval.
 *
 * Cost: draws times that of toc_cori_estimate, and some five gamma distribution functions a draw, window and quantile;
 * one request for memory, of draws * (2 * num_windows) + 4 * n + TOC_SERIAL_INTERVAL_MAX doubles.
 */
int toc_cori_estimate_uncertain(const struct toc_incidence *incidence, const struct toc_uncertain_interval *uncertain,
                                const struct toc_window *windows, size_t num_windows, const double *probabilities,
                                size_t num_probabilities, const struct toc_cori_options *options,
                                const struct toc_allocator *allocator, struct toc_reproduction *estimates,
                                double *quantiles, struct toc_error *error);

/* ---- day by day ---- */

/* Takes one day at a time and estimates R in the window that ends on it: the same numbers as toc_cori_estimate over the
 * whole series, at a cost that does not grow with it. A zeroed struct may be freed. */
struct toc_cori_state {
    /* private */
    struct toc_cori_options options;
    struct toc_allocator    allocator;
    double                 *room;     /* kept until _free */
    size_t                  capacity; /* days that fit */
    size_t                  keep;     /* days that are needed back */
    size_t                  used;
    size_t                  window;
    size_t                  num_w;
    size_t                  reach;         /* num_w without the zeros at its end */
    double                  mean_interval; /* days */
    size_t                  num_days;      /* days added */
    bool                    any_missing;
};
#define TOC_MAX_STATE_WINDOW 3660

/* window   its length in days, 1 … TOC_MAX_STATE_WINDOW
 * Errors: those of toc_cori_estimate. One request for memory, kept until toc_cori_state_free. */
int toc_cori_state_init(struct toc_cori_state *state, const double *w, size_t num_w, size_t window,
                        const struct toc_cori_options *options, const struct toc_allocator *allocator,
                        struct toc_error *error);

/* Add a day. Before `window` + 1 days there is no window that leaves out the first (toc_windows_sliding):
 * TOC_REASON_SHORT_HISTORY. On failure the day is not added.
 *
 * cases, imported   as in struct toc_incidence
 * Cost: num_w multiplications and the quantiles; no request for memory. */
int toc_cori_state_add(struct toc_cori_state *state, double cases, double imported, const double *probabilities,
                       size_t num_probabilities, struct toc_reproduction *estimate, double *quantiles,
                       struct toc_error *error);

void toc_cori_state_free(struct toc_cori_state *state);

/* ---- the case reproduction number ---- */

/* Each local case of day i was infected by a case of day j with probability proportional to w_{i-j} cases_j. A case of
 * day j has infected
 *   R_j = sum over i > j of w_{i-j} local_i / (sum over k < i of w_{i-k} cases_k)
 * others, on average; the number of a window is the mean of R_j over its cases. Who infected whom is chance: the number
 * of cases whose infector fell ill in the window is a sum of independent binomials, one a later day. sd and quantiles
 * are those of that sum, divided by the cases of the window; while its variance is at most 100 exactly, above by its
 * first four cumulants (Cornish and Fisher), rounded to whole cases. EpiEstim draws n_sim trees from the same
 * distribution. Uncertainty of the serial interval and of the counts is not in them.
 *
 * TOC_MODE_DEFAULT
 *   - imported cases infect and were not infected here;
 *   - a window is left out until TOC_CASE_REPRODUCTION_KNOWN of the serial interval after its last day has been
 *     observed: the number would rise yet (TOC_REASON_LATER_UNKNOWN); also where its cases are fewer than 1/max_cv^2,
 *     where a count within that reach is missing, and where the steps are not days.
 * TOC_MODE_R: the means of EpiEstim::wallinga_teunis 2.2-4 with n_sim = 0, where all cases are local. Windows without
 *     cases and windows that begin before the first case, which R drops, are left out.
 *
 * Source: Wallinga and Teunis 2004, doi:10.1093/aje/kwh255.
 */
struct toc_wallinga_teunis_options {
    enum toc_mode mode;
    double        max_cv; /* > 0; INFINITY = show all */
};
#define TOC_WALLINGA_TEUNIS_OPTIONS_INIT                                                                               \
    {                                                                                                                  \
        .max_cv = 0.3                                                                                                  \
    }
#define TOC_CASE_REPRODUCTION_KNOWN 0.95

/* Arguments and errors as toc_cori_estimate. Cost: (n + windows * window length) * min(n, num_w) multiplications and
 * up to 1e5 operations a window for the exact distribution; one request for memory. */
int toc_wallinga_teunis_estimate(const struct toc_incidence *incidence, const double *w, size_t num_w,
                                 const struct toc_window *windows, size_t num_windows, const double *probabilities,
                                 size_t num_probabilities, const struct toc_wallinga_teunis_options *options,
                                 const struct toc_allocator *allocator, struct toc_reproduction *estimates,
                                 double *quantiles, struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
