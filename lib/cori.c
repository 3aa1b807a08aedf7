/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/reproduction.h"

#include "cori.h"

size_t toc_windows_sliding(size_t n, size_t length, struct toc_window *windows)
{
    size_t num = length > 0 && n > length ? n - length : 0;
    if (windows != NULL)
        for (size_t i = 0; i < num; i++)
            windows[i] = (struct toc_window){ i + 1, i + length };
    return num;
}

int toci_cori_check_options(const struct toc_cori_options *options, struct toc_error *error)
{
    if (!(options->prior_mean > 0) || isinf(options->prior_mean))
        return toci_fail(error, TOC_ERR_OPTION, "options.prior_mean", TOC_NOWHERE, options->prior_mean, "> 0, finite");
    if (!(options->prior_sd > 0) || isinf(options->prior_sd))
        return toci_fail(error, TOC_ERR_OPTION, "options.prior_sd", TOC_NOWHERE, options->prior_sd, "> 0, finite");
    if (!(options->max_cv > 0))
        return toci_fail(error, TOC_ERR_OPTION, "options.max_cv", TOC_NOWHERE, options->max_cv, "> 0");
    return 0;
}

/* A window that ends within the mean interval has seen less than half of the transmission from its own first cases. */
enum toc_reason toci_cori_rule(const struct toc_cori_options *options, int steps_per_year, size_t day,
                               double mean_interval)
{
    if (options->mode == TOC_MODE_DEFAULT && steps_per_year != 365)
        return TOC_REASON_NOT_DAILY;
    return (double) (day + 1) <= mean_interval ? TOC_REASON_SHORT_HISTORY : TOC_REASON_NONE;
}

/* Poisson counts with a gamma prior: the shape gains the cases, the rate (1/scale) the pressure. Summed anew for each
 * window: differences of running totals would lose the digits of a quiet time after a large epidemic. NaN in a step
 * (a missing count, a pressure that is not known) stays in the sum. */
struct toci_posterior toci_cori_posterior(const struct toci_steps *steps, size_t first, size_t last,
                                          const struct toc_cori_options *options)
{
    double local = 0.0, pressure = 0.0;
    for (size_t t = first; t <= last; t++) {
        local += steps->local[t];
        pressure += steps->pressure[t];
    }
    if (isnan(local))
        return (struct toci_posterior){ NAN, NAN, TOC_REASON_OBSERVED_MISSING };
    if (isnan(pressure))
        return (struct toci_posterior){ NAN, NAN, TOC_REASON_EARLIER_MISSING };
    double prior_shape = options->prior_mean / options->prior_sd * (options->prior_mean / options->prior_sd);
    double prior_scale = options->prior_sd * options->prior_sd / options->prior_mean;
    return (struct toci_posterior){ prior_shape + local, 1.0 / (1.0 / prior_scale + pressure), TOC_REASON_NONE };
}

struct toc_reproduction toci_left_out(enum toc_reason reason, double *quantiles, size_t num)
{
    for (size_t i = 0; i < num; i++)
        quantiles[i] = NAN;
    return (struct toc_reproduction){ NAN, NAN, reason };
}

struct toc_reproduction toci_cori_summarise(const struct toci_posterior *of, const struct toc_cori_options *options,
                                            const struct toci_gamma_plan *plan, double *quantiles)
{
    double mean = of->shape * of->scale, sd = sqrt(of->shape) * of->scale;
    if (of->reason != TOC_REASON_NONE)
        return toci_left_out(of->reason, quantiles, plan->num);
    if (toci_cori_too_few(options, mean, sd))
        return toci_left_out(TOC_REASON_FEW_CASES, quantiles, plan->num);
    toci_gamma_quantiles(plan, of->shape, of->scale, quantiles);
    return (struct toc_reproduction){ mean, sd, TOC_REASON_NONE };
}

int toc_cori_estimate(const struct toc_incidence *incidence, const double *w, size_t num_w,
                      const struct toc_window *windows, size_t num_windows, const double *probabilities,
                      size_t num_probabilities, const struct toc_cori_options *options,
                      const struct toc_allocator *allocator, struct toc_reproduction *estimates, double *quantiles,
                      struct toc_error *error)
{
    enum toc_mode mode = options->mode;
    double       *room = NULL, scale = 1.0;
    size_t        size = toci_steps_room(incidence->n, num_w);

    int ret = toci_cori_check_options(options, error);
    if (ret == 0)
        ret = toci_check_estimate(incidence, windows, num_windows, probabilities, num_probabilities, mode, error);
    if (ret == 0)
        ret = toci_check_serial_interval(w, num_w, mode, &scale, error);
    if (ret != 0)
        goto out;
    room = toci_allocate(allocator, size, sizeof *room, &ret, error);
    if (room == NULL)
        goto out;

    struct toci_steps steps;
    toci_steps_init(&steps, room, incidence->n, w, num_w, scale);
    toci_steps_fill_all(&steps, incidence, mode);
    struct toci_gamma_plan plan;
    toci_gamma_plan_init(&plan, probabilities, num_probabilities);
    double mean = toc_serial_interval_moments(w, num_w).mean * scale;
    for (size_t i = 0; i < num_windows; i++) {
        double               *out = quantiles + i * num_probabilities;
        struct toci_posterior of = { NAN, NAN,
                                     toci_cori_rule(options, incidence->steps_per_year, windows[i].last, mean) };
        if (of.reason == TOC_REASON_NONE)
            of = toci_cori_posterior(&steps, windows[i].first, windows[i].last, options);
        estimates[i] = toci_cori_summarise(&of, options, &plan, out);
    }
out:
    toci_release(allocator, room, size, sizeof *room);
    return ret;
}
