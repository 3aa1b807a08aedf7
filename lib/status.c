/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/status.h"

#include "internal.h"

const char *toc_status_text(int status)
{
    switch (status) {
    case TOC_OK: return "no error";
    case TOC_ERR_NO_MEMORY: return "out of memory";
    case TOC_ERR_TOO_LARGE: return "too large for this machine";
    case TOC_ERR_DOMAIN: return "a value outside the domain of the method";
    case TOC_ERR_OPTION: return "an option outside its range";
    case TOC_ERR_SHAPE: return "lengths or positions that do not fit together";
    case TOC_ERR_UNKNOWN_NAME: return "an unknown name";
    case TOC_ERR_UNSUPPORTED: return "options that exclude each other";
    case TOC_ERR_NO_CONVERGENCE: return "an iteration that did not settle";
    default: return "an unknown status";
    }
}

int toci_fail(struct toc_error *error, int status, const char *what, size_t where, double found, const char *allowed)
{
    if (error != NULL)
        *error = (struct toc_error){ status, what, where, found, allowed };
    return status;
}

void *toci_allocate(const struct toc_allocator *allocator, size_t count, size_t size, int *ret, struct toc_error *error)
{
    if (count > SIZE_MAX / size) {
        *ret = toci_fail(error, TOC_ERR_TOO_LARGE, "working memory", TOC_NOWHERE, (double) count, "fewer elements");
        return NULL;
    }
    void *pointer = allocator->allocate(allocator->context, count * size);
    if (pointer == NULL)
        *ret = toci_fail(error, TOC_ERR_NO_MEMORY, "working memory", TOC_NOWHERE, (double) (count * size),
                         "as many bytes as the allocator gives");
    return pointer;
}

void toci_release(const struct toc_allocator *allocator, void *pointer, size_t count, size_t size)
{
    if (pointer != NULL)
        allocator->release(allocator->context, pointer, count * size);
}
