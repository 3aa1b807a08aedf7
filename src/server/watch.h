/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/watch.h: the connections of a server: how many, how many from each peer, and until when each may take for
 * what it does. A thread of its own ends those whose time is over, whatever they trickle: the clock is the wall's, not
 * that of the last byte.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_ADDRESS_BYTES 48 /* of a peer, as text, with its end */
#define WATCH_LOOK_MS 200      /* deadlines are looked at so often, while there are connections */

struct watch;
struct watch_peer;

/* One connection. What is not atomic is its own thread's. */
struct connection {
    struct connection *next, *previous;
    struct watch      *watch;
    struct watch_peer *peer;
    int                fd;
    char               address[WATCH_ADDRESS_BYTES]; /* "" through a unix socket */
    bool               loopback;                     /* or a unix socket */
    bool               too_many;                     /* one more than may be: it is told so and ends */
    _Atomic int64_t    deadline;                     /* of watch_clock; 0 = none */
    _Atomic bool       unanswered;                   /* a request has begun to arrive and nothing was said to it yet */
};

struct watch_limits {
    unsigned max_connections, max_per_peer; /* of one address; IPv6: of one /64; a unix socket is not counted so */
};

int  watch_start(const struct watch_limits *limits, struct watch **watch); /* 0 or BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY */
void watch_stop(struct watch *watch); /* all connections are closed; NULL is fine */

/* A connection was opened, from a struct sockaddr; NULL where there is no memory. */
struct sockaddr;
struct connection *watch_opened(struct watch *watch, int fd, const struct sockaddr *peer);
void               watch_closed(struct connection *connection); /* before its descriptor is closed */

/* `seconds` from now on; 0: no deadline. */
void watch_until(struct connection *connection, double seconds);

size_t  watch_count(struct watch *watch);
int64_t watch_ended(struct watch *watch); /* how many were ended because their time was over */
int64_t watch_clock(void);                /* microseconds that never go back */

#endif
