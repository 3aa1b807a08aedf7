/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a backup's stream takes to be written and to be restored.
 *
 *     bench_restore CASES FOLDER [postgresql]
 *
 * Makes a database of CASES invented cases with 25 rows each (person, identity, case, key, search tokens, audit,
 * events, counters) in FOLDER, dumps it into a file there, loads the file into a new SQLite database, and into a
 * PostgreSQL of its own where that is asked for. Prints seconds, rows a second and bytes of each step.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "invented_rows.h"
#include "model/records.h"
#include "store/dump.h"
#include "store/migration.h"
#include "store/schema.h"
#include "store/tables.h"
#include "support/postgresql.h"

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static _Noreturn void stop(const char *what, const struct db_error *error)
{
    fprintf(stderr, "bench_restore: %s: %s\n", what, error->what);
    exit(1);
}

static struct db *open_new(const char *url, int64_t *fence)
{
    struct db      *db;
    struct db_error error = { 0 };
    if (db_open(url, &(struct db_options){ .create = true }, &db, &error) != 0 ||
        db_take_lease(db, "bench", 1, fence, &error) != 0)
        stop(url, &error);
    return db;
}

static uint64_t fill_table(struct db *db, const struct db_table *table, uint64_t num)
{
    struct db_error     error = { 0 };
    struct db_load     *load;
    struct invented_row row;
    if (db_begin(db, DB_WRITE, &error) != 0 || db_load_begin(db, table, &load, &error) != 0)
        stop(table->name, &error);
    for (uint64_t i = 0; i < num; i++) {
        invented_row(table, i, &row);
        invented_key(table, i, &row);
        if (db_load_row(load, row.values, &error) != 0)
            stop(table->name, &error);
    }
    if (db_load_end(load, &error) != 0 || db_commit(db, &error) != 0)
        stop(table->name, &error);
    return num;
}

static uint64_t fill(struct db *db, uint64_t cases)
{
    uint64_t rows = fill_table(db, schema_table(model_record(MODEL_PERSON)), cases);
    rows += fill_table(db, schema_table(model_record(MODEL_IDENTITY)), cases);
    rows += fill_table(db, schema_table(model_record(MODEL_CASE)), cases);
    rows += fill_table(db, &store_table_person_key, cases);
    rows += fill_table(db, &store_table_search_token, 6 * cases);
    rows += fill_table(db, &store_table_audit, 2 * cases);
    rows += fill_table(db, &store_table_event, 3 * cases);
    rows += fill_table(db, &store_table_counter, 10 * cases);
    return rows;
}

/* ---- the steps ---- */

static int write_file(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size ? 0 : -errno - 1;
}

static int read_file(void *context, void *bytes, size_t size, size_t *got)
{
    *got = fread(bytes, 1, size, context);
    return ferror((FILE *) context) ? -1 : 0;
}

static void report(const char *step, double begin, const struct dump_summary *summary)
{
    double seconds = now() - begin;
    printf("%-28s %8.1f s %10.0f rows/s %8.1f MB\n", step, seconds, (double) summary->rows / seconds,
           (double) summary->bytes / 1e6);
    fflush(stdout);
}

static void restore(const char *step, const char *url, const char *path)
{
    struct dump_summary summary;
    struct db_error     error = { 0 };
    int64_t             fence;
    FILE               *file = fopen(path, "rb");
    double              begin = now();
    struct db          *db = open_new(url, &fence);
    if (file == NULL || dump_load(db, fence, 1, &(struct dump_options){ 0 }, read_file, file, &summary, &error) != 0)
        stop(step, &error);
    report(step, begin, &summary);
    db_close(db);
    fclose(file);
}

int main(int num_arguments, char **arguments)
{
    char                from[500], to[500], path[500];
    struct dump_summary summary = { 0 };
    struct db_error     error = { 0 };
    int64_t             fence;
    if (num_arguments < 3) {
        fputs("bench_restore CASES FOLDER [postgresql]\n", stderr);
        return 2;
    }
    snprintf(from, sizeof from, "%s/from.db", arguments[2]);
    snprintf(to, sizeof to, "%s/to.db", arguments[2]);
    snprintf(path, sizeof path, "%s/dump", arguments[2]);
    double     begin = now();
    struct db *db = open_new(from, &fence);
    if (migration_apply(db, migrations, num_migrations, fence, 1, &error) != 0)
        stop("migrations", &error);
    summary.rows = fill(db, strtoull(arguments[1], NULL, 10));
    report("made", begin, &summary);

    FILE *file = fopen(path, "wb");
    begin = now();
    if (file == NULL || dump_write(db, &(struct dump_options){ 0 }, write_file, file, &summary, &error) != 0 ||
        fclose(file) != 0)
        stop("dump", &error);
    report("dumped from SQLite", begin, &summary);
    db_close(db);
    restore("restored into SQLite", to, path);
    if (num_arguments > 3 && test_postgresql_installed()) {
        static const char *const settings[] = { "--setting", "shared_buffers=256MB", "--setting", "max_wal_size=4GB" };
        test_postgresql_configure(settings, 4);
        restore("restored into PostgreSQL", test_postgresql_url(), path);
    }
    return 0;
}
