/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/memory.h: memory from the C library, with sizes checked before they are multiplied. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "tocsin/allocator.h"

/* The allocator that rooms above lib/ pass to libtocsin. */
extern const struct toc_allocator memory_allocator;

/* count elements of size bytes, all zero, or NULL where there is no memory or the size does not fit. free() it. */
void *memory_array(size_t count, size_t size);

/* The same array with room for count elements (what is new is not zero), or NULL; the old one then stands. */
void *memory_resize(void *array, size_t count, size_t size);

#endif
