/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the database has written and committed so far. */
#include "bare.h"
#include "creates.h"

static double one_number(struct workload *workload, const char *sql)
{
    struct db_error        error = { 0 };
    struct db             *db = NULL;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    double                 number = 0;
    int status = db_open(workload->node.settings.database, &(struct db_options){ .read_only = true }, &db, &error);
    if (status == 0)
        status = db_prepare(db, sql, &statement, &error);
    if (status == 0)
        status = db_run(statement, NULL, 0, &error);
    if (status == 0 && (status = db_step(statement, &row, &num_columns, &error)) == 1) {
        number = row[0].type == DB_INTEGER ? (double) row[0].integer : row[0].real;
        db_reset(statement);
        status = 0;
    }
    if (status != 0)
        workload_fail(error.what, status);
    db_close(db);
    return number;
}

void database_use_read(struct workload *workload, struct database_use *use)
{
    bool postgresql = *workload_database(workload) == 'P';
    use->bytes =
        postgresql ? one_number(workload, "SELECT (pg_current_wal_lsn() - '0/0')::bigint") : bare_bytes_written();
    use->groups = one_number(workload, "SELECT COUNT(DISTINCT \"at\") FROM \"audit\"");
}
