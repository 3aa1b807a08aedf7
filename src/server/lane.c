/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/lane.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "tocsin/status.h"

struct lane {
    struct store     *store;
    char              name[16];
    pthread_mutex_t   lock;
    pthread_cond_t    arrived;
    struct lane_item *first, *last;
    size_t            waiting, max_waiting;
    bool              closing;
    unsigned          num_threads;
    pthread_t         threads[];
};

static struct lane_item *take(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->first == NULL && !lane->closing)
        pthread_cond_wait(&lane->arrived, &lane->lock);
    struct lane_item *item = lane->first;
    if (item != NULL) {
        lane->first = item->next;
        lane->waiting--;
    }
    pthread_mutex_unlock(&lane->lock);
    return item;
}

/* A reader for the thread; where the database cannot be reached it is tried again with the next item. */
static struct store_reader *open_reader(struct store *store)
{
    struct db_error      error;
    struct store_reader *reader = NULL;
    return store != NULL && store_reader_open(store, &reader, &error) == 0 ? reader : NULL;
}

static void *work(void *context)
{
    struct lane         *lane = context;
    struct store_reader *reader = NULL;
    pthread_setname_np(pthread_self(), lane->name);
    for (struct lane_item *item; (item = take(lane)) != NULL;) {
        if (reader == NULL)
            reader = open_reader(lane->store);
        if (item->run(item, reader) == DB_ERR_LOST) {
            store_reader_close(reader);
            reader = NULL;
        }
    }
    store_reader_close(reader);
    return NULL;
}

int lane_start(struct store *store, const char *name, unsigned threads, size_t max_waiting, struct lane **started)
{
    struct lane *lane = calloc(1, sizeof *lane + threads * sizeof *lane->threads);
    if (lane == NULL)
        return TOC_ERR_NO_MEMORY;
    lane->store = store;
    lane->max_waiting = max_waiting;
    snprintf(lane->name, sizeof lane->name, "tocsin-%.8s", name);
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->arrived, NULL);
    while (lane->num_threads < threads && pthread_create(&lane->threads[lane->num_threads], NULL, work, lane) == 0)
        lane->num_threads++;
    if (lane->num_threads < threads) {
        lane_stop(lane);
        return BASE_ERR_SYSTEM;
    }
    *started = lane;
    return 0;
}

void lane_stop(struct lane *lane)
{
    if (lane == NULL)
        return;
    pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    pthread_cond_broadcast(&lane->arrived);
    pthread_mutex_unlock(&lane->lock);
    for (unsigned i = 0; i < lane->num_threads; i++)
        pthread_join(lane->threads[i], NULL);
    pthread_cond_destroy(&lane->arrived);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}

bool lane_put(struct lane *lane, struct lane_item *item, bool anyway)
{
    pthread_mutex_lock(&lane->lock);
    bool taken = anyway || (lane->waiting < lane->max_waiting && !lane->closing);
    if (taken) {
        item->next = NULL;
        if (lane->first != NULL)
            lane->last->next = item;
        else
            lane->first = item;
        lane->last = item;
        lane->waiting++;
        pthread_cond_signal(&lane->arrived);
    }
    pthread_mutex_unlock(&lane->lock);
    return taken;
}

size_t lane_waiting(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    size_t waiting = lane->waiting;
    pthread_mutex_unlock(&lane->lock);
    return waiting;
}
