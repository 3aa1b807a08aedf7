/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/reproduction.h"

enum { DAYS = 60 };

static const double                        probabilities[] = { 0.025, 0.5, 0.975 };
static const struct toc_uncertain_interval around_five = { .mean = 5,
                                                           .mean_sd = 1,
                                                           .mean_low = 3,
                                                           .mean_high = 7,
                                                           .sd = 2.5,
                                                           .sd_sd = 0.5,
                                                           .sd_low = 1,
                                                           .sd_high = 4,
                                                           .draws = 50,
                                                           .seed = 3 };

static struct toc_incidence growing(double *cases)
{
    for (size_t t = 0; t < DAYS; t++)
        cases[t] = floor(10 * exp(0.08 * (double) t));
    return (struct toc_incidence){ cases, NULL, DAYS, 365 };
}

/* Draws keep their bounds, depend on seed and number alone, and have the moments of the truncated normal. */
static void test_draws(void **state)
{
    (void) state;
    struct toc_uncertain_interval uncertain = around_five;
    double                        sum = 0, squares = 0, mean, sd, again[2];
    for (int draw = 0; draw < TOC_MAX_DRAWS; draw++) {
        toc_serial_interval_draw(&uncertain, draw, &mean, &sd);
        assert_true(mean >= 3 && mean <= 7 && sd >= 1 && sd <= 4);
        sum += mean;
        squares += (mean - 5) * (mean - 5);
    }
    /* cut at two standard deviations to both sides: variance 1 - 2 * 2 phi(2) / (2 Phi(2) - 1) = 0.7737 */
    assert_close(sum / TOC_MAX_DRAWS, 5.0, 0, 4 * 0.88 / 100);
    assert_close(squares / TOC_MAX_DRAWS, 0.7737, 0, 0.05);
    toc_serial_interval_draw(&uncertain, 9999, &again[0], &again[1]);
    assert_close(again[0], mean, 0, 0);
    uncertain.seed = 4;
    toc_serial_interval_draw(&uncertain, 9999, &again[0], &again[1]);
    assert_true(again[0] != mean);

    /* bounds far out in either tail */
    uncertain.mean_low = 60, uncertain.mean_high = 61;
    toc_serial_interval_draw(&uncertain, 0, &mean, &sd);
    assert_true(mean >= 60 && mean <= 61);
    uncertain.mean = 500;
    toc_serial_interval_draw(&uncertain, 0, &mean, &sd);
    assert_true(mean >= 60 && mean <= 61);
}

/* One draw is the estimate with that very interval. */
static void test_one_draw(void **state)
{
    (void) state;
    double                        cases[DAYS], w[DAYS], mean, sd, expected[3], got[3];
    struct toc_incidence          incidence = growing(cases);
    struct toc_uncertain_interval uncertain = around_five;
    struct toc_window             window = { 30, 36 };
    struct toc_cori_options       options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction       one, mixed;
    uncertain.draws = 1;
    options.mode = TOC_MODE_R;
    toc_serial_interval_draw(&uncertain, 0, &mean, &sd);
    assert_ok(toc_serial_interval_discretise(mean, sd, w, DAYS, NULL));
    assert_ok(toc_cori_estimate(&incidence, w, DAYS, &window, 1, probabilities, 3, &options, &test_allocator, &one,
                                expected, NULL));
    assert_ok(toc_cori_estimate_uncertain(&incidence, &uncertain, &window, 1, probabilities, 3, &options,
                                          &test_allocator, &mixed, got, NULL));
    assert_close(mixed.mean, one.mean, 1e-13, 0);
    assert_close(mixed.sd, one.sd, 1e-12, 0);
    for (size_t q = 0; q < 3; q++)
        assert_close(got[q], expected[q], 1e-11, 0);
}

/* The quantiles are where the mixture's distribution function says; more draws of a wide interval widen the posterior.
 */
static void test_mixture(void **state)
{
    (void) state;
    double                  cases[DAYS], w[DAYS], mean, sd, got[3], total = 0, variance = 0, below[3] = { 0, 0, 0 };
    struct toc_incidence    incidence = growing(cases);
    struct toc_window       window = { 30, 36 };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction one, mixed;
    options.mode = TOC_MODE_R;
    assert_ok(toc_cori_estimate_uncertain(&incidence, &around_five, &window, 1, probabilities, 3, &options,
                                          &test_allocator, &mixed, got, NULL));
    for (int draw = 0; draw < around_five.draws; draw++) {
        toc_serial_interval_draw(&around_five, draw, &mean, &sd);
        assert_ok(toc_serial_interval_discretise(mean, sd, w, DAYS, NULL));
        assert_ok(
            toc_cori_estimate(&incidence, w, DAYS, &window, 1, NULL, 0, &options, &test_allocator, &one, NULL, NULL));
        double shape = one.mean / one.sd * (one.mean / one.sd), scale = one.sd * one.sd / one.mean;
        total += one.mean / around_five.draws;
        variance += (one.sd * one.sd + one.mean * one.mean) / around_five.draws;
        for (size_t q = 0; q < 3; q++)
            below[q] += pgamma(got[q], shape, scale, 1, 0) / around_five.draws;
    }
    assert_close(mixed.mean, total, 1e-12, 0);
    assert_close(mixed.sd, sqrt(variance - total * total), 1e-9, 0);
    for (size_t q = 0; q < 3; q++)
        assert_close(below[q], probabilities[q], 0, 1e-9);
}

/* So many cases that each draw is a spike of its own, with nothing between: the quantile is still where the share of
 * the mixture below it passes p. */
