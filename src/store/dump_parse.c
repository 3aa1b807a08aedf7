/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/dump_parse.h"

#include <string.h>

#include "base/fault.h"
#include "store/db_driver.h"
#include "store/row_code.h"

#define NAME_BYTES 64
#define LAYOUT_BYTES 16384

struct parse {
    struct dump_reader       reader;
    const struct dump_taker *taker;
    struct dump_summary      summary;
    /* the table at hand */
    char             name[NAME_BYTES];
    char             layout[LAYOUT_BYTES];
    char             words[LAYOUT_BYTES]; /* the layout, its names ended */
    struct db_column columns[DB_MAX_COLUMNS];
    struct db_table  table; /* name NULL: none is open */
    uint64_t         rows;
};

static int wrong(const struct parse *parse, const char *what, struct db_error *error)
{
    return db_fail(error, BASE_ERR_INPUT, "%s, in the block before byte %llu", what,
                   (unsigned long long) parse->reader.bytes);
}

/* The content is just so many values of these types. */
static int read_values(struct parse *parse, const enum db_type *types, size_t num, struct db_value *values,
                       struct db_error *error)
{
    size_t used = 0;
    if (row_code_read(parse->reader.content, parse->reader.size, values, num, &used) != 0 || used != parse->reader.size)
        return wrong(parse, "there are other values than there should be", error);
    for (size_t i = 0; i < num; i++)
        if (values[i].type != types[i] || (types[i] == DB_INTEGER && values[i].integer < 0))
            return wrong(parse, "there are other values than there should be", error);
    return 0;
}

/* Names are words: they come between quotes in SQL. */
static bool is_word(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_'))
            return false;
    return size > 0 && size < NAME_BYTES;
}

static bool read_kind(const char *text, enum db_kind *kind)
{
    static const char *const kinds[] = { "id", "integer", "real", "text", "bytes" };
    for (size_t i = 0; i < 5; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum db_kind) i;
            return true;
        }
    return false;
}

/* "id:id,version:integer" */
static bool read_layout(struct parse *parse)
{
    size_t num = 0;
    memcpy(parse->words, parse->layout, sizeof parse->words);
    for (char *name = parse->words, *next; name != NULL; name = next) {
        next = strchr(name, ',');
        if (next != NULL)
            *next++ = '\0';
        char *colon = strchr(name, ':');
        if (colon == NULL || num == DB_MAX_COLUMNS || !is_word(name, (size_t) (colon - name)))
            return false;
        *colon = '\0';
        parse->columns[num] = (struct db_column){ .name = name };
        if (!read_kind(colon + 1, &parse->columns[num++].kind))
            return false;
    }
    parse->table = (struct db_table){ .name = parse->name, .columns = parse->columns, .num_columns = num };
    return true;
}

static int parse_table(struct parse *parse, struct db_error *error)
{
    struct db_value values[2];
    int             ret = read_values(parse, (enum db_type[]){ DB_TEXT, DB_TEXT }, 2, values, error);
    if (ret != 0)
        return ret;
    if (!is_word(values[0].bytes, values[0].size) || values[1].size >= LAYOUT_BYTES ||
        memchr(values[1].bytes, '\0', values[1].size) != NULL)
        return wrong(parse, "this is no table", error);
    memcpy(parse->name, values[0].bytes, values[0].size);
    parse->name[values[0].size] = '\0';
    memcpy(parse->layout, values[1].bytes, values[1].size);
    parse->layout[values[1].size] = '\0';
    if (!read_layout(parse))
        return wrong(parse, "these are no columns", error);
    parse->rows = 0;
    parse->summary.tables++;
    return parse->taker->table(parse->taker->context, &parse->table, parse->layout, error);
}

static int parse_rows(struct parse *parse, struct db_error *error)
{
    struct db_value row[DB_MAX_COLUMNS];
    int             ret = 0;
    for (size_t at = 0, used = 0; at < parse->reader.size && ret == 0; at += used) {
        if (row_code_read(parse->reader.content + at, parse->reader.size - at, row, parse->table.num_columns, &used) !=
            0)
            return wrong(parse, "this is no row", error);
        parse->rows++;
        ret = parse->taker->row(parse->taker->context, row, error);
    }
    return ret;
}

static int parse_table_end(struct parse *parse, struct db_error *error)
{
    struct db_value rows;
    int             ret = read_values(parse, (enum db_type[]){ DB_INTEGER }, 1, &rows, error);
    if (ret == 0 && (uint64_t) rows.integer != parse->rows)
        ret = wrong(parse, "the table had another number of rows", error);
    if (ret == 0)
        ret = parse->taker->table_end(parse->taker->context, error);
    parse->summary.rows += parse->rows;
    parse->table.name = NULL;
    return ret;
}

static int parse_end(struct parse *parse, struct db_error *error)
{
    struct db_value values[2];
    char            more;
    size_t          got = 0;
    int             ret = read_values(parse, (enum db_type[]){ DB_INTEGER, DB_INTEGER }, 2, values, error);
    if (ret != 0)
        return ret;
    if ((uint64_t) values[0].integer != parse->summary.tables || (uint64_t) values[1].integer != parse->summary.rows)
        return wrong(parse, "the dump had other numbers of tables or rows", error);
    ret = parse->reader.read(parse->reader.context, &more, 1, &got);
    if (ret != 0)
        return db_fail(error, ret, "the dump cannot be read");
    return got == 0 ? 0 : wrong(parse, "there is something behind the end", error);
}

static int parse_beginning(struct parse *parse, struct db_error *error)
{
    struct db_value values[2];
    enum dump_what  what;
    int             ret = dump_reader_begin(&parse->reader, error);
    if (ret == 0)
        ret = dump_reader_block(&parse->reader, &what, error);
    if (ret != 0)
        return ret;
    if (what != DUMP_BEGINNING)
        return wrong(parse, "the beginning is missing", error);
    ret = read_values(parse, (enum db_type[]){ DB_INTEGER, DB_TEXT }, 2, values, error);
    return ret != 0 ? ret : parse->taker->beginning(parse->taker->context, values[0].integer, &values[1], error);
}

/* One block behind the beginning; 1 = it was the last. */
static int parse_block(struct parse *parse, struct db_error *error)
{
    enum dump_what what;
    int            ret = dump_reader_block(&parse->reader, &what, error);
    if (ret != 0)
        return ret;
    bool in_table = what == DUMP_ROWS || what == DUMP_TABLE_END;
    if (what == DUMP_BEGINNING || in_table != (parse->table.name != NULL))
        return wrong(parse, "the blocks are out of order", error);
    if (what == DUMP_TABLE)
        return parse_table(parse, error);
    if (what == DUMP_ROWS)
        return parse_rows(parse, error);
    if (what == DUMP_TABLE_END)
        return parse_table_end(parse, error);
    ret = parse_end(parse, error);
    return ret == 0 ? 1 : ret;
}

int dump_parse(const struct dump_options *options, dump_read_bytes *read, void *read_context,
               const struct dump_taker *taker, struct dump_summary *summary, struct db_error *error)
{
    struct parse parse = { .reader = { .read = read, .context = read_context, .key = options->key }, .taker = taker };
    int          ret = parse_beginning(&parse, error);
    while (ret == 0)
        ret = parse_block(&parse, error);
    if (ret == 1) {
        parse.summary.bytes = parse.reader.bytes;
        memcpy(parse.summary.hash, parse.reader.hash, DUMP_HASH_BYTES);
        *summary = parse.summary;
        ret = 0;
    }
    dump_reader_free(&parse.reader);
    return ret;
}
