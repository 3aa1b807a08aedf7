/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/farrington_factors.h: Farrington's baseline model with day of the week and week of a holiday as further factors.
 *
 *   log mean_i = season block + weekday + week of a holiday [+ slope t_i] [+ log population_i], variance phi mean_i
 *
 * One level each for the whole baseline, not one for each block: a Monday is as much higher than a Sunday in winter as
 * in summer, and five baseline years hold 35 Mondays of a season but five Spring Festivals. Fit, reweighting and trend
 * rule are those of the closed form (lib/quasi_poisson.h), which has only one factor.
 *
 * A weekly step may lie between two weeks of a holiday (tocsin/calendar.h, `beyond`): its effect lies between theirs,
 * by days. What still differs from year to year about holidays is measured by the overdispersion of labelled rows
 * alone.
 *
 * A week of a holiday can be compared with others of its kind from TOCI_HOLIDAY_YEARS earlier years on; with fewer, its
 * rows are left out and a step of that label is not assessed.
 */
#ifndef LIB_FARRINGTON_FACTORS_H
#define LIB_FARRINGTON_FACTORS_H

#include "factor_model.h"
#include "farrington_rows.h"
#include "farrington_threshold.h"
#include "quasi_poisson.h"

enum { TOCI_HOLIDAY_YEARS = 3, TOCI_FACTOR_MAX_PERIODS = 60 };

/* What is asked: the step, its baseline (holidays included) and which factors there are. */
struct toci_factors_question {
    const struct toc_series        *series;
    size_t                          k;
    const struct toci_count_values *values;
    const struct toci_baseline     *baseline;
    int                             periods;
    bool                            weekdays, holidays;
    bool                            slope; /* whether one is tried */
    bool                            reweight;
    double                          residual_limit, trend_p_limit;
};

struct toci_factors_answer {
    enum toc_reason reason;  /* why there is no answer, or TOC_REASON_NONE */
    size_t          rows;    /* counts of the baseline */
    double          cases;   /* in them */
    double          highest; /* count of them */
    double exposure; /* > 0: a level of the step has rows without a case, worth so many of the step's population */
    double slope;    /* NaN without one */
    struct toci_prediction prediction;
};

/* Working memory of one step after the other. */
struct toci_factors_room {
    struct toci_factor_fit   fit;
    size_t                   num;                                      /* rows */
    double                  *observed, *time, *offset, *prior, *share; /* one a row */
    uint8_t                 *level[TOCI_FACTORS], *other;
    struct toci_factor_point now; /* the judged step */
};
size_t toci_factors_bytes(size_t max_rows);
void   toci_factors_place(struct toci_factors_room *room, void *memory, size_t max_rows);

/* Find the levels of the baseline: reason, rows, cases, highest and exposure of the answer. */
void toci_factors_load(struct toci_factors_room *room, const struct toci_factors_question *question,
                       struct toci_factors_answer *answer);

/* Fit and predict, where the answer so far has neither a reason nor an exposure. */
void toci_factors_predict(struct toci_factors_room *room, const struct toci_factors_question *question,
                          struct toci_factors_answer *answer);

#endif
