/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/writer_pace.h: how much bulk work a group of the writer takes, and when.
 *
 * Who comes while a group is under way waits for its end, so a group of bulk work is as long as somebody may wait:
 *     ALONE      nobody has come for a minute: a commit is shared by many changes
 *     ATTENDED   somebody has: shorter. At most half of it is what a commit costs by itself, up to ALONE
 *     BESIDE     other work goes on: a slice, then PAUSES times as long without bulk work
 * What a change takes is learnt from the groups that had nothing else in them. Times are seconds of a monotonic clock;
 * nothing here reads one.
 */
#ifndef STORE_WRITER_PACE_H
#define STORE_WRITER_PACE_H

#include <stdbool.h>
#include <stddef.h>

#define WRITER_ALONE_SECONDS 0.05
#define WRITER_ATTENDED_SECONDS 0.025
#define WRITER_BESIDE_SECONDS 0.01
#define WRITER_PAUSES 9
/* Work goes on for a while after it was last seen: who waits for each answer sends the next thing a moment later, and
 * is given that moment. */
#define WRITER_GOES_ON_SECONDS 0.02
#define WRITER_MOMENT_SECONDS 0.003
#define WRITER_ATTENDED_FOR_SECONDS 60

struct writer_pace {
    double change_seconds; /* of a bulk change with its share of the commit */
    double answer_seconds; /* of a group without bulk work */
    double seen;           /* when there was interactive work */
    double bulk_from;      /* beside other work there is no bulk work before */
};
#define WRITER_PACE_INIT                                                                                               \
    {                                                                                                                  \
        .change_seconds = 0.0005, .seen = -1e9                                                                         \
    }

/* There is interactive work. */
void writer_pace_see(struct writer_pace *pace, double now);

/* Does it go on? */
bool writer_pace_beside(const struct writer_pace *pace, double now);

/* Only bulk work waits: is somebody likely to come within the next moment, who is to go before it? */
bool writer_pace_waits(const struct writer_pace *pace, double now);

/* How many bulk changes a group may take; 0: none. interactive: there is such work in it. */
double writer_pace_changes(const struct writer_pace *pace, double now, bool interactive);

/* A group has taken from `began` to `now`. changes: of bulk work, 0 = it had none. beside: what writer_pace_beside said
 * when it began. */
void writer_pace_learn(struct writer_pace *pace, double began, double now, size_t changes, bool beside);

#endif
