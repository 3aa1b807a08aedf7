/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The watch without a store: what was judged, grouped and written before is there the next time, and the partition does
 * not depend on how many deliveries it came in. */
#include "response/watch.h"

#include <math.h>

#include "support/property.h"
#include "support/test.h"

enum { STREAMS = 12, STEPS = 60, BACK = 3, MOST = 4096 };

/* Twelve areas in a row, each a neighbour of the next, in one province. */
static size_t              first_neighbour[STREAMS + 2];
static uint32_t            neighbours[2 * STREAMS], parent[STREAMS + 1];
static struct id           areas[STREAMS + 1];
static struct watch_series series[STREAMS];
static toc_date            dates[STEPS];
static double              counts[STREAMS][STEPS];

/* The store: what plans have written. */
static struct watch_alarm  alarms[MOST];
static struct watch_signal signals[MOST];
static size_t              num_alarms, num_signals, num_closed;
static uint8_t             last_id;

static struct id new_id(void *context)
{
    (void) context;
    return (struct id){ { 1, ++last_id } };
}

static int begin(void **state)
{
    size_t num = 0;
    (void) state;
    for (uint32_t a = 0; a <= STREAMS; a++) {
        first_neighbour[a] = num;
        areas[a].bytes[0] = (uint8_t) (a + 1);
        parent[a] = a < STREAMS ? STREAMS : TOC_GROUPING_NO_AREA;
        if (a < STREAMS && a > 0)
            neighbours[num++] = a - 1;
        if (a + 1 < STREAMS)
            neighbours[num++] = a + 1;
    }
    first_neighbour[STREAMS + 1] = num;
    for (size_t s = 0; s < STEPS; s++)
        dates[s] = (toc_date) (19000 + 7 * s);
    for (size_t i = 0; i < STREAMS; i++) {
        series[i] = (struct watch_series){ .area = areas[i], .place = (uint32_t) i, .counts = counts[i] };
        series[i].stream.bytes[0] = (uint8_t) (100 + i);
        for (size_t s = 0; s < STEPS; s++)
            counts[i][s] = (double) (2 + (i + s) % 3);
    }
    num_alarms = num_signals = num_closed = 0;
    last_id = 0;
    return 0;
}

static size_t find_alarm(const struct id *id)
{
    size_t at = 0;
    while (at < num_alarms && !id_equal(&alarms[at].id, id))
        at++;
    return at;
}

static void apply(const struct watch_plan *plan)
{
    for (size_t i = 0; i < plan->num_founded; i++)
        signals[num_signals++] = (struct watch_signal){ .id = plan->founded[i].id };
    for (size_t i = 0; i < plan->num_raised; i++) {
        const struct watch_raised *raised = &plan->raised[i];
        assert_int_equal(find_alarm(&raised->id), num_alarms); /* none is written twice */
        alarms[num_alarms++] = (struct watch_alarm){ raised->id, raised->signal, raised->series, raised->step };
    }
    for (size_t i = 0; i < plan->num_moved; i++)
        alarms[find_alarm(&plan->moved[i].alarm)].signal = plan->moved[i].signal;
    for (size_t i = 0; i < plan->num_closed; i++)
        for (size_t s = 0; s < num_signals; s++)
            if (id_equal(&signals[s].id, &plan->closed[i].id)) {
                signals[s].standing = WATCH_CLOSED;
                num_closed++;
            }
}

static struct watch_plan plan_of(struct arena *arena)
{
    struct watch_plan        plan;
    const struct watch_group group = { .map = { STREAMS + 1, first_neighbour, neighbours, parent },
                                       .areas = areas,
                                       .series = series,
                                       .num_series = STREAMS,
                                       .dates = dates,
                                       .num_steps = STEPS,
                                       .steps_per_year = 52,
                                       .num_back = BACK,
                                       .budget = 12,
                                       .alarms = alarms,
                                       .num_alarms = num_alarms,
                                       .signals = signals,
                                       .num_signals = num_signals,
                                       .new_id = new_id };
    assert_ok(watch_plan(&group, arena, &plan, NULL));
    return plan;
}

