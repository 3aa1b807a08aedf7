/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/audit_page.h: the audit trail as auditors read it, newest first. It names no value, so no reading of it is
 * one of an identity.
 */
#ifndef STORE_AUDIT_PAGE_H
#define STORE_AUDIT_PAGE_H

#include "store/audit.h"
#include "store/store.h"

#define AUDIT_PAGE_IDS 50 /* of one entry, that are shown; `num` says how many it has */

struct audit_line {
    int64_t            number;
    struct audit_entry entry; /* subjects: their first ids alone; without the digest */
    const size_t      *num;   /* how many ids each group of subjects has */
};

/* The entries with a number below `before` (INT64_MAX: the newest), at most max_lines. For the role of auditor alone,
 * else STORE_ERR_DENIED; DB_ERR_CORRUPT where an entry's subjects are none. */
int store_audit_page(struct store_reader *reader, const struct access *who, int64_t before, struct arena *arena,
                     struct audit_line *lines, size_t max_lines, size_t *num_lines);

#endif
