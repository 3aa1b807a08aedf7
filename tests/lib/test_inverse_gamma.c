/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../../lib/inverse_gamma.h"

#include <math.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "support/property.h"
#include "support/test.h"

static const double probabilities[] = { 1e-9, 1e-6, 1e-4,  0.001, 0.01,  0.025,    0.05,     0.25,    0.5,
                                        0.75, 0.95, 0.975, 0.99,  0.999, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9 };
enum { NUM = sizeof probabilities / sizeof *probabilities };

static void compare(double shape)
{
    for (size_t i = 0; i < NUM; i++) {
        struct toci_gamma_plan plan;
        double                 got, expected = qgamma(probabilities[i], shape, 2.0, 1, 0);
        toci_gamma_plan_init(&plan, &probabilities[i], 1);
        toci_gamma_quantiles(&plan, shape, 2.0, &got);
        assert_close(got, expected, 1e-11, 1e-300);
        assert_close(2.0 * toci_gamma_quantile(probabilities[i], shape), expected, 1e-11, 1e-300);
    }
}

/* Shapes from far below one to a thousand million, tails to 1e-9, by the series and by iteration. */
static void test_equals_qgamma(void **state)
{
    (void) state;
    for (double exponent = -3.0; exponent <= 9.0; exponent += 0.13)
        compare(pow(10.0, exponent));
    compare(1.0);
    compare(0.5);
}

/* Just above and just below the shape at which the series takes over, for any probability. */
static void seam_property(struct test_random *random)
{
    double                 p = test_uniform(random), got[2];
    struct toci_gamma_plan plan;
    toci_gamma_plan_init(&plan, &p, 1);
    for (int below = 0; below < 2; below++) {
        double shape = plan.least_shape * (1.0 - below * 1e-9);
        toci_gamma_quantiles(&plan, shape, 1.0, &got[below]);
        assert_close(got[below], qgamma(p, shape, 1.0, 1, 0), 1e-11, 0);
    }
}

static void test_seam(void **state)
{
    (void) state;
    test_property("seam", 300, seam_property);
}

/* As many as are allowed, each as when asked alone. */
static void test_many_at_once(void **state)
{
    (void) state;
    double                 p[TOC_MAX_QUANTILES], got[TOC_MAX_QUANTILES];
    struct toci_gamma_plan plan;
    for (size_t i = 0; i < TOC_MAX_QUANTILES; i++)
        p[i] = ((double) i + 0.5) / TOC_MAX_QUANTILES;
    toci_gamma_plan_init(&plan, p, TOC_MAX_QUANTILES);
    toci_gamma_quantiles(&plan, 300.0, 0.01, got);
    for (size_t i = 0; i < TOC_MAX_QUANTILES; i++)
        assert_close(got[i], qgamma(p[i], 300.0, 0.01, 1, 0), 1e-11, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_qgamma),
        cmocka_unit_test(test_seam),
        cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests_name("inverse_gamma", tests, NULL, NULL);
}
