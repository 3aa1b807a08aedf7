/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/jose.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

#define COORDINATE 32 /* bytes of a number of P-256 */
#define RSA_BYTES (JOSE_MAX_RSA / 8)

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- texts ---- */

static bool too_deep(const char *text, size_t size)
{
    size_t depth = 0;
    bool   in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string) {
            i += text[i] == '\\';
            in_string = i >= size || text[i] != '"';
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > JOSE_MAX_DEPTH)
                return true;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

int jose_json(const char *text, size_t size, struct json_t **json)
{
    if (size > JOSE_MAX_SET || too_deep(text, size))
        return BASE_ERR_INPUT;
    json_t *read = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    if (read == NULL || !json_is_object(read)) {
        json_decref(read);
        return BASE_ERR_INPUT;
    }
    *json = read;
    return 0;
}

/* base64url without padding; exactly that: a text has one form alone. */
static bool decode(const char *text, size_t size, uint8_t *bytes, size_t room, size_t *used)
{
    return sodium_base642bin(bytes, room, text, size, NULL, used, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static bool decode_member(const json_t *object, const char *name, uint8_t *bytes, size_t room, size_t *used)
{
    const json_t *member = json_object_get(object, name);
    return json_is_string(member) && decode(json_string_value(member), json_string_length(member), bytes, room, used) &&
           *used > 0;
}

/* "" where there is no such text. */
static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static bool algorithm_of(const char *word, enum jose_algorithm *algorithm)
{
    static const char *const words[] = { "", "RS256", "PS256", "ES256" };
    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *algorithm = (enum jose_algorithm) i;
            return true;
        }
    return false;
}

/* ---- keys ---- */

static EVP_PKEY *key_from(const char *kind, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY     *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    OSSL_PARAM   *parameters = OSSL_PARAM_BLD_to_param(builder);
    if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        key = NULL;
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *read_rsa(const json_t *object)
{
    uint8_t         modulus[RSA_BYTES], exponent[8];
    size_t          modulus_size, exponent_size;
    EVP_PKEY       *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM         *n = NULL, *e = NULL;
    if (builder != NULL && decode_member(object, "n", modulus, sizeof modulus, &modulus_size) &&
        decode_member(object, "e", exponent, sizeof exponent, &exponent_size)) {
        n = BN_bin2bn(modulus, (int) modulus_size, NULL);
        e = BN_bin2bn(exponent, (int) exponent_size, NULL);
    }
    if (n != NULL && e != NULL && BN_num_bits(n) >= JOSE_MIN_RSA && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = key_from("RSA", builder);
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *read_curve(const json_t *object)
{
    uint8_t         point[1 + 2 * COORDINATE] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t          x, y;
    EVP_PKEY       *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL && strcmp(text_of(object, "crv"), "P-256") == 0 &&
        decode_member(object, "x", point + 1, COORDINATE, &x) && x == COORDINATE &&
        decode_member(object, "y", point + 1 + COORDINATE, COORDINATE, &y) && y == COORDINATE &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = key_from("EC", builder); /* refuses a point that is not on the curve */
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* Is it for signatures, as far as it says? */
static bool is_for_signatures(const json_t *object)
{
    const json_t *use = json_object_get(object, "use"), *operations = json_object_get(object, "key_ops"), *one;
    size_t        i;
    bool          verifies = operations == NULL;
    if (use != NULL && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
        return false;
    for (i = 0; i < json_array_size(operations); i++) {
        one = json_array_get(operations, i);
        verifies = verifies || (json_is_string(one) && strcmp(json_string_value(one), "verify") == 0);
    }
    return verifies;
}

/* False where it is none that can be used here. */
static bool read_key(const json_t *object, struct jose_key *key)
{
    const json_t *kid = json_object_get(object, "kid"), *algorithm = json_object_get(object, "alg");
    const char   *kind = text_of(object, "kty");
    *key = (struct jose_key){ .rsa = strcmp(kind, "RSA") == 0 };
    if (!is_for_signatures(object) || (!key->rsa && strcmp(kind, "EC") != 0))
        return false;
    if (kid != NULL && (!json_is_string(kid) || json_string_length(kid) > JOSE_MAX_KID))
        return false;
    if (algorithm != NULL && !algorithm_of(text_of(object, "alg"), &key->algorithm))
        return false;
    if (kid != NULL)
        memcpy(key->kid, json_string_value(kid), json_string_length(kid));
    key->key = key->rsa ? read_rsa(object) : read_curve(object);
    ERR_clear_error();
    return key->key != NULL;
}

int jose_keys_read(const char *text, size_t size, struct jose_keys *keys, struct fault_list *faults)
{
    struct jose_keys made = { NULL, 0 };
    json_t          *json = NULL;
    if (size > JOSE_MAX_SET)
        return refuse(faults, "keys", "too large", "at most 256 KiB");
    if (jose_json(text, size, &json) != 0)
        return refuse(faults, "keys", "no JSON object", "a key set (RFC 7517)");
    const json_t *array = json_object_get(json, "keys");
    size_t        num = json_array_size(array);
    int           ret = 0;
    if (!json_is_array(array) || num == 0 || num > JOSE_MAX_KEYS)
        ret = refuse(faults, "keys", "no array of keys, or too long a one", "1 to 64 keys");
    if (ret == 0 && (made.keys = memory_array(num, sizeof *made.keys)) == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; ret == 0 && i < num; i++)
        if (read_key(json_array_get(array, i), &made.keys[made.num]))
            made.num++;
    if (ret == 0 && made.num == 0)
        ret = refuse(faults, "keys", "none that signatures can be checked with", "RSA of 2048 to 8192 bits, P-256");
    json_decref(json);
    if (ret == 0)
        *keys = made;
    else
        jose_keys_free(&made);
    return ret;
}

void jose_keys_free(struct jose_keys *keys)
{
    for (size_t i = 0; i < keys->num; i++)
        EVP_PKEY_free(keys->keys[i].key);
    free(keys->keys);
    *keys = (struct jose_keys){ NULL, 0 };
}

/* ---- tokens ---- */

static int read_header(const char *text, size_t size, struct arena *arena, struct jose_token *token,
                       struct fault_list *faults)
{
    json_t *json = NULL;
    int     ret = 0;
    if (jose_json(text, size, &json) != 0)
        return refuse(faults, "header", "no JSON object", "a header (RFC 7515)");
    const json_t *kid = json_object_get(json, "kid");
    if (!algorithm_of(text_of(json, "alg"), &token->algorithm))
        ret = refuse(faults, "alg", "not such an algorithm", "RS256, PS256, ES256");
    else if (json_object_get(json, "crit") != NULL || json_object_get(json, "b64") != NULL)
        ret = refuse(faults, "crit", "more than is understood here", "a header without crit and b64");
    else if (kid != NULL && (!json_is_string(kid) || json_string_length(kid) > JOSE_MAX_KID))
        ret = refuse(faults, "kid", "not such a name", "a text of at most 255 bytes");
    else if (kid != NULL) {
        token->kid = arena_copy(arena, json_string_value(kid), json_string_length(kid));
        ret = token->kid == NULL ? TOC_ERR_NO_MEMORY : 0;
    }
    json_decref(json);
    return ret;
}

int jose_read(const char *text, size_t size, struct arena *arena, struct jose_token *token, struct fault_list *faults)
{
    static const char allowed[] = "header.payload.signature in base64url";
    struct jose_token made = { .signed_text = text };
    const char       *end = text + size;
    if (size > JOSE_MAX_TOKEN)
        return refuse(faults, "token", "too long", "at most 16384 bytes");
    const char *first = memchr(text, '.', size);
    const char *second = first != NULL ? memchr(first + 1, '.', (size_t) (end - first - 1)) : NULL;
    if (second == NULL || memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
        return refuse(faults, "token", "not of three parts", allowed);
    uint8_t *header = arena_array(arena, size + 1, 1), *payload = arena_array(arena, size + 1, 1),
            *signature = arena_array(arena, size + 1, 1);
    size_t header_size;
    if (header == NULL || payload == NULL || signature == NULL)
        return TOC_ERR_NO_MEMORY;
    if (!decode(text, (size_t) (first - text), header, size, &header_size) ||
        !decode(first + 1, (size_t) (second - first - 1), payload, size, &made.payload_size) ||
        !decode(second + 1, (size_t) (end - second - 1), signature, size, &made.signature_size))
        return refuse(faults, "token", "not base64url", allowed);
    made.signed_size = (size_t) (second - text);
    made.payload = (const char *) payload;
    made.signature = signature;
    int ret = read_header((const char *) header, header_size, arena, &made, faults);
    if (ret == 0)
        *token = made;
    return ret;
}

/* ---- signatures ---- */

/* ES256's two numbers as OpenSSL takes them; NULL where they are none. OPENSSL_free it. */
static uint8_t *curve_signature(const struct jose_token *token, int *size)
{
    uint8_t   *der = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM    *r = NULL, *s = NULL;
    if (token->signature_size == (size_t) 2 * COORDINATE) {
        r = BN_bin2bn(token->signature, COORDINATE, NULL);
        s = BN_bin2bn(token->signature + COORDINATE, COORDINATE, NULL);
    }
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL;
        *size = i2d_ECDSA_SIG(pair, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return der;
}

static bool is_signed_by(const struct jose_token *token, const struct jose_key *key)
{
    EVP_MD_CTX    *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX  *how = NULL;
    uint8_t       *der = NULL;
    const uint8_t *signature = token->signature;
    size_t         size = token->signature_size;
    int            der_size = 0;
    bool           good = context != NULL && EVP_DigestVerifyInit(context, &how, EVP_sha256(), NULL, key->key) == 1;
    if (good && token->algorithm == JOSE_PS256)
        good = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) == 1;
    if (good && token->algorithm == JOSE_ES256) {
        der = curve_signature(token, &der_size);
        good = der != NULL && der_size > 0;
        signature = der;
        size = (size_t) der_size;
    }
    good = good &&
           EVP_DigestVerify(context, signature, size, (const uint8_t *) token->signed_text, token->signed_size) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

static bool fits(const struct jose_token *token, const struct jose_key *key)
{
    return key->rsa == (token->algorithm != JOSE_ES256) &&
           (key->algorithm == JOSE_ANY || key->algorithm == token->algorithm) &&
           (token->kid == NULL || strcmp(key->kid, token->kid) == 0);
}

int jose_verify(const struct jose_token *token, const struct jose_keys *keys)
{
    size_t num = 0;
    for (size_t i = 0; i < keys->num; i++)
        num += fits(token, &keys->keys[i]);
    if (num == 0 || (token->kid == NULL && num > 1)) /* which of them is not said */
        return JOSE_ERR_UNKNOWN_KEY;
    for (size_t i = 0; i < keys->num; i++)
        if (fits(token, &keys->keys[i]) && is_signed_by(token, &keys->keys[i]))
            return 0;
    return JOSE_ERR_FORGED;
}
