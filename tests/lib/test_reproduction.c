/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/reproduction.h"

/* Half after one day, half after two. */
static const double two_days[] = { 0, 0.5, 0.5 };

static struct toc_incidence daily(const double *cases, const double *imported, size_t n)
{
    return (struct toc_incidence){ cases, imported, n, 365 };
}

static struct toc_reproduction one_window(const struct toc_incidence *incidence, size_t first, size_t last,
                                          const struct toc_cori_options *options)
{
    struct toc_window       window = { first, last };
    struct toc_reproduction got;
    assert_ok(
        toc_cori_estimate(incidence, two_days, 3, &window, 1, NULL, 0, options, &test_allocator, &got, NULL, NULL));
    return got;
}

/* Pressure on days 2, 3 by hand: (20 + 10)/2 = 15, (40 + 20)/2 = 30; local 40 + 60; prior A = 1, B = 5. */
static void test_by_hand(void **state)
{
    (void) state;
    const double            cases[] = { 10, 20, 40, 60 };
    struct toc_incidence    incidence = daily(cases, NULL, 4);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    for (int mode = TOC_MODE_DEFAULT; mode <= TOC_MODE_R; mode++) {
        options.mode = (enum toc_mode) mode;
        struct toc_reproduction got = one_window(&incidence, 2, 3, &options);
        assert_close(got.mean, 101.0 / 45.2, 1e-14, 0);
        assert_close(got.sd, sqrt(101.0) / 45.2, 1e-14, 0);
        assert_int_equal(got.reason, TOC_REASON_NONE);
    }
}

/* Half of the cases of the last two days came from elsewhere: they infect, but nobody here infected them. */
static void test_imported_cases_are_sources_only(void **state)
{
    (void) state;
    const double            cases[] = { 10, 20, 40, 60 }, imported[] = { NAN, 0, 20, 30 };
    struct toc_incidence    incidence = daily(cases, imported, 4);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction got = one_window(&incidence, 2, 3, &options);
    assert_close(got.mean, 51.0 / 45.2, 1e-14, 0);
}

/* Cases that nobody in the series can have infected count as imported; R knows that of the first row alone. */
static void test_cases_without_a_source(void **state)
{
    (void) state;
    const double            cases[] = { 0, 0, 0, 50, 40, 40 };
    struct toc_incidence    incidence = daily(cases, NULL, 6);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    assert_close(one_window(&incidence, 3, 5, &options).mean, 81.0 / 70.2, 1e-14, 0);
    options.mode = TOC_MODE_R;
    assert_close(one_window(&incidence, 3, 5, &options).mean, 131.0 / 70.2, 1e-14, 0);
}

/* The first window has too few cases for a coefficient of variation of 0.3 (12 would do), the second enough. */
static void test_too_few_cases(void **state)
{
    (void) state;
    const double            cases[] = { 5, 5, 5, 4, 6 };
    struct toc_incidence    incidence = daily(cases, NULL, 5);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction got = one_window(&incidence, 2, 3, &options);
    assert_true(isnan(got.mean) && isnan(got.sd));
    assert_int_equal(got.reason, TOC_REASON_FEW_CASES);
    options.max_cv = INFINITY;
    assert_close(one_window(&incidence, 2, 3, &options).mean, 10.0 / 10.2, 1e-14, 0);
    options.max_cv = 0.3;
    assert_close(one_window(&incidence, 2, 4, &options).mean, 16.0 / 14.7, 1e-14, 0);
    options.mode = TOC_MODE_R;
    assert_close(one_window(&incidence, 2, 3, &options).mean, 10.0 / 10.2, 1e-14, 0);
}

