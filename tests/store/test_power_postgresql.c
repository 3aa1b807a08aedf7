/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PostgreSQL, as the store demands it, on a machine whose power is cut: no acknowledged transaction is lost, none is
 * half there. And the same with fsync=off, which must break the promise, or this test could not notice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>

#include "store/power/contract.h"
#include "support/postgresql.h"
#include "support/power_journal.h"
#include "support/property.h"
#include "support/test.h"

enum { CYCLES = 10, CHANGES = 500, MOST_TRANSACTIONS = 200, UNSAFE_CYCLES = 20, SECTORS = 3 };

/* ---- the connection ---- */

static int execute(void *context, const char *sql)
{
    PGresult      *result = PQexec(context, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : -1;
}

static int query(void *context, const char *sql, contract_row *each, void *argument)
{
    PGresult *result = PQexec(context, sql);
    int       ret = PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : -1;
    for (int row = 0; ret == 0 && row < PQntuples(result); row++) {
        char *values[3] = { NULL };
        for (int i = 0; i < PQnfields(result) && i < 3; i++)
            values[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        ret = each(argument, PQnfields(result), values, NULL);
    }
    PQclear(result);
    return ret;
}

static void say_nothing(void *context, const char *notice)
{
    (void) context;
    (void) notice;
}

/* NULL where the server does not answer. */
static PGconn *connect_to(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) == CONNECTION_OK) {
        PQsetNoticeProcessor(connection, say_nothing, NULL);
        return connection;
    }
    PQfinish(connection);
    return NULL;
}

static struct contract_database database_of(PGconn *connection)
{
    return (struct contract_database){ connection, execute, query };
}

static PGconn *make_database(char url[TEST_POSTGRESQL_URL])
{
    test_postgresql_database(url);
    PGconn *connection = connect_to(url);
    assert_non_null(connection);
    struct contract_database database = database_of(connection);
    assert_int_equal(contract_create(&database), 0);
    return connection;
}

/* ---- the cycle ---- */

static int check(const char *url, uint64_t acknowledged, uint64_t attempted, uint64_t *newest, char why[CONTRACT_WHY])
{
    PGconn *connection = connect_to(url);
    if (connection == NULL) {
        snprintf(why, CONTRACT_WHY, "the database cannot be opened");
        return -1;
    }
    struct contract_database database = database_of(connection);
    int                      ret = contract_check(&database, acknowledged, attempted, newest, why);
    PQfinish(connection);
    return ret;
}

/* Work until the first failure. */
static void work(const char *url, uint64_t newest, uint64_t *acknowledged, uint64_t *attempted)
{
    PGconn *connection = connect_to(url);
    *acknowledged = *attempted = newest;
    if (connection == NULL)
        return;
    struct contract_database database = database_of(connection);
    for (uint64_t i = 0; i < MOST_TRANSACTIONS; i++) {
        if (contract_transaction(&database, ++*attempted) != 0)
            break;
        *acknowledged = *attempted;
    }
    PQfinish(connection);
}

struct tally {
    unsigned          cycles, broken, failed; /* failed: the work ended before its last transaction */
    uint64_t          acknowledged;
    struct power_loss loss;
    char              why[CONTRACT_WHY];
};

/* Work, cut, restore, start, check. false: the server does not start any more, or the promise is broken. */
static bool cycle(const char *url, const struct power_plan *plan, struct test_random *random, uint64_t *newest,
                  struct tally *tally)
{
    static const unsigned sectors[SECTORS] = { 512, 4096, 8192 };
    uint64_t              acknowledged, attempted;
    struct power_loss     loss;
    test_postgresql_plan(plan);
    work(url, *newest, &acknowledged, &attempted);
    test_postgresql_cut(test_between(random, 0, SIZE_MAX / 2), sectors[test_between(random, 0, SECTORS - 1)], &loss);
    tally->cycles++;
    tally->failed += acknowledged != attempted;
    tally->acknowledged += acknowledged - *newest;
    tally->loss.changes += loss.changes;
    tally->loss.sectors_lost += loss.sectors_lost;
    tally->loss.sectors_kept += loss.sectors_kept;
    tally->loss.names_lost += loss.names_lost;
    if (test_postgresql_try_start(tally->why, sizeof tally->why) &&
        check(url, acknowledged, attempted, newest, tally->why) == 0)
        return true;
    tally->broken++;
    return false;
}

