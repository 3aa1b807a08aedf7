/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "quasi_poisson.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "vector_math.h"

enum { MAX_ITERATIONS = 25, SLOT_ARRAYS = 10 };
static const double CONVERGED = 1e-8;                            /* relative change of the deviance: R's */
static const double LOWEST_LOG_MEAN = -36.04365338911715;        /* log(DBL_EPSILON): R keeps means above it */
static const double HIGHEST_LOG_MEAN = 709.0;                    /* the last whole number whose exponential is finite */
static const double HIGHEST_LEVERAGE = 1.0 - 10.0 * DBL_EPSILON; /* beyond it a row is its own fit */

/* ---- values of a series ---- */

/* Any run of rows, in vectors; a last one that is not full is computed with counts of 0 beside it. Each value depends
 * on its own count alone, so that a stream that computes row by row has the same bits. */
TOCI_INLINE void toci_count_values_fill_body(const struct toci_count_values *values, const double *observed,
                                             const double *population, size_t from, size_t num)
{
    for (size_t done = 0; done < num; done += TOCI_LANES) {
        size_t lanes = num - done < TOCI_LANES ? num - done : TOCI_LANES;
        double y[TOCI_LANES] = { 0 }, persons[TOCI_LANES] = { 1, 1, 1, 1 };
        double out[4][TOCI_LANES];
        for (size_t lane = 0; lane < lanes; lane++) {
            double count = observed[from + done + lane];
            y[lane] = count >= 0 ? count : 0.0; /* not for NaN */
            if (population != NULL)
                persons[lane] = population[from + done + lane];
        }
        toci_vec      count = toci_vec_load(y), zero = toci_vec_all(0.0);
        toci_vec_bits positive = (toci_vec_bits) (count > zero);
        toci_vec      log_count = toci_vec_log(toci_vec_choose(positive, count, toci_vec_all(1.0)));
        toci_vec_store(out[0], log_count);
        toci_vec_store(out[1], toci_vec_log(count + 0.1));
        toci_vec_store(out[2], toci_vec_choose(positive, toci_vec_exp(log_count * (2.0 / 3.0)), zero));
        toci_vec_store(out[3], toci_vec_log(toci_vec_load(persons)));
        size_t bytes = lanes * sizeof(double);
        memcpy(values->count + from + done, y, bytes);
        memcpy(values->log_count + from + done, out[0], bytes);
        memcpy(values->log_start + from + done, out[1], bytes);
        memcpy(values->two_thirds + from + done, out[2], bytes);
        memcpy(values->log_population + from + done, out[3], bytes);
    }
}

TOCI_DISPATCH(toci_count_values_fill,
              (const struct toci_count_values *values, const double *observed, const double *population, size_t from,
               size_t num),
              (values, observed, population, from, num))

/* ---- memory and rows ---- */

/* A group of n rows takes n slots and up to three more, so that it ends with a whole vector. The slots of filling have
 * weight 0 and finite values, and so add nothing to any sum. Times are held relative to the mean time of their group:
 * then sum W t^2 - (sum W t)^2 / sum W loses no digits however far the group lies from the origin, and a group of one
 * row adds exactly nothing to the information on the slope. */

static size_t max_slots(size_t max_rows, size_t max_groups)
{
    return max_rows + (TOCI_LANES - 1) * max_groups;
}

size_t toci_quasi_poisson_bytes(size_t max_rows, size_t max_groups)
{
    size_t a_group = 2 * sizeof(double) + 2 * sizeof(struct toci_group_sums) + sizeof(size_t);
    return max_slots(max_rows, max_groups) * SLOT_ARRAYS * sizeof(double) + max_groups * a_group + sizeof(size_t);
}

void toci_quasi_poisson_place(struct toci_quasi_poisson *fit, void *memory, size_t max_rows, size_t max_groups)
{
    size_t   slots = max_slots(max_rows, max_groups);
    double  *next = memory;
    double **arrays[SLOT_ARRAYS] = { &fit->y,    &fit->log_y, &fit->log_start, &fit->two_thirds, &fit->offset,
                                     &fit->time, &fit->unit,  &fit->weight,    &fit->mean,       &fit->mean_before };
    for (size_t i = 0; i < SLOT_ARRAYS; i++, next += slots)
        *arrays[i] = next;
    fit->centre = next;
    fit->level = next + max_groups;
    fit->sums = (struct toci_group_sums *) (next + 2 * max_groups);
    fit->sums_before = fit->sums + max_groups;
    fit->start = (size_t *) (fit->sums_before + max_groups);
}

