/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a round of the watch keeps for the next is, to the bit, what reading and judging everything gives, whatever has
 * happened meanwhile; and a round that keeps nothing finds nothing left to write. On both databases. */
#include "response/watch_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date_text.h"
#include "response/stream_load.h"
#include "response/watch_judging.h"
#include "store/node.h"
#include "support/property.h"
#include "support/store.h"
#include "support/test.h"

enum { MOST_CASES = 400, WEEKS = 30, OPERATIONS = 60, MOST_LOADED = 400 };
#define TODAY 20000 /* a Thursday */

static struct test_store    test;
static struct watch_memory *memory;
static struct id            person, cases[MOST_CASES], loaded[TEST_NUM_AREAS], units[TEST_NUM_AREAS];
static size_t               num_cases, num_alarms;
static toc_date             today;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static struct id make_stream_among(const char *among, const char *disease, const char *period, size_t area,
                                   const char *counter)
{
    static int          number;
    char                code[20];
    struct model_stream stream;
    model_init(model_record(MODEL_STREAM), &stream);
    snprintf(code, sizeof code, "s%d", number++);
    stream.head.id = node_new_id(test.now);
    stream.code = text(code);
    stream.indicator = text("cases");
    stream.disease = text(disease);
    stream.area = test.areas[area];
    stream.period = text(period);
    stream.feed = text(counter != NULL ? "counter" : "file");
    if (among != NULL)
        stream.among = text(among);
    if (counter != NULL)
        stream.counter = text(counter);
    test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &stream, NULL, 0);
    return stream.head.id;
}

static struct id make_stream(const char *disease, const char *period, size_t area, const char *counter)
{
    return make_stream_among(NULL, disease, period, area, counter);
}

static const char *const occupations[] = { "farmer", "health-worker", "laboratory-worker" };
static const char *const origins[] = { "local", "healthcare-associated", "institution-acquired" };
static const char *const among[] = { "health-workers", "acquired-in-facility" };
static const char *const diseases[] = { "measles", "cholera", "rubella" };
static const char *const classes[] = { "suspected", "confirmed", "not-a-case" };

static void make_case(struct test_random *random)
{
    struct model_case one;
    if (num_cases == MOST_CASES)
        return;
    model_init(model_record(MODEL_CASE), &one);
    one.head.id = cases[num_cases++] = node_new_id(test.now);
    one.person = person;
    one.disease = text(diseases[test_between(random, 0, 2)]);
    one.classification = text(classes[test_between(random, 0, 1)]);
    one.responsible_area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    one.received_date = today - (toc_date) test_between(random, 0, 20);
    one.onset_date = one.received_date - (toc_date) test_between(random, 0, 9);
    one.occupation = text(occupations[test_between(random, 0, 2)]);
    one.origin = text(origins[test_between(random, 0, 2)]);
    test_store_submit(&test, STORE_CREATE, MODEL_CASE, &one, NULL, 0);
}

static void change_case(struct test_random *random)
{
    static const size_t given[] = { model_case_responsible_area, model_case_classification, model_case_onset_date,
                                    model_case_occupation, model_case_origin };
    struct model_case   one;
    size_t              what = test_between(random, 0, 4);
    model_init(model_record(MODEL_CASE), &one);
    one.head.id = cases[test_between(random, 0, num_cases - 1)];
    one.responsible_area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    one.classification = text(classes[test_between(random, 0, 2)]);
    one.onset_date = today - 20 - (toc_date) test_between(random, 0, 9);
    one.occupation = text(occupations[test_between(random, 0, 2)]);
    one.origin = text(origins[test_between(random, 0, 2)]);
    test_store_submit(&test, STORE_CHANGE, MODEL_CASE, &one, &given[what], 1);
}

static struct id specimens[MOST_CASES], results[MOST_CASES];
static size_t    num_results;

