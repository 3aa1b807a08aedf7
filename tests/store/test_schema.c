/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/records.h"
#include "store/row_code.h"
#include "store/tables.h"
#include "support/property.h"
#include "support/test.h"

/* Names of tables and indexes share one space in both databases, and a name of PostgreSQL has 63 bytes. */
static void test_all_names_differ_and_are_short(void **state)
{
    (void) state;
    size_t                        num, num_names = 0;
    const struct db_table *const *tables = schema_tables(&num);
    const char                   *names[1000];
    assert_true(num > MODEL_NUM_RECORDS);
    for (size_t i = 0; i < num; i++) {
        names[num_names++] = tables[i]->name;
        for (size_t j = 0; j < tables[i]->num_indexes; j++)
            names[num_names++] = tables[i]->indexes[j].name;
        assert_in_range(tables[i]->num_columns, 1, DB_MAX_COLUMNS);
        assert_in_range(tables[i]->num_key, 1, tables[i]->num_columns);
        for (size_t j = 0; j < tables[i]->num_columns; j++)
            for (size_t k = 0; k < j; k++)
                assert_string_not_equal(tables[i]->columns[j].name, tables[i]->columns[k].name);
    }
    for (size_t i = 0; i < num_names; i++) {
        assert_in_range(strlen(names[i]), 1, 63);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
}

static void test_every_index_is_of_columns_that_exist(void **state)
{
    (void) state;
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < tables[i]->num_indexes; j++)
            for (size_t k = 0; k < DB_INDEX_COLUMNS && tables[i]->indexes[j].columns[k] != NULL; k++) {
                bool found = false;
                for (size_t c = 0; c < tables[i]->num_columns; c++)
                    found = found || strcmp(tables[i]->columns[c].name, tables[i]->indexes[j].columns[k]) == 0;
                if (!found)
                    fail_msg("%s: no column %s", tables[i]->indexes[j].name, tables[i]->indexes[j].columns[k]);
            }
}

static void test_identifying_fields_have_no_column(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    const struct db_table     *table = schema_table(record);
    assert_ptr_equal(table, schema_table_find("case"));
    assert_null(schema_table_find("cases"));
    assert_int_equal(schema_column(record, model_case_note), -1);
    for (size_t i = 0; i < table->num_columns; i++)
        assert_string_not_equal(table->columns[i].name, "note");
    int sealed = schema_sealed_column(record), onset = schema_column(record, model_case_onset_date);
    assert_string_equal(table->columns[sealed].name, "sealed");
    assert_string_equal(table->columns[onset].name, "onset_date");
    assert_int_equal(schema_sealed_column(model_record(MODEL_AREA)), -1);
    assert_string_equal(store_table_event.columns[store_event_verb].name, "verb");
    assert_int_equal(store_table_event.num_columns, STORE_COLUMNS_event);
}

/* A struct of any record with every second field given. */
static void fill(const struct model_record *record, struct test_random *random, char *value)
{
    model_init(record, value);
    struct model_head *head = (void *) value;
    head->id.bytes[0] = 1;
    head->version = 3;
    head->created = -5;
    head->updated = INT64_MAX;
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        void                     *at = value + field->offset;
        if (field->class == MODEL_CLASS_IDENTIFYING || test_between(random, 0, 1) == 0)
            continue;
        switch (field->kind) {
        case MODEL_KIND_REFERENCE: memset(at, (int) test_between(random, 1, 255), ID_BYTES); break;
        case MODEL_KIND_DATE: *(toc_date *) at = (toc_date) test_between(random, 0, 3652058) + TOC_DATE_MIN; break;
        case MODEL_KIND_REAL: *(double *) at = test_uniform(random) - 0.5; break;
        case MODEL_KIND_INSTANT:
        case MODEL_KIND_INTEGER:
        case MODEL_KIND_FLAG: *(int64_t *) at = (int64_t) test_between(random, 0, 99) - 50; break;
        case MODEL_KIND_TEXT:
        case MODEL_KIND_CODE:
        case MODEL_KIND_TIME:
        case MODEL_KIND_BYTES: *(struct model_text *) at = (struct model_text){ "鼠疫", 6 }; break;
        }
    }
}

static void test_every_record_comes_back_from_its_row(struct test_random *random)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        const struct model_record *record = &records[i];
        struct arena               arena = ARENA_INIT;
        struct db_value            row[DB_MAX_COLUMNS], unpacked[DB_MAX_COLUMNS], packed;
        struct model_text          sealed = { "s", 1 }, got_sealed;
        char                      *value = malloc(record->size), *got = malloc(record->size);
        fill(record, random, value);
        assert_ok(schema_bind(record, value, sealed, &arena, row));
        assert_ok(schema_pack(schema_table(record), row, &arena, &packed));
        assert_ok(schema_unpack(schema_table(record), NULL, &packed, unpacked));
        assert_ok(schema_fetch(record, unpacked, &arena, got, &got_sealed));
        assert_memory_equal(value, got, sizeof(struct model_head));
        for (size_t j = 0; j < record->num_fields; j++)
            assert_true(model_equal(&record->fields[j], value, got));
        assert_int_equal(got_sealed.bytes != NULL, schema_sealed_column(record) >= 0);
        free(value);
        free(got);
        arena_free(&arena);
    }
}

