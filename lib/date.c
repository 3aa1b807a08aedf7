/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/date.h"

/* Years run from March inside here, so that the leap day is the last of its year and the days before month m of such
 * a year are (153 m + 2) / 5. Day 0 of this count is 0000-03-01, EPOCH_SHIFT days before 1970-01-01. */
enum { EPOCH_SHIFT = 719468, DAYS_400_YEARS = 146097 };

static bool is_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int toc_days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

bool toc_civil_valid(struct toc_civil civil)
{
    return civil.year >= 1 && civil.year <= 9999 && civil.month >= 1 && civil.month <= 12 && civil.day >= 1 &&
           civil.day <= toc_days_in_month(civil.year, civil.month);
}

toc_date toc_date_from_civil(struct toc_civil civil)
{
    int year = civil.month > 2 ? civil.year : civil.year - 1;
    int month = (civil.month + 9) % 12; /* March = 0 */
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + civil.day - 1 - EPOCH_SHIFT;
}

struct toc_civil toc_date_to_civil(toc_date date)
{
    int days = date + EPOCH_SHIFT;
    int cycle = days / DAYS_400_YEARS;
    int day_of_cycle = days % DAYS_400_YEARS;
    int year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / (DAYS_400_YEARS - 1)) / 365;
    int              day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int              month = (5 * day_of_year + 2) / 153;
    struct toc_civil civil = {
        .year = 400 * cycle + year_of_cycle + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
    return civil;
}

int toc_date_weekday(toc_date date)
{
    /* 1970-01-01 was a Thursday (3); keep the dividend positive. */
    return (int) (((int64_t) date + 3 + 7 * 1000000) % 7);
}

struct toc_iso_week toc_date_iso_week(toc_date date)
{
    toc_date thursday = date - toc_date_weekday(date) + 3;
    int      year = toc_date_to_civil(thursday).year;
    toc_date new_year = toc_date_from_civil((struct toc_civil){ year, 1, 1 });
    return (struct toc_iso_week){ year, (thursday - new_year) / 7 + 1 };
}

toc_date toc_date_from_iso_week(struct toc_iso_week week)
{
    toc_date fourth = toc_date_from_civil((struct toc_civil){ week.year, 1, 4 }); /* always in week 1 */
    return fourth - toc_date_weekday(fourth) + 7 * (week.week - 1);
}

int toc_iso_weeks_in_year(int year)
{
    return toc_date_iso_week(toc_date_from_civil((struct toc_civil){ year, 12, 28 })).week;
}
