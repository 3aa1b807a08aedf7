/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cori's estimate day by day. The newest days lie in a row in `room`; when it is full, those that are still needed
 * move to its front, so that the same sums run over the same memory as for a whole series. */
#include <string.h>

#include "cori.h"

/* Room for as many days again as are needed, so that moving costs less than one pass a day. */
static size_t days_of_room(size_t keep)
{
    return 2 * keep + 2;
}

int toc_cori_state_init(struct toc_cori_state *state, const double *w, size_t num_w, size_t window,
                        const struct toc_cori_options *options, const struct toc_allocator *allocator,
                        struct toc_error *error)
{
    double scale = 1.0;
    int    ret = toci_cori_check_options(options, error);
    if (ret == 0)
        ret = toci_check_serial_interval(w, num_w, options->mode, &scale, error);
    if (ret == 0 && (window < 1 || window > TOC_MAX_STATE_WINDOW))
        ret = toci_fail(error, TOC_ERR_SHAPE, "window", TOC_NOWHERE, (double) window, "1 … 3660 days");
    if (ret != 0)
        goto out;
    size_t  keep = num_w - 1 > window ? num_w - 1 : window;
    size_t  capacity = days_of_room(keep);
    double *room = toci_allocate(allocator, toci_steps_room(capacity, num_w), sizeof *room, &ret, error);
    if (room == NULL)
        goto out;
    struct toci_steps steps;
    toci_steps_init(&steps, room, capacity, w, num_w, scale);
    *state = (struct toc_cori_state){ .options = *options,
                                      .allocator = *allocator,
                                      .room = room,
                                      .capacity = capacity,
                                      .keep = keep,
                                      .window = window,
                                      .num_w = num_w,
                                      .reach = steps.num_w,
                                      .mean_interval = toc_serial_interval_moments(w, num_w).mean * scale };
out:
    return ret;
}

static struct toci_steps steps_of(const struct toc_cori_state *state)
{
    return (struct toci_steps){ .cases = state->room,
                                .local = state->room + state->capacity,
                                .pressure = state->room + 2 * state->capacity,
                                .reversed = state->room + 3 * state->capacity,
                                .num_w = state->reach,
                                .any_missing = state->any_missing };
}

static void move_to_front(struct toc_cori_state *state, const struct toci_steps *steps)
{
    double *const arrays[] = { steps->cases, steps->local, steps->pressure };
    for (size_t i = 0; i < 3; i++)
        memmove(arrays[i], arrays[i] + state->used - state->keep, state->keep * sizeof **arrays);
    state->used = state->keep;
}

int toc_cori_state_add(struct toc_cori_state *state, double cases, double imported, const double *probabilities,
                       size_t num_probabilities, struct toc_reproduction *estimate, double *quantiles,
                       struct toc_error *error)
{
    const struct toc_incidence day = { &cases, &imported, 1, 365 };
    const struct toc_window    all = { 0, 0 };
    int ret = toci_check_estimate(&day, &all, 1, probabilities, num_probabilities, state->options.mode, error);
    if (ret != 0)
        goto out;

    struct toci_steps steps = steps_of(state);
    if (state->used == state->capacity)
        move_to_front(state, &steps);
    size_t newest = state->used++;
    toci_steps_fill(&steps, newest, cases, imported, state->options.mode);
    state->any_missing = steps.any_missing;
    state->num_days++;

    struct toci_gamma_plan plan;
    struct toci_posterior  of = { NAN, NAN, TOC_REASON_SHORT_HISTORY };
    toci_gamma_plan_init(&plan, probabilities, num_probabilities);
    if (state->num_days > state->window)
        of.reason = toci_cori_rule(&state->options, 365, state->num_days - 1, state->mean_interval);
    if (of.reason == TOC_REASON_NONE)
        of = toci_cori_posterior(&steps, newest - (state->window - 1), newest, &state->options);
    *estimate = toci_cori_summarise(&of, &state->options, &plan, quantiles);
out:
    return ret;
}

void toc_cori_state_free(struct toc_cori_state *state)
{
    toci_release(&state->allocator, state->room, toci_steps_room(state->capacity, state->num_w), sizeof *state->room);
    *state = (struct toc_cori_state){ .room = NULL };
}
