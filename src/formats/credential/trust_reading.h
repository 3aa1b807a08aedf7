/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/trust_reading.h: what the readers of lists share. */
#ifndef FORMATS_CREDENTIAL_TRUST_READING_H
#define FORMATS_CREDENTIAL_TRUST_READING_H

#include "base/value.h"
#include "formats/credential/trust.h"
#include "tocsin/status.h"

/* A list being read into a trust. */
struct credential_reading {
    struct credential_trust *trust;
    struct credential_list  *list;
    struct fault_list       *faults;
    const char              *name;
    const char              *iss;
};

/* Room for one more signer, zeroed, at signers[num_signers]; NULL where there is none. It counts when num_signers does.
 */
struct credential_signer *credential_trust_room(struct credential_trust *trust);
/* A new list at lists[num_lists]; it counts when num_lists does. */
struct credential_list *credential_trust_begin(struct credential_trust *trust, const char *name, int64_t dated);
void credential_signer_certified(struct credential_signer *signer, const struct credential_certificate *facts);

/* A JSON key as a signer of an issuer (iss not NULL: a SMART key, held to all its rules) or of a network of
 * certificates. where: for the message. Returns 0 (also where the key was refused, which is a fault) or
 * TOC_ERR_NO_MEMORY. */
int credential_read_jwk(struct credential_reading *reading, const struct value *jwk, const char *iss, size_t iss_size,
                        const char *where);

/* A signer's certificate in base64. As above. */
int credential_read_certificate(struct credential_reading *reading, const struct value *entry, const char *where,
                                const char *country, size_t country_size);
/* A key of a DID document; where it has no kid, what stands behind # in the method's id. */
int credential_read_method(struct credential_reading *reading, const struct value *jwk, const struct value *id,
                           const char *where);

/* A SMART revocation list. Returns 0, BASE_ERR_INPUT with a fault, or TOC_ERR_NO_MEMORY. */
int credential_read_crl(struct credential_trust *trust, const struct value *crl, const char *iss, size_t iss_size,
                        const char *name, struct fault_list *faults);

#endif
