/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/http.h: the network: requests taken in up to their limits, answers given out. Only http.c and
 * http_answer.c know libmicrohttpd.
 *
 * Event threads take requests in and send answers. A quick route is answered there; any other goes to a worker while
 * its connection is suspended, and so does whatever waits for the writer. A request is refused where it passes a limit,
 * with a problem document as far as an answer is still possible.
 *
 * Beyond what libmicrohttpd 0.9.75 checks, the header is refused unless its lines lie one behind the other, each ended
 * by CR LF: so no NUL, bare CR or LF, folded line or blank before a colon can hide a header from one reader and show it
 * to another.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define HTTP_MAX_HEADER_BYTES 8192            /* request line and headers */
#define HTTP_MEMORY_BYTES 24576               /* of a connection, for its header and for what is sent */
#define HTTP_PART_BYTES 32768                 /* of a long answer, at a time */
#define HTTP_INLINE_BODY 16384                /* a larger body goes to a worker whatever its route */
#define HTTP_BODY_BUDGET ((size_t) 256 << 20) /* of all bodies that are being taken in */
#define HTTP_SIGNED_OUT_BODY 16384  /* of a request without cookie or token, unless its route is for anybody */
#define HTTP_BYTES_PER_SECOND 16384 /* a body or answer may take a second longer for each of these */
#define HTTP_MAX_CONNECTIONS 20000
#define HTTP_MAX_PER_PEER 256
#define HTTP_SPARE_CONNECTIONS 64 /* beyond the most, to be told so */
#define HTTP_HEADER_SECONDS 10    /* from connecting, or the first line, to the end of the header */
#define HTTP_BODY_SECONDS 30      /* to the end of the body */
#define HTTP_IDLE_SECONDS 75      /* from an answer to the end of the next header */
#define HTTP_SEND_SECONDS 30      /* to take the answer, or the next part of one */

struct http;
struct server;

struct http_options {
    struct server *server;
    int            socket;  /* listening; stays the caller's */
    unsigned       threads; /* event threads */
    unsigned       max_connections, max_per_peer;
    double         header_seconds, body_seconds, idle_seconds, send_seconds;
};

/* 0, BASE_ERR_SYSTEM or TOC_ERR_NO_MEMORY, with the reason in faults. */
int http_start(const struct http_options *options, struct http **http, struct fault_list *faults);

void    http_quiesce(struct http *http); /* no new connections; each answer is its connection's last */
size_t  http_active(struct http *http);  /* requests that are being served */
size_t  http_away(struct http *http);    /* those of them that are with a worker or the writer */
void    http_stop(struct http *http);    /* no request is being served, and the lanes have stopped; NULL is fine */
size_t  http_connections(struct http *http);
int64_t http_timed_out(struct http *http);  /* connections that took too long */
size_t  http_body_bytes(struct http *http); /* of bodies being taken in */

#endif
