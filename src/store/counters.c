/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "store/counters_fold.h"
#include "store/counters_internal.h"
#include "store/counters_pack.h"
#include "store/key_table.h"
#include "store/select_many.h"
#include "store/tables.h"

/* Rows kept in memory over groups; more, and the memory is emptied between two groups. */
enum { MOST_CELLS = 200000, MOST_CODE = 120, MOST_COUNTERS = COUNTERS_MOST_COUNTERS };

struct code {
    char text[MOST_CODE]; /* its key */
};

struct combination {
    uint32_t codes[COUNTERS_DIMENSIONS]; /* its key: numbers of texts in `codes` */
    uint32_t number;
};

/* What a row is, beside its key: numbers that are in the database, and those counted since. */
struct row_state {
    struct counters_numbers numbers;
    bool                    loaded; /* read from the database, or known not to be in it */
    bool                    exists, dirty;
};

struct area {
    struct {
        struct id id;
        uint32_t  record;
    } key;
    int64_t                total;
    struct counters_series series[MOST_COUNTERS];
    struct row_state       state;
};

/* A row of table counter. */
struct cell {
    struct {
        int64_t  series;
        toc_date day, known;
    } key;
    uint32_t         area, counter; /* whose it is */
    struct row_state state;
};

struct dirty {
    uint32_t *entries; /* places in their table */
    size_t    num, room;
};

struct counter_book {
    struct key_table         codes, combinations, areas, cells;
    struct dirty             dirty_areas, dirty_cells;
    bool                     begun; /* the combinations are read */
    uint32_t                 newest;
    size_t                   combinations_written;
    struct counters_counted *counted; /* by this group, and not written */
    size_t                   num_counted, room_counted;

    struct counters_fold *fold; /* NULL: rows are written at once */
    size_t                least_waiting;
    bool                  waiting;        /* something may wait: the rows in memory may be old */
    int64_t               newest_waiting; /* number of the newest that waits; never smaller again */
};

int counters_new(struct counter_book **book)
{
    struct counter_book *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    *made = (struct counter_book){
        .codes = KEY_TABLE_INIT(sizeof((struct code *) NULL)->text, struct code),
        .combinations = KEY_TABLE_INIT(sizeof((struct combination *) NULL)->codes, struct combination),
        .areas = KEY_TABLE_INIT(sizeof((struct area *) NULL)->key, struct area),
        .cells = KEY_TABLE_INIT(sizeof((struct cell *) NULL)->key, struct cell),
    };
    *book = made;
    return 0;
}

static struct area *area_at(const struct counter_book *book, uint32_t place)
{
    return key_table_at(&book->areas, place);
}

static struct cell *cell_at(const struct counter_book *book, uint32_t place)
{
    return key_table_at(&book->cells, place);
}

static void forget_rows(struct counter_book *book)
{
    for (uint32_t i = 0; i < book->areas.num; i++)
        counters_numbers_free(&area_at(book, i)->state.numbers);
    for (uint32_t i = 0; i < book->cells.num; i++)
        counters_numbers_free(&cell_at(book, i)->state.numbers);
    key_table_clear(&book->areas);
    key_table_clear(&book->cells);
    book->dirty_areas.num = book->dirty_cells.num = 0;
}

void counters_forget(struct counter_book *book)
{
    forget_rows(book);
    key_table_clear(&book->codes);
    key_table_clear(&book->combinations);
    book->combinations_written = book->num_counted = 0;
    book->newest = 0;
    book->begun = false;
}

void counters_keep_small(struct counter_book *book)
{
    if (book->cells.num > MOST_CELLS)
        counters_forget(book);
}

void counters_free(struct counter_book *book)
{
    if (book == NULL)
        return;
    counters_forget(book);
    key_table_free(&book->codes);
    key_table_free(&book->combinations);
    key_table_free(&book->areas);
    key_table_free(&book->cells);
    free(book->dirty_areas.entries);
    free(book->dirty_cells.entries);
    free(book->counted);
    free(book);
}

void counters_leave_to(struct counter_book *book, struct counters_fold *fold, size_t least)
{
    book->fold = fold;
    book->least_waiting = least;
}

size_t counters_num_dimensions(const struct model_counter *counter)
{
    size_t num = 0;
    while (num < COUNTERS_DIMENSIONS && counter->dimensions[num] != NULL)
        num++;
    return num;
}

struct counters_series counters_series(const char *counter, const struct id *area)
{
    crypto_generichash_state state;
    uint8_t                  hash[crypto_generichash_BYTES_MIN];
    uint64_t                 number;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *) counter, strlen(counter) + 1);
    crypto_generichash_update(&state, area->bytes, ID_BYTES);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&number, hash, sizeof number);
    return (struct counters_series){ (int64_t) (number & INT64_MAX),
                                     (uint16_t) (hash[sizeof number] | hash[sizeof number + 1] << 8) };
}

