/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/scenario_file.h"
#include "support/scenario.h"
#include "support/test.h"

#define HEAD "scenario: Town\nstart: 2024-02-01\ndays: 200\n"

/* ---- what is read ---- */

static void test_a_scenario_is_read(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_read(
        HEAD "source: invented\n"
             "infection:\n  infectious_mean: 6.5\n"
             "  susceptibility: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
             "testing: {test_release: no, test_order_days: 2}\n"
             "areas:\n  - {name: Town, persons: 60000}\n  - {name: Harbour, persons: 4000}\n"
             "commuting:\n  - {from: Harbour, to: Town, share: 0.2}\n  - {from: Town, to: Harbour, share: 0.1}\n"
             "measures:\n  - measure: isolation\n"
             "  - {measure: lockdown, from: 2024-02-03, to: 40, area: Harbour, strength: 0.8, on_above: 200, "
             "off_below: 50, off_after: 14}\n"
             "imports:\n  - {day: 2024-02-10, area: Harbour, strain: 2, persons: 5}\n"
             "  - {from: 20, to: 2024-03-05, every: 7, persons: 2}\n",
        &scenario);
    assert_string_equal(scenario.title, "Town");
    assert_string_equal(scenario.source, "invented");
    assert_int_equal(scenario.start, 19754);
    assert_int_equal(scenario.days, 200);
    assert_close(scenario.parameters.infectious_mean, 6.5, 0, 0);
    assert_close(scenario.parameters.susceptibility[8], 9, 0, 0);
    assert_close(scenario.parameters.test_release, 0, 0, 0);
    assert_close(scenario.parameters.test_order_days, 2, 0, 0);
    assert_close(scenario.parameters.infectious_sd, 2.14, 0, 0); /* the default */
    assert_int_equal(scenario.num_areas, 2);
    assert_string_equal(scenario.area_names[1], "Harbour");
    assert_close(scenario.areas[1].persons, 4000, 0, 0);
    assert_int_equal(scenario.num_commuting, 2);
    assert_int_equal(scenario.commuting[0].from, 0); /* in the order of the areas */
    assert_int_equal(scenario.commuting[1].from, 1);
    assert_int_equal(scenario.num_schedule, 2);
    assert_int_equal(scenario.schedule[0].measure, TOC_SIMULATION_MEASURE_isolation);
    assert_int_equal(scenario.schedule[0].area, TOC_SIMULATION_EVERYWHERE);
    assert_int_equal(scenario.schedule[0].from, 1);
    assert_int_equal(scenario.schedule[0].to, TOC_SIMULATION_LAST_DAY);
    assert_true(scenario.schedule[0].on_above < 0);
    assert_int_equal(scenario.schedule[1].area, 1);
    assert_int_equal(scenario.schedule[1].from, 3);
    assert_int_equal(scenario.schedule[1].to, 40);
    assert_close(scenario.schedule[1].strength, 0.8, 0, 0);
    assert_close(scenario.schedule[1].off_below, 50, 0, 0);
    assert_int_equal(scenario.schedule[0].off_after, 0);
    assert_int_equal(scenario.schedule[1].off_after, 14);
    assert_int_equal(scenario.num_imports, 4);
    for (size_t i = 1; i < 4; i++) { /* 2024-03-05 is day 34 */
        assert_int_equal(scenario.imports[i].day, 13 + 7 * i);
        assert_int_equal(scenario.imports[i].persons, 2);
    }
    assert_int_equal(scenario.imports[0].day, 10);
    assert_int_equal(scenario.imports[0].strain, 1); /* people count strains from 1 */
    assert_int_equal(scenario.imports[0].persons, 5);
    scenario_free(&scenario);
}

static void test_origins_name_the_line(void **state)
{
    (void) state;
    struct scenario                    scenario;
    size_t                             num;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    test_scenario_read(HEAD "infection:\n  infectious_mean: 6.5\n", &scenario);
    for (size_t i = 0; i < num; i++)
        if (strcmp(all[i].name, "infectious_mean") == 0)
            assert_int_equal(scenario.origins[i].line, 5);
        else
            assert_null(scenario.origins[i].path);
    scenario_free(&scenario);
}

