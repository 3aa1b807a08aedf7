/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "formats/report.h"
#include "support/test.h"

static struct report_time time_of(int year, int month, int day, int hour, int minute, enum report_precision precision)
{
    return (struct report_time){ .year = (int16_t) year,
                                 .month = (int8_t) month,
                                 .day = (int8_t) day,
                                 .hour = (int8_t) hour,
                                 .minute = (int8_t) minute,
                                 .precision = (uint8_t) precision };
}

static struct report_time zoned(struct report_time time, int minutes)
{
    time.zone_known = true;
    time.zone_minutes = (int16_t) minutes;
    return time;
}

static void assert_time(struct report_time time, const char *expected)
{
    char text[REPORT_TIME_BYTES];
    assert_int_equal(report_time_to_text(&time, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_a_time_shows_what_was_said_and_no_more(void **state)
{
    (void) state;
    assert_time((struct report_time){ 0 }, "");
    assert_time(time_of(2026, 0, 0, 0, 0, REPORT_YEAR), "2026");
    assert_time(time_of(2026, 11, 0, 0, 0, REPORT_MONTH), "2026-11");
    assert_time(time_of(2026, 11, 22, 0, 0, REPORT_DAY), "2026-11-22");
    assert_time(time_of(2026, 11, 22, 10, 0, REPORT_HOUR), "2026-11-22T10");
    assert_time(time_of(2026, 11, 22, 10, 30, REPORT_MINUTE), "2026-11-22T10:30");
    assert_time(zoned(time_of(2026, 11, 22, 10, 30, REPORT_SECOND), 480), "2026-11-22T10:30:00+08:00");
    assert_time(zoned(time_of(2026, 11, 22, 10, 30, REPORT_SECOND), -330), "2026-11-22T10:30:00-05:30");
    assert_time(zoned(time_of(2026, 11, 22, 10, 30, REPORT_FRACTION), 0), "2026-11-22T10:30:00Z");
}

static void test_impossible_times_are_told(void **state)
{
    (void) state;
    struct report_time bad[] = {
        time_of(0, 1, 1, 0, 0, REPORT_DAY),
        time_of(2026, 13, 1, 0, 0, REPORT_MONTH),
        time_of(2026, 2, 29, 0, 0, REPORT_DAY),
        time_of(2026, 1, 0, 0, 0, REPORT_DAY),
        time_of(2026, 1, 1, 24, 0, REPORT_HOUR),
        time_of(2026, 1, 1, 0, 60, REPORT_MINUTE),
        zoned(time_of(2026, 1, 1, 0, 0, REPORT_MINUTE), 841),
        zoned(time_of(2026, 1, 1, 0, 0, REPORT_MINUTE), -721),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *what = NULL;
        assert_false(report_time_check(&bad[i], &what));
        assert_non_null(what);
    }
    struct report_time good[] = {
        time_of(2024, 2, 29, 0, 0, REPORT_DAY),
        time_of(1980, 0, 0, 0, 0, REPORT_YEAR),
        zoned(time_of(2026, 1, 1, 23, 59, REPORT_MINUTE), 840),
        time_of(0, 0, 0, 0, 0, REPORT_TIME_MISSING),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(report_time_check(&good[i], NULL));
}

static void assert_order(struct report_time a, struct report_time b, int expected)
{
    assert_int_equal(report_time_compare(&a, &b), expected);
    assert_int_equal(report_time_compare(&b, &a), -expected);
}

static void test_times_compare_as_far_as_both_say(void **state)
{
    (void) state;
    assert_order(time_of(2026, 0, 0, 0, 0, REPORT_YEAR), time_of(2026, 5, 1, 0, 0, REPORT_DAY), 0);
    assert_order(time_of(2025, 0, 0, 0, 0, REPORT_YEAR), time_of(2026, 5, 1, 0, 0, REPORT_DAY), -1);
    assert_order((struct report_time){ 0 }, time_of(2026, 5, 1, 0, 0, REPORT_DAY), 0);
    assert_order(time_of(2026, 5, 1, 10, 0, REPORT_MINUTE), time_of(2026, 5, 1, 11, 0, REPORT_MINUTE), -1);
    /* 10:00 at +08:00 is 02:00 at Greenwich, before 03:00 there */
    assert_order(zoned(time_of(2026, 5, 1, 10, 0, REPORT_MINUTE), 480),
                 zoned(time_of(2026, 5, 1, 3, 0, REPORT_MINUTE), 0), -1);
    /* one zone unknown: only days apart can be told */
    assert_order(time_of(2026, 5, 1, 10, 0, REPORT_MINUTE), zoned(time_of(2026, 5, 1, 3, 0, REPORT_MINUTE), 0), 0);
    assert_order(time_of(2026, 5, 2, 10, 0, REPORT_MINUTE), zoned(time_of(2026, 5, 1, 3, 0, REPORT_MINUTE), 0), 1);
}

static void test_records_start_with_nothing_said(void **state)
{
    (void) state;
    struct arena  arena = ARENA_INIT;
    struct report report;
    report_init(&report, &arena, "", 0);
    for (int i = 0; i < 100; i++) {
        struct report_result *result = report_add_result(&report);
        assert_non_null(result);
        assert_int_equal(result->subject, REPORT_NONE);
        assert_int_equal(result->specimen, REPORT_NONE);
        assert_true(isnan(result->cycle_threshold) && isnan(result->value.number));
        result->sequence = (uint32_t) i;
    }
    assert_int_equal(report.num_results, 100);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(report.results[i].sequence, i);
    assert_int_equal(report_add_order(&report)->visit, REPORT_NONE);
    assert_true(isnan(report_add_subject(&report)->age));
    assert_true(report_is_usable(&report));
    arena_free(&arena);
}

static void test_a_limit_is_told_once_and_nothing_is_added_beyond(void **state)
{
    (void) state;
    struct arena  arena = ARENA_INIT;
    struct report report;
    report_init(&report, &arena, "", 0);
    for (uint32_t i = 0; i < REPORT_MAX_SUBJECTS; i++)
        assert_non_null(report_add_subject(&report));
    assert_int_equal(report.num_all_faults, 0);
    assert_null(report_add_subject(&report));
    assert_null(report_add_subject(&report));
    assert_int_equal(report.num_all_faults, 1);
    assert_int_equal(report.faults[0].rule, REPORT_LIMIT);
    assert_int_equal(report.num_subjects, REPORT_MAX_SUBJECTS);
    assert_false(report.out_of_memory);
    arena_free(&arena);
}

static void test_no_memory_makes_a_report_unusable(void **state)
{
    (void) state;
    struct arena  arena = { .limit = 64 };
    struct report report;
    report_init(&report, &arena, "", 0);
    assert_null(report_add_result(&report));
    assert_true(report.out_of_memory);
    assert_false(report_is_usable(&report));
    arena_free(&arena);
}

static void test_faults_beyond_the_kept_are_counted(void **state)
{
    (void) state;
    struct arena  arena = ARENA_INIT;
    struct report report;
    char          long_text[200];
    report_init(&report, &arena, "", 0);
    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text + REPORT_FOUND_BYTES - 1, "é", 2); /* would be cut in the middle */
    for (int i = 0; i <= REPORT_MAX_FAULTS; i++)
        report_add_fault(&report, REPORT_WARNING, REPORT_TYPE, (struct report_place){ .segment = "OBX", .field = 5 },
                         (struct report_text){ long_text, sizeof long_text }, "not a number", NULL);
    assert_int_equal(report.num_faults, REPORT_MAX_FAULTS);
    assert_int_equal(report.num_all_faults, REPORT_MAX_FAULTS + 1);
    assert_int_equal(report.faults[0].found.size, REPORT_FOUND_BYTES - 1);
    assert_true(report_is_usable(&report));
    report_add_fault(&report, REPORT_FATAL, REPORT_TYPE, (struct report_place){ 0 }, (struct report_text){ 0 }, "x",
                     NULL);
    assert_false(report_is_usable(&report));
    arena_free(&arena);
}

static void assert_place(struct report_place place, const char *expected)
{
    char text[REPORT_PLACE_BYTES];
    assert_int_equal(report_place_to_text(&place, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_places_read_as_people_write_them(void **state)
{
    (void) state;
    assert_place((struct report_place){ 0 }, "");
    assert_place((struct report_place){ .segment = "PID", .sequence = 1, .field = 3, .repetition = 2, .component = 1 },
                 "PID-3[2].1");
    assert_place((struct report_place){ .segment = "OBX", .sequence = 4, .field = 5 }, "OBX(4)-5");
    assert_place((struct report_place){ .path = "Bundle.entry[3].resource.status" }, "Bundle.entry[3].resource.status");
    assert_place((struct report_place){ .row = 7, .column = 3, .column_name = "birth" }, "row 7, column C (birth)");
}

static void test_only_final_negatives_of_live_reports_count(void **state)
{
    (void) state;
    struct arena  arena = ARENA_INIT;
    struct report report;
    report_init(&report, &arena, "", 0);
    static const struct {
        enum report_status         status;
        enum report_interpretation interpretation;
        bool                       control;
    } results[] = {
        { REPORT_FINAL, REPORT_NOT_DETECTED, false },       { REPORT_CORRECTED, REPORT_NOT_DETECTED, false },
        { REPORT_PRELIMINARY, REPORT_NOT_DETECTED, false }, { REPORT_FINAL, REPORT_NOT_DETECTED, true },
        { REPORT_FINAL, REPORT_DETECTED, false },           { REPORT_ENTERED_IN_ERROR, REPORT_NOT_DETECTED, false },
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct report_result *result = report_add_result(&report);
        result->status = (uint8_t) results[i].status;
        result->interpretation = (uint8_t) results[i].interpretation;
        result->quality_control = results[i].control;
    }
    report_count(&report);
    assert_int_equal(report.num_not_detected, 2);
    report.processing = REPORT_TEST;
    report_count(&report);
    assert_int_equal(report.num_not_detected, 0);
    arena_free(&arena);
}

static void test_json_leaves_out_what_was_not_sent(void **state)
{
    (void) state;
    struct arena       arena = ARENA_INIT;
    struct report      report;
    struct sink        sink;
    struct json_writer json;
    report_init(&report, &arena, "", 0);
    report.control_id = report_text_of("17");
    struct report_subject *subject = report_add_subject(&report);
    subject->birth = time_of(1980, 0, 0, 0, 0, REPORT_YEAR);
    subject->birth.sent = report_text_of("1980");
    struct report_result *result = report_add_result(&report);
    result->subject = 0;
    result->interpretation = REPORT_DETECTED;
    result->decided_by = REPORT_BY_CODE;
    result->status = REPORT_FINAL;
    result->disease = "measles";
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    report_write_json(&report, &json);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes,
                        "{\"usable\":true,\"control_id\":\"17\",\"processing\":\"not-sent\",\"subjects\":[{\"kind\":"
                        "\"person\",\"birth\":{\"time\":\"1980\",\"sent\":\"1980\"}}],\"results\":[{\"subject\":0,"
                        "\"sequence\":0,\"status\":\"final\",\"interpretation\":\"detected\",\"decided_by\":\"code\","
                        "\"disease\":\"measles\"}],\"num_not_detected\":0,\"num_denied\":0,\"num_faults\":0}");
    sink_free(&sink);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_time_shows_what_was_said_and_no_more),
        cmocka_unit_test(test_impossible_times_are_told),
        cmocka_unit_test(test_times_compare_as_far_as_both_say),
        cmocka_unit_test(test_records_start_with_nothing_said),
        cmocka_unit_test(test_a_limit_is_told_once_and_nothing_is_added_beyond),
        cmocka_unit_test(test_no_memory_makes_a_report_unusable),
        cmocka_unit_test(test_faults_beyond_the_kept_are_counted),
        cmocka_unit_test(test_places_read_as_people_write_them),
        cmocka_unit_test(test_only_final_negatives_of_live_reports_count),
        cmocka_unit_test(test_json_leaves_out_what_was_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
