/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/key_table.h: a hash table of entries in one array, each beginning with its key: a fixed number of bytes
 * without gaps, compared as bytes. Entries keep their order of arrival and their number; pointers to them hold until
 * the next one is put.
 */
#ifndef STORE_KEY_TABLE_H
#define STORE_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_table {
    size_t         key_size, entry_size;
    size_t         num, capacity;
    unsigned char *entries;
    uint32_t      *slots; /* number of the entry + 1; 0 = free */
    size_t         num_slots;
};
#define KEY_TABLE_INIT(key_bytes, entry_type)                                                                          \
    {                                                                                                                  \
        .key_size = (key_bytes), .entry_size = sizeof(entry_type)                                                      \
    }

void *key_table_find(const struct key_table *table, const void *key); /* NULL = none */
void *key_table_at(const struct key_table *table, size_t number);

/* The entry of a key, made (all zero behind the key) where there is none: *added. Returns 0 or TOC_ERR_NO_MEMORY. */
int key_table_put(struct key_table *table, const void *key, void **entry, bool *added);

void key_table_clear(struct key_table *table); /* keeps the memory */
void key_table_free(struct key_table *table);  /* empty and usable afterwards */

#endif
