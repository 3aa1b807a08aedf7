/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "base/date_text.h"
#include "base/fault.h"
#include "base/sink.h"
#include "base/text.h"
#include "model/records.h"
#include "store/db_driver.h"
#include "store/row_code.h"
#include "store/tables.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- the store's own tables ---- */

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#undef COLUMN
#undef END_TABLE
#define NEED_NEEDED true
#define NEED_MAYBE false
#define TABLE(num_key) static const struct db_column MODEL_PASTE(columns_, SELF)[] = {
#define COLUMN(column, column_kind, need) { #column, DB_KIND_##column_kind, NEED_##need },
#define END_TABLE                                                                                                      \
    }                                                                                                                  \
    ;
#include "store/tables.def"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#undef TABLE_INDEX
#undef TABLE_UNIQUE
#undef END_TABLE
#define TABLE(num_key) static const struct db_index MODEL_PASTE(indexes_, SELF)[] = {
#define TABLE_INDEX(index, ...) { .name = #index, .columns = { __VA_ARGS__ } },
#define TABLE_UNIQUE(index, ...) { .name = #index, .columns = { __VA_ARGS__ }, .unique = true },
#define END_TABLE                                                                                                      \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "store/tables.def"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#define TABLE(keys)                                                                                                    \
    const struct db_table MODEL_PASTE(store_table_, SELF) = {                                                          \
        .name = MODEL_STRING(SELF),                                                                                    \
        .columns = MODEL_PASTE(columns_, SELF),                                                                        \
        .num_columns = LENGTH(MODEL_PASTE(columns_, SELF)),                                                            \
        .num_key = (keys),                                                                                             \
        .indexes = MODEL_PASTE(indexes_, SELF),                                                                        \
        .num_indexes = LENGTH(MODEL_PASTE(indexes_, SELF)) - 1,                                                        \
    };
#include "store/tables.def"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#define TABLE(keys) &MODEL_PASTE(store_table_, SELF),
static const struct db_table *const own_tables[] = {
#include "store/tables.def"
};

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"

/* ---- the tables of records ---- */

static enum db_kind kind_of(enum model_kind kind)
{
    switch (kind) {
    case MODEL_KIND_REFERENCE: return DB_KIND_ID;
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG: return DB_KIND_INTEGER;
    case MODEL_KIND_REAL: return DB_KIND_REAL;
    case MODEL_KIND_BYTES: return DB_KIND_BYTES;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_DATE:
    case MODEL_KIND_TIME: break;
    }
    return DB_KIND_TEXT;
}

static bool is_sealed(const struct model_field *field)
{
    return field->class == MODEL_CLASS_IDENTIFYING;
}

static bool has_sealed(const struct model_record *record)
{
    for (size_t i = 0; i < record->num_fields; i++)
        if (is_sealed(&record->fields[i]))
            return true;
    return false;
}

int schema_describe(const struct model_record *record, struct schema_description *description)
{
    static const struct db_column head[SCHEMA_HEAD_COLUMNS] = {
        [SCHEMA_ID] = { "id", DB_KIND_ID, true },
        [SCHEMA_VERSION] = { "version", DB_KIND_INTEGER, true },
        [SCHEMA_CREATED] = { "created", DB_KIND_INTEGER, true },
        [SCHEMA_UPDATED] = { "updated", DB_KIND_INTEGER, true },
    };
    size_t num = SCHEMA_HEAD_COLUMNS;
    if (record->num_fields + SCHEMA_HEAD_COLUMNS + 1 > DB_MAX_COLUMNS || record->num_indexes > SCHEMA_MAX_INDEXES)
        return TOC_ERR_TOO_LARGE;
    memcpy(description->columns, head, sizeof head);
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        bool                      always = field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED;
        if (!is_sealed(field))
            description->columns[num++] = (struct db_column){ field->name, kind_of(field->kind), always };
    }
    if (has_sealed(record))
        description->columns[num++] = (struct db_column){ "sealed", DB_KIND_BYTES, false };
    for (size_t i = 0; i < record->num_indexes; i++) {
        const struct model_index *index = &record->indexes[i];
        description->indexes[i] = (struct db_index){ .name = index->name, .unique = index->unique };
        _Static_assert(sizeof index->fields == sizeof description->indexes[i].columns, "an index has as many columns");
        memcpy(description->indexes[i].columns, index->fields, sizeof index->fields);
    }
    description->table = (struct db_table){ .name = record->name,
                                            .columns = description->columns,
                                            .num_columns = num,
                                            .num_key = 1,
                                            .indexes = description->indexes,
                                            .num_indexes = record->num_indexes };
    return 0;
}

