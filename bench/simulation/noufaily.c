/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/noufaily.c: Farrington flexible on the 42 scenarios of Noufaily et al. 2013, doi:10.1002/sim.5595.
 *
 * Each replicate is 624 weeks, the last 49 judged, three times: without outbreaks, with four past ones, and with a
 * current one besides. The numbers that stand beside ours were measured once with an independent program (100
 * replicates), so a difference is allowed the Monte-Carlo errors of both: theirs is ours, scaled to their 100
 * replicates and to their share.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "outbreak.h"
#include "study.h"
#include "tocsin/farrington.h"

enum {
    WEEKS = 624,
    BASELINE = 312,  /* past outbreaks begin from here … */
    MONITORED = 575, /* … to before here; judged from here on */
    NUM_JUDGED = WEEKS - MONITORED,
    LATEST_START = 45, /* the current outbreak begins in the first so many judged weeks */
    SCENARIOS = 42,
    BLOCKS = 7,
    MAX_K = 10,
    REFERENCE_REPLICATES = 100
};

/* ---- the scenarios: 7 blocks x without and with trend x 0, 1 or 2 harmonics ---- */

static const struct {
    double theta, beta, gamma1, gamma2, phi;
} blocks[BLOCKS] = {
    { 0.1, .0025, .6, .6, 1.5 }, { -2, .005, .1, .3, 2 },      { 1.5, .003, .2, -.4, 1 },   { 0.5, .002, .5, .5, 5 },
    { 2.5, .001, 1, .1, 3 },     { 3.75, .001, .1, -.1, 1.1 }, { 5, .0001, .05, .01, 1.2 },
};

static double mean_of_week(size_t scenario, size_t week)
{
    size_t block = scenario / 6, harmonics = scenario % 3;
    bool   trend = scenario % 6 >= 3;
    double t = (double) (week + 1);
    double log_mean = blocks[block].theta + (trend ? blocks[block].beta * t : 0.0);
    for (size_t j = 1; j <= harmonics; j++) {
        double angle = 6.283185307179586 * (double) j * t / 52.0;
        log_mean += blocks[block].gamma1 * cos(angle) + blocks[block].gamma2 * sin(angle);
    }
    return exp(log_mean);
}

/* ---- the settings, and what the independent program measured for them ---- */

struct reference {
    double fpr, fpr_min, fpr_max, fpr_past, sensitivity, specificity, ppv;
    double pod[5]; /* k = 1, 3, 5, 7, 10 */
    double mean_pod;
};
static const int shown_k[5] = { 1, 3, 5, 7, 10 };

struct setting {
    const char                            *name;
    struct toc_farrington_flexible_options options;
    const struct reference                *reference; /* NULL: none */
};

#define NOUFAILY_SET(rule, level)                                                                                      \
    {                                                                                                                  \
        .mode = TOC_MODE_R, .threshold = rule, .years_back = 5, .half_window = 3, .periods = 10, .guard = 26,          \
        .min_cases = 5, .min_cases_steps = 4, .alpha = level, .trend_p_limit = 1.0, .residual_limit = 2.58,            \
        .trend = true, .reweight = true                                                                                \
    }

static const struct setting settings_table[] = {
    { "nb-plugin .01", NOUFAILY_SET(TOC_FARRINGTON_NB_PLUGIN, .01),
      &(struct reference){ .0115, .0008, .0216, .0086, .243, .9916, .646, { .07, .17, .40, .70, .89 }, .484 } },
    { "nb-plugin .005", NOUFAILY_SET(TOC_FARRINGTON_NB_PLUGIN, .005),
      &(struct reference){ .0070, .0006, .0196, .0050, .203, .9951, .726, { .02, .12, .34, .58, .87 }, .415 } },
    { "delta .05", NOUFAILY_SET(TOC_FARRINGTON_DELTA, .05),
      &(struct reference){ .0519, .0033, .0678, .0436, .398, .9572, .372, { .21, .46, .77, .91, .96 }, .694 } },
    { "muan .005", NOUFAILY_SET(TOC_FARRINGTON_MUAN, .005),
      &(struct reference){ .0034, 0, .0088, .0025, .149, .9976, .799, { .03, .06, .25, .46, .70 }, .317 } },
    { "1996-like .01",
      { .mode = TOC_MODE_R,
        .threshold = TOC_FARRINGTON_DELTA,
        .years_back = 5,
        .half_window = 3,
        .periods = 1,
        .guard = TOC_FARRINGTON_BY_STEP,
        .min_cases = 5,
        .min_cases_steps = 4,
        .alpha = .01,
        .trend_p_limit = .05,
        .residual_limit = 1.0,
        .trend = true,
        .reweight = true },
      &(struct reference){ .0389, .0033, .1080, .0329, .341, .9672, .398, { .12, .38, .61, .82, .92 }, .614 } },
    { "Tocsin's default", TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT, NULL },
};
enum { NUM_SETTINGS = sizeof settings_table / sizeof *settings_table };

