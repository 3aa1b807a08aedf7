/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/target.h: the target of a request ("/api/v1/cases?limit=2"), as it came, to a path and parameters.
 *
 * Taken is what RFC 9112 calls origin-form, in printable ASCII, each % followed by two hexadecimal digits. Decoded
 * texts are UTF-8 without control characters. A path in which "." or ".." is a part, or %2F stands, is refused rather
 * than understood: whoever sends it wants two readers to understand it differently.
 */
#ifndef SERVER_TARGET_H
#define SERVER_TARGET_H

#include "server/exchange.h"

#define TARGET_MAX_BYTES 4096

/* Fill in exchange->path and query from its target. 0; SERVER_ERR_LONG_PATH; SERVER_ERR_REQUEST with a fault, also for
 * more than EXCHANGE_MAX_QUERY parameters; TOC_ERR_NO_MEMORY. */
int target_read(struct exchange *exchange, const char *target, size_t size);

#endif
