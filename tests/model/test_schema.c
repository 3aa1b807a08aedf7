/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_schema.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/json_writer.h"
#include "model/support.h"

/* The schemas of all records, parsed. */
static json_t *schemas(const struct model_record *record, const struct model_lists *lists)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    model_openapi_write(&json, record, lists);
    json_end(&json);
    json_t *parsed = json_loadb(sink.bytes, sink.used, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(parsed);
    sink_free(&sink);
    return parsed;
}

static const json_t *at(const json_t *json, const char *first, const char *second, const char *third)
{
    const json_t *found = json_object_get(json_object_get(json, first), second);
    return third != NULL ? json_object_get(found, third) : found;
}

static bool holds(const json_t *array, const char *text)
{
    size_t  i;
    json_t *item;
    json_array_foreach (array, i, item)
        if (strcmp(json_string_value(item), text) == 0)
            return true;
    return false;
}

static void test_every_field_has_a_schema_in_every_form(void **state)
{
    (void) state;
    json_t                    *all = schemas(NULL, NULL);
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++) {
            const struct model_field *field = &records[i].fields[j];
            char                      create[80], change[80];
            snprintf(create, sizeof create, "%s_create", records[i].name);
            snprintf(change, sizeof change, "%s_change", records[i].name);
            const json_t *schema = at(all, records[i].name, "properties", field->name);
            assert_string_equal(json_string_value(json_object_get(schema, "x-class")), model_class_word(field->class));
            assert_string_equal(json_string_value(json_object_get(schema, "title")), field->label_en);
            bool sent = field->rule != MODEL_RULE_WRITTEN;
            assert_true((at(all, create, "properties", field->name) != NULL) == sent);
            assert_true((at(all, change, "properties", field->name) != NULL) == sent);
            bool required = field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED;
            assert_int_equal(holds(at(all, create, "required", NULL), field->name), required);
            assert_false(holds(at(all, records[i].name, "required", NULL), field->name)); /* it may be masked */
            const json_t *masked = json_object_get(at(all, records[i].name, "properties", "masked"), "items");
            assert_true(holds(json_object_get(masked, "enum"), field->name));
            if (field->kind == MODEL_KIND_CODE) {
                char list[80];
                snprintf(list, sizeof list, "code_%s", field->target);
                assert_non_null(json_object_get(all, list));
            }
        }
    json_decref(all);
}

static void test_a_schema_says_what_a_field_may_hold(void **state)
{
    (void) state;
    struct model_lists *lists = test_lists();
    json_t             *all = schemas(model_record(MODEL_CASE), lists);
    const json_t       *age = at(all, "case_change", "properties", "age_years");
    assert_true(holds(json_object_get(age, "type"), "integer"));
    assert_true(holds(json_object_get(age, "type"), "null"));
    assert_int_equal(json_number_value(json_object_get(age, "maximum")), 130);
    const json_t *received = at(all, "case_change", "properties", "received_date");
    assert_string_equal(json_string_value(json_object_get(received, "type")), "string"); /* required: never null */
    assert_string_equal(json_string_value(json_object_get(received, "format")), "date");
    assert_string_equal(json_string_value(json_object_get(at(all, "case", "properties", "disease"), "$ref")),
                        "#/components/schemas/code_disease");
    assert_true(holds(at(all, "code_disease", "enum", NULL), "plague"));
    assert_null(at(all, "code_origin", "enum", NULL)); /* its list is not loaded */
    assert_non_null(at(all, "code_origin", "pattern", NULL));
    assert_null(json_object_get(all, "signal"));
    json_decref(all);
    model_lists_free(lists);
}

static char *typescript(const struct model_record *record, const struct model_lists *lists)
{
    struct sink sink;
    sink_init_memory(&sink);
    model_typescript_write(&sink, record, lists);
    sink_character(&sink, '\0');
    assert_int_equal(sink.failure, 0);
    return sink.bytes;
}

