/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What moves: areas in the tree, a person to another county, a specimen to another area; a new key for search tokens.
 * Counts and search tokens go along, what was known before stays, and the check finds where it was not done; on both
 * databases. */
#include <stdio.h>

#include "store/check.h"
#include "store/find_person.h"
#include "store/token_page.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- the check, with a keeper ---- */

static void tell(void *context, const struct check_finding *finding)
{
    char  *told = context;
    size_t used = strlen(told);
    if (finding->wrong > 0)
        snprintf(told + used, 2000 - used, "%s: %lld of %lld;", finding->what, (long long) finding->wrong,
                 (long long) finding->looked);
}

static const char *check(void)
{
    static char          told[2000];
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct check_options options = { .keeper = test.keeper,
                                     .county_depth = 1,
                                     .telephone_country = test.options.telephone_country,
                                     .tell = tell,
                                     .context = told };
    int64_t              wrong;
    *told = '\0';
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(store_check(db, &options, &wrong, &error));
    db_close(db);
    return told;
}

/* ---- people and cases ---- */

enum { MOST = 200 };

static struct people_sample samples[MOST];

/* `num` persons and cases in an area: samples[0] … of the last request. */
static void create_cases(size_t num, enum test_area area)
{
    static struct store_change changes[3 * MOST];
    struct access              who = test_program();
    for (size_t done = 0, some; done < num; done += some) {
        struct store_request request = { .verb = "create", .set = { changes, 0 } };
        struct fault_list    faults = FAULT_LIST_INIT;
        some = num - done < MOST ? num - done : MOST;
        for (size_t i = 0; i < some; i++) {
            test_person_set(&test, &samples[i], &changes[3 * i]);
            samples[i].person.area = test.areas[area];
            samples[i].illness.responsible_area = test.areas[area];
        }
        request.set.num_changes = 3 * some;
        int ret = store_submit(test.store, &who, &request, NULL, &faults);
        fault_list_write(&faults, stderr);
        fault_list_free(&faults);
        assert_int_equal(ret, 0);
    }
}

static int submit(struct store_change *changes, size_t num)
{
    struct access        who = test_program();
    struct store_request request = { .verb = "change", .set = { changes, num } };
    return store_submit(test.store, &who, &request, NULL, NULL);
}

struct new_parent {
    enum test_area area, parent;
};

static int move_areas(const struct new_parent *moves, size_t num)
{
    struct model_area   values[TEST_NUM_AREAS];
    struct store_change changes[TEST_NUM_AREAS];
    for (size_t i = 0; i < num; i++) {
        model_init(model_record(MODEL_AREA), &values[i]);
        values[i].head.id = test.areas[moves[i].area];
        values[i].parent = test.areas[moves[i].parent];
        changes[i] =
            (struct store_change){ .verb = STORE_CHANGE, .record = model_record(MODEL_AREA), .value = &values[i] };
        model_set_add(&changes[i].given, model_area_parent);
    }
    return submit(changes, num);
}

/* Cases of all days, as known at the end of a day. */
static int64_t known(enum test_area area, toc_date day)
{
    const struct model_record *record = model_record(MODEL_CASE);
    struct access              who = test_program();
    int64_t                    counts[500], sum = 0, undated;
    struct store_count_query   query = { .record = record,
                                         .counter = &record->counters[1],
                                         .area = test.areas[area],
                                         .from = 20000 - 499,
                                         .to = 20000,
                                         .known = day };
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    for (size_t i = 0; i < 500; i++)
        sum += counts[i];
    return sum + undated;
}

/* Is this person found by their telephone number below an area? */
static bool found(const struct people_sample *sample, enum test_area area)
{
    struct access      who = test_program();
    struct arena       arena = ARENA_INIT;
    struct find_query  query = { .typed = sample->identity.phone.bytes,
                                 .size = sample->identity.phone.size,
                                 .area = test.areas[area] };
    struct find_answer answer;
    struct fault_list  faults = FAULT_LIST_INIT;
    bool               there = false;
    assert_ok(store_find_person(test.reader, &who, &query, false, &arena, &answer, &faults));
    for (size_t i = 0; i < answer.num_results; i++)
        there = there || id_equal(&answer.results[i].person.head.id, &sample->person.head.id);
    arena_wipe(&arena);
    fault_list_free(&faults);
    return there;
}

/* ---- areas ---- */

