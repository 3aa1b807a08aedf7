/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/ears.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"
#include "methods.h"
#include "window.h"

struct baseline {
    double          mean;
    double          sigma;  /* floored at min_sigma */
    enum toc_reason reason; /* why there is none, or TOC_REASON_NONE */
};

/* How far an earlier step lay above its own baseline, in standard deviations beyond one; C3 adds the last two. */
struct excess {
    double          value;
    enum toc_reason reason; /* why C3 cannot use it, or TOC_REASON_NONE */
};

/* What stays the same from step to step. */
struct plan {
    const struct toc_series       *series;
    const struct toc_ears_options *options;
    double                         z;
    size_t                         wanted; /* counts in a baseline */
    size_t                         offset; /* from the judged step back to the newest of them */
    size_t                         stride; /* from one to the next */
    size_t                         reach;  /* strides looked through for them */
    bool                           compat;
};

static int check_options(const struct toc_ears_options *options, struct toc_error *error)
{
    if (options->rule < TOC_EARS_C1 || options->rule > TOC_EARS_C3)
        return toci_fail(error, TOC_ERR_OPTION, "options.rule", TOC_NOWHERE, options->rule, "C1, C2 or C3");
    if (options->baseline < 3 || options->baseline > TOC_EARS_MAX_BASELINE)
        return toci_fail(error, TOC_ERR_OPTION, "options.baseline", TOC_NOWHERE, options->baseline, "3 … 366");
    if (!(options->min_sigma >= 0) || isinf(options->min_sigma))
        return toci_fail(error, TOC_ERR_OPTION, "options.min_sigma", TOC_NOWHERE, options->min_sigma, ">= 0, finite");
    if (!(options->alpha > 0 && options->alpha < 1))
        return toci_fail(error, TOC_ERR_OPTION, "options.alpha", TOC_NOWHERE, options->alpha, "0 < alpha < 1");
    return 0;
}

static struct plan plan_for(const struct toc_series *series, const struct toc_ears_options *options)
{
    bool   compat = options->mode == TOC_MODE_R;
    size_t wanted = (size_t) options->baseline;
    bool   weekdays = toci_has_weekdays(series, options->mode, options->weekdays);
    return (struct plan){
        .series = series,
        .options = options,
        .z = qnorm(1.0 - options->alpha, 0.0, 1.0, 1, 0),
        .wanted = wanted,
        .offset = weekdays                       ? 7
                  : options->rule == TOC_EARS_C1 ? 1
                                                 : 3,
        .stride = weekdays ? 7 : 1,
        .reach = compat ? wanted : 2 * wanted,
        .compat = compat,
    };
}

/* ---- the baseline ----
 *
 * Counts are whole, so their sum S and sum of squares Q are exact while n Q < 2^53, and so is n Q - S^2: the variance
 * (n Q - S^2) / (n (n - 1)) loses nothing to cancellation, and sums that slide along the series give the same bits as
 * sums made afresh. Beyond that (counts in the tens of millions) the deviations are squared one by one.
 */
#define EXACT_LIMIT 0x1p53

static struct baseline exact_baseline(const struct plan *plan, double sum, double squares)
{
    double n = (double) plan->wanted;
    double sigma = sqrt((n * squares - sum * sum) / (n * (n - 1.0)));
    return (struct baseline){ sum / n, fmax(sigma, plan->options->min_sigma), TOC_REASON_NONE };
}

static struct baseline baseline_of(const struct plan *plan, const double *values, double sum, double squares)
{
    double n = (double) plan->wanted, mean = sum / n, deviations = 0.0;
    if (n * squares < EXACT_LIMIT)
        return exact_baseline(plan, sum, squares);
    for (size_t i = 0; i < plan->wanted; i++)
        deviations += (values[i] - mean) * (values[i] - mean);
    return (struct baseline){ mean, fmax(sqrt(deviations / (n - 1.0)), plan->options->min_sigma), TOC_REASON_NONE };
}

/* The baseline of one step, gathered afresh. */
static struct baseline measure(const struct plan *plan, size_t row)
{
    const struct toc_series *series = plan->series;
    double                   sum = 0.0, squares = 0.0, values[TOC_EARS_MAX_BASELINE];
    size_t                   found = 0;

    for (size_t step = 0; step < plan->reach && found < plan->wanted; step++) {
        size_t back = plan->offset + step * plan->stride;
        if (back > row)
            return (struct baseline){ .reason = TOC_REASON_SHORT_HISTORY };
        double y = series->observed[row - back];
        if (isnan(y) || (!plan->compat && toci_is_holiday(series, row - back))) {
            if (plan->compat)
                return (struct baseline){ .reason = TOC_REASON_BASELINE_MISSING };
            continue;
        }
        values[found++] = y;
        sum += y;
        squares += y * y;
    }
    if (found < plan->wanted)
        return (struct baseline){ .reason = TOC_REASON_BASELINE_MISSING };
    return baseline_of(plan, values, sum, squares);
}

