/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/power_preload.c: PostgreSQL on a machine whose power can be cut (power_journal.h says what that takes).
 *
 * A library that the server's processes preload. It notes, before each change of a file below the data directory, what
 * was there, in a journal that all processes share; an fsync tells the journal and touches no disk. tests/support/
 * postgresql.py makes the journal, kills the server when the power goes, and restores what survived; it loads this same
 * library for that. Left out: what stdio writes (caches that PostgreSQL removes after a crash), the lock file of the
 * postmaster, making and removing folders, and memory-mapped files (none of the data are).
 *
 * TOCSIN_POWER_JOURNAL   the open file (a number) that holds the journal
 * TOCSIN_POWER_DATA      the data directory
 */
#undef _FILE_OFFSET_BITS /* or what is defined here would be named open64, and the server calls open */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "support/power_journal.h"

enum { MOST_FILES = 65536 };
enum { NOT_OURS, FILE_OF_SERVER, FILE_OF_TABLE };

static struct power_journal *journal; /* NULL: this process only looks on */
static char                  data[POWER_PATH];
static uint8_t               kind_of[MOST_FILES]; /* of each open file */

/* The C library's own functions, by name. */
#define REAL(name) (__extension__(__typeof__(&(name))) real_function(#name))

static void *real_function(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

__attribute__((constructor)) static void attach(void)
{
    const char *number = getenv("TOCSIN_POWER_JOURNAL");
    struct stat status;
    const char *folder = getenv("TOCSIN_POWER_DATA");
    if (number == NULL || folder == NULL || fstat(atoi(number), &status) != 0)
        return;
    snprintf(data, sizeof data, "%s", folder); /* the server writes its title over its environment */
    void *memory = mmap(NULL, (size_t) status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(number), 0);
    if (memory == MAP_FAILED) {
        perror("power journal");
        abort();
    }
    journal = memory;
}

/* ---- which files ---- */

/* A path from the data directory, or NULL where it is elsewhere. */
static const char *within_data(const char *path)
{
    size_t length = strlen(data);
    if (path[0] != '/')
        return strncmp(path, "./", 2) == 0 ? path + 2 : path;
    return strncmp(path, data, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static int classify(const char *path)
{
    static const char *const left_out[] = { "postmaster.", "pg_dynshmem/", "pg_stat_tmp/", "base/pgsql_tmp/" };
    const char              *inside = journal == NULL ? NULL : within_data(path);
    if (inside == NULL)
        return NOT_OURS;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strncmp(inside, left_out[i], strlen(left_out[i])) == 0)
            return NOT_OURS;
    return strncmp(inside, "base/", 5) == 0 ? FILE_OF_TABLE : FILE_OF_SERVER;
}

static int kind(int file)
{
    return file >= 0 && file < MOST_FILES ? kind_of[file] : NOT_OURS;
}

/* The power is off: the postmaster first, so that it does not start anew what ends, then this process. */
static _Noreturn void die(void)
{
    if (journal->server > 0)
        kill(journal->server, SIGKILL);
    for (;;)
        kill(getpid(), SIGKILL);
}

static void lock(void)
{
    power_journal_lock(journal);
    if (journal->cut)
        die();
}

/* A change has been made (an fsync: is about to be). */
static void count(void)
{
    if (!power_journal_count(journal))
        die();
}

/* ---- changes of a file ---- */

/* Read what a change replaces; some files are open for writing alone. */
static void save(int file, char *bytes, size_t size, off_t offset)
{
    char name[32];
    int  reading = -1;
    while (size > 0) {
        ssize_t got = pread(reading >= 0 ? reading : file, bytes, size, offset);
        if (got < 0 && errno == EBADF && reading < 0) {
            snprintf(name, sizeof name, "/proc/self/fd/%d", file);
            reading = REAL(open)(name, O_RDONLY | O_CLOEXEC);
            if (reading >= 0)
                continue;
        }
        if (got <= 0) {
            perror("power journal: reading what a write replaces");
            abort();
        }
        bytes += got;
        size -= (size_t) got;
        offset += got;
    }
    if (reading >= 0)
        REAL(close)(reading);
}

/* Note a change of length bytes at offset (length < 0: truncation to offset). With the lock held; 0, or an errno. */
static int note(int file, off_t offset, off_t length)
{
    struct stat status;
    size_t      saved;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    off_t end = length < 0 ? offset : offset + length;
    if (kind(file) == FILE_OF_TABLE && !power_journal_grow(journal, status.st_size, end))
        return ENOSPC;
    if (length < 0)
        length = offset < status.st_size ? status.st_size - offset : 0;
    char *bytes = power_journal_note(journal, status.st_ino, status.st_size, offset, length, &saved);
    if (bytes == NULL)
        return 0; /* the journal's overflow fails the test */
    save(file, bytes, saved, offset);
    power_journal_keep(journal);
    return 0;
}

/* What each changing call does: note, do it, count. `call` is done with the lock held. */
#define CHANGE(type, file, offset, length, call)                                                                       \
    do {                                                                                                               \
        if (kind(file) == NOT_OURS)                                                                                    \
            return call;                                                                                               \
        lock();                                                                                                        \
        int  failure_ = note(file, offset, length);                                                                    \
        type result_ = failure_ == 0 ? call : -1;                                                                      \
        int  errno_ = failure_ == 0 ? errno : failure_;                                                                \
        if (failure_ == 0)                                                                                             \
            count();                                                                                                   \
        power_journal_unlock(journal);                                                                                 \
        errno = errno_;                                                                                                \
        return result_;                                                                                                \
    } while (0)

static off_t total(const struct iovec *parts, int num)
{
    size_t size = 0;
    for (int i = 0; i < num; i++)
        size += parts[i].iov_len;
    return (off_t) size;
}

/* Where write() writes. */
static off_t position(int file)
{
    struct stat status;
    if (kind(file) == NOT_OURS)
        return 0;
    if ((fcntl(file, F_GETFL) & O_APPEND) && fstat(file, &status) == 0)
        return status.st_size;
    return lseek(file, 0, SEEK_CUR);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    CHANGE(ssize_t, file, position(file), (off_t) size, REAL(write)(file, bytes, size));
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset)
{
    CHANGE(ssize_t, file, offset, (off_t) size, REAL(pwrite)(file, bytes, size, offset));
}

ssize_t writev(int file, const struct iovec *parts, int num)
{
    CHANGE(ssize_t, file, position(file), total(parts, num), REAL(writev)(file, parts, num));
}

ssize_t pwritev(int file, const struct iovec *parts, int num, off_t offset)
{
    CHANGE(ssize_t, file, offset, total(parts, num), REAL(pwritev)(file, parts, num, offset));
}

int ftruncate(int file, off_t size)
{
    CHANGE(int, file, size, -1, REAL(ftruncate)(file, size));
}

/* An errno is its result. */
int posix_fallocate(int file, off_t offset, off_t length)
{
    if (kind(file) == NOT_OURS)
        return REAL(posix_fallocate)(file, offset, length);
    struct stat status;
    lock();
    int failure = fstat(file, &status) == 0 && offset + length > status.st_size
                      ? note(file, status.st_size, offset + length - status.st_size)
                      : 0;
    if (failure == 0)
        failure = REAL(posix_fallocate)(file, offset, length);
    count();
    power_journal_unlock(journal);
    return failure;
}

int truncate(const char *path, off_t size)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return -1;
    int ret = ftruncate(file, size);
    close(file);
    return ret;
}

/* ---- names ---- */

static int open_ours(const char *path, int flags, mode_t mode)
{
    lock();
    bool makes = (flags & O_CREAT) && access(path, F_OK) != 0;
    if (makes)
        power_journal_create(journal, path);
    /* What is there is cut off below, as a change of its own. */
    int file = REAL(open)(path, flags & ~O_TRUNC, mode);
    int errno_ = errno;
    if (makes)
        count();
    power_journal_unlock(journal);
    errno = errno_;
    return file;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int kind_here = classify(path);
    if (kind_here == NOT_OURS)
        return REAL(open)(path, flags, mode);
    int file = open_ours(path, flags, mode);
    if (file < 0 || file >= MOST_FILES)
        return file;
    kind_of[file] = (uint8_t) kind_here;
    if ((flags & O_TRUNC) && ftruncate(file, 0) != 0) {
        close(file);
        return -1;
    }
    return file;
}

int close(int file)
{
    if (file >= 0 && file < MOST_FILES)
        kind_of[file] = NOT_OURS;
    return REAL(close)(file);
}

int unlink(const char *path)
{
    if (classify(path) == NOT_OURS)
        return REAL(unlink)(path);
    lock();
    if (access(path, F_OK) == 0)
        power_journal_remove(journal, path);
    int ret = REAL(unlink)(path), errno_ = errno;
    count();
    power_journal_unlock(journal);
    errno = errno_;
    return ret;
}

int rename(const char *from, const char *to)
{
    if (classify(from) == NOT_OURS && classify(to) == NOT_OURS)
        return REAL(rename)(from, to);
    lock();
    power_journal_rename(journal, from, to);
    int ret = REAL(rename)(from, to), errno_ = errno;
    count();
    power_journal_unlock(journal);
    errno = errno_;
    return ret;
}

int link(const char *from, const char *to)
{
    if (classify(to) == NOT_OURS)
        return REAL(link)(from, to);
    lock();
    power_journal_create(journal, to);
    int ret = REAL(link)(from, to), errno_ = errno;
    count();
    power_journal_unlock(journal);
    errno = errno_;
    return ret;
}

/* ---- to the disk ---- */

static int sync_file(int file)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return -1;
    lock();
    count();
    int ret = S_ISDIR(status.st_mode) ? power_journal_sync_names(journal) : power_journal_sync(journal, status.st_ino);
    power_journal_unlock(journal);
    if (ret != 0)
        errno = EIO;
    return ret;
}

int fsync(int file)
{
    return kind(file) == NOT_OURS ? REAL(fsync)(file) : sync_file(file);
}

int fdatasync(int file)
{
    return kind(file) == NOT_OURS ? REAL(fdatasync)(file) : sync_file(file);
}

/* It starts writing and promises nothing. */
int sync_file_range(int file, off64_t offset, off64_t length, unsigned flags)
{
    return kind(file) == NOT_OURS ? REAL(sync_file_range)(file, offset, length, flags) : 0;
}

/* ---- waiting ---- */

/* Whoever waits for a lock of the server's sleeps here, and does not look whether the server is still there. A process
 * that the cut has killed wakes nobody: its locks would be waited for without end, and the client with them. */
int sem_wait(sem_t *semaphore)
{
    enum { LOOK_NANOSECONDS = 50000000, SECOND = 1000000000 };
    while (journal != NULL) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NANOSECONDS;
        until.tv_sec += until.tv_nsec / SECOND;
        until.tv_nsec %= SECOND;
        if (sem_timedwait(semaphore, &until) == 0)
            return 0;
        if (errno != ETIMEDOUT)
            return -1;
        if (journal->cut)
            die();
    }
    return REAL(sem_wait)(semaphore);
}
