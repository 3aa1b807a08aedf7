/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line lists over HTTP, on both databases: held until somebody has confirmed what the columns mean, then loaded; the
 * next needs nobody; what is bad is told by row and comes back as a file that comes in clean; nobody else is told. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "../response/intakes.h"
#include "formats/sheet/unpack.h"
#include "formats/spreadsheet.h"
#include "response/account.h"
#include "response/intake_work.h"
#include "support/exchange.h"

#define HEADER "case number,name,sex,disease,onset date\n"
#define LIST HEADER "1,Canary Anna,F,measles,2024-09-01\n2,Berta,Q,measles,2024-09-02\n3,Zita,F,measles,2024-02-30\n"

static struct test_store   test;
static struct model_lists *lists;
static struct intake      *intake;
static struct access       access;
static struct caller       caller;
static struct account_who  machine;
static struct exchange     exchange;
static struct model_feed   feed;
static char                feed_id[ID_TEXT_BYTES], path[200], id[ID_TEXT_BYTES];

static void as(enum access_role role, enum access_purpose purpose)
{
    access = test_epidemiologist(&test.areas[TEST_COUNTY]);
    access.role = role;
    access.purpose = purpose;
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
}

static void as_machine(const struct id *facility)
{
    access = (struct access){ .role = ACCESS_NO_ROLE };
    machine.token.facility = *facility;
    caller = test_caller_machine(&access);
    caller.who = &machine;
    test_exchange_as(&caller);
}

static const char *ask(enum http_method method, const char *where, const char *body, size_t size, int status)
{
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, where, NULL);
    exchange.intake = intake;
    exchange.body = body != NULL ? body : "";
    exchange.body_size = size;
    test_exchange_header(&exchange, "content-type",
                         strstr(where, "/mapping") != NULL ? "application/json" : "text/csv");
    (void) exchange_call(&exchange);
    const char *said = test_exchange_body(&exchange);
    if (exchange.answer.status != status && !(status == 200 && exchange.answer.status == 0))
        fail_msg("%s: %d instead of %d: %s", where, exchange.answer.status, status, said);
    return said;
}

static const char *upload(const char *text, int status)
{
    snprintf(path, sizeof path, "/api/v1/uploads?feed=%s", feed_id);
    const char *said = ask(HTTP_POST, path, text, strlen(text), status);
    const char *at = test_exchange_answer_header(&exchange, "Location");
    if (at != NULL)
        snprintf(id, sizeof id, "%s", at + strlen("/api/v1/uploads/"));
    return said;
}

static const char *about(const char *what, const char *body, int status)
{
    snprintf(path, sizeof path, "/api/v1/uploads/%s%s", id, what);
    return ask(body != NULL ? HTTP_POST : HTTP_GET, path, body, body != NULL ? strlen(body) : 0, status);
}

static void work(void)
{
    size_t num = 1;
    while (num > 0)
        assert_ok(intake_work(intake, test.reader, NULL, NULL, &num));
}

/* What was proposed. The caller frees it. */
static char *proposed(const char *said)
{
    json_t *answer = json_loads(said, 0, NULL);
    char   *mapping = json_dumps(json_object_get(answer, "mapping"), 0);
    json_decref(answer);
    return mapping;
}

static int begin(bool postgresql)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_user user;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, TEST_SHARE "lists", &faults));
    fault_list_free(&faults);
    test_store_open(&test, postgresql);
    test.options.lists = lists;
    test_store_reopen(&test);
    model_init(model_record(MODEL_USER), &user);
    user.head.id = test_epidemiologist(&test.areas[TEST_COUNTY]).user;
    user.login = test_text("dolma");
    user.name = test_text("Dolma");
    test_create(&test, MODEL_USER, &user);
    intake = test_intake_open(&test);
    feed = test_feed(&test, "live");
    feed.channel = test_text("upload");
    test_create(&test, MODEL_FEED, &feed);
    id_to_text(&feed.head.id, feed_id);
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
    exchange = (struct exchange){ 0 };
    test_exchange_as(NULL);
    intake_close(intake);
    test_store_close(&test);
    model_lists_free(lists);
    return 0;
}

