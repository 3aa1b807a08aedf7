/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *older;
    size_t              size; /* of bytes */
    size_t              used;
    alignas(max_align_t) unsigned char bytes[];
};

/* A block of its own is asked of the system as zeros; of the others what is handed out is made zero. */
static struct arena_block *add_block(struct arena *arena, size_t least)
{
    bool                own = least > ARENA_BLOCK;
    size_t              size = own ? least : ARENA_BLOCK;
    struct arena_block *block = own ? calloc(1, sizeof *block + size) : malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->used = 0;
    block->older = arena->block;
    arena->block = block;
    return block;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    const size_t unit = alignof(max_align_t);
    size_t       limit = arena->limit != 0 ? arena->limit : ARENA_LIMIT;
    if (size != 0 && count > limit / size)
        return NULL;
    size_t wanted = (count * size + unit - 1) / unit * unit;
    if (wanted == 0)
        wanted = unit;
    if (arena->taken > limit || wanted > limit - arena->taken)
        return NULL;
    struct arena_block *block = arena->block;
    if (block == NULL || wanted > block->size - block->used)
        block = add_block(arena, wanted);
    if (block == NULL)
        return NULL;
    void *memory = block->bytes + block->used;
    if (wanted <= ARENA_BLOCK)
        memset(memory, 0, wanted);
    block->used += wanted;
    arena->taken += wanted;
    return memory;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = arena_array(arena, size + 1, 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static void release(struct arena *arena, int wipe)
{
    for (struct arena_block *block = arena->block, *older; block != NULL; block = older) {
        older = block->older;
        if (wipe)
            explicit_bzero(block->bytes, block->used);
        free(block);
    }
    arena->block = NULL;
    arena->taken = 0;
}

void arena_free(struct arena *arena)
{
    release(arena, 0);
}

void arena_wipe(struct arena *arena)
{
    release(arena, 1);
}

bool arena_make_room(struct arena *arena, void **array, size_t num, size_t *room, size_t size)
{
    if (num < *room)
        return true;
    size_t more = *room == 0 ? 64 : 2 * *room;
    void  *bigger = arena_array(arena, more, size);
    if (bigger == NULL)
        return false;
    if (num > 0)
        memcpy(bigger, *array, num * size);
    *array = bigger;
    *room = more;
    return true;
}
