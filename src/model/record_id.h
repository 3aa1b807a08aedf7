/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/record_id.h: ids of reference data, made of what names it, so that two nodes that load the same file give
 * its records the same ids: UUID version 8, the first 122 bits of BLAKE2b-128 over "tocsin ", the record's name, NUL
 * and the name text. (Areas have theirs from area_codes_id, by the same rule.)
 */
#ifndef MODEL_RECORD_ID_H
#define MODEL_RECORD_ID_H

#include "base/id.h"
#include "model/records.h"

/* The id of a record with a name of its own: the code of a facility, … */
struct id record_id_of(enum model_record_number record, const char *name);

/* population: area, year, kind, sex, first age and source name it. */
struct id record_id_of_population(const struct model_population *population);

/* outline: area and detail. */
struct id record_id_of_outline(const struct model_outline *outline);

/* calendar_day: calendar, holiday and first day. */
struct id record_id_of_calendar_day(const struct model_calendar_day *day);

#endif
