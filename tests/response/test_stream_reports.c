/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams that are summed from what reporting units say: sums, what is missing and incomplete, revisions. On both
 * databases. */
#include "response/stream_reports.h"

#include <math.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "response/completeness.h"
#include "response/stream_load.h"
#include "response/watch_streams.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

#define TODAY 20031 /* a Monday */

static struct test_store   test;
static struct arena        arena;
static struct model_stream stream;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* Due 12 hours after its day or week, missing after 36. */
static struct id make_unit(const char *code, enum test_area area, const char *report, const char *disease,
                           const char *period)
{
    struct model_facility       facility;
    struct model_reporting_unit unit;
    model_init(model_record(MODEL_FACILITY), &facility);
    facility.head.id = node_new_id(test.now);
    facility.code = text(code);
    facility.kind = text("clinic");
    facility.area = test.areas[area];
    test_store_submit(&test, STORE_CREATE, MODEL_FACILITY, &facility, NULL, 0);
    model_init(model_record(MODEL_REPORTING_UNIT), &unit);
    unit.head.id = node_new_id(test.now);
    unit.code = text(code);
    unit.facility = facility.head.id;
    unit.area = test.areas[area];
    unit.report = text(report);
    if (disease != NULL)
        unit.disease = text(disease);
    unit.period = text(period);
    unit.due_hours = 12;
    unit.missing_hours = 36;
    unit.valid_from = TODAY - 10;
    test_store_submit(&test, STORE_CREATE, MODEL_REPORTING_UNIT, &unit, NULL, 0);
    return unit.head.id;
}

/* What a unit says on a day at 9 o'clock. */
static void report(struct id unit, toc_date on, toc_date day, int64_t number)
{
    struct model_unit_report value;
    int64_t                  at = time_zone_start(on) + 9 * 3600 * INSTANT_SECOND;
    if (at > test.now)
        test.now = at;
    model_init(model_record(MODEL_UNIT_REPORT), &value);
    value.head.id = node_new_id(test.now);
    value.unit = unit;
    value.day = day;
    value.number = number;
    test_store_submit(&test, STORE_CREATE, MODEL_UNIT_REPORT, &value, NULL, 0);
}

static struct store_reader *open_reader(void)
{
    struct store_reader *reader = NULL;
    assert_ok(store_reader_open(test.store, &reader, NULL));
    return reader;
}

/* The stream's value of a day as known on a day; NaN: there is none. */
static double value_of(toc_date day, toc_date known)
{
    struct access        program = test_program();
    struct store_reader *reader = open_reader();
    struct stream_known  all;
    double               value = NAN;
    arena_wipe(&arena);
    assert_ok(stream_known_read(reader, &program, &stream, &arena, &all));
    size_t num = stream_values_as_of(all.values, all.num, known);
    for (size_t i = 0; i < num; i++)
        if (all.values[i].day == day)
            value = all.values[i].value;
    store_reader_close(reader);
    return value;
}

static void assert_value(toc_date day, toc_date known, double value)
{
    double got = value_of(day, known);
    if (isnan(value) ? !isnan(got) : got != value)
        fail_msg("day %+d as known on %+d: %g", (int) (day - TODAY), (int) (known - TODAY), got);
}

static void make_stream(const char *code, const char *indicator, const char *disease, const char *period)
{
    model_init(model_record(MODEL_STREAM), &stream);
    stream.head.id = node_new_id(test.now);
    stream.code = text(code);
    stream.indicator = text(indicator);
    if (disease != NULL)
        stream.disease = text(disease);
    stream.area = test.areas[TEST_COUNTY];
    stream.period = text(period);
    stream.feed = text("unit-reports");
    test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &stream, NULL, 0);
}

static toc_date complete_until(void)
{
    struct store_reader     *reader = open_reader();
    struct completeness     *read;
    struct completeness_step steps[COMPLETENESS_WEEKS * 7];
    size_t                   num;
    arena_wipe(&arena);
    assert_ok(completeness_read(reader, test.now, &arena, &read));
    completeness_steps(read, test.store, &stream, steps, &num);
    store_reader_close(reader);
    return completeness_until(steps, num);
}

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    test.now = time_zone_start(TODAY - 20);
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
    arena_free(&arena);
    test_store_close(&test);
    return 0;
}

