/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/store/driver_fault.h: a database driver that fails the n-th call.
 *
 *     struct driver_fault fault = { .fail_at = n, .status = DB_ERR_LOST };
 *     struct db_options   options = { .wrap = driver_fault_wrap, .wrap_context = &fault };
 *     db_open(url, &options, &db, &error);
 *
 * It stands around the real driver, so that everything else is as it would be. Torture: for (n = 1; …; n++) until a run
 * makes fewer than n calls. The context outlives the connections, counts the calls of all of them, and may be set anew
 * between calls.
 */
#ifndef TESTS_STORE_DRIVER_FAULT_H
#define TESTS_STORE_DRIVER_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "store/db.h"

enum driver_calls {
    DRIVER_BEGIN = 1,
    DRIVER_COMMIT = 2,
    DRIVER_STATEMENT = 4, /* execute, prepare, run */
    DRIVER_CHANGE = 8,    /* insert, add, update, delete, load */
    DRIVER_LEASE = 16,
    DRIVER_CHECKPOINT = 32,
    DRIVER_STEP = 64, /* to the next row */
    DRIVER_ALL = 127
};

struct driver_fault {
    unsigned calls_counted; /* a sum of enum driver_calls; 0 = all */
    size_t   fail_at;       /* this one of them fails; 0 = none */
    bool     and_after;     /* and all later ones: a server that is gone, a disk that stays full */
    bool     done_first; /* the call is made, and its success not reported (not begin): a commit whose answer is lost */
    int      status;     /* what it fails with: enum db_status, TOC_ERR_NO_MEMORY, BASE_ERR_SYSTEM */
    atomic_size_t calls; /* so far */
    atomic_size_t failed; /* of these */
};

int driver_fault_wrap(void *context, struct db *inner, struct db **outer);

#endif
