/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key directory: opening, reading, and changes that a crash cannot leave half done. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "store/keeper_files.h"
#include "tocsin/status.h"

#define ERASURES "erasures"
#define COPIED "copied"
#define NAME_BYTES 40
#define MAX_PATH 4000
#define CHANGE_NANOSECONDS 20000000 /* more than the resolution of a file's time */

static int fail_system(struct keeper_error *error, const char *path, const char *name, const char *doing)
{
    return keeper_fail(error, BASE_ERR_SYSTEM, "%s%s%s: cannot %s: %s", path, name[0] != '\0' ? "/" : "", name, doing,
                       strerror(errno));
}

/* ---- small files, whole or not at all ---- */

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        bytes += written;
        size -= (size_t) written;
    }
    return 0;
}

/* Write a file: beside its place, synced, then renamed; with RENAME_NOREPLACE never over another. The caller syncs the
 * directory. */
static int make_file(int directory, const char *name, mode_t mode, const uint8_t *bytes, size_t size, unsigned flags)
{
    char temporary[NAME_BYTES];
    snprintf(temporary, sizeof temporary, ".new-%s", name);
    if (unlinkat(directory, temporary, 0) != 0 && errno != ENOENT)
        return -1;
    int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    int ret = write_all(fd, bytes, size) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0 ? 0 : -1;
    if (close(fd) != 0)
        ret = -1;
    if (ret == 0)
        ret = renameat2(directory, temporary, directory, name, flags);
    if (ret != 0) {
        int reason = errno;
        unlinkat(directory, temporary, 0);
        errno = reason;
    }
    return ret;
}

/* Overwrite, sync, unlink. The caller syncs the directory. */
static int shred(int directory, const char *name)
{
    uint8_t noise[KEEPER_FILE_BYTES];
    int     reader = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (reader < 0)
        return -1;
    int fd = fchmod(reader, 0600) == 0 ? openat(directory, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    close(reader);
    if (fd < 0)
        return -1;
    randombytes_buf(noise, sizeof noise);
    int ret = write_all(fd, noise, sizeof noise) == 0 && fsync(fd) == 0 ? 0 : -1;
    close(fd);
    return ret == 0 ? unlinkat(directory, name, 0) : ret;
}

/* ---- opening ---- */

void keeper_directory_close(struct keeper_directory *directory)
{
    if (directory->fd >= 0)
        close(directory->fd); /* gives the lock back */
    directory->fd = -1;
}

/* Nobody but its owner may read, and that is us or root. */
static int check_owner(const struct stat *status, const char *path, const char *name, const char *mode,
                       struct keeper_error *error)
{
    const char *slash = name[0] != '\0' ? "/" : "";
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return keeper_fail(error, KEEPER_ERR_KEYS,
                           "%s%s%s belongs to user %u; node keys must belong to the user that "
                           "runs Tocsin (%u)",
                           path, slash, name, status->st_uid, geteuid());
    if ((status->st_mode & 077) != 0)
        return keeper_fail(error, KEEPER_ERR_KEYS,
                           "%s%s%s is open to its group or to others (mode %04o); remedy: "
                           "chmod %s, and think of who may have read it",
                           path, slash, name, status->st_mode & 07777, mode);
    return 0;
}

int keeper_directory_open(const char *path, bool exclusive, struct keeper_directory *directory,
                          struct keeper_error *error)
{
    struct keeper_directory opened = { .exclusive = exclusive };
    struct stat             status;
    snprintf(opened.path, sizeof opened.path, "%s", path);
    opened.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened.fd < 0)
        return keeper_fail(error, KEEPER_ERR_KEYS, "the key directory %s cannot be opened: %s%s", opened.path,
                           strerror(errno), errno == ENOENT ? "; 'tocsin keeper init' makes one" : "");
    int ret = fstat(opened.fd, &status) == 0 ? check_owner(&status, opened.path, "", "0700", error)
                                             : fail_system(error, opened.path, "", "look at it");
    while (ret == 0 && flock(opened.fd, exclusive ? LOCK_EX : LOCK_SH) != 0)
        if (errno != EINTR)
            ret = fail_system(error, opened.path, "", "lock it");
    if (ret != 0)
        keeper_directory_close(&opened);
    else
        *directory = opened;
    return ret;
}

/* ---- reading ---- */

