/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failures as problem documents: one entry a fault, and nothing of what is outside the grant. */
#include "server/problem.h"
#include "support/exchange.h"
#include "support/test.h"

static void ask(struct exchange *exchange, int status)
{
    test_exchange_init(exchange, NULL, HTTP_GET, "/healthz", NULL);
    sink_init_memory(&exchange->answer.body);
    fault_add(&exchange->faults, (struct fault_place){ .name = "onset_date", .line = 3 }, "a date", "\"soon\"");
    exchange_finish(exchange, status);
}

static void test_faults_of_the_input_are_listed(void **state)
{
    (void) state;
    struct exchange exchange;
    ask(&exchange, BASE_ERR_INPUT);
    assert_int_equal(exchange.answer.status, 422);
    assert_string_equal(exchange.answer.type, "application/problem+json");
    assert_string_equal(test_exchange_body(&exchange),
                        "{\"type\":\"/problems/input\",\"title\":\"What was sent has faults\",\"status\":422,"
                        "\"faults\":[{\"where\":\"/onset_date\",\"line\":3,\"found\":\"\\\"soon\\\"\","
                        "\"allowed\":\"a date\"}]}");
    exchange_free(&exchange);
}

/* Whatever the rooms below noted: what is absent and what is not to be seen answer alike. */
static void test_absent_and_denied_say_nothing_more(void **state)
{
    (void) state;
    static const int statuses[] = { STORE_ERR_ABSENT, STORE_ERR_DENIED, BASE_ERR_SYSTEM, DB_ERR_CORRUPT };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct exchange exchange;
        ask(&exchange, statuses[i]);
        assert_null(strstr(test_exchange_body(&exchange), "soon"));
        exchange_free(&exchange);
    }
}

static void test_statuses(void **state)
{
    (void) state;
    static const struct {
        int status, http;
    } rows[] = { { STORE_ERR_ABSENT, 404 },         { STORE_ERR_VERSION, 412 },
                 { STORE_ERR_EXISTS, 409 },         { STORE_ERR_DENIED, 403 },
                 { STORE_ERR_STOPPED, 503 },        { STORE_ERR_FULL_QUEUE, 503 },
                 { SERVER_ERR_UNKNOWN_PATH, 404 },  { SERVER_ERR_METHOD, 405 },
                 { SERVER_ERR_SIGN_IN, 401 },       { SERVER_ERR_TOO_MANY, 429 },
                 { SERVER_ERR_MEDIA, 415 },         { SERVER_ERR_PRECONDITION, 428 },
                 { SERVER_ERR_ORIGIN, 403 },        { SERVER_ERR_TOO_BIG, 413 },
                 { SERVER_ERR_BUSY, 503 },          { SERVER_ERR_SET_UP, 503 },
                 { SERVER_ERR_REQUEST, 400 },       { SERVER_ERR_TIMEOUT, 408 },
                 { SERVER_ERR_LONG_PATH, 414 },     { SERVER_ERR_HEADERS, 431 },
                 { SERVER_ERR_SECOND_FACTOR, 403 }, { DB_ERR_FULL, 507 },
                 { TOC_ERR_NO_MEMORY, 503 },        { BASE_ERR_SYSTEM, 500 },
                 { BASE_ERR_INPUT, 422 },           { -4711, 500 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct exchange exchange;
        ask(&exchange, rows[i].status);
        assert_int_equal(exchange.answer.status, rows[i].http);
        assert_int_equal(problem_http_status(rows[i].status), rows[i].http);
        assert_int_equal(test_exchange_answer_header(&exchange, "Retry-After") != NULL, rows[i].http == 503);
        assert_int_equal(test_exchange_answer_header(&exchange, "WWW-Authenticate") != NULL, rows[i].http == 401);
        exchange_free(&exchange);
    }
}

/* What a handler wrote before it failed is not sent, nor its headers. */
static void test_a_begun_answer_is_taken_back(void **state)
{
    (void) state;
    struct exchange exchange;
    test_exchange_init(&exchange, NULL, HTTP_GET, "/healthz", NULL);
    sink_init_memory(&exchange.answer.body);
    sink_text(&exchange.answer.body, "half of an answer");
    answer_header(&exchange, "ETag", "\"3\"");
    exchange_finish(&exchange, STORE_ERR_ABSENT);
    assert_null(strstr(test_exchange_body(&exchange), "half"));
    assert_null(test_exchange_answer_header(&exchange, "ETag"));
    exchange_free(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_of_the_input_are_listed),
        cmocka_unit_test(test_absent_and_denied_say_nothing_more),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_a_begun_answer_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
