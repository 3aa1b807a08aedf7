/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts that wait for their rows: readers have them, a restart keeps them, the rows get them; bytes that are none are
 * refused. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/check.h"
#include "store/counters_waiting.h"
#include "store/store_internal.h"
#include "store/tables.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

/* `num` cases in one request. */
static void create_cases(size_t num)
{
    enum { MOST = 60 };
    static struct people_sample samples[MOST];
    static struct store_change  changes[3 * MOST];
    struct access               who = test_program();
    assert_in_range(num, 1, MOST);
    for (size_t i = 0; i < num; i++)
        test_person_set(&test, &samples[i], &changes[3 * i]);
    struct store_request request = { .verb = "create", .set = { changes, 3 * num } };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
}

static int64_t total(void)
{
    const struct model_record *record = model_record(MODEL_CASE);
    const char                *every[COUNTERS_DIMENSIONS] = { NULL };
    struct db                 *db;
    int64_t                    sum = -1;
    assert_ok(store_reader_db(test.reader, &db));
    assert_ok(counters_total(db, record, &record->counters[0], &test.areas[TEST_PROVINCE], every, &sum, NULL));
    return sum;
}

static int64_t confirmed_of_year(void)
{
    const struct model_record *record = model_record(MODEL_CASE);
    struct access              who = test_program();
    int64_t                    counts[500], sum = 0, undated;
    struct store_count_query   query = { .record = record,
                                         .counter = &record->counters[1],
                                         .area = test.areas[TEST_COUNTY],
                                         .dimensions = { NULL, "confirmed" },
                                         .from = 20000 - 499,
                                         .to = 20000,
                                         .known = MODEL_MISSING_DATE };
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    for (size_t i = 0; i < 500; i++)
        sum += counts[i];
    return sum + undated;
}

static int64_t confirmed_cases(void)
{
    return test_store_number(&test, "SELECT count(*) FROM \"case\" WHERE classification = 'confirmed'");
}

static int64_t num_waiting(void)
{
    return test_store_number(&test, "SELECT count(*) FROM counter_waiting");
}

static void tell(void *context, const struct check_finding *finding)
{
    (void) context;
    if (finding->wrong > 0)
        print_message("%s: %lld of %lld\n", finding->what, (long long) finding->wrong, (long long) finding->looked);
}

static int64_t wrong(void)
{
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct check_options options = { .keeper = test.keeper, .county_depth = 1, .tell = tell };
    int64_t              found = -1;
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(store_check(db, &options, &found, &error));
    db_close(db);
    return found;
}

