/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/worker_wire.h: what goes over the socket between the server and its worker process. One packet a message
 * (SOCK_SEQPACKET), in the machine's order of bytes: both ends are the same program. A packet that is not exactly what
 * it says of itself ends the other side's trust: the server kills the worker, the worker ends.
 *
 *     server → worker   HELLO      text: the database's address
 *                       JOB        job, attempt, now, who, kind, text: parameters; with a descriptor: the result's file
 *                       CANCEL     job
 *     worker → server   READY      the database is open, the process confined
 *                       PROGRESS   job, fraction, rows; a fraction of 1: what comes now may take longer than a lease
 *                       DONE       job, status, rows; text: why it failed, a sentence; "" where status is 0
 */
#ifndef SERVER_WORKER_WIRE_H
#define SERVER_WORKER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/access.h"

enum worker_word {
    WORKER_HELLO = 1,
    WORKER_JOB,
    WORKER_CANCEL,
    WORKER_READY,
    WORKER_PROGRESS,
    WORKER_DONE,
    WORKER_NUM_WORDS
};

#define WORKER_MOST_AREAS 200 /* and facilities: as many as grants of a user are looked at */
#define WORKER_MOST_KIND 60
#define WORKER_MOST_TEXT 4000 /* bytes */
#define WORKER_MOST_BYTES (120 + WORKER_MOST_AREAS * ID_BYTES + WORKER_MOST_KIND + WORKER_MOST_TEXT)

/* The status of a job that ended because the server wished it to. */
#define WORKER_CANCELLED (-1599)

struct worker_message {
    enum worker_word word;
    struct id        job;
    uint32_t         attempt;
    int64_t          now, rows;
    double           fraction; /* 0 … 1 */
    int32_t          status;
    struct access    who;                        /* without a purpose; areas, facilities: those below */
    struct id        areas[WORKER_MOST_AREAS];   /* who.num_areas, then who.num_facilities */
    char             kind[WORKER_MOST_KIND + 1]; /* of the job */
    char             text[WORKER_MOST_TEXT + 1];
};

/* Into a packet. Returns its size, or 0: a text or the areas are too long, or it cannot be read back for another
 * reason (worker_read). */
size_t worker_write(const struct worker_message *message, uint8_t packet[WORKER_MOST_BYTES]);

/* Out of a packet. False: it is none; *message is then undefined. Texts are UTF-8 without NUL and ended; what a word
 * does not have is zero. */
bool worker_read(const uint8_t *packet, size_t size, struct worker_message *message);

/* Over a socket. fd: goes with it; -1 = none. 0, or -1: the other side is gone, or does not take it in time. */
int worker_send(int socket, const struct worker_message *message, int fd);

/* The next message; *fd (may be NULL: a descriptor is then closed) = what came with it, or -1. `wait`: until there is
 * one. 1; 0: none is there (without `wait`); -1: the other side is gone, or has sent what is no message. */
int worker_receive(int socket, bool wait, struct worker_message *message, int *fd);

#endif
