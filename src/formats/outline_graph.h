/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/outline_graph.h: within outline: borders as a graph of points and the lines between them.
 *
 * Positions are whole numbers on the finest grid, 2^OUTLINE_MAX_BITS wide, so that every question about them is
 * answered exactly in 64 bits.
 */
#ifndef FORMATS_OUTLINE_GRAPH_H
#define FORMATS_OUTLINE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/outline.h"

struct outline_point {
    int32_t x, y;
};

/* Points, or lines, by the cells of a square grid that they may lie in. */
struct outline_cells {
    int32_t   min_x, min_y;
    int       shift; /* a cell is 2^shift wide */
    int64_t   columns, rows;
    uint32_t *first; /* by cell, and one more: where its items begin */
    uint32_t *items;
};

struct outline_graph {
    uint32_t              num_nodes;
    struct outline_point *at;
    uint8_t              *dead; /* left out */
    uint32_t             *first_neighbour, *degree;
    uint32_t             *neighbours;
    uint32_t              num_ring_nodes;
    uint32_t             *ring_nodes; /* ring by ring; num_rings + 1 beginnings */
    uint32_t             *ring_begin;
    uint32_t              num_rings;
    struct outline_cells  cells; /* of the living nodes, as they stood when it was made */
    int64_t               moved; /* no node has gone farther since */
};

/* The graph of rings of points, whose number is shapes->num_rings; `projected` holds the position of each point of the
 * shapes. Rings that are left with fewer than three nodes are empty. */
int  outline_graph_make(struct outline_graph *graph, const struct geojson *shapes,
                        const struct outline_point *projected);
void outline_graph_free(struct outline_graph *graph);

/* Twice the area of the triangle, positive where a, b, c turn left (y to the south: right on a map). */
static inline int64_t outline_turn(struct outline_point a, struct outline_point b, struct outline_point c)
{
    return ((int64_t) b.x - a.x) * ((int64_t) c.y - a.y) - ((int64_t) c.x - a.x) * ((int64_t) b.y - a.y);
}

/* Index the living nodes where they stand in `at`. moved: how far they may go before the next time. */
int outline_graph_index(struct outline_graph *graph, int64_t moved);

/* Is there no living node but the two given ones in the closed triangle? */
bool outline_triangle_free(const struct outline_graph *graph, const struct outline_point *at, struct outline_point a,
                           struct outline_point b, struct outline_point c, uint32_t node, uint32_t other);

/* Leave out nodes that change borders by less than half of `twice_the_area`. */
int outline_simplify(struct outline_graph *graph, uint64_t twice_the_area);

/* Move the living nodes to multiples of `unit` (a power of two): `at` gets their places. num_off: how many found none,
 * and have one between. */
int outline_snap(struct outline_graph *graph, int32_t unit, struct outline_point *at, uint32_t *num_off);

/* The columns and rows of cells that a triangle, thickened by `margin`, may touch; visit every such cell. */
typedef bool outline_visit_function(void *context, uint32_t cell); /* false: enough */
void         outline_visit(const struct outline_cells *cells, struct outline_point a, struct outline_point b,
                           struct outline_point c, int64_t margin, outline_visit_function *visit, void *context);

/* Cells for items within the bounds of `at`, about one an item. */
int  outline_cells_begin(struct outline_cells *cells, const struct outline_point *at, uint32_t num_nodes,
                         uint32_t num_items);
void outline_cells_free(struct outline_cells *cells);

#endif
