/* SPDX-License-Identifier: GPL-3.0-or-later */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "cori.h"

/* Up to this variance the number of infected cases has its distribution worked out, above it is close to normal. */
#define EXACT_VARIANCE 100.0
/* Twelve standard deviations, and ten cases for variances near zero: nothing of note lies further out. */
#define HALF_WIDTH 130
#define WIDTH (2 * HALF_WIDTH + 1)
/* Chances below this do not show in a quantile. */
#define NEGLIGIBLE 1e-18

/* How many cases had their infector in a window: a sum of independent binomials. */
struct offspring {
    double mean;
    double variance;
    double third; /* third and fourth cumulant */
    double fourth;
};

static void add_binomial(struct offspring *sum, double size, double p)
{
    double v = size * p * (1.0 - p);
    sum->mean += size * p;
    sum->variance += v;
    sum->third += v * (1.0 - 2.0 * p);
    sum->fourth += v * (1.0 - 6.0 * p * (1.0 - p));
}

/* Probabilities of the whole numbers first … first + WIDTH - 1. */
struct counts {
    long   first;
    double probability[WIDTH];
};

/* Replace `of` by its sum with a binomial, keeping HALF_WIDTH to both sides of the new mean. */
static void convolve(struct counts *of, double size, double p, double new_mean)
{
    struct counts sum = { .first = (long) floor(new_mean) - HALF_WIDTH };
    double        low = fmax(0.0, floor(size * p) - HALF_WIDTH), high = fmin(size, floor(size * p) + HALF_WIDTH);
    for (double k = low; k <= high; k++) {
        double chance = dbinom(k, size, p, 0);
        if (chance < NEGLIGIBLE && k > size * p)
            break;
        if (chance < NEGLIGIBLE)
            continue;
        long shift = of->first + (long) k - sum.first; /* where element 0 of `of` lands */
        for (long i = shift < 0 ? -shift : 0; i < WIDTH && i + shift < WIDTH; i++)
            sum.probability[i + shift] += chance * of->probability[i];
    }
    *of = sum;
}

/* What the windows of one call share. */
struct forward {
    const struct toci_steps *steps;
    size_t                   n;
    size_t                   known; /* days after a window that must have been observed */
    double                   least_cases;
    bool                     whole; /* all counts are whole numbers */
    enum toc_mode            mode;
    const double            *probability;
    size_t                   num_probabilities;
};

/* The probability that a case of day i was infected in the window. */
static double infected_in(const struct toci_steps *steps, const struct toc_window *window, size_t i)
{
    size_t reach = steps->num_w - 1, last = window->last < i ? window->last : i - 1;
    size_t first = i > reach && i - reach > window->first ? i - reach : window->first;
    double sum = 0.0;
    if (!(steps->pressure[i] > 0))
        return 0.0;
    for (size_t j = first; j <= last; j++)
        sum += steps->reversed[reach - (i - j)] * steps->cases[j];
    return fmin(1.0, sum / steps->pressure[i]);
}

static size_t end_of_reach(const struct forward *of, const struct toc_window *window)
{
    size_t reach = of->steps->num_w - 1;
    return of->n - 1 - window->last < reach ? of->n : window->last + reach + 1;
}

static struct offspring count_offspring(const struct forward *of, const struct toc_window *window)
{
    struct offspring sum = { 0.0, 0.0, 0.0, 0.0 };
    for (size_t i = window->first + 1; i < end_of_reach(of, window); i++)
        if (of->steps->local[i] > 0)
            add_binomial(&sum, of->steps->local[i], infected_in(of->steps, window, i));
    return sum;
}

/* The quantiles by the distribution itself: the least count that reaches each probability. */
static void exact_quantiles(const struct forward *of, const struct toc_window *window, double *quantiles)
{
    struct counts counts = { .first = -HALF_WIDTH };
    double        mean = 0.0;
    counts.probability[HALF_WIDTH] = 1.0;
    for (size_t i = window->first + 1; i < end_of_reach(of, window); i++) {
        double p = of->steps->local[i] > 0 ? infected_in(of->steps, window, i) : 0.0;
        if (of->steps->local[i] * p > NEGLIGIBLE) {
            mean += of->steps->local[i] * p;
            convolve(&counts, of->steps->local[i], p, mean);
        }
    }
    for (size_t q = 0; q < of->num_probabilities; q++) {
        double below = counts.probability[0];
        long   k = 0;
        while (below < of->probability[q] && k < WIDTH - 1)
            below += counts.probability[++k];
        quantiles[q] = (double) (counts.first + k);
    }
}

static void normal_quantiles(const struct forward *of, const struct offspring *sum, double *quantiles)
{
    double sd = sqrt(sum->variance), skew = sum->third / (sum->variance * sd);
    double excess = sum->fourth / (sum->variance * sum->variance);
    for (size_t q = 0; q < of->num_probabilities; q++) {
        double z = qnorm(of->probability[q], 0.0, 1.0, 1, 0), zz = z * z;
        double y =
            z + skew * (zz - 1.0) / 6.0 + excess * z * (zz - 3.0) / 24.0 - skew * skew * z * (2.0 * zz - 5.0) / 36.0;
        double count = sum->variance > 0 ? fmax(0.0, sum->mean + sd * y) : sum->mean;
        quantiles[q] = of->whole ? ceil(count - 0.5) : count;
    }
}

