/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records read as FHIR: right by R4's own rules, under the caller's grant, and no more is said to be served than is. */
#include <stdio.h>
#include <string.h>

#include "formats/fhir/fhir.h"
#include "response/fhir_record.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static char              person[ID_TEXT_BYTES], area[ID_TEXT_BYTES];

static int fill(bool postgresql)
{
    test_store_open(&test, postgresql);
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
    id_to_text(&test.areas[TEST_EAST], area);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return fill(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return fill(true);
}

static int empty(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    test_store_close(&test);
    return 0;
}

static struct exchange *ask(enum http_method method, const char *path, const char *body)
{
    static struct exchange exchange;
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    if (method == HTTP_POST)
        test_exchange_header(&exchange, "idempotency-key", path);
    (void) exchange_call(&exchange);
    return &exchange;
}

/* Make a record with this body; its id. */
static void make(const char *record, const char *body, char id[ID_TEXT_BYTES])
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/%s", record);
    struct exchange *exchange = ask(HTTP_POST, path, body);
    if (exchange->answer.status != 201)
        fail_msg("%s: %s", body, test_exchange_body(exchange));
    const char *location = test_exchange_answer_header(exchange, "Location");
    snprintf(id, ID_TEXT_BYTES, "%s", strrchr(location, '/') + 1);
}

/* Read a resource; it is what R4 allows, without one fault. */
static const char *read_resource(const char *type, const char *id)
{
    char path[128];
    if (id != NULL)
        snprintf(path, sizeof path, "/fhir/R4/%s/%s", type, id);
    else
        snprintf(path, sizeof path, "/fhir/R4/%s", type);
    struct exchange *exchange = ask(HTTP_GET, path, NULL);
    const char      *body = test_exchange_body(exchange);
    assert_int_equal(exchange->answer.status, 200);
    assert_string_equal(exchange->answer.type, "application/fhir+json");
    struct code_tables *tables;
    assert_ok(code_tables_new(&tables));
    const struct fhir_options options = { .tables = tables };
    struct arena              arena = ARENA_INIT;
    struct fhir_document      document = FHIR_DOCUMENT_INIT;
    struct report             report;
    report_init(&report, &arena, body, strlen(body));
    int ret = fhir_map(&report, &options, &document);
    for (uint32_t i = 0; i < report.num_faults; i++)
        if (report.faults[i].severity >= REPORT_ERROR)
            fail_msg("%s: %s in %s", report.faults[i].place.path, report.faults[i].what, body);
    assert_int_equal(ret, 0);
    fhir_document_free(&document);
    arena_free(&arena);
    code_tables_free(tables);
    return body;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void make_all(char illness[ID_TEXT_BYTES], char result[ID_TEXT_BYTES])
{
    char body[600], specimen[ID_TEXT_BYTES];
    snprintf(body, sizeof body, "{\"area\":\"%s\",\"sex\":\"female\",\"birth_year\":1980}", area);
    make("persons", body, person);
    snprintf(body, sizeof body,
             "{\"person\":\"%s\",\"disease\":\"measles\",\"responsible_area\":\"%s\",\"classification\":\"suspected\","
             "\"received_date\":\"2024-10-01\",\"onset_date\":\"2024-09-28\"}",
             person, area);
    make("cases", body, illness);
    snprintf(body, sizeof body,
             "{\"subject\":\"person\",\"person\":\"%s\",\"responsible_area\":\"%s\",\"material\":\"throat-swab\","
             "\"collected_time\":\"2024-09-29T10:30\",\"number\":\"A-17\"}",
             person, area);
    make("specimens", body, specimen);
    snprintf(body, sizeof body,
             "{\"specimen\":\"%s\",\"target\":\"measles-virus\",\"disease\":\"measles\",\"status\":\"final\","
             "\"interpretation\":\"detected\",\"method\":\"nucleic-acid-amplification\",\"result_time\":"
             "\"2024-09-30T12:00:00+08:00\"}",
             specimen);
    make("results", body, result);
}

static void test_records_are_resources(void **state)
{
    char illness[ID_TEXT_BYTES], result[ID_TEXT_BYTES], reference[80];
    (void) state;
    make_all(illness, result);
    snprintf(reference, sizeof reference, "\"subject\":{\"reference\":\"Patient/%s\"}", person);
    const char *body = read_resource("Condition", illness);
    assert_has(body, "\"code\":\"provisional\"");
    assert_has(body, "\"onsetDateTime\":\"2024-09-28\"");
    assert_has(body, "\"recordedDate\":\"2024-10-01\"");
    assert_has(body, reference);
    body = read_resource("Observation", result);
    assert_has(body, "\"status\":\"final\"");
    assert_has(body, "\"code\":\"260373001\"");
    assert_has(body, "\"effectiveDateTime\":\"2024-09-29\""); /* a time without zone and seconds is told as its day */
    assert_has(body, "\"issued\":\"2024-09-30T12:00:00+08:00\"");
    assert_has(body, reference);
    assert_null(strstr(body, "A-17"));
    body = read_resource("DiagnosticReport", result);
    snprintf(reference, sizeof reference, "\"result\":[{\"reference\":\"Observation/%s\"}]", result);
    assert_has(body, reference);
    body = read_resource("Patient", person);
    assert_has(body, "\"valueCode\":\"masked\""); /* who it is */
    assert_has(body, "\"versionId\":\"1\"");
    assert_has(body, "\"gender\":\"female\",\"birthDate\":\"1980\"");
}

/* A code that stands for one of a standard is told as both. */
static void test_codes_of_standards(void **state)
{
    const struct model_entry measles = { .code = "measles",
                                         .name = { "Measles" },
                                         .system = "ICD-10",
                                         .system_code = "B05",
                                         .valid_from = MODEL_MISSING_DATE,
                                         .valid_to = MODEL_MISSING_DATE };
    struct model_lists      *lists;
    struct model_case        value;
    struct sink              sink;
    struct json_writer       json;
    (void) state;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_entry(lists, "disease", &measles));
    model_init(model_record(MODEL_CASE), &value);
    value.disease = (struct model_text){ "measles", 7 };
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    fhir_record_condition(&json, lists, &value);
    sink_character(&sink, '\0');
    assert_has(sink.bytes,
               "\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\",\"code\":\"B05\"},{\"code\":"
               "\"measles\"}],\"text\":\"Measles\"}");
    assert_has(sink.bytes,
               "\"subject\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/data-absent-reason\"");
    sink_free(&sink);
    model_lists_free(lists);
}

