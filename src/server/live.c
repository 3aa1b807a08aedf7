/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/live.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/records.h"
#include "server/handlers.h"
#include "server/pause.h"
#include "server/server_internal.h"
#include "store/area_tree.h"

enum { PAGE = 256, SPREAD_MS = 4000 };

enum reason { NOT_ENDED, RESTART, ELSEWHERE, ACCESS };
static const char *const reason_words[] = { "", "restart", "elsewhere", "access" };

struct kept {
    struct store_event         event;
    const struct model_record *record;
    uint16_t                   size;
    char                       frame[LIVE_FRAME_BYTES];
};

/* Headers that say who the caller is: kept so that the caller can be looked up anew. */
static const char *const identifying[] = { "cookie", "authorization", "tocsin-role", "tocsin-purpose" };
enum { NUM_IDENTIFYING = sizeof identifying / sizeof *identifying };

struct live_stream {
    struct live_stream   *next, *previous;
    struct live          *live;
    struct server        *server;
    struct live_transport transport;
    struct arena          arena; /* of what follows, as long as the stream */
    struct access         access;
    struct http_pair      headers[NUM_IDENTIFYING];
    size_t                num_headers;
    enum caller_kind      kind;
    struct id             who; /* session or token */
    uint64_t              stamp;
    int64_t               until;   /* instant */
    int64_t               after;   /* number of the last event that was looked at for it */
    int64_t               written; /* when it was last sent something, instant */
    uint64_t              tree;    /* for which `granted` was made: live->tree; 0 = for none */
    struct arena          granted_arena;
    struct area_set       granted;
    bool                  attached, sleeping, beat, said_end;
    enum reason           reason;
};

struct live {
    struct live_options     options;
    pthread_t               thread;
    pthread_mutex_t         lock;
    pthread_cond_t          changed;
    bool                    closing, failing;
    bool                    due; /* it looks again at once */
    struct live_stream     *first;
    size_t                  num;
    struct kept            *ring; /* LIVE_RING; the event at place i % LIVE_RING */
    uint64_t                begin, end;
    int64_t                 newest;  /* number of the newest event that was looked at */
    int64_t                 dropped; /* of the newest that is not kept any more */
    const struct area_tree *areas;   /* held until there are others; NULL before the first look */
    uint64_t                tree;    /* counts them: 1, 2, … */
    struct store_reader    *reader;
    bool                    check_due;
    int64_t                 check_at;
    struct store_event      events[PAGE];
};

static int64_t now_of(const struct live *live)
{
    return live->options.clock.now != NULL ? live->options.clock.now(live->options.clock.context) : instant_now();
}

/* ---- what a stream may see ---- */

/* The areas of its grant in the tree as it is; made anew where the tree is another. */
static bool know_grant(struct live_stream *stream)
{
    const struct live *live = stream->live;
    if (stream->tree == live->tree)
        return live->areas != NULL;
    arena_free(&stream->granted_arena);
    stream->tree = 0;
    if (area_set_of_grant(live->areas, &stream->access, &stream->granted_arena, &stream->granted) != 0)
        return false;
    stream->tree = live->tree;
    return true;
}

static bool is_own_job(const struct live_stream *stream, const struct kept *event)
{
    const struct live_options *options = &stream->live->options;
    return event->record == model_record(MODEL_JOB) && options->own_job != NULL && stream->kind == CALLER_PERSON &&
           options->own_job(options->own_context, &event->event.id, &stream->access.user);
}

static bool may_see(struct live_stream *stream, const struct kept *event)
{
    if (is_own_job(stream, event))
        return true;
    return know_grant(stream) &&
           store_may_see(&stream->access, stream->live->areas, &stream->granted, event->record, &event->event);
}

/* Take the areas as they are now. */
static void take_areas(struct live *live, const struct area_tree *areas)
{
    const struct area_tree *old = live->areas;
    if (areas != old) {
        live->areas = areas;
        live->tree++;
        areas = old;
    }
    if (areas != NULL)
        store_release_areas(live->options.store, areas);
}

