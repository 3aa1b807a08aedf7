/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is found by what, and by whom, on both databases. */
#include "store/find_person.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/search_name.h"
#include "support/store.h"
#include "support/test.h"

enum { PERSONS = 60 };
static struct test_store     test;
static struct people_sample *samples; /* PERSONS */

static int fill(void **state, bool postgresql)
{
    (void) state;
    test_store_open(&test, postgresql);
    samples = calloc(PERSONS, sizeof *samples);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
    return 0;
}

static int on_sqlite(void **state)
{
    return fill(state, false);
}

static int on_postgresql(void **state)
{
    return fill(state, true);
}

static int empty(void **state)
{
    (void) state;
    free(samples);
    test_store_close(&test);
    return 0;
}

static struct access in_county(void)
{
    return test_epidemiologist(&test.areas[TEST_COUNTY]);
}

static int find(const struct access *who, const char *typed, size_t size, enum test_area area, bool prefix,
                struct arena *arena, struct find_answer *answer)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct find_query query = { .typed = typed, .size = size };
    if (area != TEST_NUM_AREAS)
        query.area = test.areas[area];
    int ret = store_find_person(test.reader, who, &query, prefix, arena, answer, &faults);
    for (size_t i = 0; i < faults.num_kept; i++) /* never repeats what was typed */
        assert_true(size <= 1 || strstr(faults.faults[i].found, typed) == NULL);
    fault_list_free(&faults);
    return ret;
}

static bool answers_with(const struct find_answer *answer, const struct people_sample *sample)
{
    for (size_t i = 0; i < answer->num_results; i++)
        if (id_equal(&answer->results[i].person.head.id, &sample->person.head.id)) {
            const struct model_text *name = &answer->results[i].identity.name;
            assert_int_equal(name->size, sample->identity.name.size);
            assert_memory_equal(name->bytes, sample->identity.name.bytes, name->size);
            return true;
        }
    return false;
}

static void everybody_is_found_by(struct model_text (*what)(const struct people_sample *), bool prefix)
{
    struct access who = in_county();
    int           tried = 0;
    for (int i = 0; i < PERSONS; i++) {
        struct model_text  typed = what(&samples[i]);
        struct arena       arena = ARENA_INIT;
        struct find_answer answer = { 0 };
        char               text[200] = "";
        if (typed.bytes == NULL)
            continue;
        memcpy(text, typed.bytes, typed.size);
        int ret = find(&who, text, typed.size, TEST_NUM_AREAS, prefix, &arena, &answer);
        if (ret == BASE_ERR_INPUT && !prefix) /* a name that says too little to have a form */
            continue;
        assert_ok(ret);
        assert_true(answer.more || answers_with(&answer, &samples[i]));
        arena_wipe(&arena);
        tried++;
    }
    assert_in_range(tried, PERSONS / 3, PERSONS);
}

static struct model_text name_of(const struct people_sample *sample)
{
    return sample->identity.name;
}

static struct model_text identifier_of(const struct people_sample *sample)
{
    return sample->identity.identifier;
}

static struct model_text phone_of(const struct people_sample *sample)
{
    return sample->identity.phone;
}

/* The first character of a name: three bytes of Han or Tibetan. */
static struct model_text first_of(const struct people_sample *sample)
{
    return (struct model_text){ sample->identity.name.bytes, sample->identity.name.size < 3 ? 0 : 3 };
}

static void test_by_name_identifier_and_phone(void **state)
{
    (void) state;
    everybody_is_found_by(name_of, false);
    everybody_is_found_by(identifier_of, false);
    everybody_is_found_by(phone_of, false);
}

static void test_by_the_beginning_of_a_name(void **state)
{
    (void) state;
    everybody_is_found_by(name_of, true);
    everybody_is_found_by(first_of, true);
}

