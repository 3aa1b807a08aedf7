/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step is judged in this order; each arrow to the right ends it:
 *
 *   count missing, or a holiday that cannot be modelled        -> not assessed
 *   choose the baseline (farrington_rows.c)                    -> not assessed: history, missing counts
 *   form groups: season blocks, or further factors (farrington_factors.c)
 *   no case in the whole baseline                              -> a new disease: any case alarms
 *   too few recent cases                                       -> not assessed
 *   no case in the judged step's own block                     -> a threshold without a model
 *   fit with a slope (quasi_poisson.c), without it where it may not stay; refit without past outbreaks
 *   threshold (farrington_threshold.c), score, alarm
 *
 * TOC_MODE_R has no arrow for zeros and goes on to the fit where cases are few, because R shows the score even then. */
#include "farrington_flexible.h"

#include <float.h>
#include <stdalign.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "farrington_threshold.h"
#include "internal.h"

typedef struct toc_farrington_flexible_options options_t;

enum { MIN_YEARS_FOR_TREND = 3 }; /* with fewer a season that came early looks like a slope */
static const uint16_t NO_GROUP = UINT16_MAX;

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

/* Whether R comes through its fits of so few rows. It tries the slope first, whatever the years, and stops at a
 * residual without freedom: in the weights, or else in the test of the slope. */
static bool r_comes_through(const struct toci_flexible *method, const struct toci_quasi_poisson *fit)
{
    const options_t *options = &method->options;
    bool             slope_counts = options->trend && (options->reweight || options->years_back >= MIN_YEARS_FOR_TREND);
    return fit->num_rows > fit->num_groups + (slope_counts ? 1 : 0);
}

