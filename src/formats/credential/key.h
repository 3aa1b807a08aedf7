/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/key.h: the public keys of issuers, and whether a signature is theirs. OpenSSL does the
 * mathematics; nothing here computes on a curve.
 *
 * A key is parsed once, when a trust list is read, since parsing costs more than checking a signature. Each thread that
 * checks has a context of its own for each key, made before the first pass is read.
 *
 * Taken: EC keys on P-256 (ES256), RSA keys of 2048 … 8192 bits (PS256). Other kinds and weaker keys are refused.
 */
#ifndef FORMATS_CREDENTIAL_KEY_H
#define FORMATS_CREDENTIAL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OpenSSL's, by their own names: a device (device.h) has other keys behind them and no OpenSSL. */
struct evp_pkey_st;
struct evp_md_st;
struct evp_md_ctx_st;
struct evp_pkey_ctx_st;

#define CREDENTIAL_RSA_BITS_LEAST 2048
#define CREDENTIAL_RSA_BITS_MOST 8192
#define CREDENTIAL_DIGEST_BYTES 32     /* SHA-256 */
#define CREDENTIAL_ES256_BYTES 64      /* r, then s */
#define CREDENTIAL_KID_BYTES 8         /* of a certificate: the first of its SHA-256 */
#define CREDENTIAL_THUMBPRINT_BYTES 43 /* of a JSON key: characters, no end mark */

enum credential_algorithm { CREDENTIAL_ES256, CREDENTIAL_PS256 };

/* What a certificate says its key may sign: bits, 0 = it says nothing, so everything. */
enum credential_use { CREDENTIAL_USE_TEST = 1, CREDENTIAL_USE_VACCINATION = 2, CREDENTIAL_USE_RECOVERY = 4 };

struct credential_key {
    struct evp_pkey_st *pkey; /* NULL: none */
    uint8_t             algorithm;
};
void credential_key_free(struct credential_key *key);

/* Why a key was not taken: a clause, static. */
typedef const char *credential_refusal;

/* What a certificate says beside its key. Times in seconds since 1970. */
struct credential_certificate {
    uint8_t  kid[CREDENTIAL_KID_BYTES];
    int64_t  from, to;
    unsigned uses;       /* enum credential_use */
    char     country[3]; /* of its subject, else of its issuer; "" = none */
};

/* An X.509 certificate in DER. Returns NULL, or why not; key and facts are untouched then. Trust in the certificate is
 * the list's that it stood in: its own issuer is not looked for. */
credential_refusal credential_key_of_certificate(const uint8_t *der, size_t size, struct credential_key *key,
                                                 struct credential_certificate *facts);

/* A point of P-256; a modulus and exponent of RSA, big-endian. Returns as above. */
credential_refusal credential_key_of_point(const uint8_t x[32], const uint8_t y[32], struct credential_key *key);
credential_refusal credential_key_of_modulus(const uint8_t *modulus, size_t modulus_size, const uint8_t *exponent,
                                             size_t exponent_size, struct credential_key *key);

/* The key as SubjectPublicKeyInfo, for a device; and back. The size, 0 where the room is short (which it never is). */
#define CREDENTIAL_KEY_INFO_BYTES 2048
size_t             credential_key_info(const struct credential_key *key, uint8_t info[CREDENTIAL_KEY_INFO_BYTES]);
credential_refusal credential_key_of_info(const uint8_t *info, size_t size, struct credential_key *key);

/* Does the certificate hold this point, and name this address (a URI) as its own? */
bool credential_certificate_fits(const uint8_t *der, size_t size, const uint8_t x[32], const uint8_t y[32],
                                 const char *uri, size_t uri_size);
/* Was the certificate signed by the key of the other? */
bool credential_certificate_signed(const uint8_t *der, size_t size, const uint8_t *by, size_t by_size);

/* Is the signature one of this key over the whole of the bytes? For lists: any curve of OpenSSL's, the hash that fits
 * it (SHA-256, for P-384 SHA-384, for P-521 SHA-512); raw is r and s, else DER. pem: a public key or a certificate. */
bool credential_list_signed(const char *pem, size_t pem_size, const uint8_t *signature, size_t signature_size, bool raw,
                            const char *bytes, size_t size);

/* ---- checking, one of these a thread ---- */

struct credential_checker {
    struct evp_md_st        *sha256;
    struct evp_md_ctx_st    *hash;
    struct evp_pkey_ctx_st **contexts; /* one a key, in the keys' order */
    size_t                   num_contexts;
};
/* keys: at(where, index) answers the key of that index. Returns 0 or TOC_ERR_NO_MEMORY. */
int  credential_checker_init(struct credential_checker *checker, size_t                                       num_keys,
                             const struct credential_key *(*at)(const void *where, size_t index), const void *where);
void credential_checker_free(struct credential_checker *checker);

/* SHA-256 of several pieces, one after the other. False where OpenSSL refuses, which is the machine's fault. */
struct credential_piece {
    const void *bytes;
    size_t      size;
};
bool credential_hash(struct credential_checker *checker, const struct credential_piece *pieces, size_t num_pieces,
                     uint8_t digest[CREDENTIAL_DIGEST_BYTES]);

/* Is this the signature of the key of that index? An ES256 signature has CREDENTIAL_ES256_BYTES, a PS256 one as many as
 * the modulus (salt of 32, MGF1 with SHA-256). Anything else is none. */
bool credential_signed(struct credential_checker *checker, size_t index, enum credential_algorithm algorithm,
                       const uint8_t digest[CREDENTIAL_DIGEST_BYTES], const uint8_t *signature, size_t size);

/* The thumbprint of a P-256 key (RFC 7638), base64url. */
void credential_thumbprint(const uint8_t x[32], const uint8_t y[32], char text[CREDENTIAL_THUMBPRINT_BYTES]);

/* The first bytes of the SHA-256 of a certificate. */
void credential_kid(const uint8_t *der, size_t size, uint8_t kid[CREDENTIAL_KID_BYTES]);

#endif
