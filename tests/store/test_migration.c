/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/migration.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "store/db_driver.h"
#include "store/schema.h"
#include "support/database.h"

static struct db *open_with_lease(const struct test_database *database, int64_t *fence)
{
    struct db *db = test_database_open(database);
    assert_db(db_take_lease(db, "test", 1, fence, &said));
    return db;
}

/* The files, applied one after the other, make just the tables of the model and of tables.def. */
static void test_migrations_make_the_model(void **state)
{
    int64_t                       fence;
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    struct db                    *db = open_with_lease(*state, &fence);
    char                         *made = NULL, *wanted = NULL;
    assert_db(migration_apply(db, migrations, num_migrations, fence, 5, &said));
    assert_db(migration_read(db, &made, &said));
    assert_ok(migration_lines(db, tables, num, &wanted));
    if (strcmp(made, wanted) != 0) {
        size_t at = 0;
        while (made[at] == wanted[at])
            at++;
        while (at > 0 && made[at - 1] != '\n')
            at--;
        fail_msg("the model and the migrations differ: run ./dev migration --again (docs/database.md)\n"
                 "    migrations: %.*s\n    model:      %.*s",
                 (int) strcspn(made + at, "\n"), made + at, (int) strcspn(wanted + at, "\n"), wanted + at);
    }
    free(made);
    free(wanted);
    assert_db(migration_apply(db, migrations, num_migrations, fence, 6, &said)); /* nothing is left to do */
    assert_db(migration_check(db, migrations, num_migrations, &said));
    test_database_answers(db, "SELECT min(number), min(applied), max(applied), min(whole) FROM schema_version",
                          "1 5 5 1;");
    db_close(db);
}

/* A file that is in a release never changes. */
static void test_released_files_are_as_they_were(void **state)
{
    (void) state;
    FILE *file = fopen(TESTS_ROOT "/../src/store/migrations/frozen.txt", "r");
    char  line[200];
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char   digest[MIGRATION_DIGEST_BYTES];
        size_t number = strtoul(line, NULL, 10);
        if (line[0] == '#')
            continue;
        assert_in_range(number, 1, num_migrations);
        migration_digest(migrations[number - 1].text, digest);
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(line + 5, digest);
    }
    fclose(file);
}

static const struct migration steps[] = {
    { 1, "one",
      "CREATE TABLE \"order\" (\"id\" {id} NOT NULL, \"name\" {text} NOT NULL, PRIMARY KEY (\"id\")){keyed};\n"
      "INSERT INTO \"order\" VALUES ({bytes_1}, 'a');\n" },
    { 2, "two",
      "-- a column and its index\nALTER TABLE \"order\" ADD COLUMN \"day\" {text} NOT NULL DEFAULT '';\n"
      "\n-- online\nCREATE INDEX \"order_day\" ON \"order\" (\"day\",\"id\");\n"
      "CREATE UNIQUE INDEX \"order_name\" ON \"order\" (\"name\") WHERE \"name\" <> '';\n" },
};
static const struct migration first_step = {
    1, "one", "CREATE TABLE \"order\" (\"id\" {id} NOT NULL, \"name\" {text} NOT NULL, PRIMARY KEY (\"id\")){keyed};\n"
};

