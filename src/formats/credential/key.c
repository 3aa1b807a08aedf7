/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/key.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "formats/credential/base64.h"

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

static credential_refusal take(EVP_PKEY *pkey, struct credential_key *key)
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
    return pkey != NULL ? take(pkey, key) : "the point is not on the curve P-256";
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
    return pkey != NULL ? take(pkey, key) : "the RSA key cannot be read";
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
    EVP_PKEY            *pkey = size <= CREDENTIAL_KEY_INFO_BYTES ? d2i_PUBKEY(NULL, &at, (long) size) : NULL;
    ERR_clear_error();
    if (pkey != NULL && at == info + size)
        return take(pkey, key);
    EVP_PKEY_free(pkey);
    return "the key cannot be read";
}

/* ---- certificates ---- */

static X509 *certificate(const uint8_t *der, size_t size)
{
    const unsigned char *at = der;
    X509                *x509 = size <= LONG_MAX ? d2i_X509(NULL, &at, (long) size) : NULL;
    if (x509 != NULL && at != der + size) {
        X509_free(x509);
        x509 = NULL;
    }
    ERR_clear_error();
    return x509;
}

/* Seconds since 1970 of a time of a certificate. */
static bool seconds(const ASN1_TIME *time, int64_t *result)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int        days = 0, rest = 0;
    bool       ok = epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    if (ok)
        *result = (int64_t) days * 86400 + rest;
    return ok;
}

/* What the extended key usage names of what concerns us. */
static unsigned uses_of(const X509 *x509)
{
    static const struct {
        const char *oid;
        unsigned    use;
    } known[] = {
        { "1.3.6.1.4.1.1847.2021.1.1", CREDENTIAL_USE_TEST },
        { "1.3.6.1.4.1.1847.2021.1.2", CREDENTIAL_USE_VACCINATION },
        { "1.3.6.1.4.1.1847.2021.1.3", CREDENTIAL_USE_RECOVERY },
        { "1.3.6.1.4.1.0.1847.2021.1.1", CREDENTIAL_USE_TEST }, /* as early certificates had it */
        { "1.3.6.1.4.1.0.1847.2021.1.2", CREDENTIAL_USE_VACCINATION },
        { "1.3.6.1.4.1.0.1847.2021.1.3", CREDENTIAL_USE_RECOVERY },
    };
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    unsigned            uses = 0;
    for (int i = 0; usage != NULL && i < sk_ASN1_OBJECT_num(usage); i++) {
        char text[80];
        OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usage, i), 1);
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            if (strcmp(text, known[j].oid) == 0)
                uses |= known[j].use;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return uses;
}

static void read_country(const X509_NAME *name, char country[3])
{
    char text[8];
    if (country[0] == '\0' && X509_NAME_get_text_by_NID(name, NID_countryName, text, sizeof text) == 2)
        memcpy(country, text, 3);
}

credential_refusal credential_key_of_certificate(const uint8_t *der, size_t size, struct credential_key *key,
                                                 struct credential_certificate *facts)
{
    struct credential_certificate read = { 0 };
    X509                         *x509 = certificate(der, size);
    credential_refusal            why = NULL;
    EVP_PKEY                     *pkey = NULL;
    if (x509 == NULL) {
        why = "not a certificate";
        goto out;
    }
    if (!seconds(X509_get0_notBefore(x509), &read.from) || !seconds(X509_get0_notAfter(x509), &read.to)) {
        why = "the certificate's times cannot be read";
        goto out;
    }
    pkey = X509_get_pubkey(x509);
    if (pkey == NULL) {
        why = "the certificate's key cannot be read";
        goto out;
    }
    read.uses = uses_of(x509);
    read_country(X509_get_subject_name(x509), read.country);
    read_country(X509_get_issuer_name(x509), read.country);
    credential_kid(der, size, read.kid);
    why = take(pkey, key);
    if (why == NULL)
        *facts = read;
out:
    X509_free(x509);
    ERR_clear_error();
    return why;
}

static bool names_uri(const X509 *x509, const char *uri, size_t uri_size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    bool           found = false;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI)
            continue;
        const ASN1_STRING *text = name->d.uniformResourceIdentifier;
        found |=
            (size_t) ASN1_STRING_length(text) == uri_size && memcmp(ASN1_STRING_get0_data(text), uri, uri_size) == 0;
    }
    GENERAL_NAMES_free(names);
    return found;
}

bool credential_certificate_fits(const uint8_t *der, size_t size, const uint8_t x[32], const uint8_t y[32],
                                 const char *uri, size_t uri_size)
{
    uint8_t   point[65];
    size_t    num = 0;
    X509     *x509 = certificate(der, size);
    EVP_PKEY *pkey = x509 != NULL ? X509_get0_pubkey(x509) : NULL;
    bool      fits = pkey != NULL &&
                EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &num) == 1 &&
                num == sizeof point && memcmp(point + 1, x, 32) == 0 && memcmp(point + 33, y, 32) == 0 &&
                names_uri(x509, uri, uri_size);
    X509_free(x509);
    ERR_clear_error();
    return fits;
}

bool credential_certificate_signed(const uint8_t *der, size_t size, const uint8_t *by, size_t by_size)
{
    X509 *x509 = certificate(der, size), *other = certificate(by, by_size);
    bool  good = x509 != NULL && other != NULL && X509_get0_pubkey(other) != NULL &&
                X509_verify(x509, X509_get0_pubkey(other)) == 1;
    X509_free(x509);
    X509_free(other);
    ERR_clear_error();
    return good;
}
