/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/share.h: is a share unusual: positives of tests, visits for influenza of all visits? It is judged with its
 * numerator and denominator, so that ten times the tests with ten times the positives are nothing new, and a third of
 * three tests is less than a third of three hundred.
 *
 * Steps are put together in windows of `window` steps that end at the judged one. Window k holds x_k of n_k. It is
 * compared with the windows before it that do not overlap, `guard` of them left out, the newest `baseline` beyond:
 *
 *     p = (sum x + 1/2) / (sum n + 1)                the usual share; half a case, so that none is not impossible
 *     v = p (1 - p), or p where `rate`               the scatter of one unit of the denominator
 *     z_i = (x_i/n_i - p) / sqrt(v / n_i)            of each window of the baseline, oldest first
 *     s = max(1, mean |z_i - z_(i-1)| / 1.128)       how much more they scatter than chance (Laney's sigma_z)
 *     threshold = p + deviations s sqrt(v (1/n_k + 1/sum n))
 *
 * alarm = x_k / n_k > threshold, and x_k >= least. expected = p. All as shares (of 1), not per cent. score =
 * (x_k/n_k - p) / (threshold - p).
 *
 * A step of which either count is missing adds nothing to its window. A window with n = 0 has no share: it is not
 * judged, and not compared with. At least TOC_SHARE_LEAST_WINDOWS have to be.
 *
 * Source: Laney 2002, doi:10.1081/QEN-120006708 (p' and u' charts); 1.128 is d2 of two values.
 */
#ifndef TOCSIN_SHARE_H
#define TOCSIN_SHARE_H

#include <stdbool.h>

#include "tocsin/series.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOC_SHARE_LEAST_WINDOWS 5
#define TOC_SHARE_MOST_WINDOWS 366

struct toc_share_options {
    int    window;     /* 1 … TOC_SHARE_MOST_WINDOWS steps */
    int    baseline;   /* TOC_SHARE_LEAST_WINDOWS … TOC_SHARE_MOST_WINDOWS windows */
    int    guard;      /* 0 … TOC_SHARE_MOST_WINDOWS windows */
    double deviations; /* > 0, finite */
    double least;      /* of the numerator; >= 0, finite */
    bool   rate;       /* the numerator is no part of the denominator (cases and tests): it may exceed it */
};
#define TOC_SHARE_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        .window = 1, .baseline = 28, .guard = 2, .deviations = 3.0902323061678136, .least = 2                          \
    }

/* One window. */
struct toc_share {
    double numerator, denominator; /* sums of the steps of which both are known; 0, 0 where none is */
};
struct toc_share toc_share_window(const double *numerator, const double *denominator, size_t step, int window);

/* Judge num steps, beginning with step `first` (0-based).
 *
 * numerator, denominator   n values each, >= 0, oldest first; NaN = missing; a numerator above its denominator is
 *                          TOC_ERR_DOMAIN but where `rate`
 * judgements               room for num; untouched on failure
 *
 * Cost: O(num × baseline × window); no allocation. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN (names the first bad step),
 * TOC_ERR_SHAPE (first + num > n).
 */
int toc_share_judge(const double *numerator, const double *denominator, size_t n, size_t first, size_t num,
                    const struct toc_share_options *options, struct toc_judgement *judgements, struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
