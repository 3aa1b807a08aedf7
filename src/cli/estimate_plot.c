/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/estimate_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tocsin/status.h"

#define NUM_LAYERS 4

struct kept {
    char      name[COUNTS_MAX_NAME + 1];
    char      note[80];
    size_t    n;
    toc_date *date;
    double   *middle, *low, *high; /* one array */
    uint8_t  *hidden;
};

struct estimate_plot {
    struct counts_summary             summary;
    const struct estimate_plot_words *words;
    size_t                            max_steps;
    struct kept                       kept[CHART_MAX_PANELS];
    size_t                            num_kept;
    uint64_t                          num_offered;
    bool                              cut; /* some series was longer than what is shown */
};

struct estimate_plot *estimate_plot_new(const struct counts_summary *summary, const struct estimate_plot_words *words)
{
    struct estimate_plot *plot = memory_array(1, sizeof *plot);
    if (plot == NULL)
        return NULL;
    plot->summary = *summary;
    plot->words = words;
    plot->max_steps =
        chart_max_steps(summary->num_series < CHART_MAX_PANELS ? (size_t) summary->num_series : CHART_MAX_PANELS);
    return plot;
}

static void free_kept(struct kept *kept)
{
    free(kept->date);
    free(kept->middle);
    free(kept->hidden);
}

void estimate_plot_free(struct estimate_plot *plot)
{
    for (size_t i = 0; plot != NULL && i < plot->num_kept; i++)
        free_kept(&plot->kept[i]);
    free(plot);
}

/* The newest estimate in words: "R 1.12 (0.98 to 1.27) on 2024-05-01". */
static void make_note(const struct estimate_plot *plot, struct kept *kept)
{
    char   date[DATE_TEXT_BYTES];
    size_t i = kept->n;
    while (i > 0 && kept->hidden[i - 1] != 0)
        i--;
    if (i == 0) {
        snprintf(kept->note, sizeof kept->note, "nothing shown");
        return;
    }
    date_to_text(kept->date[i - 1], plot->summary.form, date);
    snprintf(kept->note, sizeof kept->note, "%s %.2f (%.2f to %.2f), %s", plot->words->symbol, kept->middle[i - 1],
             kept->low[i - 1], kept->high[i - 1], date);
}

int estimate_plot_add(struct estimate_plot *plot, const char *name, const toc_date *date, size_t num,
                      const double *middle, const double *low, const double *high)
{
    size_t skip = num > plot->max_steps ? num - plot->max_steps : 0, n = num - skip;
    plot->num_offered++;
    if (num == 0 || plot->num_kept == CHART_MAX_PANELS)
        return 0;
    struct kept *kept = &plot->kept[plot->num_kept];
    *kept = (struct kept){ .n = n,
                           .date = memory_array(n, sizeof *kept->date),
                           .middle = memory_array(3 * n, sizeof *kept->middle),
                           .hidden = memory_array(n, sizeof *kept->hidden) };
    if (kept->date == NULL || kept->middle == NULL || kept->hidden == NULL) {
        free_kept(kept);
        return TOC_ERR_NO_MEMORY;
    }
    kept->low = kept->middle + n;
    kept->high = kept->middle + 2 * n;
    snprintf(kept->name, sizeof kept->name, "%s", name);
    memcpy(kept->date, date + skip, n * sizeof *date);
    memcpy(kept->middle, middle + skip, n * sizeof *middle);
    memcpy(kept->low, low + skip, n * sizeof *low);
    memcpy(kept->high, high + skip, n * sizeof *high);
    for (size_t i = 0; i < n; i++)
        kept->hidden[i] = (uint8_t) (isnan(kept->middle[i]) != 0);
    make_note(plot, kept);
    plot->cut = plot->cut || skip > 0;
    plot->num_kept++;
    return 0;
}

static void make_layers(const struct estimate_plot *plot, const struct kept *kept, struct chart_layer *layers)
{
    const struct chart_layer all[NUM_LAYERS] = {
        { CHART_RIBBON, CHART_SKY, plot->words->interval, .y = kept->low, .high = kept->high },
        { CHART_LEVEL, CHART_BLACK, plot->words->level_text, .level = plot->words->level },
        { CHART_LINE, CHART_BLUE, plot->words->estimate, .y = kept->middle },
        { CHART_HATCH, CHART_GREY, "not shown", .where = kept->hidden },
    };
    memcpy(layers, all, sizeof all);
}

int estimate_plot_write(const struct estimate_plot *plot, struct sink *sink)
{
    struct chart_panel panels[CHART_MAX_PANELS];
    char               foot[1200];
    struct chart_layer(*layers)[NUM_LAYERS] = memory_array(CHART_MAX_PANELS, sizeof *layers);
    if (layers == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < plot->num_kept; i++) {
        const struct kept *kept = &plot->kept[i];
        make_layers(plot, kept, layers[i]);
        panels[i] = (struct chart_panel){ .title = kept->name,
                                          .note = kept->note,
                                          .note_color = CHART_GREY,
                                          .date = kept->date,
                                          .n = kept->n,
                                          .layers = layers[i],
                                          .num_layers = NUM_LAYERS };
    }
    int used = snprintf(foot, sizeof foot, "%s Each value stands at the end of its window. Tocsin %s.",
                        plot->words->foot, TOCSIN_VERSION);
    if (plot->num_kept < plot->num_offered && (size_t) used < sizeof foot)
        used += snprintf(foot + used, sizeof foot - (size_t) used, " Of %" PRIu64 " series the first %zu are shown.",
                         plot->num_offered, plot->num_kept);
    if (plot->cut && (size_t) used < sizeof foot)
        snprintf(foot + used, sizeof foot - (size_t) used, " Of long series the newest %zu %ss are shown.",
                 plot->max_steps, date_step_word(plot->summary.step));
    struct chart chart = { .title = plot->words->title,
                           .note = foot,
                           .y_title = plot->words->y_title,
                           .step = plot->summary.step,
                           .form = plot->summary.form,
                           .panels = panels,
                           .num_panels = plot->num_kept };
    chart_write(&chart, sink);
    free(layers);
    return 0;
}
