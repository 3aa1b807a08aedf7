/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/simulation.h: an epidemic among agents: households, schools, workplaces, random contacts; and what is done.
 *
 * What is assumed
 *   Population. Agents live in areas and, within them, in households drawn so that sizes and ages come out as the
 * tables say (England and Wales' ways of living together, bent to the tables). Ages are nine groups. Nobody is born,
 * ages or moves; nobody dies of anything else. Each has a place in one ring by age: school, workplace or club, of the
 * own area or, commuting, of another. Every day is alike: no weekends or holidays. Contacts of a day. All of the
 * household; of the ring contacts (a small world: near ones, some rewired) each with probability ring_daily_share; as
 * many random ones as the agent has for life (negative binomial), paired anew each day among those who are about, in
 * the area or, by travel_share, anywhere; riders of buses and trains (for life) with other riders, drawn anew each day.
 * Infection. A contact of weight w with somebody infected d days ago infects
 * with the hazard infectious_rate x strain x course x m x w x curve(d) x susceptibility / mean weighted contacts of the
 * population, m a gamma variable of mean 1 (overdispersion), curve a discretised gamma distribution. The course is
 * drawn at infection: without symptoms, mild, severe. Those in hospital and the dead meet nobody. Immunity. To the
 * strain and, by cross_immunity, to others, until it wanes; then to none. Stays. Isolation and quarantine leave the
 * household contacts and no others, from the next day on, 20 days at most; a part gives up each day. Whoever was found
 * positive is left alone by further tests, tracing and quarantine. Tests. Of those who isolate with symptoms (some of
 * other causes), of all who are admitted, and of screening rounds; admission makes a case at once. A negative result
 * ends the person's stay; where an app is in force, also that of those who stay because of the person's symptoms.
 *   Tracing. Contacts of the last trace_days, formed again, not remembered; quarantine counts from the last contact.
 *   A tracer's notification is one meeting that the case names.
 *   Measures change contacts by area and day; between two areas the stricter counts. Past contacts are traced as if
 *   today's measures had held.
 * What it is not: a forecast. It rehearses what could happen if these assumptions held.
 *
 * All parameters are described once in tocsin/simulation_parameters.def; toc_simulation_list_parameters() lists them
 * for readers of files and for documents. Chance is counter-based (Philox), keyed by seed, agent, day and purpose: a
 * setup and a seed give the same bits for any number of threads, and two setups with one seed share their chance.
 * Sources: Hinch et al. 2021, doi:10.1371/journal.pcbi.1009146 (the model of the defaults); Watts and Strogatz 1998,
 * doi:10.1038/30918; Salmon et al. 2011, doi:10.1145/2063384.2063405.
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
    double        persons;    /* whole, 0 … 1e9; at least 100 in all areas together, 1e9 at most */
    const double *age_weight; /* TOC_SIMULATION_AGE numbers, of this area alone; NULL: as in the parameters */
};

/* Persons of 20-69 years who live in one area and have their workplace in another. */
struct toc_simulation_commuting {
    uint32_t from, to; /* areas (0-based) */
    double   share; /* of the workers of `from`, 0 … 1; all shares of an area at most 1; lines in the order of from */
};

/* Households of one area that spend some days in another: a festival, a season's work, holidays. They leave and come
 * back together. Meanwhile they meet at random those who are there, their places in rings are empty, and the measures
 * of the place hold for them; they are counted where they live. */
struct toc_simulation_journey {
    uint32_t from, to; /* areas (0-based) */
    uint32_t leave,
        back;     /* first day away, first day at home again; 1 <= leave < back <= TOC_SIMULATION_LAST_DAY + 1 */
    double share; /* of the households of `from`, 0 … 1; of lines that overlap in time 1 at most together */
};

#define TOC_SIMULATION_EVERYWHERE UINT32_MAX
#define TOC_SIMULATION_LAST_DAY 60000 /* days are 1 … this */
#define TOC_SIMULATION_MAX_AREAS 65536
#define TOC_SIMULATION_MAX_JOURNEYS 4096
#define TOC_SIMULATION_MOST_OFF_AFTER 200
#define TOC_SIMULATION_MAX_DEGREE 32 /* ring_contacts / ring_daily_share: persons that somebody knows in a ring */

/* A measure is in force in an area on the days from … to, if there is no trigger, or while it is pulled: it is pulled
 * when the infections found by tests in the area in the last seven days, per 100,000 persons, exceed on_above, and
 * let go when they have been below off_below on off_after days in a row. Where several lines of one measure are in
 * force, the strongest counts. Areas that belong together (the villages of a township) can have one line if they follow
 * each other: a trigger then looks at all of them as one. */
struct toc_simulation_schedule {
    enum toc_simulation_measure measure;
    uint32_t                    area;     /* or TOC_SIMULATION_EVERYWHERE; a trigger looks at each area by itself */
    uint32_t                    from, to; /* days, 1 <= from <= to <= TOC_SIMULATION_LAST_DAY */
    double                      strength; /* 0 … 1: the part of the measure's effect, 1 = as the parameters say */
    double                      on_above; /* < 0: no trigger */
    double                      off_below;
    uint32_t                    areas;     /* how many, from `area` on; 0 is 1 */
    uint32_t                    off_after; /* days, TOC_SIMULATION_MOST_OFF_AFTER at most; 0 is 1 */
};

