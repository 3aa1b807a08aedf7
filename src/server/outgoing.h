/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/outgoing.h: a request that the server itself makes, to an address which its settings name or which such an
 * address has named: the identity provider, a web-hook, a mail server. Only outgoing.c knows libcurl.
 *
 * https alone, with the provider's certificate checked; http to this machine itself, for trials. No redirect is
 * followed, no proxy is asked, no cookie is kept; name, connection, answer and the whole have bounds. Which machine an
 * address leads to is judged after its name has been resolved, so that no name leads to this machine, or to what only
 * its own net can reach by itself, unless the settings name this machine.
 *
 * It waits for others: never call it from an event thread.
 */
#ifndef SERVER_OUTGOING_H
#define SERVER_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"

struct sockaddr;

#define OUTGOING_URL_BYTES 1024 /* with the end */
#define OUTGOING_CONNECT_MS 3000
#define OUTGOING_WHOLE_MS 8000
#define OUTGOING_HEADER_BYTES 160
#define OUTGOING_RECEIPT_BYTES 121

struct outgoing {
    const char *url;
    const char *form;            /* sent as a form by POST; NULL = GET */
    const char *json;            /* or: sent as JSON by POST */
    const char *header;          /* one more; NULL = none */
    const char *user, *password; /* of Basic; NULL = none */
    const char *authority;       /* file with the certificates that are trusted; NULL = the system's */
    size_t      most;            /* bytes of an answer */
    bool        loopback;        /* this machine is meant */
};

struct outgoing_answer {
    int    status;
    char  *body; /* ended with '\0' */
    size_t size;
};

/* May the address be asked: https with a host, or http of this machine; no user, no fragment, no blank. *loopback: it
 * names this machine. */
bool outgoing_url_allowed(const char *url, bool *loopback);

/* May a connection go there? Not to this machine (unless it is meant), a link's own addresses, many at once, or
 * nobody. */
bool outgoing_address_allowed(const struct sockaddr *address, bool loopback);

/* Make it. 0, whatever the answer's status; BASE_ERR_SYSTEM with the reason in faults, without the address's query;
 * TOC_ERR_NO_MEMORY. */
int outgoing_fetch(const struct outgoing *request, struct arena *arena, struct outgoing_answer *answer,
                   struct fault_list *faults);

/* The same of a mail server: smtp:// or smtps:// with a host, perhaps a port, and nothing else. */
bool outgoing_mail_url_allowed(const char *url, bool *loopback);

struct outgoing_mail {
    const char *url;
    const char *user, *password; /* NULL = none */
    const char *authority;       /* as above */
    const char *from, *to;       /* addresses without brackets; checked by the caller */
    const char *text;            /* headers and body, lines ended by CR LF */
};

/* Hand a mail over: 0 when the server has taken it; receipt: what it said, as far as it is plain. smtp:// of another
 * machine is refused where it does not offer TLS (STARTTLS). Errors as above. */
int outgoing_mail(const struct outgoing_mail *mail, char receipt[OUTGOING_RECEIPT_BYTES], struct fault_list *faults);

/* Put name=value of a form or query behind a text, escaped, after a & where something stands there. False where it
 * does not fit in `size` bytes. */
bool outgoing_add_pair(char *text, size_t size, const char *name, const char *value);

#endif