/* Fit with a slope if wanted, without it where it does not settle or may not stay. */
static enum toc_reason fit_model(const struct toci_flexible *method, size_t k, const struct grouping *grouping,
                                 struct toci_flexible_room *room, struct toci_prediction *prediction)
{
    struct toci_quasi_poisson *fit = &room->fit;
    bool slope_is_free = fit->num_rows > fit->num_groups + 1; /* a row is left to tell the scatter from */
    struct toci_quasi_poisson_plan plan = {
        .slope = method->options.trend && method->options.years_back >= MIN_YEARS_FOR_TREND && slope_is_free,
        .reweight = method->options.reweight,
        .residual_limit = method->options.residual_limit,
    };
    if (method->rule.as_r && !r_comes_through(method, fit))
        return TOC_REASON_R_STOPS;
    if (fit->num_rows <= fit->num_groups)
        return TOC_REASON_FIT_FAILED;
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
    if (method->rule.as_r) /* R's log link lets no mean below this */
        prediction->mean = fmax(prediction->mean, DBL_EPSILON);
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

/* Why the cases of the last steps are too few, or TOC_REASON_NONE. R counts nothing where one is missing; by default
 * the known ones count. */
static enum toc_reason check_recent(const struct toci_flexible *method, const struct toc_series *series, size_t k)
{
    size_t steps = (size_t) method->options.min_cases_steps;
    double cases = 0.0;
    for (size_t row = k + 1 > steps ? k + 1 - steps : 0; row <= k; row++) {
        double y = series->observed[row];
        if (!isnan(y))
            cases += y;
        else if (method->rule.as_r)
            return isnan(series->observed[k]) ? TOC_REASON_OBSERVED_MISSING : TOC_REASON_EARLIER_MISSING;
    }
    return cases >= method->options.min_cases ? TOC_REASON_NONE : TOC_REASON_FEW_CASES;
}

/* Mean whose quantile is the threshold. */
static double quantile_mean(const options_t *options, const struct toci_prediction *prediction, double z)
{
    switch (options->threshold) {
    case TOC_FARRINGTON_NB_PLUGIN: return exp(prediction->log_mean);
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

/* R's answer: an alarm needs enough cases, otherwise it is "no" without a threshold, and `rule` is why; quantile
 * thresholds have a score on the log scale. */
static struct toc_judgement conclude_as_r(const options_t *options, const struct toci_prediction *prediction, double y,
                                          double threshold, enum toc_reason rule, double *score)
{
    bool   enough = rule == TOC_REASON_NONE;
    double centre = options->threshold == TOC_FARRINGTON_DELTA ? prediction->mean : prediction->log_mean;
    *score = (y - centre) / (threshold - centre);
    if (enough && isnan(*score))
        return toci_not_assessed(TOC_REASON_FIT_FAILED);
    return (struct toc_judgement){
        .expected = enough ? prediction->mean : NAN,
        .threshold = enough ? threshold : NAN,
        .score = *score,
        .alarm = enough && *score > 1.0 && y != 0.0 ? TOC_ALARM_YES : TOC_ALARM_NO,
        .reason = rule,
    };
}

/* The old method's: too few cases give the score 0 and the threshold 0; a count of zero may alarm. */
static struct toc_judgement conclude_as_r_1996(const struct toci_prediction *prediction, double y, double threshold,
                                               enum toc_reason rule, double *score)
{
    bool enough = rule == TOC_REASON_NONE;
    *score = enough ? (y - prediction->mean) / (threshold - prediction->mean) : 0.0;
    if (isnan(*score))
        return toci_not_assessed(TOC_REASON_FIT_FAILED);
    return (struct toc_judgement){
        .expected = prediction->mean,
        .threshold = enough ? threshold : 0.0,
        .score = *score,
        .alarm = *score > 1.0 ? TOC_ALARM_YES : TOC_ALARM_NO,
        .reason = rule,
    };
}

static struct toc_judgement conclude(double y, double expected, double threshold)
{
    return (struct toc_judgement){
        .expected = expected,
        .threshold = threshold,
        .score = toci_score(y, expected, threshold),
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

/* The answer from what a model expects. rule: why R does not judge by it all the same, or TOC_REASON_NONE. */
static struct toc_judgement judge_prediction(const struct toci_flexible   *method,
                                             const struct toci_prediction *prediction, double y, enum toc_reason rule,
                                             struct toc_farrington_detail *detail)
{
    const options_t *options = &method->options;
    double           z = qnorm(1.0 - (method->of_1996 ? options->alpha / 2.0 : options->alpha), 0.0, 1.0, 1, 0);
    double           mean = quantile_mean(options, prediction, z);
    double           threshold = threshold_of(options, prediction, z, mean), score = NAN;
    if (options->threshold != TOC_FARRINGTON_DELTA && isinf(mean) && rule == TOC_REASON_NONE)
        rule = TOC_REASON_FIT_FAILED; /* so R has it: "no alarm", without numbers */

    struct toc_judgement judgement;
    if (method->rule.as_r && method->of_1996)
        judgement = conclude_as_r_1996(prediction, y, threshold, rule, &score);
    else if (method->rule.as_r)
        judgement = conclude_as_r(options, prediction, y, threshold, rule, &score);
    else if (isnan(threshold) || isinf(threshold))
        judgement = toci_not_assessed(TOC_REASON_FIT_FAILED);
    else
        judgement = conclude(y, prediction->mean, threshold);
    if (detail != NULL) {
        detail->quantile_mean = mean;
        detail->p_value = p_value_of(options, prediction, mean, y);
        detail->score = score;
        detail->expected = rule == TOC_REASON_NONE ? prediction->mean : NAN;
        detail->threshold = rule == TOC_REASON_NONE ? threshold : NAN;
    }
    return judgement;
}

/* The answer of the closed form. */
static struct toc_judgement judge_by_model(const struct toci_flexible *method, size_t k, double y, enum toc_reason rule,
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
    return judge_prediction(method, &prediction, y, rule, detail);
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
    if (check_recent(method, series, k) != TOC_REASON_NONE)
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
    return judge_prediction(method, &answer.prediction, y, TOC_REASON_NONE, detail);
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
    enum toc_reason recent = check_recent(method, series, k);
    bool            as_r = method->rule.as_r;
    if (!grouping.has_rows)
        return toci_not_assessed(TOC_REASON_BASELINE_MISSING);
    if (!as_r && grouping.cases == 0.0)
        return judge_first_cases(method, exposure_of(room, k, true, 0), true, y, room->baseline.num, detail);
    if (!as_r && recent != TOC_REASON_NONE)
        return toci_not_assessed(recent);
    if (!grouping.has_now)
        return judge_first_cases(method, exposure_of(room, k, false, grouping.group_now), false, y, room->baseline.num,
                                 detail);
    return judge_by_model(method, k, y, recent, room, &grouping, detail);
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
        return toci_fail(error, TOC_ERR_OPTION, "options.periods", TOC_NOWHERE, method->options.periods,
                         "at most 60 with days of the week or weeks of a holiday as factors");
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
