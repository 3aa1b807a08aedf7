/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/db_sqlite.h: what the files of the SQLite driver share. */
#ifndef STORE_DB_SQLITE_H
#define STORE_DB_SQLITE_H

#include <sqlite3.h>

#include "store/db_driver.h"

struct sqlite_checkpointer;

struct sqlite_db {
    struct db db;
    sqlite3  *handle;
    char     *path;
    int       lease_file; /* locked while we hold the lease; -1 = not held */
    int64_t   log_pages;
    bool      own_files; /* a file system of a test: no second connection, so that its calls keep their order */
    struct sqlite_checkpointer *checkpointer; /* of the holder of the lease */
};

struct sqlite_statement {
    struct db_statement statement;
    struct sqlite_db   *connection;
    sqlite3_stmt       *handle;
    struct db_value    *row; /* num_columns */
    size_t              num_columns;
    size_t              num_parameters; /* the highest $n */
    int                *places;         /* of $1 … : SQLite numbers names by their first appearance */
    bool                running, row_waits;
};

int sqlite_fail(struct sqlite_db *db, int code, struct db_error *error); /* code: SQLite's */
int sqlite_execute(struct db *db, const char *sql, struct db_error *error);
int sqlite_begin(struct db *db, enum db_transaction kind, struct db_error *error);
int sqlite_commit(struct db *db, struct db_error *error);
int sqlite_rollback(struct db *db);
int sqlite_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error);

/* Bind values to $1 …, run to the end; the statement has no rows. `bind` of the same statement may be left to it. */
int sqlite_bind(struct sqlite_statement *statement, const struct db_value *values, size_t num, size_t first,
                struct db_error *error);
int sqlite_finish(struct sqlite_statement *statement, struct db_error *error);

/* db_sqlite_cache.c, db_sqlite_memory.c: before the first connection of the process. */
void sqlite_cache_install(void);
void sqlite_memory_install(void);

/* db_sqlite_log.c: the name of a file system that writes the log in large pieces, over the one of this name (NULL: the
 * system's). Only where each commit is synced: others would look for its pages before they are in the file. */
const char *sqlite_log_over(const char *name);

/* db_sqlite_checkpoint.c: the thread beside the writer, and what SQLite calls after each commit. */
void sqlite_checkpoint_begin(struct sqlite_db *db);
void sqlite_checkpoint_end(struct sqlite_db *db);
int  sqlite_after_commit(void *context, sqlite3 *handle, const char *name, int pages);

int sqlite_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
                  struct db_error *error);
int sqlite_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
               struct db_error *error);
int sqlite_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
                  size_t num_rows, size_t *conflict, struct db_error *error);
int sqlite_remove(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
                  struct db_error *error);
int sqlite_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
                 void *context, struct db_error *error);
int sqlite_load_begin(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error);
int sqlite_load_row(struct db_load *load, const struct db_value *row, struct db_error *error);
int sqlite_load_end(struct db_load *load, struct db_error *error);
void sqlite_load_cancel(struct db_load *load);
int  sqlite_take_lease(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error);
int  sqlite_check_lease(struct db *db, int64_t fence, struct db_error *error);

#endif
