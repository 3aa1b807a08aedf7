/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMART Health Cards: digits of a JWS whose payload is deflated JSON. */
#include <math.h>
#include <string.h>

#include "base/json_reader.h"
#include "formats/credential/base64.h"
#include "formats/credential/scanner.h"

#define PART_CHARACTERS 1195 /* what a QR code of version 22 holds */

/* ---- digits ---- */

/* "shc:/", then "C/N/" of a card in parts. */
struct part {
    unsigned    number, of; /* 1 … of; of 0: no parts */
    const char *digits;
    size_t      num_digits;
};

static bool read_number(const char **at, const char *end, unsigned *number)
{
    unsigned value = 0;
    size_t   count = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && count < 3; (*at)++, count++)
        value = value * 10 + (unsigned) (**at - '0');
    if (count == 0 || *at == end || **at != '/')
        return false;
    (*at)++;
    *number = value;
    return true;
}

static bool read_part(struct credential_text text, struct part *part)
{
    const char *at = text.text + 5, *end = text.text + text.size;
    *part = (struct part){ 0 };
    if (memchr(at, '/', (size_t) (end - at)) != NULL &&
        (!read_number(&at, end, &part->number) || !read_number(&at, end, &part->of) || part->number < 1 ||
         part->of < 1 || part->number > part->of))
        return false;
    part->digits = at;
    part->num_digits = (size_t) (end - at);
    return true;
}

/* Pairs of digits as characters, behind those already there. */
static bool add_digits(struct credential_scanner *scanner, const struct part *part, struct credential_answer *answer)
{
    if (part->num_digits % 2 != 0 || part->num_digits == 0)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "digits", "pairs of digits");
    if (part->of > 1 && part->num_digits / 2 > PART_CHARACTERS)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "part", "at most 1,195 characters a part");
    for (size_t i = 0; i < part->num_digits; i += 2) {
        unsigned tens = (unsigned) (unsigned char) part->digits[i] - '0';
        unsigned ones = (unsigned) (unsigned char) part->digits[i + 1] - '0';
        if (tens > 9 || ones > 9 || tens * 10 + ones > 77)
            return credential_decide(answer, CREDENTIAL_MALFORMED, "digits", "pairs of digits, 00 … 77");
        scanner->joined[scanner->used_joined++] = (char) (tens * 10 + ones + 45);
    }
    return true;
}

/* Every part once, in the order of its numbers. */
static bool order(const struct credential_text *texts, size_t num, struct part *parts, struct credential_answer *answer)
{
    bool seen[CREDENTIAL_MAX_PARTS] = { false }, numbered = false;
    for (size_t i = 0; i < num; i++) {
        struct part part;
        if (!read_part(texts[i], &part) || (num > 1 && part.of == 0))
            return credential_decide(answer, CREDENTIAL_MALFORMED, "shc:/",
                                     "shc:/NUMBER/OF/ before each part's digits");
        unsigned of = part.of == 0 ? 1 : part.of, at = part.of == 0 ? 0 : part.number - 1;
        if (of > CREDENTIAL_MAX_PARTS)
            return credential_decide(answer, CREDENTIAL_MALFORMED, "parts", "1 … 16 parts");
        if (of > num)
            return credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "parts", "all parts of the card");
        if (of != num || seen[at])
            return credential_decide(answer, CREDENTIAL_MALFORMED, "parts", "each part of one card once");
        seen[at] = true;
        numbered = part.of > 0;
        parts[at] = part;
    }
    answer->in_parts = numbered;
    return true;
}

void credential_scan_numeric(struct credential_scanner *scanner, const struct credential_text *texts, size_t num,
                             int64_t now, struct credential_answer *answer)
{
    struct part parts[CREDENTIAL_MAX_PARTS];
    answer->form = CREDENTIAL_SMART;
    if (!order(texts, num, parts, answer))
        return;
    for (size_t i = 0; i < num; i++)
        if (!add_digits(scanner, &parts[i], answer))
            return;
    credential_scan_jws(scanner, scanner->joined, scanner->used_joined, now, answer);
}

void credential_refuse_code(struct credential_answer *answer)
{
    if (answer->verdict != CREDENTIAL_GENUINE)
        return;
    credential_decide(answer, CREDENTIAL_MALFORMED, "QR code",
                      "a code up to version 22 of two segments: shc:/ as bytes, the digits as a number");
    answer->claims = answer->payload = NULL;
    answer->uses = 0;
}

/* ---- JWS ---- */

struct jws {
    struct credential_text header, payload, signature; /* base64url */
    struct credential_text kid;
    uint8_t                signed_by[CREDENTIAL_BASE64_DECODED(256)];
    size_t                 signature_size;
};

static bool split(const char *text, size_t size, struct jws *jws)
{
    const char *first = memchr(text, '.', size);
    const char *second = first != NULL ? memchr(first + 1, '.', size - (size_t) (first + 1 - text)) : NULL;
    if (second == NULL || memchr(second + 1, '.', size - (size_t) (second + 1 - text)) != NULL)
        return false;
    jws->header = (struct credential_text){ text, (size_t) (first - text) };
    jws->payload = (struct credential_text){ first + 1, (size_t) (second - first - 1) };
    jws->signature = (struct credential_text){ second + 1, size - (size_t) (second + 1 - text) };
    return true;
}

