/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams among some of the cases alone, and signals that no budget defers; on both databases. */
#include "response/watch_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/model_lists.h"
#include "response/stream_load.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

#define TODAY 20000 /* a Thursday */

static struct test_store   test;
static struct model_lists *lists;
static struct id           person;

static struct model_text text(const char *bytes)
{
    return bytes != NULL ? (struct model_text){ bytes, strlen(bytes) } : (struct model_text){ NULL, 0 };
}

static void begin(bool postgresql)
{
    struct model_person value;
    test_store_open(&test, postgresql);
    test.options.lists = lists;
    test_store_reopen(&test);
    test.now = (int64_t) TODAY * INSTANT_DAY + 3600 * INSTANT_SECOND;
    model_init(model_record(MODEL_PERSON), &value);
    value.head.id = person = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    value.sex = text("female");
    test_store_submit(&test, STORE_CREATE, MODEL_PERSON, &value, NULL, 0);
}

struct wanted {
    const char *indicator, *disease, *among, *counter; /* no counter: others count it, and 5 are enough */
    const char *kind;                                  /* of the facility that it is of; NULL = none */
    int         area;                                  /* 0: east */
};

static struct id make_stream(struct wanted wanted)
{
    static int            number;
    char                  code[20];
    struct model_stream   stream;
    struct model_facility facility;
    int                   area = wanted.area != 0 ? wanted.area : TEST_EAST;
    model_init(model_record(MODEL_STREAM), &stream);
    snprintf(code, sizeof code, "s%d", number++);
    stream.head.id = node_new_id(test.now);
    stream.code = text(code);
    stream.indicator = text(wanted.indicator != NULL ? wanted.indicator : "cases");
    stream.disease = text(wanted.disease);
    stream.among = text(wanted.among);
    stream.area = test.areas[area];
    stream.period = text("day");
    stream.feed = text(wanted.counter != NULL ? "counter" : "file");
    stream.counter = text(wanted.counter);
    if (wanted.counter == NULL)
        stream.threshold = 5;
    if (wanted.kind != NULL) {
        model_init(model_record(MODEL_FACILITY), &facility);
        facility.head.id = stream.facility = node_new_id(test.now);
        facility.code = text(code);
        facility.kind = text(wanted.kind);
        facility.area = test.areas[area];
        test_store_submit(&test, STORE_CREATE, MODEL_FACILITY, &facility, NULL, 0);
    }
    test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &stream, NULL, 0);
    return stream.head.id;
}

static struct id make_case(const char *disease, const char *occupation, const char *origin, const char *classification)
{
    struct model_case one;
    model_init(model_record(MODEL_CASE), &one);
    one.head.id = node_new_id(test.now);
    one.person = person;
    one.disease = text(disease);
    one.classification = text(classification);
    one.responsible_area = test.areas[TEST_EAST_ONE];
    one.received_date = TODAY;
    one.occupation = text(occupation);
    one.origin = text(origin);
    test_store_submit(&test, STORE_CREATE, MODEL_CASE, &one, NULL, 0);
    return one.head.id;
}

/* What a stream says of today to this caller; -1: it is not watched. */
static double newest(const struct access *who, const struct id *stream)
{
    struct watch_streams streams;
    struct watch_group   group;
    struct arena         arena = ARENA_INIT;
    double               found = -1;
    size_t               num;
    assert_ok(watch_streams_read(test.reader, who, TODAY, &arena, &streams, NULL));
    for (size_t first = 0; (num = watch_streams_group(&streams, first)) > 0; first += num) {
        assert_ok(watch_streams_series(test.reader, who, &streams, first, num, TODAY, &arena, &group));
        for (size_t i = 0; i < num && group.num_steps > 0; i++)
            if (id_equal(&streams.streams[first + i].stream.head.id, stream))
                found = watch_value(&group.series[i], group.num_steps - 1);
    }
    arena_free(&arena);
    return found;
}

