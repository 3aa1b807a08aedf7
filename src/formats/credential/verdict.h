/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/verdict.h: what a check of a credential answers, in words (verdict.def). */
#ifndef FORMATS_CREDENTIAL_VERDICT_H
#define FORMATS_CREDENTIAL_VERDICT_H

#include <stdbool.h>

enum credential_verdict {
#define X(name, ...) CREDENTIAL_##name,
#include "formats/credential/verdict.def"
#undef X
    CREDENTIAL_NUM_VERDICTS
};

enum credential_language { CREDENTIAL_ENGLISH, CREDENTIAL_CHINESE, CREDENTIAL_TIBETAN, CREDENTIAL_NUM_LANGUAGES };

/* The word for machines and tables: "unknown issuer". Static, as all of these. */
const char *credential_verdict_word(enum credential_verdict verdict);
/* One plain sentence; and what to do next. */
const char *credential_verdict_text(enum credential_verdict verdict, enum credential_language language);
const char *credential_verdict_next(enum credential_verdict verdict, enum credential_language language);
/* What to do next with a genuine credential that has neither name nor birth date: there is nothing to compare. */
const char *credential_nameless_next(enum credential_language language);
/* Has a native reader checked the texts of this language? */
bool credential_verdict_reviewed(enum credential_language language);
/* "en", "zh", "bo"; and the language of a code, or CREDENTIAL_NUM_LANGUAGES. */
const char              *credential_language_code(enum credential_language language);
enum credential_language credential_language_find(const char *code);

#endif