static bool read_header(struct credential_scanner *scanner, struct jws *jws, struct credential_answer *answer)
{
    size_t num = 0;
    if (CREDENTIAL_BASE64_DECODED(jws->header.size) > sizeof scanner->header_bytes ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, jws->header.text, jws->header.size,
                                 (uint8_t *) scanner->header_bytes, &num) != 0 ||
        json_read(scanner->header_bytes, num, NULL, &scanner->header, NULL) != 0)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "JWS header", "JSON in base64url");
    const struct value *header = scanner->header.values, *algorithm = value_get(header, "alg");
    const struct value *kid = value_get(header, "kid");
    if (!value_is(algorithm, VALUE_TEXT))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "JWS header", "alg");
    if (!value_is_text(algorithm, "ES256"))
        return credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "algorithm", "ES256");
    if (!value_is_text(value_get(header, "zip"), "DEF"))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "JWS header", "zip DEF");
    if (!value_is(kid, VALUE_TEXT) || kid->length == 0 || kid->length > CREDENTIAL_KID_MOST)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "JWS header", "kid, the key's thumbprint");
    memcpy(answer->kid, kid->text, kid->length);
    answer->kid_size = kid->length;
    return true;
}

static bool read_signature(struct jws *jws, struct credential_answer *answer)
{
    if (jws->signature.size > 256 ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, jws->signature.text, jws->signature.size, jws->signed_by,
                                 &jws->signature_size) != 0)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "signature", "base64url");
    if (jws->signature_size != CREDENTIAL_ES256_BYTES)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "signature", "r and s, 64 bytes");
    return true;
}

static bool read_payload(struct credential_scanner *scanner, const struct jws *jws, struct credential_answer *answer)
{
    struct toc_error error;
    size_t           num = 0;
    scanner->all_used = true;
    if (CREDENTIAL_BASE64_DECODED(jws->payload.size) > sizeof scanner->packed ||
        credential_base64_decode(CREDENTIAL_BASE64_URL, jws->payload.text, jws->payload.size, scanner->packed, &num) !=
            0)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "payload", "base64url");
    scanner->used_packed = num;
    if (credential_inflate(scanner->inflater, CREDENTIAL_RAW, scanner->packed, num, scanner->content,
                           sizeof scanner->content, &num, &error) != 0)
        return credential_decide_error(answer, CREDENTIAL_MALFORMED, &error);
    scanner->used_content = num;
    if (json_read((const char *) scanner->content, num, NULL, &scanner->tree, NULL) != 0)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "payload", "JSON");
    scanner->all_used = false;
    return true;
}

static bool check_signature(struct credential_scanner *scanner, const char *text, const struct jws *jws,
                            struct credential_answer *answer)
{
    const struct value             *iss = value_get(scanner->tree.values, "iss");
    const struct credential_piece   piece = { text, (size_t) (jws->signature.text - 1 - text) };
    const struct credential_claimed claimed = {
        .kid = answer->kid,
        .kid_size = answer->kid_size,
        .iss = iss != NULL ? iss->text : NULL,
        .iss_size = iss != NULL ? iss->length : 0,
        .algorithm = CREDENTIAL_ES256,
        .pieces = &piece,
        .num_pieces = 1,
        .signature = jws->signed_by,
        .signature_size = jws->signature_size,
    };
    if (!value_is(iss, VALUE_TEXT) || iss->length < 9 || memcmp(iss->text, "https://", 8) != 0 ||
        iss->text[iss->length - 1] == '/')
        return credential_decide(answer, CREDENTIAL_MALFORMED, "iss", "https://…, without / at its end");
    return credential_find_signer(scanner, &claimed, answer);
}

static bool take_claims(struct credential_answer *answer)
{
    const struct value *claims = answer->claims, *iss = value_get(claims, "iss");
    answer->issuer = (struct credential_text){ iss->text, iss->length };
    if (value_get(claims, "nbf") == NULL || !credential_take_time(value_get(claims, "nbf"), &answer->issued))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "nbf", "seconds since 1970");
    if (!credential_take_time(value_get(claims, "exp"), &answer->expires))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "exp", "seconds since 1970");
    return true;
}

static bool check_revoked(struct credential_scanner *scanner, struct credential_answer *answer)
{
    const struct value *rid = value_get(value_get(answer->claims, "vc"), "rid");
    bool                named = value_is(rid, VALUE_TEXT);
    switch (credential_rid_revoked(scanner->trust, answer->signer, named ? rid->text : NULL, named ? rid->length : 0,
                                   answer->issued)) {
    case CREDENTIAL_IS_REVOKED:
        return credential_decide(answer, CREDENTIAL_REVOKED, "revocation list", "a card that is not on it");
    case CREDENTIAL_REVOKED_UNKNOWN:
        return credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "revocation list",
                                 "the issuer's list of revoked cards, whole and no older than its key says");
    default: return true;
    }
}

void credential_scan_jws(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                         struct credential_answer *answer)
{
    struct jws jws = { 0 };
    answer->form = CREDENTIAL_SMART;
    if (!split(text, size, &jws)) {
        credential_decide(answer, CREDENTIAL_MALFORMED, "JWS", "three parts with a point between");
        return;
    }
    if (!read_header(scanner, &jws, answer) || !read_signature(&jws, answer) || !read_payload(scanner, &jws, answer) ||
        !check_signature(scanner, text, &jws, answer))
        return;
    answer->claims = scanner->tree.values;
    if (credential_take_bundle(answer) && take_claims(answer) && check_revoked(scanner, answer) &&
        credential_check_times(answer, now))
        answer->verdict = CREDENTIAL_GENUINE;
}
