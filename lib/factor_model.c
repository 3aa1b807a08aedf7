/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "factor_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "vector_math.h"

enum { MAX_ITERATIONS = 25, LAST = TOCI_FACTORS - 1 };

static const double SETTLED = 1e-8;   /* relative change of the deviance */
static const double DEPENDENT = 1e-9; /* pivot / own square below which a column depends on those before it */
static const double ESTIMABLE = 1e-7; /* how far a point may miss the span of the columns */

/* ---- memory and columns ---- */

enum { SQUARE = TOCI_FACTOR_MAX_COLUMNS * TOCI_FACTOR_MAX_COLUMNS };

size_t toci_factor_bytes(size_t n)
{
    size_t row = 4 * sizeof(double) + sizeof(struct toci_factor_entries);
    size_t fixed = (2 * SQUARE + 2 * TOCI_LANES) * sizeof(double);
    return n > (SIZE_MAX - fixed) / row ? SIZE_MAX : fixed + n * row;
}

static size_t whole_vectors(size_t n)
{
    return (n + TOCI_LANES - 1) / TOCI_LANES * TOCI_LANES;
}

void toci_factor_init(struct toci_factor_fit *fit, size_t n, void *memory)
{
    memset(fit, 0, sizeof *fit);
    fit->factor = memory;
    fit->inverse = fit->factor + SQUARE;
    fit->log_count = fit->inverse + SQUARE;
    fit->weight = fit->log_count + n;
    fit->eta = fit->weight + n;
    fit->mu = fit->eta + whole_vectors(n);
    fit->entries = (struct toci_factor_entries *) (void *) (fit->mu + whole_vectors(n));
}

/* Columns of one factor's levels, in order of the levels. */
static void number_levels(struct toci_factor_fit *fit, const struct toci_factor_data *data, size_t which)
{
    bool     present[TOCI_FACTOR_LEVELS] = { false };
    int16_t *column = fit->column[which];
    bool     reference_found = which == 0; /* the first factor has none */

    for (size_t i = 0; i < data->n; i++)
        present[data->level[which] != NULL ? data->level[which][i] : 0] = true;
    for (size_t level = 0; level < TOCI_FACTOR_LEVELS; level++) {
        if (!present[level]) {
            column[level] = TOCI_FACTOR_ABSENT;
        } else if (!reference_found) {
            column[level] = TOCI_FACTOR_REFERENCE;
            reference_found = true;
        } else {
            column[level] = (int16_t) fit->num_columns++;
        }
    }
}

static void add_entry(struct toci_factor_entries *entries, int column, double value)
{
    if (column < 0)
        return;
    uint8_t place = entries->num++;
    for (; place > 0 && entries->column[place - 1] > column; place--) {
        entries->column[place] = entries->column[place - 1];
        entries->value[place] = entries->value[place - 1];
    }
    entries->column[place] = (uint8_t) column;
    entries->value[place] = value;
}

static void note_entries(struct toci_factor_fit *fit, const struct toci_factor_data *data, size_t row)
{
    struct toci_factor_entries *entries = &fit->entries[row];
    double                      share = data->other != NULL ? data->share[row] : 0.0;
    entries->num = 0;
    for (size_t which = 0; which < TOCI_FACTORS; which++) {
        uint8_t level = data->level[which] != NULL ? data->level[which][row] : 0;
        add_entry(entries, fit->column[which][level], which == LAST ? 1.0 - share : 1.0);
    }
    if (share > 0)
        add_entry(entries, fit->column[LAST][data->other[row]], share);
    if (fit->has_slope)
        add_entry(entries, (int) fit->num_columns - 1, data->time[row] - fit->mean_time);
}

bool toci_factor_columns(struct toci_factor_fit *fit, const struct toci_factor_data *data)
{
    fit->n = data->n;
    fit->num_columns = 0;
    for (size_t which = 0; which < TOCI_FACTORS; which++)
        number_levels(fit, data, which);
    fit->has_slope = data->time != NULL;
    if (fit->has_slope)
        fit->num_columns++;
    if (fit->num_columns > TOCI_FACTOR_MAX_COLUMNS)
        return false;

    fit->mean_time = 0.0;
    for (size_t i = 0; i < data->n && fit->has_slope; i++)
        fit->mean_time += data->time[i] / (double) data->n;
    for (size_t i = 0; i < data->n; i++) {
        fit->log_count[i] = data->observed[i] > 0 ? log(data->observed[i]) : 0.0;
        note_entries(fit, data, i);
    }
    return true;
}

/* ---- one weighted least-squares step ---- */

