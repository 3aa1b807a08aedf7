/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/ask.h: questions to a node that holds cases: who asks, about which areas, and how long it took. */
#ifndef BENCH_STORE_ASK_H
#define BENCH_STORE_ASK_H

#include "base/arena.h"
#include "base/fault.h"
#include "latency.h"
#include "model/county.h"
#include "store/area_tree.h"
#include "workload.h"

struct ask {
    struct workload        *workload;
    struct store_reader    *reader;
    const struct area_tree *tree;                     /* held */
    uint32_t               *areas[COUNTY_NUM_LEVELS]; /* numbers in the tree, a level each */
    size_t                  num_areas[COUNTY_NUM_LEVELS];
    struct access           who; /* an epidemiologist who investigates, everywhere */
    uint64_t                drawn;
    size_t                  waits; /* for the keeper's rate: not part of what was measured */
};

void ask_begin(struct ask *ask, struct workload *workload); /* ends the program where it cannot */
void ask_end(struct ask *ask);

/* A whole number below `end`: always the same ones in the same order. */
uint64_t ask_below(struct ask *ask, uint64_t end);

/* Any area of a level. */
struct id ask_area(struct ask *ask, enum county_level level);

/* After a call that began at `begin` (latency_clock): true where the keeper refused it for its rate. Then it has been
 * waited a little, and the call is made again; the refused one is counted in `waits` and measured nowhere. Any other
 * failure ends the program. */
bool ask_again(struct ask *ask, const char *what, int status, struct fault_list *faults);

#endif
