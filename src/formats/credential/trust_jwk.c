/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON Web Keys (RFC 7517) as signers. */
#include <stdlib.h>
#include <string.h>

#include "formats/credential/base64.h"
#include "formats/credential/trust_reading.h"

#define CERTIFICATE_BYTES ((size_t) 16 << 10)
#define CHAIN_MOST 5

static int refuse(struct credential_reading *reading, const char *where, credential_refusal why)
{
    fault_add(reading->faults, (struct fault_place){ .file = reading->name, .name = where }, NULL, "%s", why);
    reading->list->num_refused++;
    return 0;
}

/* A member in base64url of exactly this many bytes. */
static bool read_bytes(const struct value *jwk, const char *name, uint8_t *bytes, size_t size)
{
    const struct value *text = value_get(jwk, name);
    uint8_t             read[CREDENTIAL_BASE64_DECODED(64)];
    size_t              num;
    if (!value_is(text, VALUE_TEXT) || text->length > 64 ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, text->text, text->length, read, &num) != 0 || num != size)
        return false;
    memcpy(bytes, read, size);
    return true;
}

/* ---- certificates of a key ---- */

struct der {
    uint8_t bytes[CERTIFICATE_BYTES];
    size_t  size;
};

static bool read_der(const struct value *text, struct der *der)
{
    return value_is(text, VALUE_TEXT) && CREDENTIAL_BASE64_DECODED(text->length) <= sizeof der->bytes &&
           credential_base64_decode(CREDENTIAL_BASE64, text->text, text->length, der->bytes, &der->size) == 0;
}

/* A chain: the first certificate is the key's and the issuer's, each is signed by the next, the last by itself if it is
 * a root. */
static bool chain_fits(const struct value *chain, const uint8_t x[32], const uint8_t y[32], const char *iss,
                       size_t iss_size)
{
    struct der *both = calloc(2, sizeof *both);
    bool        good = both != NULL && value_is(chain, VALUE_ARRAY) && chain->count > 0 && chain->count <= CHAIN_MOST;
    for (size_t i = 0; good && i < chain->count; i++) {
        struct der *this = &both[i % 2], *previous = &both[(i + 1) % 2];
        good = read_der(value_at(chain, i), this);
        if (good && i == 0)
            good = credential_certificate_fits(this->bytes, this->size, x, y, iss, iss_size);
        else if (good)
            good = credential_certificate_signed(previous->bytes, previous->size, this->bytes, this->size);
    }
    free(both);
    return good;
}

/* ---- SMART keys ---- */

/* What is wrong with a key of a SMART issuer, by its own members; NULL = nothing. */
static credential_refusal smart_fault(const struct value *jwk)
{
    if (value_get(jwk, "d") != NULL)
        return "the private part of the key is given away: the issuer must replace it";
    if (!value_is_text(value_get(jwk, "kty"), "EC"))
        return "kty is not EC";
    if (!value_is_text(value_get(jwk, "crv"), "P-256"))
        return "crv is not P-256";
    if (!value_is_text(value_get(jwk, "alg"), "ES256"))
        return "alg is not ES256";
    if (!value_is_text(value_get(jwk, "use"), "sig"))
        return "use is not sig";
    return NULL;
}

static credential_refusal smart_key(const struct value *jwk, const char *iss, size_t iss_size,
                                    struct credential_signer *signer)
{
    uint8_t             x[32], y[32];
    char                thumbprint[CREDENTIAL_THUMBPRINT_BYTES];
    const struct value *kid = value_get(jwk, "kid"), *chain = value_get(jwk, "x5c");
    credential_refusal  why = smart_fault(jwk);
    if (why != NULL)
        return why;
    if (!read_bytes(jwk, "x", x, sizeof x) || !read_bytes(jwk, "y", y, sizeof y))
        return "x and y must be 32 bytes each in base64url";
    credential_thumbprint(x, y, thumbprint);
    if (!value_is(kid, VALUE_TEXT) || kid->length != sizeof thumbprint ||
        memcmp(kid->text, thumbprint, sizeof thumbprint) != 0)
        return "kid is not the key's thumbprint";
    if (chain != NULL && !chain_fits(chain, x, y, iss, iss_size))
        return "the certificates (x5c) do not fit the key and its issuer";
    why = credential_key_of_point(x, y, &signer->key);
    if (why != NULL)
        return why;
    memcpy(signer->kid, thumbprint, sizeof thumbprint);
    signer->kid_size = sizeof thumbprint;
    value_to_number(value_get(jwk, "crlVersion"), &signer->crl_version);
    return NULL;
}

/* ---- keys of a network of certificates ---- */

