/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/erase.h: what erasures leave to be done once they are committed. */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "store/db.h"

#define ERASE_MOST_MERGED 64  /* persons who are one */
#define ERASE_MOST_ROWS 10000 /* of one record, of one person */

/* After erasures are committed: no old page of theirs may stay. SQLite overwrites deleted rows (secure_delete) and the
 * write-ahead log is emptied; PostgreSQL's dead rows, which hold ciphertext and a wrapped key, are vacuumed. Returns 0,
 * DB_ERR_BUSY where a reader holds an old snapshot (try again), or db_status. */
int erase_sweep(struct db *db, struct db_error *error);

#endif