static void test_a_surname_finds_nobody_by_token(void **state)
{
    (void) state;
    struct access      who = in_county();
    struct arena       arena = ARENA_INIT;
    struct find_answer answer = { 0 };
    assert_status(find(&who, "张", 3, TEST_NUM_AREAS, false, &arena, &answer), BASE_ERR_INPUT);
    assert_ok(find(&who, "zhang", 5, TEST_NUM_AREAS, false, &arena, &answer)); /* a name of letters it might be */
    assert_int_equal(answer.num_results, 0);
    assert_status(find(&who, "", 0, TEST_NUM_AREAS, false, &arena, &answer), BASE_ERR_INPUT);
    assert_status(find(&who, " ", 1, TEST_NUM_AREAS, true, &arena, &answer), BASE_ERR_INPUT);
    assert_status(find(&who, "\xff\xfe", 2, TEST_NUM_AREAS, false, &arena, &answer), BASE_ERR_INPUT);
    arena_wipe(&arena);
}

/* Without a purpose, with another's purpose, in a role without identities: refused, and nothing is audited as read. */
static void test_it_takes_the_right_and_a_purpose(void **state)
{
    (void) state;
    struct arena       arena = ARENA_INIT;
    struct find_answer answer = { 0 };
    int64_t            before = test_store_number(&test, "SELECT count(*) FROM audit");
    struct model_text  name = samples[0].identity.name;
    struct access      callers[] = { in_county(), in_county(), in_county() };
    callers[0].purpose = ACCESS_NO_PURPOSE;
    callers[1].purpose = ACCESS_LABORATORY;
    callers[2].role = ACCESS_ANALYST;
    for (int i = 0; i < 3; i++)
        for (int prefix = 0; prefix < 2; prefix++)
            assert_status(find(&callers[i], name.bytes, name.size, TEST_NUM_AREAS, prefix != 0, &arena, &answer),
                          STORE_ERR_DENIED);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before);
    arena_wipe(&arena);
}

static void test_nobody_outside_the_grant_is_found(void **state)
{
    (void) state;
    struct access      who = test_epidemiologist(&test.areas[TEST_WEST]);
    struct arena       arena = ARENA_INIT;
    struct find_answer answer = { 0 };
    size_t             outside = 0;
    for (int i = 0; i < PERSONS; i++) {
        bool mine = id_equal(&samples[i].person.area, &test.areas[TEST_WEST_ONE]);
        if (samples[i].identity.identifier.bytes == NULL)
            continue;
        assert_ok(find(&who, samples[i].identity.identifier.bytes, samples[i].identity.identifier.size, TEST_NUM_AREAS,
                       false, &arena, &answer));
        assert_int_equal(answers_with(&answer, &samples[i]), mine);
        assert_ok(find(&who, samples[i].identity.name.bytes, samples[i].identity.name.size, TEST_NUM_AREAS, true,
                       &arena, &answer));
        assert_int_equal(answer.more || answers_with(&answer, &samples[i]), mine);
        outside += !mine;
    }
    assert_in_range(outside, 5, PERSONS);
    /* an area outside answers as one that does not exist */
    assert_status(find(&who, "张三", 6, TEST_EAST, false, &arena, &answer), STORE_ERR_ABSENT);
    assert_status(find(&who, "张三", 6, TEST_EAST, true, &arena, &answer), STORE_ERR_ABSENT);
    arena_wipe(&arena);
}

/* One entry an answer, that names who was answered; none where nobody was. */
static void test_each_answer_is_audited(void **state)
{
    (void) state;
    struct access      who = in_county();
    struct arena       arena = ARENA_INIT;
    struct find_answer answer = { 0 };
    int                i = 0;
    while (samples[i].identity.identifier.bytes == NULL)
        i++;
    int64_t before = test_store_number(&test, "SELECT count(*) FROM audit");
    int64_t read = test_store_number(&test, "SELECT count(*) FROM audit_reading");
    assert_ok(find(&who, samples[i].identity.identifier.bytes, samples[i].identity.identifier.size, TEST_NUM_AREAS,
                   false, &arena, &answer));
    assert_int_equal(answer.num_results, 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before + 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), read + 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'search' AND purpose = "
                                              "'case-investigation' AND role = 'epidemiologist'") > 0,
                     1);
    assert_ok(find(&who, "不存在的名字", 18, TEST_NUM_AREAS, false, &arena, &answer));
    assert_int_equal(answer.num_results, 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before + 1);
    arena_wipe(&arena);
}

