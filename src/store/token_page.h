/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/token_page.h: the search tokens that people should have, beside those that they have: page by page over all
 * identities, by the ids of their persons. A token is bound to the county where the person lives and to the key that it
 * was made with, so tokens are wrong after an area has moved to another county and after a new key was made, until they
 * are made anew (store_tokens); `tocsin check` looks by the same pages.
 *
 * Identities are opened in memory (purpose: upkeep), and cleared with the arena: arena_wipe.
 */
#ifndef STORE_TOKEN_PAGE_H
#define STORE_TOKEN_PAGE_H

#include "store/area_tree.h"
#include "store/db.h"
#include "store/person_tokens.h"

#define TOKEN_PAGE_PERSONS 500

struct token_source {
    struct db              *db;
    struct keeper          *keeper;
    const struct area_tree *areas;
    unsigned                county_depth; /* these as the store's options say */
    unsigned                telephone_country;
    const struct area_set  *within; /* people who live there; NULL: everywhere */
};

struct token_page {
    struct id            after;      /* the page begins behind this person; after a page: the last one of it */
    size_t               num_read;   /* fewer than TOKEN_PAGE_PERSONS: it was the last page */
    size_t               num_open;   /* whose tokens were compared */
    size_t               num_closed; /* whose key does not open; their tokens stay as they are */
    struct id           *wrong;      /* whose tokens are not those that they should be; in arena */
    size_t               num_wrong;
    struct person_tokens tokens; /* that the persons of the page should have; token_page_clear */
};

/* The next page. The keeper gives out so many keys a second: where it refuses, *wait_seconds is not 0, nothing of the
 * page is filled, and the same call is to be made again after that time. Returns 0, db_status, keeper_status or
 * TOC_ERR_NO_MEMORY. */
int token_page_read(const struct token_source *source, struct token_page *page, struct arena *arena,
                    double *wait_seconds, struct db_error *error);

void token_page_wait(double seconds);

/* Forget the page but for `after`; the arena is the caller's to wipe. */
void token_page_clear(struct token_page *page);

#endif
