/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the page of a case asks for, on both databases: results with their messages, a message with what is denied
 * struck out and nobody else's part, the clock of the law. */
#include <jansson.h>
#include <stdio.h>

#include "../response/intakes.h"
#include "response/case_message.h"
#include "response/case_notification.h"
#include "response/intake_work.h"
#include "support/exchange.h"

static struct test_store   test;
static struct model_lists *lists;
static struct access       access;
static struct caller       caller;
static char                case_id[ID_TEXT_BYTES], message_id[ID_TEXT_BYTES];

/* Two persons in one message; of each the race, the religion, an observation and a note that ask for what is never
 * collected. */
#define PERSON_OF(n, name)                                                                                             \
    "PID|" n "||" n "711^^^LAB^MR||" name "||19800203|F||2106-3^White^HL70005|||||||CAT^Catholic|||||H^Hispanic\r"     \
    "OBR|" n "||A" n "|94500-6^SARS-CoV-2 RNA^LN|||20241003\r"                                                         \
    "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20241003\r"                                  \
    "NTE|1||religious group of the hall\r"                                                                             \
    "OBX|2|CWE|32624-9^Race^LN||2106-3^White||||||F\r"

static void take_in(void)
{
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live");
    struct intake_receipt receipt;
    char                  message[TEST_MESSAGE_BYTES];
    size_t num = 0, size = test_message(message, "C1", PERSON_OF("1", "Zhang^Wei") PERSON_OF("2", "Tenzin^Lhamo"));
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    assert_ok(intake_work(intake, test.reader, NULL, NULL, &num));
    assert_int_equal(num, 1);
    intake_close(intake);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), 2);
    id_to_text(&receipt.message, message_id);
}

static void take_case(void)
{
    static struct exchange exchange;
    test_exchange_init(&exchange, &test, HTTP_GET, "/api/v1/cases", NULL);
    (void) exchange_call(&exchange);
    json_t *page = json_loads(test_exchange_body(&exchange), 0, NULL);
    snprintf(case_id, sizeof case_id, "%s",
             json_string_value(json_object_get(json_array_get(json_object_get(page, "rows"), 0), "id")));
    json_decref(page);
    exchange_free(&exchange);
}

static void as(enum access_role role, enum access_purpose purpose)
{
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = role;
    access.purpose = purpose;
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
}

static int begin(bool postgresql)
{
    struct fault_list faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, TEST_SHARE "lists", &faults));
    fault_list_free(&faults);
    test_store_open(&test, postgresql);
    test.now += 10 * INSTANT_DAY;
    test.options.lists = lists;
    test_store_reopen(&test);
    struct model_user user;
    model_init(model_record(MODEL_USER), &user);
    user.head.id = test_epidemiologist(&test.areas[TEST_COUNTY]).user;
    user.login = test_text("dolma");
    user.name = test_text("Dolma");
    test_create(&test, MODEL_USER, &user);
    take_in();
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_NO_PURPOSE);
    take_case();
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin(true);
}

static int end(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    test_store_close(&test);
    model_lists_free(lists);
    return 0;
}

/* Ask, hold the answer to this status; the body. */
static const char *ask(enum http_method method, const char *what, const char *body, int status)
{
    static struct exchange exchange;
    char                   path[200];
    exchange_free(&exchange);
    snprintf(path, sizeof path, "/api/v1/cases/%s%s", case_id, what);
    test_exchange_init(&exchange, &test, method, path, body);
    if (method == HTTP_PATCH)
        test_exchange_header(&exchange, "if-match", "\"1\"");
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status && !(status == 200 && exchange.answer.status == 0))
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static size_t times(const char *text, const char *word)
{
    size_t num = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        num++;
    return num;
}

