/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/grouping_excess.h: what a wave explains of the count of each series (tocsin/grouping.h). */
#ifndef LIB_GROUPING_EXCESS_H
#define LIB_GROUPING_EXCESS_H

#include "tocsin/grouping.h"

/* A series as a row of the fit; area and x are set for series that have what it needs. */
struct toci_grouping_row {
    double x[4];
    double explained; /* NaN: nothing explains it */
    double excess;
};

/* Fill in the rows of all series. sums: room for 2 (num_areas + num) numbers; peers are taken one kind after another.
 */
void toci_grouping_explain(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                           double *sums, struct toci_grouping_row *rows);

#endif
