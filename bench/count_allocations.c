/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/count_allocations.c: loaded before a program (LD_PRELOAD), tells on standard error at its end how many times
 * it asked for memory. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

/* What glibc calls its own malloc family. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
void        *malloc(size_t size);
void        *calloc(size_t count, size_t size);
void        *realloc(void *pointer, size_t size);

static atomic_size_t requests;

void *malloc(size_t size)
{
    atomic_fetch_add(&requests, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&requests, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    atomic_fetch_add(&requests, 1);
    return __libc_realloc(pointer, size);
}

__attribute__((destructor)) static void tell(void)
{
    fprintf(stderr, "allocations,%zu\n", atomic_load(&requests));
}
