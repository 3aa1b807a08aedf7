/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What db.h promises, of both databases: each test runs against SQLite and against PostgreSQL with the same
 * expectations, and one runs random changes against both and compares every row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "store/db.h"
#include "store/db_driver.h"
#include "support/database.h"
#include "support/property.h"
#include "support/test.h"

/* ---- two tables ---- */

static const struct db_column thing_columns[] = {
    { "id", DB_KIND_ID, true },          { "version", DB_KIND_INTEGER, true }, { "name", DB_KIND_TEXT, false },
    { "weight", DB_KIND_REAL, false },   { "parent", DB_KIND_ID, false },      { "raw", DB_KIND_BYTES, false },
    { "order", DB_KIND_INTEGER, false },
};
static const struct db_index thing_indexes[] = {
    { .name = "thing_name", .columns = { "name" }, .unique = true },
    { .name = "thing_parent", .columns = { "parent", "order", "id" } },
};
static const struct db_table thing = { .name = "case", /* a word of SQL */
                                       .columns = thing_columns,
                                       .num_columns = 7,
                                       .num_key = 1,
                                       .indexes = thing_indexes,
                                       .num_indexes = 2 };

static const struct db_column sum_columns[] = {
    { "series", DB_KIND_INTEGER, true },
    { "day", DB_KIND_TEXT, true },
    { "value", DB_KIND_INTEGER, true },
};
static const struct db_table sums = { .name = "sums", .columns = sum_columns, .num_columns = 3, .num_key = 2 };

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

static const uint8_t id_bytes[][16] = { { 1 }, { 2 }, { 3 }, { 4 }, { 0xff, 1 } };
#define ID(n) db_bytes(id_bytes[n], 16)
#define THING(n, version, name)                                                                                        \
    {                                                                                                                  \
        ID(n), db_integer(version), db_word(name), db_null(), db_null(), db_null(), db_null()                          \
    }

static void insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num)
{
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, table, rows, num, &said));
    assert_db(db_commit(db, &said));
}

/* ---- the promises ---- */

static void test_every_kind_of_value_comes_back(void **state)
{
    struct db            *db = open_with_tables(*state);
    const char            text[] = "鼠疫 བོད \"'\\ $1 ?";
    const struct db_value rows[] = {
        ID(0),
        db_integer(INT64_MAX),
        db_word(text),
        db_real(0.1),
        ID(4),
        db_bytes("\0\x01\xff", 3),
        db_integer(0),
        ID(1),
        db_integer(INT64_MIN),
        db_text("", 0),
        db_real(-1e300),
        db_null(),
        db_bytes("", 0),
        db_integer(-1),
        ID(4),
        db_integer(1),
        db_word("a"),
        db_real(-0.0),
        db_null(),
        db_null(),
        db_null(),
    };
    insert(db, &thing, rows, 3);
    char *got =
        test_database_ask(db, "SELECT version,name,weight,parent,raw,\"order\" FROM \"case\" ORDER BY id", NULL, 0);
    assert_string_equal(got, "9223372036854775807 '鼠疫 བོད \"'\\ $1 ?' 0.10000000000000001 "
                             "xff010000000000000000000000000000 x0001ff 0;"
                             "-9223372036854775808 '' -1.0000000000000001e+300 null x -1;1 'a' 0 null null null;");
    free(got);
    db_close(db);
}

static void test_parameters_are_bound_by_their_number(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("x"), db_integer(10),
                                     db_integer(2), db_word("y"), db_integer(20) };
    insert(db, &sums, rows, 2);
    /* SQLite would number $2 first, as it appears first */
    const struct db_value parameters[] = { db_integer(1), db_integer(20), db_word("y") };
    char *got = test_database_ask(db, "SELECT day FROM sums WHERE value=$2 AND day=$3 AND series>$1", parameters, 3);
    assert_string_equal(got, "'y';");
    free(got);
    got = test_database_ask(db, "SELECT day FROM sums WHERE series=$1 OR series=$1+$2 ORDER BY day DESC",
                            (const struct db_value[]){ db_integer(1), db_integer(1) }, 2);
    assert_string_equal(got, "'y';'x';");
    free(got);
    struct db_statement *statement;
    assert_db(db_prepare(db, "SELECT day FROM sums WHERE series=$1", &statement, &said));
    assert_status(db_run(statement, rows, 2, NULL), BASE_ERR_SYSTEM);
    db_close(db);
}

