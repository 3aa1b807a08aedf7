/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/detect_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/holiday_text.h"

#define NUM_LAYERS 10
#define NUM_NUMBERS 3 /* arrays of double a panel */
#define NUM_FLAGS 6   /* arrays of flags a panel */
#define TIP_BYTES 120
#define MAX_LEVEL_STEPS 30

/* One series as it will be drawn. */
struct kept {
    char         name[COUNTS_MAX_NAME + 1];
    uint64_t     number; /* in the order of the input */
    size_t       num_alarms, num_not_assessed, num_judged;
    double       highest; /* score of an alarm */
    char         newest_alarm[DATE_TEXT_BYTES];
    size_t       n;
    toc_date    *date;
    double      *observed, *expected, *threshold;
    uint8_t     *judged, *context, *alarm, *not_assessed, *missing, *holiday;
    char       **tips;         /* n; of alarms */
    const char **holiday_tips; /* n; into detect_plot.holiday */
};

struct detect_plot {
    struct counts_summary summary;
    size_t                max_steps;
    struct kept           kept[CHART_MAX_PANELS];
    size_t                num_kept;
    uint64_t              num_offered, num_with_alarms, num_alarms;
    toc_date              first, last;                                              /* judged */
    char                  holiday[TOC_CALENDAR_MAX_LABELS + 1][HOLIDAY_TEXT_BYTES]; /* of each label */
    bool                  cut; /* some series was longer than what is shown */
};

struct detect_plot *detect_plot_new(const struct counts_summary *summary, const struct toc_calendar *calendar)
{
    struct detect_plot *plot = memory_array(1, sizeof *plot);
    if (plot == NULL)
        return NULL;
    plot->summary = *summary;
    for (size_t i = 1; calendar != NULL && i <= TOC_CALENDAR_MAX_LABELS; i++)
        holiday_text(calendar, (uint8_t) i, plot->holiday[i]);
    plot->first = TOC_DATE_MAX;
    plot->last = TOC_DATE_MIN;
    plot->max_steps =
        chart_max_steps(summary->num_series < CHART_MAX_PANELS ? (size_t) summary->num_series : CHART_MAX_PANELS);
    return plot;
}

static void free_kept(struct kept *kept)
{
    for (size_t i = 0; kept->tips != NULL && i < kept->n; i++)
        free(kept->tips[i]);
    free(kept->tips);
    free(kept->holiday_tips);
    free(kept->date);
    free(kept->observed);
    free(kept->judged);
    *kept = (struct kept){ 0 };
}

void detect_plot_free(struct detect_plot *plot)
{
    for (size_t i = 0; plot != NULL && i < plot->num_kept; i++)
        free_kept(&plot->kept[i]);
    free(plot);
}

/* ---- choosing ---- */

static void count(struct kept *kept, const struct detect_result *result)
{
    for (size_t i = 0; i < result->num; i++) {
        const struct toc_judgement *judgement = &result->judgements[i];
        if (detect_is_assessed(judgement))
            kept->num_judged++;
        else
            kept->num_not_assessed++;
        if (judgement->alarm == TOC_ALARM_YES) {
            kept->num_alarms++;
            kept->highest = fmax(kept->highest, judgement->score);
        }
    }
}

/* What the subtitle sums up, of all series, shown or not. */
static void count_all(struct detect_plot *plot, const struct detect_result *result, size_t num_alarms)
{
    toc_date first = result->counts.series.date[result->first];
    toc_date last = result->counts.series.date[result->first + result->num - 1];
    plot->first = first < plot->first ? first : plot->first;
    plot->last = last > plot->last ? last : plot->last;
    plot->num_alarms += num_alarms;
    plot->num_with_alarms += num_alarms > 0;
}

/* More alarms first, then the higher score, then the earlier in the input. */
static bool is_more_telling(const struct kept *a, const struct kept *b)
{
    if (a->num_alarms != b->num_alarms)
        return a->num_alarms > b->num_alarms;
    if (a->highest != b->highest)
        return a->highest > b->highest;
    return a->number < b->number;
}

static struct kept *least_telling(struct detect_plot *plot)
{
    struct kept *least = &plot->kept[0];
    for (size_t i = 1; i < plot->num_kept; i++)
        if (is_more_telling(least, &plot->kept[i]))
            least = &plot->kept[i];
    return least;
}

/* ---- keeping ---- */

