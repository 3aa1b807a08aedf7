/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_quota.h: how much one sender may send: messages a minute, messages and bytes a day.
 *
 * A sender is its feed, else the institution of its token, else the user; all of no known feed are one. The minute is a
 * bucket that holds as many messages as are allowed in one and fills evenly; the day is the node's. What is too much is
 * not kept and not acknowledged: the sender is told which limit it is and in how many seconds to send again, and has it
 * still. Rows of a file do not count, the file does.
 *
 * Counts lie in memory: a server that is started anew begins with empty ones.
 */
#ifndef RESPONSE_INTAKE_QUOTA_H
#define RESPONSE_INTAKE_QUOTA_H

#include <pthread.h>

#include "base/id.h"
#include "tocsin/date.h"

struct intake_limits { /* 0 = none */
    int64_t messages_a_minute, messages_a_day, bytes_a_day;
};

struct intake_sender {
    struct id id;
    double    room;   /* of the minute's bucket, at `filled` */
    int64_t   filled; /* instant */
    toc_date  day;
    int64_t   messages, bytes; /* of that day */
};

/* All senders of one server; from zeroes, with its limits and its lock. */
struct intake_quotas {
    struct intake_limits  limits;
    pthread_mutex_t       lock;
    struct intake_sender *senders; /* by id */
    size_t                num, room;
};

/* May it send one more, of so many bytes? Then it is counted. 0; INTAKE_ERR_LIMIT with the seconds until it may, at
 * least 1; TOC_ERR_NO_MEMORY. limit: which, in words, with room for INTAKE_QUOTA_BYTES. */
#define INTAKE_QUOTA_BYTES 80
int  intake_quota_take(struct intake_quotas *quotas, const struct id *sender, size_t bytes, int64_t now,
                       int64_t *seconds, char limit[INTAKE_QUOTA_BYTES]);
void intake_quotas_free(struct intake_quotas *quotas);

#endif
