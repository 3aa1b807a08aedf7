/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/serial_interval.h: the distribution of the time from one case's onset to that of a case it infected.
 *
 * A serial interval is an array of probabilities w[0 … num_w - 1]: w[k] = probability that k steps (days) pass between
 * the two onsets. w[0] = 0: nobody infects on the day of the own onset. It comes from a table (then call
 * toc_serial_interval_normalise) or from a mean and a standard deviation (toc_serial_interval_discretise).
 *
 * Discretisation: the interval is 1 + a gamma variable G with mean mu - 1 and standard deviation sigma, so shape
 * a = ((mu - 1)/sigma)^2 and scale b = sigma^2/(mu - 1); each onset lies anywhere in its day, which spreads mass over
 * neighbouring days by a triangle of base two days. With F_s the gamma distribution function of shape s and scale b,
 *   w_k = k F_a(k) + (k - 2) F_a(k - 2) - 2 (k - 1) F_a(k - 1)
 *         + a b (2 F_{a+1}(k - 1) - F_{a+1}(k - 2) - F_{a+1}(k)),   floored at 0.
 * The mean is mu; the standard deviation is larger than sigma, by a sixth of a day in the variance. The numbers are
 * those of EpiEstim::discr_si 2.2-4; far in the tail, where w_k < 1e-14, both are rounding noise.
 *
 * Source: Cori et al. 2013, web appendix 11, doi:10.1093/aje/kwt133.
 */
#ifndef TOCSIN_SERIAL_INTERVAL_H
#define TOCSIN_SERIAL_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest serial interval that is accepted, in entries. */
#define TOC_SERIAL_INTERVAL_MAX 3660
/* The largest mean that is accepted, in steps. */
#define TOC_SERIAL_INTERVAL_MAX_MEAN 1000
/* How far from 1 the sum of given probabilities may lie. */
#define TOC_SERIAL_INTERVAL_TOLERANCE 0.01

/* Write w[0 … num_w - 1] of a shifted gamma distribution. What lies beyond is cut off and not given back to the rest:
 * toc_serial_interval_length tells how many entries hold all but a wanted tail.
 *
 * mean   1 < mean <= TOC_SERIAL_INTERVAL_MAX_MEAN, steps
 * sd     0 < sd <= TOC_SERIAL_INTERVAL_MAX_MEAN, steps
 *
 * Cost: two gamma distribution functions an entry until they reach 1; no allocation.
 * Errors: TOC_ERR_OPTION (mean, sd), TOC_ERR_SHAPE (num_w above TOC_SERIAL_INTERVAL_MAX).
 */
int toc_serial_interval_discretise(double mean, double sd, double *w, size_t num_w, struct toc_error *error);

/* How many entries hold all of that distribution but at most `tail` (0 < tail < 1).
 * Errors: as above, and TOC_ERR_OPTION where more than TOC_SERIAL_INTERVAL_MAX entries would be needed. */
int toc_serial_interval_length(double mean, double sd, double tail, size_t *num_w, struct toc_error *error);

/* Check given probabilities and divide them by their sum, in place. Each must be finite and >= 0, w[0] = 0, and their
 * sum within TOC_SERIAL_INTERVAL_TOLERANCE of 1: more is not rounding but a fault in the table.
 * Errors: TOC_ERR_DOMAIN (names the entry), TOC_ERR_SHAPE. w is untouched on failure. */
int toc_serial_interval_normalise(double *w, size_t num_w, struct toc_error *error);

struct toc_serial_interval_moments {
    double sum;  /* of the probabilities: below 1 where the tail was cut off */
    double mean; /* sum of k w_k, steps: of the entries as they stand, not divided by their sum */
    double sd;
};

/* Moments of an interval that was made or checked by the functions above. Cost: one pass. */
struct toc_serial_interval_moments toc_serial_interval_moments(const double *w, size_t num_w);

/* A serial interval that is itself known only roughly: its mean and its standard deviation are independent normal
 * variables, each cut off outside its bounds (drawn again), steps. */
struct toc_uncertain_interval {
    double   mean, mean_sd;       /* of the mean; mean_sd > 0 */
    double   mean_low, mean_high; /* 1 < mean_low < mean_high <= TOC_SERIAL_INTERVAL_MAX_MEAN */
    double   sd, sd_sd;           /* of the standard deviation; sd_sd > 0 */
    double   sd_low, sd_high;     /* 0 < sd_low < sd_high <= TOC_SERIAL_INTERVAL_MAX_MEAN */
    int      draws;               /* 1 … TOC_MAX_DRAWS */
    uint64_t seed;
};
#define TOC_UNCERTAIN_INTERVAL_INIT                                                                                    \
    {                                                                                                                  \
        .draws = 100, .seed = 1                                                                                        \
    }
#define TOC_MAX_DRAWS 10000

int toc_uncertain_interval_check(const struct toc_uncertain_interval *uncertain, struct toc_error *error);

/* Mean and standard deviation of draw 0 … draws - 1 of a checked `uncertain`. Each draw depends on seed and its own
 * number alone (Philox 2x64, key = seed, counter = draw), by inversion of the truncated normal distribution. */
void toc_serial_interval_draw(const struct toc_uncertain_interval *uncertain, int draw, double *mean, double *sd);

#ifdef __cplusplus
}
#endif
#endif
