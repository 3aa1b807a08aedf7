/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "model/model_moment.h"
#include "store/counters_book.h"
#include "store/counters_fold.h"
#include "store/counters_slices.h"
#include "store/select_many.h"
#include "store/tables.h"

/* Rows kept in memory over groups; more, and the memory is emptied between two groups. */
enum { MOST_CELLS = 200000 };

struct code {
    char text[MOST_CODE]; /* its key */
};

struct combination {
    uint32_t codes[COUNTERS_DIMENSIONS]; /* its key: numbers of texts in `codes` */
    uint32_t number;
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
    if (book->slices != NULL)
        counters_slices_clear(book->slices);
}

void counters_keep_small(struct counter_book *book)
{
    if (book->cells.num > MOST_CELLS)
        forget_rows(book);
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
    counters_slices_free(book->slices);
    free(book);
}

void counters_leave_to(struct counter_book *book, struct counters_fold *fold, size_t least)
{
    book->fold = fold;
    book->least_waiting = least;
}

int counters_leave_to_slices(struct counter_book *book, size_t least, size_t batch)
{
    book->least_waiting = least;
    return counters_slices_new(batch, &book->slices);
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
    if (row[0].type == DB_INTEGER && row[0].integer > book->newest_waiting)
        book->newest_waiting = row[0].integer;
    book->waiting = row[0].type == DB_INTEGER;
    return 0;
}