/* X'WX (upper triangle of fit->factor) and X'Wz. */
static void sum_normal_equations(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *z,
                                 double *right)
{
    size_t  p = fit->num_columns;
    double *a = fit->factor;

    memset(a, 0, p * p * sizeof *a);
    memset(right, 0, p * sizeof *right);
    for (size_t row = 0; row < data->n; row++) {
        const struct toci_factor_entries *entries = &fit->entries[row];
        for (size_t i = 0; i < entries->num; i++) {
            double  wx = fit->weight[row] * entries->value[i];
            double *line = a + entries->column[i] * p;
            right[entries->column[i]] += wx * z[row];
            for (size_t j = i; j < entries->num; j++)
                line[entries->column[j]] += wx * entries->value[j];
        }
    }
}

/* R with R'R = X'WX in place; columns that depend on earlier ones are left out (their row and column of R are 0). */
static void factorise(struct toci_factor_fit *fit)
{
    size_t  p = fit->num_columns;
    double *a = fit->factor;

    fit->rank = 0;
    for (size_t j = 0; j < p; j++) {
        double square = a[j * p + j], pivot = square;
        for (size_t k = 0; k < j; k++)
            pivot -= a[k * p + j] * a[k * p + j];
        fit->left_out[j] = !(pivot > DEPENDENT * square);
        if (fit->left_out[j]) {
            /* keep the column above: it says how this one depends on those before it */
            memset(&a[j * p + j], 0, (p - j) * sizeof *a);
            continue;
        }
        fit->rank++;
        double root = sqrt(pivot);
        a[j * p + j] = root;
        for (size_t m = j + 1; m < p; m++) {
            double sum = a[j * p + m];
            for (size_t k = 0; k < j; k++)
                sum -= a[k * p + j] * a[k * p + m];
            a[j * p + m] = sum / root;
        }
    }
}

/* beta = (X'WX)^-1 right, 0 where a column is left out. The first elements of right, `first` of them, are 0. */
static void solve(struct toci_factor_fit *fit, double *right, size_t first)
{
    size_t        p = fit->num_columns;
    const double *r = fit->factor;

    for (size_t j = first; j < p; j++) {
        if (fit->left_out[j]) {
            right[j] = 0.0;
            continue;
        }
        for (size_t k = first; k < j; k++)
            right[j] -= r[k * p + j] * right[k];
        right[j] /= r[j * p + j];
    }
    for (size_t j = p; j-- > 0;) {
        fit->coefficient[j] = 0.0;
        if (fit->left_out[j])
            continue;
        double sum = right[j];
        for (size_t m = j + 1; m < p; m++)
            sum -= r[j * p + m] * fit->coefficient[m];
        fit->coefficient[j] = sum / r[j * p + j];
    }
}

/* (X'WX)^-1 from its factor, one unit vector after the other. */
static void invert(struct toci_factor_fit *fit)
{
    size_t p = fit->num_columns;
    double kept[TOCI_FACTOR_MAX_COLUMNS], unit[TOCI_FACTOR_MAX_COLUMNS];

    memcpy(kept, fit->coefficient, p * sizeof *kept);
    for (size_t j = 0; j < p; j++) {
        memset(unit, 0, p * sizeof *unit);
        unit[j] = 1.0;
        solve(fit, unit, j);
        memcpy(&fit->inverse[j * p], fit->coefficient, p * sizeof *unit);
    }
    memcpy(fit->coefficient, kept, p * sizeof *kept);
}

/* ---- the iteration ---- */

static const double LOWEST_ETA = -36.04365338911715; /* log DBL_EPSILON: means are never below it */

TOCI_INLINE void toci_factor_means_body(struct toci_factor_fit *fit)
{
    for (size_t i = 0; i < fit->n; i += TOCI_LANES)
        toci_vec_store(fit->mu + i, toci_vec_exp(toci_vec_clamp(toci_vec_load(fit->eta + i), LOWEST_ETA, 709.0)));
}

/* mu = exp(eta), eight at a time. */
void toci_factor_means(struct toci_factor_fit *fit);
TOCI_DISPATCH(toci_factor_means, (struct toci_factor_fit * fit), (fit))

/* Sum of prior_i 2 (y log(y / mu) - (y - mu)), log mu being eta. */
static double deviance_of(const struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    double deviance = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double y = data->observed[i], mu = fit->mu[i];
        double of_row = y * (fit->log_count[i] - fmax(fit->eta[i], LOWEST_ETA)) - (y - mu);
        deviance += (prior != NULL ? prior[i] : 1.0) * 2.0 * of_row;
    }
    return deviance;
}

