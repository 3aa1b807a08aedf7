/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/store.h: a store for a test, on either database, with a keeper of its own, a clock that the test moves,
 * and a small tree of areas:
 *
 *     province ── county ─┬─ east ─┬─ east_one
 *                         │        └─ east_two
 *                         └─ west ─── west_one
 *              └─ other (a county)
 */
#ifndef TESTS_SUPPORT_STORE_H
#define TESTS_SUPPORT_STORE_H

#include "base/instant.h"
#include "model/people.h"
#include "model/records.h"
#include "store/keeper.h"
#include "store/store.h"
#include "support/postgresql.h"

enum test_area {
    TEST_PROVINCE,
    TEST_COUNTY,
    TEST_EAST,
    TEST_EAST_ONE,
    TEST_EAST_TWO,
    TEST_WEST,
    TEST_WEST_ONE,
    TEST_OTHER,
    TEST_NUM_AREAS
};

struct test_store {
    bool                 postgresql;
    char                 folder[64];
    char                 url[TEST_POSTGRESQL_URL];
    char                *keys; /* directory of the node keys */
    struct keeper       *keeper;
    struct store        *store;
    struct store_reader *reader;
    int64_t              now; /* the clock; does not move by itself */
    struct id            areas[TEST_NUM_AREAS];
    struct people_place  places[3];
    struct people        people;
    uint64_t             next; /* person to be generated */
    struct store_options options;
};

/* Make the database, open it, write the areas. */
void test_store_open(struct test_store *test, bool postgresql);
/* Close and open again, as after a restart. */
void test_store_reopen(struct test_store *test);
/* Close and remove everything. */
void test_store_close(struct test_store *test);
/* The same as set-up and tear-down of a test whose initial state is its store:
 *     { "sqlite: …", test_…, test_store_on_sqlite, test_store_end, &test } */
int test_store_on_sqlite(void **state);
int test_store_on_postgresql(void **state);
int test_store_on_postgresql_waiting(void **state); /* every count waits (options.counts_waiting = 1) */
int test_store_end(void **state);

/* A caller who may write and, with purpose data quality, read everything; one who may read a county's cases. */
struct access test_program(void);
struct access test_epidemiologist(const struct id *area);

/* Person, identity and case as three changes; `sample` and `changes` (3) must live as long as the set is used. */
void test_person_set(struct test_store *test, struct people_sample *sample, struct store_change *changes);
/* Create them; returns the status. */
int test_person_create(struct test_store *test, struct people_sample *sample);

/* The one integer that a query answers, or -1. */
int64_t test_store_number(struct test_store *test, const char *sql);

/* One change by a program, a second after what was before; given: which fields a change sets. */
void test_store_submit(struct test_store *test, enum store_verb verb, enum model_record_number record, void *value,
                       const size_t *given, size_t num);

#endif
