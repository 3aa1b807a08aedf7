/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/inverse_gamma.h: quantiles of gamma distributions, many of one shape at a time. */
#ifndef LIB_INVERSE_GAMMA_H
#define LIB_INVERSE_GAMMA_H

#include <stddef.h>

/* The probabilities of a call and what depends on them alone. */
struct toci_gamma_plan {
    const double *probability; /* the caller's, 0 < p < 1 */
    size_t        num;
};

void toci_gamma_plan_init(struct toci_gamma_plan *plan, const double *probability, size_t num);

/* quantile[i] = scale * the probability[i] quantile of the gamma distribution with that shape > 0 and scale 1. */
void toci_gamma_quantiles(const struct toci_gamma_plan *plan, double shape, double scale, double *quantile);

#endif