static void clear_slot(struct toci_quasi_poisson *fit, size_t slot)
{
    fit->y[slot] = fit->log_y[slot] = fit->log_start[slot] = fit->two_thirds[slot] = 0.0;
    fit->offset[slot] = fit->time[slot] = fit->unit[slot] = fit->weight[slot] = 0.0;
}

void toci_quasi_poisson_load(struct toci_quasi_poisson *fit, const struct toci_count_values *values, const size_t *row,
                             const uint16_t *group, const double *time, size_t num, size_t num_groups)
{
    fit->num_groups = num_groups;
    fit->num_rows = num;
    fit->has_offset = false;
    memset(fit->start, 0, (num_groups + 1) * sizeof *fit->start);
    memset(fit->centre, 0, num_groups * sizeof *fit->centre);
    for (size_t i = 0; i < num; i++) {
        fit->start[group[i] + 1]++;
        fit->centre[group[i]] += time[i];
    }
    /* start[g + 1] now counts the rows of g; turn it into where the next row of g goes. */
    size_t slot = 0;
    for (size_t g = 0; g < num_groups; g++) {
        size_t rows = fit->start[g + 1], whole = (rows + TOCI_LANES - 1) / TOCI_LANES * TOCI_LANES;
        fit->centre[g] /= (double) rows;
        for (size_t filling = slot + rows; filling < slot + whole; filling++)
            clear_slot(fit, filling);
        fit->start[g + 1] = slot;
        slot += whole;
    }
    for (size_t i = 0; i < num; i++) {
        size_t from = row[i], to = fit->start[group[i] + 1]++;
        fit->y[to] = values->count[from];
        fit->log_y[to] = values->log_count[from];
        fit->log_start[to] = values->log_start[from];
        fit->two_thirds[to] = values->two_thirds[from];
        fit->offset[to] = values->log_population[from];
        fit->has_offset |= values->log_population[from] != 0.0;
        fit->time[to] = time[i] - fit->centre[group[i]];
        fit->unit[to] = fit->weight[to] = 1.0;
    }
    /* start[g + 1] is now where the rows of g end; the next group begins at the next whole vector. */
    for (size_t g = 0; g < num_groups; g++)
        fit->start[g + 1] = (fit->start[g + 1] + TOCI_LANES - 1) / TOCI_LANES * TOCI_LANES;
}

/* ---- one step of the iteration ---- */

/* Sums of one group while its rows are passed, a partial sum a lane. W = prior weight times mean; with the working
 * response z = eta - offset + (y - mean) / mean, W z = W (eta - offset) + prior (y - mean) needs no division. */
struct lane_sums {
    toci_vec w, wt, wtt, wz, wzt;
};

/* Add four rows to the sums of their group; returns their terms of deviance / 2:
 * y log(y / mean) - (y - mean), with the difference of logarithms taken first so that large counts lose no digits. */
TOCI_INLINE toci_vec add_rows(const struct toci_quasi_poisson *fit, size_t slot, toci_vec eta, toci_vec mean,
                              bool slope, struct lane_sums *sums)
{
    toci_vec y = toci_vec_load(fit->y + slot), prior = toci_vec_load(fit->weight + slot);
    toci_vec w = prior * mean, excess = y - mean;
    toci_vec wz = w * (eta - toci_vec_load(fit->offset + slot)) + prior * excess;
    sums->w += w;
    sums->wz += wz;
    if (slope) {
        toci_vec t = toci_vec_load(fit->time + slot), wt = w * t;
        sums->wt += wt;
        sums->wtt += wt * t;
        sums->wzt += wz * t;
    }
    return prior * (y * (toci_vec_load(fit->log_y + slot) - eta) - excess);
}

TOCI_INLINE void close_group(struct toci_group_sums *out, const struct lane_sums *in, bool slope)
{
    out->w = toci_vec_sum(in->w);
    out->wz = toci_vec_sum(in->wz);
    out->wt = slope ? toci_vec_sum(in->wt) : 0.0;
    out->wtt = slope ? toci_vec_sum(in->wtt) : 0.0;
    out->wzt = slope ? toci_vec_sum(in->wzt) : 0.0;
}

