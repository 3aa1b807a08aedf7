/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_parts.h: what a stream is of: the two streams of a share, and the tests beside cases and positives
 * (watch_streams.h says which). */
#ifndef RESPONSE_WATCH_PARTS_H
#define RESPONSE_WATCH_PARTS_H

#include "response/watch_streams.h"

bool watch_is_share(const struct watch_stream *one);
bool watch_is_count(const struct model_stream *stream); /* not measured */
bool watch_counts_tests(const struct watch_stream *one);

/* The two streams of each share, by their place in the array; what lacks one is not watched. 0 or TOC_ERR_NO_MEMORY. */
int watch_parts_find(struct watch_streams *found);

/* The tests of cases and positives, after the streams are ordered; of those without a disease nobody knows which are
 * theirs. 0 or TOC_ERR_NO_MEMORY. */
int watch_parts_tests(struct watch_streams *found);

#endif
