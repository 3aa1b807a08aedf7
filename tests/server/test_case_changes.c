/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why today's number of cases is another than yesterday's: each case that was written since stands under the one kind
 * that fits, what the kinds change adds up to the difference, and nobody sees a row outside their grant; in both
 * databases. */
#include "response/case_changes.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static struct exchange   exchange;

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
    exchange_free(&exchange);
    memset(&exchange, 0, sizeof exchange);
    test_exchange_as(NULL);
    test_store_close(&test);
    return 0;
}

static toc_date today(void)
{
    return (toc_date) (test.now / INSTANT_DAY);
}

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void submit(const char *verb, struct store_change *changes, size_t num)
{
    struct access        who = test_program();
    struct store_request request = { .verb = verb, .set = { changes, num } };
    test.now += INSTANT_SECOND;
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
}

struct made {
    struct id illness, person;
};

static struct made make_case(enum test_area area, toc_date received)
{
    struct people_sample sample;
    struct store_change  changes[3];
    test_person_set(&test, &sample, changes);
    sample.illness.responsible_area = test.areas[area];
    sample.illness.disease = text("measles");
    sample.illness.classification = text("suspected");
    sample.illness.received_date = received;
    sample.illness.onset_date = sample.illness.outcome_date = sample.illness.death_date = MODEL_MISSING_DATE;
    sample.illness.specimen_date = MODEL_MISSING_DATE;
    sample.illness.result_time = sample.illness.outcome = (struct model_text){ NULL, 0 };
    submit("create", changes, 3);
    return (struct made){ sample.illness.head.id, sample.person.head.id };
}

static void change_case(struct id id, size_t field, struct model_case value)
{
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_CASE), .value = &value };
    value.head = (struct model_head){ .id = id };
    model_set_add(&change.given, field);
    submit("change", &change, 1);
}

static struct model_case blank(void)
{
    struct model_case value;
    model_init(model_record(MODEL_CASE), &value);
    return value;
}

static void move_case(struct id id, enum test_area area)
{
    struct model_case value = blank();
    value.responsible_area = test.areas[area];
    change_case(id, model_case_responsible_area, value);
}

static void erase_case(struct id id)
{
    struct model_case   value = blank();
    struct store_change change = { .verb = STORE_ERASE, .record = model_record(MODEL_CASE), .value = &value };
    value.head.id = id;
    submit("erase", &change, 1);
}

static void merge(struct id person, struct id into)
{
    struct model_person value;
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &value };
    model_init(model_record(MODEL_PERSON), &value);
    value.head.id = person;
    value.merged_into = into;
    model_set_add(&change.given, model_person_merged_into);
    submit("change", &change, 1);
}

/* The answer for an area, which holds together: what the kinds change is the difference. */
static json_t *ask(enum test_area area, const char *more, int status)
{
    char path[240], id[ID_TEXT_BYTES];
    id_to_text(&test.areas[area], id);
    snprintf(path, sizeof path, "/api/v1/cases/changes?area=%s%s", id, more);
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    if (status != 200)
        return NULL;
    json_t *json = json_loads(test_exchange_body(&exchange), 0, NULL), *kind;
    assert_non_null(json);
    size_t     i;
    json_int_t sum = json_integer_value(json_object_get(json, "then"));
    json_array_foreach (json_object_get(json, "kinds"), i, kind)
        sum += json_integer_value(json_object_get(kind, "change"));
    assert_true(json_is_true(json_object_get(json, "complete")));
    assert_int_equal(sum, json_integer_value(json_object_get(json, "now")));
    return json;
}

static json_t *kind_of(json_t *json, const char *word)
{
    json_t *kind;
    size_t  i;
    json_array_foreach (json_object_get(json, "kinds"), i, kind)
        if (strcmp(json_string_value(json_object_get(kind, "kind")), word) == 0)
            return kind;
    fail_msg("no kind %s", word);
    return NULL;
}

/* This many cases of this kind, and these rows: one, or NULL = none. */
static void hold(json_t *json, const char *word, json_int_t count, const struct id *row)
{
    json_t *kind = kind_of(json, word), *rows = json_object_get(kind, "rows");
    char    id[ID_TEXT_BYTES];
    if (json_integer_value(json_object_get(kind, "count")) != count)
        fail_msg("%s: %s", word, test_exchange_body(&exchange));
    assert_int_equal(json_array_size(rows), row != NULL ? 1 : 0);
    if (row == NULL)
        return;
    id_to_text(row, id);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "id")), id);
}

