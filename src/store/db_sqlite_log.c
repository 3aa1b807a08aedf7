/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: the write-ahead log, written in large pieces.
 *
 * SQLite writes each page of a commit by two calls to the system, 24 bytes and the page, one behind the other: a group
 * of changes is hundreds of calls. Here what follows on what was written before is collected, and goes to the file
 * before SQLite asks for anything else of it: a sync, its size, a page that is collected still. So a commit, which ends
 * with a sync, is in the file and on the disk when it is over, in the order of before. What is collected of a
 * transaction that has not ended nobody else may look at: others learn of pages when they are committed.
 *
 * A sync of a file that has grown carries its new length to the disk as well, by a write of its own that is waited for.
 * So when a small commit comes to the end of the log, zeros follow it, AHEAD_BYTES, and the commits after it are
 * written over them: SQLite takes zeros for what a log's end is, anything but a page of the log. Large commits come
 * with enough to write without them.
 *
 * All other files, and all else, are those of the file system beneath: the system's, or a test's.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/db_sqlite.h"

#define PIECE_BYTES (((size_t) 128 << 10) - 1) /* the most that SQLite hands to the system at a time */
#define AHEAD_BYTES ((sqlite3_int64) 1 << 20)
enum { NAME_BYTES = 60, MOST_SYSTEMS = 4 };

struct file_system {
    sqlite3_vfs  vfs;
    sqlite3_vfs *beneath;
    char         name[NAME_BYTES];
};

struct log_file {
    sqlite3_file  file;
    sqlite3_file *beneath; /* behind this struct */
    char         *bytes;   /* PIECE_BYTES; NULL: nothing was written yet */
    size_t        used;
    sqlite3_int64 start;   /* of what is collected, in the file */
    size_t        written; /* since the last sync */
    sqlite3_int64 end;     /* of what was written last */
    sqlite3_int64 length;  /* the file is as long as this, if not longer */
};

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *) (void *) file;
}

/* ---- the log ---- */

/* Where it fails what was collected is gone, as with a write that failed: SQLite gives the transaction up. */
static int pass_on(struct log_file *log)
{
    size_t size = log->used;
    log->used = 0;
    if (size == 0)
        return SQLITE_OK;
    log->written += size;
    log->end = log->start + (sqlite3_int64) size;
    return log->beneath->pMethods->xWrite(log->beneath, log->bytes, (int) size, log->start);
}

/* Zeros behind what was written last, where that is the file's end. The disk need not have room for them. */
static void go_ahead(struct log_file *log)
{
    sqlite3_int64 length = 0;
    bool          small = log->written > 0 && log->written <= PIECE_BYTES;
    log->written = 0;
    if (!small || log->bytes == NULL || log->end < log->length)
        return;
    if (log->beneath->pMethods->xFileSize(log->beneath, &length) != SQLITE_OK || length > log->end) {
        log->length = length;
        return;
    }
    memset(log->bytes, 0, PIECE_BYTES);
    for (log->length = log->end; log->length < log->end + AHEAD_BYTES; log->length += (sqlite3_int64) PIECE_BYTES)
        if (log->beneath->pMethods->xWrite(log->beneath, log->bytes, (int) PIECE_BYTES, log->length) != SQLITE_OK)
            return;
}

static int write_log(sqlite3_file *file, const void *bytes, int num, sqlite3_int64 offset)
{
    struct log_file *log = log_of(file);
    size_t           size = (size_t) num;
    bool             follows = log->used > 0 && offset == log->start + (sqlite3_int64) log->used;
    if (log->bytes == NULL)
        log->bytes = malloc(PIECE_BYTES);
    int code = follows && log->used + size <= PIECE_BYTES ? SQLITE_OK : pass_on(log);
    if (code == SQLITE_OK && (log->bytes == NULL || size > PIECE_BYTES)) {
        log->written += size;
        log->end = offset + num;
        return log->beneath->pMethods->xWrite(log->beneath, bytes, num, offset);
    }
    if (code != SQLITE_OK)
        return code;
    if (log->used == 0)
        log->start = offset;
    memcpy(log->bytes + log->used, bytes, size);
    log->used += size;
    return SQLITE_OK;
}

static int read_log(sqlite3_file *file, void *bytes, int num, sqlite3_int64 offset)
{
    struct log_file *log = log_of(file);
    bool             apart = offset + num <= log->start || offset >= log->start + (sqlite3_int64) log->used;
    int              code = log->used == 0 || apart ? SQLITE_OK : pass_on(log);
    return code != SQLITE_OK ? code : log->beneath->pMethods->xRead(log->beneath, bytes, num, offset);
}

static int sync_log(sqlite3_file *file, int flags)
{
    struct log_file *log = log_of(file);
    int              code = pass_on(log);
    if (code == SQLITE_OK)
        go_ahead(log);
    return code != SQLITE_OK ? code : log->beneath->pMethods->xSync(log->beneath, flags);
}

static int truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_of(file);
    int              code = pass_on(log);
    log->length = 0; /* ask again */
    return code != SQLITE_OK ? code : log->beneath->pMethods->xTruncate(log->beneath, size);
}

