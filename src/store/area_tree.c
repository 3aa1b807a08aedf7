/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/area_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct area_tree {
    size_t     num_areas;
    struct id *id;     /* these four by number */
    uint32_t  *parent; /* AREA_NONE: a top */
    uint32_t  *end;    /* of the subtree's interval */
    uint8_t   *depth;
    uint32_t  *slots; /* open addressing, linear: the number of the area whose id falls here, or AREA_NONE */
    size_t     mask;  /* slots - 1; their count is a power of two, at least twice the areas */
};

/* While building: by row, not yet by number. */
struct building {
    const struct area_row *rows;
    size_t                 num_rows;
    uint32_t              *parent;
    uint32_t              *first_child;
    uint32_t              *next_sibling;
    uint32_t              *number; /* AREA_NONE: not yet reached */
};

static int fail(struct toc_error *error, int status, const char *what, size_t where, const char *allowed)
{
    if (error != NULL)
        *error = (struct toc_error){ .status = status, .what = what, .where = where, .found = NAN, .allowed = allowed };
    return status;
}

static size_t slot_of(const struct area_tree *tree, const struct id *id)
{
    uint64_t high, low;
    memcpy(&high, id->bytes, 8);
    memcpy(&low, id->bytes + 8, 8);
    uint64_t hash = (high ^ low) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t) (hash ^ hash >> 32) & tree->mask;
}

uint32_t area_tree_find(const struct area_tree *tree, const struct id *id)
{
    for (size_t slot = slot_of(tree, id); tree->slots[slot] != AREA_NONE; slot = (slot + 1) & tree->mask)
        if (id_equal(&tree->id[tree->slots[slot]], id))
            return tree->slots[slot];
    return AREA_NONE;
}

/* The row of an id, while the slots hold rows. */
static uint32_t find_row(const struct area_tree *tree, const struct area_row *rows, const struct id *id)
{
    for (size_t slot = slot_of(tree, id); tree->slots[slot] != AREA_NONE; slot = (slot + 1) & tree->mask)
        if (id_equal(&rows[tree->slots[slot]].id, id))
            return tree->slots[slot];
    return AREA_NONE;
}

static int fill_slots(struct area_tree *tree, const struct building *b, struct toc_error *error)
{
    memset(tree->slots, 0xff, (tree->mask + 1) * sizeof *tree->slots);
    for (size_t row = 0; row < b->num_rows; row++) {
        const struct id *id = &b->rows[row].id;
        if (id_is_missing(id))
            return fail(error, TOC_ERR_DOMAIN, "rows.id", row, "an id");
        if (find_row(tree, b->rows, id) != AREA_NONE)
            return fail(error, TOC_ERR_DOMAIN, "rows.id", row, "each area once");
        size_t slot = slot_of(tree, id);
        while (tree->slots[slot] != AREA_NONE)
            slot = (slot + 1) & tree->mask;
        tree->slots[slot] = (uint32_t) row;
    }
    return 0;
}

/* Chain the children of each area, and the tops, in the order of the rows. *first_top: where that chain begins. */
static int chain(const struct area_tree *tree, struct building *b, uint32_t *first_top, struct toc_error *error)
{
    *first_top = AREA_NONE;
    memset(b->first_child, 0xff, b->num_rows * sizeof *b->first_child);
    for (size_t row = b->num_rows; row-- > 0;) {
        uint32_t *first = first_top;
        b->parent[row] = AREA_NONE;
        if (!id_is_missing(&b->rows[row].parent)) {
            uint32_t parent = find_row(tree, b->rows, &b->rows[row].parent);
            if (parent == AREA_NONE)
                return fail(error, TOC_ERR_SHAPE, "rows.parent", row, "the id of one of the rows");
            b->parent[row] = parent;
            first = &b->first_child[parent];
        }
        b->next_sibling[row] = *first;
        *first = (uint32_t) row;
    }
    return 0;
}

