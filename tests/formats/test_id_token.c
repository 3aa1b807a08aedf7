/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ID tokens and key sets: what is taken, and every way in which one is not. The provider is this file: OpenSSL makes
 * its keys and signatures. */
#include "formats/id_token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#define NOW 1800000000
#define ISSUER "https://login.county.example"
#define HALF 32

static EVP_PKEY         *rsa, *curve, *other;
static struct arena      arena;
static struct fault_list faults;
static struct jose_keys  keys;
static char              set[8192];

/* ---- the provider ---- */

static void encode(const void *bytes, size_t size, char *text, size_t room)
{
    sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void number(EVP_PKEY *key, const char *name, char *text, size_t room)
{
    uint8_t bytes[1024];
    BIGNUM *value = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
    int size = strcmp(name, "n") == 0 || strcmp(name, "e") == 0 ? BN_num_bytes(value) : HALF;
    assert_int_equal(BN_bn2binpad(value, bytes, size), size);
    encode(bytes, (size_t) size, text, room);
    BN_free(value);
}

/* A key as a member of a set; more: further members, with the comma before them. */
static const char *member(EVP_PKEY *key, const char *more)
{
    static char text[4096];
    char        a[1400], b[1400];
    bool        is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    number(key, is_rsa ? "n" : OSSL_PKEY_PARAM_EC_PUB_X, a, sizeof a);
    number(key, is_rsa ? "e" : OSSL_PKEY_PARAM_EC_PUB_Y, b, sizeof b);
    snprintf(text, sizeof text,
             is_rsa ? "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}"
                    : "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"%s}",
             a, b, more);
    return text;
}

static int read_set(const char *text)
{
    jose_keys_free(&keys);
    fault_list_free(&faults);
    return jose_keys_read(text, strlen(text), &keys, &faults);
}

static void sign(EVP_PKEY *key, const char *algorithm, const char *text, char *out, size_t room)
{
    uint8_t       bytes[1024];
    size_t        size = sizeof bytes;
    EVP_PKEY_CTX *how;
    EVP_MD_CTX   *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, key), 1);
    if (algorithm[0] == 'P') {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(context, bytes, &size, (const uint8_t *) text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    if (algorithm[0] == 'E') {
        const uint8_t *der = bytes;
        ECDSA_SIG     *pair = d2i_ECDSA_SIG(NULL, &der, (long) size);
        uint8_t        both[2 * HALF];
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), both, HALF);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), both + HALF, HALF);
        ECDSA_SIG_free(pair);
        encode(both, sizeof both, out, room);
    } else
        encode(bytes, size, out, room);
}

static const char *token(EVP_PKEY *key, const char *algorithm, const char *header, const char *claims)
{
    static char text[40000];
    char        head[800], signature[1400];
    char       *body = malloc(2 * strlen(claims) + 10);
    encode(header, strlen(header), head, sizeof head);
    encode(claims, strlen(claims), body, 2 * strlen(claims) + 10);
    snprintf(text, sizeof text, "%s.%s", head, body);
    sign(key, algorithm, text, signature, sizeof signature);
    snprintf(text, sizeof text, "%s.%s.%s", head, body, signature);
    free(body);
    return text;
}

/* ---- the one who asks ---- */

static struct id_token      got;
static struct id_token_wish wish = { .issuer = ISSUER,
                                     .client = "tocsin",
                                     .nonce = "n-1",
                                     .access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
                                     .now = NOW };

static int check(const char *text)
{
    fault_list_free(&faults);
    arena_free(&arena);
    return id_token_check(text, strlen(text), &keys, &wish, &arena, &got, &faults);
}

#define CLAIMS_BUT(more) "{\"iss\":\"" ISSUER "\",\"sub\":\"248289761001\",\"nonce\":\"n-1\"" more "}"
#define WHEN ",\"iat\":1799999990,\"exp\":1800000300"
#define OURS ",\"aud\":\"tocsin\""

