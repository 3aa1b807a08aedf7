/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/detect_pool.h: many series judged by several threads, delivered in the order of the input.
 *
 * One thread reads, `threads` judge, and the caller's takes the results in order, whatever order they were finished in;
 * so the output is the same for any number of threads. What is in work at once is bounded by the number of slots, each
 * of which holds one series: memory does not grow with the number of series.
 */
#ifndef CLI_DETECT_POOL_H
#define CLI_DETECT_POOL_H

#include "formats/counts.h"
#include "tocsin/calendar.h"
#include "tocsin/method.h"

#define DETECT_MAX_THREADS 256

/* What is to be judged, the same for all series. Only read while threads run. */
struct detect_job {
    struct counts_reader      *reader;
    const struct toc_method   *method;
    const void                *options;
    const struct toc_calendar *calendar; /* NULL = none */
    toc_date                   begin;    /* judging begins with the first step of a series on this date or later */
    toc_date                   from, to; /* what is delivered: steps whose first day lies within; begin <= from */
    size_t                     longest;  /* steps of the longest series */
    int                        threads;  /* 1: everything in the caller's thread */
};

/* One series judged. */
struct detect_result {
    struct counts_series  counts;
    struct toc_judgement *all;        /* of all steps judged */
    struct toc_judgement *judgements; /* num of them, for the steps first … first + num - 1 */
    size_t                first, num;
    int                   status; /* of the judge */
    struct toc_error      error;
};

/* Take one result; answers false to stop. Its arrays are used again afterwards. */
typedef bool (*detect_take)(void *context, const struct detect_result *result);

/* Whether a method gave its own answer. R's "no alarm" by rule, which has a reason beside it, is none. */
static inline bool detect_is_assessed(const struct toc_judgement *judgement)
{
    return judgement->reason == TOC_REASON_NONE;
}

/* Judge every series of the reader. Returns 0 at the end or when stopped; TOC_ERR_NO_MEMORY; or what counts_next
 * answered. A series that could not be judged is delivered with its status. */
int detect_run(const struct detect_job *job, detect_take take, void *context);

#endif
