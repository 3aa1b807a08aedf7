/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/spreadsheet.h: a spreadsheet file (XLSX), written row by row in constant memory.
 *
 * Cells are given from left to right, rows from top to bottom, one sheet after the other. Texts are cells of text,
 * whatever they begin with: a spreadsheet never computes them. Dates are written as ISO text by the caller, since a
 * spreadsheet's own dates depend on its settings. Like a sink a spreadsheet remembers its first failure and tells it at
 * the end.
 *
 * The rows wait in a file without a name in the system's folder for temporary files, until spreadsheet_finish packs
 * them.
 */
#ifndef FORMATS_SPREADSHEET_H
#define FORMATS_SPREADSHEET_H

#include <stddef.h>

#define SPREADSHEET_MOST_ROWS 1048576 /* of a sheet, with its header: what the format has */
#define SPREADSHEET_MOST_TEXT 32767   /* characters of a cell */

struct spreadsheet;

/* Returns 0, TOC_ERR_NO_MEMORY or BASE_ERR_SYSTEM. */
int  spreadsheet_new(struct spreadsheet **spreadsheet);
void spreadsheet_free(struct spreadsheet *spreadsheet); /* also one that was not finished; NULL is fine */

void spreadsheet_sheet(struct spreadsheet *spreadsheet, const char *name); /* at most 31 characters */
void spreadsheet_text(struct spreadsheet *spreadsheet, const char *text, size_t size);
void spreadsheet_number(struct spreadsheet *spreadsheet, double value); /* NaN: an empty cell */
void spreadsheet_skip(struct spreadsheet *spreadsheet);                 /* an empty cell */
void spreadsheet_end_row(struct spreadsheet *spreadsheet);

/* Pack it. *fd: the file, at its beginning, without a name; close it. Returns 0, or BASE_ERR_SYSTEM where the machine
 * refused, BASE_ERR_INPUT where a sheet has too many rows or a cell too long a text. */
int spreadsheet_finish(struct spreadsheet *spreadsheet, int *fd);

#endif
