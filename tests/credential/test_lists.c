/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small inputs of the layers below a verdict: CBOR, inflating, lists of signers, revocation. */
#include <libdeflate.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "formats/credential/base64.h"
#include "formats/credential/cbor.h"
#include "formats/credential/credential.h"
#include "formats/credential/dcc_schema.h"
#include "formats/credential/inflate.h"
#include "formats/credential/revocation.h"
#include "formats/credential/trust.h"
#include "support/issuer.h"
#include "support/test.h"

/* ---- CBOR ---- */

static size_t from_hex(const char *text, uint8_t *bytes)
{
    size_t num = 0;
    for (; text[2 * num] != '\0'; num++) {
        unsigned value;
        sscanf(text + 2 * num, "%2x", &value);
        bytes[num] = (uint8_t) value;
    }
    return num;
}

static int read_cbor(const char *hex, struct value_tree *tree)
{
    static uint8_t bytes[4096];
    size_t         size = from_hex(hex, bytes);
    return credential_cbor_read(bytes, size, tree, NULL);
}

static void test_cbor_values(void **state)
{
    (void) state;
    struct value_tree tree = VALUE_TREE_INIT;
    assert_ok(
        read_cbor("8af97e00f93c00fa3fc00000fbbff80000000000003b7fffffffffffffff1bffffffffffffffff1903e8f4f6f7", &tree));
    const struct value *array = tree.values;
    assert_int_equal(array->count, 10);
    assert_true(value_at(array, 0)->number != value_at(array, 0)->number);
    assert_true(value_at(array, 1)->number == 1.0);
    assert_true(value_at(array, 2)->number == 1.5);
    assert_true(value_at(array, 3)->number == -1.5);
    assert_true(value_at(array, 4)->integer == INT64_MIN);
    assert_true(value_is(value_at(array, 5), VALUE_NUMBER) && value_at(array, 5)->number == 18446744073709551615.0);
    assert_int_equal(value_at(array, 6)->integer, 1000);
    assert_true(value_is(value_at(array, 7), VALUE_FALSE) && value_is(value_at(array, 9), VALUE_NULL));
    /* indefinite lengths, tags, integer keys, pieces of a text */
    assert_ok(read_cbor("bf01186461617f6162626364ff6162c000ff", &tree));
    assert_int_equal(value_get_integer(tree.values, 1)->integer, 100);
    assert_true(value_is_text(value_get(tree.values, "a"), "bcd"));
    assert_int_equal(value_get(tree.values, "b")->integer, 0);
    value_tree_free(&tree);
}

static void test_cbor_refused(void **state)
{
    (void) state;
    static const char *const wrong[] = {
        "",
        "18",
        "1c",
        "ff",
        "81ff",
        "62c328",
        "6100",
        "a10000"
        "00",
        "a2010001",
        "a201000100",
        "a1f600",
        "a1800000",
        "5f4100",
        "5f6100ff",
        "7f7f6100ffff",
        "f0",
        "f818",
        "9b7fffffffffffffff",
        "bb7fffffffffffffff",
        "7b7fffffffffffffff",
        "c0",
        "1f",
        "3f",
        "df00",
    };
    struct value_tree tree = VALUE_TREE_INIT;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(read_cbor(wrong[i], &tree), BASE_ERR_INPUT);
        assert_int_equal(tree.num_values, 0);
    }
    value_tree_free(&tree);
}

static void test_cbor_limits(void **state)
{
    (void) state;
    struct value_tree tree = VALUE_TREE_INIT;
    struct value      room[3];
    assert_ok(read_cbor("8181818181818181818181818181818100", &tree)); /* 16 deep */
    assert_int_equal(read_cbor("818181818181818181818181818181818100", &tree), BASE_ERR_INPUT);
    value_tree_free(&tree);
    value_tree_init_in(&tree, room, 3, NULL, 0);
    assert_ok(read_cbor("820000", &tree));
    assert_int_equal(read_cbor("83000000", &tree), TOC_ERR_TOO_LARGE);
    value_tree_clear(&tree);
    static uint8_t pairs[3 + 257 * 4];
    for (unsigned num = 256; num <= 257; num++) { /* pairs of a map */
        struct value_tree grown = VALUE_TREE_INIT;
        size_t            at = 0;
        pairs[at++] = 0xb9;
        pairs[at++] = (uint8_t) (num >> 8);
        pairs[at++] = (uint8_t) num;
        for (unsigned i = 0; i < num; i++, at += 4)
            memcpy(pairs + at, (uint8_t[]){ 0x19, (uint8_t) (i >> 8), (uint8_t) i, 0 }, 4);
        assert_int_equal(credential_cbor_read(pairs, at, &grown, NULL), num == 256 ? 0 : BASE_ERR_INPUT);
        value_tree_free(&grown);
    }
}