static void go(void)
{
    struct arena      arena = ARENA_INIT;
    struct watch_plan plan = plan_of(&arena);
    apply(&plan);
    arena_free(&arena);
}

static const struct id *signal_of(size_t stream, size_t step)
{
    for (size_t i = 0; i < num_alarms; i++)
        if (alarms[i].series == stream && alarms[i].step == step)
            return &alarms[i].signal;
    return NULL;
}

static void test_raised_once(void **state)
{
    begin(state);
    counts[3][STEPS - 1] = counts[4][STEPS - 1] = counts[9][STEPS - 1] = 40;
    go();
    assert_int_equal(num_alarms, 3);
    assert_int_equal(num_signals, 2);
    assert_true(id_equal(signal_of(3, STEPS - 1), signal_of(4, STEPS - 1)));
    assert_false(id_equal(signal_of(3, STEPS - 1), signal_of(9, STEPS - 1)));
    go();
    counts[3][STEPS - 1] = 3; /* a correction: as known then, it was an alarm */
    go();
    assert_int_equal(num_alarms, 3);
    assert_int_equal(num_signals, 2);
}

/* Two outbreaks that turn out to be one, as the area between them reports: the younger signal is closed as a
 * duplicate, its alarms move. Unless somebody has begun to answer. */
static void test_joined_later(void **state)
{
    for (int answered = 0; answered < 2; answered++) {
        begin(state);
        counts[3][STEPS - 1] = counts[5][STEPS - 1] = 40;
        go();
        assert_int_equal(num_signals, 2);
        struct id first = *signal_of(3, STEPS - 1), second = *signal_of(5, STEPS - 1);
        for (size_t s = 0; s < num_signals && answered != 0; s++)
            signals[s].standing = WATCH_ANSWERED;
        counts[4][STEPS - 1] = 40;
        go();
        assert_int_equal(num_signals, 2);
        assert_int_equal(num_closed, answered != 0 ? 0 : 1);
        assert_int_equal(id_equal(signal_of(3, STEPS - 1), signal_of(5, STEPS - 1)), answered == 0);
        const struct id *between = signal_of(4, STEPS - 1);
        assert_true(id_equal(between, &first) || id_equal(between, &second));
        go();
        assert_int_equal(num_closed, answered != 0 ? 0 : 1);
    }
}

/* A closed signal takes no more: what goes on is new. */
static void test_closed_takes_no_more(void **state)
{
    begin(state);
    counts[3][STEPS - 2] = 40;
    go();
    assert_int_equal(num_signals, 1);
    signals[0].standing = WATCH_CLOSED;
    counts[3][STEPS - 1] = 45;
    go();
    assert_int_equal(num_signals, 2);
    assert_false(id_equal(signal_of(3, STEPS - 2), signal_of(3, STEPS - 1)));
    /* and an open one does */
    begin(state);
    counts[3][STEPS - 2] = 40;
    go();
    counts[3][STEPS - 1] = 45;
    go();
    assert_int_equal(num_signals, 1);
}

static void test_single_case(void **state)
{
    struct arena arena = ARENA_INIT;
    begin(state);
    for (size_t i = 0; i < STREAMS; i++) {
        series[i].single_case = true;
        for (size_t s = 0; s < STEPS; s++)
            counts[i][s] = 0;
    }
    counts[7][STEPS - 1] = 1;
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_raised, 1);
    assert_string_equal(plan.raised[0].method, WATCH_SINGLE_CASE);
    assert_true(plan.founded[0].exempt && !plan.founded[0].deferred);
    assert_int_equal(plan.founded[0].place, 7);
    arena_free(&arena);
}

