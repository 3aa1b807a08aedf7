/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/export_past.h: does a record, as it was known, pass a list's filters? */
#ifndef SERVER_EXPORT_PAST_H
#define SERVER_EXPORT_PAST_H

#include "store/list.h"
#include "store/store.h"

/* Filters and area of a query, held to a record's struct as the lists hold them to a row: IS is equality; of a range
 * both ends are included, and of a day or time `to` includes all that begins so; what is missing passes no filter. The
 * query was checked before (export_check): what it names is there. areas: held by the caller. */
bool export_past_passes(const struct list_query *query, const struct model_record *record, const void *value,
                        const struct area_tree *areas);

#endif
