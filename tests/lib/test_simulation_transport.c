/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buses and trains: who rides, how many others a rider meets, between which areas; what stops them; whom the app sees.
 */
#include <string.h>

#include "lib/simulation_run.h"

/* Riders meet each other and nobody meets anybody elsewhere. */
static void leave_transport_alone(void)
{
    memset(parameters.network_weight, 0, sizeof parameters.network_weight);
    memset(parameters.ring_contacts, 0, sizeof parameters.ring_contacts);
    all_ages(parameters.random_contacts, 0);
    all_ages(parameters.transport_share, 0.3);
    parameters.transport_contacts = 5;
    parameters.transport_weight = 1;
}

static int count_networks(void *context, const struct toc_simulation_infection *infection)
{
    double *by_network = context;
    by_network[infection->network]++;
    return 0;
}

/* So infectious that in the end all riders are infected, and nobody else. */
static void test_riders_meet_riders(void **state)
{
    (void) state;
    double by_network[5] = { 0 };
    leave_transport_alone();
    parameters.infectious_rate = 40;
    struct toc_simulation *sim = create(3);
    run(sim, 120, COLUMN(infections));
    toc_simulation_each_infection(sim, 1, 120, count_networks, by_network);
    assert_close(by_network[0] + by_network[1] + by_network[2], 0, 0, 0);
    assert_close(by_network[4] / AGENTS, 0.3, 0, 0.01);
    toc_simulation_free(sim);
}

/* Thirty of a hundred ride and meet five others each. With the same mean of contacts a first generation is as large
 * whether half of the persons ride or all. */
static void test_number_of_contacts(void **state)
{
    (void) state;
    struct toc_simulation_description description;
    leave_transport_alone();
    for (uint32_t size = 1; size < TOC_SIMULATION_SIZE; size++)
        parameters.household_weight[size] = 0; /* all live alone, and so have no other contact */
    struct toc_simulation *sim = create(3);
    toc_simulation_describe(sim, &description);
    assert_close(description.contacts_per_day, 0.3 * 5, 0.05, 0);
    toc_simulation_free(sim);
    double infections[2];
    for (int share = 0; share < 2; share++) { /* the same mean of contacts, among few or among many */
        set_up(NULL);
        leave_transport_alone();
        for (uint32_t size = 1; size < TOC_SIMULATION_SIZE; size++)
            parameters.household_weight[size] = 0;
        parameters.seed_infections = 2000;
        parameters.infectiousness_sd = 0;
        all_ages(parameters.transport_share, share == 0 ? 0.5 : 1);
        parameters.transport_contacts = share == 0 ? 8 : 4;
        sim = create(4);
        infections[share] = run(sim, 3, COLUMN(infections));
        toc_simulation_free(sim);
    }
    assert_true(infections[1] > 300);
    assert_close(infections[0] / infections[1], 1, 0.15, 0);
}

static double infections_with(enum toc_simulation_measure measure, bool in_force)
{
    set_up(NULL);
    leave_transport_alone();
    parameters.seed_infections = 1000;
    if (in_force)
        enforce(measure, 1);
    struct toc_simulation *sim = create(5);
    double                 infections = run(sim, 8, COLUMN(infections));
    toc_simulation_free(sim);
    return infections;
}

static void test_what_stops_them(void **state)
{
    (void) state;
    double usual = infections_with(MEASURE(transport_stop), false);
    assert_true(usual > 300);
    assert_close(infections_with(MEASURE(transport_stop), true), 0, 0, 0);
    assert_true(infections_with(MEASURE(lockdown), true) < 0.5 * usual);
    assert_true(infections_with(MEASURE(precautions), true) < 0.9 * usual);
    assert_close(infections_with(MEASURE(school_closure), true), usual, 0, 0);
}

/* Within the area, or anywhere. */
static double infections_elsewhere(double travel_share)
{
    const struct toc_simulation_area   areas[] = { { .persons = 20000 }, { .persons = 20000 } };
    const struct toc_simulation_import import = { .day = 1, .area = 0, .persons = 800 };
    struct toc_simulation             *sim = NULL;
    uint32_t                           counts[2][AGES][COLUMNS];
    double                             sum[2] = { 0 };
    set_up(NULL);
    leave_transport_alone();
    parameters.seed_infections = 0;
    parameters.travel_share = travel_share;
    assert_ok(toc_simulation_create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                    .areas = areas,
                                                                    .num_areas = 2,
                                                                    .imports = &import,
                                                                    .num_imports = 1,
                                                                    .seed = 6 },
                                    &test_allocator, NULL, &sim, NULL));
    for (int day = 1; day <= 6; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        toc_simulation_read(sim, counts[0][0]);
        for (int area = 0; day > 1 && area < 2; area++)
            for (int age = 0; age < AGES; age++)
                sum[area] += counts[area][age][COLUMN(infections)];
    }
    toc_simulation_free(sim);
    assert_true(sum[0] + sum[1] > 150);
    return sum[1] / (sum[0] + sum[1]);
}

static void test_between_areas(void **state)
{
    (void) state;
    assert_close(infections_elsewhere(0), 0, 0, 0);
    assert_close(infections_elsewhere(1), 0.5, 0, 0.12);
}

/* A case's fellow riders of seven days are told by the app and cannot be named in an interview. */
static void test_the_app_sees_riders(void **state)
{
    (void) state;
    for (int by_app = 0; by_app < 2; by_app++) {
        set_up(NULL);
        leave_transport_alone();
        for (uint32_t size = 1; size < TOC_SIMULATION_SIZE; size++)
            parameters.household_weight[size] = 0;
        parameters.seed_infections = 50;
        parameters.infectious_rate = 0;
        parameters.onset_mean = 9;
        parameters.onset_sd = 0;
        parameters.test_sensitivity = 1;
        parameters.test_first_day = 0;
        parameters.isolation_share = 1;
        parameters.traced_symptoms_compliance = parameters.traced_positive_compliance = 1;
        parameters.app_seen = 1;
        all_ages(parameters.app_share, 1);
        all_ages(parameters.asymptomatic, 0);
        all_ages(parameters.mild, 1);
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(testing), 1);
        enforce(by_app ? MEASURE(app_on_symptoms) : MEASURE(tracers), 1);
        struct toc_simulation *sim = create(7);
        double                 traced = run(sim, 16, COLUMN(traced));
        if (by_app) /* a rider meets 5 on each of 7 days, and three of ten ride */
            assert_close(traced / 50, 0.3 * 5 * 7, 0.3, 0);
        else
            assert_close(traced, 0, 0, 0);
        toc_simulation_free(sim);
    }
}

static void test_too_few_riders_for_so_many_contacts(void **state)
{
    (void) state;
    struct toc_error error = { 0 };
    parameters.transport_contacts = 50;
    all_ages(parameters.transport_share, 0.01);
    assert_status(toc_simulation_check(&(struct toc_simulation_setup){ .parameters = &parameters }, &error),
                  TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "transport_contacts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_riders_meet_riders, set_up),
        cmocka_unit_test_setup(test_number_of_contacts, set_up),
        cmocka_unit_test_setup(test_what_stops_them, set_up),
        cmocka_unit_test_setup(test_between_areas, set_up),
        cmocka_unit_test_setup(test_the_app_sees_riders, set_up),
        cmocka_unit_test_setup(test_too_few_riders_for_so_many_contacts, set_up),
    };
    return cmocka_run_group_tests_name("simulation_transport", tests, NULL, NULL);
}
