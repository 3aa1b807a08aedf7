/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/county_land.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { SIDES = 6, ROUNDS = 4, RIM = 2 };

/* A cell is as wide as two of these and as high as four, in 10^-7 degrees: a side is 0.5 km at 30° N. */
enum { HALF_WIDTH = 44920, QUARTER_HEIGHT = 22460, SHAKE = 9000 };
enum { MIDDLE_LONGITUDE = -1650000000, MIDDLE_LATITUDE = 300000000 }; /* the nearest land is 1,000 km away */

uint32_t land_neighbour(const struct land *land, uint32_t cell, int side)
{
    uint32_t odd = cell / land->width & 1;
    switch (side) {
    case 0: return cell - land->width - 1 + odd; /* north-west */
    case 1: return cell - 1;
    case 2: return cell + land->width - 1 + odd;
    case 3: return cell + land->width + odd; /* south-east */
    case 4: return cell + 1;
    default: return cell - land->width + odd;
    }
}

/* The middle of a cell in half widths and quarter heights from the corner of the land. */
static int64_t middle_x(const struct land *land, uint32_t cell)
{
    return 2 * (int64_t) (cell % land->width) + (cell / land->width & 1);
}

static int64_t middle_y(const struct land *land, uint32_t cell)
{
    return 3 * (int64_t) (cell / land->width);
}

static struct county_point on_earth(const struct land *land, int64_t x, int64_t y)
{
    return (struct county_point){ (int32_t) (MIDDLE_LONGITUDE + (x - (int64_t) land->width) * HALF_WIDTH),
                                  (int32_t) (MIDDLE_LATITUDE - (y - 3 * (int64_t) land->height / 2) * QUARTER_HEIGHT) };
}

struct county_point land_corner(const struct land *land, uint32_t cell, int side)
{
    static const int    east[SIDES] = { 0, -1, -1, 0, 1, 1 }, south[SIDES] = { -2, -1, 1, 2, 1, -1 };
    int64_t             x = middle_x(land, cell) + east[side], y = middle_y(land, cell) + south[side];
    struct chance       chance = chance_begin(land->seed, CHANCE_CORNER, (uint64_t) x << 32 | (uint64_t) y);
    struct county_point point = on_earth(land, x, y);
    point.longitude += chance_between(&chance, -SHAKE, SHAKE);
    point.latitude += chance_between(&chance, -SHAKE, SHAKE);
    return point;
}

struct county_point land_centre(const struct land *land, uint32_t cell)
{
    return on_earth(land, middle_x(land, cell), middle_y(land, cell));
}

/* ---- growing: the cell that is reached first comes first ---- */

struct step {
    uint32_t cost, cell, piece;
};

struct growth {
    struct step *heap;
    size_t       num, capacity;
};

static bool before(const struct step *a, const struct step *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->cell < b->cell;
}

static void push(struct growth *growth, struct step step)
{
    size_t at = growth->num++;
    for (; at > 0 && before(&step, &growth->heap[(at - 1) / 2]); at = (at - 1) / 2)
        growth->heap[at] = growth->heap[(at - 1) / 2];
    growth->heap[at] = step;
}

static struct step pop(struct growth *growth)
{
    struct step first = growth->heap[0], last = growth->heap[--growth->num];
    size_t      at = 0;
    for (size_t child; (child = 2 * at + 1) < growth->num; at = child) {
        if (child + 1 < growth->num && before(&growth->heap[child + 1], &growth->heap[child]))
            child++;
        if (!before(&growth->heap[child], &last))
            break;
        growth->heap[at] = growth->heap[child];
    }
    growth->heap[at] = last;
    return first;
}

/* Room for what may wait at once: each cell is pushed by its neighbours, and seeds. */
static int begin_growth(struct growth *growth, size_t num_cells)
{
    *growth = (struct growth){ .capacity = (SIDES + 1) * num_cells + 1 };
    growth->heap = memory_array(growth->capacity, sizeof *growth->heap);
    return growth->heap == NULL ? TOC_ERR_NO_MEMORY : 0;
}

/* ---- the coast ---- */

static bool on_rim(const struct land *land, uint32_t cell)
{
    uint32_t x = cell % land->width, y = cell / land->width;
    return x < RIM || y < RIM || x >= land->width - RIM || y >= land->height - RIM;
}

static void raise_cells(struct land *land, struct growth *growth, size_t num_cells)
{
    struct chance chance = chance_begin(land->seed, CHANCE_LAND, 0);
    push(growth, (struct step){ 0, land->height / 2 * land->width + land->width / 2, 0 });
    while (num_cells > 0 && growth->num > 0) {
        struct step step = pop(growth);
        if (land->owner[step.cell] != LAND_NONE)
            continue;
        land->owner[step.cell] = 0;
        num_cells--;
        for (int side = 0; side < SIDES; side++) {
            uint32_t next = land_neighbour(land, step.cell, side);
            if (land->owner[next] == LAND_NONE && !on_rim(land, next))
                push(growth, (struct step){ step.cost + 2 + chance_below(&chance, 9), next, 0 });
        }
    }
}

