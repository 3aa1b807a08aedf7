/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/geojson.h: the shapes of areas from GeoJSON (RFC 7946).
 *
 * A FeatureCollection whose features have a Polygon or MultiPolygon and a property that holds the area's code, as text
 * or as a whole number. Coordinates are longitude and latitude in degrees (WGS 84), kept to 10^-7 degrees (1 cm);
 * heights are left out. Rings are turned as the standard wants: outer ones counter-clockwise, holes clockwise.
 *
 * Each fault names the line where its feature begins and its number (1 = first). Faults: no JSON; no FeatureCollection;
 * another coordinate system; a feature without geometry, with another kind of geometry, or without a code; a code that
 * comes twice; a position that is not on the earth; a ring with fewer than four positions, that does not end where it
 * begins, or without area; more than the limits allow.
 *
 * Memory: the bytes of the largest feature some forty times (it is parsed alone), and 8 bytes a point.
 */
#ifndef FORMATS_GEOJSON_H
#define FORMATS_GEOJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define GEOJSON_MAX_BYTES ((size_t) 1 << 30)
#define GEOJSON_MAX_FEATURES 1000000
#define GEOJSON_MAX_POINTS 20000000
#define GEOJSON_MAX_FEATURE_BYTES ((size_t) 64 << 20)
#define GEOJSON_MAX_DEPTH 12 /* of brackets in a feature */
#define GEOJSON_MAX_CODE 40  /* bytes */

struct geojson_point {
    int32_t longitude, latitude; /* in 10^-7 degrees */
};

struct geojson_ring {
    uint32_t first_point, num_points; /* without the first repeated at the end; >= 3 */
    bool     hole;
};

struct geojson_feature {
    char     code[GEOJSON_MAX_CODE + 1];
    uint32_t first_ring, num_rings; /* every hole behind the outer ring that it lies in */
    uint64_t line;                  /* where the feature begins */
};

struct geojson {
    struct geojson_feature *features; /* in the order of the file */
    uint32_t                num_features;
    struct geojson_ring    *rings;
    uint32_t                num_rings;
    struct geojson_point   *points;
    uint32_t                num_points;
};

/* Read a collection from its bytes.
 *
 * name       of the file, for faults; borrowed as long as the list lives
 * property   the member of "properties" that holds the code; NULL: the feature's own "id"
 * shapes     free with geojson_free; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (faults, or no feature); TOC_ERR_NO_MEMORY; the list says why.
 */
int geojson_read(const char *bytes, size_t size, const char *name, const char *property, struct fault_list *faults,
                 struct geojson *shapes);

/* The same from a file; BASE_ERR_SYSTEM where it cannot be read. */
int geojson_read_file(const char *path, const char *property, struct fault_list *faults, struct geojson *shapes);

/* A zeroed one is safe to free. */
void geojson_free(struct geojson *shapes);

#endif