#define assert_has(text, part)                                                                                         \
    do {                                                                                                               \
        if (strstr(text, part) == NULL)                                                                                \
            fail_msg("no %s in %s", part, text);                                                                       \
    } while (0)

static int64_t number(const char *sql)
{
    return test_store_number(&test, sql);
}

static void test_confirmed_once(void **state)
{
    (void) state;
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    const char *said = upload(LIST, 201);
    assert_has(said, "\"verdict\":\"held\"");
    assert_has(said, "\"confirmed\":false");
    char *mapping = proposed(said);
    work();
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 0);
    assert_int_equal(number("SELECT count(*) FROM message_part"), 2);
    assert_has(about("/mapping", "{\"columns\":[{\"header\":\"name\",\"field\":\"nonsense\"}]}", 422),
               "a field that there is not");
    assert_has(about("/mapping", mapping, 200), "\"verdict\":\"received\"");
    (void) about("/mapping", mapping, 412); /* it is not held any more */
    work();
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 1);
    assert_int_equal(number("SELECT count(*) FROM message_part"), 0);
    said = about("", NULL, 200);
    assert_has(said, "\"verdict\":\"accepted-with-faults\"");
    assert_has(said, "\"rows\":{\"waiting\":0,\"accepted\":1,\"accepted_with_faults\":0,\"held\":0,\"rejected\":2}");
    assert_has(said, "{\"row\":3,\"reason\":\"row 3, column C (sex): is not in the table of values\"}");
    assert_null(strstr(said, "Berta"));
    assert_has(upload(HEADER "4,Dora,F,measles,2024-09-04\n", 201), "\"verdict\":\"received\"");
    work();
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 2);
    assert_has(upload(LIST, 201), "\"repeats\":true");
    free(mapping);
}

static void test_what_is_bad_comes_back(void **state)
{
    (void) state;
    char errors[2000];
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    char *mapping = proposed(upload(LIST, 201));
    (void) about("/mapping", mapping, 200);
    work();
    int64_t audited = number("SELECT count(*) FROM audit WHERE verb = 'read file of errors'");
    snprintf(errors, sizeof errors, "%s", about("/errors", NULL, 200));
    assert_int_equal(number("SELECT count(*) FROM audit WHERE verb = 'read file of errors'"), audited + 1);
    assert_has(errors, "\"case number\",\"name\",\"sex\",\"disease\",\"onset date\",tocsin_row,tocsin_errors\n");
    assert_has(errors, "\n\"2\",\"Berta\",\"Q\",\"measles\",\"2024-09-02\",\"");
    assert_has(errors, "C sex: is not in the table of values");
    *strchr(strstr(errors, "\"Q\"") + 1, 'Q') = 'M';
    memcpy(strstr(errors, "2024-02-30"), "2024-09-03", 10);
    assert_has(upload(errors, 201), "\"verdict\":\"received\"");
    work();
    assert_has(about("", NULL, 200), "\"accepted\":2,\"accepted_with_faults\":0,\"held\":0,\"rejected\":0");
    assert_string_equal(about("/errors", NULL, 200), "");
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 3);
    free(mapping);
}

/* A list in another encoding is kept, but cannot be read: sent again with its encoding, the same file is. What it waits
 * for can be asked at any time. */
static void test_read_otherwise(void **state)
{
    (void) state;
    static const char list[] = HEADER "1,M\xfcller,F,measles,2024-09-01\n";
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    assert_has(upload(list, 201), "\"verdict\":\"rejected\"");
    const char *said = about("/mapping", NULL, 200);
    assert_has(said, "\"mapping\":null,\"questions\":[{\"row\":2");
    assert_has(said,
               "{\"code\":\"onset_date\",\"label_en\":\"onset of illness\",\"label_zh\":\"发病日期\",\"date\":true}");
    snprintf(path, sizeof path, "/api/v1/uploads?feed=%s&encoding=windows-1252", feed_id);
    said = ask(HTTP_POST, path, list, strlen(list), 201);
    assert_has(said, "\"verdict\":\"held\",\"repeats\":true");
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    char *mapping = proposed(about("/mapping", NULL, 200));
    assert_has(mapping, "onset_date");
    (void) about("/mapping", mapping, 200);
    work();
    assert_has(about("", NULL, 200), "\"accepted\":1,");
    (void) about("/mapping", NULL, 412); /* it waits for nothing */
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_CASE_INVESTIGATION);
    (void) about("/mapping", NULL, 403);
    free(mapping);
}