static void check_counts(bool postgresql)
{
    static const size_t given[] = { model_case_occupation, model_case_origin };
    struct access       program = test_program(), reader = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct wanted       wanted = { .disease = "influenza", .counter = "case_by_received" };
    struct model_case   changed;
    begin(postgresql);
    struct id all = make_stream(wanted);
    wanted.among = "health-workers";
    struct id workers = make_stream(wanted);
    wanted.among = "acquired-in-facility";
    struct id acquired = make_stream(wanted);
    wanted.counter = "case_by_onset";
    struct id by_onset = make_stream(wanted);
    (void) make_case("influenza", "health-worker", "local", "confirmed");
    (void) make_case("influenza", "laboratory-worker", "healthcare-associated", "suspected");
    (void) make_case("influenza", "health-worker", "healthcare-associated", "not-a-case");
    (void) make_case("influenza", "farmer", "institution-acquired", "confirmed");
    (void) make_case("measles", "health-worker", "healthcare-associated", "confirmed");
    struct id last = make_case("influenza", NULL, NULL, "confirmed");
    assert_true(newest(&program, &all) == 4);
    assert_true(newest(&program, &workers) == 2);
    assert_true(newest(&program, &acquired) == 2);
    assert_true(newest(&program, &by_onset) == -1);
    model_init(model_record(MODEL_CASE), &changed);
    changed.head.id = last;
    changed.occupation = text("health-worker");
    changed.origin = text("institution-acquired");
    test_store_submit(&test, STORE_CHANGE, MODEL_CASE, &changed, given, 2);
    assert_true(newest(&program, &all) == 4);
    assert_true(newest(&program, &workers) == 3);
    assert_true(newest(&program, &acquired) == 3);
    /* Who may not read the occupation of cases is not told how many are of one. */
    assert_true(newest(&reader, &workers) == 3);
    reader.role = ACCESS_ANALYST;
    assert_true(newest(&reader, &all) == 4);
    assert_true(newest(&reader, &workers) == -1);
    assert_true(newest(&reader, &acquired) == 3);
    test_store_close(&test);
}

/* ---- what no budget defers ---- */

/* Streams in four places that have nothing to do with each other, all over their thresholds today. */
static void alarm_everywhere(struct wanted wanted)
{
    static const int places[] = { TEST_EAST_ONE, TEST_EAST_TWO, TEST_WEST_ONE, TEST_OTHER };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct access       program = test_program();
        struct stream_value values[20];
        wanted.area = places[i];
        struct stream_load_call call = { .who = program, .stream = make_stream(wanted), .values = values };
        for (; call.num < 20; call.num++)
            values[call.num] = (struct stream_value){ .day = TODAY - 19 + (toc_date) call.num,
                                                      .known = TODAY,
                                                      .value = call.num == 19 ? 8 : 1 };
        test.now += INSTANT_SECOND;
        call.now = test.now;
        stream_load_request(&call);
        assert_ok(store_submit(test.store, &program, &call.request, NULL, NULL));
    }
}

static struct watch_report watch(void)
{
    struct access       program = test_program();
    struct watch_report report;
    test.now += INSTANT_SECOND;
    assert_ok(watch_run(test.store, &program, NULL, TODAY, test.now, NULL, NULL, &report, NULL));
    return report;
}

static int64_t tasks(const char *disease, const char *priority)
{
    char sql[200];
    snprintf(
        sql, sizeof sql,
        "SELECT COUNT(*) FROM task t JOIN signal s ON t.signal = s.id WHERE s.disease = '%s' AND t.priority = '%s'",
        disease, priority);
    return test_store_number(&test, sql);
}

