/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HC1 passes of invented issuers (support/issuer.h): each verdict, and each way of being wrong that the shared data do
 * not have. */
#include <stdio.h>

#include "formats/credential/base45.h"
#include "formats/credential/credential.h"
#include "support/issuer.h"
#include "support/test.h"

#define TEST_USE "1.3.6.1.4.1.1847.2021.1.1"
#define VACCINATION_USE "1.3.6.1.4.1.1847.2021.1.2"
#define OLD_RECOVERY_USE "1.3.6.1.4.1.0.1847.2021.1.3"

enum who { EC, RSA_2048, VACCINATION_ONLY, TEST_OR_OLD_RECOVERY, OTHER_USE, RUN_OUT, STRANGER, NUM_ISSUERS };

static struct issuer              issuers[NUM_ISSUERS];
static struct credential_trust    trust;
static struct credential_scanner *scanner;
static struct credential_answer   answer;

static int set_up(void **state)
{
    (void) state;
    struct fault_list faults = FAULT_LIST_INIT;
    issuer_init(&issuers[EC], 0, NULL, 0, 0);
    issuer_init(&issuers[RSA_2048], 2048, NULL, 0, 0);
    issuer_init(&issuers[VACCINATION_ONLY], 0, VACCINATION_USE, 0, 0);
    issuer_init(&issuers[TEST_OR_OLD_RECOVERY], 0, TEST_USE "," OLD_RECOVERY_USE, 0, 0);
    issuer_init(&issuers[OTHER_USE], 0, "serverAuth", 0, 0);
    issuer_init(&issuers[RUN_OUT], 0, NULL, -100, 100);
    issuer_init(&issuers[STRANGER], 0, NULL, 0, 0);
    for (int i = 0; i < STRANGER; i++)
        assert_ok(credential_trust_add_certificate(&trust, issuers[i].der, issuers[i].der_size, &faults));
    assert_ok(credential_trust_ready(&trust));
    scanner = credential_scanner_new(&trust, NULL);
    assert_non_null(scanner);
    fault_list_free(&faults);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    for (int i = 0; i < NUM_ISSUERS; i++)
        issuer_free(&issuers[i]);
    return 0;
}

static enum credential_verdict scan_at(enum who who, struct issuer_pass pass, int64_t when)
{
    char   text[ISSUER_PASS_BYTES];
    size_t size = issuer_hc1(&issuers[who], &pass, text);
    credential_scan(scanner, text, size, ISSUER_EPOCH + when, &answer);
    return answer.verdict;
}

static enum credential_verdict scan(enum who who, struct issuer_pass pass)
{
    return scan_at(who, pass, 60);
}

static enum credential_verdict scan_text(const char *text)
{
    credential_scan(scanner, text, strlen(text), ISSUER_EPOCH, &answer);
    return answer.verdict;
}

#define PASS(...) ((struct issuer_pass){ __VA_ARGS__ })

static void test_genuine(void **state)
{
    (void) state;
    assert_int_equal(scan(EC, PASS(0)), CREDENTIAL_GENUINE);
    assert_int_equal(answer.form, CREDENTIAL_HC1);
    assert_int_equal(answer.kind, CREDENTIAL_DCC);
    assert_int_equal(answer.uses, CREDENTIAL_USE_VACCINATION);
    assert_int_equal(answer.issued, ISSUER_EPOCH);
    assert_int_equal(answer.expires, ISSUER_EPOCH + 365 * 86400);
    assert_memory_equal(answer.issuer.text, "XX", 2);
    assert_memory_equal(answer.kid, issuers[EC].kid, 8);
    assert_string_equal(answer.signer->country, "XX");
    assert_true(value_is_text(value_get(answer.payload, "dob"), "1998-02-26"));
    assert_true(value_is_text(value_get(value_at(value_get(answer.payload, "v"), 0), "mp"), "EU/1/20/1528"));
    assert_int_equal(scan(RSA_2048, PASS(.kind = 't')), CREDENTIAL_GENUINE);
    assert_int_equal(answer.uses, CREDENTIAL_USE_TEST);
    assert_int_equal(scan(EC, PASS(.kind = 'r', .tags = ISSUER_NO_TAG)), CREDENTIAL_GENUINE);
    assert_int_equal(scan(EC, PASS(.tags = ISSUER_TAG_61_18)), CREDENTIAL_GENUINE);
    assert_int_equal(scan(EC, PASS(.kid_outside = true)), CREDENTIAL_GENUINE);
}

