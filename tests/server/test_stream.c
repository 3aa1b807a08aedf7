/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How streams are watched, through the API: the same counts and alarms as the watch itself, within the caller's grant.
 */
#include <stdio.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "response/watch.h"
#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

enum { CASES = 4 };

static struct test_store test;
static struct access     access;
static struct caller     caller;
static struct id         stream, monthly;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void make_stream(struct model_stream *value, const char *code, const char *period)
{
    model_init(model_record(MODEL_STREAM), value);
    value->head.id = node_new_id(test.now);
    value->code = text(code);
    value->indicator = text("cases");
    value->disease = text("measles");
    value->area = test.areas[TEST_COUNTY];
    value->period = text(period);
    value->feed = text("counter");
    value->counter = text("case_by_onset");
    value->valid_from = (toc_date) (test.now / INSTANT_DAY) - 30;
}

/* CASES of measles in the east of the county, with onset yesterday; nothing before. */
static void make_cases(void)
{
    for (size_t i = 0; i < CASES; i++) {
        struct model_person person;
        struct model_case   value;
        struct access       program = test_program();
        struct store_change changes[] = {
            { .verb = STORE_CREATE, .record = model_record(MODEL_PERSON), .value = &person },
            { .verb = STORE_CREATE, .record = model_record(MODEL_CASE), .value = &value }
        };
        struct store_request request = { .verb = "create", .set = { changes, 2 } };
        model_init(changes[0].record, &person);
        model_init(changes[1].record, &value);
        person.head.id = node_new_id(test.now);
        person.area = test.areas[TEST_EAST_ONE];
        value.head.id = node_new_id(test.now);
        value.person = person.head.id;
        value.disease = text("measles");
        value.classification = text("suspected");
        value.responsible_area = test.areas[TEST_EAST_ONE];
        value.onset_date = (toc_date) (test.now / INSTANT_DAY) - 1;
        value.received_date = (toc_date) (test.now / INSTANT_DAY);
        assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    }
}

static int begin(bool postgresql)
{
    struct model_stream values[2];
    struct access       program;
    struct store_change changes[] = {
        { .verb = STORE_CREATE, .record = model_record(MODEL_STREAM), .value = &values[0] },
        { .verb = STORE_CREATE, .record = model_record(MODEL_STREAM), .value = &values[1] }
    };
    struct store_request request = { .verb = "create", .set = { changes, 2 } };
    test_store_open(&test, postgresql);
    program = test_program();
    make_stream(&values[0], "measles", "day");
    make_stream(&values[1], "measles-monthly", "month");
    stream = values[0].head.id;
    monthly = values[1].head.id;
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    make_cases();
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
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

static const char *get(const char *path, int status)
{
    static struct exchange exchange;
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, test_exchange_body(&exchange));
    return test_exchange_body(&exchange);
}

static const char *one(const struct id *id, const char *query, int status)
{
    char path[128], name[ID_TEXT_BYTES];
    id_to_text(id, name);
    snprintf(path, sizeof path, "/api/v1/watch/%s%s", name, query);
    return get(path, status);
}

/* Yesterday is over its threshold; today, which has not ended, is there too. */
static void test_series(void **state)
{
    (void) state;
    const char *body = one(&stream, "?steps=2", 200);
    assert_non_null(
        strstr(body, "\"count\":4,\"numerator\":null,\"denominator\":null,\"unstable\":false,\"expected\":0,"));
    assert_non_null(strstr(body, "\"over\":true"));
    assert_non_null(strstr(body, "\"count\":0,"));
    assert_non_null(strstr(body, "\"not_watched\":null"));
    assert_non_null(strstr(body, "\"method\":\"ears-c2\""));
    assert_null(strstr(strstr(body, "\"over\":true") + 1, "\"over\":true"));
    (void) one(&stream, "?steps=0", 422);
    (void) one(&stream, "?steps=401", 422);
}

static void test_all(void **state)
{
    (void) state;
    const char *body = get("/api/v1/watch", 200);
    assert_non_null(strstr(body, "\"newest\":0"));
    assert_non_null(strstr(body, "\"reporting\":null,\"reports\":[]"));
    assert_non_null(strstr(body, "only days and weeks are watched"));
}

/* What is not watched is there, without steps; what lies elsewhere, or is none, is not. */
static void test_who_may(void **state)
{
    (void) state;
    assert_non_null(strstr(one(&monthly, "", 200), "\"steps\":[]"));
    (void) one(&test.areas[TEST_COUNTY], "", 404);
    access.areas = &test.areas[TEST_OTHER];
    caller = test_caller_person(&access);
    (void) one(&stream, "", 404);
    assert_non_null(strstr(get("/api/v1/watch", 200), "\"streams\":[]"));
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = ACCESS_TRACER;
    caller = test_caller_person(&access);
    assert_null(strstr(get("/api/v1/watch", 403), "measles"));
}

/* A stream among health workers says so and how they are told; to a role that may not filter by it, why it has no
 * numbers, and all others as ever. */
