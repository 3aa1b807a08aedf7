/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/caller.h: who sends a request: nobody known, a person with a session, a machine with a token. Found out
 * before the handler runs (caller.c, from response/account.h), so that no handler can forget it.
 *
 *     Cookie: tocsin=…            a session of a browser (HttpOnly, SameSite=Strict; Secure behind TLS)
 *     Authorization: Bearer …     a session of a program, or a machine's token
 *     Tocsin-Role: tracer         which of the roles granted; without it the only one, or the one last chosen
 *     Tocsin-Purpose: care        for what identities are read (DESIGN section 6); none = no identities
 *
 * A user may hold several grants: those of the role chosen that hold now give the areas. A grant that names a purpose
 * allows no other.
 */
#ifndef SERVER_CALLER_H
#define SERVER_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/access.h"

enum caller_kind { CALLER_NOBODY, CALLER_PERSON, CALLER_MACHINE };

struct caller {
    enum caller_kind          kind;
    struct access             access;        /* for every call of the store; role ACCESS_NO_ROLE = may do nothing */
    struct id                 session;       /* of PERSON */
    struct id                 token;         /* of MACHINE: its record; what it sends is bound to its sender */
    bool                      second_factor; /* given in this session */
    bool                      break_glass;   /* beyond the grants, for a stated reason, shown to the supervisor */
    int64_t                   until;         /* when session, token or the first grant ends */
    uint64_t                  stamp;         /* changes when the user's grants change: a stream of events ends then */
    const struct account_who *who;           /* all that is known of them (response/account.h); NULL of NOBODY */
};

#define CALLER_SECRET_BYTES 44 /* SESSION_TEXT */

struct exchange;
struct account_who;
struct account_call;
struct accounts;

/* A machine's token has no role: it reads and changes no record. What it sends is taken for its sender (who->token).
 *
 * Administrators and auditors, whoever names a purpose, and whoever has a second factor must have given it in this
 * session: else SERVER_ERR_SECOND_FACTOR, but on routes about their own account.
 *
 * Fill in exchange->caller from its headers. 0, also for nobody; SERVER_ERR_SET_UP before the node is set up;
 * SERVER_ERR_SIGN_IN where what was brought is not, or no longer, known; STORE_ERR_DENIED where a role or purpose is
 * named that is not granted; the store's statuses. */
int caller_find(struct exchange *exchange);

/* The secret behind name= in a Cookie header, or behind Bearer: true and the 43 letters. A cookie that stands twice, or
 * whose value is none of ours, is none. */
bool caller_cookie(const char *header, const char *name, char value[CALLER_SECRET_BYTES]);
bool caller_bearer(const char *header, char value[CALLER_SECRET_BYTES]);

/* The cookies' names: with __Host- behind TLS, so that no other host can set them. */
const char *caller_cookie_name(const struct exchange *exchange);
const char *caller_device_name(const struct exchange *exchange);

/* What the accounts need of an exchange. */
struct accounts    *exchange_accounts(const struct exchange *exchange); /* NULL: nobody can sign in */
struct account_call exchange_account_call(struct exchange *exchange);
bool                exchange_is_tls(const struct exchange *exchange);

#endif