static void make_result(struct test_random *random)
{
    struct model_specimen specimen;
    struct model_result   one;
    char                  time[DATE_TEXT_BYTES];
    if (num_results == MOST_CASES)
        return;
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    specimen.head.id = specimens[num_results] = node_new_id(test.now);
    specimen.person = person;
    specimen.subject = text("person");
    specimen.material = text("nasopharyngeal-swab");
    specimen.responsible_area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    test_store_submit(&test, STORE_CREATE, MODEL_SPECIMEN, &specimen, NULL, 0);
    model_init(model_record(MODEL_RESULT), &one);
    date_to_text(today - (toc_date) test_between(random, 0, 20), DATE_FORM_DAY, time);
    one.head.id = results[num_results] = node_new_id(test.now);
    one.specimen = specimens[num_results++];
    one.target = text("measles-virus");
    one.disease = text(diseases[test_between(random, 0, 1)]);
    one.status = text("final");
    one.interpretation = text(test_between(random, 0, 4) == 0 ? "detected" : "not-detected");
    one.result_time = text(time);
    test_store_submit(&test, STORE_CREATE, MODEL_RESULT, &one, NULL, 0);
}

/* Another finding, one that was entered in error, a specimen that lies elsewhere. */
static void change_result(struct test_random *random)
{
    static const size_t   given[] = { model_result_status, model_result_interpretation };
    static const size_t   moved[] = { model_specimen_responsible_area };
    struct model_result   one;
    struct model_specimen specimen;
    size_t                what = test_between(random, 0, 2);
    if (num_results == 0)
        return;
    size_t at = test_between(random, 0, num_results - 1);
    model_init(model_record(MODEL_RESULT), &one);
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    one.head.id = results[at];
    one.status = text("entered-in-error");
    one.interpretation = text("detected");
    specimen.head.id = specimens[at];
    specimen.responsible_area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    if (what < 2)
        test_store_submit(&test, STORE_CHANGE, MODEL_RESULT, &one, &given[what], 1);
    else
        test_store_submit(&test, STORE_CHANGE, MODEL_SPECIMEN, &specimen, moved, 1);
}

static void change_series(struct test_random *random)
{
    static const char *const   kinds[] = { "more-testing", "new-definition", "sender-joined", "sender-left" };
    struct model_series_change change;
    model_init(model_record(MODEL_SERIES_CHANGE), &change);
    change.head.id = node_new_id(test.now);
    change.area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    change.kind = text(kinds[test_between(random, 0, 3)]);
    change.day = today - (toc_date) test_between(random, 0, 30);
    if (test_between(random, 0, 1) == 0)
        change.disease = text(diseases[test_between(random, 0, 1)]);
    test_store_submit(&test, STORE_CREATE, MODEL_SERIES_CHANGE, &change, NULL, 0);
}

/* Tests, those positive, and what the ones are of the others, of each disease. */
static void make_shares(const char *disease, size_t area)
{
    static const char *const indicators[] = { "tests", "positives", "positivity" };
    struct id                made[3];
    for (size_t i = 0; i < 3; i++) {
        static int          number;
        char                code[20];
        struct model_stream stream;
        model_init(model_record(MODEL_STREAM), &stream);
        snprintf(code, sizeof code, "t%d", number++);
        stream.head.id = made[i] = node_new_id(test.now);
        stream.code = text(code);
        stream.indicator = text(indicators[i]);
        stream.disease = text(disease);
        stream.area = test.areas[area];
        stream.period = text("week");
        stream.feed = text(i < 2 ? "counter" : "share");
        if (i < 2) {
            stream.counter = text("result_by_day");
        } else {
            stream.numerator = made[1];
            stream.denominator = made[0];
            stream.window_steps = 2;
        }
        test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &stream, NULL, 0);
    }
}

static void deliver(const struct id *stream, toc_date from, toc_date to, struct test_random *random)
{
    struct stream_value     values[MOST_LOADED];
    struct access           program = test_program();
    struct stream_load_call call = { .who = program, .stream = *stream, .values = values, .now = test.now };
    for (toc_date day = from; day <= to && call.num < MOST_LOADED; day++)
        values[call.num++] = (struct stream_value){
            .day = day, .known = today, .value = test_count(random, 4, 1) + (test_between(random, 0, 9) == 0 ? 30 : 0)
        };
    stream_load_request(&call);
    test.now += INSTANT_SECOND;
    assert_ok(store_submit(test.store, &program, &call.request, NULL, NULL));
}

