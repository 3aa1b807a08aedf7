/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/calendar.h: holidays, and which steps of a series they change.
 *
 * Fewer people seek care on a holiday, and more of them after it. Where the holiday moves from year to year (Spring
 * Festival, Losar, Eid, Easter), "the same week last year" is then another kind of week. So each step of a series gets
 * a label: 0 = an ordinary step; any other number = this week of this holiday. Two steps with the same label, whatever
 * their year, are of the same kind, so a label can be a level of a factor in a model; a method without such a model
 * leaves labelled steps out of its baselines and does not judge them.
 *
 * Weeks of a holiday: week 0 is the holiday itself; -1, -2 … the weeks before it, 1, 2 … the weeks after it, as many
 * as its kind says. A step's week is found so:
 *   days    [from, to] is week 0; the seven days before it are week -1, the seven after it week 1, and so on;
 *   weeks   (any seven days, whatever weekday they begin on) week 0 is each week of which the holiday takes at least
 *           four days; where it takes so many of none, the one that holds its middle day (the earlier of two). The
 *           weeks before the first and after the last of these follow;
 *   months  week 0 is the month that holds the middle day. No month is labelled as before or after.
 * A festival that begins on another weekday every year cuts weeks in two: of the week that is mostly festival up to
 * three days belong to the week of the holiday before or after it. The label says how many, so that a model can weigh
 * the two: see the numbering below. (Only where the holiday has seven days or more; a shorter one never fills a week.)
 *
 * A kind says in `steps` the longest steps in which it is felt; in longer ones it is not labelled: a single public
 * holiday changes a day, not a month.
 *
 * Where two holidays claim one step, week 0 comes before all others, then the nearer week; then the kind felt in the
 * longer steps; then the kind that stands first. A holiday beyond the calendar is not labelled: see
 * toc_calendar_years().
 *
 * The calendar file (read by the command line, tocsin detect --calendar FILE) is CSV with a heading line and
 *   holiday  its name, the same in every year: each name is one kind, numbered in order of first appearance
 *   from,to  first and last day, ISO (2024-02-09), to inclusive; an empty `to` = one day
 *   steps    days, weeks or months: the longest steps in which it is felt; may be left out = days
 *   before, after   how many weeks before and after it are unlike other weeks, 0 … 8; may be left out = 0
 * One line an occurrence. steps, before and after must be the same on every line of one holiday. Lines in any order.
 * Files of ours: share/calendars/. Choices and their reasons: docs/methods/calendars.md.
 */
#ifndef TOCSIN_CALENDAR_H
#define TOCSIN_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/date.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest steps in which a kind of holiday is felt. */
enum toc_holiday_steps { TOC_HOLIDAY_DAYS = 0, TOC_HOLIDAY_WEEKS = 1, TOC_HOLIDAY_MONTHS = 2 };

/* Labels are numbered kind after kind, those felt in weeks or months first (each group in order of the array):
 *   felt in weeks or months   seven labels a week of the holiday, weeks_before + 1 + weeks_after weeks, and seven more
 *                             that are never given: first + 7 (week + weeks_before) + 3 + beyond, beyond as below
 *   felt in days only         one label a week of the holiday
 * So among labels of weekly series, (label - 1) / 7 numbers the weeks of all holidays, and those of one holiday follow
 * each other. */
#define TOC_LABELS_A_WEEK 7
#define TOC_HOLIDAY_MAX_WEEKS 8  /* before, and after */
#define TOC_HOLIDAY_MAX_DAYS 100 /* length of one occurrence */
#define TOC_CALENDAR_MAX_LABELS 255

struct toc_holiday_kind {
    const char            *name; /* "Spring Festival"; only shown, may be NULL */
    enum toc_holiday_steps steps;
    int                    weeks_before; /* 0 … TOC_HOLIDAY_MAX_WEEKS */
    int                    weeks_after;  /* 0 … TOC_HOLIDAY_MAX_WEEKS */
};

/* One occurrence. */
struct toc_holiday {
    toc_date from;
    toc_date to;   /* inclusive; at most TOC_HOLIDAY_MAX_DAYS - 1 after from */
    size_t   kind; /* index into kinds */
};

/* The arrays are the caller's and only read. All kinds may take at most TOC_CALENDAR_MAX_LABELS labels. */
struct toc_calendar {
    const struct toc_holiday_kind *kinds;
    size_t                         num_kinds;
    const struct toc_holiday      *holidays; /* in any order */
    size_t                         num_holidays;
};

/* Label the n steps of a series (struct toc_series.holiday).
 *
 * date             the first day of each step, ascending
 * steps_per_year   365 (days), 52 (weeks) or 12 (months)
 * labels           room for n; untouched on failure
 *
 * Cost: O(n + num_holidays log n), no allocation. Errors: TOC_ERR_DOMAIN (names the first bad kind, holiday, or date;
 * steps_per_year), TOC_ERR_TOO_LARGE (more labels than there are).
 */
int toc_calendar_label(const struct toc_calendar *calendar, const toc_date *date, size_t n, int steps_per_year,
                       uint8_t *labels, struct toc_error *error);

/* What a label that toc_calendar_label() gave stands for. */
struct toc_label_meaning {
    size_t kind; /* index into kinds */
    int    week; /* 0 = the holiday itself, -1 = the week before, 1 = the first week after … */
    int beyond; /* days of a weekly step that belong to the week of the holiday before (-3 … -1) or after (1 … 3) */
};

/* How many labels the kinds of a calendar take. */
size_t toc_calendar_num_labels(const struct toc_calendar *calendar);

/* Returns 0, or TOC_ERR_DOMAIN where label is 0 or no label of this calendar. */
int toc_calendar_meaning(const struct toc_calendar *calendar, uint8_t label, struct toc_label_meaning *meaning,
                         struct toc_error *error);

/* The years that a calendar knows: those of its earliest and its latest occurrence (by `from`). A step outside them is
 * labelled ordinary for want of knowledge, which a caller should say. Both 0 where there is no holiday. */
void toc_calendar_years(const struct toc_calendar *calendar, int *first_year, int *last_year);

#ifdef __cplusplus
}
#endif
#endif
