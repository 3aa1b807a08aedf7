/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/date_text.h: dates as people write them in files: 2024-02-26, 2024-W09, 2024-02.
 *
 * Only these three ISO 8601 forms, with all their digits, years 0001 … 9999. A week or month stands for its first day
 * (ISO weeks begin on Monday). Nothing depends on the locale or the time zone.
 */
#ifndef BASE_DATE_TEXT_H
#define BASE_DATE_TEXT_H

#include <stddef.h>

#include "tocsin/date.h"

enum date_form {
    DATE_FORM_DAY = 1, /* 2024-02-26 */
    DATE_FORM_WEEK,    /* 2024-W09 */
    DATE_FORM_MONTH    /* 2024-02 */
};

/* The distance of a series' dates. */
enum date_step { DATE_STEP_UNKNOWN = 0, DATE_STEP_DAY, DATE_STEP_WEEK, DATE_STEP_MONTH };

/* Read a whole text as a date in any of the three forms.
 *
 * text    size bytes, not ended by '\0'; no blanks around
 * date    the day, or the first day of the week or month; untouched on failure
 * form    which form it had; untouched on failure
 * fault   room for DATE_FAULT_BYTES; on failure what is wrong with this text as a clause that can follow the quoted
 *         text ("week 53 does not exist in 2021", "April has 30 days"); may be NULL
 *
 * Returns 0 or BASE_ERR_INPUT.
 */
#define DATE_FAULT_BYTES 80
#define DATE_ALLOWED "a day (2024-02-26), an ISO week (2024-W09) or a month (2024-02)"
int date_from_text(const char *text, size_t size, toc_date *date, enum date_form *form, char *fault);

/* The text of a date in a form, with its end '\0'; the week or month is the one that holds the date. Returns its
 * length, or 0 where the date lies outside TOC_DATE_MIN … TOC_DATE_MAX (then text is ""). */
#define DATE_TEXT_BYTES 11
size_t date_to_text(toc_date date, enum date_form form, char text[DATE_TEXT_BYTES]);

/* The date `steps` steps later (negative: earlier). A month step keeps the day of the month; from days that not every
 * month has it is clamped to the month's last. Results outside the calendar are clamped to its ends. */
toc_date date_advance(toc_date date, enum date_step step, long steps);

/* Steps from one date to another, rounded down: 0 = the same day, week (counted from `from`) or month. */
long date_steps_between(toc_date from, toc_date to, enum date_step step);

/* "day", "week", "month"; "weekday" texts: "Monday" … "Sunday". Static. */
const char *date_step_word(enum date_step step);
const char *date_weekday_word(int weekday);

#endif
