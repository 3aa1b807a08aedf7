/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/essence.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"
#include "methods.h"
#include "window.h"

/* Groups 0 … 6 are the weekdays, Monday first (a series without weekdays has all rows in group 0), 7 the holidays.
 * Two earlier holidays are the least from which a mean can be told from chance; with fewer than three degrees of
 * freedom the quantile of t is so large that nothing would ever alarm. */
enum { HOLIDAY_GROUP = 7, NUM_GROUPS = 8, MIN_HOLIDAYS = 2, MIN_FREEDOM = 3 };
#define NO_GROUP (-1)

static int check_number(bool good, const char *what, double found, const char *allowed, struct toc_error *error)
{
    return good ? 0 : toci_fail(error, TOC_ERR_OPTION, what, TOC_NOWHERE, found, allowed);
}

static int check_options(const struct toc_essence_options *o, struct toc_error *error)
{
    int ret = check_number(o->rule >= TOC_ESSENCE_SWITCH && o->rule <= TOC_ESSENCE_REGRESSION, "options.rule", o->rule,
                           "TOC_ESSENCE_SWITCH, _EWMA or _REGRESSION", error);
    if (ret == 0)
        ret = check_number(o->baseline >= 7 && o->baseline <= TOC_ESSENCE_MAX_BASELINE, "options.baseline", o->baseline,
                           "7 … 366", error);
    if (ret == 0)
        ret = check_number(o->guard >= 0 && o->guard <= TOC_ESSENCE_MAX_GUARD, "options.guard", o->guard, "0 … 28",
                           error);
    if (ret == 0)
        ret = check_number(o->slow_smoothing > 0 && o->slow_smoothing <= 1, "options.slow_smoothing", o->slow_smoothing,
                           "0 < w <= 1", error);
    if (ret == 0)
        ret = check_number(o->fast_smoothing > 0 && o->fast_smoothing <= 1, "options.fast_smoothing", o->fast_smoothing,
                           "0 < w <= 1", error);
    if (ret == 0)
        ret = check_number(o->min_sigma >= 0 && !isinf(o->min_sigma), "options.min_sigma", o->min_sigma, ">= 0, finite",
                           error);
    if (ret == 0)
        ret = check_number(o->min_r_squared <= 1, "options.min_r_squared", o->min_r_squared, "<= 1", error);
    if (ret == 0)
        ret = check_number(o->alpha > 0 && o->alpha < 1, "options.alpha", o->alpha, "0 < alpha < 1", error);
    return ret;
}

/* One series under judgement, and the last quantile of t of each model: degrees of freedom hardly change along it. */
struct plan {
    const struct toc_series          *series;
    const struct toc_essence_options *options;
    bool                              weekdays;
    struct quantile {
        size_t freedom;
        double value;
    } regression, smoothing;
};

static struct plan plan_for(const struct toc_series *series, const struct toc_essence_options *options)
{
    return (struct plan){
        .series = series,
        .options = options,
        .weekdays = toci_has_weekdays(series, TOC_MODE_DEFAULT, options->weekdays),
    };
}

static double critical(struct quantile *known, double alpha, size_t freedom)
{
    if (known->freedom != freedom) /* >= 1; at first 0 */
        *known = (struct quantile){ freedom, qt(alpha, (double) freedom, 0, 0) };
    return known->value;
}

/* How far back the oldest row of the baseline lies. */
static size_t reach(const struct toc_essence_options *options)
{
    return (size_t) options->guard + (size_t) options->baseline;
}

/* The group of a row by its day, or NO_GROUP where its count is missing. */
static int group_of(const struct plan *plan, size_t row)
{
    if (isnan(plan->series->observed[row]))
        return NO_GROUP;
    if (toci_is_holiday(plan->series, row))
        return HOLIDAY_GROUP;
    return plan->weekdays ? toc_date_weekday(plan->series->date[row]) : 0;
}

/* ---- the baseline ---- */

/* Times count back from the judged row: t = 0 there, t = -back in the baseline; so all sums of t are exact. */
struct baseline {
    size_t          row;                             /* the judged one */
    size_t          from, to;                        /* rows from … to - 1 */
    size_t          n, num_groups;                   /* counts used, groups that occur */
    double          rows[NUM_GROUPS];                /* n_g */
    double          y[NUM_GROUPS];                   /* mean count of the group */
    double          t[NUM_GROUPS];                   /* mean time of the group */
    double          scale[NUM_GROUPS];               /* v_g: variance of the group's counts = phi v_g */
    int             group[TOC_ESSENCE_MAX_BASELINE]; /* of each row, NO_GROUP where it is not used */
    enum toc_reason reason;
};

