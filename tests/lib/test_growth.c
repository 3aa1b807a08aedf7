/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/growth.h"

static struct toc_growth one_window(const double *cases, size_t n, const struct toc_growth_options *options)
{
    struct toc_incidence incidence = { cases, NULL, n, 365 };
    struct toc_window    window = { 0, n - 1 };
    struct toc_growth    got;
    assert_ok(toc_growth_estimate(&incidence, &window, 1, options, &got, NULL));
    return got;
}

/* Counts that double each step have that very rate, no dispersion, and a doubling time of one step. */
static void test_doubling(void **state)
{
    (void) state;
    const double              up[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 };
    const double              down[] = { 512, 256, 128, 64, 32, 16, 8, 4, 2, 1 };
    struct toc_growth_options options = TOC_GROWTH_OPTIONS_INIT;
    struct toc_growth         got = one_window(up, 10, &options);
    assert_close(got.rate, log(2), 1e-12, 0);
    assert_close(got.dispersion, 1.0, 0, 0);
    assert_close(got.doubling.middle, 1.0, 1e-12, 0);
    assert_true(got.doubling.low < 1 && got.doubling.high > 1);
    assert_true(isnan(got.halving.middle));
    got = one_window(down, 10, &options);
    assert_close(got.rate, -log(2), 1e-12, 0);
    assert_close(got.halving.middle, 1.0, 1e-12, 0);
    assert_true(got.halving.low < 1 && got.halving.high > 1 && isnan(got.doubling.high));
}

/* Neither direction is known: no doubling time, not an infinite one. */
static void test_interval_that_spans_zero(void **state)
{
    (void) state;
    const double              cases[] = { 5, 7, 4, 6, 5, 8, 5 };
    struct toc_growth_options options = TOC_GROWTH_OPTIONS_INIT;
    struct toc_growth         got = one_window(cases, 7, &options);
    assert_true(got.low < 0 && got.high > 0);
    assert_true(isnan(got.doubling.middle) && isnan(got.doubling.low) && isnan(got.halving.middle));
    assert_int_equal(got.reason, TOC_REASON_NONE);
}

static void test_left_out(void **state)
{
    (void) state;
    const double              first[] = { 20, 0, 0, 0, 0, 0 }, last[] = { 0, 0, 0, 0, 0, 30 };
    const double              few[] = { 1, 2, 1, 2, 1, 2 }, gaps[] = { 5, NAN, 5, 5, NAN, 5 };
    struct toc_growth_options options = TOC_GROWTH_OPTIONS_INIT;
    assert_int_equal(one_window(first, 6, &options).reason, TOC_REASON_FIT_FAILED);
    assert_int_equal(one_window(last, 6, &options).reason, TOC_REASON_FIT_FAILED);
    assert_int_equal(one_window(few, 6, &options).reason, TOC_REASON_FEW_CASES);
    assert_int_equal(one_window(gaps, 6, &options).reason, TOC_REASON_SHORT_HISTORY);
    options.min_cases = 9;
    assert_int_equal(one_window(few, 6, &options).reason, TOC_REASON_NONE);
}

/* A missing count leaves the exact curve through the others. */
static void test_missing_count(void **state)
{
    (void) state;
    const double              cases[] = { NAN, 2, 4, NAN, 16, 32, 64 };
    struct toc_growth_options options = { .family = TOC_GROWTH_POISSON, .level = 0.9, .min_cases = 1 };
    struct toc_growth         got = one_window(cases, 7, &options);
    assert_close(got.rate, log(2), 1e-12, 0);
    options.family = TOC_GROWTH_QUASI_POISSON;
    assert_close(one_window(cases, 7, &options).dispersion, 1.0, 0, 0);
    assert_close((got.high - got.rate) / got.sd, 1.6448536269514722, 1e-12, 0);
}

/* Known growth is inside its 95 % interval about 95 times in 100; extremes of any size are solved. */
static void coverage_property(struct test_random *random)
{
    static int                covered, rounds;
    double                    cases[21], rate = 0.3 * (test_uniform(random) - 0.5);
    struct toc_growth_options options = { .family = TOC_GROWTH_POISSON, .level = 0.95, .min_cases = 1 };
    for (size_t t = 0; t < 21; t++) /* the sum of twelve uniforms less six is nearly normal */
    {
        double mean = 200 * exp(rate * ((double) t - 10)), z = -6;
        for (int i = 0; i < 12; i++)
            z += test_uniform(random);
        cases[t] = fmax(0, mean + sqrt(mean) * z);
    }
    struct toc_growth got = one_window(cases, 21, &options);
    covered += got.low <= rate && rate <= got.high;
    if (++rounds == 500)
        assert_true(covered > 455 && covered < 493);
    double steep[8] = { 1, 0, 0, 0, 0, 0, 1e-6, 1e6 * test_uniform(random) + 10 };
    assert_true(one_window(steep, 8, &options).rate > 3);
}

static void test_coverage(void **state)
{
    (void) state;
    test_property("coverage", 500, coverage_property);
}

/* Everyone infects others exactly k steps later: R = exp(r k). No growth: R = 1 whatever the interval. */
static void test_reproduction_number_of_a_rate(void **state)
{
    (void) state;
    const double three[] = { 0, 0, 0, 1 }, mixed[] = { 0, 0.25, 0.5, 0.25 };
    assert_close(toc_growth_reproduction(0.1, three, 4), exp(0.3), 1e-14, 0);
    assert_close(toc_growth_reproduction(0.0, mixed, 4), 1.0, 1e-14, 0);
    assert_close(toc_growth_reproduction(-1e4, mixed, 4), 0.0, 0, 0);
    assert_true(isinf(toc_growth_reproduction(1e4, mixed, 4)));
}

static void test_bad_input(void **state)
{
    (void) state;
    const double              cases[] = { 5, 7, -4, 6, 5, 8, 5 };
    struct toc_incidence      incidence = { cases, NULL, 7, 365 };
    struct toc_window         window = { 0, 7 };
    struct toc_growth_options options = TOC_GROWTH_OPTIONS_INIT;
    struct toc_growth         got = { .rate = 77 };
    assert_status(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL), TOC_ERR_DOMAIN);
    incidence.cases = cases + 3, incidence.n = 4;
    assert_status(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL), TOC_ERR_SHAPE);
    options.level = 1;
    assert_status(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL), TOC_ERR_OPTION);
    options.level = 0.95, options.min_cases = 0;
    assert_status(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL), TOC_ERR_OPTION);
    options.min_cases = 1, options.family = (enum toc_growth_family) 7;
    assert_status(toc_growth_estimate(&incidence, &window, 1, &options, &got, NULL), TOC_ERR_OPTION);
    assert_close(got.rate, 77, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubling),  cmocka_unit_test(test_interval_that_spans_zero),
        cmocka_unit_test(test_left_out),  cmocka_unit_test(test_missing_count),
        cmocka_unit_test(test_coverage),  cmocka_unit_test(test_reproduction_number_of_a_rate),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
