/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "farrington_flexible.h"

#include <stdalign.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "farrington_threshold.h"
#include "internal.h"
#include "methods.h"

typedef struct toc_farrington_flexible_options options_t;

enum { MIN_YEARS_FOR_TREND = 3 };
static const uint16_t NO_GROUP = UINT16_MAX;

/* ---- options ---- */

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

/* Whether weeks of a holiday are levels of a factor. */
static bool has_holiday_factor(const struct toci_flexible *method)
{
    return !method->rule.as_r && method->labelled && method->options.holidays == TOC_HOLIDAYS_FACTOR;
}

/* With one factor, the season, the regression has a closed form; with more it has not. */
static bool has_factors(const struct toci_flexible *method)
{
    return method->weekdays || has_holiday_factor(method);
}

/* ---- memory ---- */

/* Of each row: five values, time, row number (8 bytes each); season, mark, group (2 bytes each). */
size_t toci_flexible_room_bytes(const struct toci_flexible *method, size_t max_rows)
{
    size_t a_row = 6 * sizeof(double) + sizeof(size_t) + 3 * sizeof(uint16_t);
    size_t a_group = sizeof(size_t) + sizeof(double) + sizeof(uint16_t);
    size_t bytes =
        toci_quasi_poisson_bytes(max_rows, method->max_groups) + max_rows * a_row + method->max_groups * a_group;
    return has_factors(method) ? bytes + alignof(max_align_t) + toci_factors_bytes(max_rows) : bytes;
}

void toci_flexible_room_place(const struct toci_flexible *method, struct toci_flexible_room *room, void *memory,
                              size_t max_rows)
{
    toci_quasi_poisson_place(&room->fit, memory, max_rows, method->max_groups);
    double  *next = (double *) (void *) ((char *) memory + toci_quasi_poisson_bytes(max_rows, method->max_groups));
    double **arrays[] = { &room->values.count,      &room->values.log_count,      &room->values.log_start,
                          &room->values.two_thirds, &room->values.log_population, &room->baseline.time };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++, next += max_rows)
        *arrays[i] = next;
    room->cases_in = next;
    room->rows_in = (size_t *) (void *) (room->cases_in + method->max_groups);
    room->baseline.row = room->rows_in + method->max_groups;
    room->baseline.season = (uint16_t *) (void *) (room->baseline.row + max_rows);
    room->baseline.mark = room->baseline.season + max_rows;
    room->group = room->baseline.mark + max_rows;
    room->dense = room->group + max_rows;
    if (!has_factors(method))
        return;
    uintptr_t end = (uintptr_t) (room->dense + method->max_groups), whole = alignof(max_align_t);
    toci_factors_place(&room->factors, (char *) (room->dense + method->max_groups) + (whole - end % whole) % whole,
                       max_rows);
}

/* ---- the baseline in groups ---- */

/* The levels of the judged step, and what is known of them before any fit. */
struct grouping {
    size_t num_groups; /* that are fitted */
    size_t group_now;  /* the judged step's, before numbering */
    size_t now;        /* and after, where it is fitted */
    bool   has_rows;   /* the judged step's group has rows */
    bool   has_now;    /* and is fitted */
    double cases;      /* in the whole baseline */
    double highest;    /* count of the baseline */
};

/* Number the groups that can be fitted. By default a group without a case is left out: its level would be minus
 * infinity, and R's iteration runs after it until it gives up. */
static struct grouping form_groups(const struct toci_flexible *method, struct toci_flexible_room *room)
{
    struct toci_baseline *baseline = &room->baseline;
    struct grouping       found = { 0 };
    memset(room->rows_in, 0, method->max_groups * sizeof *room->rows_in);
    memset(room->cases_in, 0, method->max_groups * sizeof *room->cases_in);
    for (size_t i = 0; i < baseline->num; i++) {
        size_t group = baseline->season[i];
        double y = room->values.count[baseline->row[i]];
        room->group[i] = (uint16_t) group;
        room->rows_in[group]++;
        room->cases_in[group] += y;
        if (y > found.highest)
            found.highest = y;
    }
    for (size_t group = 0; group < method->max_groups; group++) {
        bool fitted = room->rows_in[group] > 0 && (method->rule.as_r || room->cases_in[group] > 0);
        room->dense[group] = fitted ? (uint16_t) found.num_groups++ : NO_GROUP;
        found.cases += room->cases_in[group];
    }
    found.group_now = (size_t) method->rule.periods - 1;
    found.has_rows = room->rows_in[found.group_now] > 0;
    found.has_now = room->dense[found.group_now] != NO_GROUP;
    found.now = room->dense[found.group_now];
    return found;
}

