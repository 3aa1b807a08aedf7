/* SPDX-License-Identifier: GPL-3.0-or-later */
/* formats/document.h: a short document for people, as PDF (A4) and as a word processor's file (DOCX, Office Open XML,
 * ECMA-376): headings, paragraphs, tables of numbers. Both are made of the same blocks, so they say the same; the same
 * document is the same bytes, whenever it is made.
 *
 * Texts are UTF-8; what XML cannot hold (control characters) is left out. A line break in a paragraph begins another.
 * The PDF embeds the letters that it uses: Latin, Chinese and Tibetan come from the system's fonts (Noto); where there
 * are none for a script, boxes stand in their place.
 */
#ifndef FORMATS_DOCUMENT_H
#define FORMATS_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"

enum document_kind { DOCUMENT_TITLE, DOCUMENT_HEADING, DOCUMENT_PARAGRAPH, DOCUMENT_NOTE, DOCUMENT_TABLE };

struct document_block {
    enum document_kind kind;
    const char        *text;  /* of all but a table */
    const char *const *cells; /* of a table: row by row, the first its head; the first column reads from the left, the
                               * others are numbers */
    size_t num_rows, num_columns;
};

struct document {
    const char                  *title;    /* of the file, and at the foot of each page */
    const char                  *language; /* "en", "zh-CN" */
    int64_t                      made;     /* the instant that the files tell */
    const struct document_block *blocks;
    size_t                       num_blocks;
};

#define DOCUMENT_DOCX_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

/* 0, TOC_ERR_NO_MEMORY, BASE_ERR_SYSTEM (the sink took no more). */
int document_pdf(const struct document *document, struct sink *sink);
int document_docx(const struct document *document, struct sink *sink);

#endif
