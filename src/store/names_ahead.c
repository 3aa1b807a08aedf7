/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/names_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/id.h"
#include "base/memory.h"
#include "store/select_many.h"
#include "tocsin/status.h"

/* What a row takes with its share of half-empty pages, and of the pages above. */
enum { ROW_BYTES = 384 };

struct names_ahead {
    const char       *url;
    struct db_options options;
    size_t            step, most;
    struct id         area, person; /* of the last row */
    size_t            num;

    pthread_t       thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t  changed;
    bool            stopping, ended, failed;
};

static int row_read(void *context, const struct db_value *row, size_t num_columns)
{
    struct names_ahead *ahead = context;
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES || row[1].type != DB_BYTES || row[1].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(ahead->area.bytes, row[0].bytes, ID_BYTES);
    memcpy(ahead->person.bytes, row[1].bytes, ID_BYTES);
    ahead->num++;
    return 0;
}

/* The generation stands in no index: the row itself is read. *more: there may be rows behind. */
static int read_some(struct names_ahead *ahead, struct db *db, bool *more)
{
    const struct db_value parameters[] = { db_bytes(ahead->area.bytes, ID_BYTES),
                                           db_bytes(ahead->person.bytes, ID_BYTES), db_integer((int64_t) ahead->step) };
    size_t                before = ahead->num;
    int                   ret = select_rows(db,
                                            "SELECT area, person, generation FROM search_name WHERE (area, person) > ($1, $2) "
                                                              "ORDER BY area, person LIMIT $3",
                                            parameters, 3, row_read, ahead, NULL);
    *more = ret == 0 && ahead->num - before == ahead->step && ahead->num < ahead->most;
    return ret;
}

static struct timespec later(struct timespec time, struct timespec by)
{
    time.tv_sec += by.tv_sec + (time.tv_nsec + by.tv_nsec) / 1000000000;
    time.tv_nsec = (time.tv_nsec + by.tv_nsec) % 1000000000;
    return time;
}

/* Rest as long as it took since `began`. False: it is to stop. */
static bool rest(struct names_ahead *ahead, const struct timespec *began)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct timespec took = { now.tv_sec - began->tv_sec, now.tv_nsec - began->tv_nsec };
    if (took.tv_nsec < 0)
        took = (struct timespec){ took.tv_sec - 1, took.tv_nsec + 1000000000 };
    struct timespec until = later(now, took);
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stopping && pthread_cond_timedwait(&ahead->changed, &ahead->lock, &until) == 0)
        ;
    bool go_on = !ahead->stopping;
    pthread_mutex_unlock(&ahead->lock);
    return go_on;
}

static void *work(void *context)
{
    struct names_ahead *ahead = context;
    struct db          *db = NULL;
    struct timespec     began;
    bool                more = true;
    pthread_setname_np(pthread_self(), "tocsin-names");
    int ret = db_open(ahead->url, &ahead->options, &db, NULL);
    for (bool go_on = true; ret == 0 && more && go_on;) {
        clock_gettime(CLOCK_MONOTONIC, &began);
        ret = read_some(ahead, db, &more);
        go_on = !more || rest(ahead, &began);
    }
    db_close(db);
    pthread_mutex_lock(&ahead->lock);
    ahead->ended = true;
    ahead->failed = ret != 0;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static size_t quarter_of_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (size_t) pages / 4 * (size_t) bytes / ROW_BYTES : 0;
}

int names_ahead_start(const char *url, const struct db_options *options, size_t step, size_t most,
                      struct names_ahead **out)
{
    pthread_condattr_t  clock;
    struct names_ahead *ahead = memory_array(1, sizeof *ahead);
    if (ahead == NULL)
        return TOC_ERR_NO_MEMORY;
    ahead->url = url;
    ahead->options = *options;
    ahead->options.read_only = ahead->options.by_keys = true;
    ahead->options.create = false;
    ahead->step = step;
    ahead->most = most != 0 ? most : quarter_of_memory();
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&ahead->changed, &clock);
    pthread_condattr_destroy(&clock);
    if (pthread_create(&ahead->thread, NULL, work, ahead) == 0) {
        *out = ahead;
        return 0;
    }
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->changed);
    free(ahead);
    return BASE_ERR_SYSTEM;
}

void names_ahead_stop(struct names_ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stopping = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->changed);
    free(ahead);
}

size_t names_ahead_wait(struct names_ahead *ahead, bool *failed)
{
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->ended)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    *failed = ahead->failed;
    pthread_mutex_unlock(&ahead->lock);
    return ahead->num;
}