static const char *plain(const char *claims)
{
    return token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":\"e\"}", claims);
}

static void assert_refused(const char *text, const char *name)
{
    assert_int_equal(check(text), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 1);
    assert_string_equal(faults.faults[0].name, name);
}

static int begin(void **state)
{
    (void) state;
    assert_true(sodium_init() >= 0);
    rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    int used = snprintf(set, sizeof set, "{\"keys\":[%s,", member(rsa, ",\"kid\":\"r\",\"use\":\"sig\""));
    snprintf(set + used, sizeof set - (size_t) used, "%s]}", member(curve, ",\"kid\":\"e\",\"alg\":\"ES256\""));
    return read_set(set);
}

static int end(void **state)
{
    (void) state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(other);
    jose_keys_free(&keys);
    fault_list_free(&faults);
    arena_free(&arena);
    return 0;
}

/* ---- what is taken ---- */

static void test_three_algorithms(void **state)
{
    (void) state;
    const char *claims = CLAIMS_BUT(OURS WHEN ",\"acr\":\"two\",\"amr\":[\"pwd\",7,\"otp\"]");
    assert_ok(check(token(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}", claims)));
    assert_string_equal(got.subject, "248289761001");
    assert_string_equal(got.context, "two");
    assert_int_equal(got.num_methods, 2);
    assert_string_equal(got.methods[1], "otp");
    assert_ok(check(token(rsa, "PS256", "{\"alg\":\"PS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", claims)));
    assert_ok(check(token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":\"e\"}", claims)));
    assert_ok(check(token(curve, "ES256", "{\"alg\":\"ES256\"}", claims))); /* one key alone fits */
    assert_ok(check(plain(CLAIMS_BUT(OURS WHEN))));
    assert_null(got.context);
    assert_int_equal(got.num_methods, 0);
}

static void test_audience(void **state)
{
    (void) state;
    assert_ok(check(plain(CLAIMS_BUT(",\"aud\":[\"tocsin\"]" WHEN))));
    assert_ok(check(plain(CLAIMS_BUT(",\"aud\":[\"x\",\"tocsin\"],\"azp\":\"tocsin\"" WHEN))));
    assert_refused(plain(CLAIMS_BUT(",\"aud\":[\"x\",\"tocsin\"]" WHEN)), "azp");
    assert_refused(plain(CLAIMS_BUT(",\"aud\":\"tocsin\",\"azp\":\"x\"" WHEN)), "azp");
    assert_refused(plain(CLAIMS_BUT(",\"aud\":\"tocsi\"" WHEN)), "aud");
    assert_refused(plain(CLAIMS_BUT(",\"aud\":\"tocsin2\"" WHEN)), "aud");
    assert_refused(plain(CLAIMS_BUT(",\"aud\":[]" WHEN)), "aud");
    assert_refused(plain(CLAIMS_BUT(WHEN)), "aud");
}

static void test_times(void **state)
{
    (void) state;
    /* ends, with the skew, this second; and the one after it */
    assert_ok(check(plain(CLAIMS_BUT(OURS ",\"iat\":1799999900,\"exp\":1799999941"))));
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1799999900,\"exp\":1799999940")), "exp");
    assert_ok(check(plain(CLAIMS_BUT(OURS ",\"iat\":1800000060,\"exp\":1800000300"))));
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1800000061,\"exp\":1800000300")), "iat");
    assert_ok(check(plain(CLAIMS_BUT(OURS ",\"iat\":1799999340,\"exp\":1800000300"))));
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1799999339,\"exp\":1800000300")), "iat");
    assert_refused(plain(CLAIMS_BUT(OURS WHEN ",\"nbf\":1800000061")), "iat");
    assert_refused(plain(CLAIMS_BUT(OURS WHEN ",\"nbf\":\"soon\"")), "nbf");
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1799999990")), "exp");
    assert_refused(plain(CLAIMS_BUT(OURS ",\"exp\":1800000300")), "iat");
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1799999990,\"exp\":\"1800000300\"")), "exp");
    assert_refused(plain(CLAIMS_BUT(OURS ",\"iat\":1799999990,\"exp\":1e300")), "exp");
}

