/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Daily reports through the API: figures that stay as they were frozen, a text until it is published, another edition
 * that lists what it counts otherwise, files that are the same whenever they are made; in both databases. */
#include "response/daily_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "response/daily_report_document.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static char              report[ID_TEXT_BYTES];

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    test.now += INSTANT_DAY / 2;
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.user = (struct id){ { 0 } }; /* nobody that the store would have to know */
    caller = test_caller_person(&access);
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
    test_store_close(&test);
    return 0;
}

static toc_date today(void)
{
    return (toc_date) (test.now / INSTANT_DAY);
}

static void make_case_found(enum test_area area, toc_date received, const char *found_by, const char *origin,
                            const char *outcome)
{
    struct people_sample sample;
    struct store_change  changes[3];
    struct store_request request = { .verb = "create", .set = { changes, 3 } };
    struct access        who = test_program();
    test_person_set(&test, &sample, changes);
    sample.illness.responsible_area = test.areas[area];
    sample.illness.received_date = received;
    sample.illness.outcome_date = sample.illness.death_date = MODEL_MISSING_DATE;
    sample.illness.found_by = (struct model_text){ found_by, strlen(found_by) };
    sample.illness.origin = (struct model_text){ origin, strlen(origin) };
    sample.illness.outcome = (struct model_text){ outcome, strlen(outcome) };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
}

static void make_case(enum test_area area, toc_date received)
{
    make_case_found(area, received, "sought-care", "local", "recovered");
}

static struct exchange exchange;

/* Ask and hold the answer to this status; the body. */
static const char *ask(enum http_method method, const char *path, const char *body, int status)
{
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static const char *freeze(enum test_area area, toc_date day, int status)
{
    char body[160], id[ID_TEXT_BYTES], text[DATE_TEXT_BYTES];
    id_to_text(&test.areas[area], id);
    date_to_text(day, DATE_FORM_DAY, text);
    snprintf(body, sizeof body, "{\"area\":\"%s\",\"day\":\"%s\"}", id, text);
    const char *answer = ask(HTTP_POST, "/api/v1/reports/freeze", body, status);
    if (status == 201) {
        json_t *json = json_loads(answer, 0, NULL);
        snprintf(report, sizeof report, "%s", json_string_value(json_object_get(json, "id")));
        json_decref(json);
    }
    return answer;
}

static const char *on_report(enum http_method method, const char *verb, const char *body, int status)
{
    char path[120];
    snprintf(path, sizeof path, "/api/v1/reports/%s/%s", report, verb);
    return ask(method, path, body, status);
}

/* A number of a row, of the content as it is answered now. */
static json_int_t figure(const char *section, const char *item, const char *member, size_t at)
{
    json_t    *json = json_loads(on_report(HTTP_GET, "content", NULL, 200), 0, NULL), *row;
    size_t     i;
    json_int_t found = -1;
    assert_non_null(json);
    json_array_foreach (json_object_get(json, strcmp(member, "values") == 0 ? "rows" : "changes"), i, row)
        if (strcmp(json_string_value(json_object_get(row, "section")), section) == 0 &&
            strcmp(json_string_value(json_object_get(row, "item")), item) == 0)
            found = json_integer_value(json_array_get(json_object_get(row, member), at));
    json_decref(json);
    return found;
}

/* What comes later is not in it: neither when it is read again, nor in its files. */
static void test_figures_stay(void **state)
{
    (void) state;
    char east[ID_TEXT_BYTES];
    id_to_text(&test.areas[TEST_EAST], east);
    make_case(TEST_EAST_ONE, today() - 1);
    make_case(TEST_EAST_TWO, today() - 3);
    make_case(TEST_WEST_ONE, today() - 9);
    make_case(TEST_OTHER, today() - 1); /* outside */
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(figure("cases", "all", "values", 0), 1);
        assert_int_equal(figure("cases", "all", "values", 1), 2);
        assert_int_equal(figure("cases", "all", "values", 2), 1);
        assert_int_equal(figure("area", east, "values", 1), 2);
        assert_int_equal(figure("earlier", "late", "values", 0), 2);
        assert_int_equal(figure("signal", "waiting", "values", 0), 0);
        assert_int_equal(figure("outbreak", "suspected", "values", 0), 0);
        make_case(TEST_EAST_ONE, today() - 1);
    }
}

