/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/id.h: the ids of records: UUID version 7 (RFC 9562).
 *
 * Whoever creates a record makes its id, so that a device can work offline and send twice without harm. The first 48
 * bits are the time in milliseconds: ids made later sort later, as bytes and as text. All zero is no id: a missing
 * reference.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_BYTES 16
#define ID_TEXT_BYTES 37 /* 8-4-4-4-12 hexadecimal digits in lower case, with the end */
#define ID_ALLOWED "a UUID: 32 hexadecimal digits as 8-4-4-4-12"

struct id {
    uint8_t bytes[ID_BYTES];
};

/* An id of this time; only the low 48 bits of the milliseconds and 74 bits of `random` are used. */
#define ID_RANDOM_BYTES 10
struct id id_make(int64_t milliseconds, const uint8_t random[ID_RANDOM_BYTES]);

bool id_is_missing(const struct id *id);
bool id_equal(const struct id *a, const struct id *b);
int  id_compare(const struct id *a, const struct id *b); /* < 0, 0, > 0: as the databases order them */

size_t id_to_text(const struct id *id, char text[ID_TEXT_BYTES]);

/* Read a whole text as an id, of any UUID version, in either case of letters. Returns 0, or BASE_ERR_INPUT; id
 * untouched then. */
int id_from_text(const char *text, size_t size, struct id *id);

#endif
