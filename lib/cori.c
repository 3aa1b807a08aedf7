/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/reproduction.h"

#include "incidence.h"
#include "inverse_gamma.h"
#include "tocsin/serial_interval.h"

size_t toc_windows_sliding(size_t n, size_t length, struct toc_window *windows)
{
    size_t num = length > 0 && n > length ? n - length : 0;
    if (windows != NULL)
        for (size_t i = 0; i < num; i++)
            windows[i] = (struct toc_window){ i + 1, i + length };
    return num;
}

static int check_options(const struct toc_cori_options *options, struct toc_error *error)
{
    if (!(options->prior_mean > 0) || isinf(options->prior_mean))
        return toci_fail(error, TOC_ERR_OPTION, "options.prior_mean", TOC_NOWHERE, options->prior_mean, "> 0, finite");
    if (!(options->prior_sd > 0) || isinf(options->prior_sd))
        return toci_fail(error, TOC_ERR_OPTION, "options.prior_sd", TOC_NOWHERE, options->prior_sd, "> 0, finite");
    if (!(options->max_cv > 0))
        return toci_fail(error, TOC_ERR_OPTION, "options.max_cv", TOC_NOWHERE, options->max_cv, "> 0");
    return 0;
}

struct posterior {
    double          shape;
    double          scale;
    enum toc_reason reason;
};

static struct posterior left_out(enum toc_reason reason)
{
    return (struct posterior){ NAN, NAN, reason };
}

/* The gamma posterior of one window; first and last are positions in `steps`. */
static struct posterior posterior(const struct toci_steps *steps, size_t first, size_t last,
                                  const struct toc_cori_options *options)
{
    double local = 0.0, pressure = 0.0;
    for (size_t t = first; t <= last; t++) {
        local += steps->local[t];
        pressure += steps->pressure[t];
    }
    if (isnan(local))
        return left_out(TOC_REASON_OBSERVED_MISSING);
    if (isnan(pressure))
        return left_out(TOC_REASON_EARLIER_MISSING);
    double prior_shape = options->prior_mean / options->prior_sd * (options->prior_mean / options->prior_sd);
    double prior_scale = options->prior_sd * options->prior_sd / options->prior_mean;
    double shape = prior_shape + local;
    if (options->mode == TOC_MODE_DEFAULT && shape * options->max_cv * options->max_cv < 1)
        return left_out(TOC_REASON_FEW_CASES);
    return (struct posterior){ shape, 1.0 / (1.0 / prior_scale + pressure), TOC_REASON_NONE };
}

static struct toc_reproduction summarise(const struct posterior *of, const struct toci_gamma_plan *plan,
                                         double *quantiles)
{
    if (of->reason == TOC_REASON_NONE) {
        toci_gamma_quantiles(plan, of->shape, of->scale, quantiles);
        return (struct toc_reproduction){ of->shape * of->scale, sqrt(of->shape) * of->scale, TOC_REASON_NONE };
    }
    for (size_t i = 0; i < plan->num; i++)
        quantiles[i] = NAN;
    return (struct toc_reproduction){ NAN, NAN, of->reason };
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

    int ret = check_options(options, error);
    if (ret == 0)
        ret = toci_check_incidence(incidence, mode, error);
    if (ret == 0)
        ret = toci_check_serial_interval(w, num_w, mode, &scale, error);
    if (ret == 0)
        ret = toci_check_windows(windows, num_windows, incidence->n, error);
    if (ret == 0)
        ret = toci_check_probabilities(probabilities, num_probabilities, error);
    if (ret != 0)
        goto out;
    room = toci_allocate(allocator, size, sizeof *room, &ret, error);
    if (room == NULL)
        goto out;

    struct toci_steps steps;
    toci_steps_init(&steps, room, incidence->n, w, num_w, scale);
    for (size_t t = 0; t < incidence->n; t++)
        toci_steps_fill(&steps, t, incidence->cases[t], incidence->imported == NULL ? 0.0 : incidence->imported[t],
                        mode);
    struct toci_gamma_plan plan;
    toci_gamma_plan_init(&plan, probabilities, num_probabilities);
    double earliest = toc_serial_interval_moments(w, num_w).mean * scale;
    for (size_t i = 0; i < num_windows; i++) {
        struct posterior of = mode == TOC_MODE_DEFAULT && incidence->steps_per_year != 365
                                  ? left_out(TOC_REASON_NOT_DAILY)
                              : (double) (windows[i].last + 1) <= earliest
                                  ? left_out(TOC_REASON_SHORT_HISTORY)
                                  : posterior(&steps, windows[i].first, windows[i].last, options);
        estimates[i] = summarise(&of, &plan, quantiles + i * num_probabilities);
    }
out:
    toci_release(allocator, room, size, sizeof *room);
    return ret;
}
