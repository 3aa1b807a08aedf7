/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/memory_large.h: memory for large arrays that are looked at here and there. */
#ifndef BASE_MEMORY_LARGE_H
#define BASE_MEMORY_LARGE_H

#include "tocsin/allocator.h"

/* As memory_allocator (base/memory.h), but blocks of 2 MiB and more lie on large pages where the machine has them. They
 * take up to 2 MiB more than was asked for. */
extern const struct toc_allocator memory_large_allocator;

#endif
