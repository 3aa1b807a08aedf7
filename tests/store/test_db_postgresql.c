/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PostgreSQL alone: which servers are refused, what reaches the server's log, what a crash looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "store/db_driver.h"
#include "support/database.h"

static const struct db_column columns[] = { { "id", DB_KIND_INTEGER, true }, { "name", DB_KIND_TEXT, false } };
static const struct db_index  indexes[] = { { .name = "thing_name", .columns = { "name" }, .unique = true } };
static const struct db_table  thing = {
     .name = "thing", .columns = columns, .num_columns = 2, .num_key = 1, .indexes = indexes, .num_indexes = 1
};

static void make_thing(struct db *db)
{
    char *table, *index;
    assert_ok(db_table_sql(db, &thing, &table));
    assert_ok(db_index_sql(db, &thing, &indexes[0], &index));
    assert_db(db_execute(db, table, &said));
    assert_db(db_execute(db, index, &said));
    free(table);
    free(index);
}

static int try_open(const char *url, struct db_error *error)
{
    struct db *db = NULL;
    int        ret = db_open(url, &(struct db_options){ 0 }, &db, error);
    db_close(db);
    return ret;
}

/* As superuser. */
static void administer(const char *sql)
{
    struct db *db;
    assert_db(db_open(test_postgresql_url(), &(struct db_options){ .unsafe_test_sync = true }, &db, &said));
    assert_db(db_execute(db, sql, &said));
    db_close(db);
}

/* The database as a role that may change nothing about logs. */
static void plain_url(const struct test_database *database, char url[TEST_POSTGRESQL_URL])
{
    const char *user = strstr(database->url, "user=tocsin");
    assert_non_null(user);
    assert_in_range(snprintf(url, TEST_POSTGRESQL_URL, "%.*suser=plain%s", (int) (user - database->url), database->url,
                             user + strlen("user=tocsin")),
                    1, TEST_POSTGRESQL_URL - 1);
}

static void test_a_server_that_would_write_rows_into_its_log(void **state)
{
    char            url[TEST_POSTGRESQL_URL];
    struct db      *db;
    struct db_error error = { 0 };
    plain_url(*state, url);
    administer("CREATE ROLE plain LOGIN");
    assert_db(db_open(url, &(struct db_options){ 0 }, &db, &said));
    assert_non_null(strstr(db_warning(db), "log_error_verbosity"));
    db_close(db);
    static const char *const leaks[] = { "log_statement='all'", "log_statement='mod'", "log_min_duration_statement=500",
                                         "log_min_duration_sample=0", "log_transaction_sample_rate=0.5" };
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
        char sql[120];
        snprintf(sql, sizeof sql, "ALTER ROLE plain RESET ALL; ALTER ROLE plain SET %s", leaks[i]);
        administer(sql);
        assert_status(try_open(url, &error), BASE_ERR_SYSTEM);
        assert_non_null(strstr(error.what, "log_parameter_max_length"));
        administer("ALTER ROLE plain SET log_parameter_max_length=0");
        assert_db(try_open(url, &said));
    }
    administer("ALTER ROLE plain SET log_error_verbosity='terse'");
    assert_db(db_open(url, &(struct db_options){ 0 }, &db, &said));
    assert_null(db_warning(db));
    db_close(db);
    administer("DROP ROLE plain");
}

static const struct db_value *one_value(struct db *db, const char *sql)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    assert_db(db_prepare(db, sql, &statement, &said));
    assert_db(db_run(statement, NULL, 0, &said));
    assert_int_equal(db_step(statement, &row, &num_columns, NULL), 1);
    return row;
}

