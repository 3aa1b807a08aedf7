/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/changed_cases.h: which cases were written since an instant, for the program's own work: no grant is looked
 * at, and nothing but ids is answered.
 */
#ifndef STORE_CHANGED_CASES_H
#define STORE_CHANGED_CASES_H

#include "store/store.h"

/* Until it ends, all that the reader reads is of one snapshot. Nothing that begins one of its own (store_list) may be
 * asked meanwhile. */
int  store_snapshot_begin(struct store_reader *reader);
void store_snapshot_end(struct store_reader *reader);

/* Cases that were created or changed at `since` or later, the newest first; those that were erased are not among them.
 *
 * most    room of ids; *more: there are others, written earlier
 *
 * Returns 0 or db_status. Cost: so many entries of an index. */
int store_changed_cases(struct store_reader *reader, int64_t since, size_t most, struct id *ids, size_t *num,
                        bool *more);

/* Cases of persons that were merged into another (merged_into) and were changed at `since` or later. Cost: an entry of
 * an index for each person that was ever merged. */
int store_merged_cases(struct store_reader *reader, int64_t since, size_t most, struct id *ids, size_t *num,
                       bool *more);

#endif
