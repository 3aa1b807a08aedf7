/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The watch runs by itself: on arrival, at the start, when a day begins; one delivery or many end in the same signals,
 * and nothing is judged that the watch itself has written. */
#include "server/detection.h"

#include <stdatomic.h>
#include <time.h>

#include "base/time_zone.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

enum { WEEKS = 12, MOST_CASES = 40 };
#define TODAY 20000 /* 2024-10-04, a Friday */

static struct test_store test;
static struct id         person;
static _Atomic int64_t   now;
static _Atomic int       raised;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static int64_t clock_now(void *context)
{
    (void) context;
    return now;
}

static void note(void *context)
{
    (void) context;
    raised++;
}

static void create(struct store_change *changes, size_t num)
{
    struct access        program = test_program();
    struct store_request request = { .verb = "create", .set = { changes, num } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static void make_stream(const char *code, enum test_area area)
{
    struct model_stream stream;
    struct store_change change = { .verb = STORE_CREATE, .record = model_record(MODEL_STREAM), .value = &stream };
    model_init(change.record, &stream);
    stream.head.id = node_new_id(now);
    stream.code = text(code);
    stream.indicator = text("cases");
    stream.disease = text("measles");
    stream.area = test.areas[area];
    stream.period = text("week");
    stream.feed = text("counter");
    stream.counter = text("case_by_onset");
    stream.valid_from = TODAY - 7 * WEEKS;
    create(&change, 1);
}

/* So many cases of one onset, as one delivery. */
static void deliver_of(int num, toc_date onset)
{
    struct model_case   cases[MOST_CASES];
    struct store_change changes[MOST_CASES];
    assert_true(num <= MOST_CASES);
    for (int i = 0; i < num; i++) {
        changes[i] =
            (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_CASE), .value = &cases[i] };
        model_init(changes[i].record, &cases[i]);
        cases[i].head.id = node_new_id(now);
        cases[i].person = person;
        cases[i].disease = text("measles");
        cases[i].classification = text("suspected");
        cases[i].responsible_area = test.areas[TEST_EAST];
        cases[i].onset_date = onset;
        cases[i].received_date = TODAY;
    }
    create(changes, (size_t) num);
}

static void deliver(int num, int weeks_ago)
{
    deliver_of(num, TODAY - 7 * weeks_ago);
}

static int begin(bool postgresql)
{
    struct model_person value;
    struct store_change change = { .verb = STORE_CREATE, .record = model_record(MODEL_PERSON), .value = &value };
    test_store_open(&test, postgresql);
    now = test.now = (int64_t) TODAY * INSTANT_DAY + 3600 * INSTANT_SECOND;
    raised = 0;
    model_init(change.record, &value);
    value.head.id = person = node_new_id(now);
    value.area = test.areas[TEST_EAST];
    value.sex = text("female");
    create(&change, 1);
    make_stream("county", TEST_COUNTY);
    make_stream("east", TEST_EAST);
    for (int week = 1; week < WEEKS; week++)
        deliver(1 + week % 3, week);
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

static struct detection *start(void)
{
    struct detection *detection = NULL;
    assert_ok(detection_start(
        &(struct detection_options){ .store = test.store, .clock = { .now = clock_now }, .raised = note }, &detection));
    return detection;
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* Until nothing waits and at least so many rounds were done; the state then. */
static struct detection_state settle(struct detection *detection, int64_t rounds)
{
    struct detection_state state = { 0 };
    for (int i = 0; i < 4000; i++, wait_a_little()) {
        detection_watch(detection, &state);
        if (state.rounds >= rounds && state.waiting == 0)
            return state;
    }
    fail_msg("after 20 seconds %d rounds of %d; waiting %.1f", (int) state.rounds, (int) rounds, state.waiting);
    return state;
}

static int64_t count(const char *table)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return test_store_number(&test, sql);
}

/* Cases come in while it runs: two alarms (the township's and the county's) and one signal with its task. */
static void test_on_arrival(void **state)
{
    (void) state;
    struct detection      *detection = start();
    struct detection_state before = settle(detection, 1);
    assert_int_equal(before.num_watched, 2);
    assert_int_equal(before.last, now);
    assert_int_equal(count("signal"), 0);
    deliver(15, 0);
    for (int i = 0; i < 4000 && raised == 0; i++)
        wait_a_little();
    struct detection_state after = settle(detection, before.rounds + 1);
    assert_int_equal(after.signals, 1);
    assert_int_equal(after.failures, 0);
    assert_int_equal(raised, 1);
    assert_int_equal(count("alarm"), 2);
    assert_int_equal(count("signal"), 1);
    assert_int_equal(count("task"), 1);
    /* what it has written itself is nothing new */
    for (int i = 0; i < 40; i++)
        wait_a_little();
    assert_int_equal(settle(detection, 0).rounds, after.rounds);
    detection_stop(detection);
}

/* The same cases one by one and at once: the same alarms in as many signals. */
static void test_portions(void **state)
{
    (void) state;
    struct detection *detection = start();
    (void) settle(detection, 1);
    for (int i = 0; i < 15; i++)
        deliver(1, 0);
    struct detection_state after = settle(detection, 2);
    assert_true(after.rounds < 17);
    detection_stop(detection);
    assert_int_equal(count("alarm"), 2);
    assert_int_equal(count("signal"), 1);
}

/* What came in while nothing ran is judged at the start, once: the next start writes nothing. */
static void test_at_the_start(void **state)
{
    (void) state;
    deliver(15, 0);
    for (int i = 0; i < 3; i++) {
        struct detection *detection = start();
        (void) settle(detection, 1);
        detection_stop(detection);
        assert_int_equal(count("alarm"), 2);
        assert_int_equal(count("signal"), 1);
    }
    detection_stop(NULL);
}

/* A day begins: another round, though nothing came in. A corrected clock is no reason to stop. */
static void test_when_a_day_begins(void **state)
{
    (void) state;
    struct detection *detection = start();
    int64_t           rounds = settle(detection, 1).rounds;
    now += INSTANT_DAY;
    assert_int_equal(settle(detection, rounds + 1).last, now);
    now -= INSTANT_DAY;
    assert_int_equal(settle(detection, rounds + 2).last, now);
    detection_stop(detection);
}

/* The store is closed and opened between two rounds: nothing is lost or doubled. */
static void test_after_a_restart(void **state)
{
    (void) state;
    deliver(15, 0);
    for (int i = 0; i < 2; i++) {
        struct detection *detection = start();
        assert_int_equal(settle(detection, 1).failures, 0);
        detection_stop(detection);
        test_store_reopen(&test);
    }
    assert_int_equal(count("alarm"), 2);
    assert_int_equal(count("signal"), 1);
}

/* On Sunday at 20:00 UTC it is Monday in the west and in the east of China: cases of that Monday are judged, as known
 * on it. In Greenwich they are of a day to come. */
static void test_the_day_is_the_nodes(void **state)
{
    (void) state;
    static const struct {
        const char *zone;
        int         alarms;
    } nodes[] = { { "UTC", 0 }, { "Asia/Urumqi", 2 }, { "Asia/Shanghai", 2 } };
    const toc_date monday = TODAY + 3;
    now = test.now = monday * INSTANT_DAY - 4 * 3600 * INSTANT_SECOND;
    deliver_of(15, monday);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        assert_ok(time_zone_set(nodes[i].zone));
        struct detection *detection = start();
        assert_int_equal(settle(detection, 1).failures, 0);
        detection_stop(detection);
        assert_int_equal(count("alarm"), nodes[i].alarms);
    }
    deliver_of(1, monday);
    assert_ok(time_zone_set(""));
    assert_int_equal(count("alarm WHERE day = '2024-10-07'"), 2);
    assert_true(count("counter WHERE known_day = 20003") > 0);
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("on arrival", test_on_arrival),           BOTH("in portions", test_portions),
        BOTH("at the start", test_at_the_start),       BOTH("when a day begins", test_when_a_day_begins),
        BOTH("after a restart", test_after_a_restart), BOTH("the day is the node's", test_the_day_is_the_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
