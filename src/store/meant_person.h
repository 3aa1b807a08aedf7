/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/meant_person.h: who may be meant by an identity that came in: the people of the county who share one of its
 * search tokens (person_tokens.h), with what is known of who they are. For the program's own work: no grant is looked
 * at, nothing is shown to anybody.
 *
 * The tokens of many identities are made at once, outside the writer; the people are looked up inside its group, so
 * that two messages about one new person find each other. */
#ifndef STORE_MEANT_PERSON_H
#define STORE_MEANT_PERSON_H

#include "base/arena.h"
#include "model/records.h"
#include "store/keeper.h"
#include "store/store.h"

#define MEANT_MOST_PERSONS 64 /* who share a token; others are not looked at */

struct meant_tokens {
    struct keeper_token *tokens; /* in the arena */
    uint64_t            *marks;  /* what stands for each within a group (group.h) */
    size_t               num;
};

/* tokens: num, one an identity. areas: where each lives. Returns 0, KEEPER_ERR_…, TOC_ERR_NO_MEMORY. */
int store_meant_tokens(struct store *store, const struct model_identity *identities, const struct id *areas, size_t num,
                       struct arena *arena, struct meant_tokens *tokens);

struct meant_person {
    struct model_person   person;
    struct model_identity identity;   /* opened: the arena is to be wiped */
    struct id             stands_for; /* the person that they were merged into, else themselves */
};

/* Whose key does not open is left out, and who is erased. Returns 0, db_status, KEEPER_ERR_…, TOC_ERR_NO_MEMORY. Cost:
 * two queries and one call of the keeper; one query more where somebody was merged. */
int store_meant_persons(struct store_reader *reader, const struct meant_tokens *tokens, struct arena *arena,
                        struct meant_person **persons, size_t *num);

#endif
