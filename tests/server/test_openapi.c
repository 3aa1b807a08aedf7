/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /openapi.json says what the server does: every route stands in it, every route that is asked answers as it says. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/model_schema.h"
#include "model/view.h"
#include "server/route.h"
#include "support/exchange.h"
#include "support/schema.h"
#include "support/test.h"

static json_t *document;

static int load(void **state)
{
    (void) state;
    struct test_store test;
    struct exchange   exchange;
    test_store_open(&test, false);
    test_exchange_init(&exchange, &test, HTTP_GET, "/openapi.json", NULL);
    assert_ok(exchange_call(&exchange));
    document = json_loads(test_exchange_body(&exchange), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    exchange_free(&exchange);
    test_store_close(&test);
    return 0;
}

static int unload(void **state)
{
    (void) state;
    json_decref(document);
    return 0;
}

static const char *word_of(enum http_method method)
{
    static const char *const words[] = { "get", "head", "post", "put", "patch", "delete" };
    return words[method];
}

static void test_every_route_stands_in_it_and_nothing_else(void **state)
{
    (void) state;
    size_t              num, in_document = 0;
    const struct route *all = routes(&num);
    const json_t       *paths = json_object_get(document, "paths");
    const char         *path, *method;
    json_t             *methods, *operation;
    for (size_t i = 0; i < num; i++) {
        operation = json_object_get(json_object_get(paths, all[i].path), word_of(all[i].method));
        if (operation == NULL)
            fail_msg("%s %s is not in it", word_of(all[i].method), all[i].path);
        assert_non_null(json_object_get(operation, "summary"));
    }
    json_object_foreach ((json_t *) (uintptr_t) paths, path, methods)
        json_object_foreach (methods, method, operation)
            in_document++;
    assert_int_equal(in_document, num);
}

/* Whatever a $ref names is there. */
static void check_references(const json_t *json)
{
    static const char before[] = "#/components/schemas/";
    const char       *key;
    json_t           *value;
    size_t            i;
    if (json_is_array(json)) {
        json_array_foreach ((json_t *) (uintptr_t) json, i, value)
            check_references(value);
        return;
    }
    json_object_foreach ((json_t *) (uintptr_t) json, key, value) {
        if (strcmp(key, "$ref") == 0 && json_is_string(value) &&
            schema_named(document, json_string_value(value) + sizeof before - 1) == NULL)
            fail_msg("no schema %s", json_string_value(value));
        check_references(value);
    }
}

static void test_every_schema_named_is_there(void **state)
{
    (void) state;
    check_references(document);
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++) {
        if (all[i].request != NULL)
            assert_non_null(schema_named(document, all[i].request));
        if (all[i].reply != NULL)
            assert_non_null(schema_named(document, all[i].reply));
    }
}

/* `tocsin model --as openapi` writes the same descriptions. */
static void test_its_records_are_those_of_the_model(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    const char        *name;
    json_t            *schema;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    model_openapi_write(&json, NULL, NULL);
    json_end(&json);
    json_t *alone = json_loadb(sink.bytes, sink.used, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(alone);
    assert_true(json_object_size(alone) > 3 * MODEL_NUM_RECORDS);
    json_object_foreach (alone, name, schema)
        assert_true(json_equal(schema, schema_named(document, name)));
    json_decref(alone);
    sink_free(&sink);
}

static void test_the_name_of_a_list_is_its_records_path(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (size_t i = 0; i < num; i++)
        assert_string_equal(all[i].name, model_record(all[i].record)->path);
}

/* Parameters of a route that mean two things would be read as one. */
static void test_no_parameter_stands_twice(void **state)
{
    (void) state;
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++)
        for (const struct route_parameter *at = all[i].parameters; at != NULL && at->name != NULL; at++)
            for (const struct route_parameter *other = all[i].parameters; other < at; other++)
                assert_string_not_equal(at->name, other->name);
}

/* A route's path with an id in every {…}. */
static void filled(const char *path, char *to)
{
    for (; *path != '\0'; path++) {
        if (*path != '{') {
            *to++ = *path;
            continue;
        }
        to = stpcpy(to, "0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee");
        path = strchr(path, '}');
    }
    *to = '\0';
}

/* Every route is asked by nobody, and by the program with a body that has nothing in it; each answer is held to the
 * document (support/exchange_check.c). What answers well is asked in the tests of its subject. */