/* ---- the measures of one setting ---- */

struct measures {
    struct sim_ratio fpr, fpr_past;                 /* alarms a week without a current outbreak */
    struct sim_ratio sensitivity, specificity, ppv; /* by week, with one */
    struct sim_ratio pod[MAX_K + 1];                /* outbreaks with an alarm in a week that has cases; 0: all */
    struct sim_ratio not_assessed;                  /* of the weeks without outbreaks */
};

struct study {
    const struct sim_settings *settings;
    struct measures            measures[NUM_SETTINGS];
};

static void for_each_ratio(struct measures *measures, void (*act)(struct sim_ratio *, size_t), size_t replicates)
{
    act(&measures->fpr, replicates);
    act(&measures->fpr_past, replicates);
    act(&measures->sensitivity, replicates);
    act(&measures->specificity, replicates);
    act(&measures->ppv, replicates);
    act(&measures->not_assessed, replicates);
    for (size_t k = 0; k <= MAX_K; k++)
        act(&measures->pod[k], replicates);
}

static void init_ratio(struct sim_ratio *ratio, size_t replicates)
{
    sim_ratio_init(ratio, SCENARIOS, replicates);
}

static void free_ratio(struct sim_ratio *ratio, size_t replicates)
{
    (void) replicates;
    sim_ratio_free(ratio);
}

/* ---- one replicate ---- */

struct replicate {
    double none[WEEKS], past[WEEKS], current[WEEKS]; /* the counts */
    double cases[WEEKS];                             /* of the current outbreak */
    size_t k;
};

static void draw(struct replicate *drawn, const struct study *study, size_t scenario, size_t replicate)
{
    static const double past_k[] = { 2, 3, 5, 10 };
    struct sim_random   random = { .seed = study->settings->seed, .scenario = scenario, .replicate = replicate };
    double              phi = blocks[scenario / 6].phi;

    for (size_t week = 0; week < WEEKS; week++) {
        drawn->none[week] = drawn->past[week] = sim_count(&random, mean_of_week(scenario, week), phi);
        drawn->cases[week] = 0.0;
    }
    for (size_t i = 0; i < 4; i++) {
        size_t start = sim_between(&random, BASELINE, MONITORED - 1);
        double k = past_k[sim_between(&random, 0, 3)];
        sim_outbreak(&random, k, sqrt(phi * mean_of_week(scenario, start)), start, 1.0, 0, drawn->past, NULL,
                     MONITORED);
    }
    for (size_t week = 0; week < WEEKS; week++)
        drawn->current[week] = drawn->past[week];
    drawn->k = 1 + (replicate + 3 * scenario) % MAX_K; /* each k as often, also where replicates are few */
    size_t start = sim_between(&random, MONITORED, MONITORED + LATEST_START - 1);
    sim_outbreak(&random, (double) drawn->k, sqrt(phi * mean_of_week(scenario, start)), start, 1.0, 1, drawn->current,
                 drawn->cases, WEEKS);
}

static void judge(const double *counts, const struct toc_farrington_flexible_options *options,
                  struct toc_judgement *judgements)
{
    struct toc_series series = { .observed = counts, .n = WEEKS, .steps_per_year = 52 };
    struct toc_error  error;
    if (toc_farrington_flexible_judge(&series, MONITORED, NUM_JUDGED, options, &sim_allocator, judgements, NULL,
                                      &error) != 0) {
        fprintf(stderr, "%s: %s\n", error.what, toc_status_text(error.status));
        exit(1);
    }
}

