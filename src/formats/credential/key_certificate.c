/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates of issuers. */
#include "formats/credential/key_certificate.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "formats/credential/certificate_parts.h"

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
static unsigned uses_of(const EXTENDED_KEY_USAGE *usage)
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
    unsigned uses = 0;
    for (int i = 0; usage != NULL && i < sk_ASN1_OBJECT_num(usage); i++) {
        char text[80];
        OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usage, i), 1);
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            if (strcmp(text, known[j].oid) == 0)
                uses |= known[j].use;
    }
    return uses;
}

static void read_country(const X509_NAME *name, char country[3])
{
    char text[8];
    if (country[0] == '\0' && X509_NAME_get_text_by_NID(name, NID_countryName, text, sizeof text) == 2)
        memcpy(country, text, 3);
}

/* ---- the whole of it ---- */

credential_refusal credential_certificate_whole(const uint8_t *der, size_t size, struct credential_key *key,
                                                struct credential_certificate *facts)
{
    struct credential_certificate read = { 0 };
    X509                         *x509 = certificate(der, size);
    credential_refusal            why = NULL;
    EXTENDED_KEY_USAGE           *usage = NULL;
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
    usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    read.uses = uses_of(usage);
    read_country(X509_get_subject_name(x509), read.country);
    read_country(X509_get_issuer_name(x509), read.country);
    credential_kid(der, size, read.kid);
    why = credential_key_take(pkey, key);
    if (why == NULL)
        *facts = read;
out:
    EXTENDED_KEY_USAGE_free(usage);
    X509_free(x509);
    ERR_clear_error();
    return why;
}

/* ---- its parts ---- */

static bool read_time(const struct certificate_part *part, int64_t *result)
{
    const unsigned char *at = part->der;
    ASN1_TIME           *time = d2i_ASN1_TIME(NULL, &at, (long) part->size);
    bool                 ok = time != NULL && at == part->der + part->size && seconds(time, result);
    ASN1_TIME_free(time);
    return ok;
}

/* The name must be one, even where its country is not asked for. */
static bool read_name(const struct certificate_part *part, char country[3])
{
    const unsigned char *at = part->der;
    X509_NAME           *name = d2i_X509_NAME(NULL, &at, (long) part->size);
    bool                 ok = name != NULL && at == part->der + part->size;
    if (ok)
        read_country(name, country);
    X509_NAME_free(name);
    return ok;
}

/* An extension that cannot be read says nothing. */
static unsigned read_uses(const struct certificate_part *part)
{
    const unsigned char *at = part->der;
    EXTENDED_KEY_USAGE  *usage = at != NULL ? d2i_EXTENDED_KEY_USAGE(NULL, &at, (long) part->size) : NULL;
    unsigned             uses = uses_of(usage);
    EXTENDED_KEY_USAGE_free(usage);
    return uses;
}

bool credential_certificate_by_parts(const uint8_t *der, size_t size, struct credential_key *key,
                                     struct credential_certificate *facts)
{
    struct credential_certificate read = { 0 };
    struct certificate_parts      parts;
    bool good = certificate_parts_find(der, size, &parts) && read_time(&parts.from, &read.from) &&
                read_time(&parts.to, &read.to) && read_name(&parts.subject, read.country) &&
                read_name(&parts.issuer, read.country) &&
                credential_key_of_point(parts.point, parts.point + 32, key) == NULL;
    if (good) {
        read.uses = read_uses(&parts.usage);
        credential_kid(der, size, read.kid);
        *facts = read;
    }
    ERR_clear_error();
    return good;
}

credential_refusal credential_key_of_certificate(const uint8_t *der, size_t size, struct credential_key *key,
                                                 struct credential_certificate *facts)
{
    return credential_certificate_by_parts(der, size, key, facts) ? NULL
                                                                  : credential_certificate_whole(der, size, key, facts);
}

/* ---- what others say of it ---- */

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
