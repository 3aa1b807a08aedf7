/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outbreaks through the API: opened from a signal or by hand, dates marked, 7-1-7, and what came of signals; by
 * somebody whose grant has them, in both databases. */
#include "response/outbreak.h"

#include <jansson.h>
#include <stdio.h>

#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static char              signal_id[ID_TEXT_BYTES], opened[ID_TEXT_BYTES];

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static int begin(bool postgresql)
{
    struct model_signal  value;
    struct model_user    user;
    struct access        program;
    struct store_change  changes[] = { { .verb = STORE_CREATE, .record = model_record(MODEL_SIGNAL), .value = &value },
                                       { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user } };
    struct store_request request = { .verb = "create", .set = { changes, 2 } };
    test_store_open(&test, postgresql);
    test.now += INSTANT_DAY / 2;
    program = test_program();
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    model_init(changes[1].record, &user);
    user.head.id = access.user;
    user.login = text("dolma");
    user.name = text("Dolma");
    model_init(changes[0].record, &value);
    value.head.id = node_new_id(test.now);
    id_to_text(&value.head.id, signal_id);
    value.area = test.areas[TEST_EAST];
    value.source = text("alarm");
    value.disease = text("measles");
    value.event_date = (toc_date) (test.now / INSTANT_DAY) - 3;
    value.status = text("verifying");
    char noticed[INSTANT_TEXT_BYTES];
    instant_to_text(test.now - 3600 * INSTANT_SECOND, noticed);
    value.noticed_time = (struct model_text){ noticed, 19 };
    noticed[19] = 'Z';
    value.noticed_time.size = 20;
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
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
    return 0;
}

/* Ask and hold the answer to this status; the body. */
static const char *ask(enum http_method method, const char *path, const char *body, const char *key, int status)
{
    static struct exchange exchange;
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    if (key != NULL)
        test_exchange_header(&exchange, "idempotency-key", key);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static void take_id(const char *body)
{
    json_t *json = json_loads(body, 0, NULL);
    assert_non_null(json);
    snprintf(opened, sizeof opened, "%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
}

static const char *mark(const char *body, int status)
{
    char path[120];
    snprintf(path, sizeof path, "/api/v1/outbreaks/%s/mark", opened);
    return ask(HTTP_POST, path, body, NULL, status);
}

static const char *clock_of(void)
{
    char path[120];
    snprintf(path, sizeof path, "/api/v1/outbreaks/%s/clock", opened);
    return ask(HTTP_GET, path, NULL, NULL, 200);
}

/* One transaction: the outbreak, the signal's step, the tasks; pressed twice it is one. */
static void test_from_a_signal(void **state)
{
    (void) state;
    char body[200];
    snprintf(body, sizeof body, "{\"signal\":\"%s\",\"reason\":\"4 of 5 positive\"}", signal_id);
    take_id(ask(HTTP_POST, "/api/v1/outbreaks/open", body, "k1", 201));
    (void) ask(HTTP_POST, "/api/v1/outbreaks/open", body, "k1", 201);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM outbreak WHERE status = 'suspected'"), 1);
    assert_int_equal(
        test_store_number(&test, "SELECT count(*) FROM signal WHERE status = 'acting' AND outbreak IS NOT NULL"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM task WHERE kind = 'submit-report'"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM task WHERE kind = 'act-on-signal'"), 1);
    assert_non_null(strstr(clock_of(), "\"detect\":{\"standing\":\"met\",\"days\":3,\"bar\":7}"));
    assert_non_null(strstr(clock_of(), "\"notify\":{\"standing\":\"running\",\"days\":0,\"bar\":1}"));
    (void) mark("{\"what\":\"notification\"}", 200);
    assert_non_null(strstr(clock_of(), "\"notify\":{\"standing\":\"met\",\"days\":0,\"bar\":1}"));
    assert_int_equal(
        test_store_number(&test, "SELECT count(*) FROM task WHERE kind = 'submit-report' AND status = 'done'"), 1);
    (void) mark("{\"what\":\"controlled\"}", 200);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM outbreak WHERE status = 'under-control'"), 1);
}

/* Refused: nothing is written. */
static void test_refused(void **state)
{
    (void) state;
    assert_non_null(strstr(ask(HTTP_POST, "/api/v1/outbreaks/open", "{}", NULL, 422), "/disease"));
    assert_non_null(
        strstr(ask(HTTP_POST, "/api/v1/outbreaks/open", "{\"emergence\":\"soon\"}", NULL, 422), "/emergence"));
    (void) ask(HTTP_POST, "/api/v1/outbreaks/open", "{\"signal\":\"01890000-0000-7000-8000-000000000000\"}", NULL, 404);
    char body[200], area[ID_TEXT_BYTES];
    id_to_text(&test.areas[TEST_EAST], area);
    snprintf(body, sizeof body, "{\"disease\":\"measles\",\"area\":\"%s\"}", area);
    take_id(ask(HTTP_POST, "/api/v1/outbreaks/open", body, NULL, 201));
    (void) mark("{\"what\":\"everything\"}", 422);
    (void) mark("{\"what\":\"care\",\"day\":\"2999-01-01\"}", 422);
    (void) mark("{\"what\":\"confirmed\",\"drops_out\":true}", 422);
    (void) mark("{\"what\":\"emergence\",\"day\":\"soon\"}", 422);
    (void) mark("{\"what\":\"over\"}", 200);
    (void) mark("{\"what\":\"confirmed\"}", 422);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM outbreak"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal WHERE status = 'verifying'"), 1);
}

