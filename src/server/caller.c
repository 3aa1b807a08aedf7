/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nobody is known yet: there are no sessions and no tokens, so every route that needs one answers 401. */
#include "server/caller.h"

#include "server/exchange.h"

int caller_find(struct exchange *exchange)
{
    exchange->caller = (struct caller){ .kind = CALLER_NOBODY };
    return exchange_header(exchange, "authorization") != NULL ? SERVER_ERR_SIGN_IN : 0;
}
