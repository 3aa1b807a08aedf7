/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/public_areas.h: the areas that the public pages tell of: one, and those right below it. */
#ifndef RESPONSE_PUBLIC_AREAS_H
#define RESPONSE_PUBLIC_AREAS_H

#include "base/arena.h"
#include "model/records.h"
#include "store/store.h"

/* code    of the one; "" = from the top down to the first with several below it
 * most    with more than so many below it: the one alone
 * areas   in the arena, the one first; num_areas at least 1
 *
 * Returns 0, STORE_ERR_ABSENT where there is no such area, db_status, TOC_ERR_NO_MEMORY. */
int public_areas_read(struct store_reader *reader, const char *code, size_t most, struct arena *arena,
                      struct model_area **areas, size_t *num_areas);

#endif
