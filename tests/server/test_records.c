/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records and lists as the API serves them: created once, read with their version, changed on a condition, erased. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date_text.h"
#include "server/route.h"
#include "support/exchange.h"
#include "support/test.h"

enum { PERSONS = 12 };
static struct test_store     test;
static struct people_sample *samples;
static struct access         access;
static struct caller         caller;

static int fill(bool postgresql)
{
    test_store_open(&test, postgresql);
    samples = calloc(PERSONS, sizeof *samples);
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
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
    test_exchange_as(NULL);
    free(samples);
    test_store_close(&test);
    return 0;
}

/* ---- asking ---- */

struct headers {
    const char *key, *match;
};

static struct exchange *send(enum http_method method, const char *path, const char *body, struct headers headers)
{
    static struct exchange exchange;
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    if (headers.key != NULL)
        test_exchange_header(&exchange, "idempotency-key", headers.key);
    if (headers.match != NULL)
        test_exchange_header(&exchange, "if-match", headers.match);
    (void) exchange_call(&exchange);
    return &exchange;
}

static struct exchange *get(const char *path)
{
    return send(HTTP_GET, path, NULL, (struct headers){ NULL, NULL });
}

/* The answer's body; the test gives it back. */
static json_t *json_of(struct exchange *exchange, int status)
{
    json_error_t error;
    if (exchange->answer.status != status)
        fail_msg("%d instead of %d: %s", exchange->answer.status, status, test_exchange_body(exchange));
    json_t *json = json_loads(test_exchange_body(exchange), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(json);
    return json;
}

static void expect(struct exchange *exchange, int status)
{
    if (exchange->answer.status != status)
        fail_msg("%d instead of %d: %s", exchange->answer.status, status, test_exchange_body(exchange));
}

static const char *string_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "(none)";
}

static const char *path_of(const char *record, const struct id *id)
{
    static char path[128];
    char        text[ID_TEXT_BYTES];
    id_to_text(id, text);
    snprintf(path, sizeof path, "/api/v1/%s/%s", record, text);
    return path;
}

static const char *case_body(const char *extra)
{
    static char body[600];
    char        person[ID_TEXT_BYTES], area[ID_TEXT_BYTES];
    id_to_text(&samples[0].person.head.id, person);
    id_to_text(&test.areas[TEST_EAST], area);
    snprintf(body, sizeof body,
             "{\"person\":\"%s\",\"disease\":\"measles\",\"responsible_area\":\"%s\",\"classification\":\"suspected\","
             "\"received_date\":\"2024-10-01\"%s}",
             person, area, extra);
    return body;
}

/* ---- one record ---- */

static void test_created_once_and_read_back(void **state)
{
    (void) state;
    struct exchange *answer = send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ "first", NULL });
    json_t          *written = json_of(answer, 201);
    char             location[128];
    snprintf(location, sizeof location, "%s", test_exchange_answer_header(answer, "Location"));
    assert_string_equal(location + strlen("/api/v1/cases/"), string_at(written, "id"));
    assert_string_equal(test_exchange_answer_header(answer, "ETag"), "\"1\"");
    json_t *read = json_of(get(location), 200);
    assert_string_equal(string_at(read, "id"), string_at(written, "id"));
    assert_string_equal(string_at(read, "disease"), "measles");
    assert_string_equal(string_at(read, "received_date"), "2024-10-01");
    /* the same key again: the same status and id, and no second record */
    int64_t before = test_store_number(&test, "SELECT count(*) FROM \"case\"");
    json_t *again = json_of(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ "first", NULL }), 201);
    assert_true(json_equal(again, written));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM \"case\""), before);
    /* another key is another record, and the key at another path is another key */
    json_t *other = json_of(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ "second", NULL }), 201);
    assert_string_not_equal(string_at(other, "id"), string_at(written, "id"));
    char area[ID_TEXT_BYTES], body[100];
    id_to_text(&test.areas[TEST_EAST], area);
    snprintf(body, sizeof body, "{\"area\":\"%s\"}", area);
    json_t *person = json_of(send(HTTP_POST, "/api/v1/persons", body, (struct headers){ "first", NULL }), 201);
    assert_string_not_equal(string_at(person, "id"), string_at(written, "id"));
    json_decref(person);
    json_decref(other);
    json_decref(again);
    json_decref(read);
    json_decref(written);
}

