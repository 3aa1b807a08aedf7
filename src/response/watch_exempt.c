/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_exempt.h"

#include "response/change_list.h"

enum { DISEASES_ABOVE = 8 /* so far a disease is looked for above itself in the list */ };

static bool is_in(const struct model_lists *lists, const char *list, struct model_text code)
{
    return lists != NULL && code.bytes != NULL && model_lists_find(lists, list, code.bytes, code.size) != NULL;
}

/* Of cases of a disease of which one is enough. A store may have no lists. */
static void mark_single_cases(const struct model_lists *lists, const struct watch_stream *streams, size_t num,
                              struct watch_series *series)
{
    bool single = is_in(lists, "single_case_disease", streams->stream.disease); /* all of them have the same */
    for (size_t i = 0; i < num; i++)
        series[i].single_case = single && text_is(streams[i].stream.indicator, "cases");
}

/* Class A, what is handled as class A, and what nobody has an explanation for: notified within 2 hours. */
static bool is_grave(const struct model_lists *lists, struct model_text disease)
{
    for (int up = 0; up < DISEASES_ABOVE && lists != NULL && disease.bytes != NULL; up++) {
        if (is_in(lists, "notify_within_2_hours", disease))
            return true;
        const struct model_entry *entry = model_lists_find(lists, "disease", disease.bytes, disease.size);
        disease = text_view(entry != NULL ? entry->parent : NULL);
    }
    return false;
}

/* What no budget defers, besides single cases: deaths, what is among some alone, clusters in a collective unit. Tests
 * are no illness. */
static void mark_exempt(const struct model_lists *lists, const struct watch_stream *streams, size_t num,
                        struct watch_series *series)
{
    bool grave = is_grave(lists, streams->stream.disease); /* all of them have the same */
    for (size_t i = 0; i < num; i++) {
        const struct model_stream *stream = &streams[i].stream;
        series[i].urgent = grave && !series[i].tests;
        series[i].exempt = series[i].urgent || text_is(stream->indicator, "deaths") || stream->among.bytes != NULL ||
                           is_in(lists, "collective_unit", streams[i].facility_kind);
    }
}

void watch_exempt_mark(const struct model_lists *lists, const struct watch_stream *streams, size_t num,
                       struct watch_series *series)
{
    mark_single_cases(lists, streams, num, series);
    mark_exempt(lists, streams, num, series);
}

int watch_exempt_facilities(struct store_reader *reader, const struct access *who, struct arena *arena,
                            struct watch_streams *found)
{
    const struct model_record *record = model_record(MODEL_FACILITY);
    struct model_facility      facility;
    struct model_set           visible;
    for (size_t i = 0; i < found->num_streams; i++) {
        struct watch_stream *one = &found->streams[i];
        if (one->unwatched != NULL || !watch_counted_by_others(one) || id_is_missing(&one->stream.facility))
            continue;
        int ret = store_read(reader, who, record, &one->stream.facility, STORE_NOW, arena, &facility, &visible);
        if (ret == 0)
            one->facility_kind = facility.kind;
        else if (ret != STORE_ERR_ABSENT && ret != STORE_ERR_DENIED)
            return ret;
    }
    return 0;
}
