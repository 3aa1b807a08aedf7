/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Administration over the API: users and grants, the audit trail, backups and retention; and who may not. */
#include <jansson.h>
#include <stdio.h>

#include "model/records.h"
#include "server/server_internal.h"
#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     who;
static struct caller     caller;

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
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

static void become(enum access_role role)
{
    who = (struct access){ .user = { { 9, (uint8_t) role } }, .role = role, .everywhere = true };
    caller = test_caller_person(&who);
    caller.second_factor = true;
}

/* The answer's JSON, or NULL where it has none. */
static json_t *ask(enum http_method method, const char *path, const char *body, int status)
{
    static unsigned keys;
    struct exchange exchange;
    char            key[24];
    test_exchange_init(&exchange, &test, method, path, body);
    if (method != HTTP_GET) {
        snprintf(key, sizeof key, "key-%u", keys++);
        test_exchange_header(&exchange, "idempotency-key", key);
        test_exchange_header(&exchange, "if-match", "\"1\"");
    }
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    json_t *json = json_loads(test_exchange_body(&exchange), 0, NULL);
    exchange_free(&exchange);
    return json;
}

static void refused(enum http_method method, const char *path, const char *body, int status, const char *where)
{
    json_t *json = ask(method, path, body, status);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(json, "faults"), 0), "where")),
                        where);
    json_decref(json);
}

