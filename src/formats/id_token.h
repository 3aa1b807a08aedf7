/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/id_token.h: an ID token of an identity provider, checked as OpenID Connect Core 3.1.3.7 asks: its
 * signature (jose.h), who it is from, for whom, when, for which sign-in. Pure: keys and time are arguments.
 */
#ifndef FORMATS_ID_TOKEN_H
#define FORMATS_ID_TOKEN_H

#include "formats/jose.h"

#define ID_TOKEN_SKEW 60         /* seconds that the two clocks may differ by */
#define ID_TOKEN_OLDEST 600      /* seconds since it was made: it comes straight from the provider */
#define ID_TOKEN_MAX_SUBJECT 255 /* bytes, ASCII: the standard's bound */
#define ID_TOKEN_MAX_METHODS 16  /* of amr; more are not looked at */

struct id_token_wish {
    const char *issuer, *client, *nonce; /* exactly these */
    const char *access_token;            /* that came with it, for at_hash; NULL = none came */
    int64_t     now;                     /* seconds since 1970 */
};

struct id_token {
    const char *subject;                       /* who it is, for this issuer: never re-used, never an address */
    const char *context;                       /* acr; NULL = not said */
    const char *methods[ID_TOKEN_MAX_METHODS]; /* amr */
    size_t      num_methods;
};

/* Check a token; its texts are in the arena. `faults` says the first thing that is wrong, by the claim's name. 0,
 * BASE_ERR_INPUT, JOSE_ERR_UNKNOWN_KEY (with a fault as well), TOC_ERR_NO_MEMORY. */
int id_token_check(const char *text, size_t size, const struct jose_keys *keys, const struct id_token_wish *wish,
                   struct arena *arena, struct id_token *token, struct fault_list *faults);

#endif