/* What the variances of the groups are proportional to. With weekdays apart it is the mean: the more counts there are,
 * the more they scatter, and one scatter for all would let busy Mondays alarm too often and quiet Sundays hardly ever.
 * The mean is taken as if one more case had been seen, since a mean of few cases that is too low by chance would lower
 * expectation and scatter at once. Without weekdays there is one scatter, as published. */
static void set_scales(const struct plan *plan, struct baseline *base)
{
    for (int group = 0; group < NUM_GROUPS; group++) {
        bool own = plan->weekdays && base->rows[group] > 0;
        base->scale[group] = own ? base->y[group] + 1.0 / base->rows[group] : 1.0;
    }
}

/* Count, mean count and mean time of each group. Both means are all that the two models need to know of a group: levels
 * are free, so least squares puts each group's line through (mean time, mean count). */
static void gather(const struct plan *plan, size_t row, bool with_holidays, struct baseline *base)
{
    size_t wanted = (size_t) plan->options->baseline;
    *base = (struct baseline){ .row = row, .reason = TOC_REASON_SHORT_HISTORY };
    if (row < reach(plan->options))
        return;
    base->from = row - reach(plan->options);
    base->to = base->from + wanted;
    for (size_t i = base->from; i < base->to; i++) {
        int group = group_of(plan, i);
        if (group == HOLIDAY_GROUP && !with_holidays)
            group = NO_GROUP;
        base->group[i - base->from] = group;
        if (group == NO_GROUP)
            continue;
        base->n++;
        base->rows[group] += 1.0;
        base->y[group] += plan->series->observed[i];
        base->t[group] -= (double) (row - i);
    }
    for (int group = 0; group < NUM_GROUPS; group++) {
        if (base->rows[group] == 0)
            continue;
        base->num_groups++;
        base->y[group] /= base->rows[group];
        base->t[group] /= base->rows[group];
    }
    set_scales(plan, base);
    base->reason = 2 * base->n < wanted ? TOC_REASON_BASELINE_MISSING : TOC_REASON_NONE;
}

/* Why the judged row cannot be compared with this baseline, or TOC_REASON_NONE. */
static enum toc_reason check_group(const struct baseline *base, int group)
{
    if (base->reason != TOC_REASON_NONE)
        return base->reason;
    if (group == NO_GROUP)
        return TOC_REASON_OBSERVED_MISSING;
    if (group == HOLIDAY_GROUP && base->rows[group] < MIN_HOLIDAYS)
        return TOC_REASON_HOLIDAY;
    return base->rows[group] > 0 ? TOC_REASON_NONE : TOC_REASON_BASELINE_MISSING;
}

/* What a model says of one row. */
struct forecast {
    double          expected, threshold;
    double          adjusted_r_squared; /* of the regression; NaN where the baseline does not vary */
    enum toc_reason reason;
};

/* ---- adaptive regression ----
 *
 * y_i = level_g(i) + slope v_g(i) t_i with Var(y_i) = phi v_g(i), by least squares with the weights 1/v_g. Taking out
 * the group means leaves one unknown: slope = sum (t - tbar_g)(y - ybar_g) / Stt,   Stt = sum v_g (t - tbar_g)^2,
 * level_g = ybar_g - slope v_g tbar_g. The estimates ybar_p and slope are uncorrelated, so the variance of the forecast
 * at the judged row (t = 0) is phi v_p (1 + 1/n_p + v_p tbar_p^2 / Stt):   today's own noise, the level's, and the
 * slope's times the distance. With v = 1 this is lm() on group indicators and time without a matrix. A group of one row
 * fits itself: it adds nothing to Stt or to the residuals, and takes one degree of freedom with it.
 */

struct line {
    double slope, stt;
    double rss, weighted_rss, tss; /* sums of squares: residuals, residuals / sqrt(v), about the mean */
};