static void test_types_for_typescript(void **state)
{
    (void) state;
    struct model_lists *lists = test_lists();
    char *text = typescript(model_record(MODEL_CASE), lists), *again = typescript(model_record(MODEL_CASE), lists);
    static const char *const parts[] = {
        "export interface Case extends Head {\n",
        "  /** Onset · 发病日期 */\n  onset_date?: LocalDate;\n",
        "export interface CaseCreate {\n  id: Id;\n  /** Person · 人员 */\n  person: Id;\n",
        "export type CaseChange = Change<CaseCreate>;\n",
        "export type DiseaseCode =\n  | 'measles'\n  | 'plague';\n",
        "export type OriginCode = string;\n",
        "\"onset_date\":{\"kind\":\"date\",\"rule\":\"optional\",\"class\":\"routine\",\"en\":\"Onset\",\"zh\":"
        "\"发病日期\"}",
        "\"age_months\":{\"kind\":\"integer\",\"rule\":\"optional\",\"class\":\"routine\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("not there: %s", parts[i]);
    assert_null(strstr(text, "interface Signal"));
    assert_string_equal(text, again);
    free(text);
    free(again);
    model_lists_free(lists);
    text = typescript(NULL, NULL);
    assert_non_null(strstr(text, "export interface ReportingUnit extends Head {\n"));
    free(text);
}

static void test_the_codebook_has_a_row_a_field(void **state)
{
    (void) state;
    size_t                     num, fields = 0, lines = 0;
    const struct model_record *records = model_records(&num);
    struct sink                sink;
    struct rows                rows;
    sink_init_memory(&sink);
    assert_ok(rows_begin(&rows, &sink, ROWS_CSV, false, model_codebook_columns, MODEL_CODEBOOK_COLUMNS));
    model_codebook_rows(&rows, NULL);
    rows_finish(&rows);
    sink_character(&sink, '\0');
    for (size_t i = 0; i < num; i++)
        fields += records[i].num_fields;
    for (size_t i = 0; i < sink.used; i++)
        lines += sink.bytes[i] == '\n';
    assert_int_equal(lines, fields + 1);
    assert_non_null(strstr(
        sink.bytes, "\ncase,age_years,integer,optional,routine,\"Age at onset, years\",发病年龄（岁）,,0,130\n"));
    assert_non_null(strstr(sink.bytes, "\nidentity,name,text,optional,identifying,Name,姓名,,,120\n"));
    sink_free(&sink);
}

static void test_lists_are_named_once(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    assert_string_equal(model_list_used(record, 0), "disease");
    size_t num = 0;
    for (const char *list; (list = model_list_used(NULL, num)) != NULL; num++)
        for (size_t i = 0; i < num; i++)
            assert_string_not_equal(list, model_list_used(NULL, i));
    assert_in_range(num, 30, 200);
}

/* Every list that a field names is there, and every code that a line names. */
static void test_every_list_exists(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, PROJECT_ROOT "/share/lists", &faults));
    for (size_t i = 0; model_list_used(NULL, i) != NULL; i++)
        if (model_lists_entry(lists, model_list_used(NULL, i), 0) == NULL)
            fail_msg("there is no list %s", model_list_used(NULL, i));
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_needs + records[i].num_only_with; j++) {
            const struct model_condition *line =
                j < records[i].num_needs ? &records[i].needs[j] : &records[i].only_with[j - records[i].num_needs];
            const char *list = model_field_find(&records[i], line->field, strlen(line->field))->target;
            if (model_lists_find(lists, list, line->code, strlen(line->code)) == NULL)
                fail_msg("%s: %s has no code %s", records[i].name, list, line->code);
        }
    model_lists_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_a_schema_in_every_form),
        cmocka_unit_test(test_a_schema_says_what_a_field_may_hold),
        cmocka_unit_test(test_types_for_typescript),
        cmocka_unit_test(test_the_codebook_has_a_row_a_field),
        cmocka_unit_test(test_lists_are_named_once),
        cmocka_unit_test(test_every_list_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
