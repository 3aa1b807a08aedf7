/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is issued, read again by the reader that knows nothing of the writer; and what must not be issued. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "formats/credential/base45.h"
#include "formats/credential/base64.h"
#include "formats/credential/cbor.h"
#include "formats/credential/cbor_write.h"
#include "formats/credential/credential.h"
#include "formats/credential/inflate.h"
#include "formats/credential/issue.h"
#include "formats/credential/qr.h"
#include "formats/credential/smart_schema.h"
#include "support/property.h"
#include "support/test.h"

#define NOW INT64_C(1646136000) /* 2022-03-01T12:00:00Z */
#define DAY 86400

static struct certificate            authority, made;
static struct credential_maker      *maker;
static struct credential_trust       trust;
static struct credential_scanner    *scanner;
static struct credential_answer      answer;
static struct fault_list             faults;
static struct value_tree             record;
static char                          text[CREDENTIAL_ISSUE_TEXT_BYTES];
static size_t                        size;
static const struct fault_place      here = { "records.ndjson", 7, 0, NULL };
static const uint8_t                 random_bytes[CREDENTIAL_IDENTIFIER_RANDOM] = { 0xff, 0, 0x12, 0x34 };
static const struct credential_times year = { NOW, NOW + 365 * DAY };

static const struct credential_signer_settings signer = { .country = "XX",
                                                          .name = "Example County 示例县",
                                                          .days = 730 };

#define VACCINATION                                                                                                    \
    "{\"nam\":{\"fn\":\"O'Neil-Smith\",\"gn\":\"Ann "                                                                  \
    "Mary\"},\"dob\":\"1979-04-14\",\"v\":[{\"tg\":\"840539006\",\"vp\":"                                              \
    "\"1119349007\",\"mp\":\"EU/1/20/1528\",\"ma\":\"ORG-100030215\",\"dn\":2,\"sd\":2,\"dt\":\"2022-01-31\"}]}"
#define TEST_RECORD                                                                                                    \
    "{\"nam\":{\"fn\":\"张\",\"fnt\":\"ZHANG\",\"gn\":\"伟\",\"gnt\":\"WEI\"},\"dob\":\"\",\"t\":[{\"tg\":"          \
    "\"840539006\",\"tt\":"                                                                                            \
    "\"LP6464-4\",\"sc\":\"2022-02-28T08:30:00+08:00\",\"tr\":\"260415000\",\"tc\":\"Gate "                            \
    "3\",\"ci\":\"URN:UVCI:01:XX:A1\"}]}"
#define RECOVERY                                                                                                       \
    "{\"nam\":{\"fnt\":\"DOE\"},\"dob\":\"1979\",\"r\":[{\"tg\":\"840539006\",\"fr\":\"2022-01-01\",\"df\":\"2022-01-" \
    "12\","                                                                                                            \
    "\"du\":\"2022-06-30\"}]}"

static void open_maker(const struct certificate *with)
{
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    credential_maker_free(maker);
    maker = NULL;
    assert_ok(credential_maker_open(with->key, with->key_size, with->chain, with->chain_size, &maker, &faults));
    size_t         der_size;
    const uint8_t *der = credential_maker_certificate(maker, &der_size);
    trust = (struct credential_trust) CREDENTIAL_TRUST_INIT;
    assert_ok(credential_trust_add_certificate(&trust, der, der_size, &faults));
    char keys[700];
    snprintf(keys, sizeof keys, "{\"keys\":[%s],\"iss\":\"https://cards.example\"}", credential_maker_jwk(maker));
    const struct credential_list_file list = { .name = "jwks", .bytes = keys, .size = strlen(keys), .dated = NOW };
    assert_ok(credential_trust_add(&trust, &list, &faults));
    assert_ok(credential_trust_ready(&trust));
    scanner = credential_scanner_new(&trust, NULL);
}

static int set_up(void **state)
{
    (void) state;
    struct credential_signer_settings top = {
        .country = "XX", .name = "Example authority", .days = 1000, .authority = true
    };
    assert_ok(credential_signer_make(&top, NULL, NOW, &authority, &faults));
    const struct certificate_issuer by = { authority.key, authority.chain, authority.key_size, authority.chain_size,
                                           NULL };
    assert_ok(credential_signer_make(&signer, &by, NOW, &made, &faults));
    open_maker(&made);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    credential_maker_free(maker);
    certificate_free(&authority);
    certificate_free(&made);
    value_tree_free(&record);
    fault_list_free(&faults);
    return 0;
}

