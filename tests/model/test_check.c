/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_check.h"

#include <math.h>

#include "model/model_moment.h"
#include "model/support.h"

static const struct model_check plain = { .lists = NULL };

static void test_a_good_case_is_good(void **state)
{
    (void) state;
    struct model_lists *lists = test_lists();
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_case   good = test_case();
    assert_ok(model_check_create(&(struct model_check){ .lists = lists }, model_record(MODEL_CASE), &good, &faults));
    model_lists_free(lists);
}

static void test_all_faults_come_at_once(void **state)
{
    (void) state;
    struct model_lists *lists = test_lists();
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_case   bad = test_case();
    bad.head.id = (struct id){ { 0 } };
    bad.person = (struct id){ { 0 } };
    bad.disease = TEXT("measels");
    bad.classification = TEXT("Suspected!");
    bad.origin = TEXT("local"); /* its list is not loaded: the form alone is checked */
    bad.age_years = 131;
    bad.no_symptoms = 2;
    bad.result_time = TEXT("2026-13-01");
    bad.definition_version = TEXT("e\xCC\x81");
    struct model_check check = { .lists = lists, .place = { .name = "/entry/3" } };
    assert_status(model_check_create(&check, model_record(MODEL_CASE), &bad, &faults), BASE_ERR_INPUT);
    assert_fault(&faults, "/entry/3/id: is missing; allowed: " ID_ALLOWED);
    assert_fault(&faults, "/entry/3/person: is missing; allowed: the id of a record person: " ID_ALLOWED);
    assert_fault(&faults, "/entry/3/disease: found \"measels\"; allowed: a code of the list disease");
    assert_fault(&faults,
                 "/entry/3/classification: found \"Suspected!\"; allowed: a code of the list case_classification");
    assert_fault(&faults, "/entry/3/age_years: found \"131\"; allowed: a whole number from 0 to 130");
    assert_fault(&faults,
                 "/entry/3/definition_version: found \"e\xCC\x81\"; allowed: text in Unicode's normal form NFC");
    assert_int_equal(faults.num_all, 8);
    fault_list_free(&faults);
    model_lists_free(lists);
}

static void check_definition(const char *bytes, size_t size, bool good)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_case one = test_case();
    one.definition_version = (struct model_text){ bytes, size };
    assert_status(model_check_create(&plain, model_record(MODEL_CASE), &one, &faults), good ? 0 : BASE_ERR_INPUT);
    fault_list_free(&faults);
}

/* Characters are counted, not bytes. */
static void test_texts(void **state)
{
    (void) state;
    char text[41 * 3];
    for (size_t i = 0; i < 41; i++)
        memcpy(text + 3 * i, "疫", 3);
    check_definition(text, 40 * 3, true);
    check_definition(text, 41 * 3, false);
    check_definition("", 0, false);
    check_definition("a\nb", 3, false);
    check_definition("a\x01", 2, false);
    check_definition("a\xFF", 2, false);
    check_definition("a\xE2\x80\xAE", 4, false);

    struct fault_list faults = FAULT_LIST_INIT;
    struct model_case one = test_case();
    one.note = TEXT("two\nlines"); /* long texts may have them */
    assert_ok(model_check_create(&plain, model_record(MODEL_CASE), &one, &faults));
}

