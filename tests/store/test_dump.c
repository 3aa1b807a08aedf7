/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/dump.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "store/migration.h"
#include "store/row_code.h"
#include "store/schema.h"
#include "support/database.h"
#include "support/property.h"

/* A stream in memory, read a few bytes at a time. */
struct stream {
    char  *bytes;
    size_t size, room, at;
    size_t fail_at; /* writing more than so many bytes fails; 0 = never */
};

static int write_stream(void *context, const void *bytes, size_t size)
{
    struct stream *stream = context;
    if (stream->fail_at != 0 && stream->size + size > stream->fail_at)
        return BASE_ERR_SYSTEM;
    if (stream->size + size > stream->room) {
        stream->room = 2 * (stream->size + size);
        stream->bytes = realloc(stream->bytes, stream->room);
        assert_non_null(stream->bytes);
    }
    memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
    return 0;
}

static int read_stream(void *context, void *bytes, size_t size, size_t *got)
{
    struct stream *stream = context;
    size_t         left = stream->size - stream->at;
    *got = size < left ? size : left;
    if (*got > 777)
        *got = 777;
    memcpy(bytes, stream->bytes + stream->at, *got);
    stream->at += *got;
    return 0;
}

static const struct dump_options plain;

static struct db *open_made(const struct test_database *database, int64_t *fence)
{
    struct db *db = test_database_open(database);
    assert_db(db_take_lease(db, "test", 1, fence, &said));
    assert_db(migration_apply(db, migrations, num_migrations, *fence, 1, &said));
    return db;
}

static struct db_value random_value(struct test_random *random, const struct db_column *column, size_t row, char *room)
{
    if (column->kind != DB_KIND_TEXT && !column->not_null && test_between(random, 0, 2) == 0)
        return db_null();
    switch (column->kind) {
    case DB_KIND_INTEGER: return db_integer((int64_t) (row * 1000 + test_between(random, 0, 999)));
    case DB_KIND_REAL: return db_real(test_uniform(random));
    case DB_KIND_ID:
    case DB_KIND_TEXT:
    case DB_KIND_BYTES: break;
    }
    snprintf(room, 32, "%06zu%09zu%zu", row, test_between(random, 0, 999999999), row % 7);
    if (column->kind == DB_KIND_TEXT)
        return db_word(room);
    return db_bytes(room, column->kind == DB_KIND_ID ? 16 : 5 + row % 20);
}

/* Some rows in every table; one table has none, one has more than a page. */
static uint64_t fill(struct db *db)
{
    size_t                        num;
    uint64_t                      all = 0;
    const struct db_table *const *tables = schema_tables(&num);
    struct test_random            random = { .seed = 11 };
    assert_db(db_begin(db, DB_WRITE, &said));
    for (size_t i = 0; i < num; i++)
        for (size_t row = 0; row < (i == 1 ? 0 : i == 2 ? 1001 : 3); row++, all++) {
            struct db_value values[DB_MAX_COLUMNS];
            char            room[DB_MAX_COLUMNS][32];
            for (size_t c = 0; c < tables[i]->num_columns; c++)
                values[c] = random_value(&random, &tables[i]->columns[c], row, room[c]);
            assert_db(db_insert(db, tables[i], values, 1, &said));
        }
    assert_db(db_commit(db, &said));
    return all;
}

static void dump(struct db *db, const struct dump_options *options, struct stream *stream, struct dump_summary *summary)
{
    *stream = (struct stream){ 0 };
    assert_db(dump_write(db, options, write_stream, stream, summary, &said));
    assert_int_equal(summary->bytes, stream->size);
}

static void assert_same_dump(struct db *db, const struct stream *expected)
{
    struct stream       again;
    struct dump_summary summary;
    dump(db, &plain, &again, &summary);
    assert_int_equal(again.size, expected->size);
    assert_memory_equal(again.bytes, expected->bytes, again.size);
    free(again.bytes);
}

