/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HC1: base45 of zlib of COSE_Sign1 of a web token. */
#include <string.h>

#include "formats/credential/base45.h"
#include "formats/credential/cbor.h"
#include "formats/credential/cose.h"
#include "formats/credential/scanner.h"

#define CLAIM_ISSUER 1
#define CLAIM_EXPIRES 4
#define CLAIM_NOT_BEFORE 5
#define CLAIM_ISSUED 6

static bool unpack(struct credential_scanner *scanner, const char *text, size_t size, struct credential_cose *cose,
                   struct credential_answer *answer)
{
    struct toc_error error;
    size_t           num = 0;
    scanner->all_used = true; /* until it is known how much */
    if (credential_base45_decode(text, size, scanner->packed, &num, &error) != 0)
        return credential_decide_error(answer, CREDENTIAL_MALFORMED, &error);
    scanner->used_packed = num;
    if (credential_inflate(scanner->inflater, CREDENTIAL_ZLIB, scanner->packed, num, scanner->content,
                           sizeof scanner->content, &num, &error) != 0)
        return credential_decide_error(answer, CREDENTIAL_MALFORMED, &error);
    scanner->used_content = num;
    scanner->all_used = false;
    if (credential_cose_read(scanner->content, num, cose, &error) != 0)
        return credential_decide_error(answer, CREDENTIAL_MALFORMED, &error);
    return true;
}

static bool check_signature(struct credential_scanner *scanner, const struct credential_cose *cose,
                            struct credential_answer *answer)
{
    struct credential_cose_frame frame;
    if (cose->algorithm != COSE_ES256 && cose->algorithm != COSE_PS256)
        return credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "algorithm", "ES256 or PS256");
    if (cose->kid.bytes == NULL || cose->kid.size > CREDENTIAL_KID_MOST)
        return credential_decide(answer, CREDENTIAL_UNKNOWN_ISSUER, "kid", "a kid of 1 … 64 bytes");
    memcpy(answer->kid, cose->kid.bytes, cose->kid.size);
    answer->kid_size = cose->kid.size;
    credential_cose_frame(cose, &frame);
    const struct credential_piece   pieces[] = { { frame.head, frame.head_size },
                                                 { cose->signed_header.bytes, cose->signed_header.size },
                                                 { frame.middle, frame.middle_size },
                                                 { cose->payload.bytes, cose->payload.size } };
    const struct credential_claimed claimed = {
        .kid = cose->kid.bytes,
        .kid_size = cose->kid.size,
        .algorithm = cose->algorithm == COSE_ES256 ? CREDENTIAL_ES256 : CREDENTIAL_PS256,
        .pieces = pieces,
        .num_pieces = sizeof pieces / sizeof *pieces,
        .signature = cose->signature.bytes,
        .signature_size = cose->signature.size,
    };
    return credential_find_signer(scanner, &claimed, answer);
}

/* The claims around the certificate, then the certificate. A DDCC of the WHO may come without any claims. */
static bool take_claims(struct credential_answer *answer, int64_t now)
{
    const struct value *issuer = value_get_integer(answer->claims, CLAIM_ISSUER);
    int64_t             from = CREDENTIAL_NO_TIME;
    if (value_is(issuer, VALUE_TEXT))
        answer->issuer = (struct credential_text){ issuer->text, issuer->length };
    if (!credential_take_time(value_get_integer(answer->claims, CLAIM_ISSUED), &answer->issued))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "issued at (claim 6)", "seconds since 1970");
    if (!credential_take_time(value_get_integer(answer->claims, CLAIM_EXPIRES), &answer->expires))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "expires at (claim 4)", "seconds since 1970");
    if (!credential_take_time(value_get_integer(answer->claims, CLAIM_NOT_BEFORE), &from))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "not before (claim 5)", "seconds since 1970");
    if (!credential_take_hcert(answer))
        return false;
    if (answer->kind == CREDENTIAL_DCC && answer->expires == CREDENTIAL_NO_TIME)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "expires at (claim 4)", "seconds since 1970");
    if (from != CREDENTIAL_NO_TIME && from > now)
        return credential_decide(answer, CREDENTIAL_NOT_YET_VALID, "not before (claim 5)", "a time that has come");
    return true;
}