static void add_shares(const double *counts, const struct setting *setting, struct sim_ratio *alarms,
                       struct sim_ratio *not_assessed, size_t scenario, size_t replicate)
{
    struct toc_judgement judgements[NUM_JUDGED];
    judge(counts, &setting->options, judgements);
    for (size_t i = 0; i < NUM_JUDGED; i++) {
        sim_ratio_add(alarms, scenario, replicate, judgements[i].alarm == TOC_ALARM_YES, 1);
        if (not_assessed != NULL)
            sim_ratio_add(not_assessed, scenario, replicate, judgements[i].alarm == TOC_ALARM_NOT_ASSESSED, 1);
    }
}

static void add_detection(const struct replicate *drawn, const struct setting *setting, struct measures *measures,
                          size_t scenario, size_t replicate)
{
    struct toc_judgement judgements[NUM_JUDGED];
    bool                 found = false;
    judge(drawn->current, &setting->options, judgements);
    for (size_t i = 0; i < NUM_JUDGED; i++) {
        bool alarm = judgements[i].alarm == TOC_ALARM_YES, outbreak = drawn->cases[MONITORED + i] > 0;
        if (outbreak)
            sim_ratio_add(&measures->sensitivity, scenario, replicate, alarm, 1);
        else
            sim_ratio_add(&measures->specificity, scenario, replicate, !alarm, 1);
        if (alarm)
            sim_ratio_add(&measures->ppv, scenario, replicate, outbreak, 1);
        found |= alarm && outbreak;
    }
    sim_ratio_add(&measures->pod[drawn->k], scenario, replicate, found, 1);
    sim_ratio_add(&measures->pod[0], scenario, replicate, found, 1);
}

static void simulate(void *context, size_t scenario, size_t replicate)
{
    struct study    *study = context;
    struct replicate drawn;

    draw(&drawn, study, scenario, replicate);
    for (size_t i = 0; i < NUM_SETTINGS; i++) {
        struct measures      *measures = &study->measures[i];
        const struct setting *setting = &settings_table[i];
        add_shares(drawn.none, setting, &measures->fpr, &measures->not_assessed, scenario, replicate);
        add_shares(drawn.past, setting, &measures->fpr_past, NULL, scenario, replicate);
        add_detection(&drawn, setting, measures, scenario, replicate);
    }
}

/* ---- what came out ---- */

struct verdict {
    const struct sim_settings *settings;
    const char                *setting;
    int                        compared, held;
    double                     farthest; /* in Monte-Carlo errors of the difference */
};

/* Ours beside the reference, printed with `digits` digits, so known to half a unit of the last. */
static void compare(struct verdict *verdict, const char *measure, struct sim_estimate ours, double reference,
                    int digits)
{
    char   name[80], bar[80], measured[80];
    double trials = fmax(ours.b, 1.0), p = (ours.a + 1.0) / (trials + 2.0);
    double theirs = (reference * trials + 1.0) / (trials + 2.0);
    double se = sim_share_error(ours), reference_se = se * sqrt(theirs * (1.0 - theirs) / (p * (1.0 - p)));
    double both =
        sqrt(se * se + reference_se * reference_se * (double) verdict->settings->replicates / REFERENCE_REPLICATES);
    double rounding = 0.5 * pow(10, -digits), difference = fabs(ours.value - reference);
    double errors = fmax(0.0, difference - rounding) / both;
    double allowed = verdict->settings->margin * both + rounding;
    bool   holds = difference <= allowed;

    snprintf(name, sizeof name, "42 scenarios, %s: %s", verdict->setting, measure);
    snprintf(bar, sizeof bar, "%.*f ± %.*f", digits, reference, digits + 1, allowed);
    snprintf(measured, sizeof measured, "%.*f (%.1f errors away)", digits, ours.value, errors);
    sim_row(name, bar, measured, holds);
    verdict->compared++;
    verdict->held += holds;
    verdict->farthest = fmax(verdict->farthest, errors);
}

/* The scenario with the lowest (direction -1) or highest (1) share. */
static struct sim_estimate extreme(const struct sim_ratio *ratio, int direction)
{
    struct sim_estimate best = sim_ratio_estimate(ratio, 0, 0);
    for (size_t scenario = 1; scenario < SCENARIOS; scenario++) {
        struct sim_estimate here = sim_ratio_estimate(ratio, scenario, scenario);
        if ((here.value - best.value) * direction > 0)
            best = here;
    }
    return best;
}

