/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch.h: from series to alarms to signals, for one group of streams: those of one disease (or, where they
 * have none, of one indicator) and one unit of time. Pure: series and what is known of earlier alarms in, what has to
 * be written out; watch_run.h reads and writes.
 *
 * The newest steps are judged, the one that has not ended among them. An alarm that was raised once stays. Each step is
 * grouped anew (tocsin/grouping.h) from its alarms and the signals of the steps before it; alarms of signals that
 * nobody has answered yet move to where they belong by that, and a signal that is left empty is closed as a duplicate.
 * So the partition depends on the alarms alone, not on how many deliveries they came in. Signals that somebody has
 * begun to answer keep their alarms; a closed one takes no more.
 */
#ifndef RESPONSE_WATCH_H
#define RESPONSE_WATCH_H

#include "base/arena.h"
#include "model/records.h"
#include "response/watch_choice.h"
#include "tocsin/grouping.h"
#include "tocsin/method.h"
#include "tocsin/share.h"

#define WATCH_GAP 2            /* steps for which a signal stays open */
#define WATCH_WEEKDAYS_FROM 70 /* days of history from which days of the week are judged apart; all alike before */
#define WATCH_MIN_SIGMA 0.5    /* of methods that have one: after a week without a case it takes two */
/* alarm.method where no method of libtocsin judges: one case is enough; a number or a rate that somebody has set */
#define WATCH_SINGLE_CASE "single-case"
#define WATCH_FIXED_COUNT "fixed-count"
#define WATCH_FIXED_RATE "fixed-rate"
#define WATCH_SHARE "share" /* tocsin/share.h */

/* Why a step is unusual without anybody having fallen ill more. An alarm that is marked is no outbreak's: of the lowest
 * grade, and its signal stands below the line; an alarm beside it that is not marked lifts it.
 *
 *     testing           an alarm of tests themselves; or one of cases or positives where WATCH_TESTING times the tests
 *                       that were usual were done, and the share of them is not unusual (tocsin/share.h)
 *     a break           a new definition, a sender that joined or left: the alarm lies within WATCH_BREAK_STEPS of it.
 *                       Where the sender's share of the volume is known, only what is not unusual without it. A
 *                       sender that left explains no more cases, only another share
 *
 * After WATCH_BREAK_STEPS a series is judged by what it counted since the break alone. Nothing is marked where one case
 * is enough, or where somebody has set a number. */
enum watch_mark {
    WATCH_UNMARKED,
    WATCH_TESTING,
    WATCH_DEFINITION,
    WATCH_SENDER_JOINED,
    WATCH_SENDER_LEFT,
    WATCH_MARKS
};
extern const char *const watch_mark_words[WATCH_MARKS]; /* of the list series_mark; NULL: unmarked */
#define WATCH_TESTING_TIMES 1.5
#define WATCH_BREAK_STEPS 10
struct watch_break {
    toc_date        day;
    enum watch_mark mark;
    double          percent; /* of the volume; NaN = not known */
    int             early;   /* it shows on so many days before it, too */
    bool            pause;   /* of a sender that came back: the history before it counts on */
    bool            noticed; /* by the watch itself */
    struct id       sender;
};

#define WATCH_UNSTABLE 20 /* a share of fewer cases is unstable */

/* What the judgement of one series comes to: all that grouping needs of it, so that a series of which nothing has
 * changed need not be read and judged again. The same bits as judging it anew. */
#define WATCH_MOST_BACK 14
#define WATCH_RECENT (WATCH_MOST_BACK + WATCH_GAP + 2)
struct watch_judged {
    const char          *method;                      /* static */
    double               usual;                       /* the mean before the steps that are judged */
    double               recent[WATCH_RECENT];        /* counts; the last is the newest step */
    struct toc_judgement judgements[WATCH_MOST_BACK]; /* of the newest num_back steps, or all there are; from [0] on */
    struct toc_share     shares[WATCH_MOST_BACK];     /* the same, of shares */
    enum watch_mark      marks[WATCH_MOST_BACK];      /* the same */
};

/* One stream of the group. */
struct watch_series {
    struct id                  stream, area;
    uint32_t                   place; /* area of the map */
    uint32_t                   peers; /* as struct toc_grouping_series has it */
    bool                       single_case;
    bool                       exempt;     /* no budget defers its signals; nor those of single cases */
    bool                       urgent;     /* the first task of its signals is urgent; so it is of single cases */
    double                     fixed;      /* > 0: an alarm from this number on, whatever is usual; 0 = by a method */
    bool                       by_rate;    /* fixed was set as a rate */
    bool                       continuous; /* measured, not counted */
    bool                       tests;      /* it counts tests */
    int                        share_of;   /* > 0: a share of `counts` in `of`, of windows of so many steps */
    const double              *counts;     /* num_steps; the last is the step of today; NaN = nobody has said */
    const double              *of;         /* num_steps: the denominator, or the tests of cases; NULL = none */
    const struct watch_choice *choice;     /* the method that somebody chose; NULL = by the history */
    const struct watch_break  *breaks;     /* the oldest first */
    size_t                     num_breaks;
    const struct watch_judged *judged; /* not NULL: judged already; then `counts` is not read and may be NULL */
};

