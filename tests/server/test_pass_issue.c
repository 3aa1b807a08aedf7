/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes out of records: issued, read back with what is published, withdrawn; who may; what is kept. On both databases.
 */
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/credential/base64.h"
#include "formats/credential/credential.h"
#include "formats/credential/folder.h"
#include "model/model_lists.h"
#include "response/pass.h"
#include "server/pass_desk.h"
#include "server/server_internal.h"
#include "support/exchange.h"
#include "support/test.h"

#define SMART "https://cards.county.example"
#define SECOND INSTANT_SECOND

static struct test_store   test;
static struct model_lists *code_lists;
static struct server       server; /* its desk alone */
static struct node         node;
static struct access       doctor;
static struct id           person, of_case, result, specimen;
static char                signer[64], copied[64];

/* ---- a signer's folder, and what verifiers copy ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void) status;
    (void) kind;
    (void) walk;
    return remove(path);
}

static void write_file(const char *folder, const char *name, const char *bytes, size_t size)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + 6, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void make_signer(void)
{
    const struct credential_signer_settings settings = { .country = "XX", .name = "Example County", .days = 400 };
    struct pass_signer                      hand;
    struct credential_maker                *maker;
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    char                                    kid[16] = "", raw[4096] = "", text[6000];
    size_t                                  size;
    assert_ok(pass_signer_newest(test.keeper, &hand, &faults));
    assert_ok(credential_signer_certify(&settings, &hand.hand, NULL, test.now / SECOND, &made, &faults));
    assert_null(made.key);
    assert_ok(credential_maker_open_by(&hand.hand, made.chain, made.chain_size, &maker, &faults));
    const uint8_t *der = credential_maker_certificate(maker, &size);
    credential_base64_encode(CREDENTIAL_BASE64, credential_maker_facts(maker)->kid, 8, kid);
    credential_base64_encode(CREDENTIAL_BASE64, der, size, raw);
    write_file(signer, "signer.crt", made.chain, made.chain_size);
    snprintf(text, sizeof text,
             "{\"certificates\":[{\"certificateType\":\"DSC\",\"country\":\"XX\",\"kid\":\"%s\",\"rawData\":\"%s\"}]}",
             kid, raw);
    write_file(signer, "trust.json", text, strlen(text));
    snprintf(text, sizeof text, "{\"keys\":[%s]}", credential_maker_jwk(maker));
    write_file(signer, "jwks.json", text, strlen(text));
    credential_maker_free(maker);
    certificate_free(&made);
}

/* ---- requests ---- */

static int ask(const struct access *who, enum http_method method, const char *path, const char *body, json_t **answer)
{
    struct exchange exchange;
    struct caller   caller = who != NULL ? test_caller_person(who) : (struct caller){ 0 };
    test_exchange_as(&caller);
    test_exchange_init(&exchange, &test, method, path, body);
    exchange.server = &server;
    (void) exchange_call(&exchange);
    if (answer != NULL)
        *answer = json_loads(test_exchange_body(&exchange), 0, NULL);
    int status = exchange.answer.status != 0 ? exchange.answer.status : 200;
    exchange_free(&exchange);
    test_exchange_as(NULL);
    return status;
}

static json_t *issue(const struct access *who, int status, const char *source, const struct id *id, const char *more)
{
    char    body[300], text[ID_TEXT_BYTES];
    json_t *answer = NULL;
    id_to_text(id, text);
    snprintf(body, sizeof body, "{\"%s\":\"%s\"%s}", source, text, more);
    int found = ask(who, HTTP_POST, "/api/v1/passes", body, &answer);
    if (found != status)
        fail_msg("%d instead of %d: %s", found, status, json_dumps(answer, 0));
    return answer;
}

/* Copy a published file into the folder that passes are checked with. */
static void copy(const char *path, const char *to)
{
    struct exchange exchange;
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    exchange.server = &server;
    assert_ok(exchange_call(&exchange));
    write_file(copied, to, exchange.answer.body.bytes, exchange.answer.body.used);
    exchange_free(&exchange);
}

