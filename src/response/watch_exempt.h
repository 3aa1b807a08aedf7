/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_exempt.h: which streams no budget of new signals defers, and which are urgent: as the lists
 * single_case_disease, notify_within_2_hours and collective_unit say. A store may have no lists. */
#ifndef RESPONSE_WATCH_EXEMPT_H
#define RESPONSE_WATCH_EXEMPT_H

#include "response/watch_streams.h"

/* Sets single_case, urgent and exempt of the series of one group; `tests` is there already. */
void watch_exempt_mark(const struct model_lists *lists, const struct watch_stream *streams, size_t num,
                       struct watch_series *series);

/* What kind of facility each stream is of whose numbers are a facility's: a counter counts its whole area. */
int watch_exempt_facilities(struct store_reader *reader, const struct access *who, struct arena *arena,
                            struct watch_streams *found);

#endif
