/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/glr.h: likelihood-ratio control charts for Poisson and negative binomial counts.
 *
 * Each step's count x(t) has an in-control mean mu(t), given or fitted to the history:
 *   log mu(t) = b0 [+ b1 t] + sum over s <= harmonics of cos and sin (2 s pi t / steps_per_year) [+ day of the week]
 * and variance mu (Poisson) or mu + a mu^2 (negative binomial, a = overdispersion). A change is sought that began at
 * some step k <= n and lasts until now, n:
 *   LR    one known rise kappa = log_rate_ratio: S(n) = max(0, S(n-1) + z(n)), with the log-likelihood ratio
 *           Poisson            z = kappa x + (1 - e^kappa) mu
 *           negative binomial  z = kappa x + (x + 1/a) log((1 + a mu) / (1 + a mu e^kappa))
 *         alarm if S > limit. One number of state; the best chart for the rise that it was made for.
 *   GLR   an unknown rise: the maximum over k and kappa >= 0 (or <= 0, direction) of sum of z from k to n;
 *         alarm if it is >= limit. change = EPIDEMIC: the mean becomes mu(t) + lambda x(t-1), maximised over lambda >=
 * 0. After an alarm the chart begins anew on the next step. The limit sets the average run length between false alarms:
 * docs/methods/glr.md has tables, tocsin/run_length.h computes them for LR.
 *
 * TOC_MODE_DEFAULT
 *   - the history is all steps before the first that is judged; while that is less than `history` steps, nothing is
 *     judged (TOC_REASON_SHORT_HISTORY), and the chart begins where there is enough;
 *   - a missing count is not assessed and passes the chart by; holidays too, and they are left out of the history;
 *   - the fitted mean is at least TOC_GLR_MIN_MEAN cases a step, so that with the usual limit of 5 the first case of a
 *     disease that was never seen before alarms, and an absurdly small mean cannot make the statistic infinite;
 *   - GLR: a change is sought at most `window` steps back; the windows are the same for both distributions;
 *   - GLR negative binomial EPIDEMIC: the maximum over lambda.
 *   Score: statistic / limit. Threshold (GLR, direction up): the largest count that would not have alarmed; LR: the
 *   real number above which a count alarms; none for a fall.
 * TOC_MODE_R: the numbers of surveillance::algo.glrnb 1.20.3. The threshold is what R calls upperbound: the statistic,
 *   or with threshold = CASES the smallest count that alarms as R finds it (LR: not rounded; 1e99 where it finds none).
 *   The Poisson chart with a window leaves out its shortest window; the negative binomial epidemic chart takes the
 *   estimate of kappa for that of log lambda; the iterations for kappa may go astray after a sudden jump, or end before
 *   they begin, and then the jump is not seen; an estimated overdispersion stays what it was at the first fit. A
 * missing count among those to be judged leaves all of them not assessed. `weekdays`, `history` and holidays are
 * ignored; the mean has no floor.
 *
 * Source: Hoehle and Paul 2008, doi:10.1016/j.csda.2008.02.015; the windows: Lai 1995,
 * doi:10.1111/j.2517-6161.1995.tb02052.x.
 */
#ifndef TOCSIN_GLR_H
#define TOCSIN_GLR_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_glr_rule { TOC_GLR_UNKNOWN_RISE = 0, TOC_GLR_KNOWN_RISE = 1 }; /* GLR, LR */
enum toc_glr_distribution { TOC_GLR_POISSON = 0, TOC_GLR_NEGATIVE_BINOMIAL = 1 };
enum toc_glr_change { TOC_GLR_LEVEL = 0, TOC_GLR_EPIDEMIC = 1 };
enum toc_glr_direction { TOC_GLR_INCREASE = 0, TOC_GLR_DECREASE = 1 };
/* Whether the threshold on the count scale is worked out, which costs about ten times the statistic itself. */
enum toc_glr_threshold { TOC_GLR_CASES = 0, TOC_GLR_STATISTIC = 1 };