/* What lies outside the grant is not there; who may not write outbreaks opens none. */
static void test_who_may(void **state)
{
    (void) state;
    char body[200];
    snprintf(body, sizeof body, "{\"signal\":\"%s\"}", signal_id);
    access.areas = &test.areas[TEST_OTHER];
    caller = test_caller_person(&access);
    (void) ask(HTTP_POST, "/api/v1/outbreaks/open", body, NULL, 404);
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = ACCESS_ANALYST;
    caller = test_caller_person(&access);
    (void) ask(HTTP_POST, "/api/v1/outbreaks/open", body, NULL, 403);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM outbreak"), 0);
}

static json_int_t number(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static void test_summary(void **state)
{
    (void) state;
    char path[200], body[200], area[ID_TEXT_BYTES];
    id_to_text(&test.areas[TEST_EAST], area);
    snprintf(body, sizeof body, "{\"disease\":\"measles\",\"area\":\"%s\"}", area);
    take_id(ask(HTTP_POST, "/api/v1/outbreaks/open", body, NULL, 201));
    snprintf(path, sizeof path, "/api/v1/signals/%s/close", signal_id);
    assert_non_null(strstr(ask(HTTP_POST, path, "{\"code\":\"outbreak-opened\"}", NULL, 422), "/outbreak"));
    (void) ask(HTTP_POST, path, "{\"code\":\"not-confirmed\"}", NULL, 200);
    (void) ask(HTTP_GET, "/api/v1/signals/summary", NULL, NULL, 422);
    (void) ask(HTTP_GET, "/api/v1/signals/summary?from=2020-01-01&to=2025-01-01", NULL, NULL, 422);
    snprintf(path, sizeof path, "/api/v1/signals/summary?from=2024-10-01&to=2024-10-31&area=%s", area);
    json_t *json = json_loads(ask(HTTP_GET, path, NULL, NULL, 200), 0, NULL);
    assert_non_null(json);
    assert_int_equal(number(json, "num"), 1);
    assert_int_equal(number(json, "closed"), 1);
    assert_int_equal(number(json, "without_outbreak"), 1);
    const json_t *outbreaks = json_object_get(json, "outbreaks");
    assert_int_equal(number(outbreaks, "num"), 1);
    assert_int_equal(number(outbreaks, "by_no_signal"), 1);
    const json_t *close = json_object_get(json_object_get(json, "hours"), "close");
    assert_int_equal(number(close, "num"), 1);
    assert_true(json_number_value(json_object_get(close, "median_hours")) == 1.0);
    json_decref(json);
}

/* ---- the clock alone ---- */

#define assert_time(clock, which, expected, length)                                                                    \
    do {                                                                                                               \
        assert_int_equal((clock).times[which].standing, expected);                                                     \
        assert_int_equal((clock).times[which].days, length);                                                           \
    } while (0)

/* A missing date is missing, never today; what does not apply drops out; the bars are held at their day and not past.
 */
static void test_clock(void **state)
{
    (void) state;
    struct model_outbreak outbreak;
    struct outbreak_clock clock;
    model_init(model_record(MODEL_OUTBREAK), &outbreak);
    outbreak_clock_read(&outbreak, 100, &clock);
    for (size_t i = 0; i < OUTBREAK_TIMES; i++)
        assert_time(clock, i, OUTBREAK_UNKNOWN, -1);
    outbreak.detection_date = 57;
    outbreak_clock_read(&outbreak, 58, &clock);
    assert_time(clock, OUTBREAK_DETECT, OUTBREAK_UNKNOWN, -1);
    assert_time(clock, OUTBREAK_NOTIFY, OUTBREAK_RUNNING, 1);
    outbreak_clock_read(&outbreak, 59, &clock);
    assert_time(clock, OUTBREAK_NOTIFY, OUTBREAK_LATE, 2);
    outbreak.emergence_date = 50;
    outbreak.notification_date = 58;
    outbreak_clock_read(&outbreak, 65, &clock);
    assert_time(clock, OUTBREAK_DETECT, OUTBREAK_MET, 7);
    assert_time(clock, OUTBREAK_NOTIFY, OUTBREAK_MET, 1);
    assert_time(clock, OUTBREAK_RESPOND, OUTBREAK_RUNNING, 7);
    outbreak_clock_read(&outbreak, 66, &clock);
    assert_time(clock, OUTBREAK_RESPOND, OUTBREAK_LATE, 8);
    outbreak.investigation_date = 58;
    outbreak.analysis_date = outbreak.laboratory_date = outbreak.care_date = 60;
    outbreak.countermeasure_date = outbreak.communication_date = 64;
    outbreak_clock_read(&outbreak, 66, &clock);
    assert_true(clock.waits[OUTBREAK_ACTIONS - 1]);
    assert_time(clock, OUTBREAK_RESPOND, OUTBREAK_LATE, 8);
    outbreak.no_coordination = 1;
    outbreak_clock_read(&outbreak, 66, &clock);
    assert_false(clock.waits[OUTBREAK_ACTIONS - 1]);
    assert_time(clock, OUTBREAK_RESPOND, OUTBREAK_MET, 6);
    outbreak.emergence_date = 49;
    outbreak_clock_read(&outbreak, 66, &clock);
    assert_time(clock, OUTBREAK_DETECT, OUTBREAK_LATE, 8);
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),  BOTH("from a signal", test_from_a_signal),    BOTH("refused", test_refused),
        BOTH("who may", test_who_may), BOTH("the summary of signals", test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
