/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "window.h"

#include <string.h>

#include "internal.h"

/* Every step goes to two places, `width` apart. Whatever the position, one of the two stretches of `width` steps that
 * end at the newest one is unbroken, so a method sees a plain array and no step is ever moved. */
static void store(struct toc_recent *window, const struct toc_step *step)
{
    size_t here = window->next, twin = window->next + window->width;
    window->observed[here] = window->observed[twin] = step->observed;
    if (window->population != NULL)
        window->population[here] = window->population[twin] = step->population;
    if (window->date != NULL)
        window->date[here] = window->date[twin] = step->date;
    if (window->holiday != NULL)
        window->holiday[here] = window->holiday[twin] = step->holiday;
    window->next = here + 1 == window->width ? 0 : here + 1;
    window->held += window->held < window->width;
}

struct toc_step toci_step_of(const struct toc_series *series, size_t row)
{
    return (struct toc_step){
        .observed = series->observed[row],
        .date = series->date != NULL ? series->date[row] : 0,
        .holiday = series->holiday != NULL ? series->holiday[row] : 0,
        .population = series->population != NULL ? series->population[row] : NAN,
    };
}

int toci_window_init(struct toc_recent *window, size_t width, const struct toc_series *history,
                     const struct toc_allocator *allocator, struct toc_error *error)
{
    int ret = toci_check_series(history, 0, history->n, error);
    if (ret != 0)
        return ret;
    /* counts and population first, then dates, then labels: the strictest alignment leads */
    size_t step_size = 2 * sizeof(double) + sizeof(toc_date) + sizeof(uint8_t);
    char  *memory = toci_allocate(allocator, 2 * width, step_size, &ret, error);
    if (memory == NULL)
        return ret;
    *window = (struct toc_recent){
        .observed = (double *) (void *) memory,
        .width = width,
        .steps_per_year = history->steps_per_year,
        .allocator = *allocator,
        .memory = memory,
        .memory_size = 2 * width * step_size,
    };
    if (history->population != NULL)
        window->population = window->observed + 2 * width;
    if (history->date != NULL)
        window->date = (toc_date *) (void *) (memory + 4 * width * sizeof(double));
    if (history->holiday != NULL)
        window->holiday = (uint8_t *) memory + 2 * width * (2 * sizeof(double) + sizeof(toc_date));
    for (size_t row = history->n > width ? history->n - width : 0; row < history->n; row++) {
        struct toc_step step = toci_step_of(history, row);
        store(window, &step);
    }
    return 0;
}

void toci_window_free(struct toc_recent *window)
{
    if (window->memory != NULL)
        toci_release(&window->allocator, window->memory, window->memory_size, 1);
    memset(window, 0, sizeof *window);
}

int toci_check_step(const struct toc_step *step, bool dated, toc_date last, struct toc_error *error)
{
    double y = step->observed;
    if (!isnan(y) && (!(y >= 0) || isinf(y) || y != floor(y)))
        return toci_fail(error, TOC_ERR_DOMAIN, "step.observed", TOC_NOWHERE, y,
                         "a whole number >= 0, or NaN = missing");
    if (dated && (step->date < TOC_DATE_MIN || step->date > TOC_DATE_MAX || step->date <= last))
        return toci_fail(error, TOC_ERR_DOMAIN, "step.date", TOC_NOWHERE, step->date,
                         "a day after that of the step before");
    return 0;
}

int toci_window_push(struct toc_recent *window, const struct toc_step *step, struct toc_error *error)
{
    bool     dated = window->date != NULL;
    toc_date last = TOC_DATE_MIN - 1;
    if (dated && window->held > 0)
        last = window->date[window->next == 0 ? window->width - 1 : window->next - 1];
    int ret = toci_check_step(step, dated, last, error);
    if (ret == 0 && window->population != NULL && (!(step->population > 0) || isinf(step->population)))
        ret = toci_fail(error, TOC_ERR_DOMAIN, "step.population", TOC_NOWHERE, step->population, "a finite number > 0");
    if (ret == 0)
        store(window, step);
    return ret;
}

struct toc_series toci_window_view(const struct toc_recent *window)
{
    /* not yet full: the steps lie from 0 on; full: the oldest is where the next one will go */
    size_t start = window->held < window->width ? 0 : window->next;
    return (struct toc_series){
        .observed = window->observed + start,
        .population = window->population != NULL ? window->population + start : NULL,
        .date = window->date != NULL ? window->date + start : NULL,
        .holiday = window->holiday != NULL ? window->holiday + start : NULL,
        .n = window->held,
        .steps_per_year = window->steps_per_year,
    };
}