static void wait_until_none_waits(void)
{
    for (int i = 0; i < 600 && num_waiting() > 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    assert_int_equal(num_waiting(), 0);
}

/* Whoever watches sees that what waits cannot be added; and that it can again. */
static void wait_for_late(bool late)
{
    struct store_state state = { .counts_late = 0 };
    store_watch(test.store, &state);
    for (int i = 0; i < 600 && (state.counts_late > 0) != late; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        store_watch(test.store, &state);
    }
    assert_true((state.counts_late > 0) == late);
}

/* While somebody else holds the table of the counters nothing comes into its rows, and nothing is missing. */
static void test_what_waits_is_counted(void **state)
{
    (void) state;
    struct db_error error = { .what = "" };
    struct db      *other;
    test.options.db.busy_ms = 200;
    test_store_reopen(&test);
    create_cases(3); /* few are written at once */
    assert_int_equal(num_waiting(), 0);
    int64_t rows = test_store_number(&test, "SELECT count(*) FROM counter");
    assert_true(rows > 0);

    assert_ok(db_open(test.url, NULL, &other, &error));
    assert_ok(db_begin(other, DB_WRITE, &error));
    assert_ok(db_execute(other, "LOCK TABLE counter IN EXCLUSIVE MODE", &error));
    create_cases(60);
    create_cases(40);
    create_cases(2); /* few, but others wait */
    wait_for_late(true);
    for (int i = 0; i < 2; i++) {
        assert_true(num_waiting() > 2);
        assert_int_equal(test_store_number(&test, "SELECT count(*) FROM counter"), rows);
        assert_int_equal(total(), 105);
        assert_int_equal(confirmed_of_year(), confirmed_cases());
        assert_int_equal(wrong(), 0);
        test_store_reopen(&test); /* closing cannot write them either */
    }
    assert_ok(db_rollback(other));
    db_close(other);
    create_cases(2);
    wait_until_none_waits();
    wait_for_late(false);
    assert_true(test_store_number(&test, "SELECT count(*) FROM counter") > rows);
    assert_int_equal(total(), 107);
    assert_int_equal(confirmed_of_year(), confirmed_cases());

    create_cases(3); /* the writer writes rows again that the thread has changed */
    create_cases(20);
    create_cases(3);
    test_store_reopen(&test);
    assert_int_equal(num_waiting(), 0);
    assert_int_equal(total(), 133);
    assert_int_equal(wrong(), 0);
}

/* ---- bytes ---- */

static struct counters_counted example(int64_t sign, size_t num_areas)
{
    const struct model_record *record = model_record(MODEL_CASE);
    struct counters_counted    counted = {
           .record = record, .sign = sign, .known = 20000, .num_areas = num_areas, .num_counters = 3
    };
    for (size_t a = 0; a < num_areas; a++)
        counted.areas[a] = test.areas[a];
    for (uint8_t c = 0; c < 3; c++) {
        counted.counters[c] = c;
        counted.codes[c] = 1000000u * c + 7;
        counted.days[c] = c == 1 ? MODEL_MISSING_DATE : 19990 + c;
    }
    return counted;
}

struct seen {
    struct counters_counted counted[100];
    size_t                  num;
};

static int see(void *context, const struct counters_counted *counted)
{
    struct seen *seen = context;
    assert_true(seen->num < 100);
    seen->counted[seen->num++] = *counted;
    return 0;
}

static int see_numbered(void *context, int64_t number, const struct counters_counted *counted)
{
    assert_in_range(number, 6, 5 + 100);
    return see(context, counted);
}

static void open_database(struct db **db)
{
    struct db_error error = { .what = "" };
    assert_ok(db_open(test.url, NULL, db, &error));
}

static void test_what_is_written_is_read(void **state)
{
    (void) state;
    enum { NUM = 40 };
    struct counters_counted written[NUM];
    static struct seen      seen;
    int64_t                 newest = 5;
    struct db              *db;
    for (size_t i = 0; i < NUM; i++) {
        written[i] = example(i % 2 == 0 ? 1 : -1, 1 + i % 8);
        written[i].known += i >= 30;
    }
    open_database(&db);
    assert_ok(db_begin(db, DB_WRITE, NULL));
    assert_ok(counters_waiting_write(db, written, NUM, NULL, &newest, NULL));
    seen.num = 0;
    assert_ok(counters_waiting_read(db, 100, see_numbered, &seen, NULL));
    assert_ok(db_rollback(db));
    db_close(db);
    assert_in_range(newest, 5 + 3, 5 + NUM / 2);
    assert_int_equal(seen.num, NUM);
    for (size_t i = 0; i < NUM; i++)
        assert_memory_equal(&seen.counted[i], &written[i], sizeof written[i]);
    assert_int_equal(counters_waiting_area(&written[7], &test.areas[7]), 7);
    assert_int_equal(counters_waiting_area(&written[6], &test.areas[7]), 7);
    assert_int_equal(counters_waiting_counter(&written[0], &written[0].record->counters[2]), 2);
    assert_int_equal(counters_waiting_counter(&written[0], &model_record(MODEL_ALARM)->counters[0]), 3);
}

struct bytes {
    char   bytes[2000];
    size_t size;
};

static int keep(void *context, const struct db_value *row, size_t num_columns)
{
    struct bytes *bytes = context;
    assert_int_equal(num_columns, STORE_COLUMNS_counter_waiting);
    bytes->size = row[store_counter_waiting_counted].size;
    assert_in_range(bytes->size, 1, sizeof bytes->bytes);
    memcpy(bytes->bytes, row[store_counter_waiting_counted].bytes, bytes->size);
    return 0;
}

static void test_other_bytes_are_refused(void **state)
{
    (void) state;
    struct counters_counted one = example(-1, 3);
    struct bytes            whole = { .size = 0 };
    static struct seen      seen;
    int64_t                 newest = 0;
    struct db              *db;
    open_database(&db);
    assert_ok(db_begin(db, DB_WRITE, NULL));
    assert_ok(counters_waiting_write(db, &one, 1, NULL, &newest, NULL));
    struct db_value key = db_integer(newest);
    assert_ok(db_fetch(db, &store_table_counter_waiting, &key, 1, keep, &whole, NULL));
    assert_ok(db_rollback(db));
    db_close(db);
    struct db_value value = db_bytes(whole.bytes, whole.size);
    seen.num = 0;
    assert_ok(counters_waiting_walk(&value, model_record(MODEL_ALARM), see, &seen)); /* passed over */
    assert_int_equal(seen.num, 0);
    assert_ok(counters_waiting_walk(&value, one.record, see, &seen));
    assert_int_equal(seen.num, 1);
    size_t num_refused = 0;
    for (size_t size = 0; size < whole.size; size++) {
        struct db_value part = db_bytes(whole.bytes, size);
        seen.num = 0;
        int status = counters_waiting_walk(&part, NULL, see, &seen);
        assert_true(status == DB_ERR_CORRUPT || status == 0);
        assert_int_equal(seen.num, 0);
        num_refused += status == DB_ERR_CORRUPT;
    }
    assert_int_equal(num_refused, whole.size - 1); /* all but a head with nothing behind it */
    for (size_t at = 0; at < whole.size; at++)
        for (unsigned flip = 1; flip < 256; flip <<= 1) { /* it ends, within the bytes, whatever it says */
            struct bytes other = whole;
            value = db_bytes(other.bytes, other.size);
            other.bytes[at] = (char) (other.bytes[at] ^ (int) flip);
            seen.num = 0;
            int status = counters_waiting_walk(&value, NULL, see, &seen);
            assert_true(status == DB_ERR_CORRUPT || status == 0);
        }
    struct db_value text = db_text(whole.bytes, whole.size);
    assert_status(counters_waiting_walk(&text, NULL, see, &seen), DB_ERR_CORRUPT);
}

/* ---- slices, on SQLite ---- */

static int64_t num_slices(void)
{
    return test_store_number(&test, "SELECT count(*) FROM counter_slice");
}

static void assert_counts(int64_t cases)
{
    assert_int_equal(total(), cases);
    assert_int_equal(confirmed_of_year(), confirmed_cases());
}

/* Batches of 64 records are added with the groups after them; at every place everybody sees all that was counted, a
 * restart too, and an area that moves takes all of it along. */
static void test_slices_are_counted(void **state)
{
    (void) state;
    int64_t cases = 0, partly = 0;
    test.options.counts_waiting = 1;
    test.options.counts_batch = 64;
    test_store_reopen(&test);
    for (size_t i = 0; i < 60; i++) {
        size_t num = 1 + i % 9;
        create_cases(num);
        cases += (int64_t) num;
        assert_counts(cases);
        partly += num_slices();
        if (num_slices() > 0 && i % 5 == 0) {
            test_store_reopen(&test);
            assert_int_equal(num_slices(), 1);
            assert_counts(cases);
        }
        if (i % 10 == 0)
            assert_int_equal(wrong(), 0);
    }
    assert_true(partly > 20);
    assert_true(num_waiting() > 0);
    wait_until_none_waits(); /* nobody comes: the writer adds the rest */
    assert_int_equal(num_slices(), 0);
    assert_counts(cases);
    assert_int_equal(wrong(), 0);
}

/* Groups of a case or two fill rows together. */
static void test_small_groups_share_rows(void **state)
{
    (void) state;
    test.options.counts_waiting = 1;
    test_store_reopen(&test);
    for (int i = 0; i < 40; i++)
        create_cases(1 + (size_t) i % 2);
    assert_in_range(num_waiting(), 2, 20);
    assert_counts(60);
    test_store_reopen(&test); /* begins rows of its own */
    create_cases(1);
    assert_counts(61);
    assert_int_equal(wrong(), 0);
    wait_until_none_waits();
    create_cases(1); /* and again when all are gone */
    create_cases(1);
    assert_counts(63);
    assert_int_equal(wrong(), 0);
}

static int move_west(void)
{
    struct access       who = test_program();
    struct model_area   area;
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_AREA), .value = &area };
    model_init(change.record, &area);
    area.head.id = test.areas[TEST_WEST];
    area.head.version = 1;
    area.parent = test.areas[TEST_OTHER];
    const struct model_field *field = model_field_find(change.record, "parent", 6);
    model_set_add(&change.given, (size_t) (field - change.record->fields));
    struct store_request request = { .verb = "move", .set = { &change, 1 } };
    return store_submit(test.store, &who, &request, NULL, NULL);
}

