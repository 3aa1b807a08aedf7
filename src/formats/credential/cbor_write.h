/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/cbor_write.h: CBOR in its one canonical form (RFC 8949, 4.2.1): shortest numbers, definite
 * lengths, keys in the order of their bytes. So the same pass has the same bytes, whoever writes it.
 */
#ifndef FORMATS_CREDENTIAL_CBOR_WRITE_H
#define FORMATS_CREDENTIAL_CBOR_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

/* Bytes being written into room of the caller's. What does not fit is dropped, and `failed` stays true. */
struct credential_cbor_writer {
    uint8_t *bytes;
    size_t   room, used;
    bool     failed;
};

void credential_cbor_put_integer(struct credential_cbor_writer *writer, int64_t value);
void credential_cbor_put_bytes(struct credential_cbor_writer *writer, const void *bytes, size_t size);
void credential_cbor_put_text(struct credential_cbor_writer *writer, const char *text, size_t size);
void credential_cbor_begin_array(struct credential_cbor_writer *writer, size_t count);
void credential_cbor_begin_map(struct credential_cbor_writer *writer, size_t count); /* the caller orders the keys */
void credential_cbor_put_tag(struct credential_cbor_writer *writer, uint64_t tag);
/* What is CBOR already. */
void credential_cbor_put_raw(struct credential_cbor_writer *writer, const void *bytes, size_t size);

/* A value with all it holds; maps of at most CREDENTIAL_CBOR_WRITE_PAIRS pairs, CREDENTIAL_CBOR_WRITE_DEPTH deep.
 * Numbers that are not whole are not written: `failed`. */
#define CREDENTIAL_CBOR_WRITE_PAIRS 64
#define CREDENTIAL_CBOR_WRITE_DEPTH 16
void credential_cbor_put_value(struct credential_cbor_writer *writer, const struct value *value);

#endif
