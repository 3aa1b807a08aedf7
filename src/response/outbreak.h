/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/outbreak.h: an outbreak is opened, from a signal that somebody answers or by hand ("one that no signal
 * found"), and its dates are marked: emergence, detection, notification, the seven early actions, confirmed, under
 * control, over. Its clock is 7-1-7: at most 7 days from emergence to detection, 1 from there to notification, 7 from
 * there to the last of the early actions (Frieden et al., Lancet 2021; 10.1016/S0140-6736(21)01250-2). A missing date
 * is missing; an action that does not apply drops out.
 *
 * Which signals belong to an outbreak is said by them (signal.outbreak); others join it when they are answered
 * (response/signal.h: act, close).
 */
#ifndef RESPONSE_OUTBREAK_H
#define RESPONSE_OUTBREAK_H

#include "base/json_writer.h"
#include "response/signal.h"

#define OUTBREAK_NOTIFY_HOURS 24 /* the deadline of its first task: to notify it */

/* ---- opening ---- */

struct outbreak_opening {
    struct access        who;
    int64_t              now;
    struct id            id;     /* of the outbreak; made by whoever asks */
    struct id            signal; /* from this one, which is answered with "act" by that; missing: by hand */
    const char          *reason; /* the evidence of the signal's task; NULL = none */
    const char          *number; /* NULL: area code - disease - day of detection - four digits of the id */
    const char          *disease, *name, *place, *definition; /* NULL: the signal's disease, the others missing */
    struct id            area;                                /* missing: the signal's */
    toc_date             emergence;                           /* MODEL_MISSING_DATE: the signal's event_date */
    struct store_request request;                             /* made by outbreak_open_request; submit it as `who` */
};
/* Detected on the day on which the signal was noticed, or today; suspected; with the task to notify it within a day.
 * BASE_ERR_INPUT with faults at /signal, /disease, /area, /status, /emergence; STORE_ERR_ABSENT. */
void outbreak_open_request(struct outbreak_opening *opening);

/* ---- marking ---- */

enum outbreak_mark {
    OUTBREAK_EMERGENCE,
    OUTBREAK_DETECTION,
    OUTBREAK_NOTIFICATION,
    OUTBREAK_INVESTIGATION, /* the seven early actions */
    OUTBREAK_ANALYSIS,
    OUTBREAK_LABORATORY,
    OUTBREAK_CARE,
    OUTBREAK_COUNTERMEASURE,
    OUTBREAK_COMMUNICATION,
    OUTBREAK_COORDINATION,
    OUTBREAK_CONFIRMED, /* these change its status */
    OUTBREAK_CONTROLLED,
    OUTBREAK_OVER,
    OUTBREAK_MARKS
};
extern const char *const outbreak_words[OUTBREAK_MARKS + 1]; /* "emergence" …; ends with NULL */
#define OUTBREAK_WORDS_ALLOWED                                                                                         \
    "emergence, detection, notification, investigation, analysis, laboratory, care, countermeasure, communication, "   \
    "coordination, confirmed, controlled, over"
#define OUTBREAK_FIRST_ACTION OUTBREAK_INVESTIGATION
#define OUTBREAK_ACTIONS 7

struct outbreak_marking {
    struct access        who;
    int64_t              now;
    struct id            outbreak;
    enum outbreak_mark   mark;
    toc_date             day;       /* MODEL_MISSING_DATE: today (UTC); never a day to come */
    bool                 drops_out; /* of an action: it does not apply here, and has no day */
    struct store_request request;
};
/* BASE_ERR_INPUT with faults at /what, /day, /status (an outbreak that is over), or from the model where dates are out
 * of order; STORE_ERR_ABSENT. Notification ends the task of the opening. */
void outbreak_mark_request(struct outbreak_marking *marking);

/* ---- 7-1-7 ---- */

enum outbreak_standing { OUTBREAK_UNKNOWN, OUTBREAK_RUNNING, OUTBREAK_MET, OUTBREAK_LATE };
extern const char *const outbreak_standings[]; /* "unknown", "running", "met", "late" */

struct outbreak_time {
    enum outbreak_standing standing; /* unknown: a date is missing */
    int64_t                days;     /* until now where it has not ended; -1 = unknown */
};
enum { OUTBREAK_DETECT, OUTBREAK_NOTIFY, OUTBREAK_RESPOND, OUTBREAK_TIMES };
extern const char *const outbreak_time_words[OUTBREAK_TIMES]; /* "detect", "notify", "respond" */
extern const int         outbreak_bars[OUTBREAK_TIMES];       /* 7, 1, 7 days */

struct outbreak_clock {
    struct outbreak_time times[OUTBREAK_TIMES];
    bool                 waits[OUTBREAK_ACTIONS]; /* the action has no date and does apply */
};
void outbreak_clock_read(const struct model_outbreak *outbreak, toc_date today, struct outbreak_clock *clock);

/* {"detect":{"standing":"met","days":3,"bar":7},"notify":…,"respond":…,"waits":["laboratory",…]} */
void outbreak_clock_write(struct json_writer *json, const struct outbreak_clock *clock);

#endif
