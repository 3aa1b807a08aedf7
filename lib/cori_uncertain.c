/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cori's estimate where the serial interval is uncertain: a mixture of one gamma posterior a draw. */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "cori.h"

/* All but this of each drawn interval, in the default mode. */
#define DRAWN_TAIL 1e-6

static size_t longest_interval(const struct toc_incidence *incidence, enum toc_mode mode)
{
    return mode == TOC_MODE_R && incidence->n < TOC_SERIAL_INTERVAL_MAX ? incidence->n : TOC_SERIAL_INTERVAL_MAX;
}

/* The serial interval of one draw into w; answers its length. */
static int draw_interval(const struct toc_uncertain_interval *uncertain, int draw, enum toc_mode mode, double *w,
                         size_t *num_w, struct toc_error *error)
{
    double mean, sd;
    toc_serial_interval_draw(uncertain, draw, &mean, &sd);
    int ret = mode == TOC_MODE_R ? 0 : toc_serial_interval_length(mean, sd, DRAWN_TAIL, num_w, error);
    if (ret == 0)
        ret = toc_serial_interval_discretise(mean, sd, w, *num_w, error);
    return ret;
}

/* Distribution function and density of the mixture at x. */
static double mixture_at(const double *shape, const double *scale, size_t draws, double x, double *density)
{
    double below = 0.0, slope = 0.0;
    for (size_t d = 0; d < draws; d++) {
        below += pgamma(x, shape[d], scale[d], 1, 0);
        slope += dgamma(x, shape[d], scale[d], 0);
    }
    *density = slope / (double) draws;
    return below / (double) draws;
}

/* Newton's iteration inside a bracket: the quantile of a mixture lies between the least and the greatest of its parts.
 */
static double mixture_quantile(const double *shape, const double *scale, size_t draws, double p, double low,
                               double high, double start)
{
    double x = fmin(high, fmax(low, start));
    double narrowest = 0.0; /* part, by its coefficient of variation: what a step is small against */
    for (size_t d = 0; d < draws; d++)
        narrowest = fmax(narrowest, shape[d]);
    narrowest = 1.0 / sqrt(narrowest);
    for (int iteration = 0; iteration < 120 && high > low; iteration++) {
        double density, excess = mixture_at(shape, scale, draws, x, &density) - p;
        if (excess > 0)
            high = x;
        else
            low = x;
        double next = x - excess / density;
        bool   inside = next >= low && next <= high; /* false for NaN */
        if (!inside)
            next = 0.5 * (low + high);
        double step = fabs(next - x);
        x = next;
        if (step <= (inside ? 2e-5 * narrowest : 1e-15) * x) /* Newton's next step would be its square */
            break;
    }
    return x;
}

static void mixture_quantiles(const double *shape, const double *scale, size_t draws, double mean, double sd,
                              const struct toci_gamma_plan *plan, double *quantiles)
{
    double low[TOC_MAX_QUANTILES], high[TOC_MAX_QUANTILES], one[TOC_MAX_QUANTILES], start[TOC_MAX_QUANTILES];
    for (size_t d = 0; d < draws; d++) {
        toci_gamma_quantiles(plan, shape[d], scale[d], one);
        for (size_t i = 0; i < plan->num; i++) {
            low[i] = d == 0 ? one[i] : fmin(low[i], one[i]);
            high[i] = d == 0 ? one[i] : fmax(high[i], one[i]);
        }
    }
    toci_gamma_quantiles(plan, mean / sd * (mean / sd), sd / mean * sd, start);
    for (size_t i = 0; i < plan->num; i++)
        quantiles[i] = mixture_quantile(shape, scale, draws, plan->probability[i], low[i], high[i], start[i]);
}

static struct toc_reproduction summarise(const double *shape, const double *scale, size_t draws,
                                         const struct toc_cori_options *options, const struct toci_gamma_plan *plan,
                                         double *quantiles)
{
    /* the law of total variance: E(variance) + E(mean^2) - (E mean)^2, about the first mean to keep digits */
    double origin = shape[0] * scale[0], shift = 0.0, second = 0.0;
    for (size_t d = 0; d < draws; d++) {
        double apart = shape[d] * scale[d] - origin;
        shift += apart;
        second += apart * apart + shape[d] * scale[d] * scale[d];
    }
    shift /= (double) draws;
    double mean = origin + shift, sd = sqrt(second / (double) draws - shift * shift);
    if (toci_cori_too_few(options, mean, sd))
        return toci_left_out(TOC_REASON_FEW_CASES, quantiles, plan->num);
    mixture_quantiles(shape, scale, draws, mean, sd, plan, quantiles);
    return (struct toc_reproduction){ mean, sd, TOC_REASON_NONE };
}

