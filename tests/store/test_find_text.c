/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records found by words, on both databases. */
#include "store/find_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static struct id outbreak_id(unsigned number)
{
    return (struct id){ { 7, [14] = (uint8_t) (number >> 8), [15] = (uint8_t) number } };
}

static void add_outbreak(unsigned number, const char *name, enum test_area area)
{
    struct access         who = test_program();
    struct model_outbreak outbreak;
    char                  code[32];
    model_init(model_record(MODEL_OUTBREAK), &outbreak);
    snprintf(code, sizeof code, "O-%u", number);
    outbreak.head.id = outbreak_id(number);
    outbreak.number = text(code);
    outbreak.name = text(name);
    outbreak.disease = text("plague");
    outbreak.area = test.areas[area];
    outbreak.status = text("suspected");
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_OUTBREAK), .value = &outbreak };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  ret = store_submit(test.store, &who, &request, NULL, &faults);
    if (ret != 0)
        fault_list_write(&faults, stderr);
    assert_ok(ret);
    fault_list_free(&faults);
}

enum { MANY = 120 };

static int fill(bool postgresql)
{
    test_store_open(&test, postgresql);
    add_outbreak(1, "东村鼠疫疫情", TEST_EAST_ONE);
    add_outbreak(2, "西村鼠疫疫情", TEST_WEST_ONE);
    add_outbreak(3, "东村流感", TEST_EAST_TWO);
    add_outbreak(4, "H5N1 at the east market", TEST_EAST);
    add_outbreak(5, "བོད་ལྗོངས། ནད་ཡམས", TEST_OTHER);
    for (unsigned i = 0; i < MANY; i++)
        add_outbreak(100 + i, i % 2 == 0 ? "school measles" : "school mumps",
                     i % 3 == 0 ? TEST_WEST_ONE : TEST_EAST_ONE);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return fill(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return fill(true);
}

static int empty(void **state)
{
    (void) state;
    test_store_close(&test);
    return 0;
}

static int find(const struct access *who, const char *typed, const char *after, size_t page_size, struct arena *arena,
                struct find_text_answer *answer)
{
    struct fault_list      faults = FAULT_LIST_INIT;
    struct find_text_query query = { .record = model_record(MODEL_OUTBREAK),
                                     .typed = typed,
                                     .size = strlen(typed),
                                     .after = after,
                                     .page_size = page_size };
    int                    ret = store_find_text(test.reader, who, &query, arena, answer, &faults);
    fault_list_free(&faults);
    return ret;
}

/* The ids of what is found, as a text: "1 2". */
static void finds(const struct access *who, const char *typed, const char *expected)
{
    struct arena            arena = ARENA_INIT;
    struct find_text_answer answer;
    bool                    found[256] = { false };
    char                    ids[512] = "";
    assert_ok(find(who, typed, NULL, 0, &arena, &answer));
    for (size_t i = 0; i < answer.num_ids; i++)
        found[answer.ids[i].bytes[15]] = true;
    for (unsigned i = 0; i < 256; i++)
        if (found[i])
            sprintf(ids + strlen(ids), "%s%u", ids[0] == '\0' ? "" : " ", i);
    assert_string_equal(ids, expected);
    arena_free(&arena);
}

static void test_words_are_found(void **state)
{
    (void) state;
    struct access who = { .role = ACCESS_SUPERVISOR, .everywhere = true };
    finds(&who, "鼠疫", "1 2");
    finds(&who, "东村 鼠疫", "1");
    finds(&who, "鼠疫疫情", "1 2");
    finds(&who, "东", "1 3"); /* begins a pair */
    finds(&who, "感", "3");   /* stands last */
    finds(&who, "村 流感", "3");
    finds(&who, "h5n1", "4");
    finds(&who, "EAST market", "4");
    finds(&who, "market west", "");
    finds(&who, "ལྗོངས", "5");
    finds(&who, "疫鼠", "");
}

static void test_only_within_the_grant(void **state)
{
    (void) state;
    struct access east = { .role = ACCESS_SUPERVISOR, .areas = &test.areas[TEST_EAST], .num_areas = 1 };
    struct access nowhere = { .role = ACCESS_SUPERVISOR };
    finds(&east, "鼠疫", "1");
    finds(&east, "ལྗོངས", "");
    finds(&nowhere, "鼠疫", "");
}

/* The name of an outbreak is sensitive: a tracer may not read it, so may not search it. */
static void test_search_needs_the_right_to_read(void **state)
{
    (void) state;
    struct access           tracer = { .role = ACCESS_TRACER, .everywhere = true }, nobody = { .everywhere = true };
    struct arena            arena = ARENA_INIT;
    struct find_text_answer answer;
    assert_status(find(&tracer, "鼠疫", NULL, 0, &arena, &answer), STORE_ERR_DENIED);
    assert_status(find(&nobody, "鼠疫", NULL, 0, &arena, &answer), STORE_ERR_DENIED);
    arena_free(&arena);
}

static void test_pages_go_on_where_they_ended(void **state)
{
    (void) state;
    struct access            who = { .role = ACCESS_SUPERVISOR, .areas = &test.areas[TEST_EAST], .num_areas = 1 };
    static const char *const queries[] = { "school", "school measles" };
    for (size_t q = 0; q < 2; q++) {
        struct arena            arena = ARENA_INIT;
        struct find_text_answer answer = { 0 };
        bool                    seen[256] = { false };
        size_t                  num = 0;
        do {
            assert_ok(find(&who, queries[q], answer.next, 7, &arena, &answer));
            for (size_t i = 0; i < answer.num_ids; i++) {
                uint8_t number = answer.ids[i].bytes[15];
                assert_false(seen[number]);
                seen[number] = true;
                num++;
            }
        } while (answer.next != NULL);
        assert_int_equal(num, q == 0 ? 80 : 40);
        arena_free(&arena);
    }
}

static void test_what_cannot_be_asked(void **state)
{
    (void) state;
    struct access           who = { .role = ACCESS_SUPERVISOR, .everywhere = true };
    struct arena            arena = ARENA_INIT;
    struct find_text_answer answer;
    assert_status(find(&who, " . ", NULL, 0, &arena, &answer), BASE_ERR_INPUT);
    assert_status(find(&who, "\xff", NULL, 0, &arena, &answer), BASE_ERR_INPUT);
    assert_status(find(&who, "school", "school", 0, &arena, &answer), BASE_ERR_INPUT);
    assert_status(find(&who, "school", NULL, FIND_TEXT_MOST_ROWS + 1, &arena, &answer), BASE_ERR_INPUT);
    assert_ok(find(&who, "school", NULL, FIND_TEXT_MOST_ROWS, &arena, &answer));
    assert_int_equal(answer.num_ids, MANY);
    struct find_text_query cases = { .record = model_record(MODEL_CASE), .typed = "a", .size = 1 };
    assert_status(store_find_text(test.reader, &who, &cases, &arena, &answer, NULL), TOC_ERR_UNSUPPORTED);
    arena_free(&arena);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_words_are_found, set_up, empty),                                              \
        cmocka_unit_test_setup_teardown(test_only_within_the_grant, set_up, empty),                                    \
        cmocka_unit_test_setup_teardown(test_search_needs_the_right_to_read, set_up, empty),                           \
        cmocka_unit_test_setup_teardown(test_pages_go_on_where_they_ended, set_up, empty),                             \
        cmocka_unit_test_setup_teardown(test_what_cannot_be_asked, set_up, empty)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("find_text", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("find_text", sqlite, NULL, NULL);
}