/* Persons who are infected elsewhere and come back on a day: residents, taken at random, infected that day. */
struct toc_simulation_import {
    uint32_t day;     /* 1 … TOC_SIMULATION_LAST_DAY */
    uint32_t area;    /* or TOC_SIMULATION_EVERYWHERE */
    uint32_t strain;  /* 0 … TOC_SIMULATION_STRAIN - 1 */
    uint32_t persons; /* already infected ones are passed over, and not replaced */
    uint32_t areas;   /* residents of how many areas, from `area` on; 0 is 1 */
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
    const struct toc_simulation_journey    *journeys;
    size_t                                  num_journeys; /* TOC_SIMULATION_MAX_JOURNEYS at most */
    uint64_t                                seed;
};

/* The first thing that is wrong, named: error->what is the parameter's name or "areas", "commuting", "schedule",
 * "imports", "journeys", error->where the element. TOC_ERR_OPTION out of bounds or not whole; TOC_ERR_DOMAIN a table
 * that does not sum (asymptomatic + mild above 1, weights that are all 0, shares of commuting above 1; more than
 * TOC_SIMULATION_MAX_DEGREE ring contacts); TOC_ERR_SHAPE an area, strain
 * or day that does not exist. No allocation. */
int toc_simulation_check(const struct toc_simulation_setup *setup, struct toc_error *error);

/* ---- running it ---- */

/* Runs num_tasks tasks, in any order and on any threads, and returns when all have ended. The result does not depend on
 * it. With run = NULL, or without a runner, they run one after another in the caller's thread. Where they run on
 * several threads, the allocator of toc_simulation_create is called from them and has to allow for that (malloc does).
 */
struct toc_simulation_runner {
    void (*run)(void *context, void (*task)(void *argument, size_t index), void *argument, size_t num_tasks);
    void                             *context;
    const struct toc_simulation_team *team; /* NULL: this process alone */
};

#define TOC_SIMULATION_MAX_RANKS 1024

/* Processes, on one machine or several, that run one simulation together. Each creates it from the same setup and makes
 * the same calls in the same order; each works on its part of the areas and households, and can be asked everything:
 * all have the same counts, agents and infections, and the same as one process alone. So each needs the memory for all
 * agents; what is shared is the work. More than 64 ranks, or than one for 2,048 agents, have nothing to do.
 *
 * gather is called by toc_simulation_step four times a day, and by toc_simulation_save; all members call it as often.
 * Each gives num bytes of its own and gets those of all, one after another in the order of ranks, aligned for a
 * uint64_t and there until the next call; num_of[rank] is how many each gave. It answers 0, or else that simulation
 * fails. Where a member fails before a day (memory while creating), the others would wait for it: end them. */
struct toc_simulation_team {
    uint32_t rank, num_ranks; /* 0 … num_ranks - 1; TOC_SIMULATION_MAX_RANKS at most */
    int (*gather)(void *context, const void *own, size_t num, const void **all, size_t *num_of);
    void *context;
};

/* The state of all agents after a number of days. One at a time may be used by one caller; several are independent. */
struct toc_simulation;

/* Make the population and the first infections; day 0.
 *
 * Memory: about 45 bytes an agent at once, and some 16 bytes an infection and 8 a coming event as they happen, asked
 * for in blocks of 64 KiB and kept until toc_simulation_free. Errors: those of toc_simulation_check; TOC_ERR_TOO_LARGE
 * (too many random contacts); TOC_ERR_NO_MEMORY. simulation is untouched on failure. */
int  toc_simulation_create(const struct toc_simulation_setup *setup, const struct toc_allocator *allocator,
                           const struct toc_simulation_runner *runner, struct toc_simulation **simulation,
                           struct toc_error *error);
void toc_simulation_free(struct toc_simulation *simulation); /* NULL is allowed */

/* The next day: hits that are due, infections, the course of the disease, reports and tests, tracing, stays.
 * TOC_ERR_NO_MEMORY within a day leaves it unfinished: then every further step fails, and only freeing is left.
 * TOC_ERR_DOMAIN after TOC_SIMULATION_LAST_DAY. */
int toc_simulation_step(struct toc_simulation *simulation, struct toc_error *error);

/* ---- steering it between two days, as in a drill; the effect begins on the next day ---- */

/* Infected elsewhere and back on the next day: as in the setup. */
int toc_simulation_import(struct toc_simulation *simulation, uint32_t area, uint32_t strain, uint32_t persons,
                          struct toc_error *error);
/* This agent, unless immune or infected already. */
int toc_simulation_infect(struct toc_simulation *simulation, uint32_t agent, uint32_t strain, struct toc_error *error);
/* Stays at home for 1 to 20 days, or longer if that is so already; 0 ends the stay. The dead and those in hospital are
 * left where they are. */
