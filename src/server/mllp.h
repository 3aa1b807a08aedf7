/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/mllp.h: HL7 v2 over MLLP: listeners of the node's settings ([mllp NAME] of tocsin.conf), each with an
 * address and a port of its own, for one feed or for all of the channel.
 *
 *     accepting   one thread for all listeners: who may not connect is closed at once
 *     connection  one thread each, which waits for its peer alone: reads a frame, has it taken in
 *                 (response/intake_hl7.h), answers when it is durable. Those that wait at the same time share a commit
 *
 * Without TLS a listener is for this machine alone, unless its settings name an address of the machine, a port, the
 * feed and the addresses that may connect.
 */
#ifndef SERVER_MLLP_H
#define SERVER_MLLP_H

#include "base/fault.h"
#include "server/server.h"

#define MLLP_MOST_BYTES ((size_t) 8 << 20) /* of a message, with its batch */
#define MLLP_MOST_CONNECTIONS 512
#define MLLP_MOST_PER_PEER 64   /* of one address */
#define MLLP_TLS_SECONDS 10     /* for the handshake */
#define MLLP_IDLE_SECONDS 3600  /* between two messages; a peer that has gone is noticed by keep-alive sooner */
#define MLLP_MESSAGE_SECONDS 60 /* for a message that has begun, and 1 second for each 16 KiB of it */
#define MLLP_ANSWER_SECONDS 30  /* to take an answer */

struct mllp_listeners;
struct node_mllp;

/* Check the settings and listen. 0, BASE_ERR_INPUT, BASE_ERR_SYSTEM with the listener and key at fault. */
int mllp_start(struct server *server, const struct node_mllp *settings, size_t num, const struct mllp_limits *limits,
               struct mllp_listeners **listeners, struct fault_list *faults);

/* No new connections; messages that have come whole are answered; then the connections end. NULL is fine. */
void mllp_stop(struct mllp_listeners *listeners);

/* Where a listener listens ("127.0.0.1:2575"); NULL past the last. */
const char *mllp_place(const struct mllp_listeners *listeners, size_t number);

struct mllp_state {
    int64_t connections;                             /* now */
    int64_t accepted, refused, timed_out, too_large; /* connections, and frames, since the start */
};
void mllp_watch(struct mllp_listeners *listeners, struct mllp_state *state);

#endif
