/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/glr.h"

#include "count_regression.h"
#include "internal.h"
#include "likelihood_ratio_chart.h"
#include "methods.h"

_Static_assert(TOC_GLR_MAX_HARMONICS == TOCI_MAX_HARMONICS, "the header promises what the regression can do");

/* ---- options ---- */

static int check_choices(const struct toc_glr_options *options, struct toc_error *error)
{
    const char *no_such = "one of the words of its enum";
    if ((unsigned) options->rule > TOC_GLR_KNOWN_RISE)
        return toci_fail(error, TOC_ERR_OPTION, "options.rule", TOC_NOWHERE, options->rule, no_such);
    if ((unsigned) options->distribution > TOC_GLR_NEGATIVE_BINOMIAL)
        return toci_fail(error, TOC_ERR_OPTION, "options.distribution", TOC_NOWHERE, options->distribution, no_such);
    if ((unsigned) options->change > TOC_GLR_EPIDEMIC)
        return toci_fail(error, TOC_ERR_OPTION, "options.change", TOC_NOWHERE, options->change, no_such);
    if ((unsigned) options->direction > TOC_GLR_DECREASE)
        return toci_fail(error, TOC_ERR_OPTION, "options.direction", TOC_NOWHERE, options->direction, no_such);
    if ((unsigned) options->threshold > TOC_GLR_STATISTIC)
        return toci_fail(error, TOC_ERR_OPTION, "options.threshold", TOC_NOWHERE, options->threshold, no_such);
    return 0;
}

static int check_numbers(const struct toc_glr_options *options, struct toc_error *error)
{
    if (!(options->limit > 0) || isinf(options->limit))
        return toci_fail(error, TOC_ERR_OPTION, "options.limit", TOC_NOWHERE, options->limit, "> 0, finite");
    if (options->rule == TOC_GLR_KNOWN_RISE && (!(fabs(options->log_rate_ratio) > 0) || isinf(options->log_rate_ratio)))
        return toci_fail(error, TOC_ERR_OPTION, "options.log_rate_ratio", TOC_NOWHERE, options->log_rate_ratio,
                         "a finite number other than 0");
    if (!(options->in_control_mean >= 0) || isinf(options->in_control_mean))
        return toci_fail(error, TOC_ERR_OPTION, "options.in_control_mean", TOC_NOWHERE, options->in_control_mean,
                         "> 0 and finite, or 0 = fit it");
    if (!(options->overdispersion >= 0 || options->overdispersion == TOC_GLR_ESTIMATE) ||
        isinf(options->overdispersion))
        return toci_fail(error, TOC_ERR_OPTION, "options.overdispersion", TOC_NOWHERE, options->overdispersion,
                         ">= 0 and finite, or -1 = estimate it");
    return 0;
}

static int check_integers(const struct toc_glr_options *options, struct toc_error *error)
{
    if (options->harmonics < 0 || options->harmonics > TOC_GLR_MAX_HARMONICS)
        return toci_fail(error, TOC_ERR_OPTION, "options.harmonics", TOC_NOWHERE, options->harmonics, "0 … 12");
    if (options->history < 0)
        return toci_fail(error, TOC_ERR_OPTION, "options.history", TOC_NOWHERE, options->history, ">= 0");
    if (options->shortest_window < 1 || options->shortest_window > TOC_GLR_MAX_WINDOW)
        return toci_fail(error, TOC_ERR_OPTION, "options.shortest_window", TOC_NOWHERE, options->shortest_window,
                         "1 … 100000");
    if (options->window != -1 && (options->window < options->shortest_window || options->window > TOC_GLR_MAX_WINDOW))
        return toci_fail(error, TOC_ERR_OPTION, "options.window", TOC_NOWHERE, options->window,
                         "shortest_window … 100000, or -1 = back to the last alarm");
    if (options->max_cases < 1)
        return toci_fail(error, TOC_ERR_OPTION, "options.max_cases", TOC_NOWHERE, options->max_cases, ">= 1");
    return 0;
}