static void test_answers_have_the_same_types_on_both(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("x"), db_integer(10),
                                     db_integer(2), db_word("y"), db_integer(-30) };
    insert(db, &sums, rows, 2);
    test_database_answers(db,
                          "SELECT sum(value), count(*), min(day), max(value), value=10 FROM sums GROUP BY value "
                          "ORDER BY value",
                          "-30 1 'y' -30 0;10 1 'x' 10 1;");
    test_database_answers(db, "SELECT sum(value) FROM sums", "-20;");
    test_database_answers(db, "SELECT sum(value) FROM sums WHERE value > 100", "null;");
    db_close(db);
}

/* Texts sort by their bytes, the empty one first; ids by theirs. */
static void test_order_is_that_of_bytes(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("b"),  db_integer(0), db_integer(1),  db_word("B"),
                                     db_integer(0), db_integer(1), db_word("é"),  db_integer(0),  db_integer(1),
                                     db_word(""),   db_integer(0), db_integer(1), db_word("a b"), db_integer(0),
                                     db_integer(1), db_word("ab"), db_integer(0) };
    insert(db, &sums, rows, 6);
    test_database_answers(db, "SELECT day FROM sums ORDER BY day", "'';'B';'a b';'ab';'b';'é';");
    db_close(db);
}

static void test_values_that_a_column_cannot_hold_are_refused(void **state)
{
    struct db      *db = open_with_tables(*state);
    struct db_value good[] = THING(0, 1, "a");
    assert_db(db_begin(db, DB_WRITE, &said));
    struct {
        size_t          column;
        struct db_value value;
    } bad[] = {
        { 0, db_bytes("short", 5) },       { 0, db_null() },          { 1, db_null() },   { 1, db_word("1") },
        { 2, db_text("\xff", 1) },         { 2, db_text("a\0b", 3) }, { 2, db_null() },   { 3, db_real(NAN) },
        { 3, db_real((double) INFINITY) }, { 4, db_bytes("", 0) },    { 5, db_word("") }, { 6, db_real(1) },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct db_value row[7];
        memcpy(row, good, sizeof row);
        row[bad[i].column] = bad[i].value;
        assert_status(db_insert(db, &thing, row, 1, NULL), BASE_ERR_INPUT);
    }
    assert_db(db_insert(db, &thing, good, 1, &said)); /* nothing reached the database: the transaction goes on */
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT count(*) FROM \"case\"", "1;");
    db_close(db);
}

static void test_a_transaction_is_all_or_nothing(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value one[] = THING(0, 1, "a"), two[] = THING(1, 1, "b");
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, &thing, one, 1, &said));
    assert_ok(db_rollback(db));
    test_database_answers(db, "SELECT count(*) FROM \"case\"", "0;");
    insert(db, &thing, one, 1);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, &thing, two, 1, &said));
    assert_status(db_insert(db, &thing, one, 1, NULL), DB_ERR_CONFLICT);
    assert_status(db_insert(db, &thing, two, 1, NULL), DB_ERR_CONFLICT); /* only a rollback is allowed now */
    assert_status(db_commit(db, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    test_database_answers(db, "SELECT name FROM \"case\"", "'a';");
    assert_status(db_commit(db, NULL), BASE_ERR_SYSTEM); /* none is open */
    assert_status(db_insert(db, &thing, two, 1, NULL), BASE_ERR_SYSTEM);
    db_close(db);
}

static void test_unique_means_among_those_that_have_a_value(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { ID(0), db_integer(1), db_word(""),  db_null(), db_null(), db_null(), db_null(),
                                     ID(1), db_integer(1), db_word(""),  db_null(), db_null(), db_null(), db_null(),
                                     ID(2), db_integer(1), db_word("a"), db_null(), db_null(), db_null(), db_null() };
    const struct db_value again[] = THING(3, 1, "a");
    insert(db, &thing, rows, 3);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_status(db_insert(db, &thing, again, 1, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    db_close(db);
}

static void test_add_sums_also_within_a_call(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("x"),  db_integer(10), db_integer(1), db_word("y"),
                                     db_integer(1), db_integer(1), db_word("x"),   db_integer(-3) };
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_add(db, &sums, 1 << 2, rows, 3, &said));
    assert_db(db_add(db, &sums, 1 << 2, rows, 1, &said));
    assert_status(db_add(db, &sums, 0, rows, 1, NULL), BASE_ERR_SYSTEM);
    assert_ok(db_rollback(db));
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_add(db, &sums, 1 << 2, rows, 3, &said));
    assert_db(db_add(db, &sums, 1 << 2, rows, 1, &said));
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT * FROM sums ORDER BY day", "1 'x' 17;1 'y' 1;");
    db_close(db);
}

