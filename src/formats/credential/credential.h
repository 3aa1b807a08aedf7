/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/credential.h: a health credential, from the text of its QR code to a verdict.
 *
 * Forms: HC1 (the EU's, also as the WHO and its network use it) and SMART Health Cards (numeric, in parts, or the bare
 * JWS). A verdict says what was found, never whether a person may pass.
 *
 * Order of the checks, the first that fails is the verdict: it can be read (malformed) → a way of signing that we know
 * (cannot be checked) → a key of the trust lists (unknown issuer) → the signature (forged) → the content (malformed) →
 * what the key may sign (key may not sign this) → revocation (revoked; cannot be checked) → times (not yet valid,
 * expired). So content that nobody vouches for is never looked at, but for the issuer's address in a SMART card, which
 * is needed to find the key.
 *
 * A scanner serves one thread. It holds all memory that a scan needs: scanning allocates nothing (OpenSSL does inside
 * its signature check). What it read stays in the scanner until the next scan, or until credential_scanner_wipe, which
 * clears every byte of it.
 */
#ifndef FORMATS_CREDENTIAL_CREDENTIAL_H
#define FORMATS_CREDENTIAL_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "formats/credential/inflate.h"
#include "formats/credential/revocation.h"
#include "formats/credential/trust.h"
#include "formats/credential/verdict.h"

#define CREDENTIAL_TEXT_BYTES ((size_t) 64 << 10) /* the longest text; a QR code holds 7,089 digits at most */
#define CREDENTIAL_MAX_VALUES 8192
#define CREDENTIAL_MAX_PARTS 16 /* of a SMART card in parts */

enum credential_form { CREDENTIAL_NO_FORM, CREDENTIAL_HC1, CREDENTIAL_SMART };

enum credential_payload {
    CREDENTIAL_NO_PAYLOAD,
    CREDENTIAL_DCC,    /* EU: payload is the object with nam, dob, and v, t or r */
    CREDENTIAL_DDCC,   /* WHO: the flat object with name, birthDate, and vaccine or test */
    CREDENTIAL_FHIR,   /* SMART: a FHIR bundle */
    CREDENTIAL_MINIMAL /* domestic (issue.h): payload is {"c": "v" | "t" | "r"}, and nothing of a person */
};

struct credential_text {
    const char *text; /* no end mark; NULL = absent */
    size_t      size;
};

struct credential_answer {
    enum credential_verdict verdict;
    enum credential_form    form;
    enum credential_payload kind;
    struct toc_error        why; /* what, where, allowed, for verdicts other than genuine; status 0 = nothing to add */

    /* of the container; of a credential that nobody vouches for these stay empty */
    uint8_t                         kid[CREDENTIAL_KID_MOST];
    size_t                          kid_size;
    const struct credential_signer *signer;  /* whose signature holds; NULL = none */
    struct credential_text          issuer;  /* country, or a SMART issuer's address */
    int64_t                         issued;  /* seconds, CREDENTIAL_NO_TIME = not said */
    int64_t                         expires; /* as above */

    /* of the content, where the signature holds: values live in the scanner. Rules are evaluated on `payload`. */
    const struct value       *claims;   /* the whole of it */
    const struct value       *payload;  /* as `kind` says */
    unsigned                  uses;     /* enum credential_use: what it proves */
    struct credential_entries entries;  /* of an HC1, where revocation lists are there: as what it may be revoked */
    bool                      in_parts; /* a SMART card in several QR codes: a form that is no longer to be issued */

    /* how old the knowledge was that answered: seconds, CREDENTIAL_NO_TIME = not known */
    int64_t trust_dated;      /* of the list that holds the signer, else of the oldest list */
    int64_t revocation_dated; /* of the signer's revocation list; CREDENTIAL_NO_TIME also where there is none */
};

struct credential_scanner;

/* trust must be ready and outlive the scanner, as must revocation, which may be NULL. Returns NULL where there is no
 * memory. Cost: 2 µs a signer. */
struct credential_scanner *credential_scanner_new(const struct credential_trust      *trust,
                                                  const struct credential_revocation *revocation);
void                       credential_scanner_free(struct credential_scanner *scanner);
void                       credential_scanner_wipe(struct credential_scanner *scanner);

/* Take away what a scanner or a file adds around a text: line ends, tabs, blanks before it, and blanks behind it where
 * they cannot be its own (in HC1 a blank is one of the 45 characters). */
struct credential_text credential_trim(const char *text, size_t size);

/* Check the text exactly as given. now: seconds since 1970. Any text ends in a verdict. Cost: 90 µs, of which 85 are
 * the signature. */
void credential_scan(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                     struct credential_answer *answer);

/* Do the times of a credential whose signature holds fit as the EU's test cases ask: signer.from ≤ issued ≤ now ≤
 * expires ≤ signer.to? What is not said is not asked. The verdict is milder: one in ten real passes outlives its
 * signer's certificate on paper; it counts until that certificate ends. */
bool credential_in_time(const struct credential_answer *answer, int64_t now);

/* The parts of a SMART card ("shc:/2/3/…") in any order, checked as one. */
void credential_scan_parts(struct credential_scanner *scanner, const struct credential_text *parts, size_t num_parts,
                           int64_t now, struct credential_answer *answer);

/* Whoever has a picture of a SMART card's code sees that it is above version 22 or not of two segments, "shc:/" as
 * bytes and the digits as a number, as its specification has it ("Encoding QRs"): what was genuine is malformed then.
 */
void credential_refuse_code(struct credential_answer *answer);

#endif
