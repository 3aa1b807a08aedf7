/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/migration.h: bringing a database to the tables that this program knows, step by step.
 *
 * A migration is a numbered file in src/store/migrations, embedded in the program: SQL in which what the databases say
 * differently stands between braces ({id}, {text}, …: db_sql.c). The part above a line "-- online" runs in one
 * transaction; each index below it is made by itself, on PostgreSQL without holding up readers or writers, and made
 * again where that was cut short. Table schema_version says which have been applied, with a hash of their text.
 *
 * ./dev migration NAME writes the next file from what the model and tables.def have and the files do not.
 */
#ifndef STORE_MIGRATION_H
#define STORE_MIGRATION_H

#include "base/sink.h"
#include "store/db.h"

struct migration {
    int         number; /* 1 … */
    const char *name;
    const char *text;
};

/* Those of this program, by number. */
extern const struct migration migrations[];
extern const size_t           num_migrations;

/* Apply what is missing of a list, in order. The caller holds the lease (`fence`) and no transaction is open; its
 * connection should have no statement_ms: an index takes as long as it takes.
 *
 * Returns 0; DB_ERR_NEWER where the database has more than the list; BASE_ERR_SYSTEM where a file that was applied has
 * another text now (error names it), or whatever the database answers. What was applied before a failure stays.
 */
int migration_apply(struct db *db, const struct migration *list, size_t num, int64_t fence, int64_t now,
                    struct db_error *error);

/* For readers, which change nothing: has the database just what the list has? Returns 0, DB_ERR_NEWER, or
 * BASE_ERR_SYSTEM ("start the writer once"). */
int migration_check(struct db *db, const struct migration *list, size_t num, struct db_error *error);

/* Does the database have no table yet? Returns 0, or BASE_ERR_SYSTEM with what it has. (The lease does not count.) */
int migration_check_empty(struct db *db, struct db_error *error);

/* Mark a list as applied to a database whose tables were made otherwise: restore. */
int migration_mark(struct db *db, const struct migration *list, size_t num, int64_t fence, int64_t now,
                   struct db_error *error);

/* The hash of a migration's text, as in schema_version and src/store/migrations/frozen.txt. */
#define MIGRATION_DIGEST_BYTES 33
void migration_digest(const char *text, char digest[MIGRATION_DIGEST_BYTES]);

/* ---- comparing ---- */

/* What tables a database has, or a list of tables would have in it, as sorted lines, one a table, column or index:
 *     column case.person id not null
 * so that equal texts mean equal tables. (SQLite calls ids and bytes alike: both are "bytes" there.) free() the text.
 */
int migration_read(struct db *db, char **lines, struct db_error *error);
int migration_lines(const struct db *db, const struct db_table *const *tables, size_t num, char **lines);

/* The text of a migration that makes what the tables have and the database has not. What it cannot write (a column
 * that has gone or changed, a needed column without a value for old rows, a table that has gone) is said in `by_hand`,
 * a sentence a line. Both are memory sinks of the caller. */
int migration_draft(struct db *db, const struct db_table *const *tables, size_t num, struct sink *draft,
                    struct sink *by_hand, struct db_error *error);

#endif
