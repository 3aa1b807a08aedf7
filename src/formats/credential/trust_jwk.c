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

/* Lines may be broken, as base64 in mails and PEM files is. */
static bool read_der(const struct value *text, struct der *der)
{
    char  *whole = value_is(text, VALUE_TEXT) && CREDENTIAL_BASE64_DECODED(text->length) <= sizeof der->bytes
                       ? malloc(text->length + 1)
                       : NULL;
    size_t size = 0;
    for (size_t i = 0; whole != NULL && i < text->length; i++)
        if (text->text[i] != '\n' && text->text[i] != '\r')
            whole[size++] = text->text[i];
    bool good = whole != NULL && credential_base64_decode(CREDENTIAL_BASE64, whole, size, der->bytes, &der->size) == 0;
    free(whole);
    return good;
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

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int) (found - digits) & 15 : -1;
}

/* The fragment of a method's address, %XX as its byte. */
static bool kid_of_address(const struct value *id, char kid[CREDENTIAL_KID_MOST], struct value *text)
{
    const char *at = value_is(id, VALUE_TEXT) ? memchr(id->text, '#', id->length) : NULL;
    size_t      size = 0;
    if (at == NULL)
        return false;
    for (at++; at < id->text + id->length; at++) {
        unsigned byte = (unsigned char) *at;
        int      high, low;
        if (size == CREDENTIAL_KID_MOST)
            return false;
        if (*at == '%') {
            if (id->text + id->length - at < 3 || (high = hex_digit(at[1])) < 0 || (low = hex_digit(at[2])) < 0)
                return false;
            byte = (unsigned) (high << 4 | low);
            at += 2;
        }
        kid[size++] = (char) byte;
    }
    *text = (struct value){ .kind = VALUE_TEXT, .size = 1, .text = kid, .length = (uint32_t) size };
    return size > 0;
}

static credential_refusal network_key(const struct value *jwk, const struct value *id, struct credential_signer *signer)
{
    char                          fragment[CREDENTIAL_KID_MOST];
    struct value                  address;
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
    const struct value *kid = value_get(jwk, "kid");
    if (kid == NULL && signer->kid_size == 0 && kid_of_address(id, fragment, &address))
        kid = &address;
    return why != NULL ? why : network_kid(kid, signer);
}

static int add_signer(struct credential_reading *reading)
{
    reading->trust->signers[reading->trust->num_signers++].list = (uint32_t) reading->trust->num_lists;
    reading->list->num_signers++;
    return 0;
}

int credential_read_jwk(struct credential_reading *reading, const struct value *jwk, const char *iss, size_t iss_size,
                        const char *where)
{
    struct credential_signer *signer = credential_trust_room(reading->trust);
    if (signer == NULL)
        return TOC_ERR_NO_MEMORY;
    credential_refusal why = smart_key(jwk, iss, iss_size, signer);
    if (why != NULL) {
        credential_key_free(&signer->key);
        return refuse(reading, where, why);
    }
    signer->iss = strndup(iss, iss_size);
    if (signer->iss == NULL) {
        credential_key_free(&signer->key);
        return TOC_ERR_NO_MEMORY;
    }
    signer->iss_size = iss_size;
    return add_signer(reading);
}

int credential_read_method(struct credential_reading *reading, const struct value *jwk, const struct value *id,
                           const char *where)
{
    struct credential_signer *signer = credential_trust_room(reading->trust);
    if (signer == NULL)
        return TOC_ERR_NO_MEMORY;
    credential_refusal why = network_key(jwk, id, signer);
    if (why == NULL)
        return add_signer(reading);
    credential_key_free(&signer->key);
    return refuse(reading, where, why);
}

/* A key without a certificate: then the list must say its name. */
static credential_refusal public_key(const struct value *entry, struct der *der, struct credential_signer *signer)
{
    credential_refusal why = read_der(value_get(entry, "publicKey"), der)
                                 ? credential_key_of_info(der->bytes, der->size, &signer->key)
                                 : "rawData must be a certificate, or publicKey a key, in base64, of at most 16 KiB";
    return why != NULL ? why : network_kid(value_get(entry, "kid"), signer);
}

int credential_read_certificate(struct credential_reading *reading, const struct value *entry, const char *where,
                                const char *country, size_t country_size)
{
    struct credential_certificate facts;
    struct credential_signer     *signer = credential_trust_room(reading->trust);
    struct der                   *der = malloc(sizeof *der);
    credential_refusal            why = NULL;
    if (signer == NULL || der == NULL) {
        free(der);
        return TOC_ERR_NO_MEMORY;
    }
    if (!read_der(value_get(entry, "rawData"), der)) {
        why = public_key(entry, der, signer);
    } else {
        why = credential_key_of_certificate(der->bytes, der->size, &signer->key, &facts);
        if (why == NULL)
            credential_signer_certified(signer, &facts);
    }
    free(der);
    if (why != NULL) {
        credential_key_free(&signer->key);
        return refuse(reading, where, why);
    }
    if (country_size > 0 && country_size < sizeof signer->country) {
        memset(signer->country, 0, sizeof signer->country);
        memcpy(signer->country, country, country_size);
    }
    return add_signer(reading);
}
