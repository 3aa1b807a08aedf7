/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/verify_report.h: what a check of a credential found, in words or as JSON. */
#ifndef CLI_VERIFY_REPORT_H
#define CLI_VERIFY_REPORT_H

#include "base/sink.h"
#include "formats/credential/credential.h"
#include "formats/credential/rules.h"

enum verify_format { VERIFY_TEXT, VERIFY_JSON, VERIFY_NDJSON };

/* What one credential came to. */
struct verify_found {
    uint64_t                              number;
    int64_t                               now; /* seconds */
    const struct credential_answer       *answer;
    bool                                  ill_made; /* its QR code (verify_input.h) */
    const struct credential_trust        *trust;
    const struct credential_rules        *rules;          /* NULL: not asked */
    const struct credential_rules_answer *fit;            /* NULL: nothing was evaluated */
};

struct verify_style {
    enum verify_format       format;
    enum credential_language language;
    bool                     holder; /* JSON: with name and birth date; in words they always stand */
};

void verify_report(struct sink *sink, const struct verify_style *style, const struct verify_found *found);

#endif
