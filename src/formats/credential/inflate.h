/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/inflate.h: compressed bytes of a credential, with a cap on what they may grow to.
 *
 * A few hundred bytes can be made to stand for gigabytes; what does not fit into the room given is refused, having
 * written no more than the room. One inflater serves one thread; after it is made nothing is allocated.
 */
#ifndef FORMATS_CREDENTIAL_INFLATE_H
#define FORMATS_CREDENTIAL_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

/* The largest content of a credential. The largest HC1 seen in the field is below 4 KiB, SMART cards with laboratory
 * results are longer. */
#define CREDENTIAL_CONTENT_BYTES ((size_t) 64 << 10)

struct libdeflate_decompressor;

enum credential_deflate {
    CREDENTIAL_ZLIB, /* RFC 1950: HC1 */
    CREDENTIAL_RAW   /* RFC 1951: SMART Health Cards */
};

/* NULL where there is no memory. */
struct libdeflate_decompressor *credential_inflater_new(void);
void                            credential_inflater_free(struct libdeflate_decompressor *inflater);

/* Returns 0, or BASE_ERR_INPUT: not compressed in this form, damaged, followed by further bytes, or too large. */
int credential_inflate(struct libdeflate_decompressor *inflater, enum credential_deflate form, const uint8_t *packed,
                       size_t size, uint8_t *bytes, size_t room, size_t *num_bytes, struct toc_error *error);

#endif
