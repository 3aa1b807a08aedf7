/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inverse_gamma.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

void toci_gamma_plan_init(struct toci_gamma_plan *plan, const double *probability, size_t num)
{
    plan->probability = probability;
    plan->num = num;
}

void toci_gamma_quantiles(const struct toci_gamma_plan *plan, double shape, double scale, double *quantile)
{
    for (size_t i = 0; i < plan->num; i++)
        quantile[i] = qgamma(plan->probability[i], shape, scale, 1, 0);
}
