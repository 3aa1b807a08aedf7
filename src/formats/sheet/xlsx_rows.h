/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/xlsx_rows.h: the rows of one sheet of a workbook, drawn one by one out of its XML. */
#ifndef FORMATS_SHEET_XLSX_ROWS_H
#define FORMATS_SHEET_XLSX_ROWS_H

#include "formats/sheet/xlsx_internal.h"

struct xlsx_rows {
    const struct package *package;
    const struct styles  *styles;
    const struct strings *strings;
    bool                  from_1904;
    struct xml            xml;
    struct part           part;
    bool                  open, suspended, at_end;
    int                   failure; /* of which nothing more can be read */
    size_t                num_merged;
    /* the row that is being read */
    uint64_t          number; /* of the row; 0 = none yet */
    bool              ready;  /* it ended */
    struct sheet_cell cells[XLSX_MAX_COLUMNS];
    size_t            begins[XLSX_MAX_COLUMNS]; /* of their texts in `text` */
    size_t            num_cells;
    struct growing    text;
    /* the cell that is being read */
    size_t         column; /* 0-based; SIZE_MAX = none yet */
    bool           in_data, in_row, in_cell;
    unsigned       value, piece, phonetic; /* how deep in <v>, <t>, <rPh> */
    size_t         style;
    char           type; /* of the attribute t: n s b e i(nlineStr) t(str) d */
    struct growing cell;
};

int xlsx_rows_open(struct xlsx_rows *rows, const struct package *package, const char *part, const struct styles *styles,
                   const struct strings *strings, bool from_1904);
void xlsx_rows_close(struct xlsx_rows *rows);
int  xlsx_rows_next(struct xlsx_rows *rows, struct sheet_row *row);

#endif
