/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/base45.h: bytes as the 45 characters that a QR code packs best (RFC 9285).
 *
 * Three characters stand for two bytes, the last two for one. Refused: any other character, a group that stands for
 * more than its bytes can hold, and a single character at the end.
 */
#ifndef FORMATS_CREDENTIAL_BASE45_H
#define FORMATS_CREDENTIAL_BASE45_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

/* Room for the bytes of size characters, and for the characters of size bytes (no end mark). */
#define CREDENTIAL_BASE45_DECODED(size) ((size) / 3 * 2 + 1)
#define CREDENTIAL_BASE45_ENCODED(size) ((size) / 2 * 3 + 2)

/* bytes: room for CREDENTIAL_BASE45_DECODED(size). Returns 0, or BASE_ERR_INPUT with the place of the first character
 * that is wrong; what bytes holds then is of no use. */
int credential_base45_decode(const char *text, size_t size, uint8_t *bytes, size_t *num_bytes, struct toc_error *error);

/* text: room for CREDENTIAL_BASE45_ENCODED(size). Returns the number of characters. */
size_t credential_base45_encode(const uint8_t *bytes, size_t size, char *text);

#endif
