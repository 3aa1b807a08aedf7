/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/signal.h: how somebody answers a signal, on a clock: triage → verify → assess → act or close. Each verb is a
 * pure function from the signal and its tasks as they stand to the changes of their rows; only the store applies them.
 *
 *     new ── triage ──> verifying ── verify ──> assessing ── assess ──> watching ── act ──> acting
 *      └──────────────── close, from each of them, with the reason from the list signal_closing ───────> closed
 *
 * A step may be skipped (a laboratory's call needs no triage): the later one then stands for it. Each step is a task of
 * its own, open until its deadline, done by whoever takes the step, with the reason as its evidence. The times are
 * those of the machine; they are the clock.
 */
#ifndef RESPONSE_SIGNAL_H
#define RESPONSE_SIGNAL_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/instant.h"
#include "model/records.h"
#include "store/store.h"

enum signal_step { SIGNAL_TRIAGE, SIGNAL_VERIFY, SIGNAL_ASSESS, SIGNAL_ACT, SIGNAL_CLOSE, SIGNAL_STEPS };
extern const char *const signal_words[SIGNAL_STEPS + 1]; /* "triage" …; ends with NULL */

/* The deadlines, from the step before: a day to triage and to verify, two to assess, one to act where the risk is high
 * or very high. Urgent signals (one case is enough) are triaged within two hours. */
#define SIGNAL_HOUR (INT64_C(3600) * INSTANT_SECOND)
#define SIGNAL_URGENT_HOURS 2
extern const int signal_hours[SIGNAL_STEPS];

/* The task of a step, always the same id. */
struct id signal_task_id(const struct id *signal, enum signal_step step);

/* The first task of a signal that is raised now. Texts are static. */
void signal_task_first(const struct id *signal, const struct id *area, bool urgent, int64_t now,
                       struct model_task *task);

struct signal_answer {
    enum signal_step step;
    const char      *code;         /* verify: of the list verification; assess: risk_level; close: signal_closing */
    const char      *reason;       /* at most 300 characters about things and numbers; NULL = none */
    struct id        outbreak;     /* act, close: joined to it; missing = none */
    struct id        duplicate_of; /* close as "duplicate" */
    struct id        user;         /* who answers */
};

#define SIGNAL_MOST_CHANGES (1 + 2 * SIGNAL_STEPS)

/* signal, tasks    as they stand; tasks by step, there[i] false = no such task yet
 * changes          room for SIGNAL_MOST_CHANGES; the values in the arena
 *
 * Returns 0; BASE_ERR_INPUT with faults located by the names above (/code, /reason, /outbreak, /duplicate_of), or by
 * /status where the signal is closed or further than this step; TOC_ERR_NO_MEMORY. Whether a code is on its list the
 * store says. */
int signal_answer(const struct model_signal *signal, const struct model_task tasks[SIGNAL_STEPS],
                  const bool there[SIGNAL_STEPS], const struct signal_answer *answer, int64_t now, struct arena *arena,
                  struct store_change *changes, size_t *num_changes, struct fault_list *faults);

/* The same of a signal in the store and its tasks, which are read here; *signal is the signal as it stood. Within
 * `decide` of a request. STORE_ERR_ABSENT: no such signal within the caller's grant. */
int signal_answer_stored(struct store_reader *reader, const struct access *who, const struct id *id,
                         const struct signal_answer *answer, int64_t now, struct arena *arena,
                         struct store_change *changes, size_t *num_changes, struct model_signal *signal,
                         struct fault_list *faults);

/* The same of a signal in the store: decided within the writer's group, so that of two who answer at once the second
 * meets what the first has done. STORE_ERR_ABSENT: no such signal within the caller's grant. */
struct signal_call {
    struct access        who; /* whose request it is */
    struct id            signal;
    struct signal_answer answer; /* texts live as long as the request */
    int64_t              now;
    struct store_request request; /* made by signal_request; submit it as `who` */
};
void signal_request(struct signal_call *call);

#endif
