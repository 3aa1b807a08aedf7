/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built by add_field.py against a model whose case has one field more, probe_days: it must be everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "model/access.h"
#include "model/model_check.h"
#include "model/model_json.h"
#include "model/model_schema.h"
#include "model/model_table.h"
#include "model/records.h"
#include "store/migration.h"
#include "store/schema.h"
#include "support/test.h"

static const struct model_record *record;

static char *finish(struct sink *sink)
{
    sink_character(sink, '\0');
    assert_int_equal(sink->failure, 0);
    return sink->bytes;
}

static void read_json(const char *text, struct arena *arena, struct model_case *value, struct fault_list *faults,
                      int expected)
{
    struct model_set given;
    assert_status(model_json_read(text, strlen(text), record, (struct fault_place){ 0 }, arena, value, &given, faults),
                  expected);
    if (expected == 0)
        assert_true(model_set_has(&given, model_case_probe_days));
}

static void test_json_in_and_validation(void **state)
{
    (void) state;
    struct arena      arena = ARENA_INIT;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_case value;
    char              line[FAULT_LINE_BYTES];
    read_json("{\"probe_days\":\"x\"}", &arena, &value, &faults, BASE_ERR_INPUT);
    fault_render(&faults.faults[0], line, sizeof line);
    assert_string_equal(line, "/probe_days: found \"x\"; allowed: a whole number from 0 to 7");
    fault_list_free(&faults);
    read_json("{\"probe_days\":8}", &arena, &value, &faults, 0);
    assert_int_equal(value.probe_days, 8);
    struct model_set given = { { 0 } };
    model_set_add(&given, model_case_probe_days);
    assert_status(model_check_change(&(struct model_check){ 0 }, record, &value, &value, &given, &faults),
                  BASE_ERR_INPUT);
    fault_render(&faults.faults[0], line, sizeof line);
    assert_string_equal(line, "/probe_days: found \"8\"; allowed: a whole number from 0 to 7");
    fault_list_free(&faults);
    arena_free(&arena);
}

static char *json_of(const struct model_case *value, struct model_set visible)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    model_json_write(&json, record, value, &visible);
    return finish(&sink);
}

static void test_json_out_and_masking(void **state)
{
    (void) state;
    struct model_case value;
    model_init(record, &value);
    value.probe_days = 3;
    char *text = json_of(&value, model_set_all(record));
    assert_string_equal(text, "{\"probe_days\":3}");
    free(text);
    struct access    analyst = { .role = ACCESS_ANALYST }, epidemiologist = { .role = ACCESS_EPIDEMIOLOGIST };
    struct model_set seen = access_visible(&epidemiologist, record);
    assert_true(model_set_has(&seen, model_case_probe_days));
    text = json_of(&value, access_visible(&analyst, record)); /* its class is sensitive */
    assert_null(strstr(text, "\"probe_days\":"));
    assert_non_null(strstr(text, "\"probe_days\""));
    free(text);
}

static void test_tables(void **state)
{
    (void) state;
    struct model_set  columns = model_table_exported(record);
    struct model_case value;
    struct sink       sink;
    assert_true(model_set_has(&columns, model_case_probe_days));
    model_init(record, &value);
    value.probe_days = 3;
    sink_init_memory(&sink);
    model_table_header(&sink, MODEL_TABLE_CSV, record, &columns);
    model_table_row(&sink, MODEL_TABLE_CSV, record, &columns, &columns, &value);
    char *text = finish(&sink);
    assert_non_null(strstr(text, ",probe_days\n"));
    assert_non_null(strstr(text, ",3\n"));
    sink_free(&sink);
}

static void test_generated_texts(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    struct rows        rows;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    model_openapi_write(&json, record, NULL);
    json_end(&json);
    char *text = finish(&sink);
    assert_non_null(strstr(text, "\"probe_days\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":7,"));
    sink_free(&sink);

    sink_init_memory(&sink);
    model_typescript_write(&sink, record, NULL);
    text = finish(&sink);
    assert_non_null(strstr(text, "  /** Days of the probe · 探针天数 */\n  probe_days?: number;\n"));
    sink_free(&sink);

    sink_init_memory(&sink);
    assert_ok(rows_begin(&rows, &sink, ROWS_CSV, false, model_codebook_columns, MODEL_CODEBOOK_COLUMNS));
    model_codebook_rows(&rows, record);
    rows_finish(&rows);
    text = finish(&sink);
    assert_non_null(strstr(text, "\ncase,probe_days,integer,optional,sensitive,Days of the probe,探针天数,,0,7\n"));
    sink_free(&sink);
}

/* A new database brought to the newest migration: only the line of the new field is missing there. */
static void test_sql_and_the_next_migration(void **state)
{
    (void) state;
    struct db_error error;
    struct db      *db = NULL;
    int64_t         fence = 0;
    char            path[] = "/tmp/tocsin-add-field-XXXXXX", url[64], *sql = NULL;
    assert_non_null(mkdtemp(path));
    snprintf(url, sizeof url, "sqlite:%s/t.db", path);
    if (db_open(url, &(struct db_options){ .create = true }, &db, &error) != 0)
        fail_msg("%s", error.what);
    assert_ok(db_table_sql(db, schema_table(record), &sql));
    assert_non_null(strstr(sql, "\"probe_days\""));
    free(sql);

    struct sink                   draft, by_hand;
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    sink_init_memory(&draft);
    sink_init_memory(&by_hand);
    assert_ok(db_take_lease(db, "test", 0, &fence, &error));
    if (migration_apply(db, migrations, num_migrations, fence, 0, &error) != 0 ||
        migration_draft(db, tables, num, &draft, &by_hand, &error) != 0)
        fail_msg("%s", error.what);
    assert_int_equal(by_hand.used, 0);
    assert_non_null(strstr(finish(&draft), "\"probe_days\""));
    if (db_execute(db, "UPDATE \"case\" SET probe_days = 1", &error) == 0)
        fail_msg("the column is there before its migration");
    sink_free(&draft);
    sink_free(&by_hand);
    db_close(db);
    static const char *const ends[] = { "", "-wal", "-shm", ".lease" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(url, sizeof url, "%s/t.db%s", path, ends[i]);
        unlink(url);
    }
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_in_and_validation),
        cmocka_unit_test(test_json_out_and_masking),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_generated_texts),
        cmocka_unit_test(test_sql_and_the_next_migration),
    };
    record = model_record(MODEL_CASE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
