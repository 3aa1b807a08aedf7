/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/serial_interval.h"

#include <Random123/philox.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"

static int check_mean_sd(double mean, double sd, struct toc_error *error)
{
    if (!(mean > 1 && mean <= TOC_SERIAL_INTERVAL_MAX_MEAN))
        return toci_fail(error, TOC_ERR_OPTION, "mean", TOC_NOWHERE, mean, "1 < mean <= 1000 steps");
    if (!(sd > 0 && sd <= TOC_SERIAL_INTERVAL_MAX_MEAN))
        return toci_fail(error, TOC_ERR_OPTION, "sd", TOC_NOWHERE, sd, "0 < sd <= 1000 steps");
    return 0;
}

static int check_length(size_t num_w, struct toc_error *error)
{
    if (num_w < 1 || num_w > TOC_SERIAL_INTERVAL_MAX)
        return toci_fail(error, TOC_ERR_SHAPE, "num_w", TOC_NOWHERE, (double) num_w, "1 … 3660 entries");
    return 0;
}

int toc_serial_interval_discretise(double mean, double sd, double *w, size_t num_w, struct toc_error *error)
{
    int ret = check_mean_sd(mean, sd, error);
    if (ret == 0)
        ret = check_length(num_w, error);
    if (ret != 0)
        goto out;

    double shape = (mean - 1.0) / sd * ((mean - 1.0) / sd), scale = sd * sd / (mean - 1.0);
    /* F and H: distribution functions of shape a and a + 1 at k, k - 1 and k - 2 */
    double F[3] = { 0.0, 0.0, 0.0 }, H[3] = { 0.0, 0.0, 0.0 };
    w[0] = 0.0;
    for (size_t i = 1; i < num_w; i++) {
        double k = (double) i;
        F[2] = F[1], F[1] = F[0];
        H[2] = H[1], H[1] = H[0];
        if (F[2] == 1.0 && H[2] == 1.0) { /* from here on every term cancels exactly */
            w[i] = 0.0;
            continue;
        }
        F[0] = pgamma(k, shape, scale, 1, 0);
        H[0] = pgamma(k, shape + 1.0, scale, 1, 0);
        double mass = k * F[0] + (k - 2.0) * F[2] - 2.0 * (k - 1.0) * F[1];
        mass += shape * scale * (2.0 * H[1] - H[2] - H[0]);
        w[i] = fmax(0.0, mass);
    }
out:
    return ret;
}

int toc_serial_interval_length(double mean, double sd, double tail, size_t *num_w, struct toc_error *error)
{
    int ret = check_mean_sd(mean, sd, error);
    if (ret != 0)
        goto out;
    if (!(tail > 0 && tail < 1)) {
        ret = toci_fail(error, TOC_ERR_OPTION, "tail", TOC_NOWHERE, tail, "0 < tail < 1");
        goto out;
    }
    /* The triangle moves mass by less than one step, so nothing with 1 + G <= k lies beyond entry k + 1. */
    double shape = (mean - 1.0) / sd * ((mean - 1.0) / sd), scale = sd * sd / (mean - 1.0);
    double last = ceil(1.0 + qgamma(tail, shape, scale, 0, 0)) + 1.0;
    if (!(last < TOC_SERIAL_INTERVAL_MAX)) {
        ret = toci_fail(error, TOC_ERR_OPTION, "sd", TOC_NOWHERE, sd, "an interval that ends within 3660 steps");
        goto out;
    }
    *num_w = (size_t) last + 1;
out:
    return ret;
}

int toc_serial_interval_normalise(double *w, size_t num_w, struct toc_error *error)
{
    int ret = check_length(num_w, error);
    if (ret != 0)
        goto out;
    double sum = 0.0;
    for (size_t k = 0; k < num_w; k++) {
        if (!(w[k] >= 0) || isinf(w[k])) {
            ret = toci_fail(error, TOC_ERR_DOMAIN, "w", k, w[k], "a probability");
            goto out;
        }
        sum += w[k];
    }
    if (w[0] != 0) {
        ret = toci_fail(error, TOC_ERR_DOMAIN, "w", 0, w[0], "0 for the interval of no steps");
        goto out;
    }
    if (!(fabs(sum - 1.0) <= TOC_SERIAL_INTERVAL_TOLERANCE)) {
        ret = toci_fail(error, TOC_ERR_DOMAIN, "sum of w", TOC_NOWHERE, sum, "0.99 … 1.01");
        goto out;
    }
    for (size_t k = 0; k < num_w; k++)
        w[k] /= sum;
out:
    return ret;
}