int counters_begin(struct counter_book *book, struct db *db, struct db_error *error)
{
    counters_keep_small(book);
    if (book->fold != NULL)
        counters_fold_pause(book->fold, false);
    if (book->begun)
        return 0;
    int ret =
        select_rows(db,
                    "SELECT number, dimension_1, dimension_2, dimension_3, dimension_4, dimension_5, dimension_6 FROM "
                    "counter_codes ORDER BY number",
                    NULL, 0, combination_row, book, error);
    if (ret == 0)
        ret = select_rows(db, "SELECT max(number) FROM counter_waiting", NULL, 0, newest_row, book, error);
    if (ret == 0 && book->slices != NULL)
        ret = counters_slices_load(book->slices, book, db, &book->newest_waiting, error);
    book->begun = ret == 0;
    book->combinations_written = book->combinations.num;
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

static int number_of_dimension(struct counter_book *book, const struct model_record *record, const char *name,
                               const void *value, uint32_t *number)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    const void               *at = (const char *) value + field->offset;
    if (model_is_missing(field, value))
        return number_of_code(book, COUNTERS_MISSING, 0, number);
    if (field->kind == MODEL_KIND_FLAG)
        return number_of_code(book, *(const int64_t *) at != 0 ? "1" : "0", 1, number);
    if (field->kind == MODEL_KIND_REFERENCE) {
        char text_of_id[ID_TEXT_BYTES];
        id_to_text(at, text_of_id);
        return number_of_code(book, text_of_id, strlen(text_of_id), number);
    }
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

toc_date counters_day(const struct model_record *record, const char *name, const void *value)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    const void               *at = (const char *) value + field->offset;
    if (model_is_missing(field, value))
        return MODEL_MISSING_DATE;
    if (field->kind == MODEL_KIND_DATE)
        return *(const toc_date *) at;
    const struct model_text *time = at;
    struct model_moment      moment;
    toc_date                 day;
    enum date_form           form;
    if (time->size > DATE_TEXT_BYTES && time->bytes[time->size - 1] == 'Z' && model_moment_of(field, value, &moment))
        return time_zone_day(moment.start);
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

int counters_series_at(struct counter_book *book, const struct model_record *record, const struct id *area,
                       const struct counters_series **series)
{
    uint32_t place;
    int      ret = find_area(book, record, area, &place);
    if (ret == 0)
        *series = area_at(book, place)->series;
    return ret;
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

/* One more that was counted, with no counter yet; it is kept when book->num_counted goes up. */
static int begin_counted(struct counter_book *book, const struct model_record *record, const struct id *areas,
                         size_t num_areas, toc_date known, int64_t sign, struct counters_counted **counted)
{
    if (book->num_counted == book->room_counted) {
        size_t room = book->room_counted == 0 ? 64 : 2 * book->room_counted;
        void  *more = memory_resize(book->counted, room, sizeof *book->counted);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        book->counted = more;
        book->room_counted = room;
    }
    *counted = &book->counted[book->num_counted];
    **counted = (struct counters_counted){ .record = record, .sign = sign, .known = known, .num_areas = num_areas };
    memcpy((*counted)->areas, areas, num_areas * sizeof *areas);
    return 0;
}

/* What a counter counts of a record. */
struct counting {
    toc_date day;
    uint32_t codes;
    bool     counts;
};

/* Is it one of the records that the counter is of? */
static bool is_of(const struct model_record *record, const struct model_counter *counter, const void *value)
{
    if (counter->only == NULL)
        return true;
    const struct model_field *field = model_field_find(record, counter->only, strlen(counter->only));
    const struct model_text  *code = (const void *) ((const char *) value + field->offset);
    for (size_t i = 0; i < MODEL_MAX_ONLY && counter->codes[i] != NULL; i++)
        if (code->size == strlen(counter->codes[i]) && code->size > 0 &&
            memcmp(code->bytes, counter->codes[i], code->size) == 0)
            return true;
    return false;
}

static int count_of(struct counter_book *book, const struct model_record *record, size_t counter, const void *value,
                    struct counting *counting)
{
    const struct model_counter *one = &record->counters[counter];
    counting->day = counters_day(record, one->day, value);
    counting->counts = (!one->dated || counting->day != MODEL_MISSING_DATE) && is_of(record, one, value);
    return counting->counts ? combination_of(book, record, one, value, &counting->codes) : 0;
}

static void put_counter(struct counters_counted *counted, size_t counter, const struct counting *counting)
{
    counted->counters[counted->num_counters] = (uint8_t) counter;
    counted->days[counted->num_counters] = counting->day;
    counted->codes[counted->num_counters++] = counting->codes;
}

int counters_count(struct counter_book *book, const struct model_record *record, const void *value,
                   const struct id *areas, size_t num_areas, toc_date known, int64_t sign)
{
    struct counters_counted *counted;
    if (record->num_counters > MOST_COUNTERS || num_areas > COUNTERS_MOST_AREAS)
        return TOC_ERR_TOO_LARGE;
    if (record->num_counters == 0 || num_areas == 0)
        return 0;
    int ret = begin_counted(book, record, areas, num_areas, known, sign, &counted);
    for (size_t c = 0; c < record->num_counters && ret == 0; c++) {
        struct counting counting = { .counts = false };
        ret = count_of(book, record, c, value, &counting);
        if (ret == 0 && counting.counts)
            put_counter(counted, c, &counting);
    }
    book->num_counted += ret == 0 && counted->num_counters > 0;
    return ret;
}

static bool same_counting(const struct counting *a, const struct counting *b)
{
    return a->counts == b->counts && (!a->counts || (a->day == b->day && a->codes == b->codes));
}

int counters_recount(struct counter_book *book, const struct model_record *record, const void *before,
                     const void *after, const struct id *areas, size_t num_areas, toc_date known)
{
    struct counting counting[2][MOST_COUNTERS] = { { { .counts = false } } };
    int             ret = 0;
    if (record->num_counters > MOST_COUNTERS || num_areas > COUNTERS_MOST_AREAS)
        return TOC_ERR_TOO_LARGE;
    for (size_t c = 0; c < record->num_counters && ret == 0; c++) {
        ret = count_of(book, record, c, before, &counting[0][c]);
        if (ret == 0)
            ret = count_of(book, record, c, after, &counting[1][c]);
    }
    for (int64_t sign = -1; sign <= 1 && ret == 0 && num_areas > 0; sign += 2) {
        struct counters_counted *counted;
        ret = begin_counted(book, record, areas, num_areas, known, sign, &counted);
        for (size_t c = 0; c < record->num_counters && ret == 0; c++)
            if (counting[sign > 0][c].counts && !same_counting(&counting[0][c], &counting[1][c]))
                put_counter(counted, c, &counting[sign > 0][c]);
        book->num_counted += ret == 0 && counted->num_counters > 0;
    }
    return ret;
}

/* Count into the rows of the series, but for those that have it already. */
static int apply(struct counter_book *book, const struct counters_counted *counted, const struct counters_slice *slice,
                 int64_t number)
{
    uint32_t area;
    int      ret = 0;
    for (size_t a = 0; a < counted->num_areas && ret == 0; a++) {
        ret = find_area(book, counted->record, &counted->areas[a], &area);
        for (size_t c = 0; c < counted->num_counters && ret == 0; c++) {
            uint32_t counter = counted->counters[c];
            if (slice != NULL && counters_slice_has(slice, number, area_at(book, area)->series[counter].number))
                continue;
            ret = count_at(book, area, counter, counted->days[c], counted->known, counted->codes[c], counted->sign);
        }
    }
    return ret;
}

/* ---- what waits ---- */

/* What this group counted is left to the fold or the slices: because it is much, or because others' still waits. */
static bool waits(struct counter_book *book)
{
    if ((book->fold == NULL && book->slices == NULL) || book->dirty_cells.num > 0)
        return false;
    if (book->fold != NULL && book->waiting && counters_fold_done(book->fold, book->newest_waiting)) {
        book->waiting = false;
        forget_rows(book);
    }
    return book->waiting || book->num_counted >= book->least_waiting;
}

struct taken {
    struct counter_book  *book;
    struct counters_slice slice;
    size_t                num;
    int64_t               last;
};

static int take_counted(void *context, int64_t number, const struct counters_counted *counted)
{
    struct taken *taken = context;
    taken->num += taken->last != number;
    taken->last = number;
    return apply(taken->book, counted, &taken->slice, number);
}

int counters_take_waiting(struct counter_book *book, struct db *db, size_t most, size_t *num, int64_t *last,
                          struct db_error *error)
{
    struct taken taken = { .book = book };
    int          ret = counters_slice_read(db, &taken.slice, error); /* of a database that came from elsewhere */
    if (ret == 0)
        ret = counters_waiting_read(db, most, take_counted, &taken, error);
    *num = taken.num;
    *last = taken.last;
    return ret != 0 || taken.num == 0 ? ret : counters_waiting_remove(db, taken.last, error);
}

static int leave(struct counter_book *book, struct db *db, struct db_error *error)
{
    struct counters_open *open = book->slices != NULL ? counters_slices_open(book->slices) : NULL;
    int ret = counters_waiting_write(db, book->counted, book->num_counted, open, &book->newest_waiting, error);
    if (ret == 0 && book->slices != NULL)
        ret = counters_slices_put(book->slices, book, book->counted, book->num_counted, book->newest_waiting);
    book->waiting = true;
    return ret;
}

int counters_write(struct counter_book *book, struct db *db, struct db_error *error)
{
    if (book->num_counted == 0 && book->dirty_cells.num == 0)
        return 0;
    int ret = write_combinations(book, db, error);
    if (ret == 0 && waits(book)) {
        ret = leave(book, db, error);
    } else if (ret == 0) {
        if (book->fold != NULL)
            counters_fold_stale(book->fold);
        for (size_t i = 0; i < book->num_counted && ret == 0; i++)
            ret = apply(book, &book->counted[i], NULL, 0);
        if (ret == 0)
            ret = counters_write_rows(book, db, error);
    }
    book->num_counted = 0;
    if (ret != 0)
        counters_forget(book);
    return ret;
}

static int write_slices(struct counter_book *book, struct db *db, enum counters_haste haste, struct db_error *error)
{
    int ret = counters_slices_write(book->slices, book, db, haste, error);
    book->waiting = counters_slices_any(book->slices);
    if (ret != 0)
        counters_forget(book);
    return ret;
}

int counters_write_waiting(struct counter_book *book, struct db *db, bool idle, struct db_error *error)
{
    return book->slices == NULL || !book->waiting
               ? 0
               : write_slices(book, db, idle ? COUNTERS_IDLE : COUNTERS_KEEP_UP, error);
}

bool counters_wait(const struct counter_book *book)
{
    return book->slices != NULL && book->waiting;
}

int counters_settle(struct counter_book *book, struct db *db, struct db_error *error)
{
    int     ret = counters_write(book, db, error);
    size_t  num;
    int64_t last;
    if (ret != 0 || !book->waiting)
        return ret;
    if (book->slices != NULL)
        return write_slices(book, db, COUNTERS_ALL, error);
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
