/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/chart.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/display.h"
#include "base/text.h"
#include "formats/chart_axis.h"

/* Pixels. The width suits a page in portrait and a slide; the height follows from the number of panels. */
#define PAGE_WIDTH 1040.0
#define MARGIN 24.0
#define BETWEEN_PANELS 30.0
#define AXIS_LEFT 40.0   /* for the numbers of the value axis */
#define AXIS_BELOW 46.0  /* for diamonds, ticks and two lines of dates */
#define TITLE_ABOVE 24.0 /* for the name of the series */
#define MARK_ROOM 13.0   /* above the highest bar, for a triangle */
#define LEVEL_DASHES "7 4"
#define DENSE 2.6  /* fewer pixels a step than this: lines are drawn thinner */
#define LETTER 6.6 /* width of a letter at 12 px, roughly; a wide one takes two */

static const char *const color_codes[CHART_NUM_COLORS] = {
    [CHART_GREY] = "#a7b0ba",  [CHART_PALE] = "#d3d8dd",   [CHART_BLUE] = "#0072b2",
    [CHART_GREEN] = "#007f5c", [CHART_RED] = "#d55e00",    [CHART_PURPLE] = "#a8508a",
    [CHART_SKY] = "#bfdcee",   [CHART_YELLOW] = "#fbeebb", [CHART_BLACK] = "#22272e",
};

/* Dashed lines differ in their dashes too, for print without colour. */
static const char *dashes_of(enum chart_color color)
{
    switch (color) {
    case CHART_PURPLE: return "9 3";
    case CHART_RED: return "2 2.5";
    default: return "4 3";
    }
}

/* A panel's rectangle and the scales of its axes. */
struct plot {
    const struct chart       *chart;
    const struct chart_panel *panel;
    struct sink              *sink;
    struct display           *display;
    size_t                    number;
    size_t                    begin;                    /* the first step drawn */
    double                    left, top, width, height; /* of the drawing within the axes */
    toc_date                  first, end;               /* days; end = the day after the last step */
    double                    y_top;                    /* the value at the upper end of the axis */
};

/* ---- how many panels stand side by side, and how much of a series each shows ---- */

static size_t columns_for(size_t num_panels)
{
    return num_panels <= 3 ? 1 : num_panels <= 8 ? 2 : 3;
}

size_t chart_max_steps(size_t num_panels)
{
    return 1500 / columns_for(num_panels);
}

static double height_for(size_t num_panels)
{
    return num_panels == 1 ? 300 : num_panels <= 3 ? 190 : num_panels <= 8 ? 160 : 120;
}

/* ---- text ---- */

static void write_escaped(struct sink *sink, const char *text)
{
    while (*text != '\0') {
        size_t length = strlen(text), well = text_check_utf8(text, length);
        for (size_t i = 0; i < well; i++)
            switch (text[i]) {
            case '&': sink_text(sink, "&amp;"); break;
            case '<': sink_text(sink, "&lt;"); break;
            case '>': sink_text(sink, "&gt;"); break;
            case '"': sink_text(sink, "&quot;"); break;
            default:
                /* XML forbids control characters even as references. */
                if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
                    sink_character(sink, ' ');
                else
                    sink_character(sink, text[i]);
            }
        text += well;
        if (well < length) {
            sink_text(sink, "\xEF\xBF\xBD");
            text++;
        }
    }
}

/* A text of class `class`; anchor is "start", "middle" or "end". */
static void write_text(struct sink *sink, double x, double y, const char *class, const char *anchor, const char *text)
{
    sink_format(sink, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\"", x, y, class);
    if (strcmp(anchor, "start") != 0)
        sink_format(sink, " text-anchor=\"%s\"", anchor);
    sink_character(sink, '>');
    write_escaped(sink, text);
    sink_text(sink, "</text>\n");
}

/* As write_text, cut to what fits into `room` pixels. */
static void write_text_within(struct sink *sink, const struct display *display, double x, double y, const char *class,
                              double room, const char *text)
{
    char cut[512];
    display_cut(display, text, (size_t) fmax(4, room / LETTER), cut, sizeof cut);
    write_text(sink, x, y, class, "start", cut);
}

