/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/tidy.h"

#include "base/instant.h"
#include "base/time_zone.h"
#include "store/account.h"
#include "store/negatives.h"

int tidy(struct store *store, int64_t now, int64_t negative_days, struct tidied *tidied)
{
    *tidied = (struct tidied){ 0, 0 };
    int ret = store_retain(store, time_zone_day(now), &tidied->removed);
    if (ret == 0)
        ret = store_forget_negatives(store, now - negative_days * INSTANT_DAY, &tidied->forgotten);
    return ret == 0 ? account_tidy(store, now) : ret;
}
