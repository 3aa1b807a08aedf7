/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/world.h: a database with areas, persons and cases, for what reads many rows: lists, searches.
 *
 * Areas are a tree of five levels; four tenths of the people live below the first area of level 1. Persons and cases
 * are those of model/people.h; three quarters of the cases belong to villages, the others to townships and counties.
 * Rows are written straight into the tables: no writer, no history, no counters; world_total stands in for those.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "model/people.h"
#include "store/area_tree.h"
#include "store/db.h"

struct world_options {
    unsigned fans[4]; /* areas below one area of level 0, 1, 2, 3 */
    size_t   num_cases;
    uint64_t seed;
    bool     old_village; /* the last village has no case of the newest year */
};

struct world_case { /* what lists are about, in memory */
    struct id id;
    uint32_t  area;    /* number in the tree */
    uint16_t  disease; /* index of world->codes, as is classification */
    uint16_t  classification, severity, outcome;
    toc_date  onset; /* MODEL_MISSING_DATE = none */
    toc_date  received;
    int64_t   updated;
};

#define WORLD_CODES 256
struct world {
    struct world_options options;
    struct area_row     *areas;
    unsigned            *level;
    size_t               num_areas;
    struct area_tree    *tree;
    struct people_place *places;
    uint32_t            *weights;
    size_t               num_places;
    struct people        people;
    struct world_case   *cases;
    const char          *codes[WORLD_CODES];
    size_t               num_codes;
};

void world_make(struct world *world, const struct world_options *options);
void world_free(struct world *world);

/* Sample number i with its case as it stands in the database. */
void world_sample(const struct world *world, size_t i, struct people_sample *sample);

/* Make the tables of all records and fill area, person and case. Fails the test where the database refuses. */
void world_load(const struct world *world, struct db *db);

/* The first area of a level, the last one; level 0 = the top. */
uint32_t world_area(const struct world *world, unsigned level, bool last);

/* struct list_source's total, of the world last made: counted in memory, remembered. */
int world_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                struct db_error *error);

/* struct list_source's undated, likewise: cases without a date of onset. */
int world_undated(struct db *db, const struct model_record *record, const struct model_counter *counter,
                  const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                  struct db_error *error);

#endif
