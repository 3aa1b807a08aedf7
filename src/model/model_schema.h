/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_schema.h: what others need to know of the records, written from the descriptions: schemas for
 * OpenAPI, types for TypeScript, a codebook for people. `tocsin model` prints them.
 *
 * Each record has three forms: as it is answered (every field may be absent: masked or missing), as it is created
 * (required fields are required), as it is changed (every field optional, null makes it missing).
 *
 * The same descriptions and lists give the same bytes. `record` NULL = all; `lists` NULL = codes are texts.
 */
#ifndef MODEL_MODEL_SCHEMA_H
#define MODEL_MODEL_SCHEMA_H

#include "base/json_writer.h"
#include "base/sink.h"
#include "formats/rows.h"
#include "model/model.h"

struct model_lists;

/* The members of OpenAPI 3.1's components.schemas: case, case_create, case_change, …; code_sex, … of the lists that
 * they use; of all records also the pages of lists: cases_page, cases_row, …. The object around them is the caller's.
 */
void model_openapi_write(struct json_writer *json, const struct model_record *record, const struct model_lists *lists);

/* A TypeScript module: interfaces Case, CaseCreate, type CaseChange, …; type SexCode, … of the lists; and the constant
 * `records` with kind, rule, class, labels, bounds and list of every field. */
void model_typescript_write(struct sink *sink, const struct model_record *record, const struct model_lists *lists);

/* One row a field: record, field, kind, rule, class, label_en, label_zh, list, low, high (list: of codes, or the record
 * referred to). Rows are begun with these columns. */
#define MODEL_CODEBOOK_COLUMNS 10
extern const struct rows_column model_codebook_columns[MODEL_CODEBOOK_COLUMNS];
void                            model_codebook_rows(struct rows *rows, const struct model_record *record);

/* The lists that the record's CODE fields name (NULL = of all records), each once, in the order of the fields; NULL at
 * the end. */
const char *model_list_used(const struct model_record *record, size_t index);

/* "date", "required", "sensitive": the words of a description in small letters. Static. */
const char *model_kind_word(enum model_kind kind);
const char *model_rule_word(enum model_rule rule);
const char *model_class_word(enum model_class class);

#endif