/* ---- inflating ---- */

static void test_inflate_limit(void **state)
{
    (void) state;
    static uint8_t                zeros[CREDENTIAL_CONTENT_BYTES + 1], packed[4096], content[CREDENTIAL_CONTENT_BYTES];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    struct libdeflate_decompressor *inflater = credential_inflater_new();
    size_t                          num = 0;
    for (int form = CREDENTIAL_ZLIB; form <= CREDENTIAL_RAW; form++)
        for (size_t over = 0; over <= 1; over++) {
            size_t size =
                form == CREDENTIAL_ZLIB
                    ? libdeflate_zlib_compress(compressor, zeros, sizeof content + over, packed, sizeof packed)
                    : libdeflate_deflate_compress(compressor, zeros, sizeof content + over, packed, sizeof packed);
            assert_int_equal(credential_inflate(inflater, (enum credential_deflate) form, packed, size, content,
                                                sizeof content, &num, NULL),
                             over == 0 ? 0 : BASE_ERR_INPUT);
            packed[size] = 0; /* one byte behind it */
            assert_int_equal(credential_inflate(inflater, (enum credential_deflate) form, packed, size + 1, content,
                                                sizeof content, &num, NULL),
                             BASE_ERR_INPUT);
        }
    credential_inflater_free(inflater);
    libdeflate_free_compressor(compressor);
}

/* ---- lists of signers ---- */

static int add(struct credential_trust *trust, const char *text, struct fault_list *faults)
{
    struct credential_list_file file = {
        .name = "list", .bytes = text, .size = strlen(text), .dated = CREDENTIAL_NO_TIME
    };
    return credential_trust_add(trust, &file, faults);
}

static void put_der(const struct issuer *issuer, char text[8192])
{
    text[credential_base64_encode(CREDENTIAL_BASE64, issuer->der, issuer->der_size, text)] = '\0';
}

/* One signer that is wrong does not take the others with it; weak keys are never taken. */
static void test_signers(void **state)
{
    (void) state;
    static const int        bits[] = { 1024, 2048 };
    struct issuer           issuers[2];
    struct credential_trust trust = CREDENTIAL_TRUST_INIT;
    struct fault_list       faults = FAULT_LIST_INIT;
    char                    der[2][8192], list[20000];
    for (int i = 0; i < 2; i++) {
        issuer_init(&issuers[i], bits[i], NULL, 0, 0);
        put_der(&issuers[i], der[i]);
    }
    snprintf(list, sizeof list,
             "{\"time\":\"2022-03-04T05:06:07Z\",\"certificates\":[{\"rawData\":\"%s\"},{\"rawData\":\"AAAA\"},{},"
             "{\"country\":\"YY\",\"rawData\":\"%s\"}]}",
             der[0], der[1]);
    assert_ok(add(&trust, list, &faults));
    assert_int_equal(trust.num_signers, 1);
    assert_int_equal(trust.lists[0].num_refused, 3);
    assert_int_equal(faults.num_all, 3);
    assert_non_null(strstr(faults.faults[0].found, "too weak"));
    assert_ok(credential_trust_ready(&trust));
    assert_int_equal(credential_trust_dated(&trust), 1646370367);
    assert_null(credential_trust_find(&trust, issuers[0].kid, 8, NULL, 0, NULL));
    const struct credential_signer *signer = credential_trust_find(&trust, issuers[1].kid, 8, NULL, 0, NULL);
    assert_non_null(signer);
    assert_string_equal(signer->country, "YY");
    assert_null(credential_trust_find(&trust, issuers[1].kid, 8, NULL, 0, signer));
    assert_null(credential_trust_find(&trust, issuers[1].kid, 8, "https://a.example", 17, NULL));
    for (int i = 0; i < 2; i++)
        issuer_free(&issuers[i]);
    credential_trust_free(&trust);
    fault_list_free(&faults);
}