static void test_steps_and_their_indexes(void **state)
{
    int64_t                fence;
    const struct migration list[] = { first_step, steps[1] };
    struct db             *db = open_with_lease(*state, &fence);
    char                  *lines = NULL;
    struct db_error        error = { 0 };
    assert_db(migration_apply(db, list, 1, fence, 1, &said));
    assert_status(migration_check(db, list, 2, NULL), BASE_ERR_SYSTEM); /* a reader before the writer */
    assert_db(migration_apply(db, list, 2, fence, 2, &said));
    assert_db(migration_read(db, &lines, &said));
    assert_non_null(strstr(lines, "index order_day on order (day,id)\n"));
    assert_non_null(strstr(lines, "index order_name on order (name) unique where present\n"));
    assert_non_null(strstr(lines, "column order.day text not null or empty\n"));
    assert_non_null(strstr(lines, "table order key (id)\n"));
    free(lines);
    test_database_answers(db, "SELECT number, name, applied, whole FROM schema_version ORDER BY number",
                          "1 'one' 1 1;2 'two' 2 1;");

    /* cut short before its indexes were made: one of them is there already */
    assert_db(db_execute(db, "UPDATE schema_version SET whole=0 WHERE number=2; DROP INDEX order_name", &said));
    assert_db(migration_apply(db, list, 2, fence, 3, &said));
    assert_db(migration_read(db, &lines, &said));
    assert_non_null(strstr(lines, "order_name"));
    free(lines);
    test_database_answers(db, "SELECT whole FROM schema_version WHERE number=2", "1;");

    /* an older program */
    assert_status(migration_apply(db, list, 1, fence, 4, &error), DB_ERR_NEWER);
    assert_non_null(strstr(error.what, "newer Tocsin"));
    assert_status(migration_check(db, list, 1, NULL), DB_ERR_NEWER);
    db_close(db);
}

static void test_what_cannot_be_applied_leaves_no_trace(void **state)
{
    int64_t                fence;
    const struct migration broken[] = {
        first_step, { 2, "broken", "ALTER TABLE \"order\" ADD COLUMN \"day\" {text};\nCREATE TABLE nonsense;\n" }
    };
    const struct migration changed = { 1, "one", "CREATE TABLE other (id {id});\n" };
    struct db             *db = open_with_lease(*state, &fence);
    struct db_error        error = { 0 };
    char                  *lines = NULL;
    assert_status(migration_apply(db, steps, 1, fence, 1, &error), BASE_ERR_SYSTEM); /* {bytes_1} means nothing */
    assert_db(migration_apply(db, broken, 1, fence, 1, &said));
    assert_status(migration_apply(db, broken, 2, fence, 1, NULL), BASE_ERR_SYSTEM);
    assert_db(migration_read(db, &lines, &said));
    assert_null(strstr(lines, "order.day"));
    free(lines);
    assert_db(migration_check(db, broken, 1, &said));
    assert_status(migration_apply(db, &changed, 1, fence, 1, &error), BASE_ERR_SYSTEM);
    assert_non_null(strstr(error.what, "another migration 1"));
    assert_status(migration_apply(db, broken, 2, fence + 1, 1, NULL), DB_ERR_FENCED);
    db_close(db);
}

/* ---- drafting ---- */

static const struct db_column columns[] = {
    { "id", DB_KIND_ID, true },      { "name", DB_KIND_TEXT, false },    { "day", DB_KIND_TEXT, false },
    { "parent", DB_KIND_ID, false }, { "count", DB_KIND_INTEGER, true },
};
static const struct db_index indexes[] = { { .name = "order_day", .columns = { "day" } },
                                           { .name = "order_parent", .columns = { "parent", "id" } } };
static const struct db_table with_day = {
    .name = "order", .columns = columns, .num_columns = 4, .num_key = 1, .indexes = indexes, .num_indexes = 1
};
static const struct db_table changed_index = {
    .name = "order", .columns = columns, .num_columns = 4, .num_key = 1, .indexes = indexes + 1, .num_indexes = 1
};
static const struct db_table with_needed = { .name = "order", .columns = columns, .num_columns = 5, .num_key = 1 };
static const struct db_table with_less = { .name = "order", .columns = columns, .num_columns = 1, .num_key = 1 };
static const struct db_table other_key = { .name = "order", .columns = columns, .num_columns = 4, .num_key = 2 };
static const struct db_table added = { .name = "added", .columns = columns, .num_columns = 2, .num_key = 1 };

