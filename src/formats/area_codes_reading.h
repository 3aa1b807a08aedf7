/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/area_codes_reading.h: within area_codes: a list that is being read. */
#ifndef FORMATS_AREA_CODES_READING_H
#define FORMATS_AREA_CODES_READING_H

#include "formats/area_codes_index.h"

enum area_column {
    AREA_CODE,
    AREA_NAME_EN,
    AREA_NAME_ZH,
    AREA_NAME_BO,
    AREA_LEVEL,
    AREA_PARENT,
    AREA_VALID_FROM,
    AREA_VALID_TO,
    AREA_SUCCESSOR,
    AREA_NUM_COLUMNS
};

#define AREA_NO_LEVEL UINT8_MAX

/* What a row refers to: offsets of codes; 0 = nothing. */
struct area_reference {
    uint32_t parent, successor;
};

struct area_reading {
    struct fault_list        *faults;
    const struct table_input *inputs;
    struct area_codes_options options;
    struct table             *table; /* of the present file */
    struct table_row          row;
    uint8_t                   file;
    uint32_t                  cell[AREA_CODES_MAX_FILES][AREA_NUM_COLUMNS]; /* 1 = first; 0 = no such column */
    bool                      has_parents;                                  /* a column of parents in any file */
    struct area_codes         list;                                         /* in the order of the rows */
    struct area_reference    *references;
    uint32_t                  capacity; /* of areas and references */
    size_t                    text_capacity;
    struct area_index         index;
};

/* The place of an area's cell, for fault_add. */
struct fault_place area_codes_place(const struct area_reading *reading, const struct area_code *area,
                                    enum area_column column);

/* Find parents, successors and levels, tell the faults of the tree, put the areas in preorder and give them ids.
 * Returns 0, with or without faults told, or TOC_ERR_NO_MEMORY. */
int area_codes_build(struct area_reading *reading);

#endif
