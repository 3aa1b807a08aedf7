/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/link_values.h: columns of a list as person linkage takes them: each text once, records as numbers.
 *
 * A cell is made ready (link_forms.h) the first time that it is met; the same text again costs one look-up. Everything
 * here is identifying: link_values_free clears it.
 */
#ifndef STORE_LINK_VALUES_H
#define STORE_LINK_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "store/link_forms.h"
#include "tocsin/linkage.h"

/* A set of texts, each with a number from 0 on; room doubles. */
struct link_set {
    char     *bytes;
    uint32_t *first; /* num + 1 */
    uint32_t *slots; /* 1 + number; num_slots, a power of 2 */
    size_t    num, room, num_bytes, room_bytes, num_slots;
};

/* The number of a text; *is_new (may be NULL). Returns 0, TOC_ERR_NO_MEMORY, TOC_ERR_TOO_LARGE (4 GB of texts). */
int  link_set_add(struct link_set *set, const char *text, size_t size, uint32_t *number, int *is_new);
void link_set_free(struct link_set *set); /* clears it */

/* Texts made ready: those as written are told apart, the letters are kept beside them. */
struct link_values {
    struct link_set written;
    char           *letters;
    uint32_t       *first; /* written.num + 1 */
    size_t          room, num_bytes, room_bytes;
};

/* 1 + the number of a form, 0 for a missing one. */
int                       link_values_add(struct link_values *values, const struct link_text *form, uint32_t *value);
struct toc_linkage_values link_values_of(const struct link_values *values);
void                      link_values_free(struct link_values *values);

#endif
