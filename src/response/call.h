/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/call.h: whoever is on duty is called out: by a signal that waits for its first look, and by a step that is
 * late. What is called for is always a task; who is called is on duty at that moment, for its role and its area or one
 * that holds it; each call is a notice, written before anything is sent.
 *
 *     the task              is called for from      passed on after
 *     triage, urgent        when it begins          15 minutes
 *     triage, high                                  30
 *     triage, normal                                60
 *     triage, low (deferred), and every other step
 *                           when it is late         as its priority says; low: 240
 *
 * The first call goes to the nearest area's duty with the lowest order of call, then to the next, then to those of the
 * areas above, last to the head of the response (supervisor) on duty; then round again, CALL_ROUNDS times in all. It
 * ends when one of those called has it, or the task is done.
 *
 * Ids of notices follow from task, number of the call and channel, so a round that is cut off or comes twice calls
 * nobody twice.
 */
#ifndef RESPONSE_CALL_H
#define RESPONSE_CALL_H

#include "base/json_writer.h"
#include "response/signal.h"

#define CALL_ROUNDS 3
#define CALL_MOST 60          /* calls for one task */
#define CALL_MOST_DUTIES 1000 /* at one time */
#define CALL_MOST_TASKS 5000  /* that are called for at one time */
#define CALL_KEEP_HOURS 24    /* a notice that cannot be sent for so long is given up */

enum call_channel { CALL_MAIL, CALL_HOOK, CALL_CHANNELS };
extern const char *const call_channels[CALL_CHANNELS]; /* of the list notice_channel */

int call_minutes(struct model_text priority);

/* ---- rules ---- */

/* The id of a notice. */
struct id call_notice_id(const struct id *task, uint32_t number, enum call_channel channel);

/* Is there a call to be made for this task, which of them (0 = the first), and when? False: it is done, somebody has
 * it, or all calls were made. */
bool call_due(const struct model_task *task, const struct model_notice *notices, size_t num_notices, int64_t *when,
              uint32_t *number);

/* Somebody who is on duty, and how near. */
struct call_duty {
    const struct model_duty *duty;
    const struct model_user *user;
    unsigned                 depth; /* of the duty's area: deeper is nearer */
};
/* Order them as they are called: those in the task's role by nearness and order of call, then supervisors. Others are
 * left out, as is whoever stands there a second time. Returns how many are left. */
size_t call_order(struct call_duty *duties, size_t num, struct model_text role);

/* ---- with the store ---- */

struct call_settings {
    bool channels[CALL_CHANNELS]; /* which there are; somebody without an address for any is not called */
};
struct call_report {
    size_t  num_tasks;  /* are called for */
    size_t  num_calls;  /* were made now */
    size_t  num_nobody; /* are due now, and nobody who can be reached is on duty */
    int64_t next;       /* instant of the next call, as things stand; INT64_MAX = none */
};

/* Look through the tasks and write the notices that are due. A signal that was entered without a task gets its first
 * one. 0 or a status of the store; calls that were written stay written. */
int call_look(struct store *store, struct store_reader *reader, const struct call_settings *settings, int64_t now,
              struct call_report *report);

/* ---- an answer ---- */

/* "I have it", from one of those called: the notice is answered, the signal is triaged by them or the task theirs. */
struct call_answer {
    struct id            notice;
    int64_t              now;
    bool                 late; /* set: somebody has it already, or it is done; nothing was written but the notice */
    struct store_request request;
};
/* Submit as the program. STORE_ERR_ABSENT: no such notice. A second time it changes nothing. */
void call_answer_request(struct call_answer *answer);

/* ---- for a page ---- */

/* {"steps":[{"what":"noticed","at":…}],"notices":[…]} of a signal, as far as the caller may see them. */
int call_timeline_write(struct store_reader *reader, const struct access *who, const struct id *signal,
                        struct arena *arena, struct json_writer *json);

#endif
