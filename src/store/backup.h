/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/backup.h: backups of a node: a dump (dump.h) of one moment, made while the node works, in a directory.
 *
 *     tocsin-20261122T020000Z.backup      the dump, complete when it has this name
 *     tocsin-20261122T020000Z.receipt     the head of the audit chain at that moment, signed (audit_receipt.h)
 *
 * A backup holds no key of the node: without the key directory, or its sealed recovery copy, nobody reads an identity
 * in it. It is deleted backup_keep_days after it was made, and the generation of keys that could open it dies then as
 * well (backup_destroy_keys): who was erased is then gone from every copy, wherever it lies.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/dump.h"
#include "store/keeper.h"

#define BACKUP_PATH_BYTES 4096
#define BACKUP_SUFFIX ".backup"
#define BACKUP_RECEIPT_SUFFIX ".receipt"
#define BACKUP_MOST 100000 /* files of a directory that are looked at */

struct backup {
    char                path[BACKUP_PATH_BYTES];
    int64_t             at; /* the instant in its name, to the second */
    struct dump_summary summary;
};

struct backup_options {
    const char    *directory; /* made, with mode 0700, where there is none */
    int64_t        now;
    dump_progress *progress; /* may be NULL */
    void          *progress_context;
};

/* Make a backup from a reader's connection. The file takes its name when it is whole and synced; on failure nothing of
 * it stays. 0, DB_ERR_FULL, or another status with the reason in error. */
int backup_make(struct db *db, struct keeper *keeper, const struct backup_options *options, struct backup *backup,
                struct db_error *error);

/* The newest backup of a directory; at = INSTANT_MISSING where there is none. */
int backup_newest(const char *directory, struct backup *newest, struct db_error *error);

/* Delete the backups made `keep_days` before `now` or earlier, and what was never finished. Never the newest one. */
int backup_expire(const char *directory, int64_t now, int64_t keep_days, size_t *deleted, struct db_error *error);

/* Does the key of any person still stand under a generation that has a successor? Then a rotation was cut short. */
int backup_keys_left(struct db *db, struct keeper *keeper, bool *left, struct db_error *error);

/* Destroy the generations of wrapping keys under which no person's key stands any more in the database, once they are
 * old enough that the last backup made under them has expired (keeper_destroy). */
int backup_destroy_keys(struct db *db, struct keeper *keeper, int64_t now, size_t *destroyed, struct db_error *error);

/* Hand a finished backup to a command of the operator's (`sh -c COMMAND`), on its standard input, with its file name in
 * TOCSIN_BACKUP: to carry it off the site. 0, or BASE_ERR_SYSTEM where it ended with anything but 0. */
int backup_send(const struct backup *backup, const char *command, struct db_error *error);

/* As dump_read_bytes: context is an int *, an open file. */
dump_read_bytes backup_read_file;

#endif
