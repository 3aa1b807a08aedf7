/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/db_driver.h: what a database driver provides. For src/store/db*.c and for tests that put a driver of their
 * own around another one; everybody else uses db.h.
 *
 * A driver's connection begins with struct db, its statements with struct db_statement, its loads with struct db_load.
 * db.c has checked the values, the state of the transaction and `read_only` before it calls a driver. It asks the
 * driver of statement->db or load->db; a wrapper that wants to be asked sets these to itself (the drivers know their
 * connection by a member of their own) and passes calls on with db_run(…) or inner->driver->run(…).
 */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "store/db.h"

struct sink;

struct db_driver {
    void (*close)(struct db *db);
    int (*begin)(struct db *db, enum db_transaction kind, struct db_error *error);
    int (*commit)(struct db *db, struct db_error *error); /* after a failure the driver has rolled back */
    int (*rollback)(struct db *db);
    int (*execute)(struct db *db, const char *sql, struct db_error *error);
    int (*prepare)(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error);
    int (*run)(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error);
    int (*step)(struct db_statement *statement, const struct db_value **row, size_t *num_columns,
                struct db_error *error);
    void (*reset)(struct db_statement *statement);
    int (*insert)(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
                  struct db_error *error);
    int (*add)(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
               struct db_error *error);
    int (*update)(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
                  size_t num_rows, size_t *conflict, struct db_error *error);
    int (*remove)(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
                  struct db_error *error);
    int (*fetch)(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
                 void *context, struct db_error *error);
    int (*load_begin)(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error);
    int (*load_row)(struct db_load *load, const struct db_value *row, struct db_error *error);
    int (*load_end)(struct db_load *load, struct db_error *error);
    void (*load_cancel)(struct db_load *load);
    int (*take_lease)(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error);
    int (*check_lease)(struct db *db, int64_t fence, struct db_error *error);
    int (*checkpoint)(struct db *db, int64_t *pages_left, struct db_error *error);
    int64_t (*log_pages)(const struct db *db);
};

enum db_state { DB_AT_REST, DB_READING, DB_WRITING };

struct db {
    const struct db_driver *driver;
    bool                    postgresql;
    bool                    read_only;
    enum db_state           state;
    int                     failure; /* the first one of this transaction; 0 = none */
    bool                    lost;    /* DB_ERR_LOST: nothing works any more */
    char                    warning[240];
    /* the prepared statements, in no order */
    struct db_statement *statements[DB_STATEMENTS];
    size_t               num_statements;
    uint64_t             asked;
};

struct db_statement {
    struct db *db;
    char      *sql;
    uint64_t   hash;  /* of sql */
    uint64_t   asked; /* db->asked when it was asked for last */
};

struct db_load {
    struct db             *db;
    struct db             *connection; /* the driver's own */
    const struct db_table *table;
};

int db_sqlite_open(const char *path, const struct db_options *options, struct db **db, struct db_error *error);
int db_postgresql_open(const char *url, const struct db_options *options, struct db **db, struct db_error *error);

/* Fill in error (may be NULL) and return status. */
int db_fail(struct db_error *error, int status, const char *what, ...) __attribute__((format(printf, 3, 4)));

/* Do the values fit the columns? What every change of rows asks first: 0 or BASE_ERR_INPUT. */
int db_check_row(const struct db_table *table, const struct db_value *row, struct db_error *error);

/* "name" */
void db_write_name(struct sink *sql, const char *name);
/* "a","b",… of the columns first … first + num - 1 */
void db_write_columns(struct sink *sql, const struct db_table *table, size_t first, size_t num);

/* The kept statement of this text, or NULL. */
struct db_statement *db_find_statement(struct db *db, const char *sql);
/* Keep a statement; returns the one that has to go for it, or NULL. 0 or TOC_ERR_NO_MEMORY. */
int db_keep_statement(struct db *db, const char *sql, struct db_statement *statement, struct db_statement **dropped);

/* The table of the lease. The drivers make it themselves, before any migration. */
extern const struct db_table db_lease_table;

/* The statements of db_table_sql and db_index_sql, in a database's words or in those of migration files, where what the
 * databases say differently stands between braces. */
enum db_dialect { DB_SQLITE, DB_POSTGRESQL, DB_NEUTRAL };
void db_write_table(struct sink *sql, const struct db_table *table, enum db_dialect dialect);
void db_write_index(struct sink *sql, const struct db_table *table, const struct db_index *index);
/* Has a row without a value in the index's first column no entry? And behind the index, or behind a reading of all of
 * it, the WHERE that says so, where it is. */
bool db_index_is_partial(const struct db_table *table, const struct db_index *index);
void db_write_index_rows(struct sink *sql, const struct db_table *table, const struct db_index *index);
/* "name" type NOT NULL … */
void db_write_column(struct sink *sql, const struct db_table *table, size_t column, enum db_dialect dialect);
/* A neutral text in a database's words. False: there are words in braces that mean nothing. */
bool db_translate(struct sink *sql, const char *neutral, enum db_dialect dialect);

/* A text made in a memory sink, ended by '\0', or NULL where there was no memory; free() it. The sink is empty then. */
char *db_take_text(struct sink *sql);

#endif
