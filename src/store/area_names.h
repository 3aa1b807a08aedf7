/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/area_names.h: which areas have a name or a code, to find the area that an address speaks of.
 *
 * Of an area: its code and its names in all languages. Names are compared in one form: compatibility forms and case
 * alike, and of the rest letters and digits alone, so that "Snow-Mountain township" is "Snow Mountain Township" and
 * "雪山 镇" is "雪山镇". Many areas may share a name. Areas that are no more (valid_to) have none.
 *
 * Kept are hashes: 12 bytes a name; two names of 64 equal bits would be taken for one. Never changed once loaded: any
 * number of threads may read it. Numbers are those of the tree that it was loaded with. */
#ifndef STORE_AREA_NAMES_H
#define STORE_AREA_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/area_tree.h"

struct area_names;

/* Without any; area_names_add adds, area_names_ready ends that. NULL: no memory. */
struct area_names *area_names_new(void);
void               area_names_free(struct area_names *names); /* NULL is fine */

/* code: another name space than that of names. A text without letters and digits, or that is no UTF-8, is none. Returns
 * 0 or TOC_ERR_NO_MEMORY. */
int area_names_add(struct area_names *names, const char *text, size_t size, bool code, uint32_t area);
int area_names_ready(struct area_names *names);

/* All of the table `area` that are in the tree. Returns 0, db_status, TOC_ERR_NO_MEMORY. Cost: 1 µs a name, and a sort.
 */
int area_names_load(struct db *db, const struct area_tree *tree, struct area_names **names, struct db_error *error);

/* The form in which names are compared; in arena. Empty: nothing to compare, or no memory. */
#define AREA_NAMES_MAX_BYTES 1024 /* longer texts are none */
size_t area_names_fold(const char *text, size_t size, struct arena *arena, const char **folded);

/* The areas with this name (folded) or this code (as it is written), ascending; returns how many. */
size_t area_names_find(const struct area_names *names, const char *folded, size_t size, const uint32_t **areas);
size_t area_names_find_code(const struct area_names *names, const char *code, size_t size, const uint32_t **areas);

#endif