/* Who writes and may say so, or has it from a superuser, makes the server's log grow without zeros. */
static void test_the_log_grows_at_once(void **state)
{
    static const char asked[] = "SELECT CASE WHEN current_setting('wal_init_zero')='off' THEN 1 ELSE 0 END";
    char              url[TEST_POSTGRESQL_URL];
    struct db        *db = test_database_open(*state);
    assert_int_equal(one_value(db, asked)->integer, 1);
    db_close(db);
    plain_url(*state, url);
    administer("CREATE ROLE plain LOGIN");
    for (int off = 0; off <= 1; off++) {
        assert_db(db_open(url, &(struct db_options){ 0 }, &db, &said));
        assert_int_equal(one_value(db, asked)->integer, off);
        db_close(db);
        administer("ALTER ROLE plain SET wal_init_zero=off");
    }
    administer("DROP ROLE plain");
}

static bool log_has(const char *word)
{
    char  path[200], line[4096];
    bool  found = false;
    FILE *file;
    snprintf(path, sizeof path, "%s/log", test_postgresql_folder());
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        found = found || strstr(line, word) != NULL;
    fclose(file);
    return found;
}

/* A superuser's session makes even a talkative server silent about values. */
static void test_no_value_reaches_the_servers_log(void **state)
{
    administer("ALTER ROLE tocsin SET log_statement='all'; ALTER ROLE tocsin SET log_min_duration_statement=0");
    struct db            *db = test_database_open(*state);
    const struct db_value rows[] = { db_integer(1), db_word("canary-5512"), db_integer(2), db_word("canary-5512") };
    struct db_statement  *statement;
    struct db_load       *load;
    make_thing(db);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_status(db_insert(db, &thing, rows, 2, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    assert_db(db_load_row(load, rows, &said));
    assert_db(db_load_row(load, rows + 2, &said));
    assert_status(db_load_end(load, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    assert_db(db_prepare(db, "SELECT 1/(id-id) FROM thing WHERE name<>$1 OR true", &statement, &said));
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, &thing, rows, 1, &said));
    assert_true(db_run(statement, &rows[1], 1, NULL) < 0);
    assert_ok(db_rollback(db));
    db_close(db);
    administer("ALTER ROLE tocsin RESET ALL");
    assert_true(log_has("thing_name")); /* the failures were logged */
    assert_false(log_has("canary"));
}

static void test_a_server_that_would_lose_commits(void **state)
{
    struct test_database *database = *state;
    struct db_error       error = { 0 };
    struct db            *db;
    administer("ALTER ROLE tocsin SET synchronous_commit=off");
    assert_status(try_open(database->url, &error), BASE_ERR_SYSTEM);
    assert_non_null(strstr(error.what, "synchronous_commit = off"));
    assert_db(db_open(database->url, &(struct db_options){ .read_only = true }, &db, &said)); /* readers may */
    db_close(db);
    administer("ALTER ROLE tocsin RESET synchronous_commit");
    static const char *const settings[] = { "fsync", "full_page_writes" };
    for (size_t i = 0; i < 2; i++) {
        char setting[40];
        snprintf(setting, sizeof setting, "%s=off", settings[i]);
        test_postgresql_stop();
        test_postgresql_set(setting);
        test_postgresql_start();
        assert_status(try_open(database->url, &error), BASE_ERR_SYSTEM);
        assert_non_null(strstr(error.what, settings[i]));
        assert_db(db_open(database->url, &(struct db_options){ .unsafe_test_sync = true }, &db, &said));
        db_close(db);
        snprintf(setting, sizeof setting, "%s=on", settings[i]);
        test_postgresql_stop();
        test_postgresql_set(setting);
        test_postgresql_start();
    }
    assert_db(try_open(database->url, &said));
}

static void test_a_broken_connection_is_lost(void **state)
{
    struct db            *db = test_database_open(*state), *other = test_database_open(*state);
    struct db_load       *load;
    const struct db_value row[] = { db_integer(1), db_word("a") };
    make_thing(db);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, &thing, row, 1, &said));
    assert_db(db_begin(other, DB_WRITE, &said));
    assert_db(db_load_begin(other, &thing, &load, &said));
    test_postgresql_crash();
    assert_status(db_commit(db, NULL), DB_ERR_LOST);
    assert_status(db_begin(db, DB_WRITE, NULL), DB_ERR_LOST);
    assert_status(db_rollback(db), DB_ERR_LOST);
    int ret = db_load_row(load, row, NULL);
    if (ret == 0)
        ret = db_load_end(load, NULL);
    else
        db_load_cancel(load);
    assert_int_equal(ret, DB_ERR_LOST);
    db_close(db);
    db_close(other);
    test_postgresql_start();
    db = test_database_open(*state);
    test_database_answers(db, "SELECT count(*) FROM thing", "0;");
    db_close(db);
}

