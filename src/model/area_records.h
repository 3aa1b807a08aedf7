/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/area_records.h: what the readers of areas, populations and calendars read, as records. */
#ifndef MODEL_AREA_RECORDS_H
#define MODEL_AREA_RECORDS_H

#include "formats/area_codes.h"
#include "formats/calendar_file.h"
#include "formats/outline.h"
#include "formats/population_file.h"
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

/* What an area is after a change, whole: `old` is its record before (of the older list's index), NULL of a new one. */
void area_record_after_change(const struct model_area *old, const struct area_codes *older,
                              const struct area_codes *newer, const struct area_change *change,
                              struct model_area *area);

/* Areas that are stored already as a code list, for area_codes_update: the area at index i is rows[i] (so not always in
 * preorder), with its id.
 *
 * rows    num_rows records, at most AREA_CODES_MAX_AREAS; a parent or successor that is not among them counts as none
 * list    free with area_codes_free; untouched on failure
 *
 * Returns 0, TOC_ERR_TOO_LARGE or TOC_ERR_NO_MEMORY. */
int area_codes_of_records(const struct model_area *rows, size_t num_rows, struct area_codes *list);

/* Row number `index` of a population file as a record, with its id; `areas` is the list that the file was read with. */
void population_record(const struct population_file *file, const struct area_codes *areas, size_t index,
                       struct model_population *population);

/* The path of feature number `feature` at a level of detail as a record, with its id. */
void outline_record(const struct outline_set *set, uint32_t feature, int detail, const struct id *area,
                    struct model_outline *outline);

/* Holiday number `index` of a calendar file as a record, with its id; its kind is missing: files do not tell it. */
void calendar_day_record(const struct calendar_file *file, size_t index, const struct id *calendar,
                         struct model_calendar_day *day);

#endif