/* Everything that is published for HC1, as a verifier follows it from the lists. */
static void copy_all(void)
{
    json_t *lists, *parts, *list, *part, *chunk, *slice;
    char    path[200];
    size_t  i, j;
    nftw(copied, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    copy("/pass/trust.json", "trust.json");
    copy("/pass/revocation/lists.json", "revocation/lists.json");
    assert_int_equal(ask(NULL, HTTP_GET, "/pass/revocation/lists.json", NULL, &lists), 200);
    json_array_foreach (lists, i, list) {
        const char *kid = json_string_value(json_object_get(list, "kid")), *chunk_name, *slice_name;
        char        to[200];
        snprintf(path, sizeof path, "/pass/revocation/%s/partitions.json", kid);
        copy(path, path + strlen("/pass/"));
        assert_int_equal(ask(NULL, HTTP_GET, path, NULL, &parts), 200);
        json_array_foreach (parts, j, part)
            json_object_foreach (json_object_get(part, "chunks"), chunk_name, chunk)
                json_object_foreach (chunk, slice_name, slice) {
                    (void) slice_name; /* when it ends */
                    snprintf(to, sizeof to, "/pass/revocation/%s/null/%s/%s", kid, chunk_name,
                             json_string_value(json_object_get(slice, "hash")));
                    copy(to, to + strlen("/pass/"));
                }
        json_decref(parts);
    }
    json_decref(lists);
}

static enum credential_verdict check(const char *text, struct credential_answer *answer)
{
    static struct credential_answer own;
    struct credential_trust         trust = { 0 };
    struct credential_revocation   *revocation = credential_revocation_new();
    struct fault_list               faults = FAULT_LIST_INIT;
    assert_ok(credential_folder_read(copied, &trust, revocation, &faults));
    struct credential_scanner *scanner = credential_scanner_new(&trust, revocation);
    credential_scan(scanner, text, strlen(text), test.now / SECOND + 60, &own);
    enum credential_verdict verdict = own.verdict;
    if (answer != NULL)
        *answer = own;
    credential_scanner_free(scanner);
    credential_revocation_free(revocation);
    credential_trust_free(&trust);
    return verdict;
}

static const char *text_of(const json_t *answer, size_t i)
{
    return json_string_value(json_array_get(json_object_get(answer, "texts"), i));
}

/* ---- records ---- */

static void create(enum model_record_number record, void *value)
{
    struct access        program = test_program();
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(record), .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    int                  ret = store_submit(test.store, &program, &request, NULL, &faults);
    fault_list_write(&faults, stderr);
    assert_ok(ret);
}

static struct model_text words(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

static void make_result(struct id id, const char *interpretation, const char *method)
{
    struct model_result value;
    model_init(model_record(MODEL_RESULT), &value);
    value.head.id = id;
    value.specimen = specimen;
    value.target = words("sars-cov-2");
    value.disease = words("covid-19");
    value.status = words("final");
    value.interpretation = words(interpretation);
    value.method = words(method);
    create(MODEL_RESULT, &value);
}

static void make_records(void)
{
    struct people_sample  sample;
    struct store_change   changes[3];
    struct model_specimen tube;
    struct access         program = test_program();
    struct store_request  request = { .verb = "create", .set = { changes, 3 } };
    test_person_set(&test, &sample, changes);
    sample.person.area = test.areas[TEST_EAST_ONE];
    sample.identity.name = words("旦增卓玛");
    sample.identity.name_latin = words("Tenzin Dolma");
    sample.identity.birth_date = (toc_date) (test.now / INSTANT_DAY) - 9000;
    sample.illness.disease = words("covid-19");
    sample.illness.classification = words("confirmed");
    sample.illness.classification_basis = words("laboratory");
    sample.illness.responsible_area = test.areas[TEST_EAST_ONE];
    sample.illness.onset_date = MODEL_MISSING_DATE;
    sample.illness.death_date = sample.illness.outcome_date = MODEL_MISSING_DATE;
    sample.illness.outcome = (struct model_text){ 0 };
    sample.illness.specimen_date = (toc_date) (test.now / INSTANT_DAY) - 20;
    sample.illness.result_time = (struct model_text){ 0 };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    person = sample.person.head.id;
    of_case = sample.illness.head.id;
    model_init(model_record(MODEL_SPECIMEN), &tube);
    tube.head.id = specimen = (struct id){ { 7, 1 } };
    tube.subject = words("person");
    tube.person = person;
    tube.responsible_area = test.areas[TEST_EAST_ONE];
    tube.material = words("nasopharyngeal-swab");
    tube.collected_time = words("2023-11-14T08:30:00+08:00");
    create(MODEL_SPECIMEN, &tube);
    result = (struct id){ { 7, 2 } };
    make_result(result, "not-detected", "nucleic-acid-amplification");
}

static void begin(void)
{
    struct fault_list faults = FAULT_LIST_INIT;
    test.options.lists = code_lists;
    test_store_reopen(&test);
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    snprintf(signer, sizeof signer, "%.40s/tocsin-desk-XXXXXX", folder);
    snprintf(copied, sizeof copied, "%.40s/tocsin-copy-XXXXXX", folder);
    assert_non_null(mkdtemp(signer));
    assert_non_null(mkdtemp(copied));
    make_signer();
    node = (struct node){ .keeper = test.keeper, .store = test.store };
    snprintf(node.settings.pass_issuer, sizeof node.settings.pass_issuer, "%s", signer);
    snprintf(node.settings.pass_smart, sizeof node.settings.pass_smart, "%s", SMART);
    assert_ok(pass_desk_new(&node, &server.desk, &faults));
    doctor = test_epidemiologist(&test.areas[TEST_COUNTY]);
    make_records();
}

static void end(void)
{
    pass_desk_free(server.desk);
    server.desk = NULL;
    nftw(signer, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    nftw(copied, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- tests ---- */

static void test_issued_read_and_withdrawn(void **state)
{
    (void) state;
    begin();
    json_t *test_pass = issue(&doctor, 201, "result", &result, ",\"pictures\":true");
    json_t *recovery = issue(&doctor, 201, "case", &of_case, "");
    json_t *card = issue(&doctor, 201, "result", &result, ",\"form\":\"smart\"");
    assert_int_equal(strncmp(text_of(card, 0), "shc:/", 5), 0);
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(test_pass, "pictures"), 0)), "<svg"));
    copy_all();
    struct credential_answer answer;
    assert_int_equal(check(text_of(test_pass, 0), &answer), CREDENTIAL_GENUINE);
    assert_int_equal(answer.expires - answer.issued, 3 * 86400);
    assert_int_equal(check(text_of(recovery, 0), &answer), CREDENTIAL_GENUINE);
    assert_int_equal(answer.uses, CREDENTIAL_USE_RECOVERY);

    char    path[120], body[120], text[ID_TEXT_BYTES];
    json_t *done = NULL;
    snprintf(path, sizeof path, "/api/v1/passes/%s/revoke", json_string_value(json_object_get(recovery, "id")));
    assert_int_equal(ask(&doctor, HTTP_POST, path, NULL, &done), 200);
    assert_int_equal(json_integer_value(json_object_get(done, "withdrawn")), 1);
    json_decref(done);
    assert_int_equal(ask(&doctor, HTTP_POST, path, NULL, &done), 200); /* again */
    assert_int_equal(json_integer_value(json_object_get(done, "withdrawn")), 0);
    json_decref(done);
    test.now += (PASS_DESK_SECONDS + 1) * SECOND;
    copy_all();
    assert_int_equal(check(text_of(recovery, 0), NULL), CREDENTIAL_REVOKED);
    assert_int_equal(check(text_of(test_pass, 0), NULL), CREDENTIAL_GENUINE);

    /* The result is corrected: what was issued out of it is withdrawn together. */
    id_to_text(&result, text);
    snprintf(body, sizeof body, "{\"result\":\"%s\"}", text);
    assert_int_equal(ask(&doctor, HTTP_POST, "/api/v1/passes/revoke", body, &done), 200);
    assert_int_equal(json_integer_value(json_object_get(done, "withdrawn")), 2);
    json_decref(done);
    test.now += (PASS_DESK_SECONDS + 1) * SECOND;
    copy_all();
    assert_int_equal(check(text_of(test_pass, 0), NULL), CREDENTIAL_REVOKED);
    json_t *keys = NULL, *list = NULL;
    assert_int_equal(ask(NULL, HTTP_GET, "/.well-known/jwks.json", NULL, &keys), 200);
    json_t *key = json_array_get(json_object_get(keys, "keys"), 0);
    assert_int_equal(json_integer_value(json_object_get(key, "crlVersion")), 1);
    snprintf(path, sizeof path, "/.well-known/crl/%s.json", json_string_value(json_object_get(key, "kid")));
    assert_int_equal(ask(NULL, HTTP_GET, path, NULL, &list), 200);
    assert_int_equal(json_array_size(json_object_get(list, "rids")), 1);
    json_decref(list);
    json_decref(keys);
    json_decref(test_pass);
    json_decref(recovery);
    json_decref(card);
    end();
}

static void test_minimal_passes_are_known_by_nothing(void **state)
{
    (void) state;
    begin();
    json_t *batch = issue(&doctor, 201, "result", &result, ",\"form\":\"minimal\",\"number\":20,\"hours\":12");
    assert_int_equal(json_array_size(json_object_get(batch, "texts")), 20);
    copy_all();
    struct credential_answer answer;
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(check(text_of(batch, i), &answer), CREDENTIAL_GENUINE);
        assert_int_equal(answer.kind, CREDENTIAL_MINIMAL);
    }
    assert_int_equal(test_store_number(&test, "SELECT number FROM credential WHERE entry = '' AND signed_by = ''"), 20);
    char path[120];
    snprintf(path, sizeof path, "/api/v1/passes/%s/revoke", json_string_value(json_object_get(batch, "id")));
    assert_int_equal(ask(&doctor, HTTP_POST, path, NULL, NULL), 422);
    json_decref(batch);
    json_decref(issue(&doctor, 422, "result", &result, ",\"form\":\"minimal\",\"number\":101"));
    json_decref(issue(&doctor, 422, "result", &result, ",\"form\":\"minimal\",\"hours\":73"));
    end();
}

