/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit chain: whoever alters, drops or adds an entry is found out, by the chain itself or by a head that was given
 * out; on both databases. */
#include <stdio.h>

#include "store/audit.h"
#include "support/store.h"
#include "support/test.h"

enum { PERSONS = 5 };

static struct test_store test;
static struct audit_head given_out; /* of the whole chain */

static void open_store(bool postgresql)
{
    struct people_sample sample;
    struct db           *db;
    struct db_options    options = { .read_only = true };
    test_store_open(&test, postgresql);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &sample));
    assert_ok(db_open(test.url, &options, &db, NULL));
    assert_ok(audit_read_head(db, &given_out, NULL));
    db_close(db);
    assert_int_equal(given_out.number, PERSONS + 1);
}

static int on_sqlite(void **state)
{
    (void) state;
    open_store(false);
    return 0;
}

static int on_postgresql(void **state)
{
    (void) state;
    open_store(true);
    return 0;
}

static int close_store(void **state)
{
    (void) state;
    test_store_close(&test);
    return 0;
}

/* Alter the database behind the writer's back (NULL: leave it) and verify. */
static struct audit_result verify_after(const char *sql, const struct audit_head *head)
{
    struct db          *db;
    struct db_options   options = { .read_only = false };
    struct audit_result result;
    assert_ok(db_open(test.url, &options, &db, NULL));
    if (sql != NULL)
        assert_ok(db_execute(db, sql, NULL));
    assert_ok(audit_verify(db, head, head != NULL ? 1 : 0, &result, NULL));
    db_close(db);
    return result;
}

static void test_an_untouched_chain_is_whole(void **state)
{
    (void) state;
    struct audit_result result = verify_after(NULL, &given_out);
    assert_int_equal(result.verdict, AUDIT_WHOLE);
    assert_int_equal(result.entries, PERSONS + 1);
    assert_memory_equal(result.head.hash, given_out.hash, AUDIT_HASH_BYTES);
    test_store_reopen(&test);
    struct people_sample sample;
    assert_ok(test_person_create(&test, &sample)); /* the chain goes on after a restart */
    result = verify_after(NULL, &given_out);
    assert_int_equal(result.verdict, AUDIT_WHOLE);
    assert_int_equal(result.entries, PERSONS + 2);
}

static void test_an_altered_entry_is_found(void **state)
{
    (void) state;
    static const char *const alterations[] = {
        "UPDATE audit SET verb = 'read' WHERE number = 3",
        "UPDATE audit SET verb = 'create', at = at + 1 WHERE number = 3",
        "UPDATE audit SET at = at - 1, fence = fence + 1 WHERE number = 3",
        "UPDATE audit SET fence = fence - 1, role = 'tracer' WHERE number = 3",
    };
    for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++) {
        struct audit_result result = verify_after(alterations[i], NULL);
        assert_int_equal(result.verdict, AUDIT_CHANGED);
        assert_int_equal(result.number, 3);
    }
}

static void test_a_dropped_entry_is_found(void **state)
{
    (void) state;
    struct audit_result result = verify_after("DELETE FROM audit WHERE number = 2", NULL);
    assert_int_equal(result.verdict, AUDIT_MISSING);
    assert_int_equal(result.number, 2);
}

/* The end of a chain can only be missed by somebody who holds its head. */
static void test_a_shortened_chain_needs_a_head(void **state)
{
    (void) state;
    struct audit_result result = verify_after("DELETE FROM audit WHERE number = 6", NULL);
    assert_int_equal(result.verdict, AUDIT_WHOLE);
    result = verify_after(NULL, &given_out);
    assert_int_equal(result.verdict, AUDIT_SHORTENED);
    assert_int_equal(result.number, PERSONS + 1);
}

static void test_another_chain_of_the_same_length_is_found(void **state)
{
    (void) state;
    given_out.hash[0] ^= 1;
    struct audit_result result = verify_after(NULL, &given_out);
    assert_int_equal(result.verdict, AUDIT_OTHER_HEAD);
    assert_int_equal(result.number, PERSONS + 1);
}

/* The digest is there and keyed; no value of a record stands in an entry. */
static void test_entries_hold_no_values(void **state)
{
    (void) state;
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE digest IS NULL"), 0);
    assert_int_equal(test_store_number(&test, "SELECT max(length(digest)) FROM audit"), 4 + AUDIT_HASH_BYTES);
    /* person, identity, case: three names with their lengths and counts, three ids */
    assert_int_equal(test_store_number(&test, "SELECT max(length(subjects)) FROM audit WHERE number > 1"),
                     3 * (1 + 4 + ID_BYTES) + 6 + 8 + 4);
}

#define PROMISES(on)                                                                                                   \
    on(test_an_untouched_chain_is_whole) on(test_an_altered_entry_is_found) on(test_a_dropped_entry_is_found)          \
        on(test_a_shortened_chain_needs_a_head) on(test_another_chain_of_the_same_length_is_found)                     \
            on(test_entries_hold_no_values)
#define ON_SQLITE(name) { "sqlite: " #name, name, on_sqlite, close_store, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, close_store, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("audit", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
