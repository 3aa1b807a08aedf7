/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/arena.h: memory for the length of one piece of work: taken bit by bit, given back at once.
 *
 * A request, a page of a list or a group of changes takes what it needs and frees the arena at its end; nothing in it
 * is freed alone. An arena has a limit, so that one request cannot take the machine's memory. Memory that held secrets
 * or identities is cleared: arena_wipe.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; /* the newest; NULL = nothing taken yet */
    size_t              limit; /* bytes that may be taken in all; 0 = ARENA_LIMIT */
    size_t              taken;
};
#define ARENA_LIMIT ((size_t) 64 << 20)
#define ARENA_BLOCK ((size_t) 16 << 10) /* the smallest block that is asked of the system */
#define ARENA_INIT                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* count × size bytes, all zero, aligned for any type; NULL where there is no memory, the product does not fit, or the
 * limit would be passed. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of size bytes with '\0' behind them, or NULL. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);

void arena_free(struct arena *arena); /* the arena is empty and usable afterwards */
void arena_wipe(struct arena *arena); /* clears every byte first */

/* Room for one more in an array of the arena that holds num of `room` elements of that size: it doubles where it is
 * full. False: no memory; the array stays. */
bool arena_make_room(struct arena *arena, void **array, size_t num, size_t *room, size_t size);

#endif
