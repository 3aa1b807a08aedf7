/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/check.h: a pass held to the rules of a place, and the one of three answers that a screen
 * gives. `tocsin verify`, the API and the device's own program (web/wasm) all ask here.
 */
#ifndef FORMATS_CREDENTIAL_CHECK_H
#define FORMATS_CREDENTIAL_CHECK_H

#include "formats/credential/credential.h"
#include "formats/credential/rules.h"

enum credential_outcome {
    CREDENTIAL_OUTCOME_FITS,         /* genuine, and fits the rules here today */
    CREDENTIAL_OUTCOME_DOES_NOT_FIT, /* its issuer signed it, but a rule, its time or its issuer speaks against it */
    CREDENTIAL_OUTCOME_NOT_CHECKED,  /* all else: nothing is said of the person or the proof */
    CREDENTIAL_NUM_OUTCOMES
};
/* "fits", "does not fit", "cannot be checked": static. */
const char *credential_outcome_word(enum credential_outcome outcome);

/* Scan a text as a scanner, a camera or a form gives it: what they add around it is taken away, and the parts of a
 * SMART card may follow one another, one a line. */
void credential_scan_lines(struct credential_scanner *scanner, const char *text, size_t size, int64_t now,
                           struct credential_answer *answer);

/* Clear what a check has left on the stack below its caller: copies of names on their way to a report, blocks of what
 * was hashed. */
void credential_wipe_stack(void);

/* Hold what credential_scan found to the rules: false where it is not genuine or has no content that rules are written
 * for (the EU's), or more of them count than can be held at once; *fit is untouched then. country, region: as
 * credential_rules_question has them. */
bool credential_hold_to_rules(const struct credential_rules *rules, const char *country, const char *region,
                              int64_t now, const struct credential_answer *answer,
                              struct credential_rules_checker *checker, struct credential_rules_answer *fit);

/* fit: NULL = nothing was evaluated. */
enum credential_outcome credential_outcome_of(const struct credential_answer       *answer,
                                              const struct credential_rules_answer *fit);

#endif