static int check_options(const struct toc_glr_options *options, const double *in_control_mean, size_t num,
                         struct toc_error *error)
{
    int ret = check_choices(options, error);
    if (ret == 0)
        ret = check_numbers(options, error);
    if (ret == 0)
        ret = check_integers(options, error);
    if (ret != 0)
        return ret;
    for (size_t i = 0; in_control_mean != NULL && i < num; i++)
        if (!(in_control_mean[i] > 0) || isinf(in_control_mean[i]))
            return toci_fail(error, TOC_ERR_DOMAIN, "in_control_mean", i, in_control_mean[i], "> 0, finite");
    if (options->mode == TOC_MODE_R && options->rule == TOC_GLR_UNKNOWN_RISE && options->change == TOC_GLR_EPIDEMIC &&
        options->threshold == TOC_GLR_CASES)
        return toci_fail(error, TOC_ERR_UNSUPPORTED, "options.threshold", TOC_NOWHERE, options->threshold,
                         "the statistic: R has no number of cases for the epidemic chart and stops");
    bool given = in_control_mean != NULL || options->in_control_mean != TOC_GLR_FIT;
    if (given && options->distribution == TOC_GLR_NEGATIVE_BINOMIAL && options->overdispersion == TOC_GLR_ESTIMATE)
        return toci_fail(error, TOC_ERR_UNSUPPORTED, "options.overdispersion", TOC_NOWHERE, options->overdispersion,
                         "a number where the in-control mean is a number: both are estimated together, or neither");
    return 0;
}

/* A chart for falls alarms at small counts, and has no count above which it alarms. */
static bool falls(const struct toc_glr_options *options)
{
    return options->rule == TOC_GLR_KNOWN_RISE ? options->log_rate_ratio < 0 : options->direction == TOC_GLR_DECREASE;
}

/* ---- the in-control mean ---- */

static struct toci_terms terms_of(const struct toc_series *series, const struct toc_glr_options *options)
{
    return (struct toci_terms){
        .harmonics = options->harmonics,
        .trend = options->trend,
        .weekdays = toci_has_weekdays(series, options->mode, options->weekdays),
        .first_time = 1.0, /* as R counts */
    };
}

/* A season cannot be told from a rise in less than a year. */
static size_t steps_needed(const struct toc_series *series, const struct toc_glr_options *options)
{
    if (options->mode == TOC_MODE_R)
        return 0;
    if (options->history > 0)
        return (size_t) options->history;
    return options->harmonics > 0 ? (size_t) series->steps_per_year : 20;
}

/* As the regression takes it: 0 = Poisson, NaN = to be estimated. */
static double overdispersion_of(const struct toc_glr_options *options)
{
    if (options->distribution == TOC_GLR_POISSON)
        return 0.0;
    return options->overdispersion == TOC_GLR_ESTIMATE ? NAN : options->overdispersion;
}

static enum toc_reason fit_history(const struct toc_series *series, size_t num, const struct toc_glr_options *options,
                                   double overdispersion, double *work, struct toci_fit *fit)
{
    struct toci_terms terms = terms_of(series, options);
    if (num < steps_needed(series, options))
        return TOC_REASON_SHORT_HISTORY;
    return toci_fit_baseline(series, 0, num, &terms, overdispersion, options->mode, work, fit);
}

/* A mean that the regression put near zero says "never seen", not "one in a billion". */
static double floored(double mean, enum toc_mode mode)
{
    return mode == TOC_MODE_R ? mean : fmax(mean, TOC_GLR_MIN_MEAN);
}

/* ---- one step ---- */

static struct toci_chart_rule rule_of(const struct toc_glr_options *options)
{
    return (struct toci_chart_rule){
        .generalized = options->rule == TOC_GLR_UNKNOWN_RISE,
        .epidemic = options->change == TOC_GLR_EPIDEMIC,
        .decrease = options->direction == TOC_GLR_DECREASE,
        .compat = options->mode == TOC_MODE_R,
        .limit = options->limit,
        .log_rate_ratio = options->log_rate_ratio,
        .window = options->window < 0 ? SIZE_MAX : (size_t) options->window,
        .shortest_window = (size_t) options->shortest_window,
        .max_cases = options->max_cases,
    };
}

