/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of a whole store: its counters, its areas, identities shown with their audit entry; on both databases. */
#include <stdio.h>
#include <stdlib.h>

#include "store/list.h"
#include "support/store.h"
#include "support/test.h"

enum { PERSONS = 80 };
static struct test_store     test;
static struct people_sample *samples;

static int fill(bool postgresql)
{
    test_store_open(&test, postgresql);
    samples = calloc(PERSONS, sizeof *samples);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
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
    free(samples);
    test_store_close(&test);
    return 0;
}

static const struct people_sample *sample_of(const struct id *illness)
{
    for (int i = 0; i < PERSONS; i++)
        if (id_equal(&samples[i].illness.head.id, illness))
            return &samples[i];
    fail_msg("a case that nobody created");
    return NULL;
}

static size_t column(const struct view *view, const char *name)
{
    size_t i = 0;
    while (strcmp(view->columns[i].name, name) != 0)
        assert_true(++i < view->num_columns);
    return i;
}

static const struct db_value *cell(const struct list_page *page, size_t row, const char *name)
{
    return &page->values[row * page->view->num_columns + column(page->view, name)];
}

static int ask(const struct access *who, const struct list_query *query, struct arena *arena, struct list_page *page)
{
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = store_list(test.reader, who, query, arena, page, &faults);
    fault_list_free(&faults);
    return ret;
}

static void test_identities_are_masked_unless_asked_for(void **state)
{
    (void) state;
    struct access     who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct arena      arena = ARENA_INIT;
    struct list_page  page;
    struct list_query query = { .view = view_find("cases", 5) };
    int64_t           before = test_store_number(&test, "SELECT count(*) FROM audit");
    assert_ok(ask(&who, &query, &arena, &page));
    assert_int_equal(page.num_rows, LIST_PAGE);
    for (size_t row = 0; row < page.num_rows; row++)
        assert_int_equal(cell(&page, row, "name")->type, DB_NULL);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before);
    arena_wipe(&arena);
}

/* A page of 50 identities is one entry with 50 subjects, durable before the page is given. */
static void test_a_page_of_identities_is_one_audit_entry(void **state)
{
    (void) state;
    struct access     who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct arena      arena = ARENA_INIT;
    struct list_page  page;
    struct list_query query = { .view = view_find("cases", 5), .identities = true };
    int64_t           before = test_store_number(&test, "SELECT count(*) FROM audit");
    int64_t           read = test_store_number(&test, "SELECT count(*) FROM audit_reading");
    assert_ok(ask(&who, &query, &arena, &page));
    assert_int_equal(page.num_rows, 50);
    for (size_t row = 0; row < page.num_rows; row++) {
        const struct people_sample *sample = sample_of(&page.ids[row]);
        const struct db_value      *name = cell(&page, row, "name");
        assert_int_equal(name->size, sample->identity.name.size);
        assert_memory_equal(name->bytes, sample->identity.name.bytes, name->size);
        assert_int_equal(cell(&page, row, "phone")->type == DB_NULL, sample->identity.phone.bytes == NULL);
    }
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before + 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), read + 50);
    arena_wipe(&arena);
}

static void test_identities_need_the_right_and_a_purpose(void **state)
{
    (void) state;
    struct arena      arena = ARENA_INIT;
    struct list_page  page;
    struct list_query query = { .view = view_find("cases", 5), .identities = true };
    struct access     who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    who.purpose = ACCESS_NO_PURPOSE;
    assert_status(ask(&who, &query, &arena, &page), STORE_ERR_DENIED);
    who.purpose = ACCESS_AUDIT;
    assert_status(ask(&who, &query, &arena, &page), STORE_ERR_DENIED);
    who = (struct access){ .role = ACCESS_SUPERVISOR, .purpose = ACCESS_CASE_INVESTIGATION, .everywhere = true };
    assert_status(ask(&who, &query, &arena, &page), STORE_ERR_DENIED);
    arena_wipe(&arena);
}

static void test_totals_are_those_of_the_counters(void **state)
{
    (void) state;
    struct access      who = { .role = ACCESS_ANALYST, .areas = &test.areas[TEST_EAST], .num_areas = 1 };
    struct list_filter filter = { .field = "classification", .is = "confirmed" };
    struct list_query  query = { .view = view_find("cases", 5) };
    struct fault_list  faults = FAULT_LIST_INIT;
    int64_t            total, expected = 0, confirmed = 0;
    bool               known;
    for (int i = 0; i < PERSONS; i++) {
        const struct model_case *illness = &samples[i].illness;
        bool                     here = !id_equal(&illness->responsible_area, &test.areas[TEST_WEST_ONE]);
        expected += here;
        confirmed +=
            here && illness->classification.size == 9 && memcmp(illness->classification.bytes, "confirmed", 9) == 0;
    }
    assert_ok(store_totals(test.reader, &who, &query, &total, &known, &faults));
    assert_true(known);
    assert_int_equal(total, expected);
    query.filters = &filter;
    query.num_filters = 1;
    assert_ok(store_totals(test.reader, &who, &query, &total, &known, &faults));
    assert_int_equal(total, confirmed);
    fault_list_free(&faults);
}

/* Every list can be asked, in every order, by whoever may read its record, and by nobody else. */
static void test_every_list_answers(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++)
        for (int role = 1; role < ACCESS_NUM_ROLES; role++)
            for (size_t sort = 0; sort < view->num_sorts; sort++) {
                struct access     who = { .role = (enum access_role) role, .everywhere = true };
                struct arena      arena = ARENA_INIT;
                struct list_page  page;
                struct list_query query = { .view = view, .sort = view->sorts[sort].field };
                int               ret = ask(&who, &query, &arena, &page);
                if (access_highest(&who, model_record(view->record)) == ACCESS_NOTHING)
                    assert_status(ret, STORE_ERR_DENIED);
                else if (ret != BASE_ERR_INPUT) /* a sort by what they may not read */
                    assert_ok(ret);
                arena_wipe(&arena);
            }
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_identities_are_masked_unless_asked_for, set_up, empty),                       \
        cmocka_unit_test_setup_teardown(test_a_page_of_identities_is_one_audit_entry, set_up, empty),                  \
        cmocka_unit_test_setup_teardown(test_identities_need_the_right_and_a_purpose, set_up, empty),                  \
        cmocka_unit_test_setup_teardown(test_totals_are_those_of_the_counters, set_up, empty),                         \
        cmocka_unit_test_setup_teardown(test_every_list_answers, set_up, empty)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("list_store", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("list_store", sqlite, NULL, NULL);
}
