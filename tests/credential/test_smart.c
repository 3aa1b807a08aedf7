/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMART Health Cards of an invented issuer (support/issuer.h): each verdict, parts, limits. */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/credential/credential.h"
#include "support/issuer.h"
#include "support/test.h"

#define ISS "https://a.example/cards"
#define CARD                                                                                                           \
    "{\"iss\":\"" ISS "\",\"nbf\":1640995200.75,\"exp\":1672531200,\"vc\":{\"type\":["                                 \
    "\"https://smarthealth.cards#health-card\"],\"rid\":\"abc\",\"credentialSubject\":{\"fhirVersion\":\"4.0.1\","     \
    "\"fhirBundle\":{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["                                  \
    "{\"resource\":{\"resourceType\":\"Patient\",\"birthDate\":\"1951-01-20\"}},"                                      \
    "{\"resource\":{\"resourceType\":\"Immunization\"}}]}}}}"

static struct issuer              issuer, stranger;
static struct credential_trust    trust;
static struct credential_scanner *scanner;
static struct credential_answer   answer;

static void add_keys(struct credential_trust *to, const struct issuer *of, const char *extra, const char *members)
{
    char              jwk[1024], set[4096];
    struct fault_list faults = FAULT_LIST_INIT;
    issuer_jwk(of, extra, jwk, sizeof jwk);
    snprintf(set, sizeof set, "{\"iss\":\"" ISS "\",\"keys\":[%s]%s}", jwk, members);
    struct credential_list_file file = { .name = "keys", .bytes = set, .size = strlen(set), .dated = 7 };
    assert_ok(credential_trust_add(to, &file, &faults));
    assert_int_equal(faults.num_all, 0);
    assert_int_equal(to->num_signers, 1);
    fault_list_free(&faults);
}

static int set_up(void **state)
{
    (void) state;
    issuer_init(&issuer, 0, NULL, 0, 0);
    issuer_init(&stranger, 0, NULL, 0, 0);
    add_keys(&trust, &issuer, "", "");
    assert_ok(credential_trust_ready(&trust));
    scanner = credential_scanner_new(&trust, NULL);
    return scanner == NULL;
}

static int tear_down(void **state)
{
    (void) state;
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    issuer_free(&issuer);
    issuer_free(&stranger);
    return 0;
}

static enum credential_verdict scan(const char *text, size_t size)
{
    credential_scan(scanner, text, size, 1650000000, &answer);
    return answer.verdict;
}

static enum credential_verdict scan_card(const struct issuer *by, const char *payload, const char *header, bool spoil)
{
    char jws[ISSUER_PASS_BYTES];
    return scan(jws, issuer_card(by, payload, header, spoil, jws));
}

/* CARD with one text of it replaced. */
static enum credential_verdict scan_changed(const char *from, const char *to)
{
    char        payload[2048];
    const char *at = strstr(CARD, from);
    assert_non_null(at);
    snprintf(payload, sizeof payload, "%.*s%s%s", (int) (at - CARD), CARD, to, at + strlen(from));
    return scan_card(&issuer, payload, NULL, false);
}

static void test_verdicts(void **state)
{
    (void) state;
    assert_int_equal(scan_card(&issuer, CARD, NULL, false), CREDENTIAL_GENUINE);
    assert_int_equal(answer.form, CREDENTIAL_SMART);
    assert_int_equal(answer.kind, CREDENTIAL_FHIR);
    assert_int_equal(answer.uses, CREDENTIAL_USE_VACCINATION);
    assert_int_equal(answer.issued, 1640995200);
    assert_int_equal(answer.expires, 1672531200);
    assert_int_equal(answer.trust_dated, 7);
    assert_memory_equal(answer.issuer.text, ISS, answer.issuer.size);
    assert_int_equal(scan_card(&issuer, CARD, NULL, true), CREDENTIAL_FORGED);
    assert_null(answer.payload);
    assert_int_equal(scan_card(&stranger, CARD, NULL, false), CREDENTIAL_UNKNOWN_ISSUER);
    /* the key is known, but not as this issuer's */
    assert_int_equal(scan_changed("a.example/cards", "b.example"), CREDENTIAL_UNKNOWN_ISSUER);
    assert_int_equal(scan_changed("1672531200", "1649999999"), CREDENTIAL_EXPIRED);
    assert_int_equal(scan_changed("1640995200.75", "1640995200000"), CREDENTIAL_NOT_YET_VALID); /* milliseconds */
    assert_int_equal(scan_changed("\"nbf\"", "\"iat\""), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("1640995200.75", "\"2022\""), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("health-card", "card"), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("fhirVersion", "version"), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("collection", "batch"), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("Immunization", "Patient"), CREDENTIAL_MALFORMED); /* two persons */
    assert_int_equal(scan_changed("https://a.example", "http://a.example"), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("cards\"", "cards/\""), CREDENTIAL_MALFORMED);
    assert_int_equal(scan_changed("\"exp\"", "\"iss\""), CREDENTIAL_MALFORMED); /* a member twice */
}