/* A missing day leaves out its own windows and those it would have infected, and no others. */
static void test_missing_counts(void **state)
{
    (void) state;
    const double            cases[] = { 10, 20, 40, NAN, 60, 60, 60, 60 };
    const double            slow[] = { 0, 0.95, 0.05 };
    struct toc_incidence    incidence = daily(cases, NULL, 8);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    assert_int_equal(one_window(&incidence, 1, 2, &options).reason, TOC_REASON_NONE);
    assert_int_equal(one_window(&incidence, 2, 3, &options).reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(one_window(&incidence, 4, 5, &options).reason, TOC_REASON_EARLIER_MISSING);
    assert_int_equal(one_window(&incidence, 6, 7, &options).reason, TOC_REASON_NONE);

    /* day 5: only a twentieth of the interval is missing; the rest, 0.95 * 60, is scaled up to 60 */
    struct toc_window       window = { 5, 5 };
    struct toc_reproduction got;
    assert_ok(toc_cori_estimate(&incidence, slow, 3, &window, 1, NULL, 0, &options, &test_allocator, &got, NULL, NULL));
    assert_close(got.mean, 61.0 / 60.2, 1e-14, 0);

    struct toc_error error;
    options.mode = TOC_MODE_R;
    assert_status(
        toc_cori_estimate(&incidence, slow, 3, &window, 1, NULL, 0, &options, &test_allocator, &got, NULL, &error),
        TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 3);
}

static void test_left_out_with_a_reason(void **state)
{
    (void) state;
    const double            cases[] = { 30, 30, 30, 30 };
    struct toc_incidence    incidence = daily(cases, NULL, 4);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    assert_int_equal(one_window(&incidence, 0, 0, &options).reason, TOC_REASON_SHORT_HISTORY); /* mean is 1.5 days */
    assert_int_equal(one_window(&incidence, 1, 1, &options).reason, TOC_REASON_NONE);
    incidence.steps_per_year = 52;
    assert_int_equal(one_window(&incidence, 2, 3, &options).reason, TOC_REASON_NOT_DAILY);
    options.mode = TOC_MODE_R;
    assert_int_equal(one_window(&incidence, 2, 3, &options).reason, TOC_REASON_NONE);
}

static void test_sliding_windows(void **state)
{
    (void) state;
    struct toc_window windows[2];
    assert_int_equal(toc_windows_sliding(9, 7, windows), 2);
    assert_int_equal(windows[0].first, 1);
    assert_int_equal(windows[0].last, 7);
    assert_int_equal(windows[1].last, 8);
    assert_int_equal(toc_windows_sliding(7, 7, NULL), 0);
    assert_int_equal(toc_windows_sliding(7, 0, NULL), 0);
}

static void test_bad_input(void **state)
{
    (void) state;
    const double            cases[] = { 1, 2, 3 }, many[] = { 0, 3, 0 }, half[] = { 0, 0.5 }, p[] = { 0.5, 1.0 };
    struct toc_incidence    incidence = daily(cases, many, 3);
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_window       window = { 1, 3 };
    struct toc_reproduction got = { .mean = 77 };
    struct toc_error        error;
#define ESTIMATE(w, num_w, num_p)                                                                                      \
    toc_cori_estimate(&incidence, w, num_w, &window, 1, p, num_p, &options, &test_allocator, &got, NULL, &error)
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "incidence.imported");
    incidence.imported = NULL;
    const double too_many[] = { 1, TOC_MAX_CASES, 1.1 * TOC_MAX_CASES };
    incidence.cases = too_many;
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 2);
    incidence.cases = cases;
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "windows.last");
    window = (struct toc_window){ 2, 1 };
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_SHAPE);
    window = (struct toc_window){ 1, 2 };
    const double at_once[] = { 0.5, 0.5 }, negative[] = { 0, 1.5, -0.5 };
    assert_status(ESTIMATE(two_days, 0, 0), TOC_ERR_SHAPE);
    assert_status(ESTIMATE(at_once, 2, 0), TOC_ERR_DOMAIN);
    assert_status(ESTIMATE(negative, 3, 0), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 2);
    incidence.steps_per_year = 4;
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "incidence.steps_per_year");
    incidence.steps_per_year = 365;
    assert_status(ESTIMATE(half, 2, 0), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "sum of w");
    assert_status(ESTIMATE(two_days, 3, 2), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 1);
    assert_status(ESTIMATE(two_days, 3, TOC_MAX_QUANTILES + 1), TOC_ERR_SHAPE);
    options.prior_sd = 0;
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_OPTION);
    options.prior_sd = 5;
    options.max_cv = NAN;
    assert_status(ESTIMATE(two_days, 3, 0), TOC_ERR_OPTION);
#undef ESTIMATE
    assert_close(got.mean, 77, 0, 0);
}

