/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_judging.h: many series of a group read and judged by several threads, the same whatever their number.
 */
#ifndef RESPONSE_WATCH_JUDGING_H
#define RESPONSE_WATCH_JUDGING_H

#include "response/watch_streams.h"

#define WATCH_THREADS 4      /* at most; and no more than the machine has processors */
#define WATCH_CHUNK 16       /* series that a thread takes at once: what is read of them stays in its cache */
#define WATCH_ALONE_UP_TO 64 /* so few series are judged in the caller's thread */

struct watch_judging {
    const struct access        *who;
    const struct watch_streams *streams;
    size_t                      first, num; /* the group */
    const struct watch_series  *series;     /* of the group: watch_streams_shape */
    toc_date                    today;
    const uint32_t             *wanted; /* series of the group that are read; all of them where their number is `num` */
    size_t                      num_wanted;
    toc_date                   *first_days; /* of all series of the group; those that are wanted are written */
    struct watch_judged        *judged;     /* the same */
    size_t                      num_back;
};

/* Read the wanted series. *start: of the group then; where it is not `before`, or MODEL_MISSING_DATE, nothing is
 * judged: with another beginning all series are to be judged anew; MODEL_MISSING_DATE as `before`: whatever it is. */
int watch_judging_do(const struct watch_judging *judging, struct store_reader *reader, toc_date before,
                     toc_date *start);

#endif
