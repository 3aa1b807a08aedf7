/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/counts_internal.h: what the files of the counts reader share and nobody outside sees.
 *
 *   counts_columns.c   names: --columns, and which cell of a file is which
 *   counts_source.c    files that can be read twice; standard input as a temporary file
 *   counts_rows.c      rows of all files, checked one by one
 *   counts_sort.c      rows sorted on disk
 *   counts.c           the passes: recognise the step, check the order, deliver
 */
#ifndef FORMATS_COUNTS_INTERNAL_H
#define FORMATS_COUNTS_INTERNAL_H

#include <sys/stat.h>

#include "formats/counts.h"
#include "formats/table.h"
#include "tocsin/status.h"

/* ---- columns ---- */

/* cell[column] is the cell of a file's rows that holds the column, or COUNTS_NO_CELL. */
#define COUNTS_NO_CELL ((size_t) -1)
struct counts_cells {
    size_t cell[COUNTS_NUM_COLUMNS];
};

/* The word of a column in faults and in --columns. */
const char *counts_column_word(enum counts_column column);

/* Find the columns in a file's header; tells every unknown, doubled or missing one. 0 or BASE_ERR_INPUT. */
int counts_columns_match(const struct counts_columns *columns, const struct table *table, struct fault_list *faults,
                         struct counts_cells *cells);

/* ---- sources ---- */

struct counts_source {
    const char *path; /* as faults name it */
    bool        is_standard_input;
    int         copy;      /* the file that holds what cannot be read twice, or -1 */
    uint32_t    date_cell; /* number of the cell that holds the date, 1 = first; set when the file is opened */
    struct stat status;    /* of the file when it was checked, to see that it does not change */
};

/* See that the source can be read, and copy it where it could not be read twice. 0, BASE_ERR_INPUT or
 * BASE_ERR_SYSTEM, told. */
int  counts_source_prepare(struct counts_source *source, struct fault_list *faults);
void counts_source_release(struct counts_source *source);

/* Open it at its beginning. counts_source_close() the descriptor. 0 or BASE_ERR_SYSTEM, told. */
int  counts_source_open(const struct counts_source *source, struct fault_list *faults, int *fd);
void counts_source_close(const struct counts_source *source, int fd);

/* Whether the open file is still the one that was prepared, byte for byte as far as its size and time tell. */
bool counts_source_is_same(const struct counts_source *source, int fd);

/* The folder of temporary files: TMPDIR, else /var/tmp. */
const char *counts_temporary_folder(void);

/* ---- rows ---- */

struct counts_row {
    const char    *name; /* of the series; valid until the next row */
    size_t         name_size;
    toc_date       date;
    double         count;      /* NaN where it is empty or NA and options.missing says NA */
    double         population; /* NaN without the column */
    double         imported;   /* NaN without the column */
    size_t         source;     /* index of the file */
    uint64_t       line;
    enum date_form form;
};

/* What is known of the dates of all files. */
struct counts_grid {
    enum date_form form; /* 0 = not known: any */
    enum date_step step;
    int            weekday; /* on which weeks begin */
};

/* All rows of all files. Zeroed and then filled in down to `faults`. */
struct counts_rows {
    struct counts_source        *sources;
    size_t                       num_sources;
    const struct counts_options *options;
    struct counts_grid           grid;
    struct fault_list           *faults;

    struct table       *table; /* of the file that is being read, or NULL */
    int                 fd;
    size_t              source; /* the file that is being read, or the next one */
    struct counts_cells cells;
    bool                has[COUNTS_NUM_COLUMNS]; /* columns of the first file that has a good header */
    bool                any_header;
    uint64_t            num_rows; /* good or not */
    uint64_t            num_lost; /* rows that have no usable date and name: what follows them may look like a gap */
    int                 status;   /* the first failure that kept a file from being read to its end, or 0 */
};

/* The next row whose date and series are good (other faults of it are told all the same). 1; 0 at the end of the last
 * file; TOC_ERR_NO_MEMORY. Files that cannot be read are told and passed over. */
int  counts_rows_next(struct counts_rows *rows, struct counts_row *row);
void counts_rows_rewind(struct counts_rows *rows);

/* The place of a row's date, for fault_add. */
struct fault_place counts_rows_date_place(const struct counts_rows *rows, const struct counts_row *row);

/* ---- the sort on disk ---- */

struct counts_sort;

/* A temporary database; the first of series to be added comes first, then by date, then as added. All answer 0 (or as
 * below), BASE_ERR_SYSTEM, told, or TOC_ERR_NO_MEMORY. */
int  counts_sort_open(struct fault_list *faults, struct counts_sort **sort);
void counts_sort_close(struct counts_sort *sort);
int  counts_sort_add(struct counts_sort *sort, const struct counts_row *row);
/* All rows are in. */
int counts_sort_finish(struct counts_sort *sort);
int counts_sort_rewind(struct counts_sort *sort);
/* 1; 0 at the end. */
int counts_sort_next(struct counts_sort *sort, struct counts_row *row);

#endif
