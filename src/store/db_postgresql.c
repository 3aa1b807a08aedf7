/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PostgreSQL driver: errors, statements, transactions, the lease. */
#include "store/db_postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"

/* "tocsin" and 1, for the advisory lock of this database's writer. */
#define LEASE_LOCK "8390033978155728897"

/* ---- errors ---- */

static int status_of(const char *state)
{
    static const struct {
        const char *state; /* a whole one or a class */
        int         status;
    } meanings[] = {
        { "23505", DB_ERR_CONFLICT }, { "53100", DB_ERR_FULL },    { "53200", TOC_ERR_NO_MEMORY },
        { "53300", DB_ERR_BUSY },     { "55P03", DB_ERR_BUSY },    { "55006", DB_ERR_BUSY },
        { "57014", DB_ERR_BUSY },     { "40001", DB_ERR_BUSY },    { "40P01", DB_ERR_BUSY },
        { "22021", BASE_ERR_INPUT },  { "22P05", BASE_ERR_INPUT }, { "XX001", DB_ERR_CORRUPT },
        { "XX002", DB_ERR_CORRUPT },  { "57P", DB_ERR_LOST },      { "08", DB_ERR_LOST },
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return meanings[i].status;
    return BASE_ERR_SYSTEM;
}

/* Only the primary message is shown: DETAIL and CONTEXT hold values of rows. */
int pg_fail(struct pg_db *db, PGresult *result, struct db_error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    int         ret = BASE_ERR_SYSTEM;
    if (PQstatus(db->connection) != CONNECTION_OK)
        ret = db_fail(error, DB_ERR_LOST, "the connection to PostgreSQL broke%s%s", message != NULL ? ": " : "",
                      message != NULL ? message : "");
    else if (state != NULL)
        ret = db_fail(error, status_of(state), "%s", message != NULL ? message : "PostgreSQL gave no reason");
    else
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "PostgreSQL's answer could not be read, for want of memory perhaps");
    PQclear(result);
    return ret;
}

bool pg_is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

int pg_execute(struct pg_db *db, const char *sql, struct db_error *error)
{
    int ret = pg_settle(db, error);
    if (ret != 0)
        return ret;
    PGresult *result = PQexec(db->connection, sql);
    if (!pg_is_good(result))
        return pg_fail(db, result, error);
    PQclear(result);
    return 0;
}

static int execute(struct db *db, const char *sql, struct db_error *error)
{
    return pg_execute((struct pg_db *) db, sql, error);
}

/* ---- statements ---- */

static void free_statement(struct pg_statement *statement)
{
    if (statement == NULL)
        return;
    PQclear(statement->result);
    free(statement->types);
    free((void *) statement->values);
    free(statement->lengths);
    free(statement->formats);
    free(statement->numbers);
    free(statement->row);
    free(statement->statement.sql);
    free(statement);
}

/* Its parameters' types and its number of columns, as the server found them. */
static int describe(struct pg_statement *statement, struct db_error *error)
{
    struct pg_db *db = statement->connection;
    PGresult     *result = PQdescribePrepared(db->connection, statement->name);
    if (!pg_is_good(result))
        return pg_fail(db, result, error);
    size_t num = (size_t) PQnparams(result);
    statement->num_parameters = num;
    statement->num_columns = (size_t) PQnfields(result);
    statement->types = memory_array(num + 1, sizeof *statement->types);
    statement->values = memory_array(num + 1, sizeof *statement->values);
    statement->lengths = memory_array(num + 1, sizeof *statement->lengths);
    statement->formats = memory_array(num + 1, sizeof *statement->formats);
    statement->numbers = memory_array(num + 1, sizeof *statement->numbers);
    statement->row = memory_array(statement->num_columns + 1, sizeof *statement->row);
    bool enough = statement->types != NULL && statement->values != NULL && statement->lengths != NULL &&
                  statement->formats != NULL && statement->numbers != NULL && statement->row != NULL;
    for (size_t i = 0; i < num && enough; i++)
        statement->types[i] = PQparamtype(result, (int) i);
    PQclear(result);
    return enough ? 0 : db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
}

static void deallocate(struct pg_db *db, const struct pg_statement *statement)
{
    char sql[40];
    snprintf(sql, sizeof sql, "DEALLOCATE %s", statement->name);
    pg_execute(db, sql, NULL);
}

