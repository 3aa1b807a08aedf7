/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_memory.h: what a round of the watch keeps for the next one, so that it reads and judges only series of
 * which something has changed: the streams, what the judgement of each came to, and the alarms of the newest steps.
 * What is kept is what reading and judging everything would give, to the bit.
 *
 * What has changed is told by the store's events:
 *
 *     stream_values              the stream that they are of
 *     case, result               streams of its disease, at its area and above; of a changed one what it was, too
 *     unit_report                streams summed from reports, at its unit's area and above
 *     reporting_unit             all streams summed from reports
 *     specimen, moved            all streams of results, which lie where their specimen does
 *     alarm, signal of others    the alarm is read again, its group is grouped anew
 *     a day that begins          all series are read again, since each has a step more
 *
 *     area, stream, series_change, outline, code, population, a facility that a stream is of: everything is read again
 *
 * A share, and cases beside tests, are read again with the streams that they are of.
 *
 * Where what a case was before cannot be told, all streams of cases are read again. A group of streams is grouped anew
 * where the judgement of one of its series is another, or somebody has answered a signal. Of one caller at a time.
 */
#ifndef RESPONSE_WATCH_MEMORY_H
#define RESPONSE_WATCH_MEMORY_H

#include "response/watch_senders.h"
#include "response/watch_streams.h"

#define WATCH_WEEKS 3 /* so many newest steps are judged */
#define WATCH_DAYS WATCH_MOST_BACK

/* An alarm that is written. */
struct watch_written {
    struct id stream, id, signal;
    toc_date  day;
};

/* Streams that are grouped together. */
struct watch_memory_group {
    size_t                first, num; /* streams */
    toc_date              start;      /* first day of the first step; MODEL_MISSING_DATE: nothing was ever counted */
    bool                  changed;    /* is to be grouped anew */
    struct watch_written *written;    /* ordered by stream, then day */
    size_t                num_written, room;
};

/* Events of its own that a round has written: they change nothing. Both included. */
struct watch_own_events {
    int64_t from, to;
};

struct watch_memory {
    bool                       warm;
    toc_date                   today;
    int64_t                    after; /* the newest event that is taken into account */
    struct watch_streams       streams;
    struct watch_series       *series; /* of each stream that is watched, with what its judgement came to */
    struct watch_judged       *judged;
    toc_date                  *first; /* day that each has counted */
    bool                      *stale; /* to be read again */
    size_t                     num_watched;
    struct watch_memory_group *groups;
    size_t                     num_groups;
    uint32_t                  *by_id;              /* watched streams in the order of their ids */
    uint32_t                  *place_by_id;        /* places of the map in the order of their areas' ids */
    uint32_t                  *first_at, *next_at; /* streams at each place, and the next of each */
    struct watch_own_events   *own;
    size_t                     num_own, room_own;
    struct watch_sender_codes  codes;
    struct store_reader       *reader; /* of the rounds: opening one costs as much as many rounds; NULL = none yet */
    struct arena               arena;
};

int  watch_memory_new(struct watch_memory **memory); /* 0 or TOC_ERR_NO_MEMORY */
void watch_memory_free(struct watch_memory *memory); /* before the store is closed; NULL is fine */

/* Forget everything: the next round reads all. */
void watch_memory_clear(struct watch_memory *memory);

/* Bring it up to the newest commit and today: afterwards `changed` says which groups are to be grouped anew, and each
 * group's series are judged. On failure it is cleared. */
int watch_memory_update(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                        toc_date today, struct fault_list *faults);

/* The same in its two parts: what has changed; then what is stale is judged. In between, the areas at which streams of
 * counters are stale, for watch_senders.h; and, where rows of series_change were written because of them, read those
 * again: streams that they are of are stale too. */
int watch_memory_follow(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                        toc_date today, struct fault_list *faults);
int watch_memory_senders(const struct watch_memory *memory, struct arena *arena, struct watch_senders_at **at,
                         size_t *num);
int watch_memory_breaks(struct watch_memory *memory, struct store_reader *reader);
int watch_memory_judge(struct watch_memory *memory, struct store_reader *reader, const struct access *who);

/* An alarm was written, or has another signal now. */
int watch_memory_alarm(struct watch_memory_group *group, const struct watch_written *written);

/* So many newest steps of the group are judged. */
size_t watch_memory_back(const struct watch_memory *memory, const struct watch_memory_group *group);

/* The round has written these events. */
int watch_memory_own(struct watch_memory *memory, int64_t from, int64_t to);

/* The alarms of a stream: the first, and how many; NULL where there are none. */
const struct watch_written *watch_memory_alarms(const struct watch_memory_group *group, const struct id *stream,
                                                size_t *num);

#endif
