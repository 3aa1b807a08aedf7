/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/run_length.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"

#define ROUNDING 1e-9 /* places nearer than this to a state are that state */

/* The chain over n states: R row by row, the probability of an alarm from each, and the steps to it. */
struct chain {
    size_t  n;
    double *move;  /* n x n */
    double *alarm; /* n */
    double *steps; /* n */
};

/* Reference and limit in states are products of decimals: 0.1 x 30 must be 3. */
static double snap(double place)
{
    double whole = nearbyint(place);
    return fabs(place - whole) < ROUNDING ? whole : place;
}

/* Put the probability of a sum at this place (in states, below the limit) on the states beside it. */
static void spread(struct chain *chain, double *row, double place, double probability)
{
    double low = floor(place), share = place - low;
    size_t state = (size_t) low;
    if (state + 1 >= chain->n) { /* no alarm yet, but no state beyond */
        row[chain->n - 1] += probability;
        return;
    }
    row[state] += (1.0 - share) * probability;
    row[state + 1] += share * probability;
}

/* All moves from one state. */
static void fill_row(struct chain *chain, size_t state, double mean, double reference, double limit, double lattice)
{
    double *row = chain->move + state * chain->n;
    double  base = (double) state - reference * lattice, count = 0.0;
    for (size_t j = 0; j < chain->n; j++)
        row[j] = 0.0;
    for (;; count += 1.0) {
        double place = snap(base + count * lattice);
        if (place >= snap(limit * lattice))
            break;
        spread(chain, row, fmax(0.0, place), dpois(count, mean, 0));
    }
    chain->alarm[state] = ppois(count - 1.0, mean, 0, 0);
    chain->steps[state] = 1.0;
}

/* Take states out from the last on. A chain that never sees state s moves from i to j with probability R(i, j) +
 * R(i, s) R(s, j) / leaves(s), to the alarm alike, and each visit to s that it no longer sees adds the steps spent
 * there. What leaves a state for another place is a sum of positive terms, never 1 - R(s, s), so nothing cancels and
 * the smallest alarm probabilities keep all digits. Then fill in the steps from the first state on. */
static void solve(struct chain *chain)
{
    size_t n = chain->n;
    for (size_t s = n; s-- > 1;) {
        double *row = chain->move + s * n, leaves = chain->alarm[s];
        for (size_t j = 0; j < s; j++)
            leaves += row[j];
        row[s] = leaves;
        for (size_t i = 0; i < s; i++) {
            double *other = chain->move + i * n, share = other[s] / leaves;
            if (share == 0)
                continue;
            for (size_t j = 0; j < s; j++)
                other[j] += share * row[j];
            chain->alarm[i] += share * chain->alarm[s];
            chain->steps[i] += share * chain->steps[s];
        }
    }
    chain->steps[0] /= chain->alarm[0];
    for (size_t s = 1; s < n; s++) {
        const double *row = chain->move + s * n;
        for (size_t j = 0; j < s; j++)
            chain->steps[s] += row[j] * chain->steps[j];
        chain->steps[s] /= row[s];
    }
}

static int check(double mean, double reference, double limit, int lattice, struct toc_error *error)
{
    if (!(mean > 0) || isinf(mean))
        return toci_fail(error, TOC_ERR_OPTION, "mean", TOC_NOWHERE, mean, "> 0, finite");
    if (!(reference > 0) || isinf(reference))
        return toci_fail(error, TOC_ERR_OPTION, "reference", TOC_NOWHERE, reference, "> 0, finite");
    if (!(limit > 0) || isinf(limit))
        return toci_fail(error, TOC_ERR_OPTION, "limit", TOC_NOWHERE, limit, "> 0, finite");
    if (lattice < 1)
        return toci_fail(error, TOC_ERR_OPTION, "lattice", TOC_NOWHERE, lattice, ">= 1");
    if (ceil(snap(limit * lattice)) > TOC_RUN_LENGTH_MAX_STATES)
        return toci_fail(error, TOC_ERR_TOO_LARGE, "limit * lattice", TOC_NOWHERE, limit * lattice, "<= 1000");
    return 0;
}

/* Steps from any place below the limit, between two states in proportion. */
static double steps_from(const struct chain *chain, double place)
{
    size_t state = (size_t) place;
    double share = place - floor(place);
    if (state + 1 >= chain->n)
        return chain->steps[chain->n - 1];
    return (1.0 - share) * chain->steps[state] + share * chain->steps[state + 1];
}

int toc_run_length_cusum(double mean, double reference, double limit, int lattice,
                         const struct toc_allocator *allocator, struct toc_run_length *run_length,
                         struct toc_error *error)
{
    struct chain chain = { 0 };
    double      *more = NULL;
    int          ret = check(mean, reference, limit, lattice, error);
    if (ret != 0)
        goto out;
    chain.n = (size_t) ceil(snap(limit * lattice));
    chain.move = toci_allocate(allocator, chain.n * chain.n, sizeof *chain.move, &ret, error);
    if (chain.move == NULL)
        goto out;
    more = toci_allocate(allocator, 2 * chain.n, sizeof *more, &ret, error);
    if (more == NULL)
        goto out;
    chain.alarm = more;
    chain.steps = more + chain.n;
    for (size_t state = 0; state < chain.n; state++)
        fill_row(&chain, state, mean, reference, limit, lattice);
    solve(&chain);
    run_length->from_zero = chain.steps[0];
    run_length->from_half = steps_from(&chain, snap(0.5 * limit * lattice));
out:
    toci_release(allocator, more, 2 * chain.n, sizeof *more);
    toci_release(allocator, chain.move, chain.n * chain.n, sizeof *chain.move);
    return ret;
}

int toc_run_length_lr_poisson(double in_control_mean, double log_rate_ratio, double limit, double actual_mean,
                              const struct toc_allocator *allocator, struct toc_run_length *run_length,
                              struct toc_error *error)
{
    const double wanted = 400.0; /* states: half a per cent of error at most, in milliseconds */
    if (!(in_control_mean > 0) || isinf(in_control_mean))
        return toci_fail(error, TOC_ERR_OPTION, "in_control_mean", TOC_NOWHERE, in_control_mean, "> 0, finite");
    if (!(log_rate_ratio > 0) || isinf(log_rate_ratio))
        return toci_fail(error, TOC_ERR_OPTION, "log_rate_ratio", TOC_NOWHERE, log_rate_ratio, "> 0, finite");
    double reference = in_control_mean * expm1(log_rate_ratio) / log_rate_ratio, in_cases = limit / log_rate_ratio;
    double lattice = fmax(1.0, floor(wanted / in_cases));
    return toc_run_length_cusum(actual_mean, reference, in_cases, lattice < 1e6 ? (int) lattice : 1000000, allocator,
                                run_length, error);
}
