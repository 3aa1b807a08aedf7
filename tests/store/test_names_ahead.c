/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that are read ahead: each once, whatever a statement takes, on both databases. */
#include "store/names_ahead.h"

#include <stdio.h>

#include "store/db.h"
#include "support/store.h"
#include "support/test.h"

enum { PERSONS = 20, ALL = 0 };
static struct test_store test;

static void make_persons(void)
{
    struct people_sample sample;
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &sample));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name"), PERSONS);
    assert_true(test_store_number(&test, "SELECT count(DISTINCT area) FROM search_name") > 1);
}

static size_t read_ahead(size_t step, size_t most)
{
    struct names_ahead *ahead;
    bool                failed;
    assert_ok(names_ahead_start(test.url, &test.options.db, step, most, &ahead));
    size_t num = names_ahead_wait(ahead, &failed);
    names_ahead_stop(ahead);
    assert_false(failed);
    return num;
}

static void test_each_name_is_read_once(void **state)
{
    (void) state;
    assert_int_equal(read_ahead(3, ALL), 0);
    make_persons();
    assert_int_equal(read_ahead(3, ALL), PERSONS);
    assert_int_equal(read_ahead(1, ALL), PERSONS);
    assert_int_equal(read_ahead(PERSONS / 4, ALL), PERSONS); /* the last statement finds nobody */
    assert_int_equal(read_ahead(NAMES_AHEAD_STEP, ALL), PERSONS);
}

static void test_no_more_than_memory_holds(void **state)
{
    (void) state;
    make_persons();
    assert_int_equal(read_ahead(3, 7), 9);
    assert_int_equal(read_ahead(3, 9), 9);
    assert_int_equal(read_ahead(30, 7), PERSONS);
}

static void test_it_stops_when_told(void **state)
{
    (void) state;
    struct names_ahead *ahead;
    make_persons();
    assert_ok(names_ahead_start(test.url, &test.options.db, 1, ALL, &ahead));
    names_ahead_stop(ahead);
    names_ahead_stop(NULL);
}

/* What cannot be read is left to the searches. */
static void test_a_database_that_is_not_there(void **state)
{
    (void) state;
    char                url[TEST_POSTGRESQL_URL + 16];
    struct names_ahead *ahead;
    bool                failed;
    snprintf(url, sizeof url, "sqlite:%s/nowhere/tocsin.db", test.folder);
    assert_ok(names_ahead_start(url, &test.options.db, 1, ALL, &ahead));
    assert_int_equal(names_ahead_wait(ahead, &failed), 0);
    assert_true(failed);
    names_ahead_stop(ahead);
}

static void test_a_store_that_stays_opens_and_closes(void **state)
{
    (void) state;
    struct people_sample sample;
    make_persons();
    test.options.stays = true;
    test_store_reopen(&test);
    assert_ok(test_person_create(&test, &sample));
    test_store_reopen(&test);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name"), PERSONS + 1);
}

#define PROMISES(on)                                                                                                   \
    on(test_each_name_is_read_once) on(test_no_more_than_memory_holds) on(test_it_stops_when_told)                     \
        on(test_a_database_that_is_not_there) on(test_a_store_that_stays_opens_and_closes)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("names_ahead", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("names_ahead", both, sizeof both / sizeof *both, NULL, NULL);
}
