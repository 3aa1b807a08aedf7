/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every field × role × purpose is asked; what must hold of the answers stands here without a look at access.def. */
#include "model/access.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/sink.h"
#include "model/records.h"
#include "support/test.h"

typedef void question(const struct access *who, const struct model_record *record, const struct model_field *field);

/* Ask about every field of every record, for every role and purpose, and none. */
static void for_all(question *ask)
{
    size_t                     num_records;
    const struct model_record *records = model_records(&num_records);
    for (size_t r = 0; r < num_records; r++)
        for (size_t f = 0; f < records[r].num_fields; f++)
            for (int role = ACCESS_NO_ROLE; role <= ACCESS_NUM_ROLES; role++)
                for (int purpose = ACCESS_NO_PURPOSE; purpose <= ACCESS_NUM_PURPOSES; purpose++) {
                    struct access who = { .role = (enum access_role) role,
                                          .purpose = (enum access_purpose) purpose,
                                          .everywhere = true };
                    ask(&who, &records[r], &records[r].fields[f]);
                }
}

static bool reads(const struct access *who, const struct model_record *record, const struct model_field *field)
{
    struct model_set set = access_visible(who, record);
    return model_set_has(&set, (size_t) (field - record->fields));
}

static bool writes(const struct access *who, const struct model_record *record, const struct model_field *field)
{
    struct model_set set = access_writable(who, record);
    return model_set_has(&set, (size_t) (field - record->fields));
}

static void nobody_sees_nothing(const struct access *who, const struct model_record *record,
                                const struct model_field *field)
{
    if (who->role == ACCESS_NO_ROLE || who->role == ACCESS_NUM_ROLES) {
        assert_false(reads(who, record, field));
        assert_false(writes(who, record, field));
        assert_false(access_may_filter(who, record, field));
        assert_false(access_may_export(who, record, field));
        assert_false(access_may_write(who, record));
    }
    assert_false(reads(NULL, record, field));
    assert_false(writes(NULL, record, field));
}

static void identity_needs_a_purpose(const struct access *who, const struct model_record *record,
                                     const struct model_field *field)
{
    if (field->class != MODEL_CLASS_IDENTIFYING || !reads(who, record, field))
        return;
    assert_in_range(who->purpose, 1, ACCESS_NUM_PURPOSES - 1);
    assert_true(access_may_identify(who, record));
    struct access without = *who;
    without.purpose = ACCESS_NO_PURPOSE;
    assert_false(reads(&without, record, field));
}

/* These work with numbers, offices and the trail; names are not for them, whatever they say it is for. */
static void some_roles_never_see_identity(const struct access *who, const struct model_record *record,
                                          const struct model_field *field)
{
    bool without = who->role == ACCESS_ANALYST || who->role == ACCESS_SUPERVISOR || who->role == ACCESS_AUDITOR ||
                   who->role == ACCESS_ADMINISTRATOR;
    if (without && field->class == MODEL_CLASS_IDENTIFYING)
        assert_false(reads(who, record, field));
    bool about_persons = strcmp(record->name, "person") == 0 || strcmp(record->name, "identity") == 0 ||
                         strcmp(record->name, "case") == 0;
    if (about_persons && (who->role == ACCESS_AUDITOR || who->role == ACCESS_ADMINISTRATOR))
        assert_false(reads(who, record, field));
}

/* Each role has the purposes of its work and no others. */
static void purposes_are_those_of_the_role(const struct access *who, const struct model_record *record,
                                           const struct model_field *field)
{
    static const struct {
        enum access_role    role;
        enum access_purpose purposes[4];
    } work[] = {
        { ACCESS_EPIDEMIOLOGIST, { ACCESS_CASE_INVESTIGATION, ACCESS_CONTACT_FOLLOW_UP, ACCESS_ORDERS_AND_APPEALS } },
        { ACCESS_TRACER, { ACCESS_CONTACT_FOLLOW_UP, ACCESS_HELP_AND_SUPPLY } },
        { ACCESS_LABORATORY_STAFF, { ACCESS_LABORATORY } },
        { ACCESS_CLINICIAN, { ACCESS_CARE } },
        { ACCESS_DATA_MANAGER, { ACCESS_DATA_QUALITY, ACCESS_OWN_REQUEST } },
        { ACCESS_PROGRAM, { ACCESS_DATA_QUALITY } },
    };
    if (field->class != MODEL_CLASS_IDENTIFYING || !reads(who, record, field))
        return;
    for (size_t i = 0; i < sizeof work / sizeof *work; i++)
        for (size_t j = 0; j < 4; j++)
            if (work[i].role == who->role && work[i].purposes[j] == who->purpose)
                return;
    fail_msg("%s reads %s.%s for %s", access_role_word(who->role), record->name, field->name,
             access_purpose_word(who->purpose));
}

