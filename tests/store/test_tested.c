/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Persons tested: of each person, disease and day, and week, one result decides, whatever is created, corrected,
 * merged, moved and erased in whatever order; against counting everything anew each time, on both databases. */
#include "store/tested.h"

#include <semaphore.h>
#include <stdio.h>

#include "base/date_text.h"
#include "model/model_lists.h"
#include "store/check.h"
#include "store/store_internal.h"
#include "support/property.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- the check ---- */

static void tell(void *context, const struct check_finding *finding)
{
    if (finding->wrong > 0)
        print_message("# %s: %lld of %lld\n", finding->what, (long long) finding->wrong, (long long) finding->looked);
    (void) context;
}

static int64_t faults_found(void)
{
    struct db_error      error = { .status = 0 };
    struct db           *db;
    struct check_options options = {
        .keeper = test.keeper, .county_depth = 1, .telephone_country = test.options.telephone_country, .tell = tell
    };
    int64_t wrong;
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(store_check(db, &options, &wrong, &error));
    db_close(db);
    return wrong;
}

/* ---- what there is, as the test knows it ---- */

enum { PERSONS = 12, SPECIMENS = 60, RESULTS = 160, NOBODY = -1, FIRST_DAY = 19960, DAYS = 18, NONE = -1 };

static const char *const diseases[] = { "measles", "influenza", NULL };
static const char *const interpretations[] = { "detected", "inconclusive", "not-detected", "invalid", "rejected" };
static const char *const statuses[] = { "final",     "preliminary",      "corrected",
                                        "cancelled", "entered-in-error", "superseded" };
enum { DISEASES = 3, INTERPRETATIONS = 5, STATUSES = 6, STATUSES_THAT_COUNT = 3 };

struct specimen {
    struct id id;
    int       person, area, day; /* NONE: no day */
};

struct result {
    struct id id;
    bool      is_there;
    int       specimen, disease, interpretation, status;
};

static struct world {
    struct id       persons[PERSONS];
    int             merged_into[PERSONS];
    bool            is_erased[PERSONS];
    struct specimen specimens[SPECIMENS];
    struct result   results[RESULTS];
    int             num_persons, num_specimens, num_results;
    bool            is_moved; /* east_one lies below other */
} world;

static struct test_random *draw;

static int between(int low, int high)
{
    return (int) test_between(draw, (size_t) low, (size_t) high);
}

static struct id make_id(uint8_t kind, int number)
{
    return (struct id){ { 0x0d, kind, (uint8_t) (number >> 8), (uint8_t) number, 0, 0, 0x70, 0, 0x80,
                          (uint8_t) between(0, 255) } };
}

/* ---- counting anew ---- */

static void same_persons(int person, bool one[PERSONS])
{
    memset(one, 0, PERSONS * sizeof *one);
    one[person] = true;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < world.num_persons; i++) {
            int into = world.merged_into[i];
            if (into != NOBODY && one[i] != one[into])
                more = one[i] = one[into] = true;
        }
    }
}

static int span_of(int day, int length)
{
    return length == 7 ? day - toc_date_weekday(day) : day;
}

static bool counts(const struct result *result)
{
    const struct specimen *specimen = &world.specimens[result->specimen];
    return result->is_there && specimen->person != NOBODY && specimen->day != NONE &&
           result->status < STATUSES_THAT_COUNT;
}

/* Does no other result of the same person, disease and span go before it? */
static bool decides(const struct result *result, int length)
{
    const struct specimen *specimen = &world.specimens[result->specimen];
    bool                   one[PERSONS];
    if (!counts(result))
        return false;
    same_persons(specimen->person, one);
    for (int i = 0; i < world.num_results; i++) {
        const struct result   *other = &world.results[i];
        const struct specimen *of = &world.specimens[other->specimen];
        if (!counts(other) || !one[of->person] || other->disease != result->disease ||
            span_of(of->day, length) != span_of(specimen->day, length))
            continue;
        if (other->interpretation < result->interpretation ||
            (other->interpretation == result->interpretation && id_compare(&other->id, &result->id) < 0))
            return false;
    }
    return true;
}

