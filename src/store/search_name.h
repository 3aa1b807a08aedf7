/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/search_name.h: names of persons as the search by their beginning reads them.
 *
 * The table search_name has a row for each person with a name, in the order of the areas where they live: where they
 * live, the person's key, wrapped, and the name as written and in letters, sealed under that key, apart from the rest
 * of the identity. So the names of an area lie together, a short text each; the identity itself stands elsewhere, in
 * the order in which it came. Erasing the key and the row erases the name; in a backup it is unreadable when the
 * identity is.
 */
#ifndef STORE_SEARCH_NAME_H
#define STORE_SEARCH_NAME_H

#include "base/arena.h"
#include "model/records.h"
#include "store/db.h"
#include "store/keeper.h"
#include "store/person_forms.h"
#include "store/seal.h"

#define SEARCH_NAME_BLOCK 64                           /* the plain text is filled up to a multiple of it */
#define SEARCH_NAME_BYTES ((size_t) 2 * (2 + 120 * 4)) /* of a plain text, before it is filled up */
#define SEARCH_NAME_MOST_SECONDS 6.0                   /* 50,000 keys at 10,000 a second, and a little */
#define SEARCH_NAME_THREADS 2                          /* that open names for one search */

/* Seal the name of an identity under its person's key. sealed->size 0: it has no name. Returns 0, TOC_ERR_TOO_LARGE,
 * TOC_ERR_NO_MEMORY. */
int search_name_seal(const struct seal_key *key, const struct model_identity *identity, struct arena *arena,
                     struct model_text *sealed);

/* Open it: name and name_latin of the identity lie in `plain`, which is to be cleared. Returns 0, SEAL_ERR_FORGED. */
#define SEARCH_NAME_ROOM ((SEARCH_NAME_BYTES + SEARCH_NAME_BLOCK - 1) / SEARCH_NAME_BLOCK * SEARCH_NAME_BLOCK)
int search_name_open(const struct seal_key *key, const struct id *person, struct model_text sealed,
                     uint8_t plain[SEARCH_NAME_ROOM], struct model_identity *identity);

/* The first `room` persons of these areas whose name begins so, by the ids of area and person; *more: there are others.
 * Of a common beginning little more is read than that takes.
 *
 * areas         ids, num_areas, ascending
 * most_persons  where so many are not enough to know it, TOC_ERR_TOO_LARGE: none is told
 *
 * Each key is asked of the keeper for the purpose `search`, at its rate, which is waited for up to
 * SEARCH_NAME_MOST_SECONDS: a search given up half-way would have spent the rate for nothing. Names are opened in
 * memory, the first ones by the caller's thread, the others while more are read, by SEARCH_NAME_THREADS threads,
 * compared, and cleared; none is kept. Also KEEPER_ERR_…, db_status, TOC_ERR_NO_MEMORY. */
struct search_name_query {
    struct db                  *db;
    struct keeper              *keeper;
    const struct db_value      *areas;
    size_t                      num_areas;
    const struct person_prefix *prefix;
    size_t                      most_persons;
};
int search_name_find(const struct search_name_query *query, struct id *persons, size_t room, size_t *num, bool *more,
                     struct db_error *error);

#endif
