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
#include <string.h>

#include "base/id.h"
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

/* Two more come from base/fault.h: BASE_ERR_INPUT (a value that the column cannot hold: text that is not UTF-8 or has a
 * NUL, a number that is not finite, an id that is not 16 bytes; refused before the database sees it) and
 * BASE_ERR_SYSTEM. */

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

static inline struct db_value db_null(void)
{
    return (struct db_value){ .type = DB_NULL };
}
static inline struct db_value db_integer(int64_t integer)
{
    return (struct db_value){ .type = DB_INTEGER, .integer = integer };
}
static inline struct db_value db_real(double real)
{
    return (struct db_value){ .type = DB_REAL, .real = real };
}
static inline struct db_value db_text(const char *bytes, size_t size)
{
    return (struct db_value){ .type = DB_TEXT, .bytes = bytes, .size = size };
}
static inline struct db_value db_word(const char *text) /* a text that ends with '\0'; NULL = '' */
{
    return db_text(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}
static inline struct db_value db_bytes(const void *bytes, size_t size)
{
    return (struct db_value){ .type = DB_BYTES, .bytes = bytes, .size = size };
}
static inline struct db_value db_id(const struct id *id) /* borrowed; a missing id is NULL */
{
    return id_is_missing(id) ? db_null() : db_bytes(id->bytes, ID_BYTES);
}

struct db;           /* a connection */
struct db_statement; /* prepared, owned by the connection */

struct db_options {
    bool        read_only;        /* for readers: any attempt to write fails */
    bool        create;           /* SQLite: make the file where there is none (mode 0600) */
    const char *vfs;              /* SQLite: the file system shim of a test; NULL = the system's */
    bool        unsafe_test_sync; /* tests alone: synchronous=OFF, to prove that the power tests notice it */
    size_t      cache_bytes;      /* SQLite: its page cache; 0 = DB_CACHE_BYTES, of a reader DB_READER_CACHE_BYTES */
    int         busy_ms;          /* how long to wait for somebody else's lock; 0 = DB_BUSY_MS */
    int         statement_ms;     /* PostgreSQL: a statement may run so long; 0 = no limit */
    bool        by_keys;          /* PostgreSQL: plan once, by keys, as db_take_lease has it */
    /* Tests: put a connection of one's own around the one that was opened (db_driver.h), to fail its n-th call. */
    int (*wrap)(void *context, struct db *inner, struct db **outer);
    void *wrap_context;
};
#define DB_CACHE_BYTES ((size_t) 256 << 20)
#define DB_READER_CACHE_BYTES ((size_t) 32 << 20)
#define DB_BUSY_MS 5000

/* Open "sqlite:PATH", a path, or "postgresql://…". PostgreSQL is refused unless fsync, full_page_writes and
 * synchronous_commit are on. */
int  db_open(const char *url, const struct db_options *options, struct db **db, struct db_error *error);
void db_close(struct db *db); /* NULL is fine */

bool db_is_postgresql(const struct db *db);

/* What an operator should hear of this connection's database, one sentence (others may read its file; its server may
 * write rows into its log), or NULL. */
const char *db_warning(const struct db *db);

/* Transactions. A READ transaction sees one snapshot, of its first reading, to its end. They do not nest. Commit and
 * rollback put every statement to rest. A commit that fails has kept nothing, except with DB_ERR_LOST: then nobody
 * knows (a broken connection, a failed fsync), and this connection is of no use any more.
 *
 * DB_GROUP is a DB_WRITE in which PostgreSQL is not waited for until something needs an answer: what is wrong with an
 * insert, an addition, a deletion, an update without versions, a statement without columns or the lease may be told by
 * a later call of the transaction, by its commit at the latest, which then has kept nothing. */
enum db_transaction { DB_READ, DB_WRITE, DB_GROUP };
int db_begin(struct db *db, enum db_transaction kind, struct db_error *error);
int db_commit(struct db *db, struct db_error *error); /* 0 = durable */
int db_rollback(struct db *db);                       /* 0, or DB_ERR_LOST */

/* Run SQL without parameters and results, several statements separated by ';'. */
int db_execute(struct db *db, const char *sql, struct db_error *error);

/* The prepared statement of this SQL; the connection keeps it, so the same text (by content) is prepared once. Ask for
 * it before each use: the connection keeps the DB_STATEMENTS newest and may drop one that has not been asked for since.
 * Names of tables and columns stand between double quotes: "case" and "order" are words of SQL. */
#define DB_STATEMENTS 256
int db_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error);

/* Start a statement with its parameters $1 … $num, all of which it must name; those of an earlier run are gone. A
 * statement without rows has done its work when this returns. */
int db_run(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error);

/* The next row: 1 and its values (*num_columns of them), 0 = no more, or a status. After 0 or a failure the statement
 * is at rest. PostgreSQL's whole answer stands in memory: page large reads by key. Sums of integers are INTEGER, truth
 * is INTEGER 0 or 1, ids are BYTES. */
