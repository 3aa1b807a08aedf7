/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "latency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

double latency_clock(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double latency_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void make_room(struct latency *latency, size_t wanted)
{
    if (wanted <= latency->room)
        return;
    size_t  room = wanted > 2 * latency->room ? wanted : 2 * latency->room;
    double *grown = memory_resize(latency->milliseconds, room, sizeof *grown);
    if (grown == NULL) {
        fputs("bench: out of memory\n", stderr);
        exit(3);
    }
    latency->milliseconds = grown;
    latency->room = room;
}

void latency_add(struct latency *latency, double milliseconds)
{
    make_room(latency, latency->num + 1);
    latency->milliseconds[latency->num++] = milliseconds;
}

void latency_join(struct latency *latency, struct latency *other)
{
    make_room(latency, latency->num + other->num);
    for (size_t i = 0; i < other->num; i++)
        latency->milliseconds[latency->num++] = other->milliseconds[i];
    latency_free(other);
}

void latency_free(struct latency *latency)
{
    free(latency->milliseconds);
    *latency = (struct latency){ 0 };
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

double latency_quantile(struct latency *latency, double share)
{
    if (latency->num == 0)
        return NAN;
    qsort(latency->milliseconds, latency->num, sizeof(double), ascending);
    size_t rank = (size_t) ceil(share * (double) latency->num);
    return latency->milliseconds[rank > 0 ? rank - 1 : 0];
}
