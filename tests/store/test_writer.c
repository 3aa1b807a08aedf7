/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What store.h promises of writing and reading, on both databases. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static int submit_one(const struct access *who, enum store_verb verb, enum model_record_number code, void *value,
                      struct model_set given, int64_t version)
{
    struct store_change change = {
        .verb = verb, .record = model_record(code), .value = value, .given = given, .version = version
    };
    struct store_request request = { .verb = "test", .set = { &change, 1 } };
    return store_submit(test.store, who, &request, NULL, NULL);
}

static bool same_text(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* ---- creating and reading ---- */

static void test_what_was_created_is_read(void **state)
{
    (void) state;
    struct people_sample  sample;
    struct access         who = test_program();
    struct arena          arena = ARENA_INIT;
    struct model_case     illness;
    struct model_identity identity;
    struct model_set      visible;
    assert_ok(test_person_create(&test, &sample));
    assert_ok(store_read(test.reader, &who, model_record(MODEL_CASE), &sample.illness.head.id, STORE_NOW, &arena,
                         &illness, &visible));
    assert_int_equal(illness.head.version, 1);
    assert_int_equal(illness.head.created, test.now);
    assert_true(same_text(illness.disease, sample.illness.disease));
    assert_int_equal(illness.received_date, sample.illness.received_date);
    assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &sample.identity.head.id, STORE_NOW, &arena,
                         &identity, &visible));
    assert_true(same_text(identity.name, sample.identity.name));
    assert_true(same_text(identity.address, sample.identity.address));
    assert_int_equal(identity.birth_date, sample.identity.birth_date);
    arena_wipe(&arena);
    /* one entry for the areas, one for the create, one for the reading of the identity */
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event"), TEST_NUM_AREAS + 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 1);
}

/* No purpose: the identity's fields are masked and no entry is written. */
static void test_identity_needs_a_purpose(void **state)
{
    (void) state;
    struct people_sample  sample;
    struct access         who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct arena          arena = ARENA_INIT;
    struct model_identity identity;
    struct model_set      visible;
    assert_ok(test_person_create(&test, &sample));
    who.purpose = ACCESS_NO_PURPOSE;
    assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &sample.identity.head.id, STORE_NOW, &arena,
                         &identity, &visible));
    assert_null(identity.name.bytes);
    assert_false(model_set_has(&visible, model_identity_name));
    assert_true(id_equal(&identity.person, &sample.person.head.id));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), 0);
    who.purpose = ACCESS_CASE_INVESTIGATION;
    assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &sample.identity.head.id, STORE_NOW, &arena,
                         &identity, &visible));
    assert_true(same_text(identity.name, sample.identity.name));
    arena_wipe(&arena);
}

/* Outside the grant a record is absent, for reading and for writing. */
static void test_outside_the_grant_is_absent(void **state)
{
    (void) state;
    struct people_sample sample;
    struct access        who = test_epidemiologist(&test.areas[TEST_OTHER]);
    struct arena         arena = ARENA_INIT;
    struct model_case    illness;
    struct model_set     visible, given = { { 0 } };
    assert_ok(test_person_create(&test, &sample));
    assert_status(store_read(test.reader, &who, model_record(MODEL_CASE), &sample.illness.head.id, STORE_NOW, &arena,
                             &illness, &visible),
                  STORE_ERR_ABSENT);
    model_set_add(&given, model_case_severity);
    assert_status(submit_one(&who, STORE_CHANGE, MODEL_CASE, &sample.illness, given, 0), STORE_ERR_ABSENT);
    assert_status(submit_one(&who, STORE_ERASE, MODEL_CASE, &sample.illness, given, 0), STORE_ERR_ABSENT);
    arena_free(&arena);
}

