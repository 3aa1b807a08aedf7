/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list as a file: every row, the same values in each format, readable again, nothing that a spreadsheet computes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/model_table.h"
#include "model/view.h"
#include "store/list.h"
#include "support/exchange.h"
#include "support/test.h"

enum { SIGNALS = 230, PERSONS = 3 }; /* more than one page */
static struct test_store     test;
static struct model_signal  *signals;
static struct people_sample *samples;
static struct access         who;
static struct caller         caller;

static const char *const summaries[] = { "=1+1",         "+86 891",        "-3",     "@cmd",  "'=1+1",
                                         "three\nlines", "a \"quote\", b", "咳嗽多", "＝1+1", "plain" };

static void make_signal(int number)
{
    struct model_signal *signal = &signals[number];
    const char          *summary = summaries[number % 10];
    model_init(model_record(MODEL_SIGNAL), signal);
    signal->head.id = (struct id){ { 7, (uint8_t) (number >> 8), (uint8_t) number } };
    signal->area = test.areas[number % 2 == 0 ? TEST_EAST_ONE : TEST_WEST_ONE];
    signal->source = (struct model_text){ "event-report", 12 };
    signal->status = (struct model_text){ "new", 3 };
    signal->noticed_time = (struct model_text){ "2024-09-30T08:15+08:00", 22 };
    signal->event_date = 19990 + number % 7;
    signal->num_ill = number;
    signal->summary = (struct model_text){ summary, strlen(summary) };
    struct access        program = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_SIGNAL), .value = signal };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    signals = calloc(SIGNALS, sizeof *signals);
    samples = calloc(PERSONS, sizeof *samples);
    for (int i = 0; i < SIGNALS; i++)
        make_signal(i);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
    who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    caller = test_caller_person(&who);
    test_exchange_as(&caller);
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
    test_exchange_as(NULL);
    free(signals);
    free(samples);
    test_store_close(&test);
    return 0;
}

static struct exchange *get(const char *path, int status)
{
    static struct exchange exchange;
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d: %s", path, exchange.answer.status, test_exchange_body(&exchange));
    (void) test_exchange_body(&exchange); /* all parts */
    return &exchange;
}

/* ---- CSV and NDJSON ---- */

static ssize_t read_stream(void *context, void *bytes, size_t size)
{
    return (ssize_t) fread(bytes, 1, size, context);
}

/* What was exported, read as `tocsin record create --file` reads it, is what the store has. */
static void check_rows(struct model_table *table, const struct fault_list *faults)
{
    struct arena               arena = ARENA_INIT;
    struct model_signal        signal;
    struct model_set           given;
    struct fault_place         place;
    size_t                     num = 0;
    const struct model_record *record = model_record(MODEL_SIGNAL);
    int                        ret;
    while ((ret = model_table_next(table, &arena, &signal, &given, &place)) == 1) {
        const struct model_signal *was = &signals[signal.head.id.bytes[1] * 256 + signal.head.id.bytes[2]];
        for (size_t f = 0; f < record->num_fields; f++)
            if (!model_equal(&record->fields[f], &signal, was))
                fail_msg("row %zu: %s is another", num, record->fields[f].name);
        num++;
    }
    assert_int_equal(ret, 0);
    assert_int_equal(num, SIGNALS);
    assert_int_equal(faults->num_all, 0);
    model_table_close(table);
    arena_free(&arena);
}

static void check_read_again(const struct exchange *exchange, enum model_table_format format)
{
    FILE               *file = fmemopen(exchange->answer.body.bytes, exchange->answer.body.used, "r");
    struct table_input  input = { .read = read_stream, .context = file, .name = "export" };
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_table *table;
    assert_non_null(file);
    assert_ok(model_table_open(input, format, model_record(MODEL_SIGNAL), &faults, &table));
    check_rows(table, &faults);
    fault_list_free(&faults);
    fclose(file);
}

