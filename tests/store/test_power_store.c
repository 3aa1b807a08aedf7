/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store on machines whose power is cut, whose fsync fails, whose disk is full: what store.h promises of a submitted
 * request holds on both databases. And without their care it breaks, or this test could not notice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/power/contract.h"
#include "store/power/store_work.h"
#include "support/power_journal.h"
#include "support/power_vfs.h"
#include "support/property.h"
#include "support/test.h"

enum { CYCLES = 10, FRESH_EVERY = 25, REQUESTS = 25, ENOUGH = 3 };
/* A cut comes within so many changes of files; a cycle's work makes about as many. */
enum { CHANGES_SQLITE = 1500, CHANGES_POSTGRESQL = 350, SYNCS = 40 };

static struct test_store test;
static struct store_work work;

struct tally {
    unsigned          cycles, broken, failed;
    uint64_t          acknowledged;
    struct power_loss loss;
    char              why[STORE_WORK_WHY];
};

/* ---- the machine ---- */

static void close_store(void)
{
    store_reader_close(test.reader);
    store_close(test.store);
    test.reader = NULL;
    test.store = NULL;
}

/* 0, or why the store cannot be opened. */
static int open_store(char why[STORE_WORK_WHY])
{
    struct db_error error = { .what = "" };
    int             ret = store_open(&test.options, &test.store, &error);
    if (ret == 0)
        ret = store_reader_open(test.store, &test.reader, &error);
    if (ret != 0)
        snprintf(why, STORE_WORK_WHY, "the store cannot be opened: %d %s", ret, error.what);
    return ret;
}

/* A new store on a machine: made on the system's own files and, on SQLite, opened again through the machine's. */
static void start(bool postgresql, bool unsafe)
{
    char why[STORE_WORK_WHY] = "";
    if (postgresql)
        test_postgresql_plan(&(struct power_plan) POWER_PLAN_NONE);
    test_store_open(&test, postgresql);
    close_store();
    test.options.db.unsafe_test_sync = unsafe;
    if (!postgresql) {
        assert_int_equal(power_vfs_start(test.folder), 0);
        test.options.db.vfs = POWER_VFS;
    }
    assert_int_equal(store_work_start(&work, &test), 0);
    assert_int_equal(open_store(why), 0);
}

static void stop(void)
{
    close_store();
    if (!test.postgresql)
        power_vfs_end();
    store_work_free(&work);
    test_store_close(&test);
}

static void set_plan(const struct power_plan *plan)
{
    if (test.postgresql)
        test_postgresql_plan(plan);
    else
        power_vfs_plan(plan);
}

/* The power goes (if it has not), the store is closed, the machine starts again. */
static void cut(struct test_random *random, struct power_loss *loss)
{
    static const unsigned sectors[] = { 512, 4096, 8192 };
    uint64_t              seed = test_between(random, 0, SIZE_MAX / 2);
    unsigned              sector = sectors[test_between(random, 0, 2)];
    if (test.postgresql) {
        test_postgresql_cut(seed, sector, loss);
        close_store();
        test_postgresql_start();
    } else {
        power_vfs_cut();
        close_store();
        assert_int_equal(power_vfs_restore(seed, sector, loss), 0);
    }
}

/* ---- cycles ---- */

/* Work, cut, open, check; false where the promise is broken. */
static bool cycle(const struct power_plan *plan, struct test_random *random, struct tally *tally)
{
    struct power_loss loss;
    uint64_t          before = work.acknowledged;
    set_plan(plan);
    test.options.counts_waiting =
        tally->cycles % 2; /* of the store that is opened below: what is counted waits, or 0 */
    test.options.counts_batch = 1 + tally->cycles % 16; /* and is added in the middle of the work */
    store_work_run(&work, REQUESTS, test_between(random, 0, SIZE_MAX / 2));
    tally->failed += work.failure != 0;
    /* After a failure that leaves open what is on the disk, the writer writes no more. */
    if (work.failure == DB_ERR_LOST || work.failure == STORE_ERR_STOPPED) {
        struct people_sample sample;
        assert_status(test_person_create(&test, &sample), STORE_ERR_STOPPED);
    }
    cut(random, &loss);
    tally->cycles++;
    tally->acknowledged += work.acknowledged - before;
    tally->loss.changes += loss.changes;
    tally->loss.sectors_lost += loss.sectors_lost;
    tally->loss.sectors_kept += loss.sectors_kept;
    char why[STORE_WORK_WHY] = "";
    if (open_store(why) == 0 && store_work_check(&work, why) == 0)
        return true;
    memcpy(tally->why, why, sizeof why);
    tally->broken++;
    return false;
}