/* The holder of the lease is still writing when its lock is gone: the next one waits for that transaction. */
static void test_the_next_holder_waits_for_the_last_ones_transaction(void **state)
{
    struct db *last = test_database_open(*state);
    struct db *next = test_database_open_with(*state, (struct db_options){ .busy_ms = 100 });
    int64_t    fence, later;
    assert_db(db_take_lease(last, "last", 1, &fence, &said));
    assert_db(db_begin(last, DB_WRITE, &said));
    assert_db(db_check_lease(last, fence, &said));
    assert_db(db_execute(last, "SELECT pg_advisory_unlock_all()", &said)); /* as if its session had ended */
    assert_status(db_take_lease(next, "next", 2, &later, NULL), DB_ERR_BUSY);
    assert_db(db_commit(last, &said));
    assert_db(db_take_lease(next, "next", 3, &later, &said));
    assert_int_equal(later, fence + 1);
    assert_db(db_begin(last, DB_WRITE, &said));
    assert_status(db_check_lease(last, fence, NULL), DB_ERR_FENCED);
    assert_ok(db_rollback(last));
    db_close(last);
    db_close(next);
}

static void test_addresses_that_cannot_be_reached(void **state)
{
    struct db_error error = { 0 };
    (void) state;
    assert_status(try_open("postgresql://me:canary-77@[::1/x", &error), BASE_ERR_SYSTEM);
    assert_null(strstr(error.what, "canary"));
    assert_status(try_open("postgresql://me:canary-77@127.0.0.1:1/x", &error), BASE_ERR_SYSTEM);
    assert_null(strstr(error.what, "canary"));
    assert_non_null(strstr(error.what, "cannot reach"));
}

/* A server that takes connections and says nothing: what the URL says of patience holds. */
static void test_a_silent_server_is_not_waited_for_without_end(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char               folder[] = "/tmp/silent-XXXXXX", url[200];
    struct timespec    before, after;
    struct db_error    error = { 0 };
    (void) state;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    snprintf(url, sizeof url, "postgresql:///tocsin?host=%s&port=5432&connect_timeout=2", folder);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server >= 0);
    assert_int_equal(bind(server, (const struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(server, 4), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_status(try_open(url, &error), BASE_ERR_SYSTEM);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_non_null(strstr(error.what, "cannot reach the database"));
    assert_in_range(after.tv_sec - before.tv_sec, 1, 25); /* the driver's own patience is 30 seconds */
    close(server);
    unlink(address.sun_path);
    rmdir(folder);
}

#define PROMISES(X)                                                                                                    \
    X(test_a_server_that_would_write_rows_into_its_log)                                                                \
    X(test_the_log_grows_at_once)                                                                                      \
    X(test_no_value_reaches_the_servers_log)                                                                           \
    X(test_a_broken_connection_is_lost)                                                                                \
    X(test_the_next_holder_waits_for_the_last_ones_transaction)                                                        \
    X(test_a_silent_server_is_not_waited_for_without_end)                                                              \
    X(test_addresses_that_cannot_be_reached)                                                                           \
    X(test_a_server_that_would_lose_commits)

int main(void)
{
    const struct CMUnitTest tests[] = { PROMISES(TEST_ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return test_skip_program("PostgreSQL is not installed");
    return TEST_RUN_ON_DATABASES("db_postgresql", tests);
}
