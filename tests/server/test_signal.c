/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals answered through the API: each step once, by somebody whose grant has the signal. */
#include <stdio.h>

#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static struct id         signal;

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
    program = test_program();
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    model_init(changes[1].record, &user);
    user.head.id = access.user;
    user.login = text("dolma");
    user.name = text("Dolma");
    model_init(changes[0].record, &value);
    signal = value.head.id = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    value.source = text("clinician");
    value.status = text("new");
    value.noticed_time = text("2023-11-14");
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

/* Send a step and hold its answer to this status; the body. */
static const char *step(const char *word, const char *body, const char *key, int status)
{
    static struct exchange exchange;
    char                   path[128], id[ID_TEXT_BYTES];
    id_to_text(&signal, id);
    snprintf(path, sizeof path, "/api/v1/signals/%s/%s", id, word);
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_POST, path, body);
    if (key != NULL)
        test_exchange_header(&exchange, "idempotency-key", key);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", word, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static void test_steps(void **state)
{
    (void) state;
    assert_non_null(strstr(step("triage", "{}", "k1", 200), "\"version\":2"));
    assert_non_null(strstr(step("triage", "{}", "k1", 200), "\"version\":2")); /* pressed twice */
    assert_non_null(strstr(step("triage", "{}", "k2", 422), "/status"));
    assert_non_null(strstr(step("verify", "{}", NULL, 422), "/code"));
    (void) step("verify", "{\"code\":\"confirmed\",\"reason\":\"4 of 5 positive\"}", NULL, 200);
    (void) step("assess", "{\"code\":\"high\",\"severity\":1}", NULL, 422);
    (void) step("assess", "{\"code\":\"high\"}", NULL, 200);
    (void) step("act", "{\"outbreak\":\"01890000-0000-7000-8000-000000000000\"}", NULL, 422);
    (void) step("act", "{}", NULL, 200);
    (void) step("close", "{\"code\":\"response-ended\"}", NULL, 200);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM task WHERE status = 'done'"), 5);
    assert_int_equal(
        test_store_number(&test, "SELECT count(*) FROM signal WHERE status = 'closed' AND owner IS NOT NULL"), 1);
}

/* What lies outside the grant is not there; who may not write signals may not answer them. */
static void test_who_may(void **state)
{
    (void) state;
    access.areas = &test.areas[TEST_OTHER];
    caller = test_caller_person(&access);
    (void) step("triage", "{}", NULL, 404);
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = ACCESS_TRACER;
    caller = test_caller_person(&access);
    (void) step("triage", "{}", NULL, 404);
    access.role = ACCESS_ANALYST;
    caller = test_caller_person(&access);
    (void) step("triage", "{}", NULL, 403);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal WHERE status = 'new'"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM task"), 0);
}

/* What waits is asked for; the body, held to this status. */
static const char *open_signals(const char *query, int status)
{
    static struct exchange exchange;
    char                   path[160];
    snprintf(path, sizeof path, "/api/v1/signals/open%s", query);
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static int times(const char *text, const char *part)
{
    int num = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        num++;
    }
    return num;
}

/* Signals that are not closed, by status, and the tasks of these alone. */
static void test_open(void **state)
{
    (void) state;
    struct model_signal  value;
    struct access        program = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_SIGNAL), .value = &value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    char                 id[ID_TEXT_BYTES], row[64], of[64], query[80], area[ID_TEXT_BYTES];
    id_to_text(&signal, id);
    snprintf(row, sizeof row, "{\"id\":\"%s\"", id);
    snprintf(of, sizeof of, "\"signal\":\"%s\"", id);
    assert_int_equal(times(open_signals("", 200), row), 1);
    assert_int_equal(times(open_signals("", 200), of), 0);
    (void) step("triage", "{}", NULL, 200);
    assert_int_equal(times(open_signals("", 200), row), 1);
    assert_int_equal(times(open_signals("", 200), of), 1);

    model_init(change.record, &value);
    signal = value.head.id = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    value.source = text("clinician");
    value.disease = text("cholera");
    value.status = text("new");
    value.noticed_time = text("2023-11-15");
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    (void) step("triage", "{}", NULL, 200);
    const char *all = open_signals("", 200);
    assert_int_equal(times(all, "\"kind\":\"verify-signal\""), 2);
    assert_int_equal(times(all, "\"source\":\"clinician\""), 2);
    const char *cholera = open_signals("?disease=cholera", 200);
    assert_int_equal(times(cholera, row), 0);
    assert_int_equal(times(cholera, of), 0); /* the task of another signal */
    assert_int_equal(times(cholera, "\"kind\":\"verify-signal\""), 1);

    id_to_text(&test.areas[TEST_OTHER], area);
    snprintf(query, sizeof query, "?area=%s", area);
    assert_null(strstr(open_signals("?disease=measles", 200), "\"id\""));
    (void) open_signals(query, 404); /* outside the grant */
    (void) open_signals("?area=x", 422);
    (void) step("verify", "{\"code\":\"not-verified\",\"reason\":\"no sample\"}", NULL, 200);
    (void) step("close", "{\"code\":\"no-outbreak\",\"reason\":\"no sample\"}", NULL, 200);
    assert_null(strstr(open_signals("?disease=cholera", 200), "\"id\""));
    access.role = ACCESS_TRACER;
    caller = test_caller_person(&access);
    (void) open_signals("", 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: steps", test_steps, on_sqlite, end, NULL },
        { "sqlite: who may", test_who_may, on_sqlite, end, NULL },
        { "sqlite: what waits", test_open, on_sqlite, end, NULL },
        { "postgresql: steps", test_steps, on_postgresql, end, NULL },
        { "postgresql: who may", test_who_may, on_postgresql, end, NULL },
        { "postgresql: what waits", test_open, on_postgresql, end, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
