/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "model/records.h"
#include "support/test.h"

static void test_a_description_fits_its_struct(void **state)
{
    (void) state;
    const struct model_record *record = model_record_find("case");
    assert_ptr_equal(record, model_record(MODEL_CASE));
    assert_int_equal(record->size, sizeof(struct model_case));
    const struct model_field *field = model_field_find(record, "onset_date", 10);
    assert_int_equal(field - record->fields, model_case_onset_date);
    assert_int_equal(field->offset, offsetof(struct model_case, onset_date));
    assert_null(model_field_find(record, "onset", 5));
    assert_null(model_record_find("cases"));
}

static void test_nothing_is_there_at_first(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        _Alignas(16) char value[4096];
        assert_in_range(records[i].size, 1, sizeof value);
        assert_in_range(records[i].num_fields, 1, MODEL_MAX_FIELDS);
        model_init(&records[i], value);
        for (size_t j = 0; j < records[i].num_fields; j++)
            assert_true(model_is_missing(&records[i].fields[j], value));
    }
}

static void check_conditions(const struct model_record *record, const struct model_condition *conditions, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const struct model_field *field = model_field_find(record, conditions[i].field, strlen(conditions[i].field));
        assert_non_null(field);
        assert_int_equal(field->kind, MODEL_KIND_CODE);
        assert_non_null(model_field_find(record, conditions[i].other, strlen(conditions[i].other)));
    }
}

/* Whatever a .def file names by a word exists. */
static void test_every_name_in_a_description_means_something(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        const struct model_record *record = &records[i];
        for (size_t j = 0; j < record->num_fields; j++)
            if (record->fields[j].kind == MODEL_KIND_REFERENCE)
                assert_non_null(model_record_find(record->fields[j].target));
        for (size_t j = 0; j < record->num_counters; j++) {
            const char               *only = record->counters[j].only;
            const struct model_field *field = only != NULL ? model_field_find(record, only, strlen(only)) : NULL;
            assert_non_null(model_field_find(record, record->counters[j].day, strlen(record->counters[j].day)));
            assert_true(only == NULL || (field != NULL && field->kind == MODEL_KIND_CODE));
        }
        for (size_t j = 0; j < record->num_orders; j++)
            assert_non_null(model_field_find(record, record->orders[j].later, strlen(record->orders[j].later)));
        for (size_t j = 0; j < record->num_indexes; j++)
            for (size_t k = 0; k < MODEL_INDEX_FIELDS && record->indexes[j].fields[k] != NULL; k++) {
                const char *name = record->indexes[j].fields[k];
                if (strcmp(name, "id") != 0 && strcmp(name, "updated") != 0)
                    assert_non_null(model_field_find(record, name, strlen(name)));
            }
        check_conditions(record, record->needs, record->num_needs);
        check_conditions(record, record->only_with, record->num_only_with);
        assert_true(record->scope != MODEL_SCOPE_AREA || record->scope_path != NULL);
    }
}

/* Names that every record has already, that C has, or that no database takes. */
static void test_names_of_fields_are_free(void **state)
{
    (void) state;
    static const char *const   taken[] = { "id", "version", "created", "updated", "masked", "sealed", "head" };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++) {
            const char *name = records[i].fields[j].name;
            assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
            assert_in_range(strlen(name), 1, 40);
            for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
                assert_string_not_equal(name, taken[k]);
            assert_ptr_equal(model_field_find(&records[i], name, strlen(name)), &records[i].fields[j]); /* once */
        }
}

/* What identifies is sealed under somebody's key. */
static void test_identifying_fields_have_an_owner(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        const char *owner = records[i].owner;
        bool        sealed = false;
        for (size_t j = 0; j < records[i].num_fields; j++)
            sealed = sealed || records[i].fields[j].class == MODEL_CLASS_IDENTIFYING;
        assert_int_equal(sealed, owner != NULL);
        if (owner == NULL || strcmp(owner, "id") == 0)
            continue;
        const struct model_field *field = model_field_find(&records[i], owner, strlen(owner));
        assert_non_null(field);
        assert_int_equal(field->kind, MODEL_KIND_REFERENCE);
        assert_string_equal(field->target, "person");
    }
}

