/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/suppression.h: which counts of a table of areas may be published.
 *
 * A count of 1 to 4 persons in a small place is about persons whom their neighbours know. Leaving it out is not enough:
 * it follows from the count of the area above less those of the other areas. So others are left out with it.
 *
 * The table is one period (a week) of one thing that is counted, for a tree of areas: the count of an area is at least
 * the sum of those below it (what is left lives at no known place). From the top down:
 *   - A count from 1 to small is left out. 0 is shown.
 *   - Below a count that is left out nothing is shown.
 *   - Below one that is shown: of k counts left out whose sum is s, others of the same parent that are not 0 are left
 *     out too, chosen by lot, until k >= 2 and s - (k - 1) > small. Then whoever knows all that is shown, and that the
 * counts left out are not 0, finds for each of them small values and values above small alike. Where nothing is left to
 * add, nothing below that parent is shown, not even which of its areas have 0. That some live at no known place
 * protects nobody. The lot is secret: were it the smallest that protects, or the first, whoever knows the method could
 * tell some tables from others that look alike.
 *
 * What a caller must see to: periods that follow each other and do not overlap (no moving sums, no days beside weeks);
 * of several periods a sum only for an area all of whose periods are shown; one table of what is counted (not one by
 * age beside one by sex); and a table once published stays as it is, for the difference of two is a table too.
 * Source: the p and threshold rules and complementary suppression as in Hundepool et al. 2012,
 * doi:10.1002/9781118348239, chapter 4, for one hierarchy.
 */
#ifndef TOCSIN_SUPPRESSION_H
#define TOCSIN_SUPPRESSION_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOC_SUPPRESSION_NO_PARENT UINT32_MAX

enum toc_suppression {
    TOC_SUPPRESSION_SHOWN = 0,
    TOC_SUPPRESSION_SMALL,      /* left out: 1 to small */
    TOC_SUPPRESSION_PROTECTING, /* left out so that others do not follow from it */
    TOC_SUPPRESSION_WITHHELD    /* left out, as all below that parent */
};

struct toc_suppression_options {
    int64_t  small; /* 1 … 1000 */
    uint64_t seed;  /* of the lots: secret, and another one for each table */
};
#define TOC_SUPPRESSION_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        .small = 4                                                                                                     \
    }

/* Decide for every count of one period. What is published may tell shown from left out and nothing more: SMALL and
 * PROTECTING must look alike.
 *
 * parent   n areas: the index of the one above, which is smaller than the area's own; TOC_SUPPRESSION_NO_PARENT: a top
 * count    n counts, 0 or more; none missing
 * decided  n values of enum toc_suppression; untouched on failure
 *
 * Errors: TOC_ERR_OPTION small out of bounds; TOC_ERR_SHAPE a parent that does not stand before its area;
 * TOC_ERR_DOMAIN a negative count, or one less than the sum of those below it (error->where: the area above).
 * TOC_ERR_NO_MEMORY. Cost: n, and for each parent its areas once for each
 * that has to be added; 16 bytes an area.
 */
int toc_suppress(const uint32_t *parent, const int64_t *count, size_t n, const struct toc_suppression_options *options,
                 const struct toc_allocator *allocator, uint8_t *decided, struct toc_error *error);

#ifdef __cplusplus
}
#endif

#endif
