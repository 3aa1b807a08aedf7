/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters_waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "store/select_many.h"
#include "store/tables.h"
#include "tocsin/status.h"

/* A row is ended when it has so many bytes: with one more record it still lies in its page, where PostgreSQL would
 * compress a longer one and keep it elsewhere. */
enum { ENOUGH_BYTES = 1400, MOST_SHIFT = 63, NAME_BYTES = 80 };

/* ---- writing ---- */

static void put(struct sink *sink, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        sink_character(sink, (char) (number | 0x80));
    sink_character(sink, (char) number);
}

static void put_signed(struct sink *sink, int64_t number)
{
    put(sink, (uint64_t) number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

static void put_text(struct sink *sink, const char *text)
{
    put(sink, strlen(text));
    sink_text(sink, text);
}

static void put_head(struct sink *sink, const struct counters_counted *counted)
{
    put_signed(sink, counted->known);
    put_text(sink, counted->record->name);
    put(sink, counted->num_counters);
    for (size_t c = 0; c < counted->num_counters; c++)
        put_text(sink, counted->record->counters[counted->counters[c]].name);
}

static void put_counted(struct sink *sink, const struct counters_counted *counted)
{
    put_signed(sink, counted->sign);
    put(sink, counted->num_areas);
    for (size_t a = 0; a < counted->num_areas; a++)
        sink_write(sink, (const char *) counted->areas[a].bytes, ID_BYTES);
    for (size_t c = 0; c < counted->num_counters; c++) {
        put_signed(sink, counted->days[c]);
        put(sink, counted->codes[c]);
    }
}

static bool same_head(const struct counters_counted *a, const struct counters_counted *b)
{
    return a->record == b->record && a->known == b->known && a->num_counters == b->num_counters &&
           memcmp(a->counters, b->counters, a->num_counters) == 0;
}

static int run(struct db *db, const char *sql, const struct db_value *parameters, size_t num, struct db_error *error)
{
    struct db_statement *statement;
    int                  ret = db_prepare(db, sql, &statement, error);
    return ret == 0 ? db_run(statement, parameters, num, error) : ret;
}

struct writing {
    struct db            *db;
    struct counters_open *open;
    int64_t              *newest;
    struct db_error      *error;
    struct sink           piece;  /* what is put into a row next */
    struct sink           bytes;  /* of rows that are new, one behind the other */
    struct db_value      *rows;   /* these rows */
    size_t               *begins; /* of each in `bytes`; one more: the end */
    size_t                num_rows;
};

/* The row stands in the database as it is, or will with the other new ones. */
static int keep_row(struct writing *writing, struct counters_open_row *row)
{
    enum { COLUMNS = STORE_COLUMNS_counter_waiting };
    const struct db_value parameters[] = { db_bytes(row->bytes, row->used), db_integer(row->number) };
    bool                  changed = row->changed, stored = row->stored;
    row->changed = false;
    row->stored = true;
    if (!changed)
        return 0;
    if (stored)
        return run(writing->db, "UPDATE counter_waiting SET counted = $1 WHERE number = $2", parameters, 2,
                   writing->error);
    sink_write(&writing->bytes, row->bytes, row->used);
    writing->rows[writing->num_rows * COLUMNS + store_counter_waiting_number] = db_integer(row->number);
    writing->begins[++writing->num_rows] = writing->bytes.used;
    return 0;
}

/* What was put into `piece` goes to the end of the row. */
static int append(struct writing *writing, struct counters_open_row *row)
{
    if (writing->piece.failure != 0)
        return TOC_ERR_NO_MEMORY;
    if (writing->piece.used > sizeof row->bytes - row->used)
        return TOC_ERR_TOO_LARGE;
    memcpy(row->bytes + row->used, writing->piece.bytes, writing->piece.used);
    row->used += writing->piece.used;
    row->changed = true;
    writing->piece.used = 0;
    return 0;
}

/* The open row for such a record, a new one where none has room. */
static int find_row(struct writing *writing, const struct counters_counted *counted, struct counters_open_row **found)
{
    struct counters_open     *open = writing->open;
    struct counters_open_row *row = NULL;
    for (size_t i = 0; i < COUNTERS_OPEN_ROWS && row == NULL; i++)
        if (open->rows[i].number != 0 && same_head(&open->rows[i].head, counted))
            row = &open->rows[i];
    if (row == NULL)
        row = &open->rows[open->next++ % COUNTERS_OPEN_ROWS];
    else if (row->used < ENOUGH_BYTES) {
        *found = row;
        return 0;
    }
    int ret = keep_row(writing, row);
    row->head = *counted;
    row->number = ++*writing->newest;
    row->stored = false;
    row->used = 0;
    put_head(&writing->piece, counted);
    *found = row;
    return ret == 0 ? append(writing, row) : ret;
}

static int put_all(struct writing *writing, const struct counters_counted *counted, size_t num)
{
    int ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct counters_open_row *row;
        ret = find_row(writing, &counted[i], &row);
        put_counted(&writing->piece, &counted[i]);
        if (ret == 0)
            ret = append(writing, row);
    }
    for (size_t i = 0; i < COUNTERS_OPEN_ROWS && ret == 0; i++)
        ret = keep_row(writing, &writing->open->rows[i]);
    return ret == 0 && writing->bytes.failure != 0 ? TOC_ERR_NO_MEMORY : ret;
}

int counters_waiting_write(struct db *db, const struct counters_counted *counted, size_t num,
                           struct counters_open *open, int64_t *newest, struct db_error *error)
{
    enum { COLUMNS = STORE_COLUMNS_counter_waiting };
    struct counters_open none = { .next = 0 };
    int64_t              number = *newest;
    struct writing       writing = { .db = db,
                                     .open = open != NULL ? open : &none,
                                     .newest = &number,
                                     .error = error,
                                     .rows = memory_array(num + 1, COLUMNS * sizeof *writing.rows),
                                     .begins = memory_array(num + 1, sizeof *writing.begins) };
    sink_init_memory(&writing.piece);
    sink_init_memory(&writing.bytes);
    int ret = writing.rows == NULL || writing.begins == NULL ? TOC_ERR_NO_MEMORY : put_all(&writing, counted, num);
    for (size_t i = 0; i < writing.num_rows && ret == 0; i++)
        writing.rows[i * COLUMNS + store_counter_waiting_counted] =
            db_bytes(writing.bytes.bytes + writing.begins[i], writing.begins[i + 1] - writing.begins[i]);
    if (ret == 0)
        ret = db_insert(db, &store_table_counter_waiting, writing.rows, writing.num_rows, error);
    if (ret == 0)
        *newest = number;
    free(writing.rows);
    free(writing.begins);
    sink_free(&writing.piece);
    sink_free(&writing.bytes);
    return ret;
}

/* ---- reading ---- */

struct walk {
    const uint8_t *at, *end;
    bool           bad;
};

static uint64_t take(struct walk *walk)
{
    uint64_t number = 0;
    for (unsigned shift = 0; walk->at < walk->end && shift <= MOST_SHIFT; shift += 7) {
        uint8_t byte = *walk->at++;
        number |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    walk->bad = true;
    return 0;
}

static int64_t take_signed(struct walk *walk)
{
    uint64_t number = take(walk);
    return (int64_t) (number >> 1) ^ ((number & 1) != 0 ? -1 : 0);
}

static toc_date take_day(struct walk *walk)
{
    int64_t day = take_signed(walk);
    walk->bad = walk->bad || day < INT32_MIN || day > INT32_MAX;
    return walk->bad ? 0 : (toc_date) day;
}

static const uint8_t *take_bytes(struct walk *walk, uint64_t size)
{
    const uint8_t *bytes = walk->at;
    walk->bad = walk->bad || size > (uint64_t) (walk->end - walk->at);
    if (!walk->bad)
        walk->at += size;
    return bytes;
}

/* A name into `text`, cut where it is longer than any. */
static void take_name(struct walk *walk, char text[NAME_BYTES])
{
    uint64_t       size = take(walk);
    const uint8_t *bytes = take_bytes(walk, size);
    size_t         kept = size < NAME_BYTES - 1 ? (size_t) size : NAME_BYTES - 1;
    if (!walk->bad)
        memcpy(text, bytes, kept);
    text[walk->bad ? 0 : kept] = '\0';
}

/* What a row begins with. places[c]: the number of its counter c among the record's; -1: the model has it no longer. */
struct head {
    const struct model_record *record;
    toc_date                   known;
    size_t                     num_counters;
    int                        places[COUNTERS_MOST_COUNTERS];
};

/* The number of a counter among the record's, probably `guess`; -1: it has none of that name. */
static int find_counter(const struct model_record *record, const char *name, size_t guess)
{
    if (record == NULL)
        return -1;
    if (guess < record->num_counters && strcmp(record->counters[guess].name, name) == 0)
        return (int) guess;
    for (size_t c = 0; c < record->num_counters; c++)
        if (strcmp(record->counters[c].name, name) == 0)
            return (int) c;
    return -1;
}

/* False: it is of another record than `only`. */
static bool take_head(struct walk *walk, const struct model_record *only, struct head *head)
{
    char name[NAME_BYTES];
    *head = (struct head){ .known = take_day(walk) };
    take_name(walk, name);
    if (only != NULL && !walk->bad && strcmp(only->name, name) != 0)
        return false;
    head->record = only != NULL ? only : model_record_find(name);
    uint64_t num = take(walk);
    walk->bad = walk->bad || num > COUNTERS_MOST_COUNTERS;
    for (head->num_counters = 0; !walk->bad && head->num_counters < num; head->num_counters++) {
        take_name(walk, name);
        head->places[head->num_counters] = find_counter(head->record, name, head->num_counters);
    }
    return true;
}

static void take_counted(struct walk *walk, const struct head *head, struct counters_counted *counted)
{
    *counted = (struct counters_counted){ .record = head->record, .known = head->known, .sign = take_signed(walk) };
    uint64_t       num = take(walk);
    const uint8_t *areas = take_bytes(walk, num <= COUNTERS_MOST_AREAS ? num * ID_BYTES : UINT64_MAX);
    if (walk->bad)
        return;
    counted->num_areas = (size_t) num;
    memcpy(counted->areas, areas, counted->num_areas * ID_BYTES);
    for (size_t c = 0; c < head->num_counters && !walk->bad; c++) {
        toc_date day = take_day(walk);
        uint64_t codes = take(walk);
        walk->bad = walk->bad || codes > UINT32_MAX;
        if (head->places[c] < 0)
            continue;
        counted->counters[counted->num_counters] = (uint8_t) head->places[c];
        counted->days[counted->num_counters] = day;
        counted->codes[counted->num_counters++] = (uint32_t) codes;
    }
}

int counters_waiting_walk(const struct db_value *packed, const struct model_record *only,
                          counters_waiting_counted *counted, void *context)
{
    struct head head;
    int         ret = 0;
    if (packed->type != DB_BYTES || packed->size == 0)
        return DB_ERR_CORRUPT;
    struct walk walk = { .at = (const uint8_t *) packed->bytes, .end = (const uint8_t *) packed->bytes + packed->size };
    if (!take_head(&walk, only, &head))
        return 0;
    while (ret == 0 && !walk.bad && walk.at < walk.end) {
        struct counters_counted one;
        take_counted(&walk, &head, &one);
        if (!walk.bad && one.num_counters > 0)
            ret = counted(context, &one);
    }
    return ret != 0 ? ret : walk.bad ? DB_ERR_CORRUPT : 0;
}

size_t counters_waiting_area(const struct counters_counted *counted, const struct id *area)
{
    size_t at = 0;
    while (at < counted->num_areas && !id_equal(&counted->areas[at], area))
        at++;
    return at;
}

size_t counters_waiting_counter(const struct counters_counted *counted, const struct model_counter *counter)
{
    size_t at = 0;
    while (at < counted->num_counters &&
           strcmp(counted->record->counters[counted->counters[at]].name, counter->name) != 0)
        at++;
    return at;
}

struct reading {
    counters_waiting_numbered *counted;
    void                      *context;
    int64_t                    number;
};

static int waiting_counted(void *context, const struct counters_counted *counted)
{
    const struct reading *reading = context;
    return reading->counted(reading->context, reading->number, counted);
}

static int waiting_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct reading *reading = context;
    (void) num_columns;
    reading->number = row[0].integer;
    return counters_waiting_walk(&row[1], NULL, waiting_counted, reading);
}

int counters_waiting_read(struct db *db, size_t most, counters_waiting_numbered *counted, void *context,
                          struct db_error *error)
{
    struct reading        reading = { counted, context, 0 };
    const struct db_value limit = db_integer((int64_t) most);
    return select_rows(db, "SELECT number, counted FROM counter_waiting ORDER BY number LIMIT $1", &limit, 1,
                       waiting_row, &reading, error);
}

/* ---- slices ---- */

static int slice_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(struct counters_slice *) context = (struct counters_slice){ row[0].integer, row[1].integer };
    return 0;
}

int counters_slice_read(struct db *db, struct counters_slice *slice, struct db_error *error)
{
    *slice = (struct counters_slice){ 0, 0 };
    return select_rows(db, "SELECT up_to, series FROM counter_slice", NULL, 0, slice_row, slice, error);
}

int counters_slice_write(struct db *db, const struct counters_slice *slice, struct db_error *error)
{
    const struct db_value parameters[] = { db_integer(slice->up_to), db_integer(slice->series) };
    return run(db,
               "INSERT INTO counter_slice (one, up_to, series) VALUES (1, $1, $2) ON CONFLICT (one) DO UPDATE SET "
               "up_to = excluded.up_to, series = excluded.series",
               parameters, 2, error);
}

bool counters_slice_has(const struct counters_slice *slice, int64_t number, int64_t series)
{
    return number <= slice->up_to && series < slice->series;
}

int counters_waiting_remove(struct db *db, int64_t up_to, struct db_error *error)
{
    const struct db_value last = db_integer(up_to);
    int                   ret = run(db, "DELETE FROM counter_waiting WHERE number <= $1", &last, 1, error);
    return ret == 0 ? run(db, "DELETE FROM counter_slice WHERE up_to <= $1", &last, 1, error) : ret;
}
