/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of routes: every route is found by its own path, and nothing else is. */
#include <stdio.h>

#include "server/route.h"
#include "support/exchange.h"
#include "support/test.h"

/* A path that fits a route, each {…} filled with x. */
static void filled(const char *path, char *to)
{
    for (; *path != '\0'; path++) {
        if (*path != '{') {
            *to++ = *path;
            continue;
        }
        *to++ = 'x';
        path = strchr(path, '}');
    }
    *to = '\0';
}

static int find(struct exchange *exchange, enum http_method method, const char *path)
{
    test_exchange_init(exchange, NULL, method, path, NULL);
    sink_init_memory(&exchange->answer.body);
    return route_find(exchange);
}

static void test_every_route_is_found(void **state)
{
    (void) state;
    size_t              num;
    const struct route *all = routes(&num);
    assert_true(num > 0);
    for (size_t i = 0; i < num; i++) {
        struct exchange exchange;
        char            path[256];
        filled(all[i].path, path);
        assert_ok(find(&exchange, all[i].method, path));
        assert_ptr_equal(exchange.route, &all[i]);
        exchange_free(&exchange);
    }
}

/* What a reader of /openapi.json or of the tests of access must know stands at every route. */
static void test_every_route_says_what_it_is(void **state)
{
    (void) state;
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++) {
        assert_non_null(all[i].handler);
        assert_non_null(all[i].summary_en);
        assert_non_null(all[i].summary_zh);
        if (all[i].method == HTTP_GET)
            assert_int_equal(all[i].body, ROUTE_NO_BODY);
    }
}

static void test_other_paths_are_unknown(void **state)
{
    (void) state;
    static const char *const paths[] = { "",
                                         "healthz",
                                         "/healthz/",
                                         "//healthz",
                                         "/healthz/x",
                                         "/health",
                                         "/healthzz",
                                         "/HEALTHZ",
                                         "/api",
                                         "/api/v1/nothing",
                                         "/a/b/c/d/e/f/g/h/i/j/k/l",
                                         "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct exchange exchange;
        assert_status(find(&exchange, HTTP_GET, paths[i]), SERVER_ERR_UNKNOWN_PATH);
        exchange_free(&exchange);
    }
}

static void test_another_method_is_told_which_are_taken(void **state)
{
    (void) state;
    struct exchange exchange;
    assert_status(find(&exchange, HTTP_DELETE, "/healthz"), SERVER_ERR_METHOD);
    assert_string_equal(test_exchange_answer_header(&exchange, "Allow"), "GET, HEAD");
    exchange_finish(&exchange, SERVER_ERR_METHOD);
    assert_int_equal(exchange.answer.status, 405);
    assert_string_equal(test_exchange_answer_header(&exchange, "Allow"), "GET, HEAD");
    exchange_free(&exchange);
    assert_ok(find(&exchange, HTTP_HEAD, "/healthz"));
    exchange_free(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_is_found),
        cmocka_unit_test(test_every_route_says_what_it_is),
        cmocka_unit_test(test_other_paths_are_unknown),
        cmocka_unit_test(test_another_method_is_told_which_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