static void test_what_is_refused_leaves_nothing(void **state)
{
    (void) state;
    struct people_sample sample;
    struct store_change  changes[3];
    struct store_request request = { .verb = "create", .set = { changes, 3 } };
    struct access        who = test_program();
    struct store_receipt receipt;
    struct fault_list    faults = FAULT_LIST_INIT;
    int64_t              audits = test_store_number(&test, "SELECT count(*) FROM audit");

    test_person_set(&test, &sample, changes);
    sample.illness.responsible_area = (struct id){ { 77 } }; /* the third change refers to nothing */
    assert_status(store_submit(test.store, &who, &request, &receipt, &faults), BASE_ERR_INPUT);
    assert_int_equal(receipt.failed, 2);
    assert_string_equal(faults.faults[0].name, "/responsible_area");
    fault_list_free(&faults);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM counter"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), audits);

    assert_ok(test_person_create(&test, &sample));
    for (int i = 0; i < 3; i++)
        assert_int_equal(((struct model_head *) changes[i].value)->version, 1);
    assert_status(store_submit(test.store, &who, &request, &receipt, NULL), STORE_ERR_EXISTS);
    sample.identity.head.id.bytes[15] ^= 1; /* another identity of the same person: a unique key */
    request.set = (struct store_change_set){ &changes[1], 1 };
    assert_status(store_submit(test.store, &who, &request, &receipt, &faults), STORE_ERR_EXISTS);
    assert_string_equal(faults.faults[0].name, "/person");
    fault_list_free(&faults);
}

static void test_same_key_answers_as_the_first_time(void **state)
{
    (void) state;
    struct people_sample sample, another;
    struct store_change  changes[3];
    struct store_request request = { .verb = "create", .set = { changes, 3 }, .idempotency_key = { { 5, 5 } } };
    struct access        who = test_program(), other = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct store_receipt first, second;
    test_person_set(&test, &sample, changes);
    assert_ok(store_submit(test.store, &who, &request, &first, NULL));
    assert_false(first.again);
    test_person_set(&test, &another, changes);
    assert_ok(store_submit(test.store, &who, &request, &second, NULL));
    assert_true(second.again);
    assert_int_equal(second.event, first.event);
    assert_true(id_equal(&second.created, &sample.person.head.id));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person"), 1);
    assert_ok(store_submit(test.store, &other, &request, &second, NULL)); /* somebody else's key is another */
    assert_false(second.again);
}

/* Keeps the writer in its group until the test has put into the queue what is to be one group. */
static int hold(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                struct fault_list *faults)
{
    (void) reader;
    (void) arena;
    (void) faults;
    set->num_changes = 0;
    while (sem_wait(context) != 0)
        ;
    return 0;
}

struct sent {
    struct people_sample sample;
    struct store_change  changes[3];
    struct store_request request;
    struct store_receipt receipt;
    int                  status;
    sem_t                done;
};

static void on_done(void *context, int status, const struct store_receipt *receipt)
{
    struct sent *sent = context;
    sent->status = status;
    sent->receipt = *receipt;
    sem_post(&sent->done);
}

static void test_same_key_in_one_group_is_done_once(void **state)
{
    (void) state;
    enum { NUM = 6 };
    static struct sent sent[NUM];
    struct access      who = test_program();
    sem_t              go;
    assert_int_equal(sem_init(&go, 0, 0), 0);
    for (size_t i = 0; i < NUM; i++) {
        test_person_set(&test, &sent[i].sample, sent[i].changes);
        sent[i].request = (struct store_request){ .verb = "create", .set = { sent[i].changes, 3 } };
        sent[i].request.idempotency_key = (struct id){ { (uint8_t) (i == NUM - 1 ? 8 : 7) } }; /* the last: its own */
        if (i == 0)
            sent[i].request = (struct store_request){ .verb = "hold", .decide = hold, .context = &go };
        assert_int_equal(sem_init(&sent[i].done, 0, 0), 0);
        assert_ok(store_submit_later(test.store, &who, &sent[i].request, on_done, &sent[i], NULL));
    }
    sem_post(&go);
    for (size_t i = 0; i < NUM; i++) {
        while (sem_wait(&sent[i].done) != 0)
            ;
        assert_int_equal(sent[i].status, 0);
        assert_int_equal(sent[i].receipt.again, i > 1 && i < NUM - 1);
        if (i > 0 && i < NUM - 1) {
            assert_int_equal(sent[i].receipt.event, sent[1].receipt.event);
            assert_true(id_equal(&sent[i].receipt.created, &sent[1].sample.person.head.id));
        }
        sem_destroy(&sent[i].done);
    }
    sem_destroy(&go);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person"), 2);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM idempotency"), 2);
}

