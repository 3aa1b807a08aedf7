/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/clock_state.h: can the machine's clock be believed? Every clock of an outbreak (7-1-7, deadlines, who knew
 * what when) hangs on it, so a node whose clock nobody keeps says so, loudly.
 */
#ifndef BASE_CLOCK_STATE_H
#define BASE_CLOCK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_MAX_ERROR_SECONDS 1.0 /* more than that is not synchronised */

struct clock_reading {
    bool   unsynchronised;    /* the kernel says that nothing keeps the clock (STA_UNSYNC, TIME_ERROR) */
    double max_error_seconds; /* the kernel's bound; grows while nothing keeps it */
};

/* Ask the kernel (adjtimex, which changes nothing). Returns 0 or BASE_ERR_SYSTEM. */
int clock_read(struct clock_reading *reading);

/* A sentence that warns, or "" where all is well. newest_known: the newest instant that the database has seen, or
 * INSTANT_MISSING; a clock behind it is wrong, whatever the kernel says. Returns its length. */
#define CLOCK_WARNING_BYTES 240
size_t clock_warning(const struct clock_reading *reading, int64_t now, int64_t newest_known,
                     char text[CLOCK_WARNING_BYTES]);

#endif
