/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/meaning.h: what a result, a test and an answer mean, by one set of rules for all doors (docs/intake.md).
 *
 * A door reads its format's parts into a report; these functions decide what they say, by the tables and nothing else.
 */
#ifndef FORMATS_MEANING_H
#define FORMATS_MEANING_H

#include "formats/code_tables.h"
#include "formats/report.h"

/* The tables, and whose rows of them hold. */
struct meaning_source {
    const struct code_tables *tables;
    struct report_text        sender; /* its number, or its name; {0} = not known */
};

/* ---- what was looked for ---- */

struct meaning_test {
    const struct code_test *test; /* the row of the tables; NULL = none */
    const char             *target, *method;
    bool                    threshold; /* a cycle threshold */
};

/* By the code of what was observed, else by its names. */
struct meaning_test meaning_test(const struct meaning_source *source, const struct report_concept *asked);

/* The target of what was ordered, for results that name none; NULL = none. */
const char *meaning_ordered_target(const struct meaning_source *source, const struct report_concept *service);

/* Is everything that was observed for this order an answer? */
bool meaning_is_questionnaire(const struct meaning_source *source, const struct report_concept *service);

/* The method that a text names, or NULL. */
const char *meaning_method(const struct code_tables *tables, const struct report_concept *method);

/* The disease that a diagnosis or notified condition is; NULL = not in the tables. */
const char *meaning_disease(const struct meaning_source *source, const struct report_concept *condition);

/* ---- what was found ---- */

/* Decide by code, then flag, then number, then words, then organism: sets interpretation, decided_by, and target where
 * the value names it.
 *
 * meant_pooled   the code says that the specimen was a pool
 * opposed        flag and words deny each other: nobody but a person can tell which was mistyped */
void meaning_decide(const struct meaning_source *source, struct report_result *result, bool *meant_pooled,
                    bool *opposed);

/* Is it a pool, by its role (L, G) or by how many are in it? */
bool meaning_specimen_is_group(const struct report_specimen *specimen);

/* What it was taken from, by its group, role, material and subject (enum report_subject_kind); all_pooled: all of this
 * sender's are pools. */
uint8_t meaning_specimen_kind(const struct meaning_source *source, const struct report *report,
                              const struct report_specimen *specimen, bool all_pooled);

/* The results from `first` on, with their specimens: what is found in a pool, an animal or a control is said of it and
 * never of a person; what a rejected specimen left open is rejected. */
void meaning_tie_specimens(struct report *report, uint32_t first);

/* A cycle threshold goes to the newest result of its target from `first` on that has none; false: there is none. */
bool meaning_attach_threshold(struct report *report, uint32_t first, const struct report_result *threshold);

/* Is the same observation with the same value among the newest results from `first` on? */
bool meaning_is_repeated(const struct report *report, uint32_t first, const struct report_result *result);

/* ---- what was answered ---- */

/* Set the flag of an answer whose question and value are read, and what it says of its subject and notified condition.
 */
void meaning_answer(struct report *report, struct report_answer *answer);

/* ---- values ---- */

/* A decimal number; NaN where the text is none. */
double meaning_number(struct report_text text);

/* "<10", "1:64", "12.5": numbers that senders put into texts. False where the text is none of these. */
bool meaning_number_text(struct report_text text, struct report_value *value);

/* One of < <= > >= =; anything else leaves it empty. */
void meaning_comparator(struct report_value *value, struct report_text text);

/* Is a text one of the words that stand for a name left out? */
bool meaning_is_redacted(struct report_text text);

#endif