/* ---- changing ---- */

static void test_change_keeps_what_was(void **state)
{
    (void) state;
    struct people_sample sample;
    struct access        who = test_program();
    struct arena         arena = ARENA_INIT;
    struct model_case    change, illness;
    struct model_set     given = { { 0 } }, visible;
    const int64_t        created = test.now, changed = test.now + INSTANT_DAY;
    assert_ok(test_person_create(&test, &sample));
    model_init(model_record(MODEL_CASE), &change);
    change.head.id = sample.illness.head.id;
    change.severity = text("severe");
    change.note = text("心率 120");
    model_set_add(&given, model_case_severity);
    model_set_add(&given, model_case_note);
    test.now = changed;
    assert_status(submit_one(&who, STORE_CHANGE, MODEL_CASE, &change, given, 7), STORE_ERR_VERSION);
    assert_ok(submit_one(&who, STORE_CHANGE, MODEL_CASE, &change, given, 1));
    assert_int_equal(change.head.version, 2);

    assert_ok(store_read(test.reader, &who, model_record(MODEL_CASE), &change.head.id, STORE_NOW, &arena, &illness,
                         &visible));
    assert_true(same_text(illness.severity, change.severity));
    assert_true(same_text(illness.note, change.note));
    assert_true(same_text(illness.disease, sample.illness.disease));
    assert_int_equal(illness.head.created, created);
    assert_int_equal(illness.head.updated, changed);

    assert_ok(store_read(test.reader, &who, model_record(MODEL_CASE), &change.head.id, changed - 1, &arena, &illness,
                         &visible));
    assert_int_equal(illness.head.version, 1);
    assert_true(same_text(illness.severity, sample.illness.severity));
    assert_true(same_text(illness.note, sample.illness.note));
    assert_status(store_read(test.reader, &who, model_record(MODEL_CASE), &change.head.id, created - 1, &arena,
                             &illness, &visible),
                  STORE_ERR_ABSENT);
    arena_wipe(&arena);
}

static void test_fixed_and_written_fields_are_refused(void **state)
{
    (void) state;
    struct people_sample sample;
    struct access        who = test_program();
    struct model_set     given = { { 0 } };
    assert_ok(test_person_create(&test, &sample));
    model_set_add(&given, model_case_disease);
    sample.illness.disease = text(sample.illness.disease.size == 6 ? "plague" : "cholera");
    assert_status(submit_one(&who, STORE_CHANGE, MODEL_CASE, &sample.illness, given, 0), BASE_ERR_INPUT);
    given = (struct model_set){ { 0 } };
    model_set_add(&given, model_person_erased);
    sample.person.erased = test.now;
    who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    assert_status(submit_one(&who, STORE_CHANGE, MODEL_PERSON, &sample.person, given, 0), BASE_ERR_INPUT);
}

/* ---- deciding within the group ---- */

struct decision {
    struct people_sample sample;
    struct store_change  changes[3];
    bool                 seen;
};

/* Creates the case only where nobody has it yet: what is read holds until it is written. */
static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct decision  *decision = context;
    struct access     who = test_program();
    struct model_case illness;
    struct model_set  visible;
    (void) faults;
    who.purpose = ACCESS_NO_PURPOSE;
    int ret = store_read(reader, &who, model_record(MODEL_CASE), &decision->sample.illness.head.id, STORE_NOW, arena,
                         &illness, &visible);
    if (ret != 0 && ret != STORE_ERR_ABSENT)
        return ret;
    decision->seen = ret == 0;
    set->changes = decision->changes;
    set->num_changes = decision->seen ? 0 : 3;
    return 0;
}

