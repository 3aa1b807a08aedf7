/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reproduction numbers and serial intervals against R's EpiEstim 2.2-4: every case of a folder of R's answers, within
 * 1e-9. EpiEstim's own data sets are taken from the installed package when the tests are built; without it their cases
 * are skipped, loudly, and those on other counts remain.
 *
 * usage: test_reproduction [FOLDER]   the shared oracle where no folder is named */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "parity/oracle.h"
#include "support/test.h"
#include "tocsin/growth.h"
#include "tocsin/reproduction.h"
#include "tocsin/serial_interval.h"

enum { MAX_STEPS = 600 };

static const char *folder;

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
    if (counts->n == 0) {
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

/* R gives a row only where the window has cases. */
static size_t check_wallinga_teunis(const char *name, const char *series, const json_t *params,
                                    const struct oracle_table *out)
{
    struct counts counts;
    if (!read_counts(series, params, &counts))
        return 0;
    struct toc_incidence               incidence = { counts.cases, NULL, counts.n, 365 };
    struct toc_wallinga_teunis_options options = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    struct toc_window                  windows[MAX_STEPS];
    struct toc_reproduction            got[MAX_STEPS];
    double                             w[MAX_STEPS];
    options.mode = TOC_MODE_R;
    assert_ok(toc_serial_interval_discretise(number_in(params, "mean_si", 0), number_in(params, "std_si", 0), w,
                                             counts.n, NULL));
    size_t num = make_windows(params, counts.n, windows), compared = 0, differences = 0;
    assert_ok(toc_wallinga_teunis_estimate(&incidence, w, counts.n, windows, num, NULL, 0, &options, &test_allocator,
                                           got, NULL, NULL));
    for (size_t i = 0; i < num; i++) {
        char **row = find_row(out, name, windows[i].last + 1);
        if ((row != NULL) != (got[i].reason == TOC_REASON_NONE))
            fail_msg("%s window %zu-%zu: R %s; here %s", name, windows[i].first + 1, windows[i].last + 1,
                     row != NULL ? row[oracle_column(out, "mean")] : "gives no row",
                     got[i].reason == TOC_REASON_NONE ? "a row" : toc_reason_text(got[i].reason));
        if (row != NULL)
            differences +=
                differs(name, windows[i].last + 1, "mean", got[i].mean, oracle_number(row[oracle_column(out, "mean")]));
        compared += row != NULL;
    }
    assert_int_equal(compared, num_rows_of(out, name));
    assert_int_equal(differences, 0);
    return compared;
}

static void test_wallinga_teunis(void **state)
{
    (void) state;
    check_algorithm("wallinga_teunis", check_wallinga_teunis);
}

/* ---- where R draws at random: within its Monte-Carlo error ---- */

static const double interval_ends[] = { 0.025, 0.5, 0.975 };

struct drawn {
    struct counts           counts;
    struct toc_window       windows[MAX_STEPS];
    struct toc_reproduction got[MAX_STEPS];
    double                  quantiles[MAX_STEPS][3];
    size_t                  num;
};

/* The counts of a recorded series, or false where they are EpiEstim's and it is not there. */
static bool begin_drawn(const char *series, struct drawn *drawn)
{
    if (!read_counts(series, NULL, &drawn->counts))
        return false;
    if (strcmp(series, "epidemic") == 0)
        drawn->counts.n = 70;
    drawn->num = toc_windows_sliding(drawn->counts.n, 7, drawn->windows);
    return true;
}

/* Rows of random.csv for a method and series against what we have; the quantiles of
 * who infected whom move in steps of one case. */
static void compare_drawn(const struct oracle_table *table, const char *method, const char *series,
                          const struct drawn *drawn)
{
    size_t compared = 0, worst_step = 0;
    double worst = 0.0;
    for (size_t row = 0; row < table->num_rows; row++) {
        char **cell = table->cell[row];
        if (strcmp(cell[0], method) != 0 || strcmp(cell[1], series) != 0)
            continue;
        size_t i = (size_t) atol(cell[2]) - 8; /* windows of 7 days from the second day */
        double cases = 0.0, sd = oracle_number(cell[4]);
        assert_true(i < drawn->num && isnan(drawn->got[i].mean) == isnan(oracle_number(cell[3])));
        if (isnan(sd))
            continue;
        for (size_t t = drawn->windows[i].first; t <= drawn->windows[i].last; t++)
            cases += drawn->counts.cases[t];
        double unit = strcmp(method, "wallinga_teunis") == 0 ? 1.0 / cases : 0.0;
        assert_close(drawn->got[i].mean, oracle_number(cell[3]), 0, 0.12 * sd);
        assert_close(drawn->got[i].sd, sd, 0.1, 1e-12);
        for (size_t q = 0; q < 3; q++)
            if (!isnan(oracle_number(cell[5 + q]))) {
                double apart = fabs(drawn->quantiles[i][q] - oracle_number(cell[5 + q])) / sd;
                assert_close(drawn->quantiles[i][q], oracle_number(cell[5 + q]), 0, 0.25 * sd + unit);
                worst_step = apart > worst ? i : worst_step;
                worst = fmax(worst, apart);
            }
        compared++;
    }
    print_message("# %s %s: %zu windows, quantiles at most %.2f standard deviations from R's (window %zu)\n", method,
                  series, compared, worst, worst_step);
    assert_true(compared > 0);
}

/* A table that only our own recordings have. */
static bool read_recorded(const char *file, struct oracle_table *table)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *in = fopen(path, "r");
    if (in == NULL)
        return false;
    fclose(in);
    *table = oracle_read_table(folder, file);
    return true;
}