static struct model_vaccination dose_of(struct id id)
{
    struct model_vaccination dose;
    model_init(model_record(MODEL_VACCINATION), &dose);
    dose.head.id = id;
    dose.person = person;
    dose.responsible_area = test.areas[TEST_EAST_ONE];
    dose.disease = words("covid-19");
    dose.given_on = (toc_date) (test.now / INSTANT_DAY) - 30;
    dose.vaccine = words("covid-19-mrna");
    dose.product = words("comirnaty");
    dose.holder = words("biontech");
    dose.dose = 2;
    dose.doses = 2;
    dose.country = words("XX");
    dose.lot = words("LOT-QUACKENBUSH");
    return dose;
}

/* What its record says, as the EU's value sets and the card's vocabulary have it; not the lot. */
static void test_a_vaccination(void **state)
{
    (void) state;
    begin();
    struct id                id = { { 7, 10 } };
    struct model_vaccination dose = dose_of(id);
    struct credential_answer answer;
    char                     body[120], text[ID_TEXT_BYTES];
    json_t                  *done = NULL;
    create(MODEL_VACCINATION, &dose);
    json_t *pass = issue(&doctor, 201, "vaccination", &id, ",\"document\":true");
    json_t *card = issue(&doctor, 201, "vaccination", &id, ",\"form\":\"smart\"");
    json_t *batch = issue(&doctor, 201, "vaccination", &id, ",\"form\":\"minimal\",\"number\":3");
    assert_int_equal(strncmp(text_of(card, 0), "shc:/", 5), 0);
    assert_int_equal(strncmp(json_string_value(json_object_get(pass, "document")), "JVBERi", 6), 0); /* %PDF */
    assert_null(json_object_get(pass, "pictures"));
    copy_all();
    assert_int_equal(check(text_of(pass, 0), &answer), CREDENTIAL_GENUINE);
    assert_int_equal(answer.uses, CREDENTIAL_USE_VACCINATION);
    assert_int_equal(answer.expires - answer.issued, PASS_VACCINATION_DAYS * 86400);
    assert_int_equal(check(text_of(batch, 2), &answer), CREDENTIAL_GENUINE);
    assert_int_equal(answer.kind, CREDENTIAL_MINIMAL);
    id_to_text(&id, text);
    snprintf(body, sizeof body, "{\"vaccination\":\"%s\"}", text);
    assert_int_equal(ask(&doctor, HTTP_POST, "/api/v1/passes/revoke", body, &done), 200);
    assert_int_equal(json_integer_value(json_object_get(done, "withdrawn")), 2); /* a minimal one ends by itself */
    json_decref(done);
    test.now += (PASS_DESK_SECONDS + 1) * SECOND;
    copy_all();
    assert_int_equal(check(text_of(pass, 0), NULL), CREDENTIAL_REVOKED);
    id_to_text(&person, text);
    snprintf(body, sizeof body, "/api/v1/passes?person=%s&proof=vaccination", text);
    assert_int_equal(ask(&doctor, HTTP_GET, body, NULL, &done), 200);
    assert_int_equal(json_array_size(json_object_get(done, "rows")), 3);
    json_decref(done);
    json_decref(pass);
    json_decref(card);
    json_decref(batch);
    end();
}

