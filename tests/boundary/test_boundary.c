/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DESIGN section 6 promises, held on a whole store; sentences.txt says which test holds which sentence. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/date_text.h"
#include "store/find_person.h"
#include "store/list.h"
#include "store/person_tokens.h"
#include "support/store.h"
#include "support/test.h"

enum { PERSONS = 40 };
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

/* ---- masks ---- */

static void reads_as_the_table_says(const struct access *who, enum model_record_number number, const struct id *id)
{
    const struct model_record *record = model_record(number);
    struct model_set           allowed = access_visible(who, record), visible;
    struct arena               arena = ARENA_INIT;
    void                      *value = calloc(1, record->size);
    int                        ret = store_read(test.reader, who, record, id, STORE_NOW, &arena, value, &visible);
    if (access_highest(who, record) == ACCESS_NOTHING)
        assert_status(ret, STORE_ERR_ABSENT);
    else {
        assert_ok(ret);
        for (size_t i = 0; i < record->num_fields; i++) {
            assert_int_equal(model_set_has(&visible, i), model_set_has(&allowed, i));
            if (!model_set_has(&allowed, i))
                assert_true(model_is_missing(&record->fields[i], value));
        }
    }
    free(value);
    arena_wipe(&arena);
}

static void test_reading_shows_what_the_table_allows(void **state)
{
    (void) state;
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        for (int purpose = 0; purpose < ACCESS_NUM_PURPOSES; purpose++) {
            struct access who = { .role = (enum access_role) role,
                                  .purpose = (enum access_purpose) purpose,
                                  .everywhere = true };
            reads_as_the_table_says(&who, MODEL_PERSON, &samples[1].person.head.id);
            reads_as_the_table_says(&who, MODEL_IDENTITY, &samples[1].identity.head.id);
            reads_as_the_table_says(&who, MODEL_CASE, &samples[1].illness.head.id);
        }
}

static int ask(const struct access *who, const struct list_query *query, struct arena *arena, struct list_page *page)
{
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = store_list(test.reader, who, query, arena, page, &faults);
    fault_list_free(&faults);
    return ret;
}

static void test_lists_show_what_the_table_allows(void **state)
{
    (void) state;
    const struct view *view = view_find("cases", 5);
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        for (int purpose = 0; purpose < ACCESS_NUM_PURPOSES; purpose++)
            for (int identities = 0; identities < 2; identities++) {
                struct access     who = { .role = (enum access_role) role,
                                          .purpose = (enum access_purpose) purpose,
                                          .everywhere = true };
                struct model_set  allowed = view_visible(&who, view);
                struct arena      arena = ARENA_INIT;
                struct list_page  page = { 0 };
                struct list_query query = { .view = view, .page_size = 3, .identities = identities != 0 };
                int               ret = ask(&who, &query, &arena, &page);
                if (access_highest(&who, model_record(MODEL_CASE)) == ACCESS_NOTHING ||
                    (identities != 0 && !access_may_identify(&who, model_record(MODEL_IDENTITY))))
                    assert_status(ret, STORE_ERR_DENIED);
                else
                    assert_ok(ret);
                for (size_t i = 0; i < page.num_rows * view->num_columns; i++)
                    if (!model_set_has(&allowed, i % view->num_columns) ||
                        !model_set_has(&page.visible, i % view->num_columns))
                        assert_int_equal(page.values[i].type, DB_NULL);
                arena_wipe(&arena);
            }
}

static bool refused(const struct access *who, const struct view *view, const char *filter, const char *sort)
{
    struct list_filter one = { .field = filter };
    struct arena       arena = ARENA_INIT;
    struct list_page   page;
    for (size_t i = 0; i < view->num_filters; i++)
        if (filter != NULL && strcmp(view->filters[i].field, filter) == 0) {
            one.is = view->filters[i].test == VIEW_IS ? "00000000-0000-0000-0000-000000000000" : NULL;
            one.from = view->filters[i].test == VIEW_RANGE ? "1" : NULL;
        }
    struct list_query query = { .view = view, .sort = sort, .filters = &one, .num_filters = filter != NULL };
    int               ret = ask(who, &query, &arena, &page);
    arena_wipe(&arena);
    return ret == BASE_ERR_INPUT || ret == STORE_ERR_DENIED;
}

