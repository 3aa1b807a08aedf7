/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How quickly groups of creates commit, through store/db.h alone: what the writer can at most reach.
 *
 *     bench_groups FOLDER|postgresql SECONDS CREATES_A_GROUP [CASES_BEFORE] [none|between|beside]
 *
 * A create is 25 rows (person, identity, case, key, search tokens anywhere in their order, audit, events, counters
 * that are often the same). On
 * SQLite the last word says who checkpoints: nobody before the high mark, the writer between two groups, or a second
 * thread beside it. Prints creates a second, and how long commits took with what was before them (ms).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "invented_rows.h"
#include "model/records.h"
#include "store/db.h"
#include "store/migration.h"
#include "store/schema.h"
#include "store/tables.h"
#include "support/postgresql.h"

#define CHECKPOINT_PAGES 4000 /* 16 MiB */
#define REST_PAGES 2000
#define FEW_KEYS 20000 /* counters of a province's areas on a day */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static _Noreturn void stop(const char *what, const struct db_error *error)
{
    fprintf(stderr, "bench_groups: %s: %s\n", what, error->what);
    exit(1);
}

/* How many rows of which table a create has. */
struct part {
    const struct db_table *table;
    size_t                 rows;
    enum { IN_ORDER, ANYWHERE, FEW } keys; /* behind the last one, spread over all keys, the same ones often */
};
enum { NUM_PARTS = 8 };

static void list_parts(struct part parts[NUM_PARTS])
{
    const struct part all[NUM_PARTS] = {
        { schema_table(model_record(MODEL_PERSON)), 1, IN_ORDER },
        { schema_table(model_record(MODEL_IDENTITY)), 1, IN_ORDER },
        { schema_table(model_record(MODEL_CASE)), 1, IN_ORDER },
        { &store_table_person_key, 1, IN_ORDER },
        { &store_table_search_token, 6, ANYWHERE },
        { &store_table_audit, 2, IN_ORDER },
        { &store_table_event, 3, IN_ORDER },
        { &store_table_counter, 10, FEW },
    };
    memcpy(parts, all, sizeof all);
}

/* The rows of creates first … first + num - 1, one array a table; written by one call each. */
static void write_group(struct db *db, const struct part *part, uint64_t first, size_t num, struct db_error *error)
{
    size_t               rows = num * part->rows, width = part->table->num_columns;
    struct invented_row *invented = malloc(rows * sizeof *invented);
    struct db_value     *values = malloc(rows * width * sizeof *values);
    if (invented == NULL || values == NULL)
        stop("memory", error);
    for (size_t i = 0; i < rows; i++) {
        uint64_t number = first * part->rows + i, spread = number * UINT64_C(0x9e3779b97f4a7c15) >> 1;
        invented_row(part->table, number, &invented[i]);
        invented_key(part->table,
                     part->keys == IN_ORDER ? number
                     : part->keys == FEW    ? spread % FEW_KEYS
                                            : spread,
                     &invented[i]);
        memcpy(values + i * width, invented[i].values, width * sizeof *values);
    }
    int ret = part->table == &store_table_counter
                  ? db_add(db, part->table, UINT64_C(1) << store_counter_value, values, rows, error)
                  : db_insert(db, part->table, values, rows, error);
    if (ret != 0)
        stop(part->table->name, error);
    free(values);
    free(invented);
}

static void commit_group(struct db *db, int64_t fence, const struct part *parts, uint64_t first, size_t num)
{
    struct db_error error = { 0 };
    if (db_begin(db, DB_WRITE, &error) != 0 || db_check_lease(db, fence, &error) != 0)
        stop("begin", &error);
    for (size_t i = 0; i < NUM_PARTS; i++)
        write_group(db, &parts[i], first, num, &error);
    if (db_commit(db, &error) != 0)
        stop("commit", &error);
}

/* ---- checkpoints beside the writer ---- */

