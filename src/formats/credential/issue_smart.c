/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record as a SMART Health Card: a FHIR bundle, deflated, in a JWS signed with ES256. */
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "formats/credential/base64.h"
#include "formats/credential/issue_internal.h"
#include "tocsin/status.h"

#define COVID "840539006"
#define CVX "http://hl7.org/fhir/sid/cvx"
#define LOINC "http://loinc.org"
#define SNOMED "http://snomed.info/sct"

/* What the card's vocabulary calls a code of the EU's value sets. */
static const struct translation {
    const char *from, *to;
} vaccines[] = {
    { "EU/1/20/1528", "208" }, { "EU/1/20/1507", "207" }, { "EU/1/21/1529", "210" }, { "Covishield", "210" },
    { "EU/1/21/1618", "211" }, { "EU/1/20/1525", "212" }, { "BBIBP-CorV", "510" },   { "CoronaVac", "511" },
}, tests[] = {
    { "LP6464-4", "94500-6" },   /* nucleic acid amplification */
    { "LP217198-3", "94558-4" }, /* rapid immunoassay */
};

static const char *translated(const struct translation *table, size_t num, const struct value *code)
{
    for (size_t i = 0; i < num; i++) {
        if (value_is_text(code, table[i].from))
            return table[i].to;
    }
    return NULL;
}

static void put_text(struct json_writer *json, const char *key, const struct value *text)
{
    json_key(json, key);
    json_put_string_of(json, text->text, text->length);
}

static void put_coding(struct json_writer *json, const char *key, const char *system, const char *code)
{
    json_key(json, key);
    json_begin_object(json);
    json_key(json, "coding");
    json_begin_array(json);
    json_begin_object(json);
    json_member(json, "system", system);
    json_member(json, "code", code);
    json_end(json);
    json_end(json);
    json_end(json);
}

static void begin_resource(struct json_writer *json, const char *url, const char *type)
{
    json_begin_object(json);
    json_member(json, "fullUrl", url);
    json_key(json, "resource");
    json_begin_object(json);
    json_member(json, "resourceType", type);
}

static void end_resource(struct json_writer *json)
{
    json_end(json);
    json_end(json);
}

static void put_reference(struct json_writer *json, const char *key)
{
    json_key(json, key);
    json_begin_object(json);
    json_member(json, "reference", "resource:0");
    json_end(json);
}

static void put_patient(struct json_writer *json, const struct value *record)
{
    const struct value *name = value_get(record, "nam"), *birth = value_get(record, "dob");
    const struct value *family = value_get(name, "fn"), *given = value_get(name, "gn");
    begin_resource(json, "resource:0", "Patient");
    json_key(json, "name");
    json_begin_array(json);
    json_begin_object(json);
    put_text(json, "family", family != NULL ? family : value_get(name, "fnt"));
    if (given != NULL) {
        json_key(json, "given");
        json_begin_array(json);
        json_put_string_of(json, given->text, given->length);
        json_end(json);
    }
    json_end(json);
    json_end(json);
    if (birth->length > 0)
        put_text(json, "birthDate", birth);
    end_resource(json);
}

static void put_proof(struct json_writer *json, enum credential_use kind, const struct value *entry, const char *code)
{
    bool vaccination = kind == CREDENTIAL_USE_VACCINATION;
    char result[16];
    begin_resource(json, "resource:1", vaccination ? "Immunization" : "Observation");
    json_member(json, "status", vaccination ? "completed" : "final");
    if (vaccination) {
        put_coding(json, "vaccineCode", CVX, code);
        put_reference(json, "patient");
        put_text(json, "occurrenceDateTime", value_get(entry, "dt"));
    } else {
        put_coding(json, "code", LOINC, code);
        put_reference(json, "subject");
        put_text(json, "effectiveDateTime", value_get(entry, "sc"));
        snprintf(result, sizeof result, "%.*s", (int) (value_get(entry, "tr")->length & 15),
                 value_get(entry, "tr")->text);
        put_coding(json, "valueCodeableConcept", SNOMED, result);
    }
    json_key(json, "performer");
    json_begin_array(json);
    json_begin_object(json);
    if (vaccination) {
        json_key(json, "actor");
        json_begin_object(json);
        put_text(json, "display", value_get(entry, "is"));
        json_end(json);
    } else {
        put_text(json, "display", value_get(entry, "is"));
    }
    json_end(json);
    json_end(json);
    end_resource(json);
}

static void write_card(struct sink *sink, const struct value *record, enum credential_use kind,
                       const struct value *entry, const char *code, const char *issuer, int64_t issued,
                       const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM])
{
    char               rid[CREDENTIAL_BASE64_ENCODED(CREDENTIAL_RID_RANDOM)];
    size_t             rid_size = credential_base64_encode(CREDENTIAL_BASE64_URL, random, CREDENTIAL_RID_RANDOM, rid);
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_member(&json, "iss", issuer);
    json_key(&json, "nbf");
    json_put_integer(&json, issued);
    json_key(&json, "vc");
    json_begin_object(&json);
    json_key(&json, "type");
    json_begin_array(&json);
    json_put_string(&json, "https://smarthealth.cards#health-card");
    json_put_string(&json, "https://smarthealth.cards#covid19");
    json_put_string(&json, kind == CREDENTIAL_USE_VACCINATION ? "https://smarthealth.cards#immunization"
                                                              : "https://smarthealth.cards#laboratory");
    json_end(&json);
    json_key(&json, "rid");
    json_put_string_of(&json, rid, rid_size);
    json_key(&json, "credentialSubject");
    json_begin_object(&json);
    json_member(&json, "fhirVersion", "4.0.1");
    json_key(&json, "fhirBundle");
    json_begin_object(&json);
    json_member(&json, "resourceType", "Bundle");
    json_member(&json, "type", "collection");
    json_key(&json, "entry");
    json_begin_array(&json);
    put_patient(&json, record);
    put_proof(&json, kind, entry, code);
    for (int open = 0; open < 5; open++) /* entry, bundle, subject, vc, the whole */
        json_end(&json);
}

