/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_internal.h: what counting and reading counts share (counters.h). */
#ifndef STORE_COUNTERS_INTERNAL_H
#define STORE_COUNTERS_INTERNAL_H

#include "store/counters.h"
#include "store/counters_waiting.h"

/* The code of a record without a value. */
#define COUNTERS_MISSING ""

/* The mark of the numbers in table counter_area, whose key is no hash. */
#define COUNTERS_AREA_MARK 0

struct counters_series {
    int64_t  number;
    uint16_t mark; /* of its numbers: counters_pack.h */
};

size_t                 counters_num_dimensions(const struct model_counter *counter);
struct counters_series counters_series(const char *counter, const struct id *area);

/* Add to one series at an area, and with the record's first counter to the area's total. Not written yet. */
int counters_add(struct counter_book *book, const struct model_record *record, size_t counter, const struct id *area,
                 uint32_t codes, toc_date day, toc_date known, int64_t value);

/* The series of a record's counters at an area; valid until another area is counted at. */
int counters_series_at(struct counter_book *book, const struct model_record *record, const struct id *area,
                       const struct counters_series **series);

/* Count what waits into the rows of the series, and remove it: all up to *last, `most` rows of table counter_waiting.
 * Not written yet. *num: how many rows. */
int counters_take_waiting(struct counter_book *book, struct db *db, size_t most, size_t *num, int64_t *last,
                          struct db_error *error);

/* Counters with the same dimensions as the record's first have the same totals: only those of the first are kept. */
bool counters_like_first(const struct model_record *record, const struct model_counter *counter);

/* What the rows have, without what waits: the total (of a counter that is not like the first that of all its days, each
 * time); the sum of all days. For a check, which reads what waits once. */
int counters_total_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                           struct db_error *error);
int counters_days_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                          const struct id *area, int64_t *sum, struct db_error *error);

/* As counters_cells, of all days. */
int counters_cells_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, counters_cell *cell, void *context, struct db_error *error);

/* The totals kept at an area, of the record's first counter; day and known say nothing. */
int counters_area_written(struct db *db, const struct model_record *record, const struct id *area, counters_cell *cell,
                          void *context, struct db_error *error);

/* Between transactions: forget rows where they have become many. */
void counters_keep_small(struct counter_book *book);

/* Write the rows of the series that were counted into. */
int counters_write_rows(struct counter_book *book, struct db *db, struct db_error *error);

#endif