static void test_forged(void **state)
{
    (void) state;
    for (enum who who = EC; who <= RSA_2048; who++) {
        assert_int_equal(scan(who, PASS(.spoil = ISSUER_SPOIL_PAYLOAD)), CREDENTIAL_FORGED);
        assert_null(answer.payload); /* what nobody vouches for is not looked at */
        assert_null(answer.signer);
        assert_int_equal(scan(who, PASS(.spoil = ISSUER_SPOIL_R)), CREDENTIAL_FORGED);
        assert_int_equal(scan(who, PASS(.spoil = ISSUER_SPOIL_S)), CREDENTIAL_FORGED);
        assert_int_equal(scan(who, PASS(.spoil = ISSUER_SPOIL_SHORT)), CREDENTIAL_FORGED);
        /* the kid names one issuer, another signed */
        assert_int_equal(scan(STRANGER, PASS(.kid = issuers[who].kid)), CREDENTIAL_FORGED);
    }
    assert_int_equal(scan(EC, PASS(.kid_outside = true, .spoil = ISSUER_SPOIL_HEADER)), CREDENTIAL_CANNOT_BE_CHECKED);
    assert_int_equal(scan(EC, PASS(.der_signature = true)), CREDENTIAL_FORGED);
    assert_int_equal(scan(EC, PASS(.algorithm = -37)), CREDENTIAL_FORGED); /* not the algorithm of the key */
    assert_int_equal(scan(RSA_2048, PASS(.algorithm = -7)), CREDENTIAL_FORGED);
}

/* Every bit of a pass: no change makes another genuine pass. The signature is over all but the tags, the unsigned
 * header and the forms of lengths. */
static void test_every_bit(void **state)
{
    (void) state;
    char               text[ISSUER_PASS_BYTES], changed[ISSUER_PASS_BYTES];
    struct issuer_pass pass = { .plain = false };
    size_t             size = issuer_hc1(&issuers[EC], &pass, text);
    size_t             num = 0;
    for (size_t i = 4; i < size; i++) {
        memcpy(changed, text, size);
        changed[i] = text[i] == '0' ? '1' : '0';
        credential_scan(scanner, changed, size, ISSUER_EPOCH, &answer);
        assert_int_not_equal(answer.verdict, CREDENTIAL_GENUINE);
        num++;
    }
    assert_true(num > 300);
}

static void test_unknown(void **state)
{
    (void) state;
    uint8_t long_kid[70] = { 1 };
    assert_int_equal(scan(STRANGER, PASS(0)), CREDENTIAL_UNKNOWN_ISSUER);
    assert_memory_equal(answer.kid, issuers[STRANGER].kid, 8);
    /* the signed header wins, though the other one is right; and the other way round */
    assert_int_equal(scan(EC, PASS(.kid = issuers[STRANGER].kid, .other_kid = issuers[EC].kid)),
                     CREDENTIAL_UNKNOWN_ISSUER);
    assert_int_equal(scan(EC, PASS(.other_kid = issuers[STRANGER].kid)), CREDENTIAL_GENUINE);
    assert_int_equal(scan(EC, PASS(.kid = issuers[EC].kid, .kid_size = 7)), CREDENTIAL_UNKNOWN_ISSUER);
    assert_int_equal(scan(EC, PASS(.kid = long_kid, .kid_size = 64)), CREDENTIAL_UNKNOWN_ISSUER);
    assert_int_equal(scan(EC, PASS(.kid = long_kid, .kid_size = 65)), CREDENTIAL_UNKNOWN_ISSUER);
    assert_int_equal(scan(EC, PASS(.algorithm = -35)), CREDENTIAL_CANNOT_BE_CHECKED); /* ES384 */
    assert_int_equal(scan(EC, PASS(.algorithm = 5)), CREDENTIAL_CANNOT_BE_CHECKED);
}

/* Two signers with the same kid: both are tried, whichever comes first. */
static void test_same_kid(void **state)
{
    (void) state;
    struct credential_trust both = CREDENTIAL_TRUST_INIT;
    struct fault_list       faults = FAULT_LIST_INIT;
    struct issuer_pass      pass = { .kid = issuers[EC].kid };
    char                    text[ISSUER_PASS_BYTES];
    static const enum who   who[] = { EC, STRANGER, RSA_2048 };
    for (int i = 0; i < 3; i++) {
        assert_ok(credential_trust_add_certificate(&both, issuers[who[i]].der, issuers[who[i]].der_size, &faults));
        memcpy(both.signers[i].kid, issuers[EC].kid, 8);
    }
    assert_ok(credential_trust_ready(&both));
    struct credential_scanner *own = credential_scanner_new(&both, NULL);
    for (int i = 0; i < 3; i++) {
        size_t size = issuer_hc1(&issuers[who[i]], &pass, text);
        credential_scan(own, text, size, ISSUER_EPOCH, &answer);
        assert_int_equal(answer.verdict, CREDENTIAL_GENUINE);
        assert_ptr_equal(answer.signer, &both.signers[i]);
    }
    credential_scanner_free(own);
    credential_trust_free(&both);
    fault_list_free(&faults);
}

