/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/job.h: what becomes of a job: asked for, taken by a worker under a lease, told about, ended, lost,
 * cancelled. Each verb is a pure function from the job as it stands to the change of its row; only the store applies
 * it.
 *
 *     waiting ── take ──> running ── end ──> done | failed | cancelled
 *        ^                   │
 *        └───── lose ────────┘   the worker died, or its lease ended without a word from it: again, JOB_ATTEMPTS times
 *
 * A lease is renewed by each word of the worker that is written down. Whoever finds a running job whose lease is over,
 * or whose holder is known to be gone, loses it for the holder.
 */
#ifndef RESPONSE_JOB_H
#define RESPONSE_JOB_H

#include "base/instant.h"
#include "model/records.h"
#include "store/store.h"

#define JOB_LEASE (15 * INSTANT_SECOND) /* a worker that says nothing for so long is ended */
#define JOB_ATTEMPTS 3
#define JOB_PAUSE (1 * INSTANT_SECOND) /* before the second attempt; doubled before each further one */
#define JOB_MOST_PARAMETERS 1000       /* characters, as job.def has it */

#define JOB_WAITING "waiting"
#define JOB_RUNNING "running"
#define JOB_DONE "done"
#define JOB_FAILED "failed"
#define JOB_CANCELLED "cancelled"

bool job_is(const struct model_job *job, const char *status);
bool job_has_ended(const struct model_job *job);

/* One change of a job's row. Texts are borrowed from the arguments. */
struct job_change {
    struct model_job    value;
    struct store_change change; /* its value points to the one above: do not copy the struct */
};

/* A new job. parameters: a JSON object. */
void job_ask(const struct id *id, const struct id *user, const char *kind, const char *parameters, int64_t now,
             struct job_change *change);

/* Which of these (open ones, oldest first) is next? Its number, or `num`: none is due. The oldest one of somebody else
 * than whose job ran last (last_user; missing = nobody's), so that many jobs of one user do not hold up the others. */
size_t job_next(const struct model_job *jobs, size_t num, const struct id *last_user, int64_t now);

/* A worker takes it: refused by the store (STORE_ERR_VERSION) where the row has changed since it was read. */
void job_take(const struct model_job *job, const char *holder, int64_t now, struct job_change *change);

/* The worker has got so far (0 … 1): the lease begins anew. */
void job_tell(const struct model_job *job, double progress, int64_t now, struct job_change *change);

/* It has ended: JOB_DONE, JOB_FAILED with a sentence, JOB_CANCELLED. */
void job_end(const struct model_job *job, const char *status, const char *failure, int64_t now,
             struct job_change *change);

/* The worker is gone: cancelled where that was wished; failed after JOB_ATTEMPTS; else it waits for its next turn. */
void job_lose(const struct model_job *job, int64_t now, struct job_change *change);

/* The node ends in good order: it waits for its next turn, and this attempt does not count. */
void job_give_back(const struct model_job *job, int64_t now, struct job_change *change);

/* Somebody wishes it to end: one that waits has ended by that, one that runs is told. False: it had ended. */
bool job_cancel(const struct model_job *job, int64_t now, struct job_change *change);

/* The same for whoever wishes it, decided within the writer's group (store_request.decide), so that no worker takes it
 * meanwhile: STORE_ERR_ABSENT where they see no such job, STORE_ERR_DENIED where it is neither theirs nor theirs to
 * write. */
struct job_cancelling {
    struct id         id;
    struct access     who;
    int64_t           now;
    struct job_change change;
};
int job_decide_cancel(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                      struct fault_list *faults);

#endif
