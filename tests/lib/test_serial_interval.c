/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/test.h"
#include "tocsin/serial_interval.h"

/* Shape 1 (exponential) with scale 1 by hand: F_1(x) = 1 - e^-x, F_2(x) = 1 - (1 + x) e^-x. */
static void test_exponential_by_hand(void **state)
{
    (void) state;
    double w[4];
    assert_ok(toc_serial_interval_discretise(2.0, 1.0, w, 4, NULL));
    double f1 = 1 - exp(-1), f2 = 1 - exp(-2), f3 = 1 - exp(-3);
    double h1 = 1 - 2 * exp(-1), h2 = 1 - 3 * exp(-2), h3 = 1 - 4 * exp(-3);
    assert_close(w[0], 0, 0, 0);
    assert_close(w[1], f1 - h1, 1e-14, 0);
    assert_close(w[2], 2 * f2 - 2 * f1 + 2 * h1 - h2, 1e-14, 0);
    assert_close(w[3], 3 * f3 + f1 - 4 * f2 + 2 * h2 - h1 - h3, 1e-13, 0);
}

/* The mean is kept; the variance grows by a sixth of a day squared where the interval spans several days. */
static void test_moments(void **state)
{
    (void) state;
    double w[200];
    assert_ok(toc_serial_interval_discretise(8.4, 3.8, w, 200, NULL));
    struct toc_serial_interval_moments got = toc_serial_interval_moments(w, 200);
    assert_close(got.sum, 1.0, 1e-11, 0);
    assert_close(got.mean, 8.4, 1e-11, 0);
    assert_close(got.sd * got.sd, 3.8 * 3.8 + 1.0 / 6.0, 1e-3, 0);
}

/* The promised tail lies beyond the length, and a shorter one would not do by more than the triangle's width. */
static void test_length_holds_all_but_the_tail(void **state)
{
    (void) state;
    const double mean[] = { 1.01, 2.6, 5.2, 30, 900 }, sd[] = { 0.05, 1.5, 2.8, 12, 100 };
    double       w[TOC_SERIAL_INTERVAL_MAX];
    for (size_t i = 0; i < 5; i++) {
        size_t num = 0;
        assert_ok(toc_serial_interval_length(mean[i], sd[i], 1e-6, &num, NULL));
        assert_ok(toc_serial_interval_discretise(mean[i], sd[i], w, num, NULL));
        assert_true(1.0 - toc_serial_interval_moments(w, num).sum <= 1e-6);
        assert_true(num < 4 || 1.0 - toc_serial_interval_moments(w, num - 4).sum > 1e-7);
    }
}

static void test_normalise(void **state)
{
    (void) state;
    double           w[] = { 0, 0.3, 0.5, 0.199 };
    struct toc_error error;
    assert_ok(toc_serial_interval_normalise(w, 4, NULL));
    assert_close(toc_serial_interval_moments(w, 4).sum, 1.0, 1e-15, 0);

    double first[] = { 0.1, 0.9 }, negative[] = { 0, 1.1, -0.1 }, short_sum[] = { 0, 0.5, 0.48 };
    assert_status(toc_serial_interval_normalise(first, 2, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 0);
    assert_status(toc_serial_interval_normalise(negative, 3, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 2);
    assert_status(toc_serial_interval_normalise(short_sum, 3, &error), TOC_ERR_DOMAIN);
    assert_close(error.found, 0.98, 1e-12, 0);
    assert_close(short_sum[1], 0.5, 0, 0); /* untouched */
    assert_status(toc_serial_interval_normalise(w, 0, &error), TOC_ERR_SHAPE);
}

/* At each limit and one past it. */
static void test_limits(void **state)
{
    (void) state;
    static double    w[TOC_SERIAL_INTERVAL_MAX + 1];
    struct toc_error error;
    size_t           num = 7;
    assert_ok(toc_serial_interval_discretise(1000, 100, w, TOC_SERIAL_INTERVAL_MAX, NULL));
    assert_status(toc_serial_interval_discretise(1000, 100, w, TOC_SERIAL_INTERVAL_MAX + 1, &error), TOC_ERR_SHAPE);
    assert_status(toc_serial_interval_discretise(1000.1, 100, w, 10, &error), TOC_ERR_OPTION);
    assert_status(toc_serial_interval_discretise(1.0, 1, w, 10, &error), TOC_ERR_OPTION);
    assert_status(toc_serial_interval_discretise(NAN, 1, w, 10, &error), TOC_ERR_OPTION);
    assert_status(toc_serial_interval_discretise(5, 0, w, 10, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "sd");
    assert_status(toc_serial_interval_length(1000, 1000, 1e-9, &num, &error), TOC_ERR_OPTION);
    assert_status(toc_serial_interval_length(0.5, 1, 1e-9, &num, &error), TOC_ERR_OPTION);
    assert_status(toc_serial_interval_length(5, 2, 0, &num, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "tail");
    assert_int_equal(num, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponential_by_hand),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_length_holds_all_but_the_tail),
        cmocka_unit_test(test_normalise),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("serial_interval", tests, NULL, NULL);
}
