/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/run_length.c: how many weeks the likelihood-ratio charts run until they alarm, when nothing happens
 * and when cases double, by limit, mean and overdispersion; with the mean known and with it fitted to five years.
 *
 * Each replicate is one long series of constant mean; run length = weeks / alarms over all replicates, which is what
 * renewal theory makes of a chart that begins anew after each alarm. docs/methods/glr.md quotes the tables. The LR
 * chart's must agree with its Markov chain (tocsin/run_length.h).
 */
#include <math.h>
#include <stdio.h>

#include "random.h"
#include "study.h"
#include "tocsin/glr.h"
#include "tocsin/run_length.h"

enum {
    QUIET = 3000,  /* weeks in control */
    DOUBLED = 600, /* weeks of twice the mean */
    HISTORY = 260, /* weeks that the fitted charts learn from */
    YEAR = 52,     /* weeks judged on one fit */
    NUM_MEANS = 4,
    NUM_LIMITS = 6,
    NUM_SPREADS = 3,
    SCENARIOS = NUM_MEANS * NUM_SPREADS
};
static const double means[NUM_MEANS] = { 0.5, 2, 10, 50 };
static const double limits[NUM_LIMITS] = { 3, 4, 5, 6, 7, 8 };
static const double spreads[NUM_SPREADS] = { 0, 0.1, 0.5 }; /* a: variance mu + a mu^2 */

struct study {
    const struct sim_settings *settings;
    /* [rule][limit]: weeks, alarms of each scenario */
    struct sim_ratio quiet[2][NUM_LIMITS], doubled[2][NUM_LIMITS], fitted[2][NUM_LIMITS];
};

static struct toc_glr_options options_for(enum toc_glr_rule rule, double mean, double spread, double limit)
{
    struct toc_glr_options options = TOC_GLR_OPTIONS_INIT;
    options.rule = rule;
    options.distribution = spread > 0 ? TOC_GLR_NEGATIVE_BINOMIAL : TOC_GLR_POISSON;
    options.threshold = TOC_GLR_STATISTIC;
    options.in_control_mean = mean;
    options.overdispersion = spread;
    options.limit = limit;
    return options;
}

static void judge(const double *counts, size_t first, size_t num, const struct toc_glr_options *options,
                  struct sim_ratio *ratio, size_t scenario, size_t replicate)
{
    struct toc_judgement judgements[QUIET];
    struct toc_series    series = { .observed = counts, .n = first + num, .steps_per_year = 52 };
    double               alarms = 0.0;
    if (toc_glr_judge(&series, first, num, options, &sim_allocator, judgements, NULL) != 0)
        return;
    for (size_t i = 0; i < num; i++)
        alarms += judgements[i].alarm == TOC_ALARM_YES;
    sim_ratio_add(ratio, scenario, replicate, (double) num, alarms);
}

static void simulate(void *context, size_t scenario, size_t replicate)
{
    struct study     *study = context;
    struct sim_random random = { .seed = study->settings->seed, .scenario = scenario, .replicate = replicate };
    double            mean = means[scenario % NUM_MEANS], spread = spreads[scenario / NUM_MEANS];
    double            quiet[QUIET], doubled[DOUBLED];
    for (size_t i = 0; i < QUIET; i++)
        quiet[i] = sim_count(&random, mean, 1.0 + spread * mean);
    for (size_t i = 0; i < DOUBLED; i++)
        doubled[i] = sim_count(&random, 2.0 * mean, 1.0 + spread * 2.0 * mean);
    for (size_t rule = 0; rule < 2; rule++) {
        for (size_t limit = 0; limit < NUM_LIMITS; limit++) {
            struct toc_glr_options options = options_for((enum toc_glr_rule) rule, mean, spread, limits[limit]);
            judge(quiet, 0, QUIET, &options, &study->quiet[rule][limit], scenario, replicate);
            judge(doubled, 0, DOUBLED, &options, &study->doubled[rule][limit], scenario, replicate);
            options.in_control_mean = TOC_GLR_FIT;
            options.overdispersion = TOC_GLR_ESTIMATE;
            for (size_t start = 0; start + HISTORY + YEAR <= QUIET; start += HISTORY + YEAR)
                judge(quiet + start, HISTORY, YEAR, &options, &study->fitted[rule][limit], scenario, replicate);
        }
    }
}

