/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kill -9 at any moment, on the system's own files: weaker than a power cut (what was written stays written), but with
 * nothing of ours in between. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/power/contract_db.h"
#include "support/postgresql.h"
#include "support/property.h"
#include "support/test.h"

enum { CYCLES = 10, MOST_MILLISECONDS = 60 };

static char folder[64];

static struct db *open_at(const char *url)
{
    struct db_error   error = { .what = "" };
    struct db        *db = NULL;
    struct db_options options = { .create = true };
    if (db_open(url, &options, &db, &error) != 0)
        print_error("%s\n", error.what);
    return db;
}

/* Another process: transaction after transaction, each told when it is durable. */
static _Noreturn void work(const char *url, uint64_t newest, int told)
{
    struct db *db = open_at(url);
    if (db == NULL)
        _exit(1);
    struct contract_database database = contract_of_db(db);
    while (contract_transaction(&database, ++newest) == 0)
        if (write(told, &newest, sizeof newest) != sizeof newest)
            break;
    _exit(1);
}

/* One cycle; a server is killed too where there is one. */
static void cycle(const char *url, bool kill_server, uint64_t wait_ms, uint64_t *newest)
{
    int      pipe_ends[2];
    uint64_t acknowledged = *newest, number;
    char     why[CONTRACT_WHY];
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0)
        work(url, *newest, pipe_ends[1]);
    close(pipe_ends[1]);
    usleep((useconds_t) wait_ms * 1000);
    if (kill_server)
        test_postgresql_crash();
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    while (read(pipe_ends[0], &number, sizeof number) == sizeof number)
        acknowledged = number;
    close(pipe_ends[0]);
    if (kill_server)
        test_postgresql_start();
    struct db *db = open_at(url);
    assert_non_null(db);
    struct contract_database database = contract_of_db(db);
    if (contract_check(&database, acknowledged, acknowledged + 1, newest, why) != 0)
        print_error("%s\n", why);
    assert_string_equal(why, "");
    db_close(db);
}

static void run_cycles(const char *url, bool kill_server)
{
    struct test_random random = { .seed = 9 };
    uint64_t           newest = 0;
    struct db         *db = open_at(url);
    assert_non_null(db);
    struct contract_database database = contract_of_db(db);
    assert_int_equal(contract_create(&database), 0);
    db_close(db);
    for (unsigned i = 0; i < contract_cycles(CYCLES); i++)
        cycle(url, kill_server, test_between(&random, 0, MOST_MILLISECONDS), &newest);
    assert_true(newest > 0);
}

static void test_sqlite(void **state)
{
    (void) state;
    char url[sizeof folder + 16];
    snprintf(url, sizeof url, "sqlite:%s/kill.db", folder);
    run_cycles(url, false);
}

static void test_postgresql(void **state)
{
    (void) state;
    char url[TEST_POSTGRESQL_URL];
    if (!test_postgresql_installed())
        skip();
    test_postgresql_database(url);
    run_cycles(url, true);
}

static int make_folder(void **state)
{
    (void) state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-kill-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void) state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
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
