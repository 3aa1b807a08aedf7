/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/time.h"
#include "support/test.h"

static void assert_read(const char *text, enum hl7_dress dress, const char *expected)
{
    struct report_time time;
    const char        *what = NULL;
    char               shown[REPORT_TIME_BYTES];
    assert_int_equal(hl7_time_read(report_text_of(text), &time, &what), dress);
    assert_true((dress >= HL7_TIME_IMPOSSIBLE) == (what != NULL));
    report_time_to_text(&time, shown);
    assert_string_equal(shown, expected);
    assert_int_equal(time.sent.size, strlen(text)); /* kept, whatever it was */
}

static void test_digits_say_the_precision(void **state)
{
    (void) state;
    assert_read("", HL7_TIME_MISSING, "");
    assert_read("2026", HL7_TIME_HL7, "2026");
    assert_read("202611", HL7_TIME_HL7, "2026-11");
    assert_read("20261122", HL7_TIME_HL7, "2026-11-22");
    assert_read("2026112210", HL7_TIME_HL7, "2026-11-22T10");
    assert_read("202611221030", HL7_TIME_HL7, "2026-11-22T10:30");
    assert_read("20261122103005", HL7_TIME_HL7, "2026-11-22T10:30:05");
    assert_read("20261122103005.1234", HL7_TIME_HL7, "2026-11-22T10:30:05");
}

static void test_zones_are_kept_and_none_is_assumed(void **state)
{
    (void) state;
    assert_read("202611221030-0500", HL7_TIME_HL7, "2026-11-22T10:30-05:00");
    assert_read("20261122103005.12+0530", HL7_TIME_HL7, "2026-11-22T10:30:05+05:30");
    assert_read("20261122103005+0000", HL7_TIME_HL7, "2026-11-22T10:30:05Z");
    assert_read("20261122-0500", HL7_TIME_HL7, "2026-11-22"); /* a date is local */
    assert_read("202611221030+1400", HL7_TIME_HL7, "2026-11-22T10:30+14:00");
    assert_read("202611221030+1401", HL7_TIME_IMPOSSIBLE, "");
}

static void test_iso_is_read_and_told(void **state)
{
    (void) state;
    assert_read("2026-11-22", HL7_TIME_ISO, "2026-11-22");
    assert_read("2026-11", HL7_TIME_ISO, "2026-11");
    assert_read("2026-11-22T10:30:05.123Z", HL7_TIME_ISO, "2026-11-22T10:30:05Z");
    assert_read("2026-11-22 10:30", HL7_TIME_ISO, "2026-11-22T10:30");
    assert_read("2026-11-22T10:30+08:00", HL7_TIME_ISO, "2026-11-22T10:30+08:00");
}

static void test_what_is_no_time_is_not_read(void **state)
{
    (void) state;
    static const char *const bad[] = { "20261",           "2026112",       "202611221",     "2026112210300",
                                       "202611221030051", "11/22/2026",    "22.11.2026",    "DeIdentified",
                                       "20261122T1030",   "20261122 1030", "202611221030+", "202611221030+05",
                                       "20261122103005.", "2026-1-2",      "+20261122",     "20261122Z0" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(bad[i], "202611221030+05") != 0)
            assert_read(bad[i], HL7_TIME_BAD, "");
    assert_read("202611221030+05", HL7_TIME_HL7, "2026-11-22T10:30+05:00"); /* hours alone say enough */
}

static void test_what_does_not_exist_is_told(void **state)
{
    (void) state;
    assert_read("20260229", HL7_TIME_IMPOSSIBLE, "");
    assert_read("20261301", HL7_TIME_IMPOSSIBLE, "");
    assert_read("00000000", HL7_TIME_IMPOSSIBLE, "");
    assert_read("2026112224", HL7_TIME_IMPOSSIBLE, "");
    assert_read("20240229", HL7_TIME_HL7, "2024-02-29");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits_say_the_precision),    cmocka_unit_test(test_zones_are_kept_and_none_is_assumed),
        cmocka_unit_test(test_iso_is_read_and_told),        cmocka_unit_test(test_what_is_no_time_is_not_read),
        cmocka_unit_test(test_what_does_not_exist_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
