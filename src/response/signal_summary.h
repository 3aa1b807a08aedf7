/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/signal_summary.h: how signals were answered and what came of them: the watch judged by its own record.
 * Counts and times alone, of the signals within the caller's grant that were noticed from one day to another, and of
 * the outbreaks that were detected then.
 *
 * Answered is what somebody has triaged, verified, assessed, acted on or closed. A signal that the program closed as
 * the duplicate of another counts as `duplicates` and nowhere else. The verdict of a closed signal is the reason that
 * it was closed for (list signal_closing); `without_outbreak` are those closed that belong to none.
 */
#ifndef RESPONSE_SIGNAL_SUMMARY_H
#define RESPONSE_SIGNAL_SUMMARY_H

#include "base/json_writer.h"
#include "response/signal.h"

#define SIGNAL_SUMMARY_DAYS 366   /* from the first to the last day, at most */
#define SIGNAL_SUMMARY_MOST 20000 /* signals; more are refused: a shorter time, a smaller area */
#define SIGNAL_SUMMARY_MOST_OUTBREAKS 2000
#define SIGNAL_SUMMARY_VERDICTS 24

struct signal_summary_query {
    struct id area;     /* and all below it; missing: all of the grant */
    toc_date  from, to; /* days on which signals were noticed, outbreaks detected (UTC); both included */
};

/* Hours from noticing to a step, of the signals that have taken it and whose times are to the minute at least. */
struct signal_summary_time {
    size_t num;
    double median_hours, p90_hours; /* NaN where num is 0 */
};

struct signal_summary_verdict {
    struct model_text code; /* in the arena */
    size_t            num;
};

struct signal_summary {
    size_t                        num, duplicates;
    size_t                        waiting, answered, closed; /* waiting: nobody has looked; answered holds closed */
    size_t                        with_outbreak, without_outbreak; /* of the closed ones */
    struct signal_summary_time    times[SIGNAL_STEPS];
    struct signal_summary_verdict verdicts[SIGNAL_SUMMARY_VERDICTS];
    size_t                        num_verdicts;
    /* Of the outbreaks: by an alarm; by no alarm but another signal (a clinician, a report); by no signal. */
    size_t num_outbreaks, by_alarm, by_other_signal, by_no_signal;
    size_t detected_in_time, notified_in_time, responded_in_time; /* 7-1-7; unknown ones are in none */
};

/* 0; BASE_ERR_INPUT with faults at /from, /to; a status of the store. */
int signal_summary_read(struct store_reader *reader, const struct access *who, const struct signal_summary_query *query,
                        toc_date today, struct arena *arena, struct signal_summary *summary, struct fault_list *faults);

/* As schemas.def describes it (signal_summary). */
void signal_summary_write(struct json_writer *json, const struct signal_summary_query *query,
                          const struct signal_summary *summary);

#endif
