/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/reproduction.h"

static const double two_days[] = { 0, 0.5, 0.5 };
static const double probabilities[] = { 0.025, 0.5, 0.975 };

static struct toc_reproduction one_window(const double *cases, const double *imported, size_t n, size_t first,
                                          size_t last, enum toc_mode mode, double *quantiles)
{
    struct toc_incidence               incidence = { cases, imported, n, 365 };
    struct toc_wallinga_teunis_options options = { .mode = mode, .max_cv = INFINITY };
    struct toc_window                  window = { first, last };
    struct toc_reproduction            got;
    double                             unused[3];
    assert_ok(toc_wallinga_teunis_estimate(&incidence, two_days, 3, &window, 1, probabilities, 3, &options,
                                           &test_allocator, &got, quantiles == NULL ? unused : quantiles, NULL));
    return got;
}

/* Day 1's cases compete with day 0's for those of day 2 (10 : 20) and with day 2's for those of day 3 (20 : 40). */
static void test_by_hand(void **state)
{
    (void) state;
    const double            cases[] = { 10, 20, 40, 60, 0 };
    struct toc_reproduction got = one_window(cases, NULL, 5, 1, 1, TOC_MODE_DEFAULT, NULL);
    double                  infected = 40 * 20.0 / 30.0 + 60 * 20.0 / 60.0;
    double                  variance = 40 * (2.0 / 3.0) * (1.0 / 3.0) + 60 * (1.0 / 3.0) * (2.0 / 3.0);
    assert_close(got.mean, infected / 20.0, 1e-14, 0);
    assert_close(got.sd, sqrt(variance) / 20.0, 1e-14, 0);
    assert_int_equal(got.reason, TOC_REASON_NONE);
}

/* All infectors of day 1 lie in the window of day 0: no chance is left, and day 1's cases are ten times day 0's. */
static void test_certain_infectors(void **state)
{
    (void) state;
    const double            cases[] = { 2, 20, 0, 0 };
    double                  quantiles[3];
    struct toc_reproduction got = one_window(cases, NULL, 4, 0, 0, TOC_MODE_DEFAULT, quantiles);
    assert_close(got.mean, 10.0, 1e-14, 0);
    assert_close(got.sd, 0.0, 0, 1e-12);
    assert_close(quantiles[0], 10.0, 0, 0);
    assert_close(quantiles[2], 10.0, 0, 0);
}

/* Four later cases, each infected by the first day's one or the second day's one with equal chance: binomial(4, 1/2).
 * P(0) = 1/16 > 0.025, P(<= 2) = 11/16, P(<= 3) = 15/16, P(<= 4) = 1. */
static void test_exact_quantiles(void **state)
{
    (void) state;
    const double cases[] = { 1, 1, 4, 0, 0, 0 };
    double       quantiles[3];
    one_window(cases, NULL, 6, 0, 0, TOC_MODE_R, quantiles);
    assert_close(quantiles[0], 0.0 + 1.0, 0, 0); /* the case of day 1 had no other infector */
    assert_close(quantiles[1], 2.0 + 1.0, 0, 0);
    assert_close(quantiles[2], 4.0 + 1.0, 0, 0);
}

/* Imported cases infect but were not infected here; R knows none. */
static void test_imported(void **state)
{
    (void) state;
    const double cases[] = { 10, 20, 40, 60, 0 }, imported[] = { 0, 0, 40, 0, 0 };
    assert_close(one_window(cases, imported, 5, 1, 1, TOC_MODE_DEFAULT, NULL).mean, 20.0 / 20.0, 1e-14, 0);
    assert_close(one_window(cases, imported, 5, 1, 1, TOC_MODE_R, NULL).mean, (80.0 / 3 + 20) / 20, 1e-14, 0);
}

