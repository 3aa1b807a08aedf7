/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_slices.h: adding what waits (counters_waiting.h) to the rows of the series by the writer itself, a
 * slice with each of its groups. SQLite: it has one writer.
 *
 * What waits stands in memory too, as two batches: one that grows, and one that is being added, by its series from the
 * least number on. A slice is a 256th of the numbers, so its rows lie beside each other: of some thousand creates many
 * change the same pages, and each page is written once. How far the slices are stands in table counter_slice, written
 * in the transaction of the slice; when all have been written what waited is removed. A restart finds batch and place
 * there.
 */
#ifndef STORE_COUNTERS_SLICES_H
#define STORE_COUNTERS_SLICES_H

#include "store/counters_internal.h"

struct counters_slices;

#define COUNTERS_SLICES 256
#define COUNTERS_BATCH 8192 /* so many counted records, of creates or changes, make a batch */

/* batch: 0 = COUNTERS_BATCH. Returns 0 or TOC_ERR_NO_MEMORY. */
int  counters_slices_new(size_t batch, struct counters_slices **slices);
void counters_slices_free(struct counters_slices *slices);  /* NULL is fine */
void counters_slices_clear(struct counters_slices *slices); /* as if nothing waited */

/* What waits in the database, of which nothing is in memory. *newest: its last number; untouched where nothing waits.
 */
int counters_slices_load(struct counters_slices *slices, struct counter_book *book, struct db *db, int64_t *newest,
                         struct db_error *error);

/* The rows of what grows that have room for more. */
struct counters_open *counters_slices_open(struct counters_slices *slices);

/* This was written to wait, under numbers up to `newest`. */
int counters_slices_put(struct counters_slices *slices, struct counter_book *book,
                        const struct counters_counted *counted, size_t num, int64_t newest);

bool counters_slices_any(const struct counters_slices *slices); /* does something wait? */

/* Write slices, within the open transaction: of a full batch as many as keep up with what grows, so that it is done
 * when the next is full; with `idle` of any batch, for some milliseconds; with `all` everything. */
enum counters_haste { COUNTERS_KEEP_UP, COUNTERS_IDLE, COUNTERS_ALL };
int counters_slices_write(struct counters_slices *slices, struct counter_book *book, struct db *db,
                          enum counters_haste haste, struct db_error *error);

#endif
