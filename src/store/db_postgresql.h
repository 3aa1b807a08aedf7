/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/db_postgresql.h: what the files of the PostgreSQL driver share. Values travel in libpq's binary format. */
#ifndef STORE_DB_POSTGRESQL_H
#define STORE_DB_POSTGRESQL_H

#include <libpq-fe.h>

#include "base/sink.h"
#include "store/db_driver.h"

/* Numbers of types in the server's catalogue; they never change. */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_OID = 26,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_UNKNOWN = 705,
    PG_BPCHAR = 1042,
    PG_VARCHAR = 1043,
    PG_NUMERIC = 1700,
    PG_VOID = 2278,
    PG_UUID = 2950
};

/* A statement that was sent and whose answer has not been asked for (db_postgresql_pipe.c). */
struct pg_sent {
    enum { PG_SENT_PLAIN, PG_SENT_UPDATE, PG_SENT_LEASE } kind;
    const char *table;    /* of an update */
    size_t      num_rows; /* that it must change */
};
#define PG_SENT_MOST 64

struct pg_db {
    struct db      db;
    PGconn        *connection;
    struct sink    bytes; /* arrays and rows on their way */
    unsigned       num_prepared;
    int            busy_ms;
    bool           holds_lease;
    bool           puts_off; /* a DB_GROUP is open */
    struct pg_sent sent[PG_SENT_MOST];
    size_t         num_sent;
};

struct pg_statement {
    struct db_statement statement;
    struct pg_db       *connection;
    char                name[16];
    size_t              num_parameters;
    Oid                *types;  /* of the parameters */
    const char        **values; /* a run's parameters, as libpq wants them */
    int                *lengths, *formats;
    char (*numbers)[32]; /* where their numbers are written */
    PGresult        *result;
    int              next; /* row */
    struct db_value *row;
    size_t           num_columns;
};

/* The status of a failed result (NULL: of the connection), with its sentence. Frees the result. */
int pg_fail(struct pg_db *db, PGresult *result, struct db_error *error);

bool pg_is_good(const PGresult *result);

/* Run one statement without parameters. */
int pg_execute(struct pg_db *db, const char *sql, struct db_error *error);

/* Plan once, by keys. */
int pg_plan_by_keys(struct pg_db *db, struct db_error *error);

int  pg_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error);
int  pg_run(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error);
int  pg_step(struct db_statement *statement, const struct db_value **row, size_t *num_columns, struct db_error *error);
void pg_reset(struct db_statement *statement);
/* The values of row number `at` of an answer, borrowed from it. */
int pg_read_row(const PGresult *result, int at, struct db_value *row, size_t num_columns, struct db_error *error);
int pg_begin(struct db *db, enum db_transaction kind, struct db_error *error);
int pg_commit(struct db *db, struct db_error *error);
int pg_rollback(struct db *db);

/* ---- db_postgresql_values.c ---- */

/* A parameter of a type, in binary where we know it, else as text. `number` has room for 32 bytes. False: the value
 * does not fit the type. */
bool pg_encode(const struct db_value *value, Oid type, char *number, const char **bytes, int *length, int *format);

/* A value of an answer; false: of a type that no column of ours has. */
bool pg_decode(const char *bytes, int length, Oid type, struct db_value *value);

/* What a column's values are: the type's number. */
Oid pg_type_of(enum db_kind kind);

/* int32 length, then the value as the column's type has it (-1 alone: NULL). */
void pg_write_field(struct sink *sink, const struct db_value *value);
void pg_write_int32(struct sink *sink, int32_t number);
void pg_write_int16(struct sink *sink, int16_t number);

/* ---- db_postgresql_pipe.c: statements whose answers nobody waits for ----
 *
 * In a DB_GROUP what changes rows is sent and its answer left for later; whatever needs an answer asks for all of them
 * at once, so that a group costs a round trip for each answer it needs and one for its commit, not one a statement. */

/* Run a prepared statement, and before it what was put off: its answer, the caller's to clear. */
int pg_ask(struct pg_db *db, const struct pg_statement *statement, const char *const *values, const int *lengths,
           const int *formats, PGresult **result, struct db_error *error);
/* The same, put off. */
int pg_put_off(struct pg_db *db, const struct pg_statement *statement, const char *const *values, const int *lengths,
               const int *formats, struct pg_sent sent, struct db_error *error);
/* The answers of all that was put off. */
int pg_settle(struct pg_db *db, struct db_error *error);

/* ---- db_postgresql_rows.c ---- */

int  pg_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
               struct db_error *error);
int  pg_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
            struct db_error *error);
int  pg_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
               size_t num_rows, size_t *conflict, struct db_error *error);
int  pg_remove(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
               struct db_error *error);
int  pg_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
              void *context, struct db_error *error);
int  pg_load_begin(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error);
int  pg_load_row(struct db_load *load, const struct db_value *row, struct db_error *error);
int  pg_load_end(struct db_load *load, struct db_error *error);
void pg_load_cancel(struct db_load *load);

/* ---- db_postgresql_open.c ---- */

/* Set what a session may set, refuse what would lose or leak data, warn of the rest. */
int pg_configure(struct pg_db *db, const struct db_options *options, struct db_error *error);

#endif