static bool read_content(struct credential_scanner *scanner, const struct credential_cose *cose,
                         struct credential_answer *answer)
{
    struct toc_error error;
    if (credential_cbor_read(cose->payload.bytes, cose->payload.size, &scanner->tree, &error) != 0) {
        scanner->all_used = true;
        return credential_decide_error(answer, CREDENTIAL_MALFORMED, &error);
    }
    answer->claims = scanner->tree.values;
    return true;
}

/* What the key may sign. That a pass ends before its signer's certificate does is a rule that many issuers broke
 * (credential_in_time asks it): here the certificate's own end decides. */
static bool check_key(struct credential_answer *answer)
{
    const struct credential_signer *signer = answer->signer;
    if (signer->uses != 0 && (signer->uses & answer->uses) == 0)
        return credential_decide(answer, CREDENTIAL_KEY_MAY_NOT_SIGN, "key usage",
                                 "a key for this kind: test, vaccination or recovery");
    return true;
}

/* ---- revocation ---- */

static void entry_of(struct credential_scanner *scanner, const struct credential_piece *pieces, size_t num,
                     enum credential_entry which, struct credential_entries *entries)
{
    uint8_t digest[CREDENTIAL_DIGEST_BYTES];
    if (!credential_hash(&scanner->checker, pieces, num, digest))
        return;
    memcpy(entries->of[which], digest, CREDENTIAL_ENTRY_BYTES);
    entries->has |= 1u << which;
}

static void entries_of(struct credential_scanner *scanner, const struct credential_cose *cose,
                       const struct credential_answer *answer, struct credential_entries *entries)
{
    static const char *const groups[] = { "v", "t", "r" };
    const struct value      *identifier = NULL;
    for (size_t i = 0; i < sizeof groups / sizeof *groups && identifier == NULL; i++)
        identifier = value_get(value_at(value_get(answer->payload, groups[i]), 0), "ci");
    if (value_is(identifier, VALUE_TEXT)) {
        const struct credential_piece both[] = { { answer->issuer.text, answer->issuer.size },
                                                 { identifier->text, identifier->length } };
        entry_of(scanner, both + 1, 1, CREDENTIAL_UCI, entries);
        if (answer->issuer.text != NULL)
            entry_of(scanner, both, 2, CREDENTIAL_COUNTRY_UCI, entries);
    }
    size_t                        half = cose->algorithm == COSE_ES256 ? 2 : 1;
    const struct credential_piece signature = { cose->signature.bytes, cose->signature.size / half };
    entry_of(scanner, &signature, 1, CREDENTIAL_SIGNATURE, entries);
}

static bool check_revoked(struct credential_scanner *scanner, const struct credential_cose *cose, int64_t now,
                          struct credential_answer *answer)
{
    bool stale = false;
    if (scanner->revocation == NULL || cose->kid.size != CREDENTIAL_KID_BYTES)
        return true;
    answer->revocation_dated = credential_revocation_dated(scanner->revocation, cose->kid.bytes, now, &stale);
    entries_of(scanner, cose, answer, &answer->entries);
    if (!credential_revocation_holds(scanner->revocation, &scanner->checker, cose->kid.bytes, &answer->entries, now))
        return true;
    return credential_decide(answer, CREDENTIAL_REVOKED, "revocation list", "a pass that is not on it");
}

void credential_scan_hc1(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                         struct credential_answer *answer)
{
    struct credential_cose cose;
    answer->form = CREDENTIAL_HC1;
    if (unpack(scanner, text, size, &cose, answer) && check_signature(scanner, &cose, answer) &&
        read_content(scanner, &cose, answer) && take_claims(answer, now) && check_key(answer) &&
        check_revoked(scanner, &cose, now, answer) && credential_check_times(answer, now))
        answer->verdict = CREDENTIAL_GENUINE;
}
