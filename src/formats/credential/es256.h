/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/es256.h: ES256 with a key that is 32 secret bytes, for whoever keeps it apart from what is
 * signed (store/keeper.h), and the two numbers of a signature.
 *
 * The private number is 1 + BLAKE2b-512(secret, "tocsin pass 1") mod (n - 1): the 256 bits too many leave no bias.
 * OpenSSL's own P-256 signs; here is no curve code.
 */
#ifndef FORMATS_CREDENTIAL_ES256_H
#define FORMATS_CREDENTIAL_ES256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define CREDENTIAL_ES256_SECRET 32
#define CREDENTIAL_ES256_POINT 64  /* x and y of the public key */
#define CREDENTIAL_ES256_DIGEST 32 /* SHA-256 of what is signed */
#define CREDENTIAL_ES256_SIGNATURE 64

struct credential_es256;

/* NULL where there is no memory. Freeing clears; NULL is fine. One thread at a time. */
struct credential_es256 *credential_es256_open(const uint8_t secret[CREDENTIAL_ES256_SECRET]);
void                     credential_es256_free(struct credential_es256 *key);

const uint8_t *credential_es256_point(const struct credential_es256 *key);

/* False where OpenSSL refuses: the machine's fault. After the first call nothing is asked of the system but random
 * numbers, the time and the process's number. */
bool credential_es256_sign(struct credential_es256 *key, const uint8_t digest[CREDENTIAL_ES256_DIGEST],
                           uint8_t signature[CREDENTIAL_ES256_SIGNATURE]);

/* The same with a key of OpenSSL's, made ready by EVP_PKEY_sign_init. */
bool credential_es256_sign_with(EVP_PKEY_CTX *context, const uint8_t digest[CREDENTIAL_ES256_DIGEST],
                                uint8_t signature[CREDENTIAL_ES256_SIGNATURE]);

/* r and s as X.509 has them, ECDSA-Sig-Value in DER; returns its length, at most CREDENTIAL_ES256_DER. */
#define CREDENTIAL_ES256_DER 72
size_t credential_es256_der(const uint8_t signature[CREDENTIAL_ES256_SIGNATURE], uint8_t der[CREDENTIAL_ES256_DER]);

/* A public key of OpenSSL's with this point; NULL: not on the curve, or no memory. */
EVP_PKEY *credential_es256_public(const uint8_t point[CREDENTIAL_ES256_POINT]);

#endif
