/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: keeping the writer's log short without a commit that pays for it.
 *
 * A thread with a connection of its own copies the log into the database file while the writer goes on. That alone
 * never comes to an end under load, as the writer adds what the next copying must do. So when the log has become long,
 * the writer waits a little after each commit while the thread copies, by which each copying leaves less to the next;
 * when only little is left, the writer copies that itself, after a commit, and its next commit begins the log anew.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "store/db_sqlite.h"

#define STEP_PAGES 16000  /* 32 MiB: the thread begins when so many are due */
#define LONG_PAGES 64000  /* 128 MiB: from here on the log is to begin anew */
#define LITTLE_PAGES 1000 /* of a long log, when no more are due, the writer copies them itself */
#define PACE_SECONDS 0.02 /* of a long log, the writer waits so long after a commit while the thread copies */

struct sqlite_checkpointer {
    pthread_t       thread;
    pthread_mutex_t mutex;
    pthread_cond_t  wake, copied;
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
    return due(checkpointer) > (is_long(checkpointer) ? LITTLE_PAGES : STEP_PAGES);
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
        pthread_cond_signal(&checkpointer->copied);
        if (code != SQLITE_OK || done < before)
            pthread_cond_wait(&checkpointer->wake, &checkpointer->mutex); /* a reader or the writer is in the way */
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    return NULL;
}

static void init_conditions(struct sqlite_checkpointer *checkpointer)
{
    pthread_condattr_t clock;
    pthread_cond_init(&checkpointer->wake, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&checkpointer->copied, &clock);
    pthread_condattr_destroy(&clock);
}

void sqlite_checkpoint_begin(struct sqlite_db *db)
{
    struct sqlite_checkpointer *checkpointer = memory_array(1, sizeof *checkpointer);
    if (checkpointer == NULL || db->checkpointer != NULL) {
        free(checkpointer);
        return;
    }
    pthread_mutex_init(&checkpointer->mutex, NULL);
    init_conditions(checkpointer);
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
    pthread_cond_destroy(&checkpointer->copied);
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
    pthread_cond_destroy(&checkpointer->copied);
    pthread_mutex_destroy(&checkpointer->mutex);
    free(checkpointer);
    db->checkpointer = NULL;
}

/* Let the thread come nearer to the end of a long log. The mutex is held, and let go while waiting. */
static void keep_pace(struct sqlite_checkpointer *checkpointer)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long) (1e9 * PACE_SECONDS);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (checkpointer->copies && pthread_cond_timedwait(&checkpointer->copied, &checkpointer->mutex, &until) == 0)
        ;
}

/* The log has so many pages now: the thread may have to copy. Returns whether the writer has to. */
static bool note_pages(struct sqlite_checkpointer *checkpointer, int pages)
{
    pthread_mutex_lock(&checkpointer->mutex);
    if (pages < checkpointer->pages) /* the log has begun anew */
        checkpointer->done = 0;
    checkpointer->pages = pages;
    if (is_needed(checkpointer))
        pthread_cond_signal(&checkpointer->wake);
    if (is_long(checkpointer))
        keep_pace(checkpointer);
    bool mine = !checkpointer->copies && (pages >= DB_WAL_MOST || (is_long(checkpointer) && !is_needed(checkpointer)));
    pthread_mutex_unlock(&checkpointer->mutex);
    return mine;
}

int sqlite_after_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite_db           *db = context;
    struct sqlite_checkpointer *checkpointer = db->checkpointer;
    int                         all = 0, done = 0;
    db->log_pages = pages;
    bool mine = checkpointer != NULL ? note_pages(checkpointer, pages) : pages >= DB_WAL_MOST;
    if (mine && sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, &all, &done) == SQLITE_OK &&
        checkpointer != NULL) {
        pthread_mutex_lock(&checkpointer->mutex);
        checkpointer->done = done;
        pthread_mutex_unlock(&checkpointer->mutex);
    }
    return SQLITE_OK;
}
