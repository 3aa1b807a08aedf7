/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Households that spend some days in another area: they meet those who are there and nobody at home, in both directions
 * alike, and everyone has as many random contacts as ever. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/simulation.h"

enum { LEAVE = 5, BACK = 9, PERSONS = 30000, COLUMNS = TOC_SIMULATION_COLUMNS };

static struct toc_simulation_parameters    parameters;
static const struct toc_simulation_area    areas[] = { { .persons = PERSONS },
                                                       { .persons = PERSONS },
                                                       { .persons = PERSONS } };
static const struct toc_simulation_journey journey = { 0, 1, LEAVE, BACK, 0.4 };
static struct toc_simulation_setup         setup;

/* Everybody alike, infectious for days, and so little that nobody is in another's way. */
static int set_up(void **state)
{
    (void) state;
    toc_simulation_parameters_init(&parameters);
    parameters.travel_share = 0;
    parameters.seed_infections = 9000;
    parameters.infectious_rate = 3;
    parameters.infectiousness_sd = 0;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++)
        parameters.susceptibility[age] = 1;
    setup = (struct toc_simulation_setup){
        .parameters = &parameters, .areas = areas, .num_areas = 3, .journeys = &journey, .num_journeys = 1, .seed = 12
    };
    return 0;
}

struct pairs {
    const struct toc_simulation *sim;
    uint32_t                     network;
    double                       between[3][3];
};

static int note(void *context, const struct toc_simulation_infection *infection)
{
    struct pairs               *pairs = context;
    struct toc_simulation_agent infector;
    if (infection->infector == TOC_SIMULATION_NOBODY || infection->network != pairs->network)
        return 0;
    assert_ok(toc_simulation_agent(pairs->sim, infection->infector, &infector, NULL));
    pairs->between[infector.area][infection->area]++;
    return 0;
}

/* Infections in one network between the areas, of these days. */
static struct pairs run(uint32_t network, uint32_t from, uint32_t to)
{
    struct toc_simulation *sim = NULL;
    struct pairs           pairs = { .network = network };
    assert_ok(toc_simulation_create(&setup, &test_allocator, NULL, &sim, NULL));
    for (uint32_t day = 0; day < to; day++)
        assert_ok(toc_simulation_step(sim, NULL));
    pairs.sim = sim;
    assert_int_equal(toc_simulation_each_infection(sim, from, to, note, &pairs), 0);
    toc_simulation_free(sim);
    return pairs;
}

static void test_nobody_is_elsewhere_before_and_after(void **state)
{
    (void) state;
    struct pairs before = run(2, 1, LEAVE - 1), after = run(2, BACK, BACK + 3);
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 3; to++)
            if (from != to)
                assert_close(before.between[from][to] + after.between[from][to], 0, 0, 0);
            else
                assert_true(before.between[from][to] > 100 && after.between[from][to] > 100);
}

/* In area 1 there are its own 30,000 and 12,000 of area 0: of the contacts of each 2/7 are with visitors, 5/7 with
 * residents; in area 0 those who stayed meet each other; area 2 has nothing of it. */
static void test_visitors_meet_those_who_are_there(void **state)
{
    (void) state;
    struct pairs pairs = run(2, LEAVE, BACK - 1);
    double       all = 0, usual = pairs.between[2][2];
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 3; to++)
            all += pairs.between[from][to];
    assert_close(pairs.between[0][2] + pairs.between[2][0] + pairs.between[1][2] + pairs.between[2][1], 0, 0, 0);
    assert_close(all, 3 * usual, 0, 3 * sqrt(12 * usual)); /* as many contacts as ever */
    double there = pairs.between[1][0] + pairs.between[1][1];
    assert_close(pairs.between[1][0] / there, 2.0 / 7, 0, 3 * sqrt(0.2 / there));
    assert_close(pairs.between[0][1], pairs.between[1][0], 0, 3 * sqrt(2 * pairs.between[1][0]));
    double own = 0.6 + 0.4 * 2 / 7; /* those at home, and visitors among themselves */
    assert_close(pairs.between[0][0] / usual, own, 0, 3 * sqrt(2 / usual));
}