static void test_update_checks_versions(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value old[] = { ID(0), db_integer(1), db_word("a"), db_null(),  db_null(), db_null(), db_null(),
                                    ID(1), db_integer(7), db_word("b"), db_real(2), db_null(), db_null(), db_null() };
    const struct db_value new[] = { ID(0), db_integer(2), db_word("A"),  db_real(1), db_null(), db_null(), db_null(),
                                    ID(1), db_integer(8), db_word(""),   db_null(),  ID(0),     db_null(), db_null(),
                                    ID(0), db_integer(3), db_word("AA"), db_null(),  db_null(), db_null(), db_null() };
    const struct db_value stale[] = { ID(0), db_integer(4), db_word("q"), db_null(), db_null(), db_null(), db_null(),
                                      ID(1), db_integer(8), db_word("r"), db_null(), db_null(), db_null(), db_null() };
    size_t                conflict = 99;
    insert(db, &thing, old, 2);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_update(db, &thing, 1, new, 3, &conflict, &said)); /* the same row twice: one after the other */
    assert_db(db_commit(db, &said));
    assert_int_equal(conflict, 99);
    test_database_answers(db, "SELECT version,name,weight,parent FROM \"case\" ORDER BY id",
                          "3 'AA' null null;8 '' null x01000000000000000000000000000000;");
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_status(db_update(db, &thing, 1, stale, 2, &conflict, NULL), DB_ERR_CONFLICT);
    assert_int_equal(conflict, 1);
    assert_ok(db_rollback(db));
    test_database_answers(db, "SELECT version,name FROM \"case\" ORDER BY id", "3 'AA';8 '';");
    /* without a version any is right, but the row must be there */
    const struct db_value any[] = { ID(0), db_integer(50), db_word("q"), db_null(), db_null(), db_null(), db_null(),
                                    ID(2), db_integer(1),  db_word("r"), db_null(), db_null(), db_null(), db_null() };
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_update(db, &thing, -1, any, 1, NULL, &said));
    assert_status(db_update(db, &thing, -1, any, 2, &conflict, NULL), DB_ERR_CONFLICT);
    assert_int_equal(conflict, 1);
    assert_ok(db_rollback(db));
    db_close(db);
}

static void test_delete_takes_what_is_there(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("x"),  db_integer(1), db_integer(1), db_word("y"),
                                     db_integer(1), db_integer(2), db_word("x"),  db_integer(1) };
    const struct db_value keys[] = { db_integer(1), db_word("x"),  db_integer(3),
                                     db_word("x"),  db_integer(2), db_word("x") };
    insert(db, &sums, rows, 3);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_delete(db, &sums, keys, 3, &said));
    assert_db(db_delete(db, &sums, keys, 0, &said));
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT series, day FROM sums", "1 'y';");
    db_close(db);
}

struct fetched {
    int64_t sum;
    int     rows;
    int     stop_at;
};

static int fetched_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct fetched *fetched = context;
    assert_int_equal(num_columns, 3);
    fetched->sum += row[0].integer * row[2].integer;
    return ++fetched->rows == fetched->stop_at ? 1 : 0;
}