static void test_results_with_their_message(void **state)
{
    (void) state;
    const char *body = ask(HTTP_GET, "/laboratory", NULL, 200);
    assert_int_equal(times(body, "\"interpretation\":\"detected\""), 1);
    assert_int_equal(times(body, "\"status\":\"final\""), 1);
    assert_int_equal(times(body, "\"collected_time\":\"2024-10-03"), 1);
    assert_non_null(strstr(body, message_id));
    assert_null(strstr(body, "Zhang"));
    as(ACCESS_CLINICIAN, ACCESS_NO_PURPOSE); /* reads no messages: the list of them is empty, the rest is there */
    body = ask(HTTP_GET, "/laboratory", NULL, 200);
    assert_non_null(strstr(body, "\"messages\":[]"));
    assert_int_equal(times(body, "\"interpretation\":\"detected\""), 1);
    as(ACCESS_CHECKPOINT_STAFF, ACCESS_NO_PURPOSE);
    (void) ask(HTTP_GET, "/laboratory", NULL, 404);
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_NO_PURPOSE);
    access.areas = &test.areas[TEST_WEST];
    caller = test_caller_person(&access);
    (void) ask(HTTP_GET, "/laboratory", NULL, 404);
}

/* What is never collected goes to nobody; somebody else's part to nobody here; each opening is an entry of the audit.
 */
static void test_a_message_is_struck_out(void **state)
{
    (void) state;
    char path[60];
    snprintf(path, sizeof path, "/messages/%s", message_id);
    (void) ask(HTTP_GET, path, NULL, 403);
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_CASE_INVESTIGATION);
    (void) ask(HTTP_GET, path, NULL, 403);
    as(ACCESS_DATA_MANAGER, ACCESS_NO_PURPOSE);
    (void) ask(HTTP_GET, path, NULL, 403);
    int64_t before = test_store_number(&test, "SELECT count(*) FROM audit");
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    const char *body = ask(HTTP_GET, path, NULL, 200);
    assert_non_null(strstr(body, "\"standing\":\"shown\",\"others\":true"));
    bool        first = strstr(body, "Zhang^Wei") != NULL;
    const char *other = first ? "Tenzin" : "Zhang";
    assert_true(first || strstr(body, "Tenzin^Lhamo") != NULL);
    assert_null(strstr(body, other));
    assert_non_null(strstr(body, "MSH|"));
    static const char *const never[] = { "2106-3", "White", "Catholic", "Hispanic", "religious" };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        assert_null(strstr(body, never[i]));
    assert_int_equal(times(body, "\"struck\":true"), 5);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"),
                     before + 2); /* the rest, and their slice */
    snprintf(path, sizeof path, "/messages/%s", case_id);
    (void) ask(HTTP_GET, path, NULL, 404); /* no message of this case */
}

static void test_long_lines_and_unreadable_bytes(void **state)
{
    (void) state;
    struct arena        arena = ARENA_INIT;
    struct case_message found = { .num_lines = 0 };
    static char         message[8000];
    int size = snprintf(message, sizeof message, "MSH|^~\\&|A|B|C|D|20241004||ORU^R01|1|P|2.5.1\rPID|1|");
    for (int i = 0; i < 1000; i++)
        size += snprintf(message + size, sizeof message - (size_t) size, "\xe9\xba\xbb");
    size += snprintf(message + size, sizeof message - (size_t) size, "||||||||White\r");
    assert_ok(case_message_strike(message, (size_t) size, NULL, &arena, &found));
    assert_int_equal(found.standing, CASE_MESSAGE_SHOWN);
    assert_int_equal(found.num_lines, 2);
    assert_int_equal(found.lines[1].num_spans, 1 + 1);
    assert_int_equal(found.lines[1].spans[0].size, 6 + 664 * 3); /* whole characters alone */
    assert_int_equal(found.lines[1].left_out, 336 * 3 + 8);
    assert_null(found.lines[1].spans[1].bytes);
    found = (struct case_message){ .num_lines = 0 };
    assert_ok(case_message_strike("PID|1||||Zhang", 14, NULL, &arena, &found));
    assert_int_equal(found.standing, CASE_MESSAGE_FORMAT);
    assert_int_equal(found.num_lines, 0);
    arena_free(&arena);
}

/* ---- the clock ---- */

static struct case_notification clock_of(const char *disease, const char *diagnosis, const char *notified, int64_t now)
{
    struct case_notification found;
    struct model_case        value;
    model_init(model_record(MODEL_CASE), &value);
    value.disease = test_text(disease);
    if (diagnosis != NULL)
        value.diagnosis_time = test_text(diagnosis);
    if (notified != NULL)
        value.notified_time = test_text(notified);
    case_notification_read(&value, lists, now, &found);
    return found;
}

