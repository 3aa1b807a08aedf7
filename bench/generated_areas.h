/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/generated_areas.h: a code list of five levels and 660,000 areas, as many as China has down to the village. */
#ifndef BENCH_GENERATED_AREAS_H
#define BENCH_GENERATED_AREAS_H

#include <stdio.h>

/* Write the list as CSV (code, name_zh) and flush: 31 provinces × 11 cities × 9 counties × 14 townships × 15 villages
 * = 31 + 341 + 3,069 + 42,966 + 644,490 areas. Returns 0 or EOF. */
int generated_areas_write(FILE *file);

#endif