static void test_who_was_erased_is_not_found(void **state)
{
    (void) state;
    struct people_sample sample;
    struct model_person  person;
    struct arena         arena = ARENA_INIT;
    struct find_answer   answer = { 0 };
    struct access        who = in_county(), program = test_program();
    do
        assert_ok(test_person_create(&test, &sample));
    while (sample.identity.identifier.bytes == NULL);
    assert_ok(find(&who, sample.identity.identifier.bytes, sample.identity.identifier.size, TEST_NUM_AREAS, false,
                   &arena, &answer));
    assert_int_equal(answer.num_results, 1);
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = sample.person.head.id;
    struct store_change  change = { .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = &person };
    struct store_request request = { .verb = "erase", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    assert_ok(find(&who, sample.identity.identifier.bytes, sample.identity.identifier.size, TEST_NUM_AREAS, false,
                   &arena, &answer));
    assert_int_equal(answer.num_results, 0);
    assert_ok(find(&who, sample.identity.name.bytes, sample.identity.name.size, TEST_NUM_AREAS, true, &arena, &answer));
    assert_false(answers_with(&answer, &sample));
    arena_wipe(&arena);
}

/* ---- names by area ---- */

static int change(enum model_record_number record, void *value, struct model_set given)
{
    struct access        program = test_program();
    struct store_change  one = { .verb = STORE_CHANGE, .record = model_record(record), .value = value, .given = given };
    struct store_request request = { .verb = "change", .set = { &one, 1 } };
    return store_submit(test.store, &program, &request, NULL, NULL);
}

static bool begins_in(const char *typed, enum test_area area, const struct people_sample *sample)
{
    struct arena       arena = ARENA_INIT;
    struct find_answer answer = { 0 };
    struct access      who = in_county();
    bool               found = false;
    assert_ok(find(&who, typed, strlen(typed), area, true, &arena, &answer));
    for (size_t i = 0; i < answer.num_results; i++)
        found |= id_equal(&answer.results[i].person.head.id, &sample->person.head.id);
    arena_wipe(&arena);
    return found;
}

static void test_a_name_goes_where_its_person_goes(void **state)
{
    (void) state;
    struct people_sample  sample;
    struct model_person   person;
    struct model_identity identity;
    struct model_set      area = { { 0 } }, names = { { 0 } };
    assert_ok(test_person_create(&test, &sample));
    model_init(model_record(MODEL_IDENTITY), &identity);
    identity.head.id = sample.identity.head.id;
    identity.name = (struct model_text){ "欧阳修", 9 };
    identity.name_latin = (struct model_text){ "Smith Zachary", 13 };
    model_set_add(&names, model_identity_name);
    model_set_add(&names, model_identity_name_latin);
    assert_ok(change(MODEL_IDENTITY, &identity, names));
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = sample.person.head.id;
    model_set_add(&area, model_person_area);
    const enum test_area ways[] = { TEST_EAST_ONE, TEST_WEST_ONE, TEST_EAST_TWO };
    for (size_t i = 0; i < 3; i++) {
        person.area = test.areas[ways[i]];
        assert_ok(change(MODEL_PERSON, &person, area));
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(begins_in("欧阳", ways[j], &sample), i == j);
            assert_int_equal(begins_in("zach", ways[j], &sample), i == j);
        }
        assert_false(begins_in("欧阳修二", ways[i], &sample));
    }
    identity.name = (struct model_text){ "王安石", 9 };
    assert_ok(change(MODEL_IDENTITY, &identity, names));
    assert_true(begins_in("王安", TEST_COUNTY, &sample));
    assert_false(begins_in("欧阳", TEST_COUNTY, &sample));
    identity.name = identity.name_latin = (struct model_text){ NULL, 0 };
    assert_ok(change(MODEL_IDENTITY, &identity, names));
    assert_false(begins_in("王安", TEST_COUNTY, &sample));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name"), PERSONS);
}