static struct toc_glr_point not_assessed(enum toc_reason reason)
{
    return (struct toc_glr_point){ NAN, NAN, NAN, NAN, TOC_ALARM_NOT_ASSESSED, reason };
}

/* Why a count passes the chart by, or TOC_REASON_NONE. */
static enum toc_reason unfit(double count, uint8_t holiday, enum toc_mode mode)
{
    if (isnan(count))
        return TOC_REASON_OBSERVED_MISSING;
    return mode == TOC_MODE_DEFAULT && holiday != 0 ? TOC_REASON_HOLIDAY : TOC_REASON_NONE;
}

/* Put one count to the chart, which begins anew after an alarm. A trend that has run away expects no number; by default
 * such a step is left out. */
static struct toc_glr_point judge_count(struct toci_chart *chart, double count, double mean,
                                        const struct toc_glr_options *options)
{
    struct toc_glr_point point = { .expected = mean, .overdispersion = chart->overdispersion, .cases = NAN };
    bool                 wants_cases = options->threshold == TOC_GLR_CASES;
    if (options->mode == TOC_MODE_DEFAULT && !isfinite(mean))
        return not_assessed(TOC_REASON_FIT_FAILED);
    point.statistic = toci_chart_step(chart, count, mean);
    point.alarm = toci_chart_alarms(chart, point.statistic) ? TOC_ALARM_YES : TOC_ALARM_NO;
    if (wants_cases && (options->mode == TOC_MODE_R || !falls(options)))
        point.cases = toci_chart_cases(chart, mean, point.statistic);
    if (point.alarm == TOC_ALARM_YES)
        toci_chart_begin(chart, chart->overdispersion);
    return point;
}

/* What people are shown of a point. */
static struct toc_judgement judgement_of(const struct toc_glr_point *point, const struct toc_glr_options *options)
{
    if (point->alarm == TOC_ALARM_NOT_ASSESSED)
        return toci_not_assessed(point->reason);
    double threshold = point->cases;
    if (options->mode == TOC_MODE_R)
        threshold = options->threshold == TOC_GLR_CASES ? point->cases : point->statistic;
    else if (options->rule == TOC_GLR_UNKNOWN_RISE)
        threshold -= 1.0; /* the chart alarms at `cases`, that is above one less */
    return (struct toc_judgement){ point->expected, threshold, point->statistic / options->limit, point->alarm,
                                   TOC_REASON_NONE };
}

/* ---- a whole series ---- */

struct run {
    const struct toc_series      *series;
    const struct toc_glr_options *options;
    size_t                        first, num;
    const double                 *mean; /* of each step, or NULL */
    struct toci_chart             chart;
    struct toci_fit               fit;
    enum toc_reason               reason; /* why nothing can be judged at present, or TOC_REASON_NONE */
    double                       *fit_work;
    struct toc_glr_point         *points; /* either may be NULL */
    struct toc_judgement         *judgements;
};

static void put(struct run *run, size_t i, struct toc_glr_point point)
{
    if (run->points != NULL)
        run->points[i] = point;
    if (run->judgements != NULL)
        run->judgements[i] = judgement_of(&point, run->options);
}

/* Whether the mean comes from the history. */
static bool is_fitted(const struct run *run)
{
    return run->mean == NULL && run->options->in_control_mean == TOC_GLR_FIT;
}

static double mean_of(const struct run *run, size_t i)
{
    if (run->mean != NULL)
        return run->mean[i];
    if (!is_fitted(run))
        return run->options->in_control_mean;
    return floored(toci_fit_mean(&run->fit, run->series, run->first + i), run->options->mode);
}

/* Fit to all rows before this one, where the mean is to be fitted, and begin a chart. */
static void begin(struct run *run, size_t row)
{
    double overdispersion = overdispersion_of(run->options);
    if (run->options->mode == TOC_MODE_R && row > run->first)
        overdispersion = run->fit.overdispersion; /* R estimates it once and keeps it through later fits */
    run->reason = TOC_REASON_NONE;
    if (is_fitted(run)) {
        run->reason = fit_history(run->series, row, run->options, overdispersion, run->fit_work, &run->fit);
        overdispersion = run->fit.overdispersion;
    }
    if (run->reason == TOC_REASON_NONE)
        toci_chart_begin(&run->chart, overdispersion);
}

