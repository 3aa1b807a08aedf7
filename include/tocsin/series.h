/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/series.h: a series of counts, and what a detection method says of each of its steps. */
#ifndef TOCSIN_SERIES_H
#define TOCSIN_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/date.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One series on an even grid of days, weeks or months, oldest first. The arrays are the caller's and only read. */
struct toc_series {
    const double   *observed;   /* n counts, >= 0 and whole; NaN = missing */
    const double   *population; /* n persons under observation, > 0; NULL = not known */
    const toc_date *date;       /* n, the first day of each step, ascending; NULL = undated */
    const uint8_t  *holiday;    /* n labels from toc_calendar_label(): 0 = an ordinary step; NULL = no calendar */
    size_t          n;
    int             steps_per_year; /* 365 (days), 52 (weeks) or 12 (months) */
};

/* How closely a method follows the R package it is compared with. Every options struct begins with a mode. */
enum toc_mode {
    TOC_MODE_DEFAULT = 0, /* the method as published, faults of the R code mended; docs/methods/ lists them */
    TOC_MODE_R = 1        /* the numbers of R exactly, faults included */
};

/* Whether days of the week are judged apart. Only daily series with dates have them. */
enum toc_weekdays {
    TOC_WEEKDAYS_STRATA = 0, /* each day of the week against its own kind (in TOC_MODE_R: not done) */
    TOC_WEEKDAYS_POOLED = 1  /* all days alike */
};

enum toc_alarm {
    TOC_ALARM_NO = 0,
    TOC_ALARM_YES = 1,
    TOC_ALARM_NOT_ASSESSED = 2 /* a rule kept the method from judging; never to be shown as "no alarm" */
};

/* Why a step was not assessed: code, text for people. Append only. */
#define TOC_REASONS(X)                                                                                                 \
    X(TOC_REASON_NONE, "")                                                                                             \
    X(TOC_REASON_SHORT_HISTORY, "too little history before this date")                                                 \
    X(TOC_REASON_OBSERVED_MISSING, "the count of this date is missing")                                                \
    X(TOC_REASON_BASELINE_MISSING, "too many counts of the baseline are missing")                                      \
    X(TOC_REASON_FEW_CASES, "too few recent cases to judge")                                                           \
    X(TOC_REASON_HOLIDAY, "a holiday without enough earlier ones to compare with")                                     \
    X(TOC_REASON_FIT_FAILED, "the model of the baseline could not be fitted")                                          \
    X(TOC_REASON_NO_REFERENCE, "the baseline dates are not in the series")                                             \
    X(TOC_REASON_EARLIER_MISSING, "an earlier count that this method needs is missing")                                \
    X(TOC_REASON_CONSTANT_BASELINE, "the baseline does not vary")                                                      \
    X(TOC_REASON_NOT_DAILY, "the counts are not daily and this method needs days")                                     \
    X(TOC_REASON_OFF_SEASON, "this week lies between seasons")                                                         \
    X(TOC_REASON_LATER_UNKNOWN, "the cases that these went on to infect are not all known yet")                        \
    X(TOC_REASON_R_STOPS, "R stops with an error here")

enum toc_reason {
#define X(code, text) code,
    TOC_REASONS(X)
#undef X
        TOC_NUM_REASONS
};

/* The text of a reason, static, in English; "" for TOC_REASON_NONE. */
const char *toc_reason_text(enum toc_reason reason);

/* What a method says of one step. */
struct toc_judgement {
    double         expected;  /* count expected without an outbreak; NaN = the method has none or did not judge */
    double         threshold; /* count above which the method alarms; NaN as above */
    double         score;     /* 1 at the threshold, more beyond it; NaN as above */
    enum toc_alarm alarm;
    /* TOC_REASON_NONE exactly where the step was assessed. In TOC_MODE_R, and only there, a reason may stand beside
     * TOC_ALARM_NO: R answers "no alarm" where its own rule kept it from judging, which is no answer to pass on. */
    enum toc_reason reason;
};

#ifdef __cplusplus
}
#endif
#endif
