/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "model/support.h"

#define ID_1 "00000000-0001-7000-8000-000000000001"
#define ID_2 "00000000-0001-7000-8000-000000000002"

/* A table that is read from a text. */
struct reading {
    struct test_bytes   bytes;
    struct fault_list   faults;
    struct arena        arena;
    struct model_table *table;
    struct model_case   value;
    struct model_set    given;
    struct fault_place  place;
};

static int begin(struct reading *reading, const char *text, enum model_table_format format)
{
    *reading = (struct reading){ .bytes = { text, strlen(text), 0 } };
    return model_table_open(test_input(&reading->bytes, "cases.csv"), format, model_record(MODEL_CASE),
                            &reading->faults, &reading->table);
}

static int next(struct reading *reading)
{
    return model_table_next(reading->table, &reading->arena, &reading->value, &reading->given, &reading->place);
}

static void end(struct reading *reading)
{
    model_table_close(reading->table);
    fault_list_free(&reading->faults);
    arena_free(&reading->arena);
}

static void test_columns_are_found_by_name_and_label(void **state)
{
    (void) state;
    struct reading reading;
    assert_ok(begin(&reading,
                    "\xEF\xBB\xBF"
                    "ID,disease,ONSET,发病年龄（岁）,No symptoms,created\r\n" ID_1
                    ",measles,2026-11-22,4,TRUE,2020\r\n" ID_2 ",plague,,,否,\r\n",
                    MODEL_TABLE_CSV));
    assert_int_equal(next(&reading), 1);
    struct id id = test_id(1);
    assert_true(id_equal(&reading.value.head.id, &id));
    assert_int_equal(reading.value.onset_date, 20779);
    assert_int_equal(reading.value.age_years, 4);
    assert_int_equal(reading.value.no_symptoms, 1);
    assert_int_equal(reading.place.line, 2);
    assert_int_equal(next(&reading), 1);
    assert_memory_equal(reading.value.disease.bytes, "plague", 6);
    assert_int_equal(reading.value.no_symptoms, 0);
    assert_int_equal(reading.value.age_years, MODEL_MISSING_INTEGER);
    assert_false(model_set_has(&reading.given, model_case_age_years)); /* an empty cell says nothing */
    assert_true(model_set_has(&reading.given, model_case_no_symptoms));
    assert_int_equal(next(&reading), 0);
    assert_int_equal(next(&reading), 0);
    end(&reading);
}

static void test_a_bad_header_is_told_whole(void **state)
{
    (void) state;
    struct reading reading;
    assert_status(begin(&reading, "id,diseas,民族,Onset,onset_date,id,created,created\n", MODEL_TABLE_CSV),
                  BASE_ERR_INPUT);
    assert_fault(&reading.faults,
                 "cases.csv:1:2: a record case has no column \"diseas\"; allowed: perhaps disease was meant");
    assert_fault(&reading.faults,
                 "cases.csv:1:3: the column \"民族\": ethnicity, race and descent are never collected");
    assert_fault(&reading.faults, "cases.csv:1:5: the column onset_date comes twice");
    assert_fault(&reading.faults, "cases.csv:1:6: the column id comes twice");
    assert_int_equal(reading.faults.num_all, 4);
    assert_null(reading.table);
    end(&reading);
}

static void test_each_bad_cell_is_told_and_good_rows_stay(void **state)
{
    (void) state;
    struct reading reading;
    assert_ok(begin(&reading,
                    "disease\tonset_date\tage_years\tnote\tid\n"
                    "measles\t2026-02-30\tfour\t\t1\n"
                    "plague\t2026-11-22\t4\tfine\t" ID_1 "\n"
                    "polio\t22.11.2026\t\tTashi\xFF\t\n",
                    MODEL_TABLE_TSV));
    assert_int_equal(next(&reading), 1);
    assert_memory_equal(reading.value.note.bytes, "fine", 4);
    assert_int_equal(reading.place.line, 3);
    assert_int_equal(next(&reading), 0);
    assert_fault(&reading.faults, "cases.csv:2:2: onset_date: found \"2026-02-30\"; allowed: a date as 2026-11-22");
    assert_fault(&reading.faults, "cases.csv:2:3: age_years: found \"four\"; allowed: a whole number from 0 to 130");
    assert_fault(&reading.faults, "cases.csv:2:5: id: found \"1\"; allowed: " ID_ALLOWED);
    end(&reading);
}

