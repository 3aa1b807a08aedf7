/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which streams have stopped, and which are only quiet. */
#include "response/watch_silence.h"

#include <math.h>

#include "support/test.h"

enum { STEPS = 40 };
static double counts[STEPS];

static struct watch_silence judge(double usual, size_t empty)
{
    struct watch_silence silence;
    for (size_t i = 0; i < STEPS; i++)
        counts[i] = i + empty + 1 < STEPS ? usual : 0;
    watch_silence_judge(counts, STEPS, &silence);
    return silence;
}

/* Ten a day: silent after one day that has ended, not in the one that has not; one a day: after ten. */
static void test_stopped(void **state)
{
    (void) state;
    assert_false(judge(10, 0).silent);
    assert_true(judge(10, 1).silent);
    assert_false(judge(1, 9).silent);
    assert_true(judge(1, 10).silent);
    assert_int_equal(judge(1, 10).empty, 10);
    assert_close(judge(1, 10).usual, 1, 1e-12, 0);
}

/* The step that has not ended has something: it goes on. */
static void test_goes_on(void **state)
{
    (void) state;
    struct watch_silence silence = judge(10, 3);
    assert_true(silence.silent);
    counts[STEPS - 1] = 1;
    watch_silence_judge(counts, STEPS, &silence);
    assert_false(silence.silent);
}

/* Closed at weekends: two empty days are usual there, three are not. */
static void test_weekends(void **state)
{
    (void) state;
    for (size_t empty = 2; empty <= 3; empty++) {
        struct watch_silence silence;
        for (size_t i = 0; i < STEPS; i++) {
            bool weekend = (i + 3) % 7 < 2;
            counts[i] = weekend || i + 1 + empty >= STEPS ? 0 : 20;
        }
        assert_true(counts[STEPS - 2 - empty] > 0);
        watch_silence_judge(counts, STEPS, &silence);
        assert_int_equal(silence.silent, empty == 3);
    }
}

/* Rare, faded out, missing, too short: nothing is said. */
static void test_quiet(void **state)
{
    (void) state;
    struct watch_silence silence;
    for (size_t i = 0; i < STEPS; i++)
        counts[i] = i % 20 == 0;
    watch_silence_judge(counts, STEPS, &silence);
    assert_false(silence.silent);
    for (size_t i = 0; i < STEPS; i++)
        counts[i] = i < 10 ? 100 : i < 35 ? (i % 7 == 0) : 0;
    watch_silence_judge(counts, STEPS, &silence);
    assert_false(silence.silent);
    (void) judge(10, 3);
    for (size_t i = STEPS - 4; i + 1 < STEPS; i++)
        counts[i] = NAN;
    watch_silence_judge(counts, STEPS, &silence);
    assert_false(silence.silent);
    const double few[] = { 9, 9, 9, 9, 0, 0, 0, 0 };
    watch_silence_judge(few, 8, &silence);
    assert_false(silence.silent);
    watch_silence_judge(few, 0, &silence);
    assert_false(silence.silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_weekends),
        cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