struct beside {
    const char  *url;
    atomic_bool  end;
    atomic_llong pages; /* in the log */
    atomic_llong left;  /* of them, not in the file yet */
};

static void *checkpoint_beside(void *context)
{
    struct beside  *beside = context;
    struct db      *db;
    struct db_error error = { 0 };
    int64_t         left;
    if (db_open(beside->url, &(struct db_options){ .cache_bytes = 1 << 20 }, &db, &error) != 0)
        stop("beside", &error);
    while (!atomic_load(&beside->end)) {
        if (atomic_load(&beside->pages) > CHECKPOINT_PAGES && atomic_load(&beside->left) > REST_PAGES &&
            db_checkpoint(db, &left, &error) == 0)
            atomic_store(&beside->left, left);
        usleep(2000);
    }
    db_close(db);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void report(double *latency, size_t num, size_t creates, double seconds)
{
    qsort(latency, num, sizeof *latency, compare);
    printf("%.0f creates/s in groups of %zu: median %.1f ms, p99 %.1f ms, longest %.1f ms\n",
           (double) (num * creates) / seconds, creates, 1e3 * latency[num / 2], 1e3 * latency[num * 99 / 100],
           1e3 * latency[num - 1]);
}

int main(int num_arguments, char **arguments)
{
    if (num_arguments < 4) {
        fputs("bench_groups FOLDER|postgresql SECONDS CREATES_A_GROUP [CASES_BEFORE] [none|between|beside]\n", stderr);
        return 2;
    }
    char            url[600];
    double          seconds = atof(arguments[2]);
    size_t          creates = strtoul(arguments[3], NULL, 10), num = 0, room = 1000000;
    uint64_t        before = num_arguments > 4 ? strtoull(arguments[4], NULL, 10) : 0, next = 0;
    const char     *who = num_arguments > 5 ? arguments[5] : "none";
    double         *latency = malloc(room * sizeof *latency);
    struct part     parts[NUM_PARTS];
    struct db      *db;
    struct db_error error = { 0 };
    int64_t         fence, left;
    if (strcmp(arguments[1], "postgresql") == 0) {
        static const char *const settings[] = { "--setting", "shared_buffers=512MB", "--setting", "max_wal_size=4GB" };
        test_postgresql_configure(settings, 4);
        snprintf(url, sizeof url, "%s", test_postgresql_url());
    } else {
        snprintf(url, sizeof url, "%s/groups.db", arguments[1]);
    }
    if (db_open(url, &(struct db_options){ .create = true }, &db, &error) != 0 ||
        db_take_lease(db, "bench", 1, &fence, &error) != 0 ||
        migration_apply(db, migrations, num_migrations, fence, 1, &error) != 0)
        stop(url, &error);
    list_parts(parts);
    for (; next < before; next += 1000)
        commit_group(db, fence, parts, next, 1000);

    struct beside beside = { .url = url };
    pthread_t     thread;
    if (strcmp(who, "beside") == 0)
        pthread_create(&thread, NULL, checkpoint_beside, &beside);
    double begin = now();
    while (now() - begin < seconds && num < room) {
        double start = now();
        commit_group(db, fence, parts, next, creates);
        next += creates;
        atomic_store(&beside.pages, db_log_pages(db));
        atomic_fetch_add(&beside.left, 100);
        /* beside: the little that is left is copied here, so that the log can begin anew */
        bool mine =
            strcmp(who, "between") == 0 || (strcmp(who, "beside") == 0 && atomic_load(&beside.left) < REST_PAGES);
        if (mine && db_log_pages(db) > CHECKPOINT_PAGES && db_checkpoint(db, &left, &error) != 0)
            stop("checkpoint", &error);
        latency[num++] = now() - start;
    }
    report(latency, num, creates, now() - begin);
    printf("pages in the log at the end: %lld\n", (long long) db_log_pages(db));
    atomic_store(&beside.end, true);
    if (strcmp(who, "beside") == 0)
        pthread_join(thread, NULL);
    db_close(db);
    free(latency);
    return 0;
}
