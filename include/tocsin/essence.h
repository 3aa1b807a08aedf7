/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/essence.h: the daily methods of the ESSENCE system: EWMA, adaptive regression, and the switch between them.
 *
 * Each step k is judged against a baseline of `baseline` steps that ends `guard` steps before k, so that the first
 * days of an outbreak do not raise their own expectation: rows k - guard - baseline … k - guard - 1. Every row belongs
 * to a group: its weekday in daily series with dates (TOC_WEEKDAYS_STRATA), else all to one. G groups occur in the
 * baseline, n counts in all, n_g in group g with mean m_g; p is the group of k; c = the 1 - alpha quantile of Student's
 * t.
 *
 * Scatter: the variance of group g is phi v_g, sigma_g = max(sqrt(phi v_g), min_sigma). With weekdays apart
 * v_g = m_g + 1/n_g, the mean as if one more case had been seen: busy days scatter more, and with one scatter for all
 * Mondays alarm several times as often as Sundays. Else v_g = 1, as published, and phi is the common variance.
 *
 * TOC_ESSENCE_REGRESSION: y = level of the group + slope v_g * time, by least squares on the baseline with weights
 * 1/v_g, as lm() fits it: the trend too is a share of the weekday's mean.
 *   df = n - G - 1, phi = sum of (residual^2 / v_g) / df
 *   tbar_p = mean time of p's rows, Stt = sum of v_g (t - tbar_g)^2
 *   expected  = level_p + slope v_p t_k
 *   threshold = expected + c sigma_p sqrt(1 + 1/n_p + v_p (t_k - tbar_p)^2 / Stt)
 *   A holiday (series.holiday) is a group of its own, an eighth weekday; with fewer than 2 in the baseline, a holiday
 *   is not assessed.
 *
 * TOC_ESSENCE_EWMA: E = sum over j = 0 … guard + baseline of w (1 - w)^j (y_{k-j} - m_g), the smoothed excess, for a
 * slow w (rises over days) and a fast one (jumps; close to EARS C2). With E's coefficients c_j on the counts,
 *   df = n - G, phi = sum of ((y - m_g)^2 / v_g) / df, V = sum of (c_j sigma_g)^2
 *   expected  = m_p
 *   threshold = the count at which E / sqrt(V) reaches c, for the w where that is lower
 *   V is exact for independent counts: it holds the uncertainty of the means too. Holidays are left out everywhere,
 *   and a holiday is not assessed.
 *
 * TOC_ESSENCE_SWITCH: the regression where its adjusted R^2 (of the counts, 1 - (RSS / df) / their variance) is at
 * least min_r_squared, and on holidays; else EWMA.
 *
 * alarm = y_k > threshold. A threshold or an expectation below 0 is given as 0.
 * score = (y_k - expected) / (threshold - expected); where threshold <= expected, y_k / threshold.
 * A missing count of the baseline is left out, and one in between adds no excess; at least half of the baseline and 3
 * degrees of freedom must remain. Weekly and monthly series work the same, with `baseline` and `guard` in their steps.
 *
 * surveillance has no such methods, so TOC_MODE_R changes nothing. Of the published system this keeps the 28-day
 * baseline, the 2-day guard band, smoothing 0.4 and 0.9, p < 0.01 and the switch at 0.60; ours are the groups of
 * EWMA, a scatter and a trend in proportion to the weekday's mean (TOC_WEEKDAYS_POOLED: as published), the exact V,
 * holidays as an eighth weekday, and min_sigma.
 *
 * Source: Burkom et al. 2021, doi:10.2196/26303; Burkom, Murphy and Shmueli 2007, doi:10.1002/sim.2835; smallest
 * standard deviation and weekday groups: Tokars et al. 2009, doi:10.3201/eid1504.080616.
 */
#ifndef TOCSIN_ESSENCE_H
#define TOCSIN_ESSENCE_H

#include "tocsin/series.h"
#include "tocsin/status.h"
#include "tocsin/window.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_essence_rule { TOC_ESSENCE_SWITCH = 0, TOC_ESSENCE_EWMA = 1, TOC_ESSENCE_REGRESSION = 2 };

struct toc_essence_options {
    enum toc_mode         mode; /* has no effect */
    enum toc_essence_rule rule;
    enum toc_weekdays     weekdays;
    int                   baseline; /* 7 … TOC_ESSENCE_MAX_BASELINE steps; 14 or more where weekdays are apart */
    int                   guard;    /* 0 … TOC_ESSENCE_MAX_GUARD steps */
    double                slow_smoothing; /* 0 < w <= 1: weight of the newest count (EWMA) */
    double                fast_smoothing; /* 0 < w <= 1 */
    double                min_sigma;      /* >= 0: floor of a day's standard deviation */
    double                min_r_squared;  /* <= 1: least adjusted R^2 of a regression worth using (switch) */
    double                alpha;          /* 0 < alpha < 1: one-sided probability of a false alarm per test */
};
#define TOC_ESSENCE_MAX_BASELINE 366
#define TOC_ESSENCE_MAX_GUARD 28
#define TOC_ESSENCE_OPTIONS(word)                                                                                      \
    {                                                                                                                  \
        .rule = word, .baseline = 28, .guard = 2, .slow_smoothing = 0.4, .fast_smoothing = 0.9, .min_sigma = 0.5,      \
        .min_r_squared = 0.6, .alpha = 0.01                                                                            \
    }
#define TOC_ESSENCE_OPTIONS_INIT TOC_ESSENCE_OPTIONS(TOC_ESSENCE_SWITCH)
#define TOC_EWMA_OPTIONS_INIT TOC_ESSENCE_OPTIONS(TOC_ESSENCE_EWMA)
#define TOC_REGRESSION_OPTIONS_INIT TOC_ESSENCE_OPTIONS(TOC_ESSENCE_REGRESSION)

/* Judge num steps of a series, beginning with step `first` (0-based).
 *
 * judgements   room for num; untouched on failure. Steps without enough history are not assessed.
 *
 * Cost: O(num * baseline), no allocation. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN (names the first bad count),
 * TOC_ERR_SHAPE (first + num > n).
 */
int toc_essence_judge(const struct toc_series *series, size_t first, size_t num,
                      const struct toc_essence_options *options, struct toc_judgement *judgements,
                      struct toc_error *error);

/* The streaming state; its contract stands in tocsin/window.h. A step costs O(baseline). */
struct toc_essence_state {
    struct toc_essence_options options;
    struct toc_recent          window;
};
int  toc_essence_state_init(struct toc_essence_state *state, const struct toc_series *history,
                            const struct toc_essence_options *options, const struct toc_allocator *allocator,
                            struct toc_error *error);
int  toc_essence_state_next(struct toc_essence_state *state, const struct toc_step *step,
                            struct toc_judgement *judgement, struct toc_error *error);
void toc_essence_state_free(struct toc_essence_state *state);

#ifdef __cplusplus
}
#endif
#endif
