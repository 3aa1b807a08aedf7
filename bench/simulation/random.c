/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "random.h"

#include <math.h>

#include <Random123/philox.h>

double sim_uniform(struct sim_random *random)
{
    philox2x64_ctr_t counter = { { random->drawn++, random->replicate } };
    philox2x64_key_t key = { { random->seed * 0x9E3779B97F4A7C15u + random->scenario } };
    philox2x64_ctr_t bits = philox2x64(counter, key);
    return ((double) (bits.v[0] >> 11) + 0.5) * 0x1p-53;
}

size_t sim_between(struct sim_random *random, size_t low, size_t high)
{
    return low + (size_t) (sim_uniform(random) * (double) (high - low + 1));
}

double sim_normal(struct sim_random *random)
{
    double radius = sqrt(-2.0 * log(sim_uniform(random)));
    return radius * cos(6.283185307179586 * sim_uniform(random));
}

double sim_gamma(struct sim_random *random, double shape)
{
    if (shape < 1.0) { /* a gamma of shape + 1 times u^(1/shape) */
        double u = sim_uniform(random);
        return sim_gamma(random, shape + 1.0) * pow(u, 1.0 / shape);
    }
    double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = sim_normal(random), root = 1.0 + c * x;
        if (root <= 0)
            continue;
        double v = root * root * root;
        if (log(sim_uniform(random)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

/* Count how many steps of the distribution function lie below u. */
static double poisson_by_search(struct sim_random *random, double mean)
{
    double u = sim_uniform(random), term = exp(-mean), below = term, count = 0.0;
    while (u > below && count < 1000.0) { /* the limit is far beyond any u < 1 - 2^-54 at means below 10 */
        count += 1.0;
        term *= mean / count;
        below += term;
    }
    return count;
}

static double log_factorial(double count)
{
    int sign;
    return lgamma_r(count + 1.0, &sign); /* lgamma() writes a global */
}

/* Hörmann's PTRS, for means of 10 and more. */
static double poisson_by_rejection(struct sim_random *random, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        double u = sim_uniform(random) - 0.5, v = sim_uniform(random), us = 0.5 - fabs(u);
        double count = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r)
            return count;
        if (count < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v * inverse_alpha / (a / (us * us) + b)) <= count * log(mean) - mean - log_factorial(count))
            return count;
    }
}

double sim_poisson(struct sim_random *random, double mean)
{
    if (!(mean > 0))
        return 0.0;
    return mean < 10.0 ? poisson_by_search(random, mean) : poisson_by_rejection(random, mean);
}

double sim_count(struct sim_random *random, double mean, double dispersion)
{
    if (dispersion <= 1.0 || !(mean > 0))
        return sim_poisson(random, mean);
    double scale = dispersion - 1.0; /* negative binomial = Poisson of a gamma of shape mean / scale */
    return sim_poisson(random, scale * sim_gamma(random, mean / scale));
}
