/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/credential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/credential/scanner.h"

/* ---- the scanner ---- */

static const struct credential_key *key_at(const void *where, size_t index)
{
    return &((const struct credential_trust *) where)->signers[index].key;
}

struct credential_scanner *credential_scanner_new(const struct credential_trust      *trust,
                                                  const struct credential_revocation *revocation)
{
    struct credential_scanner *scanner = memory_array(1, sizeof *scanner);
    if (scanner == NULL)
        return NULL;
    scanner->trust = trust;
    scanner->revocation = revocation;
    scanner->inflater = credential_inflater_new();
    value_tree_init_in(&scanner->tree, scanner->values, CREDENTIAL_MAX_VALUES, scanner->text, sizeof scanner->text);
    value_tree_init_in(&scanner->header, scanner->header_values, HEADER_VALUES, scanner->header_text,
                       sizeof scanner->header_text);
    if (scanner->inflater != NULL && credential_checker_init(&scanner->checker, trust->num_signers, key_at, trust) == 0)
        return scanner;
    credential_scanner_free(scanner);
    return NULL;
}

void credential_scanner_wipe(struct credential_scanner *scanner)
{
    value_tree_clear(&scanner->tree);
    value_tree_clear(&scanner->header);
    explicit_bzero(scanner->packed, sizeof scanner->packed);
    explicit_bzero(scanner->content, sizeof scanner->content);
    explicit_bzero(scanner->joined, sizeof scanner->joined);
    explicit_bzero(scanner->text, sizeof scanner->text);
    explicit_bzero(scanner->values, sizeof scanner->values);
    explicit_bzero(scanner->header_bytes, sizeof scanner->header_bytes);
    explicit_bzero(scanner->header_text, sizeof scanner->header_text);
    explicit_bzero(scanner->header_values, sizeof scanner->header_values);
    scanner->all_used = false;
    scanner->used_packed = scanner->used_content = scanner->used_joined = 0;
}

void credential_scanner_free(struct credential_scanner *scanner)
{
    if (scanner == NULL)
        return;
    credential_checker_free(&scanner->checker);
    credential_inflater_free(scanner->inflater);
    credential_scanner_wipe(scanner);
    free(scanner);
}

/* Clear what the last scan wrote, and no more: the whole room is hundreds of times that. */
static void clear_last(struct credential_scanner *scanner)
{
    if (scanner->all_used) {
        credential_scanner_wipe(scanner);
        return;
    }
    explicit_bzero(scanner->values, scanner->tree.num_values * sizeof *scanner->values);
    explicit_bzero(scanner->text, scanner->tree.used_text);
    explicit_bzero(scanner->packed, scanner->used_packed);
    explicit_bzero(scanner->content, scanner->used_content);
    explicit_bzero(scanner->joined, scanner->used_joined);
    value_tree_clear(&scanner->tree);
    scanner->used_packed = scanner->used_content = scanner->used_joined = 0;
}

/* ---- verdicts ---- */

bool credential_decide(struct credential_answer *answer, enum credential_verdict verdict, const char *what,
                       const char *allowed)
{
    answer->verdict = verdict;
    answer->why = (struct toc_error){ BASE_ERR_INPUT, what, TOC_NOWHERE, NAN, allowed };
    return false;
}

bool credential_decide_error(struct credential_answer *answer, enum credential_verdict verdict,
                             const struct toc_error *error)
{
    answer->verdict = verdict;
    answer->why = *error;
    return false;
}

bool credential_find_signer(struct credential_scanner *scanner, const struct credential_claimed *claimed,
                            struct credential_answer *answer)
{
    const struct credential_trust  *trust = scanner->trust;
    const struct credential_signer *signer =
        credential_trust_find(trust, claimed->kid, claimed->kid_size, claimed->iss, claimed->iss_size, NULL);
    uint8_t digest[CREDENTIAL_DIGEST_BYTES];
    bool    fitted = false;
    if (signer == NULL)
        return credential_decide(answer, CREDENTIAL_UNKNOWN_ISSUER, "key", "a key of the trust lists");
    if (!credential_hash(&scanner->checker, claimed->pieces, claimed->num_pieces, digest))
        return credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "this machine", "a working SHA-256");
    for (; signer != NULL; signer = credential_trust_find(trust, claimed->kid, claimed->kid_size, claimed->iss,
                                                          claimed->iss_size, signer)) {
        if (signer->key.algorithm != claimed->algorithm)
            continue;
        fitted = true;
        if (!credential_signed(&scanner->checker, (size_t) (signer - trust->signers), claimed->algorithm, digest,
                               claimed->signature, claimed->signature_size))
            continue;
        answer->signer = signer;
        answer->trust_dated = trust->lists[signer->list].dated;
        return true;
    }
    return credential_decide(answer, CREDENTIAL_FORGED, fitted ? "signature" : "algorithm",
                             fitted ? "the signature of the key that is named"
                                    : "the algorithm of the key that is named");
}

