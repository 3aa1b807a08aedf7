/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/county_names.h: within county: names that say the same in English, Chinese and Tibetan. */
#ifndef MODEL_COUNTY_NAMES_H
#define MODEL_COUNTY_NAMES_H

#include "model/county.h"

/* Name the area, the number-th child of its parent; children of one parent have different names. */
void county_name(uint64_t seed, struct county_area *area, uint32_t parent, uint32_t number);

#endif
