/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target of a request, its limits, and the names that the guard knows. */
#include <stdlib.h>

#include "server/guard.h"
#include "server/target.h"
#include "support/exchange.h"
#include "support/test.h"

static int read_target(struct exchange *exchange, const char *target)
{
    *exchange = (struct exchange){ .method = HTTP_GET };
    return target_read(exchange, target, strlen(target));
}

static void test_path_and_parameters(void **state)
{
    (void) state;
    struct exchange exchange;
    assert_ok(read_target(&exchange, "/api/%E4%B8%AD?a=1&b=x+y%26z&&c&=d"));
    assert_string_equal(exchange.path, "/api/中");
    assert_int_equal(exchange.num_query, 4);
    assert_string_equal(exchange_query(&exchange, "a"), "1");
    assert_string_equal(exchange_query(&exchange, "b"), "x y&z");
    assert_string_equal(exchange_query(&exchange, "c"), "");
    assert_string_equal(exchange_query(&exchange, ""), "d");
    assert_null(exchange_query(&exchange, "e"));
    exchange_free(&exchange);
}

static void test_length_at_the_limit_and_past_it(void **state)
{
    (void) state;
    struct exchange exchange;
    char           *target = malloc(TARGET_MAX_BYTES + 2);
    assert_non_null(target);
    memset(target, 'a', TARGET_MAX_BYTES + 1);
    target[0] = '/';
    target[TARGET_MAX_BYTES] = '\0';
    assert_ok(read_target(&exchange, target));
    exchange_free(&exchange);
    target[TARGET_MAX_BYTES] = 'a';
    target[TARGET_MAX_BYTES + 1] = '\0';
    assert_status(read_target(&exchange, target), SERVER_ERR_LONG_PATH);
    exchange_free(&exchange);
    free(target);
}

static void test_parameters_at_the_limit_and_past_it(void **state)
{
    (void) state;
    struct exchange exchange;
    char            target[4 * EXCHANGE_MAX_QUERY + 10] = "/?";
    for (int i = 0; i < EXCHANGE_MAX_QUERY; i++)
        strcat(target, i > 0 ? "&a=" : "a=");
    assert_ok(read_target(&exchange, target));
    assert_int_equal(exchange.num_query, EXCHANGE_MAX_QUERY);
    exchange_free(&exchange);
    strcat(target, "&b");
    assert_status(read_target(&exchange, target), SERVER_ERR_REQUEST);
    assert_int_equal(exchange.faults.num_kept, 1);
    exchange_free(&exchange);
}

static void test_what_is_no_target(void **state)
{
    (void) state;
    static const char *const targets[] = { "",           "a",      "*",      "http://a.example/",
                                           "/a b",       "/%",     "/%4",    "/%g1",
                                           "/%1g",       "/%00",   "/%0a",   "/%7f",
                                           "/\x80",      "/%80",   "/a/..",  "/./a",
                                           "/%2e/",      "/a%2Fb", "/a\\b",  "/a?b=%",
                                           "/a?b=%00",   "/#",     "/?a=\t", "/%ed%a0%80",
                                           "/%e2%80%ae", "/?%c0=1" };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct exchange exchange;
        int             ret = read_target(&exchange, targets[i]);
        if (ret != SERVER_ERR_REQUEST)
            fail_msg("%s: %d", targets[i], ret);
        exchange_free(&exchange);
    }
}

/* ---- the guard ---- */

static void test_names_of_the_server(void **state)
{
    (void) state;
    struct guard    guard = { .num = 0 };
    struct exchange exchange;
    assert_true(guard_allow(&guard, "https", "Tocsin.County.example"));
    assert_string_equal(guard.origins[0], "https://tocsin.county.example");
    test_exchange_init(&exchange, NULL, HTTP_POST, "/", NULL);
    assert_status(guard_origin(&exchange, &guard), SERVER_ERR_ORIGIN);
    test_exchange_header(&exchange, "host", "TOCSIN.county.example");
    assert_ok(guard_origin(&exchange, &guard));
    test_exchange_header(&exchange, "origin", "https://tocsin.county.example");
    assert_ok(guard_origin(&exchange, &guard));
    test_exchange_header(&exchange, "origin", "https://tocsin.county.example:8443");
    assert_status(guard_origin(&exchange, &guard), SERVER_ERR_ORIGIN);
    exchange_free(&exchange);
}

static void test_names_at_the_limit_and_past_it(void **state)
{
    (void) state;
    struct guard guard = { .num = 0 };
    char         name[GUARD_NAME_BYTES];
    memset(name, 'a', sizeof name);
    name[GUARD_NAME_BYTES - 10] = '\0';
    assert_true(guard_allow(&guard, "https", name));
    assert_int_equal(strlen(guard.hosts[0]), GUARD_NAME_BYTES - 10);
    name[GUARD_NAME_BYTES - 10] = 'a';
    name[GUARD_NAME_BYTES - 9] = '\0';
    assert_false(guard_allow(&guard, "https", name));
    while (guard.num < GUARD_MAX_HOSTS)
        assert_true(guard_allow(&guard, "http", "a"));
    assert_false(guard_allow(&guard, "http", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_parameters),
        cmocka_unit_test(test_length_at_the_limit_and_past_it),
        cmocka_unit_test(test_parameters_at_the_limit_and_past_it),
        cmocka_unit_test(test_what_is_no_target),
        cmocka_unit_test(test_names_of_the_server),
        cmocka_unit_test(test_names_at_the_limit_and_past_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
