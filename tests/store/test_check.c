/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the check finds: each damage by itself, none where there is none; on both databases. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/check.h"
#include "store/counters_internal.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

/* The wrong findings as one text, "what: wrong of looked;" each. */
struct told {
    char   text[2000];
    size_t num_good;
};

static void tell(void *context, const struct check_finding *finding)
{
    struct told *told = context;
    size_t       used = strlen(told->text);
    assert_true((finding->wrong > 0) == (finding->remedy != NULL));
    if (finding->wrong > 0)
        snprintf(told->text + used, sizeof told->text - used, "%s: %lld of %lld;", finding->what,
                 (long long) finding->wrong, (long long) finding->looked);
    told->num_good += finding->wrong == 0;
}

static const char *check_with(const struct audit_head *heads, size_t num_heads)
{
    static struct told   told;
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct check_options options = { .heads = heads, .num_heads = num_heads, .tell = tell, .context = &told };
    int64_t              wrong = -1;
    memset(&told, 0, sizeof told);
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(store_check(db, &options, &wrong, &error));
    assert_true((wrong > 0) == (*told.text != '\0'));
    assert_true(told.num_good > 100);
    db_close(db);
    return told.text;
}

static const char *check(void)
{
    return check_with(NULL, 0);
}

/* Change the database behind the store's back. */
static void damage(const char *sql)
{
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct db_statement *statement;
    assert_ok(db_open(test.url, &(struct db_options){ .create = false }, &db, &error));
    assert_ok(db_begin(db, DB_WRITE, &error));
    assert_ok(db_prepare(db, sql, &statement, &error));
    assert_ok(db_run(statement, NULL, 0, &error));
    db_reset(statement);
    assert_ok(db_commit(db, &error));
    db_close(db);
}

enum { PERSONS = 3 };

static void create_persons(void)
{
    static struct people_sample samples[PERSONS];
    for (size_t i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
}

static void test_a_store_at_work_is_whole(void **state)
{
    (void) state;
    assert_string_equal(check(), "");
    create_persons();
    assert_string_equal(check(), "");
}

static void test_a_key_that_is_gone(void **state)
{
    (void) state;
    create_persons();
    damage("DELETE FROM \"person_key\"");
    assert_non_null(strstr(check(), "identity: the key of what is sealed is there: 3 of 3;"));
    assert_non_null(strstr(check(), "search tokens belong to persons with a key: "));
}

static void test_a_reference_to_nothing(void **state)
{
    (void) state;
    create_persons();
    damage("DELETE FROM \"person\"");
    assert_non_null(strstr(check(), "case.person: refers to what exists: 3 of 3;"));
    assert_non_null(strstr(check(), "identity.person: refers to what exists: 3 of 3;"));
}

static void test_a_case_that_is_not_counted(void **state)
{
    (void) state;
    create_persons();
    damage("DELETE FROM \"counter\" WHERE \"series\" = (SELECT min(\"series\") FROM \"counter\")");
    assert_non_null(strstr(check(), "add up to what counting anew gives: 1 of "));
    damage("DELETE FROM \"counter_area\" WHERE \"area\" = (SELECT \"area\" FROM \"counter_area\" ORDER BY \"area\" "
           "LIMIT 1)");
    assert_non_null(strstr(check(), "are what counting anew gives: "));
}

/* The sender of a case, by itself: its counter has no kept totals. */
static void test_a_sender_that_is_not_counted(void **state)
{
    char sql[200];
    (void) state;
    create_persons();
    damage("UPDATE \"case\" SET \"disease\" = 'scurvy' WHERE \"id\" = (SELECT \"id\" FROM \"case\" ORDER BY \"id\" "
           "LIMIT 1)");
    assert_non_null(strstr(check(), "case: the totals of case_by_sender are what counting anew gives: "));
    damage("UPDATE \"case\" SET \"reported_by\" = \"id\"");
    assert_non_null(strstr(check(), "case: the totals of case_by_sender are what counting anew gives: "));
    snprintf(sql, sizeof sql, "DELETE FROM \"counter\" WHERE \"series\" = %lld",
             (long long) counters_series("case_by_sender", &test.areas[TEST_PROVINCE]).number);
    damage(sql);
    assert_non_null(strstr(check(), "case: the days of case_by_sender add up to what counting anew gives: 1 of "));
}

static void test_counts_of_cases_that_are_not_there(void **state)
{
    (void) state;
    create_persons();
    damage("DELETE FROM \"case\"");
    assert_non_null(strstr(check(), "case: case_by_received counts nothing that is not there: 1 of 1;"));
}

static void test_an_audit_entry_that_was_changed(void **state)
{
    (void) state;
    create_persons();
    damage("UPDATE \"audit\" SET \"verb\" = 'look' WHERE \"number\" = 2");
    assert_string_equal(check(), "the audit chain has an entry that was changed (number 2): 1 of 1;");
}

static void test_an_audit_chain_that_was_cut_off(void **state)
{
    (void) state;
    struct db_error   error = { .status = 0 };
    struct audit_head head;
    struct db        *db;
    create_persons();
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(audit_read_head(db, &head, &error));
    db_close(db);
    assert_string_equal(check_with(&head, 1), "");
    damage("DELETE FROM \"audit\" WHERE \"number\" = (SELECT max(\"number\") FROM \"audit\")");
    assert_string_equal(check(), ""); /* nobody can tell without a head */
    assert_non_null(strstr(check_with(&head, 1), "the audit chain ends before a head that was given out"));
}

/* Of the indexes of an SQLite file that its rows have gone from, or come to, behind its back. The file's schema is
 * written over so that a change of the rows does not reach the index. */
static void damage_beside_the_index(const char *index, const char *change)
{
    char sql[800], *message = NULL;
    snprintf(sql, sizeof sql,
             "PRAGMA writable_schema=ON;"
             "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE name='%s';"
             "DELETE FROM sqlite_schema WHERE name='%s'; PRAGMA writable_schema=RESET;",
             index, index);
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(test.url + strlen("sqlite:"), &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, &message), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, change, NULL, NULL, &message), SQLITE_OK);
    snprintf(sql, sizeof sql,
             "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema SELECT * FROM kept; DROP TABLE kept;"
             "PRAGMA writable_schema=RESET;");
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, &message), SQLITE_OK);
    sqlite3_close(handle);
}

static void test_an_index_that_lacks_what_its_rows_hold(void **state)
{
    (void) state;
    create_persons();
    if (test.postgresql)
        return;
    damage_beside_the_index("cases_by_key", "UPDATE \"case\" SET \"classification\" = 'other'");
    assert_non_null(strstr(check(), "case: its indexes hold what its rows hold, in order: 1 of "));
    damage_beside_the_index("search_name_person", "DELETE FROM \"search_name\"");
    assert_non_null(strstr(check(), "search_name: its indexes hold what its rows hold, in order: 1 of 3;"));
}

#define PROMISES(on)                                                                                                   \
    on(test_a_store_at_work_is_whole) on(test_a_key_that_is_gone) on(test_a_reference_to_nothing)                      \
        on(test_a_case_that_is_not_counted) on(test_a_sender_that_is_not_counted)                                      \
            on(test_counts_of_cases_that_are_not_there) on(test_an_audit_entry_that_was_changed)                       \
                on(test_an_audit_chain_that_was_cut_off) on(test_an_index_that_lacks_what_its_rows_hold)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("check", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
