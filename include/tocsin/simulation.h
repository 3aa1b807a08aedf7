/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/simulation.h: an epidemic among agents: households, schools, workplaces, random contacts; and what is done.
 *
 * This part is what a simulation is made of: parameters, areas, a schedule of measures, imported cases. All parameters
 * are described once in tocsin/simulation_parameters.def; toc_simulation_list_parameters() lists them for
 * readers of files and for documents.
 */
#ifndef TOCSIN_SIMULATION_H
#define TOCSIN_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many there are of what a parameter can be given for (`per` in simulation_parameters.def). */
enum {
    TOC_SIMULATION_AGE = 9,
    TOC_SIMULATION_SIZE = 6,
    TOC_SIMULATION_RING = 5,
    TOC_SIMULATION_NETWORK = 3,
    TOC_SIMULATION_STRAIN = 4,
    TOC_SIMULATION_PAIR = TOC_SIMULATION_STRAIN * TOC_SIMULATION_STRAIN
};

/* Everything about the disease, the people and the measures. All numbers are double; a FLAG is 0 or 1. */
struct toc_simulation_parameters {
#define TOC_SIMULATION_NUMBER(name, kind, unit, lowest, highest, by_default, meaning) double name;
#define TOC_SIMULATION_TABLE(name, per, kind, unit, lowest, highest, meaning, ...) double name[TOC_SIMULATION_##per];
#include "tocsin/simulation_parameters.def"
};

enum toc_simulation_measure {
#define TOC_SIMULATION_MEASURE(name, meaning) TOC_SIMULATION_MEASURE_##name,
#include "tocsin/simulation_parameters.def"
    TOC_SIMULATION_MEASURES
};

enum toc_simulation_column {
#define TOC_SIMULATION_COLUMN(name, kind, meaning) TOC_SIMULATION_COLUMN_##name,
#include "tocsin/simulation_parameters.def"
    TOC_SIMULATION_COLUMNS
};

enum toc_simulation_kind {
    TOC_SIMULATION_HEADING, /* of the parameters that follow; meaning is its text, count 0 */
    TOC_SIMULATION_REAL,    /* of parameters */
    TOC_SIMULATION_WHOLE,
    TOC_SIMULATION_FLAG,
    TOC_SIMULATION_SWITCH, /* of measures */
    TOC_SIMULATION_STATE,  /* of columns */
    TOC_SIMULATION_STOCK,
    TOC_SIMULATION_FLOW
};

/* One line of simulation_parameters.def. */
struct toc_simulation_entry {
    const char              *name; /* "onset_mean" */
    enum toc_simulation_kind kind;
    const char              *unit; /* "days"; "" where there is none */
    const char              *per;  /* "AGE" …; "" for a single number */
    const char              *meaning;
    double                   lowest, highest; /* of parameters, inclusive */
    size_t                   offset; /* of parameters: in struct toc_simulation_parameters, of the first number */
    size_t                   count;  /* of parameters: 1, or as many as `per` says */
};

/* The parameters under their headings, the measures and the columns (both in the order of their enum). */
const struct toc_simulation_entry *toc_simulation_list_parameters(size_t *num);
const struct toc_simulation_entry *toc_simulation_list_measures(size_t *num);
const struct toc_simulation_entry *toc_simulation_list_columns(size_t *num);

/* The defaults. */
void toc_simulation_parameters_init(struct toc_simulation_parameters *parameters);

/* An area: persons who live together. Its agents have consecutive numbers, and so have its households. */
struct toc_simulation_area {
    double persons; /* whole, 0 … 1e9; at least 100 in all areas together, 1e9 at most */
};

/* Persons of 20-69 years who live in one area and have their workplace in another. */
struct toc_simulation_commuting {
    uint32_t from, to; /* areas (0-based) */
    double   share; /* of the workers of `from`, 0 … 1; all shares of an area at most 1; lines in the order of from */
};

#define TOC_SIMULATION_EVERYWHERE UINT32_MAX
#define TOC_SIMULATION_LAST_DAY 60000 /* days are 1 … this */
#define TOC_SIMULATION_MAX_AREAS 65536

/* A measure is in force in an area on the days from … to, if there is no trigger, or while it is pulled: it is pulled
 * when the infections found by tests in the area in the last seven days, per 100,000 persons, exceed on_above, and
 * let go when they are below off_below. Where several lines of one measure are in force, the strongest counts. */
struct toc_simulation_schedule {
    enum toc_simulation_measure measure;
    uint32_t                    area;     /* or TOC_SIMULATION_EVERYWHERE; a trigger looks at each area by itself */
    uint32_t                    from, to; /* days, 1 <= from <= to <= TOC_SIMULATION_LAST_DAY */
    double                      strength; /* 0 … 1: the part of the measure's effect, 1 = as the parameters say */
    double                      on_above; /* < 0: no trigger */
    double                      off_below;
};

/* Persons who are infected elsewhere and come back on a day: residents, taken at random, infected that day. */
struct toc_simulation_import {
    uint32_t day;     /* 1 … TOC_SIMULATION_LAST_DAY */
    uint32_t area;    /* or TOC_SIMULATION_EVERYWHERE */
    uint32_t strain;  /* 0 … TOC_SIMULATION_STRAIN - 1 */
    uint32_t persons; /* already infected ones are passed over, and not replaced */
};

/* All that a simulation begins with. The arrays are read while it is created and not afterwards. */
struct toc_simulation_setup {
    const struct toc_simulation_parameters *parameters;
    const struct toc_simulation_area       *areas; /* NULL: one area of parameters->agents persons */
    size_t                                  num_areas;
    const struct toc_simulation_commuting  *commuting;
    size_t                                  num_commuting;
    const struct toc_simulation_schedule   *schedule;
    size_t                                  num_schedule;
    const struct toc_simulation_import     *imports;
    size_t                                  num_imports;
    uint64_t                                seed;
};

/* The first thing that is wrong, named: error->what is the parameter's name or "areas", "commuting", "schedule",
 * "imports", error->where the element. TOC_ERR_OPTION out of bounds or not whole; TOC_ERR_DOMAIN a table that does not
 * sum (asymptomatic + mild above 1, weights that are all 0, shares of commuting above 1); TOC_ERR_SHAPE an area, strain
 * or day that does not exist. No allocation. */
int toc_simulation_check(const struct toc_simulation_setup *setup, struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
