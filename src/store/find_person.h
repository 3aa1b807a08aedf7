/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/find_person.h: who is meant by a name, an identifier or a telephone number, within the caller's grant.
 *
 * find_person_whole looks for the whole form (person_forms.h): its token, a keyed hash, once for each county of the
 * caller's areas. find_person_prefix looks for the beginning of a name within one area: it opens names of those who
 * live there in memory (search_name.h), compares, clears them, until there are enough for an answer; after
 * FIND_PREFIX_PERSONS names that are not, it asks to narrow. Only who is answered is opened whole.
 *
 * Both need the right to read identities, and a purpose; who is answered is audited before the answer is given. What
 * was typed stands in no statement's text, no log and no entry. The arena holds identities: arena_wipe it.
 */
#ifndef STORE_FIND_PERSON_H
#define STORE_FIND_PERSON_H

#include "base/arena.h"
#include "base/fault.h"
#include "model/records.h"
#include "store/area_tree.h"
#include "store/db.h"
#include "store/keeper.h"
#include "store/store.h"

#define FIND_MOST_PERSONS 50      /* of an answer */
#define FIND_MOST_COUNTIES 1024   /* whose tokens are asked for at once */
#define FIND_MOST_CANDIDATES 1000 /* persons with one of the tokens, before grant and birth year are looked at */
#define FIND_PREFIX_PERSONS 50000 /* who are opened by a prefix search */

struct find_source {
    struct db              *db; /* of a reader; list_prepare was called */
    const struct area_tree *areas;
    struct keeper          *keeper;
    unsigned                county_depth; /* these as the store's options say */
    unsigned                telephone_country;
    int (*audit)(void *context, const struct access *who, const struct id *persons, size_t num_persons);
    void *audit_context;
};

struct find_query {
    const char *typed; /* UTF-8 */
    size_t      size;
    struct id   area; /* and below; missing: all of the grant */
};

struct find_result {
    struct model_person   person;
    struct model_identity identity;
};

struct find_answer {
    struct find_result *results; /* by the ids of the persons */
    size_t              num_results;
    bool                more; /* there are others; remedy: narrow */
};

/* Whoever has the whole name (as written, or in letters), name and year of birth, identifier or telephone number.
 *
 * Returns 0; BASE_ERR_INPUT with faults: too little was typed, too many counties; STORE_ERR_DENIED; STORE_ERR_ABSENT,
 * no such area in the grant; TOC_ERR_TOO_LARGE, beyond PERSON_MAX_CHARS; KEEPER_ERR_RATE and the keeper's others;
 * db_status; TOC_ERR_NO_MEMORY. */
int find_person_whole(const struct find_source *source, const struct access *who, const struct find_query *query,
                      struct arena *arena, struct find_answer *answer, struct fault_list *faults,
                      struct db_error *error);

/* Whose name begins so: characters, letters of a reading, syllables (person_prefix_read). Of more than
 * FIND_MOST_PERSONS the first ones by (area where they live, person). As above; BASE_ERR_INPUT also where more than
 * FIND_PREFIX_PERSONS names would have to be opened. Cost: docs/lists.md; of pages not in memory: docs/store.md. */
int find_person_prefix(const struct find_source *source, const struct access *who, const struct find_query *query,
                       struct arena *arena, struct find_answer *answer, struct fault_list *faults,
                       struct db_error *error);

/* The same for a reader of a store, audited by its writer. */
int store_find_person(struct store_reader *reader, const struct access *who, const struct find_query *query,
                      bool prefix, struct arena *arena, struct find_answer *answer, struct fault_list *faults);

#endif