/* R hands all counts of the range to one call, which stops at a missing one. */
static bool r_would_stop(const struct run *run)
{
    for (size_t i = 0; i < run->num && run->options->mode == TOC_MODE_R; i++)
        if (isnan(run->series->observed[run->first + i]))
            return true;
    return false;
}

/* One chart from the first row on; while the history is too short, each row asks again whether it still is. */
static void judge_all(struct run *run)
{
    bool stopped = r_would_stop(run);
    begin(run, run->first);
    for (size_t i = 0; i < run->num; i++) {
        size_t          row = run->first + i;
        double          count = run->series->observed[row];
        uint8_t         holiday = toci_is_holiday(run->series, row);
        enum toc_reason reason = unfit(count, holiday, run->options->mode);
        if (run->reason == TOC_REASON_SHORT_HISTORY && run->options->mode == TOC_MODE_DEFAULT)
            begin(run, row);
        if (reason == TOC_REASON_NONE)
            reason = stopped ? TOC_REASON_EARLIER_MISSING : run->reason;
        if (reason != TOC_REASON_NONE) {
            put(run, i, not_assessed(reason));
            continue;
        }
        struct toc_glr_point point = judge_count(&run->chart, count, mean_of(run, i), run->options);
        put(run, i, point);
        if (point.alarm == TOC_ALARM_YES && run->options->refit && is_fitted(run))
            begin(run, row + 1);
    }
}

static size_t fit_doubles(const struct run *run)
{
    struct toci_terms terms = terms_of(run->series, run->options);
    return is_fitted(run) ? toci_fit_doubles(run->series, &terms, run->first + run->num) : 0;
}

static int run_rows(struct run *run, const struct toc_allocator *allocator, struct toc_error *error)
{
    struct toci_chart_rule rule = rule_of(run->options);
    size_t                 for_fit = 0, for_chart = 0;
    double                *work = NULL;
    int                    ret = check_options(run->options, run->mean, run->num, error);
    if (ret == 0)
        ret = toci_check_series(run->series, run->first, run->num, error);
    if (ret != 0 || run->num == 0)
        return ret;
    for_fit = fit_doubles(run);
    for_chart = toci_chart_doubles(&rule, run->num);
    work = toci_allocate(allocator, for_fit + for_chart + 1, sizeof *work, &ret, error);
    if (work == NULL)
        return ret;
    run->fit_work = work + for_chart;
    toci_chart_open(&run->chart, &rule, run->num, work);
    judge_all(run);
    toci_release(allocator, work, for_fit + for_chart + 1, sizeof *work);
    return 0;
}

int toc_glr_run(const struct toc_series *series, size_t first, size_t num, const double *in_control_mean,
                const struct toc_glr_options *options, const struct toc_allocator *allocator,
                struct toc_glr_point *points, struct toc_error *error)
{
    struct run run = { series, options, first, num, .mean = in_control_mean, .points = points };
    return run_rows(&run, allocator, error);
}

int toc_glr_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_glr_options *options,
                  const struct toc_allocator *allocator, struct toc_judgement *judgements, struct toc_error *error)
{
    struct run run = { series, options, first, num, .judgements = judgements };
    return run_rows(&run, allocator, error);
}

/* ---- a stream ---- */

struct toc_glr_stream {
    struct toc_glr_options      options;
    const struct toc_allocator *allocator;
    struct toci_chart           chart;
    struct toci_fit             fit;
    enum toc_reason             reason;
    size_t                      row; /* of the next count */
    toc_date                    date;
    double                     *memory;
    size_t                      doubles;
};

