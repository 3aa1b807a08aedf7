/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/provider.h: signing in by an identity provider (OpenID Connect: authorization code with PKCE). The
 * provider says who somebody is for it, a subject; who that is here, and what they may do, is ours
 * (response/account.h).
 *
 *     provider_begin    a secret for the browser's cookie, and the address to send the browser to
 *     the provider      asks for the password and sends the browser back with a code
 *     provider_finish   the code becomes an ID token (formats/id_token.h), fetched from the provider itself
 *
 * `state` is sealed under a key that only this process has, and opens with the cookie's secret alone: who has another
 * browser's state has nothing. Each serves once, for PROVIDER_TIME. nonce and PKCE's verifier follow from the secret,
 * so that an unfinished sign-in costs no memory. After a restart people begin anew.
 *
 * What the provider publishes about itself is read when it is needed, believed for PROVIDER_FRESH, and its keys read
 * anew where a token names one that is not known, at most once in PROVIDER_KEYS_AGAIN. Calls wait for the provider:
 * from threads of their own (route.h: outside), never from an event thread.
 */
#ifndef SERVER_PROVIDER_H
#define SERVER_PROVIDER_H

#include "base/arena.h"
#include "base/fault.h"
#include "server/caller.h"
#include "store/node_settings.h"

#define PROVIDER_TIME (10 * 60) /* seconds from the beginning to the code */
#define PROVIDER_FRESH 3600     /* seconds */
#define PROVIDER_KEYS_AGAIN 60  /* seconds */
#define PROVIDER_DOWN_TIME 10   /* seconds for which a provider that did not answer is not asked again */
#define PROVIDER_MOST_USED 4096 /* sign-ins that are remembered as finished */
#define PROVIDER_MOST_DESCRIPTION ((size_t) 64 << 10) /* bytes of its description of itself */
#define PROVIDER_MOST_ANSWER ((size_t) 64 << 10)      /* and of what it gives for a code */
#define PROVIDER_MOST_SECRET 512                      /* bytes of the client's secret */
#define PROVIDER_MOST_CODE 2048                       /* bytes of a code */
#define PROVIDER_LINK_BYTES 23                        /* LINK_TEXT */
#define PROVIDER_MOST_WORDS 8                         /* of sign_in_second_factor */

enum provider_status {
    PROVIDER_ERR_DOWN = -1520,    /* it cannot be reached, or does not describe itself; faults say why */
    PROVIDER_ERR_REFUSED = -1521, /* it has not let them in */
    PROVIDER_ERR_STATE = -1522,   /* not begun in this browser, too long ago, or finished already */
    PROVIDER_ERR_TOKEN = -1523,   /* what it answered cannot be trusted; faults say what */
    PROVIDER_ERR_UNKNOWN = -1524  /* nobody here is bound to that subject, or no longer works here */
};

struct provider;

/* From a node's settings; *provider is NULL where they name none. Asks nobody yet. BASE_ERR_INPUT with a fault a
 * setting that is wrong, TOC_ERR_NO_MEMORY. */
int  provider_new(const struct node_settings *settings, struct provider **provider, struct fault_list *faults);
void provider_free(struct provider *provider); /* NULL is fine */

const char *provider_name(const struct provider *provider);
const char *provider_issuer(const struct provider *provider);
/* Where people sign out there, as far as that is known by now: an address in the arena, or NULL. */
const char *provider_sign_out(struct provider *provider, const char *back, struct arena *arena);

struct provider_begun {
    char        secret[CALLER_SECRET_BYTES]; /* for the cookie */
    const char *url;                         /* to send the browser to; in the arena */
};

/* callback: our own address that the provider sends the browser back to; link: an invitation to be used, or "". now: in
 * seconds. 0, PROVIDER_ERR_DOWN, TOC_ERR_NO_MEMORY. */
int provider_begin(struct provider *provider, const char *callback, const char *link, int64_t now, struct arena *arena,
                   struct provider_begun *begun, struct fault_list *faults);

/* What came back. */
struct provider_return {
    const char *callback;                      /* as before */
    const char *secret;                        /* of the cookie; NULL = none came */
    const char *state, *code, *issuer, *error; /* parameters; NULL = missing */
};

struct provider_person {
    const char *subject;                   /* in the arena */
    bool        second_factor;             /* it has asked for one that counts */
    char        link[PROVIDER_LINK_BYTES]; /* the invitation, or "" */
};

/* Who is it? `link` is filled in as soon as the state is ours, also where the rest fails. 0 or provider_status,
 * TOC_ERR_NO_MEMORY. */
int provider_finish(struct provider *provider, const struct provider_return *back, int64_t now, struct arena *arena,
                    struct provider_person *person, struct fault_list *faults);

#endif
