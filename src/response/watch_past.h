/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_past.h: what was known of a stream on earlier days, and how late it becomes known. */
#ifndef RESPONSE_WATCH_PAST_H
#define RESPONSE_WATCH_PAST_H

#include "response/watch_streams.h"

/* Days after which what becomes known was loaded as history: it counts as known from its day on. */
#define WATCH_PAST_HISTORY 90

/* After how many days 95 % of what happened were known, from the reporting triangle of the 60 days before the newest
 * 30; of numbers that others count, after how many days 95 % of the days of a year before the newest 30 changed no more
 * by 5 % (of those first known within 90 days; at most 90). stream.delay_days where it says. *days is -1 where too
 * little happened to tell: fewer than ten cases or days. */
int watch_stream_delay(struct store_reader *reader, const struct access *who, const struct watch_stream *stream,
                       toc_date today, int64_t *days);

/* All that was known of a stream on the days from … to; in the arena. Returns 0, TOC_ERR_NO_MEMORY or a status of the
 * store. Cost: the reporting triangle of its counter, or its values, once. */
struct watch_past;
int watch_past_read(struct store_reader *reader, const struct access *who, const struct watch_stream *stream,
                    toc_date from, toc_date to, struct arena *arena, struct watch_past **past);

/* The WATCH_DAYS_READ days up to one of them, as known at its end (of counters: of the day in UTC). Returns 0 or
 * TOC_ERR_NO_MEMORY. */
int watch_past_days(const struct watch_past *past, toc_date day, struct watch_days *days);

#endif
