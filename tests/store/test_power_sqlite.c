/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite, as the store opens it, on a machine whose power is cut: no acknowledged transaction is lost, none is half
 * there. And the same with synchronous=OFF, which must break the promise, or this test could not notice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/db_sqlite.h"
#include "store/power/contract.h"
#include "support/power_vfs.h"
#include "support/property.h"
#include "support/test.h"

enum { CYCLES = 10, CHANGES = 400, MOST_TRANSACTIONS = 200, FRESH_EVERY = 25 };

static char folder[64], path[128];

/* ---- the connection ---- */

static int execute(void *context, const char *sql)
{
    return sqlite3_exec(context, sql, NULL, NULL, NULL);
}

static int query(void *context, const char *sql, contract_row *each, void *argument)
{
    return sqlite3_exec(context, sql, each, argument, NULL);
}

/* The settings of DESIGN section 5, the log in large pieces where commits are synced; it is short, so that checkpoints
 * come often, and the cache small, so that pages go to the log before their commit. */
static sqlite3 *open_database(const char *synchronous)
{
    sqlite3    *connection = NULL;
    const char *files = strcmp(synchronous, "FULL") == 0 ? sqlite_log_over(POWER_VFS) : POWER_VFS;
    char        settings[160];
    snprintf(settings, sizeof settings,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA wal_autocheckpoint=24; PRAGMA cache_size=-64",
             synchronous);
    if (sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, files) == SQLITE_OK &&
        sqlite3_exec(connection, settings, NULL, NULL, NULL) == SQLITE_OK)
        return connection;
    sqlite3_close(connection);
    return NULL;
}

static struct contract_database database_of(sqlite3 *connection)
{
    return (struct contract_database){ connection, execute, query };
}

