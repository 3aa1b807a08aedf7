/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/store/power/store_work.h: work on a store by several callers at once, and the proof of what became of it.
 *
 * Callers create people with identity and case, change cases, erase cases and persons, and write down what was
 * acknowledged.
 * After whatever happened to the store, the check goes through the database itself:
 *   - all that was acknowledged is there; what was not acknowledged is there whole or not at all;
 *   - no identity without its key, no key without its identity; history has every older version;
 *   - the counter of cases is their number; events are numbered without a gap; the audit chain is whole and goes on
 * from the head of the last check.
 */
#ifndef TESTS_STORE_POWER_STORE_WORK_H
#define TESTS_STORE_POWER_STORE_WORK_H

#include <pthread.h>

#include "store/audit.h"
#include "support/store.h"

enum { STORE_WORK_CALLERS = 3, STORE_WORK_DEEDS = 4096, STORE_WORK_WHY = 640 };

/* What was done with one person. A number of versions is what the case should have; unknown = tried, not answered. */
struct store_deed {
    struct id person, identity, illness;
    bool      created, creating /* tried, not answered */;
    bool      erased, erasing; /* the case */
    bool      gone, going;     /* the person: identity, key and search words; what becomes of the case is not checked */
    int64_t   version;         /* of the case, acknowledged */
    bool      changing;
};

struct store_work {
    struct test_store *test;
    struct store_deed *deeds; /* STORE_WORK_DEEDS */
    size_t             num_deeds;
    uint64_t           acknowledged; /* requests since store_work_start */
    int                failure;      /* the first status of this run that was not 0 */
    struct audit_head  head;         /* of the last check; number 0 = none */
    pthread_mutex_t    lock;
};

/* A new, empty store: nothing done yet. */
int  store_work_start(struct store_work *work, struct test_store *test);
void store_work_free(struct store_work *work);

/* Each caller makes `requests`, or stops at the first failure. */
void store_work_run(struct store_work *work, unsigned requests, uint64_t seed);

/* One person more, and the erasure of that person, noted like the others; false: not acknowledged (`failure`). */
struct store_deed *store_work_person(struct store_work *work); /* NULL: no room, or not acknowledged */
bool               store_work_erase(struct store_work *work, struct store_deed *deed);

/* Check all that was done; what was not answered is known from now on. 0, or -1 and why. Opens the database by itself,
 * through the system's own files. */
int store_work_check(struct store_work *work, char why[STORE_WORK_WHY]);

#endif
