/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "store/counters_internal.h"
#include "store/key_table.h"
#include "store/select_many.h"
#include "store/tables.h"

/* Series kept in memory over groups; more, and the memory is emptied between two groups. */
enum { MOST_SERIES = 400000, MOST_CODE = 120 };

/* A series: its key without gaps, then what is known of it. */
struct series {
    struct {
        uint32_t  record, counter;
        uint32_t  codes[COUNTERS_DIMENSIONS]; /* numbers of texts in `codes` */
        struct id area;
    } key;
    int64_t number;
    bool    exists; /* its row is in the database, or in this transaction */
};

struct increment {
    struct {
        uint32_t series; /* its place in `series` */
        toc_date day, known;
    } key;
    int64_t value;
};

struct area {
    struct {
        struct id id;
        uint32_t  record;
    } key;
    int64_t changes;        /* as the database has them */
    int64_t total, added;   /* of this write: the sum, and how many */
    bool    loaded, rolled; /* read from the database; has its "all" series */
    bool    roll_now;
};

struct code {
    char text[MOST_CODE]; /* its key */
};

/* A line of counter_total: of the first counter of a record at a rolled-up area. */
struct total {
    int64_t series; /* its key */
    int64_t value;
};

struct counter_book {
    struct key_table series, increments, areas, codes, totals;
};

int counters_new(struct counter_book **book)
{
    struct counter_book *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    *made = (struct counter_book){
        .series = KEY_TABLE_INIT(sizeof((struct series *) NULL)->key, struct series),
        .increments = KEY_TABLE_INIT(sizeof((struct increment *) NULL)->key, struct increment),
        .areas = KEY_TABLE_INIT(sizeof((struct area *) NULL)->key, struct area),
        .codes = KEY_TABLE_INIT(sizeof((struct code *) NULL)->text, struct code),
        .totals = KEY_TABLE_INIT(sizeof(int64_t), struct total),
    };
    *book = made;
    return 0;
}

void counters_forget(struct counter_book *book)
{
    key_table_clear(&book->series);
    key_table_clear(&book->increments);
    key_table_clear(&book->areas);
    key_table_clear(&book->codes);
    key_table_clear(&book->totals);
}

void counters_free(struct counter_book *book)
{
    if (book == NULL)
        return;
    key_table_free(&book->series);
    key_table_free(&book->increments);
    key_table_free(&book->areas);
    key_table_free(&book->codes);
    key_table_free(&book->totals);
    free(book);
}

size_t counters_num_dimensions(const struct model_counter *counter)
{
    size_t num = 0;
    while (num < COUNTERS_DIMENSIONS && counter->dimensions[num] != NULL)
        num++;
    return num;
}

int64_t counters_place(const struct id *area)
{
    uint8_t  hash[crypto_generichash_BYTES_MIN];
    uint32_t place;
    crypto_generichash(hash, sizeof hash, area->bytes, ID_BYTES, NULL, 0);
    memcpy(&place, hash, sizeof place);
    return place;
}

