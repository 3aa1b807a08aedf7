/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FHIR that machines send (docs/intake.md), on both databases: what is answered, what is kept, what it makes of the
 * records. Texts are written with ' for ". */
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>

#include "../response/intakes.h"
#include "formats/fhir/fhir.h"
#include "response/account.h"
#include "response/intake_fhir.h"
#include "response/intake_work.h"
#include "support/exchange.h"

static struct test_store  test;
static struct intake     *intake;
static struct access      access;
static struct caller      caller;
static struct account_who who;
static struct id          laboratory, other_laboratory;
static bool               postgresql;

/* ---- the smallest words of a bundle ---- */

#define PERSON "urn:uuid:11111111-1111-4111-8111-111111111111"
#define TUBE "urn:uuid:22222222-2222-4222-8222-222222222222"
#define ZHANG                                                                                                          \
    "'resource':{'resourceType':'Patient','identifier':[{'system':'urn:oid:1.2.3','value':'4711'}],"                   \
    "'name':[{'family':'Zhang','given':['Wei']}],'gender':'male','birthDate':'1980-02-03'}"
#define PATIENT "{'fullUrl':'" PERSON "'," ZHANG "}"
#define SPECIMEN(number, more)                                                                                         \
    "{'fullUrl':'" TUBE "','resource':{'resourceType':'Specimen'" more ",'accessionIdentifier':{'value':'" number      \
    "'},'subject':{'reference':'" PERSON "'},'collection':{'collectedDateTime':'2024-10-03'}}}"
#define OBSERVATION(status, test, meaning, more)                                                                       \
    "'resource':{'resourceType':'Observation','status':'" status "'" more                                              \
    ",'code':{'coding':[{'system':'http://loinc.org','code':'" test "'}]},'subject':{'reference':'" PERSON             \
    "'},'specimen':{'reference':'" TUBE "'},'effectiveDateTime':'2024-10-03','valueCodeableConcept':{'coding':"        \
    "[{'system':'http://snomed.info/sct','code':'" meaning "'}]}}"
#define COVID "94500-6"
#define MEASLES "21503-7','display':'Measles virus RNA"
#define DETECTED "260373001"
#define NOT_DETECTED "260415000"
#define IN_POOL "462371000124108"
#define BUNDLE(type, entries) "{'resourceType':'Bundle','type':'" type "','entry':[" entries "]}"
#define TUBE_A SPECIMEN("A1", "")
#define FOUND(status, test, meaning) PATIENT "," TUBE_A ",{" OBSERVATION(status, test, meaning, "") "}"

