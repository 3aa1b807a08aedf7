/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/job_result.h: the files that jobs make, in a folder of the node that is nobody else's (0700). A name says
 * whose it is and under which grants it was made, so that it is found again under the same ones alone:
 *
 *     0193….part            being made
 *     0193…-5f0c1d2e3a4b5c6d    job and mark (job_result_mark)
 *
 * They hold no identifying value. JOB_RESULT_TIME after it was made a file is deleted; what is not whole when the
 * server starts, then.
 */
#ifndef SERVER_JOB_RESULT_H
#define SERVER_JOB_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/id.h"
#include "model/access.h"

#define JOB_RESULT_TIME (INT64_C(86400) * INT64_C(1000000)) /* microseconds: a day */
#define JOB_RESULT_MOST_BYTES (INT64_C(4) << 30)
#define JOB_RESULTS_MOST_BYTES (INT64_C(16) << 30)  /* all together, before another is begun */
#define JOB_RESULTS_FREE_BYTES (INT64_C(512) << 20) /* that stay free on the disk, which is the database's too */

struct job_results {
    int folder;
};

/* The folder, made where it is not there; what was being made is removed. 0, or BASE_ERR_SYSTEM. */
int  job_results_open(const char *path, struct job_results *results);
void job_results_close(struct job_results *results); /* of folder -1 it does nothing */

/* Of who may have it: user, role and areas. */
uint64_t job_result_mark(const struct access *who);

/* May another file be begun? */
bool job_results_have_room(const struct job_results *results);

/* Begin a file; a descriptor for the worker to write to, or -1. */
int job_result_begin(const struct job_results *results, const struct id *job);
/* It is whole: onto the disk, and under its name from now on. 0, or BASE_ERR_SYSTEM: it is gone then. */
int job_result_keep(const struct job_results *results, const struct id *job, uint64_t mark);
/* Give up what was begun. */
void job_result_drop(const struct job_results *results, const struct id *job);

/* A descriptor for reading and the size; -1: there is none, or none under this mark. */
int job_result_read(const struct job_results *results, const struct id *job, uint64_t mark, int64_t *size);

/* Delete what is older than its time, by the files' own times. Returns how many. */
size_t job_results_tidy(const struct job_results *results, int64_t now);

#endif
