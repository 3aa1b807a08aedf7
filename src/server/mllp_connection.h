/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/mllp_connection.h: one connection of an MLLP listener: frames in, acknowledgements out. */
#ifndef SERVER_MLLP_CONNECTION_H
#define SERVER_MLLP_CONNECTION_H

#include <stdatomic.h>

#include "response/intake_hl7.h"
#include "server/mllp.h"

struct ssl_ctx_st;

struct mllp_peer {
    int                    fd;
    struct ssl_ctx_st     *tls; /* NULL = plain */
    struct intake_hl7_door door;
    struct mllp_limits     limits;
    atomic_bool           *closing; /* no further message is begun */
};

enum mllp_end {
    MLLP_ENDED,  /* by the peer, or by us in good order */
    MLLP_NO_TLS, /* no TLS, or no certificate that is trusted */
    MLLP_LATE,   /* too long without a message, with one half sent, or with an answer not taken */
    MLLP_JUNK,   /* it does not speak MLLP */
    MLLP_OUT_OF_MEMORY
};

/* Serve until it ends; the descriptor stays open. num_too_large: frames that were over the limit, added to. */
enum mllp_end mllp_serve(struct mllp_peer *peer, atomic_int_fast64_t *num_too_large);

#endif