static void test_times(void **state)
{
    (void) state;
    const struct issuer_pass pass = { .issued = 100, .expires = 200 };
    assert_int_equal(scan_at(EC, pass, 99), CREDENTIAL_NOT_YET_VALID);
    assert_int_equal(scan_at(EC, pass, 100), CREDENTIAL_GENUINE);
    assert_int_equal(scan_at(EC, pass, 200), CREDENTIAL_GENUINE);
    assert_int_equal(scan_at(EC, pass, 201), CREDENTIAL_EXPIRED);
    /* the signer's own time */
    assert_int_equal(scan_at(RUN_OUT, PASS(.expires = 90), 50), CREDENTIAL_GENUINE);
    assert_true(credential_in_time(&answer, ISSUER_EPOCH + 50));
    assert_int_equal(scan_at(RUN_OUT, PASS(.expires = 1000), 100), CREDENTIAL_GENUINE);
    assert_false(credential_in_time(&answer, ISSUER_EPOCH + 100)); /* promises more than its signer's certificate */
    assert_int_equal(scan_at(RUN_OUT, PASS(.expires = 1000), 101), CREDENTIAL_EXPIRED);
    assert_string_equal(answer.why.what, "key");
    assert_int_equal(scan_at(RUN_OUT, PASS(.issued = -200), -150), CREDENTIAL_NOT_YET_VALID);
    assert_int_equal(scan(EC, PASS(.no_expiry = true)), CREDENTIAL_MALFORMED);
}

