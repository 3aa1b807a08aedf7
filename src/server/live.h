/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/live.h: GET /api/v1/live: what has changed, as server-sent events, so that a page can read it again:
 *
 *     id: 4711
 *     event: change
 *     data: {"type":"case","id":"0193…","version":3,"area":"0192…"}
 *
 * One thread follows the store's events, by polling, and keeps the newest LIVE_RING of them; each stream has a place in
 * them and is sent those that its caller may see (store_may_see), and nothing else of a record. No stream has a queue
 * of its own: one that falls behind the kept ones is told to come back (retry) and resumes from the store by
 * Last-Event-ID.
 *
 * The last thing on a stream is `event: end` with a reason:
 *     restart     the server stops, or the stream was too slow: come back after `retry` milliseconds
 *     again       too much has happened since Last-Event-ID: read everything anew; the stream goes on from now
 *     elsewhere   the same session has opened another stream (one a session); do not come back
 *     access      the session has ended, or what the caller may see has changed: sign in or read anew, then come back
 */
#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H

#include <sys/types.h>

#include "server/exchange.h"

#define LIVE_RING 4096         /* events that are kept for slow streams */
#define LIVE_POLL_MS 200       /* how often the store is asked */
#define LIVE_MAX_STREAMS 16000 /* in all */
#define LIVE_PER_TOKEN 4       /* of a machine's token */
#define LIVE_MAX_RESUME 10000  /* events of before that a stream that comes back is sent */
#define LIVE_HEARTBEAT_SECONDS 15
#define LIVE_CHECK_SECONDS 60 /* callers are looked up anew so often, and at once when users or grants change */
#define LIVE_FRAME_BYTES 256  /* of an event, at most */

struct live;
struct live_stream;

/* 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
struct live_options {
    struct store      *store;
    struct store_clock clock;
    double             heartbeat_seconds; /* 0 = as above */
    /* Is it this user's job? Whoever asked for a job sees its events in any role. NULL = nobody does. */
    bool (*own_job)(void *context, const struct id *job, const struct id *user);
    void *own_context;
};
int    live_start(const struct live_options *options, struct live **live);
void   live_end(struct live *live);  /* all streams: `restart`, with a retry spread over some seconds */
void   live_stop(struct live *live); /* no stream is open any more; NULL is fine */
size_t live_count(struct live *live);
void   live_wake(struct live *live); /* something was written that streams wait for: it looks at once */

/* The route's handler has opened a stream (exchange->answer.live); what came before it is in the answer's body. The
 * transport attaches itself and reads until the end. `sleep` is called by live_read in the reader's thread, `wake`
 * once after each sleep, from another thread, when there is something to read. Both are quick, under a lock. */
struct live_transport {
    void (*sleep)(void *context);
    void (*wake)(void *context);
    void *context;
};
void live_attach(struct live_stream *stream, const struct live_transport *transport);

#define LIVE_ENDED ((ssize_t) -1)
/* The next bytes (size >= LIVE_FRAME_BYTES); 0 = none yet, it sleeps; or LIVE_ENDED. */
ssize_t live_read(struct live_stream *stream, char *bytes, size_t size);
void    live_close(struct live_stream *stream); /* NULL is fine */

#endif
