/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "formats/credential/base64.h"
#include "formats/credential/certificate_parts.h"
#include "formats/credential/key_certificate.h"

void credential_key_free(struct credential_key *key)
{
    EVP_PKEY_free(key->pkey);
    *key = (struct credential_key){ 0 };
}

void credential_kid(const uint8_t *der, size_t size, uint8_t kid[CREDENTIAL_KID_BYTES])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(der, size, digest);
    memcpy(kid, digest, CREDENTIAL_KID_BYTES);
}

void credential_thumbprint(const uint8_t x[32], const uint8_t y[32], char text[CREDENTIAL_THUMBPRINT_BYTES])
{
    char    first[CREDENTIAL_BASE64_ENCODED(32)], second[CREDENTIAL_BASE64_ENCODED(32)], canonical[160];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    int     num_first = (int) credential_base64_encode(CREDENTIAL_BASE64_URL, x, 32, first);
    int     num_second = (int) credential_base64_encode(CREDENTIAL_BASE64_URL, y, 32, second);
    int size = snprintf(canonical, sizeof canonical, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                        num_first, first, num_second, second);
    SHA256((const unsigned char *) canonical, (size_t) size, digest);
    char whole[CREDENTIAL_BASE64_ENCODED(SHA256_DIGEST_LENGTH)];
    credential_base64_encode(CREDENTIAL_BASE64_URL, digest, sizeof digest, whole);
    memcpy(text, whole, CREDENTIAL_THUMBPRINT_BYTES);
}

/* ---- kinds and strength ---- */

static credential_refusal classify(EVP_PKEY *pkey, uint8_t *algorithm)
{
    if (EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "RSA-PSS")) { /* some certificates say what it is for */
        int bits = EVP_PKEY_get_bits(pkey);
        if (bits < CREDENTIAL_RSA_BITS_LEAST)
            return "an RSA key of fewer than 2048 bits is too weak";
        if (bits > CREDENTIAL_RSA_BITS_MOST)
            return "an RSA key of more than 8192 bits is not taken";
        *algorithm = CREDENTIAL_PS256;
        return NULL;
    }
    char group[32] = "";
    if (!EVP_PKEY_is_a(pkey, "EC") ||
        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) != 1 ||
        strcmp(group, "prime256v1") != 0)
        return "only P-256 and RSA keys are taken";
    *algorithm = CREDENTIAL_ES256;
    return NULL;
}

credential_refusal credential_key_take(EVP_PKEY *pkey, struct credential_key *key)
{
    struct credential_key read = { .pkey = pkey };
    credential_refusal    why = classify(pkey, &read.algorithm);
    if (why != NULL)
        EVP_PKEY_free(pkey);
    else
        *key = read;
    return why;
}

static EVP_PKEY *from_parameters(const char *kind, OSSL_PARAM *parameters)
{
    EVP_PKEY     *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return pkey;
}

credential_refusal credential_key_of_point(const uint8_t x[32], const uint8_t y[32], struct credential_key *key)
{
    uint8_t point[65] = { 4 };
    char    group[] = "prime256v1";
    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                                OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                                OSSL_PARAM_construct_end() };
    EVP_PKEY  *pkey = from_parameters("EC", parameters);
    return pkey != NULL ? credential_key_take(pkey, key) : "the point is not on the curve P-256";
}

credential_refusal credential_key_of_modulus(const uint8_t *modulus, size_t modulus_size, const uint8_t *exponent,
                                             size_t exponent_size, struct credential_key *key)
{
    if (modulus_size > CREDENTIAL_RSA_BITS_MOST / 8 || exponent_size > 8)
        return "an RSA key of more than 8192 bits is not taken";
    BIGNUM         *n = BN_bin2bn(modulus, (int) modulus_size, NULL);
    BIGNUM         *e = BN_bin2bn(exponent, (int) exponent_size, NULL);
    OSSL_PARAM_BLD *building = OSSL_PARAM_BLD_new();
    OSSL_PARAM     *parameters = NULL;
    EVP_PKEY       *pkey = NULL;
    if (n != NULL && e != NULL && building != NULL && OSSL_PARAM_BLD_push_BN(building, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(building, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        parameters = OSSL_PARAM_BLD_to_param(building);
    if (parameters != NULL)
        pkey = from_parameters("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(building);
    BN_free(n);
    BN_free(e);
    return pkey != NULL ? credential_key_take(pkey, key) : "the RSA key cannot be read";
}

/* ---- for devices ---- */

size_t credential_key_info(const struct credential_key *key, uint8_t info[CREDENTIAL_KEY_INFO_BYTES])
{
    unsigned char *at = info;
    int            size = i2d_PUBKEY(key->pkey, NULL);
    if (size <= 0 || size > CREDENTIAL_KEY_INFO_BYTES || i2d_PUBKEY(key->pkey, &at) != size)
        size = 0;
    ERR_clear_error();
    return (size_t) size;
}

credential_refusal credential_key_of_info(const uint8_t *info, size_t size, struct credential_key *key)
{
    const unsigned char *at = info;
    const uint8_t       *point = certificate_parts_point(info, size);
    if (point != NULL && credential_key_of_point(point, point + 32, key) == NULL)
        return NULL;
    EVP_PKEY *pkey = size <= CREDENTIAL_KEY_INFO_BYTES ? d2i_PUBKEY(NULL, &at, (long) size) : NULL;
    ERR_clear_error();
    if (pkey != NULL && at == info + size)
        return credential_key_take(pkey, key);
    EVP_PKEY_free(pkey);
    return "the key cannot be read";
}
