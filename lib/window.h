/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/window.h: how streaming states keep their recent past (tocsin/window.h). */
#ifndef LIB_WINDOW_H
#define LIB_WINDOW_H

#include "tocsin/status.h"
#include "tocsin/window.h"

/* Make room for `width` >= 1 steps and take in the newest steps of history. One request. */
int  toci_window_init(struct toc_recent *window, size_t width, const struct toc_series *history,
                      const struct toc_allocator *allocator, struct toc_error *error);
void toci_window_free(struct toc_recent *window);

/* One row of a series as a step. */
struct toc_step toci_step_of(const struct toc_series *series, size_t row);

/* A count that is whole and >= 0 or missing, and a date after `last` where the stream is dated. */
int toci_check_step(const struct toc_step *step, bool dated, toc_date last, struct toc_error *error);

/* Take in one step; nothing changes where it is faulty. */
int toci_window_push(struct toc_recent *window, const struct toc_step *step, struct toc_error *error);

/* The steps held, oldest first, the newest last. Valid until the next push. */
struct toc_series toci_window_view(const struct toc_recent *window);

#endif
