/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/person_tokens.h: the search tokens of identities, gathered over a group of changes and asked of the keeper
 * at once. Writer and search make them alike: a token is the keeper's hash of (kind, county, whole form).
 */
#ifndef STORE_PERSON_TOKENS_H
#define STORE_PERSON_TOKENS_H

#include "store/keeper.h"
#include "store/person_forms.h"

/* The word that the keeper hashes for a kind of form. Never changed. */
const char *person_token_word(enum person_form_kind kind);

/* Gathered: text, county and person; tokens after person_tokens_make. Zeroed: empty. */
struct person_tokens {
    struct keeper_text  *texts;
    struct id           *persons;
    struct keeper_token *tokens; /* in the arena */
    size_t               num, room;
};

/* Add the forms of an identity (its person too), telephone numbers without a country read as of `telephone_country`
 * (person_country); forms stand in arena, which is to be wiped. A name that cannot be
 * read as UTF-8 has none. Returns 0 or TOC_ERR_NO_MEMORY. */
int person_tokens_add(struct person_tokens *tokens, const struct model_identity *identity, const struct id *county,
                      unsigned telephone_country, struct arena *arena);

int  person_tokens_make(struct person_tokens *tokens, struct keeper *keeper, struct arena *arena,
                        struct keeper_error *error);
void person_tokens_free(struct person_tokens *tokens);

#endif
