/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/holidays.c: weekly visits over Spring Festivals, with and without a calendar.
 *
 * Visits are drawn by the day, 2005 to 2016, and summed to weeks that begin on Monday; the five years 2012 … 2016 are
 * judged, by every method with its default settings. Their mean has a winter peak and a slow rise, days of the week,
 * and the festival's effects, which fall on other weeks in every year and cut weeks in two: fewer people come while it
 * lasts, more after it. No outbreak, unless said so; then its cases come in the one week, thinned by that week's effect
 * as all visits are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbreak.h"
#include "study.h"
#include "tocsin/calendar.h"
#include "tocsin/method.h"

enum { YEARS = 12, WEEKS = 626, JUDGED = 365, SIZES = 3, FESTIVALS = 13, LABELS = 5, AFTER = 1, NEAR = 10 };

/* Multipliers of a day's visits: the week before, new year's eve to the sixth day, the two weeks after, and a third one
 * that is labelled too, for the weeks that the end of the second cuts in two. */
static const double effects[LABELS] = { 0.9, 0.5, 1.4, 1.2, 1.0 };
static const double sizes[SIZES] = { 15, 80, 400 }; /* visits in a mean week */
static const double dispersion = 1.5;               /* variance / mean of a day's visits */
static const double outbreak_k = 5;                 /* cases, in standard deviations of an ordinary week */

/* New year's eves of 2005 to 2017, as in share/calendars/china-mainland.csv. */
static const struct toc_civil eves[FESTIVALS] = {
    { 2005, 2, 8 },  { 2006, 1, 28 }, { 2007, 2, 17 }, { 2008, 2, 6 }, { 2009, 1, 25 },
    { 2010, 2, 13 }, { 2011, 2, 2 },  { 2012, 1, 22 }, { 2013, 2, 9 }, { 2014, 1, 30 },
    { 2015, 2, 18 }, { 2016, 2, 7 },  { 2017, 1, 27 },
};

struct season {
    toc_date date[WEEKS];
    uint8_t  label[WEEKS];
    bool     window[WEEKS]; /* labelled, or one of the AFTER weeks that follow */
    bool     near[WEEKS];   /* other weeks, up to NEAR weeks from a window: the same time of the year */
    double   effect[WEEKS * 7];
};

/* 0 … 4: the week before, the festival, the three weeks after. */
static int week_of(uint8_t label)
{
    return (label - 1) / TOC_LABELS_A_WEEK;
}

static void label_weeks(struct season *season)
{
    const struct toc_holiday_kind kind = { "Spring Festival", TOC_HOLIDAY_MONTHS, 1, 3 };
    struct toc_holiday            holidays[FESTIVALS];
    for (size_t i = 0; i < FESTIVALS; i++) {
        toc_date eve = toc_date_from_civil(eves[i]);
        holidays[i] = (struct toc_holiday){ eve, eve + 6, 0 };
    }
    const struct toc_calendar calendar = { &kind, 1, holidays, FESTIVALS };
    toc_date                  first = toc_date_from_iso_week((struct toc_iso_week){ 2005, 1 });
    toc_date                  days[WEEKS * 7];
    uint8_t                   labels[WEEKS * 7];
    for (int i = 0; i < WEEKS; i++)
        season->date[i] = first + 7 * i;
    for (int i = 0; i < WEEKS * 7; i++)
        days[i] = first + i;
    if (toc_calendar_label(&calendar, season->date, WEEKS, 52, season->label, NULL) != 0 ||
        toc_calendar_label(&calendar, days, WEEKS * 7, 365, labels, NULL) != 0)
        exit(1);
    for (size_t i = 0; i < WEEKS * 7; i++)
        season->effect[i] = labels[i] == 0 ? 1.0 : effects[week_of(labels[i])];
    for (size_t i = 0; i < WEEKS; i++)
        for (size_t back = 0; back <= AFTER && back <= i; back++)
            season->window[i] |= season->label[i - back] != 0;
    for (size_t i = 0; i < WEEKS; i++)
        for (size_t j = i > NEAR ? i - NEAR : 0; j <= i + NEAR && j < WEEKS; j++)
            season->near[i] |= !season->window[i] && season->window[j];
}

