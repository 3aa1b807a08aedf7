/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_report.h: runs of one scenario, or of two side by side, for people: fans by day and a table. */
#ifndef CLI_SIMULATE_REPORT_H
#define CLI_SIMULATE_REPORT_H

#include "base/sink.h"
#include "cli/simulate_ensemble.h"

#define SIMULATE_MAX_SCENARIOS 2

/* One line of the table of one scenario, by statistic. */
struct simulate_summary {
    double mean, quantiles[SIMULATE_NUM_QUANTILES];
};

/* One line of the comparison of two, by statistic: run by run, the second less the first. */
struct simulate_difference {
    double median[SIMULATE_MAX_SCENARIOS];
    double mean, low, high; /* of the differences; 95 % interval */
    double share_lower;     /* of the pairs, those in which the second is lower */
    size_t num_pairs;
};

/* Both need room for simulate_statistics() lines. Return 0 or TOC_ERR_NO_MEMORY. */
int simulate_summarise(const struct simulate_ensemble *ensemble, struct simulate_summary *lines);
int simulate_compare(const struct simulate_ensemble ensembles[SIMULATE_MAX_SCENARIOS],
                     struct simulate_difference    *lines);

/* Quantiles and mean over the runs of a curve on a day; values: room for a number a run. */
void simulate_fan(const struct simulate_ensemble *ensemble, const struct simulate_curve *curve, uint32_t day,
                  double *values, double quantiles[SIMULATE_NUM_QUANTILES], double *mean);

/* The pictures. names: of the scenarios as they stand in the files. Return 0 or TOC_ERR_NO_MEMORY; failures to write
 * are the sink's to remember. */
int simulate_report_write(const struct simulate_ensemble *ensembles, const char *const *names, size_t num,
                          struct sink *sink);
int simulate_areas_write(const struct simulate_ensemble *ensemble, struct sink *sink);

/* "1,234", "0.858", "?" for NaN: a number for people. */
#define SIMULATE_NUMBER_BYTES 40
const char *simulate_number(double value, int decimals, char text[SIMULATE_NUMBER_BYTES]);

#endif