static void test_left_out(void **state)
{
    (void) state;
    const double cases[] = { 10, 20, 40, 60, 80 }, gap[] = { 10, 20, NAN, 60, 80, 90, 90 }, none[] = { 10, 0, 0, 0, 0 };
    assert_int_equal(one_window(cases, NULL, 5, 2, 2, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_NONE);
    assert_int_equal(one_window(cases, NULL, 5, 2, 3, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_LATER_UNKNOWN);
    assert_int_equal(one_window(cases, NULL, 5, 2, 3, TOC_MODE_R, NULL).reason, TOC_REASON_NONE);
    assert_int_equal(one_window(none, NULL, 5, 1, 2, TOC_MODE_R, NULL).reason, TOC_REASON_FEW_CASES);
    assert_int_equal(one_window(none, NULL, 5, 1, 2, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_FEW_CASES);
    assert_int_equal(one_window(gap, NULL, 7, 2, 3, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_OBSERVED_MISSING);
    assert_int_equal(one_window(gap, NULL, 7, 1, 1, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_LATER_UNKNOWN);
    assert_int_equal(one_window(gap, NULL, 7, 3, 3, TOC_MODE_DEFAULT, NULL).reason, TOC_REASON_EARLIER_MISSING);
    const double late[] = { 0, 0, 10, 20, 40, 60 }; /* R drops a window that begins before the first case */
    assert_int_equal(one_window(late, NULL, 6, 1, 3, TOC_MODE_R, NULL).reason, TOC_REASON_FEW_CASES);
    assert_int_equal(one_window(late, NULL, 6, 2, 3, TOC_MODE_R, NULL).reason, TOC_REASON_NONE);
    struct toc_incidence               incidence = { cases, NULL, 5, 52 };
    struct toc_wallinga_teunis_options options = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    struct toc_window                  window = { 1, 1 };
    struct toc_reproduction            got;
    assert_ok(toc_wallinga_teunis_estimate(&incidence, two_days, 3, &window, 1, NULL, 0, &options, &test_allocator,
                                           &got, NULL, NULL));
    assert_int_equal(got.reason, TOC_REASON_NOT_DAILY);
}

/* Every local case with a source has one infector: over all windows of one day, offspring add up to them. */
static void conservation_property(struct test_random *random)
{
    enum { N = 80 };
    double                             cases[N], w[20], quantiles[N][3], offspring = 0, expected = 0;
    struct toc_window                  windows[N];
    struct toc_reproduction            got[N];
    struct toc_wallinga_teunis_options options = { .mode = TOC_MODE_R, .max_cv = 0.3 };
    assert_ok(toc_serial_interval_discretise(4, 2, w, 20, NULL));
    for (size_t t = 0; t < N; t++) {
        cases[t] = (double) test_between(random, 1, random->seed % 2 ? 12 : 900);
        windows[t] = (struct toc_window){ t, t };
        expected += t > 0 ? cases[t] : 0;
    }
    struct toc_incidence incidence = { cases, NULL, N, 365 };
    assert_ok(toc_wallinga_teunis_estimate(&incidence, w, 20, windows, N, probabilities, 3, &options, &test_allocator,
                                           got, quantiles[0], NULL));
    for (size_t t = 0; t < N; t++) {
        offspring += got[t].mean * cases[t];
        assert_true(quantiles[t][0] <= quantiles[t][1] && quantiles[t][1] <= quantiles[t][2]);
        assert_true(fabs(quantiles[t][1] - got[t].mean) <= 0.2 * got[t].sd + 1.0 / cases[t]);
    }
    assert_close(offspring, expected, 1e-10, 0);
}

static void test_conservation(void **state)
{
    (void) state;
    test_property("conservation", 60, conservation_property);
}

/* Fractional counts (nowcasts) are judged on a continuous scale. */
static void test_fractions(void **state)
{
    (void) state;
    const double            cases[] = { 10.5, 20.5, 40.5, 60.5, 0 };
    double                  quantiles[3];
    struct toc_reproduction got = one_window(cases, NULL, 5, 1, 1, TOC_MODE_DEFAULT, quantiles);
    assert_close(quantiles[1], got.mean, 0, 0.1 * got.sd);
    assert_close(quantiles[2] - quantiles[0], 2 * 1.96 * got.sd, 0.05, 0);
}

static void test_bad_input_and_memory(void **state)
{
    (void) state;
    const double                       cases[] = { 10, 20, 40, 60, 0 };
    struct toc_incidence               incidence = { cases, NULL, 5, 365 };
    struct toc_wallinga_teunis_options options = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    struct toc_window                  window = { 1, 5 };
    struct toc_reproduction            got = { .mean = 77 };
    struct test_failing_memory         memory = { .fail_at = 1 };
    struct toc_allocator               allocator = test_failing_allocator(&memory);
#define ESTIMATE()                                                                                                     \
    toc_wallinga_teunis_estimate(&incidence, two_days, 3, &window, 1, NULL, 0, &options, &allocator, &got, NULL, NULL)
    assert_status(ESTIMATE(), TOC_ERR_SHAPE);
    window.last = 1;
    options.max_cv = 0;
    assert_status(ESTIMATE(), TOC_ERR_OPTION);
    options.max_cv = 0.3;
    assert_status(ESTIMATE(), TOC_ERR_NO_MEMORY);
    assert_close(got.mean, 77, 0, 0);
    memory = (struct test_failing_memory){ 0 };
    assert_ok(ESTIMATE());
    assert_int_equal(memory.bytes_held, 0);
#undef ESTIMATE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),         cmocka_unit_test(test_certain_infectors),
        cmocka_unit_test(test_exact_quantiles), cmocka_unit_test(test_imported),
        cmocka_unit_test(test_left_out),        cmocka_unit_test(test_conservation),
        cmocka_unit_test(test_fractions),       cmocka_unit_test(test_bad_input_and_memory),
    };
    return cmocka_run_group_tests_name("wallinga_teunis", tests, NULL, NULL);
}
