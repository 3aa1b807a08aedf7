/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/date.h: calendar days as numbers.
 *
 * A date is a count of days since 1970-01-01 in the proleptic Gregorian calendar; it has no time zone. All functions
 * are total over TOC_DATE_MIN … TOC_DATE_MAX, cost a few operations and cannot fail unless they say so.
 * Source of the day-count arithmetic: the calendar's own 400-year cycle of 146,097 days; weeks: ISO 8601.
 */
#ifndef TOCSIN_DATE_H
#define TOCSIN_DATE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t toc_date;

#define TOC_DATE_MIN ((toc_date) -719162) /* 0001-01-01 */
#define TOC_DATE_MAX ((toc_date) 2932896) /* 9999-12-31 */

struct toc_civil {
    int year;  /* 1 … 9999 */
    int month; /* 1 … 12 */
    int day;   /* 1 … 31 */
};

struct toc_iso_week {
    int year; /* the year that holds the week's Thursday */
    int week; /* 1 … 53 */
};

/* True where the three numbers name a day that exists. */
bool toc_civil_valid(struct toc_civil civil);

/* The date of a valid civil day; of an invalid one the result is unspecified. */
toc_date toc_date_from_civil(struct toc_civil civil);

struct toc_civil toc_date_to_civil(toc_date date);

/* Days in a month of a year: 28 … 31. */
int toc_days_in_month(int year, int month);

/* 0 = Monday … 6 = Sunday. */
int toc_date_weekday(toc_date date);

struct toc_iso_week toc_date_iso_week(toc_date date);

/* 52 or 53. */
int toc_iso_weeks_in_year(int year);

/* The Monday of an ISO week; week must lie in 1 … toc_iso_weeks_in_year(year). */
toc_date toc_date_from_iso_week(struct toc_iso_week week);

#ifdef __cplusplus
}
#endif
#endif
