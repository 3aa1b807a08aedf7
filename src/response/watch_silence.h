/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_silence.h: streams that have stopped. A stream that used to count and counts nothing any more is a
 * fault of the data until somebody has looked: an alert of its own list, no alarm and no signal.
 *
 * A stream is silent where its newest ended steps are all empty and would be so, at the mean of the WATCH_SILENCE_RATE
 * before them, in less than one of 10,000 streams: mean × steps > -ln 1e-4 (Poisson); and where no gap among the
 * WATCH_SILENCE_STEPS before was as long (a laboratory that closes at weekends). The step that has not ended says
 * nothing. A season that fades out is not silent, since the mean fades with it; a disease of a few cases a year never
 * is.
 */
#ifndef RESPONSE_WATCH_SILENCE_H
#define RESPONSE_WATCH_SILENCE_H

#include "base/json_writer.h"
#include "response/watch_streams.h"

#define WATCH_SILENCE_STEPS 28
#define WATCH_SILENCE_RATE 8 /* fewer steps before the gap: nothing is said */
#define WATCH_SILENCE_LIMIT 9.21

struct watch_silence {
    bool   silent;
    size_t empty; /* ended steps without a count, up to the newest */
    double usual; /* a step, before them */
};

/* counts   num steps, the last of which has not ended; NaN = missing, neither empty nor a count */
void watch_silence_judge(const double *counts, size_t num, struct watch_silence *silence);

/* One that has stopped. Texts live in the arena. */
struct watch_silent {
    struct model_stream  stream;
    struct watch_silence silence;
    toc_date             last; /* first day of the newest step that had a count */
};

/* All streams that the caller may see and that have stopped. silent: in the arena, in the order of the groups. */
int watch_silence_read(struct store_reader *reader, const struct access *who, toc_date today, struct arena *arena,
                       struct watch_silent **silent, size_t *num, struct fault_list *faults);

/* {"silent":[{"stream":…,"code":…,"area":…,"last":…,"empty":…,"usual":…}]} */
void watch_silence_write(struct json_writer *json, const struct watch_silent *silent, size_t num);

#endif
