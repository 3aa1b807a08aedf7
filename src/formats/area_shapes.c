/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/area_shapes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_index.h"

static uint32_t find_open(const struct area_index *index, const struct area_codes *list, const char *code)
{
    uint32_t area = area_index_find(index, list, code, strlen(code));
    while (area != AREA_CODES_NONE && list->areas[area].valid_to != AREA_CODES_NO_DATE)
        area = index->next_same[area];
    return area;
}

int area_shapes_match(const struct geojson *shapes, const char *name, const struct area_codes *list,
                      struct fault_list *faults, uint32_t *areas)
{
    struct area_index index = { 0 };
    int               ret = area_index_reserve(&index, list, list->num_areas);
    uint32_t         *found = memory_array((size_t) shapes->num_features + 1, sizeof *found);
    char              quoted[TEXT_QUOTE_BYTES];
    if (found == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret != 0)
        goto out;
    for (uint32_t i = 0; i < list->num_areas; i++)
        area_index_add(&index, list, i);
    for (uint32_t i = 0; i < shapes->num_features; i++) {
        const struct geojson_feature *feature = &shapes->features[i];
        found[i] = find_open(&index, list, feature->code);
        if (found[i] != AREA_CODES_NONE)
            continue;
        text_quote(feature->code, strlen(feature->code), quoted);
        fault_add(faults, (struct fault_place){ .file = name, .line = feature->line },
                  "the code of an area of the list without a last day", "feature %" PRIu32 ": no area has the code %s",
                  i + 1, quoted);
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        memcpy(areas, found, shapes->num_features * sizeof *areas);
out:
    free(found);
    area_index_free(&index);
    return ret;
}

/* Twice the area of a ring, and by it the latitude of its centre of gravity. Between two whole numbers, so that no
 * point of the shape lies on it. */
static double middle_latitude(const struct geojson_point *points, uint32_t num, double *latitude)
{
    double area = 0, moment = 0, base = points->latitude, low = INT32_MAX, high = INT32_MIN;
    for (uint32_t i = 0; i < num; i++) {
        const struct geojson_point *a = &points[i], *b = &points[(i + 1) % num];
        double                      a_y = a->latitude - base, b_y = b->latitude - base;
        double                      piece =
            (a->longitude - (double) points->longitude) * b_y - (b->longitude - (double) points->longitude) * a_y;
        area += piece;
        moment += piece * (a_y + b_y) / 3;
        low = fmin(low, a->latitude);
        high = fmax(high, a->latitude);
    }
    double middle = area == 0 ? (low + high) / 2 : base + moment / area;
    *latitude = fmin(fmax(floor(middle), low), high - 1) + 0.5;
    return fabs(area);
}

/* That of the largest part: the middle of islands may be sea. */
static double choose_latitude(const struct geojson *shapes, const struct geojson_feature *feature)
{
    double chosen = 0, largest = -1;
    for (uint32_t r = feature->first_ring; r < feature->first_ring + feature->num_rings; r++) {
        const struct geojson_ring *ring = &shapes->rings[r];
        double                     latitude;
        double area = middle_latitude(shapes->points + ring->first_point, ring->num_points, &latitude);
        if (!ring->hole && area > largest) {
            largest = area;
            chosen = latitude;
        }
    }
    return chosen;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Where the parallel crosses the borders, from west to east: within the shape between the first two, and so on. */
static size_t cross_borders(const struct geojson *shapes, const struct geojson_feature *feature, double latitude,
                            double *longitudes)
{
    size_t num = 0;
    for (uint32_t r = feature->first_ring; r < feature->first_ring + feature->num_rings; r++) {
        const struct geojson_ring  *ring = &shapes->rings[r];
        const struct geojson_point *points = shapes->points + ring->first_point;
        for (uint32_t i = 0; i < ring->num_points; i++) {
            const struct geojson_point *a = &points[i], *b = &points[(i + 1) % ring->num_points];
            if ((a->latitude > latitude) != (b->latitude > latitude))
                longitudes[num++] = a->longitude + (latitude - a->latitude) / ((double) b->latitude - a->latitude) *
                                                       ((double) b->longitude - a->longitude);
        }
    }
    qsort(longitudes, num, sizeof *longitudes, compare_doubles);
    return num;
}

int area_shapes_centre(const struct geojson *shapes, uint32_t feature, struct geojson_point *centre)
{
    const struct geojson_feature *shape = &shapes->features[feature];
    size_t                        num_points = 0;
    for (uint32_t r = shape->first_ring; r < shape->first_ring + shape->num_rings; r++)
        num_points += shapes->rings[r].num_points;
    double *longitudes = memory_array(num_points + 1, sizeof *longitudes);
    if (longitudes == NULL)
        return TOC_ERR_NO_MEMORY;
    double latitude = choose_latitude(shapes, shape), widest = -1;
    size_t num = cross_borders(shapes, shape, latitude, longitudes);
    for (size_t i = 0; i + 1 < num; i += 2)
        if (longitudes[i + 1] - longitudes[i] > widest) {
            widest = longitudes[i + 1] - longitudes[i];
            *centre = (struct geojson_point){ (int32_t) lround((longitudes[i] + longitudes[i + 1]) / 2),
                                              (int32_t) lround(latitude) };
        }
    free(longitudes);
    return 0;
}
