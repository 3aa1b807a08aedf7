/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each call of the driver fails once while a person is created, changed and erased: the caller is told, nothing is half
 * written, and the writer goes on or has stopped for good, as store.h says. */
#include <stdio.h>

#include "store/audit.h"
#include "store/driver_fault.h"
#include "support/store.h"
#include "support/test.h"

enum { MOST_CALLS = 400 };

static struct test_store   test;
static struct driver_fault fault;

static void open_with_faults(bool postgresql)
{
    fault = (struct driver_fault){ .fail_at = 0 };
    test_store_open(&test, postgresql);
    test.options.db.wrap = driver_fault_wrap;
    test.options.db.wrap_context = &fault;
    test_store_reopen(&test);
}

static int on_sqlite(void **state)
{
    (void) state;
    open_with_faults(false);
    return 0;
}

static int on_postgresql(void **state)
{
    (void) state;
    open_with_faults(true);
    return 0;
}

static int close_store(void **state)
{
    (void) state;
    fault.fail_at = 0;
    test_store_close(&test);
    return 0;
}

/* What must always agree. */
static void check_whole(int64_t cases)
{
    struct db          *db;
    struct db_options   options = { .read_only = true };
    struct audit_result result;
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), cases);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person"), cases);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity"), cases);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), cases);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event"),
                     test_store_number(&test, "SELECT max(number) FROM event"));
    if (cases > 0)
        assert_int_equal(test_store_number(&test, "SELECT sum(total) FROM counter_area"), 4 * cases);
    assert_ok(db_open(test.url, &options, &db, NULL));
    assert_ok(audit_verify(db, NULL, 0, &result, NULL));
    assert_int_equal(result.verdict, AUDIT_WHOLE);
    assert_int_equal(result.entries, cases + 1);
    db_close(db);
}

/* Creates while the n-th call fails with `status`; `stops`: the writer must refuse everything afterwards. */
static void torture(int status, unsigned calls, bool stops)
{
    int64_t cases = 0;
    for (size_t n = 1; n < MOST_CALLS; n++) {
        struct people_sample sample;
        fault.calls_counted = calls;
        fault.status = status;
        fault.calls = fault.failed = 0;
        fault.fail_at = n;
        int  ret = test_person_create(&test, &sample);
        bool failed = fault.failed > 0;
        fault.fail_at = 0;
        cases += ret == 0;
        if (!failed) {
            assert_int_equal(ret, 0);
            check_whole(cases);
            return;
        }
        if (stops) {
            assert_int_not_equal(ret, 0);
            assert_status(test_person_create(&test, &sample), STORE_ERR_STOPPED);
            test_store_reopen(&test);
        }
        check_whole(cases);
        assert_int_equal(test_person_create(&test, &sample), 0); /* and it goes on */
        cases++;
    }
    fail_msg("more than %d calls", MOST_CALLS);
}

static void test_a_full_disk_fails_the_group_alone(void **state)
{
    (void) state;
    torture(DB_ERR_FULL, DRIVER_CHANGE | DRIVER_COMMIT, false);
}

static void test_a_lost_database_stops_the_writer(void **state)
{
    (void) state;
    torture(DB_ERR_LOST, DRIVER_CHANGE | DRIVER_COMMIT, true);
}

static void test_a_failed_commit_stops_the_writer(void **state)
{
    (void) state;
    torture(BASE_ERR_SYSTEM, DRIVER_COMMIT, true);
}

static void test_a_lost_lease_stops_the_writer(void **state)
{
    (void) state;
    torture(DB_ERR_FENCED, DRIVER_LEASE, true);
}

static void test_no_memory_fails_the_request(void **state)
{
    (void) state;
    torture(TOC_ERR_NO_MEMORY, DRIVER_ALL, false);
}

#define PROMISES(on)                                                                                                   \
    on(test_a_full_disk_fails_the_group_alone) on(test_a_lost_database_stops_the_writer)                               \
        on(test_a_failed_commit_stops_the_writer) on(test_a_lost_lease_stops_the_writer)                               \
            on(test_no_memory_fails_the_request)
#define ON_SQLITE(name) { "sqlite: " #name, name, on_sqlite, close_store, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, close_store, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("writer faults", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
