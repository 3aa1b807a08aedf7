/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake.h: what a report makes of the records as they stand: one pure function, report and records in, change
 * set out (docs/intake.md has the rules as a table).
 *
 * Three identities are kept apart. The transmission was settled at the door. The result is specimen (person and number)
 * and target: the same again says nothing new, preliminary becomes final, a correction supersedes, a retraction
 * retracts. The person was decided by intake_person.h.
 *
 * A detected target of a person is a case of its disease, or belongs to the one that is open: the same person and
 * disease within the days of code_tables_episode_days. A pool is a tube: a finding, and a task to sample again, never a
 * case. Quality control makes nothing. A test makes nothing; history makes no task.
 */
#ifndef RESPONSE_INTAKE_H
#define RESPONSE_INTAKE_H

#include "formats/code_tables.h"
#include "formats/report.h"
#include "model/model_lists.h"
#include "model/records.h"
#include "store/store.h"

#define INTAKE_TASK_HOURS 24 /* until a person has looked at a new case, a doubt, a positive tube */

/* Whom a person of the report is; one entry each, in the order of the subjects. */
struct intake_person {
    uint32_t              subject;
    struct id             id;
    bool                  is_new, has_identity;
    struct model_person   person;   /* as told; of a known one as it stands */
    struct model_identity identity; /* as told */
    struct id             perhaps;  /* who they perhaps are; missing = nobody */
    struct id             area;     /* where they live, as far as known */
};

/* The records as they stand. Plain arrays: rows that the plan adds are not put into them. */
struct intake_known {
    const struct intake_person  *persons;
    size_t                       num_persons;
    const struct model_specimen *specimens; /* of these persons; of other subjects those with the report's numbers */
    size_t                       num_specimens;
    const struct model_pool     *pools; /* with the report's numbers */
    size_t                       num_pools;
    const struct model_result   *results; /* of all these specimens */
    size_t                       num_results;
    const struct model_case     *cases; /* of these persons */
    size_t                       num_cases;
    struct id                    earlier_row; /* message of the row that this one corrects; missing = none */
    struct id                    revises;     /* its case; missing = none */
};

struct intake_plan_options {
    const struct code_tables   *tables;
    const struct model_lists   *lists;   /* NULL = no standard codes are looked up in them */
    const struct model_message *message; /* as it stands */
    const struct model_feed    *feed;    /* NULL = none */
    int64_t                     now;     /* instant; also the seed of the ids, with the message's */
    struct id                   review;  /* of the task to review what no table knows; missing = a new id */
    bool                        is_told; /* that task is there already */
};

/* What became of it, for the receipt. */
struct intake_outcome {
    bool      test, history;
    struct id linked_case; /* that the last result or notified condition is about; missing = none */
    uint32_t  new_persons, new_cases, changed_cases, new_results, changed_results, repeated_results, for_review,
        quality_control, pooled;
};

/* The changes, in an order in which references are there. Everything lies in arena. Returns 0 or TOC_ERR_NO_MEMORY. The
 * message's own row, its bytes and slices are the caller's. */
int intake_plan(const struct report *report, const struct intake_known *known,
                const struct intake_plan_options *options, struct arena *arena, struct store_change_set *set,
                struct intake_outcome *outcome);

/* Is the report a test: it says so, or does not say and the feed does not count that as live, or the feed is being
 * tried out. */
bool intake_is_test(const struct report *report, const struct model_feed *feed);

/* Is it history: its message is marked so, or all that it reports was observed before the feed's day. */
bool intake_is_history(const struct report *report, const struct intake_plan_options *options);

/* The number by which a specimen of the report is known: the laboratory's, else the accession number, else the
 * placer's.
 */
struct report_text intake_specimen_number(const struct report *report, uint32_t specimen, uint32_t order);

/* Those of all its results, each once, as a specimen's row has them; in arena. Returns 0 or TOC_ERR_NO_MEMORY. */
int intake_specimen_numbers(const struct report *report, struct arena *arena, struct model_text **numbers, size_t *num);

#endif
