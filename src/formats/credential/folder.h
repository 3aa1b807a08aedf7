/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/folder.h: a folder of trust lists and revocation lists, as a department keeps it up to date by
 * copying files into it. Nothing is asked of any network.
 *
 *   NAME.json                        a list of signers, or a SMART revocation list with "iss" (trust.h)
 *   NAME.pem                         who vouches for NAME.json: a public key or a certificate; then it must be signed
 *   NAME.sig                         its signature, where that is not in its first line (DER)
 *   revocation/lists.json            the EU's revocation lists (revocation.h), as the distribution service gives them:
 *   revocation/KID/partitions.json   KID in base64url
 *   revocation/KID/ID/CHUNK/HASH     slices, unpacked
 *
 * A list is as old as it says; where it does not say, as its file.
 */
#ifndef FORMATS_CREDENTIAL_FOLDER_H
#define FORMATS_CREDENTIAL_FOLDER_H

#include "formats/credential/revocation.h"
#include "formats/credential/trust.h"

#define CREDENTIAL_FOLDER_LISTS 256 /* files of signers */

/* Read the folder into trust (made ready) and revocation. Lists with faults are left out, and each fault is told; the
 * others count. Returns 0, BASE_ERR_INPUT where there were faults, BASE_ERR_SYSTEM where the folder or a file cannot be
 * read (a fault too), or TOC_ERR_NO_MEMORY. trust is usable but for the last. Faults point to names that the trust
 * keeps. */
int credential_folder_read(const char *path, struct credential_trust *trust, struct credential_revocation *revocation,
                           struct fault_list *faults);

#endif