int db_step(struct db_statement *statement, const struct db_value **row, size_t *num_columns, struct db_error *error);

/* Give up the rows that are left. */
void db_reset(struct db_statement *statement);

/* ---- bulk changes: the group commit's way in ----
 *
 * Rows of one table at a time: num_rows × columns values, row by row. SQLite runs one prepared statement a row;
 * PostgreSQL one statement with an array a column; what comes out is as if row after row had been done. All rows or
 * an error.
 *
 * What a column holds   SQLite             PostgreSQL           missing
 *   DB_KIND_ID          BLOB, 16 bytes     uuid                 NULL
 *   DB_KIND_INTEGER     INTEGER            bigint               NULL
 *   DB_KIND_REAL        REAL               double precision     NULL
 *   DB_KIND_TEXT        TEXT               text COLLATE "C"     '', never NULL: the databases sort NULLs at opposite
 *   DB_KIND_BYTES       BLOB               bytea                NULL                                            ends
 * Sort by columns that are not_null alone.
 */
enum db_kind { DB_KIND_ID, DB_KIND_INTEGER, DB_KIND_REAL, DB_KIND_TEXT, DB_KIND_BYTES };

struct db_column {
    const char  *name;
    enum db_kind kind;
    bool         not_null; /* TEXT columns always are, whatever this says */
};

#define DB_INDEX_COLUMNS 8
struct db_index {
    const char *name;                      /* differs from all other names of indexes and tables */
    const char *columns[DB_INDEX_COLUMNS]; /* ends with NULL or the array's end */
    /* Rows without a value in the first column are left out; in the others '' equals '', but NULL never equals NULL. */
    bool unique; /* Of other indexes too, where it is an id: most references are missing in most rows. */
};
#define DB_MAX_COLUMNS 160

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

/* Insert; where the key exists, add the `sum` columns (INTEGER; a set of column numbers, bit 0 = the first) instead.
 * Every column is of the key or of `sum`. */
int db_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
           struct db_error *error);

/* Replace the row with the same key. Where `version_column` is >= 0, only if the stored row has, in that column, the
 * new row's value - 1; otherwise, and where there is no such row, DB_ERR_CONFLICT, and *conflict (may be NULL) is the
 * index of the first such row; num_rows where it is another unique key that exists (of both faults in one call either
 * may be told). */
int db_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
              size_t num_rows, size_t *conflict, struct db_error *error);

/* Delete the rows of these keys (num_key values a row). Keys that do not exist are no error. */
int db_delete(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
              struct db_error *error);

/* The rows of these keys (num_key values a row, each key once), all columns, in no order; keys that do not exist have
 * none. `row` returns 0, or what ends the reading and is returned. Its values are borrowed until it returns, and it may
 * not ask this connection for anything. */
typedef int db_row(void *context, const struct db_value *row, size_t num_columns);
int db_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
             void *context, struct db_error *error);

/* Load many rows into a table that is empty or has none of these keys, as fast as the database can: a stream between
 * begin and end, inside a transaction (PostgreSQL: COPY in binary; nothing else may be done in between). Rows come
 * best in the order of their keys. The other indexes of an empty table are made at the end: a second unique key that
 * stands twice is told then. After a cancelled load the transaction is rolled back. */
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

/* ---- keeping SQLite's write-ahead log short ----
 *
 * A checkpoint copies the log into the database file; left to the commit that happens to pass a threshold it makes that
 * commit slow. So the holder of the lease has a thread beside it that copies while commits go on, and copies the little
 * that is left itself when the log has become long (db_sqlite_checkpoint.c); others, and those with a `vfs` of their
 * own, copy at the high mark DB_WAL_MOST. db_checkpoint copies now, waiting for nobody. *pages_left: what of the log is
 * not in the file yet (0: the next commit begins the log anew). PostgreSQL: 0.
 */
#define DB_WAL_MOST 131072 /* 256 MiB */
int db_checkpoint(struct db *db, int64_t *pages_left, struct db_error *error);

/* Pages in the log after this connection's last commit; PostgreSQL: 0. */
int64_t db_log_pages(const struct db *db);

/* ---- making tables (migrations, restore) ---- */

/* "CREATE TABLE …;" in this database's types, and "CREATE INDEX …;" of one of its indexes; 0 or TOC_ERR_NO_MEMORY;
 * free() the text. A table whose key is one INTEGER has that as its rowid; every other is WITHOUT ROWID in SQLite.
 * There are no foreign keys: the writer checks references before it writes (it must name the field at fault, and rows
 * arrive in any order from devices that were offline); a check over all tables is `tocsin check`. */
int db_table_sql(const struct db *db, const struct db_table *table, char **sql);
int db_index_sql(const struct db *db, const struct db_table *table, const struct db_index *index, char **sql);

#endif