/* A search comes to its end at the keeper's rate, unless that is too slow. */
static void at_the_keepers_rate(struct search_name_query *query)
{
    static struct id      all[2000];
    struct keeper_options options = { .directory = test.keys };
    size_t                num;
    bool                  more;
    for (int slow = 0; slow < 2; slow++) {
        options.rates[KEEPER_SEARCH] = (struct keeper_rate){ .per_second = slow ? 50 : 2000, .burst = 1024 };
        assert_ok(keeper_start(&options, &query->keeper, NULL));
        int ret = search_name_find(query, all, 2000, &num, &more, NULL);
        keeper_stop(query->keeper);
        assert_int_equal(ret, slow ? KEEPER_ERR_RATE : 0);
    }
}

/* By the beginning, and by the whole name: 500 have it, of whom an answer tells 50, and that there are more. */
static void an_answer_is_full(void)
{
    struct access who = in_county();
    for (int prefix = 0; prefix < 2; prefix++) {
        struct arena       arena = ARENA_INIT;
        struct find_answer answer = { 0 };
        assert_ok(find(&who, "司马光", 9, TEST_WEST_ONE, prefix != 0, &arena, &answer));
        assert_int_equal(answer.num_results, FIND_MOST_PERSONS);
        assert_true(answer.more);
        for (size_t i = 1; i < answer.num_results; i++)
            assert_true(id_compare(&answer.results[i - 1].person.head.id, &answer.results[i].person.head.id) < 0);
        arena_wipe(&arena);
    }
}

/* Nobody there is called so: all names are read. */
static void what_is_rare_is_looked_for_everywhere(struct search_name_query *query)
{
    const struct person_prefix *common = query->prefix;
    struct person_prefix       *rare = calloc(1, sizeof *rare);
    struct id                   persons[10];
    size_t                      num, most = query->most_persons;
    bool                        more;
    assert_ok(person_prefix_read("尉迟", 6, rare));
    query->prefix = rare;
    assert_ok(search_name_find(query, persons, 10, &num, &more, NULL));
    assert_int_equal(num, 0);
    assert_false(more);
    query->most_persons = most - 1;
    assert_status(search_name_find(query, persons, 10, &num, &more, NULL), TOC_ERR_TOO_LARGE);
    query->prefix = common; /* of which the first ones are enough */
    query->most_persons = most / 10;
    assert_ok(search_name_find(query, persons, 10, &num, &more, NULL));
    assert_int_equal(num, 10);
    assert_true(more);
    query->most_persons = most;
    free(rare);
}

/* Two areas, one after the other in the order of their ids: the first one's persons come first, whoever is older. */
static void in_the_order_of_areas(const struct search_name_query *query)
{
    static struct people_sample sample[4];
    const struct test_area_pair {
        enum test_area first, second;
    } pair = id_compare(&test.areas[TEST_EAST_ONE], &test.areas[TEST_EAST_TWO]) < 0
                 ? (struct test_area_pair){ TEST_EAST_ONE, TEST_EAST_TWO }
                 : (struct test_area_pair){ TEST_EAST_TWO, TEST_EAST_ONE };
    struct person_prefix    *prefix = calloc(1, sizeof *prefix);
    struct access            program = test_program();
    struct store_change      changes[3 * 4];
    struct store_request     request = { .verb = "create", .set = { changes, 12 } };
    struct db_value          areas[] = { db_id(&test.areas[pair.first]), db_id(&test.areas[pair.second]) };
    struct search_name_query two = *query;
    struct id                persons[4];
    size_t                   num;
    bool                     more;
    for (int i = 0; i < 4; i++) { /* the older two in the second area */
        test_person_set(&test, &sample[i], &changes[3 * i]);
        sample[i].person.area = sample[i].illness.responsible_area = test.areas[i < 2 ? pair.second : pair.first];
        sample[i].identity.name = (struct model_text){ "尉迟恭", 9 };
    }
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    assert_ok(person_prefix_read("尉迟", 6, prefix));
    two.areas = areas;
    two.num_areas = 2;
    two.prefix = prefix;
    assert_ok(search_name_find(&two, persons, 3, &num, &more, NULL));
    assert_int_equal(num, 3);
    assert_true(more);
    for (int i = 0; i < 3; i++)
        assert_true(id_equal(&persons[i], &sample[(i + 2) % 4].person.head.id));
    free(prefix);
}