/* header.payload.signature. False where it does not fit. */
static bool write_jws(struct credential_maker *maker, const char *json, size_t json_size, char *text, size_t *size)
{
    struct libdeflate_compressor *compressor = maker->compressor;
    uint8_t                       signature[CREDENTIAL_ES256_BYTES];
    char                          header[160];
    size_t packed = libdeflate_deflate_compress(compressor, json, json_size, maker->packed, sizeof maker->packed);
    int    length =
        snprintf(header, sizeof header, "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"%s\"}", maker->thumbprint);
    size_t need = CREDENTIAL_BASE64_ENCODED((size_t) length) + CREDENTIAL_BASE64_ENCODED(packed) +
                  CREDENTIAL_BASE64_ENCODED(sizeof signature) + 3;
    if (packed == 0 || need > CREDENTIAL_ISSUE_TEXT_BYTES)
        return false;
    size_t used = credential_base64_encode(CREDENTIAL_BASE64_URL, (const uint8_t *) header, (size_t) length, text);
    text[used++] = '.';
    used += credential_base64_encode(CREDENTIAL_BASE64_URL, maker->packed, packed, text + used);
    if (!credential_maker_sign(maker, text, used, signature))
        return false;
    text[used++] = '.';
    used += credential_base64_encode(CREDENTIAL_BASE64_URL, signature, sizeof signature, text + used);
    text[used] = '\0';
    *size = used;
    return true;
}

static int check_issuer(const char *issuer, struct fault_place place, struct fault_list *faults)
{
    size_t length = strlen(issuer);
    if (length < 10 || length > 200 || strncmp(issuer, "https://", 8) != 0 || issuer[length - 1] == '/' ||
        strpbrk(issuer, "\" \\") != NULL)
        return credential_issue_fault(faults, place, "issuer", "an address that is none",
                                      "https://… without a slash at its end, under which the keys can be had");
    return 0;
}

/* The code of the proof in the card's vocabulary; NULL with a fault. */
static const char *find_code(enum credential_use kind, const struct value *entry, struct fault_place place,
                             struct fault_list *faults)
{
    const char *code = NULL;
    if (value_is_text(value_get(entry, "tg"), COVID)) {
        if (kind == CREDENTIAL_USE_VACCINATION)
            code = translated(vaccines, sizeof vaccines / sizeof *vaccines, value_get(entry, "mp"));
        else if (kind == CREDENTIAL_USE_TEST && (value_is_text(value_get(entry, "tr"), "260415000") ||
                                                 value_is_text(value_get(entry, "tr"), "260373001")))
            code = translated(tests, sizeof tests / sizeof *tests, value_get(entry, "tt"));
    }
    if (code == NULL)
        credential_issue_fault(faults, place, "record", "a proof that SMART Health Cards have no code for",
                               "a vaccination or test against COVID-19 with a product or kind of test that is known");
    return code;
}

int credential_issue_smart(struct credential_maker *maker, const struct value *record, const char *issuer,
                           int64_t issued, const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM], struct fault_place place,
                           char *text, size_t *size, struct fault_list *faults)
{
    enum credential_use           kind = CREDENTIAL_USE_VACCINATION;
    const struct credential_times times = { issued, issued + 1 };
    struct sink                   sink;
    const char                   *code = NULL;
    int                           ret = check_issuer(issuer, place, faults);
    sink_init_memory(&sink);
    if (ret == 0)
        ret = credential_issue_complete(maker, record, random, place, &kind, faults);
    if (ret == 0)
        ret = credential_issue_allowed(maker, kind, &times, place, faults);
    const struct value *group = ret != 0                             ? NULL
                                : kind == CREDENTIAL_USE_VACCINATION ? value_get(maker->values, "v")
                                : kind == CREDENTIAL_USE_TEST        ? value_get(maker->values, "t")
                                                                     : value_get(maker->values, "r");
    if (ret == 0 && (code = find_code(kind, group + 1, place, faults)) == NULL)
        ret = BASE_ERR_INPUT;
    if (ret == 0) {
        write_card(&sink, maker->values, kind, group + 1, code, issuer, issued, random);
        if (sink.failure != 0)
            ret = TOC_ERR_NO_MEMORY;
        else if (!write_jws(maker, sink.bytes, sink.used, text, size))
            ret = credential_issue_fault(faults, place, "record", "a card that is too long, or could not be signed",
                                         "what one QR code holds");
    }
    if (sink.bytes != NULL)
        explicit_bzero(sink.bytes, sink.used);
    sink_free(&sink);
    credential_maker_clear(maker);
    return ret;
}

size_t credential_issue_numeric(const char *jws, size_t size, char *text, size_t room)
{
    if (room < 6 + 2 * size)
        return 0;
    size_t used = (size_t) sprintf(text, "shc:/");
    for (size_t i = 0; i < size; i++) {
        unsigned number = (unsigned char) jws[i] - 45U;
        text[used++] = (char) ('0' + number / 10 % 10);
        text[used++] = (char) ('0' + number % 10);
    }
    text[used] = '\0';
    return used;
}
