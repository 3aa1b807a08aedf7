/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/mllp_link.h: a connection to an MLLP listener: one message out, then its answers. */
#ifndef CLI_MLLP_LINK_H
#define CLI_MLLP_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/hl7v2/mllp.h"

#define MLLP_LINK_HOST 255 /* bytes of a name, at most */
#define MLLP_LINK_WHY 300  /* bytes of a reason, with its end */

struct mllp_link_options {
    char        host[MLLP_LINK_HOST + 1]; /* a name, or an address without brackets */
    char        port[6];
    long        timeout_seconds; /* for connecting, and for each answer */
    bool        tls;
    bool        plain_anywhere;    /* without TLS also to another machine than this */
    const char *authority;         /* file of certificates that are trusted; NULL = the machine's own */
    const char *certificate, *key; /* files, ours; both or neither */
};

struct mllp_link;

/* "host:port" or "[address]:port". False where it is neither. */
bool mllp_link_target(const char *text, struct mllp_link_options *options);

/* Connect. Returns 0, or -1 with why: the name, the refusal, the certificate that is not trusted, … */
int  mllp_link_open(const struct mllp_link_options *options, struct mllp_link **link, char why[MLLP_LINK_WHY]);
void mllp_link_close(struct mllp_link *link); /* NULL is fine */

/* Send a message in its frame. 0 or -1. */
int mllp_link_send(struct mllp_link *link, const char *bytes, size_t size, char why[MLLP_LINK_WHY]);

/* The next frame that comes; the bytes hold until the next call. 0 or -1. */
int mllp_link_receive(struct mllp_link *link, const char **bytes, size_t *size, char why[MLLP_LINK_WHY]);

#endif
