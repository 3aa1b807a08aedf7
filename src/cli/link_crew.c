/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/link_crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define MAX_THREADS 256

struct crew {
    link_task     task;
    void         *context;
    size_t        num_tasks;
    atomic_size_t next;
    atomic_int    status;
};

struct worker {
    struct crew *crew;
    int          number;
    pthread_t    thread;
    bool         runs;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct crew   *crew = worker->crew;
    for (size_t at; atomic_load(&crew->status) == 0 && (at = atomic_fetch_add(&crew->next, 1)) < crew->num_tasks;) {
        int ret = crew->task(crew->context, at, worker->number), none = 0;
        if (ret != 0)
            atomic_compare_exchange_strong(&crew->status, &none, ret);
    }
    return NULL;
}

int link_crew_run(int threads, size_t num_tasks, link_task task, void *context)
{
    struct worker workers[MAX_THREADS];
    struct crew   crew = { .task = task, .context = context, .num_tasks = num_tasks };
    int           num = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
    atomic_init(&crew.next, 0);
    atomic_init(&crew.status, 0);
    for (int i = 0; i < num; i++)
        workers[i] = (struct worker){ .crew = &crew, .number = i };
    for (int i = 1; i < num; i++)
        workers[i].runs = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (int i = 1; i < num; i++)
        if (workers[i].runs)
            pthread_join(workers[i].thread, NULL);
    return atomic_load(&crew.status);
}
