/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation of the model's readers and writers fails once (-Wl,--wrap): each answers TOC_ERR_NO_MEMORY, or does
 * its work all the same, and loses nothing (the sanitizers see it). */
#include <stdlib.h>

#include "base/deny.h"
#include "base/json_writer.h"
#include "model/model_json.h"
#include "model/model_table.h"
#include "model/support.h"

static size_t num_requests, fail_at; /* fail_at 0 = never */

static bool fails(void)
{
    return ++num_requests == fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __real_realloc(pointer, size);
}

typedef int work(void);

/* Run the work with its first, second, … allocation failing, until none does. */
static void torture(work *run, size_t least)
{
    size_t failed = 0;
    for (fail_at = 1;; fail_at++) {
        num_requests = 0;
        int status = run();
        if (num_requests < fail_at) {
            assert_ok(status);
            break;
        }
        assert_true(status == 0 || status == TOC_ERR_NO_MEMORY);
        failed += status != 0;
    }
    fail_at = 0;
    assert_in_range(failed, least, 1000);
}

static int read_lists(void)
{
    static const char   text[] = "code,name_en,name_zh,parent\nmeasles,Measles,麻疹,rash\nrash,Rash,,\n";
    struct test_bytes   bytes = { text, sizeof text - 1, 0 };
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_lists *lists = NULL;
    int                 ret = model_lists_new(&lists);
    if (ret == 0)
        ret = model_lists_add(lists, "disease", test_input(&bytes, "x"), &faults);
    if (ret != 0 && lists != NULL)
        assert_false(model_lists_has(lists, "disease"));
    if (ret == 0)
        ret = model_lists_add_entry(lists, "sex", &(struct model_entry){ .code = "female", .name = { "Female" } });
    model_lists_free(lists);
    fault_list_free(&faults);
    return ret;
}

static int read_table(const char *text, enum model_table_format format)
{
    struct test_bytes   bytes = { text, strlen(text), 0 };
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_table *table = NULL;
    struct arena        arena = ARENA_INIT;
    struct model_case   value;
    struct model_set    given;
    struct fault_place  place;
    int    ret = model_table_open(test_input(&bytes, "x"), format, model_record(MODEL_CASE), &faults, &table);
    size_t rows = 0;
    while (ret == 0 && (ret = model_table_next(table, &arena, &value, &given, &place)) == 1) {
        rows++;
        ret = 0;
        arena_free(&arena);
        if (rows == 2) {
            ret = model_table_next(table, &arena, &value, &given, &place);
            break;
        }
    }
    if (ret == 0)
        assert_int_equal(rows, 2);
    arena_free(&arena);
    model_table_close(table);
    fault_list_free(&faults);
    return ret;
}

static int read_csv(void)
{
    return read_table("disease,definition_version\nmeasles,é\nplague,e\xCC\x81\n", MODEL_TABLE_CSV);
}

static int read_ndjson(void)
{
    return read_table("{\"disease\":\"measles\"}\n{\"definition_version\":\"e\\u0301\"}\n", MODEL_TABLE_NDJSON);
}

/* A sink remembers its failure. */
static int write_json(void)
{
    struct sink          sink;
    struct json_writer   json;
    struct model_message value;
    struct model_set     visible = model_set_all(model_record(MODEL_MESSAGE));
    model_init(model_record(MODEL_MESSAGE), &value);
    value.body_hash = TEXT("0123456789");
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    model_json_write(&json, model_record(MODEL_MESSAGE), &value, &visible);
    int ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0)
        assert_int_equal(sink.used, strlen("{\"body_hash\":\"MDEyMzQ1Njc4OQ==\"}"));
    sink_free(&sink);
    return ret;
}

/* Without memory a name counts as denied: nothing slips through. */
static int match_name(void)
{
    return deny_match("热度", strlen("热度")) == NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static void test_reading_lists(void **state)
{
    (void) state;
    torture(read_lists, 8);
}

static void test_tables(void **state)
{
    (void) state;
    torture(read_csv, 3);
    torture(read_ndjson, 3);
}

static void test_writing(void **state)
{
    (void) state;
    torture(write_json, 2);
}

static void test_names(void **state)
{
    (void) state;
    torture(match_name, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_lists),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
