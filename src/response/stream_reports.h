/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/stream_reports.h: streams that are summed from what reporting units say (stream.feed = unit-reports).
 *
 * The value of a day or an ISO week is the sum of the newest report of each unit whose reports are owed to the stream
 * (completeness.h): of a unit of weeks that of its week, of a unit of days those of its days. The newest is the one
 * that was entered last. Where no unit has said anything there is no value: missing, not 0. Every day on which a report
 * came in is a day of knowledge: a late zero and a correction are revisions beside what was known before.
 */
#ifndef RESPONSE_STREAM_REPORTS_H
#define RESPONSE_STREAM_REPORTS_H

#include "model/records.h"
#include "store/stream_layers.h"

bool stream_is_of_reports(const struct model_stream *stream);

/* Why nothing can be summed into such a stream; NULL: it can. */
const char *stream_reports_unfit(const struct model_stream *stream);

/* What the reports of such streams add up to, as known on each day, in the arena. The caller has read the streams under
 * their grant; of the reports their sums alone are told.
 *
 * Returns 0, STORE_ERR_DENIED (no values of streams may be read), TOC_ERR_NO_MEMORY or db_status. Cost: all reporting
 * units once, and all reports of those that report to one of the streams. */
int stream_reports_known(struct store_reader *reader, const struct access *who,
                         const struct model_stream *const *streams, size_t num, struct arena *arena,
                         struct stream_known *known);

/* The values of one stream that others count, whichever of the two feeds it (store/stream_layers.h). */
int stream_known_read(struct store_reader *reader, const struct access *who, const struct model_stream *stream,
                      struct arena *arena, struct stream_known *known);

#endif
