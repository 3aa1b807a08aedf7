/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/deny.h: what Tocsin never collects, and refuses under whatever name it comes: ethnicity, religion,
 * political opinion or status, sexual orientation, criminal record, biometrics, phone-mast, camera or payment trails,
 * and movement codes or scores of a person (DESIGN section 6). deny.def holds the names, in English, Chinese and
 * Tibetan.
 *
 * Asked of are names and labels: fields, headers of tables, keys of JSON, codes and texts of a form's questions. Never
 * values: a street may be called after a church.
 *
 * How a name is matched: NFKC with case folded; letters of Latin form words, ended by anything else ("_", "-", blank,
 * a digit) and by a capital behind a small letter (camelCase). A word of deny.def matches as the whole word, in the
 * singular or with a plural -s; one of several words matches those words side by side, also run together
 * ("politicalparty") where the name is nothing else. Chinese and Tibetan have no such words: there a
 * text matches wherever it stands, unless deny.def says of a longer text around it that it is harmless (民族医院).
 */
#ifndef BASE_DENY_H
#define BASE_DENY_H

#include <stddef.h>

/* A thing that is never collected. */
struct denied_thing {
    const char *code;      /* "religion" */
    const char *reason_en; /* a clause for people: "religion is never collected" */
    const char *reason_zh;
};

/* Longer names are cut there before they are matched. */
#define DENY_MAX_BYTES 4096

/* What the name (size bytes) asks for that is never collected, or NULL. A name that is not UTF-8 is matched as far as
 * it is. */
const struct denied_thing *deny_match(const char *name, size_t size);

#endif
