/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/instant.h: instants (when we knew) and times as people give them (when it happened).
 *
 * An instant is a count of microseconds since 1970-01-01T00:00Z, set by the machine; its text is
 * 2026-11-22T02:30:00.000000Z. A time is what a form or a message says: it keeps its precision and its zone, or that
 * the zone is unknown, and stays text: 2026-11-22, 2026-11-22T10, 2026-11-22T10:30, 2026-11-22T10:30:05, each time with
 * or without Z or ±hh:mm behind it. Nothing is added that was not said.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stddef.h>
#include <stdint.h>

#define INSTANT_MISSING INT64_MIN
#define INSTANT_SECOND INT64_C(1000000)
#define INSTANT_DAY (INT64_C(86400) * INSTANT_SECOND)
#define INSTANT_TEXT_BYTES 28
#define INSTANT_ALLOWED "an instant in UTC (2026-11-22T02:30:00Z), with at most 6 digits behind the seconds"
#define TIME_TEXT_BYTES 26 /* the longest time, with its end */
#define TIME_ALLOWED                                                                                                   \
    "a date, or a date with hours, minutes, seconds: 2026-11-22T10:30; then Z or +08:00 where the zone is known"

/* The text of an instant in the years 0001 … 9999, with its end. Returns its length, or 0 outside these years. */
size_t instant_to_text(int64_t instant, char text[INSTANT_TEXT_BYTES]);

/* Read a whole text as an instant; seconds and their fraction may be left out, the Z may not. Returns 0 or
 * BASE_ERR_INPUT; untouched then. */
int instant_from_text(const char *text, size_t size, int64_t *instant);

/* Is the whole text a time as above? Returns 0 or BASE_ERR_INPUT. */
int time_check(const char *text, size_t size);

/* The instant now, of the machine's clock. Only the outermost rooms may ask; the others are told. */
int64_t instant_now(void);

#endif
