/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/server_internal.h: what the files of the server share behind server.h. */
#ifndef SERVER_SERVER_INTERNAL_H
#define SERVER_SERVER_INTERNAL_H

#include "server/guard.h"
#include "server/lane.h"
#include "server/live.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/server.h"

struct calls;
struct detection;
struct http;
struct intake;
struct jobs;
struct mllp_listeners;
struct pass_desk;
struct pass_lists;
struct pass_pull;
struct provider;
struct reporting;
struct tidying;
struct event_door;
struct public_pages;

struct server {
    struct server_options  options;
    struct store          *store;
    struct accounts       *accounts;
    struct guard           guard;
    bool                   tls;    /* the public URL is https */
    int                    socket; /* listening */
    char                   trusted_proxy[64];
    char                   url[GUARD_NAME_BYTES];
    char                   socket_path[120]; /* to be removed; "" = none */
    int64_t                started;          /* instant */
    struct log            *log;
    struct metrics        *metrics;
    struct live           *live;
    struct jobs           *jobs;      /* NULL = none are done here */
    struct detection      *detection; /* NULL = the watch is off */
    struct calls          *calls;     /* NULL = nobody is called */
    struct tidying        *tidying;
    struct reporting      *reporting;                /* NULL = reports are frozen by hand */
    struct intake         *intake;                   /* NULL = nothing is taken in here */
    struct mllp_listeners *mllp;                     /* NULL = none listens */
    char                   disk[NODE_SETTING_BYTES]; /* that it watches: a folder of it; "" = none */
    struct lane           *workers, *heavy;
    struct provider       *provider; /* of identities; NULL = none */
    struct pass_pull      *pull;     /* fetches them; NULL = they come by file */
    struct pass_desk      *desk;     /* where passes are issued; NULL = nowhere */
    struct pass_lists     *passes;   /* what health passes are checked with; NULL = nothing */
    struct public_pages   *pages;    /* for everybody; NULL = none */
    struct event_door     *reports;  /* by anybody; NULL = none are taken */
    struct lane           *outside;  /* whoever waits for it; NULL = nobody does */
    struct http           *http;
};

int64_t server_now(const struct server *server); /* instant */

#endif
