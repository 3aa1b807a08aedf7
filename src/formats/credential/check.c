/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/check.h"

#include <string.h>

#define ISSUER_BYTES 64   /* of a country, with its end */
#define STACK_BYTES 65536 /* deeper than a check goes */

const char *credential_outcome_word(enum credential_outcome outcome)
{
    static const char *const words[CREDENTIAL_NUM_OUTCOMES] = { "fits", "does not fit", "cannot be checked" };
    return words[outcome];
}

void credential_scan_lines(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                           struct credential_answer *answer)
{
    struct credential_text parts[CREDENTIAL_MAX_PARTS + 1];
    size_t                 num = 0;
    const char            *end = text + size;
    while (text < end && num <= CREDENTIAL_MAX_PARTS) {
        const char *line = memchr(text, '\n', (size_t) (end - text)), *stop = line != NULL ? line : end;
        parts[num] = credential_trim(text, (size_t) (stop - text));
        num += parts[num].size > 0;
        text = stop + 1;
    }
    if (num > 1)
        credential_scan_parts(scanner, parts, num, now, answer);
    else
        credential_scan(scanner, num > 0 ? parts[0].text : "", num > 0 ? parts[0].size : 0, now, answer);
}

__attribute__((noinline)) void credential_wipe_stack(void)
{
    char stack[STACK_BYTES];
    explicit_bzero(stack, sizeof stack);
}

bool credential_hold_to_rules(const struct credential_rules *rules, const char *country, const char *region,
                              int64_t now, const struct credential_answer *answer,
                              struct credential_rules_checker *checker, struct credential_rules_answer *fit)
{
    char issuer[ISSUER_BYTES] = "";
    if (rules == NULL || answer->verdict != CREDENTIAL_GENUINE || answer->kind != CREDENTIAL_DCC)
        return false;
    if (answer->issuer.size < sizeof issuer && answer->issuer.size > 0)
        memcpy(issuer, answer->issuer.text, answer->issuer.size);
    const struct credential_rules_question question = {
        .payload = answer->payload,
        .now = now,
        .country = country,
        .region = region,
        .issuer = issuer[0] != '\0' ? issuer : NULL,
        .kid = answer->kid,
        .kid_size = answer->kid_size,
        .issued = answer->issued,
        .expires = answer->expires,
    };
    return credential_rules_check(rules, &question, checker, fit) == 0;
}

enum credential_outcome credential_outcome_of(const struct credential_answer       *answer,
                                              const struct credential_rules_answer *fit)
{
    switch (answer->verdict) {
    case CREDENTIAL_EXPIRED:
    case CREDENTIAL_NOT_YET_VALID:
    case CREDENTIAL_REVOKED: return CREDENTIAL_OUTCOME_DOES_NOT_FIT;
    case CREDENTIAL_GENUINE: break;
    default: return CREDENTIAL_OUTCOME_NOT_CHECKED;
    }
    if (fit == NULL)
        return CREDENTIAL_OUTCOME_NOT_CHECKED;
    return fit->fit == CREDENTIAL_FITS           ? CREDENTIAL_OUTCOME_FITS
           : fit->fit == CREDENTIAL_DOES_NOT_FIT ? CREDENTIAL_OUTCOME_DOES_NOT_FIT
                                                 : CREDENTIAL_OUTCOME_NOT_CHECKED;
}