/* Every parameter of the list can be written and is read back: nothing is described twice. */
static void test_every_parameter_can_be_given(void **state)
{
    (void) state;
    char                              *text;
    size_t                             size, num;
    FILE                              *out = open_memstream(&text, &size);
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    struct toc_simulation_parameters   defaults;
    toc_simulation_parameters_init(&defaults);
    fputs(HEAD, out);
    for (size_t i = 0; i < num; i++) {
        const double *value = (const double *) (const void *) ((const char *) &defaults + all[i].offset);
        if (all[i].kind == TOC_SIMULATION_HEADING)
            fprintf(out, "%s:\n", all[i].name);
        else if (all[i].kind == TOC_SIMULATION_FLAG)
            fprintf(out, "  %s: %s\n", all[i].name, *value > 0 ? "yes" : "no");
        else if (all[i].count == 1)
            fprintf(out, "  %s: %.17g\n", all[i].name, *value);
        else {
            fprintf(out, "  %s: [", all[i].name);
            for (size_t k = 0; k < all[i].count; k++)
                fprintf(out, "%s%.17g", k > 0 ? ", " : "", value[k]);
            fputs("]\n", out);
        }
    }
    fclose(out);
    struct scenario scenario;
    test_scenario_read(text, &scenario);
    assert_memory_equal(&scenario.parameters, &defaults, sizeof defaults);
    for (size_t i = 0; i < num; i++)
        assert_true(all[i].kind == TOC_SIMULATION_HEADING || scenario.origins[i].path != NULL);
    scenario_free(&scenario);
    free(text);
}

static void test_choices_come_before_the_file(void **state)
{
    (void) state;
    struct scenario_choices choices = { .start = 19760, .has_start = true, .days = 50, .agents = 2000 };
    struct fault_list       faults = { 0 };
    struct scenario         scenario;
    test_scenario_write("s.yaml", HEAD "measures: [{measure: lockdown, from: 2024-02-10}]\n");
    assert_ok(scenario_read(test_scenario_path("s.yaml"), &choices, &faults, &scenario));
    assert_int_equal(scenario.start, 19760);
    assert_int_equal(scenario.days, 50);
    assert_close(scenario.parameters.agents, 2000, 0, 0);
    assert_int_equal(scenario.schedule[0].from, 4); /* the date stands, whatever the start */
    scenario_free(&scenario);
}

/* ---- one extends another ---- */

static void test_what_stands_later_replaces_or_adds(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_write("base.yaml",
                        "scenario: base\nstart: 2024-01-01\ndays: 100\ninfection: {infectious_mean: 7, "
                        "infectious_sd: 3}\nareas: [{name: A, persons: 100}]\nmeasures: [{measure: isolation, "
                        "from: 2024-02-01}]\n");
    test_scenario_read("extends: base.yaml\nscenario: over\nstart: 2024-01-31\ninfection: {infectious_mean: 8}\n"
                       "areas: [{name: B, persons: 200}]\nmeasures: [{measure: testing}]\n",
                       &scenario);
    assert_string_equal(scenario.title, "over");
    assert_int_equal(scenario.days, 100);
    assert_close(scenario.parameters.infectious_mean, 8, 0, 0);
    assert_close(scenario.parameters.infectious_sd, 3, 0, 0);
    assert_int_equal(scenario.num_areas, 1);
    assert_string_equal(scenario.area_names[0], "B");
    assert_int_equal(scenario.num_schedule, 2);
    assert_int_equal(scenario.schedule[0].measure, TOC_SIMULATION_MEASURE_isolation);
    assert_int_equal(scenario.schedule[0].from, 2); /* by the start that counts */
    assert_int_equal(scenario.schedule[1].measure, TOC_SIMULATION_MEASURE_testing);
    scenario_free(&scenario);
}

static void test_faults_name_the_file_they_are_in(void **state)
{
    (void) state;
    test_scenario_write("base.yaml", HEAD "infection: {infectious_mean: x}\n");
    assert_scenario_faults(
        "extends: base.yaml\nscenario: over\ndays: 0\n",
        "base.yaml:4:30: infection.infectious_mean: \"x\" is not a number; allowed: a number, 0.5 … 40 "
        "(days)\n"
        "s.yaml:3:7: days: \"0\" is too small; allowed: a whole number, 1 … 3660 (days)\n");
}

