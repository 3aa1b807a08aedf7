/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulation is made of is described once and refused where it is wrong, by name. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/simulation.h"

static struct toc_simulation_parameters parameters;

static int check(const struct toc_simulation_setup *extra, struct toc_error *error)
{
    struct toc_simulation_setup setup = extra == NULL ? (struct toc_simulation_setup){ 0 } : *extra;
    setup.parameters = &parameters;
    return toc_simulation_check(&setup, error);
}

static void test_defaults_are_allowed(void **state)
{
    (void) state;
    toc_simulation_parameters_init(&parameters);
    assert_int_equal(check(NULL, NULL), 0);
    assert_close(parameters.onset_mean, 5.42, 0, 0);
    assert_close(parameters.susceptibility[8], 1.52, 0, 0);
}

/* Each number at its bounds is taken, one step past them is refused by its name. */
static void test_bounds_of_every_parameter(void **state)
{
    (void) state;
    size_t                             num;
    const struct toc_simulation_entry *entry = toc_simulation_list_parameters(&num);
    size_t                             tried = 0;
    for (size_t i = 0; i < num; i++) {
        for (size_t k = 0; k < entry[i].count; k++) {
            struct toc_error error = { 0 };
            toc_simulation_parameters_init(&parameters);
            double *value = (double *) (void *) ((char *) &parameters + entry[i].offset) + k;
            *value = nextafter(entry[i].highest, INFINITY);
            assert_int_equal(check(NULL, &error), TOC_ERR_OPTION);
            assert_string_equal(error.what, entry[i].name);
            *value = nextafter(entry[i].lowest, -INFINITY);
            assert_int_equal(check(NULL, &error), TOC_ERR_OPTION);
            assert_string_equal(error.what, entry[i].name);
            *value = NAN;
            assert_int_equal(check(NULL, &error), TOC_ERR_OPTION);
            if (entry[i].kind == TOC_SIMULATION_WHOLE) {
                *value = entry[i].lowest + 0.5;
                assert_int_equal(check(NULL, &error), TOC_ERR_OPTION);
                assert_string_equal(error.allowed, "a whole number");
            }
            tried++;
        }
    }
    assert_int_equal(tried, sizeof parameters / sizeof(double));
}

static void test_tables_that_do_not_sum(void **state)
{
    (void) state;
    struct toc_error error = { 0 };
    toc_simulation_parameters_init(&parameters);
    parameters.mild[3] = 0.669;
    assert_int_equal(check(NULL, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "mild");
    assert_int_equal(error.where, 3);
    toc_simulation_parameters_init(&parameters);
    parameters.ring_contacts[1] = TOC_SIMULATION_MAX_DEGREE * parameters.ring_daily_share;
    assert_int_equal(check(NULL, NULL), 0);
    parameters.ring_contacts[1] += 0.25;
    assert_int_equal(check(NULL, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "ring_contacts");
    toc_simulation_parameters_init(&parameters);
    memset(parameters.household_weight, 0, sizeof parameters.household_weight);
    assert_int_equal(check(NULL, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "household_weight");
}

static void test_places_and_days_that_do_not_exist(void **state)
{
    (void) state;
    const struct toc_simulation_area      areas[] = { { .persons = 60 }, { .persons = 40 } };
    const struct toc_simulation_commuting both[] = { { 0, 1, 0.5 }, { 0, 1, 0.50001 } };
    struct toc_simulation_schedule        line = { .area = 1, .from = 1, .to = 1, .strength = 1, .on_above = -1 };
    struct toc_simulation_import          import = { .day = 1, .area = 1, .strain = 3, .persons = 1 };
    struct toc_simulation_setup           setup = {
                  .areas = areas, .num_areas = 2, .schedule = &line, .num_schedule = 1, .imports = &import, .num_imports = 1
    };
    struct toc_error error = { 0 };
    toc_simulation_parameters_init(&parameters);
    assert_int_equal(check(&setup, NULL), 0);
    line.to = 0;
    assert_int_equal(check(&setup, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "schedule.to");
    line.to = TOC_SIMULATION_LAST_DAY + 1;
    assert_int_equal(check(&setup, &error), TOC_ERR_SHAPE);
    line.to = TOC_SIMULATION_LAST_DAY;
    line.area = 2;
    assert_int_equal(check(&setup, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "schedule.area");
    line.area = TOC_SIMULATION_EVERYWHERE;
    import.strain = 4;
    assert_int_equal(check(&setup, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "imports.strain");
    import.strain = 0;
    setup.commuting = both;
    setup.num_commuting = 1;
    assert_int_equal(check(&setup, NULL), 0);
    setup.num_commuting = 2;
    assert_int_equal(check(&setup, &error), TOC_ERR_DOMAIN);
    assert_string_equal(error.what, "commuting");
}

/* One person too few, and exactly enough. */
static void test_size_of_the_population(void **state)
{
    (void) state;
    struct toc_simulation_area  areas[] = { { .persons = 60 }, { .persons = 39 } };
    struct toc_simulation_setup setup = { .areas = areas, .num_areas = 2 };
    struct toc_error            error = { 0 };
    toc_simulation_parameters_init(&parameters);
    assert_int_equal(check(&setup, &error), TOC_ERR_OPTION);
    areas[1].persons = 40;
    assert_int_equal(check(&setup, NULL), 0);
    areas[0].persons = 1e9 - 40;
    assert_int_equal(check(&setup, NULL), 0);
    areas[0].persons++;
    assert_int_equal(check(&setup, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "areas");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_allowed),   cmocka_unit_test(test_bounds_of_every_parameter),
        cmocka_unit_test(test_tables_that_do_not_sum), cmocka_unit_test(test_places_and_days_that_do_not_exist),
        cmocka_unit_test(test_size_of_the_population),
    };
    return cmocka_run_group_tests_name("simulation_parameters", tests, NULL, NULL);
}
