/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/interval_file.h: a serial interval as a table of probabilities.
 *
 * A table (formats/table.h) with the columns `days` and `probability`, rows in any order:
 *
 *     days,probability
 *     1,0.233
 *     2,0.359
 *
 * days are whole, 0 … TOC_SERIAL_INTERVAL_MAX - 1, each at most once; days without a row have probability 0, and day 0
 * must have it. The probabilities sum to 1 within TOC_SERIAL_INTERVAL_TOLERANCE and are divided by their sum.
 */
#ifndef FORMATS_INTERVAL_FILE_H
#define FORMATS_INTERVAL_FILE_H

#include "base/fault.h"
#include "tocsin/serial_interval.h"

/* Read the file at path ("-" is not standard input here).
 *
 * faults   gains every fault of the file
 * w        room for TOC_SERIAL_INTERVAL_MAX; untouched on failure. num_w: up to the last day with a probability.
 *
 * Returns 0; BASE_ERR_INPUT; BASE_ERR_SYSTEM (cannot be opened or read); TOC_ERR_NO_MEMORY. */
int interval_file_read(const char *path, struct fault_list *faults, double *w, size_t *num_w);

#endif
