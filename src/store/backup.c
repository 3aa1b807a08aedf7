/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "store/audit_receipt.h"
#include "store/select_many.h"

static const char prefix[] = "tocsin-";
static const char unfinished[] = ".unfinished";

static int fail(struct db_error *error, int status, const char *what, const char *why)
{
    if (error != NULL) {
        error->status = status;
        snprintf(error->what, sizeof error->what, "%.90s: %.140s", what, why);
    }
    return status;
}

static int fail_errno(struct db_error *error, const char *what)
{
    return fail(error, errno == ENOSPC || errno == EDQUOT ? DB_ERR_FULL : BASE_ERR_SYSTEM, what, strerror(errno));
}

/* ---- names ---- */

/* 2026-11-22T02:00:00.… → 20261122T020000Z */
static void name_of(int64_t instant, char name[20])
{
    char text[INSTANT_TEXT_BYTES];
    instant_to_text(instant, text);
    size_t used = 0;
    for (const char *at = text; *at != '.' && *at != '\0' && used < 18; at++)
        if (*at != '-' && *at != ':')
            name[used++] = *at;
    name[used++] = 'Z';
    name[used] = '\0';
}

/* The instant in a file's name, or INSTANT_MISSING where it is no backup's. */
static int64_t instant_of(const char *file, const char *suffix)
{
    char    text[INSTANT_TEXT_BYTES];
    int64_t instant;
    if (strncmp(file, prefix, strlen(prefix)) != 0 || strlen(file) != strlen(prefix) + 16 + strlen(suffix) ||
        strcmp(file + strlen(prefix) + 16, suffix) != 0)
        return INSTANT_MISSING;
    const char *name = file + strlen(prefix);
    snprintf(text, sizeof text, "%.4s-%.2s-%.5s:%.2s:%.3s", name, name + 4, name + 6, name + 11, name + 13);
    return instant_from_text(text, strlen(text), &instant) == 0 ? instant : INSTANT_MISSING;
}

static int path_of(const char *directory, int64_t at, const char *suffix, char path[BACKUP_PATH_BYTES],
                   struct db_error *error)
{
    char name[20];
    name_of(at, name);
    int length = snprintf(path, BACKUP_PATH_BYTES, "%s/%s%s%s", directory, prefix, name, suffix);
    return length < BACKUP_PATH_BYTES ? 0 : fail(error, BASE_ERR_SYSTEM, directory, "the path is too long");
}

/* ---- making ---- */

static int write_file(void *context, const void *bytes, size_t size)
{
    const int  *fd = context;
    const char *next = bytes;
    while (size > 0) {
        ssize_t written = write(*fd, next, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == ENOSPC || errno == EDQUOT ? DB_ERR_FULL : BASE_ERR_SYSTEM;
        next += written;
        size -= (size_t) written;
    }
    return 0;
}

static int sync_directory(const char *directory, struct db_error *error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ret = fd >= 0 && fsync(fd) == 0 ? 0 : fail_errno(error, directory);
    if (fd >= 0)
        close(fd);
    return ret;
}

/* Give a finished file its name: synced before, the directory after. */
static int finish(int fd, const char *temporary, const char *path, const char *directory, struct db_error *error)
{
    if (fsync(fd) != 0 || rename(temporary, path) != 0)
        return fail_errno(error, path);
    return sync_directory(directory, error);
}

static int write_receipt(struct keeper *keeper, const struct audit_head *head, const struct backup_options *options,
                         struct db_error *error)
{
    struct audit_receipt receipt;
    struct keeper_error  keeper_error = { 0 };
    char                 text[AUDIT_RECEIPT_BYTES + 1], path[BACKUP_PATH_BYTES], temporary[BACKUP_PATH_BYTES + 16];
    if (head->number == 0)
        return 0; /* nothing has happened yet */
    if (audit_receipt_make(keeper, head, &receipt, &keeper_error) != 0)
        return fail(error, BASE_ERR_SYSTEM, "receipt", keeper_error.what);
    size_t size = audit_receipt_to_text(&receipt, text);
    text[size++] = '\n';
    int ret = path_of(options->directory, options->now, BACKUP_RECEIPT_SUFFIX, path, error);
    if (ret != 0)
        return ret;
    snprintf(temporary, sizeof temporary, "%s%s", path, unfinished);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, temporary);
    ret = write_file(&fd, text, size);
    ret = ret == 0 ? finish(fd, temporary, path, options->directory, error) : fail_errno(error, temporary);
    close(fd);
    if (ret != 0)
        unlink(temporary);
    return ret;
}

