/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/names_ahead.h: the names by which people are searched (search_name), read once when a store is opened by
 * who means to stay, so that they lie in the system's memory (or that of PostgreSQL's server) when the first search
 * asks.
 *
 * A search by the beginning of a name reads the names of all who live in an area, from pages that lie here and there:
 * from the disk it takes several times as long. Nothing is opened or kept here. A thread reads a page of rows a
 * statement, then rests as long as that took, so that neither a snapshot nor the disk is held up; it ends by itself.
 */
#ifndef STORE_NAMES_AHEAD_H
#define STORE_NAMES_AHEAD_H

#include "store/db.h"

struct names_ahead;

#define NAMES_AHEAD_STEP 512

/* url: borrowed. options: of a connection for reading. step: rows a statement. most: it ends after so many; 0: as many
 * as fill a quarter of this machine's memory. */
int  names_ahead_start(const char *url, const struct db_options *options, size_t step, size_t most,
                       struct names_ahead **ahead);
void names_ahead_stop(struct names_ahead *ahead); /* at once; NULL is fine */

/* Wait until it has ended: how many rows it has read; *failed: it had to stop before (nothing depends on it). */
size_t names_ahead_wait(struct names_ahead *ahead, bool *failed);

#endif