/* Create; its id as text. */
static void create(const char *path, const char *body, char id[ID_TEXT_BYTES])
{
    json_t *json = ask(HTTP_POST, path, body, 201);
    snprintf(id, ID_TEXT_BYTES, "%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
}

static void test_a_user_is_made_granted_and_ended(void **state)
{
    (void) state;
    char user[ID_TEXT_BYTES], grant[ID_TEXT_BYTES], body[400], path[100], area[ID_TEXT_BYTES], me[ID_TEXT_BYTES];
    become(ACCESS_ADMINISTRATOR);
    id_to_text(&test.areas[TEST_COUNTY], area);
    create("/api/v1/users", "{\"login\":\"first\"}", me); /* who does what follows */
    assert_ok(id_from_text(me, strlen(me), &who.user));
    caller = test_caller_person(&who);
    caller.second_factor = true;
    create("/api/v1/users", "{\"login\":\"pema\",\"name\":\"Pema\"}", user);
    snprintf(
        body, sizeof body,
        "{\"user\":\"%s\",\"role\":\"tracer\",\"area\":\"%s\",\"starts\":\"2026-01-01T00:00:00Z\",\"given_by\":\"%s\"}",
        user, area, user);
    create("/api/v1/grants", body, grant);
    snprintf(path, sizeof path, "/api/v1/grants/%s", grant);
    json_t *json = ask(HTTP_GET, path, NULL, 200);
    assert_string_equal(json_string_value(json_object_get(json, "given_by")), me); /* whatever was said */
    json_decref(json);
    refused(HTTP_PATCH, path, "{\"everywhere\":true}", 422, "/everywhere");
    json_decref(ask(HTTP_PATCH, path, "{\"ends\":\"2026-02-01T00:00:00Z\"}", 200));
    snprintf(path, sizeof path, "/api/v1/users/%s", user);
    json_decref(ask(HTTP_PATCH, path, "{\"position\":\"nurse\"}", 200));
    json_decref(ask(HTTP_DELETE, path, NULL, 405)); /* who was somebody stays in the trail */
}

static void test_a_grant_has_one_reach(void **state)
{
    (void) state;
    char user[ID_TEXT_BYTES], area[ID_TEXT_BYTES], body[400];
    become(ACCESS_ADMINISTRATOR);
    id_to_text(&test.areas[TEST_COUNTY], area);
    create("/api/v1/users", "{\"login\":\"tashi\"}", user);
    static const char form[] = "{\"user\":\"%s\",\"role\":\"%s\",\"starts\":\"2026-01-01T00:00:00Z\"%s}";
    snprintf(body, sizeof body, form, user, "tracer", "");
    refused(HTTP_POST, "/api/v1/grants", body, 422, "/area");
    snprintf(body, sizeof body,
             "{\"user\":\"%s\",\"role\":\"tracer\",\"starts\":\"2026-01-01T00:00:00Z\",\"area\":\"%s\","
             "\"everywhere\":true}",
             user, area);
    refused(HTTP_POST, "/api/v1/grants", body, 422, "/area");
    snprintf(body, sizeof body, form, user, "program", ",\"everywhere\":true");
    refused(HTTP_POST, "/api/v1/grants", body, 422, "/role");
}

static void test_the_trail_is_read_by_auditors(void **state)
{
    (void) state;
    char user[ID_TEXT_BYTES], path[60];
    become(ACCESS_ADMINISTRATOR);
    create("/api/v1/users", "{\"login\":\"dolma\"}", user);
    become(ACCESS_AUDITOR);
    json_t       *json = ask(HTTP_GET, "/api/v1/audit", NULL, 200);
    const json_t *entries = json_object_get(json, "entries"), *newest = json_array_get(entries, 0);
    const json_t *subject = json_array_get(json_object_get(newest, "subjects"), 0);
    assert_string_equal(json_string_value(json_object_get(newest, "verb")), "create");
    assert_string_equal(json_string_value(json_object_get(newest, "role")), "administrator");
    assert_string_equal(json_string_value(json_object_get(subject, "record")), "user");
    assert_string_equal(json_string_value(json_array_get(json_object_get(subject, "ids"), 0)), user);
    assert_int_equal(json_integer_value(json_object_get(subject, "count")), 1);
    snprintf(path, sizeof path, "/api/v1/audit?before=%lld",
             (long long) json_integer_value(json_object_get(newest, "number")));
    json_t *rest = ask(HTTP_GET, path, NULL, 200);
    assert_int_equal(json_array_size(json_object_get(rest, "entries")), json_array_size(entries) - 1);
    json_decref(rest);
    json_decref(json);
}

/* The newest backup of the directory that the settings name; of a node without one nothing. */
static void test_when_the_last_backup_was_made(void **state)
{
    (void) state;
    struct node   node = { .settings = NODE_SETTINGS_INIT };
    struct server server = { .options = { .node = &node } };
    char          path[200];
    become(ACCESS_ADMINISTRATOR);
    snprintf(path, sizeof path, "%s/tocsin-20261122T020000Z.backup", test.keys);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    for (int set_up = 0; set_up < 2; set_up++) {
        struct exchange exchange;
        if (set_up == 1)
            snprintf(node.settings.backup_to, sizeof node.settings.backup_to, "%s", test.keys);
        test_exchange_init(&exchange, &test, HTTP_GET, "/api/v1/upkeep", NULL);
        exchange.server = &server;
        assert_ok(exchange_call(&exchange));
        const char *body = test_exchange_body(&exchange);
        assert_non_null(strstr(body, set_up == 1 ? "\"newest\":\"2026-11-22T02:00:00.000000Z\"" : "\"newest\":null"));
        assert_non_null(strstr(body, "\"keep_days\":35"));
        assert_non_null(strstr(body, "{\"record\":\"job\",\"from\":\"ended\",\"days\":90}"));
        exchange_free(&exchange);
    }
    assert_int_equal(remove(path), 0);
}

static void test_nobody_else_may(void **state)
{
    (void) state;
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        become((enum access_role) role);
        if (role != ACCESS_AUDITOR)
            json_decref(ask(HTTP_GET, "/api/v1/audit", NULL, 403));
        if (role != ACCESS_AUDITOR && role != ACCESS_ADMINISTRATOR)
            json_decref(ask(HTTP_GET, "/api/v1/upkeep", NULL, 403));
        if (role != ACCESS_ADMINISTRATOR && role != ACCESS_PROGRAM)
            json_decref(ask(HTTP_POST, "/api/v1/users", "{\"login\":\"x\"}", 403));
    }
    become(ACCESS_AUDITOR);
    caller.second_factor = false;
    json_decref(ask(HTTP_GET, "/api/v1/audit", NULL, 403));
    caller.second_factor = true;
    struct id facility = { { 5 } }; /* of a facility: nobody's trail but the node's */
    caller.access.everywhere = false;
    caller.access.facilities = &facility;
    caller.access.num_facilities = 1;
    json_decref(ask(HTTP_GET, "/api/v1/audit", NULL, 403));
    caller.access.role = ACCESS_ADMINISTRATOR;
    json_decref(ask(HTTP_GET, "/api/v1/upkeep", NULL, 403));
    json_decref(ask(HTTP_GET, "/api/v1/users", NULL, 403));
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_a_user_is_made_granted_and_ended, set_up, end),                               \
        cmocka_unit_test_setup_teardown(test_a_grant_has_one_reach, set_up, end),                                      \
        cmocka_unit_test_setup_teardown(test_the_trail_is_read_by_auditors, set_up, end),                              \
        cmocka_unit_test_setup_teardown(test_when_the_last_backup_was_made, set_up, end),                              \
        cmocka_unit_test_setup_teardown(test_nobody_else_may, set_up, end)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("admin", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("admin", sqlite, NULL, NULL);
}