int64_t counters_series(const char *counter, const struct id *area, const char *const *dimensions, size_t num)
{
    crypto_generichash_state state;
    uint8_t                  hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *) counter, strlen(counter) + 1);
    crypto_generichash_update(&state, area->bytes, ID_BYTES);
    for (size_t i = 0; i < num; i++)
        crypto_generichash_update(&state, (const uint8_t *) dimensions[i], strlen(dimensions[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    uint64_t number;
    memcpy(&number, hash, sizeof number);
    return (int64_t) (number & INT64_MAX);
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

/* The number of a text; texts longer than a code may be are cut (there are none: model_check.h). */
static int number_of_code(struct counter_book *book, const char *text, size_t size, uint32_t *number)
{
    struct code key = { { 0 } };
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

static int find_series(struct counter_book *book, const struct series *wanted, uint32_t *place)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(&book->series, &wanted->key, &entry, &added);
    if (ret != 0)
        return ret;
    struct series *series = entry;
    if (added) {
        const struct model_counter *counter = &record_at(series->key.record)->counters[series->key.counter];
        const char                 *dimensions[COUNTERS_DIMENSIONS] = { NULL };
        for (size_t i = 0; i < COUNTERS_DIMENSIONS; i++)
            dimensions[i] = code_text(book, series->key.codes[i]);
        series->number =
            counters_series(counter->name, &series->key.area, dimensions, counters_num_dimensions(counter));
    }
    *place = (uint32_t) (series - (struct series *) (void *) book->series.entries);
    return 0;
}

static int add_total(struct counter_book *book, int64_t series, int64_t value)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(&book->totals, &series, &entry, &added);
    if (ret == 0)
        ((struct total *) entry)->value += value;
    return ret;
}

static int add_increment(struct counter_book *book, const struct series *wanted, toc_date day, toc_date known,
                         int64_t value)
{
    struct increment key = { .key = { .day = day, .known = known } };
    void            *entry;
    bool             added;
    int              ret = find_series(book, wanted, &key.key.series);
    if (ret == 0)
        ret = key_table_put(&book->increments, &key.key, &entry, &added);
    if (ret == 0)
        ((struct increment *) entry)->value += value;
    return ret;
}

static int touch_area(struct counter_book *book, uint32_t record, const struct id *id, int64_t total,
                      int64_t increments)
{
    struct area key = { .key = { .id = *id, .record = record } };
    void       *entry;
    bool        added;
    int         ret = key_table_put(&book->areas, &key.key, &entry, &added);
    if (ret == 0) {
        struct area *area = entry;
        area->total += total;
        area->added += increments;
    }
    return ret;
}

int counters_touch(struct counter_book *book, const struct model_record *record, const struct id *area, int64_t total,
                   int64_t increments)
{
    return touch_area(book, record_number(record), area, total, increments);
}

int counters_add(struct counter_book *book, const struct model_record *record, size_t counter, const struct id *area,
                 const struct model_text codes[COUNTERS_DIMENSIONS], toc_date day, toc_date known, int64_t value)
{
    struct series series = { .key = { .record = record_number(record), .counter = (uint32_t) counter, .area = *area } };
    size_t        num = counters_num_dimensions(&record->counters[counter]);
    int           ret = 0;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++)
        ret = d < num ? number_of_code(book, codes[d].bytes, codes[d].size, &series.key.codes[d])
                      : number_of_code(book, COUNTERS_MISSING, 0, &series.key.codes[d]);
    return ret == 0 ? add_increment(book, &series, day, known, value) : ret;
}

int counters_count(struct counter_book *book, const struct model_record *record, const void *value,
                   const struct id *areas, size_t num_areas, toc_date known, int64_t sign)
{
    uint32_t number = record_number(record);
    int      ret = 0;
    if (record->num_counters == 0)
        return 0;
    for (size_t a = 0; a < num_areas && ret == 0; a++)
        ret = touch_area(book, number, &areas[a], sign, 1);
    for (size_t c = 0; c < record->num_counters && ret == 0; c++) {
        const struct model_counter *counter = &record->counters[c];
        struct series               series = { .key = { .record = number, .counter = (uint32_t) c } };
        toc_date                    day = day_of(record, counter->day, value);
        for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++)
            ret = d < counters_num_dimensions(counter)
                      ? number_of_dimension(book, record, counter->dimensions[d], value, &series.key.codes[d])
                      : number_of_code(book, COUNTERS_MISSING, 0, &series.key.codes[d]);
        for (size_t a = 0; a < num_areas && ret == 0; a++) {
            series.key.area = areas[a];
            ret = add_increment(book, &series, day, known, sign);
        }
    }
    return ret;
}

/* ---- rolling up ---- */

/* Read what the database knows of areas that are new here. */
static int area_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct counter_book *book = context;
    (void) num_columns;
    struct area key;
    char        name[MOST_CODE];
    memset(&key, 0, sizeof key);
    memcpy(key.key.id.bytes, row[0].bytes, ID_BYTES);
    if (row[1].size >= sizeof name)
        return 0;
    memcpy(name, row[1].bytes, row[1].size);
    name[row[1].size] = '\0';
    const struct model_record *record = model_record_find(name);
    if (record == NULL)
        return 0;
    key.key.record = record_number(record);
    struct area *area = key_table_find(&book->areas, &key.key);
    if (area != NULL && !area->loaded) {
        area->changes = row[2].integer;
        area->rolled = row[3].integer != 0;
    }
    return 0;
}

