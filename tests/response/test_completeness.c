/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reporting units owe, what came, and what came in time. */
#include "response/completeness.h"

#include "base/instant.h"
#include "base/time_zone.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

#define TODAY 20003 /* a Monday */
#define HOUR (3600 * INSTANT_SECOND)

static struct test_store        test;
static struct arena             arena;
static struct model_stream      stream;
static struct completeness_step steps[COMPLETENESS_WEEKS * 7];
static size_t                   num;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void create(enum model_record_number record, void *value)
{
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(record), .value = value };
    struct access        program = test_program();
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static struct id make_facility(const char *code)
{
    struct model_facility facility;
    model_init(model_record(MODEL_FACILITY), &facility);
    facility.head.id = node_new_id(test.now);
    facility.code = text(code);
    facility.kind = text("clinic");
    facility.area = test.areas[TEST_EAST];
    create(MODEL_FACILITY, &facility);
    return facility.head.id;
}

/* Due 12 hours after its day or week, missing after 36. */
static struct id make_unit(const char *code, enum test_area area, const char *report, const char *period)
{
    struct model_reporting_unit unit;
    model_init(model_record(MODEL_REPORTING_UNIT), &unit);
    unit.head.id = node_new_id(test.now);
    unit.code = text(code);
    unit.facility = make_facility(code);
    unit.area = test.areas[area];
    unit.report = text(report);
    unit.period = text(period);
    unit.due_hours = 12;
    unit.missing_hours = 36;
    unit.valid_from = TODAY - 10;
    create(MODEL_REPORTING_UNIT, &unit);
    return unit.head.id;
}

/* So many hours after the begin of TODAY, as the clock of the store has it. */
static void set_clock(int hours)
{
    test.now = time_zone_start(TODAY) + hours * HOUR;
}

static void report(struct id unit, toc_date day, int64_t number)
{
    struct model_unit_report value;
    model_init(model_record(MODEL_UNIT_REPORT), &value);
    value.head.id = node_new_id(test.now);
    value.unit = unit;
    value.day = day;
    value.number = number;
    create(MODEL_UNIT_REPORT, &value);
}

/* The step of a day as it is known now; all zero where nothing is owed. */
static struct completeness_step step_of(toc_date day)
{
    struct store_reader *reader = NULL;
    struct completeness *read;
    arena_wipe(&arena);
    assert_ok(store_reader_open(test.store, &reader, NULL));
    assert_ok(completeness_read(reader, test.now, &arena, &read));
    completeness_steps(read, test.store, &stream, steps, &num);
    store_reader_close(reader);
    for (size_t i = 0; i < num; i++)
        if (steps[i].day == day)
            return steps[i];
    return (struct completeness_step){ .day = day };
}

static void assert_step(toc_date day, int expected, int received, int in_time, int awaited)
{
    struct completeness_step step = step_of(day);
    if (step.expected != expected || step.received != received || step.in_time != in_time || step.awaited != awaited)
        fail_msg("day %+d: %d owed, %d came, %d in time, %d awaited", (int) (day - TODAY), (int) step.expected,
                 (int) step.received, (int) step.in_time, (int) step.awaited);
}

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    set_clock(9);
    model_init(model_record(MODEL_STREAM), &stream);
    stream.indicator = text("cases");
    stream.disease = text("measles");
    stream.period = text("day");
    stream.area = test.areas[TEST_COUNTY];
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

static void test_without_units_nothing_is_owed(void **state)
{
    (void) state;
    assert_step(TODAY, 0, 0, 0, 0);
    assert_int_equal(num, 0);
    (void) make_unit("beds", TEST_EAST, "bed-report", "day");
    assert_step(TODAY, 0, 0, 0, 0);
    assert_null(completeness_newest(steps, num));
    assert_int_equal(completeness_until(steps, num), MODEL_MISSING_DATE);
}

/* Of yesterday one reports cases, one that there are none, one nothing: awaited, then missing. What comes after the
 * due hour counts as come, not as come in time; what is said again changes neither. */
