/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_senders.h: senders that begin or stop. A round of the watch writes by itself the record series_change
 * of a sender that is much of what an area counts, so that what begins or stops with it is not read as growth.
 *
 * A sender is the institution that a case was reported by (counter case_by_sender, by the day the case was received),
 * or the laboratory of a result (result_by_sender, by the day of the result). Looked at are the last
 * WATCH_SENDER_WINDOW days of each area with streams of these records.
 *
 * It has joined where its first record lies within WATCH_SENDER_RECENT days and it had none in the WATCH_SENDER_BEFORE
 * days before, in which others sent: in the older half of them, in the newer, and WATCH_SENDER_BASE records in all. Or
 * this is its first since it left. Since then it has sent WATCH_SENDER_LEAST records and WATCH_SENDER_PERCENT of all,
 * and no more than the whole area was used to in as many days (and three standard deviations of Poisson).
 *
 * An outbreak that one clinic is the first to report must not pass for a clinic that has joined. So of cases that
 * disease of which the sender reports most is left out, its own and everybody's, before what it is of all is counted,
 * as long as the other diseases are half of the area's cases at least: who joins reports those too. A node with cases
 * of one disease alone cannot tell, but for the volume. Of results all tests count, so who sends positives alone is
 * little.
 *
 * It has left where nothing of it has become known for WATCH_SENDER_SILENT days that are ended, and this is a silence
 * by the rule of watch_silence.h, while others went on. It was WATCH_SENDER_PERCENT, and WATCH_SENDER_LEAST records, of
 * the WATCH_SENDER_RECENT days up to its last.
 *
 * A change is of one area, one indicator and one sender. Its day is that of the first record, or the day after the
 * last; its percent what the sender was of all records since (joined), or before (left), in whole numbers: what has
 * come in decides, not in how many messages. The watch keeps both up to date as long as the sender is looked at and
 * `noticed` is set. Its id follows from what it is about.
 */
#ifndef RESPONSE_WATCH_SENDERS_H
#define RESPONSE_WATCH_SENDERS_H

#include "response/watch_streams.h"

#define WATCH_SENDER_RECENT 28
#define WATCH_SENDER_BEFORE 56
#define WATCH_SENDER_WINDOW (WATCH_SENDER_RECENT + WATCH_SENDER_BEFORE)
#define WATCH_SENDER_SILENT 7
#define WATCH_SENDER_BASE 20
#define WATCH_SENDER_LEAST 5
#define WATCH_SENDER_PERCENT 10

/* What one sender, or all, sent on each day of the window, the last of which is today. */
struct watch_sender_days {
    int64_t sent[WATCH_SENDER_WINDOW];
    int64_t top[WATCH_SENDER_WINDOW];   /* of them, of the disease of which the sender sent most within RECENT days */
    double  known[WATCH_SENDER_WINDOW]; /* what became known on that day; of all not looked at */
};

struct watch_sender_change {
    size_t day;     /* number in the window; WATCH_SENDER_WINDOW - 1 is today */
    double percent; /* a whole number */
};

/* Pure. left: since when it had left by what is written; WATCH_SENDER_WINDOW: it had not. False: it has not joined, not
 * left. */
bool watch_sender_joined(const struct watch_sender_days *sender, const struct watch_sender_days *all, size_t left,
                         struct watch_sender_change *change);
bool watch_sender_left(const struct watch_sender_days *sender, const struct watch_sender_days *all,
                       struct watch_sender_change *change);

/* What the numbers of the counters' codes say, kept over rounds. All zero: nothing is known yet. */
struct watch_sender_code {
    struct id sender;  /* missing: it names none */
    uint64_t  disease; /* a hash; 0 = none */
};
struct watch_sender_codes {
    struct watch_sender_code *codes; /* by their number */
    size_t                    room;
    uint32_t                  newest;
};
void watch_sender_codes_free(struct watch_sender_codes *codes);

/* An area to be looked at, by what streams of it count. */
#define WATCH_SENDER_INDICATORS 8
struct watch_senders_at {
    struct id                area;
    enum model_record_number record;                              /* MODEL_CASE or MODEL_RESULT */
    struct model_text        indicators[WATCH_SENDER_INDICATORS]; /* of these streams, shares of them included */
    size_t                   num_indicators;
};

/* What is to be written: rows that are not there, or say something else. Everything in the arena. Returns 0,
 * TOC_ERR_NO_MEMORY or a status of the store. codes: is brought up to the newest.
 *
 * Cost: for each area and record one range of rows of its counter. */
int watch_senders_changes(struct store_reader *reader, const struct access *who, struct watch_sender_codes *codes,
                          const struct watch_senders_at *at, size_t num, toc_date today, struct arena *arena,
                          struct store_change_set *set);

#endif
