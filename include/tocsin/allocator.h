/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/allocator.h: where libtocsin gets its working memory.
 *
 * The library never calls malloc. A function that needs working memory takes an allocator, asks it a fixed number of
 * times per call (never once a time step), and gives everything back before it returns, unless the header says that
 * an object keeps it until its _free.
 */
#ifndef TOCSIN_ALLOCATOR_H
#define TOCSIN_ALLOCATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct toc_allocator {
    /* size > 0 bytes aligned for any object of C (16 bytes on x86-64), or NULL. */
    void *(*allocate)(void *context, size_t size);
    /* pointer came from allocate with this size, or is NULL. */
    void (*release)(void *context, void *pointer, size_t size);
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