/* A purpose opens identities and nothing else; what is read without one stays readable. */
static void a_purpose_opens_identity_alone(const struct access *who, const struct model_record *record,
                                           const struct model_field *field)
{
    struct access without = *who;
    without.purpose = ACCESS_NO_PURPOSE;
    if (reads(&without, record, field))
        assert_true(reads(who, record, field));
    if (!access_may_identify(who, record))
        assert_int_equal(reads(who, record, field), reads(&without, record, field));
}

static void rarer_classes_are_not_seen_before_commoner_ones(const struct access *who, const struct model_record *record,
                                                            const struct model_field *field)
{
    if (reads(who, record, field))
        for (size_t i = 0; i < record->num_fields; i++)
            if (record->fields[i].class <= field->class)
                assert_true(reads(who, record, &record->fields[i]));
}

static void filters_and_exports_need_the_right_to_read(const struct access *who, const struct model_record *record,
                                                       const struct model_field *field)
{
    bool filter = access_may_filter(who, record, field), export = access_may_export(who, record, field);
    if (filter || export)
        assert_true(reads(who, record, field));
    if (field->class == MODEL_CLASS_IDENTIFYING || access_is_proxy(record, field)) {
        assert_false(filter);
        assert_false(export);
    } else
        assert_int_equal(export, reads(who, record, field));
}

static void what_the_program_writes_callers_do_not(const struct access *who, const struct model_record *record,
                                                   const struct model_field *field)
{
    if (field->rule == MODEL_RULE_WRITTEN && who->role != ACCESS_PROGRAM)
        assert_false(writes(who, record, field));
    if (writes(who, record, field))
        assert_true(access_may_write(who, record));
}

#define TEST_OF_ALL(name)                                                                                              \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        (void) state;                                                                                                  \
        for_all(name);                                                                                                 \
    }
TEST_OF_ALL(nobody_sees_nothing)
TEST_OF_ALL(identity_needs_a_purpose)
TEST_OF_ALL(some_roles_never_see_identity)
TEST_OF_ALL(purposes_are_those_of_the_role)
TEST_OF_ALL(a_purpose_opens_identity_alone)
TEST_OF_ALL(rarer_classes_are_not_seen_before_commoner_ones)
TEST_OF_ALL(filters_and_exports_need_the_right_to_read)
TEST_OF_ALL(what_the_program_writes_callers_do_not)

/* A record that the table does not know: nobody reads or writes it. */
static void test_an_unknown_record_is_refused(void **state)
{
    (void) state;
    static const struct model_field field = { .name = "count", .class = MODEL_CLASS_OPEN };
    const struct model_record       record = { .name = "new", .fields = &field, .num_fields = 1 };
    for (int role = 0; role < ACCESS_NUM_ROLES; role++) {
        struct access who = { .role = (enum access_role) role, .purpose = ACCESS_CASE_INVESTIGATION };
        assert_false(reads(&who, &record, &field));
        assert_false(access_may_write(&who, &record));
        assert_false(access_may_filter(&who, &record, &field));
        assert_int_equal(access_highest(&who, &record), ACCESS_NOTHING);
    }
}

static void test_proxies_are_known(void **state)
{
    (void) state;
    const struct model_record *person = model_record(MODEL_PERSON);
    const struct access        who = { .role = ACCESS_EPIDEMIOLOGIST, .purpose = ACCESS_CASE_INVESTIGATION };
    const struct model_field  *language = &person->fields[model_person_preferred_language];
    assert_true(access_is_proxy(person, language));
    assert_true(reads(&who, person, language)); /* to speak to the person in it */
    assert_false(access_may_filter(&who, person, language));
    assert_false(access_may_export(&who, person, language));
    assert_true(access_may_filter(&who, person, &person->fields[model_person_sex]));
}