static int allocate(struct kept *kept, size_t n)
{
    kept->n = n;
    kept->date = memory_array(n, sizeof *kept->date);
    kept->observed = memory_array(n * NUM_NUMBERS, sizeof *kept->observed);
    kept->judged = memory_array(n * NUM_FLAGS, sizeof *kept->judged);
    kept->tips = memory_array(n, sizeof *kept->tips);
    kept->holiday_tips = memory_array(n, sizeof *kept->holiday_tips);
    if (kept->date == NULL || kept->observed == NULL || kept->judged == NULL || kept->tips == NULL ||
        kept->holiday_tips == NULL)
        return TOC_ERR_NO_MEMORY;
    kept->expected = kept->observed + n;
    kept->threshold = kept->observed + 2 * n;
    kept->context = kept->judged + n;
    kept->alarm = kept->judged + 2 * n;
    kept->not_assessed = kept->judged + 3 * n;
    kept->missing = kept->judged + 4 * n;
    kept->holiday = kept->judged + 5 * n;
    return 0;
}

static char *make_tip(const struct detect_plot *plot, const struct kept *kept, size_t step)
{
    char  date[DATE_TEXT_BYTES];
    char *tip = malloc(TIP_BYTES);
    if (tip == NULL)
        return NULL;
    date_to_text(kept->date[step], plot->summary.form, date);
    snprintf(tip, TIP_BYTES, "%s: observed %.0f, expected %.1f, threshold %.1f", date, kept->observed[step],
             kept->expected[step], kept->threshold[step]);
    return tip;
}

static int copy(const struct detect_plot *plot, struct kept *kept, const struct detect_result *result, size_t begin)
{
    const struct toc_series *series = &result->counts.series;
    for (size_t i = 0; i < kept->n; i++) {
        size_t row = begin + i;
        bool   judged = row >= result->first && row < result->first + result->num;
        kept->date[i] = series->date[row];
        kept->observed[i] = series->observed[row];
        kept->expected[i] = kept->threshold[i] = NAN;
        kept->missing[i] = (uint8_t) (isnan(series->observed[row]) != 0);
        kept->holiday[i] = series->holiday != NULL ? series->holiday[row] : 0;
        kept->holiday_tips[i] = plot->holiday[kept->holiday[i]];
        kept->judged[i] = judged;
        kept->context[i] = !judged;
        if (!judged)
            continue;
        const struct toc_judgement *judgement = &result->judgements[row - result->first];
        kept->expected[i] = judgement->expected;
        kept->threshold[i] = judgement->threshold;
        kept->not_assessed[i] = !detect_is_assessed(judgement);
        kept->alarm[i] = judgement->alarm == TOC_ALARM_YES;
        if (kept->alarm[i] && (kept->tips[i] = make_tip(plot, kept, i)) == NULL)
            return TOC_ERR_NO_MEMORY;
        if (kept->alarm[i])
            date_to_text(kept->date[i], plot->summary.form, kept->newest_alarm);
    }
    return 0;
}

/* Beside what was judged, as many steps before it, at least half a year: what the eye compares with. */
static size_t first_shown(const struct detect_plot *plot, const struct detect_result *result, bool *cut)
{
    size_t end = result->first + result->num;
    size_t half_year = (size_t) result->counts.series.steps_per_year / 2;
    size_t before = result->num > half_year ? result->num : half_year;
    size_t begin = result->first > before ? result->first - before : 0;
    if (end - begin <= plot->max_steps)
        return begin;
    if (result->num > plot->max_steps)
        *cut = true;
    return end - plot->max_steps;
}

int detect_plot_add(struct detect_plot *plot, const struct detect_result *result)
{
    struct kept fresh = { .number = result->counts.number };
    plot->num_offered++;
    if (result->num == 0)
        return 0;
    count(&fresh, result);
    count_all(plot, result, fresh.num_alarms);
    struct kept *place = &plot->kept[plot->num_kept];
    if (plot->num_kept == CHART_MAX_PANELS) {
        place = least_telling(plot);
        if (!is_more_telling(&fresh, place))
            return 0;
    }
    size_t begin = first_shown(plot, result, &plot->cut);
    memcpy(fresh.name, result->counts.name, sizeof fresh.name);
    int ret = allocate(&fresh, result->first + result->num - begin);
    if (ret == 0)
        ret = copy(plot, &fresh, result, begin);
    if (ret != 0) {
        free_kept(&fresh);
        return ret;
    }
    if (plot->num_kept == CHART_MAX_PANELS)
        free_kept(place);
    else
        plot->num_kept++;
    *place = fresh;
    return 0;
}

/* ---- drawing ---- */

