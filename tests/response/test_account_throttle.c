/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast somebody may guess; time is the test's. */
#include "response/account_throttle.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

static struct throttle *throttle;
static const int64_t    start = 20000 * INSTANT_DAY;

static int begin(void **state)
{
    (void) state;
    throttle = calloc(1, sizeof *throttle);
    return throttle == NULL;
}

static int end(void **state)
{
    (void) state;
    free(throttle);
    return 0;
}

static struct throttle_who somebody(const char *login, const char *address, const char *device)
{
    return (struct throttle_who){ .login = login,
                                  .login_size = strlen(login),
                                  .address = address,
                                  .device = device,
                                  .device_size = device != NULL ? strlen(device) : 0 };
}

static int64_t try_once(const char *login, const char *address, const char *device, int64_t now)
{
    struct throttle_who who = somebody(login, address, device);
    return throttle_try(throttle, &who, now);
}

static void test_the_first_tries_are_free_and_then_each_waits_longer(void **state)
{
    (void) state;
    int64_t now = start;
    for (int i = 0; i < THROTTLE_FREE_LOGIN; i++)
        assert_int_equal(try_once("dolma", NULL, NULL, now), 0);
    for (int64_t wait = INSTANT_SECOND; wait < THROTTLE_MOST_LOGIN; wait *= 2) {
        assert_int_equal(try_once("dolma", NULL, NULL, now), wait);
        assert_int_equal(try_once("dolma", NULL, NULL, now + wait - 1), 1); /* asking does not make it longer */
        now += wait;
        assert_int_equal(try_once("dolma", NULL, NULL, now), 0);
    }
    for (int i = 0; i < 100; i++) { /* and never longer than this */
        assert_int_equal(try_once("dolma", NULL, NULL, now), THROTTLE_MOST_LOGIN);
        now += THROTTLE_MOST_LOGIN;
        assert_int_equal(try_once("dolma", NULL, NULL, now), 0);
    }
}

static void test_a_stranger_never_hinders_a_known_device(void **state)
{
    (void) state;
    char address[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "192.0.2.%d", i % 256);
        (void) try_once("dolma", address, NULL, start);
    }
    assert_true(try_once("dolma", "198.51.100.1", NULL, start) > 0);
    for (int i = 0; i < THROTTLE_FREE_DEVICE; i++)
        assert_int_equal(try_once("dolma", "192.0.2.7", "her laptop", start), 0);
    assert_int_equal(try_once("dolma", "192.0.2.7", "her laptop", start), INSTANT_SECOND); /* its own failures */
    assert_int_equal(try_once("dolma", "192.0.2.7", "her phone", start), 0);
}

static void test_an_address_is_slowed_whatever_logins_it_tries(void **state)
{
    (void) state;
    char login[32];
    for (int i = 0; i < THROTTLE_FREE_ADDRESS; i++) {
        snprintf(login, sizeof login, "user%d", i);
        assert_int_equal(try_once(login, "2001:db8::1", NULL, start), 0);
    }
    assert_int_equal(try_once("another", "2001:db8::1", NULL, start), INSTANT_SECOND);
    assert_int_equal(try_once("another", "2001:db8::ffff:1", NULL, start), INSTANT_SECOND); /* the same network */
    assert_int_equal(try_once("another", "2001:db8:0:1::1", NULL, start), 0);
}

static void test_success_forgives_the_login_but_one_try_of_the_address(void **state)
{
    (void) state;
    struct throttle_who who = somebody("dolma", "192.0.2.9", NULL);
    for (int i = 0; i < THROTTLE_FREE_ADDRESS; i++) {
        assert_int_equal(throttle_try(throttle, &who, start), 0);
        if (i % 4 == 3)
            throttle_forgive(throttle, &who); /* five times: fifteen tries of the address are left */
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_once(i % 2 == 0 ? "x" : "y", "192.0.2.9", NULL, start), 0);
    assert_true(try_once("z", "192.0.2.9", NULL, start) > 0);
}

static void test_time_forgives(void **state)
{
    (void) state;
    for (int i = 0; i < THROTTLE_FREE_LOGIN; i++)
        assert_int_equal(try_once("dolma", NULL, NULL, start), 0);
    int64_t later = start + THROTTLE_FORGET;
    assert_int_equal(try_once("dolma", NULL, NULL, later), 0); /* one is forgotten */
    assert_true(try_once("dolma", NULL, NULL, later) > 0);
    later += (THROTTLE_FREE_LOGIN + 1) * THROTTLE_FORGET;
    for (int i = 0; i < THROTTLE_FREE_LOGIN; i++)
        assert_int_equal(try_once("dolma", NULL, NULL, later), 0);
}

static void test_a_clock_that_steps_back_locks_nobody_out(void **state)
{
    (void) state;
    for (int i = 0; i < THROTTLE_FREE_LOGIN; i++)
        (void) try_once("dolma", NULL, NULL, start + INSTANT_DAY);
    int64_t wait = try_once("dolma", NULL, NULL, start);
    assert_true(wait <= INSTANT_DAY + THROTTLE_MOST_LOGIN);
    assert_int_equal(try_once("dolma", NULL, "a device", start), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_tries_are_free_and_then_each_waits_longer),
        TEST(test_a_stranger_never_hinders_a_known_device),
        TEST(test_an_address_is_slowed_whatever_logins_it_tries),
        TEST(test_success_forgives_the_login_but_one_try_of_the_address),
        TEST(test_time_forgives),
        TEST(test_a_clock_that_steps_back_locks_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
