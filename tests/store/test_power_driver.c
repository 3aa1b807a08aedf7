/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each call of the driver fails once, on both databases: what was acknowledged is there, nothing is half there, and the
 * connection works again after a rollback unless it was lost. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/driver_fault.h"
#include "store/power/contract_db.h"
#include "support/postgresql.h"
#include "support/power_vfs.h"
#include "support/test.h"

enum { TRANSACTIONS = 2 };

static char folder[64];

struct place {
    bool postgresql;
    char url[TEST_POSTGRESQL_URL];
};

static struct db *open_at(const struct place *place, struct driver_fault *fault)
{
    struct db_error   error = { .what = "" };
    struct db        *db = NULL;
    struct db_options options = { .create = true, .vfs = POWER_VFS }; /* which waits for no disk */
    if (fault != NULL) {
        options.wrap = driver_fault_wrap;
        options.wrap_context = fault;
    }
    if (db_open(place->url, &options, &db, &error) != 0)
        print_error("%s\n", error.what);
    assert_non_null(db);
    return db;
}

/* A new database with the workload's tables. */
static void make_place(struct place *place)
{
    static unsigned number;
    if (place->postgresql)
        test_postgresql_database(place->url);
    else
        snprintf(place->url, sizeof place->url, "%s/%u.db", folder, ++number);
    struct db               *db = open_at(place, NULL);
    struct contract_database database = contract_of_db(db);
    assert_int_equal(contract_create(&database), 0);
    db_close(db);
}

/* Transactions from newest + 1 on, each tried once; a lost connection is opened anew. */
static void work(const struct place *place, struct driver_fault *fault, uint64_t *newest)
{
    char       why[CONTRACT_WHY];
    struct db *db = open_at(place, fault);
    for (int i = 0; i < TRANSACTIONS; i++) {
        struct contract_database database = contract_of_db(db);
        size_t                   failed = fault->failed;
        int                      ret = contract_transaction(&database, *newest + 1);
        /* the rollback after a failure is no call that fails, and a query's own -1 hides the driver's status */
        assert_true(ret == 0 ? fault->failed == failed : ret == fault->status || ret == -1);
        if (fault->status == DB_ERR_LOST && fault->failed > failed) {
            db_close(db);
            fault->fail_at = 0;
            db = open_at(place, fault);
        }
        database = contract_of_db(db);
        fault->calls_counted = DRIVER_LEASE; /* the check is not to fail */
        uint64_t acknowledged = ret == 0 ? *newest + 1 : *newest;
        uint64_t possible = ret != 0 && fault->done_first ? *newest + 1 : acknowledged;
        if (contract_check(&database, acknowledged, possible, newest, why) != 0)
            print_error("call %zu: %s\n", fault->fail_at, why);
        assert_string_equal(why, "");
        fault->calls_counted = 0;
    }
    db_close(db);
}

static void torture(bool postgresql, int status, bool done_first)
{
    struct place place = { .postgresql = postgresql };
    uint64_t     newest = 0;
    size_t       n = 0, failed;
    make_place(&place);
    do {
        struct driver_fault fault = { .fail_at = ++n, .status = status, .done_first = done_first };
        work(&place, &fault, &newest);
        failed = fault.failed;
    } while (failed > 0);
    assert_true(n > 5 * TRANSACTIONS);
    assert_true(newest >= n - 1);
}

static void test_sqlite(void **state)
{
    (void) state;
    torture(false, DB_ERR_FULL, false);
    torture(false, TOC_ERR_NO_MEMORY, false);
    torture(false, DB_ERR_LOST, false);
    torture(false, DB_ERR_LOST, true);
}

static void test_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    torture(true, DB_ERR_FULL, false);
    torture(true, DB_ERR_LOST, false);
    torture(true, DB_ERR_LOST, true);
}

static int make_folder(void **state)
{
    (void) state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-driver-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : power_vfs_start(folder);
}

static int remove_folder(void **state)
{
    (void) state;
    char command[160];
    power_vfs_end();
    snprintf(command, sizeof command, "rm -rf '%s' '%s.trash'", folder, folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_postgresql),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
