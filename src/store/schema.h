/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/schema.h: the tables of the store, and records as rows of theirs.
 *
 * Each record of the model has a table of its name, made from its description: id, version, created, updated, a column
 * for each field that is not IDENTIFYING, and `sealed` where there are such fields. The store's own tables are in
 * tables.def. (Two more belong to nobody's list: `lease` is made by the drivers, `schema_version` by the migrations.)
 *
 * Fields are columns like this: REFERENCE an id; TEXT, CODE, DATE (2026-11-22) and TIME a text; INSTANT, INTEGER and
 * FLAG an integer; REAL a number; BYTES bytes. What is missing is '' in text columns and NULL in the others; REQUIRED
 * and FIXED fields and the head are NOT NULL.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/arena.h"
#include "model/model.h"
#include "store/db.h"

/* ---- tables ---- */

/* All of them, the records' first, in the order of all.def, then those of tables.def. */
const struct db_table *const *schema_tables(size_t *num_tables);
const struct db_table        *schema_table(const struct model_record *record);
const struct db_table        *schema_table_find(const char *name); /* NULL = none of that name */

/* Columns of every record's table. */
enum schema_head { SCHEMA_ID, SCHEMA_VERSION, SCHEMA_CREATED, SCHEMA_UPDATED, SCHEMA_HEAD_COLUMNS };

/* The column of a field (its index in record->fields), or -1 where it is sealed; the column `sealed`, or -1. */
int schema_column(const struct model_record *record, size_t field);
int schema_sealed_column(const struct model_record *record);

/* The table of any description, made in the caller's memory; names are borrowed from the description. What
 * schema_table does for the model's own. Returns 0, or TOC_ERR_TOO_LARGE where it has too many columns or indexes. */
#define SCHEMA_MAX_INDEXES 32
struct schema_description {
    struct db_table  table;
    struct db_column columns[DB_MAX_COLUMNS];
    struct db_index  indexes[SCHEMA_MAX_INDEXES];
};
int schema_describe(const struct model_record *record, struct schema_description *description);

/* ---- records as rows ---- */

/* The row of a record's struct: table->num_columns values, borrowed from `value`, `sealed` and arena (texts of dates).
 * sealed: the encrypted fields, bytes NULL = none; ignored where the table has no such column. Returns 0,
 * TOC_ERR_NO_MEMORY, or TOC_ERR_DOMAIN for a date outside the calendar. */
int schema_bind(const struct model_record *record, const void *value, struct model_text sealed, struct arena *arena,
                struct db_value *row);

/* The struct of a row of table->num_columns values; texts are copied into arena. Sealed fields are missing; *sealed
 * (may be NULL) is what they are sealed in. Returns 0, TOC_ERR_NO_MEMORY, or DB_ERR_CORRUPT where a value is of another
 * type than its column; value is then of no use. */
int schema_fetch(const struct model_record *record, const struct db_value *row, struct arena *arena, void *value,
                 struct model_text *sealed);

/* "SELECT "id","version",… FROM "case"", columns in the order of schema_bind; free() it. NULL = no memory. */
char *schema_select(const struct model_record *record);

/* ---- rows kept for good: history ----
 *
 * A packed row begins with the number of its layout (the names and kinds of the columns it was written with), so that
 * it can be read after columns have come and gone. Layouts stand in table row_layout.
 */

/* The number of a table's columns as they are now, and their text "id:id,version:integer,…"; free() it (NULL = no
 * memory). Both change when a column does. */
int64_t schema_layout(const struct db_table *table);
char   *schema_layout_text(const struct db_table *table);

/* Write the present layouts of all tables of records into row_layout, those that are not there yet. Within a writing
 * transaction, once after opening. */
int schema_keep_layouts(struct db *db, struct db_error *error);

/* A row of the table as bytes in arena. */
int schema_pack(const struct db_table *table, const struct db_value *row, struct arena *arena, struct db_value *packed);

/* The layout number of packed bytes, 0 = these are none. */
int64_t schema_packed_layout(const struct db_value *packed);

/* The row of the table as it is now: columns that the layout does not have are missing, columns that the table no
 * longer has are dropped. layout: the text of row_layout, NULL = the table's own (its number must then be the packed
 * one). Values are borrowed from packed. Returns 0, TOC_ERR_NO_MEMORY or DB_ERR_CORRUPT. */
int schema_unpack(const struct db_table *table, const char *layout, const struct db_value *packed,
                  struct db_value *row);

#endif
