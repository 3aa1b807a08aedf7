/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request through its stations: body, sign-in, who may ask, If-Match, handler, writer. */
#include <stdlib.h>

#include "server/route.h"
#include "support/exchange.h"
#include "support/test.h"

static struct access tracer = { .role = ACCESS_TRACER };

static int echo(struct exchange *exchange)
{
    sink_write(&exchange->answer.body, exchange->body, exchange->body_size);
    return 0;
}

/* A route of the test's own: found already, so that the table is not asked. */
static int call(struct exchange *exchange, const struct route *route, const char *body)
{
    test_exchange_init(exchange, NULL, HTTP_POST, "/test", body);
    exchange->route = route;
    return exchange_call(exchange);
}

static void expect(const struct route *route, const struct caller *caller, const char *body, int status)
{
    struct exchange exchange;
    test_exchange_as(caller);
    assert_status(call(&exchange, route, body), status);
    exchange_free(&exchange);
    test_exchange_as(NULL);
}

static void test_health_answers_anybody(void **state)
{
    (void) state;
    struct exchange exchange;
    test_exchange_init(&exchange, NULL, HTTP_GET, "/healthz", NULL);
    assert_ok(exchange_call(&exchange));
    assert_int_equal(exchange.answer.status, 200);
    assert_string_equal(exchange.answer.type, "application/json");
    assert_string_equal(test_exchange_body(&exchange), "{\"status\":\"ok\"}");
    exchange_free(&exchange);
}

