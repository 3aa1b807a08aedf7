/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_json.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/instant.h"
#include "model/support.h"

#define CASE_ID "00000000-0001-7000-8000-000000000001"

static int read_case(const char *text, struct arena *arena, struct model_case *value, struct model_set *given,
                     struct fault_list *faults)
{
    return model_json_read(text, strlen(text), model_record(MODEL_CASE), (struct fault_place){ 0 }, arena, value, given,
                           faults);
}

static void assert_one_fault(const char *text, const char *line)
{
    struct arena      arena = ARENA_INIT;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_set  given = { { 7 } };
    struct model_case value = { .age_years = 77 };
    assert_status(read_case(text, &arena, &value, &given, &faults), BASE_ERR_INPUT);
    assert_fault(&faults, line);
    assert_int_equal(faults.num_all, 1);
    assert_int_equal(value.age_years, 77);
    assert_int_equal(given.bits[0], 7);
    fault_list_free(&faults);
    arena_free(&arena);
}

static void test_an_object_becomes_a_record(void **state)
{
    (void) state;
    struct arena      arena = ARENA_INIT;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_set  given;
    struct model_case value;
    assert_ok(read_case("{\"id\":\"" CASE_ID
                        "\",\"version\":3,\"disease\":\"measles\",\"age_years\":4,\"no_symptoms\":false,"
                        "\"onset_date\":\"2026-11-22\",\"outcome\":null,\"masked\":[\"note\"],\"note\":\"e\\u0301\","
                        "\"created\":\"2026-11-22T02:30:00Z\"}",
                        &arena, &value, &given, &faults));
    struct id id = test_id(1);
    assert_true(id_equal(&value.head.id, &id));
    assert_int_equal(value.head.version, 3);
    assert_int_equal(value.head.created, 0);
    assert_memory_equal(value.disease.bytes, "measles", 7);
    assert_int_equal(value.age_years, 4);
    assert_int_equal(value.no_symptoms, 0);
    assert_int_equal(value.onset_date, 20779);
    assert_null(value.outcome.bytes);
    assert_int_equal(value.note.size, 2); /* é in normal form */
    assert_true(model_set_has(&given, model_case_outcome));
    assert_true(model_set_has(&given, model_case_onset_date));
    assert_false(model_set_has(&given, model_case_severity));
    arena_free(&arena);
}

static void test_faults_say_where_and_what_is_allowed(void **state)
{
    (void) state;
    assert_one_fault("{\"onset_date\":\"2026-13-01\"}",
                     "/onset_date: found \"2026-13-01\"; allowed: a date as 2026-11-22");
    assert_one_fault("{\"onset_date\":20260101}", "/onset_date: found 20260101; allowed: a date as 2026-11-22");
    assert_one_fault("{\"onset_date\":\"2026-W09\"}", "/onset_date: found \"2026-W09\"; allowed: a date as 2026-11-22");
    assert_one_fault("{\"age_years\":4.5}", "/age_years: found 4.5; allowed: a whole number from 0 to 130");
    assert_one_fault("{\"age_years\":\"4\"}", "/age_years: found \"4\"; allowed: a whole number from 0 to 130");
    assert_one_fault("{\"no_symptoms\":1}", "/no_symptoms: found 1; allowed: true or false");
    assert_one_fault("{\"disease\":\"\"}", "/disease: found \"\"; allowed: a code of the list disease");
    assert_one_fault(
        "{\"person\":\"00000000-0000-0000-0000-000000000000\"}",
        "/person: found \"00000000-0000-0000-0000-000000000000\"; allowed: the id of a record person: " ID_ALLOWED);
    assert_one_fault("{\"outcome\":{}}", "/outcome: found an object; allowed: a code of the list outcome");
    assert_one_fault("{\"onset_dat\":\"2026-11-22\"}",
                     "/onset_dat: a record case has no such field; allowed: perhaps onset_date was meant");
    assert_one_fault("{\"a/b~c\":1}", "/a~1b~0c: a record case has no such field; allowed: the fields of case");
    assert_one_fault("{\"religion\":\"x\"}", "/religion: religion and belief are never collected");
    assert_one_fault("{\"民族\":\"x\"}", "/民族: ethnicity, race and descent are never collected");
    assert_one_fault("{\"version\":-1}", "/version: found -1; allowed: a whole number, 0 or more");
    assert_one_fault("[]", "found an array; allowed: an object");
}

