/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_run.h: the runs of a scenario on several threads, delivered in the order of their seeds.
 *
 * As many runs go side by side as there are threads; where there are fewer runs than threads, each run uses several.
 * Neither changes a number: the engine gives the same for any number of threads, and the caller takes the runs in
 * order. What is in work at once is bounded by the number of threads.
 */
#ifndef CLI_SIMULATE_RUN_H
#define CLI_SIMULATE_RUN_H

#include "formats/scenario_file.h"

#define SIMULATE_MAX_THREADS 256

struct simulate_job {
    const struct scenario *scenario;
    uint64_t               first_seed;
    size_t                 num_runs;
    int                    threads;
    /* Told by the caller's thread a few times a second: days done of all runs, together. NULL = not told. */
    void (*progress)(void *context, uint64_t days_done);
    void *context;
};

/* One run that has ended. */
struct simulate_run {
    size_t                            number; /* 0 … num_runs - 1 */
    uint64_t                          seed;
    uint32_t                         *cells; /* [day][area][age][column], uint32_t as toc_simulation_read gives them */
    const struct toc_simulation      *simulation; /* at its last day */
    struct toc_simulation_description description;
    int                               status; /* of the engine */
    struct toc_error                  error;
};

/* Bytes of the cells of one run; 0 where that does not fit in memory's sizes. */
size_t simulate_run_bytes(const struct scenario *scenario);

/* Take one run; answers false to stop. Its arrays are used again afterwards. */
typedef bool (*simulate_take)(void *context, const struct simulate_run *run);

/* Returns 0 when all runs were taken or taking stopped; TOC_ERR_NO_MEMORY. A run that failed is delivered with its
 * status. */
int simulate_run_all(const struct simulate_job *job, simulate_take take, void *context);

#endif
