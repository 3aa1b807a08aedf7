/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/farrington_flexible.h: the judgement of one step, shared by whole series, the streaming state and, with other
 * rules, the method of 1996. */
#ifndef LIB_FARRINGTON_FLEXIBLE_H
#define LIB_FARRINGTON_FLEXIBLE_H

#include "farrington_factors.h"
#include "farrington_rows.h"
#include "quasi_poisson.h"
#include "tocsin/farrington.h"
#include "tocsin/method.h"

/* A method with everything decided that does not depend on the step. */
struct toci_flexible {
    struct toc_farrington_flexible_options options;
    struct toci_baseline_rule              rule;
    bool                                   weekdays; /* each day of the week is a level of a factor */
    bool                                   labelled; /* the series has a calendar: set before there is a room */
    bool                                   of_1996;  /* two-sided; in R mode R's other rules of the old method */
    size_t                                 max_groups;
};

/* Working memory: for a series of at most so many rows. */
struct toci_flexible_room {
    struct toci_count_values  values;
    struct toci_baseline      baseline;
    struct toci_quasi_poisson fit;
    uint16_t                 *group;   /* one a row */
    size_t                   *rows_in; /* one a group */
    double                   *cases_in;
    uint16_t                 *dense;   /* number of a group among those that are fitted */
    struct toci_factors_room  factors; /* of a method with more factors than the season */
};

/* Check the options and complete them for series of this kind. */
int toci_flexible_resolve(struct toci_flexible *method, const struct toc_farrington_flexible_options *options,
                          int steps_per_year, bool dated, struct toc_error *error);

/* Judge steps of a series with a resolved method; the contract of toc_farrington_flexible_judge(). */
int toci_flexible_judge(struct toci_flexible *method, const struct toc_series *series, size_t first, size_t num,
                        const struct toc_allocator *allocator, struct toc_judgement *judgements,
                        struct toc_farrington_detail *details, struct toc_error *error);

/* The words of the parameters threshold (flexible) and power (both methods). */
extern const struct toc_choice toci_farrington_power_choices[];

/* The method of 1996 as a resolved method. */
int toci_farrington_resolve(struct toci_flexible *method, const struct toc_farrington_options *options,
                            int steps_per_year, bool dated, struct toc_error *error);

/* A streaming state with a resolved method. */
int toci_farrington_state_init(struct toc_farrington_flexible_state *state, const struct toc_series *history,
                               struct toci_flexible *method, const struct toc_allocator *allocator,
                               struct toc_error *error);

/* Complete a resolved method with what only the series tells: whether it has a calendar. Errors: a population offset
 * without population, more periods than a model with further factors bears. */
int toci_flexible_meet(struct toci_flexible *method, const struct toc_series *series, struct toc_error *error);

size_t toci_flexible_room_bytes(const struct toci_flexible *method, size_t max_rows);
void   toci_flexible_room_place(const struct toci_flexible *method, struct toci_flexible_room *room, void *memory,
                                size_t max_rows);

/* Judge step k. room->values holds the values of all rows up to k. detail may be NULL. */
struct toc_judgement toci_flexible_assess(const struct toci_flexible *method, const struct toc_series *series, size_t k,
                                          struct toci_flexible_room *room, struct toc_farrington_detail *detail);

/* The parameters of R's limit54, the same in both methods' tables (lib/methods.h). */
#define TOCI_PARAMETERS_MIN_CASES(options)                                                                             \
    { .name = "min_cases",                                                                                             \
      .r_name = "limit54",                                                                                             \
      TOCI_INTEGER(options, min_cases, 0, 1e9),                                                                        \
      .unit = "cases",                                                                                                 \
      .meaning = "a step is assessed where at least so many cases occurred lately; 0: always" },                       \
    {                                                                                                                  \
        .name = "min_cases_steps", .r_name = "limit54", .r_element = 1,                                                \
        TOCI_INTEGER(options, min_cases_steps, 1, TOC_FARRINGTON_MAX_STEPS), .unit = "steps",                          \
        .meaning = "what lately means"                                                                                 \
    }

#endif
