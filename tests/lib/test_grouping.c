/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/grouping.h"

#include <math.h>

#include "support/property.h"
#include "support/test.h"

enum { SIDE = 10, FIELD = SIDE * SIDE, PROVINCES = 2, AREAS = FIELD + PROVINCES };

/* A field of 10 x 10 areas that border on the ones beside, above and below; its upper and lower half are a province
 * each, areas 100 and 101. */
static size_t                        first_neighbour[AREAS + 1];
static uint32_t                      neighbours[4 * FIELD], parent[AREAS];
static const struct toc_grouping_map map = { AREAS, first_neighbour, neighbours, parent };

static struct toc_grouping_series series[AREAS];
static struct toc_grouping_place  places[AREAS];
static struct toc_grouping_signal raised[AREAS];
static size_t                     num_raised;

static int make_map(void **state)
{
    size_t num = 0;
    (void) state;
    for (uint32_t a = 0; a < AREAS; a++) {
        uint32_t row = a / SIDE, column = a % SIDE;
        first_neighbour[a] = num;
        parent[a] = a < FIELD ? FIELD + row / (SIDE / PROVINCES) : TOC_GROUPING_NO_AREA;
        if (a >= FIELD)
            continue;
        if (row > 0)
            neighbours[num++] = a - SIDE;
        if (column > 0)
            neighbours[num++] = a - 1;
        if (column + 1 < SIDE)
            neighbours[num++] = a + 1;
        if (row + 1 < SIDE)
            neighbours[num++] = a + SIDE;
    }
    first_neighbour[AREAS] = num;
    return 0;
}

static int calm(void **state)
{
    (void) state;
    for (uint32_t a = 0; a < AREAS; a++)
        series[a] = (struct toc_grouping_series){
            .area = a, .peers = a >= FIELD, .observed = 5, .before = { 5, 5 }, .usual = 5, .score = NAN
        };
    return 0;
}

static void alarm_at(size_t row, size_t column, double observed)
{
    series[row * SIDE + column].alarm = true;
    series[row * SIDE + column].observed = observed;
    series[row * SIDE + column].score = observed / 10;
}

static int64_t signal_at(size_t row, size_t column)
{
    return places[row * SIDE + column].signal;
}

static void step(int64_t next)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    assert_ok(
        toc_grouping_step(&map, series, AREAS, next, &options, &test_allocator, places, raised, &num_raised, NULL));
}

/* What an area's newest alarm belonged to is where its next one goes. */
static void go_on(void)
{
    for (size_t a = 0; a < AREAS; a++)
        if (places[a].signal != 0)
            series[a].signal = places[a].signal;
}

static void test_neighbours_are_one_signal(void **state)
{
    calm(state);
    alarm_at(1, 1, 20);
    alarm_at(1, 2, 30);
    alarm_at(8, 8, 25);
    step(7);
    assert_int_equal(num_raised, 2);
    assert_int_equal(signal_at(1, 1), 7); /* the one with more beyond its threshold stands first */
    assert_int_equal(signal_at(1, 2), 7);
    assert_int_equal(signal_at(8, 8), 8);
    assert_int_equal(raised[0].lead, 12);
    assert_int_equal(raised[0].num_alarms, 2);
    assert_int_equal(raised[0].kind, TOC_GROUPING_FIRST);
    assert_int_equal(signal_at(5, 5), 0);
    assert_true(isnan(places[11].excess));
}

/* The next step adds to the signal that is open beside it; far away another one begins. */
static void test_steps_that_follow(void **state)
{
    calm(state);
    alarm_at(1, 1, 20);
    step(1);
    go_on();
    series[11].alarm = false;
    alarm_at(1, 2, 20);
    alarm_at(1, 5, 20);
    step(2);
    assert_int_equal(signal_at(1, 2), 1);
    assert_int_equal(signal_at(1, 1), 0);
    assert_int_equal(signal_at(1, 5), 2);
    assert_int_equal(num_raised, 1);
}

static void alarm_everywhere(double observed)
{
    for (size_t a = 0; a < FIELD; a++) {
        alarm_at(a / SIDE, a % SIDE, observed + (double) (a * 7 % 5) - 2);
        series[a].before[0] = 0.7 * observed;
        series[a].before[1] = 0.5 * observed;
    }
}

/* Everything rises alike: one signal that lists all. What rises far beyond it is a line of its own, also when its
 * area was part of the wave, with the neighbour that exceeds too. */
