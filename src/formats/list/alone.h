/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/list/alone.h: a row of a line list that stands by itself: its cells with what each column means, as one
 * JSON object, so that a row can be kept, read and read again when the file it came in is gone.
 *
 *     { "list": name, "disease": code, "delimiter": ",", "again": 0, "columns": [ [column, header, field, order, kind,
 * cell], … ] }
 *
 * column is 1-based; field is a code or ""; order is that of dates (enum list_dates), as the file's survey decided it;
 * kind is enum sheet_kind; cell is what the mapping says that it means. What is never collected is not in it. A row
 * that is to come back in a file of errors has its empty cells too, so that the file has all columns. One of a table of
 * numbers has no fields, and what is wrong with it as "wrong" (count_mapping.h): its file of errors has no place of
 * rows.
 *
 * Rows are known again by what they say (list_write_content) and, where something numbers them, by their key: a
 * corrected row has the same key and says something else.
 */
#ifndef FORMATS_LIST_ALONE_H
#define FORMATS_LIST_ALONE_H

#include "formats/list/list.h"

#define LIST_ALONE_MOST ((size_t) 6 << 20) /* bytes of one; a row has at most SHEET_MAX_ROW */

/* The row that list_next gave last. whole: with its empty cells. again: how many rows with its key came before. */
void list_write_alone(const struct list *list, bool whole, uint64_t again, struct sink *sink);

/* What that row says: the list's name and disease, and the value of every field; whatever the order of the columns and
 * whatever columns are not used. */
void list_write_content(const struct list *list, struct sink *sink);

/* Its key, and true: the laboratory's number with the test; else the record's number, of a test with the day of the
 * specimen where the number is that of a person, as its column is called. False, and nothing written: nothing numbers
 * it. */
bool list_write_key(const struct list *list, struct sink *sink);

/* Says the row of nobody who they are: no name, no number? Then another row that says the same is somebody else. */
bool list_is_anonymous(const struct list *list);

/* The cell of LIST_ROW_COLUMN; empty where there is none. */
struct report_text list_mended_row(const struct list *list);

/* Read one as list_next would. options: tables, sender, today and authority count; the rest is the row's own. `row` is
 * its number, for faults. report: from report_init over the same bytes. Returns 0; BASE_ERR_INPUT (no such object; the
 * report has a fatal fault); TOC_ERR_NO_MEMORY. */
int list_read_alone(const struct list_options *options, uint64_t row, struct report *report);

/* The name of the list that a row is of, in the arena; NULL = no such object. */
const char *list_alone_name(const char *bytes, size_t size, struct arena *arena);
uint64_t    list_alone_again(const char *bytes, size_t size);

/* A file of errors from rows that stand alone: the header that a row has, and a row with what is wrong with it, and
 * `place` for LIST_ROW_COLUMN (NULL: no such column). Nothing is written of what is no such object. */
void list_write_alone_header(const char *bytes, size_t size, bool places, struct sink *sink);
void list_write_alone_errors(const char *bytes, size_t size, const struct report *report, const char *place,
                             struct sink *sink);

#endif
