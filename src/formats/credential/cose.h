/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/cose.h: COSE_Sign1 (RFC 9052): what was signed, by which key, and the signature.
 *
 * Taken: an array of four, bare, with tag 18, or with tag 61 (a web token) around that. Nothing is copied: all parts
 * point into the bytes read.
 */
#ifndef FORMATS_CREDENTIAL_COSE_H
#define FORMATS_CREDENTIAL_COSE_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

#define COSE_ES256 (-7)
#define COSE_PS256 (-37)
#define COSE_NO_ALGORITHM 0 /* none is named, or not by a number; 0 is reserved */

struct credential_bytes {
    const uint8_t *bytes; /* NULL: absent */
    size_t         size;
};

struct credential_cose {
    struct credential_bytes signed_header; /* protected, as received: it is part of what was signed; may be empty */
    struct credential_bytes payload;
    struct credential_bytes signature;
    struct credential_bytes kid;       /* of the signed header; of the other only where that has none */
    int64_t                 algorithm; /* as kid */
};

/* Returns 0 or BASE_ERR_INPUT; untouched then. */
int credential_cose_read(const uint8_t *bytes, size_t size, struct credential_cose *cose, struct toc_error *error);

/* What was signed ("Sig_structure", without external data) is `head`, signed_header, `middle`, payload, one after the
 * other: so it need not be copied together to be hashed. */
#define COSE_FRAME_BYTES 24
struct credential_cose_frame {
    uint8_t head[COSE_FRAME_BYTES];
    size_t  head_size;
    uint8_t middle[COSE_FRAME_BYTES];
    size_t  middle_size;
};
void credential_cose_frame(const struct credential_cose *cose, struct credential_cose_frame *frame);

#endif
