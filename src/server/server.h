/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/server.h: the server of a node: its store, its routes, its threads.
 *
 *     network    one thread of libmicrohttpd (http.h): takes in requests up to their limits, sends answers
 *     workers    a few threads with a reader each: run handlers; a second, smaller set for heavy ones, so that
 * passwords, prefix searches and exports cannot hold up the others live       one thread that follows the store's
 * events and hands them to the streams (live.h) writer     the store's own
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/fault.h"
#include "store/node.h"

struct server;

struct server_options {
    struct node *node;            /* open, with a writer; borrowed */
    const char  *listen;          /* "127.0.0.1:8420", "[::1]:8420", "unix:/run/tocsin/http"; port 0 = any */
    const char  *public_url;      /* "https://tocsin.county.example": allowed host and origin; NULL = loopback alone */
    const char  *trusted_proxy;   /* address whose X-Forwarded-For is believed; NULL = none. A unix socket always is */
    const char  *static_folder;   /* the browser's side; NULL = the plain page alone */
    unsigned     workers;         /* 0 = 4 */
    unsigned     heavy_workers;   /* 0 = 2 */
    unsigned     max_connections; /* 0 = 20,000 */
    struct store_clock clock;     /* { NULL } = the machine's */
    bool               demo;      /* invented data: refused on any address that is not loopback */
};

/* Start to serve. Returns 0, or BASE_ERR_INPUT, BASE_ERR_SYSTEM with the reason in faults. */
int server_start(const struct server_options *options, struct server **server, struct fault_list *faults);

/* Where it listens: "http://127.0.0.1:8420". */
const char *server_url(const struct server *server);

/* Take no new connections, finish what was begun (at most `seconds`), end streams with a word to come back, close. NULL
 * is fine. */
void server_stop(struct server *server, unsigned seconds);

#endif
