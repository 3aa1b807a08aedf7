/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/outline_graph.h"
#include "tocsin/status.h"

int outline_cells_begin(struct outline_cells *cells, const struct outline_point *at, uint32_t num_nodes,
                        uint32_t num_items)
{
    int32_t min_x = INT32_MAX, min_y = INT32_MAX, max_x = INT32_MIN, max_y = INT32_MIN;
    for (uint32_t i = 0; i < num_nodes; i++) {
        min_x = at[i].x < min_x ? at[i].x : min_x;
        min_y = at[i].y < min_y ? at[i].y : min_y;
        max_x = at[i].x > max_x ? at[i].x : max_x;
        max_y = at[i].y > max_y ? at[i].y : max_y;
    }
    if (num_nodes == 0)
        min_x = min_y = max_x = max_y = 0;
    *cells = (struct outline_cells){ .min_x = min_x, .min_y = min_y };
    for (;; cells->shift++) {
        cells->columns = (((int64_t) max_x - min_x) >> cells->shift) + 1;
        cells->rows = (((int64_t) max_y - min_y) >> cells->shift) + 1;
        if (cells->columns <= (int64_t) 4 * num_items + 16 && cells->rows <= (int64_t) 4 * num_items + 16 &&
            cells->columns * cells->rows <= (int64_t) num_items + 16)
            break;
    }
    cells->first = memory_array((size_t) (cells->columns * cells->rows) + 2, sizeof *cells->first);
    return cells->first == NULL ? TOC_ERR_NO_MEMORY : 0;
}

void outline_cells_free(struct outline_cells *cells)
{
    free(cells->first);
    free(cells->items);
    *cells = (struct outline_cells){ 0 };
}

/* Widen low … high by the heights of a line within x0 … x1. */
static void clip(struct outline_point p, struct outline_point q, double x0, double x1, double *low, double *high)
{
    if (p.x > q.x) {
        struct outline_point swap = p;
        p = q;
        q = swap;
    }
    if (q.x < x0 || p.x > x1)
        return;
    double slope = p.x == q.x ? 0 : ((double) q.y - p.y) / ((double) q.x - p.x);
    double begin = p.x >= x0 ? p.y : p.y + slope * (x0 - p.x), end = q.x <= x1 ? q.y : p.y + slope * (x1 - p.x);
    *low = begin < *low ? begin : *low;
    *low = end < *low ? end : *low;
    *high = begin > *high ? begin : *high;
    *high = end > *high ? end : *high;
}

static int64_t within(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

void outline_visit(const struct outline_cells *cells, struct outline_point a, struct outline_point b,
                   struct outline_point c, int64_t margin, outline_visit_function *visit, void *context)
{
    int64_t min_x = a.x < b.x ? a.x : b.x, max_x = a.x > b.x ? a.x : b.x, width = (int64_t) 1 << cells->shift;
    min_x = (c.x < min_x ? c.x : min_x) - margin;
    max_x = (c.x > max_x ? c.x : max_x) + margin;
    int64_t from = within((min_x - cells->min_x) >> cells->shift, cells->columns - 1);
    int64_t to = within((max_x - cells->min_x) >> cells->shift, cells->columns - 1);
    for (int64_t column = from; column <= to; column++) {
        double begin = (double) (cells->min_x + column * width - margin - 1),
               end = begin + (double) (width + 2 * margin + 2);
        double low = 1e300, high = -1e300;
        clip(a, b, begin, end, &low, &high);
        clip(b, c, begin, end, &low, &high);
        clip(c, a, begin, end, &low, &high);
        if (low > high)
            continue;
        int64_t top = within(((int64_t) low - margin - 2 - cells->min_y) >> cells->shift, cells->rows - 1);
        int64_t bottom = within(((int64_t) high + margin + 2 - cells->min_y) >> cells->shift, cells->rows - 1);
        for (int64_t row = top; row <= bottom; row++)
            if (!visit(context, (uint32_t) (row * cells->columns + column)))
                return;
    }
}
