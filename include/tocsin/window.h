/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/window.h: the recent past that a streaming state keeps.
 *
 * Every method that looks back a bounded number of steps can also watch a stream: <method>_state_init takes what is
 * known so far, <method>_state_next takes one new step and judges it, <method>_state_free gives the memory back. The
 * judgements equal those of a whole series bit for bit; a step costs the same however long the stream has run.
 * All states share one look:
 *
 *     struct toc_ears_state state;
 *     ret = toc_ears_state_init(&state, &history, &options, &allocator, &error);
 *     ret = toc_ears_state_next(&state, &step, &judgement, &error);          one call a step; a gap is a step of NaN
 *     toc_ears_state_free(&state);
 *
 * history   gives the stream its shape (steps_per_year; dates, holidays, population or none) and the steps so far; its
 *           n may be 0. It is copied, not kept.
 * The allocator must outlive the state. A state is one thread's at a time.
 */
#ifndef TOCSIN_WINDOW_H
#define TOCSIN_WINDOW_H

#include <stdbool.h>

#include "tocsin/allocator.h"
#include "tocsin/series.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The newest step of a stream. */
struct toc_step {
    double   observed;   /* count, >= 0 and whole; NaN = missing */
    toc_date date;       /* later than that of the step before; not read where the stream is undated */
    uint8_t  holiday;    /* label, 0 = ordinary; not read where the stream has no calendar */
    double   population; /* persons under observation, > 0; not read where the stream has none */
};

/* The last `width` steps. A part of the states; callers need not look inside.
 * Every step is stored twice, `width` apart, so that the last `width` always lie side by side. */
struct toc_recent {
    double              *observed;   /* 2 * width */
    double              *population; /* 2 * width, or NULL */
    toc_date            *date;       /* 2 * width, or NULL */
    uint8_t             *holiday;    /* 2 * width, or NULL */
    size_t               width;
    size_t               held; /* steps held, <= width */
    size_t               next; /* where the next step goes, < width */
    int                  steps_per_year;
    struct toc_allocator allocator;
    void                *memory;
    size_t               memory_size;
};

#ifdef __cplusplus
}
#endif
#endif