/* A DID document: keys with the kid of their certificate in base64, with a certificate, and references to others. */
static void test_did(void **state)
{
    (void) state;
    static const uint8_t    kid[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct issuer           bare, certified;
    struct credential_trust trust = CREDENTIAL_TRUST_INIT;
    struct fault_list       faults = FAULT_LIST_INIT;
    char                    der[8192], jwk[512], list[20000];
    issuer_init(&bare, 0, NULL, 0, 0);
    issuer_init(&certified, 0, "1.3.6.1.4.1.1847.2021.1.2", 0, 0);
    issuer_jwk(&bare, "", jwk, sizeof jwk);
    put_der(&certified, der);
    char *x = strstr(jwk, "\"crv\"");
    snprintf(list, sizeof list,
             "{\"id\":\"did:web:a.example\",\"verificationMethod\":[{\"publicKeyJwk\":{\"kty\":\"EC\",\"kid\":"
             "\"AQIDBAUGBwg=\",%s},{\"publicKeyJwk\":{\"kty\":\"EC\",\"x5c\":[\"%s\"]}},{\"id\":\"did:web:b.example\"},"
             "{\"publicKeyJwk\":{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"a\"}}]}",
             x, der);
    assert_ok(add(&trust, list, &faults));
    assert_int_equal(trust.num_signers, 2);
    assert_int_equal(trust.lists[0].num_refused, 1);
    assert_ok(credential_trust_ready(&trust));
    assert_non_null(credential_trust_find(&trust, kid, 8, NULL, 0, NULL));
    const struct credential_signer *signer = credential_trust_find(&trust, certified.kid, 8, NULL, 0, NULL);
    assert_non_null(signer);
    assert_int_equal(signer->uses, CREDENTIAL_USE_VACCINATION);
    credential_trust_free(&trust);
    fault_list_free(&faults);
    issuer_free(&bare);
    issuer_free(&certified);
}

/* Other shapes of lists that countries and gateways give: an array alone, broken lines, bare keys, other types, a kid
 * in the address; keys that say they are for PSS alone. */
static void test_other_shapes(void **state)
{
    (void) state;
    static const uint8_t    kid[] = { 0xff, 2, 3, 4, 5, 6, 7, 8 };
    struct issuer           plain, bare, pss;
    struct credential_trust trust = CREDENTIAL_TRUST_INIT;
    struct fault_list       faults = FAULT_LIST_INIT;
    char                    der[3][8192], broken[8192], info[512], list[40000];
    uint8_t                 spki[200], *at = spki;
    issuer_init(&plain, 0, NULL, 0, 0);
    issuer_init(&bare, 0, NULL, 0, 0);
    issuer_init(&pss, -2048, NULL, 0, 0);
    put_der(&plain, der[0]);
    put_der(&bare, der[1]);
    put_der(&pss, der[2]);
    snprintf(broken, sizeof broken, "%.64s\\n%.64s\\r\\n%.4000s", der[0], der[0] + 64, der[0] + 128);
    int size = i2d_PUBKEY(bare.pkey, &at);
    assert_in_range(size, 80, 100);
    EVP_EncodeBlock((unsigned char *) info, spki, size);
    snprintf(list, sizeof list,
             "[{\"certificateType\":\"CSCA\",\"country\":\"YY\",\"rawData\":\"%s\"},"
             "{\"certificateType\":\"DSC\",\"country\":\"YY\",\"rawData\":\"%s\"},"
             "{\"kid\":\"/wIDBAUGBwg=\",\"publicKey\":\"%s\"},{\"publicKey\":\"%s\"},{\"rawData\":\"%s\"}]",
             der[1], broken, info, info, der[2]);
    assert_ok(add(&trust, list, &faults));
    assert_int_equal(trust.num_signers, 3);
    assert_int_equal(trust.lists[0].num_refused, 1); /* a bare key without a name */
    assert_ok(credential_trust_ready(&trust));
    assert_non_null(credential_trust_find(&trust, plain.kid, 8, NULL, 0, NULL));
    assert_null(credential_trust_find(&trust, bare.kid, 8, NULL, 0, NULL));
    assert_non_null(credential_trust_find(&trust, kid, 8, NULL, 0, NULL));
    const struct credential_signer *signer = credential_trust_find(&trust, pss.kid, 8, NULL, 0, NULL);
    assert_non_null(signer);
    assert_int_equal(signer->key.algorithm, CREDENTIAL_PS256);
    char                       text[ISSUER_PASS_BYTES];
    struct credential_answer   answer;
    struct credential_scanner *scanner = credential_scanner_new(&trust, NULL);
    size_t                     length = issuer_hc1(&pss, &(struct issuer_pass){ .kind = 't' }, text);
    credential_scan(scanner, text, length, ISSUER_EPOCH + 60, &answer);
    assert_int_equal(answer.verdict, CREDENTIAL_GENUINE);
    credential_scanner_free(scanner);
    credential_trust_free(&trust);

    char jwk[512];
    issuer_jwk(&plain, "", jwk, sizeof jwk);
    snprintf(list, sizeof list,
             "{\"verificationMethod\":[{\"id\":\"did:web:a.example:YY#%%2FwIDBAUGBwg%%3d\",\"publicKeyJwk\":{\"kty\":"
             "\"EC\",%s},{\"id\":\"did:web:a.example:YY#%%2\",\"publicKeyJwk\":{\"kty\":\"EC\",%s}]}",
             strstr(jwk, "\"crv\""), strstr(jwk, "\"crv\""));
    assert_ok(add(&trust, list, &faults));
    assert_int_equal(trust.num_signers, 1);
    assert_int_equal(trust.lists[0].num_refused, 1);
    assert_ok(credential_trust_ready(&trust));
    assert_non_null(credential_trust_find(&trust, kid, 8, NULL, 0, NULL));
    credential_trust_free(&trust);
    fault_list_free(&faults);
    issuer_free(&plain);
    issuer_free(&bare);
    issuer_free(&pss);
}

static void test_refused_lists(void **state)
{
    (void) state;
    static const char *const wrong[] = { "",
                                         "x",
                                         "[]",
                                         "{}",
                                         "{\"keys\":[]}",
                                         "{\"participating_issuers\":[]}",
                                         "{\"certificates\":{}}",
                                         "{\"certificates\":[]",
                                         "{\"rids\":[]}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct credential_trust trust = CREDENTIAL_TRUST_INIT;
        struct fault_list       faults = FAULT_LIST_INIT;
        assert_int_equal(add(&trust, wrong[i], &faults), BASE_ERR_INPUT);
        assert_int_equal(faults.num_all, 1);
        assert_int_equal(trust.num_lists, 0);
        credential_trust_free(&trust);
        fault_list_free(&faults);
    }
}

/* ---- revocation ---- */

static const struct credential_key *no_key(const void *where, size_t index)
{
    (void) index;
    return where;
}

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t) (value >> (24 - 8 * i));
}