/* Keep the rows of the groups that are fitted. */
static void load_rows(struct toci_flexible_room *room, const struct grouping *grouping)
{
    struct toci_baseline *baseline = &room->baseline;
    size_t                kept = 0;
    for (size_t i = 0; i < baseline->num; i++) {
        uint16_t group = room->dense[room->group[i]];
        if (group == NO_GROUP)
            continue;
        baseline->row[kept] = baseline->row[i];
        baseline->time[kept] = baseline->time[i];
        room->group[kept++] = group;
    }
    baseline->num = kept;
    toci_quasi_poisson_load(&room->fit, &room->values, baseline->row, room->group, baseline->time, kept,
                            grouping->num_groups);
}

/* ---- the fit ---- */

/* What the variances of the slope and of the linear predictor are multiplied with: the overdispersion. R's flexible
 * method has the wrong weights there once it has reweighted; its method of 1996 floors one of the two only. */
static double slope_scale(const struct toci_flexible *method, const struct toci_quasi_poisson *fit)
{
    if (!method->rule.as_r)
        return fit->phi;
    return method->options.reweight && !method->of_1996 ? fit->working_scale : fit->dispersion;
}

static double mean_scale(const struct toci_flexible *method, const struct toci_quasi_poisson *fit)
{
    return method->of_1996 ? fit->phi : slope_scale(method, fit);
}

/* The slope stays if it is significant and does not carry the expectation beyond anything seen in the baseline. */
static bool slope_stays(const struct toci_flexible *method, const struct toci_quasi_poisson *fit,
                        const struct grouping *grouping, double log_mean)
{
    if (!(exp(log_mean) <= grouping->highest))
        return false;
    if (method->options.trend_p_limit >= 1.0)
        return fit->slope != 0.0;
    double t = fit->slope / sqrt(slope_scale(method, fit) / fit->time_information);
    double freedom = (double) fit->num_rows - (double) fit->num_groups - 1.0;
    return 2.0 * pt(-fabs(t), freedom, 1, 0) < method->options.trend_p_limit;
}

static double log_mean_at(const struct toci_flexible_room *room, const struct grouping *grouping, size_t k)
{
    return toci_quasi_poisson_log_mean(&room->fit, grouping->now, room->baseline.time_now) +
           room->values.log_population[k];
}

/* Fit with a slope if wanted, without it where it does not settle or may not stay. */
static enum toc_reason fit_model(const struct toci_flexible *method, size_t k, const struct grouping *grouping,
                                 struct toci_flexible_room *room, struct toci_prediction *prediction)
{
    struct toci_quasi_poisson     *fit = &room->fit;
    struct toci_quasi_poisson_plan plan = {
        .slope = method->options.trend && method->options.years_back >= MIN_YEARS_FOR_TREND,
        .reweight = method->options.reweight,
        .residual_limit = method->options.residual_limit,
    };
    toci_quasi_poisson_fit(fit, &plan);
    if (plan.slope && (!fit->converged || !slope_stays(method, fit, grouping, log_mean_at(room, grouping, k)))) {
        plan.slope = false;
        toci_quasi_poisson_fit(fit, &plan);
    }
    if (!fit->converged)
        return TOC_REASON_FIT_FAILED;
    double variance = toci_quasi_poisson_log_mean_variance(fit, grouping->now, room->baseline.time_now);
    prediction->log_mean = log_mean_at(room, grouping, k);
    prediction->log_mean_se = sqrt(mean_scale(method, fit) * variance);
    prediction->mean = exp(prediction->log_mean);
    prediction->phi = fit->phi;
    return TOC_REASON_NONE;
}

