/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "server/pause.h"
#include "tocsin/status.h"

enum { LINE_BYTES = 600, WRITE_WAIT_MS = 1000 };

struct log {
    int             fd;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  due;
    bool            closing, urgent;
    int64_t         dropped;
    size_t          used;
    char            gathered[LOG_BUFFER_BYTES];
    char            leaving[LOG_BUFFER_BYTES];
};

/* Write, but wait no longer than a second for a reader that is stuck. */
static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        struct pollfd ready = { .fd = fd, .events = POLLOUT };
        if (poll(&ready, 1, WRITE_WAIT_MS) <= 0 || (ready.revents & POLLOUT) == 0)
            return false;
        ssize_t wrote = write(fd, bytes, size > 4096 ? 4096 : size); /* a pipe that is ready takes so much */
        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (wrote > 0) {
            bytes += wrote;
            size -= (size_t) wrote;
        }
    }
    return true;
}

static void *flush(void *context)
{
    struct log *log = context;
    bool        closing = false;
    pthread_setname_np(pthread_self(), "tocsin-log");
    while (!closing) {
        pthread_mutex_lock(&log->lock);
        while (log->used == 0 && !log->closing)
            pthread_cond_wait(&log->due, &log->lock);
        struct timespec until = pause_end(LOG_FLUSH_MS / 1e3);
        while (!log->urgent && !log->closing && log->used < LOG_BUFFER_BYTES / 2 &&
               pthread_cond_timedwait(&log->due, &log->lock, &until) == 0)
            ;
        size_t size = log->used;
        memcpy(log->leaving, log->gathered, size);
        log->used = 0;
        log->urgent = false;
        closing = log->closing;
        pthread_mutex_unlock(&log->lock);
        write_all(log->fd, log->leaving, size);
    }
    return NULL;
}

int log_start(int fd, struct log **started)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return TOC_ERR_NO_MEMORY;
    log->fd = fd;
    pthread_mutex_init(&log->lock, NULL);
    pause_init(&log->due);
    if (fd >= 0 && pthread_create(&log->thread, NULL, flush, log) != 0) {
        free(log);
        return BASE_ERR_SYSTEM;
    }
    *started = log;
    return 0;
}

void log_stop(struct log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    pthread_cond_signal(&log->due);
    pthread_mutex_unlock(&log->lock);
    if (log->fd >= 0)
        pthread_join(log->thread, NULL);
    pthread_cond_destroy(&log->due);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

static void put(struct log *log, const char *line, size_t size, bool urgent)
{
    if (log->fd < 0)
        return;
    pthread_mutex_lock(&log->lock);
    if (size > LOG_BUFFER_BYTES - log->used) {
        log->dropped++;
    } else {
        memcpy(log->gathered + log->used, line, size);
        bool first = log->used == 0;
        log->used += size;
        log->urgent |= urgent;
        if (first || urgent || log->used > LOG_BUFFER_BYTES / 2)
            pthread_cond_signal(&log->due);
    }
    pthread_mutex_unlock(&log->lock);
}

void log_number(uint64_t number, char text[LOG_NUMBER_BYTES])
{
    for (int digit = 0; digit < LOG_NUMBER_BYTES - 1; digit++)
        text[digit] = "0123456789abcdef"[number >> (4 * (LOG_NUMBER_BYTES - 2 - digit)) & 0xf];
    text[LOG_NUMBER_BYTES - 1] = '\0';
}

/* A line that is put together without printf: there is one a request. */
struct line {
    char   bytes[LINE_BYTES];
    size_t used;
};

static void put_text(struct line *line, const char *text)
{
    size_t size = strlen(text), room = sizeof line->bytes - line->used;
    memcpy(line->bytes + line->used, text, size < room ? size : room);
    line->used += size < room ? size : room;
}

static void put_integer(struct line *line, const char *before, int64_t value)
{
    char text[TEXT_INTEGER_BYTES];
    text_from_integer(value, text);
    put_text(line, before);
    put_text(line, text);
}

void log_request(struct log *log, const struct log_request *request)
{
    char        time[INSTANT_TEXT_BYTES] = "", number[LOG_NUMBER_BYTES];
    struct line line;
    line.used = 0;
    instant_to_text(request->at, time);
    log_number(request->number, number);
    put_text(&line, "{\"time\":\"");
    put_text(&line, time);
    put_text(&line, "\",\"level\":\"info\",\"event\":\"request\",\"method\":\"");
    put_text(&line, request->method); /* and the route: the program's own words */
    put_text(&line, "\",\"route\":\"");
    put_text(&line, request->route != NULL ? request->route : "");
    put_integer(&line, "\",\"status\":", request->status);
    put_integer(&line, ",\"us\":", request->microseconds);
    put_integer(&line, ",\"bytes\":", request->bytes);
    put_text(&line, ",\"request\":\"");
    put_text(&line, number);
    put_text(&line, request->broken ? "\",\"broken\":true}\n" : "\"}\n");
    if (line.used < sizeof line.bytes)
        put(log, line.bytes, line.used, false);
}

void log_say(struct log *log, enum log_level level, int64_t at, const char *event, const char *text)
{
    static const char *const words[] = { "info", "warning", "error" };
    char                     time[INSTANT_TEXT_BYTES] = "";
    struct sink              line;
    struct json_writer       json;
    instant_to_text(at, time);
    sink_init_memory(&line);
    json_writer_init(&json, &line);
    json_begin_object(&json);
    json_key(&json, "time");
    json_put_string(&json, time);
    json_key(&json, "level");
    json_put_string(&json, words[level]);
    json_key(&json, "event");
    json_put_string(&json, event);
    json_key(&json, "text");
    json_put_string(&json, text);
    json_end(&json);
    sink_character(&line, '\n');
    if (line.failure == 0)
        put(log, line.bytes, line.used, level != LOG_LEVEL_INFO);
    sink_free(&line);
}

int64_t log_dropped(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    int64_t dropped = log->dropped;
    pthread_mutex_unlock(&log->lock);
    return dropped;
}