static void test_who_may(void **state)
{
    (void) state;
    struct id other = { { 7 } };
    as(ACCESS_DATA_MANAGER, ACCESS_NO_PURPOSE);
    char *mapping = proposed(upload(LIST, 201));
    (void) about("/errors", NULL, 403);
    as(ACCESS_EPIDEMIOLOGIST, ACCESS_CASE_INVESTIGATION);
    (void) upload(LIST, 403);
    (void) about("", NULL, 200);
    (void) about("/mapping", mapping, 403);
    (void) about("/errors", NULL, 403);
    caller.access.areas = &test.areas[TEST_WEST];
    (void) about("", NULL, 404);
    as(ACCESS_TRACER, ACCESS_NO_PURPOSE);
    (void) about("", NULL, 404);
    as_machine(&other); /* another sender's */
    (void) about("", NULL, 404);
    (void) about("/errors", NULL, 404);
    assert_has(ask(HTTP_POST, "/api/v1/uploads", LIST, strlen(LIST), 422), "no feed is this sender's");
    free(mapping);
}

/* An institution with a feed of its own. */
static struct id make_sender(void)
{
    struct model_facility facility;
    struct model_feed     own = test_feed(&test, "live");
    model_init(model_record(MODEL_FACILITY), &facility);
    facility.head.id = (struct id){ { 9 } };
    facility.area = test.areas[TEST_WEST_ONE];
    facility.code = test_text("F1");
    facility.kind = test_text("hospital");
    facility.name_en = test_text("Hospital");
    test_create(&test, MODEL_FACILITY, &facility);
    own.channel = test_text("upload");
    own.facility = facility.head.id;
    own.sending_facility = (struct model_text){ NULL, 0 }; /* a file does not say who sends it */
    test_create(&test, MODEL_FEED, &own);
    return own.head.id;
}

/* A list of a feed whose mapping is confirmed now. */
static void upload_confirmed(const char *list)
{
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    char *mapping = proposed(upload(list, 201));
    (void) about("/mapping", mapping, 200);
    work();
    free(mapping);
}

/* What its receipt says of a list of one, without what is its own: id and times. */
static json_t *receipt_of(const char *list)
{
    static const char *const own[] = { "id", "received", "processed" };
    (void) ask(HTTP_POST, "/api/v1/uploads", list, strlen(list), 201);
    snprintf(id, sizeof id, "%s", test_exchange_answer_header(&exchange, "Location") + strlen("/api/v1/uploads/"));
    work();
    json_t *receipt = json_loads(about("", NULL, 200), 0, NULL);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_int_equal(json_object_del(receipt, own[i]), 0);
    return receipt;
}

/* Of somebody who is known and has the disease, and of somebody nobody has heard of, a sender is told the same. */
static void test_a_receipt_never_tells_who_was_known(void **state)
{
    (void) state;
    struct id own = make_sender();
    upload_confirmed(HEADER "1,Canary Anna,F,measles,2024-09-01\n");
    id_to_text(&own, feed_id);
    upload_confirmed(HEADER "1,Somebody Else,M,measles,2024-09-01\n");
    as_machine(&(struct id){ { 9 } });
    int64_t cases = number("SELECT count(*) FROM \"case\"");
    json_t *known = receipt_of(HEADER "7,Canary Anna,F,measles,2024-09-01\n");
    json_t *unknown = receipt_of(HEADER "8,Never Seen,F,measles,2024-09-01\n");
    assert_true(number("SELECT count(*) FROM \"case\"") > cases);
    assert_true(json_equal(known, unknown));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(known, "rows"), "accepted")), 1);
    json_decref(known);
    json_decref(unknown);
}

