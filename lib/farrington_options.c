/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of Farrington flexible: what is allowed, what follows from the time step, and the row of the method
 * table. */
#include "farrington_flexible.h"
#include "internal.h"
#include "methods.h"

typedef struct toc_farrington_flexible_options options_t;

static int bad_option(const char *what, double found, const char *allowed, struct toc_error *error)
{
    return toci_fail(error, TOC_ERR_OPTION, what, TOC_NOWHERE, found, allowed);
}

static int check_numbers(const options_t *options, struct toc_error *error)
{
    if (options->years_back < 1 || options->years_back > TOC_FARRINGTON_MAX_YEARS)
        return bad_option("options.years_back", options->years_back, "1 … 100", error);
    if (options->half_window < TOC_FARRINGTON_BY_STEP || options->half_window > TOC_FARRINGTON_MAX_STEPS)
        return bad_option("options.half_window", options->half_window, "0 … 10,000, or -1 = by the time step", error);
    if (options->guard < TOC_FARRINGTON_BY_STEP || options->guard > TOC_FARRINGTON_MAX_STEPS)
        return bad_option("options.guard", options->guard, "0 … 10,000, or -1 = by the time step", error);
    if (options->periods < TOC_FARRINGTON_BY_STEP || options->periods == 0 || options->periods > TOCI_MAX_PERIODS)
        return bad_option("options.periods", options->periods, "1 … 366, or -1 = by the time step", error);
    if (options->min_cases < 0)
        return bad_option("options.min_cases", options->min_cases, ">= 0", error);
    if (options->min_cases_steps < 1 || options->min_cases_steps > TOC_FARRINGTON_MAX_STEPS)
        return bad_option("options.min_cases_steps", options->min_cases_steps, "1 … 10,000", error);
    if (!(options->alpha > 0 && options->alpha < 1))
        return bad_option("options.alpha", options->alpha, "0 < alpha < 1", error);
    if (!(options->trend_p_limit >= 0 && options->trend_p_limit <= 1))
        return bad_option("options.trend_p_limit", options->trend_p_limit, "0 … 1", error);
    if (!(options->residual_limit >= 0))
        return bad_option("options.residual_limit", options->residual_limit, ">= 0", error);
    return 0;
}

static int check_words(const options_t *options, struct toc_error *error)
{
    if (options->threshold < TOC_FARRINGTON_DELTA || options->threshold > TOC_FARRINGTON_MUAN)
        return bad_option("options.threshold", options->threshold, "delta, nb-plugin or muan", error);
    if (options->holidays < TOC_HOLIDAYS_FACTOR || options->holidays > TOC_HOLIDAYS_IGNORE)
        return bad_option("options.holidays", options->holidays, "factor, skip or ignore", error);
    if (options->power < TOC_FARRINGTON_TWO_THIRDS || options->power > TOC_FARRINGTON_UNTRANSFORMED)
        return bad_option("options.power", options->power, "2/3, 1/2 or none", error);
    return 0;
}

/* Lengths that follow the time step: a fifth of a year around the date of the year, half a year of guard. */
static void choose_by_step(options_t *options, int steps_per_year)
{
    bool as_r = options->mode == TOC_MODE_R;
    if (options->half_window == TOC_FARRINGTON_BY_STEP)
        options->half_window = steps_per_year == 365 ? 7 : steps_per_year == 52 ? 3 : 1;
    if (options->periods == TOC_FARRINGTON_BY_STEP)
        options->periods = steps_per_year == 12 ? 4 : 10;
    if (options->guard == TOC_FARRINGTON_BY_STEP)
        options->guard = as_r ? options->half_window : steps_per_year == 365 ? 182 : steps_per_year == 52 ? 26 : 6;
}

int toci_flexible_resolve(struct toci_flexible *method, const options_t *options, int steps_per_year, bool dated,
                          struct toc_error *error)
{
    int ret = check_numbers(options, error);
    if (ret == 0)
        ret = check_words(options, error);
    if (ret != 0)
        return ret;
    bool as_r = options->mode == TOC_MODE_R;
    if (as_r && options->half_window == TOC_FARRINGTON_BY_STEP)
        return bad_option("options.half_window", options->half_window, "0 … 10,000", error);
    if (as_r && options->periods == TOC_FARRINGTON_BY_STEP)
        return bad_option("options.periods", options->periods, "1 … 366", error);

    method->options = *options;
    options_t *chosen = &method->options;
    choose_by_step(chosen, steps_per_year);
    /* R asks for a gap of at least periods - (2 w + 1) steps between the windows; every block needs a step. */
    int room = as_r ? steps_per_year : steps_per_year - 2 * chosen->half_window;
    if (chosen->periods > 1 && chosen->periods > room)
        return bad_option("options.periods", chosen->periods,
                          as_r ? "at most the steps of a year" : "at most the steps of a year less 2 x half_window",
                          error);
    if (!as_r && 2 * chosen->half_window + 1 > steps_per_year)
        return bad_option("options.half_window", chosen->half_window, "2 x half_window + 1 within a year", error);
    method->rule = (struct toci_baseline_rule){
        .as_r = as_r,
        .years = chosen->years_back,
        .half_window = chosen->half_window,
        .periods = chosen->periods,
        .guard = chosen->guard,
        .unit = 1.0,
    };
    method->of_1996 = false;
    method->weekdays = !as_r && dated && steps_per_year == 365 && chosen->weekdays == TOC_WEEKDAYS_STRATA;
    method->labelled = false;
    method->max_groups = (size_t) chosen->periods;
    return 0;
}