/* A number that somebody has set: reached is an alarm, below it nothing is, however unusual. */
static void test_fixed(void **state)
{
    struct arena arena = ARENA_INIT;
    begin(state);
    for (size_t i = 0; i < STREAMS; i++)
        series[i].fixed = 50;
    series[9].by_rate = true;
    counts[2][STEPS - 1] = 49;
    counts[5][STEPS - 1] = NAN;
    counts[7][STEPS - 1] = counts[9][STEPS - 2] = 50;
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_raised, 2);
    for (size_t i = 0; i < 2; i++) {
        bool rate = plan.raised[i].series == 9;
        assert_true(rate || plan.raised[i].series == 7);
        assert_string_equal(plan.raised[i].method, rate ? WATCH_FIXED_RATE : WATCH_FIXED_COUNT);
        assert_true(plan.raised[i].judgement.threshold == 50 && plan.raised[i].judgement.score == 1);
    }
    series[7].single_case = true; /* a number does not weaken it */
    plan = plan_of(&arena);
    for (size_t i = 0; i < plan.num_raised; i++)
        assert_string_equal(plan.raised[i].method, plan.raised[i].series == 9 ? WATCH_FIXED_RATE : WATCH_SINGLE_CASE);
    arena_free(&arena);
}

/* A signal of several areas lies where they all lie. */
static void test_place(void **state)
{
    struct arena arena = ARENA_INIT;
    begin(state);
    counts[3][STEPS - 1] = counts[4][STEPS - 1] = 40;
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_founded, 1);
    assert_int_equal(plan.founded[0].num_alarms, 2);
    assert_int_equal(plan.founded[0].place, STREAMS);
    arena_free(&arena);
}

/* ---- what is no growth ---- */

static double done[STREAMS][STEPS]; /* tests */

static const struct watch_raised *raised_of(const struct watch_plan *plan, size_t stream, size_t step)
{
    for (size_t i = 0; i < plan->num_raised; i++)
        if (plan->raised[i].series == stream && plan->raised[i].step == step)
            return &plan->raised[i];
    return NULL;
}

/* Five times the tests and as many times the cases are marked, and so is what counts the tests; where more of the tests
 * are positive, it is an outbreak. */
static void test_more_testing(void **state)
{
    struct arena arena = ARENA_INIT;
    begin(state);
    for (size_t i = 0; i < STREAMS; i++)
        for (size_t s = 0; s < STEPS; s++) {
            done[i][s] = (double) (100 + (7 * i + 5 * s) % 11);
            counts[i][s] = round(done[i][s] * 0.08);
        }
    for (size_t i = 0; i < 9; i += 4) {
        series[i].of = done[i];
        done[i][STEPS - 1] = 500;
        counts[i][STEPS - 1] = i == 8 ? 90 : 40;
    }
    series[6].tests = true;
    counts[6][STEPS - 1] = 40;
    counts[2][STEPS - 1] = 40; /* of which nobody knows how many were tested */
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_raised, 5);
    assert_int_equal(raised_of(&plan, 0, STEPS - 1)->mark, WATCH_TESTING);
    assert_int_equal(raised_of(&plan, 4, STEPS - 1)->mark, WATCH_TESTING);
    assert_int_equal(raised_of(&plan, 6, STEPS - 1)->mark, WATCH_TESTING);
    assert_int_equal(raised_of(&plan, 8, STEPS - 1)->mark, WATCH_UNMARKED);
    assert_int_equal(raised_of(&plan, 2, STEPS - 1)->mark, WATCH_UNMARKED);
    assert_int_equal(plan.num_founded, 5);
    for (size_t k = 0; k < plan.num_founded; k++) {
        bool marked = plan.founded[k].lead == 0 || plan.founded[k].lead == 4 || plan.founded[k].lead == 6;
        assert_int_equal(plan.founded[k].mark, marked ? WATCH_TESTING : WATCH_UNMARKED);
        assert_int_equal(plan.founded[k].deferred, marked);
        assert_false(plan.founded[k].exempt);
    }
    arena_free(&arena);
}