static void test_each_kind(void **state)
{
    (void) state;
    struct made out = make_case(TEST_EAST_ONE, today() - 1), in = make_case(TEST_WEST_ONE, today()),
                again = make_case(TEST_EAST_TWO, today()), gone = make_case(TEST_EAST_ONE, today()),
                one = make_case(TEST_EAST_ONE, today()), other = make_case(TEST_EAST_ONE, today()),
                dated = make_case(TEST_EAST_ONE, today() - 40), old = make_case(TEST_EAST_ONE, today() - 2);
    (void) old; /* as it was */
    test.now += INSTANT_DAY;
    struct made       fresh = make_case(TEST_EAST_ONE, today()), late = make_case(TEST_EAST_TWO, today() - 3);
    struct model_case value = blank();
    (void) make_case(TEST_OTHER, today());
    move_case(out.illness, TEST_WEST_ONE);
    move_case(in.illness, TEST_EAST_ONE);
    value.classification = text("confirmed");
    change_case(again.illness, model_case_classification, value);
    value = blank();
    value.received_date = today() - 2;
    change_case(dated.illness, model_case_received_date, value);
    erase_case(gone.illness);
    merge(one.person, other.person);

    json_t *json = ask(TEST_EAST, "&disease=measles", 200);
    assert_int_equal(json_integer_value(json_object_get(json, "then")), 6);
    assert_int_equal(json_integer_value(json_object_get(json, "now")), 8);
    hold(json, "new", 1, &fresh.illness);
    hold(json, "late", 1, &late.illness);
    hold(json, "moved-in", 1, &in.illness);
    hold(json, "moved-out", 1, &out.illness);
    hold(json, "redated", 1, &dated.illness);
    hold(json, "reclassified", 1, &again.illness);
    hold(json, "merged", 1, &one.illness);
    hold(json, "erased", 1, NULL);
    json_t *row = json_array_get(json_object_get(kind_of(json, "reclassified"), "rows"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "classification")), "confirmed");
    assert_string_equal(json_string_value(json_object_get(row, "classification_before")), "suspected");
    json_decref(json);
    json = ask(TEST_COUNTY, "", 200); /* moved within it: nothing that its number tells */
    hold(json, "moved-in", 0, NULL);
    hold(json, "moved-out", 0, NULL);
    hold(json, "erased", 1, NULL);
    json_decref(json);
    json = ask(TEST_COUNTY, "&disease=cholera", 200);
    assert_int_equal(json_integer_value(json_object_get(json, "now")), 0);
    hold(json, "new", 0, NULL);
    json_decref(json);
}

static void hold_figure(const char *figure, int then, int now, const struct id *restated)
{
    char more[80];
    snprintf(more, sizeof more, "&figure=%s", figure);
    json_t *json = ask(TEST_EAST, more, 200);
    assert_int_equal(json_integer_value(json_object_get(json, "then")), then);
    assert_int_equal(json_integer_value(json_object_get(json, "now")), now);
    hold(json, "restated", restated != NULL, restated);
    json_decref(json);
}

/* Of a figure count the cases that it tells: one comes to it, or leaves it, when that is recorded otherwise. */
static void test_figures(void **state)
{
    (void) state;
    struct model_case value = blank();
    struct made       dead = make_case(TEST_EAST_ONE, today()), found = make_case(TEST_EAST_ONE, today()),
                known = make_case(TEST_EAST_TWO, today());
    value.found_by = text("sought-care");
    change_case(found.illness, model_case_found_by, value);
    change_case(dead.illness, model_case_found_by, value);
    change_case(known.illness, model_case_found_by, value);
    value = blank();
    value.origin = text("unknown");
    change_case(known.illness, model_case_origin, value);
    value.origin = text("local");
    change_case(found.illness, model_case_origin, value);
    change_case(dead.illness, model_case_origin, value);
    test.now += INSTANT_DAY;
    hold_figure("received", 3, 3, NULL);
    hold_figure("died", 0, 0, NULL);
    change_case(known.illness, model_case_origin, value);
    value = blank();
    value.outcome = text("died-of-disease");
    change_case(dead.illness, model_case_outcome, value);
    value = blank();
    value.found_by = text("contact-in-quarantine");
    change_case(found.illness, model_case_found_by, value);
    hold_figure("received", 3, 3, NULL);
    hold_figure("died", 0, 1, &dead.illness);
    hold_figure("source-unknown", 1, 0, &known.illness);
    hold_figure("not-quarantined", 3, 2, &found.illness);
    move_case(dead.illness, TEST_WEST_ONE); /* who never counted here among the dead */
    hold_figure("died", 0, 0, NULL);
    hold_figure("not-quarantined", 3, 1, &found.illness);
    (void) ask(TEST_EAST, "&figure=tall", 422);
}

/* As known at the end of an earlier day: what came later is not in it. */
static void test_an_earlier_day(void **state)
{
    (void) state;
    char        asof[40] = "&asof=";
    struct made early = make_case(TEST_EAST_ONE, today());
    date_to_text(today(), DATE_FORM_DAY, asof + strlen(asof));
    test.now += INSTANT_DAY;
    move_case(early.illness, TEST_WEST_ONE);
    json_t *json = ask(TEST_EAST, asof, 200);
    assert_int_equal(json_integer_value(json_object_get(json, "now")), 1);
    hold(json, "new", 1, &early.illness);
    hold(json, "moved-out", 0, NULL);
    json_decref(json);
}

/* A case that was moved out of the grant is counted, and no row tells which it was. */
static void test_rows_need_the_grant(void **state)
{
    (void) state;
    struct made out = make_case(TEST_EAST_ONE, today());
    test.now += INSTANT_DAY;
    move_case(out.illness, TEST_OTHER);
    json_t *json = ask(TEST_COUNTY, "", 200);
    hold(json, "moved-out", 1, NULL);
    json_decref(json);
    (void) ask(TEST_OTHER, "", 404);
    (void) ask(TEST_COUNTY, "&from=2024-01-01&to=2026-01-01", 422);
    (void) ask(TEST_COUNTY, "&from=2024-01-02&to=2024-01-01", 422);
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("each kind of change", test_each_kind),
        BOTH("figures", test_figures),
        BOTH("an earlier day", test_an_earlier_day),
        BOTH("rows need the grant", test_rows_need_the_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
