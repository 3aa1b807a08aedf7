/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/area_codes_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static size_t slot_of(const struct area_index *index, const struct area_codes *list, const char *code, size_t size)
{
    size_t slot = (size_t) text_hash(code, size) & index->mask;
    for (;; slot = (slot + 1) & index->mask) {
        uint32_t area = index->first[slot];
        if (area == AREA_CODES_NONE)
            return slot;
        const char *other = area_codes_text(list, list->areas[area].code);
        if (strncmp(other, code, size) == 0 && other[size] == '\0')
            return slot;
    }
}

static void fill_slots(struct area_index *index, const struct area_codes *list, const uint32_t *old, size_t num_old)
{
    for (size_t i = 0; i < num_old; i++) {
        if (old[i] == AREA_CODES_NONE)
            continue;
        const char *code = area_codes_text(list, list->areas[old[i]].code);
        index->first[slot_of(index, list, code, strlen(code))] = old[i];
    }
}

int area_index_reserve(struct area_index *index, const struct area_codes *list, size_t areas)
{
    size_t slots = 1024, num_old = index->first == NULL ? 0 : index->mask + 1;
    if (areas <= index->capacity)
        return 0;
    while (slots < 2 * areas)
        slots *= 2;
    uint32_t *next_same = memory_resize(index->next_same, areas, sizeof *next_same);
    if (next_same == NULL)
        return TOC_ERR_NO_MEMORY;
    index->next_same = next_same;
    uint32_t *first = memory_array(slots, sizeof *first), *old = index->first;
    if (first == NULL)
        return TOC_ERR_NO_MEMORY;
    memset(first, 0xff, slots * sizeof *first);
    index->first = first;
    index->mask = slots - 1;
    index->capacity = areas;
    fill_slots(index, list, old, num_old);
    free(old);
    return 0;
}

void area_index_free(struct area_index *index)
{
    free(index->first);
    free(index->next_same);
    *index = (struct area_index){ 0 };
}

size_t area_index_add(struct area_index *index, const struct area_codes *list, uint32_t area)
{
    const char *code = area_codes_text(list, list->areas[area].code);
    size_t      slot = slot_of(index, list, code, strlen(code)), same = 1;
    index->next_same[area] = AREA_CODES_NONE;
    for (uint32_t other = index->first[slot]; other != AREA_CODES_NONE; other = index->next_same[other])
        same++;
    if (same > AREA_CODES_MAX_SAME)
        return same;
    index->next_same[area] = index->first[slot];
    index->first[slot] = area;
    return same;
}

uint32_t area_index_find(const struct area_index *index, const struct area_codes *list, const char *code, size_t size)
{
    return index->first == NULL ? AREA_CODES_NONE : index->first[slot_of(index, list, code, size)];
}