bool credential_check_times(struct credential_answer *answer, int64_t now)
{
    if (answer->issued != CREDENTIAL_NO_TIME && answer->issued > now)
        return credential_decide(answer, CREDENTIAL_NOT_YET_VALID, "issued at", "a time that has come");
    if (answer->signer->from > now)
        return credential_decide(answer, CREDENTIAL_NOT_YET_VALID, "key", "a key whose time has come");
    if (answer->expires != CREDENTIAL_NO_TIME && answer->expires < now)
        return credential_decide(answer, CREDENTIAL_EXPIRED, "expires at", "a time to come");
    if (answer->signer->to < now)
        return credential_decide(answer, CREDENTIAL_EXPIRED, "key", "a key whose time has not run out");
    return true;
}

bool credential_in_time(const struct credential_answer *answer, int64_t now)
{
    struct credential_answer copy = *answer;
    return answer->signer != NULL && credential_check_times(&copy, now) &&
           (answer->issued == CREDENTIAL_NO_TIME || answer->issued >= answer->signer->from) &&
           (answer->expires == CREDENTIAL_NO_TIME || answer->expires <= answer->signer->to);
}

bool credential_take_time(const struct value *value, int64_t *seconds)
{
    double number;
    if (value == NULL)
        return true;
    if (value->kind == VALUE_INTEGER && value->integer > -(INT64_C(1) << 52) && value->integer < INT64_C(1) << 52) {
        *seconds = value->integer;
        return true;
    }
    if (!value_to_number(value, &number) || !(fabs(number) < 4503599627370496.0))
        return false;
    *seconds = (int64_t) floor(number);
    return true;
}

/* ---- texts ---- */

static bool begins(const char *text, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

struct credential_text credential_trim(const char *text, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0') {
        text++;
        size--;
    }
    const char *ends = begins(text, size, "HC1:") ? "\t\r\n" : " \t\r\n";
    while (size > 0 && text[size - 1] != '\0' && strchr(ends, text[size - 1]) != NULL)
        size--;
    return (struct credential_text){ text, size };
}

static void begin(struct credential_scanner *scanner, struct credential_answer *answer)
{
    clear_last(scanner);
    *answer = (struct credential_answer){ .verdict = CREDENTIAL_MALFORMED,
                                          .issued = CREDENTIAL_NO_TIME,
                                          .expires = CREDENTIAL_NO_TIME,
                                          .trust_dated = credential_trust_dated(scanner->trust),
                                          .revocation_dated = CREDENTIAL_NO_TIME };
}

void credential_scan(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                     struct credential_answer *answer)
{
    struct credential_text whole = { text, size };
    begin(scanner, answer);
    if (size > CREDENTIAL_TEXT_BYTES)
        credential_decide(answer, CREDENTIAL_MALFORMED, "text", "at most 64 KiB");
    else if (begins(text, size, "HC1:"))
        credential_scan_hc1(scanner, text + 4, size - 4, now, answer);
    else if (begins(text, size, "shc:/"))
        credential_scan_numeric(scanner, &whole, 1, now, answer);
    else if (begins(text, size, "eyJ"))
        credential_scan_jws(scanner, text, size, now, answer);
    else if (begins(text, size, "shlink:/") ||
             (begins(text, size, "https://") && memmem(text, size, "#shlink:/", 9) != NULL))
        credential_decide(answer, CREDENTIAL_CANNOT_BE_CHECKED, "link",
                          "the card itself: a link leads to a network, and is never followed");
    else
        credential_decide(answer, CREDENTIAL_MALFORMED, "text", "a text that begins with HC1: or shc:/");
}

void credential_scan_parts(struct credential_scanner *scanner, const struct credential_text *parts, size_t num_parts,
                           int64_t now, struct credential_answer *answer)
{
    size_t total = 0;
    begin(scanner, answer);
    for (size_t i = 0; i < num_parts; i++) {
        total += parts[i].size;
        if (!begins(parts[i].text, parts[i].size, "shc:/") || parts[i].size > CREDENTIAL_TEXT_BYTES) {
            credential_decide(answer, CREDENTIAL_MALFORMED, "part", "a text that begins with shc:/");
            return;
        }
    }
    if (num_parts == 0 || num_parts > CREDENTIAL_MAX_PARTS || total > CREDENTIAL_TEXT_BYTES)
        credential_decide(answer, CREDENTIAL_MALFORMED, "parts", "1 … 16 parts, 64 KiB in all");
    else
        credential_scan_numeric(scanner, parts, num_parts, now, answer);
}