static void test_filters_and_sorts_need_the_right_to_read(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++)
        for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
            const struct model_record *record = model_record(view->record);
            struct access              who = { .role = (enum access_role) role, .everywhere = true };
            for (size_t i = 0; i < record->num_fields; i++)
                if (!access_may_filter(&who, record, &record->fields[i])) {
                    assert_true(refused(&who, view, record->fields[i].name, NULL));
                    assert_true(refused(&who, view, NULL, record->fields[i].name));
                }
        }
}

/* ---- the description itself ---- */

static bool holds_word(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

static void test_proxies_stand_nowhere_else(void **state)
{
    (void) state;
    static const char *const   words[] = { "language", "script", "birthplace", "birth_place", "worship", "native" };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t r = 0; r < num; r++)
        for (size_t f = 0; f < records[r].num_fields; f++)
            for (size_t w = 0; w < sizeof words / sizeof *words; w++)
                if (holds_word(records[r].fields[f].name, words[w])) {
                    assert_true(access_is_proxy(&records[r], &records[r].fields[f]));
                    assert_in_range(records[r].fields[f].class, MODEL_CLASS_SENSITIVE, MODEL_CLASS_IDENTIFYING);
                }
}

static void test_coordinates_are_of_institutions_or_identifying(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t r = 0; r < num; r++)
        for (size_t f = 0; f < records[r].num_fields; f++)
            if (holds_word(records[r].fields[f].name, "latitude") || holds_word(records[r].fields[f].name, "longitude"))
                assert_true(records[r].scope == MODEL_SCOPE_OPEN ||
                            records[r].fields[f].class == MODEL_CLASS_IDENTIFYING);
}

static void test_no_list_of_persons(void **state)
{
    (void) state;
    size_t             num;
    const struct view *all = views(&num);
    for (const struct view *view = all; view < all + num; view++)
        assert_true(view->record != MODEL_PERSON && view->record != MODEL_IDENTITY);
    assert_int_equal(LIST_MOST_ROWS, 200);
}

/* A person and the time at which they were at a place: no record has the three. */
static void test_no_record_says_who_was_where(void **state)
{
    (void) state;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t r = 0; r < num; r++) {
        bool person = false, place = false, from = false;
        for (size_t f = 0; f < records[r].num_fields; f++) {
            const struct model_field *field = &records[r].fields[f];
            person |= field->kind == MODEL_KIND_REFERENCE && strcmp(field->target, "person") == 0;
            place |= holds_word(field->name, "visited") || holds_word(field->name, "stayed") ||
                     holds_word(field->name, "trail");
            from |= holds_word(field->name, "arrived") || holds_word(field->name, "left_time");
        }
        assert_false(person && (place || from));
    }
}

static void test_a_report_of_an_event_names_nobody(void **state)
{
    (void) state;
    const struct model_record *record = model_record(MODEL_SIGNAL);
    for (size_t f = 0; f < record->num_fields; f++) {
        const struct model_field *field = &record->fields[f];
        assert_false(holds_word(field->name, "name") || holds_word(field->name, "phone") ||
                     holds_word(field->name, "identifier"));
        assert_false(field->kind == MODEL_KIND_REFERENCE && strcmp(field->target, "person") == 0);
        assert_int_not_equal(field->class, MODEL_CLASS_IDENTIFYING);
    }
}

/* ---- outside the grant ---- */

static void test_outside_the_grant_is_as_absent(void **state)
{
    (void) state;
    struct access                         stranger = test_epidemiologist(&test.areas[TEST_OTHER]);
    struct id                             nothing = { { 0x42, 0x42 } };
    struct arena                          arena = ARENA_INIT;
    struct model_set                      visible;
    static const enum model_record_number numbers[] = { MODEL_PERSON, MODEL_IDENTITY, MODEL_CASE };
    for (int i = 0; i < 3; i++) {
        const struct model_record *record = model_record(numbers[i]);
        const struct id           *ids[] = { &samples[0].person.head.id, &samples[0].identity.head.id,
                                             &samples[0].illness.head.id };
        void                      *value = calloc(1, record->size);
        assert_status(store_read(test.reader, &stranger, record, ids[i], STORE_NOW, &arena, value, &visible),
                      STORE_ERR_ABSENT);
        assert_status(store_read(test.reader, &stranger, record, &nothing, STORE_NOW, &arena, value, &visible),
                      STORE_ERR_ABSENT);
        free(value);
    }
    for (int exists = 0; exists < 2; exists++) {
        struct model_case illness;
        struct model_set  given = { { 0 } };
        model_init(model_record(MODEL_CASE), &illness);
        illness.head.id = exists ? samples[0].illness.head.id : nothing;
        illness.severity = (struct model_text){ "mild", 4 };
        model_set_add(&given, model_case_severity);
        struct store_change change = {
            .verb = STORE_CHANGE, .record = model_record(MODEL_CASE), .value = &illness, .given = given
        };
        struct store_request request = { .verb = "change", .set = { &change, 1 } };
        assert_status(store_submit(test.store, &stranger, &request, NULL, NULL), STORE_ERR_ABSENT);
    }
    arena_wipe(&arena);
}

