/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/jobs.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/memory.h"
#include "response/job.h"
#include "server/job_plan.h"
#include "server/log.h"
#include "server/worker.h"
#include "server/worker_wire.h"
#include "store/job.h"

#define OWNERS 1024 /* jobs whose owners are remembered */

enum worker_state { NO_WORKER, STARTING, IDLE, WORKING };

struct owner {
    struct id job, user;
};

struct jobs {
    struct jobs_options options;
    char               *program, *database;
    struct job_results  results;
    pthread_t           thread;
    bool                started;
    int                 wakes;   /* eventfd */
    _Atomic bool        closing; /* told by jobs_stop */
    pthread_mutex_t     lock;    /* of what follows */
    struct owner        owners[OWNERS];
    size_t              num_owners; /* ever noted */
    struct jobs_state   state;

    /* of the thread alone */
    struct store_reader  *reader;
    struct worker         worker;
    enum worker_state     at;
    struct worker_message message;
    double                heard, told, asked_to_end, idle_since, start_at, tidied; /* seconds; asked 0 = not */
    unsigned              deaths;                                                  /* in a row */
    bool                  packing;   /* the worker has said that it will be silent for longer */
    struct id             last_user; /* whose job ran last */
    struct arena          arena;     /* of the job at hand */
    struct model_job      job;
    uint64_t              mark; /* of who may have its result */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int64_t now_of(const struct jobs *jobs)
{
    const struct store_clock *clock = &jobs->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

static void say(const struct jobs *jobs, enum log_level level, const char *text)
{
    if (jobs->options.log != NULL)
        log_say(jobs->options.log, level, now_of(jobs), "jobs", text);
}

static struct store_reader *reader_of(struct jobs *jobs)
{
    struct db_error error;
    if (jobs->reader == NULL && store_reader_open(jobs->options.store, &jobs->reader, &error) != 0)
        jobs->reader = NULL;
    return jobs->reader;
}

/* ---- rows ---- */

static int write_change(struct jobs *jobs, const char *verb, struct job_change *change)
{
    const struct access        program = { .role = ACCESS_PROGRAM, .everywhere = true };
    const struct store_request request = { .verb = verb, .set = { &change->change, 1 } };
    return store_submit(jobs->options.store, &program, &request, NULL, NULL);
}

static void count(struct jobs *jobs, int64_t *counter)
{
    pthread_mutex_lock(&jobs->lock);
    ++*counter;
    pthread_mutex_unlock(&jobs->lock);
}

static void show(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->state.working = jobs->at == WORKING;
    jobs->state.worker = jobs->worker.process;
    pthread_mutex_unlock(&jobs->lock);
}

static void let_go(struct jobs *jobs, enum worker_state next)
{
    arena_wipe(&jobs->arena);
    jobs->at = next;
    jobs->asked_to_end = 0;
    jobs->idle_since = seconds();
    show(jobs);
}

/* The job at hand has ended, in whatever way. */
static void end_job(struct jobs *jobs, const char *status, const char *failure)
{
    struct job_change change;
    job_end(&jobs->job, status, failure, now_of(jobs), &change);
    if (write_change(jobs, "job ended", &change) != 0)
        say(jobs, LOG_LEVEL_WARNING, "the end of a job could not be written");
    count(jobs, strcmp(status, JOB_DONE) == 0 ? &jobs->state.done : &jobs->state.failed);
}

/* ---- the worker ---- */

/* It has died, or is not to be trusted any more. */
static void lose_worker(struct jobs *jobs)
{
    struct job_change change;
    double            pause = JOBS_PAUSE_SECONDS;
    bool              working = jobs->at == WORKING;
    worker_end(&jobs->worker, 0, NULL);
    for (unsigned i = 0; i < jobs->deaths && pause < JOBS_LONGEST_PAUSE; i++)
        pause *= 2;
    jobs->deaths++;
    jobs->start_at = seconds() + pause;
    count(jobs, &jobs->state.lost);
    if (jobs->asked_to_end == 0)
        say(jobs, LOG_LEVEL_WARNING, "the worker process has ended; another is started when there is a job");
    if (working) {
        job_result_drop(&jobs->results, &jobs->job.head.id);
        if (jobs->asked_to_end != 0)
            jobs->job.cancel = 1;
        job_lose(&jobs->job, now_of(jobs), &change);
        if (write_change(jobs, "job lost", &change) != 0)
            say(jobs, LOG_LEVEL_WARNING, "a lost job could not be written");
    }
    let_go(jobs, NO_WORKER);
}

static void start_worker(struct jobs *jobs)
{
    if (seconds() < jobs->start_at)
        return;
    if (worker_start(jobs->program, jobs->database, &jobs->worker) != 0) {
        lose_worker(jobs);
        return;
    }
    jobs->at = STARTING;
    jobs->heard = seconds();
    show(jobs);
}

/* ---- beginning a job ---- */

static const char *why_not(int status)
{
    switch (status) {
    case STORE_ERR_DENIED:
        return "Whoever asked for it does not have this role any more, or it does not allow this list.";
    case STORE_ERR_ABSENT: return "The area is not within the grants of whoever asked for it.";
    case BASE_ERR_INPUT: return "What was asked for is not what this version of Tocsin takes.";
    default: return NULL; /* of the moment */
    }
}

/* Under today's grants, with an audit entry; the access is in the job's arena. */
static int check_job(struct jobs *jobs, struct access *access)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct job_plan   plan = { .role = ACCESS_NO_ROLE };
    struct model_job *job = &jobs->job;
    int64_t           total;
    char             *parameters =
        arena_copy(&jobs->arena, job->parameters.bytes != NULL ? job->parameters.bytes : "", job->parameters.size);
    char *kind = arena_copy(&jobs->arena, job->kind.bytes != NULL ? job->kind.bytes : "", job->kind.size);
    int ret = parameters == NULL || kind == NULL ? TOC_ERR_NO_MEMORY : job_plan_parse(parameters, kind, &plan, &faults);
    if (ret == 0)
        ret = job_access(jobs->reader, &job->requested_by, plan.role, now_of(jobs), &jobs->arena, access);
    if (ret == 0)
        ret = job_plan_check(&plan, access, jobs->reader, &total, &faults);
    if (ret == 0)
        ret = export_audit(&plan.export, jobs->reader);
    job_plan_free(&plan);
    fault_list_free(&faults);
    return ret;
}

static void fill_message(struct jobs *jobs, const struct access *access)
{
    const struct model_job *job = &jobs->job;
    struct worker_message  *message = &jobs->message;
    memset(message, 0, sizeof *message);
    message->word = WORKER_JOB;
    message->job = job->head.id;
    message->attempt = (uint32_t) (job->attempts == MODEL_MISSING_INTEGER ? 1 : job->attempts + 1);
    message->now = now_of(jobs);
    message->who = *access;
    snprintf(message->kind, sizeof message->kind, "%.*s", (int) job->kind.size, job->kind.bytes);
    snprintf(message->text, sizeof message->text, "%.*s", (int) job->parameters.size, job->parameters.bytes);
}

/* Its row says that it runs; the worker gets it with its file. */
static void give_job(struct jobs *jobs, const struct access *access)
{
    struct job_change change;
    char              holder[40];
    snprintf(holder, sizeof holder, "process %ld", (long) jobs->worker.process);
    job_take(&jobs->job, holder, now_of(jobs), &change);
    if (write_change(jobs, "job taken", &change) != 0) { /* somebody was faster, or the writer cannot: later */
        let_go(jobs, IDLE);
        return;
    }
    fill_message(jobs, access);
    jobs->job.attempts = change.value.attempts;
    jobs->last_user = jobs->job.requested_by;
    jobs->mark = job_result_mark(access);
    jobs->at = WORKING;
    jobs->heard = jobs->told = seconds();
    jobs->asked_to_end = 0;
    jobs->packing = false;
    show(jobs);
    int file = job_results_have_room(&jobs->results) ? job_result_begin(&jobs->results, &jobs->job.head.id) : -1;
    if (file < 0) {
        end_job(jobs, JOB_FAILED, "The node has no room for the result.");
        let_go(jobs, IDLE);
    } else if (worker_send(jobs->worker.socket, &jobs->message, file) != 0) {
        lose_worker(jobs);
    }
    if (file >= 0)
        close(file);
}

static void begin_job(struct jobs *jobs)
{
    struct access access;
    int           ret = check_job(jobs, &access);
    if (ret == 0) {
        give_job(jobs, &access);
        return;
    }
    if (why_not(ret) != NULL)
        end_job(jobs, JOB_FAILED, why_not(ret));
    if (ret == DB_ERR_LOST) {
        store_reader_close(jobs->reader);
        jobs->reader = NULL;
    }
    let_go(jobs, jobs->at);
}

/* The next job that is due, into jobs->job. *waiting: there are some at all. */
static bool find_job(struct jobs *jobs, bool *waiting)
{
    size_t            num = 0;
    struct model_job *open = memory_array(JOB_MOST_OPEN, sizeof *open);
    int               ret = open == NULL || reader_of(jobs) == NULL ? TOC_ERR_NO_MEMORY
                                                                    : job_open(jobs->reader, &jobs->arena, open, JOB_MOST_OPEN, &num);
    size_t            next = ret == 0 ? job_next(open, num, &jobs->last_user, now_of(jobs)) : num;
    bool              found = ret == 0 && next < num;
    *waiting = num > 0 || ret != 0;
    if (found)
        jobs->job = open[next];
    else
        arena_wipe(&jobs->arena);
    free(open);
    if (ret == DB_ERR_LOST) {
        store_reader_close(jobs->reader);
        jobs->reader = NULL;
    }
    return found;
}

/* Nothing runs: take the next one. Returns whether any waits. */
static bool look_for_job(struct jobs *jobs)
{
    bool waiting;
    if (!find_job(jobs, &waiting))
        return waiting;
    if (jobs->at == NO_WORKER)
        start_worker(jobs);
    if (jobs->at == IDLE)
        begin_job(jobs);
    else
        arena_wipe(&jobs->arena); /* found again when the worker is ready */
    return true;
}

/* ---- while it runs ---- */

static void take_done(struct jobs *jobs, const struct worker_message *done)
{
    int status = done->status;
    if (status == DB_ERR_LOST ||
        status == DB_ERR_BUSY) { /* not the job's fault: the worker ends by itself or is ended */
        lose_worker(jobs);
        return;
    }
    if (status != 0)
        job_result_drop(&jobs->results, &jobs->job.head.id);
    if (status == 0 && job_result_keep(&jobs->results, &jobs->job.head.id, jobs->mark) == 0)
        end_job(jobs, JOB_DONE, NULL);
    else if (status == 0)
        end_job(jobs, JOB_FAILED, "The node cannot keep the file of the result.");
    else if (status == WORKER_CANCELLED)
        end_job(jobs, JOB_CANCELLED, NULL);
    else
        end_job(jobs, JOB_FAILED, done->text);
    jobs->deaths = 0;
    let_go(jobs, IDLE);
}

static void take_progress(struct jobs *jobs, const struct worker_message *progress)
{
    struct job_change change;
    jobs->heard = seconds();
    jobs->packing = progress->fraction >= 1;
    if (jobs->heard - jobs->told < JOBS_TELL_SECONDS)
        return;
    jobs->told = jobs->heard;
    job_tell(&jobs->job, progress->fraction, now_of(jobs), &change);
    (void) write_change(jobs, "job goes on", &change);
}

/* What the worker has said; anything that it may not say now is the end of it. */
static void hear_worker(struct jobs *jobs)
{
    const struct worker_message *message = &jobs->message;
    int                          ret = worker_receive(jobs->worker.socket, false, &jobs->message, NULL);
    if (ret == 0)
        return;
    bool of_job = ret == 1 && jobs->at == WORKING && id_equal(&message->job, &jobs->job.head.id);
    if (ret == 1 && message->word == WORKER_READY && jobs->at == STARTING) {
        let_go(jobs, IDLE);
    } else if (of_job && message->word == WORKER_PROGRESS) {
        take_progress(jobs, message);
    } else if (of_job && message->word == WORKER_DONE) {
        take_done(jobs, message);
    } else {
        lose_worker(jobs);
    }
}

/* Is the job at hand to be cancelled? Then the worker is told, once. */
static void look_for_cancel(struct jobs *jobs)
{
    const struct access         program = { .role = ACCESS_PROGRAM, .everywhere = true };
    const struct worker_message cancel = { .word = WORKER_CANCEL, .job = jobs->job.head.id };
    struct arena                arena = ARENA_INIT;
    struct model_job            job;
    if (jobs->at != WORKING || jobs->asked_to_end != 0 || reader_of(jobs) == NULL)
        return;
    int ret = job_read(jobs->reader, &program, &jobs->job.head.id, &arena, &job);
    if (ret == 0 && job.cancel == 1) {
        jobs->asked_to_end = seconds();
        (void) worker_send(jobs->worker.socket, &cancel, -1);
    }
    arena_free(&arena);
}

static void look_at_clock(struct jobs *jobs)
{
    double now = seconds(), lease = (double) JOB_LEASE / (double) INSTANT_SECOND;
    if (jobs->at == WORKING && jobs->packing)
        lease = JOBS_PACK_SECONDS;
    if ((jobs->at == WORKING || jobs->at == STARTING) && now - jobs->heard > lease)
        lose_worker(jobs);
    else if (jobs->at == WORKING && jobs->asked_to_end != 0 && now - jobs->asked_to_end > JOBS_CANCEL_SECONDS)
        lose_worker(jobs);
    else if (jobs->at == IDLE && now - jobs->idle_since > JOBS_IDLE_SECONDS) {
        worker_end(&jobs->worker, 1, NULL);
        let_go(jobs, NO_WORKER);
    }
    if (now - jobs->tidied > JOBS_TIDY_SECONDS) {
        jobs->tidied = now;
        (void) job_results_tidy(&jobs->results, now_of(jobs));
    }
}

/* ---- the thread ---- */

/* What ran when the server before this one ended. */
static void recover(struct jobs *jobs)
{
    struct arena      arena = ARENA_INIT;
    size_t            num = 0;
    struct model_job *open = memory_array(JOB_MOST_OPEN, sizeof *open);
    if (open != NULL && reader_of(jobs) != NULL)
        (void) job_open(jobs->reader, &arena, open, JOB_MOST_OPEN, &num);
    for (size_t i = 0; i < num; i++) {
        struct job_change change;
        jobs_note(jobs, &open[i].head.id, &open[i].requested_by);
        if (!job_is(&open[i], JOB_RUNNING))
            continue;
        job_lose(&open[i], now_of(jobs), &change);
        (void) write_change(jobs, "job lost", &change);
    }
    free(open);
    arena_free(&arena);
}

/* The server ends: what runs is done again by the next one. */
static void give_back(struct jobs *jobs)
{
    struct job_change change;
    worker_end(&jobs->worker, jobs->at == WORKING ? 0 : 1, NULL);
    if (jobs->at != WORKING)
        return;
    job_result_drop(&jobs->results, &jobs->job.head.id);
    job_give_back(&jobs->job, now_of(jobs), &change);
    (void) write_change(jobs, "job given back", &change);
    arena_wipe(&jobs->arena);
}

static void wait_for_news(struct jobs *jobs, bool waiting)
{
    uint64_t      ignored;
    bool          soon = waiting || jobs->at == WORKING || jobs->at == STARTING;
    struct pollfd from[] = { { .fd = jobs->wakes, .events = POLLIN },
                             { .fd = jobs->worker.socket, .events = POLLIN } }; /* fd -1 is passed over */
    (void) poll(from, 2, soon ? 250 : 10000);
    if (from[0].revents != 0 && read(jobs->wakes, &ignored, sizeof ignored) > 0)
        look_for_cancel(jobs);
    if (from[1].revents != 0)
        hear_worker(jobs);
}

static void *run(void *context)
{
    struct jobs *jobs = context;
    pthread_setname_np(pthread_self(), "tocsin-jobs");
    recover(jobs);
    while (!jobs->closing) {
        bool waiting = jobs->at != NO_WORKER && jobs->at != IDLE ? false : look_for_job(jobs);
        wait_for_news(jobs, waiting);
        look_at_clock(jobs);
    }
    give_back(jobs);
    store_reader_close(jobs->reader);
    return NULL;
}

/* ---- from other threads ---- */

void jobs_wake(struct jobs *jobs)
{
    const uint64_t one = 1;
    ssize_t        ignored = write(jobs->wakes, &one, sizeof one);
    (void) ignored;
}

const struct job_results *jobs_results(const struct jobs *jobs)
{
    return &jobs->results;
}

void jobs_note(struct jobs *jobs, const struct id *job, const struct id *user)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->owners[jobs->num_owners++ % OWNERS] = (struct owner){ *job, *user };
    pthread_mutex_unlock(&jobs->lock);
}

