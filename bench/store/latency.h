/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/latency.h: how long each call took, and what the 95th and 99th of a hundred took. */
#ifndef BENCH_STORE_LATENCY_H
#define BENCH_STORE_LATENCY_H

#include <stddef.h>

struct latency {
    double *milliseconds; /* num */
    size_t  num;
    size_t  room;
};

/* Monotonic and processor time of this process, seconds. */
double latency_clock(void);
double latency_cpu(void);

void latency_add(struct latency *latency, double milliseconds); /* ends the program where there is no memory */
void latency_join(struct latency *latency, struct latency *other);
void latency_free(struct latency *latency);

/* The smallest time that `share` of the calls did not exceed (nearest rank); NaN where there was no call. Sorts. */
double latency_quantile(struct latency *latency, double share);

#endif
