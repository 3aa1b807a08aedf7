/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who meets whom: contacts are two-way, as many as the parameters say, and the course of the disease has the means and
 * shares that the parameters say (after the tests of OpenABM-Covid19: network, demographics, disease dynamics). */
#include <math.h>
#include <stdlib.h>

#include "../../lib/simulation_meeting.h"
#include "support/test.h"

enum { AGENTS = 20000 };

static struct toc_simulation_parameters parameters;

static struct toc_simulation *create(void)
{
    struct toc_simulation            *sim = NULL;
    const struct toc_simulation_setup setup = { .parameters = &parameters, .seed = 6 };
    assert_ok(toc_simulation_create(&setup, &test_allocator, NULL, &sim, NULL));
    return sim;
}

static int set_up(void **state)
{
    (void) state;
    toc_simulation_parameters_init(&parameters);
    parameters.agents = AGENTS;
    return 0;
}

/* Sizes of households and ages, against the tables. */
static void test_population(void **state)
{
    (void) state;
    struct toc_simulation *sim = create();
    double                 size[7] = { 0 }, age[9] = { 0 }, households = 0, sizes = 0, ages = 0;
    for (uint32_t agent = 0; agent < AGENTS; agent++) {
        age[toci_age(sim, agent)]++;
        assert_in_range(sim->agent[agent].home & 15, 0, toci_household_size(sim, agent) - 1);
        if ((sim->agent[agent].home & 15) == 0) {
            size[toci_household_size(sim, agent)]++;
            households++;
        }
    }
    for (int i = 0; i < TOC_SIMULATION_SIZE; i++)
        sizes += parameters.household_weight[i];
    for (int i = 0; i < TOC_SIMULATION_AGE; i++)
        ages += parameters.age_weight[i];
    for (int i = 0; i < TOC_SIMULATION_SIZE; i++)
        assert_close(size[i + 1] / households, parameters.household_weight[i] / sizes, 0, 0.003);
    for (int i = 0; i < TOC_SIMULATION_AGE; i++)
        assert_close(age[i] / AGENTS, parameters.age_weight[i] / ages, 0, 0.008);
    toc_simulation_free(sim);
}

static bool has_edge(const struct toc_simulation *sim, uint32_t agent, uint32_t slot)
{
    struct toci_place place;
    if (!toci_place_of(sim, agent, 0, &place))
        return false;
    for (uint32_t i = 0; i < 3 * place.half; i++) {
        struct toci_edge edge = toci_edge_of(sim, &place, i);
        if (toci_edge_exists(sim, &place, &edge) && edge.other == slot)
            return true;
    }
    return false;
}

/* Each edge is found from both its ends; the mean degree is that of the parameters; half are met on a day. */
static void test_rings_are_two_way(void **state)
{
    (void) state;
    struct toc_simulation *sim = create();
    double                 edges = 0, met = 0, wanted = 0, far = 0;
    for (uint32_t agent = 0; agent < AGENTS; agent += 5) {
        struct toci_place place;
        if (!toci_place_of(sim, agent, 0, &place))
            continue;
        wanted += parameters.ring_contacts[sim->agent[agent].age_ring >> 4 & 7] / parameters.ring_daily_share;
        for (uint32_t i = 0; i < 3 * place.half; i++) {
            struct toci_edge edge = toci_edge_of(sim, &place, i);
            if (!toci_edge_exists(sim, &place, &edge))
                continue;
            uint32_t other = sim->slot_agent[edge.other];
            assert_int_equal(sim->agent[other].slot, edge.other);
            assert_true(has_edge(sim, other, sim->agent[agent].slot));
            assert_int_equal(toci_meet(sim, sim->agent[agent].slot, edge.other, 130),
                             toci_meet(sim, edge.other, sim->agent[agent].slot, 130));
            edges++;
            far += edge.rewired;
            for (uint32_t day = 100; day < 110; day++)
                met += toci_meet(sim, sim->agent[agent].slot, edge.other, day) / 10.0;
        }
    }
    assert_close(edges, wanted, 0.01, 0);
    assert_close(met / edges, parameters.ring_daily_share, 0.01, 0);
    assert_close(far / edges, parameters.ring_rewired, 0.03, 0);
    toc_simulation_free(sim);
}

/* The largest rings that are allowed, and traced. */
static void test_the_largest_degree(void **state)
{
    (void) state;
    for (int ring = 0; ring < TOC_SIMULATION_RING; ring++)
        parameters.ring_contacts[ring] = TOC_SIMULATION_MAX_DEGREE * parameters.ring_daily_share;
    const struct toc_simulation_schedule lines[] = { { TOC_SIMULATION_MEASURE_isolation, 0, 1, 30, 1, -1, 0, 0, 0 },
                                                     { TOC_SIMULATION_MEASURE_app_on_symptoms, 0, 1, 30, 1, -1, 0, 0,
                                                       0 } };
    struct toc_simulation               *sim = NULL;
    const struct toc_simulation_setup    setup = {
           .parameters = &parameters, .schedule = lines, .num_schedule = 2, .seed = 6
    };
    assert_ok(toc_simulation_create(&setup, &test_allocator, NULL, &sim, NULL));
    for (int day = 0; day < 30; day++)
        assert_ok(toc_simulation_step(sim, NULL));
    toc_simulation_free(sim);
}

