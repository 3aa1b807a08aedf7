/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/seal.h: identifying values sealed under the key of the person they belong to.
 *
 * XChaCha20-Poly1305 (IETF construction, libsodium) with a fresh random nonce each time. What is sealed is bound to its
 * row: name and id of the record and a word for its purpose are authenticated with it, so that bytes moved to another
 * row, record or column do not open. The length of the plain text shows; what must hide it pads before sealing.
 *
 * A person's key is 32 random bytes and is kept wrapped (store/keeper.h). Without it nothing of the person opens: that
 * is how erasure works. Nothing here allocates; keys and plain texts are cleared by whoever holds them.
 *
 * sodium_init() must have been called; keeper_start does it. Cost: about 1 µs for 64 bytes.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

#define SEAL_KEY_BYTES 32
#define SEAL_EXTRA_BYTES 40                /* nonce (24) in front, tag (16) behind */
#define SEAL_MAX_BYTES ((size_t) 64 << 20) /* of one plain text */
#define SEAL_MAX_WORD 64                   /* characters of the record's name and of the purpose */

enum seal_status {
    SEAL_ERR_FORGED = -1300 /* does not open: another key, another row, or altered bytes; they are not told apart */
};

struct seal_key {
    uint8_t bytes[SEAL_KEY_BYTES];
};

/* The row that the sealed bytes belong to. */
struct seal_context {
    const char *record;  /* "identity"; at most SEAL_MAX_WORD characters */
    struct id   id;      /* of the record */
    const char *purpose; /* "fields", "history", "raw": what the bytes are to this row; as long */
};

/* A fresh random key each. */
void seal_keys_make(struct seal_key *keys, size_t num);

/* Clear keys; the compiler cannot leave it out. */
void seal_keys_wipe(struct seal_key *keys, size_t num);

/* Seal `size` bytes (0 is fine).
 *
 * sealed   room for size + SEAL_EXTRA_BYTES; may not overlap plain
 *
 * Returns 0, TOC_ERR_TOO_LARGE (SEAL_MAX_BYTES) or TOC_ERR_OPTION (a word of the context is missing or too long).
 */
int seal(const struct seal_key *key, const struct seal_context *context, const void *plain, size_t size,
         uint8_t *sealed);

/* Open what seal made.
 *
 * size    of the sealed bytes
 * plain   room for size - SEAL_EXTRA_BYTES; untouched on failure
 *
 * Returns 0, SEAL_ERR_FORGED, or as seal.
 */
int unseal(const struct seal_key *key, const struct seal_context *context, const uint8_t *sealed, size_t size,
           void *plain);

#endif
