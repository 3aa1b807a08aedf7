/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_run.h: the runs of a scenario on several threads and processes, delivered in the order of their seeds.
 *
 * As many runs go side by side as there are threads; where there are fewer runs than threads, each run uses several.
 * Processes of a team share them likewise (cli/simulate_team.h). Nothing of it changes a number: the engine gives the
 * same for any of them, and the caller takes the runs in order. What is in work at once is bounded by the number of
 * threads.
 *
 * With a folder for checkpoints each run has a file there, NAME-seed-SEED.checkpoint, replaced as the run goes on and
 * when it has ended (formats/checkpoint_file.h).
 */
#ifndef CLI_SIMULATE_RUN_H
#define CLI_SIMULATE_RUN_H

#include <pthread.h>

#include "cli/simulate_team.h"
#include "formats/scenario_file.h"

#define SIMULATE_MAX_THREADS 256
#define SIMULATE_FAULT_BYTES 5000

struct simulate_job {
    const struct scenario      *scenario;
    const char                 *name; /* of the scenario, for files */
    uint64_t                    first_seed;
    size_t                      num_runs;
    int                         threads;
    bool                        lines;       /* infections are wanted */
    const char                 *checkpoints; /* folder; NULL = none */
    uint32_t                    every;       /* days of a run between two checkpoints */
    bool                        resume;      /* go on from those that are there */
    const struct simulate_team *team;        /* NULL = alone */
    /* Told by the caller's thread a few times a second: days done of all runs, together. NULL = not told. */
    void (*progress)(void *context, uint64_t days_done);
    void *context;
};

/* One run that has ended. */
struct simulate_run {
    size_t                            number; /* 0 … num_runs - 1 */
    uint64_t                          seed;
    uint32_t                         *cells; /* [day][area][age][column], uint32_t as toc_simulation_read gives them */
    const struct toc_simulation      *simulation; /* at its last day; NULL: not here, but its infections */
    struct toc_simulation_infection  *infections; /* where they are wanted and there is no simulation */
    size_t                            num_infections;
    struct toc_simulation_description description;
    int                               exit_code;                   /* enum cli_exit */
    char                              fault[SIMULATE_FAULT_BYTES]; /* what failed, where exit_code is not CLI_DONE */
};

/* Bytes of the cells of one run. */
size_t simulate_run_bytes(const struct scenario *scenario);

/* Its infections, as toc_simulation_each_infection gives them. */
int simulate_run_each_infection(const struct simulate_run *run, uint32_t last_day,
                                int (*take)(void *context, const struct toc_simulation_infection *infection),
                                void *context);

/* Take one run; answers false to stop. Its arrays are used again afterwards. */
typedef bool (*simulate_take)(void *context, const struct simulate_run *run);

/* Every run to take, in order; in a team, on rank 0 alone. Returns 0 when all runs were taken or taking stopped;
 * TOC_ERR_NO_MEMORY. A run that failed is delivered with its fault, and is the last. */
int simulate_run_all(const struct simulate_job *job, simulate_take take, void *context);

/* ---- one run: simulate_one.c ---- */

/* Make the run of run->number and run->seed, cells given. *simulation is its engine, to be freed after use. day is
 * called after each day, or for several at once; false ends the run unfinished. lock keeps writers of checkpoints from
 * each other. */
struct simulate_one {
    const struct simulate_job          *job;
    const struct toc_simulation_runner *runner;
    bool (*day)(void *context, uint32_t days);
    void            *context;
    pthread_mutex_t *lock;
};
void simulate_one(const struct simulate_one *one, struct simulate_run *run, struct toc_simulation **simulation);

#endif