/* From a break on: marked for a time, then judged by what came after it. */
static void test_new_definition(void **state)
{
    struct arena             arena = ARENA_INIT;
    const struct watch_break change = { .day = 19000 + 7 * (STEPS - 1), .mark = WATCH_DEFINITION, .percent = NAN };
    const struct watch_break before = { .day = 19000 + 7 * (STEPS - 1 - WATCH_BREAK_STEPS),
                                        .mark = WATCH_DEFINITION,
                                        .percent = NAN };
    begin(state);
    counts[3][STEPS - 1] = 40;
    series[3].breaks = &change;
    series[3].num_breaks = 1;
    for (size_t s = STEPS - 1 - WATCH_BREAK_STEPS; s < STEPS; s++)
        counts[7][s] = counts[10][s] = (double) (20 + s % 3);
    series[7].breaks = series[10].breaks = &before;
    series[7].num_breaks = series[10].num_breaks = 1;
    counts[10][STEPS - 1] = 60; /* more than since then */
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(raised_of(&plan, 3, STEPS - 1)->mark, WATCH_DEFINITION);
    assert_null(raised_of(&plan, 7, STEPS - 1));
    assert_int_equal(raised_of(&plan, 10, STEPS - 1)->mark, WATCH_UNMARKED);
    series[3].single_case = true; /* one is enough, whatever it is called by now */
    series[7].fixed = 20;
    series[7].breaks = &change;
    plan = plan_of(&arena);
    assert_int_equal(raised_of(&plan, 3, STEPS - 1)->mark, WATCH_UNMARKED);
    assert_int_equal(raised_of(&plan, 7, STEPS - 1)->mark, WATCH_UNMARKED);
    arena_free(&arena);
}

/* A sender that brings 40 % more, or comes back: what is not unusual without it is marked; an outbreak beside it is
 * not. */
static void test_sender(void **state)
{
    struct arena             arena = ARENA_INIT;
    const struct watch_break joined = { .day = 19000 + 7 * (STEPS - 2), .mark = WATCH_SENDER_JOINED, .percent = 28.6 };
    const struct watch_break left = { .day = 19000 + 7 * (STEPS - 2), .mark = WATCH_SENDER_LEFT, .percent = 40 };
    begin(state);
    for (size_t i = 0; i < STREAMS; i++)
        for (size_t s = 0; s < STEPS; s++)
            counts[i][s] = (double) (98 + (i + 2 * s) % 5) * (s >= STEPS - 2 ? i == 11 ? 0.6 : 1.4 : 1);
    for (size_t i = 0; i < STREAMS; i++)
        for (size_t s = 0; s < STEPS; s++)
            counts[i][s] = round(counts[i][s]);
    for (size_t i = 0; i < STREAMS; i++) {
        series[i].breaks = i == 11 ? &left : &joined;
        series[i].num_breaks = 1;
    }
    counts[5][STEPS - 1] = 300;
    struct watch_plan plan = plan_of(&arena);
    for (size_t i = 0; i < STREAMS; i++) {
        const struct watch_raised *raised = raised_of(&plan, i, STEPS - 1);
        if (i == 11) {
            assert_null(raised); /* fewer are no alarm */
            continue;
        }
        assert_non_null(raised);
        assert_int_equal(raised->mark, i == 5 ? WATCH_UNMARKED : WATCH_SENDER_JOINED);
    }
    arena_free(&arena);
}

/* A marked signal that an unmarked alarm joins is lifted, once. */
static void test_lifted(void **state)
{
    struct arena             arena = ARENA_INIT;
    const struct watch_break change = { .day = 19000 + 7 * (STEPS - 1), .mark = WATCH_DEFINITION, .percent = NAN };
    begin(state);
    counts[3][STEPS - 1] = 40;
    series[3].breaks = &change;
    series[3].num_breaks = 1;
    go();
    assert_int_equal(num_signals, 1);
    signals[0].marked = true;
    counts[4][STEPS - 1] = 40;
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_founded, 0);
    assert_int_equal(plan.num_lifted, 1);
    assert_true(plan.lifted[0].marked && !plan.lifted[0].exempt);
    assert_true(id_equal(&plan.lifted[0].id, &signals[0].id));
    apply(&plan);
    signals[0].marked = false;
    plan = plan_of(&arena);
    assert_int_equal(plan.num_lifted, 0);
    arena_free(&arena);
}