/* Weeks in words of a table. */
static void print_length(const struct sim_ratio *ratio, size_t scenario)
{
    struct sim_estimate length = sim_ratio_estimate(ratio, scenario, scenario);
    if (length.b < 20)
        printf("| > %.0f ", length.a / 20);
    else
        printf(length.value < 20 ? "| %.1f " : "| %.0f ", length.value);
}

static void print_table(const char *title, const struct sim_ratio *ratios)
{
    printf("\n%s\n| overdispersion | mean ", title);
    for (size_t limit = 0; limit < NUM_LIMITS; limit++)
        printf("| limit %g ", limits[limit]);
    printf("|\n|---|---|---|---|---|---|---|---|\n");
    for (size_t scenario = 0; scenario < SCENARIOS; scenario++) {
        printf("| %g | %g ", spreads[scenario / NUM_MEANS], means[scenario % NUM_MEANS]);
        for (size_t limit = 0; limit < NUM_LIMITS; limit++)
            print_length(&ratios[limit], scenario);
        printf("|\n");
    }
}

/* The LR chart at limit 3 against its Markov chain. */
static bool report(const struct study *study, size_t which)
{
    struct toc_run_length expected = { 0 };
    struct sim_estimate   length = sim_ratio_estimate(&study->quiet[TOC_GLR_KNOWN_RISE][0], which, which);
    char                  measure[120], bar[80], measured[80];
    double                margin = study->settings->margin * length.se + 0.005 * length.value;
    toc_run_length_lr_poisson(means[which], log(2), 3, means[which], &sim_allocator, &expected, NULL);
    snprintf(measure, sizeof measure, "LR chart, Poisson, mean %g, limit 3: weeks between false alarms", means[which]);
    snprintf(bar, sizeof bar, "%.1f by its Markov chain, ± %.1f", expected.from_zero, margin);
    snprintf(measured, sizeof measured, "%.1f (error %.1f)", length.value, length.se);
    bool holds = fabs(length.value - expected.from_zero) <= margin;
    sim_row(measure, bar, measured, holds);
    return holds;
}

static void print_tables(const struct study *study)
{
    print_table("GLR: weeks between false alarms, mean known", study->quiet[TOC_GLR_UNKNOWN_RISE]);
    print_table("GLR: weeks between false alarms, mean (and overdispersion) fitted to five years",
                study->fitted[TOC_GLR_UNKNOWN_RISE]);
    print_table("GLR: weeks from a doubling to the alarm, mean known", study->doubled[TOC_GLR_UNKNOWN_RISE]);
    print_table("LR for a doubling: weeks between false alarms, mean known", study->quiet[TOC_GLR_KNOWN_RISE]);
    print_table("LR for a doubling: weeks between false alarms, mean (and overdispersion) fitted to five years",
                study->fitted[TOC_GLR_KNOWN_RISE]);
    print_table("LR for a doubling: weeks from a doubling to the alarm, mean known",
                study->doubled[TOC_GLR_KNOWN_RISE]);
}

int main(int argc, char **argv)
{
    static struct study study;
    struct sim_settings settings = { .replicates = 40, .threads = 1, .seed = 2008, .margin = 4 };
    bool                all_hold = true;

    sim_settings_read(&settings, argc, argv, "Run lengths of the likelihood-ratio charts.");
    study.settings = &settings;
    for (size_t rule = 0; rule < 2; rule++)
        for (size_t limit = 0; limit < NUM_LIMITS; limit++) {
            sim_ratio_init(&study.quiet[rule][limit], SCENARIOS, settings.replicates);
            sim_ratio_init(&study.doubled[rule][limit], SCENARIOS, settings.replicates);
            sim_ratio_init(&study.fitted[rule][limit], SCENARIOS, settings.replicates);
        }
    sim_run(&settings, SCENARIOS, simulate, &study);
    for (size_t mean = 0; mean < NUM_MEANS; mean++)
        all_hold &= report(&study, mean);
    if (!settings.rows_only) {
        print_tables(&study);
        printf("\n%zu replicates of %d quiet weeks; seed %llu; user CPU %.1f s\n", settings.replicates, QUIET,
               (unsigned long long) settings.seed, sim_user_seconds());
    }
    for (size_t rule = 0; rule < 2; rule++)
        for (size_t limit = 0; limit < NUM_LIMITS; limit++) {
            sim_ratio_free(&study.quiet[rule][limit]);
            sim_ratio_free(&study.doubled[rule][limit]);
            sim_ratio_free(&study.fitted[rule][limit]);
        }
    return all_hold ? 0 : 1;
}
