/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/rows.h: rows of results as CSV, NDJSON or a table for people, by one description of the columns.
 *
 * Cells are given from left to right, then the row is ended. How missing values and the rest look:
 *
 *              CSV                         NDJSON                     table
 *   text       quoted where needed         string; empty = ""         as it is, cut at ROWS_MAX_WIDTH columns
 *   number     shortest exact text         the same; not finite=null  rounded to the column's decimals, right-aligned
 *   flag       1, 0                        true, false                the column's words
 *   missing    empty                       null                       "" (flag: the column's word)
 *   infinite   Inf, -Inf                   null                       Inf, -Inf
 *
 * CSV: RFC 4180 with \n line ends, a header line, UTF-8 without a mark. NDJSON: one object a line, keys as the header.
 * A text that begins with = + - @ is not changed in CSV: it is data, and spreadsheets must be told so when importing.
 *
 * A table is aligned by display width (Chinese characters take two columns). Widths come from the first
 * ROWS_SAMPLE_ROWS rows, which wait in memory; later rows that need more room push their own line. Rows that are marked
 * stand out by the words in them, and by colour where colour is on.
 */
#ifndef FORMATS_ROWS_H
#define FORMATS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json_writer.h"
#include "base/sink.h"

#define ROWS_MAX_COLUMNS 32
#define ROWS_SAMPLE_ROWS 2000
#define ROWS_MAX_WIDTH 60

enum rows_format { ROWS_CSV, ROWS_NDJSON, ROWS_TABLE };
extern const char *const rows_format_words[]; /* "csv", "ndjson", "table", NULL: in the order of the enum */

enum rows_kind { ROWS_TEXT, ROWS_NUMBER, ROWS_FLAG };

struct rows_column {
    const char    *name;
    enum rows_kind kind;
    int            decimals;                 /* of a number in a table; -1: as short as exact */
    int            max_width;                /* of a text in a table; 0 = ROWS_MAX_WIDTH */
    const char    *yes, *no, *missing_words; /* of a flag in a table */
};

enum rows_mark {
    ROWS_PLAIN,
    ROWS_ALARM, /* stands out */
    ROWS_FAINT  /* nothing was judged */
};

struct rows {
    struct sink              *sink;
    enum rows_format          format;
    bool                      color;
    const struct rows_column *columns;
    size_t                    num_columns;
    size_t                    cell; /* the next one of this row */
    enum rows_mark            mark;
    struct json_writer        json;
    struct rows_table        *table; /* of ROWS_TABLE */
};

/* Begin. columns is borrowed until rows_finish. color only matters for a table (rows_color_wanted decides).
 * Returns 0 or TOC_ERR_NO_MEMORY. */
int rows_begin(struct rows *rows, struct sink *sink, enum rows_format format, bool color,
               const struct rows_column *columns, size_t num_columns);

void rows_text(struct rows *rows, const char *text);
void rows_number(struct rows *rows, double value); /* NaN: missing */
void rows_flag(struct rows *rows, bool value);
void rows_missing(struct rows *rows);
void rows_mark(struct rows *rows, enum rows_mark mark); /* of the present row; before its end */
void rows_end_row(struct rows *rows);

/* Write what waits and free; the sink stays open. A rows that never began is fine. */
void rows_finish(struct rows *rows);

/* Colour only where a person looks: file descriptor fd is a terminal, NO_COLOR is unset or empty, TERM is not dumb. */
bool rows_color_wanted(int fd);

#endif
