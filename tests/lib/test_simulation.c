/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulator as its callers see it: counts that add up, the same bits for any threads, measures that do what they
 * say. Sizes are small; the statistics against OpenABM-Covid19 are measured by bench/simulator. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/simulation.h"

enum { DAYS = 120, ROW = TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS, MOST_AREAS = 3 };

static struct toc_simulation_parameters parameters;

static void set_up(double agents)
{
    toc_simulation_parameters_init(&parameters);
    parameters.agents = agents;
    parameters.seed_infections = 20;
}

static struct toc_simulation *create(const struct toc_simulation_setup *setup)
{
    struct toc_simulation *sim = NULL;
    assert_ok(toc_simulation_create(setup, &test_allocator, NULL, &sim, NULL));
    return sim;
}

static double total(const struct toc_simulation *sim, enum toc_simulation_column column)
{
    static uint32_t counts[MOST_AREAS * ROW];
    double          sum = 0;
    toc_simulation_read(sim, counts);
    for (size_t i = 0; i < toc_simulation_num_areas(sim) * TOC_SIMULATION_AGE; i++)
        sum += counts[i * TOC_SIMULATION_COLUMNS + column];
    return sum;
}

/* Sum of one column over a number of days. */
static double run(struct toc_simulation *sim, int days, enum toc_simulation_column column)
{
    double sum = 0;
    for (int day = 0; day < days; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        sum += total(sim, column);
    }
    return sum;
}

/* Infections of a whole run with these measures from the first day on. */
static double infections_with(const enum toc_simulation_measure *measures, size_t num)
{
    struct toc_simulation_schedule schedule[TOC_SIMULATION_MEASURES];
    for (size_t i = 0; i < num; i++)
        schedule[i] = (struct toc_simulation_schedule){ .measure = measures[i],
                                                        .area = TOC_SIMULATION_EVERYWHERE,
                                                        .from = 1,
                                                        .to = DAYS,
                                                        .strength = 1,
                                                        .on_above = -1 };
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){
        .parameters = &parameters, .schedule = schedule, .num_schedule = num, .seed = 5 });
    double                 sum = run(sim, DAYS, TOC_SIMULATION_COLUMN_infections);
    toc_simulation_free(sim);
    return sum;
}

/* ---- counts ---- */
static int count_line(void *context, const struct toc_simulation_infection *infection)
{
    (void) infection;
    ++*(size_t *) context;
    return 0;
}

static void test_counts_add_up(void **state)
{
    (void) state;
    set_up(5000);
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 1 });
    double                 infections = 20, deaths = 0;
    for (int day = 0; day < DAYS; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        double agents = 0;
        for (int column = TOC_SIMULATION_COLUMN_susceptible; column <= TOC_SIMULATION_COLUMN_dead; column++)
            agents += total(sim, (enum toc_simulation_column) column);
        assert_close(agents, 5000, 0, 0);
        infections += total(sim, TOC_SIMULATION_COLUMN_infections);
        deaths += total(sim, TOC_SIMULATION_COLUMN_deaths);
        assert_close(total(sim, TOC_SIMULATION_COLUMN_dead), deaths, 0, 0);
        assert_close(total(sim, TOC_SIMULATION_COLUMN_susceptible), 5000 - infections, 0, 0);
    }
    struct toc_simulation_description description;
    size_t                            lines = 0;
    toc_simulation_describe(sim, &description);
    assert_close((double) description.infections, infections, 0, 0);
    assert_int_equal(toc_simulation_each_infection(sim, 0, DAYS, count_line, &lines), 0);
    assert_close((double) lines, infections, 0, 0);
    assert_true(infections > 3500);
    toc_simulation_free(sim);
}

/* A tree: each infector was infected before, and lives in the household where the network says so. */
struct tree {
    struct toc_simulation *sim;
    size_t                 roots, edges;
};