static void test_who_may_ask(void **state)
{
    (void) state;
    struct caller nobody = { .kind = CALLER_NOBODY }, person = test_caller_person(&tracer), strong = person,
                  machine = test_caller_machine(&tracer);
    strong.second_factor = true;
    const struct {
        enum route_access access;
        int               nobody, person, strong, machine;
    } rows[] = {
        { ROUTE_ANYBODY, 0, 0, 0, 0 },
        { ROUTE_SIGNED_IN, SERVER_ERR_SIGN_IN, 0, 0, 0 },
        { ROUTE_PERSON, SERVER_ERR_SIGN_IN, 0, 0, STORE_ERR_DENIED },
        { ROUTE_SECOND_FACTOR, SERVER_ERR_SIGN_IN, SERVER_ERR_SECOND_FACTOR, 0, STORE_ERR_DENIED },
        { ROUTE_MACHINE, SERVER_ERR_SIGN_IN, STORE_ERR_DENIED, STORE_ERR_DENIED, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct route route = { .method = HTTP_POST, .path = "/test", .access = rows[i].access, .handler = echo };
        expect(&route, &nobody, NULL, rows[i].nobody);
        expect(&route, &person, NULL, rows[i].person);
        expect(&route, &strong, NULL, rows[i].strong);
        expect(&route, &machine, NULL, rows[i].machine);
    }
}

static void test_metrics_are_for_this_machine(void **state)
{
    (void) state;
    struct route    route = { .path = "/test", .access = ROUTE_METRICS, .handler = echo };
    struct exchange exchange;
    assert_ok(call(&exchange, &route, NULL));
    exchange_free(&exchange);
    test_exchange_init(&exchange, NULL, HTTP_GET, "/test", NULL);
    exchange.route = &route;
    exchange.local = false;
    assert_status(exchange_call(&exchange), SERVER_ERR_UNKNOWN_PATH);
    exchange_free(&exchange);
}

static void test_bodies_at_the_limit_and_past_it(void **state)
{
    (void) state;
    struct route route = { .path = "/test", .body = ROUTE_JSON, .max_body = 8, .handler = echo };
    expect(&route, NULL, "{\"a\":12}", 0);
    expect(&route, NULL, "{\"a\":123}", SERVER_ERR_TOO_BIG);
    route.max_body = 0;
    char *body = malloc(ROUTE_MAX_BODY + 2);
    assert_non_null(body);
    memset(body, ' ', ROUTE_MAX_BODY + 1);
    body[ROUTE_MAX_BODY] = '\0';
    expect(&route, NULL, body, 0);
    body[ROUTE_MAX_BODY] = ' ';
    body[ROUTE_MAX_BODY + 1] = '\0';
    expect(&route, NULL, body, SERVER_ERR_TOO_BIG);
    free(body);
}

static void test_depth_at_the_limit_and_past_it(void **state)
{
    (void) state;
    struct route route = { .path = "/test", .body = ROUTE_JSON, .handler = echo };
    char         body[2 * EXCHANGE_MAX_JSON_DEPTH + 3] = "";
    memset(body, '[', EXCHANGE_MAX_JSON_DEPTH);
    memset(body + EXCHANGE_MAX_JSON_DEPTH, ']', EXCHANGE_MAX_JSON_DEPTH);
    expect(&route, NULL, body, 0);
    memset(body, '[', EXCHANGE_MAX_JSON_DEPTH + 1);
    memset(body + EXCHANGE_MAX_JSON_DEPTH + 1, ']', EXCHANGE_MAX_JSON_DEPTH + 1);
    expect(&route, NULL, body, BASE_ERR_INPUT);
    /* brackets within strings nest nothing, also behind an escaped quote */
    expect(&route, NULL, "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]", 0);
}

static void test_kinds_of_bodies(void **state)
{
    (void) state;
    static const struct {
        enum route_body body;
        const char     *type;
        int             status;
    } rows[] = {
        { ROUTE_JSON, "application/json", 0 },
        { ROUTE_JSON, "Application/JSON; charset=utf-8", 0 },
        { ROUTE_JSON, "application/merge-patch+json", 0 },
        { ROUTE_JSON, "text/plain", SERVER_ERR_MEDIA },
        { ROUTE_JSON, "+json", SERVER_ERR_MEDIA },
        { ROUTE_JSON, "a/b+json", SERVER_ERR_MEDIA },
        { ROUTE_JSON, "application/+json", SERVER_ERR_MEDIA },
        { ROUTE_JSON, NULL, SERVER_ERR_MEDIA },
        { ROUTE_JSON, "", SERVER_ERR_MEDIA },
        { ROUTE_FORM, "application/x-www-form-urlencoded", 0 },
        { ROUTE_FORM, "multipart/form-data; boundary=x", SERVER_ERR_MEDIA },
        { ROUTE_BYTES, "application/hl7-v2", 0 },
        { ROUTE_NO_BODY, "application/json", SERVER_ERR_MEDIA },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct route    route = { .path = "/test", .body = rows[i].body, .handler = echo };
        struct exchange exchange;
        test_exchange_init(&exchange, NULL, HTTP_POST, "/test", "{}");
        exchange.num_headers = 0;
        if (rows[i].type != NULL)
            test_exchange_header(&exchange, "content-type", rows[i].type);
        exchange.route = &route;
        assert_status(exchange_call(&exchange), rows[i].status);
        exchange_free(&exchange);
    }
}

static void test_a_change_names_the_version(void **state)
{
    (void) state;
    struct route    route = { .path = "/test", .if_match = true, .handler = echo };
    struct exchange exchange;
    expect(&route, NULL, NULL, SERVER_ERR_PRECONDITION);
    test_exchange_init(&exchange, NULL, HTTP_PATCH, "/test", NULL);
    test_exchange_header(&exchange, "if-match", "\"1\"");
    exchange.route = &route;
    assert_ok(exchange_call(&exchange));
    exchange_free(&exchange);
}

/* ---- writing ---- */

static struct test_store store;

static int answer_event(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    if (status == 0)
        sink_format(&exchange->answer.body, "%d", receipt->event > 0);
    return status;
}

static int create_person(struct exchange *exchange)
{
    struct people_sample *sample = arena_array(&exchange->arena, 1, sizeof *sample);
    struct store_change  *changes = arena_array(&exchange->arena, 3, sizeof *changes);
    struct store_request *request = arena_array(&exchange->arena, 1, sizeof *request);
    test_person_set(&store, sample, changes);
    *request = (struct store_request){ .verb = "create", .set = { changes, 3 } };
    return exchange_submit(exchange, request, answer_event);
}

static void test_a_handler_goes_on_when_it_is_durable(void **state)
{
    (void) state;
    struct route    route = { .path = "/test", .handler = create_person };
    struct access   program = test_program();
    struct caller   machine = test_caller_machine(&program);
    struct exchange exchange;
    test_store_open(&store, false);
    int64_t before = test_store_number(&store, "SELECT count(*) FROM person");
    test_exchange_as(&machine);
    test_exchange_init(&exchange, &store, HTTP_POST, "/test", NULL);
    exchange.route = &route;
    assert_ok(exchange_call(&exchange));
    assert_string_equal(test_exchange_body(&exchange), "1");
    exchange_free(&exchange);
    assert_int_equal(test_store_number(&store, "SELECT count(*) FROM person"), before + 1);

    struct caller nobody = { .kind = CALLER_NOBODY };
    test_exchange_as(&nobody); /* the grant is the caller's, not the route's */
    test_exchange_init(&exchange, &store, HTTP_POST, "/test", NULL);
    exchange.route = &route;
    assert_status(exchange_call(&exchange), STORE_ERR_DENIED);
    assert_int_equal(exchange.answer.status, 403);
    exchange_free(&exchange);
    test_exchange_as(NULL);
    test_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_answers_anybody),
        cmocka_unit_test(test_who_may_ask),
        cmocka_unit_test(test_metrics_are_for_this_machine),
        cmocka_unit_test(test_bodies_at_the_limit_and_past_it),
        cmocka_unit_test(test_depth_at_the_limit_and_past_it),
        cmocka_unit_test(test_kinds_of_bodies),
        cmocka_unit_test(test_a_change_names_the_version),
        cmocka_unit_test(test_a_handler_goes_on_when_it_is_durable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
