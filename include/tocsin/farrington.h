/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/farrington.h: is this count unusual for the time of year? Farrington's method, improved (2013) and old (1996).
 *
 * A step k is compared with a baseline: the same time of the year in the last years_back years. A quasi-Poisson
 * regression of the baseline counts, log mean = level of the season block + slope x time (+ log population), with
 * variance phi x mean, is fitted; rows with high residuals (past outbreaks) lose weight and it is fitted again; what
 * the model expects at k, and how much it may vary, gives the threshold.
 *
 * Flexible: the gaps between the reference windows [k - half_window, k + half_window] of the years are cut into
 * periods - 1 blocks with a level each, so that the whole of the last years is the baseline; the newest guard + 1 steps
 * are left out, so that an outbreak does not hide itself.
 *
 * Thresholds, one-sided, z = normal quantile(1 - alpha):
 *   delta      normal approximation after the power transformation e (2/3, 1/2 or 1):
 *              (mu^e + z sd)^(1/e), sd from phi and the standard error of mu
 *   nb-plugin  quantile(1 - alpha) of the negative binomial with mean mu and variance phi mu; Poisson where phi = 1
 *   muan       as nb-plugin with mu at its own upper confidence limit, exp(log mu + z se)
 * alarm = y_k > threshold and y_k > 0. Fewer than min_cases cases within the last min_cases_steps steps: not assessed.
 *
 * TOC_MODE_DEFAULT differs from R (docs/methods/farrington-flexible.md says why):
 *   - a baseline without a single case: the first case alarms, whatever min_cases says. expected = 1 / (2 E), E = rows
 *     weighted by population, and p = 1 - sqrt(E / (E + 1)), the predictive distribution of Jeffreys' prior;
 *     a season block without a case: the quantile of that distribution at 1 - alpha is the threshold;
 *   - scores are on the count scale for all thresholds;
 *   - standard errors use phi (R: a working residual that shrinks with the mean);
 *   - time has one origin; reference windows that begin before the series, and reference dates that are not in it, make
 *     this step not assessed and nothing else;
 *   - missing counts are left out of the baseline, of which half must be there, and of the recent cases;
 *   - weeks of a holiday (labels of tocsin/calendar.h) have their own level (TOC_HOLIDAYS_FACTOR); those of fewer than
 *     three earlier years are left out of the baseline, and such a step is not assessed;
 *   - daily series with dates: each weekday has its own level (TOC_WEEKDAYS_STRATA);
 *   - fewer recent cases than min_cases: not assessed (R: "no alarm"; in TOC_MODE_R the reason stands beside it).
 * TOC_MODE_R: the numbers of surveillance::farringtonFlexible 1.20.3. Where R stops with an error: not assessed.
 *
 * Source: Noufaily et al. 2013, doi:10.1002/sim.5595; Farrington et al. 1996, doi:10.2307/2983331;
 * Salmon, Schumacher and Höhle 2016, doi:10.18637/jss.v070.i10.
 */
#ifndef TOCSIN_FARRINGTON_H
#define TOCSIN_FARRINGTON_H

#include <stdbool.h>
#include <stddef.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"
#include "tocsin/window.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_farrington_threshold { TOC_FARRINGTON_DELTA = 0, TOC_FARRINGTON_NB_PLUGIN = 1, TOC_FARRINGTON_MUAN = 2 };

/* What is done with steps that a calendar labels. In TOC_MODE_R: nothing. */
enum toc_holidays {
    TOC_HOLIDAYS_FACTOR = 0, /* each label has its own level, from three earlier years on; with fewer as skip */
    TOC_HOLIDAYS_SKIP = 1,   /* left out of the baseline, and not assessed */
    TOC_HOLIDAYS_IGNORE = 2  /* as if there were no calendar */
};

/* Power transformation of the delta threshold. */
enum toc_farrington_power {
    TOC_FARRINGTON_TWO_THIRDS = 0, /* corrects skewness */
    TOC_FARRINGTON_HALF = 1,       /* stabilises the variance */
    TOC_FARRINGTON_UNTRANSFORMED = 2
};