/* Signed, but not deflated as cards are: in zlib's or gzip's wrapping, or not at all. */
static void test_other_compression(void **state)
{
    (void) state;
    uint8_t                       packed[ISSUER_PASS_BYTES];
    char                          jws[ISSUER_PASS_BYTES];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    size_t size = libdeflate_deflate_compress(compressor, CARD, strlen(CARD), packed, sizeof packed);
    assert_int_equal(scan(jws, issuer_card_of(&issuer, packed, size, NULL, false, jws)), CREDENTIAL_GENUINE);
    packed[size] = 0; /* a byte behind the content */
    assert_int_equal(scan(jws, issuer_card_of(&issuer, packed, size + 1, NULL, false, jws)), CREDENTIAL_MALFORMED);
    size = libdeflate_zlib_compress(compressor, CARD, strlen(CARD), packed, sizeof packed);
    assert_int_equal(scan(jws, issuer_card_of(&issuer, packed, size, NULL, false, jws)), CREDENTIAL_MALFORMED);
    size = libdeflate_gzip_compress(compressor, CARD, strlen(CARD), packed, sizeof packed);
    assert_int_equal(scan(jws, issuer_card_of(&issuer, packed, size, NULL, false, jws)), CREDENTIAL_MALFORMED);
    assert_int_equal(scan(jws, issuer_card_of(&issuer, CARD, strlen(CARD), NULL, false, jws)), CREDENTIAL_MALFORMED);
    libdeflate_free_compressor(compressor);
}

