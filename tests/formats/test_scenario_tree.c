/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario whose areas are those of a code list: who lives where, what an area above stands for, every fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/scenario_file.h"
#include "support/scenario.h"
#include "support/test.h"

#define HEAD "scenario: Land\nstart: 2025-03-01\ndays: 50\npopulation: {age_weight: [1, 1, 1, 1, 1, 1, 1, 1, 1]}\n"
#define TREE HEAD "area_tree: {codes: areas.csv, population: people.csv"

enum { NA, NC, SA, SB, W, AREAS };

/* Land: North (Bridge; Mill until 2024; Ford from 2024), South (Bridge, Gate), West with nothing below it. */
static const char codes[] = "code,parent,level,name_en,name_zh,valid_from,valid_to\n"
                            "L,,0,Land,国,,\nN,L,1,North,北,,\nS,L,1,South,南,,\nW,L,1,West,西,,\n"
                            "NA,N,2,Bridge,桥,,\nNB,N,2,Mill,磨,,2024-12-31\nNC,N,2,Ford,渡,2024-01-01,\n"
                            "SA,S,2,Bridge,南桥,,\nSB,S,2,Gate,门,,\n";
static const char people[] = "area,year,number,sex,age_from,age_to,kind\n"
                             "NA,2024,100,female,0,4,\nNA,2024,100,male,0,4,\nNA,2024,300,female,5,14,\n"
                             "NA,2024,500,male,5,,\nNA,2023,7,,,,\n"
                             "NC,2024,2000,,,,\nSA,2024,1000,,0,79,\nSA,2024,50,,80,,\nSB,2024,3000,,,,\n"
                             "W,2024,400,,,,\nN,2024,9999,,,,\nSA,2024,77,,,,registered\n";

static int set_up(void **state)
{
    int ret = test_scenario_make_folder(state);
    test_scenario_write("areas.csv", codes);
    test_scenario_write("people.csv", people);
    return ret;
}

/* ---- who lives where ---- */

static void test_areas_are_the_lowest_with_a_population(void **state)
{
    (void) state;
    static const char *const names[AREAS] = { "NA", "NC", "SA", "SB", "W" };
    static const double      persons[AREAS] = { 1000, 2000, 1050, 3000, 400 };
    struct scenario          scenario;
    test_scenario_read(TREE "}\n", &scenario);
    assert_int_equal(scenario.num_areas, AREAS);
    for (size_t i = 0; i < AREAS; i++) {
        assert_string_equal(scenario.area_names[i], names[i]);
        assert_close(scenario.areas[i].persons, persons[i], 0, 0);
    }
    scenario_free(&scenario);
}

/* 5-14 is half in one group and half in the next; 5 and over is 5 years of the first group and 8 groups of ten. */
static void test_ages_go_into_groups_of_ten_years(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_read(TREE "}\n", &scenario);
    const double *bridge = scenario.areas[NA].age_weight, *south = scenario.areas[SA].age_weight;
    assert_close(bridge[0], 200 + 150 + 500 * 5.0 / 85, 1e-12, 0);
    assert_close(bridge[1], 150 + 500 * 10.0 / 85, 1e-12, 0);
    for (size_t age = 2; age < TOC_SIMULATION_AGE; age++)
        assert_close(bridge[age], 500 * 10.0 / 85, 1e-12, 0);
    for (size_t age = 0; age < 8; age++)
        assert_close(south[age], 125, 1e-12, 0);
    assert_close(south[8], 50, 1e-12, 0);
    assert_null(scenario.areas[NC].age_weight);
    scenario_free(&scenario);
    test_scenario_read("scenario: Land\nstart: 2025-03-01\ndays: 50\npopulation: {age_weight: [3, 1, 0, 0, 0, 0, 0, 0, "
                       "0]}\narea_tree: {codes: areas.csv, population: people.csv}\n",
                       &scenario);
    bridge = scenario.areas[NA].age_weight; /* 5-14: 5 years of 3 and 5 years of 1 */
    assert_close(bridge[0], 200 + 300 * 0.75 + 500 * 15.0 / 25, 1e-12, 0);
    assert_close(bridge[1], 300 * 0.25 + 500 * 10.0 / 25, 1e-12, 0);
    assert_close(bridge[8], 0, 0, 0);
    scenario_free(&scenario);
}

