/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store on a driver whose n-th call fails: what was acknowledged is whole, what was not is there whole or not at
 * all, and the writer goes on or has stopped for good, as the failure demands. */
#include <stdio.h>

#include "store/driver_fault.h"
#include "store/power/store_work.h"
#include "support/power_vfs.h"
#include "support/property.h"
#include "support/test.h"

enum { REQUESTS = 3, MOST_STEP = 70 };

static struct test_store   test;
static struct store_work   work;
static struct driver_fault fault;

static void reopen(void)
{
    fault.fail_at = 0;
    test_store_reopen(&test);
}

/* After a failure of this status the writer writes no more. */
static bool stops(int status)
{
    return status == DB_ERR_LOST || status == BASE_ERR_SYSTEM;
}

/* One run with one failing call: whether the run came to it. */
static bool fail_one(size_t number, int status, bool done_first, uint64_t seed)
{
    struct people_sample sample;
    char                 why[STORE_WORK_WHY];
    fault.calls_counted = done_first ? DRIVER_COMMIT : DRIVER_ALL;
    fault.status = status;
    fault.done_first = done_first;
    fault.calls = fault.failed = 0;
    fault.fail_at = number;
    store_work_run(&work, REQUESTS, seed);
    fault.fail_at = 0;
    bool came = fault.failed > 0;
    int  ret = test_person_create(&test, &sample);
    if (work.failure == status && stops(status))
        assert_status(ret, STORE_ERR_STOPPED);
    else
        assert_true(ret == 0 || ret == STORE_ERR_STOPPED);
    if (store_work_check(&work, why) != 0)
        print_error("call %zu fails with %d: %s\n", number, status, why);
    assert_string_equal(why, "");
    if (ret != 0)
        reopen();
    return came;
}

static void torture(bool postgresql)
{
    static const int   statuses[] = { DB_ERR_FULL, DB_ERR_LOST, DB_ERR_BUSY, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY };
    struct test_random random = { .seed = 11 };
    unsigned           failed = 0;
    test_store_open(&test, postgresql);
    store_reader_close(test.reader);
    store_close(test.store);
    test.reader = NULL;
    test.store = NULL;
    test.options.db.wrap = driver_fault_wrap;
    test.options.db.wrap_context = &fault;
    if (!postgresql) {
        assert_int_equal(power_vfs_start(test.folder), 0); /* it waits for no disk */
        test.options.db.vfs = POWER_VFS;
    }
    assert_int_equal(store_work_start(&work, &test), 0);
    reopen();
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        for (size_t n = 1; fail_one(n, statuses[i], false, n * 8 + i); n += test_between(&random, 1, MOST_STEP))
            failed++;
    for (size_t n = 1; n <= REQUESTS; n++)
        failed += fail_one(n, DB_ERR_LOST, true, n);
    assert_true(failed > 2 * sizeof statuses / sizeof *statuses);
    store_reader_close(test.reader);
    store_close(test.store);
    test.reader = NULL;
    test.store = NULL;
    if (!postgresql)
        power_vfs_end();
    store_work_free(&work);
    test_store_close(&test);
}

static void test_sqlite(void **state)
{
    (void) state;
    torture(false);
}

static void test_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    torture(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_postgresql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
