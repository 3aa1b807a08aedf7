/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/restore.h: a backup into an empty database, and what must follow before anybody works with it: whoever was
 * erased since the backup was made is erased again (the erasure list lies beside the keys, and a copy of it beside the
 * backups: erasure_list.h), and everything is checked.
 */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "store/check.h"
#include "store/dump.h"
#include "store/node.h"

struct restore_options {
    const char         *backup;   /* its path */
    const char         *database; /* that it goes to: empty, or not there yet */
    const char         *erasures; /* a list from elsewhere; NULL: ERASURE_LIST_FILE beside the backup, if it is there */
    struct node_options node;     /* holder needed */
    struct check_options check;
    dump_progress       *progress; /* may be NULL */
    void                *progress_context;
};

struct restore_result {
    struct dump_summary summary;
    uint64_t            erased_again;
    uint64_t            erasures_damaged; /* of the list: tell people */
    bool                list_found;       /* beside the backup, or where the options say */
    bool                list_refused;     /* and it was changed, or is another node's: tell people */
    char                list_reason[240];
    size_t              list_taken; /* persons who were on it and not on this node's list */
    int64_t             wrong;      /* findings of the check */
    double              load_seconds, erase_seconds, check_seconds;
};

/* Returns 0, or the status of the step that failed with its reason in faults. A database that was left half loaded is
 * refused by everything but its removal. */
int restore(const struct restore_options *options, struct restore_result *result, struct fault_list *faults);

#endif
