/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/http_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "server/problem.h"
#include "server/route.h"
#include "server/target.h"

/* ---- readers for the event threads ---- */

static struct store_reader *take_reader(struct http *http)
{
    struct store_reader *reader = NULL;
    struct db_error      error;
    pthread_mutex_lock(&http->readers_lock);
    if (http->num_readers > 0)
        reader = http->readers[--http->num_readers];
    pthread_mutex_unlock(&http->readers_lock);
    if (reader == NULL && store_reader_open(http->server->store, &reader, &error) != 0)
        reader = NULL;
    return reader;
}

static void give_reader(struct http *http, struct store_reader *reader, bool broken)
{
    pthread_mutex_lock(&http->readers_lock);
    bool kept = !broken && http->num_readers < HTTP_MAX_READERS;
    if (kept)
        http->readers[http->num_readers++] = reader;
    pthread_mutex_unlock(&http->readers_lock);
    if (!kept)
        store_reader_close(reader);
}

/* ---- the header ---- */

struct header_walk {
    struct request *request;
    const char     *behind; /* where the next header must lie; NULL = it does not */
    size_t          num;
    int             status;
};

static char *small_letters(struct arena *arena, const char *name, size_t size)
{
    char *copy = arena_copy(arena, name, size);
    for (size_t i = 0; copy != NULL && i < size; i++)
        copy[i] = (char) tolower((unsigned char) copy[i]);
    return copy;
}

/* A header, in the order in which it came. Its texts lie in the connection's memory, where they were received, so that
 * what lies between them can be known. */
static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                   const char *value, size_t value_size)
{
    struct header_walk *walk = context;
    struct exchange    *exchange = &walk->request->exchange;
    (void) kind;
    if (value == NULL)
        value = "";
    if (exchange->num_headers == EXCHANGE_MAX_HEADERS) {
        walk->status = SERVER_ERR_HEADERS;
        return MHD_NO;
    }
    size_t gap = value >= name + name_size ? (size_t) (value - (name + name_size)) : 0;
    if (name != walk->behind || gap < 1 || gap > 8)
        walk->behind = NULL;
    else
        walk->behind = value + value_size + 2; /* CR LF */
    char *copy = small_letters(&exchange->arena, name, name_size);
    if (copy == NULL) {
        walk->status = TOC_ERR_NO_MEMORY;
        return MHD_NO;
    }
    while (value_size > 0 && (value[value_size - 1] == ' ' || value[value_size - 1] == '\t'))
        value_size--;
    const char *ended = value[value_size] == '\0' ? value : arena_copy(&exchange->arena, value, value_size);
    exchange->headers[exchange->num_headers++] = (struct http_pair){ copy, ended != NULL ? ended : "" };
    return MHD_YES;
}

static int malformed(struct exchange *exchange, const char *where, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return SERVER_ERR_REQUEST;
}

/* Request line and headers lie one behind the other, each line ended by CR LF, and nothing is between them. */
static int take_headers(struct request *request, const char *method, const char *version)
{
    struct exchange                *exchange = &request->exchange;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct header_walk walk = { .request = request };
    bool               line = strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0;
    if (request->where == method + strlen(method) + 1 && version == request->where + request->target_size + 1)
        walk.behind = version + strlen(version) + 2;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, take_header, &walk);
    if (walk.status != 0)
        return walk.status;
    if (size == NULL || size->header_size > HTTP_MAX_HEADER_BYTES)
        return SERVER_ERR_HEADERS;
    if (!line || walk.behind == NULL || walk.behind + 2 != method + size->header_size)
        return malformed(exchange, "headers",
                         "lines that are not ended by CR LF, folded, or with bytes in them that hide",
                         "\"Name: value\" and CR LF");
    return guard_headers(exchange);
}

static bool find_method(const char *word, enum http_method *method)
{
    for (int i = 0; i < HTTP_NUM_METHODS; i++)
        if (strcmp(word, http_method_word((enum http_method) i)) == 0) {
            *method = (enum http_method) i;
            return true;
        }
    return false;
}