static int load_areas(struct counter_book *book, struct db *db, struct db_error *error)
{
    struct db_value *keys = memory_array(book->areas.num, sizeof *keys);
    size_t           num = 0;
    if (keys == NULL)
        return book->areas.num == 0 ? 0 : TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->areas.num; i++) {
        struct area *area = key_table_at(&book->areas, i);
        if (!area->loaded)
            keys[num++] = db_id(&area->key.id);
    }
    int ret = select_many(db, "SELECT area, record, changes, rolled FROM counter_area WHERE area", "", keys, num,
                          area_row, book, error);
    for (size_t i = 0; i < book->areas.num && ret == 0; i++) {
        struct area *area = key_table_at(&book->areas, i);
        area->loaded = true;
        area->roll_now = !area->rolled && area->changes + area->added >= COUNTERS_ROLL_UP;
    }
    free(keys);
    return ret;
}

/* Rows of an area that is, or is to be, rolled up: each counts for every combination with "all" too. */
struct roll {
    struct counter_book *book;
    struct series        series; /* record, counter, area */
    size_t               num_dimensions;
};

static int add_combinations(struct roll *roll, const uint32_t codes[COUNTERS_DIMENSIONS], toc_date day, toc_date known,
                            int64_t value)
{
    uint32_t all;
    int      ret = number_of_code(roll->book, COUNTERS_ALL, strlen(COUNTERS_ALL), &all);
    for (unsigned mask = 1; mask < 1u << roll->num_dimensions && ret == 0; mask++) {
        for (size_t d = 0; d < COUNTERS_DIMENSIONS; d++)
            roll->series.key.codes[d] = (mask >> d & 1) != 0 ? all : codes[d];
        ret = add_increment(roll->book, &roll->series, day, known, value);
        uint32_t place;
        if (ret == 0 && roll->series.key.counter == 0 && (ret = find_series(roll->book, &roll->series, &place)) == 0)
            ret = add_total(roll->book, ((struct series *) key_table_at(&roll->book->series, place))->number, value);
    }
    return ret;
}

/* A row that the database holds. Its own series exists; in the totals it is new. */
static int roll_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct roll *roll = context;
    uint32_t     codes[COUNTERS_DIMENSIONS] = { 0 };
    int64_t      value = row[COUNTERS_DIMENSIONS + 3].integer;
    int          ret = 0;
    (void) num_columns;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++)
        ret = number_of_code(roll->book, row[d].bytes, row[d].size, &codes[d]);
    if (ret == 0)
        ret = add_combinations(roll, codes, (toc_date) row[COUNTERS_DIMENSIONS].integer,
                               (toc_date) row[COUNTERS_DIMENSIONS + 1].integer, value);
    if (ret == 0 && roll->series.key.counter == 0)
        ret = add_total(roll->book, row[COUNTERS_DIMENSIONS + 2].integer, value);
    return ret;
}

#define ROWS_OF_AREA                                                                                                   \
    "SELECT s.dimension_1, s.dimension_2, s.dimension_3, s.dimension_4, i.event_day, i.known_day, s.series, i.value "  \
    "FROM counter i CROSS JOIN counter_series s WHERE i.place = $3 AND s.series = i.series AND s.area = $1 AND "       \
    "s.counter = $2 AND s.dimension_1 <> '*' AND s.dimension_2 <> '*' AND s.dimension_3 <> '*' AND "                   \
    "s.dimension_4 <> '*'"

/* What the database holds of an area that passes the limit now. */
static int roll_area(struct counter_book *book, struct db *db, const struct area *area, struct db_error *error)
{
    const struct model_record *record = record_at(area->key.record);
    int                        ret = 0;
    for (size_t c = 0; c < record->num_counters && ret == 0; c++) {
        struct roll roll = { .book = book, .num_dimensions = counters_num_dimensions(&record->counters[c]) };
        roll.series.key.record = area->key.record;
        roll.series.key.counter = (uint32_t) c;
        roll.series.key.area = area->key.id;
        struct db_value parameters[] = { db_id(&area->key.id), db_word(record->counters[c].name),
                                         db_integer(counters_place(&area->key.id)) };
        ret = select_rows(db, ROWS_OF_AREA, parameters, 3, roll_row, &roll, error);
    }
    return ret;
}