static void report(const char *setting, const struct tally *tally)
{
    print_message("# %s: %u power cuts, %" PRIu64 " transactions acknowledged, %" PRIu64 " sectors lost and %" PRIu64
                  " kept of %" PRIu64 " unsynced changes, %" PRIu64 " names; promise broken %u times%s%s\n",
                  setting, tally->cycles, tally->acknowledged, tally->loss.sectors_lost, tally->loss.sectors_kept,
                  tally->loss.changes, tally->loss.names_lost, tally->broken, tally->broken > 0 ? ": " : "",
                  tally->broken > 0 ? tally->why : "");
}

static void test_power_cuts(void **state)
{
    (void) state;
    struct test_random random = { .seed = 20261122 };
    struct tally       tally = { 0 };
    uint64_t           newest = 0;
    char               url[TEST_POSTGRESQL_URL];
    bool               holds = true;
    PQfinish(make_database(url));
    for (unsigned i = 0; i < contract_cycles(CYCLES) && holds; i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        plan.cut_at = test_between(&random, 1, CHANGES);
        holds = cycle(url, &plan, &random, &newest, &tally);
    }
    report("fsync=on", &tally);
    assert_true(holds);
    assert_true(tally.loss.sectors_lost > 0 && tally.loss.sectors_kept > 0);
}

/* An fsync fails: the server ends its connections and starts anew from its log, or ends; what it acknowledged holds. */
static void test_failed_fsync(void **state)
{
    (void) state;
    struct test_random random = { .seed = 6 };
    struct tally       tally = { 0 };
    uint64_t           newest = 0;
    char               url[TEST_POSTGRESQL_URL];
    bool               holds = true;
    PQfinish(make_database(url));
    for (unsigned i = 0; i < contract_cycles(CYCLES) && holds; i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        plan.fail_sync_at = test_between(&random, 1, 60);
        holds = cycle(url, &plan, &random, &newest, &tally);
    }
    report("an fsync fails", &tally);
    assert_true(holds);
    assert_true(tally.failed > 0);
}

/* The disk is full: the statement fails and says so, reading goes on, and with room again so does writing. */
static void test_disk_full(void **state)
{
    (void) state;
    uint64_t                 newest = 0;
    char                     url[TEST_POSTGRESQL_URL], why[CONTRACT_WHY];
    struct power_plan        plan = { .bytes_allowed = 0 };
    PGconn                  *connection = make_database(url);
    struct contract_database database = database_of(connection);
    while (newest < 20)
        assert_int_equal(contract_transaction(&database, ++newest), 0);
    test_postgresql_plan(&plan);
    PGresult *result =
        PQexec(connection, "INSERT INTO part SELECT 0, n, repeat('x', 1000) FROM generate_series(0, 999) n");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "53100");
    PQclear(result);
    assert_int_equal(contract_check(&database, newest, newest, &newest, why), 0);
    test_postgresql_plan(&(struct power_plan) POWER_PLAN_NONE);
    assert_int_equal(contract_transaction(&database, ++newest), 0);
    assert_int_equal(contract_check(&database, newest, newest, &newest, why), 0);
    PQfinish(connection);
}

/* The last test: its cluster is not worth keeping. */
static void test_unsafe_is_noticed(void **state)
{
    (void) state;
    struct test_random random = { .seed = 7 };
    struct tally       tally = { 0 };
    uint64_t           newest = 0;
    char               url[TEST_POSTGRESQL_URL];
    test_postgresql_stop();
    test_postgresql_set("fsync=off");
    test_postgresql_start();
    PQfinish(make_database(url));
    bool holds = true;
    for (unsigned i = 0; i < UNSAFE_CYCLES && holds; i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        plan.cut_at = test_between(&random, 1, CHANGES);
        holds = cycle(url, &plan, &random, &newest, &tally);
    }
    report("fsync=off", &tally);
    assert_false(holds);
}

int main(void)
{
    /* A small log and cache, so that files are written and the log is reused while a cycle lasts. */
    static const char *const words[] = {
        "--power=" POWER_LIBRARY,        "--initdb=--wal-segsize=1",   "--setting=shared_buffers=512kB",
        "--setting=min_wal_size=2MB",    "--setting=max_wal_size=2MB", "--setting=checkpoint_timeout=30s",
        "--setting=bgwriter_delay=10ms",
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts),
        cmocka_unit_test(test_failed_fsync),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_unsafe_is_noticed),
    };
    if (!test_postgresql_installed())
        return test_skip_program("PostgreSQL is not installed");
    test_postgresql_configure(words, sizeof words / sizeof *words);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
