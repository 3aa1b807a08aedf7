/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outlines (src/formats/outline.h) of invented counties: what neighbours share stays shared. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/outline.h"
#include "model/county.h"
#include "support/property.h"
#include "support/test.h"

/* ---- shapes ---- */

/* The areas from one level to another as shapes; they borrow nothing of the county. */
static struct geojson shapes_of(const struct county *county, enum county_level from, enum county_level to)
{
    struct geojson shapes = { .features = calloc(county->num_areas, sizeof *shapes.features),
                              .rings = calloc(county->num_rings, sizeof *shapes.rings),
                              .points = calloc(county->num_points, sizeof *shapes.points) };
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        if (area->level < from || area->level > to)
            continue;
        struct geojson_feature *feature = &shapes.features[shapes.num_features++];
        strcpy(feature->code, area->code);
        feature->first_ring = shapes.num_rings;
        feature->num_rings = area->num_rings;
        for (uint32_t r = 0; r < area->num_rings; r++) {
            const struct county_ring *ring = &county->rings[area->first_ring + r];
            shapes.rings[shapes.num_rings++] = (struct geojson_ring){ shapes.num_points, ring->num_points, r > 0 };
            for (uint32_t p = 0; p < ring->num_points; p++)
                shapes.points[shapes.num_points++] =
                    (struct geojson_point){ county->points[ring->first_point + p].longitude,
                                            county->points[ring->first_point + p].latitude };
        }
    }
    return shapes;
}

/* Shapes of rings given as degrees: x, y, x, y, …, NAN ends a ring; each ring a feature. */
static struct geojson shapes_from(const double *numbers, size_t num)
{
    struct geojson shapes = { .features = calloc(num, sizeof *shapes.features),
                              .rings = calloc(num, sizeof *shapes.rings),
                              .points = calloc(num, sizeof *shapes.points) };
    uint32_t       begin = 0;
    for (size_t i = 0; i < num; i++) {
        if (!isnan(numbers[i])) {
            shapes.points[shapes.num_points++] =
                (struct geojson_point){ (int32_t) lround(numbers[i] * 1e7), (int32_t) lround(numbers[i + 1] * 1e7) };
            i++;
            continue;
        }
        shapes.features[shapes.num_features] =
            (struct geojson_feature){ .first_ring = shapes.num_rings, .num_rings = 1 };
        sprintf(shapes.features[shapes.num_features].code, "%u", shapes.num_features);
        shapes.num_features++;
        shapes.rings[shapes.num_rings++] = (struct geojson_ring){ begin, shapes.num_points - begin, false };
        begin = shapes.num_points;
    }
    return shapes;
}

/* ---- paths read back ---- */

struct edge {
    int64_t  x, y, to_x, to_y; /* in 1/2^OUTLINE_MAX_BITS of the world */
    uint32_t feature;
};

struct edges {
    struct edge *edges;
    size_t       num;
    double      *areas; /* by feature, in units of the grid */
};

/* Read one path by the grammar of SVG, as far as it is used. */
static void read_path(const struct outline_set *set, uint32_t feature, int detail, struct edges *edges)
{
    const struct outline_path *path = &set->paths[feature * OUTLINE_DETAILS + (uint32_t) detail];
    const char                *at = set->text + path->text;
    double                     unit = ldexp(1, OUTLINE_MAX_BITS - set->grid_bits[detail]), x = 0, y = 0;
    double                     begin_x = 0, begin_y = 0, sum = 0;
    size_t                     points = 0;
    assert_int_equal(strlen(at), path->text_size);
    while (*at != '\0') {
        char  *end;
        double from_x = x, from_y = y;
        bool   move = *at == 'M', closes = *at == 'z';
        if (*at == 'M' || *at == 'l' || *at == 'z')
            at++;
        if (closes) {
            x = begin_x;
            y = begin_y;
        } else {
            double dx = strtod(at, &end), dy = strtod(end, &end);
            assert_ptr_not_equal(end, at);
            at = end;
            x = move ? dx : x + dx;
            y = move ? dy : y + dy;
            points++;
            assert_true(x >= (double) path->min_x && x <= (double) path->max_x && y >= (double) path->min_y &&
                        y <= (double) path->max_y);
        }
        if (move) {
            begin_x = x;
            begin_y = y;
            continue;
        }
        edges->edges[edges->num++] = (struct edge){ llround(from_x * unit), llround(from_y * unit), llround(x * unit),
                                                    llround(y * unit), feature };
        sum += (from_x - begin_x) * (y - begin_y) - (x - begin_x) * (from_y - begin_y);
        if (closes) {
            edges->areas[feature] += -sum / 2; /* y to the south */
            sum = 0;
        }
    }
    assert_int_equal(points, path->num_points);
}