static void test_no_memory(void **state)
{
    (void) state;
    const double               cases[] = { 30, 30, 30, 30 };
    struct toc_incidence       incidence = daily(cases, NULL, 4);
    struct toc_cori_options    options = TOC_CORI_OPTIONS_INIT;
    struct toc_window          window = { 1, 3 };
    struct toc_reproduction    got = { .mean = 77 };
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    assert_status(
        toc_cori_estimate(&incidence, two_days, 3, &window, 1, NULL, 0, &options, &allocator, &got, NULL, NULL),
        TOC_ERR_NO_MEMORY);
    assert_close(got.mean, 77, 0, 0);
    memory = (struct test_failing_memory){ 0 };
    assert_ok(toc_cori_estimate(&incidence, two_days, 3, &window, 1, NULL, 0, &options, &allocator, &got, NULL, NULL));
    assert_int_equal(memory.bytes_held, 0);
    assert_int_equal(memory.requests, 1);
}

/* Ten times the cases leave R where it was, but for the prior, and narrow it; quantiles ascend with probability. */
static void scaling_property(struct test_random *random)
{
    enum { N = 40 };
    double                  cases[N], more[N], quantiles[2][3];
    const double            probabilities[] = { 0.1, 0.5, 0.9 };
    struct toc_window       window = { 20, 20 + test_between(random, 0, 10) };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_reproduction got[2];
    for (size_t t = 0; t < N; t++) {
        cases[t] = (double) test_between(random, 50, 500);
        more[t] = 10 * cases[t];
    }
    struct toc_incidence incidence[] = { daily(cases, NULL, N), daily(more, NULL, N) };
    for (size_t i = 0; i < 2; i++)
        assert_ok(toc_cori_estimate(&incidence[i], two_days, 3, &window, 1, probabilities, 3, &options, &test_allocator,
                                    &got[i], quantiles[i], NULL));
    assert_close(got[1].mean, got[0].mean, 0.05, 0);
    assert_true(got[1].sd < 0.4 * got[0].sd);
    assert_true(quantiles[0][0] < quantiles[0][1] && quantiles[0][1] < quantiles[0][2]);
}

/* Simulated transmission with a known R, seeded by imported cases: the 95 % interval holds it about 95 times in 100,
 * and both numbers find it on average. */
static void known_number_property(struct test_random *random)
{
    enum { N = 60 };
    static int                         rounds, covered;
    static double                      sum, forward_sum;
    double                             cases[N], imported[N], w[20], ends[2], known = 1.2;
    const double                       probabilities[] = { 0.025, 0.975 };
    struct toc_window                  window = { 30, 36 };
    struct toc_cori_options            options = TOC_CORI_OPTIONS_INIT;
    struct toc_wallinga_teunis_options forward_options = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    struct toc_reproduction            got, forward;
    struct toc_incidence               incidence = daily(cases, imported, N);
    assert_ok(toc_serial_interval_discretise(5, 2, w, 20, NULL));
    assert_ok(toc_serial_interval_normalise(w, 20, NULL));
    for (size_t t = 0; t < N; t++) {
        double pressure = 0;
        for (size_t s = 1; s < 20 && s <= t; s++)
            pressure += w[s] * cases[t - s];
        imported[t] = t < 10 ? 20 : 0;
        cases[t] = imported[t] + (pressure > 0 ? qpois(test_uniform(random), known * pressure, 1, 0) : 0);
    }
    assert_ok(toc_cori_estimate(&incidence, w, 20, &window, 1, probabilities, 2, &options, &test_allocator, &got, ends,
                                NULL));
    assert_ok(toc_wallinga_teunis_estimate(&incidence, w, 20, &window, 1, NULL, 0, &forward_options, &test_allocator,
                                           &forward, NULL, NULL));
    covered += ends[0] <= known && known <= ends[1];
    sum += got.mean;
    forward_sum += forward.mean;
    if (++rounds < 400)
        return;
    assert_true(covered > 362 && covered < 395);
    assert_close(sum / rounds, known, 0.02, 0);
    assert_close(forward_sum / rounds, known, 0.02, 0);
}

static void test_known_number(void **state)
{
    (void) state;
    test_property("known number", 400, known_number_property);
}

static void test_scaling(void **state)
{
    (void) state;
    test_property("scaling", 100, scaling_property);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_imported_cases_are_sources_only),
        cmocka_unit_test(test_cases_without_a_source),
        cmocka_unit_test(test_too_few_cases),
        cmocka_unit_test(test_missing_counts),
        cmocka_unit_test(test_left_out_with_a_reason),
        cmocka_unit_test(test_sliding_windows),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_scaling),
        cmocka_unit_test(test_known_number),
    };
    return cmocka_run_group_tests_name("reproduction", tests, NULL, NULL);
}