struct toc_serial_interval_moments toc_serial_interval_moments(const double *w, size_t num_w)
{
    double sum = 0.0, first = 0.0, second = 0.0;
    for (size_t k = 0; k < num_w; k++) {
        double step = (double) k;
        sum += w[k];
        first += step * w[k];
        second += step * step * w[k];
    }
    return (struct toc_serial_interval_moments){ sum, first, sqrt(fmax(0.0, second - first * first)) };
}

/* ---- uncertain intervals ---- */

static int check_truncated(double mean, double sd, double low, double high, double least, const char *what,
                           struct toc_error *error)
{
    if (!isfinite(mean))
        return toci_fail(error, TOC_ERR_OPTION, what, TOC_NOWHERE, mean, "a finite number");
    if (!(sd > 0) || isinf(sd))
        return toci_fail(error, TOC_ERR_OPTION, what, TOC_NOWHERE, sd, "a standard deviation > 0, finite");
    if (!(low > least && low < high && high <= TOC_SERIAL_INTERVAL_MAX_MEAN))
        return toci_fail(error, TOC_ERR_OPTION, what, TOC_NOWHERE, low,
                         least > 0 ? "bounds 1 < low < high <= 1000" : "bounds 0 < low < high <= 1000");
    return 0;
}

int toc_uncertain_interval_check(const struct toc_uncertain_interval *uncertain, struct toc_error *error)
{
    int ret = check_truncated(uncertain->mean, uncertain->mean_sd, uncertain->mean_low, uncertain->mean_high, 1.0,
                              "uncertain.mean", error);
    if (ret == 0)
        ret = check_truncated(uncertain->sd, uncertain->sd_sd, uncertain->sd_low, uncertain->sd_high, 0.0,
                              "uncertain.sd", error);
    if (ret == 0 && (uncertain->draws < 1 || uncertain->draws > TOC_MAX_DRAWS))
        ret = toci_fail(error, TOC_ERR_OPTION, "uncertain.draws", TOC_NOWHERE, uncertain->draws, "1 … 10000");
    return ret;
}

/* The u quantile of a normal distribution cut to low … high. Mirrored where the bounds lie in the upper tail, so that
 * the difference of two distribution functions keeps its digits. */
static double truncated_normal(double u, double mean, double sd, double low, double high)
{
    if (low > mean)
        return -truncated_normal(1.0 - u, -mean, sd, -high, -low);
    double below = pnorm(low, mean, sd, 1, 0), inside = pnorm(high, mean, sd, 1, 0) - below;
    if (!(inside > 0)) /* bounds some forty standard deviations away: nothing but their nearer end is left */
        return high;
    return fmin(high, fmax(low, qnorm(below + u * inside, mean, sd, 1, 0)));
}

static double uniform(uint64_t bits)
{
    return ((double) (bits >> 11) + 0.5) * 0x1p-53;
}

void toc_serial_interval_draw(const struct toc_uncertain_interval *uncertain, int draw, double *mean, double *sd)
{
    philox2x64_ctr_t counter = { { (uint64_t) draw, 0 } };
    philox2x64_key_t key = { { uncertain->seed } };
    philox2x64_ctr_t bits = philox2x64(counter, key);
    *mean = truncated_normal(uniform(bits.v[0]), uncertain->mean, uncertain->mean_sd, uncertain->mean_low,
                             uncertain->mean_high);
    *sd = truncated_normal(uniform(bits.v[1]), uncertain->sd, uncertain->sd_sd, uncertain->sd_low, uncertain->sd_high);
}