/* From this database into a new SQLite one and back by copy: the same bytes each time, indexes and all. */
static void test_a_dump_comes_back_whole(void **state)
{
    int64_t                       fence;
    struct db                    *db = open_made(*state, &fence);
    uint64_t                      rows = fill(db);
    struct stream                 stream;
    struct dump_summary           summary, loaded, copied;
    struct test_database          other = { .postgresql = false }, third = *(struct test_database *) *state;
    struct test_database         *other_state = &other, *third_state = &third;
    char                         *made = NULL, *wanted = NULL;
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);

    dump(db, &plain, &stream, &summary);
    assert_int_equal(summary.rows, rows);
    assert_int_equal(summary.tables, num);
    assert_int_equal(test_database_set_up((void **) &other_state), 0);
    struct db *target = test_database_open(&other);
    assert_db(db_take_lease(target, "test", 1, &fence, &said));
    assert_db(dump_load(target, fence, 5, &plain, read_stream, &stream, &loaded, &said));
    assert_int_equal(loaded.rows, rows);
    assert_memory_equal(loaded.hash, summary.hash, DUMP_HASH_BYTES);
    assert_db(migration_check(target, migrations, num_migrations, &said));
    assert_db(migration_apply(target, migrations, num_migrations, fence, 6, &said));
    assert_db(migration_read(target, &made, &said));
    assert_ok(migration_lines(target, tables, num, &wanted));
    assert_string_equal(made, wanted);
    assert_same_dump(target, &stream);

    assert_int_equal(test_database_set_up((void **) &third_state), 0);
    struct db *back = test_database_open(&third);
    assert_db(db_take_lease(back, "test", 1, &fence, &said));
    assert_db(dump_copy(target, back, fence, 5, &plain, &copied, &said));
    assert_int_equal(copied.rows, rows);
    assert_same_dump(back, &stream);
    assert_status(dump_copy(target, back, fence, 5, &plain, &copied, NULL), BASE_ERR_SYSTEM); /* not empty now */
    db_close(back);
    db_close(target);
    db_close(db);
    assert_int_equal(test_database_tear_down((void **) &other_state), 0);
    assert_int_equal(test_database_tear_down((void **) &third_state), 0);
    free(stream.bytes);
    free(made);
    free(wanted);
}

/* A database that has only begun to be one: no rows but one. */
static void test_every_changed_byte_is_noticed(void **state)
{
    int64_t             fence;
    struct db          *db = open_made(*state, &fence);
    struct stream       stream;
    struct dump_summary summary;
    dump(db, &plain, &stream, &summary);
    db_close(db);
    assert_db(dump_check(&plain, read_stream, &stream, &summary, &said));
    for (size_t i = 0; i < stream.size; i += i < 300 || i + 200 > stream.size ? 1 : 7) {
        stream.bytes[i] ^= 0x10;
        stream.at = 0;
        int ret = dump_check(&plain, read_stream, &stream, &summary, NULL);
        assert_true(ret == BASE_ERR_INPUT || ret == DB_ERR_NEWER);
        stream.bytes[i] ^= 0x10;
    }
    for (size_t size = 0, whole = stream.size; size < whole; size += 97) { /* cut short */
        stream.size = size;
        stream.at = 0;
        assert_status(dump_check(&plain, read_stream, &stream, &summary, NULL), BASE_ERR_INPUT);
        stream.size = whole;
    }
    write_stream(&stream, "", 1); /* something behind the end */
    stream.at = 0;
    assert_status(dump_check(&plain, read_stream, &stream, &summary, NULL), BASE_ERR_INPUT);
    free(stream.bytes);
}