/* ---- the judgement ---- */

static void describe(struct toc_farrington_detail *detail, const struct toci_quasi_poisson *fit,
                     const struct toci_prediction *prediction)
{
    detail->phi = fit->phi;
    detail->trend = fit->has_slope;
    detail->trend_coefficient = fit->has_slope ? fit->slope : NAN;
    detail->log_mean = prediction->log_mean;
    detail->log_mean_se = prediction->log_mean_se;
    detail->baseline_rows = fit->num_rows;
}

/* Cases of the last steps. R counts nothing where one is missing; by default the known ones count. */
static bool enough_cases(const struct toci_flexible *method, const struct toc_series *series, size_t k)
{
    size_t steps = (size_t) method->options.min_cases_steps;
    double cases = 0.0;
    for (size_t row = k + 1 > steps ? k + 1 - steps : 0; row <= k; row++) {
        double y = series->observed[row];
        if (!isnan(y))
            cases += y;
        else if (method->rule.as_r)
            return false;
    }
    return cases >= method->options.min_cases;
}

/* Mean whose quantile is the threshold. */
static double quantile_mean(const options_t *options, const struct toci_prediction *prediction, double z)
{
    switch (options->threshold) {
    case TOC_FARRINGTON_NB_PLUGIN: break;
    case TOC_FARRINGTON_MUAN: return exp(prediction->log_mean + z * prediction->log_mean_se);
    case TOC_FARRINGTON_DELTA: /* R exponentiates a quantile that is already a mean; shown, never used */
        return exp(prediction->mean + z * prediction->log_mean_se * prediction->mean);
    }
    return prediction->mean;
}

static double threshold_of(const options_t *options, const struct toci_prediction *prediction, double z, double mean)
{
    if (options->threshold == TOC_FARRINGTON_DELTA)
        return toci_threshold_delta(prediction, options->power, z);
    return toci_threshold_counts(mean, prediction->phi, 1.0 - options->alpha);
}

static double p_value_of(const options_t *options, const struct toci_prediction *prediction, double mean, double y)
{
    if (isnan(y))
        return NAN;
    if (options->threshold == TOC_FARRINGTON_DELTA)
        return toci_p_value_delta(prediction, options->power, y);
    return toci_p_value_counts(mean, prediction->phi, y);
}

/* R's answer: an alarm needs enough cases, otherwise it is "no" without a threshold; quantile thresholds have a score
 * on the log scale. */
static struct toc_judgement conclude_as_r(const options_t *options, const struct toci_prediction *prediction, double y,
                                          double threshold, bool enough, double *score)
{
    double centre = options->threshold == TOC_FARRINGTON_DELTA ? prediction->mean : prediction->log_mean;
    *score = (y - centre) / (threshold - centre);
    if (enough && isnan(*score))
        return toci_not_assessed(TOC_REASON_FIT_FAILED);
    return (struct toc_judgement){
        .expected = enough ? prediction->mean : NAN,
        .threshold = enough ? threshold : NAN,
        .score = *score,
        .alarm = enough && *score > 1.0 && y != 0.0 ? TOC_ALARM_YES : TOC_ALARM_NO,
    };
}

/* The old method's: too few cases give the score 0 and the threshold 0; a count of zero may alarm. */
static struct toc_judgement conclude_as_r_1996(const struct toci_prediction *prediction, double y, double threshold,
                                               bool enough, double *score)
{
    *score = enough ? (y - prediction->mean) / (threshold - prediction->mean) : 0.0;
    if (isnan(*score))
        return toci_not_assessed(TOC_REASON_FIT_FAILED);
    return (struct toc_judgement){
        .expected = prediction->mean,
        .threshold = enough ? threshold : 0.0,
        .score = *score,
        .alarm = *score > 1.0 ? TOC_ALARM_YES : TOC_ALARM_NO,
    };
}

