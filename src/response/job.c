/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/job.h"

#include <string.h>

#include "store/job.h"

static struct model_text text_of(const char *text)
{
    return text != NULL && *text != '\0' ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

bool job_is(const struct model_job *job, const char *status)
{
    return job->status.size == strlen(status) && memcmp(job->status.bytes, status, job->status.size) == 0;
}

bool job_has_ended(const struct model_job *job)
{
    return !job_is(job, JOB_WAITING) && !job_is(job, JOB_RUNNING);
}

static bool is_to_be_cancelled(const struct model_job *job)
{
    return job->cancel == 1;
}

static int64_t attempts_of(const struct model_job *job)
{
    return job->attempts == MODEL_MISSING_INTEGER ? 0 : job->attempts;
}

/* ---- changes ---- */

static void begin(const struct model_job *job, struct job_change *change)
{
    model_init(model_record(MODEL_JOB), &change->value);
    change->value.head.id = job->head.id;
    change->change =
        (struct store_change){ .verb = STORE_CHANGE, .record = model_record(MODEL_JOB), .value = &change->value };
}

static void give(struct job_change *change, size_t field)
{
    model_set_add(&change->change.given, field);
}

static void set_status(struct job_change *change, const char *status)
{
    change->value.status = text_of(status);
    give(change, model_job_status);
}

/* Nobody holds it any more. */
static void end_lease(struct job_change *change)
{
    give(change, model_job_lease_holder);
    give(change, model_job_lease_until);
}

/* ---- verbs ---- */

void job_ask(const struct id *id, const struct id *user, const char *kind, const char *parameters, int64_t now,
             struct job_change *change)
{
    struct model_job *job = &change->value;
    model_init(model_record(MODEL_JOB), job);
    job->head.id = *id;
    job->kind = text_of(kind);
    job->requested_by = *user;
    job->parameters = text_of(parameters);
    job->status = text_of(JOB_WAITING);
    job->not_before = now;
    job->attempts = 0;
    change->change = (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_JOB), .value = job };
}

size_t job_next(const struct model_job *jobs, size_t num, const struct id *last_user, int64_t now)
{
    size_t next = num;
    for (size_t i = 0; i < num; i++) {
        if (!job_is(&jobs[i], JOB_WAITING) || (jobs[i].not_before != MODEL_MISSING_INTEGER && jobs[i].not_before > now))
            continue;
        if (!id_equal(&jobs[i].requested_by, last_user))
            return i; /* the oldest of the others */
        if (next == num)
            next = i;
    }
    return next;
}

void job_take(const struct model_job *job, const char *holder, int64_t now, struct job_change *change)
{
    begin(job, change);
    change->change.version = job->head.version;
    set_status(change, JOB_RUNNING);
    change->value.lease_holder = text_of(holder);
    change->value.lease_until = now + JOB_LEASE;
    end_lease(change); /* of whoever held it before: the fields are given */
    change->value.attempts = attempts_of(job) + 1;
    give(change, model_job_attempts);
    change->value.started = now;
    give(change, model_job_started);
    change->value.progress = 0;
    give(change, model_job_progress);
}

void job_tell(const struct model_job *job, double progress, int64_t now, struct job_change *change)
{
    begin(job, change);
    change->value.progress = progress;
    give(change, model_job_progress);
    change->value.lease_until = now + JOB_LEASE;
    give(change, model_job_lease_until);
}

void job_end(const struct model_job *job, const char *status, const char *failure, int64_t now,
             struct job_change *change)
{
    begin(job, change);
    set_status(change, status);
    change->value.ended = now;
    give(change, model_job_ended);
    if (strcmp(status, JOB_DONE) == 0) {
        change->value.progress = 1;
        give(change, model_job_progress);
    }
    change->value.failure = text_of(failure);
    give(change, model_job_failure);
    end_lease(change);
}

static void wait_again(const struct model_job *job, int64_t attempts, int64_t not_before, struct job_change *change)
{
    begin(job, change);
    set_status(change, JOB_WAITING);
    change->value.attempts = attempts;
    give(change, model_job_attempts);
    change->value.not_before = not_before;
    give(change, model_job_not_before);
    end_lease(change);
}

void job_lose(const struct model_job *job, int64_t now, struct job_change *change)
{
    static const char failure[] = "The worker process ended three times while it did this job.";
    int64_t           attempts = attempts_of(job);
    _Static_assert(JOB_ATTEMPTS == 3, "the sentence says three");
    if (is_to_be_cancelled(job))
        job_end(job, JOB_CANCELLED, NULL, now, change);
    else if (attempts >= JOB_ATTEMPTS)
        job_end(job, JOB_FAILED, failure, now, change);
    else
        wait_again(job, attempts, now + (attempts > 0 ? JOB_PAUSE << (attempts - 1) : 0), change);
}

void job_give_back(const struct model_job *job, int64_t now, struct job_change *change)
{
    int64_t attempts = attempts_of(job);
    if (is_to_be_cancelled(job))
        job_end(job, JOB_CANCELLED, NULL, now, change);
    else
        wait_again(job, attempts > 0 ? attempts - 1 : 0, now, change);
}

bool job_cancel(const struct model_job *job, int64_t now, struct job_change *change)
{
    if (job_has_ended(job))
        return false;
    if (job_is(job, JOB_WAITING))
        job_end(job, JOB_CANCELLED, NULL, now, change);
    else
        begin(job, change);
    change->value.cancel = 1;
    give(change, model_job_cancel);
    return true;
}

int job_decide_cancel(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                      struct fault_list *faults)
{
    struct job_cancelling *cancelling = context;
    struct model_job       job;
    (void) faults;
    int ret = job_read(reader, &cancelling->who, &cancelling->id, arena, &job);
    if (ret != 0)
        return ret;
    if (!id_equal(&job.requested_by, &cancelling->who.user) &&
        !access_may_write(&cancelling->who, model_record(MODEL_JOB)))
        return STORE_ERR_DENIED;
    bool any = job_cancel(&job, cancelling->now, &cancelling->change);
    *set = (struct store_change_set){ any ? &cancelling->change.change : NULL, any };
    return 0;
}