static int compare_edges(const void *a, const void *b)
{
    const int64_t *x = &((const struct edge *) a)->x, *y = &((const struct edge *) b)->x;
    for (int i = 0; i < 4; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static struct edges read_paths(const struct geojson *shapes, const struct outline_set *set, int detail)
{
    struct edges edges = { calloc(shapes->num_points + 4 * shapes->num_features, sizeof *edges.edges), 0,
                           calloc(shapes->num_features, sizeof *edges.areas) };
    for (uint32_t f = 0; f < shapes->num_features; f++)
        read_path(set, f, detail, &edges);
    qsort(edges.edges, edges.num, sizeof *edges.edges, compare_edges);
    return edges;
}

static void free_edges(struct edges *edges)
{
    free(edges->edges);
    free(edges->areas);
}

static void free_shapes(struct geojson *shapes)
{
    geojson_free(shapes);
}

/* ---- what must hold ---- */

static int side(const struct edge *line, int64_t x, int64_t y)
{
    int64_t turn = (line->to_x - line->x) * (y - line->y) - (x - line->x) * (line->to_y - line->y);
    return (turn > 0) - (turn < 0);
}

static bool between(int64_t a, int64_t b, int64_t value)
{
    return a <= b ? a <= value && value <= b : b <= value && value <= a;
}

static bool within(const struct edge *line, int64_t x, int64_t y)
{
    return side(line, x, y) == 0 && between(line->x, line->to_x, x) && between(line->y, line->to_y, y);
}

/* Have two lines more in common than an end of both? */
static bool cross(const struct edge *a, const struct edge *b)
{
    if (side(a, b->x, b->y) * side(a, b->to_x, b->to_y) < 0 && side(b, a->x, a->y) * side(b, a->to_x, a->to_y) < 0)
        return true;
    const int64_t ends[4][2] = { { a->x, a->y }, { a->to_x, a->to_y }, { b->x, b->y }, { b->to_x, b->to_y } };
    for (int i = 0; i < 4; i++) {
        const struct edge *other = i < 2 ? b : a;
        bool               shared = (ends[i][0] == other->x && ends[i][1] == other->y) ||
                      (ends[i][0] == other->to_x && ends[i][1] == other->to_y);
        if (!shared && within(other, ends[i][0], ends[i][1]))
            return true;
    }
    return false;
}

/* Of the lines (each once, whatever its direction) no two cross, touch or overlap: all pairs, with a look at boxes. */
static void assert_no_crossing(const struct edges *edges)
{
    struct edge *lines = calloc(edges->num, sizeof *lines);
    size_t       num = 0;
    for (size_t i = 0; i < edges->num; i++) {
        const struct edge *edge = &edges->edges[i];
        struct edge        back = { edge->to_x, edge->to_y, edge->x, edge->y, 0 };
        if (compare_edges(edge, &back) < 0 ||
            bsearch(&back, edges->edges, edges->num, sizeof back, compare_edges) == NULL)
            lines[num++] = *edge;
    }
    for (size_t i = 0; i < num; i++)
        for (size_t j = i + 1; j < num; j++) {
            const struct edge *a = &lines[i], *b = &lines[j];
            if ((a->x < b->x && a->x < b->to_x && a->to_x < b->x && a->to_x < b->to_x) ||
                (a->x > b->x && a->x > b->to_x && a->to_x > b->x && a->to_x > b->to_x) ||
                (a->y < b->y && a->y < b->to_y && a->to_y < b->y && a->to_y < b->to_y) ||
                (a->y > b->y && a->y > b->to_y && a->to_y > b->y && a->to_y > b->to_y))
                continue;
            assert_false(cross(a, b));
        }
    free(lines);
}

/* Every line is walked once in each direction, but for the coast; how many loops the coast has. */
static size_t count_coasts(const struct edges *edges)
{
    struct edge *coast = calloc(edges->num, sizeof *coast);
    size_t       num = 0, loops = 0;
    for (size_t i = 0; i < edges->num; i++) {
        struct edge back = { edges->edges[i].to_x, edges->edges[i].to_y, edges->edges[i].x, edges->edges[i].y, 0 };
        if (i > 0)
            assert_int_not_equal(compare_edges(&edges->edges[i - 1], &edges->edges[i]), 0);
        if (bsearch(&back, edges->edges, edges->num, sizeof back, compare_edges) == NULL)
            coast[num++] = edges->edges[i];
    }
    for (size_t i = 0; i < num; i++) { /* follow each loop by its ends; `feature` marks what was seen */
        if (coast[i].feature == UINT32_MAX)
            continue;
        loops++;
        for (size_t at = i; coast[at].feature != UINT32_MAX;) {
            coast[at].feature = UINT32_MAX;
            size_t next = 0;
            while (next < num && (coast[next].x != coast[at].to_x || coast[next].y != coast[at].to_y))
                next++;
            assert_true(next < num);
            at = next;
        }
    }
    free(coast);
    return loops;
}

static double original_area(const struct geojson *shapes, uint32_t feature, double unit_bits)
{
    double sum = 0;
    for (uint32_t r = 0; r < shapes->features[feature].num_rings; r++) {
        const struct geojson_ring *ring = &shapes->rings[shapes->features[feature].first_ring + r];
        for (uint32_t i = 0; i < ring->num_points; i++) {
            const struct geojson_point *a = &shapes->points[ring->first_point + i];
            const struct geojson_point *b = &shapes->points[ring->first_point + (i + 1) % ring->num_points];
            double                      ax, ay, bx, by;
            outline_project(a->latitude / 1e7, a->longitude / 1e7, &ax, &ay);
            outline_project(b->latitude / 1e7, b->longitude / 1e7, &bx, &by);
            sum -= (ax * by - bx * ay) / 2;
        }
    }
    return sum * exp2(2 * unit_bits);
}

static void assert_outlines(const struct county *county, enum county_level level, const double bounds[OUTLINE_DETAILS])
{
    struct geojson         shapes = shapes_of(county, level, level);
    struct outline_options options = { { 0 } };
    struct outline_set     set;
    assert_ok(outline_make(&shapes, &options, &set));
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
        struct edges edges = read_paths(&shapes, &set, detail);
        assert_int_equal(count_coasts(&edges), county->areas[0].num_rings);
        assert_no_crossing(&edges);
        assert_int_equal(set.num_off_grid[detail], 0);
        for (uint32_t f = 0; f < shapes.num_features; f++) {
            double area = original_area(&shapes, f, set.grid_bits[detail]);
            assert_true(edges.areas[f] > 0);
            if (!test_is_close(edges.areas[f], area, bounds[detail], 0))
                fail_msg("detail %d, area %u: %g, was %g", detail, f, edges.areas[f], area);
        }
        free_edges(&edges);
    }
    outline_free(&set);
    free_shapes(&shapes);
}

static void test_a_county_is_simplified(struct test_random *random)
{
    static const double   bounds[OUTLINE_DETAILS] = { 0.5, 0.15, 0.05 };
    struct county         county;
    struct county_options options = COUNTY_OPTIONS_INIT;
    options.seed = random->seed;
    options.townships = (int) test_between(random, 1, 5);
    options.villages = (int) test_between(random, 2, 12);
    options.cells_per_village = (int) test_between(random, 30, 90);
    assert_ok(county_generate(&options, &county));
    assert_outlines(&county, COUNTY_VILLAGE, bounds);
    assert_outlines(&county, COUNTY_TOWNSHIP, bounds);
    county_free(&county);
}

static void test_neighbours_share_their_borders(void **state)
{
    (void) state;
    test_property("no gap, overlap or crossing at any detail", 30, test_a_county_is_simplified);
}

/* All levels at once: a township's border is that of its villages. */
static void test_levels_share_their_borders(void **state)
{
    (void) state;
    struct county          county;
    struct county_options  options = COUNTY_OPTIONS_INIT;
    struct outline_options chosen = { { 0 } };
    struct outline_set     set;
    options.townships = 4;
    options.villages = 6;
    assert_ok(county_generate(&options, &county));
    struct geojson shapes = shapes_of(&county, COUNTY_COUNTRY, COUNTY_VILLAGE);
    assert_ok(outline_make(&shapes, &chosen, &set));
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
        struct edges edges = read_paths(&shapes, &set, detail);
        for (uint32_t f = 0; f < shapes.num_features; f++) {
            double sum = 0;
            for (uint32_t child = 0; child < shapes.num_features; child++)
                sum += county.areas[child].parent == f ? edges.areas[child] : 0;
            if (county.areas[f].level != COUNTY_VILLAGE)
                assert_close(edges.areas[f], sum, 1e-12, 0);
        }
        free_edges(&edges);
    }
    outline_free(&set);
    free_shapes(&shapes);
    county_free(&county);
}

