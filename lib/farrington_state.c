/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both methods on a stream: the last years in a window, with the logarithms of each count kept beside it so that a new
 * step costs one row of them, and the same judgement as for a whole series. */
#include <string.h>

#include "farrington_flexible.h"
#include "internal.h"
#include "window.h"

struct engine {
    struct toci_flexible      method;
    struct toci_flexible_room room;
    struct toci_count_values  ring; /* 2 * width each, laid out as the window is */
    toc_date                  first_date;
    size_t                    seen; /* steps so far, counted up to 2: then the unit of time is known */
};

enum { RING_ARRAYS = 5 };

/* The rows a judgement can reach: the years at their longest, the oldest window, and the recent cases. */
static size_t reach(const struct toci_flexible *method, int steps_per_year, bool dated)
{
    size_t longest = (size_t) steps_per_year;
    if (dated)
        longest = steps_per_year == 365 ? 366 : steps_per_year == 52 ? 53 : 12;
    size_t rows = (size_t) method->rule.years * longest + (size_t) method->rule.half_window + 2;
    size_t recent = (size_t) method->options.min_cases_steps;
    return rows > recent ? rows : recent;
}

/* Where the window's view begins. */
static size_t view_start(const struct toc_recent *window)
{
    return window->held < window->width ? 0 : window->next;
}

/* Compute the values of one slot of the ring, and copy them to its twin. */
static void fill_slot(struct engine *engine, const struct toc_recent *window, size_t slot)
{
    const double *population = engine->method.options.population_offset ? window->population : NULL;
    double       *arrays[RING_ARRAYS] = { engine->ring.count, engine->ring.log_count, engine->ring.log_start,
                                          engine->ring.two_thirds, engine->ring.log_population };
    toci_count_values_fill(&engine->ring, window->observed, population, slot, 1);
    for (size_t i = 0; i < RING_ARRAYS; i++)
        arrays[i][slot + window->width] = arrays[i][slot];
}

/* The unit of time is the distance of the first two dates of the stream, as it is for a series. */
static void learn_unit(struct engine *engine, toc_date date, bool dated)
{
    if (engine->seen == 0)
        engine->first_date = date;
    else if (engine->seen == 1)
        engine->method.rule.unit = dated ? (double) (date - engine->first_date) : 1.0;
    if (engine->seen < 2)
        engine->seen++;
}

static void place_ring(struct engine *engine, char *memory, size_t width)
{
    double **arrays[RING_ARRAYS] = { &engine->ring.count, &engine->ring.log_count, &engine->ring.log_start,
                                     &engine->ring.two_thirds, &engine->ring.log_population };
    for (size_t i = 0; i < RING_ARRAYS; i++)
        *arrays[i] = (double *) (void *) memory + i * 2 * width;
}

/* The engine with its ring and room in one piece of memory; sizeof(struct engine) keeps doubles aligned. */
static struct engine *new_engine(const struct toci_flexible *method, size_t width, size_t *size,
                                 const struct toc_allocator *allocator, int *ret, struct toc_error *error)
{
    size_t ring_bytes = RING_ARRAYS * 2 * width * sizeof(double);
    *size = sizeof(struct engine) + ring_bytes + toci_flexible_room_bytes(method, width);
    char *memory = toci_allocate(allocator, *size, 1, ret, error);
    if (memory == NULL)
        return NULL;
    struct engine *engine = (struct engine *) (void *) memory;
    *engine = (struct engine){ .method = *method };
    place_ring(engine, memory + sizeof *engine, width);
    toci_flexible_room_place(method, &engine->room, memory + sizeof *engine + ring_bytes, width);
    return engine;
}

int toci_farrington_state_init(struct toc_farrington_flexible_state *state, const struct toc_series *history,
                               struct toci_flexible *method, const struct toc_allocator *allocator,
                               struct toc_error *error)
{
    struct toc_farrington_flexible_state made = { 0 };
    struct toc_series                    kept = *history;
    size_t                               width = reach(method, history->steps_per_year, history->date != NULL);
    int                                  ret = toci_flexible_meet(method, history, error);
    if (ret != 0)
        return ret;
    if (!method->options.population_offset)
        kept.population = NULL;
    struct engine *engine = new_engine(method, width, &made.engine_size, allocator, &ret, error);
    if (engine == NULL)
        return ret;
    ret = toci_window_init(&made.window, width, &kept, allocator, error);
    if (ret != 0) {
        toci_release(allocator, engine, made.engine_size, 1);
        return ret;
    }
    for (size_t row = 0; row < history->n && row < 2; row++)
        learn_unit(engine, history->date != NULL ? history->date[row] : 0, history->date != NULL);
    for (size_t slot = 0; slot < made.window.held; slot++)
        fill_slot(engine, &made.window, slot);
    made.engine = engine;
    *state = made;
    return 0;
}

int toc_farrington_flexible_state_init(struct toc_farrington_flexible_state *state, const struct toc_series *history,
                                       const struct toc_farrington_flexible_options *options,
                                       const struct toc_allocator *allocator, struct toc_error *error)
{
    struct toci_flexible method;
    int                  ret = toci_check_series(history, 0, history->n, error);
    if (ret == 0)
        ret = toci_flexible_resolve(&method, options, history->steps_per_year, history->date != NULL, error);
    return ret != 0 ? ret : toci_farrington_state_init(state, history, &method, allocator, error);
}

int toc_farrington_flexible_state_next(struct toc_farrington_flexible_state *state, const struct toc_step *step,
                                       struct toc_judgement *judgement, struct toc_error *error)
{
    struct engine     *engine = state->engine;
    struct toc_recent *window = &state->window;
    size_t             slot = window->next;
    int                ret = toci_window_push(window, step, error);
    if (ret != 0)
        return ret;
    learn_unit(engine, step->date, window->date != NULL);
    fill_slot(engine, window, slot);

    struct toc_series view = toci_window_view(window);
    size_t            start = view_start(window);
    engine->room.values = (struct toci_count_values){
        .count = engine->ring.count + start,
        .log_count = engine->ring.log_count + start,
        .log_start = engine->ring.log_start + start,
        .two_thirds = engine->ring.two_thirds + start,
        .log_population = engine->ring.log_population + start,
    };
    *judgement = toci_flexible_assess(&engine->method, &view, view.n - 1, &engine->room, NULL);
    return 0;
}

void toc_farrington_flexible_state_free(struct toc_farrington_flexible_state *state)
{
    if (state->engine != NULL)
        toci_release(&state->window.allocator, state->engine, state->engine_size, 1);
    toci_window_free(&state->window);
    *state = (struct toc_farrington_flexible_state){ 0 };
}

int toc_farrington_state_init(struct toc_farrington_state *state, const struct toc_series *history,
                              const struct toc_farrington_options *options, const struct toc_allocator *allocator,
                              struct toc_error *error)
{
    struct toci_flexible method;
    int                  ret = toci_check_series(history, 0, history->n, error);
    if (ret == 0)
        ret = toci_farrington_resolve(&method, options, history->steps_per_year, history->date != NULL, error);
    return ret != 0 ? ret : toci_farrington_state_init(&state->same, history, &method, allocator, error);
}

int toc_farrington_state_next(struct toc_farrington_state *state, const struct toc_step *step,
                              struct toc_judgement *judgement, struct toc_error *error)
{
    return toc_farrington_flexible_state_next(&state->same, step, judgement, error);
}

void toc_farrington_state_free(struct toc_farrington_state *state)
{
    toc_farrington_flexible_state_free(&state->same);
}
