/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/issue.h: issuing passes: HC1 signed with ES256, a domestic pass that tells next to nothing,
 * and SMART Health Cards.
 *
 * A signer is a P-256 key with a certificate that says for what, by whom and until when. What is issued is checked
 * strictly first: every field that the EU's schema 1.3.0 asks for, real dates, nothing that it does not know. (Reading
 * is lenient, credential.h; so what others got wrong still counts, and nobody has to be lenient with ours.)
 *
 * A signer keeps nothing of what it signed; each thread has its own.
 */
#ifndef FORMATS_CREDENTIAL_ISSUE_H
#define FORMATS_CREDENTIAL_ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/value.h"
#include "formats/certificate.h"
#include "formats/credential/key.h"

/* ---- signers ---- */

#define CREDENTIAL_SIGNER_MAX_DAYS 1830 /* five years: two of issuing, then what was issued must outlive it */

struct credential_signer_settings {
    const char *country;   /* two capital letters */
    const char *name;      /* who issues: "County Health Department"; 1 … CERTIFICATE_MAX_NAME bytes */
    int         days;      /* 1 … CREDENTIAL_SIGNER_MAX_DAYS */
    unsigned    uses;      /* enum credential_use; 0 = all */
    bool        authority; /* signs signers, not passes */
};

/* Make a key and its certificate: signed by its own key (by NULL), or by an authority made so. now: seconds since 1970;
 * valid from an hour before it. Returns 0, BASE_ERR_INPUT with faults, TOC_ERR_NO_MEMORY. */
int credential_signer_make(const struct credential_signer_settings *settings, const struct certificate_issuer *by,
                           int64_t now, struct certificate *made, struct fault_list *faults);

struct credential_maker;

/* Take a signer's key and certificate (PEM). Refused: keys that are not P-256 or not the certificate's, authorities,
 * certificates without a country. Returns as above. */
int  credential_maker_open(const char *key, size_t key_size, const char *chain, size_t chain_size,
                           struct credential_maker **maker, struct fault_list *faults);
void credential_maker_free(struct credential_maker *maker);

const struct credential_certificate *credential_maker_facts(const struct credential_maker *maker);
/* The certificate in DER. */
const uint8_t *credential_maker_certificate(const struct credential_maker *maker, size_t *size);
/* The key as a JSON Web Key, for a SMART issuer's jwks.json; in memory of the maker. */
const char *credential_maker_jwk(const struct credential_maker *maker);

/* ---- signers whose key is elsewhere ---- */

/* Who signs with a key that this process never holds: the keeper of a node (store/keeper.h). False: it does not. */
struct credential_hand {
    bool (*sign)(void *context, const uint8_t digest[CREDENTIAL_DIGEST_BYTES],
                 uint8_t signature[CREDENTIAL_ES256_BYTES]);
    void   *context;
    uint8_t point[64]; /* x and y of its public key */
};

/* The certificate of such a key: signed by itself (by NULL) or by an authority. made->key stays NULL. Returns as
 * credential_signer_make. */
int credential_signer_certify(const struct credential_signer_settings *settings, const struct credential_hand *hand,
                              const struct certificate_issuer *by, int64_t now, struct certificate *made,
                              struct fault_list *faults);

/* As credential_maker_open; `hand` is copied, and refused where the certificate is not of its key. */
int credential_maker_open_by(const struct credential_hand *hand, const char *chain, size_t chain_size,
                             struct credential_maker **maker, struct fault_list *faults);

/* x and y of the key of a certificate (PEM; the first), to find out whose it is. False: not one of P-256. */
bool credential_certificate_point(const char *chain, size_t chain_size, uint8_t point[64]);

/* The key's thumbprint, as cards name it; r and s of what was signed last, by which lists name an HC1 (revoke.h). */
const char    *credential_maker_thumbprint(const struct credential_maker *maker);
const uint8_t *credential_maker_signature(const struct credential_maker *maker);

/* ---- passes ---- */

#define CREDENTIAL_ISSUE_TEXT_BYTES 4096 /* the longest text that is issued: what one QR code holds */
#define CREDENTIAL_ISSUE_RECORD_BYTES ((size_t) 16 << 10)
#define CREDENTIAL_IDENTIFIER_RANDOM 16
#define CREDENTIAL_RID_RANDOM 9 /* of these, the first so many make a card's rid, in base64url */

struct credential_times {
    int64_t issued, expires; /* seconds since 1970; issued ≤ expires ≤ the certificate's end */
};

/* Issue a record, {"nam", "dob", "v" | "t" | "r"}, as HC1. Filled in where absent: `ver`; `fnt` and `gnt` of names in
 * plain letters; `co` and `is` from the certificate; `ci` made of `random`. text: room for CREDENTIAL_ISSUE_TEXT_BYTES,
 * ended by '\0'. Returns 0, or BASE_ERR_INPUT with faults; text is of no use then. Cost: 40 µs, of which 32 are
 * the signature. */
int credential_issue_hc1(struct credential_maker *maker, const struct value *record,
                         const struct credential_times *times, const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM],
                         struct fault_place place, char *text, size_t *size, struct fault_list *faults);

/* A domestic pass: what it proves (one of enum credential_use) and from when to when, whole hours, and nothing else:
 * claim -260 holds {-1: {"c": "v" | "t" | "r"}}. Two of one hour and kind differ in their signature alone, so a batch
 * of them, each shown once, cannot be linked by whoever scans. Returns as above. */
int credential_issue_minimal(struct credential_maker *maker, enum credential_use use,
                             const struct credential_times *times, char *text, size_t *size, struct fault_list *faults);

/* The same record as a SMART Health Card: vaccinations and tests whose codes the card's vocabularies know. issuer:
 * https://…, without a slash at its end. `random` becomes its rid, by which it can be revoked (revoke.h). text: the
 * JWS; credential_issue_numeric makes what a QR code holds of it. */
int    credential_issue_smart(struct credential_maker *maker, const struct value *record, const char *issuer,
                              int64_t issued, const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM], struct fault_place place,
                              char *text, size_t *size, struct fault_list *faults);
size_t credential_issue_numeric(const char *jws, size_t size, char *text, size_t room); /* 0: it does not fit */

#endif
