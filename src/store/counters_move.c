/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an area that is moved in the tree takes along. */
#include "store/counters_internal.h"
#include "store/select_many.h"

struct taking {
    struct counter_book       *book;
    const struct model_record *record;
    size_t                     counter;
    const struct id           *at;
    size_t                     num_at;
    toc_date                   known;
    int64_t                    sign, total, rows;
};

/* All days known of one day and combination of codes, summed. */
#define ROWS_OF_AREA                                                                                                   \
    "SELECT s.dimension_1, s.dimension_2, s.dimension_3, s.dimension_4, i.event_day, SUM(i.value) "                    \
    "FROM counter i CROSS JOIN counter_series s WHERE i.place = $3 AND s.series = i.series AND s.area = $1 AND "       \
    "s.counter = $2 AND s.dimension_1 <> '*' AND s.dimension_2 <> '*' AND s.dimension_3 <> '*' AND "                   \
    "s.dimension_4 <> '*' GROUP BY s.dimension_1, s.dimension_2, s.dimension_3, s.dimension_4, i.event_day"
enum { EVENT_DAY = COUNTERS_DIMENSIONS, VALUE };

static int take_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking    *taking = context;
    struct model_text codes[COUNTERS_DIMENSIONS];
    int64_t           value = taking->sign * row[VALUE].integer;
    int               ret = 0;
    (void) num_columns;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS; d++)
        codes[d] = (struct model_text){ row[d].bytes, row[d].size };
    for (size_t a = 0; a < taking->num_at && value != 0 && ret == 0; a++)
        ret = counters_add(taking->book, taking->record, taking->counter, &taking->at[a], codes,
                           (toc_date) row[EVENT_DAY].integer, taking->known, value);
    taking->total += value;
    taking->rows += value != 0;
    return ret;
}

/* Each record is counted once by each of its counters. */
static int move_record(struct taking *taking, struct db *db, const struct id *area, struct db_error *error)
{
    int64_t total = 0, rows = 0;
    int     ret = 0;
    for (taking->counter = 0; taking->counter < taking->record->num_counters && ret == 0; taking->counter++) {
        struct db_value parameters[] = { db_id(area), db_word(taking->record->counters[taking->counter].name),
                                         db_integer(counters_place(area)) };
        taking->total = taking->rows = 0;
        ret = select_rows(db, ROWS_OF_AREA, parameters, 3, take_row, taking, error);
        total = taking->total;
        rows = taking->rows > rows ? taking->rows : rows;
    }
    for (size_t a = 0; a < taking->num_at && rows > 0 && ret == 0; a++)
        ret = counters_touch(taking->book, taking->record, &taking->at[a], total, rows);
    return ret;
}

int counters_move(struct counter_book *book, struct db *db, const struct id *area, const struct id *at, size_t num_at,
                  toc_date known, int64_t sign, struct db_error *error)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct taking taking = {
            .book = book, .record = &records[i], .at = at, .num_at = num_at, .known = known, .sign = sign
        };
        if (records[i].num_counters > 0)
            ret = move_record(&taking, db, area, error);
    }
    return ret;
}
