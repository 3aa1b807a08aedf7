/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "response/stream_reports.h"

enum {
    KNOWN_MIB = 1024,
    DELAY_DAYS = 60,
    DELAY_LEFT_OUT = 30,
    DELAY_MOST = WATCH_PAST_HISTORY,
    DELAY_LEAST_CASES = 10,
    DELAY_IMPORTED = 365,
    DELAY_CHANGES = 20, /* one in so many is a change that is seen */
    COLUMNS = WATCH_PAST_HISTORY + 2
};

/* ---- delay ---- */

/* The newest delay that nineteen of twenty do not exceed; -1 where there are too few. */
static int64_t mostly_within(const int64_t by_delay[DELAY_MOST + 1], int64_t all)
{
    int64_t sum = 0;
    for (int64_t d = 0; d <= DELAY_MOST && all >= DELAY_LEAST_CASES; d++) {
        sum += by_delay[d];
        if (20 * sum >= 19 * all)
            return d;
    }
    return -1;
}

/* Values of one day, as known one after the other: from which of them on it stayed as the newest says, within 5 %. */
static size_t settled_from(const struct stream_value *values, size_t num)
{
    double newest = values[num - 1].value;
    size_t from = num - 1;
    while (from > 0 &&
           (values[from - 1].value == newest || fabs(values[from - 1].value - newest) < fabs(newest) / DELAY_CHANGES))
        from--;
    return from;
}

/* After how many days nineteen of twenty days changed no more by 5 %, of the days of a year that were first
 * known within DELAY_MOST days: what was loaded as history says nothing. What is known after today is left out. */
static int known_delay(struct store_reader *reader, const struct access *who, const struct watch_stream *stream,
                       toc_date today, int64_t *days)
{
    struct arena        arena = { .limit = (size_t) KNOWN_MIB << 20 };
    struct stream_known known;
    int64_t             by_delay[DELAY_MOST + 1] = { 0 }, all = 0;
    int                 ret = stream_known_read(reader, who, &stream->stream, &arena, &known);
    for (size_t first = 0, next = 0; ret == 0 && first < known.num; first = next) {
        const struct stream_value *value = &known.values[first];
        size_t                     num = 0;
        for (next = first; next < known.num && known.values[next].day == value->day; next++)
            num += known.values[next].known <= today && num == next - first;
        if (num == 0 || isnan(value[num - 1].value) || value->day > today - DELAY_LEFT_OUT ||
            value->day <= today - DELAY_LEFT_OUT - DELAY_IMPORTED || value->known < value->day ||
            value->known - value->day > DELAY_MOST)
            continue;
        toc_date delay = value[settled_from(value, num)].known - value->day;
        by_delay[delay < DELAY_MOST ? delay : DELAY_MOST]++;
        all++;
    }
    *days = mostly_within(by_delay, all);
    arena_free(&arena);
    return ret;
}

int watch_stream_delay(struct store_reader *reader, const struct access *who, const struct watch_stream *stream,
                       toc_date today, int64_t *days)
{
    int64_t                  cells[DELAY_DAYS * (DELAY_MOST + 1)], by_delay[DELAY_MOST + 1] = { 0 }, all = 0;
    struct store_count_query query;
    char                     disease[MODEL_LISTS_CODE + 1];
    if (stream->stream.delay_days != MODEL_MISSING_INTEGER) {
        *days = stream->stream.delay_days;
        return 0;
    }
    if (stream->numerator != NULL)
        return watch_stream_delay(reader, who, stream->denominator, today, days);
    if (watch_counted_by_others(stream))
        return known_delay(reader, who, stream, today, days);
    (void) watch_stream_question(stream, 0, disease, &query);
    query.from = today - DELAY_LEFT_OUT - DELAY_DAYS + 1;
    query.to = today - DELAY_LEFT_OUT;
    int ret = store_triangle(reader, who, &query, DELAY_MOST, cells);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        by_delay[i % (DELAY_MOST + 1)] += cells[i];
        all += cells[i];
    }
    *days = mostly_within(by_delay, all);
    return 0;
}

/* ---- what was known on a day ---- */

/* Of one stream that counts something, a share's both. */
struct part {
    const struct watch_stream *stream; /* NULL = there is none */
    toc_date                   from;
    size_t                     num_days;
    int64_t            *sums;  /* of a counter, days x COLUMNS: known up to so many days after; the last: history */
    struct stream_known known; /* of what others count */
};

