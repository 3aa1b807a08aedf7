/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/listen.h: where a server listens: an address of the machine, or a unix socket. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdbool.h>

#include "base/fault.h"

#define LISTEN_HOST_BYTES 64
#define LISTEN_PATH_BYTES 108 /* of a unix socket, with its end: as the system has it */

struct listen_place {
    bool     unix_socket, loopback;   /* a unix socket is neither */
    char     host[LISTEN_HOST_BYTES]; /* "127.0.0.1", "[::1]" */
    unsigned port;                    /* 0 = any */
    char     path[LISTEN_PATH_BYTES];
};

#define LISTEN_ALLOWED "ADDRESS:PORT ([::1]:8420 for IPv6) or unix:PATH"

/* Read a place as text. 0 or BASE_ERR_INPUT with a fault. */
int listen_read(const char *text, struct listen_place *place, struct fault_list *faults);

/* Listen there; the port that was found is put into the place. A unix socket (mode 0660) takes the place of one that
 * nobody listens on. 0 or BASE_ERR_SYSTEM with the reason in faults. */
int listen_open(struct listen_place *place, int *fd, struct fault_list *faults);

#endif