/* R drops the windows that begin before the first case. */
static bool begins_with_cases(const struct forward *of, const struct toc_window *window)
{
    for (size_t i = 0; i <= window->first; i++)
        if (of->steps->cases[i] > 0)
            return true;
    return false;
}

/* Why a window is left out, or TOC_REASON_NONE. */
static enum toc_reason rule(const struct forward *of, const struct toc_window *window, double cases)
{
    if (of->mode == TOC_MODE_R)
        return cases > 0 && begins_with_cases(of, window) ? TOC_REASON_NONE : TOC_REASON_FEW_CASES;
    for (size_t i = window->first; i <= window->last; i++)
        if (isnan(of->steps->local[i]))
            return TOC_REASON_OBSERVED_MISSING;
    if (!(cases > 0) || cases < of->least_cases)
        return TOC_REASON_FEW_CASES;
    if (of->n - 1 - window->last < of->known)
        return TOC_REASON_LATER_UNKNOWN;
    for (size_t i = window->first; i <= window->last + of->known; i++) {
        if (isnan(of->steps->local[i]))
            return TOC_REASON_LATER_UNKNOWN;
        if (isnan(of->steps->pressure[i]))
            return TOC_REASON_EARLIER_MISSING;
    }
    return TOC_REASON_NONE;
}

static struct toc_reproduction estimate(const struct forward *of, const struct toc_window *window, double *quantiles)
{
    double cases = 0.0;
    for (size_t j = window->first; j <= window->last; j++)
        cases += of->steps->cases[j];
    enum toc_reason reason = rule(of, window, cases);
    if (reason != TOC_REASON_NONE)
        return toci_left_out(reason, quantiles, of->num_probabilities);

    struct offspring sum = count_offspring(of, window);
    if (sum.variance > EXACT_VARIANCE || !of->whole)
        normal_quantiles(of, &sum, quantiles);
    else if (of->num_probabilities > 0)
        exact_quantiles(of, window, quantiles);
    for (size_t q = 0; q < of->num_probabilities; q++)
        quantiles[q] /= cases;
    return (struct toc_reproduction){ sum.mean / cases, sqrt(sum.variance) / cases, TOC_REASON_NONE };
}

/* Days after which `share` of the serial interval has passed. */
static size_t days_until(const double *w, size_t num_w, double scale, double share)
{
    double sum = 0.0;
    size_t k = 0;
    while (k + 1 < num_w && sum < share)
        sum += w[++k] * scale;
    return k;
}

static bool all_whole(const struct toci_steps *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(steps->local[i]) && steps->local[i] != floor(steps->local[i]))
            return false;
    return true;
}

int toc_wallinga_teunis_estimate(const struct toc_incidence *incidence, const double *w, size_t num_w,
                                 const struct toc_window *windows, size_t num_windows, const double *probabilities,
                                 size_t num_probabilities, const struct toc_wallinga_teunis_options *options,
                                 const struct toc_allocator *allocator, struct toc_reproduction *estimates,
                                 double *quantiles, struct toc_error *error)
{
    struct toc_incidence counts = *incidence;
    double              *room = NULL, scale = 1.0;
    size_t               size = toci_steps_room(incidence->n, num_w);
    int                  ret =
        toci_check_estimate(incidence, windows, num_windows, probabilities, num_probabilities, options->mode, error);
    if (ret == 0)
        ret = toci_check_serial_interval(w, num_w, options->mode, &scale, error);
    if (ret == 0 && !(options->max_cv > 0))
        ret = toci_fail(error, TOC_ERR_OPTION, "options.max_cv", TOC_NOWHERE, options->max_cv, "> 0");
    if (ret != 0)
        goto out;
    room = toci_allocate(allocator, size, sizeof *room, &ret, error);
    if (room == NULL)
        goto out;

    struct toci_steps steps;
    if (options->mode == TOC_MODE_R)
        counts.imported = NULL; /* R knows no imported cases here */
    toci_steps_init(&steps, room, counts.n, w, num_w, scale);
    toci_steps_fill_all(&steps, &counts, options->mode);
    const struct forward of = { .steps = &steps,
                                .n = counts.n,
                                .known = days_until(w, num_w, scale, TOC_CASE_REPRODUCTION_KNOWN),
                                .least_cases = 1.0 / (options->max_cv * options->max_cv),
                                .whole = all_whole(&steps, counts.n),
                                .mode = options->mode,
                                .probability = probabilities,
                                .num_probabilities = num_probabilities };
    for (size_t i = 0; i < num_windows; i++) {
        double *out = quantiles + i * num_probabilities;
        estimates[i] = options->mode == TOC_MODE_DEFAULT && counts.steps_per_year != 365
                           ? toci_left_out(TOC_REASON_NOT_DAILY, out, num_probabilities)
                           : estimate(&of, &windows[i], out);
    }
out:
    toci_release(allocator, room, size, sizeof *room);
    return ret;
}
