/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/chart.h"
#include "tocsin/status.h"

#define Q SIMULATE_NUM_QUANTILES
#define MEDIAN 2

const char *simulate_number(double value, int decimals, char text[SIMULATE_NUMBER_BYTES])
{
    char plain[SIMULATE_NUMBER_BYTES];
    if (isnan(value))
        return "?";
    int    size = snprintf(plain, sizeof plain, "%.*f", decimals, fabs(value));
    int    whole = decimals > 0 ? size - decimals - 1 : size;
    size_t used = 0;
    bool   zero = strspn(plain, "0.") == (size_t) size;
    if (value < 0 && !zero)
        used += (size_t) snprintf(text, SIMULATE_NUMBER_BYTES, "−");
    for (int i = 0; i < size && used + 2 < SIMULATE_NUMBER_BYTES; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

/* ---- tables ---- */

static int statistics_of(const struct simulate_ensemble *ensemble, double **values)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    double                          *made = memory_array(ensemble->num_runs * num, sizeof *made);
    double                           one[SIMULATE_MAX_STATISTICS];
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t run = 0; run < ensemble->num_runs; run++) {
        simulate_run_statistics(ensemble, run, one);
        for (size_t i = 0; i < num; i++)
            made[i * ensemble->num_runs + run] = one[i];
    }
    *values = made;
    return 0;
}

static double mean_of(const double *values, size_t n)
{
    double mean, unused;
    size_t used;
    simulate_mean_interval(values, n, &mean, &unused, &used);
    return mean;
}

int simulate_summarise(const struct simulate_ensemble *ensemble, struct simulate_summary *lines)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    double                          *values;
    int                              ret = statistics_of(ensemble, &values);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < num; i++) {
        double *of = values + i * ensemble->num_runs;
        lines[i].mean = mean_of(of, ensemble->num_runs);
        simulate_quantiles(of, ensemble->num_runs, lines[i].quantiles);
    }
    free(values);
    return 0;
}

/* first and second: n values each, of the same seeds; both are sorted afterwards. */
static void compare_one(double *first, double *second, size_t n, double *room, struct simulate_difference *line)
{
    double quantiles[Q], half_width;
    size_t lower = 0;
    for (size_t run = 0; run < n; run++) {
        room[run] = second[run] - first[run];
        lower += room[run] < 0;
    }
    simulate_mean_interval(room, n, &line->mean, &half_width, &line->num_pairs);
    line->low = line->mean - half_width;
    line->high = line->mean + half_width;
    line->share_lower = line->num_pairs > 0 ? (double) lower / (double) line->num_pairs : NAN;
    simulate_quantiles(first, n, quantiles);
    line->median[0] = quantiles[MEDIAN];
    simulate_quantiles(second, n, quantiles);
    line->median[1] = quantiles[MEDIAN];
}

int simulate_compare(const struct simulate_ensemble ensembles[SIMULATE_MAX_SCENARIOS],
                     struct simulate_difference    *lines)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics), runs = ensembles[0].num_runs;
    double                          *values[SIMULATE_MAX_SCENARIOS] = { NULL, NULL };
    double                          *room = memory_array(runs, sizeof *room);
    int                              ret = room == NULL ? TOC_ERR_NO_MEMORY : statistics_of(&ensembles[0], &values[0]);
    if (ret == 0)
        ret = statistics_of(&ensembles[1], &values[1]);
    for (size_t i = 0; ret == 0 && i < num; i++)
        compare_one(values[0] + i * runs, values[1] + i * runs, runs, room, &lines[i]);
    free(values[0]);
    free(values[1]);
    free(room);
    return ret;
}

/* ---- fans ---- */

void simulate_fan(const struct simulate_ensemble *ensemble, const struct simulate_curve *curve, uint32_t day,
                  double *values, double quantiles[Q], double *mean)
{
    for (size_t run = 0; run < ensemble->num_runs; run++)
        values[run] = simulate_curve_value(ensemble, run, day, curve);
    *mean = mean_of(values, ensemble->num_runs);
    simulate_quantiles(values, ensemble->num_runs, quantiles);
}

