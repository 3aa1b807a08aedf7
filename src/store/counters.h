/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters.h: sums of records, kept by the writer as signed increments (model.h, struct model_counter).
 *
 * A counter is kept at the record's area and at all areas above it, as rows (series, day it happened, day we knew) with
 * a signed number. A change of a record is -1 where it was counted and +1 where it is now, both known today; so "as
 * known on day K" is the sum of the rows known up to K, and the rows themselves are the reporting triangle.
 *
 * A series is one counter at one area. A row of table counter holds all numbers of a series that have one day and were
 * known on one day: one for each combination of codes that occurred, packed (counters_pack.h); the combinations stand
 * in table counter_codes. So a change costs a row an area and counter, whatever the number of dimensions, and a
 * question reads one range of rows, whatever it asks of them. Table counter_area has the totals of all days of each
 * area.
 *
 * The number of a series is 63 bits of a BLAKE2b hash of what it is, so that nobody has to look it up; rows of another
 * series with the same number (odds 1 : 200,000 with ten million series) are found out by 16 more bits: DB_ERR_CORRUPT.
 *
 * A group that counts many records leaves what it counted in table counter_waiting; that of many groups is added to the
 * rows at once, on PostgreSQL by a thread with a connection of its own (counters_fold.h), on SQLite by the writer in
 * slices (counters_slices.h). What follows here reads both.
 *
 * An area that is moved in the tree takes along what was counted in it: -1 at the areas that it has left, +1 at those
 * that it has come to, known on the day of the move (counters_move). "As known" before that day says what it said.
 */
#ifndef STORE_COUNTERS_H
#define STORE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/model.h"
#include "store/db.h"

#define COUNTERS_DIMENSIONS MODEL_MAX_DIMENSIONS
#define COUNTERS_MOST_AREAS 16

/* ---- reading; any connection ---- */

/* Records now counted at an area and below, as a list's plan wants to know it.
 *
 * counter      one of record's; a total is the same with each counter of a record that has the same dimensions
 * dimensions   a code each, in the counter's order; NULL = all. "" = those without a value
 * total        0 where nothing was ever counted
 *
 * Cost: one look-up by key, and the combinations of codes where a dimension is named; a counter that has other
 * dimensions than the record's first reads all of its days.
 */
int counters_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                   struct db_error *error);

/* The rows of a question, summed over the series that answer it, in no order, several rows of one (day, known) too.
 * from … to: days, both included; rows without a day come in any case, with day MODEL_MISSING_DATE. known: the newest
 * day of knowledge that counts. */
typedef int counters_row(void *context, toc_date day, toc_date known, int64_t value);
int         counters_rows(struct db *db, const struct model_record *record, const struct model_counter *counter,
                          const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], toc_date from, toc_date to,
                          toc_date known, counters_row *row, void *context, struct db_error *error);

/* The numbers of all days from … to, and of no day, of one series, each by itself: of the combination of codes that has
 * this number, of a day, as became known on a day. In no order, several of one (codes, day, known) too. */
typedef int counters_cell(void *context, uint32_t codes, toc_date day, toc_date known, int64_t value);
int         counters_cells(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, toc_date from, toc_date to, counters_cell *cell, void *context,
                           struct db_error *error);

/* The combinations with a number greater than `after`, in order, each with its first two codes; "" where it has none.
 * A number is never given another meaning. */
typedef int counters_code(void *context, uint32_t codes, const char *first, size_t first_size, const char *second,
                          size_t second_size);
int         counters_codes(struct db *db, uint32_t after, counters_code *code, void *context, struct db_error *error);

/* ---- writing; the writer alone ---- */

/* What the writer has in memory: what is counted and not written yet, and rows as the database has them, so that a row
 * that is counted into again need not be read again. */
struct counter_book;
struct counters_fold;

int  counters_new(struct counter_book **book);
void counters_free(struct counter_book *book); /* NULL is fine */

/* From now on groups that count at least `least` records leave them to `fold`, or to slices of so large batches (0: as
 * counters_slices.h says). */
void counters_leave_to(struct counter_book *book, struct counters_fold *fold, size_t least);
int  counters_leave_to_slices(struct counter_book *book, size_t least, size_t batch);

/* Read the combinations of codes, where that has not been done; before counting, within the transaction. */
int counters_begin(struct counter_book *book, struct db *db, struct db_error *error);

/* Count a record (+1) or no longer (-1) with each of its counters, at `areas`: its own first, then those above.
 * Nothing is written yet. Returns 0, TOC_ERR_NO_MEMORY, or DB_ERR_CORRUPT where two series have one number. */
int counters_count(struct counter_book *book, const struct model_record *record, const void *value,
                   const struct id *areas, size_t num_areas, toc_date known, int64_t sign);

/* A counted record stands otherwise than before: no longer and anew (-1, +1) with those of its counters that count it
 * otherwise, at the same areas. Nothing is written yet. Returns as counters_count. */
int counters_recount(struct counter_book *book, const struct model_record *record, const void *before,
                     const void *after, const struct id *areas, size_t num_areas, toc_date known);

/* The day that a record counts on by a DATE or TIME field; MODEL_MISSING_DATE: none. A time in UTC, as this program
 * writes its own, is of the node's day; one that was said with another zone, or without, of the day that was said. */
toc_date counters_day(const struct model_record *record, const char *field, const void *value);

/* What is counted at `area`, and below, now: taken away (sign -1) or counted too (+1) at each area of `at`, known on
 * day `known`: for an area that has left, or has come under, them. The rows must hold all increments
 * (counters_settle); the new ones are not written yet. */
int counters_move(struct counter_book *book, struct db *db, const struct id *area, const struct id *at, size_t num_at,
                  toc_date known, int64_t sign, struct db_error *error);

/* Write what was counted, within the open transaction: a few statements, whatever the number of increments. */
int counters_write(struct counter_book *book, struct db *db, struct db_error *error);

/* Where slices are written: some of what waits, within the open transaction; when the writer is idle more. And is there
 * anything? */
int  counters_write_waiting(struct counter_book *book, struct db *db, bool idle, struct db_error *error);
bool counters_wait(const struct counter_book *book);

/* Write what was counted, and what waits of groups before, into the rows of the series: before counters_move. */
int counters_settle(struct counter_book *book, struct db *db, struct db_error *error);

/* The transaction is committed. */
void counters_committed(struct counter_book *book);

/* The transaction was rolled back: forget everything, also what may exist no more. */
void counters_forget(struct counter_book *book);

#endif
