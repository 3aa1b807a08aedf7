/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fit behind both Farrington methods, and its vector arithmetic. */
#include <math.h>

#include "../../lib/quasi_poisson.h"
#include "support/property.h"
#include "support/test.h"

/* The same source compiled for the plainest processor, under other names. */
#define TOCI_PORTABLE
#define toci_count_values_fill portable_count_values_fill
#define toci_quasi_poisson_bytes portable_quasi_poisson_bytes
#define toci_quasi_poisson_place portable_quasi_poisson_place
#define toci_quasi_poisson_load portable_quasi_poisson_load
#define toci_quasi_poisson_fit portable_quasi_poisson_fit
#define toci_quasi_poisson_log_mean portable_quasi_poisson_log_mean
#define toci_quasi_poisson_log_mean_variance portable_quasi_poisson_log_mean_variance
void   toci_count_values_fill(const struct toci_count_values *values, const double *observed, const double *population,
                              size_t from, size_t num);
size_t toci_quasi_poisson_bytes(size_t max_rows, size_t max_groups);
void   toci_quasi_poisson_place(struct toci_quasi_poisson *fit, void *memory, size_t max_rows, size_t max_groups);
void toci_quasi_poisson_load(struct toci_quasi_poisson *fit, const struct toci_count_values *values, const size_t *row,
                             const uint16_t *group, const double *time, size_t num, size_t num_groups);
void toci_quasi_poisson_fit(struct toci_quasi_poisson *fit, const struct toci_quasi_poisson_plan *plan);
double toci_quasi_poisson_log_mean(const struct toci_quasi_poisson *fit, size_t group, double time);
double toci_quasi_poisson_log_mean_variance(const struct toci_quasi_poisson *fit, size_t group, double time);
#include "../../lib/quasi_poisson.c"
#undef toci_count_values_fill
#undef toci_quasi_poisson_bytes
#undef toci_quasi_poisson_place
#undef toci_quasi_poisson_load
#undef toci_quasi_poisson_fit
#undef toci_quasi_poisson_log_mean
#undef toci_quasi_poisson_log_mean_variance

enum { MAX_ROWS = 300, MAX_GROUPS = 12 };

struct data {
    double                   observed[MAX_ROWS], population[MAX_ROWS], values[5][MAX_ROWS], time[MAX_ROWS];
    size_t                   row[MAX_ROWS];
    uint16_t                 group[MAX_ROWS];
    struct toci_count_values in;
    size_t                   num;
};

static void point_at_values(struct data *data)
{
    data->in = (struct toci_count_values){ data->values[0], data->values[1], data->values[2], data->values[3],
                                           data->values[4] };
}

static void *room_for_fit(struct toci_quasi_poisson *fit)
{
    void *memory = test_allocator.allocate(NULL, toci_quasi_poisson_bytes(MAX_ROWS, MAX_GROUPS));
    toci_quasi_poisson_place(fit, memory, MAX_ROWS, MAX_GROUPS);
    return memory;
}

/* Logarithms and powers agree with libm to a few units in the last place, over all counts that occur. */
static void test_values_of_counts(void **state)
{
    (void) state;
    struct data data = { .num = 0 };
    point_at_values(&data);
    for (double start = 0; start < 1e9; start = start * 1.37 + 1) {
        for (size_t i = 0; i < MAX_ROWS; i++) {
            data.observed[i] = floor(start) + (double) i;
            data.population[i] = 0.001 + 12345.678 * (double) (i + 1) * start;
        }
        toci_count_values_fill(&data.in, data.observed, data.population, 0, MAX_ROWS);
        for (size_t i = 0; i < MAX_ROWS; i++) {
            double y = data.observed[i];
            assert_close(data.in.log_count[i], y > 0 ? log(y) : 0.0, 5e-16, 0);
            assert_close(data.in.log_start[i], log(y + 0.1), 5e-16, 2e-17);
            assert_close(data.in.two_thirds[i], cbrt(y * y), 5e-15, 0);
            assert_close(data.in.log_population[i], log(data.population[i]), 5e-16, 2e-17);
        }
    }
}

/* One level: the fitted mean is the mean, and the dispersion is that of Pearson: mean 4, squares 28, 28 / 4 / 7. The
 * weights are those of the step before the last, as in R, so that only the mean is exact. */
static void test_level_by_hand(void **state)
{
    (void) state;
    const double                   observed[] = { 2, 6, 4, 1, 5, 7, 4, 3 };
    struct data                    data = { .num = 8 };
    struct toci_quasi_poisson      fit;
    struct toci_quasi_poisson_plan plan = { .slope = false };
    void                          *memory = room_for_fit(&fit);
    point_at_values(&data);
    for (size_t i = 0; i < 8; i++)
        data.row[i] = i;
    toci_count_values_fill(&data.in, observed, NULL, 0, 8);
    toci_quasi_poisson_load(&fit, &data.in, data.row, data.group, data.time, 8, 1);
    toci_quasi_poisson_fit(&fit, &plan);
    assert_true(fit.converged);
    assert_close(toci_quasi_poisson_log_mean(&fit, 0, 0), log(4.0), 1e-9, 0);
    assert_close(fit.dispersion, 28.0 / 4.0 / 7.0, 1e-3, 0);
    assert_close(fit.phi, fmax(1.0, fit.dispersion), 0, 0);
    assert_close(toci_quasi_poisson_log_mean_variance(&fit, 0, 0), 1.0 / 32.0, 1e-3, 0);
    test_allocator.release(NULL, memory, 0);
}

