/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/outline_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

#define NONE UINT32_MAX

/* ---- the same points of all rings are one node ---- */

struct table {
    uint32_t *slots;
    size_t    mask;
};

static uint32_t node_at(struct outline_graph *graph, const struct table *table, struct outline_point point)
{
    uint64_t key = (uint64_t) (uint32_t) point.x << 32 | (uint32_t) point.y;
    size_t   slot = (size_t) (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & table->mask;
    for (;; slot = (slot + 1) & table->mask) {
        uint32_t node = table->slots[slot];
        if (node == NONE) {
            graph->at[graph->num_nodes] = point;
            table->slots[slot] = graph->num_nodes;
            return graph->num_nodes++;
        }
        if (graph->at[node].x == point.x && graph->at[node].y == point.y)
            return node;
    }
}

/* The nodes of a ring, no two neighbours alike; nothing of a ring that is too small to be told from a line. */
static void add_ring(struct outline_graph *graph, const struct table *table, const struct outline_point *points,
                     uint32_t num)
{
    uint32_t begin = graph->num_ring_nodes, *nodes = graph->ring_nodes + begin, kept = 0;
    for (uint32_t i = 0; i < num; i++) {
        uint32_t node = node_at(graph, table, points[i]);
        if (kept == 0 || nodes[kept - 1] != node)
            nodes[kept++] = node;
        while (kept >= 3 && nodes[kept - 1] == nodes[kept - 3]) /* there and back again */
            kept -= 2;
    }
    while (kept > 1 && (nodes[kept - 1] == nodes[0] || (kept > 2 && nodes[kept - 1] == nodes[1])))
        kept--;
    graph->num_ring_nodes += kept < 3 ? 0 : kept;
}

static int number_nodes(struct outline_graph *graph, const struct geojson *shapes,
                        const struct outline_point *projected)
{
    struct table table = { NULL, 1023 };
    while (table.mask < 2 * (size_t) shapes->num_points)
        table.mask = 2 * table.mask + 1;
    table.slots = memory_array(table.mask + 1, sizeof *table.slots);
    if (table.slots == NULL)
        return TOC_ERR_NO_MEMORY;
    memset(table.slots, 0xff, (table.mask + 1) * sizeof *table.slots);
    for (uint32_t i = 0; i < shapes->num_rings; i++) {
        graph->ring_begin[i] = graph->num_ring_nodes;
        add_ring(graph, &table, projected + shapes->rings[i].first_point, shapes->rings[i].num_points);
    }
    graph->ring_begin[shapes->num_rings] = graph->num_ring_nodes;
    free(table.slots);
    return 0;
}

/* ---- neighbours ---- */

static bool are_neighbours(const struct outline_graph *graph, uint32_t a, uint32_t b)
{
    if (graph->degree[a] > graph->degree[b]) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    const uint32_t *neighbours = graph->neighbours + graph->first_neighbour[a];
    for (uint32_t i = 0; i < graph->degree[a]; i++)
        if (neighbours[i] == b)
            return true;
    return false;
}

static void join(struct outline_graph *graph, uint32_t a, uint32_t b)
{
    if (are_neighbours(graph, a, b))
        return;
    graph->neighbours[graph->first_neighbour[a] + graph->degree[a]++] = b;
    graph->neighbours[graph->first_neighbour[b] + graph->degree[b]++] = a;
}

static void find_neighbours(struct outline_graph *graph)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i < graph->num_ring_nodes; i++) /* each time in a ring brings at most two */
        graph->degree[graph->ring_nodes[i]] += 2;
    for (uint32_t node = 0; node < graph->num_nodes; node++) {
        graph->first_neighbour[node] = begin;
        begin += graph->degree[node];
        graph->degree[node] = 0;
    }
    for (uint32_t ring = 0; ring < graph->num_rings; ring++) {
        uint32_t last = graph->ring_begin[ring + 1];
        for (uint32_t i = graph->ring_begin[ring]; i < last; i++)
            join(graph, graph->ring_nodes[i], graph->ring_nodes[i + 1 < last ? i + 1 : graph->ring_begin[ring]]);
    }
}