/* Made once from the constants of the model; never changed after. */
static struct schema_description descriptions[MODEL_NUM_RECORDS];
static const struct db_table    *tables[MODEL_NUM_RECORDS + LENGTH(own_tables)];
static once_flag                 described = ONCE_FLAG_INIT;

static void describe_all(void)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        if (schema_describe(&records[i], &descriptions[i]) != 0)
            abort(); /* the model is a constant, and a test asks for every table */
        tables[i] = &descriptions[i].table;
    }
    for (size_t i = 0; i < LENGTH(own_tables); i++)
        tables[num + i] = own_tables[i];
}

const struct db_table *const *schema_tables(size_t *num_tables)
{
    call_once(&described, describe_all);
    *num_tables = LENGTH(tables);
    return tables;
}

const struct db_table *schema_table(const struct model_record *record)
{
    size_t num;
    return schema_tables(&num)[record - model_records(&num)];
}

const struct db_table *schema_table_find(const char *name)
{
    size_t                        num;
    const struct db_table *const *all = schema_tables(&num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

int schema_column(const struct model_record *record, size_t field)
{
    int column = SCHEMA_HEAD_COLUMNS;
    if (is_sealed(&record->fields[field]))
        return -1;
    for (size_t i = 0; i < field; i++)
        column += !is_sealed(&record->fields[i]);
    return column;
}

int schema_sealed_column(const struct model_record *record)
{
    int column = SCHEMA_HEAD_COLUMNS;
    for (size_t i = 0; i < record->num_fields; i++)
        column += !is_sealed(&record->fields[i]);
    return has_sealed(record) ? column : -1;
}

char *schema_select(const struct model_record *record)
{
    const struct db_table *table = schema_table(record);
    struct sink            sql;
    sink_init_memory(&sql);
    sink_text(&sql, "SELECT ");
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, " FROM ");
    db_write_name(&sql, table->name);
    return db_take_text(&sql);
}

/* ---- records as rows ---- */

static int bind_date(toc_date date, struct arena *arena, struct db_value *value)
{
    char text[DATE_TEXT_BYTES];
    if (date == MODEL_MISSING_DATE) {
        *value = db_text("", 0);
        return 0;
    }
    size_t size = date_to_text(date, DATE_FORM_DAY, text);
    if (size == 0)
        return TOC_ERR_DOMAIN;
    const char *copy = arena_copy(arena, text, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    *value = db_text(copy, size);
    return 0;
}

static int bind_field(const struct model_field *field, const void *record, struct arena *arena, struct db_value *value)
{
    const void              *at = (const char *) record + field->offset;
    const struct model_text *text = at;
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: *value = db_id(at); break;
    case MODEL_KIND_DATE: return bind_date(*(const toc_date *) at, arena, value);
    case MODEL_KIND_REAL: *value = isnan(*(const double *) at) ? db_null() : db_real(*(const double *) at); break;
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG:
        *value = *(const int64_t *) at == MODEL_MISSING_INTEGER ? db_null() : db_integer(*(const int64_t *) at);
        break;
    case MODEL_KIND_BYTES: *value = text->bytes == NULL ? db_null() : db_bytes(text->bytes, text->size); break;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME: *value = text->bytes == NULL ? db_text("", 0) : db_text(text->bytes, text->size); break;
    }
    return 0;
}

int schema_bind(const struct model_record *record, const void *value, struct model_text sealed, struct arena *arena,
                struct db_value *row)
{
    const struct model_head *head = value;
    bool                     has_sealed_field = false;
    size_t                   num = SCHEMA_HEAD_COLUMNS;
    row[SCHEMA_ID] = db_id(&head->id);
    row[SCHEMA_VERSION] = db_integer(head->version);
    row[SCHEMA_CREATED] = db_integer(head->created);
    row[SCHEMA_UPDATED] = db_integer(head->updated);
    for (size_t i = 0; i < record->num_fields; i++) {
        if (is_sealed(&record->fields[i])) {
            has_sealed_field = true;
            continue;
        }
        int ret = bind_field(&record->fields[i], value, arena, &row[num++]);
        if (ret != 0)
            return ret;
    }
    if (has_sealed_field)
        row[num] = sealed.bytes == NULL ? db_null() : db_bytes(sealed.bytes, sealed.size);
    return 0;
}

static int fetch_text(const struct db_value *value, struct arena *arena, struct model_text *text)
{
    if (value->type == DB_NULL || (value->type == DB_TEXT && value->size == 0))
        return 0;
    text->bytes = arena_copy(arena, value->bytes, value->size);
    text->size = value->size;
    return text->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int fetch_date(const struct db_value *value, toc_date *date)
{
    enum date_form form;
    if (value->size == 0)
        return 0;
    if (date_from_text(value->bytes, value->size, date, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return DB_ERR_CORRUPT;
    return 0;
}

static bool fits(enum db_kind kind, const struct db_value *value)
{
    switch (kind) {
    case DB_KIND_ID: return value->type == DB_NULL || (value->type == DB_BYTES && value->size == ID_BYTES);
    case DB_KIND_INTEGER: return value->type == DB_NULL || value->type == DB_INTEGER;
    case DB_KIND_REAL: return value->type == DB_NULL || value->type == DB_REAL;
    case DB_KIND_BYTES: return value->type == DB_NULL || value->type == DB_BYTES;
    case DB_KIND_TEXT: break;
    }
    return value->type == DB_TEXT;
}

/* The field is missing already (model_init). */
static int fetch_field(const struct model_field *field, const struct db_value *value, struct arena *arena, void *record)
{
    void *at = (char *) record + field->offset;
    if (!fits(kind_of(field->kind), value))
        return DB_ERR_CORRUPT;
    switch (field->kind) {
    case MODEL_KIND_REFERENCE:
        if (value->type != DB_NULL)
            memcpy(at, value->bytes, ID_BYTES);
        return 0;
    case MODEL_KIND_DATE: return fetch_date(value, at);
    case MODEL_KIND_REAL:
        if (value->type != DB_NULL)
            *(double *) at = value->real;
        return 0;
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG:
        if (value->type != DB_NULL)
            *(int64_t *) at = value->integer;
        return 0;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
    case MODEL_KIND_BYTES: break;
    }
    return fetch_text(value, arena, at);
}

int schema_fetch(const struct model_record *record, const struct db_value *row, struct arena *arena, void *value,
                 struct model_text *sealed)
{
    struct model_head *head = value;
    struct model_text  found = { NULL, 0 };
    bool               has_sealed_field = false;
    size_t             num = SCHEMA_HEAD_COLUMNS;
    if (row[SCHEMA_ID].type != DB_BYTES || row[SCHEMA_ID].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    for (size_t i = SCHEMA_VERSION; i < SCHEMA_HEAD_COLUMNS; i++)
        if (row[i].type != DB_INTEGER)
            return DB_ERR_CORRUPT;
    model_init(record, value);
    memcpy(head->id.bytes, row[SCHEMA_ID].bytes, ID_BYTES);
    head->version = row[SCHEMA_VERSION].integer;
    head->created = row[SCHEMA_CREATED].integer;
    head->updated = row[SCHEMA_UPDATED].integer;
    for (size_t i = 0; i < record->num_fields; i++) {
        if (is_sealed(&record->fields[i])) {
            has_sealed_field = true;
            continue;
        }
        int ret = fetch_field(&record->fields[i], &row[num++], arena, value);
        if (ret != 0)
            return ret;
    }
    if (has_sealed_field && sealed != NULL) {
        if (!fits(DB_KIND_BYTES, &row[num]))
            return DB_ERR_CORRUPT;
        int ret = fetch_text(&row[num], arena, &found);
        if (ret != 0)
            return ret;
    }
    if (sealed != NULL)
        *sealed = found;
    return 0;
}