/* ---- files ---- */

struct scan {
    struct model_text wanted[PERSONS * 8];
    size_t            num;
    bool              any;
    char              where[1024];
};

static void scan_file(struct scan *scan, const char *path, off_t size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc((size_t) size + 1);
    if (file != NULL && bytes != NULL) {
        size_t read = fread(bytes, 1, (size_t) size, file);
        for (size_t i = 0; i < scan->num; i++)
            if (memmem(bytes, read, scan->wanted[i].bytes, scan->wanted[i].size) != NULL) {
                scan->any = true;
                snprintf(scan->where, sizeof scan->where, "%s", path);
            }
    }
    if (file != NULL)
        fclose(file);
    free(bytes);
}

static void scan_folder(struct scan *scan, const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char        inside[1024];
        struct stat about;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || lstat(inside, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode))
            scan_folder(scan, inside);
        else if (S_ISREG(about.st_mode))
            scan_file(scan, inside, about.st_size);
    }
    if (folder != NULL)
        closedir(folder);
}

static void want(struct scan *scan, struct model_text text)
{
    if (text.bytes != NULL && text.size >= 6) /* shorter ones stand somewhere by chance */
        scan->wanted[scan->num++] = text;
}

static void scan_all(struct scan *scan)
{
    scan_folder(scan, test.postgresql ? test_postgresql_folder() : test.folder);
    scan_folder(scan, test.keys);
}

/* While the store is open, with its write-ahead log, and after it was read, listed, searched and closed. */
static void test_no_identifying_value_in_clear_in_any_file(void **state)
{
    (void) state;
    struct scan        scan = { .num = 0 }, control = { .num = 0 };
    struct access      who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct arena       arena = ARENA_INIT;
    struct list_page   page;
    struct find_answer answer;
    for (int i = 0; i < PERSONS; i++) {
        const struct model_identity *identity = &samples[i].identity;
        want(&scan, identity->name);
        want(&scan, identity->name_latin);
        want(&scan, identity->identifier);
        want(&scan, identity->phone);
        want(&scan, identity->address);
        want(&scan, samples[i].illness.note);
    }
    assert_in_range(scan.num, 2 * PERSONS, 8 * PERSONS);
    struct list_query query = { .view = view_find("cases", 5), .identities = true };
    assert_ok(ask(&who, &query, &arena, &page));
    struct find_query find = { .typed = samples[0].identity.name.bytes, .size = samples[0].identity.name.size };
    assert_ok(store_find_person(test.reader, &who, &find, true, &arena, &answer, NULL));
    arena_wipe(&arena);
    scan_all(&scan);
    test_store_reopen(&test);
    scan_all(&scan);
    if (scan.any)
        fail_msg("in clear in %s", scan.where);
    want(&control, (struct model_text){ "identity", 8 }); /* the scan does find what is there */
    scan_all(&control);
    assert_true(control.any);
}

/* ---- tokens ---- */

static bool has_token(const char *kind, const char *bytes, size_t size)
{
    struct keeper_text  text = { .kind = kind, .area = test.areas[TEST_COUNTY], .bytes = bytes, .size = size };
    struct keeper_token token;
    char                sql[160], *end = sql;
    assert_ok(keeper_token(test.keeper, 0, &text, 1, &token, NULL));
    end += sprintf(end, "SELECT count(*) FROM search_token WHERE token = %s", test.postgresql ? "'\\x" : "x'");
    for (size_t i = 0; i < KEEPER_TOKEN_BYTES; i++)
        end += sprintf(end, "%02x", token.bytes[i]);
    strcpy(end, "'");
    return test_store_number(&test, sql) > 0;
}

