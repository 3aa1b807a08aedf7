/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/area_shapes.h: which area of a code list each shape of a map belongs to. */
#ifndef FORMATS_AREA_SHAPES_H
#define FORMATS_AREA_SHAPES_H

#include "formats/area_codes.h"
#include "formats/geojson.h"

/* Match shapes to areas by code; of several areas with one code, the one without a last day.
 *
 * name    of the map's file, for faults: a shape whose code no such area has
 * areas   room for shapes->num_features indexes in the list; untouched on failure
 *
 * Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int area_shapes_match(const struct geojson *shapes, const char *name, const struct area_codes *list,
                      struct fault_list *faults, uint32_t *areas);

/* A point within a shape, for its label or dot: on the parallel through the middle of its largest part, in the middle
 * of the widest stretch that lies within it. Returns 0 or TOC_ERR_NO_MEMORY. */
int area_shapes_centre(const struct geojson *shapes, uint32_t feature, struct geojson_point *centre);

#endif