/* Grids far too coarse: points stay between, and nothing crosses all the same. */
static void test_a_grid_that_is_too_coarse(struct test_random *random)
{
    struct county          county;
    struct county_options  options = COUNTY_OPTIONS_INIT;
    struct outline_options coarse = { { 14, 15, 16 } }; /* a cell is a third of a unit, two thirds, one */
    struct outline_set     set;
    options.seed = random->seed;
    options.townships = 2;
    options.villages = 5;
    assert_ok(county_generate(&options, &county));
    struct geojson shapes = shapes_of(&county, COUNTY_VILLAGE, COUNTY_VILLAGE);
    assert_ok(outline_make(&shapes, &coarse, &set));
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
        struct edges edges = read_paths(&shapes, &set, detail);
        assert_int_equal(count_coasts(&edges), county.areas[0].num_rings);
        assert_no_crossing(&edges);
        for (uint32_t f = 0; f < shapes.num_features; f++)
            assert_true(edges.areas[f] > 0);
        free_edges(&edges);
    }
    outline_free(&set);
    free_shapes(&shapes);
    county_free(&county);
}

static void test_coarse_grids(void **state)
{
    (void) state;
    test_property("nothing crosses on a grid that is too coarse", 20, test_a_grid_that_is_too_coarse);
}

