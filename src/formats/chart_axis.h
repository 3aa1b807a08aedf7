/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/chart_axis.h: where an axis has its ticks and what they say; pure numbers, used by chart.c. */
#ifndef FORMATS_CHART_AXIS_H
#define FORMATS_CHART_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date_text.h"

#define CHART_MAX_TICKS 64

struct chart_tick {
    toc_date date;
    char     label[16]; /* "" = a small tick between */
    char     below[16]; /* a second line: the year, or month and year; "" = none */
};

/* Ticks for the days first … last over `pixels`, at whole weeks, months or years so that labels do not touch. Returns
 * how many. */
size_t chart_date_ticks(toc_date first, toc_date last, double pixels, enum date_form form,
                        struct chart_tick ticks[CHART_MAX_TICKS]);

/* The distance of at most `most` round values 0, d, 2d … that reach `top` (> 0): 1, 2, 2.5 or 5 times a power of
 * ten, whole where only whole numbers make sense. */
double chart_value_step(double top, int most, bool whole);

#endif
