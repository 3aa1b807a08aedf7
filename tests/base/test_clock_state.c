/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock_state.h"
#include "base/instant.h"
#include "support/test.h"

static const char *warning(bool unsynchronised, double error, int64_t now, int64_t newest)
{
    static char          text[CLOCK_WARNING_BYTES];
    struct clock_reading reading = { unsynchronised, error };
    size_t               length = clock_warning(&reading, now, newest, text);
    assert_int_equal(length, strlen(text));
    assert_in_range(strlen(text), 0, CLOCK_WARNING_BYTES - 2);
    return text;
}

static void test_a_kept_clock_is_believed(void **state)
{
    (void) state;
    assert_string_equal(warning(false, CLOCK_MAX_ERROR_SECONDS, 100, 100), "");
    assert_string_equal(warning(false, 0.01, 100, INSTANT_MISSING), "");
}

static void test_others_are_told_loudly(void **state)
{
    (void) state;
    assert_non_null(strstr(warning(true, 0, 100, 99), "NOT SYNCHRONISED"));
    assert_non_null(strstr(warning(false, 1.01, 100, 99), "by up to 1 seconds"));
    assert_non_null(strstr(warning(false, 0, INSTANT_DAY, 3 * INSTANT_DAY), "it is 172800 seconds behind"));
}

static void test_the_kernel_answers(void **state)
{
    (void) state;
    struct clock_reading reading = { .max_error_seconds = -1 };
    assert_ok(clock_read(&reading));
    assert_true(reading.max_error_seconds >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kept_clock_is_believed),
        cmocka_unit_test(test_others_are_told_loudly),
        cmocka_unit_test(test_the_kernel_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