static struct line fit_line(const struct baseline *base, const double *y)
{
    struct line line = { 0 };
    double      ty = 0.0, mean = 0.0;
    for (size_t i = base->from; i < base->to; i++) {
        int g = base->group[i - base->from];
        if (g == NO_GROUP)
            continue;
        double t = -(double) (base->row - i) - base->t[g];
        line.stt += base->scale[g] * t * t;
        ty += t * (y[i] - base->y[g]);
        mean += y[i];
    }
    mean /= (double) base->n;
    line.slope = ty / line.stt; /* more rows than groups + 3, so some group has two, and Stt > 0 */
    /* second pass: residuals themselves, since Syy - slope Sty would cancel where the fit is close */
    for (size_t i = base->from; i < base->to; i++) {
        int g = base->group[i - base->from];
        if (g == NO_GROUP)
            continue;
        double t = -(double) (base->row - i) - base->t[g];
        double residual = y[i] - base->y[g] - line.slope * base->scale[g] * t;
        line.rss += residual * residual;
        line.weighted_rss += residual * residual / base->scale[g];
        line.tss += (y[i] - mean) * (y[i] - mean);
    }
    return line;
}

static struct forecast regress(struct plan *plan, size_t row)
{
    struct baseline base;
    gather(plan, row, true, &base);
    int             group = group_of(plan, row);
    struct forecast forecast = { .adjusted_r_squared = NAN, .reason = check_group(&base, group) };
    if (forecast.reason != TOC_REASON_NONE)
        return forecast;
    if (base.n < base.num_groups + 1 + MIN_FREEDOM) {
        forecast.reason = TOC_REASON_FIT_FAILED;
        return forecast;
    }
    struct line line = fit_line(&base, plan->series->observed);
    size_t      freedom = base.n - base.num_groups - 1;
    double      scale = base.scale[group];
    double      sigma = fmax(sqrt(line.weighted_rss / (double) freedom * scale), plan->options->min_sigma);
    double      distance = -base.t[group]; /* from the group's mean time to the judged row */
    double      error = sigma * sqrt(1.0 + 1.0 / base.rows[group] + scale * distance * distance / line.stt);
    forecast.expected = base.y[group] + line.slope * scale * distance;
    forecast.threshold = forecast.expected + critical(&plan->regression, plan->options->alpha, freedom) * error;
    if (line.tss > 0)
        forecast.adjusted_r_squared = 1.0 - line.rss / (double) freedom / (line.tss / (double) (base.n - 1));
    return forecast;
}

/* ---- EWMA ----
 *
 * The smoothed excess z <- w (y - m_g) + (1 - w) z, from z = 0 at the oldest row of the baseline, is
 *   E = sum of a_j (y_j - m_g(j)),   a_j = w (1 - w)^j,   j = rows back from the judged one.
 * The means m_g are themselves sums over the baseline, so as a sum over the counts E has the coefficients
 *   c_j = a_j                               after the baseline (guard band and judged row),
 *   c_j = a_j - (sum of a over group g)/n_g  in it,
 * and for independent counts Var(E) = sum c_j^2 sigma_g(j)^2, exactly. The textbook w/(2 - w) is the first part alone,
 * for an infinite past, known means and one sigma. E is linear in today's count with coefficient w, so the count at
 * which the test reaches its limit is found by solving one equation.
 */

/* The count of the judged row at which the smoothed excess reaches `limit` of its standard deviations; sigma2 are the
 * variances of the groups' counts. */
static double ewma_threshold(const struct plan *plan, const struct baseline *base, double w, double limit,
                             const double sigma2[NUM_GROUPS])
{
    const double *y = plan->series->observed;
    double        weights[NUM_GROUPS] = { 0 }; /* sum of a_j = w (1 - w)^j over the rows of each group */
    double        excess = 0.0, variance = 0.0, a = w;
    int           judged = group_of(plan, base->row);

    for (size_t row = base->row;; row--, a *= 1.0 - w) {
        int group = group_of(plan, row);
        if (group != NO_GROUP && group != HOLIDAY_GROUP && base->rows[group] > 0) {
            weights[group] += a;
            if (row != base->row)
                excess += a * (y[row] - base->y[group]);
            if (row >= base->to) /* after the baseline the coefficient is a_j itself */
                variance += a * a * sigma2[group];
        }
        if (row == base->from)
            break;
    }
    a = w * pow(1.0 - w, (double) (base->row - base->to) + 1.0);
    for (size_t row = base->to; row-- > base->from; a *= 1.0 - w) {
        int group = base->group[row - base->from];
        if (group == NO_GROUP)
            continue;
        double coefficient = a - weights[group] / base->rows[group];
        variance += coefficient * coefficient * sigma2[group];
    }
    return base->y[judged] + (limit * sqrt(variance) - excess) / w;
}