static int check_edge(void *context, const struct toc_simulation_infection *infection)
{
    struct tree                *tree = context;
    struct toc_simulation_agent infector, infected;
    assert_ok(toc_simulation_agent(tree->sim, infection->agent, &infected, NULL));
    assert_int_equal(infected.infected, infection->day);
    assert_int_equal(infected.age, infection->age);
    if (infection->infector == TOC_SIMULATION_NOBODY) {
        assert_int_equal(infection->network, 3);
        tree->roots++;
        return 0;
    }
    assert_ok(toc_simulation_agent(tree->sim, infection->infector, &infector, NULL));
    assert_true(infector.infected < (int32_t) infection->day);
    if (infection->network == 0)
        assert_int_equal(infector.household, infected.household);
    if (infection->severity != TOC_SIMULATION_WITHOUT_SYMPTOMS)
        assert_true(infection->onset > infection->day);
    tree->edges++;
    return 0;
}

static void test_transmission_tree(void **state)
{
    (void) state;
    set_up(30000);
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 2 });
    run(sim, 60, TOC_SIMULATION_COLUMN_infections);
    struct tree tree = { .sim = sim };
    assert_int_equal(toc_simulation_each_infection(sim, 0, 60, check_edge, &tree), 0);
    assert_int_equal(tree.roots, 20);
    assert_true(tree.edges > 1000);
    toc_simulation_free(sim);
}

/* ---- the same bits ---- */
struct threads {
    void (*task)(void *argument, size_t index);
    void  *argument;
    size_t first, step, num_tasks;
};

static void *every_third(void *context)
{
    struct threads *part = context;
    for (size_t i = part->first; i < part->num_tasks; i += part->step)
        part->task(part->argument, i);
    return NULL;
}

