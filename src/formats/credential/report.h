/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/report.h: what a check of a credential found, in words or as JSON. */
#ifndef FORMATS_CREDENTIAL_REPORT_H
#define FORMATS_CREDENTIAL_REPORT_H

#include "base/sink.h"
#include "formats/credential/check.h"

enum credential_format { CREDENTIAL_AS_TEXT, CREDENTIAL_AS_JSON, CREDENTIAL_AS_NDJSON };

/* What one credential came to. */
struct credential_found {
    uint64_t                              number;
    int64_t                               now; /* seconds */
    const struct credential_answer       *answer;
    const struct credential_trust        *trust;
    const struct credential_rules        *rules; /* NULL: not asked */
    const struct credential_rules_answer *fit;   /* NULL: nothing was evaluated */
};

struct credential_style {
    enum credential_format   format;
    enum credential_language language;
    bool                     holder; /* JSON: with name and birth date; in words they always stand */
};

void credential_report(struct sink *sink, const struct credential_style *style, const struct credential_found *found);

#endif
