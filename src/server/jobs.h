/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/jobs.h: what takes longer than an answer may. A thread takes jobs from the database one at a time, hands
 * each to the worker process (worker.h) under a lease (response/job.h), writes down how far it is, and keeps the file
 * that comes of it (job_result.h).
 *
 * The worker is started with the first job and ends when there was none for JOBS_IDLE_SECONDS. Where it dies, or says
 * nothing until its lease ends, another is started, after a pause that doubles with each death in a row, and the job is
 * taken up again. Jobs that ran when the server died are taken up when the next one starts: who holds the database's
 * lease knows that their holder is gone.
 *
 * A job runs under the grants that whoever asked for it has when it begins; it is one entry of the audit chain then.
 */
#ifndef SERVER_JOBS_H
#define SERVER_JOBS_H

#include <stdbool.h>

#include "server/job_result.h"
#include "store/store.h"

#define JOBS_PER_USER 10       /* waiting or running */
#define JOBS_IDLE_SECONDS 60   /* then the worker ends */
#define JOBS_TELL_SECONDS 2    /* progress is written down so often */
#define JOBS_PACK_SECONDS 600  /* of a spreadsheet whose rows were all read: longer than a lease */
#define JOBS_CANCEL_SECONDS 3  /* a worker that goes on for so long is killed */
#define JOBS_PAUSE_SECONDS 0.5 /* after the first death of a worker */
#define JOBS_LONGEST_PAUSE 30  /* seconds */
#define JOBS_TIDY_SECONDS 600  /* old results are looked for so often */

struct jobs;
struct log;

struct jobs_options {
    struct store      *store;
    struct log        *log;      /* NULL = none */
    struct store_clock clock;    /* { NULL } = the machine's */
    const char        *program;  /* of the worker: the path of tocsin */
    const char        *database; /* its address */
    const char        *results;  /* folder */
};

/* 0, BASE_ERR_SYSTEM (the folder), TOC_ERR_NO_MEMORY. */
int  jobs_start(const struct jobs_options *options, struct jobs **jobs);
void jobs_stop(struct jobs *jobs); /* what runs is given back; NULL is fine */

/* There is a new job, or one is to be cancelled. */
void jobs_wake(struct jobs *jobs);

const struct job_results *jobs_results(const struct jobs *jobs);

/* Whose job is it? Told before its row is written, so that its owner's live events have it (live.h). The newest are
 * remembered. */
void jobs_note(struct jobs *jobs, const struct id *job, const struct id *user);
bool jobs_is_of(struct jobs *jobs, const struct id *job, const struct id *user);

/* For whoever watches over the node. */
struct jobs_state {
    bool    working;
    pid_t   worker; /* -1 = none runs */
    int64_t done, failed, lost;
};
void jobs_watch(struct jobs *jobs, struct jobs_state *state);

#endif
