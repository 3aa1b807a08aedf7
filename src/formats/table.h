/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/table.h: a header line and rows of cells, from CSV or TSV text of any length in constant memory, or from
 * a spreadsheet.
 *
 * The format is RFC 4180, read strictly, with these liberties: the delimiter may be a comma, a semicolon or a tab
 * (recognised from the header line, or set); lines may end in LF or CRLF; a byte-order mark is skipped; blanks around
 * a cell without quotes are dropped; empty lines are skipped. Text is UTF-8 without NUL. Every row has as many cells as
 * the header.
 *
 * A row with a fault is added to the fault list and skipped, so that all faults of a file are found; only a quote that
 * does not end stops the reading, for nobody can say what it swallows.
 */
#ifndef FORMATS_TABLE_H
#define FORMATS_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

#define TABLE_MAX_COLUMNS 256
#define TABLE_MAX_CELL 4096    /* bytes of one cell, without its quotes */
#define TABLE_MAX_LINE 65536   /* bytes of one line, without its end */
#define TABLE_MAX_RECORD 65536 /* bytes of one row over all its lines, quotes and ends of lines included */
#define TABLE_MAX_HEADER 16384 /* as above, of the header */

/* Where the bytes come from. */
struct table_input {
    /* As read(2): up to size bytes; 0 at the end; negative with errno set. */
    ssize_t (*read)(void *context, void *bytes, size_t size);
    void       *context;
    const char *name; /* for faults; borrowed as long as the fault list lives */
};

/* The input of an open file; fd must outlive the table. */
struct table_input table_input_file(const int *fd, const char *name);

struct table_options {
    char delimiter; /* ',' ';' or '\t'; 0: recognised */
};

struct table_cell {
    const char *text; /* ends with '\0', which size does not count */
    size_t      size;
};

struct table_row {
    const struct table_cell *cells;
    size_t                   num_cells;
    uint64_t                 line; /* where the row begins; 1 = first */
};

struct table;

/* Begin to read: takes in the header.
 *
 * faults   gains the faults of the header now, and those of rows later; must outlive the table
 * table    free with table_close; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (no header, or one with a fault); BASE_ERR_SYSTEM (cannot be read); TOC_ERR_NO_MEMORY.
 * Memory: about 0.4 MB, once.
 */
int table_open(struct table_input input, const struct table_options *options, struct fault_list *faults,
               struct table **table);

/* The same of a spreadsheet (XLSX, formats/sheet/xlsx.h): its first sheet that is not hidden. Rows without a cell are
 * skipped, and those that end early have empty cells; a formula that could not be computed is a fault of its row. Lines
 * are its rows. The bytes must outlive the table. program: that reads it in a process of its own (sheet/unpack.h);
 * NULL = it is read here. */
int table_open_xlsx(const void *bytes, size_t size, const char *name, const char *program, struct fault_list *faults,
                    struct table **table);

void table_close(struct table *table);

/* The header's cells; valid until table_close. */
const struct table_row *table_header(const struct table *table);

/* The next row without a fault; its cells are valid until the next call.
 *
 * Returns 1; 0 at the end; BASE_ERR_INPUT where a quote does not end (the rest is not read); BASE_ERR_SYSTEM;
 * TOC_ERR_NO_MEMORY. After a negative answer the table is at its end.
 */
int table_next(struct table *table, struct table_row *row);

/* The place of a cell (0-based) of a row, for fault_add; its name is that of the header. cell may be TABLE_WHOLE_ROW.
 */
#define TABLE_WHOLE_ROW ((size_t) -1)
struct fault_place table_place(const struct table *table, const struct table_row *row, size_t cell);

#endif
