/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both kinds of threshold spread a future count around its mean. For delta, the variance of a count is phi mean, that
 * of the estimated mean is (se mean)^2, se being the standard error on the log scale, and their sum is mean tau with
 * tau = phi + se^2 mean. By the delta method var(Y^e) = (e mean^(e-1))^2 mean tau, which for e = 2/3 is
 * 4/9 mean^(1/3) tau. For counts, the negative binomial of size s and probability q has mean s (1 - q) / q and variance
 * mean / q, so that q = 1 / phi and s = mean / (phi - 1). */
#include "farrington_threshold.h"

#include <math.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

static double power_of(enum toc_farrington_power power)
{
    return power == TOC_FARRINGTON_TWO_THIRDS ? 2.0 / 3.0 : power == TOC_FARRINGTON_HALF ? 0.5 : 1.0;
}

/* Standard deviation of a future count to the power e. */
static double transformed_sd(const struct toci_prediction *prediction, enum toc_farrington_power power)
{
    double mean = prediction->mean;
    double tau = prediction->phi + prediction->log_mean_se * prediction->log_mean_se * mean;
    switch (power) {
    case TOC_FARRINGTON_TWO_THIRDS: return sqrt(4.0 / 9.0 * cbrt(mean) * tau);
    case TOC_FARRINGTON_HALF: return sqrt(tau / 4.0);
    case TOC_FARRINGTON_UNTRANSFORMED: break;
    }
    return sqrt(mean * tau);
}

/* The larger of both ends: a quantile below the median (alpha > 1/2) has a negative z. An end below zero before the
 * power is taken back is NaN and does not count. */
double toci_threshold_delta(const struct toci_prediction *prediction, enum toc_farrington_power power, double z)
{
    double e = power_of(power), centre = pow(prediction->mean, e);
    double reach = z * transformed_sd(prediction, power);
    return fmax(pow(centre - reach, 1.0 / e), pow(centre + reach, 1.0 / e)); /* fmax ignores a NaN */
}

double toci_p_value_delta(const struct toci_prediction *prediction, enum toc_farrington_power power, double observed)
{
    double e = power_of(power);
    return pnorm(pow(observed, e), pow(prediction->mean, e), transformed_sd(prediction, power), 0, 0);
}

double toci_threshold_counts(double mean, double phi, double probability)
{
    if (!(mean < INFINITY))
        return NAN;
    if (phi > 1.0)
        return qnbinom(probability, mean / (phi - 1.0), 1.0 / phi, 1, 0);
    return qpois(probability, mean, 1, 0);
}

double toci_p_value_counts(double mean, double phi, double observed)
{
    if (!(mean < INFINITY))
        return NAN;
    if (phi > 1.0)
        return pnbinom(observed - 1.0, mean / (phi - 1.0), 1.0 / phi, 0, 0);
    return ppois(observed - 1.0, mean, 0, 0);
}