static int64_t instant(const char *text)
{
    int64_t at = 0;
    assert_ok(instant_from_text(text, strlen(text), &at));
    return at;
}

static void test_the_law_counts_hours(void **state)
{
    (void) state;
    const char *diagnosed = "2026-11-22T10:30+08:00";
    int64_t     at = instant("2026-11-22T02:30:00Z"), hour = 3600 * INSTANT_SECOND;

    struct case_notification clock = clock_of("plague-pneumonic", diagnosed, NULL, at); /* as plague does */
    assert_int_equal(clock.hours, 2);
    assert_true(clock.exact && clock.due == at + 2 * hour);
    assert_int_equal(clock.standing, CASE_NOTIFY_RUNNING);
    assert_int_equal(clock_of("plague", diagnosed, NULL, at + 2 * hour + 1).standing, CASE_NOTIFY_LATE);
    assert_int_equal(clock_of("anthrax-pulmonary", diagnosed, NULL, at).hours, 2);
    assert_int_equal(clock_of("anthrax-cutaneous", diagnosed, NULL, at).hours, 24); /* as anthrax */
    assert_int_equal(clock_of("measles", diagnosed, "2026-11-23T10:30+08:00", at).standing, CASE_NOTIFY_MET);
    assert_int_equal(clock_of("measles", diagnosed, "2026-11-23T10:31+08:00", at).standing, CASE_NOTIFY_MET_LATE);
    assert_int_equal(clock_of("q-fever", diagnosed, NULL, at).standing, CASE_NOTIFY_NO_RULE);
    assert_int_equal(clock_of("measles", NULL, NULL, at).standing, CASE_NOTIFY_UNKNOWN);
    clock = clock_of("measles", "2026-11-22", NULL, at); /* the whole day, and no zone */
    assert_false(clock.exact);
    assert_true(clock.due == instant("2026-11-24T00:00:00Z"));
}

static void test_notified_with_a_receipt(void **state)
{
    (void) state;
    const char *body = ask(HTTP_GET, "/notification", NULL, 200);
    assert_non_null(strstr(body, "\"standing\":\"late\",\"hours\":24,\"rule\":\"notify_within_24_hours\""));
    assert_non_null(strstr(body, "\"from\":\"result_time\""));
    (void) ask(HTTP_PATCH, "", "{\"diagnosis_time\":\"2024-10-04T01:00Z\"}", 200);
    (void) ask(HTTP_POST, "/notify", "{\"at\":\"soon\"}", 422);
    (void) ask(HTTP_POST, "/notify", "{\"at\":\"2999-01-01T00:00Z\"}", 422);
    as(ACCESS_TRACER, ACCESS_NO_PURPOSE);
    (void) ask(HTTP_POST, "/notify", "{}", 403);
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_NO_PURPOSE);
    (void) ask(HTTP_POST, "/notify", "{\"at\":\"2024-10-04T02:00Z\",\"receipt\":\"540121-17\"}", 200);
    body = ask(HTTP_GET, "/notification", NULL, 200);
    assert_non_null(strstr(body, "\"standing\":\"met\""));
    assert_non_null(strstr(body, "\"receipt\":\"540121-17\""));
    assert_non_null(strstr(body, "\"due\":\"2024-10-05T01:00:00"));
    (void) ask(HTTP_POST, "/notify", "{}", 422); /* once */
    as(ACCESS_ANALYST, ACCESS_NO_PURPOSE);       /* reads when, not the receipt */
    assert_non_null(strstr(ask(HTTP_GET, "/notification", NULL, 200), "\"receipt\":null"));
}

#define ON_BOTH(test)                                                                                                  \
    { "sqlite: " #test, test, on_sqlite, end, NULL },                                                                  \
    {                                                                                                                  \
        "postgresql: " #test, test, on_postgresql, end, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_results_with_their_message),
        ON_BOTH(test_a_message_is_struck_out),
        ON_BOTH(test_notified_with_a_receipt),
        { "test_the_law_counts_hours", test_the_law_counts_hours, on_sqlite, end, NULL },
        cmocka_unit_test(test_long_lines_and_unreadable_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