/* Which kind and number a file's name means: 1, or 0 for a name that is none of ours. */
static int parse_name(const char *name, enum keeper_kind *kind, uint32_t *number)
{
    for (int k = 0; k < KEEPER_NUM_KINDS; k++) {
        char     again[NAME_BYTES];
        size_t   length = strlen(keeper_kind_word((enum keeper_kind) k));
        unsigned found;
        if (strncmp(name, keeper_kind_word((enum keeper_kind) k), length) != 0 ||
            sscanf(name + length, "-%9u", &found) != 1)
            continue;
        snprintf(again, sizeof again, "%s-%04u", keeper_kind_word((enum keeper_kind) k), found);
        if (strcmp(again, name) != 0 || found == 0)
            continue;
        *kind = (enum keeper_kind) k;
        *number = found;
        return 1;
    }
    return 0;
}

static int load_key(const struct keeper_directory *directory, const char *name, enum keeper_kind kind, uint32_t number,
                    struct keeper_ring *ring, struct keeper_error *error)
{
    uint8_t           file[KEEPER_FILE_BYTES + 1];
    struct keeper_key key = { 0 };
    enum keeper_kind  found;
    struct stat       status;
    int               ret = 0;
    int               fd = openat(directory->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_system(error, directory->path, name, "open it");
    ssize_t size = fstat(fd, &status) == 0 ? read(fd, file, sizeof file) : -1;
    if (size < 0)
        ret = fail_system(error, directory->path, name, "read it");
    else if ((ret = check_owner(&status, directory->path, name, "0400", error)) == 0) {
        if (size != KEEPER_FILE_BYTES || keeper_key_read(file, &found, &key) != 0 || found != kind ||
            key.number != number)
            ret = keeper_fail(error, KEEPER_ERR_KEYS,
                              "%s/%s is torn or damaged; remedy: 'tocsin keeper recover' from "
                              "the recovery copy",
                              directory->path, name);
        else
            ret = keeper_ring_add(ring, kind, &key, error);
    }
    close(fd);
    sodium_memzero(file, sizeof file);
    sodium_memzero(&key, sizeof key);
    return ret;
}

/* Finish what a crash interrupted: files half made were never used, files half destroyed are to go. */
static int clear_leftovers(const struct keeper_directory *directory, const char *name, struct keeper_error *error)
{
    if (strncmp(name, ".new-", 5) != 0 && strncmp(name, ".gone-", 6) != 0)
        return 0;
    return shred(directory->fd, name) == 0 ? 0 : fail_system(error, directory->path, name, "remove it");
}

int keeper_directory_load(const struct keeper_directory *directory, struct keeper_ring *ring,
                          struct keeper_error *error)
{
    int            fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
    DIR           *list = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    if (list == NULL) {
        if (fd >= 0)
            close(fd);
        return fail_system(error, directory->path, "", "list it");
    }
    while (ret == 0 && (errno = 0, entry = readdir(list)) != NULL) {
        enum keeper_kind kind;
        uint32_t         number;
        if (parse_name(entry->d_name, &kind, &number))
            ret = load_key(directory, entry->d_name, kind, number, ring, error);
        else if (directory->exclusive)
            ret = clear_leftovers(directory, entry->d_name, error);
    }
    if (ret == 0 && errno != 0)
        ret = fail_system(error, directory->path, "", "list it");
    closedir(list);
    if (ret == 0 && ring->num[KEEPER_PASS] == 0 && directory->exclusive)
        ret = keeper_directory_add(directory, ring, KEEPER_PASS, instant_now(), error);
    for (int kind = 0; kind < KEEPER_NUM_KINDS && ret == 0; kind++)
        if (ring->num[kind] == 0 && kind != KEEPER_PASS)
            ret = keeper_fail(error, KEEPER_ERR_KEYS,
                              "%s holds no '%s' key; remedy: 'tocsin keeper recover' from the "
                              "recovery copy, or 'tocsin keeper init' for a new node",
                              directory->path, keeper_kind_word((enum keeper_kind) kind));
    return ret;
}

int keeper_directory_erasures(const struct keeper_directory *directory, int *fd, struct keeper_error *error)
{
    struct stat status;
    int         opened = openat(directory->fd, ERASURES, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC), ret = 0;
    if (opened < 0 || fstat(opened, &status) != 0) {
        ret = fail_system(error, directory->path, ERASURES, "open it");
        goto out;
    }
    ret = check_owner(&status, directory->path, ERASURES, "0600", error);
    if (ret != 0)
        goto out;
    size_t torn = (size_t) status.st_size % KEEPER_ERASURE_BYTES;
    if (torn != 0) {
        /* Zeros do not check: the record counts as damaged and is told, and those behind it stay where they belong. */
        static const uint8_t zeros[KEEPER_ERASURE_BYTES];
        if (!directory->exclusive)
            ret = keeper_fail(error, KEEPER_ERR_KEYS, "%s/%s ends within a record", directory->path, ERASURES);
        else if (write_all(opened, zeros, KEEPER_ERASURE_BYTES - torn) != 0 || fsync(opened) != 0)
            ret = fail_system(error, directory->path, ERASURES, "write it");
    }
out:
    if (ret != 0 && opened >= 0)
        close(opened);
    if (ret == 0)
        *fd = opened;
    return ret;
}

/* ---- changing ---- */

static int write_key(int directory, enum keeper_kind kind, const struct keeper_key *key)
{
    uint8_t file[KEEPER_FILE_BYTES];
    char    name[NAME_BYTES];
    snprintf(name, sizeof name, "%s-%04u", keeper_kind_word(kind), key->number);
    keeper_key_write(kind, key, file);
    int ret = make_file(directory, name, 0400, file, sizeof file, RENAME_NOREPLACE);
    sodium_memzero(file, sizeof file);
    return ret;
}

/* The last step: the name of the directory itself, in the directory above. */
static int sync_parent(const char *path)
{
    char *copy = strdup(path), *slash = copy != NULL ? strrchr(copy, '/') : NULL;
    if (copy == NULL)
        return -1;
    if (slash != NULL)
        slash[slash == copy ? 1 : 0] = '\0';
    int fd = open(slash != NULL ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ret = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0)
        close(fd);
    free(copy);
    return ret;
}

static int fill(int directory, const struct keeper_ring *ring, const uint8_t *erasures, size_t num_erasures)
{
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (size_t i = 0; i < ring->num[kind]; i++)
            if (write_key(directory, (enum keeper_kind) kind, &ring->keys[kind][i]) != 0)
                return -1;
    if (make_file(directory, ERASURES, 0600, erasures, num_erasures * KEEPER_ERASURE_BYTES, RENAME_NOREPLACE) != 0)
        return -1;
    return fsync(directory);
}

/* Take back what fill wrote, where it could not take its place. */
static void remove_made(int directory, const struct keeper_ring *ring, const char *path)
{
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (size_t i = 0; i < ring->num[kind]; i++) {
            char name[NAME_BYTES];
            snprintf(name, sizeof name, "%s-%04u", keeper_kind_word((enum keeper_kind) kind),
                     ring->keys[kind][i].number);
            if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                shred(directory, name);
        }
    unlinkat(directory, ERASURES, 0);
    rmdir(path);
}

int keeper_directory_make(const char *path, const struct keeper_ring *ring, const uint8_t *erasures,
                          size_t num_erasures, struct keeper_error *error)
{
    char   made[MAX_PATH + 8], place[MAX_PATH + 8];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0 || length > MAX_PATH)
        return keeper_fail(error, TOC_ERR_OPTION, "the key directory's path has %zu bytes; allowed: 1 to %d", length,
                           MAX_PATH);
    snprintf(place, sizeof place, "%.*s", (int) length, path);
    snprintf(made, sizeof made, "%.*s.new", (int) length, path);
    if (mkdir(made, 0700) != 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "cannot make %.100s: %s%s", made, strerror(errno),
                           errno == EEXIST ? "; it is left from an interrupted run: remove it" : "");
    int fd = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
    if (fd < 0 || fill(fd, ring, erasures, num_erasures) != 0)
        ret = fail_system(error, made, "", "fill it");
    else if (rename(made, place) != 0)
        ret = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                  ? keeper_fail(error, KEEPER_ERR_KEYS,
                                "%.100s exists and is not an empty directory; keys are never written over", place)
                  : fail_system(error, place, "", "make it");
    else if (sync_parent(place) != 0)
        ret = fail_system(error, place, "", "sync it");
    if (ret != 0 && fd >= 0)
        remove_made(fd, ring, made);
    if (fd >= 0)
        close(fd);
    return ret;
}