/* The lists are closed: these words and no others. A new one changes this test, and DESIGN section 6 before it. */
static void test_the_roles_and_purposes_are_closed_lists(void **state)
{
    (void) state;
    static const char *const roles[] = {
        "",        "epidemiologist", "tracer",           "laboratory-staff", "clinician",     "supervisor",
        "analyst", "data-manager",   "checkpoint-staff", "auditor",          "administrator", "program"
    };
    static const char *const purposes[] = { "",      "case-investigation", "contact-follow-up",  "laboratory",
                                            "care",  "help-and-supply",    "orders-and-appeals", "data-quality",
                                            "audit", "own-request" };
    assert_int_equal(ACCESS_NUM_ROLES, sizeof roles / sizeof *roles);
    assert_int_equal(ACCESS_NUM_PURPOSES, sizeof purposes / sizeof *purposes);
    for (int i = 0; i < ACCESS_NUM_ROLES; i++) {
        assert_string_equal(access_role_word((enum access_role) i), roles[i]);
        assert_int_equal(access_role_find(roles[i], strlen(roles[i])), i);
    }
    for (int i = 0; i < ACCESS_NUM_PURPOSES; i++) {
        assert_string_equal(access_purpose_word((enum access_purpose) i), purposes[i]);
        assert_int_equal(access_purpose_find(purposes[i], strlen(purposes[i])), i);
    }
    assert_int_equal(access_role_find("police", 6), ACCESS_NO_ROLE);
    assert_int_equal(access_purpose_find("car", 3), ACCESS_NO_PURPOSE);
    assert_int_equal(access_purpose_find("security", 8), ACCESS_NO_PURPOSE);
    assert_string_equal(access_role_word(ACCESS_NUM_ROLES), "");
}

/* ---- docs/privacy.md says what the table says ---- */

static const char *class_word(int class)
{
    static const char *const words[] = { "nothing", "open", "routine", "sensitive", "identifying" };
    return words[class + 1];
}

static int highest_written(const struct access *who, const struct model_record *record)
{
    int highest = ACCESS_NOTHING;
    for (size_t i = 0; i < record->num_fields; i++)
        if (writes(who, record, &record->fields[i]) && (int) record->fields[i].class > highest)
            highest = (int) record->fields[i].class;
    return highest;
}

static void render_row(struct sink *sink, const struct model_record *record, enum access_role role)
{
    struct access who = { .role = role };
    int           read = access_highest(&who, record), written = highest_written(&who, record);
    if (read == ACCESS_NOTHING && written == ACCESS_NOTHING)
        return;
    sink_format(sink, "| %s | %s | %s | %s | ", record->name, access_role_word(role), class_word(read),
                class_word(written));
    const char *between = "";
    for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++) {
        who.purpose = (enum access_purpose) purpose;
        if (access_highest(&who, record) > read) {
            sink_format(sink, "%s%s", between, access_purpose_word(who.purpose));
            between = ", ";
        }
    }
    sink_text(sink, "|\n");
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char  *text = calloc(1, 1 << 20);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    assert_in_range(size, 1, (1 << 20) - 2);
    fclose(file);
    return text;
}

static void test_the_document_says_what_the_table_says(void **state)
{
    (void) state;
    struct sink sink;
    sink_init_memory(&sink);
    size_t                     num_records;
    const struct model_record *records = model_records(&num_records);
    sink_text(&sink, "| record | role | reads | writes | and identities for |\n|---|---|---|---|---|\n");
    for (size_t r = 0; r < num_records; r++)
        for (int role = 1; role < ACCESS_NUM_ROLES; role++)
            render_row(&sink, &records[r], (enum access_role) role);
    sink_character(&sink, '\0');
    char *document = read_text(PROJECT_ROOT "/docs/privacy.md");
    if (strstr(document, sink.bytes) == NULL) {
        fprintf(stderr, "%s", sink.bytes);
        fail_msg("docs/privacy.md should hold the table above");
    }
    free(document);
    sink_free(&sink);
}

/* Whoever may not write a record does not erase it, and of those who may only three roles. */
static void test_few_may_erase(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (int role = 0; role < ACCESS_NUM_ROLES; role++)
        for (size_t r = 0; r < num; r++) {
            struct access who = { .role = (enum access_role) role, .everywhere = true };
            bool one_of = role == ACCESS_DATA_MANAGER || role == ACCESS_ADMINISTRATOR || role == ACCESS_PROGRAM;
            assert_int_equal(access_may_erase(&who, &records[r]), one_of && access_may_write(&who, &records[r]));
        }
    assert_false(access_may_erase(NULL, records));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_may_erase),
        cmocka_unit_test(test_nobody_sees_nothing),
        cmocka_unit_test(test_identity_needs_a_purpose),
        cmocka_unit_test(test_some_roles_never_see_identity),
        cmocka_unit_test(test_purposes_are_those_of_the_role),
        cmocka_unit_test(test_a_purpose_opens_identity_alone),
        cmocka_unit_test(test_rarer_classes_are_not_seen_before_commoner_ones),
        cmocka_unit_test(test_filters_and_exports_need_the_right_to_read),
        cmocka_unit_test(test_what_the_program_writes_callers_do_not),
        cmocka_unit_test(test_an_unknown_record_is_refused),
        cmocka_unit_test(test_proxies_are_known),
        cmocka_unit_test(test_the_roles_and_purposes_are_closed_lists),
        cmocka_unit_test(test_the_document_says_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