/* A day's pairing is one to one: the partner's partner is the stub; two days have almost no pair in common. */
static void test_random_contacts_are_pairs(void **state)
{
    (void) state;
    struct toc_simulation *sim = create();
    uint32_t               alike = 0, alone = 0;
    assert_ok(toc_simulation_step(sim, NULL));
    assert_ok(toc_simulation_step(sim, NULL));
    for (uint32_t stub = 0; stub < sim->num_stubs; stub++) {
        uint32_t partner = toci_partner(sim, 0, stub, 2, 0);
        alone += partner == TOCI_SIM_NOBODY;
        if (partner == TOCI_SIM_NOBODY)
            continue;
        assert_true(partner != stub);
        assert_int_equal(toci_partner(sim, 0, partner, 2, 0), stub);
        alike += toci_partner(sim, 0, stub, 1, 0) == partner;
    }
    assert_true(alone <= 1);
    assert_true(alike < 20);
    toc_simulation_free(sim);
}

/* Mean and standard deviation of random contacts, by age: within 3.5 and 6 %. */
static void test_numbers_of_random_contacts(void **state)
{
    (void) state;
    struct toc_simulation *sim = create();
    double                 n[9] = { 0 }, sum[9] = { 0 }, squares[9] = { 0 };
    for (uint32_t agent = 0; agent < AGENTS; agent++) {
        double stubs = sim->agent[agent].stubs;
        n[toci_age(sim, agent)]++;
        sum[toci_age(sim, agent)] += stubs;
        squares[toci_age(sim, agent)] += stubs * stubs;
    }
    for (int age = 2; age < 7; age++) {
        double mean = sum[age] / n[age];
        assert_close(mean, parameters.random_contacts[age], 0.06, 0);
        assert_close(sqrt(squares[age] / n[age] - mean * mean), parameters.random_contacts_sd[age], 0.1, 0);
    }
    toc_simulation_free(sim);
}

/* ---- the course of the disease ---- */
struct courses {
    double n, symptoms, days, squares;
};

static int add_course(void *context, const struct toc_simulation_infection *infection)
{
    struct courses *courses = context;
    courses->n++;
    if (infection->severity == TOC_SIMULATION_WITHOUT_SYMPTOMS)
        return 0;
    double days = infection->onset - infection->day;
    courses->symptoms++;
    courses->days += days;
    courses->squares += days * days;
    return 0;
}

/* Everybody infected at first, nobody infects: within 4 standard errors. */
static void test_courses(void **state)
{
    (void) state;
    struct courses courses = { 0 };
    uint32_t       counts[TOC_SIMULATION_AGE][TOC_SIMULATION_COLUMNS];
    double         admissions = 0, expected = 0, without = 0, dead = 0;
    parameters.seed_infections = AGENTS;
    parameters.infectious_rate = 0;
    struct toc_simulation *sim = create();
    for (uint32_t agent = 0; agent < AGENTS; agent++) {
        uint32_t age = toci_age(sim, agent);
        without += parameters.asymptomatic[age];
        expected += (1 - parameters.asymptomatic[age] - parameters.mild[age]) * parameters.hospitalised[age];
    }
    toc_simulation_each_infection(sim, 0, 0, add_course, &courses);
    for (int day = 0; day < 250; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        toc_simulation_read(sim, counts[0]);
        for (int age = 0; age < TOC_SIMULATION_AGE; age++)
            admissions += counts[age][TOC_SIMULATION_COLUMN_admissions];
    }
    double recovered = 0;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++) {
        recovered += counts[age][TOC_SIMULATION_COLUMN_recovered];
        dead += counts[age][TOC_SIMULATION_COLUMN_dead];
    }
    double mean = courses.days / courses.symptoms, sd = sqrt(courses.squares / courses.symptoms - mean * mean);
    assert_close(courses.n, AGENTS, 0, 0);
    assert_close(courses.n - courses.symptoms, without, 0, 4 * sqrt(without));
    assert_close(mean, parameters.onset_mean, 0, 4 * parameters.onset_sd / sqrt(courses.symptoms) + 0.01);
    assert_close(sd, sqrt(parameters.onset_sd * parameters.onset_sd + 1.0 / 12), 0.03, 0);
    assert_close(admissions, expected, 0, 4 * sqrt(expected));
    assert_close(recovered + dead, AGENTS, 0, 0);
    assert_true(dead > 0);
    toc_simulation_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_population, set_up),
        cmocka_unit_test_setup(test_rings_are_two_way, set_up),
        cmocka_unit_test_setup(test_the_largest_degree, set_up),
        cmocka_unit_test_setup(test_random_contacts_are_pairs, set_up),
        cmocka_unit_test_setup(test_numbers_of_random_contacts, set_up),
        cmocka_unit_test_setup(test_courses, set_up),
    };
    return cmocka_run_group_tests_name("simulation_contacts", tests, NULL, NULL);
}
