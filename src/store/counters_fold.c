/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters_fold.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/memory.h"
#include "store/counters_internal.h"

/* The more waits the fewer rows are changed for it, and the more readers have to go over. A round begins when so many
 * rows wait, or after so long; it takes no more than so many. */
enum { ENOUGH_ROWS = 512, PATIENCE_SECONDS = 2, MOST_ROWS = 4096, AGAIN_SECONDS = 1 };

struct counters_fold {
    const char              *url;
    const struct db_options *options;
    int64_t                  fence;
    struct db               *db; /* NULL: not open */
    struct counter_book     *book;

    pthread_t       thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t  changed;
    int64_t         told, done; /* committed, and in the rows */
    bool            closing, paused, stale, working;
    struct timespec failing; /* since when; zero: the last round has not failed */
};

static int open_connection(struct counters_fold *fold)
{
    struct db_options options = *fold->options;
    options.create = false;
    options.by_keys = true;
    options.wrap = NULL; /* a test counts the calls of the writer's connection */
    return fold->db != NULL ? 0 : db_open(fold->url, &options, &fold->db, NULL);
}

/* One transaction. *last: all up to this number is in the rows now; 0 = nothing waited. */
static int fold_once(struct counters_fold *fold, size_t *num, int64_t *last)
{
    struct db_error error;
    int             ret = open_connection(fold);
    *num = 0;
    *last = 0;
    if (ret != 0)
        return ret;
    ret = db_begin(fold->db, DB_WRITE, &error);
    if (ret == 0) {
        ret = counters_take_waiting(fold->book, fold->db, MOST_ROWS, num, last, &error);
        if (ret == 0)
            ret = counters_write_rows(fold->book, fold->db, &error);
        if (ret == 0)
            ret = db_check_lease(fold->db, fold->fence, &error);
        if (ret == 0)
            ret = db_commit(fold->db, &error);
        else
            db_rollback(fold->db);
    }
    if (ret != 0) {
        counters_forget(fold->book);
        db_close(fold->db);
        fold->db = NULL;
    }
    return ret;
}

/* The lock is held, and let go meanwhile. */
static int run_round(struct counters_fold *fold)
{
    size_t  num;
    int64_t last, told = fold->told;
    if (fold->stale)
        counters_forget(fold->book);
    fold->stale = false;
    fold->working = true;
    pthread_mutex_unlock(&fold->lock);
    int ret = fold_once(fold, &num, &last);
    counters_keep_small(fold->book);
    pthread_mutex_lock(&fold->lock);
    fold->working = false;
    if (ret == 0)
        fold->failing = (struct timespec){ 0 };
    else if (fold->failing.tv_sec == 0)
        clock_gettime(CLOCK_MONOTONIC, &fold->failing);
    if (ret == 0)
        fold->done = num < MOST_ROWS && told > last ? told : last;
    pthread_cond_broadcast(&fold->changed);
    return ret;
}

static void wait_for(struct counters_fold *fold, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    while (!fold->closing && (seconds != PATIENCE_SECONDS || fold->told - fold->done < ENOUGH_ROWS))
        if (pthread_cond_timedwait(&fold->changed, &fold->lock, &until) != 0)
            return;
}

static void *work(void *context)
{
    struct counters_fold *fold = context;
    int                   ret = 0;
    pthread_mutex_lock(&fold->lock);
    for (;;) {
        while (!fold->closing && (fold->paused || fold->done >= fold->told))
            pthread_cond_wait(&fold->changed, &fold->lock);
        wait_for(fold, ret == 0 ? PATIENCE_SECONDS : AGAIN_SECONDS);
        if (fold->closing && (fold->done >= fold->told || ret != 0))
            break;
        if (!fold->paused || fold->closing)
            ret = run_round(fold);
    }
    pthread_mutex_unlock(&fold->lock);
    return NULL;
}

static void free_fold(struct counters_fold *fold)
{
    db_close(fold->db);
    counters_free(fold->book);
    pthread_mutex_destroy(&fold->lock);
    pthread_cond_destroy(&fold->changed);
    free(fold);
}

int counters_fold_start(const char *url, const struct db_options *options, int64_t fence, struct counters_fold **out)
{
    struct counters_fold *fold = memory_array(1, sizeof *fold);
    if (fold == NULL)
        return TOC_ERR_NO_MEMORY;
    fold->url = url;
    fold->options = options;
    fold->fence = fence;
    pthread_mutex_init(&fold->lock, NULL);
    pthread_cond_init(&fold->changed, NULL);
    int ret = counters_new(&fold->book);
    if (ret == 0 && pthread_create(&fold->thread, NULL, work, fold) != 0)
        ret = BASE_ERR_SYSTEM;
    if (ret == 0)
        *out = fold;
    else
        free_fold(fold);
    return ret;
}

void counters_fold_stop(struct counters_fold *fold)
{
    if (fold == NULL)
        return;
    pthread_mutex_lock(&fold->lock);
    fold->closing = true;
    pthread_cond_broadcast(&fold->changed);
    pthread_mutex_unlock(&fold->lock);
    pthread_join(fold->thread, NULL);
    free_fold(fold);
}

void counters_fold_tell(struct counters_fold *fold, int64_t newest)
{
    pthread_mutex_lock(&fold->lock);
    if (fold->told < newest)
        fold->told = newest;
    pthread_cond_broadcast(&fold->changed);
    pthread_mutex_unlock(&fold->lock);
}

bool counters_fold_done(struct counters_fold *fold, int64_t newest)
{
    pthread_mutex_lock(&fold->lock);
    bool done = fold->done >= newest;
    pthread_mutex_unlock(&fold->lock);
    return done;
}

double counters_fold_late(struct counters_fold *fold)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&fold->lock);
    struct timespec since = fold->failing;
    pthread_mutex_unlock(&fold->lock);
    return since.tv_sec == 0 ? 0 : (double) (now.tv_sec - since.tv_sec) + (double) (now.tv_nsec - since.tv_nsec) / 1e9;
}

void counters_fold_pause(struct counters_fold *fold, bool pause)
{
    pthread_mutex_lock(&fold->lock);
    if (pause) {
        fold->paused = fold->stale = true;
        while (fold->working)
            pthread_cond_wait(&fold->changed, &fold->lock);
    } else if (fold->paused) {
        fold->paused = false;
        pthread_cond_broadcast(&fold->changed);
    }
    pthread_mutex_unlock(&fold->lock);
}

void counters_fold_stale(struct counters_fold *fold)
{
    pthread_mutex_lock(&fold->lock);
    fold->stale = true;
    pthread_mutex_unlock(&fold->lock);
}
