/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/tested.h: persons tested. Of all results of one person (whoever is merged with them among them), one
 * disease (or none) and one day exactly one decides, and of one week, Monday to Sunday, too: that of the interpretation
 * that stands first in tested.def, then the one with the smallest id. So who was tested three times in a week is one
 * person tested, and positive where one of the three was.
 *
 * The day is the one on which the specimen was collected. A result without it, of a specimen that is no person's (an
 * environment's, a pool's), or with a status that tested.def leaves out, never decides.
 *
 * The writer marks the results that decide (result.person_day, result.person_week: group_tested.c); the counters
 * person_by_day and person_by_week count the marked ones, where and as all results are counted. `tocsin check` decides
 * anew (check_tested.c).
 */
#ifndef STORE_TESTED_H
#define STORE_TESTED_H

#include "base/id.h"
#include "model/records.h"
#include "store/db.h"
#include "store/key_table.h"

enum tested_span { TESTED_DAY, TESTED_WEEK, TESTED_SPANS };

#define TESTED_NOBODY UINT32_MAX /* no person */
#define TESTED_NEVER UINT32_MAX  /* no rank */

/* A result as far as it matters. */
struct tested {
    struct id result;
    uint32_t  person;                /* persons who are merged have the same number */
    uint32_t  disease;               /* a number each; of none too */
    uint32_t  rank;                  /* the smallest decides */
    toc_date  day;                   /* MODEL_MISSING_DATE: not known */
    toc_date  stands[TESTED_SPANS];  /* as it is marked: the day, and the Monday; MODEL_MISSING_DATE: it is not */
    toc_date  decides[TESTED_SPANS]; /* as it is to be marked */
};

uint32_t tested_rank(struct model_text interpretation, struct model_text status);

/* The day of a specimen; collected: its collected_time. */
toc_date tested_day(struct model_text collected);

/* A mark as a row of table result has it. */
toc_date tested_mark(const struct db_value *value);

/* Set `decides` of all results of the persons who are among them. Their order changes. */
void tested_decide(struct tested *all, size_t num);

/* Does it stand as it decides? */
bool tested_is_right(const struct tested *one);

/* Persons, and diseases, by number. Numbers are given in the order of arrival; tested_person is the number of whoever
 * the person is merged with, and other once another two are joined. */
struct tested_names {
    struct key_table persons, diseases;
};
void     tested_names_init(struct tested_names *names);
void     tested_names_free(struct tested_names *names);
int      tested_add_person(struct tested_names *names, const struct id *person); /* 0 or TOC_ERR_NO_MEMORY */
int      tested_join(struct tested_names *names, const struct id *person, const struct id *other);
uint32_t tested_person(const struct tested_names *names, const struct id *person);  /* TESTED_NOBODY: not among them */
const struct id *tested_person_at(const struct tested_names *names, size_t number); /* in the order of arrival */
int              tested_disease(struct tested_names *names, struct model_text code, uint32_t *number);

#endif
