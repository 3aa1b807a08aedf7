/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/xlsx.h: spreadsheet files (XLSX: ECMA-376, transitional and strict), read row by row.
 *
 * What a cell is, is said by the file: texts (shared, inline, of formulas), numbers, flags, errors; of formulas the
 * value that was computed last. A number is a date where its style says so (a number format with year, month or day
 * outside quotes and brackets), counted by the file's date system: 1900, whose 29 February 1900 is no day, or 1904.
 * Readings beside East Asian texts (phonetic runs) are no part of them. Rows without a cell are passed over and keep
 * their numbers. Merged cells have their value in the first alone.
 *
 * Nothing of a file is believed: packed and unpacked sizes, their ratio, parts, shared texts, depth of XML, rows,
 * columns and cells are bounded; a document type (and with it every entity of the file's own) is refused. So are
 * encrypted files, those with macros, binary and older workbooks and other archives, each with a sentence that says
 * what to do.
 *
 * Memory: the shared texts (XLSX_MAX_STRING_BYTES at most), one row, and 64 kB of unpacked bytes.
 */
#ifndef FORMATS_SHEET_XLSX_H
#define FORMATS_SHEET_XLSX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "formats/sheet/cell.h"

#define XLSX_MAX_BYTES ((size_t) 256 << 20)       /* of the file */
#define XLSX_MAX_PARTS 2000                       /* files in it */
#define XLSX_MAX_PART_BYTES ((uint64_t) 4 << 30)  /* of a sheet, unpacked */
#define XLSX_MAX_SMALL_PART ((uint64_t) 16 << 20) /* of the list of sheets, of their places, of the styles */
#define XLSX_MAX_RATIO 400                        /* unpacked to packed, beyond the first XLSX_FREE_BYTES */
#define XLSX_FREE_BYTES ((uint64_t) 1 << 20)
#define XLSX_MAX_SHEETS 255
#define XLSX_MAX_STRINGS 4000000 /* shared texts */
#define XLSX_MAX_STRING_BYTES ((size_t) 256 << 20)
#define XLSX_MAX_DEPTH 64       /* elements within one another */
#define XLSX_MAX_STYLES 65536   /* cell formats */
#define XLSX_MAX_ROWS 1048576   /* the format's own */
#define XLSX_MAX_COLUMNS 2000   /* of 16,384 that the format has */
#define XLSX_MAX_CELL 131068    /* bytes: 32,767 characters, the format's own */
#define XLSX_MAX_ROW (4u << 20) /* bytes of a row's texts */

struct xlsx;

struct xlsx_sheet {
    const char *name;
    bool        hidden;
};

/* Begin to read: takes in the list of sheets, the styles and the shared texts.
 *
 * bytes   the whole file (mapped); must outlive the workbook
 * name    of the file, for faults; borrowed
 * faults  gains what is wrong; must outlive the workbook
 *
 * Returns 0; BASE_ERR_INPUT (not such a file, or one with a fault) or TOC_ERR_NO_MEMORY; *workbook is then untouched.
 */
int  xlsx_open(const void *bytes, size_t size, const char *name, struct fault_list *faults, struct xlsx **workbook);
void xlsx_close(struct xlsx *workbook); /* NULL is fine */

size_t                   xlsx_num_sheets(const struct xlsx *workbook);
const struct xlsx_sheet *xlsx_sheet(const struct xlsx *workbook, size_t number); /* 0-based */

/* The first that is not hidden; the first where all are. */
size_t xlsx_first_sheet(const struct xlsx *workbook);

/* Begin to read a sheet, or to read it again. Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int xlsx_begin(struct xlsx *workbook, size_t sheet);

/* The next row that has a cell; valid until the next call.
 *
 * Returns 1; 0 at the end; BASE_ERR_INPUT with a fault (nothing more can be read then) or TOC_ERR_NO_MEMORY. */
int xlsx_next(struct xlsx *workbook, struct sheet_row *row);

/* Ranges of merged cells, known at the end of the sheet: their values stand in the first cell alone. */
size_t xlsx_num_merged(const struct xlsx *workbook);

/* The letters of a column (0-based): A, B … Z, AA. Ends with '\0'. */
#define SHEET_LETTERS_BYTES 8
void sheet_letters(size_t column, char letters[SHEET_LETTERS_BYTES]);

#endif
