/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving points to a grid, so that nothing comes to lie on the other side of anything. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/outline_graph.h"
#include "tocsin/status.h"

enum { PASSES = 3 };

struct line {
    uint32_t from, to;
};

struct snapping {
    struct outline_graph *graph;
    struct outline_point *at; /* where the nodes are now */
    struct line          *lines;
    uint32_t              num_lines;
    struct outline_cells  cells; /* of the lines, thickened by as much as nodes move */
    int64_t               margin;
};

/* ---- the lines by cells ---- */

static int list_lines(struct snapping *snapping)
{
    const struct outline_graph *graph = snapping->graph;
    size_t                      room = 0;
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        room += graph->dead[node] ? 0 : graph->degree[node];
    snapping->lines = memory_array(room / 2 + 1, sizeof *snapping->lines);
    if (snapping->lines == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        for (uint32_t i = 0; i < graph->degree[node] && !graph->dead[node]; i++) {
            uint32_t other = graph->neighbours[graph->first_neighbour[node] + i];
            if (node < other)
                snapping->lines[snapping->num_lines++] = (struct line){ node, other };
        }
    return 0;
}

static bool count_cell(void *context, uint32_t cell)
{
    struct snapping *snapping = context;
    snapping->cells.first[cell + 2]++;
    return true;
}

struct filling {
    struct snapping *snapping;
    uint32_t         line;
};

static bool fill_cell(void *context, uint32_t cell)
{
    struct filling       *filling = context;
    struct outline_cells *cells = &filling->snapping->cells;
    cells->items[cells->first[cell + 1]++] = filling->line;
    return true;
}

static int index_lines(struct snapping *snapping)
{
    struct outline_cells       *cells = &snapping->cells;
    const struct outline_point *at = snapping->graph->at;
    int                         ret = list_lines(snapping);
    if (ret == 0)
        ret = outline_cells_begin(cells, at, snapping->graph->num_nodes, snapping->num_lines);
    if (ret != 0)
        return ret;
    size_t num_cells = (size_t) (cells->columns * cells->rows);
    for (uint32_t i = 0; i < snapping->num_lines; i++) {
        struct outline_point from = at[snapping->lines[i].from], to = at[snapping->lines[i].to];
        outline_visit(cells, from, to, to, snapping->margin, count_cell, snapping);
    }
    for (size_t i = 2; i < num_cells + 2; i++)
        cells->first[i] += cells->first[i - 1];
    cells->items = memory_array((size_t) cells->first[num_cells + 1] + 1, sizeof *cells->items);
    if (cells->items == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < snapping->num_lines; i++) {
        struct filling       filling = { snapping, i };
        struct outline_point from = at[snapping->lines[i].from], to = at[snapping->lines[i].to];
        outline_visit(cells, from, to, to, snapping->margin, fill_cell, &filling);
    }
    return 0;
}

/* ---- what a move meets ---- */

static bool between(int32_t a, int32_t b, int32_t value)
{
    return a <= b ? a <= value && value <= b : b <= value && value <= a;
}

static bool on_line(struct outline_point a, struct outline_point b, struct outline_point p)
{
    return outline_turn(a, b, p) == 0 && between(a.x, b.x, p.x) && between(a.y, b.y, p.y);
}

static int sign(int64_t value)
{
    return (value > 0) - (value < 0);
}

/* Do two lines, their ends included, have a point in common? */
static bool meet(struct outline_point a, struct outline_point b, struct outline_point c, struct outline_point d)
{
    int abc = sign(outline_turn(a, b, c)), abd = sign(outline_turn(a, b, d));
    int cda = sign(outline_turn(c, d, a)), cdb = sign(outline_turn(c, d, b));
    if (abc * abd < 0 && cda * cdb < 0)
        return true;
    return on_line(a, b, c) || on_line(a, b, d) || on_line(c, d, a) || on_line(c, d, b);
}

struct crossing {
    const struct snapping *snapping;
    uint32_t               node;
    struct outline_point   from, to;
    bool                   found;
};

static bool search_cell(void *context, uint32_t cell)
{
    struct crossing            *crossing = context;
    const struct outline_cells *cells = &crossing->snapping->cells;
    const struct outline_point *at = crossing->snapping->at;
    for (uint32_t i = cells->first[cell]; i < cells->first[cell + 1] && !crossing->found; i++) {
        struct line line = crossing->snapping->lines[cells->items[i]];
        crossing->found = line.from != crossing->node && line.to != crossing->node &&
                          meet(crossing->from, crossing->to, at[line.from], at[line.to]);
    }
    return !crossing->found;
}

static bool may_move(const struct snapping *snapping, uint32_t node, struct outline_point to)
{
    const struct outline_graph *graph = snapping->graph;
    struct outline_point        from = snapping->at[node];
    for (uint32_t i = 0; i < graph->degree[node]; i++) {
        uint32_t             other = graph->neighbours[graph->first_neighbour[node] + i];
        struct outline_point end = snapping->at[other];
        if ((end.x == to.x && end.y == to.y) || !outline_triangle_free(graph, snapping->at, end, from, to, node, other))
            return false;
    }
    struct crossing crossing = { snapping, node, from, to, false };
    outline_visit(&snapping->cells, from, to, to, 0, search_cell, &crossing);
    return !crossing.found;
}

/* ---- places ---- */

static int32_t nearest(int32_t value, int32_t unit)
{
    int64_t rounded = ((int64_t) value + unit / 2) / unit * unit; /* positions are not negative */
    return rounded > INT32_MAX - unit ? value / unit * unit : (int32_t) rounded;
}

/* Try the nearest place on the grid, then the eight around it. */
static bool snap_node(struct snapping *snapping, uint32_t node, int32_t unit)
{
    static const int8_t  around[][2] = { { 0, 0 }, { 1, 0 },  { -1, 0 }, { 0, 1 },  { 0, -1 },
                                         { 1, 1 }, { -1, 1 }, { 1, -1 }, { -1, -1 } };
    struct outline_point from = snapping->at[node];
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        struct outline_point to = { nearest(from.x, unit) + around[i][0] * unit,
                                    nearest(from.y, unit) + around[i][1] * unit };
        if ((to.x == from.x && to.y == from.y) || (to.x >= 0 && to.y >= 0 && may_move(snapping, node, to))) {
            snapping->at[node] = to;
            return true;
        }
    }
    return false;
}

