/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_breaks.h: which streams count something else from a day on: the records series_change. One that
 * somebody has entered is of all streams in its area and below, or of those of its disease, its indicator, or of its
 * stream alone; one that the watch has noticed (watch_senders.h) of the streams of counters, and shares of them, of its
 * area alone. Cases have begun, and specimens were taken, up to 10 days before a sender that joins reports them. */
#ifndef RESPONSE_WATCH_BREAKS_H
#define RESPONSE_WATCH_BREAKS_H

#include "response/watch_streams.h"

/* Fill in the breaks of all streams that are watched. Whoever sees a stream sees how it is judged, so no grant is
 * looked at: of a record above the caller's area no more than its day and kind is told. Returns 0, TOC_ERR_NO_MEMORY or
 * a status of the store. */
int watch_breaks_read(struct store_reader *reader, struct arena *arena, struct watch_streams *streams);

#endif
