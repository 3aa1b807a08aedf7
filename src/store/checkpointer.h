/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/checkpointer.h: keeps SQLite's write-ahead log short while the writer goes on (db.h, db_checkpoint).
 *
 * A thread with a connection of its own copies the log into the database file; the writer, told that little is left,
 * copies the rest between two groups, so that its next commit begins the log anew. PostgreSQL needs none of it.
 */
#ifndef STORE_CHECKPOINTER_H
#define STORE_CHECKPOINTER_H

#include "store/db.h"

#define CHECKPOINTER_PAGES 4096 /* a log of so many pages is worth copying: 16 MiB */

struct checkpointer;

/* Starts the thread; *made is NULL for PostgreSQL. */
int  checkpointer_start(const char *url, const struct db_options *options, struct checkpointer **made,
                        struct db_error *error);
void checkpointer_stop(struct checkpointer *checkpointer); /* NULL is fine */

/* The writer says, after a group and out of any transaction, how long its log is; does its part where it is time. */
void checkpointer_tell(struct checkpointer *checkpointer, struct db *writer);

#endif