/* Day's end: a machine is told of its own sender's transmissions, a data manager of a feed's. */
static void test_reconciled(void **state)
{
    (void) state;
    static const char headers[] = "MSH|^~\\&|LIS|LAB|||20241004||ORU^R01|C1|P|2.5.1\r";
    struct id         own = make_sender();
    id_to_text(&own, feed_id);
    upload_confirmed(HEADER "1,Canary Anna,F,measles,2024-09-01\n");
    snprintf(path, sizeof path, "/api/v1/reconciliations?feed=%s&day=2024-10-04", feed_id);
    const char *said = ask(HTTP_POST, path, headers, strlen(headers), 200);
    assert_has(said, "\"accepted\":1,");
    assert_has(said, "\"asked\":1,\"there\":0,\"missing\":[{\"control_id\":\"C1\"}],\"not_used\":[],\"not_asked\":1}");
    as_machine(&(struct id){ { 9 } });
    said = ask(HTTP_POST, "/api/v1/reconciliations?day=2024-10-04", headers, strlen(headers), 200);
    assert_has(said, "\"not_asked\":1}");
    assert_has(ask(HTTP_POST, "/api/v1/reconciliations", headers, strlen(headers), 422), "the day on which");
    as_machine(&(struct id){ { 7 } });
    assert_has(ask(HTTP_POST, "/api/v1/reconciliations?day=2024-10-04", headers, strlen(headers), 422),
               "no feed is this sender's");
    as(ACCESS_TRACER, ACCESS_NO_PURPOSE);
    (void) ask(HTTP_POST, path, headers, strlen(headers), 404);
}

/* By accession number: what is told is kept, and read back by whoever may read numbers; the same key files once. */
static void test_accessions_are_filed(void **state)
{
    (void) state;
    struct id own = make_sender();
    id_to_text(&own, feed_id);
    upload_confirmed("case number,name,sex,disease,onset date\n1,Canary Anna,F,measles,2024-09-01\n");
    as_machine(&(struct id){ { 9 } });
    const char *said =
        ask(HTTP_POST, "/api/v1/reconciliations/accessions?day=2024-10-04", "S1\nS2\n", strlen("S1\nS2\n"), 201);
    assert_has(said, "\"listed\":2,\"used\":0,\"waiting\":0,\"not_used\":0,\"missing\":2,\"not_listed\":0,");
    assert_int_equal(number("SELECT count(*) FROM reconciliation"), 1);
    assert_has(ask(HTTP_POST, "/api/v1/reconciliations/accessions", "S1", 2, 422), "the day on which");
    as_machine(&(struct id){ { 7 } });
    assert_has(ask(HTTP_POST, "/api/v1/reconciliations/accessions?day=2024-10-04", "S1", 2, 422),
               "no feed is this sender's");
    as(ACCESS_TRACER, ACCESS_NO_PURPOSE);
    snprintf(path, sizeof path, "/api/v1/reconciliations/accessions?feed=%s&day=2024-10-04", feed_id);
    (void) ask(HTTP_POST, path, "S1", 2, 404);
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    (void) ask(HTTP_POST, path, "S1", 2, 201);
    snprintf(path, sizeof path, "/api/v1/reconciliations?feed=%s", feed_id);
    said = ask(HTTP_GET, path, NULL, 0, 200);
    assert_has(said, "\"missing\":2");
    assert_has(said, "\"missing\":1");
    json_t *page = json_loads(said, 0, NULL);
    json_t *newest = json_array_get(json_object_get(page, "rows"), 0);
    snprintf(path, sizeof path, "/api/v1/reconciliations/%s", json_string_value(json_object_get(newest, "id")));
    json_decref(page);
    assert_has(ask(HTTP_GET, path, NULL, 0, 200), "missing: S1");
    as(ACCESS_SUPERVISOR, ACCESS_NO_PURPOSE);
    assert_null(strstr(ask(HTTP_GET, path, NULL, 0, 200), "S1"));
}