static void test_a_key_is_needed_where_there_was_one(void **state)
{
    int64_t                   fence;
    struct db                *db = open_made(*state, &fence);
    struct stream             stream;
    struct dump_summary       summary;
    const uint8_t             key[DUMP_KEY_BYTES] = { 7 }, other[DUMP_KEY_BYTES] = { 8 };
    const struct dump_options with = { .key = key, .level = 3 }, wrong = { .key = other };
    dump(db, &with, &stream, &summary);
    assert_db(dump_check(&with, read_stream, &stream, &summary, &said));
    stream.at = 0;
    assert_status(dump_check(&wrong, read_stream, &stream, &summary, NULL), BASE_ERR_INPUT);
    stream.at = 0;
    assert_status(dump_check(&plain, read_stream, &stream, &summary, NULL), BASE_ERR_INPUT);
    free(stream.bytes);
    db_close(db);
}

/* ---- dumps made by hand ---- */

static int begin_by_hand(struct dump_writer *writer, struct stream *stream, int64_t number, const char *digest)
{
    *stream = (struct stream){ 0 };
    *writer = (struct dump_writer){ .write = write_stream, .context = stream };
    assert_ok(dump_writer_begin(writer, NULL));
    const struct db_value beginning[] = { db_integer(number), db_word(digest) };
    row_code_write(&writer->content, beginning, 2);
    return dump_writer_block(writer, DUMP_BEGINNING, NULL);
}

static int block(struct dump_writer *writer, enum dump_what what, const struct db_value *values, size_t num)
{
    row_code_write(&writer->content, values, num);
    return dump_writer_block(writer, what, NULL);
}

static int load(struct db *db, int64_t fence, struct dump_writer *writer, struct stream *stream, struct db_error *error)
{
    struct dump_summary summary;
    dump_writer_free(writer);
    int ret = dump_load(db, fence, 1, &plain, read_stream, stream, &summary, error);
    free(stream->bytes);
    return ret;
}

static void test_what_does_not_fit_is_refused(void **state)
{
    int64_t                 fence;
    struct db              *db = test_database_open(*state);
    struct dump_writer      writer;
    struct stream           stream;
    struct db_error         error = { 0 };
    char                    digest[MIGRATION_DIGEST_BYTES];
    const struct migration *newest = &migrations[num_migrations - 1];
    const struct db_value   end[] = { db_integer(0), db_integer(0) };
    migration_digest(newest->text, digest);
    assert_db(db_take_lease(db, "test", 1, &fence, &said));

    assert_ok(begin_by_hand(&writer, &stream, newest->number + 1, digest));
    assert_status(load(db, fence, &writer, &stream, &error), DB_ERR_NEWER);
    assert_ok(begin_by_hand(&writer, &stream, newest->number, "0123"));
    assert_status(load(db, fence, &writer, &stream, NULL), BASE_ERR_INPUT);
    assert_ok(begin_by_hand(&writer, &stream, newest->number, digest));
    assert_ok(block(&writer, DUMP_END, end, 2));
    assert_status(load(db, fence, &writer, &stream, &error), BASE_ERR_INPUT); /* no table at all */

    static const char *const layouts[][2] = { { "area", "id:id" },
                                              { "case", "id:id" },
                                              { "area\"; DROP TABLE lease; --", "id:id" },
                                              { "area", "id:id,\"x\":id" },
                                              { "area", "id:nothing" },
                                              { "area", "" },
                                              { "", "id:id" } };
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const struct db_value table[] = { db_word(layouts[i][0]), db_word(layouts[i][1]) };
        assert_ok(begin_by_hand(&writer, &stream, newest->number, digest));
        assert_ok(block(&writer, DUMP_TABLE, table, 2));
        assert_status(load(db, fence, &writer, &stream, NULL), BASE_ERR_INPUT);
    }
    assert_db(migration_check_empty(db, &said)); /* nothing of them was made */
    db_close(db);
}

