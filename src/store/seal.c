/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/seal.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "tocsin/status.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key of the cipher");
_Static_assert(SEAL_EXTRA_BYTES == NONCE_BYTES + TAG_BYTES, "nonce and tag");

#define FORMAT 1 /* of what is authenticated */
#define OPENED_ASIDE 512
#define MAX_BOUND (1 + 2 * (1 + SEAL_MAX_WORD) + ID_BYTES)

void seal_keys_make(struct seal_key *keys, size_t num)
{
    randombytes_buf(keys, num * sizeof *keys);
}

void seal_keys_wipe(struct seal_key *keys, size_t num)
{
    sodium_memzero(keys, num * sizeof *keys);
}

/* A word with its length before it, so that no two contexts are written alike. */
static uint8_t *put_word(uint8_t *at, const char *word, size_t length)
{
    *at++ = (uint8_t) length;
    memcpy(at, word, length);
    return at + length;
}

/* What is authenticated beside the plain text. Returns its size, or 0. */
static size_t bind(const struct seal_context *context, uint8_t bound[MAX_BOUND])
{
    size_t record = context->record != NULL ? strlen(context->record) : 0;
    size_t purpose = context->purpose != NULL ? strlen(context->purpose) : 0;
    if (record == 0 || record > SEAL_MAX_WORD || purpose == 0 || purpose > SEAL_MAX_WORD)
        return 0;
    uint8_t *at = bound;
    *at++ = FORMAT;
    at = put_word(at, context->record, record);
    memcpy(at, context->id.bytes, ID_BYTES);
    at = put_word(at + ID_BYTES, context->purpose, purpose);
    return (size_t) (at - bound);
}

int seal(const struct seal_key *key, const struct seal_context *context, const void *plain, size_t size,
         uint8_t *sealed)
{
    uint8_t bound[MAX_BOUND];
    size_t  num_bound = bind(context, bound);
    if (num_bound == 0)
        return TOC_ERR_OPTION;
    if (size > SEAL_MAX_BYTES)
        return TOC_ERR_TOO_LARGE;
    randombytes_buf(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_BYTES, NULL, plain, size, bound, num_bound, NULL, sealed,
                                               key->bytes);
    return 0;
}

int unseal(const struct seal_key *key, const struct seal_context *context, const uint8_t *sealed, size_t size,
           void *plain)
{
    uint8_t bound[MAX_BOUND];
    size_t  num_bound = bind(context, bound);
    if (num_bound == 0)
        return TOC_ERR_OPTION;
    if (size < SEAL_EXTRA_BYTES)
        return SEAL_ERR_FORGED;
    if (size > SEAL_MAX_BYTES + SEAL_EXTRA_BYTES)
        return TOC_ERR_TOO_LARGE;
    size_t         num_cipher = size - SEAL_EXTRA_BYTES;
    const uint8_t *cipher = sealed + NONCE_BYTES, *tag = cipher + num_cipher;
    /* The function clears its output where the tag does not match; `plain` is to stay as it is. A short text is opened
     * aside, a longer one after the tag alone was checked (with NULL for the plain text). */
    uint8_t aside[OPENED_ASIDE];
    bool    is_short = num_cipher <= sizeof aside;
    for (int pass = is_short; pass < 2; pass++)
        if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(pass == 0  ? NULL
                                                                : is_short ? aside
                                                                           : plain,
                                                                NULL, cipher, num_cipher, tag, bound, num_bound, sealed,
                                                                key->bytes) != 0)
            return SEAL_ERR_FORGED;
    if (is_short && num_cipher > 0) {
        memcpy(plain, aside, num_cipher);
        sodium_memzero(aside, num_cipher);
    }
    return 0;
}
