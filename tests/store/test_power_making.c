/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A database that is being made when the power goes: by the migrations of a first start, and by a move from another
 * database. What is left is finished by the next start, or refused by everything; never half a database that serves. */
#include <stdio.h>
#include <stdlib.h>

#include "store/check.h"
#include "store/dump.h"
#include "store/migration.h"
#include "store/power/contract.h"
#include "store/schema.h"
#include "support/power_journal.h"
#include "support/power_vfs.h"
#include "support/property.h"
#include "support/store.h"
#include "support/test.h"

enum { CYCLES = 10, PERSONS = 20 };

static struct db_error said;

/* ---- the machine: on SQLite a folder of its own, on PostgreSQL the server of the tests ---- */

struct machine {
    bool               postgresql;
    char               folder[64], url[TEST_POSTGRESQL_URL];
    struct test_random random;
    struct power_loss  loss;
    unsigned           cuts, unfinished, whole;
};

/* A new, empty place; a database of PostgreSQL is made while the power is sure. */
static void new_place(struct machine *machine)
{
    if (machine->postgresql) {
        test_postgresql_plan(&(struct power_plan) POWER_PLAN_NONE);
        test_postgresql_database(machine->url);
        return;
    }
    snprintf(machine->folder, sizeof machine->folder, "/tmp/tocsin-making-XXXXXX");
    assert_non_null(mkdtemp(machine->folder));
    snprintf(machine->url, sizeof machine->url, "sqlite:%s/made.db", machine->folder);
    assert_int_equal(power_vfs_start(machine->folder), 0);
}

static void leave_place(struct machine *machine)
{
    char command[200];
    if (machine->postgresql)
        return;
    power_vfs_end();
    snprintf(command, sizeof command, "rm -rf %s %s.trash", machine->folder, machine->folder);
    assert_int_equal(system(command), 0);
}

static void set_plan(const struct machine *machine, uint64_t cut_at)
{
    const struct power_plan plan = { .cut_at = cut_at, .bytes_allowed = -1 };
    if (machine->postgresql)
        test_postgresql_plan(&plan);
    else
        power_vfs_plan(&plan);
}

static uint64_t changes(const struct machine *machine)
{
    struct power_state state;
    if (!machine->postgresql)
        return power_vfs_changes();
    test_postgresql_state(&state);
    return state.changes;
}

/* The power goes (if it has not) and comes back. All connections are closed. */
static void cut(struct machine *machine)
{
    uint64_t seed = test_between(&machine->random, 0, SIZE_MAX / 2);
    unsigned sector = test_between(&machine->random, 0, 1) == 0 ? 512 : 4096;
    if (machine->postgresql) {
        test_postgresql_cut(seed, sector, &machine->loss);
        test_postgresql_start();
    } else {
        power_vfs_cut();
        assert_int_equal(power_vfs_restore(seed, sector, &machine->loss), 0);
    }
    machine->cuts++;
}

static struct db_options through(const struct machine *machine, bool create)
{
    return (struct db_options){ .create = create, .vfs = machine->postgresql ? NULL : POWER_VFS };
}

/* ---- a first start ---- */

/* made: how many changes there were when all were through; closing writes some more. NULL: of no interest. */
static int migrate(const struct machine *machine, uint64_t *made)
{
    struct db_options options = through(machine, true);
    struct db        *db = NULL;
    int64_t           fence;
    int               ret = db_open(machine->url, &options, &db, &said);
    if (ret == 0)
        ret = db_take_lease(db, "a test", 1, &fence, &said);
    if (ret == 0)
        ret = migration_apply(db, migrations, num_migrations, fence, 5, &said);
    if (made != NULL)
        *made = changes(machine);
    db_close(db);
    return ret;
}

/* The tables are those of the model, and the program takes the database. */
static void assert_made(const struct machine *machine)
{
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    struct db_options             options = through(machine, false);
    struct db                    *db = NULL;
    char                         *made = NULL, *wanted = NULL;
    options.read_only = true;
    assert_ok(db_open(machine->url, &options, &db, &said));
    assert_ok(migration_check(db, migrations, num_migrations, &said));
    assert_ok(migration_read(db, &made, &said));
    assert_ok(migration_lines(db, tables, num, &wanted));
    assert_string_equal(made, wanted);
    free(made);
    free(wanted);
    db_close(db);
}

