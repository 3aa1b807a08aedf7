/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/key_certificate.h: the two ways on which a certificate is read; for key*.c and their tests. */
#ifndef FORMATS_CREDENTIAL_KEY_CERTIFICATE_H
#define FORMATS_CREDENTIAL_KEY_CERTIFICATE_H

#include "formats/credential/key.h"

/* Of the usual form (certificate_parts.h) and without a fault: its parts alone are decoded. False where it is not; key
 * and facts are untouched then, and it may be a certificate none the less. About 40 µs. */
bool credential_certificate_by_parts(const uint8_t *der, size_t size, struct credential_key *key,
                                     struct credential_certificate *facts);
/* Of any form, all of it decoded; as credential_key_of_certificate. About 290 µs. */
credential_refusal credential_certificate_whole(const uint8_t *der, size_t size, struct credential_key *key,
                                                struct credential_certificate *facts);

/* A key if it is one that is taken; else it is freed. */
credential_refusal credential_key_take(struct evp_pkey_st *pkey, struct credential_key *key);

#endif
