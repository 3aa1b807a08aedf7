/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the erasure of a person takes and what it leaves, on both databases. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static int submit(enum store_verb verb, enum model_record_number code, void *value, struct model_set given)
{
    struct access        who = test_program();
    struct store_change  change = { .verb = verb, .record = model_record(code), .value = value, .given = given };
    struct store_request request = { .verb = "test", .set = { &change, 1 } };
    return store_submit(test.store, &who, &request, NULL, NULL);
}

static int read_as_of(enum model_record_number code, const struct id *id, int64_t as_of, void *value)
{
    struct access    who = test_program();
    struct arena     arena = ARENA_INIT;
    struct model_set visible;
    int              ret = store_read(test.reader, &who, model_record(code), id, as_of, &arena, value, &visible);
    arena_wipe(&arena); /* texts are gone; the tests look at what is missing */
    return ret;
}

/* A person with an identity and a case whose note was changed once, so that history holds a sealed one too. */
static void make_person(struct people_sample *sample)
{
    struct model_set given = { { 0 } };
    assert_ok(test_person_create(&test, sample));
    test.now += INSTANT_DAY;
    sample->illness.note = (struct model_text){ "another note", 12 };
    model_set_add(&given, model_case_note);
    assert_ok(submit(STORE_CHANGE, MODEL_CASE, &sample->illness, given));
    given = (struct model_set){ { 0 } };
    model_set_add(&given, model_identity_phone);
    sample->identity.phone = (struct model_text){ "+99912345678901", 15 };
    assert_ok(submit(STORE_CHANGE, MODEL_IDENTITY, &sample->identity, given));
    test.now += INSTANT_DAY;
}

static void test_a_person_is_erased_at_once(void **state)
{
    (void) state;
    struct people_sample   sample, other;
    struct model_case      illness;
    struct model_identity  identity;
    struct model_person    person;
    const struct model_set none = { { 0 } };
    make_person(&sample);
    assert_ok(test_person_create(&test, &other));
    int64_t tokens = test_store_number(&test, "SELECT count(*) FROM search_token");
    int64_t before = test.now;
    test.now += INSTANT_DAY;
    assert_ok(submit(STORE_ERASE, MODEL_PERSON, &sample.person, none));

    assert_status(read_as_of(MODEL_IDENTITY, &sample.identity.head.id, STORE_NOW, &identity), STORE_ERR_ABSENT);
    assert_status(read_as_of(MODEL_IDENTITY, &sample.identity.head.id, before, &identity), STORE_ERR_ABSENT);
    assert_ok(read_as_of(MODEL_CASE, &sample.illness.head.id, STORE_NOW, &illness));
    assert_null(illness.note.bytes);
    assert_true(id_equal(&illness.person, &sample.person.head.id));
    assert_ok(read_as_of(MODEL_CASE, &sample.illness.head.id, before, &illness));
    assert_null(illness.note.bytes);
    assert_ok(read_as_of(MODEL_PERSON, &sample.person.head.id, STORE_NOW, &person));
    assert_int_equal(person.erased, test.now);
    assert_int_equal(person.birth_year, MODEL_MISSING_INTEGER);

    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 1); /* the other's */
    assert_true(test_store_number(&test, "SELECT count(*) FROM search_token") < tokens);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history WHERE sealed IS NOT NULL"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history WHERE record = 'identity'"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), 2);

    struct keeper_erasure erasures[2];
    uint64_t              position = 0, damaged = 0;
    size_t                num;
    assert_ok(keeper_erasures(test.keeper, &position, erasures, 2, &num, &damaged, NULL));
    assert_int_equal(num, 1);
    assert_true(id_equal(&erasures[0].person, &sample.person.head.id));

    /* nothing more can be sealed for the person */
    struct model_set given = none;
    model_set_add(&given, model_case_note);
    sample.illness.note = (struct model_text){ "again", 5 };
    assert_status(submit(STORE_CHANGE, MODEL_CASE, &sample.illness, given), BASE_ERR_INPUT);
    assert_status(submit(STORE_CREATE, MODEL_IDENTITY, &sample.identity, none), BASE_ERR_INPUT);
}