static void test_the_id_may_be_the_senders(void **state)
{
    (void) state;
    static const char id[] = "0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    char              extra[80];
    snprintf(extra, sizeof extra, ",\"id\":\"%s\"", id);
    json_t *written = json_of(send(HTTP_POST, "/api/v1/cases", case_body(extra), (struct headers){ "own", NULL }), 201);
    assert_string_equal(string_at(written, "id"), id);
    expect(send(HTTP_POST, "/api/v1/cases", case_body(extra), (struct headers){ "later", NULL }), 409);
    json_decref(written);
}

static void test_a_create_without_a_key_is_refused(void **state)
{
    (void) state;
    expect(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ NULL, NULL }), 428);
    expect(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ "", NULL }), 422);
    expect(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ "a b", NULL }), 422);
    char key[130];
    memset(key, 'k', sizeof key);
    key[128] = '\0';
    expect(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ key, NULL }), 201);
    key[128] = 'k';
    key[129] = '\0';
    expect(send(HTTP_POST, "/api/v1/cases", case_body(""), (struct headers){ key, NULL }), 422);
}

static void test_every_fault_of_a_body_is_told(void **state)
{
    (void) state;
    json_t *problem = json_of(send(HTTP_POST, "/api/v1/cases",
                                   case_body(",\"onset_date\":\"2026-13-01\",\"onset_dat\":1,\"religion\":\"x\""),
                                   (struct headers){ "faults", NULL }),
                              422);
    json_t *faults = json_object_get(problem, "faults");
    assert_int_equal(json_array_size(faults), 3);
    assert_string_equal(string_at(json_array_get(faults, 0), "where"), "/onset_date");
    assert_string_equal(string_at(json_array_get(faults, 2), "where"), "/religion");
    json_decref(problem);
    expect(send(HTTP_POST, "/api/v1/cases", "{", (struct headers){ "torn", NULL }), 422);
    expect(send(HTTP_POST, "/api/v1/cases", "", (struct headers){ "empty", NULL }), 422);
    expect(send(HTTP_POST, "/api/v1/cases", "[]", (struct headers){ "array", NULL }), 422);
}

static void test_a_change_names_the_version_it_is_of(void **state)
{
    (void) state;
    const char *path = path_of("cases", &samples[1].illness.head.id);
    char        kept[128];
    snprintf(kept, sizeof kept, "%s", path);
    static const char body[] = "{\"severity\":\"mild\",\"outcome\":null}";
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, NULL }), 428);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, "1" }), 422);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, "*" }), 422);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, "W/\"1\"" }), 422);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, "\"2\"" }), 412);
    struct exchange *answer = send(HTTP_PATCH, kept, body, (struct headers){ NULL, "\"1\"" });
    expect(answer, 200);
    assert_string_equal(test_exchange_answer_header(answer, "ETag"), "\"2\"");
    json_t *read = json_of(get(kept), 200);
    assert_string_equal(string_at(read, "severity"), "mild");
    assert_null(json_object_get(read, "outcome"));
    assert_int_equal(json_integer_value(json_object_get(read, "version")), 2);
    json_decref(read);
    /* the same version again is of yesterday; the same key again is the same answer */
    expect(send(HTTP_PATCH, kept, body, (struct headers){ NULL, "\"1\"" }), 412);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ "once", "\"2\"" }), 200);
    expect(send(HTTP_PATCH, kept, body, (struct headers){ "once", "\"2\"" }), 200);
    expect(
        send(HTTP_PATCH, kept, "{\"id\":\"0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee\"}", (struct headers){ NULL, "\"3\"" }),
        422);
    expect(send(HTTP_PATCH, kept, "{\"disease\":\"plague\"}", (struct headers){ NULL, "\"3\"" }), 422); /* fixed */
}