static void test_an_area_takes_its_counts_along(void **state)
{
    (void) state;
    create_cases(2, TEST_WEST_ONE);
    create_cases(5, TEST_EAST_ONE);
    test.now += 3 * INSTANT_DAY;
    assert_true(found(&samples[0], TEST_COUNTY));
    assert_ok(move_areas(&(struct new_parent){ TEST_EAST, TEST_OTHER }, 1));
    assert_int_equal(known(TEST_COUNTY, MODEL_MISSING_DATE), 2);
    assert_int_equal(known(TEST_OTHER, MODEL_MISSING_DATE), 5);
    assert_int_equal(known(TEST_EAST, MODEL_MISSING_DATE), 5);
    assert_int_equal(known(TEST_PROVINCE, MODEL_MISSING_DATE), 7);
    assert_int_equal(known(TEST_COUNTY, 20002), 7); /* what was known before stays */
    assert_int_equal(known(TEST_OTHER, 20002), 0);
    assert_int_equal(known(TEST_COUNTY, 20003), 2);
    assert_int_equal(known(TEST_OTHER, 20003), 5);
    assert_true(found(&samples[0], TEST_OTHER)); /* another county: other tokens */
    assert_false(found(&samples[0], TEST_COUNTY));
    assert_string_equal(check(), "");
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'make search tokens anew'"), 1);

    test_store_reopen(&test);
    create_cases(1, TEST_EAST_TWO);
    assert_ok(move_areas(&(struct new_parent){ TEST_EAST, TEST_COUNTY }, 1)); /* and back */
    assert_int_equal(known(TEST_COUNTY, MODEL_MISSING_DATE), 8);
    assert_int_equal(known(TEST_OTHER, MODEL_MISSING_DATE), 0);
    assert_string_equal(check(), "");
}

/* Areas that are moved into one another, whatever their order in the request. */
static void test_areas_that_change_places(void **state)
{
    (void) state;
    static const struct new_parent moves[][3] = {
        { { TEST_EAST, TEST_OTHER }, { TEST_EAST_TWO, TEST_WEST }, { TEST_WEST, TEST_EAST_ONE } },
        { { TEST_EAST_ONE, TEST_WEST }, { TEST_WEST, TEST_COUNTY }, { TEST_EAST, TEST_WEST_ONE } },
        { { TEST_WEST, TEST_COUNTY }, { TEST_EAST, TEST_COUNTY }, { TEST_EAST_ONE, TEST_EAST } },
    };
    create_cases(1, TEST_WEST_ONE);
    create_cases(2, TEST_EAST_ONE);
    create_cases(4, TEST_EAST_TWO);
    create_cases(8, TEST_EAST);
    create_cases(16, TEST_WEST);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        test.now += INSTANT_DAY;
        assert_ok(move_areas(moves[i], 3));
        assert_int_equal(known(TEST_PROVINCE, MODEL_MISSING_DATE), 31);
        assert_string_equal(check(), "");
    }
    assert_int_equal(known(TEST_COUNTY, 20000), 31);
    assert_int_equal(known(TEST_OTHER, 20001), 31); /* all of them, for a day */
    assert_int_equal(known(TEST_COUNTY, 20001), 0);
}

/* What would make no tree is refused; the store goes on. */
static void test_a_circle_is_refused(void **state)
{
    (void) state;
    static const struct new_parent circles[][2] = {
        { { TEST_EAST, TEST_EAST_ONE }, { TEST_OTHER, TEST_PROVINCE } },
        { { TEST_EAST, TEST_WEST_ONE }, { TEST_WEST, TEST_EAST_TWO } },
        { { TEST_EAST, TEST_EAST }, { TEST_OTHER, TEST_PROVINCE } },
    };
    struct model_area   area;
    struct store_change change = { .verb = STORE_CREATE, .record = model_record(MODEL_AREA), .value = &area };
    for (size_t i = 0; i < sizeof circles / sizeof *circles; i++)
        assert_status(move_areas(circles[i], 2), BASE_ERR_INPUT);
    for (uint8_t depth = 4; depth <= AREA_TREE_MAX_DEPTH; depth++) { /* below east_one, whose depth is 3 */
        model_init(model_record(MODEL_AREA), &area);
        area.head.id = (struct id){ { 7, depth } };
        area.code = (struct model_text){ (const char *) &"abcdefghijklmnopqrstuvwxyz"[depth], 1 };
        area.level = 3;
        area.parent = depth == 4 ? test.areas[TEST_EAST_ONE] : (struct id){ { 7, (uint8_t) (depth - 1) } };
        assert_status(submit(&change, 1), depth < AREA_TREE_MAX_DEPTH ? 0 : BASE_ERR_INPUT);
    }
    assert_status(move_areas(&(struct new_parent){ TEST_EAST, TEST_WEST_ONE }, 1), BASE_ERR_INPUT); /* too deep below */
    area.head.id = (struct id){ { 8 } };
    area.parent = area.head.id;
    assert_status(submit(&change, 1), BASE_ERR_INPUT);
    create_cases(1, TEST_EAST_ONE);
    assert_int_equal(known(TEST_COUNTY, MODEL_MISSING_DATE), 1);
    assert_string_equal(check(), "");
}