/* eta, mu and the deviance from the coefficients. */
static double update(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    for (size_t i = 0; i < data->n; i++) {
        double                            eta = data->offset != NULL ? data->offset[i] : 0.0;
        const struct toci_factor_entries *entries = &fit->entries[i];
        for (size_t j = 0; j < entries->num; j++)
            eta += fit->coefficient[entries->column[j]] * entries->value[j];
        fit->eta[i] = eta;
    }
    toci_factor_means(fit);
    return deviance_of(fit, data, prior);
}

static double start(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    for (size_t i = 0; i < whole_vectors(data->n); i++)
        fit->eta[i] = i < data->n ? log(data->observed[i] + 0.1) : 0.0;
    toci_factor_means(fit);
    return deviance_of(fit, data, prior);
}

/* Sum of squared Pearson residuals over degrees of freedom; W from before the last update, as R has it. */
static double dispersion(const struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    double sum = 0.0;
    size_t used = 0;
    for (size_t i = 0; i < data->n; i++) {
        if (prior != NULL && prior[i] == 0)
            continue;
        double residual = (data->observed[i] - fit->mu[i]) / fit->mu[i];
        sum += fit->weight[i] * residual * residual;
        used++;
    }
    return used > fit->rank ? sum / (double) (used - fit->rank) : NAN;
}

void toci_factor_solve(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    double right[TOCI_FACTOR_MAX_COLUMNS];
    double before = start(fit, data, prior);

    fit->converged = false;
    for (int iteration = 0; iteration < MAX_ITERATIONS && !fit->converged; iteration++) {
        for (size_t i = 0; i < data->n; i++) {
            double mu = fit->mu[i];
            fit->weight[i] = (prior != NULL ? prior[i] : 1.0) * mu;
            /* the working response, in the place of eta, which update() makes anew */
            fit->eta[i] += (data->observed[i] - mu) / mu - (data->offset != NULL ? data->offset[i] : 0.0);
        }
        sum_normal_equations(fit, data, fit->eta, right);
        factorise(fit);
        solve(fit, right, 0);
        double deviance = update(fit, data, prior);
        if (!isfinite(deviance))
            break;
        fit->converged = fabs(deviance - before) / (0.1 + fabs(deviance)) < SETTLED;
        before = deviance;
    }
    invert(fit);
    fit->dispersion = dispersion(fit, data, prior);
}

/* ---- what the fit says ---- */

double toci_factor_leverage(const struct toci_factor_fit *fit, size_t row)
{
    const struct toci_factor_entries *entries = &fit->entries[row];
    double                            sum = 0.0;

    for (size_t i = 0; i < entries->num; i++) {
        const double *line = fit->inverse + entries->column[i] * fit->num_columns;
        for (size_t j = 0; j < entries->num; j++)
            sum += entries->value[i] * entries->value[j] * line[entries->column[j]];
    }
    return fit->weight[row] * sum;
}

double toci_factor_slope(const struct toci_factor_fit *fit, double *variance)
{
    size_t p = fit->num_columns;
    bool   known = fit->has_slope && !fit->left_out[p - 1];
    *variance = known ? fit->inverse[p * p - 1] : NAN;
    return known ? fit->coefficient[p - 1] : NAN;
}

/* z with R'z = x, so that x'(X'WX)^-1 x = z'z; x lies in the span of the columns exactly if nothing of it remains at
 * those left out. */
static bool variance_at(const struct toci_factor_fit *fit, double *x, double *variance)
{
    size_t        p = fit->num_columns;
    const double *r = fit->factor;

    *variance = 0.0;
    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k < j; k++)
            x[j] -= r[k * p + j] * x[k]; /* 0 in the rows of columns left out */
        if (fit->left_out[j]) {
            if (fabs(x[j]) > ESTIMABLE)
                return false;
            continue;
        }
        x[j] /= r[j * p + j];
        *variance += x[j] * x[j];
    }
    return true;
}

bool toci_factor_predict(const struct toci_factor_fit *fit, const struct toci_factor_point *point, double *eta,
                         double *variance)
{
    double x[TOCI_FACTOR_MAX_COLUMNS] = { 0 };

    for (size_t which = 0; which < TOCI_FACTORS; which++) {
        int16_t column = fit->column[which][point->level[which]];
        if (column == TOCI_FACTOR_ABSENT)
            return false;
        if (column >= 0)
            x[column] += which == LAST ? 1.0 - point->share : 1.0;
    }
    if (point->share > 0 && fit->column[LAST][point->other] >= 0)
        x[fit->column[LAST][point->other]] += point->share;
    if (fit->has_slope)
        x[fit->num_columns - 1] = point->time - fit->mean_time;
    *eta = point->offset;
    for (size_t j = 0; j < fit->num_columns; j++)
        *eta += x[j] * fit->coefficient[j];
    return variance_at(fit, x, variance);
}
