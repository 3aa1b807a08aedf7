/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was tested and nothing was found is forgotten after a time, nobody else is, and the tests stay; on both
 * databases. */
#include "store/negatives.h"

#include <stdio.h>

#include "base/instant.h"
#include "model/records.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void create(enum model_record_number code, void *value)
{
    struct access        who = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(code), .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  ret = store_submit(test.store, &who, &request, NULL, &faults);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    assert_ok(ret);
}

/* A specimen of somebody with results "interpretation status", up to two. */
struct tested {
    const char *results[2];
};

/* Somebody: what was tested, and what else is known. */
struct somebody {
    const char   *what;
    struct tested tests[2];
    size_t        num_tests;
    bool          has_case;
    const char   *task; /* its status; NULL = none */
    bool          is_forgotten;
};

static const struct somebody people[] = {
    { "negative", .tests = { { { "not-detected final" } } }, .num_tests = 1, .is_forgotten = true },
    { "negative, corrected", .tests = { { { "detected superseded", "not-detected corrected" } } }, .num_tests = 1,
      .is_forgotten = true },
    { "could not be tested", .tests = { { { "rejected final", "invalid final" } } }, .num_tests = 1,
      .is_forgotten = true },
    { "entered in error", .tests = { { { "detected entered-in-error" } } }, .num_tests = 1, .is_forgotten = true },
    { "a task that is done", .tests = { { { "not-detected final" } } }, .num_tests = 1, .task = "done",
      .is_forgotten = true },
    { "positive", .tests = { { { "detected final" } } }, .num_tests = 1 },
    { "negative once, positive once", .tests = { { { "not-detected final" } }, { { "detected final" } } },
      .num_tests = 2 },
    { "inconclusive", .tests = { { { "inconclusive final" } } }, .num_tests = 1 },
    { "not final", .tests = { { { "not-detected preliminary" } } }, .num_tests = 1 },
    { "one specimen waits", .tests = { { { "not-detected final" } }, { { NULL } } }, .num_tests = 2 },
    { "waits", .tests = { { { NULL } } }, .num_tests = 1 },
    { "never tested", .num_tests = 0 },
    { "a case", .tests = { { { "not-detected final" } } }, .num_tests = 1, .has_case = true },
    { "an open task", .tests = { { { "not-detected final" } } }, .num_tests = 1, .task = "open" },
};
enum { PEOPLE = sizeof people / sizeof *people };

static uint8_t next;

static struct id next_id(void)
{
    return (struct id){ { 0x0e, 0, 0, 0, 0, 0, 0x70, 0, 0x80, ++next } };
}

static void add_test(const struct tested *tested, const struct id *person, const struct id *area)
{
    struct model_specimen specimen;
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    specimen.head.id = next_id();
    specimen.subject = text("person");
    specimen.person = *person;
    specimen.responsible_area = *area;
    specimen.material = text("other");
    create(MODEL_SPECIMEN, &specimen);
    for (size_t i = 0; i < 2 && tested->results[i] != NULL; i++) {
        const char         *blank = strchr(tested->results[i], ' ');
        struct model_result result;
        model_init(model_record(MODEL_RESULT), &result);
        result.head.id = next_id();
        result.specimen = specimen.head.id;
        result.target = text("sars-cov-2");
        result.interpretation = (struct model_text){ tested->results[i], (size_t) (blank - tested->results[i]) };
        result.status = text(blank + 1);
        create(MODEL_RESULT, &result);
    }
}

static struct id add(const struct somebody *one)
{
    struct people_sample sample;
    struct store_change  changes[3];
    struct access        who = test_program();
    struct model_task    task;
    test_person_set(&test, &sample, changes);
    assert_ok(store_submit(test.store, &who,
                           &(struct store_request){ .verb = "create", .set = { changes, one->has_case ? 3 : 2 } }, NULL,
                           NULL));
    for (size_t i = 0; i < one->num_tests; i++)
        add_test(&one->tests[i], &sample.person.head.id, &sample.person.area);
    if (one->task != NULL) {
        model_init(model_record(MODEL_TASK), &task);
        task.head.id = next_id();
        task.kind = text("review-case");
        task.area = sample.person.area;
        task.status = text(one->task);
        task.priority = text("normal");
        task.title = text("Look at them");
        task.due = test.now;
        task.person = sample.person.head.id;
        create(MODEL_TASK, &task);
    }
    return sample.person.head.id;
}

