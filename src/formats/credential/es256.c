/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/es256.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define POINT_FORM 4 /* uncompressed: x and y follow */

struct credential_es256 {
    EVP_PKEY     *pkey;
    EVP_PKEY_CTX *context; /* ready to sign */
    uint8_t       point[CREDENTIAL_ES256_POINT];
};

static EVP_PKEY *make(int selection, const uint8_t point[CREDENTIAL_ES256_POINT], const BIGNUM *number)
{
    uint8_t           octets[1 + CREDENTIAL_ES256_POINT] = { POINT_FORM };
    EVP_PKEY         *pkey = NULL;
    EVP_PKEY_CTX     *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD   *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM       *parameters = NULL;
    static const char group[] = "prime256v1";
    memcpy(octets + 1, point, CREDENTIAL_ES256_POINT);
    if (context != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof octets) == 1 &&
        (number == NULL || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1))
        parameters = OSSL_PARAM_BLD_to_param(build);
    if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, parameters) != 1)
        pkey = NULL;
    OSSL_PARAM_free(parameters); /* clears what was secret */
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return pkey;
}

EVP_PKEY *credential_es256_public(const uint8_t point[CREDENTIAL_ES256_POINT])
{
    return make(EVP_PKEY_PUBLIC_KEY, point, NULL);
}

/* The private number, and its point. */
static bool derive(const uint8_t secret[CREDENTIAL_ES256_SECRET], const EC_GROUP *group, BIGNUM *number,
                   uint8_t point[CREDENTIAL_ES256_POINT])
{
    static const uint8_t domain[] = "tocsin pass 1";
    uint8_t              wide[64], octets[1 + CREDENTIAL_ES256_POINT];
    BN_CTX              *context = BN_CTX_secure_new();
    BIGNUM              *bound = BN_dup(EC_GROUP_get0_order(group));
    EC_POINT            *made = EC_POINT_new(group);
    crypto_generichash(wide, sizeof wide, domain, sizeof domain - 1, secret, CREDENTIAL_ES256_SECRET);
    bool good =
        context != NULL && bound != NULL && made != NULL && BN_sub_word(bound, 1) == 1 &&
        BN_bin2bn(wide, sizeof wide, number) != NULL && BN_mod(number, number, bound, context) == 1 &&
        BN_add_word(number, 1) == 1 && EC_POINT_mul(group, made, number, NULL, NULL, context) == 1 &&
        EC_POINT_point2oct(group, made, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, context) == sizeof octets;
    if (good)
        memcpy(point, octets + 1, CREDENTIAL_ES256_POINT);
    sodium_memzero(wide, sizeof wide);
    EC_POINT_free(made);
    BN_free(bound);
    BN_CTX_free(context);
    return good;
}

struct credential_es256 *credential_es256_open(const uint8_t secret[CREDENTIAL_ES256_SECRET])
{
    struct credential_es256 *key = calloc(1, sizeof *key);
    EC_GROUP                *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM                  *number = BN_secure_new();
    bool                     good = key != NULL && group != NULL && number != NULL;
    if (good) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        good = derive(secret, group, number, key->point);
    }
    if (good)
        key->pkey = make(EVP_PKEY_KEYPAIR, key->point, number);
    if (good && key->pkey != NULL)
        key->context = EVP_PKEY_CTX_new(key->pkey, NULL);
    good = good && key->context != NULL && EVP_PKEY_sign_init(key->context) == 1;
    BN_clear_free(number);
    EC_GROUP_free(group);
    if (good)
        return key;
    credential_es256_free(key);
    return NULL;
}

void credential_es256_free(struct credential_es256 *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_CTX_free(key->context);
    EVP_PKEY_free(key->pkey);
    free(key);
}

const uint8_t *credential_es256_point(const struct credential_es256 *key)
{
    return key->point;
}

/* ---- signatures ---- */

/* A positive integer of DER as 32 bytes; *at moves behind it. */
static bool take_integer(const uint8_t **at, const uint8_t *end, uint8_t number[32])
{
    if (end - *at < 2 || (*at)[0] != 2 || (*at)[1] > 33 || end - *at < 2 + (*at)[1])
        return false;
    const uint8_t *bytes = *at + 2;
    size_t         size = (*at)[1];
    *at += 2 + size;
    for (; size > 32 && *bytes == 0; size--)
        bytes++;
    if (size > 32)
        return false;
    memset(number, 0, 32 - size);
    memcpy(number + 32 - size, bytes, size);
    return true;
}

bool credential_es256_sign_with(EVP_PKEY_CTX *context, const uint8_t digest[CREDENTIAL_ES256_DIGEST],
                                uint8_t signature[CREDENTIAL_ES256_SIGNATURE])
{
    uint8_t        der[80];
    size_t         size = sizeof der;
    const uint8_t *at = der + 2;
    if (EVP_PKEY_sign(context, der, &size, digest, CREDENTIAL_ES256_DIGEST) != 1 || size < 8)
        return false;
    return take_integer(&at, der + size, signature) && take_integer(&at, der + size, signature + 32);
}

bool credential_es256_sign(struct credential_es256 *key, const uint8_t digest[CREDENTIAL_ES256_DIGEST],
                           uint8_t signature[CREDENTIAL_ES256_SIGNATURE])
{
    return credential_es256_sign_with(key->context, digest, signature);
}

static size_t put_integer(const uint8_t number[32], uint8_t *to)
{
    size_t first = 0, size = 2;
    while (first < 31 && number[first] == 0)
        first++;
    bool zero = (number[first] & 0x80) != 0; /* else it were negative */
    to[0] = 2;
    to[1] = (uint8_t) (32 - first + zero);
    if (zero)
        to[size++] = 0;
    memcpy(to + size, number + first, 32 - first);
    return size + 32 - first;
}

size_t credential_es256_der(const uint8_t signature[CREDENTIAL_ES256_SIGNATURE], uint8_t der[CREDENTIAL_ES256_DER])
{
    size_t size = 2;
    size += put_integer(signature, der + size);
    size += put_integer(signature + 32, der + size);
    der[0] = 0x30;
    der[1] = (uint8_t) (size - 2);
    return size;
}
