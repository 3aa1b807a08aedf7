/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/creates.h: durable creates and imports, measured; prints rows. */
#ifndef BENCH_STORE_CREATES_H
#define BENCH_STORE_CREATES_H

#include "workload.h"

struct creates_options {
    size_t num_callers;
    double seconds;
    double bar_rate; /* a second */
    double bar_p99;  /* milliseconds */
};

/* What the database has done so far. */
struct database_use {
    double bytes;  /* written: SQLite's by this process; PostgreSQL's into its write-ahead log */
    double groups; /* committed */
};
void database_use_read(struct workload *workload, struct database_use *use);

void creates_measure(struct workload *workload, const char *directory, const struct creates_options *options);
void creates_import(struct workload *workload, const char *directory, uint64_t num,
                    const struct creates_options *options);

/* Rows, pages and bytes that one create writes which shares its transaction with nobody. */
void creates_cost(struct workload *workload, const char *directory);

#endif