/* A new file with the workload's tables, all of it on the disk. */
static void make_database(void)
{
    const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[sizeof path + 16];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    sqlite3 *connection = open_database("FULL");
    assert_non_null(connection);
    struct contract_database database = database_of(connection);
    assert_int_equal(contract_create(&database), 0);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static int first_text(void *argument, int num_columns, char **values, char **names)
{
    (void) num_columns;
    (void) names;
    snprintf(argument, CONTRACT_WHY, "%.*s", (int) strcspn(values[0], "\n"), values[0]);
    return 1;
}

/* Reopen and check all promises: 0, or -1 and why. */
static int check(uint64_t acknowledged, uint64_t attempted, uint64_t *newest, char why[CONTRACT_WHY])
{
    sqlite3 *connection = open_database("FULL");
    if (connection == NULL) {
        snprintf(why, CONTRACT_WHY, "the database cannot be opened");
        return -1;
    }
    struct contract_database database = database_of(connection);
    char                     integrity[CONTRACT_WHY] = "";
    int                      ret = contract_check(&database, acknowledged, attempted, newest, why);
    sqlite3_exec(connection, "PRAGMA integrity_check(1)", first_text, integrity, NULL);
    if (strcmp(integrity, "ok") != 0) {
        snprintf(why, CONTRACT_WHY, "integrity: %.200s", integrity);
        ret = -1;
    }
    sqlite3_close(connection);
    return ret;
}

/* Work until the first failure, which is the answer (SQLITE_OK if there was none). */
static int work(const char *synchronous, uint64_t newest, uint64_t *acknowledged, uint64_t *attempted)
{
    sqlite3 *connection = open_database(synchronous);
    int      code = connection == NULL ? SQLITE_CANTOPEN : SQLITE_OK;
    *acknowledged = *attempted = newest;
    if (connection != NULL) {
        struct contract_database database = database_of(connection);
        for (uint64_t i = 0; i < MOST_TRANSACTIONS; i++) {
            code = contract_transaction(&database, ++*attempted);
            if (code != 0)
                break;
            *acknowledged = *attempted;
        }
    }
    sqlite3_close(connection);
    return code;
}

enum { LINES_SHOWN = 3 };

struct tally {
    unsigned          cycles, broken;
    uint64_t          acknowledged;
    struct power_loss loss;
    char              why[CONTRACT_WHY];
};

/* One cycle: work, cut, restore, check; answers how the work ended. */
static int cycle(const char *synchronous, const struct power_plan *plan, struct test_random *random, uint64_t *newest,
                 struct tally *tally)
{
    uint64_t          acknowledged, attempted;
    struct power_loss loss;
    unsigned          sector = test_between(random, 0, 1) == 0 ? 512 : 4096;
    power_vfs_plan(plan);
    int code = work(synchronous, *newest, &acknowledged, &attempted);
    assert_int_equal(power_vfs_restore(test_between(random, 0, SIZE_MAX / 2), sector, &loss), 0);
    tally->cycles++;
    tally->acknowledged += acknowledged - *newest;
    tally->loss.changes += loss.changes;
    tally->loss.sectors_lost += loss.sectors_lost;
    tally->loss.sectors_kept += loss.sectors_kept;
    tally->loss.names_lost += loss.names_lost;
    if (check(acknowledged, attempted, newest, tally->why) != 0)
        tally->broken++;
    return code;
}

/* The database goes from cycle to cycle; after a broken promise a new one is made. */
static void run_cycles(const char *synchronous, unsigned cycles, struct tally *tally)
{
    struct test_random random = { .seed = 20261122 };
    uint64_t           newest = 0;
    bool               fresh = true;
    for (unsigned i = 0; i < cycles; i++) {
        if (i % FRESH_EVERY == 0 || fresh) {
            make_database();
            newest = 0;
        }
        struct power_plan plan = POWER_PLAN_NONE;
        plan.cut_at = test_between(&random, 1, CHANGES);
        unsigned broken = tally->broken;
        cycle(synchronous, &plan, &random, &newest, tally);
        fresh = tally->broken > broken;
        if (tally->broken > broken && tally->broken <= LINES_SHOWN)
            print_message("# synchronous=%s, cycle %u, power cut at change %" PRIu64 ": %s\n", synchronous, i,
                          plan.cut_at, tally->why);
    }
    print_message("# synchronous=%s: %u power cuts, %" PRIu64 " transactions acknowledged, %" PRIu64
                  " sectors lost and %" PRIu64 " kept of %" PRIu64 " unsynced changes, %" PRIu64
                  " names; promise broken %u times\n",
                  synchronous, tally->cycles, tally->acknowledged, tally->loss.sectors_lost, tally->loss.sectors_kept,
                  tally->loss.changes, tally->loss.names_lost, tally->broken);
}

static void test_power_cuts(void **state)
{
    (void) state;
    struct tally tally = { 0 };
    run_cycles("FULL", contract_cycles(CYCLES), &tally);
    assert_int_equal(tally.broken, 0);
    assert_true(tally.loss.sectors_lost > 0 && tally.loss.sectors_kept > 0);
}

static void test_unsafe_is_noticed(void **state)
{
    (void) state;
    struct tally tally = { 0 };
    run_cycles("OFF", contract_cycles(CYCLES), &tally);
    assert_true(tally.broken > 0);
}

/* An fsync fails, what it should have carried is gone at the next cut, and the connection is given up at the first
 * failure. (The one that fails within a checkpoint is not reported, and need not be: the log still has the pages.) */
static void test_failed_fsync(void **state)
{
    (void) state;
    struct test_random random = { .seed = 4 };
    struct tally       tally = { 0 };
    uint64_t           newest = 0;
    unsigned           reported = 0;
    make_database();
    for (unsigned i = 0; i < contract_cycles(CYCLES); i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        plan.fail_sync_at = test_between(&random, 1, 60);
        plan.cut_at = test_between(&random, 1, 2) == 1 ? 0 : test_between(&random, 100, 2 * CHANGES);
        reported += cycle("FULL", &plan, &random, &newest, &tally) == SQLITE_IOERR;
        if (tally.broken > 0)
            print_error("fsync %" PRIu64 " failed: %s\n", plan.fail_sync_at, tally.why);
        assert_int_equal(tally.broken, 0);
    }
    assert_true(reported > 0);
}

/* The disk is full: the transaction fails with SQLITE_FULL and leaves no trace; reading goes on; with room again,
 * writing goes on, on the same connection. */
static void test_disk_full(void **state)
{
    (void) state;
    struct test_random random = { .seed = 5 };
    uint64_t           newest = 0;
    char               why[CONTRACT_WHY];
    make_database();
    for (unsigned i = 0; i < contract_cycles(CYCLES); i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        plan.bytes_allowed = (int64_t) test_between(&random, 0, 100000);
        sqlite3                 *connection = open_database("FULL");
        struct contract_database database = database_of(connection);
        power_vfs_plan(&plan);
        /* A checkpoint starts the log anew, and then it need not grow; sooner or later it must. */
        sqlite3_exec(connection, "PRAGMA wal_autocheckpoint=0", NULL, NULL, NULL);
        while (contract_transaction(&database, newest + 1) == 0)
            newest++;
        assert_true(sqlite3_get_autocommit(connection)); /* the transaction has ended, here or by SQLite itself */
        assert_int_equal(contract_check(&database, newest, newest, &newest, why), 0);
        assert_int_equal(execute(connection, "INSERT INTO part VALUES (0, 0, hex(zeroblob(100000)))"), SQLITE_FULL);
        assert_int_equal(contract_check(&database, newest, newest, &newest, why), 0);

        power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
        assert_int_equal(contract_transaction(&database, newest + 1), 0);
        newest++;
        assert_int_equal(contract_check(&database, newest, newest, &newest, why), 0);
        assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    }
}

/* A read that fails or ends early is an error of the statement, never a wrong row; the file is whole. */
static void test_failed_reads(void **state)
{
    (void) state;
    uint64_t acknowledged = 0, attempted = 0, newest = 0;
    char     why[CONTRACT_WHY];
    unsigned failed = 0;
    make_database();
    assert_int_equal(work("FULL", 0, &acknowledged, &attempted), SQLITE_OK);
    for (uint64_t n = 1; n <= 40; n++) {
        struct power_plan plan = POWER_PLAN_NONE;
        if (n % 2 == 0)
            plan.fail_read_at = n / 2;
        else
            plan.short_read_at = n / 2 + 1;
        power_vfs_plan(&plan);
        if (check(acknowledged, attempted, &newest, why) != 0)
            failed++;
        power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
        assert_int_equal(check(acknowledged, attempted, &newest, why), 0);
    }
    assert_true(failed > 0);
}

static int number(void *argument, int num_columns, char **values, char **names)
{
    (void) num_columns;
    (void) names;
    *(long *) argument = strtol(values[0], NULL, 10);
    return 0;
}

static long ask(sqlite3 *connection, const char *sql)
{
    long answer = -1;
    assert_int_equal(sqlite3_exec(connection, sql, number, &answer, NULL), SQLITE_OK);
    return answer;
}

#define HUNDRED_ROWS                                                                                                   \
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100) "                                   \
    "INSERT INTO large SELECT NULL, hex(zeroblob(1500)) FROM n"

