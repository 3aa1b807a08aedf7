/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/cbor.h: CBOR (RFC 8949) into values (base/value.h), bounded, no allocation.
 *
 * Taken: integers, byte and text strings, arrays, maps (all of definite and indefinite length), tags (passed over: the
 * value that a tag holds stands for it), false, true, null, undefined (as null), numbers of 16, 32 and 64 bits. An
 * integer that an int64_t cannot hold becomes a VALUE_NUMBER.
 * Refused: text that is not UTF-8 or holds U+0000, the same key twice in a map, keys that are neither text nor integer,
 * other simple values, lengths beyond the bytes, deeper nesting, more values than the tree has room for, and bytes
 * behind the value.
 *
 * Texts and bytes point into what was read; those that came in pieces were put together in the tree's text room.
 */
#ifndef FORMATS_CREDENTIAL_CBOR_H
#define FORMATS_CREDENTIAL_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "tocsin/status.h"

#define CREDENTIAL_CBOR_DEPTH 16 /* arrays, maps and tags within one another */

/* Read the bytes as one value. tree: emptied first; its room is not grown where it is borrowed. Returns 0;
 * BASE_ERR_INPUT with the place; TOC_ERR_TOO_LARGE where the tree has no room; TOC_ERR_NO_MEMORY. */
int credential_cbor_read(const uint8_t *bytes, size_t size, struct value_tree *tree, struct toc_error *error);

/* ---- single items, for who needs to know where the bytes of a part begin and end ---- */

enum credential_cbor_major {
    CBOR_UNSIGNED,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_SIMPLE /* also numbers with a point, and the end of an item of indefinite length */
};

/* The head of an item: its kind and its number (value, length, count, tag). */
struct credential_cbor_head {
    uint64_t number;
    uint8_t  major;      /* enum credential_cbor_major */
    uint8_t  detail;     /* the low five bits of the first byte */
    bool     indefinite; /* number is 0 then */
};

struct credential_cbor {
    const uint8_t *bytes;
    size_t         size;
    size_t         at;
};

/* Read a head and move behind it. Returns 0 or BASE_ERR_INPUT (at is not moved then). */
int credential_cbor_head(struct credential_cbor *cbor, struct credential_cbor_head *head);

/* Move behind the value that begins here, with all it holds; no allocation. Returns 0 or BASE_ERR_INPUT. */
int credential_cbor_skip(struct credential_cbor *cbor);

/* A byte string of definite length: where it lies. Returns 0 or BASE_ERR_INPUT. */
int credential_cbor_bytes(struct credential_cbor *cbor, const uint8_t **bytes, size_t *size);

#endif
