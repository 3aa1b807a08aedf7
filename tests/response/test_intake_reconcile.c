/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sender sent against what came, on both databases: what is missing is named, what is not the sender's is not
 * told. */
#include "response/intake_reconcile.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "response/intake_work.h"
#include "response/intakes.h"

static struct test_store test;
static struct intake    *intake;

static struct id send(const struct model_feed *feed, const char *control, const char *rest)
{
    char                  message[TEST_MESSAGE_BYTES];
    struct intake_receipt receipt;
    size_t                size = test_message(message, control, "%s", rest);
    assert_ok(test_take(intake, feed, message, size, &receipt));
    return receipt.message;
}

#define HEADER(control) "MSH|^~\\&|LIS|LAB|||20241004||ORU^R01|" control "|P|2.5.1\r"
#define ABOUT "PID|1||4711^^^LAB^MR||Zhang^Wei\rOBR|1||A1|94500-6^SARS-CoV-2^LN\r"

static char *reconciled(const struct model_feed *feed, int days, const char *headers, int status)
{
    struct intake_reconciled found;
    struct arena             arena = ARENA_INIT;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct json_writer       json;
    struct sink              sink;
    toc_date                 day = time_zone_day(test.now) + days;
    sink_init_memory(&sink);
    assert_status(intake_reconcile(intake, test.reader, feed, 1, time_zone_start(day), time_zone_start(day + 1),
                                   (struct report_text){ headers, strlen(headers) }, &arena, &faults, &found),
                  status);
    if (status == 0) {
        json_writer_init(&json, &sink);
        json_begin_object(&json);
        intake_write_reconciled(&found, &json);
        json_end(&json);
    } else
        sink_text(&sink, faults.num_kept > 0 ? faults.faults[0].found : "nothing told");
    sink_character(&sink, '\0');
    arena_free(&arena);
    fault_list_free(&faults);
    return sink.bytes;
}

static void assert_reconciled(const struct model_feed *feed, int days, const char *headers, const char *expected)
{
    char *found = reconciled(feed, days, headers, 0);
    assert_string_equal(found, expected);
    free(found);
}

#define RECEIVED(waiting, rejected)                                                                                    \
    "{\"received\":{\"waiting\":" waiting                                                                              \
    ",\"accepted\":0,\"accepted_with_faults\":0,\"held\":0,\"rejected\":" rejected "},"

static void test_a_day_is_reconciled(void **state)
{
    (void) state;
    struct model_feed feed = test_feed(&test, "live"), other = test_feed(&test, "live");
    intake = test_intake_open(&test);
    test_create(&test, MODEL_FEED, &feed);
    test_create(&test, MODEL_FEED, &other);
    send(&feed, "C1", ABOUT);
    send(&feed, "C2", ABOUT);
    send(&feed, "C2", ABOUT); /* the same bytes again are one message */
    send(&feed, "C4", ABOUT);
    send(&other, "C3", ABOUT);
    assert_reconciled(&feed, 0, HEADER("C1") HEADER("C2") HEADER("C3"),
                      RECEIVED("3", "0") "\"asked\":3,\"there\":2,\"missing\":[{\"control_id\":\"C3\"}],"
                                         "\"not_used\":[],\"not_asked\":1}");
    assert_reconciled(&other, 0, HEADER("C3") ABOUT,
                      RECEIVED("1", "0") "\"asked\":1,\"there\":1,\"missing\":[],\"not_used\":[],\"not_asked\":0}");
    assert_reconciled(&feed, 0, "",
                      RECEIVED("3", "0") "\"asked\":0,\"there\":0,\"missing\":[],\"not_used\":[],"
                                         "\"not_asked\":3}");
    assert_reconciled(&feed, 1, HEADER("C1"),
                      RECEIVED("0", "0") "\"asked\":1,\"there\":0,\"missing\":[{\"control_id\":\"C1\"}],"
                                         "\"not_used\":[],\"not_asked\":0}");
    char *told = reconciled(&feed, 0, HEADER("C1") HEADER(""), BASE_ERR_INPUT);
    assert_string_equal(told, "a message without a control number");
    free(told);
    free(reconciled(&feed, 0, "C1\nC2\n", BASE_ERR_INPUT));
}

/* What came and cannot be used is named with what became of it. */
static void test_what_is_not_used_is_named(void **state)
{
    (void) state;
    struct model_feed     feed = test_feed(&test, "live");
    static const char     bad[] = "MSH|^~\\&|LIS|LAB|||20241004||ORM^O01|C9|P|2.5.1\rPID|1\r";
    struct intake_receipt receipt;
    intake = test_intake_open(&test);
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(test_take(intake, &feed, bad, sizeof bad - 1, &receipt));
    assert_string_equal(receipt.verdict, "rejected");
    assert_reconciled(&feed, 0, bad,
                      RECEIVED("0", "1") "\"asked\":1,\"there\":1,\"missing\":[],\"not_used\":[{\"control_id\":\"C9\","
                                         "\"verdict\":\"rejected\"}],\"not_asked\":0}");
}

static int end(void **state)
{
    intake_close(intake);
    return test_store_end(state);
}

#define PROMISES(on) on(test_a_day_is_reconciled) on(test_what_is_not_used_is_named)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("reconciliation", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
