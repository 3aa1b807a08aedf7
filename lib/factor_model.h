/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/factor_model.h: counts explained by several factors at once.
 *
 * Quasi-Poisson regression with log link, E y_i = exp(o_i + a[f1(i)] + b[f2(i)] + c[f3(i)] + s (t_i - tbar)),
 * Var y_i = phi E y_i: up to three additive factors (season block, day of the week, week of a holiday), an offset, a
 * slope. A row may stand between two levels of the last factor: then its effect is (1 - share) c[own] + share c[other]
 * (a week of four days of one kind and three of another). With one factor and a slope the closed form of farrington's
 * own fit is faster; this is for the rest.
 *
 * The way is that of R's glm.fit (start log(y + 0.1), stop when |change of deviance| / (0.1 + |deviance|) < 1e-8, at
 * most 25 iterations, working weights and their factorisation from the iteration before the last update), so results
 * agree with glm(family = quasipoisson) to rounding. Each row of the design has at most four entries and a time, so the
 * normal equations cost fifteen sums a row; they are solved by Cholesky. A column that depends on those before it
 * (pivot below 1e-9 of its own square) is left out; a point that needs it cannot be predicted.
 */
#ifndef LIB_FACTOR_MODEL_H
#define LIB_FACTOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOCI_FACTORS = 3, TOCI_FACTOR_PARTS = TOCI_FACTORS + 1, TOCI_FACTOR_MAX_COLUMNS = 96, TOCI_FACTOR_LEVELS = 256 };

struct toci_factor_data {
    size_t         n;
    const double  *observed;            /* n counts, none missing */
    const double  *time;                /* n, or NULL: without a slope */
    const double  *offset;              /* n, on the log scale, or NULL */
    const uint8_t *level[TOCI_FACTORS]; /* n each, or NULL: without that factor */
    const uint8_t *other;               /* n: the other level of the last factor, or NULL */
    const double  *share;               /* n: what part of the row it has, 0 … 0.5; NULL as other */
};

/* Where to predict. */
struct toci_factor_point {
    double  time;
    double  offset;
    uint8_t level[TOCI_FACTORS];
    uint8_t other; /* of the last factor */
    double  share; /* 0: none */
};

/* What is not 0 in one row of the design, columns ascending: up to TOCI_FACTOR_PARTS levels, and time. */
struct toci_factor_entries {
    double  value[TOCI_FACTOR_PARTS + 1];
    uint8_t column[TOCI_FACTOR_PARTS + 1];
    uint8_t num;
};

struct toci_factor_fit {
    size_t n, num_columns, rank;
    bool   has_slope; /* the last column */
    bool   converged;
    double dispersion; /* Pearson, not floored; NaN without degrees of freedom */
    double mean_time;
    /* level -> column; REFERENCE: the level the others are measured from; ABSENT: not in the data */
    int16_t column[TOCI_FACTORS][TOCI_FACTOR_LEVELS];
    bool    left_out[TOCI_FACTOR_MAX_COLUMNS];
    double  coefficient[TOCI_FACTOR_MAX_COLUMNS];
    /* memory of the caller, set by toci_factor_init */
    double                     *factor;    /* num_columns^2: upper triangle R, R'R = X'WX */
    double                     *inverse;   /* num_columns^2: (X'WX)^-1 */
    double                     *log_count; /* n: log y, 0 where y = 0 */
    double                     *eta;       /* n: linear predictors; to whole vectors */
    double                     *mu;        /* n: fitted counts, exp(eta); to whole vectors */
    double                     *weight;    /* n: W, of the last iteration */
    struct toci_factor_entries *entries;   /* n: the rows of the design */
};
enum { TOCI_FACTOR_REFERENCE = -1, TOCI_FACTOR_ABSENT = -2 };

/* The bytes that a fit of up to n rows needs; SIZE_MAX where they cannot be counted. */
size_t toci_factor_bytes(size_t n);

/* Give a fit its memory: toci_factor_bytes(n) bytes, aligned for double. */
void toci_factor_init(struct toci_factor_fit *fit, size_t n, void *memory);

/* Find the columns of the data's levels. The first factor has a column a level (one column if there is none); of the
 * others the lowest level present is the reference. False: more than TOCI_FACTOR_MAX_COLUMNS. */
bool toci_factor_columns(struct toci_factor_fit *fit, const struct toci_factor_data *data);

/* Fit, after toci_factor_columns on the same data. prior: n weights >= 0, or NULL = 1 each. */
void toci_factor_solve(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior);

/* Leverage of one row: W_i x_i' (X'WX)^-1 x_i. */
double toci_factor_leverage(const struct toci_factor_fit *fit, size_t row);

/* The slope and its variance / dispersion; NaN without one. */
double toci_factor_slope(const struct toci_factor_fit *fit, double *variance);

/* The linear predictor at a point, and its variance / dispersion. False where the data say nothing of one of its
 * levels.
 */
bool toci_factor_predict(const struct toci_factor_fit *fit, const struct toci_factor_point *point, double *eta,
                         double *variance);

#endif