static void test_level_within_year_and_kind_choose(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_read(TREE ", within: S}\n", &scenario);
    assert_int_equal(scenario.num_areas, 2);
    assert_string_equal(scenario.area_names[0], "SA");
    scenario_free(&scenario);
    test_scenario_read(TREE ", within: S, level: 2, kind: resident, year: 2024, source: not named}\n", &scenario);
    assert_int_equal(scenario.num_areas, 2);
    scenario_free(&scenario);
    test_scenario_read(TREE ", within: N, level: 1}\n", &scenario);
    assert_int_equal(scenario.num_areas, 1);
    assert_close(scenario.areas[0].persons, 9999, 0, 0);
    scenario_free(&scenario);
    char *answer = NULL; /* Mill was there in 2024 and nobody was counted in it */
    test_scenario_write("s.yaml", TREE "}\n");
    answer = test_scenario_faults("s.yaml", &(struct scenario_choices){ .start = 19800, .has_start = true });
    assert_string_equal(answer, "s.yaml:5:43: area_tree.population: NB has no population of kind \"resident\" in 2024; "
                                "allowed: one for each area that people live in\n");
    free(answer);
}

/* ---- what an area above stands for ---- */

static void test_lines_about_an_area_above(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_read(TREE "}\nmeasures:\n  - {measure: lockdown, area: North}\n  - {measure: testing, area: 南桥}\n"
                            "  - {measure: isolation, level: 1, on_above: 20, off_below: 10}\n"
                            "  - {measure: advice, level: 2, area: S}\n"
                            "imports:\n  - {day: 3, persons: 5, area: L}\n  - {day: 3, persons: 5, area: W}\n",
                       &scenario);
    static const uint32_t expected[][3] = {
        { TOC_SIMULATION_MEASURE_lockdown, NA, 2 },  { TOC_SIMULATION_MEASURE_testing, SA, 0 },
        { TOC_SIMULATION_MEASURE_isolation, NA, 2 }, { TOC_SIMULATION_MEASURE_isolation, SA, 2 },
        { TOC_SIMULATION_MEASURE_isolation, W, 0 },  { TOC_SIMULATION_MEASURE_advice, SA, 0 },
        { TOC_SIMULATION_MEASURE_advice, SB, 0 }
    };
    assert_int_equal(scenario.num_schedule, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(scenario.schedule[i].measure, expected[i][0]);
        assert_int_equal(scenario.schedule[i].area, expected[i][1]);
        assert_int_equal(scenario.schedule[i].areas, expected[i][2]);
    }
    assert_close(scenario.schedule[3].on_above, 20, 0, 0);
    assert_int_equal(scenario.imports[0].area, NA);
    assert_int_equal(scenario.imports[0].areas, AREAS);
    assert_int_equal(scenario.imports[1].area, W);
    assert_int_equal(scenario.imports[1].areas, 0);
    scenario_free(&scenario);
}

/* By persons: of South's 4,050 there are 1,050 in SA; within North 1,000 of 3,000 in NA; nobody travels home to
 * where they live. */
