/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/inverse_gamma.h: quantiles of gamma distributions, the same few probabilities for many shapes.
 *
 * Within 1e-11 relative of the exact value for 1e-3 <= shape <= 1e9 and 1e-9 <= p <= 1 - 1e-9 (the test compares with
 * R's qgamma). A quantile costs some 10 ns where the shape is large enough for a series (about 12 for p = 0.025), some
 * 500 ns below.
 */
#ifndef LIB_INVERSE_GAMMA_H
#define LIB_INVERSE_GAMMA_H

#include <stddef.h>

#include "tocsin/reproduction.h"

#define TOCI_GAMMA_TERMS 17

/* The probabilities of a call and what depends on them alone: the terms of the series. */
struct toci_gamma_plan {
    const double *probability; /* the caller's, 0 < p < 1 */
    size_t        num;         /* <= TOC_MAX_QUANTILES */
    double        least_shape; /* below it the series is not trusted for one of them */
    double        term[TOCI_GAMMA_TERMS][TOC_MAX_QUANTILES];
};

void toci_gamma_plan_init(struct toci_gamma_plan *plan, const double *probability, size_t num);

/* quantile[i] = scale * the probability[i] quantile of the gamma distribution with that shape > 0 and scale 1. */
void toci_gamma_quantiles(const struct toci_gamma_plan *plan, double shape, double scale, double *quantile);

/* One quantile, scale 1. */
double toci_gamma_quantile(double p, double shape);

#endif