static void test_where_extended_files_are_looked_for(void **state)
{
    (void) state;
    char library[200];
    snprintf(library, sizeof library, "%s/library", test_scenario_folder());
    assert_int_equal(mkdir(library, 0700), 0);
    test_scenario_write("library/there.yaml", HEAD);
    test_scenario_write("s.yaml", "extends: there.yaml\n");
    struct scenario_choices choices = { .library = library };
    char                   *answer = test_scenario_faults("s.yaml", &choices);
    assert_string_equal(answer, "");
    free(answer);
#define ALLOWED "; allowed: the name of a file in the same folder or the library (covid-19.yaml)\n"
    assert_scenario_faults("extends: there.yaml\n", "s.yaml:1:10: extends: there is no file \"there.yaml\"" ALLOWED);
    assert_scenario_faults("extends: ../s.yaml\n",
                           "s.yaml:1:10: extends: \"../s.yaml\" is not the name of a file" ALLOWED);
    assert_scenario_faults("extends: library\n", "s.yaml:1:10: extends: there is no file \"library\"" ALLOWED);
}

/* A chain of so many files. */
static char *chain(int files)
{
    for (int i = 0; i < files; i++) {
        char name[20], text[100];
        snprintf(name, sizeof name, "c%d.yaml", i);
        snprintf(text, sizeof text, "extends: c%d.yaml\n", i + 1);
        test_scenario_write(name, i + 1 < files ? text : HEAD);
    }
    return test_scenario_faults("c0.yaml", NULL);
}

static void test_limit_of_files(void **state)
{
    (void) state;
    char *answer = chain(SCENARIO_FILES);
    assert_string_equal(answer, "");
    free(answer);
    answer = chain(SCENARIO_FILES + 1);
    assert_string_equal(answer, "c7.yaml:1:1: too many scenarios extend each other; allowed: at most 8 files\n");
    free(answer);
    assert_scenario_faults("extends: s.yaml\n",
                           "s.yaml:1:1: too many scenarios extend each other; allowed: at most 8 files\n");
}

/* ---- faults ---- */

static void test_unknown_keys(void **state)
{
    (void) state;
    assert_scenario_faults(HEAD "infektion: {}\n",
                           "s.yaml:4:1: the key \"infektion\" is unknown; allowed: did you mean "
                           "infection?\n");
    assert_scenario_faults(HEAD "infection: {infectious_meen: 1}\n",
                           "s.yaml:4:13: infection: the key \"infectious_meen\" is unknown; allowed: did you mean "
                           "infectious_mean?\n");
    assert_scenario_faults(
        HEAD "infection: {onset_mean: 5}\n",
        "s.yaml:4:13: infection: the key \"onset_mean\" is not one of infection; allowed: in disease, where "
        "it belongs\n");
    assert_scenario_faults(HEAD "measures: [{measure: isolation, form: 5}]\n",
                           "s.yaml:4:33: measures: the key \"form\" is unknown; allowed: did you mean from?\n");
    assert_scenario_faults(
        HEAD "measures: [{measure: lokdown}]\n",
        "s.yaml:4:22: measures.measure: there is no measure \"lokdown\"; allowed: did you mean lockdown?\n");
    assert_scenario_faults(HEAD "imports: [{day: 1, persons: 1, zebra: 1}]\n",
                           "s.yaml:4:32: imports: the key \"zebra\" is unknown; allowed: day, from, to, "
                           "every, persons, area, strain\n");
}