static int issue_for(const char *json, const struct credential_times *times)
{
    fault_list_free(&faults);
    assert_ok(json_read(json, strlen(json), NULL, &record, NULL));
    return credential_issue_hc1(maker, record.values, times, random_bytes, here, text, &size, &faults);
}

static void issue(const char *json)
{
    if (issue_for(json, &year) != 0) {
        fault_list_write(&faults, stderr);
        fail_msg("not issued");
    }
}

static void assert_genuine(int64_t when)
{
    credential_scan(scanner, text, size, when, &answer);
    assert_string_equal(credential_verdict_word(answer.verdict), "genuine");
}

static void test_all_kinds_are_genuine(void **state)
{
    (void) state;
    issue(VACCINATION);
    assert_genuine(NOW + 60);
    assert_int_equal(answer.uses, CREDENTIAL_USE_VACCINATION);
    assert_int_equal(answer.issued, NOW);
    assert_int_equal(answer.expires, NOW + 365 * DAY);
    assert_memory_equal(answer.issuer.text, "XX", 2);
    const struct value *entry = value_at(value_get(answer.payload, "v"), 0), *name = value_get(answer.payload, "nam");
    assert_true(value_is_text(value_get(answer.payload, "ver"), "1.3.0"));
    assert_true(value_is_text(value_get(name, "fnt"), "ONEIL<SMITH"));
    assert_true(value_is_text(value_get(name, "gnt"), "ANN<MARY"));
    assert_true(value_is_text(value_get(entry, "co"), "XX"));
    assert_true(value_is_text(value_get(entry, "is"), "Example County 示例县"));
    assert_true(value_is_text(value_get(entry, "ci"), "URN:UVCI:01:XX:ZW014D00000000000000000000"));
    issue(TEST_RECORD);
    assert_genuine(NOW + 60);
    assert_int_equal(answer.uses, CREDENTIAL_USE_TEST);
    assert_true(value_is_text(value_get(value_at(value_get(answer.payload, "t"), 0), "ci"), "URN:UVCI:01:XX:A1"));
    issue(RECOVERY);
    assert_genuine(NOW + 60);
    assert_int_equal(answer.uses, CREDENTIAL_USE_RECOVERY);
    text[size - 3] = text[size - 3] == 'A' ? 'B' : 'A';
    credential_scan(scanner, text, size, NOW, &answer);
    assert_true(answer.verdict != CREDENTIAL_GENUINE);
}

static bool has_fault(const char *name, const char *found)
{
    for (size_t i = 0; i < faults.num_kept; i++) {
        const struct fault *fault = &faults.faults[i];
        if (strcmp(fault->name, name) == 0 && strcmp(fault->found, found) == 0 && fault->line == 7 &&
            fault->allowed[0] != '\0')
            return true;
    }
    fault_list_write(&faults, stderr);
    return false;
}

/* A record with one thing replaced. */
static int issue_changed(const char *json, const char *from, const char *to)
{
    char        changed[1200];
    const char *at = strstr(json, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int) (at - json), json, to, at + strlen(from));
    return issue_for(changed, &year);
}

