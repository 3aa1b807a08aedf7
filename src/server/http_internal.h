/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/http_internal.h: what http.c and http_answer.c share, the only files that know libmicrohttpd. */
#ifndef SERVER_HTTP_INTERNAL_H
#define SERVER_HTTP_INTERNAL_H

#include <microhttpd.h>

#include <pthread.h>
#include <stdatomic.h>

#include "server/http.h"
#include "server/server_internal.h"
#include "server/watch.h"

enum { HTTP_MAX_READERS = 64 };

struct http {
    struct http_options  options;
    struct server       *server;
    struct MHD_Daemon   *daemon;
    struct watch        *watch;
    _Atomic bool         quiescing;
    _Atomic size_t       active, bodies;
    _Atomic size_t       away; /* requests that are with a worker or the writer */
    _Atomic uint64_t     next_number;
    pthread_mutex_t      readers_lock; /* of readers for quick routes */
    struct store_reader *readers[HTTP_MAX_READERS];
    size_t               num_readers;
};

enum stage { NEW, RECEIVING, WORKING, READY, ANSWERING };

struct request {
    struct exchange        exchange;
    struct lane_item       item;
    struct http           *http;
    struct MHD_Connection *connection;
    struct connection     *socket;
    enum stage             stage;
    bool                   suspended; /* while this thread runs the handler */
    bool                   closing;   /* its connection ends with the answer */
    bool                   broken;    /* not all of the answer went out */
    int                    status;    /* of the exchange, so far */
    int64_t                began, microseconds, bytes;
    uint64_t               number;
    const char            *where; /* the target lay there, for header_is_whole */
    size_t                 target_size;
    char                  *body;
    size_t                 body_room, body_most, dropped;
    exchange_after        *after; /* to go on with */
    struct store_receipt   receipt;
    struct sink            part; /* of a long answer */
    size_t                 part_sent;
    bool                   part_end, part_failed;
    char                   target[]; /* as it came */
};

/* The request goes to another thread, its connection rests; and comes back: the last that the other thread does with
 * it.
 */
void http_leave(struct request *request);
void http_come_back(struct request *request);

/* Send the answer that is in the exchange. */
enum MHD_Result http_send_answer(struct request *request);

#endif
