/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/detection.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "server/log.h"
#include "server/pause.h"
#include "server/watch.h"

enum { PAGE = 256 };

struct detection {
    struct detection_options options;
    pthread_t                thread;
    pthread_mutex_t          lock; /* of what follows */
    pthread_cond_t           changed;
    bool                     closing;
    struct detection_state   state;
    double                   since; /* something waits since then; 0 = nothing does */

    /* of the thread alone */
    struct watch_memory *memory;
    struct store_reader *reader;
    struct store_event   events[PAGE];
    int64_t              after; /* number of the newest event that was looked at */
    toc_date             day;   /* for which the newest round was */
    double               pause; /* after the next failure, seconds */
};

static double seconds(void)
{
    return (double) watch_clock() / 1e6;
}

static int64_t now_of(const struct detection *detection)
{
    const struct store_clock *clock = &detection->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

/* ---- is anything new? ---- */

/* Written by the watch and by those who answer it, or about no series: nothing to judge. Whatever else is written may
 * be counted somewhere. */
static bool feeds_a_stream(const char *record)
{
    static const char *const others[] = { "alarm", "signal", "task",  "notice", "duty",    "outbreak", "outbreak_link",
                                          "job",   "user",   "grant", "answer", "session", "token" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(record, others[i]) == 0)
            return false;
    return true;
}

/* Look through the events since the last look, as far as the first that is something new: the round sees the rest.
 * Where they cannot be read, something may be new. */
static bool find_news(struct detection *detection)
{
    struct store_state state;
    bool               news = false;
    size_t             num = 0;
    store_watch(detection->options.store, &state);
    if (state.event <= detection->after)
        return false;
    do {
        struct db_error error;
        if (detection->reader == NULL && store_reader_open(detection->options.store, &detection->reader, &error) != 0) {
            detection->reader = NULL;
            return true;
        }
        int ret = store_follow(detection->reader, &detection->after, detection->events, PAGE, &num);
        if (ret != 0) {
            store_reader_close(detection->reader);
            detection->reader = NULL;
            return true;
        }
        for (size_t i = 0; i < num && !news; i++)
            news = feeds_a_stream(detection->events[i].record);
    } while (num == PAGE && !news);
    return news;
}

/* ---- a round ---- */

static void say(const struct detection *detection, enum log_level level, const char *text)
{
    if (detection->options.log != NULL)
        log_say(detection->options.log, level, now_of(detection), "watch", text);
}

static void tell(struct detection *detection, int status, const struct watch_report *report, int64_t now, double took)
{
    pthread_mutex_lock(&detection->lock);
    detection->state.rounds++;
    if (status != 0) {
        detection->state.failures++;
    } else {
        detection->state.signals += (int64_t) report->num_signals;
        detection->state.num_streams = report->num_streams;
        detection->state.num_watched = report->num_watched;
        detection->state.last = now;
        detection->state.seconds = took;
    }
    pthread_mutex_unlock(&detection->lock);
    if (status == 0 && report->num_signals > 0) {
        char text[120];
        snprintf(text, sizeof text, "%zu new signals, %zu of them deferred", report->num_signals, report->num_deferred);
        say(detection, LOG_LEVEL_INFO, text);
    }
}

/* Returns for how many seconds it rests then. */
static double do_round(struct detection *detection)
{
    const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct fault_list   faults = FAULT_LIST_INIT;
    struct watch_report report;
    int64_t             now = now_of(detection);
    toc_date            today = time_zone_day(now);
    double              began = seconds(), rest;
    struct store_state  state;
    store_watch(detection->options.store, &state);
    if (state.event > detection->after)
        detection->after = state.event; /* the round sees it */
    int status =
        watch_run(detection->options.store, &program, detection->memory, today, now, NULL, NULL, &report, &faults);
    double took = seconds() - began;
    fault_list_free(&faults);
    tell(detection, status, &report, now, took);
    if (status != 0) {
        rest = detection->pause;
        detection->pause = rest < DETECTION_LONGEST_PAUSE / 2 ? 2 * rest : DETECTION_LONGEST_PAUSE;
        say(detection, LOG_LEVEL_WARNING, "the streams could not be judged; it is tried again");
        return rest;
    }
    detection->pause = DETECTION_PAUSE;
    detection->day = today;
    if (report.num_signals > 0 && detection->options.raised != NULL)
        detection->options.raised(detection->options.context);
    rest = took > DETECTION_REST_MS / 1e3 ? took : DETECTION_REST_MS / 1e3;
    return rest < DETECTION_LONGEST_REST ? rest : DETECTION_LONGEST_REST;
}

/* ---- the thread ---- */

static void mark(struct detection *detection, double since)
{
    pthread_mutex_lock(&detection->lock);
    detection->since = since;
    pthread_mutex_unlock(&detection->lock);
}

static void *run(void *context)
{
    struct detection *detection = context;
    double            rest_until = 0, since = seconds(); /* what came before the start waits */
    pthread_setname_np(pthread_self(), "tocsin-detect");
    do {
        if (since == 0 && find_news(detection))
            since = seconds();
        if (since == 0 && time_zone_day(now_of(detection)) != detection->day)
            since = seconds();
        mark(detection, since);
        if (since == 0 || seconds() < rest_until)
            continue;
        int64_t failed = detection->state.failures; /* written by this thread alone */
        rest_until = do_round(detection);
        rest_until += seconds();
        if (detection->state.failures == failed)
            since = 0;
        mark(detection, since);
    } while (
        pause_for(&detection->lock, &detection->changed, &detection->closing, NULL, NULL, DETECTION_LOOK_MS / 1e3));
    store_reader_close(detection->reader);
    watch_memory_free(detection->memory);
    return NULL;
}

/* ---- from other threads ---- */

void detection_watch(struct detection *detection, struct detection_state *state)
{
    pthread_mutex_lock(&detection->lock);
    *state = detection->state;
    state->waiting = detection->since > 0 ? seconds() - detection->since : 0;
    pthread_mutex_unlock(&detection->lock);
}

int detection_start(const struct detection_options *options, struct detection **started)
{
    struct detection *detection = memory_array(1, sizeof *detection);
    if (detection == NULL)
        return TOC_ERR_NO_MEMORY;
    if (watch_memory_new(&detection->memory) != 0) {
        free(detection);
        return TOC_ERR_NO_MEMORY;
    }
    detection->options = *options;
    detection->pause = DETECTION_PAUSE;
    detection->since = seconds();
    pthread_mutex_init(&detection->lock, NULL);
    pause_init(&detection->changed);
    struct store_state state;
    store_watch(options->store, &state);
    detection->after = state.event; /* what lies before it the first round sees */
    if (pthread_create(&detection->thread, NULL, run, detection) != 0) {
        watch_memory_free(detection->memory);
        free(detection);
        return BASE_ERR_SYSTEM;
    }
    *started = detection;
    return 0;
}

void detection_stop(struct detection *detection)
{
    if (detection == NULL)
        return;
    pthread_mutex_lock(&detection->lock);
    detection->closing = true;
    pthread_cond_signal(&detection->changed);
    pthread_mutex_unlock(&detection->lock);
    pthread_join(detection->thread, NULL);
    pthread_cond_destroy(&detection->changed);
    pthread_mutex_destroy(&detection->lock);
    free(detection);
}