/* ---- combinations of codes ---- */

/* The number of a text; texts longer than a code may be are cut (there are none: model_check.h). */
static int number_of_code(struct counter_book *book, const char *text, size_t size, uint32_t *number)
{
    struct code key = { { 0 } };
    if (size > 0)
        memcpy(key.text, text, size < MOST_CODE - 1 ? size : MOST_CODE - 1);
    void *entry;
    bool  added;
    int   ret = key_table_put(&book->codes, key.text, &entry, &added);
    if (ret == 0)
        *number = (uint32_t) ((size_t) ((struct code *) entry - (struct code *) (void *) book->codes.entries));
    return ret;
}

static const char *code_text(const struct counter_book *book, uint32_t number)
{
    return ((const struct code *) key_table_at(&book->codes, number))->text;
}

static int number_of_combination(struct counter_book *book, const uint32_t codes[COUNTERS_DIMENSIONS], uint32_t *number)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(&book->combinations, codes, &entry, &added);
    if (ret != 0)
        return ret;
    struct combination *combination = entry;
    if (added)
        combination->number = ++book->newest;
    *number = combination->number;
    return 0;
}

static int combination_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct counter_book *book = context;
    struct combination   key = { .number = 0 };
    void                *entry;
    bool                 added;
    int                  ret = 0;
    (void) num_columns;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++)
        ret = number_of_code(book, row[1 + d].bytes, row[1 + d].size, &key.codes[d]);
    if (ret == 0)
        ret = key_table_put(&book->combinations, key.codes, &entry, &added);
    if (ret != 0)
        return ret;
    if (row[0].integer < 0 || row[0].integer > UINT32_MAX || !added)
        return DB_ERR_CORRUPT;
    ((struct combination *) entry)->number = (uint32_t) row[0].integer;
    if (book->newest < (uint32_t) row[0].integer)
        book->newest = (uint32_t) row[0].integer;
    return 0;
}

static int newest_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct counter_book *book = context;
    (void) num_columns;
    if (row[0].type != DB_INTEGER)
        return 0;
    book->waiting = true;
    if (row[0].integer > book->newest_waiting)
        book->newest_waiting = row[0].integer;
    return 0;
}

int counters_begin(struct counter_book *book, struct db *db, struct db_error *error)
{
    counters_keep_small(book);
    if (book->fold != NULL)
        counters_fold_pause(book->fold, false);
    if (book->begun)
        return 0;
    int ret = select_rows(
        db, "SELECT number, dimension_1, dimension_2, dimension_3, dimension_4 FROM counter_codes ORDER BY number",
        NULL, 0, combination_row, book, error);
    if (ret == 0)
        ret = select_rows(db, "SELECT max(number) FROM counter_waiting", NULL, 0, newest_row, book, error);
    book->begun = ret == 0;
    book->combinations_written = book->combinations.num;
    if (ret == 0 && book->waiting && book->fold == NULL)
        ret = counters_settle(book, db, error); /* of a database that came from elsewhere */
    return ret;
}

static int write_combinations(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = STORE_COLUMNS_counter_codes };
    size_t           first = book->combinations_written, num = book->combinations.num - first;
    struct db_value *rows = memory_array(num + 1, COLUMNS * sizeof *rows);
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        const struct combination *combination = key_table_at(&book->combinations, first + i);
        struct db_value          *row = rows + i * COLUMNS;
        row[store_counter_codes_number] = db_integer(combination->number);
        for (size_t d = 0; d < COUNTERS_DIMENSIONS; d++)
            row[store_counter_codes_dimension_1 + d] = db_word(code_text(book, combination->codes[d]));
    }
    int ret = db_insert(db, &store_table_counter_codes, rows, num, error);
    if (ret == 0)
        book->combinations_written = book->combinations.num;
    free(rows);
    return ret;
}

/* ---- counting, in memory ---- */

static uint32_t record_number(const struct model_record *record)
{
    size_t num;
    return (uint32_t) (record - model_records(&num));
}

static const struct model_record *record_at(uint32_t number)
{
    size_t num;
    return model_records(&num) + number;
}

static int number_of_dimension(struct counter_book *book, const struct model_record *record, const char *name,
                               const void *value, uint32_t *number)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    const void               *at = (const char *) value + field->offset;
    if (model_is_missing(field, value))
        return number_of_code(book, COUNTERS_MISSING, 0, number);
    if (field->kind == MODEL_KIND_FLAG)
        return number_of_code(book, *(const int64_t *) at != 0 ? "1" : "0", 1, number);
    const struct model_text *text = at;
    return number_of_code(book, text->bytes, text->size, number);
}