/* Added up are the newest reports of the units of its area, disease and indicator; a day without one has no value, a
 * day of zeros has 0. */
static void test_sums(void **state)
{
    (void) state;
    struct id a = make_unit("a", TEST_EAST, "case-reports", "measles", "day");
    struct id b = make_unit("b", TEST_WEST, "zero-report", "measles", "day");
    struct id others[] = { make_unit("elsewhere", TEST_OTHER, "case-reports", "measles", "day"),
                           make_unit("cholera", TEST_EAST, "case-reports", "cholera", "day"),
                           make_unit("all", TEST_EAST, "case-reports", NULL, "day"),
                           make_unit("laboratory", TEST_EAST, "laboratory-counts", "measles", "day"),
                           make_unit("week", TEST_EAST, "case-reports", "measles", "week") };
    make_stream("s", "cases", "measles", "day");
    assert_value(TODAY - 3, TOC_DATE_MAX, NAN);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        report(others[i], TODAY - 2, TODAY - 3, 100);
    assert_value(TODAY - 3, TOC_DATE_MAX, NAN);
    report(a, TODAY - 2, TODAY - 3, 4);
    report(b, TODAY - 2, TODAY - 3, 3);
    report(b, TODAY - 2, TODAY - 2, 0);
    assert_value(TODAY - 3, TOC_DATE_MAX, 7);
    assert_value(TODAY - 2, TOC_DATE_MAX, 0);
    assert_value(TODAY - 1, TOC_DATE_MAX, NAN);
    stream.area = test.areas[TEST_WEST];
    assert_value(TODAY - 3, TOC_DATE_MAX, 3);
    stream.area = test.areas[TEST_COUNTY];
    stream.disease = (struct model_text){ NULL, 0 };
    assert_value(TODAY - 3, TOC_DATE_MAX, 100); /* those of all diseases */
}

/* A correction and a late zero are revisions, one of the other unit's number is none of this one's. */
static void test_revisions(void **state)
{
    (void) state;
    struct id a = make_unit("a", TEST_EAST, "case-reports", "measles", "day");
    struct id b = make_unit("b", TEST_WEST, "case-reports", "measles", "day");
    make_stream("s", "cases", "measles", "day");
    report(a, TODAY - 5, TODAY - 6, 9);
    report(a, TODAY - 5, TODAY - 6, 5); /* on the same day */
    report(b, TODAY - 3, TODAY - 6, 2);
    report(a, TODAY - 2, TODAY - 6, 1);
    report(b, TODAY - 1, TODAY - 6, 0);
    assert_value(TODAY - 6, TODAY - 6, NAN);
    assert_value(TODAY - 6, TODAY - 5, 5);
    assert_value(TODAY - 6, TODAY - 4, 5);
    assert_value(TODAY - 6, TODAY - 3, 7);
    assert_value(TODAY - 6, TODAY - 2, 3);
    assert_value(TODAY - 6, TODAY - 1, 1);
}

/* A week is the sum of its days of units of days and of the newest report of units of weeks, whatever day they name. */
static void test_weeks(void **state)
{
    (void) state;
    struct id a = make_unit("a", TEST_EAST, "syndromic-counts", NULL, "day");
    struct id b = make_unit("b", TEST_WEST, "syndromic-counts", NULL, "week");
    make_stream("s", "fever-clinic-visits", NULL, "week");
    report(a, TODAY - 1, TODAY - 7, 4);
    report(a, TODAY - 1, TODAY - 2, 5);
    report(a, TODAY - 1, TODAY - 2, 6);
    report(b, TODAY - 1, TODAY - 7, 20);
    report(b, TODAY, TODAY - 3, 30);
    assert_value(TODAY - 7, TODAY - 1, 30);
    assert_value(TODAY - 7, TODAY, 40);
    assert_value(TODAY, TODAY, NAN);
}