static const struct area *area_of(const struct counter_book *book, const struct series *series)
{
    struct area key = { .key = { .id = series->key.area, .record = series->key.record } };
    return key_table_find(&book->areas, &key.key);
}

/* The increments of this write at rolled-up areas count for their combinations and totals too. */
static int roll_increments(struct counter_book *book)
{
    int    ret = 0;
    size_t num = book->increments.num;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct increment   increment = *(struct increment *) key_table_at(&book->increments, i);
        struct series      series = *(struct series *) key_table_at(&book->series, increment.key.series);
        const struct area *area = area_of(book, &series);
        if (area == NULL || (!area->rolled && !area->roll_now))
            continue;
        struct roll roll = { .book = book, .series = series };
        roll.num_dimensions = counters_num_dimensions(&record_at(series.key.record)->counters[series.key.counter]);
        ret = add_combinations(&roll, series.key.codes, increment.key.day, increment.key.known, increment.value);
        if (ret == 0 && series.key.counter == 0)
            ret = add_total(book, series.number, increment.value);
    }
    return ret;
}

static int roll_up(struct counter_book *book, struct db *db, struct db_error *error)
{
    int ret = roll_increments(book);
    for (size_t a = 0; a < book->areas.num && ret == 0; a++) {
        struct area area = *(struct area *) key_table_at(&book->areas, a);
        if (area.roll_now && area.changes > 0)
            ret = roll_area(book, db, &area, error);
    }
    return ret;
}

/* ---- writing ---- */

/* The series of a number, as the database has it, among those that are looked for. */
struct search {
    struct counter_book *book;
    struct key_table     wanted; /* number, place */
};

struct wanted {
    int64_t  number; /* its key */
    uint32_t place;
};

static bool is_text(const struct db_value *value, const char *text)
{
    return value->size == strlen(text) && memcmp(value->bytes, text, value->size) == 0;
}

static int series_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct search       *search = context;
    const struct wanted *wanted = key_table_find(&search->wanted, &row[0].integer);
    (void) num_columns;
    if (wanted == NULL)
        return 0;
    struct series *series = key_table_at(&search->book->series, wanted->place);
    bool           same = is_text(&row[1], record_at(series->key.record)->counters[series->key.counter].name) &&
                memcmp(row[2].bytes, series->key.area.bytes, ID_BYTES) == 0;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && same; d++)
        same = is_text(&row[3 + d], code_text(search->book, series->key.codes[d]));
    series->exists = true;
    return same ? 0 : DB_ERR_CORRUPT;
}

/* The series of this write that are not known to exist, by their numbers; keys: room for one a series. */
static int gather_unknown(struct counter_book *book, struct key_table *wanted, struct db_value *keys, size_t *num)
{
    for (size_t i = 0; i < book->increments.num; i++) {
        const struct increment *increment = key_table_at(&book->increments, i);
        const struct series    *series = key_table_at(&book->series, increment->key.series);
        void                   *entry;
        bool                    added = false;
        if (series->exists || increment->value == 0)
            continue;
        int ret = key_table_put(wanted, &series->number, &entry, &added);
        if (ret != 0)
            return ret;
        if (!added && ((struct wanted *) entry)->place != increment->key.series)
            return DB_ERR_CORRUPT;
        ((struct wanted *) entry)->place = increment->key.series;
        if (added)
            keys[(*num)++] = db_integer(series->number);
    }
    return 0;
}

enum { SERIES_COLUMNS = 3 + COUNTERS_DIMENSIONS };

static int insert_series(struct counter_book *book, struct db *db, const struct key_table *wanted,
                         struct db_error *error)
{
    struct db_value *rows = memory_array(wanted->num, SERIES_COLUMNS * sizeof *rows);
    size_t           num = 0;
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < wanted->num; i++) {
        struct series *series = key_table_at(&book->series, ((struct wanted *) key_table_at(wanted, i))->place);
        if (series->exists)
            continue;
        struct db_value *row = rows + num++ * SERIES_COLUMNS;
        row[0] = db_integer(series->number);
        row[1] = db_word(record_at(series->key.record)->counters[series->key.counter].name);
        row[2] = db_id(&series->key.area);
        for (size_t d = 0; d < COUNTERS_DIMENSIONS; d++)
            row[3 + d] = db_word(code_text(book, series->key.codes[d]));
        series->exists = true;
    }
    int ret = num == 0 ? 0 : db_insert(db, &store_table_counter_series, rows, num, error);
    free(rows);
    return ret;
}

