/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/sheet.h: a file of rows and columns, read row by row: text (CSV, TSV and their like), NDJSON or a
 * spreadsheet.
 *
 * Text is read with the liberties that files of people need: the delimiter is a comma, semicolon, tab or bar, the one
 * by which the first lines have the most cells in agreement; lines end in LF, CRLF or CR; blanks around a cell are
 * dropped; a quoted cell may hold anything, quotes doubled; ="012" (a spreadsheet's way to keep a zero) is 012; lines
 * that begin with # before the first row, and rows of empty cells, are passed over. Rows may be of any length. Its
 * encoding is decided as encoding.h says; where nothing decides, the fault shows the first cell that reads differently,
 * and a person says which.
 *
 * A text that begins with an object is NDJSON (objects.h): an object a row, its keys the columns.
 *
 * A spreadsheet (xlsx.h) has several sheets or one: of several that are shown, one must be named. Where files come from
 * strangers it is read by a process of its own (options.program).
 *
 * Memory: one row; of text that is not UTF-8 a copy of the file too.
 */
#ifndef FORMATS_SHEET_SHEET_H
#define FORMATS_SHEET_SHEET_H

#include <stdbool.h>

#include "base/fault.h"
#include "formats/sheet/cell.h"
#include "formats/sheet/encoding.h"

#define SHEET_MAX_BYTES ((size_t) 1 << 30)
#define SHEET_MAX_COLUMNS 2000
#define SHEET_MAX_CELL 131068
#define SHEET_MAX_ROW ((size_t) 4 << 20) /* bytes of a row's texts */

struct sheet_options {
    const char *encoding;    /* NULL = as the bytes decide */
    const char *sheet;       /* of a spreadsheet; NULL = the only one */
    bool        takes_first; /* of several that are shown the first, where none is named */
    char        delimiter;   /* 0 = as the lines decide */
    const char *program;     /* that reads a spreadsheet in its own process (unpack.h); NULL = it is read here */
};

/* No text: a spreadsheet, or what is taken for one. */
bool sheet_is_archive(const char *bytes, size_t size);

/* What the file is, once open. Texts live as long as the sheet. */
struct sheet_form {
    const char *encoding;  /* NULL: a spreadsheet */
    const char *because;   /* what decided the encoding */
    char        delimiter; /* '\0': no text of cells */
    const char *sheet;     /* NULL: text */
};

struct sheet;

/* bytes must outlive the sheet. Returns 0, BASE_ERR_INPUT with faults, or TOC_ERR_NO_MEMORY; with a program also
 * BASE_ERR_SYSTEM: it cannot be started or confined. */
int  sheet_open(const void *bytes, size_t size, const char *name, const struct sheet_options *options,
                struct fault_list *faults, struct sheet **sheet);
void sheet_close(struct sheet *sheet); /* NULL is fine */

const struct sheet_form *sheet_form(const struct sheet *sheet);

/* Begin again at the first row. Returns as sheet_open. */
int sheet_rewind(struct sheet *sheet);

/* The next row with a cell; valid until the next call. Returns 1, 0 at the end, or BASE_ERR_INPUT (a quote that does
 * not end, a limit passed: the rest is not read) or TOC_ERR_NO_MEMORY. */
int sheet_next(struct sheet *sheet, struct sheet_row *row);

#endif