static void test_rows_are_fetched_by_their_keys(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value rows[] = { db_integer(1), db_word("x"),  db_integer(1), db_integer(1), db_word("y"),
                                     db_integer(2), db_integer(2), db_word("x"),  db_integer(3) };
    const struct db_value keys[] = { db_integer(2), db_word("x"),  db_integer(3),
                                     db_word("x"),  db_integer(1), db_word("y") };
    const struct db_value wrong[] = { db_word("x"), db_word("y") };
    struct fetched        got = { 0 }, one = { .stop_at = 1 }, none = { 0 };
    insert(db, &sums, rows, 3);
    assert_db(db_fetch(db, &sums, keys, 3, fetched_row, &got, &said));
    assert_int_equal(got.rows, 2);
    assert_int_equal(got.sum, 8);
    assert_int_equal(db_fetch(db, &sums, keys, 3, fetched_row, &one, NULL), 1); /* what the caller ends it with */
    assert_int_equal(one.rows, 1);
    assert_db(db_fetch(db, &sums, keys, 0, fetched_row, &none, &said));
    assert_int_equal(none.rows, 0);
    assert_status(db_fetch(db, &sums, wrong, 1, fetched_row, &none, NULL), BASE_ERR_INPUT);
    assert_db(db_begin(db, DB_WRITE, &said)); /* the connection is at rest */
    assert_db(db_fetch(db, &sums, keys, 3, fetched_row, &got, &said));
    assert_int_equal(got.rows, 4);
    assert_db(db_commit(db, &said));
    db_close(db);
}

