/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/calls.h: calls people out. A thread writes the notices that are due (response/call.h), at once after a
 * round that raised signals, else every CALLS_LOOK_SECONDS, and sends what waits, by mail and by web-hook, whichever
 * the settings name; neither: nobody is called.
 *
 * A notice is sent at least once, always with its own id (Message-ID, "id" of the web-hook): what was handed over when
 * the server died, before that was written down, comes a second time and is known by it. Handing over fails: again
 * after CALLS_PAUSE seconds, twice as long each time, CALLS_LONGEST_PAUSE at most, until the notice is given up.
 *
 * mail          by call_mail (smtp:// or smtps://) from call_mail_from; TLS is needed unless the server is this machine
 * web-hook      JSON by POST to call_hook, https:// or this machine, with Tocsin-Signature: t=SECONDS,v1=HMAC, the
 * HMAC- SHA-256 in hex of "SECONDS.BODY" under the secret; no redirect is followed, and addresses are judged as
 *               outgoing.h says. Any 2xx has taken it
 */
#ifndef SERVER_CALLS_H
#define SERVER_CALLS_H

#include "response/call.h"
#include "store/node_settings.h"

#define CALLS_LOOK_SECONDS 5
#define CALLS_PAUSE 5 /* seconds after the first failure */
#define CALLS_LONGEST_PAUSE 900
#define CALLS_CHANNEL_PAUSE 60 /* a channel that fails is left alone for so long at most, after 1, 2, 4 … seconds */
#define CALLS_MOST_AT_ONCE 200
#define CALLS_TOKEN_BYTES (4 * ID_BYTES + 1) /* of a link, as text with its end */
#define CALLS_LINK_DAYS 7                    /* a link ends then */

struct calls;
struct log;

struct calls_options {
    struct store               *store;
    struct log                 *log;
    struct store_clock          clock;
    const struct node_settings *settings; /* borrowed */
    const char                 *key;      /* file of the key that links are made with; made where it is missing */
    const char                 *url;      /* of this server, for links */
};

/* 0 with *calls NULL where the settings name neither way. BASE_ERR_INPUT: settings that cannot be used, in faults;
 * BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  calls_start(const struct calls_options *options, struct calls **calls, struct fault_list *faults);
void calls_stop(struct calls *calls); /* after the message at hand; NULL is fine */
void calls_wake(struct calls *calls); /* there may be a new signal; NULL is fine */

/* The secret of a notice's link, and back: false where it is none that was made here. */
void calls_token(const struct calls *calls, const struct id *notice, char text[CALLS_TOKEN_BYTES]);
bool calls_read_token(const struct calls *calls, const char *text, struct id *notice);

struct calls_state {
    int64_t sent, failures; /* messages handed over; tries that failed */
    int64_t waiting;        /* notices that wait to be sent */
    size_t  nobody;         /* calls that are due while nobody who can be reached is on duty */
};
void calls_watch(struct calls *calls, struct calls_state *state);

#endif