/* The combination of codes that a record counts with. */
static int combination_of(struct counter_book *book, const struct model_record *record,
                          const struct model_counter *counter, const void *value, uint32_t *number)
{
    uint32_t codes[COUNTERS_DIMENSIONS];
    size_t   num = counters_num_dimensions(counter);
    int      ret = 0;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++)
        ret = d < num ? number_of_dimension(book, record, counter->dimensions[d], value, &codes[d])
                      : number_of_code(book, COUNTERS_MISSING, 0, &codes[d]);
    return ret == 0 ? number_of_combination(book, codes, number) : ret;
}

/* The day that a record counts on. */
static toc_date day_of(const struct model_record *record, const char *name, const void *value)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    const void               *at = (const char *) value + field->offset;
    if (model_is_missing(field, value))
        return MODEL_MISSING_DATE;
    if (field->kind == MODEL_KIND_DATE)
        return *(const toc_date *) at;
    const struct model_text *time = at;
    toc_date                 day;
    enum date_form           form;
    if (time->size < DATE_TEXT_BYTES - 1 || date_from_text(time->bytes, DATE_TEXT_BYTES - 1, &day, &form, NULL) != 0)
        return MODEL_MISSING_DATE;
    return day;
}

/* Count a number into a row, which is to be written then. */
static int add_number(struct row_state *state, uint32_t place, struct dirty *dirty, uint32_t codes, int64_t value)
{
    if (!state->dirty && dirty->num == dirty->room) {
        size_t    room = dirty->room == 0 ? 256 : 2 * dirty->room;
        uint32_t *more = memory_resize(dirty->entries, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        dirty->entries = more;
        dirty->room = room;
    }
    if (!state->dirty)
        dirty->entries[dirty->num++] = place;
    state->dirty = true;
    return counters_numbers_add(&state->numbers, codes, value);
}

static int find_area(struct counter_book *book, const struct model_record *record, const struct id *id, uint32_t *place)
{
    struct area key = { .key = { .id = *id, .record = record_number(record) } };
    void       *entry;
    bool        added;
    int         ret = key_table_put(&book->areas, &key.key, &entry, &added);
    if (ret != 0)
        return ret;
    struct area *area = entry;
    for (size_t c = 0; added && c < record->num_counters && c < MOST_COUNTERS; c++)
        area->series[c] = counters_series(record->counters[c].name, id);
    *place = (uint32_t) (area - (struct area *) (void *) book->areas.entries);
    return 0;
}

static int count_cell(struct counter_book *book, uint32_t area, uint32_t counter, toc_date day, toc_date known,
                      uint32_t codes, int64_t value)
{
    struct cell key = { .key = { .series = area_at(book, area)->series[counter].number, .day = day, .known = known } };
    void       *entry;
    bool        added;
    int         ret = key_table_put(&book->cells, &key.key, &entry, &added);
    if (ret != 0)
        return ret;
    struct cell *cell = entry;
    if (added) {
        cell->area = area;
        cell->counter = counter;
    } else if (cell->area != area || cell->counter != counter) {
        return DB_ERR_CORRUPT;
    }
    return add_number(&cell->state, (uint32_t) (cell - (struct cell *) (void *) book->cells.entries),
                      &book->dirty_cells, codes, value);
}

/* Each record is counted once by each of its counters: the first one's sum is the total. */
static int count_at(struct counter_book *book, uint32_t area, uint32_t counter, toc_date day, toc_date known,
                    uint32_t codes, int64_t value)
{
    int ret = count_cell(book, area, counter, day, known, codes, value);
    if (ret != 0 || counter != 0)
        return ret;
    area_at(book, area)->total += value;
    return add_number(&area_at(book, area)->state, area, &book->dirty_areas, codes, value);
}

int counters_add(struct counter_book *book, const struct model_record *record, size_t counter, const struct id *area,
                 uint32_t codes, toc_date day, toc_date known, int64_t value)
{
    uint32_t place;
    int      ret = record->num_counters <= MOST_COUNTERS ? find_area(book, record, area, &place) : TOC_ERR_TOO_LARGE;
    return ret == 0 ? count_at(book, place, (uint32_t) counter, day, known, codes, value) : ret;
}

int counters_count(struct counter_book *book, const struct model_record *record, const void *value,
                   const struct id *areas, size_t num_areas, toc_date known, int64_t sign)
{
    int ret = 0;
    if (record->num_counters > MOST_COUNTERS || num_areas > COUNTERS_MOST_AREAS)
        return TOC_ERR_TOO_LARGE;
    if (record->num_counters == 0 || num_areas == 0)
        return 0;
    if (book->num_counted == book->room_counted) {
        size_t room = book->room_counted == 0 ? 64 : 2 * book->room_counted;
        void  *more = memory_resize(book->counted, room, sizeof *book->counted);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        book->counted = more;
        book->room_counted = room;
    }
    struct counters_counted *counted = &book->counted[book->num_counted];
    *counted = (struct counters_counted){ .record = record, .sign = sign, .known = known, .num_areas = num_areas };
    memcpy(counted->areas, areas, num_areas * sizeof *areas);
    for (size_t c = 0; c < record->num_counters && ret == 0; c++) {
        counted->counters[c] = (uint8_t) c;
        counted->days[c] = day_of(record, record->counters[c].day, value);
        ret = combination_of(book, record, &record->counters[c], value, &counted->codes[c]);
    }
    counted->num_counters = record->num_counters;
    book->num_counted += ret == 0;
    return ret;
}

int counters_apply(struct counter_book *book, const struct counters_counted *counted)
{
    uint32_t area;
    int      ret = 0;
    for (size_t a = 0; a < counted->num_areas && ret == 0; a++) {
        ret = find_area(book, counted->record, &counted->areas[a], &area);
        for (size_t c = 0; c < counted->num_counters && ret == 0; c++)
            ret = count_at(book, area, counted->counters[c], counted->days[c], counted->known, counted->codes[c],
                           counted->sign);
    }
    return ret;
}

/* ---- rows that are counted into, as the database has them ---- */

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

/* ---- what waits ---- */

/* What this group counted is left to the fold: because it is much, or because others' still waits, which this process
 * is not the one to write. */
static bool waits(struct counter_book *book)
{
    if (book->fold == NULL || book->dirty_cells.num > 0)
        return false;
    if (book->waiting && counters_fold_done(book->fold, book->newest_waiting)) {
        book->waiting = false;
        forget_rows(book);
    }
    return book->waiting || book->num_counted >= book->least_waiting;
}

struct taken {
    struct counter_book *book;
    size_t               num;
    int64_t              last;
};

static int take_counted(void *context, const struct counters_counted *counted)
{
    return counters_apply(context, counted);
}

static int taken_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct taken *taken = context;
    (void) num_columns;
    taken->num++;
    taken->last = row[0].integer;
    return counters_waiting_walk(&row[1], take_counted, taken->book);
}