/* Where there are series for "all" of the dimensions, and where there are none yet. */
static void test_a_rolled_up_area_moves(void **state)
{
    (void) state;
    enum { MANY = 4100 };
    create_cases(MANY, TEST_EAST_ONE);
    create_cases(3, TEST_WEST_ONE);
    assert_ok(move_areas(&(struct new_parent){ TEST_EAST_ONE, TEST_OTHER }, 1));
    assert_int_equal(known(TEST_OTHER, MODEL_MISSING_DATE), MANY);
    assert_int_equal(known(TEST_EAST, MODEL_MISSING_DATE), 0);
    assert_int_equal(known(TEST_COUNTY, MODEL_MISSING_DATE), 3);
    assert_string_equal(check(), "");
}

static void test_a_set_moves_areas_too(void **state)
{
    (void) state;
    struct access              who = test_program();
    struct model_area          area;
    struct model_reference_set set;
    struct store_loaded        loaded;
    struct store_load          load = { .record = model_record(MODEL_AREA), .rows = &area, .num_rows = 1, .set = &set };
    create_cases(5, TEST_EAST_ONE);
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = (struct id){ { 3, 1 } };
    set.kind = text("areas");
    set.name = text("towns");
    set.edition = text("2");
    set.digest = (struct model_text){ "0123456789abcdef0123456789abcdef", 32 };
    set.num_rows = 1;
    set.loaded = test.now;
    model_init(model_record(MODEL_AREA), &area);
    area.head.id = test.areas[TEST_EAST];
    area.code = text("100101");
    area.level = 2;
    area.parent = test.areas[TEST_OTHER];
    assert_ok(store_load_set(test.store, &who, &load, &loaded, NULL));
    assert_int_equal(loaded.changed, 1);
    assert_int_equal(known(TEST_OTHER, MODEL_MISSING_DATE), 5);
    assert_int_equal(known(TEST_COUNTY, MODEL_MISSING_DATE), 0);
    assert_true(found(&samples[0], TEST_OTHER));
    assert_string_equal(check(), "");
}

/* ---- one record ---- */

static void test_a_person_moves(void **state)
{
    (void) state;
    struct model_person person;
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &person };
    create_cases(2, TEST_EAST_ONE);
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = samples[0].person.head.id;
    person.area = test.areas[TEST_WEST_ONE];
    model_set_add(&change.given, model_person_area);
    assert_ok(submit(&change, 1)); /* within the county */
    assert_true(found(&samples[0], TEST_WEST));
    person.area = test.areas[TEST_OTHER];
    assert_ok(submit(&change, 1));
    assert_true(found(&samples[0], TEST_OTHER));
    assert_false(found(&samples[0], TEST_COUNTY));
    assert_true(found(&samples[1], TEST_COUNTY));
    assert_string_equal(check(), "");
    test_store_reopen(&test);
    person.area = test.areas[TEST_EAST_TWO];
    assert_ok(submit(&change, 1));
    assert_true(found(&samples[0], TEST_EAST));
    assert_string_equal(check(), "");
}

static int64_t results(enum test_area area)
{
    const struct model_record *record = model_record(MODEL_RESULT);
    struct access              who = test_program();
    int64_t                    counts[3], undated;
    struct store_count_query   query = { .record = record,
                                         .counter = &record->counters[0],
                                         .area = test.areas[area],
                                         .from = 19999,
                                         .to = 20001,
                                         .known = MODEL_MISSING_DATE };
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    return counts[0] + counts[1] + counts[2] + undated;
}

