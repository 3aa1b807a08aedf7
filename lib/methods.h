/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/methods.h: the rows of the method table, each defined at the end of its method's own file. */
#ifndef LIB_METHODS_H
#define LIB_METHODS_H

#include "tocsin/method.h"

/* Kind, place and bounds of a parameter; `options` is the method's options struct. */
#define TOCI_REAL(options, field, least, most)                                                                         \
    .kind = TOC_PARAMETER_REAL, .offset = offsetof(options, field), .low = (least), .high = (most)
#define TOCI_INTEGER(options, field, least, most)                                                                      \
    .kind = TOC_PARAMETER_INTEGER, .offset = offsetof(options, field), .low = (least), .high = (most)
#define TOCI_FLAG(options, field)                                                                                      \
    .kind = TOC_PARAMETER_FLAG, .offset = offsetof(options, field), .low = 0, .high = 1, .unit = ""
#define TOCI_CHOICE(options, field, words)                                                                             \
    .kind = TOC_PARAMETER_CHOICE, .offset = offsetof(options, field), .choices = (words), .unit = ""

/* Parameters that several methods share. `options` is the method's options struct. */
#define TOCI_PARAMETER_WEEKDAYS(options)                                                                               \
    {                                                                                                                  \
        .name = "weekdays", .kind = TOC_PARAMETER_CHOICE, .offset = offsetof(options, weekdays),                       \
        .choices = toci_weekdays_choices, .unit = "",                                                                  \
        .meaning = "whether each day of the week of a daily series is judged against its own kind"                     \
    }
extern const struct toc_choice toci_weekdays_choices[];

extern const struct toc_method toci_method_adaptive_regression;
extern const struct toc_method toci_method_bayes;
extern const struct toc_method toci_method_cusum;
extern const struct toc_method toci_method_ears_c1;
extern const struct toc_method toci_method_ears_c2;
extern const struct toc_method toci_method_ears_c3;
extern const struct toc_method toci_method_essence;
extern const struct toc_method toci_method_ewma;
extern const struct toc_method toci_method_farrington;
extern const struct toc_method toci_method_farrington_flexible;
extern const struct toc_method toci_method_glr_negative_binomial;
extern const struct toc_method toci_method_glr_poisson;
extern const struct toc_method toci_method_lr_negative_binomial;
extern const struct toc_method toci_method_lr_poisson;

#endif