static void test_wave_and_what_is_beyond_it(void **state)
{
    calm(state);
    for (size_t i = 0; i < 3; i++)
        alarm_at(0, i, 20);
    step(1);
    assert_int_equal(num_raised, 1);
    go_on();
    alarm_everywhere(30);
    for (size_t a = 0; a < FIELD; a++)
        series[a].signal = 1;
    step(2);
    assert_int_equal(num_raised, 0);
    for (size_t a = 0; a < FIELD; a++)
        assert_int_equal(places[a].signal, 1);
    series[55].observed = 120;
    series[56].observed = 90;
    step(2);
    assert_int_equal(num_raised, 1);
    assert_int_equal(raised[0].kind, TOC_GROUPING_BEYOND_WAVE);
    assert_int_equal(raised[0].lead, 55);
    assert_int_equal(places[55].signal, 2);
    assert_int_equal(places[56].signal, 2);
    assert_int_equal(places[54].signal, 1);
    assert_true(places[55].excess > 5);
    assert_close(places[55].explained, 30, 0.3, 0);
    go_on();
    step(3); /* and stays so */
    assert_int_equal(num_raised, 0);
    assert_int_equal(places[55].signal, 2);
}

/* An area that begins to alarm in a wave needs less than one that is in it. */
static void test_limits_of_own_lines(void **state)
{
    calm(state);
    alarm_everywhere(30);
    for (size_t a = 0; a < FIELD; a++)
        series[a].signal = a == 55 ? 0 : 1;
    series[55].observed = series[22].observed = 37;
    step(2);
    assert_true(places[55].excess > 0.3 && places[22].excess > 0.3 && places[22].excess < 2);
    assert_int_equal(places[55].signal, 2);
    assert_int_equal(places[22].signal, 1);
}

/* An area that contains others adds to the signal with most areas in it and joins no two. */
static void test_provinces(void **state)
{
    calm(state);
    alarm_at(0, 0, 20);
    alarm_at(0, 1, 20);
    alarm_at(4, 9, 90);
    series[FIELD].alarm = true;
    step(1);
    assert_int_equal(num_raised, 2);
    assert_int_not_equal(signal_at(0, 0), signal_at(4, 9));
    assert_int_equal(places[FIELD].signal, signal_at(0, 0));
    /* alone it founds one, which areas below join as long as none has */
    calm(state);
    series[FIELD + 1].alarm = true;
    step(1);
    assert_int_equal(places[FIELD + 1].signal, 1);
    go_on();
    alarm_at(7, 7, 20);
    step(2);
    assert_int_equal(num_raised, 0);
    assert_int_equal(signal_at(7, 7), 1);
    assert_int_equal(places[FIELD + 1].signal, 1);
    go_on();
    alarm_at(5, 0, 20);
    step(2);
    assert_int_equal(signal_at(5, 0), 2);
}

/* Two series of one area, cases and positive tests say, are one signal. */
static void test_related_series(void **state)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    struct toc_grouping_series  two[2];
    calm(state);
    two[0] = two[1] = series[44];
    two[0].alarm = two[1].alarm = true;
    two[1].peers = 1;
    assert_ok(toc_grouping_step(&map, two, 2, 1, &options, &test_allocator, places, raised, &num_raised, NULL));
    assert_int_equal(num_raised, 1);
    assert_int_equal(places[0].signal, places[1].signal);
}

static void test_budget(void **state)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    options.budget = 2;
    calm(state);
    for (size_t i = 0; i < 3; i++) {
        alarm_at(0, 4 * i, 50 - 10 * (double) i);
        alarm_at(9, 4 * i, 11);
    }
    series[98].exempt = true; /* the weakest of all */
    series[98].score = 1;
    assert_ok(toc_grouping_step(&map, series, AREAS, 1, &options, &test_allocator, places, raised, &num_raised, NULL));
    assert_int_equal(num_raised, 6);
    assert_int_equal(raised[0].lead, 98);
    assert_true(raised[0].exempt && !raised[0].deferred);
    assert_int_equal(raised[1].lead, 0);
    assert_int_equal(raised[2].lead, 4);
    assert_false(raised[2].deferred);
    for (size_t i = 3; i < 6; i++)
        assert_true(raised[i].deferred); /* and there all the same */
}

