/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/dump.h: all tables of a database as one checked stream (dump_code.h), and back into an empty one.
 *
 * A dump is of one moment: everything is read in one transaction. It holds the tables of the records and of tables.def,
 * not the lease and not schema_version; its beginning says how many migrations its database had. Sealed fields stay
 * sealed, wrapped keys wrapped. The same rows make the same bytes, from either database.
 *
 * What the blocks hold: the beginning: number of migrations, hash of the newest's text. A table: its name and its
 * columns as schema_layout_text writes them. Rows: row_code.h, one behind the other, in the order of the keys. The end
 * of a table: number of its rows. The end: number of tables and of all rows.
 */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "store/dump_code.h"

struct migration;

struct dump_summary {
    size_t   tables;
    uint64_t rows;
    uint64_t bytes;                 /* of the stream; 0 of a copy */
    uint8_t  hash[DUMP_HASH_BYTES]; /* of the stream's last block */
};

/* Told from time to time; table: static. */
typedef void dump_progress(void *context, const char *table, uint64_t rows);

struct dump_options {
    const uint8_t *key;   /* DUMP_KEY_BYTES: hashes are keyed; NULL = plain */
    int            level; /* of zstd: 0 = the quickest … 19 */
    dump_progress *progress;
    void          *progress_context;
    /* Tests: the migrations that the database and the program are to have; NULL = this program's. */
    const struct migration *list;
    size_t                  num_list;
};

/* Write the database to a stream. The database must be up to date (migration_check). */
int dump_write(struct db *db, const struct dump_options *options, dump_write_bytes *write, void *context,
               struct dump_summary *summary, struct db_error *error);

/* Load a dump into a database that has no tables yet; the caller holds its lease. Indexes are made after the rows, and
 * only then is the database marked as one of ours: one that was left half-way is refused by everything but its removal.
 * A dump of an older Tocsin is loaded into the tables of its day, which are then brought up to date.
 *
 * Returns 0; BASE_ERR_INPUT (the stream is no dump, was changed, or another key is needed); DB_ERR_NEWER;
 * BASE_ERR_SYSTEM (the database is not empty), or whatever the database answers.
 */
int dump_load(struct db *db, int64_t fence, int64_t now, const struct dump_options *options, dump_read_bytes *read,
              void *context, struct dump_summary *summary, struct db_error *error);

/* The same without a database: is the stream a whole dump, unchanged? */
int dump_check(const struct dump_options *options, dump_read_bytes *read, void *context, struct dump_summary *summary,
               struct db_error *error);

/* From one database to another, without a stream between them. */
int dump_copy(struct db *from, struct db *to, int64_t fence, int64_t now, const struct dump_options *options,
              struct dump_summary *summary, struct db_error *error);

#endif
