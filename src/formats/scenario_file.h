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
 *     commuting:
 *       - {from: Harbour, to: Town, share: 0.2}
 *     measures:                            in force from … to, both included; a day is a date or a number, 1 = start
 *       - {measure: school_closure, from: 2024-03-01, to: 2024-03-31, area: Town, strength: 0.8}
 *       - {measure: lockdown, on_above: 200, off_below: 50}      by found infections of 7 days per 100,000
 *     imports:                             persons infected elsewhere
 *       - {day: 10, area: Town, strain: 1, persons: 5}
 *
 * Nothing is guessed: an unknown key, a value of the wrong kind or out of bounds, a date that does not exist, a table
 * that is too short or does not sum is a fault at its line and column, and all faults of a file come at once. Names
 * and bounds of parameters come from the list alone.
 *
 * extends names a file of the same folder, or else of the library; files may extend each other SCENARIO_FILES deep.
 * The extended one is read first. Values replace its values, `areas`, `commuting` and `journeys` replace its lists;
 * `measures` and `imports` are added to its own.
 */
#ifndef FORMATS_SCENARIO_FILE_H
#define FORMATS_SCENARIO_FILE_H

#include "base/arena.h"
#include "base/fault.h"
#include "tocsin/date.h"
#include "tocsin/simulation.h"

#define SCENARIO_FILES 8        /* that extend each other, at most */
#define SCENARIO_AREAS 10000    /* at most */
#define SCENARIO_LINES 10000    /* of commuting, measures and imports: of each, at most */
#define SCENARIO_DAYS 3660      /* at most */
#define SCENARIO_NAME_BYTES 120 /* of the scenario's name, an area's, or a file's in extends: at most */

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

struct scenario {
    const char                      *title;  /* NUL-ended; of the file, else of the one extended */
    const char                      *source; /* "" = not given */
    toc_date                         start;
    uint32_t                         days;
    struct toc_simulation_parameters parameters;
    struct scenario_origin          *origins; /* by parameter, in the order of toc_simulation_list_parameters() */
    struct toc_simulation_area      *areas;   /* NULL = one area without a name */
    const char                     **area_names;
    size_t                           num_areas;
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

/* What toc_simulation_ functions begin with; the scenario must live as long. */
struct toc_simulation_setup scenario_setup(const struct scenario *scenario, uint64_t seed);

#endif
