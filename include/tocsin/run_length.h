/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/run_length.h: how long a chart runs on average until it alarms, to choose its limit by.
 *
 * In control the average run length is the mean time between false alarms; out of control, the mean delay. Both follow
 * from the Markov chain of the chart's sum S (Brook and Evans 1972): states s = 0, 1/lattice, 2/lattice, … below the
 * limit, R(s, t) = P(next sum is t | sum is s); the run lengths are the solution A of (I - R) A = 1. The solution is by
 * elimination without subtraction (Grassmann, Taksar and Heyman 1985), so that it has all digits however long the runs
 * are. A sum between two states counts as both, in proportion; where reference and limit are multiples of 1 / lattice
 * the answer is exact, otherwise it converges with the lattice (docs/methods/glr.md shows how fast).
 *
 * Sources: doi:10.1093/biomet/59.3.539; doi:10.1287/opre.33.5.1107.
 */
#ifndef TOCSIN_RUN_LENGTH_H
#define TOCSIN_RUN_LENGTH_H

#include "tocsin/allocator.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* limit * lattice may be at most so much: the cost grows with its cube. */
#define TOC_RUN_LENGTH_MAX_STATES 1000

struct toc_run_length {
    double from_zero; /* steps, the alarm's own included, of a chart that begins at S = 0 */
    double from_half; /* of one that begins at half the limit ("fast initial response") */
};

/* S = max(0, S + x - reference), x Poisson(mean), alarm at S >= limit.
 *
 * mean        > 0, of the counts as they come
 * reference   > 0, limit > 0, in cases
 * lattice     >= 1 states a case
 * Cost: (limit lattice)^3 / 3 operations. Two allocations. Errors: TOC_ERR_OPTION, TOC_ERR_TOO_LARGE,
 * TOC_ERR_NO_MEMORY.
 */
int toc_run_length_cusum(double mean, double reference, double limit, int lattice,
                         const struct toc_allocator *allocator, struct toc_run_length *run_length,
                         struct toc_error *error);

/* The LR chart of tocsin/glr.h for Poisson counts of constant in-control mean, when the counts' mean is actual_mean
 * (= in_control_mean: between false alarms). It is the chart above with reference in_control_mean (e^kappa - 1) / kappa
 * and limit limit / kappa, kappa = log_rate_ratio > 0; the lattice is chosen here.
 */
int toc_run_length_lr_poisson(double in_control_mean, double log_rate_ratio, double limit, double actual_mean,
                              const struct toc_allocator *allocator, struct toc_run_length *run_length,
                              struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
