/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/server/canaries.h: one row of every record, with a value of its own in every field, within the caller's county
 * and the same outside of it; so that a value that stands where it may not is known by its text.
 */
#ifndef TESTS_SERVER_CANARIES_H
#define TESTS_SERVER_CANARIES_H

#include "support/store.h"

enum side { MINE, FOREIGN, NUM_SIDES };

struct canaries {
    struct test_store *test;
    void              *values[MODEL_NUM_RECORDS][NUM_SIDES]; /* NULL: this record has none */
    const char        *texts[MODEL_NUM_RECORDS][MODEL_MAX_FIELDS][NUM_SIDES];
    struct arena       arena;
};

/* Write them into the store. */
void canaries_make(struct canaries *canaries, struct test_store *test);
void canaries_free(struct canaries *canaries);

/* The text of a field's value; NULL where it is missing, or too short to be known by its text. */
const char *canary_text(struct canaries *canaries, size_t record, size_t field, enum side side);

/* The first canary in a text that the caller may not see (of the fields not in `visible` of that record, of any record
 * on the foreign side); NULL = none. */
const char *canary_leak(struct canaries *canaries, const struct access *who, const char *text);

#endif
