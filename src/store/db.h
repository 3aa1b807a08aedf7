/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/db.h: one connection to one database, SQLite or PostgreSQL, behind a narrow interface.
 *
 * The store's own code writes SQL once, in the dialect that both speak (DESIGN section 5): ids are 16 bytes, instants
 * int64, dates and times ISO text, no booleans, no LIKE, sort columns NOT NULL, parameters $1 … $n, `COLLATE "C"` as
 * the columns have it. What the two do differently stands behind the functions here: types, bulk changes, the lease.
 *
 * A connection belongs to one thread at a time. Values of a row are borrowed until the next step of its statement.
 * Functions return 0 or a negative status: TOC_ERR_NO_MEMORY, BASE_ERR_SYSTEM (the database refused; error->what says
 * why), or one of enum db_status. After any failure within a transaction only db_rollback is allowed.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

enum db_status {
    DB_ERR_BUSY = -1100,     /* somebody else holds what is needed (the lease, a lock); remedy: try again later */
    DB_ERR_CONFLICT = -1101, /* a unique key exists already, or a changed row has another version */
    DB_ERR_FULL = -1102,     /* the disk is full; nothing of the transaction is kept */
    DB_ERR_LOST = -1103,     /* the connection broke; whether a commit under way happened is unknown */
    DB_ERR_FENCED = -1104,   /* another process has taken the lease: this one may write no more */
    DB_ERR_CORRUPT = -1105,  /* the file is damaged; remedy: tocsin check, then restore */
    DB_ERR_NEWER = -1106     /* written by a newer Tocsin; remedy: install that version */
};

/* What the database said, in one line for the log and for people. Never a value of a row: PostgreSQL's DETAIL and
 * SQLite's bound values are left out. Callers may pass NULL. */
struct db_error {
    int  status;
    char what[240];
};

enum db_type { DB_NULL, DB_INTEGER, DB_REAL, DB_TEXT, DB_BYTES };

struct db_value {
    enum db_type type;
    union {
        int64_t integer;
        double  real;
        struct {
            const char *bytes; /* TEXT: UTF-8 without an end mark; BYTES */
            size_t      size;
        };
    };
};

struct db;           /* a connection */
struct db_statement; /* prepared, owned by the connection */

struct db_options {
    bool        read_only;        /* for readers: any attempt to write fails */
    bool        create;           /* SQLite: make the file where there is none (mode 0600) */
    const char *vfs;              /* SQLite: the file system shim of a test; NULL = the system's */
    bool        unsafe_test_sync; /* tests alone: synchronous=OFF, to prove that the power tests notice it */
};

/* Open "sqlite:PATH", a path, or "postgresql://…". PostgreSQL is refused unless fsync, full_page_writes and
 * synchronous_commit are on. */
int  db_open(const char *url, const struct db_options *options, struct db **db, struct db_error *error);
void db_close(struct db *db); /* NULL is fine */

bool db_is_postgresql(const struct db *db);

/* Transactions. A READ transaction sees one snapshot to its end. */
enum db_transaction { DB_READ, DB_WRITE };
int db_begin(struct db *db, enum db_transaction kind, struct db_error *error);
int db_commit(struct db *db, struct db_error *error); /* 0 = durable */
int db_rollback(struct db *db);                       /* 0, or DB_ERR_LOST */

/* Run SQL without parameters and results, several statements separated by ';'. */
int db_execute(struct db *db, const char *sql, struct db_error *error);

/* The prepared statement of this SQL; the connection keeps it, so the same text (by content) is prepared once. */
int db_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error);

/* Start a statement with its parameters $1 … $num; those of an earlier run are gone. */
int db_run(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error);

/* The next row: 1 and its values (*num_columns of them), 0 = no more, or a status. After 0 or a failure the statement
 * is at rest. */
int db_step(struct db_statement *statement, const struct db_value **row, size_t *num_columns, struct db_error *error);

/* Give up the rows that are left. */
void db_reset(struct db_statement *statement);

/* ---- bulk changes: the group commit's way in ----
 *
 * Rows of one table at a time: num_rows × columns values, row by row. SQLite runs one prepared statement a row;
 * PostgreSQL one statement with an array a column. All rows or an error.
 */
enum db_kind { DB_KIND_ID, DB_KIND_INTEGER, DB_KIND_REAL, DB_KIND_TEXT, DB_KIND_BYTES };

struct db_column {
    const char  *name;
    enum db_kind kind;
    bool         not_null;
};

struct db_index {
    const char *name;
    const char *columns[6]; /* ends with NULL or the array's end */
    bool        unique;
};

struct db_table {
    const char             *name;
    const struct db_column *columns;
    size_t                  num_columns;
    size_t                  num_key; /* the first columns are the primary key */
    const struct db_index  *indexes;
    size_t                  num_indexes;
};

int db_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
              struct db_error *error);

/* Insert; where the key exists, add the `sum` columns (INTEGER; a set of column numbers, bit 0 = the first) instead. */
int db_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
           struct db_error *error);

/* Replace the row with the same key. Where `version_column` is >= 0, only if the stored row has, in that column, the
 * new row's value - 1; otherwise DB_ERR_CONFLICT, and *conflict is the index of the first such row. */
int db_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
              size_t num_rows, size_t *conflict, struct db_error *error);

/* Delete the rows of these keys (num_key values a row). Keys that do not exist are no error. */
int db_delete(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
              struct db_error *error);

/* Load many rows into a table that is empty or has none of these keys, as fast as the database can: a stream between
 * begin and end, inside a transaction (PostgreSQL: COPY in binary). */
struct db_load;
int  db_load_begin(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error);
int  db_load_row(struct db_load *load, const struct db_value *row, struct db_error *error);
int  db_load_end(struct db_load *load, struct db_error *error); /* frees it either way */
void db_load_cancel(struct db_load *load);

/* ---- the lease: exactly one writer ----
 *
 * Taken when the writer starts and held while its connection lives: an exclusive lock beside the SQLite file, an
 * advisory lock on PostgreSQL. Each taking adds 1 to the fencing number in table `lease`; db_check_lease, run in each
 * writing transaction, fails with DB_ERR_FENCED where the number is no longer ours.
 */
int db_take_lease(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error);
int db_check_lease(struct db *db, int64_t fence, struct db_error *error);

/* ---- making and comparing tables (migrations) ---- */

/* "CREATE TABLE …" and "CREATE INDEX …" of a table in this database's types; 0 or TOC_ERR_NO_MEMORY; free() the text.
 */
int db_table_sql(const struct db *db, const struct db_table *table, char **sql);

#endif