static void compare_setting(struct verdict *verdict, const struct measures *measures, const struct reference *table)
{
    char name[40];
    compare(verdict, "false-positive rate", sim_ratio_estimate_all(&measures->fpr), table->fpr, 4);
    compare(verdict, "lowest of a scenario", extreme(&measures->fpr, -1), table->fpr_min, 4);
    compare(verdict, "highest of a scenario", extreme(&measures->fpr, 1), table->fpr_max, 4);
    compare(verdict, "false-positive rate after past outbreaks", sim_ratio_estimate_all(&measures->fpr_past),
            table->fpr_past, 4);
    compare(verdict, "sensitivity by week", sim_ratio_estimate_all(&measures->sensitivity), table->sensitivity, 3);
    compare(verdict, "specificity by week", sim_ratio_estimate_all(&measures->specificity), table->specificity, 4);
    compare(verdict, "positive predictive value", sim_ratio_estimate_all(&measures->ppv), table->ppv, 3);
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "outbreaks found, k = %d", shown_k[i]);
        compare(verdict, name, sim_ratio_estimate_all(&measures->pod[shown_k[i]]), table->pod[i], 2);
    }
    compare(verdict, "outbreaks found, mean", sim_ratio_estimate_all(&measures->pod[0]), table->mean_pod, 3);
}

/* One row for all of them. */
static bool sum_up(const struct verdict *verdict)
{
    char bar[80], measured[80];
    bool holds = verdict->held == verdict->compared;
    snprintf(bar, sizeof bar, "%d of %d within %g Monte-Carlo errors", verdict->compared, verdict->compared,
             verdict->settings->margin);
    snprintf(measured, sizeof measured, "%d, the farthest %.1f", verdict->held, verdict->farthest);
    sim_row("42 scenarios: numbers reproduced", bar, measured, holds);
    return holds;
}

static void print_table(const struct study *study)
{
    printf("\n%-17s %-22s %-7s %-6s %-6s %-6s %-32s %-6s %s\n", "setting", "FPR (min … max)", "after", "sens.", "spec.",
           "PPV", "found, k = 1, 3, 5, 7, 10", "mean", "not assessed");
    for (size_t i = 0; i < NUM_SETTINGS; i++) {
        const struct measures *m = &study->measures[i];
        printf("%-17s %.4f (%.4f … %.4f) %.4f  %.3f  %.4f %.3f ", settings_table[i].name,
               sim_ratio_estimate_all(&m->fpr).value, extreme(&m->fpr, -1).value, extreme(&m->fpr, 1).value,
               sim_ratio_estimate_all(&m->fpr_past).value, sim_ratio_estimate_all(&m->sensitivity).value,
               sim_ratio_estimate_all(&m->specificity).value, sim_ratio_estimate_all(&m->ppv).value);
        for (size_t k = 0; k < 5; k++)
            printf(" %.3f", sim_ratio_estimate_all(&m->pod[shown_k[k]]).value);
        printf("    %.3f  %.4f\n", sim_ratio_estimate_all(&m->pod[0]).value,
               sim_ratio_estimate_all(&m->not_assessed).value);
    }
}

int main(int argc, char **argv)
{
    struct sim_settings settings = { .replicates = 100, .threads = 1, .seed = 20130530, .margin = 3 };
    static struct study study;

    sim_settings_read(&settings, argc, argv,
                      "Farrington flexible on the 42 scenarios of Noufaily et al. 2013, beside reference numbers.");
    study.settings = &settings;
    for (size_t i = 0; i < NUM_SETTINGS; i++)
        for_each_ratio(&study.measures[i], init_ratio, settings.replicates);
    sim_run(&settings, SCENARIOS, simulate, &study);

    struct verdict verdict = { .settings = &settings };
    for (size_t i = 0; i < NUM_SETTINGS; i++) {
        verdict.setting = settings_table[i].name;
        if (settings_table[i].reference != NULL)
            compare_setting(&verdict, &study.measures[i], settings_table[i].reference);
    }
    bool all_hold = sum_up(&verdict);
    if (!settings.rows_only) {
        print_table(&study);
        printf("\n%d scenarios x %zu replicates x %d weeks x %d settings x 3; seed %llu; margin %g Monte-Carlo errors; "
               "user CPU %.1f s\n",
               SCENARIOS, settings.replicates, NUM_JUDGED, NUM_SETTINGS, (unsigned long long) settings.seed,
               settings.margin, sim_user_seconds());
    }
    for (size_t i = 0; i < NUM_SETTINGS; i++)
        for_each_ratio(&study.measures[i], free_ratio, 0);
    return all_hold ? 0 : 1;
}