static int on(bool on_postgresql)
{
    postgresql = on_postgresql;
    test_store_open(&test, postgresql);
    test.now = INT64_C(20000) * INSTANT_DAY; /* 2024-10-04 */
    intake = test_intake_open(&test);
    laboratory = (struct id){ { 0x1a } };
    other_laboratory = (struct id){ { 0x1b } };
    access = (struct access){ .role = ACCESS_NO_ROLE };
    who = (struct account_who){ .machine = true, .token = { .facility = laboratory } };
    caller = test_caller_machine(&access);
    caller.who = &who;
    test_exchange_as(&caller);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return on(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return on(true);
}

static int empty(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    intake_close(intake);
    test_store_close(&test);
    return 0;
}

static void make_facility(const struct id *facility)
{
    struct model_facility sender;
    model_init(model_record(MODEL_FACILITY), &sender);
    sender.head.id = *facility;
    sender.area = test.areas[TEST_EAST_ONE];
    char code[8];
    snprintf(code, sizeof code, "L%u", facility->bytes[0]);
    sender.code = test_text(code);
    sender.kind = test_text("laboratory");
    sender.name_en = test_text("Laboratory");
    test_create(&test, MODEL_FACILITY, &sender);
}

static void make_feed(const struct id *facility, const char *status)
{
    struct model_feed feed = test_feed(&test, status);
    make_facility(facility);
    feed.channel = test_text("fhir");
    feed.facility = *facility;
    feed.sending_facility = (struct model_text){ NULL, 0 };
    feed.blank_is_live = 1;
    test_create(&test, MODEL_FEED, &feed);
}

static struct exchange *post_with(const char *path, const char *text, const char *header, const char *value)
{
    static struct exchange exchange;
    static char           *body;
    exchange_free(&exchange);
    free(body);
    body = strdup(text);
    for (char *c = body; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    test_exchange_init(&exchange, &test, HTTP_POST, path, body);
    exchange.intake = intake;
    if (header != NULL)
        test_exchange_header(&exchange, header, value);
    (void) exchange_call(&exchange);
    return &exchange;
}

static struct exchange *post(const char *path, const char *text)
{
    return post_with(path, text, NULL, NULL);
}

/* Send a bundle to the base; the answer's status, and its text in *answer. */
static int send(const char *text, const char **answer)
{
    struct exchange *exchange = post("/fhir/R4", text);
    *answer = test_exchange_body(exchange);
    return exchange->answer.status;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void assert_sent(const char *text, int status, const char *part)
{
    const char *answer;
    int         is = send(text, &answer);
    if (is != status)
        fail_msg("%d, expected %d: %s", is, status, answer);
    assert_has(answer, part);
}

static void work_all(void)
{
    size_t num = 1;
    while (num > 0)
        assert_ok(intake_work(intake, test.reader, NULL, NULL, &num));
}

static void check(const char *what, const char *sql, int64_t expected)
{
    int64_t is = test_store_number(&test, sql);
    if (is != expected)
        fail_msg("%s: %s is %lld, expected %lld", what, sql, (long long) is, (long long) expected);
}

/* ---- what each kind makes ---- */

struct expected {
    int persons, identities, specimens, results, cases, pools, tasks, slices;
};

static const struct {
    const char     *name;
    const char     *bundles[4];
    struct expected expected;
    const char     *also;
} kinds[] = {
    { "a positive is a case",
      { BUNDLE("collection", FOUND("final", COVID, DETECTED)) },
      { 1, 1, 1, 1, 1, 0, 1, 1 },
      "SELECT count(*) FROM \"case\" JOIN result ON result.linked_case = \"case\".id WHERE \"case\".disease = "
      "'covid-19' AND classification = 'not-yet-classified' AND \"case\".specimen_date = '2024-10-03'" },
    { "a negative is a test and no case",
      { BUNDLE("collection", FOUND("final", COVID, NOT_DETECTED)) },
      { 1, 1, 1, 1, 0, 0, 0, 1 },
      "SELECT count(*) FROM result WHERE interpretation = 'not-detected' AND status = 'final'" },
    { "preliminary becomes final, and does not come back",
      { BUNDLE("collection", FOUND("preliminary", COVID, DETECTED)),
        BUNDLE("collection", FOUND("final", COVID, DETECTED)),
        BUNDLE("collection", FOUND("preliminary", COVID, DETECTED) ",{" ZHANG "}") },
      { 1, 1, 1, 1, 1, 0, 1, 2 },
      "SELECT count(*) FROM result WHERE status = 'final' AND interpretation = 'detected'" },
    { "a correction supersedes and asks to look at the case again",
      { BUNDLE("collection", FOUND("final", COVID, DETECTED)),
        BUNDLE("collection", FOUND("corrected", COVID, NOT_DETECTED)) },
      { 1, 1, 1, 2, 1, 0, 2, 2 },
      "SELECT count(*) FROM result AS a JOIN result AS b ON b.supersedes = a.id WHERE a.status = 'superseded' AND "
      "b.status = 'corrected' AND b.interpretation = 'not-detected'" },
    { "what was entered in error is retracted",
      { BUNDLE("collection", FOUND("final", COVID, DETECTED)),
        BUNDLE("collection", FOUND("entered-in-error", COVID, DETECTED)) },
      { 1, 1, 1, 1, 1, 0, 2, 2 },
      "SELECT count(*) FROM result WHERE status = 'entered-in-error'" },
    { "a panel with two positives is two results and two cases",
      { BUNDLE("collection", FOUND("final", COVID, DETECTED) ",{" OBSERVATION("final", MEASLES, DETECTED, "") "}") },
      { 1, 1, 1, 2, 2, 0, 2, 1 },
      "SELECT count(*) FROM \"case\" WHERE disease = 'measles'" },
    { "a positive pool is a finding and a task, never a case, and nobody is made of its subject",
      { BUNDLE("collection", FOUND("final", COVID, IN_POOL)) },
      { 0, 0, 1, 1, 0, 1, 1, 0 },
      "SELECT count(*) FROM task WHERE kind = 'collect-again'" },
    { "quality control makes nothing",
      { BUNDLE("collection",
               PATIENT "," SPECIMEN("A1", ",'extension':[{'url':'http://example.org/role','valueCodeableConcept':{"
                                          "'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0369','code':"
                                          "'Q'}]}}]") ",{" OBSERVATION("final", COVID, DETECTED, "") "}") },
      { 0, 0, 0, 0, 0, 0, 0, 0 },
      NULL },
    { "a test is never live",
      { BUNDLE("collection",
               PATIENT "," TUBE_A ",{" OBSERVATION("final", COVID, DETECTED,
                                                   ",'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/"
                                                   "v3-ActReason','code':'HTEST'}]}") "}") },
      { 0, 0, 0, 0, 0, 0, 0, 0 },
      "SELECT count(*) FROM message WHERE test = 1" },
};

static void check_counts(const char *name, const struct expected *expected)
{
    check(name, "SELECT count(*) FROM person", expected->persons);
    check(name, "SELECT count(*) FROM identity", expected->identities);
    check(name, "SELECT count(*) FROM specimen", expected->specimens);
    check(name, "SELECT count(*) FROM result", expected->results);
    check(name, "SELECT count(*) FROM \"case\"", expected->cases);
    check(name, "SELECT count(*) FROM pool", expected->pools);
    check(name, "SELECT count(*) FROM task", expected->tasks);
    check(name, "SELECT count(*) FROM message_slice", expected->slices);
    check(name, "SELECT count(*) FROM message WHERE verdict IN ('received', 'held')", 0);
}

static void test_each_kind_makes_exactly_its_records(void **state)
{
    const char *answer;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (k > 0)
            on(postgresql);
        make_feed(&laboratory, "live");
        for (size_t b = 0; b < 4 && kinds[k].bundles[b] != NULL; b++) {
            int status = send(kinds[k].bundles[b], &answer);
            if (status != 200)
                fail_msg("%s: %d %s", kinds[k].name, status, answer);
            work_all();
        }
        check_counts(kinds[k].name, &kinds[k].expected);
        if (kinds[k].also != NULL)
            check(kinds[k].name, kinds[k].also, 1);
        if (k + 1 < sizeof kinds / sizeof *kinds)
            empty(state);
    }
}

/* ---- conditions ---- */

#define ASK(entry, method, url, more) "{" entry ",'request':{'method':'" method "','url':'" url "'" more "}}"
#define IF_NONE(query) ",'ifNoneExist':'" query "'"
#define ZHANG_BY "identifier=urn:oid:1.2.3|4711"
#define NAMED(value) ",'identifier':[{'system':'http://lab.example','value':'" value "'}]"
#define PATIENT_POST(more) ASK("'fullUrl':'" PERSON "'," ZHANG, "POST", "Patient", more)
#define RESULT_POST(value, meaning, more)                                                                              \
    ASK("'resource':{'resourceType':'Observation','status':'final'" NAMED(                                             \
            value) ",'code':{'coding':[{'system':'http://loinc.org','code':'" COVID                                    \
                   "'}]},'subject':{'reference':'" PERSON                                                              \
                   "'},'effectiveDateTime':'2024-10-03','valueCodeableConcept':{'coding':"                             \
                   "[{'system':'http://snomed.info/sct','code':'" meaning "'}]}}",                                     \
        "POST", "Observation", more)

/* 0 there: created; 1: that one is meant, by the bytes too; more: refused, and of a transaction everything. */
static void test_conditional_create_is_exact(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    assert_sent(BUNDLE("transaction", PATIENT_POST(IF_NONE(ZHANG_BY)) "," RESULT_POST("r1", DETECTED, "")), 200,
                "\"entry\":[{\"response\":{\"status\":\"201 Created\"}},{\"response\":{\"status\":\"201 Created\"}}]");
    assert_sent(BUNDLE("transaction", PATIENT_POST(IF_NONE("Patient?" ZHANG_BY)) "," RESULT_POST("r2", DETECTED, "")),
                200, "[{\"response\":{\"status\":\"200 OK\"}},{\"response\":{\"status\":\"201 Created\"}}]");
    work_all();
    check("one person", "SELECT count(*) FROM person", 1);
    /* the same condition, percent-encoded, without a system, with the wrong one */
    assert_sent(BUNDLE("batch", PATIENT_POST(IF_NONE("identifier=urn%3Aoid%3A1.2.3%7C4711"))), 200, "\"200 OK\"");
    assert_sent(BUNDLE("batch", PATIENT_POST(IF_NONE("identifier=4711"))), 200, "\"200 OK\"");
    assert_sent(BUNDLE("batch", PATIENT_POST(IF_NONE("identifier=|4711"))), 200, "\"201 Created\"");
    /* that one was created: now two are called 4711 */
    assert_sent(BUNDLE("batch", PATIENT_POST(IF_NONE("identifier=4711")) "," RESULT_POST("r3", NOT_DETECTED, "")), 200,
                "\"412 Precondition Failed\"");
    assert_sent(BUNDLE("transaction", RESULT_POST("r4", DETECTED, "") "," PATIENT_POST(IF_NONE("identifier=4711"))),
                412, "\"expression\":[\"Bundle.entry[1].request.ifNoneExist\"]");
    check("kept and rejected", "SELECT count(*) FROM message WHERE verdict = 'rejected'", 1);
    work_all();
    check("nothing of the transaction is made", "SELECT count(*) FROM result", 2);
}

/* What is there already says nothing again, whatever it says. */
static void test_what_was_not_created_makes_nothing(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    assert_sent(BUNDLE("transaction", PATIENT_POST("") "," RESULT_POST("r1", NOT_DETECTED, "")), 200, "201");
    work_all();
    assert_sent(BUNDLE("transaction",
                       PATIENT_POST("") "," RESULT_POST("r1", DETECTED, IF_NONE("identifier=http://lab.example|r1"))),
                200, "{\"response\":{\"status\":\"200 OK\"}}]");
    work_all();
    check("as it was", "SELECT count(*) FROM result WHERE interpretation = 'not-detected'", 1);
    check("nothing new", "SELECT count(*) FROM result", 1);
    check("no case", "SELECT count(*) FROM \"case\"", 0);
}

/* Within one transmission the first is the one; another sender's are nobody's business. */
static void test_conditions_look_at_the_senders_own(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    make_feed(&other_laboratory, "live");
    assert_sent(
        BUNDLE("transaction", RESULT_POST("r1", DETECTED, IF_NONE("identifier=http://lab.example|r1")) "," RESULT_POST(
                                  "r1", DETECTED, IF_NONE("identifier=http://lab.example|r1")) "," PATIENT_POST("")),
        200, "[{\"response\":{\"status\":\"201 Created\"}},{\"response\":{\"status\":\"200 OK\"}},");
    who.token.facility = other_laboratory;
    assert_sent(BUNDLE("batch", PATIENT_POST(IF_NONE(ZHANG_BY))), 200, "\"201 Created\"");
}

static void test_updates(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    static const char first[] =
        BUNDLE("transaction", ASK("'resource':{'resourceType':'Patient','id':'p1'}", "PUT", "Patient/p1", "")),
                      second[] = BUNDLE("transaction", ASK("'resource':{'resourceType':'Patient','id':'p1','gender':"
                                                           "'male'}",
                                                           "PUT", "Patient/p1", ""));
    assert_sent(first, 200, "\"201 Created\"");
    assert_sent(second, 200, "\"200 OK\"");
    assert_sent(BUNDLE("batch", ASK("'resource':{'resourceType':'Patient','identifier':[{'value':'7'}]}", "PUT",
                                    "Patient?identifier=7", "")),
                200, "\"201 Created\"");
}

/* Sent again, whether or not the answer was seen: kept once, created once. */
static void test_the_same_bytes_again(void **state)
{
    static const char bundle[] =
        BUNDLE("transaction", PATIENT_POST(IF_NONE(ZHANG_BY)) "," RESULT_POST("r1", DETECTED, ""));
    (void) state;
    make_feed(&laboratory, "live");
    assert_sent(bundle, 200, "[{\"response\":{\"status\":\"201 Created\"}}");
    assert_sent(bundle, 200, "[{\"response\":{\"status\":\"200 OK\"}},{\"response\":{\"status\":\"200 OK\"}}]");
    work_all();
    check("one message", "SELECT count(*) FROM message", 1);
    check("one result", "SELECT count(*) FROM result", 1);
    check("one name a way to ask", "SELECT count(*) FROM sent_resource", 4);
}

static char *many_conditions(int num)
{
    struct sink sink;
    sink_init_memory(&sink);
    sink_text(&sink, "{'resourceType':'Bundle','type':'batch','entry':[");
    for (int i = 0; i < num; i++)
        sink_format(&sink,
                    "%s{'resource':{'resourceType':'Patient','identifier':[{'value':'%d'}]},'request':{'method':'POST',"
                    "'url':'Patient','ifNoneExist':'identifier=%d'}}",
                    i == 0 ? "" : ",", i, i);
    sink_text(&sink, "]}");
    sink_character(&sink, '\0');
    return sink.bytes;
}

static void test_conditions_at_the_limit_and_beyond(void **state)
{
    const char *answer;
    (void) state;
    make_feed(&laboratory, "live");
    char *text = many_conditions(INTAKE_FHIR_MAX_CONDITIONS);
    assert_int_equal(send(text, &answer), 200);
    assert_null(strstr(answer, "OperationOutcome"));
    free(text);
    text = many_conditions(INTAKE_FHIR_MAX_CONDITIONS + 1);
    assert_int_equal(send(text, &answer), 200);
    assert_has(answer, "\"expression\":[\"Bundle.entry[200].request.ifNoneExist\"]");
    free(text);
}

/* Patients of so many identifiers each. */
static char *many_identifiers(int patients, int identifiers)
{
    struct sink sink;
    sink_init_memory(&sink);
    sink_text(&sink, "{'resourceType':'Bundle','type':'batch','entry':[");
    for (int i = 0; i < patients; i++) {
        sink_format(
            &sink, "%s{'request':{'method':'POST','url':'Patient'},'resource':{'resourceType':'Patient','identifier':[",
            i == 0 ? "" : ",");
        for (int n = 0; n < identifiers; n++)
            sink_format(&sink, "%s{'value':'%d.%d'}", n == 0 ? "" : ",", i, n);
        sink_text(&sink, "]}}");
    }
    sink_text(&sink, "]}");
    sink_character(&sink, '\0');
    return sink.bytes;
}

static void test_identifiers_at_the_limit_and_beyond(void **state)
{
    static const struct {
        int         patients, identifiers;
        const char *fault;
    } cases[] = { { 1, INTAKE_FHIR_MAX_IDENTIFIERS, NULL },
                  { 1, INTAKE_FHIR_MAX_IDENTIFIERS + 1, "[\"Bundle.entry[0].resource.identifier\"]" },
                  { INTAKE_FHIR_MAX_NAMES / 100, 50, NULL },
                  { INTAKE_FHIR_MAX_NAMES / 100 + 1, 50, "[\"Bundle.entry[200].resource.identifier\"]" } };
    (void) state;
    make_feed(&laboratory, "live");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *answer;
        char       *text = many_identifiers(cases[i].patients, cases[i].identifiers);
        assert_int_equal(send(text, &answer), 200);
        if (cases[i].fault == NULL)
            assert_null(strstr(answer, "OperationOutcome"));
        else
            assert_has(answer, cases[i].fault);
        free(text);
    }
}

/* ---- all or nothing, and entry by entry ---- */

static const struct {
    const char *request, *place;
} unserved[] = {
    { "'method':'DELETE','url':'Patient/1'", "Bundle.entry[1].request.method" },
    { "'method':'GET','url':'Patient/1'", "Bundle.entry[1].request.method" },
    { "'method':'POST','url':'Patient/$match'", "Bundle.entry[1].request.url" },
    { "'method':'POST','url':'Patient','ifNoneExist':'name=Zhang'", "Bundle.entry[1].request.ifNoneExist" },
    { "'method':'POST','url':'Patient','ifNoneExist':'identifier=a,b'", "Bundle.entry[1].request.ifNoneExist" },
    { "'method':'POST','url':'Patient','ifNoneExist':'identifier=a&name=b'", "Bundle.entry[1].request.ifNoneExist" },
    { "'method':'POST','url':'Patient','ifNoneExist':'identifier=%4'", "Bundle.entry[1].request.ifNoneExist" },
    { "'method':'PUT','url':'Patient/p','ifMatch':'W/7'", "Bundle.entry[1].request.ifMatch" },
};

static void test_what_is_not_served_costs_the_entry_or_all(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    for (size_t i = 0; i < sizeof unserved / sizeof *unserved; i++) {
        char place[120], text[4000];
        bool bare = strstr(unserved[i].request, "DELETE") != NULL || strstr(unserved[i].request, "GET") != NULL;
        const char *const types[] = { "transaction", "batch" };
        snprintf(place, sizeof place, "\"expression\":[\"%s\"]", unserved[i].place);
        for (int t = 0; t < 2; t++) {
            snprintf(text, sizeof text,
                     "{'resourceType':'Bundle','type':'%s','entry':[" PATIENT_POST("") ",{%s'request':{%s}}]}",
                     types[t], bare ? "" : "'resource':{'resourceType':'Patient','id':'p'},", unserved[i].request);
            assert_sent(text, t == 0 ? 422 : 200, place);
            if (t == 1)
                assert_has(test_exchange_body(post("/fhir/R4", text)), "{\"response\":{\"status\":\"200 OK\"}}");
        }
    }
    check("transactions are kept as rejected", "SELECT count(*) FROM message WHERE verdict = 'rejected'",
          sizeof unserved / sizeof *unserved);
}

static void test_a_transaction_is_all_or_nothing_and_a_batch_is_not(void **state)
{
#define HALF(type)                                                                                                     \
    BUNDLE(type, PATIENT_POST("") "," RESULT_POST("r1", DETECTED, "") "," ASK(                                         \
                     "'resource':{'resourceType':'Observation','status':'done','code':{'text':'x'}}", "POST",          \
                     "Observation", ""))
    (void) state;
    make_feed(&laboratory, "live");
    assert_sent(HALF("transaction"), 422, "\"expression\":[\"Bundle.entry[2].resource.status\"]");
    work_all();
    check("nothing", "SELECT count(*) FROM person", 0);
    check("but kept", "SELECT count(*) FROM message WHERE verdict = 'rejected' AND reason LIKE 'Bundle.entry[2]%'", 1);
    assert_sent(HALF("batch"), 200, "\"expression\":[\"Bundle.entry[2].resource.status\"]");
    work_all();
    check("the others", "SELECT count(*) FROM result", 1);
    check("the others", "SELECT count(*) FROM \"case\"", 1);
}

/* ---- doors ---- */

#define HEADER(id)                                                                                                     \
    "{'resource':{'resourceType':'MessageHeader','id':'" id "','eventCoding':{'system':'urn:e','code':'R01'},"         \
    "'source':{'name':'LIS','endpoint':'urn:x'}}}"

static void assert_posted(const char *path, const char *text, int status, const char *part)
{
    struct exchange *exchange = post(path, text);
    const char      *receipt = test_exchange_answer_header(exchange, "Location");
    if (status < 300)
        assert_true(receipt != NULL && strncmp(receipt, "/api/v1/submissions/", 20) == 0);
    if (exchange->answer.status != status)
        fail_msg("%s: %d, expected %d: %s", path, exchange->answer.status, status, test_exchange_body(exchange));
    assert_has(test_exchange_body(exchange), part);
}

static void test_doors(void **state)
{
    (void) state;
    make_feed(&laboratory, "live");
    assert_posted("/fhir/R4/$process-message", BUNDLE("message", HEADER("m1") "," FOUND("final", COVID, DETECTED)), 200,
                  "\"eventCoding\":{\"system\":\"urn:e\",\"code\":\"R01\"}");
    assert_posted("/fhir/R4", BUNDLE("message", HEADER("m2") "," FOUND("final", COVID, DETECTED)), 200,
                  "\"response\":{\"identifier\":\"m2\",\"code\":\"ok\"");
    assert_posted("/fhir/R4/$process-message", BUNDLE("collection", PATIENT), 422, "not a message");
    assert_posted("/fhir/R4/Bundle", BUNDLE("collection", PATIENT), 201, "no fault was found");
    assert_posted("/fhir/R4/Bundle", BUNDLE("collection", PATIENT), 200, "no fault was found");
    assert_posted("/fhir/R4/Bundle", BUNDLE("batch", PATIENT_POST("")), 422, "sent to the base");
    assert_posted("/fhir/R4", "{'resourceType':'Patient'}", 422, "not a bundle");
    assert_posted("/fhir/R4/Observation", "{'resourceType':'Patient'}", 422, "not a resource of the type");
    assert_posted("/fhir/R4", "{'resourceType':'Bundle'", 400, "not JSON");
    assert_posted("/fhir/R4", "<Bundle/>", 415, "XML");
    check("what came to the wrong address is not kept", "SELECT count(*) FROM message WHERE verdict = 'rejected'", 2);
    work_all();
    check("one result of two messages", "SELECT count(*) FROM result", 1);
}

static void test_one_resource(void **state)
{
    static const char *const results[] = {
        "{'resourceType':'Observation','status':'final'" NAMED(
            "r1") ",'code':{'coding':[{'system':'http://loinc.org','code':'" COVID
                  "'}]},'subject':{'reference':'#p'},'contained':[{'resourceType':'Patient','id':'p','name':[{'family':"
                  "'Zhang'}]}],'effectiveDateTime':'2024-10-03','valueString':'Detected'}",
        "{'resourceType':'Observation','status':'final'" NAMED(
            "r1") ",'code':{'coding':[{'system':'http://loinc.org','code':'" COVID
                  "'}]},'subject':{'reference':'#p'},'contained':[{'resourceType':'Patient','id':'p','name':[{'family':"
                  "'Zhang'}]}],'effectiveDateTime':'2024-10-03','valueString':'Not detected'}",
    };
    (void) state;
    make_feed(&laboratory, "live");
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            post_with("/fhir/R4/Observation", results[i], "if-none-exist", "identifier=http://lab.example|r1")
                ->answer.status,
            i == 0 ? 201 : 200);
    assert_int_equal(post_with("/fhir/R4/Observation", results[0], "if-none-exist", "code=x")->answer.status, 422);
    work_all();
    check("the first", "SELECT count(*) FROM result", 1);
    check("the first", "SELECT count(*) FROM \"case\"", 1);
}

