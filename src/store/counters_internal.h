/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_internal.h: what counting and reading counts share (counters.h). */
#ifndef STORE_COUNTERS_INTERNAL_H
#define STORE_COUNTERS_INTERNAL_H

#include "store/counters.h"

/* As table counter_series writes them: "all" of a dimension, and a record without a value. No code has a star. */
#define COUNTERS_ALL "*"
#define COUNTERS_MISSING ""

size_t counters_num_dimensions(const struct model_counter *counter);

/* The number of a series; dimensions as in the table, num of them. */
int64_t counters_series(const char *counter, const struct id *area, const char *const *dimensions, size_t num);

/* Where the counts of an area lie in table counter: a hash, so that nobody has to look it up. Two areas may share one.
 */
int64_t counters_place(const struct id *area);

/* Add to one series at an area: `codes` as many as the counter has dimensions, in the counter's order. Not written yet.
 * The area must be told of as well (counters_touch): how much more is counted there, in how many increments. */
int counters_add(struct counter_book *book, const struct model_record *record, size_t counter, const struct id *area,
                 const struct model_text codes[COUNTERS_DIMENSIONS], toc_date day, toc_date known, int64_t value);
int counters_touch(struct counter_book *book, const struct model_record *record, const struct id *area, int64_t total,
                   int64_t increments);

#endif
