/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/sender.h: how a sender is doing, against its own habit. A sender is a feed.
 *
 *     new         fewer than SENDER_DAYS_TO_KNOW of the last 28 days had a message of it
 *     silent      on more days, today among them, has nothing come than lay between any two of its days in these 28
 *     flooding    more today than SENDER_FLOOD times the most of any of these days, and at least SENDER_FLOOD_LEAST
 *     as-usual    else
 */
#ifndef RESPONSE_SENDER_H
#define RESPONSE_SENDER_H

#include "store/sender_figures.h"

#define SENDER_DAYS_TO_KNOW 5
#define SENDER_FLOOD 3
#define SENDER_FLOOD_LEAST 50

struct sender_habit {
    const char *state; /* one of the words above; static */
    double      usual; /* messages of a day: the median of the 28 days before today; NaN while it is new */
    int64_t     most;  /* of these days */
    int         longest_gap_days;
};

/* Pure. */
void sender_judge(const struct sender_figures *figures, struct sender_habit *habit);

/* What is wrong in `reason`, without its place: "is not in the table of values". */
const char *sender_fault_kind(const char *reason, size_t size, size_t *kind_size);

#endif