/* The fan of one panel: Q rows of `days` numbers. */
static void fill_fan(const struct simulate_ensemble *ensemble, const struct simulate_curve *curve, double *values,
                     double *fan)
{
    for (uint32_t day = 0; day < ensemble->days; day++) {
        double quantiles[Q], mean;
        simulate_fan(ensemble, curve, day, values, quantiles, &mean);
        for (size_t i = 0; i < Q; i++)
            fan[i * ensemble->days + day] = quantiles[i];
    }
}

static void fill_place_fan(const struct simulate_ensemble *ensemble, size_t place, double *values, double *fan)
{
    for (uint32_t day = 0; day < ensemble->days; day++) {
        double quantiles[Q];
        for (size_t run = 0; run < ensemble->num_runs; run++)
            values[run] = ensemble->infections[(run * ensemble->days + day) * ensemble->num_shown + place];
        simulate_quantiles(values, ensemble->num_runs, quantiles);
        for (size_t i = 0; i < Q; i++)
            fan[i * ensemble->days + day] = quantiles[i];
    }
}

#define MOST_LAYERS 4
#define LABEL_BYTES (SCENARIO_NAME_BYTES + 40)

/* All that panels of a chart point to. */
struct drawing {
    toc_date           *date;   /* days */
    double             *fans;   /* [panel][scenario][quantile][day] */
    double             *values; /* a number a run */
    struct chart_panel *panels;
    struct chart_layer (*layers)[MOST_LAYERS];
    char labels[SIMULATE_MAX_SCENARIOS][2][LABEL_BYTES];
};

static void drawing_free(struct drawing *drawing)
{
    free(drawing->date);
    free(drawing->fans);
    free(drawing->values);
    free(drawing->panels);
    free(drawing->layers);
}

static int drawing_init(struct drawing *drawing, const struct simulate_ensemble *ensemble, size_t num_panels,
                        size_t num_scenarios)
{
    uint32_t days = ensemble->days;
    *drawing = (struct drawing){ .date = memory_array(days, sizeof *drawing->date),
                                 .fans = memory_array(num_panels * num_scenarios * Q, days * sizeof *drawing->fans),
                                 .values = memory_array(ensemble->num_runs, sizeof *drawing->values),
                                 .panels = memory_array(num_panels, sizeof *drawing->panels),
                                 .layers = memory_array(num_panels, sizeof *drawing->layers) };
    if (drawing->date == NULL || drawing->fans == NULL || drawing->values == NULL || drawing->panels == NULL ||
        drawing->layers == NULL) {
        drawing_free(drawing);
        return TOC_ERR_NO_MEMORY;
    }
    for (uint32_t day = 0; day < days; day++)
        drawing->date[day] = ensemble->scenario->start + (toc_date) day;
    return 0;
}

static void make_fan_layers(const double *fan, uint32_t days, struct chart_layer *layers)
{
    layers[0] = (struct chart_layer){ CHART_RIBBON, CHART_PALE, "90 % of the runs", .y = fan, .high = fan + 4 * days };
    layers[1] =
        (struct chart_layer){ CHART_RIBBON, CHART_SKY, "50 % of the runs", .y = fan + days, .high = fan + 3 * days };
    layers[2] = (struct chart_layer){ CHART_LINE, CHART_BLUE, "median", .y = fan + MEDIAN * days };
}

/* Two scenarios in one panel: the band of 50 % and the median of each. */
static void make_pair_layers(const struct drawing *drawing, const double *fans, uint32_t days,
                             struct chart_layer *layers)
{
    const double *first = fans, *second = fans + Q * days;
    layers[0] = (struct chart_layer){ CHART_RIBBON, CHART_PALE, drawing->labels[0][1], .y = first + days,
                                      .high = first + 3 * days };
    layers[1] = (struct chart_layer){ CHART_RIBBON, CHART_SKY, drawing->labels[1][1], .y = second + days,
                                      .high = second + 3 * days };
    layers[2] = (struct chart_layer){ CHART_DASHES, CHART_BLACK, drawing->labels[0][0], .y = first + MEDIAN * days };
    layers[3] = (struct chart_layer){ CHART_LINE, CHART_BLUE, drawing->labels[1][0], .y = second + MEDIAN * days };
}