/* Number one row, whose parent has its number already. */
static void place(struct area_tree *tree, struct building *b, uint32_t row, uint32_t number, unsigned depth)
{
    b->number[row] = number;
    tree->id[number] = b->rows[row].id;
    tree->parent[number] = b->parent[row] == AREA_NONE ? AREA_NONE : b->number[b->parent[row]];
    tree->depth[number] = (uint8_t) depth;
}

/* Walk in preorder from the first top. Rows of a circle are never reached. */
static int walk(struct area_tree *tree, struct building *b, uint32_t first_top, struct toc_error *error)
{
    memset(b->number, 0xff, b->num_rows * sizeof *b->number);
    uint32_t number = 0;
    unsigned depth = 0;
    for (uint32_t row = first_top; row != AREA_NONE;) {
        if (depth >= AREA_TREE_MAX_DEPTH)
            return fail(error, TOC_ERR_SHAPE, "rows.parent", row, "at most AREA_TREE_MAX_DEPTH areas from a top down");
        place(tree, b, row, number++, depth);
        if (b->first_child[row] != AREA_NONE) {
            row = b->first_child[row];
            depth++;
            continue;
        }
        tree->end[b->number[row]] = number;
        while (b->next_sibling[row] == AREA_NONE && b->parent[row] != AREA_NONE) {
            row = b->parent[row];
            tree->end[b->number[row]] = number;
            depth--;
        }
        row = b->next_sibling[row];
    }
    if (number == b->num_rows)
        return 0;
    size_t row = 0;
    while (b->number[row] != AREA_NONE)
        row++;
    return fail(error, TOC_ERR_SHAPE, "rows.parent", row, "no circle: every area below a top");
}

static struct area_tree *make(size_t num_areas)
{
    struct area_tree *tree = memory_array(1, sizeof *tree);
    if (tree == NULL)
        return NULL;
    size_t slots = 16;
    while (slots < 2 * num_areas)
        slots *= 2;
    tree->num_areas = num_areas;
    tree->mask = slots - 1;
    size_t room = num_areas + 1; /* never an array of nothing */
    tree->id = memory_array(room, sizeof *tree->id);
    tree->parent = memory_array(room, sizeof *tree->parent);
    tree->end = memory_array(room, sizeof *tree->end);
    tree->depth = memory_array(room, sizeof *tree->depth);
    tree->slots = memory_array(slots, sizeof *tree->slots);
    if (tree->id != NULL && tree->parent != NULL && tree->end != NULL && tree->depth != NULL && tree->slots != NULL)
        return tree;
    area_tree_free(tree);
    return NULL;
}

int area_tree_build(const struct area_row *rows, size_t num_rows, struct area_tree **tree, struct toc_error *error)
{
    if (num_rows > AREA_TREE_MAX_AREAS)
        return fail(error, TOC_ERR_TOO_LARGE, "num_rows", TOC_NOWHERE, "at most AREA_TREE_MAX_AREAS");
    int               ret = TOC_ERR_NO_MEMORY;
    struct area_tree *made = make(num_rows);
    uint32_t         *memory = memory_array(num_rows + 1, 4 * sizeof *memory);
    if (made == NULL || memory == NULL) {
        fail(error, ret, "memory", TOC_NOWHERE, "more of it");
        goto out;
    }
    struct building b = { .rows = rows,
                          .num_rows = num_rows,
                          .parent = memory,
                          .first_child = memory + num_rows,
                          .next_sibling = memory + 2 * num_rows,
                          .number = memory + 3 * num_rows };
    uint32_t        first_top;
    ret = fill_slots(made, &b, error);
    if (ret == 0)
        ret = chain(made, &b, &first_top, error);
    if (ret == 0)
        ret = walk(made, &b, first_top, error);
    if (ret != 0)
        goto out;
    for (size_t slot = 0; slot <= made->mask; slot++)
        if (made->slots[slot] != AREA_NONE)
            made->slots[slot] = b.number[made->slots[slot]];
    *tree = made;
    made = NULL;
out:
    area_tree_free(made);
    free(memory);
    return ret;
}

void area_tree_free(struct area_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->id);
    free(tree->parent);
    free(tree->end);
    free(tree->depth);
    free(tree->slots);
    free(tree);
}