static bool lies_in(int area, int in)
{
    static const int parents[TEST_NUM_AREAS] = { NONE,      TEST_PROVINCE, TEST_COUNTY, TEST_EAST,
                                                 TEST_EAST, TEST_COUNTY,   TEST_WEST,   TEST_PROVINCE };
    while (area != NONE && area != in)
        area = area == TEST_EAST_ONE && world.is_moved ? TEST_OTHER : parents[area];
    return area == in;
}

static int64_t count_anew(int area, int disease, int interpretation, int length, int day)
{
    int64_t num = 0;
    for (int i = 0; i < world.num_results; i++) {
        const struct result   *result = &world.results[i];
        const struct specimen *specimen = &world.specimens[result->specimen];
        num += result->disease == disease && result->interpretation == interpretation &&
               span_of(specimen->day, length) == day && lies_in(specimen->area, area) && decides(result, length);
    }
    return num;
}

static void expect_counts(int area, int disease, int interpretation, int length)
{
    const struct model_record *record = model_record(MODEL_RESULT);
    struct access              who = test_program();
    int64_t                    found[DAYS + 14], undated;
    struct store_count_query   query = { .record = record,
                                         .counter = &record->counters[length == 7 ? 3 : 2],
                                         .area = test.areas[area],
                                         .from = FIRST_DAY - 7,
                                         .to = FIRST_DAY + DAYS + 6,
                                         .known = MODEL_MISSING_DATE };
    query.dimensions[0] = diseases[disease] == NULL ? "" : diseases[disease];
    query.dimensions[1] = interpretations[interpretation];
    assert_ok(store_counts(test.reader, &who, &query, found, &undated));
    assert_int_equal(undated, 0);
    for (int i = 0; i < DAYS + 14; i++)
        assert_int_equal(found[i], count_anew(area, disease, interpretation, length, FIRST_DAY - 7 + i));
}

static void expect_all(void)
{
    for (int area = 0; area < TEST_NUM_AREAS; area++)
        for (int disease = 0; disease < DISEASES; disease++)
            for (int interpretation = 0; interpretation < INTERPRETATIONS; interpretation++)
                for (int length = 1; length <= 7; length += 6)
                    expect_counts(area, disease, interpretation, length);
    assert_int_equal(faults_found(), 0);
}

/* ---- changes, several in one request ---- */

enum { MOST_CHANGES = 24 };

union value {
    struct model_person   person;
    struct model_specimen specimen;
    struct model_result   result;
    struct model_area     area;
};

/* A request that is being made, then sent. */
struct request {
    struct store_change  changes[MOST_CHANGES];
    union value          values[MOST_CHANGES];
    char                 times[MOST_CHANGES][24];
    struct people_sample samples[MOST_CHANGES];
    struct model_result  absent;
    size_t               num;
    struct store_request sent;
    int                  status;
    sem_t                done;
};

/* Those of a group; the writer is held until all of them are sent. The last one is being made. */
enum { MOST_REQUESTS = 16 };
static struct request requests[MOST_REQUESTS], *request = requests;
static bool           is_held;
static sem_t          go;

static void on_done(void *context, int status, const struct store_receipt *receipt)
{
    struct request *done = context;
    (void) receipt;
    done->status = status;
    sem_post(&done->done);
}

static int wait_for(struct request *sent)
{
    while (sem_wait(&sent->done) != 0)
        ;
    sem_destroy(&sent->done);
    sent->num = 0;
    return sent->status;
}

static int send(void)
{
    struct access who = test_program();
    assert_int_equal(sem_init(&request->done, 0, 0), 0);
    assert_ok(store_submit_later(test.store, &who, &request->sent, on_done, request, NULL));
    if (!is_held)
        return wait_for(request);
    assert_true(++request < requests + MOST_REQUESTS);
    request->num = 0;
    return 0;
}