/* Means and sums at the start: eta = log(y + 0.1). Returns the deviance. */
TOCI_INLINE double begin(struct toci_quasi_poisson *fit, bool slope)
{
    toci_vec deviance = toci_vec_all(0.0);
    for (size_t g = 0; g < fit->num_groups; g++) {
        struct lane_sums sums = { 0 };
        for (size_t slot = fit->start[g]; slot < fit->start[g + 1]; slot += TOCI_LANES) {
            toci_vec mean = toci_vec_load(fit->y + slot) + 0.1;
            toci_vec_store(fit->mean + slot, mean);
            deviance += add_rows(fit, slot, toci_vec_load(fit->log_start + slot), mean, slope, &sums);
        }
        close_group(&fit->sums[g], &sums, slope);
    }
    return 2.0 * toci_vec_sum(deviance);
}

/* The linear predictor of four rows of a group. */
TOCI_INLINE toci_vec predictor(const struct toci_quasi_poisson *fit, size_t g, size_t slot, bool slope)
{
    toci_vec eta = fit->level[g] + toci_vec_load(fit->offset + slot);
    return slope ? eta + fit->slope * toci_vec_load(fit->time + slot) : eta;
}

TOCI_INLINE toci_vec mean_of(toci_vec eta)
{
    return toci_vec_exp(toci_vec_clamp(eta, LOWEST_LOG_MEAN, HIGHEST_LOG_MEAN));
}

/* Means and sums at the present coefficients. Returns the deviance. Without slope and offset a group has one mean. */
TOCI_INLINE double step(struct toci_quasi_poisson *fit, bool slope)
{
    bool     one_mean = !slope && !fit->has_offset;
    toci_vec deviance = toci_vec_all(0.0);
    for (size_t g = 0; g < fit->num_groups; g++) {
        struct lane_sums sums = { 0 };
        toci_vec         eta = toci_vec_all(fit->level[g]), mean = eta;
        if (one_mean)
            mean = mean_of(eta);
        for (size_t slot = fit->start[g]; slot < fit->start[g + 1]; slot += TOCI_LANES) {
            if (!one_mean) {
                eta = predictor(fit, g, slot, slope);
                mean = mean_of(eta);
            }
            toci_vec_store(fit->mean + slot, mean);
            deviance += add_rows(fit, slot, eta, mean, slope, &sums);
        }
        close_group(&fit->sums[g], &sums, slope);
    }
    return 2.0 * toci_vec_sum(deviance);
}

/* The weighted least squares of this step; false where the slope cannot be told from the levels. */
TOCI_INLINE bool solve(struct toci_quasi_poisson *fit, bool slope)
{
    double cross = 0.0, information = 0.0;
    fit->slope = 0.0;
    for (size_t g = 0; slope && g < fit->num_groups; g++) {
        const struct toci_group_sums *sums = &fit->sums[g];
        double                        tbar = sums->wt / sums->w;
        cross += sums->wzt - tbar * sums->wz;
        information += sums->wtt - tbar * sums->wt;
    }
    if (slope && !(information > 0.0))
        return false;
    if (slope)
        fit->slope = cross / information;
    for (size_t g = 0; g < fit->num_groups; g++)
        fit->level[g] = (fit->sums[g].wz - fit->slope * fit->sums[g].wt) / fit->sums[g].w;
    fit->time_information = information;
    return true;
}

/* The sums and means just used become those "before the last step"; the next step writes over the older ones. */
static inline void keep_as_before(struct toci_quasi_poisson *fit)
{
    double                 *mean = fit->mean_before;
    struct toci_group_sums *sums = fit->sums_before;
    fit->mean_before = fit->mean;
    fit->mean = mean;
    fit->sums_before = fit->sums;
    fit->sums = sums;
}

/* R's iteration with the present prior weights. */
TOCI_INLINE bool iterate(struct toci_quasi_poisson *fit, bool slope)
{
    double deviance = begin(fit, slope);
    for (fit->iterations = 1; fit->iterations <= MAX_ITERATIONS; fit->iterations++) {
        if (!solve(fit, slope))
            return false;
        keep_as_before(fit);
        double last = deviance;
        deviance = step(fit, slope);
        if (fabs(deviance - last) / (0.1 + fabs(deviance)) < CONVERGED)
            return true;
    }
    return false;
}

/* ---- dispersion and weights ---- */

