/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "support/test.h"

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

const struct toc_allocator test_allocator = { allocate, release, NULL };

static void *allocate_or_fail(void *context, size_t size)
{
    struct test_failing_memory *memory = context;
    if (++memory->requests == memory->fail_at)
        return NULL;
    void *pointer = malloc(size);
    if (pointer != NULL)
        memory->bytes_held += size;
    return pointer;
}

static void release_counted(void *context, void *pointer, size_t size)
{
    struct test_failing_memory *memory = context;
    if (pointer != NULL)
        memory->bytes_held -= size;
    free(pointer);
}

struct toc_allocator test_failing_allocator(struct test_failing_memory *memory)
{
    return (struct toc_allocator){ allocate_or_fail, release_counted, memory };
}