static bool on_grid(struct outline_point at, int32_t unit)
{
    return at.x % unit == 0 && at.y % unit == 0;
}

/* Where there is no place on the grid, one on a finer grid; where the node stands is one at last. */
static uint32_t snap_between(struct snapping *snapping, int32_t unit)
{
    uint32_t num = 0;
    for (uint32_t node = 0; node < snapping->graph->num_nodes; node++) {
        if (snapping->graph->dead[node] || on_grid(snapping->at[node], unit))
            continue;
        num++;
        for (int32_t finer = unit / 2; finer >= 1; finer /= 2) {
            struct outline_point to = { nearest(snapping->at[node].x, finer), nearest(snapping->at[node].y, finer) };
            if (may_move(snapping, node, to)) {
                snapping->at[node] = to;
                break;
            }
        }
    }
    return num;
}

int outline_snap(struct outline_graph *graph, int32_t unit, struct outline_point *at, uint32_t *num_off)
{
    struct snapping snapping = { .graph = graph, .at = at, .margin = 3 * (int64_t) unit };
    int             ret = outline_graph_index(graph, snapping.margin);
    memcpy(at, graph->at, graph->num_nodes * sizeof *at);
    if (ret == 0)
        ret = index_lines(&snapping);
    if (ret == 0) {
        bool all = false;
        for (int pass = 0; pass < PASSES && !all; pass++) {
            all = true;
            for (uint32_t node = 0; node < graph->num_nodes; node++)
                if (!graph->dead[node] && !on_grid(at[node], unit))
                    all &= snap_node(&snapping, node, unit);
        }
        *num_off = all ? 0 : snap_between(&snapping, unit);
    }
    free(snapping.lines);
    outline_cells_free(&snapping.cells);
    return ret;
}
