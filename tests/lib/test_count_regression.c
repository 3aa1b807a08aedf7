/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The regression of counts against R 4.2.2's glm and MASS 7.3-58's glm.nb, on a series of our own. */
#include <math.h>
#include <stdlib.h>

#include "../../lib/count_regression.h"
#include "support/test.h"

enum { ROWS = 70, NEXT = 3 };

static const double counts[ROWS + NEXT] = {
    3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8,  4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8,
    8, 4, 1, 9, 7, 1, 6, 9, 3, 9, 9, 3, 7, 5, 1, 0, 5, 8, 20, 9, 7, 4, 9, 4, 4, 5, 9, 2, 3, 0, 7, 8, 1, 6, 4,
};

static const struct toci_terms season = { .harmonics = 1, .first_time = 1.0 };
static const struct toci_terms season_and_trend = { .harmonics = 1, .trend = true, .first_time = 1.0 };

static enum toc_reason fit_counts(const double *observed, const struct toci_terms *terms, double overdispersion,
                                  struct toci_fit *fit, double mean[NEXT])
{
    struct toc_series series = { .observed = observed, .n = ROWS + NEXT, .steps_per_year = 12 };
    double           *work = calloc(toci_fit_doubles(&series, terms, ROWS), sizeof *work);
    enum toc_reason   reason = toci_fit_baseline(&series, 0, ROWS, terms, overdispersion, TOC_MODE_R, work, fit);
    free(work);
    for (size_t i = 0; i < NEXT && mean != NULL; i++)
        mean[i] = toci_fit_mean(fit, &series, ROWS + i);
    return reason;
}

static void check(const double *observed, const struct toci_terms *terms, double overdispersion,
                  const double mean[NEXT], double deviance, double expected_overdispersion)
{
    struct toci_fit fit;
    double          got[NEXT];
    assert_int_equal(fit_counts(observed, terms, overdispersion, &fit, got), TOC_REASON_NONE);
    for (size_t i = 0; i < NEXT; i++)
        assert_close(got[i], mean[i], 1e-11, 0);
    assert_close(fit.deviance, deviance, 1e-11, 0);
    assert_close(fit.overdispersion, expected_overdispersion, 1e-11, 0);
}

static void test_poisson(void **state)
{
    (void) state;
    const double mean[NEXT] = { 5.5221421374129251, 5.1775510465440915, 4.9750720121628262 };
    check(counts, &season_and_trend, 0.0, mean, 147.70278291575758, 0.0);
}

static void test_negative_binomial_of_known_overdispersion(void **state)
{
    (void) state;
    const double mean[NEXT] = { 5.575307280651872, 5.226236671416193, 5.0059730338358639 };
    check(counts, &season_and_trend, 0.25, mean, 71.574764800740653, 0.25);
}

static void test_estimated_overdispersion(void **state)
{
    (void) state;
    const double trend[NEXT] = { 5.5709619812809219, 5.2223408072736035, 5.0036040074013659 };
    check(counts, &season_and_trend, NAN, trend, 78.249075439789095, 0.20539600962510238);
    const double            twice[NEXT] = { 5.1793965591834539, 5.7865579716718143, 5.4181598443712193 };
    const struct toci_terms two = { .harmonics = 2, .first_time = 1.0 };
    check(counts, &two, NAN, twice, 79.023119901194462, 0.17788995994453227);
}

/* Counts beyond the histogram; R's alternation does not settle here either. */
static void test_large_counts(void **state)
{
    (void) state;
    double observed[ROWS + NEXT];
    memcpy(observed, counts, sizeof observed);
    observed[9] = 700;
    observed[19] = 1200;
    const double mean[NEXT] = { 5.992955386655427, 2.8002670075097784, 1.3929009997670401 };
    check(observed, &season_and_trend, NAN, mean, 80.649834986916659, 1.6804355029997864);
    struct toci_fit fit;
    fit_counts(observed, &season_and_trend, NAN, &fit, NULL);
    assert_false(fit.converged);
}

static void test_zeros_alone(void **state)
{
    (void) state;
    double          zeros[ROWS + NEXT] = { 0 }, mean[NEXT];
    struct toci_fit fit;
    assert_int_equal(fit_counts(zeros, &season, 0.0, &fit, mean), TOC_REASON_NONE);
    assert_close(mean[0], 3.7751345442789859e-12, 1e-9, 0);
    assert_int_equal(fit.iterations, 24);
}

