/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters_pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

enum { FIRST_ROOM = 2, MOST_SHIFT = 63 };

void counters_numbers_free(struct counters_numbers *numbers)
{
    free(numbers->entries);
    *numbers = (struct counters_numbers){ .num = 0 };
}

/* The place of a combination, or where it belongs. */
static size_t place_of(const struct counters_numbers *numbers, uint32_t codes)
{
    size_t low = 0, high = numbers->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers->entries[middle].codes < codes)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int counters_numbers_add(struct counters_numbers *numbers, uint32_t codes, int64_t value)
{
    size_t at = place_of(numbers, codes);
    if (value == 0)
        return 0;
    struct counters_number *entry = numbers->entries + at;
    if (at < numbers->num && entry->codes == codes) {
        entry->value += value;
        if (entry->value == 0)
            memmove(entry, entry + 1, (--numbers->num - at) * sizeof *entry);
        return 0;
    }
    if (numbers->num == numbers->room) {
        size_t room = numbers->room == 0 ? FIRST_ROOM : 2 * numbers->room;
        void  *more = memory_resize(numbers->entries, room, sizeof *numbers->entries);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        numbers->entries = more;
        numbers->room = room;
    }
    entry = numbers->entries + at;
    memmove(entry + 1, entry, (numbers->num++ - at) * sizeof *entry);
    *entry = (struct counters_number){ codes, value };
    return 0;
}

static uint8_t *put(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t) (number | 0x80);
    *at++ = (uint8_t) number;
    return at;
}

size_t counters_pack(const struct counters_numbers *numbers, uint16_t mark, uint8_t *bytes)
{
    uint8_t *at = bytes;
    uint32_t before = 0;
    *at++ = (uint8_t) mark;
    *at++ = (uint8_t) (mark >> 8);
    for (size_t i = 0; i < numbers->num; i++) {
        const struct counters_number *entry = &numbers->entries[i];
        at = put(at, entry->codes - before);
        at = put(at, (uint64_t) entry->value << 1 ^ (entry->value < 0 ? UINT64_MAX : 0));
        before = entry->codes;
    }
    return (size_t) (at - bytes);
}

int counters_walk_begin(struct counters_walk *walk, const struct db_value *packed, uint16_t mark)
{
    if (packed->type != DB_BYTES || packed->size < COUNTERS_MARK_BYTES)
        return DB_ERR_CORRUPT;
    const uint8_t *bytes = (const uint8_t *) packed->bytes;
    *walk = (struct counters_walk){ .at = bytes + COUNTERS_MARK_BYTES, .end = bytes + packed->size };
    return (bytes[0] | bytes[1] << 8) == mark ? 0 : DB_ERR_CORRUPT;
}

static bool take(struct counters_walk *walk, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; walk->at < walk->end && shift <= MOST_SHIFT; shift += 7) {
        uint8_t byte = *walk->at++;
        *number |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

int counters_walk_next(struct counters_walk *walk, struct counters_number *number)
{
    uint64_t distance, value;
    if (walk->at == walk->end)
        return 0;
    if (!take(walk, &distance) || !take(walk, &value) || distance > UINT32_MAX - walk->codes ||
        (distance == 0 && walk->begun))
        return DB_ERR_CORRUPT;
    walk->begun = true;
    walk->codes += distance;
    *number = (struct counters_number){ (uint32_t) walk->codes, (int64_t) (value >> 1) ^ ((value & 1) != 0 ? -1 : 0) };
    return 1;
}