static void test_doses_that_make_no_pass(void **state)
{
    (void) state;
    begin();
    struct id                id = { { 7, 11 } };
    struct model_vaccination dose = dose_of(id);
    struct access            staff = doctor;
    staff.role = ACCESS_LABORATORY_STAFF; /* issues, but reads no vaccinations */
    staff.purpose = ACCESS_LABORATORY;
    dose.product = (struct model_text){ 0 };
    create(MODEL_VACCINATION, &dose);
    json_decref(issue(&doctor, 422, "vaccination", &id, ""));
    id.bytes[1] = 12;
    dose = dose_of(id);
    dose.disease = words("measles");
    create(MODEL_VACCINATION, &dose);
    json_decref(issue(&doctor, 422, "vaccination", &id, ""));
    id.bytes[1] = 13;
    dose = dose_of(id);
    dose.given_on = (toc_date) (test.now / INSTANT_DAY) + 1;
    create(MODEL_VACCINATION, &dose);
    json_decref(issue(&doctor, 422, "vaccination", &id, ""));
    json_decref(issue(&staff, 404, "vaccination", &id, ""));
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM credential"), 0);
    end();
}

static void test_an_antigen_test(void **state)
{
    (void) state;
    begin();
    struct id                antigen = { { 7, 6 } };
    struct model_result      value;
    struct credential_answer answer;
    model_init(model_record(MODEL_RESULT), &value);
    value.head.id = antigen;
    value.specimen = specimen;
    value.target = words("sars-cov-2");
    value.disease = words("covid-19");
    value.status = words("final");
    value.interpretation = words("not-detected");
    value.method = words("antigen");
    value.device = words("1232");
    create(MODEL_RESULT, &value);
    json_t *pass = issue(&doctor, 201, "result", &antigen, "");
    copy_all();
    assert_int_equal(check(text_of(pass, 0), &answer), CREDENTIAL_GENUINE);
    assert_int_equal(answer.uses, CREDENTIAL_USE_TEST);
    assert_int_equal(answer.expires - answer.issued, PASS_ANTIGEN_DAYS * 86400);
    json_decref(pass);
    json_decref(issue(&doctor, 201, "result", &antigen, ",\"form\":\"smart\""));
    end();
}

