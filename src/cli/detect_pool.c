/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/detect_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"

#define SLOTS_A_THREAD 4 /* so that nobody waits for the slowest series */

enum slot_state { SLOT_EMPTY, SLOT_READ, SLOT_JUDGED };

struct slot {
    enum slot_state      state;
    struct detect_result result;
};

/* Slots form a ring. `read`, `taken` and `delivered` count series: the next one to read, to judge and to deliver. */
struct pool {
    const struct detect_job *job;
    struct slot             *slots;
    size_t                   num_slots;
    size_t                   read, taken, delivered;
    bool                     all_read; /* nothing follows: the end, or status */
    bool                     stopped;
    int                      status; /* of the reader */
    pthread_mutex_t          lock;
    pthread_cond_t           changed;
};

/* ---- one series ---- */

static void judge(const struct detect_job *job, struct detect_result *result)
{
    struct toc_series *series = &result->counts.series;
    size_t             begin = 0, first, end;
    while (begin < series->n && series->date[begin] < job->begin)
        begin++;
    for (first = begin; first < series->n && series->date[first] < job->from; first++)
        ;
    for (end = first; end < series->n && series->date[end] <= job->to; end++)
        ;
    result->first = first;
    result->num = end - first;
    result->judgements = result->all + (first - begin);
    result->status = 0;
    if (job->calendar != NULL) {
        result->status = toc_calendar_label(job->calendar, series->date, series->n, series->steps_per_year,
                                            result->counts.holiday, &result->error);
        series->holiday = result->counts.holiday;
    }
    if (result->status == 0)
        result->status = job->method->judge(series, begin, end - begin, job->options, &memory_allocator, result->all,
                                            &result->error);
}

/* ---- one thread ---- */

static int run_alone(const struct detect_job *job, struct detect_result *result, detect_take take, void *context)
{
    int ret;
    while ((ret = counts_next(job->reader, &result->counts)) == 1) {
        judge(job, result);
        if (!take(context, result))
            return 0;
    }
    return ret;
}

/* ---- several ---- */

static void *read_series(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped) {
        struct slot *slot = &pool->slots[pool->read % pool->num_slots];
        if (slot->state != SLOT_EMPTY) {
            pthread_cond_wait(&pool->changed, &pool->lock);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        int ret = counts_next(pool->job->reader, &slot->result.counts);
        pthread_mutex_lock(&pool->lock);
        if (ret != 1) {
            pool->status = ret;
            break;
        }
        slot->state = SLOT_READ;
        pool->read++;
        pthread_cond_broadcast(&pool->changed);
    }
    pool->all_read = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void *judge_series(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped) {
        if (pool->taken == pool->read) {
            if (pool->all_read)
                break;
            pthread_cond_wait(&pool->changed, &pool->lock);
            continue;
        }
        struct slot *slot = &pool->slots[pool->taken++ % pool->num_slots];
        pthread_mutex_unlock(&pool->lock);
        judge(pool->job, &slot->result);
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_JUDGED;
        pthread_cond_broadcast(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* The caller's part: results in their order, until the end or until it wants no more. */
static void deliver(struct pool *pool, detect_take take, void *context)
{
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct slot *slot = &pool->slots[pool->delivered % pool->num_slots];
        if (slot->state != SLOT_JUDGED) {
            if (pool->all_read && pool->delivered == pool->read)
                break;
            pthread_cond_wait(&pool->changed, &pool->lock);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        bool more = take(context, &slot->result);
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_EMPTY;
        pool->delivered++;
        pthread_cond_broadcast(&pool->changed);
        if (!more)
            break;
    }
    pool->stopped = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* Fewer threads than wished for will do; none to judge or none to read will not. */
static int run_pool(struct pool *pool, detect_take take, void *context)
{
    pthread_t reader, judges[DETECT_MAX_THREADS];
    int       num = 0, ret = TOC_ERR_NO_MEMORY;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (num < pool->job->threads && pthread_create(&judges[num], NULL, judge_series, pool) == 0)
        num++;
    if (num > 0 && pthread_create(&reader, NULL, read_series, pool) == 0) {
        deliver(pool, take, context);
        pthread_join(reader, NULL);
        ret = pool->status;
    } else {
        pthread_mutex_lock(&pool->lock);
        pool->stopped = true;
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
    }
    for (int i = 0; i < num; i++)
        pthread_join(judges[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    return ret;
}

int detect_run(const struct detect_job *job, detect_take take, void *context)
{
    int         ret = TOC_ERR_NO_MEMORY;
    struct pool pool = { .job = job, .num_slots = job->threads > 1 ? (size_t) job->threads * SLOTS_A_THREAD : 1 };
    pool.slots = memory_array(pool.num_slots, sizeof *pool.slots);
    if (pool.slots == NULL)
        goto out;
    for (size_t i = 0; i < pool.num_slots; i++) {
        struct detect_result *result = &pool.slots[i].result;
        result->all = memory_array(job->longest > 0 ? job->longest : 1, sizeof *result->all);
        if (result->all == NULL)
            goto out;
    }
    ret = job->threads > 1 ? run_pool(&pool, take, context) : run_alone(job, &pool.slots[0].result, take, context);
out:
    for (size_t i = 0; pool.slots != NULL && i < pool.num_slots; i++) {
        free(pool.slots[i].result.all);
        counts_series_free(&pool.slots[i].result.counts);
    }
    free(pool.slots);
    return ret;
}
