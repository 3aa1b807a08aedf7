/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/periodic.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/memory.h"
#include "server/pause.h"
#include "tocsin/status.h"

struct periodic {
    char            name[16];
    int             first;
    periodic_look  *look;
    void           *context;
    pthread_t       thread;
    pthread_mutex_t lock; /* of `closing` */
    pthread_cond_t  changed;
    bool            closing;
};

static void *run(void *context)
{
    struct periodic *periodic = context;
    int              pause = periodic->first;
    pthread_setname_np(pthread_self(), periodic->name);
    while (pause_for(&periodic->lock, &periodic->changed, &periodic->closing, NULL, NULL, pause))
        pause = periodic->look(periodic->context);
    return NULL;
}

int periodic_start(const char *name, int first, periodic_look *look, void *context, struct periodic **started)
{
    struct periodic *periodic = memory_array(1, sizeof *periodic);
    if (periodic == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(periodic->name, sizeof periodic->name, "%s", name);
    periodic->first = first;
    periodic->look = look;
    periodic->context = context;
    pthread_mutex_init(&periodic->lock, NULL);
    pause_init(&periodic->changed);
    if (pthread_create(&periodic->thread, NULL, run, periodic) != 0) {
        free(periodic);
        return BASE_ERR_SYSTEM;
    }
    *started = periodic;
    return 0;
}

void periodic_stop(struct periodic *periodic)
{
    if (periodic == NULL)
        return;
    pthread_mutex_lock(&periodic->lock);
    periodic->closing = true;
    pthread_cond_signal(&periodic->changed);
    pthread_mutex_unlock(&periodic->lock);
    pthread_join(periodic->thread, NULL);
    pthread_cond_destroy(&periodic->changed);
    pthread_mutex_destroy(&periodic->lock);
    free(periodic);
}