static void test_spikes(void **state)
{
    (void) state;
    double                        cases[DAYS], w[DAYS], mean, sd, got[3];
    struct toc_incidence          incidence = growing(cases);
    struct toc_uncertain_interval uncertain = around_five;
    struct toc_window             window = { 30, 36 };
    struct toc_cori_options       options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction       one, mixed;
    uncertain.draws = 7;
    options.mode = TOC_MODE_R;
    for (size_t t = 0; t < DAYS; t++)
        cases[t] = floor(cases[t] * 1e10);
    assert_ok(toc_cori_estimate_uncertain(&incidence, &uncertain, &window, 1, probabilities, 3, &options,
                                          &test_allocator, &mixed, got, NULL));
    for (size_t q = 0; q < 3; q++) {
        double below[2] = { 0, 0 };
        for (int draw = 0; draw < uncertain.draws; draw++) {
            toc_serial_interval_draw(&uncertain, draw, &mean, &sd);
            assert_ok(toc_serial_interval_discretise(mean, sd, w, DAYS, NULL));
            assert_ok(toc_cori_estimate(&incidence, w, DAYS, &window, 1, NULL, 0, &options, &test_allocator, &one, NULL,
                                        NULL));
            double shape = one.mean / one.sd * (one.mean / one.sd), scale = one.sd * one.sd / one.mean;
            below[0] += pgamma(got[q] * (1 - 1e-7), shape, scale, 1, 0) / uncertain.draws;
            below[1] += pgamma(got[q] * (1 + 1e-7), shape, scale, 1, 0) / uncertain.draws;
        }
        assert_true(below[0] <= probabilities[q] && probabilities[q] <= below[1]);
    }
}

/* The default mode leaves windows out for the same reasons as with a known interval. */
static void test_left_out(void **state)
{
    (void) state;
    double                  cases[DAYS], quantiles[9];
    struct toc_incidence    incidence = growing(cases);
    struct toc_window       windows[] = { { 1, 3 }, { 38, 44 }, { 50, 56 } };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction got[3];
    cases[40] = NAN;
    assert_ok(toc_cori_estimate_uncertain(&incidence, &around_five, windows, 3, probabilities, 3, &options,
                                          &test_allocator, got, quantiles, NULL));
    assert_int_equal(got[0].reason, TOC_REASON_SHORT_HISTORY);
    assert_int_equal(got[1].reason, TOC_REASON_OBSERVED_MISSING);
    assert_true(isnan(got[1].mean) && isnan(quantiles[3]));
    assert_int_equal(got[2].reason, TOC_REASON_NONE);
    options.max_cv = 0.01;
    assert_ok(toc_cori_estimate_uncertain(&incidence, &around_five, windows, 3, probabilities, 3, &options,
                                          &test_allocator, got, quantiles, NULL));
    assert_int_equal(got[2].reason, TOC_REASON_FEW_CASES);
}

static void test_bad_input_and_memory(void **state)
{
    (void) state;
    double                        cases[DAYS], quantiles[3];
    struct toc_incidence          incidence = growing(cases);
    struct toc_window             window = { 30, 36 };
    struct toc_cori_options       options = TOC_CORI_OPTIONS_INIT;
    struct toc_uncertain_interval bad[7];
    struct toc_reproduction       got = { .mean = 77 };
    for (size_t i = 0; i < 7; i++)
        bad[i] = around_five;
    bad[0].mean_low = 1.0;
    bad[1].mean_high = 3.0;
    bad[2].mean_sd = 0;
    bad[3].sd_low = 0;
    bad[4].sd_high = TOC_SERIAL_INTERVAL_MAX_MEAN + 1;
    bad[5].draws = 0;
    bad[6].draws = TOC_MAX_DRAWS + 1;
    for (size_t i = 0; i < 7; i++)
        assert_status(toc_cori_estimate_uncertain(&incidence, &bad[i], &window, 1, probabilities, 3, &options,
                                                  &test_allocator, &got, quantiles, NULL),
                      TOC_ERR_OPTION);
    /* a draw whose interval would be longer than any that is accepted */
    struct toc_uncertain_interval endless = around_five;
    endless.mean = 900, endless.mean_low = 899, endless.mean_high = 901;
    endless.sd = 900, endless.sd_low = 899, endless.sd_high = 901;
    assert_status(toc_cori_estimate_uncertain(&incidence, &endless, &window, 1, probabilities, 3, &options,
                                              &test_allocator, &got, quantiles, NULL),
                  TOC_ERR_OPTION);
    endless.mean = NAN;
    assert_status(toc_uncertain_interval_check(&endless, NULL), TOC_ERR_OPTION);
    assert_ok(toc_cori_estimate_uncertain(&incidence, &around_five, &window, 0, probabilities, 3, &options,
                                          &test_allocator, &got, quantiles, NULL));
    assert_close(got.mean, 77, 0, 0);
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    assert_status(toc_cori_estimate_uncertain(&incidence, &around_five, &window, 1, probabilities, 3, &options,
                                              &allocator, &got, quantiles, NULL),
                  TOC_ERR_NO_MEMORY);
    assert_close(got.mean, 77, 0, 0);
    memory = (struct test_failing_memory){ 0 };
    assert_ok(toc_cori_estimate_uncertain(&incidence, &around_five, &window, 1, probabilities, 3, &options, &allocator,
                                          &got, quantiles, NULL));
    assert_int_equal(memory.requests, 1);
    assert_int_equal(memory.bytes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws),  cmocka_unit_test(test_one_draw), cmocka_unit_test(test_mixture),
        cmocka_unit_test(test_spikes), cmocka_unit_test(test_left_out), cmocka_unit_test(test_bad_input_and_memory),
    };
    return cmocka_run_group_tests_name("cori_uncertain", tests, NULL, NULL);
}