/* Whom the request comes from, as far as whoever forwards it is to be believed. */
static void find_peer(struct request *request)
{
    struct exchange     *exchange = &request->exchange;
    const struct server *server = request->http->server;
    const char          *forwarded = exchange_header(exchange, "x-forwarded-for");
    const char          *address = request->socket->address;
    bool                 trusted =
        address[0] == '\0' || (server->trusted_proxy[0] != '\0' && strcmp(server->trusted_proxy, address) == 0);
    exchange->peer = address[0] != '\0' ? address : "local";
    exchange->local = request->socket->loopback && forwarded == NULL &&
                      exchange_header(exchange, "forwarded") == NULL && exchange_header(exchange, "via") == NULL &&
                      exchange_header(exchange, "x-real-ip") == NULL;
    if (!trusted || forwarded == NULL)
        return;
    const char *last = strrchr(forwarded, ',');
    last = last != NULL ? last + 1 + strspn(last + 1, " ") : forwarded;
    if (*last != '\0' && strlen(last) < WATCH_ADDRESS_BYTES)
        exchange->peer = last;
}

/* How large the body may be; and whoever brings neither cookie nor token has nothing large to say, but where anybody
 * may speak. */
static int measure_body(struct request *request)
{
    struct exchange *exchange = &request->exchange;
    const char      *length = exchange_header(exchange, "content-length");
    request->body_most = exchange->route->max_body != 0 ? exchange->route->max_body : ROUTE_MAX_BODY;
    if (exchange->route->body == ROUTE_NO_BODY)
        request->body_most = 1; /* enough to see that there is one */
    bool known = exchange->route->access == ROUTE_ANYBODY || exchange_header(exchange, "cookie") != NULL ||
                 exchange_header(exchange, "authorization") != NULL;
    int64_t size = 0;
    if (length != NULL)
        (void) text_to_integer(length, strlen(length), 0, INT64_MAX, &size);
    if (!known && request->body_most > HTTP_SIGNED_OUT_BODY)
        request->body_most = HTTP_SIGNED_OUT_BODY;
    if (size > (int64_t) request->body_most)
        return known ? SERVER_ERR_TOO_BIG : SERVER_ERR_SIGN_IN;
    return 0;
}

static int check_header(struct request *request, const char *method, const char *version)
{
    struct exchange *exchange = &request->exchange;
    int              ret = take_headers(request, method, version);
    if (request->socket->too_many)
        return SERVER_ERR_BUSY;
    if (ret == 0)
        ret = target_read(exchange, request->target, request->target_size);
    bool known = find_method(method, &exchange->method);
    if (ret == 0) {
        find_peer(request);
        ret = guard_origin(exchange, &request->http->server->guard);
    }
    if (ret == 0 && !known)
        ret = SERVER_ERR_METHOD;
    if (ret == 0)
        ret = route_find(exchange);
    if (ret == 0)
        ret = measure_body(request);
    return ret;
}

static bool expects_body(const struct exchange *exchange)
{
    const char *length = exchange_header(exchange, "content-length");
    return exchange_header(exchange, "transfer-encoding") != NULL || (length != NULL && strcmp(length, "0") != 0);
}

static enum MHD_Result finish(struct request *request, int status)
{
    exchange_finish(&request->exchange, status);
    return http_send_answer(request);
}

/* Refused before a body was taken in: small ones are waited for, so that the client reads the answer. */
static enum MHD_Result refuse(struct request *request, int status)
{
    const char *length = exchange_header(&request->exchange, "content-length");
    int64_t     size = INT64_MAX;
    request->status = status;
    if (status == SERVER_ERR_REQUEST || status == SERVER_ERR_HEADERS || request->socket->too_many)
        request->closing = true;
    if (!expects_body(&request->exchange))
        return MHD_YES;
    if (!request->closing && length != NULL)
        (void) text_to_integer(length, strlen(length), 0, INT64_MAX, &size);
    if (size <= HTTP_SIGNED_OUT_BODY)
        return MHD_YES;
    request->closing = true;
    return finish(request, status);
}

/* ---- running the handler ---- */

static struct request *request_of(struct exchange *exchange)
{
    return (struct request *) exchange; /* its first member */
}

static int go_on(struct lane_item *item, struct store_reader *reader)
{
    struct request  *request = (struct request *) ((char *) item - offsetof(struct request, item));
    struct exchange *exchange = &request->exchange;
    exchange_after  *after = request->after;
    exchange->reader = reader;
    request->after = NULL;
    int status = reader == NULL  ? DB_ERR_LOST
                 : after != NULL ? after(exchange, request->status, &request->receipt)
                                 : exchange_run(exchange);
    if (status == SERVER_LATER)
        return 0; /* the request may be gone already */
    exchange_finish(exchange, status);
    request->stage = READY;
    http_come_back(request);
    return status;
}

/* From the writer's thread: durable, or failed. */
static void submitted(void *context, int status, const struct store_receipt *receipt)
{
    struct request *request = context;
    request->status = status;
    request->receipt = *receipt;
    lane_put(request->http->server->workers, &request->item, true);
}