static void test_among(void **state)
{
    struct model_stream value;
    (void) state;
    make_stream(&value, "measles-staff", "day");
    value.counter = text("case_by_received");
    value.among = text("health-workers");
    test_store_submit(&test, STORE_CREATE, MODEL_STREAM, &value, NULL, 0);
    const char *body = one(&value.head.id, "", 200);
    assert_non_null(strstr(body, "\"among\":\"health-workers\",\"only\":{\"field\":\"occupation\",\"codes\":["
                                 "\"health-worker\",\"laboratory-worker\"]}"));
    assert_non_null(strstr(body, "\"newest\":0"));
    assert_non_null(strstr(one(&stream, "", 200), "\"among\":null,\"only\":null"));
    access.role = ACCESS_ANALYST;
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    assert_non_null(strstr(one(&value.head.id, "", 200), "\"not_watched\":\"what tells whom it is among"));
    assert_non_null(strstr(one(&stream, "", 200), "\"not_watched\":null"));
    assert_non_null(strstr(get("/api/v1/watch", 200), "\"newest\":0"));
}

/* Two institutions of the county owe reports of cases every day; one has said that there were none yesterday. */
static void make_units(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct model_facility       facility;
        struct model_reporting_unit unit;
        struct model_unit_report    report;
        struct store_change         changes[] = {
                    { .verb = STORE_CREATE, .record = model_record(MODEL_FACILITY), .value = &facility },
                    { .verb = STORE_CREATE, .record = model_record(MODEL_REPORTING_UNIT), .value = &unit },
                    { .verb = STORE_CREATE, .record = model_record(MODEL_UNIT_REPORT), .value = &report },
        };
        struct access        program = test_program();
        struct store_request request = { .verb = "test", .set = { changes, i == 0 ? 3 : 2 } };
        for (size_t k = 0; k < 3; k++)
            model_init(changes[k].record, changes[k].value);
        facility.head.id = unit.facility = node_new_id(test.now);
        facility.code = unit.code = text(i == 0 ? "H1" : "H2");
        facility.name_en = text("Hospital");
        facility.kind = text("hospital");
        facility.area = unit.area = test.areas[i == 0 ? TEST_EAST : TEST_WEST];
        unit.head.id = report.unit = node_new_id(test.now);
        unit.report = text("zero-report");
        unit.period = text("day");
        unit.due_hours = 24;
        unit.missing_hours = 24;
        unit.valid_from = 19000;
        report.head.id = node_new_id(test.now);
        report.day = time_zone_day(test.now) - 1;
        report.number = 0;
        assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    }
}

static const char *completeness_of(const struct id *area, const char *more, int status)
{
    char path[160], name[ID_TEXT_BYTES];
    id_to_text(area, name);
    snprintf(path, sizeof path, "/api/v1/completeness?area=%s%s", name, more);
    return get(path, status);
}

static void test_completeness(void **state)
{
    char newest[80], day[DATE_TEXT_BYTES];
    (void) state;
    assert_string_equal(completeness_of(&test.areas[TEST_COUNTY], "", 200),
                        "{\"day\":{\"reporting\":null,\"reports\":[]},\"week\":{\"reporting\":null,\"reports\":[]}}");
    make_units();
    test.now += INSTANT_SECOND; /* one of yesterday is awaited for a day more, of the day before for none */
    date_to_text(time_zone_day(test.now) - 2, DATE_FORM_DAY, day);
    snprintf(newest, sizeof newest, "{\"day\":{\"reporting\":{\"day\":\"%s\",\"expected\":2,\"received\":0,", day);
    assert_non_null(strstr(completeness_of(&test.areas[TEST_COUNTY], "", 200), newest));
    date_to_text(time_zone_day(test.now) - 1, DATE_FORM_DAY, day);
    snprintf(newest, sizeof newest, "\"%s\",\"expected\":2,\"received\":1,\"in_time\":1,\"awaited\":1}", day);
    assert_non_null(strstr(completeness_of(&test.areas[TEST_COUNTY], "&disease=measles", 200), newest));
    snprintf(newest, sizeof newest,
             "{\"day\":{\"reporting\":{\"day\":\"%s\",\"expected\":1,\"received\":1,\"in_time\":1,", day);
    assert_non_null(strstr(completeness_of(&test.areas[TEST_EAST], "", 200), newest));
    (void) get("/api/v1/completeness", 422);
    (void) completeness_of(&stream, "", 404);
    access.areas = &test.areas[TEST_OTHER];
    caller = test_caller_person(&access);
    (void) completeness_of(&test.areas[TEST_COUNTY], "", 404);
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = ACCESS_TRACER;
    caller = test_caller_person(&access);
    (void) completeness_of(&test.areas[TEST_COUNTY], "", 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: completeness", test_completeness, on_sqlite, end, NULL },
        { "postgresql: completeness", test_completeness, on_postgresql, end, NULL },
        { "sqlite: series", test_series, on_sqlite, end, NULL },
        { "sqlite: all", test_all, on_sqlite, end, NULL },
        { "sqlite: who may", test_who_may, on_sqlite, end, NULL },
        { "sqlite: among some", test_among, on_sqlite, end, NULL },
        { "postgresql: series", test_series, on_postgresql, end, NULL },
        { "postgresql: all", test_all, on_postgresql, end, NULL },
        { "postgresql: who may", test_who_may, on_postgresql, end, NULL },
        { "postgresql: among some", test_among, on_postgresql, end, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
