/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulation of 40,000 persons for tests: parameters and measures to be changed before create(), and what to ask. */
#ifndef TESTS_LIB_SIMULATION_RUN_H
#define TESTS_LIB_SIMULATION_RUN_H

#include "support/test.h"
#include "tocsin/simulation.h"

enum { AGENTS = 40000, AGES = TOC_SIMULATION_AGE, COLUMNS = TOC_SIMULATION_COLUMNS };
#define COLUMN(name) TOC_SIMULATION_COLUMN_##name
#define MEASURE(name) TOC_SIMULATION_MEASURE_##name

static struct toc_simulation_parameters parameters;
static struct toc_simulation_schedule   schedule[TOC_SIMULATION_MEASURES];
static size_t                           num_schedule;

static inline int set_up(void **state)
{
    (void) state;
    toc_simulation_parameters_init(&parameters);
    parameters.agents = AGENTS;
    parameters.other_symptoms = 0;
    num_schedule = 0;
    return 0;
}

static inline void enforce(enum toc_simulation_measure measure, uint32_t from)
{
    schedule[num_schedule++] = (struct toc_simulation_schedule){ .measure = measure,
                                                                 .area = TOC_SIMULATION_EVERYWHERE,
                                                                 .from = from,
                                                                 .to = TOC_SIMULATION_LAST_DAY,
                                                                 .strength = 1,
                                                                 .on_above = -1 };
}

static inline struct toc_simulation *create(uint64_t seed)
{
    struct toc_simulation *sim = NULL;
    assert_ok(toc_simulation_create(
        &(struct toc_simulation_setup){
            .parameters = &parameters, .schedule = schedule, .num_schedule = num_schedule, .seed = seed },
        &test_allocator, NULL, &sim, NULL));
    return sim;
}

static inline struct toc_simulation_agent look_at(const struct toc_simulation *sim, uint32_t number)
{
    struct toc_simulation_agent agent;
    assert_ok(toc_simulation_agent(sim, number, &agent, NULL));
    return agent;
}

static inline double total(const struct toc_simulation *sim, enum toc_simulation_column column)
{
    uint32_t counts[AGES][COLUMNS];
    double   sum = 0;
    toc_simulation_read(sim, counts[0]);
    for (int age = 0; age < AGES; age++)
        sum += counts[age][column];
    return sum;
}

/* The sum of a column over days. */
static inline double run(struct toc_simulation *sim, int days, enum toc_simulation_column column)
{
    double sum = 0;
    for (int day = 0; day < days; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        sum += total(sim, column);
    }
    return sum;
}

static inline void all_ages(double *table, double value)
{
    for (int age = 0; age < AGES; age++)
        table[age] = value;
}

#endif
