/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/bayes.h: the Bayes method: is today's count plausible, given the counts it is compared with?
 *
 * The baseline of step k holds N counts with total T:
 *   the half_window steps just before k (if use_recent), and
 *   for i = 1 … years, the 2 half_window + 1 steps around the step i years before k.
 * Counts are Poisson with an unknown mean whose Jeffreys prior has density ~ mean^(-1/2). So the mean is
 * Gamma(T + 1/2, N) and the next count negative binomial with size T + 1/2 and probability N/(N + 1):
 *   expected = (T + 1/2)/N,   threshold = its (1 - alpha) quantile, exact,   alarm = y_k > threshold.
 * score = (y_k - expected) / (threshold - expected); where threshold <= expected, (y_k + 1)/(threshold + 1).
 * A baseline of zeros needs no special rule: at alpha 0.05 the threshold is 1 after 6 zeros (two cases alarm) and 0
 * after 10 or more (the first case alarms).
 *
 * TOC_MODE_DEFAULT
 *   - daily series with dates: windows count days of k's weekday only (TOC_WEEKDAYS_STRATA), half_window of them on
 *     each side;
 *   - i years before is the nearest step to i times 365.2425 days (with weekday strata: of k's weekday), so that
 *     years of 53 weeks do not shift the season;
 *   - missing counts and holidays are left out of the baseline; at least half of its steps must remain. A holiday is
 *     not assessed.
 * TOC_MODE_R: the numbers of surveillance::bayes 1.20.3. i years before is i * steps_per_year steps; any number of
 *     counts >= 1 is enough; `weekdays` and holidays are ignored.
 *
 * Source: Riebler 2004, described by Höhle 2007, doi:10.1007/s00180-007-0074-8.
 */
#ifndef TOCSIN_BAYES_H
#define TOCSIN_BAYES_H

#include <stdbool.h>

#include "tocsin/series.h"
#include "tocsin/status.h"
#include "tocsin/window.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toc_bayes_options {
    enum toc_mode     mode;
    enum toc_weekdays weekdays;
    int               years;       /* 0 … TOC_BAYES_MAX_YEARS earlier years */
    int               half_window; /* 0 … TOC_BAYES_MAX_HALF_WINDOW steps */
    bool              use_recent;  /* the steps just before k belong to the baseline */
    double            alpha;       /* 0 < alpha < 1: probability of an alarm a step without an outbreak, at most */
};
#define TOC_BAYES_MAX_YEARS 20
#define TOC_BAYES_MAX_HALF_WINDOW 366
#define TOC_BAYES_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        .years = 0, .half_window = 6, .use_recent = true, .alpha = 0.05                                                \
    }

/* Judge num steps of a series, beginning with step `first` (0-based).
 *
 * judgements   room for num; untouched on failure. Steps without enough history are not assessed.
 *
 * Cost: O(num * (1 + years)), with weekday strata O(num * baseline); no allocation. Errors: TOC_ERR_OPTION (also where
 * nothing is left to compare with: years 0 without use_recent), TOC_ERR_DOMAIN (names the first bad count),
 * TOC_ERR_SHAPE (first + num > n).
 */
int toc_bayes_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_bayes_options *options,
                    struct toc_judgement *judgements, struct toc_error *error);

/* The streaming state; its contract stands in tocsin/window.h. A step costs O(baseline). */
struct toc_bayes_state {
    struct toc_bayes_options options;
    struct toc_recent        window;
};
int  toc_bayes_state_init(struct toc_bayes_state *state, const struct toc_series *history,
                          const struct toc_bayes_options *options, const struct toc_allocator *allocator,
                          struct toc_error *error);
int  toc_bayes_state_next(struct toc_bayes_state *state, const struct toc_step *step, struct toc_judgement *judgement,
                          struct toc_error *error);
void toc_bayes_state_free(struct toc_bayes_state *state);

#ifdef __cplusplus
}
#endif
#endif