/* spoilt: its last change is of a record that is not there, so nothing of it is done. */
static int submit(bool spoilt)
{
    request->sent =
        (struct store_request){ .verb = spoilt ? "spoilt" : "test", .set = { request->changes, request->num } };
    model_init(model_record(MODEL_RESULT), &request->absent);
    request->absent.head.id = make_id(9, 0);
    request->absent.kit = text("none");
    if (spoilt)
        request->changes[request->sent.set.num_changes++] = (struct store_change){ .verb = STORE_CHANGE,
                                                                                   .record = model_record(MODEL_RESULT),
                                                                                   .value = &request->absent };
    test.now += 3600 * INSTANT_SECOND;
    int ret = send();
    return is_held && spoilt ? STORE_ERR_ABSENT : ret;
}

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

/* A look-up, for which what the group has so far is written. */
static int look_up(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                   struct fault_list *faults)
{
    struct db *db;
    (void) context;
    (void) arena;
    (void) faults;
    set->num_changes = 0;
    return store_reader_db(reader, &db);
}

static void begin_group(void)
{
    is_held = true;
    assert_int_equal(sem_init(&go, 0, 0), 0);
    request->sent = (struct store_request){ .verb = "hold", .decide = hold, .context = &go };
    assert_ok(send());
}

static void end_group(void)
{
    struct request *end = request;
    assert_int_equal(sem_post(&go), 0);
    for (request = requests; request < end; request++)
        assert_int_equal(wait_for(request), strcmp(request->sent.verb, "spoilt") == 0 ? STORE_ERR_ABSENT : 0);
    request = requests;
    is_held = false;
    sem_destroy(&go);
}

static struct store_change *next_change(enum store_verb verb, enum model_record_number record, const struct id *id)
{
    struct store_change *change = &request->changes[request->num];
    union value         *value = &request->values[request->num++];
    model_init(model_record(record), value);
    value->person.head.id = *id; /* each begins with its head */
    *change = (struct store_change){ .verb = verb, .record = model_record(record), .value = value };
    return change;
}

static struct model_text time_of(int day)
{
    static const char *const hours[] = { "T00:10", "T10:00+08:00", "T23:50" };
    char                    *time = request->times[request->num - 1];
    if (day == NONE)
        return (struct model_text){ NULL, 0 };
    size_t size = date_to_text(day, DATE_FORM_DAY, time);
    snprintf(time + size, sizeof request->times[0] - size, "%s", hours[between(0, 2)]);
    return text(time);
}

static int draw_day(void)
{
    return between(0, 12) == 0 ? NONE : FIRST_DAY + between(0, DAYS - 1);
}

static void add_person(void)
{
    struct people_sample *sample = &request->samples[request->num];
    if (world.num_persons == PERSONS)
        return;
    test_person_set(&test, sample, &request->changes[request->num]);
    sample->person.area = test.areas[TEST_WEST_ONE]; /* which stays */
    request->num += 2;                               /* without the case */
    world.merged_into[world.num_persons] = NOBODY;
    world.is_erased[world.num_persons] = false;
    world.persons[world.num_persons++] = sample->person.head.id;
}

static int living_person(void)
{
    int person = between(0, world.num_persons - 1);
    return world.is_erased[person] ? NOBODY : person;
}

static void add_specimen(void)
{
    struct specimen *specimen = &world.specimens[world.num_specimens];
    if (world.num_specimens == SPECIMENS)
        return;
    *specimen = (struct specimen){ make_id(1, world.num_specimens++), between(0, 9) == 0 ? NOBODY : living_person(),
                                   between(0, TEST_NUM_AREAS - 1), draw_day() };
    struct model_specimen *value = next_change(STORE_CREATE, MODEL_SPECIMEN, &specimen->id)->value;
    value->subject = text(specimen->person == NOBODY ? "wastewater" : "person");
    value->material = text("other");
    if (specimen->person != NOBODY)
        value->person = world.persons[specimen->person];
    value->responsible_area = test.areas[specimen->area];
    value->collected_time = time_of(specimen->day);
}

