/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/view.h"

#include <stdio.h>

#include "support/test.h"

static void test_paths_lead_through_references(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    struct view_path           path;
    assert_ok(view_path_of(record, "onset_date", &path));
    assert_int_equal(path.num_steps, 0);
    assert_ptr_equal(path.record, record);
    assert_ok(view_path_of(record, "responsible_area.name_zh", &path));
    assert_int_equal(path.num_steps, 1);
    assert_string_equal(path.record->name, "area");
    assert_int_equal(path.class, MODEL_CLASS_ROUTINE); /* the name is open, the reference is not */
    assert_ok(view_path_of(record, "person.identity.name", &path));
    assert_int_equal(path.num_steps, 2);
    assert_true(path.steps[1].back);
    assert_string_equal(path.steps[1].field->name, "person");
    assert_int_equal(path.class, MODEL_CLASS_IDENTIFYING);
}

static void test_paths_that_lead_nowhere(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    struct view_path           path;
    static const char *const   wrong[] = { "",
                                           ".",
                                           "onset",
                                           "onset_date.",
                                           "disease.name",
                                           "person.",
                                           "person.name",
                                           "person.case.disease", /* a person may have several */
                                           "responsible_area.parent.parent.parent.code" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_status(view_path_of(record, wrong[i], &path), TOC_ERR_UNKNOWN_NAME);
}

static const struct model_field *own_field(const struct model_record *record, const char *name)
{
    return model_field_find(record, name, strlen(name));
}

/* Whatever a list names exists, and is of a kind that the word can deal with. */
static void test_every_list_means_something(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++) {
        const struct model_record *record = model_record(view->record);
        struct view_path           path;
        assert_ptr_equal(view_find(view->name, strlen(view->name)), view);
        assert_in_range(view->num_columns, 1, VIEW_MAX_COLUMNS);
        assert_in_range(view->num_sorts, 1, VIEW_MAX_SORTS);
        for (size_t i = 0; i < view->num_columns; i++) {
            const struct view_column *column = &view->columns[i];
            if (view_path_of(record, column->path, &path) != 0)
                fail_msg("%s: %s", view->name, column->path);
            assert_int_not_equal(path.field->kind, MODEL_KIND_BYTES);
            if (column->expression == VIEW_DAYS)
                assert_ok(view_path_of(record, column->second, &path));
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(column->name, view->columns[j].name);
        }
        for (size_t i = 0; i < view->num_filters; i++) {
            const struct model_field *field = own_field(record, view->filters[i].field);
            assert_non_null(field);
            assert_false(access_is_proxy(record, field));
            assert_int_not_equal(field->class, MODEL_CLASS_IDENTIFYING);
        }
        for (size_t i = 0; i < VIEW_MAX_KEYS && view->keys[i] != NULL; i++) {
            bool found = false;
            for (size_t j = 0; j < view->num_filters; j++)
                found |= strcmp(view->filters[j].field, view->keys[i]) == 0 && view->filters[j].test == VIEW_IS;
            assert_true(found);
        }
        bool counted = view->counter == NULL;
        for (size_t i = 0; i < record->num_counters && !counted; i++)
            counted = strcmp(record->counters[i].name, view->counter) == 0;
        assert_true(counted);
    }
    assert_null(view_find("case", 4));
}

/* Missing numbers sort differently in the two databases: a list is sorted by text, or by numbers that are always there.
 */
static void test_sorts_have_an_order(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++)
        for (size_t i = 0; i < view->num_sorts; i++) {
            const char *name = view->sorts[i].field;
            if (strcmp(name, "updated") == 0 || strcmp(name, "created") == 0)
                continue;
            const struct model_field *field = own_field(model_record(view->record), name);
            assert_non_null(field);
            assert_int_not_equal(field->class, MODEL_CLASS_IDENTIFYING);
            if (field->kind == MODEL_KIND_INSTANT || field->kind == MODEL_KIND_INTEGER)
                assert_true(field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED);
            else
                assert_true(field->kind == MODEL_KIND_DATE || field->kind == MODEL_KIND_TIME ||
                            field->kind == MODEL_KIND_CODE || field->kind == MODEL_KIND_TEXT);
        }
}

static bool same_fields(const struct model_index *index, const struct view_index *wanted)
{
    for (size_t i = 0; i < MODEL_INDEX_FIELDS; i++) {
        if (index->fields[i] == NULL || wanted->fields[i] == NULL)
            return index->fields[i] == wanted->fields[i];
        if (strcmp(index->fields[i], wanted->fields[i]) != 0)
            return false;
    }
    return wanted->fields[MODEL_INDEX_FIELDS] == NULL;
}

static void check_index(const struct view *view, int use)
{
    const struct model_record *record = model_record(view->record);
    struct view_index          wanted;
    if (!view_index_of(view, use, &wanted))
        return;
    for (size_t i = 0; i < record->num_indexes; i++)
        if (strcmp(record->indexes[i].name, wanted.name) == 0 && same_fields(&record->indexes[i], &wanted))
            return;
    fprintf(stderr, "%s.def lacks: INDEX(%s", record->name, wanted.name);
    for (size_t i = 0; wanted.fields[i] != NULL; i++)
        fprintf(stderr, ", \"%s\"", wanted.fields[i]);
    fail_msg(")");
}

static void test_records_have_the_indexes_of_their_lists(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++)
        for (int use = VIEW_BY_RARE - VIEW_MAX_RARE; use < (int) view->num_sorts; use++)
            check_index(view, use);
}

static size_t column(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->num_columns; i++)
        if (strcmp(view->columns[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

static bool sees(enum access_role role, enum access_purpose purpose, const char *name)
{
    const struct view *view = view_find("cases", 5);
    struct access      who = { .role = role, .purpose = purpose, .everywhere = true };
    struct model_set   set = view_visible(&who, view);
    return model_set_has(&set, column(view, name));
}

static void test_a_column_is_as_rare_as_the_rarest_field_on_its_path(void **state)
{
    (void) state;
    assert_true(sees(ACCESS_ANALYST, ACCESS_NO_PURPOSE, "delay"));
    assert_true(sees(ACCESS_ANALYST, ACCESS_NO_PURPOSE, "area_zh"));
    assert_false(sees(ACCESS_ANALYST, ACCESS_NO_PURPOSE, "occupation"));
    assert_false(sees(ACCESS_ANALYST, ACCESS_NO_PURPOSE, "birth_year")); /* sensitive, in another record */
    assert_true(sees(ACCESS_SUPERVISOR, ACCESS_NO_PURPOSE, "birth_year"));
    assert_false(sees(ACCESS_SUPERVISOR, ACCESS_CASE_INVESTIGATION, "name"));
    assert_false(sees(ACCESS_EPIDEMIOLOGIST, ACCESS_NO_PURPOSE, "name"));
    assert_true(sees(ACCESS_EPIDEMIOLOGIST, ACCESS_CASE_INVESTIGATION, "name"));
    /* open at its end; the reference on the way is not for them */
    assert_false(sees(ACCESS_ADMINISTRATOR, ACCESS_NO_PURPOSE, "area_zh"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_lead_through_references),
        cmocka_unit_test(test_paths_that_lead_nowhere),
        cmocka_unit_test(test_every_list_means_something),
        cmocka_unit_test(test_sorts_have_an_order),
        cmocka_unit_test(test_records_have_the_indexes_of_their_lists),
        cmocka_unit_test(test_a_column_is_as_rare_as_the_rarest_field_on_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
