/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/incidence.h: what the reproduction numbers share: counts checked and split by source, infection pressure. */
#ifndef LIB_INCIDENCE_H
#define LIB_INCIDENCE_H

#include "internal.h"
#include "tocsin/reproduction.h"

/* Counts and lengths. In TOC_MODE_R a missing count is an error. */
int toci_check_incidence(const struct toc_incidence *incidence, enum toc_mode mode, struct toc_error *error);

/* The serial interval: entries >= 0 and finite, w[0] = 0; in TOC_MODE_DEFAULT a sum near 1. *scale is what the weights
 * are to be multiplied by: 1 in TOC_MODE_R, 1/sum else. */
int toci_check_serial_interval(const double *w, size_t num_w, enum toc_mode mode, double *scale,
                               struct toc_error *error);

int toci_check_windows(const struct toc_window *windows, size_t num_windows, size_t n, struct toc_error *error);

int toci_check_probabilities(const double *probabilities, size_t num, struct toc_error *error);

/* Steps of one series prepared for sums over windows. A step that cannot be used has NaN in pressure or local. */
struct toci_steps {
    double *cases;    /* n, missing counts as 0 */
    double *local;    /* n, cases infected within the series; NaN = the count is missing */
    double *pressure; /* n; NaN = too much of it is missing */
    double *reversed; /* num_w, the scaled serial interval, longest first */
    size_t  num_w;
    bool    any_missing;
};

/* How many doubles struct toci_steps needs for a series. */
size_t toci_steps_room(size_t n, size_t num_w);

/* Lay the arrays out in `room`, reverse the serial interval. */
void toci_steps_init(struct toci_steps *steps, double *room, size_t n, const double *w, size_t num_w, double scale);

/* Fill step t (all earlier ones are filled) from its counts. */
void toci_steps_fill(struct toci_steps *steps, size_t t, double cases, double imported, enum toc_mode mode);

/* All steps of a series. */
void toci_steps_fill_all(struct toci_steps *steps, const struct toc_incidence *incidence, enum toc_mode mode);

/* Every argument that the estimates of reproduction numbers share. */
int toci_check_estimate(const struct toc_incidence *incidence, const struct toc_window *windows, size_t num_windows,
                        const double *probabilities, size_t num_probabilities, enum toc_mode mode,
                        struct toc_error *error);

#endif
