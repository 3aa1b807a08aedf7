/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

static void *allocate(void *context, size_t size)
{
    (void) context;
    return malloc(size);
}

static void release(void *context, void *pointer, size_t size)
{
    (void) context;
    (void) size;
    free(pointer);
}

const struct toc_allocator memory_allocator = { allocate, release, NULL };

void *memory_array(size_t count, size_t size)
{
    return calloc(count, size);
}

void *memory_resize(void *array, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return realloc(array, count * size);
}