static void test_as_it_was_known(void **state)
{
    (void) state;
    char path[200], before[INSTANT_TEXT_BYTES];
    instant_to_text(test.now, before);
    test.now += INSTANT_DAY;
    snprintf(path, sizeof path, "%s", path_of("cases", &samples[2].illness.head.id));
    expect(send(HTTP_PATCH, path, "{\"classification\":\"not-a-case\"}", (struct headers){ NULL, "\"1\"" }), 200);
    size_t length = strlen(path);
    snprintf(path + length, sizeof path - length, "?asof=%s", before);
    json_t *past = json_of(get(path), 200);
    assert_int_equal(json_integer_value(json_object_get(past, "version")), 1);
    json_decref(past);
    snprintf(path + length, sizeof path - length, "?asof=2001-01-01T00:00:00Z");
    expect(get(path), 404);
    snprintf(path + length, sizeof path - length, "?asof=yesterday");
    expect(get(path), 422);
    snprintf(path + length, sizeof path - length, "?as_of=%s", before);
    expect(get(path), 422);
}

static void test_erased_is_gone(void **state)
{
    (void) state;
    char path[128];
    snprintf(path, sizeof path, "%s", path_of("cases", &samples[3].illness.head.id));
    expect(send(HTTP_DELETE, path, NULL, (struct headers){ NULL, NULL }), 403); /* not by whoever may write it */
    access.role = ACCESS_DATA_MANAGER;
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    expect(send(HTTP_DELETE, path, NULL, (struct headers){ NULL, "\"9\"" }), 412);
    struct exchange *answer = send(HTTP_DELETE, path, NULL, (struct headers){ NULL, NULL });
    expect(answer, 204);
    assert_int_equal(answer->answer.body.used, 0);
    expect(get(path), 404);
    expect(send(HTTP_DELETE, path, NULL, (struct headers){ NULL, NULL }), 404);
}

static void test_what_is_not_served_is_not_there(void **state)
{
    (void) state;
    expect(get("/api/v1/cases/no-such-id"), 404);
    expect(get("/api/v1/message-raws/0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee"), 404);
    expect(get("/api/v1/persons"), 405);    /* no list of persons */
    expect(get("/api/v1/identities"), 405); /* nor of who they are */
    expect(send(HTTP_POST, "/api/v1/areas", "{}", (struct headers){ "k", NULL }), 405);
    expect(send(HTTP_DELETE, path_of("grants", &samples[0].person.head.id), NULL, (struct headers){ NULL, NULL }), 405);
    expect(send(HTTP_PATCH, path_of("codes", &samples[0].person.head.id), "{}", (struct headers){ NULL, "\"1\"" }),
           405);
}

/* ---- lists ---- */

/* Walk a list page by page; how many rows it has. */
static size_t walk(const char *query, size_t most_pages)
{
    char   path[2048];
    size_t rows = 0;
    snprintf(path, sizeof path, "/api/v1/cases?%s", query);
    for (size_t page = 0;; page++) {
        assert_in_range(page, 0, most_pages);
        json_t *json = json_of(get(path), 200);
        rows += json_array_size(json_object_get(json, "rows"));
        const json_t *next = json_object_get(json, "next");
        if (!json_is_string(next)) {
            json_decref(json);
            return rows;
        }
        snprintf(path, sizeof path, "/api/v1/cases?%s&after=%s", query, json_string_value(next));
        json_decref(json);
    }
}

static void test_pages_follow_one_another(void **state)
{
    (void) state;
    assert_int_equal(walk("page_size=5", 4), PERSONS);
    assert_int_equal(walk("page_size=1&sort=received_date&direction=ascending", PERSONS + 1), PERSONS);
    assert_int_equal(walk("sort=updated", 1), PERSONS);
}

