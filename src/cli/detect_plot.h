/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/detect_plot.h: the results of tocsin detect as small multiples.
 *
 * Memory is bounded: at most CHART_MAX_PANELS series are kept, those with the most alarms, and of each the newest
 * steps; what is left out is said below the chart.
 */
#ifndef CLI_DETECT_PLOT_H
#define CLI_DETECT_PLOT_H

#include "base/sink.h"
#include "cli/detect_pool.h"
#include "formats/chart.h"

struct detect_plot; /* what has been kept so far */

/* Returns NULL where there is no memory. The calendar (NULL = none) is borrowed until detect_plot_free. */
struct detect_plot *detect_plot_new(const struct counts_summary *summary, const struct toc_calendar *calendar);
void                detect_plot_free(struct detect_plot *plot);

/* Keep a copy of a result if it belongs to what will be drawn. Returns 0 or TOC_ERR_NO_MEMORY. */
int detect_plot_add(struct detect_plot *plot, const struct detect_result *result);

/* Draw. settings: the text of what was set ("alpha=0.01"), or "". */
int detect_plot_write(struct detect_plot *plot, const struct toc_method *method, enum toc_mode mode,
                      const char *settings, struct sink *sink);

#endif