static void test_formulas_are_guarded_and_come_back(void **state)
{
    (void) state;
    static const char *const texts[][2] = { { "=1+1", "'=1+1" },     { "'=1", "''=1" },   { "-x", "'-x" },
                                            { "@a,b", "\"'@a,b\"" }, { "＝1", "'＝1" },   { "'quoted'", "'quoted'" },
                                            { "a=b", "a=b" },        { " =1", "\" =1\"" } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct model_record *record = model_record(MODEL_CASE);
        struct model_case          value = test_case();
        struct model_set           columns = { { 0 } };
        struct sink                sink;
        struct reading             reading;
        value.definition_version = (struct model_text){ texts[i][0], strlen(texts[i][0]) };
        model_set_add(&columns, model_case_definition_version);
        sink_init_memory(&sink);
        model_table_header(&sink, MODEL_TABLE_CSV, record, &columns);
        model_table_row(&sink, MODEL_TABLE_CSV, record, &columns, &columns, &value);
        sink_character(&sink, '\0');
        char expected[200];
        snprintf(expected, sizeof expected, "id,version,created,updated,definition_version\n" ID_1 ",,,,%s\n",
                 texts[i][1]);
        assert_string_equal(sink.bytes, expected);
        assert_ok(begin(&reading, sink.bytes, MODEL_TABLE_CSV));
        assert_int_equal(next(&reading), 1);
        assert_int_equal(reading.value.definition_version.size, strlen(texts[i][0]));
        assert_memory_equal(reading.value.definition_version.bytes, texts[i][0], strlen(texts[i][0]));
        end(&reading);
        sink_free(&sink);
    }
}

static void test_an_export_holds_no_identity(void **state)
{
    (void) state;
    struct model_set set = model_table_exported(model_record(MODEL_IDENTITY));
    assert_true(model_set_has(&set, model_identity_person));
    model_set_remove(&set, model_identity_person);
    assert_int_equal(set.bits[0] | set.bits[1], 0);
    set = model_table_exported(model_record(MODEL_PERSON));
    assert_true(model_set_has(&set, model_person_sex));
    assert_false(model_set_has(&set, model_person_preferred_language));
    set = model_table_exported(model_record(MODEL_MESSAGE));
    assert_true(model_set_has(&set, model_message_body_hash));
}

static void test_masked_fields_are_empty_cells(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    struct model_case          value = test_case();
    struct model_set           columns = { { 0 } }, visible = { { 0 } };
    struct sink                sink;
    value.head.version = 1;
    value.head.created = value.head.updated = INSTANT_SECOND;
    value.pregnant = TEXT("yes");
    model_set_add(&columns, model_case_disease);
    model_set_add(&columns, model_case_pregnant);
    model_set_add(&visible, model_case_disease);
    sink_init_memory(&sink);
    model_table_row(&sink, MODEL_TABLE_CSV, record, &columns, &visible, &value);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes, ID_1 ",1,1970-01-01T00:00:01.000000Z,1970-01-01T00:00:01.000000Z,measles,\n");
    sink_free(&sink);
}

static void test_lines_of_json(void **state)
{
    (void) state;
    struct reading reading;
    assert_ok(begin(&reading,
                    "\xEF\xBB\xBF{\"age_years\":1}\n\n  "
                    "\r\n{\"age_years\":\"x\"}\n{\"religion\":1}\n{\"age_years\":2,\"outcome\":null}",
                    MODEL_TABLE_NDJSON));
    assert_int_equal(next(&reading), 1);
    assert_int_equal(reading.value.age_years, 1);
    assert_int_equal(next(&reading), 1);
    assert_int_equal(reading.value.age_years, 2);
    assert_int_equal(reading.place.line, 6);
    assert_true(model_set_has(&reading.given, model_case_outcome));
    assert_int_equal(next(&reading), 0);
    assert_fault(&reading.faults, "cases.csv:4: /age_years: found \"x\"; allowed: a whole number from 0 to 130");
    assert_fault(&reading.faults, "cases.csv:5: /religion: religion and belief are never collected");
    assert_int_equal(reading.faults.num_all, 2);
    end(&reading);
}