static void test_totals_filters_and_areas(void **state)
{
    (void) state;
    char   path[300], area[ID_TEXT_BYTES], disease[80], day[DATE_TEXT_BYTES];
    size_t same = 0, there = 0, since = 0;
    memcpy(disease, samples[0].illness.disease.bytes, samples[0].illness.disease.size);
    disease[samples[0].illness.disease.size] = '\0';
    date_to_text(samples[0].illness.received_date, DATE_FORM_DAY, day);
    for (int i = 0; i < PERSONS; i++) {
        const struct model_case *illness = &samples[i].illness;
        same +=
            illness->disease.size == strlen(disease) && memcmp(illness->disease.bytes, disease, strlen(disease)) == 0;
        there += id_equal(&illness->responsible_area, &test.areas[TEST_WEST_ONE]);
        since += illness->received_date >= samples[0].illness.received_date;
    }
    json_t *json = json_of(get("/api/v1/cases?total=true&page_size=1"), 200);
    assert_int_equal(json_integer_value(json_object_get(json, "total")), PERSONS);
    assert_int_equal(json_array_size(json_object_get(json, "rows")), 1);
    json_decref(json);
    snprintf(path, sizeof path, "/api/v1/cases?disease=%s&total=true", disease);
    json = json_of(get(path), 200);
    assert_int_equal(json_integer_value(json_object_get(json, "total")), same);
    assert_int_equal(json_array_size(json_object_get(json, "rows")), same);
    json_decref(json);
    id_to_text(&test.areas[TEST_WEST], area);
    snprintf(path, sizeof path, "/api/v1/cases?area=%s", area);
    json = json_of(get(path), 200);
    assert_int_equal(json_array_size(json_object_get(json, "rows")), there);
    json_decref(json);
    snprintf(path, sizeof path, "/api/v1/cases?received_date.from=%s", day);
    json = json_of(get(path), 200);
    assert_int_equal(json_array_size(json_object_get(json, "rows")), since);
    json_decref(json);
    json = json_of(get("/api/v1/cases?sex=female&total=true"), 200); /* not a dimension: not known, not guessed */
    assert_true(json_is_null(json_object_get(json, "total")));
    json_decref(json);
}

static void test_what_a_list_is_not_asked(void **state)
{
    (void) state;
    static const char *const queries[] = { "page_size=0",
                                           "page_size=201",
                                           "sort=note",
                                           "direction=up",
                                           "after=x",
                                           "diseases=measles",
                                           "onset_date=2024-01-01",
                                           "onset_date.from=today",
                                           "disease=a&disease=b",
                                           "total=1",
                                           "name=x",
                                           "area=county" };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char path[200];
        snprintf(path, sizeof path, "/api/v1/cases?%s", queries[i]);
        expect(get(path), 422);
    }
    expect(get("/api/v1/cases?page_size=1"), 200);
    expect(get("/api/v1/cases?page_size=200"), 200);
}

static void test_names_only_for_a_purpose(void **state)
{
    (void) state;
    int64_t       before = test_store_number(&test, "SELECT count(*) FROM audit_reading");
    json_t       *json = json_of(get("/api/v1/cases?page_size=3"), 200);
    const json_t *row = json_array_get(json_object_get(json, "rows"), 0);
    assert_null(json_object_get(row, "name"));
    json_decref(json);
    json = json_of(get("/api/v1/cases?page_size=3&identities=true"), 200);
    size_t  names = 0, i;
    json_t *one;
    json_array_foreach (json_object_get(json, "rows"), i, one)
        names += json_object_get(one, "name") != NULL;
    assert_int_equal(names, 3);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit_reading"), before + 3);
    json_decref(json);
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    expect(get("/api/v1/cases?page_size=3&identities=true"), 403);
}

/* ---- searches ---- */

static void test_persons_are_found_by_post_alone(void **state)
{
    (void) state;
    json_t *body = json_object();
    json_object_set_new(body, "typed", json_stringn(samples[4].identity.name.bytes, samples[4].identity.name.size));
    char   *text = json_dumps(body, JSON_COMPACT);
    json_t *found = json_of(send(HTTP_POST, "/api/v1/persons/search", text, (struct headers){ NULL, NULL }), 200);
    size_t  num = json_array_size(json_object_get(found, "persons"));
    assert_in_range(num, 1, PERSONS);
    json_decref(found);
    found = json_of(send(HTTP_POST, "/api/v1/persons/prefix", text, (struct headers){ NULL, NULL }), 200);
    assert_in_range(json_array_size(json_object_get(found, "persons")), 1, PERSONS);
    json_decref(found);
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    expect(send(HTTP_POST, "/api/v1/persons/search", text, (struct headers){ NULL, NULL }), 403);
    expect(get("/api/v1/persons/search"), 405);
    json_t *problem = json_of(
        send(HTTP_POST, "/api/v1/persons/search", "{\"name\":\"x\",\"area\":1}", (struct headers){ NULL, NULL }), 422);
    assert_int_equal(json_array_size(json_object_get(problem, "faults")), 3);
    json_decref(problem);
    free(text);
    json_decref(body);
}

