/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/season_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

#define NUM_NUMBERS 5 /* arrays of double a panel */
#define NUM_FLAGS 3
#define NUM_LAYERS 8

struct kept {
    char      name[COUNTS_MAX_NAME + 1];
    char      note[64];
    size_t    n;
    toc_date *date;
    double   *observed, *threshold, *intensity[3]; /* one array */
    uint8_t  *epidemic, *missing, *hidden;         /* one array */
};

struct season_plot {
    struct counts_summary summary;
    size_t                max_steps;
    struct kept           kept[CHART_MAX_PANELS];
    size_t                num_kept;
    uint64_t              num_offered;
    bool                  cut;
};

const char *season_level_word(enum toc_season_level level)
{
    static const char *const words[] = { "baseline", "low", "medium", "high", "very high" };
    return words[level];
}

struct season_plot *season_plot_new(const struct counts_summary *summary)
{
    struct season_plot *plot = memory_array(1, sizeof *plot);
    if (plot == NULL)
        return NULL;
    plot->summary = *summary;
    plot->max_steps =
        chart_max_steps(summary->num_series < CHART_MAX_PANELS ? (size_t) summary->num_series : CHART_MAX_PANELS);
    return plot;
}

static void free_kept(struct kept *kept)
{
    free(kept->date);
    free(kept->observed);
    free(kept->epidemic);
}

void season_plot_free(struct season_plot *plot)
{
    for (size_t i = 0; plot != NULL && i < plot->num_kept; i++)
        free_kept(&plot->kept[i]);
    free(plot);
}

static int allocate(struct kept *kept, size_t n)
{
    *kept = (struct kept){ .n = n,
                           .date = memory_array(n, sizeof *kept->date),
                           .observed = memory_array(NUM_NUMBERS * n, sizeof *kept->observed),
                           .epidemic = memory_array(NUM_FLAGS * n, sizeof *kept->epidemic) };
    if (kept->date == NULL || kept->observed == NULL || kept->epidemic == NULL) {
        free_kept(kept);
        return TOC_ERR_NO_MEMORY;
    }
    kept->threshold = kept->observed + n;
    for (size_t i = 0; i < 3; i++)
        kept->intensity[i] = kept->observed + (2 + i) * n;
    kept->missing = kept->epidemic + n;
    kept->hidden = kept->epidemic + 2 * n;
    return 0;
}

static void make_note(struct kept *kept, const struct toc_season_week *newest)
{
    if (newest->reason == TOC_REASON_OFF_SEASON)
        snprintf(kept->note, sizeof kept->note, "newest week: between seasons");
    else if (newest->reason != TOC_REASON_NONE)
        snprintf(kept->note, sizeof kept->note, "not assessed");
    else
        snprintf(kept->note, sizeof kept->note, "newest week: %s", season_level_word(newest->level));
}

int season_plot_add(struct season_plot *plot, const struct counts_series *counts, size_t first, size_t num,
                    const struct toc_season_week *weeks)
{
    size_t skip = num > plot->max_steps ? num - plot->max_steps : 0;
    plot->num_offered++;
    if (num == 0 || plot->num_kept == CHART_MAX_PANELS)
        return 0;
    struct kept *kept = &plot->kept[plot->num_kept];
    int          ret = allocate(kept, num - skip);
    if (ret != 0)
        return ret;
    snprintf(kept->name, sizeof kept->name, "%s", counts->name);
    for (size_t i = 0; i < kept->n; i++) {
        const struct toc_season_week *week = &weeks[skip + i];
        kept->date[i] = counts->series.date[first + skip + i];
        kept->observed[i] = counts->series.observed[first + skip + i];
        kept->threshold[i] = week->threshold;
        for (size_t level = 0; level < 3; level++)
            kept->intensity[level][i] = week->intensity[level];
        kept->epidemic[i] = week->epidemic;
        kept->missing[i] = (uint8_t) (isnan(kept->observed[i]) != 0);
        kept->hidden[i] = week->reason != TOC_REASON_NONE && week->reason != TOC_REASON_OFF_SEASON;
    }
    make_note(kept, &weeks[num - 1]);
    plot->cut = plot->cut || skip > 0;
    plot->num_kept++;
    return 0;
}

static void make_layers(const struct kept *kept, struct chart_layer *layers)
{
    const struct chart_layer all[NUM_LAYERS] = {
        { CHART_SHADE, CHART_YELLOW, "epidemic", .where = kept->epidemic },
        { CHART_BARS, CHART_GREY, "observed", .y = kept->observed },
        { CHART_STEPS, CHART_BLUE, "threshold of start, then of end", .y = kept->threshold },
        { CHART_DASHES, CHART_GREEN, "medium above", .y = kept->intensity[0] },
        { CHART_DASHES, CHART_PURPLE, "high above", .y = kept->intensity[1] },
        { CHART_DASHES, CHART_RED, "very high above", .y = kept->intensity[2] },
        { CHART_HATCH, CHART_GREY, "not assessed", .where = kept->hidden },
        { CHART_CROSS, CHART_BLACK, "count missing", .where = kept->missing },
    };
    memcpy(layers, all, sizeof all);
}

int season_plot_write(const struct season_plot *plot, struct sink *sink)
{
    struct chart_panel panels[CHART_MAX_PANELS];
    char               foot[800];
    struct chart_layer(*layers)[NUM_LAYERS] = memory_array(CHART_MAX_PANELS, sizeof *layers);
    if (layers == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < plot->num_kept; i++) {
        make_layers(&plot->kept[i], layers[i]);
        panels[i] = (struct chart_panel){ .title = plot->kept[i].name,
                                          .note = plot->kept[i].note,
                                          .note_color = CHART_GREY,
                                          .date = plot->kept[i].date,
                                          .n = plot->kept[i].n,
                                          .layers = layers[i],
                                          .num_layers = NUM_LAYERS };
    }
    int used = snprintf(foot, sizeof foot,
                        "Thresholds from the past seasons. Source: Vega et al. 2013, "
                        "doi:10.1111/j.1750-2659.2012.00422.x; 2015, doi:10.1111/irv.12330. Tocsin %s.",
                        TOCSIN_VERSION);
    if (plot->num_kept < plot->num_offered)
        used += snprintf(foot + used, sizeof foot - (size_t) used, " Of %" PRIu64 " series the first %zu are shown.",
                         plot->num_offered, plot->num_kept);
    if (plot->cut)
        snprintf(foot + used, sizeof foot - (size_t) used, " Of long series the newest %zu weeks are shown.",
                 plot->max_steps);
    struct chart chart = { .title = "Start, end and intensity of the season (moving epidemic method)",
                           .note = foot,
                           .y_title = "cases a week",
                           .step = plot->summary.step,
                           .form = plot->summary.form,
                           .panels = panels,
                           .num_panels = plot->num_kept };
    chart_write(&chart, sink);
    free(layers);
    return 0;
}