static void test_blocks_out_of_order_are_refused(void **state)
{
    (void) state;
    static const enum dump_what orders[][3] = {
        { DUMP_ROWS, DUMP_END, DUMP_END },      { DUMP_TABLE_END, DUMP_END, DUMP_END },
        { DUMP_BEGINNING, DUMP_END, DUMP_END }, { DUMP_TABLE, DUMP_END, DUMP_END },
        { DUMP_TABLE, DUMP_TABLE, DUMP_END },   { DUMP_END, DUMP_END, DUMP_END },
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct dump_writer    writer;
        struct stream         stream;
        struct dump_summary   summary;
        const struct db_value table[] = { db_word("t"), db_word("id:id") },
                              numbers[] = { db_integer(0), db_integer(0) };
        assert_ok(begin_by_hand(&writer, &stream, 1, "x"));
        for (size_t j = 0; j < 3; j++)
            assert_ok(block(&writer, orders[i][j], orders[i][j] == DUMP_TABLE ? table : numbers,
                            orders[i][j] == DUMP_TABLE_END ? 1 : 2));
        dump_writer_free(&writer);
        assert_status(dump_check(&plain, read_stream, &stream, &summary, NULL), BASE_ERR_INPUT);
        free(stream.bytes);
    }
}

/* A dump of an older Tocsin: its tables as they were, then what has come since. */
static void test_an_older_dump_is_brought_up_to_date(void **state)
{
    int64_t           fence;
    int               latest = (int) num_migrations + 1;
    struct migration *list = calloc(num_migrations + 1, sizeof *list);
    memcpy(list, migrations, num_migrations * sizeof *list);
    list[num_migrations] =
        (struct migration){ latest, "later",
                            "ALTER TABLE \"area\" ADD COLUMN \"later\" {text} NOT NULL DEFAULT '';\n" };
    const struct dump_options now = { .list = list, .num_list = num_migrations + 1 },
                              then = { .list = list, .num_list = num_migrations };
    struct test_database  other = { .postgresql = false };
    struct test_database *other_state = &other;
    struct stream         stream;
    struct dump_summary   summary, loaded;
    assert_int_equal(test_database_set_up((void **) &other_state), 0);
    struct db *from = open_made(&other, &fence);
    uint64_t   rows = fill(from);
    dump(from, &then, &stream, &summary);
    db_close(from);

    struct db *db = test_database_open(*state);
    assert_db(db_take_lease(db, "test", 1, &fence, &said));
    assert_db(dump_load(db, fence, 5, &now, read_stream, &stream, &loaded, &said));
    assert_int_equal(loaded.rows, rows);
    char expected[40];
    snprintf(expected, sizeof expected, "%d %d;", latest, latest);
    test_database_answers(db, "SELECT count(*), max(number) FROM schema_version", expected);
    test_database_answers(db, "SELECT count(*), min(later), max(later) FROM area", "3 '' '';");
    db_close(db);
    assert_int_equal(test_database_tear_down((void **) &other_state), 0);
    free(stream.bytes);
    free(list);
}

static void test_a_full_disk_ends_a_dump(void **state)
{
    int64_t             fence;
    struct db          *db = open_made(*state, &fence);
    struct stream       stream = { .fail_at = 100 };
    struct dump_summary summary;
    assert_status(dump_write(db, &plain, write_stream, &stream, &summary, NULL), BASE_ERR_SYSTEM);
    free(stream.bytes);
    db_close(db);
}

#define PROMISES(X)                                                                                                    \
    X(test_a_dump_comes_back_whole)                                                                                    \
    X(test_an_older_dump_is_brought_up_to_date)                                                                        \
    X(test_what_does_not_fit_is_refused)
#define SQLITE_ALONE(X)                                                                                                \
    X(test_every_changed_byte_is_noticed)                                                                              \
    X(test_a_key_is_needed_where_there_was_one)                                                                        \
    X(test_blocks_out_of_order_are_refused)                                                                            \
    X(test_a_full_disk_ends_a_dump)

int main(void)
{
    const struct CMUnitTest tests[] = { PROMISES(TEST_ON_SQLITE) SQLITE_ALONE(TEST_ON_SQLITE)
                                            PROMISES(TEST_ON_POSTGRESQL) };
    return TEST_RUN_ON_DATABASES("dump", tests);
}
