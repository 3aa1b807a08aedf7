/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/rows_by.h: the rows of a record that hold a value in an indexed field, for the program's own work: no grant
 * is looked at, and what is sealed stays sealed.
 *
 * Within `decide` it sees what the group has done so far (store.h). */
#ifndef STORE_ROWS_BY_H
#define STORE_ROWS_BY_H

#include "base/arena.h"
#include "model/model.h"
#include "store/store.h"

/* The rows whose field `name` (REFERENCE, TEXT, CODE or BYTES) holds one of the values, ordered by id.
 *
 * keys    num_keys; ids as ID_BYTES bytes
 * most    no more rows than this are answered
 * rows    structs of the record, one behind the other, in arena
 *
 * Returns 0, TOC_ERR_OPTION (no such field), TOC_ERR_NO_MEMORY or db_status. Cost: one query for 256 keys. */
int store_rows_by(struct store_reader *reader, const struct model_record *record, const char *name,
                  const struct model_text *keys, size_t num_keys, size_t most, struct arena *arena, void **rows,
                  size_t *num_rows);

/* The same for one reference. */
int store_rows_of(struct store_reader *reader, const struct model_record *record, const char *name, const struct id *id,
                  size_t most, struct arena *arena, void **rows, size_t *num_rows);

#endif
