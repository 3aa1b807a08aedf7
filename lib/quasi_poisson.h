/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/quasi_poisson.h: the regression behind both Farrington methods, in closed form.
 *
 * Model: y_i ~ quasi-Poisson, log mean_i = level[group of i] + slope t_i + offset_i, variance phi mean_i.
 * The design is nothing but group levels and one slope, so each weighted least-squares step has a closed form. With
 * working weights W and working response z, and over a group g
 *     S_g = sum W,  tbar_g = sum W t / S_g,  zbar_g = sum W z / S_g,  T = sum over all of W (t - tbar_g)^2
 *     slope = sum over all of W (t - tbar_g)(z - zbar_g) / T,  level_g = zbar_g - slope tbar_g
 *     leverage h_i = W_i (1/S_g + (t_i - tbar_g)^2 / T)
 *     var(level_g + slope t) / scale = 1/S_g + (t - tbar_g)^2 / T
 *
 * The iteration is R's (glm.fit), step for step, because a solver that goes on to full convergence differs from R in
 * the eighth digit: it starts from log(y + 0.1), stops when |dev - dev_old| / (0.1 + |dev|) < 1e-8 or after 25 steps,
 * means are never below 2.2e-16, and afterwards the coefficients are those of the last step while W, and with it S_g,
 * tbar_g and T, is still built from the means before that step.
 *
 * Rows are kept one array a quantity, group after group, each group filled up to whole vectors by slots of weight 0.
 */
#ifndef LIB_QUASI_POISSON_H
#define LIB_QUASI_POISSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the fit needs of each count, computed once for a whole series. Arrays of the series' length. */
struct toci_count_values {
    double *count;          /* missing counts hold 0 here and must not be used */
    double *log_count;      /* log y; 0 where y = 0 */
    double *log_start;      /* log(y + 0.1) */
    double *two_thirds;     /* y^(2/3) */
    double *log_population; /* 0 where no population is used */
};

/* Fill rows from … from + num - 1. population = NULL: no offset. */
void toci_count_values_fill(const struct toci_count_values *values, const double *observed, const double *population,
                            size_t from, size_t num);

/* Sums over one group; z and t as above. */
struct toci_group_sums {
    double w, wt, wtt, wz, wzt;
};

struct toci_quasi_poisson {
    size_t num_groups, num_rows;
    bool   has_offset; /* any offset is not 0 */

    /* one each group */
    size_t                 *start;  /* first slot; start[num_groups] = number of slots */
    double                 *centre; /* mean of t: times are held relative to it */
    double                 *level;
    struct toci_group_sums *sums, *sums_before; /* with W from the last means, and from those before */

    /* one each slot */
    double *y, *log_y, *log_start, *two_thirds, *offset, *time;
    double *unit;               /* 1 for a row, 0 for filling */
    double *weight;             /* prior weights: 1, or omega after reweighting */
    double *mean, *mean_before; /* after the last step, and before it */

    /* the result */
    double slope;
    double time_information; /* T, from sums_before */
    double dispersion;       /* sum W r^2 / (rows - rank), r = (y - mean) / mean */
    double phi;              /* max(dispersion, 1) */
    double working_scale;    /* sum omega r^2 / (rows - rank): what R uses for standard errors after reweighting */
    bool   has_slope;
    bool   converged; /* of the fit with unit weights */
    int    iterations;
};

struct toci_quasi_poisson_plan {
    bool   slope;
    bool   reweight;
    double residual_limit; /* rows whose scaled Anscombe residual exceeds this lose weight */
};

/* Bytes that toci_quasi_poisson_place() needs, for at most that many rows and groups. */
size_t toci_quasi_poisson_bytes(size_t max_rows, size_t max_groups);
/* Lay the arrays out in memory (aligned as any object). */
void toci_quasi_poisson_place(struct toci_quasi_poisson *fit, void *memory, size_t max_rows, size_t max_groups);

/* Take the baseline: num rows of values, each with its group (0 … num_groups - 1, every group occurring) and time. */
void toci_quasi_poisson_load(struct toci_quasi_poisson *fit, const struct toci_count_values *values, const size_t *row,
                             const uint16_t *group, const double *time, size_t num, size_t num_groups);

/* Fit with unit weights, and if that converged and the plan says so, take weight from rows with high residuals
 * (s_i > residual_limit: weight s_i^-2, all weights then scaled to sum to the number of rows) and fit again.
 * s_i = 1.5 (y^(2/3) mean^(-1/6) - mean^(1/2)) / sqrt(phi (1 - h_i)); a row of leverage 1 keeps its weight. */
void toci_quasi_poisson_fit(struct toci_quasi_poisson *fit, const struct toci_quasi_poisson_plan *plan);

/* Linear predictor of a group at a time, without offset, and its variance / scale. */
double toci_quasi_poisson_log_mean(const struct toci_quasi_poisson *fit, size_t group, double time);
double toci_quasi_poisson_log_mean_variance(const struct toci_quasi_poisson *fit, size_t group, double time);

#endif
