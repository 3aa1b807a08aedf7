/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/reproduction.h"

enum { DAYS = 300, WINDOW = 7 };

static const double probabilities[] = { 0.025, 0.975 };

static double next_count(struct test_random *random, bool gaps)
{
    if (gaps && test_uniform(random) < 0.03)
        return NAN;
    return test_uniform(random) < 0.3 ? 0.0 : (double) test_between(random, 0, 60);
}

/* Day by day gives what the whole series gives, over many turns of its memory, with gaps, in both modes. */
static void same_as_whole_property(struct test_random *random)
{
    double                  cases[DAYS], imported[DAYS], w[40], whole_quantiles[DAYS][2], quantiles[2];
    struct toc_window       windows[DAYS];
    struct toc_reproduction whole[DAYS], got;
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_cori_state   state;
    size_t                  num_w = test_between(random, 10, 40);
    options.mode = random->seed % 2 == 0 ? TOC_MODE_R : TOC_MODE_DEFAULT;
    assert_ok(toc_serial_interval_discretise(3.0, 1.2, w, num_w, NULL));
    for (size_t t = 0; t < DAYS; t++) {
        cases[t] = next_count(random, options.mode == TOC_MODE_DEFAULT);
        imported[t] = isnan(cases[t]) ? 0.0 : floor(cases[t] * test_uniform(random) * 0.3);
    }
    struct toc_incidence incidence = { cases, imported, DAYS, 365 };
    size_t               num = toc_windows_sliding(DAYS, WINDOW, windows);
    assert_ok(toc_cori_estimate(&incidence, w, num_w, windows, num, probabilities, 2, &options, &test_allocator, whole,
                                whole_quantiles[0], NULL));
    assert_ok(toc_cori_state_init(&state, w, num_w, WINDOW, &options, &test_allocator, NULL));
    for (size_t t = 0; t < DAYS; t++) {
        assert_ok(toc_cori_state_add(&state, cases[t], imported[t], probabilities, 2, &got, quantiles, NULL));
        if (t < WINDOW) {
            assert_int_equal(got.reason, TOC_REASON_SHORT_HISTORY);
            continue;
        }
        size_t i = t - WINDOW;
        assert_int_equal(got.reason, whole[i].reason);
        assert_close(got.mean, whole[i].mean, 1e-13, 0);
        assert_close(got.sd, whole[i].sd, 1e-13, 0);
        assert_close(quantiles[0], whole_quantiles[i][0], 1e-12, 0);
        assert_close(quantiles[1], whole_quantiles[i][1], 1e-12, 0);
    }
    toc_cori_state_free(&state);
}

static void test_same_as_whole(void **state)
{
    (void) state;
    test_property("same as whole", 40, same_as_whole_property);
}

/* A bad count is refused and not added. */
static void test_bad_day(void **state)
{
    (void) state;
    const double            w[] = { 0, 0.5, 0.5 };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_cori_state   day_by_day;
    struct toc_reproduction got = { .mean = 77 };
    struct toc_error        error;
    assert_ok(toc_cori_state_init(&day_by_day, w, 3, 1, &options, &test_allocator, NULL));
    assert_ok(toc_cori_state_add(&day_by_day, 30, 0, NULL, 0, &got, NULL, NULL));
    got.mean = 77;
    assert_status(toc_cori_state_add(&day_by_day, -1, 0, NULL, 0, &got, NULL, &error), TOC_ERR_DOMAIN);
    assert_status(toc_cori_state_add(&day_by_day, 3, 4, NULL, 0, &got, NULL, &error), TOC_ERR_DOMAIN);
    assert_close(got.mean, 77, 0, 0);
    assert_ok(toc_cori_state_add(&day_by_day, 30, 0, NULL, 0, &got, NULL, NULL));
    assert_close(got.mean, 31.0 / 15.2, 1e-14, 0);
    toc_cori_state_free(&day_by_day);
}

static void test_init_refuses(void **state)
{
    (void) state;
    const double            w[] = { 0, 0.5, 0.5 };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    struct toc_cori_state   unused = { .window = 0 };
    assert_status(toc_cori_state_init(&unused, w, 3, 0, &options, &test_allocator, NULL), TOC_ERR_SHAPE);
    assert_status(toc_cori_state_init(&unused, w, 3, TOC_MAX_STATE_WINDOW + 1, &options, &test_allocator, NULL),
                  TOC_ERR_SHAPE);
    assert_status(toc_cori_state_init(&unused, w, 2, 7, &options, &test_allocator, NULL), TOC_ERR_DOMAIN);
    options.prior_mean = -1;
    assert_status(toc_cori_state_init(&unused, w, 3, 7, &options, &test_allocator, NULL), TOC_ERR_OPTION);
    toc_cori_state_free(&unused); /* a zeroed struct may be freed */
}

/* One request, kept until the end, and none a day. */
static void test_memory(void **state)
{
    (void) state;
    const double               w[] = { 0, 0.5, 0.5 };
    struct toc_cori_options    options = TOC_CORI_OPTIONS_INIT;
    struct toc_cori_state      day_by_day;
    struct toc_reproduction    got;
    struct test_failing_memory memory = { .fail_at = 1 };
    struct toc_allocator       allocator = test_failing_allocator(&memory);
    assert_status(toc_cori_state_init(&day_by_day, w, 3, 7, &options, &allocator, NULL), TOC_ERR_NO_MEMORY);
    memory = (struct test_failing_memory){ 0 };
    assert_ok(toc_cori_state_init(&day_by_day, w, 3, 7, &options, &allocator, NULL));
    for (int t = 0; t < 100; t++)
        assert_ok(toc_cori_state_add(&day_by_day, 30, NAN, NULL, 0, &got, NULL, NULL));
    assert_int_equal(memory.requests, 1);
    toc_cori_state_free(&day_by_day);
    assert_int_equal(memory.bytes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_whole),
        cmocka_unit_test(test_bad_day),
        cmocka_unit_test(test_init_refuses),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("cori_state", tests, NULL, NULL);
}
