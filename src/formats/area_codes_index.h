/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/area_codes_index.h: within area_codes: which areas have a code. */
#ifndef FORMATS_AREA_CODES_INDEX_H
#define FORMATS_AREA_CODES_INDEX_H

#include "formats/area_codes.h"

#define AREA_CODES_MAX_SAME 100 /* areas of one code */

struct area_index {
    uint32_t *first;     /* mask + 1 slots: the area of a code that was added last, or AREA_CODES_NONE */
    uint32_t *next_same; /* by area: the one of the same code added before it, or AREA_CODES_NONE */
    size_t    mask;
    size_t    capacity; /* of next_same */
};

/* Room for `areas` areas; the index keeps what it has. Returns 0 or TOC_ERR_NO_MEMORY. */
int  area_index_reserve(struct area_index *index, const struct area_codes *list, size_t areas);
void area_index_free(struct area_index *index);

/* Add area number `area` of the list, for which there is room. Returns how many areas have its code now; where these
 * are more than AREA_CODES_MAX_SAME it was not added. */
size_t area_index_add(struct area_index *index, const struct area_codes *list, uint32_t area);

/* The area added last of those with this code, or AREA_CODES_NONE; the others follow by next_same. */
uint32_t area_index_find(const struct area_index *index, const struct area_codes *list, const char *code, size_t size);

/* Is the area there on a day? */
static inline bool area_valid_on(const struct area_code *area, toc_date day)
{
    return (area->valid_from == AREA_CODES_NO_DATE || area->valid_from <= day) &&
           (area->valid_to == AREA_CODES_NO_DATE || area->valid_to >= day);
}

#endif