static void test_areas_are_found_by_their_words(void **state)
{
    (void) state;
    struct access     program = test_program();
    struct model_area area;
    struct model_set  given = { { 0 } };
    model_init(model_record(MODEL_AREA), &area);
    area.head.id = test.areas[TEST_EAST];
    area.name_en = (struct model_text){ "Pine Valley", 11 };
    model_set_add(&given, model_area_name_en);
    struct store_change change = {
        .verb = STORE_CHANGE, .record = model_record(MODEL_AREA), .value = &area, .given = given
    };
    struct store_request request = { .verb = "change", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    json_t *found =
        json_of(send(HTTP_POST, "/api/v1/search", "{\"typed\":\"valley\"}", (struct headers){ NULL, NULL }), 200);
    size_t  rows = 0, i;
    json_t *one;
    json_array_foreach (json_object_get(found, "found"), i, one)
        rows += json_array_size(json_object_get(one, "rows"));
    assert_int_equal(rows, 1);
    json_decref(found);
    found = json_of(
        send(HTTP_POST, "/api/v1/search", "{\"typed\":\"pine\",\"record\":\"area\"}", (struct headers){ NULL, NULL }),
        200);
    const json_t *row = json_array_get(json_object_get(json_array_get(json_object_get(found, "found"), 0), "rows"), 0);
    assert_string_equal(string_at(row, "name_en"), "Pine Valley");
    json_decref(found);
    expect(
        send(HTTP_POST, "/api/v1/search", "{\"typed\":\"pine\",\"record\":\"person\"}", (struct headers){ NULL, NULL }),
        422);
    expect(send(HTTP_POST, "/api/v1/search", "{\"typed\":\"\"}", (struct headers){ NULL, NULL }), 422);
}

/* ---- counts ---- */

static const char *counts_path(const char *what, enum test_area area, const char *more)
{
    static char path[4000];
    char        id[ID_TEXT_BYTES];
    id_to_text(&test.areas[area], id);
    snprintf(path, sizeof path, "/api/v1/%s?area=%s&%s", what, id, more);
    return path;
}

static int64_t sum_of(const json_t *json)
{
    int64_t sum = 0;
    size_t  i;
    json_t *point;
    json_array_foreach (json_object_get(json, "points"), i, point)
        sum += json_integer_value(json_object_get(point, "count"));
    return sum;
}

static void test_counts_by_day_and_week(void **state)
{
    (void) state;
    static const char by_day[] = "counter=case_by_received&from=2020-01-01&to=2024-12-31";
    static const char by_week[] = "counter=case_by_received&from=2020-01-01&to=2024-12-31&by=week";
    static const char mmwr[] = "counter=case_by_received&from=2020-01-01&to=2024-12-31&by=week&weeks=mmwr";
    json_t           *days = json_of(get(counts_path("counts", TEST_COUNTY, by_day)), 200);
    json_t           *weeks = json_of(get(counts_path("counts", TEST_COUNTY, by_week)), 200);
    json_t           *others = json_of(get(counts_path("counts", TEST_COUNTY, mmwr)), 200);
    assert_int_equal(sum_of(days), PERSONS);
    assert_int_equal(sum_of(weeks), PERSONS);
    assert_int_equal(sum_of(others), PERSONS);
    assert_int_equal(json_array_size(json_object_get(days, "points")), 1827);
    /* 2020-01-01 is a Wednesday: ISO week 1 begins on Monday the 30th, MMWR week 1 on Sunday the 29th */
    assert_string_equal(string_at(json_array_get(json_object_get(weeks, "points"), 0), "at"), "2020-W01");
    assert_string_equal(string_at(weeks, "from"), "2019-12-30");
    assert_string_equal(string_at(json_array_get(json_object_get(others, "points"), 0), "at"), "2020-W01");
    assert_string_equal(string_at(others, "from"), "2019-12-29");
    /* 2020 has 53 weeks in both, and the next year's first day lies in the last of them */
    assert_string_equal(string_at(json_array_get(json_object_get(weeks, "points"), 52), "at"), "2020-W53");
    assert_string_equal(string_at(json_array_get(json_object_get(others, "points"), 52), "at"), "2020-W53");
    json_decref(days);
    json_decref(weeks);
    json_decref(others);
    json_t *before = json_of(get(counts_path("counts", TEST_COUNTY,
                                             "counter=case_by_received&from=2020-01-01&to=2024-12-31&asof=2024-10-03")),
                             200);
    assert_int_equal(sum_of(before), 0); /* the store's clock stands on 2024-10-04 */
    json_decref(before);
}

static void test_a_table_of_weeks_has_its_zeros(void **state)
{
    (void) state;
    struct exchange *answer = get(counts_path("counts/weeks", TEST_COUNTY,
                                              "counter=case_by_received&from=2024-01-01&to=2024-10-06&disease=measles,"
                                              "no-such-disease"));
    expect(answer, 200);
    const char *at = test_exchange_body(answer);
    size_t      lines = 0;
    assert_memory_equal(at, "week,area,area_code,rest,disease,count\n2024-W01,", 48);
    for (; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1 + 40 * 3 * 2); /* 40 weeks; east, west, the rest; two diseases */
    expect(get(counts_path("counts/weeks", TEST_COUNTY, "from=2024-01-01&to=2024-10-06")), 422); /* no lists here */
}

static int64_t counted(const char *codes)
{
    char more[240];
    snprintf(more, sizeof more, "counter=case_by_received&from=2020-01-01&to=2024-12-31&%s", codes);
    json_t *json = json_of(get(counts_path("counts", TEST_COUNTY, more)), 200);
    int64_t sum = sum_of(json);
    json_decref(json);
    return sum;
}

static int64_t counted_of(const struct model_case *one, const char *diseases, const char *classifications)
{
    char codes[200];
    snprintf(codes, sizeof codes, "disease=%s&classification=%.*s%s", diseases, (int) one->classification.size,
             one->classification.bytes, classifications);
    return counted(codes);
}

/* Codes with commas between them are added up, in each dimension; one that is said twice counts once. */
static void test_counts_of_several_codes(void **state)
{
    (void) state;
    const struct model_case *one = &samples[0].illness;
    char                     first[40], second[40] = "", both[100], codes[200];
    snprintf(first, sizeof first, "%.*s", (int) one->disease.size, one->disease.bytes);
    for (size_t i = 1; i < PERSONS && (second[0] == '\0' || strcmp(second, first) == 0); i++)
        snprintf(second, sizeof second, "%.*s", (int) samples[i].illness.disease.size,
                 samples[i].illness.disease.bytes);
    snprintf(both, sizeof both, "%.30s,%.30s,%.30s", first, second, first);
    assert_string_not_equal(first, second);
    int64_t alone = 0;
    for (size_t i = 0; i < 2; i++) {
        snprintf(codes, sizeof codes, "disease=%s", i == 0 ? first : second);
        assert_true(counted(codes) > 0);
        alone += counted(codes);
    }
    snprintf(codes, sizeof codes, "disease=%s", both);
    assert_int_equal(counted(codes), alone);
    assert_true(counted_of(one, first, "") > 0);
    assert_int_equal(counted_of(one, both, ""), counted_of(one, first, "") + counted_of(one, second, ""));
    assert_int_equal(counted_of(one, both, ",no-such"), counted_of(one, both, ""));
    assert_int_equal(counted_of(one, both, ","), counted_of(one, both, "")); /* a comma at the end says nothing */
    expect(get(counts_path("counts", TEST_COUNTY, "from=2024-01-01&to=2024-01-02&disease=,,")), 200);

    char   many[3000] = "from=2024-01-01&to=2024-01-02&disease=x";
    size_t used = strlen(many);
    for (int i = 0; i < 256; i++)
        used += (size_t) snprintf(many + used, sizeof many - used, ",%d", i);
    expect(get(counts_path("counts", TEST_COUNTY, many)), 422);
}

static void test_counts_of_the_areas_below(void **state)
{
    (void) state;
    static const char days[] = "counter=case_by_received&from=2024-01-01&to=2024-10-06";
    json_t           *whole = json_of(get(counts_path("counts", TEST_COUNTY, days)), 200);
    json_t           *json = json_of(get(counts_path("counts/areas", TEST_COUNTY, days)), 200);
    json_t           *rows = json_object_get(json, "rows"), *row;
    int64_t           sum = 0;
    size_t            i;
    json_array_foreach (rows, i, row) {
        const char *area = json_string_value(json_object_get(row, "area"));
        char        path[256];
        snprintf(path, sizeof path, "/api/v1/counts?area=%s&%s", area, days);
        json_t *one = json_of(get(path), 200);
        assert_int_equal(json_integer_value(json_object_get(row, "count")), sum_of(one));
        sum += sum_of(one);
        json_decref(one);
    }
    assert_int_equal(json_array_size(rows), 2); /* east and west */
    assert_int_equal(json_integer_value(json_object_get(json, "total")), sum_of(whole));
    assert_true(sum > 0 && sum <= sum_of(whole));
    expect(get(counts_path("counts/areas", TEST_PROVINCE, days)), 404); /* above the grant */
    json_decref(json);
    json_decref(whole);
}

static json_t *areas_of(json_t *answer, const char *name, size_t num)
{
    json_t *areas = json_object_get(answer, name);
    assert_int_equal(json_array_size(areas), num);
    return areas;
}

static const char *id_of_area(json_t *figures)
{
    return json_string_value(json_object_get(json_object_get(figures, "area"), "id"));
}

static void test_an_area_and_what_lies_around_it(void **state)
{
    (void) state;
    char county[ID_TEXT_BYTES], province[ID_TEXT_BYTES], path[256];
    id_to_text(&test.areas[TEST_COUNTY], county);
    id_to_text(&test.areas[TEST_PROVINCE], province);
    snprintf(path, sizeof path, "/api/v1/areas/%s/below", county);
    json_t *json = json_of(get(path), 200), *here = json_object_get(json, "here");
    assert_string_equal(id_of_area(json_array_get(areas_of(json, "above", 1), 0)), province);
    assert_string_equal(id_of_area(here), county);
    assert_int_equal(json_integer_value(json_object_get(here, "num_below")), 2);
    assert_true(json_is_null(json_object_get(here, "people"))); /* no population was loaded */
    assert_null(json_object_get(here, "outline"));              /* not asked for */
    areas_of(json, "below", 2);
    json_decref(json);

    snprintf(path, sizeof path, "/api/v1/areas/%s/below?detail=0", province); /* areas are open: above the grant too */
    json = json_of(get(path), 200);
    assert_true(json_is_null(json_object_get(json_object_get(json, "here"), "outline")));
    json_decref(json);
    json = json_of(get("/api/v1/areas"), 200);
    assert_string_equal(id_of_area(json_array_get(json_object_get(json, "tops"), 0)), province);
    json_decref(json);
    expect(get("/api/v1/areas/0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee/below"), 404);
    snprintf(path, sizeof path, "/api/v1/areas/%s/below?detail=3", county);
    expect(get(path), 422);
}

static void test_the_triangle_adds_up(void **state)
{
    (void) state;
    json_t *json = json_of(
        get(counts_path("triangle", TEST_COUNTY, "counter=case_by_received&from=2023-01-01&to=2024-12-31&max_delay=7")),
        200);
    int64_t sum = 0;
    size_t  day, delay;
    json_t *row, *cell;
    json_array_foreach (json_object_get(json, "cells"), day, row) {
        assert_int_equal(json_array_size(row), 8);
        json_array_foreach (row, delay, cell)
            sum += json_integer_value(cell);
    }
    json_t *days =
        json_of(get(counts_path("counts", TEST_COUNTY, "counter=case_by_received&from=2023-01-01&to=2024-12-31")), 200);
    assert_int_equal(sum, sum_of(days));
    json_decref(days);
    json_decref(json);
}

static void test_what_counts_are_not_asked(void **state)
{
    (void) state;
    static const char *const wrong[] = { "from=2024-01-01",
                                         "from=2024-02-01&to=2024-01-01",
                                         "from=1900-01-01&to=2026-01-01",
                                         "from=2024-01-01&to=2024-01-02&counter=x",
                                         "from=2024-01-01&to=2024-01-02&record=person",
                                         "from=2024-01-01&to=2024-01-02&grade=x",
                                         "from=2024-01-01&to=2024-01-02&by=month",
                                         "from=2024-01-01&to=2024-01-02&weeks=x" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(get(counts_path("counts", TEST_COUNTY, wrong[i])), 422);
    expect(get(counts_path("counts", TEST_PROVINCE, "from=2024-01-01&to=2024-01-02")), 404); /* above the grant */
    expect(get(counts_path("triangle", TEST_COUNTY, "from=2024-01-01&to=2024-01-02&max_delay=1001")), 422);
    expect(get(counts_path("triangle", TEST_COUNTY, "from=2024-01-01&to=2024-01-02&max_delay=1000")), 200);
    expect(get("/api/v1/counts?from=2024-01-01&to=2024-01-02"), 422);
}

static void test_the_model_says_what_the_caller_may(void **state)
{
    (void) state;
    json_t *json = json_of(get("/api/v1/model"), 200), *record;
    size_t  i, seen = 0;
    json_array_foreach (json_object_get(json, "records"), i, record) {
        bool is_user = strcmp(string_at(record, "name"), "user") == 0,
             is_case = strcmp(string_at(record, "name"), "case") == 0;
        if (is_user)
            assert_int_equal(json_array_size(json_object_get(record, "may")), 0);
        if (is_case)
            assert_int_equal(json_array_size(json_object_get(record, "may")), 3); /* not erase */
        seen += is_user || is_case;
    }
    assert_int_equal(seen, 2);
    json_decref(json);
}

#define TESTS(set_up)                                                                                                  \
    cmocka_unit_test_setup_teardown(test_created_once_and_read_back, set_up, empty),                                   \
        cmocka_unit_test_setup_teardown(test_the_id_may_be_the_senders, set_up, empty),                                \
        cmocka_unit_test_setup_teardown(test_a_create_without_a_key_is_refused, set_up, empty),                        \
        cmocka_unit_test_setup_teardown(test_every_fault_of_a_body_is_told, set_up, empty),                            \
        cmocka_unit_test_setup_teardown(test_a_change_names_the_version_it_is_of, set_up, empty),                      \
        cmocka_unit_test_setup_teardown(test_as_it_was_known, set_up, empty),                                          \
        cmocka_unit_test_setup_teardown(test_erased_is_gone, set_up, empty),                                           \
        cmocka_unit_test_setup_teardown(test_what_is_not_served_is_not_there, set_up, empty),                          \
        cmocka_unit_test_setup_teardown(test_pages_follow_one_another, set_up, empty),                                 \
        cmocka_unit_test_setup_teardown(test_totals_filters_and_areas, set_up, empty),                                 \
        cmocka_unit_test_setup_teardown(test_what_a_list_is_not_asked, set_up, empty),                                 \
        cmocka_unit_test_setup_teardown(test_names_only_for_a_purpose, set_up, empty),                                 \
        cmocka_unit_test_setup_teardown(test_persons_are_found_by_post_alone, set_up, empty),                          \
        cmocka_unit_test_setup_teardown(test_areas_are_found_by_their_words, set_up, empty),                           \
        cmocka_unit_test_setup_teardown(test_counts_by_day_and_week, set_up, empty),                                   \
        cmocka_unit_test_setup_teardown(test_a_table_of_weeks_has_its_zeros, set_up, empty),                           \
        cmocka_unit_test_setup_teardown(test_counts_of_several_codes, set_up, empty),                                  \
        cmocka_unit_test_setup_teardown(test_counts_of_the_areas_below, set_up, empty),                                \
        cmocka_unit_test_setup_teardown(test_an_area_and_what_lies_around_it, set_up, empty),                          \
        cmocka_unit_test_setup_teardown(test_the_triangle_adds_up, set_up, empty),                                     \
        cmocka_unit_test_setup_teardown(test_what_counts_are_not_asked, set_up, empty),                                \
        cmocka_unit_test_setup_teardown(test_the_model_says_what_the_caller_may, set_up, empty)

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS(on_sqlite) };
    const struct CMUnitTest both[] = { TESTS(on_sqlite), TESTS(on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("records", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("records", sqlite, NULL, NULL);
}
