/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/method.h: every detection method by name, with its parameters described once.
 *
 * The command line, its help, the manual pages and the server read this table; nothing else lists methods.
 * A caller who knows the method at compile time uses its own header (tocsin/ears.h …) instead.
 */
#ifndef TOCSIN_METHOD_H
#define TOCSIN_METHOD_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum toc_parameter_kind {
    TOC_PARAMETER_REAL,    /* double */
    TOC_PARAMETER_INTEGER, /* int */
    TOC_PARAMETER_FLAG,    /* bool */
    TOC_PARAMETER_CHOICE   /* enum, one of `choices` */
};

struct toc_choice {
    const char *word;   /* "nb-plugin" */
    const char *r_word; /* "nbPlugin"; NULL where R has no such word */
    int         value;
    const char *meaning;
};

struct toc_parameter {
    const char              *name;      /* "pastWeeks…" in our words: "guard_weeks" */
    const char              *r_name;    /* R's word; NULL where R has none */
    int                      r_element; /* which element of R's vector (limit54 = c(5, 4)); else 0 */
    enum toc_parameter_kind  kind;
    size_t                   offset;    /* in the method's options struct */
    double                   low, high; /* bounds of a number, inclusive unless open; -INFINITY, INFINITY */
    bool                     low_open, high_open;
    const struct toc_choice *choices; /* ends with a NULL word; NULL unless a choice, or a real that has words too */
    const char              *unit;    /* "weeks", "" */
    const char              *meaning; /* one sentence */
};

/* The most bytes that an options struct may take, so that a caller can hold any on the stack. */
#define TOC_METHOD_MAX_OPTIONS 512

struct toc_method {
    const char                 *name;   /* "ears-c1" */
    const char                 *title;  /* one line */
    const char                 *use;    /* when to choose it: one or two sentences */
    const char                 *r_name; /* the R call it is compared with: "earsC(method=\"C1\")"; NULL = none */
    const char                 *source; /* citation with DOI */
    size_t                      options_size;
    const void                 *defaults;   /* an options struct */
    const void                 *r_defaults; /* what R sets where it differs from ours; NULL = the same */
    const struct toc_parameter *parameters;
    size_t                      num_parameters;
    /* Adds up from one step to the next, beginning with `first`: the answer for a step depends on where judging began,
     * so keep that the same from one week to the next. Of all other methods each step is judged by itself. */
    bool cumulative;
    /* Judge steps first … first + num - 1; the contract of the method's own header. */
    int (*judge)(const struct toc_series *series, size_t first, size_t num, const void *options,
                 const struct toc_allocator *allocator, struct toc_judgement *judgements, struct toc_error *error);
};

/* All methods, in the order in which people should meet them. */
const struct toc_method *const *toc_methods(size_t *num_methods);

/* The method of that name, or NULL. */
const struct toc_method *toc_method_find(const char *name);

/* What to judge a series of n steps with where nobody has chosen: with more than five years a model of the season
 * (farrington-flexible), with less the last steps (ears-c2). steps_per_year: 365, 52 or 12. */
const struct toc_method *toc_method_default(size_t n, int steps_per_year);

/* Copy the method's defaults (in TOC_MODE_R: R's own) to options (options_size bytes) and set the mode. */
void toc_method_init_options(const struct toc_method *method, enum toc_mode mode, void *options);

/* The parameter called `name` in our words or in R's; element selects among parameters that share R's word.
 * NULL where there is none. */
const struct toc_parameter *toc_method_parameter(const struct toc_method *method, const char *name, int element);

/* Set one number (REAL, INTEGER, FLAG as 0 or 1). TOC_ERR_OPTION where it is out of bounds, not whole, or the parameter
 * is a choice. */
int toc_parameter_set_number(const struct toc_parameter *parameter, double value, void *options,
                             struct toc_error *error);

/* Set a choice, or a real that has words (m=glm), by its word, ours or R's, or a flag by true, false, yes, no, TRUE,
 * FALSE, T, F. TOC_ERR_UNKNOWN_NAME where there is no such word. */
int toc_parameter_set_word(const struct toc_parameter *parameter, const char *word, void *options,
                           struct toc_error *error);

/* The present value: a number (flags 0 or 1, choices their value). */
double toc_parameter_get(const struct toc_parameter *parameter, const void *options);

#ifdef __cplusplus
}
#endif
#endif