static void test_many_rows_are_loaded(void **state)
{
    struct db      *db = open_with_tables(*state);
    struct db_load *load;
    enum { NUM = 3000 };
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &sums, &load, &said));
    for (int i = 0; i < NUM; i++) {
        const struct db_value row[] = { db_integer(i / 3), db_text(&"abc"[i % 3], (size_t) (3 - i % 3)),
                                        db_integer(i) };
        assert_db(db_load_row(load, row, &said));
    }
    const struct db_value bad[] = { db_null(), db_word(""), db_integer(1) };
    assert_status(db_load_row(load, bad, NULL), BASE_ERR_INPUT);
    assert_db(db_load_end(load, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    const struct db_value row[] = {
        ID(0), db_integer(1), db_word("a"), db_real(1.5), ID(1), db_bytes("", 0), db_null()
    };
    assert_db(db_load_row(load, row, &said));
    assert_db(db_load_end(load, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    assert_db(db_load_end(load, &said)); /* none at all */
    assert_db(db_commit(db, &said));
    test_database_answers(db, "SELECT count(*), sum(value), min(day), max(series) FROM sums",
                          "3000 4498500 'abc' 999;");
    test_database_answers(db, "SELECT name,weight,parent,raw,\"order\" FROM \"case\"",
                          "'a' 1.5 x02000000000000000000000000000000 x null;");
    /* given up, or failing at a key that exists: nothing stays */
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &sums, &load, &said));
    db_load_cancel(load);
    assert_ok(db_rollback(db));
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    int ret = db_load_row(load, row, NULL);
    if (ret == 0)
        ret = db_load_end(load, NULL);
    else
        db_load_cancel(load);
    assert_int_equal(ret, DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    db_close(db);
}

/* A load into an empty table leaves its indexes as they were, and finds what stands twice in one. */
static void test_a_load_keeps_the_indexes(void **state)
{
    struct test_database *place = *state;
    struct db            *db = open_with_tables(*state);
    struct db_load       *load;
    const struct db_value first[] = { ID(0), db_integer(1),   db_word("a"), db_real(1.5),
                                      ID(1), db_bytes("", 0), db_null() };
    const struct db_value second[] = { ID(1), db_integer(1),   db_word("a"), db_real(1.5),
                                       ID(1), db_bytes("", 0), db_null() };
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    assert_db(db_load_row(load, first, &said));
    int ret = db_load_row(load, second, NULL);
    if (ret == 0)
        ret = db_load_end(load, NULL);
    else
        db_load_cancel(load);
    assert_int_equal(ret, DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    if (!place->postgresql) { /* given up: nothing of it can be committed */
        assert_db(db_begin(db, DB_WRITE, &said));
        assert_db(db_load_begin(db, &thing, &load, &said));
        db_load_cancel(load);
        assert_int_not_equal(db_commit(db, NULL), 0);
        assert_ok(db_rollback(db));
    }
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_load_begin(db, &thing, &load, &said));
    assert_db(db_load_row(load, first, &said));
    assert_db(db_load_end(load, &said));
    assert_status(db_insert(db, &thing, second, 1, NULL), DB_ERR_CONFLICT);
    assert_ok(db_rollback(db));
    db_close(db);
}

static void test_a_reader_sees_one_snapshot_and_cannot_write(void **state)
{
    struct test_database *place = *state;
    struct db            *writer = open_with_tables(place);
    const struct db_value one[] = THING(0, 1, "a"), two[] = THING(1, 1, "b");
    insert(writer, &thing, one, 1);
    struct db *reader = test_database_open_with(place, (struct db_options){ .read_only = true });
    assert_db(db_begin(reader, DB_READ, &said));
    test_database_answers(reader, "SELECT count(*) FROM \"case\"", "1;");
    insert(writer, &thing, two, 1);
    test_database_answers(reader, "SELECT count(*) FROM \"case\"", "1;");
    assert_db(db_commit(reader, &said));
    test_database_answers(reader, "SELECT count(*) FROM \"case\"", "2;");
    assert_status(db_begin(reader, DB_WRITE, NULL), BASE_ERR_SYSTEM);
    assert_status(db_insert(reader, &thing, two, 1, NULL), BASE_ERR_SYSTEM);
    assert_status(db_execute(reader, "DELETE FROM \"case\"", NULL), BASE_ERR_SYSTEM);
    assert_db(db_begin(writer, DB_READ, &said));
    assert_status(db_insert(writer, &thing, two, 1, NULL), BASE_ERR_SYSTEM);
    assert_ok(db_rollback(writer));
    db_close(reader);
    db_close(writer);
}

static void test_statements_are_kept_and_dropped(void **state)
{
    struct db           *db = open_with_tables(*state);
    struct db_statement *first, *again;
    char                 sql[80], expected[32], copy[] = "SELECT 7 FROM sums";
    assert_db(db_prepare(db, "SELECT 7 FROM sums", &first, &said));
    assert_db(db_prepare(db, copy, &again, &said));
    assert_ptr_equal(first, again);
    for (int i = 0; i < DB_STATEMENTS + 40; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*)+%d FROM sums", i);
        snprintf(expected, sizeof expected, "%d;", i);
        test_database_answers(db, sql, expected);
    }
    assert_int_equal(db->num_statements, DB_STATEMENTS);
    assert_status(db_prepare(db, "SELECT nothing FROM nowhere", &first, NULL), BASE_ERR_SYSTEM);
    assert_status(db_execute(db, "nonsense", NULL), BASE_ERR_SYSTEM);
    db_close(db);
}

/* Messages name tables and columns, never a value. */
static void test_errors_hold_no_value(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value one[] = THING(0, 1, "canary-7301"), two[] = THING(1, 1, "canary-7301");
    struct db_error       error = { 0 };
    insert(db, &thing, one, 1);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_status(db_insert(db, &thing, two, 1, &error), DB_ERR_CONFLICT);
    assert_int_equal(error.status, DB_ERR_CONFLICT);
    assert_null(strstr(error.what, "canary"));
    assert_non_null(strstr(error.what, "name"));
    assert_ok(db_rollback(db));
    db_close(db);
}

static void test_the_lease_has_one_holder_and_fences_the_last(void **state)
{
    struct test_database *place = *state;
    struct db            *first = test_database_open(place), *second = test_database_open(place);
    int64_t               fence = 0, later = 0;
    assert_db(db_take_lease(first, "first", 1000, &fence, &said));
    assert_int_equal(fence, 1);
    assert_status(db_take_lease(second, "second", 2000, &later, NULL), DB_ERR_BUSY);
    assert_db(db_begin(first, DB_WRITE, &said));
    assert_db(db_check_lease(first, fence, &said));
    assert_status(db_check_lease(first, fence + 1, NULL), DB_ERR_FENCED);
    assert_ok(db_rollback(first));
    db_close(first);
    assert_db(db_take_lease(second, "second", 3000, &later, &said));
    assert_int_equal(later, 2);
    test_database_answers(second, "SELECT fence, holder, taken FROM lease", "2 'second' 3000;");
    assert_db(db_begin(second, DB_WRITE, &said));
    assert_status(db_check_lease(second, fence, NULL), DB_ERR_FENCED);
    assert_ok(db_rollback(second));
    db_close(second);
}

/* The seam for drivers that fail: a connection of one's own around the real one. */
struct counting {
    struct db        db;
    struct db       *inner;
    int              commits;
    struct db_driver driver;
};
static struct counting counting;

static int counted_commit(struct db *db, struct db_error *error)
{
    struct counting *self = (struct counting *) db;
    self->commits++;
    if (self->commits == 2) {
        db_rollback(self->inner);
        return db_fail(error, DB_ERR_FULL, "the disk is full, says the test");
    }
    return db_commit(self->inner, error);
}

static int pass_begin(struct db *db, enum db_transaction kind, struct db_error *error)
{
    return db_begin(((struct counting *) db)->inner, kind, error);
}

static int pass_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num,
                       struct db_error *error)
{
    return db_insert(((struct counting *) db)->inner, table, rows, num, error);
}

