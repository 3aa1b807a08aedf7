/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/database.h: a new, empty database for a test, SQLite or PostgreSQL, for programs that run each test
 * against both:
 *
 *     #define PROMISES(X) X(test_this) X(test_that)
 *     const struct CMUnitTest tests[] = { PROMISES(TEST_ON_SQLITE) PROMISES(TEST_ON_POSTGRESQL) };
 *     return TEST_RUN_ON_DATABASES("migration", tests);    without a server, SQLite's half
 *
 * A test's *state is its struct test_database. The program depends on `test_postgresql`.
 */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include "store/db.h"
#include "support/postgresql.h"
#include "support/test.h"

struct test_database {
    bool postgresql;
    char folder[64]; /* of SQLite; the test's own files may lie there and are removed with it */
    char url[TEST_POSTGRESQL_URL];
};
extern struct test_database test_sqlite, test_on_postgresql;

int test_database_set_up(void **state);
int test_database_tear_down(void **state);

/* Open it (made where it is not there) with a small cache; ends the test on failure. */
struct db *test_database_open(const struct test_database *database);
struct db *test_database_open_with(const struct test_database *database, struct db_options options);

/* The call, whose last argument is &said, returned 0; shows what the database said otherwise. */
#define assert_db(call)                                                                                                \
    do {                                                                                                               \
        struct db_error said = { 0 };                                                                                  \
        int             answered = (call);                                                                             \
        if (answered != 0)                                                                                             \
            fail_msg("%s = %d: %s", #call, answered, said.what);                                                       \
    } while (0)

/* All rows of an answer as one text, so that a test says what it expects in a line: values behind blanks, rows end with
 * ';', texts between single quotes, bytes as xff01. free() it. */
char *test_database_ask(struct db *db, const char *sql, const struct db_value *parameters, size_t num);
void  test_database_answers(struct db *db, const char *sql, const char *expected);

#define TEST_ON_SQLITE(test) { "sqlite: " #test, test, test_database_set_up, test_database_tear_down, &test_sqlite },
#define TEST_ON_POSTGRESQL(test)                                                                                       \
    { "postgresql: " #test, test, test_database_set_up, test_database_tear_down, &test_on_postgresql },

/* Run the tests; without a server, those whose name does not begin with "postgresql: ". They must stand last. */
#define TEST_RUN_ON_DATABASES(name, tests)                                                                             \
    _cmocka_run_group_tests(name, tests, test_database_count(tests, sizeof(tests) / sizeof *(tests)), NULL, NULL)
size_t test_database_count(const struct CMUnitTest *tests, size_t num);

#endif
