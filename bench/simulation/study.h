/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/study.h: what every simulation study needs: its settings from the command line, work spread over
 * threads, estimates with their Monte-Carlo error, and rows that a person and `./dev show` can read.
 *
 * A study is scenarios x replicates; each pair is simulated alone, from random numbers of its own, and writes to its
 * own place, so the result is the same for any number of threads.
 */
#ifndef BENCH_SIMULATION_STUDY_H
#define BENCH_SIMULATION_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"

struct sim_settings {
    size_t   replicates;
    size_t   threads;
    uint64_t seed;
    bool     rows_only; /* --rows: nothing but the rows of the verdict */
    double   margin;    /* --margin: allowed Monte-Carlo errors */
    /* --except: a method left out; NULL where a study has no such option, "" where it has and all are wanted */
    const char *except;
};

/* Read --replicates N, --threads N, --seed N, --margin X, --rows, --except NAME over the defaults in settings; prints
 * help or what was wrong and exits. */
void sim_settings_read(struct sim_settings *settings, int argc, char **argv, const char *help);

extern const struct toc_allocator sim_allocator; /* malloc */

/* Call simulate for every scenario and replicate. Fails by ending the program where there is no thread. */
typedef void sim_simulate_function(void *context, size_t scenario, size_t replicate);
void sim_run(const struct sim_settings *settings, size_t scenarios, sim_simulate_function *simulate, void *context);

/* A ratio of sums, sum a / sum b: a and b of each replicate (alarms and weeks, say). Replicates of one scenario are
 * independent of each other; weeks within a replicate are not, so the replicate is the unit. */
struct sim_ratio {
    size_t  scenarios, replicates;
    double *a, *b; /* scenarios x replicates */
};
void sim_ratio_init(struct sim_ratio *ratio, size_t scenarios, size_t replicates);
void sim_ratio_free(struct sim_ratio *ratio);

static inline void sim_ratio_add(struct sim_ratio *ratio, size_t scenario, size_t replicate, double a, double b)
{
    ratio->a[scenario * ratio->replicates + replicate] += a;
    ratio->b[scenario * ratio->replicates + replicate] += b;
}

struct sim_estimate {
    double value;
    double se; /* Monte-Carlo standard error, over the replicates within each scenario; linearised */
    double a, b;
};
/* Over scenarios first … last, both inclusive. */
struct sim_estimate sim_ratio_estimate(const struct sim_ratio *ratio, size_t first, size_t last);
struct sim_estimate sim_ratio_estimate_all(const struct sim_ratio *ratio);

/* The standard error of a share, never below that of (a + 1) / (b + 2) in b independent trials: none or all of a few is
 * no certainty. Infinite where b = 0. */
double sim_share_error(struct sim_estimate estimate);

/* Whether one share is at most twice another, each within margin standard errors. */
bool sim_at_most_twice(struct sim_estimate high, struct sim_estimate low, double margin);

/* `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. */
void sim_row(const char *measure, const char *bar, const char *measured, bool holds);

/* Ends the program where memory is short: a study has nothing to save. */
void *sim_memory(size_t count, size_t size);

/* User CPU seconds of this process so far. */
double sim_user_seconds(void);

#endif