/* A spreadsheet of the same rows, with a second sheet where `second` names one; the caller frees it. */
static char *workbook(const char *second, size_t *size)
{
    static const char *const cells[][5] = { { "case number", "name", "sex", "disease", "onset date" },
                                            { "1", "Canary Anna", "F", "measles", "2024-09-01" },
                                            { "2", "Berta", "Q", "measles", "2024-09-02" } };
    struct spreadsheet      *made;
    int                      file;
    assert_ok(spreadsheet_new(&made));
    spreadsheet_sheet(made, "list");
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 5; j++)
            spreadsheet_text(made, cells[i][j], strlen(cells[i][j]));
        spreadsheet_end_row(made);
    }
    if (second != NULL)
        spreadsheet_sheet(made, second);
    assert_ok(spreadsheet_finish(made, &file));
    spreadsheet_free(made);
    FILE *stream = fdopen(file, "rb");
    char *bytes = malloc(100000);
    *size = fread(bytes, 1, 100000, stream);
    assert_true(*size > 0 && *size < 100000);
    fclose(stream);
    return bytes;
}

static const char *send_workbook(const char *bytes, size_t size, const char *more)
{
    snprintf(path, sizeof path, "/api/v1/uploads?feed=%s%s", feed_id, more);
    const char *said = ask(HTTP_POST, path, bytes, size, 201);
    snprintf(id, sizeof id, "%s", test_exchange_answer_header(&exchange, "Location") + strlen("/api/v1/uploads/"));
    return said;
}

/* A spreadsheet takes the same way; which sheet is asked where there are several; what is none is a fault of that file.
 */
static void test_a_spreadsheet(void **state)
{
    (void) state;
    size_t size, other_size;
    char  *bytes = workbook(NULL, &size), *other = workbook("notes", &other_size);
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    const char *said = send_workbook(bytes, size, "");
    assert_has(said, "\"verdict\":\"held\"");
    char *mapping = proposed(said);
    (void) about("/mapping", mapping, 200);
    work();
    assert_has(about("", NULL, 200), "\"accepted\":1,\"accepted_with_faults\":0,\"held\":0,\"rejected\":1}");
    assert_has(about("/errors", NULL, 200), "\n\"2\",\"Berta\",\"Q\"");
    assert_has(send_workbook(bytes, size, ""), "\"repeats\":true");
    said = send_workbook(other, other_size, "");
    assert_has(said, "\"verdict\":\"rejected\"");
    assert_has(said, "several sheets: which one?");
    assert_has(send_workbook(other, other_size, "&sheet=list"), "\"verdict\":\"received\"");
    work();
    assert_has(about("", NULL, 200), "1 of 2 rows cannot be used"); /* both were here before */
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 1);
    said = send_workbook("PK\3\4 and so on", 14, "");
    assert_has(said, "\"verdict\":\"rejected\"");
    assert_has(said, "a torn or damaged archive");
    free(mapping);
    free(bytes);
    free(other);
}

/* Counts come by the same door: proposed, the stream is asked, confirmed, loaded on the day on which they came; bad
 * rows are told without their values, and come back. */
