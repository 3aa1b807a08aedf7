/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/scenario_file.h: what is to be simulated, as people write it: YAML (formats/yaml_tree.h).
 *
 *     scenario: Measles in a town          what it is called
 *     source: Guerra et al. 2017, …        where the figures come from; any text
 *     extends: covid-19.yaml               begin with that scenario; what stands here replaces or adds
 *     start: 2024-02-01                    the date of day 1
 *     days: 200
 *     infection:                           the groups and parameters of tocsin/simulation_parameters.def;
 *       infectious_mean: 5.5               a table is a list: one number for each age group, network, …
 *     areas:
 *       - {name: Town, persons: 60000}
 *     area_tree:                           instead of areas: those of a code list, with their populations
 *       codes: areas.csv                   formats/area_codes.h; files of this folder, or of one within it
 *       population: population.csv         formats/population_file.h
 *       level: 5                           people live in the areas of this level (0 = the top), and in those above
 *                                          that have none below; without it: the lowest with a population
 *       within: "900101"                   only in this area and those below; without it: all
 *       year: 2025, kind: resident, source: …   of the population; without them: the newest; residents; the only one
 *       report: 4                          files and pictures show the areas of this level, summed
 *     commuting:
 *       - {from: Harbour, to: Town, share: 0.2}
 *       - {level: 4, share: 0.3}           of a tree: within each area of this level, to all areas below it
 *     measures:                            in force from … to, both included; a day is a date or a number, 1 = start
 *       - {measure: school_closure, from: 2024-03-01, to: 2024-03-31, area: Town, strength: 0.8}
 *       - {measure: lockdown, on_above: 200, off_below: 50}      by found infections of 7 days per 100,000
 *       - {measure: lockdown, on_above: 5, off_below: 1, off_after: 14}    let go after 14 days in a row
 *       - {measure: lockdown, level: 4, on_above: 200, off_below: 50}      judged and imposed by areas of this level
 *     imports:                             persons infected elsewhere
 *       - {day: 10, area: Town, strain: 1, persons: 5}
 *       - {from: 20, to: 60, every: 7, persons: 2}
 *
 * Nothing is guessed: an unknown key, a value of the wrong kind or out of bounds, a date that does not exist, a table
 * that is too short or does not sum is a fault at its line and column, and all faults of a file come at once. Names
 * and bounds of parameters come from the list alone.
 *
 * extends names a file of the same folder, or else of the library; files may extend each other SCENARIO_FILES deep.
 * The extended one is read first. Values replace its values, `areas` or `area_tree`, `commuting` and `journeys` replace
 * its lists; `measures` and `imports` are added to its own.
 *
 * Areas of a tree are those that there are on the day of the start. They are named by their code, or by a name that no
 * other has; an area above stands for all below it: a trigger looks at it as one, imported cases are any residents,
 * commuters and journeys are divided by the persons of its areas. Ages of a population go into groups of ten years;
 * a row that reaches over several is divided as age_weight says; a population without ages has those of age_weight.
 */
#ifndef FORMATS_SCENARIO_FILE_H
#define FORMATS_SCENARIO_FILE_H

#include "base/arena.h"
#include "base/fault.h"
#include "tocsin/date.h"
#include "tocsin/simulation.h"

#define SCENARIO_FILES 8         /* that extend each other, at most */
#define SCENARIO_AREAS 10000     /* at most */
#define SCENARIO_LINES 10000     /* of commuting, measures and imports: of each, at most */
#define SCENARIO_DAYS 3660       /* at most */
#define SCENARIO_PAIRS 1000000   /* of areas that somebody commutes between, at most */
#define SCENARIO_NAME_BYTES 120  /* of the scenario's name, an area's, or a file's in extends: at most */
#define SCENARIO_PATH_BYTES 1000 /* of a file of area_tree */

/* What the caller decides instead of the file. */
struct scenario_choices {
    const char *library; /* folder where extended scenarios are looked for too; NULL = none */
    toc_date    start;   /* with has_start */
    bool        has_start;
    uint32_t    days;   /* 0 = as the file says */
    double      agents; /* 0 = as the file says */
};

/* Where a parameter's value stands. */
struct scenario_origin {
    const char *path; /* NULL = the default */
    uint32_t    line;
};

/* A name for areas of the simulation that follow each other. */
struct scenario_place {
    const char *name;       /* of a list its name, of a tree its code */
    const char *called[3];  /* what a tree's is called in English, Chinese, Tibetan; NULL = nothing */
    uint32_t    first, num; /* num 0: nobody lives there */
    uint8_t     level;
    bool        is_area; /* one area of the simulation, not those below it */
};

struct scenario {
    const char                      *title;  /* NUL-ended; of the file, else of the one extended */
    const char                      *source; /* "" = not given */
    toc_date                         start;
    uint32_t                         days;
    struct toc_simulation_parameters parameters;
    struct scenario_origin          *origins;    /* by parameter, in the order of toc_simulation_list_parameters() */
    struct toc_simulation_area      *areas;      /* NULL = one area without a name */
    const char                     **area_names; /* of a list their names, of a tree their codes */
    size_t                           num_areas;
    struct scenario_place           *places; /* a tree's in preorder: an area, then those below it */
    size_t                           num_places;
    uint8_t                          report_level;
    struct toc_simulation_commuting *commuting;
    size_t                           num_commuting;
    struct toc_simulation_schedule  *schedule;
    size_t                           num_schedule;
    struct toc_simulation_import    *imports;
    size_t                           num_imports;
    struct toc_simulation_journey   *journeys;
    size_t                           num_journeys;
    struct arena                     arena; /* holds all of it, and the names of files in faults */
};

/* Read the scenario at path, and what it extends.
 *
 * choices    NULL = none
 * faults     gains every fault; they borrow the names of files from the scenario
 * scenario   to be freed by scenario_free when the faults have been told, after a failure too
 *
 * Returns 0; BASE_ERR_INPUT; BASE_ERR_SYSTEM (a file cannot be opened or read); TOC_ERR_NO_MEMORY. */
int scenario_read(const char *path, const struct scenario_choices *choices, struct fault_list *faults,
                  struct scenario *scenario);

void scenario_free(struct scenario *scenario);

/* The places of a level, and of those above it the ones where people live, one after another: the first one after
 * `before` (NULL: the first), within a place (NULL: all); NULL at the end. Together they have every area once. */
const struct scenario_place *scenario_next_place(const struct scenario *scenario, uint8_t level,
                                                 const struct scenario_place *within,
                                                 const struct scenario_place *before);

/* What people call a place. */
static inline const char *scenario_place_title(const struct scenario_place *place)
{
    for (int i = 0; i < 3; i++)
        if (place->called[i] != NULL)
            return place->called[i];
    return place->name;
}

/* What toc_simulation_ functions begin with; the scenario must live as long. */
struct toc_simulation_setup scenario_setup(const struct scenario *scenario, uint64_t seed);

#endif
