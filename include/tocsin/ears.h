/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/ears.h: the EARS methods C1, C2 and C3 for short histories.
 *
 * Each step k is compared with the mean m and standard deviation s (n - 1) of a baseline of recent counts:
 *   C1  the `baseline` counts just before k
 *   C2  the same number, ending two steps before k (so that a slow rise does not raise its own baseline)
 *   C3  C2, adding the excess of the two previous steps
 * With C(t) = (y_t - m_t) / max(s_t, min_sigma), excess e(t) = max(0, C(t) - 1), z = normal quantile(1 - alpha):
 *   C1, C2   threshold = m + z max(s, min_sigma)
 *   C3       threshold = max(0, m + (1 + z - e(k-1) - e(k-2)) max(s, min_sigma)): reached when e(k)+e(k-1)+e(k-2) = z
 * alarm = y_k > threshold. score = (y_k - m) / (threshold - m); where the threshold does not exceed m (a constant
 * baseline, or C3 after two high steps) 1 at the threshold and one more for each case above it; 0 for no case.
 *
 * TOC_MODE_DEFAULT
 *   - daily series with dates: the baseline is `baseline` counts of the same day of the week (TOC_WEEKDAYS_STRATA);
 *     C2 and C3 then leave out nothing but the two previous days, which are never of the same weekday;
 *   - missing counts and holidays are left out of the baseline, which reaches further back instead, up to twice its
 *     length; a holiday itself is not assessed;
 *   - a count of zero never alarms.
 * TOC_MODE_R: the numbers of surveillance::earsC 1.20.3. Any missing count in the window: not assessed. C3 there is
 *     max(0, y_k + max(s, min_sigma) (z - e(k-1) - e(k-2))): today's count has no effect on the alarm. `weekdays`
 *     and holidays are ignored.
 *
 * Source: Hutwagner et al. 2003, doi:10.1007/PL00022312; C3's rule: Fricker et al. 2008, doi:10.1002/sim.3197;
 * day-of-week baselines: Tokars et al. 2009, doi:10.3201/eid1504.080616.
 */
#ifndef TOCSIN_EARS_H
#define TOCSIN_EARS_H

#include "tocsin/series.h"
#include "tocsin/status.h"
#include "tocsin/window.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_ears_rule { TOC_EARS_C1 = 1, TOC_EARS_C2 = 2, TOC_EARS_C3 = 3 };

struct toc_ears_options {
    enum toc_mode      mode;
    enum toc_ears_rule rule;
    enum toc_weekdays  weekdays;
    int                baseline;  /* 3 … TOC_EARS_MAX_BASELINE counts */
    double             min_sigma; /* >= 0: floor of the standard deviation */
    double             alpha;     /* 0 < alpha < 1: one-sided false-alarm probability a step if counts were normal */
};
#define TOC_EARS_MAX_BASELINE 366
#define TOC_EARS_C1_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        .rule = TOC_EARS_C1, .baseline = 7, .min_sigma = 0.0, .alpha = 0.001                                           \
    }
#define TOC_EARS_C2_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        .rule = TOC_EARS_C2, .baseline = 7, .min_sigma = 0.0, .alpha = 0.001                                           \
    }
#define TOC_EARS_C3_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        .rule = TOC_EARS_C3, .baseline = 7, .min_sigma = 0.0, .alpha = 0.025                                           \
    }

/* Judge num steps of a series, beginning with step `first` (0-based).
 *
 * judgements   room for num; untouched on failure. Steps without enough history are not assessed.
 *
 * Cost: a few operations a step where windows are contiguous and whole, else O(baseline); no allocation. Errors:
 * TOC_ERR_OPTION, TOC_ERR_DOMAIN (names the first bad count), TOC_ERR_SHAPE (first + num > n).
 */
int toc_ears_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_ears_options *options,
                   struct toc_judgement *judgements, struct toc_error *error);

/* The streaming state; its contract stands in tocsin/window.h. A step costs O(baseline). */
struct toc_ears_state {
    struct toc_ears_options options;
    struct toc_recent       window;
};
int  toc_ears_state_init(struct toc_ears_state *state, const struct toc_series *history,
                         const struct toc_ears_options *options, const struct toc_allocator *allocator,
                         struct toc_error *error);
int  toc_ears_state_next(struct toc_ears_state *state, const struct toc_step *step, struct toc_judgement *judgement,
                         struct toc_error *error);
void toc_ears_state_free(struct toc_ears_state *state);

#ifdef __cplusplus
}
#endif
#endif
