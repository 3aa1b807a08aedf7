/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/area_records.h: what the readers of areas, populations and calendars read, as records. */
#ifndef MODEL_AREA_RECORDS_H
#define MODEL_AREA_RECORDS_H

#include "formats/area_codes.h"
#include "model/records.h"

/* Area number `index` of a list as a record, with its id; texts are borrowed from the list. The centre is missing. */
void area_record(const struct area_codes *list, uint32_t index, struct model_area *area);

/* A change of area_codes_update as a record.
 *
 * area    a new area: the whole record; else its id and the fields of `given`
 * given   the fields that change; of a new area all
 */
void area_record_of_change(const struct area_codes *older, const struct area_codes *newer,
                           const struct area_change *change, struct model_area *area, struct model_set *given);

#endif
