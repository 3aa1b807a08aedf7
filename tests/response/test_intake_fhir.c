/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FHIR as a format of intake: read by its row of the table, kept with its verdict, one slice where it is of one person.
 */
#include "response/intakes.h"

static struct test_store test;

#define PATIENT(id)                                                                                                    \
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"name\":[{\"family\":\"Ex\\u0061mple\"}]}}"
#define OBSERVATION(id, status)                                                                                        \
    "{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"" status                                             \
    "\",\"subject\":{\"reference\":\"Patient/" id "\"},\"code\":{\"coding\":[{\"system\":\"http://"                    \
    "loinc.org\",\"code\":\"94500-6\"}]},\"valueString\":\"Detected\"}}"
#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[" entries "]}"

static void take(const char *text, const char *verdict, size_t num_slices, const char *reason)
{
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live");
    struct arena          arena = ARENA_INIT;
    struct intake_receipt receipt;
    struct intake_read    read;
    test_create(&test, MODEL_FEED, &feed);
    const struct intake_format *format = intake_format_find("fhir", 4);
    assert_non_null(format);
    struct intake_reading reading = {
        .tables = test_tables(), .feed = &feed, .now = test.now, .bytes = text, .size = strlen(text), .arena = &arena
    };
    int ret = intake_format_read(format, &reading, &read);
    assert_int_equal(ret == 0, reason == NULL);
    assert_int_equal(read.num_slices, num_slices);
    for (size_t i = 0; i < num_slices; i++)
        assert_true(read.slices[i].offset == 0 && read.slices[i].size == strlen(text));
    if (ret == 0) /* the texts do not point into what was read with */
        assert_int_equal(read.report.subjects[0].names[0].family.size, 7);
    struct intake_arrival arrival = {
        .channel = "mllp", .format = "fhir", .feed = &feed, .report = &read.report, .bytes = text, .size = strlen(text)
    };
    assert_ok(intake_take(intake, &arrival, &receipt));
    assert_string_equal(receipt.verdict, verdict);
    if (reason != NULL) {
        char sql[300];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM message WHERE reason = '%s'", reason);
        assert_int_equal(test_store_number(&test, sql), 1);
    }
    arena_wipe(&arena);
    intake_close(intake);
}

static void test_a_bundle_is_taken(void **state)
{
    (void) state;
    take(BUNDLE(PATIENT("p") "," OBSERVATION("p", "final")), "received", 1, NULL);
}

static void test_of_two_persons_nothing_is_told_apart(void **state)
{
    (void) state;
    take(BUNDLE(PATIENT("p") "," PATIENT("q") "," OBSERVATION("q", "final")), "received", 0, NULL);
}

static void test_what_is_wrong_is_kept_with_its_place(void **state)
{
    (void) state;
    take("{\"resourceType\":\"Observation\",\"status\":\"done\",\"code\":{\"text\":\"x\"}}", "rejected", 0,
         "Observation.status: not a code of the closed set");
}

static int on_sqlite(void **state)
{
    (void) state;
    test_store_open(&test, false);
    return 0;
}

static int on_postgresql(void **state)
{
    (void) state;
    test_store_open(&test, true);
    return 0;
}

static int end(void **state)
{
    (void) state;
    test_store_close(&test);
    return 0;
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_a_bundle_is_taken, set_up, end),                                              \
        cmocka_unit_test_setup_teardown(test_of_two_persons_nothing_is_told_apart, set_up, end),                       \
        cmocka_unit_test_setup_teardown(test_what_is_wrong_is_kept_with_its_place, set_up, end)

int main(void)
{
    const struct CMUnitTest tests[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