/* exchange_submit: the thread goes on with others. */
static int submit_later(struct exchange *exchange, const struct store_request *wanted, exchange_after *after)
{
    struct request *request = request_of(exchange);
    request->after = after;
    request->item.run = go_on;
    if (!request->suspended) { /* in an event thread: before the writer may answer */
        request->suspended = true;
        http_leave(request);
    }
    int ret =
        store_submit_later(exchange->store, &exchange->caller.access, wanted, submitted, request, &exchange->faults);
    if (ret == 0)
        return SERVER_LATER;
    struct store_receipt none = { 0 };
    request->after = NULL;
    return after(exchange, ret, &none);
}

static bool is_quick(const struct request *request)
{
    const struct exchange *exchange = &request->exchange;
    return exchange->route->quick && exchange->body_size <= HTTP_INLINE_BODY &&
           exchange_header(exchange, "tocsin-purpose") == NULL;
}

static enum MHD_Result run_here(struct request *request)
{
    struct http *http = request->http;
    request->exchange.reader = take_reader(http);
    struct store_reader *reader = request->exchange.reader;
    int                  status = reader != NULL ? exchange_run(&request->exchange) : DB_ERR_LOST;
    if (reader != NULL)
        give_reader(http, reader, status == DB_ERR_LOST);
    if (status == SERVER_LATER)
        return MHD_YES;
    if (!request->suspended)
        return finish(request, status);
    exchange_finish(&request->exchange, status);
    request->stage = READY;
    http_come_back(request);
    return MHD_YES;
}

static struct lane *lane_of(const struct request *request)
{
    const struct server *server = request->http->server;
    const struct route  *route = request->exchange.route;
    if (route->outside && server->outside != NULL)
        return server->outside;
    return route->heavy ? server->heavy : server->workers;
}

static enum MHD_Result run_there(struct request *request)
{
    request->item.run = go_on;
    request->suspended = true;
    http_leave(request);
    if (lane_put(lane_of(request), &request->item, false))
        return MHD_YES;
    exchange_finish(&request->exchange, SERVER_ERR_BUSY);
    request->stage = READY;
    http_come_back(request);
    return MHD_YES;
}

/* The request has come whole. */
static enum MHD_Result begin(struct request *request)
{
    struct exchange *exchange = &request->exchange;
    watch_until(request->socket, 0);
    atomic_store(&request->socket->unanswered, false);
    request->stage = WORKING;
    exchange->body = request->body != NULL ? request->body : "";
    exchange->now = server_now(request->http->server);
    if (request->status != 0)
        return finish(request, request->status);
    return is_quick(request) ? run_here(request) : run_there(request);
}

/* ---- taking a request in ---- */

static struct connection *socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* The first line has come; the target is still as it was sent. */
static void *take_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http       *http = context;
    struct connection *socket = socket_of(connection);
    size_t             size = target != NULL ? strlen(target) : 0;
    struct request    *request = socket != NULL ? calloc(1, sizeof *request + size + 1) : NULL;
    if (request == NULL)
        return NULL;
    request->http = http;
    request->connection = connection;
    request->socket = socket;
    request->where = target;
    request->target_size = size;
    request->began = watch_clock();
    request->number = atomic_fetch_add_explicit(&http->next_number, 0x9e3779b97f4a7c15u, memory_order_relaxed);
    if (size > 0)
        memcpy(request->target, target, size);
    struct exchange *exchange = &request->exchange;
    exchange->path = "/";
    exchange->body = "";
    exchange->peer = "";
    exchange->server = http->server;
    exchange->store = http->server->store;
    exchange->submit = submit_later;
    exchange->transport = request;
    exchange->arena.limit = EXCHANGE_ARENA;
    sink_init_memory(&exchange->answer.body);
    atomic_fetch_add(&http->active, 1);
    atomic_store(&socket->unanswered, true);
    watch_until(socket, http->options.header_seconds);
    return request;
}