static credential_refusal bare_key(const struct value *jwk, struct credential_signer *signer)
{
    uint8_t             x[32], y[32];
    const struct value *n = value_get(jwk, "n"), *e = value_get(jwk, "e");
    if (value_is_text(value_get(jwk, "kty"), "EC")) {
        if (!value_is_text(value_get(jwk, "crv"), "P-256"))
            return "only P-256 and RSA keys are taken";
        return read_bytes(jwk, "x", x, sizeof x) && read_bytes(jwk, "y", y, sizeof y)
                   ? credential_key_of_point(x, y, &signer->key)
                   : "x and y must be 32 bytes each in base64url";
    }
    uint8_t modulus[CREDENTIAL_BASE64_DECODED(2048)], exponent[CREDENTIAL_BASE64_DECODED(16)];
    size_t  num_modulus, num_exponent;
    if (!value_is_text(value_get(jwk, "kty"), "RSA") || !value_is(n, VALUE_TEXT) || n->length > 2048 ||
        !value_is(e, VALUE_TEXT) || e->length > 16 ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, n->text, n->length, modulus, &num_modulus) != 0 ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, e->text, e->length, exponent, &num_exponent) != 0)
        return "only P-256 and RSA keys are taken";
    return credential_key_of_modulus(modulus, num_modulus, exponent, num_exponent, &signer->key);
}

/* The kid as the network writes it: base64 of the eight bytes of a certificate's, else its characters. */
static credential_refusal network_kid(const struct value *kid, struct credential_signer *signer)
{
    uint8_t bytes[CREDENTIAL_BASE64_DECODED(12)];
    size_t  num = 0;
    if (!value_is(kid, VALUE_TEXT))
        return signer->kid_size > 0 ? NULL : "kid is missing";
    if (kid->length == 0 || kid->length > CREDENTIAL_KID_MOST)
        return "kid must have 1 … 64 characters";
    bool short_one = kid->length <= 12 &&
                     (credential_base64_decode(CREDENTIAL_BASE64, kid->text, kid->length, bytes, &num) == 0 ||
                      credential_base64_decode(CREDENTIAL_BASE64_URL, kid->text, kid->length, bytes, &num) == 0);
    bool is_bytes = short_one && num == CREDENTIAL_KID_BYTES;
    memcpy(signer->kid, is_bytes ? bytes : (const uint8_t *) kid->text, is_bytes ? num : kid->length);
    signer->kid_size = (uint8_t) (is_bytes ? num : kid->length);
    return NULL;
}

static credential_refusal network_key(const struct value *jwk, struct credential_signer *signer)
{
    struct credential_certificate facts;
    const struct value           *first = value_at(value_get(jwk, "x5c"), 0);
    credential_refusal            why;
    if (value_get(jwk, "d") != NULL)
        return "the private part of the key is given away: the issuer must replace it";
    if (first != NULL) {
        struct der *der = malloc(sizeof *der);
        why = der != NULL && read_der(first, der)
                  ? credential_key_of_certificate(der->bytes, der->size, &signer->key, &facts)
                  : "the certificate (x5c) cannot be read";
        free(der);
        if (why == NULL)
            credential_signer_certified(signer, &facts);
    } else {
        why = bare_key(jwk, signer);
    }
    return why != NULL ? why : network_kid(value_get(jwk, "kid"), signer);
}

int credential_read_jwk(struct credential_reading *reading, const struct value *jwk, const char *iss, size_t iss_size,
                        const char *where)
{
    struct credential_signer *signer = credential_trust_room(reading->trust);
    if (signer == NULL)
        return TOC_ERR_NO_MEMORY;
    credential_refusal why = iss != NULL ? smart_key(jwk, iss, iss_size, signer) : network_key(jwk, signer);
    if (why != NULL) {
        credential_key_free(&signer->key);
        return refuse(reading, where, why);
    }
    if (iss != NULL) {
        signer->iss = strndup(iss, iss_size);
        if (signer->iss == NULL) {
            credential_key_free(&signer->key);
            return TOC_ERR_NO_MEMORY;
        }
        signer->iss_size = iss_size;
    }
    signer->list = (uint32_t) reading->trust->num_lists;
    reading->trust->num_signers++;
    reading->list->num_signers++;
    return 0;
}

int credential_read_raw_certificate(struct credential_reading *reading, const struct value *raw, const char *where,
                                    const char *country, size_t country_size)
{
    struct credential_certificate facts;
    struct credential_signer     *signer = credential_trust_room(reading->trust);
    struct der                   *der = malloc(sizeof *der);
    if (signer == NULL || der == NULL) {
        free(der);
        return TOC_ERR_NO_MEMORY;
    }
    credential_refusal why = read_der(raw, der)
                                 ? credential_key_of_certificate(der->bytes, der->size, &signer->key, &facts)
                                 : "rawData must be a certificate in base64, of at most 16 KiB";
    free(der);
    if (why != NULL)
        return refuse(reading, where, why);
    credential_signer_certified(signer, &facts);
    if (country_size > 0 && country_size < sizeof signer->country) {
        memset(signer->country, 0, sizeof signer->country);
        memcpy(signer->country, country, country_size);
    }
    signer->list = (uint32_t) reading->trust->num_lists;
    reading->trust->num_signers++;
    reading->list->num_signers++;
    return 0;
}