/* A commit of hundreds of pages is a few writes and a sync, and others find it when it is over. */
static void test_large_pieces(void **state)
{
    (void) state;
    make_database();
    sqlite3 *connection = open_database("FULL"), *other = NULL;
    assert_int_equal(sqlite3_open_v2(path, &other, SQLITE_OPEN_READWRITE, POWER_VFS), SQLITE_OK);
    assert_int_equal(execute(connection, "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-4096;"
                                         "CREATE TABLE large (id INTEGER PRIMARY KEY, text TEXT)"),
                     SQLITE_OK);
    power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
    assert_int_equal(execute(connection, HUNDRED_ROWS), SQLITE_OK);
    assert_true(power_vfs_changes() < 10 && power_vfs_syncs() == 1);
    assert_int_equal(ask(other, "SELECT count(*) FROM large"), 100);
    sqlite3_close(other);
    sqlite3_close(connection);
}

static long size_of_log(void)
{
    struct stat status;
    char        name[sizeof path + 16];
    snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &status), 0);
    return (long) status.st_size;
}

/* Small commits find room in the log, so that a sync need not carry a new length of the file; what follows them there
 * is no page of it for whoever opens the database. */
static void test_room_ahead(void **state)
{
    (void) state;
    make_database();
    sqlite3 *connection = open_database("FULL"), *other = NULL;
    assert_int_equal(execute(connection, "PRAGMA wal_autocheckpoint=0; CREATE TABLE small (id INTEGER PRIMARY KEY)"),
                     SQLITE_OK);
    long size = size_of_log();
    assert_true(size > 1 << 20 && size < 2 << 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(execute(connection, "INSERT INTO small VALUES (NULL)"), SQLITE_OK);
    assert_int_equal(size_of_log(), size);
    for (int i = 0; i < 400; i++)
        assert_int_equal(execute(connection, "INSERT INTO small VALUES (NULL)"), SQLITE_OK);
    assert_true(size_of_log() > size);
    power_vfs_cut(); /* the log is read anew by whoever comes next */
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    assert_int_equal(power_vfs_restore(1, 512, NULL), 0);
    power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
    assert_int_equal(sqlite3_open_v2(path, &other, SQLITE_OPEN_READWRITE, POWER_VFS), SQLITE_OK);
    assert_int_equal(ask(other, "SELECT count(*) FROM small"), 420);
    sqlite3_close(other);
}

/* Pages that the cache has no room for are read again before their commit; what is rolled back leaves no trace. */
static void test_pages_before_their_commit(void **state)
{
    (void) state;
    make_database();
    sqlite3 *connection = open_database("FULL");
    assert_int_equal(execute(connection, "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=10;"
                                         "CREATE TABLE large (id INTEGER PRIMARY KEY, text TEXT)"),
                     SQLITE_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(execute(connection, "BEGIN"), SQLITE_OK);
        assert_int_equal(execute(connection, HUNDRED_ROWS), SQLITE_OK);
        assert_int_equal(execute(connection, "UPDATE large SET text = text || 'x' WHERE id % 3 = 0"), SQLITE_OK);
        assert_int_equal(execute(connection, "SAVEPOINT half"), SQLITE_OK);
        assert_int_equal(execute(connection, HUNDRED_ROWS), SQLITE_OK);
        assert_int_equal(execute(connection, "ROLLBACK TO half"), SQLITE_OK);
        assert_int_equal(ask(connection, "SELECT sum(length(text) >= 3000) FROM large"), 100 * ((i + 1) / 2 + 1));
        assert_int_equal(execute(connection, i % 2 == 0 ? "COMMIT" : "ROLLBACK"), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    connection = open_database("FULL");
    assert_int_equal(ask(connection, "SELECT count(*) FROM large"), 300);
    assert_int_equal(ask(connection, "SELECT sum(integrity_check = 'ok') FROM pragma_integrity_check"), 1);
    sqlite3_close(connection);
}

static int make_machine(void **state)
{
    (void) state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-power-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/chain.db", folder);
    return power_vfs_start(folder);
}

static int remove_machine(void **state)
{
    (void) state;
    power_vfs_end();
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s' '%s.trash'", folder, folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts),
        cmocka_unit_test(test_unsafe_is_noticed),
        cmocka_unit_test(test_failed_fsync),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_failed_reads),
        cmocka_unit_test(test_large_pieces),
        cmocka_unit_test(test_pages_before_their_commit),
        cmocka_unit_test(test_room_ahead),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