/* How cases were found, where they came from and how they ended: sums of the counters, frozen with the rest, and of a
 * corrected edition told. */
static void test_how_cases_were_found_and_ended(void **state)
{
    (void) state;
    make_case_found(TEST_EAST_ONE, today() - 1, "contact-in-quarantine", "unknown", "died-of-disease");
    make_case_found(TEST_EAST_TWO, today() - 1, "contact-in-quarantine", "local", "recovered");
    make_case_found(TEST_WEST_ONE, today() - 8, "screening-round", "unknown", "recovered");
    make_case_found(TEST_OTHER, today() - 1, "contact-in-quarantine", "unknown", "died-of-disease"); /* outside */
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(figure("found", "quarantine", "values", 0), 2);
        assert_int_equal(figure("found", "no-source", "values", 1), 1);
        assert_int_equal(figure("found", "no-source", "values", 2), 1);
        assert_int_equal(figure("found", "died", "values", 0), 1);
        make_case_found(TEST_EAST_ONE, today() - 1, "contact-in-quarantine", "local", "died-of-disease");
    }
    (void) on_report(HTTP_POST, "publish", NULL, 200);
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    assert_int_equal(figure("found", "died", "before", 0), 1);
    assert_int_equal(figure("found", "died", "after", 0), 3);
}

/* The text is somebody's until it is published; then nothing changes, and only another edition may follow. */
static void test_editions(void **state)
{
    (void) state;
    make_case(TEST_EAST_ONE, today() - 1);
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    assert_non_null(strstr(freeze(TEST_COUNTY, today() - 1, 422), "a draft"));
    (void) on_report(HTTP_POST, "write", "{\"text\":\"One dairy.\\nTwo schools.\"}", 200);
    (void) on_report(HTTP_POST, "write", "{}", 422);
    (void) on_report(HTTP_POST, "publish", NULL, 200);
    assert_non_null(strstr(on_report(HTTP_POST, "write", "{\"text\":\"Another.\"}", 422), "is published"));
    (void) on_report(HTTP_POST, "publish", NULL, 422);
    make_case(TEST_EAST_TWO, today() - 1);
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    assert_int_equal(figure("cases", "all", "values", 0), 2);
    assert_int_equal(figure("cases", "all", "before", 0), 1);
    assert_int_equal(figure("cases", "all", "after", 0), 2);
    assert_int_equal(figure("signal", "waiting", "before", 0), -1); /* the same in both: not listed */
    assert_non_null(strstr(on_report(HTTP_GET, "content", NULL, 200), "\"edition\":2"));
    assert_non_null(strstr(test_exchange_body(&exchange), "One dairy.\\nTwo schools."));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM daily_report WHERE published IS NOT NULL"), 1);
}

/* The first edition of an earlier day says what was known at that day's end; the next one what is known now. */
static void test_as_known_then(void **state)
{
    (void) state;
    toc_date day = today();
    make_case(TEST_EAST_ONE, day);
    test.now += 3 * INSTANT_DAY;
    make_case(TEST_EAST_ONE, day);
    (void) freeze(TEST_COUNTY, day, 201);
    assert_int_equal(figure("cases", "all", "values", 0), 1);
    (void) on_report(HTTP_POST, "publish", NULL, 200);
    (void) freeze(TEST_COUNTY, day, 201);
    assert_int_equal(figure("cases", "all", "values", 0), 2);
    assert_non_null(strstr(freeze(TEST_COUNTY, today(), 422), "not over"));
}

static void hold_file(const char *verb, const char *begins, const char *type)
{
    const char *body = on_report(HTTP_GET, verb, NULL, 200);
    size_t      size = exchange.answer.body.used;
    char       *first = malloc(size);
    assert_non_null(first);
    assert_memory_equal(body, begins, strlen(begins));
    assert_string_equal(exchange.answer.type, type);
    assert_non_null(strstr(test_exchange_answer_header(&exchange, "Content-Disposition"), "filename=\"report-2024-"));
    memcpy(first, body, size);
    body = on_report(HTTP_GET, verb, NULL, 200);
    assert_int_equal(exchange.answer.body.used, size);
    assert_memory_equal(body, first, size);
    free(first);
}

