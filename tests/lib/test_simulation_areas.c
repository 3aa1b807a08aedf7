/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Areas of a tree: ages of their own; a township's villages under one line of a measure, judged as one; persons who
 * come back to a township; many villages that one town's households go home to. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/simulation.h"

enum { AREAS = 5, ROW = TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS, LAST = 40 };

static struct toc_simulation_parameters parameters;
static uint32_t                         counts[300 * ROW];

static int set_up(void **state)
{
    (void) state;
    toc_simulation_parameters_init(&parameters);
    parameters.seed_infections = 0;
    return 0;
}

static struct toc_simulation *create(const struct toc_simulation_setup *setup)
{
    struct toc_simulation *sim = NULL;
    assert_ok(toc_simulation_create(setup, &test_allocator, NULL, &sim, NULL));
    return sim;
}

/* Of one area and age group, at the last step. */
static uint32_t count_of(size_t area, size_t age, enum toc_simulation_column column)
{
    return counts[(area * TOC_SIMULATION_AGE + age) * TOC_SIMULATION_COLUMNS + column];
}

static double count_in(size_t area, enum toc_simulation_column column)
{
    double sum = 0;
    for (size_t age = 0; age < TOC_SIMULATION_AGE; age++)
        sum += count_of(area, age, column);
    return sum;
}

static void step(struct toc_simulation *sim)
{
    assert_ok(toc_simulation_step(sim, NULL));
    toc_simulation_read(sim, counts);
}

/* ---- ages ---- */

static const double young[] = { 30, 25, 15, 10, 8, 6, 3, 2, 1 }, old[] = { 4, 5, 6, 8, 10, 14, 22, 20, 11 };

static void test_areas_have_ages_of_their_own(void **state)
{
    (void) state;
    double                           sum = 0;
    const struct toc_simulation_area areas[] = { { .persons = 20000, .age_weight = young },
                                                 { .persons = 20000, .age_weight = old },
                                                 { .persons = 2000, .age_weight = young },
                                                 { .persons = 20000 } };
    const double *const              wanted[] = { young, old, young, parameters.age_weight };
    struct toc_simulation           *sim =
        create(&(struct toc_simulation_setup){ .parameters = &parameters, .areas = areas, .num_areas = 4, .seed = 3 });
    step(sim);
    for (size_t area = 0; area < 4; area++) {
        sum = 0;
        for (size_t age = 0; age < TOC_SIMULATION_AGE; age++)
            sum += wanted[area][age];
        for (size_t age = 0; age < TOC_SIMULATION_AGE; age++) {
            double share = count_of(area, age, TOC_SIMULATION_COLUMN_susceptible) / areas[area].persons;
            double chance = sqrt(wanted[area][age] / sum / areas[area].persons);
            assert_close(share, wanted[area][age] / sum, 0, 0.01 + 4 * chance);
        }
    }
    toc_simulation_free(sim);
}

/* With the common table written out for an area it is as if nothing had been written, but for the size of trials. */
static void test_the_common_ages_written_out(void **state)
{
    (void) state;
    static uint32_t                  common[2 * ROW];
    const struct toc_simulation_area plain[] = { { .persons = 10000 }, { .persons = 9000 } };
    const struct toc_simulation_area written[] = { { .persons = 10000, .age_weight = parameters.age_weight },
                                                   { .persons = 9000, .age_weight = parameters.age_weight } };
    struct toc_simulation           *sim =
        create(&(struct toc_simulation_setup){ .parameters = &parameters, .areas = plain, .num_areas = 2, .seed = 8 });
    toc_simulation_read(sim, common);
    toc_simulation_free(sim);
    sim = create(
        &(struct toc_simulation_setup){ .parameters = &parameters, .areas = written, .num_areas = 2, .seed = 8 });
    toc_simulation_read(sim, counts);
    assert_memory_equal(common, counts, sizeof common);
    toc_simulation_free(sim);
}