static void test_key_usage(void **state)
{
    (void) state;
    static const struct {
        enum who who;
        char     kind;
        bool     may;
    } cases[] = {
        { EC, 'v', true },
        { EC, 't', true },
        { EC, 'r', true },
        { VACCINATION_ONLY, 'v', true },
        { VACCINATION_ONLY, 't', false },
        { VACCINATION_ONLY, 'r', false },
        { TEST_OR_OLD_RECOVERY, 'v', false },
        { TEST_OR_OLD_RECOVERY, 't', true },
        { TEST_OR_OLD_RECOVERY, 'r', true },
        { OTHER_USE, 'v', true }, /* says nothing of what concerns us */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(scan(cases[i].who, PASS(.kind = cases[i].kind)),
                         cases[i].may ? CREDENTIAL_GENUINE : CREDENTIAL_KEY_MAY_NOT_SIGN);
}

static void test_content(void **state)
{
    (void) state;
    assert_int_equal(scan(EC, PASS(.entries = 2)), CREDENTIAL_MALFORMED);
    assert_int_equal(scan(EC, PASS(.entries = -1)), CREDENTIAL_MALFORMED);
    static const uint8_t not_a_map[] = { 0x80 }, no_number[] = { 0xa1, 0x04, 0xf9, 0x7e, 0x00 }; /* expires: NaN */
    assert_int_equal(scan(EC, PASS(.payload = not_a_map, .payload_size = 1)), CREDENTIAL_MALFORMED);
    assert_int_equal(scan(EC, PASS(.payload = no_number, .payload_size = 5)), CREDENTIAL_MALFORMED);
    static const uint8_t link[] = { 0xa1, 0x39, 0x01, 0x03, 0xa1, 0x05, 0x81, 0xa0 }; /* -260: {5: [{}]} */
    assert_int_equal(scan(EC, PASS(.payload = link, .payload_size = sizeof link)), CREDENTIAL_CANNOT_BE_CHECKED);
    /* the WHO's flat form: {"name": "A", "test": {}} */
    static const uint8_t ddcc[] = { 0xa2, 0x64, 'n', 'a', 'm', 'e', 0x61, 'A', 0x64, 't', 'e', 's', 't', 0xa0 };
    assert_int_equal(scan(EC, PASS(.payload = ddcc, .payload_size = sizeof ddcc)), CREDENTIAL_GENUINE);
    assert_int_equal(answer.kind, CREDENTIAL_DDCC);
    assert_int_equal(answer.uses, CREDENTIAL_USE_TEST);
    /* null groups are absent: -260: {1: {"v": null, "t": [], "r": [{}]}}, 4: 2^31-1 */
    static const uint8_t nulls[] = { 0xa2, 0x04, 0x1a, 0x7f, 0xff, 0xff, 0xff, 0x39, 0x01, 0x03, 0xa1, 0x01,
                                     0xa3, 0x61, 'v',  0xf6, 0x61, 't',  0x80, 0x61, 'r',  0x81, 0xa0 };
    assert_int_equal(scan(EC, PASS(.payload = nulls, .payload_size = sizeof nulls)), CREDENTIAL_GENUINE);
    assert_int_equal(answer.uses, CREDENTIAL_USE_RECOVERY);
}

static void test_malformed(void **state)
{
    (void) state;
    static const char *const texts[] = { "",     "HC1",   "HC1:",   "HC1:A",   "HC2:AAA", "HC1:::::", "hc1:AAA",
                                         "shc:", "shc:/", "shc:/1", "shc:/78", "eyJ",     "eyJ.a.b",  "NCFOXN" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(scan_text(texts[i]), CREDENTIAL_MALFORMED);
        assert_int_not_equal(answer.why.status, 0);
        assert_non_null(answer.why.allowed);
    }
    assert_int_equal(scan(EC, PASS(.plain = true)), CREDENTIAL_MALFORMED); /* not compressed */
    assert_int_equal(scan(EC, PASS(.tags = ISSUER_TAG_98)), CREDENTIAL_MALFORMED);
}

/* In HC1 a blank is one of the 45 characters: only what cannot be the text's own is taken away. */
static void test_trim(void **state)
{
    (void) state;
    struct credential_text trimmed = credential_trim(" \r\n\tHC1:AB \r\n", 13);
    assert_int_equal(trimmed.size, 7);
    assert_memory_equal(trimmed.text, "HC1:AB ", 7);
    trimmed = credential_trim(" shc:/12 \n", 10);
    assert_int_equal(trimmed.size, 7);
    assert_int_equal(credential_trim(" \n ", 3).size, 0);
    assert_int_equal(credential_trim("", 0).size, 0);
}

/* What was read is gone after a wipe, and after the next scan. */
static void test_wipe(void **state)
{
    (void) state;
    static const char secret[] = "MUSTERFRAU<GOESSINGER";
    assert_int_equal(scan(EC, PASS(0)), CREDENTIAL_GENUINE);
    const struct value *name = value_get(value_get(answer.payload, "nam"), "fnt");
    const char         *at = name->text;
    assert_memory_equal(at, secret, sizeof secret - 1);
    scan_text("HC1:");
    assert_memory_not_equal(at, secret, sizeof secret - 1);
    assert_int_equal(scan(EC, PASS(0)), CREDENTIAL_GENUINE);
    assert_memory_equal(at, secret, sizeof secret - 1);
    credential_scanner_wipe(scanner);
    for (size_t i = 0; i < sizeof secret - 1; i++)
        assert_int_equal(at[i], 0);
}

static void test_verdict_texts(void **state)
{
    (void) state;
    for (enum credential_verdict verdict = CREDENTIAL_GENUINE; verdict < CREDENTIAL_NUM_VERDICTS; verdict++)
        for (enum credential_language language = CREDENTIAL_ENGLISH; language < CREDENTIAL_NUM_LANGUAGES; language++) {
            assert_true(strlen(credential_verdict_text(verdict, language)) > 10);
            assert_true(strlen(credential_verdict_next(verdict, language)) > 10);
        }
    /* whoever has no genuine proof is shown another way */
    for (enum credential_verdict verdict = CREDENTIAL_UNKNOWN_ISSUER; verdict < CREDENTIAL_NUM_VERDICTS; verdict++) {
        assert_non_null(strstr(credential_verdict_next(verdict, CREDENTIAL_ENGLISH), "test"));
        assert_non_null(strstr(credential_verdict_next(verdict, CREDENTIAL_CHINESE), "检测"));
        assert_non_null(strstr(credential_verdict_next(verdict, CREDENTIAL_TIBETAN), "བརྟག་དཔྱད"));
    }
    assert_true(credential_verdict_reviewed(CREDENTIAL_ENGLISH));
    assert_false(credential_verdict_reviewed(CREDENTIAL_TIBETAN));
    assert_int_equal(credential_language_find("zh"), CREDENTIAL_CHINESE);
    assert_int_equal(credential_language_find("xx"), CREDENTIAL_NUM_LANGUAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genuine),   cmocka_unit_test(test_forged),   cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_unknown),   cmocka_unit_test(test_same_kid), cmocka_unit_test(test_times),
        cmocka_unit_test(test_key_usage), cmocka_unit_test(test_content),  cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_trim),      cmocka_unit_test(test_wipe),     cmocka_unit_test(test_verdict_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