/* An alarm of the newest num_back + WATCH_GAP steps that is written already. */
struct watch_alarm {
    struct id id, signal;
    size_t    series, step;
};

enum watch_standing { WATCH_NEW, WATCH_ANSWERED, WATCH_CLOSED };
struct watch_signal {
    struct id           id, area;
    enum watch_standing standing;
    bool                marked; /* all its alarms are */
    int64_t             version;
};

struct watch_group {
    struct toc_grouping_map    map;
    const struct id           *areas; /* of the map */
    struct watch_series       *series;
    size_t                     num_series;
    const toc_date            *dates; /* first day of each step */
    size_t                     num_steps;
    int                        steps_per_year;
    size_t                     num_back; /* so many newest steps are judged */
    size_t                     budget;   /* new signals of a step that are not deferred */
    const struct watch_alarm  *alarms;
    size_t                     num_alarms;
    const struct watch_signal *signals; /* all that the alarms name */
    size_t                     num_signals;
    struct id (*new_id)(void *context);
    void *context;
};

/* What is to be written. */
struct watch_raised {
    struct id            id;
    size_t               series, step;
    const char          *method;
    struct toc_judgement judgement;
    enum watch_mark      mark;
    struct id            signal;
};
struct watch_moved {
    struct id alarm, signal;
};
struct watch_founded {
    struct id              id;
    enum toc_grouping_kind kind;
    size_t                 lead, step; /* a series */
    size_t                 num_alarms;
    uint32_t               place; /* that all its alarms lie in; its lead's where they lie in nothing together */
    bool                   exempt, urgent, deferred;
    enum watch_mark        mark; /* of its first alarm, where all are marked: it is deferred then */
};
/* A signal that stood below the line, or might have, and does so no longer. */
struct watch_lifted {
    struct id id;
    bool      marked;         /* it was, and has an alarm that is not */
    bool      exempt, urgent; /* it has the first alarm of such a stream */
};
struct watch_closed {
    struct id id, duplicate_of;
};

struct watch_plan { /* arrays in the arena */
    struct watch_founded *founded;
    struct watch_raised  *raised;
    struct watch_moved   *moved;
    struct watch_closed  *closed;
    struct watch_lifted  *lifted;
    size_t                num_founded, num_raised, num_moved, num_closed, num_lifted;
};

/* Judge and group. Returns 0, TOC_ERR_NO_MEMORY, or a status of the library with the reason in error. */
int watch_plan(const struct watch_group *group, struct arena *arena, struct watch_plan *plan, struct toc_error *error);

/* Judge the steps of series i from number `from` on, as watch_plan does: one judgement a step, and the method's name
 * (static). Returns 0 or a status of the library with the reason in error. */
int watch_judge(const struct watch_group *group, size_t i, size_t from, struct toc_judgement *judgements,
                const char **name, struct toc_error *error);

/* Judge series i for good: what watch_plan takes as `judged`. Returns as watch_judge does. */
int watch_judge_series(const struct watch_group *group, size_t i, struct watch_judged *judged, struct toc_error *error);

/* Why series i is unusual at this step, judged so (its counts are there). */
enum watch_mark watch_mark_of(const struct watch_group *group, size_t i, size_t step,
                              const struct toc_judgement *judgement);

/* What series i counted at a step, per cent of a share. Its counts are there. */
double watch_value(const struct watch_series *series, size_t step);

/* The same of one of the newest WATCH_RECENT steps, of counts that are there or were judged. */
double watch_observed(const struct watch_group *group, size_t i, size_t step);

/* Numerator and denominator of a share at one of the steps that are judged; 0, 0: it is none. */
struct toc_share watch_share(const struct watch_group *group, size_t i, size_t step);

/* The name of the method that judges series i. Static. */
const char *watch_method(const struct watch_group *group, size_t i);

/* Steps of series i since the first that is known. */
size_t watch_history(const struct watch_group *group, size_t i);

/* The id of the alarm of a stream at a step: the same whoever makes it, so that none is written twice. */
struct id watch_alarm_id(const struct id *stream, toc_date day, const char *method);

#endif
