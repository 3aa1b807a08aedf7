/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists and rules as the server keeps them; counts of checkpoints, added once and read as sums, on both databases. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/pass_lists.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct id         gate;

/* ---- counts ---- */

static void make_gate(void)
{
    struct model_facility facility;
    model_init(model_record(MODEL_FACILITY), &facility);
    facility.head.id = gate = (struct id){ { 9, 1 } };
    facility.code = (struct model_text){ "gate", 4 };
    facility.kind = (struct model_text){ "checkpoint", 10 };
    facility.area = test.areas[TEST_EAST_ONE];
    struct access        program = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_FACILITY), .value = &facility };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static int ask(const struct access *who, enum http_method method, const char *path, const char *body, const char *key,
               json_t **answer)
{
    struct exchange exchange;
    struct caller   caller = test_caller_person(who);
    test_exchange_as(&caller);
    test_exchange_init(&exchange, &test, method, path, body);
    if (key != NULL)
        test_exchange_header(&exchange, "idempotency-key", key);
    (void) exchange_call(&exchange);
    if (answer != NULL)
        *answer = json_loads(test_exchange_body(&exchange), 0, NULL);
    int status = exchange.answer.status != 0 ? exchange.answer.status : 200;
    exchange_free(&exchange);
    test_exchange_as(NULL);
    return status;
}

static int add(const struct access *who, int number, const char *hour, const char *outcome, int count)
{
    char body[400], key[16], checkpoint[ID_TEXT_BYTES];
    id_to_text(&gate, checkpoint);
    snprintf(key, sizeof key, "row-%d", number);
    snprintf(body, sizeof body,
             "{\"id\":\"0193a000-0000-7000-8000-0000000000%02d\",\"checkpoint\":\"%s\",\"hour\":\"%s\","
             "\"outcome\":\"%s\",\"number\":%d}",
             number, checkpoint, hour, outcome, count);
    return ask(who, HTTP_POST, "/api/v1/checkpoint-counts", body, key, NULL);
}

static json_t *sums(const struct access *who, enum test_area area, const char *days, int status)
{
    char    path[200], text[ID_TEXT_BYTES];
    json_t *answer = NULL;
    id_to_text(&test.areas[area], text);
    snprintf(path, sizeof path, "/api/v1/pass/counts?area=%s&%s", text, days);
    assert_int_equal(ask(who, HTTP_GET, path, NULL, NULL, &answer), status);
    return answer;
}

static void test_counts_are_added_once_and_read_as_sums(void **state)
{
    (void) state;
    static const char hour[] = "2026-11-22T08:00:00.000000Z", next[] = "2026-11-22T09:00:00.000000Z";
    struct access     staff = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct access     head = staff;
    staff.role = ACCESS_CHECKPOINT_STAFF;
    head.role = ACCESS_SUPERVISOR;
    make_gate();
    assert_int_equal(add(&staff, 1, hour, "fits", 3), 201);
    assert_int_equal(add(&staff, 1, hour, "fits", 3), 201); /* again, by the same key */
    assert_int_equal(add(&staff, 2, hour, "fits", 2), 201); /* another device */
    assert_int_equal(add(&staff, 3, hour, "not-checked", 4), 201);
    assert_int_equal(add(&staff, 4, next, "fits", 1), 201);
    assert_int_equal(add(&staff, 5, hour, "fits", 0), 422);
    assert_int_equal(add(&head, 6, hour, "fits", 1), 403);
    json_t *answer = sums(&head, TEST_COUNTY, "from=2026-11-22&to=2026-11-22", 200);
    json_t *rows = json_object_get(answer, "rows");
    assert_int_equal(json_array_size(rows), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "number")), 5);
    assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "number"))); /* 4 */
    assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "number"))); /* 1 */
    json_decref(answer);
    answer = sums(&head, TEST_WEST, "from=2026-11-22&to=2026-11-22", 200);
    assert_int_equal(json_array_size(json_object_get(answer, "rows")), 0);
    json_decref(answer);
    answer = sums(&head, TEST_COUNTY, "from=2026-11-23&to=2026-11-23", 200);
    assert_int_equal(json_array_size(json_object_get(answer, "rows")), 0);
    json_decref(answer);
    json_decref(sums(&head, TEST_OTHER, "from=2026-11-22&to=2026-11-22", 404));
    json_decref(sums(&head, TEST_COUNTY, "from=2026-11-01&to=2026-12-02", 422)); /* 32 days */
    struct access clinician = head;
    clinician.role = ACCESS_CLINICIAN;
    json_decref(sums(&clinician, TEST_COUNTY, "from=2026-11-22&to=2026-11-22", 403));
}