static void test_a_move_settles_what_waits(void **state)
{
    (void) state;
    test.options.counts_waiting = 1;
    test.options.counts_batch = 32;
    test_store_reopen(&test);
    for (int i = 0; i < 20; i++)
        create_cases(5);
    assert_true(num_waiting() > 0);
    assert_int_equal(num_slices(), 1);
    assert_ok(move_west());
    assert_int_equal(num_waiting(), 0);
    assert_int_equal(num_slices(), 0);
    assert_int_equal(total(), 100);
    assert_int_equal(wrong(), 0);
    create_cases(5);
    assert_int_equal(total(), 105);
    assert_int_equal(wrong(), 0);
}

/* A database that was carried over: the other one's writer takes in what waits, but for what its series have. */
static void test_what_waits_is_taken_in(void **state)
{
    (void) state;
    struct db_error         error = { .what = "" };
    struct counters_counted counted = example(1, 1);
    int64_t                 newest = 0;
    struct db              *db;
    create_cases(3);
    counted.areas[0] = test.areas[TEST_PROVINCE];
    counted.codes[0] = counted.codes[1] = counted.codes[2] = 1;
    store_reader_close(test.reader);
    store_close(test.store);
    test.reader = NULL;
    test.store = NULL;
    open_database(&db);
    assert_ok(db_begin(db, DB_WRITE, &error));
    assert_ok(counters_waiting_write(db, &counted, 1, NULL, &newest, &error));
    assert_ok(counters_slice_write(db, &(struct counters_slice){ newest, INT64_MAX }, &error));
    assert_ok(counters_waiting_write(db, &counted, 1, NULL, &newest, &error));
    assert_ok(db_commit(db, &error));
    db_close(db);
    test_store_reopen(&test);
    assert_int_equal(total(), 4); /* of the first the series have all, of the second nothing */
    create_cases(1);
    wait_until_none_waits();
    assert_int_equal(num_slices(), 0);
    assert_int_equal(total(), 5);
}

int main(void)
{
    const struct CMUnitTest both[] = {
        { "bytes", test_what_is_written_is_read, test_store_on_sqlite, test_store_end, &test },
        { "other bytes", test_other_bytes_are_refused, test_store_on_sqlite, test_store_end, &test },
        { "slices", test_slices_are_counted, test_store_on_sqlite, test_store_end, &test },
        { "slices, small groups", test_small_groups_share_rows, test_store_on_sqlite, test_store_end, &test },
        { "slices, an area moves", test_a_move_settles_what_waits, test_store_on_sqlite, test_store_end, &test },
        { "carried over", test_what_waits_is_taken_in, test_store_on_sqlite, test_store_end, &test },
        { "postgresql", test_what_waits_is_counted, test_store_on_postgresql, test_store_end, &test },
        { "carried over, postgresql", test_what_waits_is_taken_in, test_store_on_postgresql, test_store_end, &test },
        { "bytes, postgresql", test_what_is_written_is_read, test_store_on_postgresql, test_store_end, &test },
    };
    enum { EMBEDDED = 5 };
    size_t num = test_postgresql_installed() ? sizeof both / sizeof *both : EMBEDDED;
    return _cmocka_run_group_tests("counts that wait", both, num, NULL, NULL);
}