static void test_no_token_of_a_surname_a_character_or_a_birth_date(void **state)
{
    (void) state;
    static const enum person_form_kind kinds[] = { PERSON_FORM_NAME, PERSON_FORM_LETTERS, PERSON_FORM_NAME_YEAR,
                                                   PERSON_FORM_IDENTIFIER, PERSON_FORM_PHONE };
    bool                               any = false;
    for (int i = 0; i < PERSONS; i += 4) {
        const struct model_identity *identity = &samples[i].identity;
        char                         day[DATE_TEXT_BYTES] = "";
        if (identity->birth_date != MODEL_MISSING_DATE)
            date_to_text(identity->birth_date, DATE_FORM_DAY, day);
        char plain[DATE_TEXT_BYTES] = "";
        if (day[0] != '\0')
            snprintf(plain, sizeof plain, "%.4s%.2s%.2s", day, day + 5, day + 8);
        if (identity->identifier.bytes != NULL)
            any |= has_token("identifier", identity->identifier.bytes, identity->identifier.size);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const char *word = person_token_word(kinds[k]);
            for (size_t at = 0; at + 3 <= identity->name.size; at += 3)
                assert_false(has_token(word, identity->name.bytes + at, 3));
            assert_false(has_token(word, identity->name.bytes, 1));
            assert_false(day[0] != '\0' && has_token(word, day, strlen(day)));
            assert_false(plain[0] != '\0' && has_token(word, plain, strlen(plain)));
            assert_false(day[0] != '\0' && has_token(word, day, 4));
        }
    }
    assert_true(any); /* what should be there is found in this way */
}

/* ---- erasure, and who looked ---- */

static void test_erasure_takes_key_tokens_and_sealed_fields(void **state)
{
    (void) state;
    struct access       program = test_program();
    struct model_person person;
    int64_t             keys = test_store_number(&test, "SELECT count(*) FROM person_key");
    int64_t             tokens = test_store_number(&test, "SELECT count(*) FROM search_token");
    int64_t             names = test_store_number(&test, "SELECT count(*) FROM search_name");
    int64_t             sealed = test_store_number(&test, "SELECT count(*) FROM identity WHERE sealed IS NOT NULL");
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = samples[0].person.head.id;
    struct store_change  change = { .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = &person };
    struct store_request request = { .verb = "erase", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), keys - 1);
    assert_true(test_store_number(&test, "SELECT count(*) FROM search_token") < tokens);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_name"), names - 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM identity WHERE sealed IS NOT NULL"), sealed - 1);
}

static void test_who_looked_is_known(void **state)
{
    (void) state;
    struct access         who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct arena          arena = ARENA_INIT;
    struct model_identity identity;
    struct model_set      visible;
    int64_t               before = test_store_number(&test, "SELECT count(*) FROM audit_reading");
    assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &samples[0].identity.head.id, STORE_NOW,
                         &arena, &identity, &visible));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), before + 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'read' AND role = "
                                              "'epidemiologist' AND purpose = 'case-investigation'"),
                     1);
    arena_wipe(&arena);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_reading_shows_what_the_table_allows, set_up, empty),                          \
        cmocka_unit_test_setup_teardown(test_lists_show_what_the_table_allows, set_up, empty),                         \
        cmocka_unit_test_setup_teardown(test_filters_and_sorts_need_the_right_to_read, set_up, empty),                 \
        cmocka_unit_test_setup_teardown(test_outside_the_grant_is_as_absent, set_up, empty),                           \
        cmocka_unit_test_setup_teardown(test_no_identifying_value_in_clear_in_any_file, set_up, empty),                \
        cmocka_unit_test_setup_teardown(test_no_token_of_a_surname_a_character_or_a_birth_date, set_up, empty),        \
        cmocka_unit_test_setup_teardown(test_erasure_takes_key_tokens_and_sealed_fields, set_up, empty),               \
        cmocka_unit_test_setup_teardown(test_who_looked_is_known, set_up, empty),                                      \
        cmocka_unit_test(test_proxies_stand_nowhere_else),                                                             \
        cmocka_unit_test(test_coordinates_are_of_institutions_or_identifying),                                         \
        cmocka_unit_test(test_no_list_of_persons), cmocka_unit_test(test_no_record_says_who_was_where),                \
        cmocka_unit_test(test_a_report_of_an_event_names_nobody)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("boundary", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("boundary", sqlite, NULL, NULL);
}