static void run_on_three_threads(void *context, void (*task)(void *, size_t), void *argument, size_t num_tasks)
{
    pthread_t      thread[3];
    struct threads part[3];
    (void) context;
    for (size_t i = 0; i < 3; i++) {
        part[i] = (struct threads){ task, argument, i, 3, num_tasks };
        assert_int_equal(pthread_create(&thread[i], NULL, every_third, &part[i]), 0);
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
}

static void run_backwards(void *context, void (*task)(void *, size_t), void *argument, size_t num_tasks)
{
    (void) context;
    while (num_tasks-- > 0)
        task(argument, num_tasks);
}

static const struct toc_simulation_area      three_areas[] = { { .persons = 9000 },
                                                               { .persons = 40 },
                                                               { .persons = 12000 } };
static const struct toc_simulation_commuting both_ways[] = { { 0, 2, 0.2 }, { 1, 0, 0.3 }, { 2, 0, 0.1 } };

/* Everything in force at once, in three areas. */
static void fill_schedule(struct toc_simulation_schedule schedule[TOC_SIMULATION_MEASURES])
{
    for (int i = 0; i < TOC_SIMULATION_MEASURES; i++)
        schedule[i] = (struct toc_simulation_schedule){
            .measure = (enum toc_simulation_measure) i,
            .area = i % 4 == 3 ? 2 : TOC_SIMULATION_EVERYWHERE,
            .from = 5 + (uint32_t) i,
            .to = 60,
            .strength = i == TOC_SIMULATION_MEASURE_lockdown ? 0.5 : 1,
            .on_above = i % 5 == 4 ? 50 : -1,
            .off_below = 10,
            .off_after = 3,
        };
}

static void put_all_in_force(void)
{
    parameters.screening_share = 0.02;
    parameters.test_priority_contacts = 12;
    parameters.app_delay = 2;
    parameters.shelter_beds = 500;
    parameters.transport_contacts = 4;
}

static void test_any_threads_give_the_same_bits(void **state)
{
    (void) state;
    struct toc_simulation_schedule schedule[TOC_SIMULATION_MEASURES];
    fill_schedule(schedule);
    set_up(100);
    put_all_in_force();
    const struct toc_simulation_import imports[] = { { .day = 10, .area = 2, .strain = 1, .persons = 30 },
                                                     { .day = 12, .area = TOC_SIMULATION_EVERYWHERE, .persons = 30 } };
    const struct toc_simulation_setup  setup = { .parameters = &parameters,
                                                 .areas = three_areas,
                                                 .num_areas = 3,
                                                 .commuting = both_ways,
                                                 .num_commuting = 3,
                                                 .schedule = schedule,
                                                 .num_schedule = TOC_SIMULATION_MEASURES,
                                                 .imports = imports,
                                                 .num_imports = 2,
                                                 .seed = 77 };
    const struct toc_simulation_runner runners[] = { { .run = NULL },
                                                     { .run = run_backwards },
                                                     { .run = run_on_three_threads } };
    struct toc_simulation             *sim[3] = { NULL };
    static uint32_t                    counts[3][MOST_AREAS * ROW];
    for (int i = 0; i < 3; i++)
        assert_ok(toc_simulation_create(&setup, &test_allocator, &runners[i], &sim[i], NULL));
    double traced = 0, positives = 0;
    for (int day = 0; day < 80; day++) {
        for (int i = 0; i < 3; i++) {
            assert_ok(toc_simulation_step(sim[i], NULL));
            toc_simulation_read(sim[i], counts[i]);
        }
        assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
        assert_memory_equal(counts[0], counts[2], sizeof counts[0]);
        traced += total(sim[0], TOC_SIMULATION_COLUMN_traced);
        positives += total(sim[0], TOC_SIMULATION_COLUMN_positives);
    }
    assert_true(traced > 100);
    assert_true(positives > 100);
    for (int i = 0; i < 3; i++)
        toc_simulation_free(sim[i]);
}

/* ---- checkpoints ---- */
struct bytes {
    unsigned char *byte;
    size_t         num, room, at;
};

static int put_bytes(void *context, const void *from, size_t num)
{
    struct bytes *bytes = context;
    if (bytes->num + num > bytes->room) {
        bytes->room = 2 * (bytes->num + num);
        bytes->byte = realloc(bytes->byte, bytes->room);
    }
    memcpy(bytes->byte + bytes->num, from, num);
    bytes->num += num;
    return 0;
}

static int get_bytes(void *context, void *to, size_t num)
{
    struct bytes *bytes = context;
    if (num > bytes->num - bytes->at)
        return 1;
    memcpy(to, bytes->byte + bytes->at, num);
    bytes->at += num;
    return 0;
}

static int restore(const struct toc_simulation_setup *setup, struct bytes *bytes, struct toc_simulation **sim,
                   struct toc_error *error)
{
    bytes->at = 0;
    return toc_simulation_restore(setup, &test_allocator, NULL, get_bytes, bytes, sim, error);
}

/* A run that is interrupted has the bits of one that is not, with everything in force, orders pending among it. */
static void test_a_checkpoint_goes_on_with_the_same_bits(void **state)
{
    (void) state;
    struct toc_simulation_schedule schedule[TOC_SIMULATION_MEASURES];
    fill_schedule(schedule);
    set_up(100);
    put_all_in_force();
    const struct toc_simulation_setup setup = { .parameters = &parameters,
                                                .areas = three_areas,
                                                .num_areas = 3,
                                                .commuting = both_ways,
                                                .num_commuting = 3,
                                                .schedule = schedule,
                                                .num_schedule = TOC_SIMULATION_MEASURES,
                                                .seed = 77 };
    struct toc_simulation            *sim = create(&setup), *again = NULL;
    struct bytes                      bytes = { 0 };
    static uint32_t                   counts[2][MOST_AREAS * ROW];
    run(sim, 33, TOC_SIMULATION_COLUMN_infections);
    assert_ok(toc_simulation_import(sim, 2, 1, 50, NULL));
    assert_ok(toc_simulation_vaccinate(sim, 5, NULL));
    assert_ok(toc_simulation_save(sim, put_bytes, &bytes, NULL));
    assert_ok(restore(&setup, &bytes, &again, NULL));
    assert_int_equal(toc_simulation_day(again), 33);
    for (int day = 0; day < 60; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        assert_ok(toc_simulation_step(again, NULL));
        toc_simulation_read(sim, counts[0]);
        toc_simulation_read(again, counts[1]);
        assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
    }
    struct bytes first = { 0 }, second = { 0 };
    assert_ok(toc_simulation_save(sim, put_bytes, &first, NULL));
    assert_ok(toc_simulation_save(again, put_bytes, &second, NULL));
    assert_int_equal(first.num, second.num);
    assert_memory_equal(first.byte, second.byte, first.num);
    free(first.byte);
    free(second.byte);
    free(bytes.byte);
    toc_simulation_free(sim);
    toc_simulation_free(again);
}

/* Every byte turned, every length cut: refused, or (never) a simulation that breaks; another setup is refused. */
static void test_damaged_checkpoints_are_refused(void **state)
{
    (void) state;
    set_up(500);
    struct toc_simulation_setup setup = { .parameters = &parameters, .seed = 8 };
    struct toc_simulation      *sim = create(&setup), *again = NULL;
    struct bytes                bytes = { 0 };
    struct toc_error            error = { 0 };
    run(sim, 12, TOC_SIMULATION_COLUMN_infections);
    assert_ok(toc_simulation_save(sim, put_bytes, &bytes, NULL));
    for (size_t i = 0; i < bytes.num; i += 97) {
        bytes.byte[i] ^= 0x41;
        assert_status(restore(&setup, &bytes, &again, &error), TOC_ERR_DOMAIN);
        bytes.byte[i] ^= 0x41;
    }
    for (size_t cut = 1; cut < bytes.num; cut *= 2) {
        bytes.num -= cut;
        assert_status(restore(&setup, &bytes, &again, &error), TOC_ERR_DOMAIN);
        bytes.num += cut;
    }
    setup.seed = 9;
    assert_status(restore(&setup, &bytes, &again, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "checkpoint");
    setup.seed = 8;
    assert_ok(restore(&setup, &bytes, &again, &error));
    toc_simulation_free(again);
    toc_simulation_free(sim);
    free(bytes.byte);
}

/* ---- parameters and measures ---- */
static void test_no_transmission_leaves_the_seeds(void **state)
{
    (void) state;
    set_up(3000);
    parameters.infectious_rate = 0;
    assert_close(infections_with(NULL, 0), 0, 0, 0);
}

static void test_zero_shares_give_zero_columns(void **state)
{
    (void) state;
    set_up(3000);
    memset(parameters.hospitalised, 0, sizeof parameters.hospitalised);
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 1 });
    assert_close(run(sim, DAYS, TOC_SIMULATION_COLUMN_admissions), 0, 0, 0);
    assert_close(total(sim, TOC_SIMULATION_COLUMN_dead), 0, 0, 0);
    toc_simulation_free(sim);
}

