/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/key_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

enum { FIRST_ENTRIES = 64, SLOTS_PER_ENTRY = 2 };

void *key_table_at(const struct key_table *table, size_t number)
{
    return table->entries + number * table->entry_size;
}

/* Eight bytes at a time: keys are ids, and codes with zeros behind them. */
static uint64_t hash_key(const unsigned char *key, size_t size)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < size; at += sizeof hash) {
        uint64_t word = 0;
        memcpy(&word, key + at, size - at < sizeof word ? size - at : sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t slot_of(const struct key_table *table, const void *key)
{
    size_t slot = (size_t) hash_key(key, table->key_size) & (table->num_slots - 1);
    while (table->slots[slot] != 0 && memcmp(key_table_at(table, table->slots[slot] - 1), key, table->key_size) != 0)
        slot = (slot + 1) & (table->num_slots - 1);
    return slot;
}

void *key_table_find(const struct key_table *table, const void *key)
{
    if (table->num == 0)
        return NULL;
    uint32_t number = table->slots[slot_of(table, key)];
    return number == 0 ? NULL : key_table_at(table, number - 1);
}

static int grow(struct key_table *table)
{
    size_t         capacity = table->capacity == 0 ? FIRST_ENTRIES : table->capacity * 2;
    unsigned char *entries =
        capacity > UINT32_MAX / SLOTS_PER_ENTRY ? NULL : memory_resize(table->entries, capacity, table->entry_size);
    if (entries == NULL)
        return TOC_ERR_NO_MEMORY;
    table->entries = entries;
    uint32_t *slots = memory_array(capacity * SLOTS_PER_ENTRY, sizeof *slots);
    if (slots == NULL)
        return TOC_ERR_NO_MEMORY;
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    table->num_slots = capacity * SLOTS_PER_ENTRY;
    for (size_t i = 0; i < table->num; i++)
        table->slots[slot_of(table, key_table_at(table, i))] = (uint32_t) (i + 1);
    return 0;
}

int key_table_put(struct key_table *table, const void *key, void **entry, bool *added)
{
    if (table->num == table->capacity) {
        int ret = grow(table);
        if (ret != 0)
            return ret;
    }
    size_t slot = slot_of(table, key);
    *added = table->slots[slot] == 0;
    if (*added) {
        unsigned char *made = key_table_at(table, table->num);
        memset(made, 0, table->entry_size);
        memcpy(made, key, table->key_size);
        table->slots[slot] = (uint32_t) ++table->num;
    }
    *entry = key_table_at(table, table->slots[slot] - 1);
    return 0;
}

void key_table_clear(struct key_table *table)
{
    table->num = 0;
    if (table->num_slots > 0)
        memset(table->slots, 0, table->num_slots * sizeof *table->slots);
}

void key_table_free(struct key_table *table)
{
    free(table->entries);
    free(table->slots);
    *table = (struct key_table){ .key_size = table->key_size, .entry_size = table->entry_size };
}