/* A line of the greatest length is read, a longer one is passed over, and what follows is read. */
static void test_long_lines(void **state)
{
    (void) state;
    for (size_t more = 0; more <= 1; more++) {
        size_t         length = MODEL_TABLE_MAX_LINE + more;
        char          *text = malloc(length + 20);
        struct reading reading;
        memset(text, ' ', length);
        memcpy(text, "{\"age_years\":1}", 15);
        strcpy(text + length, "\n{\"age_years\":2}");
        assert_ok(begin(&reading, text, MODEL_TABLE_NDJSON));
        assert_int_equal(next(&reading), 1);
        assert_int_equal(reading.value.age_years, more == 0 ? 1 : 2);
        assert_int_equal(next(&reading), more == 0 ? 1 : 0);
        if (more == 1)
            assert_fault(&reading.faults, "cases.csv:1: the line is too long; allowed: at most 1 MiB");
        end(&reading);
        free(text);
    }
}

static struct model_set all_columns(const struct model_record *record)
{
    struct model_set set = model_set_all(record);
    for (size_t i = 0; i < record->num_fields; i++)
        if ((record->fields[i].kind == MODEL_KIND_BYTES && record->fields[i].high > MODEL_TABLE_MAX_BYTES) ||
            (record->fields[i].kind == MODEL_KIND_TEXT && record->fields[i].high > MODEL_TABLE_MAX_TEXT))
            model_set_remove(&set, i);
    return set;
}

static void forget(const struct model_record *record, const struct model_set *columns, void *value)
{
    _Alignas(16) char empty[4096];
    model_init(record, empty);
    for (size_t i = 0; i < record->num_fields; i++)
        if (!model_set_has(columns, i))
            model_copy(&record->fields[i], value, empty);
}

static void written_rows_read_back(struct test_random *random)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        enum model_table_format format = (enum model_table_format) test_between(random, 0, 2);
        _Alignas(16) char       values[3][4096], back[4096];
        struct arena            arena = ARENA_INIT;
        struct fault_list       faults = FAULT_LIST_INIT;
        struct model_set        columns = all_columns(&records[i]), given;
        struct fault_place      place;
        struct sink             sink;
        struct model_table     *table;
        for (size_t j = 0; j < records[i].num_fields; j++)
            if (records[i].fields[j].rule == MODEL_RULE_WRITTEN)
                model_set_remove(&columns, j); /* it is written, and never read back */
        sink_init_memory(&sink);
        model_table_header(&sink, format, &records[i], &columns);
        for (size_t row = 0; row < 3; row++) {
            test_draw_record(random, &records[i], &arena, values[row]);
            forget(&records[i], &columns, values[row]);
            model_table_row(&sink, format, &records[i], &columns, &columns, values[row]);
        }
        struct test_bytes bytes = { sink.bytes, sink.used, 0 };
        if (model_table_open(test_input(&bytes, NULL), format, &records[i], &faults, &table) != 0) {
            char line[FAULT_LINE_BYTES];
            fault_render(&faults.faults[0], line, sizeof line);
            fail_msg("%s: %s", records[i].name, line);
        }
        for (size_t row = 0; row < 3; row++) {
            assert_int_equal(model_table_next(table, &arena, back, &given, &place), 1);
            assert_same_record(&records[i], back, values[row]);
            assert_memory_equal(back, values[row], sizeof(struct id));
        }
        assert_int_equal(model_table_next(table, &arena, back, &given, &place), 0);
        assert_int_equal(faults.num_all, 0);
        model_table_close(table);
        sink_free(&sink);
        arena_free(&arena);
    }
}

static void test_every_record_reads_back_as_written(void **state)
{
    (void) state;
    test_property("written rows read back", 100, written_rows_read_back);
}

/* Headers by label work only where no two fields of a record are called alike. */
static void test_no_two_labels_of_a_record_are_alike(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    assert_true(4 * MODEL_TABLE_MAX_TEXT + 4 <= TABLE_MAX_CELL);
    assert_true((MODEL_TABLE_MAX_BYTES + 2) / 3 * 4 <= TABLE_MAX_CELL);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++)
            for (size_t k = 0; k < j; k++) {
                assert_string_not_equal(records[i].fields[j].label_en, records[i].fields[k].label_en);
                assert_string_not_equal(records[i].fields[j].label_zh, records[i].fields[k].label_zh);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_found_by_name_and_label),
        cmocka_unit_test(test_a_bad_header_is_told_whole),
        cmocka_unit_test(test_each_bad_cell_is_told_and_good_rows_stay),
        cmocka_unit_test(test_formulas_are_guarded_and_come_back),
        cmocka_unit_test(test_an_export_holds_no_identity),
        cmocka_unit_test(test_masked_fields_are_empty_cells),
        cmocka_unit_test(test_lines_of_json),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_every_record_reads_back_as_written),
        cmocka_unit_test(test_no_two_labels_of_a_record_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