int pg_prepare(struct db *base, const char *sql, struct db_statement **out, struct db_error *error)
{
    struct pg_db        *db = (struct pg_db *) base;
    struct db_statement *found = db_find_statement(base, sql), *dropped = NULL;
    if (found != NULL) {
        *out = found;
        return 0;
    }
    int ret = pg_settle(db, error);
    if (ret != 0)
        return ret;
    struct pg_statement *statement = memory_array(1, sizeof *statement);
    if (statement == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
    statement->connection = db;
    statement->statement.db = base;
    snprintf(statement->name, sizeof statement->name, "s%u", ++db->num_prepared);
    PGresult *result = PQprepare(db->connection, statement->name, sql, 0, NULL);
    if (!pg_is_good(result)) {
        free_statement(statement);
        return pg_fail(db, result, error);
    }
    PQclear(result);
    ret = describe(statement, error);
    if (ret == 0 && db_keep_statement(base, sql, &statement->statement, &dropped) != 0)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
    if (ret != 0) {
        deallocate(db, statement);
        free_statement(statement);
        return ret;
    }
    if (dropped != NULL) {
        deallocate(db, (struct pg_statement *) dropped);
        free_statement((struct pg_statement *) dropped);
    }
    *out = &statement->statement;
    return 0;
}

void pg_reset(struct db_statement *base)
{
    struct pg_statement *statement = (struct pg_statement *) base;
    PQclear(statement->result);
    statement->result = NULL;
}

int pg_run(struct db_statement *base, const struct db_value *parameters, size_t num, struct db_error *error)
{
    struct pg_statement *statement = (struct pg_statement *) base;
    struct pg_db        *db = statement->connection;
    pg_reset(base);
    if (num != statement->num_parameters)
        return db_fail(error, BASE_ERR_SYSTEM, "%zu parameters for a statement that has %zu", num,
                       statement->num_parameters);
    for (size_t i = 0; i < num; i++)
        if (!pg_encode(&parameters[i], statement->types[i], statement->numbers[i], &statement->values[i],
                       &statement->lengths[i], &statement->formats[i]))
            return db_fail(error, BASE_ERR_SYSTEM, "parameter $%zu is of another type than the statement wants", i + 1);
    if (db->puts_off && statement->num_columns == 0)
        return pg_put_off(db, statement, statement->values, statement->lengths, statement->formats,
                          (struct pg_sent){ PG_SENT_PLAIN, NULL, 0 }, error);
    PGresult *result = NULL;
    int       ret = pg_ask(db, statement, statement->values, statement->lengths, statement->formats, &result, error);
    if (ret != 0)
        return ret;
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        statement->result = result;
    else
        PQclear(result);
    statement->next = 0;
    return 0;
}

int pg_read_row(const PGresult *result, int at, struct db_value *row, size_t num_columns, struct db_error *error)
{
    for (int i = 0; i < (int) num_columns; i++) {
        if (PQgetisnull(result, at, i))
            row[i] = db_null();
        else if (!pg_decode(PQgetvalue(result, at, i), PQgetlength(result, at, i), PQftype(result, i), &row[i]))
            return db_fail(error, BASE_ERR_SYSTEM, "column %d of the answer has a type that the store does not use",
                           i + 1);
    }
    return 0;
}

int pg_step(struct db_statement *base, const struct db_value **row, size_t *num_columns, struct db_error *error)
{
    struct pg_statement *statement = (struct pg_statement *) base;
    PGresult            *result = statement->result;
    if (result == NULL || statement->next >= PQntuples(result)) {
        pg_reset(base);
        return 0;
    }
    int ret = pg_read_row(result, statement->next++, statement->row, statement->num_columns, error);
    if (ret != 0) {
        pg_reset(base);
        return ret;
    }
    *row = statement->row;
    *num_columns = statement->num_columns;
    return 1;
}

/* ---- transactions ---- */

static void reset_all(struct pg_db *db)
{
    for (size_t i = 0; i < db->db.num_statements; i++)
        pg_reset(db->db.statements[i]);
}

/* Of a group: put off, until something asks the database. */
static int begin_group(struct pg_db *db, const char *sql, struct db_error *error)
{
    struct db_statement *statement;
    int                  ret = pg_prepare(&db->db, sql, &statement, error);
    if (ret == 0)
        ret = pg_put_off(db, (struct pg_statement *) statement, NULL, NULL, NULL,
                         (struct pg_sent){ PG_SENT_PLAIN, NULL, 0 }, error);
    db->puts_off = ret == 0;
    return ret;
}

int pg_begin(struct db *base, enum db_transaction kind, struct db_error *error)
{
    static const char writing[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    struct pg_db     *db = (struct pg_db *) base;
    if (kind == DB_GROUP)
        return begin_group(db, writing, error);
    return pg_execute(db, kind == DB_WRITE ? writing : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

int pg_rollback(struct db *base)
{
    struct pg_db *db = (struct pg_db *) base;
    reset_all(db);
    db->puts_off = false;
    (void) pg_settle(db, NULL);
    if (PQtransactionStatus(db->connection) == PQTRANS_IDLE)
        return 0;
    return pg_execute(db, "ROLLBACK", NULL) == 0 ? 0 : DB_ERR_LOST;
}

int pg_commit(struct db *base, struct db_error *error)
{
    struct pg_db        *db = (struct pg_db *) base;
    struct db_statement *statement;
    PGresult            *result = NULL;
    reset_all(db);
    int ret = pg_prepare(base, "COMMIT", &statement, error);
    if (ret == 0)
        ret = pg_ask(db, (struct pg_statement *) statement, NULL, NULL, NULL, &result, error);
    db->puts_off = false;
    if (ret != 0) {
        if (ret != DB_ERR_LOST)
            pg_rollback(base);
        return ret;
    }
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0; /* of a failed transaction it says ROLLBACK */
    PQclear(result);
    return committed ? 0 : db_fail(error, BASE_ERR_SYSTEM, "PostgreSQL rolled the transaction back");
}

/* ---- the lease ---- */

/* The one integer of a statement's only row; *found: is there one? */
static int ask_integer(struct pg_db *db, const char *sql, const struct db_value *parameters, size_t num,
                       int64_t *answer, bool *found, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = pg_prepare(&db->db, sql, &statement, error);
    if (ret != 0)
        return ret;
    ret = pg_run(statement, parameters, num, error);
    if (ret == 0)
        ret = pg_step(statement, &row, &num_columns, error);
    *found = ret == 1;
    if (ret == 1)
        *answer = row[0].integer;
    pg_reset(statement);
    return ret < 0 ? ret : 0;
}

/* Within a transaction: make the table where there is none, and count one further. This waits until no transaction of
 * the last holder holds the row any more (check_lease). */
static int count_lease(struct pg_db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    int64_t exists = 0;
    bool    found;
    int ret = ask_integer(db, "SELECT count(*) FROM pg_class WHERE oid=to_regclass('lease')", NULL, 0, &exists, &found,
                          error);
    if (ret == 0 && exists == 0) {
        char *sql = NULL;
        ret = db_table_sql(&db->db, &db_lease_table, &sql);
        ret = ret != 0 ? db_fail(error, ret, "no memory") : pg_execute(db, sql, error);
        free(sql);
    }
    if (ret != 0)
        return ret;
    const struct db_value parameters[] = { db_word(holder), db_integer(now) };
    return ask_integer(db,
                       "INSERT INTO lease (one,fence,holder,taken) VALUES (1,1,$1,$2) ON CONFLICT (one) DO UPDATE "
                       "SET fence=lease.fence+1, holder=excluded.holder, taken=excluded.taken RETURNING fence",
                       parameters, 2, fence, &found, error);
}

/* The writer looks up by key and keeps its statements. A plan made when a table was empty would read all of it for each
 * look-up once it has grown, until the server happens to analyse it. */
int pg_plan_by_keys(struct pg_db *db, struct db_error *error)
{
    return pg_execute(db, "SET enable_seqscan=off; SET plan_cache_mode=force_generic_plan", error);
}

static int take_lease(struct db *base, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    struct pg_db *db = (struct pg_db *) base;
    int64_t       locked = 0, counted = 0;
    bool          found;
    int           ret = 0;
    if (!db->holds_lease) {
        ret = ask_integer(db, "SELECT pg_try_advisory_lock(" LEASE_LOCK ")", NULL, 0, &locked, &found, error);
        if (ret == 0 && !locked)
            ret = db_fail(error, DB_ERR_BUSY, "another process is the writer of this database");
    }
    if (ret == 0)
        ret = pg_plan_by_keys(db, error);
    if (ret == 0)
        ret = pg_begin(base, DB_WRITE, error);
    if (ret == 0) {
        ret = count_lease(db, holder, now, &counted, error);
        if (ret == 0)
            ret = pg_commit(base, error);
        else
            pg_rollback(base);
    }
    if (ret == 0) {
        db->holds_lease = true;
        *fence = counted;
    } else if (locked) {
        pg_execute(db, "SELECT pg_advisory_unlock(" LEASE_LOCK ")", NULL);
    }
    return ret;
}

/* The row is locked until this transaction ends: whoever takes the lease meanwhile waits for it, and so cannot read
 * what we are about to change. Where the number is another one the statement fails, so that a commit that was sent
 * behind it commits nothing. */
static int check_lease(struct db *base, int64_t fence, struct db_error *error)
{
    struct pg_db         *db = (struct pg_db *) base;
    struct db_statement  *found;
    const struct db_value number = db_integer(fence);
    int                   ret = pg_prepare(
                          base, "SELECT 1 / (CASE WHEN (SELECT fence FROM lease WHERE one=1 FOR SHARE) = $1 THEN 1 ELSE 0 END)", &found,
                          error);
    if (ret != 0)
        return ret;
    struct pg_statement *statement = (struct pg_statement *) found;
    if (!pg_encode(&number, statement->types[0], statement->numbers[0], &statement->values[0], &statement->lengths[0],
                   &statement->formats[0]))
        return db_fail(error, BASE_ERR_SYSTEM, "the number of the lease is of another type");
    ret = pg_put_off(db, statement, statement->values, statement->lengths, statement->formats,
                     (struct pg_sent){ PG_SENT_LEASE, NULL, 0 }, error);
    return ret == 0 && !db->puts_off ? pg_settle(db, error) : ret;
}

/* ---- opening ---- */

static int checkpoint(struct db *db, int64_t *pages_left, struct db_error *error)
{
    (void) db;
    (void) error;
    *pages_left = 0;
    return 0;
}

static int64_t log_pages(const struct db *db)
{
    (void) db;
    return 0;
}

static void close_connection(struct db *base)
{
    struct pg_db *db = (struct pg_db *) base;
    for (size_t i = 0; i < base->num_statements; i++)
        free_statement((struct pg_statement *) base->statements[i]);
    (void) pg_settle(db, NULL); /* else nobody could say what the transaction's state is */
    PGTransactionStatusType status = PQtransactionStatus(db->connection);
    if (db->holds_lease && (status == PQTRANS_INTRANS || status == PQTRANS_INERROR))
        pg_execute(db, "ROLLBACK", NULL);
    if (db->holds_lease && PQtransactionStatus(db->connection) == PQTRANS_IDLE) /* now, not when the server notices */
        pg_execute(db, "SELECT pg_advisory_unlock(" LEASE_LOCK ")", NULL);
    PQfinish(db->connection);
    sink_free(&db->bytes);
    free(db);
}

static const struct db_driver driver = {
    .close = close_connection,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .execute = execute,
    .prepare = pg_prepare,
    .run = pg_run,
    .step = pg_step,
    .reset = pg_reset,
    .insert = pg_insert,
    .add = pg_add,
    .update = pg_update,
    .remove = pg_remove,
    .fetch = pg_fetch,
    .load_begin = pg_load_begin,
    .load_row = pg_load_row,
    .load_end = pg_load_end,
    .load_cancel = pg_load_cancel,
    .take_lease = take_lease,
    .check_lease = check_lease,
    .checkpoint = checkpoint,
    .log_pages = log_pages,
};

static void ignore_notice(void *context, const PGresult *result)
{
    (void) context;
    (void) result;
}

/* libpq's words on a URL that it cannot read may hold the password that is in it. */
static bool is_readable(const char *url)
{
    char             *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    PQconninfoFree(options);
    PQfreemem(message);
    return options != NULL;
}

static int connect_to(struct pg_db *db, const char *url, struct db_error *error)
{
    /* A server that has gone without a word is given up; what the URL says of it holds, as it comes later. */
    static const char *const patience[][2] = { { "connect_timeout", "30" },
                                               { "keepalives_idle", "30" },
                                               { "keepalives_interval", "10" },
                                               { "keepalives_count", "3" },
                                               { "tcp_user_timeout", "60000" } };
    enum { NUM = sizeof patience / sizeof *patience };
    const char *names[NUM + 4] = { [NUM] = "dbname", "client_encoding", "fallback_application_name" };
    const char *values[NUM + 4] = { [NUM] = url, "UTF8", "tocsin" };
    for (size_t i = 0; i < NUM; i++) {
        names[i] = patience[i][0];
        values[i] = patience[i][1];
    }
    if (!is_readable(url))
        return db_fail(error, BASE_ERR_SYSTEM, "the database's address is not a URL that PostgreSQL understands");
    db->connection = PQconnectdbParams(names, values, 1);
    if (db->connection == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a connection");
    if (PQstatus(db->connection) != CONNECTION_OK) {
        const char *message = PQerrorMessage(db->connection);
        return db_fail(error, BASE_ERR_SYSTEM, "cannot reach the database: %.*s", (int) strcspn(message, "\n"),
                       message);
    }
    PQsetNoticeReceiver(db->connection, ignore_notice, NULL);
    return 0;
}

int db_postgresql_open(const char *url, const struct db_options *options, struct db **out, struct db_error *error)
{
    struct pg_db *db = memory_array(1, sizeof *db);
    if (db == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a connection");
    db->db.driver = &driver;
    db->db.postgresql = true;
    db->busy_ms = options->busy_ms != 0 ? options->busy_ms : DB_BUSY_MS;
    sink_init_memory(&db->bytes);
    int ret = connect_to(db, url, error);
    if (ret == 0)
        ret = pg_configure(db, options, error);
    if (ret == 0)
        *out = &db->db;
    else
        close_connection(&db->db);
    return ret;
}
