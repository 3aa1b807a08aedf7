/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What db.h promises of a DB_GROUP, in which PostgreSQL's answers may come later than the calls, of both databases. */
#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"
#include "support/database.h"
#include "support/test.h"

static const struct db_column thing_columns[] = {
    { "id", DB_KIND_ID, true },
    { "version", DB_KIND_INTEGER, true },
    { "name", DB_KIND_TEXT, false },
};
static const struct db_index thing_name = { .name = "thing_name", .columns = { "name" }, .unique = true };
static const struct db_table thing = {
    .name = "thing", .columns = thing_columns, .num_columns = 3, .num_key = 1, .indexes = &thing_name, .num_indexes = 1
};

static const struct db_column sum_columns[] = { { "day", DB_KIND_TEXT, true }, { "value", DB_KIND_INTEGER, true } };
static const struct db_table  sums = { .name = "sums", .columns = sum_columns, .num_columns = 2, .num_key = 1 };

static void make_table(struct db *db, const struct db_table *table)
{
    char *sql;
    assert_ok(db_table_sql(db, table, &sql));
    assert_db(db_execute(db, sql, &said));
    free(sql);
    for (size_t i = 0; i < table->num_indexes; i++) {
        assert_ok(db_index_sql(db, table, &table->indexes[i], &sql));
        assert_db(db_execute(db, sql, &said));
        free(sql);
    }
}

static struct db *open_with_tables(const struct test_database *place)
{
    struct db *db = test_database_open(place);
    make_table(db, &thing);
    make_table(db, &sums);
    return db;
}

static const uint8_t id_bytes[][16] = { { 1 }, { 2 }, { 3 }, { 4 } };
#define THING(n, version, name)                                                                                        \
    {                                                                                                                  \
        db_bytes(id_bytes[n], 16), db_integer(version), db_word(name)                                                  \
    }

/* How a group's failure may be told: by the change itself or by something after it, and in the end nothing is kept. */
static void fails_by_the_commit(struct db *db, int told, int status)
{
    if (told == 0)
        told = db_commit(db, NULL);
    else
        assert_ok(db_rollback(db));
    assert_status(told, status);
    test_database_answers(db, "SELECT count(*) FROM thing", "2;");
    assert_db(db_begin(db, DB_GROUP, &said)); /* the connection is at rest */
    assert_ok(db_rollback(db));
}

static void test_a_group_is_all_or_nothing(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value first[] = THING(0, 1, "a"), again[] = THING(0, 1, "b"), other[] = THING(1, 1, "c"),
                          changed[] = THING(0, 2, "d"), absent[] = THING(3, 2, "e");
    const struct db_value increment[] = { db_word("x"), db_integer(1) };
    struct db_statement  *statement;
    assert_db(db_begin(db, DB_GROUP, &said));
    assert_db(db_insert(db, &thing, first, 1, &said));
    test_database_answers(db, "SELECT name FROM thing", "'a';"); /* it sees what it has done */
    assert_db(db_insert(db, &thing, other, 1, &said));
    assert_db(db_update(db, &thing, -1, changed, 1, NULL, &said));
    assert_db(db_add(db, &sums, 2, increment, 1, &said));
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT name FROM thing ORDER BY name", "'c';'d';");

    assert_db(db_begin(db, DB_GROUP, &said));
    assert_db(db_add(db, &sums, 2, increment, 1, &said));
    fails_by_the_commit(db, db_insert(db, &thing, again, 1, NULL), DB_ERR_CONFLICT);
    assert_db(db_begin(db, DB_GROUP, &said));
    fails_by_the_commit(db, db_update(db, &thing, -1, absent, 1, NULL, NULL), DB_ERR_CONFLICT);
    test_database_answers(db, "SELECT value FROM sums", "1;");

    /* whatever asks next hears of it, and everything after that too */
    assert_db(db_begin(db, DB_GROUP, &said));
    int told = db_insert(db, &thing, again, 1, NULL);
    if (told == 0)
        told = db_prepare(db, "SELECT day FROM sums", &statement, NULL);
    assert_status(told, DB_ERR_CONFLICT);
    assert_status(db_insert(db, &thing, absent, 1, NULL), DB_ERR_CONFLICT);
    assert_status(db_commit(db, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    test_database_answers(db, "SELECT count(*) FROM thing", "2;");
    db_close(db);
}

/* A group that has lost the lease commits nothing of what it did before it was told. */
static void test_a_group_without_the_lease_commits_nothing(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value row[] = THING(0, 1, "a");
    int64_t               fence = 0;
    assert_db(db_take_lease(db, "first", 1000, &fence, &said));
    assert_db(db_begin(db, DB_GROUP, &said));
    assert_db(db_insert(db, &thing, row, 1, &said));
    int told = db_check_lease(db, fence + 1, NULL);
    if (told == 0)
        told = db_commit(db, NULL);
    else
        assert_ok(db_rollback(db));
    assert_status(told, DB_ERR_FENCED);
    test_database_answers(db, "SELECT count(*) FROM thing", "0;");
    assert_db(db_begin(db, DB_GROUP, &said));
    assert_db(db_insert(db, &thing, row, 1, &said));
    assert_db(db_check_lease(db, fence, &said));
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT count(*) FROM thing", "1;");
    db_close(db);
}

/* More than the driver lets wait, of statements that answer nothing and of one that does. */
static void test_a_group_of_many_changes(void **state)
{
    struct db           *db = open_with_tables(*state);
    struct db_statement *statement;
    char                 name[12];
    assert_db(db_prepare(db, "DELETE FROM thing WHERE name = $1", &statement, &said));
    assert_db(db_begin(db, DB_GROUP, &said));
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%d", i);
        const struct db_value row[] = THING(i % 2, i + 1, name), parameter = db_word(name);
        assert_db(db_insert(db, &thing, row, 1, &said));
        if (i < 298)
            assert_db(db_run(statement, &parameter, 1, &said));
    }
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT name FROM thing ORDER BY name", "'298';'299';");
    db_close(db);
}

#define PROMISES(X)                                                                                                    \
    X(test_a_group_is_all_or_nothing)                                                                                  \
    X(test_a_group_without_the_lease_commits_nothing)                                                                  \
    X(test_a_group_of_many_changes)

int main(void)
{
    const struct CMUnitTest tests[] = { PROMISES(TEST_ON_SQLITE) PROMISES(TEST_ON_POSTGRESQL) };
    return TEST_RUN_ON_DATABASES("db group", tests);
}
