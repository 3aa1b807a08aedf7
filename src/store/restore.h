/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/restore.h: a backup into an empty database, and what must follow before anybody works with it: whoever was
 * erased since the backup was made is erased again (the erasure list lies beside the keys), and everything is checked.
 */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "store/check.h"
#include "store/dump.h"
#include "store/node.h"

struct restore_options {
    const char          *backup;   /* its path */
    const char          *database; /* that it goes to: empty, or not there yet */
    struct node_options  node;     /* holder needed */
    struct check_options check;
    dump_progress       *progress; /* may be NULL */
    void                *progress_context;
};

struct restore_result {
    struct dump_summary summary;
    uint64_t            erased_again;
    uint64_t            erasures_damaged; /* of the list: tell people */
    int64_t             wrong;            /* findings of the check */
    double              load_seconds, erase_seconds, check_seconds;
};

/* Returns 0, or the status of the step that failed with its reason in faults. A database that was left half loaded is
 * refused by everything but its removal. */
int restore(const struct restore_options *options, struct restore_result *result, struct fault_list *faults);

#endif
