/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helper that draws random input for the other tests. */
#include <math.h>

#include "support/property.h"
#include "support/test.h"

/* A seed is the whole story: the same one gives the same numbers, another one others. */
static void test_seed_decides(void **state)
{
    (void) state;
    struct test_random a = { .seed = 7 }, b = { .seed = 7 }, c = { .seed = 8 };
    double             first = test_uniform(&a);
    assert_close(test_uniform(&b), first, 0, 0);
    assert_true(test_uniform(&c) != first);
    assert_true(test_uniform(&a) != first);
}

static void counts_have_their_mean(struct test_random *random)
{
    enum { DRAWS = 400 };
    double mean = 0.5 + 20.0 * test_uniform(random), dispersion = 1.0 + 3.0 * test_uniform(random), sum = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        double y = test_count(random, mean, dispersion);
        assert_true(y >= 0 && y == floor(y));
        sum += y;
    }
    assert_close(sum / DRAWS, mean, 0, 5.0 * sqrt(dispersion * mean / DRAWS));
    size_t within = test_between(random, 3, 5);
    assert_true(within >= 3 && within <= 5);
}

static void test_counts(void **state)
{
    (void) state;
    test_property("counts have their mean", 50, counts_have_their_mean);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_seed_decides), cmocka_unit_test(test_counts) };
    return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
