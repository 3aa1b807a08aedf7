/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/secrets.h: erasure, new keys, and the search for what must be nowhere in clear; print rows. */
#ifndef BENCH_STORE_SECRETS_H
#define BENCH_STORE_SECRETS_H

#include "workload.h"

/* Erase `num` of the persons 0 … num_persons - 1 and ask for each at once. */
void erase_measure(struct workload *workload, uint64_t num_persons, size_t num);

/* How many of those whom erase_measure erases, asked with the same numbers, can be read in this node. */
size_t erase_count_read(struct workload *workload, uint64_t num_persons, size_t num);

/* A new generation of the keys that wrap, and all keys of persons wrapped anew under it. */
void rewrap_measure(struct workload *workload);

/* Persons with random texts in every identifying field, made by 8 threads and some of them read; meanwhile and
 * afterwards all files below `directories` are searched for these texts, and the newer ones of /tmp. A text in a field
 * that is not identifying must be found: it shows that the search looks in the right places. Under load a copy of this
 * process crashes (crash.h), which must leave no core; machine_writes_cores: what crash_leaves_core said before this
 * process opened the node. In the end a backup is made and searched, packed and loaded. */
#define CANARY_DIRECTORIES 4
void canaries_measure(struct workload *workload, const char *const *directories, size_t num_directories,
                      bool machine_writes_cores);

#endif
