/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/area_tree.h: the areas of a store in memory, so that "below" costs two comparisons.
 *
 * The areas are numbered in preorder: an area, then everything below its first child, then below its second, … (several
 * tops are fine; siblings stand in the order in which they were given). So the subtree of an area is an interval of
 * numbers, the union of some subtrees is a short list of intervals, and whether an area lies in it is a binary search.
 * Numbers belong to one tree: the next tree, built when an area changes, has others. Keep ids, not numbers.
 *
 * A tree is never changed once built: any number of threads may read it. About 35 bytes an area; 660,000 areas are
 * built in less than a second.
 */
#ifndef STORE_AREA_TREE_H
#define STORE_AREA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "model/access.h"
#include "store/db.h"

#define AREA_TREE_MAX_AREAS 8000000
#define AREA_TREE_MAX_DEPTH 16 /* areas from a top to the lowest below it, both counted (levels 0 … 15 of area.def) */
#define AREA_NONE UINT32_MAX

struct area_tree;

struct area_row {
    struct id id;
    struct id parent; /* missing: a top */
};

/* Build a tree of these areas, parents and children in any order.
 *
 * error   may be NULL; where = the row at fault
 *
 * TOC_ERR_DOMAIN: a missing id, an id that stands twice. TOC_ERR_SHAPE: a parent that is not among the rows, a circle,
 * a tree deeper than AREA_TREE_MAX_DEPTH. TOC_ERR_TOO_LARGE: more than AREA_TREE_MAX_AREAS. TOC_ERR_NO_MEMORY.
 */
int area_tree_build(const struct area_row *rows, size_t num_rows, struct area_tree **tree, struct toc_error *error);

/* The same of rows of the table `area`: DB_ERR_CORRUPT, with the area at fault, where they make no tree. */
int area_tree_of_rows(const struct area_row *rows, size_t num_rows, struct area_tree **tree, struct db_error *error);

/* The same from the table `area`, as the connection sees it now; siblings in the order of their ids. Also db_status. */
int area_tree_load(struct db *db, struct area_tree **tree, struct db_error *error);

void area_tree_free(struct area_tree *tree); /* NULL is fine */

size_t area_tree_count(const struct area_tree *tree);

/* The number of an area, 0 … count - 1, or AREA_NONE. */
uint32_t area_tree_find(const struct area_tree *tree, const struct id *id);

/* Of an area by its number, which must be one of the tree's. */
const struct id *area_tree_id(const struct area_tree *tree, uint32_t area);
uint32_t         area_tree_parent(const struct area_tree *tree, uint32_t area); /* AREA_NONE: a top */
unsigned         area_tree_depth(const struct area_tree *tree, uint32_t area);  /* 0 = a top */

/* The area at `depth` that this one lies in; itself where it stands at that depth or above. */
uint32_t area_tree_up(const struct area_tree *tree, uint32_t area, unsigned depth);

/* The area itself, its parent, … its top; returns how many. */
size_t area_tree_ancestors(const struct area_tree *tree, uint32_t area, uint32_t numbers[AREA_TREE_MAX_DEPTH]);

/* The numbers first … end - 1. */
struct area_interval {
    uint32_t first, end;
};

/* The area and everything below it. */
struct area_interval area_tree_subtree(const struct area_tree *tree, uint32_t area);

/* Is `inner` the area `outer` or below it? */
bool area_tree_within(const struct area_tree *tree, uint32_t inner, uint32_t outer);

/* Areas as intervals, ascending, neither touching nor overlapping. { NULL, 0 } holds none. */
struct area_set {
    const struct area_interval *intervals;
    size_t                      num_intervals;
};

/* The union of the subtrees of these areas; ids that are not in the tree add nothing. 0 or TOC_ERR_NO_MEMORY. */
int area_set_of(const struct area_tree *tree, const struct id *areas, size_t num_areas, struct arena *arena,
                struct area_set *set);

/* The areas of a grant: all where who->everywhere, none where it names no area. 0 or TOC_ERR_NO_MEMORY. */
int area_set_of_grant(const struct area_tree *tree, const struct access *who, struct arena *arena,
                      struct area_set *set);

/* What lies in both. 0 or TOC_ERR_NO_MEMORY. */
int area_set_intersect(const struct area_set *a, const struct area_set *b, struct arena *arena, struct area_set *both);

bool   area_set_has(const struct area_set *set, uint32_t area); /* AREA_NONE: false */
size_t area_set_count(const struct area_set *set);              /* of areas */

#endif
