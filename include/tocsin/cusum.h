/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/cusum.h: the CUSUM chart of transformed counts: small excesses that add up.
 *
 * With in-control mean m_t of step t and Z the count on a scale where it has mean ~ 0 and variance ~ 1:
 *   S_t = max(0, S_{t-1} + Z(y_t) - k), S = 0 before step `first`;   alarm = S_t >= h.
 *   standard        Z = (y - m) / sqrt(m)
 *   rossi           Z = (y - 3 m + 2 sqrt(y m)) / (2 sqrt(m))
 *   anscombe        Z = 3/2 (y^(2/3) - m^(2/3)) / m^(1/6)
 *   anscombe2nd     Z = 3/2 (y^(2/3) - m^(2/3) + m^(-1/3)/9) / m^(1/6)
 *   pearson-nb      Z = (y - m) / sqrt(m + a m^2)                          a = overdispersion
 *   anscombe-nb     Z = (m + a m^2)^(-1/6) * integral from m to y of (t (1 + a t))^(-1/3) dt
 *   none            Z = y: k is then a count
 * threshold = the count, not necessarily whole, at which S_t reaches h: the chart alarms at it, not only above.
 * score = S_t / h. expected = m_t.
 *
 * The in-control mean comes from the steps before `first` (the history):
 *   mean = TOC_CUSUM_MEAN_OF_HISTORY   their mean
 *   mean = TOC_CUSUM_SEASONAL          Poisson regression on 1, cos and sin of the time of year
 *   mean > 0                           that number
 * The chart begins at `first`, so the answer for a step depends on where monitoring began: keep `first` fixed from one
 * week to the next, or use the streaming state.
 *
 * TOC_MODE_DEFAULT
 *   - after an alarm the chart starts again from 0, so that one outbreak does not alarm for ever;
 *   - daily series with dates (TOC_WEEKDAYS_STRATA): an in-control mean for each day of the week; the regression
 *     has a term for each;
 *   - an in-control mean is at least 1/2 a case over its whole history, so that after years of zeros the first cases
 *     alarm and nothing is divided by zero;
 *   - missing counts and holidays are left out of the history; on such a step S stays as it is, and it is not assessed.
 * TOC_MODE_R: the numbers of surveillance::cusum 1.20.3. Never restarts; a missing count ends the chart; where m = 0 it
 *     has no answer. Its thresholds: standard is rounded up to a whole count; anscombe2nd takes m^(+1/3) for m^(-1/3);
 *     none and anscombe-nb give h - S_t, which is no count; negative ones are 0. anscombe-nb is read from R's table: at
 * the nearest hundredth of overdispersion * count up to 10, interpolated up to 100, no answer beyond; nor has a varying
 * mean one. `weekdays` and holidays are ignored.
 *
 * Source: Rossi, Lampugnani and Marchi 1999, doi:10.1002/(SICI)1097-0258(19990830)18:16<2111::AID-SIM171>3.0.CO;2-Q;
 * Rogerson and Yamada 2004, doi:10.1002/sim.1806.
 */
#ifndef TOCSIN_CUSUM_H
#define TOCSIN_CUSUM_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"
#include "tocsin/window.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_cusum_transform {
    TOC_CUSUM_STANDARD = 0,
    TOC_CUSUM_ROSSI = 1,
    TOC_CUSUM_ANSCOMBE = 2,
    TOC_CUSUM_ANSCOMBE_SECOND = 3,
    TOC_CUSUM_PEARSON_NB = 4,
    TOC_CUSUM_ANSCOMBE_NB = 5,
    TOC_CUSUM_NONE = 6
};

struct toc_cusum_options {
    enum toc_mode            mode;
    enum toc_weekdays        weekdays;
    enum toc_cusum_transform transform;
    double                   mean;           /* > 0: in-control mean; or one of the two words below */
    double                   k;              /* >= 0: reference value, half the shift to be found, in units of Z */
    double                   h;              /* > 0: decision limit, in units of Z */
    double                   overdispersion; /* > 0: a of the negative binomial, variance m + a m^2 */
};
#define TOC_CUSUM_MEAN_OF_HISTORY 0.0
#define TOC_CUSUM_SEASONAL (-1.0)
#define TOC_CUSUM_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        .transform = TOC_CUSUM_STANDARD, .mean = TOC_CUSUM_MEAN_OF_HISTORY, .k = 1.04, .h = 2.26,                      \
        .overdispersion = 0.1                                                                                          \
    }

/* Judge num steps of a series, beginning with step `first` (0-based); the steps before it are the history.
 *
 * judgements   room for num; untouched on failure. Without a usable history no step is assessed.
 *
 * Cost: O(first + num); seasonal: one request of memory, else none. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN (names the
 * first bad count), TOC_ERR_SHAPE (first + num > n), TOC_ERR_NO_MEMORY.
 */
int toc_cusum_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_cusum_options *options,
                    const struct toc_allocator *allocator, struct toc_judgement *judgements, struct toc_error *error);

/* What the history taught. A part of the state; callers need not look inside. */
struct toc_cusum_learnt {
    enum toc_reason reason;       /* why there is no in-control mean, or TOC_REASON_NONE */
    double          level[7];     /* in-control mean, or its log before the season, by weekday (all alike if pooled) */
    double          cosine, sine; /* of the season, on the log scale */
    double          least;        /* least in-control mean */
    bool            seasonal;     /* levels are logs, and the season is added */
    bool            weekdays;     /* levels differ */
    int             steps_per_year;
};

/* The streaming state; its contract stands in tocsin/window.h, except that the history given to _init is what the
 * in-control mean is learnt from, and that nothing is kept allocated. A step costs a few operations. */
struct toc_cusum_state {
    struct toc_cusum_options options;
    struct toc_cusum_learnt  learnt;
    double                   statistic; /* S of the last step; NaN where a missing count ended R's chart */
    size_t                   row;       /* of the next step, counted from the start of the history */
    bool                     dated, with_calendar;
    toc_date                 last_date;
};
int  toc_cusum_state_init(struct toc_cusum_state *state, const struct toc_series *history,
                          const struct toc_cusum_options *options, const struct toc_allocator *allocator,
                          struct toc_error *error);
int  toc_cusum_state_next(struct toc_cusum_state *state, const struct toc_step *step, struct toc_judgement *judgement,
                          struct toc_error *error);
void toc_cusum_state_free(struct toc_cusum_state *state);

#ifdef __cplusplus
}
#endif
#endif