/* ---- what is measured, of one method with or without a calendar ---- */

struct measures {
    struct sim_ratio outside, near, window;            /* alarms of the weeks that were assessed */
    struct sim_ratio by_week[LABELS + AFTER];          /* the same, by week of the festival */
    struct sim_ratio not_assessed;                     /* of the weeks in the window */
    struct sim_ratio found, found_in_festival, marked; /* outbreaks with an alarm; festival weeks not assessed */
};

struct study {
    const struct sim_settings      *settings;
    const struct season            *season;
    const struct toc_method *const *methods;
    size_t                          num_methods;
    struct measures                *measures; /* two a method: without, with a calendar */
};

static void each_ratio(struct measures *m, size_t replicates, bool free_it)
{
    struct sim_ratio *all[] = { &m->outside,    &m->near,         &m->window,     &m->by_week[0],
                                &m->by_week[1], &m->by_week[2],   &m->by_week[3], &m->by_week[4],
                                &m->by_week[5], &m->not_assessed, &m->found,      &m->found_in_festival,
                                &m->marked };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (free_it)
            sim_ratio_free(all[i]);
        else
            sim_ratio_init(all[i], SIZES, replicates);
}

/* ---- one replicate ---- */

static double mean_of_day(const struct season *season, size_t scenario, size_t day)
{
    static const double weekday[7] = { 1.25, 1.1, 1.05, 1.05, 1.05, 0.8, 0.7 };
    double              year = (double) day / 365.2425;
    double              winter = 0.3 * cos(6.283185307179586 * (year - 0.03));
    return sizes[scenario] / 7.0 * weekday[day % 7] * exp(winter + 0.01 * year) * season->effect[day];
}

static double mean_of_week(const struct season *season, size_t scenario, size_t week)
{
    double mean = 0.0;
    for (size_t day = 7 * week; day < 7 * week + 7; day++)
        mean += mean_of_day(season, scenario, day);
    return mean;
}

static void draw(const struct study *study, size_t scenario, struct sim_random *random, double *visits)
{
    for (size_t week = 0; week < WEEKS; week++) {
        visits[week] = 0.0;
        for (size_t day = 7 * week; day < 7 * week + 7; day++)
            visits[week] += sim_count(random, mean_of_day(study->season, scenario, day), dispersion);
    }
}

static void judge(const struct study *study, const struct toc_method *method, const double *visits, bool calendar,
                  size_t first, size_t num, struct toc_judgement *judgements)
{
    unsigned char     options[TOC_METHOD_MAX_OPTIONS];
    struct toc_series series = { .observed = visits,
                                 .date = study->season->date,
                                 .holiday = calendar ? study->season->label : NULL,
                                 .n = WEEKS,
                                 .steps_per_year = 52 };
    struct toc_error  error;
    toc_method_init_options(method, TOC_MODE_DEFAULT, options);
    if (method->judge(&series, first, num, options, &sim_allocator, judgements, &error) != 0) {
        fprintf(stderr, "%s: %s: %s\n", method->name, error.what, toc_status_text(error.status));
        exit(1);
    }
}

/* The weeks of five years, by what they are. */
static void add_shares(struct measures *m, const struct season *season, const struct toc_judgement *judgements,
                       size_t scenario, size_t replicate)
{
    size_t since = LABELS + AFTER; /* weeks since the festival's first labelled one */
    for (size_t week = JUDGED - 10; week < WEEKS; week++) {
        since = season->label[week] != 0 && week_of(season->label[week]) == 0 ? 0 : since + 1;
        if (week < JUDGED)
            continue;
        enum toc_alarm alarm = judgements[week - JUDGED].alarm;
        bool           assessed = alarm != TOC_ALARM_NOT_ASSESSED;
        if (season->window[week])
            sim_ratio_add(&m->not_assessed, scenario, replicate, !assessed, 1);
        if (!assessed)
            continue;
        sim_ratio_add(season->window[week] ? &m->window : &m->outside, scenario, replicate, alarm == TOC_ALARM_YES, 1);
        if (season->near[week])
            sim_ratio_add(&m->near, scenario, replicate, alarm == TOC_ALARM_YES, 1);
        if (since < LABELS + AFTER)
            sim_ratio_add(&m->by_week[since], scenario, replicate, alarm == TOC_ALARM_YES, 1);
    }
}