static void check_budget(bool postgresql)
{
    begin(postgresql);
    alarm_everywhere((struct wanted){ .disease = "influenza" });
    alarm_everywhere((struct wanted){ .disease = "mumps", .indicator = "deaths" });
    alarm_everywhere((struct wanted){ .disease = "rubella", .among = "acquired-in-facility" });
    alarm_everywhere((struct wanted){ .disease = "measles", .kind = "school" });
    alarm_everywhere((struct wanted){ .disease = "pertussis", .kind = "hospital" });
    alarm_everywhere((struct wanted){ .disease = "plague-bubonic", .indicator = "positives" });
    alarm_everywhere((struct wanted){ .disease = "cholera", .indicator = "tests" });
    (void) watch();
    const struct expected {
        const char *disease;
        int64_t     low, normal, high, urgent;
    } expected[] = {
        { "influenza", 4 - WATCH_BUDGET_DAILY, WATCH_BUDGET_DAILY, 0, 0 },
        { "mumps", 0, 0, 4, 0 },
        { "rubella", 0, 0, 4, 0 },
        { "measles", 0, 0, 4, 0 },
        { "pertussis", 4 - WATCH_BUDGET_DAILY, WATCH_BUDGET_DAILY, 0, 0 },
        { "plague-bubonic", 0, 0, 0, 4 },
        { "cholera", 4 - WATCH_BUDGET_DAILY, WATCH_BUDGET_DAILY, 0, 0 },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(tasks(expected[i].disease, "low"), expected[i].low);
        assert_int_equal(tasks(expected[i].disease, "normal"), expected[i].normal);
        assert_int_equal(tasks(expected[i].disease, "high"), expected[i].high);
        assert_int_equal(tasks(expected[i].disease, "urgent"), expected[i].urgent);
    }
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM signal WHERE among = 'acquired-in-facility'"), 4);
    /* Health workers fall ill where a signal is deferred: it is so no longer, and nothing is left to be written. */
    alarm_everywhere((struct wanted){ .disease = "influenza", .among = "health-workers" });
    struct watch_report report = watch();
    assert_int_equal(report.num_alarms, 4);
    assert_int_equal(report.num_signals, 0);
    assert_int_equal(tasks("influenza", "high"), 4);
    report = watch();
    assert_int_equal(report.num_alarms + report.num_signals + report.num_moved + report.num_closed, 0);
    test_store_close(&test);
}

static void test_counts_on_sqlite(void **state)
{
    (void) state;
    check_counts(false);
}

static void test_counts_on_postgresql(void **state)
{
    (void) state;
    check_counts(true);
}

static void test_budget_on_sqlite(void **state)
{
    (void) state;
    check_budget(false);
}

static void test_budget_on_postgresql(void **state)
{
    (void) state;
    check_budget(true);
}

/* A counter of some records names every code below those that it names: lists and descriptions say the same. */
static void test_codes_below(void **state)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    (void) state;
    for (size_t r = 0; r < num; r++)
        for (size_t c = 0; c < records[r].num_counters; c++) {
            const struct model_counter *counter = &records[r].counters[c];
            const struct model_entry   *entry;
            if (counter->only == NULL)
                continue;
            const char *list = model_field_find(&records[r], counter->only, strlen(counter->only))->target;
            for (size_t k = 0; k < MODEL_MAX_ONLY && counter->codes[k] != NULL; k++)
                assert_non_null(model_lists_find(lists, list, counter->codes[k], strlen(counter->codes[k])));
            for (size_t i = 0; (entry = model_lists_entry(lists, list, i)) != NULL; i++) {
                bool here = false, above = false;
                for (size_t k = 0; k < MODEL_MAX_ONLY && counter->codes[k] != NULL; k++) {
                    here = here || strcmp(entry->code, counter->codes[k]) == 0;
                    above = above || (entry->parent != NULL && strcmp(entry->parent, counter->codes[k]) == 0);
                }
                assert_true(here || !above);
            }
        }
}

static int read_lists(void **state)
{
    struct fault_list faults = FAULT_LIST_INIT;
    (void) state;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, TEST_ROOT "/share/lists", &faults));
    fault_list_free(&faults);
    return 0;
}

static int free_lists(void **state)
{
    (void) state;
    model_lists_free(lists);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_on_sqlite), cmocka_unit_test(test_counts_on_postgresql),
        cmocka_unit_test(test_budget_on_sqlite), cmocka_unit_test(test_budget_on_postgresql),
        cmocka_unit_test(test_codes_below),
    };
    return cmocka_run_group_tests(tests, read_lists, free_lists);
}
