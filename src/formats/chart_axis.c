/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/chart_axis.h"

#include <math.h>
#include <stdio.h>

#define LABEL_PIXELS 40.0 /* what a label takes, with the space beside it */

static const char *const month_words[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

struct ticks {
    struct chart_tick *ticks;
    size_t             num;
    toc_date           last;
};

static struct chart_tick *add(struct ticks *all, toc_date date)
{
    if (all->num == CHART_MAX_TICKS)
        return NULL;
    struct chart_tick *tick = &all->ticks[all->num++];
    *tick = (struct chart_tick){ .date = date };
    return tick;
}

/* Days: the number, and month and year below the first one and below each new month. */
static void add_days(struct ticks *all, toc_date first, int every)
{
    int month_shown = 0;
    for (toc_date date = first; date <= all->last; date += every) {
        struct chart_tick *tick = add(all, date);
        struct toc_civil   civil = toc_date_to_civil(date);
        if (tick == NULL)
            return;
        snprintf(tick->label, sizeof tick->label, "%d", civil.day);
        if (civil.month != month_shown)
            snprintf(tick->below, sizeof tick->below, "%s %d", month_words[civil.month - 1], civil.year);
        month_shown = civil.month;
    }
}

/* Weeks of the year that are 1 more than a multiple of `every`. */
static void add_weeks(struct ticks *all, toc_date first, int every)
{
    int      year_shown = 0;
    toc_date date = first - toc_date_weekday(first);
    if (date < first)
        date += 7;
    for (; date <= all->last; date += 7) {
        struct toc_iso_week week = toc_date_iso_week(date);
        bool                crowded = week.week > 53 - every / 2 && every > 1; /* the next year's first is near */
        if ((week.week - 1) % every != 0 || crowded)
            continue;
        struct chart_tick *tick = add(all, date);
        if (tick == NULL)
            return;
        snprintf(tick->label, sizeof tick->label, "W%02d", week.week);
        if (week.year != year_shown)
            snprintf(tick->below, sizeof tick->below, "%d", week.year);
        year_shown = week.year;
    }
}

static void add_months(struct ticks *all, toc_date first, int every)
{
    struct toc_civil civil = toc_date_to_civil(first);
    int              year_shown = 0;
    if (civil.day > 1)
        civil.month++;
    civil.day = 1;
    for (;; civil.month++) {
        if (civil.month > 12) {
            civil.month = 1;
            civil.year++;
        }
        toc_date date = toc_date_from_civil(civil);
        if (date > all->last)
            return;
        if ((civil.month - 1) % every != 0)
            continue;
        struct chart_tick *tick = add(all, date);
        if (tick == NULL)
            return;
        snprintf(tick->label, sizeof tick->label, "%s", month_words[civil.month - 1]);
        if (civil.year != year_shown)
            snprintf(tick->below, sizeof tick->below, "%d", civil.year);
        year_shown = civil.year;
    }
}

static void add_years(struct ticks *all, toc_date first, int every)
{
    struct toc_civil civil = toc_date_to_civil(first);
    if (civil.day > 1 || civil.month > 1)
        civil.year++;
    for (;; civil.year++) {
        toc_date date = toc_date_from_civil((struct toc_civil){ civil.year, 1, 1 });
        if (date > all->last)
            return;
        if (civil.year % every != 0)
            continue;
        struct chart_tick *tick = add(all, date);
        if (tick == NULL)
            return;
        snprintf(tick->label, sizeof tick->label, "%d", civil.year);
    }
}

size_t chart_date_ticks(toc_date first, toc_date last, double pixels, enum date_form form,
                        struct chart_tick ticks[CHART_MAX_TICKS])
{
    static const int day_steps[] = { 1, 2, 7, 14 }, week_steps[] = { 1, 2, 4, 13, 26 }, month_steps[] = { 1, 2, 3, 6 },
                     year_steps[] = { 1, 2, 5, 10, 20, 50, 100, 500, 1000 };
    struct ticks all = { .ticks = ticks, .last = last };
    double       days = (double) (last - first) + 1.0;
    double       room = pixels / LABEL_PIXELS < 2 ? 2 : pixels / LABEL_PIXELS;

    if (form == DATE_FORM_WEEK && days <= 7.0 * 120) {
        for (size_t i = 0; i < sizeof week_steps / sizeof *week_steps; i++)
            if (days / (7.0 * week_steps[i]) <= room) {
                add_weeks(&all, first, week_steps[i]);
                return all.num;
            }
    }
    if (form == DATE_FORM_DAY && days / 14.0 <= room && days <= 100) {
        for (size_t i = 0; i < sizeof day_steps / sizeof *day_steps; i++)
            if (days / day_steps[i] <= room) {
                add_days(&all, first, day_steps[i]);
                return all.num;
            }
    }
    for (size_t i = 0; i < sizeof month_steps / sizeof *month_steps; i++)
        if (days / (30.4 * month_steps[i]) <= room && days <= 366 * 3) {
            add_months(&all, first, month_steps[i]);
            return all.num;
        }
    for (size_t i = 0; i < sizeof year_steps / sizeof *year_steps; i++)
        if (days / (365.25 * year_steps[i]) <= room) {
            add_years(&all, first, year_steps[i]);
            break;
        }
    return all.num;
}

double chart_value_step(double top, int most, bool whole)
{
    double wanted = top / most;
    double power = pow(10.0, floor(log10(wanted)));
    double step = power;
    if (step < wanted)
        step = 2 * power;
    if (step < wanted && (!whole || power >= 10))
        step = 2.5 * power;
    if (step < wanted)
        step = 5 * power;
    if (step < wanted)
        step = 10 * power;
    return whole && step < 1 ? 1 : step;
}
