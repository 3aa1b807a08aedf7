/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/route.h: the one table of what the server answers: method, path, who may ask, what goes in and out, and
 * the handler. The router, /openapi.json, `tocsin serve --routes` and the generated tests of access all read it. Adding
 * a route is a line of routes.def (or, for all records at once, of route_records.c) and a handler.
 */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "server/exchange.h"

/* Who may send it. What a signed-in caller may see and do within it is decided by the store from the grant. */
enum route_access {
    ROUTE_ANYBODY,       /* public: health, the set-up and sign-in pages */
    ROUTE_SIGNED_IN,     /* a person or a machine */
    ROUTE_PERSON,        /* a person's session, never a machine's token */
    ROUTE_OWN_ACCOUNT,   /* the same, about themselves: in no role, and before the second factor */
    ROUTE_SECOND_FACTOR, /* a person's session in which the second factor was given */
    ROUTE_MACHINE,       /* a machine's token */
    ROUTE_METRICS        /* loopback, or whoever the settings name */
};

/* What the request's body may be. */
enum route_body { ROUTE_NO_BODY, ROUTE_JSON, ROUTE_FORM, ROUTE_BYTES };

/* A parameter of the query. */
struct route_parameter {
    const char *name;
    const char *kind; /* of its schema: "string", "integer", "boolean", "uuid", "date", "date-time" */
    const char *meaning;
};

struct model_record;
struct view;

struct route {
    enum http_method  method; /* HEAD is answered as GET */
    const char       *path;   /* "/api/v1/cases/{id}" */
    enum route_access access;
    enum route_body   body;
    size_t            max_body;   /* bytes; 0 = ROUTE_MAX_BODY */
    bool              idempotent; /* takes Idempotency-Key */
    bool              needs_key;  /* and is refused without one */
    bool              if_match;   /* needs If-Match */
    bool              quick;      /* reads a row or two: runs where the network is, without changing threads, unless a
                                   * purpose is named. It never waits for the writer, but by exchange_submit */
    bool        set_up;           /* served also while the node waits for its set-up link to be used */
    bool        heavy;            /* takes long: in the lane of few threads, so that the others go on */
    bool        outside; /* waits for another machine: in a lane of its own, so that nobody else waits with it */
    const char *summary_en, *summary_zh;
    const char *request, *reply; /* names of schemas of openapi.json; NULL = none */
    int         status;          /* of success; 0 = 200 */
    const char *also;            /* other statuses of success, answered alike: "200, 202"; NULL = none */
    const char *reply_types;     /* of replies that are no JSON, "text/csv, …"; NULL = application/json */
    const struct route_parameter *parameters; /* ends with a NULL name; NULL = none */
    const struct model_record    *record;     /* of the routes of records */
    const struct view            *view;       /* of the routes of lists */
    int (*handler)(struct exchange *exchange);
};

#define ROUTE_MAX_BODY ((size_t) 1 << 20)

#define ROUTE_MAX_ROUTES 1024
#define ROUTE_MAX_DEPTH 12 /* parts of a path */

/* All routes, in a fixed order: those of routes.def, then those of the parts below. Made once; lives as long as the
 * program. */
const struct route *routes(size_t *num_routes);

/* A part of the table that is not written down line by line, such as the routes of all records: adds its own. The parts
 * are listed in route.c. A route twice, or a path that does not fit the limits, is a fault of the program. */
struct route_list;
typedef void route_part(struct route_list *list);
void         route_add(struct route_list *list, const struct route *route); /* copied; what it points to is not */

/* The route of a method and path; fills in exchange->route and segments. Where both fit, a part that is written out
 * goes before a {…}. 0, SERVER_ERR_UNKNOWN_PATH, or SERVER_ERR_METHOD after adding Allow to the answer. */
int route_find(struct exchange *exchange);

#endif
