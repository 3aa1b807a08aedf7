/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_evaluate.h: what the watch would have made of a stream, day by day, with a method as it is set or as
 * somebody thinks of setting it, on what was known on each of these days; beside the outbreaks that are on record.
 *
 * Each day (of weeks each Sunday) the newest 14 days or 3 weeks are judged, as the watch does; a step that alarms does
 * so once, on the first day that it did. Alarms that follow each other within WATCH_GAP steps are one episode, as they
 * would be one signal of this stream alone. A stream's history begins with its own first day.
 */
#ifndef RESPONSE_WATCH_EVALUATE_H
#define RESPONSE_WATCH_EVALUATE_H

#include "response/watch_past.h"

#define WATCH_EVALUATE_DAYS 731 /* at most, both ends included */

struct watch_evaluated_alarm {
    toc_date             day, raised; /* first day of its step; the day on which it was known enough to alarm */
    double               observed;    /* as known then */
    double               now;         /* as known on the last day */
    struct toc_judgement judgement;
    enum watch_mark      mark;
    size_t               episode;  /* from 0 on */
    size_t               outbreak; /* 1 + the first that it lies in; 0 = none */
};

/* An outbreak of the stream's disease in its area, above or below it, on record. */
struct watch_evaluated_outbreak {
    struct id         id;
    struct model_text number;
    toc_date          from, to; /* emerged (else detected); over, or the last day */
    bool              found;
    int               delay; /* days from `from` to the first alarm; missing where not found */
};

struct watch_evaluation {
    const char                      *method;    /* of the last day; static */
    size_t                           num_steps; /* judged at least once when they were newest */
    double                           years;
    struct watch_evaluated_alarm    *alarms; /* by the day on which they were raised */
    size_t                           num_alarms, num_marked, num_episodes;
    size_t                           num_outside; /* episodes that lie in no outbreak on record */
    struct watch_evaluated_outbreak *outbreaks;   /* by `from`; those that had begun by the last day */
    size_t                           num_outbreaks, num_found;
    double                           median_delay; /* days, of those found; NaN = none */
};

/* What is tried: a method, or, where that is NULL, a number from which on it alarms. */
struct watch_trial {
    const struct watch_choice *choice;
    double                     threshold;
};

/* Can it be tried on this stream? A share is judged by no other method. */
bool watch_can_try(const struct watch_stream *stream, const struct watch_trial *trial);

/* stream    a stream that is watched
 * trial     NULL = the stream as it is set
 * from, to  days, at most WATCH_EVALUATE_DAYS
 *
 * Everything lives in the arena. Returns 0; BASE_ERR_INPUT (the method has a word to say: error); TOC_ERR_NO_MEMORY or
 * a status of the store. Cost: one reading, and for each day what judging 14 steps takes. */
int watch_evaluate(struct store_reader *reader, const struct access *who, const struct watch_streams *streams,
                   const struct watch_stream *stream, const struct watch_trial *trial, toc_date from, toc_date to,
                   struct arena *arena, struct watch_evaluation *evaluation, struct fault_list *faults,
                   struct toc_error *error);

#endif
