/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PostgreSQL driver: what a session is told, and which servers are refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "store/db_postgresql.h"

/* Settings that keep rows out of the server's log. Some only a superuser may set, or a role that was granted it:
 * whether the server would leak is asked afterwards. */
static const char *const quiet[] = {
    "SET log_parameter_max_length_on_error=0", "SET log_parameter_max_length=0", "SET log_statement='none'",
    "SET log_min_duration_statement=-1",       "SET log_min_duration_sample=-1", "SET log_error_verbosity='terse'",
    "SET log_min_error_statement='panic'",
};

/* The next 16 MiB of the server's log are made by whoever comes to their beginning, while all commits wait. Without
 * zeros in them that is at once, and a commit is no less durable. Only a superuser may set it, or a role that was
 * granted it. */
static const char at_once[] = "SET wal_init_zero=off";

/* One text of the server. */
static int ask_text(struct pg_db *db, const char *sql, char *text, size_t size, struct db_error *error)
{
    PGresult *result = PQexec(db->connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return pg_fail(db, result, error);
    snprintf(text, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return 0;
}

static int set_session(struct pg_db *db, const struct db_options *options, struct db_error *error)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "SET client_min_messages='warning'; SET timezone='UTC'; SET jit=off; SET statement_timeout=%d;"
             "SET lock_timeout=%d; SET idle_in_transaction_session_timeout=0; SET default_transaction_read_only=%s;"
             "SET default_transaction_isolation='read committed'; SET standard_conforming_strings=on;%s",
             options->statement_ms, db->busy_ms, options->read_only ? "on" : "off",
             options->unsafe_test_sync ? "SET synchronous_commit=off;" : "");
    int ret = pg_execute(db, sql, error);
    if (ret == 0 && options->by_keys)
        ret = pg_plan_by_keys(db, error);
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet && ret == 0; i++)
        if (pg_execute(db, quiet[i], NULL) == DB_ERR_LOST)
            ret = db_fail(error, DB_ERR_LOST, "the connection to PostgreSQL broke");
    if (ret == 0 && !options->read_only && pg_execute(db, at_once, NULL) == DB_ERR_LOST)
        ret = db_fail(error, DB_ERR_LOST, "the connection to PostgreSQL broke");
    return ret;
}

/* What would lose a commit that was answered. */
static int check_durability(struct pg_db *db, struct db_error *error)
{
    char found[120];
    int  ret = ask_text(db,
                        "SELECT coalesce(string_agg(name||' = '||setting, ', ' ORDER BY name), '') FROM pg_settings "
                         "WHERE name IN ('fsync','full_page_writes','synchronous_commit') AND setting='off'",
                        found, sizeof found, error);
    if (ret == 0 && found[0] != '\0')
        ret = db_fail(error, BASE_ERR_SYSTEM,
                      "this server would lose data when the power fails: %s; remedy: set them on", found);
    return ret;
}

/* What would write values of rows into the server's log. */
static int check_logging(struct pg_db *db, struct db_error *error)
{
    char found[160];
    int  ret = ask_text(db,
                        "SELECT coalesce(string_agg(name||' = '||setting, ', ' ORDER BY name), '') FROM pg_settings "
                         "WHERE current_setting('log_parameter_max_length')<>'0' AND ("
                         "(name='log_statement' AND setting IN ('mod','all')) OR "
                         "(name IN ('log_min_duration_statement','log_min_duration_sample') AND setting<>'-1') OR "
                         "(name='log_transaction_sample_rate' AND setting<>'0'))",
                        found, sizeof found, error);
    if (ret == 0 && found[0] != '\0')
        return db_fail(error, BASE_ERR_SYSTEM,
                       "this server would write rows into its log: %s; remedy: log_parameter_max_length = 0 for this "
                       "role (ALTER ROLE … SET, by a superuser)",
                       found);
    if (ret == 0)
        ret = ask_text(db, "SELECT current_setting('log_error_verbosity')", found, sizeof found, error);
    if (ret == 0 && strcmp(found, "terse") != 0)
        snprintf(db->db.warning, sizeof db->db.warning,
                 "the server writes rows of failed statements into its log; remedy: ALTER ROLE … SET "
                 "log_error_verbosity = 'terse', by a superuser");
    return ret;
}

int pg_configure(struct pg_db *db, const struct db_options *options, struct db_error *error)
{
    char encoding[32];
    if (PQserverVersion(db->connection) < 150000)
        return db_fail(error, BASE_ERR_SYSTEM, "PostgreSQL 15 or newer is needed; this server is %d",
                       PQserverVersion(db->connection) / 10000);
    int ret = ask_text(db, "SELECT current_setting('server_encoding')", encoding, sizeof encoding, error);
    if (ret == 0 && strcmp(encoding, "UTF8") != 0)
        ret = db_fail(error, BASE_ERR_SYSTEM, "the database's encoding is %s; it must be UTF8", encoding);
    if (ret == 0)
        ret = set_session(db, options, error);
    if (ret == 0 && !options->unsafe_test_sync && !options->read_only)
        ret = check_durability(db, error);
    if (ret == 0)
        ret = check_logging(db, error);
    return ret;
}