/* ---- lists and rules ---- */

#define RULE(id)                                                                                                       \
    "{\"Identifier\":\"" id "\",\"Type\":\"Acceptance\",\"Country\":\"XX\",\"CertificateType\":\"General\","           \
    "\"Version\":\"1.0.0\",\"SchemaVersion\":\"1.0.0\",\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\","          \
    "\"ValidFrom\":\"2022-01-01T00:00:00Z\",\"ValidTo\":\"2030-01-01\",\"Logic\":true}"

static void write_rules(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_rules_with_a_fault_never_take_the_place_of_good_ones(void **state)
{
    (void) state;
    char                 path[] = "/tmp/tocsin-pass-XXXXXX";
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct pass_lists   *lists = NULL;
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(settings.pass_rules, sizeof settings.pass_rules, "%s", path);
    write_rules(path, "[" RULE("A") "]");
    assert_int_equal(pass_lists_new(&settings, &lists, &faults), BASE_ERR_INPUT); /* whose rules? */
    snprintf(settings.pass_country, sizeof settings.pass_country, "XX");
    assert_ok(pass_lists_new(&settings, &lists, &faults));
    struct pass_edition *first = pass_lists_take(lists, 1000);
    write_rules(path, "[{}]");
    struct pass_edition *second = pass_lists_take(lists, 1000 + PASS_LISTS_SECONDS);
    assert_ptr_equal(first, second);
    write_rules(path, "[" RULE("A") "," RULE("B") "]");
    struct pass_edition *third = pass_lists_take(lists, 1000 + 2 * PASS_LISTS_SECONDS - 1); /* too soon to look */
    assert_ptr_equal(first, third);
    struct pass_edition *fourth = pass_lists_take(lists, 1000 + 2 * PASS_LISTS_SECONDS);
    assert_ptr_not_equal(first, fourth);
    assert_string_not_equal(pass_edition_rules(first)->tag, pass_edition_rules(fourth)->tag);
    pass_lists_give(lists, first);
    pass_lists_give(lists, second);
    pass_lists_give(lists, third);
    struct sink sink;
    sink_init_memory(&sink);
    pass_edition_check(fourth, "HC1:x", 5, 0, CREDENTIAL_ENGLISH, &sink);
    sink_character(&sink, '\0');
    assert_non_null(strstr(sink.bytes, "\"outcome\":\"cannot be checked\""));
    sink_free(&sink);
    pass_lists_give(lists, fourth);
    pass_lists_free(lists);
    write_rules(path, "[{}]");
    assert_int_equal(pass_lists_new(&settings, &lists, &faults), BASE_ERR_INPUT);
    settings.pass_rules[0] = '\0';
    assert_ok(pass_lists_new(&settings, &lists, &faults));
    assert_null(lists);
    fault_list_free(&faults);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_with_a_fault_never_take_the_place_of_good_ones),
        { "sqlite: counts are added once and read as sums", test_counts_are_added_once_and_read_as_sums,
          test_store_on_sqlite, test_store_end, &test },
        { "postgresql: counts are added once and read as sums", test_counts_are_added_once_and_read_as_sums,
          test_store_on_postgresql, test_store_end, &test },
    };
    const struct CMUnitTest sqlite[] = { tests[0], tests[1] };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("pass", tests, NULL, NULL)
                                       : cmocka_run_group_tests_name("pass", sqlite, NULL, NULL);
}