static bool is_all_zero(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Returns how many; what never happened needs no panel. */
static size_t make_panels(struct drawing *drawing, const struct simulate_ensemble *ensembles, size_t num)
{
    size_t   made = 0;
    uint32_t days = ensembles->days;
    for (size_t i = 0; i < SIMULATE_NUM_CURVES; i++) {
        double *fans = drawing->fans + made * num * Q * days;
        for (size_t k = 0; k < num; k++)
            fill_fan(&ensembles[k], &simulate_curves[i], drawing->values, fans + k * Q * days);
        if (made > 0 && is_all_zero(fans, num * Q * days))
            continue;
        if (num == 1)
            make_fan_layers(fans, days, drawing->layers[made]);
        else
            make_pair_layers(drawing, fans, days, drawing->layers[made]);
        drawing->panels[made] = (struct chart_panel){ .title = simulate_curves[i].title,
                                                      .date = drawing->date,
                                                      .n = days,
                                                      .layers = drawing->layers[made],
                                                      .num_layers = num == 1 ? 3 : 4 };
        made++;
    }
    return made;
}

/* ---- the table of the picture ---- */

#define MOST_TABLE_COLUMNS 7

struct cells {
    char        text[SIMULATE_MAX_STATISTICS + 1][MOST_TABLE_COLUMNS][2 * SIMULATE_NUMBER_BYTES + 8];
    const char *cells[(SIMULATE_MAX_STATISTICS + 1) * MOST_TABLE_COLUMNS];
};

static void put_head(struct cells *cells, const char *const *head)
{
    for (size_t column = 0; column < MOST_TABLE_COLUMNS; column++)
        snprintf(cells->text[0][column], sizeof cells->text[0][column], "%s", head[column]);
}

/* "school_days_lost" as words. */
static void put_name(struct cells *cells, size_t row, const char *name)
{
    char *text = cells->text[row][0];
    snprintf(text, sizeof cells->text[row][0], "%s", name);
    for (; *text != '\0'; text++)
        if (*text == '_')
            *text = ' ';
}

static void put_number(struct cells *cells, size_t row, size_t column, double value, int decimals)
{
    char text[SIMULATE_NUMBER_BYTES];
    snprintf(cells->text[row][column], sizeof cells->text[row][column], "%s", simulate_number(value, decimals, text));
}

/* A small mean of whole numbers needs a digit more. */
static int decimals_of_mean(double mean, int decimals)
{
    return decimals == 0 && fabs(mean) < 10 ? 1 : decimals;
}

static int fill_summary(const struct simulate_ensemble *ensemble, struct cells *cells, size_t *rows)
{
    static const char *const head[MOST_TABLE_COLUMNS] = {
        "of each run", "5 %", "25 %", "median", "75 %", "95 %", "mean"
    };
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    struct simulate_summary          lines[SIMULATE_MAX_STATISTICS];
    int                              ret = simulate_summarise(ensemble, lines);
    put_head(cells, head);
    *rows = 1;
    for (size_t i = 0; ret == 0 && i < num; i++) {
        if (lines[i].mean == 0) /* what did not happen needs no line */
            continue;
        put_name(cells, *rows, statistics[i].name);
        for (size_t k = 0; k < Q; k++)
            put_number(cells, *rows, k + 1, lines[i].quantiles[k], statistics[i].decimals);
        put_number(cells, (*rows)++, 6, lines[i].mean, decimals_of_mean(lines[i].mean, statistics[i].decimals));
    }
    return ret;
}

static int fill_comparison(const struct simulate_ensemble *ensembles, struct cells *cells, size_t *rows)
{
    static const char *const         head[MOST_TABLE_COLUMNS] = { "of each run",     "first, median", "second, median",
                                                                  "mean difference", "95 % from",     "to",
                                                                  "second is lower" };
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    struct simulate_difference       lines[SIMULATE_MAX_STATISTICS];
    int                              ret = simulate_compare(ensembles, lines);
    put_head(cells, head);
    *rows = 1;
    for (size_t i = 0; ret == 0 && i < num; i++) {
        const struct simulate_difference *line = &lines[i];
        int                               decimals = statistics[i].decimals;
        if (line->median[0] == 0 && line->median[1] == 0 && line->mean == 0)
            continue;
        put_name(cells, *rows, statistics[i].name);
        put_number(cells, *rows, 1, line->median[0], decimals);
        put_number(cells, *rows, 2, line->median[1], decimals);
        put_number(cells, *rows, 3, line->mean, decimals_of_mean(line->mean, decimals));
        put_number(cells, *rows, 4, line->low, decimals);
        put_number(cells, *rows, 5, line->high, decimals);
        snprintf(cells->text[*rows][6], sizeof cells->text[*rows][6], "%.0f %%", 100 * line->share_lower);
        (*rows)++;
    }
    return ret;
}

/* ---- texts ---- */

/* The place that a line of the schedule is about. */
static const char *title_of(const struct scenario *scenario, const struct toc_simulation_schedule *line)
{
    for (size_t i = 0; i < scenario->num_places; i++) {
        const struct scenario_place *place = &scenario->places[i];
        if (place->first == line->area && place->num == (line->areas > 1 ? line->areas : 1))
            return scenario_place_title(place);
    }
    return "";
}

static void describe_measures(const struct scenario *scenario, char *text, size_t size)
{
    size_t                             num, used = 0;
    const struct toc_simulation_entry *measures = toc_simulation_list_measures(&num);
    if (scenario->num_schedule == 0)
        used = (size_t) snprintf(text, size, "no measures");
    for (size_t i = 0; i < scenario->num_schedule && used < size; i++) {
        const struct toc_simulation_schedule *line = &scenario->schedule[i];
        char                                  from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
        toc_date                              first = scenario->start + (toc_date) line->from - 1;
        toc_date                              last = scenario->start + (toc_date) line->to - 1;
        date_to_text(first, DATE_FORM_DAY, from);
        date_to_text(last, DATE_FORM_DAY, to);
        used += (size_t) snprintf(text + used, size - used, "%s%s", i == 0 ? "measures: " : ", ",
                                  measures[line->measure].name);
        if (used < size && line->from > 1)
            used += (size_t) snprintf(text + used, size - used, " from %s", from);
        if (used < size && line->to < scenario->days)
            used += (size_t) snprintf(text + used, size - used, " to %s", to);
        if (used < size && line->on_above >= 0)
            used += (size_t) snprintf(text + used, size - used, " (by trigger)");
        if (used < size && line->area != TOC_SIMULATION_EVERYWHERE)
            used += (size_t) snprintf(text + used, size - used, " in %s", title_of(scenario, line));
    }
    if (used >= size) /* cut at a whole character: names may be of any script */
        snprintf(text + size - 5, 5, " …");
}

static void describe_runs(const struct simulate_ensemble *ensemble, char *text, size_t size)
{
    char persons[SIMULATE_NUMBER_BYTES];
    snprintf(text, size, "%zu run%s, seed%s %" PRIu64 " … %" PRIu64 ", %s persons in %zu area%s, %" PRIu32 " days",
             ensemble->num_runs, ensemble->num_runs == 1 ? "" : "s", ensemble->num_runs == 1 ? "" : "s",
             ensemble->first_seed, ensemble->first_seed + ensemble->num_runs - 1,
             simulate_number(ensemble->persons, 0, persons), ensemble->num_areas, ensemble->num_areas == 1 ? "" : "s",
             ensemble->days);
}

#define NOTE                                                                                                           \
    "A simulation of invented persons: it shows what follows from its assumptions, not what will happen. Bands are "   \
    "chance between runs alone; the parameters are taken as known. docs/methods/simulation.md"

/* ---- the pictures ---- */

static void make_labels(struct drawing *drawing, const char *const *names, size_t num)
{
    for (size_t k = 0; k < num; k++) {
        snprintf(drawing->labels[k][0], LABEL_BYTES, "%s, median", names[k]);
        snprintf(drawing->labels[k][1], LABEL_BYTES, "%s, 50 %% of the runs", names[k]);
    }
}

static void write_chart(const struct simulate_ensemble *ensembles, const char *const *names, size_t num,
                        const struct drawing *drawing, size_t num_panels, struct cells *cells, size_t rows,
                        struct sink *sink)
{
    char title[2 * SCENARIO_NAME_BYTES + 40], subtitle[2000], runs[300], measures[SIMULATE_MAX_SCENARIOS][700];
    describe_runs(ensembles, runs, sizeof runs);
    for (size_t k = 0; k < num; k++)
        describe_measures(ensembles[k].scenario, measures[k], sizeof measures[k]);
    if (num == 1) {
        snprintf(title, sizeof title, "%s", ensembles->scenario->title);
        snprintf(subtitle, sizeof subtitle, "%s; %s", runs, measures[0]);
    } else {
        snprintf(title, sizeof title, "%s / %s", names[0], names[1]);
        snprintf(subtitle, sizeof subtitle, "First: %s; %s. Second: %s; %s. Each %s, the same chance in both.",
                 ensembles[0].scenario->title, measures[0], ensembles[1].scenario->title, measures[1], runs);
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < MOST_TABLE_COLUMNS; column++)
            cells->cells[row * MOST_TABLE_COLUMNS + column] = cells->text[row][column];
    struct chart_table table = { cells->cells, rows, MOST_TABLE_COLUMNS };
    struct chart       chart = { .title = title,
                                 .subtitle = subtitle,
                                 .note = NOTE,
                                 .whole = true,
                                 .step = DATE_STEP_DAY,
                                 .form = DATE_FORM_DAY,
                                 .panels = drawing->panels,
                                 .num_panels = num_panels,
                                 .table = &table };
    chart_write(&chart, sink);
}

int simulate_report_write(const struct simulate_ensemble *ensembles, const char *const *names, size_t num,
                          struct sink *sink)
{
    struct drawing drawing;
    size_t         rows, num_panels;
    struct cells  *cells = memory_array(1, sizeof *cells);
    int ret = cells == NULL ? TOC_ERR_NO_MEMORY : drawing_init(&drawing, ensembles, SIMULATE_NUM_CURVES, num);
    if (ret != 0)
        goto out;
    make_labels(&drawing, names, num);
    num_panels = make_panels(&drawing, ensembles, num);
    ret = num == 1 ? fill_summary(ensembles, cells, &rows) : fill_comparison(ensembles, cells, &rows);
    if (ret == 0)
        write_chart(ensembles, names, num, &drawing, num_panels, cells, rows, sink);
    drawing_free(&drawing);
out:
    free(cells);
    return ret;
}

int simulate_areas_write(const struct simulate_ensemble *ensemble, struct sink *sink)
{
    struct drawing drawing;
    char           subtitle[300];
    uint32_t       days = ensemble->days;
    int            ret = drawing_init(&drawing, ensemble, ensemble->num_shown, 1);
    if (ret != 0)
        return ret;
    describe_runs(ensemble, subtitle, sizeof subtitle);
    const struct scenario_place *place = NULL;
    for (size_t i = 0; (place = simulate_next_shown(ensemble->scenario, place)) != NULL; i++) {
        double *fan = drawing.fans + i * Q * days;
        fill_place_fan(ensemble, i, drawing.values, fan);
        make_fan_layers(fan, days, drawing.layers[i]);
        drawing.panels[i] = (struct chart_panel){ .title = scenario_place_title(place),
                                                  .date = drawing.date,
                                                  .n = days,
                                                  .layers = drawing.layers[i],
                                                  .num_layers = 3 };
    }
    struct chart chart = { .title = ensemble->scenario->title,
                           .subtitle = subtitle,
                           .y_title = "new infections a day",
                           .note = NOTE,
                           .whole = true,
                           .step = DATE_STEP_DAY,
                           .form = DATE_FORM_DAY,
                           .panels = drawing.panels,
                           .num_panels = ensemble->num_shown };
    chart_write(&chart, sink);
    drawing_free(&drawing);
    return 0;
}