static void test_who_and_which(void **state)
{
    (void) state;
    char claims[800], subject[300];
    assert_refused(plain("{\"iss\":\"" ISSUER "/\",\"sub\":\"1\",\"nonce\":\"n-1\"" OURS WHEN "}"), "iss");
    assert_refused(plain("{\"sub\":\"1\",\"nonce\":\"n-1\"" OURS WHEN "}"), "iss");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"sub\":\"1\",\"nonce\":\"n-2\"" OURS WHEN "}"), "nonce");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"sub\":\"1\"" OURS WHEN "}"), "nonce");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"nonce\":\"n-1\"" OURS WHEN "}"), "sub");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"sub\":\"\",\"nonce\":\"n-1\"" OURS WHEN "}"), "sub");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"sub\":7,\"nonce\":\"n-1\"" OURS WHEN "}"), "sub");
    assert_refused(plain("{\"iss\":\"" ISSUER "\",\"sub\":\"\\u5353\",\"nonce\":\"n-1\"" OURS WHEN "}"), "sub");
    for (size_t size = ID_TOKEN_MAX_SUBJECT; size <= ID_TOKEN_MAX_SUBJECT + 1; size++) {
        memset(subject, 'a', size);
        subject[size] = '\0';
        snprintf(claims, sizeof claims, "{\"iss\":\"" ISSUER "\",\"sub\":\"%s\",\"nonce\":\"n-1\"" OURS WHEN "}",
                 subject);
        assert_int_equal(check(plain(claims)), size == ID_TOKEN_MAX_SUBJECT ? 0 : BASE_ERR_INPUT);
    }
}

/* The example of OpenID Connect Core A.3: access token and its at_hash. */
static void test_access_token(void **state)
{
    (void) state;
    assert_ok(check(plain(CLAIMS_BUT(OURS WHEN ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\""))));
    assert_refused(plain(CLAIMS_BUT(OURS WHEN ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RR\"")), "at_hash");
    const char *given = wish.access_token;
    wish.access_token = NULL;
    assert_refused(plain(CLAIMS_BUT(OURS WHEN ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"")), "at_hash");
    wish.access_token = given;
}

/* ---- signatures ---- */

static void test_forged(void **state)
{
    (void) state;
    const char *claims = CLAIMS_BUT(OURS WHEN);
    char        text[4000], head[200], body[1000], secret[crypto_auth_hmacsha256_BYTES], mac[60];
    assert_refused(token(other, "ES256", "{\"alg\":\"ES256\",\"kid\":\"e\"}", claims), "signature");
    assert_refused(token(rsa, "PS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}", claims), "signature");
    assert_refused(token(rsa, "RS256", "{\"alg\":\"PS256\",\"kid\":\"r\"}", claims), "signature");
    snprintf(text, sizeof text, "%s", plain(claims));
    text[strlen(text) - 4] ^= 1; /* of the signature */
    assert_int_equal(check(text), BASE_ERR_INPUT);
    snprintf(text, sizeof text, "%s", plain(claims));
    strchr(text, '.')[20] ^= 1; /* of the claims */
    assert_int_equal(check(text), BASE_ERR_INPUT);
    /* no signature, and none asked for */
    encode("{\"alg\":\"none\"}", 14, head, sizeof head);
    encode(claims, strlen(claims), body, sizeof body);
    snprintf(text, sizeof text, "%s.%s.", head, body);
    assert_refused(text, "alg");
    /* the public key as a shared secret */
    encode("{\"alg\":\"HS256\",\"kid\":\"e\"}", 25, head, sizeof head);
    snprintf(text, sizeof text, "%s.%s", head, body);
    crypto_auth_hmacsha256_state hash;
    crypto_auth_hmacsha256_init(&hash, (const uint8_t *) set, strlen(set));
    crypto_auth_hmacsha256_update(&hash, (const uint8_t *) text, strlen(text));
    crypto_auth_hmacsha256_final(&hash, (uint8_t *) secret);
    encode(secret, sizeof secret, mac, sizeof mac);
    snprintf(text, sizeof text, "%s.%s.%s", head, body, mac);
    assert_refused(text, "alg");
}