static int pass_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error)
{
    return db_prepare(((struct counting *) db)->inner, sql, statement, error);
}

static void pass_close(struct db *db)
{
    db_close(((struct counting *) db)->inner);
}

static int wrap(void *context, struct db *inner, struct db **outer)
{
    struct counting *self = context;
    *self = (struct counting){ .inner = inner,
                               .driver = { .begin = pass_begin,
                                           .commit = counted_commit,
                                           .insert = pass_insert,
                                           .prepare = pass_prepare,
                                           .close = pass_close } };
    self->db.driver = &self->driver;
    *outer = &self->db;
    return 0;
}

static void test_a_driver_can_be_wrapped(void **state)
{
    struct test_database *place = *state;
    db_close(open_with_tables(place));
    struct db *db = test_database_open_with(place, (struct db_options){ .wrap = wrap, .wrap_context = &counting });
    const struct db_value one[] = THING(0, 1, "a"), two[] = THING(1, 1, "b");
    insert(db, &thing, one, 1);
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_insert(db, &thing, two, 1, &said));
    assert_status(db_commit(db, NULL), DB_ERR_FULL);
    test_database_answers(db, "SELECT name FROM \"case\"", "'a';");
    db_close(db);
}

/* ---- the same random changes on both: the same rows, and the same status each time ---- */

static struct db_value random_value(struct test_random *random, const struct db_column *column, char *room)
{
    if (column->kind != DB_KIND_TEXT && !column->not_null && test_between(random, 0, 3) == 0)
        return db_null();
    switch (column->kind) {
    case DB_KIND_ID:
        memset(room, 0, 16);
        room[0] = (char) test_between(random, 0, 11);
        return db_bytes(room, 16);
    case DB_KIND_INTEGER: return db_integer((int64_t) test_between(random, 0, 3));
    case DB_KIND_REAL: return db_real(((double) test_between(random, 0, 1999) - 1000) / 7);
    case DB_KIND_TEXT: {
        static const char *const texts[] = { "", "a", "B", "鼠疫", "2026-11-22", "b" };
        return db_word(texts[test_between(random, 0, 5)]);
    }
    case DB_KIND_BYTES: break;
    }
    for (int i = 0; i < 3; i++)
        room[i] = (char) test_between(random, 0, 255);
    return db_bytes(room, test_between(random, 0, 3));
}

static int change(struct db *db, int verb, const struct db_table *table, const struct db_value *rows, size_t num,
                  size_t *conflict)
{
    int ret = db_begin(db, DB_WRITE, NULL);
    if (ret == 0 && verb == 0)
        ret = db_insert(db, table, rows, num, NULL);
    if (ret == 0 && verb == 1)
        ret = db_update(db, table, table == &thing ? 1 : -1, rows, num, conflict, NULL);
    if (ret == 0 && verb == 2)
        ret = db_add(db, table, 1 << 2, rows, num, NULL);
    if (ret == 0 && verb == 3)
        ret = db_delete(db, table, rows, num, NULL);
    if (ret == 0)
        return db_commit(db, NULL);
    db_rollback(db);
    return ret;
}

