/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers that others count, into streams: made where they are not there, what is new is written, once; revisions stay
 * beside what they revise; who may not write streams may not. On both databases. */
#include "response/stream_load.h"

#include <math.h>
#include <stdio.h>

#include "store/stream_layers.h"
#include "support/store.h"
#include "support/test.h"

#define AREA "100101" /* of TEST_EAST */

static struct test_store          test;
static struct access              who;
static struct stream_load_report  report;
static struct stream_load_options options;

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    options = (struct stream_load_options){ .code = "s", .indicator = "cases", .period = "day" };
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
    test_store_close(&test);
    return 0;
}

static int load(const char *text, toc_date known)
{
    struct fault_list          faults = FAULT_LIST_INIT;
    struct stream_file         file;
    struct stream_file_options reading = { .today = known, .known = known };
    assert_ok(stream_file_read(text, strlen(text), "f", &reading, &faults, &file));
    int ret = stream_load(test.store, &who, &file, "f", &options, test.now, &report, &faults);
    assert_true(ret != BASE_ERR_INPUT || faults.num_all > 0);
    stream_file_free(&file);
    fault_list_free(&faults);
    return ret;
}

/* The sum of a stream's values as known on a day, and how many they are. */
static double sum_of(const char *code, toc_date known, size_t *num)
{
    struct store_reader *reader;
    struct arena         arena = ARENA_INIT;
    struct stream_known  all;
    struct id            id;
    double               sum = 0;
    assert_ok(store_reader_open(test.store, &reader, NULL));
    assert_ok(store_find_stream(reader, code, &id));
    assert_ok(store_stream_known(reader, &who, &id, 1, &arena, &all));
    *num = stream_values_as_of(all.values, all.num, known);
    for (size_t i = 0; i < *num; i++)
        sum += isnan(all.values[i].value) ? 0 : all.values[i].value;
    store_reader_close(reader);
    arena_free(&arena);
    return sum;
}

static int64_t rows(void)
{
    return test_store_number(&test, "SELECT COUNT(*) FROM stream_values");
}

static void test_once(void **state)
{
    static const char text[] = "date,area,value\n2024-01-01,E,3\n2024-01-02,E,4\n2024-01-01,W-a,5\n";
    size_t            num;
    (void) state;
    options.area = AREA;
    assert_ok(load(text, 20000));
    assert_int_equal(report.num_streams, 2);
    assert_int_equal(report.num_made, 2);
    assert_int_equal(report.num_new, 3);
    assert_int_equal(rows(), 2);
    for (int again = 0; again < 2; again++) {
        assert_ok(load(text, 20000 + again));
        assert_int_equal(report.num_made, 0);
        assert_int_equal(report.num_new, 0);
        assert_int_equal(report.num_known, 3);
        assert_int_equal(rows(), 2);
    }
    assert_true(sum_of("s-E", 30000, &num) == 7 && num == 2);
}

/* A late zero, a blank that withdraws nothing, and what was known before. */
static void test_revisions(void **state)
{
    size_t num;
    (void) state;
    options.area = AREA;
    assert_ok(load("date,value\n2024-01-01,3\n2024-01-02,\n", 19730));
    assert_ok(load("date,value\n2024-01-01,\n2024-01-02,0\n2024-01-03,7\n", 19740));
    assert_int_equal(report.num_new, 2);
    assert_int_equal(report.num_revised, 0);
    assert_ok(load("date,value\n2024-01-01,2\n", 19750));
    assert_int_equal(report.num_revised, 1);
    assert_true(sum_of("s", 19729, &num) == 0 && num == 0);
    assert_true(sum_of("s", 19730, &num) == 3 && num == 2);
    assert_true(sum_of("s", 19745, &num) == 10 && num == 3);
    assert_true(sum_of("s", 19750, &num) == 9 && num == 3);
    assert_ok(
        load("date,value,known\n2024-01-01,3,2024-01-08\n2024-01-01,3,2024-01-10\n", 19760)); /* late, and known */
    assert_int_equal(report.num_new, 0);
}

