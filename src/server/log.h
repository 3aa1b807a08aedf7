/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/log.h: what a server tells whoever runs it, a JSON object a line on a descriptor (standard error):
 *
 *     {"time":"2026-11-22T02:30:00.000000Z","level":"info","event":"request","method":"GET",
 *      "route":"/api/v1/cases/{id}","status":200,"us":130,"bytes":512,"request":"5f0c…"}
 *
 * No line holds anything of a person: not the path (its route instead), no query, header, body, address or name of the
 * caller. Lines are gathered and written at once every LOG_FLUSH_MS, those above "info" at once. Where whoever reads is
 * too slow, lines are dropped and counted rather than waited for.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_FLUSH_MS 200
#define LOG_BUFFER_BYTES ((size_t) 256 << 10)

struct log;

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_request {
    int64_t     at;             /* instant */
    const char *method, *route; /* route: its pattern; NULL = none was found */
    int         status;
    int64_t     microseconds, bytes;
    uint64_t    number; /* of the request, told to the client as Request-Id */
    bool        broken; /* the client went away, or took too long, before it had the whole answer */
};

int  log_start(int fd, struct log **log); /* fd -1: nothing is written. 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY */
void log_stop(struct log *log);           /* writes what waits; NULL is fine */

void log_request(struct log *log, const struct log_request *request);
/* A sentence about the server itself; without anything that came from outside. */
void log_say(struct log *log, enum log_level level, int64_t at, const char *event, const char *text);

/* The number of a request as clients and lines have it. */
#define LOG_NUMBER_BYTES 17
void log_number(uint64_t number, char text[LOG_NUMBER_BYTES]);

int64_t log_dropped(struct log *log); /* lines */

#endif
