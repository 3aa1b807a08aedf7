/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_table.h: records as rows of a table (CSV, TSV, read also of a spreadsheet) or as NDJSON, read and
 * written by their descriptions, in constant memory.
 *
 * Columns. A header's cell is a field's name, or its label in English or Chinese (in either case of letters); `id` and
 * `version` are taken too, `created`, `updated` and `masked` are passed over. Columns may stand in any order and be
 * left out. A column that the record does not have, one twice, one that only the program sets, and one of what is never
 * collected (deny.h) are faults of the header, and then no row is read. Fields that may be longer than a cell
 * (BYTES of more than MODEL_TABLE_MAX_BYTES, TEXT of more than MODEL_TABLE_MAX_TEXT) are no columns.
 *
 * Cells. The texts of model_value.h: dates as 2026-11-22 in and out. An empty cell says nothing: the field is not among
 * those given (NDJSON says null to make a field missing). Each cell that is not of its kind is a fault with line and
 * cell; what stands in an IDENTIFYING column is never quoted. A row with a fault is skipped, so that all faults of a
 * file come at once; checks beyond the kind are model_check.h's.
 *
 * Spreadsheets take a cell that begins with = + - @ for a formula. A TEXT that begins so (also in the wide forms, and
 * behind apostrophes) is written with one apostrophe before it, and reading takes one such apostrophe off again:
 * nothing is lost or run. Numbers, dates and codes need none. NDJSON has no such guard: nobody computes it.
 */
#ifndef MODEL_MODEL_TABLE_H
#define MODEL_MODEL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/sink.h"
#include "formats/table.h"
#include "model/model.h"

#define MODEL_TABLE_MAX_BYTES 3000              /* of a BYTES field that can be a column: its base64 fits into a cell */
#define MODEL_TABLE_MAX_TEXT 1000               /* characters of a TEXT field, as above */
#define MODEL_TABLE_MAX_LINE ((size_t) 1 << 20) /* bytes of one line of NDJSON, without its end */

enum model_table_format { MODEL_TABLE_CSV, MODEL_TABLE_TSV, MODEL_TABLE_NDJSON };

/* ---- reading ---- */

struct model_table;

/* Begin to read; takes in the header. CSV recognises its delimiter (comma, semicolon, tab).
 *
 * faults  gains the header's faults now and the rows' later; must outlive the table
 * table   model_table_close it; untouched on failure
 *
 * Returns 0, BASE_ERR_INPUT, BASE_ERR_SYSTEM or TOC_ERR_NO_MEMORY. Memory: about 0.4 MB (NDJSON: up to a line). */
int model_table_open(struct table_input input, enum model_table_format format, const struct model_record *record,
                     struct fault_list *faults, struct model_table **table);
/* The same of a spreadsheet (XLSX), whose bytes must outlive the table: its first sheet, as exports write it. program:
 * that reads it in a process of its own (sheet/unpack.h); NULL = it is read here. */
int  model_table_open_xlsx(const void *bytes, size_t size, const char *name, const char *program,
                           const struct model_record *record, struct fault_list *faults, struct model_table **table);
void model_table_close(struct model_table *table); /* NULL is fine */

/* The next row without a fault.
 *
 * arena   where texts go
 * value   the record's struct; head.id and head.version as given, else missing and 0
 * given   the fields that the row says
 * place   of the row, for faults that are found later (model_check)
 *
 * Returns 1; 0 at the end; or a status, after which the table is at its end. */
int model_table_next(struct model_table *table, struct arena *arena, void *value, struct model_set *given,
                     struct fault_place *place);

/* ---- writing ---- */

/* All fields that can be columns and may leave in anybody's export: no IDENTIFYING ones, no proxies of origin or
 * belief, none longer than a cell. What a caller may export is access_may_export's to say. */
struct model_set model_table_exported(const struct model_record *record);

/* The header: id, version, created, updated, then the names of `columns` in the order of the description. NDJSON: none.
 */
void model_table_header(struct sink *sink, enum model_table_format format, const struct model_record *record,
                        const struct model_set *columns);

/* A row; its end is LF. A field that is not in `visible` has an empty cell (NDJSON lists it as masked, as model_json
 * does). */
void model_table_row(struct sink *sink, enum model_table_format format, const struct model_record *record,
                     const struct model_set *columns, const struct model_set *visible, const void *value);

#endif