static void set_result(struct model_result *result, uint8_t number, const struct id *specimen)
{
    model_init(model_record(MODEL_RESULT), result);
    result->head.id = (struct id){ { 6, number } };
    result->specimen = *specimen;
    result->target = text("sars-cov-2");
    result->status = text("final");
    result->interpretation = text("detected");
    result->result_time = text("2024-10-04T10:00");
}

/* Results stand where their specimen does, also those of the same request. */
static void test_a_specimen_takes_its_results_along(void **state)
{
    (void) state;
    struct model_specimen specimen;
    struct model_result   first, second, third;
    struct store_change   changes[] = {
          { .verb = STORE_CREATE, .record = model_record(MODEL_SPECIMEN), .value = &specimen },
          { .verb = STORE_CREATE, .record = model_record(MODEL_RESULT), .value = &first },
          { .verb = STORE_CREATE, .record = model_record(MODEL_RESULT), .value = &second },
    };
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    specimen.head.id = (struct id){ { 5, 1 } };
    specimen.subject = text("wastewater");
    specimen.material = text("wastewater");
    specimen.responsible_area = test.areas[TEST_EAST_ONE];
    set_result(&first, 1, &specimen.head.id);
    set_result(&second, 2, &specimen.head.id);
    second.interpretation = text("not-detected");
    assert_ok(submit(changes, 3));
    assert_int_equal(results(TEST_EAST), 2);

    struct store_change more[] = {
        { .verb = STORE_CREATE, .record = model_record(MODEL_RESULT), .value = &third },
        { .verb = STORE_CHANGE, .record = model_record(MODEL_SPECIMEN), .value = &specimen },
    };
    set_result(&third, 3, &specimen.head.id);
    specimen.responsible_area = test.areas[TEST_OTHER];
    model_set_add(&more[1].given, model_specimen_responsible_area);
    assert_ok(submit(more, 2));
    assert_int_equal(results(TEST_EAST), 0);
    assert_int_equal(results(TEST_OTHER), 3);
    assert_string_equal(check(), "");

    struct store_change erasure = { .verb = STORE_ERASE, .record = model_record(MODEL_SPECIMEN), .value = &specimen };
    assert_ok(submit(&erasure, 1)); /* nothing is counted at a specimen that is not there */
    assert_int_equal(results(TEST_PROVINCE), 0);
    assert_string_equal(check(), "result.specimen: refers to what exists: 3 of 3;");
}

/* ---- keys ---- */