static void test_every_row_reads_back_the_same(void **state)
{
    (void) state;
    struct exchange *exchange = get("/api/v1/exports/signals", 200);
    assert_string_equal(exchange->answer.type, "text/csv; charset=utf-8");
    assert_string_equal(test_exchange_answer_header(exchange, "Content-Disposition"),
                        "attachment; filename=\"signals-2024-10-04.csv\"");
    check_read_again(exchange, MODEL_TABLE_CSV);
    check_read_again(get("/api/v1/exports/signals?as=ndjson&sort=updated&direction=ascending", 200),
                     MODEL_TABLE_NDJSON);
    exchange = get("/api/v1/exports/signals?bom=true", 200);
    assert_memory_equal(exchange->answer.body.bytes, "\xEF\xBB\xBFid,version,", 14);
    check_read_again(exchange, MODEL_TABLE_CSV);
}

static void test_no_cell_is_a_formula(void **state)
{
    (void) state;
    const char *text = test_exchange_body(get("/api/v1/exports/signals", 200));
    assert_non_null(strstr(text, ",'=1+1,"));
    assert_non_null(strstr(text, ",''=1+1,"));
    for (const char *at = text; (at = strpbrk(at, ",\n")) != NULL; at++)
        assert_false(at[1] == '=' || at[1] == '@' || at[1] == '+');
}

static void test_filters_hold_for_files_too(void **state)
{
    (void) state;
    char path[200], area[ID_TEXT_BYTES];
    id_to_text(&test.areas[TEST_EAST], area);
    snprintf(path, sizeof path, "/api/v1/exports/signals?area=%s&status=new", area);
    const char *text = test_exchange_body(get(path, 200));
    size_t      rows = 0;
    for (int i = 0; i < SIGNALS; i++) {
        char id[ID_TEXT_BYTES];
        id_to_text(&signals[i].head.id, id);
        rows += strstr(text, id) != NULL;
    }
    assert_int_equal(rows, SIGNALS / 2);
    static const char *const wrong[] = { "as=pdf", "page_size=5", "after=x", "identities=true", "summary=x" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(path, sizeof path, "/api/v1/exports/signals?%s", wrong[i]);
        (void) get(path, 422);
    }
}

/* One entry, durable before the first row, with the names of what was asked by and no value. */
static void test_an_export_is_one_entry_of_the_audit(void **state)
{
    (void) state;
    int64_t before = test_store_number(&test, "SELECT count(*) FROM audit");
    (void) get("/api/v1/exports/signals?status=new&as=ndjson", 200);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit"), before + 1);
    assert_int_equal(
        test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'export signals as ndjson by status'"), 1);
}

static void test_no_export_names_anybody(void **state)
{
    (void) state;
    static const char *const formats[] = { "csv", "ndjson" };
    for (size_t i = 0; i < 2; i++) {
        char path[100];
        snprintf(path, sizeof path, "/api/v1/exports/cases?as=%s", formats[i]);
        const char *text = test_exchange_body(get(path, 200)); /* although a purpose is named */
        for (int p = 0; p < PERSONS; p++) {
            char name[200];
            snprintf(name, sizeof name, "%.*s", (int) samples[p].identity.name.size, samples[p].identity.name.bytes);
            assert_null(strstr(text, name));
        }
        assert_null(strstr(text, "note,"));
        assert_null(strstr(text, "\"note\":"));
    }
}

/* ---- XLSX ---- */

static json_t *sheets_of(struct exchange *exchange)
{
    char  path[] = "/tmp/tocsin-test-sheet-XXXXXX", command[600];
    int   fd = mkstemp(path);
    FILE *pipe;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, exchange->answer.body.bytes, exchange->answer.body.used),
                     (ssize_t) exchange->answer.body.used);
    close(fd);
    snprintf(command, sizeof command, "python3 '%s/server/read_sheet.py' '%s'", TESTS_ROOT, path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    json_t *json = json_loadf(pipe, 0, NULL);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
    assert_non_null(json);
    return json;
}

static const char *cell(const json_t *sheet, size_t row, size_t column)
{
    const char *text = json_string_value(json_array_get(json_array_get(json_object_get(sheet, "rows"), row), column));
    return text != NULL ? text : "";
}

static size_t column_of(const json_t *sheet, const char *name)
{
    size_t column = 0;
    while (strcmp(cell(sheet, 0, column), name) != 0)
        assert_true(*cell(sheet, 0, column++) != '\0');
    return column;
}