/* Each step of what is done brings fewer infections: nothing, isolation, households, app, app on symptoms. */
static void test_more_measures_fewer_infections(void **state)
{
    (void) state;
    const enum toc_simulation_measure steps[] = { TOC_SIMULATION_MEASURE_isolation,
                                                  TOC_SIMULATION_MEASURE_testing,
                                                  TOC_SIMULATION_MEASURE_household_on_symptoms,
                                                  TOC_SIMULATION_MEASURE_household_on_positive,
                                                  TOC_SIMULATION_MEASURE_app_on_positive,
                                                  TOC_SIMULATION_MEASURE_app_on_symptoms };
    set_up(20000);
    parameters.seed_infections = 100;
    double none = infections_with(NULL, 0), alone = infections_with(steps, 1), home = infections_with(steps, 4);
    double app = infections_with(steps, 5), both = infections_with(steps, 6);
    assert_true(none > alone * 1.08);
    assert_true(alone > home * 1.05);
    assert_true(home > app * 1.1);
    assert_true(app > both);
}

static void test_closures_and_precautions(void **state)
{
    (void) state;
    set_up(20000);
    parameters.seed_infections = 100;
    parameters.transport_contacts = 4;
    double none = infections_with(NULL, 0);
    for (int i = TOC_SIMULATION_MEASURE_lockdown; i <= TOC_SIMULATION_MEASURE_precautions; i++) {
        const enum toc_simulation_measure measure = (enum toc_simulation_measure) i;
        assert_true(infections_with(&measure, 1) < 0.99 * none);
    }
    const enum toc_simulation_measure lockdown = TOC_SIMULATION_MEASURE_lockdown;
    parameters.lockdown_contacts[0] = parameters.lockdown_contacts[1] = parameters.lockdown_contacts[2] = 1;
    assert_close(infections_with(&lockdown, 1), none, 0.02, 0);
}

