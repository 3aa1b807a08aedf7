/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/lists.h: pages of the list of cases, person searches and counts, measured; print rows. */
#ifndef BENCH_STORE_LISTS_H
#define BENCH_STORE_LISTS_H

#include "workload.h"

/* Each cell (subtree × filter × sort × beginning × identities or not) `rounds` times, its areas and values drawn anew
 * each time. Prints a line `cell` each and a row for the worst masked one and the worst that shows identities. */
void lists_measure(struct workload *workload, size_t rounds);

/* Whole names, names in letters, identifiers and telephones of persons 0 … num - 1, `rounds` of each; beginnings of
 * names within their county. Who was looked for must be among the answers where these are all. */
void search_measure(struct workload *workload, uint64_t num, size_t rounds);

/* Counts of all days as of a day, for areas of each level, and reporting triangles of a year. */
void counts_measure(struct workload *workload, size_t rounds);

/* 200 pages, in JSON, into a file: the same bytes from whichever database. */
void lists_write_pages(struct workload *workload, const char *path);

#endif