/* What is judged: a day of which nobody has reported is unknown. Days on which reports are lacking are incomplete, for
 * good where they never come; of a message nobody can add up how many it says. */
static void test_incomplete(void **state)
{
    struct access        program = test_program();
    struct watch_streams streams;
    struct watch_group   group;
    struct fault_list    faults = FAULT_LIST_INIT;
    (void) state;
    struct id a = make_unit("a", TEST_EAST, "case-reports", "measles", "day");
    struct id b = make_unit("b", TEST_WEST, "case-reports", "measles", "day");
    make_stream("s", "cases", "measles", "day");
    for (toc_date day = TODAY - 10; day < TODAY; day++) {
        report(a, day + 1, day, 3);
        if (day != TODAY - 4)
            report(b, day + 1, day, 0);
    }
    assert_int_equal(complete_until(), TODAY - 5);
    stream.feed = text("file"); /* of which one that is missing is not awaited for good */
    assert_int_equal(complete_until(), TODAY - 1);
    stream.feed = text("unit-reports");
    report(b, TODAY, TODAY - 4, 0);
    assert_int_equal(complete_until(), TODAY - 1);

    struct store_reader *reader = open_reader();
    arena_wipe(&arena);
    assert_ok(watch_streams_read(reader, &program, TODAY, &arena, &streams, &faults));
    assert_int_equal(streams.num_streams, 1);
    assert_null(streams.streams[0].unwatched);
    assert_ok(watch_streams_series(reader, &program, &streams, 0, 1, TODAY, &arena, &group));
    assert_int_equal(group.num_steps, 11);
    assert_true(group.series[0].counts[0] == 3 && group.series[0].counts[9] == 3);
    assert_true(isnan(group.series[0].counts[10]));
    store_reader_close(reader);
}

/* What reports cannot tell is not watched, and nothing is loaded into what is summed. */
static void test_refused(void **state)
{
    static const struct {
        const char *indicator, *measure;
        int64_t     cumulative;
        bool        fits;
    } asked[] = {
        { "cases", NULL, MODEL_MISSING_INTEGER, true },       { "tests", NULL, MODEL_MISSING_INTEGER, true },
        { "deaths", NULL, MODEL_MISSING_INTEGER, false },     { "positives", NULL, MODEL_MISSING_INTEGER, false },
        { "cases", "percent", MODEL_MISSING_INTEGER, false }, { "cases", NULL, 1, false }
    };
    struct access           program = test_program();
    struct fault_list       faults = FAULT_LIST_INIT;
    struct stream_value     value = { .day = TODAY, .known = TODAY, .value = 1 };
    struct stream_load_call call = { .who = program, .values = &value, .num = 1, .now = test.now };
    (void) state;
    make_stream("s", "cases", "measles", "day");
    call.stream = stream.head.id;
    stream_load_request(&call);
    assert_int_equal(store_submit(test.store, &program, &call.request, NULL, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        stream.indicator = text(asked[i].indicator);
        stream.measure = asked[i].measure != NULL ? text(asked[i].measure) : (struct model_text){ NULL, 0 };
        stream.cumulative = asked[i].cumulative;
        assert_int_equal(stream_reports_unfit(&stream) == NULL, asked[i].fits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: sums", test_sums, on_sqlite, end, NULL },
        { "sqlite: revisions", test_revisions, on_sqlite, end, NULL },
        { "sqlite: weeks", test_weeks, on_sqlite, end, NULL },
        { "sqlite: incomplete", test_incomplete, on_sqlite, end, NULL },
        { "sqlite: refused", test_refused, on_sqlite, end, NULL },
        { "postgresql: sums", test_sums, on_postgresql, end, NULL },
        { "postgresql: revisions", test_revisions, on_postgresql, end, NULL },
        { "postgresql: weeks", test_weeks, on_postgresql, end, NULL },
        { "postgresql: incomplete", test_incomplete, on_postgresql, end, NULL },
        { "postgresql: refused", test_refused, on_postgresql, end, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