static void test_every_route_answers_as_it_says(void **state)
{
    (void) state;
    struct test_store test;
    test_store_open(&test, false);
    struct access       program = test_program();
    struct caller       nobody = { .kind = CALLER_NOBODY }, caller = test_caller_person(&program);
    size_t              num;
    const struct route *all = routes(&num);
    caller.second_factor = true;
    for (size_t i = 0; i < 2 * num; i++) {
        const struct route *route = &all[i / 2];
        struct exchange     exchange;
        char                path[256];
        filled(route->path, path);
        test_exchange_as(i % 2 == 0 ? &nobody : &caller);
        test_exchange_init(&exchange, &test, route->method, path, route->body == ROUTE_JSON ? "{}" : NULL);
        if (route->if_match)
            test_exchange_header(&exchange, "if-match", "\"1\"");
        if (route->needs_key)
            test_exchange_header(&exchange, "idempotency-key", path);
        (void) exchange_call(&exchange);
        if (i % 2 == 0 && route->access != ROUTE_ANYBODY && route->access != ROUTE_METRICS)
            assert_int_equal(exchange.answer.status, 401);
        if (exchange.answer.status >= 500 && exchange.answer.status != 503)
            fail_msg("%s %s: %d", word_of(route->method), path, exchange.answer.status);
        exchange_free(&exchange);
    }
    test_exchange_as(NULL);
    test_store_close(&test);
}

/* ---- the walker itself: it does find what is wrong ---- */

static bool fits(const char *schema, const char *value)
{
    char    why[SCHEMA_WHY_BYTES];
    json_t *parsed = json_loads(schema, 0, NULL), *json = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_non_null(parsed);
    assert_non_null(json);
    bool is = schema_holds(document, parsed, json, why);
    json_decref(parsed);
    json_decref(json);
    return is;
}

static void test_the_walker_finds_what_is_wrong(void **state)
{
    (void) state;
    static const struct {
        const char *schema, *good, *bad;
    } rows[] = {
        { "{\"type\":\"integer\"}", "1", "1.5" },
        { "{\"type\":[\"string\",\"null\"]}", "null", "true" },
        { "{\"enum\":[\"a\",\"b\"]}", "\"b\"", "\"c\"" },
        { "{\"const\":\"a\"}", "\"a\"", "\"b\"" },
        { "{\"required\":[\"a\"]}", "{\"a\":1}", "{}" },
        { "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":\"\"}", "{\"a\":1}" },
        { "{\"additionalProperties\":false}", "{}", "{\"a\":1}" },
        { "{\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":\"x\"}", "{\"a\":1}" },
        { "{\"items\":{\"minimum\":2}}", "[2,3]", "[2,1]" },
        { "{\"maximum\":2}", "2", "3" },
        { "{\"minLength\":2,\"maxLength\":2}", "\"鼠疫\"", "\"鼠\"" },
        { "{\"pattern\":\"^\\\\d{4}$\"}", "\"2026\"", "\"x2026\"" },
        { "{\"format\":\"date\"}", "\"2026-11-22\"", "\"2026-W47\"" },
        { "{\"format\":\"date-time\"}", "\"2026-11-22T00:00:00Z\"", "\"2026-11-22\"" },
        { "{\"format\":\"uuid\"}", "\"0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee\"", "\"0193aaaa\"" },
        { "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"integer\"}]}", "1", "\"\"" },
        { "{\"$ref\":\"#/components/schemas/written\"}",
          "{\"id\":\"0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee\",\"version\":1}", "{\"id\":\"x\",\"version\":1}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!fits(rows[i].schema, rows[i].good) || fits(rows[i].schema, rows[i].bad))
            fail_msg("%s", rows[i].schema);
    }
    assert_false(fits("{\"multipleOf\":2}", "4")); /* a word that it does not know */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_stands_in_it_and_nothing_else),
        cmocka_unit_test(test_every_schema_named_is_there),
        cmocka_unit_test(test_its_records_are_those_of_the_model),
        cmocka_unit_test(test_the_name_of_a_list_is_its_records_path),
        cmocka_unit_test(test_no_parameter_stands_twice),
        cmocka_unit_test(test_every_route_answers_as_it_says),
        cmocka_unit_test(test_the_walker_finds_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
