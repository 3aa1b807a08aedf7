/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/likelihood_ratio_chart.h: the control charts behind tocsin/glr.h, one step at a time.
 *
 * A chart holds what it needs of the steps since it last began: nothing but a sum for the LR rule, the newest window
 * for the GLR rules. A whole series and a stream go through the same calls, so their numbers are the same bits.
 * tocsin/glr.h states the formulas.
 */
#ifndef LIB_LIKELIHOOD_RATIO_CHART_H
#define LIB_LIKELIHOOD_RATIO_CHART_H

#include "internal.h"

struct toci_chart_rule {
    bool   generalized;     /* GLR; else LR with log_rate_ratio */
    bool   epidemic;        /* mean mu + lambda x(t-1) instead of e^kappa mu; GLR only */
    bool   decrease;        /* GLR only */
    bool   compat;          /* TOC_MODE_R */
    double limit;           /* > 0 */
    double log_rate_ratio;  /* not 0; LR only */
    size_t window;          /* a change is sought at most so many steps back; SIZE_MAX = since the chart began */
    size_t shortest_window; /* >= 1 steps from the change to now, both included */
    double max_cases;       /* where the search for cases gives up */
};

struct toci_chart_step {
    double score, information;
};

struct toci_chart {
    struct toci_chart_rule rule;
    double                 overdispersion; /* 0 = Poisson */
    size_t                 room, held;     /* steps that fit, and that stand in the arrays; the newest is last */
    double                *count, *mean;
    double                *before; /* the count of the step before each */
    double                *peak;   /* the largest mean from each step to the newest */
    double                *score;  /* of kappa at 0, for a change at each step, summed to the step before the newest */
    double                *information;      /* of kappa at 0, so too */
    double                *kappa;            /* the last estimate for a change at each step */
    double                *estimate, *bound; /* within one call: kappa, and what the statistic cannot exceed */
    struct toci_chart_step newest;           /* what the newest step adds to the sums */
    double                 sum, sum_before;  /* LR: S now and before the newest step */
    double                 last_count;       /* of the newest step, kept when the chart begins anew */
};

/* Working memory in doubles for a chart that sees at most max_steps; a stream passes SIZE_MAX and needs a window. */
size_t toci_chart_doubles(const struct toci_chart_rule *rule, size_t max_steps);

/* An empty chart on that memory. */
void toci_chart_open(struct toci_chart *chart, const struct toci_chart_rule *rule, size_t max_steps, double *memory);

/* Begin anew, with this overdispersion, on the step after the newest. */
void toci_chart_begin(struct toci_chart *chart, double overdispersion);

/* Take one step: a count and its in-control mean (> 0). Returns the statistic. */
double toci_chart_step(struct toci_chart *chart, double count, double mean);

bool toci_chart_alarms(const struct toci_chart *chart, double statistic);

/* The smallest count that would have alarmed in the newest step (LR: not rounded), with the statistic that the actual
 * count gave. INFINITY where there is none up to max_cases. Compat: as R answers, 1e99 for none. */
double toci_chart_cases(struct toci_chart *chart, double mean, double statistic);

#endif