static struct toc_judgement conclude(double y, double expected, double threshold)
{
    return (struct toc_judgement){
        .expected = expected,
        .threshold = threshold,
        .score = toci_count_score(y, expected, threshold),
        .alarm = y > 0.0 && y > threshold ? TOC_ALARM_YES : TOC_ALARM_NO,
    };
}

/* No case in the rows that the step is compared with: E rows' worth of population without one. With Jeffreys' prior,
 * gamma(1/2, 0), the rate is gamma(1/2, E) and the next count negative binomial of size 1/2 and probability E / (E +
 * 1). Where the whole baseline is without a case the disease is new: its first case alarms. */
static struct toc_judgement judge_first_cases(const struct toci_flexible *method, double exposure, bool new_disease,
                                              double y, size_t rows, struct toc_farrington_detail *detail)
{
    double probability = exposure / (exposure + 1.0), expected = 0.5 / exposure, threshold = 0.0;
    if (!new_disease)
        threshold = qnbinom(1.0 - method->options.alpha, 0.5, probability, 1, 0);
    struct toc_judgement judgement = conclude(y, expected, threshold);
    if (detail != NULL) {
        detail->p_value = pnbinom(y - 1.0, 0.5, probability, 0, 0);
        detail->baseline_rows = rows;
        detail->quantile_mean = expected;
    }
    return judgement;
}

/* What the rows of one group, or all rows, are worth in rows of the judged step's population. */
static double exposure_of(const struct toci_flexible_room *room, size_t k, bool all, size_t group)
{
    const struct toci_baseline *baseline = &room->baseline;
    double                      exposure = 0.0;
    for (size_t i = 0; i < baseline->num; i++)
        if (all || room->group[i] == group)
            exposure += exp(room->values.log_population[baseline->row[i]] - room->values.log_population[k]);
    return exposure;
}

/* The answer from what a model expects. */
static struct toc_judgement judge_prediction(const struct toci_flexible   *method,
                                             const struct toci_prediction *prediction, double y, bool enough,
                                             struct toc_farrington_detail *detail)
{
    const options_t *options = &method->options;
    double           z = qnorm(1.0 - (method->of_1996 ? options->alpha / 2.0 : options->alpha), 0.0, 1.0, 1, 0);
    double           mean = quantile_mean(options, prediction, z);
    double           threshold = threshold_of(options, prediction, z, mean), score = NAN;
    if (options->threshold != TOC_FARRINGTON_DELTA && isinf(mean))
        enough = false; /* so R has it: "no alarm", without numbers */

    struct toc_judgement judgement;
    if (method->rule.as_r && method->of_1996)
        judgement = conclude_as_r_1996(prediction, y, threshold, enough, &score);
    else if (method->rule.as_r)
        judgement = conclude_as_r(options, prediction, y, threshold, enough, &score);
    else if (isnan(threshold) || isinf(threshold))
        judgement = toci_not_assessed(TOC_REASON_FIT_FAILED);
    else
        judgement = conclude(y, prediction->mean, threshold);
    if (detail != NULL) {
        detail->quantile_mean = mean;
        detail->p_value = p_value_of(options, prediction, mean, y);
        detail->score = score;
        detail->expected = enough ? prediction->mean : NAN;
        detail->threshold = enough ? threshold : NAN;
    }
    return judgement;
}

/* The answer of the closed form. */
static struct toc_judgement judge_by_model(const struct toci_flexible *method, size_t k, double y, bool enough,
                                           struct toci_flexible_room *room, const struct grouping *grouping,
                                           struct toc_farrington_detail *detail)
{
    struct toci_prediction prediction;
    load_rows(room, grouping);
    enum toc_reason reason = fit_model(method, k, grouping, room, &prediction);
    if (reason != TOC_REASON_NONE) {
        if (detail != NULL && method->rule.as_r)
            detail->expected = 0.0; /* R never writes it */
        return toci_not_assessed(reason);
    }
    if (detail != NULL)
        describe(detail, &room->fit, &prediction);
    return judge_prediction(method, &prediction, y, enough, detail);
}