/* A unit that owes reports of rubella, and a stream that is summed from them, at an area. */
static void make_unit(size_t area)
{
    struct model_facility       facility;
    struct model_reporting_unit unit;
    struct model_stream         stream;
    char                        code[20];
    snprintf(code, sizeof code, "u%zu", area);
    model_init(model_record(MODEL_FACILITY), &facility);
    facility.head.id = node_new_id(test.now);
    facility.code = text(code);
    facility.kind = text("clinic");
    facility.area = test.areas[area];
    test_store_submit(&test, STORE_CREATE, MODEL_FACILITY, &facility, NULL, 0);
    model_init(model_record(MODEL_REPORTING_UNIT), &unit);
    unit.head.id = units[area] = node_new_id(test.now);
    unit.code = text(code);
    unit.facility = facility.head.id;
    unit.area = test.areas[area];
    unit.report = text("case-reports");
    unit.disease = text("rubella");
    unit.period = text("day");
    unit.due_hours = 12;
    unit.valid_from = TODAY - 100;
    test_store_submit(&test, STORE_CREATE, MODEL_REPORTING_UNIT, &unit, NULL, 0);
    model_init(model_record(MODEL_STREAM), &stream);
    stream.head.id = node_new_id(test.now);
    stream.code = text(code);
    stream.indicator = text("cases");
    stream.disease = text("rubella");
    stream.area = test.areas[area];
    stream.period = text("day");
    stream.feed = text("unit-reports");
    test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &stream, NULL, 0);
}

static void report_unit(size_t area, toc_date day, struct test_random *random)
{
    struct model_unit_report report;
    model_init(model_record(MODEL_UNIT_REPORT), &report);
    report.head.id = node_new_id(test.now);
    report.unit = units[area];
    report.day = day;
    report.number = (int64_t) test_count(random, 4, 1) + (test_between(random, 0, 9) == 0 ? 30 : 0);
    test_store_submit(&test, STORE_CREATE, MODEL_UNIT_REPORT, &report, NULL, 0);
}

/* The unit reports from elsewhere from now on, or from where it was. */
static void move_unit(struct test_random *random)
{
    static const size_t         given[] = { model_reporting_unit_area };
    struct model_reporting_unit unit;
    model_init(model_record(MODEL_REPORTING_UNIT), &unit);
    unit.head.id = units[TEST_WEST];
    unit.area = test.areas[test_between(random, TEST_COUNTY, TEST_OTHER)];
    test_store_submit(&test, STORE_CHANGE, MODEL_REPORTING_UNIT, &unit, given, 1);
}

static struct watch_report run_with(struct watch_memory *kept)
{
    struct access       program = test_program();
    struct watch_report report;
    assert_ok(watch_run(test.store, &program, kept, today, test.now, NULL, NULL, &report, NULL));
    num_alarms += report.num_alarms;
    return report;
}

/* What the memory has against one that has read everything. */
static void compare(void)
{
    struct access        program = test_program();
    struct watch_memory *fresh;
    assert_ok(watch_memory_new(&fresh));
    assert_ok(watch_memory_update(memory, test.reader, &program, today, NULL));
    assert_ok(watch_memory_update(fresh, test.reader, &program, today, NULL));
    assert_int_equal(memory->num_watched, fresh->num_watched);
    assert_int_equal(memory->num_groups, fresh->num_groups);
    assert_memory_equal(memory->judged, fresh->judged, fresh->num_watched * sizeof *fresh->judged);
    assert_memory_equal(memory->first, fresh->first, fresh->num_watched * sizeof *fresh->first);
    for (size_t g = 0; g < fresh->num_groups; g++) {
        assert_int_equal(memory->groups[g].start, fresh->groups[g].start);
        assert_int_equal(memory->groups[g].num_written, fresh->groups[g].num_written);
        for (size_t i = 0; i < fresh->groups[g].num_written; i++) {
            assert_true(id_equal(&memory->groups[g].written[i].id, &fresh->groups[g].written[i].id));
            assert_true(id_equal(&memory->groups[g].written[i].signal, &fresh->groups[g].written[i].signal));
        }
    }
    watch_memory_free(fresh);
}