/* What the sea does not reach from the rim is land. */
static void fill_lakes(struct land *land, uint32_t *stack)
{
    enum { SEA = 1 };
    size_t waiting = 0, n = land_num_cells(land);
    memset(land->piece, 0, n * sizeof *land->piece);
    for (uint32_t cell = 0; cell < n; cell++)
        if (on_rim(land, cell))
            land->piece[cell] = SEA;
    for (uint32_t cell = 0; cell < n; cell++) {
        if (land->piece[cell] != SEA || !on_rim(land, cell) || cell % land->width < 1 || cell < land->width ||
            cell % land->width >= land->width - 1 || cell >= n - land->width)
            continue;
        stack[waiting++] = cell;
        while (waiting > 0) {
            uint32_t here = stack[--waiting];
            for (int side = 0; side < SIDES; side++) {
                uint32_t next = land_neighbour(land, here, side);
                if (land->piece[next] != SEA && land->owner[next] == LAND_NONE) {
                    land->piece[next] = SEA;
                    stack[waiting++] = next;
                }
            }
        }
    }
    for (uint32_t cell = 0; cell < n; cell++)
        if (land->piece[cell] != SEA)
            land->owner[cell] = 0;
}

int land_raise(struct land *land, size_t num_cells)
{
    size_t        n = land_num_cells(land);
    struct growth growth;
    uint32_t     *stack = memory_array(n, sizeof *stack);
    int           ret = begin_growth(&growth, n);
    if (stack == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        memset(land->owner, 0xff, n * sizeof *land->owner);
        raise_cells(land, &growth, num_cells);
        fill_lakes(land, stack);
    }
    free(stack);
    free(growth.heap);
    return ret;
}

/* ---- cutting ---- */

struct cut {
    struct land    *land;
    const uint32_t *cells;
    size_t          num_cells;
    int             num;
    uint32_t        seeds[100];
    struct growth   growth;
    struct chance   chance;
};

static void choose_seeds(struct cut *cut)
{
    for (int i = 0; i < cut->num; i++) {
        bool again = true;
        while (again) {
            cut->seeds[i] = cut->cells[chance_below(&cut->chance, (uint32_t) cut->num_cells)];
            again = false;
            for (int j = 0; j < i; j++)
                again |= cut->seeds[j] == cut->seeds[i];
        }
    }
}

/* Every piece grows from its seed, a little unevenly. */
static void grow(struct cut *cut)
{
    struct land *land = cut->land;
    uint32_t     area = land->owner[cut->cells[0]];
    for (size_t i = 0; i < cut->num_cells; i++)
        land->piece[cut->cells[i]] = LAND_NONE;
    for (int i = 0; i < cut->num; i++)
        push(&cut->growth, (struct step){ 0, cut->seeds[i], (uint32_t) i });
    while (cut->growth.num > 0) {
        struct step step = pop(&cut->growth);
        if (land->piece[step.cell] != LAND_NONE)
            continue;
        land->piece[step.cell] = step.piece;
        for (int side = 0; side < SIDES; side++) {
            uint32_t next = land_neighbour(land, step.cell, side);
            if (land->owner[next] == area && land->piece[next] == LAND_NONE)
                push(&cut->growth, (struct step){ step.cost + 3 + chance_below(&cut->chance, 4), next, step.piece });
        }
    }
}

/* Each seed moves to the cell of its piece that is nearest to the piece's middle, so that pieces become alike in size.
 */
static void recentre(struct cut *cut)
{
    const struct land *land = cut->land;
    int64_t            x[100] = { 0 }, y[100] = { 0 }, count[100] = { 0 }, nearest[100];
    for (size_t i = 0; i < cut->num_cells; i++) {
        uint32_t piece = land->piece[cut->cells[i]];
        x[piece] += middle_x(land, cut->cells[i]);
        y[piece] += middle_y(land, cut->cells[i]);
        count[piece]++;
    }
    for (int i = 0; i < cut->num; i++) {
        x[i] /= count[i];
        y[i] /= count[i];
        nearest[i] = INT64_MAX;
    }
    for (size_t i = 0; i < cut->num_cells; i++) {
        uint32_t cell = cut->cells[i], piece = land->piece[cell];
        int64_t  dx = middle_x(land, cell) - x[piece], dy = middle_y(land, cell) - y[piece];
        if (3 * dx * dx + dy * dy < nearest[piece]) {
            nearest[piece] = 3 * dx * dx + dy * dy;
            cut->seeds[piece] = cell;
        }
    }
}

static int gather_pieces(const struct land *land, uint32_t *cells, size_t num_cells, int num, size_t *ends)
{
    uint32_t *sorted = memory_array(num_cells, sizeof *sorted);
    size_t    begins[100] = { 0 };
    if (sorted == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num_cells; i++)
        if (land->piece[cells[i]] + 1 < 100)
            begins[land->piece[cells[i]] + 1]++;
    for (int i = 1; i < num; i++)
        begins[i] += begins[i - 1];
    for (size_t i = 0; i < num_cells; i++)
        sorted[begins[land->piece[cells[i]]]++] = cells[i];
    for (int i = 0; i < num; i++)
        ends[i] = begins[i];
    memcpy(cells, sorted, num_cells * sizeof *cells);
    free(sorted);
    return 0;
}

int land_cut(struct land *land, uint32_t *cells, size_t num_cells, int num, uint32_t first, uint32_t step,
             uint64_t entity, size_t *ends)
{
    struct cut cut = { .land = land, .cells = cells, .num_cells = num_cells, .num = num };
    int        ret = begin_growth(&cut.growth, num_cells);
    if (ret != 0)
        return ret;
    cut.chance = chance_begin(land->seed, CHANCE_LAND, entity);
    choose_seeds(&cut);
    for (int round = 0; round < ROUNDS; round++) {
        grow(&cut);
        if (round + 1 < ROUNDS)
            recentre(&cut);
    }
    ret = gather_pieces(land, cells, num_cells, num, ends);
    if (ret == 0)
        for (size_t i = 0; i < num_cells; i++)
            land->owner[cells[i]] = first + land->piece[cells[i]] * step;
    free(cut.growth.heap);
    return ret;
}
