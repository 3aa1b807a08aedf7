/* SPDX-License-Identifier: GPL-3.0-or-later */
/* web/wasm/sha256.h: SHA-256 (FIPS 180-4), for revocation lists inside a device: the browser's own answers only later,
 * and a filter asks for dozens at once. Signatures are the browser's. */
#ifndef WEB_WASM_SHA256_H
#define WEB_WASM_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t num_bytes;
    uint8_t  block[64];
};
void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);
void sha256_end(struct sha256 *hash, uint8_t digest[32]); /* clears the hash */

#endif
