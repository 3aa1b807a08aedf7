/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/cori.h: what the three ways to Cori's estimate share: a whole series, an uncertain interval, day by day. */
#ifndef LIB_CORI_H
#define LIB_CORI_H

#include "incidence.h"
#include "inverse_gamma.h"

/* A gamma distribution, or why there is none. */
struct toci_posterior {
    double          shape;
    double          scale;
    enum toc_reason reason;
};

int toci_cori_check_options(const struct toc_cori_options *options, struct toc_error *error);

/* A rule that leaves a window out whatever its counts, or TOC_REASON_NONE.
 * day   number of its last step, 0-based from the start of the series; mean_interval   steps */
enum toc_reason toci_cori_rule(const struct toc_cori_options *options, int steps_per_year, size_t day,
                               double mean_interval);

/* The posterior of steps first … last, without the rule on its coefficient of variation. */
struct toci_posterior toci_cori_posterior(const struct toci_steps *steps, size_t first, size_t last,
                                          const struct toc_cori_options *options);

static inline bool toci_cori_too_few(const struct toc_cori_options *options, double mean, double sd)
{
    return options->mode == TOC_MODE_DEFAULT && sd > options->max_cv * mean;
}

/* Mean, standard deviation and quantiles of a posterior, or NaN and the reason. */
struct toc_reproduction toci_cori_summarise(const struct toci_posterior *of, const struct toc_cori_options *options,
                                            const struct toci_gamma_plan *plan, double *quantiles);

/* The answer for a window that is left out. */
struct toc_reproduction toci_left_out(enum toc_reason reason, double *quantiles, size_t num);

#endif