static bool is_erased(const struct id *id)
{
    struct access       who = test_program();
    struct arena        arena = ARENA_INIT;
    struct model_person person;
    struct model_set    visible;
    assert_ok(store_read(test.reader, &who, model_record(MODEL_PERSON), id, STORE_NOW, &arena, &person, &visible));
    bool erased = person.erased != INSTANT_MISSING;
    arena_free(&arena);
    return erased;
}

static int64_t number(const char *sql)
{
    return test_store_number(&test, sql);
}

static void test_who_tested_negative_is_forgotten(void **state)
{
    (void) state;
    struct id ids[PEOPLE];
    int64_t   forgotten, expected = 0, began = test.now;
    next = 0;
    for (size_t i = 0; i < PEOPLE; i++)
        ids[i] = add(&people[i]);
    int64_t results = number("SELECT count(*) FROM result"), specimens = number("SELECT count(*) FROM specimen");
    assert_ok(store_forget_negatives(test.store, began, &forgotten)); /* as old as that is nothing yet */
    assert_int_equal(forgotten, 0);
    test.now += 14 * INSTANT_DAY;
    assert_ok(store_forget_negatives(test.store, began + INSTANT_DAY, &forgotten));
    for (size_t i = 0; i < PEOPLE; i++) {
        if (is_erased(&ids[i]) != people[i].is_forgotten)
            fail_msg("%s: %s", people[i].what, people[i].is_forgotten ? "still known" : "forgotten");
        expected += people[i].is_forgotten;
    }
    assert_int_equal(forgotten, expected);
    assert_int_equal(number("SELECT count(*) FROM identity"), PEOPLE - expected);
    assert_int_equal(number("SELECT count(*) FROM search_token WHERE person IN (SELECT id FROM person WHERE erased IS "
                            "NOT NULL)"),
                     0);
    assert_int_equal(number("SELECT count(*) FROM result"), results);
    assert_int_equal(number("SELECT count(*) FROM specimen"), specimens);
    assert_ok(store_forget_negatives(test.store, began + INSTANT_DAY, &forgotten));
    assert_int_equal(forgotten, 0);
}

/* Merged people go together, or not at all. */
static void test_who_is_merged_goes_along(void **state)
{
    (void) state;
    static const struct somebody negative = { "negative", .tests = { { { "not-detected final" } } }, .num_tests = 1 },
                                 positive = { "positive", .tests = { { { "detected final" } } }, .num_tests = 1 };
    struct access who = test_program();
    struct id     ids[4] = { add(&negative), add(&negative), add(&negative), add(&positive) };
    int64_t       forgotten;
    for (size_t i = 1; i < 4; i += 2) {
        struct model_person merged;
        struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &merged };
        model_init(model_record(MODEL_PERSON), &merged);
        merged.head.id = ids[i];
        merged.merged_into = ids[i - 1];
        model_set_add(&change.given, model_person_merged_into);
        assert_ok(store_submit(test.store, &who, &(struct store_request){ .verb = "merge", .set = { &change, 1 } },
                               NULL, NULL));
    }
    assert_ok(store_forget_negatives(test.store, test.now + INSTANT_DAY, &forgotten));
    assert_int_equal(forgotten, 1);
    assert_true(is_erased(&ids[0]) && is_erased(&ids[1]));
    assert_true(!is_erased(&ids[2]) && !is_erased(&ids[3]));
}

#define PROMISES(on) on(test_who_tested_negative_is_forgotten) on(test_who_is_merged_goes_along)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("negatives", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
