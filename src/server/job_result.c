/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/job_result.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/memory.h"

#define NAME_BYTES 80

static void part_name(const struct id *job, char name[NAME_BYTES])
{
    char text[ID_TEXT_BYTES];
    id_to_text(job, text);
    snprintf(name, NAME_BYTES, "%s.part", text);
}

static void whole_name(const struct id *job, uint64_t mark, char name[NAME_BYTES])
{
    char text[ID_TEXT_BYTES];
    id_to_text(job, text);
    snprintf(name, NAME_BYTES, "%s-%016" PRIx64, text, mark);
}

/* ---- the folder ---- */

/* Call `remove` for each file; those for which it is true are removed. */
static size_t sweep(const struct job_results *results, bool (*remove)(int folder, const char *name, int64_t now),
                    int64_t                   now)
{
    size_t removed = 0;
    int    fd = openat(results->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR   *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.' && remove(results->folder, entry->d_name, now))
            removed += unlinkat(results->folder, entry->d_name, 0) == 0;
    closedir(directory);
    return removed;
}

static bool is_part(int folder, const char *name, int64_t now)
{
    size_t size = strlen(name);
    (void) folder;
    (void) now;
    return size > 5 && strcmp(name + size - 5, ".part") == 0;
}

static bool is_old(int folder, const char *name, int64_t now)
{
    struct stat status;
    if (is_part(folder, name, now) || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    int64_t made = status.st_mtim.tv_sec * INSTANT_SECOND + status.st_mtim.tv_nsec / 1000;
    return made <= now - JOB_RESULT_TIME;
}

int job_results_open(const char *path, struct job_results *results)
{
    struct job_results opened = { .folder = -1 };
    struct stat        status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return BASE_ERR_SYSTEM;
    opened.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (opened.folder < 0 || fstat(opened.folder, &status) != 0 || status.st_uid != geteuid() ||
        ((status.st_mode & 077) != 0 && fchmod(opened.folder, 0700) != 0)) {
        job_results_close(&opened);
        return BASE_ERR_SYSTEM;
    }
    (void) sweep(&opened, is_part, 0);
    *results = opened;
    return 0;
}

void job_results_close(struct job_results *results)
{
    if (results->folder >= 0)
        close(results->folder);
    results->folder = -1;
}

size_t job_results_tidy(const struct job_results *results, int64_t now)
{
    return sweep(results, is_old, now);
}

bool job_results_have_room(const struct job_results *results)
{
    struct statvfs disk;
    int64_t        taken = 0;
    int            fd = openat(results->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR           *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (fstatat(results->folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
            taken += status.st_size;
    }
    closedir(directory);
    if (taken >= JOB_RESULTS_MOST_BYTES || fstatvfs(results->folder, &disk) != 0)
        return false;
    return (int64_t) disk.f_bavail * (int64_t) disk.f_frsize >= JOB_RESULTS_FREE_BYTES;
}

/* ---- the mark ---- */

static int compare_ids(const void *a, const void *b)
{
    return id_compare(a, b);
}

/* Whatever their order. */
static bool mark_ids(crypto_generichash_state *state, const struct id *ids, size_t num)
{
    struct id *sorted = memory_array(num + 1, sizeof *sorted);
    uint64_t   size = num;
    if (sorted == NULL)
        return false;
    if (num > 0)
        memcpy(sorted, ids, num * sizeof *ids);
    qsort(sorted, num, sizeof *sorted, compare_ids);
    crypto_generichash_update(state, (const uint8_t *) &size, sizeof size);
    crypto_generichash_update(state, (const uint8_t *) sorted, num * sizeof *sorted);
    free(sorted);
    return true;
}

uint64_t job_result_mark(const struct access *who)
{
    crypto_generichash_state state;
    uint8_t                  hash[crypto_generichash_BYTES_MIN], facts[] = { (uint8_t) who->role, who->everywhere };
    uint64_t                 mark;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, who->user.bytes, ID_BYTES);
    crypto_generichash_update(&state, facts, sizeof facts);
    if (!mark_ids(&state, who->areas, who->num_areas) || !mark_ids(&state, who->facilities, who->num_facilities))
        return 0; /* what is not found is asked for again */
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&mark, hash, sizeof mark);
    return mark;
}

/* ---- a file ---- */

int job_result_begin(const struct job_results *results, const struct id *job)
{
    char name[NAME_BYTES];
    part_name(job, name);
    (void) unlinkat(results->folder, name, 0); /* of an attempt that was lost */
    return openat(results->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int job_result_keep(const struct job_results *results, const struct id *job, uint64_t mark)
{
    char part[NAME_BYTES], whole[NAME_BYTES];
    part_name(job, part);
    whole_name(job, mark, whole);
    int  fd = openat(results->folder, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool kept = fd >= 0 && fsync(fd) == 0 && renameat(results->folder, part, results->folder, whole) == 0 &&
                fsync(results->folder) == 0;
    if (fd >= 0)
        close(fd);
    if (kept)
        return 0;
    job_result_drop(results, job);
    return BASE_ERR_SYSTEM;
}

void job_result_drop(const struct job_results *results, const struct id *job)
{
    char name[NAME_BYTES];
    part_name(job, name);
    (void) unlinkat(results->folder, name, 0);
}

int job_result_read(const struct job_results *results, const struct id *job, uint64_t mark, int64_t *size)
{
    char        name[NAME_BYTES];
    struct stat status;
    whole_name(job, mark, name);
    int fd = openat(results->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &status) != 0) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        *size = status.st_size;
    return fd;
}
