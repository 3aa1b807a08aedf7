/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/issuer.h: an issuer of health credentials, invented for a test: a key and a certificate that OpenSSL
 * makes, and passes that it signs, right or wrong in one chosen way. Written apart from what it tests. */
#ifndef TESTS_SUPPORT_ISSUER_H
#define TESTS_SUPPORT_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#define ISSUER_EPOCH INT64_C(1640995200) /* 2022-01-01: certificates are valid a year before and three behind it */
#define ISSUER_PASS_BYTES 8192

struct issuer {
    EVP_PKEY *pkey;
    uint8_t   der[4096]; /* certificate */
    size_t    der_size;
    uint8_t   kid[8];
};

/* bits: 0 = P-256, else RSA; negative: RSA that says it is for PSS alone. uses: object identifiers of the extended key
 * usage, separated by commas; NULL = none. from, to: seconds from ISSUER_EPOCH; both 0 = as said there. */
void issuer_init(struct issuer *issuer, int bits, const char *uses, int64_t from, int64_t to);
void issuer_free(struct issuer *issuer);

enum issuer_tags { ISSUER_TAG_18, ISSUER_NO_TAG, ISSUER_TAG_61_18, ISSUER_TAG_98 };

/* How a pass is made. Zeroed: a vaccination, ES256 or PS256 as the key asks, kid in the signed header, in date. */
struct issuer_pass {
    char             kind;    /* 'v', 't' or 'r'; 0 = 'v' */
    int              entries; /* of that kind; 0 = 1, -1 = none */
    const char      *ci;      /* NULL = "URN:UVCI:01:XX:1#A" */
    const char      *iss;     /* NULL = "XX" */
    int64_t          issued;  /* from ISSUER_EPOCH */
    int64_t          expires; /* the same; 0 = a year */
    bool             no_expiry;
    int              algorithm;   /* of the header; 0 = the key's */
    const uint8_t   *kid;         /* NULL = the issuer's */
    size_t           kid_size;    /* 0 = 8 */
    bool             kid_outside; /* in the header that is not signed */
    const uint8_t   *other_kid;   /* a second one in the header that is not signed; NULL = none */
    enum issuer_tags tags;
    const uint8_t   *payload; /* instead of all that; NULL = none */
    size_t           payload_size;
    bool             der_signature;
    int              spoil;   /* which part has one bit changed behind the signature: see enum */
    int              padding; /* so many bytes more in the name */
    bool             plain;   /* not compressed */
};
enum issuer_spoil {
    ISSUER_SOUND,
    ISSUER_SPOIL_HEADER,
    ISSUER_SPOIL_PAYLOAD,
    ISSUER_SPOIL_R,
    ISSUER_SPOIL_S,
    ISSUER_SPOIL_SHORT
};

/* The text of its QR code, ended by '\0'. Returns its length. */
size_t issuer_hc1(const struct issuer *issuer, const struct issuer_pass *pass, char text[ISSUER_PASS_BYTES]);

/* The key as a JSON Web Key with its thumbprint (P-256). extra: further members, beginning with ','; or "". */
void issuer_jwk(const struct issuer *issuer, const char *extra, char *text, size_t size);

/* A SMART card of this payload (JSON): the JWS, ended by '\0'. header: instead of the right one, or NULL. spoil:
 * changes one bit of the signature. Returns its length. */
size_t issuer_card(const struct issuer *issuer, const char *payload, const char *header, bool spoil,
                   char text[ISSUER_PASS_BYTES]);
/* The same with this payload as it is: compressed otherwise, or not at all. */
size_t issuer_card_of(const struct issuer *issuer, const void *payload, size_t size, const char *header, bool spoil,
                      char text[ISSUER_PASS_BYTES]);
/* A JWS as digits, behind `before`. */
size_t issuer_numeric(const char *before, const char *jws, size_t size, char text[2 * ISSUER_PASS_BYTES]);

#endif