static void test_vaccine_that_protects_all(void **state)
{
    (void) state;
    set_up(5000);
    parameters.seed_infections = 0;
    parameters.vaccine_infection = parameters.vaccine_symptoms = parameters.vaccine_severe = 1;
    parameters.vaccine_delay = 5;
    parameters.vaccine_daily_share = 1;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++)
        parameters.vaccine_uptake[age] = 1;
    const struct toc_simulation_schedule line = {
        .measure = TOC_SIMULATION_MEASURE_vaccination, .area = 0, .from = 1, .to = 10, .strength = 1, .on_above = -1
    };
    struct toc_simulation *sim = create(
        &(struct toc_simulation_setup){ .parameters = &parameters, .schedule = &line, .num_schedule = 1, .seed = 1 });
    assert_close(run(sim, 10, TOC_SIMULATION_COLUMN_doses), 5000, 0, 0);
    assert_ok(toc_simulation_import(sim, 0, 0, 100, NULL));
    assert_close(run(sim, 30, TOC_SIMULATION_COLUMN_infections), 0, 0, 0);
    toc_simulation_free(sim);
}

/* A strain comes into a population that is immune to another one: let in, or not. */
static void test_cross_immunity(void **state)
{
    (void) state;
    for (int immune = 0; immune < 2; immune++) {
        set_up(5000);
        parameters.infectious_rate = 20;
        for (int i = 0; i < TOC_SIMULATION_PAIR; i++)
            parameters.cross_immunity[i] = i % 5 == 0 || immune;
        struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 1 });
        run(sim, 100, TOC_SIMULATION_COLUMN_infections);
        assert_ok(toc_simulation_import(sim, 0, 1, 200, NULL));
        double second = run(sim, 80, TOC_SIMULATION_COLUMN_infections);
        if (immune)
            assert_true(second < 100);
        else
            assert_true(second > 4000);
        toc_simulation_free(sim);
    }
}

static void test_waning_lets_people_be_infected_again(void **state)
{
    (void) state;
    set_up(3000);
    parameters.immune_days = 20;
    parameters.immune_tail_mean = 10;
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 1 });
    assert_true(run(sim, 300, TOC_SIMULATION_COLUMN_infections) > 6000);
    toc_simulation_free(sim);
}

