/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/stream_values.h: the values of one stream by day, as they became known: packed into bytes, looked up as
 * of a day, compared with a delivery, turned from totals into increments.
 *
 * Packed are runs: values of one day of knowledge whose days stand at one distance, with as many decimals as they need.
 * A year of daily counts takes about 500 bytes.
 *
 *     byte 1, then runs of  known day, first day, distance, number, decimals, values
 *
 * All numbers have 7 bits a byte, least first; known and first day are signed differences from the run before. A value
 * is 0 (none was given) or 1 + the signed number times 10^decimals; with decimals STREAM_VALUES_RAW eight bytes of a
 * double, least first, NaN where none was given.
 */
#ifndef FORMATS_STREAM_VALUES_H
#define FORMATS_STREAM_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "tocsin/date.h"

#define STREAM_VALUES_MOST 1000000 /* of one delivery of one stream */
#define STREAM_VALUES_DECIMALS 9
#define STREAM_VALUES_RAW 15

/* What was known of a day. */
struct stream_value {
    toc_date day, known;
    uint32_t layer; /* of several with one day and one day of knowledge the highest counts */
    double   value; /* NaN: reported, and no value given */
};

/* By day, then known, then layer. */
void stream_values_sort(struct stream_value *values, size_t num);

/* Sorted values as bytes in the arena; layers are not packed. Returns 0 or TOC_ERR_NO_MEMORY. */
int stream_values_pack(const struct stream_value *values, size_t num, struct arena *arena, const uint8_t **bytes,
                       size_t *size);

/* How many values packed bytes hold, or -1 where they are none. */
int64_t stream_values_count(const uint8_t *bytes, size_t size);

/* And the values themselves, at most as many as there is room for, in the order in which they were packed. Returns 0 or
 * BASE_ERR_INPUT: no packed values, or more than there is room for. */
int stream_values_unpack(const uint8_t *bytes, size_t size, uint32_t layer, struct stream_value *values, size_t room,
                         size_t *num);

/* Of sorted values those that count as known on a day, one a day at most, moved to the front: their number. */
size_t stream_values_as_of(struct stream_value *values, size_t num, toc_date known);

/* What of a sorted delivery is new beside what is known (sorted): moved to the front of the delivery. Not new is a
 * value that was known then already, and a day without a value where the day was known with or without one: nothing is
 * withdrawn by being left blank. *revised: how many of the new ones change a value of before. */
size_t stream_values_new(const struct stream_value *known, size_t num_known, struct stream_value *delivery, size_t num,
                         size_t *revised);

/* Totals since a start, one a day at most and sorted, as increments.
 *
 * step          days from one total to the next: 1 or 7
 * increments    room for STREAM_VALUES_ROOM(values, num, step); what came on each step's day; layers and known are 0
 *
 * Over steps without a total the difference is spread evenly, whole where totals are whole, what is left over on the
 * newest days; so the increments add up to the newest total. The first total is an increment where it is 0 or days
 * without a value stand before it (nothing had happened yet); else nobody knows when it happened. A total smaller than
 * the one before is a correction: a negative increment, counted in *corrections.
 */
size_t stream_values_increments(const struct stream_value *values, size_t num, int step,
                                struct stream_value *increments, size_t room, size_t *corrections);
/* So many increments there are at most. */
size_t stream_values_steps(const struct stream_value *values, size_t num, int step);

#endif
