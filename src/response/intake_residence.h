/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_residence.h: the area that an address speaks of, as far as its words say.
 *
 * An area code that one area has decides. Else each part of the address is looked up among the names of areas, whole or
 * between commas; where Chinese or Tibetan writes a chain without gaps (上方洞省杜鹃市雪山镇), from its first name on
 * as many as follow one another, the longest first. An area is spoken of by its own name and by those of the areas
 * above it. Of the areas named, the one that most names speak of is taken, and of several the lowest; of several on one
 * level (two villages of one name) the area that they all lie in.
 *
 * One name alone is no proof (a street may be called like a far town): it takes two, or one within the area of the
 * feed, so that a county's laboratory need not name the county. What two names say weighs more than what one and the
 * feed say. An area that the feed's own lies in says nothing new.
 */
#ifndef RESPONSE_INTAKE_RESIDENCE_H
#define RESPONSE_INTAKE_RESIDENCE_H

#include "formats/report.h"
#include "store/area_names.h"

/* The number of the area in the tree, or AREA_NONE: the address does not say. The subject's home address where one is
 * marked so, else its first. of_feed: the area of the feed, AREA_NONE = none. In arena is what is looked up: wipe it.
 * Cost: some microseconds; more where names are shared by very many areas. */
uint32_t intake_residence(const struct report_subject *subject, const struct area_tree *tree,
                          const struct area_names *names, uint32_t of_feed, struct arena *arena);

#endif