static void put_disease(struct model_result *value, int disease)
{
    value->disease = diseases[disease] == NULL ? (struct model_text){ NULL, 0 } : text(diseases[disease]);
}

static void add_result(void)
{
    struct result *result = &world.results[world.num_results];
    if (world.num_results == RESULTS || world.num_specimens == 0)
        return;
    *result = (struct result){ make_id(2, world.num_results++),     true,
                               between(0, world.num_specimens - 1), between(0, DISEASES - 1),
                               between(0, INTERPRETATIONS - 1),     between(0, STATUSES_THAT_COUNT - 1) };
    struct model_result *value = next_change(STORE_CREATE, MODEL_RESULT, &result->id)->value;
    value->specimen = world.specimens[result->specimen].id;
    value->target = text("sars-cov-2");
    value->interpretation = text(interpretations[result->interpretation]);
    value->status = text(statuses[result->status]);
    put_disease(value, result->disease);
}

static void change_result(void)
{
    struct result *result = world.num_results > 0 ? &world.results[between(0, world.num_results - 1)] : NULL;
    if (result == NULL || !result->is_there)
        return;
    if (between(0, 5) == 0) {
        result->is_there = false;
        next_change(STORE_ERASE, MODEL_RESULT, &result->id);
        return;
    }
    result->disease = between(0, DISEASES - 1);
    result->interpretation = between(0, INTERPRETATIONS - 1);
    result->status = between(0, STATUSES - 1);
    struct store_change *change = next_change(STORE_CHANGE, MODEL_RESULT, &result->id);
    struct model_result *value = change->value;
    value->interpretation = text(interpretations[result->interpretation]);
    value->status = text(statuses[result->status]);
    put_disease(value, result->disease);
    model_set_add(&change->given, model_result_interpretation);
    model_set_add(&change->given, model_result_status);
    model_set_add(&change->given, model_result_disease);
}

static void change_specimen(void)
{
    struct specimen *specimen = world.num_specimens > 0 ? &world.specimens[between(0, world.num_specimens - 1)] : NULL;
    if (specimen == NULL)
        return;
    struct store_change   *change = next_change(STORE_CHANGE, MODEL_SPECIMEN, &specimen->id);
    struct model_specimen *value = change->value;
    int                    person = living_person(), what = between(0, 2);
    if (what == 0 && specimen->person != NOBODY && person != NOBODY) {
        value->person = world.persons[specimen->person = person];
        model_set_add(&change->given, model_specimen_person);
    } else if (what == 1) {
        value->responsible_area = test.areas[specimen->area = between(0, TEST_NUM_AREAS - 1)];
        model_set_add(&change->given, model_specimen_responsible_area);
    } else {
        value->collected_time = time_of(specimen->day = draw_day());
        model_set_add(&change->given, model_specimen_collected_time);
    }
}

/* Into anybody else, in circles too; or apart again. */
static void merge(void)
{
    int person = living_person(), into = living_person();
    if (person == NOBODY || into == NOBODY || person == into)
        return;
    struct store_change *change = next_change(STORE_CHANGE, MODEL_PERSON, &world.persons[person]);
    world.merged_into[person] = between(0, 2) == 0 ? NOBODY : into;
    if (world.merged_into[person] != NOBODY)
        ((struct model_person *) change->value)->merged_into = world.persons[into];
    model_set_add(&change->given, model_person_merged_into);
}

static void erase_person(void)
{
    int  person = living_person();
    bool one[PERSONS];
    if (person == NOBODY)
        return;
    same_persons(person, one);
    for (int i = 0; i < world.num_persons; i++)
        world.is_erased[i] = world.is_erased[i] || one[i];
    next_change(STORE_ERASE, MODEL_PERSON, &world.persons[person]);
    assert_ok(submit(false));
}