bool jobs_is_of(struct jobs *jobs, const struct id *job, const struct id *user)
{
    bool is = false;
    pthread_mutex_lock(&jobs->lock);
    for (size_t i = 0; i < jobs->num_owners && i < OWNERS && !is; i++)
        is = id_equal(&jobs->owners[i].job, job) && id_equal(&jobs->owners[i].user, user);
    pthread_mutex_unlock(&jobs->lock);
    return is;
}

void jobs_watch(struct jobs *jobs, struct jobs_state *state)
{
    pthread_mutex_lock(&jobs->lock);
    *state = jobs->state;
    pthread_mutex_unlock(&jobs->lock);
}

int jobs_start(const struct jobs_options *options, struct jobs **jobs)
{
    const struct worker none = WORKER_NONE;
    struct jobs        *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->options = *options;
    made->worker = none;
    made->state.worker = -1;
    made->results.folder = -1;
    pthread_mutex_init(&made->lock, NULL);
    made->program = strdup(options->program);
    made->database = strdup(options->database);
    made->wakes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int ret = made->program == NULL || made->database == NULL ? TOC_ERR_NO_MEMORY
              : made->wakes < 0                               ? BASE_ERR_SYSTEM
                                                              : job_results_open(options->results, &made->results);
    if (ret == 0 && pthread_create(&made->thread, NULL, run, made) != 0)
        ret = BASE_ERR_SYSTEM;
    made->started = ret == 0;
    if (ret != 0)
        jobs_stop(made);
    else
        *jobs = made;
    return ret;
}

void jobs_stop(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    jobs->closing = true;
    if (jobs->started) {
        jobs_wake(jobs);
        pthread_join(jobs->thread, NULL);
    }
    if (jobs->wakes >= 0)
        close(jobs->wakes);
    job_results_close(&jobs->results);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs->program);
    free(jobs->database);
    free(jobs);
}