/* The answer of the model with weekday and holiday. */
static struct toc_judgement judge_by_factors(const struct toci_flexible *method, const struct toc_series *series,
                                             size_t k, struct toci_flexible_room *room,
                                             struct toc_farrington_detail *detail)
{
    const options_t                   *options = &method->options;
    struct toci_factors_answer         answer;
    const struct toci_factors_question question = {
        .series = series,
        .k = k,
        .values = &room->values,
        .baseline = &room->baseline,
        .periods = method->rule.periods,
        .weekdays = method->weekdays,
        .holidays = has_holiday_factor(method),
        .slope = options->trend && options->years_back >= MIN_YEARS_FOR_TREND,
        .reweight = options->reweight,
        .residual_limit = options->residual_limit,
        .trend_p_limit = options->trend_p_limit,
    };
    double y = series->observed[k];

    toci_factors_load(&room->factors, &question, &answer);
    if (answer.reason != TOC_REASON_NONE)
        return toci_not_assessed(answer.reason);
    if (answer.cases == 0.0)
        return judge_first_cases(method, exposure_of(room, k, true, 0), true, y, answer.rows, detail);
    if (!enough_cases(method, series, k))
        return toci_not_assessed(TOC_REASON_FEW_CASES);
    if (answer.exposure > 0.0)
        return judge_first_cases(method, answer.exposure, false, y, answer.rows, detail);
    toci_factors_predict(&room->factors, &question, &answer);
    if (answer.reason != TOC_REASON_NONE)
        return toci_not_assessed(answer.reason);
    if (detail != NULL) {
        detail->phi = answer.prediction.phi;
        detail->trend = !isnan(answer.slope);
        detail->trend_coefficient = answer.slope;
        detail->log_mean = answer.prediction.log_mean;
        detail->log_mean_se = answer.prediction.log_mean_se;
        detail->baseline_rows = answer.rows;
    }
    /* Few years stand behind a week of a holiday: what is not known of its mean widens the spread of its count. The
     * other thresholds have the standard error in them. */
    double se = answer.prediction.log_mean_se;
    if (options->threshold == TOC_FARRINGTON_NB_PLUGIN && question.holidays && series->holiday[k] != 0)
        answer.prediction.phi += se * se * answer.prediction.mean;
    return judge_prediction(method, &answer.prediction, y, true, detail);
}

/* Why the step cannot be judged whatever its baseline. */
static enum toc_reason check_step(const struct toci_flexible *method, const struct toc_series *series, size_t k)
{
    if (method->rule.as_r)
        return TOC_REASON_NONE;
    if (isnan(series->observed[k]))
        return TOC_REASON_OBSERVED_MISSING;
    bool skipped = !has_holiday_factor(method) && method->options.holidays != TOC_HOLIDAYS_IGNORE;
    return skipped && toci_is_holiday(series, k) ? TOC_REASON_HOLIDAY : TOC_REASON_NONE;
}

static struct toc_judgement assess(const struct toci_flexible *method, const struct toc_series *series, size_t k,
                                   struct toci_flexible_room *room, struct toc_farrington_detail *detail)
{
    enum toc_reason reason = check_step(method, series, k);
    if (reason == TOC_REASON_NONE)
        reason = method->of_1996 && method->rule.as_r
                     ? toci_baseline_choose_1996(series, k, &method->rule, &room->baseline)
                     : toci_baseline_choose(series, k, &method->rule, &room->baseline);
    if (reason != TOC_REASON_NONE)
        return toci_not_assessed(reason);
    if (has_factors(method))
        return judge_by_factors(method, series, k, room, detail);
    struct grouping grouping = form_groups(method, room);
    double          y = series->observed[k];
    bool            enough = enough_cases(method, series, k), as_r = method->rule.as_r;
    if (!grouping.has_rows)
        return toci_not_assessed(TOC_REASON_BASELINE_MISSING);
    if (!as_r && grouping.cases == 0.0)
        return judge_first_cases(method, exposure_of(room, k, true, 0), true, y, room->baseline.num, detail);
    if (!as_r && !enough)
        return toci_not_assessed(TOC_REASON_FEW_CASES);
    if (!grouping.has_now)
        return judge_first_cases(method, exposure_of(room, k, false, grouping.group_now), false, y, room->baseline.num,
                                 detail);
    return judge_by_model(method, k, y, enough, room, &grouping, detail);
}