/* Lengths are in steps. TOC_FARRINGTON_BY_STEP chooses by the time step: for days, weeks, months
 * half_window 7, 3, 1; periods 10, 10, 4; guard 182, 26, 6. In TOC_MODE_R it is an error except for guard, where it
 * means half_window, as in R. */
#define TOC_FARRINGTON_BY_STEP (-1)
#define TOC_FARRINGTON_MAX_YEARS 100
#define TOC_FARRINGTON_MAX_STEPS 10000

struct toc_farrington_flexible_options {
    enum toc_mode                 mode;
    enum toc_weekdays             weekdays;
    enum toc_holidays             holidays;
    enum toc_farrington_threshold threshold;
    enum toc_farrington_power     power;           /* of TOC_FARRINGTON_DELTA */
    int                           years_back;      /* 1 … 100 */
    int                           half_window;     /* 0 … 10,000 or TOC_FARRINGTON_BY_STEP */
    int                           periods;         /* 1 = only the windows; or TOC_FARRINGTON_BY_STEP */
    int                           guard;           /* newest steps left out, one fewer than are: 0 … 10,000 */
    int                           min_cases;       /* >= 0; 0 = always assess */
    int                           min_cases_steps; /* 1 … 10,000 */
    double                        alpha;           /* 0 < alpha < 1: one-sided false-alarm probability a step */
    double                        trend_p_limit;   /* the slope stays if its p-value is below; 1 = always */
    double                        residual_limit;  /* Anscombe residuals above it lose weight */
    bool                          trend;           /* whether a slope is tried: needs 3 years and no extrapolation */
    bool                          reweight;
    bool                          population_offset; /* series->population must be there */
};

/* The improved setting of Noufaily et al.: seldom a false alarm at similar power. */
#define TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT                                                                           \
    {                                                                                                                  \
        .threshold = TOC_FARRINGTON_NB_PLUGIN, .years_back = 5, .half_window = TOC_FARRINGTON_BY_STEP,                 \
        .periods = TOC_FARRINGTON_BY_STEP, .guard = TOC_FARRINGTON_BY_STEP, .min_cases = 5, .min_cases_steps = 4,      \
        .alpha = 0.005, .trend_p_limit = 1.0, .residual_limit = 2.58, .trend = true, .reweight = true                  \
    }
/* What R's function does when nothing is set. */
#define TOC_FARRINGTON_FLEXIBLE_R_OPTIONS_INIT                                                                         \
    {                                                                                                                  \
        .mode = TOC_MODE_R, .threshold = TOC_FARRINGTON_DELTA, .years_back = 5, .half_window = 3, .periods = 1,        \
        .guard = TOC_FARRINGTON_BY_STEP, .min_cases = 5, .min_cases_steps = 4, .alpha = 0.05, .trend_p_limit = 0.05,   \
        .residual_limit = 2.58, .trend = true, .reweight = true                                                        \
    }

/* What lies behind one judgement. NaN where there is no number; everything NaN or 0 where the step has no fit. */
struct toc_farrington_detail {
    double expected; /* mean of the count; in TOC_MODE_R NaN where recent cases are too few, 0 without a fit */
    double threshold;
    double score;             /* also where recent cases are too few */
    double p_value;           /* of a count this high; 1996: upper tail of the transformed normal */
    double phi;               /* overdispersion, >= 1 */
    double trend_coefficient; /* slope a step, log scale; NaN without a slope */
    double log_mean;          /* linear predictor at the step */
    double log_mean_se;
    double quantile_mean; /* mean whose quantile is the threshold; R's mu0Vector */
    size_t baseline_rows; /* counts the model was fitted to */
    bool   trend;         /* whether the slope stayed */
};

/* Judge num steps of a series, beginning with step `first` (0-based).
 *
 * judgements   room for num; untouched on failure
 * details      room for num, or NULL: then p-values are not computed, which saves time
 *
 * Cost: O(years_back * steps_per_year) a step with about ten exponentials a row, four rows at a time; one request for
 * memory a call, of bytes in proportion to the years and num, whatever the history. Errors: TOC_ERR_OPTION (also where
 * the periods do not fit into a year), TOC_ERR_DOMAIN, TOC_ERR_SHAPE, TOC_ERR_UNSUPPORTED (population_offset without
 * population), TOC_ERR_NO_MEMORY.
 */
