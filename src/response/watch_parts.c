/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "response/change_list.h"

bool watch_is_count(const struct model_stream *stream)
{
    return stream->measure.bytes == NULL || text_is(stream->measure, "count");
}

bool watch_is_share(const struct watch_stream *one)
{
    return text_is(one->stream.feed, "share");
}

static bool same(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static int by_stream_id(const void *x, const void *y, void *context)
{
    const struct watch_stream *streams = context;
    return id_compare(&streams[*(const uint32_t *) x].stream.head.id, &streams[*(const uint32_t *) y].stream.head.id);
}

static const struct watch_stream *find_stream(const struct watch_streams *found, const uint32_t *by_id,
                                              const struct id *id)
{
    size_t low = 0, high = found->num_streams;
    while (low < high) {
        size_t                     middle = low + (high - low) / 2;
        const struct watch_stream *one = &found->streams[by_id[middle]];
        int                        order = id_compare(&one->stream.head.id, id);
        if (order == 0)
            return one;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const char *why_no_part(const struct watch_stream *share, const struct watch_stream *part)
{
    if (part == NULL || part->unwatched != NULL || watch_is_share(part))
        return "what it is a share of is not watched";
    if (!same(part->stream.period, share->stream.period) || !id_equal(&part->stream.area, &share->stream.area))
        return "what it is a share of has another area or unit of time";
    return watch_is_count(&part->stream) ? NULL : "what it is a share of is no count";
}

int watch_parts_find(struct watch_streams *found)
{
    bool      any = false;
    uint32_t *by_id;
    for (size_t i = 0; i < found->num_streams; i++)
        any = any || (watch_is_share(&found->streams[i]) && found->streams[i].unwatched == NULL);
    if (!any)
        return 0;
    by_id = memory_array(found->num_streams, sizeof *by_id);
    if (by_id == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < found->num_streams; i++)
        by_id[i] = i;
    qsort_r(by_id, found->num_streams, sizeof *by_id, by_stream_id, found->streams);
    for (size_t i = 0; i < found->num_streams; i++) {
        struct watch_stream *one = &found->streams[i];
        if (!watch_is_share(one) || one->unwatched != NULL)
            continue;
        one->numerator = find_stream(found, by_id, &one->stream.numerator);
        one->denominator = find_stream(found, by_id, &one->stream.denominator);
        one->unwatched = why_no_part(one, one->numerator);
        if (one->unwatched == NULL)
            one->unwatched = why_no_part(one, one->denominator);
        found->linked = true;
    }
    free(by_id);
    return 0;
}

bool watch_counts_tests(const struct watch_stream *one)
{
    return !watch_is_share(one) && watch_is_count(&one->stream) &&
           (text_is(one->stream.indicator, "tests") || text_is(one->stream.indicator, "persons-tested"));
}

/* Beside the cases and positives of a group the tests at each place, those before persons tested; all of them alone, as
 * tests of everybody explain nothing among some. tests: of each place, all NULL, and so left. */
static void find_tests_of(struct watch_streams *found, size_t first, size_t num, const struct watch_stream **tests)
{
    struct watch_stream *streams = &found->streams[first];
    size_t               there = 0;
    for (size_t i = 0; i < num; i++) {
        const struct watch_stream **at = &tests[streams[i].place];
        if (!watch_counts_tests(&streams[i]) || streams[i].stream.among.bytes != NULL ||
            (*at != NULL && !text_is(streams[i].stream.indicator, "tests")))
            continue;
        *at = &streams[i];
        there++;
    }
    for (size_t i = 0; i < num && there > 0; i++)
        if (!watch_is_share(&streams[i]) && watch_is_count(&streams[i].stream) &&
            streams[i].stream.among.bytes == NULL && tests[streams[i].place] != NULL &&
            (text_is(streams[i].stream.indicator, "cases") || text_is(streams[i].stream.indicator, "positives") ||
             text_is(streams[i].stream.indicator, "persons-positive"))) {
            streams[i].denominator = tests[streams[i].place];
            found->linked = true;
        }
    for (size_t i = 0; i < num && there > 0; i++)
        tests[streams[i].place] = NULL;
}

int watch_parts_tests(struct watch_streams *found)
{
    const struct watch_stream **tests = memory_array(found->map.num_areas + 1, sizeof *tests);
    size_t                      num;
    if (tests == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t first = 0; (num = watch_streams_group(found, first)) > 0; first += num)
        if (found->streams[first].stream.disease.bytes != NULL)
            find_tests_of(found, first, num, tests);
    free(tests);
    return 0;
}