/* Who may: a role that writes credentials and reads identities for the purpose it names, within its grant. */
static void test_who_may_issue(void **state)
{
    (void) state;
    begin();
    struct access other = test_epidemiologist(&test.areas[TEST_WEST]), nothing = doctor, analyst = doctor;
    nothing.purpose = ACCESS_NO_PURPOSE;
    analyst.role = ACCESS_ANALYST;
    json_decref(issue(&other, 404, "result", &result, ""));
    json_decref(issue(&other, 404, "case", &of_case, ""));
    json_decref(issue(&nothing, 403, "result", &result, ""));
    json_decref(issue(&nothing, 403, "result", &result, ",\"form\":\"minimal\""));
    json_decref(issue(&analyst, 403, "result", &result, ""));
    struct access wrong = doctor;
    wrong.purpose = ACCESS_HELP_AND_SUPPLY;
    json_decref(issue(&wrong, 403, "case", &of_case, ""));
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM credential"), 0);
    json_t *mine = issue(&doctor, 201, "case", &of_case, "");
    char    path[120], body[120], text[ID_TEXT_BYTES];
    snprintf(path, sizeof path, "/api/v1/passes/%s", json_string_value(json_object_get(mine, "id")));
    json_t *row = NULL;
    assert_int_equal(ask(&doctor, HTTP_GET, path, NULL, &row), 200);
    assert_null(json_object_get(row, "entry")); /* sensitive: the program's */
    json_decref(row);
    assert_int_equal(ask(&other, HTTP_GET, path, NULL, NULL), 404);
    assert_int_equal(ask(&analyst, HTTP_GET, path, NULL, NULL), 404);
    strcat(path, "/revoke");
    assert_int_equal(ask(&other, HTTP_POST, path, NULL, NULL), 404);
    assert_int_equal(ask(&analyst, HTTP_POST, path, NULL, NULL), 403);
    id_to_text(&of_case, text);
    snprintf(body, sizeof body, "{\"case\":\"%s\"}", text);
    assert_int_equal(ask(&other, HTTP_POST, "/api/v1/passes/revoke", body, NULL), 404);
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM credential WHERE revoked IS NOT NULL"), 0);
    json_decref(mine);
    end();
}

