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
    enum caller_kind kind;
    struct access    access;        /* for every call of the store; role ACCESS_NO_ROLE = may do nothing */
    struct id        session;       /* of PERSON */
    struct id        token;         /* of MACHINE: its record; what it sends is bound to its sender */
    bool             second_factor; /* given in this session */
    bool             break_glass;   /* beyond the grants, for a stated reason, shown to the supervisor */
    int64_t          until;         /* when session, token or the first grant ends */
    uint64_t         stamp;         /* changes when the user's grants change: a stream of events ends then */
};

struct exchange;

/* Fill in exchange->caller from its headers. 0, also for nobody; SERVER_ERR_SIGN_IN where what was brought is not, or
 * no longer, known; STORE_ERR_DENIED where a role or purpose is named that is not granted; the store's statuses. */
int caller_find(struct exchange *exchange);

#endif