/* ---- small cases ---- */

static void assert_path(const double *numbers, size_t num, struct outline_options options, uint32_t feature, int detail,
                        const char *expected)
{
    struct geojson     shapes = shapes_from(numbers, num);
    struct outline_set set;
    assert_ok(outline_make(&shapes, &options, &set));
    assert_string_equal(set.text + set.paths[feature * OUTLINE_DETAILS + (uint32_t) detail].text, expected);
    outline_free(&set);
    free_shapes(&shapes);
}

#define PATH(numbers, feature, detail, expected)                                                                       \
    assert_path(numbers, sizeof(numbers) / sizeof *(numbers), (struct outline_options){ { 8, 9, 10 } }, feature,       \
                detail, expected)

static void test_paths(void **state)
{
    (void) state;
    /* 360° are 256 units: at the equator a unit is 1.40625° */
    static const double square[] = { 0, 0, 14.0625, 0, 14.0625, 14.0625, 0, 14.0625, NAN };
    PATH(square, 0, 0, "M128 128l10 0 0-10-10 0z");
    PATH(square, 0, 2, "M512 512l40 0 0-40-40 0z");
    /* a point on a straight border is left out, on both sides */
    static const double pair[] = { 0, 0, 7, 0,        14.0625, 0,        14.0625, 14.0625, 0, 14.0625, NAN,
                                   0, 0, 0, -14.0625, 14.0625, -14.0625, 14.0625, 0,       7, 0,       NAN };
    PATH(pair, 0, 0, "M128 128l10 0 0-10-10 0z");
    PATH(pair, 1, 0, "M128 128l0 10 10 0 0-10z");
    /* smaller than half a centimetre: a dot */
    static const double dot[] = { 0, 0, 1e-7, 0, 1e-7, 1e-7, NAN };
    PATH(dot, 0, 1, "M256 256h1v1h-1z");
}