int toc_farrington_flexible_judge(const struct toc_series *series, size_t first, size_t num,
                                  const struct toc_farrington_flexible_options *options,
                                  const struct toc_allocator *allocator, struct toc_judgement *judgements,
                                  struct toc_farrington_detail *details, struct toc_error *error);

/* The method of 1996: the baseline is the windows [k - half_window, k + half_window] of earlier years and nothing
 * between them, one level, residual limit 1, a slope if its p-value is below 0.05, and a two-sided delta threshold, so
 * that alpha = 0.05 here compares with alpha = 0.025 of the flexible method. For new work use the flexible method; this
 * one is for comparison with the past: it gives two to ten times as many false alarms.
 *
 * TOC_MODE_DEFAULT: everything said above of the flexible method's default mode holds.
 * TOC_MODE_R: the numbers of surveillance::farrington 1.20.3; rows of a window outside the series are left out without
 *     a word, a missing count in the baseline makes the step not assessed, and too few recent cases give "no alarm"
 *     with threshold 0, score 0 and the reason beside it.
 */
enum toc_farrington_offset {
    TOC_FARRINGTON_NO_OFFSET = 0,
    TOC_FARRINGTON_POPULATION = 1 /* counts are proportional to series->population, which must be there */
};

struct toc_farrington_options {
    enum toc_mode              mode;
    enum toc_weekdays          weekdays;
    enum toc_farrington_power  power;
    enum toc_farrington_offset offset;
    int                        years_back;      /* 1 … 100 */
    int                        half_window;     /* 0 …, 2 half_window + 1 steps within a year */
    int                        min_cases;       /* >= 0; 0 = always assess */
    int                        min_cases_steps; /* 1 … 10,000 */
    double                     alpha;           /* 0 < alpha < 1, two-sided */
    bool                       trend;           /* whether a slope is tried */
    bool                       reweight;        /* whether past outbreaks in the baseline lose weight */
};
#define TOC_FARRINGTON_OPTIONS_INIT                                                                                    \
    {                                                                                                                  \
        .years_back = 5, .half_window = 3, .min_cases = 5, .min_cases_steps = 4, .alpha = 0.05, .trend = true,         \
        .reweight = true                                                                                               \
    }

/* As toc_farrington_flexible_judge(). */
int toc_farrington_judge(const struct toc_series *series, size_t first, size_t num,
                         const struct toc_farrington_options *options, const struct toc_allocator *allocator,
                         struct toc_judgement *judgements, struct toc_farrington_detail *details,
                         struct toc_error *error);

/* The streaming states; their contract stands in tocsin/window.h. Two requests for memory at init, none a step. A state
 * holds the rows of years_back years and their logarithms; a step costs what one step of a whole series costs. A series
 * without gaps in its dates is assumed: rows farther back than years_back years' worth are forgotten. */
struct toc_farrington_flexible_state {
    struct toc_recent window;
    void             *engine; /* of the library */
    size_t            engine_size;
};
int  toc_farrington_flexible_state_init(struct toc_farrington_flexible_state *state, const struct toc_series *history,
                                        const struct toc_farrington_flexible_options *options,
                                        const struct toc_allocator *allocator, struct toc_error *error);
int  toc_farrington_flexible_state_next(struct toc_farrington_flexible_state *state, const struct toc_step *step,
                                        struct toc_judgement *judgement, struct toc_error *error);
void toc_farrington_flexible_state_free(struct toc_farrington_flexible_state *state);

struct toc_farrington_state {
    struct toc_farrington_flexible_state same;
};
int  toc_farrington_state_init(struct toc_farrington_state *state, const struct toc_series *history,
                               const struct toc_farrington_options *options, const struct toc_allocator *allocator,
                               struct toc_error *error);
int  toc_farrington_state_next(struct toc_farrington_state *state, const struct toc_step *step,
                               struct toc_judgement *judgement, struct toc_error *error);
void toc_farrington_state_free(struct toc_farrington_state *state);

#ifdef __cplusplus
}
#endif
#endif