static void test_counts(void **state)
{
    (void) state;
    char errors[1000], mapping[2000], *whole;
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    const char *said = upload("date,count\n2024-09-01,3\n2024-09-02,Canary\n", 201);
    assert_has(said, "\"verdict\":\"held\"");
    assert_has(said, "which stream the numbers are of");
    char *proposal = proposed(said);
    assert_has(about("/mapping", NULL, 200), "\"code\":\"known\"");
    (void) about("/mapping", proposal, 422); /* the stream is still not said */
    json_t *object = json_loads(proposal, 0, NULL);
    json_object_set_new(object, "stream", json_string("fever"));
    json_object_set_new(object, "indicator", json_string("fever-clinic-visits"));
    json_object_set_new(object, "area", json_string("100101")); /* the feed's is within */
    snprintf(mapping, sizeof mapping, "%s", whole = json_dumps(object, 0));
    free(whole);
    (void) about("/mapping", mapping, 200);
    work();
    assert_has(about("", NULL, 200), "\"held\",\"reason\":\"a stream that is not of the feed's area\"");
    json_object_set_new(object, "area", json_string("10010101"));
    snprintf(mapping, sizeof mapping, "%s", whole = json_dumps(object, 0));
    (void) about("/mapping", mapping, 200);
    work();
    said = about("", NULL, 200);
    assert_has(said, "1 values of 1 streams: 1 new, of these 0 in the place of others, 0 known; 1 rows cannot be used");
    assert_has(said, "\"values\":1,\"rows\":{\"waiting\":0,\"accepted\":0,");
    assert_has(said, "\"bad_rows\":[{\"row\":3,\"reason\":\"row 3, column B (count): is no number");
    assert_null(strstr(said, "Canary"));
    assert_int_equal(number("SELECT count(*) FROM stream_values"), 1);
    snprintf(errors, sizeof errors, "%s", about("/errors", NULL, 200));
    assert_has(errors, "\"date\",\"count\",tocsin_errors\n\"2024-09-02\",\"Canary\",\"");
    memcpy(strstr(errors, "Canary"), "000007", 6);
    assert_has(upload(errors, 201), "\"verdict\":\"received\"");
    work();
    assert_has(about("", NULL, 200), "1 values of 1 streams: 1 new");
    assert_int_equal(number("SELECT count(*) FROM stream_values"), 2);
    /* Of a file whose columns nobody could guess it can be said what they are. */
    assert_has(upload("day,cases\n2024-09-03,4\n", 201), "\"verdict\":\"rejected\"");
    (void) about("/mapping", mapping, 422); /* of other columns */
    json_array_clear(json_object_get(object, "columns"));
    json_array_append_new(json_object_get(object, "columns"), json_pack("{ssss}", "header", "day", "field", "date"));
    json_array_append_new(json_object_get(object, "columns"), json_pack("{ssss}", "header", "cases", "field", "value"));
    free(whole);
    snprintf(mapping, sizeof mapping, "%s", whole = json_dumps(object, 0));
    (void) about("/mapping", mapping, 200);
    work();
    assert_has(about("", NULL, 200), "1 values of 1 streams: 1 new");
    (void) about("/mapping", mapping, 412);
    free(whole);
    json_decref(object);
    free(proposal);
}

static void test_what_is_no_list(void **state)
{
    (void) state;
    as(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    assert_has(upload("day,cases\n2024-01-01,3\n", 201), "\"verdict\":\"rejected\"");
    assert_has(upload("name,sex\nAnna,F\n", 201), "nothing says which disease");
    (void) upload("", 422);
    (void) ask(HTTP_POST, "/api/v1/uploads", LIST, strlen(LIST), 422); /* whose? */
    snprintf(path, sizeof path, "/api/v1/uploads?feed=%s&delimiter=space", feed_id);
    (void) ask(HTTP_POST, path, LIST, strlen(LIST), 422);
    snprintf(path, sizeof path, "/api/v1/uploads?feed=%s&encoding=ebcdic", feed_id);
    (void) ask(HTTP_POST, path, LIST, strlen(LIST), 422);
    assert_int_equal(number("SELECT count(*) FROM message"), 2);
}

#define ON_BOTH(test)                                                                                                  \
    { "sqlite: " #test, test, on_sqlite, end, NULL },                                                                  \
    {                                                                                                                  \
        "postgresql: " #test, test, on_postgresql, end, NULL                                                           \
    }

int main(int argc, char **argv)
{
    unpack_run_if_asked(argc, argv);
    const struct CMUnitTest tests[] = { ON_BOTH(test_confirmed_once),
                                        ON_BOTH(test_what_is_bad_comes_back),
                                        ON_BOTH(test_read_otherwise),
                                        ON_BOTH(test_who_may),
                                        ON_BOTH(test_a_receipt_never_tells_who_was_known),
                                        ON_BOTH(test_a_spreadsheet),
                                        ON_BOTH(test_reconciled),
                                        ON_BOTH(test_accessions_are_filed),
                                        ON_BOTH(test_counts),
                                        ON_BOTH(test_what_is_no_list) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