static void test_a_spreadsheet_has_the_same_cells(void **state)
{
    (void) state;
    struct exchange *exchange = get("/api/v1/exports/signals?as=xlsx", 200);
    json_t          *json = sheets_of(exchange);
    const json_t    *sheet = json_array_get(json_object_get(json, "sheets"), 0);
    const json_t    *codebook = json_array_get(json_object_get(json, "sheets"), 1);
    assert_int_equal(json_array_size(json_object_get(sheet, "rows")), SIGNALS + 1);
    size_t id = column_of(sheet, "id"), summary = column_of(sheet, "summary"), ill = column_of(sheet, "num_ill"),
           day = column_of(sheet, "event_date");
    for (size_t row = 1; row <= SIGNALS; row++) {
        struct id read;
        char      number[24];
        assert_ok(id_from_text(cell(sheet, row, id), strlen(cell(sheet, row, id)), &read));
        size_t i = read.bytes[1] * 256U + read.bytes[2];
        snprintf(number, sizeof number, "%zu", i);
        assert_string_equal(cell(sheet, row, summary), summaries[i % 10]); /* as text: nothing has to guard it */
        assert_string_equal(cell(sheet, row, ill), number);
        assert_memory_equal(cell(sheet, row, day), "2024-", 5);
    }
    assert_string_equal(json_string_value(json_object_get(codebook, "name")), "codebook");
    size_t columns = json_array_size(json_array_get(json_object_get(sheet, "rows"), 0));
    assert_int_equal(json_array_size(json_object_get(codebook, "rows")), columns - 4 + 1);
    json_decref(json);
}

/* ---- the worklist ---- */

static void test_a_spreadsheet_reads_back_the_same(void **state)
{
    (void) state;
    const struct exchange *exchange = get("/api/v1/exports/signals?as=xlsx", 200);
    struct fault_list      faults = FAULT_LIST_INIT;
    struct model_table    *table;
    assert_ok(model_table_open_xlsx(exchange->answer.body.bytes, exchange->answer.body.used, "export", NULL,
                                    model_record(MODEL_SIGNAL), &faults, &table));
    check_rows(table, &faults);
    fault_list_free(&faults);
}

static void test_a_worklist_has_names_for_a_purpose(void **state)
{
    (void) state;
    int64_t          before = test_store_number(&test, "SELECT count(*) FROM audit_reading");
    struct exchange *exchange = get("/api/v1/worklists/cases", 200);
    char             name[200];
    snprintf(name, sizeof name, "%.*s", (int) samples[0].identity.name.size, samples[0].identity.name.bytes);
    assert_non_null(strstr(test_exchange_body(exchange), name));
    assert_string_equal(test_exchange_answer_header(exchange, "Content-Disposition"),
                        "attachment; filename=\"worklist-cases-2024-10-04.csv\"");
    assert_string_equal(test_exchange_answer_header(exchange, "Tocsin-More"), "false");
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), before + PERSONS);
    exchange = get("/api/v1/worklists/cases?page_size=2", 200);
    assert_string_equal(test_exchange_answer_header(exchange, "Tocsin-More"), "true");
    (void) get("/api/v1/worklists/cases?page_size=200", 200);
    (void) get("/api/v1/worklists/cases?page_size=201", 422);
    (void) get("/api/v1/worklists/cases?after=x", 422); /* one page, and no way to walk */
    who.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&who);
    (void) get("/api/v1/worklists/cases", 403);
    (void) get("/api/v1/worklists/signals", 404);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_every_row_reads_back_the_same, set_up, end),                                  \
        cmocka_unit_test_setup_teardown(test_no_cell_is_a_formula, set_up, end),                                       \
        cmocka_unit_test_setup_teardown(test_filters_hold_for_files_too, set_up, end),                                 \
        cmocka_unit_test_setup_teardown(test_an_export_is_one_entry_of_the_audit, set_up, end),                        \
        cmocka_unit_test_setup_teardown(test_no_export_names_anybody, set_up, end),                                    \
        cmocka_unit_test_setup_teardown(test_a_spreadsheet_has_the_same_cells, set_up, end),                           \
        cmocka_unit_test_setup_teardown(test_a_spreadsheet_reads_back_the_same, set_up, end),                          \
        cmocka_unit_test_setup_teardown(test_a_worklist_has_names_for_a_purpose, set_up, end)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("export", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("export", sqlite, NULL, NULL);
}
