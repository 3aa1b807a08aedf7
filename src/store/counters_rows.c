/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the series that were counted into: read where they are not in memory, written whole. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/counters_book.h"
#include "store/tables.h"
#include "tocsin/status.h"

/* ---- as the database has them ---- */

/* Add what a row holds to what was counted since. */
static int load_numbers(struct row_state *state, const struct db_value *packed, uint16_t mark)
{
    struct counters_walk   walk;
    struct counters_number number;
    int                    ret = counters_walk_begin(&walk, packed, mark);
    if (ret == 0 && state->loaded)
        ret = DB_ERR_CORRUPT;
    while (ret == 0 && (ret = counters_walk_next(&walk, &number)) == 1)
        ret = counters_numbers_add(&state->numbers, number.codes, number.value);
    state->exists = true;
    return ret;
}

static uint16_t mark_of(const struct counter_book *book, const struct cell *cell)
{
    return area_at(book, cell->area)->series[cell->counter].mark;
}

static int cell_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct counter_book *book = context;
    struct cell          key = { .key = { .series = row[store_counter_series].integer,
                                          .day = (toc_date) row[store_counter_event_day].integer,
                                          .known = (toc_date) row[store_counter_known_day].integer } };
    struct cell         *cell = key_table_find(&book->cells, &key.key);
    (void) num_columns;
    return cell == NULL ? DB_ERR_CORRUPT : load_numbers(&cell->state, &row[store_counter_numbers], mark_of(book, cell));
}

static int load_cells(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { KEY = store_counter_numbers };
    struct db_value *keys = memory_array(book->dirty_cells.num + 1, KEY * sizeof *keys);
    size_t           num = 0;
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->dirty_cells.num; i++) {
        const struct cell *cell = cell_at(book, book->dirty_cells.entries[i]);
        if (cell->state.loaded)
            continue;
        struct db_value *key = keys + num++ * KEY;
        key[store_counter_series] = db_integer(cell->key.series);
        key[store_counter_event_day] = db_integer(cell->key.day);
        key[store_counter_known_day] = db_integer(cell->key.known);
    }
    int ret = db_fetch(db, &store_table_counter, keys, num, cell_row, book, error);
    for (size_t i = 0; i < book->dirty_cells.num && ret == 0; i++)
        cell_at(book, book->dirty_cells.entries[i])->state.loaded = true;
    free(keys);
    return ret;
}

static int area_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct counter_book *book = context;
    struct area          key = { .total = 0 };
    char                 name[MOST_CODE] = "";
    (void) num_columns;
    memcpy(key.key.id.bytes, row[store_counter_area_area].bytes, ID_BYTES);
    if (row[store_counter_area_record].size < sizeof name)
        memcpy(name, row[store_counter_area_record].bytes, row[store_counter_area_record].size);
    const struct model_record *record = model_record_find(name);
    if (record == NULL)
        return DB_ERR_CORRUPT;
    key.key.record = record_number(record);
    struct area *area = key_table_find(&book->areas, &key.key);
    if (area == NULL)
        return DB_ERR_CORRUPT;
    area->total += row[store_counter_area_total].integer;
    return load_numbers(&area->state, &row[store_counter_area_numbers], COUNTERS_AREA_MARK);
}

static int load_areas(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { KEY = store_counter_area_total };
    struct db_value *keys = memory_array(book->dirty_areas.num + 1, KEY * sizeof *keys);
    size_t           num = 0;
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->dirty_areas.num; i++) {
        const struct area *area = area_at(book, book->dirty_areas.entries[i]);
        if (area->state.loaded)
            continue;
        struct db_value *key = keys + num++ * KEY;
        key[store_counter_area_area] = db_id(&area->key.id);
        key[store_counter_area_record] = db_word(record_at(area->key.record)->name);
    }
    int ret = db_fetch(db, &store_table_counter_area, keys, num, area_row, book, error);
    for (size_t i = 0; i < book->dirty_areas.num && ret == 0; i++)
        area_at(book, book->dirty_areas.entries[i])->state.loaded = true;
    free(keys);
    return ret;
}

/* ---- writing ---- */

/* Rows of one table on their way: those that are new, and those that replace one. */
struct rows {
    struct db_value *rows[2]; /* new, there already */
    size_t           num[2];
    uint8_t         *bytes; /* of their numbers */
    size_t           used;
};

