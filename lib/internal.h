/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/internal.h: what the files of libtocsin share and nobody outside sees. Names begin with toci_. */
#ifndef LIB_INTERNAL_H
#define LIB_INTERNAL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"

/* Every error of the library is raised here (one place for a breakpoint). Returns status. */
int toci_fail(struct toc_error *error, int status, const char *what, size_t where, double found, const char *allowed);

/* Memory for count elements of size bytes, or NULL with the error raised in *ret. count and size > 0. */
void *toci_allocate(const struct toc_allocator *allocator, size_t count, size_t size, int *ret,
                    struct toc_error *error);
void  toci_release(const struct toc_allocator *allocator, void *pointer, size_t count, size_t size);

/* The checks every method makes: pointers, counts >= 0 and whole, population > 0, dates ascending, range inside. */
int toci_check_series(const struct toc_series *series, size_t first, size_t num, struct toc_error *error);

static inline bool toci_is_holiday(const struct toc_series *series, size_t row)
{
    return series->holiday != NULL && series->holiday[row] != 0;
}

/* Daily steps with dates whose weekdays are to be judged apart. */
bool toci_has_weekdays(const struct toc_series *series, enum toc_mode mode, enum toc_weekdays weekdays);

/* A judgement that says why there is none. */
struct toc_judgement toci_not_assessed(enum toc_reason reason);

/* (observed - expected) / (threshold - expected); where the threshold of a sparse series does not exceed what is
 * expected, 1 at the threshold and one more for each case above it; 0 for no case. */
double toci_score(double observed, double expected, double threshold);

#endif