static void test_wrong_ages_are_named_by_their_area(void **state)
{
    (void) state;
    const double                      negative[TOC_SIMULATION_AGE] = { 1, -1 }, nothing[TOC_SIMULATION_AGE] = { 0 };
    const double                      missing[TOC_SIMULATION_AGE] = { 1, NAN };
    struct toc_simulation_area        areas[] = { { .persons = 500, .age_weight = young }, { .persons = 500 } };
    const struct toc_simulation_setup setup = { .parameters = &parameters, .areas = areas, .num_areas = 2 };
    const double *const               wrong[] = { negative, nothing, missing };
    for (size_t i = 0; i < 3; i++) {
        struct toc_error error = { 0 };
        areas[1].age_weight = wrong[i];
        assert_status(toc_simulation_check(&setup, &error), i == 1 ? TOC_ERR_DOMAIN : TOC_ERR_OPTION);
        assert_string_equal(error.what, "areas");
        assert_int_equal(error.where, 1);
    }
}

/* ---- several areas in one line ---- */

static const struct toc_simulation_area villages[AREAS] = {
    { .persons = 4000 }, { .persons = 4000 }, { .persons = 4000 }, { .persons = 4000 }, { .persons = 4000 }
};

/* Somebody comes back to one of the villages 1, 2, 3, in proportion to their persons, and nowhere else. */
static void test_imports_into_several_areas(void **state)
{
    (void) state;
    parameters.infectious_rate = 0;
    const struct toc_simulation_import import = { .day = 1, .area = 1, .persons = 300, .areas = 3 };
    struct toc_simulation             *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                                    .areas = villages,
                                                                                    .num_areas = AREAS,
                                                                                    .imports = &import,
                                                                                    .num_imports = 1,
                                                                                    .seed = 4 });
    step(sim);
    for (size_t area = 0; area < AREAS; area++) {
        double infections = count_in(area, TOC_SIMULATION_COLUMN_infections);
        if (area >= 1 && area <= 3)
            assert_close(infections, 100, 0, 35);
        else
            assert_close(infections, 0, 0, 0);
    }
    toc_simulation_free(sim);
}

/* Cases are found in village 1 alone, so many that it is above the trigger and its township 1, 2, 3 as a whole is not
 * (or is): the measure holds in the village alone (or in the township), and never in 0 and 4. */
static void check_trigger(double on_above, uint32_t areas, const bool closed[AREAS])
{
    const struct toc_simulation_schedule schedule[] = { { .measure = TOC_SIMULATION_MEASURE_testing,
                                                          .area = TOC_SIMULATION_EVERYWHERE,
                                                          .from = 1,
                                                          .to = LAST,
                                                          .strength = 1,
                                                          .on_above = -1 },
                                                        { .measure = TOC_SIMULATION_MEASURE_isolation,
                                                          .area = TOC_SIMULATION_EVERYWHERE,
                                                          .from = 1,
                                                          .to = LAST,
                                                          .strength = 1,
                                                          .on_above = -1 },
                                                        { .measure = TOC_SIMULATION_MEASURE_school_closure,
                                                          .area = 1,
                                                          .areas = areas,
                                                          .from = 1,
                                                          .to = LAST,
                                                          .strength = 1,
                                                          .on_above = on_above,
                                                          .off_below = 0 } };
    const struct toc_simulation_import   import = { .day = 1, .area = 1, .persons = 1500 };
    struct toc_simulation               *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                                      .areas = villages,
                                                                                      .num_areas = AREAS,
                                                                                      .schedule = schedule,
                                                                                      .num_schedule = 3,
                                                                                      .imports = &import,
                                                                                      .num_imports = 1,
                                                                                      .seed = 4 });
    double                               lost[AREAS] = { 0 };
    parameters.isolation_share = 1;
    for (int day = 0; day < LAST; day++) {
        step(sim);
        for (size_t area = 0; area < AREAS; area++)
            lost[area] += count_in(area, TOC_SIMULATION_COLUMN_school_days_lost);
    }
    for (size_t area = 0; area < AREAS; area++)
        assert_int_equal(lost[area] > 10000, closed[area]); /* children who isolate lose some too */
    toc_simulation_free(sim);
}

