/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_quota.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "response/intake_door.h"
#include "tocsin/status.h"

/* The sender, made where it is new; NULL: no memory. */
static struct intake_sender *find(struct intake_quotas *quotas, const struct id *id, int64_t now)
{
    size_t low = 0, high = quotas->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_compare(&quotas->senders[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < quotas->num && id_equal(&quotas->senders[low].id, id))
        return &quotas->senders[low];
    if (quotas->num == quotas->room) {
        size_t                room = quotas->room == 0 ? 16 : 2 * quotas->room;
        struct intake_sender *more = memory_resize(quotas->senders, room, sizeof *more);
        if (more == NULL)
            return NULL;
        quotas->senders = more;
        quotas->room = room;
    }
    memmove(&quotas->senders[low + 1], &quotas->senders[low], (quotas->num - low) * sizeof *quotas->senders);
    quotas->num++;
    quotas->senders[low] = (struct intake_sender){
        .id = *id, .room = (double) quotas->limits.messages_a_minute, .filled = now, .day = time_zone_day(now)
    };
    return &quotas->senders[low];
}

/* Since it was filled last, and a day that has begun. A clock that was set back fills nothing. */
static void go_on(struct intake_sender *sender, const struct intake_limits *limits, int64_t now)
{
    double   most = (double) limits->messages_a_minute, passed = (double) (now - sender->filled) / INSTANT_SECOND;
    toc_date day = time_zone_day(now);
    if (passed > 0)
        sender->room = fmin(most, sender->room + passed * most / 60);
    sender->filled = now;
    if (day == sender->day)
        return;
    sender->day = day;
    sender->messages = sender->bytes = 0;
}

static int refuse(int64_t wait, int64_t *seconds, char text[INTAKE_QUOTA_BYTES], int64_t limit, const char *unit)
{
    *seconds = wait > 1 ? wait : 1;
    snprintf(text, INTAKE_QUOTA_BYTES, "more than %" PRId64 " %s", limit, unit);
    return INTAKE_ERR_LIMIT;
}

static int decide(struct intake_sender *sender, const struct intake_limits *limits, size_t bytes, int64_t now,
                  int64_t *seconds, char text[INTAKE_QUOTA_BYTES])
{
    int64_t tomorrow = (time_zone_start(sender->day + 1) - now + INSTANT_SECOND - 1) / INSTANT_SECOND;
    if (limits->messages_a_day > 0 && sender->messages >= limits->messages_a_day)
        return refuse(tomorrow, seconds, text, limits->messages_a_day, "messages a day");
    if (limits->bytes_a_day > 0 && (int64_t) bytes > limits->bytes_a_day - sender->bytes)
        return refuse(tomorrow, seconds, text, limits->bytes_a_day >> 20, "MiB a day");
    if (limits->messages_a_minute > 0 && sender->room < 1)
        return refuse((int64_t) ceil((1 - sender->room) * 60 / (double) limits->messages_a_minute), seconds, text,
                      limits->messages_a_minute, "messages a minute");
    sender->room -= 1;
    sender->messages++;
    sender->bytes += (int64_t) bytes;
    return 0;
}

int intake_quota_take(struct intake_quotas *quotas, const struct id *sender, size_t bytes, int64_t now,
                      int64_t *seconds, char limit[INTAKE_QUOTA_BYTES])
{
    const struct intake_limits *limits = &quotas->limits;
    if (limits->messages_a_minute == 0 && limits->messages_a_day == 0 && limits->bytes_a_day == 0)
        return 0;
    pthread_mutex_lock(&quotas->lock);
    struct intake_sender *one = find(quotas, sender, now);
    int                   ret = one == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0) {
        go_on(one, limits, now);
        ret = decide(one, limits, bytes, now, seconds, limit);
    }
    pthread_mutex_unlock(&quotas->lock);
    return ret;
}

void intake_quotas_free(struct intake_quotas *quotas)
{
    free(quotas->senders);
    quotas->senders = NULL;
    quotas->num = quotas->room = 0;
}