struct toc_glr_options {
    enum toc_mode             mode;
    enum toc_glr_rule         rule;
    enum toc_glr_distribution distribution;
    enum toc_glr_change       change;    /* GLR only */
    enum toc_glr_direction    direction; /* GLR only; LR: the sign of log_rate_ratio */
    enum toc_glr_threshold    threshold;
    enum toc_weekdays         weekdays;
    double                    limit;           /* > 0 */
    double                    log_rate_ratio;  /* LR: kappa, not 0; log(2) = a doubling */
    double                    in_control_mean; /* > 0: mu of every step; TOC_GLR_FIT: fit it */
    double overdispersion; /* negative binomial: a >= 0 (0 = Poisson); TOC_GLR_ESTIMATE: with the mean */
    int    harmonics;      /* 0 … TOC_GLR_MAX_HARMONICS */
    bool   trend;
    bool   refit;        /* fit again after each alarm, on all steps up to it, those of the
                            outbreak included */
    int history;         /* steps needed for a fit, >= 0; 0 = a year, or 20 without harmonics */
    int window;          /* GLR: >= shortest_window, or -1 = back to the last alarm */
    int shortest_window; /* GLR: >= 1 steps, from the change to now */
    int max_cases;       /* >= 1: where the search for the threshold gives up */
};
#define TOC_GLR_FIT 0.0
#define TOC_GLR_ESTIMATE (-1.0)
#define TOC_GLR_MAX_HARMONICS 12
#define TOC_GLR_MAX_WINDOW 100000
#define TOC_GLR_MIN_MEAN 0.001
#define TOC_GLR_OPTIONS_INIT                                                                                           \
    {                                                                                                                  \
        .limit = 5.0, .log_rate_ratio = 0.6931471805599453, .in_control_mean = TOC_GLR_FIT,                            \
        .overdispersion = TOC_GLR_ESTIMATE, .harmonics = 1, .window = 104, .shortest_window = 1,                       \
        .max_cases = 1000000000                                                                                        \
    }

/* All that a chart says of one step. */
struct toc_glr_point {
    double statistic;               /* NaN where not assessed, as all numbers here */
    double cases;                   /* smallest count that alarms (GLR whole, LR real); INFINITY: none up to max_cases;
                                       NaN unless threshold = CASES */
    double          expected;       /* mu */
    double          overdispersion; /* a; 0 for Poisson */
    enum toc_alarm  alarm;
    enum toc_reason reason;
};

/* Judge num steps of a series, beginning with step `first` (0-based), by one chart that begins there.
 *
 * judgements   room for num; untouched on failure
 *
 * Cost: the fit, O(first), again after each alarm with refit; LR a few operations a step; GLR O(window) a step, for the
 * negative binomial up to O(window^2) while counts are high. Two allocations. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN
 * (names the first bad count), TOC_ERR_SHAPE (first + num > n), TOC_ERR_UNSUPPORTED, TOC_ERR_NO_MEMORY.
 */
int toc_glr_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_glr_options *options,
                  const struct toc_allocator *allocator, struct toc_judgement *judgements, struct toc_error *error);

/* The same with all numbers, and with an in-control mean of its own for each step.
 *
 * in_control_mean   num means > 0; NULL = as the options say
 * points            room for num; untouched on failure
 */
int toc_glr_run(const struct toc_series *series, size_t first, size_t num, const double *in_control_mean,
                const struct toc_glr_options *options, const struct toc_allocator *allocator,
                struct toc_glr_point *points, struct toc_error *error);

/* A chart that waits for the next count. */
struct toc_glr_stream;

/* Fit all of `history` and begin a chart on the step after it. The history is not needed afterwards.
 *
 * Needs a window (GLR) and no refit: open anew with the longer history instead (TOC_ERR_UNSUPPORTED).
 * The stream keeps memory of the allocator, which must live as long, until toc_glr_stream_close().
 */
int toc_glr_stream_open(const struct toc_series *history, const struct toc_glr_options *options,
                        const struct toc_allocator *allocator, struct toc_glr_stream **stream, struct toc_error *error);

/* Judge the next count (NaN = missing; label as in toc_series.holiday). The point and its judgement are what
 * toc_glr_run() and toc_glr_judge() say of that step, bit for bit. Cost: O(1) for LR, O(window) … O(window^2) for GLR;
 * no allocation. TOC_ERR_DOMAIN where the count is negative or not whole; the stream is as before then.
 */
int toc_glr_stream_step(struct toc_glr_stream *stream, double count, uint8_t holiday, struct toc_glr_point *point,
                        struct toc_judgement *judgement, struct toc_error *error);

/* NULL is safe. */
void toc_glr_stream_close(struct toc_glr_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