static size_t write_frame(const struct store_event *event, char frame[LIVE_FRAME_BYTES])
{
    char id[ID_TEXT_BYTES], area[ID_TEXT_BYTES];
    id_to_text(&event->id, id);
    id_to_text(&event->area, area);
    bool placed = !id_is_missing(&event->area);
    int  size = snprintf(frame, LIVE_FRAME_BYTES,
                         "id: %" PRId64 "\nevent: change\ndata: {\"type\":\"%.40s\",\"id\":\"%s\",\"version\":%" PRId64
                         "%s%s%s}\n\n",
                         event->number, event->record, id, event->version, placed ? ",\"area\":\"" : "",
                        placed ? area : "", placed ? "\"" : "");
    return size > 0 && size < LIVE_FRAME_BYTES ? (size_t) size : 0;
}

/* ---- the follower ---- */

static void wake(struct live_stream *stream)
{
    if (stream->sleeping) {
        stream->sleeping = false;
        stream->transport.wake(stream->transport.context);
    }
}

static void end(struct live_stream *stream, enum reason reason)
{
    if (stream->reason == NOT_ENDED)
        stream->reason = reason;
    wake(stream);
}

/* Users, their grants, sessions and tokens: what a caller may do may have changed. */
static bool concerns_callers(const char *record)
{
    static const char *const names[] = { "user", "grant", "session", "token" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(record, names[i]) == 0)
            return true;
    return false;
}

static void keep(struct live *live, const struct store_event *event)
{
    struct kept *kept = &live->ring[live->end % LIVE_RING];
    if (live->end - live->begin == LIVE_RING) {
        live->dropped = kept->event.number;
        live->begin++;
    }
    kept->event = *event;
    kept->record = model_record_find(event->record);
    kept->size = (uint16_t) write_frame(event, kept->frame);
    live->end++;
    live->check_due |= concerns_callers(event->record);
}

/* Hand `num` new events on: wake who may see one; who sleeps and may see none has looked at them by that. */
static void hand_on(struct live *live, uint64_t from)
{
    for (struct live_stream *stream = live->first; stream != NULL; stream = stream->next) {
        bool sees = false;
        if (!stream->sleeping)
            continue;
        for (uint64_t i = from; i < live->end && !sees; i++)
            sees =
                live->ring[i % LIVE_RING].event.number > stream->after && may_see(stream, &live->ring[i % LIVE_RING]);
        if (sees)
            wake(stream);
        else
            stream->after = live->newest > stream->after ? live->newest : stream->after;
    }
}

static void look_at_clock(struct live *live, int64_t now)
{
    int64_t beat = (int64_t) (live->options.heartbeat_seconds * (double) INSTANT_SECOND);
    for (struct live_stream *stream = live->first; stream != NULL; stream = stream->next) {
        if (stream->until <= now)
            end(stream, ACCESS);
        if (stream->sleeping && now - stream->written >= beat) {
            stream->beat = true;
            wake(stream);
        }
    }
}

/* Is the caller still who they were, with the same grants? */
static bool is_unchanged(struct live *live, struct live_stream *stream, int64_t now)
{
    struct exchange exchange = { .method = HTTP_GET, .path = "/api/v1/live", .body = "", .peer = "" };
    exchange.now = now;
    exchange.server = stream->server;
    exchange.store = live->options.store;
    exchange.reader = live->reader;
    memcpy(exchange.headers, stream->headers, sizeof stream->headers);
    exchange.num_headers = stream->num_headers;
    int  ret = caller_find(&exchange);
    bool same = ret == 0 && exchange.caller.kind == stream->kind && exchange.caller.stamp == stream->stamp;
    /* a database that cannot be asked at the moment is no reason; it is asked again */
    bool unknown = ret == DB_ERR_LOST || ret == DB_ERR_BUSY || ret == TOC_ERR_NO_MEMORY;
    exchange_free(&exchange);
    return same || unknown;
}

static void check_callers(struct live *live, int64_t now)
{
    if (!live->check_due && now - live->check_at < LIVE_CHECK_SECONDS * INSTANT_SECOND)
        return;
    live->check_due = false;
    live->check_at = now;
    for (struct live_stream *stream = live->first; stream != NULL; stream = stream->next)
        if (stream->reason == NOT_ENDED && !is_unchanged(live, stream, now))
            end(stream, ACCESS);
}

