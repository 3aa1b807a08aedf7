/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The indexes of an SQLite file against their tables, in order and in little memory: the entries that a table's rows
 * should have and those that an index has are each read once, from the first to the last, and their sums of keyed
 * hashes compared. SQLite's own check looks every row up in every index, here and there in the file: of a file larger
 * than the memory that was most of the time that a check took. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "store/check_internal.h"
#include "store/db_driver.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "tocsin/status.h"

_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a hash is a number");

/* Entries in any order: the sum of their hashes, and how many. */
struct sum {
    uint64_t hashes;
    int64_t  num;
};

/* An index, and where its columns and then those of the key stand among the columns that are read. */
struct index_columns {
    const struct db_index *index;
    size_t                 columns[2 * DB_INDEX_COLUMNS];
    size_t                 num_own, num; /* of the index; with the key */
    struct sum             wanted, there;
};

struct table_scan {
    const struct db_table *table;
    struct index_columns   indexes[SCHEMA_MAX_INDEXES];
    uint8_t                key[crypto_shorthash_KEYBYTES];
    struct sink            entry, before;
    size_t                 own_bytes, own_bytes_before; /* of the index's own columns */
    struct index_columns  *reading;
    int64_t                out_of_order;
};

/* ---- an entry as bytes that compare as SQLite compares it ---- */

static void put_number(struct sink *sink, char kind, uint64_t bits)
{
    char bytes[9] = { kind };
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (char) (bits >> (56 - 8 * i));
    sink_write(sink, bytes, sizeof bytes);
}

/* What is shorter comes first: an end is 0 0, a 0 within is 0 255. */
static void put_bytes(struct sink *sink, char kind, const struct db_value *value)
{
    sink_character(sink, kind);
    for (size_t first = 0, end; first < value->size; first = end) {
        const char *zero = memchr(value->bytes + first, '\0', value->size - first);
        end = zero == NULL ? value->size : (size_t) (zero - value->bytes) + 1;
        sink_write(sink, value->bytes + first, end - first);
        if (zero != NULL)
            sink_character(sink, '\xff');
    }
    sink_write(sink, "\0", 2);
}

static void put_value(struct sink *sink, const struct db_value *value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t       bits;
    switch (value->type) {
    case DB_NULL: sink_character(sink, 0); break;
    case DB_INTEGER: put_number(sink, 1, (uint64_t) value->integer ^ sign); break;
    case DB_REAL:
        memcpy(&bits, &value->real, sizeof bits);
        put_number(sink, 1, (bits & sign) != 0 ? ~bits : bits ^ sign);
        break;
    case DB_TEXT: put_bytes(sink, 2, value); break;
    case DB_BYTES: put_bytes(sink, 3, value); break;
    }
}

/* places: which of the row's values; NULL: the first ones, in their order. */
static void put_entry(struct table_scan *scan, const struct index_columns *index, const struct db_value *row,
                      const size_t *places)
{
    scan->entry.used = 0;
    for (size_t i = 0; i < index->num; i++) {
        put_value(&scan->entry, &row[places != NULL ? places[i] : i]);
        if (i + 1 == index->num_own)
            scan->own_bytes = scan->entry.used;
    }
}

static void add(struct table_scan *scan, struct sum *sum)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *) &hash, (const uint8_t *) scan->entry.bytes, scan->entry.used, scan->key);
    sum->hashes += hash;
    sum->num++;
}

/* ---- the rows of the table ---- */

static int table_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct table_scan *scan = context;
    (void) num_columns;
    for (size_t i = 0; i < scan->table->num_indexes; i++) {
        struct index_columns  *index = &scan->indexes[i];
        const struct db_value *first = &row[index->columns[0]];
        bool                   missing = first->type == DB_NULL || (first->type == DB_TEXT && first->size == 0);
        if (missing && db_index_is_partial(scan->table, index->index))
            continue;
        put_entry(scan, index, row, index->columns);
        add(scan, &index->wanted);
    }
    return scan->entry.failure == 0 ? 0 : TOC_ERR_NO_MEMORY;
}

/* ---- the entries of an index ---- */

static bool has_null(const struct db_value *row, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (row[i].type == DB_NULL)
            return true;
    return false;
}

static int compare_entries(const struct sink *a, const struct sink *b)
{
    size_t shorter = a->used < b->used ? a->used : b->used;
    int    order = shorter == 0 ? 0 : memcmp(a->bytes, b->bytes, shorter);
    return order != 0 ? order : (a->used > b->used) - (a->used < b->used);
}

