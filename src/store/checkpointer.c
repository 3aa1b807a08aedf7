/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/checkpointer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"

struct checkpointer {
    struct db      *db;
    pthread_t       thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t  told;
    bool            due, copied, ends; /* copied: the thread is through, the rest is the writer's */
};

static void *work(void *context)
{
    struct checkpointer *checkpointer = context;
    pthread_mutex_lock(&checkpointer->lock);
    while (!checkpointer->ends) {
        if (!checkpointer->due) {
            pthread_cond_wait(&checkpointer->told, &checkpointer->lock);
            continue;
        }
        int64_t left;
        pthread_mutex_unlock(&checkpointer->lock);
        int ret = db_checkpoint(checkpointer->db, &left, NULL); /* a failure is seen by the commits that come */
        pthread_mutex_lock(&checkpointer->lock);
        checkpointer->due = false;
        checkpointer->copied = ret == 0;
    }
    pthread_mutex_unlock(&checkpointer->lock);
    return NULL;
}

int checkpointer_start(const char *url, const struct db_options *options, struct checkpointer **made,
                       struct db_error *error)
{
    struct checkpointer *checkpointer = memory_array(1, sizeof *checkpointer);
    if (checkpointer == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = db_open(url, options, &checkpointer->db, error);
    if (ret != 0 || db_is_postgresql(checkpointer->db)) {
        db_close(checkpointer->db);
        free(checkpointer);
        *made = NULL;
        return ret;
    }
    pthread_mutex_init(&checkpointer->lock, NULL);
    pthread_cond_init(&checkpointer->told, NULL);
    if (pthread_create(&checkpointer->thread, NULL, work, checkpointer) != 0) {
        db_close(checkpointer->db);
        free(checkpointer);
        return BASE_ERR_SYSTEM;
    }
    *made = checkpointer;
    return 0;
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->ends = true;
    pthread_cond_signal(&checkpointer->told);
    pthread_mutex_unlock(&checkpointer->lock);
    pthread_join(checkpointer->thread, NULL);
    db_close(checkpointer->db);
    pthread_mutex_destroy(&checkpointer->lock);
    pthread_cond_destroy(&checkpointer->told);
    free(checkpointer);
}

void checkpointer_tell(struct checkpointer *checkpointer, struct db *writer)
{
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->lock);
    bool mine = checkpointer->copied;
    checkpointer->copied = false;
    if (!mine && !checkpointer->due && db_log_pages(writer) >= CHECKPOINTER_PAGES) {
        checkpointer->due = true;
        pthread_cond_signal(&checkpointer->told);
    }
    pthread_mutex_unlock(&checkpointer->lock);
    int64_t left;
    if (mine)
        (void) db_checkpoint(writer, &left, NULL);
}