/* One look at the store, under the lock but for the reading. */
static void follow_once(struct live *live)
{
    size_t  num = 0;
    int64_t after = live->newest;
    pthread_mutex_unlock(&live->lock);
    if (live->reader == NULL) {
        struct db_error error;
        if (store_reader_open(live->options.store, &live->reader, &error) != 0)
            live->reader = NULL;
    }
    int ret = live->reader == NULL ? DB_ERR_LOST : store_follow(live->reader, &after, live->events, PAGE, &num);
    const struct area_tree *areas = store_hold_areas(live->options.store);
    if (ret == DB_ERR_LOST) {
        store_reader_close(live->reader);
        live->reader = NULL;
    }
    pthread_mutex_lock(&live->lock);
    uint64_t from = live->end;
    take_areas(live, areas);
    if (ret == 0) {
        for (size_t i = 0; i < num; i++)
            keep(live, &live->events[i]);
        live->newest = after;
        live->due |= num == PAGE;
        if (num > 0)
            hand_on(live, from);
    }
    int64_t now = now_of(live);
    look_at_clock(live, now);
    if (live->reader != NULL)
        check_callers(live, now);
}

/* Nobody listened for a while: begin where the streams do. */
static void begin_anew(struct live *live)
{
    live->begin = live->end;
    live->newest = INT64_MAX;
    for (struct live_stream *stream = live->first; stream != NULL; stream = stream->next)
        live->newest = stream->after < live->newest ? stream->after : live->newest;
    live->dropped = live->newest;
}

static void *follow(void *context)
{
    struct live *live = context;
    pthread_setname_np(pthread_self(), "tocsin-live");
    pthread_mutex_lock(&live->lock);
    while (!live->closing) {
        struct timespec until = pause_end(LIVE_POLL_MS / 1e3);
        if (live->first == NULL) {
            while (live->first == NULL && !live->closing)
                pthread_cond_wait(&live->changed, &live->lock);
            if (!live->closing)
                begin_anew(live);
            continue;
        }
        follow_once(live);
        while (!live->closing && !live->due && pthread_cond_timedwait(&live->changed, &live->lock, &until) == 0)
            ;
        live->due = false;
    }
    take_areas(live, NULL);
    pthread_mutex_unlock(&live->lock);
    store_reader_close(live->reader);
    return NULL;
}

void live_wake(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    live->due = true;
    pthread_cond_signal(&live->changed);
    pthread_mutex_unlock(&live->lock);
}

/* ---- starting and stopping ---- */

int live_start(const struct live_options *options, struct live **started)
{
    struct db_error error;
    struct live    *live = calloc(1, sizeof *live);
    if (live == NULL || (live->ring = memory_array(LIVE_RING, sizeof *live->ring)) == NULL) {
        free(live);
        return TOC_ERR_NO_MEMORY;
    }
    live->options = *options;
    if (live->options.heartbeat_seconds <= 0)
        live->options.heartbeat_seconds = LIVE_HEARTBEAT_SECONDS;
    live->check_at = now_of(live);
    int ret = store_reader_open(options->store, &live->reader, &error);
    if (ret == 0)
        ret = store_newest_event(live->reader, &live->newest);
    live->dropped = live->newest;
    pthread_mutex_init(&live->lock, NULL);
    pause_init(&live->changed);
    if (ret == 0 && pthread_create(&live->thread, NULL, follow, live) != 0)
        ret = BASE_ERR_SYSTEM;
    if (ret != 0) {
        store_reader_close(live->reader);
        free(live->ring);
        free(live);
        return ret;
    }
    *started = live;
    return 0;
}

void live_end(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    live->failing = true;
    for (struct live_stream *stream = live->first; stream != NULL; stream = stream->next)
        end(stream, RESTART);
    pthread_mutex_unlock(&live->lock);
}

void live_stop(struct live *live)
{
    if (live == NULL)
        return;
    pthread_mutex_lock(&live->lock);
    live->closing = true;
    pthread_cond_signal(&live->changed);
    pthread_mutex_unlock(&live->lock);
    pthread_join(live->thread, NULL);
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->lock);
    free(live->ring);
    free(live);
}