struct toc_judgement toci_flexible_assess(const struct toci_flexible *method, const struct toc_series *series, size_t k,
                                          struct toci_flexible_room *room, struct toc_farrington_detail *detail)
{
    if (detail != NULL)
        *detail = (struct toc_farrington_detail){ NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, false };
    struct toc_judgement judgement = assess(method, series, k, room, detail);
    if (detail != NULL && judgement.alarm != TOC_ALARM_NOT_ASSESSED) {
        detail->expected = judgement.expected;
        detail->threshold = judgement.threshold;
        detail->score = judgement.score;
    }
    return judgement;
}

int toci_flexible_meet(struct toci_flexible *method, const struct toc_series *series, struct toc_error *error)
{
    if (method->options.population_offset && series->population == NULL)
        return toci_fail(error, TOC_ERR_UNSUPPORTED, "options.population_offset", TOC_NOWHERE, 1,
                         "no population offset for a series without population");
    method->labelled = series->holiday != NULL;
    method->rule.keep_holidays = has_holiday_factor(method) || method->options.holidays == TOC_HOLIDAYS_IGNORE;
    if (has_factors(method) && method->options.periods > TOCI_FACTOR_MAX_PERIODS) /* each is a column there */
        return bad_option("options.periods", method->options.periods,
                          "at most 60 with days of the week or weeks of a holiday as factors", error);
    return 0;
}

/* The oldest row that judging `first` or a later step can reach, or an older one: references of later steps are later.
 */
static size_t oldest_row(const struct toci_flexible *method, const struct toc_series *series, size_t first)
{
    enum { MOVED = 8 }; /* rows that a change of the weekday may move a window by, and to spare */
    ptrdiff_t reference[TOCI_MAX_YEARS + 1];
    if (toci_reference_rows(series, first, method->rule.years, reference) != TOC_REASON_NONE)
        return 0;
    ptrdiff_t window = reference[method->rule.years] - method->rule.half_window - MOVED;
    ptrdiff_t recent = (ptrdiff_t) first + 1 - method->options.min_cases_steps;
    ptrdiff_t oldest = window < recent ? window : recent;
    return oldest > 0 ? (size_t) oldest : 0;
}

/* The series without its first rows. */
static struct toc_series without_first(const struct toc_series *series, size_t rows)
{
    struct toc_series rest = *series;
    rest.observed += rows;
    rest.n -= rows;
    if (rest.population != NULL)
        rest.population += rows;
    if (rest.date != NULL)
        rest.date += rows;
    if (rest.holiday != NULL)
        rest.holiday += rows;
    return rest;
}

int toci_flexible_judge(struct toci_flexible *method, const struct toc_series *series, size_t first, size_t num,
                        const struct toc_allocator *allocator, struct toc_judgement *judgements,
                        struct toc_farrington_detail *details, struct toc_error *error)
{
    struct toci_flexible_room room;
    int                       ret = toci_flexible_meet(method, series, error);
    if (ret != 0 || num == 0)
        return ret;
    size_t            skipped = oldest_row(method, series, first), rows = first - skipped + num;
    struct toc_series view = without_first(series, skipped);
    size_t            bytes = toci_flexible_room_bytes(method, rows);
    void             *memory = toci_allocate(allocator, 1, bytes, &ret, error);
    if (memory == NULL)
        return ret;
    toci_flexible_room_place(method, &room, memory, rows);
    toci_count_values_fill(&room.values, view.observed, method->options.population_offset ? view.population : NULL, 0,
                           rows);
    method->rule.unit = toci_step_days(series);
    for (size_t i = 0; i < num; i++)
        judgements[i] =
            toci_flexible_assess(method, &view, first - skipped + i, &room, details == NULL ? NULL : &details[i]);
    toci_release(allocator, memory, 1, bytes);
    return 0;
}

