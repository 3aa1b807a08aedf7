/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one create by itself writes: rows, pages, bytes. Among 64 callers a group shares pages; here nothing is shared.
 */
#include <stdio.h>
#include <string.h>

#include "creates.h"
#include "latency.h"
#include "store/store_internal.h"

enum { TIMES = 20, FRAME_BYTES = 24, WAL_HEADER_BYTES = 32 };

struct cost {
    double rows, pages, bytes, page_bytes;
};

/* The first value of the first row, as text or number. */
static double ask(struct db *db, const char *sql, char text[100])
{
    struct db_error        error = { 0 };
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    double                 number = 0;
    int                    status = db_prepare(db, sql, &statement, &error);
    if (status == 0)
        status = db_run(statement, NULL, 0, &error);
    if (status == 0)
        status = db_step(statement, &row, &num_columns, &error);
    if (status != 1)
        workload_fail(error.what[0] != '\0' ? error.what : sql, status);
    if (row[0].type == DB_INTEGER)
        number = (double) row[0].integer;
    else if (row[0].type == DB_TEXT && text != NULL)
        snprintf(text, 100, "%.*s", (int) row[0].size, row[0].bytes);
    db_reset(statement);
    return number;
}

static void create(struct workload *workload)
{
    struct workload_create one;
    struct store_receipt   receipt;
    struct fault_list      faults = FAULT_LIST_INIT;
    workload_create_init(workload, &one, false);
    int status = store_submit(workload->node.store, &workload->writer, &one.request, &receipt, &faults);
    if (status != 0) {
        fault_list_write(&faults, stderr);
        workload_fail("a create", status);
    }
}

/* ---- SQLite: rows by the writer's own connection, pages by the frames of an emptied log ---- */

static int read_total(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                      struct fault_list *faults)
{
    struct db *db;
    (void) arena;
    (void) set;
    (void) faults;
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        *(double *) context = ask(db, "SELECT total_changes()", NULL);
    return ret;
}

/* Rows that the writer has inserted, changed or deleted so far. Asking writes an audit entry. */
static double total_rows(struct workload *workload)
{
    double               total = 0;
    struct store_request request = { .verb = "look", .decide = read_total, .context = &total };
    int                  status = store_submit(workload->node.store, &workload->writer, &request, NULL, NULL);
    if (status != 0)
        workload_fail("the number of rows", status);
    return total;
}

/* Of the log's header and frames, which have its salt; behind them may be room for more (store/db_sqlite_log.c). */
static double log_bytes(const char *directory, double page)
{
    char          path[4096];
    unsigned char header[WAL_HEADER_BYTES], frame[FRAME_BYTES];
    double        bytes = 0;
    snprintf(path, sizeof path, "%s/tocsin.db-wal", directory);
    FILE *log = fopen(path, "rb");
    if (log == NULL)
        return 0;
    if (fread(header, sizeof header, 1, log) == 1)
        bytes = sizeof header;
    while (bytes > 0 && fread(frame, sizeof frame, 1, log) == 1 && memcmp(frame + 8, header + 16, 8) == 0 &&
           fseek(log, (long) page, SEEK_CUR) == 0)
        bytes += sizeof frame + page;
    fclose(log);
    return bytes;
}

static void cost_on_sqlite(struct workload *workload, const char *directory, struct cost *cost)
{
    struct db_error error = { 0 };
    struct db      *db = NULL;
    int status = db_open(workload->node.settings.database, &(struct db_options){ .create = false }, &db, &error);
    if (status != 0)
        workload_fail(error.what, status);
    double page = cost->page_bytes = ask(db, "PRAGMA page_size", NULL);
    double before = total_rows(workload), of_asking = total_rows(workload) - before;
    for (int i = 0; i < TIMES; i++) {
        before = total_rows(workload);
        ask(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
        double empty = log_bytes(directory, page);
        create(workload);
        double grown = log_bytes(directory, page) - (empty > 0 ? empty : WAL_HEADER_BYTES);
        cost->pages += grown / (page + FRAME_BYTES) / TIMES;
        cost->bytes += grown / TIMES;
        cost->rows += (total_rows(workload) - before - of_asking) / TIMES;
    }
    db_close(db);
}

/* ---- PostgreSQL: from its write-ahead log ---- */

static void cost_on_postgresql(struct workload *workload, struct cost *cost)
{
    struct db_error error = { 0 };
    struct db      *db = NULL;
    char            from[100], to[100], sql[500];
    int status = db_open(workload->node.settings.database, &(struct db_options){ .create = false }, &db, &error);
    if (status == 0)
        status = db_execute(db, "CREATE EXTENSION IF NOT EXISTS pg_walinspect", &error);
    if (status != 0)
        workload_fail(error.what, status);
    cost->page_bytes = ask(db, "SELECT current_setting('block_size')::integer::bigint", NULL);
    for (int i = 0; i < TIMES; i++) {
        ask(db, "SELECT pg_current_wal_flush_lsn()::text", from);
        create(workload);
        ask(db, "SELECT pg_current_wal_flush_lsn()::text", to);
        snprintf(sql, sizeof sql, "SELECT ('%s'::pg_lsn - '%s'::pg_lsn)::bigint", to, from);
        cost->bytes += ask(db, sql, NULL) / TIMES;
        snprintf(sql, sizeof sql,
                 "SELECT COUNT(*) FROM pg_get_wal_records_info('%s', '%s') WHERE resource_manager LIKE 'Heap%%' AND "
                 "record_type ~ '^(INSERT|UPDATE|HOT_UPDATE|DELETE)'",
                 from, to);
        cost->rows += ask(db, sql, NULL) / TIMES;
        snprintf(sql, sizeof sql,
                 "SELECT COUNT(DISTINCT m[1]) FROM pg_get_wal_records_info('%s', '%s') r, "
                 "regexp_matches(r.block_ref, '(rel [^ ]+ (?:fork [^ ]+ )?blk [0-9]+)', 'g') m",
                 from, to);
        cost->pages += ask(db, sql, NULL) / TIMES;
    }
    db_close(db);
}

void creates_cost(struct workload *workload, const char *directory)
{
    struct cost cost = { 0 };
    char        measure[120];
    bool        postgresql = *workload_database(workload) == 'P';
    if (postgresql)
        cost_on_postgresql(workload, &cost);
    else
        cost_on_sqlite(workload, directory, &cost);
    snprintf(measure, sizeof measure, "one create by itself, %s", workload_database(workload));
    workload_row(measure, "rows and bytes printed", cost.rows > 0 && cost.pages > 0,
                 "%.1f rows on %.1f pages of %.0f KiB, %.0f bytes of write-ahead log (mean of %d)", cost.rows,
                 cost.pages, cost.page_bytes / 1024, cost.bytes, TIMES);
}