static void move_area(void)
{
    world.is_moved = !world.is_moved;
    struct store_change *change = next_change(STORE_CHANGE, MODEL_AREA, &test.areas[TEST_EAST_ONE]);
    ((struct model_area *) change->value)->parent = test.areas[world.is_moved ? TEST_OTHER : TEST_EAST];
    model_set_add(&change->given, model_area_parent);
    assert_ok(submit(false));
}

static void change_something(void)
{
    static void (*const ways[])(void) = { add_person,      add_specimen,  add_specimen,  add_specimen,
                                          add_result,      add_result,    add_result,    add_result,
                                          change_specimen, change_result, change_result, merge };
    ways[between(0, (int) (sizeof ways / sizeof *ways) - 1)]();
}

static void random_request(void)
{
    struct world before = world;
    int          num = between(1, 9);
    bool         spoilt = between(0, 7) == 0;
    for (int i = 0; i < num; i++)
        change_something();
    if (request->num > 0 || spoilt)
        assert_int_equal(submit(spoilt), spoilt ? STORE_ERR_ABSENT : 0);
    if (spoilt)
        world = before;
    if (between(0, 4) == 0) {
        request->sent = (struct store_request){ .verb = "look up", .decide = look_up };
        assert_ok(send());
    }
    if (between(0, 14) == 0)
        erase_person();
}

/* Requests by themselves, and several in one group, at whose end an area may move. */
static void random_changes(struct test_random *random)
{
    draw = random;
    memset(&world, 0, sizeof world);
    add_person();
    assert_ok(submit(false));
    for (int round = 0; round < 18; round++) {
        if (round % 2 == 1)
            begin_group();
        for (int i = between(1, round % 2 == 1 ? 4 : 1); i > 0; i--)
            random_request();
        if (between(0, 3) == 0)
            move_area();
        if (is_held)
            end_group();
        if (round % 6 == 5)
            expect_all();
    }
    if (world.is_moved)
        move_area();
}

static void run(uint64_t seed)
{
    struct test_random random = { .seed = seed };
    print_message("# seed %llu\n", (unsigned long long) seed);
    random_changes(&random);
}

static void test_random_changes(void **state)
{
    (void) state;
    run(1);
}

static void test_other_random_changes(void **state)
{
    (void) state;
    run(2);
}

static void test_after_a_restart(void **state)
{
    (void) state;
    run(3);
    test_store_reopen(&test);
    expect_all();
}

/* ---- one after the other ---- */

