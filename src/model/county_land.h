/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/county_land.h: within county: the land, its cells, and cutting it into areas. */
#ifndef MODEL_COUNTY_LAND_H
#define MODEL_COUNTY_LAND_H

#include "model/county.h"
#include "model/county_chance.h"

#define LAND_NONE UINT32_MAX

/* Rows of six-cornered cells; odd rows stand half a cell to the east. A cell's sides are numbered counter-clockwise
 * from the north-western one. */
struct land {
    uint64_t  seed;
    uint32_t  width, height; /* in cells; a rim of two cells belongs to nobody */
    uint32_t *owner;         /* by cell: the index of its area, or LAND_NONE (the sea) */
    uint32_t *piece;         /* by cell: room for land_cut */
};

static inline size_t land_num_cells(const struct land *land)
{
    return (size_t) land->width * land->height;
}

/* The cell across a side; for a cell off the rim. */
uint32_t land_neighbour(const struct land *land, uint32_t cell, int side);

/* Where side `side` of a cell begins, walking counter-clockwise; a corner has the same numbers for all its cells. */
struct county_point land_corner(const struct land *land, uint32_t cell, int side);
struct county_point land_centre(const struct land *land, uint32_t cell);

/* Give `num_cells` connected cells without holes to area 0. Returns 0 or TOC_ERR_NO_MEMORY. */
int land_raise(struct land *land, size_t num_cells);

/* Cut the cells of one area into `num` connected pieces, which get the owners first, first + step, …
 *
 * cells    num_cells cells whose owner is the area's; reordered: piece by piece
 * ends     room for num: where each piece ends in cells
 *
 * Returns 0 or TOC_ERR_NO_MEMORY. */
int land_cut(struct land *land, uint32_t *cells, size_t num_cells, int num, uint32_t first, uint32_t step,
             uint64_t entity, size_t *ends);

#endif