/* More than one thread opens at a time, and more than an answer holds: the first ones in order, and that there are
 * more. */
static void test_the_first_of_many(void **state)
{
    (void) state;
    enum { MANY = 2500, SOME = 250 };
    static struct people_sample many[SOME];
    static struct store_change  changes[3 * SOME];
    struct access               program = test_program();
    struct person_prefix       *prefix = calloc(1, sizeof *prefix);
    struct db_error             error = { 0 };
    struct db                  *db;
    struct db_value             areas[] = { db_id(&test.areas[TEST_WEST_ONE]) };
    struct id                   persons[100], all[10];
    size_t                      num, num_all;
    bool                        more;
    for (int done = 0; done < MANY; done += SOME) {
        struct store_request request = { .verb = "create", .set = { changes, (size_t) 3 * SOME } };
        for (int i = 0; i < SOME; i++) {
            test_person_set(&test, &many[i], &changes[3 * i]);
            many[i].person.area = many[i].illness.responsible_area = test.areas[TEST_WEST_ONE];
            many[i].identity.name = (struct model_text){ i % 5 == 0 ? "司马光" : "苏轼", i % 5 == 0 ? 9 : 6 };
        }
        assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    }
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(person_prefix_read("司马", 6, prefix));
    struct search_name_query query = {
        .db = db, .keeper = test.keeper, .areas = areas, .num_areas = 1, .prefix = prefix, .most_persons = 100000
    };
    assert_ok(search_name_find(&query, persons, 100, &num, &more, &error));
    assert_int_equal(num, 100);
    assert_true(more);
    for (size_t i = 1; i < num; i++)
        assert_true(id_compare(&persons[i - 1], &persons[i]) < 0);
    assert_ok(search_name_find(&query, all, 10, &num_all, &more, &error));
    assert_int_equal(num_all, 10);
    assert_memory_equal(all, persons, sizeof all);
    query.most_persons = 0;
    for (int i = 0; i < PERSONS; i++) /* who lived there before */
        query.most_persons += id_equal(&samples[i].person.area, &test.areas[TEST_WEST_ONE]);
    query.most_persons += MANY;
    assert_ok(search_name_find(&query, persons, 100, &num, &more, &error));
    what_is_rare_is_looked_for_everywhere(&query);
    in_the_order_of_areas(&query);
    an_answer_is_full();
    at_the_keepers_rate(&query);
    db_close(db);
    free(prefix);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_by_name_identifier_and_phone, set_up, empty),                                 \
        cmocka_unit_test_setup_teardown(test_by_the_beginning_of_a_name, set_up, empty),                               \
        cmocka_unit_test_setup_teardown(test_a_surname_finds_nobody_by_token, set_up, empty),                          \
        cmocka_unit_test_setup_teardown(test_it_takes_the_right_and_a_purpose, set_up, empty),                         \
        cmocka_unit_test_setup_teardown(test_nobody_outside_the_grant_is_found, set_up, empty),                        \
        cmocka_unit_test_setup_teardown(test_each_answer_is_audited, set_up, empty),                                   \
        cmocka_unit_test_setup_teardown(test_who_was_erased_is_not_found, set_up, empty),                              \
        cmocka_unit_test_setup_teardown(test_a_name_goes_where_its_person_goes, set_up, empty),                        \
        cmocka_unit_test_setup_teardown(test_the_first_of_many, set_up, empty)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("find_person", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("find_person", sqlite, NULL, NULL);
}
