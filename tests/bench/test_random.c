/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The random numbers of the simulation studies against libRmath's distribution functions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "../../bench/simulation/outbreak.h"
#include "../../bench/simulation/random.h"
#include "../../bench/simulation/study.h"
#include "support/test.h"

enum { DRAWS = 100000, MOST = 4000 };

/* Kolmogorov's bound at 1 in a million: sup |F_n - F| < 2.7 / sqrt(n). For counts it is larger than it need be. */
static const double TOLERANCE = 2.7;

/* Empirical distribution of counts, drawn with seed = mean's order, against cumulative(). */
static void check_counts(double mean, double dispersion)
{
    struct sim_random random = { .seed = 7, .scenario = (uint64_t) (1000 * mean), .replicate = (uint64_t) dispersion };
    size_t           *seen = calloc(MOST, sizeof *seen);
    double            below = 0.0, worst = 0.0;

    assert_non_null(seen);
    for (size_t i = 0; i < DRAWS; i++) {
        double count = sim_count(&random, mean, dispersion);
        assert_true(count >= 0 && count < MOST && count == floor(count));
        seen[(size_t) count]++;
    }
    for (size_t count = 0; count < MOST; count++) {
        below += (double) seen[count] / DRAWS;
        double expected = dispersion > 1 ? pnbinom((double) count, mean / (dispersion - 1), 1 / dispersion, 1, 0)
                                         : ppois((double) count, mean, 1, 0);
        worst = fmax(worst, fabs(below - expected));
    }
    free(seen);
    assert_true(worst < TOLERANCE / sqrt(DRAWS));
}

static void test_poisson(void **state)
{
    (void) state;
    const double means[] = { 0.01, 0.7, 3.0, 9.99, 10.0, 30.0, 148.4, 1000.0 };
    for (size_t i = 0; i < sizeof means / sizeof *means; i++)
        check_counts(means[i], 1.0);
    struct sim_random random = { .seed = 1 };
    assert_true(sim_poisson(&random, 0.0) == 0.0);
}

static void test_negative_binomial(void **state)
{
    (void) state;
    const double means[] = { 0.14, 2.0, 12.0, 150.0 }, dispersions[] = { 1.1, 2.0, 5.0 };
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++)
            check_counts(means[i], dispersions[j]);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* kind 0: uniform, 1: normal, else gamma of shape kind / 10. */
static void check_continuous(int kind)
{
    struct sim_random random = { .seed = 11, .scenario = (uint64_t) kind };
    double           *x = malloc(DRAWS * sizeof *x), worst = 0.0;
    assert_non_null(x);
    for (size_t i = 0; i < DRAWS; i++)
        x[i] = kind == 0 ? sim_uniform(&random) : kind == 1 ? sim_normal(&random) : sim_gamma(&random, kind / 10.0);
    qsort(x, DRAWS, sizeof *x, compare_doubles);
    for (size_t i = 0; i < DRAWS; i++) {
        double expected = kind == 0 ? x[i] : kind == 1 ? pnorm(x[i], 0, 1, 1, 0) : pgamma(x[i], kind / 10.0, 1, 1, 0);
        worst = fmax(worst, fabs((double) (i + 1) / DRAWS - expected));
    }
    free(x);
    assert_true(worst < TOLERANCE / sqrt(DRAWS));
}

static void test_uniform_normal_gamma(void **state)
{
    (void) state;
    const int kinds[] = { 0, 1, 2, 5, 12, 100 };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_continuous(kinds[i]);
}

/* Neighbouring keys and counters give unrelated numbers; the same ones give the same. */
static void test_streams_are_apart(void **state)
{
    (void) state;
    struct sim_random base = { .seed = 1, .scenario = 2, .replicate = 3 }, same = base;
    struct sim_random others[] = { { .seed = 2, .scenario = 2, .replicate = 3 },
                                   { .seed = 1, .scenario = 3, .replicate = 3 },
                                   { .seed = 1, .scenario = 2, .replicate = 4 } };
    double            products[3] = { 0 };
    for (size_t i = 0; i < 10000; i++) {
        double u = sim_uniform(&base) - 0.5;
        assert_true(sim_uniform(&same) - 0.5 == u);
        for (size_t j = 0; j < 3; j++)
            products[j] += 12.0 * u * (sim_uniform(&others[j]) - 0.5);
    }
    for (size_t j = 0; j < 3; j++)
        assert_true(fabs(products[j]) < 5.0 * sqrt(10000.0)); /* five standard errors of a correlation of 0 */
}

static void test_outbreak(void **state)
{
    (void) state;
    struct sim_random random = { .seed = 5 };
    double            counts[60] = { 0 }, cases[60] = { 0 }, total = 0.0;
    for (int i = 0; i < 2000; i++)
        sim_outbreak(&random, 3.0, 2.0, 10, 1.0, 1, counts, cases, 60);
    for (size_t i = 0; i < 60; i++) {
        assert_true(counts[i] == cases[i]);
        total += counts[i];
    }
    assert_true(fabs(total / 2000 - 6.0) < 0.3);
    for (size_t i = 0; i < 10; i++)
        assert_true(cases[i] == 0);
    assert_close(cases[10] / total, 0.5, 0, 0.03); /* lognormal(0, 0.5) < 1 */
}

/* Alarms of 2 scenarios x 4 replicates by hand: share 10 / 40; variance 4 s^2 within each scenario. */
static void test_ratio_and_its_error(void **state)
{
    (void) state;
    const double     alarms[2][4] = { { 1, 0, 2, 1 }, { 3, 1, 1, 1 } };
    struct sim_ratio ratio;
    sim_ratio_init(&ratio, 2, 4);
    for (size_t scenario = 0; scenario < 2; scenario++)
        for (size_t replicate = 0; replicate < 4; replicate++)
            sim_ratio_add(&ratio, scenario, replicate, alarms[scenario][replicate], 5);
    struct sim_estimate estimate = sim_ratio_estimate_all(&ratio);
    assert_close(estimate.value, 0.25, 1e-15, 0);
    /* squares about the scenario's mean: 0 1 1 0 = 2, and 2.25 + 3 * 0.25 = 3; / 3 each */
    assert_close(estimate.se, sqrt(4 * 2.0 / 3 + 4 * 3.0 / 3) / 40, 1e-14, 0);
    assert_close(sim_ratio_estimate(&ratio, 1, 1).value, 0.3, 1e-15, 0);
    sim_ratio_free(&ratio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_negative_binomial),
        cmocka_unit_test(test_uniform_normal_gamma),
        cmocka_unit_test(test_streams_are_apart),
        cmocka_unit_test(test_outbreak),
        cmocka_unit_test(test_ratio_and_its_error),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
