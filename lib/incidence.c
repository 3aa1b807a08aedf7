/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "incidence.h"

#include "tocsin/serial_interval.h"

int toci_check_incidence(const struct toc_incidence *incidence, enum toc_mode mode, struct toc_error *error)
{
    if (incidence->steps_per_year != 365 && incidence->steps_per_year != 52 && incidence->steps_per_year != 12)
        return toci_fail(error, TOC_ERR_DOMAIN, "incidence.steps_per_year", TOC_NOWHERE, incidence->steps_per_year,
                         "365, 52 or 12");
    for (size_t t = 0; t < incidence->n; t++) {
        double cases = incidence->cases[t], imported = incidence->imported == NULL ? 0.0 : incidence->imported[t];
        bool   missing = isnan(cases);
        if (missing ? mode == TOC_MODE_R : !(cases >= 0 && cases <= TOC_MAX_CASES))
            return toci_fail(error, TOC_ERR_DOMAIN, "incidence.cases", t, cases,
                             mode == TOC_MODE_R ? "a number, 0 … 1e15 (R stops at missing counts)"
                                                : "a number, 0 … 1e15, or NaN = missing");
        if (imported < 0 || imported > cases)
            return toci_fail(error, TOC_ERR_DOMAIN, "incidence.imported", t, imported, "0 … the cases of that step");
    }
    return 0;
}

int toci_check_serial_interval(const double *w, size_t num_w, enum toc_mode mode, double *scale,
                               struct toc_error *error)
{
    double sum = 0.0;
    if (num_w < 1 || num_w > TOC_SERIAL_INTERVAL_MAX)
        return toci_fail(error, TOC_ERR_SHAPE, "num_w", TOC_NOWHERE, (double) num_w, "1 … 3660 entries");
    for (size_t k = 0; k < num_w; k++) {
        if (!(w[k] >= 0) || isinf(w[k]))
            return toci_fail(error, TOC_ERR_DOMAIN, "w", k, w[k], "a probability");
        sum += w[k];
    }
    if (w[0] != 0)
        return toci_fail(error, TOC_ERR_DOMAIN, "w", 0, w[0], "0 for the interval of no steps");
    if (mode == TOC_MODE_DEFAULT && !(fabs(sum - 1.0) <= TOC_SERIAL_INTERVAL_TOLERANCE))
        return toci_fail(error, TOC_ERR_DOMAIN, "sum of w", TOC_NOWHERE, sum, "0.99 … 1.01");
    *scale = mode == TOC_MODE_R ? 1.0 : 1.0 / sum;
    return 0;
}

int toci_check_windows(const struct toc_window *windows, size_t num_windows, size_t n, struct toc_error *error)
{
    for (size_t i = 0; i < num_windows; i++) {
        if (windows[i].last >= n)
            return toci_fail(error, TOC_ERR_SHAPE, "windows.last", i, (double) windows[i].last, "a step of the series");
        if (windows[i].first > windows[i].last)
            return toci_fail(error, TOC_ERR_SHAPE, "windows.first", i, (double) windows[i].first, "at most last");
    }
    return 0;
}

int toci_check_probabilities(const double *probabilities, size_t num, struct toc_error *error)
{
    if (num > TOC_MAX_QUANTILES)
        return toci_fail(error, TOC_ERR_SHAPE, "num_probabilities", TOC_NOWHERE, (double) num, "at most 64");
    for (size_t i = 0; i < num; i++)
        if (!(probabilities[i] > 0 && probabilities[i] < 1))
            return toci_fail(error, TOC_ERR_DOMAIN, "probabilities", i, probabilities[i], "0 < p < 1");
    return 0;
}

size_t toci_steps_room(size_t n, size_t num_w)
{
    return 3 * n + num_w;
}

void toci_steps_init(struct toci_steps *steps, double *room, size_t n, const double *w, size_t num_w, double scale)
{
    while (num_w > 1 && w[num_w - 1] == 0)
        num_w--;
    *steps = (struct toci_steps){
        .cases = room, .local = room + n, .pressure = room + 2 * n, .reversed = room + 3 * n, .num_w = num_w
    };
    for (size_t k = 0; k < num_w; k++)
        steps->reversed[num_w - 1 - k] = w[k] * scale;
}

/* sum of w_s cases_{t-s}: both arrays are read forwards; four sums hide the latency of the additions. */
static double convolve(const double *w, const double *cases, size_t num)
{
    double sum[4] = { 0.0, 0.0, 0.0, 0.0 };
    size_t i = 0;
    for (; i + 4 <= num; i += 4) {
        sum[0] += w[i] * cases[i];
        sum[1] += w[i + 1] * cases[i + 1];
        sum[2] += w[i + 2] * cases[i + 2];
        sum[3] += w[i + 3] * cases[i + 3];
    }
    for (; i < num; i++)
        sum[0] += w[i] * cases[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The share of the serial interval that falls on missing steps among the `num` before t. */
static double missing_share(const struct toci_steps *steps, size_t t, size_t num)
{
    double share = 0.0;
    for (size_t s = 1; s <= num; s++)
        if (isnan(steps->local[t - s]))
            share += steps->reversed[steps->num_w - 1 - s];
    return share;
}

void toci_steps_fill(struct toci_steps *steps, size_t t, double cases, double imported, enum toc_mode mode)
{
    size_t reach = t < steps->num_w - 1 ? t : steps->num_w - 1;
    double pressure = convolve(steps->reversed + (steps->num_w - 1 - reach), steps->cases + (t - reach), reach);
    if (steps->any_missing) {
        double share = missing_share(steps, t, reach);
        pressure = share <= TOC_MAX_MISSING_PRESSURE ? pressure / (1.0 - share) : NAN;
    }
    bool missing = isnan(cases);
    bool no_source = mode == TOC_MODE_R ? t == 0 : pressure == 0;
    steps->cases[t] = missing ? 0.0 : cases;
    steps->local[t] = missing ? NAN : no_source ? 0.0 : cases - (isnan(imported) ? 0.0 : imported);
    steps->pressure[t] = pressure;
    steps->any_missing = steps->any_missing || missing;
}

void toci_steps_fill_all(struct toci_steps *steps, const struct toc_incidence *incidence, enum toc_mode mode)
{
    for (size_t t = 0; t < incidence->n; t++)
        toci_steps_fill(steps, t, incidence->cases[t], incidence->imported == NULL ? 0.0 : incidence->imported[t],
                        mode);
}

int toci_check_estimate(const struct toc_incidence *incidence, const struct toc_window *windows, size_t num_windows,
                        const double *probabilities, size_t num_probabilities, enum toc_mode mode,
                        struct toc_error *error)
{
    int ret = toci_check_incidence(incidence, mode, error);
    if (ret == 0)
        ret = toci_check_windows(windows, num_windows, incidence->n, error);
    if (ret == 0)
        ret = toci_check_probabilities(probabilities, num_probabilities, error);
    return ret;
}
