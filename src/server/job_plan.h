/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/job_plan.h: what a job is to do, read from JSON: the body of POST /api/v1/jobs, and then the parameters of
 * its row, which are the same members without the kind and with the role of whoever asked:
 *
 *     {"kind":"line-list-as-of","list":"cases","as":"csv","bom":false,"as_of":"2026-11-01T00:00:00Z",
 *      "query":{"area":"0192…","disease":"measles","onset_date.from":"2026-10"}}
 *
 * `query` has the parameters of the list's export (/api/v1/exports/…), as texts, numbers, true and false.
 *
 *     export             the list as it is when the job runs
 *     line-list-as-of    as it was known at `as_of` (export.h); without sort, direction, from
 */
#ifndef SERVER_JOB_PLAN_H
#define SERVER_JOB_PLAN_H

#include "server/exchange.h"
#include "server/export.h"

struct json_t; /* jansson's */

#define JOB_EXPORT "export"
#define JOB_LINE_LIST_AS_OF "line-list-as-of"
#define JOB_KINDS_ALLOWED "export, line-list-as-of"
#define JOB_MOST_ROWS 10000000 /* of a file; a spreadsheet ends at SPREADSHEET_MOST_ROWS */

struct job_plan {
    struct export_options export; /* who: to be filled in by whoever runs it */
    enum access_role role;        /* of the row's parameters */
    struct exchange  asked;       /* holds the texts */
};

/* Read it. kind: of the row; NULL = the body of a request, which names it and names no role. faults: located as they
 * stand in the body, "/query/disease". What the caller may ask of the list, export_check says. 0, BASE_ERR_INPUT,
 * TOC_ERR_NO_MEMORY; then the plan is zero. */
int  job_plan_read(struct json_t *json, const char *kind, struct job_plan *plan, struct fault_list *faults);
int  job_plan_parse(const char *parameters, const char *kind, struct job_plan *plan, struct fault_list *faults);
void job_plan_free(struct job_plan *plan); /* of a zeroed plan it does nothing */

/* May the caller ask this? As export_check says, faults located in the body. */
int job_plan_check(struct job_plan *plan, const struct access *who, struct store_reader *reader, int64_t *total,
                   struct fault_list *faults);

/* "export", "line-list-as-of". */
const char *job_plan_kind(const struct job_plan *plan);

/* The parameters of its row, asked for in a role. */
void job_plan_write(const struct job_plan *plan, enum access_role role, struct sink *sink);

/* What a user may do now in a role, by their grants alone: no purpose, no broken glass. STORE_ERR_DENIED: nothing, or
 * nothing any more. access: areas in the arena. */
int job_access(struct store_reader *reader, const struct id *user, enum access_role role, int64_t now,
               struct arena *arena, struct access *access);

#endif