static void test_missing_rows_and_short_histories(void **state)
{
    (void) state;
    double          observed[ROWS + NEXT], mean[NEXT];
    struct toci_fit fit;
    for (size_t i = 0; i < ROWS + NEXT; i++)
        observed[i] = i % 20 == 7 ? 5.0 : NAN; /* four counts */
    assert_int_equal(fit_counts(observed, &season, 0.0, &fit, mean), TOC_REASON_NONE);
    assert_int_equal(fit.num_rows, 4);
    assert_close(mean[0], 5.0, 1e-9, 0);
    observed[7] = observed[27] = NAN;
    assert_int_equal(fit_counts(observed, &season, 0.0, &fit, mean), TOC_REASON_SHORT_HISTORY);
}

/* The mean does not depend on whether rows were gathered in cells of a year or one by one. */
static void test_cells_do_not_matter(void **state)
{
    (void) state;
    toc_date date[ROWS + NEXT];
    for (int i = 0; i < ROWS + NEXT; i++)
        date[i] = 7 * i; /* always the same weekday: the six terms have no rows and drop out */
    struct toc_series series = { .observed = counts, .date = date, .n = ROWS + NEXT, .steps_per_year = 12 };
    struct toci_terms weekdays = { .harmonics = 1, .weekdays = true, .first_time = 1.0 };
    struct toci_fit   fit, plain;
    double            mean[NEXT], *work = calloc(toci_fit_doubles(&series, &weekdays, ROWS), sizeof *work);
    assert_int_equal(toci_fit_baseline(&series, 0, ROWS, &weekdays, NAN, TOC_MODE_R, work, &fit), TOC_REASON_NONE);
    free(work);
    assert_int_equal(fit_counts(counts, &season, NAN, &plain, mean), TOC_REASON_NONE);
    assert_close(toci_fit_mean(&fit, &series, ROWS), mean[0], 1e-11, 0);
    assert_close(fit.overdispersion, plain.overdispersion, 1e-11, 0);
}

/* Cosines and sines, computed four at a time, beside the C library's. */
static void test_season_of_many_waves(void **state)
{
    (void) state;
    struct toci_fit fit = { .terms = { .harmonics = TOCI_MAX_HARMONICS }, .period = 365.0, .num_terms = 25 };
    for (size_t i = 0; i < fit.num_terms; i++)
        fit.coefficients[i] = (i % 2 == 0 ? 1.0 : -1.0) / (double) (i + 1);
    for (size_t row = 0; row < 730; row++) {
        double log_mean = fit.coefficients[0];
        for (int s = 1; s <= TOCI_MAX_HARMONICS; s++) {
            double angle = 2.0 * M_PI * (double) ((size_t) s * row % 365) / 365.0;
            log_mean += fit.coefficients[2 * s - 1] * cos(angle) + fit.coefficients[2 * s] * sin(angle);
        }
        assert_close(toci_fit_mean_at(&fit, row, 0), exp(log_mean), 1e-13, 0);
    }
}

/* A month of which every count is missing is a cell of no rows: the others are fitted as if it did not exist. */
static void test_empty_cells(void **state)
{
    (void) state;
    struct toci_fit fit, rest;
    double          observed[ROWS + NEXT], mean[NEXT], none[NEXT] = { 0 };
    for (size_t i = 0; i < ROWS + NEXT; i++)
        observed[i] = i % 12 == 5 ? NAN : counts[i];
    assert_int_equal(fit_counts(observed, &season, 0.0, &fit, mean), TOC_REASON_NONE);
    assert_int_equal(fit.num_rows, ROWS - 6);
    assert_true(fit.converged);
    assert_int_equal(fit_counts(observed, &season_and_trend, 0.0, &rest, none), TOC_REASON_NONE);
    assert_int_equal(rest.num_rows, fit.num_rows);
    for (size_t i = 0; i < NEXT; i++)
        assert_close(mean[i], none[i], 0.1, 0); /* the trend is slight */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_negative_binomial_of_known_overdispersion),
        cmocka_unit_test(test_estimated_overdispersion),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_zeros_alone),
        cmocka_unit_test(test_missing_rows_and_short_histories),
        cmocka_unit_test(test_cells_do_not_matter),
        cmocka_unit_test(test_season_of_many_waves),
        cmocka_unit_test(test_empty_cells),
    };
    return cmocka_run_group_tests_name("count_regression", tests, NULL, NULL);
}
