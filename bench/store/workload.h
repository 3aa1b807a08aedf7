/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/workload.h: the node that is measured: a county of invented people in a directory of its own, on SQLite
 * or PostgreSQL, used through the store's public functions alone. */
#ifndef BENCH_STORE_WORKLOAD_H
#define BENCH_STORE_WORKLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/people.h"
#include "store/node.h"

#define WORKLOAD_TODAY 20750 /* the newest day of the invented cases: 2026-10-24 */

struct workload {
    struct node          node;
    struct people        people;
    struct people_place *places;
    uint32_t            *weights;
    struct id           *areas; /* num_areas, as the generator made them: a country first */
    size_t               num_areas;
    struct access        writer; /* who works: a data manager, everywhere */
    _Atomic uint64_t     next;   /* number of the next person */
};

/* Make a node with its areas in an empty directory, or open the one that is there. The number of the first person is
 * set by the caller (`next`). */
void workload_make(struct workload *workload, const char *directory, const char *database,
                   const struct store_clock *clock); /* NULL: the machine's */
void workload_open(struct workload *workload, const char *directory, bool write);
void workload_close(struct workload *workload);

/* End the program with a reason. */
void workload_fail(const char *what, int status) __attribute__((noreturn));

/* One create, as a report brings it: a person, who they are, their case: three changes of one request. */
struct workload_create {
    struct people_sample sample;
    struct store_change  changes[3];
    struct store_request request;
};
void workload_create_init(struct workload *workload, struct workload_create *create, bool bulk);

/* A row of the table of promises (bench/show.py). */
void workload_row(const char *measure, const char *bar, bool holds, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "SQLite" or "PostgreSQL" */
const char *workload_database(const struct workload *workload);

#endif