/* A share is judged with its numerator and denominator, and told in per cent. */
static void test_share(void **state)
{
    struct arena arena = ARENA_INIT;
    begin(state);
    for (size_t i = 0; i < STREAMS; i++) {
        series[i].share_of = 1;
        series[i].of = done[i];
        for (size_t s = 0; s < STEPS; s++) {
            done[i][s] = 200;
            counts[i][s] = (double) (18 + (i + s) % 5);
        }
    }
    done[2][STEPS - 1] = 3; /* two of three tests */
    counts[2][STEPS - 1] = 2;
    counts[6][STEPS - 1] = 44;
    done[9][STEPS - 1] = 0;
    counts[9][STEPS - 1] = 0;
    struct watch_plan plan = plan_of(&arena);
    assert_int_equal(plan.num_raised, 2);
    const struct watch_raised *raised = raised_of(&plan, 6, STEPS - 1);
    assert_non_null(raised);
    assert_string_equal(raised->method, WATCH_SHARE);
    assert_true(raised->judgement.expected > 9.5 && raised->judgement.expected < 10.5);
    assert_int_equal(raised->mark, WATCH_UNMARKED);
    assert_true(isnan(watch_value(&series[9], STEPS - 1)));
    assert_true(watch_value(&series[6], STEPS - 1) == 22);
    arena_free(&arena);
}

/* ---- deliveries ---- */

/* For each pair of alarms, whether they are of one signal: the partition, whatever the ids. */
static void partition(bool same[STREAMS * BACK][STREAMS * BACK])
{
    for (size_t a = 0; a < STREAMS * BACK; a++)
        for (size_t b = 0; b < STREAMS * BACK; b++) {
            const struct id *x = signal_of(a / BACK, STEPS - 1 - a % BACK),
                            *y = signal_of(b / BACK, STEPS - 1 - b % BACK);
            same[a][b] = x != NULL && y != NULL && id_equal(x, y);
        }
}

static size_t num_open(void)
{
    size_t num = 0;
    for (size_t s = 0; s < num_signals; s++)
        num += signals[s].standing != WATCH_CLOSED;
    return num;
}

static void deliver(struct test_random *random)
{
    static bool once[STREAMS * BACK][STREAMS * BACK], many[STREAMS * BACK][STREAMS * BACK];
    double      final[STREAMS][BACK];
    begin(NULL);
    for (size_t i = 0; i < STREAMS; i++)
        for (size_t b = 0; b < BACK; b++) {
            final[i][b] = test_uniform(random) < 0.3 ? 10 + floor(40 * test_uniform(random)) : counts[i][STEPS - 1 - b];
            counts[i][STEPS - 1 - b] = final[i][b];
        }
    go();
    partition(once);
    size_t open_once = num_open();
    begin(NULL);
    for (size_t i = 0; i < STREAMS; i++)
        for (size_t b = 0; b < BACK; b++)
            counts[i][STEPS - 1 - b] = 0;
    size_t deliveries = test_between(random, 2, 24);
    for (size_t d = 1; d <= deliveries; d++) {
        for (size_t i = 0; i < STREAMS; i++)
            for (size_t b = 0; b < BACK; b++) {
                double *now = &counts[i][STEPS - 1 - b];
                *now = d == deliveries ? final[i][b] : *now + floor((final[i][b] - *now) * test_uniform(random));
            }
        go();
    }
    partition(many);
    assert_memory_equal(once, many, sizeof once);
    assert_int_equal(num_open(), open_once);
}

static void test_deliveries(void **state)
{
    (void) state;
    test_property("one delivery or many end in the same signals", 400, deliver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raised_once),
        cmocka_unit_test(test_joined_later),
        cmocka_unit_test(test_closed_takes_no_more),
        cmocka_unit_test(test_single_case),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_more_testing),
        cmocka_unit_test(test_new_definition),
        cmocka_unit_test(test_sender),
        cmocka_unit_test(test_lifted),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_deliveries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
