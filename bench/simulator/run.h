/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulator/run.h: one epidemic, from its setup to the numbers that are compared. */
#ifndef BENCH_SIMULATOR_RUN_H
#define BENCH_SIMULATOR_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "tocsin/simulation.h"

enum { RUN_DAYS = 200 };

struct run_result {
    double attack, peak_day, peak_new, day_of_1_percent, growth, doubling;
    double cohort_r, cohort_variance_ratio, cohort_generation, generation;
    double network[3], severity[3], attack_by_age[TOC_SIMULATION_AGE];
    double admissions, intensive_care, deaths, peak_hospital, peak_intensive_care;
    double tests, restricted_days, contacts_a_day;
    double infected_by[RUN_DAYS + 1]; /* cumulated by day */
    double slowest_step;              /* CPU seconds */
    size_t infections, pairs;
};

/* Memory on large pages where there is much of it. */
extern const struct toc_allocator run_allocator;

double run_cpu_seconds(void);

/* The setup for 200 days; with lines = true the transmission tree is looked at too. */
void run_epidemic(const struct toc_simulation_setup *setup, bool lines, struct run_result *result);

/* One of the scenarios 0, A … I: sets parameters and fills the schedule (room for 16); returns its lines. */
size_t run_scenario(char name, struct toc_simulation_parameters *parameters, struct toc_simulation_schedule *schedule);

/* row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no; both texts as printf makes them. */
void run_row(bool holds, const char *measure, const char *bar, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