/* One outbreak in the week, in a copy of the visits; whether that week alarms. */
static enum toc_alarm try_outbreak(const struct study *study, const struct toc_method *method, const double *visits,
                                   bool calendar, size_t week, size_t scenario, struct sim_random random)
{
    double               copy[WEEKS];
    struct toc_judgement judgement;
    double               mean = mean_of_week(study->season, scenario, week), usual = 0.0;
    for (size_t day = 7 * week; day < 7 * week + 7; day++)
        usual += mean_of_day(study->season, scenario, day) / study->season->effect[day];
    memcpy(copy, visits, sizeof copy);
    copy[week] += sim_poisson(&random, outbreak_k * sqrt(dispersion * usual) * mean / usual);
    judge(study, method, copy, calendar, week, 1, &judgement);
    return judgement.alarm;
}

static void add_outbreaks(struct measures *m, const struct study *study, const struct toc_method *method, bool calendar,
                          const double *visits, size_t scenario, size_t replicate)
{
    const struct season *season = study->season;
    struct sim_random    random = { .seed = study->settings->seed, .scenario = 100 + scenario, .replicate = replicate };
    for (size_t week = JUDGED; week + 10 < WEEKS; week++) {
        if (season->label[week] == 0 || week_of(season->label[week]) != 1)
            continue;
        size_t         ordinary = week + sim_between(&random, 6, 10);
        enum toc_alarm in_festival = try_outbreak(study, method, visits, calendar, week, scenario, random);
        enum toc_alarm out = try_outbreak(study, method, visits, calendar, ordinary, scenario, random);
        sim_ratio_add(&m->found_in_festival, scenario, replicate, in_festival == TOC_ALARM_YES, 1);
        sim_ratio_add(&m->marked, scenario, replicate, in_festival == TOC_ALARM_NOT_ASSESSED, 1);
        sim_ratio_add(&m->found, scenario, replicate, out == TOC_ALARM_YES, 1);
    }
}

static void simulate(void *context, size_t scenario, size_t replicate)
{
    struct study        *study = context;
    double               visits[WEEKS];
    struct toc_judgement judgements[WEEKS - JUDGED];
    struct sim_random    random = { .seed = study->settings->seed, .scenario = scenario, .replicate = replicate };

    draw(study, scenario, &random, visits);
    for (size_t i = 0; i < 2 * study->num_methods; i++) {
        const struct toc_method *method = study->methods[i / 2];
        bool                     calendar = i % 2 == 1;
        judge(study, method, visits, calendar, JUDGED, WEEKS - JUDGED, judgements);
        add_shares(&study->measures[i], study->season, judgements, scenario, replicate);
        add_outbreaks(&study->measures[i], study, method, calendar, visits, scenario, replicate);
    }
}

/* ---- what came out ---- */

static bool report(const struct study *study, size_t which)
{
    const struct measures *without = &study->measures[2 * which], *with = without + 1;
    const char            *name = study->methods[which]->name;
    double                 margin = study->settings->margin;
    struct sim_estimate    window = sim_ratio_estimate_all(&with->window);
    struct sim_estimate    near = sim_ratio_estimate_all(&with->near);
    double                 festival = sim_ratio_estimate_all(&with->found_in_festival).value;
    double                 ordinary = sim_ratio_estimate_all(&with->found).value;
    double                 marked = sim_ratio_estimate_all(&with->marked).value;
    char                   measure[120], bar[80], measured[160];
    bool                   shares = sim_at_most_twice(window, near, margin);
    bool                   found = festival + marked >= 0.5 * ordinary;

    snprintf(measure, sizeof measure, "Spring Festival, %s with a calendar: share of weeks that alarm", name);
    snprintf(bar, sizeof bar, "in festival weeks <= 2 x %.4f of weeks around, within %g errors", near.value, margin);
    snprintf(measured, sizeof measured, "%.4f, %.0f %% not assessed (without a calendar %.4f beside %.4f)",
             window.b > 0 ? window.value : 0.0, 100 * sim_ratio_estimate_all(&with->not_assessed).value,
             sim_ratio_estimate_all(&without->window).value, sim_ratio_estimate_all(&without->near).value);
    sim_row(measure, bar, measured, shares);
    snprintf(measure, sizeof measure, "Spring Festival, %s with a calendar: outbreaks in its week", name);
    snprintf(bar, sizeof bar, "found >= half of %.2f in other weeks, or marked", ordinary);
    snprintf(measured, sizeof measured, "found %.2f, marked not assessed %.2f", festival, marked);
    sim_row(measure, bar, measured, found);
    return shares && found;
}

