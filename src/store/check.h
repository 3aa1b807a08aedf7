/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/check.h: is everything in the database as the store left it? For `tocsin check`: after a restore, after a
 * writer that stopped, and every now and then.
 *
 * Looked at, within one snapshot:
 *     the file itself (SQLite's own check of its pages and indexes; PostgreSQL is asked to read every row)
 *     every row of every record: can be read, its references exist, what is sealed has its key
 *     search tokens belong to persons that are there; with a keeper: they are made by the newest key, for the county
 *     where the person lives
 *     the counters say what counting the records anew says, at every area
 *     the audit chain is whole, and ends at or behind every head that was given out
 *
 * No value of a row is told, only tables, fields and numbers.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "store/area_tree.h"
#include "store/audit.h"
#include "store/db.h"

/* One thing that was looked at. */
struct check_finding {
    const char *what;   /* "case.person: refers to what exists" */
    int64_t     looked; /* at so many */
    int64_t     wrong;
    const char *remedy; /* NULL where nothing is wrong */
};

struct check_options {
    const struct audit_head *heads; /* that were given out; may be NULL */
    size_t                   num_heads;
    struct keeper           *keeper;       /* NULL: nothing that is sealed is looked into */
    unsigned                 county_depth; /* with a keeper: these as the store's options say */
    unsigned                 telephone_country;
    /* Called for each finding, good ones too. */
    void (*tell)(void *context, const struct check_finding *finding);
    void *context;
};

/* wrong: how many findings tell of something wrong. Fails only where the database cannot be read at all. */
int store_check(struct db *db, const struct check_options *options, int64_t *wrong, struct db_error *error);

#endif