/* Sums that slide from one step to the next: one count in, one out. */
struct slide {
    bool   possible; /* windows are contiguous, and all sums so far were exact */
    bool   begun;
    size_t missing; /* missing counts in the window */
    double sum, squares;
};

static void slide_in(struct slide *slide, double y, double sign)
{
    if (isnan(y)) {
        slide->missing += sign > 0 ? 1 : (size_t) -1;
    } else {
        slide->sum += sign * y;
        slide->squares += sign * y * y;
    }
}

/* The baseline of row, where the last call was for row - 1. */
static struct baseline measure_next(const struct plan *plan, size_t row, struct slide *slide)
{
    const double *y = plan->series->observed;
    size_t        oldest = plan->offset + plan->wanted - 1;
    if (!slide->possible || row < oldest)
        return measure(plan, row);
    if (slide->begun) {
        slide_in(slide, y[row - plan->offset], 1.0);
        slide_in(slide, y[row - oldest - 1], -1.0);
    } else {
        for (size_t i = row - oldest; i <= row - plan->offset; i++)
            slide_in(slide, y[i], 1.0);
        slide->begun = true;
    }
    if (!((double) plan->wanted * slide->squares < EXACT_LIMIT))
        slide->possible = false; /* a rounded sum must not be carried on */
    if (!slide->possible || slide->missing > 0)
        return measure(plan, row);
    return exact_baseline(plan, slide->sum, slide->squares);
}

/* ---- judging ----
 *
 * C3 alarms when e(k) + e(k-1) + e(k-2) reaches z, where e = max(0, C - 1). While e(k) > 0 this is
 *   (y - m)/s - 1 >= z - earlier,   y >= m + (1 + z - earlier) s,
 * and once the two steps before have passed z by themselves any case today alarms: hence the floor at 0.
 */

static struct excess excess(const struct plan *plan, size_t row, const struct baseline *base)
{
    double y = plan->series->observed[row];
    if (base->reason != TOC_REASON_NONE)
        return (struct excess){ 0.0, base->reason };
    /* by default a day that nobody counted, or that varies from nothing, adds no excess; R has no number there */
    if (isnan(y) || (!plan->compat && toci_is_holiday(plan->series, row)))
        return (struct excess){ 0.0, plan->compat ? TOC_REASON_EARLIER_MISSING : TOC_REASON_NONE };
    if (y == base->mean && base->sigma == 0)
        return (struct excess){ 0.0, plan->compat ? TOC_REASON_CONSTANT_BASELINE : TOC_REASON_NONE };
    return (struct excess){ fmax(0.0, (y - base->mean) / base->sigma - 1.0), TOC_REASON_NONE };
}

/* C3's threshold, given the excesses of the two steps before. */
static double c3_threshold(const struct plan *plan, double y, const struct baseline *base, double earlier)
{
    double threshold = base->mean;
    if (plan->compat)
        threshold = y + base->sigma * (plan->z - earlier);
    else if (base->sigma > 0)
        threshold = base->mean + base->sigma * (1.0 + plan->z - earlier);
    return isnan(threshold) ? threshold : fmax(0.0, threshold); /* NaN: R's 0 times infinity */
}

/* Why a step is not judged, or TOC_REASON_NONE. */
static enum toc_reason reason_against(const struct plan *plan, size_t row, const struct baseline *base,
                                      const struct excess earlier[2])
{
    if (base->reason != TOC_REASON_NONE)
        return base->reason;
    if (isnan(plan->series->observed[row]))
        return TOC_REASON_OBSERVED_MISSING;
    if (!plan->compat && toci_is_holiday(plan->series, row))
        return TOC_REASON_HOLIDAY;
    if (plan->options->rule != TOC_EARS_C3)
        return TOC_REASON_NONE;
    return earlier[1].reason != TOC_REASON_NONE ? earlier[1].reason : earlier[0].reason;
}

/* Writes to where the answer stays: a struct handed back by value is stored in parts and read as a whole, which waits.
 */
static void judge(const struct plan *plan, size_t row, const struct baseline *base, const struct excess earlier[2],
                  struct toc_judgement *out)
{
    enum toc_ears_rule rule = plan->options->rule;
    enum toc_reason    reason = reason_against(plan, row, base, earlier);
    double             y = plan->series->observed[row], threshold = base->mean + plan->z * base->sigma;

    if (reason == TOC_REASON_NONE && rule == TOC_EARS_C3) {
        threshold = c3_threshold(plan, y, base, earlier[0].value + earlier[1].value);
        if (isnan(threshold))
            reason = TOC_REASON_CONSTANT_BASELINE;
    }
    if (reason != TOC_REASON_NONE) {
        *out = toci_not_assessed(reason);
        return;
    }
    if (!plan->compat)
        threshold = fmax(0.0, threshold); /* below 0 only where alpha > 1/2 */
    out->expected = base->mean;
    out->threshold = threshold;
    out->score = toci_score(y, base->mean, threshold);
    out->alarm = y > threshold && (plan->compat || y > 0) ? TOC_ALARM_YES : TOC_ALARM_NO;
    out->reason = TOC_REASON_NONE;
}