size_t live_count(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    size_t num = live->num;
    pthread_mutex_unlock(&live->lock);
    return num;
}

/* ---- opening a stream ---- */

static bool take_ids(struct arena *arena, const struct id **ids, size_t num)
{
    if (num > 0)
        *ids = (const struct id *) arena_copy(arena, *ids, num * sizeof **ids);
    return num == 0 || *ids != NULL;
}

/* Its own copies of what belongs to the exchange. */
static struct live_stream *stream_of(const struct exchange *exchange)
{
    const struct caller *caller = &exchange->caller;
    struct live_stream  *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->live = exchange->server->live;
    stream->server = exchange->server;
    stream->kind = caller->kind;
    stream->who = caller->kind == CALLER_MACHINE ? caller->token : caller->session;
    stream->stamp = caller->stamp;
    stream->until = caller->until;
    stream->written = exchange->now;
    stream->access = caller->access;
    bool whole = take_ids(&stream->arena, &stream->access.areas, caller->access.num_areas) &&
                 take_ids(&stream->arena, &stream->access.facilities, caller->access.num_facilities);
    for (size_t i = 0; i < NUM_IDENTIFYING; i++) {
        const char *value = exchange_header(exchange, identifying[i]);
        if (value == NULL)
            continue;
        const char *copy = arena_copy(&stream->arena, value, strlen(value));
        whole = whole && copy != NULL;
        stream->headers[stream->num_headers++] = (struct http_pair){ identifying[i], copy };
    }
    if (!whole) {
        arena_wipe(&stream->arena);
        free(stream);
        return NULL;
    }
    return stream;
}

/* What has happened since `after`, from the store, into the answer's body. */
static int resume(struct exchange *exchange, int64_t *after)
{
    struct sink        *body = &exchange->answer.body;
    struct store_event *events = arena_array(&exchange->arena, PAGE, sizeof *events);
    size_t              num = PAGE, sent = 0;
    char                frame[LIVE_FRAME_BYTES];
    int                 ret = events != NULL ? 0 : TOC_ERR_NO_MEMORY;
    while (ret == 0 && num == PAGE && sent < LIVE_MAX_RESUME) {
        ret = store_events(exchange->reader, &exchange->caller.access, after, &exchange->arena, events, PAGE, &num);
        for (size_t i = 0; ret == 0 && i < num; i++)
            sink_write(body, frame, write_frame(&events[i], frame));
        sent += num;
    }
    if (ret == 0 && num == PAGE) { /* more than that: whoever comes back reads everything anew */
        ret = store_newest_event(exchange->reader, after);
        body->used = 0;
        sink_format(body, "id: %" PRId64 "\nevent: end\ndata: {\"reason\":\"again\"}\n\n", *after);
    }
    return ret;
}

static int find_place(struct exchange *exchange, int64_t *after)
{
    const char *last = exchange_header(exchange, "last-event-id");
    int64_t     newest;
    int         ret = store_newest_event(exchange->reader, &newest);
    if (ret != 0)
        return ret;
    if (last == NULL || text_to_integer(last, strlen(last), 0, INT64_MAX, after) != 0) {
        *after = newest;
        return 0;
    }
    if (*after > newest) /* of another database, or of before a restore */
        *after = newest;
    return *after < newest ? resume(exchange, after) : 0;
}

/* One stream a session: the older one ends. Some a token. Under the lock. */
static int make_room(struct live *live, const struct live_stream *stream)
{
    size_t of_token = 0;
    if (live->failing || live->num >= LIVE_MAX_STREAMS)
        return SERVER_ERR_BUSY;
    for (struct live_stream *other = live->first; other != NULL; other = other->next) {
        if (other->kind != stream->kind || !id_equal(&other->who, &stream->who))
            continue;
        if (stream->kind == CALLER_PERSON)
            end(other, ELSEWHERE);
        else
            of_token += other->reason == NOT_ENDED;
    }
    return of_token < LIVE_PER_TOKEN ? 0 : SERVER_ERR_TOO_MANY;
}