static void try_migrations(bool postgresql)
{
    struct machine machine = { .postgresql = postgresql, .random.seed = 20261122 };
    uint64_t       made;
    new_place(&machine);
    set_plan(&machine, 0);
    assert_ok(migrate(&machine, &made));
    uint64_t most = changes(&machine);
    leave_place(&machine);
    for (unsigned i = 0; i < contract_cycles(CYCLES); i++) {
        new_place(&machine);
        set_plan(&machine, test_between(&machine.random, 1, i % 2 == 0 ? made : most)); /* half of them before that */
        int status = migrate(&machine, NULL);
        machine.unfinished += status != 0;
        cut(&machine);
        assert_ok(migrate(&machine, NULL)); /* the next start finishes */
        assert_made(&machine);
        leave_place(&machine);
    }
    print_message("# migrations on %s: %u power cuts within %llu changes, %u before they were through\n",
                  postgresql ? "PostgreSQL" : "SQLite", machine.cuts, (unsigned long long) most, machine.unfinished);
    assert_true(machine.unfinished > 0);
}

/* ---- a move ---- */

static struct test_store from; /* on the system's own files, with its keeper */

static int move(const struct machine *machine)
{
    struct dump_options dump = { 0 };
    struct dump_summary summary;
    struct db_options   options = through(machine, true);
    struct db          *source = NULL, *target = NULL;
    int64_t             fence;
    assert_ok(db_open(from.url, &(struct db_options){ .read_only = true }, &source, &said));
    int ret = db_open(machine->url, &options, &target, &said);
    if (ret == 0)
        ret = migration_check_empty(target, &said);
    if (ret == 0)
        ret = db_take_lease(target, "a test", 1, &fence, &said);
    if (ret == 0)
        ret = dump_copy(source, target, fence, 5, &dump, &summary, &said);
    db_close(target);
    db_close(source);
    return ret;
}

static void tell_nothing(void *context, const struct check_finding *finding)
{
    (void) context;
    (void) finding;
}

/* Is it taken for a database of ours? Then it must be whole, with all persons. */
static bool serves(const struct machine *machine)
{
    struct db_options    options = through(machine, false);
    struct check_options check = { .keeper = from.keeper, .county_depth = 1, .tell = tell_nothing };
    struct db           *db = NULL;
    int64_t              wrong = -1;
    options.read_only = true;
    bool good =
        db_open(machine->url, &options, &db, &said) == 0 && migration_check(db, migrations, num_migrations, &said) == 0;
    if (good) {
        assert_ok(store_check(db, &check, &wrong, &said));
        assert_int_equal(wrong, 0);
    }
    db_close(db);
    return good;
}

static void try_moves(bool postgresql)
{
    struct machine       machine = { .postgresql = postgresql, .random.seed = 20261122 };
    struct people_sample sample;
    test_store_open(&from, false);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&from, &sample));
    new_place(&machine);
    set_plan(&machine, 0);
    assert_ok(move(&machine));
    uint64_t most = changes(&machine);
    assert_true(serves(&machine));
    leave_place(&machine);
    for (unsigned i = 0; i < contract_cycles(CYCLES); i++) {
        new_place(&machine);
        set_plan(&machine, test_between(&machine.random, 1, most + most / 8));
        int status = move(&machine);
        cut(&machine);
        bool good = serves(&machine);
        assert_true(good || status != 0); /* what was told to be through is there */
        machine.unfinished += !good;
        machine.whole += good;
        leave_place(&machine);
    }
    test_store_close(&from);
    print_message(
        "# a move to %s: %u power cuts within %llu changes, %u left what nothing takes for a database, %u whole\n",
        postgresql ? "PostgreSQL" : "SQLite", machine.cuts, (unsigned long long) most, machine.unfinished,
        machine.whole);
    assert_true(machine.unfinished > 0);
}

static void test_migrations_on_sqlite(void **state)
{
    (void) state;
    try_migrations(false);
}

static void test_moves_to_sqlite(void **state)
{
    (void) state;
    try_moves(false);
}

static void test_migrations_on_postgresql(void **state)
{
    (void) state;
    try_migrations(true);
}

static void test_moves_to_postgresql(void **state)
{
    (void) state;
    try_moves(true);
}

int main(void)
{
    static const char *const words[] = { "--power=" POWER_LIBRARY,       "--initdb=--wal-segsize=1",
                                         "--setting=shared_buffers=8MB", "--setting=min_wal_size=4MB",
                                         "--setting=max_wal_size=8MB",   "--setting=wal_writer_delay=2s" };
    const struct CMUnitTest  tests[] = {
         cmocka_unit_test(test_migrations_on_sqlite),
         cmocka_unit_test(test_moves_to_sqlite),
         cmocka_unit_test(test_migrations_on_postgresql),
         cmocka_unit_test(test_moves_to_postgresql),
    };
    size_t num = sizeof tests / sizeof *tests;
    test_postgresql_configure(words, sizeof words / sizeof *words);
    return _cmocka_run_group_tests("power_making", tests, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