/* Lines of a longer text, broken at blanks. Returns the y behind the last one. */
static double write_wrapped(struct sink *sink, const struct display *display, double x, double y, double room,
                            const char *class, const char *text)
{
    size_t most = (size_t) (room / (LETTER * (strcmp(class, "subtitle") == 0 ? 1.06 : 0.92)));
    while (*text != '\0') {
        char   line[512];
        size_t length = strlen(text), fits = 0;
        for (size_t i = 0; i <= length && i < sizeof line; i++)
            if ((text[i] == ' ' || text[i] == '\0') && (fits == 0 || display_width(display, text, i) <= most))
                fits = i;
        if (fits == 0)
            fits = length < sizeof line ? length : sizeof line - 1;
        snprintf(line, sizeof line, "%.*s", (int) fits, text);
        write_text(sink, x, y, class, "start", line);
        y += 16;
        text += fits;
        while (*text == ' ')
            text++;
    }
    return y;
}

/* ---- scales ---- */

static double x_of(const struct plot *plot, double day)
{
    return plot->left + (day - plot->first) / (double) (plot->end - plot->first) * plot->width;
}

static double y_of(const struct plot *plot, double value)
{
    double share = value / plot->y_top;
    return plot->top + plot->height - (plot->height - MARK_ROOM) * fmin(share, 1e6);
}

static toc_date step_end(const struct plot *plot, size_t step)
{
    enum date_step size = plot->chart->step == DATE_STEP_UNKNOWN ? DATE_STEP_DAY : plot->chart->step;
    return date_advance(plot->panel->date[step], size, 1);
}

static double middle(const struct plot *plot, size_t step)
{
    return (x_of(plot, plot->panel->date[step]) + x_of(plot, step_end(plot, step))) / 2;
}

static bool is_here(const struct chart_layer *layer, size_t step)
{
    return layer->where == NULL || layer->where[step] != 0;
}

static bool is_line(enum chart_shape shape)
{
    return shape == CHART_LINE || shape == CHART_DASHES || shape == CHART_STEPS;
}

static double largest(const struct plot *plot, const struct chart_layer *layer, const double *values)
{
    double most = 0;
    for (size_t i = plot->begin; values != NULL && i < plot->panel->n; i++)
        if (is_here(layer, i) && isfinite(values[i]) && values[i] > most)
            most = values[i];
    return most;
}

static double find_y_top(const struct plot *plot, bool *has_bars)
{
    double bars = 0, lines = 0, all = 0;
    *has_bars = false;
    for (size_t i = 0; i < plot->panel->num_layers; i++) {
        const struct chart_layer *layer = &plot->panel->layers[i];
        double                    most = fmax(largest(plot, layer, layer->y), largest(plot, layer, layer->high));
        if (layer->shape == CHART_LEVEL)
            most = layer->level;
        if (layer->shape == CHART_BARS) {
            bars = fmax(bars, most);
            *has_bars = true;
        } else if (is_line(layer->shape))
            lines = fmax(lines, most);
        all = fmax(all, most);
    }
    double main = *has_bars ? fmax(bars, 2) : lines;
    double top = main > 0 && !plot->chart->whole ? fmin(all, CHART_MAX_REACH * main) : all;
    return top > 0 ? fmax(top, *has_bars ? 2 : 0) : 1;
}

/* ---- axes ---- */

static void write_value_axis(const struct plot *plot, bool whole)
{
    char   label[32];
    double step = chart_value_step(plot->y_top, plot->height > 170 ? 5 : 4, whole);
    for (double value = 0; value <= plot->y_top * (1 + 1e-9); value += step) {
        double y = y_of(plot, value);
        sink_format(plot->sink, "<path class=\"%s\" d=\"M%.1f %.1fh%.1f\"/>\n", value > 0 ? "grid" : "axis", plot->left,
                    y, plot->width);
        snprintf(label, sizeof label, "%.6g", value);
        write_text(plot->sink, plot->left - 6, y + 4, "tick", "end", label);
    }
}

/* Where two lower labels would touch, the later stays: it stands where its year or month begins. */
static bool is_crowded(const struct plot *plot, const struct chart_tick *ticks, size_t num, size_t tick)
{
    for (size_t i = tick + 1; i < num; i++)
        if (ticks[i].below[0] != '\0')
            return x_of(plot, ticks[i].date) - x_of(plot, ticks[tick].date) < 62;
    return false;
}

