/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/counters_pack.h: the numbers of one row of the counters, packed into bytes (counters.h).
 *
 * A number for each combination of codes that was counted, in the order of the combinations; those that are 0 are left
 * out. As bytes: the owner's mark (2), then for each the distance of its combination from the one before (from 0 for
 * the first) and its value, both as numbers of 7 bits a byte, least first, the value with its sign in the lowest bit.
 * The mark is a hash of whose numbers they are: rows that lie under the hash of another are found out when they are
 * opened.
 */
#ifndef STORE_COUNTERS_PACK_H
#define STORE_COUNTERS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define COUNTERS_MARK_BYTES 2
#define COUNTERS_NUMBER_BYTES 15 /* a number takes so many bytes at most */

struct counters_number {
    uint32_t codes; /* the combination */
    int64_t  value;
};

/* Numbers by combination, each once, none 0. All zero: none. */
struct counters_numbers {
    struct counters_number *entries;
    size_t                  num, room;
};

void counters_numbers_free(struct counters_numbers *numbers); /* and none are left */

/* Add to the number of a combination: 0 or TOC_ERR_NO_MEMORY. */
int counters_numbers_add(struct counters_numbers *numbers, uint32_t codes, int64_t value);

/* As bytes; `bytes` has room for COUNTERS_MARK_BYTES + num × COUNTERS_NUMBER_BYTES. Returns how many they are. */
size_t counters_pack(const struct counters_numbers *numbers, uint16_t mark, uint8_t *bytes);

/* Walking over packed numbers. Begin answers 0, or DB_ERR_CORRUPT where the value is not bytes with this mark; next
 * answers 1 with a number, 0 at the end, DB_ERR_CORRUPT where the bytes are no numbers in order. */
struct counters_walk {
    const uint8_t *at, *end;
    uint64_t       codes;
    bool           begun;
};
int counters_walk_begin(struct counters_walk *walk, const struct db_value *packed, uint16_t mark);
int counters_walk_next(struct counters_walk *walk, struct counters_number *number);

#endif
