/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/weekdays.c: daily counts with a weekly pattern, no outbreaks: does every weekday alarm as often?
 *
 * Seven years of days, the last 52 weeks judged by every method that has a parameter `weekdays`, once with its default
 * (strata) and once with pooled, both with default settings otherwise. No season and no trend, so that nothing but the
 * day of the week differs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "study.h"
#include "tocsin/method.h"

enum { DAYS = 7 * 366, NUM_JUDGED = 364, SIZES = 3, DAYS_OF_WEEK = 7 };

static const double      sizes[SIZES] = { 20, 60, 200 }; /* counts of a mean day */
static const double      pattern[DAYS_OF_WEEK] = { 1.4, 1.15, 1.1, 1.05, 1.0, 0.75, 0.55 };
static const double      dispersion = 1.5; /* variance / mean */
static const char *const names[DAYS_OF_WEEK] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

struct measures {
    struct sim_ratio by_day[DAYS_OF_WEEK];
};

struct study {
    const struct sim_settings *settings;
    const struct toc_method  **methods;
    size_t                     num_methods;
    struct measures           *measures; /* two a method: pooled, strata */
    toc_date                   date[DAYS];
};

static void judge(const struct study *study, const struct toc_method *method, bool strata, const double *counts,
                  struct toc_judgement *judgements)
{
    unsigned char               options[TOC_METHOD_MAX_OPTIONS];
    const struct toc_parameter *weekdays = toc_method_parameter(method, "weekdays", 0);
    struct toc_series           series = { .observed = counts, .date = study->date, .n = DAYS, .steps_per_year = 365 };
    struct toc_error            error;
    toc_method_init_options(method, TOC_MODE_DEFAULT, options);
    if (toc_parameter_set_word(weekdays, strata ? "strata" : "pooled", options, &error) != 0 ||
        method->judge(&series, DAYS - NUM_JUDGED, NUM_JUDGED, options, &sim_allocator, judgements, &error) != 0) {
        fprintf(stderr, "%s: %s: %s\n", method->name, error.what, toc_status_text(error.status));
        exit(1);
    }
}

static void simulate(void *context, size_t scenario, size_t replicate)
{
    struct study        *study = context;
    double               counts[DAYS];
    struct toc_judgement judgements[NUM_JUDGED];
    struct sim_random    random = { .seed = study->settings->seed, .scenario = scenario, .replicate = replicate };

    for (size_t i = 0; i < DAYS; i++)
        counts[i] = sim_count(&random, sizes[scenario] * pattern[toc_date_weekday(study->date[i])], dispersion);
    for (size_t i = 0; i < 2 * study->num_methods; i++) {
        judge(study, study->methods[i / 2], i % 2 == 1, counts, judgements);
        for (size_t day = 0; day < NUM_JUDGED; day++) {
            int weekday = toc_date_weekday(study->date[DAYS - NUM_JUDGED + day]);
            if (judgements[day].alarm != TOC_ALARM_NOT_ASSESSED)
                sim_ratio_add(&study->measures[i].by_day[weekday], scenario, replicate,
                              judgements[day].alarm == TOC_ALARM_YES, 1);
        }
    }
}

/* The weekdays with the most and the fewest alarms. */
static void find_extremes(const struct measures *measures, struct sim_estimate *most, struct sim_estimate *fewest)
{
    *most = *fewest = sim_ratio_estimate_all(&measures->by_day[0]);
    for (size_t day = 1; day < DAYS_OF_WEEK; day++) {
        struct sim_estimate here = sim_ratio_estimate_all(&measures->by_day[day]);
        if (here.value > most->value)
            *most = here;
        if (here.value < fewest->value)
            *fewest = here;
    }
}

static bool report(const struct study *study, size_t which)
{
    struct sim_estimate most, fewest, pooled_most, pooled_fewest;
    char                measure[120], bar[80], measured[120];
    double              margin = study->settings->margin;
    find_extremes(&study->measures[2 * which], &pooled_most, &pooled_fewest);
    find_extremes(&study->measures[2 * which + 1], &most, &fewest);
    bool holds = sim_at_most_twice(most, fewest, margin);
    snprintf(measure, sizeof measure, "days of the week, %s: share of days that alarm", study->methods[which]->name);
    snprintf(measured, sizeof measured, "%.4f … %.4f (pooled %.4f … %.4f)", fewest.value, most.value,
             pooled_fewest.value, pooled_most.value);
    snprintf(bar, sizeof bar, "most <= 2 x fewest, each within %g Monte-Carlo errors", margin);
    sim_row(measure, bar, measured, holds);
    return holds;
}

static void print_days(const struct study *study)
{
    printf("\nshare of assessed days that alarm, without outbreaks\n%-22s %-7s", "method", "");
    for (size_t day = 0; day < DAYS_OF_WEEK; day++)
        printf(" %6s", names[day]);
    printf("\n");
    for (size_t i = 0; i < 2 * study->num_methods; i++) {
        printf("%-22s %-7s", study->methods[i / 2]->name, i % 2 ? "strata" : "pooled");
        for (size_t day = 0; day < DAYS_OF_WEEK; day++)
            printf(" %6.4f", sim_ratio_estimate_all(&study->measures[i].by_day[day]).value);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    struct sim_settings             settings = { .replicates = 80, .threads = 1, .seed = 7, .margin = 2, .except = "" };
    static struct study             study = { 0 };
    size_t                          num_all;
    const struct toc_method *const *all = toc_methods(&num_all);
    bool                            all_hold = true;

    sim_settings_read(&settings, argc, argv, "Every method with weekday strata on daily counts with a weekly pattern.");
    study.settings = &settings;
    study.methods = sim_memory(num_all, sizeof *study.methods);
    for (size_t i = 0; i < num_all; i++)
        if (toc_method_parameter(all[i], "weekdays", 0) != NULL && strcmp(all[i]->name, settings.except) != 0)
            study.methods[study.num_methods++] = all[i];
    study.measures = sim_memory(2 * study.num_methods, sizeof *study.measures);
    for (size_t i = 0; i < 2 * study.num_methods; i++)
        for (size_t day = 0; day < DAYS_OF_WEEK; day++)
            sim_ratio_init(&study.measures[i].by_day[day], SIZES, settings.replicates);
    for (int i = 0; i < DAYS; i++)
        study.date[i] = toc_date_from_civil((struct toc_civil){ 2018, 1, 1 }) + i;
    sim_run(&settings, SIZES, simulate, &study);

    for (size_t i = 0; i < study.num_methods; i++)
        all_hold &= report(&study, i);
    if (!settings.rows_only) {
        print_days(&study);
        printf("\n%g, %g or %g counts a day x %g, %g, %g, %g, %g, %g, %g from Monday; variance %g x mean; "
               "%zu replicates;\nseed %llu; user CPU %.1f s\n",
               sizes[0], sizes[1], sizes[2], pattern[0], pattern[1], pattern[2], pattern[3], pattern[4], pattern[5],
               pattern[6], dispersion, settings.replicates, (unsigned long long) settings.seed, sim_user_seconds());
    }
    for (size_t i = 0; i < 2 * study.num_methods; i++)
        for (size_t day = 0; day < DAYS_OF_WEEK; day++)
            sim_ratio_free(&study.measures[i].by_day[day]);
    free(study.measures);
    free(study.methods);
    return all_hold ? 0 : 1;
}
