/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/outline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "formats/outline_graph.h"
#include "tocsin/status.h"

enum { SMALLEST_WIDTH = 128, BITS_BETWEEN_DETAILS = 2 };
#define WORLD ((int32_t) 1 << OUTLINE_MAX_BITS)
#define PI 3.14159265358979323846

void outline_project(double latitude, double longitude, double *x, double *y)
{
    double north = 0.5 - asinh(tan(latitude * (PI / 180))) / (2 * PI);
    *x = (longitude + 180) / 360;
    *y = north < 0 ? 0 : north > 1 ? 1 : north;
}

static struct outline_point project(struct geojson_point point)
{
    double x, y;
    outline_project(point.latitude / 1e7, point.longitude / 1e7, &x, &y);
    return (struct outline_point){ (int32_t) lround(x * (WORLD - 1)), (int32_t) lround(y * (WORLD - 1)) };
}

/* ---- the grids ---- */

static double area_of(const struct geojson *shapes, const struct outline_point *projected,
                      const struct geojson_feature *feature)
{
    double sum = 0;
    for (uint32_t r = feature->first_ring; r < feature->first_ring + feature->num_rings; r++) {
        const struct geojson_ring  *ring = &shapes->rings[r];
        const struct outline_point *points = projected + ring->first_point;
        double                      ring_sum = 0;
        for (uint32_t i = 1; i + 1 < ring->num_points; i++)
            ring_sum += (double) outline_turn(points[0], points[i], points[i + 1]);
        sum += ring->hole ? -fabs(ring_sum) : fabs(ring_sum);
    }
    return sum / 2;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static int choose_grids(const struct geojson *shapes, const struct outline_point *projected,
                        int grid_bits[OUTLINE_DETAILS])
{
    double *areas = memory_array((size_t) shapes->num_features + 1, sizeof *areas);
    if (areas == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < shapes->num_features; i++)
        areas[i] = area_of(shapes, projected, &shapes->features[i]);
    qsort(areas, shapes->num_features, sizeof *areas, compare_doubles);
    double width = sqrt(fmax(areas[shapes->num_features / 20], 1));
    int    finest = OUTLINE_MAX_BITS;
    while (finest > OUTLINE_MIN_BITS && width / ldexp(1, OUTLINE_MAX_BITS - finest + 1) >= SMALLEST_WIDTH)
        finest--;
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
        int bits = finest - BITS_BETWEEN_DETAILS * (OUTLINE_DETAILS - 1 - detail);
        grid_bits[detail] = bits < OUTLINE_MIN_BITS ? OUTLINE_MIN_BITS : bits;
    }
    free(areas);
    return 0;
}

static int check_options(const struct outline_options *options)
{
    bool chosen = true;
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++)
        chosen &= options->grid_bits[detail] == 0;
    for (int detail = 0; detail < OUTLINE_DETAILS && !chosen; detail++) {
        int bits = options->grid_bits[detail];
        if (bits < OUTLINE_MIN_BITS || bits > OUTLINE_MAX_BITS || (detail > 0 && bits < options->grid_bits[detail - 1]))
            return TOC_ERR_OPTION;
    }
    return 0;
}

/* ---- paths ---- */

struct writing {
    const struct geojson       *shapes;
    const struct outline_graph *graph;
    const struct outline_point *at;
    double                      unit;
    struct sink                *sink;
    struct outline_path        *path;
    bool                        letter; /* the last thing written */
};

static void put_number(struct writing *writing, double number)
{
    if (!writing->letter && number >= 0)
        sink_character(writing->sink, ' ');
    sink_number(writing->sink, number + 0.0); /* no -0 */
    writing->letter = false;
}

static void put_letter(struct writing *writing, char letter)
{
    sink_character(writing->sink, letter);
    writing->letter = true;
}

static void widen(struct outline_path *path, double x, double y)
{
    int64_t left = (int64_t) floor(x), right = (int64_t) ceil(x), top = (int64_t) floor(y), bottom = (int64_t) ceil(y);
    path->min_x = left < path->min_x ? left : path->min_x;
    path->max_x = right > path->max_x ? right : path->max_x;
    path->min_y = top < path->min_y ? top : path->min_y;
    path->max_y = bottom > path->max_y ? bottom : path->max_y;
}

/* A point that is left out, or that lies on the line between its neighbours, for both areas beside it. */
static bool is_silent(const struct writing *writing, uint32_t node)
{
    const struct outline_graph *graph = writing->graph;
    if (graph->dead[node] || graph->degree[node] != 2)
        return graph->dead[node];
    const uint32_t *ends = graph->neighbours + graph->first_neighbour[node];
    return outline_turn(writing->at[ends[0]], writing->at[node], writing->at[ends[1]]) == 0;
}

