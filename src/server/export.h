/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/export.h: the rows of a list as a file, with the record's own fields, so that they can be read in again,
 * and nothing that identifies. Made page by page by key, in memory that does not grow with the rows; a request sends it
 * while it is made (record_export.c), a job keeps it (worker_process.c).
 *
 * As the list is now: the rows that the query finds.
 *
 * As of an instant: of the records that the caller may see today, those that were known then, as they were known; the
 * query's filters and area are held to what was known. What was erased since is not there. Rows come in the order of
 * today's list; the query has no `sort` or `from`.
 */
#ifndef SERVER_EXPORT_H
#define SERVER_EXPORT_H

#include "base/sink.h"
#include "store/list.h"
#include "store/store.h"

enum export_form { EXPORT_CSV, EXPORT_NDJSON, EXPORT_XLSX };
extern const char *const export_form_words[]; /* "csv", …; ends with NULL */
#define EXPORT_FORMS_ALLOWED "csv, ndjson or xlsx"
const char *export_type(enum export_form form); /* "text/csv; charset=utf-8" */

struct export_options {
    struct list_query query; /* borrowed texts; page_size and after are the export's own */
    struct access     who;   /* borrowed areas; a purpose makes no difference */
    enum export_form  form;
    bool              bom;   /* CSV begins with a byte order mark */
    int64_t           as_of; /* STORE_NOW, or an instant */
    size_t            most;  /* rows; one more is BASE_ERR_INPUT */
};

struct export;

/* 0, TOC_ERR_NO_MEMORY, BASE_ERR_SYSTEM. */
int  export_new(const struct export_options *options, struct export **export);
void export_free(struct export *export); /* NULL is fine */

/* May the caller ask this at all? Its query's faults, a denied list, an area outside the grant: as store_list says.
 * BASE_ERR_INPUT, with a fault about "as", where the counters know of more rows than may leave. *total: how many there
 * will be about, or -1 where nobody knows. */
int export_check(const struct export_options *options, struct store_reader *reader, int64_t *total,
                 struct fault_list *faults);

/* The audit entry of it, durable when this returns: what was asked by, never for which value. */
int export_audit(const struct export_options *options, struct store_reader *reader);

/* The next part, into a sink in memory; *end = true with the last. A spreadsheet comes only once all of its rows were
 * read: its parts are empty until then. */
int export_part(struct export *export, struct store_reader *reader, struct sink *sink, struct fault_list *faults,
                bool *end);

/* All rows were read, and the next part packs them, which may take long without a word: a spreadsheet. */
bool export_packs_next(const struct export *export);

/* Rows of the list that were looked at so far; rows written. */
size_t export_looked_at(const struct export *export);
size_t export_rows(const struct export *export);

/* "cases-2026-11-22.csv": no word of a person or a place. */
#define EXPORT_NAME_BYTES 120
void export_name(const struct view *view, enum export_form form, int64_t now, char name[EXPORT_NAME_BYTES]);

#endif