int toc_farrington_flexible_judge(const struct toc_series *series, size_t first, size_t num, const options_t *options,
                                  const struct toc_allocator *allocator, struct toc_judgement *judgements,
                                  struct toc_farrington_detail *details, struct toc_error *error)
{
    struct toci_flexible method;
    int                  ret = toci_check_series(series, first, num, error);
    if (ret == 0)
        ret = toci_flexible_resolve(&method, options, series->steps_per_year, series->date != NULL, error);
    if (ret == 0)
        ret = toci_flexible_judge(&method, series, first, num, allocator, judgements, details, error);
    return ret;
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

#define AT(field) .offset = offsetof(options_t, field)
#define INTEGER(field, least, most) .kind = TOC_PARAMETER_INTEGER, AT(field), .low = (least), .high = (most)
#define REAL(field, least, most) .kind = TOC_PARAMETER_REAL, AT(field), .low = (least), .high = (most)
#define FLAG(field) .kind = TOC_PARAMETER_FLAG, AT(field), .low = 0, .high = 1, .unit = ""

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
      INTEGER(years_back, 1, TOC_FARRINGTON_MAX_YEARS),
      .unit = "years",
      .meaning = "how many earlier years make the baseline" },
    { .name = "half_window",
      .r_name = "w",
      INTEGER(half_window, -1, TOC_FARRINGTON_MAX_STEPS),
      .unit = "steps",
      .meaning = "steps on each side of the same date of an earlier year; -1: 7 days, 3 weeks or 1 month" },
    { .name = "periods",
      .r_name = "noPeriods",
      INTEGER(periods, -1, TOCI_MAX_PERIODS),
      .unit = "",
      .meaning = "blocks of the year with a level each, the window among them; 1: only the windows are the baseline; "
                 "-1: 10, for months 4" },
    { .name = "guard",
      .r_name = "pastWeeksNotIncluded",
      INTEGER(guard, -1, TOC_FARRINGTON_MAX_STEPS),
      .unit = "steps",
      .meaning = "newest steps before the judged one that are kept out of the baseline; -1: half a year, in R mode "
                 "half_window" },
    { .name = "threshold",
      .r_name = "thresholdMethod",
      .kind = TOC_PARAMETER_CHOICE,
      AT(threshold),
      .choices = threshold_choices,
      .unit = "",
      .meaning = "how the threshold follows from the expected count" },
    { .name = "power",
      .r_name = "powertrans",
      .kind = TOC_PARAMETER_CHOICE,
      AT(power),
      .choices = toci_farrington_power_choices,
      .unit = "",
      .meaning = "power transformation of the delta threshold" },
    { .name = "alpha",
      .r_name = "alpha",
      REAL(alpha, 0, 1),
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "one-sided probability of a false alarm per step" },
    { .name = "trend", .r_name = "trend", FLAG(trend), .meaning = "whether a trend over time is tried" },
    { .name = "trend_p_limit",
      .r_name = "pThresholdTrend",
      REAL(trend_p_limit, 0, 1),
      .unit = "",
      .meaning = "the trend stays where its p-value is below; 1: always" },
    { .name = "reweight",
      .r_name = "reweight",
      FLAG(reweight),
      .meaning = "whether past outbreaks in the baseline lose weight" },
    { .name = "residual_limit",
      .r_name = "weightsThreshold",
      REAL(residual_limit, 0, INFINITY),
      .high_open = true,
      .unit = "standard deviations",
      .meaning = "Anscombe residual above which a count loses weight" },
    { .name = "min_cases",
      .r_name = "limit54",
      INTEGER(min_cases, 0, 1e9),
      .unit = "cases",
      .meaning = "a step is assessed where at least so many cases occurred lately; 0: always" },
    { .name = "min_cases_steps",
      .r_name = "limit54",
      .r_element = 1,
      INTEGER(min_cases_steps, 1, TOC_FARRINGTON_MAX_STEPS),
      .unit = "steps",
      .meaning = "what lately means" },
    { .name = "population_offset",
      .r_name = "populationOffset",
      FLAG(population_offset),
      .meaning = "whether counts are proportional to the population column" },
    { .name = "holidays",
      .kind = TOC_PARAMETER_CHOICE,
      AT(holidays),
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
