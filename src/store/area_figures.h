/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/area_figures.h: what maps and rates need of some areas at once: how many people live there, and their
 * outlines. Both are open data: no grant is asked for. */
#ifndef STORE_AREA_FIGURES_H
#define STORE_AREA_FIGURES_H

#include "model/records.h"
#include "store/store.h"

/* The residents of the newest year that is known, all ages and both sexes. */
struct area_people {
    int64_t number; /* AREA_PEOPLE_UNKNOWN: no population of residents is there for this area */
    int64_t year;
};
#define AREA_PEOPLE_UNKNOWN (-1)

/* people   one for each of the num areas; untouched on failure
 *
 * Where a year has rows that do not tell the sexes apart, they count; else those of the sexes are added up. Age groups
 * of one source are taken to lie beside each other, as an import checks. Returns 0, TOC_ERR_NO_MEMORY or db_status.
 * Cost: a look-up by index for each area and the rows of its population. */
int store_area_people(struct store_reader *reader, const struct id *areas, size_t num, struct area_people *people);

/* The outlines at a level of detail (0, 1 or 2: model/outline.def); path.bytes is NULL where there is none. Paths live
 * in arena. Returns as above; on failure outlines are partly filled in. */
int store_area_outlines(struct store_reader *reader, const struct id *areas, size_t num, int detail,
                        struct arena *arena, struct model_outline *outlines);

#endif