int toc_simulation_restrict(struct toc_simulation *simulation, uint32_t agent, uint32_t days, struct toc_error *error);
/* One dose, unless vaccinated already. */
int toc_simulation_vaccinate(struct toc_simulation *simulation, uint32_t agent, struct toc_error *error);
/* From now on the measure has this strength (0 … 1, 0 = off) in the area or everywhere, whatever the schedule says;
 * below 0: as the schedule says again. */
int toc_simulation_switch(struct toc_simulation *simulation, enum toc_simulation_measure measure, uint32_t area,
                          double strength, struct toc_error *error);
/* From now on these parameters: a treatment that saves more, tests that are faster, a longer quarantine. What is under
 * way goes on as it was drawn. Unchanged must stay what people, contacts and coming infections were made of: all
 * parameters of the groups population, networks and infection, onset_mean, onset_sd, app_share and lockdown_contacts;
 * TOC_ERR_OPTION names the first of these that differs. Else the errors of toc_simulation_check. A checkpoint goes on
 * with the parameters of the day when it was made. */
int toc_simulation_change(struct toc_simulation *simulation, const struct toc_simulation_parameters *parameters,
                          struct toc_error *error);

/* ---- reading it between two days ---- */
uint32_t toc_simulation_day(const struct toc_simulation *simulation);
size_t   toc_simulation_num_areas(const struct toc_simulation *simulation);

/* The counts of the day: [areas][TOC_SIMULATION_AGE][TOC_SIMULATION_COLUMNS]. Costs are among them: person-days
 * restricted (restricted), tests (specimens, tubes), visits, bed days (hospitalised, intensive_care, recovering),
 * school and work days lost. */
void toc_simulation_read(const struct toc_simulation *simulation, uint32_t *counts);

struct toc_simulation_description {
    uint32_t agents;
    double   contacts_per_day; /* mean of a person, without measures */
    uint64_t infections;       /* so far */
};
void toc_simulation_describe(const struct toc_simulation *simulation, struct toc_simulation_description *description);

struct toc_simulation_agent {
    uint32_t                   area, age, ring;
    uint32_t                   household, household_size; /* first agent of it */
    enum toc_simulation_column state;
    int32_t                    infected;         /* day of the last infection, 0 = before the first day, -1 = never */
    uint32_t                   restricted_until; /* last day, 0 = not restricted */
    bool                       has_app, vaccinated;
};
int toc_simulation_agent(const struct toc_simulation *simulation, uint32_t agent, struct toc_simulation_agent *found,
                         struct toc_error *error);

#define TOC_SIMULATION_NOBODY UINT32_MAX
enum toc_simulation_severity {
    TOC_SIMULATION_WITHOUT_SYMPTOMS,
    TOC_SIMULATION_WITH_MILD_SYMPTOMS,
    TOC_SIMULATION_WITH_SEVERE_SYMPTOMS
};

/* A line of the line list, and an edge of the transmission tree. */
struct toc_simulation_infection {
    uint32_t agent, infector; /* TOC_SIMULATION_NOBODY: imported, or infected before the first day */
    uint32_t day;             /* 0 = before the first day */
    uint32_t onset;           /* day of symptoms, also of one that has not come; 0 = never */
    uint32_t network;         /* 0 household, 1 ring, 2 random, 3 imported, 4 bus or train */
    uint32_t strain, age, area;
    enum toc_simulation_severity severity;
};

/* Every infection of the days first_day … last_day, in an order that depends on the setup alone (not on days). Stops
 * where take answers other than 0, and returns that. */
int toc_simulation_each_infection(const struct toc_simulation *simulation, uint32_t first_day, uint32_t last_day,
                                  int (*take)(void *context, const struct toc_simulation_infection *infection),
                                  void *context);

/* ---- checkpoints, between two days ---- */

/* Everything that has changed since the setup, to put (answers 0, or else the save fails): 12 bytes an agent, 16 an
 * infection, 8 a coming event. It is for the same version of the library on the same kind of processor, and holds no
 * parameters: keep the setup with it. */
int toc_simulation_save(struct toc_simulation *simulation, int (*put)(void *context, const void *bytes, size_t num),
                        void *context, struct toc_error *error);

/* Go on from a checkpoint: the further days have the same bits as if there had been no break. get fills all num bytes
 * and answers 0. The setup has the parameters, areas, commuting and seed that it had then. Lines of the schedule,
 * imports and journeys may be others from the coming day on ("what if"), but the schedule has as many lines, as
 * triggers remember whether they are pulled. Bytes are checked before they are used; a checkpoint that is cut short,
 * damaged or of another setup is TOC_ERR_DOMAIN. */
int toc_simulation_restore(const struct toc_simulation_setup *setup, const struct toc_allocator *allocator,
                           const struct toc_simulation_runner *runner,
                           int (*get)(void *context, void *bytes, size_t num), void *context,
                           struct toc_simulation **simulation, struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