/* Whatever alarms where: each alarm is in exactly one signal, new signals are numbered in order and none is empty. */
static void any_alarms(struct test_random *random)
{
    double share = test_uniform(random) * test_uniform(random);
    calm(NULL);
    for (size_t a = 0; a < AREAS; a++) {
        series[a].alarm = test_uniform(random) < share;
        series[a].signal = test_uniform(random) < share / 2 ? (int64_t) test_between(random, 1, 5) : 0;
        series[a].observed = test_count(random, 10, 2);
        series[a].before[0] = test_uniform(random) < 0.05 ? NAN : test_count(random, 8, 2);
        series[a].usual = test_uniform(random) < 0.05 ? NAN : 5;
        series[a].score = series[a].alarm ? 1 + test_uniform(random) : NAN;
    }
    step(6);
    size_t members[AREAS + 6] = { 0 };
    for (size_t a = 0; a < AREAS; a++) {
        assert_int_equal(series[a].alarm, places[a].signal > 0);
        assert_true(places[a].signal < 6 + (int64_t) num_raised);
        members[places[a].signal]++;
    }
    for (size_t i = 0; i < num_raised; i++) {
        assert_int_equal(raised[i].number, 6 + (int64_t) i);
        assert_int_equal(raised[i].num_alarms, members[raised[i].number]);
        assert_true(members[raised[i].number] > 0);
        assert_int_equal(places[raised[i].lead].signal, raised[i].number);
    }
}

static void test_any_alarms(void **state)
{
    (void) state;
    test_property("each alarm in one signal", 300, any_alarms);
}

static void test_refused(void **state)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    struct toc_error            error;
    struct toc_grouping_map     other = map;
    uint32_t                    ring[AREAS];
    calm(state);
#define REFUSED(status)                                                                                                \
    assert_status(                                                                                                     \
        toc_grouping_step(&other, series, AREAS, 3, &options, &test_allocator, places, raised, &num_raised, &error),   \
        status)
    options.wave_areas = 1;
    REFUSED(TOC_ERR_OPTION);
    assert_string_equal(error.what, "options.wave_areas");
    options.wave_areas = 2;
    options.own_line = 0;
    REFUSED(TOC_ERR_OPTION);
    options.own_line = 1;
    options.own_line_first = NAN;
    REFUSED(TOC_ERR_OPTION);
    options.own_line_first = 1;
    options.own_cases = -1;
    REFUSED(TOC_ERR_OPTION);
    options.own_cases = 0;
    series[3].signal = 3;
    REFUSED(TOC_ERR_SHAPE);
    assert_string_equal(error.what, "series.signal");
    assert_int_equal(error.where, 3);
    series[3].signal = 2;
    series[4].observed = -1;
    REFUSED(TOC_ERR_DOMAIN);
    series[4].observed = 1;
    series[5].area = AREAS;
    REFUSED(TOC_ERR_SHAPE);
    series[5].area = 5;
    memcpy(ring, parent, sizeof ring);
    ring[FIELD] = FIELD + 1;
    ring[FIELD + 1] = FIELD;
    other.parent = ring;
    REFUSED(TOC_ERR_SHAPE);
    assert_string_equal(error.what, "map.parent");
#undef REFUSED
}

static void test_memory(void **state)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    struct test_failing_memory  memory = { .fail_at = 1 };
    struct toc_allocator        failing = test_failing_allocator(&memory);
    calm(state);
    alarm_at(1, 1, 20);
    num_raised = 77;
    assert_status(toc_grouping_step(&map, series, AREAS, 1, &options, &failing, places, raised, &num_raised, NULL),
                  TOC_ERR_NO_MEMORY);
    assert_int_equal(num_raised, 77);
    memory = (struct test_failing_memory){ 0 };
    assert_ok(toc_grouping_step(&map, series, AREAS, 1, &options, &failing, places, raised, &num_raised, NULL));
    assert_int_equal(memory.requests, 1);
    assert_int_equal(memory.bytes_held, 0);
    assert_ok(toc_grouping_step(&map, series, 0, 1, &options, &failing, places, raised, &num_raised, NULL));
    assert_int_equal(num_raised, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_are_one_signal),
        cmocka_unit_test(test_steps_that_follow),
        cmocka_unit_test(test_wave_and_what_is_beyond_it),
        cmocka_unit_test(test_limits_of_own_lines),
        cmocka_unit_test(test_provinces),
        cmocka_unit_test(test_related_series),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_any_alarms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, make_map, NULL);
}
