/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/store_internal.h: what the files of the store share behind store.h. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/area_names.h"
#include "store/area_tree.h"
#include "store/audit.h"
#include "store/keeper.h"
#include "store/store.h"

struct group;
struct names_ahead;
struct writer;

/* The tree of areas, kept until nobody holds it. */
struct held_tree {
    struct area_tree  *tree;
    struct area_names *names; /* NULL until somebody asks */
    size_t             holders;
    struct held_tree  *older;
};

struct store {
    struct store_options options;
    char                *url;
    char              **selects, **selects_one; /* "SELECT … FROM …" a record, by its number; "… WHERE id = $1" */
    struct writer      *writer;                 /* NULL: not ours to write */
    struct names_ahead *names;                  /* NULL: it does not stay */

    atomic_uint_fast64_t access_stamp; /* store_access_stamp */

    pthread_mutex_t   trees_lock;
    struct held_tree *trees;                   /* the newest first */
    struct db        *tree_db;                 /* reads areas */
    int64_t           tree_event, tree_looked; /* up to which event it is known; when the database was asked */
    atomic_bool       tree_stale;              /* areas have changed since */
    struct id        *moved;                   /* areas that have moved, for store_tokens_moved */
    size_t            num_moved;
};

/* A connection for reading; or, within the writer's group, its own, which sees what the group has done so far. */
struct store_reader {
    struct store   *store;
    struct db      *db;
    struct group   *group; /* NULL: not the writer's */
    struct db_error error;
};

/* The connection to read from, after what the group has not written yet is written. Whoever reads tables asks first. */
int store_reader_db(struct store_reader *reader, struct db **db);

int64_t store_now(const struct store *store);

/* The number of a record in model_records. */
size_t store_record_number(const struct model_record *record);

/* "SELECT all columns FROM table" of a record. */
const char *store_select(const struct store *store, const struct model_record *record);
/* The same of one row, by its id. */
const char *store_select_one(const struct store *store, const struct model_record *record);

/* Read the areas anew, as this connection sees them. */
int store_reload_areas(struct store *store, struct db *db, struct db_error *error);

/* Is the area one of the grant's subtrees? An area above a grant adds up what is not the caller's. */
bool store_area_within(struct store *store, const struct access *who, const struct id *area);

/* The county that the search tokens of somebody who lives in `area` are bound to (options.county_depth); an area above
 * the counties is its own. */
struct id store_county(const struct store *store, const struct area_tree *areas, const struct id *area);

#endif
