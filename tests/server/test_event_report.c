/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events are reported through the API by whoever is signed in, in whatever role and of whatever area; sent twice they
 * are one signal. */
#include "response/event_report.h"

#include <stdio.h>

#include "server/event_form.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;

/* Ask as somebody and hold the answer to this status; the body. */
static const char *ask(const struct access *who, enum http_method method, const char *path, const char *body,
                       int status)
{
    static struct exchange exchange;
    static struct caller   caller;
    caller = test_caller_person(who);
    test_exchange_as(&caller);
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    (void) exchange_call(&exchange);
    test_exchange_as(NULL);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static const char *report(const struct access *who, enum test_area area, const char *rest, int status)
{
    char body[1000], id[ID_TEXT_BYTES];
    id_to_text(&test.areas[area], id);
    snprintf(body, sizeof body, "{\"area\":\"%s\"%s}", id, rest);
    return ask(who, HTTP_POST, "/api/v1/event-reports", body, status);
}

static void test_whoever_is_signed_in(void **state)
{
    (void) state;
    struct access clinician = test_epidemiologist(&test.areas[TEST_WEST]);
    clinician.role = ACCESS_CLINICIAN;
    const char *answer = report(&clinician, TEST_EAST,
                                ",\"what\":\"Five children with a rash, call 13800138000\",\"num_ill\":5,"
                                "\"source\":\"clinician\",\"contact\":\"ward 3\",\"receipt\":\"k7qd 2m9x 0trb\"",
                                201);
    assert_non_null(strstr(answer, "\"receipt\":\"K7QD-2M9X-0TRB\",\"struck_out\":1"));
    (void) report(&clinician, TEST_EAST, ",\"what\":\"Five children with a rash\",\"receipt\":\"K7QD-2M9X-0TRB\"", 201);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal WHERE source = 'clinician' AND num_ill = 5"),
                     1);
    clinician.role = ACCESS_CHECKPOINT_STAFF;
    (void) report(&clinician, TEST_EAST, ",\"what\":\"Dead birds at the lake\"", 201);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal"), 2);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event_report"), 2);
}

static void test_how_to_ask_again(void **state)
{
    (void) state;
    char          path[100] = "/api/v1/event-reports/";
    struct access staff = test_epidemiologist(&test.areas[TEST_COUNTY]);
    const char   *answer = report(&staff, TEST_EAST, ",\"what\":\"Dead birds\",\"contact\":\"ward 3\"", 201);
    strncat(path, strstr(answer, "\"id\":\"") + 6, ID_TEXT_BYTES - 1);
    staff.purpose = ACCESS_NO_PURPOSE;
    answer = ask(&staff, HTTP_GET, path, NULL, 200);
    assert_null(strstr(answer, "ward 3"));
    assert_non_null(strstr(answer, "\"masked\":[\"receipt_hash\",\"contact\"]"));
    staff.purpose = ACCESS_CASE_INVESTIGATION;
    assert_non_null(strstr(ask(&staff, HTTP_GET, path, NULL, 200), "\"contact\":\"ward 3\""));
    staff = test_epidemiologist(&test.areas[TEST_WEST]);
    (void) ask(&staff, HTTP_GET, path, NULL, 404);
}

static void test_refused(void **state)
{
    (void) state;
    struct access staff = test_epidemiologist(&test.areas[TEST_COUNTY]);
    assert_non_null(strstr(ask(&staff, HTTP_POST, "/api/v1/event-reports", "{}", 422), "\"where\":\"/area\""));
    assert_non_null(
        strstr(report(&staff, TEST_EAST, ",\"what\":\"x\",\"name\":\"Dolma\"", 422), "\"where\":\"/name\""));
    assert_non_null(strstr(report(&staff, TEST_EAST, ",\"what\":\"\"", 422), "\"where\":\"/what\""));
    assert_non_null(strstr(report(&staff, TEST_EAST, ",\"what\":\"x\",\"event_date\":\"soon\"", 422), "/event_date"));
    assert_non_null(strstr(report(&staff, TEST_EAST, ",\"what\":\"x\",\"receipt\":\"12\"", 422), "/receipt"));
    assert_non_null(strstr(report(&staff, TEST_EAST, ",\"what\":\"x\",\"source\":\"alarm\"", 422), "/source"));
    (void) ask(&staff, HTTP_POST, "/api/v1/event-reports",
               "{\"area\":\"01890000-0000-7000-8000-000000000000\",\"what\":\"x\"}", 422);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal"), 0);
}

/* One address has to wait after some; in all, so many an hour are taken. */
static void test_so_many_at_once(void **state)
{
    (void) state;
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct event_door   *door;
    char                 address[40];
    unsigned             num = 0;
    int64_t              now = INT64_C(1800000000) * INSTANT_SECOND;
    assert_ok(event_door_new(&settings, &door));
    assert_null(door); /* unless the settings say so */
    settings.public_reports = true;
    assert_ok(event_door_new(&settings, &door));
    while (num < EVENT_FORM_REPORTS_AN_HOUR && event_door_try(door, "192.0.2.1", true, now))
        num++;
    assert_in_range(num, 5, 40);
    for (unsigned i = 0; num < EVENT_FORM_REPORTS_AN_HOUR; i++) {
        assert_true(i < 2 * EVENT_FORM_REPORTS_AN_HOUR);
        snprintf(address, sizeof address, "198.51.%u.%u", i / 250, i % 250);
        num += event_door_try(door, address, true, now); /* but for one that shares the first one's count by chance */
    }
    assert_false(event_door_try(door, "203.0.113.1", true, now));
    assert_true(event_door_try(door, "203.0.113.1", false, now)); /* to ask is no report */
    assert_true(event_door_try(door, "203.0.113.1", true, now + 3600 * INSTANT_SECOND));
    event_door_free(door);
}

#define ON_BOTH(name)                                                                                                  \
    { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },                                           \
    {                                                                                                                  \
        "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = { ON_BOTH(test_whoever_is_signed_in), ON_BOTH(test_how_to_ask_again),
                                        ON_BOTH(test_refused), cmocka_unit_test(test_so_many_at_once) };
    return cmocka_run_group_tests_name("events reported through the API", tests, NULL, NULL);
}
