/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/base64.h: base64 (RFC 4648), strict: no blanks, no other characters, no bits that are lost. */
#ifndef FORMATS_CREDENTIAL_BASE64_H
#define FORMATS_CREDENTIAL_BASE64_H

#include <stddef.h>
#include <stdint.h>

enum credential_base64 {
    CREDENTIAL_BASE64,    /* + / and = at the end, as certificates in lists; the = may be left out */
    CREDENTIAL_BASE64_URL /* - _ and no = */
};

#define CREDENTIAL_BASE64_DECODED(size) ((size) / 4 * 3 + 3)
#define CREDENTIAL_BASE64_ENCODED(size) (((size) + 2) / 3 * 4)

/* bytes: room for CREDENTIAL_BASE64_DECODED(size). Returns 0 or BASE_ERR_INPUT; num_bytes is untouched then. */
int credential_base64_decode(enum credential_base64 form, const char *text, size_t size, uint8_t *bytes,
                             size_t *num_bytes);

/* text: room for CREDENTIAL_BASE64_ENCODED(size), no end mark. Returns the number of characters. */
size_t credential_base64_encode(enum credential_base64 form, const uint8_t *bytes, size_t size, char *text);

#endif
