/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "cli/simulate_crew.h"
#include "tocsin/status.h"

#define SLOTS_A_WORKER 2            /* so that nobody waits for the slowest run */
#define TELL_NANOSECONDS 200000000L /* between two reports of progress */

enum slot_state { SLOT_EMPTY, SLOT_TAKEN, SLOT_DONE };

struct slot {
    enum slot_state        state;
    struct toc_simulation *simulation;
    struct simulate_run    run;
};

/* Slots form a ring; run i lies in slot i % num_slots. */
struct pool {
    const struct simulate_job *job;
    struct slot               *slots;
    size_t                     num_slots, taken, delivered; /* runs */
    int                        threads_a_run;
    bool                       stopped;
    uint64_t                   days_done;
    pthread_mutex_t            lock;
    pthread_cond_t             changed;
};

static size_t cells_a_day(const struct scenario *scenario)
{
    return (scenario->num_areas > 0 ? scenario->num_areas : 1) * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS;
}

size_t simulate_run_bytes(const struct scenario *scenario)
{
    size_t cells = cells_a_day(scenario), days = scenario->days; /* areas and days have limits: no overflow */
    return cells * days * sizeof(uint32_t);
}

/* ---- one run ---- */

/* Count a day; false where the work is to stop. */
static bool tell_day(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->days_done++;
    bool go_on = !pool->stopped;
    pthread_mutex_unlock(&pool->lock);
    return go_on;
}

static void run_one(struct pool *pool, struct slot *slot, const struct toc_simulation_runner *runner)
{
    const struct scenario      *scenario = pool->job->scenario;
    struct simulate_run        *run = &slot->run;
    struct toc_simulation_setup setup = scenario_setup(scenario, run->seed);
    run->status = toc_simulation_create(&setup, &memory_allocator, runner, &slot->simulation, &run->error);
    for (uint32_t day = 0; run->status == 0 && day < scenario->days; day++) {
        run->status = toc_simulation_step(slot->simulation, &run->error);
        if (run->status == 0)
            toc_simulation_read(slot->simulation, run->cells + day * cells_a_day(scenario));
        if (!tell_day(pool))
            break;
    }
    if (run->status == 0)
        toc_simulation_describe(slot->simulation, &run->description);
    run->simulation = slot->simulation;
}

/* ---- workers ---- */

static struct slot *next_slot(struct pool *pool)
{
    struct slot *slot = NULL;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped && pool->taken < pool->job->num_runs &&
           pool->slots[pool->taken % pool->num_slots].state != SLOT_EMPTY)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (!pool->stopped && pool->taken < pool->job->num_runs) {
        slot = &pool->slots[pool->taken % pool->num_slots];
        slot->state = SLOT_TAKEN;
        slot->run.number = pool->taken;
        slot->run.seed = pool->job->first_seed + pool->taken;
        pool->taken++;
    }
    pthread_mutex_unlock(&pool->lock);
    return slot;
}

static void *work(void *context)
{
    struct pool                 *pool = context;
    struct simulate_crew        *crew = simulate_crew_new(pool->threads_a_run);
    struct toc_simulation_runner alone = { 0 };
    struct toc_simulation_runner runner = crew != NULL ? simulate_crew_runner(crew) : alone;
    for (struct slot *slot; (slot = next_slot(pool)) != NULL;) {
        run_one(pool, slot, &runner);
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_DONE;
        pthread_cond_broadcast(&pool->changed);
        /* The simulation may use the crew until it is freed: reading does not. */
        pthread_mutex_unlock(&pool->lock);
    }
    simulate_crew_free(crew);
    return NULL;
}

/* ---- the caller's thread ---- */

/* Wait until the slot is done, and tell how far the work is. The lock is held before and after. */
static void wait_for(struct pool *pool, const struct slot *slot)
{
    while (slot->state != SLOT_DONE) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TELL_NANOSECONDS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
        uint64_t days_done = pool->days_done;
        pthread_mutex_unlock(&pool->lock);
        if (pool->job->progress != NULL)
            pool->job->progress(pool->job->context, days_done);
        pthread_mutex_lock(&pool->lock);
    }
}

static void deliver(struct pool *pool, simulate_take take, void *context)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped && pool->delivered < pool->job->num_runs) {
        struct slot *slot = &pool->slots[pool->delivered % pool->num_slots];
        wait_for(pool, slot);
        pthread_mutex_unlock(&pool->lock);
        bool go_on = take(context, &slot->run) && slot->run.status == 0;
        toc_simulation_free(slot->simulation);
        pthread_mutex_lock(&pool->lock);
        slot->simulation = NULL;
        slot->state = SLOT_EMPTY;
        pool->delivered++;
        pool->stopped = !go_on;
        pthread_cond_broadcast(&pool->changed);
    }
    pool->stopped = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- the whole ---- */

static int pool_init(struct pool *pool, const struct simulate_job *job, size_t workers)
{
    size_t             num_slots = workers * SLOTS_A_WORKER < job->num_runs ? workers * SLOTS_A_WORKER : job->num_runs;
    pthread_condattr_t monotonic;
    *pool = (struct pool){ .job = job,
                           .threads_a_run = job->threads / (int) workers,
                           .slots = memory_array(num_slots, sizeof *pool->slots) };
    if (pool->slots == NULL)
        return TOC_ERR_NO_MEMORY;
    pool->num_slots = num_slots;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < num_slots; i++) {
        pool->slots[i].run.cells = memory_array(simulate_run_bytes(job->scenario), 1);
        if (pool->slots[i].run.cells == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    return 0;
}

static void pool_free(struct pool *pool)
{
    for (size_t i = 0; i < pool->num_slots; i++) {
        toc_simulation_free(pool->slots[i].simulation);
        free(pool->slots[i].run.cells);
    }
    if (pool->slots != NULL) {
        pthread_cond_destroy(&pool->changed);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool->slots);
}

int simulate_run_all(const struct simulate_job *job, simulate_take take, void *context)
{
    size_t      workers = (size_t) job->threads < job->num_runs ? (size_t) job->threads : job->num_runs, started = 0;
    pthread_t   threads[SIMULATE_MAX_THREADS];
    struct pool pool;
    int         ret = pool_init(&pool, job, workers);
    while (ret == 0 && started < workers && pthread_create(&threads[started], NULL, work, &pool) == 0)
        started++;
    if (ret == 0 && started > 0)
        deliver(&pool, take, context);
    else if (ret == 0)
        ret = TOC_ERR_NO_MEMORY; /* not one thread could be started */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pool_free(&pool);
    return ret;
}