static void operate(struct test_random *random)
{
    size_t what = test_between(random, 0, 99);
    if (what < 30)
        make_case(random);
    else if (what < 45)
        make_result(random);
    else if (what < 60)
        change_case(random);
    else if (what < 69)
        change_result(random);
    else if (what < 70)
        change_series(random);
    else if (what < 77)
        report_unit(test_between(random, TEST_COUNTY, TEST_OTHER), today - (toc_date) test_between(random, 0, 20),
                    random);
    else if (what < 78)
        move_unit(random);
    else if (what < 85)
        deliver(&loaded[test_between(random, TEST_COUNTY, TEST_OTHER)], today - (toc_date) test_between(random, 0, 20),
                today, random);
    else if (what < 90)
        today++;
    else if (what < 93) /* everything that is known begins earlier */
        deliver(&loaded[TEST_WEST], today - 200 - (toc_date) test_between(random, 0, 90), today - 190, random);
    else if (what < 96)
        (void) make_stream(diseases[test_between(random, 0, 2)], "day", test_between(random, TEST_COUNTY, TEST_OTHER),
                           "case_by_received");
    else
        (void) run_with(NULL); /* somebody else's round */
}

static void answer_one(struct test_random *random)
{
    static const size_t given[] = { model_signal_status };
    for (size_t g = 0; g < memory->num_groups; g++)
        if (memory->groups[g].num_written > 0 && test_between(random, 0, 1) == 0) {
            struct model_signal signal;
            model_init(model_record(MODEL_SIGNAL), &signal);
            signal.head.id =
                memory->groups[g].written[test_between(random, 0, memory->groups[g].num_written - 1)].signal;
            signal.status = text("triaged");
            test_store_submit(&test, STORE_CHANGE, MODEL_SIGNAL, &signal, given, 1);
            return;
        }
}

static void one_history(bool postgresql, struct test_random *random)
{
    struct model_person value;
    test_store_open(&test, postgresql);
    today = TODAY;
    test.now = (int64_t) TODAY * INSTANT_DAY + 3600 * INSTANT_SECOND;
    num_cases = num_results = num_alarms = 0;
    assert_ok(watch_memory_new(&memory));
    model_init(model_record(MODEL_PERSON), &value);
    value.head.id = person = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    value.sex = text("female");
    test_store_submit(&test, STORE_CREATE, MODEL_PERSON, &value, NULL, 0);
    for (size_t area = TEST_COUNTY; area <= TEST_OTHER; area++) {
        for (size_t d = 0; d < 2; d++) {
            (void) make_stream(diseases[d], "week", area, d == 0 ? "case_by_onset" : "case_by_received");
            (void) make_stream_among(among[d], diseases[d], "week", area, "case_by_received");
            make_shares(diseases[d], area);
        }
        loaded[area] = make_stream("influenza", "day", area, NULL);
        make_unit(area);
    }
    for (int i = 0; i < 40; i++) {
        make_case(random);
        make_result(random);
    }
    for (size_t area = TEST_COUNTY; area <= TEST_OTHER; area++)
        deliver(&loaded[area], today - 60, today, random);
    for (toc_date day = today - 30; day < today; day++)
        for (size_t area = TEST_COUNTY; area <= TEST_OTHER; area++)
            report_unit(area, day, random);
    for (int i = 0; i < OPERATIONS; i++) {
        size_t at_once = test_between(random, 1, 4);
        for (size_t k = 0; k < at_once; k++)
            operate(random);
        compare();
        if (i % 3 == 0)
            (void) run_with(memory);
        if (i % 9 == 0)
            answer_one(random);
    }
    (void) run_with(memory);
    struct watch_report again = run_with(NULL);
    assert_int_equal(again.num_alarms + again.num_signals + again.num_moved + again.num_closed, 0);
    assert_true(num_alarms > 10);
    compare();
    watch_memory_free(memory);
    test_store_close(&test);
}

