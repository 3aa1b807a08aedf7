/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/link_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tocsin/status.h"

#define FIRST_ROOM 1024

static void clear_and_free(void *pointer, size_t size)
{
    if (pointer != NULL)
        explicit_bzero(pointer, size);
    free(pointer);
}

/* Room for `wanted` elements; what is left behind is cleared. */
static int grow(void *at, size_t *room, size_t wanted, size_t size)
{
    void  *old, *grown;
    size_t more = *room == 0 ? FIRST_ROOM : *room;
    if (wanted <= *room)
        return 0;
    while (more < wanted)
        more *= 2;
    memcpy(&old, at, sizeof old);
    grown = calloc(more, size);
    if (grown == NULL)
        return TOC_ERR_NO_MEMORY;
    if (old != NULL)
        memcpy(grown, old, *room * size);
    clear_and_free(old, *room * size);
    memcpy(at, &grown, sizeof grown);
    *room = more;
    return 0;
}

static int rehash(struct link_set *set, size_t num_slots)
{
    uint32_t *slots = calloc(num_slots, sizeof *slots);
    if (slots == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < set->num; i++) {
        size_t slot = text_hash(set->bytes + set->first[i], set->first[i + 1] - set->first[i]) & (num_slots - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (num_slots - 1);
        slots[slot] = (uint32_t) i + 1;
    }
    free(set->slots);
    set->slots = slots;
    set->num_slots = num_slots;
    return 0;
}

int link_set_add(struct link_set *set, const char *text, size_t size, uint32_t *number, int *is_new)
{
    int ret = 0;
    if (set->num * 2 >= set->num_slots)
        ret = rehash(set, set->num_slots == 0 ? FIRST_ROOM : set->num_slots * 2);
    if (ret != 0)
        return ret;
    size_t slot = text_hash(text, size) & (set->num_slots - 1);
    for (; set->slots[slot] != 0; slot = (slot + 1) & (set->num_slots - 1)) {
        uint32_t found = set->slots[slot] - 1;
        if (set->first[found + 1] - set->first[found] == size &&
            memcmp(set->bytes + set->first[found], text, size) == 0) {
            *number = found;
            if (is_new != NULL)
                *is_new = 0;
            return 0;
        }
    }
    if (set->num_bytes + size > UINT32_MAX)
        return TOC_ERR_TOO_LARGE;
    ret = grow(&set->first, &set->room, set->num + 2, sizeof *set->first);
    if (ret == 0)
        ret = grow(&set->bytes, &set->room_bytes, set->num_bytes + size, 1);
    if (ret != 0)
        return ret;
    if (size > 0)
        memcpy(set->bytes + set->num_bytes, text, size);
    set->num_bytes += size;
    *number = (uint32_t) set->num++;
    set->first[set->num] = (uint32_t) set->num_bytes;
    set->slots[slot] = *number + 1;
    if (is_new != NULL)
        *is_new = 1;
    return 0;
}

void link_set_free(struct link_set *set)
{
    clear_and_free(set->bytes, set->room_bytes);
    free(set->first);
    free(set->slots);
    *set = (struct link_set){ .num = 0 };
}

/* Written and letters together are what tells two values apart: 单 as a surname and as a given name are two. */
int link_values_add(struct link_values *values, const struct link_text *form, uint32_t *value)
{
    char     both[2 * LINK_TEXT_BYTES + 1];
    uint32_t number;
    int      is_new = 0;
    if (form->num_written == 0) {
        *value = 0;
        return 0;
    }
    memcpy(both, form->written, form->num_written);
    both[form->num_written] = '|';
    memcpy(both + form->num_written + 1, form->letters, form->num_letters);
    int ret = link_set_add(&values->written, both, form->num_written + 1 + form->num_letters, &number, &is_new);
    if (ret == 0 && is_new)
        ret = grow(&values->first, &values->room, values->written.num + 1, sizeof *values->first);
    if (ret == 0 && is_new)
        ret = grow(&values->letters, &values->room_bytes, values->num_bytes + form->num_letters, 1);
    if (ret != 0)
        return ret;
    if (is_new) {
        memcpy(values->letters + values->num_bytes, form->letters, form->num_letters);
        values->num_bytes += form->num_letters;
        values->first[values->written.num] = (uint32_t) values->num_bytes;
    }
    *value = number + 1;
    return 0;
}

struct toc_linkage_values link_values_of(const struct link_values *values)
{
    static const uint32_t none[1] = { 0 };
    return (struct toc_linkage_values){ values->letters == NULL ? "" : values->letters,
                                        values->first == NULL ? none : values->first, values->written.num };
}

void link_values_free(struct link_values *values)
{
    link_set_free(&values->written);
    clear_and_free(values->letters, values->room_bytes);
    free(values->first);
    *values = (struct link_values){ .room = 0 };
}