static void draw(struct test_random *random, struct data *data, size_t *num_groups)
{
    double mean = 0.2 + 50.0 * test_uniform(random) * test_uniform(random), slope = 0.004 * test_uniform(random);
    *num_groups = test_between(random, 1, MAX_GROUPS);
    data->num = test_between(random, 4 * *num_groups, MAX_ROWS);
    point_at_values(data);
    for (size_t i = 0; i < data->num; i++) {
        data->row[i] = i;
        data->group[i] = (uint16_t) (i % *num_groups);
        data->time[i] = (double) i;
        data->observed[i] = test_count(random, mean * exp(slope * (double) i), 1.5);
        data->population[i] = 1000 + 50 * test_uniform(random);
    }
    for (size_t group = 0; group < *num_groups; group++)
        data->observed[group] += 1; /* no group without a case */
}

/* The likelihood equations hold at the fit: in each group, and along time, fitted totals equal observed ones. */
static void totals_are_kept(struct test_random *random)
{
    struct data               data;
    struct toci_quasi_poisson fit;
    size_t                    num_groups;
    void                     *memory = room_for_fit(&fit);
    draw(random, &data, &num_groups);
    toci_count_values_fill(&data.in, data.observed, data.population, 0, data.num);
    toci_quasi_poisson_load(&fit, &data.in, data.row, data.group, data.time, data.num, num_groups);
    toci_quasi_poisson_fit(&fit, &(struct toci_quasi_poisson_plan){ .slope = true });
    assert_true(fit.converged);
    double excess = 0.0, along = 0.0, total = 0.0, per_group[MAX_GROUPS] = { 0 };
    for (size_t i = 0; i < data.num; i++) {
        double mean = data.population[i] * exp(toci_quasi_poisson_log_mean(&fit, data.group[i], data.time[i]));
        per_group[data.group[i]] += data.observed[i] - mean;
        along += (data.observed[i] - mean) * data.time[i];
        total += data.observed[i];
    }
    for (size_t group = 0; group < num_groups; group++)
        excess = fmax(excess, fabs(per_group[group]));
    assert_close(excess, 0.0, 0, 1e-3 * total);
    assert_close(along, 0.0, 0, 1e-3 * total * (double) data.num);
    test_allocator.release(NULL, memory, 0);
}

static void test_likelihood(void **state)
{
    (void) state;
    test_property("totals are kept", 200, totals_are_kept);
}

/* Every bit is the same whatever registers the machine has. */
static void processors_agree(struct test_random *random)
{
    struct data               data, plain;
    struct toci_quasi_poisson fit, portable;
    size_t                    num_groups;
    void                     *memory = room_for_fit(&fit), *other = room_for_fit(&portable);
    draw(random, &data, &num_groups);
    plain = data;
    point_at_values(&plain);
    toci_count_values_fill(&data.in, data.observed, data.population, 0, data.num);
    portable_count_values_fill(&plain.in, data.observed, data.population, 0, data.num);
    for (size_t array = 0; array < 5; array++)
        assert_memory_equal(data.values[array], plain.values[array], data.num * sizeof(double));
    const struct toci_quasi_poisson_plan plan = { true, true, 1.0 };
    toci_quasi_poisson_load(&fit, &data.in, data.row, data.group, data.time, data.num, num_groups);
    portable_quasi_poisson_load(&portable, &plain.in, data.row, data.group, data.time, data.num, num_groups);
    toci_quasi_poisson_fit(&fit, &plan);
    portable_quasi_poisson_fit(&portable, &plan);
    assert_int_equal(fit.iterations, portable.iterations);
    assert_memory_equal(&fit.slope, &portable.slope, sizeof fit.slope);
    assert_memory_equal(&fit.phi, &portable.phi, sizeof fit.phi);
    assert_memory_equal(fit.level, portable.level, num_groups * sizeof *fit.level);
    assert_memory_equal(fit.weight, portable.weight, fit.start[num_groups] * sizeof *fit.weight);
    test_allocator.release(NULL, memory, 0);
    test_allocator.release(NULL, other, 0);
}

static void test_processors(void **state)
{
    (void) state;
    test_property("every processor gives the same bits", 200, processors_agree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_counts),
        cmocka_unit_test(test_level_by_hand),
        cmocka_unit_test(test_likelihood),
        cmocka_unit_test(test_processors),
    };
    return cmocka_run_group_tests_name("quasi_poisson", tests, NULL, NULL);
}