/* What identifies a person is described, never quoted. */
static void test_identifying_values_are_not_quoted(void **state)
{
    (void) state;
    struct fault_list     faults = FAULT_LIST_INIT;
    struct model_identity one;
    model_init(model_record(MODEL_IDENTITY), &one);
    one.head.id = test_id(1);
    one.person = test_id(2);
    one.name = TEXT("Tashi\tDolma");
    one.latitude = 91;
    one.birth_date = 40000000;
    assert_status(model_check_create(&plain, model_record(MODEL_IDENTITY), &one, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 3);
    assert_fault(&faults,
                 "/name: found 11 characters; allowed: text without control characters and marks of direction");
    assert_fault(&faults, "/latitude: found 2 characters; allowed: a number from -90 to 90");
    fault_list_free(&faults);
}

/* A note without a person would have no key. */
static void test_sealed_fields_need_their_owner(void **state)
{
    (void) state;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_answer one;
    model_init(model_record(MODEL_ANSWER), &one);
    one.head.id = test_id(1);
    one.area = test_id(2);
    one.subject_record = TEXT("outbreak");
    one.subject_id = TEXT("00000000-0001-7000-8000-000000000001");
    one.form = TEXT("f");
    one.question = TEXT("q");
    one.value_kind = TEXT("text");
    one.value_text = TEXT("words");
    assert_status(model_check_create(&plain, model_record(MODEL_ANSWER), &one, &faults), BASE_ERR_INPUT);
    assert_fault(&faults,
                 "/value_text: is given, but nobody's key could seal it; allowed: this only where person names "
                 "whom it is about");
    fault_list_free(&faults);
    one.person = test_id(3);
    assert_ok(model_check_create(&plain, model_record(MODEL_ANSWER), &one, &faults));
}

static void test_changes(void **state)
{
    (void) state;
    struct fault_list          faults = FAULT_LIST_INIT;
    const struct model_record *record = model_record(MODEL_CASE);
    struct model_case          before = test_case(), after = before;
    struct model_set           given = { { 0 } };
    before.age_years = after.age_years = 999; /* was written under an older description */
    after.classification = TEXT("confirmed");
    after.disease = TEXT("measles"); /* the same again */
    model_set_add(&given, model_case_classification);
    model_set_add(&given, model_case_disease);
    assert_ok(model_check_change(&plain, record, &before, &after, &given, &faults));
    after.disease = TEXT("plague");
    after.received_date = MODEL_MISSING_DATE;
    model_set_add(&given, model_case_received_date);
    assert_status(model_check_change(&plain, record, &before, &after, &given, &faults), BASE_ERR_INPUT);
    assert_fault(&faults, "/disease: is another value than before; allowed: the value it has: it is never changed");
    assert_fault(&faults, "/received_date: is missing; allowed: a date as 2026-11-22");
    assert_int_equal(faults.num_all, 2);
    fault_list_free(&faults);
}

/* A swab of a person names the person, a tube its pool; goods name neither. */
static void test_fields_that_need_each_other(void **state)
{
    (void) state;
    struct fault_list          faults = FAULT_LIST_INIT;
    const struct model_record *record = model_record(MODEL_SPECIMEN);
    struct model_specimen      one;
    struct model_set           given = { { 0 } };
    model_init(record, &one);
    one.head.id = one.responsible_area = test_id(1);
    one.material = TEXT("swab");
    one.subject = TEXT("person");
    assert_status(model_check_create(&plain, record, &one, &faults), BASE_ERR_INPUT);
    assert_fault(&faults,
                 "/person: is missing, but subject is \"person\"; allowed: the id of a record person: " ID_ALLOWED);
    fault_list_free(&faults);
    one.person = one.pool = test_id(2);
    assert_ok(model_check_create(&plain, record, &one, &faults)); /* a swab that went into a tube */
    one.subject = TEXT("goods");
    assert_status(model_check_create(&plain, record, &one, &faults), BASE_ERR_INPUT);
    assert_fault(&faults, "/person: is given; allowed: this only where subject is \"person\"");
    assert_fault(&faults, "/pool: is given; allowed: this only where subject is \"person\" or \"pool\"");
    assert_int_equal(faults.num_all, 2);
    fault_list_free(&faults);
    model_set_add(&given, model_specimen_number); /* a change of another field is not held up */
    assert_ok(model_check_change(&plain, record, &one, &one, &given, &faults));
    model_set_add(&given, model_specimen_pool);
    assert_status(model_check_change(&plain, record, &one, &one, &given, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 1);
    fault_list_free(&faults);
}

static void test_dates_in_their_order(void **state)
{
    (void) state;
    struct fault_list          faults = FAULT_LIST_INIT;
    const struct model_record *record = model_record(MODEL_CASE);
    struct model_case          one = test_case();
    one.onset_date = 20000;
    one.death_date = 19999;
    assert_status(model_check_create(&plain, record, &one, &faults), BASE_ERR_INPUT);
    assert_fault(&faults, "/death_date: found \"2024-10-03\"; allowed: not before onset_date, which is \"2024-10-04\"");
    fault_list_free(&faults);
    struct model_set given = { { 0 } }; /* a change of another field is not held up */
    model_set_add(&given, model_case_classification);
    assert_ok(model_check_change(&plain, record, &one, &one, &given, &faults));
    model_set_add(&given, model_case_onset_date);
    assert_status(model_check_change(&plain, record, &one, &one, &given, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
}

static bool may_follow(const char *earlier, const char *later)
{
    const struct model_record *record = model_record(MODEL_SIGNAL);
    struct model_signal        one;
    struct model_moment        first, second;
    model_init(record, &one);
    one.noticed_time = (struct model_text){ earlier, strlen(earlier) };
    one.closed_time = (struct model_text){ later, strlen(later) };
    assert_true(model_moment_of(&record->fields[model_signal_noticed_time], &one, &first));
    assert_true(model_moment_of(&record->fields[model_signal_closed_time], &one, &second));
    return model_moment_may_follow(&first, &second);
}

static void test_times_are_compared_as_far_as_they_were_said(void **state)
{
    (void) state;
    assert_true(may_follow("2026-11-22", "2026-11-22"));
    assert_true(may_follow("2026-11-22T10:30", "2026-11-22"));
    assert_true(may_follow("2026-11-22T10:30", "2026-11-22T10"));
    assert_false(may_follow("2026-11-22T10:30", "2026-11-22T09"));
    assert_false(may_follow("2026-11-22T10:30:05", "2026-11-22T10:30:04"));
    assert_true(may_follow("2026-11-22T10:30+08:00", "2026-11-22T02:30Z"));
    assert_false(may_follow("2026-11-22T10:30+08:00", "2026-11-22T02:29Z"));
    assert_true(may_follow("2026-11-22T23:30-03:30", "2026-11-23T03:00:00Z"));
    assert_false(may_follow("2026-11-22T23:31-03:30", "2026-11-23T03:00:59Z"));
    assert_true(may_follow("2026-11-22T10:30+08:00", "2026-11-22T10:30")); /* one zone: as local clocks */
    assert_false(may_follow("2026-11-22T10:30+08:00", "2026-11-22T10:29"));
}

static void whatever_was_drawn_is_good(struct test_random *random)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        _Alignas(16) char value[4096];
        struct arena      arena = ARENA_INIT;
        struct fault_list faults = FAULT_LIST_INIT;
        test_draw_record(random, &records[i], &arena, value);
        if (model_check_create(&plain, &records[i], value, &faults) != 0) {
            char line[FAULT_LINE_BYTES];
            fault_render(&faults.faults[0], line, sizeof line);
            fail_msg("%s: %s", records[i].name, line);
        }
        arena_free(&arena);
    }
}

static void test_good_records_of_every_kind(void **state)
{
    (void) state;
    test_property("whatever was drawn is good", 100, whatever_was_drawn_is_good);
}

static void test_numbers_at_their_bounds(void **state)
{
    (void) state;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_result one;
    model_init(model_record(MODEL_RESULT), &one);
    one.head.id = one.specimen = test_id(1);
    one.target = one.status = one.interpretation = TEXT("x");
    static const double bad[] = { -0.001, 100.001, INFINITY, -INFINITY };
    one.cycle_threshold = 100;
    assert_ok(model_check_create(&plain, model_record(MODEL_RESULT), &one, &faults));
    for (size_t i = 0; i < 4; i++) {
        one.cycle_threshold = bad[i];
        assert_status(model_check_create(&plain, model_record(MODEL_RESULT), &one, &faults), BASE_ERR_INPUT);
    }
    fault_list_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_case_is_good),
        cmocka_unit_test(test_all_faults_come_at_once),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_identifying_values_are_not_quoted),
        cmocka_unit_test(test_sealed_fields_need_their_owner),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_fields_that_need_each_other),
        cmocka_unit_test(test_dates_in_their_order),
        cmocka_unit_test(test_times_are_compared_as_far_as_they_were_said),
        cmocka_unit_test(test_good_records_of_every_kind),
        cmocka_unit_test(test_numbers_at_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