static void test_merged_persons_are_erased_with_each_other(void **state)
{
    (void) state;
    struct people_sample   kept, merged;
    struct model_set       given = { { 0 } };
    const struct model_set none = { { 0 } };
    struct model_person    person;
    assert_ok(test_person_create(&test, &kept));
    assert_ok(test_person_create(&test, &merged));
    model_set_add(&given, model_person_merged_into);
    merged.person.merged_into = kept.person.head.id;
    assert_ok(submit(STORE_CHANGE, MODEL_PERSON, &merged.person, given));
    assert_ok(submit(STORE_ERASE, MODEL_PERSON, &kept.person, none));
    assert_ok(read_as_of(MODEL_PERSON, &merged.person.head.id, STORE_NOW, &person));
    assert_int_equal(person.erased, test.now);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_token"), 0);
}

static void test_another_record_is_erased_with_its_history(void **state)
{
    (void) state;
    struct people_sample   sample;
    const struct model_set none = { { 0 } };
    struct model_case      illness;
    make_person(&sample);
    int64_t before = test.now;
    test.now += INSTANT_DAY;
    assert_ok(submit(STORE_ERASE, MODEL_CASE, &sample.illness, none));
    assert_status(read_as_of(MODEL_CASE, &sample.illness.head.id, STORE_NOW, &illness), STORE_ERR_ABSENT);
    assert_ok(read_as_of(MODEL_CASE, &sample.illness.head.id, before, &illness)); /* what was known then */
    assert_int_equal(test_store_number(&test, "SELECT sum(total) FROM counter_area"), 0);
    assert_status(submit(STORE_ERASE, MODEL_CASE, &sample.illness, none), STORE_ERR_ABSENT);
    assert_ok(submit(STORE_ERASE, MODEL_PERSON, &sample.person, none)); /* and takes the note that history kept */
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history WHERE sealed IS NOT NULL"), 0);
}

/* How often bytes stand in the database's files. */
static size_t count_in_file(const char *end, const void *bytes, size_t size)
{
    char   path[128];
    size_t found = 0;
    snprintf(path, sizeof path, "%s/t.db%s", test.folder, end);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    off_t   length = lseek(fd, 0, SEEK_END);
    char   *all = malloc((size_t) length + 1);
    ssize_t got = pread(fd, all, (size_t) length, 0); /* less where the log was emptied meanwhile */
    assert_true(got >= 0);
    for (const char *at = all; (at = memmem(at, (size_t) (all + got - at), bytes, size)) != NULL; at++)
        found++;
    free(all);
    close(fd);
    return found;
}

/* After an erasure neither file nor log hold the wrapped key: nothing is left that an old node key could open. */
static void test_no_page_keeps_the_key(void **state)
{
    (void) state;
    struct people_sample   sample;
    const struct model_set none = { { 0 } };
    struct db             *db;
    struct db_options      options = { .read_only = true };
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num;
    uint8_t                wrapped[KEEPER_WRAPPED_BYTES];
    make_person(&sample);
    assert_ok(db_open(test.url, &options, &db, NULL));
    assert_ok(db_prepare(db, "SELECT wrapped FROM person_key", &statement, NULL));
    assert_ok(db_run(statement, NULL, 0, NULL));
    assert_int_equal(db_step(statement, &row, &num, NULL), 1);
    memcpy(wrapped, row[0].bytes, sizeof wrapped);
    db_close(db);
    assert_true(count_in_file("", wrapped, 32) + count_in_file("-wal", wrapped, 32) > 0);
    assert_ok(submit(STORE_ERASE, MODEL_PERSON, &sample.person, none));
    for (int tries = 0; tries < 100 && count_in_file("-wal", wrapped, 32) > 0; tries++)
        usleep(20000); /* the sweep comes when nobody waits */
    assert_int_equal(count_in_file("", wrapped, 32) + count_in_file("-wal", wrapped, 32), 0);
}

#define PROMISES(on)                                                                                                   \
    on(test_a_person_is_erased_at_once) on(test_merged_persons_are_erased_with_each_other)                             \
        on(test_another_record_is_erased_with_its_history)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    enum { NUM_SQLITE = 4 };
    const struct CMUnitTest both[] = { ON_SQLITE(test_no_page_keeps_the_key) PROMISES(ON_SQLITE)
                                           PROMISES(ON_POSTGRESQL) };
    return _cmocka_run_group_tests("erase", both, test_postgresql_installed() ? sizeof both / sizeof *both : NUM_SQLITE,
                                   NULL, NULL);
}