/* A free text can hold a name, whatever it was meant for. Those that everybody with a grant may read, or everybody, are
 * numbers, versions, codes and names of things, given by a register, a protocol or a program. A new one must be thought
 * through and put here, or be SENSITIVE or IDENTIFYING. */
static void test_free_texts_are_thought_through(void **state)
{
    (void) state;
    static const char *const routine[] = {
        "user.login",
        "user.name",
        "user.position",
        "reporting_unit.code",
        "case.definition_version",
        "pool.number",
        "daily_report.number",
        "daily_report.figures", /* counts, with the names of areas and diseases */
        "result.kit",
        "result.device", /* a number of a product */
        "result.unit",
        "series_change.document", /* of a definition: WS 296-2026 */
        "signal.method",
        "stream.code",
        "stream.counter",
        "outbreak.number",
        "alarm.method",
        "alarm.settings",
        "task.protocol_rule",
        "task.protocol_version",
        "notice.receipt",
        "answer.form",
        "answer.form_version",
        "answer.question",
        "answer.subject_id",
        "job.lease_holder",
        "outbreak.definition_version",
        "feed.name", /* of a system or institution, as are the next two */
        "feed.application",
        "feed.sending_facility",
        "feed.certificate",
        "feed.charset",
        "stream.parameters", /* of a method: NAME=VALUE */
        "message.reason",    /* a place and a sentence of the program's, without the value */
    };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++) {
            const struct model_field *field = &records[i].fields[j];
            char                      name[96];
            bool                      known = false;
            if (field->kind != MODEL_KIND_TEXT || field->class >= MODEL_CLASS_SENSITIVE)
                continue;
            if (records[i].scope == MODEL_SCOPE_OPEN) /* reference data, loaded as a set */
                continue;
            snprintf(name, sizeof name, "%s.%s", records[i].name, field->name);
            for (size_t k = 0; k < sizeof routine / sizeof *routine; k++)
                known = known || strcmp(routine[k], name) == 0;
            if (!known)
                fail_msg("%s: a text that may hold a name is not for all to read", name);
        }
}

static void test_values_are_compared_and_copied_by_field(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_CASE);
    struct model_case          a, b;
    model_init(record, &a);
    model_init(record, &b);
    a.onset_date = 20000;
    a.disease = (struct model_text){ "covid-19", 8 };
    assert_false(model_equal(&record->fields[model_case_onset_date], &a, &b));
    assert_false(model_equal(&record->fields[model_case_disease], &a, &b));
    model_copy(&record->fields[model_case_disease], &b, &a);
    assert_true(model_equal(&record->fields[model_case_disease], &a, &b));
    assert_true(model_equal(&record->fields[model_case_note], &a, &b));
}

static void test_sets_of_fields(void **state)
{
    (void) state;
    struct model_set set = { { 0 } };
    model_set_add(&set, 127);
    model_set_add(&set, 3);
    assert_true(model_set_has(&set, 127));
    assert_false(model_set_has(&set, 63));
    model_set_remove(&set, 127);
    assert_false(model_set_has(&set, 127));
    set = model_set_all(model_record(MODEL_IDENTITY));
    assert_true(model_set_has(&set, model_identity_longitude));
    assert_false(model_set_has(&set, model_identity_longitude + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_description_fits_its_struct),
        cmocka_unit_test(test_nothing_is_there_at_first),
        cmocka_unit_test(test_every_name_in_a_description_means_something),
        cmocka_unit_test(test_names_of_fields_are_free),
        cmocka_unit_test(test_identifying_fields_have_an_owner),
        cmocka_unit_test(test_free_texts_are_thought_through),
        cmocka_unit_test(test_values_are_compared_and_copied_by_field),
        cmocka_unit_test(test_sets_of_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