static int size_of_log(sqlite3_file *file, sqlite3_int64 *size)
{
    struct log_file *log = log_of(file);
    int              code = pass_on(log);
    return code != SQLITE_OK ? code : log->beneath->pMethods->xFileSize(log->beneath, size);
}

/* What is collected still belongs to no commit. */
static int close_log(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    free(log->bytes);
    log->bytes = NULL;
    log->used = 0;
    return log->beneath->pMethods->xClose(log->beneath);
}

static int lock_log(sqlite3_file *file, int lock)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xLock(beneath, lock);
}

static int unlock_log(sqlite3_file *file, int lock)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xUnlock(beneath, lock);
}

static int look_at_lock(sqlite3_file *file, int *locked)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xCheckReservedLock(beneath, locked);
}

static int control_log(sqlite3_file *file, int what, void *about)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xFileControl(beneath, what, about);
}

static int sector_of_log(sqlite3_file *file)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xSectorSize(beneath);
}

static int traits_of_log(sqlite3_file *file)
{
    sqlite3_file *beneath = log_of(file)->beneath;
    return beneath->pMethods->xDeviceCharacteristics(beneath);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = close_log,
    .xRead = read_log,
    .xWrite = write_log,
    .xTruncate = truncate_log,
    .xSync = sync_log,
    .xFileSize = size_of_log,
    .xLock = lock_log,
    .xUnlock = unlock_log,
    .xCheckReservedLock = look_at_lock,
    .xFileControl = control_log,
    .xSectorSize = sector_of_log,
    .xDeviceCharacteristics = traits_of_log,
};

/* ---- the file system ---- */

static sqlite3_vfs *beneath_of(const sqlite3_vfs *vfs)
{
    return ((const struct file_system *) (const void *) vfs)->beneath;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *opened)
{
    sqlite3_vfs     *beneath = beneath_of(vfs);
    struct log_file *log = log_of(file);
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return beneath->xOpen(beneath, path, file, flags, opened);
    *log = (struct log_file){ .beneath = (sqlite3_file *) (void *) (log + 1) };
    log->beneath->pMethods = NULL;
    int code = beneath->xOpen(beneath, path, log->beneath, flags, opened);
    if (log->beneath->pMethods != NULL) /* then it is closed too, also after a failure */
        log->file.pMethods = &log_methods;
    return code;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
    return beneath_of(vfs)->xDelete(beneath_of(vfs), path, sync);
}

static int may_access(sqlite3_vfs *vfs, const char *path, int flags, int *found)
{
    return beneath_of(vfs)->xAccess(beneath_of(vfs), path, flags, found);
}

static int whole_path(sqlite3_vfs *vfs, const char *path, int room, char *whole)
{
    return beneath_of(vfs)->xFullPathname(beneath_of(vfs), path, room, whole);
}

static int random_bytes(sqlite3_vfs *vfs, int num, char *bytes)
{
    return beneath_of(vfs)->xRandomness(beneath_of(vfs), num, bytes);
}

static int wait_a_while(sqlite3_vfs *vfs, int microseconds)
{
    return beneath_of(vfs)->xSleep(beneath_of(vfs), microseconds);
}

static int time_now(sqlite3_vfs *vfs, double *days)
{
    return beneath_of(vfs)->xCurrentTime(beneath_of(vfs), days);
}

static int last_error(sqlite3_vfs *vfs, int room, char *text)
{
    return beneath_of(vfs)->xGetLastError(beneath_of(vfs), room, text);
}

static int milliseconds_now(sqlite3_vfs *vfs, sqlite3_int64 *milliseconds)
{
    return beneath_of(vfs)->xCurrentTimeInt64(beneath_of(vfs), milliseconds);
}

static bool lay_over(struct file_system *system, sqlite3_vfs *beneath)
{
    snprintf(system->name, sizeof system->name, "tocsin over %.40s", beneath->zName);
    system->beneath = beneath;
    system->vfs = (sqlite3_vfs){ .iVersion = 2,
                                 .szOsFile = (int) sizeof(struct log_file) + beneath->szOsFile,
                                 .mxPathname = beneath->mxPathname,
                                 .zName = system->name,
                                 .xOpen = open_file,
                                 .xDelete = delete_file,
                                 .xAccess = may_access,
                                 .xFullPathname = whole_path,
                                 .xRandomness = random_bytes,
                                 .xSleep = wait_a_while,
                                 .xCurrentTime = time_now,
                                 .xGetLastError = last_error,
                                 .xCurrentTimeInt64 = milliseconds_now };
    return sqlite3_vfs_register(&system->vfs, 0) == SQLITE_OK;
}

const char *sqlite_log_over(const char *name)
{
    static pthread_mutex_t    lock = PTHREAD_MUTEX_INITIALIZER;
    static struct file_system systems[MOST_SYSTEMS]; /* registered, as long as the process lives */
    static size_t             num;
    sqlite3_vfs              *beneath = sqlite3_vfs_find(name);
    const char               *found = NULL;
    if (beneath == NULL || beneath->iVersion < 2)
        return name;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < num && found == NULL; i++)
        if (systems[i].beneath == beneath)
            found = systems[i].name;
    if (found == NULL && num < MOST_SYSTEMS && lay_over(&systems[num], beneath))
        found = systems[num++].name;
    pthread_mutex_unlock(&lock);
    return found != NULL ? found : name;
}