static int check_stream(const struct toc_glr_options *options, struct toc_error *error)
{
    if (options->rule == TOC_GLR_UNKNOWN_RISE && options->window < 0)
        return toci_fail(error, TOC_ERR_UNSUPPORTED, "options.window", TOC_NOWHERE, options->window,
                         "a number of steps: a stream keeps no more than that");
    if (options->refit)
        return toci_fail(error, TOC_ERR_UNSUPPORTED, "options.refit", TOC_NOWHERE, 1,
                         "false: open a stream anew with the longer history");
    return check_options(options, NULL, 0, error);
}

/* The work of the fit is given back at once; the stream keeps the fit's coefficients alone. */
static int fit_stream(struct toc_glr_stream *stream, const struct toc_series *history, struct toc_error *error)
{
    struct toci_terms terms = terms_of(history, &stream->options);
    size_t            doubles = toci_fit_doubles(history, &terms, history->n) + 1;
    int               ret = 0;
    double           *work = toci_allocate(stream->allocator, doubles, sizeof *work, &ret, error);
    if (work == NULL)
        return ret;
    stream->reason =
        fit_history(history, history->n, &stream->options, overdispersion_of(&stream->options), work, &stream->fit);
    toci_release(stream->allocator, work, doubles, sizeof *work);
    return 0;
}

int toc_glr_stream_open(const struct toc_series *history, const struct toc_glr_options *options,
                        const struct toc_allocator *allocator, struct toc_glr_stream **stream, struct toc_error *error)
{
    struct toc_glr_stream *made = NULL;
    struct toci_chart_rule rule = rule_of(options);
    double                 overdispersion = overdispersion_of(options);
    int                    ret = check_stream(options, error);
    if (ret == 0)
        ret = toci_check_series(history, 0, history->n, error);
    if (ret != 0)
        goto out;
    made = toci_allocate(allocator, 1, sizeof *made, &ret, error);
    if (made == NULL)
        goto out;
    *made = (struct toc_glr_stream){ .options = *options, .allocator = allocator, .row = history->n };
    if (history->date != NULL && history->n > 0)
        made->date = history->date[history->n - 1] + 1; /* matters to daily series only */
    if (options->in_control_mean == TOC_GLR_FIT) {
        ret = fit_stream(made, history, error);
        if (ret != 0)
            goto out;
        overdispersion = made->fit.overdispersion;
    }
    made->doubles = toci_chart_doubles(&rule, SIZE_MAX) + 1;
    made->memory = toci_allocate(allocator, made->doubles, sizeof *made->memory, &ret, error);
    if (made->memory == NULL)
        goto out;
    toci_chart_open(&made->chart, &rule, SIZE_MAX, made->memory);
    toci_chart_begin(&made->chart, overdispersion);
    *stream = made;
    made = NULL;
out:
    toc_glr_stream_close(made);
    return ret;
}

int toc_glr_stream_step(struct toc_glr_stream *stream, double count, uint8_t holiday, struct toc_glr_point *point,
                        struct toc_judgement *judgement, struct toc_error *error)
{
    const struct toc_glr_options *options = &stream->options;
    if (!isnan(count) && (!(count >= 0) || isinf(count) || count != floor(count)))
        return toci_fail(error, TOC_ERR_DOMAIN, "count", TOC_NOWHERE, count, "a whole number >= 0, or NaN = missing");
    enum toc_reason reason = unfit(count, holiday, options->mode);
    if (reason == TOC_REASON_NONE)
        reason = stream->reason;
    if (reason == TOC_REASON_NONE) {
        double mean = options->in_control_mean;
        if (mean == TOC_GLR_FIT)
            mean = floored(toci_fit_mean_at(&stream->fit, stream->row, toc_date_weekday(stream->date)), options->mode);
        *point = judge_count(&stream->chart, count, mean, options);
    } else {
        *point = not_assessed(reason);
    }
    *judgement = judgement_of(point, options);
    stream->row++;
    stream->date++;
    return 0;
}

void toc_glr_stream_close(struct toc_glr_stream *stream)
{
    if (stream == NULL)
        return;
    toci_release(stream->allocator, stream->memory, stream->doubles, sizeof *stream->memory);
    toci_release(stream->allocator, stream, 1, sizeof *stream);
}