/* Residuals are those of the last means, the weights inside W those before it: R's summary, not a textbook's. */
TOCI_INLINE void measure_dispersion(struct toci_quasi_poisson *fit)
{
    toci_vec pearson = toci_vec_all(0.0), working = pearson;
    for (size_t slot = 0; slot < fit->start[fit->num_groups]; slot += TOCI_LANES) {
        toci_vec mean = toci_vec_load(fit->mean + slot);
        toci_vec residual = (toci_vec_load(fit->y + slot) - mean) / mean;
        toci_vec squares = toci_vec_load(fit->weight + slot) * (residual * residual);
        working += squares;
        pearson += squares * toci_vec_load(fit->mean_before + slot);
    }
    double freedom = (double) fit->num_rows - (double) fit->num_groups - (fit->has_slope ? 1.0 : 0.0);
    fit->dispersion = toci_vec_sum(pearson) / freedom;
    fit->working_scale = toci_vec_sum(working) / freedom;
    fit->phi = fit->dispersion <= 1.0 ? 1.0 : fit->dispersion; /* NaN stays */
}

/* New prior weights from the residuals of a fit with unit weights. With q = mean^(1/6), d = 1.5 (y^(2/3) / q - q^3),
 * s^2 = d^2 / (phi (1 - h)): no root is needed to compare s with its limit or to invert it. */
TOCI_INLINE void reweight(struct toci_quasi_poisson *fit, double limit, bool slope)
{
    toci_vec one = toci_vec_all(1.0), total = toci_vec_all(0.0);
    double   per_information = slope ? 1.0 / fit->time_information : 0.0;
    for (size_t g = 0; g < fit->num_groups; g++) {
        const struct toci_group_sums *sums = &fit->sums_before[g];
        double                        per_weight = 1.0 / sums->w, tbar = sums->wt / sums->w;
        for (size_t slot = fit->start[g]; slot < fit->start[g + 1]; slot += TOCI_LANES) {
            toci_vec away = toci_vec_load(fit->time + slot) - tbar;
            toci_vec h = toci_vec_load(fit->mean_before + slot) * (per_weight + away * away * per_information);
            toci_vec eta = toci_vec_clamp(predictor(fit, g, slot, slope), LOWEST_LOG_MEAN, HIGHEST_LOG_MEAN);
            toci_vec q = toci_vec_exp(eta * (1.0 / 6.0));
            toci_vec d = 1.5 * (toci_vec_load(fit->two_thirds + slot) / q - q * q * q);
            toci_vec variance = fit->phi * (1.0 - h);

            toci_vec_bits high = (toci_vec_bits) (d > 0.0) & (toci_vec_bits) (h <= HIGHEST_LEVERAGE) &
                                 (toci_vec_bits) (d * d > limit * limit * variance);
            toci_vec weight = toci_vec_choose(high, variance / (d * d), one) * toci_vec_load(fit->unit + slot);
            toci_vec_store(fit->weight + slot, weight);
            total += weight;
        }
    }
    double scale = (double) fit->num_rows / toci_vec_sum(total);
    for (size_t slot = 0; slot < fit->start[fit->num_groups]; slot += TOCI_LANES)
        toci_vec_store(fit->weight + slot, toci_vec_load(fit->weight + slot) * scale);
}

/* Both fits of one model. slope is a constant to the compiler, which leaves out what it does not need. */
TOCI_INLINE void fit_with(struct toci_quasi_poisson *fit, const struct toci_quasi_poisson_plan *plan, bool slope)
{
    fit->has_slope = slope;
    memcpy(fit->weight, fit->unit, fit->start[fit->num_groups] * sizeof *fit->unit);
    fit->converged = iterate(fit, slope);
    if (!fit->converged)
        return;
    measure_dispersion(fit);
    if (!plan->reweight)
        return;
    reweight(fit, plan->residual_limit, slope);
    iterate(fit, slope); /* R does not ask whether this one converged */
    measure_dispersion(fit);
}

TOCI_INLINE void toci_quasi_poisson_fit_body(struct toci_quasi_poisson *fit, const struct toci_quasi_poisson_plan *plan)
{
    if (plan->slope)
        fit_with(fit, plan, true);
    else
        fit_with(fit, plan, false);
}

TOCI_DISPATCH(toci_quasi_poisson_fit, (struct toci_quasi_poisson * fit, const struct toci_quasi_poisson_plan *plan),
              (fit, plan))

double toci_quasi_poisson_log_mean(const struct toci_quasi_poisson *fit, size_t group, double time)
{
    return fit->level[group] + fit->slope * (time - fit->centre[group]);
}

double toci_quasi_poisson_log_mean_variance(const struct toci_quasi_poisson *fit, size_t group, double time)
{
    const struct toci_group_sums *sums = &fit->sums_before[group];
    double                        variance = 1.0 / sums->w;
    if (fit->has_slope) {
        double away = time - fit->centre[group] - sums->wt / sums->w;
        variance += away * away / fit->time_information;
    }
    return variance;
}
