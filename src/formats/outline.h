/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/outline.h: shapes of areas as small SVG paths, at three levels of detail, without gaps between
 * neighbours.
 *
 * Projection: Web Mercator, one square for the world, whatever the map: x to the east from 180° W, y to the south from
 * 85.05° N, both 0 … 2^grid_bits. It was chosen because it needs no parameter of the map: paths that were made in
 * different imports fit together, a browser puts a dot on them by one formula, and shapes keep their angles. (Sizes
 * grow to the north; rates, not sizes, are what a map of areas shows.) What lies nearer to a pole is put on the edge.
 *
 * Grids. At the finest detail, 2, the smallest areas (all but 5 in 100) are 128 units wide and more; at detail 1 a
 * unit is four times as wide, at 0 sixteen times. Points that change a border by an area of less than two square
 * units are left out, those that matter least first (Visvalingam and Whyatt 1993, doi:10.1179/000870493786962263).
 *
 * Neighbours. Points that are the same numbers in the shapes of two areas are one point here, and borders that two
 * areas share are simplified once: so the neighbours' paths have the same points. What is done to a point (leaving it
 * out, moving it to the grid) is done only if no other point lies in the triangles that it sweeps, and it crosses no
 * border: shapes that lay beside each other do so afterwards, no ring vanishes, turns over, touches another or itself
 * anew. A point that finds no free place on the grid for this reason keeps a place between, as a decimal number
 * (num_off_grid: none in clean maps, a few where shapes touch or overlap in the file, which they then still do).
 *
 * Paths. "M10 20l5-3 2 0 -1 9z": the first point of a ring absolute, the others relative, whole numbers; holes are
 * wound the other way, so that both rules of filling agree. An area smaller than the projection can tell is a dot:
 * a square of one unit.
 */
#ifndef FORMATS_OUTLINE_H
#define FORMATS_OUTLINE_H

#include <stddef.h>
#include <stdint.h>

#include "formats/geojson.h"

#define OUTLINE_DETAILS 3
#define OUTLINE_MAX_BITS 30
#define OUTLINE_MIN_BITS 8

struct outline_options {
    int grid_bits[OUTLINE_DETAILS]; /* OUTLINE_MIN_BITS … OUTLINE_MAX_BITS, not falling; all 0: chosen as above */
};

struct outline_path {
    size_t   text;      /* offset in outline_set.text; ends with '\0' */
    size_t   text_size; /* without it */
    uint32_t num_points;
    int64_t  min_x, min_y, max_x, max_y; /* in units; whole */
};

struct outline_set {
    int                  grid_bits[OUTLINE_DETAILS];
    struct outline_path *paths; /* of feature f at detail d: [f * OUTLINE_DETAILS + d] */
    uint32_t             num_features;
    char                *text;
    uint32_t             num_points;                    /* different ones, read */
    uint32_t             num_kept[OUTLINE_DETAILS];     /* of them */
    uint32_t             num_off_grid[OUTLINE_DETAILS]; /* of them */
};

/* Make the paths of all shapes. set: free with outline_free; untouched on failure.
 *
 * Returns 0; TOC_ERR_OPTION (grid_bits out of range or falling); TOC_ERR_NO_MEMORY.
 * Cost: about 3 µs a point; about 150 bytes a point while it works.
 */
int outline_make(const struct geojson *shapes, const struct outline_options *options, struct outline_set *set);

/* A zeroed one is safe to free. */
void outline_free(struct outline_set *set);

/* Where a place lies in the world of width 1. latitude, longitude in degrees; clamped to the square. */
void outline_project(double latitude, double longitude, double *x, double *y);

#endif
