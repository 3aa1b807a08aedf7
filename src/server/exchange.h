/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/exchange.h: one request and its answer, as handlers see them. Nothing of the network is here: a test makes
 * an exchange in memory (exchange_call), the room http.h makes one for each request that has passed the limits.
 *
 * A handler runs in a worker thread with a reader of its own. It parses, calls one function of the rooms below,
 * answers; it holds no rule and no SQL. It returns a status of those rooms; for any but 0 the answer is made from the
 * status and `faults` in one place (problem.h). What it has put into `answer` is not sent then.
 *
 * Everything that is taken from `arena` lives until the answer has been sent; the arena is wiped then.
 */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/sink.h"
#include "server/caller.h"
#include "store/store.h"

/* Statuses of this room, besides those below it (-1300 … -1399 are the keeper's). */
enum server_status {
    SERVER_LATER = -1500,             /* not a failure: the answer comes later (exchange_submit) */
    SERVER_ERR_UNKNOWN_PATH = -1501,  /* 404 */
    SERVER_ERR_METHOD = -1502,        /* 405; the answer has Allow */
    SERVER_ERR_SIGN_IN = -1503,       /* 401: who asks is not known, or no longer */
    SERVER_ERR_SECOND_FACTOR = -1504, /* 403: this needs the second factor, which the session has not given */
    SERVER_ERR_TOO_MANY = -1505,      /* 429: asked too often; Retry-After tells when again */
    SERVER_ERR_MEDIA = -1506,         /* 415, 406: not a kind of body that is taken or made here */
    SERVER_ERR_PRECONDITION = -1507,  /* 428: If-Match or Idempotency-Key is missing where it must be */
    SERVER_ERR_ORIGIN = -1508,        /* 403: from a page of another origin, or for another host */
    SERVER_ERR_TOO_BIG = -1509,       /* 413 */
    SERVER_ERR_BUSY = -1510,          /* 503: as many as are served at once are being served; Retry-After */
    SERVER_ERR_SET_UP = -1511,        /* 503: the node waits for its set-up link to be used */
    SERVER_ERR_REQUEST = -1512,       /* 400: not HTTP as the standard has it, or not UTF-8 */
    SERVER_ERR_TIMEOUT = -1513,       /* 408: took too long to arrive */
    SERVER_ERR_LONG_PATH = -1514,     /* 414 */
    SERVER_ERR_HEADERS = -1515        /* 431: too many headers, or too long ones */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_NUM_METHODS };
const char *http_method_word(enum http_method method); /* "GET" */

/* A parameter of the query or a header, decoded; UTF-8 without control characters, else the request was refused. */
struct http_pair {
    const char *name, *value;
};

#define EXCHANGE_MAX_QUERY 32   /* parameters behind the ? */
#define EXCHANGE_MAX_HEADERS 64 /* of a request */
#define EXCHANGE_MAX_ANSWER_HEADERS 16
#define EXCHANGE_MAX_SEGMENTS 8    /* {…} of a route's path */
#define EXCHANGE_MAX_JSON_DEPTH 32 /* of a body: objects and arrays within each other */
#define EXCHANGE_ARENA ((size_t) 4 << 20)

struct exchange;
struct live_stream;

/* Writes the next part of a long answer into sink; *end = true with the last. Runs in a worker thread, when what was
 * written before has gone out. A failure ends the connection without the last chunk, so that the client sees it. */
typedef int exchange_part(void *context, struct exchange *exchange, struct sink *sink, bool *end);

struct answer {
    int              status;                               /* 200 where it is 0 */
    int              cause;                                /* of a problem: the status that it was made from */
    const char      *type;                                 /* of the body; NULL = "application/json" */
    struct sink      body;                                 /* in memory */
    struct http_pair headers[EXCHANGE_MAX_ANSWER_HEADERS]; /* answer_header */
    size_t           num_headers;
    exchange_part   *part; /* behind `body`: parts until the end; NULL = none */
    void            *part_context;
    void (*part_free)(void *context); /* called once, whether all parts went out or not; NULL = nothing to free */
    struct live_stream *live;         /* not an answer but a stream of events behind `body` (live.h); else NULL */
};

struct route;
struct server;

/* Go on in `after`, in a worker thread, when what was submitted is durable or has failed. The handler returns at once
 * what exchange_submit returned, SERVER_LATER or a status, and touches the exchange no more. `after` returns as a
 * handler does. */
typedef int exchange_after(struct exchange *exchange, int status, const struct store_receipt *receipt);

struct exchange {
    /* What was asked. */
    enum http_method    method;
    const char         *path; /* decoded, without the query */
    const struct route *route;
    const char         *segments[EXCHANGE_MAX_SEGMENTS]; /* what stood for each {…} of the route's path, in order */
    struct http_pair    query[EXCHANGE_MAX_QUERY];
    size_t              num_query;
    struct http_pair    headers[EXCHANGE_MAX_HEADERS]; /* names in small letters */
    size_t              num_headers;
    const char         *body; /* body_size bytes with '\0' behind them */
    size_t              body_size;
    const char         *peer;  /* the client's address, as far as a trusted proxy tells it; for throttling alone */
    bool                local; /* from this machine, through no proxy */
    /* With what it is answered. */
    int64_t              now;    /* when it came, by the server's clock */
    struct server       *server; /* server.h */
    struct store        *store;
    struct accounts     *accounts; /* response/account.h; NULL = the server's */
    struct intake       *intake;   /* response/intake_door.h; NULL = the server's */
    struct store_reader *reader;   /* of this thread */
    struct caller        caller;   /* who asks (caller.h); filled in before the handler runs */
    struct arena         arena;
    struct fault_list    faults;
    struct answer        answer;
    /* Of http.c: who takes what is submitted, so that the thread can go on; NULL = wait for the writer here. */
    int (*submit)(struct exchange *exchange, const struct store_request *request, exchange_after *after);
    void *transport;
    void *pending; /* of a handler that has submitted: what `after` goes on with, in the arena */
};

/* A parameter of the query, or NULL; a header by its name in small letters, or NULL. */
const char *exchange_query(const struct exchange *exchange, const char *name);
const char *exchange_header(const struct exchange *exchange, const char *name);

/* Add a header to the answer; value is copied. More than EXCHANGE_MAX_ANSWER_HEADERS is a fault of the program. */
void answer_header(struct exchange *exchange, const char *name, const char *value);

/* Submit to the store's writer, as exchange->caller, and go on in `after`. The request lives in the arena. */
int exchange_submit(struct exchange *exchange, const struct store_request *request, exchange_after *after);

/* Run a request whose inputs are filled in: its route (where it is not found yet), its body against the route's limits,
 * sign-in, who may ask, If-Match, the handler. Returns 0, SERVER_LATER, or the status of a failure, which
 * exchange_finish makes an answer of. */
int  exchange_run(struct exchange *exchange);
void exchange_finish(struct exchange *exchange, int status);

/* Does text nest objects and arrays deeper than EXCHANGE_MAX_JSON_DEPTH? Asked before a parser sees it. */
bool exchange_too_deep(const char *text, size_t size);

/* For tests and tools: both in this thread, without a network, waiting for the writer. The answer, a problem document
 * included, is in exchange->answer. The caller frees it; a zeroed exchange is one that holds nothing. */
int  exchange_call(struct exchange *exchange);
void exchange_free(struct exchange *exchange);

#endif