/* Of no known feed: kept, 202, and nothing is made. */
static void test_an_unknown_sender_is_held(void **state)
{
    (void) state;
    make_facility(&laboratory);
    assert_sent(BUNDLE("transaction", PATIENT_POST("")), 200, "\"202 Accepted\"");
    assert_sent(BUNDLE("collection", FOUND("final", COVID, DETECTED)), 202, "OperationOutcome");
    work_all();
    check("held", "SELECT count(*) FROM message WHERE verdict = 'held'", 2);
    check("nothing", "SELECT count(*) FROM person", 0);
}

static void test_only_machines_send(void **state)
{
    struct access epidemiologist = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct caller person = test_caller_person(&epidemiologist), nobody = { .kind = CALLER_NOBODY };
    (void) state;
    test_exchange_as(&person);
    assert_posted("/fhir/R4", BUNDLE("collection", PATIENT), 403, "OperationOutcome");
    test_exchange_as(&nobody);
    assert_posted("/fhir/R4", BUNDLE("collection", PATIENT), 401, "OperationOutcome");
    test_exchange_as(&caller);
    check("nothing is kept", "SELECT count(*) FROM message", 0);
}

/* ---- published and real ones ---- */

struct tally {
    size_t num, taken, refused;
};

/* Where a sender would send it. */
static const char *address_of(const char *text)
{
    static const char *const types[] = { "Observation", "DiagnosticReport", "Condition" };
    static char              path[40];
    json_t                  *json = json_loads(text, 0, NULL);
    const char              *type = json_string_value(json_object_get(json, "resourceType"));
    snprintf(path, sizeof path, "/fhir/R4");
    for (size_t i = 0; i < sizeof types / sizeof *types && type != NULL; i++)
        if (strcmp(type, types[i]) == 0)
            snprintf(path, sizeof path, "/fhir/R4/%s", type);
    json_decref(json);
    return path;
}