static void put_ring(struct writing *writing, uint32_t ring)
{
    const struct outline_graph *graph = writing->graph;
    double                      last_x = 0, last_y = 0;
    bool                        begun = false, lines = false;
    for (uint32_t i = graph->ring_begin[ring]; i < graph->ring_begin[ring + 1]; i++) {
        uint32_t node = graph->ring_nodes[i];
        if (is_silent(writing, node))
            continue;
        double x = writing->at[node].x / writing->unit, y = writing->at[node].y / writing->unit;
        if (!begun)
            put_letter(writing, 'M');
        else if (!lines)
            put_letter(writing, 'l');
        lines = begun;
        begun = true;
        put_number(writing, x - last_x);
        put_number(writing, y - last_y);
        last_x = x;
        last_y = y;
        writing->path->num_points++;
        widen(writing->path, x, y);
    }
    if (begun)
        put_letter(writing, 'z');
}

/* An area too small to have a shape. */
static void put_dot(struct writing *writing, const struct geojson_feature *feature,
                    const struct outline_point *projected)
{
    struct outline_point at = projected[writing->shapes->rings[feature->first_ring].first_point];
    double               x = floor(at.x / writing->unit), y = floor(at.y / writing->unit);
    put_letter(writing, 'M');
    put_number(writing, x);
    put_number(writing, y);
    sink_text(writing->sink, "h1v1h-1z");
    writing->path->num_points = 4;
    widen(writing->path, x, y);
    widen(writing->path, x + 1, y + 1);
}

static void put_features(struct writing *writing, struct outline_set *set, int detail,
                         const struct outline_point *projected)
{
    for (uint32_t f = 0; f < writing->shapes->num_features; f++) {
        const struct geojson_feature *feature = &writing->shapes->features[f];
        writing->path = &set->paths[(size_t) f * OUTLINE_DETAILS + (size_t) detail];
        *writing->path = (struct outline_path){
            .text = writing->sink->used, .min_x = INT64_MAX, .min_y = INT64_MAX, .max_x = INT64_MIN, .max_y = INT64_MIN
        };
        for (uint32_t r = 0; r < feature->num_rings; r++)
            put_ring(writing, feature->first_ring + r);
        if (writing->path->num_points == 0)
            put_dot(writing, feature, projected);
        writing->path->text_size = writing->sink->used - writing->path->text;
        sink_character(writing->sink, '\0');
    }
}

/* ---- together ---- */

static int make_detail(struct outline_graph *graph, const struct geojson *shapes, const struct outline_point *projected,
                       struct outline_point *at, int detail, struct outline_set *set, struct sink *sink)
{
    int32_t  unit = (int32_t) 1 << (OUTLINE_MAX_BITS - set->grid_bits[detail]);
    uint64_t two_units = 2 * 2 * (uint64_t) unit * (uint64_t) unit; /* twice the area */
    int      ret = outline_simplify(graph, two_units);
    if (ret == 0)
        ret = outline_snap(graph, unit, at, &set->num_off_grid[detail]);
    if (ret != 0)
        return ret;
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        set->num_kept[detail] += !graph->dead[node];
    struct writing writing = { .shapes = shapes, .graph = graph, .at = at, .unit = unit, .sink = sink };
    put_features(&writing, set, detail, projected);
    return sink->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

static int make_all(const struct geojson *shapes, const struct outline_options *options,
                    struct outline_point *projected, struct outline_point *at, struct outline_graph *graph,
                    struct outline_set *set)
{
    struct sink sink;
    sink_init_memory(&sink);
    for (uint32_t i = 0; i < shapes->num_points; i++)
        projected[i] = project(shapes->points[i]);
    memcpy(set->grid_bits, options->grid_bits, sizeof set->grid_bits);
    int ret = options->grid_bits[0] == 0 ? choose_grids(shapes, projected, set->grid_bits) : 0;
    if (ret == 0)
        ret = outline_graph_make(graph, shapes, projected);
    set->num_points = graph->num_nodes;
    for (int detail = OUTLINE_DETAILS - 1; detail >= 0 && ret == 0; detail--)
        ret = make_detail(graph, shapes, projected, at, detail, set, &sink);
    if (ret == 0) {
        set->text = sink.bytes;
        sink.bytes = NULL;
    }
    sink_free(&sink);
    return ret;
}

int outline_make(const struct geojson *shapes, const struct outline_options *options, struct outline_set *set)
{
    struct outline_set    made = { .num_features = shapes->num_features };
    struct outline_graph  graph = { 0 };
    size_t                num = (size_t) shapes->num_points + 1;
    int                   ret = check_options(options);
    struct outline_point *projected = memory_array(num, sizeof *projected), *at = memory_array(num, sizeof *at);
    made.paths = memory_array((size_t) shapes->num_features * OUTLINE_DETAILS + 1, sizeof *made.paths);
    if (ret == 0 && (projected == NULL || at == NULL || made.paths == NULL))
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = make_all(shapes, options, projected, at, &graph, &made);
    if (ret == 0) {
        *set = made;
        made = (struct outline_set){ 0 };
    }
    outline_free(&made);
    outline_graph_free(&graph);
    free(projected);
    free(at);
    return ret;
}

void outline_free(struct outline_set *set)
{
    free(set->paths);
    free(set->text);
    *set = (struct outline_set){ 0 };
}