/* ---- steering ---- */
static void test_steering(void **state)
{
    (void) state;
    set_up(5000);
    parameters.seed_infections = 0;
    struct toc_simulation      *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 3 });
    struct toc_simulation_agent agent;
    assert_close(run(sim, 5, TOC_SIMULATION_COLUMN_infections), 0, 0, 0);
    assert_ok(toc_simulation_infect(sim, 17, 0, NULL));
    assert_ok(toc_simulation_restrict(sim, 18, 3, NULL));
    assert_ok(toc_simulation_vaccinate(sim, 19, NULL));
    assert_ok(toc_simulation_step(sim, NULL));
    assert_ok(toc_simulation_agent(sim, 17, &agent, NULL));
    assert_int_equal(agent.infected, 6);
    assert_close(total(sim, TOC_SIMULATION_COLUMN_infections), 1, 0, 0);
    assert_close(total(sim, TOC_SIMULATION_COLUMN_doses), 1, 0, 0);
    assert_close(total(sim, TOC_SIMULATION_COLUMN_restricted), 1, 0, 0);
    run(sim, 2, TOC_SIMULATION_COLUMN_infections);
    assert_close(total(sim, TOC_SIMULATION_COLUMN_restricted), 0, 0, 0);
    struct toc_error error = { 0 };
    assert_status(toc_simulation_restrict(sim, 5000, 3, &error), TOC_ERR_SHAPE);
    assert_status(toc_simulation_restrict(sim, 0, 21, &error), TOC_ERR_OPTION);
    assert_status(toc_simulation_import(sim, 1, 0, 1, &error), TOC_ERR_SHAPE);
    assert_status(toc_simulation_import(sim, 0, 4, 1, &error), TOC_ERR_SHAPE);
    assert_ok(toc_simulation_switch(sim, TOC_SIMULATION_MEASURE_school_closure, 0, 1, NULL));
    assert_ok(toc_simulation_step(sim, NULL));
    assert_true(total(sim, TOC_SIMULATION_COLUMN_school_days_lost) > 500);
    assert_ok(toc_simulation_switch(sim, TOC_SIMULATION_MEASURE_school_closure, 0, -1, NULL));
    assert_ok(toc_simulation_step(sim, NULL));
    assert_close(total(sim, TOC_SIMULATION_COLUMN_school_days_lost), 0, 0, 0);
    toc_simulation_free(sim);
}

/* The capacity is kept: not one specimen more, and those who wait come later. */
static void test_capacity_of_tests(void **state)
{
    (void) state;
    const struct toc_simulation_schedule lines[] = { { TOC_SIMULATION_MEASURE_isolation, 0, 1, DAYS, 1, -1, 0, 0, 0 },
                                                     { TOC_SIMULATION_MEASURE_testing, 0, 1, DAYS, 1, -1, 0, 0, 0 } };
    set_up(10000);
    parameters.test_capacity = 200; /* 20 a day */
    struct toc_simulation *sim = create(
        &(struct toc_simulation_setup){ .parameters = &parameters, .schedule = lines, .num_schedule = 2, .seed = 1 });
    double most = 0;
    for (int day = 0; day < DAYS; day++)
        most = fmax(most, run(sim, 1, TOC_SIMULATION_COLUMN_specimens));
    assert_close(most, 20, 0, 0);
    toc_simulation_free(sim);
}

static void test_memory_that_runs_out(void **state)
{
    (void) state;
    set_up(3000);
    int                    ret = TOC_ERR_NO_MEMORY;
    struct toc_simulation *sim = NULL;
    for (size_t fail_at = 1; ret != 0; fail_at++) {
        struct test_failing_memory        memory = { .fail_at = fail_at };
        struct toc_allocator              allocator = test_failing_allocator(&memory);
        const struct toc_simulation_setup setup = { .parameters = &parameters, .seed = 1 };
        ret = toc_simulation_create(&setup, &allocator, NULL, &sim, NULL);
        for (int day = 0; day < 60 && ret == 0; day++)
            ret = toc_simulation_step(sim, NULL);
        if (sim != NULL)
            toc_simulation_free(sim);
        sim = NULL;
        assert_true(ret == 0 || ret == TOC_ERR_NO_MEMORY);
        assert_int_equal(memory.bytes_held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_add_up),
        cmocka_unit_test(test_transmission_tree),
        cmocka_unit_test(test_any_threads_give_the_same_bits),
        cmocka_unit_test(test_a_checkpoint_goes_on_with_the_same_bits),
        cmocka_unit_test(test_damaged_checkpoints_are_refused),
        cmocka_unit_test(test_no_transmission_leaves_the_seeds),
        cmocka_unit_test(test_zero_shares_give_zero_columns),
        cmocka_unit_test(test_more_measures_fewer_infections),
        cmocka_unit_test(test_closures_and_precautions),
        cmocka_unit_test(test_vaccine_that_protects_all),
        cmocka_unit_test(test_cross_immunity),
        cmocka_unit_test(test_waning_lets_people_be_infected_again),
        cmocka_unit_test(test_steering),
        cmocka_unit_test(test_capacity_of_tests),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