struct watch_past {
    const struct watch_stream *stream;
    struct part                counted, of;
};

/* What was loaded long after its day as history counts as known from the beginning. */
static void know_history(struct stream_known *known)
{
    for (size_t i = 0; i < known->num; i++) {
        struct stream_value *value = &known->values[i];
        if ((i == 0 || value[-1].day != value->day) && value->known - value->day > WATCH_PAST_HISTORY)
            value->known = value->day;
    }
}

static int add_triangle(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                        int64_t sign, const struct part *part, int64_t *cells)
{
    int ret = store_triangle(reader, who, query, COLUMNS - 1, cells);
    for (size_t i = 0; i < part->num_days * COLUMNS && ret == 0; i++)
        part->sums[i] += sign * cells[i];
    return ret;
}

static int read_counter(struct store_reader *reader, const struct access *who, toc_date to, struct arena *arena,
                        struct part *part)
{
    part->sums = arena_array(arena, part->num_days * COLUMNS, sizeof *part->sums);
    int64_t *cells = memory_array(part->num_days * COLUMNS, sizeof *cells);
    int      ret = part->sums == NULL || cells == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t q = 0; ret == 0; q++) {
        struct store_count_query query;
        char                     disease[MODEL_LISTS_CODE + 1];
        if (!watch_stream_question(part->stream, q, disease, &query))
            break;
        query.from = part->from;
        query.to = to;
        ret = add_triangle(reader, who, &query, q == 0 ? 1 : -1, part, cells);
    }
    for (size_t i = 0; ret == 0 && i < part->num_days * COLUMNS; i++)
        if (i % COLUMNS > 0 && i % COLUMNS < COLUMNS - 1)
            part->sums[i] += part->sums[i - 1];
    free(cells);
    return ret;
}

static int read_part(struct store_reader *reader, const struct access *who, toc_date from, toc_date to,
                     struct arena *arena, struct part *part)
{
    part->from = from - WATCH_DAYS_READ + 1;
    part->num_days = (size_t) (to - part->from) + 1;
    if (part->stream == NULL)
        return 0;
    if (!watch_counted_by_others(part->stream))
        return read_counter(reader, who, to, arena, part);
    int ret = stream_known_read(reader, who, &part->stream->stream, arena, &part->known);
    if (ret == 0)
        know_history(&part->known);
    return ret;
}

int watch_past_read(struct store_reader *reader, const struct access *who, const struct watch_stream *stream,
                    toc_date from, toc_date to, struct arena *arena, struct watch_past **past)
{
    struct watch_past *made = arena_array(arena, 1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->stream = stream;
    made->counted.stream = stream->numerator != NULL ? stream->numerator : stream;
    made->of.stream = stream->denominator;
    int ret = read_part(reader, who, from, to, arena, &made->counted);
    if (ret == 0)
        ret = read_part(reader, who, from, to, arena, &made->of);
    *past = made;
    return ret;
}

static int days_of(const struct part *part, toc_date day, double *at)
{
    if (part->stream == NULL)
        return 0;
    if (!watch_counted_by_others(part->stream)) {
        size_t first = (size_t) (day - WATCH_DAYS_READ + 1 - part->from);
        for (size_t i = 0; i < WATCH_DAYS_READ; i++) {
            const int64_t *sums = &part->sums[(first + i) * COLUMNS];
            size_t         age = WATCH_DAYS_READ - 1 - i;
            at[i] = (double) (sums[age < COLUMNS - 2 ? age : COLUMNS - 2] + sums[COLUMNS - 1]);
        }
        return 0;
    }
    struct arena        arena = { .limit = (size_t) KNOWN_MIB << 20 };
    struct stream_known copy = { .values = arena_array(&arena, part->known.num + 1, sizeof *copy.values),
                                 .num = part->known.num };
    if (copy.values == NULL)
        return TOC_ERR_NO_MEMORY;
    if (copy.num > 0)
        memcpy(copy.values, part->known.values, copy.num * sizeof *copy.values);
    int ret = watch_days_known(part->stream, &copy, day, day, &arena, at);
    arena_free(&arena);
    return ret;
}

int watch_past_days(const struct watch_past *past, toc_date day, struct watch_days *days)
{
    int ret = days_of(&past->counted, day, days->counts);
    return ret == 0 ? days_of(&past->of, day, days->of) : ret;
}
