/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/outline_borders.h: which areas border on each other, from their outlines. Borders that two areas share
 * have the same points in both paths (outline.h), so two areas are neighbours where at least two points are the same.
 */
#ifndef FORMATS_OUTLINE_BORDERS_H
#define FORMATS_OUTLINE_BORDERS_H

#include <stddef.h>
#include <stdint.h>

/* A path as outline_make writes it, of one level of detail. */
struct outline_shape {
    const char *path; /* path_size bytes; NULL: the area has none */
    size_t      path_size;
    int         grid_bits; /* points of other grids are never the same */
};

struct outline_border {
    uint32_t a, b; /* a < b, numbers of shapes */
};

/* All borders, ordered by a, then b. borders: free() it; untouched on failure.
 *
 * Returns 0; BASE_ERR_INPUT, with the shape in *fault, where a path is none of outline.h; TOC_ERR_NO_MEMORY.
 * Cost: the points are sorted once. */
int outline_borders(const struct outline_shape *shapes, uint32_t num, struct outline_border **borders,
                    size_t *num_borders, uint32_t *fault);

#endif
