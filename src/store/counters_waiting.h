/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_waiting.h: what was counted, before it stands in the rows of its series (counters.h).
 *
 * A group of many changes touches many rows of the counters, each with a number or two. Such a group writes what it
 * counted as it is, some records a row, into table counter_waiting; that of many groups is added to the series at once:
 * on PostgreSQL by a thread beside the writer (counters_fold.h), on SQLite by the writer, some of the series with each
 * group (counters_slices.h). Whoever reads counts adds what waits.
 *
 * One row, of one record and one day of knowledge, as bytes; numbers have 7 bits a byte, least first, those with a sign
 * have it in the lowest bit, a text is its length and its bytes:
 *
 *     day known; the record's name; how many counters; the name of each
 *     for each that was counted: sign; how many areas; the id of each, its own first; for each counter its day and the
 *     number of its combination of codes
 */
#ifndef STORE_COUNTERS_WAITING_H
#define STORE_COUNTERS_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/model.h"
#include "store/counters.h"
#include "store/db.h"

#define COUNTERS_MOST_COUNTERS 8

/* A record that was counted (sign +1) or is no longer (-1), at its area and those above it. */
struct counters_counted {
    const struct model_record *record;
    int64_t                    sign;
    toc_date                   known;
    size_t                     num_areas, num_counters;
    struct id                  areas[COUNTERS_MOST_AREAS];
    uint8_t                    counters[COUNTERS_MOST_COUNTERS]; /* numbers of the record's */
    uint32_t                   codes[COUNTERS_MOST_COUNTERS];
    toc_date                   days[COUNTERS_MOST_COUNTERS];
};

#define COUNTERS_OPEN_ROWS 4

/* The rows that have room for more, one for each kind of record that is counted now, as the database has them: groups
 * of a record or two fill rows together, so that whoever reads counts has few rows to go over. Zeroed: none. */
struct counters_open {
    struct counters_open_row {
        struct counters_counted head; /* record, day known and counters of all that stand in it */
        int64_t                 number;
        bool                    stored, changed;
        size_t                  used;
        char                    bytes[3000];
    } rows[COUNTERS_OPEN_ROWS];
    size_t next; /* to be given up */
};

/* Write them, within the open transaction, into the open rows and under the numbers after *newest, which goes on to the
 * last. open: NULL = every row is new, as a table wants that others remove rows from; its rows must stand as they were
 * written, so it is zeroed before they are removed, or are to be, and where the transaction fails. */
int counters_waiting_write(struct db *db, const struct counters_counted *counted, size_t num,
                           struct counters_open *open, int64_t *newest, struct db_error *error);

/* Go over a row's. Counters that the model has no longer are left out. only: a row of another record is passed over,
 * unread but for its head; NULL: none is. The callback returns 0 to go on, or a status that ends it; DB_ERR_CORRUPT
 * where the bytes are none of such a row. */
typedef int counters_waiting_counted(void *context, const struct counters_counted *counted);
int         counters_waiting_walk(const struct db_value *packed, const struct model_record *only,
                                  counters_waiting_counted *counted, void *context);

/* The place in counted->areas, num_areas where it is not there; the place of a counter, num_counters where it has none.
 */
size_t counters_waiting_area(const struct counters_counted *counted, const struct id *area);
size_t counters_waiting_counter(const struct counters_counted *counted, const struct model_counter *counter);

/* Of what waits with a number up to `up_to` the series with a number below `series` have theirs already; {0, 0}: none
 * has. Table counter_slice, which has a row only while some have. */
struct counters_slice {
    int64_t up_to, series;
};
int  counters_slice_read(struct db *db, struct counters_slice *slice, struct db_error *error);
int  counters_slice_write(struct db *db, const struct counters_slice *slice, struct db_error *error);
bool counters_slice_has(const struct counters_slice *slice, int64_t number, int64_t series);

/* The rest of a SELECT from counter_waiting: what a series has not got yet, its number being a parameter. */
#define COUNTERS_FROM_WAITING(series)                                                                                  \
    "FROM counter_waiting WHERE number > COALESCE((SELECT up_to FROM counter_slice WHERE series > " series "), 0)"

/* Remove what waits up to a number, and where the slices stand if that is behind them. */
int counters_waiting_remove(struct db *db, int64_t up_to, struct db_error *error);

/* Go over all that waits, as the connection sees it, oldest first: at most `most` rows. */
typedef int counters_waiting_numbered(void *context, int64_t number, const struct counters_counted *counted);
int         counters_waiting_read(struct db *db, size_t most, counters_waiting_numbered *counted, void *context,
                                  struct db_error *error);

#endif