static void compare_all(struct db *a, struct db *b)
{
    static const char *const queries[] = {
        "SELECT * FROM \"case\" ORDER BY id",
        "SELECT * FROM sums ORDER BY series, day",
        "SELECT name, id FROM \"case\" ORDER BY name, id",
        "SELECT series, sum(value), count(*), max(day) FROM sums GROUP BY series ORDER BY series DESC",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char *from_a = test_database_ask(a, queries[i], NULL, 0), *from_b = test_database_ask(b, queries[i], NULL, 0);
        assert_string_equal(from_a, from_b);
        free(from_a);
        free(from_b);
    }
}

static void test_both_databases_answer_alike(void **state)
{
    struct test_database *sqlite = &test_sqlite;
    assert_int_equal(test_database_set_up((void **) &sqlite), 0);
    struct db         *a = open_with_tables(&test_sqlite), *b = open_with_tables(*state);
    struct test_random random = { .seed = 7 };
    size_t             done = 0;
    for (int round = 0; round < 400; round++) {
        char            room[6][7][16];
        struct db_value rows[6 * 7];
        int             verb = (int) test_between(&random, 0, 3);
        bool            is_sum = verb == 2 || test_between(&random, 0, 2) == 0;

        const struct db_table *table = is_sum ? &sums : &thing;
        size_t num = 1 + test_between(&random, 0, 4), width = verb == 3 ? table->num_key : table->num_columns;
        for (size_t i = 0; i < num * width; i++)
            rows[i] = random_value(&random, &table->columns[i % width], room[i / width][i % width]);
        size_t conflict_a = 0, conflict_b = 0;
        int    status = change(a, verb, table, rows, num, &conflict_a);
        assert_int_equal(status, change(b, verb, table, rows, num, &conflict_b));
        if (conflict_a != num && conflict_b != num) /* else a unique key, and which fault is told first is free */
            assert_int_equal(conflict_a, conflict_b);
        done += status == 0;
        compare_all(a, b);
    }
    assert_in_range(done, 100, 399);
    db_close(a);
    db_close(b);
    assert_int_equal(test_database_tear_down((void **) &sqlite), 0);
}

/* ---- SQLite alone ---- */