static void test_header(void **state)
{
    (void) state;
    static const struct {
        const char             *header;
        enum credential_verdict verdict;
    } cases[] = {
        { "{\"zip\":\"DEF\",\"alg\":\"ES256\"}", CREDENTIAL_MALFORMED },
        { "{\"zip\":\"DEF\",\"kid\":\"x\"}", CREDENTIAL_MALFORMED },
        { "{\"alg\":\"ES256\",\"kid\":\"x\"}", CREDENTIAL_MALFORMED },
        { "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"x\"}", CREDENTIAL_UNKNOWN_ISSUER },
        { "{\"zip\":\"DEF\",\"alg\":\"none\",\"kid\":\"x\"}", CREDENTIAL_CANNOT_BE_CHECKED },
        { "{\"zip\":\"DEF\",\"alg\":\"HS256\",\"kid\":\"x\"}", CREDENTIAL_CANNOT_BE_CHECKED },
        { "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"x\"", CREDENTIAL_MALFORMED },
        { "[]", CREDENTIAL_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(scan_card(&issuer, CARD, cases[i].header, false), cases[i].verdict);
}

/* Parts in any order; one missing, one twice, one of another card. */
static void test_parts(void **state)
{
    (void) state;
    static char            texts[4][2 * ISSUER_PASS_BYTES];
    char                   jws[ISSUER_PASS_BYTES];
    size_t                 size = issuer_card(&issuer, CARD, NULL, false, jws), third = size / 3;
    const size_t           ends[] = { 0, third, 2 * third, size };
    struct credential_text parts[4];
    for (size_t i = 0; i < 3; i++) {
        char before[20];
        snprintf(before, sizeof before, "shc:/%zu/3/", i + 1);
        parts[i].text = texts[i];
        parts[i].size = issuer_numeric(before, jws + ends[i], ends[i + 1] - ends[i], texts[i]);
    }
    static const size_t orders[][4] = { { 0, 1, 2 }, { 2, 0, 1 }, { 0, 1 }, { 0, 1, 1 }, { 0, 1, 2, 2 } };
    static const struct {
        size_t                  num;
        enum credential_verdict verdict;
    } expected[] = { { 3, CREDENTIAL_GENUINE },
                     { 3, CREDENTIAL_GENUINE },
                     { 2, CREDENTIAL_CANNOT_BE_CHECKED },
                     { 3, CREDENTIAL_MALFORMED },
                     { 4, CREDENTIAL_MALFORMED } };
    for (size_t i = 0; i < 5; i++) {
        struct credential_text chosen[4];
        for (size_t j = 0; j < expected[i].num; j++)
            chosen[j] = parts[orders[i][j]];
        credential_scan_parts(scanner, chosen, expected[i].num, 1650000000, &answer);
        assert_int_equal(answer.verdict, expected[i].verdict);
        assert_int_equal(answer.in_parts, answer.verdict == CREDENTIAL_GENUINE);
    }
    credential_scan_parts(scanner, parts, 0, 1650000000, &answer);
    assert_int_equal(answer.verdict, CREDENTIAL_MALFORMED);
    assert_int_equal(scan(parts[0].text, parts[0].size), CREDENTIAL_CANNOT_BE_CHECKED);
    size = issuer_numeric("shc:/1/1/", jws, size, texts[3]);
    assert_int_equal(scan(texts[3], size), CREDENTIAL_GENUINE);
    assert_true(answer.in_parts);
    credential_refuse_code(&answer);
    assert_int_equal(answer.verdict, CREDENTIAL_MALFORMED);
    assert_string_equal(answer.why.what, "QR code");
    assert_null(answer.payload);
    size = issuer_numeric("shc:/", jws, strlen(jws), texts[3]);
    assert_int_equal(scan(texts[3], size), CREDENTIAL_GENUINE);
    assert_int_equal(scan(texts[3], size - 1), CREDENTIAL_MALFORMED); /* an odd number of digits */
}

/* At most 1,195 characters a part; at most 16 parts. */
static void test_limits_of_parts(void **state)
{
    (void) state;
    static char            texts[17][2500];
    struct credential_text parts[17];
    for (size_t num = 1195; num <= 1196; num++) {
        for (int i = 0; i < 2; i++) {
            int at = sprintf(texts[i], "shc:/%d/2/", i + 1);
            for (size_t j = 0; j < 2 * num; j++)
                texts[i][at++] = '1';
            parts[i] = (struct credential_text){ texts[i], (size_t) at };
        }
        credential_scan_parts(scanner, parts, 2, 0, &answer);
        assert_int_equal(answer.verdict, CREDENTIAL_MALFORMED);
        assert_string_equal(answer.why.what, num == 1195 ? "JWS" : "part");
    }
    for (size_t num = 16; num <= 17; num++) {
        for (size_t i = 0; i < num; i++)
            parts[i] = (struct credential_text){ texts[i], (size_t) sprintf(texts[i], "shc:/%zu/%zu/11", i + 1, num) };
        credential_scan_parts(scanner, parts, num, 0, &answer);
        assert_int_equal(answer.verdict, CREDENTIAL_MALFORMED);
        assert_string_equal(answer.why.what, num == 16 ? "JWS" : "parts");
    }
}

static enum credential_verdict with_list(const char *extra, const char *members)
{
    struct credential_trust own = CREDENTIAL_TRUST_INIT;
    char                    jws[ISSUER_PASS_BYTES], kid[64], jwk[512], whole[1024];
    issuer_jwk(&issuer, "", jwk, sizeof jwk);
    sscanf(strstr(jwk, "\"kid\":\"") + 7, "%43s", kid);
    const char *at = strstr(members, "KID");
    snprintf(whole, sizeof whole, "%.*s%s%s", at != NULL ? (int) (at - members) : 0, members, at != NULL ? kid : "",
             at != NULL ? at + 3 : members);
    add_keys(&own, &issuer, extra, whole);
    assert_ok(credential_trust_ready(&own));
    struct credential_scanner *other = credential_scanner_new(&own, NULL);
    size_t                     size = issuer_card(&issuer, CARD, NULL, false, jws);
    credential_scan(other, jws, size, 1650000000, &answer);
    credential_scanner_free(other);
    credential_trust_free(&own);
    return answer.verdict;
}

#define LIST(ctr, rids) ",\"crls\":[{\"kid\":\"KID\",\"method\":\"rid\",\"ctr\":" ctr ",\"rids\":[" rids "]}]"

static void test_revocation(void **state)
{
    (void) state;
    assert_int_equal(with_list("", LIST("1", "\"abd\",\"ab\"")), CREDENTIAL_GENUINE);
    assert_int_equal(with_list("", LIST("1", "\"xyz\",\"abc\"")), CREDENTIAL_REVOKED);
    /* revoked if it is from before that time */
    assert_int_equal(with_list("", LIST("1", "\"abc.1640995200\"")), CREDENTIAL_GENUINE);
    assert_int_equal(with_list("", LIST("1", "\"abc.1640995201\"")), CREDENTIAL_REVOKED);
    /* a list that the key announces must be there and new enough */
    assert_int_equal(with_list(",\"crlVersion\":2", ""), CREDENTIAL_CANNOT_BE_CHECKED);
    assert_int_equal(with_list(",\"crlVersion\":2", LIST("1", "")), CREDENTIAL_CANNOT_BE_CHECKED);
    assert_int_equal(with_list(",\"crlVersion\":2", LIST("2", "")), CREDENTIAL_GENUINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),          cmocka_unit_test(test_header),
        cmocka_unit_test(test_other_compression), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_limits_of_parts),   cmocka_unit_test(test_revocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
