/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_book.h: what the writer has in memory of the counters, as counters.c counts into it and
 * counters_rows.c reads and writes it.
 */
#ifndef STORE_COUNTERS_BOOK_H
#define STORE_COUNTERS_BOOK_H

#include "store/counters_internal.h"
#include "store/counters_pack.h"
#include "store/key_table.h"

enum { MOST_CODE = 120, MOST_COUNTERS = COUNTERS_MOST_COUNTERS };

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

    struct counters_fold   *fold;   /* adds what waits to the rows; */
    struct counters_slices *slices; /* or this does; both NULL: rows are written at once */
    size_t                  least_waiting;
    bool                    waiting;        /* something may wait; with `fold` the rows in memory may be old */
    int64_t                 newest_waiting; /* number of the newest that waits; never smaller again */
};

static inline struct area *area_at(const struct counter_book *book, uint32_t place)
{
    return key_table_at(&book->areas, place);
}

static inline struct cell *cell_at(const struct counter_book *book, uint32_t place)
{
    return key_table_at(&book->cells, place);
}

static inline uint32_t record_number(const struct model_record *record)
{
    size_t num;
    return (uint32_t) (record - model_records(&num));
}

static inline const struct model_record *record_at(uint32_t number)
{
    size_t num;
    return model_records(&num) + number;
}

#endif
