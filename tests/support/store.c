/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/db.h"
#include "support/keeper.h"
#include "support/test.h"

static int64_t read_clock(void *context)
{
    return ((struct test_store *) context)->now;
}

struct access test_program(void)
{
    return (struct access){ .role = ACCESS_PROGRAM, .purpose = ACCESS_DATA_QUALITY, .everywhere = true };
}

struct access test_epidemiologist(const struct id *area)
{
    return (struct access){ .user = { { 9, 9, 9 } },
                            .role = ACCESS_EPIDEMIOLOGIST,
                            .purpose = ACCESS_CASE_INVESTIGATION,
                            .areas = area,
                            .num_areas = 1 };
}

static void open_store(struct test_store *test)
{
    struct db_error error = { .status = 0 };
    test->options.url = test->url;
    test->options.keeper = test->keeper;
    test->options.clock = (struct store_clock){ read_clock, test };
    test->options.write = true;
    test->options.holder = "a test";
    test->options.county_depth = 1;
    test->options.db.create = true;
    int ret = store_open(&test->options, &test->store, &error);
    if (ret != 0)
        print_message("store_open: %d %s\n", ret, error.what);
    assert_int_equal(ret, 0);
    assert_ok(store_reader_open(test->store, &test->reader, &error));
}

static void write_areas(struct test_store *test)
{
    static const struct {
        int         parent, level;
        const char *code;
    } areas[TEST_NUM_AREAS] = {
        [TEST_PROVINCE] = { -1, 0, "10" },
        [TEST_COUNTY] = { TEST_PROVINCE, 1, "1001" },
        [TEST_EAST] = { TEST_COUNTY, 2, "100101" },
        [TEST_EAST_ONE] = { TEST_EAST, 3, "10010101" },
        [TEST_EAST_TWO] = { TEST_EAST, 3, "10010102" },
        [TEST_WEST] = { TEST_COUNTY, 2, "100102" },
        [TEST_WEST_ONE] = { TEST_WEST, 3, "10010201" },
        [TEST_OTHER] = { TEST_PROVINCE, 1, "1002" },
    };
    struct model_area    values[TEST_NUM_AREAS];
    struct store_change  changes[TEST_NUM_AREAS];
    struct store_request request = { .verb = "create", .set = { changes, TEST_NUM_AREAS } };
    struct access        who = test_program();
    for (int i = 0; i < TEST_NUM_AREAS; i++) {
        model_init(model_record(MODEL_AREA), &values[i]);
        test->areas[i] = (struct id){ { 1, (uint8_t) (i + 1) } };
        values[i].head.id = test->areas[i];
        values[i].code = (struct model_text){ areas[i].code, strlen(areas[i].code) };
        values[i].level = areas[i].level;
        if (areas[i].parent >= 0)
            values[i].parent = test->areas[areas[i].parent];
        changes[i] =
            (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_AREA), .value = &values[i] };
    }
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = store_submit(test->store, &who, &request, NULL, &faults);
    if (ret != 0)
        fault_list_write(&faults, stderr);
    assert_int_equal(ret, 0);
    fault_list_free(&faults);
}

void test_store_open(struct test_store *test, bool postgresql)
{
    *test = (struct test_store){ .postgresql = postgresql, .now = 20000 * INSTANT_DAY };
    if (postgresql)
        test_postgresql_database(test->url);
    else {
        const char *place = getenv("TMPDIR");
        snprintf(test->folder, sizeof test->folder, "%s/tocsin-store-XXXXXX", place != NULL ? place : "/tmp");
        assert_non_null(mkdtemp(test->folder));
        snprintf(test->url, sizeof test->url, "sqlite:%s/t.db", test->folder);
    }
    test->keys = test_key_directory();
    test->keeper = test_keeper(test->keys);
    open_store(test);
    write_areas(test);
    static const enum test_area homes[] = { TEST_EAST_ONE, TEST_EAST_TWO, TEST_WEST_ONE };
    for (size_t i = 0; i < 3; i++)
        test->places[i] = (struct people_place){ test->areas[homes[i]], "松谷乡" };
    test->people = (struct people){ .seed = 1,
                                    .today = 20000,
                                    .days = PEOPLE_DAYS,
                                    .places = test->places,
                                    .num_places = 3,
                                    .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
}

void test_store_reopen(struct test_store *test)
{
    store_reader_close(test->reader);
    store_close(test->store);
    open_store(test);
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char file[512];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (folder != NULL)
        closedir(folder);
    rmdir(path);
}

void test_store_close(struct test_store *test)
{
    store_reader_close(test->reader);
    store_close(test->store);
    keeper_stop(test->keeper);
    test_remove_directory(test->keys);
    if (!test->postgresql)
        remove_folder(test->folder);
}

int test_store_on_sqlite(void **state)
{
    test_store_open(*state, false);
    return 0;
}

int test_store_on_postgresql(void **state)
{
    test_store_open(*state, true);
    return 0;
}

int test_store_on_postgresql_waiting(void **state)
{
    struct test_store *test = *state;
    test_store_open(test, true);
    test->options.counts_waiting = 1;
    test_store_reopen(test);
    return 0;
}

int test_store_end(void **state)
{
    test_store_close(*state);
    return 0;
}

void test_person_set(struct test_store *test, struct people_sample *sample, struct store_change *changes)
{
    people_generate(&test->people, __atomic_fetch_add(&test->next, 1, __ATOMIC_RELAXED), sample);
    changes[0] = (struct store_change){ .record = model_record(MODEL_PERSON), .value = &sample->person };
    changes[1] = (struct store_change){ .record = model_record(MODEL_IDENTITY), .value = &sample->identity };
    changes[2] = (struct store_change){ .record = model_record(MODEL_CASE), .value = &sample->illness };
    for (int i = 0; i < 3; i++)
        changes[i].verb = STORE_CREATE;
}

int test_person_create(struct test_store *test, struct people_sample *sample)
{
    struct store_change  changes[3];
    struct store_request request = { .verb = "create", .set = { changes, 3 } };
    struct access        who = test_program();
    struct fault_list    faults = FAULT_LIST_INIT;
    test_person_set(test, sample, changes);
    int ret = store_submit(test->store, &who, &request, NULL, &faults);
    if (faults.num_all > 0)
        fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    return ret;
}

int64_t test_store_number(struct test_store *test, const char *sql)
{
    struct db             *db;
    struct db_error        error = { .status = 0 };
    struct db_options      options = { .read_only = true };
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num;
    int64_t                number = -1;
    assert_ok(db_open(test->url, &options, &db, &error));
    int ret = db_prepare(db, sql, &statement, &error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, &error);
    if (ret == 0)
        ret = db_step(statement, &row, &num, &error);
    if (ret == 1 && row[0].type == DB_INTEGER)
        number = row[0].integer;
    if (ret < 0)
        print_message("%s: %s\n", sql, error.what);
    db_close(db);
    return number;
}

void test_store_submit(struct test_store *test, enum store_verb verb, enum model_record_number record, void *value,
                       const size_t *given, size_t num)
{
    struct access        program = test_program();
    struct store_change  change = { .verb = verb, .record = model_record(record), .value = value };
    struct store_request request = { .verb = "test", .set = { &change, 1 } };
    for (size_t i = 0; i < num; i++)
        model_set_add(&change.given, given[i]);
    test->now += INSTANT_SECOND;
    assert_ok(store_submit(test->store, &program, &request, NULL, NULL));
}