/* Nothing of a text that may be about a person is repeated. */
static void test_faults_do_not_repeat_what_identifies(void **state)
{
    (void) state;
    assert_one_fault("{\"note\":17}", "/note: found a number; allowed: a text of 1 to 1000 characters");
    assert_one_fault("{\"note\":\"Tashi\",\"note\":\"Dolma\"}",
                     "a member comes twice in one object (line 1, byte 22); allowed: JSON (RFC 8259)");
    assert_one_fault("{\"note\":\"Tashi", "the JSON ends too soon (line 1, byte 14); allowed: JSON (RFC 8259)");
    assert_one_fault("\n{\"note\":\"Ta\xFFshi\"}", "a text is not UTF-8 (line 2, byte 12); allowed: JSON (RFC 8259)");
}

static void test_size_and_depth_are_limited(void **state)
{
    (void) state;
    for (size_t depth = MODEL_JSON_MAX_DEPTH; depth <= MODEL_JSON_MAX_DEPTH + 1; depth++) {
        char              text[2 * (MODEL_JSON_MAX_DEPTH + 1) + 16];
        size_t            size = 0;
        json_t           *json = NULL;
        struct fault_list faults = FAULT_LIST_INIT;
        for (size_t i = 0; i < depth; i++)
            text[size++] = '[';
        memcpy(text + size, "\"[[\\\"[\"", 7); /* brackets in a text do not count */
        size += 7;
        for (size_t i = 0; i < depth; i++)
            text[size++] = ']';
        assert_status(model_json_parse(text, size, (struct fault_place){ 0 }, &json, &faults),
                      depth <= MODEL_JSON_MAX_DEPTH ? 0 : BASE_ERR_INPUT);
        json_decref(json);
        fault_list_free(&faults);
    }
    for (size_t size = MODEL_JSON_MAX_BYTES; size <= MODEL_JSON_MAX_BYTES + 1; size++) {
        char             *text = malloc(size);
        json_t           *json = NULL;
        struct fault_list faults = FAULT_LIST_INIT;
        memset(text, ' ', size);
        memcpy(text, "[]", 2);
        assert_status(model_json_parse(text, size, (struct fault_place){ 0 }, &json, &faults),
                      size <= MODEL_JSON_MAX_BYTES ? 0 : BASE_ERR_INPUT);
        json_decref(json);
        fault_list_free(&faults);
        free(text);
    }
}

