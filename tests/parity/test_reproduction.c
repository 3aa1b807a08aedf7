/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reproduction numbers and serial intervals against R's EpiEstim 2.2-4: every case of the shared oracle, within 1e-9.
 * EpiEstim's own data sets are taken from the installed package when the tests are built; without it their cases are
 * skipped, loudly, and those on other counts remain. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "parity/oracle.h"
#include "support/test.h"
#include "tocsin/reproduction.h"
#include "tocsin/serial_interval.h"

enum { MAX_STEPS = 600 };

static const char *folder; /* the shared oracle */

struct counts {
    double cases[MAX_STEPS], imported[MAX_STEPS];
    size_t n;
};

/* The rows of one series in a table, up to MAX_STEPS. */
static size_t rows_of(const struct oracle_table *table, const char *series, const char *column, double *values)
{
    size_t n = 0, name = oracle_column(table, "series"), at = oracle_column(table, column);
    for (size_t row = 0; row < table->num_rows; row++)
        if (strcmp(table->cell[row][name], series) == 0) {
            assert_true(n < MAX_STEPS);
            values[n++] = oracle_number(table->cell[row][at]);
        }
    return n;
}

static bool read_epiestim(const char *series, struct counts *counts)
{
    const char *made = getenv("TOCSIN_EPIESTIM");
    if (made == NULL)
        return false;
    struct oracle_table table = oracle_read_table(made, "epiestim_counts.csv");
    counts->n = rows_of(&table, series, "cases", counts->cases);
    rows_of(&table, series, "imported", counts->imported);
    oracle_free_table(&table);
    return counts->n > 0;
}

/* The counts of a case: in its parameters, a series of the oracle, or one of EpiEstim's. */
static bool read_counts(const char *series, const json_t *params, struct counts *counts)
{
    *counts = (struct counts){ .n = 0 };
    const json_t *given = json_object_get(params, "incid");
    for (; counts->n < json_array_size(given); counts->n++)
        counts->cases[counts->n] = json_number_value(json_array_get(given, counts->n));
    if (counts->n == 0 && strcmp(series, "hepA") == 0) {
        struct oracle_table table = oracle_read_table(folder, "series.csv");
        counts->n = rows_of(&table, series, "observed", counts->cases);
        oracle_free_table(&table);
    }
    return counts->n > 0 || read_epiestim(series, counts);
}

static size_t read_interval(const char *series, double *w)
{
    struct oracle_table table = oracle_read_table(getenv("TOCSIN_EPIESTIM"), "epiestim_intervals.csv");
    size_t              num = rows_of(&table, series, "w", w);
    oracle_free_table(&table);
    return num;
}

static double number_in(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL ? otherwise : json_number_value(value);
}

/* EpiEstim's windows: given, or sliding by one step. */
static size_t make_windows(const json_t *params, size_t n, struct toc_window *windows)
{
    const json_t *config = json_object_get(params, "config");
    const json_t *start = json_object_get(config, "t_start"), *end = json_object_get(config, "t_end");
    size_t        num = json_array_size(start);
    for (size_t i = 0; i < num; i++)
        windows[i] = (struct toc_window){ (size_t) json_integer_value(json_array_get(start, i)) - 1,
                                          (size_t) json_integer_value(json_array_get(end, i)) - 1 };
    return num > 0 ? num : toc_windows_sliding(n, (size_t) number_in(params, "win", 7), windows);
}

static const double      probabilities[] = { 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975 };
static const char *const columns[] = { "q025", "q05", "q25", "q50", "q75", "q95", "q975" };
enum { NUM_QUANTILES = 7 };

/* The row of an output table for a case and a last step (1-based in R), or NULL. */
static char **find_row(const struct oracle_table *out, const char *name, size_t idx)
{
    size_t at = oracle_column(out, "case"), step = oracle_column(out, "idx");
    for (size_t row = 0; row < out->num_rows; row++)
        if (strcmp(out->cell[row][at], name) == 0 && (size_t) atol(out->cell[row][step]) == idx)
            return out->cell[row];
    return NULL;
}

static size_t num_rows_of(const struct oracle_table *out, const char *name)
{
    size_t num = 0;
    for (size_t row = 0; row < out->num_rows; row++)
        num += strcmp(out->cell[row][oracle_column(out, "case")], name) == 0;
    return num;
}

static bool differs(const char *name, size_t idx, const char *what, double got, double expected)
{
    if (test_is_close(got, expected, 1e-9, 0))
        return false;
    print_error("%s step %zu: %s is %.17g, R %.17g\n", name, idx, what, got, expected);
    return true;
}