static void test_records_that_make_no_pass(void **state)
{
    (void) state;
    begin();
    struct id positive = { { 7, 3 } }, antigen = { { 7, 4 } }, unknown = { { 7, 5 } };
    make_result(positive, "detected", "nucleic-acid-amplification");
    make_result(antigen, "not-detected", "antigen"); /* of which HC1 tells the number: it has none */
    json_decref(issue(&doctor, 422, "result", &positive, ""));
    json_decref(issue(&doctor, 422, "result", &antigen, ""));
    json_decref(issue(&doctor, 404, "result", &unknown, ""));
    json_decref(issue(&doctor, 422, "case", &of_case, ",\"form\":\"smart\""));
    json_decref(issue(&doctor, 422, "case", &of_case, ",\"form\":\"pdf\""));
    char body[200], text[ID_TEXT_BYTES];
    id_to_text(&result, text);
    snprintf(body, sizeof body, "{\"result\":\"%s\",\"case\":\"%s\"}", text, text);
    assert_int_equal(ask(&doctor, HTTP_POST, "/api/v1/passes", body, NULL), 422);
    assert_int_equal(ask(&doctor, HTTP_POST, "/api/v1/passes", "{}", NULL), 422);
    test.now += 200 * INSTANT_DAY; /* the 180 days are over */
    json_decref(issue(&doctor, 422, "case", &of_case, ""));
    assert_int_equal(test_store_number(&test, "SELECT COUNT(*) FROM credential"), 0);
    end();
}

/* A certificate of another key than the keeper's, or a folder that is none, is told at the start. */
static void test_a_folder_of_another_node(void **state)
{
    (void) state;
    const struct credential_signer_settings settings = { .country = "XX", .name = "Other", .days = 10 };
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    struct pass_desk                       *desk = NULL;
    begin();
    assert_ok(credential_signer_make(&settings, NULL, test.now / SECOND, &made, &faults));
    write_file(signer, "signer.crt", made.chain, made.chain_size);
    assert_int_equal(pass_desk_new(&node, &desk, &faults), BASE_ERR_INPUT);
    assert_true(faults.num_all > 0);
    certificate_free(&made);
    fault_list_free(&faults);
    /* A running server goes on with the one that it has. */
    json_decref(issue(&doctor, 201, "result", &result, ""));
    end();
    node.settings.pass_issuer[0] = '\0';
    assert_ok(pass_desk_new(&node, &desk, &faults));
    assert_null(desk);
    json_decref(issue(&doctor, 404, "result", &result, "")); /* nothing is issued here */
}

#define TESTS(database, set_up)                                                                                        \
    { database ": issued, read and withdrawn", test_issued_read_and_withdrawn, set_up, test_store_end, &test },        \
        { database ": minimal passes", test_minimal_passes_are_known_by_nothing, set_up, test_store_end, &test },      \
        { database ": a vaccination", test_a_vaccination, set_up, test_store_end, &test },                             \
        { database ": doses that make no pass", test_doses_that_make_no_pass, set_up, test_store_end, &test },         \
        { database ": an antigen test", test_an_antigen_test, set_up, test_store_end, &test },                         \
        { database ": who may issue", test_who_may_issue, set_up, test_store_end, &test },                             \
        { database ": records that make no pass", test_records_that_make_no_pass, set_up, test_store_end, &test },     \
    {                                                                                                                  \
        database ": a folder of another node", test_a_folder_of_another_node, set_up, test_store_end, &test            \
    }

static int load_lists(void **state)
{
    struct fault_list faults = FAULT_LIST_INIT;
    (void) state;
    assert_ok(model_lists_new(&code_lists));
    assert_ok(model_lists_add_folder(code_lists, TESTS_ROOT "/../share/lists", &faults));
    return 0;
}

static int free_lists(void **state)
{
    (void) state;
    model_lists_free(code_lists);
    return 0;
}

int main(void)
{
    const struct CMUnitTest sqlite[] = { TESTS("sqlite", test_store_on_sqlite) };
    const struct CMUnitTest both[] = { TESTS("sqlite", test_store_on_sqlite),
                                       TESTS("postgresql", test_store_on_postgresql) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("pass issue", both, load_lists, free_lists)
                                       : cmocka_run_group_tests_name("pass issue", sqlite, load_lists, free_lists);
}