static void test_records_and_rows(void **state)
{
    (void) state;
    test_property("every record comes back from its row", 20, test_every_record_comes_back_from_its_row);
}

static void test_a_row_that_is_none_is_refused(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    struct arena               arena = ARENA_INIT;
    struct db_value            row[DB_MAX_COLUMNS];
    struct model_case          value;
    model_init(record, &value);
    value.head.id.bytes[3] = 1;
    value.onset_date = TOC_DATE_MAX + 1;
    assert_status(schema_bind(record, &value, (struct model_text){ 0 }, &arena, row), TOC_ERR_DOMAIN);
    value.onset_date = 0;
    assert_ok(schema_bind(record, &value, (struct model_text){ 0 }, &arena, row));
    int onset = schema_column(record, model_case_onset_date), age = schema_column(record, model_case_age_years);
    row[onset] = db_word("1970-01");
    assert_status(schema_fetch(record, row, &arena, &value, NULL), DB_ERR_CORRUPT);
    row[onset] = db_word("1970-01-01");
    row[age] = db_word("1");
    assert_status(schema_fetch(record, row, &arena, &value, NULL), DB_ERR_CORRUPT);
    row[age] = db_integer(1);
    assert_ok(schema_fetch(record, row, &arena, &value, NULL));
    row[SCHEMA_ID] = db_bytes("x", 1);
    assert_status(schema_fetch(record, row, &arena, &value, NULL), DB_ERR_CORRUPT);
    arena_free(&arena);
}

static void test_old_rows_are_read_after_columns_have_changed(void **state)
{
    (void) state;
    static const struct db_column old_columns[] = { { "id", DB_KIND_INTEGER, true },
                                                    { "gone", DB_KIND_TEXT, false },
                                                    { "name", DB_KIND_TEXT, false } };
    static const struct db_column new_columns[] = { { "id", DB_KIND_INTEGER, true },
                                                    { "added", DB_KIND_TEXT, false },
                                                    { "name", DB_KIND_TEXT, false },
                                                    { "more", DB_KIND_REAL, false } };
    static const struct db_table  old = { .name = "t", .columns = old_columns, .num_columns = 3, .num_key = 1 };
    static const struct db_table new = { .name = "t", .columns = new_columns, .num_columns = 4, .num_key = 1 };
    const struct db_value row[] = { db_integer(7), db_word("x"), db_word("y") };
    struct db_value       got[4], packed;
    struct arena          arena = ARENA_INIT;
    assert_ok(schema_pack(&old, row, &arena, &packed));
    assert_int_equal(schema_packed_layout(&packed), schema_layout(&old));
    assert_int_not_equal(schema_layout(&old), schema_layout(&new));
    assert_status(schema_unpack(&new, NULL, &packed, got), DB_ERR_CORRUPT);
    char *layout = schema_layout_text(&old);
    assert_string_equal(layout, "id:integer,gone:text,name:text");
    assert_ok(schema_unpack(&new, layout, &packed, got));
    assert_int_equal(got[0].integer, 7);
    assert_true(got[1].type == DB_TEXT && got[1].size == 0);
    assert_memory_equal(got[2].bytes, "y", 1);
    assert_int_equal(got[3].type, DB_NULL);
    packed.size--;
    assert_status(schema_unpack(&new, layout, &packed, got), DB_ERR_CORRUPT);
    packed.size = 7;
    assert_int_equal(schema_packed_layout(&packed), 0);
    free(layout);
    arena_free(&arena);
}

static void test_bytes_of_a_row_are_not_believed(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t      size;
    } bad[] = { { "", 0 },
                { "\x07", 1 },
                { "\x02", 1 },
                { "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11 },
                { "\x03"
                  "1234567",
                  8 },
                { "\x04\x02"
                  "a",
                  3 },
                { "\x06"
                  "123456789012345",
                  16 },
                { "\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 } };
    struct db_value value;
    size_t          used;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(row_code_read(bad[i].bytes, bad[i].size, &value, 1, &used) != 0);
    const struct db_value row[] = { db_integer(INT64_MIN), db_integer(INT64_MAX), db_real(-1.5),
                                    db_word(""),           db_bytes("", 0),       db_null() };
    struct db_value       got[6];
    struct sink           sink;
    sink_init_memory(&sink);
    row_code_write(&sink, row, 6);
    assert_ok(row_code_read(sink.bytes, sink.used, got, 6, &used));
    assert_int_equal(used, sink.used);
    assert_int_equal(got[0].integer, INT64_MIN);
    assert_int_equal(got[1].integer, INT64_MAX);
    assert_true(got[2].real == -1.5);
    assert_true(got[3].type == DB_TEXT && got[4].type == DB_BYTES && got[5].type == DB_NULL);
    sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_names_differ_and_are_short),
        cmocka_unit_test(test_every_index_is_of_columns_that_exist),
        cmocka_unit_test(test_identifying_fields_have_no_column),
        cmocka_unit_test(test_records_and_rows),
        cmocka_unit_test(test_a_row_that_is_none_is_refused),
        cmocka_unit_test(test_old_rows_are_read_after_columns_have_changed),
        cmocka_unit_test(test_bytes_of_a_row_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