static void test_key_that_is_meant(void **state)
{
    (void) state;
    const char *claims = CLAIMS_BUT(OURS WHEN);
    assert_int_equal(check(token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":\"new\"}", claims)), JOSE_ERR_UNKNOWN_KEY);
    assert_string_equal(faults.faults[0].name, "kid");
    /* of that name, but for another algorithm */
    assert_int_equal(check(token(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"e\"}", claims)), JOSE_ERR_UNKNOWN_KEY);
    /* which of two is meant is not said */
    char two[8192];
    int  used = snprintf(two, sizeof two, "{\"keys\":[%s,", member(other, ",\"kid\":\"a\""));
    snprintf(two + used, sizeof two - (size_t) used, "%s]}", member(curve, ",\"kid\":\"b\""));
    assert_ok(read_set(two));
    assert_int_equal(check(token(curve, "ES256", "{\"alg\":\"ES256\"}", claims)), JOSE_ERR_UNKNOWN_KEY);
    assert_ok(check(token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":\"b\"}", claims)));
    /* two of one name, as while a key is exchanged */
    used = snprintf(two, sizeof two, "{\"keys\":[%s,", member(other, ",\"kid\":\"a\""));
    snprintf(two + used, sizeof two - (size_t) used, "%s]}", member(curve, ",\"kid\":\"a\""));
    assert_ok(read_set(two));
    assert_ok(check(token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":\"a\"}", claims)));
    assert_ok(read_set(set));
}

static void test_headers(void **state)
{
    (void) state;
    const char *claims = CLAIMS_BUT(OURS WHEN);
    assert_refused(token(curve, "ES256", "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", claims), "crit");
    assert_refused(token(curve, "ES256", "{\"alg\":\"ES256\",\"alg\":\"none\"}", claims), "header");
    assert_refused(token(curve, "ES256", "{\"alg\":\"ES256\",\"kid\":7}", claims), "kid");
    assert_refused(token(curve, "ES256", "[\"ES256\"]", claims), "header");
    assert_refused(plain("7"), "payload");
    assert_refused("a.b", "token");
    assert_refused("a.b.c.d.e", "token"); /* an encrypted one */
    assert_refused("", "token");
    assert_refused("e30=.e30.e30", "token");
}

/* ---- limits ---- */

static void test_limits_of_a_token(void **state)
{
    (void) state;
    char *text = malloc(JOSE_MAX_TOKEN + 2), claims[JOSE_MAX_DEPTH * 8 + 500];
    memset(text, 'a', JOSE_MAX_TOKEN + 1);
    text[JOSE_MAX_TOKEN + 1] = '\0';
    assert_refused(text, "token");
    assert_string_equal(faults.faults[0].found, "too long");
    text[JOSE_MAX_TOKEN] = '\0';
    assert_refused(text, "token");
    assert_string_equal(faults.faults[0].found, "not of three parts");
    free(text);
    for (int depth = JOSE_MAX_DEPTH; depth <= JOSE_MAX_DEPTH + 1; depth++) {
        char deep[JOSE_MAX_DEPTH * 2 + 10] = "";
        memset(deep, '[', (size_t) depth - 1);
        memset(deep + depth - 1, ']', (size_t) depth - 1);
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"1\",\"nonce\":\"n-1\"" OURS WHEN ",\"x\":%s}", deep);
        assert_int_equal(check(plain(claims)), depth == JOSE_MAX_DEPTH ? 0 : BASE_ERR_INPUT);
    }
}