/* Fill column `draw` of every window; a window that this draw leaves out gets a negative reason as its shape. */
static void add_draw(const struct toci_steps *steps, const struct toc_window *windows, size_t num_windows,
                     const struct toc_cori_options *options, size_t draw, size_t draws, double *shape, double *scale)
{
    for (size_t i = 0; i < num_windows; i++) {
        struct toci_posterior of = toci_cori_posterior(steps, windows[i].first, windows[i].last, options);
        bool                  known = of.reason == TOC_REASON_NONE;
        shape[i * draws + draw] = known ? of.shape : -(double) of.reason;
        scale[i * draws + draw] = of.scale;
    }
}

static enum toc_reason reason_of(const double *shape, size_t draws)
{
    for (size_t d = 0; d < draws; d++)
        if (shape[d] < 0)
            return (enum toc_reason)(int) -shape[d];
    return TOC_REASON_NONE;
}

int toc_cori_estimate_uncertain(const struct toc_incidence *incidence, const struct toc_uncertain_interval *uncertain,
                                const struct toc_window *windows, size_t num_windows, const double *probabilities,
                                size_t num_probabilities, const struct toc_cori_options *options,
                                const struct toc_allocator *allocator, struct toc_reproduction *estimates,
                                double *quantiles, struct toc_error *error)
{
    double *room = NULL;
    size_t  draws = 0, size = 0, longest = longest_interval(incidence, options->mode);
    int     ret = toci_cori_check_options(options, error);
    if (ret == 0)
        ret = toc_uncertain_interval_check(uncertain, error);
    if (ret == 0)
        ret = toci_check_estimate(incidence, windows, num_windows, probabilities, num_probabilities, options->mode,
                                  error);
    if (ret != 0 || num_windows == 0)
        goto out;
    draws = (size_t) uncertain->draws;
    if (num_windows > SIZE_MAX / sizeof *room / 8 / draws) {
        ret = toci_fail(error, TOC_ERR_TOO_LARGE, "num_windows", TOC_NOWHERE, (double) num_windows, "fewer windows");
        goto out;
    }
    size = 2 * num_windows * draws + longest + toci_steps_room(incidence->n, longest);
    room = toci_allocate(allocator, size, sizeof *room, &ret, error);
    if (room == NULL)
        goto out;

    double *shape = room, *scale = shape + num_windows * draws, *w = scale + num_windows * draws;
    for (size_t d = 0; d < draws; d++) {
        struct toci_steps steps;
        size_t            num_w = longest;
        ret = draw_interval(uncertain, (int) d, options->mode, w, &num_w, error);
        if (ret != 0)
            goto out;
        double sum = options->mode == TOC_MODE_R ? 1.0 : toc_serial_interval_moments(w, num_w).sum;
        toci_steps_init(&steps, w + longest, incidence->n, w, num_w, 1.0 / sum);
        toci_steps_fill_all(&steps, incidence, options->mode);
        add_draw(&steps, windows, num_windows, options, d, draws, shape, scale);
    }
    struct toci_gamma_plan plan;
    toci_gamma_plan_init(&plan, probabilities, num_probabilities);
    for (size_t i = 0; i < num_windows; i++) {
        double         *of = quantiles + i * num_probabilities;
        enum toc_reason reason = toci_cori_rule(options, incidence->steps_per_year, windows[i].last, uncertain->mean);
        if (reason == TOC_REASON_NONE)
            reason = reason_of(shape + i * draws, draws);
        estimates[i] = reason == TOC_REASON_NONE
                           ? summarise(shape + i * draws, scale + i * draws, draws, options, &plan, of)
                           : toci_left_out(reason, of, num_probabilities);
    }
out:
    toci_release(allocator, room, size, sizeof *room);
    return ret;
}