static struct forecast smooth(struct plan *plan, size_t row)
{
    const struct toc_essence_options *options = plan->options;
    struct baseline                   base;
    gather(plan, row, false, &base);
    int             group = group_of(plan, row);
    struct forecast forecast = { .reason = check_group(&base, group) };
    if (forecast.reason != TOC_REASON_NONE)
        return forecast;
    if (base.n < base.num_groups + MIN_FREEDOM) {
        forecast.reason = TOC_REASON_FIT_FAILED;
        return forecast;
    }
    double squares = 0.0, sigma2[NUM_GROUPS];
    for (size_t i = base.from; i < base.to; i++) {
        int g = base.group[i - base.from];
        if (g == NO_GROUP)
            continue;
        double residual = plan->series->observed[i] - base.y[g];
        squares += residual * residual / base.scale[g];
    }
    size_t freedom = base.n - base.num_groups;
    for (int g = 0; g < NUM_GROUPS; g++)
        sigma2[g] = fmax(squares / (double) freedom * base.scale[g], options->min_sigma * options->min_sigma);
    double limit = critical(&plan->smoothing, options->alpha, freedom);
    forecast.expected = base.y[group];
    forecast.threshold = fmin(ewma_threshold(plan, &base, options->slow_smoothing, limit, sigma2),
                              ewma_threshold(plan, &base, options->fast_smoothing, limit, sigma2));
    return forecast;
}

/* ---- judging ---- */

/* A failed regression (too few rows for its terms) is no fault of the series: EWMA needs fewer. */
static struct forecast forecast_by_rule(struct plan *plan, size_t row)
{
    if (plan->options->rule == TOC_ESSENCE_EWMA)
        return smooth(plan, row);
    struct forecast regression = regress(plan, row);
    if (plan->options->rule == TOC_ESSENCE_REGRESSION || toci_is_holiday(plan->series, row))
        return regression; /* EWMA has no answer for a holiday */
    bool good = regression.reason == TOC_REASON_NONE && regression.adjusted_r_squared >= plan->options->min_r_squared;
    return good ? regression : smooth(plan, row);
}

static struct toc_judgement judge(struct plan *plan, size_t row)
{
    struct forecast forecast = forecast_by_rule(plan, row);
    if (forecast.reason != TOC_REASON_NONE)
        return toci_not_assessed(forecast.reason);
    double y = plan->series->observed[row];
    double expected = fmax(0.0, forecast.expected), threshold = fmax(0.0, forecast.threshold), score;
    if (threshold > expected)
        score = (y - expected) / (threshold - expected);
    else
        score = threshold > 0 ? y / threshold : y > 0 ? INFINITY : 0.0;
    return (struct toc_judgement){ expected, threshold, score, y > threshold ? TOC_ALARM_YES : TOC_ALARM_NO,
                                   TOC_REASON_NONE };
}

int toc_essence_judge(const struct toc_series *series, size_t first, size_t num,
                      const struct toc_essence_options *options, struct toc_judgement *judgements,
                      struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret != 0)
        goto out;
    ret = toci_check_series(series, first, num, error);
    if (ret != 0)
        goto out;
    struct plan plan = plan_for(series, options);
    for (size_t i = 0; i < num; i++)
        judgements[i] = judge(&plan, first + i);
out:
    return ret;
}

int toc_essence_state_init(struct toc_essence_state *state, const struct toc_series *history,
                           const struct toc_essence_options *options, const struct toc_allocator *allocator,
                           struct toc_error *error)
{
    struct toc_recent window;
    int               ret = check_options(options, error);
    if (ret == 0)
        ret = toci_window_init(&window, reach(options) + 1, history, allocator, error);
    if (ret == 0)
        *state = (struct toc_essence_state){ *options, window };
    return ret;
}

int toc_essence_state_next(struct toc_essence_state *state, const struct toc_step *step,
                           struct toc_judgement *judgement, struct toc_error *error)
{
    int ret = toci_window_push(&state->window, step, error);
    if (ret != 0)
        return ret;
    struct toc_series view = toci_window_view(&state->window);
    struct plan       plan = plan_for(&view, &state->options);
    *judgement = judge(&plan, view.n - 1);
    return 0;
}

void toc_essence_state_free(struct toc_essence_state *state)
{
    toci_window_free(&state->window);
}

