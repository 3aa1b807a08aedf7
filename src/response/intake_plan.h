/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_plan.h: a plan in the making (intake.h): what its files share. */
#ifndef RESPONSE_INTAKE_PLAN_H
#define RESPONSE_INTAKE_PLAN_H

#include <string.h>

#include "response/intake.h"
#include "tocsin/date.h"

/* A row in the plan: as it stands or will stand, and the change that it is part of. */
struct row {
    enum model_record_number code;
    void                    *value;
    bool                     is_new;
    struct store_change     *change; /* NULL = as it stands */
};

struct plan {
    const struct report              *report;
    const struct intake_known        *known;
    const struct intake_plan_options *options;
    struct arena                     *arena;
    struct intake_outcome            *outcome;
    struct store_change             **changes; /* in the order of making */
    size_t                            num_changes, room_changes;
    struct row                       *rows; /* what is there and what is made */
    size_t                            num_rows, room_rows;
    uint64_t                          num_ids;
    toc_date                          today;
    int                               status;
};

static inline struct model_text word(const char *text)
{
    return (struct model_text){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool is(struct model_text text, const char *code)
{
    return text.size == strlen(code) && memcmp(text.bytes, code, text.size) == 0;
}

static inline bool same(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* What a result is of. */
struct about {
    uint32_t                    specimen, order; /* of the report; REPORT_NONE = none */
    const char                 *subject;         /* code of specimen_subject */
    const struct intake_person *person;          /* of subject "person" */
    struct model_text           number;
    struct id                   area;
    struct report_time          collected, received;
    struct report_concept       material;
};

/* ---- intake.c ---- */

/* A new record, empty but for its id (NULL: the next one); NULL: no memory. */
void *plan_make(struct plan *plan, enum model_record_number code, const struct id *id);

/* A field of a row that stands there is altered; of one that is made it needs no note. */
void plan_note_field(struct plan *plan, const void *value, size_t field);

/* An open task of the program; NULL: of history there are none, or no memory. */
struct model_task *plan_add_task(struct plan *plan, const char *kind, const struct id *area, const char *role,
                                 const char *priority, const char *title);

/* A new person, once something is to be said of them: a pool's report may name somebody of whom nothing is said. */
void                        plan_need_person(struct plan *plan, const struct intake_person *one);
const struct intake_person *plan_person_of(const struct plan *plan, uint32_t subject);

/* ---- intake_specimen.c ---- */

struct about plan_about_of(struct plan *plan, const struct report_result *result);

/* The specimen that stands there, or a new one; NULL: no memory. That of a row which this one corrects is moved to the
 * day that it says now. */
struct model_specimen *plan_find_specimen(struct plan *plan, const struct about *about);

/* ---- intake_case.c ---- */

/* The case of what was found in somebody, new or open. */
struct id plan_case_of(struct plan *plan, const struct about *about, struct model_text disease,
                       const struct report_time *found);

/* A condition that the transmission notifies is a case, with or without a result. */
void plan_take_notification(struct plan *plan, const struct report_diagnosis *diagnosis);

#endif
