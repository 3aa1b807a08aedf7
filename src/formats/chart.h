/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/chart.h: small multiples over time as SVG: one panel a series, one legend for all.
 *
 * A panel is a row of steps and layers drawn over it, first layer lowest. Whoever draws says what each layer means and
 * how it looks; layout, axes, legend and the limits below are made here.
 *
 * Made to be read: every meaning has a shape beside its colour, so that it survives black-and-white print and every
 * kind of colour vision (colours of Okabe and Ito); exact values are in the tooltips of marks; texts of any language
 * are escaped, and shown in whatever font the reader has. The same input gives the same bytes: no time, no place.
 *
 * Scale of a panel: from 0 to the largest of what it shows, except that lines and ribbons reaching beyond
 * CHART_MAX_REACH times the largest bar (without bars: the largest point of a line) leave the panel at its top, so that
 * one wild threshold does not flatten the counts. With `whole` nothing leaves its panel.
 */
#ifndef FORMATS_CHART_H
#define FORMATS_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date_text.h"
#include "base/sink.h"
#include "tocsin/date.h"

#define CHART_MAX_PANELS 60 /* more make a file that nobody reads; the caller chooses which and says so in `note` */
#define CHART_MAX_LAYERS 12
#define CHART_MAX_REACH 2.5

enum chart_shape {
    CHART_BARS,     /* from 0 to y */
    CHART_LINE,     /* through y at the middle of each step; broken where NaN */
    CHART_DASHES,   /* the same, dashed */
    CHART_STEPS,    /* as a line that is level within each step */
    CHART_RIBBON,   /* between y and high */
    CHART_LEVEL,    /* one dashed line across at `level` */
    CHART_HATCH,    /* hatched over the whole height, where `where` is not 0 */
    CHART_SHADE,    /* the same, in one tint */
    CHART_TRIANGLE, /* a mark above y */
    CHART_CROSS,    /* a mark on the axis */
    CHART_DIAMOND   /* a mark below the axis */
};

/* By meaning, so that all charts speak alike. */
enum chart_color {
    CHART_GREY,   /* counts */
    CHART_PALE,   /* counts outside of what is judged */
    CHART_BLUE,   /* thresholds, estimates */
    CHART_GREEN,  /* what is expected */
    CHART_RED,    /* alarms (vermillion) */
    CHART_PURPLE, /* holidays */
    CHART_SKY,    /* uncertainty of an estimate */
    CHART_YELLOW, /* spans of a season */
    CHART_BLACK,
    CHART_NUM_COLORS
};

struct chart_layer {
    enum chart_shape   shape;
    enum chart_color   color;
    const char        *label; /* in the legend, taken from the first panel that has the layer; NULL = not there */
    const double      *y;     /* n values, NaN = nothing there; NULL for LEVEL, HATCH, SHADE, CROSS and DIAMOND */
    const double      *high;  /* RIBBON: n upper edges */
    const uint8_t     *where; /* n flags: drawn where not 0; NULL = everywhere */
    double             level; /* LEVEL */
    const char *const *tips;  /* n texts shown over a mark; NULL, or NULL elements = none */
};

struct chart_panel {
    const char               *title; /* the name of the series; "" = none */
    const char               *note;  /* at the right of the title: "3 alarms"; NULL = none */
    enum chart_color          note_color;
    const toc_date           *date; /* n, the first day of each step, ascending */
    size_t                    n;
    const struct chart_layer *layers;
    size_t                    num_layers;
};

/* Texts in rows and columns below the panels: the first row is the head, the first column is set to the left. */
struct chart_table {
    const char *const *cells; /* row by row; none is NULL */
    size_t             rows, columns;
};
#define CHART_TABLE_ROWS 60    /* at most are drawn */
#define CHART_TABLE_COLUMNS 12 /* likewise */

struct chart {
    const char               *title;
    const char               *subtitle; /* NULL = none */
    const char               *note;     /* below the panels: method, settings, what is left out; NULL = none */
    const char               *y_title;  /* "cases a week"; NULL = none */
    enum date_step            step;
    enum date_form            form; /* weeks are numbered on the axis where dates are ISO weeks */
    const struct chart_panel *panels;
    bool                      whole;      /* panels hold all that they show: fans */
    const struct chart_table *table;      /* NULL = none */
    size_t                    num_panels; /* at most CHART_MAX_PANELS are drawn */
};

/* The most steps that a panel shows where there are so many panels: what the eye can tell apart. Of longer ones the
 * newest are drawn; the caller says so. */
size_t chart_max_steps(size_t num_panels);

/* Write the chart as one SVG document. Failures are the sink's to remember. */
void chart_write(const struct chart *chart, struct sink *sink);

#endif