static void test_those_who_go_are_divided_by_persons(void **state)
{
    (void) state;
    struct scenario scenario;
    test_scenario_read(TREE "}\ncommuting:\n  - {from: W, to: South, share: 0.5}\n  - {level: 1, share: 0.3}\n"
                            "journeys:\n  - {from: SA, to: S, share: 0.2, leave: 5, back: 9}\n"
                            "  - {from: SB, to: N, share: 0.3, leave: 5, back: 9}\n",
                       &scenario);
    static const struct toc_simulation_commuting commuting[] = { { NA, NA, 0.1 },
                                                                 { NA, NC, 0.2 },
                                                                 { NC, NA, 0.1 },
                                                                 { NC, NC, 0.2 },
                                                                 { SA, SA, 0.3 * 7 / 27 },
                                                                 { SA, SB, 0.3 * 20 / 27 },
                                                                 { SB, SA, 0.3 * 7 / 27 },
                                                                 { SB, SB, 0.3 * 20 / 27 },
                                                                 { W, SA, 0.5 * 7 / 27 },
                                                                 { W, SB, 0.5 * 20 / 27 },
                                                                 { W, W, 0.3 } };
    static const struct toc_simulation_journey   journeys[] = { { SA, SB, 5, 9, 0.2 },
                                                                { SB, NA, 5, 9, 0.1 },
                                                                { SB, NC, 5, 9, 0.2 } };
    assert_int_equal(scenario.num_commuting, 11);
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(scenario.commuting[i].from, commuting[i].from);
        assert_int_equal(scenario.commuting[i].to, commuting[i].to);
        assert_close(scenario.commuting[i].share, commuting[i].share, 1e-12, 0);
    }
    assert_int_equal(scenario.num_journeys, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(scenario.journeys[i].from, journeys[i].from);
        assert_int_equal(scenario.journeys[i].to, journeys[i].to);
        assert_close(scenario.journeys[i].share, journeys[i].share, 1e-12, 0);
    }
    scenario_free(&scenario);
}

/* The places of a level, and those above it where people live, have every area once. */
static void test_what_is_reported(void **state)
{
    (void) state;
    static const char *const names[] = { "N", "S", "W" };
    struct scenario          scenario;
    test_scenario_read(TREE ", report: 1}\n", &scenario);
    const struct scenario_place *place = NULL;
    uint32_t                     next = 0;
    for (size_t i = 0; i < 3; i++) {
        place = scenario_next_place(&scenario, scenario.report_level, NULL, place);
        assert_string_equal(place->name, names[i]);
        assert_int_equal(place->first, next);
        next += place->num;
    }
    assert_int_equal(next, AREAS);
    assert_string_equal(scenario_place_title(place), "West");
    assert_null(scenario_next_place(&scenario, scenario.report_level, NULL, place));
    scenario_free(&scenario);
    test_scenario_read(TREE "}\n", &scenario); /* by default the areas themselves */
    next = 0;
    for (place = NULL; (place = scenario_next_place(&scenario, scenario.report_level, NULL, place)) != NULL; next++)
        assert_int_equal(place->num, 1);
    assert_int_equal(next, AREAS);
    scenario_free(&scenario);
}

/* ---- faults ---- */

static void test_places_that_are_not_there(void **state)
{
    (void) state;
    assert_scenario_faults(
        TREE "}\nmeasures:\n  - {measure: lockdown, area: Bridge}\n"
             "  - {measure: lockdown, area: NB}\n  - {measure: lockdown, area: Suoth}\n"
             "  - {measure: lockdown, level: 3}\n",
        "s.yaml:7:31: measures.area: 2 areas are called \"Bridge\"; allowed: its code: NA, SA\n"
        "s.yaml:8:31: measures.area: there is no area \"NB\"; allowed: did you mean N?\n"
        "s.yaml:9:31: measures.area: there is no area \"Suoth\"; allowed: did you mean South?\n"
        "s.yaml:10:32: measures.level: \"3\" is too large; allowed: a whole number, 0 … 2 (a level of "
        "the area_tree, 0 = the top)\n");
    assert_scenario_faults(TREE "}\nareas: [{name: A, persons: 500}]\n",
                           "s.yaml:5:1: both; allowed: areas or area_tree\n"
                           "s.yaml:6:1: both; allowed: areas or area_tree\n");
    assert_scenario_faults(TREE
                           "}\ncommuting: [{level: 1, from: N, share: 0.2}, {level: 1, share: 0.7}, {from: N, to: S, "
                           "share: 0.7}]\n",
                           "s.yaml:6:14: commuting: both; allowed: from and to, or level\n"
                           "s.yaml:6:1: the shares from NA sum to 1.4; allowed: at most 1\n"
                           "s.yaml:6:1: the shares from NC sum to 1.4; allowed: at most 1\n");
}

