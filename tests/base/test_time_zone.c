/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time_zone.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/instant.h"
#include "support/test.h"

static int64_t at(const char *text)
{
    int64_t instant;
    assert_ok(instant_from_text(text, strlen(text), &instant));
    return instant;
}

static toc_date day(int year, int month, int date)
{
    return toc_date_from_civil((struct toc_civil){ year, month, date });
}

static void assert_name(const char *expected)
{
    char name[TIME_ZONE_BYTES];
    time_zone_name(name);
    assert_string_equal(name, expected);
}

static void assert_minute(const char *instant, const char *expected)
{
    char text[TIME_ZONE_MINUTE_BYTES];
    time_zone_minute(at(instant), text);
    assert_string_equal(text, expected);
}

static void test_at_20_utc_it_is_the_next_day_in_china(void **state)
{
    (void) state;
    static const char *const zones[] = { "Asia/Shanghai", "Asia/Urumqi" };
    static const int         hours[] = { 4, 2 };
    for (size_t i = 0; i < 2; i++) {
        assert_ok(time_zone_set(zones[i]));
        assert_name(zones[i]);
        assert_int_equal(time_zone_day(at("2026-11-22T20:00:00Z")), day(2026, 11, 23));
        assert_int_equal(time_zone_hour(at("2026-11-22T20:00:00Z")), hours[i]);
        assert_int_equal(time_zone_offset(at("2026-11-22T20:00:00Z")), (hours[i] + 4) * 3600 * INSTANT_SECOND);
    }
    assert_minute("2026-11-22T20:30:00Z", "2026-11-23 02:30 (UTC+06:00)");
}

static void test_a_day_begins_at_its_first_second(void **state)
{
    (void) state;
    assert_ok(time_zone_set("Asia/Shanghai"));
    assert_int_equal(time_zone_start(day(2026, 11, 23)), at("2026-11-22T16:00:00Z"));
    assert_int_equal(time_zone_day(at("2026-11-22T15:59:59.999999Z")), day(2026, 11, 22));
    assert_ok(time_zone_set("America/Sao_Paulo")); /* 2017-10-15 began at 01:00: summer time at midnight */
    assert_int_equal(time_zone_start(day(2017, 10, 15)), at("2017-10-15T03:00:00Z"));
    assert_int_equal(time_zone_hour(at("2017-10-15T03:00:00Z")), 1);
    assert_ok(time_zone_set("America/New_York"));
    assert_int_equal(time_zone_day(at("1969-12-31T23:59:59.5Z")), day(1969, 12, 31));
    assert_int_equal(time_zone_day(at("1970-01-01T04:59:59.5Z")), day(1969, 12, 31));
    assert_minute("2026-07-01T03:59:00Z", "2026-06-30 23:59 (UTC-04:00)");
}

static void test_what_the_machine_does_not_know_is_refused(void **state)
{
    (void) state;
    static const char *const wrong[] = {
        "Asia/Beijing-West", "../zoneinfo/UTC", "/etc/localtime", "CST-8", "zone.tab", "Asia", ":UTC"
    };
    assert_ok(time_zone_set("Asia/Shanghai"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(time_zone_exists(wrong[i]));
        assert_status(time_zone_set(wrong[i]), BASE_ERR_INPUT);
        assert_name("Asia/Shanghai");
    }
}

static void test_without_a_name_it_is_the_machines(void **state)
{
    (void) state;
    assert_ok(time_zone_set("Asia/Shanghai"));
    assert_ok(time_zone_set(""));
    assert_string_equal(getenv("TZ"), "UTC"); /* of the tests */
    assert_name("UTC");
    assert_minute("2026-11-22T20:30:00Z", "2026-11-22 20:30 (UTC)");
    for (toc_date i = day(2020, 1, 1); i < day(2028, 1, 1); i += 13)
        assert_int_equal(time_zone_start(i), i * INSTANT_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_20_utc_it_is_the_next_day_in_china),
        cmocka_unit_test(test_a_day_begins_at_its_first_second),
        cmocka_unit_test(test_what_the_machine_does_not_know_is_refused),
        cmocka_unit_test(test_without_a_name_it_is_the_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
