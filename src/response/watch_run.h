/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_run.h: one round of the watch: all streams of the store are judged, what is new is written: alarms,
 * signals, the task of each new signal, all of one group of streams in one transaction. The ids of alarms follow from
 * stream, day and method, so a round that meets another one, or comes again after a crash, writes nothing twice.
 *
 * With a memory (watch_memory.h) only what has changed since the round before is read, judged and grouped; what is
 * written is the same.
 *
 * Judged are the newest WATCH_WEEKS weeks or WATCH_DAYS days, which is how late data may be. Single cases: diseases of
 * the reference list single_case_disease, by whatever stream of cases.
 *
 * The budget of new signals does not defer, besides those: deaths, streams among some people alone (stream.among),
 * numbers of one facility of a kind in the list collective_unit, diseases of the list notify_within_2_hours (class A,
 * what is handled so, unexplained illness), whose first task is urgent.
 */
#ifndef RESPONSE_WATCH_RUN_H
#define RESPONSE_WATCH_RUN_H

#include "response/watch_memory.h"
#include "store/store.h"

#define WATCH_BUDGET_WEEKLY 12 /* of a disease: new signals that are not deferred */
#define WATCH_BUDGET_DAILY 2

struct watch_report {
    size_t num_streams, num_watched; /* the others say why: watch_streams.h */
    size_t num_noticed;              /* rows of senders that joined or left: watch_senders.h */
    size_t num_alarms, num_signals, num_deferred, num_moved, num_closed;
};

/* Told of each new alarm; texts live for the call. */
struct watch_news {
    const struct model_stream  *stream;
    const struct watch_raised  *raised;
    toc_date                    day;
    double                      observed;
    const struct watch_founded *founded; /* where it leads a new signal, else NULL */
};
typedef void watch_tell(void *context, const struct watch_news *news);

/* today: the newest day that is judged. who: the program, everywhere (ACCESS_PROGRAM). tell may be NULL.
 * memory: of the rounds before; NULL: everything is read.
 *
 * Returns 0 or a status of the store; then groups that were written stay written. */
int watch_run(struct store *store, const struct access *who, struct watch_memory *memory, toc_date today, int64_t now,
              watch_tell *tell, void *context, struct watch_report *report, struct fault_list *faults);

#endif
