/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/grouping.h: the alarms of one step of many series, as few signals as people can answer.
 *
 * A detector judges each series by itself. One outbreak then alarms in several areas, in related series and on
 * consecutive days; an epidemic wave alarms nearly everywhere, and whatever else is new drowns in it. This puts each
 * alarm into exactly one signal, step by step:
 *
 *   1. alarms in one area, in neighbouring areas, and next to an area whose newest alarm is at most `gap` steps old
 *      belong together: they join the signal that is open there, or found one;
 *   2. alarms within two borders of each other, or of such an area, make a field; a field of wave_areas areas or more
 * is a wave: it joins the largest open signal in it, or founds one, and lists every area;
 *   3. within a wave each area is held against what the wave explains (below). An area whose excess is at least
 *      own_line is not put into the wave: it founds a signal of its own, with neighbours that exceed too;
 *   4. an area that contains others adds to the signal that has most areas below it, and never joins two of them;
 *      a signal that such areas alone have raised is joined by the first areas that alarm below them;
 *   5. an area stays with its signal for as long as it alarms again within `gap` steps, but leaves a wave by rule 3.
 *
 * What a wave explains of the count of area i at step t, over the series of the same kind ("peers"):
 *
 *   E_i(t) = b1 y_i(t-1) + b2 y_i(t-2) + b3 u_i N_i(t) + b4 u_i R_i(t),   b >= 0
 *
 * u_i is the usual count of the area, N_i the sum of the counts of its neighbours at t divided by their usual counts,
 * R_i the same over all peers but i. b is fitted at each step over all peers, weighted by 1 / (E + 1/2), outliers with
 * less weight, so a wave that grows fast explains more than yesterday's. With the dispersion phi >= 1 of the same fit
 * (Huber's second proposal),
 *
 *   excess_i = 3/2 (y^(2/3) - E^(2/3)) / (E^(1/6) sqrt(phi)),   Anscombe's residual, near a standard normal.
 *
 * New signals stand in order: exempt ones first, then by how far they are beyond what is explained. Those after the
 * budget are marked as deferred; none is ever left out.
 *
 * Nothing is kept between calls but the signal of each series' newest alarm, which the caller brings, so that the
 * same alarms end in the same signals however often a run was cut short. Method, choices and what they find:
 * docs/methods/grouping.md. Sources: McCullagh and Nelder 1989, doi:10.1007/978-1-4899-3242-6; Huber 1981,
 * doi:10.1002/0471725250; the counts of neighbours as in Held, Höhle and Hofmann 2005, doi:10.1191/1471082X05st098oa.
 */
#ifndef TOCSIN_GROUPING_H
#define TOCSIN_GROUPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOC_GROUPING_NO_AREA UINT32_MAX

/* Areas by number. A neighbour is written down on both sides. */
struct toc_grouping_map {
    size_t num_areas;
    const size_t
        *first_neighbour; /* num_areas + 1: those of area i are first_neighbour[i] … first_neighbour[i + 1] - 1 */
    const uint32_t *neighbour; /* first_neighbour[num_areas] areas */
    const uint32_t *parent;    /* num_areas, TOC_GROUPING_NO_AREA at a top; NULL = no area contains another */
};

/* One series of a group of diseases at the step. */
struct toc_grouping_series {
    uint32_t area;
    uint32_t peers; /* series of one indicator in areas of one level have the same number, 0 … number of series - 1 */
    bool     alarm; /* at this step */
    bool     exempt;    /* from the budget: one case is enough, deaths, … */
    double   observed;  /* at this step; NaN = missing */
    double   before[2]; /* one and two steps ago; NaN = missing */
    double   usual;     /* mean count of earlier times, > 0; NaN or 0 = not known: then nothing explains it */
    double   score;     /* of the detector: 1 at the threshold; NaN = none */
    int64_t  signal;    /* of its newest alarm, where that is at most `gap` steps ago; 0 = none */
};

struct toc_grouping_options {
    int    wave_areas;     /* >= 2: alarming areas of a field that is a wave */
    double own_line;       /* > 0: excess from which an area of a wave founds its own signal */
    double own_line_first; /* > 0: the same of an area that begins to alarm in the wave */
    double own_cases;      /* >= 0: and at least so many cases more than explained */
    size_t budget;         /* new signals before others are deferred; exempt ones are not counted */
};
#define TOC_GROUPING_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        .wave_areas = 6, .own_line = 2.0, .own_line_first = 0.3, .own_cases = 1.0, .budget = 12                        \
    }

/* Where the alarm of a series went. */
struct toc_grouping_place {
    int64_t signal;    /* 0: it has no alarm */
    double  explained; /* by the wave; NaN outside one */
    double  excess;    /* NaN outside one */
};

enum toc_grouping_kind {
    TOC_GROUPING_FIRST = 0,      /* alarms where none was open */
    TOC_GROUPING_WAVE = 1,       /* a field of many areas */
    TOC_GROUPING_BEYOND_WAVE = 2 /* rises inside a wave beyond it */
};

struct toc_grouping_signal {
    int64_t                number;
    enum toc_grouping_kind kind;
    size_t                 lead;       /* its series that is furthest beyond what is explained */
    size_t                 num_alarms; /* series */
    double                 weight;     /* excess of `lead`, or its score in the same scale */
    bool                   exempt, deferred;
};

/* Group the alarms of one step of one group of diseases.
 *
 * next         number of the first new signal, > all numbers in `series`; the others follow in the order of `signals`
 * places       num of them
 * signals      room for num; the new ones, those to be answered first standing first
 * num_signals  how many
 *
 * Cost: O(num log num + borders of borders of areas with alarms), in a wave one fit of four coefficients more; one
 * request for memory. Errors: TOC_ERR_OPTION; TOC_ERR_SHAPE (an area, parent or peers that is none, a tree with a
 * ring, a signal that is not below next); TOC_ERR_DOMAIN (a negative count); TOC_ERR_NO_MEMORY.
 */
int toc_grouping_step(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                      int64_t next, const struct toc_grouping_options *options, const struct toc_allocator *allocator,
                      struct toc_grouping_place *places, struct toc_grouping_signal *signals, size_t *num_signals,
                      struct toc_error *error);

#ifdef __cplusplus
}
#endif
#endif