static void test_days_of_imports_and_triggers(void **state)
{
    (void) state;
    assert_scenario_faults(HEAD "imports: [{day: 3, from: 4, to: 5, persons: 1}]\n",
                           "s.yaml:4:12: imports: both; allowed: day, or from and to\n");
    assert_scenario_faults(HEAD "imports: [{from: 4, persons: 1}]\n", "s.yaml:4:11: imports: to is missing\n");
    assert_scenario_faults(HEAD "imports: [{from: 4, to: 3, persons: 1}]\n",
                           "s.yaml:4:25: imports.to: the last day lies before the first; allowed: the first day or "
                           "later\n");
    assert_scenario_faults(
        HEAD "imports: [{from: 4, to: 8, every: 0, persons: 1}]\n",
        "s.yaml:4:35: imports.every: \"0\" is too small; allowed: a whole number, 1 … 3660 (days)\n");
    assert_scenario_faults(HEAD "imports: [{from: 1, to: 10001, persons: 1}]\n",
                           "s.yaml:4:11: imports: too many imports; allowed: at most 10000, one for each day\n");
    assert_scenario_faults(HEAD "measures: [{measure: lockdown, off_after: 3}]\n",
                           "s.yaml:4:12: measures: on_above is missing\n");
    assert_scenario_faults(
        HEAD "measures: [{measure: lockdown, on_above: 2, off_below: 1, off_after: 201}]\n",
        "s.yaml:4:70: measures.off_after: \"201\" is too large; allowed: a whole number, 1 … 200 (days)\n");
}

static void test_impossible_dates(void **state)
{
    (void) state;
    assert_scenario_faults(
        "scenario: a\nstart: 2023-02-29\ndays: 5\n",
        "s.yaml:2:8: start: \"2023-02-29\": day 29 does not exist: February 2023 has 28 days; allowed: a day "
        "(2024-02-26)\n");
    assert_scenario_faults("scenario: a\nstart: 2024-02\ndays: 5\n",
                           "s.yaml:2:8: start: \"2024-02\" is not a day; allowed: a day (2024-02-26)\n");
    assert_scenario_faults(
        HEAD "measures: [{measure: lockdown, from: 2024-01-31}]\n",
        "s.yaml:4:38: measures.from: \"2024-01-31\" lies before the start; allowed: 2024-02-01 or later, at "
        "most 60000 days\n");
    assert_scenario_faults(
        HEAD "measures: [{measure: lockdown, from: 2024-04-01, to: 2024-03-01}]\n",
        "s.yaml:4:54: measures.to: the last day lies before the first; allowed: the first day or later\n");
    assert_scenario_faults(
        HEAD "imports: [{day: 0, persons: 1}]\n",
        "s.yaml:4:17: imports.day: \"0\" is too small; allowed: a whole number, 1 … 60000 (or a date)\n");
}

static void test_numbers_out_of_bounds(void **state)
{
    (void) state;
    assert_scenario_faults(
        HEAD "infection: {infectious_rate: -1, infectious_mean: 41}\n",
        "s.yaml:4:30: infection.infectious_rate: \"-1\" is negative; allowed: a number, 0 … 100 "
        "(infections)\n"
        "s.yaml:4:51: infection.infectious_mean: \"41\" is too large; allowed: a number, 0.5 … 40 (days)\n");
    assert_scenario_faults(HEAD "infection: {infectious_rate: '1'}\n",
                           "s.yaml:4:30: infection.infectious_rate: \"1\" stands in quotes; allowed: a number, 0 … 100 "
                           "(infections)\n");
    assert_scenario_faults(
        HEAD "testing: {test_order_days: 1.5, test_release: 1}\n",
        "s.yaml:4:28: testing.test_order_days: \"1.5\" is not a whole number; allowed: a whole number, 0 … "
        "30 (days)\n"
        "s.yaml:4:47: testing.test_release: \"1\"; allowed: yes or no\n");
}

static void test_values_of_the_wrong_kind(void **state)
{
    (void) state;
    assert_scenario_faults(HEAD "infection: 5\n", "s.yaml:4:12: infection: a text; allowed: a map of parameters\n");
    assert_scenario_faults(HEAD "infection: {infectious_rate: [1]}\n",
                           "s.yaml:4:30: infection.infectious_rate: a list; allowed: a number, 0 … 100 (infections)\n");
    assert_scenario_faults(HEAD "measures: {measure: lockdown}\n",
                           "s.yaml:4:11: measures: a map; allowed: a list of measures\n");
    assert_scenario_faults(
        HEAD "imports: [5]\n",
        "s.yaml:4:11: imports: a text; allowed: a map: day (or from, to, every), persons, area, strain\n");
    assert_scenario_faults(HEAD "measures:\n",
                           "s.yaml:4:10: measures: nothing stands here; allowed: a list of measures\n");
    assert_scenario_faults("5\n", "s.yaml:1:1: a text; allowed: a map: scenario, start, days, …\n");
}