static enum MHD_Result take_head(struct request *request, const char *method, const char *version)
{
    struct exchange *exchange = &request->exchange;
    request->stage = RECEIVING;
    int ret = check_header(request, method, version);
    if (ret == SERVER_ERR_METHOD && exchange->answer.num_headers == 0)
        answer_header(exchange, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
    if (ret != 0)
        return refuse(request, ret);
    watch_until(request->socket,
                request->http->options.body_seconds + (double) request->body_most / HTTP_BYTES_PER_SECOND);
    return MHD_YES;
}

static bool grow_body(struct request *request, size_t size)
{
    struct http *http = request->http;
    size_t       room = request->body_room < 4096 ? 4096 : request->body_room;
    while (room < size + 1)
        room *= 2;
    if (room > request->body_most + 1)
        room = request->body_most + 1;
    size_t more = room - request->body_room;
    if (atomic_fetch_add(&http->bodies, more) + more > HTTP_BODY_BUDGET) {
        atomic_fetch_sub(&http->bodies, more);
        return false;
    }
    char *body = malloc(room); /* not realloc: what was taken in so far would stay in the old place */
    if (body == NULL) {
        atomic_fetch_sub(&http->bodies, more);
        return false;
    }
    if (request->body != NULL) {
        memcpy(body, request->body, request->exchange.body_size + 1);
        sodium_memzero(request->body, request->exchange.body_size);
        free(request->body);
    }
    request->body = body;
    request->body_room = room;
    return true;
}

/* Bytes of the body; of a refused one they are let go, up to a bound. */
static enum MHD_Result take_body(struct request *request, const char *bytes, size_t *size)
{
    struct exchange *exchange = &request->exchange;
    size_t           all = exchange->body_size + *size;
    if (request->status == 0 && all > request->body_most)
        request->status = exchange->route->access == ROUTE_ANYBODY || exchange_header(exchange, "cookie") != NULL ||
                                  exchange_header(exchange, "authorization") != NULL
                              ? SERVER_ERR_TOO_BIG
                              : SERVER_ERR_SIGN_IN;
    if (request->status == 0 && all + 1 > request->body_room && !grow_body(request, all))
        request->status = SERVER_ERR_BUSY;
    if (request->status == 0) {
        memcpy(request->body + exchange->body_size, bytes, *size);
        request->body[all] = '\0';
        exchange->body_size = all;
    } else {
        request->closing = true;
        request->dropped += *size;
        if (request->dropped > 2 * ROUTE_MAX_BODY)
            return MHD_NO;
    }
    sodium_memzero((char *) (uintptr_t) bytes, *size); /* libmicrohttpd's own buffer, which stays with the connection */
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *bytes, size_t *size, void **begun)
{
    struct request *request = *begun;
    (void) context;
    (void) connection;
    (void) url;
    if (request == NULL)
        return MHD_NO;
    if (request->stage == NEW)
        return take_head(request, method, version);
    if (*size > 0)
        return take_body(request, bytes, size);
    if (request->stage == RECEIVING)
        return begin(request);
    return request->stage == READY ? http_send_answer(request) : MHD_YES;
}

/* ---- the end of a request ---- */

static void note(struct request *request)
{
    struct server      *server = request->http->server;
    const struct route *route = request->exchange.route;
    struct log_request  line = { .at = server_now(server),
                                 .method = http_method_word(request->exchange.method),
                                 .route = route != NULL ? route->path : NULL,
                                 .status = request->exchange.answer.status,
                                 .microseconds = request->microseconds,
                                 .bytes = request->bytes,
                                 .number = request->number,
                                 .broken = request->broken };
    metrics_request(server->metrics, route, line.status, line.microseconds, line.bytes);
    log_request(server->log, &line);
    if (line.status == 500) {
        char text[120];
        snprintf(text, sizeof text, "request %016" PRIx64 " failed with status %d", request->number,
                 request->exchange.answer.cause);
        log_say(server->log, LOG_LEVEL_ERROR, line.at, "fault", text);
    }
}

static void ended(void *context, struct MHD_Connection *connection, void **begun, enum MHD_RequestTerminationCode code)
{
    struct http    *http = context;
    struct request *request = *begun;
    (void) connection;
    if (request == NULL)
        return;
    *begun = NULL;
    request->broken |= code != MHD_REQUEST_TERMINATED_COMPLETED_OK;
    note(request);
    atomic_store(&request->socket->unanswered, false);
    watch_until(request->socket, http->options.idle_seconds);
    atomic_fetch_sub(&http->bodies, request->body_room);
    if (request->body != NULL)
        sodium_memzero(request->body, request->exchange.body_size);
    free(request->body);
    if (request->part.bytes != NULL) {
        sodium_memzero(request->part.bytes, request->part.used);
        sink_free(&request->part);
    }
    exchange_free(&request->exchange);
    free(request);
    atomic_fetch_sub(&http->active, 1);
}

static void connection_changes(void *context, struct MHD_Connection *connection, void **kept,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*kept != NULL)
            watch_closed(*kept);
        *kept = NULL;
        return;
    }
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD),
                                   *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct connection *socket =
        fd != NULL ? watch_opened(http->watch, fd->connect_fd, peer != NULL ? peer->client_addr : NULL) : NULL;
    *kept = socket;
    if (socket != NULL) {
        atomic_store(&socket->unanswered, true);
        watch_until(socket, socket->too_many ? 1.0 : http->options.header_seconds);
    }
}