size_t area_tree_count(const struct area_tree *tree)
{
    return tree->num_areas;
}

const struct id *area_tree_id(const struct area_tree *tree, uint32_t area)
{
    return &tree->id[area];
}

uint32_t area_tree_parent(const struct area_tree *tree, uint32_t area)
{
    return tree->parent[area];
}

unsigned area_tree_depth(const struct area_tree *tree, uint32_t area)
{
    return tree->depth[area];
}

size_t area_tree_ancestors(const struct area_tree *tree, uint32_t area, uint32_t numbers[AREA_TREE_MAX_DEPTH])
{
    size_t num = 0;
    for (; area != AREA_NONE; area = tree->parent[area])
        numbers[num++] = area;
    return num;
}

uint32_t area_tree_up(const struct area_tree *tree, uint32_t area, unsigned depth)
{
    while (area_tree_depth(tree, area) > depth)
        area = area_tree_parent(tree, area);
    return area;
}

struct area_interval area_tree_subtree(const struct area_tree *tree, uint32_t area)
{
    return (struct area_interval){ area, tree->end[area] };
}

bool area_tree_within(const struct area_tree *tree, uint32_t inner, uint32_t outer)
{
    return inner >= outer && inner < tree->end[outer];
}

/* ---- sets ---- */

static int compare_intervals(const void *a, const void *b)
{
    const struct area_interval *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

int area_set_of(const struct area_tree *tree, const struct id *areas, size_t num_areas, struct arena *arena,
                struct area_set *set)
{
    struct area_interval *intervals = arena_array(arena, num_areas + 1, sizeof *intervals);
    if (intervals == NULL)
        return TOC_ERR_NO_MEMORY;
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < num_areas; i++) {
        uint32_t area = area_tree_find(tree, &areas[i]);
        if (area != AREA_NONE)
            intervals[found++] = area_tree_subtree(tree, area);
    }
    qsort(intervals, found, sizeof *intervals, compare_intervals);
    for (size_t i = 0; i < found; i++)
        if (kept > 0 && intervals[i].first <= intervals[kept - 1].end) {
            if (intervals[i].end > intervals[kept - 1].end)
                intervals[kept - 1].end = intervals[i].end;
        } else
            intervals[kept++] = intervals[i];
    *set = (struct area_set){ intervals, kept };
    return 0;
}

int area_set_of_grant(const struct area_tree *tree, const struct access *who, struct arena *arena, struct area_set *set)
{
    if (!who->everywhere)
        return area_set_of(tree, who->areas, who->num_areas, arena, set);
    struct area_interval *all = arena_array(arena, 1, sizeof *all);
    if (all == NULL)
        return TOC_ERR_NO_MEMORY;
    *all = (struct area_interval){ 0, (uint32_t) tree->num_areas };
    *set = (struct area_set){ all, tree->num_areas > 0 };
    return 0;
}

int area_set_intersect(const struct area_set *a, const struct area_set *b, struct arena *arena, struct area_set *both)
{
    struct area_interval *intervals = arena_array(arena, a->num_intervals + b->num_intervals + 1, sizeof *intervals);
    if (intervals == NULL)
        return TOC_ERR_NO_MEMORY;
    size_t num = 0;
    for (size_t i = 0, j = 0; i < a->num_intervals && j < b->num_intervals;) {
        struct area_interval x = a->intervals[i], y = b->intervals[j];
        uint32_t             first = x.first > y.first ? x.first : y.first;
        uint32_t             end = x.end < y.end ? x.end : y.end;
        if (first < end)
            intervals[num++] = (struct area_interval){ first, end };
        if (x.end < y.end)
            i++;
        else
            j++;
    }
    *both = (struct area_set){ intervals, num };
    return 0;
}

bool area_set_has(const struct area_set *set, uint32_t area)
{
    size_t low = 0, high = set->num_intervals; /* the interval, if any, is the last whose first <= area */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->intervals[middle].first <= area)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && area < set->intervals[low - 1].end;
}

size_t area_set_count(const struct area_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->num_intervals; i++)
        count += set->intervals[i].end - set->intervals[i].first;
    return count;
}