static void test_sqlite_files_are_the_owners_alone(void **state)
{
    struct test_database *place = *state;
    struct db            *db = open_with_tables(place);
    struct stat           status;
    const char           *path = place->url + 7;
    char                  log[160];
    int64_t               fence;
    assert_null(db_warning(db));
    assert_db(db_take_lease(db, "test", 1, &fence, &said));
    for (int i = 0; i < 4; i++) {
        snprintf(log, sizeof log, "%s%s", path, (const char *[]){ "", "-wal", "-shm", ".lease" }[i]);
        assert_int_equal(stat(log, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    db_close(db);
    assert_int_equal(chmod(path, 0644), 0);
    db = test_database_open(place);
    assert_non_null(db_warning(db));
    db_close(db);
}

static void test_sqlite_is_set_as_promised(void **state)
{
    struct db *db = open_with_tables(*state);
    test_database_answers(db, "PRAGMA journal_mode", "'wal';");
    test_database_answers(db, "PRAGMA synchronous", "2;"); /* FULL */
    test_database_answers(db, "PRAGMA secure_delete", "1;");
    test_database_answers(db, "PRAGMA temp_store", "2;"); /* MEMORY */
    test_database_answers(db, "PRAGMA cell_size_check", "1;");
    test_database_answers(db, "PRAGMA trusted_schema", "0;");
    test_database_answers(db, "PRAGMA foreign_keys", "0;");
    db_close(db);
    db = test_database_open_with(*state, (struct db_options){ .unsafe_test_sync = true });
    test_database_answers(db, "PRAGMA synchronous", "0;");
    db_close(db);
}

static void test_sqlite_checkpoint_empties_the_log(void **state)
{
    struct db            *db = open_with_tables(*state);
    const struct db_value row[] = THING(0, 1, "a");
    int64_t               left = -1;
    insert(db, &thing, row, 1);
    assert_true(db_log_pages(db) > 0);
    assert_db(db_checkpoint(db, &left, &said));
    assert_int_equal(left, 0);
    db_close(db);
}

/* The holder of the lease has a thread beside it: the log begins anew long before the high mark. */
static void test_sqlite_writers_log_stays_short(void **state)
{
    struct db      *db = open_with_tables(*state);
    static char     megabyte[1 << 20];
    int64_t         fence, longest = 0;
    bool            anew = false;
    struct db_value row[] = { ID(0),    db_integer(1), db_word("a"), db_null(), db_null(), db_bytes(megabyte, 1 << 20),
                              db_null() };
    assert_db(db_take_lease(db, "test", 1, &fence, &said));
    insert(db, &thing, row, 1);
    for (int64_t i = 1; i < 400 && !anew; i++) {
        int64_t before = db_log_pages(db);
        row[1] = db_integer(1 + i);
        memset(megabyte, (int) i, sizeof megabyte); /* SQLite leaves alone a page that says the same */
        assert_db(db_begin(db, DB_WRITE, &said));
        assert_db(db_update(db, &thing, 1, row, 1, NULL, &said));
        assert_db(db_commit(db, &said));
        longest = before > longest ? before : longest;
        anew = db_log_pages(db) < before;
    }
    assert_true(anew);
    assert_in_range(longest, 1000, DB_WAL_MOST - 1);
    test_database_answers(db, "PRAGMA integrity_check", "'ok';");
    db_close(db);
}

static void test_sqlite_refuses_what_is_no_database(void **state)
{
    struct test_database *place = *state;
    struct db            *db;
    struct db_error       error = { 0 };
    assert_status(db_open("/nonexistent/t.db", &(struct db_options){ .create = true }, &db, &error), BASE_ERR_SYSTEM);
    assert_status(db_open(place->url, &(struct db_options){ 0 }, &db, &error), BASE_ERR_SYSTEM); /* create not asked */
    FILE *file = fopen(place->url + 7, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database. ", file);
    fclose(file);
    assert_status(db_open(place->url, &(struct db_options){ 0 }, &db, &error), DB_ERR_CORRUPT);
    assert_true(strlen(error.what) > 0);
}

#define PROMISES(X)                                                                                                    \
    X(test_every_kind_of_value_comes_back)                                                                             \
    X(test_parameters_are_bound_by_their_number)                                                                       \
    X(test_answers_have_the_same_types_on_both)                                                                        \
    X(test_order_is_that_of_bytes)                                                                                     \
    X(test_values_that_a_column_cannot_hold_are_refused)                                                               \
    X(test_a_transaction_is_all_or_nothing)                                                                            \
    X(test_unique_means_among_those_that_have_a_value)                                                                 \
    X(test_add_sums_also_within_a_call)                                                                                \
    X(test_update_checks_versions)                                                                                     \
    X(test_delete_takes_what_is_there)                                                                                 \
    X(test_a_load_keeps_the_indexes)                                                                                   \
    X(test_rows_are_fetched_by_their_keys)                                                                             \
    X(test_many_rows_are_loaded)                                                                                       \
    X(test_a_reader_sees_one_snapshot_and_cannot_write)                                                                \
    X(test_statements_are_kept_and_dropped)                                                                            \
    X(test_errors_hold_no_value)                                                                                       \
    X(test_the_lease_has_one_holder_and_fences_the_last)                                                               \
    X(test_a_driver_can_be_wrapped)

#define SQLITE_ALONE(X)                                                                                                \
    X(test_sqlite_files_are_the_owners_alone)                                                                          \
    X(test_sqlite_is_set_as_promised)                                                                                  \
    X(test_sqlite_writers_log_stays_short)                                                                             \
    X(test_sqlite_checkpoint_empties_the_log)                                                                          \
    X(test_sqlite_refuses_what_is_no_database)

int main(void)
{
    const struct CMUnitTest tests[] = { PROMISES(TEST_ON_SQLITE) SQLITE_ALONE(TEST_ON_SQLITE) PROMISES(
        TEST_ON_POSTGRESQL) TEST_ON_POSTGRESQL(test_both_databases_answer_alike) };
    return TEST_RUN_ON_DATABASES("db", tests);
}
