/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "cli/simulate_crew.h"
#include "tocsin/status.h"

#define SLOTS_A_WORKER 2            /* so that nobody waits for the slowest run */
#define BATCH ((size_t) 16384)      /* infections that go from rank to rank at once */
#define TELL_NANOSECONDS 200000000L /* between two reports of progress */

enum slot_state { SLOT_EMPTY, SLOT_TAKEN, SLOT_DONE };

struct slot {
    enum slot_state        state;
    struct toc_simulation *simulation;
    struct simulate_run    run;
};

/* How a team shares the runs. */
enum sharing { ALONE, WHOLE_RUNS, ONE_RUN_AT_A_TIME };

/* Slots form a ring; the i-th run of this process lies in slot i % num_slots. */
struct pool {
    const struct simulate_job       *job;
    enum sharing                     sharing;
    uint32_t                         rank, ranks; /* of those who make whole runs */
    size_t                           num_runs;    /* of this process */
    struct slot                     *slots;
    size_t                           num_slots, taken, delivered; /* runs of this process */
    struct simulate_run              guest;                       /* a run of another one */
    struct toc_simulation_infection *batch;                       /* of its infections */
    int                              threads_a_run;
    bool                             stopped, asked; /* asked: rank 0 wants the next run */
    uint64_t                         days_done;
    pthread_mutex_t                  lock, files;
    pthread_cond_t                   changed;
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

/* Count days; false where the work is to stop. */
static bool tell_days(void *context, uint32_t days)
{
    struct pool *pool = context;
    pthread_mutex_lock(&pool->lock);
    pool->days_done += days;
    bool go_on = !pool->stopped;
    pthread_mutex_unlock(&pool->lock);
    return go_on;
}

/* ---- workers ---- */

static struct slot *next_slot(struct pool *pool)
{
    struct slot *slot = NULL;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped && pool->taken < pool->num_runs &&
           pool->slots[pool->taken % pool->num_slots].state != SLOT_EMPTY)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (!pool->stopped && pool->taken < pool->num_runs) {
        slot = &pool->slots[pool->taken % pool->num_slots];
        slot->state = SLOT_TAKEN;
        slot->run.number = pool->taken * pool->ranks + pool->rank;
        slot->run.seed = pool->job->first_seed + slot->run.number;
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
    const struct simulate_one    one = { pool->job, &runner, tell_days, pool, &pool->files };
    runner.team = pool->sharing == ONE_RUN_AT_A_TIME ? &pool->job->team->members : NULL;
    for (struct slot *slot; (slot = next_slot(pool)) != NULL;) {
        simulate_one(&one, &slot->run, &slot->simulation);
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

/* On other ranks than the first: whether that one has asked for the next run, or wants no more. */
static void listen(struct pool *pool, bool wait)
{
    const struct simulate_team *team = pool->job->team;
    if (pool->sharing != WHOLE_RUNS || pool->rank == 0 || pool->asked)
        return;
    int told = team->told(team->context, wait);
    pthread_mutex_lock(&pool->lock);
    pool->asked = told > 0;
    pool->stopped = pool->stopped || told == 0;
    pthread_mutex_unlock(&pool->lock);
}

/* Wait until the slot is done or the work stops, and tell how far it is. The lock is held before and after. */
static void wait_for(struct pool *pool, const struct slot *slot)
{
    while (slot->state != SLOT_DONE && !pool->stopped) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TELL_NANOSECONDS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
        uint64_t days_done = pool->days_done;
        pthread_mutex_unlock(&pool->lock);
        if (pool->job->progress != NULL)
            pool->job->progress(pool->job->context, days_done * pool->ranks);
        listen(pool, false);
        pthread_mutex_lock(&pool->lock);
    }
}

/* ---- between processes ---- */

/* What goes before the cells and infections of a run. */
struct parcel {
    uint64_t                          number, seed, num_infections;
    struct toc_simulation_description description;
    int32_t                           exit_code;
    char                              fault[SIMULATE_FAULT_BYTES];
};

static int add_to_list(void *context, const struct toc_simulation_infection *infection)
{
    struct simulate_run *run = context;
    run->infections[run->num_infections++] = *infection;
    return 0;
}

/* Infections where they are asked for, of a run that still has its simulation. */
static void list_infections(const struct pool *pool, struct simulate_run *run)
{
    const struct toc_simulation *simulation = run->simulation;
    if (!pool->job->lines || simulation == NULL || run->exit_code != CLI_DONE)
        return;
    run->infections = memory_array(run->description.infections + 1, sizeof *run->infections);
    if (run->infections == NULL) {
        run->exit_code = CLI_MACHINE;
        strcpy(run->fault, "out of memory");
        return;
    }
    toc_simulation_each_infection(simulation, 0, pool->job->scenario->days, add_to_list, run);
}

static size_t in_batch(size_t num, size_t at)
{
    return num - at < BATCH ? num - at : BATCH;
}

static void send_run(const struct pool *pool, struct simulate_run *run)
{
    const struct simulate_team *team = pool->job->team;
    static struct parcel        parcel; /* large, and one thread alone sends */
    list_infections(pool, run);
    parcel = (struct parcel){ run->number, run->seed, run->num_infections, run->description, run->exit_code, "" };
    memcpy(parcel.fault, run->fault, sizeof parcel.fault);
    team->send(team->context, &parcel, sizeof parcel);
    if (run->exit_code != CLI_DONE)
        return;
    team->send(team->context, run->cells, simulate_run_bytes(pool->job->scenario));
    for (size_t at = 0; at < run->num_infections; at += BATCH)
        team->send(team->context, run->infections + at, in_batch(run->num_infections, at) * sizeof *run->infections);
}

/* Whether that rank goes on: it has made its run, even where there is no memory for it here. */
static bool receive_run(struct pool *pool, uint32_t rank)
{
    const struct simulate_team *team = pool->job->team;
    struct simulate_run        *run = &pool->guest;
    static struct parcel        parcel; /* as above */
    team->receive(team->context, rank, &parcel, sizeof parcel);
    run->number = parcel.number;
    run->seed = parcel.seed;
    run->description = parcel.description;
    run->exit_code = parcel.exit_code;
    run->num_infections = parcel.num_infections;
    memcpy(run->fault, parcel.fault, sizeof parcel.fault);
    if (run->exit_code != CLI_DONE)
        return false;
    team->receive(team->context, rank, run->cells, simulate_run_bytes(pool->job->scenario));
    run->infections = memory_array(run->num_infections + 1, sizeof *run->infections);
    if (run->infections == NULL) {
        run->exit_code = CLI_MACHINE;
        strcpy(run->fault, "out of memory");
    }
    for (size_t at = 0; at < parcel.num_infections; at += BATCH) {
        size_t num = in_batch(parcel.num_infections, at);
        team->receive(team->context, rank, pool->batch, num * sizeof *pool->batch);
        if (run->infections != NULL)
            memcpy(run->infections + at, pool->batch, num * sizeof *pool->batch);
    }
    return true;
}

/* ---- in the order of seeds ---- */

static void empty(struct slot *slot)
{
    toc_simulation_free(slot->simulation);
    free(slot->run.infections);
    slot->simulation = NULL;
    slot->run.infections = NULL;
    slot->state = SLOT_EMPTY;
}

/* One run of this process, to the caller or to rank 0. Whether the work goes on. */
static bool hand_on(struct pool *pool, struct simulate_run *run, simulate_take take, void *context)
{
    const struct simulate_team *team = pool->job->team;
    bool                        go_on = run->exit_code == CLI_DONE;
    int64_t                     highest;
    if (pool->sharing == ALONE || (pool->sharing == WHOLE_RUNS && pool->rank == 0))
        return take(context, run) && go_on;
    if (pool->sharing == ONE_RUN_AT_A_TIME) {
        if (team->members.rank == 0)
            go_on = take(context, run) && go_on;
        simulate_team_agree(team, !go_on, &highest);
        return highest == 0;
    }
    listen(pool, true);
    if (pool->stopped)
        return false;
    pool->asked = false;
    send_run(pool, run);
    return run->exit_code == CLI_DONE;
}

/* On rank 0: no more runs are wanted, neither of the rank that failed, which has stopped, nor of the others. taken: of
 * how many ranks a run of this round has been taken. */
static void stop_others(const struct pool *pool, uint32_t taken, uint32_t failed)
{
    const struct simulate_team *team = pool->job->team;
    for (uint32_t rank = 1; pool->rank == 0 && rank < pool->ranks; rank++) {
        size_t next = (pool->delivered + (rank <= taken)) * pool->ranks + rank;
        if (rank != failed && next < pool->job->num_runs)
            team->tell(team->context, rank, false);
    }
}

/* On rank 0: those of the others that follow its own. */
static bool take_others(struct pool *pool, simulate_take take, void *context)
{
    const struct simulate_team *team = pool->job->team;
    struct simulate_run        *run = &pool->guest;
    for (uint32_t rank = 1; pool->rank == 0 && rank < pool->ranks; rank++) {
        if (pool->delivered * pool->ranks + rank >= pool->job->num_runs)
            break;
        team->tell(team->context, rank, true);
        bool goes_on = receive_run(pool, rank), go_on = take(context, run) && run->exit_code == CLI_DONE;
        free(run->infections);
        run->infections = NULL;
        if (!go_on) {
            stop_others(pool, rank, goes_on ? 0 : rank);
            return false;
        }
    }
    return true;
}

static void deliver(struct pool *pool, simulate_take take, void *context)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped && pool->delivered < pool->num_runs) {
        struct slot *slot = &pool->slots[pool->delivered % pool->num_slots];
        wait_for(pool, slot);
        pthread_mutex_unlock(&pool->lock);
        bool go_on = !pool->stopped && hand_on(pool, &slot->run, take, context);
        if (!go_on)
            stop_others(pool, 0, 0);
        pthread_mutex_lock(&pool->lock);
        pool->stopped = !go_on;
        if (go_on)
            empty(slot); /* the next run begins while those of others are waited for */
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
        go_on = go_on && take_others(pool, take, context);
        pthread_mutex_lock(&pool->lock);
        pool->delivered++;
        pool->stopped = !go_on;
    }
    pool->stopped = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- the whole ---- */

/* Who makes which runs, on how many threads each. Returns how many runs go side by side. */
static size_t share_out(struct pool *pool, const struct simulate_job *job)
{
    const struct toc_simulation_team *team = job->team != NULL ? &job->team->members : NULL;
    *pool = (struct pool){ .job = job, .ranks = 1, .num_runs = job->num_runs };
    if (team != NULL && team->num_ranks > 1)
        pool->sharing = job->num_runs >= team->num_ranks ? WHOLE_RUNS : ONE_RUN_AT_A_TIME;
    if (pool->sharing == WHOLE_RUNS) {
        pool->rank = team->rank;
        pool->ranks = team->num_ranks;
        pool->num_runs = (job->num_runs - team->rank + team->num_ranks - 1) / team->num_ranks;
    }
    size_t workers = (size_t) job->threads < pool->num_runs ? (size_t) job->threads : pool->num_runs;
    if (pool->sharing == ONE_RUN_AT_A_TIME)
        workers = 1;
    pool->threads_a_run = job->threads / (int) workers;
    return workers;
}

static int pool_init(struct pool *pool, const struct simulate_job *job, size_t workers)
{
    size_t             wanted = pool->sharing == ONE_RUN_AT_A_TIME ? 1 : workers * SLOTS_A_WORKER;
    size_t             num_slots = wanted < pool->num_runs ? wanted : pool->num_runs;
    pthread_condattr_t monotonic;
    pool->slots = memory_array(num_slots, sizeof *pool->slots);
    if (pool->slots == NULL)
        return TOC_ERR_NO_MEMORY;
    pool->num_slots = num_slots;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->files, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pool->ranks > 1) {
        pool->guest.cells = memory_array(simulate_run_bytes(job->scenario), 1);
        pool->batch = memory_array(BATCH, sizeof *pool->batch);
        if (pool->guest.cells == NULL || pool->batch == NULL)
            return TOC_ERR_NO_MEMORY;
    }
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
        free(pool->slots[i].run.infections);
        free(pool->slots[i].run.cells);
    }
    if (pool->slots != NULL) {
        pthread_cond_destroy(&pool->changed);
        pthread_mutex_destroy(&pool->files);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool->guest.cells);
    free(pool->batch);
    free(pool->slots);
}

int simulate_run_all(const struct simulate_job *job, simulate_take take, void *context)
{
    struct pool pool;
    pthread_t   threads[SIMULATE_MAX_THREADS];
    size_t      workers = share_out(&pool, job), started = 0;
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
