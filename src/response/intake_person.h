/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_person.h: who a report's subject is: the identity that it tells, and whether it is somebody known.
 *
 * Weighed by Fellegi and Sunter's odds at the weights that come with the library (toc_linkage_weigh). Three answers:
 *     same        probability >= INTAKE_SAME; or the same number of the same authority and nothing that speaks against
 *                 it. Never where the given names differ: twins share all the rest
 *     perhaps     >= INTAKE_PERHAPS: a new person, and a task for somebody to decide (resolve-duplicate)
 *     different
 * A person that was merged into another stands for that one.
 */
#ifndef RESPONSE_INTAKE_PERSON_H
#define RESPONSE_INTAKE_PERSON_H

#include "formats/report.h"
#include "model/records.h"
#include "store/meant_person.h"

#define INTAKE_SAME 0.90
#define INTAKE_PERHAPS 0.10
#define INTAKE_PERSONS 100000.0 /* a county's people: among whom somebody with the same token was found */

/* A text of a report as a record may hold it: NFC, no controls, at most so many characters; missing where nothing is
 * left. In arena. *status: TOC_ERR_NO_MEMORY is kept there, else untouched. */
struct model_text intake_clean(struct report_text text, size_t most, struct arena *arena, int *status);

/* The TIME and DATE of a report's time; missing where less than a day was said. */
struct model_text intake_moment(const struct report_time *time, struct arena *arena, int *status);
toc_date          intake_day(const struct report_time *time);

/* Person and identity of a subject; heads and references are left for the caller. False: it tells nothing by which
 * somebody could be known again (no name, no number). A number is told with its authority ("1.2.3/4711") unless it is
 * one that is unique by itself; the best of several is taken. */
bool intake_identity(const struct report_subject *subject, struct arena *arena, struct model_person *person,
                     struct model_identity *identity, int *status);

enum intake_answer { INTAKE_DIFFERENT, INTAKE_IS_PERHAPS, INTAKE_IS_SAME };

/* The most likely of them: its index in *best; untouched where all are different. */
enum intake_answer intake_weigh(const struct model_person *person, const struct model_identity *identity,
                                const struct meant_person *candidates, size_t num, size_t *best);

#endif