/* That the study sees what a calendar is for. */
static bool report_fault(const struct study *study)
{
    const struct measures *without = &study->measures[0];
    double                 first = sim_ratio_estimate_all(&without->by_week[2]).value;
    double                 second = sim_ratio_estimate_all(&without->by_week[3]).value;
    char                   measure[120], bar[80], measured[80];
    bool                   seen = first > 0.2 && second > 0.1;
    snprintf(measure, sizeof measure, "Spring Festival, %s without a calendar: false alarms after it",
             study->methods[0]->name);
    snprintf(bar, sizeof bar, "the fault is there: more than 0.2 and 0.1, other weeks %.4f",
             sim_ratio_estimate_all(&without->outside).value);
    snprintf(measured, sizeof measured, "%.2f in the first week, %.2f in the second", first, second);
    sim_row(measure, bar, measured, seen);
    return seen;
}

static void print_weeks(const struct study *study)
{
    printf("\nshare of assessed weeks that alarm, without outbreaks, by week of the festival\n%-22s %-9s %7s %7s",
           "method", "calendar", "other", "around");
    for (int week = -1; week <= 4; week++)
        printf(" %6d", week);
    printf("  outbreaks found: festival, other\n");
    for (size_t i = 0; i < 2 * study->num_methods; i++) {
        const struct measures *m = &study->measures[i];
        printf("%-22s %-9s %7.4f %7.4f", study->methods[i / 2]->name, i % 2 ? "with" : "without",
               sim_ratio_estimate_all(&m->outside).value, sim_ratio_estimate_all(&m->near).value);
        for (size_t week = 0; week < LABELS + AFTER; week++) {
            struct sim_estimate share = sim_ratio_estimate_all(&m->by_week[week]);
            if (share.b > 0)
                printf(" %6.4f", share.value);
            else
                printf(" %6s", "-");
        }
        printf("  %.2f, %.2f\n", sim_ratio_estimate_all(&m->found_in_festival).value,
               sim_ratio_estimate_all(&m->found).value);
    }
}

int main(int argc, char **argv)
{
    static struct season season;
    struct sim_settings  settings = { .replicates = 40, .threads = 1, .seed = 2005, .margin = 2 };
    struct study         study = { .settings = &settings, .season = &season };
    bool                 all_hold = true;

    sim_settings_read(&settings, argc, argv,
                      "Every method on weekly visits over Spring Festivals, with and without a calendar.");
    label_weeks(&season);
    study.methods = toc_methods(&study.num_methods);
    study.measures = sim_memory(2 * study.num_methods, sizeof *study.measures);
    for (size_t i = 0; i < 2 * study.num_methods; i++)
        each_ratio(&study.measures[i], settings.replicates, false);
    sim_run(&settings, SIZES, simulate, &study);
    all_hold &= report_fault(&study);
    for (size_t i = 0; i < study.num_methods; i++)
        all_hold &= report(&study, i);
    if (!settings.rows_only) {
        print_weeks(&study);
        printf("\nvisits x %g, %g, %g, %g in the week before, the festival, the first and second week after; %g, %g or "
               "%g visits a week;\nvariance %g x mean; outbreaks of %g standard deviations; %zu replicates; seed %llu; "
               "user CPU %.1f s\n",
               effects[0], effects[1], effects[2], effects[3], sizes[0], sizes[1], sizes[2], dispersion, outbreak_k,
               settings.replicates, (unsigned long long) settings.seed, sim_user_seconds());
    }
    for (size_t i = 0; i < 2 * study.num_methods; i++)
        each_ratio(&study.measures[i], 0, true);
    free(study.measures);
    return all_hold ? 0 : 1;
}
