/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_ensemble.h: the runs of one scenario as numbers: totals by day, statistics of a run, quantiles of runs.
 *
 * The statistics are a few that are made here and the sum of every FLOW column (tocsin/simulation_parameters.def).
 */
#ifndef CLI_SIMULATE_ENSEMBLE_H
#define CLI_SIMULATE_ENSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "formats/scenario_file.h"

struct simulate_ensemble {
    const struct scenario *scenario;
    size_t                 num_runs;
    uint64_t               first_seed; /* run i has the seed first_seed + i */
    uint32_t               days;
    size_t                 num_areas; /* 1 where the scenario has none */
    size_t                 num_shown; /* places of the scenario's report_level; 1 where it has none */
    double                 persons;
    double                *totals;     /* [run][day][column], of all areas and ages */
    double                *infections; /* [run][day][place]; NULL where there is one place or too many to draw */
    double                *contacts;   /* [run] of a person and day, without measures */
};

/* Memory for the totals. Returns 0 or TOC_ERR_NO_MEMORY. */
int  simulate_ensemble_init(const struct scenario *scenario, uint64_t first_seed, size_t num_runs,
                            struct simulate_ensemble *ensemble);
void simulate_ensemble_free(struct simulate_ensemble *ensemble);

/* Take the cells of a run, [day][area][age][column], and its mean contacts. */
void simulate_ensemble_take(struct simulate_ensemble *ensemble, size_t run, const uint32_t *cells, double contacts);

/* The place after `before` (NULL: the first) of those that files and pictures show; NULL at the end. */
const struct scenario_place *simulate_next_shown(const struct scenario *scenario, const struct scenario_place *before);

double simulate_total(const struct simulate_ensemble *ensemble, size_t run, uint32_t day,
                      enum toc_simulation_column column);

/* ---- what is drawn and listed by day ---- */

/* A column, or a sum of several. */
struct simulate_curve {
    const char                *name;  /* as in the files */
    const char                *title; /* for people */
    enum toc_simulation_column columns[3];
    size_t                     num_columns;
};
extern const struct simulate_curve simulate_curves[];
#define SIMULATE_NUM_CURVES 6

double simulate_curve_value(const struct simulate_ensemble *ensemble, size_t run, uint32_t day,
                            const struct simulate_curve *curve);

/* ---- statistics of a run ---- */

struct simulate_statistic {
    const char *name;
    const char *meaning;
    int         decimals; /* for people */
};
#define SIMULATE_MAX_STATISTICS 40
size_t simulate_statistics(const struct simulate_statistic **statistics);

/* values: one for each statistic. peak_day and last_infection_day are numbers of days; NaN where nobody was infected.
 */
void simulate_run_statistics(const struct simulate_ensemble *ensemble, size_t run, double *values);

/* ---- quantiles ---- */

/* Of n values, NaN left out, which are sorted in place: interpolated between order statistics (Hyndman and Fan 1996,
 * type 7, doi:10.2307/2684934). NaN where there is none. */
#define SIMULATE_NUM_QUANTILES 5
extern const double simulate_probabilities[SIMULATE_NUM_QUANTILES]; /* 0.05, 0.25, 0.5, 0.75, 0.95 */
void                simulate_quantiles(double *values, size_t n, double quantiles[SIMULATE_NUM_QUANTILES]);

/* Mean of n differences and the half-width of its 95 % interval (Student's t); NaN for n < 2. NaN values are left
 * out; *used is how many there were. */
void simulate_mean_interval(const double *differences, size_t n, double *mean, double *half_width, size_t *used);

#endif
