/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/scanner.h: what the readers of both forms share. */
#ifndef FORMATS_CREDENTIAL_SCANNER_H
#define FORMATS_CREDENTIAL_SCANNER_H

#include "formats/credential/credential.h"

#define HEADER_VALUES 64
#define HEADER_BYTES 1024

struct credential_scanner {
    const struct credential_trust      *trust;
    const struct credential_revocation *revocation;
    struct credential_checker           checker;
    struct libdeflate_decompressor     *inflater;
    struct value_tree                   tree;     /* the content */
    struct value_tree                   header;   /* of a SMART card */
    bool                                all_used; /* how much was written is not known: clear all */
    size_t                              used_packed, used_content;
    /* the room */
    uint8_t      packed[CREDENTIAL_TEXT_BYTES];
    uint8_t      content[CREDENTIAL_CONTENT_BYTES];
    char         joined[CREDENTIAL_TEXT_BYTES]; /* a SMART card as characters, from its digits and parts */
    size_t       used_joined;
    char         text[CREDENTIAL_CONTENT_BYTES];
    struct value values[CREDENTIAL_MAX_VALUES];
    char         header_bytes[HEADER_BYTES];
    char         header_text[HEADER_BYTES];
    struct value header_values[HEADER_VALUES];
};

/* Set the verdict and why. what and allowed are static. Returns false, to end a check with. */
bool credential_decide(struct credential_answer *answer, enum credential_verdict verdict, const char *what,
                       const char *allowed);
/* The same from an error of one of the layers below. */
bool credential_decide_error(struct credential_answer *answer, enum credential_verdict verdict,
                             const struct toc_error *error);

/* Find the signer among those of this kid (and issuer), whose signature of the pieces this is. Sets answer->signer;
 * false with the verdict decided where there is none. */
struct credential_claimed {
    const uint8_t                 *kid;
    size_t                         kid_size;
    const char                    *iss; /* NULL: by kid alone */
    size_t                         iss_size;
    enum credential_algorithm      algorithm;
    const struct credential_piece *pieces;
    size_t                         num_pieces;
    const uint8_t                 *signature;
    size_t                         signature_size;
};
bool credential_find_signer(struct credential_scanner *scanner, const struct credential_claimed *claimed,
                            struct credential_answer *answer);

/* Is now within the times of the credential and of its signer? The last check of both forms. */
bool credential_check_times(struct credential_answer *answer, int64_t now);

/* The forms. The answer was begun. */
void credential_scan_hc1(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                         struct credential_answer *answer);
void credential_scan_jws(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                         struct credential_answer *answer);
void credential_scan_numeric(struct credential_scanner *scanner, const struct credential_text *parts, size_t num_parts,
                             int64_t now, struct credential_answer *answer);

/* The contents, in claims that were signed: set kind, payload and uses; false with the verdict decided where they are
 * not what they should be. */
bool credential_take_hcert(struct credential_answer *answer);
bool credential_take_bundle(struct credential_answer *answer);

/* A time of claims: seconds, also with a fraction. False where there is one that is no time. */
bool credential_take_time(const struct value *value, int64_t *seconds);

#endif