static void test_tables(void **state)
{
    (void) state;
    assert_scenario_faults(
        HEAD "infection: {susceptibility: [1, 2]}\n",
        "s.yaml:4:29: infection.susceptibility: 2 numbers; allowed: a list of 9 numbers, one for each age "
        "group: 0-9, 10-19, … 70-79, 80 and over\n");
    assert_scenario_faults(
        HEAD "disease:\n  mild: [1, 1, 1, 1, 1, 1, 1, 0.5, 0.5]\n",
        "s.yaml:5:10: disease.mild: 1.456 does not fit the other values; allowed: asymptomatic + mild at "
        "most 1\n");
    assert_scenario_faults(
        HEAD "disease:\n  asymptomatic: [0, 0, 0.5, 0, 0, 0, 0, 0, 0]\n",
        "s.yaml:5:24: disease.asymptomatic: 1.097 does not fit the other values; allowed: asymptomatic + "
        "mild at most 1\n");
    assert_scenario_faults(HEAD "areas: [{name: A, persons: 100}, {name: B, persons: 0}]\n"
                                "commuting: [{from: A, to: B, share: 0.6}, {from: A, to: A, share: 0.5}]\n",
                           "s.yaml:5:1: the shares from A sum to 1.1; allowed: at most 1\n");
    assert_scenario_faults(
        HEAD "areas: [{name: A, persons: 50}, {name: B, persons: 49}]\n",
        "s.yaml:4:8: areas: 99 does not fit the other values; allowed: 100 to 1e9 persons in all areas\n");
}

static void test_areas(void **state)
{
    (void) state;
    assert_scenario_faults(HEAD "areas: [{name: A, persons: 100}, {name: A, persons: 1}, {persons: 2}]\n",
                           "s.yaml:4:41: areas.name: the area comes twice; allowed: each area once\n"
                           "s.yaml:4:57: areas: name is missing\n");
    assert_scenario_faults(HEAD "areas: [{name: Town, persons: 100}]\nimports: [{day: 1, persons: 1, area: Toun}]\n",
                           "s.yaml:5:38: imports.area: there is no area \"Toun\"; allowed: did you mean Town?\n");
    assert_scenario_faults(
        HEAD "areas: [{name: A, persons: 100}, {name: B, persons: 50}]\njourneys:\n"
             "  - {from: A, to: B, share: 1.5, leave: 3, back: 9}\n"
             "  - {from: A, to: A, share: 0.5, leave: 3, back: 9}\n"
             "  - {from: A, to: B, share: 0.5, leave: 9, back: 9}\n"
             "  - {from: A, to: B, share: 0.5, leave: 9, until: 12}\n",
        "s.yaml:6:29: journeys.share: \"1.5\" is too large; allowed: a number, 0 … 1 (share of the "
        "households)\n"
        "s.yaml:7:19: journeys.to: the same area as from; allowed: another area\n"
        "s.yaml:8:50: journeys.back: they are back before they leave; allowed: a day after leave\n"
        "s.yaml:9:44: journeys: the key \"until\" is unknown; allowed: from, to, share, leave, back\n"
        "s.yaml:9:5: journeys: back is missing\n");
    assert_scenario_faults(
        HEAD "areas: [{name: A, persons: 100}, {name: B, persons: 50}]\njourneys:\n"
             "  - {from: A, to: B, share: 0.6, leave: 3, back: 9}\n"
             "  - {from: A, to: B, share: 0.6, leave: 8, back: 12}\n",
        "s.yaml:7:5: journeys: 1.2 does not fit the other values; allowed: shares of an area's households that "
        "are away at once sum to at most 1\n");
    test_scenario_write("s.yaml", HEAD "areas: [{name: Town, persons: 100}]\n");
    struct scenario_choices choices = { .agents = 1000 };
    char                   *answer = test_scenario_faults("s.yaml", &choices);
    assert_string_equal(answer, "s.yaml:4:1: the scenario has areas, and a number of agents was chosen too; allowed: "
                                "either\n");
    free(answer);
}