static int make_room(struct rows *rows, size_t num_rows, size_t num_columns, size_t num_numbers)
{
    size_t size = num_rows * COUNTERS_MARK_BYTES + num_numbers * COUNTERS_NUMBER_BYTES + 1;
    *rows = (struct rows){ .bytes = memory_array(size, 1) };
    for (int i = 0; i < 2; i++)
        rows->rows[i] = memory_array(num_rows + 1, num_columns * sizeof(struct db_value));
    return rows->bytes != NULL && rows->rows[0] != NULL && rows->rows[1] != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static void free_rows(struct rows *rows)
{
    free(rows->rows[0]);
    free(rows->rows[1]);
    free(rows->bytes);
}

/* The next row, with its packed numbers; NULL where there is nothing to write. */
static struct db_value *take_row(struct rows *rows, struct row_state *state, size_t num_columns, uint16_t mark,
                                 struct db_value *numbers)
{
    bool there = state->exists;
    state->dirty = false;
    if (!there && state->numbers.num == 0)
        return NULL;
    size_t size = counters_pack(&state->numbers, mark, rows->bytes + rows->used);
    *numbers = db_bytes(rows->bytes + rows->used, size);
    rows->used += size;
    state->exists = true;
    return rows->rows[there] + rows->num[there]++ * num_columns;
}

static int write_rows(const struct rows *rows, struct db *db, const struct db_table *table, struct db_error *error)
{
    int ret = db_insert(db, table, rows->rows[0], rows->num[0], error);
    return ret == 0 ? db_update(db, table, -1, rows->rows[1], rows->num[1], NULL, error) : ret;
}

static int by_key(const void *a, const void *b)
{
    const struct cell *const *x = a, *const *y = b;
    if ((*x)->key.series != (*y)->key.series)
        return (*x)->key.series < (*y)->key.series ? -1 : 1;
    if ((*x)->key.day != (*y)->key.day)
        return (*x)->key.day < (*y)->key.day ? -1 : 1;
    return ((*x)->key.known > (*y)->key.known) - ((*x)->key.known < (*y)->key.known);
}

/* In the order of their keys, so that neighbours are written one after the other. */
static int write_cells(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = STORE_COLUMNS_counter };
    struct rows rows;
    size_t      numbers = 0, num = book->dirty_cells.num;
    for (size_t i = 0; i < num; i++)
        numbers += cell_at(book, book->dirty_cells.entries[i])->state.numbers.num;
    int           ret = make_room(&rows, num, COLUMNS, numbers);
    struct cell **cells = memory_array(num + 1, sizeof(struct cell *));
    if (cells == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num && ret == 0; i++)
        cells[i] = cell_at(book, book->dirty_cells.entries[i]);
    if (ret == 0 && num > 1)
        qsort(cells, num, sizeof(struct cell *), by_key);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct cell     *cell = cells[i];
        struct db_value  packed;
        struct db_value *row = take_row(&rows, &cell->state, COLUMNS, mark_of(book, cell), &packed);
        if (row == NULL)
            continue;
        row[store_counter_series] = db_integer(cell->key.series);
        row[store_counter_event_day] = db_integer(cell->key.day);
        row[store_counter_known_day] = db_integer(cell->key.known);
        row[store_counter_numbers] = packed;
    }
    if (ret == 0)
        ret = write_rows(&rows, db, &store_table_counter, error);
    free(cells);
    free_rows(&rows);
    return ret;
}

static int write_areas(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = STORE_COLUMNS_counter_area };
    struct rows rows;
    size_t      numbers = 0, num = book->dirty_areas.num;
    for (size_t i = 0; i < num; i++)
        numbers += area_at(book, book->dirty_areas.entries[i])->state.numbers.num;
    int ret = make_room(&rows, num, COLUMNS, numbers);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct area     *area = area_at(book, book->dirty_areas.entries[i]);
        struct db_value  packed;
        struct db_value *row = take_row(&rows, &area->state, COLUMNS, COUNTERS_AREA_MARK, &packed);
        if (row == NULL)
            continue;
        row[store_counter_area_area] = db_id(&area->key.id);
        row[store_counter_area_record] = db_word(record_at(area->key.record)->name);
        row[store_counter_area_total] = db_integer(area->total);
        row[store_counter_area_numbers] = packed;
    }
    if (ret == 0)
        ret = write_rows(&rows, db, &store_table_counter_area, error);
    free_rows(&rows);
    return ret;
}

int counters_write_rows(struct counter_book *book, struct db *db, struct db_error *error)
{
    int ret = load_cells(book, db, error);
    if (ret == 0)
        ret = load_areas(book, db, error);
    if (ret == 0)
        ret = write_cells(book, db, error);
    if (ret == 0)
        ret = write_areas(book, db, error);
    book->dirty_areas.num = book->dirty_cells.num = 0;
    return ret;
}