static int write_dump(struct db *db, const struct backup_options *options, struct backup *backup,
                      struct db_error *error)
{
    struct dump_options dump = { .progress = options->progress, .progress_context = options->progress_context };
    char                temporary[BACKUP_PATH_BYTES + 16];
    snprintf(temporary, sizeof temporary, "%s%s", backup->path, unfinished);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, temporary);
    int ret = dump_write(db, &dump, write_file, &fd, &backup->summary, error);
    if (ret == 0)
        ret = finish(fd, temporary, backup->path, options->directory, error);
    close(fd);
    if (ret != 0)
        unlink(temporary);
    return ret;
}

int backup_make(struct db *db, struct keeper *keeper, const struct backup_options *options, struct backup *backup,
                struct db_error *error)
{
    struct backup     made = { .at = options->now };
    struct audit_head head;
    struct stat       status;
    if (mkdir(options->directory, 0700) != 0 && errno != EEXIST)
        return fail_errno(error, options->directory);
    int ret = path_of(options->directory, options->now, BACKUP_SUFFIX, made.path, error);
    if (ret == 0 && stat(made.path, &status) == 0)
        ret = fail(error, DB_ERR_BUSY, made.path, "there is a backup of this second already");
    if (ret == 0) /* before the dump: whatever is in the dump is at or behind it */
        ret = audit_read_head(db, &head, error);
    if (ret == 0)
        ret = write_dump(db, options, &made, error);
    if (ret == 0)
        ret = write_receipt(keeper, &head, options, error);
    if (ret == 0)
        *backup = made;
    return ret;
}

/* ---- looking after them ---- */

/* Call `each` with the name and instant of every backup; unfinished ones have INSTANT_MISSING. */
static int walk(const char *directory, int (*each)(void *context, const char *file, int64_t at), void *context,
                struct db_error *error)
{
    DIR *stream = opendir(directory);
    int  ret = 0;
    if (stream == NULL)
        return errno == ENOENT ? 0 : fail_errno(error, directory);
    for (size_t i = 0; ret == 0 && i < BACKUP_MOST; i++) {
        struct dirent *entry = readdir(stream);
        if (entry == NULL)
            break;
        int64_t     at = instant_of(entry->d_name, BACKUP_SUFFIX);
        const char *end = strrchr(entry->d_name, '.');
        bool        is_unfinished =
            strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && end != NULL && strcmp(end, unfinished) == 0;
        if (at != INSTANT_MISSING || is_unfinished)
            ret = each(context, entry->d_name, at);
    }
    closedir(stream);
    return ret;
}

static int keep_newest(void *context, const char *file, int64_t at)
{
    (void) file;
    int64_t *newest = context;
    if (at != INSTANT_MISSING && (*newest == INSTANT_MISSING || at > *newest))
        *newest = at;
    return 0;
}

int backup_newest(const char *directory, struct backup *newest, struct db_error *error)
{
    struct backup found = { .at = INSTANT_MISSING };
    int           ret = walk(directory, keep_newest, &found.at, error);
    if (ret == 0 && found.at != INSTANT_MISSING)
        ret = path_of(directory, found.at, BACKUP_SUFFIX, found.path, error);
    if (ret == 0)
        *newest = found;
    return ret;
}

struct expiry {
    const char *directory;
    int64_t     newest, now, limit; /* backups at or before the limit go */
    size_t      deleted;
};

static int expire_one(void *context, const char *file, int64_t at)
{
    struct expiry *expiry = context;
    char           path[BACKUP_PATH_BYTES];
    struct stat    status;
    int            length = snprintf(path, sizeof path, "%s/%s", expiry->directory, file);
    if (length >= BACKUP_PATH_BYTES || stat(path, &status) != 0)
        return 0;
    bool stale = status.st_mtim.tv_sec * INSTANT_SECOND < expiry->now - INSTANT_DAY; /* nobody writes for so long */
    bool expired = at == INSTANT_MISSING ? stale : at <= expiry->limit && at != expiry->newest;
    if (!expired || unlink(path) != 0)
        return 0;
    expiry->deleted += at != INSTANT_MISSING;
    if (at != INSTANT_MISSING && path_of(expiry->directory, at, BACKUP_RECEIPT_SUFFIX, path, NULL) == 0)
        unlink(path);
    return 0;
}

