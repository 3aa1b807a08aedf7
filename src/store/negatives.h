/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/negatives.h: who was tested and nothing was found is forgotten after a time: the person is erased as
 * anybody is who asks for it (store/erase.h), and the tests stay as tests of nobody.
 *
 * Of a person, and whoever is merged into them, all of this: a result, and none that counts which found something, is
 * inconclusive or not final; no specimen that waits for its result; the newest came before `before`; no case, no
 * vaccination, no pass; no task about them that is open.
 */
#ifndef STORE_NEGATIVES_H
#define STORE_NEGATIVES_H

#include "store/store.h"

/* Erase them, behind interactive work, each looked at once more within the writer's group. *forgotten: how many.
 * Returns as store_submit; who was erased before a failure is. */
int store_forget_negatives(struct store *store, int64_t before, int64_t *forgotten);

#endif
