/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grant of a facility: what belongs to it, wherever it lies, and nothing else; alone and beside a grant of an area.
 */
#include <stdlib.h>

#include "store/list.h"
#include "support/store.h"
#include "support/test.h"

enum { SPECIMENS = 60 };
static struct test_store     test;
static struct model_facility facilities[2];
static struct model_specimen specimens[SPECIMENS];

static struct model_text text_of(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

static int create(const struct access *who, enum model_record_number record, void *value)
{
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(record), .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    return store_submit(test.store, who, &request, NULL, NULL);
}

/* Specimen i lies in a district that alternates, was collected by one facility or the other, and went, each third, to
 * the first facility as a laboratory. Days repeat, so that ids decide too. */
static void make_specimen(int i)
{
    static char            days[SPECIMENS][16];
    struct model_specimen *specimen = &specimens[i];
    struct access          program = test_program();
    static const int       places[] = { TEST_EAST_ONE, TEST_WEST_ONE, TEST_OTHER };
    model_init(model_record(MODEL_SPECIMEN), specimen);
    snprintf(days[i], sizeof days[i], "2026-11-%02u", 1 + (unsigned) i % 20);
    specimen->head.id = (struct id){ { 0x51, (uint8_t) i } };
    specimen->subject = text_of("environment");
    specimen->material = text_of(i % 2 == 0 ? "water" : "swab");
    specimen->responsible_area = test.areas[places[i % 3]];
    specimen->collected_time = text_of(days[i]);
    specimen->collected_by = facilities[i % 2].head.id;
    if (i % 3 == 0)
        specimen->laboratory = facilities[0].head.id;
    assert_ok(create(&program, MODEL_SPECIMEN, specimen));
}

static int begin(bool postgresql)
{
    struct access program = test_program();
    test_store_open(&test, postgresql);
    for (int i = 0; i < 2; i++) {
        model_init(model_record(MODEL_FACILITY), &facilities[i]);
        facilities[i].head.id = (struct id){ { 0x50, (uint8_t) i } };
        facilities[i].code = text_of(i == 0 ? "laboratory-1" : "hospital-2");
        facilities[i].kind = text_of("laboratory");
        facilities[i].area = test.areas[TEST_COUNTY];
        assert_ok(create(&program, MODEL_FACILITY, &facilities[i]));
    }
    for (int i = 0; i < SPECIMENS; i++)
        make_specimen(i);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin(true);
}

static int end(void **state)
{
    (void) state;
    test_store_close(&test);
    return 0;
}

static struct access of_facility(int number)
{
    return (struct access){ .user = { { 9 } },
                            .role = ACCESS_LABORATORY_STAFF,
                            .facilities = &facilities[number].head.id,
                            .num_facilities = 1 };
}

static bool belongs(int i, int number)
{
    return i % 2 == number || (i % 3 == 0 && number == 0);
}

/* ---- lists ---- */

static bool is_in_east(int i)
{
    return i % 3 == 0;
}

/* Walk a list page by page: each specimen that counts exactly once, in order. */
static void check_walk(const struct access *who, struct list_query query, bool (*counts)(int i))
{
    bool        seen[SPECIMENS] = { false };
    char        after[LIST_CURSOR_BYTES] = "", last[11] = "9999-99-99";
    const char *next = NULL;
    do {
        struct arena      arena = ARENA_INIT;
        struct list_page  page;
        struct fault_list faults = FAULT_LIST_INIT;
        query.after = next;
        assert_ok(store_list(test.reader, who, &query, &arena, &page, &faults));
        assert_true(page.num_rows <= query.page_size);
        for (size_t row = 0; row < page.num_rows; row++) {
            int i = page.ids[row].bytes[1];
            if (seen[i] || !counts(i))
                fail_msg("specimen %d %s", i, seen[i] ? "stands twice" : "does not belong there");
            seen[i] = true;
            assert_true(query.sort != NULL || strcmp(specimens[i].collected_time.bytes, last) <= 0);
            snprintf(last, sizeof last, "%s", specimens[i].collected_time.bytes);
        }
        next = page.next != NULL ? strcpy(after, page.next) : NULL;
        arena_wipe(&arena);
        fault_list_free(&faults);
    } while (next != NULL);
    for (int i = 0; i < SPECIMENS; i++)
        assert_int_equal(seen[i], counts(i));
}

static bool of_first(int i)
{
    return belongs(i, 0);
}

static bool of_second(int i)
{
    return belongs(i, 1);
}

static bool water_of_first(int i)
{
    return belongs(i, 0) && i % 2 == 0;
}

static bool first_in_east(int i)
{
    return belongs(i, 0) && is_in_east(i);
}

static bool second_or_east(int i)
{
    return belongs(i, 1) || is_in_east(i);
}

static void test_a_list_has_what_belongs_to_the_facility(void **state)
{
    (void) state;
    struct access      first = of_facility(0), second = of_facility(1);
    struct list_filter water = { .field = "material", .is = "water" };
    struct list_query  query = { .view = view_find("specimens", 9), .page_size = 7 };
    check_walk(&first, query, of_first);
    check_walk(&second, query, of_second);
    query.filters = &water;
    query.num_filters = 1;
    check_walk(&first, query, water_of_first);
    query.num_filters = 0;
    query.area = test.areas[TEST_EAST]; /* an area filters, and gives nothing */
    check_walk(&first, query, first_in_east);
}

/* The rows of both, each once, page after page. */
static void test_an_area_and_a_facility_add_up(void **state)
{
    (void) state;
    struct access who = of_facility(1);
    who.areas = &test.areas[TEST_EAST];
    who.num_areas = 1;
    for (size_t size = 1; size <= 200; size = size * 3 + 1) {
        struct list_query query = { .view = view_find("specimens", 9), .page_size = size };
        check_walk(&who, query, second_or_east);
    }
}

static void test_no_total_of_a_facility(void **state)
{
    (void) state;
    struct access     who = of_facility(0);
    struct fault_list faults = FAULT_LIST_INIT;
    struct list_query query = { .view = view_find("specimens", 9) };
    int64_t           total;
    bool              known = true;
    assert_ok(store_totals(test.reader, &who, &query, &total, &known, &faults));
    assert_false(known);
    query.view = view_find("tasks", 5); /* nobody's task belongs to a facility */
    assert_status(store_totals(test.reader, &who, &query, &total, &known, &faults), STORE_ERR_DENIED);
    fault_list_free(&faults);
}

/* ---- single records ---- */

static void test_a_record_is_read_by_whom_it_belongs_to(void **state)
{
    (void) state;
    struct arena arena = ARENA_INIT;
    for (int number = 0; number < 2; number++)
        for (int i = 0; i < SPECIMENS; i++) {
            struct access         who = of_facility(number);
            struct model_specimen specimen;
            struct model_set      visible;
            assert_status(store_read(test.reader, &who, model_record(MODEL_SPECIMEN), &specimens[i].head.id, STORE_NOW,
                                     &arena, &specimen, &visible),
                          belongs(i, number) ? 0 : STORE_ERR_ABSENT);
        }
    arena_free(&arena);
}

static int change_condition(const struct access *who, int i)
{
    struct model_specimen specimen;
    struct store_change   change = { .verb = STORE_CHANGE, .record = model_record(MODEL_SPECIMEN), .value = &specimen };
    struct store_request  request = { .verb = "change", .set = { &change, 1 } };
    model_init(change.record, &specimen);
    specimen.head.id = specimens[i].head.id;
    specimen.condition = text_of("adequate");
    model_set_add(&change.given, model_specimen_condition);
    return store_submit(test.store, who, &request, NULL, NULL);
}

static void test_what_belongs_to_the_facility_is_written(void **state)
{
    (void) state;
    struct access         first = of_facility(0);
    struct model_specimen own = specimens[0];
    struct model_result   result;
    assert_ok(change_condition(&first, 2));
    assert_status(change_condition(&first, 1), STORE_ERR_ABSENT);
    own.head = (struct model_head){ .id = { { 0x52 } } };
    assert_ok(create(&first, MODEL_SPECIMEN, &own));
    own.head = (struct model_head){ .id = { { 0x53 } } };
    own.collected_by = own.laboratory = facilities[1].head.id;
    assert_status(create(&first, MODEL_SPECIMEN, &own), STORE_ERR_DENIED);
    /* a result belongs to whom its specimen belongs to; a specimen of others is as absent */
    for (int i = 1; i <= 2; i++) {
        model_init(model_record(MODEL_RESULT), &result);
        result.head.id = (struct id){ { 0x54, (uint8_t) i } };
        result.specimen = specimens[i].head.id;
        result.target = text_of("sars-cov-2");
        result.status = text_of("final");
        result.interpretation = text_of("detected");
        assert_status(create(&first, MODEL_RESULT, &result), i == 2 ? 0 : BASE_ERR_INPUT);
    }
}

/* ---- events ---- */

static void test_events_are_those_of_what_belongs_to_it(void **state)
{
    (void) state;
    static struct store_event events[256];
    struct access             who = of_facility(1);
    struct arena              arena = ARENA_INIT;
    int64_t                   after = 0;
    size_t                    num, seen = 0, wanted = 0;
    assert_ok(store_events(test.reader, &who, &after, &arena, events, 256, &num));
    for (size_t i = 0; i < num; i++)
        if (model_record_find(events[i].record) == model_record(MODEL_SPECIMEN)) {
            assert_true(belongs(events[i].id.bytes[1], 1));
            seen++;
        }
    for (int i = 0; i < SPECIMENS; i++)
        wanted += belongs(i, 1);
    assert_int_equal(seen, wanted);
    arena_free(&arena);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_a_list_has_what_belongs_to_the_facility, set_up, end),                        \
        cmocka_unit_test_setup_teardown(test_an_area_and_a_facility_add_up, set_up, end),                              \
        cmocka_unit_test_setup_teardown(test_no_total_of_a_facility, set_up, end),                                     \
        cmocka_unit_test_setup_teardown(test_a_record_is_read_by_whom_it_belongs_to, set_up, end),                     \
        cmocka_unit_test_setup_teardown(test_what_belongs_to_the_facility_is_written, set_up, end),                    \
        cmocka_unit_test_setup_teardown(test_events_are_those_of_what_belongs_to_it, set_up, end)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("facility", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("facility", sqlite, NULL, NULL);
}
