/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/job.h: jobs (model/job.def) as the database has them. The rules are above (response/job.h).
 *
 * Whoever asked for a job sees it, in any role; besides them those who may read jobs at all (access.def), as far as
 * they may: the parameters and the failure are SENSITIVE.
 *
 * Functions return 0, STORE_ERR_ABSENT where there is no such job for the caller, or what the store returns (store.h).
 */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "model/records.h"
#include "store/store.h"

#define JOB_MOST_LISTED 200 /* of one answer */
#define JOB_MOST_OPEN 500   /* waiting or running, that are looked at at once */

/* One job; within the writer's group (decide) as the group has it. Texts live in arena; what the caller may not see is
 * missing. */
int job_read(struct store_reader *reader, const struct access *who, const struct id *id, struct arena *arena,
             struct model_job *job);

/* The newest jobs that the caller sees, before `before` (NULL: from the newest). */
int job_list(struct store_reader *reader, const struct access *who, const struct id *before, struct arena *arena,
             struct model_job *jobs, size_t max, size_t *num);

/* What waits or runs, oldest first: for the program. */
int job_open(struct store_reader *reader, struct arena *arena, struct model_job *jobs, size_t max, size_t *num);

/* How many jobs of a user wait or run. */
int job_count_open(struct store_reader *reader, const struct id *user, int64_t *num);

#endif