int outline_graph_make(struct outline_graph *graph, const struct geojson *shapes, const struct outline_point *projected)
{
    size_t n = (size_t) shapes->num_points + 1;
    *graph = (struct outline_graph){ .num_rings = shapes->num_rings };
    graph->at = memory_array(n, sizeof *graph->at);
    graph->dead = memory_array(n, sizeof *graph->dead);
    graph->first_neighbour = memory_array(n, sizeof *graph->first_neighbour);
    graph->degree = memory_array(n, sizeof *graph->degree);
    graph->neighbours = memory_array(2 * n, sizeof *graph->neighbours);
    graph->ring_nodes = memory_array(n, sizeof *graph->ring_nodes);
    graph->ring_begin = memory_array((size_t) shapes->num_rings + 1, sizeof *graph->ring_begin);
    if (graph->at == NULL || graph->dead == NULL || graph->first_neighbour == NULL || graph->degree == NULL ||
        graph->neighbours == NULL || graph->ring_nodes == NULL || graph->ring_begin == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = number_nodes(graph, shapes, projected);
    if (ret == 0)
        find_neighbours(graph);
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        graph->dead[node] = graph->degree[node] == 0; /* of rings that are too small */
    return ret;
}

void outline_graph_free(struct outline_graph *graph)
{
    free(graph->at);
    free(graph->dead);
    free(graph->first_neighbour);
    free(graph->degree);
    free(graph->neighbours);
    free(graph->ring_nodes);
    free(graph->ring_begin);
    outline_cells_free(&graph->cells);
    *graph = (struct outline_graph){ 0 };
}

/* ---- who lies in a triangle ---- */

static uint32_t cell_of(const struct outline_cells *cells, struct outline_point point)
{
    return (uint32_t) ((((int64_t) point.y - cells->min_y) >> cells->shift) * cells->columns +
                       (((int64_t) point.x - cells->min_x) >> cells->shift));
}

int outline_graph_index(struct outline_graph *graph, int64_t moved)
{
    uint32_t living = 0;
    outline_cells_free(&graph->cells);
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        living += !graph->dead[node];
    int ret = outline_cells_begin(&graph->cells, graph->at, graph->num_nodes, living);
    if (ret != 0)
        return ret;
    struct outline_cells *cells = &graph->cells;
    size_t                num_cells = (size_t) (cells->columns * cells->rows);
    cells->items = memory_array((size_t) living + 1, sizeof *cells->items);
    if (cells->items == NULL)
        return TOC_ERR_NO_MEMORY;
    graph->moved = moved;
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        if (!graph->dead[node])
            cells->first[cell_of(cells, graph->at[node]) + 2]++;
    for (size_t i = 2; i < num_cells + 2; i++)
        cells->first[i] += cells->first[i - 1];
    for (uint32_t node = 0; node < graph->num_nodes; node++)
        if (!graph->dead[node])
            cells->items[cells->first[cell_of(cells, graph->at[node]) + 1]++] = node;
    return 0;
}

struct search {
    const struct outline_graph *graph;
    const struct outline_point *at;
    struct outline_point        a, b, c, min, max;
    uint32_t                    node, other;
    bool                        found;
};

static bool in_triangle(const struct search *search, struct outline_point p)
{
    if (p.x < search->min.x || p.x > search->max.x || p.y < search->min.y || p.y > search->max.y)
        return false;
    int64_t ab = outline_turn(search->a, search->b, p), bc = outline_turn(search->b, search->c, p);
    int64_t ca = outline_turn(search->c, search->a, p);
    return (ab >= 0 && bc >= 0 && ca >= 0) || (ab <= 0 && bc <= 0 && ca <= 0);
}

static bool search_cell(void *context, uint32_t cell)
{
    struct search              *search = context;
    const struct outline_graph *graph = search->graph;
    for (uint32_t i = graph->cells.first[cell]; i < graph->cells.first[cell + 1] && !search->found; i++) {
        uint32_t node = graph->cells.items[i];
        search->found = !graph->dead[node] && node != search->node && node != search->other &&
                        in_triangle(search, search->at[node]);
    }
    return !search->found;
}

static int32_t least(int32_t a, int32_t b, int32_t c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

static int32_t most(int32_t a, int32_t b, int32_t c)
{
    return a > b ? (a > c ? a : c) : (b > c ? b : c);
}

bool outline_triangle_free(const struct outline_graph *graph, const struct outline_point *at, struct outline_point a,
                           struct outline_point b, struct outline_point c, uint32_t node, uint32_t other)
{
    struct search search = { .graph = graph, .at = at, .a = a, .b = b, .c = c, .node = node, .other = other };
    search.min = (struct outline_point){ least(a.x, b.x, c.x), least(a.y, b.y, c.y) };
    search.max = (struct outline_point){ most(a.x, b.x, c.x), most(a.y, b.y, c.y) };
    outline_visit(&graph->cells, a, b, c, graph->moved, search_cell, &search);
    return !search.found;
}

/* ---- leaving points out ---- */

struct entry {
    uint64_t weight;
    uint32_t node, stamp;
};

struct queue {
    struct entry *heap;
    size_t        num, room;
    uint32_t     *stamps; /* by node: of its newest entry */
};

static bool before(const struct entry *a, const struct entry *b)
{
    return a->weight != b->weight ? a->weight < b->weight : a->node < b->node;
}

static int push(struct queue *queue, struct entry entry)
{
    if (queue->num == queue->room) {
        void *heap = memory_resize(queue->heap, 2 * queue->room, sizeof *queue->heap);
        if (heap == NULL)
            return TOC_ERR_NO_MEMORY;
        queue->heap = heap;
        queue->room *= 2;
    }
    size_t at = queue->num++;
    for (; at > 0 && before(&entry, &queue->heap[(at - 1) / 2]); at = (at - 1) / 2)
        queue->heap[at] = queue->heap[(at - 1) / 2];
    queue->heap[at] = entry;
    return 0;
}

static struct entry pop(struct queue *queue)
{
    struct entry first = queue->heap[0], last = queue->heap[--queue->num];
    size_t       at = 0;
    for (size_t child; (child = 2 * at + 1) < queue->num; at = child) {
        if (child + 1 < queue->num && before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!before(&queue->heap[child], &last))
            break;
        queue->heap[at] = queue->heap[child];
    }
    queue->heap[at] = last;
    return first;
}

static uint64_t weight_of(const struct outline_graph *graph, uint32_t node)
{
    const uint32_t *ends = graph->neighbours + graph->first_neighbour[node];
    int64_t         turn = outline_turn(graph->at[ends[0]], graph->at[node], graph->at[ends[1]]);
    return (uint64_t) (turn < 0 ? -turn : turn);
}

/* Where two lines meet, not more, a node may go. Its weight is at least that of a neighbour that went before. */
static int offer(const struct outline_graph *graph, struct queue *queue, uint32_t node, uint64_t at_least,
                 uint64_t limit)
{
    if (graph->degree[node] != 2)
        return 0;
    uint64_t weight = weight_of(graph, node);
    weight = weight < at_least ? at_least : weight;
    queue->stamps[node]++;
    return weight > limit ? 0 : push(queue, (struct entry){ weight, node, queue->stamps[node] });
}

static bool may_go(const struct outline_graph *graph, uint32_t node)
{
    const uint32_t *ends = graph->neighbours + graph->first_neighbour[node];
    uint32_t        a = ends[0], b = ends[1];
    if (are_neighbours(graph, a, b)) /* two borders would become one, or a ring vanish */
        return false;
    /* The corners themselves do not count. */
    const struct outline_point *at = graph->at;
    uint8_t                     dead = graph->dead[node];
    graph->dead[node] = 1;
    bool free_of_others = outline_triangle_free(graph, at, at[a], at[node], at[b], a, b);
    graph->dead[node] = dead;
    return free_of_others;
}

static void replace(struct outline_graph *graph, uint32_t node, uint32_t old, uint32_t new)
{
    uint32_t *neighbours = graph->neighbours + graph->first_neighbour[node];
    while (*neighbours != old)
        neighbours++;
    *neighbours = new;
}

static int take_out(struct outline_graph *graph, struct queue *queue, const struct entry *entry, uint64_t limit)
{
    const uint32_t *ends = graph->neighbours + graph->first_neighbour[entry->node];
    uint32_t        a = ends[0], b = ends[1];
    graph->dead[entry->node] = 1;
    replace(graph, a, entry->node, b);
    replace(graph, b, entry->node, a);
    int ret = offer(graph, queue, a, entry->weight, limit);
    return ret == 0 ? offer(graph, queue, b, entry->weight, limit) : ret;
}

int outline_simplify(struct outline_graph *graph, uint64_t twice_the_area)
{
    struct queue queue = { .room = (size_t) graph->num_nodes + 16 };
    int          ret = outline_graph_index(graph, 0);
    queue.heap = memory_array(queue.room, sizeof *queue.heap);
    queue.stamps = memory_array((size_t) graph->num_nodes + 1, sizeof *queue.stamps);
    if (queue.heap == NULL || queue.stamps == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (uint32_t node = 0; node < graph->num_nodes && ret == 0; node++)
        if (!graph->dead[node])
            ret = offer(graph, &queue, node, 0, twice_the_area);
    while (ret == 0 && queue.num > 0) {
        struct entry entry = pop(&queue);
        if (!graph->dead[entry.node] && queue.stamps[entry.node] == entry.stamp && may_go(graph, entry.node))
            ret = take_out(graph, &queue, &entry, twice_the_area);
    }
    free(queue.heap);
    free(queue.stamps);
    return ret;
}