static void test_numbers_at_their_ends(void **state)
{
    (void) state;
    struct arena      arena = ARENA_INIT;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_set  given;
    struct model_case value;
    assert_ok(read_case("{\"age_years\":3.0}", &arena, &value, &given, &faults));
    assert_int_equal(value.age_years, 3);
    assert_ok(read_case("{\"age_years\":9223372036854775807}", &arena, &value, &given, &faults));
    assert_status(read_case("{\"age_years\":-9223372036854775808}", &arena, &value, &given, &faults), BASE_ERR_INPUT);
    assert_status(read_case("{\"age_years\":9223372036854775808}", &arena, &value, &given, &faults), BASE_ERR_INPUT);
    assert_status(read_case("{\"age_years\":1e300}", &arena, &value, &given, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    arena_free(&arena);
}

static void write_case(const struct model_case *value, const struct model_set *visible, struct sink *sink)
{
    struct json_writer json;
    sink_init_memory(sink);
    json_writer_init(&json, sink);
    model_json_write(&json, model_record(MODEL_CASE), value, visible);
    sink_character(sink, '\0');
}

static void test_what_may_not_be_seen_is_masked(void **state)
{
    (void) state;
    struct model_case value = test_case();
    struct sink       sink;
    struct model_set  visible = model_set_all(model_record(MODEL_CASE));
    value.head.version = 2;
    value.head.created = value.head.updated = INSTANT_SECOND;
    value.pregnant = TEXT("yes");
    value.age_years = 30;
    model_set_remove(&visible, model_case_pregnant);
    model_set_remove(&visible, model_case_note);
    write_case(&value, &visible, &sink);
    assert_string_equal(
        sink.bytes, "{\"id\":\"" CASE_ID "\",\"version\":2,\"created\":\"1970-01-01T00:00:01.000000Z\","
                    "\"updated\":\"1970-01-01T00:00:01.000000Z\",\"person\":\"00000000-0001-7000-8000-000000000002\","
                    "\"disease\":\"measles\",\"responsible_area\":\"00000000-0001-7000-8000-000000000003\","
                    "\"classification\":\"suspected\",\"age_years\":30,\"received_date\":\"2024-10-04\","
                    "\"masked\":[\"pregnant\",\"note\"]}");
    sink_free(&sink);
}

static void written_records_read_back(struct test_random *random)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        _Alignas(16) char  value[4096], back[4096];
        struct arena       arena = ARENA_INIT;
        struct fault_list  faults = FAULT_LIST_INIT;
        struct model_set   visible = model_set_all(&records[i]), given;
        struct sink        sink, again;
        struct json_writer json;
        test_draw_record(random, &records[i], &arena, value);
        sink_init_memory(&sink);
        json_writer_init(&json, &sink);
        model_json_write(&json, &records[i], value, &visible);
        if (model_json_read(sink.bytes, sink.used, &records[i], (struct fault_place){ 0 }, &arena, back, &given,
                            &faults) != 0) {
            char line[FAULT_LINE_BYTES];
            fault_render(&faults.faults[0], line, sizeof line);
            fail_msg("%s: %s", records[i].name, line);
        }
        assert_same_record(&records[i], back, value);
        for (size_t j = 0; j < records[i].num_fields; j++)
            assert_int_equal(model_set_has(&given, j), !model_is_missing(&records[i].fields[j], value));
        sink_init_memory(&again); /* the same record is the same bytes */
        json_writer_init(&json, &again);
        model_json_write(&json, &records[i], back, &visible);
        assert_int_equal(again.used, sink.used);
        assert_memory_equal(again.bytes, sink.bytes, sink.used);
        sink_free(&sink);
        sink_free(&again);
        arena_free(&arena);
    }
}

static void test_every_record_reads_back_as_written(void **state)
{
    (void) state;
    test_property("written records read back", 100, written_records_read_back);
}

static void test_memory_that_is_not_there(void **state)
{
    (void) state;
    struct arena      arena = { .limit = 1200 };
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_set  given;
    struct model_case value;
    static char       text[2000] = "{\"note\":\"";
    memset(text + 9, 'x', 900);
    memcpy(text + 909, "\",\"definition_version\":\"1\"}", 28);
    assert_status(read_case(text, &arena, &value, &given, &faults), TOC_ERR_NO_MEMORY);
    assert_int_equal(faults.num_all, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_becomes_a_record),
        cmocka_unit_test(test_faults_say_where_and_what_is_allowed),
        cmocka_unit_test(test_faults_do_not_repeat_what_identifies),
        cmocka_unit_test(test_size_and_depth_are_limited),
        cmocka_unit_test(test_numbers_at_their_ends),
        cmocka_unit_test(test_what_may_not_be_seen_is_masked),
        cmocka_unit_test(test_every_record_reads_back_as_written),
        cmocka_unit_test(test_memory_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
