/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/completeness.h: of the reports that reporting units owe to a stream for a day or a week, how many came
 * (completeness) and how many came in time (timeliness).
 *
 * A unit of days owes one report a day, a unit of weeks one an ISO week, from valid_from to valid_to. It has reported
 * when there is a unit_report of that day or week, 0 among them, or, where it owes reports of cases, zero reports or
 * tests, when its institution sent anything within it (store/unit_figures.h). In time is what was first received up to
 * due_hours after the end of the day or week; it is awaited until missing_hours (or, without these, due_hours) have
 * passed, and missing from then on. A later report of the same day changes the number, never whether it was in time.
 *
 * Owed to a stream are the reports of units in its area and below (of its institution, where it has one), of its
 * disease or of all, whose kind goes with its indicator:
 *
 *     case-reports, zero-report    cases, deaths
 *     laboratory-counts            tests, positives, persons-tested, persons-positive, positivity
 *     syndromic-counts             syndromic-visits and other visits, severe-respiratory-infection
 *     sentinel-report              influenza-like-illness, severe-respiratory-infection, positivity
 *     aggregate-counts             every other
 *
 * A stream of days is owed what units of days owe; a stream of weeks what units of both do.
 *
 * To a stream that is summed from reports (stream.feed = unit-reports, response/stream_reports.h) only what can be
 * added up is owed: the units of exactly its disease (of all, where it has none), whose number is one of its indicator,
 * and their unit_reports alone; not deaths of case-reports, not what laboratory-counts do not tell apart (positives,
 * persons tested, positivity). What never came keeps such a step incomplete, since its sum is too small for good.
 */
#ifndef RESPONSE_COMPLETENESS_H
#define RESPONSE_COMPLETENESS_H

#include "model/records.h"
#include "store/area_tree.h"
#include "store/store.h"

#define COMPLETENESS_WEEKS 4 /* that are looked at: this one and those before */
#define COMPLETENESS_MOST_UNITS 100000

struct completeness;

/* Read the units and when they reported. now: until when is known. Everything lives in the arena. *read is NULL where
 * there are no reporting units. Returns 0, TOC_ERR_NO_MEMORY or a status of the store. */
int completeness_read(struct store_reader *reader, int64_t now, struct arena *arena, struct completeness **read);

/* Of one step. */
struct completeness_step {
    toc_date day; /* or the first of the week */
    int64_t  expected, received, in_time;
    int64_t  awaited; /* not received, and not missing yet */
    int64_t  lacking; /* what keeps it from being complete: those awaited; of a stream of reports all not received */
};

/* The steps of a stream of days or weeks, the newest (which holds today) last; *num is 0 where nothing is owed to it.
 * steps: COMPLETENESS_WEEKS * 7. */
void completeness_steps(const struct completeness *read, struct store *store, const struct model_stream *stream,
                        struct completeness_step *steps, size_t *num);

/* Is what this unit reports owed to the stream, which lies in that area of the tree? */
bool completeness_owes(const struct model_reporting_unit *unit, const struct model_stream *stream,
                       const struct area_tree *tree, uint32_t area);

/* Is there any kind of report that can be summed into a stream of this indicator? */
bool completeness_can_sum(struct model_text indicator);

/* The newest step of which nothing is awaited any more, or NULL; and the day before the first of which something is
 * lacking, MODEL_MISSING_DATE where nothing is. */
const struct completeness_step *completeness_newest(const struct completeness_step *steps, size_t num);
toc_date                        completeness_until(const struct completeness_step *steps, size_t num);

#endif
