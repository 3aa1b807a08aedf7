/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory_large.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t) 2 << 20)

static void *allocate(void *context, size_t size)
{
    (void) context;
    if (size < LARGE_PAGE || size > SIZE_MAX - LARGE_PAGE)
        return malloc(size);
    size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void  *memory = aligned_alloc(LARGE_PAGE, whole);
    if (memory != NULL)
        madvise(memory, whole, MADV_HUGEPAGE); /* where there are none, small pages do */
    return memory;
}

static void release(void *context, void *pointer, size_t size)
{
    (void) context;
    (void) size;
    free(pointer);
}

const struct toc_allocator memory_large_allocator = { allocate, release, NULL };