static void judge_all(const struct plan *plan, size_t first, size_t num, struct toc_judgement *judgements)
{
    bool          c3 = plan->options->rule == TOC_EARS_C3;
    struct slide  slide = { .possible = plan->stride == 1 && (plan->compat || plan->series->holiday == NULL) };
    struct excess earlier[2] = { { 0.0, TOC_REASON_SHORT_HISTORY }, { 0.0, TOC_REASON_SHORT_HISTORY } };

    for (size_t row = !c3 ? first : first >= 2 ? first - 2 : 0; row < first + num; row++) {
        struct baseline base = measure_next(plan, row, &slide);
        if (row >= first)
            judge(plan, row, &base, earlier, &judgements[row - first]);
        if (c3) {
            earlier[1] = earlier[0];
            earlier[0] = excess(plan, row, &base);
        }
    }
}

int toc_ears_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_ears_options *options,
                   struct toc_judgement *judgements, struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret != 0)
        goto out;
    ret = toci_check_series(series, first, num, error);
    if (ret != 0)
        goto out;
    struct plan plan = plan_for(series, options);
    judge_all(&plan, first, num, judgements);
out:
    return ret;
}

int toc_ears_state_init(struct toc_ears_state *state, const struct toc_series *history,
                        const struct toc_ears_options *options, const struct toc_allocator *allocator,
                        struct toc_error *error)
{
    struct toc_recent window;
    int               ret = check_options(options, error);
    if (ret != 0)
        return ret;
    struct plan plan = plan_for(history, options);
    size_t      farthest = plan.offset + (plan.reach - 1) * plan.stride; /* and C3's two steps before have their own */
    ret = toci_window_init(&window, farthest + 3, history, allocator, error);
    if (ret == 0)
        *state = (struct toc_ears_state){ *options, window };
    return ret;
}

int toc_ears_state_next(struct toc_ears_state *state, const struct toc_step *step, struct toc_judgement *judgement,
                        struct toc_error *error)
{
    int ret = toci_window_push(&state->window, step, error);
    if (ret != 0)
        return ret;
    struct toc_series view = toci_window_view(&state->window);
    struct plan       plan = plan_for(&view, &state->options);
    judge_all(&plan, view.n - 1, 1, judgement);
    return 0;
}

void toc_ears_state_free(struct toc_ears_state *state)
{
    toci_window_free(&state->window);
}

/* ---- the rows of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    (void) allocator;
    return toc_ears_judge(series, first, num, options, judgements, error);
}

static const struct toc_parameter parameters[] = {
    { .name = "baseline",
      .r_name = "baseline",
      .kind = TOC_PARAMETER_INTEGER,
      .offset = offsetof(struct toc_ears_options, baseline),
      .low = 3,
      .high = TOC_EARS_MAX_BASELINE,
      .unit = "steps",
      .meaning = "number of counts in the baseline" },
    { .name = "min_sigma",
      .r_name = "minSigma",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_ears_options, min_sigma),
      .low = 0,
      .high = INFINITY,
      .high_open = true,
      .unit = "cases",
      .meaning = "smallest standard deviation assumed for the baseline" },
    { .name = "alpha",
      .r_name = "alpha",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_ears_options, alpha),
      .low = 0,
      .high = 1,
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "one-sided probability of a false alarm per step, if counts were normal" },
    TOCI_PARAMETER_WEEKDAYS(struct toc_ears_options),
};

static const struct toc_ears_options c1_defaults = TOC_EARS_C1_OPTIONS_INIT;
static const struct toc_ears_options c2_defaults = TOC_EARS_C2_OPTIONS_INIT;
static const struct toc_ears_options c3_defaults = TOC_EARS_C3_OPTIONS_INIT;

#define EARS_METHOD(default_options, id, text, advice, r)                                                              \
    {                                                                                                                  \
        .name = id, .title = text, .use = advice, .r_name = r,                                                         \
        .source = "Hutwagner et al. 2003, doi:10.1007/PL00022312", .options_size = sizeof(struct toc_ears_options),    \
        .defaults = &default_options, .parameters = parameters,                                                        \
        .num_parameters = sizeof parameters / sizeof *parameters, .judge = judge_by_table                              \
    }

const struct toc_method toci_method_ears_c1 =
    EARS_METHOD(c1_defaults, "ears-c1", "EARS C1: against the mean of the last 7 counts",
                "Short histories (weeks, not years); reacts fastest to a sudden jump.", "earsC(method=\"C1\")");
const struct toc_method toci_method_ears_c2 =
    EARS_METHOD(c2_defaults, "ears-c2", "EARS C2: as C1, leaving out the last 2 counts",
                "Short histories; a slow rise does not hide itself in its own baseline.", "earsC(method=\"C2\")");
const struct toc_method toci_method_ears_c3 =
    EARS_METHOD(c3_defaults, "ears-c3", "EARS C3: as C2, adding the excess of the last 2 counts",
                "Short histories; the most sensitive of the three, with more false alarms.", "earsC(method=\"C3\")");
