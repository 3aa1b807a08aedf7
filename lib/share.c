/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/share.h"

#include <math.h>

#include "internal.h"

#define D2_OF_TWO 1.128

static int check_options(const struct toc_share_options *options, struct toc_error *error)
{
    if (options->window < 1 || options->window > TOC_SHARE_MOST_WINDOWS)
        return toci_fail(error, TOC_ERR_OPTION, "options.window", TOC_NOWHERE, options->window, "1 … 366");
    if (options->baseline < TOC_SHARE_LEAST_WINDOWS || options->baseline > TOC_SHARE_MOST_WINDOWS)
        return toci_fail(error, TOC_ERR_OPTION, "options.baseline", TOC_NOWHERE, options->baseline, "5 … 366");
    if (options->guard < 0 || options->guard > TOC_SHARE_MOST_WINDOWS)
        return toci_fail(error, TOC_ERR_OPTION, "options.guard", TOC_NOWHERE, options->guard, "0 … 366");
    if (!(options->deviations > 0) || isinf(options->deviations))
        return toci_fail(error, TOC_ERR_OPTION, "options.deviations", TOC_NOWHERE, options->deviations, "> 0, finite");
    if (!(options->least >= 0) || isinf(options->least))
        return toci_fail(error, TOC_ERR_OPTION, "options.least", TOC_NOWHERE, options->least, ">= 0, finite");
    return 0;
}

static int check_steps(const double *numerator, const double *denominator, size_t n, bool rate, struct toc_error *error)
{
    for (size_t i = 0; i < n; i++) {
        if (numerator[i] < 0 || isinf(numerator[i]))
            return toci_fail(error, TOC_ERR_DOMAIN, "numerator", i, numerator[i], ">= 0, finite, or missing");
        if (denominator[i] < 0 || isinf(denominator[i]))
            return toci_fail(error, TOC_ERR_DOMAIN, "denominator", i, denominator[i], ">= 0, finite, or missing");
        if (!rate && numerator[i] > denominator[i])
            return toci_fail(error, TOC_ERR_DOMAIN, "numerator", i, numerator[i], "<= its denominator");
    }
    return 0;
}

struct toc_share toc_share_window(const double *numerator, const double *denominator, size_t step, int window)
{
    struct toc_share sum = { 0, 0 };
    for (size_t back = 0; back < (size_t) window && back <= step; back++) {
        if (isnan(numerator[step - back]) || isnan(denominator[step - back]))
            continue;
        sum.numerator += numerator[step - back];
        sum.denominator += denominator[step - back];
    }
    return sum;
}

/* The windows that a step is compared with, the newest first; *enough: the series does not begin too late for them. */
static size_t find_baseline(const double *numerator, const double *denominator, size_t step,
                            const struct toc_share_options *options, struct toc_share *windows, bool *enough)
{
    size_t found = 0, length = (size_t) options->window;
    size_t last = (size_t) (options->guard + options->baseline);
    for (size_t k = (size_t) options->guard + 1; k <= last && k * length + length - 1 <= step; k++) {
        struct toc_share one = toc_share_window(numerator, denominator, step - k * length, options->window);
        if (one.denominator > 0)
            windows[found++] = one;
    }
    *enough = ((size_t) options->guard + TOC_SHARE_LEAST_WINDOWS) * length + length - 1 <= step;
    return found;
}

/* How much more the windows scatter than chance does: at least 1. */
static double scatter(const struct toc_share *windows, size_t num, double usual, double variance)
{
    double sum = 0, before = 0;
    for (size_t i = num; i-- > 0;) {
        const struct toc_share *one = &windows[i];
        double                  z = (one->numerator / one->denominator - usual) / sqrt(variance / one->denominator);
        if (i + 1 < num)
            sum += fabs(z - before);
        before = z;
    }
    return fmax(1, sum / (double) (num - 1) / D2_OF_TWO);
}

static void judge(const double *numerator, const double *denominator, size_t step,
                  const struct toc_share_options *options, struct toc_judgement *out)
{
    struct toc_share windows[TOC_SHARE_MOST_WINDOWS];
    bool             enough;
    struct toc_share own = toc_share_window(numerator, denominator, step, options->window);
    size_t           num = find_baseline(numerator, denominator, step, options, windows, &enough);
    if (!(own.denominator > 0) || num < TOC_SHARE_LEAST_WINDOWS) {
        *out = toci_not_assessed(!enough                  ? TOC_REASON_SHORT_HISTORY
                                 : !(own.denominator > 0) ? TOC_REASON_OBSERVED_MISSING
                                                          : TOC_REASON_BASELINE_MISSING);
        return;
    }
    double cases = 0, units = 0, share = own.numerator / own.denominator;
    for (size_t i = 0; i < num; i++) {
        cases += windows[i].numerator;
        units += windows[i].denominator;
    }
    double usual = (cases + 0.5) / (units + 1), variance = options->rate ? usual : usual * (1 - usual);
    double wide = options->deviations * scatter(windows, num, usual, variance);
    out->expected = usual;
    out->threshold = usual + wide * sqrt(variance * (1 / own.denominator + 1 / units));
    out->score = toci_score(share, usual, out->threshold);
    out->alarm = share > out->threshold && own.numerator >= options->least ? TOC_ALARM_YES : TOC_ALARM_NO;
    out->reason = TOC_REASON_NONE;
}

int toc_share_judge(const double *numerator, const double *denominator, size_t n, size_t first, size_t num,
                    const struct toc_share_options *options, struct toc_judgement *judgements, struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret != 0)
        goto out;
    if (first > n || num > n - first) {
        ret = toci_fail(error, TOC_ERR_SHAPE, "num", TOC_NOWHERE, (double) num, "<= n - first");
        goto out;
    }
    ret = check_steps(numerator, denominator, n, options->rate, error);
    if (ret != 0)
        goto out;
    for (size_t i = 0; i < num; i++)
        judge(numerator, denominator, first + i, options, &judgements[i]);
out:
    return ret;
}
