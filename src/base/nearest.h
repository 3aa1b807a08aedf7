/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/nearest.h: the name that somebody meant: offer every name that exists, then read `best`, which stays NULL
 * where none is near enough. The distance counts letters changed, left out, added or swapped.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    const char *best;
    size_t      distance;
};
void nearest_offer(struct nearest *nearest, const char *name);

#endif
