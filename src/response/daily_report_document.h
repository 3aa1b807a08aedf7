/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/daily_report_document.h: a daily report for people: its words, and the report as a document
 * (formats/document.h) that is printed or opened in a word processor. */
#ifndef RESPONSE_DAILY_REPORT_DOCUMENT_H
#define RESPONSE_DAILY_REPORT_DOCUMENT_H

#include "formats/document.h"
#include "response/daily_report.h"

enum daily_report_word {
#define WORD(name, en, zh) DAILY_REPORT_WORD_##name,
#include "response/daily_report_words.def"
#undef WORD
    DAILY_REPORT_NUM_WORDS
};

/* MODEL_ENGLISH or MODEL_CHINESE. */
const char *daily_report_word(enum daily_report_word word, enum model_language language);
const char *daily_report_title(enum daily_report_section section, enum model_language language);
/* What a row is called; the item where it has no name. */
const char *daily_report_name(const struct daily_report_row *row, enum model_language language);

/* {"id":…,"number":"2026-326",…}: the whole, with the words in both languages; as schemas.def describes it
 * (daily_report_content). */
void daily_report_show(struct json_writer *json, const struct daily_report *report);

/* What stands above all else: data that are invented, a drill. */
struct daily_report_marks {
    bool invented, exercise;
};

/* In the arena, with views of the report's texts; 0 or TOC_ERR_NO_MEMORY. */
int daily_report_document(const struct daily_report *report, struct daily_report_marks marks,
                          enum model_language language, struct arena *arena, struct document *document);

#endif