static void test_a_trigger_looks_at_the_areas_of_its_line_as_one(void **state)
{
    (void) state;
    static const bool nowhere[AREAS] = { false }, village[AREAS] = { false, true },
                      township[AREAS] = { false, true, true, true };
    parameters.infectious_rate = 0;
    parameters.other_symptoms = 0;
    parameters.isolation_share = 1;
    parameters.test_specificity = 1;
    check_trigger(2000, 0, village); /* some 700 are found: of 4,000 persons, or of 12,000 a third of the rate */
    check_trigger(2000, 3, township);
    check_trigger(10000, 1, village);
    check_trigger(10000, 3, nowhere);
}

/* Infections within the area that the cases come from, and in the others. */
static void count_crossings(bool checkpoints, double crossings[2])
{
    const struct toc_simulation_schedule schedule = {
        .measure = TOC_SIMULATION_MEASURE_checkpoints, .area = 1, .from = 1, .to = LAST, .strength = 1, .on_above = -1
    };
    const struct toc_simulation_import import = { .day = 1, .area = 1, .persons = 2500 };
    struct toc_simulation             *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                                    .areas = villages,
                                                                                    .num_areas = AREAS,
                                                                                    .schedule = &schedule,
                                                                                    .num_schedule = checkpoints,
                                                                                    .imports = &import,
                                                                                    .num_imports = 1,
                                                                                    .seed = 4 });
    crossings[0] = crossings[1] = 0;
    for (int day = 1; day <= 6; day++) {
        step(sim);
        for (size_t area = 0; day > 1 && area < AREAS; area++)
            crossings[area != 1] += count_in(area, TOC_SIMULATION_COLUMN_infections);
    }
    toc_simulation_free(sim);
}

/* Checkpoints around a village leave a part of the contacts across its border, and all within. */
static void test_checkpoints_around_a_village(void **state)
{
    (void) state;
    double open[2], controlled[2];
    parameters.travel_share = 0.5;
    parameters.checkpoint_contacts = 0.2;
    count_crossings(false, open);
    count_crossings(true, controlled);
    assert_true(open[1] > 200);
    assert_close(controlled[0] / open[0], 1, 0.1, 0);
    assert_close(controlled[1] / open[1], 0.2, 0, 0.08);
}

/* How many days schools are closed in the village, and in another one, where all cases are found on day 5. */
static double days_closed(uint32_t off_after)
{
    const struct toc_simulation_schedule schedule[] = {
        { .measure = TOC_SIMULATION_MEASURE_testing, .area = 1, .from = 1, .to = LAST, .strength = 1, .on_above = -1 },
        { .measure = TOC_SIMULATION_MEASURE_isolation,
          .area = 1,
          .from = 1,
          .to = LAST,
          .strength = 1,
          .on_above = -1 },
        { .measure = TOC_SIMULATION_MEASURE_school_closure,
          .area = TOC_SIMULATION_EVERYWHERE,
          .from = 1,
          .to = LAST,
          .strength = 1,
          .on_above = 100,
          .off_below = 1,
          .off_after = off_after }
    };
    const struct toc_simulation_import import = { .day = 1, .area = 1, .persons = 100 };
    struct toc_simulation             *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                                    .areas = villages,
                                                                                    .num_areas = AREAS,
                                                                                    .schedule = schedule,
                                                                                    .num_schedule = 3,
                                                                                    .imports = &import,
                                                                                    .num_imports = 1,
                                                                                    .seed = 4 });
    double                             closed = 0;
    for (int day = 1; day <= LAST; day++) {
        step(sim);
        double pupils = count_of(1, 0, TOC_SIMULATION_COLUMN_school_days_lost);
        assert_int_equal(count_in(1, TOC_SIMULATION_COLUMN_positives) > 0, day == 5);
        assert_close(count_in(2, TOC_SIMULATION_COLUMN_school_days_lost), 0, 0, 0);
        closed += pupils > 200;
    }
    toc_simulation_free(sim);
    return closed;
}

