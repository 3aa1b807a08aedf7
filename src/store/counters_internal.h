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

#endif
