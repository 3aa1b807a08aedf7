/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: keeping the writer's log short without a commit that pays for it.
 *
 * A thread with a connection of its own copies the log into the database file while the writer goes on. That alone
 * never comes to an end under load, as the writer adds what the next copying must do; so when the log has become long
 * and only little of it is left, the writer copies the rest itself, after a commit, and its next commit begins the log
 * anew.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/db_sqlite.h"

#define STEP_PAGES 8000  /* 16 MiB: the thread begins when so many are due */
#define LONG_PAGES 32000 /* 64 MiB: from here on the log is to begin anew */
#define LITTLE_PART 8    /* of a long log's pages, when only so small a part is due, the writer copies it itself */

struct sqlite_checkpointer {
    pthread_t       thread;
    pthread_mutex_t mutex;
    pthread_cond_t  wake;
    sqlite3        *handle;      /* the thread's */
    bool            end, copies; /* copies: the thread does, just now */
    int64_t         pages, done; /* in the log; of them, in the database file */
};

static int64_t due(const struct sqlite_checkpointer *checkpointer)
{
    return checkpointer->pages - checkpointer->done;
}

static bool is_long(const struct sqlite_checkpointer *checkpointer)
{
    return checkpointer->pages > LONG_PAGES;
}

/* Of a long log the thread leaves a little to the writer: both cannot copy at once. */
static bool is_needed(const struct sqlite_checkpointer *checkpointer)
{
    return due(checkpointer) > (is_long(checkpointer) ? checkpointer->pages / LITTLE_PART : STEP_PAGES);
}

static void *work(void *context)
{
    struct sqlite_checkpointer *checkpointer = context;
    pthread_mutex_lock(&checkpointer->mutex);
    while (!checkpointer->end) {
        if (!is_needed(checkpointer)) {
            pthread_cond_wait(&checkpointer->wake, &checkpointer->mutex);
            continue;
        }
        int64_t before = checkpointer->pages;
        int     all = 0, done = 0;
        checkpointer->copies = true;
        pthread_mutex_unlock(&checkpointer->mutex);
        int code = sqlite3_wal_checkpoint_v2(checkpointer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &done);
        pthread_mutex_lock(&checkpointer->mutex);
        checkpointer->copies = false;
        if (code == SQLITE_OK && checkpointer->pages >= before)
            checkpointer->done = done;
        if (code != SQLITE_OK || done < before)
            pthread_cond_wait(&checkpointer->wake, &checkpointer->mutex); /* a reader or the writer is in the way */
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    return NULL;
}

void sqlite_checkpoint_begin(struct sqlite_db *db)
{
    struct sqlite_checkpointer *checkpointer = memory_array(1, sizeof *checkpointer);
    if (checkpointer == NULL || db->checkpointer != NULL) {
        free(checkpointer);
        return;
    }
    pthread_mutex_init(&checkpointer->mutex, NULL);
    pthread_cond_init(&checkpointer->wake, NULL);
    if (sqlite3_open_v2(db->path, &checkpointer->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(
            checkpointer->handle,
            "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-1024; PRAGMA mmap_size=0;"
            "PRAGMA journal_size_limit=268435456; PRAGMA trusted_schema=OFF",
            NULL, NULL, NULL) == SQLITE_OK &&
        pthread_create(&checkpointer->thread, NULL, work, checkpointer) == 0) {
        db->checkpointer = checkpointer;
        return;
    }
    sqlite3_close(checkpointer->handle); /* without it the high mark remains */
    pthread_cond_destroy(&checkpointer->wake);
    pthread_mutex_destroy(&checkpointer->mutex);
    free(checkpointer);
}

void sqlite_checkpoint_end(struct sqlite_db *db)
{
    struct sqlite_checkpointer *checkpointer = db->checkpointer;
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->mutex);
    checkpointer->end = true;
    pthread_cond_signal(&checkpointer->wake);
    pthread_mutex_unlock(&checkpointer->mutex);
    pthread_join(checkpointer->thread, NULL);
    sqlite3_close(checkpointer->handle);
    pthread_cond_destroy(&checkpointer->wake);
    pthread_mutex_destroy(&checkpointer->mutex);
    free(checkpointer);
    db->checkpointer = NULL;
}

int sqlite_after_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite_db           *db = context;
    struct sqlite_checkpointer *checkpointer = db->checkpointer;
    bool                        mine = pages >= DB_WAL_MOST;
    db->log_pages = pages;
    if (checkpointer != NULL) {
        pthread_mutex_lock(&checkpointer->mutex);
        if (pages < checkpointer->pages) /* the log has begun anew */
            checkpointer->done = 0;
        checkpointer->pages = pages;
        mine = !checkpointer->copies && (mine || (is_long(checkpointer) && !is_needed(checkpointer)));
        if (!mine && is_needed(checkpointer))
            pthread_cond_signal(&checkpointer->wake);
        pthread_mutex_unlock(&checkpointer->mutex);
    }
    int all = 0, done = 0;
    if (mine && sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, &all, &done) == SQLITE_OK &&
        checkpointer != NULL) {
        pthread_mutex_lock(&checkpointer->mutex);
        checkpointer->done = done;
        pthread_mutex_unlock(&checkpointer->mutex);
    }
    return SQLITE_OK;
}