static void test_a_new_key_for_tokens(void **state)
{
    (void) state;
    int64_t  remade, failed;
    uint32_t generation;
    create_cases(MOST, TEST_EAST_ONE);
    for (size_t i = 0; i < 4; i++)
        create_cases(MOST, TEST_WEST_ONE); /* more than a page */
    assert_ok(store_tokens(test.store, NULL, NULL, &remade, &failed));
    assert_int_equal(remade + failed, 0);
    assert_ok(keeper_new_generation(test.keeper, KEEPER_TOKEN, test.now, &generation, NULL));
    assert_true(found(&samples[0], TEST_COUNTY)); /* by the tokens of the old key */
    assert_string_equal(check(),
                        "search tokens are those of the county where people live, by the newest key: 1000 of 1000;");
    assert_ok(store_tokens(test.store, NULL, NULL, &remade, &failed));
    assert_int_equal(remade, 5 * MOST);
    assert_int_equal(failed, 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'make search tokens anew'"), 1);
    assert_string_equal(check(), "");
    assert_ok(keeper_destroy(test.keeper, KEEPER_TOKEN, 1, test.now, true, NULL));
    assert_true(found(&samples[0], TEST_COUNTY));
    assert_string_equal(check(), "");
}

/* Numbers without a country belong to the node's; after a change of that setting the tokens are made anew. */
static void test_telephones_without_a_country(void **state)
{
    (void) state;
    struct model_identity identity;
    struct store_change   change = { .verb = STORE_CHANGE, .record = model_record(MODEL_IDENTITY), .value = &identity };
    int64_t               remade, failed;
    create_cases(2, TEST_EAST_ONE);
    model_init(change.record, &identity);
    identity.head.id = samples[0].identity.head.id;
    identity.phone = text("01-4261234");
    model_set_add(&change.given, model_identity_phone);
    assert_ok(submit(&change, 1));
    struct people_sample typed = samples[0];
    typed.identity.phone = text("+86 1 4261234");
    assert_true(found(&typed, TEST_COUNTY));
    test.options.telephone_country = 977;
    test_store_reopen(&test);
    typed.identity.phone = text("+977 1 4261234");
    assert_false(found(&typed, TEST_COUNTY));
    assert_non_null(strstr(check(), "search tokens are those"));
    assert_ok(store_tokens(test.store, NULL, NULL, &remade, &failed));
    assert_true(found(&typed, TEST_COUNTY));
    typed.identity.phone = text("01 426 1234");
    assert_true(found(&typed, TEST_COUNTY));
    assert_string_equal(check(), "");
}

/* The keeper gives out so many keys a second: the work waits for them. */
static void test_as_fast_as_the_keeper_allows(void **state)
{
    (void) state;
    int64_t  remade, failed;
    uint32_t generation;
    create_cases(MOST, TEST_EAST_ONE);
    create_cases(MOST, TEST_EAST_ONE);
    create_cases(MOST, TEST_EAST_ONE);
    keeper_stop(test.keeper);
    struct keeper_options options = { .directory = test.keys };
    options.rates[KEEPER_UPKEEP] = (struct keeper_rate){ .per_second = 2000, .burst = TOKEN_PAGE_PERSONS };
    assert_ok(keeper_start(&options, &test.keeper, NULL));
    test_store_reopen(&test);
    assert_ok(keeper_new_generation(test.keeper, KEEPER_TOKEN, test.now, &generation, NULL));
    assert_ok(store_tokens(test.store, NULL, NULL, &remade, &failed));
    assert_int_equal(remade, 3 * MOST);
    assert_string_equal(check(), "");
}

static void test_rewrapping_is_audited(void **state)
{
    (void) state;
    int64_t  rewrapped, failed;
    uint32_t generation;
    create_cases(3, TEST_EAST_ONE);
    assert_ok(keeper_new_generation(test.keeper, KEEPER_WRAP, test.now, &generation, NULL));
    assert_ok(store_rewrap(test.store, NULL, NULL, &rewrapped, &failed));
    assert_int_equal(rewrapped, 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key WHERE generation = 2"), 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name WHERE generation = 2"), 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'wrap keys anew'"), 1);
    assert_string_equal(check(), "");
}

/* ---- where it was not done ---- */

static void test_the_check_finds_what_did_not_move(void **state)
{
    (void) state;
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct db_statement *statement;
    int64_t              remade, failed;
    create_cases(5, TEST_EAST_ONE);
    assert_ok(db_open(test.url, &(struct db_options){ .create = false }, &db, &error));
    struct db_value ids[] = { db_id(&test.areas[TEST_EAST]), db_id(&test.areas[TEST_OTHER]) };
    assert_ok(db_prepare(db, "UPDATE area SET parent = $2 WHERE id = $1", &statement, &error));
    assert_ok(db_run(statement, ids, 2, &error));
    db_close(db);
    assert_non_null(strstr(check(), "case: the totals of case_by_onset are what counting anew gives"));
    assert_non_null(strstr(check(), "case: each area counts what lies in it: 1 of 4;"));
    assert_non_null(
        strstr(check(), "search tokens are those of the county where people live, by the newest key: 5 of 5;"));
    test_store_reopen(&test);
    assert_ok(store_tokens(test.store, NULL, NULL, &remade, &failed));
    assert_int_equal(remade, 5);
    assert_null(strstr(check(), "search tokens"));
}

#define PROMISES(on)                                                                                                   \
    on(test_an_area_takes_its_counts_along) on(test_areas_that_change_places) on(test_a_circle_is_refused)             \
        on(test_a_rolled_up_area_moves) on(test_a_set_moves_areas_too) on(test_a_person_moves)                         \
            on(test_a_specimen_takes_its_results_along) on(test_a_new_key_for_tokens)                                  \
                on(test_telephones_without_a_country) on(test_as_fast_as_the_keeper_allows)                            \
                    on(test_rewrapping_is_audited) on(test_the_check_finds_what_did_not_move)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },
#define WAITING(name) { "counts wait: " #name, name, test_store_on_postgresql_waiting, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest embedded[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) WAITING(
        test_an_area_takes_its_counts_along) WAITING(test_areas_that_change_places) WAITING(test_a_set_moves_areas_too)
                                           WAITING(test_a_specimen_takes_its_results_along) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("moved", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("moved", embedded, NULL, NULL);
}
