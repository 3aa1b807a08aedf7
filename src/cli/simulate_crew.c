/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct simulate_crew {
    pthread_t      *threads; /* besides the caller's */
    int             num_threads;
    pthread_mutex_t lock;
    pthread_cond_t  begun, ended;
    uint64_t        round; /* counts calls of run */
    bool            leaving;
    int             busy; /* threads that have not ended this round */
    void (*task)(void *argument, size_t index);
    void  *argument;
    size_t next, num_tasks; /* of this round */
};

/* Tasks until none is left. The lock is held before and after. */
static void work(struct simulate_crew *crew)
{
    while (crew->next < crew->num_tasks) {
        size_t index = crew->next++;
        pthread_mutex_unlock(&crew->lock);
        crew->task(crew->argument, index);
        pthread_mutex_lock(&crew->lock);
    }
}

static void *live(void *context)
{
    struct simulate_crew *crew = context;
    uint64_t              done = 0;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->round == done && !crew->leaving)
            pthread_cond_wait(&crew->begun, &crew->lock);
        if (crew->leaving)
            break;
        done = crew->round;
        work(crew);
        if (--crew->busy == 0)
            pthread_cond_signal(&crew->ended);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void run(void *context, void (*task)(void *argument, size_t index), void *argument, size_t num_tasks)
{
    struct simulate_crew *crew = context;
    pthread_mutex_lock(&crew->lock);
    crew->task = task;
    crew->argument = argument;
    crew->next = 0;
    crew->num_tasks = num_tasks;
    crew->busy = crew->num_threads;
    crew->round++;
    if (crew->num_threads > 0)
        pthread_cond_broadcast(&crew->begun);
    work(crew);
    while (crew->busy > 0)
        pthread_cond_wait(&crew->ended, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

struct simulate_crew *simulate_crew_new(int threads)
{
    struct simulate_crew *crew = memory_array(1, sizeof *crew);
    if (crew == NULL)
        return NULL;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->begun, NULL);
    pthread_cond_init(&crew->ended, NULL);
    if (threads > 1)
        crew->threads = memory_array((size_t) threads - 1, sizeof *crew->threads);
    for (int i = 0; crew->threads != NULL && i < threads - 1; i++) {
        if (pthread_create(&crew->threads[crew->num_threads], NULL, live, crew) != 0)
            break;
        crew->num_threads++;
    }
    return crew;
}

void simulate_crew_free(struct simulate_crew *crew)
{
    if (crew == NULL)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->leaving = true;
    pthread_cond_broadcast(&crew->begun);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < crew->num_threads; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_cond_destroy(&crew->begun);
    pthread_cond_destroy(&crew->ended);
    pthread_mutex_destroy(&crew->lock);
    free(crew->threads);
    free(crew);
}

struct toc_simulation_runner simulate_crew_runner(struct simulate_crew *crew)
{
    return (struct toc_simulation_runner){ .run = crew->num_threads > 0 ? run : NULL, .context = crew };
}