static int index_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct table_scan    *scan = context;
    struct index_columns *index = scan->reading;
    struct sink           swap;
    (void) num_columns;
    put_entry(scan, index, row, NULL);
    if (index->there.num > 0) {
        bool twice = index->index->unique && scan->own_bytes == scan->own_bytes_before &&
                     memcmp(scan->entry.bytes, scan->before.bytes, scan->own_bytes) == 0 &&
                     !has_null(row, index->num_own);
        scan->out_of_order += twice || compare_entries(&scan->before, &scan->entry) >= 0;
    }
    add(scan, &index->there);
    swap = scan->before;
    scan->before = scan->entry;
    scan->entry = swap;
    scan->own_bytes_before = scan->own_bytes;
    return scan->before.failure == 0 ? 0 : TOC_ERR_NO_MEMORY;
}

static int scan_index(struct check *check, struct table_scan *scan, struct index_columns *index)
{
    struct sink sql = { .fd = -1 };
    scan->reading = index;
    for (size_t i = 0; i < index->num; i++)
        sink_format(&sql, "%s\"%s\"", i == 0 ? "SELECT " : ",", scan->table->columns[index->columns[i]].name);
    sink_format(&sql, " FROM \"%s\" INDEXED BY \"%s\"", scan->table->name, index->index->name);
    db_write_index_rows(&sql, scan->table, index->index);
    sink_character(&sql, '\0');
    int ret = sql.failure != 0 ? TOC_ERR_NO_MEMORY
                               : select_rows(check->db, sql.bytes, NULL, 0, index_row, scan, check->error);
    sink_free(&sql);
    return ret;
}

/* ---- a table ---- */

/* The index's own columns, then those of the key that are not among them: an entry of the file is made so. */
static void place_columns(const struct db_table *table, struct index_columns *index)
{
    bool placed[DB_MAX_COLUMNS] = { false };
    for (size_t i = 0; i < DB_INDEX_COLUMNS && index->index->columns[i] != NULL; i++)
        for (size_t column = 0; column < table->num_columns; column++)
            if (strcmp(table->columns[column].name, index->index->columns[i]) == 0) {
                index->columns[index->num++] = column;
                placed[column] = true;
            }
    index->num_own = index->num;
    for (size_t column = 0; column < table->num_key; column++)
        if (!placed[column])
            index->columns[index->num++] = column;
}

/* The rows themselves, whatever index has all that is asked for. Rows with a key that is not one integer stand in the
 * tree of that key, which NOT INDEXED does not name. */
static void write_rows(struct sink *sql, const struct db_table *table)
{
    if (table->num_key == 1 && table->columns[0].kind == DB_KIND_INTEGER)
        sink_format(sql, " FROM \"%s\" NOT INDEXED", table->name);
    else
        sink_format(sql, " FROM \"%s\" INDEXED BY \"sqlite_autoindex_%s_1\"", table->name, table->name);
}

/* Columns that no index has are not asked for: they stand in the answer without a value. */
static int scan_table(struct check *check, struct table_scan *scan)
{
    struct sink sql = { .fd = -1 };
    bool        wanted[DB_MAX_COLUMNS] = { false };
    for (size_t i = 0; i < scan->table->num_indexes; i++)
        for (size_t c = 0; c < scan->indexes[i].num; c++)
            wanted[scan->indexes[i].columns[c]] = true;
    for (size_t i = 0; i < scan->table->num_columns; i++)
        sink_format(&sql, wanted[i] ? "%s\"%s\"" : "%sNULL", i == 0 ? "SELECT " : ",", scan->table->columns[i].name);
    write_rows(&sql, scan->table);
    sink_character(&sql, '\0');
    int ret = sql.failure != 0 ? TOC_ERR_NO_MEMORY
                               : select_rows(check->db, sql.bytes, NULL, 0, table_row, scan, check->error);
    sink_free(&sql);
    return ret;
}

static int check_table(struct check *check, const struct db_table *table)
{
    struct table_scan *scan = memory_array(1, sizeof *scan);
    int64_t            looked = 0, wrong = 0;
    int                ret = scan == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret != 0)
        return ret;
    scan->table = table;
    crypto_shorthash_keygen(scan->key);
    sink_init_memory(&scan->entry);
    sink_init_memory(&scan->before);
    for (size_t i = 0; i < table->num_indexes; i++) {
        scan->indexes[i].index = &table->indexes[i];
        place_columns(table, &scan->indexes[i]);
    }
    ret = scan_table(check, scan);
    for (size_t i = 0; i < table->num_indexes && ret == 0; i++) {
        struct index_columns *index = &scan->indexes[i];
        scan->out_of_order = 0;
        ret = scan_index(check, scan, index);
        looked += index->there.num;
        wrong += scan->out_of_order > 0 || index->wanted.num != index->there.num ||
                 index->wanted.hashes != index->there.hashes;
    }
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "%s: its indexes hold what its rows hold, in order",
                   table->name);
    sink_free(&scan->entry);
    sink_free(&scan->before);
    free(scan);
    return ret;
}

int check_indexes(struct check *check)
{
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    int                           ret = 0;
    for (size_t i = 0; i < num && ret == 0 && !db_is_postgresql(check->db); i++)
        if (tables[i]->num_indexes > 0)
            ret = check_table(check, tables[i]);
    return ret;
}