static void test_one_person(void **state)
{
    (void) state;
    struct test_random random = { .seed = 1 };
    draw = &random;
    memset(&world, 0, sizeof world);
    add_person();
    add_person();
    assert_ok(submit(false));
    world.num_specimens = 2;
    for (int i = 0; i < 2; i++) {
        world.specimens[i] = (struct specimen){ make_id(1, i), i, TEST_EAST_ONE + i, FIRST_DAY + 3 };
        struct model_specimen *value = next_change(STORE_CREATE, MODEL_SPECIMEN, &world.specimens[i].id)->value;
        value->subject = text("person");
        value->material = text("other");
        value->person = world.persons[i];
        value->responsible_area = test.areas[TEST_EAST_ONE + i];
        value->collected_time = time_of(FIRST_DAY + 3);
    }
    static const int given[3][2] = { { 0, 2 }, { 0, 0 }, { 1, 1 } }; /* negative, then positive; another inconclusive */
    for (int i = 0; i < 3; i++) {
        world.results[i] = (struct result){ make_id(2, i), true, given[i][0], 0, given[i][1], 0 };
        struct model_result *value = next_change(STORE_CREATE, MODEL_RESULT, &world.results[i].id)->value;
        value->specimen = world.specimens[given[i][0]].id;
        value->target = text("measles");
        value->interpretation = text(interpretations[given[i][1]]);
        value->status = text("final");
        value->disease = text("measles");
    }
    world.num_results = 3;
    assert_ok(submit(false));
    assert_int_equal(count_anew(TEST_EAST, 0, 0, 1, FIRST_DAY + 3), 1);
    assert_int_equal(count_anew(TEST_EAST, 0, 1, 1, FIRST_DAY + 3), 1);
    assert_int_equal(count_anew(TEST_EAST, 0, 2, 1, FIRST_DAY + 3), 0);
    expect_all();
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history"), 0); /* marked as they were created */

    struct store_change *change = next_change(STORE_CHANGE, MODEL_PERSON, &world.persons[1]);
    ((struct model_person *) change->value)->merged_into = world.persons[world.merged_into[1] = 0];
    model_set_add(&change->given, model_person_merged_into);
    assert_ok(submit(false)); /* one person, and positive */
    assert_int_equal(count_anew(TEST_EAST, 0, 1, 1, FIRST_DAY + 3), 0);
    expect_all();
    assert_int_equal(test_store_number(&test, "SELECT version FROM result WHERE interpretation = 'inconclusive'"), 2);
    assert_int_equal(test_store_number(&test, "SELECT version FROM result WHERE interpretation = 'detected'"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event WHERE record = 'result' AND version = 2"), 1);

    next_change(STORE_ERASE, MODEL_PERSON, &world.persons[1]);
    assert_ok(submit(false)); /* of nobody, and counted as before */
    expect_all();
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person WHERE erased IS NOT NULL"), 2);

    change = next_change(STORE_CHANGE, MODEL_RESULT, &world.results[1].id);
    ((struct model_result *) change->value)->status = text(statuses[world.results[1].status = 5]);
    model_set_add(&change->given, model_result_status);
    assert_ok(submit(false)); /* the positive is superseded: the inconclusive decides */
    assert_int_equal(count_anew(TEST_EAST_TWO, 0, 1, 1, FIRST_DAY + 3), 1);
    assert_int_equal(count_anew(TEST_EAST_ONE, 0, 2, 1, FIRST_DAY + 3), 0);
    expect_all();
}

/* A mark that is wrong, and a count that does not go with it, are found. */
static void test_the_check_finds_a_wrong_mark(void **state)
{
    struct db_error error = { .status = 0 };
    struct db      *db;
    test_one_person(state);
    assert_ok(db_open(test.url, &(struct db_options){ .create = false }, &db, &error));
    assert_ok(db_execute(db, "UPDATE result SET person_day = '' WHERE interpretation = 'inconclusive'", &error));
    db_close(db);
    assert_true(faults_found() > 1);
}

/* The order that decides names every interpretation of the list. */
static void test_every_interpretation_has_its_place(void **state)
{
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    (void) state;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, TESTS_ROOT "/../share/lists", &faults));
    uint32_t other = tested_rank(text("of another list"), text("final"));
    for (size_t i = 0; model_lists_entry(lists, "result_interpretation", i) != NULL; i++)
        assert_true(tested_rank(text(model_lists_entry(lists, "result_interpretation", i)->code), text("final")) <
                    other);
    assert_int_equal(tested_rank(text("detected"), text("superseded")), TESTED_NEVER);
    fault_list_free(&faults);
    model_lists_free(lists);
}

#define PROMISES(on)                                                                                                   \
    on(test_one_person) on(test_random_changes) on(test_other_random_changes) on(test_after_a_restart)                 \
        on(test_the_check_finds_a_wrong_mark)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },
#define WAITING(name) { "counts wait: " #name, name, test_store_on_postgresql_waiting, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest embedded[] = { cmocka_unit_test(test_every_interpretation_has_its_place),
                                           PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { cmocka_unit_test(test_every_interpretation_has_its_place),
                                       PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) WAITING(test_random_changes) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("tested", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("tested", embedded, NULL, NULL);
}