static void send_file(const char *path, struct tally *tally)
{
    struct report_text value;
    size_t             offset = 0, size;
    FILE              *file = fopen(path, "rb");
    char              *bytes = malloc((size_t) 16 << 20);
    assert_non_null(file);
    assert_non_null(bytes);
    size = fread(bytes, 1, (size_t) 16 << 20, file);
    fclose(file);
    while (fhir_next_value(bytes, size, &offset, &value) == 1) {
        struct exchange exchange;
        char           *text = strndup(value.bytes, value.size);
        assert_non_null(text);
        test_exchange_init(&exchange, &test, HTTP_POST, address_of(text), text);
        exchange.intake = intake;
        (void) exchange_call(&exchange);
        const char *body = test_exchange_body(&exchange);
        tally->num++;
        if (exchange.answer.status < 300)
            tally->taken++;
        else if (exchange.answer.status < 500 && strstr(body, "\"diagnostics\"") != NULL)
            tally->refused++;
        else
            fail_msg("%s: %d %s", path, exchange.answer.status, body);
        exchange_free(&exchange);
        free(text);
    }
    free(bytes);
}

/* Every bundle of the shared samples is taken or refused with a reason, kept byte for byte, and worked off. */
static void test_shared_samples(void **state)
{
    static const char folder[] = TEST_ROOT "/../shared/data/intake/fhir";
    struct tally      tally = { 0 };
    DIR              *senders = opendir(folder);
    struct dirent    *sender, *entry;
    (void) state;
    if (senders == NULL) {
        print_message("# skipped: no %s\n", folder);
        skip();
    }
    make_feed(&laboratory, "live");
    while ((sender = readdir(senders)) != NULL) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, sender->d_name);
        DIR *files = sender->d_name[0] != '.' ? opendir(path) : NULL;
        while (files != NULL && (entry = readdir(files)) != NULL) {
            snprintf(path, sizeof path, "%s/%s/%s", folder, sender->d_name, entry->d_name);
            if (entry->d_name[0] != '.')
                send_file(path, &tally);
        }
        if (files != NULL)
            closedir(files);
    }
    closedir(senders);
    work_all();
    print_message("# %zu sent, %zu taken, %zu refused with a reason\n", tally.num, tally.taken, tally.refused);
    check("none is left", "SELECT count(*) FROM message WHERE verdict IN ('received', 'held')", 0);
    assert_true(tally.taken > 100 && tally.num == tally.taken + tally.refused);
}

#define TEST(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, empty)
#define TESTS(set_up)                                                                                                  \
    TEST(test_each_kind_makes_exactly_its_records, set_up), TEST(test_conditional_create_is_exact, set_up),            \
        TEST(test_what_was_not_created_makes_nothing, set_up), TEST(test_conditions_look_at_the_senders_own, set_up),  \
        TEST(test_updates, set_up), TEST(test_the_same_bytes_again, set_up),                                           \
        TEST(test_conditions_at_the_limit_and_beyond, set_up), TEST(test_identifiers_at_the_limit_and_beyond, set_up), \
        TEST(test_what_is_not_served_costs_the_entry_or_all, set_up),                                                  \
        TEST(test_a_transaction_is_all_or_nothing_and_a_batch_is_not, set_up), TEST(test_doors, set_up),               \
        TEST(test_one_resource, set_up), TEST(test_an_unknown_sender_is_held, set_up),                                 \
        TEST(test_only_machines_send, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = { TESTS(on_sqlite), TESTS(on_postgresql), TEST(test_shared_samples, on_sqlite) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