static void write_date_axis(const struct plot *plot)
{
    struct chart_tick ticks[CHART_MAX_TICKS];
    double            base = plot->top + plot->height;
    size_t            num = chart_date_ticks(plot->first, plot->end - 1, plot->width, plot->chart->form, ticks);
    double            weeks = plot->chart->step == DATE_STEP_WEEK ? 3.5 : 0; /* the middle of the week, under its bar */
    for (size_t i = 0; i < num; i++) {
        double x = x_of(plot, ticks[i].date + (ticks[i].label[0] == 'W' ? weeks : 0));
        if (x > plot->left + plot->width - 8 && i > 0)
            continue;
        sink_format(plot->sink, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>\n", x, base + 8);
        write_text(plot->sink, x, base + 25, "tick", "middle", ticks[i].label);
        if (ticks[i].below[0] != '\0' && !is_crowded(plot, ticks, num, i))
            write_text(plot->sink, x, base + 39, "year", "middle", ticks[i].below);
    }
}

/* ---- layers ---- */

static void write_bars(const struct plot *plot, const struct chart_layer *layer)
{
    double base = y_of(plot, 0);
    sink_format(plot->sink, "<path fill=\"%s\" d=\"", color_codes[layer->color]);
    for (size_t i = plot->begin; i < plot->panel->n; i++) {
        if (!is_here(layer, i) || !(layer->y[i] > 0))
            continue;
        double x = x_of(plot, plot->panel->date[i]), width = x_of(plot, step_end(plot, i)) - x;
        double gap = width > 3 ? fmin(width * 0.16, 3) : 0;
        sink_format(plot->sink, "M%.2f %.1fV%.1fh%.2fV%.1fz", x + gap / 2, base, y_of(plot, layer->y[i]), width - gap,
                    base);
    }
    sink_text(plot->sink, "\"/>\n");
}

static void write_line(const struct plot *plot, const struct chart_layer *layer)
{
    bool pen_down = false;
    bool dense = plot->width < DENSE * (double) (plot->panel->n - plot->begin);
    sink_format(plot->sink,
                "<path stroke-dasharray=\"%s\" class=\"%s%s\" clip-path=\"url(#clip%zu)\" stroke=\"%s\" d=\"",
                layer->shape == CHART_DASHES ? dashes_of(layer->color) : "none",
                layer->shape == CHART_DASHES ? "dashes" : "line", dense ? " dense" : "", plot->number,
                color_codes[layer->color]);
    for (size_t i = plot->begin; i < plot->panel->n; i++) {
        bool here = is_here(layer, i) && isfinite(layer->y[i]);
        if (here && layer->shape == CHART_STEPS)
            sink_format(plot->sink, "%c%.2f %.1fH%.2f", pen_down ? 'L' : 'M', x_of(plot, plot->panel->date[i]),
                        y_of(plot, layer->y[i]), x_of(plot, step_end(plot, i)));
        else if (here) {
            /* A value between two gaps is a dash as wide as its step, else it would not be seen. */
            bool alone = !pen_down && (i + 1 == plot->panel->n || !is_here(layer, i + 1) || !isfinite(layer->y[i + 1]));
            double x = middle(plot, i), half = alone ? x - x_of(plot, plot->panel->date[i]) : 0;
            sink_format(plot->sink, "%c%.2f %.1f", pen_down ? 'L' : 'M', x - half, y_of(plot, layer->y[i]));
            if (alone)
                sink_format(plot->sink, "h%.2f", 2 * half);
        }
        pen_down = here;
    }
    sink_text(plot->sink, "\"/>\n");
}

static bool has_ribbon(const struct chart_layer *layer, size_t step)
{
    return is_here(layer, step) && isfinite(layer->y[step]) && isfinite(layer->high[step]);
}

static void write_ribbon(const struct plot *plot, const struct chart_layer *layer)
{
    sink_format(plot->sink, "<path clip-path=\"url(#clip%zu)\" fill=\"%s\" d=\"", plot->number,
                color_codes[layer->color]);
    for (size_t i = plot->begin; i < plot->panel->n; i++) {
        if (!has_ribbon(layer, i))
            continue;
        size_t end = i;
        while (end < plot->panel->n && has_ribbon(layer, end))
            end++;
        double half = end == i + 1 ? middle(plot, i) - x_of(plot, plot->panel->date[i]) : 0; /* alone: a step wide */
        for (size_t j = i; j < end; j++)
            sink_format(plot->sink, "%c%.2f %.1f", j == i ? 'M' : 'L', middle(plot, j) - half,
                        y_of(plot, layer->high[j]));
        if (half > 0)
            sink_format(plot->sink, "h%.2fV%.1f", 2 * half, y_of(plot, layer->y[i]));
        for (size_t j = end; j-- > i;)
            sink_format(plot->sink, "L%.2f %.1f", middle(plot, j) - half, y_of(plot, layer->y[j]));
        sink_character(plot->sink, 'z');
        i = end;
    }
    sink_text(plot->sink, "\"/>\n");
}

static void write_spans(const struct plot *plot, const struct chart_layer *layer)
{
    for (size_t i = plot->begin; i < plot->panel->n; i++) {
        if (!is_here(layer, i))
            continue;
        size_t end = i;
        while (end + 1 < plot->panel->n && is_here(layer, end + 1))
            end++;
        double x = x_of(plot, plot->panel->date[i]);
        sink_format(plot->sink, "<path fill=\"%s\" d=\"M%.1f %.1fv%.1fH%.1fv%.1fz\"/>\n",
                    layer->shape == CHART_HATCH ? "url(#hatch)" : color_codes[layer->color], x, plot->top, plot->height,
                    x_of(plot, step_end(plot, end)), -plot->height);
        i = end;
    }
}

/* Every mark begins at its place (x, y), so that one string serves panels and legend. */
static const char *mark_shape(enum chart_shape shape)
{
    switch (shape) {
    case CHART_TRIANGLE: return "m0 -3l-5 -8.5h10z";
    case CHART_CROSS: return "m-3 -3l6 6m0 -6l-6 6";
    default: return "m0 -3.5l3.5 3.5l-3.5 3.5l-3.5 -3.5z";
    }
}

static void write_mark(struct sink *sink, const struct chart_layer *layer, double x, double y, const char *tip)
{
    bool open = layer->shape == CHART_CROSS;
    sink_format(sink, "<path %s=\"%s\"%s d=\"M%.1f %.1f%s\"", open ? "stroke" : "fill", color_codes[layer->color],
                open ? " fill=\"none\" stroke-width=\"1.5\"" : "", x, y, mark_shape(layer->shape));
    if (tip == NULL) {
        sink_text(sink, "/>\n");
        return;
    }
    sink_text(sink, "><title>");
    write_escaped(sink, tip);
    sink_text(sink, "</title></path>\n");
}

static void write_marks(const struct plot *plot, const struct chart_layer *layer)
{
    double base = plot->top + plot->height;
    for (size_t i = plot->begin; i < plot->panel->n; i++) {
        if (!is_here(layer, i) || (layer->shape == CHART_TRIANGLE && !isfinite(layer->y[i])))
            continue;
        double y = layer->shape == CHART_TRIANGLE ? y_of(plot, layer->y[i])
                   : layer->shape == CHART_CROSS  ? base - 5
                                                  : base + 5;
        write_mark(plot->sink, layer, middle(plot, i), y, layer->tips != NULL ? layer->tips[i] : NULL);
    }
}

static void write_layer(const struct plot *plot, const struct chart_layer *layer)
{
    switch (layer->shape) {
    case CHART_BARS: write_bars(plot, layer); break;
    case CHART_LINE:
    case CHART_DASHES:
    case CHART_STEPS: write_line(plot, layer); break;
    case CHART_RIBBON: write_ribbon(plot, layer); break;
    case CHART_HATCH:
    case CHART_SHADE: write_spans(plot, layer); break;
    case CHART_LEVEL:
        sink_format(plot->sink,
                    "<path stroke-dasharray=\"" LEVEL_DASHES
                    "\" class=\"level\" stroke=\"%s\" d=\"M%.1f %.1fh%.1f\"/>\n",
                    color_codes[layer->color], plot->left, y_of(plot, layer->level), plot->width);
        break;
    case CHART_TRIANGLE:
    case CHART_CROSS:
    case CHART_DIAMOND: write_marks(plot, layer); break;
    }
}

/* Spans lie under the grid, everything else over it. */
static bool is_span(const struct chart_layer *layer)
{
    return layer->shape == CHART_HATCH || layer->shape == CHART_SHADE;
}

static void write_panel_title(const struct plot *plot)
{
    const struct chart_panel *panel = plot->panel;
    double                    y = plot->top - 10, x = plot->left - AXIS_LEFT + 6, note = 0;
    if (panel->note != NULL) {
        note = (double) display_width(plot->display, panel->note, strlen(panel->note)) * LETTER + 12;
        sink_format(plot->sink, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" style=\"fill:%s;font-weight:%d\">",
                    plot->left + plot->width, y,
                    panel->note_color == CHART_GREY ? "#57606a" : color_codes[panel->note_color],
                    panel->note_color == CHART_GREY ? 400 : 700);
        write_escaped(plot->sink, panel->note);
        sink_text(plot->sink, "</text>\n");
    }
    write_text_within(plot->sink, plot->display, x, y, "name", (plot->width + AXIS_LEFT - note) * 0.9, panel->title);
}

static void write_panel(struct plot *plot)
{
    const struct chart_panel *panel = plot->panel;
    bool                      has_bars;
    write_panel_title(plot);
    if (panel->n == 0)
        return;
    size_t most = chart_max_steps(plot->chart->num_panels);
    plot->begin = panel->n > most ? panel->n - most : 0;
    plot->first = panel->date[plot->begin];
    plot->end = step_end(plot, panel->n - 1);
    plot->y_top = find_y_top(plot, &has_bars);
    sink_format(plot->sink,
                "<clipPath id=\"clip%zu\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></clipPath>\n",
                plot->number, plot->left, plot->top, plot->width, plot->height + 1);
    for (size_t i = 0; i < panel->num_layers; i++)
        if (is_span(&panel->layers[i]))
            write_layer(plot, &panel->layers[i]);
    write_value_axis(plot, has_bars);
    for (size_t i = 0; i < panel->num_layers; i++)
        if (!is_span(&panel->layers[i]))
            write_layer(plot, &panel->layers[i]);
    write_date_axis(plot);
}

/* ---- legend ---- */

static void write_swatch(struct sink *sink, const struct chart_layer *layer, double x, double y)
{
    const char *color = color_codes[layer->color];
    switch (layer->shape) {
    case CHART_BARS:
        sink_format(sink, "<path fill=\"%s\" d=\"M%.1f %.1fv-8h5v8zm7 0v-12h5v12zm7 0v-6h5v6z\"/>\n", color, x, y + 5);
        break;
    case CHART_LINE:
    case CHART_STEPS:
    case CHART_DASHES:
    case CHART_LEVEL:
        sink_format(sink, "<path stroke-dasharray=\"%s\" class=\"%s\" stroke=\"%s\" d=\"M%.1f %.1fh20\"/>\n",
                    layer->shape == CHART_DASHES  ? dashes_of(layer->color)
                    : layer->shape == CHART_LEVEL ? LEVEL_DASHES
                                                  : "none",
                    layer->shape == CHART_DASHES  ? "dashes"
                    : layer->shape == CHART_LEVEL ? "level"
                                                  : "line",
                    color, x, y);
        break;
    case CHART_RIBBON:
    case CHART_SHADE:
    case CHART_HATCH:
        sink_format(sink, "<path fill=\"%s\" d=\"M%.1f %.1fv12h20v-12z\"/>\n",
                    layer->shape == CHART_HATCH ? "url(#hatch)" : color, x, y - 6);
        break;
    case CHART_TRIANGLE: write_mark(sink, layer, x + 10, y + 8, NULL); break;
    case CHART_CROSS:
    case CHART_DIAMOND: write_mark(sink, layer, x + 10, y, NULL); break;
    }
}

static bool is_drawn(const struct chart_panel *panel, const struct chart_layer *layer)
{
    if (layer->shape == CHART_LEVEL)
        return true;
    for (size_t i = 0; i < panel->n; i++)
        if (is_here(layer, i) && (layer->y == NULL || isfinite(layer->y[i])))
            return true;
    return false;
}

/* Each label once, in the order of the layers; what no panel shows is not explained. Returns the y below. */
static double write_legend(const struct chart *chart, struct sink *sink, const struct display *display, double y)
{
    const char *shown[CHART_MAX_LAYERS];
    size_t      num_shown = 0;
    double      x = MARGIN;
    for (size_t i = 0; i < chart->num_panels; i++)
        for (size_t j = 0; j < chart->panels[i].num_layers; j++) {
            const struct chart_layer *layer = &chart->panels[i].layers[j];
            bool known = layer->label == NULL || num_shown == CHART_MAX_LAYERS || !is_drawn(&chart->panels[i], layer);
            for (size_t k = 0; k < num_shown && !known; k++)
                known = strcmp(shown[k], layer->label) == 0;
            if (known)
                continue;
            double width = 48 + (double) display_width(display, layer->label, strlen(layer->label)) * LETTER;
            if (x + width > PAGE_WIDTH - MARGIN && x > MARGIN) {
                x = MARGIN;
                y += 20;
            }
            write_swatch(sink, layer, x, y - 4);
            write_text(sink, x + 27, y, "key", "start", layer->label);
            x += width;
            shown[num_shown++] = layer->label;
        }
    return num_shown > 0 ? y + 20 : y;
}

/* ---- table ---- */

#define TABLE_ROW 19.0
#define TABLE_GAP 26.0  /* between columns */
#define BOLD_LETTER 8.0 /* width of a letter of a head, roughly */

static double table_column_width(const struct chart_table *table, const struct display *display, size_t column)
{
    double widest = 0;
    for (size_t row = 0; row < table->rows && row < CHART_TABLE_ROWS; row++) {
        const char *cell = table->cells[row * table->columns + column];
        double      letter = row == 0 ? BOLD_LETTER : LETTER;
        widest = fmax(widest, (double) display_width(display, cell, strlen(cell)) * letter);
    }
    return widest + TABLE_GAP;
}

/* Where columns end. The first gets what the others leave. Returns how many fit. */
static size_t place_columns(const struct chart_table *table, const struct display *display,
                            double right[CHART_TABLE_COLUMNS])
{
    size_t columns = table->columns < CHART_TABLE_COLUMNS ? table->columns : CHART_TABLE_COLUMNS;
    double width[CHART_TABLE_COLUMNS], others = 0;
    for (size_t column = 0; column < columns; column++) {
        width[column] = table_column_width(table, display, column);
        others += column > 0 ? width[column] : 0;
    }
    width[0] = fmin(width[0], fmax(PAGE_WIDTH - 2 * MARGIN - others, 100));
    for (size_t column = 0; column < columns; column++)
        right[column] = (column > 0 ? right[column - 1] : MARGIN) + width[column];
    return columns;
}

/* Returns the y below. */
static double write_table(const struct chart_table *table, struct sink *sink, const struct display *display, double y)
{
    double right[CHART_TABLE_COLUMNS];
    size_t columns = place_columns(table, display, right);
    for (size_t row = 0; row < table->rows && row < CHART_TABLE_ROWS; row++) {
        const char *const *cells = table->cells + row * table->columns;
        const char *class = row == 0 ? "name" : "key";
        write_text_within(sink, display, MARGIN, y, class, right[0] - MARGIN - TABLE_GAP / 2, cells[0]);
        for (size_t column = 1; column < columns; column++)
            write_text(sink, right[column] - TABLE_GAP / 2, y, class, "end", cells[column]);
        sink_format(sink, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>\n", row == 0 ? "axis" : "grid", MARGIN, y + 5,
                    right[columns - 1]);
        y += TABLE_ROW;
    }
    return y + 8;
}

/* ---- the page ---- */

static void write_head(const struct chart *chart, struct sink *sink, double height)
{
    sink_format(sink,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
                "role=\"img\" aria-labelledby=\"chart-title\">\n<title id=\"chart-title\">",
                PAGE_WIDTH, height, PAGE_WIDTH, height);
    write_escaped(sink, chart->title);
    sink_text(
        sink,
        "</title>\n<style>\n"
        "text{font-family:\"Noto Sans\",\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Noto Serif Tibetan\","
        "\"Helvetica Neue\",Arial,\"DejaVu Sans\",\"WenQuanYi Micro Hei\",sans-serif;font-size:12px;fill:#3b434d}\n"
        ".title{font-size:20px;font-weight:700;fill:#22272e}.subtitle{font-size:13px;fill:#57606a}\n"
        ".name{font-size:13px;font-weight:700;fill:#22272e}.key{fill:#22272e}.tick{font-size:11px;fill:#57606a}\n"
        ".year{font-size:11px;font-weight:700;fill:#57606a}.foot{font-size:11px;fill:#57606a}\n"
        ".grid{stroke:#e3e7eb;stroke-width:1;fill:none}.axis{stroke:#6b7580;stroke-width:1;fill:none}\n"
        ".line{fill:none;stroke-width:1.8;stroke-linejoin:round}\n"
        ".dashes{fill:none;stroke-width:1.6}\n"
        ".dense{stroke-width:1.3}\n"
        ".level{fill:none;stroke-width:1.4}\n</style>\n"
        "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#f6f7f8\"/>"
        "<rect width=\"1.4\" height=\"6\" fill=\"#cfd5da\"/></pattern></defs>\n");
    sink_format(sink, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", PAGE_WIDTH, height);
}

static void write_panels(const struct chart *chart, struct sink *sink, struct display *display, double y,
                         size_t num_panels)
{
    size_t columns = columns_for(num_panels);
    double outer = (PAGE_WIDTH - 2 * MARGIN - BETWEEN_PANELS * (double) (columns - 1)) / (double) columns;
    double height = height_for(num_panels);
    for (size_t i = 0; i < num_panels; i++) {
        double      x = MARGIN + (double) (i % columns) * (outer + BETWEEN_PANELS);
        double      top = y + (double) (i / columns) * (height + TITLE_ABOVE + AXIS_BELOW);
        struct plot plot = { .chart = chart,
                             .panel = &chart->panels[i],
                             .sink = sink,
                             .display = display,
                             .number = i,
                             .left = x + AXIS_LEFT,
                             .top = top + TITLE_ABOVE,
                             .width = outer - AXIS_LEFT,
                             .height = height };
        sink_text(sink, "<g>\n");
        write_panel(&plot);
        sink_text(sink, "</g>\n");
    }
}

void chart_write(const struct chart *chart, struct sink *sink)
{
    struct display display;
    display_init(&display);
    /* The head needs the height, which the wrapped texts decide: they are written to memory first. */
    struct sink body;
    sink_init_memory(&body);
    size_t num_panels = chart->num_panels < CHART_MAX_PANELS ? chart->num_panels : CHART_MAX_PANELS;
    double room = PAGE_WIDTH - 2 * MARGIN, y = 40;

    write_text(&body, MARGIN, y, "title", "start", chart->title);
    y += 22;
    if (chart->subtitle != NULL)
        y = write_wrapped(&body, &display, MARGIN, y, room, "subtitle", chart->subtitle) + 6;
    y = write_legend(chart, &body, &display, y + 4);
    if (chart->y_title != NULL) {
        write_text(&body, MARGIN, y + 4, "tick", "start", chart->y_title);
        y += 10;
    }
    y += 4;
    write_panels(chart, &body, &display, y, num_panels);
    size_t rows = num_panels > 0 ? (num_panels - 1) / columns_for(num_panels) + 1 : 0;
    y += (double) rows * (height_for(num_panels) + TITLE_ABOVE + AXIS_BELOW) + 18;
    if (chart->table != NULL)
        y = write_table(chart->table, &body, &display, y + 6);
    if (chart->note != NULL)
        y = write_wrapped(&body, &display, MARGIN, y, room, "foot", chart->note);

    write_head(chart, sink, y + 8);
    sink_write(sink, body.bytes, body.used);
    sink_text(sink, "</svg>\n");
    if (body.failure != 0 && sink->failure == 0)
        sink->failure = body.failure;
    sink_free(&body);
    display_free(&display);
}