static void draft(struct db *db, const struct db_table *const *tables, size_t num, const char *text,
                  const char *by_hand)
{
    struct sink draft, problems;
    sink_init_memory(&draft);
    sink_init_memory(&problems);
    assert_db(migration_draft(db, tables, num, &draft, &problems, &said));
    sink_character(&draft, '\0');
    sink_character(&problems, '\0');
    assert_string_equal(draft.bytes, text);
    assert_string_equal(problems.bytes, by_hand);
    sink_free(&draft);
    sink_free(&problems);
}

static void test_a_draft_leads_to_the_tables(void **state)
{
    int64_t                      fence;
    struct db                   *db = open_with_lease(*state, &fence);
    const struct db_table *const first[] = { &with_day, &added }, *const needed[] = { &with_needed },
                                 *const less[] = { &with_less }, *const key[] = { &other_key },
                                 *const index[] = { &changed_index };
    assert_db(migration_apply(db, &first_step, 1, fence, 1, &said));
    draft(db, first, 2,
          "ALTER TABLE \"order\" ADD COLUMN \"day\" {text} NOT NULL DEFAULT '';\n"
          "ALTER TABLE \"order\" ADD COLUMN \"parent\" {id};\n"
          "CREATE TABLE \"added\" (\n  \"id\" {id} NOT NULL,\n  \"name\" {text} NOT NULL DEFAULT '',\n"
          "  PRIMARY KEY (\"id\")){keyed};\n\n"
          "\n-- online\nCREATE INDEX \"order_day\" ON \"order\" (\"day\");\n",
          "order.name has changed: write how its old values become new ones\n"); /* it has no DEFAULT '' */
    const struct migration second = { 2, "two",
                                      "ALTER TABLE \"order\" DROP COLUMN \"name\";\nALTER TABLE \"order\" ADD COLUMN "
                                      "\"name\" {text} NOT NULL DEFAULT '';"
                                      "ALTER TABLE \"order\" ADD COLUMN \"day\" {text} NOT NULL DEFAULT '';\n"
                                      "ALTER TABLE \"order\" ADD COLUMN \"parent\" {id};\n"
                                      "\n-- online\nCREATE INDEX \"order_day\" ON \"order\" (\"day\");\n" };
    const struct migration list[] = { first_step, second };
    assert_db(migration_apply(db, list, 2, fence, 1, &said));
    draft(db, first, 1, "", "");
    draft(db, needed, 1, "DROP INDEX \"order_day\";\n", "order.count is needed and new: write what old rows get\n");
    draft(db, index, 1,
          "DROP INDEX \"order_day\";\n\n-- online\nCREATE INDEX \"order_parent\" ON \"order\" (\"parent\",\"id\") "
          "WHERE \"parent\" IS NOT NULL;\n",
          "");
    draft(db, less, 1, "DROP INDEX \"order_day\";\n",
          "column order.day is not there any more: write what becomes of it\n"
          "column order.name is not there any more: write what becomes of it\n"
          "column order.parent is not there any more: write what becomes of it\n");
    draft(db, key, 1, "DROP INDEX \"order_day\";\n",
          "order has another key: write how its rows move\n"
          "order.name has changed: write how its old values become new ones\n");
    db_close(db);
}

#define PROMISES(X)                                                                                                    \
    X(test_migrations_make_the_model)                                                                                  \
    X(test_steps_and_their_indexes)                                                                                    \
    X(test_what_cannot_be_applied_leaves_no_trace)
#define SQLITE_ALONE(X)                                                                                                \
    X(test_released_files_are_as_they_were)                                                                            \
    X(test_a_draft_leads_to_the_tables)

int main(void)
{
    const struct CMUnitTest tests[] = { PROMISES(TEST_ON_SQLITE) SQLITE_ALONE(TEST_ON_SQLITE)
                                            PROMISES(TEST_ON_POSTGRESQL) };
    return TEST_RUN_ON_DATABASES("migration", tests);
}
