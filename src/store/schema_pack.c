/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows kept for good (schema.h): the number of their layout, 8 bytes, then the values (row_code.h). */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/sink.h"
#include "base/text.h"
#include "model/records.h"
#include "store/db_driver.h"
#include "store/row_code.h"
#include "store/schema.h"
#include "store/tables.h"

#define LAYOUT_BYTES 8

static const char *const kind_words[] = { [DB_KIND_ID] = "id",
                                          [DB_KIND_INTEGER] = "integer",
                                          [DB_KIND_REAL] = "real",
                                          [DB_KIND_TEXT] = "text",
                                          [DB_KIND_BYTES] = "bytes" };

char *schema_layout_text(const struct db_table *table)
{
    struct sink text;
    sink_init_memory(&text);
    for (size_t i = 0; i < table->num_columns; i++)
        sink_format(&text, "%s%s:%s", i > 0 ? "," : "", table->columns[i].name, kind_words[table->columns[i].kind]);
    return db_take_text(&text);
}

int64_t schema_layout(const struct db_table *table)
{
    uint64_t number = text_hash(table->name, strlen(table->name));
    for (size_t i = 0; i < table->num_columns; i++) {
        const char *name = table->columns[i].name;
        number = (number ^ (uint64_t) table->columns[i].kind) * UINT64_C(0x9e3779b97f4a7c15);
        number = (number ^ number >> 29) + text_hash(name, strlen(name));
    }
    number = number >> 1; /* a positive integer of the databases */
    return number != 0 ? (int64_t) number : 1;
}

static int keep_layout(struct db *db, const struct db_table *table, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    const struct db_value  number = db_integer(schema_layout(table));
    int                    ret = db_prepare(db, "SELECT layout FROM row_layout WHERE layout=$1", &statement, error);
    if (ret == 0)
        ret = db_run(statement, &number, 1, error);
    if (ret == 0)
        ret = db_step(statement, &row, &num_columns, error);
    if (ret != 0) {
        if (ret == 1)
            db_reset(statement);
        return ret < 0 ? ret : 0;
    }
    char *text = schema_layout_text(table);
    if (text == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    const struct db_value values[STORE_COLUMNS_row_layout] = { [store_row_layout_layout] = number,
                                                               [store_row_layout_record] = db_word(table->name),
                                                               [store_row_layout_columns] = db_word(text) };
    ret = db_insert(db, &store_table_row_layout, values, 1, error);
    free(text);
    return ret;
}

int schema_keep_layouts(struct db *db, struct db_error *error)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = keep_layout(db, schema_table(&records[i]), error);
    return ret;
}

int schema_pack(const struct db_table *table, const struct db_value *row, struct arena *arena, struct db_value *packed)
{
    struct sink sink;
    uint64_t    layout = (uint64_t) schema_layout(table);
    sink_init_memory(&sink);
    for (size_t i = 0; i < LAYOUT_BYTES; i++)
        sink_character(&sink, (char) (layout >> (8 * i)));
    row_code_write(&sink, row, table->num_columns);
    char *bytes = sink.failure == 0 ? arena_copy(arena, sink.bytes, sink.used) : NULL;
    if (bytes != NULL)
        *packed = db_bytes(bytes, sink.used);
    sink_free(&sink);
    return bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

int64_t schema_packed_layout(const struct db_value *packed)
{
    uint64_t layout = 0;
    if (packed->type != DB_BYTES || packed->size < LAYOUT_BYTES)
        return 0;
    for (size_t i = 0; i < LAYOUT_BYTES; i++)
        layout |= (uint64_t) (unsigned char) packed->bytes[i] << (8 * i);
    return layout <= INT64_MAX ? (int64_t) layout : 0;
}

/* The column of a table that a layout's "name:kind" means, or -1. */
static int find_column(const struct db_table *table, const char *name, size_t size)
{
    for (size_t i = 0; i < table->num_columns; i++) {
        const struct db_column *column = &table->columns[i];
        size_t                  length = strlen(column->name);
        const char             *kind = kind_words[column->kind];
        if (size == length + 1 + strlen(kind) && memcmp(name, column->name, length) == 0 && name[length] == ':' &&
            memcmp(name + length + 1, kind, strlen(kind)) == 0)
            return (int) i;
    }
    return -1;
}

/* A row read column by column of an older layout. */
static int unpack_older(const struct db_table *table, const char *layout, const char *bytes, size_t size,
                        struct db_value *row)
{
    for (size_t i = 0; i < table->num_columns; i++)
        row[i] = table->columns[i].kind == DB_KIND_TEXT ? db_text("", 0) : db_null();
    while (*layout != '\0') {
        struct db_value value;
        size_t          used, length = strcspn(layout, ",");
        if (row_code_read(bytes, size, &value, 1, &used) != 0)
            return DB_ERR_CORRUPT;
        int column = find_column(table, layout, length);
        if (column >= 0)
            row[column] = value;
        bytes += used;
        size -= used;
        layout += length + (layout[length] == ',');
    }
    return size == 0 ? 0 : DB_ERR_CORRUPT;
}

int schema_unpack(const struct db_table *table, const char *layout, const struct db_value *packed, struct db_value *row)
{
    size_t used;
    if (schema_packed_layout(packed) == 0)
        return DB_ERR_CORRUPT;
    const char *bytes = packed->bytes + LAYOUT_BYTES;
    size_t      size = packed->size - LAYOUT_BYTES;
    if (layout != NULL)
        return unpack_older(table, layout, bytes, size, row);
    if (schema_packed_layout(packed) != schema_layout(table) ||
        row_code_read(bytes, size, row, table->num_columns, &used) != 0 || used != size)
        return DB_ERR_CORRUPT;
    return 0;
}
