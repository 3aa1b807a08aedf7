/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/estimate_plot.h: an estimate over time with its interval, one panel a series: what rt and growth draw.
 *
 * Memory is bounded: the first CHART_MAX_PANELS series are kept, and of each the newest steps; what is left out is said
 * below the chart. */
#ifndef CLI_ESTIMATE_PLOT_H
#define CLI_ESTIMATE_PLOT_H

#include "base/sink.h"
#include "formats/chart.h"
#include "formats/counts.h"

struct estimate_plot_words {
    const char *title;
    const char *y_title;
    const char *estimate;   /* legend: "R, median" */
    const char *interval;   /* legend: "95 % interval" */
    const char *level_text; /* legend: "R = 1" */
    double      level;
    const char *symbol; /* "R": in the note of a panel */
    const char *foot;   /* below: method, source */
};

struct estimate_plot;

/* Returns NULL where there is no memory. words is borrowed. */
struct estimate_plot *estimate_plot_new(const struct counts_summary *summary, const struct estimate_plot_words *words);
void                  estimate_plot_free(struct estimate_plot *plot);

/* Keep the estimates of one series, those of num windows that end on date[0] … date[num - 1]; NaN = not shown.
 * Returns 0 or TOC_ERR_NO_MEMORY. */
int estimate_plot_add(struct estimate_plot *plot, const char *name, const toc_date *date, size_t num,
                      const double *middle, const double *low, const double *high);

/* Returns 0 or TOC_ERR_NO_MEMORY; failures of writing are the sink's to remember. */
int estimate_plot_write(const struct estimate_plot *plot, struct sink *sink);

#endif
