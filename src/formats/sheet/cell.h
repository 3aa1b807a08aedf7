/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/cell.h: a row of cells, whatever file it comes from. */
#ifndef FORMATS_SHEET_CELL_H
#define FORMATS_SHEET_CELL_H

#include <stddef.h>
#include <stdint.h>

/* What the file says that a cell is. A text file says nothing: all its cells are texts. */
enum sheet_kind {
    SHEET_EMPTY,
    SHEET_TEXT,
    SHEET_NUMBER, /* the shortest decimal text that is the same number */
    SHEET_DATE,   /* "2026-11-22" */
    SHEET_MOMENT, /* "2026-11-22T10:30:00", of no known zone */
    SHEET_TIME,   /* "10:30:00" */
    SHEET_FLAG,   /* "true" or "false" */
    SHEET_ERROR   /* "#N/A", "#REF!": what a spreadsheet could not compute */
};

struct sheet_cell {
    const char *text; /* UTF-8, ends with '\0', which size does not count */
    size_t      size;
    uint8_t     kind; /* enum sheet_kind */
};

struct sheet_row {
    const struct sheet_cell *cells;
    size_t                   num_cells; /* up to the last that is not empty */
    uint64_t                 number;    /* 1 = first: of a spreadsheet's row, of the line where a text's row begins */
};

/* A cell of a CSV file that people open in a spreadsheet, mend and send again: quoted, with an apostrophe before what a
 * spreadsheet would compute; and that apostrophe taken off again. */
struct sink;
void sheet_put_cell(struct sink *sink, const char *text, size_t size);
void sheet_unguard(const char **text, size_t *size);

#endif