static void *submit_decision(void *context)
{
    struct decision     *decision = context;
    struct store_request request = { .verb = "intake", .decide = decide, .context = decision };
    struct access        who = test_program();
    return (void *) (intptr_t) store_submit(test.store, &who, &request, NULL, NULL);
}

static void test_decisions_see_the_group(void **state)
{
    (void) state;
    enum { NUM = 32 };
    static struct decision decisions[NUM];
    pthread_t              threads[NUM];
    size_t                 made = 0;
    for (size_t i = 0; i < NUM; i++) {
        test.next = 0; /* all of them the same person */
        test_person_set(&test, &decisions[i].sample, decisions[i].changes);
        assert_int_equal(pthread_create(&threads[i], NULL, submit_decision, &decisions[i]), 0);
    }
    for (size_t i = 0; i < NUM; i++) {
        void *status;
        pthread_join(threads[i], &status);
        assert_int_equal((intptr_t) status, 0);
        made += !decisions[i].seen;
    }
    assert_int_equal(made, 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), 1);
}

/* ---- many callers ---- */

enum { CALLERS = 64, EACH = 8 };

static void *submit_many(void *context)
{
    intptr_t failed = 0;
    (void) context;
    for (int i = 0; i < EACH; i++) {
        struct people_sample sample;
        failed += test_person_create(&test, &sample) != 0;
    }
    return (void *) failed;
}

static void test_many_callers(void **state)
{
    (void) state;
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, NULL), 0);
    for (int i = 0; i < CALLERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_int_equal((intptr_t) failed, 0);
    }
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), CALLERS * EACH);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity"), CALLERS * EACH);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), CALLERS * EACH + 1);
    assert_int_equal(test_store_number(&test, "SELECT max(number) FROM event"), CALLERS * EACH * 3 + TEST_NUM_AREAS);
}

/* ---- bulk work beside somebody who waits for each answer ---- */

static void *submit_until(void *context)
{
    intptr_t failed = 0;
    while (!atomic_load((atomic_bool *) context)) {
        struct people_sample sample;
        failed += test_person_create(&test, &sample) != 0;
    }
    return (void *) failed;
}

static void test_bulk_work_comes_to_an_end_beside_others(void **state)
{
    (void) state;
    enum { NUM = 40 };
    static struct sent sent[NUM];
    struct access      who = test_program();
    atomic_bool        done = false;
    pthread_t          thread;
    void              *failed;
    assert_int_equal(pthread_create(&thread, NULL, submit_until, &done), 0);
    for (size_t i = 0; i < NUM; i++) {
        test_person_set(&test, &sent[i].sample, sent[i].changes);
        sent[i].request = (struct store_request){ .verb = "create", .set = { sent[i].changes, 3 }, .bulk = true };
        assert_int_equal(sem_init(&sent[i].done, 0, 0), 0);
        assert_ok(store_submit_later(test.store, &who, &sent[i].request, on_done, &sent[i], NULL));
    }
    for (size_t i = 0; i < NUM; i++) {
        while (sem_wait(&sent[i].done) != 0)
            ;
        assert_int_equal(sent[i].status, 0);
        sem_destroy(&sent[i].done);
    }
    atomic_store(&done, true);
    pthread_join(thread, &failed);
    assert_int_equal((intptr_t) failed, 0);
}

#define PROMISES(on)                                                                                                   \
    on(test_what_was_created_is_read) on(test_identity_needs_a_purpose) on(test_outside_the_grant_is_absent)           \
        on(test_what_is_refused_leaves_nothing) on(test_same_key_answers_as_the_first_time)                            \
            on(test_same_key_in_one_group_is_done_once) on(test_change_keeps_what_was)                                 \
                on(test_fixed_and_written_fields_are_refused) on(test_decisions_see_the_group) on(test_many_callers)   \
                    on(test_bulk_work_comes_to_an_end_beside_others)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("writer", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("writer", both, sizeof both / sizeof *both, NULL, NULL);
}
