/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/checkpoint_counts.h: sums of what devices at checkpoints have counted (model/checkpoint_count.def), by
 * checkpoint, hour and outcome. Sums alone leave here, and of 1 to 4 only that there were some: an hour in which two
 * people came says something of them to whoever knows who came. */
#ifndef STORE_CHECKPOINT_COUNTS_H
#define STORE_CHECKPOINT_COUNTS_H

#include "base/arena.h"
#include "store/store.h"

#define CHECKPOINT_COUNTS_DAYS 31     /* of a question, at most */
#define CHECKPOINT_COUNTS_ROWS 100000 /* of an answer */
#define CHECKPOINT_COUNTS_LEAST 5     /* the smallest number that is told */

struct checkpoint_sum {
    struct id   checkpoint;
    int64_t     hour;    /* instant */
    const char *outcome; /* a code of pass_outcome, in the arena */
    int64_t     number;  /* 0: fewer than CHECKPOINT_COUNTS_LEAST */
};

/* Of the checkpoints in an area of the grant and below it, for hours from ≤ hour < to (instants). rows: in order of
 * checkpoint, hour, outcome; in the arena. Returns 0, STORE_ERR_DENIED, STORE_ERR_ABSENT (an area that is not the
 * grant's), TOC_ERR_DOMAIN (a longer time), TOC_ERR_TOO_LARGE, TOC_ERR_NO_MEMORY or db_status. */
int store_checkpoint_counts(struct store_reader *reader, const struct access *who, const struct id *area, int64_t from,
                            int64_t to, struct arena *arena, const struct checkpoint_sum **rows, size_t *num_rows);

#endif
