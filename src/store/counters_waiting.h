/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_waiting.h: what was counted, before it stands in the rows of its series (counters.h).
 *
 * A group of many changes touches many rows of the counters, each with a number or two. On PostgreSQL such a group
 * writes what it counted as it is, some records a row, into table counter_waiting; a thread beside the writer
 * (counters_fold.h) adds that of many groups to the series at once. Whoever reads counts adds what waits.
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

/* Write them, within the open transaction, under the numbers after *newest, which goes on to the last. */
int counters_waiting_write(struct db *db, const struct counters_counted *counted, size_t num, int64_t *newest,
                           struct db_error *error);

/* Go over a row's. Counters that the model has no longer are left out. The callback returns 0 to go on, or a status
 * that ends it; DB_ERR_CORRUPT where the bytes are none of such a row. */
typedef int counters_waiting_counted(void *context, const struct counters_counted *counted);
int         counters_waiting_walk(const struct db_value *packed, counters_waiting_counted *counted, void *context);

/* The place in counted->areas, num_areas where it is not there; the place of a counter, num_counters where it has none.
 */
size_t counters_waiting_area(const struct counters_counted *counted, const struct id *area);
size_t counters_waiting_counter(const struct counters_counted *counted, const struct model_counter *counter);

/* Go over all that waits, as the connection sees it. */
int counters_waiting_read(struct db *db, counters_waiting_counted *counted, void *context, struct db_error *error);

#endif