/* Changes lie so far apart that each gives the directory another time, by which running keepers notice them. */
static void wait_for_new_time(int directory)
{
    const struct timespec pause = { .tv_nsec = CHANGE_NANOSECONDS };
    struct timespec       now;
    struct stat           status;
    if (fstat(directory, &status) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return;
    double age = (double) (now.tv_sec - status.st_mtim.tv_sec) + 1e-9 * (double) (now.tv_nsec - status.st_mtim.tv_nsec);
    if (age < 1e-9 * CHANGE_NANOSECONDS && age > -1)
        nanosleep(&pause, NULL);
}

int keeper_directory_add(const struct keeper_directory *directory, struct keeper_ring *ring, enum keeper_kind kind,
                         int64_t now, struct keeper_error *error)
{
    const struct keeper_key *newest = keeper_ring_find(ring, kind, 0);
    struct keeper_key        key = { .number = newest != NULL ? newest->number + 1 : 1, .created = now };
    wait_for_new_time(directory->fd);
    randombytes_buf(key.bytes, sizeof key.bytes);
    int ret = keeper_ring_add(ring, kind, &key, error);
    if (ret == 0 && (write_key(directory->fd, kind, &key) != 0 || fsync(directory->fd) != 0)) {
        ret = fail_system(error, directory->path, keeper_kind_word(kind), "write a new generation");
        sodium_memzero(&ring->keys[kind][--ring->num[kind]], sizeof key);
    }
    sodium_memzero(&key, sizeof key);
    return ret;
}

/* May this generation go? */
static int check_destroy(const struct keeper_ring *ring, enum keeper_kind kind, const struct keeper_key *key,
                         int64_t now, double backup_days, bool forced, struct keeper_error *error)
{
    if (key == keeper_ring_find(ring, kind, 0))
        return keeper_fail(error, KEEPER_ERR_KEYS, "%s-%04u is the newest and in use; make a new generation first",
                           keeper_kind_word(kind), key->number);
    double days = ((double) now - (double) key[1].created) / (double) INSTANT_DAY;
    if (!forced && !(days >= backup_days))
        return keeper_fail(error, KEEPER_ERR_YOUNG,
                           "%s-%04u was replaced %.1f days ago; backups made under it may "
                           "live until %.1f days have passed",
                           keeper_kind_word(kind), key->number, days, backup_days);
    return 0;
}

int keeper_directory_destroy(const struct keeper_directory *directory, struct keeper_ring *ring, enum keeper_kind kind,
                             uint32_t number, int64_t now, double backup_days, bool forced, struct keeper_error *error)
{
    char                     name[NAME_BYTES], going[NAME_BYTES + 8];
    const struct keeper_key *key = number != 0 ? keeper_ring_find(ring, kind, number) : NULL;
    if (key == NULL)
        return keeper_fail(error, KEEPER_ERR_GENERATION, "there is no %s-%04u", keeper_kind_word(kind), number);
    int ret = check_destroy(ring, kind, key, now, backup_days, forced, error);
    if (ret != 0)
        return ret;
    wait_for_new_time(directory->fd);
    snprintf(name, sizeof name, "%s-%04u", keeper_kind_word(kind), number);
    snprintf(going, sizeof going, ".gone-%s", name);
    /* Under its new name the key counts for nothing any more; a crash from here on is finished by the next start. */
    if (renameat(directory->fd, name, directory->fd, going) != 0 || fsync(directory->fd) != 0 ||
        shred(directory->fd, going) != 0 || fsync(directory->fd) != 0)
        return fail_system(error, directory->path, name, "destroy it");
    size_t at = (size_t) (key - ring->keys[kind]), behind = --ring->num[kind] - at;
    memmove(&ring->keys[kind][at], &ring->keys[kind][at + 1], behind * sizeof *key);
    sodium_memzero(&ring->keys[kind][ring->num[kind]], sizeof *key);
    return 0;
}

/* ---- the note on copies ---- */

struct keeper_copied keeper_directory_copied(const struct keeper_directory *directory)
{
    struct keeper_copied copied = { .made = INSTANT_MISSING };
    uint8_t              file[KEEPER_COPIED_BYTES];
    int                  fd = openat(directory->fd, COPIED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (read(fd, file, sizeof file) != sizeof file || !keeper_copied_read(file, &copied)))
        copied = (struct keeper_copied){ .made = INSTANT_MISSING };
    if (fd >= 0)
        close(fd);
    return copied;
}

int keeper_directory_note_copy(const struct keeper_directory *directory, const struct keeper_copied *copied,
                               struct keeper_error *error)
{
    uint8_t file[KEEPER_COPIED_BYTES];
    keeper_copied_write(copied, file);
    wait_for_new_time(directory->fd);
    if (make_file(directory->fd, COPIED, 0600, file, sizeof file, 0) != 0 || fsync(directory->fd) != 0)
        return fail_system(error, directory->path, COPIED, "write it");
    return 0;
}