static void test_what_is_not_right_is_not_issued(void **state)
{
    (void) state;
    static const struct {
        const char *json, *from, *to, *name, *found;
    } cases[] = {
        { VACCINATION, "\"dn\":2", "\"dn\":0", "v.dn", "a whole number" },
        { VACCINATION, "\"dn\":2", "\"dn\":2.5", "v.dn", "a number" },
        { VACCINATION, "\"dn\":2,", "", "v.dn", "nothing" },
        { VACCINATION, "2022-01-31", "2022-02-30", "v.dt", "\"2022-02-30\"" },
        { VACCINATION, "2022-01-31", "2022-01-31T00:00:00Z", "v.dt", "\"2022-01-31T00:00:00Z\"" },
        { VACCINATION, "\"mp\":\"EU/1/20/1528\"", "\"mp\":\"\"", "v.mp", "\"\"" },
        { VACCINATION, "\"mp\":", "\"religion\":\"x\",\"mp\":", "v.religion", "a field that a pass does not have" },
        { VACCINATION, "\"dob\":", "\"passport\":\"x\",\"dob\":", "passport", "a field that a pass does not have" },
        { VACCINATION, "1979-04-14", "1979-04-31", "dob", "what is no date" },
        { VACCINATION, "\"fn\":\"O'Neil-Smith\"", "\"fn\":\"Çelik\"", "nam.fnt", "nothing" },
        { VACCINATION, "\"fn\":\"O'Neil-Smith\"", "\"fn\":\"A\\nB\",\"fnt\":\"AB\"", "nam.fn", "\"A\\nB\"" },
        { VACCINATION, "\"fn\":\"O'Neil-Smith\"", "\"fn\":\"A\",\"fnt\":\"a\"", "nam.fnt", "\"a\"" },
        { VACCINATION, "\"v\":[", "\"t\":[", "t.tt", "nothing" },
        { VACCINATION, "\"v\":[", "\"r\":[],\"v\":[", "v, t, r", "more than one" },
        { VACCINATION, "\"v\":[", "\"v\":[{},", "v.", "what is not an array of one entry" },
        { VACCINATION, "\"dob\":", "\"ver\":\"1.2.0\",\"dob\":", "ver", "another version" },
        { TEST_RECORD, "+08:00", "", "t.sc", "\"2022-02-28T08:30:00\"" },
        { TEST_RECORD, "08:30:00", "24:30:00", "t.sc", "\"2022-02-28T24:30:00+08:00\"" },
        { RECOVERY, "2022-06-30", "2022-01-01", "r.du", "an end before the beginning" },
        { RECOVERY, "\"fnt\":\"DOE\"", "\"gn\":\"Jo\"", "nam.fnt", "nothing" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(issue_changed(cases[i].json, cases[i].from, cases[i].to), BASE_ERR_INPUT);
        if (!has_fault(cases[i].name, cases[i].found))
            fail_msg("case %zu: %s: %s", i, cases[i].name, cases[i].found);
    }
    assert_status(issue_for("[]", &year), BASE_ERR_INPUT);
    assert_status(issue_for("{}", &year), BASE_ERR_INPUT);
    assert_true(faults.num_all >= 3); /* all at once */
}

static void test_length_of_texts(void **state)
{
    (void) state;
    char long_name[300] = "", changed[400];
    for (int i = 0; i < 80; i++)
        strcat(long_name, "字");
    snprintf(changed, sizeof changed, "\"fnt\":\"ZHANG\",\"fn\":\"%s\"", long_name);
    assert_ok(issue_changed(TEST_RECORD, "\"fn\":\"张\",\"fnt\":\"ZHANG\"", changed));
    snprintf(changed, sizeof changed, "\"fnt\":\"ZHANG\",\"fn\":\"%s字\"", long_name);
    assert_status(issue_changed(TEST_RECORD, "\"fn\":\"张\",\"fnt\":\"ZHANG\"", changed), BASE_ERR_INPUT);
}

static void test_times_within_the_certificate(void **state)
{
    (void) state;
    const struct credential_times to_its_end = { NOW, NOW + 730 * DAY }, past_it = { NOW, NOW + 730 * DAY + 1 };
    const struct credential_times backwards = { NOW, NOW }, too_early = { NOW - 3601, NOW + DAY };
    assert_ok(issue_for(VACCINATION, &to_its_end));
    assert_status(issue_for(VACCINATION, &past_it), BASE_ERR_INPUT);
    assert_true(has_fault("expires", "an end behind that of the signer's certificate"));
    assert_status(issue_for(VACCINATION, &backwards), BASE_ERR_INPUT);
    assert_status(issue_for(VACCINATION, &too_early), BASE_ERR_INPUT);
}

static void test_a_key_signs_what_it_may(void **state)
{
    (void) state;
    struct credential_signer_settings settings = signer;
    struct certificate                own = { 0 };
    settings.uses = CREDENTIAL_USE_TEST;
    assert_ok(credential_signer_make(&settings, NULL, NOW, &own, &faults)); /* signed by itself */
    open_maker(&own);
    assert_int_equal(credential_maker_facts(maker)->uses, CREDENTIAL_USE_TEST);
    issue(TEST_RECORD);
    assert_genuine(NOW + 60);
    assert_status(issue_for(VACCINATION, &year), BASE_ERR_INPUT);
    assert_true(has_fault("signer", "a certificate that may not sign this kind"));
    certificate_free(&own);
    open_maker(&made);
}

static void test_signers_refused(void **state)
{
    (void) state;
    struct certificate                own = { 0 };
    struct credential_maker          *none = NULL;
    struct credential_signer_settings settings = signer;
    const struct certificate_issuer   by = { made.key, made.chain, made.key_size, made.chain_size, NULL };
    const struct certificate_issuer   top = { authority.key, authority.chain, authority.key_size, authority.chain_size,
                                              NULL };
    settings.country = "xx";
    assert_status(credential_signer_make(&settings, NULL, NOW, &own, &faults), BASE_ERR_INPUT);
    settings = signer;
    settings.name = "";
    assert_status(credential_signer_make(&settings, NULL, NOW, &own, &faults), BASE_ERR_INPUT);
    settings = signer;
    settings.days = CREDENTIAL_SIGNER_MAX_DAYS + 1;
    assert_status(credential_signer_make(&settings, NULL, NOW, &own, &faults), BASE_ERR_INPUT);
    settings.days = 1001; /* the authority ends earlier */
    assert_status(credential_signer_make(&settings, &top, NOW, &own, &faults), BASE_ERR_INPUT);
    assert_status(credential_signer_make(&signer, &by, NOW, &own, &faults), BASE_ERR_INPUT); /* no authority */
    assert_status(credential_maker_open(authority.key, authority.key_size, made.chain, made.chain_size, &none, &faults),
                  BASE_ERR_INPUT);
    assert_status(
        credential_maker_open(authority.key, authority.key_size, authority.chain, authority.chain_size, &none, &faults),
        BASE_ERR_INPUT);
    assert_status(credential_maker_open("x", 1, "x", 1, &none, &faults), BASE_ERR_INPUT);
    assert_null(none);
    assert_null(own.key);
    fault_list_free(&faults);
}

/* ---- the domestic pass ---- */

static void test_the_minimal_pass_tells_next_to_nothing(void **state)
{
    (void) state;
    static const enum credential_use uses[] = { CREDENTIAL_USE_VACCINATION, CREDENTIAL_USE_TEST,
                                                CREDENTIAL_USE_RECOVERY };
    const struct credential_times    odd = { NOW + 1234, NOW + 2 * DAY + 999 };
    for (size_t i = 0; i < 3; i++) {
        assert_ok(credential_issue_minimal(maker, uses[i], &odd, text, &size, &faults));
        assert_genuine(NOW + DAY);
        assert_int_equal(answer.kind, CREDENTIAL_MINIMAL);
        assert_int_equal(answer.uses, uses[i]);
        assert_int_equal(answer.expires % 3600, 0);
        assert_int_equal(answer.payload->count, 1);
        assert_int_equal(answer.claims->count, 4); /* country, end, beginning, class: nothing else */
        assert_int_equal(answer.claims->size, 9 + 4);
        credential_scan(scanner, text, size, NOW - 3601, &answer);
        assert_int_equal(answer.verdict, CREDENTIAL_NOT_YET_VALID);
        credential_scan(scanner, text, size, NOW + 3 * DAY, &answer);
        assert_int_equal(answer.verdict, CREDENTIAL_EXPIRED);
    }
}

static size_t unpacked(uint8_t *bytes)
{
    static uint8_t                  packed[4096];
    size_t                          num;
    struct libdeflate_decompressor *inflater = credential_inflater_new();
    assert_ok(credential_base45_decode(text + 4, size - 4, packed, &num, NULL));
    assert_ok(credential_inflate(inflater, CREDENTIAL_ZLIB, packed, num, bytes, 4096, &num, NULL));
    credential_inflater_free(inflater);
    return num;
}

/* Two passes of a batch are the same but for their signatures, whenever within the hour they were made. */
static void test_a_batch_cannot_be_linked(void **state)
{
    (void) state;
    static uint8_t                first[4096], second[4096];
    const struct credential_times one = { NOW + 10, NOW + DAY }, other = { NOW + 3599, NOW + DAY + 3599 };
    assert_ok(credential_issue_minimal(maker, CREDENTIAL_USE_TEST, &one, text, &size, &faults));
    size_t num = unpacked(first);
    assert_ok(credential_issue_minimal(maker, CREDENTIAL_USE_TEST, &other, text, &size, &faults));
    assert_int_equal(unpacked(second), num);
    assert_memory_equal(first, second, num - CREDENTIAL_ES256_BYTES);
    assert_memory_not_equal(first + num - CREDENTIAL_ES256_BYTES, second + num - CREDENTIAL_ES256_BYTES,
                            CREDENTIAL_ES256_BYTES);
}

/* ---- SMART ---- */

/* The payload of the card in `text`, as JSON. */
static size_t payload_of(char *json, size_t room)
{
    static uint8_t                  packed[CREDENTIAL_ISSUE_TEXT_BYTES];
    struct libdeflate_decompressor *inflater = credential_inflater_new();
    const char                     *first = strchr(text, '.') + 1, *second = strchr(first, '.');
    size_t                          num = 0;
    assert_ok(credential_base64_decode(CREDENTIAL_BASE64_URL, first, (size_t) (second - first), packed, &num));
    assert_ok(credential_inflate(inflater, CREDENTIAL_RAW, packed, num, (uint8_t *) json, room, &num, NULL));
    credential_inflater_free(inflater);
    return num;
}

static void test_smart_cards_are_genuine(void **state)
{
    static char json[CREDENTIAL_ISSUE_RECORD_BYTES];
    (void) state;
    static char numeric[2 * CREDENTIAL_ISSUE_TEXT_BYTES];
    assert_ok(json_read(VACCINATION, strlen(VACCINATION), NULL, &record, NULL));
    assert_ok(credential_issue_smart(maker, record.values, "https://cards.example", NOW, random_bytes, here, text,
                                     &size, &faults));
    assert_genuine(NOW + 60);
    assert_null(credential_card_fault(json, payload_of(json, sizeof json)));
    assert_int_equal(answer.kind, CREDENTIAL_FHIR);
    const struct value *entries = value_get(answer.payload, "entry");
    const struct value *shot = value_get(value_at(entries, 1), "resource");
    assert_true(
        value_is_text(value_get(value_at(value_get(value_get(shot, "vaccineCode"), "coding"), 0), "code"), "208"));
    assert_true(value_is_text(value_get(shot, "occurrenceDateTime"), "2022-01-31"));
    size_t length = credential_issue_numeric(text, size, numeric, sizeof numeric);
    credential_scan(scanner, numeric, length, NOW + 60, &answer);
    assert_int_equal(answer.verdict, CREDENTIAL_GENUINE);
    assert_int_equal(credential_issue_numeric(text, size, numeric, 2 * size), 0);
    assert_ok(json_read(TEST_RECORD, strlen(TEST_RECORD), NULL, &record, NULL));
    assert_ok(credential_issue_smart(maker, record.values, "https://cards.example", NOW, random_bytes, here, text,
                                     &size, &faults));
    assert_genuine(NOW + 60);
    assert_int_equal(answer.uses, CREDENTIAL_USE_TEST);
    assert_null(credential_card_fault(json, payload_of(json, sizeof json)));
    assert_status(credential_issue_smart(maker, record.values, "https://cards.example/", NOW, random_bytes, here, text,
                                         &size, &faults),
                  BASE_ERR_INPUT);
    assert_ok(json_read(RECOVERY, strlen(RECOVERY), NULL, &record, NULL));
    assert_status(credential_issue_smart(maker, record.values, "https://cards.example", NOW, random_bytes, here, text,
                                         &size, &faults),
                  BASE_ERR_INPUT);
    fault_list_free(&faults);
}

/* ---- CBOR ---- */

static void assert_cbor(const char *json, const char *expected, size_t expected_size)
{
    uint8_t                       bytes[200];
    struct credential_cbor_writer writer = { .bytes = bytes, .room = sizeof bytes };
    assert_ok(json_read(json, strlen(json), NULL, &record, NULL));
    credential_cbor_put_value(&writer, record.values);
    assert_false(writer.failed);
    assert_int_equal(writer.used, expected_size);
    assert_memory_equal(bytes, expected, expected_size);
}

/* The examples of RFC 8949, appendix A, and the order of keys. */
static void test_cbor_is_canonical(void **state)
{
    (void) state;
    assert_cbor("0", "\x00", 1);
    assert_cbor("23", "\x17", 1);
    assert_cbor("24", "\x18\x18", 2);
    assert_cbor("1000", "\x19\x03\xe8", 3);
    assert_cbor("1000000", "\x1a\x00\x0f\x42\x40", 5);
    assert_cbor("1000000000000", "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9);
    assert_cbor("-1", "\x20", 1);
    assert_cbor("-1000", "\x39\x03\xe7", 3);
    assert_cbor("-9223372036854775808", "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9);
    assert_cbor("\"水\"", "\x63\xe6\xb0\xb4", 4);
    assert_cbor("[true,false,null,[]]", "\x84\xf5\xf4\xf6\x80", 5);
    assert_cbor("{\"b\":1,\"aa\":2,\"a\":3}", "\xa3\x61\x61\x03\x61\x62\x01\x62\x61\x61\x02", 11);
    uint8_t                       bytes[8];
    struct credential_cbor_writer writer = { .bytes = bytes, .room = sizeof bytes };
    assert_ok(json_read("1.5", 3, NULL, &record, NULL));
    credential_cbor_put_value(&writer, record.values);
    assert_true(writer.failed);
    writer = (struct credential_cbor_writer){ .bytes = bytes, .room = 3 };
    credential_cbor_put_text(&writer, "abc", 3);
    assert_true(writer.failed && writer.used <= 3);
}

/* ---- codes ---- */

static void test_qr_codes(void **state)
{
    (void) state;
    static struct credential_qr qr;
    struct sink                 sink;
    issue(VACCINATION);
    assert_ok(credential_qr_make(text, size, CREDENTIAL_QR_Q, &qr));
    assert_true(qr.width >= 57 && qr.width <= 117 && qr.width % 4 == 1);
    for (int i = 0; i < 7; i++) { /* the mark of a corner */
        assert_int_equal(qr.dark[i], 1);
        assert_int_equal(qr.dark[i * qr.width], 1);
    }
    assert_int_equal(qr.dark[7], 0);
    sink_init_memory(&sink);
    credential_qr_svg(&qr, 45, &sink);
    sink_character(&sink, '\0');
    assert_int_equal(sink.failure, 0);
    assert_non_null(strstr(sink.bytes, "<path stroke=\"#000\" d=\"M4 4.5h7M"));
    sink_free(&sink);
    sink_init_memory(&sink);
    assert_ok(credential_qr_png(&qr, 4, &sink));
    assert_memory_equal(sink.bytes, "\x89PNG", 4);
    sink_free(&sink);
    sink_init_memory(&sink);
    assert_ok(credential_qr_pdf(&qr, 1, 45, &sink));
    assert_memory_equal(sink.bytes, "%PDF", 4);
    sink_free(&sink);
    static char long_text[7100];
    memset(long_text, 'a', sizeof long_text);
    assert_status(credential_qr_make(long_text, 1700, CREDENTIAL_QR_Q, &qr), BASE_ERR_INPUT);
    assert_status(credential_qr_make(long_text, 0, CREDENTIAL_QR_Q, &qr), BASE_ERR_INPUT);
    assert_ok(credential_qr_make("shc:/0123456789", 15, CREDENTIAL_QR_L, &qr));
}

/* Records drawn at random: what is issued is always read as genuine. */
static void try_record(struct test_random *random)
{
    char   json[600], name[40];
    size_t length = test_between(random, 1, 30);
    for (size_t i = 0; i < length; i++)
        name[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ<"[test_between(random, 0, 26)];
    name[length] = '\0';
    snprintf(json, sizeof json,
             "{\"dob\":\"19%02zu-0%zu-1%zu\",\"nam\":{\"fnt\":\"%s\"},\"v\":[{\"tg\":\"840539006\",\"vp\":\"%zu\","
             "\"mp\":\"X\",\"ma\":\"Y\","
             "\"dn\":%zu,\"sd\":%zu,\"dt\":\"2021-1%zu-2%zu\"}]}",
             test_between(random, 10, 99), test_between(random, 1, 9), test_between(random, 0, 9), name,
             test_between(random, 0, 99999), test_between(random, 1, 9), test_between(random, 1, 9),
             test_between(random, 0, 2), test_between(random, 0, 8));
    issue(json);
    assert_genuine(NOW + 60);
}

static void test_what_is_issued_is_genuine(void **state)
{
    (void) state;
    test_property("records", 300, try_record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_are_genuine),
        cmocka_unit_test(test_what_is_not_right_is_not_issued),
        cmocka_unit_test(test_length_of_texts),
        cmocka_unit_test(test_times_within_the_certificate),
        cmocka_unit_test(test_a_key_signs_what_it_may),
        cmocka_unit_test(test_signers_refused),
        cmocka_unit_test(test_the_minimal_pass_tells_next_to_nothing),
        cmocka_unit_test(test_a_batch_cannot_be_linked),
        cmocka_unit_test(test_smart_cards_are_genuine),
        cmocka_unit_test(test_cbor_is_canonical),
        cmocka_unit_test(test_qr_codes),
        cmocka_unit_test(test_what_is_issued_is_genuine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
