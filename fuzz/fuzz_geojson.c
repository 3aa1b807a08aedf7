/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as GeoJSON: what is read is on the earth, and outlines can be made of it, however its shapes lie. */
#include <string.h>

#include "formats/area_shapes.h"
#include "formats/outline.h"
#include "fuzz.h"

static void check_shapes(const struct geojson *shapes)
{
    MUST(shapes->num_features > 0);
    for (uint32_t f = 0; f < shapes->num_features; f++) {
        const struct geojson_feature *feature = &shapes->features[f];
        MUST(*feature->code != '\0' && feature->num_rings > 0 && feature->line > 0);
        MUST(feature->first_ring + feature->num_rings <= shapes->num_rings && !shapes->rings[feature->first_ring].hole);
    }
    for (uint32_t r = 0; r < shapes->num_rings; r++)
        MUST(shapes->rings[r].num_points >= 3 &&
             shapes->rings[r].first_point + shapes->rings[r].num_points <= shapes->num_points);
    for (uint32_t p = 0; p < shapes->num_points; p++)
        MUST(shapes->points[p].longitude >= -1800000000 && shapes->points[p].longitude <= 1800000000 &&
             shapes->points[p].latitude >= -900000000 && shapes->points[p].latitude <= 900000000);
}

static void check_centres(const struct geojson *shapes)
{
    for (uint32_t f = 0; f < shapes->num_features; f++) {
        struct geojson_point centre = { INT32_MIN, INT32_MIN };
        MUST(area_shapes_centre(shapes, f, &centre) == 0);
        MUST(centre.longitude >= -1800000000 && centre.longitude <= 1800000000);
        MUST(centre.latitude >= -900000000 && centre.latitude <= 900000000);
    }
}

static void check_outlines(const struct geojson *shapes, struct outline_options options)
{
    struct outline_set set;
    MUST(outline_make(shapes, &options, &set) == 0);
    for (uint32_t i = 0; i < set.num_features * OUTLINE_DETAILS; i++) {
        const struct outline_path *path = &set.paths[i];
        int64_t                    world = (int64_t) 1 << set.grid_bits[i % OUTLINE_DETAILS];
        MUST(path->text_size > 0 && strlen(set.text + path->text) == path->text_size && path->num_points > 0);
        MUST(path->min_x >= 0 && path->min_y >= 0 && path->max_x <= world + 1 && path->max_y <= world + 1);
        MUST(path->min_x <= path->max_x && path->min_y <= path->max_y);
    }
    outline_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = { 0 };
    struct geojson    shapes = { 0 };
    int               status = geojson_read((const char *) data, size, "map", "code", &faults, &shapes);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0) {
        check_shapes(&shapes);
        check_centres(&shapes);
        check_outlines(&shapes, (struct outline_options){ { 0 } });
        check_outlines(&shapes, (struct outline_options){ { 8, 12, 30 } });
    }
    geojson_free(&shapes);
    fault_list_free(&faults);
    return 0;
}
