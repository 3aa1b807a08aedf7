/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/model/support.h: what tests of the model share. */
#ifndef TESTS_MODEL_SUPPORT_H
#define TESTS_MODEL_SUPPORT_H

#include "base/arena.h"
#include "base/fault.h"
#include "formats/table.h"
#include "model/model_lists.h"
#include "model/records.h"
#include "support/property.h"
#include "support/test.h"

#define TEXT(literal)                                                                                                  \
    (struct model_text)                                                                                                \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }

/* The list holds a fault whose line is this (fault_render). */
void assert_fault(const struct fault_list *faults, const char *line);

/* A table's input from memory. */
struct test_bytes {
    const char *bytes;
    size_t      size, at;
};
struct table_input test_input(struct test_bytes *bytes, const char *name);

/* Lists of one or two codes for each list that a case's codes name. */
struct model_lists *test_lists(void);

/* A case with all that is required; ids are made from small numbers. */
struct id         test_id(unsigned number);
struct model_case test_case(void);

/* Every field of a record filled at random (one in three missing where it may be) with values that model_check takes.
 */
void test_draw_record(struct test_random *random, const struct model_record *record, struct arena *arena, void *value);

/* Each field of the two says the same. */
void assert_same_record(const struct model_record *record, const void *actual, const void *expected);

#endif