static void test_limits_of_a_set(void **state)
{
    (void) state;
    const char *one = member(curve, ",\"kid\":\"e\"");
    char       *text = malloc(JOSE_MAX_SET + 20);
    for (int num = JOSE_MAX_KEYS; num <= JOSE_MAX_KEYS + 1; num++) {
        strcpy(text, "{\"keys\":[");
        for (int i = 0; i < num; i++) {
            strcat(text, i > 0 ? "," : "");
            strcat(text, one);
        }
        strcat(text, "]}");
        assert_int_equal(read_set(text), num == JOSE_MAX_KEYS ? 0 : BASE_ERR_INPUT);
    }
    size_t used = (size_t) snprintf(text, JOSE_MAX_SET, "{\"keys\":[%s]}", one);
    memset(text + used, ' ', JOSE_MAX_SET + 1 - used);
    text[JOSE_MAX_SET] = '\0';
    assert_ok(read_set(text));
    text[JOSE_MAX_SET] = ' ';
    text[JOSE_MAX_SET + 1] = '\0';
    assert_int_equal(read_set(text), BASE_ERR_INPUT);
    free(text);
    assert_ok(read_set(set));
}

static int read_one(EVP_PKEY *key, const char *more)
{
    char text[8192];
    snprintf(text, sizeof text, "{\"keys\":[%s]}", member(key, more));
    return read_set(text);
}

/* Alone in a set: with none left the set is refused. */
static void test_keys_that_are_passed_over(void **state)
{
    (void) state;
    char kid[JOSE_MAX_KID + 30] = ",\"kid\":\"", text[8192];
    assert_ok(read_one(curve, ",\"key_ops\":[\"verify\"]"));
    assert_int_equal(read_one(curve, ",\"use\":\"enc\""), BASE_ERR_INPUT);
    assert_int_equal(read_one(curve, ",\"key_ops\":[\"sign\"]"), BASE_ERR_INPUT);
    assert_int_equal(read_one(curve, ",\"alg\":\"HS256\""), BASE_ERR_INPUT);
    assert_int_equal(read_one(curve, ",\"kid\":7"), BASE_ERR_INPUT);
    memset(kid + 8, 'k', JOSE_MAX_KID);
    strcpy(kid + 8 + JOSE_MAX_KID, "\"");
    assert_ok(read_one(curve, kid));
    strcpy(kid + 8 + JOSE_MAX_KID, "k\"");
    assert_int_equal(read_one(curve, kid), BASE_ERR_INPUT);
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) (JOSE_MIN_RSA - 8));
    assert_ok(read_one(rsa, ""));
    assert_int_equal(read_one(small, ""), BASE_ERR_INPUT);
    EVP_PKEY_free(small);
    /* a point beside the curve */
    snprintf(text, sizeof text, "{\"keys\":[%s]}", member(curve, ""));
    char *y = strstr(text, "\"y\":\"") + 5;
    y[3] = y[3] == 'A' ? 'B' : 'A';
    assert_int_equal(read_set(text), BASE_ERR_INPUT);
    assert_int_equal(read_set("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}"), BASE_ERR_INPUT);
    assert_int_equal(read_set("{\"keys\":[7]}"), BASE_ERR_INPUT);
    assert_int_equal(read_set("{\"keys\":[]}"), BASE_ERR_INPUT);
    assert_int_equal(read_set("{}"), BASE_ERR_INPUT);
    assert_int_equal(read_set("<html>"), BASE_ERR_INPUT);
    assert_ok(read_set(set));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_algorithms),
        cmocka_unit_test(test_audience),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_who_and_which),
        cmocka_unit_test(test_access_token),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_key_that_is_meant),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_limits_of_a_token),
        cmocka_unit_test(test_limits_of_a_set),
        cmocka_unit_test(test_keys_that_are_passed_over),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