static void test_a_trigger_has_two_ends(void **state)
{
    (void) state;
    assert_scenario_faults(
        HEAD "measures: [{measure: lockdown, on_above: 5}, {measure: lockdown, on_above: 5, off_below: 6}]\n",
        "s.yaml:4:12: measures: off_below is missing\n"
        "s.yaml:4:90: measures.off_below: more than on_above; allowed: at most on_above\n");
}

static void test_what_must_be_there(void **state)
{
    (void) state;
    assert_scenario_faults("infection: {}\n",
                           "s.yaml: there is no key \"scenario\"; allowed: scenario: what it is called\n"
                           "s.yaml: there is no key \"start\"; allowed: start: 2024-02-01\n"
                           "s.yaml: there is no key \"days\"; allowed: days: 200\n");
}

/* A scenario with so many lines of measures, and areas. */
static char *fill(size_t num_measures, size_t num_areas)
{
    FILE *file = fopen(test_scenario_path("s.yaml"), "w");
    fputs(HEAD "measures:\n", file);
    for (size_t i = 0; i < num_measures; i++)
        fputs("  - measure: lockdown\n", file);
    fputs(num_areas > 0 ? "areas:\n" : "", file);
    for (size_t i = 0; i < num_areas; i++)
        fprintf(file, "  - {name: a%zu, persons: 1}\n", i);
    fclose(file);
    return test_scenario_faults("s.yaml", NULL);
}

static void test_limits_of_lists(void **state)
{
    (void) state;
    char *answer = fill(SCENARIO_LINES, 0);
    assert_string_equal(answer, "");
    free(answer);
    answer = fill(SCENARIO_LINES + 1, 0);
    assert_string_equal(answer, "s.yaml:4:1: 10001 lines; allowed: at most 10000 lines, extended ones included\n");
    free(answer);
    answer = fill(1, SCENARIO_AREAS);
    assert_string_equal(answer, "");
    free(answer);
    answer = fill(1, SCENARIO_AREAS + 1);
    assert_string_equal(answer, "s.yaml:7:3: areas: 10001 areas; allowed: 1 … 10000 areas\n");
    free(answer);
}

static void test_limits_of_days_and_names(void **state)
{
    (void) state;
    char text[400], name[SCENARIO_NAME_BYTES + 2];
    assert_scenario_faults("scenario: a\nstart: 2024-01-01\ndays: 3660\n", "");
    assert_scenario_faults("scenario: a\nstart: 2024-01-01\ndays: 3661\n",
                           "s.yaml:3:7: days: \"3661\" is too large; allowed: a whole number, 1 … 3660 (days)\n");
    memset(name, 'n', sizeof name);
    snprintf(text, sizeof text, "scenario: %.120s\nstart: 2024-01-01\ndays: 1\n", name);
    assert_scenario_faults(text, "");
    snprintf(text, sizeof text, "scenario: %.121s\nstart: 2024-01-01\ndays: 1\n", name);
    test_scenario_write("s.yaml", text);
    char *answer = test_scenario_faults("s.yaml", NULL);
    assert_non_null(strstr(answer, " is too long; allowed: a text of 1 … 120 bytes\n"));
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_scenario_is_read),
        cmocka_unit_test(test_origins_name_the_line),
        cmocka_unit_test(test_every_parameter_can_be_given),
        cmocka_unit_test(test_choices_come_before_the_file),
        cmocka_unit_test(test_what_stands_later_replaces_or_adds),
        cmocka_unit_test(test_faults_name_the_file_they_are_in),
        cmocka_unit_test(test_where_extended_files_are_looked_for),
        cmocka_unit_test(test_limit_of_files),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_days_of_imports_and_triggers),
        cmocka_unit_test(test_impossible_dates),
        cmocka_unit_test(test_numbers_out_of_bounds),
        cmocka_unit_test(test_values_of_the_wrong_kind),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_a_trigger_has_two_ends),
        cmocka_unit_test(test_what_must_be_there),
        cmocka_unit_test(test_limits_of_lists),
        cmocka_unit_test(test_limits_of_days_and_names),
    };
    return cmocka_run_group_tests(tests, test_scenario_make_folder, test_scenario_remove_folder);
}