/* How often a ray to the east from a point crosses the border of a feature: odd = the point is within. */
static bool is_inside(const struct edges *edges, uint32_t feature, double x, double y)
{
    bool inside = false;
    for (size_t i = 0; i < edges->num; i++) {
        const struct edge *edge = &edges->edges[i];
        double             from_x = (double) edge->x, from_y = (double) edge->y, to_x = (double) edge->to_x,
               to_y = (double) edge->to_y;
        if (edge->feature == feature && (from_y > y) != (to_y > y))
            inside ^= from_x + (y - from_y) / (to_y - from_y) * (to_x - from_x) > x;
    }
    return inside;
}

/* A shallow notch is filled, but not over an island that lies in it. */
static void test_nothing_is_swallowed(void **state)
{
    (void) state;
    static const double with[] = { 0, 0, 20, 0, 20, 10, 10, 9.65, 0, 10, NAN, 10, 9.9, 10.05, 9.9, 10.05, 9.95, NAN };
    static const double without[] = { 0, 0, 20, 0, 20, 10, 10, 9.65, 0, 10, NAN };
    struct outline_options options = { { 8, 8, 8 } };
    for (int island = 0; island < 2; island++) {
        struct geojson     shapes = island ? shapes_from(with, sizeof with / sizeof *with)
                                           : shapes_from(without, sizeof without / sizeof *without);
        struct outline_set set;
        assert_ok(outline_make(&shapes, &options, &set));
        assert_true(island || set.paths[0].num_points == 4);
        struct edges edges = read_paths(&shapes, &set, 0);
        assert_int_equal(count_coasts(&edges), 1 + island);
        assert_no_crossing(&edges);
        assert_true(edges.areas[0] > 0 && (!island || edges.areas[1] > 0));
        for (size_t i = 0; i < edges.num; i++)
            assert_false(edges.edges[i].feature == 1 &&
                         is_inside(&edges, 0, (double) edges.edges[i].x, (double) edges.edges[i].y));
        free_edges(&edges);
        outline_free(&set);
        free_shapes(&shapes);
    }
}

static void test_poles_and_edges(void **state)
{
    (void) state;
    double x, y;
    outline_project(0, 0, &x, &y);
    assert_close(x, 0.5, 0, 1e-15);
    assert_close(y, 0.5, 0, 1e-15);
    outline_project(90, -180, &x, &y);
    assert_true(x == 0 && y == 0);
    outline_project(-90, 180, &x, &y);
    assert_true(x == 1 && y == 1);
    outline_project(85.0511287798066, 0, &x, &y);
    assert_close(y, 0, 0, 1e-12);
}

static void test_options_have_bounds(void **state)
{
    (void) state;
    static const double square[] = { 0, 0, 14, 0, 14, 14, 0, 14, NAN };
    static const struct {
        int bits[3], status;
    } cases[] = { { { 8, 8, 8 }, 0 },
                  { { 30, 30, 30 }, 0 },
                  { { 7, 8, 9 }, TOC_ERR_OPTION },
                  { { 8, 9, 31 }, TOC_ERR_OPTION },
                  { { 9, 8, 9 }, TOC_ERR_OPTION },
                  { { 0, 0, 9 }, TOC_ERR_OPTION } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct geojson         shapes = shapes_from(square, sizeof square / sizeof *square);
        struct outline_options options;
        struct outline_set     set = { 0 };
        memcpy(options.grid_bits, cases[i].bits, sizeof cases[i].bits);
        assert_status(outline_make(&shapes, &options, &set), cases[i].status);
        outline_free(&set);
        free_shapes(&shapes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_share_their_borders),
        cmocka_unit_test(test_levels_share_their_borders),
        cmocka_unit_test(test_coarse_grids),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_nothing_is_swallowed),
        cmocka_unit_test(test_poles_and_edges),
        cmocka_unit_test(test_options_have_bounds),
    };
    return cmocka_run_group_tests_name("outline", tests, NULL, NULL);
}