static int make_series(struct counter_book *book, struct db *db, struct db_error *error)
{
    struct search    search = { .book = book, .wanted = KEY_TABLE_INIT(sizeof(int64_t), struct wanted) };
    struct db_value *keys = memory_array(book->series.num, sizeof *keys);
    size_t           num = 0;
    int              ret = keys == NULL ? TOC_ERR_NO_MEMORY : gather_unknown(book, &search.wanted, keys, &num);
    if (ret == 0)
        ret = select_many(db,
                          "SELECT series, counter, area, dimension_1, dimension_2, dimension_3, dimension_4 FROM "
                          "counter_series WHERE series",
                          "", keys, num, series_row, &search, error);
    if (ret == 0 && num > 0)
        ret = insert_series(book, db, &search.wanted, error);
    free(keys);
    key_table_free(&search.wanted);
    return ret;
}

static int write_increments(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = STORE_COLUMNS_counter, SUM = 1u << store_counter_value };
    struct db_value *rows = memory_array(book->increments.num, COLUMNS * sizeof *rows);
    size_t           num = 0;
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->increments.num; i++) {
        const struct increment *increment = key_table_at(&book->increments, i);
        if (increment->value == 0)
            continue;
        struct db_value     *row = rows + num++ * COLUMNS;
        const struct series *series = key_table_at(&book->series, increment->key.series);
        row[store_counter_place] = db_integer(counters_place(&series->key.area));
        row[store_counter_event_day] = db_integer(increment->key.day);
        row[store_counter_series] = db_integer(series->number);
        row[store_counter_known_day] = db_integer(increment->key.known);
        row[store_counter_value] = db_integer(increment->value);
    }
    int ret = num == 0 ? 0 : db_add(db, &store_table_counter, SUM, rows, num, error);
    free(rows);
    return ret;
}

static int write_totals(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = 2, SUM = 1u << 1 };
    struct db_value *rows = memory_array(book->totals.num + 1, COLUMNS * sizeof *rows);
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->totals.num; i++) {
        const struct total *total = key_table_at(&book->totals, i);
        rows[i * COLUMNS] = db_integer(total->series);
        rows[i * COLUMNS + 1] = db_integer(total->value);
    }
    int ret = book->totals.num == 0 ? 0 : db_add(db, &store_table_counter_total, SUM, rows, book->totals.num, error);
    free(rows);
    return ret;
}

static int write_areas(struct counter_book *book, struct db *db, struct db_error *error)
{
    enum { COLUMNS = 5, SUM = 1u << 2 | 1u << 3 | 1u << 4 };
    struct db_value *rows = memory_array(book->areas.num, COLUMNS * sizeof *rows);
    size_t           num = 0;
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < book->areas.num; i++) {
        struct area *area = key_table_at(&book->areas, i);
        if (area->added == 0)
            continue;
        struct db_value *row = rows + num++ * COLUMNS;
        row[0] = db_id(&area->key.id);
        row[1] = db_word(record_at(area->key.record)->name);
        row[2] = db_integer(area->total);
        row[3] = db_integer(area->added);
        row[4] = db_integer(area->roll_now ? 1 : 0);
        area->rolled = area->rolled || area->roll_now;
        area->roll_now = false;
        area->changes += area->added;
        area->added = area->total = 0;
    }
    int ret = num == 0 ? 0 : db_add(db, &store_table_counter_area, SUM, rows, num, error);
    free(rows);
    return ret;
}

int counters_write(struct counter_book *book, struct db *db, struct db_error *error)
{
    if (book->increments.num == 0)
        return 0;
    int ret = load_areas(book, db, error);
    if (ret == 0)
        ret = roll_up(book, db, error);
    if (ret == 0)
        ret = make_series(book, db, error);
    if (ret == 0)
        ret = write_increments(book, db, error);
    if (ret == 0)
        ret = write_totals(book, db, error);
    if (ret == 0)
        ret = write_areas(book, db, error);
    key_table_clear(&book->increments);
    key_table_clear(&book->totals);
    if (ret != 0 || book->series.num > MOST_SERIES)
        counters_forget(book);
    return ret;
}