/* ---- the rows of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    (void) allocator;
    return toc_essence_judge(series, first, num, options, judgements, error);
}

#define BASELINE                                                                                                       \
    {                                                                                                                  \
        .name = "baseline", .kind = TOC_PARAMETER_INTEGER, .offset = offsetof(struct toc_essence_options, baseline),   \
        .low = 7, .high = TOC_ESSENCE_MAX_BASELINE, .unit = "steps", .meaning = "number of steps in the baseline"      \
    }
#define GUARD                                                                                                          \
    {                                                                                                                  \
        .name = "guard", .kind = TOC_PARAMETER_INTEGER, .offset = offsetof(struct toc_essence_options, guard),         \
        .low = 0, .high = TOC_ESSENCE_MAX_GUARD, .unit = "steps",                                                      \
        .meaning = "steps left out between the baseline and the judged one"                                            \
    }
#define SMOOTHING(id, field, text)                                                                                     \
    {                                                                                                                  \
        .name = id, .kind = TOC_PARAMETER_REAL, .offset = offsetof(struct toc_essence_options, field), .low = 0,       \
        .high = 1, .low_open = true, .unit = "", .meaning = text                                                       \
    }
#define MIN_SIGMA                                                                                                      \
    {                                                                                                                  \
        .name = "min_sigma", .kind = TOC_PARAMETER_REAL, .offset = offsetof(struct toc_essence_options, min_sigma),    \
        .low = 0, .high = INFINITY, .high_open = true, .unit = "cases",                                                \
        .meaning = "smallest standard deviation assumed"                                                               \
    }
#define ALPHA                                                                                                          \
    {                                                                                                                  \
        .name = "alpha", .kind = TOC_PARAMETER_REAL, .offset = offsetof(struct toc_essence_options, alpha), .low = 0,  \
        .high = 1, .low_open = true, .high_open = true, .unit = "",                                                    \
        .meaning = "one-sided probability of a false alarm per test"                                                   \
    }
#define SLOW SMOOTHING("slow_smoothing", slow_smoothing, "weight of the newest count where rises over days are sought")
#define FAST SMOOTHING("fast_smoothing", fast_smoothing, "weight of the newest count where jumps are sought")

static const struct toc_parameter ewma_parameters[] = {
    BASELINE, GUARD, SLOW, FAST, MIN_SIGMA, ALPHA, TOCI_PARAMETER_WEEKDAYS(struct toc_essence_options),
};
static const struct toc_parameter regression_parameters[] = {
    BASELINE, GUARD, MIN_SIGMA, ALPHA, TOCI_PARAMETER_WEEKDAYS(struct toc_essence_options),
};
static const struct toc_parameter switch_parameters[] = {
    BASELINE,
    GUARD,
    { .name = "min_r_squared",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_essence_options, min_r_squared),
      .low = -INFINITY,
      .high = 1,
      .low_open = true,
      .unit = "",
      .meaning = "least adjusted R^2 at which the regression is used; below it, EWMA" },
    SLOW,
    FAST,
    MIN_SIGMA,
    ALPHA,
    TOCI_PARAMETER_WEEKDAYS(struct toc_essence_options),
};

static const struct toc_essence_options switch_defaults = TOC_ESSENCE_OPTIONS_INIT;
static const struct toc_essence_options ewma_defaults = TOC_EWMA_OPTIONS_INIT;
static const struct toc_essence_options regression_defaults = TOC_REGRESSION_OPTIONS_INIT;

#define ESSENCE_METHOD(id, text, advice, citation, default_options, list)                                              \
    {                                                                                                                  \
        .name = id, .title = text, .use = advice, .source = citation,                                                  \
        .options_size = sizeof(struct toc_essence_options), .defaults = &default_options, .parameters = list,          \
        .num_parameters = sizeof list / sizeof *list, .judge = judge_by_table                                          \
    }

const struct toc_method toci_method_essence =
    ESSENCE_METHOD("essence", "ESSENCE: regression where it fits the last 28 days, else EWMA",
                   "Daily counts of any size with a month of history; chooses the model by itself.",
                   "Burkom et al. 2021, doi:10.2196/26303", switch_defaults, switch_parameters);
const struct toc_method toci_method_adaptive_regression =
    ESSENCE_METHOD("adaptive-regression", "Adaptive regression: weekday and trend fitted to the last 28 days",
                   "Daily counts of ten or more with a weekly pattern and a month of history.",
                   "Burkom, Murphy and Shmueli 2007, doi:10.1002/sim.2835", regression_defaults, regression_parameters);
const struct toc_method toci_method_ewma =
    ESSENCE_METHOD("ewma", "EWMA: smoothed excess over the last 28 days",
                   "Small daily counts with a month of history; finds slow rises and jumps at once.",
                   "Burkom et al. 2021, doi:10.2196/26303", ewma_defaults, ewma_parameters);