/* ---- the row of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    return toc_farrington_flexible_judge(series, first, num, options, allocator, judgements, NULL, error);
}

static const struct toc_choice threshold_choices[] = {
    { "delta", "delta", TOC_FARRINGTON_DELTA, "normal after a power transformation" },
    { "nb-plugin", "nbPlugin", TOC_FARRINGTON_NB_PLUGIN, "quantile of the negative binomial" },
    { "muan", "muan", TOC_FARRINGTON_MUAN, "the same at the upper confidence limit of the mean" },
    { NULL, NULL, 0, NULL },
};

const struct toc_choice toci_farrington_power_choices[] = {
    { "2/3", "2/3", TOC_FARRINGTON_TWO_THIRDS, "corrects skewness" },
    { "1/2", "1/2", TOC_FARRINGTON_HALF, "stabilises the variance" },
    { "none", "none", TOC_FARRINGTON_UNTRANSFORMED, "counts as they are" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice holidays_choices[] = {
    { "factor", NULL, TOC_HOLIDAYS_FACTOR,
      "each week of a holiday against its own kind, from three earlier years on; with fewer as skip" },
    { "skip", NULL, TOC_HOLIDAYS_SKIP, "left out of the baseline, and not assessed" },
    { "ignore", NULL, TOC_HOLIDAYS_IGNORE, "as if there were no calendar" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_parameter parameters[] = {
    { .name = "years_back",
      .r_name = "b",
      TOCI_INTEGER(options_t, years_back, 1, TOC_FARRINGTON_MAX_YEARS),
      .unit = "years",
      .meaning = "how many earlier years make the baseline" },
    { .name = "half_window",
      .r_name = "w",
      TOCI_INTEGER(options_t, half_window, -1, TOC_FARRINGTON_MAX_STEPS),
      .unit = "steps",
      .meaning = "steps on each side of the same date of an earlier year; -1: 7 days, 3 weeks or 1 month" },
    { .name = "periods",
      .r_name = "noPeriods",
      TOCI_INTEGER(options_t, periods, -1, TOCI_MAX_PERIODS),
      .unit = "",
      .meaning = "blocks of the year with a level each, the window among them; 1: only the windows are the baseline; "
                 "-1: 10, for months 4" },
    { .name = "guard",
      .r_name = "pastWeeksNotIncluded",
      TOCI_INTEGER(options_t, guard, -1, TOC_FARRINGTON_MAX_STEPS),
      .unit = "steps",
      .meaning = "newest steps before the judged one that are kept out of the baseline; -1: half a year, in R mode "
                 "half_window" },
    { .name = "threshold",
      .r_name = "thresholdMethod",
      .kind = TOC_PARAMETER_CHOICE,
      .offset = offsetof(options_t, threshold),
      .choices = threshold_choices,
      .unit = "",
      .meaning = "how the threshold follows from the expected count" },
    { .name = "power",
      .r_name = "powertrans",
      .kind = TOC_PARAMETER_CHOICE,
      .offset = offsetof(options_t, power),
      .choices = toci_farrington_power_choices,
      .unit = "",
      .meaning = "power transformation of the delta threshold" },
    { .name = "alpha",
      .r_name = "alpha",
      TOCI_REAL(options_t, alpha, 0, 1),
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "one-sided probability of a false alarm per step" },
    { .name = "trend",
      .r_name = "trend",
      TOCI_FLAG(options_t, trend),
      .meaning = "whether a trend over time is tried" },
    { .name = "trend_p_limit",
      .r_name = "pThresholdTrend",
      TOCI_REAL(options_t, trend_p_limit, 0, 1),
      .unit = "",
      .meaning = "the trend stays where its p-value is below; 1: always" },
    { .name = "reweight",
      .r_name = "reweight",
      TOCI_FLAG(options_t, reweight),
      .meaning = "whether past outbreaks in the baseline lose weight" },
    { .name = "residual_limit",
      .r_name = "weightsThreshold",
      TOCI_REAL(options_t, residual_limit, 0, INFINITY),
      .high_open = true,
      .unit = "standard deviations",
      .meaning = "Anscombe residual above which a count loses weight" },
    TOCI_PARAMETERS_MIN_CASES(options_t),
    { .name = "population_offset",
      .r_name = "populationOffset",
      TOCI_FLAG(options_t, population_offset),
      .meaning = "whether counts are proportional to the population column" },
    { .name = "holidays",
      .kind = TOC_PARAMETER_CHOICE,
      .offset = offsetof(options_t, holidays),
      .choices = holidays_choices,
      .unit = "",
      .meaning = "what is done with the weeks of a holiday that the calendar names" },
    TOCI_PARAMETER_WEEKDAYS(options_t),
};

static const options_t defaults = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
static const options_t r_defaults = TOC_FARRINGTON_FLEXIBLE_R_OPTIONS_INIT;

const struct toc_method toci_method_farrington_flexible = {
    .name = "farrington-flexible",
    .title = "Farrington flexible: against the same season of earlier years",
    .use = "Weekly or daily counts with at least some years of history; the standard of national agencies.",
    .r_name = "farringtonFlexible",
    .source = "Noufaily et al. 2013, doi:10.1002/sim.5595",
    .options_size = sizeof(options_t),
    .defaults = &defaults,
    .r_defaults = &r_defaults,
    .parameters = parameters,
    .num_parameters = sizeof parameters / sizeof *parameters,
    .judge = judge_by_table,
};
