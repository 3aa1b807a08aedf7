/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/tidy.h: the end of what may be kept for a time only: rows by their RETAINED line (store_retain), who
 * tested negative (store/negatives.h), sign-ins and what belongs to them (account_tidy). Counts stay. */
#ifndef STORE_TIDY_H
#define STORE_TIDY_H

#include "store/store.h"

struct tidied {
    int64_t removed, forgotten; /* rows; people */
};

/* negative_days: so long somebody is known in whom tests found nothing. Returns as store_submit; tidied: what was done,
 * also before a failure. */
int tidy(struct store *store, int64_t now, int64_t negative_days, struct tidied *tidied);

#endif
