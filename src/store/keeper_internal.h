/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/keeper_internal.h: the parent's side: the process's handle, and one round trip. */
#ifndef STORE_KEEPER_INTERNAL_H
#define STORE_KEEPER_INTERNAL_H

#include <pthread.h>

#include "store/keeper_wire.h"

struct keeper {
    char             *directory;
    char             *program; /* NULL: forked without exec */
    struct wire_hello hello;   /* as each start sends it: to serve */
    double            timeout_seconds;
    bool              restarts;
    double            restarted; /* when it was last tried, on the monotonic clock */
    pthread_mutex_t   mutex;     /* over all below: one call at a time */
    int               socket;    /* -1: lost */
    pid_t             process;
    uint32_t          newest[KEEPER_NUM_KINDS];
    uint8_t          *payload; /* WIRE_MAX_BYTES each, locked (sodium_malloc), cleared after each call */
    uint8_t          *result;
};

/* One round trip; the caller holds the mutex and has filled payload. 0, or the failure in error; result then holds
 * nothing. Both ends' buffers are to be cleared with keeper_clear. */
int keeper_round_trip(struct keeper *keeper, const struct wire_request *request, struct wire_answer *answer,
                      struct keeper_error *error);

/* Clear what a round trip left in the buffers. */
void keeper_clear(struct keeper *keeper, size_t request_bytes, size_t answer_bytes);

/* End the process and start it with a task; the caller holds the mutex. */
int keeper_begin(struct keeper *keeper, const struct wire_hello *hello, struct keeper_error *error);

#endif