/* Cycles of cuts, or of failing fsyncs; every so often, and after a broken promise, on a new store. Ends where the
 * promise was broken often enough to be sure that it is noticed. */
static void run_cycles(const char *name, bool postgresql, bool unsafe, bool fail_sync, unsigned cycles,
                       struct tally *tally)
{
    struct test_random random = { .seed = 20261122 };
    start(postgresql, unsafe);
    for (unsigned i = 0; i < cycles; i++) {
        struct power_plan plan = POWER_PLAN_NONE;
        if (fail_sync)
            plan.fail_sync_at = test_between(&random, 1, SYNCS);
        else
            plan.cut_at = test_between(&random, 1, postgresql ? CHANGES_POSTGRESQL : CHANGES_SQLITE);
        bool holds = cycle(&plan, &random, tally);
        if (!holds)
            print_message("# %s, cycle %u: %s\n", name, i, tally->why);
        if (tally->broken == ENOUGH)
            break;
        if (i + 1 < cycles && (!holds || i % FRESH_EVERY == FRESH_EVERY - 1)) {
            stop();
            start(postgresql, unsafe);
        }
    }
    stop();
    print_message("# %s: %u power cuts, %" PRIu64 " requests acknowledged, %" PRIu64 " sectors lost and %" PRIu64
                  " kept of %" PRIu64 " unsynced changes; promise broken %u times%s%s\n",
                  name, tally->cycles, tally->acknowledged, tally->loss.sectors_lost, tally->loss.sectors_kept,
                  tally->loss.changes, tally->broken, tally->broken > 0 ? ": " : "", tally->why);
}

static void try_cuts(const char *name, bool postgresql)
{
    struct tally tally = { 0 };
    run_cycles(name, postgresql, false, false, contract_cycles(CYCLES), &tally);
    assert_int_equal(tally.broken, 0);
    assert_true(tally.failed > 0 && tally.loss.sectors_lost > 0);
}

static void test_cuts_on_sqlite(void **state)
{
    (void) state;
    try_cuts("store on SQLite", false);
}

static void test_cuts_on_postgresql(void **state)
{
    (void) state;
    try_cuts("store on PostgreSQL", true);
}

static void try_failed_fsync(const char *name, bool postgresql)
{
    struct tally tally = { 0 };
    run_cycles(name, postgresql, false, true, contract_cycles(CYCLES / 2), &tally);
    assert_int_equal(tally.broken, 0);
    assert_true(tally.failed > 0);
}

static void test_failed_fsync_on_sqlite(void **state)
{
    (void) state;
    try_failed_fsync("store on SQLite, an fsync fails", false);
}

static void test_failed_fsync_on_postgresql(void **state)
{
    (void) state;
    try_failed_fsync("store on PostgreSQL, an fsync fails", true);
}

static void try_unsafe(const char *name, bool postgresql)
{
    struct tally tally = { 0 };
    run_cycles(name, postgresql, true, false, contract_cycles(CYCLES), &tally);
    assert_true(tally.broken > 0);
}

static void test_unsafe_is_noticed_on_sqlite(void **state)
{
    (void) state;
    try_unsafe("store on SQLite, synchronous=OFF", false);
}

static void test_unsafe_is_noticed_on_postgresql(void **state)
{
    (void) state;
    try_unsafe("store on PostgreSQL, synchronous_commit=off", true);
}

/* ---- an erasure ---- */

/* Is this person on the keeper's list? It lies on the system's own files: the cut is the database's. */
static bool on_list(const struct id *person)
{
    struct keeper_erasure page[64];
    uint64_t              position = 0, damaged = 0;
    bool                  found = false;
    size_t                num = 1;
    while (num > 0) {
        assert_ok(keeper_erasures(test.keeper, &position, page, 64, &num, &damaged, NULL));
        for (size_t i = 0; i < num; i++)
            found = found || id_equal(&page[i].person, person);
    }
    assert_int_equal(damaged, 0);
    return found;
}

/* The power goes at the first change of an erasure, at the second, …, until it no longer reaches it. Each time the
 * person is there whole, or gone whole and on the list; and gone for sure where it was acknowledged. */