/* The bit of an entry by OpenSSL's large numbers: the slow and plain way. */
static uint32_t slow_bit(const uint8_t entry[16], uint8_t i, uint32_t bits)
{
    uint8_t whole[17], digest[32];
    BIGNUM *number, *two = BN_new(), *modulus = BN_new(), *rest = BN_new();
    BN_CTX *context = BN_CTX_new();
    memcpy(whole, entry, 16);
    whole[16] = i;
    SHA256(whole, 17, digest);
    number = BN_bin2bn(digest, 32, NULL);
    if (digest[0] & 0x80) {
        BN_one(two);
        BN_lshift(two, two, 256);
        BN_sub(number, number, two);
    }
    BN_set_word(modulus, bits);
    BN_nnmod(rest, number, modulus, context);
    uint32_t bit = (uint32_t) BN_get_word(rest);
    BN_free(number);
    BN_free(two);
    BN_free(modulus);
    BN_free(rest);
    BN_CTX_free(context);
    return bit;
}

static void test_bloom(void **state)
{
    (void) state;
    enum { WORDS = 29, HASHES = 5, ENTRIES = 40 };
    uint8_t                   filter[20 + 4 * WORDS] = { 0, 1, HASHES };
    struct credential_checker checker;
    struct credential_slice   slice;
    assert_ok(credential_checker_init(&checker, 0, no_key, NULL));
    put_big_endian(filter + 16, WORDS);
    for (uint32_t n = 0; n < ENTRIES; n++) {
        uint8_t entry[16] = { 7 };
        put_big_endian(entry + 4, n);
        for (uint8_t i = 0; i < HASHES; i++) {
            uint32_t bit = slow_bit(entry, i, WORDS * 32);
            filter[20 + bit / 8] |= (uint8_t) (0x80 >> bit % 8);
        }
    }
    assert_ok(credential_slice_read(CREDENTIAL_BLOOM, filter, sizeof filter, &slice, NULL));
    for (uint32_t n = 0; n < 500; n++) {
        uint8_t entry[16] = { 7 };
        bool    expected = true;
        put_big_endian(entry + 4, n);
        for (uint8_t i = 0; i < HASHES; i++) {
            uint32_t bit = slow_bit(entry, i, WORDS * 32);
            expected = expected && (filter[20 + bit / 8] & 0x80 >> bit % 8) != 0;
        }
        assert_int_equal(credential_slice_holds(&slice, &checker, entry), expected);
        assert_true(n >= ENTRIES || expected);
    }
    filter[2] = CREDENTIAL_BLOOM_HASHES;
    assert_ok(credential_slice_read(CREDENTIAL_BLOOM, filter, sizeof filter, &slice, NULL));
    filter[2] = CREDENTIAL_BLOOM_HASHES + 1;
    assert_int_equal(credential_slice_read(CREDENTIAL_BLOOM, filter, sizeof filter, &slice, NULL), BASE_ERR_INPUT);
    filter[2] = 0;
    assert_int_equal(credential_slice_read(CREDENTIAL_BLOOM, filter, sizeof filter, &slice, NULL), BASE_ERR_INPUT);
    filter[2] = 1;
    assert_int_equal(credential_slice_read(CREDENTIAL_BLOOM, filter, sizeof filter - 1, &slice, NULL), BASE_ERR_INPUT);
    assert_int_equal(credential_slice_read(CREDENTIAL_BLOOM, filter, 19, &slice, NULL), BASE_ERR_INPUT);
    credential_checker_free(&checker);
}