int counters_take_waiting(struct counter_book *book, struct db *db, size_t most, size_t *num, int64_t *last,
                          struct db_error *error)
{
    struct taken          taken = { .book = book };
    const struct db_value limit = db_integer((int64_t) most);
    struct db_statement  *statement;
    int ret = select_rows(db, "SELECT number, counted FROM counter_waiting ORDER BY number LIMIT $1", &limit, 1,
                          taken_row, &taken, error);
    *num = taken.num;
    *last = taken.last;
    if (ret != 0 || taken.num == 0)
        return ret;
    const struct db_value up_to = db_integer(taken.last);
    ret = db_prepare(db, "DELETE FROM counter_waiting WHERE number <= $1", &statement, error);
    return ret == 0 ? db_run(statement, &up_to, 1, error) : ret;
}

int counters_write(struct counter_book *book, struct db *db, struct db_error *error)
{
    if (book->num_counted == 0 && book->dirty_cells.num == 0)
        return 0;
    int ret = write_combinations(book, db, error);
    if (ret == 0 && waits(book)) {
        ret = counters_waiting_write(db, book->counted, book->num_counted, &book->newest_waiting, error);
        book->waiting = true;
    } else if (ret == 0) {
        if (book->fold != NULL)
            counters_fold_stale(book->fold);
        for (size_t i = 0; i < book->num_counted && ret == 0; i++)
            ret = counters_apply(book, &book->counted[i]);
        if (ret == 0)
            ret = counters_write_rows(book, db, error);
    }
    book->num_counted = 0;
    if (ret != 0)
        counters_forget(book);
    return ret;
}

int counters_settle(struct counter_book *book, struct db *db, struct db_error *error)
{
    int     ret = counters_write(book, db, error);
    size_t  num;
    int64_t last;
    if (ret != 0 || !book->waiting)
        return ret;
    if (book->fold != NULL)
        counters_fold_pause(book->fold, true);
    forget_rows(book);
    ret = counters_take_waiting(book, db, INT32_MAX, &num, &last, error);
    if (ret == 0)
        ret = counters_write_rows(book, db, error);
    book->waiting = false;
    if (ret != 0)
        counters_forget(book);
    return ret;
}

void counters_committed(struct counter_book *book)
{
    if (book->fold == NULL)
        return;
    counters_fold_pause(book->fold, false);
    if (book->waiting)
        counters_fold_tell(book->fold, book->newest_waiting);
}