static size_t make_layers(const struct kept *kept, struct chart_layer layers[NUM_LAYERS])
{
    /* Few steps: each bar has its own piece of threshold. Many: one line is calmer. */
    enum chart_shape         line = kept->num_judged <= MAX_LEVEL_STEPS ? CHART_STEPS : CHART_LINE;
    const struct chart_layer all[] = {
        { CHART_BARS, CHART_GREY, "observed", .y = kept->observed, .where = kept->judged },
        { CHART_BARS, CHART_PALE, "observed, not judged here", .y = kept->observed, .where = kept->context },
        { CHART_BARS, CHART_RED, NULL, .y = kept->observed, .where = kept->alarm },
        { CHART_DASHES, CHART_GREEN, "expected", .y = kept->expected },
        { line, CHART_BLUE, "threshold", .y = kept->threshold },
        { CHART_TRIANGLE, CHART_RED, "alarm", .y = kept->observed, .where = kept->alarm,
          .tips = (const char *const *) kept->tips },
        { CHART_HATCH, CHART_GREY, "not assessed", .where = kept->not_assessed },
        { CHART_CROSS, CHART_BLACK, "count missing", .where = kept->missing },
        { CHART_DIAMOND, CHART_PURPLE, "holiday", .where = kept->holiday, .tips = kept->holiday_tips },
    };
    memcpy(layers, all, sizeof all);
    return sizeof all / sizeof *all;
}

static void make_note(const struct kept *kept, char note[64])
{
    if (kept->num_alarms > 1)
        snprintf(note, 64, "%zu alarms, newest %s", kept->num_alarms, kept->newest_alarm);
    else if (kept->num_alarms == 1)
        snprintf(note, 64, "alarm %s", kept->newest_alarm);
    else if (kept->num_judged > 0)
        snprintf(note, 64, "no alarm");
    else
        snprintf(note, 64, "not assessed");
}

static int by_number(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void make_subtitle(const struct detect_plot *plot, char *text, size_t size)
{
    char first[DATE_TEXT_BYTES], last[DATE_TEXT_BYTES], alarms[100];
    date_to_text(plot->first, plot->summary.form, first);
    date_to_text(plot->last, plot->summary.form, last);
    snprintf(alarms, sizeof alarms, "%" PRIu64 " alarm%s in %" PRIu64 " of %" PRIu64 " series", plot->num_alarms,
             plot->num_alarms == 1 ? "" : "s", plot->num_with_alarms, plot->num_offered);
    snprintf(text, size, "Judged from %s to %s: %s.", first, last, plot->num_alarms > 0 ? alarms : "no alarm");
}

static void make_foot(const struct detect_plot *plot, const struct toc_method *method, enum toc_mode mode,
                      const char *settings, char *foot, size_t size)
{
    const char *alarm = method->cumulative ? "what adds up over the dates reaches the limit of the method"
                                           : "the count lies above the threshold";
    int         used = snprintf(foot, size, "Alarm: %s. Method %s%s%s%s. Source: %s. Tocsin %s.", alarm, method->name,
                        *settings != '\0' ? " with " : "", settings, mode == TOC_MODE_R ? ", numbers as in R" : "",
                                method->source, TOCSIN_VERSION);
    if (plot->num_kept < plot->num_offered && (size_t) used < size)
        used += snprintf(foot + used, size - (size_t) used,
                         " Of %" PRIu64 " series the %zu with the most alarms are shown.", plot->num_offered,
                         plot->num_kept);
    if (plot->cut && (size_t) used < size)
        snprintf(foot + used, size - (size_t) used, " Of long series the newest %zu %ss are shown.", plot->max_steps,
                 date_step_word(plot->summary.step));
}

int detect_plot_write(struct detect_plot *plot, const struct toc_method *method, enum toc_mode mode,
                      const char *settings, struct sink *sink)
{
    static const char *const y_titles[] = { "cases", "cases a day", "cases a week", "cases a month" };
    struct chart_panel       panels[CHART_MAX_PANELS];
    char                     notes[CHART_MAX_PANELS][64], subtitle[200], foot[1200];
    struct chart_layer(*layers)[NUM_LAYERS] = memory_array(CHART_MAX_PANELS, sizeof *layers);
    if (layers == NULL)
        return TOC_ERR_NO_MEMORY;
    qsort(plot->kept, plot->num_kept, sizeof *plot->kept, by_number);
    for (size_t i = 0; i < plot->num_kept; i++) {
        const struct kept *kept = &plot->kept[i];
        make_note(kept, notes[i]);
        panels[i] = (struct chart_panel){ .title = kept->name,
                                          .note = notes[i],
                                          .note_color = kept->num_alarms > 0 ? CHART_RED : CHART_GREY,
                                          .date = kept->date,
                                          .n = kept->n,
                                          .layers = layers[i],
                                          .num_layers = make_layers(kept, layers[i]) };
    }
    make_subtitle(plot, subtitle, sizeof subtitle);
    make_foot(plot, method, mode, settings, foot, sizeof foot);
    struct chart chart = { .title = method->title,
                           .subtitle = subtitle,
                           .note = foot,
                           .y_title = y_titles[plot->summary.step],
                           .step = plot->summary.step,
                           .form = plot->summary.form,
                           .panels = panels,
                           .num_panels = plot->num_kept };
    chart_write(&chart, sink);
    free(layers);
    return 0;
}