static void sqlite_history(struct test_random *random)
{
    one_history(false, random);
}

static void test_same_on_sqlite(void **state)
{
    (void) state;
    test_property("what is kept is what reading everything gives", 4, sqlite_history);
}

static void test_same_on_postgresql(void **state)
{
    struct test_random random = { 99, 0 };
    (void) state;
    one_history(true, &random);
}

/* One case touches the streams of its disease at its area and above, and no other is read. */
static void test_only_its_streams(void **state)
{
    struct test_random random = { 7, 0 };
    struct access      program = test_program();
    (void) state;
    test_store_open(&test, false);
    today = TODAY;
    test.now = (int64_t) TODAY * INSTANT_DAY;
    num_cases = 0;
    assert_ok(watch_memory_new(&memory));
    struct model_person value;
    model_init(model_record(MODEL_PERSON), &value);
    value.head.id = person = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    value.sex = text("female");
    test_store_submit(&test, STORE_CREATE, MODEL_PERSON, &value, NULL, 0);
    for (size_t area = TEST_COUNTY; area <= TEST_OTHER; area++)
        for (size_t d = 0; d < 2; d++)
            (void) make_stream(diseases[d], "day", area, "case_by_received");
    make_case(&random);
    (void) run_with(memory);
    for (size_t i = 0; i < memory->num_watched; i++)
        memory->judged[i].usual = -1; /* whoever is judged again has another */
    struct model_case one;
    model_init(model_record(MODEL_CASE), &one);
    one.head.id = node_new_id(test.now);
    one.person = person;
    one.disease = text("measles");
    one.classification = text("suspected");
    one.responsible_area = test.areas[TEST_EAST_ONE];
    one.received_date = today;
    test_store_submit(&test, STORE_CREATE, MODEL_CASE, &one, NULL, 0);
    assert_ok(watch_memory_update(memory, test.reader, &program, today, NULL));
    for (size_t i = 0; i < memory->num_watched; i++) {
        const struct model_stream *stream = &memory->streams.streams[i].stream;
        bool                       above = id_equal(&stream->area, &test.areas[TEST_EAST_ONE]) ||
                     id_equal(&stream->area, &test.areas[TEST_EAST]) ||
                     id_equal(&stream->area, &test.areas[TEST_COUNTY]);
        bool its =
            above && stream->disease.size == strlen("measles") && memcmp(stream->disease.bytes, "measles", 7) == 0;
        assert_int_equal(memory->judged[i].usual != -1, its);
    }
    watch_memory_free(memory);
    test_store_close(&test);
}

/* So many series that several threads judge them: as one thread does, also where the history turns out to begin
 * earlier than the first of them say. */
static void test_threads(void **state)
{
    enum { STREAMS = 3 * WATCH_ALONE_UP_TO };
    static struct id     ids[STREAMS];
    struct test_random   random = { 11, 0 };
    struct access        program = test_program();
    struct watch_streams streams;
    struct watch_group   group;
    struct arena         arena = ARENA_INIT;
    (void) state;
    test_store_open(&test, false);
    today = TODAY;
    test.now = (int64_t) TODAY * INSTANT_DAY;
    for (size_t i = 0; i < STREAMS; i++) {
        ids[i] = make_stream("influenza", "day", TEST_COUNTY + i % 7, NULL);
        deliver(&ids[i], today - (i == STREAMS - 1 ? 190 : 60), today, &random);
    }
    assert_ok(watch_memory_new(&memory));
    for (int round = 0; round < 3; round++) {
        assert_ok(watch_memory_update(memory, test.reader, &program, today, NULL));
        assert_ok(watch_streams_read(test.reader, &program, today, &arena, &streams, NULL));
        assert_ok(watch_streams_series(test.reader, &program, &streams, 0, STREAMS, today, &arena, &group));
        group.num_back = WATCH_DAYS;
        assert_int_equal(memory->groups[0].start, group.dates[0]);
        for (size_t i = 0; i < STREAMS; i++) {
            struct watch_judged judged;
            assert_ok(watch_judge_series(&group, i, &judged, NULL));
            assert_memory_equal(&memory->judged[i], &judged, sizeof judged);
        }
        today++;
        deliver(&ids[round], today - 250 - round, today, &random); /* begins earlier than all that was known */
    }
    arena_free(&arena);
    watch_memory_free(memory);
    test_store_close(&test);
}