/* An entry is looked for in its own partition and chunk alone, of the kinds that the list names, while the slice lasts.
 */
static void test_partitions(void **state)
{
    (void) state;
    static const uint8_t kid[8] = { 1 }, other[8] = { 2 };
    uint8_t              prefixes[13] = { 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0xab, 0xcd };
    for (int mode = CREDENTIAL_POINT; mode <= CREDENTIAL_COORDINATE; mode++) {
        struct credential_revocation *revocation = credential_revocation_new();
        struct credential_checker     checker;
        struct credential_entries     entries = { .has = 1 << CREDENTIAL_UCI };
        unsigned                      chunk = mode == CREDENTIAL_POINT ? 0xa : mode == CREDENTIAL_VECTOR ? 0xb : 0xc;
        memcpy(entries.of[CREDENTIAL_UCI], (uint8_t[]){ 0xab, 0xcd, 0xef }, 3);
        assert_ok(credential_checker_init(&checker, 0, no_key, NULL));
        assert_ok(credential_revocation_declare(revocation, kid, (enum credential_partition_mode) mode,
                                                1 << CREDENTIAL_UCI, 5, 100));
        assert_int_equal(credential_revocation_declare(revocation, kid, CREDENTIAL_POINT, 1, 5, 100), BASE_ERR_INPUT);
        assert_int_equal(
            credential_revocation_add(revocation, other, 0, 0, 0, CREDENTIAL_PREFIXES, prefixes, 13, 50, NULL),
            BASE_ERR_INPUT);
        assert_int_equal(
            credential_revocation_add(revocation, kid, 0, 0, 16, CREDENTIAL_PREFIXES, prefixes, 13, 50, NULL),
            BASE_ERR_INPUT);
        /* in the wrong place it is not found */
        assert_ok(credential_revocation_add(revocation, kid, 0xa, 0xb, chunk ^ 1, CREDENTIAL_PREFIXES, prefixes, 13, 50,
                                            NULL));
        assert_false(credential_revocation_holds(revocation, &checker, kid, &entries, 10));
        assert_ok(
            credential_revocation_add(revocation, kid, 0xa, 0xb, chunk, CREDENTIAL_PREFIXES, prefixes, 13, 50, NULL));
        assert_true(credential_revocation_holds(revocation, &checker, kid, &entries, 50));
        assert_false(credential_revocation_holds(revocation, &checker, kid, &entries, 51));
        assert_false(credential_revocation_holds(revocation, &checker, other, &entries, 10));
        entries.has = 1 << CREDENTIAL_SIGNATURE;
        memcpy(entries.of[CREDENTIAL_SIGNATURE], entries.of[CREDENTIAL_UCI], 16);
        assert_false(credential_revocation_holds(revocation, &checker, kid, &entries, 10));
        bool stale;
        assert_int_equal(credential_revocation_dated(revocation, kid, 101, &stale), 5);
        assert_true(stale);
        credential_checker_free(&checker);
        credential_revocation_free(revocation);
    }
}