static struct drawn drawn; /* too large for the stack */

static void test_uncertain_interval(void **state)
{
    (void) state;
    struct oracle_table           table;
    struct toc_uncertain_interval uncertain = TOC_UNCERTAIN_INTERVAL_INIT;
    struct toc_cori_options       options = TOC_CORI_OPTIONS_INIT;
    static const char *const      series[] = { "epidemic", "Flu2009" };
    if (!read_recorded("random.csv", &table))
        return;
    uncertain = (struct toc_uncertain_interval){ .mean = 2.6,
                                                 .mean_sd = 1,
                                                 .mean_low = 1.5,
                                                 .mean_high = 4,
                                                 .sd = 1.5,
                                                 .sd_sd = 0.5,
                                                 .sd_low = 0.5,
                                                 .sd_high = 2.5,
                                                 .draws = 1000,
                                                 .seed = 7 };
    options.mode = TOC_MODE_R;
    for (size_t i = 0; i < 2; i++) {
        if (!begin_drawn(series[i], &drawn))
            continue;
        struct toc_incidence incidence = { drawn.counts.cases, NULL, drawn.counts.n, 365 };
        assert_ok(toc_cori_estimate_uncertain(&incidence, &uncertain, drawn.windows, drawn.num, interval_ends, 3,
                                              &options, &test_allocator, drawn.got, drawn.quantiles[0], NULL));
        compare_drawn(&table, "uncertain_si", series[i], &drawn);
    }
    oracle_free_table(&table);
}

static void test_who_infected_whom(void **state)
{
    (void) state;
    struct oracle_table                table;
    struct toc_wallinga_teunis_options options = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    static const char *const           series[] = { "epidemic", "Flu2009" };
    double                             w[MAX_STEPS];
    if (!read_recorded("random.csv", &table))
        return;
    options.mode = TOC_MODE_R;
    for (size_t i = 0; i < 2; i++) {
        if (!begin_drawn(series[i], &drawn))
            continue;
        struct toc_incidence incidence = { drawn.counts.cases, NULL, drawn.counts.n, 365 };
        assert_ok(toc_serial_interval_discretise(2.6, 1.5, w, drawn.counts.n, NULL));
        assert_ok(toc_wallinga_teunis_estimate(&incidence, w, drawn.counts.n, drawn.windows, drawn.num, interval_ends,
                                               3, &options, &test_allocator, drawn.got, drawn.quantiles[0], NULL));
        compare_drawn(&table, "wallinga_teunis", series[i], &drawn);
    }
    oracle_free_table(&table);
}

/* ---- growth rates against R's glm ---- */

static void test_growth(void **state)
{
    (void) state;
    struct oracle_table       table;
    struct toc_growth_options options = TOC_GROWTH_OPTIONS_INIT;
    if (!read_recorded("growth.csv", &table))
        return;
    assert_true(read_counts("epidemic", NULL, &drawn.counts));
    struct toc_incidence incidence = { drawn.counts.cases, NULL, drawn.counts.n, 365 };
    options.min_cases = 1;
    for (size_t row = 0; row < table.num_rows; row++) {
        double            r[7];
        struct toc_growth got;
        for (size_t i = 0; i < 7; i++)
            r[i] = oracle_number(table.cell[row][i]);
        struct toc_window window = { (size_t) r[0] - 1, (size_t) r[0] + 12 };
        options.family = TOC_GROWTH_QUASI_POISSON;
        assert_ok(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL));
        assert_close(got.rate, r[1], 1e-9, 1e-12);
        assert_close(got.dispersion, r[2], 1e-9, 0);
        assert_close(got.sd, r[4], 1e-9, 0);
        assert_close(got.high - got.rate, r[5], 1e-9, 0);
        options.family = TOC_GROWTH_POISSON;
        assert_ok(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL));
        assert_close(got.sd, r[3], 1e-9, 0);
    }
    print_message("# growth: %zu windows compared\n", table.num_rows);
    assert_true(table.num_rows > 10);
    oracle_free_table(&table);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : test_shared_data("detection/oracle");
    if (folder == NULL)
        return test_skip_program("the shared oracle is absent");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discretisation),    cmocka_unit_test(test_cori),
        cmocka_unit_test(test_wallinga_teunis),   cmocka_unit_test(test_uncertain_interval),
        cmocka_unit_test(test_who_infected_whom), cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests_name("reproduction", tests, NULL, NULL);
}