static void test_files(void **state)
{
    (void) state;
    make_case(TEST_EAST_ONE, today() - 1);
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    (void) on_report(HTTP_POST, "write", "{\"text\":\"One <dairy> & two schools.\"}", 200);
    hold_file("file?as=pdf&language=en", "%PDF-", "application/pdf");
    hold_file("file?as=pdf&language=zh", "%PDF-", "application/pdf");
    hold_file("file?as=docx&language=zh", "PK\3\4", DOCUMENT_DOCX_TYPE);
    (void) on_report(HTTP_GET, "file?as=odt", NULL, 422);
}

/* What lies outside the grant is not there; who may only read writes nothing. */
static void test_who_may(void **state)
{
    (void) state;
    (void) freeze(TEST_OTHER, today() - 1, 404);
    (void) freeze(TEST_COUNTY, today() - 1, 201);
    access.role = ACCESS_ANALYST;
    caller = test_caller_person(&access);
    (void) on_report(HTTP_GET, "content", NULL, 200);
    (void) on_report(HTTP_POST, "write", "{\"text\":\"Mine.\"}", 403);
    (void) on_report(HTTP_POST, "publish", NULL, 403);
    (void) freeze(TEST_COUNTY, today() - 2, 403);
    access = test_epidemiologist(&test.areas[TEST_OTHER]);
    caller = test_caller_person(&access);
    (void) on_report(HTTP_GET, "content", NULL, 404);
    (void) on_report(HTTP_GET, "file?as=pdf", NULL, 404);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM daily_report"), 1);
}

/* ---- without a database ---- */

static void test_words(void **state)
{
    (void) state;
    char number[DAILY_REPORT_NUMBER];
    for (enum daily_report_word word = 0; word < DAILY_REPORT_NUM_WORDS; word++) {
        const char *en = daily_report_word(word, MODEL_ENGLISH), *zh = daily_report_word(word, MODEL_CHINESE);
        assert_true(en[0] != '\0' && zh[0] != '\0');
        assert_int_equal(strstr(en, "%s") != NULL, strstr(zh, "%s") != NULL);
    }
    daily_report_number(20779, number); /* 2026-11-22 */
    assert_string_equal(number, "2026-326");
}

static void test_stored_figures(void **state)
{
    (void) state;
    static const char *const bad[] = {
        "",
        "{}",
        "{\"rows\":[{}]}",
        "{\"rows\":[{\"section\":\"cases\",\"item\":\"all\"}]}",
        "{\"rows\":[{\"section\":\"x\",\"item\":\"all\",\"name_en\":\"\",\"name_zh\":\"\",\"values\":[1]}]}",
        "{\"rows\":[{\"section\":\"cases\",\"item\":\"all\",\"name_en\":\"\",\"name_zh\":\"\",\"values\":[1,2,3,4]}]}"
    };
    struct arena                arena = ARENA_INIT;
    struct daily_report_figures figures = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(daily_report_read((struct model_text){ bad[i], strlen(bad[i]) }, &arena, &figures),
                      BASE_ERR_INPUT);
    const char *good =
        "{\"rows\":[{\"section\":\"area\",\"item\":\"x\",\"name_en\":\"\",\"name_zh\":\"县\",\"values\":[1,-2,3]}]}";
    assert_ok(daily_report_read((struct model_text){ good, strlen(good) }, &arena, &figures));
    assert_int_equal(figures.num_rows, 1);
    assert_int_equal(figures.rows[0].values[1], -2);
    assert_string_equal(daily_report_name(&figures.rows[0], MODEL_ENGLISH), "县");
    arena_free(&arena);
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("figures stay as they were frozen", test_figures_stay),
        BOTH("how cases were found and ended", test_how_cases_were_found_and_ended),
        BOTH("a text until it is published, then another edition", test_editions),
        BOTH("an earlier day as it was known at its end", test_as_known_then),
        BOTH("files to print and to go on with", test_files),
        BOTH("who may", test_who_may),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_stored_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
