/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_streams.h: the streams of a store as groups of series that watch.h can judge.
 *
 * What feeds a stream today: the counters of this program (stream.feed = counter, stream.counter its name), so its
 * values are those of the records as of the newest commit, and of every earlier day as it was known then.
 *
 *     indicator    counter                                             without
 *     cases        case_by_onset, case_by_specimen, case_by_received   cases that are none
 *     tests        result_by_day                                       cancelled, entered in error, superseded
 *     positives    result_by_day, of those detected                    cancelled, entered in error, superseded
 *     persons-tested     person_by_day or person_by_week               persons of whom nothing valid came
 *     persons-positive   person_by_day or person_by_week, detected
 *
 * A stream of cases by case_by_received may be among some of them alone (stream.among): health workers (occupation), or
 * acquired in a facility (origin). Who may not filter cases by that field does not see it counted. What others count is
 * among whom its sender says.
 *
 * Persons are counted of a day or of a week (store/tested.h), as the stream's unit of time is, and of one disease.
 *
 * A stream whose feed is `unit-reports` is the sum of what reporting units say (stream_reports.h); with any other feed
 * it has the values that were loaded into it (model/stream_values.def).
 *
 * A stream whose feed is `share` is what its numerator is of its denominator, two watched streams of counts of its area
 * and unit of time. Streams of cases and of positives stand beside the tests (or, without those, persons tested) of
 * their disease, area and unit of time, where these are watched: what more testing explains is marked (watch.h), and so
 * is what the records series_change say.
 *
 * A history begins at valid_from of its streams or, where none says it, on the first day that any stream of the group
 * has counted: days before that are not zeros.
 */
#ifndef RESPONSE_WATCH_STREAMS_H
#define RESPONSE_WATCH_STREAMS_H

#include "model/model_lists.h"
#include "response/watch.h"
#include "store/store.h"
#include "store/stream_layers.h"

#define WATCH_YEARS 8 /* of history that are read */

struct watch_stream {
    struct model_stream        stream;
    const char                *unwatched; /* why it is not judged; NULL = it is */
    size_t                     feed;      /* how it is counted */
    unsigned                   depth;     /* of its area in the tree */
    uint32_t                   place;     /* of the map */
    double                     fixed;     /* as struct watch_series has it */
    bool                       by_rate;
    int64_t                    residents; /* that the rate is of; 0 = no rate */
    int                        residents_year;
    const struct watch_stream *numerator;     /* of a share; else NULL */
    const struct watch_stream *denominator;   /* of a share; of cases and positives their tests; else NULL */
    struct model_text          facility_kind; /* of the facility whose numbers these are, if only one */
    const struct watch_choice *choice;        /* NULL = by its history */
    const struct watch_break  *breaks;        /* the oldest first */
    size_t                     num_breaks;
};

struct watch_streams {
    struct watch_stream    *streams; /* those of one group one behind the other */
    size_t                  num_streams;
    bool                    linked; /* some have a numerator or a denominator */
    struct toc_grouping_map map;    /* the areas of all streams and what they lie in */
    struct id              *areas;
};

/* Read all streams, and the map. Everything lives in the arena. */
int watch_streams_read(struct store_reader *reader, const struct access *who, toc_date today, struct arena *arena,
                       struct watch_streams *streams, struct fault_list *faults);

/* How many streams, from number `first` on, are of one group. */
size_t watch_streams_group(const struct watch_streams *streams, size_t first);

/* Their series up to the step that holds today: fills in group but for alarms, signals and ids. num_steps is 0 where
 * nothing was ever counted. */
int watch_streams_series(struct store_reader *reader, const struct access *who, const struct watch_streams *streams,
                         size_t first, size_t num, toc_date today, struct arena *arena, struct watch_group *group);

/* ---- the same step by step, for whoever reads some series of a group and knows the others (watch_memory.h) ---- */

#define WATCH_DAYS_READ (WATCH_YEARS * 366 + 1)

/* The days of a stream; NaN: nobody has said. */
struct watch_days {
    double counts[WATCH_DAYS_READ]; /* of a share: its numerator */
    double of[WATCH_DAYS_READ];     /* its denominator, where it has one */
};

/* What each of these streams has counted in the WATCH_DAYS_READ days up to today. first: its first day that counts;
 * MODEL_MISSING_DATE: none does. Any thread, a reader each. */
int watch_days_read(struct store_reader *reader, const struct access *who, const struct watch_stream *const *streams,
                    size_t num, toc_date today, struct watch_days *days, toc_date *first);

/* The first day of the first step of a group, from the first days of all its streams; MODEL_MISSING_DATE: nothing was
 * ever counted. */
toc_date watch_days_start(const struct watch_stream *streams, const toc_date *first, size_t num, toc_date today);
int      watch_step_days(const struct watch_stream *stream); /* 1 or 7 */

/* The steps of one stream: what its days counted, or the mean of what they measured; NaN where no day is known. counts:
 * steps, and behind them as many for its denominator, where it has one. */
void watch_days_steps(const struct watch_stream *one, toc_date today, const struct watch_days *days, toc_date start,
                      size_t steps, double *counts);

/* All of the series but what they counted. */
void watch_streams_shape(const struct store *store, const struct watch_stream *streams, size_t num,
                         struct watch_series *series);

/* All of the group but its series, alarms, signals, budget and ids. */
int watch_streams_frame(const struct watch_streams *all, size_t first, size_t num, toc_date start, toc_date today,
                        struct arena *arena, struct watch_group *group);

/* The counter of a stream that counts some of the cases alone (stream.among); NULL: it counts all of them. */
const struct model_counter *watch_stream_only(const struct watch_stream *one);

/* Does this stream count records of that kind, by a counter or, of unit_report, summed up? disease: of the record;
 * NULL = whatever it is. */
bool watch_stream_counts(const struct watch_stream *stream, enum model_record_number record,
                         const struct model_text *disease);

/* ---- for whoever asks what was known on other days (watch_past.h) ---- */

/* Others say its numbers: a day of which nobody has said anything is unknown, not 0. */
bool watch_counted_by_others(const struct watch_stream *one);

/* What is asked of the counter of a stream; number 0 is a sum, 1 … what is taken away from it. False: nothing more is.
 */
bool watch_stream_question(const struct watch_stream *one, size_t number, char disease[MODEL_LISTS_CODE + 1],
                           struct store_count_query *query);

/* The WATCH_DAYS_READ days up to today of a stream that others count, as known on a day; totals as increments. What is
 * below 0 is a correction of earlier days, or on a scale that methods for counts cannot judge: nothing is known of that
 * day. What is known is moved within `known`. Returns 0 or TOC_ERR_NO_MEMORY. */
int watch_days_known(const struct watch_stream *one, struct stream_known *known, toc_date as_of, toc_date today,
                     struct arena *arena, double *at);

/* The first of these days that counts; MODEL_MISSING_DATE: none does. */
toc_date watch_days_first(const struct watch_stream *one, const struct watch_days *days, toc_date today);

#endif
