/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/select_many.h: one query for many keys, where a group of changes would otherwise ask key by key.
 *
 * The list of parameters is padded (the last key again) to a few lengths, so that a connection prepares few statements.
 */
#ifndef STORE_SELECT_MANY_H
#define STORE_SELECT_MANY_H

#include <stddef.h>

#include "store/db.h"

#define SELECT_MANY_MOST 256 /* keys of one statement; more run several */

/* Called for each row; values are borrowed. Returns 0 to go on, or a status that ends the query. */
typedef db_row select_row;

/* Run "<before> IN ($1, …)<after>" for keys of one column, one value a key. `before` ends with the column's name:
 * "SELECT id FROM person WHERE id". Rows come in no order, and a key that stands twice in `keys` may come twice. */
int select_many(struct db *db, const char *before, const char *after, const struct db_value *keys, size_t num_keys,
                select_row *row, void *context, struct db_error *error);

/* Run "<before> WHERE (a = $1 AND b = $2) OR (…)" for keys of several columns, num_columns values a key. `before` is
 * without WHERE. */
int select_many_wide(struct db *db, const char *before, const char *const *columns, size_t num_columns,
                     const struct db_value *keys, size_t num_keys, select_row *row, void *context,
                     struct db_error *error);

/* Run any statement and hand on its rows. */
int select_rows(struct db *db, const char *sql, const struct db_value *parameters, size_t num_parameters,
                select_row *row, void *context, struct db_error *error);

#endif
