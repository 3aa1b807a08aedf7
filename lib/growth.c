/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/growth.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "incidence.h"

static int check_options(const struct toc_growth_options *options, struct toc_error *error)
{
    if (options->family != TOC_GROWTH_QUASI_POISSON && options->family != TOC_GROWTH_POISSON)
        return toci_fail(error, TOC_ERR_OPTION, "options.family", TOC_NOWHERE, options->family,
                         "quasi-Poisson or Poisson");
    if (!(options->level > 0 && options->level < 1))
        return toci_fail(error, TOC_ERR_OPTION, "options.level", TOC_NOWHERE, options->level, "0 < level < 1");
    if (options->min_cases < 1)
        return toci_fail(error, TOC_ERR_OPTION, "options.min_cases", TOC_NOWHERE, options->min_cases, ">= 1");
    return 0;
}

/* The counts of one window; t runs from its middle, so that exp(r t) stays in bounds to both sides. */
struct counts {
    const double *y;
    size_t        n;
    double        middle;
    size_t        known;
    double        cases;
    double        mean_time; /* of a case */
    double        first;     /* of the steps with a count */
    double        last;
};

static struct counts count(const double *y, size_t n)
{
    struct counts of = { .y = y, .n = n, .middle = 0.5 * (double) (n - 1) };
    double        moment = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i]))
            continue;
        double t = (double) i - of.middle;
        of.first = of.known == 0 ? t : of.first;
        of.last = t;
        of.known++;
        of.cases += y[i];
        moment += y[i] * t;
    }
    of.mean_time = moment / of.cases;
    return of;
}

/* Sums over the counted steps with weights exp(r t - |r| middle), all at most 1. */
struct weights {
    double sum;
    double mean; /* of t */
    double variance;
};

static struct weights weigh(const struct counts *of, double r)
{
    double sum = 0.0, first = 0.0, second = 0.0, top = fabs(r) * of->middle;
    for (size_t i = 0; i < of->n; i++) {
        if (isnan(of->y[i]))
            continue;
        double t = (double) i - of->middle, weight = exp(r * t - top);
        sum += weight;
        first += weight * t;
        second += weight * t * t;
    }
    double mean = first / sum;
    return (struct weights){ sum, mean, second / sum - mean * mean };
}

/* The rate at which the mean time of an expected case is that of the observed ones. The mean grows with r, so the root
 * is bracketed; Newton's step, or halving where it would leave the bracket. */
static double solve(const struct counts *of, struct weights *at)
{
    double low = -INFINITY, high = INFINITY, r = 0.0;
    *at = weigh(of, r);
    for (int iteration = 0; iteration < 200; iteration++) {
        double apart = of->mean_time - at->mean;
        if (apart > 0)
            low = r;
        else
            high = r;
        double step = fmax(-2.0, fmin(2.0, apart / fmax(at->variance, 1e-300)));
        double next = r + step;
        if (!(next > low && next < high) && isfinite(low) && isfinite(high))
            next = 0.5 * (low + high);
        bool done = fabs(next - r) <= 1e-13 * (1.0 + fabs(r));
        r = next;
        *at = weigh(of, r);
        if (done)
            break;
    }
    return r;
}

static double dispersion(const struct counts *of, double r, double weights_sum)
{
    double pearson = 0.0, top = fabs(r) * of->middle;
    for (size_t i = 0; i < of->n; i++) {
        if (isnan(of->y[i]))
            continue;
        double mu = of->cases * exp(r * ((double) i - of->middle) - top) / weights_sum;
        if (mu > 0)
            pearson += (of->y[i] - mu) * (of->y[i] - mu) / mu;
    }
    return fmax(1.0, pearson / (double) (of->known - 2));
}

static const struct toc_time_interval unknown_time = { NAN, NAN, NAN };

static struct toc_growth left_out(enum toc_reason reason)
{
    return (struct toc_growth){ NAN, NAN, NAN, NAN, NAN, unknown_time, unknown_time, reason };
}

static struct toc_growth estimate(const double *y, size_t n, const struct toc_growth_options *options)
{
    struct counts of = count(y, n);
    if (of.known < TOC_GROWTH_MIN_STEPS)
        return left_out(TOC_REASON_SHORT_HISTORY);
    if (of.cases < options->min_cases)
        return left_out(TOC_REASON_FEW_CASES);
    if (!(of.mean_time > of.first && of.mean_time < of.last))
        return left_out(TOC_REASON_FIT_FAILED);

    struct weights    at;
    struct toc_growth got = left_out(TOC_REASON_NONE);
    bool              quasi = options->family == TOC_GROWTH_QUASI_POISSON;
    double            upper = 0.5 * (1.0 + options->level);
    got.rate = solve(&of, &at);
    got.dispersion = quasi ? dispersion(&of, got.rate, at.sum) : 1.0;
    got.sd = sqrt(got.dispersion / (of.cases * at.variance));
    double reach = got.sd * (quasi ? qt(upper, (double) (of.known - 2), 1, 0) : qnorm(upper, 0.0, 1.0, 1, 0));
    got.low = got.rate - reach;
    got.high = got.rate + reach;
    if (got.low > 0)
        got.doubling = (struct toc_time_interval){ M_LN2 / got.rate, M_LN2 / got.high, M_LN2 / got.low };
    if (got.high < 0)
        got.halving = (struct toc_time_interval){ M_LN2 / -got.rate, M_LN2 / -got.low, M_LN2 / -got.high };
    return got;
}

int toc_growth_estimate(const struct toc_incidence *incidence, const struct toc_window *windows, size_t num_windows,
                        const struct toc_growth_options *options, struct toc_growth *growth, struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret == 0)
        ret = toci_check_estimate(incidence, windows, num_windows, NULL, 0, TOC_MODE_DEFAULT, error);
    if (ret != 0)
        goto out;
    for (size_t i = 0; i < num_windows; i++)
        growth[i] = estimate(incidence->cases + windows[i].first, windows[i].last - windows[i].first + 1, options);
out:
    return ret;
}

double toc_growth_reproduction(double rate, const double *w, size_t num_w)
{
    double sum = 0.0;
    for (size_t k = 1; k < num_w; k++)
        if (w[k] > 0)
            sum += w[k] * exp(-rate * (double) k);
    return 1.0 / sum;
}