static void test_corrections(void **state)
{
    (void) state;
    options.area = AREA;
    options.cumulative = true;
    assert_ok(load("date,value\n2024-01-01,30\n2024-01-02,40\n", 19730));
    assert_int_equal(report.num_corrections, 0);
    assert_ok(load("date,value\n2024-01-03,38\n2024-01-04,50\n", 19732));
    assert_int_equal(report.num_corrections, 1);
}

static void test_refused(void **state)
{
    (void) state;
    assert_int_equal(load("date,area,value\n2024-01-01,nowhere,3\n", 19730), BASE_ERR_INPUT); /* of no area */
    options.indicator = NULL;
    options.area = AREA;
    assert_int_equal(load("date,value\n2024-01-01,3\n", 19730), BASE_ERR_INPUT); /* of no stream, and none is made */
    options.indicator = "cases";
    options.code = "a-code-that-is-long-enough-for-this";
    assert_int_equal(load("date,area,value\n2024-01-01,a-name-of-a-series-that-is-much-too-long-for-it,3\n", 19730),
                     BASE_ERR_INPUT);
    options.code = "s";
    who.role = ACCESS_SUPERVISOR;
    assert_int_equal(load("date,value\n2024-01-01,3\n", 19730), STORE_ERR_DENIED);
    assert_int_equal(rows(), 0);
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM stream"), 0);
    /* A stream that counts this program's own records takes no numbers. */
    who.role = ACCESS_EPIDEMIOLOGIST;
    assert_ok(load("date,value\n2024-01-01,3\n", 19730));
    struct store_reader *reader;
    struct model_stream  stream = { .feed = { "counter", 7 } };
    assert_ok(store_reader_open(test.store, &reader, NULL));
    assert_ok(store_find_stream(reader, "s", &stream.head.id));
    store_reader_close(reader);
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_STREAM), .value = &stream };
    model_set_add(&change.given, model_stream_feed);
    struct store_request request = { .verb = "change", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_int_equal(load("date,value\n2024-01-02,3\n", 19730), BASE_ERR_INPUT);
    /* Nor one of an area that is another's: it is not there. */
    who = test_epidemiologist(&test.areas[TEST_OTHER]);
    assert_int_equal(load("date,value\n2024-01-02,3\n", 19730), STORE_ERR_ABSENT);
    assert_int_equal(rows(), 1);
}

/* More streams than are decided at once. */
static void test_many(void **state)
{
    enum { SERIES = 2 * STREAM_LOAD_AT_ONCE + 3 };
    static char text[SERIES * 40];
    size_t      size = (size_t) snprintf(text, sizeof text, "date,series,value\n");
    (void) state;
    options.area = AREA;
    for (int i = 0; i < SERIES; i++)
        size += (size_t) snprintf(text + size, sizeof text - size, "2024-01-01,x%d,%d\n", i, i);
    assert_ok(load(text, 19730));
    assert_int_equal(report.num_streams, SERIES);
    assert_int_equal(report.num_made, SERIES);
    assert_int_equal(rows(), SERIES);
    assert_ok(load(text, 19731));
    assert_int_equal(report.num_known, SERIES);
    assert_int_equal(rows(), SERIES);
}

#define ON_BOTH(name)                                                                                                  \
    { "sqlite: " #name, name, on_sqlite, end, NULL },                                                                  \
    {                                                                                                                  \
        "postgresql: " #name, name, on_postgresql, end, NULL                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = { ON_BOTH(test_once), ON_BOTH(test_revisions), ON_BOTH(test_corrections),
                                        ON_BOTH(test_refused), ON_BOTH(test_many) };
    return cmocka_run_group_tests_name("numbers into streams", tests, NULL, NULL);
}
