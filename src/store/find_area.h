/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/find_area.h: an area or a facility by its code, as people name them. */
#ifndef STORE_FIND_AREA_H
#define STORE_FIND_AREA_H

#include "store/store.h"

/* The area that has this code now: of several in the course of time the one that began last. Returns 0,
 * STORE_ERR_ABSENT or db_status. One look-up by index. */
int store_find_area(struct store_reader *reader, const char *code, struct id *area);

/* The same of a facility; a code is one facility's alone. */
int store_find_facility(struct store_reader *reader, const char *code, struct id *facility);

#endif
