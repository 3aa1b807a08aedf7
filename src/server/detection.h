/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/detection.h: the watch runs by itself. A thread judges the streams of the node (response/watch_run.h)
 *
 *     at the start       so what came in while no server ran, or when one was killed, is judged
 *     on arrival         when anything was committed but what the watch itself and those who answer it write
 *     on schedule        when a day begins, since a series without cases goes on too
 *
 * A round sees the newest commit, so one round serves whatever has come in until it begins: 10,000 messages in a burst
 * end in the same signals as one. After a round it rests as long as the round took, DETECTION_REST_MS at least and
 * DETECTION_LONGEST_REST at most: it takes half of a processor when there is always something new. A round that failed
 * is tried again, after a pause that doubles.
 *
 * What a round has judged is kept for the next one, which reads only what has changed (response/watch_memory.h).
 * Nothing of it has to be remembered: a round that is cut off anywhere, by kill -9 say, is done anew by the next
 * server, and ids of alarms follow from what they are about, so none is written twice.
 */
#ifndef SERVER_DETECTION_H
#define SERVER_DETECTION_H

#include "response/watch_run.h"
#include "store/store.h"

#define DETECTION_LOOK_MS 25        /* it looks so often whether anything was committed */
#define DETECTION_REST_MS 25        /* after a round, at least */
#define DETECTION_LONGEST_REST 60   /* seconds */
#define DETECTION_PAUSE 1           /* seconds after the first failure */
#define DETECTION_LONGEST_PAUSE 300 /* seconds */

struct detection;
struct log;

struct detection_options {
    struct store      *store;
    struct log        *log;   /* NULL = none */
    struct store_clock clock; /* { NULL } = the machine's */
    /* Called in its thread after a round that has raised signals; NULL = nobody. */
    void (*raised)(void *context);
    void *context;
};

/* 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  detection_start(const struct detection_options *options, struct detection **detection);
void detection_stop(struct detection *detection); /* after the round at hand; NULL is fine */

/* For whoever watches over the node. */
struct detection_state {
    int64_t rounds, failures, signals; /* since the start */
    size_t  num_streams, num_watched;  /* of the newest round */
    int64_t last;                      /* instant at which the newest round that did not fail began; 0 = none yet */
    double  seconds;                   /* that it took */
    double  waiting;                   /* for so many seconds something that came in has not been judged; 0: nothing */
};
void detection_watch(struct detection *detection, struct detection_state *state);

#endif