/* Beyond the grant's areas there is nothing, and a role that reads none reads none here. */
static void test_the_grant_holds(void **state)
{
    char illness[ID_TEXT_BYTES], result[ID_TEXT_BYTES];
    (void) state;
    make_all(illness, result);
    const char *const paths[][2] = {
        { "Condition", illness }, { "Observation", result }, { "DiagnosticReport", result }, { "Patient", person }
    };
    struct access west = test_epidemiologist(&test.areas[TEST_WEST]);
    struct caller elsewhere = test_caller_person(&west), machine = test_caller_machine(&access),
                  nobody = { .kind = CALLER_NOBODY };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char path[128], absent[2000];
        test_exchange_as(&elsewhere);
        snprintf(path, sizeof path, "/fhir/R4/%s/0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee", paths[i][0]);
        struct exchange *exchange = ask(HTTP_GET, path, NULL);
        assert_int_equal(exchange->answer.status, 404);
        snprintf(absent, sizeof absent, "%s", test_exchange_body(exchange));
        snprintf(path, sizeof path, "/fhir/R4/%s/%s", paths[i][0], paths[i][1]);
        exchange = ask(HTTP_GET, path, NULL);
        assert_int_equal(exchange->answer.status, 404);
        assert_string_equal(test_exchange_body(exchange), absent);
        test_exchange_as(&nobody);
        assert_int_equal(ask(HTTP_GET, path, NULL)->answer.status, 401);
        test_exchange_as(&machine);
        assert_int_not_equal(ask(HTTP_GET, path, NULL)->answer.status, 200);
        test_exchange_as(&caller);
    }
}

/* What the statement names is served, and what it does not name is not. */
static void test_the_statement_tells_the_truth(void **state)
{
    static const char *const not_served[] = { "/fhir/R4/Specimen/x", "/fhir/R4/Encounter/x" };
    char                     illness[ID_TEXT_BYTES], result[ID_TEXT_BYTES];
    (void) state;
    make_all(illness, result);
    const char *body = read_resource("metadata", NULL);
    assert_has(body, "\"fhirVersion\":\"4.0.1\"");
    static const struct {
        const char *text;
        size_t      num;
    } said[] = { { "{\"code\":\"read\"", 4 },
                 { "{\"code\":\"create\"", 4 }, /* Bundle, Condition, DiagnosticReport, Observation */
                 { "\"conditionalCreate\":true", 3 },
                 { "\"type\":", 5 },
                 { "{\"code\":\"transaction\"", 1 },
                 { "{\"code\":\"batch\"", 1 },
                 { "\"name\":\"process-message\"", 1 } };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        size_t num = 0;
        for (const char *at = body; (at = strstr(at, said[i].text)) != NULL; at++)
            num++;
        if (num != said[i].num)
            fail_msg("%s stands %zu times in %s", said[i].text, num, body);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ask(HTTP_GET, not_served[i], NULL)->answer.status, 404);
    assert_int_equal(ask(HTTP_POST, "/fhir/R4/Patient", "{}")->answer.status, 404);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_records_are_resources, set_up, empty),                                        \
        cmocka_unit_test_setup_teardown(test_the_grant_holds, set_up, empty),                                          \
        cmocka_unit_test_setup_teardown(test_the_statement_tells_the_truth, set_up, empty)

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_codes_of_standards), TESTS(on_sqlite),
                                        TESTS(on_postgresql) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
