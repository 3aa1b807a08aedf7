/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/ears.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"
#include "methods.h"

struct baseline {
    double          mean;
    double          sigma;  /* floored at min_sigma */
    enum toc_reason reason; /* why there is none, or TOC_REASON_NONE */
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

/* What separates the judged step from the newest count of its baseline, in steps. */
static size_t gap(const struct toc_ears_options *options)
{
    return options->rule == TOC_EARS_C1 ? 1 : 3;
}

/* Mean and standard deviation of the baseline of one step. Strides of seven days where weekdays are judged apart. */
static struct baseline measure(const struct toc_series *series, size_t row, const struct toc_ears_options *options)
{
    bool   compat = options->mode == TOC_MODE_R;
    size_t stride = toci_has_weekdays(series, options->mode, options->weekdays) ? 7 : 1;
    size_t wanted = (size_t) options->baseline;
    size_t offset = stride == 7 ? 7 : gap(options);
    size_t reach = compat ? wanted : 2 * wanted;
    size_t found = 0;
    double sum = 0.0, values[TOC_EARS_MAX_BASELINE];

    for (size_t step = 0; step < reach && found < wanted; step++) {
        size_t back = offset + step * stride;
        if (back > row)
            return (struct baseline){ .reason = TOC_REASON_SHORT_HISTORY };
        double y = series->observed[row - back];
        if (isnan(y) || (!compat && toci_is_holiday(series, row - back))) {
            if (compat)
                return (struct baseline){ .reason = TOC_REASON_BASELINE_MISSING };
            continue;
        }
        values[found++] = y;
        sum += y;
    }
    if (found < wanted)
        return (struct baseline){ .reason = TOC_REASON_BASELINE_MISSING };

    double mean = sum / (double) found;
    double squares = 0.0;
    for (size_t i = 0; i < found; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (struct baseline){ mean, fmax(sqrt(squares / (double) (found - 1)), options->min_sigma), TOC_REASON_NONE };
}

/* Excess of an earlier step over its own baseline, in standard deviations beyond one; C3 adds the last two. */
static double excess(const struct toc_series *series, size_t row, const struct toc_ears_options *options,
                     enum toc_reason *reason)
{
    struct baseline base = measure(series, row, options);
    if (base.reason != TOC_REASON_NONE) {
        *reason = base.reason;
        return 0.0;
    }
    double y = series->observed[row];
    if (isnan(y) || (options->mode == TOC_MODE_DEFAULT && toci_is_holiday(series, row))) {
        if (options->mode == TOC_MODE_R)
            *reason = TOC_REASON_EARLIER_MISSING;
        return 0.0; /* by default a day that nobody counted adds no excess */
    }
    if (y == base.mean && base.sigma == 0) {
        if (options->mode == TOC_MODE_R)
            *reason = TOC_REASON_CONSTANT_BASELINE; /* R has 0/0 here */
        return 0.0;
    }
    return fmax(0.0, (y - base.mean) / base.sigma - 1.0);
}

static double score(const struct toc_ears_options *options, double observed, double expected, double threshold)
{
    if (options->rule == TOC_EARS_C3 && threshold <= expected)
        return threshold > 0 ? observed / threshold : observed > 0 ? INFINITY : 0.0;
    return toci_score(observed, expected, threshold);
}

static struct toc_judgement judge(const struct toc_series *series, size_t row, double z,
                                  const struct toc_ears_options *options)
{
    bool            compat = options->mode == TOC_MODE_R;
    double          y = series->observed[row];
    struct baseline base = measure(series, row, options);
    enum toc_reason reason = base.reason;

    if (isnan(y) && reason == TOC_REASON_NONE)
        reason = TOC_REASON_OBSERVED_MISSING;
    if (!compat && reason == TOC_REASON_NONE && toci_is_holiday(series, row))
        reason = TOC_REASON_HOLIDAY;
    if (reason != TOC_REASON_NONE)
        return toci_not_assessed(reason);

    double threshold = base.mean + z * base.sigma;
    if (options->rule == TOC_EARS_C3) {
        if (row < 2)
            return toci_not_assessed(TOC_REASON_SHORT_HISTORY);
        double earlier = excess(series, row - 1, options, &reason) + excess(series, row - 2, options, &reason);
        if (reason != TOC_REASON_NONE)
            return toci_not_assessed(reason);
        if (compat)
            threshold = y + base.sigma * (z - earlier);
        else if (base.sigma > 0)
            threshold = base.mean + base.sigma * (1.0 + z - earlier);
        if (isnan(threshold)) /* R: 0 times infinity */
            return toci_not_assessed(TOC_REASON_CONSTANT_BASELINE);
        threshold = fmax(0.0, threshold);
    }
    bool alarm = y > threshold && (compat || y > 0);
    return (struct toc_judgement){ base.mean, threshold, score(options, y, base.mean, threshold),
                                   alarm ? TOC_ALARM_YES : TOC_ALARM_NO, TOC_REASON_NONE };
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
    double z = qnorm(1.0 - options->alpha, 0.0, 1.0, 1, 0);
    for (size_t i = 0; i < num; i++)
        judgements[i] = judge(series, first + i, z, options);
out:
    return ret;
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
