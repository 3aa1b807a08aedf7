/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/guard.h: what no request gets past, whatever it asks for: headers that two readers could understand
 * differently (request smuggling), another host's name (rebinding), another origin's page (cross-site requests).
 */
#ifndef SERVER_GUARD_H
#define SERVER_GUARD_H

#include "server/exchange.h"

#define GUARD_MAX_HOSTS 4
#define GUARD_NAME_BYTES 280 /* of a host with its port, or an origin, with its end */

/* The names by which the server may be asked. */
struct guard {
    char   hosts[GUARD_MAX_HOSTS][GUARD_NAME_BYTES];   /* "127.0.0.1:8420", in small letters */
    char   origins[GUARD_MAX_HOSTS][GUARD_NAME_BYTES]; /* "http://127.0.0.1:8420" */
    size_t num;
};

/* Allow a host ("tocsin.county.example:8443") under a scheme ("https"). False where it is too long or one too many. */
bool guard_allow(struct guard *guard, const char *scheme, const char *host);

/* Headers against one another: exactly one Host, at most one Content-Length and that of digits, Transfer-Encoding only
 * "chunked" and not beside a length, names that are tokens, values of UTF-8 without control characters. 0 or
 * SERVER_ERR_REQUEST with a fault. */
int guard_headers(struct exchange *exchange);

/* Host, Origin and Sec-Fetch-Site against the names. A link on another site may open a page (never the API). 0 or
 * SERVER_ERR_ORIGIN. */
int guard_origin(struct exchange *exchange, const struct guard *guard);

#endif