static void test_faults_of_the_tree(void **state)
{
    (void) state;
    assert_scenario_faults(TREE ", within: Q}\n",
                           "s.yaml:5:63: area_tree.within: no area has the code \"Q\"; allowed: the "
                           "code of an area that there is on 2025-03-01\n");
    assert_scenario_faults(TREE ", year: 2020}\n", "s.yaml:5:61: area_tree.year: there is no population of that year; "
                                                   "allowed: 2024, the newest\n");
    assert_scenario_faults(
        TREE ", kind: tourist}\n",
        "s.yaml:5:1: there is no population of kind \"tourist\"; allowed: a kind and a source that the "
        "file has for these areas\n");
    assert_scenario_faults(TREE ", colour: red}\n",
                           "s.yaml:5:55: area_tree: the key \"colour\" is unknown; allowed: codes, population, level, "
                           "within, year, kind, source, report\n");
    assert_scenario_faults(HEAD "area_tree: {codes: areas.csv}\n", "s.yaml:5:12: area_tree: population is missing\n");
    assert_scenario_faults(
        HEAD "area_tree: [1]\n",
        "s.yaml:5:12: area_tree: a list; allowed: a map: codes, population, level, within, year, kind, "
        "source, report\n");
    test_scenario_write("two.csv", "area,year,number,source\nNA,2024,5,census\nNA,2024,6,register\n");
    assert_scenario_faults(
        HEAD "area_tree: {codes: areas.csv, population: two.csv}\n",
        "s.yaml:5:1: NA has populations of two sources, \"census\" and \"register\"; allowed: source: "
        "one of them\n");
    test_scenario_write("bad.csv", "area,year,number\nNA,2024,-5\nQ,2024,6\n");
    char *answer = NULL;
    test_scenario_write("s.yaml", HEAD "area_tree: {codes: areas.csv, population: bad.csv}\n");
    answer = test_scenario_faults("s.yaml", NULL);
    assert_true(strstr(answer, "bad.csv:2:3: number: ") != NULL && strstr(answer, "bad.csv:3:1: area: ") != NULL);
    free(answer);
    answer = test_scenario_faults("s.yaml", &(struct scenario_choices){ .agents = 500 });
    assert_string_equal(answer, "s.yaml:5:1: the scenario has areas, and a number of agents was chosen too; allowed: "
                                "either\n");
    free(answer);
}

static void test_only_files_of_the_folder_are_read(void **state)
{
    (void) state;
    static const char *const elsewhere[] = { "/etc/passwd", "../areas.csv", "a/../../areas.csv", ".." };
    for (size_t i = 0; i < 4; i++) {
        char text[500], expected[500];
        snprintf(text, sizeof text, HEAD "area_tree: {codes: %s, population: people.csv}\n", elsewhere[i]);
        snprintf(
            expected, sizeof expected,
            "s.yaml:5:20: area_tree.codes: \"%s\" lies elsewhere; allowed: a file in the scenario's folder, or in a "
            "folder within it\n",
            elsewhere[i]);
        assert_scenario_faults(text, expected);
    }
    assert_scenario_faults(HEAD "area_tree: {codes: none.csv, population: people.csv}\n",
                           "s.yaml:5:20: area_tree.codes: \"none.csv\" cannot be opened; allowed: a file in the "
                           "scenario's folder, or in a folder within it\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas_are_the_lowest_with_a_population),
        cmocka_unit_test(test_ages_go_into_groups_of_ten_years),
        cmocka_unit_test(test_level_within_year_and_kind_choose),
        cmocka_unit_test(test_lines_about_an_area_above),
        cmocka_unit_test(test_those_who_go_are_divided_by_persons),
        cmocka_unit_test(test_what_is_reported),
        cmocka_unit_test(test_places_that_are_not_there),
        cmocka_unit_test(test_faults_of_the_tree),
        cmocka_unit_test(test_only_files_of_the_folder_are_read),
    };
    return cmocka_run_group_tests_name("scenario_tree", tests, set_up, test_scenario_remove_folder);
}
