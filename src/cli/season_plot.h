/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/season_plot.h: seasons as small multiples: counts, thresholds, the weeks of epidemics shaded.
 *
 * Memory is bounded: the first CHART_MAX_PANELS series are kept, and of each the newest weeks. */
#ifndef CLI_SEASON_PLOT_H
#define CLI_SEASON_PLOT_H

#include "base/sink.h"
#include "formats/chart.h"
#include "formats/counts.h"
#include "tocsin/season.h"

struct season_plot;

/* Returns NULL where there is no memory. */
struct season_plot *season_plot_new(const struct counts_summary *summary);
void                season_plot_free(struct season_plot *plot);

/* Keep weeks first … first + num - 1 of a series and what was said of them. Returns 0 or TOC_ERR_NO_MEMORY. */
int season_plot_add(struct season_plot *plot, const struct counts_series *counts, size_t first, size_t num,
                    const struct toc_season_week *weeks);

/* Returns 0 or TOC_ERR_NO_MEMORY; failures of writing are the sink's to remember. */
int season_plot_write(const struct season_plot *plot, struct sink *sink);

/* "baseline", "low", "medium", "high", "very high". */
const char *season_level_word(enum toc_season_level level);

#endif