/* A zone is let go when none has been found for seven days, or so many days later. */
static void test_a_zone_waits_before_it_is_let_go(void **state)
{
    (void) state;
    parameters.infectious_rate = 0;
    parameters.other_symptoms = 0;
    parameters.isolation_share = 1;
    parameters.test_specificity = parameters.test_sensitivity = 1;
    parameters.test_first_day = 0;
    parameters.onset_mean = 2;
    parameters.onset_sd = 0;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++) {
        parameters.asymptomatic[age] = 0;
        parameters.mild[age] = 1;
    }
    assert_close(days_closed(0), 7, 0, 0); /* days 6 to 12: those of day 5 are of the last seven days */
    assert_close(days_closed(1), 7, 0, 0);
    assert_close(days_closed(10), 16, 0, 0);
}

static void test_areas_that_do_not_exist(void **state)
{
    (void) state;
    struct toc_error               error = { 0 };
    struct toc_simulation_import   import = { .day = 1, .area = 3, .persons = 1, .areas = 2 };
    struct toc_simulation_schedule line = { .area = 4, .areas = 1, .from = 1, .to = 2, .strength = 1, .on_above = -1 };
    struct toc_simulation_setup    setup = { .parameters = &parameters,
                                             .areas = villages,
                                             .num_areas = AREAS,
                                             .schedule = &line,
                                             .num_schedule = 1,
                                             .imports = &import,
                                             .num_imports = 1 };
    assert_ok(toc_simulation_check(&setup, NULL));
    import.areas = 3;
    assert_status(toc_simulation_check(&setup, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "imports.area");
    import.areas = 2;
    line.areas = 2;
    assert_status(toc_simulation_check(&setup, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "schedule.area");
    line.area = TOC_SIMULATION_EVERYWHERE;
    assert_status(toc_simulation_check(&setup, &error), TOC_ERR_SHAPE);
}

/* ---- home to the villages ---- */

/* Half of a town's households go home to 299 villages, a few to each, and carry what they have to most of them. */
static void test_a_town_goes_home_to_many_villages(void **state)
{
    (void) state;
    enum { MANY = 299 };
    static struct toc_simulation_area    areas[MANY + 1];
    static struct toc_simulation_journey journeys[MANY];
    areas[0].persons = 30000;
    for (uint32_t i = 0; i < MANY; i++) {
        areas[i + 1].persons = 150;
        journeys[MANY - 1 - i] = (struct toc_simulation_journey){ 0, i + 1, 2, LAST, 0.5 / MANY };
    }
    const struct toc_simulation_import import = { .day = 1, .area = 0, .persons = 6000 };
    parameters.infectious_rate = 8;
    parameters.travel_share = 0;
    struct toc_simulation *sim = create(&(struct toc_simulation_setup){ .parameters = &parameters,
                                                                        .areas = areas,
                                                                        .num_areas = MANY + 1,
                                                                        .journeys = journeys,
                                                                        .num_journeys = MANY,
                                                                        .imports = &import,
                                                                        .num_imports = 1,
                                                                        .seed = 2 });
    size_t                 reached = 0;
    for (int day = 0; day < 12; day++)
        step(sim);
    for (size_t area = 1; area <= MANY; area++)
        reached += count_in(area, TOC_SIMULATION_COLUMN_susceptible) < 150;
    assert_true((double) reached > 0.8 * MANY);
    toc_simulation_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_areas_have_ages_of_their_own, set_up),
        cmocka_unit_test_setup(test_the_common_ages_written_out, set_up),
        cmocka_unit_test_setup(test_wrong_ages_are_named_by_their_area, set_up),
        cmocka_unit_test_setup(test_imports_into_several_areas, set_up),
        cmocka_unit_test_setup(test_a_trigger_looks_at_the_areas_of_its_line_as_one, set_up),
        cmocka_unit_test_setup(test_checkpoints_around_a_village, set_up),
        cmocka_unit_test_setup(test_a_zone_waits_before_it_is_let_go, set_up),
        cmocka_unit_test_setup(test_areas_that_do_not_exist, set_up),
        cmocka_unit_test_setup(test_a_town_goes_home_to_many_villages, set_up),
    };
    return cmocka_run_group_tests_name("simulation_areas", tests, NULL, NULL);
}
