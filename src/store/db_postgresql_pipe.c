/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PostgreSQL driver: statements whose answers nobody waits for, in libpq's pipeline mode. The mode is on only while
 * some are under way: all else of the driver finds a connection as it knows it. */
#include <stdlib.h>
#include <string.h>

#include "store/db_postgresql.h"

#define DIVISION_BY_ZERO "22012"

static int send(struct pg_db *db, const struct pg_statement *statement, const char *const *values, const int *lengths,
                const int *formats, struct db_error *error)
{
    bool piped = PQpipelineStatus(db->connection) != PQ_PIPELINE_OFF || PQenterPipelineMode(db->connection) == 1;
    if (piped && PQsendQueryPrepared(db->connection, statement->name, (int) statement->num_parameters, values, lengths,
                                     formats, 1) == 1)
        return 0;
    return pg_fail(db, NULL, error);
}

/* Is an answer what its statement must have? Clears it. */
static int check(struct pg_db *db, const struct pg_sent *sent, PGresult *result, struct db_error *error)
{
    if (!pg_is_good(result)) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        bool        fenced = sent->kind == PG_SENT_LEASE && state != NULL && strcmp(state, DIVISION_BY_ZERO) == 0;
        int         ret = pg_fail(db, result, error);
        return fenced ? db_fail(error, DB_ERR_FENCED, "another process has taken the lease") : ret;
    }
    bool all = sent->kind != PG_SENT_UPDATE || strtoull(PQcmdTuples(result), NULL, 10) == sent->num_rows;
    PQclear(result);
    return all ? 0 : db_fail(error, DB_ERR_CONFLICT, "%s: a row has another version or is gone", sent->table);
}

/* The next statement's answer; those after one that failed have none to speak of. */
static PGresult *take(struct pg_db *db)
{
    PGresult *result = PQgetResult(db->connection);
    PGresult *more = result; /* and what ends it */
    while (more != NULL && PQstatus(db->connection) == CONNECTION_OK) {
        more = PQgetResult(db->connection);
        PQclear(more);
    }
    return result;
}

/* Everything that is under way: of what was put off the first failure; of one more statement behind it, where `last` is
 * given, the answer. */
static int collect(struct pg_db *db, PGresult **last, struct db_error *error)
{
    size_t num = db->num_sent;
    int    ret = PQpipelineSync(db->connection) == 1 ? 0 : pg_fail(db, NULL, error);
    bool   synced = ret == 0;
    db->num_sent = 0;
    for (size_t i = 0; i < num && synced; i++) {
        PGresult *result = take(db);
        if (ret == 0)
            ret = check(db, &db->sent[i], result, error);
        else
            PQclear(result);
    }
    if (last != NULL && synced) {
        PGresult *result = take(db);
        if (ret == 0 && pg_is_good(result))
            *last = result;
        else if (ret == 0)
            ret = pg_fail(db, result, error);
        else
            PQclear(result);
    }
    PGresult *end = synced ? PQgetResult(db->connection) : NULL;
    bool      ended = PQresultStatus(end) == PGRES_PIPELINE_SYNC && PQexitPipelineMode(db->connection) == 1;
    PQclear(end);
    if (!ended && ret != DB_ERR_LOST) {
        if (ret == 0 && last != NULL)
            PQclear(*last);
        ret = db_fail(error, DB_ERR_LOST, "the connection to PostgreSQL broke");
    }
    return ret;
}

int pg_ask(struct pg_db *db, const struct pg_statement *statement, const char *const *values, const int *lengths,
           const int *formats, PGresult **result, struct db_error *error)
{
    if (db->num_sent > 0) {
        int ret = send(db, statement, values, lengths, formats, error);
        return ret == 0 ? collect(db, result, error) : ret;
    }
    PGresult *got =
        PQexecPrepared(db->connection, statement->name, (int) statement->num_parameters, values, lengths, formats, 1);
    if (!pg_is_good(got))
        return pg_fail(db, got, error);
    *result = got;
    return 0;
}

int pg_put_off(struct pg_db *db, const struct pg_statement *statement, const char *const *values, const int *lengths,
               const int *formats, struct pg_sent sent, struct db_error *error)
{
    int ret = db->num_sent == PG_SENT_MOST ? pg_settle(db, error) : 0;
    if (ret == 0)
        ret = send(db, statement, values, lengths, formats, error);
    if (ret == 0)
        db->sent[db->num_sent++] = sent;
    return ret;
}

int pg_settle(struct pg_db *db, struct db_error *error)
{
    return db->num_sent == 0 ? 0 : collect(db, NULL, error);
}