static size_t check_cori(const char *name, const char *series, const json_t *params, const struct oracle_table *out)
{
    struct counts counts;
    if (!read_counts(series, params, &counts))
        return 0;
    const json_t           *config = json_object_get(params, "config");
    struct toc_incidence    incidence = { counts.cases, counts.imported, counts.n, 365 };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    double                  w[MAX_STEPS];
    size_t                  num_w = counts.n;
    options.mode = TOC_MODE_R;
    options.prior_mean = number_in(config, "mean_prior", options.prior_mean);
    options.prior_sd = number_in(config, "std_prior", options.prior_sd);
    if (json_object_get(config, "si_distr") != NULL)
        num_w = read_interval(series, w);
    else
        assert_ok(toc_serial_interval_discretise(number_in(config, "mean_si", 0), number_in(config, "std_si", 0), w,
                                                 num_w, NULL));

    struct toc_window       windows[MAX_STEPS];
    struct toc_reproduction got[MAX_STEPS];
    static double           quantiles[MAX_STEPS * NUM_QUANTILES];
    size_t                  num = make_windows(params, counts.n, windows), differences = 0;
    assert_ok(toc_cori_estimate(&incidence, w, num_w, windows, num, probabilities, NUM_QUANTILES, &options,
                                &test_allocator, got, quantiles, NULL));
    struct toc_serial_interval_moments moments = toc_serial_interval_moments(w, num_w);
    assert_int_equal(num, num_rows_of(out, name));
    for (size_t i = 0; i < num; i++) {
        size_t idx = windows[i].last + 1;
        char **row = find_row(out, name, idx);
        assert_non_null(row);
        differences += differs(name, idx, "mean", got[i].mean, oracle_number(row[oracle_column(out, "mean")]));
        differences += differs(name, idx, "sd", got[i].sd, oracle_number(row[oracle_column(out, "sd")]));
        for (size_t q = 0; q < NUM_QUANTILES; q++)
            differences += differs(name, idx, columns[q], quantiles[i * NUM_QUANTILES + q],
                                   oracle_number(row[oracle_column(out, columns[q])]));
        differences += differs(name, idx, "mean of w", moments.mean, oracle_number(row[oracle_column(out, "simean")]));
        differences += differs(name, idx, "sd of w", moments.sd, oracle_number(row[oracle_column(out, "sisd")]));
    }
    assert_int_equal(differences, 0);
    return num;
}

/* All cases of one algorithm; `check` answers how many rows it compared, 0 = skipped. */
static void check_algorithm(const char *algorithm,
                            size_t (*check)(const char *, const char *, const json_t *, const struct oracle_table *))
{
    char file[64];
    if (folder == NULL)
        skip();
    snprintf(file, sizeof file, "out_%s.csv", algorithm);
    struct oracle_table cases = oracle_read_table(folder, "cases.csv"), out = oracle_read_table(folder, file);
    size_t              compared = 0, num_cases = 0, skipped = 0;
    for (size_t i = 0; i < cases.num_rows; i++) {
        char **row = cases.cell[i];
        if (strcmp(row[oracle_column(&cases, "algo")], algorithm) != 0)
            continue;
        json_t *params = json_loads(row[oracle_column(&cases, "params")], 0, NULL);
        size_t  rows = check(row[oracle_column(&cases, "case")], row[oracle_column(&cases, "series")], params, &out);
        json_decref(params);
        compared += rows;
        skipped += rows == 0;
        num_cases++;
    }
    oracle_free_table(&cases);
    oracle_free_table(&out);
    print_message("# %s: %zu cases, %zu rows compared\n", algorithm, num_cases, compared);
    if (skipped > 0)
        print_error("*** SKIPPED: %zu cases of %s need the R package EpiEstim ***\n", skipped, algorithm);
}

static void test_cori(void **state)
{
    (void) state;
    check_algorithm("estimate_R", check_cori);
}

static size_t check_discretisation(const char *name, const char *series, const json_t *params,
                                   const struct oracle_table *out)
{
    (void) series;
    double w[MAX_STEPS];
    size_t num = (size_t) number_in(params, "kmax", 0) + 1;
    assert_ok(toc_serial_interval_discretise(number_in(params, "mu", 0), number_in(params, "sigma", 0), w, num, NULL));
    for (size_t k = 0; k < num; k++) {
        char **row = find_row(out, name, k);
        assert_non_null(row);
        /* R's own rounding noise in the tail is of this size */
        assert_close(w[k], oracle_number(row[oracle_column(out, "p")]), 1e-9, 1e-13);
    }
    return num;
}

static void test_discretisation(void **state)
{
    (void) state;
    check_algorithm("discr_si", check_discretisation);
}

static int open_oracle(void **state)
{
    (void) state;
    folder = test_shared_data("detection/oracle");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discretisation),
        cmocka_unit_test(test_cori),
    };
    return cmocka_run_group_tests_name("reproduction", tests, open_oracle, NULL);
}