/* ---- starting and stopping ---- */

static void say_nothing(void *context, const char *format, va_list arguments)
{
    (void) context; /* what libmicrohttpd would say names clients' bytes */
    (void) format;
    (void) arguments;
}

static double or_default(double value, double initial)
{
    return value > 0 ? value : initial;
}

static struct MHD_Daemon *start_daemon(struct http *http)
{
    const struct http_options *options = &http->options;
    struct MHD_OptionItem      items[] = {
             { MHD_OPTION_LISTEN_SOCKET, options->socket, NULL },
             { MHD_OPTION_CONNECTION_LIMIT, (intptr_t) (options->max_connections + HTTP_SPARE_CONNECTIONS), NULL },
             { MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_MEMORY_BYTES, NULL },
             { MHD_OPTION_CONNECTION_MEMORY_INCREMENT, 4096, NULL },
             { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
             { options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t) options->threads, NULL },
             { MHD_OPTION_END, 0, NULL },
    };
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_TURBO, 0,
        NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_URI_LOG_CALLBACK,
        take_target, http, MHD_OPTION_NOTIFY_COMPLETED, ended, http, MHD_OPTION_NOTIFY_CONNECTION, connection_changes,
        http, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

int http_start(const struct http_options *options, struct http **started, struct fault_list *faults)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return TOC_ERR_NO_MEMORY;
    http->options = *options;
    http->server = options->server;
    struct http_options *o = &http->options;
    o->threads = o->threads != 0 ? o->threads : 2;
    o->max_connections = o->max_connections != 0 ? o->max_connections : HTTP_MAX_CONNECTIONS;
    o->max_per_peer = o->max_per_peer != 0 ? o->max_per_peer : HTTP_MAX_PER_PEER;
    o->header_seconds = or_default(o->header_seconds, HTTP_HEADER_SECONDS);
    o->body_seconds = or_default(o->body_seconds, HTTP_BODY_SECONDS);
    o->idle_seconds = or_default(o->idle_seconds, HTTP_IDLE_SECONDS);
    o->send_seconds = or_default(o->send_seconds, HTTP_SEND_SECONDS);
    pthread_mutex_init(&http->readers_lock, NULL);
    uint64_t first;
    randombytes_buf(&first, sizeof first);
    atomic_store(&http->next_number, first);
    int ret = watch_start(&(struct watch_limits){ o->max_connections, o->max_per_peer }, &http->watch);
    if (ret == 0 && (http->daemon = start_daemon(http)) == NULL) {
        fault_add(faults, (struct fault_place){ .name = "listen" }, NULL, "the network could not be started");
        ret = BASE_ERR_SYSTEM;
    }
    if (ret != 0) {
        watch_stop(http->watch);
        free(http);
        return ret;
    }
    *started = http;
    return 0;
}

/* In place of the C library's. libmicrohttpd 0.9.75 ends the program (MHD_PANIC) where a worker takes the listening
 * socket out of its set just after MHD_quiesce_daemon did: "no such entry". What is out already is out. Left to
 * ThreadSanitizer, which has one of its own. */
#ifndef __SANITIZE_THREAD__
__attribute__((visibility("default"))) int epoll_ctl(int set, int operation, int file, struct epoll_event *event)
{
    long ret = syscall(SYS_epoll_ctl, set, operation, file, event);
    return ret != 0 && operation == EPOLL_CTL_DEL && errno == ENOENT ? 0 : (int) ret;
}
#endif

void http_quiesce(struct http *http)
{
    atomic_store(&http->quiescing, true);
    (void) MHD_quiesce_daemon(http->daemon);
}

size_t http_away(struct http *http)
{
    return atomic_load(&http->away);
}

size_t http_active(struct http *http)
{
    return atomic_load(&http->active);
}

void http_stop(struct http *http)
{
    if (http == NULL)
        return;
    MHD_stop_daemon(http->daemon);
    watch_stop(http->watch);
    for (size_t i = 0; i < http->num_readers; i++)
        store_reader_close(http->readers[i]);
    pthread_mutex_destroy(&http->readers_lock);
    free(http);
}

size_t http_connections(struct http *http)
{
    return watch_count(http->watch);
}

int64_t http_timed_out(struct http *http)
{
    return watch_ended(http->watch);
}

size_t http_body_bytes(struct http *http)
{
    return atomic_load(&http->bodies);
}
