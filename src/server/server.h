/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/server.h: the server of a node: its store, its routes, its threads.
 *
 *     network    event threads of libmicrohttpd (http.h): take in requests up to their limits, send answers, and run
 *                quick routes on the spot (a change of threads costs as much as reading a record)
 *     workers    a few threads with a reader each: run the other handlers; a second, smaller set for heavy ones, so
 *                that passwords, prefix searches and exports cannot hold up the others
 *
 *     live       one thread that follows the store's events; the streams take them from there (live.h)
 *     watch      one thread that ends connections whose time is over (watch.h)
 *     detection  one thread that judges the streams of the node (detection.h)
 *     intake     one thread that makes records of the messages that came in (intake.h)
 *     log        one thread that writes lines (log.h)
 *
 *     writer     the store's own
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/fault.h"
#include "store/node.h"

struct accounts;
struct code_tables;
struct server;

/* Of MLLP listeners, instead of those that mllp.h says; 0 = as there. For tests. */
struct mllp_limits {
    size_t   bytes;
    unsigned connections, per_peer;
    double   tls_seconds, idle_seconds, message_seconds, answer_seconds;
};

struct server_options {
    struct node *node;            /* open, with a writer; borrowed */
    const char  *listen;          /* "127.0.0.1:8420", "[::1]:8420", "unix:/run/tocsin/http"; port 0 = any */
    const char  *public_url;      /* "https://tocsin.county.example": allowed host and origin; NULL = loopback alone */
    const char  *trusted_proxy;   /* address whose X-Forwarded-For is believed; NULL = none. A unix socket always is */
    const char  *static_folder;   /* the browser's side; NULL = the plain page alone */
    unsigned     workers;         /* 0 = 4 */
    unsigned     heavy_workers;   /* 0 = 2 */
    unsigned     threads;         /* of the network; 0 = 2 */
    unsigned     max_connections; /* 0 = HTTP_MAX_CONNECTIONS; as far as the system grants descriptors */
    unsigned     max_per_peer;    /* of one address; 0 = HTTP_MAX_PER_PEER */
    double       header_seconds, body_seconds, idle_seconds, send_seconds; /* 0 = as http.h says */
    double       heartbeat_seconds;                                        /* of live events; 0 = as live.h says */
    struct store_clock clock;                                              /* { NULL } = the machine's */
    const char        *program;       /* of the worker process: the path of tocsin; NULL = no job is done here */
    const char        *results;       /* folder for the files of jobs; with `program` */
    const char        *call_key;      /* file of the key that links of calls are made with; NULL = nobody is called */
    const char        *public_lot;    /* file of the public page's secret (public.h); NULL = there is no such page */
    const struct code_tables *tables; /* of the intake; NULL = nothing is taken in here. Borrowed */
    uint64_t                  intake_reserve_bytes; /* kept free on the database's disk; 0 = as intake_door.h says */
    const struct node_mllp   *mllp;                 /* listeners; with `tables`. Copied */
    size_t                    num_mllp;
    struct mllp_limits        mllp_limits;
    bool                      demo;  /* invented data: refused on any address that is not loopback */
    bool                      quiet; /* no log */
};

#define SERVER_LISTEN "127.0.0.1:8420"
#define SERVER_WORKERS 4
#define SERVER_HEAVY_WORKERS 2
#define SERVER_WORKERS_WAITING 2048 /* requests that may wait for a worker; more are told to come back */
#define SERVER_HEAVY_WAITING 256
#define SERVER_OUTSIDE_WORKERS 2
#define SERVER_OUTSIDE_WAITING 64

/* Start to serve. Returns 0, or BASE_ERR_INPUT, BASE_ERR_SYSTEM with the reason in faults. */
int server_start(const struct server_options *options, struct server **server, struct fault_list *faults);

/* Where it listens: "http://127.0.0.1:8420". */
const char *server_url(const struct server *server);

/* Where its MLLP listeners do: "127.0.0.1:2575", in the order of the options; NULL past the last. */
const char *server_mllp_place(const struct server *server, size_t number);

/* Who may sign in (response/account.h): for the set-up link. */
struct accounts *server_accounts(const struct server *server);

/* Rows of jobs have been written by others than its own routes: it looks at once instead of within ten seconds. */
void server_wake_jobs(struct server *server);

/* Take no new connections, finish what was begun, end streams with a word to come back, close. Whoever has not sent the
 * rest of a request, or not taken an answer, after `seconds` is cut off. NULL is fine. */
void server_stop(struct server *server, unsigned seconds);

#endif
