/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/device.h: what a device at a checkpoint is given, so that it can check passes by itself: the
 * signers, keys and revocation lists that were read and found good here, as one JSON file.
 *
 *     {"country": "XX", "region": "",
 *      "lists":   [{"name", "dated", "vouched_for", "signers", "refused"}],
 *      "signers": [{"kid", "algorithm", "key", "list", "iss", "country", "uses", "from", "to", "crl_version"}],
 *      "crls":    [{"iss", "kid", "counter", "broken", "rids": ["rid", [size]]}],
 *      "revocation": [{"kid", "mode", "entries", "dated", "expires",
 *                      "slices": [[x, y, chunk, kind, expires, "bytes"]]}]}
 *
 * Times are seconds since 1970 and left out where they are not known or have no end; bytes are base64url; the key is a
 * SubjectPublicKeyInfo, which says of which algorithm it is. Nothing in it is of a person. A device believes it as it
 * believes the server that it came from.
 */
#ifndef FORMATS_CREDENTIAL_DEVICE_H
#define FORMATS_CREDENTIAL_DEVICE_H

#include "base/sink.h"
#include "formats/credential/revocation.h"
#include "formats/credential/trust.h"

#define CREDENTIAL_DEVICE_BYTES ((size_t) 32 << 20) /* the largest file: more is too much for a telephone */
#define CREDENTIAL_PLACE_BYTES 64                   /* of a country or region, with its end */

/* revocation may be NULL. A failure is the sink's. */
void credential_device_write(struct sink *sink, const char *country, const char *region,
                             const struct credential_trust *trust, const struct credential_revocation *revocation);

/* Read it into a zeroed trust, which is ready then, and an empty revocation. Returns 0; BASE_ERR_INPUT where it is no
 * such file, or in part; TOC_ERR_NO_MEMORY. What was read so far is in both on failure, to be freed. */
int credential_device_read(const char *bytes, size_t size, char country[CREDENTIAL_PLACE_BYTES],
                           char region[CREDENTIAL_PLACE_BYTES], struct credential_trust *trust,
                           struct credential_revocation *revocation);

#endif
