/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/issue_internal.h: a maker from within; for the files issue*.c alone. */
#ifndef FORMATS_CREDENTIAL_ISSUE_INTERNAL_H
#define FORMATS_CREDENTIAL_ISSUE_INTERNAL_H

#include <openssl/evp.h>

#include "formats/credential/deflate.h"
#include "formats/credential/issue.h"

struct libdeflate_compressor;

struct credential_maker {
    EVP_PKEY                     *pkey;
    struct credential_hand        hand;    /* who signs instead; sign NULL = nobody */
    EVP_PKEY_CTX                 *context; /* ready to sign; NULL where a hand does */
    EVP_MD_CTX                   *hash;
    EVP_MD                       *sha256;
    struct libdeflate_compressor *compressor; /* of cards */
    struct credential_certificate facts;
    char                          name[4 * CERTIFICATE_MAX_NAME]; /* the organisation */
    uint8_t                       der[8192];
    size_t                        der_size;
    char                          thumbprint[CREDENTIAL_THUMBPRINT_BYTES + 1];
    char                          jwk[400];
    uint8_t                       point[64];                         /* x, y */
    uint8_t                       signature[CREDENTIAL_ES256_BYTES]; /* the last */
    /* room of one pass, cleared behind it */
    struct value      values[256]; /* the record with what was filled in */
    struct value_tree record;      /* on these */
    char              text[512];   /* what was filled in */
    size_t            used_text;
    uint8_t           payload[CREDENTIAL_ISSUE_RECORD_BYTES];
    uint8_t           token[CREDENTIAL_ISSUE_RECORD_BYTES + 1024];
    uint8_t           packed[CREDENTIAL_COMPRESSED(CREDENTIAL_ISSUE_RECORD_BYTES + 1024)];
    char              json[CREDENTIAL_ISSUE_RECORD_BYTES];
};

/* r and s of the signature over these bytes. False where OpenSSL refuses: the machine's fault. */
bool credential_maker_sign(struct credential_maker *maker, const void *bytes, size_t size,
                           uint8_t signature[CREDENTIAL_ES256_BYTES]);
void credential_maker_clear(struct credential_maker *maker);

/* issue_check.c: the record with what can be filled in, in maker->record; then every fault of it. kind: one of enum
 * credential_use. Returns 0 or BASE_ERR_INPUT. */
int credential_issue_complete(struct credential_maker *maker, const struct value *record,
                              const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM], struct fault_place place,
                              enum credential_use *kind, struct fault_list *faults);
/* May the maker issue this kind for these times? */
int credential_issue_allowed(const struct credential_maker *maker, enum credential_use kind,
                             const struct credential_times *times, struct fault_place place, struct fault_list *faults);

int credential_issue_fault(struct fault_list *faults, struct fault_place place, const char *name, const char *found,
                           const char *allowed);

#endif
