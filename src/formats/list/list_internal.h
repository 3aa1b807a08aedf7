/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/list/list_internal.h: a line list that is open; for the files of this folder. */
#ifndef FORMATS_LIST_LIST_INTERNAL_H
#define FORMATS_LIST_LIST_INTERNAL_H

#include "formats/list/list.h"

struct list {
    struct sheet       *sheet;
    const char         *name;
    struct list_options options;
    struct fault_list  *faults;
    struct arena        arena; /* of the header and the mapping */
    struct list_column *columns;
    size_t              num_columns;
    uint64_t            header_row;
    bool                mended; /* it has LIST_ERRORS_COLUMN: guards against formulas are taken off */
    bool                asks;
    char                fingerprint[LIST_FINGERPRINT_BYTES];
    char                called[LIST_NAME_BYTES + 1]; /* list_name */
    const char         *disease;
    struct sheet_row    row; /* the last */
};

/* Tell a fault of the header or the mapping; column is 0-based, SIZE_MAX = none. Returns BASE_ERR_INPUT. */
int list_refuse(struct list *list, size_t column, const char *allowed, const char *found, ...)
    __attribute__((format(printf, 4, 5)));

/* Take over what a mapping says of the columns. Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int list_apply_mapping(struct list *list);

/* The cell of a column as its text: without the guard of a file of errors; empty where there is none. */
struct report_text list_cell(const struct list *list, const struct sheet_row *row, size_t column);

/* What the mapping says that this file means by a cell; one that it does not speak of means itself. */
struct report_text list_meant(const struct list_column *column, struct report_text cell);

/* A hash of the columns' names in their sorted order, whatever their case and signs. Returns 0 or TOC_ERR_NO_MEMORY. */
int list_take_fingerprint(const struct report_text *names, size_t num, struct arena *arena,
                          char fingerprint[LIST_FINGERPRINT_BYTES]);

/* A column that no mapping brings in: never collected, or ours. */
bool list_is_left_out(const struct list_column *column);

/* What is wrong with the row, as a cell. */
void list_put_faults(const struct report *report, struct sink *sink);

/* Fill the report of a row. Returns 0 or TOC_ERR_NO_MEMORY. */
int list_read_row(struct list *list, const struct sheet_row *row, struct report *report);

#endif
