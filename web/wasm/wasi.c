/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wasi.h"

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Let the element at `root` sink to its place in the heap of `num`. */
static void sink_down(char *base, size_t root, size_t num, size_t size,
                      int (*compare)(const void *a, const void *b, void *context), void *context)
{
    for (size_t child = 2 * root + 1; child < num; root = child, child = 2 * root + 1) {
        if (child + 1 < num && compare(base + child * size, base + (child + 1) * size, context) < 0)
            child++;
        if (compare(base + root * size, base + child * size, context) >= 0)
            return;
        swap(base + root * size, base + child * size, size);
    }
}

void qsort_r(void *base, size_t num, size_t size, int (*compare)(const void *a, const void *b, void *context),
             void *context)
{
    for (size_t i = num / 2; i > 0; i--)
        sink_down(base, i - 1, num, size, compare, context);
    for (size_t i = num; i > 1; i--) {
        swap(base, (char *) base + (i - 1) * size, size);
        sink_down(base, 0, i - 1, size, compare, context);
    }
}
