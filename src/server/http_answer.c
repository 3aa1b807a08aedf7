/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers on their way out: whole ones, long ones in parts, streams of events. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/http_internal.h"

/* ---- with a worker, and back ---- */

void http_leave(struct request *request)
{
    atomic_fetch_add(&request->http->away, 1);
    MHD_suspend_connection(request->connection);
}

/* The last that the other thread does with the request. */
void http_come_back(struct request *request)
{
    struct http *http = request->http;
    MHD_resume_connection(request->connection);
    atomic_fetch_sub(&http->away, 1);
}

/* ---- headers of the answer ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        (void) 0; /* no memory: the answer goes without it */
}

static bool has_header(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->num_headers; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

/* What every answer says to a browser: nothing is kept, guessed, framed, or told to others. */
static void add_headers(const struct request *request, struct MHD_Response *response)
{
    static const struct http_pair always[] = {
        { "Cache-Control", "no-store" },
        { "Content-Security-Policy",
          "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        /* Not "no-referrer": browsers would send "Origin: null" with the forms of our own pages. */
        { "Referrer-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
    };
    const struct answer *answer = &request->exchange.answer;
    char                 number[LOG_NUMBER_BYTES];
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (!has_header(answer, always[i].name))
            add_header(response, always[i].name, always[i].value);
    for (size_t i = 0; i < answer->num_headers; i++)
        add_header(response, answer->headers[i].name, answer->headers[i].value);
    add_header(response, "Content-Type", answer->type);
    log_number(request->number, number);
    add_header(response, "Request-Id", number);
    if (request->http->server->tls)
        add_header(response, "Strict-Transport-Security", "max-age=31536000");
    if (request->closing || atomic_load_explicit(&request->http->quiescing, memory_order_relaxed))
        add_header(response, "Connection", "close");
}

static int make_part(struct lane_item *item, struct store_reader *reader);

/* The next bytes of a long answer: what a worker has made, or a worker is asked for more. */
static ssize_t read_part(void *context, uint64_t position, char *bytes, size_t size)
{
    struct request *request = context;
    struct sink    *part = &request->part;
    (void) position;
    if (request->part_sent < part->used) {
        size_t rest = part->used - request->part_sent;
        size = rest < size ? rest : size;
        memcpy(bytes, part->bytes + request->part_sent, size);
        request->part_sent += size;
        request->bytes += (int64_t) size;
        watch_until(request->socket, request->http->options.send_seconds);
        return (ssize_t) size;
    }
    if (request->part_failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (request->part_end)
        return MHD_CONTENT_READER_END_OF_STREAM;
    watch_until(request->socket, 0);
    http_leave(request);
    request->item.run = make_part;
    lane_put(request->http->server->heavy, &request->item, true);
    return 0;
}

static int make_part(struct lane_item *item, struct store_reader *reader)
{
    struct request  *request = (struct request *) ((char *) item - offsetof(struct request, item));
    struct exchange *exchange = &request->exchange;
    exchange->reader = reader;
    request->part.used = 0;
    request->part_sent = 0;
    int ret = reader == NULL ? DB_ERR_LOST : 0;
    while (ret == 0 && request->part.used == 0 && !request->part_end)
        ret = exchange->answer.part(exchange->answer.part_context, exchange, &request->part, &request->part_end);
    request->part_failed = ret != 0 || request->part.failure != 0;
    request->broken |= request->part_failed;
    http_come_back(request);
    return ret;
}

/* ---- streams of events ---- */

static void stream_sleeps(void *context)
{
    struct request *request = context;
    watch_until(request->socket, 0);
    MHD_suspend_connection(request->connection);
}

static void stream_wakes(void *context)
{
    struct request *request = context;
    watch_until(request->socket, request->http->options.send_seconds);
    MHD_resume_connection(request->connection);
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t size)
{
    struct request *request = context;
    struct sink    *before = &request->exchange.answer.body;
    (void) position;
    if (request->part_sent < before->used) {
        size_t rest = before->used - request->part_sent;
        size = rest < size ? rest : size;
        memcpy(bytes, before->bytes + request->part_sent, size);
        request->part_sent += size;
    } else {
        ssize_t got = live_read(request->exchange.answer.live, bytes, size);
        if (got <= 0)
            return got == 0 ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
        size = (size_t) got;
    }
    request->bytes += (int64_t) size;
    watch_until(request->socket, request->http->options.send_seconds);
    return (ssize_t) size;
}

static struct MHD_Response *make_response(struct request *request)
{
    struct answer *answer = &request->exchange.answer;
    if (answer->live != NULL) {
        live_attach(answer->live, &(struct live_transport){ stream_sleeps, stream_wakes, request });
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 2048, read_stream, request, NULL);
    }
    if (answer->part != NULL) {
        request->part = answer->body;
        answer->body = (struct sink){ .fd = -1 };
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_PART_BYTES, read_part, request, NULL);
    }
    static char nothing[1];
    request->bytes = (int64_t) answer->body.used;
    /* stays the request's, which clears it when the answer has gone out */
    return MHD_create_response_from_buffer(answer->body.used, answer->body.used > 0 ? answer->body.bytes : nothing,
                                           MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result http_send_answer(struct request *request)
{
    struct MHD_Response *response = make_response(request);
    if (response == NULL)
        return MHD_NO;
    request->stage = ANSWERING;
    request->microseconds = watch_clock() - request->began;
    add_headers(request, response);
    watch_until(request->socket, request->http->options.send_seconds + (double) request->bytes / HTTP_BYTES_PER_SECOND);
    enum MHD_Result ret = MHD_queue_response(request->connection, (unsigned) request->exchange.answer.status, response);
    MHD_destroy_response(response); /* the connection has it */
    return ret;
}