int backup_expire(const char *directory, int64_t now, int64_t keep_days, size_t *deleted, struct db_error *error)
{
    struct expiry expiry = {
        .directory = directory, .newest = INSTANT_MISSING, .now = now, .limit = now - keep_days * INSTANT_DAY
    };
    int ret = walk(directory, keep_newest, &expiry.newest, error);
    if (ret == 0)
        ret = walk(directory, expire_one, &expiry, error);
    if (ret == 0)
        *deleted = expiry.deleted;
    return ret;
}

/* ---- the keys of backups that are gone ---- */

static int used_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) row;
    (void) num_columns;
    *(bool *) context = true;
    return 0;
}

/* Does any person's key still stand under this generation? */
static int in_use(struct db *db, uint32_t generation, bool *used, struct db_error *error)
{
    static const char *const asked[] = { "SELECT 1 FROM \"person_key\" WHERE \"generation\" = $1 LIMIT 1",
                                         "SELECT 1 FROM \"search_name\" WHERE \"generation\" = $1 LIMIT 1" };
    struct db_value          parameter = db_integer(generation);
    int                      ret = 0;
    *used = false;
    for (size_t i = 0; i < sizeof asked / sizeof *asked && ret == 0 && !*used; i++)
        ret = select_rows(db, asked[i], &parameter, 1, used_row, used, error);
    return ret;
}

int backup_keys_left(struct db *db, struct keeper *keeper, bool *left, struct db_error *error)
{
    static struct keeper_generation generations[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_error             keeper_error = { 0 };
    size_t                          num;
    bool                            used = false;
    int                             ret = 0;
    if (keeper_generations(keeper, generations, KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS, &num, &keeper_error) != 0)
        return fail(error, BASE_ERR_SYSTEM, "keys", keeper_error.what);
    for (size_t i = 0; ret == 0 && !used && i < num; i++)
        if (generations[i].kind == KEEPER_WRAP && generations[i].replaced != INSTANT_MISSING)
            ret = in_use(db, generations[i].number, &used, error);
    if (ret == 0)
        *left = used;
    return ret;
}

int backup_destroy_keys(struct db *db, struct keeper *keeper, int64_t now, size_t *destroyed, struct db_error *error)
{
    static struct keeper_generation generations[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_error             keeper_error = { 0 };
    size_t                          num, gone = 0;
    if (keeper_generations(keeper, generations, KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS, &num, &keeper_error) != 0)
        return fail(error, BASE_ERR_SYSTEM, "keys", keeper_error.what);
    for (size_t i = 0; i < num; i++) {
        bool used;
        if (generations[i].kind != KEEPER_WRAP || generations[i].replaced == INSTANT_MISSING)
            continue;
        int ret = in_use(db, generations[i].number, &used, error);
        if (ret != 0)
            return ret;
        int status = used ? KEEPER_ERR_YOUNG
                          : keeper_destroy(keeper, KEEPER_WRAP, generations[i].number, now, false, &keeper_error);
        if (status != 0 && status != KEEPER_ERR_YOUNG)
            return fail(error, BASE_ERR_SYSTEM, "keys", keeper_error.what);
        gone += status == 0;
    }
    *destroyed = gone;
    return 0;
}

/* ---- away from here ---- */

int backup_send(const struct backup *backup, const char *command, struct db_error *error)
{
    extern char              **environ;
    const char                *name = strrchr(backup->path, '/') + 1;
    char                      *arguments[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(command), NULL };
    posix_spawn_file_actions_t actions;
    pid_t                      process;
    int                        status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, backup->path, O_RDONLY, 0);
    setenv("TOCSIN_BACKUP", name, 1);
    int failure = arguments[2] != NULL ? posix_spawn(&process, "/bin/sh", &actions, NULL, arguments, environ) : ENOMEM;
    posix_spawn_file_actions_destroy(&actions);
    free(arguments[2]);
    if (failure != 0)
        return fail(error, BASE_ERR_SYSTEM, "backup_send", strerror(failure));
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return fail(error, BASE_ERR_SYSTEM, "backup_send", "the command did not end with 0; the backup is here, not there");
}

int backup_read_file(void *context, void *bytes, size_t size, size_t *got)
{
    const int *fd = context;
    for (;;) {
        ssize_t num = read(*fd, bytes, size);
        if (num < 0 && errno == EINTR)
            continue;
        if (num < 0)
            return BASE_ERR_SYSTEM;
        *got = (size_t) num;
        return 0;
    }
}
