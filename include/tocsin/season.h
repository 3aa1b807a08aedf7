/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/season.h: when a season's epidemic starts and ends, and how intense it is: the moving epidemic method.
 *
 * Another question than "unusual for the time of year": every winter's influenza is usual for its time of year. Here
 * past seasons tell what is too much for the weeks before an epidemic, and how high epidemics reach.
 *
 * Values are rates per 100,000 where the series has a population, else counts. For each past season of n weeks:
 *   timing      t_r = the largest share (percent) of the season's total that r consecutive weeks hold. The epidemic is
 *               the r weeks that hold t_r for the least r with t_{r+1} - t_r < delta: one more week adds too little.
 *               Of equal stretches the earliest. Weeks before it are pre-epidemic, those after it post-epidemic.
 * From the seasons together, k = num_values / (number of seasons), rounded, at least 1:
 *   threshold   mean + z sd of the k highest pre-epidemic values of each season, z = normal quantile of `level`
 *   end         the same of the post-epidemic values
 *   intensity   exp(mean + z sd of the logarithms) of the k highest epidemic values of each season, with z of
 *               intensity[0 … 2]: above them a week is medium, high, very high; zeros have no logarithm and are left
 * out sd has the divisor (number of values - 1). These are quantiles of a normal distribution fitted to the values, not
 * confidence limits of their mean, which the published words ("confidence interval") leave open; see Bracher and
 * Littek.
 *
 * The current season starts in the first week above the threshold and ends in the first week after it that is below the
 * end threshold; it may start again. Its thresholds come from the newest max_seasons whole seasons before it.
 *
 * Weeks are counted by ISO 8601, a week that begins on another day by the ISO week that holds most of it. A season runs
 * from first_week to last_week of the next year (of the same year where last_week >= first_week).
 * A missing count inside a past season is replaced by the straight line between its neighbours (at an end, by the
 * nearest); a season with more than a tenth missing, without any case, or cut off by the series' start is not used.
 *
 * Source: Vega et al. 2013, doi:10.1111/j.1750-2659.2012.00422.x; intensity: Vega et al. 2015, doi:10.1111/irv.12330;
 * what the intervals are: Bracher and Littek 2024, doi:10.1093/jrsssa/qnae116.
 */
#ifndef TOCSIN_SEASON_H
#define TOCSIN_SEASON_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toc_season_options {
    int    first_week;   /* 1 … 52: ISO week in which a season begins */
    int    last_week;    /* 1 … 53 */
    int    min_seasons;  /* 2 … max_seasons: with fewer past seasons nothing is assessed */
    int    max_seasons;  /* … TOC_SEASON_MAX_SEASONS */
    int    num_values;   /* >= 2: values from all seasons together */
    double delta;        /* 0 < delta < 100, percent of a season's total */
    double level;        /* 0 < level < 1 */
    double intensity[3]; /* ascending, each 0 … 1, ends excluded */
};
#define TOC_SEASON_MAX_SEASONS 30
#define TOC_SEASON_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        .first_week = 40, .last_week = 20, .min_seasons = 5, .max_seasons = 10, .num_values = 30, .delta = 2.8,        \
        .level = 0.95, .intensity = {                                                                                  \
            0.4,                                                                                                       \
            0.9,                                                                                                       \
            0.975                                                                                                      \
        }                                                                                                              \
    }

/* The epidemic within one season. */
struct toc_season_timing {
    size_t first;   /* its first week, 0-based from the season's first */
    size_t last;    /* inclusive */
    double percent; /* of the season's total that it holds */
};

/* value   n >= 1 values >= 0, none missing, their sum > 0
 * Cost: n^2 additions, no allocation. Errors: TOC_ERR_DOMAIN, TOC_ERR_SHAPE (n = 0), TOC_ERR_OPTION (delta). */
int toc_season_find_epidemic(const double *value, size_t n, double delta, struct toc_season_timing *timing,
                             struct toc_error *error);

enum toc_season_level {
    TOC_SEASON_BASELINE = 0, /* not above the threshold (before the start), or below the end threshold (after it) */
    TOC_SEASON_LOW = 1,
    TOC_SEASON_MEDIUM = 2,
    TOC_SEASON_HIGH = 3,
    TOC_SEASON_VERY_HIGH = 4
};

/* What is said of one week. Thresholds are counts of that week (rates times its population, where there is one). */
struct toc_season_week {
    int                   season;    /* year in which its season began; 0 = no season */
    double                threshold; /* the one that matters: of the start before it, of the end within the epidemic */
    double                intensity[3]; /* above: medium, high, very high */
    bool                  epidemic;
    bool                  starts; /* the first week of an epidemic */
    bool                  ends;   /* the first week after one */
    enum toc_season_level level;
    enum toc_reason       reason; /* TOC_REASON_NONE where the week was assessed; else thresholds are NaN, level 0 */
};

/* Judge num weeks of a weekly series with dates, beginning with week `first` (0-based).
 *
 * weeks    room for num; untouched on failure. Weeks between seasons have TOC_REASON_OFF_SEASON, those with too few
 * past seasons TOC_REASON_SHORT_HISTORY; a missing count is not assessed and neither starts nor ends an epidemic.
 *
 * Cost: a few times n * (weeks of a season); two requests for memory. Errors: TOC_ERR_OPTION, TOC_ERR_DOMAIN
 * (counts; steps_per_year other than 52; no dates), TOC_ERR_SHAPE, TOC_ERR_NO_MEMORY.
 */
int toc_season_judge(const struct toc_series *series, size_t first, size_t num,
                     const struct toc_season_options *options, const struct toc_allocator *allocator,
                     struct toc_season_week *weeks, struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