static struct id make_threshold(size_t area, double threshold, double per_100k)
{
    struct id           id = make_stream("influenza", "day", area, NULL);
    static const size_t given[] = { model_stream_threshold, model_stream_threshold_per_100k };
    struct model_stream stream;
    model_init(model_record(MODEL_STREAM), &stream);
    stream.head.id = id;
    stream.threshold = threshold;
    stream.threshold_per_100k = per_100k;
    test_store_submit(&test, STORE_CHANGE, MODEL_STREAM, &stream, given, 2);
    return id;
}

/* Thresholds as data: a number, a rate of those who live there, the lower of both; no rate where nobody is known. */
static void test_thresholds(void **state)
{
    static const struct {
        size_t      area;
        double      threshold, per_100k, day;
        const char *method; /* NULL = no alarm */
    } asked[] = { { TEST_EAST, 12, NAN, 12, "fixed-count" }, { TEST_EAST, 12, NAN, 11, NULL },
                  { TEST_WEST, NAN, 50, 10, "fixed-rate" },  { TEST_WEST, NAN, 50, 9, NULL },
                  { TEST_WEST, 30, 50, 10, "fixed-rate" },   { TEST_WEST, 5, 50, 5, "fixed-count" },
                  { TEST_OTHER, 1, 50, 900, NULL } };
    enum { NUM = sizeof asked / sizeof *asked };
    struct id               ids[NUM];
    struct access           program = test_program();
    struct model_population people;
    (void) state;
    test_store_open(&test, false);
    today = TODAY;
    test.now = (int64_t) TODAY * INSTANT_DAY;
    model_init(model_record(MODEL_POPULATION), &people);
    people.head.id = node_new_id(test.now);
    people.area = test.areas[TEST_WEST];
    people.year = 2023;
    people.kind = text("resident");
    people.age_from = 0;
    people.number = 20000;
    people.source = text("invented");
    test_store_submit(&test, STORE_CREATE, MODEL_POPULATION, &people, NULL, 0);
    for (size_t i = 0; i < NUM; i++) {
        struct stream_value     value = { .day = today, .known = today, .value = asked[i].day };
        struct stream_load_call call = { .who = program, .values = &value, .num = 1, .now = test.now };
        ids[i] = call.stream = make_threshold(asked[i].area, asked[i].threshold, asked[i].per_100k);
        stream_load_request(&call);
        assert_ok(store_submit(test.store, &program, &call.request, NULL, NULL));
    }
    assert_ok(watch_memory_new(&memory));
    struct watch_report report = run_with(memory);
    assert_int_equal(report.num_watched, NUM - 1);
    for (size_t i = 0; i < NUM; i++) {
        size_t                      num = 0;
        const struct watch_written *written = watch_memory_alarms(&memory->groups[0], &ids[i], &num);
        assert_int_equal(num, asked[i].method != NULL);
        if (num > 0) {
            struct id id = watch_alarm_id(&ids[i], today, asked[i].method);
            assert_true(id_equal(&written->id, &id));
        }
    }
    watch_memory_free(memory);
    test_store_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_on_sqlite),   cmocka_unit_test(test_same_on_postgresql),
        cmocka_unit_test(test_only_its_streams), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
