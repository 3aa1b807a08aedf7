/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_fold.h: the thread that adds what waits (counters_waiting.h) to the rows of the counters, beside
 * the writer, over a connection of its own that is opened when it is first needed. PostgreSQL alone: SQLite has one
 * writer.
 *
 * A round is one transaction: the rows that wait are read and removed, the series' rows changed, the lease checked.
 * What a round has counted into stays in memory for the next. Where a round fails nothing is lost: it is tried again a
 * second later, and readers add what waits meanwhile.
 *
 * Who writes the rows at a time: the writer while nothing waits, the thread while something does (counters.c).
 */
#ifndef STORE_COUNTERS_FOLD_H
#define STORE_COUNTERS_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

struct counters_fold;

/* url, options: of the writer's connection; borrowed. */
int counters_fold_start(const char *url, const struct db_options *options, int64_t fence, struct counters_fold **fold);
/* Adds what waits, where that succeeds at once, and ends. NULL is fine. */
void counters_fold_stop(struct counters_fold *fold);

/* The writer has committed what waits up to this number. */
void counters_fold_tell(struct counters_fold *fold, int64_t newest);
/* Is all up to this number in the rows, and committed? */
bool counters_fold_done(struct counters_fold *fold, int64_t newest);
/* For so many seconds rounds have failed, one after the other; 0: the last one has not. */
double counters_fold_late(struct counters_fold *fold);
/* No more rounds until this is called with false; one under way is waited for. */
void counters_fold_pause(struct counters_fold *fold, bool pause);
/* The writer writes rows itself: what the thread remembers of them is old. */
void counters_fold_stale(struct counters_fold *fold);

#endif