static void test_prefixes(void **state)
{
    (void) state;
    /* signed order, as one writer has it: fe, b8 below 01 */
    uint8_t                 list[] = { 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 2, 0xb8, 0x0c, 0xfe, 0x11, 0x01, 0x02 };
    struct credential_slice slice;
    uint8_t                 entry[16] = { 0xfe, 0x11, 0xff };
    assert_ok(credential_slice_read(CREDENTIAL_PREFIXES, list, sizeof list, &slice, NULL));
    assert_true(credential_slice_holds(&slice, NULL, entry));
    entry[1] = 0x12;
    assert_false(credential_slice_holds(&slice, NULL, entry));
    assert_int_equal(credential_slice_read(CREDENTIAL_PREFIXES, list, sizeof list - 1, &slice, NULL), BASE_ERR_INPUT);
    list[10] = 16;
    assert_ok(credential_slice_read(CREDENTIAL_PREFIXES, list, 11, &slice, NULL)); /* none */
    list[10] = 17;
    assert_int_equal(credential_slice_read(CREDENTIAL_PREFIXES, list, 11, &slice, NULL), BASE_ERR_INPUT);
    list[10] = 0;
    assert_int_equal(credential_slice_read(CREDENTIAL_PREFIXES, list, 11, &slice, NULL), BASE_ERR_INPUT);
}

/* ---- the schema of the EU's content ---- */

/* The first fault of a vaccination with these members; "" = none. */
static const char *schema_fault(const char *version, const char *name, const char *born, int dose, size_t issuer)
{
    static char       text[2000];
    struct value_tree tree = VALUE_TREE_INIT;
    snprintf(text, sizeof text,
             "{\"ver\":\"%s\",\"nam\":{%s},\"dob\":\"%s\",\"v\":[{\"tg\":\"1\",\"vp\":\"1\",\"mp\":\"1\",\"ma\":\"1\","
             "\"dn\":%d,\"sd\":1,\"dt\":\"2021-01-01\",\"co\":\"XX\",\"is\":\"%0*d\",\"ci\":\"1\"}]}",
             version, name, born, dose, (int) issuer, 0);
    assert_ok(json_read(text, strlen(text), NULL, &tree, NULL));
    const char *fault = credential_dcc_fault(tree.values);
    value_tree_free(&tree);
    return fault != NULL ? fault : "";
}

static void test_schema(void **state)
{
    (void) state;
    static const char fnt[] = "\"fnt\":\"A<B\"", gnt[] = "\"gnt\":\"A\"";
    assert_string_equal(schema_fault("1.3.0", fnt, "1990-01-01", 1, 80), "");
    assert_string_equal(schema_fault("1.3.0", fnt, "1990-01-01", 1, 81), "v[0].is");
    assert_string_equal(schema_fault("1.2.1", fnt, "1990-01-01", 9, 50), "");
    assert_string_equal(schema_fault("1.2.1", fnt, "1990-01-01", 9, 51), "v[0].is");
    assert_string_equal(schema_fault("1.2.1", fnt, "1990-01-01", 10, 1), "v[0].dn");
    assert_string_equal(schema_fault("1.3.0", fnt, "1990-01-01", 10, 1), "");
    assert_string_equal(schema_fault("1.3.0", fnt, "1990-01-01", 0, 1), "v[0].dn");
    assert_string_equal(schema_fault("1.3.1", gnt, "1990-01-01", 1, 1), "nam.fnt");
    assert_string_equal(schema_fault("1.3.2", gnt, "1990-01-01", 1, 1), "");
    assert_string_equal(schema_fault("1.3.0", "\"fnt\":\"a\"", "1990-01-01", 1, 1), "nam.fnt");
    assert_string_equal(schema_fault("1.3.0", fnt, "", 1, 1), "");
    assert_string_equal(schema_fault("1.2.1", fnt, "", 1, 1), "dob");
    assert_string_equal(schema_fault("1.2.1", fnt, "1990-01", 1, 1), "");
    assert_string_equal(schema_fault("1.0.1", fnt, "1990-01", 1, 1), "dob");
    assert_string_equal(schema_fault("1.3.0", fnt, "1899", 1, 1), "dob");
    assert_string_equal(schema_fault("1.3", fnt, "1990", 1, 1), "ver");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cbor_values),   cmocka_unit_test(test_cbor_refused), cmocka_unit_test(test_cbor_limits),
        cmocka_unit_test(test_inflate_limit), cmocka_unit_test(test_signers),      cmocka_unit_test(test_did),
        cmocka_unit_test(test_refused_lists), cmocka_unit_test(test_other_shapes), cmocka_unit_test(test_bloom),
        cmocka_unit_test(test_partitions),    cmocka_unit_test(test_prefixes),     cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