/* Both ends of a ring's contact have to be at home; at home everybody is with the household. */
static void test_rings_wait_and_households_go_along(void **state)
{
    (void) state;
    struct pairs away = run(1, LEAVE, BACK - 1), home = run(0, LEAVE, BACK - 1);
    double       usual = away.between[2][2];
    assert_close(away.between[0][0] / usual, 0.36, 0, 3 * sqrt(1 / usual));
    assert_close(home.between[0][0] / home.between[2][2], 1, 0, 3 * sqrt(2 / home.between[2][2]));
    assert_close(away.between[0][1] + away.between[1][0] + home.between[0][1] + home.between[1][0], 0, 0, 0);
}

/* The measures of the place hold for its visitors. */
static void test_measures_of_the_place(void **state)
{
    (void) state;
    const struct toc_simulation_schedule line = {
        .measure = TOC_SIMULATION_MEASURE_lockdown, .area = 1, .from = 1, .to = 50, .strength = 1, .on_above = -1
    };
    parameters.lockdown_contacts[2] = 0;
    setup.schedule = &line;
    setup.num_schedule = 1;
    struct pairs pairs = run(2, LEAVE, BACK - 1);
    assert_close(pairs.between[1][1] + pairs.between[0][1] + pairs.between[1][0], 0, 0, 0);
    assert_close(pairs.between[0][0] / pairs.between[2][2], 0.6, 0, 3 * sqrt(2 / pairs.between[2][2]));
}

static void test_journeys_that_cannot_be(void **state)
{
    (void) state;
    static const struct {
        struct toc_simulation_journey line;
        int                           status;
        const char                   *what;
    } bad[] = {
        { { 0, 3, 1, 2, 0.1 }, TOC_ERR_SHAPE, "journeys.to" },
        { { 0, 0, 1, 2, 0.1 }, TOC_ERR_SHAPE, "journeys.to" },
        { { 0, 1, 0, 2, 0.1 }, TOC_ERR_SHAPE, "journeys.leave" },
        { { 0, 1, 2, 2, 0.1 }, TOC_ERR_SHAPE, "journeys.back" },
        { { 0, 1, 2, TOC_SIMULATION_LAST_DAY + 2, 0.1 }, TOC_ERR_SHAPE, "journeys.back" },
        { { 0, 1, 1, 2, 1.1 }, TOC_ERR_OPTION, "journeys.share" },
    };
    struct toc_error error = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setup.journeys = &bad[i].line;
        assert_status(toc_simulation_check(&setup, &error), bad[i].status);
        assert_string_equal(error.what, bad[i].what);
    }
    /* two seasons may each take most; two at once may not take more than there are */
    const struct toc_simulation_journey apart[] = { { 0, 1, 1, 5, 0.7 }, { 0, 2, 5, 9, 0.7 } };
    const struct toc_simulation_journey at_once[] = { { 0, 1, 1, 6, 0.7 }, { 0, 2, 5, 9, 0.7 } };
    setup.num_journeys = 2;
    setup.journeys = apart;
    assert_ok(toc_simulation_check(&setup, NULL));
    setup.journeys = at_once;
    assert_status(toc_simulation_check(&setup, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 1);
    setup.num_journeys = TOC_SIMULATION_MAX_JOURNEYS + 1;
    assert_status(toc_simulation_check(&setup, &error), TOC_ERR_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nobody_is_elsewhere_before_and_after, set_up),
        cmocka_unit_test_setup(test_visitors_meet_those_who_are_there, set_up),
        cmocka_unit_test_setup(test_rings_wait_and_households_go_along, set_up),
        cmocka_unit_test_setup(test_measures_of_the_place, set_up),
        cmocka_unit_test_setup(test_journeys_that_cannot_be, set_up),
    };
    return cmocka_run_group_tests_name("simulation_journeys", tests, NULL, NULL);
}
