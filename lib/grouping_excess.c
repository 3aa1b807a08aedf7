/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "grouping_excess.h"

#include <math.h>
#include <string.h>

enum { TERMS = 4, SWEEPS = 60, FITS = 4 };
#define FAR 2.5              /* residuals beyond it lose weight */
#define MEAN_OF_NEAR 0.97756 /* of min(Z^2, FAR^2), Z standard normal */
#define LEAST_EXPLAINED 0.1  /* cases: where a wave explains less, a single case is no surprise beyond that */

static bool takes_part(const struct toc_grouping_series *one)
{
    return one->observed >= 0 && one->before[0] >= 0 && one->usual > 0;
}

/* 3/2 (y^(2/3) - E^(2/3)) / E^(1/6) */
static double anscombe(double observed, double explained)
{
    double root = cbrt(explained);
    double of_count = cbrt(observed);
    return 1.5 * (of_count * of_count - root * root) / sqrt(root);
}

/* ---- terms ---- */

/* The counts and usual counts of one kind of peers, by area, and their sums. */
struct field {
    double *observed, *usual; /* num_areas each; usual 0 = no series of this kind */
    double  all_observed, all_usual;
};

static void fill_field(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                       uint32_t peers, struct field *field)
{
    memset(field->observed, 0, map->num_areas * sizeof *field->observed);
    memset(field->usual, 0, map->num_areas * sizeof *field->usual);
    field->all_observed = field->all_usual = 0;
    for (size_t i = 0; i < num; i++) {
        if (series[i].peers != peers || !takes_part(&series[i]))
            continue;
        field->observed[series[i].area] += series[i].observed;
        field->usual[series[i].area] += series[i].usual;
        field->all_observed += series[i].observed;
        field->all_usual += series[i].usual;
    }
}

static double ratio(double observed, double usual, double otherwise)
{
    return usual > 0 ? observed / usual : otherwise;
}

static void fill_row(const struct toc_grouping_map *map, const struct toc_grouping_series *one,
                     const struct field *field, struct toci_grouping_row *row)
{
    double observed = 0, usual = 0;
    for (size_t k = map->first_neighbour[one->area]; k < map->first_neighbour[one->area + 1]; k++) {
        observed += field->observed[map->neighbour[k]];
        usual += field->usual[map->neighbour[k]];
    }
    double others = ratio(field->all_observed - one->observed, field->all_usual - one->usual, 0);
    row->x[0] = one->before[0];
    row->x[1] = one->before[1] >= 0 ? one->before[1] : one->before[0];
    row->x[2] = one->usual * ratio(observed, usual, others);
    row->x[3] = one->usual * others;
}

/* ---- the fit ---- */

static double explained_by(const double coefficients[TERMS], const double x[TERMS])
{
    double sum = 0;
    for (size_t k = 0; k < TERMS; k++)
        sum += coefficients[k] * x[k];
    return fmax(sum, LEAST_EXPLAINED);
}

/* Least squares with coefficients >= 0, one coefficient at a time. */
static void solve(double matrix[TERMS][TERMS], const double right[TERMS], double coefficients[TERMS])
{
    for (size_t sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t k = 0; k < TERMS; k++) {
            double rest = right[k];
            for (size_t m = 0; m < TERMS; m++)
                rest -= m == k ? 0 : matrix[k][m] * coefficients[m];
            coefficients[k] = matrix[k][k] > 0 ? fmax(0, rest / matrix[k][k]) : 0;
        }
}

static void fit(const struct toc_grouping_series *series, const struct toci_grouping_row *rows, size_t num,
                uint32_t peers, double phi, double coefficients[TERMS])
{
    double matrix[TERMS][TERMS] = { { 0 } }, right[TERMS] = { 0 };
    for (size_t i = 0; i < num; i++) {
        if (series[i].peers != peers || !takes_part(&series[i]))
            continue;
        double explained = explained_by(coefficients, rows[i].x);
        double residual = fabs(anscombe(series[i].observed, explained)) / sqrt(phi);
        double weight = (residual > FAR ? FAR / residual : 1.0) / (explained + 0.5);
        for (size_t k = 0; k < TERMS; k++) {
            right[k] += weight * rows[i].x[k] * series[i].observed;
            for (size_t m = 0; m < TERMS; m++)
                matrix[k][m] += weight * rows[i].x[k] * rows[i].x[m];
        }
    }
    solve(matrix, right, coefficients);
}

/* phi with mean of min(residual^2 / phi, FAR^2) = MEAN_OF_NEAR, at least 1. */
static double dispersion(const struct toc_grouping_series *series, const struct toci_grouping_row *rows, size_t num,
                         uint32_t peers, const double coefficients[TERMS], double phi)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < num; i++) {
        double explained = explained_by(coefficients, rows[i].x);
        if (series[i].peers != peers || !takes_part(&series[i]) || explained < 0.5)
            continue;
        double residual = anscombe(series[i].observed, explained);
        sum += fmin(residual * residual / phi, FAR * FAR);
        count++;
    }
    return count > TERMS ? fmax(1.0, phi * sum / ((double) (count - TERMS) * MEAN_OF_NEAR)) : 1.0;
}

static void explain_peers(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                          uint32_t peers, struct field *field, struct toci_grouping_row *rows)
{
    double coefficients[TERMS] = { 0.25, 0.25, 0.25, 0.25 }, phi = 1;
    fill_field(map, series, num, peers, field);
    for (size_t i = 0; i < num; i++)
        if (series[i].peers == peers && takes_part(&series[i]))
            fill_row(map, &series[i], field, &rows[i]);
    for (size_t round = 0; round < FITS; round++) {
        fit(series, rows, num, peers, phi, coefficients);
        for (size_t again = 0; again < FITS; again++)
            phi = dispersion(series, rows, num, peers, coefficients, phi);
    }
    for (size_t i = 0; i < num; i++) {
        if (series[i].peers != peers || !takes_part(&series[i]))
            continue;
        rows[i].explained = explained_by(coefficients, rows[i].x);
        rows[i].excess = anscombe(series[i].observed, rows[i].explained) / sqrt(phi);
    }
}

void toci_grouping_explain(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                           double *sums, struct toci_grouping_row *rows)
{
    struct field field = { .observed = sums, .usual = sums + map->num_areas };
    double      *done = sums + 2 * map->num_areas; /* by kind of peers */
    memset(done, 0, num * sizeof *done);
    for (size_t i = 0; i < num; i++)
        rows[i] = (struct toci_grouping_row){ .explained = NAN, .excess = NAN };
    for (size_t i = 0; i < num; i++) {
        if (!series[i].alarm || done[series[i].peers] != 0)
            continue;
        done[series[i].peers] = 1;
        explain_peers(map, series, num, series[i].peers, &field, rows);
    }
}
