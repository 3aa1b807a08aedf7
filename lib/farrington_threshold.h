/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/farrington_threshold.h: from what a model expects of a step to the count that would be unusual. */
#ifndef LIB_FARRINGTON_THRESHOLD_H
#define LIB_FARRINGTON_THRESHOLD_H

#include <stdbool.h>

#include "tocsin/farrington.h"

/* What a fitted model says of the judged step. */
struct toci_prediction {
    double log_mean;
    double log_mean_se;
    double mean; /* exp(log_mean) */
    double phi;  /* variance / mean, >= 1 */
};

/* The highest count that is not unusual, for a z that is the normal quantile of the wanted probability.
 * With e the power and tau = phi + se(mean)^2 / mean, mean^e is nearly normal with standard deviation
 *     e = 2/3: sqrt(4/9 mean^(1/3) tau)    e = 1/2: sqrt(tau / 4)    e = 1: sqrt(mean tau) */
double toci_threshold_delta(const struct toci_prediction *prediction, enum toc_farrington_power power, double z);
/* Probability of a count of at least observed under the same approximation. */
double toci_p_value_delta(const struct toci_prediction *prediction, enum toc_farrington_power power, double observed);

/* Quantile of the negative binomial with this mean and variance phi mean; Poisson where phi = 1. NaN where the mean is
 * infinite. */
double toci_threshold_counts(double mean, double phi, double probability);
/* P(Y >= observed). */
double toci_p_value_counts(double mean, double phi, double observed);

#endif
