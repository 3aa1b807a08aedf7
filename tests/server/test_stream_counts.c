/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of a stream through the API: written once, shown as known on a day, by whose grant has the stream. */
#include <stdio.h>

#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static struct id         stream;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static int begin(bool postgresql)
{
    struct model_stream  value;
    struct access        program;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_STREAM), .value = &value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    test_store_open(&test, postgresql);
    program = test_program();
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    model_init(change.record, &value);
    stream = value.head.id = node_new_id(test.now);
    value.code = text("sales");
    value.indicator = text("medicine-sales");
    value.area = test.areas[TEST_EAST];
    value.period = text("day");
    value.feed = text("file");
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

/* Send to, or ask for, the stream's counts, and hold the answer to this status; the body. */
static const char *counts(const char *body, const char *query, int status)
{
    static struct exchange exchange;
    char                   path[160], id[ID_TEXT_BYTES];
    id_to_text(&stream, id);
    snprintf(path, sizeof path, "/api/v1/streams/%s/counts%s", id, query);
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, body != NULL ? HTTP_POST : HTTP_GET, path, body);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%d instead of %d: %s", exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static void test_written_once(void **state)
{
    static const char first[] = "{\"values\":[{\"day\":\"2023-11-02\",\"value\":4.5,\"known\":\"2023-11-04\"},"
                                "{\"day\":\"2023-11-01\",\"value\":null,\"known\":\"2023-11-03\"}]}";
    (void) state;
    assert_null(strstr(counts(first, "", 200), "null"));
    assert_string_equal(counts(first, "", 200), "{\"delivery\":null}");
    (void) counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":0,\"known\":\"2023-11-06\"}]}", "", 200);
    assert_string_equal(counts(NULL, "?known=2023-11-05", 200),
                        "{\"values\":[{\"day\":\"2023-11-01\",\"value\":null,\"known\":\"2023-11-03\"},"
                        "{\"day\":\"2023-11-02\",\"value\":4.5,\"known\":\"2023-11-04\"}]}");
    assert_non_null(strstr(counts(NULL, "", 200), "\"value\":0,\"known\":\"2023-11-06\""));
    assert_string_equal(counts(NULL, "?known=2023-11-01", 200), "{\"values\":[]}");
}

static void test_refused(void **state)
{
    (void) state;
    assert_non_null(strstr(counts("{\"values\":[{\"day\":\"yesterday\",\"value\":1}]}", "", 422), "/values/0/day"));
    assert_non_null(
        strstr(counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":\"1\"}]}", "", 422), "/values/0/value"));
    assert_non_null(strstr(
        counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":1},{\"day\":\"2023-11-02\",\"value\":2}]}", "", 422),
        "twice"));
    (void) counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":1,\"name\":\"x\"}]}", "", 422);
    (void) counts("{\"values\":{}}", "", 422);
    (void) counts(NULL, "?known=soon", 422);
    access.areas = &test.areas[TEST_OTHER];
    caller = test_caller_person(&access);
    (void) counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":1}]}", "", 404);
    (void) counts(NULL, "", 404);
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = ACCESS_SUPERVISOR;
    caller = test_caller_person(&access);
    (void) counts("{\"values\":[{\"day\":\"2023-11-02\",\"value\":1}]}", "", 403);
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM stream_values"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: written once", test_written_once, on_sqlite, end, NULL },
        { "sqlite: refused", test_refused, on_sqlite, end, NULL },
        { "postgresql: written once", test_written_once, on_postgresql, end, NULL },
        { "postgresql: refused", test_refused, on_postgresql, end, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