int live_answer(struct exchange *exchange)
{
    int64_t after = 0;
    if (exchange->server == NULL)
        return SERVER_ERR_BUSY;
    struct live *live = exchange->server->live;
    int          ret = find_place(exchange, &after);
    if (ret != 0)
        return ret;
    struct live_stream *stream = stream_of(exchange);
    if (stream == NULL)
        return TOC_ERR_NO_MEMORY;
    stream->after = after;
    pthread_mutex_lock(&live->lock);
    ret = make_room(live, stream);
    if (ret == 0) {
        stream->next = live->first;
        if (live->first != NULL)
            live->first->previous = stream;
        live->first = stream;
        if (live->num++ == 0) {
            live->check_at = now_of(live);
            pthread_cond_signal(&live->changed);
        }
    }
    pthread_mutex_unlock(&live->lock);
    if (ret != 0) {
        arena_wipe(&stream->arena);
        free(stream);
        answer_header(exchange, "Retry-After", "10");
        return ret;
    }
    sink_text(&exchange->answer.body, ": open\n\n");
    answer_header(exchange, "X-Accel-Buffering", "no");
    exchange->answer.type = "text/event-stream";
    exchange->answer.live = stream;
    return 0;
}

/* ---- reading a stream ---- */

void live_attach(struct live_stream *stream, const struct live_transport *transport)
{
    pthread_mutex_lock(&stream->live->lock);
    stream->transport = *transport;
    stream->attached = true;
    pthread_mutex_unlock(&stream->live->lock);
}

static size_t take_events(struct live_stream *stream, char *bytes, size_t size)
{
    struct live *live = stream->live;
    size_t       used = 0;
    uint64_t     low = live->begin, high = live->end;
    while (low < high) { /* the first behind its place */
        uint64_t middle = low + (high - low) / 2;
        if (live->ring[middle % LIVE_RING].event.number > stream->after)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < live->end; low++) {
        const struct kept *event = &live->ring[low % LIVE_RING];
        if (may_see(stream, event)) {
            if (event->size > size - used)
                break;
            memcpy(bytes + used, event->frame, event->size);
            used += event->size;
        }
        stream->after = event->event.number;
    }
    return used;
}

static ssize_t say_end(struct live_stream *stream, char *bytes, size_t size)
{
    if (stream->said_end)
        return LIVE_ENDED;
    stream->said_end = true;
    unsigned retry = 1000 + (unsigned) ((uintptr_t) stream / 64 * 2654435761U % SPREAD_MS);
    int      written = snprintf(bytes, size, "retry: %u\nevent: end\ndata: {\"reason\":\"%s\"}\n\n", retry,
                                reason_words[stream->reason]);
    return written > 0 && (size_t) written < size ? written : LIVE_ENDED;
}

static ssize_t read_some(struct live_stream *stream, char *bytes, size_t size)
{
    struct live *live = stream->live;
    if (stream->reason == NOT_ENDED && stream->after < live->dropped)
        stream->reason = RESTART; /* too slow: what comes next is kept no more */
    if (stream->reason != NOT_ENDED)
        return say_end(stream, bytes, size);
    size_t used = take_events(stream, bytes, size);
    if (used == 0 && stream->beat) {
        memcpy(bytes, ":\n\n", 3);
        used = 3;
    }
    stream->beat = false;
    if (used > 0) {
        stream->written = now_of(live);
        return (ssize_t) used;
    }
    stream->sleeping = true;
    stream->transport.sleep(stream->transport.context);
    return 0;
}

ssize_t live_read(struct live_stream *stream, char *bytes, size_t size)
{
    pthread_mutex_lock(&stream->live->lock);
    ssize_t used = read_some(stream, bytes, size);
    pthread_mutex_unlock(&stream->live->lock);
    return used;
}

void live_close(struct live_stream *stream)
{
    if (stream == NULL)
        return;
    struct live *live = stream->live;
    pthread_mutex_lock(&live->lock);
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        live->first = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    live->num--;
    pthread_mutex_unlock(&live->lock);
    arena_free(&stream->granted_arena);
    arena_wipe(&stream->arena);
    free(stream);
}
