/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/revoked_passes.h: the passes of this node that were withdrawn and have not ended, as revocation lists name
 * them (formats/credential/revoke.h): hashes and random numbers, which name nobody and are for everybody to read.
 */
#ifndef STORE_REVOKED_PASSES_H
#define STORE_REVOKED_PASSES_H

#include "base/sink.h"
#include "store/store.h"

/* Lines as credential_revoked_read takes them, of passes that end at `now` (instant) or later. 0 or db_status. */
int store_revoked_passes(struct store_reader *reader, int64_t now, struct sink *sink);

#endif