static void try_cut_erasures(const char *name, bool postgresql)
{
    struct test_random random = { .seed = 20261122 };
    struct tally       tally = { 0 };
    unsigned           gone = 0, reached = 0;
    start(postgresql, false);
    for (unsigned change = 1, beyond = 0; beyond < 3; change++) {
        char               why[STORE_WORK_WHY] = "";
        struct power_loss  loss;
        struct store_deed *deed = store_work_person(&work);
        assert_non_null(deed);
        set_plan(&(struct power_plan){ .cut_at = change, .bytes_allowed = -1 });
        bool acknowledged = store_work_erase(&work, deed);
        beyond = acknowledged ? beyond + 1 : 0;
        reached = acknowledged ? reached : change;
        cut(&random, &loss);
        tally.cycles++;
        tally.acknowledged += acknowledged;
        tally.loss.sectors_lost += loss.sectors_lost;
        if (open_store(why) != 0 || store_work_check(&work, why) != 0)
            print_message("# %s, change %u: %s\n", name, change, why);
        assert_string_equal(why, "");
        assert_true(!acknowledged || deed->gone);
        assert_true(!deed->gone || on_list(&deed->person));
        gone += deed->gone;
    }
    stop();
    print_message("# %s: %u power cuts, %" PRIu64
                  " requests acknowledged, at changes 1 to %u of an erasure, %u persons gone "
                  "and %u whole; promise broken 0 times\n",
                  name, tally.cycles, tally.acknowledged, reached, gone, tally.cycles - gone);
    assert_true(gone > 0 && gone < tally.cycles && tally.loss.sectors_lost > 0);
}

static void test_cuts_of_an_erasure_on_sqlite(void **state)
{
    (void) state;
    try_cut_erasures("each change of an erasure on SQLite", false);
}

static void test_cuts_of_an_erasure_on_postgresql(void **state)
{
    (void) state;
    try_cut_erasures("each change of an erasure on PostgreSQL", true);
}

/* ---- a full disk ---- */

static void try_disk_full(bool postgresql)
{
    struct people_sample sample, first;
    struct model_case    illness;
    struct model_set     visible;
    struct arena         arena = ARENA_INIT;
    struct access        who = test_program();
    char                 why[STORE_WORK_WHY] = "";
    start(postgresql, false);
    assert_ok(test_person_create(&test, &first));
    who.purpose = ACCESS_NO_PURPOSE;
    for (int64_t room = 0; room < 600000; room += 150000) {
        set_plan(&(struct power_plan){ .bytes_allowed = room });
        do
            store_work_run(&work, REQUESTS, (uint64_t) room);
        while (work.failure == 0);
        assert_status(work.failure, DB_ERR_FULL);
        assert_ok(store_read(test.reader, &who, model_record(MODEL_CASE), &first.illness.head.id, STORE_NOW, &arena,
                             &illness, &visible));
        set_plan(&(struct power_plan) POWER_PLAN_NONE);
        assert_ok(test_person_create(&test, &sample));
        if (store_work_check(&work, why) != 0)
            print_error("%s\n", why);
        assert_string_equal(why, "");
    }
    arena_free(&arena);
    stop();
}

static void test_disk_full_on_sqlite(void **state)
{
    (void) state;
    try_disk_full(false);
}

static void test_disk_full_on_postgresql(void **state)
{
    (void) state;
    try_disk_full(true);
}

int main(void)
{
    static const char *const words[] = {
        "--power=" POWER_LIBRARY,        "--initdb=--wal-segsize=1",   "--setting=shared_buffers=1MB",
        "--setting=min_wal_size=4MB",    "--setting=max_wal_size=4MB", "--setting=checkpoint_timeout=30s",
        "--setting=wal_writer_delay=2s",
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_on_sqlite),
        cmocka_unit_test(test_failed_fsync_on_sqlite),
        cmocka_unit_test(test_disk_full_on_sqlite),
        cmocka_unit_test(test_unsafe_is_noticed_on_sqlite),
        cmocka_unit_test(test_cuts_of_an_erasure_on_sqlite),
        cmocka_unit_test(test_cuts_on_postgresql),
        cmocka_unit_test(test_failed_fsync_on_postgresql),
        cmocka_unit_test(test_disk_full_on_postgresql),
        cmocka_unit_test(test_unsafe_is_noticed_on_postgresql),
        cmocka_unit_test(test_cuts_of_an_erasure_on_postgresql),
    };
    size_t num = sizeof tests / sizeof *tests, on_sqlite = 5;
    test_postgresql_configure(words, sizeof words / sizeof *words);
    return _cmocka_run_group_tests("power_store", tests, test_postgresql_installed() ? num : on_sqlite, NULL, NULL);
}