static void test_zero_reports_are_reports(void **state)
{
    (void) state;
    struct id a = make_unit("a", TEST_EAST, "case-reports", "day"), b = make_unit("b", TEST_EAST, "zero-report", "day");
    struct id c = make_unit("c", TEST_EAST, "zero-report", "day");
    assert_step(TODAY - 1, 3, 0, 0, 3);
    report(a, TODAY - 1, 2);
    report(b, TODAY - 1, 0);
    assert_step(TODAY - 1, 3, 2, 2, 1);
    assert_int_equal(completeness_until(steps, num), TODAY - 3); /* those of the day before yesterday, until 12:00 */
    set_clock(13);
    report(a, TODAY - 1, 3);
    report(c, TODAY - 1, 0);
    assert_step(TODAY - 1, 3, 3, 2, 0);
    assert_ptr_equal(completeness_newest(steps, num), &steps[num - 2]);
    assert_int_equal(completeness_until(steps, num), TODAY - 1); /* today's are awaited */
    assert_step(TODAY - 3, 3, 0, 0, 0);                          /* missing for good, awaited no more */
    assert_step(TODAY - 11, 0, 0, 0, 0);                         /* they owed nothing then */
}

/* What came by telephone in time and was entered later is in time. */
static void test_received_before_it_was_entered(void **state)
{
    (void) state;
    struct model_unit_report value;
    struct id                a = make_unit("a", TEST_EAST, "zero-report", "day");
    set_clock(20);
    model_init(model_record(MODEL_UNIT_REPORT), &value);
    value.head.id = node_new_id(test.now);
    value.unit = a;
    value.day = TODAY - 1;
    value.number = 0;
    value.received = test.now - 9 * HOUR;
    create(MODEL_UNIT_REPORT, &value);
    assert_step(TODAY - 1, 1, 1, 1, 0);
}

static void test_whose_report_goes_with_a_stream(void **state)
{
    (void) state;
    (void) make_unit("case", TEST_EAST, "case-reports", "day");
    (void) make_unit("week", TEST_EAST, "case-reports", "week");
    (void) make_unit("laboratory", TEST_EAST, "laboratory-counts", "day");
    (void) make_unit("elsewhere", TEST_WEST, "case-reports", "day");
    assert_step(TODAY - 7, 2, 0, 0, 0);
    stream.area = test.areas[TEST_EAST];
    assert_step(TODAY - 7, 1, 0, 0, 0);
    stream.period = text("week"); /* days from valid_from on, the week whose Monday is one of them, and no others */
    assert_step(TODAY - 7, 8, 0, 0, 3); /* of Saturday, Sunday and the week */
    assert_step(TODAY - 14, 3, 0, 0, 0);
    stream.period = text("day");
    stream.indicator = text("tests");
    assert_step(TODAY - 7, 1, 0, 0, 0);
    stream.indicator = text("medicine-sales");
    assert_step(TODAY - 7, 0, 0, 0, 0);
}

/* An institution that sends cases has reported that day. */
static void test_what_an_institution_sends_is_a_report(void **state)
{
    (void) state;
    struct model_person         person;
    struct model_case           value;
    struct model_reporting_unit unit;
    struct model_set            visible;
    struct store_reader        *reader = NULL;
    struct access               program = test_program();
    struct id                   a = make_unit("a", TEST_EAST, "case-reports", "day");
    assert_ok(store_reader_open(test.store, &reader, NULL));
    assert_ok(store_read(reader, &program, model_record(MODEL_REPORTING_UNIT), &a, STORE_NOW, &arena, &unit, &visible));
    store_reader_close(reader);
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = node_new_id(test.now);
    person.area = test.areas[TEST_EAST];
    create(MODEL_PERSON, &person);
    model_init(model_record(MODEL_CASE), &value);
    value.head.id = node_new_id(test.now);
    value.person = person.head.id;
    value.disease = text("measles");
    value.classification = text("suspected");
    value.responsible_area = test.areas[TEST_EAST];
    value.reported_by = unit.facility;
    value.onset_date = TODAY - 3;
    value.received_date = TODAY;
    create(MODEL_CASE, &value);
    assert_step(TODAY, 1, 1, 1, 0);
    assert_step(TODAY - 1, 1, 0, 0, 1);
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("without units nothing is owed", test_without_units_nothing_is_owed),
        BOTH("zero reports are reports", test_zero_reports_are_reports),
        BOTH("received before it was entered", test_received_before_it_was_entered),
        BOTH("whose report goes with a stream", test_whose_report_goes_with_a_stream),
        BOTH("what an institution sends is a report", test_what_an_institution_sends_is_a_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
