/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_moment.h: when a date, a time or an instant can have been, to the precision that was said: for the
 * ORDER lines of records. "2026-11-22" may be any moment of that day.
 *
 * Two that know their zones are compared in UTC. Two that do not, or a date and a time with its zone, are compared as
 * the local calendars and clocks that they are: nothing is added that was not said. An instant of the machine and
 * a local date or time may differ by any zone (14 hours). Whole numbers are compared as they are.
 */
#ifndef MODEL_MODEL_MOMENT_H
#define MODEL_MODEL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

struct model_moment {
    int64_t start; /* µs since 1970-01-01T00:00 of its own clock (or the number) */
    int64_t span;  /* µs: how long the moment may be: a day, an hour, a minute, a second, 1 */
    int64_t zone;  /* µs that the clock is ahead of UTC */
    bool    zone_known;
    bool    local; /* said by a person, not by the machine */
};

/* The moment of a DATE, TIME, INSTANT or INTEGER field. False where it is missing or not well-formed. */
bool model_moment_of(const struct model_field *field, const void *value, struct model_moment *moment);

/* Can `later` have been at or after `earlier`? */
bool model_moment_may_follow(const struct model_moment *earlier, const struct model_moment *later);

#endif
